"""The page: findings in, HTML out. No script, no network, the same bytes for the same findings."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from detente import words
from detente.actors import tie_sources
from detente.brief import rows
from detente.brief.answer import answer, measure_anchor
from detente.brief.findings import Findings
from detente.brief.limits import limits, would_change
from detente.errors import DeskError
from detente.show import figures
from detente.simulate.measures import sources

if TYPE_CHECKING:
    from detente.learn.reactions import Reaction
    from detente.simulate import Effect

KINDS = {
    "scheduled": "events are added",
    "removed": "a stream of events is suspended",
    "assumed": "an assumption: a reaction is damped by a share that is put in, not learnt",
}
MOST_DRAWN, QUESTIONS, LONG = 24, 100, 240


@dataclass(frozen=True)
class Figure:
    """A drawn figure and its anchor."""

    anchor: str
    title: str
    drawing: Markup


@dataclass(frozen=True)
class ReactionRow:
    """A reaction as the table shows it."""

    anchor: str
    actor: str
    toward: str
    when: str
    response: str
    reaction: Reaction
    detectable: bool


@dataclass(frozen=True)
class MeasureRow:
    """A measure as the table shows it."""

    rank: int
    anchor: str
    name: str
    kinds: tuple[str, ...]
    kind_words: str
    sides: str
    verdict: str
    words: str
    expected: float
    low90: float
    low50: float
    high50: float
    high90: float
    share: float
    strength: str
    evidence: str
    confirmed: str
    sources: tuple[str, ...]
    agree: str
    cost: str
    note: str
    caution: str


def render(findings: Findings) -> str:
    """The page as HTML.

    Args:
        findings: all that it shows.

    Returns:
        One self-contained document: no script, no request, the same text for the same findings.
    """
    actors = {code for pair in findings.edges.select("a", "b").iter_rows() for code in pair}
    findings = replace(
        findings, contested=rows.meaningful(findings.contested), edges=figures.busiest(findings.edges, MOST_DRAWN)
    )
    reports = rows.report_rows(findings)
    contexts = rows.Contexts(findings.texts)
    events = rows.event_rows(findings, reports, contexts)
    claims = rows.claim_rows(findings, reports, contexts)
    topics = rows.topics(findings, claims)
    ties = rows.tie_rows(findings, reports)
    sentences, counted = answer(findings, events, topics, ties)
    reactions = _reactions(findings)
    whole = findings.events.filter(pl.col("same_as").is_null())
    asserted = [e for e in events if e.modality == "asserted"]
    page: str = _template().render(
        f=findings,
        words=words,
        style=Markup(_asset("style.css")),
        reports=list(reports.values()),
        outlets=len({r.outlet for r in reports.values() if r.outlet}),
        nameless=sum(not r.outlet for r in reports.values()),
        n_events=whole.height,
        n_asserted=whole.filter(pl.col("modality") == "asserted").height,
        n_other=whole.filter(pl.col("modality") != "asserted").height,
        sentences=sentences,
        counted=counted,
        asserted=asserted,
        others=[e for m in rows.MODALITIES[1:] for e in events if e.modality == m],
        by_id={e.id: e for e in events},
        contexts_shown=rows.MOST_CONTEXTS,
        claims=list(claims.values()),
        causal=[c for c in claims.values() if c.cause and c.effect],
        topics=topics,
        ties=[tie for tie in ties if tie.anchor],
        n_ties=len(ties),
        pairs=rows.pair_rows(findings, ties),
        n_actors=len(actors),
        most_drawn=MOST_DRAWN,
        most_links=rows.MOST_LINKS,
        reactions=reactions,
        measures=_measures(findings),
        comparison=findings.comparison,
        figures=_figures(findings, asserted, reactions),
        changes=would_change(findings, events, measure_anchor),
        limits=limits(findings, events),
        questions=_questions(findings, reports),
        n_questions=findings.questions.height,
        tie_sources=_tie_sources(findings),
        cited=list(dict.fromkeys([*_cited(findings.fit), *_cited(findings.comparison)])),
    )
    return page


def write(findings: Findings, path: str | Path) -> Path:
    """Write the page, whole or not at all.

    Args:
        findings: all that it shows.
        path: file to write; one that exists is replaced.

    Raises:
        DeskError: the file cannot be written.
    """
    page = render(findings).encode()
    target = Path(path)
    try:
        handle, fresh = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".new")
    except OSError as error:
        raise _unwritable(target, error) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(page)
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).chmod(0o666 & ~_umask())
        Path(fresh).replace(target)
    except OSError as error:
        Path(fresh).unlink(missing_ok=True)
        raise _unwritable(target, error) from None
    return target


def _unwritable(path: Path, error: OSError) -> DeskError:
    return DeskError(f"Cannot write {path}: {error.strerror}. Name another file with --out.")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@cache
def _asset(name: str) -> str:
    return (files("detente.brief") / name).read_text(encoding="utf-8")


@cache
def _template() -> Any:
    return Environment(
        autoescape=True, finalize=safe, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(_asset("brief.html.j2"))


def safe(value: Any) -> Any:
    """Text from reports with its hidden characters shown; our own drawings as they are."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return words.visible(value)


def _figures(findings: Findings, asserted: list[rows.EventRow], reactions: list[ReactionRow]) -> Mapping[str, Figure]:
    drawn: dict[str, Figure] = {}
    source = _origin(findings)

    def draw(name: str, shown: figures.Figure) -> None:
        drawn[name] = Figure(f"fig-{name}", shown.title, Markup(shown.svg(f"fig-{name}")))

    if any(e.day and e.targets for e in asserted):
        told = findings.events.filter(pl.col("id").is_in([e.id for e in asserted]))
        draw("timeline", figures.busy_pairs(told, as_of=findings.as_of, source=source))
    if findings.edges.height:
        draw("network", figures.network(findings.edges, findings.on, as_of=findings.as_of, source=source))
    if reactions:
        shown = [r.reaction for r in reactions]
        draw("reactions", figures.reactions(shown, as_of=findings.as_of, source=findings.stamp.model))
    if findings.comparison is not None:
        about: dict[str, Any] = {"as_of": findings.as_of, "source": findings.stamp.model}
        draw("ranking", figures.ranking(findings.comparison, **about))
        draw("fans", figures.fans(findings.comparison, **about))
    return drawn


def _origin(findings: Findings) -> str:
    """What the record was made from, for the frame of a figure."""
    coded = [f"{n:,} of {name}" for name, n in findings.coded.items()]
    return "; ".join([words.count(findings.reports.height, "report"), *coded])


def _reactions(findings: Findings) -> list[ReactionRow]:
    if findings.fit is None:
        return []
    found = []
    for i, r in enumerate(findings.fit.reactions(findings.actors), 1):
        named = figures.named(r)
        found.append(
            ReactionRow(f"x-{i}", named.actor, named.toward or "others", figures.after(r), r.response, r, r.detectable)
        )
    return found


def _measures(findings: Findings) -> list[MeasureRow]:
    if findings.comparison is None:
        return []
    return [_measure(rank, effect) for rank, effect in enumerate(findings.comparison.ranking(), 1)]


def _measure(rank: int, effect: Effect) -> MeasureRow:
    expected = effect.expected()
    low90, low50, high50, high90 = (float(x) for x in np.quantile(expected, (0.05, 0.25, 0.75, 0.95)))
    each = effect.measures
    known = {source.key: source for source in sources()}
    kinds = tuple(dict.fromkeys(m.kind for m in each))

    def joined(*texts: str) -> str:
        return " ".join(dict.fromkeys(text for text in texts if text))

    return MeasureRow(
        rank=rank,
        anchor=measure_anchor(effect),
        name=effect.name,
        kinds=kinds,
        kind_words="; ".join(KINDS[kind] for kind in kinds),
        sides="; ".join(dict.fromkeys(f"{words.names(m.by)} toward {words.names(m.toward)}" for m in each if m.by)),
        verdict=effect.verdict,
        words=effect.words,
        expected=float(expected.mean()),
        low90=low90,
        low50=low50,
        high50=high50,
        high90=high90,
        share=effect.share,
        strength=", ".join(dict.fromkeys(m.evidence_strength for m in each)),
        evidence=joined(*(m.evidence for m in each)),
        confirmed=joined(
            *(
                {"web": "Looked up.", "recall": "From general knowledge, not looked up."}.get(m.confirmed, "")
                for m in each
            )
        ),
        sources=tuple(dict.fromkeys(known[key].cited() for m in each for key in m.source if key in known)),
        agree=joined(*(m.agree for m in each)),
        cost=joined(*(m.cost for m in each)),
        note=joined(*(m.note for m in each)),
        caution=effect.caution,
    )


def _tie_sources(findings: Findings) -> list[str]:
    """Sources of the ties shown."""
    keys = {key for row in findings.ties["source"] for key in row.split("; ")}
    return sorted(source.cited() for key, source in tie_sources().items() if key in keys)


def _cited(result: Any) -> list[str]:
    return list(result.cite()) if result is not None else []


def _questions(findings: Findings, reports: Mapping[str, rows.ReportRow]) -> list[dict[str, Any]]:
    """Open questions, alike ones together, most frequent first."""
    count: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for row in findings.questions.iter_rows(named=True):
        key = (row["kind"], row["words"])
        count[key] += 1
        first.setdefault(key, row)
    return [
        {
            "kind": kind,
            "words": words.clip(said, 120),
            "times": times,
            "sentence": words.clip(first[kind, said]["sentence"], LONG),
            "report": reports.get(first[kind, said]["report"]),
        }
        for (kind, said), times in sorted(count.items(), key=lambda item: (-item[1], item[0]))[:QUESTIONS]
    ]
