"""Whether chances of past watch lists came true as often as they said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.errors import LearnError
from detente.figure import WIDTH, Figure, Shown, figure
from detente.outlook import kernel
from detente.outlook.facts import Facts
from detente.outlook.watch import DAYS, WEEKS, came, learn, lists

LEAST: Final = 0.05
"""Rows with a smaller chance are beneath notice: their share that came is told by itself."""
SCHEMA: Final[dict[str, Any]] = {
    "band": pl.Int64,
    "rows": pl.Int64,
    "chance": pl.Float64,
    "came": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}


@dataclass(frozen=True)
class Reliability(Shown):
    """Chances given and frequencies observed on lists of the last part of a record.

    Args:
        deciles: tenths of the rows with a chance of 5 % or more, by chance; tenths: the same rows by the chance itself
            (5 to 10 %, 10 to 20 % ...). Columns :data:`SCHEMA`: mean chance, share that came, its 90 % interval.
        rest: rows with a smaller chance: how many, mean chance, share that came.
        found: share of all events that came whose row was on the list with 5 % or more.
        lists, days: number of lists, and the days that each looks ahead.
    """

    deciles: pl.DataFrame
    tenths: pl.DataFrame
    rest: tuple[int, float, float]
    found: float
    lists: int
    days: int

    @property
    def worst(self) -> float:
        """Largest distance between chance and frequency in a decile."""
        return float((self.deciles["chance"] - self.deciles["came"]).abs().max() or 0.0)  # type: ignore[arg-type]

    def frame(self) -> pl.DataFrame:
        """The deciles."""
        return self.deciles

    def summary(self) -> str:
        """Both tables as text."""
        lines = [
            f"{self.lists} lists of {self.days} days; worst decile {100 * self.worst:.1f} points off; "
            f"{self.found:.0%} of the events that came were listed with {LEAST:.0%} or more."
        ]
        for title, table in (("by tenth of the rows", self.deciles), ("by chance", self.tenths)):
            lines.append(f"  {title}: rows, chance, came (90 % interval)")
            for _, n, p, y, low, high in table.iter_rows():
                lines.append(f"    {n:7d}  {100 * p:5.1f} %  {100 * y:5.1f} %  ({100 * low:.1f} to {100 * high:.1f})")
        n, p, y = self.rest
        lines.append(f"  below {LEAST:.0%}: {n} rows, chance {100 * p:.2f} %, came {100 * y:.2f} %")
        return "\n".join(lines)

    def figure(self) -> Figure:
        """Chance against frequency, by decile."""
        x = {"field": "chance", "type": "quantitative", "title": "chance given", "scale": {"domain": [0, 1]},
             "axis": {"format": "%"}}  # fmt: skip
        y = {"type": "quantitative", "title": "share that came", "scale": {"domain": [0, 1]}, "axis": {"format": "%"}}
        body = {
            "data": {"values": self.deciles.to_dicts()},
            "width": WIDTH // 2,
            "height": WIDTH // 2,
            "layer": [
                {
                    "data": {"values": [{"chance": 0, "came": 0}, {"chance": 1, "came": 1}]},
                    "mark": {"type": "line", "color": "#8C8C8C", "strokeDash": [4, 4]},
                    "encoding": {"x": x, "y": {"field": "came", **y}},
                },
                {
                    "mark": {"type": "rule", "color": "#0072B2"},
                    "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}},
                },
                {
                    "mark": {"type": "point", "filled": True, "size": 60, "color": "#0072B2", "opacity": 1},
                    "encoding": {"x": x, "y": {"field": "came", **y}},
                },
            ],
        }
        notes = (f"Points: tenths of the rows of {self.lists} lists with a chance of {LEAST:.0%} or more.",)
        return figure("Chances given and what came", body, notes=notes, source="the last quarter of the record")


def reliability(facts: Facts, *, days: int = DAYS, seed: int = 7) -> Reliability:
    """Make the lists of the last quarter of a record as they would have been made then, and see what came.

    Raises:
        LearnError: too short a record.
    """
    began, ended = int(facts.rows[0, 3]), int(facts.rows[-1, 3]) + 1
    quarter = ended - (ended - began) // 4
    ahead = np.arange(quarter, ended - days + 1, days)
    behind = np.arange(quarter - days, began + (ended - began) // 5, -days)[:WEEKS][::-1]
    if not len(ahead):
        raise LearnError("The last quarter of this record is shorter than the days looked ahead.")
    state = kernel.begin(facts, horizon=2 * days)
    made = lists(facts, state, np.concatenate([behind, ahead]))
    chances, happened, came_at_all = [], [], 0
    for at in range(len(behind), len(made)):
        one, model = made[at], learn(facts, made[max(0, at - WEEKS) : at], days, seed=seed)
        chances.append(model.of(one.x))
        happened.append(came(facts, one, days))
        rows = facts.rows[facts.start[one.day] : facts.start[one.day + days], :3]
        came_at_all += len(np.unique(rows[rows[:, 1] < facts.n_relations], axis=0))
    p, y = np.concatenate(chances), np.concatenate(happened)
    kept = p >= LEAST
    if not kept.any():
        raise LearnError("No row of these lists had a chance worth notice.")
    edges = np.quantile(p[kept], np.linspace(0, 1, 11))
    deciles = np.clip(np.searchsorted(edges, p[kept], side="right") - 1, 0, 9)
    tenths = np.minimum((p[kept] * 10).astype(int), 9)
    rest = (int((~kept).sum()), float(p[~kept].mean()), float(y[~kept].mean()))
    return Reliability(
        _bands(deciles, p[kept], y[kept]),
        _bands(tenths, p[kept], y[kept]),
        rest,
        float(y[kept].sum() / came_at_all),
        len(ahead),
        days,
    )


def _bands(band: NDArray[np.int64], p: NDArray[np.float64], y: NDArray[np.bool_]) -> pl.DataFrame:
    rows = []
    for one in np.unique(band):
        mine = band == one
        n, share = int(mine.sum()), float(y[mine].mean())
        # Wilson's interval of 90 %.
        z = 1.6449
        middle, half = share + z * z / (2 * n), z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        low, high = ((middle + sign * half) / (1 + z * z / n) for sign in (-1, 1))
        rows.append((int(one), n, float(p[mine].mean()), share, float(low), float(high)))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
