"""The inner loops of the fit, compiled. Everything around them is plain numpy in :mod:`detente.learn.estimate`.

Only active pairs are kept: ordered pairs of actors between whom, in either direction, the record holds any event. One
sweep over the days rebuilds their decayed history, hands each day's exposures on, and adds the day's events: memory
grows with active pairs and event cells, neither with actors squared nor with pairs times days.

Exposures lie flat: 16 types of *inertia*, 16 of *reciprocity*, then four quad classes of each third-party channel, each
at every time constant (:data:`N_FEATURES` times H). ``bounds`` (C + 1) says where the stretch of each channel begins.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detente.learn.exposures import PHI

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

N_TYPES: Final = 16
N_QUADS: Final = 4
N_THIRD: Final = 7
N_FEATURES: Final = 2 * N_TYPES + N_THIRD * N_QUADS

N_BASE: Final = 4
"""Components of the baseline: the pair's mean by type, its total in the usual mix, sender times receiver times mix, and
the pair's total in its own mix, drawn to that of its sender and receiver as far as its events are few."""

_LEAST: Final = 1e-12  # what is smaller is none: arithmetic on numbers near zero takes a hundred times as long

_OWN_MIX: Final = 30.0  # events of a pair at which its own mix of types weighs as much as its sender's and receiver's
_SIDE_MIX: Final = 10.0  # the same for a sender's or receiver's mix and that of all


class Record(NamedTuple):
    """A record as the kernels want it.

    Args:
        cells: (N, 4) day, source, target, type of the cells with events, by day. n: (N) counts.
        fresh: (T) days on which a stretch of record begins.
        slot: (A, A) number of each active ordered pair, else -1. of: (P, 2) its actors.
        back: (P) number of the same pair the other way; both: (P) number of the unordered pair.
        friends: (M, 2) ``partners`` channel: pair p = (a, b) hears pair q = (c, b): p, q; weights: (E, M) how much.
        foes, foe_weights: the same for the ``foes`` channel.
        near: (E, P) weight of b as a's partner.
        epoch: (T) which of the E sets of weights holds on a day; they change where formal ties start or end.
        keep: (H) share of history left after a day.
        symmetric, friendly: (K) types without direction, conciliatory types. quad: (K) quad classes.
        cooperation: (K) 0 for types of verbal, 1 of material cooperation, else -1.
    """

    cells: Ints
    n: Floats
    fresh: Bools
    slot: Ints
    of: Ints
    back: Ints
    both: Ints
    friends: Ints
    weights: Floats
    foes: Ints
    foe_weights: Floats
    near: Floats
    epoch: Ints
    keep: Floats
    symmetric: Bools
    friendly: Bools
    quad: Ints
    cooperation: Ints


class Past(NamedTuple):
    """What is remembered: s (P, K, H) history, total (P, K) long-run totals, known (P) whether the pair ever dealt."""

    s: Floats
    total: Floats
    known: Bools


@njit(cache=True)
def _forget(past: Past) -> None:
    past.s[:] = 0.0
    past.total[:] = 0.0


@njit(cache=True)
def _day_end(rec: Record, t: int, first: int) -> int:
    """Number after that of the last event cell of day t, whose first one is ``first``."""
    last = first
    while last < len(rec.n) and rec.cells[last, 0] == t:
        last += 1
    return last


@njit(cache=True)
def _exposures(rec: Record, past: Past, t: int, flat: Floats) -> None:
    """Fill x (P, F H): the compiled twin of ``exposures.channels``, causes of third parties summed by quad class."""
    s, x, now = (past.s, flat.reshape((len(flat), N_FEATURES, len(rec.keep))), rec.epoch[t])
    near, weights, foe_weights = rec.near[now], rec.weights[now], rec.foe_weights[now]
    n, n_taus = len(rec.slot), len(rec.keep)
    sums = np.zeros((len(s), N_QUADS, n_taus))
    sent = np.zeros((n, N_QUADS, n_taus))
    received = np.zeros((n, N_QUADS, n_taus))
    circle = np.zeros((n, N_QUADS, n_taus))
    for p in range(len(s)):
        a, b = rec.of[p, 0], rec.of[p, 1]
        for i in range(N_TYPES):
            q = rec.quad[i]
            for h in range(n_taus):
                sums[p, q, h] += s[p, i, h]
        for q in range(N_QUADS):
            for h in range(n_taus):
                sent[a, q, h] += sums[p, q, h]
                received[b, q, h] += sums[p, q, h]
    for p in range(len(s)):
        a, back = rec.of[p, 0], rec.back[p]
        for i in range(N_TYPES):
            if rec.friendly[i]:
                for h in range(n_taus):
                    circle[a, rec.quad[i], h] += 0.5 * near[p] * (s[p, i, h] + s[back, i, h])
    own, third = N_TYPES, 2 * N_TYPES
    for p in range(len(s)):
        a, b, back = rec.of[p, 0], rec.of[p, 1], rec.back[p]
        if not past.known[p]:
            x[p] = 0.0
            continue
        for i in range(N_TYPES):
            for h in range(n_taus):
                x[p, i, h] = s[p, i, h]
                x[p, own + i, h] = 0.0 if rec.symmetric[i] else s[back, i, h]
        for q in range(N_QUADS):
            for h in range(n_taus):
                there, home = sums[p, q, h], sums[back, q, h]
                x[p, third + q, h] = sent[a, q, h] - there
                x[p, third + N_QUADS + q, h] = received[b, q, h] - there
                x[p, third + 2 * N_QUADS + q, h] = sent[b, q, h] - home
                x[p, third + 3 * N_QUADS + q, h] = received[a, q, h] - home
                x[p, third + 4 * N_QUADS + q, h] = 0.0
                x[p, third + 5 * N_QUADS + q, h] = circle[b, q, h]
                x[p, third + 6 * N_QUADS + q, h] = 0.0
        for i in range(N_TYPES):
            if rec.friendly[i]:
                for h in range(n_taus):
                    x[p, third + 5 * N_QUADS + rec.quad[i], h] -= 0.5 * near[back] * (s[p, i, h] + s[back, i, h])
    for m in range(len(rec.friends)):
        p, other = rec.friends[m, 0], rec.friends[m, 1]
        if past.known[p]:
            for q in range(N_QUADS):
                for h in range(n_taus):
                    x[p, third + 4 * N_QUADS + q, h] += weights[m] * sums[other, q, h]
    for m in range(len(rec.foes)):
        p, other = rec.foes[m, 0], rec.foes[m, 1]
        if past.known[p]:
            for q in range(N_QUADS):
                for h in range(n_taus):
                    x[p, third + 6 * N_QUADS + q, h] += foe_weights[m] * sums[other, q, h]


@njit(cache=True)
def _baseline(rec: Record, past: Past, days: float, m: Floats, mix: Floats) -> float:
    """Fill m (J, P, K) and mix (K); returns the third component's sum over pairs that are not active."""
    n = len(rec.slot)
    mix[:] = 0.5
    sent = np.full(n, 0.5)
    received = np.full(n, 0.5)
    pair = np.zeros(len(past.total))
    for p in range(len(pair)):
        for k in range(N_TYPES):
            y = past.total[p, k]
            mix[k] += y
            pair[p] += y
        sent[rec.of[p, 0]] += pair[p]
        received[rec.of[p, 1]] += pair[p]
    grand = mix.sum()
    mix /= grand
    # Sums over a != b, so that the expected total is the observed one.
    off = 0.0
    for a in range(n):
        off += sent[a] * (received.sum() - received[a])
    by_sender = np.zeros((n, N_TYPES))
    by_receiver = np.zeros((n, N_TYPES))
    for p in range(len(pair)):
        for k in range(N_TYPES):
            by_sender[rec.of[p, 0], k] += past.total[p, k]
            by_receiver[rec.of[p, 1], k] += past.total[p, k]
    for a in range(n):
        for k in range(N_TYPES):
            by_sender[a, k] = (by_sender[a, k] + _SIDE_MIX * mix[k]) / (sent[a] - 0.5 + _SIDE_MIX)
            by_receiver[a, k] = (by_receiver[a, k] + _SIDE_MIX * mix[k]) / (received[a] - 0.5 + _SIDE_MIX)
    expected = np.zeros(N_TYPES)
    rest = grand
    for p in range(len(pair)):
        cross = sent[rec.of[p, 0]] * received[rec.of[p, 1]] / off * grand
        rest -= cross
        for k in range(N_TYPES):
            m[0, p, k] = past.total[p, k] / days
            m[1, p, k] = pair[p] * mix[k] / days
            m[2, p, k] = cross * mix[k] / days
            expected[k] = by_sender[rec.of[p, 0], k] * by_receiver[rec.of[p, 1], k] / mix[k]
        own = pair[p] / (pair[p] + _OWN_MIX) / days
        for k in range(N_TYPES):
            m[3, p, k] = own * (past.total[p, k] + _OWN_MIX * expected[k] / expected.sum())
    left: float = max(rest, 0.0) / days
    return left


@njit(cache=True)
def _absorb(rec: Record, past: Past, first: int, last: int) -> None:
    """Let a day pass: decay the history and add the day's events, numbers first to last."""
    s, total, n_taus = past.s, past.total, len(rec.keep)
    for p in range(len(s)):
        for i in range(N_TYPES):
            for h in range(n_taus):
                s[p, i, h] = s[p, i, h] * rec.keep[h] if s[p, i, h] > _LEAST else 0.0
    for e in range(first, last):
        k = rec.cells[e, 3]
        half = 0.5 if rec.symmetric[k] else 1.0
        p = rec.slot[rec.cells[e, 1], rec.cells[e, 2]]
        past.known[p] = past.known[rec.back[p]] = True
        for side in range(2 if rec.symmetric[k] else 1):
            at = rec.back[p] if side else p
            total[at, k] += half * rec.n[e]
            for h in range(n_taus):
                s[at, k, h] += half * rec.n[e] * (1.0 - rec.keep[h])


@njit(cache=True)
def _calm(rec: Record, past: Past, scale: float, p: int, out: Floats) -> None:
    """Fill out (2): recent verbal and material cooperation z of the pair p, as z / (z + scale)."""
    middle, back = len(rec.keep) // 2, rec.back[p]
    out[:] = 0.0
    for i in range(N_TYPES):
        if rec.cooperation[i] >= 0:
            out[rec.cooperation[i]] += past.s[p, i, middle] + past.s[back, i, middle]
    for g in range(2):
        out[g] /= out[g] + scale


@njit(cache=True)
def gather(
    rec: Record,
    scale: float,
    rows_x: Floats,
    rows_m: Floats,
    rows_at: Ints,
    calm: Floats,
    past: Past,
    m: Floats,
    mix: Floats,
) -> tuple[float, float]:
    """Exposures at the cells with events.

    Fills rows_x (R, F H), rows_m (R, J), rows_at (R, 2: pair, event cell) and calm (N, 2; :func:`_calm`). A cell of a
    symmetric type has two rows, one each way. Leaves ``past``, ``m`` and ``mix`` as they stand after the last day.

    Returns:
        The rest of the baseline (:func:`_baseline`), and the effective days behind the long-run totals.
    """
    x = np.zeros((len(past.s), N_FEATURES * len(rec.keep)))
    first, days, r = 0, 0.0, 0
    for t in range(len(rec.fresh)):
        if rec.fresh[t]:
            _forget(past)
            days = 0.0
        last = _day_end(rec, t, first)
        if last > first:
            _baseline(rec, past, max(days, 1.0), m, mix)
            _exposures(rec, past, t, x)
            for e in range(first, last):
                k = rec.cells[e, 3]
                p = rec.slot[rec.cells[e, 1], rec.cells[e, 2]]
                _calm(rec, past, scale, p, calm[e])
                for side in range(2 if rec.symmetric[k] else 1):
                    at = rec.back[p] if side else p
                    rows_at[r, 0], rows_at[r, 1] = at, e
                    rows_x[r] = x[at]
                    for j in range(N_BASE):
                        rows_m[r, j] = m[j, at, k]
                    r += 1
        _absorb(rec, past, first, last)
        first = last
        days += 1.0
    return _baseline(rec, past, max(days, 1.0), m, mix), days


@njit(cache=True)
def means(rec: Record, past: Past, pairs: Floats, rest: Floats, rows_m: Floats) -> None:
    """Components of the baseline by day and unordered pair, summed over types: pairs (T, U, J); rest (T); and at the
    rows of the event cells: rows_m (R, J)."""
    m = np.zeros((N_BASE, len(past.s), N_TYPES))
    mix = np.zeros(N_TYPES)
    first, days, r = 0, 0.0, 0
    for t in range(len(rec.fresh)):
        if rec.fresh[t]:
            _forget(past)
            days = 0.0
        last = _day_end(rec, t, first)
        rest[t] = _baseline(rec, past, max(days, 1.0), m, mix)
        for e in range(first, last):
            k = rec.cells[e, 3]
            p = rec.slot[rec.cells[e, 1], rec.cells[e, 2]]
            for side in range(2 if rec.symmetric[k] else 1):
                for j in range(N_BASE):
                    rows_m[r, j] = m[j, rec.back[p] if side else p, k]
                r += 1
        for j in range(N_BASE):
            for p in range(len(rec.both)):
                for k in range(N_TYPES):
                    pairs[t, rec.both[p], j] += m[j, p, k]
        _absorb(rec, past, first, last)
        first = last
        days += 1.0


@njit(cache=True, fastmath={"reassoc", "nsz"})
def _stirred(w: Floats, x: Floats, theta: Floats, bounds: Ints) -> float:
    """What history adds: the weighted sum of the exposures x (F H) of one pair, times its multipliers (C)."""
    total = 0.0
    for c in range(len(theta)):
        part = 0.0
        for i in range(bounds[c], bounds[c + 1]):
            part += w[i] * x[i]
        total += theta[c] * part
    return total


@njit(cache=True)
def compensate(
    rec: Record,
    past: Past,
    use: Bools,
    v: Floats,
    u: Floats,
    theta0: Floats,
    wbar: Floats,
    theta: Floats,
    bounds: Ints,
    part: Ints,
    damping: Floats,
    scale: float,
    phi: float,
    power: float,
    seed: int,
    rate: Floats,
    rest: Floats,
    g_x: Floats,
    g_m: Floats,
    g_rest: Floats,
    calm: Floats,
    g_parts: Floats,
) -> None:
    """Expected counts of every active pair and day, and the exposures summed over days under the expected shocks.

    Responses fall into Q parts that are damped alike: the four quad classes, or all in one where nothing is damped.

    Args:
        use: (T) days that count. v: (T) reporting volume.
        u: (J, K) weights of the baseline; theta0: (P) its multipliers.
        wbar: (Q, F H) weights summed over the response types of each part; theta: (P, C); bounds: (C + 1).
        part: (K) of each response type. damping: (Q, 2); scale: of cooperation, see :func:`_calm`.
        phi, power: over-dispersion ``phi * expected ** -power``.
        seed: draws the shocks from their posterior instead of taking their mean; negative for the mean.
        rate: (T, U) filled with expected counts; rest: (T) those of all pairs that are not active.
        g_x: (Q, P, F H) and g_m: (J, P, K), g_rest: (K): sums over used days of g v x and g v m, damped.
        calm: (T, U, 2) and g_parts: (T, U, Q), filled with recent cooperation and the expected counts under the shocks
            as they would be undamped; empty (0 days) where not wanted.
    """
    if seed >= 0:
        np.random.seed(seed)
    n_pairs, n_parts, n_flat = len(past.s), len(wbar), N_FEATURES * len(rec.keep)
    x = np.zeros((n_pairs, n_flat))
    m = np.zeros((N_BASE, n_pairs, N_TYPES))
    mix = np.zeros(N_TYPES)
    g = np.zeros(rate.shape[1])
    seen = np.zeros(rate.shape[1])
    undamped = np.zeros((rate.shape[1], n_parts))
    left = np.ones((rate.shape[1], n_parts))
    soothed = np.zeros(2)
    base = np.zeros(n_parts)
    first, days = 0, 0.0
    for t in range(len(rec.fresh)):
        if rec.fresh[t]:
            _forget(past)
            days = 0.0
        last = _day_end(rec, t, first)
        seen[:] = 0.0
        for e in range(first, last):
            seen[rec.both[rec.slot[rec.cells[e, 1], rec.cells[e, 2]]]] += rec.n[e]
        if use[t]:
            others = _baseline(rec, past, max(days, 1.0), m, mix)
            _exposures(rec, past, t, x)
            for k in range(N_TYPES):
                g_rest[k] += v[t] * others * mix[k]
                rest[t] += v[t] * others * mix[k] * u[2, k]
            undamped[:] = 0.0
            for p in range(n_pairs):
                pair = rec.both[p]
                base[:] = 0.0
                for j in range(N_BASE):
                    for k in range(N_TYPES):
                        base[part[k]] += u[j, k] * m[j, p, k]
                for q in range(n_parts):
                    undamped[pair, q] += v[t] * theta0[p] * base[q]
                    if past.known[p]:
                        undamped[pair, q] += v[t] * _stirred(wbar[q], x[p], theta[p], bounds)
                if len(calm) and rec.of[p, 0] < rec.of[p, 1]:
                    _calm(rec, past, scale, p, soothed)
                    for q in range(n_parts):
                        left[pair, q] = np.exp(-damping[q, 0] * soothed[0] - damping[q, 1] * soothed[1])
                    for h in range(2):
                        calm[t, pair, h] = soothed[h]
            for i in range(len(g)):
                total = 0.0
                for q in range(n_parts):
                    total += left[i, q] * undamped[i, q]
                rate[t, i] = total
                over = min(max(phi * max(total, 1e-9) ** -power, PHI[0]), PHI[1])
                r = 1.0 / over
                if seed >= 0:
                    g[i] = v[t] * np.random.gamma(r + seen[i], 1.0 / (r + total))
                else:
                    g[i] = v[t] * (r + seen[i]) / (r + total)
                if len(calm):
                    for q in range(n_parts):
                        g_parts[t, i, q] = g[i] / v[t] * undamped[i, q]
            for p in range(n_pairs):
                pair = rec.both[p]
                if g[pair] < _LEAST:
                    continue
                for k in range(N_TYPES):
                    of = g[pair] * left[pair, part[k]]
                    for j in range(N_BASE):
                        g_m[j, p, k] += of * m[j, p, k]
                if past.known[p]:
                    for q in range(n_parts):
                        of = g[pair] * left[pair, q]
                        for i in range(n_flat):
                            g_x[q, p, i] += of * x[p, i]
        _absorb(rec, past, first, last)
        first = last
        days += 1.0


@njit(cache=True, fastmath={"reassoc", "nsz"})
def attribute(
    kinds: Ints,
    n: Floats,
    rows_x: Floats,
    rows_m: Floats,
    rows_at: Ints,
    weight: Floats,
    u: Floats,
    theta0: Floats,
    w: Floats,
    theta: Floats,
    bounds: Ints,
    rates: Floats,
    n_w: Floats,
    n_theta: Floats,
    n_u: Floats,
    n_theta0: Floats,
) -> None:
    """Share each event out among what may have caused it (the expectation step).

    Args:
        kinds: (N) types; n: (N) counts; weight: (N) weight of each event cell.
        w: (K, F H): weights with the response type first, so that inner loops run along memory. theta: (P, C).
        rates: (N) filled with the expected count of the cell, without reporting volume and damping.
        n_w: (K, F H), n_theta: (P, C), n_u: (J, K), n_theta0: (P): events attributed to each.
    """
    n_w[:] = 0.0
    n_theta[:] = 0.0
    n_u[:] = 0.0
    n_theta0[:] = 0.0
    n_channels = len(bounds) - 1
    part = np.zeros((2, n_channels))
    row = 0
    while row < len(rows_at):
        e = rows_at[row, 1]
        sides = 2 if row + 1 < len(rows_at) and rows_at[row + 1, 1] == e else 1
        k = kinds[e]
        rate = 0.0
        for side in range(sides):
            r = row + side
            p = rows_at[r, 0]
            for j in range(N_BASE):
                rate += theta0[p] * u[j, k] * rows_m[r, j]
            for c in range(n_channels):
                total = 0.0
                for i in range(bounds[c], bounds[c + 1]):
                    total += w[k, i] * rows_x[r, i]
                part[side, c] = theta[p, c] * total
                rate += part[side, c]
        rates[e] = rate
        if weight[e] > 0.0 and rate > 0.0:
            share = weight[e] * n[e] / rate
            for side in range(sides):
                r = row + side
                p = rows_at[r, 0]
                for j in range(N_BASE):
                    y = share * theta0[p] * u[j, k] * rows_m[r, j]
                    n_u[j, k] += y
                    n_theta0[p] += y
                for c in range(n_channels):
                    if part[side, c] > 0.0:
                        n_theta[p, c] += share * part[side, c]
                        z = share * theta[p, c]
                        for i in range(bounds[c], bounds[c + 1]):
                            n_w[k, i] += z * w[k, i] * rows_x[r, i]
        row += sides


@njit(cache=True)
def assign(
    kinds: Ints,
    n: Floats,
    rows_x: Floats,
    rows_m: Floats,
    rows_at: Ints,
    use: Bools,
    u: Floats,
    theta0: Floats,
    w: Floats,
    theta: Floats,
    bounds: Ints,
    seed: int,
    n_w: Floats,
    n_theta: Floats,
    n_u: Floats,
    n_theta0: Floats,
) -> None:
    """The twin of :func:`attribute` that draws one cause for each event, in proportion to its share.

    Args:
        use: (N) cells that count. seed: of the draws.
    """
    np.random.seed(seed)
    n_w[:] = 0.0
    n_theta[:] = 0.0
    n_u[:] = 0.0
    n_theta0[:] = 0.0
    n_channels = len(bounds) - 1
    n_causes = N_BASE + n_channels
    share = np.zeros(2 * n_causes)
    row = 0
    while row < len(rows_at):
        e = rows_at[row, 1]
        sides = 2 if row + 1 < len(rows_at) and rows_at[row + 1, 1] == e else 1
        if use[e]:
            k, rate, i = kinds[e], 0.0, 0
            for side in range(sides):
                r = row + side
                p = rows_at[r, 0]
                for j in range(N_BASE):
                    rate += theta0[p] * u[j, k] * rows_m[r, j]
                    share[i] = rate
                    i += 1
                for c in range(n_channels):
                    rate += _stirred(w[k], rows_x[r], theta[p, c : c + 1], bounds[c : c + 2])
                    share[i] = rate
                    i += 1
            for _ in range(int(n[e]) if rate > 0.0 else 0):
                found = min(int(np.searchsorted(share[:i], np.random.random() * rate, side="right")), i - 1)
                r = row + found // n_causes
                p, cause = rows_at[r, 0], found % n_causes
                if cause < N_BASE:
                    n_u[cause, k] += 1.0
                    n_theta0[p] += 1.0
                    continue
                c = cause - N_BASE
                below = share[found - 1] if found else 0.0
                point = np.random.random() * (share[found] - below)
                f, reached = (bounds[c], theta[p, c] * w[k, bounds[c]] * rows_x[r, bounds[c]])
                while reached <= point and f + 1 < bounds[c + 1]:
                    f += 1
                    reached += theta[p, c] * w[k, f] * rows_x[r, f]
                n_w[k, f] += 1.0
                n_theta[p, c] += 1.0
        row += sides
