"""One event, many reports: which rows of the record tell of the same event.

Two rows are one event when type, parties and modality agree and their dates are compatible:

- both have a day: at most two days apart (time zones, and the day after);
- one is coarser: the finer lies within the coarser, and the reports became known within 45 days of each other;
- one has no date: the reports became known within three days of each other;
- or the reports are near copies (:mod:`detente.record.near`) and the sentence is the same, whatever the dates.

Sets of parties must be equal, whatever their order; between mirrored types the direction does not count where the event
is reciprocal. The first report known keeps its row; the others point to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date as Date
from typing import Any

import polars as pl

SAME_DAYS = 2
SAME_WHILE_COARSE = 45
SAME_WHILE_UNDATED = 3


def merge(events: pl.DataFrame, near: Mapping[str, str] | None = None) -> pl.DataFrame:
    """Set ``same_as`` to the id of the first row of the same event, and count its reports.

    Args:
        events: event frame of the store, in the order in which reports became known.
        near: the report that each near copy is a copy of.

    Returns:
        The frame with ``same_as`` (null on first rows) and ``reports`` (number of different reports that tell of the
        event, near copies counted once, on every row of it).

    Example:
        >>> from detente.record.views import TABLES
        >>> merge(pl.DataFrame(schema=TABLES["events"])).columns[-1]
        'reports'
    """
    copies = near or {}
    firsts: dict[str, str] = {}
    members: dict[str, set[str]] = defaultdict(set)
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    rows = events.select(
        "id", "report", "type", "source", "target", "reciprocal", "modality", "day", "last_day", "known", "same_as",
        "sentence",
    )  # fmt: skip
    for row in rows.iter_rows(named=True):
        first = firsts.get(row["same_as"], row["same_as"]) if row["same_as"] else None
        if first is None or first not in members:
            candidates = groups[_key(row)]
            same = (c for c in candidates if _compatible(c, row) or _copied(c, row, copies))
            match = next(same, None) if row["source"] else None
            first = match["id"] if match else row["id"]
            if match is None:
                candidates.append(row)
        firsts[row["id"]] = first
        members[first].add(copies.get(row["report"], row["report"]))
    return events.with_columns(
        pl.Series("same_as", [None if firsts[i] == i else firsts[i] for i in events["id"]], dtype=pl.String),
        pl.Series("reports", [len(members[firsts[i]]) for i in events["id"]], dtype=pl.Int64),
    )


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    sources, targets = frozenset(row["source"]), frozenset(row["target"])
    parties: Any = (sources | targets,) if row["reciprocal"] else (sources, targets)
    return (row["type"], row["modality"], row["reciprocal"], parties)


def _compatible(a: dict[str, Any], b: dict[str, Any]) -> bool:
    apart = abs((a["known"] - b["known"]).days)
    if a["day"] is None or b["day"] is None:
        return bool(apart <= SAME_WHILE_UNDATED)
    if a["day"] == a["last_day"] and b["day"] == b["last_day"]:
        return bool(abs((a["day"] - b["day"]).days) <= SAME_DAYS)
    return bool(apart <= SAME_WHILE_COARSE) and (
        _holds(a, b["day"], b["last_day"]) or _holds(b, a["day"], a["last_day"])
    )


def _copied(a: dict[str, Any], b: dict[str, Any], near: Mapping[str, str]) -> bool:
    one, other = a["report"], b["report"]
    return (
        one != other
        and near.get(one, one) == near.get(other, other)
        and " ".join(a["sentence"].split()) == " ".join(b["sentence"].split())
    )


def _holds(outer: dict[str, Any], first: Date, last: Date) -> bool:
    return bool(outer["day"] <= first and last <= outer["last_day"])
