"""Many sightings, one event: by a rule that the analyst sets and that nothing stored depends on.

Archives of event data hold one row for each report, or for each sentence, that tells of an event. Counted as they are,
they measure coverage. The rule here is the usual one: same actors, same type, same place, same day; the window can be
widened and the place left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from msgspec import Struct
from numpy.typing import NDArray

from detente.errors import DeskError
from detente.record.archive import SIGHTINGS, Hashes

ODD = np.uint64(0x9E3779B97F4A7C15)  # spreads days over 64 bits
Days = NDArray[np.int64]

COLUMNS = {**SIGHTINGS, "sightings": pl.Int64}
"""Columns of what :func:`once` gives."""


class Once(Struct, frozen=True):
    """When two sightings are of one event.

    Args:
        window: days that a sighting may lie after the first one of its event; 0 for the same day.
        place: whether they must agree on the country (or the place, where the country cannot be told).
    """

    window: int = 0
    place: bool = True

    def __post_init__(self) -> None:
        if self.window < 0:
            raise DeskError(f"A window of {self.window} days makes no sense. Use 0 for the same day, or more days.")


def once(sightings: pl.LazyFrame, rule: Once | None = None) -> pl.LazyFrame:
    """Sightings as events, one row each.

    Sightings of the same actors and type (and place) are one event where their days lie within the window of its first
    one; the next later sighting begins another event. A sighting without a day, or of which an actor cannot be told, is
    an event by itself: two unknown actors are not known to be the same.

    Args:
        sightings: columns of :data:`detente.record.archive.SIGHTINGS`.
        rule: when two sightings are one event; same day and same place where none is given.

    Returns:
        The columns of the first sighting of each event (by day, then by when it became known, then by key), with
        ``sightings``, the number of them, and ``reports``, the sum of theirs. In no set order.

    Example:
        >>> once(pl.LazyFrame(schema=SIGHTINGS)).collect().columns[-1]
        'sightings'
    """
    rule = rule or Once()
    alone = pl.col("source").is_null() | pl.col("target").is_null() | pl.col("day").is_null()
    what = pl.col("same")
    if not rule.place:
        what = pl.concat_str("source", "target", "type", separator="|", ignore_nulls=True).hash()
    group = pl.when(alone).then("key").otherwise(what).alias("group")
    events = pl.struct(group, "day", "known", "key", "reports").map_batches(
        lambda rows: _events(rows.struct.unnest(), rule.window),
        return_dtype=pl.Struct({"sightings": pl.Int64, "reports": pl.Int64}),
    )
    return (
        sightings.with_columns(events.alias("_event"))
        .with_columns(pl.col("_event").struct.unnest())
        .filter(pl.col("sightings") > 0)
        .select(*COLUMNS)
    )


def _events(rows: pl.DataFrame, window: int) -> pl.Series:
    """How many sightings and reports stand behind the first sighting of each event; none behind the others.

    Args:
        rows: columns ``group``, ``day``, ``known``, ``key``, ``reports``, one row for each sighting.
        window: days that a sighting may lie after the first one.
    """
    group, key = rows["group"].to_numpy(), rows["key"].to_numpy()
    day, known = (_days(rows[name]) for name in ("day", "known"))
    if window:
        order, starts = _chains(group, day, window)
    else:
        line = group + day.view(np.uint64) * ODD  # groups are hashes already
        order = np.argsort(line)
        starts = _changes(line[order])
    sizes = np.diff(starts, append=order.size)
    # The first one is told among those of several only.
    several = np.repeat(sizes > 1, sizes)
    chosen = order[starts]
    if several.any():
        members, heads = order[several], np.cumsum(sizes[sizes > 1]) - sizes[sizes > 1]
        when = day[members] * (known.max() + 1) + known[members]
        early = when == np.repeat(np.minimum.reduceat(when, heads), sizes[sizes > 1])
        rank = np.where(early, key[members], np.iinfo(np.uint64).max)
        least = rank == np.repeat(np.minimum.reduceat(rank, heads), sizes[sizes > 1])
        hits = np.flatnonzero(least & early)
        chosen[sizes > 1] = members[hits[np.searchsorted(hits, heads)]]
    counted = np.zeros((2, order.size), dtype=np.int64)
    if order.size:
        counted[0, chosen] = sizes
        counted[1, chosen] = np.add.reduceat(rows["reports"].fill_null(0).to_numpy()[order], starts)
    return pl.DataFrame({"sightings": counted[0], "reports": counted[1]}).to_struct("_event")


def _days(dates: pl.Series) -> Days:
    """Days since the first of them; null comes last."""
    days = dates.to_physical().cast(pl.Int64)
    first = days.min()
    last = days.max()
    if not (isinstance(first, int) and isinstance(last, int)):
        return np.zeros(dates.len(), dtype=np.int64)
    return (days - first).fill_null(last - first + 1).to_numpy()


def _changes(ordered: NDArray[Any]) -> Days:
    """Where a value differs from the one before it, the first place among them."""
    new = np.ones(ordered.size, dtype=np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    return np.flatnonzero(new)


def _chains(group: Hashes, day: Days, window: int) -> tuple[Days, Days]:
    """Sightings in the order of group and day, and where an event begins in that order.

    An event is opened by the first sighting of its group, and by the first one after the window of the event before: a
    chain of jumps, which all groups make at once.
    """
    order = np.argsort(group)
    number = np.zeros(group.size, dtype=np.int64)
    heads = _changes(group[order])
    number[heads[1:]] = 1
    span = day.max(initial=0) + window + 2
    at = np.cumsum(number) * span + day[order]  # groups follow each other on one line of days
    by_day = np.argsort(at, kind="stable")
    order, at = order[by_day], at[by_day]
    ends = np.append(heads[1:], group.size)
    opens = np.zeros(group.size, dtype=np.bool_)
    here = heads
    while here.size:
        opens[here] = True
        then = np.searchsorted(at, at[here] + window, side="right")
        goes_on = then < ends
        here, ends = then[goes_on], ends[goes_on]
    return order, np.flatnonzero(opens)
