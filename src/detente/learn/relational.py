"""The relational event model: who acts toward whom next, given who did so before.

Each ordered pair of actors (i, j) has the rate ``exp(weights . x_ij)``, where the statistics x are ``log(1 + count)``
of what the record holds so far:

==================== =====================================================================================
inertia              events of i toward j
reciprocity          events of j toward i
outgoing two-paths   sum over k of the lesser of events i to k and k to j
incoming two-paths   the same of j to k and k to i
shared targets       the same of i to k and j to k
shared senders       the same of k to i and k to j
sender activity      events of i toward anyone
receiver activity    events of anyone toward j
==================== =====================================================================================

All pairs are at risk of the next event. The *ordinal* likelihood asks only which pair comes next; the *interval*
likelihood asks when, too, and has an intercept: the log rate of a pair with no history. Events at the same time do not
count for each other's statistics (Breslow 1974).

An event changes the statistics of the pairs around its two actors only, so the sums over all pairs are carried along,
and a pair's share of gradient and Hessian is added up once for each stretch in which its statistics stand still.

Sources: Butts, C. T. (2008). A relational event framework for social action. Sociological Methodology 38. Breslow,
N. E. (1974). Covariance analysis of censored survival data. Biometrics 30.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import polars as pl
from msgspec import Struct
from numba import njit
from numpy.typing import ArrayLike, NDArray

from detente.errors import LearnError
from detente.learn.hawkes import one_by_one

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

STATISTICS: Final = (
    "inertia",
    "reciprocity",
    "outgoing two-paths",
    "incoming two-paths",
    "shared targets",
    "shared senders",
    "sender activity",
    "receiver activity",
)
INTERCEPT: Final = "intercept"

_INERTIA, _RECIPROCITY, _OUTGOING, _INCOMING, _TARGETS, _SENDERS, _SENDER, _RECEIVER = range(8)
_REFRESH: Final = 512
"""Events after which the running sums are added up anew, so that rounding does not pile up."""
_STEPS: Final = 100
_PART: Final = 8
_ENOUGH: Final = 1000
"""The fit begins on the first eighth of the events, if these are so many."""


class RelationalEvents(Struct, frozen=True, eq=False):
    """A fitted relational event model.

    Args:
        actors: (A) names. statistics: (P) names, with the intercept first under the interval likelihood.
        weights: (P) change of a pair's log rate per unit of ``log(1 + count)``. errors: (P) their standard errors.
        likelihood: ``ordinal`` or ``interval``. loglik: in nats; equal: if all pairs had the same rate.
        n_events: events behind it.

    Example:
        >>> times = [1, 2, 3, 4, 5, 6, 7, 8]
        >>> sources = ["A", "B", "A", "C", "B", "A", "C", "B"]
        >>> targets = ["B", "A", "C", "A", "A", "B", "B", "C"]
        >>> fitted = RelationalEvents.fit(times, sources, targets, statistics=["reciprocity"])
        >>> fitted.statistics, bool(fitted.weights[0] > 0)
        (('reciprocity',), True)
    """

    actors: tuple[str, ...]
    statistics: tuple[str, ...]
    weights: Floats
    errors: Floats
    likelihood: Literal["ordinal", "interval"]
    loglik: float
    equal: float
    n_events: int

    @classmethod
    def fit(
        cls,
        times: ArrayLike,
        sources: Sequence[str],
        targets: Sequence[str],
        *,
        statistics: Sequence[str] = STATISTICS,
        likelihood: Literal["ordinal", "interval"] = "ordinal",
        start: float = 0.0,
        end: float | None = None,
        actors: Sequence[str] | None = None,
    ) -> RelationalEvents:
        """Weights of greatest likelihood, by Newton's method.

        Args:
            times: (N) in order. sources, targets: (N) names of who acted toward whom.
            statistics: of :data:`STATISTICS`. likelihood: ``ordinal`` or ``interval``.
            start, end: the window the interval likelihood looks at; it ends with the last event if not given.
            actors: all that could have acted; those that did, if not given.

        Raises:
            LearnError: events that are out of order or within one actor, an unknown name, or a weight that the events
                do not determine.
        """
        record = _record(times, sources, targets, start, end, actors)
        names, chosen = _chosen(statistics, likelihood)
        n, pairs = len(record.times), len(record.actors) * (len(record.actors) - 1)
        theta: Floats = np.zeros(len(names))
        if likelihood == "interval":
            theta[0] = np.log(n / ((record.end - record.start) * pairs))
        equal = n * (theta[0] - 1) if likelihood == "interval" else -n * np.log(pairs)
        if n // _PART >= _ENOUGH:
            m = n // _PART
            part = record._replace(times=record.times[:m], who=record.who[:m], end=float(record.times[m]))
            theta = _newton(part, names, chosen, theta, 1.0).theta
        found = _newton(record, names, chosen, theta, 1e-6)
        errors = np.sqrt(np.linalg.inv(found.hessian).diagonal())
        return cls(record.actors, names, found.theta, errors, likelihood, found.loglik, float(equal), n)

    def score(
        self,
        times: ArrayLike,
        sources: Sequence[str],
        targets: Sequence[str],
        *,
        start: float = 0.0,
        end: float | None = None,
    ) -> tuple[float, Floats, Floats]:
        """Log-likelihood of events, its (P) gradient by the weights, and minus its (P, P) Hessian.

        Arguments and errors as in :meth:`fit`.
        """
        record = _record(times, sources, targets, start, end, self.actors)
        _, chosen = _chosen([s for s in self.statistics if s != INTERCEPT], self.likelihood)
        return _sweep(record, chosen, self.weights)

    def frame(self) -> pl.DataFrame:
        """One row a statistic: weight, standard error, 90 % interval."""
        from scipy.special import ndtri

        reach = ndtri(0.95) * self.errors
        return pl.DataFrame(
            {
                "statistic": self.statistics,
                "weight": self.weights,
                "error": self.errors,
                "low": self.weights - reach,
                "high": self.weights + reach,
            }
        )

    def summary(self) -> str:
        """The weights as lines, with what they gain over equal rates."""
        bits = (self.loglik - self.equal) / np.log(2) / self.n_events
        lines = [
            f"{self.n_events} events among {len(self.actors)} actors, {self.likelihood} likelihood: "
            f"{bits:.2f} bits per event over equal rates."
        ]
        lines += [
            f"{name}: {weight:+.2f} ({low:+.2f} to {high:+.2f})"
            for name, weight, _, low, high in self.frame().iter_rows()
        ]
        return "\n".join(lines)


def sequence(table: pl.DataFrame) -> tuple[Floats, list[str], list[str]]:
    """Times, sources and targets of a daily table's events, as :meth:`RelationalEvents.fit` takes them.

    Args:
        table: rows with ``day``, ``source``, ``target``, and ``count`` if a row stands for several events.

    Returns:
        (N) days since the first, which is day 1; (N) sources; (N) targets.

    Raises:
        LearnError: the table is empty or lacks a column.
    """
    rows, days = one_by_one(table, ("source", "target"))
    return days, rows["source"].to_list(), rows["target"].to_list()


class _Record(NamedTuple):
    """(N) times; (N, 2) numbers of source and target; the window; (A) names."""

    times: Floats
    who: Ints
    start: float
    end: float
    actors: tuple[str, ...]


def _record(
    times: ArrayLike,
    sources: Sequence[str],
    targets: Sequence[str],
    start: float,
    end: float | None,
    actors: Sequence[str] | None,
) -> _Record:
    t = np.ascontiguousarray(times, dtype=np.float64)
    if t.ndim != 1 or not len(t) == len(sources) == len(targets) or not len(t):
        raise LearnError(
            f"Times, sources and targets must be lists of one length, not empty; "
            f"they have {t.size}, {len(sources)} and {len(targets)}."
        )
    if not np.all(np.diff(t) >= 0):
        at = int(np.argmin(np.diff(t) >= 0)) + 1
        raise LearnError(f"Event {at} is earlier than the one before it, or has no time: sort them.")
    last = float(t[-1]) if end is None else float(end)
    if not (start <= t[0] and t[-1] <= last and start < last):
        raise LearnError(f"Events run from {t[0]} to {t[-1]}, outside the window from {start} to {last}.")
    names = tuple(sorted({*sources, *targets})) if actors is None else tuple(actors)
    if unknown := sorted({*sources, *targets} - set(names)):
        raise LearnError(f"Events name {', '.join(unknown[:5])}, who are not among the actors given: add them.")
    number = {name: i for i, name in enumerate(names)}
    who = np.array([[number[a], number[b]] for a, b in zip(sources, targets, strict=True)], dtype=np.int64)
    if (own := who[:, 0] == who[:, 1]).any():
        at = int(np.argmax(own))
        raise LearnError(f"Event {at} is of {sources[at]} toward itself: the model is about pairs; leave it out.")
    return _Record(t, who, float(start), last, names)


def _chosen(statistics: Sequence[str], likelihood: str) -> tuple[tuple[str, ...], Ints]:
    """Names of all parameters, and the number of each one's statistic; -1 for the intercept."""
    if likelihood not in {"ordinal", "interval"}:
        raise LearnError(f"No likelihood is called {likelihood!r}: take 'ordinal' or 'interval'.")
    if unknown := [s for s in statistics if s not in STATISTICS]:
        raise LearnError(f"No statistic is called {unknown[0]!r}: take from {', '.join(STATISTICS)}.")
    names = (INTERCEPT, *statistics) if likelihood == "interval" else tuple(statistics)
    if not names or len(set(names)) < len(names):
        raise LearnError("Give at least one statistic, and each once.")
    return names, np.array([STATISTICS.index(s) if s != INTERCEPT else -1 for s in names], dtype=np.int64)


class _Found(NamedTuple):
    """(P) weights, their log-likelihood, minus its (P, P) Hessian."""

    theta: Floats
    loglik: float
    hessian: Floats


def _newton(record: _Record, names: tuple[str, ...], chosen: Ints, theta: Floats, tolerance: float) -> _Found:
    """Weights of a log-likelihood within ``tolerance`` nats of the greatest; a step that does not help is halved."""
    best, gap = -np.inf, np.inf
    best_theta, step = theta, np.zeros_like(theta)
    for _ in range(_STEPS):
        value, slope, hessian = _sweep(record, chosen, theta)
        if value >= best - 1e-12 * abs(best):
            best, best_theta, step = value, theta, _step(names, hessian, slope)
            gap = float(slope @ step) / 2
            if gap < tolerance:
                return _Found(theta, value, hessian)
        else:
            step = step / 2
        theta = best_theta + step
    raise LearnError(
        f"The fit did not settle in {_STEPS} steps; {gap:.3g} nats are missing. Leave out statistics that say the same."
    )


def _step(names: tuple[str, ...], hessian: Floats, slope: Floats) -> Floats:
    """The Newton step, if every weight is determined."""
    values, vectors = np.linalg.eigh(hessian)
    if not values[0] > 1e-9 * values[-1]:
        worst = names[int(np.argmax(abs(vectors[:, 0])))]
        raise LearnError(f"The events do not determine the weight of {worst}: leave it out.")
    step: Floats = vectors @ ((vectors.T @ slope) / values)
    return step


def _sweep(record: _Record, chosen: Ints, theta: Floats) -> tuple[float, Floats, Floats]:
    """Log-likelihood, (P) gradient, and minus the (P, P) Hessian."""
    logs = np.log1p(np.arange(2.0 * len(record.times) + 2))
    value, slope, hessian = _pass(
        record.times, record.who, len(record.actors), record.start, record.end, chosen, theta, logs
    )
    return float(value), slope, hessian


@njit(cache=True, fastmath={"reassoc", "contract", "nsz"})
def _pass(
    times: Floats, who: Ints, n: int, start: float, end: float, chosen: Ints, theta: Floats, logs: Floats
) -> tuple[float, Floats, Floats]:
    """One sweep over the events.

    ``clock`` is the hazard that a pair with rate one has run up: time under the interval likelihood, else events over
    the sum of rates. A pair's stretch ends when its statistics change: rate times hazard since is then its weight.
    """
    n_pairs, n_weights = n * n, len(theta)
    interval = chosen[0] < 0
    place = np.full(8, -1)
    for p in range(n_weights):
        if chosen[p] >= 0:
            place[chosen[p]] = p
    x = np.zeros((n_pairs, n_weights))
    if interval:
        x[:, 0] = 1.0
    rate = np.full(n_pairs, np.exp(theta[0]) if interval else 1.0)
    rate[:: n + 1] = 0.0
    since = np.zeros(n_pairs)
    counts = np.zeros((8, n, n), dtype=np.int64)
    touched, n_touched, mark = np.zeros(n_pairs, dtype=np.int64), 0, np.zeros(n_pairs, dtype=np.bool_)
    totals = np.zeros(n_weights + 1)
    share = np.zeros(n_weights)
    slope, hessian = np.zeros(n_weights), np.zeros((n_weights, n_weights))
    value, clock, now, first, stale = 0.0, 0.0, start, 0, _REFRESH

    while first < len(times):
        if stale >= _REFRESH:
            _total(x, rate, totals)
            stale = 0
        last = first
        while last < len(times) and times[last] == times[first]:
            last += 1
        m = last - first
        stale += m
        if interval:
            value -= (times[first] - now) * totals[n_weights]
            clock += times[first] - now
            now = times[first]
        else:
            value -= m * np.log(totals[n_weights])
            clock += m / totals[n_weights]
            for p in range(n_weights):
                share[p] = totals[p] / totals[n_weights]
            for p in range(n_weights):
                for q in range(n_weights):
                    hessian[p, q] -= m * share[p] * share[q]
        for e in range(first, last):
            pair = who[e, 0] * n + who[e, 1]
            for p in range(n_weights):
                value += theta[p] * x[pair, p]
                slope[p] += x[pair, p]
        for e in range(first, last):
            n_touched = _happen(counts, who[e, 0], who[e, 1], place, touched, n_touched, mark)
        for i in range(n_touched):
            pair = touched[i]
            mark[pair] = False
            _settle(x[pair], rate[pair] * (clock - since[pair]), slope, hessian)
            since[pair] = clock
            for p in range(n_weights):
                totals[p] -= rate[pair] * x[pair, p]
            totals[n_weights] -= rate[pair]
            a, b = pair // n, pair % n
            score = theta[0] if interval else 0.0
            for p in range(n_weights):
                if chosen[p] >= 0:
                    x[pair, p] = logs[counts[chosen[p], a, b]]
                    score += theta[p] * x[pair, p]
            rate[pair] = np.exp(score)
            for p in range(n_weights):
                totals[p] += rate[pair] * x[pair, p]
            totals[n_weights] += rate[pair]
        n_touched = 0
        first = last

    if interval:
        _total(x, rate, totals)
        value -= (end - now) * totals[n_weights]
        clock += end - now
    for pair in range(n_pairs):
        _settle(x[pair], rate[pair] * (clock - since[pair]), slope, hessian)
    return value, slope, hessian


@njit(cache=True)
def _total(x: Floats, rate: Floats, totals: Floats) -> None:
    """Sums over pairs of rate times statistics, then of rate."""
    totals[:] = 0.0
    for pair in range(len(x)):
        for p in range(x.shape[1]):
            totals[p] += rate[pair] * x[pair, p]
        totals[x.shape[1]] += rate[pair]


@njit(cache=True, fastmath={"reassoc", "contract", "nsz"})
def _settle(x: Floats, weight: float, slope: Floats, hessian: Floats) -> None:
    """Take a pair's stretch into gradient and Hessian."""
    for p in range(len(x)):
        part = weight * x[p]
        slope[p] -= part
        for q in range(len(x)):
            hessian[p, q] += part * x[q]


@njit(cache=True)
def _touch(pair: int, touched: Ints, n_touched: int, mark: NDArray[np.bool_]) -> int:
    """Note a pair once."""
    if not mark[pair]:
        mark[pair] = True
        touched[n_touched] = pair
        n_touched += 1
    return n_touched


@njit(cache=True)
def _happen(counts: Ints, s: int, r: int, place: Ints, touched: Ints, n_touched: int, mark: NDArray[np.bool_]) -> int:
    """Count an event of s toward r; note the pairs of which a chosen statistic changes."""
    n = counts.shape[1]
    dealt = counts[_INERTIA]
    dealt[s, r] += 1
    now = dealt[s, r]
    counts[_RECIPROCITY, r, s] += 1
    if place[_INERTIA] >= 0:
        n_touched = _touch(s * n + r, touched, n_touched, mark)
    if place[_RECIPROCITY] >= 0:
        n_touched = _touch(r * n + s, touched, n_touched, mark)
    for k in range(n):
        if k != s:
            counts[_SENDER, s, k] += 1
            if place[_SENDER] >= 0:
                n_touched = _touch(s * n + k, touched, n_touched, mark)
        if k != r:
            counts[_RECEIVER, k, r] += 1
            if place[_RECEIVER] >= 0:
                n_touched = _touch(k * n + r, touched, n_touched, mark)
        if k in (s, r):
            continue
        # The lesser of two counts grows only where the other has not been overtaken.
        if dealt[r, k] >= now:  # s to r to k
            n_touched = _path(counts, _OUTGOING, s, k, place, touched, n_touched, mark)
            n_touched = _path(counts, _INCOMING, k, s, place, touched, n_touched, mark)
        if dealt[k, s] >= now:  # k to s to r
            n_touched = _path(counts, _OUTGOING, k, r, place, touched, n_touched, mark)
            n_touched = _path(counts, _INCOMING, r, k, place, touched, n_touched, mark)
        if dealt[k, r] >= now:  # s and k to r
            n_touched = _path(counts, _TARGETS, s, k, place, touched, n_touched, mark)
            n_touched = _path(counts, _TARGETS, k, s, place, touched, n_touched, mark)
        if dealt[s, k] >= now:  # s to r and k
            n_touched = _path(counts, _SENDERS, r, k, place, touched, n_touched, mark)
            n_touched = _path(counts, _SENDERS, k, r, place, touched, n_touched, mark)
    return n_touched


@njit(cache=True)
def _path(
    counts: Ints, statistic: int, a: int, b: int, place: Ints, touched: Ints, n_touched: int, mark: NDArray[np.bool_]
) -> int:
    """Raise a count of paths by one."""
    counts[statistic, a, b] += 1
    if place[statistic] >= 0:
        n_touched = _touch(a * counts.shape[1] + b, touched, n_touched, mark)
    return n_touched
