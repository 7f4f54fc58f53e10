"""Hindcasts: forecasts from days in the past, by what was known on them, held against what came.

From each origin the model is fitted on the days before it and simulated over the days after it; the counts of these
days are then compared with the futures, by dyad (a pair of states, both directions together), by actor and for all
together. The measure that the futures have to beat is a negative binomial count at a smoothed rate: a weighted sum of
the dyad's means over the last 10, 30 and 90 days (exponential) and over all of the record, whose weights and spread are
fitted to counts over as many days, on windows that end before the first origin.

Sources: Gneiting, Balabdaoui and Raftery (2007) for coverage and sharpness; Gneiting and Raftery (2007) for the
continuous ranked probability score (CRPS); Czado, Gneiting and Held (2009) for counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date as Date
from typing import Any, Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.codebook import TYPES, is_hostile
from detente.errors import ScenarioError
from detente.figure import Figure, Shown
from detente.learn.exposures import Counts, count
from detente.learn.fit import ReactionModel
from detente.learn.model import Fit
from detente.simulate.futures import simulate

Floats = NDArray[np.floating[Any]]
Level = Literal["dyads", "actors", "region"]

SORTS: Final = ("conciliatory", "hostile")
LEVELS: Final[tuple[Level, ...]] = ("dyads", "actors", "region")
SCALES: Final = (10.0, 30.0, 90.0)
"""Time constants of the smoothed rate, in days; the mean of all earlier days is the fourth part of it."""
LEAST: Final = 1.0
"""Coverage is told for dyads and actors of which at least so many events are expected."""
_INSIDE: Final = (0.1, 0.9)


@dataclass(frozen=True)
class Forecast:
    """Futures from one origin, and what came.

    Args:
        start: first day that was forecast.
        drawn: (F, S, P) simulated counts by sort (:data:`SORTS`) and pair.
        seen: (S, P) counts that came.
        smoothed: (S, P) expected counts by the smoothed rate. spread: (S) its over-dispersion phi, by sort: a count
            with mean m has variance ``m + phi m ** 2``.
    """

    start: Date
    drawn: Floats
    seen: Floats
    smoothed: Floats
    spread: Floats


@dataclass(frozen=True)
class Hindcast(Shown):
    """Forecasts from several origins, scored.

    Args:
        actors: (A) codes. pairs: (P, 2) positions of the two actors of each pair. days: horizon.
        forecasts: one an origin.
        data: name of the record.
    """

    actors: tuple[str, ...]
    pairs: NDArray[np.int64]
    days: int
    forecasts: tuple[Forecast, ...]
    data: str = ""

    def counts(self, level: Level, values: Floats) -> Floats:
        """(..., P) counts by pair, summed to the level's units: (..., P), (..., A) or (..., 1)."""
        if level == "dyads":
            return values
        if level == "region":
            return np.asarray(values.sum(-1, keepdims=True))
        member = np.zeros((len(self.pairs), len(self.actors)))
        member[np.arange(len(self.pairs))[:, None], self.pairs] = 1.0
        return np.asarray(values @ member)

    def inside(self, level: Level, sort: str) -> Floats:
        """For each unit and origin, whether what came lies in the central 80 % of the futures.

        Counts are whole numbers, so the ends of the interval are randomised, and the number is the probability over
        that randomisation. Units with fewer than :data:`LEAST` expected events are left out.
        """
        s, out = SORTS.index(sort), []
        for f in self.forecasts:
            drawn, seen = self.counts(level, f.drawn[:, s]), self.counts(level, f.seen[s])
            chosen = drawn.mean(0) >= LEAST
            out.append(_held(drawn[:, chosen], seen[chosen]))
        return np.concatenate(out)

    def crps(self) -> Floats:
        """(origins, S, 2) CRPS summed over dyads: of the futures, and of the counts at the smoothed rate."""
        return np.array(
            [
                [[crps(f.drawn[:, s], f.seen[s]).sum(), _smoothed_crps(f, s).sum()] for s in range(len(SORTS))]
                for f in self.forecasts
            ]
        )

    def gain(self, sort: str = "") -> float:
        """Share by which the CRPS of dyad counts is lower than that of counts at the smoothed rate."""
        ours, theirs = (self.crps()[:, [SORTS.index(sort)]] if sort else self.crps()).sum((0, 1))
        return float(1.0 - ours / theirs)

    def frame(self) -> pl.DataFrame:
        """One row a level and sort: number of counts, coverage of 80 % intervals, mean forecast and mean of what came;
        for dyads the CRPS of the futures and of counts at the smoothed rate, a dyad and origin."""
        rows, scores = [], self.crps()
        for level in LEVELS:
            for s, sort in enumerate(SORTS):
                held = self.inside(level, sort)
                drawn = [self.counts(level, f.drawn[:, s]).mean() for f in self.forecasts]
                seen = [self.counts(level, f.seen[s]).mean() for f in self.forecasts]
                row: dict[str, object] = {"level": level, "sort": sort, "counts": len(held)}
                row |= {"coverage": float(held.mean()) if len(held) else None}
                row |= {"forecast": float(np.mean(drawn)), "seen": float(np.mean(seen))}
                n = len(self.pairs) * len(self.forecasts)
                ours, theirs = scores[:, s].sum(0) / n if level == "dyads" else (None, None)
                rows.append(row | {"crps": ours, "crps_smoothed": theirs})
        return pl.DataFrame(rows)

    def figure(self, **how: Any) -> Figure:
        """Coverage by level and sort: see :func:`detente.simulate.figures.hindcast`."""
        from detente.simulate import figures  # here, as only few look at it

        return figures.hindcast(self, **how)

    def summary(self) -> str:
        """The scores in words."""
        n, first, last = len(self.forecasts), self.forecasts[0].start, self.forecasts[-1].start
        head = (
            f"{self.data or 'Record'}: {n} forecast{'s' * (n != 1)} of {self.days} days, from {first} to {last}, "
            f"{len(self.actors)} actors."
        )
        lines = [head]
        table = self.frame()
        for level in LEVELS:
            parts = [
                f"{row['sort']} {row['coverage']:.0%} of {row['counts']}"
                for row in table.filter(pl.col("level") == level).iter_rows(named=True)
                if row["coverage"] is not None
            ]
            if parts:
                lines.append(f"80 % intervals of counts of {level} hold: {', '.join(parts)}.")
        each = ", ".join(f"{sort} {self.gain(sort):.1%}" for sort in SORTS)
        lines.append(
            f"CRPS of dyad counts, lower than that of negative binomial counts at a smoothed rate by {self.gain():.1%} "
            f"({each}; a minus means higher)."
        )
        return "\n".join(lines)


def hindcast(
    table: pl.DataFrame,
    *,
    origins: Sequence[Date],
    actors: Sequence[str] | None = None,
    days: int = 30,
    futures: int = 200,
    draws: int = 16,
    seed: int = 7,
    data: str = "",
    change: Callable[[Fit], Fit] = lambda fit: fit,
    progress: Callable[[Date], object] | None = None,
) -> Hindcast:
    """Forecast from each origin by the days before it, and compare with the days after.

    Args:
        table: daily event table (:func:`detente.load.daily`).
        origins: first days of the forecasts.
        actors: codes; all where None.
        days, futures, seed: of each forecast. draws: of each fit's parameters.
        data: name of the record, for print.
        change: applied to each fit before it is simulated.
        progress: called with each origin when it is done.

    Raises:
        ScenarioError: no origin, or one without enough days before or after it.

    Example:
        ``hindcast(daily("icews2018.csv.gz").table, origins=[Date(2018, 7, 1)]).summary()``
    """
    counts = count(table, actors, gap=None)
    first, last = counts.dates[0], counts.dates[-1]
    if not origins:
        raise ScenarioError("There is no origin to forecast from: give at least one date.")
    for origin in origins:
        if (origin - first).days < 3 * days or (last - origin).days + 1 < days:
            raise ScenarioError(
                f"A forecast of {days} days from {origin} needs {3 * days} days of record before it and {days} from it "
                f"on; the record runs from {first} to {last}."
            )
    daily = _by_pair(counts)
    before = (min(origins) - first).days
    smoothing = [_smoothing(daily[:before, s], days) for s in range(len(SORTS))]
    n = len(counts.actors)
    one, other = np.triu_indices(n, 1)
    out = []
    for origin in origins:
        fit = change(
            ReactionModel(draws=draws).fit(table.filter(pl.col("day") < origin), actors=counts.actors, seed=seed)
        )
        drawn = simulate(fit, start=origin, days=days, futures=futures, seed=seed).dyads[:, ::-1]
        at = (origin - first).days
        parts = [_rates(daily[:at, s]) @ weights * days for s, (weights, _) in enumerate(smoothing)]
        out.append(
            Forecast(
                origin,
                drawn[:, :, one, other] + drawn[:, :, other, one],
                daily[at : at + days].sum(0),
                np.stack(parts),
                np.array([phi for _, phi in smoothing]),
            )
        )
        if progress:
            progress(origin)
    return Hindcast(counts.actors, np.stack([one, other], 1), days, tuple(out), data)


def crps(drawn: Floats, seen: Floats) -> Floats:
    """(U) CRPS of (F, U) draws against (U) counts, unbiased for the number of draws."""
    n, ordered = len(drawn), np.sort(drawn, axis=0)
    spread = (ordered * (2.0 * np.arange(n) - n + 1.0)[:, None]).sum(0) / (n * max(n - 1, 1))
    return np.asarray(np.abs(drawn - seen).mean(0) - spread)


def _held(drawn: Floats, seen: Floats) -> Floats:
    upper, lower = (drawn <= seen).mean(0), (drawn < seen).mean(0)
    low, high = np.clip(lower, *_INSIDE), np.clip(upper, *_INSIDE)
    tied = upper > lower
    between = ((upper > _INSIDE[0]) & (upper < _INSIDE[1])).astype(float)
    return np.asarray(np.where(tied, (high - low) / np.where(tied, upper - lower, 1.0), between))


def _by_pair(counts: Counts) -> Floats:
    """(T, S, P) events a day by sort and pair; an event of a symmetric type is one event of its pair."""
    n = len(counts.actors)
    number = np.zeros((n, n), dtype=np.int64)
    one, other = np.triu_indices(n, 1)
    number[one, other] = number[other, one] = np.arange(len(one))
    out = np.zeros((len(counts.dates), len(SORTS), len(one)))
    hostile = np.array([is_hostile(k) for k in TYPES])
    np.add.at(out, (counts.day, hostile[counts.k].astype(int), number[counts.a, counts.b]), counts.n)
    return out


def _rates(daily: Floats) -> Floats:
    """(P, J) smoothed daily rates after the last of (T, P) days: at three scales, the mean, and the mean of all."""
    ago = np.arange(len(daily))[::-1]
    parts = []
    for tau in SCALES:
        weight = np.exp(-ago / tau)
        parts.append(weight @ daily / weight.sum())
    mean = daily.mean(0)
    return np.stack([*parts, mean, np.full_like(mean, mean.mean())], axis=1)


def _smoothing(daily: Floats, days: int) -> tuple[Floats, float]:
    """Weights (J) of the smoothed rates and over-dispersion, by likelihood on windows of ``days`` within (T, P)."""
    from scipy.optimize import minimize  # here, as these imports take time
    from scipy.stats import nbinom

    ends = range(days, len(daily) - days + 1, max(days // 3, 1))
    parts = np.concatenate([_rates(daily[:t]) * days for t in ends])
    seen = np.concatenate([daily[t : t + days].sum(0) for t in ends])

    def loss(x: Floats) -> float:
        mean, r = parts @ np.exp(x[:-1]) + 1e-9, np.exp(-x[-1])
        return -float(nbinom.logpmf(seen, r, r / (r + mean)).sum())

    best = minimize(loss, np.log([0.2, 0.2, 0.2, 0.3, 0.01, 0.3]), method="L-BFGS-B", bounds=[(-9.0, 2.0)] * 6)
    return np.exp(best.x[:-1]), float(np.exp(best.x[-1]))


def _smoothed_crps(f: Forecast, s: int) -> Floats:
    from scipy.stats import nbinom

    mean, r = f.smoothed[s] + 1e-9, 1.0 / f.spread[s]
    most = int(max(f.seen[s].max(), nbinom.ppf(0.99999, r, r / (r + mean)).max())) + 1
    grid = np.arange(most + 1)[:, None]
    below = nbinom.cdf(grid, r, r / (r + mean))
    return np.asarray(((below - (grid >= f.seen[s])) ** 2).sum(0))
