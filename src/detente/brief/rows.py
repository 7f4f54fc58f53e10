"""What the page's tables hold: events, claims, ties, pairs, measures, made ready for print."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date as Date
from typing import Any

import polars as pl

from detente import codebook, words
from detente.actors import tie_sources
from detente.brief.context import Context, context, starts
from detente.brief.findings import Findings
from detente.events import Claim, Event, Party, Report, Speaker
from detente.record import holder, nouns

MODALITIES = ("asserted", "planned", "claimed", "hypothetical", "negated", "historical")
# A page that people can open: beyond these many rows the oldest are left out, and the page says so.
MOST_EVENTS = {"asserted": 1000, "other": 400}
# Sentences before and after are given for so many events; the rest show their own sentence only.
MOST_CONTEXTS = 500
MOST_TELLINGS = 6
MOST_CLAIMS = 400
MOST_TIES = 300
MOST_LINKS = 12
# Theme of claims that have no theme of their own.
OTHER = "other"


def anchor(prefix: str, id: str) -> str:
    """An id for the page: letters, digits, dots and dashes only.

    Example:
        >>> anchor("e", "4f2a:12 x")
        'e-4f2a.12.x'
    """
    return f"{prefix}-{re.sub(r'[^A-Za-z0-9-]', '.', id)}"


@dataclass(frozen=True)
class ReportRow:
    """A report among the sources."""

    number: int
    anchor: str
    title: str
    outlet: str
    published: str
    standpoint: str
    kind: str
    author: str
    path: str
    id: str

    @property
    def name(self) -> str:
        """Outlet, or whatever else names the report."""
        return self.outlet or self.title or self.path or f"report {self.number}"


@dataclass(frozen=True)
class Telling:
    """One report's sentence on an event."""

    report: ReportRow
    speakers: str
    context: Context


@dataclass(frozen=True)
class EventRow:
    """An event with every sentence that tells of it."""

    id: str
    anchor: str
    date: str
    day: Date | None
    who: str
    did: str
    type: str
    whom: str
    quad: str
    hostile: bool
    cameo: str
    cameo_text: str
    domain: str
    modality: str
    confidence: float
    sure: str
    reports: int
    according: str
    opening: str
    dated_from: str
    inferred: str
    tellings: tuple[Telling, ...]
    untold: int
    sources: tuple[str, ...]
    targets: tuple[str, ...]

    @property
    def deed(self) -> str:
        """The event as a noun with its date."""
        return f"{words.deed(self.type, self.cameo)} ({self.date})"

    @property
    def brief(self) -> str:
        """The event in a few words."""
        return " ".join(filter(None, [self.who, self.did, self.whom]))


@dataclass(frozen=True)
class ClaimRow:
    """A claim and its sentence."""

    anchor: str
    speaker: str
    chain: str
    stance: str
    proposition: str
    topic: str
    cause: str
    effect: str
    report: ReportRow
    context: Context


@dataclass(frozen=True)
class Topic:
    """A contested topic: what each speaker says, side by side."""

    anchor: str
    words: str
    opposed: bool
    speakers: tuple[str, ...]
    said: tuple[tuple[ClaimRow, ...], ...]
    left_out: int


@dataclass(frozen=True)
class PairRow:
    """What is drawn between two actors; ties as pairs of anchor and name."""

    anchor: str
    names: str
    ties: tuple[tuple[str, str], ...]
    cooperation: tuple[str, ...]
    hostility: tuple[str, ...]


@dataclass(frozen=True)
class TieRow:
    """A tie that is drawn, or that holds among many; without an anchor where it is one too many for the table."""

    anchor: str
    name: str
    kind: str
    parties: str
    status: str
    since: str
    source: str
    confirmed: str
    note: str
    reports: tuple[ReportRow, ...]
    drawn: bool
    id: str
    codes: tuple[str, ...]


def report_rows(findings: Findings) -> dict[str, ReportRow]:
    """Reports by id, numbered by date of publication."""
    ordered = findings.reports.sort("published", "outlet", "title", "id", nulls_last=True)
    return {
        row["id"]: ReportRow(
            number,
            f"r-{number}",
            row["title"],
            row["outlet"],
            words.day(row["published"]),
            row["standpoint"],
            row["kind"],
            row["author"],
            row["path"],
            row["id"],
        )
        for number, row in enumerate(ordered.iter_rows(named=True), 1)
    }


class Contexts:
    """Sentences in context, each report's text cut into sentences once."""

    def __init__(self, texts: Mapping[str, Report]) -> None:
        self._texts = texts
        self._starts: dict[str, list[int]] = {}

    def of(self, noun: Event | Claim, *, beside: bool = True) -> Context:
        """The sentence of an event or claim in its report."""
        report = self._texts[noun.report]
        if noun.report not in self._starts:
            self._starts[noun.report] = starts(report.text)
        if isinstance(noun, Claim):
            return context(report.text, self._starts[noun.report], noun.span, [(noun.span, "trigger")], beside=beside)
        parties = [(p.span, "party") for p in (*noun.source, *noun.target) if p.span]
        return context(
            report.text, self._starts[noun.report], noun.span, [*parties, (noun.trigger, "trigger")], beside=beside
        )


def chain(speakers: Iterable[Speaker]) -> str:
    """A chain of speakers, outermost first.

    Example:
        >>> chain([Speaker(None, "Sample wire", "outlet"), Speaker("KOR", "South Korea's military", "quoted")])
        "Sample wire, quoting South Korea's military"
        >>> chain([Speaker(None, "A. Writer", "author"), Speaker(None, "Daily Example", "outlet")])
        'A. Writer (Daily Example)'
    """
    every = list(speakers)
    outlet = next((s.name for s in every if s.as_ == "outlet"), "")
    authored = any(s.as_ == "author" for s in every)
    # An outlet publishes its author; neither quotes the other.
    told = [s for s in every if not (authored and s.as_ == "outlet")]
    said = [f"{s.name} ({outlet})" if s.as_ == "author" and outlet else s.name for s in told]
    return ", quoting ".join(dict.fromkeys(said))


def party(p: Party) -> str:
    """A party as a table names it.

    Example:
        >>> party(Party("KOR", "South Korea", "state", "armed forces"))
        'South Korea (armed forces)'
    """
    named = words.name(p.code) if p.code else f"“{words.clip(p.name, 80)}”"
    return f"{named} ({p.role})" if p.role else named


def _parties(parties: Iterable[Party]) -> str:
    return words.listed(list(dict.fromkeys(party(p) for p in parties)))


def event_rows(findings: Findings, reports: Mapping[str, ReportRow], contexts: Contexts) -> list[EventRow]:
    """Events, one row each with all its reports: the latest first, undated ones last, the oldest left out."""
    frame = findings.events
    first = {event.id: event for event in nouns(frame, Event)}
    same: dict[str, list[Event]] = defaultdict(list)
    for id_, same_as in frame.select("id", "same_as").iter_rows():
        if same_as in first:
            same[same_as].append(first[id_])
    kept = frame.filter(pl.col("same_as").is_null()).sort("day", "known", "id", descending=True, nulls_last=True)
    asserted = pl.col("modality") == "asserted"
    kept = pl.concat(
        [kept.filter(asserted).head(MOST_EVENTS["asserted"]), kept.filter(~asserted).head(MOST_EVENTS["other"])]
    )
    rows = []
    for place, row in enumerate(kept.iter_rows(named=True)):
        told = [first[row["id"]], *same[row["id"]]]
        rows.append(_event_row(row, told, reports, contexts, beside=place < MOST_CONTEXTS))
    return rows


def _event_row(
    row: Mapping[str, Any],
    told: list[Event],
    reports: Mapping[str, ReportRow],
    contexts: Contexts,
    *,
    beside: bool,
) -> EventRow:
    event = told[0]
    tellings = tuple(
        Telling(reports[e.report], chain(e.speakers) or reports[e.report].name, contexts.of(e, beside=beside))
        for e in told[:MOST_TELLINGS]
    )
    # What both sides did is worded of both, never as the deed of the one that a sentence names first.
    both = tuple(dict.fromkeys((*event.source, *event.target)))
    mutual = event.reciprocal and len({p.code or p.name for p in both}) > 1
    inferred = [party(p) for p in (*event.source, *event.target) if p.inferred]
    voices = list(dict.fromkeys(holder(e.speakers) or reports[e.report].name for e in told))
    return EventRow(
        id=event.id,
        anchor=anchor("e", event.id),
        date=words.day(event.date),
        day=row["day"],
        who=_parties(both if mutual else event.source) or "not said",
        did=words.did(event.type, event.cameo, alone=not event.target, mutual=mutual),
        type=event.type,
        whom="" if mutual else _parties(event.target),
        quad=event.quad,
        hostile=codebook.is_hostile(event.type),
        cameo=event.cameo,
        cameo_text=codebook.cameo(event.cameo).text if event.cameo else "",
        domain=event.domain or "",
        modality=event.modality,
        confidence=event.confidence,
        sure=words.confidence(event.confidence),
        reports=row["reports"],
        according=words.listed(voices, 3),
        opening=words.clip(" ".join(event.sentence.split()), 110),
        dated_from={"text": "the sentence", "report": "the date of the report"}.get(event.date_from or "", ""),
        inferred=words.listed(list(dict.fromkeys(inferred))),
        tellings=tellings,
        untold=len(told) - len(tellings),
        sources=tuple(row["source"]),
        targets=tuple(row["target"]),
    )


def topic_words(topic: str) -> str:
    """A topic with names for codes.

    Example:
        >>> topic_words("JPN KOR: military cooperation")
        'Japan and South Korea: military cooperation'
        >>> topic_words("CHN: other")
        'China: other matters'
    """
    codes, colon, theme = topic.partition(":")
    if not colon:
        return topic
    known, theme = codes.split(), theme.strip()
    theme = "other matters" if theme == OTHER else theme
    return f"{words.names(known, 4)}: {theme}" if known else theme


def claim_rows(findings: Findings, reports: Mapping[str, ReportRow], contexts: Contexts) -> dict[str, ClaimRow]:
    """Claims by id, the most recent first; contested ones before all others, oldest left out where too many."""
    disputed = set(findings.contested["claims"].explode().to_list()) if findings.contested.height else set()
    claims = findings.claims.with_columns(pl.col("id").is_in(list(disputed)).alias("_disputed"))
    ordered = claims.sort("_disputed", "known", descending=True, maintain_order=True).head(MOST_CLAIMS)
    return {
        claim.id: ClaimRow(
            anchor=anchor("cl", claim.id),
            speaker=holder(claim.speakers) or reports[claim.report].name,
            chain=chain(claim.speakers) or reports[claim.report].name,
            stance=claim.stance,
            proposition=words.clip(claim.proposition, 420),
            topic=topic_words(claim.topic),
            cause=words.clip(claim.cause, 240),
            effect=words.clip(claim.effect, 240),
            report=reports[claim.report],
            context=contexts.of(claim, beside=place < MOST_CONTEXTS // 2),
        )
        for place, claim in enumerate(nouns(ordered, Claim))
    }


def meaningful(contested: pl.DataFrame) -> pl.DataFrame:
    """Contested topics without the heap of claims that share neither an actor nor a theme."""
    return contested.filter(pl.col("topic").str.strip_chars(": ") != OTHER)


def topics(findings: Findings, claims: Mapping[str, ClaimRow], *, most: int = 8, across: int = 5) -> list[Topic]:
    """Contested topics, one column a speaker: opposed ones first, then those with actors and a theme."""
    found = []
    theme = pl.col("topic").str.split(":").list.last().str.strip_chars()
    clear = (theme != OTHER) & (pl.col("about").list.len() > 0)
    ordered = findings.contested.sort(
        "opposed", clear, pl.col("claims").list.len(), descending=True, maintain_order=True
    )
    for number, row in enumerate(ordered.head(most).iter_rows(named=True), 1):
        said: dict[str, list[ClaimRow]] = defaultdict(list)
        for id_ in row["claims"]:
            if id_ in claims:
                said[claims[id_].speaker].append(claims[id_])
        shown = list(said)[:across]
        found.append(
            Topic(
                f"t-{number}",
                topic_words(row["topic"]),
                row["opposed"],
                tuple(shown),
                tuple(tuple(said[s][:4]) for s in shown),
                len(row["claims"]) - sum(len(said[s][:4]) for s in shown),
            )
        )
    return found


def tie_rows(findings: Findings, reports: Mapping[str, ReportRow]) -> list[TieRow]:
    """Ties on the date: those that are drawn first."""
    drawn = set(findings.edges.filter(pl.col("layer") == "tie")["evidence"].explode().to_list())
    sources = tie_sources()
    rows = []
    for row in findings.ties.iter_rows(named=True):
        cited = [sources[key] for key in row["source"].split("; ") if key in sources]
        rows.append(
            TieRow(
                anchor=anchor("tie", row["id"]),
                name=row["name"],
                kind=row["kind"],
                parties=words.names(row["parties"], 8),
                status=row["status"] or "",
                since=words.day(row["since"]) if row["since"] else "",
                source="; ".join(f"{s.publisher}{f' {s.year}' if s.year else ''}" for s in cited),
                confirmed={"web": "looked up", "recall": "not looked up"}.get(row["confirmed"], ""),
                note=row["note"],
                reports=tuple(reports[r] for r in row.get("reports") or () if r in reports),
                drawn=row["id"] in drawn,
                id=row["id"],
                codes=tuple(row["parties"]),
            )
        )
    rows.sort(key=lambda t: (not t.drawn, not t.reports))
    return rows[:MOST_TIES] + [replace(t, anchor="") for t in rows[MOST_TIES:]]


def pair_rows(findings: Findings, ties: Iterable[TieRow]) -> list[PairRow]:
    """Exactly what is drawn between each pair of actors, pairs with most events first."""
    named = {tie.id: (tie.anchor, tie.name) for tie in ties}
    pairs: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for a, b, layer, evidence in findings.edges.select("a", "b", "layer", "evidence").iter_rows():
        pairs[a, b][layer] += evidence
    ordered = sorted(pairs.items(), key=lambda p: (-len(p[1]["cooperation"]) - len(p[1]["hostility"]), p[0]))
    return [
        PairRow(
            anchor=f"n-{a}-{b}",
            names=f"{words.name(a)} – {words.name(b)}",
            ties=tuple(named[id_] for id_ in dict.fromkeys(found["tie"]) if id_ in named),
            cooperation=tuple(found["cooperation"]),
            hostility=tuple(found["hostility"]),
        )
        for (a, b), found in ordered
    ]
