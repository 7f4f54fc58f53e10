"""Figures of reactions: who reacts to what, how long, how sure that is, and how well it predicts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date as Date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from detente.codebook import QUADS, is_hostile
from detente.figure import (
    FAINT,
    INK,
    LINES,
    QUAD_TONES,
    WIDTH,
    Figure,
    Spec,
    figure,
    tones,
)
from detente.learn.reactions import CALMING, HORIZON, detectable, interval, one_of
from detente.words import name, the

if TYPE_CHECKING:
    from detente.learn.model import Fit
    from detente.learn.reactions import Reaction
    from detente.learn.response import Response

BOTH: Final = ("cooperation", "hostility")
MOST: Final = 24
"""Actors across a heat map; more make it unreadable."""

EFFECTS: Final[dict[str, Any]] = {
    "row": pl.String,
    "column": pl.String,
    **dict.fromkeys(("effect", "low", "high", "n"), pl.Float64),
}
"""Columns of :func:`by_type` and :func:`by_actor`."""


def origin(fit: Fit) -> str:
    """What a model was fitted on, in a few words."""
    about = fit.provenance.get("prior", fit.provenance)
    data = ", ".join(str(row.get("name", "")).partition(".")[0] for row in about.get("data", ()))
    own = "this record on the shipped prior; prior from " if "prior" in fit.provenance else ""
    return f"{own}{data}" if data else "this record"


def by_type(fit: Fit, channel: str = "reciprocity") -> pl.DataFrame:
    """What each type of act brings about through one channel, pooled over all pairs of actors.

    Args:
        fit: the model. channel: one of its channels.

    Returns:
        Columns ``row`` (type of the earlier act), ``column`` (type of the answer), ``effect`` (expected further events
        within 30 days per act, each pair weighted by its past acts), ``low``, ``high`` (90 % interval), ``n`` (past
        acts).

    Raises:
        LearnError: unknown channel.

    Example:
        >>> from detente.learn import prior
        >>> by_type(prior()).columns
        ['row', 'column', 'effect', 'low', 'high', 'n']
    """
    one_of("channel", channel, fit.channels)
    c = fit.channels.index(channel)
    reach = 1.0 - np.exp(-HORIZON / fit.taus)
    counts = fit.counts.sum((0, 1))
    acts = fit.counts.sum(2)
    # Through all channels but inertia and "to others" it is the other side's acts that are answered.
    weight = (acts if channel in ("inertia", "to others") else acts.T) / max(float(acts.sum()), 1e-12)
    point = float((fit.theta[c] * weight).sum()) * np.einsum("hlk,h->lk", fit.weights[c], reach)
    drawn = np.einsum("dab,ab->d", fit.draws.theta[:, c], weight)[:, None, None] * np.einsum(
        "dhlk,h->dlk", fit.draws.weights[:, c], reach
    )
    low, high = interval(drawn, point)
    names = np.array(fit.types)
    k = len(names)
    return pl.DataFrame(
        {
            "row": np.repeat(names, k),
            "column": np.tile(names, k),
            "effect": point.reshape(-1),
            "low": low.reshape(-1),
            "high": high.reshape(-1),
            "n": np.repeat(counts, k),
        },
        schema=EFFECTS,
    )


def by_actor(
    fit: Fit,
    channel: str = "reciprocity",
    cause: str = "verbal conflict",
    response: str = "verbal conflict",
    actors: Sequence[str] = (),
) -> pl.DataFrame:
    """How each actor answers each other one, for one class of acts and of answers.

    Args:
        fit: the model. channel: one of its channels. cause, response: quad classes.
        actors: codes; the busiest where none are given.

    Returns:
        Columns as of :func:`by_type`, ``row`` who answers and ``column`` toward whom.

    Raises:
        LearnError: unknown channel or class.
    """
    one_of("channel", channel, (*fit.channels, CALMING))
    for one in (cause, response):
        one_of("class of acts", one, QUADS)
    volume = fit.counts.sum((1, 2)) + fit.counts.sum((0, 2))
    busiest = [fit.actors[i] for i in np.argsort(-volume, kind="stable")[:MOST]]
    shown = [code for code in actors if code in fit.actors] or busiest
    return (
        fit.frame()
        .filter(
            pl.col("channel") == channel,
            pl.col("cause") == cause,
            pl.col("response") == response,
            pl.col("actor").is_in(shown),
            pl.col("toward").is_in(shown),
        )
        .select(pl.col("actor").alias("row"), pl.col("toward").alias("column"), "effect", "low", "high", "n")
    )


def heat(
    found: pl.DataFrame,
    *,
    title: str,
    rows: str,
    columns: str,
    tone: str = "",
    notes: Sequence[str] = (),
    as_of: Date | None = None,
    source: str = "",
    link: str = "",
) -> Figure:
    """A heat map with its uncertainty: three squares in a cell, to the lower end, the estimate and the upper end.

    A cell that is dark throughout is sure; one with a wide light rim is not. A dot: no detectable effect.

    Args:
        found: columns :data:`EFFECTS`. title: what it shows. rows, columns: what they are.
        tone: colour of all cells; by the type of the answer where empty.
        notes: further lines. as_of: date by which the record was known. source: of the model.
        link: address of a cell's own page, with ``{row}`` and ``{column}``.
    """
    sides = list(dict.fromkeys([*found["row"], *found["column"]]))
    cell = 36 if len(sides) > 12 else 44
    full = (cell - 4) ** 2
    values = []
    for row in found.iter_rows(named=True):
        ends = sorted((abs(row["low"]), abs(row["high"])))
        sure = detectable(row["low"], row["high"], row["n"])
        values.append(
            {
                "row": row["row"],
                "column": row["column"],
                "least": ends[0],
                "estimate": abs(row["effect"]),
                "most": ends[1],
                "way": "fewer events" if row["effect"] < 0 else "further events",
                "tone": tone or BOTH[is_hostile(row["column"])],
                "sure": "detectable" if sure else "no detectable effect",
                "note": f"{_named(row['row'])} → {_named(row['column'])}: {row['effect']:.3f} further events "
                f"({row['low']:.3f} to {row['high']:.3f}), {row['n']:,.0f} past acts",
                "link": link.format(row=row["row"], column=row["column"]),
            }
        )
    top = max([v["most"] for v in values if v["sure"] == "detectable"], default=0.0)
    ways = [way for way in ("further events", "fewer events") if any(v["way"] == way for v in values)]
    axis = {"title": None, "ticks": False, "domain": False, "grid": False, "labelOverlap": False}
    shared: Spec = {
        "y": {"field": "row", "type": "nominal", "sort": sides, "axis": {**axis, "title": rows}},
        "x": {
            "field": "column",
            "type": "nominal",
            "sort": sides,
            "axis": {**axis, "orient": "top", "labelAngle": -60, "labelAlign": "left", "title": columns},
        },
        "description": {"field": "note"},
        **({"href": {"field": "link"}} if link else {}),
    }
    shown = tones(*([tone] if tone else BOTH))
    colour = {"field": "tone", "type": "nominal", "scale": shown, "legend": {"symbolType": "square", "orient": "top"}}

    shape = {
        "field": "way",
        "type": "nominal",
        "scale": {"domain": ways, "range": ["square", "diamond"][: len(ways)]},
        "legend": {"symbolFillColor": FAINT, "symbolStrokeColor": "transparent"} if len(ways) > 1 else None,
    }

    def square(field: str, opacity: float, legend: bool) -> Spec:
        size = {
            "field": field,
            "type": "quantitative",
            "scale": {"domain": [0, top or 1], "range": [0, full]},
            "legend": {
                "title": f"events per act within {HORIZON} days",
                "titleLimit": 400,
                "values": _round_values(top),
                "orient": "top",
                "symbolType": "square",
                "symbolFillColor": FAINT,
                "symbolStrokeColor": "transparent",
            }
            if legend and top
            else None,
        }
        return {
            "transform": [{"filter": "datum.sure == 'detectable'"}],
            "mark": {"type": "point", "filled": True, "opacity": opacity, "aria": legend},
            "encoding": {**shared, "color": colour, "size": size, "shape": shape},
        }

    body = {
        "width": {"step": cell},
        "height": {"step": cell},
        "data": {"values": values},
        "layer": [
            square("most", 0.25, True),
            square("estimate", 0.4, False),
            square("least", 0.9, False),
            {
                "transform": [{"filter": "datum.sure != 'detectable'"}],
                "mark": {"type": "point", "shape": "circle", "filled": True, "size": 7, "color": FAINT},
                "encoding": shared,
            },
        ],
        "resolve": {"scale": {"size": "shared"}},
    }
    reading = (
        "Area: dark to the nearer end of the 90 % interval, middle to the estimate, light to the farther end. "
        "Dot: no detectable effect."
    )
    return figure(
        title,
        body,
        notes=[*notes, reading],
        description=f"Rows: {rows}. Columns: {columns}. The larger the mark, the more events; the more of it is dark, "
        "the surer. Pointing at a cell tells its numbers.",
        as_of=as_of,
        source=source,
    )


def _round_values(top: float) -> list[float]:
    """Three readable sizes for a legend."""
    step = 10.0 ** np.floor(np.log10(top))
    most = step * np.floor(top / step)
    return [float(f"{most * share:.2g}") for share in (0.1, 0.5, 1.0)]


def _named(word: str) -> str:
    return word if word.isupper() and len(word) > 3 else name(word)


def fit(
    found: Fit, *, by: str = "types", as_of: Date | None = None, rows: pl.DataFrame | None = None, **which: Any
) -> Figure:
    """A fitted model as a heat map with uncertainty.

    Args:
        found: the model.
        by: ``types`` (:func:`by_type`) or ``actors`` (:func:`by_actor`).
        as_of: date by which the record was known; the end of the model's data where None.
        rows: what :func:`by_type` or :func:`by_actor` gave, where that is at hand.
        which: ``channel``, and by actors ``cause``, ``response`` and ``actors``.

    Raises:
        ValueError: by something else. LearnError: unknown channel or class of acts.
    """
    channel = which.get("channel", "reciprocity")
    about: dict[str, Any] = {"as_of": as_of or found.end, "source": origin(found)}
    if by == "types":
        rows = by_type(found, **which) if rows is None else rows
        title = f"What each type of act brings about: {channel}"
        return heat(rows, title=title, rows="after an act of this type", columns="further acts of this type", **about)
    if by != "actors":
        raise ValueError(f"A model is drawn by types or by actors, not by {by}.")
    cause, response = which.get("cause", "verbal conflict"), which.get("response", "verbal conflict")
    return heat(
        by_actor(found, **which) if rows is None else rows,
        title=f"Who answers whom: {response} after {cause} ({channel})",
        rows="who answers",
        columns="toward whom",
        tone=QUAD_TONES[response],
        **about,
    )


def response(found: Response, *, as_of: Date | None = None, source: str = "") -> Figure:
    """An actor's answer to a type of act, day by day: further events so far, 90 % interval, half-life marked.

    Args:
        found: the answer. as_of: date by which the record was known. source: of the model.
    """
    values = [{**row, "tone": QUAD_TONES[row["response"]]} for row in found.frame().iter_rows(named=True)]
    halves = [
        {
            "response": answer,
            "half": float(found.half_life[i]),
            "label": f"half by day {found.half_life[i]:.0f}",
            "side": "left" if found.half_life[i] < 0.6 * found.days else "right",
        }
        for i, answer in enumerate(QUADS)
        if found.detectable(answer) and found.half_life[i] <= found.days
    ]
    x: Spec = {"type": "quantitative", "axis": {"title": "days after the act", "tickCount": 4}}
    y: Spec = {"type": "quantitative", "axis": {"title": "further events per act, so far", "tickCount": 6}}
    colour = {
        "field": "tone",
        "type": "nominal",
        "scale": tones(*BOTH),
        "legend": {"symbolType": "square"},
    }
    # A facet takes one set of data: curves and half-lives stand in it together.
    body = {
        "data": {"values": [*values, *halves]},
        "facet": {"column": {"field": "response", "type": "nominal", "sort": list(QUADS), "header": {"title": None}}},
        "spec": {
            "width": (WIDTH - 70) // 4 - 20,
            "height": 220,
            "layer": [
                {
                    "transform": [{"filter": "isValid(datum.day)"}],
                    "mark": {"type": "area", "opacity": 0.25, "aria": False},
                    "encoding": {
                        "x": {"field": "day", **x},
                        "y": {"field": "low", **y},
                        "y2": {"field": "high"},
                        "color": colour,
                    },
                },
                {
                    "transform": [{"filter": "isValid(datum.day)"}],
                    "mark": {"type": "line", "strokeWidth": 2.2, "aria": False},
                    "encoding": {"x": {"field": "day", **x}, "y": {"field": "total", **y}, "color": colour},
                },
                {
                    "transform": [{"filter": "isValid(datum.half)"}],
                    "mark": {"type": "rule", "color": INK, "strokeDash": [3, 3], "aria": False},
                    "encoding": {"x": {"field": "half", **x}},
                },
                *(
                    {
                        "transform": [{"filter": f"datum.side == '{side}'"}],
                        "mark": {"type": "text", "align": side, "dx": 5 if side == "left" else -5, "color": INK,
                                 "fontSize": 11, "aria": False, "y": 12},
                        "encoding": {"x": {"field": "half", **x}, "text": {"field": "label"}},
                    }
                    for side in ("left", "right")
                ),
            ],
        },
    }  # fmt: skip
    return figure(
        f"How {the(found.actor)} answers {found.when}",
        body,
        notes=[f"By the reaction model, from {found.n:,.0f} past acts. Line: estimate; band: 90 % interval."],
        description=re.sub(r"\n\s*", "; ", re.sub(r":\n\s*", ": ", found.summary())),
        as_of=as_of or found.end,
        source=source or found.source,
    )


def named(r: Reaction) -> Reaction:
    """The reaction with names for codes."""
    return replace(r, actor=name(r.actor), toward=name(r.toward) if r.toward else "")


def after(r: Reaction) -> str:
    """What a reaction follows, in words with names."""
    return replace(r, actor=the(r.actor), toward=the(r.toward) if r.toward else "").when.replace("s's ", "s' ")


def reactions(found: Sequence[Reaction], *, as_of: Date, source: str = "") -> Figure:
    """Reactions as points with their 90 % interval: further events within 30 days per past event.

    Args:
        found: reactions. as_of: date by which the record was known. source: of the model.
    """
    values = [
        {
            "label": f"{i}. {name(r.actor)} → {name(r.toward) if r.toward else 'others'}: {r.response}\n"
            + f"after {after(r)}",
            "effect": r.effect,
            "low": r.low,
            "high": r.high,
            "tone": QUAD_TONES[r.response],
            "sure": "detectable" if r.detectable else "no detectable effect",
            "note": named(r).summary().replace("s's ", "s' "),
            "link": f"#x-{i}",
        }
        for i, r in enumerate(found, 1)
    ]
    sure = ["detectable", "no detectable effect"]
    x: Spec = {
        "type": "quantitative",
        "axis": {"title": "further events within 30 days for each past event", "tickCount": 7},
        "scale": {"domainMin": min([0.0, *(r.low for r in found)])},
    }
    shared: Spec = {
        "y": {
            "field": "label",
            "type": "nominal",
            "sort": [v["label"] for v in values],
            "axis": {"title": None, "ticks": False, "domain": False, **LINES},
        },
        "color": {"field": "tone", "type": "nominal", "scale": tones(*BOTH)},
        "href": {"field": "link"},
        "description": {"field": "note"},
    }
    body = {
        "width": WIDTH - 390,
        "height": {"step": 42},
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.5},
                "encoding": {**shared, "x": {"field": "low", **x}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {
                    **shared,
                    "x": {"field": "effect", **x},
                    "shape": {
                        "field": "sure",
                        "type": "nominal",
                        "scale": {"domain": sure, "range": ["circle", "cross"]},
                        "legend": {"symbolFillColor": INK},
                    },
                },
            },
        ],
    }
    return figure(
        "How states react",
        body,
        notes=["Numbers refer to the table. Point: best estimate; line: 90 % interval."],
        description="One line a reaction with its 90 % interval; the table below holds the same numbers.",
        as_of=as_of,
        source=source,
    )
