"""Figures as Vega-Lite specifications with their data inside.

One colour has one meaning in all of them (Okabe and Ito's palette, told apart by people with any common colour
blindness), and shape or dash says the same thing again. Functions take plain frames and give plain dicts, which Altair,
Jupyter and :func:`detente.show.svg.render` draw.
"""

from __future__ import annotations

import math
import textwrap
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date as Date
from datetime import timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Any

import networkx as nx
import polars as pl

from detente.actors import register, ties
from detente.codebook import QUADS, is_hostile
from detente.show.words import day, deed, name, names, the

if TYPE_CHECKING:
    from detente.learn.reactions import Reaction
    from detente.learn.response import Response
    from detente.simulate import Comparison

Spec = dict[str, Any]

COLOURS = {
    "cooperation": "#0072B2",
    "hostility": "#D55E00",
    "tie": "#8C8C8C",
    "scheduled": "#009E73",
    "removed": "#CC79A7",
    "assumed": "#A6761D",
    "no measure": "#4D4D4D",
}
"""The meaning of each colour. Cooperation and hostility of events, ties, kinds of measures."""

INK, FAINT, GRID = "#1F2328", "#57606A", "#E3E6EA"
FONT = "Helvetica, Arial, sans-serif"
WIDTH = 860

_CONFIG: Spec = {
    "background": "#FFFFFF",
    "font": FONT,
    "padding": 6,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": FAINT,
        "titleFontWeight": "normal",
        "titleFontSize": 12,
        "labelFontSize": 12,
        "labelLimit": 420,
        "labelPadding": 8,
        "gridColor": GRID,
        "domainColor": "#C4C9CF",
        "tickColor": "#C4C9CF",
    },
    "legend": {
        "orient": "top",
        "direction": "horizontal",
        "title": None,
        "labelFontSize": 12,
        "labelColor": INK,
        "labelLimit": 400,
        "symbolSize": 90,
        "symbolOpacity": 1,
        "symbolStrokeWidth": 2,
        "columnPadding": 18,
        "offset": 8,
    },
    "title": {
        "anchor": "start",
        "color": INK,
        "fontSize": 14,
        "fontWeight": 600,
        "subtitleColor": FAINT,
        "subtitleFontSize": 12,
        "subtitlePadding": 4,
        "offset": 10,
    },
}


def _figure(title: str, subtitle: str | list[str], body: Spec) -> Spec:
    """A whole specification around the marks."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": {"text": title, "subtitle": subtitle},
        "config": _CONFIG,
        **body,
    }


def _tones(*wanted: str) -> Spec:
    return {"domain": list(wanted), "range": [COLOURS[tone] for tone in wanted]}


# Vega breaks a label where it is given a list of lines.
_LINES = {"labelExpr": "split(datum.label, '\\n')"}


def _wrap(text: str, width: int = 40) -> str:
    """The text on at most two lines."""
    return "\n".join(textwrap.wrap(text, width, max_lines=2, placeholder="…", break_long_words=True))


def timeline(events: pl.DataFrame, *, as_of: Date, most: int = 14) -> Spec:
    """Asserted, dated events by day and pair of actors.

    Args:
        events: event frame of a desk; further reports of an event are left out.
        as_of: date by which the events were known.
        most: pairs shown, those with most events.

    Example:
        >>> from detente.record.views import TABLES
        >>> timeline(pl.DataFrame(schema=TABLES["events"]), as_of=Date(2024, 7, 12))["data"]
        {'values': []}
    """
    shown = events.filter(
        (pl.col("modality") == "asserted") & pl.col("same_as").is_null() & pl.col("day").is_not_null()
    )
    pairs: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in shown.iter_rows(named=True):
        for pair in _pairs(row):
            pairs[pair].append(row)
    kept = sorted(pairs, key=lambda p: (-len(pairs[p]), p))[:most]
    values = []
    for pair in kept:
        height: Counter[tuple[Date, bool]] = Counter()
        for row in pairs[pair]:
            spot = (row["day"], is_hostile(row["type"]))
            values.append(
                {
                    "day": (row["day"] + (row["last_day"] - row["day"]) / 2).isoformat(),
                    "first": row["day"].isoformat(),
                    "last": row["last_day"].isoformat(),
                    "pair": " – ".join(name(code) for code in pair),
                    "tone": "hostility" if spot[1] else "cooperation",
                    # Events of one day and pair stand beside each other, not on top of each other.
                    "shift": (height[spot] + 1) // 2 * (-1) ** height[spot],
                    "note": _note(row),
                    "link": f"#e-{row['id']}",
                }
            )
            height[spot] += 1
    widest = max([abs(v["shift"]) for v in values], default=0)
    left_out = len(pairs) - len(kept)
    ends = [Date.fromisoformat(v[end]) for v in values for end in ("first", "last")]
    first, last = (min(ends), max(ends)) if ends else (as_of, as_of)
    margin = max(timedelta(days=10), (last - first) * 0.03)
    short = last - first < timedelta(days=150)
    note = f"As known by {day(as_of)}." + (f" The {most} busiest of {len(pairs)} pairs." if left_out > 0 else "")
    x = {
        "type": "temporal",
        "scale": {"domain": [(first - margin).isoformat(), (last + margin).isoformat()]},
        "axis": {
            "title": None,
            "format": "%-d %b %Y" if short else "%b %Y",
            "tickCount": 6 if short else "month" if last - first < timedelta(days=400) else 10,
            "labelOverlap": "greedy",
        },
    }
    shared: Spec = {
        "y": {
            "field": "pair",
            "type": "nominal",
            "sort": [" – ".join(name(code) for code in pair) for pair in kept],
            "axis": {"title": None, "grid": True, "ticks": False, "domain": False},
        },
        "yOffset": {"field": "shift", "type": "quantitative", "scale": {"domain": [-widest - 2, widest + 2]}},
        "color": {"field": "tone", "type": "nominal", "scale": _tones("cooperation", "hostility")},
        "href": {"field": "link"},
        "description": {"field": "note"},
    }
    body = {
        "width": WIDTH - 250,
        "height": {"step": 30},
        "data": {"values": values},
        "layer": [
            # A date known to the month or year only is a line over all of it.
            {
                "transform": [{"filter": "datum.first != datum.last"}],
                "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.35},
                "encoding": {**shared, "x": {"field": "first", **x}, "x2": {"field": "last"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 62, "opacity": 0.85},
                "encoding": {
                    **shared,
                    "x": {"field": "day", **x},
                    "shape": {
                        "field": "tone",
                        "type": "nominal",
                        "scale": {"domain": ["cooperation", "hostility"], "range": ["circle", "triangle-up"]},
                    },
                },
            },
        ],
    }
    return _figure("Dated events by pair of actors", note, body)


def _note(row: Mapping[str, Any]) -> str:
    did = deed(row["type"], row["cameo"])
    if row["reciprocal"]:
        return f"{day(row['date'])}: {names(list(dict.fromkeys(row['source'] + row['target'])), 6)} – mutual {did}"
    whom = f" – {names(row['target'], 3)}" if row["target"] else ""
    return f"{day(row['date'])}: {names(row['source'], 3)} – {did}{whom}"


def _pairs(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    others = row["target"] or (row["source"] if row["reciprocal"] else [])
    found = {(min(a, b), max(a, b)) for a in row["source"] for b in others if a != b}
    return sorted(found)


def layout(codes: Sequence[str]) -> dict[str, tuple[float, float]]:
    """A place for each actor, the same on every date: actors that were ever closely tied stand closer.

    Positions follow from the whole register of ties, whatever the date, so that two figures of the same actors can be
    laid side by side. Method: Kamada and Kawai (1989), from a settled start.

    Example:
        >>> layout(["JPN", "USA"]) == layout(["USA", "JPN"])
        True
    """
    codes = sorted(set(codes))
    if len(codes) < 2:
        return dict.fromkeys(codes, (0.0, 0.0))
    closest: dict[tuple[str, str], float] = {}
    for tie in ties():
        members = sorted(set(tie.parties) & set(codes))
        for pair in combinations(members, 2):
            closest[pair] = min(closest.get(pair, 1.0), 0.62 if len(tie.parties) <= 10 else 0.85)
    apart = {a: {b: 0.0 if a == b else closest.get((min(a, b), max(a, b)), 1.0) for b in codes} for a in codes}
    graph = nx.complete_graph(codes)
    start = nx.circular_layout(codes)
    placed = nx.kamada_kawai_layout(graph, dist=apart, pos=start)
    middle, reach = [], []
    for axis in (0, 1):
        along = [float(spot[axis]) for spot in placed.values()]
        middle.append((min(along) + max(along)) / 2)
        reach.append((max(along) - min(along)) / 2 or 1.0)
    return {
        code: (round((float(x) - middle[0]) / reach[0], 4), round((float(y) - middle[1]) / reach[1], 4))
        for code, (x, y) in placed.items()
    }


def busiest(edges: pl.DataFrame, most: int = 24) -> pl.DataFrame:
    """Edges among the actors with most lines, since more make a figure unreadable; events weigh more than ties."""
    degree: Counter[str] = Counter()
    for a, b, layer in edges.select("a", "b", "layer").iter_rows():
        for code in (a, b):
            degree[code] += 1 if layer == "tie" else 3
    kept = [code for code, _ in sorted(degree.items(), key=lambda item: (-item[1], item[0]))[:most]]
    return edges.filter(pl.col("a").is_in(kept) & pl.col("b").is_in(kept))


def network(edges: pl.DataFrame, on: Date, *, as_of: Date | None = None) -> Spec:
    """Ties that hold on a date, and cooperation and hostility of the year before, between actors.

    Args:
        edges: columns of :func:`detente.relate.edges`.
        on: the date.
        as_of: date by which the events were known, if another.
    """
    place = layout([*edges["a"], *edges["b"]])
    lines: dict[tuple[str, str, str], float] = defaultdict(float)
    for row in edges.iter_rows(named=True):
        key = (row["a"], row["b"], row["layer"])
        lines[key] = max(lines[key], row["weight"])
    segments = []
    for (a, b, layer), weight in sorted(lines.items(), key=lambda item: (item[0][2] != "tie", item[0])):
        (x, y), (x2, y2) = place[a], place[b]
        length = math.hypot(x2 - x, y2 - y) or 1.0
        # Lines of one pair run side by side.
        aside = {"tie": 0.0, "cooperation": 0.014, "hostility": -0.014}[layer]
        dx, dy = -aside * (y2 - y) / length, aside * (x2 - x) / length
        what = "tie" if layer == "tie" else f"{weight:.0f} event{'s' if weight > 1 else ''} of {layer}"
        segments.append(
            {
                "x": x + dx,
                "y": y + dy,
                "x2": x2 + dx,
                "y2": y2 + dy,
                "layer": layer,
                "width": 1 + 2.5 * weight if layer == "tie" else 1.5 + 1.1 * math.log2(1 + weight),
                "note": f"{name(a)} – {name(b)}: {what}",
                "link": f"#n-{a}-{b}",
            }
        )
    nodes = [{"x": x, "y": y, "name": name(code), "kind": _kind(code)} for code, (x, y) in place.items()]
    known = f", events as known by {day(as_of)}" if as_of and as_of != on else ""
    note = f"On {day(on)}{known}."
    axis = {"axis": None, "scale": {"domain": [-1.15, 1.15]}, "type": "quantitative"}
    where = {"x": {"field": "x", **axis}, "y": {"field": "y", **axis}}
    order = ["tie", "cooperation", "hostility"]
    body = {
        "width": WIDTH - 20,
        "height": 560,
        "layer": [
            {
                "data": {"values": segments},
                "mark": {"type": "rule", "opacity": 0.75, "strokeCap": "round"},
                "encoding": {
                    **where,
                    "x2": {"field": "x2"},
                    "y2": {"field": "y2"},
                    "color": {"field": "layer", "type": "nominal", "scale": _tones(*order)},
                    "strokeDash": {
                        "field": "layer",
                        "type": "nominal",
                        "scale": {"domain": order, "range": [[1, 0], [1, 0], [7, 4]]},
                    },
                    "strokeWidth": {"field": "width", "type": "quantitative", "scale": None, "legend": None},
                    "href": {"field": "link"},
                    "description": {"field": "note"},
                },
            },
            {
                "data": {"values": nodes},
                "mark": {"type": "point", "filled": True, "size": 150, "color": INK, "opacity": 1, "stroke": "#FFFFFF"},
                "encoding": {
                    **where,
                    "shape": {
                        "field": "kind",
                        "type": "nominal",
                        "scale": {"domain": ["state", "organisation"], "range": ["circle", "square"]},
                    },
                    "description": {"field": "name"},
                },
            },
            # A white halo keeps a name readable where lines cross it.
            *(
                {
                    "data": {"values": nodes},
                    "mark": {"type": "text", "dy": -15, "fontSize": 12.5, "fontWeight": 600, "aria": False, **ink},
                    "encoding": {**where, "text": {"field": "name"}},
                }
                for ink in (
                    {"stroke": "#FFFFFF", "strokeWidth": 4, "strokeJoin": "round", "color": "#FFFFFF"},
                    {"color": INK},
                )
            ),
        ],
    }
    return _figure("Ties, and events of the year before", note, body)


def _kind(code: str) -> str:
    actor = register().actors.get(code)
    return "state" if actor is None or actor.kind == "state" else "organisation"


def ranking(comparison: Comparison, *, as_of: Date) -> Spec:
    """Expected change of hostile events by each measure, with its 50 % and 90 % interval, best first."""
    values = []
    for row in comparison.frame().iter_rows(named=True):
        kind = row["kind"].split(" + ")
        values.append(
            {
                **{key: row[f"expected_{key}"] for key in ("low90", "low50", "high50", "high90")},
                "expected": row["expected"],
                "measure": _measure_label(row["name"], row["kind"]),
                "kind": "assumed" if "assumed" in kind else kind[0],
                "note": f"{row['name']}: {row['verdict']}, {row['words']}",
                "link": f"#m-{row['measure'].replace(' + ', '-')}",
            }
        )
    kinds = ["scheduled", "removed", "assumed"]
    base = comparison.base
    shared: Spec = {
        "y": {
            "field": "measure",
            "type": "nominal",
            "sort": [v["measure"] for v in values],
            "axis": {"title": None, "ticks": False, "domain": False, **_LINES},
        },
        "color": {"field": "kind", "type": "nominal", "scale": _tones(*kinds)},
        "href": {"field": "link"},
        "description": {"field": "note"},
    }
    x = {
        "type": "quantitative",
        "axis": {"title": "expected change of hostile events (left of zero: fewer)", "tickCount": 8},
    }
    body = {
        "width": WIDTH - 310,
        "height": {"step": 40},
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "bar", "height": 9, "opacity": 0.3},
                "encoding": {**shared, "x": {"field": "low90", **x}, "x2": {"field": "high90"}},
            },
            {
                "mark": {"type": "bar", "height": 9, "opacity": 0.75},
                "encoding": {**shared, "x": {"field": "low50", **x}, "x2": {"field": "high50"}},
            },
            {
                "mark": {
                    "type": "point",
                    "filled": True,
                    "size": 80,
                    "stroke": "#FFFFFF",
                    "strokeWidth": 1,
                    "opacity": 1,
                },
                "encoding": {
                    **shared,
                    "x": {"field": "expected", **x},
                    "shape": {
                        "field": "kind",
                        "type": "nominal",
                        "scale": {"domain": kinds, "range": ["circle", "square", "diamond"]},
                    },
                },
            },
            {
                "mark": {"type": "rule", "color": INK, "aria": False},
                "encoding": {"x": {"datum": 0, "type": "quantitative"}},
            },
        ],
    }
    days = base.hostile.shape[1]
    return _figure(
        "What each measure would change",
        [
            f"Over {days} days from {day(base.start)}, by what was known on {day(as_of)}.",
            "Dark band 50 %, light band 90 %.",
        ],
        body,
    )


def _measure_label(name: str, kind: str) -> str:
    return _wrap(name + (" (assumption)" if "assumed" in kind else ""))


def fans(comparison: Comparison, *, as_of: Date, best: int = 2) -> Spec:
    """Hostile events so far, day by day, without a measure and with the best few: median, 50 % and 90 % of futures."""
    effects = comparison.ranking()[:best]
    shown = [(comparison.base, "no measure", "no measure")]
    for e in effects:
        kind = "assumed" if "assumed" in e.kind else e.kind.split(" + ")[0]
        shown.append((e.futures, _measure_label(e.name, e.kind), kind))
    values = [
        {"panel": label, "kind": kind, **{k: v.isoformat() if k == "day" else v for k, v in row.items()}}
        for futures, label, kind in shown
        for row in futures.fan(cumulative=True).iter_rows(named=True)
    ]
    x = {
        "field": "day",
        "type": "temporal",
        "axis": {"title": None, "format": "%-d %b", "tickCount": 4, "labelFlush": False},
    }
    y = {"type": "quantitative", "axis": {"title": "hostile events since the start"}}
    kinds = list(dict.fromkeys(kind for _, _, kind in shown))
    colour = {"field": "kind", "type": "nominal", "scale": _tones(*kinds), "legend": None}
    columns = len(shown)
    body = {
        "data": {"values": values},
        "facet": {
            "column": {
                "field": "panel",
                "type": "nominal",
                "sort": [label for _, label, _ in shown],
                "header": {
                    "title": None,
                    "labelFontSize": 12,
                    "labelFontWeight": 600,
                    "labelColor": INK,
                    "labelLimit": 260,
                    **_LINES,
                },
            }
        },
        "spec": {
            "width": (WIDTH - 70) // columns - 20,
            "height": 220,
            "layer": [
                _band(x, y, colour, "90", 0.22),
                _band(x, y, colour, "50", 0.5),
                {
                    "mark": {"type": "line", "strokeWidth": 2.2, "aria": False},
                    "encoding": {"x": x, "y": {"field": "median", **y}, "color": colour},
                },
            ],
        },
    }
    return _figure(
        "Futures, day by day",
        [
            f"{len(comparison.base.hostile):,} futures, by what was known on {day(as_of)}.",
            "Line: median; dark band 50 %, light band 90 % of futures.",
        ],
        body,
    )


def _band(x: Spec, y: Spec, colour: Spec, share: str, opacity: float) -> Spec:
    return {
        "mark": {"type": "area", "opacity": opacity, "aria": False, "interpolate": "linear"},
        "encoding": {"x": x, "y": {"field": f"low{share}", **y}, "y2": {"field": f"high{share}"}, "color": colour},
    }


def response(found: Response) -> Spec:
    """An actor's answer to a type of act, day by day: further events so far, with their 90 % interval."""
    values = [
        {**row, "tone": "hostility" if row["response"].endswith("conflict") else "cooperation"}
        for row in found.frame().iter_rows(named=True)
    ]
    x = {"field": "day", "type": "quantitative", "axis": {"title": "days after the act"}}
    y = {"type": "quantitative", "axis": {"title": "further events per act, so far"}}
    colour = {"field": "tone", "type": "nominal", "scale": _tones("cooperation", "hostility"), "legend": None}
    body = {
        "data": {"values": values},
        "facet": {
            "column": {
                "field": "response",
                "type": "nominal",
                "sort": list(QUADS),
                "header": {"title": None, "labelFontSize": 12, "labelFontWeight": 600, "labelColor": INK},
            }
        },
        "spec": {
            "width": (WIDTH - 70) // 4 - 20,
            "height": 200,
            "layer": [
                {
                    "mark": {"type": "area", "opacity": 0.3, "aria": False},
                    "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}, "color": colour},
                },
                {
                    "mark": {"type": "line", "strokeWidth": 2.2, "aria": False},
                    "encoding": {"x": x, "y": {"field": "total", **y}, "color": colour},
                },
            ],
        },
    }
    lines = [f"By the reaction model, from {found.n:,.0f} past acts.", "Line: estimate; band: 90 % interval."]
    return _figure(f"How {the(found.actor)} answers {found.when}", lines, body)


def named(r: Reaction) -> Reaction:
    """The reaction with names for codes."""
    return replace(r, actor=name(r.actor), toward=name(r.toward) if r.toward else "")


def after(r: Reaction) -> str:
    """What a reaction follows, in words with names."""
    return replace(r, actor=the(r.actor), toward=the(r.toward) if r.toward else "").when.replace("s's ", "s' ")


def reactions(found: Sequence[Reaction], *, as_of: Date) -> Spec:
    """Reactions as points with their 90 % interval: further events within 30 days per past event."""
    values = [
        {
            "label": f"{i}. {name(r.actor)} → {name(r.toward) if r.toward else 'others'}: {r.response}\n"
            + f"after {after(r)}",
            "effect": r.effect,
            "low": r.low,
            "high": r.high,
            "tone": "hostility" if r.response.endswith("conflict") else "cooperation",
            "sure": "detectable" if r.detectable else "no detectable effect",
            "note": named(r).summary().replace("s's ", "s' "),
            "link": f"#x-{i}",
        }
        for i, r in enumerate(found, 1)
    ]
    tones, sure = ["cooperation", "hostility"], ["detectable", "no detectable effect"]
    x = {
        "type": "quantitative",
        "axis": {"title": "further events within 30 days for each past event", "tickCount": 7},
        "scale": {"domainMin": 0},
    }
    shared: Spec = {
        "y": {
            "field": "label",
            "type": "nominal",
            "sort": [v["label"] for v in values],
            "axis": {"title": None, "ticks": False, "domain": False, **_LINES},
        },
        "color": {"field": "tone", "type": "nominal", "scale": _tones(*tones)},
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
    return _figure(
        "How states react",
        [f"As learnt by {day(as_of)}. Numbers refer to the table.", "Point: best estimate; line: 90 % interval."],
        body,
    )
