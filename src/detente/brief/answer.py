"""The answer in five sentences, built from the findings by rules; every number in them leads to the rows it counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from detente import words
from detente.brief.findings import Findings
from detente.brief.rows import EventRow, TieRow, Topic, anchor
from detente.codebook import is_hostile
from detente.show.figures import after
from detente.simulate.compare import ITSELF

if TYPE_CHECKING:
    from detente.simulate import Effect

# Kinds of ties from the closest to the loosest.
KINDS = (
    "defence pact",
    "access agreement",
    "basing",
    "information sharing",
    "exercise series",
    "grouping",
    "partnership",
    "consultation",
)


class Part(NamedTuple):
    """Words of a sentence, and where they lead."""

    words: str
    href: str = ""


Sentence = tuple[Part, ...]


class Counted(NamedTuple):
    """The rows behind one number."""

    anchor: str
    what: str
    rows: tuple[Part, ...]
    more: int


@dataclass
class Ledger:
    """Collects what each number of the answer counts."""

    entries: list[Counted] = field(default_factory=list)
    most: int = 10

    def part(self, said: str, what: str, rows: Sequence[Part], total: int | None = None) -> Part:
        """Words that lead to the rows they count."""
        key = f"c-{len(self.entries) + 1}"
        total = len(rows) if total is None else total
        shown = tuple(rows[: self.most])
        self.entries.append(Counted(key, what, shown, max(0, total - len(shown))))
        return Part(said, f"#{key}")


def answer(
    findings: Findings, events: Sequence[EventRow], topics: Sequence[Topic], ties: Sequence[TieRow]
) -> tuple[list[Sentence], list[Counted]]:
    """Five sentences, and the rows that their numbers count."""
    ledger = Ledger()
    sentences = [
        _happened(findings, events, ledger),
        _disputed(findings, topics, ledger),
        _standing(findings, ties, ledger),
        _reacted(findings),
        _ranked(findings),
    ]
    return sentences, ledger.entries


def _happened(findings: Findings, rows: Sequence[EventRow], ledger: Ledger) -> Sentence:
    frame = findings.events.filter((pl.col("modality") == "asserted") & pl.col("same_as").is_null())
    if frame.is_empty():
        return (Part("The reports assert no event that could be coded."),)
    shown = {row.id: row for row in rows}
    pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in frame.iter_rows(named=True):
        others = row["target"] or (row["source"] if row["reciprocal"] else [])
        for pair in {(min(a, b), max(a, b)) for a in row["source"] for b in others if a != b}:
            pairs[pair].append(row["id"])
    if not pairs:
        every = ledger.part(
            words.count(frame.height, "event"), "asserted events", _links(shown, frame["id"].to_list()), frame.height
        )
        return Part("The reports assert "), every, Part(", none of them between two actors that they name.")
    (a, b), ids = max(sorted(pairs.items()), key=lambda item: len(item[1]))
    hostile = set(frame.filter(pl.col("type").map_elements(is_hostile, return_dtype=pl.Boolean))["id"])
    between = f"between {words.the(a)} and {words.the(b)}"
    bad, good = [i for i in ids if i in hostile], [i for i in ids if i not in hostile]
    parts = [Part(f"Most happened {between}: ")]
    if bad and good:
        split = [
            ledger.part(f"{len(bad)} hostile", f"hostile events {between}", _links(shown, bad), len(bad)),
            ledger.part(f"{len(good)} cooperative", f"cooperative events {between}", _links(shown, good), len(good)),
        ]
        whole = ledger.part(words.count(len(ids), "event"), f"asserted events {between}", split)
        parts += [whole, Part(", "), split[0], Part(" and "), split[1]]
    else:
        tone = "hostile" if bad else "cooperative"
        what = words.count(len(ids), f"{tone} event")
        parts.append(ledger.part(what, f"{tone} events {between}", _links(shown, ids), len(ids)))
    dated = [shown[i] for i in ids if i in shown and shown[i].day]
    if dated:
        last = max(dated, key=lambda row: (row.day, row.reports, row.confidence, row.id))
        parts += [
            Part("; the last dated one, on "),
            Part(last.date, f"#{last.anchor}"),
            Part(", is that " + last.brief + ", according to "),
            Part(words.count(last.reports, "report"), f"#{last.anchor}"),
        ]
    else:
        parts.append(Part("; none of them is dated"))
    return (*parts, Part("."))


def _links(shown: Mapping[str, EventRow], ids: Sequence[str]) -> list[Part]:
    rows = [shown[i] for i in ids if i in shown]
    return [Part(f"{row.brief} ({row.date})", f"#{row.anchor}") for row in rows]


def _disputed(findings: Findings, topics: Sequence[Topic], ledger: Ledger) -> Sentence:
    every = findings.contested.height
    if not topics:
        n = findings.claims.height
        if not n:
            return (Part("No claim was found in the reports, so nothing is contested in words."),)
        return (
            Part("Nothing is contested: each topic of the "),
            Part(words.count(n, "claim"), "#claims"),
            Part(" has one speaker only."),
        )
    top = next((topic for topic in topics if topic.opposed), topics[0])
    said = [
        (speaker, words.listed(list(dict.fromkeys(claim.stance for claim in claims))))
        for speaker, claims in zip(top.speakers, top.said, strict=True)
    ]
    voices: list[Part] = []
    for i, (speaker, stance) in enumerate(said[:3]):
        lead = "" if i == 0 else " and " if i == min(len(said), 3) - 1 else ", "
        voices.append(Part(f"{lead}{speaker} ({stance})"))
    opening = (
        "Most contested is "
        if top.opposed
        else "No speakers flatly contradict each other; most speakers take a stand on "
    )
    opposed = int(findings.contested["opposed"].sum())
    tail = (
        [
            Part("; speakers contradict each other on "),
            ledger.part(str(opposed), "topics on which stances are opposed", _topics(topics, True), opposed),
            Part(" of "),
        ]
        if top.opposed
        else [Part("; that is one of ")]
    )
    return (
        Part(opening),
        Part(top.words, f"#{top.anchor}"),
        Part(": "),
        *voices,
        *tail,
        ledger.part(words.count(every, "topic"), "topics with more than one speaker", _topics(topics, False), every),
        Part(" with more than one speaker."),
    )


def _topics(topics: Sequence[Topic], opposed: bool) -> list[Part]:
    return [Part(t.words, f"#{t.anchor}") for t in topics if t.opposed or not opposed]


def _standing(findings: Findings, ties: Sequence[TieRow], ledger: Ledger) -> Sentence:
    on = Part(words.day(findings.on), "#network")
    holding = [tie for tie in ties if tie.status in ("in force", "signed")]
    if not holding:
        return Part("On "), on, Part(" the register knows of no tie among the actors of these reports.")
    kind = next(k for k in KINDS if any(tie.kind == k for tie in holding))
    closest = [tie for tie in holding if tie.kind == kind]
    others = [tie for tie in holding if tie.kind != kind]
    actors = {c for pair in findings.edges.select("a", "b").iter_rows() for c in pair}
    pairs = [
        f"{words.the(a)} and {words.the(b)}"
        for tie in sorted(closest, key=lambda tie: len(tie.codes))
        if len(tie.codes) <= 10
        for a, b in combinations([c for c in tie.codes if c in actors], 2)
    ]
    told = [tie for tie in holding if tie.reports]
    parts = [
        Part("On "),
        on,
        Part(", "),
        ledger.part(
            words.count(len(closest), kind),
            f"{kind}, signed or in force",
            _ties(closest),
        ),
        Part(" hold" if len(closest) > 1 else " holds"),
    ]
    if pairs:
        parts.append(Part(f" among these actors ({_some(list(dict.fromkeys(pairs)))})"))
    if others:
        parts += [
            Part(", beside "),
            ledger.part(
                words.count(len(others), "other tie"),
                "other ties, signed or in force",
                _ties(others),
            ),
        ]
    if told:
        parts += [
            Part("; the reports themselves name "),
            ledger.part(f"{len(told)} of them", "ties that the reports name", _ties(told)),
        ]
    else:
        parts.append(Part("; the reports themselves name none of them"))
    return (*parts, Part("."))


def _ties(ties: Sequence[TieRow]) -> list[Part]:
    return [Part(f"{tie.name} ({tie.kind})", f"#{tie.anchor}" if tie.anchor else "") for tie in ties]


def _some(pairs: list[str]) -> str:
    return "; ".join(pairs[:3]) + ("; and more" if len(pairs) > 3 else "")


def _reacted(findings: Findings) -> Sentence:
    if findings.fit is None:
        return (Part(f"How states react could not be learnt: {findings.prior_note}"),)
    found = findings.fit.reactions(findings.actors)
    clear = next((i for i, r in enumerate(found) if r.detectable), None)
    if clear is None:
        parts = [Part("The record shows no detectable reaction of these states to each other's acts")]
    else:
        r = found[clear]
        parts = [
            Part(f"The clearest reaction learnt is that after {after(r)}, {words.the(r.actor)} {r.verb} "),
            Part(f"{words.number(abs(r.effect))} events", f"#x-{clear + 1}"),
            Part(f" of {r.response} toward {words.the(r.toward)} for each within "),
            Part("30 days", f"#x-{clear + 1}"),
            Part(" ("),
            Part(f"90 % interval {words.number(r.ends[0])} to {words.number(r.ends[1])}", f"#x-{clear + 1}"),
            Part(")"),
        ]
    score = findings.fit.score
    gain = score.gains.get("smoothing") if score else None
    if gain is None:
        parts.append(Part("; how well this predicts has not been measured"))
    elif gain.low <= 0 <= gain.high:
        parts.append(Part("; such a model predicts no better than a tuned running average"))
    else:
        better = "better" if gain.bits > 0 else "worse"
        parts += [
            Part(f"; tested on later days, such a model predicts {better} than a tuned running average by "),
            Part(f"{words.number(abs(gain.bits))} bits per event", "#score"),
            Part(", which is " + ("little" if abs(gain.bits) < 0.2 else "much") + " next to what stays unknown"),
        ]
    return (*parts, Part("."))


def _ranked(findings: Findings) -> Sentence:
    comparison = findings.comparison
    if comparison is None:
        return (Part(f"Measures could not be compared: {findings.simulation_note}"),)
    ranked = comparison.ranking()
    base = comparison.base
    days = Part(words.count(base.hostile.shape[1], "day"), "#stamp")
    if 2 * base.unstable > base.n_draws:
        return (
            Part("The simulation of "),
            Part(words.count(len(ranked), "measure"), "#measures"),
            Part(" over "),
            days,
            Part(" says little: in "),
            Part(f"{base.unstable} of {base.n_draws} draws", "#measures"),
            Part(" of its parameters events feed themselves, so no ranking should be relied on."),
        )
    best = next((e for e in ranked if e.verdict == "fewer hostile events"), None)
    if best is None:
        return (
            Part("None of the "),
            Part(words.count(len(ranked), "measure"), "#measures"),
            Part(" simulated over "),
            days,
            Part(" lowers hostile events both detectably and by enough to matter"),
            *_closest(ranked[0]),
            Part(f"{_silent(ranked)}."),
        )
    better, same, worse = best.frequencies
    low, high = np.quantile(best.expected(), (0.05, 0.95))
    at = f"#{measure_anchor(best)}"
    parts = [
        Part("Of "),
        Part(words.count(len(ranked), "measure"), "#measures"),
        Part(" simulated over "),
        days,
        Part(", "),
        Part(best.name, at),
        Part(" ranks first: fewer hostile events in "),
        Part(f"{better} of every {better + same + worse} futures", at),
        Part(", as many in "),
        Part(str(same), at),
        Part(", more in "),
        Part(str(worse), at),
        Part("; expected change "),
        Part(
            f"{words.signed(float(best.expected().mean()))} events "
            f"(90 % interval {words.signed(float(low))} to {words.signed(float(high))})",
            at,
        ),
    ]
    if best.itself <= -ITSELF:
        parts += [Part(", of which "), Part(words.signed(best.itself), at), Part(" are the suspended acts themselves")]
    if "assumed" in best.kind:
        parts.append(Part("; how far it damps the reaction is an assumption, not learnt"))
    elif any(m.evidence_strength in ("none", "thin") for m in best.measures):
        parts.append(Part("; the evidence for it outside the simulation is thin or absent"))
    return (*parts, Part(f"{_silent(ranked)}."))


def _closest(effect: Effect) -> Sentence:
    """The measure that ranks first without a verdict in its favour, where it lowers anything at all."""
    if effect.expected().mean() >= 0:
        return ()
    better, same, worse = effect.frequencies
    at = f"#{measure_anchor(effect)}"
    return (
        Part("; "),
        Part(effect.name, at),
        Part(" comes closest, by "),
        Part(f"{words.number(-100 * effect.share)} %", at),
        Part(", with fewer in "),
        Part(f"{better} of every {better + same + worse} futures", at),
    )


def _silent(ranked: Sequence[Effect]) -> str:
    """What the ranking cannot hold, where it matters."""
    scheduled = any("scheduled" in effect.kind for effect in ranked)
    return "; that talks or aid might calm is nothing this model could show" if scheduled else ""


def measure_anchor(effect: Effect) -> str:
    """Anchor of a measure's row."""
    return anchor("m", "-".join(m.id for m in effect.measures))
