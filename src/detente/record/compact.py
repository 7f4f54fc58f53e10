"""Many small batches made few: the same rows in fewer files.

The manifest names the new batches before the old ones go, and the old ones stay for :data:`GRACE`, since a reader may
still hold the manifest that named them. What was read from a report stays with it, so that a reading is whole or not
there. Sightings of all batches are sorted anew by pair, so that a question about two actors opens one file of many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from detente.record import archive
from detente.record.manifest import Batch, Manifest, Retired, written

MANY = 50  # small batches of reports or corrections, or batches of sightings that were not sorted together
SMALL = 10_000  # rows below which a batch of reports or corrections is small
READ = ("events", "claims", "ties", "questions", "reports")  # in the order of writing
GRACE = timedelta(minutes=15)


def loose(held: Manifest, table: str) -> list[Batch]:
    """Batches of a table that a compaction would merge."""
    if table == "sightings":
        return [batch for batch in held.batches if batch.table == table and not batch.merged]
    return [batch for batch in held.batches if batch.table == table and batch.rows < SMALL]


def many(held: Manifest, table: str) -> bool:
    """Whether a table has so many loose batches that they are merged at this writing."""
    return len(loose(held, table)) > MANY


def readings(desk: Path, held: Manifest, now: datetime) -> Manifest:
    """Merge the small batches of reports, and of what was read from these."""
    serials = {batch.serial for batch in loose(held, "reports")}
    groups = [[b for b in held.batches if b.table == table and b.serial in serials] for table in READ]
    return _replaced(desk, held, [(group, [_together(desk, group)]) for group in groups if len(group) > 1], now)


def corrections(desk: Path, held: Manifest, now: datetime) -> Manifest:
    """Merge the small batches of corrections."""
    group = loose(held, "corrections")
    return _replaced(desk, held, [(group, [_together(desk, group)])] if len(group) > 1 else [], now)


def sightings(desk: Path, held: Manifest, now: datetime) -> Manifest:
    """Sort all sightings together by pair and day, a million rows in memory at a time."""
    group = [batch for batch in held.batches if batch.table == "sightings"]
    return _replaced(desk, held, [(group, _by_pair(desk, group))] if len(group) > 1 else [], now)


def swept(desk: Path, held: Manifest, now: datetime) -> Manifest:
    """The manifest without the files that were replaced long enough ago; these are removed."""
    gone = [retired for retired in held.retired if now - retired.since > GRACE]
    for retired in gone:
        (desk / retired.file).unlink(missing_ok=True)
    return msgspec.structs.replace(held, retired=tuple(r for r in held.retired if r not in gone)) if gone else held


def _together(desk: Path, group: list[Batch]) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(desk / batch.file) for batch in group])


def _replaced(
    desk: Path, held: Manifest, merged: Iterable[tuple[list[Batch], Iterable[pl.DataFrame]]], now: datetime
) -> Manifest:
    """Write frames in the place of groups of batches; the first batch of a group gives the new ones their place."""
    serial = held.serial + 1
    places: dict[str, list[Batch]] = {}
    for group, frames in merged:
        table = group[0].table
        datasets = {batch.dataset for batch in group}
        about: dict[str, Any] = {
            "dataset": datasets.pop() if len(datasets) == 1 else "",
            "origin": tuple(sorted({file for batch in group for file in batch.origin})),
            "merged": True,
        }
        for batch in group:
            places[batch.file] = []
        for frame in frames:
            places[group[0].file].append(written(desk, table, serial, frame, **about))
    if not places:
        return held
    batches = [new for batch in held.batches for new in places.get(batch.file, [batch])]
    retired = (*held.retired, *(Retired(file, now) for file in places))
    return msgspec.structs.replace(held, serial=serial, batches=tuple(batches), retired=retired)


def _by_pair(desk: Path, group: list[Batch]) -> Iterator[pl.DataFrame]:
    """All sightings of these batches in one order, in frames of at most about a million rows.

    The batches are sorted themselves, so that a range of actors is read from each of them without the rest.
    """
    frame = pl.scan_parquet([desk / batch.file for batch in group])
    parts = ("source", "target", "_year")
    years = frame.with_columns(pl.col("day").dt.year().alias("_year"))
    counts = years.group_by(parts).len().collect(engine="streaming").sort(parts, nulls_last=True)
    piece = (counts["len"].cum_sum() - 1) // archive.MOST
    for (_,), wanted in counts.with_columns(piece.alias("_piece")).group_by("_piece", maintain_order=True):
        sources = wanted["source"].unique()
        among = pl.col("source").is_between(pl.lit(sources.min()), pl.lit(sources.max()))
        near = years.filter(among | pl.col("source").is_null() if sources.null_count() else among)
        rows = near.join(wanted.lazy().select(parts), on=parts, how="semi", nulls_equal=True)
        yield archive.ordered(rows.select(*archive.SIGHTINGS).collect(engine="streaming"))
