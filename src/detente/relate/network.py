"""The network of a date: ties that hold and events of the year before, as a multigraph and as a table of edges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date as Date
from datetime import timedelta
from itertools import combinations, product
from typing import Any

import networkx as nx
import polars as pl

from detente.actors import register
from detente.codebook import is_hostile
from detente.events import Tie
from detente.relate.standing import CLOSENESS, parties, standing, status

WINDOW = timedelta(days=365)

EDGE: dict[str, Any] = {
    "a": pl.String,
    "b": pl.String,
    "layer": pl.String,
    "kind": pl.String,
    "weight": pl.Float64,
    "status": pl.String,
    "evidence": pl.List(pl.String),
}


def network(
    ties: Iterable[Tie], events: pl.DataFrame, on: Date, *, among: Sequence[str] | None = None
) -> nx.MultiGraph:
    """Multigraph of actors: one edge a tie, and one edge a pair for its cooperative and for its hostile events.

    Args:
        ties: ties of the register or named in reports.
        events: event frame of the store; only asserted ones count, once each, within a year before the date. Events
            without a date count, because a report known by the date tells of them.
        on: the date.
        among: only these actors; everybody where None.

    Example:
        >>> from detente.record.views import TABLES
        >>> network((), pl.DataFrame(schema=TABLES["events"]), Date(2024, 7, 11)).number_of_edges()
        0
    """
    graph = nx.MultiGraph(on=on.isoformat())
    for row in edges(ties, events, on, among=among).iter_rows(named=True):
        for code in (row["a"], row["b"]):
            actor = register().actor(code)
            graph.add_node(code, name=actor.name, kind=actor.kind)
        graph.add_edge(row["a"], row["b"], **{k: row[k] for k in EDGE if k not in ("a", "b")})
    return graph


def edges(ties: Iterable[Tie], events: pl.DataFrame, on: Date, *, among: Sequence[str] | None = None) -> pl.DataFrame:
    """Edges of the network as a table: exactly what is drawn.

    Returns:
        Columns ``a``, ``b`` (codes, in alphabetical order), ``layer`` (tie, cooperation, hostility), ``kind``,
        ``weight`` (closeness of a tie, number of events), ``status``, ``evidence`` (ids of ties or events).
    """
    rows = [*_tie_edges(standing(ties, on, among=among), on), *_event_edges(events, on)]
    frame = pl.DataFrame(rows, schema=EDGE, orient="row")
    if among is not None:
        frame = frame.filter(pl.col("a").is_in(list(among)) & pl.col("b").is_in(list(among)))
    return frame.sort("a", "b", "layer", "kind", maintain_order=True)


def _tie_edges(ties: Iterable[Tie], on: Date) -> Iterable[tuple[object, ...]]:
    for tie in ties:
        members = parties(tie, on)
        # A forum of dozens says little of any two members; it would draw a line between everybody.
        if len(members) > 10:
            continue
        for a, b in combinations(sorted(members), 2):
            yield a, b, "tie", tie.kind, CLOSENESS[tie.kind], status(tie, on), [tie.id]


def _event_edges(events: pl.DataFrame, on: Date) -> Iterable[tuple[object, ...]]:
    counted = events.filter(
        (pl.col("modality") == "asserted")
        & pl.col("same_as").is_null()
        & (pl.col("day").is_null() | pl.col("day").is_between(on - WINDOW, on))
    )
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in counted.iter_rows(named=True):
        layer = "hostility" if is_hostile(row["type"]) else "cooperation"
        others = row["target"] or (row["source"] if row["reciprocal"] else [])
        for pair in sorted({tuple(sorted(p)) for p in product(row["source"], others) if p[0] != p[1]}):
            found.setdefault((pair[0], pair[1], layer), []).append(row["id"])
    for (a, b, layer), ids in found.items():
        yield a, b, layer, "events", float(len(ids)), None, ids
