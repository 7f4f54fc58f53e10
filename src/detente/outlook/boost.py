"""The optional model: gradient-boosted trees that rank the head of the logit's list again (LambdaRank, Burges 2010)."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.errors import LearnError
from detente.outlook.kernel import AT_CELL, AT_LIFT, AT_OTHER, AT_PATH, AT_SHARE, PER_TABLE, H

Batch = NDArray[np.float32]

HEAD: Final = 30
"""Candidates that are ranked again."""
MAIN: Final = (
    *(2, 3, 5, H + 3, 2 * H + 3, 3 * H),
    *(PER_TABLE + 3, PER_TABLE + 3 * H, 2 * PER_TABLE + 3, 3 * PER_TABLE + 3),
    *(AT_CELL + 2, AT_CELL + 3, AT_OTHER + 3, AT_LIFT + 2, AT_LIFT + 3),
    *(AT_PATH, AT_PATH + 1, AT_PATH + 2, AT_SHARE + 4),
)
"""Features that are also told by their distance from the largest of the head and by their place in it."""
ROUNDS: Final = 150
SETTINGS: Final[dict[str, Any]] = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": HEAD,
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

    def scores(self, x: Batch, first: Batch) -> Batch:
        """Scores (q, N): the head of each list by the trees, the rest below it in the order of the first scores."""
        order, rows = _head(x, first)
        again = np.asarray(self.trees.predict(rows.reshape(-1, rows.shape[2]), num_threads=1), np.float32)
        low, high = again.min(), first.max(1, keepdims=True)
        scores: Batch = (first - high + low - 1.0).astype(np.float32)
        np.put_along_axis(scores, order, again.reshape(order.shape), 1)
        return scores


def fit(x: Batch, true: NDArray[np.bool_], first: Batch, *, seed: int) -> Boosted:
    """Fit on the heads of the lists of questions x (q, N, F), by their first scores (q, N).

    Raises:
        LearnError: LightGBM is not installed.
    """
    lightgbm = library()
    heads, labels = [], []
    for at in range(0, len(x), 1000):
        order, rows = _head(x[at : at + 1000], first[at : at + 1000])
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


def _head(x: Batch, first: Batch) -> tuple[NDArray[np.int64], Batch]:
    """Places (q, HEAD) of the best candidates, and their features: alone, and as seen beside the others of the head."""
    order = np.argsort(-first, axis=1, kind="stable")[:, :HEAD]
    best = np.take_along_axis(first, order, 1)
    gap = best[:, :1] - best
    chance = -gap - np.log(np.exp(-gap).sum(1, keepdims=True))
    place = np.broadcast_to(np.arange(order.shape[1], dtype=np.float32), order.shape)
    head = np.take_along_axis(x, order[:, :, None], 1)
    main = head[:, :, MAIN]
    below = np.argsort(np.argsort(-main, axis=1, kind="stable"), axis=1).astype(np.float32)
    beside = (chance[:, :, None], gap[:, :, None], main - main.max(1, keepdims=True), below, place[:, :, None])
    return order, np.concatenate([head, *beside], 2)
