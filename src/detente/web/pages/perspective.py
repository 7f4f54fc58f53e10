"""Perspective: what was done to one actor and its partners, by whom, and how that changed."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from detente import words
from detente.actors import register
from detente.figure import Figure, figure, tones
from detente.web.held import Held
from detente.web.state import State
from detente.web.view import Page, View

DAYS: Final = 90
EVIDENCE: Final = 5  # events that a row leads to
MOST_BARS: Final = 14


def choose(held: Held, state: State) -> View:
    """Actors of the desk, each with a link to its perspective; one that is asked for by name is shown at once."""
    if state.get("actor"):
        return _of(held, state, state.get("actor"))
    codes = held.actors(state.as_of)
    rows = [(code, words.name(code)) for code in codes]
    return View(
        "Perspective",
        "perspectives.html.j2",
        held.day(state.as_of),
        summary="What was done to an actor and to those allied to it, by whom, as the record has it.",
        tables={"actors": pl.DataFrame(rows, schema={"code": pl.String, "name": pl.String}, orient="row")},
        context={"actors": rows[:120], "more": max(0, len(rows) - 120)},
    )


def view(held: Held, state: State) -> View:
    """The perspective of the actor in the address."""
    return _of(held, state, state.at["actor"])


def _of(held: Held, state: State, asked: str) -> View:
    actor = register().find(asked)
    days = int(state.number("days", DAYS, 1, 3650))
    frame = held.once(
        "perspective",
        actor.code,
        state.as_of,
        days,
        make=lambda: held.desk.perspective(actor.code, as_of=state.as_of, days=days),
    )
    day = held.day(state.as_of)
    drawn = {"perspective": _figure(frame, actor.code, days, day)} if frame["recent"].sum() else {}
    done = frame.filter(pl.col("to") == "itself")
    recent, before = int(done["recent"].sum() or 0), int(done["before"].sum() or 0)
    return View(
        f"Perspective of {words.the(actor.code)}",
        "perspective.html.j2",
        day,
        summary=f"In the {days} days to {words.day(day)}, {words.count(recent, 'event')} had {words.the(actor.code)} "
        f"on the receiving side, {before:,} in the {days} days before.",
        tables={"perspective": frame},
        figures=drawn,
        context={
            "code": actor.code,
            "days": days,
            "groups": [(to, _rows(frame.filter(pl.col("to") == to))) for to in ("itself", "its partners")],
        },
    )


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    ordered = frame.sort("recent", "events", descending=True)
    return [
        row
        | {
            "deed": words.deed(row["type"]),
            "tone": "hostile" if row["tone"] == "hostile" else "friendly",
            "shown": [id_ for id_ in row["evidence"] if id_][:EVIDENCE],
            "arrow": "↑" if row["change"] > 0 else "↓" if row["change"] < 0 else "→",
        }
        for row in ordered.head(60).iter_rows(named=True)
    ]


def _figure(frame: pl.DataFrame, code: str, days: int, day: Any) -> Figure:
    """Events of the last days toward the actor itself and its partners, by who did them."""
    tone = pl.when(pl.col("tone") == "hostile").then(pl.lit("hostility")).otherwise(pl.lit("cooperation"))
    told = frame.group_by("name", "to", tone.alias("tone")).agg(pl.col("recent").sum()).filter(pl.col("recent") > 0)
    busiest = told.group_by("name").agg(pl.col("recent").sum()).sort("recent", "name", descending=[True, False])
    names = busiest["name"].head(MOST_BARS).to_list()
    values = told.filter(pl.col("name").is_in(names)).sort("name", "to", "tone").to_dicts()
    longest = {"field": "recent", "op": "sum", "order": "descending"}  # of each panel by itself
    body: dict[str, Any] = {
        "data": {"values": values},
        "facet": {"field": "to", "type": "nominal", "header": {"labelAnchor": "start"}},
        "columns": 1,
        "spec": {
            "width": 420,
            "height": {"step": 22},
            "mark": {"type": "bar", "height": 14},
            "encoding": {
                "y": {"field": "name", "type": "nominal", "title": None, "sort": longest},
                "x": {
                    "field": "recent",
                    "type": "quantitative",
                    "title": "events",
                    "axis": {"tickMinStep": 1, "format": "d", "tickCount": 6},
                },
                "color": {"field": "tone", "type": "nominal", "scale": tones("cooperation", "hostility")},
            },
        },
        "resolve": {"scale": {"y": "independent"}},
    }
    return figure(
        f"What was done to {words.the(code)} and its partners",
        body,
        notes=[f"Asserted events of {days} days, by who did them."],
        description="Bars by actor; the table below holds the same numbers.",
        as_of=day,
        source="the desk's record",
    )


PAGES = (
    Page("/perspective", "Perspective", choose, takes=("actor", "days")),
    Page("/perspective/{actor}", "Perspective", view, takes=("days",), shown=False),
)
