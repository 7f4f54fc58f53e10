"""The explainable model: a conditional logit over the candidates of a question (McFadden 1974).

The chance that a candidate is the one is exp(x'b) over the sum of exp(x'b) of all candidates. Where several are true on
one day, each is held against the untrue ones only, as the ranking is scored.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from msgspec import Struct
from numba import njit
from numpy.typing import NDArray

from detente.outlook.facts import Floats

RIDGE: Final = 3.0
STEPS: Final = 30
DONE: Final = 1e-4
"""The fit ends when a step gains less than this many nats a question."""


class Logit(Struct, frozen=True):
    """A fitted conditional logit.

    Args:
        weights: (F,) b, in units of the features.
    """

    weights: NDArray[np.float32]

    def score(self, x: Floats) -> NDArray[np.float32]:
        """Scores (..., N) of candidates x (..., N, F): logarithms of chances, but for a constant of the question."""
        scores: NDArray[np.float32] = (x @ self.weights).astype(np.float32, copy=False)
        return scores


def fit(x: NDArray[np.float32], true: NDArray[np.bool_], *, ridge: float = RIDGE) -> Logit:
    """Fit by Newton's method with halved steps.

    Args:
        x: (q, N, F) features. true: (q, N) which candidates were right; questions without any say nothing.
        ridge: weight of the penalty on squared weights, in standard deviations of the features.

    Example:
        >>> x = np.random.default_rng(7).normal(size=(500, 5, 2)).astype(np.float32)
        >>> bool(fit(x, x[:, :, 0] == x[:, :, 0].max(1, keepdims=True)).weights[0] > 1)
        True
    """
    telling = true.any(1)
    x, true = x[telling], true[telling]
    q, n, f = x.shape
    flat = x.reshape(-1, f)
    mean, spread = flat.mean(0, dtype=np.float64), flat.std(0, dtype=np.float64)
    spread[spread < 1e-6] = 1.0
    flat = ((flat - mean) / spread).astype(np.float32)
    chance = np.zeros((q, n))

    def loss(b: NDArray[Any]) -> float:
        scores = (flat @ b.astype(np.float32)).reshape(q, n).astype(np.float64)
        return float(_chances(scores, true, chance)) + 0.5 * ridge * float(b @ b)

    b = np.zeros(f)
    best = loss(b)
    for _ in range(STEPS):
        weight = chance.ravel().astype(np.float32)
        slope = (flat.T @ (true.ravel() - weight)).astype(np.float64) - ridge * b
        rooted = flat * np.sqrt(weight)[:, None]
        whole = chance.sum(1)
        means = np.einsum("qnf,qn->qf", flat.reshape(q, n, f), chance.astype(np.float32)) / np.sqrt(whole)[:, None]
        curve = (rooted.T @ rooted).astype(np.float64) - means.T @ means + ridge * np.eye(f)
        step = np.linalg.solve(curve, slope)
        size = 1.0
        while (now := loss(b + size * step)) > best and size > 1e-3:
            size /= 2
        gain = best - now
        if gain > 0:
            b, best = b + size * step, now
        if gain < DONE * q:
            break
    return Logit((b / spread).astype(np.float32))


@njit(cache=True)
def _chances(scores: Floats, true: NDArray[np.bool_], chance: Floats) -> float:
    """Fill chance (q, N), how often each candidate is expected over the true ones of its question; returns the loss."""
    loss = 0.0
    for q in range(scores.shape[0]):
        e = np.exp(scores[q] - scores[q].max()) + 1e-30
        untrue = 0.0
        for j in range(len(e)):
            if not true[q, j]:
                untrue += e[j]
        share = 0.0
        for j in range(len(e)):
            if true[q, j]:
                chance[q, j] = e[j] / (untrue + e[j])
                loss -= np.log(chance[q, j])
                share += 1.0 / (untrue + e[j])
        for j in range(len(e)):
            if not true[q, j]:
                chance[q, j] = e[j] * share
    return loss
