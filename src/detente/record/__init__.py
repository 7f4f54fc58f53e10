"""The desk's store: append-only Parquet batches, an atomic manifest, views as of a date, merged duplicates."""

from detente.record.archive import SIGHTINGS, AddedSightings, sighting_id, sighting_key
from detente.record.manifest import Load
from detente.record.merge import merge
from detente.record.once import Once, once
from detente.record.store import Added, Store, nouns
from detente.record.views import day_range, holder

__all__ = [
    "SIGHTINGS",
    "Added",
    "AddedSightings",
    "Load",
    "Once",
    "Store",
    "day_range",
    "holder",
    "merge",
    "nouns",
    "once",
    "sighting_id",
    "sighting_key",
]
