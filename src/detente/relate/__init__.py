"""Who stands with whom: ties by date, the network of ties and events, each actor's view, contested claims."""

from detente.relate.contested import contested
from detente.relate.network import Layers, edges, network, write_graphml
from detente.relate.perspective import perspective
from detente.relate.results import Network, Perspective
from detente.relate.sides import sides
from detente.relate.standing import of_actor, partners, standing, status, table
from detente.relate.structure import By, balance, blocs, brokers, triads

__all__ = [
    "By",
    "Layers",
    "Network",
    "Perspective",
    "balance",
    "blocs",
    "brokers",
    "contested",
    "edges",
    "network",
    "of_actor",
    "partners",
    "perspective",
    "sides",
    "standing",
    "status",
    "table",
    "triads",
    "write_graphml",
]
