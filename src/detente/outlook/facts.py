"""Facts of a record, numbered and indexed, ready for one pass over the days (:mod:`detente.outlook.kernel`).

A fact is (subject, relation, object, day). Each also stands the other way round, as (object, relation + R, subject,
day), so that "who will s do r to?" and "who will do r to o?" are one question. Counts are kept in four tables, which
differ in who is counted: an actor or its whole group (a state with its ministries, leaders and crowds), toward another
actor or that one's whole group.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]

HALF_LIVES: Final = (1.0, 3.0, 10.0, 40.0, 150.0, np.inf)
"""Days after which an event counts half; each count is kept at all of them."""

TABLES: Final = ("actor to actor", "group to actor", "actor to group", "group to group")


class Table(NamedTuple):
    """Who deals with whom in which way: triples (one, relation, other), sorted by one, other and relation.

    Args:
        first: (A + 1,) where each one's pairs begin. other: (P,) the other of a pair.
        at: (P + 1,) where each pair's triples begin. relation: (N,) of a triple.
        triple: (n,) triple of each fact, -1 where a fact does not count here. pair: (N,) pair of each triple.
    """

    first: Ints
    other: Ints
    at: Ints
    relation: Ints
    triple: Ints
    pair: Ints


class Facts(NamedTuple):
    """A record, both ways round, by day.

    Args:
        rows: (n, 4) subject, relation (0 to 2 R), object, day; sorted by day, each fact once a day.
        start: (T + 2,) row at which each day begins.
        tables: one for each of :data:`TABLES`.
        groups: (E,) group of each actor; -1 where it has none.
        cell: (2 R, E) number of a (relation, object) that occurs, else -1.
        objects: (C,) objects of each relation in turn; objects_at: (2 R + 1,) where they begin.
        n_actors, n_relations: E and R.
    """

    rows: Ints
    start: Ints
    tables: tuple[Table, ...]
    groups: Ints
    cell: NDArray[np.int32]
    objects: Ints
    objects_at: Ints
    n_actors: int
    n_relations: int


def both_ways(facts: Ints, n_relations: int) -> Ints:
    """Facts (n, 4) and, below them, their mirror images with relation + R."""
    mirrored = facts[:, [2, 1, 0, 3]]
    mirrored[:, 1] += n_relations
    return np.vstack([facts, mirrored])


def index(facts: Ints, n_actors: int, n_relations: int, groups: Sequence[int] | Ints) -> Facts:
    """Number and index a record.

    Args:
        facts: (n, 4) subject, relation (0 to R), object, day (from 0); any order, repeats count once.
        n_actors, n_relations: E and R.
        groups: (E,) number of the group of each actor, -1 for none.
    """
    rows = np.unique(both_ways(facts, n_relations)[:, [3, 0, 1, 2]], axis=0)[:, [1, 2, 3, 0]]
    rows = np.ascontiguousarray(rows)
    group = np.asarray(groups, np.int64)
    days = int(rows[-1, 3]) if len(rows) else 0
    start = np.searchsorted(rows[:, 3], np.arange(days + 2))
    s, r, o = rows[:, 0], rows[:, 1], rows[:, 2]
    one, other = (s, group[s]), (o, group[o])
    tables = tuple(_table(a, r, b, n_actors) for b in other for a in one)
    cell = np.full((2 * n_relations, n_actors), -1, np.int32)
    where = np.unique(r * n_actors + o)
    cell.ravel()[where] = np.arange(len(where))
    objects_at = np.searchsorted(where, np.arange(2 * n_relations + 1) * n_actors)
    return Facts(rows, start, tables, group, cell, where % n_actors, objects_at, n_actors, n_relations)


def _table(one: Ints, relation: Ints, other: Ints, n_actors: int) -> Table:
    counted = (one >= 0) & (other >= 0)
    key = np.stack([one, other, relation], 1)[counted]
    triples, inverse = np.unique(key, axis=0, return_inverse=True)
    fresh = np.ones(len(triples), bool)
    fresh[1:] = (triples[1:, :2] != triples[:-1, :2]).any(1)
    at = np.flatnonzero(fresh)
    triple = np.full(len(one), -1, np.int64)
    triple[counted] = inverse.ravel()
    return Table(
        first=np.searchsorted(triples[at, 0], np.arange(n_actors + 1)),
        other=np.ascontiguousarray(triples[at, 1]),
        at=np.append(at, len(triples)),
        relation=np.ascontiguousarray(triples[:, 2]),
        triple=triple,
        pair=np.cumsum(fresh) - 1,
    )
