"""Penalised maximum likelihood for the reaction model, by expectation and maximisation.

The intensity is a sum, so each event can be shared out exactly among its possible causes; given the shares, every
parameter is a ratio of attributed events to exposure, moved toward its group's value by a Gamma prior. The shock of
pair and day integrates out in closed form (negative multinomial).

Sources: Hawkes (1971); Veen and Schoenberg (2008) for the expectation step; Efron and Morris (1975) for shrinkage.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from detente.codebook import QUADS, TYPES, quad
from detente.errors import LearnError
from detente.learn import kernels
from detente.learn.exposures import (
    CONCILIATORY,
    SYMMETRIC,
    TAUS,
    Counts,
    Floats,
    Ints,
    decay,
    pair_numbers,
    partners,
    volume,
)

N_CHANNELS: Final = 8
_QUAD: Final = np.array([QUADS.index(quad(k)) for k in TYPES])
_SAME: Final = np.eye(len(TYPES), dtype=bool)


@dataclass(frozen=True)
class Settings:
    """What is fixed before a fit. The defaults were chosen on training days of ICEWS 2014 (``docs/learn.md``).

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
        burn: days at the start of a stretch of record that only build up history.
        outer, inner: numbers of sweeps over the days, and of steps under the shocks expected in a sweep.
    """

    taus: tuple[float, ...] = TAUS
    active: tuple[bool, ...] = (True,) * N_CHANNELS
    strength: tuple[float, ...] = (30.0, 30.0, 1000.0, 1000.0, 1000.0, 1000.0, 1000.0, 1000.0)
    block_strength: tuple[float, ...] = (5.0, 20.0, 50.0, 50.0, 50.0, 50.0, 50.0, 50.0)
    calm: float = 0.04
    kappa: tuple[float, ...] = (30.0, 30.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0)
    kappa0: float = 2.0
    base_strength: float = 30.0
    rho: float = 0.5
    burn: int = 30
    outer: int = 8
    inner: int = 12


@dataclass(frozen=True)
class Parameters:
    """Point estimates, in the fit's own layout: u (J, K), theta0 (A, A), w (C, K, L, H), theta (C, A, A), phi."""

    u: Floats
    theta0: Floats
    w: Floats
    theta: Floats
    phi: float


@dataclass(frozen=True)
class Design:
    """Exposures of a record, gathered once for all steps of a fit.

    Args:
        counts: the record. until: days before this position are for training. settings: what is fixed.
        cells: (N, 4) day, source, target, type of cells with events.
        rows_x, rows_m, rows_at: exposures at these cells (:func:`detente.learn.kernels.gather`).
        v: (T) reporting volume. partners: (A, A).
        state, total, base_parts: history, counts and baseline components after the last day.
    """

    counts: Counts
    until: int
    settings: Settings
    cells: Ints
    rows_x: Floats
    rows_m: Floats
    rows_at: Ints
    v: Floats
    partners: Floats
    state: Floats
    total: Floats
    base_parts: Floats

    @property
    def n_actors(self) -> int:
        return len(self.counts.actors)

    @cached_property
    def pair(self) -> Ints:
        """(A, A) numbers of the unordered pairs."""
        return pair_numbers(self.n_actors)

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


def design(counts: Counts, settings: Settings, *, until: int | None = None, ties: Floats | None = None) -> Design:
    """Gather what a fit needs from a record.

    Args:
        until: number of days used for training; all where None.
        ties: (A, A) symmetric, in [0, 1]: formal ties, which count as net cooperation beside that of the record.

    Raises:
        LearnError: too few days.
    """
    until = len(counts.dates) if until is None else until
    if until <= settings.burn + 7:
        raise LearnError(
            f"{until} days of events are too few to fit on (the first {settings.burn} only build up history); "
            "give a longer record or a prior."
        )
    n_actors, n_types = len(counts.actors), len(TYPES)
    early = counts.day < until
    quarrel = ~CONCILIATORY[counts.k]
    sides = [np.zeros((n_actors, n_actors)) for _ in range(2)]
    for hostile, into in enumerate(sides):
        chosen = early & (quarrel == bool(hostile))
        np.add.at(into, (counts.a[chosen], counts.b[chosen]), counts.n[chosen])
    cooperation, conflict = (side + side.T for side in sides)
    if ties is not None:
        cooperation += ties * cooperation.sum(1, keepdims=True) / max(n_actors - 1, 1)
    p = partners(cooperation, conflict)
    v = volume(counts, rho=settings.rho, until=until)
    cells = np.ascontiguousarray(np.stack([counts.day, counts.a, counts.b, counts.k], axis=1))
    taus = np.array(settings.taus)
    shape = (n_actors, n_actors, n_types)
    rows_x = np.zeros((2 * len(cells), N_CHANNELS, n_types, len(taus)), dtype=np.float32)
    rows_m = np.zeros((2 * len(cells), kernels.N_BASE))
    rows_at = np.full((2 * len(cells), 2), -1, dtype=np.int64)
    state, total = np.zeros((*shape, len(taus))), np.zeros(shape)
    parts = np.zeros((kernels.N_BASE, *shape))
    kernels.gather(
        cells, counts.n, counts.fresh, decay(taus), p, SYMMETRIC, CONCILIATORY,
        rows_x, rows_m, rows_at, state, total, parts,
    )  # fmt: skip
    return Design(counts, until, settings, cells, rows_x, rows_m, rows_at, v, p, state, total, parts)


@dataclass(frozen=True)
class Expectation:
    """Expected and observed counts by day and pair, (T, P), and exposures summed over training days."""

    rate: Floats
    seen: Floats
    g_x: Floats
    g_m: Floats


def expect(d: Design, par: Parameters, *, use: NDArray[np.bool_] | None = None) -> Expectation:
    """Sweep over the days ``use`` (training days where None)."""
    n, (n_days, n_pairs) = d.n_actors, (len(d.counts.dates), d.n_actors * (d.n_actors - 1) // 2)
    n_types, n_taus = len(TYPES), len(d.settings.taus)
    out = Expectation(
        rate=np.zeros((n_days, n_pairs)),
        seen=np.zeros((n_days, n_pairs)),
        g_x=np.zeros((N_CHANNELS, n, n, n_types, n_taus)),
        g_m=np.zeros((kernels.N_BASE, n, n, n_types)),
    )
    kernels.compensate(
        d.cells, d.counts.n, d.counts.fresh, d.training if use is None else use, d.v, decay(np.array(d.settings.taus)),
        d.partners, SYMMETRIC, CONCILIATORY, par.u, par.theta0, np.ascontiguousarray(par.w.sum(1)),
        par.theta, par.phi, d.pair, out.rate, out.seen, out.g_x, out.g_m,
    )  # fmt: skip
    return out


def start(d: Design) -> Parameters:
    """Where the iterations begin: half of the rate baseline, half history."""
    s = d.settings
    n, n_types = d.n_actors, len(TYPES)
    active = np.array(s.active)
    w = np.zeros((N_CHANNELS, n_types, n_types, len(s.taus)))
    level = np.array([0.1, 0.05, *[0.05 / n] * 6]) * active
    w += level[:, None, None, None] * d.mix[None, :, None, None]
    w[0] += 0.15 * _SAME[:, :, None]
    off = 1.0 - np.eye(n)
    par = Parameters(
        u=np.full((kernels.N_BASE, n_types), 0.2), theta0=off.copy(), w=w, theta=off * active[:, None, None], phi=2.0
    )
    return replace(par, w=_mask(par.w, s))


def _mask(w: Floats, s: Settings) -> Floats:
    allowed = np.broadcast_to(np.array(s.active)[:, None, None, None], w.shape).copy()
    allowed[1] &= ~SYMMETRIC[None, :, None]
    allowed[7] &= CONCILIATORY[None, :, None]
    return np.where(allowed, w, 0.0)


def fit(d: Design) -> Parameters:
    """Maximise the penalised likelihood of the training days."""
    par = start(d)
    every = np.ones(int(d.pair.max()) + 1)
    for _ in range(d.settings.outer):
        e = expect(d, par)
        par = _climb(d, replace(par, phi=dispersion(e, d.training)), every, e)
    return par


def _maximise(d: Design, par: Parameters, cell_weight: Floats, g_x: Floats, g_m: Floats) -> Parameters:
    s = d.settings
    share = attribute(d, par, cell_weight)
    w = _weights(d, share.w, np.einsum("cab,cablh->clh", par.theta, g_x))
    # Each block of parameters is maximised in turn, the others held.
    strain = np.einsum("cablh,clh->cab", g_x, w.sum(1))
    kappa = np.array(s.kappa)[:, None, None]
    theta = (share.theta + kappa) / (strain + kappa) * par.theta.astype(bool)
    mean = (theta * strain).sum((1, 2)) / np.maximum(strain.sum((1, 2)), 1e-300)
    theta /= np.where(mean > 0, mean, 1.0)[:, None, None]
    w = w * mean[:, None, None, None]
    calm = np.einsum("ab,jabk->jk", par.theta0, g_m)
    pooled = share.u.sum(1, keepdims=True) / np.maximum(calm.sum(1, keepdims=True), 1e-300)
    u = (share.u + s.base_strength * pooled) / (calm + s.base_strength)
    calm0 = np.einsum("jk,jabk->ab", u, g_m)
    theta0 = (share.theta0 + s.kappa0) / (calm0 + s.kappa0) * par.theta0.astype(bool)
    return Parameters(u, theta0, w, theta, par.phi)


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
        np.zeros(len(d.cells)),
        np.zeros_like(par.w),
        np.zeros_like(par.theta),
        np.zeros_like(par.u),
        np.zeros_like(par.theta0),
    )
    kernels.attribute(
        np.ascontiguousarray(d.cells[:, 3]), d.counts.n, d.rows_x, d.rows_m, d.rows_at, cell_weight,
        par.u, par.theta0, par.w, par.theta, out.rates, out.w, out.theta, out.u, out.theta0,
    )  # fmt: skip
    return out


def _blocks() -> Ints:
    """(K, L) numbers of the blocks that share a prior mean: class of cause by class of response, same type apart."""
    blocks: Ints = _QUAD[:, None] * 4 + _QUAD[None, :] + 16 * _SAME
    return blocks.astype(np.int64)


_BLOCK: Final = _blocks()
_N_BLOCKS: Final = int(_BLOCK.max()) + 1
_TO_BLOCK: Final = np.eye(_N_BLOCKS)[_BLOCK]  # (K, L, block)
_TO_QUAD: Final = np.eye(4)[_QUAD]  # (L, Q)


def _weights(d: Design, attributed: Floats, exposure: Floats) -> Floats:
    """New weights (C, K, L, H) from attributed events (C, K, L, H) and exposures (C, L, H)."""
    s = d.settings
    strength = np.array(s.strength)[:, None, None, None]
    block_strength = np.array(s.block_strength)[:, None, None]
    mix = d.mix[None, :, None, None]
    events = np.einsum("cklh,klz->czh", attributed, _TO_BLOCK)
    at_risk = np.einsum("k,clh,klz->czh", d.mix, exposure, _TO_BLOCK)
    level = events / np.maximum(at_risk + block_strength, 1e-300)
    prior = np.einsum("czh,klz->cklh", level, _TO_BLOCK) * mix
    w = (attributed + strength * prior) / (exposure[:, None] + strength)
    # Third parties: causes of one class share their weights.
    n_q = np.einsum("cklh,lq->ckqh", attributed[2:], _TO_QUAD)
    e_q = np.einsum("clh,lq->cqh", exposure[2:], _TO_QUAD)
    n_z = np.einsum("ckqh,kr->crqh", n_q, _TO_QUAD)
    a_z = np.einsum("k,cqh,kr->crqh", d.mix, e_q, _TO_QUAD)
    level_q = n_z / np.maximum(a_z + np.array(s.block_strength)[2:, None, None, None], 1e-300)
    prior_q = np.einsum("crqh,kr->ckqh", level_q, _TO_QUAD) * mix
    w_q = (n_q + strength[2:] * prior_q) / (e_q[:, None] + strength[2:])
    w[2:] = np.einsum("ckqh,lq->cklh", w_q, _TO_QUAD)
    return _mask(w, s)


def dispersion(e: Expectation, days: NDArray[np.bool_]) -> float:
    """The pair-day over-dispersion that makes the daily totals of the pairs most likely, between 0.01 and 30."""
    rate, seen = e.rate[days], e.seen[days]
    t, p = np.nonzero(seen)
    y, at = seen[t, p], rate[t, p]

    def loss(log_phi: float) -> float:
        r = np.exp(-log_phi)
        hit = gammaln(r + y) - gammaln(r) + y * np.log(at / (r + at))
        return float((r * np.log1p(rate / r)).sum() - hit.sum())

    found: Any = minimize_scalar(loss, bounds=(np.log(0.01), np.log(30.0)), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x))


def pair_day_scores(
    counts: Counts, rates: Floats, rate: Floats, seen: Floats, phi: float, days: NDArray[np.bool_]
) -> Floats:
    """(T, P) log probability of each pair's counts on each day (zero on other days), the shock integrated out.

    The distribution is the negative multinomial: Poisson counts that share a Gamma(1/phi, 1/phi) factor.

    Args:
        rates: (N) expected counts of the event cells. rate, seen: (T, P) expected and observed counts of pair-days.
    """
    r = 1.0 / phi
    out = np.where(days[:, None], -r * np.log1p(rate / r), 0.0)
    out += np.where(days[:, None], gammaln(r + seen) - gammaln(r) - seen * np.log(r + rate), 0.0)
    chosen = days[counts.day]
    hit = counts.n * np.log(np.maximum(rates, 1e-300)) - gammaln(counts.n + 1)
    np.add.at(out, (counts.day[chosen], counts.pairs()[chosen]), hit[chosen])
    scores: Floats = out
    return scores


def replicate(d: Design, par: Parameters, e: Expectation, rng: np.random.Generator) -> Parameters:
    """A bootstrap replicate: what pairs share is refitted under random weights, what is one pair's own is redrawn.

    Pairs are weighted as in the Bayesian bootstrap (Rubin 1981), the expected shocks kept as in the fit. A pair's own
    multipliers vary with that pair's few events: they are drawn from their Gamma posteriors around the fit.

    Args:
        par: the fit. e: its expectation over the training days.
    """
    s = d.settings
    weight = rng.exponential(size=int(d.pair.max()) + 1)
    refit = _climb(d, par, weight / weight.mean(), e)
    share = attribute(d, par, d.training[d.cells[:, 0]].astype(np.float64))
    shape = share.theta + np.array(s.kappa)[:, None, None]
    shape0 = share.theta0 + s.kappa0
    theta = par.theta * rng.gamma(shape) / shape
    theta0 = par.theta0 * rng.gamma(shape0) / shape0
    return replace(refit, theta=theta, theta0=theta0)


def _climb(d: Design, par: Parameters, weight: Floats, e: Expectation) -> Parameters:
    """The inner iterations, under the expected shocks of ``e``."""
    by_pair = np.where(d.pair >= 0, weight[d.pair], 0.0)
    cell_weight = weight[d.counts.pairs()] * d.training[d.cells[:, 0]]
    g_x = e.g_x * (1.0 + d.settings.calm) * by_pair[None, :, :, None, None]
    g_m = e.g_m * by_pair[None, :, :, None]
    for _ in range(d.settings.inner):
        par = _maximise(d, par, cell_weight, g_x, g_m)
    return par
