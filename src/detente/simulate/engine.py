"""The engine: day by day, exact from a fitted linear intensity, under one or many sets of measures at once.

The rate of every cell (a toward b, type k) is linear in decayed history. So the engine never keeps the history itself
but, per dyad, the excitation that the history has already earned: ``R[h, a, b, k]``, which fades by ``exp(-1/tau_h)`` a
day and grows when an event falls. An event of s toward t touches few single dyads (its own, the mirrored one, those of
partners) and whole rows or columns of dyads (everything that s does, everything that is done to t); rows and columns
are kept as sums by actor, so that an event costs a handful of vector additions whatever the number of actors.
:func:`wire` derives these from the channels of the fitted model.

Randomness is counter based: each number is a hash (splitmix64, Steele, Lea and Flood 2014) of seed, future, day, pair,
cell and purpose, turned into a count by the inverse of the Poisson distribution. The same future under another measure
therefore meets the same luck, a higher rate never gives a lower count, and nothing depends on the number of workers or
on their order.

The shock of the reporting volume acts on what is reported, not on what is remembered: memory takes the count that the
same luck gives without it. A shock on the loop itself would feed on its own noise.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detente.codebook import event_type
from detente.learn.exposures import channels as exposures
from detente.learn.exposures import symmetrise
from detente.learn.model import Fit

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CAP: Final = 200
"""Most events that one pair may have in one day; days on which this bound bites are counted and reported. The busiest
pair-day in the data of the shipped model had 58 (two states of 24, January to September 2018, ICEWS)."""

_DYAD, _ROW, _COLUMN = 0, 1, 2

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_SHOCK, _MONTH, _DAY, _CELL, _OCCASION, _STRENGTH = (np.uint64(i) for i in range(1, 7))


class Wiring(NamedTuple):
    """What one event touches. An event of s toward t and type l owns the entries between ``first[i]`` and ``first[i +
    1]``, i = (group[l] * A + s) * A + t.

    Args:
        group: (L) types that touch the same things share a group.
        first: offsets. kind: 0 a dyad, 1 all dyads of the row a, 2 all dyads of the column b.
        channel, a, b: where it lands. share: times which coefficient.
    """

    group: Ints
    first: Ints
    kind: Ints
    channel: Ints
    a: Ints
    b: Ints
    share: Floats


class Model(NamedTuple):
    """A fitted model as the kernel wants it, all parameter draws at once.

    Args:
        base: (D, A, A, K). weights: (D, C, H, L, K) times ``1 - exp(-1 / tau)``. live: (D, C, L) whether
            any weight is not zero. theta: (D, C, A, A).
        start: (D, H, A, A, K) excitation earned before the first day. fade: (H) ``exp(-1 / tau)``.
        symmetric: (K) types without direction: one count for both directions. phi, month_sd, day_sd: shocks.
    """

    base: Floats
    weights: Floats
    live: Bools
    theta: Floats
    start: Floats
    fade: Floats
    symmetric: Bools
    phi: float
    month_sd: float
    day_sd: float


class Plan(NamedTuple):
    """Measures of all variants, flat. ``strength`` columns are shares between 0 and 1, one row a future.

    Args:
        removed_first: (V + 1) offsets into removed: (N, A, A, K) streams, and removed_share: (F, N).
        damped_first: (V + 1) offsets into trigger: (M, A, A, L), reaction: (M, A, K), and damped_share: (F, M).
        added_first: (V, T + 1) offsets into the added events, sorted by variant and day: source, target, type, weight,
            occasion (one key for the parts of one meeting), part: column of added_share, (F, P) share of occasions that
            take place.
    """

    removed_first: Ints
    removed: Bools
    removed_share: Floats
    damped_first: Ints
    trigger: Bools
    reaction: Bools
    damped_share: Floats
    added_first: Ints
    source: Ints
    target: Ints
    type: Ints
    weight: Floats
    occasion: NDArray[np.uint64]
    part: Ints
    added_share: Floats


class Watch(NamedTuple):
    """What is counted.

    Args:
        pair: (A, A) dyads that count. hostile, conciliatory, grave: (K) types. window: days of the escalation window.
    """

    pair: Bools
    hostile: Bools
    conciliatory: Bools
    grave: Bools
    window: int


class Counts(NamedTuple):
    """What was counted, by variant (V) and future (F).

    Args:
        hostile, conciliatory: (V, F, T) reported events a day. dyads: (V, F, 2, A, A) hostile and conciliatory over the
            horizon.
        types: (V, F, K) over the horizon. worst: (V, F) most grave events of one pair in one window; worst_pair: (V, F,
            2) that
        pair; worst_day: (V, F) day on which its window ends. capped: (V, F) pair-days at the bound :data:`CAP`.
    """

    hostile: Floats
    conciliatory: Floats
    dyads: Floats
    types: Floats
    worst: Floats
    worst_pair: Ints
    worst_day: Ints
    capped: Ints

    @classmethod
    def zeros(cls, v: int, f: int, t: int, a: int, k: int) -> Counts:
        """Room for v variants, f futures, t days, a actors, k types."""
        return cls(
            np.zeros((v, f, t)),
            np.zeros((v, f, t)),
            np.zeros((v, f, 2, a, a)),
            np.zeros((v, f, k)),
            np.zeros((v, f)),
            np.zeros((v, f, 2), np.int64),
            np.zeros((v, f), np.int64),
            np.zeros((v, f), np.int64),
        )


def wire(partners: Floats, n_types: int) -> Wiring:
    """What an event of each dyad touches, read off the fitted model's own channels by showing them one event at a time.

    Args:
        partners: (A, A) as in the fitted model. n_types: L.
    """
    n = len(partners)
    probe = np.random.default_rng(0).random((n, n))  # types that answer alike to one state answer alike to all
    probe[np.diag_indices(n)] = 0.0
    answers = exposures(np.repeat(probe[:, :, None, None], n_types, axis=2), partners)[..., 0]
    _, examples, group = np.unique(answers.reshape(-1, n_types), axis=1, return_index=True, return_inverse=True)
    off = ~np.eye(n, dtype=bool)
    every = np.arange(n)
    first, parts = [np.zeros(1, dtype=np.int64)], []
    for example in examples:
        for s in range(n):
            units = np.zeros((n, n, n_types, n))  # the last axis tells the targets apart
            units[s, every, example, every] = off[s]
            left = np.moveaxis(exposures(units, partners)[:, :, :, example], -1, 0)  # (target, C, A, A)
            target, found = [], []
            for kind, lines in ((_ROW, left), (_COLUMN, left.swapaxes(2, 3))):
                for x in (np.full(n, s), every):  # only what involves s or t can be the same for a whole line
                    line = lines[every, :, x]  # (target, C, A), a copy
                    usual = np.median(line, axis=2)
                    shared = ((line == usual[..., None]).sum(2) * 2 > n) & (usual != 0.0)
                    for t, c in np.argwhere(shared):
                        target.append(t)
                        found.append((kind, c, x[t], x[t], usual[t, c]))
                        lines[t, c, x[t], off[x[t]]] -= usual[t, c]
            for t, c, x, y in np.argwhere(left):
                target.append(t)
                found.append((_DYAD, c, x, y, left[t, c, x, y]))
            order = np.argsort(np.array(target, dtype=np.int64), kind="stable")
            parts.append(np.array(found, dtype=np.float64).reshape(-1, 5)[order])
            first.append(first[-1][-1] + np.cumsum(np.bincount(np.array(target, dtype=np.int64), minlength=n)))
    table = np.concatenate(parts)
    kinds, channel, a, b = (table[:, i].astype(np.int64) for i in range(4))
    return Wiring(
        group.reshape(-1).astype(np.int64),
        np.concatenate(first),
        kinds,
        channel,
        a,
        b,
        np.ascontiguousarray(table[:, 4]),
    )


def prepare(fit: Fit, gap: int) -> Model:
    """The arrays of a fit, ready for the kernel.

    Args:
        gap: days between the end of the data and the first simulated day. Over them the history fades toward its
            long-run mean, from which a fit without a state starts too.
    """
    fade = np.exp(-1.0 / np.asarray(fit.taus, dtype=np.float64))
    usual = symmetrise(np.asarray(fit.mean, dtype=np.float64))[..., None]
    known = fade**gap if fit.state.any() else 0.0 * fade
    exposed = exposures(np.asarray(fit.state, dtype=np.float64) * known + usual * (1.0 - known), fit.partners)
    weights = np.asarray(fit.draws.weights, dtype=np.float64)
    theta = np.asarray(fit.draws.theta, dtype=np.float64)
    n_channels, n_actors, _, n_types, n_taus = exposed.shape
    columns = exposed.reshape(n_channels, n_actors**2, n_types, n_taus).transpose(0, 3, 1, 2)
    start = np.stack(
        [
            np.einsum("chpk,cp->hpk", columns @ w, t.reshape(n_channels, -1)).reshape(n_taus, n_actors, n_actors, -1)
            for w, t in zip(weights, theta, strict=True)
        ]
    )
    return Model(
        base=np.ascontiguousarray(np.asarray(fit.draws.base)[..., None] * np.asarray(fit.base, dtype=np.float64)),
        weights=np.ascontiguousarray(weights * (1.0 - fade)[:, None, None]),
        live=weights.max(axis=(2, 4)) > 0.0,
        theta=np.ascontiguousarray(theta),
        start=np.ascontiguousarray(start),
        fade=fade,
        symmetric=np.array([event_type(k).symmetric for k in fit.types]),
        phi=float(fit.phi),
        month_sd=float(fit.volume_sd[0]),
        day_sd=float(fit.volume_sd[1]),
    )


def reproduction(model: Model, fit: Fit, *, steps: int = 40) -> Floats:
    """(D) expected further events per event, for every parameter draw: the spectral radius, by power iteration."""
    summed = (model.weights / (1.0 - model.fade)[:, None, None]).sum(2)  # (D, C, L, K)
    n_actors, n_types = len(fit.actors), len(fit.types)
    out = np.empty(len(summed))
    for d, (weights, theta) in enumerate(zip(summed, model.theta, strict=True)):
        state: Floats = np.ones((n_actors, n_actors, n_types))
        state[np.diag_indices(n_actors)] = 0.0
        size = 1.0
        for _ in range(steps):
            exposed = exposures(state[..., None], fit.partners)[..., 0]
            answer = np.einsum("capk,cap->apk", exposed @ weights[:, None], theta)
            state = symmetrise(answer)
            size = float(np.linalg.norm(state))
            if size == 0.0:
                break
            state /= size
        out[d] = size
    return out


@njit(cache=True, nogil=True)
def _mix(x):  # type: ignore[no-untyped-def]
    x = (x ^ (x >> _S30)) * _M1
    x = (x ^ (x >> _S27)) * _M2
    return x ^ (x >> _S31)


@njit(cache=True, nogil=True)
def _key(key, i):  # type: ignore[no-untyped-def]
    """The key below a key: the i-th output of splitmix64 started there."""
    return _mix(key + (np.uint64(i) + np.uint64(1)) * _GOLDEN)


@njit(cache=True, nogil=True)
def _unit(key):  # type: ignore[no-untyped-def]
    """A number in [0, 1)."""
    return float(key >> _S11) * (1.0 / 9007199254740992.0)


@njit(cache=True, nogil=True)
def _normal(key):  # type: ignore[no-untyped-def]
    """Box and Muller."""
    radius = math.sqrt(-2.0 * math.log(1.0 - _unit(_key(key, 0))))
    return radius * math.cos(2.0 * math.pi * _unit(_key(key, 1)))


@njit(cache=True, nogil=True)
def _gamma(key, phi):  # type: ignore[no-untyped-def]
    """Gamma(1 / phi, rate 1 / phi), mean one (Marsaglia and Tsang 2000)."""
    if phi <= 0.0:
        return 1.0
    shape = 1.0 / phi
    boost = 1.0
    if shape < 1.0:
        boost = (1.0 - _unit(_key(key, 0))) ** phi
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    i = 1
    while True:
        z = _normal(_key(key, i))
        v = (1.0 + c * z) ** 3
        if v > 0.0 and math.log(1.0 - _unit(_key(key, i + 1))) < 0.5 * z * z + d - d * v + d * math.log(v):
            return boost * d * v * phi
        i += 2


@njit(cache=True, nogil=True)
def _poisson(rate, u):  # type: ignore[no-untyped-def]
    """The u-quantile of Poisson(rate), at most CAP."""
    if u < 1.0 - rate:  # exp(-rate) is never less than this
        return 0
    p = math.exp(-rate)
    total, n = p, 0
    while u >= total and n < CAP:
        n += 1
        p *= rate / n
        total += p
        if p < 1e-18 and n > rate:
            break
    return n


@njit(cache=True, nogil=True, inline="always")
def _remember(  # type: ignore[no-untyped-def]
    memory, rows, columns, wiring, weights, live, theta, s, t, kind, n, plan, variant, f, damped, keep
):
    """Add n events of one kind, s toward t, to the excitations."""
    n_actors, n_types = memory.shape[1], memory.shape[3]
    if damped:
        keep[:] = 1.0
        for m in range(plan.damped_first[variant], plan.damped_first[variant + 1]):
            if plan.trigger[m, s, t, kind]:
                for a in range(n_actors):
                    for k in range(n_types):
                        if plan.reaction[m, a, k]:
                            keep[a, k] *= 1.0 - plan.damped_share[f, m]
    at = (wiring.group[kind] * n_actors + s) * n_actors + t
    for op in range(wiring.first[at], wiring.first[at + 1]):
        c, a, b, what = wiring.channel[op], wiring.a[op], wiring.b[op], wiring.kind[op]
        if not live[c, kind]:
            continue
        size = n * wiring.share[op]
        if damped and what == _COLUMN:  # a damped reaction differs by reactor, so the column is written out
            for x in range(n_actors):
                if x != b:
                    for h in range(memory.shape[0]):
                        for k in range(n_types):
                            memory[h, x, b, k] += size * theta[c, x, b] * weights[c, h, kind, k] * keep[x, k]
            continue
        if what == _DYAD:
            size *= theta[c, a, b]
        for h in range(memory.shape[0]):
            line = weights[c, h, kind]
            if what == _DYAD:
                target = memory[h, a, b]
            elif what == _ROW:
                target = rows[c, h, a]
            else:
                target = columns[c, h, b]
            if damped:
                for k in range(n_types):
                    target[k] += size * line[k] * keep[a, k]
            else:
                for k in range(n_types):
                    target[k] += size * line[k]


@njit(cache=True, nogil=True)
def _remember_all(memory, rows, columns, wiring, by_type, live, theta, flow, answer):  # type: ignore[no-untyped-def]
    """Add a day's expected events of all cells, ``flow`` (A, A, L), at once; ``by_type`` is (L, C, H, K) weights."""
    n_types, n_channels, n_taus, _ = by_type.shape
    n_actors = flow.shape[0]
    each = n_taus * n_types
    flat, whole = by_type.reshape(n_types, n_channels, each), answer.reshape(n_channels, each)
    for group in range(wiring.group.max() + 1):
        heard = np.zeros(n_channels, np.bool_)
        for kind in range(n_types):
            if wiring.group[kind] == group:
                heard |= live[:, kind]
        for s in range(n_actors):
            for t in range(n_actors):
                whole[:] = 0.0
                for kind in range(n_types):
                    n = flow[s, t, kind]
                    if n > 0.0 and wiring.group[kind] == group:
                        for c in range(n_channels):
                            if live[c, kind]:
                                part, line = whole[c], flat[kind, c]
                                for i in range(each):
                                    part[i] += n * line[i]
                at = (group * n_actors + s) * n_actors + t
                for op in range(wiring.first[at], wiring.first[at + 1]):
                    c, a, b = wiring.channel[op], wiring.a[op], wiring.b[op]
                    if not heard[c]:
                        continue
                    share = wiring.share[op]
                    if wiring.kind[op] == _DYAD:
                        share *= theta[c, a, b]
                    for h in range(n_taus):
                        if wiring.kind[op] == _DYAD:
                            target = memory[h, a, b]
                        elif wiring.kind[op] == _ROW:
                            target = rows[c, h, a]
                        else:
                            target = columns[c, h, b]
                        for k in range(n_types):
                            target[k] += share * answer[c, h, k]


@njit(cache=True, nogil=True)
def _rates(memory, rows, columns, base, theta, fade, row_channels, column_channels, row_sum, column_sum, rate):  # type: ignore[no-untyped-def]
    """Rates of all cells from yesterday's excitations, which then fade by a day."""
    n_taus, n_actors, _, n_types = memory.shape
    row_sum[:], column_sum[:] = 0.0, 0.0
    for h in range(n_taus):
        for c in row_channels:
            for x in range(n_actors):
                for k in range(n_types):
                    row_sum[c, x, k] += rows[c, h, x, k]
                    rows[c, h, x, k] *= fade[h]
        for c in column_channels:
            for x in range(n_actors):
                for k in range(n_types):
                    column_sum[c, x, k] += columns[c, h, x, k]
                    columns[c, h, x, k] *= fade[h]
    size = n_actors * n_actors * n_types
    flat, still = rate.reshape(size), base.reshape(size)
    for i in range(size):
        flat[i] = still[i]
    for h in range(n_taus):
        fading, left = memory[h].reshape(size), fade[h]
        for i in range(size):
            flat[i] += fading[i]
            fading[i] *= left
    for a in range(n_actors):
        for b in range(n_actors):
            if a == b:
                continue
            cell = rate[a, b]
            for c in row_channels:
                size_here, line = theta[c, a, b], row_sum[c, a]
                for k in range(n_types):
                    cell[k] += size_here * line[k]
            for c in column_channels:
                size_here, line = theta[c, a, b], column_sum[c, b]
                for k in range(n_types):
                    cell[k] += size_here * line[k]
    for i in range(size):
        flat[i] = max(flat[i], 0.0)  # rows less their exceptions may end a rounding error below zero


@njit(cache=True, nogil=True, fastmath={"nnan", "nsz"})
def _cells(forth, back, mirrored, g, volume, luck, here):  # type: ignore[no-untyped-def]
    """Rates of a pair's cells under the shock g, into ``here``; returns whether any may have an event (exp(-x) >= 1 -
    x)."""
    n = len(forth)
    room, most = max(1.0, volume), -1.0
    for k in range(n):
        here[k] = g * (forth[k] + mirrored[k] * back[k])
        here[n + k] = g * (back[k] - mirrored[k] * back[k])
    for cell in range(2 * n):
        most = max(most, here[cell] * room - (1.0 - luck[cell]))
    return most >= 0.0


@njit(cache=True, nogil=True)
def _draw(model, own, shock, volume, luck):  # type: ignore[no-untyped-def]
    """The shocks of one future, and the luck of each of its cells, which all variants share."""
    n_days, n_pairs = shock.shape
    centre = 0.5 * (model.month_sd**2 + model.day_sd**2)  # keeps the mean at one
    for day in range(n_days):
        month = _normal(_key(_key(own, _MONTH), day // 30))
        daily = _normal(_key(_key(own, _DAY), day))
        volume[day] = math.exp(model.month_sd * month + model.day_sd * daily - centre)
        shock_key, cell_key = _key(_key(own, _SHOCK), day), _key(_key(own, _CELL), day)
        for pair in range(n_pairs):
            shock[day, pair] = _gamma(_key(shock_key, pair), model.phi)
            key = _key(cell_key, pair)
            for cell in range(luck.shape[2]):
                luck[day, pair, cell] = _unit(_key(key, cell))


@njit(cache=True, nogil=True)
def run(model, wiring, plan, watch, seed, lo, hi, chance, out):  # type: ignore[no-untyped-def]
    """Futures lo to hi under all variants, into ``out``.

    Args:
        chance: True for random futures; False for the exact expectation given the parameters (rates take the place of
            counts).
    """
    n_draws, n_taus, n_actors, _, n_types = model.start.shape
    n_channels = model.theta.shape[1]
    n_variants, _, n_days = out.hostile.shape
    n_pairs = n_actors * (n_actors - 1) // 2
    has_row, has_column = np.zeros(n_channels, np.bool_), np.zeros(n_channels, np.bool_)
    for op in range(len(wiring.kind)):
        has_row[wiring.channel[op]] |= wiring.kind[op] == _ROW
        has_column[wiring.channel[op]] |= wiring.kind[op] == _COLUMN
    row_channels, column_channels = np.flatnonzero(has_row), np.flatnonzero(has_column)
    rows = np.zeros((n_channels, n_taus, n_actors, n_types))
    columns = np.zeros_like(rows)
    row_sum, column_sum = np.zeros((n_channels, n_actors, n_types)), np.zeros((n_channels, n_actors, n_types))
    rate, kept = np.zeros((n_actors, n_actors, n_types)), np.ones((n_actors, n_actors, n_types))
    flow, triggered = np.zeros_like(rate), np.zeros(rate.shape, np.bool_)
    keep, answer = np.ones((n_actors, n_types)), np.zeros((n_channels, n_taus, n_types))
    shock, volume = np.ones((n_days, n_pairs)), np.ones(n_days)
    luck = np.zeros((n_days, n_pairs, 2 * n_types))
    ring = np.zeros((n_pairs, watch.window))
    memory = np.empty((n_taus, n_actors, n_actors, n_types))
    here, mirrored = np.zeros(2 * n_types), model.symmetric.astype(np.float64)
    root = _mix(np.uint64(seed))
    for f in range(lo, hi):
        own = _key(root, f)
        draw = f % n_draws
        base, weights, live, theta = model.base[draw], model.weights[draw], model.live[draw], model.theta[draw]
        by_type = np.ascontiguousarray(weights.transpose(2, 0, 1, 3))
        if chance:
            _draw(model, own, shock, volume, luck)
        for v in range(n_variants):
            kept[:] = 1.0
            triggered[:] = False
            for a in range(n_actors):
                for b in range(n_actors):
                    for k in range(n_types):
                        for r in range(plan.removed_first[v], plan.removed_first[v + 1]):
                            if plan.removed[r, a, b, k]:
                                kept[a, b, k] *= 1.0 - plan.removed_share[f, r]
                        for m in range(plan.damped_first[v], plan.damped_first[v + 1]):
                            triggered[a, b, k] |= plan.trigger[m, a, b, k] and plan.damped_share[f, m] > 0.0
            memory[:] = model.start[draw]
            rows[:], columns[:], ring[:], flow[:] = 0.0, 0.0, 0.0, 0.0
            for day in range(n_days):
                _rates(
                    memory, rows, columns, base, theta, model.fade,
                    row_channels, column_channels, row_sum, column_sum, rate,
                )  # fmt: skip
                if plan.removed_first[v] < plan.removed_first[v + 1]:
                    rate *= kept
                pair = -1
                for i in range(n_actors):
                    for j in range(i + 1, n_actors):
                        pair += 1
                        total, numbers = 0.0, luck[day, pair]
                        possible = _cells(
                            rate[i, j], rate[j, i], mirrored, shock[day, pair], volume[day], numbers, here
                        )
                        if possible or not chance:
                            total = _pair(
                                model, wiring, plan, watch, memory, rows, columns, weights, live, theta, here, keep,
                                flow, triggered, numbers, volume[day], i, j, v, f, day, chance, out,
                            )  # fmt: skip
                        ring[pair, day % watch.window] = total
                        if total > 0.0:
                            in_window = ring[pair].sum()
                            if in_window > out.worst[v, f]:
                                out.worst[v, f], out.worst_day[v, f] = in_window, day
                                out.worst_pair[v, f, 0], out.worst_pair[v, f, 1] = i, j
                if not chance:
                    _remember_all(memory, rows, columns, wiring, by_type, live, theta, flow, answer)
                    flow[:] = 0.0
                for e in range(plan.added_first[v, day], plan.added_first[v, day + 1]):
                    share = plan.added_share[f, plan.part[e]]
                    if chance:
                        lot = _unit(_key(_key(own, _OCCASION), plan.occasion[e]))
                        share = 1.0 if lot < share else 0.0
                    if share > 0.0:
                        s, t, k = plan.source[e], plan.target[e], plan.type[e]
                        _remember(
                            memory, rows, columns, wiring, weights, live, theta,
                            s, t, k, share * plan.weight[e], plan, v, f, triggered[s, t, k], keep,
                        )  # fmt: skip


@njit(cache=True, nogil=True, inline="always")
def _pair(  # type: ignore[no-untyped-def]
    model, wiring, plan, watch, memory, rows, columns, weights, live, theta, here, keep, flow, triggered,
    luck, volume, i, j, v, f, day, chance, out,
):  # fmt: skip
    """The events of one pair on one day, counted and remembered; returns the number of grave ones.

    Args:
        here: (2 K) rates of the cells, toward j and then toward i; a symmetric type has one cell, toward j.
    """
    room_real, room_reported = float(CAP), float(CAP)
    grave, bitten, watched = 0.0, False, watch.pair[i, j]
    for cell in range(len(here)):
        x = here[cell]
        if x <= 0.0:
            continue
        if chance:
            if luck[cell] < 1.0 - x * max(1.0, volume):
                continue
            real = float(_poisson(min(x, float(CAP)), luck[cell]))
            reported = float(_poisson(min(x * volume, float(CAP)), luck[cell]))
        else:
            real, reported = x, x
        bitten = bitten or real > room_real or reported > room_reported
        real, reported = min(real, room_real), min(reported, room_reported)
        room_real -= real
        room_reported -= reported
        k = cell % len(model.symmetric)
        s, t = (i, j) if cell == k else (j, i)
        sides = 2 if model.symmetric[k] else 1  # an event without direction counts half each way
        for side in range(sides):
            a, b = (s, t) if side == 0 else (t, s)
            if real > 0.0:
                if chance or triggered[a, b, k]:
                    _remember(
                        memory, rows, columns, wiring, weights, live, theta,
                        a, b, k, real / sides, plan, v, f, triggered[a, b, k], keep,
                    )  # fmt: skip
                else:
                    flow[a, b, k] += real / sides
            if watched and watch.hostile[k]:
                out.dyads[v, f, 0, a, b] += reported / sides
            if watched and watch.conciliatory[k]:
                out.dyads[v, f, 1, a, b] += reported / sides
        if watched:
            out.types[v, f, k] += reported
            if watch.hostile[k]:
                out.hostile[v, f, day] += reported
            if watch.conciliatory[k]:
                out.conciliatory[v, f, day] += reported
            if watch.grave[k]:
                grave += reported
    if bitten:
        out.capped[v, f] += 1
    return grave


@njit(cache=True, nogil=True)
def strengths(seed, futures, names, low, high):  # type: ignore[no-untyped-def]
    """Strengths drawn evenly between low and high, by future (rows) and named part (columns).

    Args:
        names: (N) keys; a part with one name draws the same in every variant that holds it.
    """
    out = np.empty((futures, len(names)))
    root = _mix(np.uint64(seed))
    for f in range(futures):
        own = _key(_key(root, f), _STRENGTH)
        for n in range(len(names)):
            out[f, n] = low[n] + (high[n] - low[n]) * _unit(_key(own, names[n]))
    return out
