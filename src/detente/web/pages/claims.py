"""Claims side by side: who asserts, who denies, who is silent, with the evidence, and what the record says."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date as Date
from typing import Any, Final, get_args

import polars as pl

from detente import words
from detente.actors import register
from detente.brief.context import Context
from detente.brief.rows import Contexts, topic_words
from detente.errors import DeskError
from detente.events import Claim, Report, Stance
from detente.record import holder, nouns
from detente.web.held import Held
from detente.web.state import State
from detente.web.view import Page, View

TOPICS: Final = 12  # of a page
ACROSS: Final = 4  # speakers beside each other; more stand below
EACH: Final = 3  # claims of a speaker on a topic


@dataclass(frozen=True)
class Saying:
    """A claim with its sentence."""

    speaker: str
    stance: str
    proposition: str
    outlet: str
    report: str
    context: Context


@dataclass(frozen=True)
class Topic:
    """A topic: what each speaker says, and the actors it is about that say nothing."""

    topic: str
    words: str
    opposed: bool
    stances: tuple[tuple[str, str], ...]
    silent: str
    columns: tuple[tuple[str, tuple[Saying, ...]], ...]
    left_out: int


def view(held: Held, state: State) -> View:
    """Topics on which speakers take a stand, those on which they contradict each other first."""
    as_of = state.as_of
    actor = state.get("actor")
    frame = held.desk.claims(as_of=as_of, actor=actor or None)
    contested = held.once("contested", as_of, make=lambda: held.desk.contested(as_of=as_of))
    kept = set(frame["topic"])
    chosen = contested.filter(pl.col("topic").is_in(list(kept)) & (pl.col("about").list.len() > 0))
    if state.get("topic"):
        if state.get("topic") not in held.once("topics", make=lambda: set(held.desk.claims()["topic"])):
            raise DeskError(f"topic = {state.get('topic')!r} is none of this desk's. /claims.csv lists them.")
        chosen = chosen.filter(pl.col("topic") == state.get("topic"))
    chosen = chosen.sort("opposed", pl.col("claims").list.len(), descending=True, maintain_order=True)
    number = int(state.number("page", 1, 1, max(1, -(-chosen.height // TOPICS))))
    page = chosen.slice((number - 1) * TOPICS, TOPICS)
    opposed = int(chosen["opposed"].sum())
    causal = frame.filter((pl.col("cause") != "") & (pl.col("effect") != ""))
    checked = _checked(held, as_of) if state.get("check") and causal.height else None
    pending = bool(state.get("check")) and causal.height > 0 and checked is None
    return View(
        "Claims",
        "claims.html.j2",
        held.day(as_of),
        summary=f"{words.count(frame.height, 'claim')}; {words.count(chosen.height, 'topic')} with more than one "
        f"speaker, on {opposed:,} of them speakers contradict each other.",
        tables={
            "claims": frame.drop("json", "recorded", "speakers"),
            "topics": chosen,
            **({"verdicts": checked[0], "not checked": checked[1]} if checked else {}),
        },
        context={
            "topics": _topics(held, frame, page, as_of),
            "causal": _said(held, causal.head(40), as_of),
            "n_causal": causal.height,
            "checking": bool(state.get("check")) and causal.height > 0,
            "checked": checked,
            "number": number,
            "last": max(1, -(-chosen.height // TOPICS)),
            "actor": actor,
        },
        refresh=2 if pending else 0,
        ready=not pending,
    )


def _topics(held: Held, frame: pl.DataFrame, page: pl.DataFrame, as_of: Date | None) -> list[Topic]:
    wanted = frame.filter(pl.col("topic").is_in(page["topic"].to_list()))
    said: dict[str, dict[str, list[Saying]]] = defaultdict(lambda: defaultdict(list))
    for topic, one in zip(wanted["topic"], _said(held, wanted, as_of), strict=True):
        said[topic][one.speaker].append(one)
    return [_topic(row, said[row["topic"]]) for row in page.iter_rows(named=True)]


def _topic(row: dict[str, Any], said: dict[str, list[Saying]]) -> Topic:
    stances: dict[str, list[str]] = {stance: [] for stance in get_args(Stance)}
    for speaker, each in said.items():
        for stance in dict.fromkeys(one.stance for one in each):
            stances[stance].append(speaker)
    quiet = [code for code in row["about"] if not {words.name(code), register().actor(code).name} & said.keys()]
    return Topic(
        row["topic"],
        topic_words(row["topic"]),
        row["opposed"],
        tuple((stance, words.listed(speakers, 8)) for stance, speakers in stances.items() if speakers),
        words.names(quiet, 8),
        tuple((speaker, tuple(each[:EACH])) for speaker, each in list(said.items())[:ACROSS]),
        sum(len(each) for each in said.values()) - sum(len(each[:EACH]) for each in list(said.values())[:ACROSS]),
    )


def _said(held: Held, frame: pl.DataFrame, as_of: Date | None) -> list[Saying]:
    claims = nouns(frame, Claim)
    wanted = {claim.report for claim in claims}
    reports = held.desk.store.reports(as_of).filter(pl.col("id").is_in(list(wanted)))
    texts = {report.id: report for report in nouns(reports, Report)}
    contexts = Contexts(texts)
    return [
        Saying(
            holder(claim.speakers) or texts[claim.report].outlet or "speaker not named",
            claim.stance,
            words.clip(claim.proposition, 320),
            texts[claim.report].outlet or texts[claim.report].title or "outlet not named",
            claim.report,
            contexts.of(claim),
        )
        for claim in claims
    ]


def _checked(held: Held, as_of: Date | None) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """What the record says of each causal claim, and the claims that it can say nothing of; None while it is asked."""
    return held.later("checked", as_of, make=lambda: _check(held, as_of))


def _check(held: Held, as_of: Date | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    answers, unfit = held.desk.check_claims(as_of=as_of)
    rows = [(one.speaker, one.sentence, one.verdict, one.summary()) for one in answers]
    columns = ("speaker", "sentence", "verdict", "in words")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row"), unfit


PAGE = Page("/claims", "Claims", view, takes=("actor", "topic", "page", "check"))
