"""What if: measures, their strengths and dates chosen, and how the futures fan out and the ranking changes."""

from __future__ import annotations

from datetime import date as Date
from datetime import timedelta
from threading import Lock
from time import monotonic
from typing import Any, Final

import msgspec
import polars as pl

from detente import actors as registers
from detente import learn, relate
from detente.actors import register
from detente.errors import DeskError, ScenarioError, ShortHistory
from detente.figure import Figure
from detente.learn import Fit
from detente.learn.diagnose import cautions
from detente.learn.figures import origin
from detente.simulate import Comparison, Futures, Live, Measure, catalogue, compare, simulate
from detente.simulate import figures as drawing
from detente.web.held import Held
from detente.web.model import once_learnt, prior_share, told
from detente.web.state import State
from detente.web.view import Page, View
from detente.words import count, day, names, signed

ACTORS: Final = 30  # simulated where no number is given
DAYS: Final = (30, 60, 90, 180)
BUDGET: Final = 0.6  # seconds for the futures while a slider moves, so that with the drawing it is less than one
LEAST: Final = 50  # futures below which intervals would say nothing, even if a slow machine takes longer
WHOLE: Final = 2000
ALONE: Final = 200  # futures where no measure is chosen
SEED: Final = 7
MOSTLY: Final = 0.5  # share of the prior from which the levels are called its own
BESIDE: Final = 3  # measures whose futures are drawn beside those without


def view(held: Held, state: State, fit: Fit) -> View:
    """Futures without a measure and with those chosen, each alone and all together."""
    as_of, known = state.as_of, held.day(state.as_of)
    among = _among(held, state, fit, as_of)
    by, toward, named = _sides(held, state, among, as_of, known)
    chosen = fit.select(list(dict.fromkeys([*among, *by, *toward])))
    start = max(known, fit.end) + timedelta(days=1)
    days = int(state.number("days", 90, 1, 365))
    if state.get("futures", "whole") != "whole":
        raise DeskError(f"futures = {state.get('futures')!r}: leave it out, or give whole for {WHOLE:,} futures.")
    whole = state.get("futures") == "whole"
    if wrong := [one for one in state.all("measure") if one not in {m.id for m in catalogue()}]:
        raise DeskError(f"measure = {wrong[0]!r} is none of {', '.join(m.id for m in catalogue())}.")
    rows = [_row(state, m, start, days) for m in catalogue()]
    wanted = [row["bound"](by, toward) for row in rows if row["on"]]
    sets: list[tuple[Measure, ...]] = [(m,) for m in wanted]
    if len(wanted) > 1 and state.get("together"):
        sets.append(tuple(wanted))
    size: dict[str, Any] = {"start": start, "days": days, "seed": SEED, "among": tuple(among)}
    key = (as_of, chosen.actors, *map(str, size.values()))
    found: Comparison | Futures | None
    if whole and sets:
        way = held.once("way", *key, tuple(sets), make=_Way)
        found = held.later(
            "what if", *key, tuple(sets), make=lambda: compare(chosen, sets, futures=WHOLE, progress=way.tell, **size)
        )
    else:
        way = held.once("way", *key, make=_Way)
        live = held.later("live", *key, make=lambda: _Ready(chosen, way, **size))
        found = live.answer(sets) if live else None
    context: dict[str, Any] = {
        "rows": rows,
        "by": ", ".join(by),
        "toward": ", ".join(toward),
        "named": named,
        "swapped": state.url(by=", ".join(toward), toward=", ".join(by)),
        "days": days,
        "lengths": sorted({*DAYS, days}),
        "start": start,
        "last": start + timedelta(days=days - 1),
        "whole": whole,
        "all": WHOLE,
        "together": bool(state.get("together")),
        "ranked": (),
        "limits": (),
        "done": found is not None,
        "way": way,
    }
    sides = f"Measures of {names(by)} toward {names(toward)}, {count(days, 'day')} from {day(start)}"
    if found is None:
        task = f"{WHOLE:,} futures of {count(len(sets) + 1, 'variant')}" if whole and sets else "making the model ready"
        running = f"{sides}. Under way: {task}; {way}."
        return View("What if", "whatif.html.j2", known, summary=running, context=context, refresh=2, ready=False)
    figures: dict[str, Figure]
    source = origin(fit)
    levels = held.once("levels", as_of, make=lambda: _levels(held, fit, as_of))
    base = found.base if isinstance(found, Comparison) else found
    if isinstance(found, Comparison):
        ranking = found.frame()
        context |= {"ranked": _ranked(ranking), "limits": found.limits}
        figures = {
            "futures": drawing.fans(found, as_of=known, best=BESIDE, source=source),
            "ranking": drawing.ranking(found, as_of=known, source=source),
        }
        tables = {"futures": found.fan(cumulative=True), "ranking": ranking}
        said = f"{sides}: {_said(found)}"
    else:
        figures = {"futures": drawing.futures(found, as_of=known, source=source)}
        tables = {"futures": found.fan(cumulative=True)}
        said = f"{names(by)} and, over against them, {names(toward)}: {count(days, 'day')} from {day(start)} "
        said += f"without any measure, {_counted(found)}."
    return View(
        "What if",
        "whatif.html.j2",
        known,
        summary=f"{levels} {said} {len(base):,} futures.".strip(),
        tables=tables,
        figures=figures,
        context=context,
        cite=tuple(found.cite()),
    )


class _Way:
    """How far something is that is worked out beside the page."""

    def __init__(self) -> None:
        self._began = monotonic()
        self.done, self.of = 0, 0

    def tell(self, done: int, of: int) -> None:
        """Take down how many futures of how many there are."""
        self.done, self.of = done, of

    def __str__(self) -> str:
        so_far = f"{count(round(monotonic() - self._began), 'second')} so far"
        return f"{self.done:,} of {self.of:,} futures, {so_far}" if self.of else so_far


class _Ready:
    """A model that is ready to answer, one question at a time."""

    def __init__(self, fit: Fit, way: _Way, **size: Any) -> None:
        self._alone = simulate(fit, futures=ALONE, progress=way.tell, **size)
        self._live = Live(fit, **size)
        self._lock = Lock()

    def answer(self, sets: list[tuple[Measure, ...]]) -> Comparison | Futures:
        """Each set of measures against none, in as many futures as there is time for, but :data:`LEAST` at least."""
        if not sets:
            return self._alone
        with self._lock:
            first = self._live.answer(sets[0], budget=BUDGET / len(sets))
            if first.futures < LEAST:
                first = self._live.answer(sets[0], futures=LEAST)
            rest = [self._live.answer(each, futures=first.futures).effect for each in sets[1:]]
        return Comparison(first.comparison.base, (first.effect, *rest))


def _among(held: Held, state: State, fit: Fit, as_of: Date | None) -> list[str]:
    """The record's busiest actors that the model knows; those of the model where the record has fewer than two."""
    most = int(state.number("actors", ACTORS, 2, 60))
    known = [code for code in held.actors(as_of) if code in fit.actors]
    return (known if len(known) > 1 else list(fit.actors))[:most]


def _levels(held: Held, fit: Fit, as_of: Date | None) -> str:
    """Whose levels the futures have, where they are not, or not all, those of this desk; empty where they are."""
    share = prior_share(fit)
    overlap = str(fit.provenance.get("overlap", ""))
    if not share:
        return overlap
    data = learn.prior().provenance["data"]
    files = names([f"{row['name'].partition('.')[0]} ({row['start']} to {row['end']})" for row in data])
    record = told(held, fit, as_of)
    short = " ".join(str(w) for w in cautions(record, learn.prior()) if isinstance(w, ShortHistory))
    levels = f"the level of media-wide coverage in the shipped prior's data, {files}"
    if share < MOSTLY:
        said = f"{share:.0%} of the model's weight is the shipped prior, which draws levels toward {levels}."
        return " ".join(part for part in (said, short, overlap) if part)
    said = (
        f"Numbers of events here are at {levels}, not at that of this desk: the prior has {share:.0%} of the weight. "
        f"Do not hold them against this desk's own counts."
    )
    return " ".join(part for part in (said, short, overlap) if part)


def _sides(
    held: Held, state: State, among: list[str], as_of: Date | None, known: Date
) -> tuple[list[str], list[str], bool]:
    """Who takes the measures toward whom, as asked, or else as the record has it; and whether it was asked."""
    given = [
        [register().find(word).code for word in state.get(side).replace(";", ",").split(",") if word.strip()]
        for side in ("by", "toward")
    ]
    if all(given):
        return given[0], given[1], True
    if any(given):
        raise DeskError("Name both sides, who takes the measures and toward whom, or neither.")
    key = ("sides", as_of, tuple(among))
    one, other = held.once(
        *key,
        make=lambda: relate.sides(
            held.desk.store.events(as_of), registers.ties(), among, known, acts=held.desk.acts(as_of)
        ),
    )
    return one, other, False


def _row(state: State, m: Measure, start: Date, days: int) -> dict[str, Any]:
    """A measure as the form shows it, with the strength and dates chosen, and how it is bound to sides."""
    usual = round(50 * sum(m.strength))
    share = int(state.number(f"strength-{m.id}", usual, 0, 100))
    every = int(state.number(f"every-{m.id}", m.every, 1, 3650))
    first = state.date(f"first-{m.id}") or start + timedelta(days=m.first - 1)
    on = m.id in state.all("measure")
    if on and m.kind == "scheduled" and not start <= first < start + timedelta(days=days):
        last = start + timedelta(days=days - 1)
        raise ScenarioError(f"{m.name} begins on {day(first)}; the futures run from {day(start)} to {day(last)}.")

    def bound(by: list[str], toward: list[str]) -> Measure:
        strength = m.strength if share == usual else (share / 100, share / 100)
        changed = msgspec.structs.replace(m, strength=strength, every=every, first=max((first - start).days + 1, 1))
        return changed.between(by, toward)

    return {
        "m": m,
        "on": on,
        "share": share,
        "usual": share == usual,
        "range": tuple(round(100 * end) for end in m.strength),
        "every": every,
        "first": first,
        "bound": bound,
    }


def _counted(found: Futures) -> str:
    last = found.fan(cumulative=True).row(-1, named=True)
    between = f"{last['low90']:,.0f} to {last['high90']:,.0f} in nine of ten"
    return f"{last['median']:,.0f} hostile events in the median future ({between})"


def _said(found: Comparison) -> str:
    best = found.ranking()[0]
    return f"{_counted(found.base)} without a measure; with “{best.name}” {best.verdict}: {best.words}."


def _ranked(ranking: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "anchor": f"m-{row['measure'].replace(' + ', '-')}",
            "name": row["name"],
            "kinds": row["kind"].split(" + "),
            "verdict": row["verdict"],
            "words": row["words"],
            "expected": signed(row["expected"]),
            "between": f"{signed(row['expected_low90'])} to {signed(row['expected_high90'])}",
            "caution": row["caution"],
        }
        for row in ranking.iter_rows(named=True)
    ]


PAGE = Page(
    "/whatif",
    "What if",
    once_learnt("What if", view),
    takes=(
        "by", "toward", "days", "futures", "measure", "together", "actors", "strength-*", "every-*", "first-*",
    ),
)  # fmt: skip
