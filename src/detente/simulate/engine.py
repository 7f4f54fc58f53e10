"""The engine: day by day from a fitted intensity, under one or many sets of measures at once.

On most days nothing happens between most pairs. So the engine draws a pair's *number* of events first, by one uniform a
pair and day, and asks which events they were only where there are some:

1. ``T``, the rate of each dyad over all response types and before damping, is kept from day to day as decayed
   excitation. That is all that quiet pairs cost.
2. A pair's count is the quantile of its negative binomial distribution (the Poisson count under the pair's Gamma shock,
   summed out). Given the count, its events are independent draws among the pair's cells: together exactly the negative
   multinomial of the model; under damping, with the over-dispersion of :func:`_weigh`.
3. Each event draws its cell by a luck of its own. Whether it comes from the dyads' own excitation (inertia and
   reciprocity, kept by type) or from third parties follows from ``T``. What third parties did
   (:func:`detente.simulate.memory.hearsay`) is worked out from histories only where a luck falls into their part.

Randomness is counter based: each number is a hash (splitmix64, Steele, Lea and Flood 2014) of seed, future, day, pair
and event. The same future under another measure therefore meets the same luck, a higher rate never gives fewer events
of the pair (where nothing damps), and nothing depends on the number of workers or on their order. What a measure
removes or damps, and third parties' part under cooperation, is drawn and then struck out, each by a luck of its own.

The shock of the reporting volume acts on what is reported, not on what is remembered: memory takes the count that the
same luck gives without it. A shock on the loop itself would feed on its own noise.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from detente.codebook import QUADS
from detente.simulate import lanes
from detente.simulate.lanes import increase, last, passed, pick, put, running, take, total
from detente.simulate.luck import (
    CAP,
    EVENT,
    MONTH,
    OCCASION,
    STRENGTH,
    below,
    dispersions,
    exponential,
    lean,
    mix,
    quantile,
    shared,
    silences,
    unit,
)
from detente.simulate.memory import begin, between, dawn, hearsay, night, renew, room
from detente.simulate.rates import N_TYPES, Bools, Floats, Ints, Model

_REMOVED, _NOTED, _HEEDED, _CALMED = range(4)  # lucks of an event
_BELOW = 1.0 - 3e-7  # keeps what is below a sum below it when both are rounded to single precision


class Plan(NamedTuple):
    """Measures of all variants, flat. ``share`` columns are between 0 and 1, one row a future from ``lo``.

    Args:
        removed_first: (V + 1) offsets into removed: (N, A, A, K) streams, and removed_share: (F, N).
        damped_first: (V + 1) offsets into trigger: (M, A, A, L), reaction: (M, A, K), and damped_share: (F, M).
        answer: (V, A, K) cells whose reactions a variant damps alike share a number, 0 for those that it leaves alone;
            pasts: (V) numbers.
        added_first: (V, T + 1) offsets into the added events, sorted by variant and day: source, target, type, weight,
            occasion (one key for the parts of one meeting), part: column of added_share, (F, P) share of occasions that
            take place.
        lo: number of the first future of the rows.
    """

    removed_first: Ints
    removed: Bools
    removed_share: Floats
    damped_first: Ints
    trigger: Bools
    reaction: Bools
    damped_share: Floats
    answer: Ints
    pasts: Ints
    added_first: Ints
    source: Ints
    target: Ints
    type: Ints
    weight: Floats
    occasion: NDArray[np.uint64]
    part: Ints
    added_share: Floats
    lo: int


class Watch(NamedTuple):
    """What is counted.

    Args:
        pair: (A, A) dyads that count. sort: (K) 0 hostile, 1 conciliatory. grave: (K) weight of a type in the
            escalation window. window: its days.
        calm_level, calm_days: calm is so many days with at most so many hostile events in all.
    """

    pair: Bools
    sort: Ints
    grave: Floats
    window: int
    calm_level: float
    calm_days: int


class Counts(NamedTuple):
    """What was counted, by variant (V) and future (F); hostile events first, conciliatory ones second. Events without
    direction count half each way, so dyads hold twice the number of events.

    Args:
        daily: (V, F, 2, T) reported events a day. dyads: (V, F, 2, A, A) twice the events over the horizon.
        types: (V, F, K) events over the horizon. cells: (V, A, A, K) twice the events, summed over futures.
        worst: (V, F) heaviest window of one pair, worst_pair: (V, F, 2). calm: (V, F) first day, from 1, of the first
            calm; 0 where there is none.
        capped: (V, F) pair-days at the bound :data:`CAP`.
    """

    daily: NDArray[np.int32]
    dyads: NDArray[np.int32]
    types: NDArray[np.int32]
    cells: Ints
    worst: Floats
    worst_pair: NDArray[np.int32]
    calm: NDArray[np.int32]
    capped: NDArray[np.int32]

    @classmethod
    def zeros(cls, v: int, f: int, t: int, a: int) -> Counts:
        """Room for v variants, f futures, t days, a actors."""
        return cls(
            np.zeros((v, f, 2, t), np.int32),
            np.zeros((v, f, 2, a, a), np.int32),
            np.zeros((v, f, N_TYPES), np.int32),
            np.zeros((v, a, a, N_TYPES), np.int64),
            np.zeros((v, f)),
            np.zeros((v, f, 2), np.int32),
            np.zeros((v, f), np.int32),
            np.zeros((v, f), np.int32),
        )


class Luck(NamedTuple):
    """What all variants of a future share: luck of pairs (T, pairs), volume (T, 2) and its drift by pair (months,
    pairs, 2) of hostile and conciliatory events; need: (T, pairs) expected events below which there are none."""

    pair: Floats
    volume: Floats
    drift: Floats
    need: Floats


class Strength(NamedTuple):
    """A variant's measures in one future: see :func:`_measured`."""

    kept: Floats
    stays: Floats
    heeds: Floats


class Loud(NamedTuple):
    """The pairs (N) that may have events today.

    Args:
        who: (N, 3) the two actors and the pair's number. luck: (N). swell: (N, 2) volume of hostile and of conciliatory
            events, most: (N) the larger of the two.
        near: (N) rate that base, inertia and reciprocity make, after damping; apart: (N, 2) that which third parties
            make, before, of the first and of the second toward the other. mean: (N) of all, seen: (N) after damping.
        more, fewer: (N) expected events, the larger of what is real and what is reported and the other one, and
            silent, still: (N) the probabilities that it is none. phi: (N) over-dispersion.
        calmed: (N, 4) what damping leaves by class of response, left: (N, K) by type.
        lines: (N, 2, K) running sums of near rates by type, of the first, and of both.
    """

    who: Ints
    luck: Floats
    swell: Floats
    most: Floats
    near: Floats
    apart: Floats
    mean: Floats
    seen: Floats
    more: Floats
    fewer: Floats
    silent: Floats
    still: Floats
    phi: Floats
    calmed: Floats
    left: Floats
    lines: Floats

    @classmethod
    def room(cls, n: int, like: DTypeLike) -> Loud:
        """Room for n pairs."""
        wide = {"swell": (2, float), "apart": (2, float), "calmed": (len(QUADS), float), "left": (N_TYPES, like)}
        found: dict[str, Any] = {field: np.zeros(n) for field in cls._fields}
        found |= {field: lanes.zeros((n, width), kind) for field, (width, kind) in wide.items()}
        return cls(**found | {"who": np.zeros((n, 3), np.int64), "lines": lanes.zeros((n, 2, N_TYPES), like)})


def run(model: Model, plan: Plan, watch: Watch, seed: int, lo: int, hi: int, out: Counts) -> None:
    """Futures lo to hi under all variants, into ``out``, whose rows start at lo."""
    n_actors, n_days, n_measures = len(model.partners), out.daily.shape[3], len(plan.trigger)
    pasts, like = int(plan.pasts.max()), model.fade.dtype
    n_pairs, months = n_actors * (n_actors - 1) // 2, n_days // MONTH + 1
    memory, rates = room(model, pasts)
    luck = Luck(
        np.zeros((n_days, n_pairs)), np.ones((n_days, 2)), np.ones((months, n_pairs, 2)), np.zeros((n_days, n_pairs))
    )
    strength = Strength(
        np.ones((n_actors, n_actors, N_TYPES)),
        np.ones((n_measures, n_actors, N_TYPES), like),
        np.ones((n_measures, pasts), like),
    )
    ring = np.zeros((watch.window, n_pairs))
    seen = np.zeros((n_actors, n_actors, N_TYPES), np.int32)
    stirred = np.zeros((n_pairs + len(plan.source), 2), np.int64)
    loud = Loud.room(n_pairs, like)
    _futures(model, plan, watch, seed, lo, hi, out, memory, rates, luck, strength, loud, ring, stirred, seen)


@lean
def _measured(plan, v, row, kept, stays, heeds):  # type: ignore[no-untyped-def]
    """The strengths of a variant's measures in one future.

    Args:
        kept: (A, A, K) shares of streams that stay. stays: (M, A, K) shares of reactions that stay; heeds: (M, S) the
            same by copy of the histories.
    """
    if plan.removed_first[v] < plan.removed_first[v + 1]:
        kept[:] = 1.0
    for m in range(plan.removed_first[v], plan.removed_first[v + 1]):
        share = 1.0 - plan.removed_share[row, m]
        for a in range(kept.shape[0]):
            for b in range(kept.shape[1]):
                for k in range(N_TYPES):
                    if plan.removed[m, a, b, k]:
                        kept[a, b, k] *= share
    for m in range(plan.damped_first[v], plan.damped_first[v + 1]):
        heeds[m, 0] = 1.0  # the first copy is whole
        for a in range(kept.shape[0]):
            for k in range(N_TYPES):
                stays[m, a, k] = 1.0 - (plan.damped_share[row, m] if plan.reaction[m, a, k] else 0.0)
                if plan.answer[v, a, k] > 0:
                    heeds[m, plan.answer[v, a, k]] = stays[m, a, k]


@lean
def _heeded(memory, room, model, draw, copy, age, s, t, k, near):  # type: ignore[no-untyped-def]
    """The share of a cell's rate that damped reactions leave: of that which is near, or of third parties' part."""
    own, heeded, left = memory.own[t, s], memory.heeded[t, s], room.left[age]
    if near:
        whole = rest = model.base[draw, t, s, k]
        for h in range(len(own)):
            whole += own[h, k] * left[h]
            rest += heeded[h, k] * left[h]
        return rest / whole
    for i in range(2):
        hearsay(
            memory.past, model.partners, model.foes, model.theta, model.heard, room.left_past, room.voice, draw,
            i * copy, age, s, t, room.heard[2],
        )  # fmt: skip
        if i == 0:
            whole = room.heard[2, k]
    return room.heard[2, k] / whole


@lean
def _listen(whole, luck, need, volume, drift, loud):  # type: ignore[no-untyped-def]
    """Find the pairs that may have events today; the number of them."""
    n_actors, n, pair = len(whole), 0, 0
    for i in range(n_actors):
        for j in range(i + 1, n_actors):
            # None at the undamped rate, so none at a lower one.
            if float(whole[j, i]) + float(whole[i, j]) >= need[pair]:
                loud.who[n, 0], loud.who[n, 1], loud.who[n, 2] = i, j, pair
                loud.luck[n] = luck[pair]
                loud.swell[n, 0], loud.swell[n, 1] = volume[0] * drift[pair, 0], volume[1] * drift[pair, 1]
                loud.most[n] = max(loud.swell[n, 0], loud.swell[n, 1])
                n += 1
            pair += 1
    return n


@lean
def _calm(calm, worth, damping, scale, loud, n):  # type: ignore[no-untyped-def]
    """What recent cooperation leaves of the rates of the loud pairs."""
    for x in range(n):
        i, j = loud.who[x, 0], loud.who[x, 1]
        verbal, material = float(worth * calm[i, j, 0]), float(worth * calm[i, j, 1])
        verbal, material = verbal / (verbal + scale), material / (material + scale)
        for q in range(len(damping)):
            loud.calmed[x, q] = -damping[q, 0] * verbal - damping[q, 1] * material
    every = loud.calmed.reshape(loud.calmed.size)
    for x in range(n * len(damping)):
        every[x] = exponential(every[x])


@lean
def _weigh(memory, room, model, draw, age, loud, n):  # type: ignore[no-untyped-def]
    """Rates of the loud pairs."""
    fade, lines, near, apart, mean, seen = room.left, loud.lines, loud.near, loud.apart, loud.mean, loud.seen
    if model.calms:
        _calm(memory.calm, fade[age, model.middle], model.damping[draw], model.scale, loud, n)
    for x in range(n):
        i, j = loud.who[x, 0], loud.who[x, 1]
        forth = between(memory.own, model.base, draw, fade, age, i, j)
        back = between(memory.own, model.base, draw, fade, age, j, i)
        there, again = float(total(forth)), float(total(back))
        undamped = there + again
        apart[x, 0] = max(float(room.whole[j, i]) - there, 0.0)
        apart[x, 1] = max(float(room.whole[i, j]) - again, 0.0)
        if model.calms:
            line = take(model.member, 0) * loud.calmed[x, 0]
            for q in range(1, len(QUADS)):
                line = line + take(model.member, q * N_TYPES) * loud.calmed[x, q]
            put(loud.left, x * N_TYPES, line)
            forth, back = forth * line, back * line
        forth, back = running(forth), running(back)
        back = back + last(forth)
        put(lines, 2 * x * N_TYPES, forth)
        put(lines, (2 * x + 1) * N_TYPES, back)
        near[x] = last(back)
        rest = apart[x, 0] + apart[x, 1]
        mean[x] = near[x] + rest
        # For the over-dispersion only, damping leaves as much of third parties' part as of the rest: events of that
        # part are struck out by type, exactly.
        seen[x] = near[x] + rest * (near[x] / undamped if undamped > 0.0 else 1.0)


@lean
def _reckon(model, loud, n):  # type: ignore[no-untyped-def]
    """Over-dispersion and probabilities of no event of the loud pairs."""
    for x in range(n):
        real = min(loud.mean[x], float(CAP))
        reported = min(real * loud.most[x], float(CAP))
        loud.more[x], loud.fewer[x] = max(real, reported), min(real, reported)
    dispersions(loud.seen, model.phi, model.power, n, loud.phi)
    silences(loud.more, loud.phi, n, loud.silent)
    silences(loud.fewer, loud.phi, n, loud.still)


@lean
def _futures(model, plan, watch, seed, lo, hi, out, memory, room, lucks, strength, loud, ring, stirred, seen):  # type: ignore[no-untyped-def]
    """The same, compiled, with the room that it needs."""
    n_draws, n_actors = model.base.shape[:2]
    n_variants, _, _, n_days = out.daily.shape
    flow, heard, worst, direct, mutual = memory.flow, room.heard, out.worst, room.direct, room.mutual
    sort, grave, symmetric = watch.sort, watch.grave, model.symmetric
    luck, volume, drift = lucks.pair, lucks.volume, lucks.drift
    kept, stays, heeds = strength.kept, strength.stays, strength.heeds
    span = len(room.left) - 1
    root = mix(np.uint64(seed))
    for f in range(lo, hi):
        own_key, draw, row = below(root, f), f % n_draws, f - lo
        shared(model.volume, own_key, model.needs, luck, volume, drift, lucks.need)
        for v in range(n_variants):
            answer, pasts, daily = plan.answer[v], plan.pasts[v], out.daily[v, row]
            thinned = plan.removed_first[v] < plan.removed_first[v + 1]
            lo_m, hi_m = plan.damped_first[v], plan.damped_first[v + 1]
            triggers = plan.trigger[lo_m:hi_m]
            _measured(plan, v, f - plan.lo, kept, stays, heeds)
            begin(memory, model, draw, pasts)
            ring[:] = 0.0
            for day in range(n_days):
                age = day % span
                if day > 0 and age == 0:
                    renew(memory, room, model.middle, pasts)
                dawn(memory, room, model, draw, age)
                n_loud = _listen(room.whole, luck[day], lucks.need[day], volume[day], drift[day // MONTH], loud)
                _weigh(memory, room, model, draw, age, loud, n_loud)
                _reckon(model, loud, n_loud)
                slot, n_stirred, day_key = day % watch.window, 0, below(below(own_key, EVENT), day)
                ring[slot] = 0.0
                for x in range(n_loud):
                    if loud.luck[x] < loud.silent[x]:
                        continue
                    i, j, pair = loud.who[x, 0], loud.who[x, 1], loud.who[x, 2]
                    more = quantile(loud.more[x], loud.phi[x], loud.silent[x], loud.luck[x])
                    fewer = quantile(loud.fewer[x], loud.phi[x], loud.still[x], loud.luck[x])
                    most = loud.most[x]
                    real, told = (fewer, more) if most > 1.0 else (more, fewer)
                    out.capped[v, row] += more == CAP
                    told *= watch.pair[i, j]
                    forth, back = take(loud.lines, 2 * x * N_TYPES), take(loud.lines, (2 * x + 1) * N_TYPES)
                    near, there, again = loud.near[x], loud.apart[x, 0], loud.apart[x, 1]
                    heavy, known, key = 0.0, 0, below(day_key, pair)
                    for e in range(more):
                        event = below(key, e)
                        at = unit(event) * loud.mean[x]
                        here = at < near
                        if here:
                            place = passed(forth, at * _BELOW) + passed(back, at * _BELOW)
                        else:
                            at -= near
                            way = int(at >= there)
                            a, b = (j, i) if way else (i, j)
                            if not known & (1 << way):
                                hearsay(
                                    memory.past, model.partners, model.foes, model.theta, model.heard,
                                    room.left_past, room.voice, draw, 0, age, a, b, heard[way],
                                )  # fmt: skip
                                put(heard, way * N_TYPES, running(take(heard, way * N_TYPES)))
                                known |= 1 << way
                            line = take(heard, way * N_TYPES)
                            loudest = float(last(line))
                            if loudest <= 0.0:  # the rest was but rounding
                                continue
                            at = (at - there) / again if way else at / there
                            place = way * N_TYPES + passed(line, at * loudest * _BELOW)
                        way, k = place // N_TYPES, place % N_TYPES
                        s, t = (j, i) if way else (i, j)
                        if model.calms and not here and unit(below(event, _CALMED)) >= loud.left[x, k]:
                            continue
                        if thinned and unit(below(event, _REMOVED)) >= kept[s, t, k]:
                            continue
                        if pasts > 1 and answer[s, k] > 0:
                            share = _heeded(memory, room, model, draw, answer[s, k], age, s, t, k, here)
                            if unit(below(event, _HEEDED)) >= share:
                                continue
                        # Without branches: a processor cannot guess these, and loses more by guessing wrong.
                        cell, mirrored = (s * n_actors + t) * N_TYPES + k, (t * n_actors + s) * N_TYPES + k
                        felt = np.float32(e < real)
                        increase(flow, cell, felt * pick(direct, k))
                        increase(flow, mirrored, felt * pick(mutual, k))
                        which = sort[k]
                        noted = (e < told) & (unit(below(event, _NOTED)) * most < loud.swell[x, which])
                        heavy += noted * grave[k]
                        daily[which, day] += noted
                        increase(seen, cell, np.int32(noted))
                    if real > 0:
                        stirred[n_stirred, 0], stirred[n_stirred, 1] = i, j
                        n_stirred += 1
                    if heavy > 0.0:
                        ring[slot, pair] = heavy
                        in_window = 0.0
                        for d in range(watch.window):
                            in_window += ring[d, pair]
                        if in_window > worst[v, row]:
                            worst[v, row] = in_window
                            out.worst_pair[v, row, 0], out.worst_pair[v, row, 1] = i, j
                for e in range(plan.added_first[v, day], plan.added_first[v, day + 1]):
                    lot = unit(below(below(own_key, OCCASION), plan.occasion[e]))
                    if lot < plan.added_share[f - plan.lo, plan.part[e]]:
                        s, t = plan.source[e], plan.target[e]
                        flow[s, t, plan.type[e]] += plan.weight[e]
                        stirred[n_stirred, 0], stirred[n_stirred, 1] = s, t
                        n_stirred += 1
                night(
                    memory, room, model, triggers, draw, stays[lo_m:hi_m], heeds[lo_m:hi_m], pasts, stirred,
                    n_stirred, age + 1,
                )  # fmt: skip
            _sum_up(seen, symmetric, sort, out.dyads[v, row], out.types[v, row], out.cells[v])
            out.calm[v, row] = _first_calm(daily[0], watch.calm_level, watch.calm_days)


@lean
def _sum_up(seen, symmetric, sort, dyads, types, cells):  # type: ignore[no-untyped-def]
    """Add a future's events by cell, which start again at nought, to the counts."""
    n_actors = len(seen)
    for s in range(n_actors):
        for t in range(n_actors):
            for k in range(N_TYPES):
                n = seen[s, t, k]
                if n == 0:
                    continue
                ways = 1 if symmetric[k] else 2
                types[k] += n
                dyads[sort[k], s, t] += ways * n
                cells[s, t, k] += ways * n
                if symmetric[k]:
                    dyads[sort[k], t, s] += n
                    cells[t, s, k] += n
                seen[s, t, k] = 0


@lean
def _first_calm(hostile, level, days):  # type: ignore[no-untyped-def]
    """First day, from 1, from which ``days`` days hold at most ``level`` events in all; 0 where there is none."""
    held = 0
    for day in range(len(hostile)):
        held += hostile[day]
        if day >= days:
            held -= hostile[day - days]
        if day >= days - 1 and held <= level:
            return day + 2 - days
    return 0


def strengths(seed: int, lo: int, hi: int, names: NDArray[np.uint64], low: Floats, high: Floats) -> Floats:
    """(hi - lo, N) strengths drawn evenly between low and high, by future and named part.

    Args:
        lo, hi: first future, and the one after the last. names: (N) keys; a part with one name draws the same in every
            variant that holds it.
    """
    whirl, under, even = mix.py_func, below.py_func, unit.py_func  # numpy wraps around as the compiled ones do
    root = whirl(np.array([[seed]], dtype=np.uint64))  # type: ignore[no-untyped-call]
    own = under(under(root, np.arange(lo, hi)[:, None]), np.array([STRENGTH]))  # type: ignore[no-untyped-call]
    drawn: Floats = low + (high - low) * even(under(own, names))  # type: ignore[no-untyped-call]
    return drawn
