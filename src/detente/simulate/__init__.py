"""Futures of a fitted model, and what each measure would change.

Example::

    sides = (["USA", "KOR"], ["PRK"])
    trial = compare(fit, [m.between(*sides) for m in catalogue()], start="2018-03-01", days=60, futures=400, seed=7)
    print(trial.summary())

:mod:`detente.simulate.robustness` asks whether the ranking would stand under other assumptions,
:mod:`detente.simulate.hindcast` whether such forecasts held in the past.
"""

from detente.simulate.compare import Comparison, Effect, compare
from detente.simulate.futures import Futures, simulate
from detente.simulate.live import Answer, Live
from detente.simulate.measures import Measure, Stream, catalogue, measure
from detente.simulate.scenario import Scenario
from detente.simulate.threshold import Threshold

__all__ = [
    "Answer",
    "Comparison",
    "Effect",
    "Futures",
    "Live",
    "Measure",
    "Scenario",
    "Stream",
    "Threshold",
    "catalogue",
    "compare",
    "measure",
    "simulate",
]
