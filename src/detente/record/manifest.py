"""The manifest: which batches of a desk count.

::

    schema 1    batches
    schema 2    serial, batches with their dataset and origin, loads, retired

A desk of schema 1 opens as it is and takes schema 2 at its next writing.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from msgspec import Struct

from detente.errors import DeskError
from detente.record import disk

SCHEMA = 2
NAME, BEFORE = "manifest.json", "manifest.old.json"
ABOUT = "detente"  # key of what a batch says of itself


class Batch(Struct, frozen=True, omit_defaults=True):
    """One Parquet file of the store.

    Args:
        table: what it holds.
        file: where it lies in the desk.
        rows: how many rows.
        sha256: of the file.
        dataset: of sightings.
        origin: names of the files that its sightings came from.
        merged: a compaction made it.
    """

    table: str
    file: str
    rows: int
    sha256: str
    dataset: str = ""
    origin: tuple[str, ...] = ()
    merged: bool = False

    @property
    def serial(self) -> int:
        """Number of the writing that made it."""
        return int(Path(self.file).name.partition("-")[0])


def written(desk: Path, table: str, serial: int, frame: pl.DataFrame, **about: Any) -> Batch:
    """Write a frame as a batch.

    Args:
        desk: folder of the desk.
        table: which it belongs to.
        serial: number of the writing.
        frame: its rows.
        about: ``dataset``, ``origin``, ``merged``.
    """
    plain = msgspec.json.encode(about).decode()
    name, digest = disk.put_frame(desk / table, serial, frame, {ABOUT: plain} if about else {})
    return Batch(table, f"{table}/{name}", frame.height, digest, **about)


def found(file: Path) -> Batch | None:
    """The batch that a file holds, where it is whole: its name holds the first digits of its digest."""
    serial, _, short = file.stem.partition("-")
    if file.suffix != ".parquet" or not (serial.isdigit() and short):
        return None
    digest = disk.digest(file)
    if not digest.startswith(short):
        return None
    about = msgspec.json.decode(pl.read_parquet_metadata(file).get(ABOUT, "{}"), type=_About)
    rows = pl.scan_parquet(file).select(pl.len()).collect().item()
    table = file.parent.name
    return Batch(table, f"{table}/{file.name}", rows, digest, **msgspec.structs.asdict(about))


class _About(Struct):
    dataset: str = ""
    origin: tuple[str, ...] = ()
    merged: bool = False


class Load(Struct, frozen=True):
    """A file of event data that the desk holds whole.

    Args:
        file: its name.
        sha256: of its bytes.
        dataset: what it is.
        rows: how many sightings it held.
        new: how many of them the desk did not hold.
        rejected: how many lines could not be understood.
        recorded: when it was loaded (UTC).
    """

    file: str
    sha256: str
    dataset: str
    rows: int
    new: int
    rejected: int
    recorded: datetime


class Retired(Struct, frozen=True):
    """A file that a compaction replaced; it goes once no reader can still hold the manifest that named it."""

    file: str
    since: datetime


class Manifest(Struct, frozen=True, kw_only=True):
    """Which batches count.

    Args:
        schema: layout of the desk.
        serial: number of the last writing.
        batches: in the order of writing.
        loads: files that were loaded whole.
        retired: files that no longer count and are not gone yet.
    """

    schema: int = SCHEMA
    serial: int = 0
    batches: tuple[Batch, ...] = ()
    loads: tuple[Load, ...] = ()
    retired: tuple[Retired, ...] = ()


class _Layout(Struct):
    schema: int


def read(desk: Path, name: str = NAME) -> Manifest:
    """The manifest of a desk.

    Args:
        desk: its folder.
        name: of the file.

    Raises:
        DeskError: it cannot be read or is of a newer version.
    """
    path = desk / name
    try:
        raw = path.read_bytes()
        layout = msgspec.json.decode(raw, type=_Layout).schema
        if layout > SCHEMA:
            raise DeskError(f"{desk} was written by a newer Detente (layout {layout}). Upgrade Detente.")
        return upgraded(msgspec.json.decode(raw, type=Manifest))
    except (OSError, msgspec.DecodeError) as error:
        raise DeskError(
            f"{path} cannot be read ({error}). Mend it with: detente doctor --desk {desk} --repair"
        ) from None


def upgraded(manifest: Manifest) -> Manifest:
    """The manifest of an older layout in today's."""
    if manifest.schema == SCHEMA:
        return manifest
    serial = max((batch.serial for batch in manifest.batches), default=0)
    return msgspec.structs.replace(manifest, schema=SCHEMA, serial=serial)


def replace(desk: Path, manifest: Manifest) -> None:
    """Put a manifest in the place of the one before, which is kept beside it for the doctor."""
    path = desk / NAME
    if path.exists():
        raw = path.read_bytes()
        disk.put(desk / BEFORE, lambda file: file.write(raw))
    disk.put(path, lambda file: file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1)))
