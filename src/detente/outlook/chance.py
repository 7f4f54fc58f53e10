"""The chance that an event of a list happens within days: a logistic model, then calibrated on weeks it did not see.

The model is fitted on the older weeks of a record; on the newer ones isotonic regression (Ayer et al. 1955; Zadrozny
and Elkan 2002) turns its scores into the frequencies that were observed.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from detente.outlook.facts import Floats, Ints

RIDGE: Final = 10.0
STEPS: Final = 40
MOST: Final = 150_000
"""Rows that the model is fitted on; more are drawn from at random."""
FADE: Final = 2.0
"""Weeks back after which a week counts half in the calibration."""
BLOCKS: Final = 40
"""Groups of rows, equally many in each, whose frequencies the calibration joins."""


class Chance(Struct, frozen=True):
    """A fitted and calibrated model.

    Args:
        weights: (F,) in units of the features; constant; mean: (F,) of each feature in the data.
        scores, chances: (B,) rising scores and the chances that belong to them; between them a straight line.
    """

    weights: NDArray[np.float64]
    constant: float
    mean: NDArray[np.float64]
    scores: NDArray[np.float64]
    chances: NDArray[np.float64]

    def of(self, x: Floats) -> NDArray[np.float64]:
        """Chances (n,) of rows x (n, F)."""
        found: NDArray[np.float64] = np.interp(self.score(x), self.scores, self.chances)
        return found

    def score(self, x: Floats) -> NDArray[np.float64]:
        """Scores (n,) of rows x (n, F), before calibration: they tell rows of one chance apart."""
        scores: NDArray[np.float64] = x @ self.weights + self.constant
        return scores

    def parts(self, x: Floats) -> NDArray[np.float64]:
        """What each feature adds to the score of rows x (n, F), over its mean: (n, F)."""
        added: NDArray[np.float64] = (x - self.mean) * self.weights
        return added


def fit(x: NDArray[np.float32], happened: NDArray[np.bool_], week: Ints, *, seed: int = 7) -> Chance:
    """Fit on the older two thirds of the weeks, calibrate on the newer third.

    Args:
        x: (n, F) features. happened: (n,) whether it did. week: (n,) number of the week of each row.
        seed: of the rows drawn where there are more than the fit takes.

    Example:
        >>> random = np.random.default_rng(7)
        >>> x = random.normal(size=(3000, 1)).astype(np.float32)
        >>> chance = fit(x, random.random(3000) < 1 / (1 + np.exp(-x[:, 0])), np.arange(3000) // 100)
        >>> bool(chance.of(np.array([[-2.0]]))[0] < 0.3 < 0.7 < chance.of(np.array([[2.0]]))[0])
        True
    """
    weeks = np.unique(week)
    newer = week >= weeks[-max(1, len(weeks) // 3)]
    chosen = np.flatnonzero(~newer)
    if len(chosen) > MOST:
        chosen = np.sort(np.random.default_rng(seed).permutation(chosen)[:MOST])
    mean, spread = x[chosen].mean(0, dtype=np.float64), x[chosen].std(0, dtype=np.float64)
    spread[spread < 1e-6] = 1.0
    b = _logistic((x[chosen] - mean) / spread, happened[chosen])
    weights = b[:-1] / spread
    constant = float(b[-1] - mean @ weights)
    # How much is reported drifts, so newer weeks count for more.
    weight = np.exp2((week[newer] - weeks[-1]) / FADE)
    scores, chances = _isotonic(x[newer] @ weights + constant, happened[newer], weight)
    return Chance(weights, constant, mean, scores, chances)


def _logistic(z: Floats, happened: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Ridge weights and, last, the constant, by Newton's method with halved steps."""
    z = np.column_stack([z, np.ones(len(z))]).astype(np.float32)
    ridge = np.full(z.shape[1], RIDGE)
    ridge[-1] = 0.0

    def loss(b: NDArray[np.float64]) -> float:
        v = z @ b
        return float(np.logaddexp(0.0, v).sum() - v[happened].sum() + 0.5 * ridge @ b**2)

    b = np.zeros(z.shape[1])
    best = loss(b)
    for _ in range(STEPS):
        p = 1.0 / (1.0 + np.exp(-(z @ b)))
        slope = z.T @ (happened - p) - ridge * b
        rooted = z * np.sqrt(p * (1.0 - p)).astype(np.float32)[:, None]
        step = np.linalg.solve((rooted.T @ rooted).astype(np.float64) + np.diag(ridge + 1e-6), slope)
        size = 1.0
        while (now := loss(b + size * step)) > best and size > 1e-3:
            size /= 2
        if now >= best:
            break
        done = best - now < 1e-5 * len(z)
        b, best = b + size * step, now
        if done:
            break
    return b


def _isotonic(
    scores: Floats, happened: NDArray[np.bool_], weight: Floats
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rising scores and chances: means of blocks of rows, finer toward the top of the list, made monotone."""
    order = np.argsort(scores, kind="stable")
    ranked, heavy = scores[order], weight[order]
    true = happened[order] * heavy
    # Halves of halves: the likeliest rows are few and matter most.
    n = len(ranked)
    cuts = {0, n, *(int(n * q) for q in np.linspace(0, 1, BLOCKS // 2)), *(n - int(n * 0.7**k) for k in range(BLOCKS))}
    bounds = [0]
    for cut in sorted(cuts)[1:]:
        if cut - bounds[-1] >= 25 or cut == n:
            bounds.append(cut)
    starts = np.array(bounds[:-1])
    sizes = np.add.reduceat(heavy, starts)
    means = (np.add.reduceat(true, starts) + 0.5) / (sizes + 1)  # nothing is certain
    middle = np.add.reduceat(ranked * heavy, starts) / sizes
    return middle, np.asarray(isotonic_regression(means, weights=sizes).x)
