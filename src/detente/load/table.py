"""Event files that others made (ICEWS layout, KEDS and any table with the same columns) to one daily table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import polars as pl

from detente.actors import register
from detente.codebook import TYPES, goldstein, to_plover
from detente.errors import CodebookError, LoadError
from detente.load.people import state

COLUMNS: Final = ("day", "source", "target", "type", "cameo", "goldstein", "count")
"""Columns of a daily event table: day, two state codes, PLOVER type, CAMEO code, Goldstein value, number of reports."""

_NAMES: Final = {
    "day": ("day", "date", "event_date", "Event Date"),
    "source": ("source", "source_name", "Source Name"),
    "target": ("target", "target_name", "Target Name"),
    "source_iso": ("source_iso3", "source_code"),
    "target_iso": ("target_iso3", "target_code"),
    "type": ("type", "event_type"),
    "cameo": ("cameo", "code", "cameo_code", "CAMEO Code"),
    "goldstein": ("goldstein", "intensity", "Intensity"),
    "count": ("count",),
}


@dataclass(frozen=True)
class Loaded:
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
    """The daily event table of a file; see :func:`load`, which also says what was left out."""
    return load(path).table


def load(path: str | Path) -> Loaded:
    """Read an event file into a daily table of events between two states.

    Names are resolved to states by date (:func:`detente.load.people.state`); CAMEO codes become PLOVER types. Rows that
    lack a state on either side (organisations, unknown people), happen within one state, or have a code without PLOVER
    type (statements, CAMEO 01) are left out and counted.

    Args:
        path: CSV (also gzipped, comma or tab) or Parquet with a day, a source, a target, and a type or CAMEO code;
            column names as in ICEWS or in :data:`COLUMNS`; ``source_iso3`` and ``target_iso3`` win over names.

    Raises:
        LoadError: the file is missing or lacks a column, has unreadable dates, or holds no usable event.
    """
    path = Path(path)
    raw = _read(path)
    rows = raw.height
    frame = _named(raw, path)
    dropped: dict[str, int] = {}

    def keep(test: pl.Expr, reason: str) -> None:
        nonlocal frame
        before = frame.height
        frame = frame.filter(test)
        dropped[reason] = before - frame.height

    keep(pl.col("day").is_not_null(), "without a readable date")
    frame = _typed(frame)
    keep(pl.col("type").is_not_null(), "without an event type (statements and unknown codes)")
    frame = _placed(frame)
    keep(pl.col("source").is_not_null() & pl.col("target").is_not_null(), "without a known state on both sides")
    keep(pl.col("source") != pl.col("target"), "within one state")
    if frame.is_empty():
        raise LoadError(f"{path.name} holds no event between two states; check its columns source, target and cameo.")
    out = (
        frame.group_by("day", "source", "target", "type", "cameo")
        .agg(goldstein=pl.col("goldstein").mean(), count=pl.col("count").sum())
        .sort("day", "source", "target", "cameo", "type")
        .select(COLUMNS)
    )
    return Loaded(out, dropped, rows, path.name, sha256(path.read_bytes()).hexdigest())


def _read(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise LoadError(f"There is no file {path}.")
    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        tabbed = ".tab" in path.suffixes or ".tsv" in path.suffixes
        return pl.read_csv(path, separator="\t" if tabbed else ",", infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise LoadError(f"{path.name} is neither CSV nor Parquet ({str(error).splitlines()[0]}).") from error


def _named(raw: pl.DataFrame, path: Path) -> pl.DataFrame:
    found = {to: next((c for c in names if c in raw.columns), None) for to, names in _NAMES.items()}
    if missing := [to for to in ("day", "source", "target") if not found[to]]:
        raise LoadError(f"{path.name} lacks a column for {', '.join(missing)}; it has {', '.join(raw.columns)}.")
    if not (found["type"] or found["cameo"]):
        raise LoadError(f"{path.name} has neither a column type (PLOVER) nor cameo.")
    frame = raw.select(
        *(
            (pl.col(c) if c else pl.lit(None, pl.String)).alias(to)
            for to, c in found.items()
            if to not in {"count", "goldstein"}
        ),
        goldstein=pl.col(found["goldstein"]).cast(pl.Float64) if found["goldstein"] else pl.lit(None, pl.Float64),
        count=pl.col(found["count"]).cast(pl.Int64) if found["count"] else pl.lit(1, pl.Int64),
    )
    if frame.schema["day"] == pl.String:
        frame = frame.with_columns(pl.col("day").str.slice(0, 10).str.to_date(strict=False))
    return frame.with_columns(pl.col("day").cast(pl.Date))


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    """Fill type, cameo and goldstein from what the row has."""
    types: dict[str, str | None] = {}
    values: dict[str, float | None] = {}
    for code in frame["cameo"].unique().drop_nulls():
        try:
            types[code], values[code] = to_plover(code)[0], goldstein(code)
        except CodebookError:
            types[code], values[code] = None, None
    own = {t: goldstein(t) for t in TYPES}
    frame = frame.with_columns(
        type=pl.coalesce(
            pl.when(pl.col("type").str.to_uppercase().is_in(TYPES)).then(pl.col("type").str.to_uppercase()),
            pl.col("cameo").replace_strict(types, default=None, return_dtype=pl.String),
        )
    )
    return frame.with_columns(
        cameo=pl.col("cameo").fill_null(""),
        goldstein=pl.coalesce(
            "goldstein",
            pl.col("cameo").replace_strict(values, default=None, return_dtype=pl.Float64),
            pl.col("type").replace_strict(own, default=None, return_dtype=pl.Float64),
        ),
    )


def _placed(frame: pl.DataFrame) -> pl.DataFrame:
    """Replace names by codes of states."""
    states = [a.code for a in register().actors.values() if a.kind == "state"]
    for side in ("source", "target"):
        names = frame.select(name=pl.col(side), day=pl.col("day")).unique(maintain_order=True).drop_nulls()
        codes = [state(name, day) for name, day in names.iter_rows()]
        found = names.with_columns(code=pl.Series(codes, dtype=pl.String))
        frame = frame.join(found, left_on=[side, "day"], right_on=["name", "day"], how="left", maintain_order="left")
        iso = pl.when(pl.col(f"{side}_iso").is_in(states)).then(pl.col(f"{side}_iso"))
        frame = frame.with_columns(pl.coalesce(iso, "code").alias(side)).drop("code")
    return frame
