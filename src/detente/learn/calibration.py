"""Are the forecasts honest? Intervals, the probability integral transform, and the CRPS of daily counts of pairs.

Counts of a pair on a day are negative binomial by the model. Sources: Gneiting, Balabdaoui and Raftery (2007) on
calibration and sharpness; Czado, Gneiting and Held (2009) on the transform and the ranked score for counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.errors import LearnError
from detente.figure import Figure, Shown
from detente.learn.backtest import trial
from detente.learn.estimate import Settings
from detente.learn.exposures import count
from detente.learn.model import Score

Floats = NDArray[np.floating[Any]]

LEAST: Final = 0.1
"""Expected events of a pair and day below which intervals say nothing: nearly all of them hold zero alone."""

BINS: Final = 10


@dataclass(frozen=True)
class Calibration(Shown):
    """How forecasts of daily counts of pairs hold up.

    Args:
        n: pair-days with at least 0.1 expected events.
        coverage: share of them inside the central 80 %, randomised at the ends.
        deciles: the same by decile of the expected count: ``low``, ``high`` (expected), ``n``, ``coverage``.
        pit: (10) shares of the probability integral transform; all 0.1 for honest forecasts.
        crps: mean continuous ranked probability score over all pair-days, in events; crps_mean: that of a forecast
            which gives every day of a pair its usual mean, with the same dispersion.
    """

    n: int
    coverage: float
    deciles: pl.DataFrame
    pit: Floats
    crps: float
    crps_mean: float

    def summary(self) -> str:
        """The calibration in words."""
        parts = ", ".join(f"{x:.0%}" for x in self.deciles["coverage"])
        bins = " ".join(f"{x:.3f}" for x in self.pit)
        return "\n".join(
            [
                f"80 % intervals hold {self.coverage:.1%} of {self.n} counts of pairs and days; by decile of the "
                f"expected count {parts}.",
                f"PIT histogram (0.100 each where forecasts are honest): {bins}.",
                f"CRPS {self.crps:.4f} events a pair and day; {self.crps_mean:.4f} for each pair's usual mean.",
            ]
        )

    def frame(self) -> pl.DataFrame:
        """Coverage by decile of the expected count."""
        return self.deciles

    def figure(self, **how: Any) -> Figure:
        """Histogram and coverage: see :func:`detente.learn.trial_figures.calibration`."""
        from detente.learn import trial_figures  # here, as only few look at it

        return trial_figures.calibration(self, **how)

    def cite(self) -> list[str]:
        """Sources of the methods."""
        return [
            "Gneiting, T., Balabdaoui, F. and Raftery, A. E. (2007). Probabilistic forecasts, calibration and "
            "sharpness. Journal of the Royal Statistical Society B 69(2), 243-268.",
            "Czado, C., Gneiting, T. and Held, L. (2009). Predictive model assessment for count data. Biometrics "
            "65(4), 1254-1261.",
        ]


def calibration(rate: Floats, seen: Floats, phi: Floats | float, *, usual: Floats | None = None) -> Calibration:
    """Hold forecasts against what happened.

    Args:
        rate, seen: (T, P) expected and observed counts of pairs and days. phi: over-dispersion, one or (T, P).
        usual: (P) mean counts of the pairs on the days before, to compare with; on the same days where None.

    Raises:
        LearnError: no pair and day with enough expected events.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> rate = rng.uniform(0.1, 3, size=(200, 50))
        >>> seen = rng.poisson(rate * rng.gamma(1.0, 1.0, size=rate.shape)).astype(float)
        >>> found = calibration(rate, seen, phi=1.0)
        >>> bool(abs(found.coverage - 0.8) < 0.02 and abs(found.pit - 0.1).max() < 0.02)
        True
    """
    from scipy.stats import nbinom  # here, as its import takes a second

    busy = rate >= LEAST
    if not busy.any():
        raise LearnError(f"No pair has {LEAST} expected events on any day; there is nothing to calibrate.")
    spread = np.broadcast_to(phi, rate.shape)
    expected, observed, r = rate[busy], seen[busy], 1.0 / spread[busy]
    p = r / (r + expected)
    upper, lower = nbinom.cdf(observed, r, p), nbinom.cdf(observed - 1, r, p)
    width = np.maximum(upper - lower, 1e-12)

    def below(u: float) -> Floats:
        """Chance that the randomised transform of each count is at most u."""
        share: Floats = np.clip((u - lower) / width, 0.0, 1.0)
        return share

    inside = below(0.9) - below(0.1)
    edges = np.quantile(expected, np.linspace(0, 1, 11))
    part = np.clip(np.searchsorted(edges, expected, side="right") - 1, 0, 9)
    rows = [
        (float(edges[i]), float(edges[i + 1]), int((part == i).sum()), float(inside[part == i].mean()))
        for i in range(10)
        if (part == i).any()
    ]
    cumulated = np.array([below(u).mean() for u in np.linspace(0, 1, BINS + 1)])
    flat = np.broadcast_to(np.maximum(seen.mean(0) if usual is None else usual, 1e-12), seen.shape)
    return Calibration(
        n=int(busy.sum()),
        coverage=float(inside.mean()),
        deciles=pl.DataFrame(rows, schema=["low", "high", "n", "coverage"], orient="row"),
        pit=np.diff(cumulated),
        crps=float(crps(rate, seen, spread).mean()),
        crps_mean=float(crps(flat, seen, spread).mean()),
    )


def crps(rate: Floats, seen: Floats, phi: Floats | float) -> Floats:
    """Continuous ranked probability score of negative binomial forecasts: the sum of squared differences between their
    distribution and the step at what was seen.

    Args:
        rate, seen: any shape; expected and observed counts. phi: over-dispersion, one or of that shape.

    Example:
        >>> bool(np.isclose(crps(np.array([1e-9]), np.array([2.0]), 1.0)[0], 2.0))
        True
    """
    rate, seen = np.asarray(rate, dtype=np.float64), np.asarray(seen)
    r = 1.0 / np.asarray(phi, dtype=np.float64)
    chance = (r / (r + rate)) ** r
    odds = rate / (r + rate)
    below, score, k = chance.copy(), np.zeros(rate.shape), 0
    while True:
        score += (below - (seen <= k)) ** 2
        if k >= seen.max() and below.min() > 1 - 1e-9:
            return score
        chance = chance * odds * (k + r) / (k + 1)
        # Rounding leaves the sum short of one by a little; far out nothing comes any more.
        below, k = np.where(chance < 1e-15, np.where(k > rate, 1.0, below + chance), below + chance), k + 1


@dataclass(frozen=True)
class Backtest(Shown):
    """Scores of forecasts from one or more origins, each fitted on the days before it.

    Args:
        scores: one for each origin, see :class:`detente.learn.Score`.
        calibration: of all forecast days together.
    """

    scores: tuple[Score, ...]
    calibration: Calibration

    def __repr__(self) -> str:
        return f"<Backtest from {len(self.scores)} origins, {self.calibration.n} pair-days; see summary()>"

    def frame(self) -> pl.DataFrame:
        """One row for each origin and simpler forecast: ``start``, ``end``, ``events``, ``over``, ``bits`` and ends."""
        rows = [
            (s.data, s.start, s.end, s.days, s.events, name, g.bits, g.low, g.high, s.coverage)
            for s in self.scores
            for name, g in s.gains.items()
        ]
        names = ["data", "start", "end", "days", "events", "over", "bits", "low", "high", "coverage"]
        return pl.DataFrame(rows, schema=names, orient="row")

    def figure(self, **how: Any) -> Figure:
        """Scores over simpler forecasts, and calibration: see :func:`detente.learn.trial_figures.backtest`."""
        from detente.learn import trial_figures  # here, as only few look at it

        return trial_figures.backtest(self, **how)

    def summary(self) -> str:
        """The scores in words."""
        return "\n".join([*(s.summary() for s in self.scores), self.calibration.summary()])


def rolling(
    table: pl.DataFrame,
    *,
    actors: Sequence[str] | None = None,
    start: Date | None = None,
    days: int = 31,
    origins: int = 1,
    settings: Settings | None = None,
    data: str = "",
    seed: int = 0,
) -> Backtest:
    """Forecast the end of a record one day ahead, refitted at each of some origins.

    Args:
        table: daily event table. actors: codes; all where None.
        start: first day forecast; the last ``days`` days of record where None.
        origins: number of parts of the days forecast; before each, parameters are fitted anew.
        settings: of the model. data: name of the data. seed: for the intervals.

    Raises:
        LearnError: too few days before the first origin, or none to forecast.
    """
    settings = settings or Settings()
    among = tuple(actors or sorted({*table["source"].to_list(), *table["target"].to_list()}))
    counts = count(table, among)
    dates = counts.dates
    held = sum(d >= start for d in dates) if start is not None else days
    if not 1 <= held < len(dates) or origins < 1:
        raise LearnError(f"Of {len(dates)} days of record {held} would be forecast; leave some to fit on.")
    first = len(dates) - held
    scores, rates, phis = [], [], []
    for part in np.array_split(np.arange(first, len(dates)), min(origins, held)):
        found = trial(counts, part.tolist(), settings=settings, data=data, seed=seed)
        scores.append(found.score)
        rates.append(found.expected.rate[part])
        phis.append(found.par.phi.at(rates[-1]))
    seen = found.expected.seen
    usual = seen[:first].mean(0)
    whole = calibration(np.concatenate(rates), seen[first:], np.concatenate(phis), usual=usual)
    return Backtest(tuple(scores), whole)
