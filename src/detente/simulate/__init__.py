"""Futures of a fitted model, and what each measure would change.

Example::

    sides = (["USA", "KOR"], ["PRK"])
    trial = compare(fit, [m.between(*sides) for m in catalogue()], start="2018-03-01", days=60, futures=400, seed=7)
    print(trial.summary())
"""

from detente.simulate.compare import Comparison, Effect, compare
from detente.simulate.futures import Futures, Threshold, simulate
from detente.simulate.measures import Measure, Stream, catalogue, measure
from detente.simulate.scenario import Scenario

__all__ = [
    "Comparison",
    "Effect",
    "Futures",
    "Measure",
    "Scenario",
    "Stream",
    "Threshold",
    "catalogue",
    "compare",
    "measure",
    "simulate",
]
