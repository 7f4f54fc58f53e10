"""Detente: from contradictory reports to an attributed record, learnt reactions and compared measures.

>>> import detente as dt
>>> dt.actor("Pyongyang").code
'PRK'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detente.actors import register, ties
    from detente.desk import Desk, actor, open, sample
    from detente.errors import DetenteError
    from detente.learn import Fit, ReactionModel
    from detente.learn.prior import prior
    from detente.simulate import measures
    from detente.simulate.compare import compare

__version__ = "0.1.0"

# Where each public name lives: they are imported when first used, so that `import detente` costs nothing.
_HOMES = {
    "Desk": "desk",
    "DetenteError": "errors",
    "Fit": "learn",
    "ReactionModel": "learn",
    "actor": "desk",
    "compare": "simulate",
    "measures": "simulate",
    "open": "desk",
    "prior": "learn",
    "register": "actors",
    "sample": "desk",
    "ties": "actors",
}

__all__ = [
    "Desk",
    "DetenteError",
    "Fit",
    "ReactionModel",
    "__version__",
    "actor",
    "compare",
    "measures",
    "open",
    "prior",
    "register",
    "sample",
    "ties",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'detente' has no attribute {name!r}")
    return getattr(importlib.import_module(f"detente.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
