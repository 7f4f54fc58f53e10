"""Event files that others made, to one daily table of what states did to each other: what the reaction model learns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

import polars as pl

from detente.actors import state_codes
from detente.errors import LoadError
from detente.load.formats import recognised
from detente.load.mapped import TABLE, mapping

COLUMNS: Final = ("day", "source", "target", "type", "cameo", "goldstein", "count")
"""Columns of a daily event table: day, two state codes, PLOVER type, CAMEO code, Goldstein value, number of reports."""

_KEY: Final = ("day", "source", "target", "type", "cameo")
_SCHEMA: Final[dict[str, Any]] = {
    "day": pl.Date,
    "source": pl.String,
    "target": pl.String,
    "type": pl.String,
    "cameo": pl.String,
    "goldstein": pl.Float64,
    "count": pl.Int64,
}


@dataclass(frozen=True)
class Daily:
    """A daily event table, and what of the file did not go into it.

    Args:
        table: columns :data:`COLUMNS`, sorted by day, source, target, code.
        dropped: numbers of rows left out, by reason.
        rows: number of rows of the file.
        name, sha256: of the file.
    """

    table: pl.DataFrame
    dropped: Mapping[str, int]
    rows: int
    name: str
    sha256: str

    def summary(self) -> str:
        """One line on what was kept and what was not."""
        kept = int(self.table["count"].sum())
        losses = "; ".join(f"{n} {reason}" for reason, n in self.dropped.items() if n)
        return f"{self.name}: {kept} of {self.rows} rows are events between two states. Left out: {losses or 'none'}."


def table(path: str | Path) -> pl.DataFrame:
    """The daily event table of a file; see :func:`daily`, which also says what was left out."""
    return daily(path).table


def daily(path: str | Path, format: str = "auto", *, map: str | Path | None = None) -> Daily:
    """Read an event file into a daily table of events between two states.

    Rows that lack a state on either side (organisations, unknown people), happen within one state, or have a code
    without PLOVER type (statements, CAMEO 01) are left out and counted.

    Args:
        path: a file of any format that :func:`detente.load.load` reads, or Parquet with the same columns as a table.
        format: as there. map: as there.

    Raises:
        LoadError: the file is no event data, or holds no usable event.
    """
    path = Path(path)
    found = recognised(path, format, mapping(Path(map)) if map is not None else None)
    states = state_codes()
    dropped: Counter[str] = Counter()
    sums = pl.DataFrame(schema=_SCHEMA | {"values": pl.Int64})
    rows = 0
    for chunk in found.read(found.sighted()):
        undated = sum(reject.reason == "no readable date" for reject in chunk.rejects)
        dropped["without a readable date"] += undated
        if strange := len(chunk.rejects) - undated:
            dropped["not to be understood"] += strange
        rows += len(chunk.rejects) + chunk.frame.height
        if chunk.frame.is_empty():
            continue
        frame = chunk.frame.with_columns(count=pl.col("reports") if found.format is TABLE else pl.lit(1, pl.Int64))
        for reason, keep in (
            ("without an event type (statements and unknown codes)", pl.col("type").is_not_null()),
            ("without a known state on both sides", pl.col("source").is_in(states) & pl.col("target").is_in(states)),
            ("within one state", pl.col("source") != pl.col("target")),
        ):
            kept = frame.filter(keep)
            dropped[reason] += frame.height - kept.height
            frame = kept
        part = (
            frame.with_columns(pl.col("cameo").fill_null(""))
            .group_by(_KEY)
            .agg(
                pl.col("goldstein").sum(),
                count=pl.col("count").sum(),
                values=pl.col("goldstein").count().cast(pl.Int64),
            )
        )
        sums = pl.concat([sums, part.select(sums.columns)]).group_by(_KEY).agg(pl.all().sum())
    if sums.is_empty():
        raise LoadError(f"{path.name} holds no event between two states; check its columns source, target and cameo.")
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    out = sums.with_columns(pl.col("goldstein") / pl.col("values")).sort("day", "source", "target", "cameo", "type")
    return Daily(out.select(COLUMNS), dict(dropped), rows, path.name, digest)
