"""The outlook of a record of states: a watch list with chances, changes and reasons in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.codebook import TYPES, event_type, quad
from detente.errors import LearnError
from detente.figure import LINES, QUAD_TONES, WIDTH, Figure, Shown, figure, tones, wrap
from detente.outlook import kernel
from detente.outlook.facts import Facts, Ints, index
from detente.outlook.reasons import Teller
from detente.outlook.watch import DAYS, Watch, watch
from detente.words import the

SYMMETRIC: Final = tuple(name for name in TYPES if event_type(name).symmetric)
METHOD: Final = (
    "McFadden, D. (1974). Conditional logit analysis of qualitative choice behavior. In: Frontiers in Econometrics, "
    "105-142.",
    "Zadrozny, B. and Elkan, C. (2002). Transforming classifier scores into accurate multiclass probability estimates. "
    "KDD 2002, 694-699.",
    "Gastinger, J., Meilicke, C., Errica, F., Sztyler, T., Schuelke, A. and Stuckenschmidt, H. (2024). History repeats "
    "itself: a baseline for temporal knowledge graph forecasting. IJCAI 2024.",
)
SCHEMA: Final[dict[str, Any]] = {
    "actor": pl.String,
    "type": pl.String,
    "other": pl.String,
    "chance": pl.Float64,
    "before": pl.Float64,
    "change": pl.Float64,
    "reasons": pl.List(pl.String),
}
FULL: Final = 200
"""Rows of a list that are given with their reasons, if no narrower choice is made."""
SHOWN: Final = 12


@dataclass(frozen=True)
class Outlook(Shown):
    """What is likely between whom within the coming days, the likeliest first.

    Args:
        rows: columns :data:`SCHEMA`; ``chance`` of at least one such event within the days, ``before`` the chance for
            the stretch of days before it as it stood then (null where it was not on the list), ``change`` since.
        start: first day looked ahead to; everything before it was known. days: how many.
        weeks: stretches of days that the chances were learnt from. listed: rows of the whole list.
    """

    rows: pl.DataFrame
    start: Date
    days: int
    weeks: int
    listed: int

    @property
    def end(self) -> Date:
        """Last day looked ahead to."""
        return self.start + timedelta(days=self.days - 1)

    def frame(self) -> pl.DataFrame:
        """The list as a table."""
        return self.rows

    def summary(self) -> str:
        """The head of the list in words, with reasons."""
        head = (
            f"Outlook from {self.start} to {self.end}: the likeliest of {self.listed:,} possible events, learnt from "
            f"{self.weeks} earlier stretches of {self.days} days."
        )
        lines = [head]
        for row in self.rows.head(SHOWN).iter_rows(named=True):
            lines.append(f"{row['chance']:4.0%}{_moved(row['change']):>7s}  {sentence(row)}")
            lines.extend(f"             {reason}" for reason in row["reasons"])
        if self.rows.height > SHOWN:
            lines.append(f"{self.rows.height - SHOWN} more: as a table.")
        if self.rows["chance"].head(SHOWN).n_unique() < min(SHOWN, self.rows.height):
            lines.append("Rows with the same chance came equally often; they stand in the order of the model's scores.")
        lines.append(
            "A chance is how often such rows came true in weeks that the model was not fitted on, whatever made them "
            "come true; it is of being reported, in these data."
        )
        return "\n".join(lines)

    def figure(self, most: int = 15) -> Figure:
        """Chances now as bars, and those of the stretch before as ticks."""
        shown = self.rows.head(most)
        values = [
            {
                "what": wrap(sentence(row), 60),
                "chance": row["chance"],
                "before": row["before"],
                "tone": QUAD_TONES[quad(row["type"])],
            }
            for row in shown.iter_rows(named=True)
        ]
        y = {"field": "what", "type": "nominal", "sort": None, "title": None, "axis": LINES}
        x = {"type": "quantitative", "scale": {"domain": [0, 1]}, "axis": {"format": "%"}}
        colour = {"field": "tone", "type": "nominal", "scale": tones("cooperation", "hostility")}
        bars = {
            "mark": {"type": "bar", "height": {"band": 0.6}},
            "encoding": {"y": y, "x": {"field": "chance", "title": "chance", **x}, "color": colour},
        }
        ticks = {
            "transform": [{"filter": "datum.before !== null"}],
            "mark": {"type": "tick", "thickness": 2, "color": "#1F2328"},
            "encoding": {"y": y, "x": {"field": "before", **x}},
        }
        body = {
            "data": {"values": values},
            "width": WIDTH - 420,
            "height": {"step": 34},
            "layer": [bars, ticks],
        }
        return figure(
            f"Likeliest events, {self.start} to {self.end}",
            body,
            notes=("Bars: chance of at least one such event. Ticks: the chance as it stood one such stretch earlier.",),
            as_of=self.start - timedelta(days=1),
            source="this record",
        )

    def cite(self) -> list[str]:
        """Sources of the method."""
        return list(METHOD)


def sentence(row: dict[str, Any]) -> str:
    """A row in words.

    Example:
        >>> sentence({"actor": "JPN", "type": "CONSULT", "other": "CHN"})
        'CONSULT: Japan and China'
    """
    if row["type"] in SYMMETRIC:
        return f"{row['type']}: {the(row['actor'])} and {the(row['other'])}"
    return f"{row['type']}: {the(row['actor'])} toward {the(row['other'])}"


def _moved(change: float | None) -> str:
    return "(new)" if change is None else f"({round(100 * change):+d})"


def outlook(
    table: pl.DataFrame,
    *,
    days: int = DAYS,
    actor: str | None = None,
    type: str | None = None,
    as_of: Date | None = None,
    seed: int = 7,
) -> Outlook:
    """Look ahead from a daily event table.

    Args:
        table: columns ``day``, ``source``, ``target`` (state codes), ``type`` (PLOVER).
        days: how many days ahead. as_of: last known day; the last of the table where None.
        actor: only events by this one, or with it where both sides act. type: only of this PLOVER type.
        seed: of what is drawn at random.

    Raises:
        LearnError: too short a record, or one that does not reach the day. CodebookError: no such type.
    """
    wanted = event_type(type.upper()).name if type else None
    if days < 1:
        raise LearnError("An outlook takes one day or more.")
    known = table if as_of is None else table.filter(pl.col("day") <= as_of)
    known = known.filter(pl.col("source") != pl.col("target"))
    if known.is_empty():
        raise LearnError(
            "No dated events between two states"
            + (f" up to {as_of}" if as_of else "")
            + ": load some (detente load) or read reports first."
        )
    first, last = known["day"].min(), known["day"].max()
    assert isinstance(first, Date) and isinstance(last, Date)
    start = (as_of or last) + timedelta(days=1)
    facts, codes = numbered(known)
    state = kernel.begin(facts, horizon=(start - last).days + 2 * days + 2)
    found = watch(facts, state, day=(start - first).days, days=days, seed=seed)
    return _outlook(found, facts, state, codes, start, days, actor, wanted)


def numbered(table: pl.DataFrame) -> tuple[Facts, list[str]]:
    """A daily event table as facts, day 0 its first day, and its actors by number; mutual acts stand both ways."""
    first = table["day"].min()
    codes = sorted({*table["source"].to_list(), *table["target"].to_list()})
    number = {code: i for i, code in enumerate(codes)}
    kind = {name: i for i, name in enumerate(TYPES)}
    rows: Ints = np.stack(
        [
            table["source"].replace_strict(number, return_dtype=pl.Int64).to_numpy(),
            table["type"].replace_strict(kind, return_dtype=pl.Int64).to_numpy(),
            table["target"].replace_strict(number, return_dtype=pl.Int64).to_numpy(),
            (table["day"] - first).dt.total_days().to_numpy(),
        ],
        1,
    )
    rows = np.vstack([rows, rows[_mutual(rows)][:, [2, 1, 0, 3]]])
    return index(rows, len(codes), len(TYPES), np.full(len(codes), -1)), codes


def _outlook(
    found: Watch,
    facts: Facts,
    state: kernel.State,
    codes: list[str],
    start: Date,
    days: int,
    actor: str | None,
    type: str | None,
) -> Outlook:
    rows, mutual = found.now.rows, _mutual(found.now.rows)
    told = _told(rows)
    score, chances, earlier = (_joint(x, told) for x in (found.model.score(found.now.x), found.chance, found.before))
    by = np.ones(len(rows), bool)
    keep = by.copy()
    if actor is not None:
        by, toward = (rows[:, side] == (codes.index(actor) if actor in codes else -1) for side in (0, 2))
        keep = by | (toward & mutual)
    if type is not None:
        keep &= rows[:, 1] == TYPES.index(type)
    # Of what is listed from both sides, that of the actor, or else the likelier one.
    order = np.lexsort((-found.chance, ~by))
    once = order[np.unique(told[order], return_index=True)[1]]
    chosen = once[keep[once]]
    chosen = chosen[np.lexsort((-score[chosen], -chances[chosen]))][:FULL]
    teller = Teller(facts, state, found.now.day, [the(code) for code in codes], TYPES)
    parts = found.model.parts(found.now.x[chosen])
    records = []
    for row, part in zip(chosen, parts, strict=True):
        s, r, o = (int(cell) for cell in rows[row])
        chance, before = float(chances[row]), float(earlier[row])
        was = None if np.isnan(before) else before
        reasons = teller.reasons(s, r, o, part)
        records.append((codes[s], TYPES[r], codes[o], chance, was, None if was is None else chance - was, reasons))
    frame = pl.DataFrame(records, schema=SCHEMA, orient="row")
    return Outlook(frame, start, days, found.weeks, len(once))


def _mutual(rows: Ints) -> NDArray[np.bool_]:
    """Which rows (n, 3 or more; subject, relation, object) are of a type without direction."""
    return np.isin(rows[:, 1], [TYPES.index(name) for name in SYMMETRIC])


def _told(rows: Ints) -> Ints:
    """(n,) number of what each row says: a mutual act, listed from either side or from both, is told once."""
    sides = np.where(_mutual(rows)[:, None], np.sort(rows[:, [0, 2]], axis=1), rows[:, [0, 2]])
    number: Ints = np.unique(np.column_stack([sides, rows[:, 1]]), axis=0, return_inverse=True)[1].reshape(-1)
    return number


def _joint(x: NDArray[np.float64], told: Ints) -> NDArray[np.float64]:
    """(n,) means of the rows that say the same; NaN where there is none for any of them."""
    there = ~np.isnan(x)
    sums, n = (np.bincount(told[there], weights, int(told.max()) + 1) for weights in (x[there], None))
    return np.where(n > 0, sums / np.maximum(n, 1), np.nan)[told]
