"""What raised the rate of an event: exact shares of the baseline and of each earlier event, by the model.

The rate of the model is a sum (:class:`detente.learn.model.Fit`), so it can be taken apart without remainder: so much
is baseline, so much is each earlier event, through all channels together. A share is the chance, by the model, that the
event belongs to that cause (Veen and Schoenberg 2008); it does not show that one act brought about the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.codebook import event_type
from detente.errors import LearnError
from detente.learn.exposures import GAP, SYMMETRIC, Counts, channels, count, decay
from detente.learn.model import Fit

Floats = NDArray[np.floating[Any]]

CAUSES: Final[dict[str, Any]] = {
    "id": pl.String,
    "day": pl.Date,
    "source": pl.String,
    "target": pl.String,
    "type": pl.String,
    "share": pl.Float64,
    "archive": pl.String,
    "report": pl.String,
    "sentence": pl.String,
}
"""Columns of :attr:`Triggers.causes`."""

_BATCH: Final = 64  # pairs of actors whose exposures are made at once


@dataclass(frozen=True)
class Triggers:
    """An event's rate taken apart. All shares together are one.

    Args:
        id: of the event, where it has one. day: on which it happened. what: who did what to whom.
        rate: expected events a day of that kind, without weekday and reporting volume.
        baseline: share of the baseline.
        unseen: share of events that the record does not hold but media-wide data would (a desk's model, else zero).
        causes: the earlier events, columns :data:`CAUSES`, largest share first.
    """

    id: str
    day: Date
    what: str
    rate: float
    baseline: float
    unseen: float
    causes: pl.DataFrame

    def frame(self, most: int | None = None) -> pl.DataFrame:
        """All shares as a table that sums to one: baseline, what is not held, the ``most`` largest causes and the rest.

        Returns:
            Columns ``cause`` (``baseline``, ``not held``, ``event``, ``other events``) and :data:`CAUSES`.
        """
        shown = self.causes.head(len(self.causes) if most is None else most)
        whole = [("baseline", self.baseline), ("not held", self.unseen)]
        rest = ("other events", float(self.causes["share"][shown.height :].sum()))
        rows = pl.DataFrame(
            {"cause": [name for name, _ in (*whole, rest)], "share": [share for _, share in (*whole, rest)]}
        )
        events = shown.with_columns(cause=pl.lit("event"))
        every = pl.concat([rows[:2], events, rows[2:]], how="diagonal_relaxed")
        return every.select("cause", *CAUSES)

    def summary(self, most: int = 10) -> str:
        """The shares in words."""
        lines = [f"{self.what} on {self.day}: {self.rate:.3f} such events a day were to be expected. Of this rate"]
        lines.append(f"  {self.baseline:6.1%} baseline: what these actors do in any case")
        if self.unseen > 0:
            lines.append(f"  {self.unseen:6.1%} events that this record does not hold, at their long-run mean")
        for row in self.causes.head(most).iter_rows(named=True):
            where = row["sentence"] or row["archive"] or row["id"] or ""
            ago = (self.day - row["day"]).days
            who = f"{row['source']} {row['type']} {row['target']}"
            lines.append(f"  {row['share']:6.1%} {row['day']} ({ago} days before) {who}: {where}")
        if len(self.causes) > most:
            rest = float(self.causes["share"][most:].sum())
            lines.append(f"  {rest:6.1%} {len(self.causes) - most} other earlier events together")
        return "\n".join(lines)


def triggers(
    fit: Fit,
    table: pl.DataFrame,
    *,
    day: Date,
    cells: Sequence[tuple[str, str, str]],
    id: str = "",
) -> Triggers:
    """Take the rate of an event apart.

    Args:
        fit: the model.
        table: daily event table with the earlier events; columns ``day``, ``source``, ``target``, ``type``, optional
            ``count``, ``id``, ``report``, ``archive``, ``sentence``. Rows of one ``id`` are one event.
        day: on which the event happened; only days before it can bear on it.
        cells: source, target and type of the event, more than one where it had several actors.
        id: of the event.

    Raises:
        LearnError: an actor that the model does not know, or no cell.

    Example:
        >>> from detente.learn import prior
        >>> rows = [(Date(2018, 5, 1), "KOR", "PRK", "ACCUSE"), (Date(2018, 5, 3), "PRK", "KOR", "ACCUSE")]
        >>> table = pl.DataFrame(rows, schema=["day", "source", "target", "type"], orient="row")
        >>> model = prior().select(["KOR", "PRK", "USA"])
        >>> found = triggers(model, table, day=Date(2018, 5, 3), cells=[("PRK", "KOR", "ACCUSE")])
        >>> round(found.frame()["share"].sum(), 12)
        1.0
    """
    if not cells:
        raise LearnError("The event has no source and target that the model could know.")
    wanted = [(fit.index(a), fit.index(b), fit.types.index(k)) for a, b, k in cells]
    # An event of a symmetric type counts half in each direction, so its rate is that of both.
    wanted = list(
        dict.fromkeys(w for a, b, k in wanted for w in ([(a, b, k), (b, a, k)] if SYMMETRIC[k] else [(a, b, k)]))
    )
    known = pl.col("source").is_in(fit.actors) & pl.col("target").is_in(fit.actors)
    inside = table.filter(known, pl.col("source") != pl.col("target"))
    prior = fit.prior_share > 0 or "prior" in fit.provenance
    past = _past(inside, fit, day, None if prior else GAP)
    baseline = sum(float(fit.base[a, b, k]) for a, b, k in wanted)
    hidden = channels(np.maximum(fit.state - _state(inside, fit), 0.0), fit.partners) if prior else None
    unseen, values = 0.0, np.zeros(len(past.n) if past else 0)
    for a, b, k in wanted:
        if hidden is not None:
            unseen += float(np.einsum("c,clh,chl->", fit.theta[:, a, b], hidden[:, a, b], fit.weights[..., k]))
        if past is not None:
            values += _contributions(fit, past, day, a, b, k)
    rate = baseline + unseen + float(values.sum())
    causes = _causes(inside, fit, past, values / rate, day) if past is not None else pl.DataFrame(schema=CAUSES)
    what = "; ".join(f"{a} {k} {b}" for a, b, k in cells)
    return Triggers(id, day, what, rate, baseline / rate, unseen / rate, causes)


def _past(table: pl.DataFrame, fit: Fit, day: Date, gap: int | None) -> Counts | None:
    """Events of the stretch of record that the day belongs to, before the day; None where there are none."""
    until = table.filter(pl.col("day") <= day)
    if until.filter(pl.col("day") < day).is_empty():
        return None
    counts = count(until, fit.actors, gap=gap)
    last, began = counts.dates[-1], counts.dates[int(np.flatnonzero(counts.fresh)[-1])]
    if began >= day or (gap is not None and (day - last).days > gap):
        return None
    return count(until.filter(pl.col("day") >= began, pl.col("day") < day), fit.actors, gap=None)


def _state(table: pl.DataFrame, fit: Fit) -> Floats:
    """(A, A, L, H) decayed history of the record at the end of the fit."""
    state = np.zeros_like(fit.state)
    rows = table.filter(pl.col("day") <= fit.end)
    if rows.is_empty():
        return state
    counts, keep = count(rows, fit.actors, gap=None), decay(fit.taus)
    ages = np.array([(fit.end - counts.dates[t]).days for t in counts.day])
    value = counts.n[:, None] * (1 - keep) * keep ** ages[:, None]
    half = np.where(SYMMETRIC[counts.k], 0.5, 1.0)[:, None] * value
    np.add.at(state, (counts.a, counts.b, counts.k), half)
    mirrored = SYMMETRIC[counts.k]
    np.add.at(state, (counts.b[mirrored], counts.a[mirrored], counts.k[mirrored]), half[mirrored])
    return state


def _contributions(fit: Fit, past: Counts, day: Date, a: int, b: int, k: int) -> Floats:
    """(N) what each cell of the past adds to the rate of type k by a toward b."""
    n, n_types = len(fit.actors), len(fit.types)
    there = list(zip(past.a.tolist(), past.b.tolist(), strict=True))
    pairs = sorted({*there, *((y, x) for x, y in there)})
    number = {pair: i for i, pair in enumerate(pairs)}
    added = np.zeros((len(pairs), n_types, len(fit.taus)))
    for start in range(0, len(pairs), _BATCH):
        some = pairs[start : start + _BATCH]
        unit = np.zeros((n, n, n_types, len(some)))
        for i, (x, y) in enumerate(some):
            unit[x, y, :, i] = 1.0
        felt = channels(unit, fit.partners)[:, a, b]  # (C, L, some)
        added[start : start + len(some)] = np.einsum("c,clp,chl->plh", fit.theta[:, a, b], felt, fit.weights[..., k])
    forth = np.array([number[pair] for pair in there])
    back = np.array([number[y, x] for x, y in there])
    one = added[forth, past.k]
    each = np.where(SYMMETRIC[past.k][:, None], (one + added[back, past.k]) / 2, one)
    keep = decay(fit.taus)
    ages = np.array([(day - past.dates[t]).days for t in past.day])[:, None]
    total: Floats = past.n * (each * (1 - keep) * keep ** (ages - 1)).sum(1)
    return total


def _causes(table: pl.DataFrame, fit: Fit, past: Counts, shares: Floats, day: Date) -> pl.DataFrame:
    """The cells' shares handed on to the events behind them, in proportion to their counts."""
    names = np.array(fit.actors)
    cells = pl.DataFrame(
        {
            "day": pl.Series([past.dates[t] for t in past.day], dtype=pl.Date),
            "one": names[past.a],
            "other": names[past.b],
            "type": np.array(fit.types)[past.k],
            "cell": shares,
        }
    )
    symmetric = pl.col("type").is_in([k for k in fit.types if event_type(k).symmetric])
    # Counts lists a symmetric event with the actor first that the model lists first.
    order = {code: i for i, code in enumerate(fit.actors)}
    place = [pl.col(side).replace_strict(order, return_dtype=pl.Int64) for side in ("source", "target")]
    swapped = symmetric & (place[0] > place[1])
    rows = table.filter(pl.col("day").is_between(min(past.dates), day - timedelta(1)))
    missing = [name for name in ("id", "archive", "report", "sentence") if name not in rows.columns]
    rows = rows.with_columns(
        *(pl.lit(None, pl.String).alias(name) for name in missing),
        *([] if "count" in rows.columns else [pl.lit(1, pl.Int64).alias("count")]),
        one=pl.when(swapped).then("target").otherwise("source"),
        other=pl.when(swapped).then("source").otherwise("target"),
    ).with_row_index("row")
    keys = ["day", "one", "other", "type"]
    told = rows.join(cells, on=keys, maintain_order="left").with_columns(
        share=pl.col("cell") * pl.col("count") / pl.col("count").sum().over(keys)
    )
    event = pl.coalesce("id", pl.format("row {}", "row"))
    first = [pl.col(name).first() for name in CAUSES if name not in ("share", "source", "target")]
    sides = [pl.col(side).unique(maintain_order=True).str.join(", ") for side in ("source", "target")]
    return (
        told.group_by(event.alias("event"), maintain_order=True)
        .agg(*first, *sides, pl.col("share").sum())
        .sort("share", "day", descending=True, maintain_order=True)
        .select(pl.col(name).cast(kind) for name, kind in CAUSES.items())
    )
