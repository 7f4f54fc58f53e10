"""What a desk gives, as learning takes it: events as one row for each pair of states, ties with their history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

from detente.actors import register
from detente.actors import ties as shipped
from detente.errors import LearnError
from detente.events import Tie
from detente.record import ask

COLUMNS: Final = ("day", "type", "cameo", "domain", "id", "archive", "report", "outlet", "sentence")
"""What is kept of an event beside its source and target."""


def events(found: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """A daily event table from what ``desk.events()`` gives; a table that is one already stays as it is.

    Asserted events of a known day, week or month between two states are kept, each once for every pair of its actors;
    mutual ones once for each two.

    Args:
        found: the events of a desk, or a daily event table (:func:`detente.load.table`).

    Raises:
        LearnError: columns that learning needs are missing.

    Example:
        >>> events(pl.DataFrame({"day": [], "source": [], "target": [], "type": []})).height
        0
    """
    whole = found.collect(engine="streaming") if isinstance(found, pl.LazyFrame) else found
    if whole.schema.get("source") != pl.List(pl.String):
        return whole
    if missing := [name for name in ask.EVENTS if name not in whole.columns]:
        raise LearnError(f"The events lack {', '.join(missing)}; give desk.events() as it is, or a daily table.")
    states = [code for code, actor in register().actors.items() if actor.kind == "state"]
    kept = whole.filter(
        pl.col("modality") == "asserted",
        pl.col("date_precision").is_in(ask.DATED),
        pl.col("same_as").is_null(),
        pl.col("type").is_not_null(),
        pl.col("day").is_not_null(),
    )
    mutual = kept.filter(pl.col("reciprocal"))
    rows = [
        (a, b, *(row[name] for name in COLUMNS))
        for row in mutual.iter_rows(named=True)
        for a, b in ask.pairs(row, states)
    ]
    schema = {"source": pl.String, "target": pl.String} | {name: ask.EVENTS[name] for name in COLUMNS}
    both = pl.DataFrame(rows, schema=schema, orient="row")
    directed = (
        kept.filter(~pl.col("reciprocal"))
        .select("source", "target", *COLUMNS)
        .explode("source")
        .explode("target")
        .filter(pl.col("source").is_in(states), pl.col("target").is_in(states), pl.col("source") != pl.col("target"))
    )
    return pl.concat([both, directed]).sort("day", maintain_order=True)


def ties(found: Iterable[Tie] | pl.DataFrame | None) -> tuple[Tie, ...] | None:
    """Ties with their history from what ``desk.ties()`` gives, by their ids in the register; others stay as they are.

    Raises:
        LearnError: an id that the register does not hold.

    Example:
        >>> [tie.id for tie in ties(pl.DataFrame({"id": ["edca"]}))]
        ['edca']
    """
    if not isinstance(found, pl.DataFrame):
        return None if found is None else tuple(found)
    held = {tie.id: tie for tie in shipped()}
    if strange := [id for id in found["id"] if id not in held]:
        raise LearnError(f"The register of ties holds no {', '.join(strange)}; give desk.ties() or detente.ties().")
    return tuple(held[id] for id in found["id"])
