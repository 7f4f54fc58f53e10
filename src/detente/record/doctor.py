"""Looks a desk over, and mends what can be mended without losing anything.

Nothing is thrown away that the desk does not hold: what does not count, or cannot be read, goes to ``lost+found``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
import polars as pl
from msgspec import Struct

from detente.errors import DeskError, DeskLocked
from detente.record import aside, compact, disk, manifest
from detente.record.archive import SIGHTINGS
from detente.record.corrections import CORRECTIONS
from detente.record.manifest import Batch, Manifest
from detente.record.store import PATIENCE, Store
from detente.record.views import TABLES

ROOM = 200_000_000  # bytes that a desk should have free, besides what a compaction needs

Kind = Literal["manifest", "missing", "damaged", "left over", "disk space", "writer", "compaction"]


class Finding(Struct, frozen=True):
    """Something about a desk that is not as it should be.

    Args:
        kind: what sort of thing.
        file: where, within the desk; empty where it concerns the whole.
        words: what it is, and the remedy.
        mended: whether it was mended now.
    """

    kind: Kind
    file: str
    words: str
    mended: bool = False


class Health(Struct, frozen=True):
    """How a desk is.

    Args:
        desk: its folder.
        batches, rows, loads: how many of each were checked.
        findings: what is not as it should be.
    """

    desk: str
    batches: int
    rows: int
    loads: int
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is lost or left to be mended."""
        return all(f.mended or f.kind in ("disk space", "writer", "compaction") for f in self.findings)

    def frame(self) -> pl.DataFrame:
        """The findings, one row each: ``kind``, ``file``, ``words``, ``mended``."""
        schema = {"kind": pl.String, "file": pl.String, "words": pl.String, "mended": pl.Boolean}
        return pl.DataFrame([msgspec.structs.astuple(f) for f in self.findings], schema=schema, orient="row")

    def summary(self) -> str:
        """The findings in words."""
        checked = f"{self.desk}: {self.batches:,} batches with {self.rows:,} rows, {self.loads:,} files loaded whole."
        lines = [f"{'Mended: ' if f.mended else ''}{f.file + ': ' if f.file else ''}{f.words}" for f in self.findings]
        end = "Nothing is wrong." if not lines else "" if self.sound else "Mend what can be mended with: --repair"
        return "\n".join(filter(None, [checked, *lines, end]))


def doctor(desk: str | Path | Store, *, repair: bool = False) -> Health:
    """Check hashes, columns and rows of every batch, the manifest, files left over, locks and room on the disk.

    Args:
        desk: folder of the desk, or the desk's store.
        repair: mend what can be mended: a damaged manifest comes from the one before and the batches on the disk; a
            batch that is missing or damaged no longer counts, with all that was stored together with it, so that
            reading the same articles or loading the same files brings all of it back; files left over are put aside,
            or removed where the desk holds all their rows.

    Raises:
        DeskError: no desk there, one of a newer version, or it cannot be written (with ``repair``).
        DeskLocked: another process is writing (with ``repair``).

    Example:
        >>> import tempfile
        >>> doctor(Store(tempfile.mkdtemp() + "/desk")).sound
        True
    """
    path = desk.path if isinstance(desk, Store) else Path(desk)
    if not any((path / name).exists() for name in (manifest.NAME, manifest.BEFORE)):
        raise DeskError(f"There is no desk at {path}.")
    if not repair:
        return _looked_over(path)
    try:
        with disk.writing(path, PATIENCE):
            findings = list(_mended(path))
    except OSError as error:
        raise DeskError(f"Cannot mend {path}: {disk.why(error)}") from error
    left = _looked_over(path)
    return msgspec.structs.replace(left, findings=(*findings, *left.findings))


def _looked_over(path: Path) -> Health:
    findings: list[Finding] = []
    held = _readable(path, findings)
    findings += [
        Finding(fault[0], batch.file, f"{fault[1]} {_remedy(path, held, batch)}")
        for batch in held.batches
        if (fault := _fault(path, batch))
    ]
    try:
        with disk.writing(path, 0, note=False):
            findings += [
                Finding("left over", str(stray.relative_to(path)), "is part of no finished writing; nothing needs it.")
                for stray in aside.strays(path, held)
            ]
    except DeskLocked as error:
        findings.append(Finding("writer", "", str(error)))
    except (DeskError, OSError) as error:
        findings.append(Finding("writer", "", f"This desk can be read but not written: {error}"))
    findings += _advice(path, held)
    rows = sum(batch.rows for batch in held.batches)
    return Health(str(path), len(held.batches), rows, len(held.loads), tuple(findings))


def _advice(path: Path, held: Manifest) -> Iterator[Finding]:
    sizes = sum(f.stat().st_size for f in (path / "sightings").glob("*.parquet"))
    free = shutil.disk_usage(path).free
    if free < ROOM + sizes:
        yield Finding("disk space", "", f"{free / 1e6:,.0f} MB are free; a compaction needs {sizes / 1e6:,.0f} MB.")
    loose = len(compact.loose(held, "sightings"))
    if loose > compact.MANY // 5:
        yield Finding(
            "compaction",
            "",
            f"{loose} batches of sightings are not sorted together; sorted, they answer faster: compact.",
        )


def _readable(path: Path, findings: list[Finding]) -> Manifest:
    """The manifest, or else the one before."""
    try:
        return manifest.read(path)
    except DeskError as error:
        if "newer" in str(error):
            raise
        findings.append(Finding("manifest", manifest.NAME, "cannot be read. It can be made anew from what is on disk."))
    try:
        return manifest.read(path, manifest.BEFORE)
    except DeskError:
        return Manifest()


def _fault(path: Path, batch: Batch) -> tuple[Kind, str] | None:
    """What is wrong with a batch."""
    file = path / batch.file
    if not file.exists():
        return "missing", "is not there."
    try:
        if disk.digest(file) != batch.sha256:
            return "damaged", "is not as it was written."
        schema = pl.read_parquet_schema(file)
        rows = pl.scan_parquet(file).select(pl.len()).collect().item()
    except (OSError, pl.exceptions.PolarsError) as error:
        return "damaged", f"cannot be read ({error})."
    if lacking := [name for name in _columns(batch.table) if name not in schema]:
        return "damaged", f"lacks the columns {', '.join(lacking)}."
    if rows != batch.rows:
        return "damaged", f"holds {rows:,} rows where {batch.rows:,} were written."
    return None


def _columns(table: str) -> Sequence[str]:
    known: dict[str, dict[str, Any]] = {
        **TABLES,
        "sightings": SIGHTINGS,
        "originals": {"key": pl.UInt64, "original": pl.Struct},
        "corrections": CORRECTIONS,
    }
    return list(known[table])


def _remedy(path: Path, held: Manifest, batch: Batch) -> str:
    """What brings a batch back."""
    repair = "Run doctor with --repair, then"
    if batch.origin:
        return f"It came from {_some(batch.origin)}. {repair} load that again: what is missing comes back."
    if batch.table == "corrections":
        return "Restore it from a copy; without it, its corrections do not count."
    mates = [b for b in held.batches if b.table == "reports" and b.serial == batch.serial]
    try:
        named = pl.concat([pl.read_parquet(path / b.file, columns=["path", "title", "id"]) for b in mates])
    except (OSError, pl.exceptions.PolarsError, ValueError):
        return f"{repair} read its articles again."
    names = tuple(row["path"] or row["title"] or row["id"] for row in named.iter_rows(named=True))
    return f"It came from {_some(names)}. {repair} read that again: what is missing comes back."


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


# -- mending -------------------------------------------------------------------------------------------------------


def _mended(path: Path) -> Iterator[Finding]:
    """Mend a desk that is held for writing."""
    faults: list[Finding] = []
    held = _readable(path, faults)
    if faults:
        held = _rebuilt(path, held)
        yield Finding("manifest", manifest.NAME, f"made anew; it names {len(held.batches)} batches.", mended=True)
    bad = {batch.file: fault for batch in held.batches if (fault := _fault(path, batch))}
    gone = [batch for batch in held.batches if batch.file in bad]
    for batch in gone:
        kind, words = bad[batch.file]
        yield Finding(kind, batch.file, f"{words} {_remedy(path, held, batch)}", mended=True)
    if gone:
        held = _paired(path, _without(held, gone))
    if faults or gone:
        manifest.replace(path, held)
    swept = compact.swept(path, held, datetime.now(UTC).replace(tzinfo=None))
    if swept is not held:
        manifest.replace(path, swept)
    strays = [str(stray.relative_to(path)) for stray in aside.strays(path, swept)]
    aside.put_aside(path, swept)
    for name in strays:
        yield Finding(
            "left over", name, f"put aside in {aside.FOLDER}, or removed where the desk holds it.", mended=True
        )
    _drop_held(path, swept)


def _without(held: Manifest, gone: Sequence[Batch]) -> Manifest:
    """The manifest without batches, what was read together with them, and the loads that they came from."""
    serials = {batch.serial for batch in gone if batch.table in compact.READ}
    files = {batch.file for batch in gone}
    origins = {file for batch in gone for file in batch.origin}
    return msgspec.structs.replace(
        held,
        batches=tuple(
            b for b in held.batches if b.file not in files and not (b.table in compact.READ and b.serial in serials)
        ),
        loads=tuple(load for load in held.loads if load.file not in origins),
    )


def _paired(path: Path, held: Manifest) -> Manifest:
    """The manifest with sightings and originals of the same keys: one without the other would not come back."""
    sides = {table: [b for b in held.batches if b.table == table] for table in ("originals", "sightings")}
    keys = {table: _keys(path, batches) for table, batches in sides.items()}
    both = pl.concat(keys.values()).to_frame("key").group_by("key").len().filter(pl.col("len") == 2)["key"]
    serial, batches = held.serial + 1, list(held.batches)
    for batch in [b for group in sides.values() for b in group]:
        frame = pl.read_parquet(path / batch.file)
        kept = frame.filter(pl.col("key").is_in(both.implode()))
        if kept.height < frame.height:
            at = batches.index(batch)
            batches[at : at + 1] = [_rewritten(path, batch, serial, kept)] if kept.height else []
    return msgspec.structs.replace(held, serial=serial, batches=tuple(batches))


def _rewritten(path: Path, batch: Batch, serial: int, frame: pl.DataFrame) -> Batch:
    about = {name: value for name in ("dataset", "origin", "merged") if (value := getattr(batch, name))}
    return manifest.written(path, batch.table, serial, frame, **about)


def _keys(path: Path, batches: Sequence[Batch]) -> pl.Series:
    none = pl.Series("key", [], dtype=pl.UInt64)
    return pl.concat([none, *(pl.read_parquet(path / b.file, columns=["key"])["key"] for b in batches)])


def _rebuilt(path: Path, base: Manifest) -> Manifest:
    """A manifest of what lies on the disk, from one that may be older.

    A batch counts where its file is whole (its name holds the first digits of its hash) and the desk does not hold its
    rows already; of what was read, where the batch of its reports is there, which is written last.
    """
    found = sorted(
        (batch for stray in aside.strays(path, base) if (batch := manifest.found(stray)) is not None),
        key=lambda batch: batch.serial,
    )
    reported = {batch.serial for batch in found if batch.table == "reports"}
    held = list(base.batches)
    for batch in found:
        if batch.table in compact.READ and batch.serial not in reported:
            continue
        new = _not_held(path, held, path / batch.file, batch.table).collect()
        if new.height:
            held.append(batch if new.height == batch.rows else _rewritten(path, batch, batch.serial, new))
    serial = max((batch.serial for batch in held), default=0)
    return _paired(path, msgspec.structs.replace(base, serial=max(serial, base.serial), batches=tuple(held)))


def _not_held(path: Path, held: Sequence[Batch], file: Path, table: str) -> pl.LazyFrame:
    """The rows of a file that no batch holds."""
    paths = [path / batch.file for batch in held if batch.table == table]
    by = ["key"] if table in ("sightings", "originals") else list(CORRECTIONS) if table == "corrections" else ["id"]
    frame = pl.scan_parquet(file)
    if not paths:
        return frame
    rows = pl.concat([pl.scan_parquet(one).select(by) for one in paths])
    return frame.join(rows, on=by, how="anti", nulls_equal=True)


def _drop_held(path: Path, held: Manifest) -> None:
    """Remove what was put aside where the desk holds all of it."""
    for file in sorted((path / aside.FOLDER).glob("*.parquet")):
        table = file.name.partition("-")[0]
        try:
            if table in aside.TABLES and _not_held(path, held.batches, file, table).collect().is_empty():
                file.unlink()
        except pl.exceptions.PolarsError:
            continue  # a file that cannot be read may still be of use to somebody
