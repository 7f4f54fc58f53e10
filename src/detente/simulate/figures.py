"""Figures of futures and of what measures change: bands, never a bare line."""

from __future__ import annotations

from datetime import date as Date
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from detente.figure import COLOURS, FAINT, INK, LINES, PAPER, WIDTH, Figure, Spec, band, figure, tones, wrap
from detente.words import day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detente.simulate.compare import Comparison
    from detente.simulate.futures import Futures
    from detente.simulate.hindcast import Hindcast
    from detente.simulate.robustness import Robustness

KINDS: Final = ("scheduled", "removed", "assumed")
LIGHT: Final = 0.22
DARK: Final = 0.5
"""How dark the bands are that hold 90 and 50 % of the futures."""

BANDS: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
_BANDS: Final = "Line: median. Dark band: 50 % of futures; light band: 90 %."


def ranking(comparison: Comparison, *, as_of: Date | None = None, source: str = "") -> Figure:
    """Expected change of hostile events by each measure, with its 50 % and 90 % interval, best first.

    Args:
        comparison: of measures. as_of: date by which the record was known. source: of the model.
    """
    base = comparison.base
    return figure(
        "What each measure would change",
        _ranking(comparison),
        notes=[
            f"Over {base.days} days from {day(base.start)}. Dark band: 50 % interval of the expected "
            "change; light band: 90 %."
        ],
        description="Expected change of hostile events by measure with 50 % and 90 % intervals; the table below holds "
        "the same numbers.",
        as_of=as_of,
        source=source,
    )


def _ranking(comparison: Comparison) -> Spec:
    values = [
        {
            **{key: row[f"expected_{key}"] for key in ("low90", "low50", "high50", "high90")},
            "expected": row["expected"],
            "measure": _label(row["name"], row["kind"]),
            "kind": _kind(row["kind"]),
            "note": f"{row['name']}: {row['verdict']}, {row['words']}",
            "link": f"#m-{row['measure'].replace(' + ', '-')}",
        }
        for row in comparison.frame().iter_rows(named=True)
    ]
    shared: Spec = {
        "y": {
            "field": "measure",
            "type": "nominal",
            "sort": [v["measure"] for v in values],
            "axis": {"title": None, "ticks": False, "domain": False, **LINES},
        },
        "color": {"field": "kind", "type": "nominal", "scale": tones(*KINDS)},
        "href": {"field": "link"},
        "description": {"field": "note"},
    }
    x = {
        "type": "quantitative",
        "axis": {"title": "expected change of hostile events (left of zero: fewer)", "tickCount": 8},
    }
    return {
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
                "mark": {"type": "point", "filled": True, "size": 80, "stroke": PAPER, "strokeWidth": 1, "opacity": 1},
                "encoding": {
                    **shared,
                    "x": {"field": "expected", **x},
                    "shape": {
                        "field": "kind",
                        "type": "nominal",
                        "scale": {"domain": list(KINDS), "range": ["circle", "square", "diamond"]},
                    },
                },
            },
            {
                "mark": {"type": "rule", "color": INK, "aria": False},
                "encoding": {"x": {"datum": 0, "type": "quantitative"}},
            },
        ],
    }


def _kind(kind: str) -> str:
    return "assumed" if "assumed" in kind else kind.split(" + ", maxsplit=1)[0]


def _label(name: str, kind: str) -> str:
    return wrap(name + (" (assumption)" if "assumed" in kind else ""))


def fans(comparison: Comparison, *, as_of: Date | None = None, best: int = 2, source: str = "") -> Figure:
    """Hostile events so far, day by day, without a measure and with the best few: median, 50 % and 90 % of futures.

    Args:
        comparison: of measures. as_of: date by which the record was known. best: measures shown. source: of the model.
    """
    return figure(
        "Futures, day by day",
        _fans(comparison, best),
        notes=[f"{len(comparison.base.worst):,} futures. {_BANDS}"],
        description="Hostile events since the start, day by day: median, 50 % and 90 % bands without a measure and "
        "with the measures that rank first.",
        as_of=as_of,
        source=source,
    )


def _fans(comparison: Comparison, best: int) -> Spec:
    shown = [(comparison.base, "no measure", "no measure")]
    shown += [(e.futures, _label(e.name, e.kind), _kind(e.kind)) for e in comparison.ranking()[:best]]
    kinds = list(dict.fromkeys(kind for _, _, kind in shown))
    width = (WIDTH - 70) // len(shown) - 20
    colour = {"field": "kind", "type": "nominal", "scale": tones(*kinds), "legend": {"symbolType": "square"}}
    return {
        "data": {"values": [row for futures, label, kind in shown for row in _rows(futures, label, kind)]},
        "facet": {
            "column": {
                "field": "panel",
                "type": "nominal",
                "sort": [label for _, label, _ in shown],
                "header": {**LINES},
            }
        },
        "spec": {"width": width, "height": 220, "layer": _fan(colour)},
    }


def _rows(futures: Futures, label: str, kind: str) -> list[dict[str, Any]]:
    return [
        {"panel": label, "kind": kind, **{k: v.isoformat() if k == "day" else v for k, v in row.items()}}
        for row in futures.fan(cumulative=True).iter_rows(named=True)
    ]


def _fan(colour: Spec) -> list[Spec]:
    """Layers of a fan: light band, dark band, median."""
    x: Spec = {
        "field": "day",
        "type": "temporal",
        "axis": {"title": None, "format": "%-d %b", "tickCount": 3, "labelFlush": True},
    }
    y: Spec = {"type": "quantitative", "axis": {"title": "hostile events since the start"}}
    return [
        band(x, y, colour, "90", LIGHT),
        band(x, y, colour, "50", DARK),
        {
            "mark": {"type": "line", "strokeWidth": 2.2, "aria": False},
            "encoding": {"x": x, "y": {"field": "median", **y}, "color": colour},
        },
    ]


def futures(found: Futures, *, as_of: Date | None = None, source: str = "") -> Figure:
    """Hostile events so far, day by day: median, 50 % and 90 % of futures.

    Args:
        found: the futures. as_of: date by which the record was known. source: of the model.
    """
    kind = _kind(" + ".join(dict.fromkeys(m.kind for m in found.measures))) if found.measures else "no measure"
    colour = {"field": "kind", "type": "nominal", "scale": tones(kind), "legend": {"symbolType": "square"}}
    body = {
        "width": WIDTH - 90,
        "height": 300,
        "data": {"values": _rows(found, found.name, kind)},
        "layer": _fan(colour),
    }
    return figure(
        f"Hostile events to come: {found.name}",
        body,
        notes=[f"{len(found.worst):,} futures of {found.days} days from {day(found.start)}. {_BANDS}"],
        as_of=as_of or found.start - timedelta(days=1),
        source=source or _first(found.sources),
    )


def comparison(found: Comparison, *, as_of: Date | None = None, source: str = "", best: int = 2) -> Figure:
    """Futures fanned out above, measures ranked below.

    Args:
        found: the comparison. as_of: date by which the record was known. source: of the model.
        best: measures whose futures are shown beside those without.
    """
    base = found.base
    body = {
        "spacing": 36,
        "vconcat": [_fans(found, best), _ranking(found)],
        "resolve": {"scale": {"color": "independent", "shape": "independent"}},
    }
    return figure(
        "What each measure would change",
        body,
        notes=[
            f"{len(base.worst):,} futures of {base.days} days from {day(base.start)}. {_BANDS}",
            "Below, the expected change with its 50 % and 90 % interval.",
        ],
        as_of=as_of or base.start - timedelta(days=1),
        source=source or _first(base.sources),
    )


def _first(sources: Sequence[str]) -> str:
    """The first of some sources, short enough for a frame."""
    return sources[0] if sources else ""


def robustness(found: Robustness, *, as_of: Date | None = None, source: str = "") -> Figure:
    """Each measure's expected change over all assumptions, least regret first.

    Args:
        found: the sweep. as_of: date by which the record was known. source: of the model.
    """
    order = [row["measure"] for row in found.frame().iter_rows(named=True)]
    won = dict(found.frame().select("measure", "best_in").iter_rows())
    names = ("low90", "low50", "median", "high50", "high90")
    values = [
        {
            "measure": wrap(name),
            **dict(zip(names, map(float, ends), strict=True)),
            "best": f"best in {won[name]:.0%}",
            "note": f"{name}: best in {won[name]:.0%} of the assumptions",
        }
        for name, ends in zip(found.names, np.quantile(found.effects, BANDS, axis=0).T, strict=True)
    ]
    y: Spec = {
        "field": "measure",
        "type": "nominal",
        "sort": [wrap(name) for name in order],
        "axis": {"title": None, "ticks": False, "domain": False, **LINES},
    }
    x: Spec = {
        "type": "quantitative",
        "axis": {"title": "expected change of hostile events (left of zero: fewer)", "tickCount": 8},
    }
    shared: Spec = {"y": y, "description": {"field": "note"}}

    def bar(low: str, high: str, opacity: float) -> Spec:
        return {
            "mark": {"type": "bar", "height": 9, "opacity": opacity, "color": COLOURS["no measure"]},
            "encoding": {**shared, "x": {"field": low, **x}, "x2": {"field": high}},
        }

    body = {
        "width": WIDTH - 310,
        "height": {"step": 40},
        "data": {"values": values},
        "layer": [
            bar("low90", "high90", 0.3),
            bar("low50", "high50", 0.75),
            {
                "mark": {"type": "point", "filled": True, "size": 70, "color": INK, "stroke": PAPER, "opacity": 1},
                "encoding": {**shared, "x": {"field": "median", **x}},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 8, "dy": -12, "color": FAINT, "fontSize": 11},
                "encoding": {**shared, "x": {"field": "median", **x}, "text": {"field": "best"}},
            },
            {
                "mark": {"type": "rule", "color": INK, "aria": False},
                "encoding": {"x": {"datum": 0, "type": "quantitative"}},
            },
        ],
    }
    return figure(
        "What each measure would change, over all assumptions",
        body,
        notes=[
            f"{len(found.rows):,} sets of assumptions, {found.days} days from {day(found.start)}; least regret first.",
            "Point: median. Dark band: 50 % of the assumptions; light band: 90 %.",
        ],
        description=found.summary(),
        as_of=as_of or found.start - timedelta(days=1),
        source=source,
    )


def hindcast(found: Hindcast, *, as_of: Date | None = None) -> Figure:
    """How often what came lay inside the 80 % interval of the futures, by level and sort of events.

    Args:
        found: the forecasts and what came. as_of: last day forecast where None.
    """
    values = [
        {
            "level": row["level"],
            "coverage": row["coverage"],
            "tone": "hostility" if row["sort"] == "hostile" else "cooperation",
            "note": f"{row['sort']} events, {row['level']}: {row['coverage']:.0%} of {row['counts']:,} counts inside",
        }
        for row in found.frame().iter_rows(named=True)
        if row["coverage"] is not None
    ]
    two = ["cooperation", "hostility"]
    body = {
        "width": WIDTH - 150,
        "height": {"step": 48},
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
                "encoding": {
                    "y": {
                        "field": "level",
                        "type": "nominal",
                        "sort": None,
                        "axis": {"title": None, "ticks": False, "domain": False, "grid": True},
                    },
                    "yOffset": {"field": "tone", "type": "nominal"},
                    "x": {
                        "field": "coverage",
                        "type": "quantitative",
                        "scale": {"zero": False, "domainMax": 1.0},
                        "axis": {"title": "share of counts inside their 80 % interval", "format": ".0%"},
                    },
                    "color": {"field": "tone", "type": "nominal", "scale": tones(*two)},
                    "shape": {
                        "field": "tone",
                        "type": "nominal",
                        "scale": {"domain": two, "range": ["circle", "triangle-up"]},
                    },
                    "description": {"field": "note"},
                },
            },
            {
                "mark": {"type": "rule", "color": INK, "strokeDash": [4, 3], "aria": False},
                "encoding": {"x": {"datum": 0.8, "type": "quantitative"}},
            },
        ],
    }
    last = max(f.start for f in found.forecasts) + timedelta(days=found.days - 1)
    return figure(
        "Did what came lie where the futures said?",
        body,
        notes=[f"{len(found.forecasts)} forecasts of {found.days} days. Dashed line: as it should be."],
        description=found.summary(),
        as_of=as_of or last,
        source=found.data,
    )
