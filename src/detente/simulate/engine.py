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
   into the rest, from what third parties did (:func:`_hearsay`), which is worked out from histories only then.

Randomness is counter based: each number is a hash (splitmix64, Steele, Lea and Flood 2014) of seed, future, day, pair
and event. The same future under another measure therefore meets the same luck, a higher rate never gives fewer events
of the pair, and nothing depends on the number of workers or on their order. A stream that a measure removes is thinned:
its events are drawn, and each is struck out by a luck of its own.

The shock of the reporting volume acts on what is reported, not on what is remembered: memory takes the count that the
same luck gives without it. A shock on the loop itself would feed on its own noise.

Dyad arrays are ordered [target, source], so that all that one event changes lies close together; the sources are padded
to a multiple of eight with zeros, as inner loops of known length compile to better code.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import DTypeLike, NDArray

from detente.codebook import QUADS, event_type, is_conciliatory, quad
from detente.errors import ScenarioError
from detente.learn.exposures import COOPERATION, PHI, symmetrise
from detente.learn.exposures import channels as exposures
from detente.learn.model import CHANNELS, Fit
from detente.simulate.volume import spread

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CAP: Final = 200
"""Most events that one pair may have in one day; days on which this bound bites are counted and reported. The busiest
pair-day in the data of the shipped model had 58 (two states of 24, January to September 2018, ICEWS)."""

_K: Final = 16
"""Number of event types."""
_LONG: Final = 30
"""Days of a month."""
_B: Final = 8
"""Dyads are handled in blocks of so many."""

_OWN, _BACK, _SENT, _TARGET, _BY_TARGET, _ACTOR, _PARTNERS, _RIVAL, _FOES = range(len(CHANNELS))
_HEARD = _SENT  # first of the channels of third parties
_POOLS = 5  # of an actor: sent, heard by its targets, what passes with partners; received, heard as actor and as target

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_PAIR, _MONTH, _DAY, _DRIFT, _EVENT, _OCCASION, _STRENGTH = (np.uint64(i) for i in range(1, 8))

_ZERO, _HALF = np.float32(0.0), np.float32(0.5)  # single, as a double would widen the loops that meet it
# Functions that allocate nothing need not count references to arrays, which took a third of the time.
_lean: Any = njit(cache=True, nogil=True, error_model="numpy", _nrt=False)  # type: ignore[call-overload]

_INVERSE = 1.0 / np.arange(1, CAP + 1)


class Model(NamedTuple):
    """A fitted model as the kernel wants it, all parameter draws at once. P is the padded number of actors, Q the
    number of classes of responses (1, or 4 where the model damps), J the number of groups of source types that third
    parties do not tell apart.

    Args:
        base: (D, A, P, K) and base_sum: (D, A, Q, P). theta: (D, C, A, P). partners, foes: (A, A); near: (2, A, P)
            both, by whom they are of.
        fade: (H) ``exp(-1 / tau)``.
        own: (D, L, 2, H, K) weights of inertia and reciprocity, times ``1 - exp(-1 / tau)``.
        heard: (D, C - 2, J H, K) weights of the other channels, and sums: (D, L, C Q H) all of them by class, times
            ``1 - exp(-1 / tau)``.
        start: (D, A, P, H, K) own excitation, start_sum: (D, A, Q H, P) that of all channels, start_past: (A, P, J H)
            history, start_calm: (A, A, 2) cooperation, all before the first day.
        quad: (K) class of each response, group: (L) group of each source type.
        damping: (D, Q, 2), scale, calm: (L) 0 or 1 for types of verbal and material cooperation, else -1; middle: their
            time constant. calms: whether damping is at work.
        symmetric: (K) types without direction. phi, power: a pair and day with n expected events has over-dispersion
            ``phi * n ** -power``. volume: (3, 2) spread of what is reported (:func:`detente.simulate.volume.spread`).
    """

    base: Floats
    base_sum: Floats
    theta: Floats
    partners: Floats
    foes: Floats
    near: Floats
    fade: Floats
    own: Floats
    heard: Floats
    sums: Floats
    start: Floats
    start_sum: Floats
    start_past: Floats
    start_calm: Floats
    quad: Ints
    group: Ints
    damping: Floats
    scale: float
    calm: Ints
    middle: int
    calms: bool
    symmetric: Bools
    phi: float
    power: float
    volume: Floats


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
            np.zeros((v, f, _K), np.int32),
            np.zeros((v, a, a, _K), np.int64),
            np.zeros((v, f)),
            np.zeros((v, f, 2), np.int32),
            np.zeros((v, f), np.int32),
            np.zeros((v, f), np.int32),
        )


class Memory(NamedTuple):
    """What a future remembers. Actors whose reactions are damped alike (:attr:`Plan.reactor`) share a copy R of the
    pools; cells that are damped alike (:attr:`Plan.answer`) share a copy S of the histories.

    Args:
        total: (A, Q H, P) excitation of a dyad summed over response types, less what the pools hold of it in excess.
        pool: (R, A, 5, Q H) excitation by what an actor sent and received, for all dyads that hear it.
        own: (A, P, H, K) excitation by inertia and reciprocity, and since: (A, P) the day to which it has decayed.
        past: (S, A, P, J H) history by dyad, side: (S, A, 3, J H) sums of it: sent, received, passed with partners.
        calm: (A, A, 2) cooperation of a pair, both [i, j] and [j, i].
        flow: (A, A, K) events of the day.
    """

    total: Floats
    pool: Floats
    own: Floats
    since: Ints
    past: Floats
    side: Floats
    calm: Floats
    flow: Floats


class Luck(NamedTuple):
    """What all variants of a future share: luck of pairs (T, pairs), volume (T, 2) and its drift by pair (months,
    pairs, 2) of hostile and conciliatory events; swell (2): room."""

    pair: Floats
    volume: Floats
    drift: Floats
    swell: Floats


class Strength(NamedTuple):
    """A variant's measures in one future: see :func:`_measured`."""

    kept: Floats
    keep: Floats
    left: Floats


class Rates(NamedTuple):
    """Today's rates and room to work in.

    Args:
        rate: (A, Q, P) of dyads by class of response, and whole: (A, P) over all classes. pooled: (R, 5, Q, P).
        own, heard: (2, K) lines of a pair's two dyads, by inertia, reciprocity and base, and by third parties.
        own_sum, heard_sum: (2, Q), negative where they were not yet worked out. left: (Q) what damping leaves.
        answer: (C Q H), own_answer: (2, H, K), kept: (K), near: (2, P) and voices: (C - 2, J H): room.
        powers: (T + 2, H) shares left after so many days, wane: the first of them, as often as a history has numbers.
    """

    rate: Floats
    whole: Floats
    pooled: Floats
    own: Floats
    heard: Floats
    own_sum: Floats
    heard_sum: Floats
    left: Floats
    answer: Floats
    own_answer: Floats
    kept: Floats
    near: Floats
    voices: Floats
    powers: Floats
    wane: Floats


def prepare(fit: Fit, gap: int, dtype: DTypeLike = np.float32) -> Model:
    """The arrays of a fit, ready for the kernel.

    Args:
        gap: days between the end of the data and the first simulated day. Over them the history fades toward its
            long-run mean, from which a fit without a state starts too.
        dtype: of rates and excitations.

    Raises:
        ScenarioError: the fit is of another list of event types.
    """
    if len(fit.types) != _K:
        raise ScenarioError(f"The engine knows {_K} event types, this model has {len(fit.types)}; fit it anew.")
    fade = np.exp(-1.0 / np.asarray(fit.taus, dtype=np.float64))
    usual = symmetrise(np.asarray(fit.mean, dtype=np.float64))[..., None]
    known = fade**gap if fit.state.any() else 0.0 * fade
    state = np.asarray(fit.state, dtype=np.float64) * known + usual * (1.0 - known)  # (A, A, L, H)
    n_actors, n_taus = len(fit.actors), len(fade)
    pad = -n_actors % _B

    def padded(x: Floats, axis: int) -> Floats:
        """Dyads as [target, source], the sources padded; ``axis`` is that of the source now, the target's follows."""
        turned = np.swapaxes(x, axis, axis + 1)
        width = [(0, pad if i == axis + 1 else 0) for i in range(x.ndim)]
        return np.pad(turned, width)

    symmetric = np.array([event_type(k).symmetric for k in fit.types])
    audible = np.ones((len(CHANNELS), _K), dtype=bool)
    audible[CHANNELS.index("reciprocity")] = ~symmetric
    audible[CHANNELS.index("rival's partners")] = [is_conciliatory(k) for k in fit.types]
    weights = np.asarray(fit.draws.weights, dtype=np.float64) * audible[:, None, :, None]  # (D, C, H, L, K)
    off = 1.0 - np.eye(n_actors)
    theta = np.asarray(fit.draws.theta, dtype=np.float64) * off
    base = np.asarray(fit.draws.base)[..., None] * np.asarray(fit.base, dtype=np.float64) * off[..., None]
    draws = len(base)

    calms = bool(np.asarray(fit.draws.damping).any())
    quads = np.array([QUADS.index(quad(k)) if calms else 0 for k in fit.types])
    n_quads = len(QUADS) if calms else 1
    member = (quads[:, None] == np.arange(n_quads)).astype(np.float64)  # (K, Q)
    by_class = np.einsum("dchlk,kq->dclqh", weights, member)
    third = weights[:, _HEARD:].transpose(3, 0, 1, 2, 4)  # (L, D, C - 2, H, K)
    _, first, group = np.unique(third.reshape(_K, -1), axis=0, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    history = np.zeros((n_actors, n_actors, len(first), n_taus))
    for kind in range(_K):
        history[:, :, group[kind]] += state[:, :, kind]

    exposed = exposures(state, fit.partners, fit.foes)  # (C, A, A, L, H)
    own_start = np.einsum(
        "cablh,dchlk,dcab->dabhk", exposed[:_HEARD], weights[:, :_HEARD], theta[:, :_HEARD], optimize=True
    )
    sum_start = np.einsum("cablh,dclqh,dcab->dabqh", exposed, by_class, theta, optimize=True)
    step = 1.0 - fade
    middle = n_taus // 2
    verbal, material = COOPERATION
    calm = np.where(verbal, 0, np.where(material, 1, -1))
    both = state[..., middle] + state[..., middle].swapaxes(0, 1)

    def ready(x: Floats) -> Floats:
        return np.ascontiguousarray(x, dtype=dtype)

    qh, jh = n_quads * n_taus, len(first) * n_taus
    more = -jh % _B
    heard = third[first].transpose(1, 2, 0, 3, 4)  # (D, C - 2, J, H, K)
    return Model(
        base=ready(padded(base, 1)),
        base_sum=ready(padded(base @ member, 1).transpose(0, 1, 3, 2)),
        theta=ready(padded(theta, 2)),
        partners=ready(fit.partners),
        foes=ready(fit.foes),
        near=ready(np.pad(np.stack([np.transpose(fit.partners), np.transpose(fit.foes)]), ((0, 0), (0, 0), (0, pad)))),
        fade=ready(fade),
        own=ready((weights[:, :_HEARD] * step[:, None, None]).transpose(0, 3, 1, 2, 4)),
        heard=ready(np.pad(heard.reshape(draws, -1, jh, _K), ((0, 0), (0, 0), (0, more), (0, 0)))),
        sums=ready((by_class * step).transpose(0, 2, 1, 3, 4).reshape(draws, _K, -1)),
        start=ready(padded(own_start, 1)),
        start_sum=ready(padded(sum_start.reshape(draws, n_actors, n_actors, qh), 1).transpose(0, 1, 3, 2)),
        start_past=ready(np.pad(padded(history.reshape(n_actors, n_actors, jh), 0), ((0, 0), (0, 0), (0, more)))),
        start_calm=ready(np.stack([both[..., verbal].sum(-1), both[..., material].sum(-1)], -1)),
        quad=quads,
        group=group.astype(np.int64),
        damping=ready(np.asarray(fit.draws.damping)[:, :n_quads]),
        scale=float(fit.damping_scale),
        calm=calm.astype(np.int64),
        middle=middle,
        calms=calms,
        symmetric=symmetric,
        phi=float(max(fit.phi, 0.0)),
        power=float(fit.phi_power),
        volume=spread(fit),
    )


def reproduction(fit: Fit, *, steps: int = 40) -> Floats:
    """(D) expected further events per event, for every parameter draw: the spectral radius, by power iteration.

    Damping is left out; it can only lower what follows.
    """
    summed = np.asarray(fit.draws.weights, dtype=np.float64).sum(2)  # (D, C, L, K)
    n_actors = len(fit.actors)
    out = np.empty(len(summed))
    for d, (weights, theta) in enumerate(zip(summed, fit.draws.theta, strict=True)):
        state: Floats = np.ones((n_actors, n_actors, _K))
        state[np.diag_indices(n_actors)] = 0.0
        size = 1.0
        for _ in range(steps):
            exposed = exposures(state[..., None], fit.partners, fit.foes)[..., 0]
            answer = np.einsum("capk,cap->apk", exposed @ weights[:, None], theta)
            state = symmetrise(answer)
            size = float(np.linalg.norm(state))
            if size == 0.0:
                break
            state /= size
        out[d] = size
    return out


# -- luck ------------------------------------------------------------------------------------------------------------


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


@njit(cache=True, nogil=True, error_model="numpy")
def _dispersion(mean, phi, power):  # type: ignore[no-untyped-def]
    """Over-dispersion of a pair-day with so many expected events; next to none stands for none."""
    if phi <= 0.0:
        return 1e-8
    if power != 0.0:
        phi *= math.exp(-power * math.log(max(mean, 1e-9)))
    return min(max(phi, PHI[0]), PHI[1])


@njit(cache=True, nogil=True, error_model="numpy")
def _quantile(mean, phi, u):  # type: ignore[no-untyped-def]
    """The u-quantile of the negative binomial distribution of that mean and variance ``mean + phi mean ** 2``, at most
    CAP."""
    if u < 1.0 - mean:  # never more than the probability of none
        return 0
    u = min(u, 1.0 - 1e-12)  # beyond this the rounding of the sum would decide, not the rate
    shape = 1.0 / phi
    p = math.exp(-shape * math.log1p(mean * phi))
    ratio, total, n = mean / (mean + shape), p, 0
    while u >= total and n < CAP:
        p *= (shape + n) * ratio * _INVERSE[n]
        n += 1
        total += p
    return n


@_lean
def _draw(spread, own, luck, volume, drift):  # type: ignore[no-untyped-def]
    """What all variants of one future share: luck (T, pairs), volume (T, 2) and its drift by pair (months, pairs, 2).

    Hostile and conciliatory events have a volume each, with mean one.
    """
    for sort in range(2):
        month_sd, day_sd, pair_sd = spread[0, sort], spread[1, sort], spread[2, sort]
        centre = 0.5 * (month_sd**2 + day_sd**2)
        for day in range(len(luck)):
            month = _normal(_key(_key(_key(own, _MONTH), day // _LONG), sort))
            daily = _normal(_key(_key(_key(own, _DAY), day), sort))
            volume[day, sort] = math.exp(month_sd * month + day_sd * daily - centre)
        if pair_sd > 0.0:
            for month in range(len(drift)):
                key = _key(_key(_key(own, _DRIFT), month), sort)
                for pair in range(luck.shape[1]):
                    drift[month, pair, sort] = math.exp(pair_sd * _normal(_key(key, pair)) - 0.5 * pair_sd**2)
    for day in range(len(luck)):
        key = _key(_key(own, _PAIR), day)
        for pair in range(luck.shape[1]):
            luck[day, pair] = _unit(_key(key, pair))


# -- rates and memory ------------------------------------------------------------------------------------------------


@_lean
def _totals(memory, room, base, theta, fade, reactor, copies):  # type: ignore[no-untyped-def]
    """Today's rates of all dyads by class of response, from yesterday's excitations, which then fade by a day."""
    total, rate, whole, pooled = memory.total, room.rate, room.whole, room.pooled
    n_actors, n_quads, padded = rate.shape
    n_taus = len(fade)
    for r in range(copies):
        for a in range(n_actors):
            for pool in range(_POOLS):
                line = memory.pool[r, a, pool]
                for q in range(n_quads):
                    x = line[q * n_taus]
                    for h in range(1, n_taus):
                        x += line[q * n_taus + h]
                    pooled[r, pool, q, a] = x
                    for h in range(n_taus):
                        line[q * n_taus + h] *= fade[h]
    for t in range(n_actors):
        sent, target, by_target = theta[_SENT, t], theta[_TARGET, t], theta[_BY_TARGET, t]
        actor, rival = theta[_ACTOR, t], theta[_RIVAL, t]
        for q in range(n_quads):
            out = rate[t, q]
            always = base[t, q]
            for block in range(0, padded, _B):
                for a in range(block, block + _B):
                    out[a] = always[a]
            for h in range(n_taus):
                line, f = total[t, q * n_taus + h], fade[h]
                for block in range(0, padded, _B):
                    for a in range(block, block + _B):
                        out[a] += line[a]
                        line[a] *= f
            if copies == 1:
                sends, hears = pooled[0, 0, q], pooled[0, 3, q]
                told, passed, aimed = pooled[0, 1, q, t], pooled[0, 2, q, t], pooled[0, 4, q, t]
                for block in range(0, padded, _B):
                    for a in range(block, block + _B):
                        out[a] += sent[a] * sends[a] + actor[a] * hears[a]
                        out[a] += by_target[a] * told + rival[a] * passed + target[a] * aimed
            else:
                for a in range(n_actors):
                    of = pooled[reactor[a]]
                    out[a] += sent[a] * of[0, q, a] + actor[a] * of[3, q, a]
                    out[a] += by_target[a] * of[1, q, t] + rival[a] * of[2, q, t] + target[a] * of[4, q, t]
            for block in range(0, padded, _B):
                for a in range(block, block + _B):
                    out[a] = max(out[a], _ZERO)  # sums less their exceptions may end below zero
        line = whole[t]
        line[:] = _ZERO
        for q in range(n_quads):
            out = rate[t, q]
            for block in range(0, padded, _B):
                for a in range(block, block + _B):
                    line[a] += out[a]


@_lean
def _faded(own, since, powers, s, t, day):  # type: ignore[no-untyped-def]
    """Own excitation of s toward t decays to a day."""
    gone = day - since[t, s]
    if gone > 0:
        for h in range(powers.shape[1]):
            f = powers[gone, h]
            for k in range(_K):
                own[t, s, h, k] *= f
        since[t, s] = day


@_lean
def _own(own, since, powers, base, quad, s, t, day, out, sums):  # type: ignore[no-untyped-def]
    """Rates of s's acts toward t by type, from base, inertia and reciprocity, into ``out``."""
    _faded(own, since, powers, s, t, day)
    for k in range(_K):
        out[k] = base[t, s, k]
    for h in range(powers.shape[1]):
        for k in range(_K):
            out[k] += own[t, s, h, k]
    sums[:] = 0.0
    for k in range(_K):
        sums[quad[k]] += out[k]


@_lean
def _hearsay(pasts, sides, theta, heard, partners, foes, quad, answer, copies, s, t, voices, out, sums):  # type: ignore[no-untyped-def]
    """Rates of s's acts toward t by type, from what third parties did, into ``out``."""
    n_actors, width = pasts.shape[1], voices.shape[1]
    back = _HALF * partners[t, s]
    out[:] = 0.0
    for copy in range(copies):
        past, side = pasts[copy], sides[copy]
        one, other = past[t, s], past[s, t]  # s toward t, t toward s
        voices[_PARTNERS - _HEARD] = 0.0
        voices[_FOES - _HEARD] = 0.0
        friends, enemies = voices[_PARTNERS - _HEARD], voices[_FOES - _HEARD]
        for c in range(n_actors):
            x, y, line = partners[s, c], foes[s, c], past[t, c]
            for block in range(0, width, _B):
                for j in range(block, block + _B):
                    friends[j] += x * line[j]
                    enemies[j] += y * line[j]
        for j in range(width):
            voices[_SENT - _HEARD, j] = side[s, 0, j] - one[j]
            voices[_TARGET - _HEARD, j] = side[t, 1, j] - one[j]
            voices[_BY_TARGET - _HEARD, j] = side[t, 0, j] - other[j]
            voices[_ACTOR - _HEARD, j] = side[s, 1, j] - other[j]
            # What t's partners do with t, but for s.
            voices[_RIVAL - _HEARD, j] = side[t, 2, j] - back * (one[j] + other[j])
        for c in range(len(voices)):
            strength = theta[_HEARD + c, t, s]
            if strength == 0.0:
                continue
            for j in range(0, width, 4):  # four at a time, as each round waits for the sum of the one before
                x0, x1 = strength * max(voices[c, j], _ZERO), strength * max(voices[c, j + 1], _ZERO)
                x2, x3 = strength * max(voices[c, j + 2], _ZERO), strength * max(voices[c, j + 3], _ZERO)
                line0, line1, line2, line3 = heard[c, j], heard[c, j + 1], heard[c, j + 2], heard[c, j + 3]
                if copies == 1:
                    for k in range(_K):
                        out[k] += (x0 * line0[k] + x1 * line1[k]) + (x2 * line2[k] + x3 * line3[k])
                else:
                    for k in range(_K):
                        if answer[s, k] == copy:
                            out[k] += (x0 * line0[k] + x1 * line1[k]) + (x2 * line2[k] + x3 * line3[k])
    sums[:] = 0.0
    for k in range(_K):
        sums[quad[k]] += out[k]


@_lean
def _calmed(calm, damping, scale, i, j, left):  # type: ignore[no-untyped-def]
    """What the pair's recent cooperation leaves of its rates, by class of response, into ``left``."""
    verbal, material = calm[i, j, 0], calm[i, j, 1]
    verbal, material = verbal / (verbal + scale), material / (material + scale)
    for q in range(len(left)):
        left[q] = math.exp(-damping[q, 0] * verbal - damping[q, 1] * material)


@_lean
def _answers(flow, own, sums, heard, group, quad, trigger, keep, powers, summed, kept, answer, line):  # type: ignore[no-untyped-def]
    """What a dyad's events of the day excite, by channel and class and by type, into ``answer`` and ``line``.

    Args:
        trigger: (M, L) events whose reactions are damped, and keep: (M, K) what is left of them.
    """
    n_taus, width = powers.shape[1], len(answer) // len(CHANNELS)
    answer[:] = _ZERO
    line[:] = _ZERO
    for kind in range(_K):
        n = flow[kind]
        if n <= _ZERO:
            continue
        damped = False
        for m in range(len(trigger)):
            if trigger[m, kind]:
                for k in range(_K):
                    kept[k] = keep[m, k] * (kept[k] if damped else n)
                damped = True
        if not damped:
            if summed:
                whole = sums[kind]
                for i in range(len(answer)):
                    answer[i] += n * whole[i]
            for way in range(2):
                for h in range(n_taus):
                    for k in range(_K):
                        line[way, h, k] += n * own[kind, way, h, k]
            continue
        for way in range(2):
            for h in range(n_taus):
                for k in range(_K):
                    x = kept[k] * own[kind, way, h, k]
                    line[way, h, k] += x
                    answer[way * width + quad[k] * n_taus + h] += x
        for c in range(len(heard) if summed else 0):
            for h in range(n_taus):
                step = np.float32(1.0) - powers[1, h]
                for k in range(_K):
                    answer[(_HEARD + c) * width + quad[k] * n_taus + h] += (
                        kept[k] * step * heard[c, group[kind] * n_taus + h, k]
                    )


@_lean
def _excite_own(own, since, powers, theta, line, reactor, r, s, t, day):  # type: ignore[no-untyped-def]
    """Add what s's events toward t excite between the two, by type, for those who read copy r."""
    if reactor[s] == r:
        x = theta[_OWN, t, s]
        _faded(own, since, powers, s, t, day + 1)
        for h in range(line.shape[1]):
            for k in range(_K):
                own[t, s, h, k] += x * line[0, h, k]
    if reactor[t] == r:
        x = theta[_BACK, s, t]
        _faded(own, since, powers, t, s, day + 1)
        for h in range(line.shape[1]):
            for k in range(_K):
                own[s, t, h, k] += x * line[1, h, k]


@_lean
def _excite_sums(total, pool, theta, partners, near, answer, reactor, r, s, t, friends, enemies):  # type: ignore[no-untyped-def]
    """Add what s's events toward t excite, summed over types, for those who read copy r."""
    width, padded = total.shape[1], total.shape[2]
    forth, back = _HALF * partners[s, t], _HALF * partners[t, s]
    if reactor[s] == r:
        x, y, z = theta[_OWN, t, s], theta[_SENT, t, s], theta[_TARGET, t, s]
        rival = theta[_RIVAL, t, s] * back
        for i in range(width):
            less = y * answer[_SENT * width + i] + z * answer[_TARGET * width + i] + rival * answer[_RIVAL * width + i]
            total[t, i, s] += x * answer[_OWN * width + i] - less
    if reactor[t] == r:
        x, y, z = theta[_BACK, s, t], theta[_BY_TARGET, s, t], theta[_ACTOR, s, t]
        rival = theta[_RIVAL, s, t] * forth
        for i in range(width):
            less = y * answer[_BY_TARGET * width + i] + z * answer[_ACTOR * width + i]
            total[s, i, t] += x * answer[_BACK * width + i] - less - rival * answer[_RIVAL * width + i]
    for i in range(width):
        pool[r, s, 0, i] += answer[_SENT * width + i]
        pool[r, s, 1, i] += answer[_BY_TARGET * width + i]
        pool[r, s, 2, i] += forth * answer[_RIVAL * width + i]
        pool[r, t, 2, i] += back * answer[_RIVAL * width + i]
        pool[r, t, 3, i] += answer[_ACTOR * width + i]
        pool[r, t, 4, i] += answer[_TARGET * width + i]
    for block in range(0, padded, _B):
        for a in range(block, block + _B):
            friends[a] = near[0, s, a] * theta[_PARTNERS, t, a]
            enemies[a] = near[1, s, a] * theta[_FOES, t, a]
    if len(pool) > 1:
        for a in range(len(reactor)):
            if reactor[a] != r:
                friends[a] = enemies[a] = _ZERO
    for i in range(width):
        x, y = answer[_PARTNERS * width + i], answer[_FOES * width + i]
        for block in range(0, padded, _B):
            for a in range(block, block + _B):
                total[t, i, a] += x * friends[a] + y * enemies[a]


@_lean
def _note(flow, past, side, calmed, powers, partners, group, calm, trigger, left, copies, s, t):  # type: ignore[no-untyped-def]
    """Add s's events of the day toward t to the histories.

    Args:
        trigger: (M, L) events whose reactions are damped, and left: (M, S) what is left of them in each copy.
    """
    n_taus = powers.shape[1]
    forth, back = _HALF * partners[s, t], _HALF * partners[t, s]
    for kind in range(_K):
        n = flow[kind]
        if n <= _ZERO:
            continue
        if calm[kind] >= 0:
            x = n * (np.float32(1.0) - powers[1, n_taus // 2])
            calmed[s, t, calm[kind]] += x
            calmed[t, s, calm[kind]] += x
        for copy in range(copies):
            for m in range(len(trigger)):
                if trigger[m, kind]:
                    n *= left[m, copy]
            for h in range(n_taus):
                x, j = n * (np.float32(1.0) - powers[1, h]), group[kind] * n_taus + h
                past[copy, t, s, j] += x
                side[copy, s, 0, j] += x
                side[copy, t, 1, j] += x
                side[copy, s, 2, j] += forth * x
                side[copy, t, 2, j] += back * x
            n = flow[kind]


@_lean
def _dusk(memory, room, pasts):  # type: ignore[no-untyped-def]
    """Histories fade by a day."""
    wane = room.wane
    for copy in range(pasts):
        past, side = memory.past[copy], memory.side[copy]
        lines = past.reshape(past.size)
        for i in range(len(lines)):
            lines[i] *= wane[i]
        lines = side.reshape(side.size)
        for i in range(len(lines)):
            lines[i] *= wane[i]
    middle, calm = room.powers[1, room.powers.shape[1] // 2], memory.calm.reshape(memory.calm.size)
    for i in range(len(calm)):
        calm[i] *= middle


# -- futures ---------------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True, error_model="numpy")
def _room(model, plan, n_days):  # type: ignore[no-untyped-def]
    """Memory and room for all variants of a plan."""
    n_actors, n_quads, padded = model.base_sum.shape[1:]
    n_channels, width = model.theta.shape[1], model.start_sum.shape[2]
    jh, n_taus = model.start_past.shape[2], len(model.fade)
    copies = pasts = 1
    for v in range(len(plan.copies)):
        copies, pasts = max(copies, plan.copies[v]), max(pasts, plan.pasts[v])
    like = model.fade.dtype
    memory = Memory(
        np.zeros((n_actors, width, padded), like),
        np.zeros((copies, n_actors, _POOLS, width), like),
        np.zeros((n_actors, padded, n_taus, _K), like),
        np.zeros((n_actors, padded), np.int64),
        np.zeros((pasts, n_actors, padded, jh), like),
        np.zeros((pasts, n_actors, 3, jh), like),
        np.zeros((n_actors, n_actors, 2), like),
        np.zeros((n_actors, n_actors, _K), like),
    )
    room = Rates(
        np.zeros((n_actors, n_quads, padded), like),
        np.zeros((n_actors, padded), like),
        np.zeros((copies, _POOLS, n_quads, padded), like),
        np.zeros((2, _K), like),
        np.zeros((2, _K), like),
        np.zeros((2, n_quads), like),
        np.zeros((2, n_quads), like),
        np.ones(n_quads, like),
        np.zeros(n_channels * width, like),
        np.zeros((2, n_taus, _K), like),
        np.zeros(_K, like),
        np.zeros((2, padded), like),
        np.zeros((n_channels - _HEARD, jh), like),
        np.ones((n_days + 2, n_taus), like),
        np.zeros(n_actors * padded * jh, like),
    )
    for day in range(1, n_days + 2):
        for h in range(n_taus):
            room.powers[day, h] = room.powers[day - 1, h] * model.fade[h]
    for i in range(len(room.wane)):
        room.wane[i] = model.fade[i % jh % n_taus]
    return memory, room


@_lean
def _begin(memory, model, draw, copies, pasts):  # type: ignore[no-untyped-def]
    """Memory as it is on the eve of the first day."""
    n_actors = len(memory.calm)
    n_taus, padded = memory.own.shape[2], memory.own.shape[1]
    for t in range(n_actors):
        for i in range(memory.total.shape[1]):
            for a in range(padded):
                memory.total[t, i, a] = model.start_sum[draw, t, i, a]
        for a in range(padded):
            for h in range(n_taus):
                for k in range(_K):
                    memory.own[t, a, h, k] = model.start[draw, t, a, h, k]
        for a in range(n_actors):
            memory.calm[t, a, 0], memory.calm[t, a, 1] = model.start_calm[t, a, 0], model.start_calm[t, a, 1]
    memory.since[:] = 0
    memory.flow[:] = _ZERO
    memory.pool[:copies] = _ZERO
    memory.past[:pasts] = _ZERO
    memory.side[:pasts] = _ZERO
    for s in range(n_actors):
        for t in range(n_actors):
            forth, back = _HALF * model.partners[s, t], _HALF * model.partners[t, s]
            for copy in range(pasts):
                for j in range(memory.past.shape[3]):
                    x = model.start_past[t, s, j]
                    memory.past[copy, t, s, j] = x
                    memory.side[copy, s, 0, j] += x
                    memory.side[copy, t, 1, j] += x
                    memory.side[copy, s, 2, j] += forth * x
                    memory.side[copy, t, 2, j] += back * x


@_lean
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
                for k in range(_K):
                    if plan.removed[m, a, b, k]:
                        kept[a, b, k] *= stays
    for m in range(plan.damped_first[v], plan.damped_first[v + 1]):
        for a in range(kept.shape[0]):
            for k in range(_K):
                stays = 1.0 - (plan.damped_share[row, m] if plan.reaction[m, a, k] else 0.0)
                keep[m, plan.reactor[v, a], k] = stays
                left[m, plan.answer[v, a, k]] = stays


@_lean
def _night(memory, room, model, plan, v, draw, keep, left, stirred, n_stirred, summed, day):  # type: ignore[no-untyped-def]
    """The day's events (``memory.flow`` of the stirred dyads) are remembered; what was before fades.

    Args:
        summed: whether the sums over types are kept too.
    """
    lo, hi = plan.damped_first[v], plan.damped_first[v + 1]
    copies, pasts, reactor = plan.copies[v], plan.pasts[v], plan.reactor[v]
    flow, past, side, calmed, total = memory.flow, memory.past, memory.side, memory.calm, memory.total
    pool, mine, since, powers = memory.pool, memory.own, memory.since, room.powers
    partners, near, group, calm, quad = model.partners, model.near, model.group, model.calm, model.quad
    own, sums, heard, theta = model.own[draw], model.sums[draw], model.heard[draw], model.theta[draw]
    triggers, keep, left = plan.trigger[lo:hi], keep[lo:hi], left[lo:hi]
    kept, answer, line, friends, enemies = room.kept, room.answer, room.own_answer, room.near[0], room.near[1]
    _dusk(memory, room, pasts)
    for e in range(n_stirred):
        s, t = stirred[e, 0], stirred[e, 1]
        busy = False
        for k in range(_K):
            busy = busy or flow[s, t, k] > _ZERO
        if not busy:  # nothing came of it, or it was stirred twice
            continue
        events, trigger = flow[s, t], triggers[:, s, t]
        _note(events, past, side, calmed, powers, partners, group, calm, trigger, left, pasts, s, t)
        for r in range(copies):
            _answers(events, own, sums, heard, group, quad, trigger, keep[:, r], powers, summed, kept, answer, line)
            _excite_own(mine, since, powers, theta, line, reactor, r, s, t, day)
            if summed:
                _excite_sums(total, pool, theta, partners, near, answer, reactor, r, s, t, friends, enemies)
        events[:] = _ZERO


@_lean
def _walk(line, quad, q, x):  # type: ignore[no-untyped-def]
    """The type of class q at which the running sum of the line passes x."""
    last = -1
    for k in range(_K):
        if quad[k] == q and line[k] > _ZERO:
            last = k
            if x < line[k]:
                break
            x -= line[k]
    return last


@njit(cache=True, nogil=True, error_model="numpy")
def run(model, plan, watch, seed, lo, hi, out):  # type: ignore[no-untyped-def]
    """Futures lo to hi under all variants, into ``out``, whose rows start at lo."""
    n_actors, n_days, n_measures = len(model.partners), out.daily.shape[3], len(plan.trigger)
    memory, room = _room(model, plan, n_days)
    n_pairs, months = n_actors * (n_actors - 1) // 2, n_days // _LONG + 1
    luck = Luck(np.zeros((n_days, n_pairs)), np.ones((n_days, 2)), np.ones((months, n_pairs, 2)), np.ones(2))
    strength = Strength(
        np.ones((n_actors, n_actors, _K)),
        np.ones((n_measures, len(memory.pool), _K), model.fade.dtype),
        np.ones((n_measures, len(memory.past)), model.fade.dtype),
    )
    ring = np.zeros((watch.window, n_pairs))
    stirred = np.zeros((n_actors * n_actors + len(plan.source), 2), np.int64)
    _futures(model, plan, watch, seed, lo, hi, out, memory, room, luck, strength, ring, stirred)


@_lean
def _futures(model, plan, watch, seed, lo, hi, out, memory, room, lucks, strength, ring, stirred):  # type: ignore[no-untyped-def]
    """The same, with the room that it needs."""
    n_draws, n_actors = model.base.shape[:2]
    n_variants, _, _, n_days = out.daily.shape
    n_quads = model.base_sum.shape[2]
    rate, whole, left, flow = room.rate, room.whole, room.left, memory.flow
    mine, since, past, side, powers = memory.own, memory.since, memory.past, memory.side, room.powers
    own_line, own_sum, heard_line, heard_sum = room.own, room.own_sum, room.heard, room.heard_sum
    voices, partners, foes = room.voices, model.partners, model.foes
    cells, worst, counted = out.cells, out.worst, watch.pair
    symmetric, sort, grave, quad = model.symmetric, watch.sort, watch.grave, model.quad
    luck, volume, drift, swell = lucks.pair, lucks.volume, lucks.drift, lucks.swell
    kept, keep, stays = strength.kept, strength.keep, strength.left
    root = _mix(np.uint64(seed))
    for f in range(lo, hi):
        own_key, draw, row = _key(root, f), f % n_draws, f - lo
        base_sum, theta, damping = model.base_sum[draw], model.theta[draw], model.damping[draw]
        base, heard = model.base[draw], model.heard[draw]
        _draw(model.volume, own_key, luck, volume, drift)
        for v in range(n_variants):
            reactor, copies, answer, pasts = plan.reactor[v], plan.copies[v], plan.answer[v], plan.pasts[v]
            daily, dyads, types = out.daily[v, row], out.dyads[v, row], out.types[v, row]
            thinned = plan.removed_first[v] < plan.removed_first[v + 1]
            _measured(plan, v, f - plan.lo, kept, keep, stays)
            _begin(memory, model, draw, copies, pasts)
            ring[:] = 0.0
            left[:] = 1.0
            for day in range(n_days):
                _totals(memory, room, base_sum, theta, model.fade, reactor, copies)
                slot, n_stirred, pair, moved = day % watch.window, 0, -1, drift[day // _LONG]
                day_key = _key(_key(own_key, _EVENT), day)
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
                            _calmed(memory.calm, damping, model.scale, i, j, left)
                            mean = 0.0
                            for q in range(n_quads):
                                mean += float(left[q]) * (float(rate[j, q, i]) + float(rate[i, q, j]))
                        expected = min(mean, float(CAP))
                        phi = _dispersion(expected, model.phi, model.power)
                        real = _quantile(expected, phi, u)
                        told = _quantile(min(expected * most, float(CAP)), phi, u)
                        if max(real, told) == 0:
                            continue
                        out.capped[v, row] += max(real, told) == CAP
                        own_sum[:, 0] = -1.0
                        heard_sum[:, 0] = -1.0
                        key, heavy, watched = _key(day_key, pair), 0.0, counted[i, j]
                        for e in range(max(real, told)):
                            event = _key(key, e)
                            x, way, q = _unit(event) * mean, 0, 0
                            for place in range(2 * n_quads):
                                way, q = place // n_quads, place % n_quads
                                here = float(left[q]) * float(rate[i, q, j] if way else rate[j, q, i])
                                if x < here:
                                    break
                                x -= here
                            s, t = (j, i) if way else (i, j)
                            x /= float(left[q])
                            if own_sum[way, 0] < 0.0:
                                _own(mine, since, powers, base, quad, s, t, day, own_line[way], own_sum[way])
                            between = float(own_sum[way, q])
                            if x < between:
                                k = _walk(own_line[way], quad, q, x)
                            else:  # third parties
                                if heard_sum[way, 0] < 0.0:
                                    _hearsay(
                                        past, side, theta, heard, partners, foes, quad, answer, pasts, s, t, voices,
                                        heard_line[way], heard_sum[way],
                                    )  # fmt: skip
                                # The rest and the line's sum are the same number but for rounding.
                                rest, line_sum = float(rate[t, q, s]) - between, float(heard_sum[way, q])
                                if rest > 0.0 and line_sum > 0.0:
                                    k = _walk(heard_line[way], quad, q, (x - between) * (line_sum / rest))
                                else:
                                    k = _walk(own_line[way], quad, q, x)
                            if k < 0 or (thinned and kept[s, t, k] < 1.0 and _unit(_key(event, 0)) >= kept[s, t, k]):
                                continue
                            if e < real:
                                if symmetric[k]:
                                    flow[s, t, k] += _HALF
                                    flow[t, s, k] += _HALF
                                else:
                                    flow[s, t, k] += np.float32(1.0)
                            if not (e < told and watched):
                                continue
                            less = swell[sort[k]]
                            if less == most or _unit(_key(event, 1)) * most < less:
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
                    lot = _unit(_key(_key(own_key, _OCCASION), plan.occasion[e]))
                    if lot < plan.added_share[f - plan.lo, plan.part[e]]:
                        s, t = plan.source[e], plan.target[e]
                        flow[s, t, plan.type[e]] += plan.weight[e]
                        stirred[n_stirred, 0], stirred[n_stirred, 1] = s, t
                        n_stirred += 1
                _night(memory, room, model, plan, v, draw, keep, stays, stirred, n_stirred, True, day)
            out.calm[v, row] = _first_calm(daily[0], watch.calm_level, watch.calm_days)


@_lean
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


@njit(cache=True, nogil=True, error_model="numpy")
def expect(model, plan, watch, lo, hi, n_days, out):  # type: ignore[no-untyped-def]
    """Rates in the place of counts, for parameter draws and strengths of futures lo to hi: exact expectations where the
    model does not damp, a mean field where it does. Into ``out``: (V, F, 2, A, A), whose rows start at lo."""
    n_draws, n_actors = model.base.shape[:2]
    n_measures = len(plan.trigger)
    memory, room = _room(model, plan, n_days)
    flow, left, quad = memory.flow, room.left, model.quad
    stirred = np.zeros((n_actors * n_actors, 2), np.int64)
    n_stirred = 0
    for i in range(n_actors):
        for j in range(n_actors):
            if i != j:
                stirred[n_stirred, 0], stirred[n_stirred, 1] = i, j
                n_stirred += 1
    kept = np.ones((n_actors, n_actors, _K))
    keep = np.ones((n_measures, len(memory.pool), _K), model.fade.dtype)
    stays = np.ones((n_measures, len(memory.past)), model.fade.dtype)
    for f in range(lo, hi):
        draw = f % n_draws
        for v in range(len(out)):
            thinned = plan.removed_first[v] < plan.removed_first[v + 1]
            _measured(plan, v, f - plan.lo, kept, keep, stays)
            _begin(memory, model, draw, plan.copies[v], plan.pasts[v])
            left[:] = 1.0
            for day in range(n_days):
                for i in range(n_actors):
                    for j in range(i + 1, n_actors):
                        if model.calms:
                            _calmed(memory.calm, model.damping[draw], model.scale, i, j, left)
                        for way in range(2):
                            s, t = (j, i) if way else (i, j)
                            _own(
                                memory.own, memory.since, room.powers, model.base[draw], quad, s, t, day, room.own[way],
                                room.own_sum[way],
                            )  # fmt: skip
                            _hearsay(
                                memory.past, memory.side, model.theta[draw], model.heard[draw], model.partners,
                                model.foes, quad, plan.answer[v], plan.pasts[v], s, t, room.voices, room.heard[way],
                                room.heard_sum[way],
                            )  # fmt: skip
                            for k in range(_K):
                                x = (room.own[way, k] + room.heard[way, k]) * left[quad[k]]
                                if thinned:
                                    x *= kept[s, t, k]
                                if model.symmetric[k]:
                                    flow[s, t, k] += _HALF * x
                                    flow[t, s, k] += _HALF * x
                                else:
                                    flow[s, t, k] += x
                for s in range(n_actors):
                    for t in range(n_actors):
                        if watch.pair[s, t]:
                            for k in range(_K):
                                out[v, f - lo, watch.sort[k], s, t] += flow[s, t, k]
                for e in range(plan.added_first[v, day], plan.added_first[v, day + 1]):
                    share = plan.added_share[f - plan.lo, plan.part[e]]
                    flow[plan.source[e], plan.target[e], plan.type[e]] += share * plan.weight[e]
                _night(memory, room, model, plan, v, draw, keep, stays, stirred, n_stirred, False, day)


def strengths(seed: int, lo: int, hi: int, names: NDArray[np.uint64], low: Floats, high: Floats) -> Floats:
    """(hi - lo, N) strengths drawn evenly between low and high, by future and named part.

    Args:
        lo, hi: first future, and the one after the last. names: (N) keys; a part with one name draws the same in every
            variant that holds it.
    """
    mix, key, unit = _mix.py_func, _key.py_func, _unit.py_func  # numpy wraps around as the compiled ones do
    root = mix(np.array([[seed]], dtype=np.uint64))  # type: ignore[no-untyped-call]
    own = key(key(root, np.arange(lo, hi)[:, None]), np.array([_STRENGTH]))  # type: ignore[no-untyped-call]
    drawn: Floats = low + (high - low) * unit(key(own, names))  # type: ignore[no-untyped-call]
    return drawn
