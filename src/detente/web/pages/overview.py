"""Overview: five sentences with what changed since an earlier date, tension by pair, and what is new."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from detente import codebook, words
from detente.desk import sample
from detente.errors import DeskError, DetenteError
from detente.figure import Figure, figure, tones
from detente.record.ask import pairs
from detente.simulate.compare import ITSELF
from detente.web.held import Held
from detente.web.model import model, prior_share
from detente.web.phrase import line
from detente.web.state import State
from detente.web.view import Page, View

if TYPE_CHECKING:
    from detente.simulate import Effect

DAYS: Final = 30  # of the period that is looked at, and by default between the two dates
MOST_PAIRS, MOST_NEW = 12, 10
AHEAD, FUTURES, SEED = 30, 200, 7
_NOISE: Final = 2  # the way of a change that is not told from noise
_ARROWS: Final = {
    _NOISE: ("·", "not told apart from"),
    1: ("↑", "up from"),
    0: ("→", "same as"),
    -1: ("↓", "down from"),
}


@dataclass(frozen=True)
class Facts:
    """What the record held of a period, as known at its end: its numbers, and pairs with theirs."""

    hostile: int
    cooperative: int
    pairs: dict[tuple[str, str], tuple[int, int]]
    opposed: int
    contested: int
    topic: str
    ties: int
    pacts: int


@dataclass(frozen=True)
class Said:
    """A sentence of the overview: where it leads, and its number now and before, with what that counts."""

    text: str
    href: str
    counts: str = ""
    now: str = ""
    before: str = ""
    way: int = 0

    @property
    def arrow(self) -> tuple[str, str]:
        """The arrow, and the words for it."""
        return _ARROWS[self.way]


def view(held: Held, state: State) -> View:
    """The desk as of a date, beside an earlier one."""
    day = held.day(state.as_of)
    if held.empty():
        return View("Overview", "empty.html.j2", day, context={"path": held.path, "n": len(sample())})
    before = state.date("before") or day - timedelta(days=DAYS)
    if before >= day:
        raise DeskError(f"The earlier date, {before}, is not before {day}. Give an earlier one as before.")
    # What is read takes as_of as given, since a correction is known from the day on which it is made.
    as_of = state.as_of
    now = held.once("facts", as_of, make=lambda: _facts(held, as_of, day))
    then = held.once("facts", before, make=lambda: _facts(held, before, before))
    learnt = _later(held, _learnt, as_of, before)
    tested = _later(held, _tested, as_of, before)
    tension = _tension(now, then)
    drawn = {"tension": _figure(tension, day, before)} if tension.height else {}
    index = held.index(as_of)
    fresh = index.since_known(before)
    return View(
        "Overview",
        "overview.html.j2",
        day,
        tables={"tension": tension, "changes": _changes(now, then)},
        figures=drawn,
        context={
            "before": before,
            "days": DAYS,
            "said": [*_sentences(state, day, now, then), *learnt, *tested],
            "waiting": not (learnt and tested),
            "fresh": [line(row) for row in index.rows(fresh[:MOST_NEW])],
            "n_fresh": int(fresh.size),
            "reports": _reports(held, before, as_of),
        },
        refresh=0 if learnt and tested else 2,
    )


def _facts(held: Held, as_of: Date | None, day: Date) -> Facts:
    first = day - timedelta(days=DAYS - 1)
    columns = ("source", "target", "reciprocal", "type")
    found = held.desk.events(as_of=as_of, since=first, until=day, modality="asserted").select(columns).collect()
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    hostile = {t.name for t in codebook.types() if codebook.is_hostile(t.name)}
    tone = Counter[bool]()
    for row in found.iter_rows(named=True):
        bad = row["type"] in hostile
        tone[bad] += 1
        for a, b in {(min(pair), max(pair)) for pair in pairs(row)}:
            counts[a, b][bad] += 1
    contested = (
        held.desk.contested(as_of=as_of)
        .filter(pl.col("about").list.len() > 0)
        .sort("opposed", pl.col("claims").list.len(), descending=True)
    )
    clear = contested.filter(~pl.col("topic").str.ends_with(": other"))
    ties = held.desk.ties(as_of=as_of).filter(pl.col("status").is_in(["in force", "signed"]))
    return Facts(
        tone[True],
        tone[False],
        {pair: (good, bad) for pair, (good, bad) in counts.items()},
        int(contested["opposed"].sum()),
        contested.height,
        str(clear["topic"][0]) if clear.height else "",
        ties.height,
        ties.filter(pl.col("kind") == "defence pact").height,
    )


def _sentences(state: State, day: Date, now: Facts, then: Facts) -> list[Said]:
    since = day - timedelta(days=DAYS - 1)
    total = now.hostile + now.cooperative
    top = max(now.pairs.items(), key=lambda item: (sum(item[1]), item[0]), default=None)
    text = f"In the {DAYS} days to {words.day(day)} the record asserts {words.count(total, 'event')}"
    if total:
        text += f", {now.hostile:,} of them hostile"
    if top:
        (a, b), (good, bad) = top
        text += f"; most between {words.the(a)} and {words.the(b)} ({good:,} cooperative, {bad:,} hostile)"
    happened = _said(
        f"{text}.",
        state.url("/events", since=since.isoformat(), until=day.isoformat(), modality="asserted"),
        "hostile events",
        now.hostile,
        then.hostile,
    )
    text = f"Speakers contradict each other on {now.opposed:,} of {words.count(now.contested, 'contested topic')}"
    if now.topic:
        from detente.brief.rows import topic_words

        text += f", most on {topic_words(now.topic)}"
    disputed = _said(
        f"{text}." if now.contested else "No topic has more than one speaker.",
        state.url("/claims"),
        "topics on which speakers contradict each other",
        now.opposed,
        then.opposed,
    )
    standing = _said(
        f"{words.count(now.ties, 'tie')} hold among the actors of the record, "
        f"{words.count(now.pacts, 'defence pact')} among them.",
        state.url("/network"),
        "ties that hold",
        now.ties,
        then.ties,
    )
    return [happened, disputed, standing]


def _said(text: str, href: str, counts: str, now: int, then: int) -> Said:
    return Said(text, href, counts, f"{now:,}", f"{then:,}", (now > then) - (now < then))


def _later(held: Held, make: Callable[[Held, Date | None, Date], Said], as_of: Date | None, before: Date) -> list[Said]:
    """A sentence that takes seconds to work out: none until it is there."""
    found = held.later(make.__name__, as_of, before, make=lambda: make(held, as_of, before))
    return [] if found is None else [found]


def _learnt(held: Held, as_of: Date | None, before: Date) -> Said:
    """How hostile acts feed on each other, by the model of either date."""
    try:
        now, then = (model(held, one) for one in (as_of, before))
    except DetenteError as error:
        return Said(f"How states react could not be learnt: {error}", "/reactions")
    found = next((r for r in now.reactions(tuple(held.actors(as_of)[:10])) if r.detectable), None)
    text = "The record shows no detectable reaction of these states to each other's acts."
    if found is not None:
        from detente.show.figures import after

        text = (
            f"The clearest reaction learnt: after {after(found)}, {words.the(found.actor)} {found.verb} "
            f"{words.number(abs(found.effect))} events of {found.response} toward {words.the(found.toward)} for each "
            f"within 30 days (90 % interval {words.number(found.ends[0])} to {words.number(found.ends[1])})."
        )
    share = {name: 1 - prior_share(fit) for name, fit in (("now", now), ("then", then))}
    way = (share["now"] > share["then"] + 0.005) - (share["now"] < share["then"] - 0.005)
    counts = "weight of this desk's own events in what is learnt, the rest being the shipped prior"
    return Said(text, "/reactions", counts, f"{share['now']:.0%}", f"{share['then']:.0%}", way)


def _tested(held: Held, as_of: Date | None, before: Date) -> Said:
    """Which measure ranks first, and by how much more or less than under the model of the earlier date."""
    try:
        now, then = (
            held.desk.compare(None, as_of=one, fit=model(held, one), days=AHEAD, futures=FUTURES, seed=SEED)
            for one in (as_of, before)
        )
    except DetenteError as error:
        return Said(f"Measures could not be compared: {error}", "/whatif")
    ranked = now.ranking()
    best = ranked[0]
    better, same, worse = best.frequencies
    lead = f"Of {words.count(len(ranked), 'measure')} simulated over {AHEAD} days, {best.name} ranks first"
    if best.verdict != "fewer hostile events":
        lead += ", without a detectable effect that matters"
    low90, low50, high50, high90 = (_percent(share) for share in _between(best))
    text = (
        f"{lead}: fewer hostile events in {better} of every {better + same + worse} futures, more in {worse}; expected "
        f"change {_percent(best.share)} (50 % interval {low50} to {high50}, 90 % {low90} to {high90})"
    )
    if best.itself <= -ITSELF:
        text += (
            f"; of {words.signed(float(best.expected().mean()))} events {words.signed(best.itself)} are the suspended "
            "acts themselves"
        )
    prior = prior_share(model(held, as_of))
    text += (
        f", {'mostly by' if prior >= 0.5 else 'in part by'} the shipped prior ({prior:.0%} of the weight)."
        if prior
        else "."
    )
    if "assumed" in best.kind:
        text += " How far it damps the reaction is an assumption, not learnt."
    old = next((effect for effect in then.ranking() if effect.name == best.name), None)
    counts = f"expected change of hostile events under {best.name}, with its 90 % interval"
    if old is None:
        return Said(text, "/whatif", counts, _ranged(best), "not simulated then", _NOISE)
    (low, *_, high), (old_low, *_, old_high) = _between(best), _between(old)
    way = 1 if low > old_high else -1 if high < old_low else _NOISE
    return Said(text, "/whatif", counts, _ranged(best), _ranged(old), way)


def _between(effect: Effect) -> tuple[float, ...]:
    """Ends of the 90 and 50 % intervals of the expected change, ascending, as shares like that of the effect."""
    draws = effect.expected()
    mean = float(draws.mean())
    scale = effect.share / mean if mean else 0.0
    low90, low50, high50, high90 = (float(scale * end) for end in np.quantile(draws, (0.05, 0.25, 0.75, 0.95)))
    return low90, low50, high50, high90


def _ranged(effect: Effect) -> str:
    low, *_, high = _between(effect)
    return f"{_percent(effect.share)} ({_percent(low)} to {_percent(high)})"


def _percent(share: float) -> str:
    return f"{words.signed(100 * share)} %"


def _tension(now: Facts, then: Facts) -> pl.DataFrame:
    """Hostile and cooperative events of each pair in both periods, the most hostile first."""
    rows: list[dict[str, Any]] = []
    for pair, (good, bad) in now.pairs.items():
        good_then, bad_then = then.pairs.get(pair, (0, 0))
        rows.append(
            {
                "pair": f"{words.name(pair[0])} – {words.name(pair[1])}",
                "hostile": bad,
                "hostile_before": bad_then,
                "cooperative": good,
                "cooperative_before": good_then,
                "a": pair[0],
                "b": pair[1],
            }
        )
    kinds = {"pair": pl.String} | dict.fromkeys(
        ("hostile", "hostile_before", "cooperative", "cooperative_before"), pl.Int64
    )
    frame = pl.DataFrame(rows, schema=kinds | {"a": pl.String, "b": pl.String})
    return frame.sort("hostile", "cooperative", "pair", descending=[True, True, False])


def _changes(now: Facts, then: Facts) -> pl.DataFrame:
    names = ("hostile", "cooperative", "opposed", "contested", "ties", "pacts")
    rows = [(name, getattr(now, name), getattr(then, name)) for name in names]
    return pl.DataFrame(rows, schema={"what": pl.String, "now": pl.Int64, "before": pl.Int64}, orient="row")


def _figure(tension: pl.DataFrame, day: Date, before: Date) -> Figure:
    """Events of each pair: hostile ones to the right, cooperative ones to the left; a tick where it was before."""
    shown = tension.head(MOST_PAIRS)
    values = [
        {
            "pair": row["pair"],
            "tone": tone,
            "n": sign * row[column],
            "before": sign * row[f"{column}_before"],
            "said": f"{row['pair']}: {row[column]} {column}, {row[f'{column}_before']} in the {DAYS} days to {before}",
        }
        for row in shown.iter_rows(named=True)
        for tone, column, sign in (("hostility", "hostile", 1), ("cooperation", "cooperative", -1))
    ]
    order = {"field": "pair", "type": "nominal", "title": None, "sort": shown["pair"].to_list()}
    most = max((abs(v["n"]) for v in values), default=1)
    axis = {
        "title": "cooperative events ←   → hostile events",
        "labelExpr": "abs(datum.value)",
        "tickMinStep": 1,
        "format": "d",
        "tickCount": min(8, 2 * int(most) + 1),
    }
    length = {"field": "n", "type": "quantitative", "axis": axis}
    body = {
        "data": {"values": values},
        "width": 420,
        "height": {"step": 26},
        "layer": [
            {
                "mark": {"type": "bar", "height": 14},
                "encoding": {
                    "y": order,
                    "x": length,
                    "color": {"field": "tone", "type": "nominal", "scale": tones("cooperation", "hostility")},
                    "description": {"field": "said"},
                },
            },
            {
                "mark": {"type": "tick", "thickness": 2, "size": 20, "color": "#1F2328", "aria": False},
                "transform": [{"filter": "datum.before != 0"}],
                "encoding": {"y": order, "x": length | {"field": "before"}},
            },
        ],
    }
    return figure(
        "Events by pair of actors",
        body,
        notes=[f"Asserted events of {DAYS} days. Ticks: the {DAYS} days to {words.day(before)}, as known then."],
        description="Asserted events of each pair of actors; the table beside it holds the same numbers.",
        as_of=day,
        source="the desk's record",
    )


def _reports(held: Held, before: Date, as_of: Date | None) -> list[dict[str, Any]]:
    """Reports that became known between the two dates, the newest first."""
    frame = held.desk.store.reports(as_of).filter(pl.col("known") > before)
    return (
        frame.sort("known", "title", descending=[True, False]).select("id", "known", "outlet", "title").rows(named=True)
    )


PAGE = Page("/", "Overview", view, takes=("before",))
