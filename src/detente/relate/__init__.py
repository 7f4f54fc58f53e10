"""Who stands with whom: ties by date, the network of ties and events, each actor's view, contested claims."""

from detente.relate.contested import contested
from detente.relate.network import edges, network
from detente.relate.perspective import perspective
from detente.relate.standing import partners, standing, status, table

__all__ = ["contested", "edges", "network", "partners", "perspective", "standing", "status", "table"]
