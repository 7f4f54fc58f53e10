"""Figures of how far reactions can be believed: forecasts, calibration, claims held against the record, causes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date as Date
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from detente.codebook import is_hostile
from detente.figure import FAINT, INK, LINES, WIDTH, Figure, Spec, figure, tones, wrap
from detente.words import clip, count, day, deed, name

if TYPE_CHECKING:
    from detente.learn.calibration import Backtest, Calibration
    from detente.learn.check import Answer
    from detente.learn.diagnose import Diagnosis
    from detente.learn.model import Score
    from detente.learn.triggers import Triggers

_ZERO: Final[Spec] = {
    "mark": {"type": "rule", "color": INK, "aria": False},
    "encoding": {"x": {"datum": 0, "type": "quantitative"}},
}


def scores(found: Sequence[Score], *, as_of: Date | None = None) -> Figure:
    """By how much the model predicts better than simpler forecasts, with 90 % intervals.

    Args:
        found: scores, one for each origin. as_of: last day of the test where None.
    """
    return figure(
        "How well the model predicts, next to simpler forecasts",
        _gains(found),
        notes=[_tested(found), "Right of zero: better. Point: estimate; line: 90 % interval."],
        as_of=as_of or max(Date.fromisoformat(s.end) for s in found),
        source=", ".join(dict.fromkeys(s.data for s in found if s.data)),
    )


def _tested(found: Sequence[Score]) -> str:
    events, days = sum(s.events for s in found), sum(s.days for s in found)
    first, last = min(s.start for s in found), max(s.end for s in found)
    return f"Each day forecast the day before, {day(first)} to {day(last)}: {count(events, 'event')} in {days} days."


def _gains(found: Sequence[Score]) -> Spec:
    several = len(found) > 1
    values = [
        {"over": _over(other), "bits": g.bits, "low": g.low, "high": g.high, "part": f"from {s.start}",
         "note": f"{g.bits:+.3f} bits per event {_over(other)} ({g.low:+.3f} to {g.high:+.3f})"}
        for s in found
        for other, g in s.gains.items()
    ]  # fmt: skip
    x: Spec = {"type": "quantitative", "axis": {"title": "bits per event gained over the simpler forecast"}}
    shared: Spec = {
        "y": {
            "field": "over",
            "type": "nominal",
            "sort": list(dict.fromkeys(v["over"] for v in values)),
            "axis": {"title": None, "ticks": False, "domain": False},
        },
        "description": {"field": "note"},
        **({"yOffset": {"field": "part", "type": "nominal"}} if several else {}),
    }
    return {
        "width": WIDTH - 220,
        "height": {"step": 14 if several else 38},
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.5, "color": INK},
                "encoding": {**shared, "x": {"field": "low", **x}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1, "color": INK},
                "encoding": {**shared, "x": {"field": "bits", **x}},
            },
            _ZERO,
        ],
    }


def _over(other: str) -> str:
    return f"over the same {other}" if other.startswith("without") else f"over {other}"


def calibration(found: Calibration, *, as_of: Date | None = None, source: str = "") -> Figure:
    """Whether forecasts are honest: the histogram of their transform, and coverage by size of the forecast.

    Args:
        found: the calibration. as_of: date by which the record was known. source: of the data.
    """
    return figure(
        "Are the forecasts honest?",
        _honest(found),
        notes=[_held(found)],
        description=found.summary(),
        as_of=as_of,
        source=source,
    )


def _held(found: Calibration) -> str:
    return (
        f"Left: all bars reach the line where forecasts are honest. Right: 80 % intervals hold {found.coverage:.0%} of "
        f"{count(found.n, 'count')}; by size of the forecast."
    )


def _honest(found: Calibration) -> Spec:
    bins = [{"bin": i / len(found.pit), "end": (i + 1) / len(found.pit), "share": float(x), "none": 0}
            for i, x in enumerate(found.pit)]  # fmt: skip
    parts = [
        {"size": f"{row['low']:.2g} to {row['high']:.2g}", "share": row["coverage"]}
        for row in found.deciles.iter_rows(named=True)
    ]
    width = WIDTH // 2 - 80

    def line(at: float) -> Spec:
        return {"mark": {"type": "rule", "color": INK, "strokeDash": [4, 3], "aria": False},
                "encoding": {"y": {"datum": at, "type": "quantitative"}}}  # fmt: skip

    return {
        "spacing": 40,
        "hconcat": [
            {
                "width": width,
                "height": 220,
                "data": {"values": bins},
                "layer": [
                    {
                        "mark": {"type": "rect", "color": FAINT, "opacity": 0.6},
                        "encoding": {
                            "x": {
                                "field": "bin",
                                "type": "quantitative",
                                "axis": {"title": "where in its forecast a count fell (0 to 1)", "grid": False},
                            },
                            "x2": {"field": "end"},
                            "y": {"field": "share", "type": "quantitative", "axis": {"title": "share of counts"}},
                            "y2": {"field": "none"},
                        },
                    },
                    line(1 / len(found.pit)),
                ],
            },
            {
                "width": width,
                "height": 220,
                "data": {"values": parts},
                "layer": [
                    {
                        "mark": {"type": "point", "filled": True, "size": 70, "color": FAINT, "opacity": 1},
                        "encoding": {
                            "x": {
                                "field": "size",
                                "type": "nominal",
                                "sort": None,
                                "axis": {"title": "expected events of a pair and day", "labelAngle": -35},
                            },
                            "y": {
                                "field": "share",
                                "type": "quantitative",
                                "scale": {"zero": False, "domainMax": 1.0},
                                "axis": {"title": "inside the 80 % interval", "format": ".0%"},
                            },
                        },
                    },
                    line(0.8),
                ],
            },
        ],
    }


def backtest(found: Backtest, *, as_of: Date | None = None) -> Figure:
    """Scores over simpler forecasts above, calibration below.

    Args:
        found: the backtest. as_of: last day forecast where None.
    """
    body = {"spacing": 36, "vconcat": [_gains(found.scores), _honest(found.calibration)]}
    return figure(
        "How well the model predicts, next to simpler forecasts",
        body,
        notes=[
            _tested(found.scores),
            "Above, right of zero: better. Point: estimate; line: 90 % interval.",
            f"Below: {_held(found.calibration)}",
        ],
        description=found.summary(),
        as_of=as_of or max(Date.fromisoformat(s.end) for s in found.scores),
        source=", ".join(dict.fromkeys(s.data for s in found.scores if s.data)),
    )


def diagnosis(found: Diagnosis, *, as_of: Date | None = None, source: str = "", most: int = 20) -> Figure:
    """Where a fit is off: pairs and months with more or fewer events than expected.

    Args:
        found: the diagnosis. as_of: date by which the record was known. source: of the data.
        most: pairs shown, those farthest off.
    """
    named = found.residuals.with_columns(pair=pl.format("{} – {}", "one", "other"))
    off = named.group_by("pair").agg(far=pl.col("z").abs().max()).sort("far", "pair", descending=[True, False])
    pairs = off["pair"].head(most).to_list()
    more, fewer = "more than expected", "fewer than expected"
    values = [
        {
            "pair": row["pair"],
            "month": f"{row['month']:%Y-%m}",
            "off": abs(row["z"]),
            "way": more if row["z"] > 0 else fewer,
            "note": f"{row['pair']}, {row['month']:%B %Y}: {row['seen']:.0f} seen, {row['expected']:.1f} expected",
        }
        for row in named.filter(pl.col("pair").is_in(pairs)).sort("month").iter_rows(named=True)
    ]
    months = sorted({v["month"] for v in values})
    body = {
        "width": WIDTH - 190,
        "height": {"step": 22},
        "data": {"values": values},
        "mark": {"type": "point", "filled": True, "color": INK},
        "encoding": {
            "x": {
                "field": "month",
                "type": "ordinal",
                "axis": {"title": None, "labelAngle": -60, "values": months[:: max(len(months) // 24, 1)]},
            },
            "y": {"field": "pair", "type": "nominal", "sort": pairs, "axis": {"title": None, "grid": True}},
            "size": {
                "field": "off",
                "type": "quantitative",
                "scale": {"range": [2, 160]},
                "legend": {"title": "standard deviations off", "titleLimit": 300, "symbolFillColor": FAINT},
            },
            "shape": {
                "field": "way",
                "type": "nominal",
                "scale": {"domain": [more, fewer], "range": ["triangle-up", "triangle-down"]},
                "legend": {"symbolFillColor": INK},
            },
            "opacity": {"condition": {"test": "datum.off > 3", "value": 0.9}, "value": 0.35},
            "description": {"field": "note"},
        },
    }
    return figure(
        "Where the model is off",
        body,
        notes=[f"The {len(pairs)} pairs farthest off, by month; dark: more than 3 standard deviations."],
        description=found.summary(),
        as_of=as_of or _end(found),
        source=source,
    )


def _end(found: Diagnosis) -> Date | None:
    """Last day of the record that was fitted; else of its last month."""
    last, month = found.stability["end"].max(), found.residuals["month"].max()
    if isinstance(last, Date):
        return last
    return (
        (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        if isinstance(month, Date)
        else None
    )


def triggers(found: Triggers, *, most: int = 12, as_of: Date | None = None, source: str = "") -> Figure:
    """What raised the rate of an event: shares of the baseline and of earlier events, which sum to one.

    Args:
        found: the shares. most: earlier events shown.
        as_of: date by which the record was known; the day of the event where None. source: of the data.
    """
    values = [_cause(row) for row in found.frame(most).iter_rows(named=True) if row["share"] > 0]
    kinds = ["cooperation", "hostility"]
    grey = "tie"
    body = {
        "width": WIDTH - 330,
        "height": {"step": 34},
        "data": {"values": values},
        "mark": {"type": "bar", "height": 14},
        "encoding": {
            "x": {
                "field": "share",
                "type": "quantitative",
                "axis": {"title": "share of the rate", "format": ".0%", "tickCount": 6},
            },
            "y": {
                "field": "cause",
                "type": "nominal",
                "sort": [v["cause"] for v in values],
                "axis": {"title": None, "ticks": False, "domain": False, **LINES},
            },
            "color": {
                "field": "tone",
                "type": "nominal",
                "scale": {
                    "domain": [*kinds, "baseline and the rest"],
                    "range": [*tones(*kinds)["range"], *tones(grey)["range"]],
                },
                "legend": {"symbolType": "square"},
            },
            "description": {"field": "note"},
        },
    }
    return figure(
        f"What raised the rate of an event: {clip(found.what, 80)}, {day(found.day)}",
        body,
        notes=["Shares by the model, which sum to one. A share does not show that one act brought about the other."],
        description=found.summary(),
        as_of=as_of or found.day,
        source=source,
    )


def _cause(row: dict[str, Any]) -> dict[str, Any]:
    share = row["share"]
    if row["cause"] != "event":
        words = {"baseline": "baseline: what they do in any case", "not held": "events this record does not hold"}
        said = words.get(row["cause"], row["cause"])
        return {"cause": said, "share": share, "tone": "baseline and the rest", "note": f"{said}: {share:.1%}"}
    did = f"{day(row['day'])}: {name(row['source'])} – {deed(row['type'])} – {name(row['target'])}"
    tone = "hostility" if is_hostile(row["type"]) else "cooperation"
    sentence = row["sentence"] or row["archive"] or ""
    return {"cause": wrap(did, 46), "share": share, "tone": tone, "note": f"{share:.1%} {did}. {clip(sentence, 200)}"}


def answer(found: Answer, *, as_of: Date | None = None, source: str = "") -> Figure:
    """What the record says of a claim: rate ratio with its interval, among the ratios of moved windows.

    Args:
        found: the answer, and those by group. as_of: date by which the record was known. source: of the data.
    """
    points, placebo = [], []
    for part in (found, *found.parts):
        label = part.group or "all"
        if part.compared is None:
            continue
        c = part.compared
        ratio, low, high = (_drawn(x) for x in (c.ratio, c.low, c.high))
        points.append({"group": label, "ratio": ratio, "low": low, "high": high, "what": _OBSERVED,
                       "note": f"{label}: {part.verdict}; {c.summary()}"})  # fmt: skip
        placebo += [{"group": label, "ratio": _drawn(x), "what": _MOVED} for x in c.placebo]
    groups = [p["group"] for p in points]
    x: Spec = {
        "type": "quantitative",
        "scale": {"type": "log"},
        "axis": {"title": "rate of the effect after the cause, over its rate on other days (1: the same)",
                 "tickCount": 6},
    }  # fmt: skip
    y = {
        "field": "group",
        "type": "nominal",
        "sort": groups,
        "axis": {"title": None, "ticks": False, "domain": False, "labels": len(groups) > 1},
    }
    shape = {
        "field": "what",
        "type": "nominal",
        "scale": {"domain": [_OBSERVED, _MOVED], "range": ["circle", "stroke"]},
        "legend": {"symbolFillColor": INK, "symbolStrokeColor": INK},
    }
    body: Spec = {
        "width": WIDTH - 150,
        "height": {"step": 64},
        "layer": [
            {
                "data": {"values": placebo},
                "mark": {"type": "point", "angle": 90, "size": 300, "opacity": 0.35, "color": FAINT, "aria": False},
                "encoding": {"x": {"field": "ratio", **x}, "y": y, "shape": shape},
            },
            {
                "data": {"values": points},
                "mark": {"type": "rule", "strokeWidth": 3, "color": INK, "opacity": 0.6},
                "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}, "y": y},
            },
            {
                "data": {"values": points},
                "mark": {"type": "point", "filled": True, "size": 110, "color": INK, "opacity": 1},
                "encoding": {"x": {"field": "ratio", **x}, "y": y, "shape": shape, "description": {"field": "note"}},
            },
            {
                "mark": {"type": "rule", "color": INK, "strokeDash": [4, 3], "aria": False},
                "encoding": {"x": {"datum": 1, **x}},
            },
        ],
    }
    said = f"The record {found.verdict}{' it' if found.verdict in ('supports', 'contradicts') else ''}."
    some = "Point: this record; line: 90 % interval. Strokes: the same windows moved through the calendar."
    return figure(
        f"Claim: {clip(found.claim.summary(), 100)}",
        body,
        notes=[said, some if points else "No days could be compared: the record is too short, or the windows fill it."],
        description=found.summary(),
        as_of=as_of or (found.compared.end if found.compared else None),
        source=source,
    )


_OBSERVED: Final = "this record"
_MOVED: Final = "moved windows"


def _drawn(ratio: float) -> float:
    """A ratio as it is drawn on a logarithmic axis, which has no place for none and little for what is unknown."""
    return min(max(ratio, 0.02), 50.0)
