"""The plain multivariate Hawkes process: every event raises the rate of further events, and the rise fades.

With types i and j, the rate of type i at time t is::

    rate_i(t) = base_i + sum_j excitation_ij * decay * sum_{events of j at s < t} exp(-decay * (t - s))

so ``excitation_ij`` is the expected number of events of type i that one event of type j sets off directly. Events at
the same time do not set each other off. For a given decay the log-likelihood is concave, and each type's share of it
holds that type's parameters alone.

The likelihood takes one sweep over the events (Ozaki 1979): the decayed sums are carried along, and the end of the
window needs no further exponentials, since what an event has not yet set off is what is left of its sum. The fit is
Newton's method, with bounds at zero kept exactly by non-negative least squares (Lawson and Hanson 1974), begun on the
first events of the record. Simulation is exact (Dassios and Zhao 2013): between events the excess over the baseline
only fades, so the waiting time has a closed form and nothing is thinned.

See ``docs/engines.md`` for what the reaction model has and this process has not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl
from msgspec import Struct
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import nnls

from detente.errors import LearnError

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

STARTS: Final = (64, 8)
"""The fit begins on the first 64th of the events and goes on with the first eighth, before it takes all."""

START_TYPES: Final = 100
"""A start needs this many events a type."""

_LANES: Final = 8  # doubles in a vector register
_BATCH: Final = 4
_NEAR: Final = 0.05  # nats a parameter
_SWEEPS: Final = 100


class Hawkes(Struct, frozen=True, eq=False):
    """A multivariate Hawkes process with one exponential decay, given or fitted.

    Args:
        base: (D) events of each type per unit of time that nothing set off.
        excitation: (D, D) events of the row's type that one event of the column's type sets off directly.
        decay: rate of fading, per unit of time; half of an effect has passed after ``log(2) / decay``.
        base_errors, excitation_errors: standard errors of a fit, not a number where an estimate is zero.
        loglik: of the fitted events, without penalty, in nats. n_events: their number.

    Example:
        >>> import numpy as np
        >>> truth = Hawkes(base=np.array([0.5, 0.2]), excitation=np.array([[0.3, 0.0], [0.4, 0.1]]), decay=2.0)
        >>> times, types = truth.simulate(end=2000.0, seed=7)
        >>> fitted = Hawkes.fit(times, types, decay=2.0, end=2000.0)
        >>> bool(abs(fitted.excitation - truth.excitation).max() < 0.1)
        True
    """

    base: Floats
    excitation: Floats
    decay: float
    base_errors: Floats | None = None
    excitation_errors: Floats | None = None
    loglik: float | None = None
    n_events: int = 0

    @classmethod
    def fit(
        cls,
        times: ArrayLike,
        types: ArrayLike,
        *,
        decay: float,
        end: float | None = None,
        ridge: float = 0.0,
        lasso: float = 0.0,
        tolerance: float = 1e-6,
    ) -> Hawkes:
        """Base rates and excitations of greatest likelihood, or of greatest penalised likelihood.

        Args:
            times: (N) times since the window began, in order. types: (N) number of each event's type, from 0; every
                type up to the highest occurs.
            decay: rate of fading, per unit of time; held fixed. Fits at several decays compare by ``loglik``.
            end: end of the window; the last event if not given.
            ridge: penalty on half the sum of squared excitations. lasso: penalty on the sum of excitations. In nats.
            tolerance: nats that the (penalised) log-likelihood may lie below its greatest value.

        Raises:
            LearnError: times out of order or outside the window, a type without events, a decay not above zero.

        Source: Ozaki, T. (1979). Maximum likelihood estimation of Hawkes' self-exciting point processes. Annals of the
        Institute of Statistical Mathematics 31.
        """
        if ridge < 0 or lasso < 0:
            raise LearnError(f"Penalties cannot be negative: ridge={ridge}, lasso={lasso}. Give 0 for none.")
        whole = _events(times, types, decay, end, None)
        n = len(whole.kind)
        d = whole.n_types
        found = _start(whole)
        for part in STARTS:
            if n // part >= START_TYPES * d:
                some = whole._replace(times=whole.times[: n // part], fade=whole.fade[: n // part])
                some = some._replace(kind=whole.kind[: n // part], end=float(some.times[-1]))
                found = _newton(some, decay, found, ridge / part, lasso / part, d * d / 20)
        found = _newton(whole, decay, found, ridge, lasso, tolerance)
        theta, errors = found.theta, _errors(found)
        return cls(theta[:, d], theta[:, :d], float(decay), errors[:, d], errors[:, :d], found.loglik, n)

    def score(self, times: ArrayLike, types: ArrayLike, *, end: float | None = None) -> float:
        """Log-likelihood of events, in nats; minus infinity if one had no rate. Arguments as in :meth:`fit`."""
        return self.gradient(times, types, end=end)[0]

    def gradient(self, times: ArrayLike, types: ArrayLike, *, end: float | None = None) -> tuple[float, Floats, Floats]:
        """Log-likelihood of events, its (D) gradient by base, and its (D, D) gradient by excitation.

        Arguments and errors as in :meth:`fit`, except that a type may be without events.
        """
        d = len(self.base)
        events = _events(times, types, self.decay, end, d)
        value, slope, _ = _sweep(events, self.decay, np.column_stack([self.excitation, self.base]), curved=False)
        return float(value.sum()), slope[:, d], slope[:, :d]

    def simulate(self, end: float, seed: int) -> tuple[Floats, Ints]:
        """Times and types of events from time 0, with nothing before it, to ``end``; exact, the same for one seed.

        Raises:
            LearnError: a parameter is negative, nothing ever begins, or the process is not stable: each event sets off
                one or more others in the long run.

        Source: Dassios, A. and Zhao, H. (2013). Exact simulation of Hawkes process with exponentially decaying
        intensity. Electronic Communications in Probability 18(62).
        """
        if min(self.base.min(), self.excitation.min()) < 0 or not self.base.any():
            raise LearnError("Base rates and excitations cannot be negative, and one base rate must be above zero.")
        if not (radius := self.reproduction()) < 1:
            raise LearnError(f"Each event sets off {radius:.2f} others in the long run: events never end. Lower it.")
        expected = end * np.linalg.solve(np.eye(len(self.base)) - self.excitation, self.base).sum()
        room = int(expected + 6 * np.sqrt(expected) + 100)
        steps = np.cumsum(self.excitation.T * self.decay, axis=1)
        generator = np.random.default_rng(seed)
        times, types = _simulate(np.cumsum(self.base), steps, float(self.decay), float(end), room, generator)
        return times, types

    def reproduction(self) -> float:
        """Further events that an event sets off, a generation on: spectral radius of the excitations."""
        return float(np.abs(np.linalg.eigvals(self.excitation)).max())


def stream(table: pl.DataFrame, by: Sequence[str] = ("source", "type")) -> tuple[Floats, Ints, list[str]]:
    """Times, types and names of types of a daily table's events, as :meth:`Hawkes.fit` takes them.

    Args:
        table: rows with ``day``, the columns of ``by``, and ``count`` if a row stands for several events.
        by: columns whose values, joined by a space, make a type.

    Returns:
        (N) days since the first, which is day 1; (N) types; (D) names.

    Raises:
        LearnError: the table is empty or lacks a column.
    """
    rows, days = one_by_one(table, by)
    names = rows.select(pl.concat_str(by, separator=" ")).to_series()
    known = sorted(set(names))
    number = {name: i for i, name in enumerate(known)}
    return days, np.array([number[name] for name in names], dtype=np.int64), known


def one_by_one(table: pl.DataFrame, by: Sequence[str]) -> tuple[pl.DataFrame, Floats]:
    """A daily table with a row for every event, by day and ``by``; (N) days since the first, which is day 1."""
    if missing := {"day", *by} - set(table.columns):
        raise LearnError(f"The table lacks the column {', '.join(sorted(missing))}; it has {', '.join(table.columns)}.")
    if table.is_empty():
        raise LearnError("The table holds no events; load some, or choose other days.")
    rows = table.sort("day", *by)
    if "count" in rows.columns:
        rows = rows[np.repeat(np.arange(len(rows)), rows["count"].to_numpy())]
    return rows, (rows["day"] - rows["day"][0]).dt.total_days().to_numpy() + 1.0


class _Events(NamedTuple):
    """(N) times; fade: share of the sums left since the event before, 1 at the same time; kind: types; end."""

    times: Floats
    fade: Floats
    kind: Ints
    n_types: int
    end: float


def _events(times: ArrayLike, types: ArrayLike, decay: float, end: float | None, n_types: int | None) -> _Events:
    """Checked events. Without ``n_types``, every type must occur."""
    t = np.ascontiguousarray(times, dtype=np.float64)
    kind = np.ascontiguousarray(types, dtype=np.int64)
    if not decay > 0:
        raise LearnError(f"The decay must be above zero, per unit of time; it is {decay}.")
    if t.ndim != 1 or t.shape != kind.shape or not len(t):
        raise LearnError(
            f"Times and types must be two lists of one length, not empty; they are {t.shape}, {kind.shape}."
        )
    gaps = np.diff(t, prepend=t[0])
    if not gaps.min() >= 0:
        raise LearnError(
            f"Event {int(np.argmin(gaps >= 0))} is earlier than the one before it, or has no time: sort them."
        )
    end = float(t[-1]) if end is None else float(end)
    if t[0] < 0 or not end >= t[-1]:
        raise LearnError(f"Events run from {t[0]} to {t[-1]}, outside the window from 0 to {end}.")
    d = int(kind.max()) + 1 if n_types is None else n_types
    if kind.min() < 0 or kind.max() >= d:
        raise LearnError(f"Types must lie between 0 and {d - 1}; they lie between {kind.min()} and {kind.max()}.")
    if n_types is None and not (counts := np.bincount(kind, minlength=d)).all():
        raise LearnError(f"Type {int(np.argmin(counts))} has no event: leave it out and number the others anew.")
    np.multiply(gaps, -decay, out=gaps)
    return _Events(t, np.exp(gaps, out=gaps), kind, d, end)


def _sweep(events: _Events, decay: float, theta: Floats, *, curved: bool) -> tuple[Floats, Floats, Floats]:
    """By type: (D) log-likelihood, (D, D + 1) gradient and, if ``curved``, (D, D + 1, D + 1) minus the Hessian.

    Columns of ``theta`` and of what is returned: excitation by each type, then base.
    """
    d = events.n_types
    width = -(-(d + 1) // _LANES) * _LANES
    weights = np.zeros((d, width))
    weights[:, :d] = decay * theta[:, :d]
    weights[:, d] = theta[:, d]
    slope = np.zeros((d, width))
    bend = np.zeros((d if curved else 0, width, width))
    logs, left = _recursion(events.fade, events.kind, np.eye(d, width), weights, slope, bend)
    counts = np.bincount(events.kind, minlength=d)
    last = np.exp(-decay * (events.end - events.times[-1]))
    exposed = np.append(counts - last * left[:d], events.end)
    unit = np.append(np.full(d, decay), 1.0)
    value = logs - theta @ exposed
    return value, slope[:, : d + 1] * unit - exposed, bend[:, : d + 1, : d + 1] * np.outer(unit, unit)


@njit(cache=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
def _recursion(
    fade: Floats, kind: Ints, ones: Floats, weights: Floats, slope: Floats, bend: Floats
) -> tuple[Floats, Floats]:
    """(D) sums of log rates and (W) decayed sums after the last event; adds to ``slope`` and, if not empty, ``bend``.

    Rows are padded to whole vector registers. An event is added to the sums as a row of ``ones``: adding to a single
    element would hold up the vector load that follows until the store is done. Logarithms are taken of products. The
    outer products of ``bend`` are added four events of a type at a time, so that each of its rows is loaded once.
    """
    n_types, width = weights.shape
    curved = len(bend) > 0
    sums = np.zeros(width)
    logs = np.zeros(n_types)
    products = np.ones(n_types)
    batch = np.zeros((n_types, _BATCH, width))
    filled = np.zeros(n_types, dtype=np.int64)
    first = 0
    for n in range(len(kind)):
        k, f = kind[n], fade[n]
        if f < 1.0:
            for m in range(first, n - 1):
                for j in range(width):
                    sums[j] += ones[kind[m], j]
            before = kind[n - 1]
            for j in range(width):
                sums[j] = (sums[j] + ones[before, j]) * f
            first = n
        rate = weights[k, n_types]
        for j in range(width):
            rate += weights[k, j] * sums[j]
        if not rate > 0.0:
            logs[k] = -np.inf
            continue
        share = 1.0 / rate
        for j in range(width):
            slope[k, j] += share * sums[j]
        slope[k, n_types] += share
        if curved:
            at = filled[k]
            for j in range(width):
                batch[k, at, j] = share * sums[j]
            batch[k, at, n_types] = share
            filled[k] = at + 1
            if at + 1 == _BATCH:
                _outer(bend[k], batch[k])
                filled[k] = 0
        product = products[k] * rate
        if not 1e-100 < product < 1e100:
            logs[k] += np.log(product)
            product = 1.0
        products[k] = product
    for k in range(n_types):
        logs[k] += np.log(products[k])
        if curved:
            batch[k, filled[k] :] = 0.0
            _outer(bend[k], batch[k])
    for m in range(first, len(kind)):
        sums[kind[m]] += 1.0
    return logs, sums


@njit(cache=True, fastmath={"reassoc", "contract", "nsz"})
def _outer(bend: Floats, batch: Floats) -> None:
    """Add the outer products of four rows with themselves."""
    for i in range(batch.shape[1]):
        a, b, c, d = batch[0, i], batch[1, i], batch[2, i], batch[3, i]
        for j in range(batch.shape[1]):
            bend[i, j] += a * batch[0, j] + b * batch[1, j] + c * batch[2, j] + d * batch[3, j]


class _Found(NamedTuple):
    """(D, D + 1) parameters, their log-likelihood, minus its Hessian with penalty, (D) events.

    The (D, D + 1, D + 1) Hessian is zero where it is not known yet.
    """

    theta: Floats
    loglik: float
    hessian: Floats
    counts: Ints


def _start(events: _Events) -> _Found:
    """Half of the events set off, by any type alike."""
    d = events.n_types
    counts = np.bincount(events.kind, minlength=d)
    return _Found(
        np.column_stack([np.full((d, d), 0.5 / d), 0.5 * counts / events.end]),
        -np.inf,
        np.zeros((d, d + 1, d + 1)),
        counts,
    )


def _newton(events: _Events, decay: float, start: _Found, ridge: float, lasso: float, tolerance: float) -> _Found:
    """Parameters of greatest penalised likelihood, to ``tolerance`` nats.

    Each type's step minimises its own quadratic model with bounds at zero, and is halved as long as it does not help.
    A sweep with curvature costs four without: the curvature is kept once it was taken within ``_NEAR`` of the end and
    as long as a step leaves less than a tenth of what was missing; the first step makes do with that of fewer events.
    """
    d = events.n_types
    squares, absolute = np.append(np.full(d, ridge), 0.0), np.append(np.full(d, lasso), 0.0)
    counts = np.bincount(events.kind, minlength=d)
    theta = start.theta.copy()
    known = bool(start.hessian.any()) and start.counts.min() > 0
    hessian: Floats = start.hessian * (counts / start.counts)[:, None, None] if known else start.hessian.copy()
    # A base that fewer events put at zero is given a chance; the bound could not be left at no rate at all.
    theta[:, d] = np.maximum(theta[:, d], 0.05 * counts / events.end)
    best, best_loss, loglik = theta.copy(), np.full(d, np.inf), np.zeros(d)
    direction, size, gap = np.zeros_like(theta), np.ones(d), np.zeros(d)
    own, missing = np.zeros(d, dtype=np.bool_), np.inf  # whether the curvature is that of these events; nats to go
    for _ in range(_SWEEPS):
        slow = gap.sum() > min(_NEAR * theta.size, missing / 10)
        curved = not known or slow or bool((np.isfinite(best_loss) & ~own).any())
        missing = gap.sum()
        value, slope, bend = _sweep(events, decay, theta, curved=curved)
        loss = -value + theta @ absolute + 0.5 * theta**2 @ squares
        better = ~(loss > best_loss + 1e-12 * abs(loss))
        if curved:
            hessian[better], own[better], known = bend[better] + np.diag(squares), True, True
        for k in range(d):
            if better[k]:
                best[k], best_loss[k], loglik[k], size[k] = theta[k], loss[k], value[k], 1.0
                downhill = -slope[k] + absolute + squares * theta[k]
                direction[k] = _bounded(hessian[k], hessian[k] @ theta[k] - downhill) - theta[k]
                gap[k] = -downhill @ direction[k] - 0.5 * direction[k] @ hessian[k] @ direction[k]
            else:
                size[k] /= 2
        if own.all() and better.all() and gap.sum() < tolerance:
            return _Found(best, float(loglik.sum()), hessian, counts)
        theta = best + size[:, None] * direction
    raise LearnError(
        f"The fit did not settle in {_SWEEPS} sweeps; {gap.sum():.3g} nats are missing. Is a decay of {decay} sensible?"
    )


def _bounded(hessian: Floats, linear: Floats) -> Floats:
    """The x, nowhere negative, that minimises ``x' hessian x / 2 - linear' x``."""
    scale = 1 / np.sqrt(np.maximum(hessian.diagonal(), 1e-300))
    scaled = hessian * np.outer(scale, scale) + 1e-10 * np.eye(len(hessian))
    root = cholesky(scaled)
    x: Floats = nnls(root, solve_triangular(root, linear * scale, trans=1))[0] * scale
    return x


def _errors(found: _Found) -> Floats:
    """(D, D + 1) standard errors from the curvature of the parameters above zero; not a number for those at zero."""
    errors = np.full(found.theta.shape, np.nan)
    for k, row in enumerate(found.theta):
        free = np.flatnonzero(row > 0)
        errors[k, free] = np.sqrt(np.linalg.pinv(found.hessian[k][np.ix_(free, free)], hermitian=True).diagonal())
    return errors


@njit(cache=True)
def _simulate(
    base: Floats, steps: Floats, decay: float, end: float, room: int, generator: np.random.Generator
) -> tuple[Floats, Ints]:
    """Times and types of events up to ``end``.

    The excess rates are kept as running sums over types, divided by ``scale``, which alone fades: an event costs one
    row added, and its type is the number of running sums below a random point.

    Args:
        base: (D) running sums of the base rates. steps: (D, D) running sums, over the row, of what an event of the
            row's type adds to the rate of each type. room: events to make room for at first.
    """
    n_types = len(base)
    times, types = np.empty(room), np.empty(room, dtype=np.int64)
    excess, scale = np.zeros(n_types), 1.0
    now, n = 0.0, 0
    while True:
        above = excess[n_types - 1] * scale
        wait = generator.standard_exponential() / base[n_types - 1]
        left = 1.0 - generator.standard_exponential() * decay / above if above > 0.0 else 0.0
        from_excess = False
        if left > 0.0:
            sooner = -np.log(left) / decay
            from_excess = sooner < wait
            wait = min(sooner, wait)
        now += wait
        if not now < end:
            return times[:n], types[:n]
        k = 0
        if from_excess:
            point = generator.random() * excess[n_types - 1]
            for j in range(n_types - 1):
                k += excess[j] <= point
            scale *= left
        else:
            point = generator.random() * base[n_types - 1]
            for j in range(n_types - 1):
                k += base[j] <= point
            scale *= np.exp(-decay * wait)
        if scale < 1e-100:
            for j in range(n_types):
                excess[j] *= scale
            scale = 1.0
        inverse = 1.0 / scale
        for j in range(n_types):
            excess[j] += steps[k, j] * inverse
        if n == len(times):
            times, types = np.append(times, np.empty(n)), np.append(types, np.empty(n, dtype=np.int64))
        times[n], types[n] = now, k
        n += 1
