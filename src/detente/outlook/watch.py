"""The watch list: what is likely between whom within the coming days, as calibrated chances.

Every pair that has dealt with each other of late stands on the list with each relation that it showed before or that is
common everywhere; what the record knew at the start of each past stretch of days, and whether the event then came,
teaches :mod:`detente.outlook.chance` the chance of those to come.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.errors import LearnError
from detente.outlook import kernel
from detente.outlook.chance import Chance, fit
from detente.outlook.facts import Facts, Ints
from detente.outlook.ranking import MIX, N

DAYS: Final = 7
WEEKS: Final = 39
"""Stretches of days learnt from at most; the newest third calibrates."""
FEWEST: Final = 9
"""Stretches learnt from at least."""
CAME: Final = 30
"""Events on past lists that came, at least."""
TRIPLE: Final = 0.25
PAIR: Final = 0.5
"""Least count, fading with 40 days, of a triple and of a pair that puts it on the list."""
COMMON: Final = 16
"""Commonest relations that stand on the list for every such pair."""


class Listed(NamedTuple):
    """The list at one moment: rows (n, 3) subject, relation, object, sorted, and their features (n, F)."""

    day: int
    rows: Ints
    x: NDArray[np.float32]


def listed(facts: Facts, state: kernel.State, room: kernel.Room, day: int) -> Listed:
    """Bring the state up to the day before ``day``, and describe what may come from then on."""
    kernel.learn(facts, state, day)
    table, forward = facts.tables[0], facts.tables[0].relation < facts.n_relations
    one = np.repeat(np.arange(facts.n_actors), np.diff(table.first))
    own = np.flatnonzero(forward & (_fresh(state.triples[0], day, state) >= TRIPLE))
    rows = [np.stack([one[table.pair[own]], table.relation[own], table.other[table.pair[own]]], 1)]
    pairs = np.flatnonzero(_fresh(state.sides[0], day, state)[::2] >= PAIR)
    seen = np.flatnonzero(state.totals.last[: facts.n_relations] >= 0)
    common = seen[np.argsort(-state.totals.value[seen, -1], kind="stable")][:COMMON]
    rows.extend(np.stack([one[pairs], np.full(len(pairs), r), table.other[pairs]], 1) for r in common)
    triple = np.unique(np.vstack(rows), axis=0)
    x = np.zeros((len(triple), kernel.N_FEATURES), np.float32)
    kernel.portray(facts, state, room, triple, day, np.array(MIX), x)
    return Listed(day, triple, x)


def _fresh(count: kernel.Count, day: int, state: kernel.State) -> NDArray[np.float64]:
    """Counts that fade with 40 days, on a day; 0 where nothing was ever counted."""
    left = state.decay[3, np.maximum(day - count.last, 0)]
    return np.where(count.last >= 0, count.value[:, 3] * left, 0.0)


def came(facts: Facts, of: Listed, days: int) -> NDArray[np.bool_]:
    """Which rows of the list happened within ``days`` days from its day on."""
    first, last = (facts.start[min(day, len(facts.start) - 1)] for day in (of.day, of.day + days))
    key = _key(facts, of.rows)
    return np.isin(key, _key(facts, facts.rows[first:last, :3]))


def _key(facts: Facts, rows: Ints) -> Ints:
    key: Ints = (rows[:, 0] * 2 * facts.n_relations + rows[:, 1]) * facts.n_actors + rows[:, 2]
    return key


class Watch(NamedTuple):
    """The list of a day, with chances now and as they stood a stretch of days earlier (NaN where not listed then)."""

    now: Listed
    chance: NDArray[np.float64]
    before: NDArray[np.float64]
    model: Chance
    weeks: int


def lists(facts: Facts, state: kernel.State, days: Ints) -> list[Listed]:
    """The lists of rising days."""
    room = kernel.room(facts, min(N, facts.n_actors))
    return [listed(facts, state, room, int(day)) for day in days]


def learn(facts: Facts, past: list[Listed], days: int, *, seed: int = 7) -> Chance:
    """The model of chances from lists of the past, each ``days`` days or more before the last known day.

    Raises:
        LearnError: too short a record, or one in which nothing on the lists ever came.
    """
    held = f"{len(facts.rows) // 2:,} events within {len(facts.start) - 1} days"
    if len(past) < FEWEST:
        raise LearnError(
            f"The record is too short for an outlook: {held}, which make {len(past)} stretches of {days} days after "
            f"its beginning. {FEWEST} are needed, and {CAME} events that stood on their lists and came: some three "
            "months with events in every week. Load event data that reach further back (detente load), or ask for "
            "fewer days."
        )
    happened = np.concatenate([came(facts, one, days) for one in past])
    week = np.repeat(np.arange(len(past)), [len(one.rows) for one in past])
    newest = happened[week >= len(past) - max(1, len(past) // 3)]
    if happened.sum() < CAME or newest.all() or not newest.any():
        raise LearnError(
            f"The record is too thin for an outlook: {held}; of what stood on the lists of {len(past)} stretches of "
            f"{days} days, {int(happened.sum())} came. {CAME} are needed, some but not all of the newest third. "
            "Load event data of these actors (detente load)."
        )
    x = np.concatenate([one.x for one in past])
    return fit(x, happened, week, seed=seed)


def watch(facts: Facts, state: kernel.State, *, day: int, days: int = DAYS, seed: int = 7) -> Watch:
    """The watch list for ``days`` days from ``day`` on, from facts of days before it.

    Raises:
        LearnError: see :func:`learn`.
    """
    began = facts.rows[0, 3] if len(facts.rows) else day
    earliest = began + (day - began) // 5
    starts = np.arange(day, earliest, -days)[: WEEKS + 1][::-1]
    made = lists(facts, state, starts)
    model = learn(facts, made[:-1], days, seed=seed)
    now, last = made[-1], made[-2]
    chance, old = model.of(now.x), model.of(last.x)
    here, there = _key(facts, now.rows), _key(facts, last.rows)
    at = np.minimum(np.searchsorted(there, here), len(there) - 1)
    return Watch(now, chance, np.where(there[at] == here, old[at], np.nan), model, len(made) - 1)
