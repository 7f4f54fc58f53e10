"""What raised the rate of an event: exact shares of the baseline and of each earlier event, by the model.

The rate of the model is a sum (:class:`detente.learn.model.Fit`), damped as a whole by recent cooperation of the pair,
so it can be taken apart without remainder: so much is baseline, so much is each earlier event, through all channels
together. A share is the chance, by the model, that the event belongs to that cause (Veen and Schoenberg 2008); it does
not show that one act brought about the other.
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
from detente.figure import Figure, Shown
from detente.learn import daily, estimate
from detente.learn.exposures import GAP, SYMMETRIC, Counts, channels, count, damped, decay, symmetrise
from detente.learn.further import by_type
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
class Triggers(Shown):
    """An event's rate taken apart. All shares together are one.

    Args:
        id: of the event, where it has one. day: on which it happened. what: who did what to whom.
        rate: expected events a day of that kind, without weekday and reporting volume.
        baseline: share of the baseline, as it was on that day.
        unseen: share of events that the record does not hold but media-wide data would (a desk's model, else zero).
        causes: the earlier events, columns :data:`CAUSES`, largest share first.
        left: what recent cooperation between these actors left of the rate, in (0, 1]. It damps all shares alike.
    """

    id: str
    day: Date
    what: str
    rate: float
    baseline: float
    unseen: float
    causes: pl.DataFrame
    left: float = 1.0

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

    def figure(self, **how: Any) -> Figure:
        """The shares as bars: see :func:`detente.learn.trial_figures.triggers`."""
        from detente.learn import trial_figures  # here, as only few look at it

        return trial_figures.triggers(self, **how)

    def summary(self, most: int = 10) -> str:
        """The shares in words."""
        calmed = f", after recent cooperation between them left {self.left:.1%} of it" if self.left < 0.9995 else ""
        head = f"{self.what} on {self.day}: {self.rate:.3f} such events a day were to be expected{calmed}."
        lines = [f"{head} Of this rate"]
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


def refuse(id: str, found: pl.DataFrame | pl.LazyFrame | None) -> None:
    """Say why no model has a rate for an event that ``desk.events()`` lists.

    Raises:
        LearnError: the reason, where the event is listed and left out of learning.
    """
    if found is None or not daily.attributed(found):
        return
    listed = found.lazy().filter(pl.col("id") == id).collect().select(why=daily.reason())["why"].drop_nulls()
    if len(listed):
        raise LearnError(f"The model has no rate for event {id}: {listed[0]}.")


def of_event(fit: Fit, id: str, table: pl.DataFrame | pl.LazyFrame | None = None) -> Triggers:
    """Take the rate of an event of a record apart.

    Args:
        fit: the model. id: of the event.
        table: ``desk.events()``, or a daily event table with ids, as for :func:`triggers`; that on which the model was
            fitted where None.

    Raises:
        LearnError: no record with ids at hand, no such event or one that no model can take, or actors that the model
            does not know.
    """
    if not isinstance(id, str):
        raise LearnError(f"An event is named by its id, a text such as '1c0ffee1c0ffee00', not by {id!r}.")
    record = fit.table if table is None else daily.events(table)
    if record is None or "id" not in record.columns:
        raise LearnError(
            "This model does not hold its record with the ids of events; fit it on desk.events(), or use desk.triggers."
        )
    rows = record.filter(pl.col("id") == id)
    if rows.is_empty():
        refuse(id, table)
        raise LearnError(
            f"The record of this model holds no event {id}; model.table lists them with their ids. It holds asserted "
            "events with a type, on a known day, between two states; give table=desk.events() to learn what fails."
        )
    known = rows.filter(pl.col("source").is_in(fit.actors), pl.col("target").is_in(fit.actors))
    cells = list(known.select("source", "target", "type").unique(maintain_order=True).iter_rows())
    if not cells:
        raise LearnError(f"The model knows no two actors of event {id}; it knows {', '.join(fit.actors)}.")
    return triggers(fit, record, day=rows["day"][0], cells=cells, id=id)


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
    base, state = _baseline(fit, day), np.zeros(fit.state.shape)
    if past is not None:
        state += _state(past, fit, day - timedelta(1))
    unheld = np.zeros(fit.state.shape)
    if prior:
        held = inside.filter(pl.col("day") <= fit.end)
        known_then = 0.0 if held.is_empty() else _state(count(held, fit.actors, gap=None), fit, fit.end)
        unheld = np.maximum(fit.state - known_then, 0.0)
    hidden = channels(unheld, fit.partners, fit.foes)
    left = by_type(damped(state + unheld, fit.damping, fit.damping_scale), fit.types)
    baseline = unseen = undamped = 0.0
    values = np.zeros(len(past.n) if past else 0)
    for a, b, k in wanted:
        own, much = float(base[a, b, k]), float(left[a, b, k])
        beside = float(np.einsum("c,clh,chl->", fit.theta[:, a, b], hidden[:, a, b], fit.weights[..., k]))
        of_past = _contributions(fit, past, day, a, b, k) if past is not None else values
        undamped += own + beside + float(of_past.sum())
        baseline, unseen, values = baseline + much * own, unseen + much * beside, values + much * of_past
    rate = baseline + unseen + float(values.sum())
    causes = _causes(inside, fit, past, values / rate, day) if past is not None else pl.DataFrame(schema=CAUSES)
    what = "; ".join(f"{a} {k} {b}" for a, b, k in cells)
    return Triggers(id, day, what, rate, baseline / rate, unseen / rate, causes, left=rate / undamped)


def _baseline(fit: Fit, day: Date) -> Floats:
    """(A, A, K) the baseline on a day. Where the fit is on a record by itself, it moves with the long-run means of the
    record; in the first week of record, and without that record at hand, it is that of the end of the data."""
    if fit.mixture is None or fit.table is None or day > fit.end:
        return np.asarray(fit.base)
    end, then = (_components(fit, fit.table.filter(pl.col("day") < until)) for until in (fit.end + timedelta(1), day))
    if end is None or then is None or (day - then[1]).days > GAP:
        return np.asarray(fit.base)
    # What a pair has beyond the mixture is a factor, the same on all days: read off its types with a direction.
    factor = fit.base[..., ~SYMMETRIC].sum(2) / np.maximum(end[0][..., ~SYMMETRIC].sum(2), 1e-300)
    quiet = (day - then[1]).days - 1
    out: Floats = symmetrise(factor[..., None] * then[0] * then[2] / (then[2] + quiet))
    return out


def _components(fit: Fit, table: pl.DataFrame) -> tuple[Floats, Date, float] | None:
    """(A, A, K) components of the baseline after a record, mixed; its last day, and its length in days."""
    try:
        # All pairs count as active, so that each has its components.
        d = estimate.design(count(table, fit.actors), estimate.Settings(few=len(fit.actors), burn=0))
    except LearnError:
        return None
    out, of = np.zeros(fit.base.shape), d.record.of
    out[of[:, 0], of[:, 1]] = np.einsum("jk,jpk->pk", np.asarray(fit.mixture), d.base_parts)
    return out, d.counts.dates[-1], d.days


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


def _state(counts: Counts, fit: Fit, end: Date) -> Floats:
    """(A, A, L, H) decayed history of a record after a day."""
    state, keep = np.zeros(fit.state.shape), decay(fit.taus)
    ages = np.array([(end - counts.dates[t]).days for t in counts.day])
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
        felt = channels(unit, fit.partners, fit.foes)[:, a, b]  # (C, L, some)
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
