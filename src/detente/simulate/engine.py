"""The engine: day by day, exact from a fitted linear intensity, under one or many sets of measures at once.

The rate of every cell (a toward b, type k) is linear in decayed history. So the engine never keeps the history itself
but the excitation that it has already earned, which fades by ``exp(-1/tau_h)`` a day and grows when an event falls.
Most channels hear sums over third parties: all that s does, all that is done to t, what a's partners do to b. Spreading
an event over every dyad that hears it would cost as many additions as there are actors; so such sums are kept once by
actor (or, for partners, once by dyad) and meet the multipliers ``theta`` of each dyad only when the day's rates are
worked out (:class:`Memory`). A day's events of a dyad then cost a few contiguous additions whatever the number of
actors.

Randomness is counter based: each number is a hash (splitmix64, Steele, Lea and Flood 2014) of seed, future, day, pair,
cell and purpose, turned into a count by the inverse of the Poisson distribution. The same future under another measure
therefore meets the same luck, a higher rate never gives a lower count, and nothing depends on the number of workers or
on their order.

The shock of the reporting volume acts on what is reported, not on what is remembered: memory takes the count that the
same luck gives without it. A shock on the loop itself would feed on its own noise.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detente.codebook import event_type, is_conciliatory
from detente.errors import ScenarioError
from detente.learn.exposures import PHI, symmetrise
from detente.learn.exposures import channels as exposures
from detente.learn.model import CHANNELS, Fit

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CAP: Final = 200
"""Most events that one pair may have in one day; days on which this bound bites are counted and reported. The busiest
pair-day in the data of the shipped model had 58 (two states of 24, January to September 2018, ICEWS)."""

_K: Final = 16
"""Number of event types, written out because inner loops of known length compile to better code."""

_OWN, _BACK, _SENT, _TARGET, _BY_TARGET, _ACTOR, _PARTNERS, _RIVAL = range(len(CHANNELS))

_LOG_PHI: Final = (math.log(PHI[0]), math.log(PHI[1]))
_DEEPEST: Final = 27.0  # exp(-27): rarer than any luck met

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_SHOCK, _MONTH, _DAY, _CELL, _OCCASION, _STRENGTH = (np.uint64(i) for i in range(1, 7))


class Model(NamedTuple):
    """A fitted model as the kernel wants it, all parameter draws at once.

    Args:
        base: (D, A, A, K). theta: (D, C, A, A). partners: (A, A). fade: (H K) ``exp(-1 / tau)``, once a type.
        weights: (D, L, C, H K) times ``1 - exp(-1 / tau)``, zero where a channel does not hear a type.
        start: (D, A, A, H K) excitation earned before the first day.
        symmetric: (K) types without direction: one count for both directions. log_phi, power: the shock of a pair and
            day with n expected events has over-dispersion ``phi * n ** -power``. month_sd, day_sd: shocks of volume.
        quantiles: of the shocks (:func:`shocks`).
    """

    base: Floats
    theta: Floats
    partners: Floats
    fade: Floats
    weights: Floats
    start: Floats
    symmetric: Bools
    log_phi: float
    power: float
    month_sd: float
    day_sd: float
    quantiles: Floats


class Plan(NamedTuple):
    """Measures of all variants, flat. ``strength`` columns are shares between 0 and 1, one row a future.

    Args:
        removed_first: (V + 1) offsets into removed: (N, A, A, K) streams, and removed_share: (F, N).
        damped_first: (V + 1) offsets into trigger: (M, A, A, L), reaction: (M, A, K), and damped_share: (F, M).
        reactor: (V, A) actors whose reactions a variant damps alike share a number, from 0; copies: (V) numbers.
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
    reactor: Ints
    copies: Ints
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
        pair: (A, A) dyads that count. sort: (K) 0 hostile, 1 conciliatory. grave: (K) types. window: days of the
            escalation window.
    """

    pair: Bools
    sort: Ints
    grave: Bools
    window: int


class Counts(NamedTuple):
    """What was counted, by variant (V) and future (F); hostile events first, conciliatory ones second.

    Args:
        daily: (V, F, 2, T) reported events a day. dyads: (V, F, 2, A, A) and types: (V, F, K) over the horizon.
        worst: (V, F, 3) most grave events of one pair in one window, and that pair.
        capped: (V, F) pair-days at the bound :data:`CAP`.
    """

    daily: Floats
    dyads: Floats
    types: Floats
    worst: Ints
    capped: Ints

    @classmethod
    def zeros(cls, v: int, f: int, t: int, a: int) -> Counts:
        """Room for v variants, f futures, t days, a actors."""
        return cls(
            np.zeros((v, f, 2, t)),
            np.zeros((v, f, 2, a, a)),
            np.zeros((v, f, _K)),
            np.zeros((v, f, 3), np.int64),
            np.zeros((v, f), np.int64),
        )


class Memory(NamedTuple):
    """What a future remembers, and room for its sums. Actors whose reactions are damped alike (:attr:`Plan.reactor`)
    share a copy R of all that is kept by actor or for partners.

    Args:
        own: (A, A, H K) excitation by the dyad's own events, less what the pools hold of them in excess.
        pool: (R, A, 5, H K) excitation by all that an actor does ("to others", "by target"), by what passes between it
            and its partners ("rival's partners"), and by all that is done to it ("on actor", "on target").
        near: (R, A, A, H K) excitation by a dyad's events of the partners of who acts ("partners").
        own_sum, pool_sum, near_sum: the same, summed over H. met: (A, K) near_sum of an actor's partners.
        flow: (A, A, K) events of the day. answer: (C, H K), kept: (H K) room.
    """

    own: Floats
    pool: Floats
    near: Floats
    own_sum: Floats
    pool_sum: Floats
    near_sum: Floats
    met: Floats
    flow: Floats
    answer: Floats
    kept: Floats


def prepare(fit: Fit, gap: int) -> Model:
    """The arrays of a fit, ready for the kernel.

    Args:
        gap: days between the end of the data and the first simulated day. Over them the history fades toward its
            long-run mean, from which a fit without a state starts too.

    Raises:
        ScenarioError: the fit is of another list of event types.
    """
    if len(fit.types) != _K:
        raise ScenarioError(f"The engine knows {_K} event types, this model has {len(fit.types)}; fit it anew.")
    fade = np.exp(-1.0 / np.asarray(fit.taus, dtype=np.float64))
    usual = symmetrise(np.asarray(fit.mean, dtype=np.float64))[..., None]
    known = fade**gap if fit.state.any() else 0.0 * fade
    exposed = exposures(np.asarray(fit.state, dtype=np.float64) * known + usual * (1.0 - known), fit.partners)
    n_channels, n_actors, _, n_types, n_taus = exposed.shape
    weights = np.asarray(fit.draws.weights, dtype=np.float64)
    theta = np.asarray(fit.draws.theta, dtype=np.float64)
    columns = exposed.reshape(n_channels, n_actors**2, n_types, n_taus).transpose(0, 3, 1, 2)
    start = np.stack(
        [
            np.einsum("chpk,cp->phk", columns @ w, t.reshape(n_channels, -1)).reshape(n_actors, n_actors, n_taus * _K)
            for w, t in zip(weights, theta, strict=True)
        ]
    )
    symmetric = np.array([event_type(k).symmetric for k in fit.types])
    heard = np.ones((n_channels, n_types), dtype=bool)
    heard[CHANNELS.index("reciprocity")] = ~symmetric
    heard[CHANNELS.index("rival's partners")] = [is_conciliatory(k) for k in fit.types]
    steps = (1.0 - fade)[:, None, None] * heard[:, None, :, None]
    return Model(
        base=np.ascontiguousarray(np.asarray(fit.draws.base)[..., None] * np.asarray(fit.base, dtype=np.float64)),
        theta=np.ascontiguousarray(theta),
        partners=np.ascontiguousarray(fit.partners, dtype=np.float64),
        fade=np.repeat(fade, _K),
        weights=(weights * steps).transpose(0, 3, 1, 2, 4).reshape(-1, _K, n_channels, n_taus * _K),
        start=np.ascontiguousarray(start),
        symmetric=symmetric,
        log_phi=math.log(fit.phi) if fit.phi > 0 else -math.inf,
        power=float(fit.phi_power),
        month_sd=float(fit.volume_sd[0]),
        day_sd=float(fit.volume_sd[1]),
        quantiles=shocks(),
    )


def reproduction(model: Model, fit: Fit, *, steps: int = 40) -> Floats:
    """(D) expected further events per event, for every parameter draw: the spectral radius, by power iteration."""
    unit = model.weights / (1.0 - model.fade)
    summed = unit.reshape(*unit.shape[:3], -1, _K).sum(3).swapaxes(1, 2)  # (D, C, L, K)
    n_actors = len(fit.actors)
    out = np.empty(len(summed))
    for d, (weights, theta) in enumerate(zip(summed, model.theta, strict=True)):
        state: Floats = np.ones((n_actors, n_actors, _K))
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
    return (key >> _S11) * (1.0 / 9007199254740992.0)


@njit(cache=True, nogil=True)
def _normal(key):  # type: ignore[no-untyped-def]
    """Box and Muller."""
    radius = math.sqrt(-2.0 * math.log(1.0 - _unit(_key(key, 0))))
    return radius * math.cos(2.0 * math.pi * _unit(_key(key, 1)))


@njit(cache=True, nogil=True)
def _gamma(depth, log_phi, quantiles):  # type: ignore[no-untyped-def]
    """The quantile of Gamma(1 / phi, rate 1 / phi), mean one, at ``depth = -log(1 - u)``: see :func:`shocks`."""
    row = min(max((log_phi - _LOG_PHI[0]) / (_LOG_PHI[1] - _LOG_PHI[0]), 0.0), 1.0) * (len(quantiles) - 1)
    column = math.sqrt(min(depth / _DEEPEST, 1.0)) * (quantiles.shape[1] - 1)
    i, j = min(int(row), len(quantiles) - 2), min(int(column), quantiles.shape[1] - 2)
    right, down = (column * column - j * j) / (2 * j + 1), row - i  # linear in depth, whose steps are squared
    above = quantiles[i, j] + right * (quantiles[i, j + 1] - quantiles[i, j])
    below = quantiles[i + 1, j] + right * (quantiles[i + 1, j + 1] - quantiles[i + 1, j])
    return above + down * (below - above)


@cache
def shocks() -> Floats:
    """Quantiles of Gamma(1 / phi, rate 1 / phi), a row for each of a grid of log phi, at squared steps of -log(1 - u).

    A table makes the shock a smooth function of luck and of how many events are expected: with the same luck a higher
    rate, whose shock varies less, still does not give fewer events.
    """
    phi = np.exp(np.linspace(*_LOG_PHI, 93))[:, None]
    depth = _DEEPEST * np.linspace(0.0, 1.0, 513) ** 2
    from scipy.special import gammainccinv  # here, as its import takes time

    table: Floats = gammainccinv(1.0 / phi, np.exp(-depth)[None, :]) * phi
    # The mean of what is interpolated is one exactly: piecewise linear in depth, whose density is exp(-depth).
    step = np.diff(table, axis=1) / np.diff(depth)
    table /= (-np.diff(np.exp(-depth)) * step).sum(1, keepdims=True) + table[:, :1]
    return table


@njit(cache=True, nogil=True)
def _poisson(rate, u):  # type: ignore[no-untyped-def]
    """The u-quantile of Poisson(rate), at most CAP."""
    if u < 1.0 - rate:  # exp(-rate) is never less than this
        return 0
    u = min(u, 1.0 - 1e-12)  # beyond this the rounding of the sum would decide, not the rate
    p = math.exp(-rate)
    total, n = p, 0
    while u >= total and n < CAP:
        n += 1
        p *= rate / n
        total += p
    return n


@njit(cache=True, nogil=True)
def _remember(memory, stirred, weights, theta, partners, reactor, copies, trigger, keep):  # type: ignore[no-untyped-def]
    """Add the day's events to the excitations.

    Args:
        stirred: (A, A) dyads that may have some. weights: (L, C, H K). reactor: (A) which copy R each actor reads.
        copies: how many there are.
        trigger: (M, A, A, L) events whose reactions are damped, and keep: (M, R, H K) what is left of them.
    """
    own, pool, near, answer, kept = memory.own, memory.pool, memory.near, memory.answer, memory.kept
    n_channels, width = answer.shape
    flat, lines = answer.reshape(answer.size), weights.reshape(_K, answer.size)
    for s in range(len(own)):
        for t in range(len(own)):
            if not stirred[s, t]:
                continue
            forth, back = 0.5 * partners[s, t], 0.5 * partners[t, s]
            for r in range(copies):
                answer[:] = 0.0
                busy = False
                for kind in range(_K):
                    n = memory.flow[s, t, kind]
                    if n <= 0.0:
                        continue
                    busy, damped = True, False
                    for m in range(len(trigger)):
                        if trigger[m, s, t, kind]:
                            for i in range(width):
                                kept[i] = keep[m, r, i] * (kept[i] if damped else n)
                            damped = True
                    if damped:
                        for c in range(n_channels):
                            for i in range(width):
                                answer[c, i] += kept[i] * weights[kind, c, i]
                    else:
                        for i in range(len(flat)):
                            flat[i] += n * lines[kind, i]
                if not busy:
                    break
                if reactor[s] == r:
                    inertia, sent, target = theta[_OWN, s, t], theta[_SENT, s, t], theta[_TARGET, s, t]
                    rival = theta[_RIVAL, s, t] * back
                    for i in range(width):
                        own[s, t, i] += inertia * answer[_OWN, i] - (
                            sent * answer[_SENT, i] + target * answer[_TARGET, i] + rival * answer[_RIVAL, i]
                        )
                if reactor[t] == r:
                    given, by_target, actor = theta[_BACK, t, s], theta[_BY_TARGET, t, s], theta[_ACTOR, t, s]
                    rival = theta[_RIVAL, t, s] * forth
                    for i in range(width):
                        own[t, s, i] += given * answer[_BACK, i] - (
                            by_target * answer[_BY_TARGET, i] + actor * answer[_ACTOR, i] + rival * answer[_RIVAL, i]
                        )
                for i in range(width):
                    pool[r, s, 0, i] += answer[_SENT, i]
                for i in range(width):
                    pool[r, s, 1, i] += answer[_BY_TARGET, i]
                for i in range(width):
                    pool[r, s, 2, i] += forth * answer[_RIVAL, i]
                for i in range(width):
                    pool[r, t, 2, i] += back * answer[_RIVAL, i]
                for i in range(width):
                    pool[r, t, 3, i] += answer[_ACTOR, i]
                for i in range(width):
                    pool[r, t, 4, i] += answer[_TARGET, i]
                for i in range(width):
                    near[r, s, t, i] += answer[_PARTNERS, i]
            memory.flow[s, t] = 0.0


@njit(cache=True, nogil=True)
def _fade(lines, fade, total):  # type: ignore[no-untyped-def]
    """Sums of lines (N, H K) over H into total (N, K); the lines then fade by a day."""
    width = lines.shape[1]
    by_tau = lines.reshape(len(lines), width // _K, _K)
    for n in range(len(lines)):
        for k in range(_K):
            total[n, k] = by_tau[n, 0, k]
    for n in range(len(lines)):
        for h in range(1, width // _K):
            for k in range(_K):
                total[n, k] += by_tau[n, h, k]
    for n in range(len(lines)):
        for i in range(width):
            lines[n, i] *= fade[i]


@njit(cache=True, nogil=True)
def _rates(memory, base, theta, partners, fade, reactor, copies, rate):  # type: ignore[no-untyped-def]
    """Rates of all cells from yesterday's excitations, which then fade by a day."""
    n_actors, n_pools, width = len(base), memory.pool.shape[2], memory.pool.shape[3]
    cells = n_actors * n_actors
    _fade(memory.own.reshape(cells, width), fade, memory.own_sum.reshape(cells, _K))
    for r in range(copies):
        pools = n_actors * n_pools
        _fade(memory.pool[r].reshape(pools, width), fade, memory.pool_sum[r].reshape(pools, _K))
        _fade(memory.near[r].reshape(cells, width), fade, memory.near_sum[r].reshape(cells, _K))
    met = memory.met
    row, lines = met.reshape(met.size), memory.near_sum.reshape(len(memory.near_sum), n_actors, met.size)
    for a in range(n_actors):
        row[:] = 0.0
        for c in range(0, n_actors - 1, 2):  # two at a time halves the traffic
            one, two, line, other = partners[a, c], partners[a, c + 1], lines[reactor[a], c], lines[reactor[a], c + 1]
            for i in range(len(row)):
                row[i] += one * line[i] + two * other[i]
        if n_actors % 2:
            one, line = partners[a, n_actors - 1], lines[reactor[a], n_actors - 1]
            for i in range(len(row)):
                row[i] += one * line[i]
        pool = memory.pool_sum[reactor[a]]
        for b in range(n_actors):
            if a != b:
                sent, target, by_target = theta[_SENT, a, b], theta[_TARGET, a, b], theta[_BY_TARGET, a, b]
                actor, friends, rival = theta[_ACTOR, a, b], theta[_PARTNERS, a, b], theta[_RIVAL, a, b]
                for k in range(_K):
                    x = base[a, b, k] + memory.own_sum[a, b, k] + friends * met[b, k] + rival * pool[b, 2, k]
                    x += sent * pool[a, 0, k] + by_target * pool[b, 1, k]
                    x += actor * pool[a, 3, k] + target * pool[b, 4, k]
                    rate[a, b, k] = max(x, 0.0)  # sums less their exceptions may end a rounding error below zero


@njit(cache=True, nogil=True)
def _shock(forth, back, depth, log_phi, power, quantiles):  # type: ignore[no-untyped-def]
    """The shock of a pair's day, at its luck and by how many events are expected of it."""
    if power != 0.0:
        expected = 1e-9
        for k in range(_K):
            expected += forth[k] + back[k]
        log_phi -= power * math.log(expected)
    return _gamma(depth, log_phi, quantiles)


@njit(cache=True, nogil=True, fastmath={"nnan", "nsz"})
def _cells(forth, back, mirrored, g, volume, luck, here):  # type: ignore[no-untyped-def]
    """Rates of a pair's cells under the shock g, into ``here``; returns whether any may have an event (exp(-x) >= 1 -
    x)."""
    room, most = max(1.0, volume), -1.0
    for k in range(_K):
        here[k] = g * (forth[k] + mirrored[k] * back[k])
        here[_K + k] = g * (back[k] - mirrored[k] * back[k])
    for cell in range(2 * _K):
        most = max(most, here[cell] * room - (1.0 - luck[cell]))
    return most >= 0.0


@njit(cache=True, nogil=True)
def _draw(month_sd, day_sd, own, depth, volume, luck):  # type: ignore[no-untyped-def]
    """The luck of one future's pairs (``depth``: -log(1 - u)) and of their cells, which all variants share."""
    n_days, n_pairs = depth.shape
    centre = 0.5 * (month_sd**2 + day_sd**2)  # keeps the mean at one
    for day in range(n_days):
        month = _normal(_key(_key(own, _MONTH), day // 30))
        daily = _normal(_key(_key(own, _DAY), day))
        volume[day] = math.exp(month_sd * month + day_sd * daily - centre)
        shock_key, cell_key = _key(_key(own, _SHOCK), day), _key(_key(own, _CELL), day)
        for pair in range(n_pairs):
            depth[day, pair] = -math.log(1.0 - _unit(_key(shock_key, pair)))
            key = _key(cell_key, pair)
            for cell in range(2 * _K):
                luck[day, pair, cell] = _unit(_key(key, cell))


@njit(cache=True, nogil=True)
def _pair(here, luck, volume, chance, symmetric, grave, flow, i, j, reported):  # type: ignore[no-untyped-def]
    """The events of one pair on one day, by cell: what is remembered into ``flow``, what is reported into ``reported``.

    Args:
        here: (2 K) rates of the cells, toward j and then toward i; a symmetric type has one cell, toward j.

    Returns:
        grave events, and whether a count met its bound.
    """
    room, room_reported, worst, bitten = float(CAP), float(CAP), 0.0, False
    for cell in range(2 * _K):
        x = here[cell]
        reported[cell] = 0.0
        if x <= 0.0 or (chance and luck[cell] < 1.0 - x * max(1.0, volume)):
            continue
        real = told = x
        if chance:
            real = float(_poisson(min(x, float(CAP)), luck[cell]))
            told = float(_poisson(min(x * volume, float(CAP)), luck[cell]))
        bitten = bitten or real > room or told > room_reported
        real, told = min(real, room), min(told, room_reported)
        room -= real
        room_reported -= told
        reported[cell] = told
        k = cell % _K
        if grave[k]:
            worst += told
        if symmetric[k]:  # an event without direction counts half each way
            flow[i, j, k] += 0.5 * real
            flow[j, i, k] += 0.5 * real
        elif cell == k:
            flow[i, j, k] += real
        else:
            flow[j, i, k] += real
    return worst, bitten


@njit(cache=True, nogil=True)
def _count(reported, symmetric, sort, i, j, day, daily, dyads, types):  # type: ignore[no-untyped-def]
    """Add a pair's reported events of a day to the counts of a future."""
    for cell in range(2 * _K):
        n = reported[cell]
        if n > 0.0:
            k = cell % _K
            there = 0.5 * n if symmetric[k] else n
            daily[sort[k], day] += n
            types[k] += n
            if cell == k:
                dyads[sort[k], i, j] += there
            if cell != k or symmetric[k]:
                dyads[sort[k], j, i] += there


@njit(cache=True, nogil=True)
def run(model, plan, watch, seed, lo, hi, chance, out):  # type: ignore[no-untyped-def]
    """Futures lo to hi under all variants, into ``out``.

    Args:
        chance: True for random futures; False for the exact expectation given the parameters (rates take the place of
            counts).
    """
    n_draws, _, n_actors, _ = model.theta.shape
    n_variants, _, _, n_days = out.daily.shape
    n_pairs, n_channels, width = n_actors * (n_actors - 1) // 2, model.theta.shape[1], len(model.fade)
    most = 0
    for v in range(n_variants):
        most = max(most, plan.copies[v])
    memory = Memory(
        np.zeros((n_actors, n_actors, width)),
        np.zeros((most, n_actors, 5, width)),
        np.zeros((most, n_actors, n_actors, width)),
        np.zeros((n_actors, n_actors, _K)),
        np.zeros((most, n_actors, 5, _K)),
        np.zeros((most, n_actors, n_actors, _K)),
        np.zeros((n_actors, _K)),
        np.zeros((n_actors, n_actors, _K)),
        np.zeros((n_channels, width)),
        np.zeros(width),
    )
    flow, stirred = memory.flow, np.zeros((n_actors, n_actors), np.bool_)
    quantiles = model.quantiles
    partners, fade, symmetric = model.partners, model.fade, model.symmetric
    watched, sort, grave = watch.pair, watch.sort, watch.grave
    depth, volume = np.zeros((n_days, n_pairs)), np.ones(n_days)
    luck = np.zeros((n_days, n_pairs, 2 * _K))
    ring = np.zeros((n_pairs, watch.window))
    rate, kept = np.zeros((n_actors, n_actors, _K)), np.ones((n_actors, n_actors, _K))
    keep = np.ones((len(plan.trigger), most, width))
    here, reported, mirrored = np.zeros(2 * _K), np.zeros(2 * _K), np.where(symmetric, 1.0, 0.0)
    root = _mix(np.uint64(seed))
    for f in range(lo, hi):
        own_key = _key(root, f)
        draw = f % n_draws
        base, weights, theta = model.base[draw], model.weights[draw], model.theta[draw]
        if chance:
            _draw(model.month_sd, model.day_sd, own_key, depth, volume, luck)
        for v in range(n_variants):
            reactor = plan.reactor[v]
            copies = plan.copies[v]
            daily, dyads, types, capped = out.daily[v, f], out.dyads[v, f], out.types[v, f], 0
            removed = range(plan.removed_first[v], plan.removed_first[v + 1])
            damped = range(plan.damped_first[v], plan.damped_first[v + 1])
            trigger, left = plan.trigger[damped.start : damped.stop], keep[damped.start : damped.stop]
            kept[:] = 1.0
            for r in removed:
                for a in range(n_actors):
                    for b in range(n_actors):
                        for k in range(_K):
                            if plan.removed[r, a, b, k]:
                                kept[a, b, k] *= 1.0 - plan.removed_share[f, r]
            for m in damped:
                for a in range(n_actors):
                    for i in range(width):
                        keep[m, reactor[a], i] = 1.0 - plan.damped_share[f, m] * plan.reaction[m, a, i % _K]
            for a in range(n_actors):
                for b in range(n_actors):
                    for i in range(width):
                        memory.own[a, b, i] = model.start[draw, a, b, i]
            memory.pool[:], memory.near[:], flow[:], ring[:] = 0.0, 0.0, 0.0, 0.0
            for day in range(n_days):
                _rates(memory, base, theta, partners, fade, reactor, copies, rate)
                if plan.removed_first[v] < plan.removed_first[v + 1]:
                    for a in range(n_actors):
                        for b in range(n_actors):
                            for k in range(_K):
                                rate[a, b, k] *= kept[a, b, k]
                slot = day % watch.window
                for i in range(n_actors):
                    for j in range(i + 1, n_actors):
                        pair = i * (2 * n_actors - i - 1) // 2 + j - i - 1
                        ring[pair, slot] = 0.0
                        g = 1.0
                        if chance and model.log_phi > -math.inf:
                            g = _shock(rate[i, j], rate[j, i], depth[day, pair], model.log_phi, model.power, quantiles)
                        possible = _cells(rate[i, j], rate[j, i], mirrored, g, volume[day], luck[day, pair], here)
                        stirred[i, j] = stirred[j, i] = possible or not chance
                        if not stirred[i, j]:
                            continue
                        worst, bitten = _pair(
                            here, luck[day, pair], volume[day], chance, symmetric, grave, flow, i, j, reported
                        )
                        capped += bitten
                        if watched[i, j]:
                            _count(reported, symmetric, sort, i, j, day, daily, dyads, types)
                            ring[pair, slot] = worst
                            if worst > 0.0:
                                in_window = 0.0
                                for x in range(watch.window):
                                    in_window += ring[pair, x]
                                if in_window > out.worst[v, f, 0]:
                                    out.worst[v, f, 0], out.worst[v, f, 1], out.worst[v, f, 2] = in_window, i, j
                for e in range(plan.added_first[v, day], plan.added_first[v, day + 1]):
                    share = plan.added_share[f, plan.part[e]]
                    if chance:
                        lot = _unit(_key(_key(own_key, _OCCASION), plan.occasion[e]))
                        share = 1.0 if lot < share else 0.0
                    s, t = plan.source[e], plan.target[e]
                    flow[s, t, plan.type[e]] += share * plan.weight[e]
                    stirred[s, t] = True
                _remember(memory, stirred, weights, theta, partners, reactor, copies, trigger, left)
            out.capped[v, f] = capped


def strengths(seed: int, futures: int, names: NDArray[np.uint64], low: Floats, high: Floats) -> Floats:
    """(F, N) strengths drawn evenly between low and high, by future and named part.

    Args:
        names: (N) keys; a part with one name draws the same in every variant that holds it.
    """
    mix, key, unit = _mix.py_func, _key.py_func, _unit.py_func  # numpy wraps around as the compiled ones do
    root = mix(np.array([[seed]], dtype=np.uint64))  # type: ignore[no-untyped-call]
    own = key(key(root, np.arange(futures)[:, None]), np.array([_STRENGTH]))  # type: ignore[no-untyped-call]
    drawn: Floats = low + (high - low) * unit(key(own, names))  # type: ignore[no-untyped-call]
    return drawn
