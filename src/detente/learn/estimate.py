"""Penalised maximum likelihood for the reaction model, by expectation and maximisation.

The intensity is a sum, so each event can be shared out exactly among its possible causes; given the shares, every
parameter is a ratio of attributed events to exposure, moved toward its group's value by a Gamma prior. The shock of
pair and day integrates out in closed form (negative multinomial); given its size, the steps weigh each pair-day by how
much it varies, as in quasi-likelihood (Wedderburn 1974).

Sources: Hawkes (1971); Veen and Schoenberg (2008) for the expectation step; Efron and Morris (1975) for shrinkage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln, ndtr, ndtri

from detente.codebook import QUADS, TYPES, quad
from detente.errors import LearnError
from detente.learn import kernels
from detente.learn.exposures import (
    CONCILIATORY,
    COOPERATION,
    DAMPING_SCALE,
    PHI,
    SYMMETRIC,
    TAUS,
    Counts,
    Floats,
    Ints,
    decay,
    partners,
    volume,
)
from detente.learn.kernels import N_FEATURES, N_QUADS, N_TYPES, Past, Record

N_CHANNELS: Final = 9
WARM: Final = 28
THIN: Final = 14
"""Steps of sampling before the first draw, and from one draw to the next."""

SWEEP: Final = 14
"""Steps after which shocks and damping are drawn anew, once a draw; causes, drawn at each step, take longer to mix."""

_QUAD: Final = np.array([QUADS.index(quad(k)) for k in TYPES])
_SAME: Final = np.eye(len(TYPES), dtype=bool)
CHANNEL: Final = np.concatenate([np.repeat([0, 1], N_TYPES), np.repeat(np.arange(2, N_CHANNELS), N_QUADS)])
"""(F) the channel of each feature of :mod:`detente.learn.kernels`."""
_COOPERATION: Final = np.select(COOPERATION, range(len(COOPERATION)), -1).astype(np.int64)


@dataclass(frozen=True)
class Settings:
    """What is fixed before a fit. The defaults were chosen on training days (``docs/learn.md``).

    Args:
        taus: time constants in days.
        active: (C) channels in use.
        strength: (C) pseudo-exposure, in past events, by which a weight keeps to its block's mean.
        block_strength: (C) pseudo-exposure by which a block's mean keeps to zero.
        calm: penalty, in natural logarithms, for each event laid to history rather than to the baseline; it keeps the
            slow drift of a pair's rate from passing for reactions.
        kappa: (C) pseudo-events by which a pair's multiplier keeps to one; kappa0: the same for the baseline.
        base_strength: pseudo-events by which baseline weights of a type keep to those of all types.
        rho: how far expected counts follow the recent volume of reporting.
        damping: penalty, in natural logarithms, for each unit of damping; None for a model without damping.
        few: number of actors up to which all pairs hear third parties; among more, those that have dealt before.
        burn: days at the start of a stretch of record that only build up history.
        outer, inner: numbers of sweeps over the days, and of steps under the shocks expected in a sweep.
    """

    taus: tuple[float, ...] = TAUS
    active: tuple[bool, ...] = (True,) * N_CHANNELS
    strength: tuple[float, ...] = (150.0, 150.0, *(1000.0,) * 6, 4000.0)
    block_strength: tuple[float, ...] = (1.0, 5.0, *(50.0,) * 7)
    calm: float = 0.04
    kappa: tuple[float, ...] = (30.0, 30.0, *(5.0,) * 6, 50.0)
    kappa0: float = 20.0
    base_strength: float = 1000.0
    rho: float = 0.5
    damping: float | None = 100.0
    few: int = 64
    burn: int = 14
    outer: int = 10
    inner: int = 12


@dataclass(frozen=True)
class Dispersion:
    """Over-dispersion of a pair's counts on a day, ``level * expected ** -power``: busy pair-days vary less."""

    level: float
    power: float = 0.0

    def at(self, rate: Floats) -> Floats:
        """Over-dispersion where so many events are expected, between 0.01 and 100."""
        phi: Floats = np.clip(self.level * np.maximum(rate, 1e-9) ** -self.power, *PHI)
        return phi


@dataclass(frozen=True)
class Parameters:
    """Point estimates by active pair: u (J, K), theta0 (P), w (K, F, H), theta (C, P), damping (4, 2)."""

    u: Floats
    theta0: Floats
    w: Floats
    theta: Floats
    phi: Dispersion
    damping: Floats = field(default_factory=lambda: np.zeros((N_QUADS, len(COOPERATION))))


@dataclass(frozen=True)
class Design:
    """Exposures of a record, gathered once for all steps of a fit.

    Args:
        counts: the record. until: days before this position are for training. settings: what is fixed.
        record: the record by active pair, as the kernels want it.
        rows_x, rows_m, rows_at, calm: exposures at the cells with events (:func:`detente.learn.kernels.gather`).
        v: (T) reporting volume. partners, foes: (A, A) at the end of the record.
        past: history and long-run totals after the last day; days: effective number of days behind the latter.
        base_parts: (J, P, K) baseline components after the last day; mix_after: (K) the usual mix of types then; rest:
            expected events of all pairs that are not active.
    """

    counts: Counts
    until: int
    settings: Settings
    record: Record
    rows_x: Floats
    rows_m: Floats
    rows_at: Ints
    calm: Floats
    v: Floats
    partners: Floats
    foes: Floats
    past: Past
    days: float
    base_parts: Floats
    mix_after: Floats
    rest: float

    @property
    def bounds(self) -> Ints:
        """(C + 1) where the exposures of each channel begin, flat."""
        sizes = np.bincount(CHANNEL, minlength=N_CHANNELS) * len(self.settings.taus)
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    @property
    def part(self) -> Ints:
        """(K) which responses are damped alike: quad classes, or all where nothing is damped."""
        part: Ints = (_QUAD if self.settings.damping is not None else np.zeros_like(_QUAD)).astype(np.int64)
        return part

    @property
    def n_actors(self) -> int:
        return len(self.counts.actors)

    @property
    def n_pairs(self) -> int:
        """Number of active unordered pairs."""
        return len(self.record.of) // 2

    @cached_property
    def pair(self) -> Ints:
        """(N) number of the unordered pair of each event cell."""
        pairs: Ints = self.record.both[self.record.slot[self.counts.a, self.counts.b]]
        return pairs

    @cached_property
    def seen(self) -> Floats:
        """(T, U) observed events."""
        out: Floats = np.zeros((len(self.counts.dates), self.n_pairs))
        np.add.at(out, (self.counts.day, self.pair), self.counts.n)
        return out

    @cached_property
    def training(self) -> NDArray[np.bool_]:
        """(T) days whose likelihood is maximised: before ``until``, and not while a stretch of record is young."""
        age = np.zeros(len(self.counts.dates), dtype=np.int64)
        for t in range(1, len(age)):
            age[t] = 0 if self.counts.fresh[t] else age[t - 1] + 1
        return (age >= self.settings.burn) & (np.arange(len(age)) < self.until)

    @cached_property
    def mix(self) -> Floats:
        """(K) share of each type among training events, each direction of a symmetric event counted half."""
        n = np.bincount(self.counts.k, weights=self.counts.n * self.training[self.counts.day], minlength=len(TYPES))
        shares: Floats = (n + 0.5) / (n + 0.5).sum()
        return shares


def design(
    counts: Counts, settings: Settings, *, until: int | None = None, ties: Sequence[tuple[int, Floats]] = ()
) -> Design:
    """Gather what a fit needs from a record.

    Args:
        until: number of days used for training; all where None.
        ties: formal ties, which count as net cooperation beside that of the record: the day (position) from which on
            they hold, the first of them 0, and (A, A) which, symmetric, in [0, 1].

    Raises:
        LearnError: too few days.
    """
    until = len(counts.dates) if until is None else until
    if until <= settings.burn + 7:
        raise LearnError(
            f"{until} days of events are too few to fit on (the first {settings.burn} only build up history); "
            "give a longer record or a prior."
        )
    n_actors = len(counts.actors)
    early = counts.day < until
    quarrel = ~CONCILIATORY[counts.k]
    sides = [np.zeros((n_actors, n_actors)) for _ in range(2)]
    for hostile, into in enumerate(sides):
        chosen = early & (quarrel == bool(hostile))
        np.add.at(into, (counts.a[chosen], counts.b[chosen]), counts.n[chosen])
    cooperation, conflict = (side + side.T for side in sides)
    usual = cooperation.sum(1, keepdims=True) / max(n_actors - 1, 1)
    warm = [cooperation + firm * usual for _, firm in ties] or [cooperation]
    p = np.array([partners(friendly, conflict) for friendly in warm])
    f = np.array([partners(conflict, friendly) for friendly in warm])
    starts = [day for day, _ in ties] or [0]
    epoch = np.searchsorted(starts, np.arange(len(counts.dates)), side="right") - 1
    record = _record(counts, p, f, epoch, settings)
    n_taus, n_rows = len(settings.taus), int(len(counts.n) + SYMMETRIC[counts.k].sum())
    rows_x = np.zeros((n_rows, N_FEATURES * n_taus), dtype=np.float32)
    calm = np.zeros((len(counts.n), len(COOPERATION)))
    rows_m = np.zeros((n_rows, kernels.N_BASE))
    rows_at = np.zeros((n_rows, 2), dtype=np.int64)
    past, parts, mix = (blank(record), np.zeros((kernels.N_BASE, len(record.of), N_TYPES)), np.zeros(N_TYPES))
    rest, days = kernels.gather(record, DAMPING_SCALE, rows_x, rows_m, rows_at, calm, past, parts, mix)
    v = volume(counts, rho=settings.rho, until=until)
    return Design(
        counts, until, settings, record, rows_x, rows_m, rows_at, calm, v, p[-1], f[-1], past, days, parts, mix, rest
    )


def _record(counts: Counts, p: Floats, f: Floats, epoch: Ints, s: Settings) -> Record:
    """The active pairs of a record, partners and foes (E, A, A), and which of these hold on each day."""
    n = len(counts.actors)
    few = n <= s.few
    active = np.full((n, n), few) & ~np.eye(n, dtype=bool)
    active[counts.a, counts.b] = True
    active |= active.T
    of = np.argwhere(active)
    slot = np.full((n, n), -1, dtype=np.int64)
    slot[active] = np.arange(len(of))
    low, high = of.min(1), of.max(1)
    both = np.unique(low * n + high, return_inverse=True)[1]
    friends, weights = _heard(p, of, slot)
    foes, foe_weights = _heard(f, of, slot)
    return Record(
        cells=np.ascontiguousarray(np.stack([counts.day, counts.a, counts.b, counts.k], axis=1)),
        n=counts.n,
        fresh=counts.fresh,
        slot=slot,
        of=of,
        back=slot[of[:, 1], of[:, 0]],
        both=both.astype(np.int64),
        friends=friends,
        weights=weights,
        foes=foes,
        foe_weights=foe_weights,
        near=np.ascontiguousarray(p[:, of[:, 0], of[:, 1]]),
        epoch=epoch.astype(np.int64),
        keep=decay(np.array(s.taus)),
        symmetric=SYMMETRIC,
        friendly=CONCILIATORY,
        quad=_QUAD.astype(np.int64),
        cooperation=_COOPERATION,
    )


def _heard(close: Floats, of: Ints, slot: Ints) -> tuple[Ints, Floats]:
    """Pairs (a, b) and (c, b), (M, 2), where c is ever close to a, and how close (E, M); ``close`` is (E, A, A)."""
    ever = close.max(0) > 0
    found = [
        (i, slot[c, b], a, c)
        for i, (a, b) in enumerate(of)
        for c in np.flatnonzero(ever[a])
        if c != b and slot[c, b] >= 0
    ]
    heard = np.array(found, dtype=np.int64).reshape(-1, 4)
    return np.ascontiguousarray(heard[:, :2]), np.ascontiguousarray(close[:, heard[:, 2], heard[:, 3]])


def blank(record: Record) -> Past:
    """Nothing remembered. Where all pairs are active, all count as having dealt with one another before."""
    n, n_actors = len(record.of), len(record.slot)
    known = np.full(n, n == n_actors * (n_actors - 1))
    return Past(np.zeros((n, N_TYPES, len(record.keep))), np.zeros((n, N_TYPES)), known)


@dataclass(frozen=True)
class Expectation:
    """What a sweep over the days yields (:func:`detente.learn.kernels.compensate`).

    Expected and observed counts by day and active pair (T, U), those of other pairs (T), summed exposures by part of
    the responses (Q, P, F H), (J, P, K) and (K); recent cooperation (T, U, 2) and undamped rates (T, U, Q).
    """

    rate: Floats
    seen: Floats
    rest: Floats
    g_x: Floats
    g_m: Floats
    g_rest: Floats
    calm: Floats
    g_parts: Floats


def expect(d: Design, par: Parameters, *, use: NDArray[np.bool_] | None = None, seed: int = -1) -> Expectation:
    """Sweep over the days ``use`` (training days where None), under expected shocks or, with a seed, drawn ones."""
    n_days, n, n_parts = len(d.counts.dates), len(d.record.of), int(d.part.max()) + 1
    told = n_days if n_parts > 1 else 0
    wbar = np.stack([par.w[d.part == q].sum(0).reshape(-1) for q in range(n_parts)])
    out = Expectation(
        rate=np.zeros((n_days, d.n_pairs)),
        seen=d.seen,
        rest=np.zeros(n_days),
        g_x=np.zeros((n_parts, n, wbar.shape[1])),
        g_m=np.zeros((kernels.N_BASE, n, N_TYPES)),
        g_rest=np.zeros(N_TYPES),
        calm=np.zeros((told, d.n_pairs, len(COOPERATION))),
        g_parts=np.zeros((told, d.n_pairs, n_parts)),
    )
    kernels.compensate(
        d.record, blank(d.record), d.training if use is None else use, d.v, par.u, par.theta0,
        wbar, np.ascontiguousarray(par.theta.T), d.bounds, d.part, par.damping, DAMPING_SCALE,
        par.phi.level, par.phi.power, seed,
        out.rate, out.rest, out.g_x, out.g_m, out.g_rest, out.calm, out.g_parts,
    )  # fmt: skip
    return out


def start(d: Design) -> Parameters:
    """Where the iterations begin: half of the rate baseline, half history."""
    s = d.settings
    active = np.array(s.active)
    level = np.array([0.1, 0.05, *[0.05 / d.n_actors] * (N_CHANNELS - 2)]) * active
    w = np.zeros((N_TYPES, N_FEATURES, len(s.taus)))
    w += level[CHANNEL][None, :, None] * d.mix[:, None, None]
    w[np.arange(N_TYPES), np.arange(N_TYPES)] += 0.15
    n = len(d.record.of)
    return Parameters(
        u=np.full((kernels.N_BASE, N_TYPES), 0.2),
        theta0=np.ones(n),
        w=np.where(_allowed(s), w, 0.0),
        theta=np.ones((N_CHANNELS, n)) * active[:, None],
        phi=Dispersion(2.0),
    )


def _allowed(s: Settings) -> NDArray[np.bool_]:
    """(1, F, 1) features that may have weight."""
    heard: NDArray[np.bool_] = np.array(s.active)[CHANNEL]
    heard[N_TYPES : 2 * N_TYPES] &= ~SYMMETRIC
    heard[-2 * N_QUADS : -N_QUADS] &= [q.endswith("cooperation") for q in QUADS]
    return heard[None, :, None]


def fit(d: Design) -> Parameters:
    """Maximise the penalised likelihood of the training days."""
    par = start(d)
    # While history is still overrated damping would make up for it, and both would take long to come down again.
    first = replace(d, settings=replace(d.settings, damping=None))
    for step in range(d.settings.outer):
        now = d if 2 * step >= d.settings.outer else first
        e = expect(now, par)
        phi = dispersion(e.rate, e.seen, d.training)
        par = _climb(now, replace(par, phi=phi, damping=_soothe(now, par, e)), e)
    return par


def _soothe(d: Design, par: Parameters, e: Expectation, rng: np.random.Generator | None = None) -> Floats:
    """New damping (4, 2): a Newton step for each class, penalised and not below zero; with ``rng``, a draw from the
    normal with the same mode and curvature, cut off at zero."""
    if d.settings.damping is None:
        return par.damping
    out = par.damping.copy()
    use = d.training[d.counts.day]
    for q in range(len(out)):
        mine = use & (_QUAD[d.counts.k] == q)
        calmed = d.counts.n[mine] @ d.calm[mine]
        for g in range(out.shape[1]):
            expected = e.g_parts[..., q] * np.exp(-e.calm @ out[q])
            # Damping and the level of the baseline make up for one another; so the level goes along.
            expected /= expected.sum() + 1e-9
            usual = (expected * e.calm[..., g]).sum()
            n = d.counts.n[mine].sum()
            slope = n * usual - calmed[g] - d.settings.damping
            curve = n * (expected * (e.calm[..., g] - usual) ** 2).sum() + 1e-9
            mode, spread = out[q, g] + slope / curve, 1.0 / np.sqrt(curve)
            # From a far start the curvature misleads: half a unit at most in one step.
            mode = float(np.clip(mode, out[q, g] - 0.5, out[q, g] + 0.5))
            drawn = mode if rng is None else mode + spread * _above(-mode / spread, rng)
            out[q, g] = max(drawn, 0.0)
    return out


def _above(least: float, rng: np.random.Generator) -> float:
    """A draw from the standard normal above ``least``."""
    tail = ndtr(-least)
    return float(max(-ndtri(rng.random() * tail), least)) if tail > 1e-12 else least


def _update(
    d: Design, par: Parameters, share: Shares, e: Expectation, rng: np.random.Generator | None = None
) -> Parameters:
    """New parameters from the events laid to each: the means of Gammas, or with ``rng`` draws from them."""
    s = d.settings
    bounds, n_taus = d.bounds, len(s.taus)
    at = [[th @ g[:, lo:hi] for th, lo, hi in zip(par.theta, bounds, bounds[1:], strict=False)] for g in e.g_x]
    exposure = np.stack([np.concatenate(x).reshape(N_FEATURES, n_taus) for x in at])
    w = _weights(d, share.w, exposure[d.part], rng)
    # Each block of parameters is renewed in turn, the others held.
    wbar = [w[d.part == q].sum(0).reshape(-1) for q in range(len(e.g_x))]
    by_part = [np.add.reduceat(g * x, bounds[:-1], axis=1) for g, x in zip(e.g_x, wbar, strict=True)]
    strain = np.sum(by_part, axis=0).T
    kappa = np.array(s.kappa)[:, None]
    theta = _ratio(share.theta + kappa, strain + kappa, rng) * par.theta.astype(bool)
    mean = (theta * strain).sum(1) / np.maximum(strain.sum(1), 1e-300)
    mean = np.where(mean > 0, mean, 1.0)
    theta /= mean[:, None]
    w = w * mean[CHANNEL][None, :, None]
    calm = np.einsum("p,jpk->jk", par.theta0, e.g_m)
    calm[2] += e.g_rest
    pooled = share.u.sum(1, keepdims=True) / np.maximum(calm.sum(1, keepdims=True), 1e-300)
    u = _ratio(share.u + s.base_strength * pooled, calm + s.base_strength, rng)
    calm0 = np.einsum("jk,jpk->p", u, e.g_m)
    theta0 = _ratio(share.theta0 + s.kappa0, calm0 + s.kappa0, rng)
    return Parameters(u, theta0, w, theta, par.phi, par.damping)


def _ratio(events: Floats, exposure: Floats, rng: np.random.Generator | None) -> Floats:
    """Events over exposure; with ``rng``, a draw from the Gamma that has this mean."""
    ratio: Floats = (events if rng is None else rng.gamma(events)) / exposure
    return ratio


@dataclass(frozen=True)
class Shares:
    """Events attributed to each parameter, laid out as :class:`Parameters`; ``rates`` (N) of the event cells."""

    rates: Floats
    w: Floats
    theta: Floats
    u: Floats
    theta0: Floats


def attribute(d: Design, par: Parameters, cell_weight: Floats) -> Shares:
    """Share the events out among their possible causes."""
    out = Shares(
        np.zeros(len(d.counts.n)),
        np.zeros_like(par.w),
        np.zeros(par.theta.shape[::-1]).T,
        np.zeros_like(par.u),
        np.zeros_like(par.theta0),
    )
    kernels.attribute(
        d.counts.k, d.counts.n, d.rows_x, d.rows_m, d.rows_at, cell_weight,
        par.u, par.theta0, par.w.reshape(N_TYPES, -1), np.ascontiguousarray(par.theta.T), d.bounds,
        out.rates, out.w.reshape(N_TYPES, -1), out.theta.T, out.u, out.theta0,
    )  # fmt: skip
    out.rates[:] *= np.exp(-(d.calm * par.damping[_QUAD[d.counts.k]]).sum(1))
    return out


def _blocks() -> Ints:
    """(K, L) numbers of the blocks that share a prior mean: class of cause by class of response, same type apart."""
    blocks: Ints = _QUAD[:, None] * 4 + _QUAD[None, :] + 16 * _SAME
    return blocks.astype(np.int64)


_BLOCK: Final = _blocks()
_N_BLOCKS: Final = int(_BLOCK.max()) + 1
_TO_BLOCK: Final = np.eye(_N_BLOCKS)[_BLOCK]  # (K, L, block)
_TO_QUAD: Final = np.eye(4)[_QUAD]  # (L, Q)


def _weights(d: Design, attributed: Floats, exposure: Floats, rng: np.random.Generator | None) -> Floats:
    """New weights (K, F, H) from attributed events and exposures of the same shape."""
    s = d.settings
    n_taus = exposure.shape[2]
    strength, block_strength = np.array(s.strength), np.array(s.block_strength)
    least = 0.0 if rng is None else 0.5
    out = np.zeros_like(attributed)
    # A rare type follows others rarely, but itself as readily as a common one.
    usual = np.where(_SAME, 1.0, d.mix[:, None])  # (K, L)
    n = attributed[:, : 2 * N_TYPES].reshape(N_TYPES, 2, N_TYPES, n_taus)
    at = exposure[:, : 2 * N_TYPES].reshape(N_TYPES, 2, N_TYPES, n_taus)
    events = np.einsum("kclh,klz->czh", n, _TO_BLOCK)
    at_risk = np.einsum("kl,kclh,klz->czh", usual, at, _TO_BLOCK)
    level = _ratio(events + least, at_risk + block_strength[:2, None, None], rng)
    prior = np.einsum("czh,klz,kl->kclh", level, _TO_BLOCK, usual)
    pull = strength[None, :2, None, None]
    out[:, : 2 * N_TYPES] = _ratio(n + pull * prior, at + pull, rng).reshape(N_TYPES, -1, n_taus)
    # Third parties: blocks of class of cause by class of response.
    n = attributed[:, 2 * N_TYPES :].reshape(N_TYPES, -1, N_QUADS, n_taus)
    at = exposure[:, 2 * N_TYPES :].reshape(N_TYPES, -1, N_QUADS, n_taus)
    events = np.einsum("kcqh,kr->crqh", n, _TO_QUAD)
    at_risk = np.einsum("k,kcqh,kr->crqh", d.mix, at, _TO_QUAD)
    level = _ratio(events + least, at_risk + block_strength[2:, None, None, None], rng)
    prior = np.einsum("crqh,kr,k->kcqh", level, _TO_QUAD, d.mix)
    pull = strength[None, 2:, None, None]
    out[:, 2 * N_TYPES :] = _ratio(n + pull * prior, at + pull, rng).reshape(N_TYPES, -1, n_taus)
    return np.where(_allowed(s), out, 0.0)


def dispersion(rate: Floats, seen: Floats, days: NDArray[np.bool_]) -> Dispersion:
    """The over-dispersion that makes the daily totals of the pairs most likely.

    Args:
        rate, seen: (T, U) expected and observed counts. days: (T) those that count.
    """
    rate, seen = rate[days], seen[days]
    # Pair-days without events are many and enter smoothly: their sum over a fine histogram of rates is exact enough.
    quiet = rate[(seen == 0) & (rate > 0)]
    edges = np.linspace(np.log(1e-9), np.log(1e3), 2001)
    at = np.clip(np.digitize(np.log(quiet), edges), 0, 2000)
    many = np.bincount(at, minlength=2001).astype(np.float64)
    usual = np.bincount(at, weights=quiet, minlength=2001) / np.maximum(many, 1.0)
    y, mean = seen[seen > 0], np.maximum(rate[seen > 0], 1e-9)
    weight = np.concatenate([many[many > 0], np.ones(len(y))])
    every, counts = (np.concatenate([usual[many > 0], mean]), np.concatenate([np.zeros((many > 0).sum()), y]))

    def loss(x: Floats) -> float:
        r = 1.0 / Dispersion(float(np.exp(x[0])), float(x[1])).at(every)
        log = gammaln(r + counts) - gammaln(r) + r * np.log(r / (r + every))
        log += np.where(counts > 0, counts * np.log(every / (r + every)), 0.0)
        return -float((weight * log).sum())

    # A power of at most one: an over-dispersed count then still grows with the rate.
    bounds = [(np.log(PHI[0]), np.log(30.0)), (-0.5, 1.0)]
    found: Any = minimize(loss, np.array([0.0, 0.5]), method="L-BFGS-B", bounds=bounds)
    return Dispersion(float(np.exp(found.x[0])), float(found.x[1]))


def pair_day_scores(
    d: Design, rates: Floats, rate: Floats, rest: Floats, phi: Dispersion, days: NDArray[np.bool_]
) -> Floats:
    """(T, U + 1) log probability of each pair's counts on each day (zero on other days), the shock integrated out.

    The distribution is the negative multinomial: Poisson counts that share a Gamma(1/phi, 1/phi) factor. The last
    column is that of all pairs without any event, whose expected counts are too small for a shock to matter.

    Args:
        rates: (N) expected counts of the event cells. rate: (T, U) of pair-days. rest: (T) of other pairs.
        phi: over-dispersion.
    """
    r, seen, counts = 1.0 / phi.at(rate), d.seen, d.counts
    out = np.zeros((len(rate), d.n_pairs + 1))
    out[:, -1] = np.where(days, -rest, 0.0)
    out[:, :-1] = np.where(days[:, None], -r * np.log1p(rate / r), 0.0)
    out[:, :-1] += np.where(days[:, None], gammaln(r + seen) - gammaln(r) - seen * np.log(r + rate), 0.0)
    chosen = days[counts.day]
    hit = counts.n * np.log(np.maximum(rates, 1e-300)) - gammaln(counts.n + 1)
    np.add.at(out, (counts.day[chosen], d.pair[chosen]), hit[chosen])
    scores: Floats = out
    return scores


def replicates(d: Design, par: Parameters, n: int, rng: np.random.Generator) -> list[Parameters]:
    """Draws from the posterior of the parameters, by Gibbs sampling from the fit on.

    The sum makes each step a draw from a Gamma: the shock of each pair and day, one cause for each event, then weights,
    blocks' means and multipliers given the events laid to them (Rasmussen 2013). Shocks keep a day's cluster from
    passing for many independent events.

    Args:
        par: the fit. n: how many, after :data:`WARM` steps and :data:`THIN` steps apart.
    """
    use = d.training[d.counts.day]
    out: list[Parameters] = []
    for step in range(WARM + THIN * n if n else 0):
        if step % SWEEP == 0:
            e = expect(d, par, seed=int(rng.integers(2**31)))
            par = replace(par, damping=_soothe(d, par, e, rng))
            e = replace(e, g_x=e.g_x * (1.0 + d.settings.calm))
        drawn = Shares(
            np.zeros(0),
            np.zeros_like(par.w),
            np.zeros(par.theta.shape[::-1]).T,
            np.zeros_like(par.u),
            np.zeros_like(par.theta0),
        )
        kernels.assign(
            d.counts.k, d.counts.n, d.rows_x, d.rows_m, d.rows_at, use, par.u, par.theta0,
            par.w.reshape(N_TYPES, -1), np.ascontiguousarray(par.theta.T), d.bounds, int(rng.integers(2**31)),
            drawn.w.reshape(N_TYPES, -1), drawn.theta.T, drawn.u, drawn.theta0,
        )  # fmt: skip
        par = _update(d, par, drawn, e, rng)
        if step >= WARM and (step - WARM) % THIN == THIN - 1:
            out.append(par)
    return out


def _climb(d: Design, par: Parameters, e: Expectation) -> Parameters:
    """The inner iterations, under the expected shocks of ``e``."""
    cell_weight = d.training[d.counts.day].astype(np.float64)
    penalised = replace(e, g_x=e.g_x * (1.0 + d.settings.calm))
    for _ in range(d.settings.inner):
        par = _update(d, par, attribute(d, par, cell_weight), penalised)
    return par
