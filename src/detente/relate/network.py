"""The network of a date: ties that hold and events of the year before, as a multigraph and as a table of edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date as Date
from datetime import timedelta
from itertools import combinations, product
from pathlib import Path
from typing import Any, Literal

import networkx as nx
import polars as pl

from detente.actors import register
from detente.codebook import is_hostile, quad, types
from detente.errors import DeskError
from detente.events import Tie
from detente.record import ask, export
from detente.relate.standing import CLOSENESS, parties, standing, status

WINDOW = timedelta(days=365)
# Of thousands of sightings between two states, the newest are named as evidence; the weight counts all.
EVIDENCE = 10

Layers = Literal["tone", "quad", "domain"]

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
    ties: Iterable[Tie],
    events: pl.DataFrame,
    on: Date,
    *,
    among: Sequence[str] | None = None,
    acts: pl.LazyFrame | None = None,
    layers: Layers = "tone",
) -> nx.MultiGraph:
    """Multigraph of actors: one edge a tie, and one edge a pair for its events of each layer.

    Args and Raises: as :func:`edges`.

    Example:
        >>> from detente.record.views import TABLES
        >>> network((), pl.DataFrame(schema=TABLES["events"]), Date(2024, 7, 11)).number_of_edges()
        0
    """
    graph = nx.MultiGraph(on=on.isoformat())
    for row in edges(ties, events, on, among=among, acts=acts, layers=layers).iter_rows(named=True):
        for code in (row["a"], row["b"]):
            actor = register().actor(code)
            graph.add_node(code, name=actor.name, kind=actor.kind)
        graph.add_edge(row["a"], row["b"], **{k: row[k] for k in EDGE if k not in ("a", "b")})
    return graph


def edges(
    ties: Iterable[Tie],
    events: pl.DataFrame,
    on: Date,
    *,
    among: Sequence[str] | None = None,
    acts: pl.LazyFrame | None = None,
    layers: Layers = "tone",
) -> pl.DataFrame:
    """Edges of the network as a table: exactly what is drawn.

    Args:
        ties: ties of the register or named in reports.
        events: event frame of the store; only asserted ones count, once each, within a year before the date. Events
            without a date count, because a report known by the date tells of them.
        on: the date.
        among: only these actors; everybody where None.
        acts: events that others coded, as :func:`detente.record.ask.acts` gives them; those of the year before count.
        layers: what parts the events: ``tone`` (cooperation, hostility), ``quad`` (the four quad classes) or
            ``domain``; ties then are a layer by themselves, by kind, or by domain.

    Returns:
        Columns ``a``, ``b`` (codes, in alphabetical order), ``layer``, ``kind`` (of a tie, or ``events``), ``weight``
        (closeness of a tie, number of events), ``status``, ``evidence`` (ids of ties or events; of events that others
        coded the ten newest).

    Raises:
        DeskError: no such layers.
    """
    if layers not in ("tone", "quad", "domain"):
        raise DeskError(f"{layers!r} are no layers; those are tone, quad and domain.")
    rows = [*_tie_edges(standing(ties, on, among=among), on, layers), *_event_edges(events, on, layers)]
    frame = pl.DataFrame(rows, schema=EDGE, orient="row")
    if acts is not None:
        told = ["a", "b", "layer", "kind"]
        coded = _act_edges(acts, on, layers)
        frame = (
            pl.concat([frame, coded])
            .group_by([*told, "status", pl.when(pl.col("kind") != "events").then("evidence").alias("_tie")],
                      maintain_order=True)
            .agg(pl.col("weight").sum(), pl.col("evidence").explode())
            .select(*EDGE)
        )  # fmt: skip
    if among is not None:
        frame = frame.filter(pl.col("a").is_in(list(among)) & pl.col("b").is_in(list(among)))
    return frame.sort("a", "b", "layer", "kind", maintain_order=True)


def write_graphml(graph: nx.MultiGraph, path: Path) -> Path:
    """Write a network for Gephi, igraph, yEd and the like; lists of evidence are joined by semicolons.

    Raises:
        DeskError: the file cannot be written.
    """
    plain = graph.copy()
    for *_, about in plain.edges(data=True):
        about["evidence"] = ";".join(about["evidence"])
        about["status"] = about["status"] or ""
    return export.replacing(path, lambda fresh: nx.write_graphml(plain, fresh))


def _tie_edges(ties: Iterable[Tie], on: Date, layers: Layers) -> Iterable[tuple[object, ...]]:
    for tie in ties:
        members = parties(tie, on)
        # A forum of dozens says little of any two members; it would draw a line between everybody.
        if len(members) > 10:
            continue
        layer = {"tone": "tie", "quad": tie.kind, "domain": tie.domain}[layers]
        for a, b in combinations(sorted(members), 2):
            yield a, b, layer, tie.kind, CLOSENESS[tie.kind], status(tie, on), [tie.id]


def _event_edges(events: pl.DataFrame, on: Date, layers: Layers) -> Iterable[tuple[object, ...]]:
    counted = events.filter(
        (pl.col("modality") == "asserted")
        & pl.col("same_as").is_null()
        & (pl.col("day").is_null() | pl.col("day").is_between(on - WINDOW, on))
    )
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in counted.iter_rows(named=True):
        layer = _layer(row["type"], row["domain"], layers)
        for a, b in pairs_of(row):
            found.setdefault((a, b, layer), []).append(row["id"])
    for (a, b, layer), ids in found.items():
        yield a, b, layer, "events", float(len(ids)), None, ids


def pairs_of(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The pairs of actors that an event lies between, each in the order of their codes."""
    others = row["target"] or (row["source"] if row["reciprocal"] else [])
    return sorted({(min(a, b), max(a, b)) for a, b in product(row["source"], others) if a != b})


def _layer(type_: str, domain: str | None, layers: Layers) -> str:
    if layers == "domain":
        return domain or "no domain"
    return quad(type_) if layers == "quad" else tone(type_)


def tone(type_: str) -> str:
    """Whether a type is ``hostility`` or ``cooperation``."""
    return "hostility" if is_hostile(type_) else "cooperation"


def _act_edges(acts: pl.LazyFrame, on: Date, layers: Layers) -> pl.DataFrame:
    named = {t.name: _layer(t.name, None, layers) for t in types()}
    layer = (
        pl.col("domain").fill_null("no domain")
        if layers == "domain"
        else pl.col("type").replace_strict(named, default=None, return_dtype=pl.String)
    )
    found = (
        acts.filter(pl.col("day").is_between(on - WINDOW, on), pl.col("type").is_not_null())
        .with_columns(a=pl.min_horizontal("source", "target"), b=pl.max_horizontal("source", "target"), layer=layer)
        .group_by("a", "b", "layer")
        .agg(weight=pl.len().cast(pl.Float64), newest=newest())
        .collect()
    )
    return named_evidence(found).select(
        "a", "b", "layer", kind=pl.lit("events"), weight="weight", status=pl.lit(None, pl.String), evidence="evidence"
    )


def newest() -> pl.Expr:
    """The newest few of a group of acts, for :func:`named_evidence`."""
    return pl.struct("day", "key", "archive").top_k_by(["day", "key"], EVIDENCE)


def named_evidence(found: pl.DataFrame) -> pl.DataFrame:
    """Replace the column ``newest`` by ``evidence``, the ids of those acts, newest first."""
    if found.is_empty():
        return found.drop("newest").with_columns(evidence=pl.lit([], pl.List(pl.String)))
    ids = (
        found.select("newest")
        .with_row_index("_row")
        .explode("newest")
        .unnest("newest")
        .sort("day", "key", descending=True)
        .with_columns(id=ask.sighting_id("archive"))
        .group_by("_row")
        .agg(evidence="id")
        .sort("_row")
    )
    return found.drop("newest").with_columns(ids["evidence"])
