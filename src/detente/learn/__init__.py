"""How states react to what others do, learnt from dated events, with uncertainty and a measured score.

See ``docs/learn.md`` for the model.
"""

from __future__ import annotations

from detente.learn.backtest import backtest
from detente.learn.estimate import Settings
from detente.learn.fit import ReactionModel
from detente.learn.hawkes import Hawkes
from detente.learn.model import CHANNELS, TAUS, THIRD_PARTY, Draws, Fit, Gain, Score
from detente.learn.prior import prior
from detente.learn.reactions import Reaction
from detente.learn.relational import RelationalEvents

__all__ = [
    "CHANNELS",
    "TAUS",
    "THIRD_PARTY",
    "Draws",
    "Fit",
    "Gain",
    "Hawkes",
    "Reaction",
    "ReactionModel",
    "RelationalEvents",
    "Score",
    "Settings",
    "backtest",
    "prior",
]
