"""Two sides of a quarrel, as the record and the ties have them: what measures are put between where nobody says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date as Date
from itertools import combinations

import polars as pl

from detente.codebook import is_hostile, types
from detente.events import Tie
from detente.relate.standing import partners


def sides(
    events: pl.DataFrame,
    ties: Iterable[Tie],
    among: Sequence[str],
    on: Date,
    *,
    acts: pl.LazyFrame | None = None,
) -> tuple[list[str], list[str]]:
    """Two sides for measures: the pair with most hostile events, each with the actors that are tied closer to it.

    The side that took part in more joint exercises comes first, since measures on drills are about its drills; where
    both took part in as many, the first code in the alphabet decides.

    Args:
        events: event frame of the store; asserted events count once each.
        ties: ties, usually the register's.
        among: at least two codes.
        on: date of the ties.
        acts: events that others coded, as :func:`detente.record.ask.acts` gives them.
    """
    counted = events.filter((pl.col("modality") == "asserted") & pl.col("same_as").is_null())
    quarrels: Counter[tuple[str, str]] = Counter(dict.fromkeys(combinations(sorted(among), 2), 0))
    drills: Counter[str] = Counter()
    for row in counted.iter_rows(named=True):
        if row["type"] == "COOPERATE" and row["domain"] == "exercise":
            drills.update({*row["source"], *row["target"]})
        if is_hostile(row["type"]):
            pairs = {(min(a, b), max(a, b)) for a in row["source"] for b in row["target"]}
            quarrels.update(pair for pair in pairs if pair in quarrels)
    if acts is not None:
        for a, b, hostile, drilled in _coded(acts, among).iter_rows():
            quarrels[min(a, b), max(a, b)] += hostile
            drills.update({a: drilled, b: drilled})
    pair = max(sorted(quarrels), key=lambda p: quarrels[p])
    close = partners(ties, among, on)
    one, other = ([pair[0]], [pair[1]])
    a, b = (list(among).index(code) for code in pair)
    for i, code in enumerate(among):
        if code not in pair and close[i, a] != close[i, b]:
            (one if close[i, a] > close[i, b] else other).append(code)
    held = [sum(drills[code] for code in side) for side in (one, other)]
    return (one, other) if held[0] >= held[1] else (other, one)


def _coded(acts: pl.LazyFrame, among: Sequence[str]) -> pl.DataFrame:
    hostile = [t.name for t in types() if is_hostile(t.name)]
    drill = (pl.col("type") == "COOPERATE") & (pl.col("domain") == "exercise")
    return (
        acts.filter(pl.col("source").is_in(list(among)), pl.col("target").is_in(list(among)))
        .group_by("source", "target")
        .agg(hostile=pl.col("type").is_in(hostile).sum(), drills=drill.sum())
        .collect()
    )
