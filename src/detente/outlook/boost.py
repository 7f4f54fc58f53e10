"""The optional model: gradient-boosted trees that rank the head of the logit's list again (LambdaRank, Burges 2010)."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.errors import LearnError
from detente.outlook.logit import Logit

Batch = NDArray[np.float32]

ROUNDS: Final = 150
SETTINGS: Final[dict[str, Any]] = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 50,
    "label_gain": [0, 1],
    "learning_rate": 0.06,
    "num_leaves": 31,
    "min_data_in_leaf": 100,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "max_bin": 63,
    "num_threads": 1,
    "verbose": -1,
    "deterministic": True,
    "force_col_wise": True,
}


def library() -> Any:
    """LightGBM.

    Raises:
        LearnError: it is not installed.
    """
    try:
        return import_module("lightgbm")
    except (ImportError, OSError):
        raise LearnError('The boosted model needs LightGBM: pip install "detente[boost]".') from None


class Boosted(NamedTuple):
    """A boosted ranker."""

    trees: Any

    def scores(self, wide: Batch, first: Batch, head: int) -> Batch:
        """Scores (q, N): the head of each list by the trees, the rest below it in the order of the first scores."""
        order, x = _head(wide, first, head)
        again = np.asarray(self.trees.predict(x.reshape(-1, x.shape[2]), num_threads=1), np.float32)
        low, high = again.min(), first.max(1, keepdims=True)
        scores: Batch = (first - high + low - 1.0).astype(np.float32)
        np.put_along_axis(scores, order, again.reshape(order.shape), 1)
        return scores


def fit(
    x: Batch, true: NDArray[np.bool_], first: Logit, widen: Callable[[Batch], Batch], head: int, *, seed: int
) -> Boosted:
    """Fit on the heads of the lists of questions x (q, N, F), ranked by ``first``.

    Raises:
        LearnError: LightGBM is not installed.
    """
    lightgbm = library()
    heads, labels = [], []
    for at in range(0, len(x), 1000):
        wide = widen(x[at : at + 1000])
        order, rows = _head(wide, first.score(wide), head)
        label = np.take_along_axis(true[at : at + 1000], order, 1)
        heads.append(rows[label.any(1)])
        labels.append(label[label.any(1)])
    rows, label = np.concatenate(heads), np.concatenate(labels)
    settings = SETTINGS | {"seed": seed}
    data = lightgbm.Dataset(
        rows.reshape(-1, rows.shape[2]),
        label.ravel().astype(np.int32),
        group=np.full(len(rows), rows.shape[1]),
        params=settings,
    )
    return Boosted(lightgbm.train(settings, data, ROUNDS))


def _head(wide: Batch, first: Batch, head: int) -> tuple[NDArray[np.int64], Batch]:
    """Places (q, head) of the best candidates, and their features with chance and distance from the best."""
    order = np.argsort(-first, axis=1, kind="stable")[:, :head]
    best = np.take_along_axis(first, order, 1)
    gap = best[:, :1] - best
    chance = -gap - np.log(np.exp(-gap).sum(1, keepdims=True))
    x = np.take_along_axis(wide, order[:, :, None], 1)
    return order, np.concatenate([x, chance[:, :, None], gap[:, :, None]], 2)
