"""The desk's store: append-only Parquet batches, an atomic manifest, views as of a date, merged duplicates."""

from detente.record.merge import merge
from detente.record.store import Added, Store, nouns
from detente.record.views import day_range, holder

__all__ = ["Added", "Store", "day_range", "holder", "merge", "nouns"]
