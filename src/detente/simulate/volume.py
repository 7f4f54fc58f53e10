"""How much the volume of reporting varies over a horizon of weeks, for the engine."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detente.learn.model import Fit

Floats = NDArray[np.floating[Any]]


MONTH: Final = (0.20, 0.35)
PAIR: Final = (0.30, 0.45)
"""Least standard deviation of the logarithm of the volume of hostile and of conciliatory events, by month for all pairs
and for each pair by itself. A fit measures what the volume does beyond its forecasts of the next day; over weeks rates
drift as well. Chosen on ten forecasts of 30 days (from April to June of 2014 and of 2018, ICEWS, 24 states) so that
80 % intervals hold about 80 % of the counts of dyads, actors and all together (:mod:`detente.simulate.hindcast`)."""


def spread(fit: Fit) -> Floats:
    """(3, 2) standard deviations of the logarithm of the volume of hostile and of conciliatory events.

    Rows: by month for all pairs, by day for all pairs, by month for each pair by itself. All zero for a fit whose
    ``volume_sd`` is zero.
    """
    month, day = fit.volume_sd
    if month == day == 0.0:
        return np.zeros((3, 2))
    return np.array([[max(month, least) for least in MONTH], [day, day], PAIR])
