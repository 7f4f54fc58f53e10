"""The inner loops of the fit, compiled. Everything around them is plain numpy in :mod:`detente.learn.fit`.

One sweep over the days rebuilds the decayed history, hands each day's exposures on, and adds the day's events: memory
grows with pairs and event cells, not with pairs times days.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

N_BASE: Final = 3
"""Components of the baseline: the pair's mean by type, its total in the usual mix, sender times receiver times mix."""


@njit(cache=True)
def _exposures(s: Floats, p: Floats, symmetric: Any, friendly: Any, x: Floats) -> None:
    """Fill x (C, A, A, L, H): the compiled twin of ``exposures.channels``."""
    n, _, n_types, n_taus = s.shape
    sent = np.zeros((n, n_types, n_taus))
    received = np.zeros((n, n_types, n_taus))
    circle = np.zeros((n, n_types, n_taus))
    for a in range(n):
        for b in range(n):
            for i in range(n_types):
                for h in range(n_taus):
                    sent[a, i, h] += s[a, b, i, h]
                    received[b, i, h] += s[a, b, i, h]
                    if friendly[i]:
                        circle[a, i, h] += 0.5 * p[a, b] * (s[a, b, i, h] + s[b, a, i, h])
    for a in range(n):
        for b in range(n):
            if a == b:
                continue
            for i in range(n_types):
                for h in range(n_taus):
                    there, back = s[a, b, i, h], s[b, a, i, h]
                    x[0, a, b, i, h] = there
                    x[1, a, b, i, h] = 0.0 if symmetric[i] else back
                    x[2, a, b, i, h] = sent[a, i, h] - there
                    x[3, a, b, i, h] = received[b, i, h] - there
                    x[4, a, b, i, h] = sent[b, i, h] - back
                    x[5, a, b, i, h] = received[a, i, h] - back
                    x[6, a, b, i, h] = 0.0
                    if friendly[i]:
                        x[7, a, b, i, h] = circle[b, i, h] - 0.5 * p[b, a] * (there + back)
                    else:
                        x[7, a, b, i, h] = 0.0
            for c in range(n):
                if p[a, c] > 0.0 and c != b:
                    w = p[a, c]
                    for i in range(n_types):
                        for h in range(n_taus):
                            x[6, a, b, i, h] += w * s[c, b, i, h]


@njit(cache=True)
def _baseline(total: Floats, days: float, m: Floats) -> None:
    """Fill m (J, A, A, K) with the components of the baseline."""
    n, _, n_types = total.shape
    mix = np.full(n_types, 0.5)
    sent = np.full(n, 0.5)
    received = np.full(n, 0.5)
    pair = np.zeros((n, n))
    for a in range(n):
        for b in range(n):
            for k in range(n_types):
                y = total[a, b, k]
                mix[k] += y
                sent[a] += y
                received[b] += y
                pair[a, b] += y
    grand = mix.sum()
    mix /= grand
    # Sums over a != b, so that the expected total is the observed one.
    off = 0.0
    for a in range(n):
        off += sent[a] * (received.sum() - received[a])
    for a in range(n):
        for b in range(n):
            if a == b:
                continue
            cross = sent[a] * received[b] / off * grand
            for k in range(n_types):
                m[0, a, b, k] = total[a, b, k] / days
                m[1, a, b, k] = pair[a, b] * mix[k] / days
                m[2, a, b, k] = cross * mix[k] / days


@njit(cache=True)
def _absorb(
    s: Floats, total: Floats, keep: Floats, symmetric: Any, cells: Ints, n: Floats, first: int, last: int
) -> None:
    """Let a day pass: decay the history and add the day's events, numbers first to last."""
    for a in range(s.shape[0]):
        for b in range(s.shape[0]):
            for i in range(s.shape[2]):
                for h in range(s.shape[3]):
                    s[a, b, i, h] *= keep[h]
    for e in range(first, last):
        a, b, k = cells[e, 1], cells[e, 2], cells[e, 3]
        y = 0.5 * n[e] if symmetric[k] else n[e]
        total[a, b, k] += y
        for h in range(s.shape[3]):
            s[a, b, k, h] += y * (1.0 - keep[h])
        if symmetric[k]:
            total[b, a, k] += y
            for h in range(s.shape[3]):
                s[b, a, k, h] += y * (1.0 - keep[h])


@njit(cache=True)
def gather(
    cells: Ints,
    n: Floats,
    fresh: Any,
    keep: Floats,
    p: Floats,
    symmetric: Any,
    friendly: Any,
    rows_x: Floats,
    rows_m: Floats,
    rows_at: Ints,
    s: Floats,
    total: Floats,
    m: Floats,
) -> None:
    """Exposures at the cells with events.

    Fills rows_x (R, C, L, H), rows_m (R, J) and rows_at (R, 2: source, target). Rows 2 e and 2 e + 1 belong to event
    cell e; the second is the other direction of an event of a symmetric type, zero otherwise. Leaves ``s``, ``total``
    and ``m`` as they stand after the last day.
    """
    n_actors = s.shape[0]
    x = np.zeros((rows_x.shape[1], n_actors, n_actors, s.shape[2], s.shape[3]))
    first, days = 0, 0.0
    for t in range(len(fresh)):
        if fresh[t]:
            s[:] = 0.0
            total[:] = 0.0
            days = 0.0
        last = first
        while last < len(n) and cells[last, 0] == t:
            last += 1
        if last > first:
            _baseline(total, max(days, 1.0), m)
            _exposures(s, p, symmetric, friendly, x)
            for e in range(first, last):
                a, b, k = cells[e, 1], cells[e, 2], cells[e, 3]
                for side in range(2 if symmetric[k] else 1):
                    r = 2 * e + side
                    rows_at[r, 0], rows_at[r, 1] = a, b
                    for c in range(x.shape[0]):
                        for i in range(x.shape[3]):
                            for h in range(x.shape[4]):
                                rows_x[r, c, i, h] = x[c, a, b, i, h]
                    for j in range(m.shape[0]):
                        rows_m[r, j] = m[j, a, b, k]
                    a, b = b, a
        _absorb(s, total, keep, symmetric, cells, n, first, last)
        first = last
        days += 1.0
    _baseline(total, max(days, 1.0), m)


@njit(cache=True)
def compensate(
    cells: Ints,
    n: Floats,
    fresh: Any,
    use: Any,
    v: Floats,
    keep: Floats,
    p: Floats,
    symmetric: Any,
    friendly: Any,
    u: Floats,
    theta0: Floats,
    wbar: Floats,
    theta: Floats,
    phi: float,
    pair: Ints,
    rate: Floats,
    seen: Floats,
    g_x: Floats,
    g_m: Floats,
) -> None:
    """Expected counts of every pair and day, and the exposures summed over days under the expected shocks.

    Args:
        use: (T) days that count.
        v: (T) reporting volume.
        u: (J, K) weights of the baseline; theta0: (A, A) its multipliers.
        wbar: (C, L, H) weights summed over response types.
        pair: (A, A) numbers of the unordered pairs.
        rate, seen: (T, P) filled with expected and observed counts.
        g_x: (C, A, A, L, H) and g_m: (J, A, A, K) filled with sums over used days of g v x and g v m.
    """
    n_actors = theta0.shape[0]
    n_types, n_taus = wbar.shape[1], wbar.shape[2]
    n_channels, n_base = theta.shape[0], u.shape[0]
    x = np.zeros((n_channels, n_actors, n_actors, n_types, n_taus))
    m = np.zeros((n_base, n_actors, n_actors, n_types))
    s = np.zeros((n_actors, n_actors, n_types, n_taus))
    total = np.zeros((n_actors, n_actors, n_types))
    rate[:] = 0.0
    seen[:] = 0.0
    g_x[:] = 0.0
    g_m[:] = 0.0
    first, days = 0, 0.0
    for t in range(len(fresh)):
        if fresh[t]:
            s[:] = 0.0
            total[:] = 0.0
            days = 0.0
        last = first
        while last < len(n) and cells[last, 0] == t:
            seen[t, pair[cells[last, 1], cells[last, 2]]] += n[last]
            last += 1
        if use[t]:
            _baseline(total, max(days, 1.0), m)
            _exposures(s, p, symmetric, friendly, x)
            for a in range(n_actors):
                for b in range(n_actors):
                    if a == b:
                        continue
                    calm = 0.0
                    for j in range(n_base):
                        for k in range(n_types):
                            calm += u[j, k] * m[j, a, b, k]
                    stirred = 0.0
                    for c in range(n_channels):
                        part = 0.0
                        for i in range(n_types):
                            for h in range(n_taus):
                                part += wbar[c, i, h] * x[c, a, b, i, h]
                        stirred += theta[c, a, b] * part
                    rate[t, pair[a, b]] += v[t] * (theta0[a, b] * calm + stirred)
            for a in range(n_actors):
                for b in range(n_actors):
                    if a == b:
                        continue
                    q = pair[a, b]
                    g = v[t] * (1.0 + phi * seen[t, q]) / (1.0 + phi * rate[t, q])
                    for j in range(n_base):
                        for k in range(n_types):
                            g_m[j, a, b, k] += g * m[j, a, b, k]
                    for c in range(n_channels):
                        for i in range(n_types):
                            for h in range(n_taus):
                                g_x[c, a, b, i, h] += g * x[c, a, b, i, h]
        _absorb(s, total, keep, symmetric, cells, n, first, last)
        first = last
        days += 1.0


@njit(cache=True)
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
    rates: Floats,
    n_w: Floats,
    n_theta: Floats,
    n_u: Floats,
    n_theta0: Floats,
) -> None:
    """Share each event out among what may have caused it (the expectation step).

    Args:
        kinds: (N) types; n: (N) counts; weight: (N) bootstrap weight of each event cell.
        w: (C, K, L, H): weights with the response type before the cause, so that inner loops run along memory.
        rates: (N) filled with the expected count of the cell, without reporting volume.
        n_w: (C, K, L, H), n_theta: (C, A, A), n_u: (J, K), n_theta0: (A, A): events attributed to each.
    """
    n_channels, n_base = w.shape[0], u.shape[0]
    n_types, n_taus = w.shape[2], w.shape[3]
    n_w[:] = 0.0
    n_theta[:] = 0.0
    n_u[:] = 0.0
    n_theta0[:] = 0.0
    part = np.zeros((2, n_channels))
    for e in range(len(n)):
        k = kinds[e]
        rate = 0.0
        for side in range(2):
            r = 2 * e + side
            a, b = rows_at[r, 0], rows_at[r, 1]
            if a < 0:
                continue
            for j in range(n_base):
                rate += theta0[a, b] * u[j, k] * rows_m[r, j]
            for c in range(n_channels):
                total = 0.0
                for i in range(n_types):
                    for h in range(n_taus):
                        total += w[c, k, i, h] * rows_x[r, c, i, h]
                part[side, c] = theta[c, a, b] * total
                rate += part[side, c]
        rates[e] = rate
        if weight[e] == 0.0 or rate <= 0.0:
            continue
        share = weight[e] * n[e] / rate
        for side in range(2):
            r = 2 * e + side
            a, b = rows_at[r, 0], rows_at[r, 1]
            if a < 0:
                continue
            for j in range(n_base):
                y = share * theta0[a, b] * u[j, k] * rows_m[r, j]
                n_u[j, k] += y
                n_theta0[a, b] += y
            for c in range(n_channels):
                if part[side, c] <= 0.0:
                    continue
                n_theta[c, a, b] += share * part[side, c]
                z = share * theta[c, a, b]
                for i in range(n_types):
                    for h in range(n_taus):
                        n_w[c, k, i, h] += z * w[c, k, i, h] * rows_x[r, c, i, h]
