"""Figures of who did what to whom and who stands with whom: events by pair, a timeline, the network, and a map."""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date as Date
from datetime import timedelta
from functools import cache
from itertools import combinations
from typing import Any, Final, Literal

import networkx as nx
import polars as pl

from detente.actors import DATA, register, ties
from detente.figure import FAINT, GRID, INK, PAPER, WIDTH, Figure, Spec, figure, tones
from detente.relate.network import pairs_of, tone
from detente.words import count, day, deed, name, names, the

View = Literal["nodes", "map"]
Spots = dict[str, tuple[float, float]]

HEIGHT: Final = 560
TESTS: Final = "tests, shows of force"
MARKED: Final = ("drills", "agreements", TESTS)
"""Kinds of days that a timeline marks."""
MOST: Final = 24
"""Actors in a picture of the network; more make it unreadable."""


def busy_pairs(events: pl.DataFrame, *, as_of: Date, source: str = "", most: int = 14) -> Figure:
    """Asserted, dated events by day and pair of actors.

    Args:
        events: event frame of a desk; further reports of an event are left out.
        as_of: date by which the events were known.
        source: where they come from.
        most: pairs shown, those with most events.

    Example:
        >>> from detente.record.views import TABLES
        >>> busy_pairs(pl.DataFrame(schema=TABLES["events"]), as_of=Date(2024, 7, 12)).spec["data"]
        {'values': []}
    """
    shown = events.filter(
        (pl.col("modality") == "asserted") & pl.col("same_as").is_null() & pl.col("day").is_not_null()
    )
    pairs: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in shown.iter_rows(named=True):
        for pair in pairs_of(row):
            pairs[pair].append(row)
    kept = sorted(pairs, key=lambda p: (-len(pairs[p]), p))[:most]
    values = []
    for pair in kept:
        height: Counter[tuple[Date, str]] = Counter()
        for row in pairs[pair]:
            spot = (row["day"], tone(row["type"]))
            values.append(
                {
                    "day": (row["day"] + (row["last_day"] - row["day"]) / 2).isoformat(),
                    "first": row["day"].isoformat(),
                    "last": row["last_day"].isoformat(),
                    "pair": " – ".join(name(code) for code in pair),
                    "tone": spot[1],
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
    x = _time(first - margin, last + margin)
    shared: Spec = {
        "y": {
            "field": "pair",
            "type": "nominal",
            "sort": [" – ".join(name(code) for code in pair) for pair in kept],
            "axis": {"title": None, "grid": True, "ticks": False, "domain": False},
        },
        "yOffset": {"field": "shift", "type": "quantitative", "scale": {"domain": [-widest - 2, widest + 2]}},
        "color": {"field": "tone", "type": "nominal", "scale": tones("cooperation", "hostility")},
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
                "encoding": {**shared, "x": {"field": "day", **x}, "shape": _SHAPES},
            },
        ],
    }
    return figure(
        "Dated events by pair of actors",
        body,
        notes=[f"The {most} busiest of {len(pairs)} pairs." if left_out > 0 else ""],
        description="Each mark is one dated event, by day and pair of actors; circles are cooperation, triangles "
        "hostility. The table below holds the same events.",
        as_of=as_of,
        source=source,
    )


_SHAPES: Final[Spec] = {
    "field": "tone",
    "type": "nominal",
    "scale": {"domain": ["cooperation", "hostility"], "range": ["circle", "triangle-up"]},
}


def _time(first: Date, last: Date) -> Spec:
    """A time axis with readable ticks."""
    span = last - first
    short = span < timedelta(days=150)
    return {
        "type": "temporal",
        "scale": {"domain": [first.isoformat(), last.isoformat()]},
        "axis": {
            "title": None,
            "format": "%-d %b %Y" if short else "%b %Y",
            "tickCount": 6 if short else "month" if span < timedelta(days=400) else 10,
            "labelOverlap": "greedy",
            "labelFlush": False,
        },
    }


def _note(row: Mapping[str, Any]) -> str:
    did = deed(row["type"], row["cameo"])
    if row["reciprocal"]:
        return f"{day(row['date'])}: {names(list(dict.fromkeys(row['source'] + row['target'])), 6)} – mutual {did}"
    whom = f" – {names(row['target'], 3)}" if row["target"] else ""
    return f"{day(row['date'])}: {names(row['source'], 3)} – {did}{whom}"


def timeline(
    periods: pl.DataFrame,
    marks: pl.DataFrame,
    *,
    whose: str,
    by: str,
    as_of: Date,
    source: str = "",
) -> Figure:
    """How much an actor or a pair did over time: cooperation upward, hostility downward, and single days marked.

    Args:
        periods: columns ``period`` (first day), ``cooperation``, ``hostility`` (numbers of events), one row a period.
        marks: columns ``day``, ``kind`` (one of :data:`MARKED`), ``note``.
        whose: actor or pair, in words. by: ``day``, ``week``, ``month`` or ``year``: length of the periods.
        as_of: date by which the events were known. source: where they come from.
    """
    values = [
        {"from": row["period"].isoformat(), "to": _next(row["period"], by).isoformat(), "tone": tone, "none": 0,
         "n": row[tone] * sign, "note": f"{day(row['period'])}: {count(row[tone], 'event')} of {tone}"}
        for row in periods.iter_rows(named=True)
        for tone, sign in (("cooperation", 1), ("hostility", -1))
    ]  # fmt: skip
    days = [*periods["period"].to_list(), *marks["day"].to_list()]
    first, last = (min(days), _next(max(days), by)) if days else (as_of, as_of)
    x = _time(first, last)
    kinds = list(MARKED)
    body = {
        "spacing": 14,
        "vconcat": [
            {
                "width": WIDTH - 170,
                "height": 260,
                "data": {"values": values},
                "layer": [
                    {
                        "mark": {"type": "rect"},
                        "encoding": {
                            "x": {"field": "from", **x},
                            "x2": {"field": "to"},
                            "y": {
                                "field": "n",
                                "type": "quantitative",
                                "axis": {
                                    "title": f"events a {by}",
                                    "tickMinStep": 1,
                                    "labelExpr": "format(abs(datum.value), '~s')",
                                },
                            },
                            "y2": {"field": "none"},
                            "color": {"field": "tone", "type": "nominal", "scale": tones("cooperation", "hostility")},
                            "description": {"field": "note"},
                        },
                    },
                    {"mark": {"type": "rule", "color": INK, "aria": False}, "encoding": {"y": {"datum": 0}}},
                ],
            },
            {
                "width": WIDTH - 170,
                "height": {"step": 26},
                "data": {
                    "values": [
                        {"day": row["day"].isoformat(), "kind": row["kind"], "note": row["note"]}
                        for row in marks.iter_rows(named=True)
                    ]
                },
                "mark": {"type": "point", "filled": True, "size": 46, "opacity": 0.7, "color": INK},
                "encoding": {
                    "x": {"field": "day", **x},
                    "y": {
                        "field": "kind",
                        "type": "nominal",
                        "scale": {"domain": kinds},
                        "axis": {"title": None, "grid": True, "ticks": False, "domain": False},
                    },
                    "shape": {
                        "field": "kind",
                        "type": "nominal",
                        "scale": {"domain": kinds, "range": ["diamond", "square", "triangle-up"]},
                        "legend": None,
                    },
                    "description": {"field": "note"},
                },
            },
        ],
        "resolve": {"scale": {"x": "shared"}},
    }
    return figure(
        f"Events of {whose}",
        body,
        notes=["Below: days of drills, of agreements signed, of tests and shows of force."],
        description="Bars by period, cooperation upward and hostility downward; marked days below.",
        as_of=as_of,
        source=source,
    )


def _next(period: Date, by: str) -> Date:
    if by == "month":
        return (period.replace(day=28) + timedelta(days=4)).replace(day=1)
    return period + timedelta(days={"day": 1, "week": 7, "year": 365}[by])


def perspective(
    rows: pl.DataFrame,
    actor: str,
    on: Date,
    *,
    days: int = 90,
    most: int = 12,
    as_of: Date | None = None,
    source: str = "",
) -> Figure:
    """What was done to an actor and its partners, by whom: the last days beside as many before.

    Args:
        rows: columns of :func:`detente.relate.perspective`. actor: its code. on: the date. days: of a period.
        most: actors drawn, those that did most. as_of: date by which the events were known. source: of them.
    """
    sums = rows.group_by("by", "tone").agg(pl.col("recent", "before").sum())
    busy = sums.group_by("by").agg(n=pl.sum_horizontal("recent", "before").sum())
    kept = busy.filter(pl.col("n") > 0).sort("n", "by", descending=[True, False])["by"].head(most).to_list()
    now, then = f"last {days} days", f"{days} days before"
    values = [
        {
            "by": name(row["by"]),
            "tone": "hostility" if row["tone"] == "hostile" else "cooperation",
            "when": when,
            "n": row[key] * (-1 if row["tone"] == "hostile" else 1),
            "note": f"{name(row['by'])}, {when}: {count(row[key], 'event')}, {row['tone']}",
        }
        for row in sums.filter(pl.col("by").is_in(kept)).sort("by", "tone").iter_rows(named=True)
        for key, when in (("recent", now), ("before", then))
    ]
    body = {
        "width": WIDTH - 200,
        "height": {"step": 15},
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "bar"},
                "encoding": {
                    "y": {
                        "field": "by",
                        "type": "nominal",
                        "sort": [name(code) for code in kept],
                        "axis": {"title": None, "ticks": False, "domain": False},
                    },
                    "yOffset": {"field": "when", "type": "nominal", "sort": [now, then]},
                    "x": {
                        "field": "n",
                        "type": "quantitative",
                        "axis": {
                            "title": "events (left: hostility, right: cooperation)",
                            "labelExpr": "format(abs(datum.value), '~s')",
                        },
                    },
                    "color": {"field": "tone", "type": "nominal", "scale": tones("cooperation", "hostility")},
                    "opacity": {
                        "field": "when",
                        "type": "nominal",
                        "scale": {"domain": [now, then], "range": [0.95, 0.4]},
                        "legend": {"symbolType": "square", "symbolFillColor": INK},
                    },
                    "description": {"field": "note"},
                },
            },
            {"mark": {"type": "rule", "color": INK, "aria": False}, "encoding": {"x": {"datum": 0}}},
        ],
    }
    return figure(
        f"What was done to {the(actor)} and its partners, by {day(on)}",
        body,
        description="Bars by who acted, those with most events first; the table holds the same numbers.",
        as_of=as_of or on,
        source=source,
    )


def layout(codes: Sequence[str]) -> Spots:
    """A place for each actor, the same on every date: actors that were ever closely tied stand closer.

    Positions follow from the whole register of ties, whatever the date, so that two figures of the same actors can be
    laid side by side. Method: Kamada and Kawai (1989), from a settled start.

    Example:
        >>> layout(["JPN", "USA"]) == layout(["USA", "JPN"])
        True
    """
    return dict(_layout(tuple(sorted(set(codes)))))


@cache
def _layout(codes: tuple[str, ...]) -> Spots:
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


@cache
def capitals() -> dict[str, tuple[float, float]]:
    """Longitude and latitude, in degrees, of each state's capital, for schematic maps."""
    rows = csv.DictReader((DATA / "capitals.csv").read_text(encoding="utf-8").splitlines())
    return {row["code"]: (float(row["longitude"]), float(row["latitude"])) for row in rows}


def places(codes: Sequence[str]) -> tuple[Spots, list[Spec]]:
    """A place for each actor on a schematic map, in [-1, 1], and the lines of its grid.

    States stand at their capitals; the map is cut where the widest gap between them lies, so that none is favoured.
    Actors without a capital stand in a row below.

    Args:
        codes: actors; the same ones have the same places on every date.

    Returns:
        places, and lines ``x``, ``y``, ``x2``, ``y2``, ``label`` of every 30th degree.
    """
    codes = sorted(set(codes))
    known = {code: capitals()[code] for code in codes if code in capitals()}
    around = sorted({lon for lon, _ in known.values()}) or [0.0]
    gaps = [(after - before, after) for before, after in zip(around, [*around[1:], around[0] + 360], strict=True)]
    start = max(gaps)[1] % 360
    spots = {code: ((lon - start) % 360, lat) for code, (lon, lat) in known.items()}
    flat = math.cos(math.radians(sum(lat for _, lat in known.values()) / max(len(known), 1)))
    spots = {code: (lon * flat, lat) for code, (lon, lat) in spots.items()}
    west, east = (min((x for x, _ in spots.values()), default=0), max((x for x, _ in spots.values()), default=0))
    south, north = (min((y for _, y in spots.values()), default=0), max((y for _, y in spots.values()), default=0))
    scale = max((east - west) / (WIDTH - 20), (north - south) / (HEIGHT * 0.86), 0.02)
    half_x, half_y = scale * (WIDTH - 20) / 2, scale * HEIGHT / 2

    def to(x: float, y: float) -> tuple[float, float]:
        return (round((x - (west + east) / 2) / half_x, 4), round((y - (south + north) / 2) / half_y + 0.06, 4))

    out = {code: to(*spot) for code, spot in spots.items()}
    rest = [code for code in codes if code not in known]
    out |= {code: (-1 + 2 * (i + 0.5) / len(rest), -1.08) for i, code in enumerate(rest)}
    grid: list[Spec] = []
    for lon in range(-180, 180, 30):
        x, _ = to((lon - start) % 360 * flat, 0)
        if abs(x) <= 1.12:
            label = f"{abs(lon)}°{'' if lon in (0, -180) else 'W' if lon < 0 else 'E'}"
            grid.append({"x": x, "y": -0.98, "x2": x, "y2": 1.12, "label": label})
    for lat in range(-60, 90, 30):
        _, y = to(0, lat)
        if -0.98 <= y <= 1.12:
            grid.append({"x": -1.13, "y": y, "x2": 1.13, "y2": y,
                         "label": f"{abs(lat)}°{'N' if lat > 0 else 'S' if lat < 0 else ''}"})  # fmt: skip
    return out, grid


def busiest(edges: pl.DataFrame, most: int = MOST) -> pl.DataFrame:
    """Edges among the actors with most lines, since more make a figure unreadable; events weigh more than ties."""
    degree: Counter[str] = Counter()
    for a, b, layer in edges.select("a", "b", "layer").iter_rows():
        for code in (a, b):
            degree[code] += 1 if layer == "tie" else 3
    kept = [code for code, _ in sorted(degree.items(), key=lambda item: (-item[1], item[0]))[:most]]
    return edges.filter(pl.col("a").is_in(kept) & pl.col("b").is_in(kept))


def network(
    edges: pl.DataFrame,
    on: Date,
    *,
    as_of: Date | None = None,
    view: View = "nodes",
    among: Sequence[str] = (),
    source: str = "",
) -> Figure:
    """Ties that hold on a date, and cooperation and hostility of the year before, between actors.

    Args:
        edges: columns of :func:`detente.relate.edges`, in layers of tone.
        on: the date.
        as_of: date by which the events were known, if another.
        view: ``nodes``: who was ever closely tied stands closer; ``map``: schematic, states at their capitals.
        among: all actors that have a place, also those without a line on this date; the same ones keep the same places.
        source: where the events come from.
    """
    codes = [*among, *edges["a"], *edges["b"]]
    place, grid = (layout(codes), []) if view == "nodes" else places(codes)
    segments = _segments(edges, place, bow=0.12 if view == "map" else 0.0)
    nodes = _labelled(place)
    axis: Spec = {"axis": None, "scale": {"domain": [-1.15, 1.15]}, "type": "quantitative"}
    where: Spec = {"x": {"field": "x", **axis}, "y": {"field": "y", **axis}}
    far: Spec = {**where, "x2": {"field": "x2"}, "y2": {"field": "y2"}}
    order = ["tie", "cooperation", "hostility"]
    body = {
        "width": WIDTH - 20,
        "height": HEIGHT,
        "layer": [
            {
                "data": {"values": grid},
                "mark": {"type": "rule", "color": GRID, "aria": False},
                "encoding": far,
            },
            {
                "data": {"values": grid},
                "mark": {"type": "text", "color": FAINT, "fontSize": 10, "align": "left", "dx": 3, "dy": -5,
                         "aria": False},
                "encoding": {**where, "text": {"field": "label"}},
            },
            {
                "data": {"values": segments},
                "mark": {"type": "line", "opacity": 0.75, "strokeCap": "round", "interpolate": "basis"},
                "encoding": {
                    **where,
                    "detail": {"field": "line"},
                    "order": {"field": "step", "type": "quantitative"},
                    "color": {"field": "layer", "type": "nominal", "scale": tones(*order)},
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
                "mark": {"type": "point", "filled": True, "size": 150, "color": INK, "opacity": 1, "stroke": PAPER},
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
            # A halo keeps a name readable where lines cross it.
            *_names(nodes, where),
        ],
    }  # fmt: skip
    notes = ["" if view == "nodes" else "States at their capitals, schematic; others below."]
    return figure(
        f"Ties on {day(on)}, and events of the year before",
        body,
        notes=[*notes, "Wider lines: closer ties, more events. Positions are the same on every date."],
        description="Actors as points, ties and events between them as lines. The tables below hold exactly what is "
        "drawn.",
        as_of=as_of or on,
        source=source,
    )


def _segments(edges: pl.DataFrame, place: Spots, bow: float) -> list[Spec]:
    """Points of the lines between actors, bent by ``bow`` of their length so that few cover each other."""
    lines: dict[tuple[str, str, str], float] = defaultdict(float)
    for row in edges.iter_rows(named=True):
        at = (row["a"], row["b"], row["layer"])
        lines[at] = max(lines[at], row["weight"])
    most = max((weight for (*_, layer), weight in lines.items() if layer != "tie"), default=1.0)
    points = []
    for (a, b, layer), weight in sorted(lines.items(), key=lambda item: (item[0][2] != "tie", item[0])):
        (x, y), (x2, y2) = sorted((place[a], place[b]))
        length = math.hypot(x2 - x, y2 - y) or 1.0
        # Lines of one pair run side by side.
        aside = {"tie": 0.0, "cooperation": 0.013, "hostility": -0.013}[layer]
        dx, dy = -aside * (y2 - y) / length, aside * (x2 - x) / length
        what = "tie" if layer == "tie" else f"{weight:.0f} event{'s' if weight > 1 else ''} of {layer}"
        about = {
            "line": f"{a} {b} {layer}",
            "layer": layer,
            "width": round(1 + 2 * weight if layer == "tie" else 1 + 5 * math.sqrt(weight / most), 2),
            "note": f"{name(a)} – {name(b)}: {what}",
            "link": f"#n-{a}-{b}",
        }
        middle = ((x + x2) / 2 - bow * (y2 - y), (y + y2) / 2 + bow * (x2 - x))
        points += [
            {"x": round(px + dx, 4), "y": round(py + dy, 4), "step": step, **about}
            for step, (px, py) in enumerate(((x, y), middle, (x2, y2)) if bow else ((x, y), (x2, y2)))
        ]
    return points


def _names(nodes: list[Spec], where: Spec) -> list[Spec]:
    """Layers that write the names of points, each with its halo first."""
    halo: Spec = {"stroke": PAPER, "strokeWidth": 4, "strokeJoin": "round", "color": PAPER}
    return [
        {
            "data": {"values": [node for node in nodes if node["side"] == side]},
            "mark": {"type": "text", "fontSize": 12.5, "fontWeight": 600, "aria": False, **about, **ink},
            "encoding": {**where, "text": {"field": "name"}},
        }
        for side, about in _SIDES.items()
        for ink in (halo, {"color": INK})
    ]


_SIDES: Final[dict[str, Spec]] = {
    "above": {"dy": -15},
    "below": {"dy": 16},
    "right": {"align": "left", "dx": 11},
    "left": {"align": "right", "dx": -11},
}


def _labelled(place: Spots) -> list[Spec]:
    """Points with their names on the side where they cover least of other names and points."""
    taken = [_box(spot, 7, 7, 0, 0) for spot in place.values()]
    nodes = []
    for code, spot in sorted(place.items(), key=lambda item: (-item[1][1], item[1][0])):
        half = 3.6 * len(name(code))
        boxes = {
            "above": _box(spot, half, 7, 0, 15),
            "below": _box(spot, half, 7, 0, -16),
            "right": _box(spot, half, 7, half + 11, 0),
            "left": _box(spot, half, 7, -half - 11, 0),
        }
        side = min(boxes, key=lambda s: sum(_overlap(boxes[s], other) for other in taken))
        taken.append(boxes[side])
        nodes.append({"x": spot[0], "y": spot[1], "name": name(code), "kind": _kind(code), "side": side})
    return nodes


def _box(spot: tuple[float, float], half: float, tall: float, dx: float, dy: float) -> tuple[float, ...]:
    """A rectangle around a place, in pixels."""
    x, y = spot[0] * (WIDTH - 20) / 2.3 + dx, spot[1] * HEIGHT / 2.3 + dy
    return x - half, x + half, y - tall, y + tall


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    wide = min(one[1], other[1]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[2], other[2])
    return max(wide, 0.0) * max(high, 0.0)


def _kind(code: str) -> str:
    actor = register().actors.get(code)
    return "state" if actor is None or actor.kind == "state" else "organisation"
