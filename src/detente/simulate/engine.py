"""The engine: day by day from a fitted intensity, under one or many sets of measures at once.

On most days nothing happens between most pairs. So the engine draws a pair's *number* of events first, by one uniform a
pair and day, and asks which events they were only where there are some:

1. ``T``, the rate of each dyad summed over response types (or over those of each quad class where the model damps by
   class), is kept from day to day as decayed excitation. That is all that quiet pairs cost.
2. A pair's count is the quantile of its negative binomial distribution (the Poisson count under the pair's Gamma shock,
   summed out). Given the count, its events are independent draws among the pair's cells: together exactly the negative
   multinomial of the model.
3. Each event draws its cell by a luck of its own. The dyad and class follow from ``T``. The type follows from the
   dyad's own excitation (inertia and reciprocity, kept by type, decayed only when touched) or, where the luck falls
   into the rest, from what third parties did (:func:`detente.simulate.memory.hearsay`), which is worked out from
   histories only then.

Randomness is counter based: each number is a hash (splitmix64, Steele, Lea and Flood 2014) of seed, future, day, pair
and event. The same future under another measure therefore meets the same luck, a higher rate never gives fewer events
of the pair, and nothing depends on the number of workers or on their order. A stream that a measure removes is thinned:
its events are drawn, and each is struck out by a luck of its own.

The shock of the reporting volume acts on what is reported, not on what is remembered: memory takes the count that the
same luck gives without it. A shock on the loop itself would feed on its own noise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.simulate.luck import (
    CAP,
    EVENT,
    MONTH,
    OCCASION,
    STRENGTH,
    below,
    dispersion,
    lean,
    mix,
    quantile,
    shared,
    unit,
)
from detente.simulate.memory import begin, between, calmed, hearsay, night, room, totals
from detente.simulate.rates import N_TYPES, Bools, Floats, Ints, Model

_ZERO, _HALF, _ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)


class Plan(NamedTuple):
    """Measures of all variants, flat. ``share`` columns are between 0 and 1, one row a future from ``lo``.

    Args:
        removed_first: (V + 1) offsets into removed: (N, A, A, K) streams, and removed_share: (F, N).
        damped_first: (V + 1) offsets into trigger: (M, A, A, L), reaction: (M, A, K), and damped_share: (F, M).
        reactor: (V, A) actors whose reactions a variant damps alike share a number, from 0; copies: (V) numbers.
        answer: (V, A, K) cells whose reactions a variant damps alike share a number, from 0; pasts: (V) numbers.
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
    reactor: Ints
    copies: Ints
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
    pairs, 2) of hostile and conciliatory events; swell (2) and places (2 Q): room."""

    pair: Floats
    volume: Floats
    drift: Floats
    swell: Floats
    places: Floats


class Strength(NamedTuple):
    """A variant's measures in one future: see :func:`_measured`."""

    kept: Floats
    keep: Floats
    left: Floats


def run(model: Model, plan: Plan, watch: Watch, seed: int, lo: int, hi: int, out: Counts) -> None:
    """Futures lo to hi under all variants, into ``out``, whose rows start at lo."""
    n_actors, n_days, n_measures = len(model.partners), out.daily.shape[3], len(plan.trigger)
    copies, pasts, like = int(plan.copies.max()), int(plan.pasts.max()), model.fade.dtype
    memory, rates = room(model, copies, pasts, n_days)
    n_pairs, months = n_actors * (n_actors - 1) // 2, n_days // MONTH + 1
    luck = Luck(
        np.zeros((n_days, n_pairs)),
        np.ones((n_days, 2)),
        np.ones((months, n_pairs, 2)),
        np.ones(2),
        np.ones(2 * model.first.size),
    )
    strength = Strength(
        np.ones((n_actors, n_actors, N_TYPES)),
        np.ones((n_measures, copies, N_TYPES), like),
        np.ones((n_measures, pasts), like),
    )
    ring = np.zeros((watch.window, n_pairs))
    stirred = np.zeros((n_actors * n_actors + len(plan.source), 2), np.int64)
    _futures(model, plan, watch, seed, lo, hi, out, memory, rates, luck, strength, ring, stirred)


@lean
def _measured(plan, v, row, kept, keep, left):  # type: ignore[no-untyped-def]
    """The strengths of a variant's measures in one future.

    Args:
        kept: (A, A, K) shares of streams that stay. keep: (M, R, K) and left: (M, S) shares of reactions that stay.
    """
    if plan.removed_first[v] < plan.removed_first[v + 1]:
        kept[:] = 1.0
    for m in range(plan.removed_first[v], plan.removed_first[v + 1]):
        stays = 1.0 - plan.removed_share[row, m]
        for a in range(kept.shape[0]):
            for b in range(kept.shape[1]):
                for k in range(N_TYPES):
                    if plan.removed[m, a, b, k]:
                        kept[a, b, k] *= stays
    for m in range(plan.damped_first[v], plan.damped_first[v + 1]):
        for a in range(kept.shape[0]):
            for k in range(N_TYPES):
                stays = 1.0 - (plan.damped_share[row, m] if plan.reaction[m, a, k] else 0.0)
                keep[m, plan.reactor[v, a], k] = stays
                left[m, plan.answer[v, a, k]] = stays


@lean
def _walk(line, first, last, x):  # type: ignore[no-untyped-def]
    """The type, of those from first to before last, at which the running sum of the line passes x."""
    found = -1
    for k in range(first, last):
        if line[k] > _ZERO:
            found = k
            if x < line[k]:
                break
            x -= line[k]
    return found


@lean
def _futures(model, plan, watch, seed, lo, hi, out, memory, room, lucks, strength, ring, stirred):  # type: ignore[no-untyped-def]
    """The same, compiled, with the room that it needs."""
    n_draws, n_actors = model.base.shape[:2]
    n_variants, _, _, n_days = out.daily.shape
    n_quads = model.base_sum.shape[2]
    rate, whole, left, flow = room.rate, room.whole, room.left, memory.flow
    mine, since, past, side, powers = memory.own, memory.since, memory.past, memory.side, room.powers
    own_line, own_sum, heard_line, heard_sum = room.own, room.own_sum, room.heard, room.heard_sum
    voices, partners, foes = room.voices, model.partners, model.foes
    cells, worst, counted = out.cells, out.worst, watch.pair
    symmetric, sort, grave, first = model.symmetric, watch.sort, watch.grave, model.first
    luck, volume, drift, swell, places = lucks.pair, lucks.volume, lucks.drift, lucks.swell, lucks.places
    kept, keep, stays = strength.kept, strength.keep, strength.left
    root = mix(np.uint64(seed))
    for f in range(lo, hi):
        own_key, draw, row = below(root, f), f % n_draws, f - lo
        base_sum, theta, damping = model.base_sum[draw], model.theta[draw], model.damping[draw]
        base, heard = model.base[draw], model.heard[draw]
        shared(model.volume, own_key, luck, volume, drift)
        for v in range(n_variants):
            reactor, copies, answer, pasts = plan.reactor[v], plan.copies[v], plan.answer[v], plan.pasts[v]
            daily, dyads, types = out.daily[v, row], out.dyads[v, row], out.types[v, row]
            thinned = plan.removed_first[v] < plan.removed_first[v + 1]
            lo_m, hi_m = plan.damped_first[v], plan.damped_first[v + 1]
            triggers = plan.trigger[lo_m:hi_m]
            _measured(plan, v, f - plan.lo, kept, keep, stays)
            begin(memory, model, draw, copies, pasts)
            ring[:] = 0.0
            left[:] = 1.0
            for day in range(n_days):
                totals(memory, room, base_sum, theta, model.fade, reactor, copies)
                slot, n_stirred, pair, moved = day % watch.window, 0, -1, drift[day // MONTH]
                day_key = below(below(own_key, EVENT), day)
                ring[slot] = 0.0
                for i in range(n_actors):
                    for j in range(i + 1, n_actors):
                        pair += 1
                        u, mean = luck[day, pair], float(whole[j, i]) + float(whole[i, j])
                        swell[0], swell[1] = volume[day, 0] * moved[pair, 0], volume[day, 1] * moved[pair, 1]
                        most = max(swell[0], swell[1])
                        if u < 1.0 - mean * max(most, 1.0):  # no event at the undamped rate, so none at a lower one
                            continue
                        if model.calms:
                            calmed(memory.calm, damping, model.scale, i, j, left)
                        mean = 0.0
                        for q in range(n_quads):
                            forth, back = float(left[q]) * float(rate[j, q, i]), float(left[q]) * float(rate[i, q, j])
                            places[q], places[n_quads + q] = forth, back
                            mean += forth + back
                        expected = min(mean, float(CAP))
                        phi = dispersion(expected, model.phi, model.power)
                        reported = min(expected * most, float(CAP))
                        more = quantile(max(expected, reported), phi, u)
                        if more == 0:
                            continue
                        fewer = quantile(min(expected, reported), phi, u)
                        real, told = (fewer, more) if reported > expected else (more, fewer)
                        out.capped[v, row] += more == CAP
                        own_sum[:, 0] = -1.0
                        heard_sum[:, 0] = -1.0
                        key, heavy, watched = below(day_key, pair), 0.0, counted[i, j]
                        for e in range(more):
                            event = below(key, e)
                            x, place = unit(event) * mean, 0
                            while place < 2 * n_quads - 1 and x >= places[place]:
                                x -= places[place]
                                place += 1
                            way = int(place >= n_quads)
                            q = place - way * n_quads
                            s, t = (j, i) if way else (i, j)
                            x /= float(left[q])
                            if own_sum[way, 0] < 0.0:
                                between(mine, since, powers, base, first, s, t, day, own_line[way], own_sum[way])
                            near = float(own_sum[way, q])
                            if x < near:
                                k = _walk(own_line[way], first[q], first[q + 1], x)
                            else:  # third parties
                                if heard_sum[way, 0] < 0.0:
                                    hearsay(
                                        past, side, theta, heard, partners, foes, first, answer, pasts, s, t, voices,
                                        heard_line[way], heard_sum[way],
                                    )  # fmt: skip
                                # The rest and the line's sum are the same number but for rounding.
                                rest, line_sum = float(rate[t, q, s]) - near, float(heard_sum[way, q])
                                if rest > 0.0 and line_sum > 0.0:
                                    k = _walk(heard_line[way], first[q], first[q + 1], (x - near) * (line_sum / rest))
                                else:
                                    k = _walk(own_line[way], first[q], first[q + 1], x)
                            if k < 0 or (thinned and kept[s, t, k] < 1.0 and unit(below(event, 0)) >= kept[s, t, k]):
                                continue
                            if e < real:
                                if symmetric[k]:
                                    flow[s, t, k] += _HALF
                                    flow[t, s, k] += _HALF
                                else:
                                    flow[s, t, k] += _ONE
                            if not (e < told and watched):
                                continue
                            less = swell[sort[k]]
                            if less == most or unit(below(event, 1)) * most < less:
                                heavy += grave[k]
                                daily[sort[k], day] += 1
                                types[k] += 1
                                there = 1 if symmetric[k] else 2
                                dyads[sort[k], s, t] += there
                                cells[v, s, t, k] += there
                                if symmetric[k]:
                                    dyads[sort[k], t, s] += 1
                                    cells[v, t, s, k] += 1
                        stirred[n_stirred, 0], stirred[n_stirred, 1] = i, j
                        stirred[n_stirred + 1, 0], stirred[n_stirred + 1, 1] = j, i
                        n_stirred += 2
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
                    memory, room, model, triggers, draw, keep[lo_m:hi_m], stays[lo_m:hi_m], reactor, copies, pasts,
                    stirred, n_stirred, day,
                )  # fmt: skip
            out.calm[v, row] = _first_calm(daily[0], watch.calm_level, watch.calm_days)


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
