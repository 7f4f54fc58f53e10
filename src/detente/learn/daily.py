"""What a desk gives, as learning takes it: events as one row for each pair of states, ties with their history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

from detente.actors import state_codes
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
        LearnError: no table, or columns that learning needs are missing.

    Example:
        >>> events(pl.DataFrame({"day": [], "source": [], "target": [], "type": []})).height
        0
    """
    held = whole(found)
    if not attributed(held):
        return held
    states = state_codes()
    kept = held.filter(reason().is_null())
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


def attributed(found: pl.DataFrame | pl.LazyFrame) -> bool:
    """Whether a table holds events as ``desk.events()`` gives them, with several actors a side, and is no daily one."""
    return found.collect_schema().get("source") == pl.List(pl.String)


def reason() -> pl.Expr:
    """Why learning leaves an event of ``desk.events()`` out, in words; null where it is kept.

    Example:
        >>> row = {"modality": "asserted", "same_as": None, "type": None, "date_precision": "day", "reciprocal": False}
        >>> row |= {"day": "2024-01-02", "source": ["KOR"], "target": ["PRK"]}
        >>> pl.DataFrame([row]).select(why=reason()).item()
        'no PLOVER type'
    """
    state = pl.element().filter(pl.element().is_in(state_codes()))
    source, target = (pl.col(side).list.eval(state) for side in ("source", "target"))
    n = source.list.concat(target).list.n_unique()
    sides = (source.list.len() > 0) & (target.list.len() > 0)
    return (
        pl.when(pl.col("modality") != "asserted")
        .then(pl.format("not asserted but {}", "modality"))
        .when(pl.col("same_as").is_not_null())
        .then(pl.lit("the same event as another"))
        .when(pl.col("type").is_null())
        .then(pl.lit("no PLOVER type"))
        .when(pl.col("day").is_null() | ~pl.col("date_precision").is_in(ask.DATED))
        .then(pl.lit("no day known well enough"))
        .when(sides & (n == 1))
        .then(pl.lit("source and target are the same state"))
        .when(~(sides | pl.col("reciprocal")) | (n < 2))
        .then(pl.lit("not between two states"))
    )


def left_out(found: pl.DataFrame | pl.LazyFrame) -> dict[str, int]:
    """How many events of ``desk.events()`` learning leaves out, by :func:`reason`; none of a daily event table.

    Example:
        >>> left_out(pl.DataFrame({"day": [], "source": [], "target": [], "type": []}))
        {}
    """
    held = whole(found)
    if not attributed(held):
        return {}
    counted = held.select(why=reason()).drop_nulls().group_by("why").len().sort("len", "why", descending=[True, False])
    return dict(counted.iter_rows())


def whole(found: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """A table of events, in memory.

    Raises:
        LearnError: no table, or columns that learning needs are missing.
    """
    held = found.collect(engine="streaming") if isinstance(found, pl.LazyFrame) else found
    if not isinstance(held, pl.DataFrame):
        raise LearnError(
            f"Events are a table, not {type(found).__name__}: give desk.events(), or of a file "
            "detente.load.daily(path).table."
        )
    if attributed(held) and (missing := [name for name in ask.EVENTS if name not in held.columns]):
        raise LearnError(f"The events lack {', '.join(missing)}; give desk.events() as it is, or a daily table.")
    return held


def ties(found: Iterable[Tie] | pl.DataFrame | None) -> tuple[Tie, ...] | None:
    """Ties with their history from what ``desk.ties()`` gives, by their ids in the register; others stay as they are.

    Raises:
        LearnError: no ties, or an id that the register does not hold.

    Example:
        >>> [tie.id for tie in ties(pl.DataFrame({"id": ["edca"]}))]
        ['edca']
    """
    if not isinstance(found, pl.DataFrame):
        given = () if found is None else tuple(found)
        if wrong := [tie for tie in given if not isinstance(tie, Tie)]:
            raise LearnError(f"{wrong[0]!r} is no tie: give desk.ties() or detente.ties().")
        return None if found is None else given
    held = {tie.id: tie for tie in shipped()}
    if strange := [id for id in found["id"] if id not in held]:
        raise LearnError(f"The register of ties holds no {', '.join(strange)}; give desk.ties() or detente.ties().")
    return tuple(held[id] for id in found["id"])
