"""Timeline: how much an actor or a pair did over time, with drills, agreements and tests marked."""

from __future__ import annotations

from datetime import date as Date
from typing import Any, Final

import polars as pl

from detente.actors import register, ties
from detente.codebook import TYPES, is_hostile
from detente.record.views import day_range
from detente.relate.figures import TESTS, timeline
from detente.web.held import Held
from detente.web.inputs import inputs
from detente.web.state import State
from detente.web.view import Page, View
from detente.words import clip, count, day, deed, the

HOSTILE: Final = [k for k in TYPES if is_hostile(k)]
MOST_MARKS: Final = 200  # in the table; the CSV holds all
SCALES: Final = (("day", 92), ("week", 3 * 366), ("month", 60 * 366), ("year", 10**9))
"""Length of a period, up to so many days of record."""


def view(held: Held, state: State) -> View:
    """Events of an actor, or between two, by period; by default of the pair with most events."""
    as_of, known = state.as_of, held.day(state.as_of)
    find = register().find
    actor, other = ([find(v).code for v in (state.get(key),) if v] for key in ("actor", "other"))
    if not actor and not other:
        actor = held.actors(as_of)[:1]
    since, until = state.date("since"), state.date("until")
    key = (as_of, *actor, "with", *other, since, until)
    periods, marks, by = held.once("timeline", *key, make=lambda: _found(held, as_of, actor, other, since, until))
    whose = " and ".join(the(code) for code in (*actor, *other)) or "nobody"
    drawn = timeline(periods, marks, whose=whose, by=by, as_of=known, source=clip(" ".join(inputs(held, as_of)), 220))
    totals = {tone: int(periods[tone].sum()) for tone in ("cooperation", "hostility")}
    return View(
        "Timeline",
        "timeline.html.j2",
        known,
        summary="No event of this desk shows who did it yet."
        if whose == "nobody"
        else f"{whose[0].upper()}{whose[1:]}: {count(totals['cooperation'], 'event')} of cooperation and "
        f"{totals['hostility']:,} of hostility, by {by}.",
        tables={"timeline": periods, "marked": marks},
        figures={"timeline": drawn},
        context={
            "actor": actor[0] if actor else "",
            "other": other[0] if other else "",
            "options": held.index(as_of).options["actor"],
            "marks": marks.sort("day", descending=True).head(MOST_MARKS).rows(named=True),
            "n_marks": marks.height,
        },
    )


def _found(
    held: Held, as_of: Date | None, actor: list[str], other: list[str], since: Date | None, until: Date | None
) -> tuple[pl.DataFrame, pl.DataFrame, str]:
    asked: dict[str, Any] = {
        "actor": actor or None,
        "other": other or None,
        "since": since,
        "until": until,
        "as_of": as_of,
    }
    columns = ("day", "type", "cameo", "domain", "source", "target", "id")
    dated = pl.col("day").is_not_null() & pl.col("type").is_not_null()
    events = held.desk.events(**asked, modality="asserted").filter(dated).select(columns).collect(engine="streaming")
    start = since or events["day"].min()
    signed = _signed([*actor, *other], start if isinstance(start, Date) else Date.min, until or held.day(as_of))
    marks = pl.concat([_marked(events), signed]).sort("day", "kind", "note")
    if events.is_empty():
        blank = {"period": pl.Date, "cooperation": pl.UInt32, "hostility": pl.UInt32}
        return pl.DataFrame(schema=blank), marks, "month"
    first, last = events["day"].min(), events["day"].max()
    span = (last - first).days if isinstance(first, Date) and isinstance(last, Date) else 0
    by = next(name for name, most in SCALES if span <= most)
    hostile = pl.col("type").is_in(HOSTILE)
    periods = (
        events.group_by(period=pl.col("day").dt.truncate({"day": "1d", "week": "1w", "month": "1mo", "year": "1y"}[by]))
        .agg(cooperation=(~hostile).sum(), hostility=hostile.sum())
        .sort("period")
    )
    return periods, marks, by


MARKS: Final[dict[str, Any]] = {"day": pl.Date, "kind": pl.String, "note": pl.String, "id": pl.String}


def _marked(events: pl.DataFrame) -> pl.DataFrame:
    """Single events: joint drills, agreements signed, tests of missiles and nuclear devices.

    Where events were coded by others and have no domain, CAMEO codes stand in: military cooperation (062) for drills,
    a formal agreement (057), a demonstration of power (150).
    """
    bare = pl.col("domain").is_null()
    code = pl.col("cameo").fill_null("")
    kind = (
        pl.when(code == "057").then(pl.lit("agreements"))
        .when((pl.col("domain") == "exercise") | (bare & code.str.starts_with("062"))).then(pl.lit("drills"))
        .when((pl.col("domain").is_in(["missile", "nuclear"]) & (pl.col("type") == "MOBILIZE"))
              | (bare & code.is_in(["150", "15"]))).then(pl.lit(TESTS))
    )  # fmt: skip
    found = events.with_columns(kind=kind).filter(pl.col("kind").is_not_null())
    rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in found.select("day", "kind", "source", "target", "type", "cameo", "id").iter_rows(named=True):
        # Event data tell of what two did together twice, once from each side.
        sides = (row["source"], row["target"]) if row["kind"] == TESTS else tuple({*row["source"], *row["target"]})
        at = (row["day"], row["kind"], str(sorted(sides)))
        rows.setdefault(at, (row["day"], row["kind"], _note(row), row["id"]))
    return pl.DataFrame(list(rows.values()), schema=MARKS, orient="row")


def _note(row: dict[str, Any]) -> str:
    sides = [", ".join(the(code) for code in row[side]) for side in ("source", "target")]
    return f"{day(row['day'])}: {sides[0] or 'not named'} – {deed(row['type'], row['cameo'] or '')}" + (
        f" – {sides[1]}" if sides[1] else ""
    )


def _signed(codes: list[str], since: Date, until: Date) -> pl.DataFrame:
    """Ties of the register that were signed between two dates: between both, or of the one actor."""
    rows = []
    for tie in ties():
        if not set(codes) <= set(tie.parties) or len(tie.parties) > 10 or not codes:
            continue
        for step in tie.history:
            first, last = day_range(step.date)
            if step.status == "signed" and first and last == first and since <= first <= until:
                rows.append((first, "agreements", f"{day(first)}: {tie.name} signed", None))
    return pl.DataFrame(rows, schema=MARKS, orient="row")


PAGE = Page("/timeline", "Timeline", view, takes=("actor", "other", "since", "until"))
