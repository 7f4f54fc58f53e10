"""The store of a desk: a folder of Parquet batches and one manifest, written last.

::

    mydesk/
      manifest.json             which batches count, how many rows, their hashes
      events/000001-4f2a….parquet
      reports/… claims/… ties/… questions/…
      writing.lock              held by the one writer

Nothing is overwritten: a reading adds a batch, and the manifest that names it replaces the old one in one step
(temporary name, fsync, rename). A writer that is killed leaves a batch that no manifest names, which readers never see.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from datetime import date as Date
from pathlib import Path
from typing import TypeVar

import filelock
import msgspec
import polars as pl
from msgspec import Struct

from detente.actors import day
from detente.errors import DeskError, DeskLocked
from detente.events import Claim, Event, Question, Reading, Report, Tie
from detente.record.merge import merge
from detente.record.near import near
from detente.record.views import TABLES, tables

SCHEMA = 1
PATIENCE = 10.0  # seconds to wait for another writer
Noun = TypeVar("Noun", Report, Event, Claim, Tie, Question)


class Batch(Struct, frozen=True):
    """One Parquet file of the store."""

    table: str
    file: str
    rows: int
    sha256: str


class Manifest(Struct, frozen=True):
    """Which batches count."""

    schema: int = SCHEMA
    batches: tuple[Batch, ...] = ()


class Added(Struct, frozen=True):
    """What a reading added to the desk."""

    reports: int = 0
    known_already: int = 0
    events: int = 0
    claims: int = 0
    ties: int = 0
    questions: int = 0


class Store:
    """A desk's record on disk.

    Args:
        path: folder of the desk.
        create: make it where it does not exist.

    Raises:
        DeskError: the folder is no desk, was written by a newer version, or cannot be read.

    Example:
        >>> import tempfile
        >>> Store(tempfile.mkdtemp() + "/desk").events().height
        0
    """

    def __init__(self, path: str | Path, *, create: bool = True) -> None:
        self.path = Path(path)
        if not self._manifest_path.exists():
            self._make(create)
        self._near: tuple[object, dict[str, str]] | None = None  # as long as the reports are the same
        self.manifest()  # a desk that cannot be understood says so on opening, not later

    def _make(self, create: bool) -> None:
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise DeskError(f"{self.path} exists and is no desk. Name another folder with --desk.")
        if not create:
            raise DeskError(f"There is no desk at {self.path}. Make one with: detente read ARTICLE --desk {self.path}")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._replace(Manifest())
        except OSError as error:
            raise DeskError(f"Cannot make a desk at {self.path}: {error.strerror}. Name another folder.") from None

    @property
    def _manifest_path(self) -> Path:
        return self.path / "manifest.json"

    def manifest(self) -> Manifest:
        """The batches that count now.

        Raises:
            DeskError: the manifest cannot be read or is of a newer version.
        """
        try:
            manifest = msgspec.json.decode(self._manifest_path.read_bytes(), type=Manifest)
        except (OSError, msgspec.DecodeError) as error:
            raise DeskError(f"{self._manifest_path} cannot be read ({error}). Restore it from a copy.") from None
        if manifest.schema > SCHEMA:
            raise DeskError(f"{self.path} was written by a newer Detente (layout {manifest.schema}). Upgrade Detente.")
        return manifest

    def _replace(self, manifest: Manifest) -> None:
        fresh = self._manifest_path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._manifest_path)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the desk for writing; the lock ends with the process that holds it, however it ends."""
        lock, note = filelock.FileLock(self.path / "writing.lock", timeout=PATIENCE), self.path / "writer.txt"
        try:
            with lock:
                note.write_text(f"process {os.getpid()}", encoding="utf-8")
                yield
        except filelock.Timeout:
            holder = note.read_text(encoding="utf-8") if note.exists() else "another process"
            raise DeskLocked(f"{self.path} is being written by {holder}. Wait for it to end, then try again.") from None

    def add(self, readings: Iterable[Reading], recorded: datetime | None = None) -> Added:
        """Record what was read. Reports that the desk already holds change nothing.

        Args:
            readings: what was read from each report.
            recorded: time of recording; now (UTC) where none is given.

        Raises:
            DeskLocked: another process is writing.
            DeskError: the disk is full or the folder read-only; what was stored before is untouched.
        """
        moment = recorded or datetime.now(UTC).replace(tzinfo=None)
        try:
            with self._writing():
                held = self.held()
                fresh: dict[str, Reading] = {}
                for reading in readings:
                    fresh.setdefault(reading.report.id, reading)
                new = [reading for id_, reading in fresh.items() if id_ not in held]
                frames = tables(new, moment)
                manifest = self.manifest()
                serial = 1 + sum(batch.table == "reports" for batch in manifest.batches)
                batches = [self._write(name, serial, frame) for name, frame in frames.items() if frame.height]
                if batches:
                    self._replace(Manifest(batches=(*manifest.batches, *batches)))
        except OSError as error:
            raise DeskError(
                f"Cannot write to {self.path}: {error.strerror}. What was stored before is intact."
            ) from None
        counts = {name: frame.height for name, frame in frames.items()}
        return Added(known_already=len(fresh) - len(new), **counts)

    def _write(self, table: str, serial: int, frame: pl.DataFrame) -> Batch:
        folder = self.path / table
        folder.mkdir(exist_ok=True)
        fresh = folder / "batch.new"
        frame.write_parquet(fresh, compression="zstd")
        digest = hashlib.sha256(fresh.read_bytes()).hexdigest()
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        name = f"{serial:06d}-{digest[:12]}.parquet"
        fresh.replace(folder / name)
        return Batch(table, f"{table}/{name}", frame.height, digest)

    def table(self, name: str, as_of: Date | str | None = None) -> pl.DataFrame:
        """One table as known by a date: the newest row of each id, in the order in which they became known.

        Args:
            name: ``reports``, ``events``, ``claims``, ``ties`` or ``questions``.
            as_of: only what was known by that day; everything where none is given.

        Raises:
            DeskError: a batch is missing or damaged.
        """
        known_by = day(as_of)
        paths = self._paths(name)
        if not paths:
            return pl.DataFrame(schema=TABLES[name])
        frame = pl.scan_parquet(paths)
        if known_by is not None:
            frame = frame.filter(pl.col("known") <= known_by)
        frame = frame.unique("id", keep="last", maintain_order=True)
        return self._collected(frame, name).sort("known", maintain_order=True)

    def held(self) -> set[str]:
        """Ids of the reports that the desk holds; only their column is read."""
        paths = self._paths("reports")
        return set(self._collected(pl.scan_parquet(paths).select("id"), "reports")["id"]) if paths else set()

    def count(self, name: str, reports: Collection[str], where: pl.Expr | None = None) -> int:
        """How many rows of a table come from these reports.

        Args:
            name: ``events``, ``claims``, ``ties`` or ``questions``.
            reports: ids of reports.
            where: counts only rows of which this is true.

        Raises:
            DeskError: a batch is missing or damaged.
        """
        paths = self._paths(name)
        if not paths or not reports:
            return 0
        wanted = pl.col("report").is_in(list(reports)) & (pl.lit(True) if where is None else where)
        rows = pl.scan_parquet(paths).filter(wanted).select(pl.col("id").n_unique())
        return int(self._collected(rows, name).item())

    def each(self, noun: type[Noun], reports: Collection[str]) -> Iterator[Noun]:
        """The events (claims, ties, questions) of these reports in the order of reading, a batch in memory at a time.

        Raises:
            DeskError: a batch is missing or damaged.
        """
        name, wanted = noun.__name__.lower() + "s", list(reports)
        for path in self._paths(name):
            yield from nouns(
                self._collected(pl.scan_parquet(path).filter(pl.col("report").is_in(wanted)).select("json"), name), noun
            )

    def _paths(self, name: str) -> list[Path]:
        return [self.path / batch.file for batch in self.manifest().batches if batch.table == name]

    def _collected(self, frame: pl.LazyFrame, name: str) -> pl.DataFrame:
        try:
            return frame.collect()
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DeskError(f"A batch of {self.path}/{name} cannot be read: {error}. Restore it from a copy.") from None

    def reports(self, as_of: Date | str | None = None) -> pl.DataFrame:
        """Reports known by a date."""
        return self.table("reports", as_of)

    def events(self, as_of: Date | str | None = None) -> pl.DataFrame:
        """Events known by a date, duplicates marked: ``same_as`` names the first report of the same event.

        Nothing is stored of the merging, so it follows what was known by the date and can always be undone.
        """
        return merge(self.table("events", as_of), self.near(as_of))

    def near(self, as_of: Date | str | None = None) -> dict[str, str]:
        """Reports known by a date that nearly copy another, and the one that each copies: worked out, not stored."""
        key = (tuple(self._paths("reports")), as_of)
        if self._near is None or self._near[0] != key:
            reports = nouns(self.table("reports", as_of), Report)
            self._near = key, near((report.id, report.text) for report in reports)
        return self._near[1]

    def claims(self, as_of: Date | str | None = None) -> pl.DataFrame:
        """Claims known by a date."""
        return self.table("claims", as_of)

    def ties(self, as_of: Date | str | None = None) -> pl.DataFrame:
        """Ties that reports known by a date name."""
        return self.table("ties", as_of)

    def questions(self, as_of: Date | str | None = None) -> pl.DataFrame:
        """What the reader left to the analyst, in reports known by a date."""
        return self.table("questions", as_of)


def nouns(frame: pl.DataFrame, noun: type[Noun]) -> list[Noun]:
    """The nouns that a frame of the store holds, whole.

    Example:
        >>> nouns(pl.DataFrame(schema=TABLES["events"]), Event)
        []
    """
    decoder = msgspec.json.Decoder(noun)
    return [decoder.decode(line) for line in frame["json"]]
