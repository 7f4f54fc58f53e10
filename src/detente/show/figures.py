"""The figures of the brief, gathered from the stages that draw them."""

from detente.figure import COLOURS, Figure
from detente.learn.figures import after, named, reactions, response
from detente.relate.figures import busiest, busy_pairs, layout, network
from detente.simulate.figures import fans, ranking

__all__ = [
    "COLOURS",
    "Figure",
    "after",
    "busiest",
    "busy_pairs",
    "fans",
    "layout",
    "named",
    "network",
    "ranking",
    "reactions",
    "response",
]
