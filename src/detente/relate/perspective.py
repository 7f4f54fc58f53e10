"""The record as one actor sees it: what was done to it and to its partners, by whom, and how that changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date as Date
from datetime import timedelta
from typing import Any

import polars as pl

from detente.actors import register
from detente.codebook import is_hostile
from detente.events import Tie
from detente.relate.standing import HOLDS, parties, status

PERIOD = timedelta(days=90)

SCHEMA: dict[str, Any] = {
    "by": pl.String,
    "name": pl.String,
    "to": pl.String,
    "type": pl.String,
    "tone": pl.String,
    "events": pl.Int64,
    "recent": pl.Int64,
    "before": pl.Int64,
    "evidence": pl.List(pl.String),
}


def perspective(actor: str, events: pl.DataFrame, ties: Iterable[Tie], on: Date) -> pl.DataFrame:
    """What others did to an actor, to its partners and with its opponents, by a date.

    Args:
        actor: code of the actor that looks.
        events: event frame of the store; asserted events count once each.
        ties: ties that make partners; those that hold on the date count.
        on: the date.

    Returns:
        One row for each actor that acted, whom it acted on (``itself`` or ``its partners``) and type: number of events,
        of those in the last 90 days, in the 90 days before, and their ids. Undated events count in the total alone.
    """
    allies = {
        party
        for tie in ties
        if status(tie, on) in HOLDS and tie.kind in ("defence pact", "access agreement", "information sharing")
        for members in (parties(tie, on),)
        if actor in members and len(members) <= 10
        for party in members
    } - {actor}
    counted = events.filter((pl.col("modality") == "asserted") & pl.col("same_as").is_null())
    found: dict[tuple[str, str, str], list[tuple[str, Date | None]]] = {}
    for row in counted.iter_rows(named=True):
        everyone = [*row["source"], *row["target"]]
        for by in dict.fromkeys(everyone if row["reciprocal"] else row["source"]):
            others = [c for c in (everyone if row["reciprocal"] else row["target"]) if c != by]
            to = "itself" if actor in others else "its partners" if allies.intersection(others) else None
            if to and by != actor:
                found.setdefault((by, to, row["type"]), []).append((row["id"], row["day"]))
    rows = []
    for (by, to, type_), hits in found.items():
        days = [day for _, day in hits if day]
        rows.append(
            {
                "by": by,
                "name": register().actor(by).name,
                "to": to,
                "type": type_,
                "tone": "hostile" if is_hostile(type_) else "conciliatory",
                "events": len(hits),
                "recent": sum(on - PERIOD < day <= on for day in days),
                "before": sum(on - 2 * PERIOD < day <= on - PERIOD for day in days),
                "evidence": [id_ for id_, _ in hits],
            }
        )
    return pl.DataFrame(rows, schema=SCHEMA).sort("to", "events", "by", "type", descending=[False, True, False, False])
