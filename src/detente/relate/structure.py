"""The shape of a network: blocs, brokers, and whether its triads are in balance.

Everything rests on typed ties and counted events between two actors, never on how alike their ties or votes are: two
states that never met can be much alike, and allies can differ.
"""

from __future__ import annotations

from typing import Any, Literal

import networkx as nx
import numpy as np
import polars as pl

from detente.actors import register
from detente.errors import DeskError

By = Literal["ties", "events"]
RUNS = 50

# How far a tie of each kind binds two actors into a bloc, as shares of a defence pact, whoever they are. An ordering
# that Detente assumes, not a measurement: a promise to assist weighs far more than forces let in, that more than what
# is shared or practised, and sitting at one table (where rivals meet, too) least.
BINDING = {
    "defence pact": 1.0,
    "access agreement": 0.2,
    "basing": 0.2,
    "information sharing": 0.1,
    "exercise series": 0.05,
    "partnership": 0.02,
    "consultation": 0.01,
    "grouping": 0.01,
}

BLOCS: dict[str, Any] = {
    "bloc": pl.Int64,
    "actor": pl.String,
    "name": pl.String,
    "inside": pl.Float64,
    "outside": pl.Float64,
    "between": pl.Boolean,
    "steady": pl.Float64,
    "modularity": pl.Float64,
}
BROKERS: dict[str, Any] = {
    "actor": pl.String,
    "name": pl.String,
    "neighbours": pl.Int64,
    "weight": pl.Float64,
    "betweenness": pl.Float64,
    "constraint": pl.Float64,
}
TRIADS: dict[str, Any] = {
    "a": pl.String,
    "b": pl.String,
    "c": pl.String,
    "names": pl.List(pl.String),
    "ab": pl.Int64,
    "bc": pl.Int64,
    "ac": pl.Int64,
    "triad": pl.String,
    "balanced": pl.Boolean,
}


def bonds(edges: pl.DataFrame, by: By = "ties") -> nx.Graph:
    """Who is bound to whom, as a weighted graph.

    Args:
        edges: of :func:`detente.relate.edges`, in layers of tone.
        by: ``ties``: the strongest tie that two actors have, on the scale ``BINDING``; organisations are left out, as
            their members are bound by what they signed. ``events``: cooperative events less hostile ones, where the
            cooperative are more.

    Raises:
        DeskError: no such bonds.
    """
    if by not in ("ties", "events"):
        raise DeskError(f"{by!r} bind nobody here; take ties or events.")
    graph = nx.Graph()
    if by == "ties":
        ties = edges.filter(pl.col("layer") == "tie", ~_organisation("a"), ~_organisation("b"))
        strength = pl.col("kind").replace_strict(BINDING, return_dtype=pl.Float64)
        weights = ties.group_by("a", "b").agg(weight=strength.max())
    else:
        weights = net(edges).filter(pl.col("net") > 0).select("a", "b", weight="net")
    for a, b, weight in weights.sort("a", "b").iter_rows():
        graph.add_edge(a, b, weight=float(weight))
    return graph


def _organisation(column: str) -> pl.Expr:
    codes = [a.code for a in register().actors.values() if a.kind == "organisation" or a.members]
    return pl.col(column).is_in(codes)


def net(edges: pl.DataFrame) -> pl.DataFrame:
    """Cooperative events less hostile ones of each pair: columns ``a``, ``b``, ``net``, ``events``."""
    signed = pl.when(pl.col("layer") == "hostility").then(-pl.col("weight")).otherwise("weight")
    counted = edges.filter(pl.col("layer").is_in(["cooperation", "hostility"]))
    return counted.group_by("a", "b").agg(net=signed.sum(), events=pl.col("weight").sum()).sort("a", "b")


def blocs(edges: pl.DataFrame, *, by: By = "ties", seed: int = 7) -> pl.DataFrame:
    """Communities: groups whose members are bound to each other more than chance would have it.

    The Louvain method (Blondel et al. 2008), the best of fifty seeded runs by modularity (Newman 2006). Blocs are a
    summary of the bonds, not a finding that a state belongs to a camp: ``steady`` says how far the runs agree, and
    ``between`` who might as well be counted elsewhere.

    Args:
        edges: of :func:`detente.relate.edges`, in layers of tone.
        by: what binds, see :func:`bonds`.
        seed: of the runs.

    Returns:
        One row for each actor with a bond: ``bloc`` (1 is the largest), ``actor``, ``name``; weight of its bonds
        ``inside`` and ``outside`` its bloc; ``between``: those outside weigh as much or more; ``steady``: share of the
        runs in which it stands with its bloc's core, which is the largest part of the bloc (by weight inside) that the
        run keeps together (null where it is alone); ``modularity`` of the whole.

    Raises:
        DeskError: no such bonds.
    """
    graph = bonds(edges, by)
    if not graph:
        return pl.DataFrame(schema=BLOCS)
    runs = [nx.community.louvain_communities(graph, weight="weight", seed=seed + i) for i in range(RUNS)]
    worth = [nx.community.modularity(graph, run) for run in runs]
    best = int(np.argmax(np.round(worth, 12)))
    rows = []
    for number, members in enumerate(sorted(runs[best], key=lambda m: (-len(m), min(m))), 1):
        inside = {
            code: sum(about["weight"] for other, about in graph[code].items() if other in members) for code in members
        }
        cores = [_core(members, run, inside) for run in runs]
        for code in sorted(members):
            outside = graph.degree(code, "weight") - inside[code]
            # What is left of a difference of sums is no bond.
            outside = 0.0 if abs(outside) < 1e-9 else outside
            steady = sum(code in core for core in cores) / RUNS if len(members) > 1 else None
            named = register().actor(code).name
            rows.append((number, code, named, inside[code], outside, outside >= inside[code], steady, worth[best]))
    return pl.DataFrame(rows, schema=BLOCS, orient="row").sort(
        "bloc", "inside", "actor", descending=[False, True, False]
    )


def _core(members: set[str], run: list[set[str]], inside: dict[str, float]) -> set[str]:
    """The part of a bloc that weighs most among those that a run keeps together; at equal weight the larger one."""
    parts = sorted((members & community for community in run if members & community), key=min)
    return max(parts, key=lambda part: (round(sum(inside[code] for code in sorted(part)), 9), len(part)))


def brokers(edges: pl.DataFrame, *, by: By = "ties") -> pl.DataFrame:
    """Who stands between others, the most between first.

    Args:
        edges: of :func:`detente.relate.edges`, in layers of tone.
        by: what binds, see :func:`bonds`.

    Returns:
        ``actor``, ``name``, number of ``neighbours``, ``weight`` of its bonds; ``betweenness``: share of shortest paths
        between others that lead through it (Freeman 1977; a bond of twice the weight is half as long);
        ``constraint``: how far its neighbours are bound to each other (Burt 1992; low is free to broker).

    Raises:
        DeskError: no such bonds.
    """
    graph = bonds(edges, by)
    if not graph:
        return pl.DataFrame(schema=BROKERS)
    for *_, about in graph.edges(data=True):
        about["length"] = 1 / about["weight"]
    between = nx.betweenness_centrality(graph, weight="length")
    held = nx.constraint(graph, weight="weight")
    rows = [
        (code, register().actor(code).name, graph.degree(code), graph.degree(code, "weight"), between[code], held[code])
        for code in graph
    ]
    return pl.DataFrame(rows, schema=BROKERS, orient="row").sort("betweenness", "actor", descending=[True, False])


def triads(edges: pl.DataFrame, *, least: int = 1) -> pl.DataFrame:
    """Every three actors that all have a sign with each other: friends where cooperation outweighs, else opponents.

    Balanced is a triad with three friendly sides or one (Heider 1946; Cartwright and Harary 1956). Three opponents are
    unbalanced in that sense; ``triad`` lets them be told apart (Davis 1967 has them balanced).

    Args:
        edges: of :func:`detente.relate.edges`, in layers of tone. Pairs with as many cooperative as hostile events have
            no sign.
        least: events that a pair must have to be given a sign.

    Returns:
        ``a``, ``b``, ``c`` (codes in alphabetical order), ``names``, signs of the three sides (``ab``, ``bc``, ``ac``:
        1 or -1), ``triad`` (``"+ + +"``, ``"+ - -"`` …), ``balanced``. Unbalanced ones first.
    """
    signed = net(edges).filter(pl.col("net") != 0, pl.col("events") >= least)
    sign = {(a, b): 1 if worth > 0 else -1 for a, b, worth in signed.select("a", "b", "net").iter_rows()}
    after: dict[str, set[str]] = {}
    for a, b in sign:
        after.setdefault(a, set()).add(b)
    rows = []
    for (a, b), first in sign.items():
        for c in sorted(after[a] & after.get(b, set())):
            sides = (first, sign[b, c], sign[a, c])
            kind = " ".join("+" if s > 0 else "-" for s in sorted(sides, reverse=True))
            names = [register().actor(code).name for code in (a, b, c)]
            rows.append((a, b, c, names, *sides, kind, int(np.prod(sides)) > 0))
    return pl.DataFrame(rows, schema=TRIADS, orient="row").sort("balanced", "triad", "a", "b", "c")


def balance(found: pl.DataFrame) -> pl.DataFrame:
    """How many triads there are of each sort, beside what chance would give with as many friendly sides.

    Args:
        found: of :func:`triads`.

    Returns:
        ``triad``, ``balanced``, ``triads``, ``share``, ``by_chance``: the share expected were the same signs dealt out
        to the sides at random.
    """
    sides = found.select(pl.concat_list("ab", "bc", "ac").explode()).to_series()
    p = float((sides > 0).mean() or 0.0) if found.height else 0.0  # type: ignore[arg-type]
    chance = {"+ + +": p**3, "+ + -": 3 * p**2 * (1 - p), "+ - -": 3 * p * (1 - p) ** 2, "- - -": (1 - p) ** 3}
    counts = dict(found.group_by("triad").len().iter_rows())
    rows = [
        (kind, kind.count("-") % 2 == 0, counts.get(kind, 0), counts.get(kind, 0) / max(1, found.height), share)
        for kind, share in chance.items()
    ]
    schema = {
        "triad": pl.String,
        "balanced": pl.Boolean,
        "triads": pl.Int64,
        "share": pl.Float64,
        "by_chance": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
