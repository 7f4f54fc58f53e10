"""Panels: how much happened between each pair of actors in each day, week, month or year, zeros included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date as Date
from itertools import combinations, permutations
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from detente import codebook
from detente.actors import register
from detente.errors import DeskError

By = Literal["day", "week", "month", "year"]
Normalise = Literal["share", "per 1,000", "volume"]

_EVERY: Final = {"day": "1d", "week": "1w", "month": "1mo", "year": "1y"}
# A row takes about a hundred bytes; more than this does not fit into an ordinary machine's memory.
MOST_ROWS = 30_000_000

COUNTS: Final = ("events", *(quad.replace(" ", "_") for quad in codebook.QUADS), "reports")
PANEL: Final[dict[str, Any]] = {
    "period": pl.Date,
    "source": pl.String,
    "target": pl.String,
    **dict.fromkeys(COUNTS, pl.Int64),
    "goldstein": pl.Float64,
}
"""Columns of a panel; the counts are shares or rates (Float64) where it is normalised."""


def every(by: str) -> str:
    """How long a period is, in Polars' words.

    Raises:
        DeskError: no such period.
    """
    if by not in _EVERY:
        raise DeskError(f"{by!r} is no period of a panel; those are {', '.join(_EVERY)}.")
    return _EVERY[by]


def panel(
    dyads: pl.LazyFrame,
    by: str = "month",
    *,
    among: Sequence[str] = (),
    everybody: bool = False,
    directed: bool = True,
    since: Date | None = None,
    until: Date | None = None,
    zeros: bool = True,
    volume: pl.LazyFrame | None = None,
    normalise: str | None = None,
) -> pl.DataFrame:
    """Counts by pair and period.

    Args:
        dyads: columns of :func:`detente.record.ask.dyads`.
        by: ``day``, ``week`` (from Monday), ``month`` or ``year``.
        among: all pairs of these actors, whether anything happened between them or not; where none are given, the
            pairs between which anything happened in the whole time.
        everybody: all pairs of actors that occur at all.
        directed: who did it to whom; otherwise each pair once, in alphabetical order.
        since, until: first and last day; those of the events where none are given.
        zeros: rows where nothing happened, too.
        volume: columns ``day`` and ``reports`` of everything reported in the same time; needed to normalise.
        normalise: ``share`` of all events of the period, events ``per 1,000`` of them, or by reporting ``volume``:
            counts as they would be had every period as many reports as the average one.

    Returns:
        Columns :data:`PANEL`, by pair and period. ``events`` also counts those without a type, which no class holds;
        ``goldstein`` is a sum.

    Raises:
        DeskError: no such period or way to normalise; or more rows than fit into memory.
    """
    span = every(by)
    if normalise not in (None, "share", "per 1,000", "volume"):
        raise DeskError(f"{normalise!r} is no way to normalise; those are share, per 1,000 and volume.")
    if among:
        dyads = dyads.filter(pl.col("source").is_in(list(among)), pl.col("target").is_in(list(among)))
    counts = _counted(dyads, span, directed)
    start = since or counts["period"].min()
    end = until or counts["last"].max()
    if not isinstance(start, Date) or not isinstance(end, Date) or start > end:
        return _normalised(pl.DataFrame(schema=PANEL), normalise, volume, span)
    periods = pl.select(period=pl.date_range(pl.lit(start).dt.truncate(span), end, span)).get_column("period")
    pairs = _pairs(counts, among, everybody, directed)
    rows = pairs.height * periods.len()
    if zeros and rows > MOST_ROWS:
        raise DeskError(
            f"{pairs.height:,} pairs in {periods.len():,} periods are {rows:,} rows, more than fit into memory: name "
            "actors, take longer periods or fewer years, or leave out the zeros."
        )
    full = _filled(counts, pairs, periods) if zeros else counts.drop("last").sort("source", "target", "period")
    return _normalised(full.select(*PANEL), normalise, volume, span)


# Pair and period share one integer, by which millions of rows are grouped far faster than by three texts.
_DAYS, _ZERO = 1 << 20, 1 << 19


def _counted(dyads: pl.LazyFrame, span: str, directed: bool) -> pl.DataFrame:
    codes = sorted(register().actors)
    kinds = [t.name for t in codebook.types()]
    one, other = (pl.col(side).cast(pl.Enum(codes)).to_physical().cast(pl.Int64) for side in ("source", "target"))
    if not directed:  # codes are in alphabetical order, and so are their numbers
        one, other = pl.min_horizontal(one, other), pl.max_horizontal(one, other)
    period = pl.col("day").dt.truncate(span).to_physical().cast(pl.Int64) + _ZERO
    quads = {
        quad.replace(" ", "_"): [i for i, t in enumerate(codebook.types()) if t.quad == quad] for quad in codebook.QUADS
    }
    cells = (
        dyads.select(
            "day",
            "goldstein",
            "reports",
            cell=(one * len(codes) + other) * _DAYS + period,
            kind=pl.col("type").cast(pl.Enum(kinds)).to_physical(),
        )
        .group_by("cell")
        .agg(
            pl.len().cast(pl.Int64).alias("events"),
            *(pl.col("kind").is_in(numbers).sum().cast(pl.Int64).alias(name) for name, numbers in quads.items()),
            pl.col("reports").sum(),
            pl.col("goldstein").sum(),
            pl.col("day").max().alias("last"),
        )
        .collect(engine="streaming")
    )
    pair = cells["cell"] // _DAYS
    names = pl.Series(codes, dtype=pl.String)
    return cells.drop("cell").with_columns(
        period=(cells["cell"] % _DAYS - _ZERO).cast(pl.Int32).cast(pl.Date),
        source=names[pair // len(codes)],
        target=names[pair % len(codes)],
    )


def _pairs(counts: pl.DataFrame, among: Sequence[str], everybody: bool, directed: bool) -> pl.DataFrame:
    if everybody and not among:
        among = sorted({*counts["source"], *counts["target"]})
    if among:
        codes = sorted(set(among))
        rows = list(permutations(codes, 2) if directed else combinations(codes, 2))
        return pl.DataFrame(rows, schema={"source": pl.String, "target": pl.String}, orient="row")
    return counts.select("source", "target").unique().sort("source", "target")


def _filled(counts: pl.DataFrame, pairs: pl.DataFrame, periods: pl.Series) -> pl.DataFrame:
    """Every pair in every period: counts are put into their place, which is far cheaper than a join on all rows."""
    length = periods.len()
    place = counts.join(pairs.with_row_index("pair"), on=["source", "target"]).join(
        periods.to_frame().with_row_index("time"), on="period"
    )
    at = place["pair"].to_numpy().astype(np.int64) * length + place["time"].to_numpy()
    values: dict[str, Any] = {}
    for name, kind in ((name, PANEL[name]) for name in (*COUNTS, "goldstein")):
        column = np.zeros(pairs.height * length, dtype=np.float64 if kind == pl.Float64 else np.int64)
        column[at] = place[name].to_numpy()
        values[name] = column
    which = np.repeat(np.arange(pairs.height, dtype=np.uint32), length)
    when = np.tile(np.arange(length, dtype=np.uint32), pairs.height)
    return pl.DataFrame({"period": periods[when], **{c: pairs[c][which] for c in ("source", "target")}, **values})


def _normalised(frame: pl.DataFrame, normalise: str | None, volume: pl.LazyFrame | None, span: str) -> pl.DataFrame:
    if normalise is None or volume is None:
        return frame
    whole = (
        volume.filter(pl.col("day").is_not_null())
        .group_by(period=pl.col("day").dt.truncate(span))
        .agg(n=pl.len().cast(pl.Float64), told=pl.col("reports").sum().cast(pl.Float64))
        .collect(engine="streaming")
    )
    by = {
        "share": pl.col("n"),
        "per 1,000": pl.col("n") / 1000,
        "volume": pl.col("told") / pl.col("told").mean(),
    }[normalise]
    whole = whole.select("period", by=by)
    scaled = frame.join(whole, on="period", how="left", maintain_order="left")
    # A period of which nothing at all is reported says nothing: null, not zero.
    return scaled.with_columns(pl.col(name) / pl.col("by") for name in (*COUNTS, "goldstein")).drop("by")
