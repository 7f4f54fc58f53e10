"""Event data that others made: to a daily table of who did what to whom.

Example:
    >>> from detente.load import load
    >>> loaded = load("events.csv.gz")               # doctest: +SKIP
    >>> loaded.table.columns                         # doctest: +SKIP
    ['day', 'source', 'target', 'type', 'cameo', 'goldstein', 'count']
"""

from detente.load.table import COLUMNS, Loaded, load, table

__all__ = ["COLUMNS", "Loaded", "load", "table"]
