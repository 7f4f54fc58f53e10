"""One pass over the days, compiled: counts that fade, and what they say of each candidate at the moment of asking.

Everything a question is described by comes from facts of earlier days. Counts are kept at every half-life of
:data:`detente.outlook.facts.HALF_LIVES` and decayed only when they are touched, so a day costs its facts and its
questions, not the size of the record.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detente.outlook.facts import HALF_LIVES, TABLES, Facts, Floats, Ints, Table

H: Final = len(HALF_LIVES)
RING: Final = 32
"""Latest facts of an actor that paths through others are followed over."""
LIFT: Final = 2
"""Number of the half-life (10 days) over which one relation is held to follow another."""
FRESH: Final = (0, 2, 3)
"""Numbers of the half-lives (1, 10, 40 days) at which what went before is weighed."""
SHRINK: Final = 20.0
"""Weight, in earlier facts, of "no lift" in a lift."""
SCALE: Final = 8.0
"""What counts are multiplied by before their logarithm is taken."""

PER_TABLE: Final = 3 * H + 2
N_CELL: Final = H + 1
AT_CELL: Final = len(TABLES) * PER_TABLE
AT_OTHER: Final = AT_CELL + N_CELL
AT_LIFT: Final = AT_OTHER + N_CELL
AT_PATH: Final = AT_LIFT + 1 + len(FRESH)
AT_SHARE: Final = AT_PATH + 3
AT_QUERY: Final = AT_SHARE + 5
N_QUERY: Final = 7
N_FEATURES: Final = AT_QUERY + N_QUERY


class Count(NamedTuple):
    """Fading counts: value (n, H) as it stood on the day last (n,), -1 where nothing was ever counted."""

    value: NDArray[np.float32]
    last: NDArray[np.int32]


class State(NamedTuple):
    """What is known after some day.

    Args:
        triples, sides: for each table, counts of triples and of pairs by direction (two rows a pair).
        cells: counts of (relation, object). others: of objects.
        follow: (2 R, 2 R) how often the second relation was seen where the first was fresh. lead: (2 R,) its row sums.
        totals: counts of relations. habit: (2 R, 2) facts of a relation, and those that were seen before.
        ways: (E, 2) the same of an actor.
        home: (E,) group of each actor: its own, or of one without, the group that it dealt with most. ties: (E,) how
            often it did.
        ring_other, ring_relation, ring_day: (E, RING) latest facts of an actor. ring_n: (E,) how many there were.
        decay: (H, D) what is left of a count after so many days.
        day: (1,) first day that is not yet known.
    """

    triples: tuple[Count, ...]
    sides: tuple[Count, ...]
    cells: Count
    others: Count
    totals: Count
    follow: NDArray[np.float64]
    lead: NDArray[np.float64]
    habit: NDArray[np.float64]
    ways: NDArray[np.float64]
    home: Ints
    ties: NDArray[np.float32]
    ring_other: NDArray[np.int32]
    ring_relation: NDArray[np.int32]
    ring_day: NDArray[np.int32]
    ring_n: Ints
    decay: NDArray[np.float32]
    day: Ints


def _count(n: int) -> Count:
    return Count(np.zeros((n, H), np.float32), np.full(n, -1, np.int32))


def begin(facts: Facts, horizon: int = 64) -> State:
    """Nothing known yet; questions may be asked up to ``horizon`` days after the last fact."""
    e, r = facts.n_actors, 2 * facts.n_relations
    ages = np.arange(len(facts.start) + horizon)
    decay = np.exp2(-ages[None, :] / np.array(HALF_LIVES)[:, None])
    return State(
        triples=tuple(_count(len(t.relation)) for t in facts.tables),
        sides=tuple(_count(2 * len(t.other)) for t in facts.tables),
        cells=_count(int(facts.cell.max(initial=-1)) + 1),
        others=_count(e),
        totals=_count(r),
        follow=np.zeros((r, r)),
        lead=np.zeros(r),
        habit=np.zeros((r, 2)),
        ways=np.zeros((e, 2)),
        home=facts.groups.copy(),
        ties=np.zeros(e, np.float32),
        ring_other=np.zeros((e, RING), np.int32),
        ring_relation=np.zeros((e, RING), np.int32),
        ring_day=np.zeros((e, RING), np.int32),
        ring_n=np.zeros(e, np.int64),
        decay=decay.astype(np.float32),
        day=np.zeros(1, np.int64),
    )


@njit(cache=True)
def _add(count: Count, i: int, day: int, decay: NDArray[np.float32]) -> None:
    if count.last[i] >= 0:
        age = day - count.last[i]
        for h in range(H):
            count.value[i, h] *= decay[h, age]
    count.last[i] = day
    for h in range(H):
        count.value[i, h] += np.float32(1.0)


@njit(cache=True)
def learn(facts: Facts, state: State, until: int) -> None:
    """Take in the facts of all days before ``until`` that are not yet known."""
    n_rel = facts.n_relations
    for day in range(state.day[0], min(until, len(facts.start) - 1)):
        first, last = facts.start[day], facts.start[day + 1]
        own, counts = facts.tables[0], state.triples[0]
        for f in range(first, last):  # what followed what, judged by the days before
            r, s = facts.rows[f, 1], facts.rows[f, 0]
            mine = own.triple[f]
            seen = counts.last[mine] >= 0
            state.habit[r, 0] += 1.0
            state.habit[r, 1] += seen
            state.ways[s, 0] += 1.0
            state.ways[s, 1] += seen
            pair = own.pair[mine]
            for i in range(own.at[pair], own.at[pair + 1]):
                if counts.last[i] >= 0:
                    fresh = counts.value[i, LIFT] * state.decay[LIFT, day - counts.last[i]]
                    state.follow[own.relation[i], r] += fresh
                    state.lead[own.relation[i]] += fresh
        for f in range(first, last):
            s, r, o = facts.rows[f, 0], facts.rows[f, 1], facts.rows[f, 2]
            side = 1 if r >= n_rel else 0
            for table, triples, sides in zip(facts.tables, state.triples, state.sides):  # noqa: B905
                i = table.triple[f]
                if i >= 0:
                    _add(triples, i, day, state.decay)
                    _add(sides, 2 * table.pair[i] + side, day, state.decay)
            i = facts.tables[2].triple[f]
            if i >= 0 and facts.groups[s] < 0:
                pair = facts.tables[2].pair[i]
                known = state.sides[2].value[2 * pair, H - 1] + state.sides[2].value[2 * pair + 1, H - 1]
                if known > state.ties[s]:
                    state.ties[s], state.home[s] = known, facts.groups[o]
            _add(state.cells, facts.cell[r, o], day, state.decay)
            _add(state.others, o, day, state.decay)
            _add(state.totals, r, day, state.decay)
            slot = state.ring_n[s] % RING
            state.ring_other[s, slot] = o
            state.ring_relation[s, slot] = r
            state.ring_day[s, slot] = day
            state.ring_n[s] += 1
    state.day[0] = max(state.day[0], until)


class Room(NamedTuple):
    """Room for one question.

    Args:
        where: (4, E) number of the pair with each other in each table, -1 where there is none.
        paths: (3, E) weight of each actor reached through others; weight: (E,) of those on the way.
        rough: (E,) first score. mark, touched: (E,) actors that have one.
        base: (2 R, E) first score whoever the subject; leaders: (2 R, N) best by it; fresh: (2 R,) when it was made.
    """

    where: NDArray[np.int32]
    paths: NDArray[np.float32]
    weight: NDArray[np.float32]
    rough: NDArray[np.float32]
    mark: NDArray[np.bool_]
    touched: NDArray[np.int32]
    base: NDArray[np.float32]
    leaders: NDArray[np.int32]
    fresh: Ints


def room(facts: Facts, n: int) -> Room:
    """Room for questions with n candidates each."""
    e, r = facts.n_actors, 2 * facts.n_relations
    return Room(
        where=np.full((len(TABLES), e), -1, np.int32),
        paths=np.zeros((3, e), np.float32),
        weight=np.zeros(e, np.float32),
        rough=np.zeros(e, np.float32),
        mark=np.zeros(e, bool),
        touched=np.zeros(e, np.int32),
        base=np.zeros((r, e), np.float32),
        leaders=np.zeros((r, n), np.int32),
        fresh=np.full(r, -1, np.int64),
    )


@njit(cache=True)
def _at(count: Count, i: int, h: int, day: int, decay: NDArray[np.float32]) -> float:
    """A count at one half-life on a day; 0 where there is none."""
    if i < 0 or count.last[i] < 0:
        return 0.0
    value: float = count.value[i, h] * decay[h, day - count.last[i]]
    return value


@njit(cache=True)
def _fill(out: Floats, at: int, count: Count, i: int, day: int, decay: NDArray[np.float32]) -> None:
    """Log counts at all half-lives."""
    if i < 0 or count.last[i] < 0:
        out[at : at + H] = 0.0
        return
    age = day - count.last[i]
    for h in range(H):
        out[at + h] = np.log1p(np.float32(SCALE) * count.value[i, h] * decay[h, age])


@njit(cache=True)
def _since(count: Count, i: int, day: int) -> float:
    """How fresh the last fact is: 1 yesterday, falling with the logarithm of days, 0 for never."""
    if i < 0 or count.last[i] < 0:
        return 0.0
    fresh: float = 1.0 / (1.0 + 0.5 * np.log(np.float32(day - count.last[i])))
    return fresh


@njit(cache=True)
def _triple(table: Table, pair: int, relation: int) -> int:
    """The triple of a pair and a relation; -1 where there is none."""
    if pair < 0:
        return -1
    low, high = table.at[pair], table.at[pair + 1]
    while low < high:
        middle = (low + high) // 2
        if table.relation[middle] < relation:
            low = middle + 1
        else:
            high = middle
    return int(low) if low < table.at[pair + 1] and table.relation[low] == relation else -1


@njit(cache=True)
def _paths(facts: Facts, state: State, room: Room, s: int, r: int, day: int) -> None:
    """Who s may deal with through others: partners' partners, in any way and in this one, and those to whom others did
    r who also did it to whom s did."""
    n_rel = facts.n_relations
    back = r - n_rel if r >= n_rel else r + n_rel
    for way in range(2):
        n = 0
        held = np.empty(RING * RING, np.int32)
        for e in range(min(state.ring_n[s], RING)):
            z = state.ring_other[s, e]
            w = state.decay[2, day - state.ring_day[s, e]]
            if way == 0:
                if room.weight[z] == 0.0:
                    held[n] = z
                    n += 1
                room.weight[z] += w
            elif state.ring_relation[s, e] == r:
                for j in range(min(state.ring_n[z], RING)):
                    if state.ring_relation[z, j] == back:
                        k = state.ring_other[z, j]
                        if k != s:
                            if room.weight[k] == 0.0:
                                held[n] = k
                                n += 1
                            room.weight[k] += w * state.decay[2, day - state.ring_day[z, j]]
        for i in range(n):
            z = held[i]
            for j in range(min(state.ring_n[z], RING)):
                o = state.ring_other[z, j]
                if o == s:
                    continue
                w = room.weight[z] * state.decay[2, day - state.ring_day[z, j]]
                same = state.ring_relation[z, j] == r
                if way == 0:
                    room.paths[0, o] += w
                    if same:
                        room.paths[1, o] += w
                elif same:
                    room.paths[2, o] += w
            room.weight[z] = 0.0


@njit(cache=True)
def _base(facts: Facts, state: State, room: Room, r: int, day: int, mix: Floats) -> None:
    """First score of every actor as object of r, whoever the subject, and its leaders."""
    base, n = room.base[r], room.leaders.shape[1]
    cells, others = 1e-6, 1e-6
    for o in range(facts.n_actors):
        base[o] = _at(state.others, o, 2, day, state.decay)
        others += base[o]
    for o in range(facts.n_actors):
        base[o] *= mix[1] / others
    members = facts.objects[facts.objects_at[r] : facts.objects_at[r + 1]]
    for o in members:
        cells += _at(state.cells, facts.cell[r, o], 3, day, state.decay)
    for o in members:
        base[o] += mix[0] / cells * _at(state.cells, facts.cell[r, o], 3, day, state.decay)
    if n < facts.n_actors:
        room.leaders[r] = np.argpartition(-base, n)[:n]
    else:
        for o in range(facts.n_actors):
            room.leaders[r, o] = o


@njit(cache=True)
def _touch(room: Room, r: int, o: int, m: int) -> int:
    """Make an actor a candidate; returns how many there are."""
    if room.mark[o]:
        return m
    room.mark[o] = True
    room.rough[o] = room.base[r, o]
    room.touched[m] = o
    return m + 1


@njit(cache=True)
def _candidates(facts: Facts, state: State, room: Room, s: int, r: int, day: int, mix: Floats) -> int:
    """Find who may be the object, with a first score: a weighted sum of shares of fading counts.

    Leaves the pairs of s and of its group in ``room.where``. Returns the number of candidates in ``room.touched``.
    """
    decay, m = state.decay, 0
    for o in room.leaders[r]:
        m = _touch(room, r, o, m)
    for j in range(len(TABLES)):
        one = state.home[s] if j % 2 else s
        if one < 0:
            continue
        table, triples, sides = facts.tables[j], state.triples[j], state.sides[j]
        whole, part = 1e-6, 1e-6
        first, last = table.first[one], table.first[one + 1]
        counts = np.zeros((last - first, 2))
        for p in range(first, last):
            a = _at(sides, 2 * p, 3, day, decay) + _at(sides, 2 * p + 1, 3, day, decay)
            if a > 0.0:
                room.where[j, table.other[p]] = p
                if j < 2:
                    i = _triple(table, p, r)
                    b = _at(triples, i, 3, day, decay) + 0.1 * _at(triples, i, 5, day, decay)
                    counts[p - first, 0], counts[p - first, 1] = b, a
                    part += b
                    whole += a
        if j < 2:
            for p in range(first, last):
                if counts[p - first, 1] > 0.0:
                    o = table.other[p]
                    m = _touch(room, r, o, m)
                    b, a = counts[p - first, 0], counts[p - first, 1]
                    room.rough[o] += mix[2 + 2 * j] * b / part + mix[3 + 2 * j] * a / whole
    _paths(facts, state, room, s, r, day)
    paths = np.float32(1e-6)
    for o in range(facts.n_actors):
        paths += room.paths[0, o]
    for o in range(facts.n_actors):
        if room.paths[0, o] > 0.0 or room.paths[2, o] > 0.0:
            m = _touch(room, r, o, m)
            room.rough[o] += mix[6] * (room.paths[0, o] + room.paths[2, o]) / paths
    return m


@njit(cache=True)
def _dealings(
    facts: Facts, state: State, room: Room, j: int, r: int, day: int, among: NDArray[np.int32], x: Floats
) -> None:
    """Fill the features that come from table j."""
    side = 1 if r >= facts.n_relations else 0
    table, triples, sides, decay = facts.tables[j], state.triples[j], state.sides[j], state.decay
    where = room.where[j]
    at = j * PER_TABLE
    for c in range(len(among)):
        other = among[c] if j < 2 else state.home[among[c]]
        p = where[other] if other >= 0 else -1
        if p < 0:
            x[c, at : at + PER_TABLE] = 0.0
            continue
        out = x[c, at : at + PER_TABLE]
        i = _triple(table, p, r)
        _fill(out, 0, triples, i, day, decay)
        _fill(out, H, sides, 2 * p + side, day, decay)
        _fill(out, 2 * H, sides, 2 * p + 1 - side, day, decay)
        out[3 * H] = _since(triples, i, day)
        out[3 * H + 1] = max(_since(sides, 2 * p, day), _since(sides, 2 * p + 1, day))


@njit(cache=True)
def _features(
    facts: Facts, state: State, room: Room, s: int, r: int, day: int, among: NDArray[np.int32], x: Floats
) -> None:
    """Fill x (N, F) for the candidates ``among`` (N,)."""
    n_rel, decay = facts.n_relations, state.decay
    side = 1 if r >= n_rel else 0
    for j in range(len(TABLES)):
        _dealings(facts, state, room, j, r, day, among, x)
    of_r, of_all = 1e-6, 1e-6
    for i in range(2 * n_rel):
        of_all += _at(state.totals, i, 3, day, decay)
    of_r += _at(state.totals, r, 3, day, decay)
    usual = of_r / of_all
    own, triples, sides = facts.tables[0], state.triples[0], state.sides[0]
    asked, any_way, kinds = 0.0, 0.0, 0.0
    for p in range(own.first[s], own.first[s + 1]):
        count = _at(triples, _triple(own, p, r), 3, day, decay)
        asked += count
        kinds += count > 0.0
        any_way += _at(sides, 2 * p + side, 3, day, decay)
    for c in range(len(among)):
        o = among[c]
        out = x[c]
        cell = facts.cell[r, o]
        _fill(out, AT_CELL, state.cells, cell, day, decay)
        out[AT_CELL + H] = _since(state.cells, cell, day)
        _fill(out, AT_OTHER, state.others, o, day, decay)
        out[AT_OTHER + H] = _since(state.others, o, day)
        p = room.where[0, o]
        most = 0.0
        out[AT_LIFT:AT_PATH] = 0.0
        if p >= 0:
            for i in range(own.at[p], own.at[p + 1]):
                if _at(triples, i, 3, day, decay) > 0.001:
                    k = own.relation[i]
                    lift = (state.follow[k, r] / usual + SHRINK) / (state.lead[k] + SHRINK)
                    for j in range(len(FRESH)):
                        out[AT_LIFT + 1 + j] += _at(triples, i, FRESH[j], day, decay) * lift
                    most = max(most, np.log(lift) * min(_at(triples, i, LIFT, day, decay), 1.0))
        out[AT_LIFT] = most
        for j in range(AT_LIFT + 1, AT_PATH):
            out[j] = np.log1p(np.float32(SCALE) * out[j])
        for j in range(3):
            out[AT_PATH + j] = np.log1p(np.float32(SCALE) * room.paths[j, o])
        out[AT_SHARE] = _at(triples, _triple(own, p, r), 3, day, decay) / (asked + 1.0)
        out[AT_SHARE + 1] = _at(sides, 2 * p + side, 3, day, decay) / (any_way + 1.0) if p >= 0 else 0.0
        out[AT_SHARE + 2] = _at(state.cells, cell, 3, day, decay) / (of_r + 1.0)
        out[AT_SHARE + 3] = 1.0 if state.home[s] >= 0 and state.home[o] == state.home[s] else 0.0
        out[AT_SHARE + 4] = np.log(room.rough[o] + np.float32(1e-5))
        out[AT_QUERY] = np.log1p(asked)
        out[AT_QUERY + 1] = np.log1p(any_way)
        out[AT_QUERY + 2] = np.log1p(kinds)
        out[AT_QUERY + 3] = np.log1p(of_r)
        out[AT_QUERY + 4] = (state.habit[r, 1] + 1.0) / (state.habit[r, 0] + 2.0)
        out[AT_QUERY + 5] = (state.ways[s, 1] + 1.0) / (state.ways[s, 0] + 2.0)
        out[AT_QUERY + 6] = side


@njit(cache=True)
def describe(
    facts: Facts,
    state: State,
    room: Room,
    asks: Ints,
    mix: Floats,
    among: NDArray[np.int32],
    x: NDArray[np.float32],
) -> None:
    """Describe questions by what is known, learning before each what may be known then.

    Args:
        asks: (q, 4) subject, relation (0 to 2 R), day asked about, first day that is not known; sorted by the last.
        mix: weights of the first score.
        among: (q, N), filled with the likeliest objects by the first score, best first.
        x: (q, N, F), filled with their features.
    """
    n = among.shape[1]
    for q in range(len(asks)):
        s, r, day, known = asks[q, 0], asks[q, 1], asks[q, 2], asks[q, 3]
        if known > state.day[0]:
            learn(facts, state, known)
            room.fresh[:] = -1
        if room.fresh[r] != day:
            room.fresh[r] = day
            _base(facts, state, room, r, day, mix)
        m = _candidates(facts, state, room, s, r, day, mix)
        scores = np.empty(m, np.float32)
        for i in range(m):
            scores[i] = -room.rough[room.touched[i]]
            if room.touched[i] == s:
                scores[i] = 1.0
        order = np.argsort(scores)[:n]
        for c in range(n):
            among[q, c] = room.touched[order[c]]
        _features(facts, state, room, s, r, day, among[q], x[q])
        for i in range(m):
            room.mark[room.touched[i]] = False
        room.paths[:] = 0.0
        room.where[:] = -1


@njit(cache=True)
def portray(facts: Facts, state: State, room: Room, rows: Ints, day: int, mix: Floats, x: NDArray[np.float32]) -> None:
    """Describe chosen triples, from what is known now.

    Args:
        rows: (n, 3) subject, relation, object; sorted. day: asked about.
        x: (n, F), filled with their features.
    """
    room.fresh[:] = -1
    first = 0
    while first < len(rows):
        s, r = rows[first, 0], rows[first, 1]
        last = first
        while last < len(rows) and rows[last, 0] == s and rows[last, 1] == r:
            last += 1
        if room.fresh[r] != day:
            room.fresh[r] = day
            _base(facts, state, room, r, day, mix)
        m = _candidates(facts, state, room, s, r, day, mix)
        among = rows[first:last, 2].astype(np.int32)
        for o in among:
            m = _touch(room, r, o, m)
        _features(facts, state, room, s, r, day, among, x[first:last])
        for i in range(m):
            room.mark[room.touched[i]] = False
        room.paths[:] = 0.0
        room.where[:] = -1
        first = last


@njit(cache=True)
def lift(state: State, before: int, after: int, day: int) -> float:
    """How many times likelier the relation ``after`` is on a pair on which ``before`` is fresh; near 1 where little is
    known."""
    whole = 1e-6
    for r in range(len(state.lead)):
        whole += _at(state.totals, r, 3, day, state.decay)
    usual = (_at(state.totals, after, 3, day, state.decay) + 1e-6) / whole
    times: float = (state.follow[before, after] / usual + SHRINK) / (state.lead[before] + SHRINK)
    return times
