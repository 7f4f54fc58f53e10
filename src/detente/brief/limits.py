"""What would change the findings, and what they cannot say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from detente import words
from detente.brief.answer import Part, Sentence
from detente.brief.findings import Findings
from detente.brief.rows import EventRow

if TYPE_CHECKING:
    from detente.simulate import Effect

LOW = 0.6
_SHOWN = 8


def would_change(findings: Findings, events: Sequence[EventRow], place: Callable[[Effect], str]) -> list[Sentence]:
    """What new knowledge would move the findings, each point with links to what it rests on.

    Args:
        findings: all that is shown. events: rows shown. place: anchor of a measure's row.
    """
    points: list[Sentence] = []
    if unsure := [e for e in events if e.modality == "asserted" and e.confidence < LOW]:
        points.append(
            (
                Part(f"{words.count(len(unsure), 'asserted event')} coded with low confidence; read their sentences: "),
                *_listed([(e.brief, e.anchor) for e in unsure]),
            )
        )
    if single := [e for e in events if e.modality == "asserted" and e.reports == 1]:
        every = sum(e.modality == "asserted" for e in events)
        points.append(
            (
                Part(
                    f"A second report: {len(single)} of {words.count(every, 'asserted event')} shown rest on one "
                    "report alone."
                ),
            )
        )
    if findings.questions.height:
        points.append(
            (
                Part("Answers to the "),
                Part(words.count(findings.questions.height, "open question"), "#questions"),
                Part(": who is meant, or when; events with a party that is unknown count for no actor."),
            )
        )
    points += _of_model(findings)
    if findings.comparison is not None:
        points += _of_measures(findings.comparison.ranking(), place)
    return points


def _of_model(findings: Findings) -> list[Sentence]:
    fit = findings.fit
    if fit is None:
        return []
    points: list[Sentence] = []
    if fit.prior_share > 0:
        points.append(
            (
                Part("More of this region's own history: "),
                Part(f"{fit.prior_share:.0%}", "#reactions"),
                Part(" of the reactions' weight is the shipped prior, and only the rest is the desk's own record."),
            )
        )
    if fit.score is not None:
        third = fit.score.gains.get("without third parties")
        if third is not None and third.low <= 0:
            points.append(
                (
                    Part("Better data on third parties: so far, "),
                    Part("reactions to what others do to others", "#score"),
                    Part(" did not detectably improve the forecast."),
                )
            )
    return points


def _of_measures(effects: Sequence[Effect], place: Callable[[Effect], str]) -> list[Sentence]:
    points: list[Sentence] = []
    if assumed := [e for e in effects if "assumed" in e.kind]:
        points.append(
            (
                Part("Assumed strengths: how far a reaction is damped is put in, not learnt, for "),
                *_listed([(e.name, place(e)) for e in assumed]),
            )
        )
    straddling = [e for e in effects if _straddles(e)]
    if straddling:
        points.append(
            (
                Part("Measures whose 90 % interval holds zero could turn out either way: "),
                *_listed([(e.name, place(e)) for e in straddling]),
            )
        )
    if thin := [e for e in effects if any(m.evidence_strength in ("none", "thin") for m in e.measures)]:
        points.append(
            (
                Part("Studies: outside the simulation there is thin evidence, or none, for "),
                *_listed([(e.name, place(e)) for e in thin]),
            )
        )
    return points


def _straddles(effect: Effect) -> bool:
    low, high = np.quantile(effect.expected(), (0.05, 0.95))
    return bool(low <= 0.0 <= high)


def _listed(named: Sequence[tuple[str, str]]) -> list[Part]:
    """Links joined by semicolons, the first few."""
    parts: list[Part] = []
    for i, (said, anchor) in enumerate(named[:_SHOWN]):
        parts += [Part("; ")] if i else []
        parts.append(Part(said, f"#{anchor}"))
    left = len(named) - _SHOWN
    return [*parts, Part(f"; and {left} more." if left > 0 else ".")]


def limits(findings: Findings, events: Sequence[EventRow]) -> list[Sentence]:
    """What the page cannot say, and what was left out of it."""
    firsts = findings.events.filter(pl.col("same_as").is_null())
    undated = firsts.filter(pl.col("day").is_null()).height
    anonymous = findings.reports.filter(pl.col("outlet") == "").height
    dateless = findings.reports.filter(pl.col("published").is_null()).height
    points = [
        "Events are coded by rules from sentences. Some are wrong and others were missed; the sentence beside each "
        "one is the check."
    ]
    if findings.coded:
        sets = ", ".join(f"{words.count(n, 'sighting')} of {name}" for name, n in findings.coded.items())
        points.append(
            f"Event data that others coded are on the desk: {sets}. They count in the network, in what is learnt and "
            "in the measures; the tables of events show what was read from reports. “detente events” lists both."
        )
    if undated:
        points.append(
            f"{words.count(undated, 'event')} of {firsts.height:,} undated: no date is guessed, and they do not count "
            "in what is learnt."
        )
    if firsts.height > len(events):
        points.append(
            f"{words.count(firsts.height - len(events), 'older event')} left out of the tables to keep the page short; "
            "“detente events --csv” prints all. The network holds them."
        )
    if findings.claims.height:
        points.append(
            f"{words.count(findings.claims.height, 'claim')} kept as claims and never counted as events; whether they "
            "are true is not judged."
        )
    if anonymous:
        points.append(f"{words.count(anonymous, 'report')} without a known outlet.")
    if dateless:
        points.append(
            f"{words.count(dateless, 'report')} without a date of publication: known since the day of reading."
        )
    if findings.fit is not None:
        points.append(
            "A learnt reaction is an association that predicts; whether it is a cause is for the reader. The model "
            "follows reported events between states and knows nothing of budgets, doctrine, secret acts or intent, and "
            "more reporting can look like more tension."
        )
    plain: list[Sentence] = [(Part(point),) for point in points]
    if findings.comparison is not None:
        beside = "What the simulation cannot say stands beside "
        plain.append((Part(beside), Part("its ranking", "#measures"), Part(".")))
    return plain
