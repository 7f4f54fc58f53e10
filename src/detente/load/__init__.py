"""Event data that others coded: into a desk, row by row, or to a daily table of who did what to whom.

Example:
    >>> from detente.load import load, table
    >>> from detente.record import Store
    >>> print(load(Store("mydesk"), "auto", ["20240101.export.CSV.zip"]).summary())   # doctest: +SKIP
    20240101.export.CSV.zip: GDELT 2.0 events, 1,204 sightings, 2023-01-01 to 2024-01-01; 1,204 new, 0 known already.
    >>> table("events.csv.gz").columns                                                 # doctest: +SKIP
    ['day', 'source', 'target', 'type', 'cameo', 'goldstein', 'count']
"""

from detente.load.formats import FORMATS
from detente.load.loading import Loaded, Part, load, sightings
from detente.load.table import COLUMNS, Daily, daily, table

__all__ = ["COLUMNS", "FORMATS", "Daily", "Loaded", "Part", "daily", "load", "sightings", "table"]
