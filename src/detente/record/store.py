"""The store of a desk: a folder of Parquet batches and one manifest, written last.

::

    mydesk/
      manifest.json             which batches count, how many rows, their hashes; which files were loaded
      manifest.old.json         the one before it
      reports/000001-4f2a….parquet
      events/… claims/… ties/… questions/…
      sightings/… originals/…   event data that others coded (record/archive.py)
      corrections/…             what the analyst changed (record/corrections.py)
      rejects/001-name.csv      lines of loaded files that could not be understood (load/loading.py)
      lost+found/…              what killed writers left
      writing.lock, writer.txt  held by the one writer

Nothing is overwritten: a reading adds a batch, and the manifest that names it replaces the old one in one step
(record/disk.py). A writer that is killed leaves files that no manifest names, which readers never see; the next opening
says so and puts them aside.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from datetime import date as Date
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import polars as pl
from msgspec import Struct

from detente.actors import day
from detente.errors import DeskError, DeskLocked, DetenteWarning
from detente.events import Claim, Event, Question, Reading, Report, Tie
from detente.record import archive, aside, compact, corrections, disk, manifest
from detente.record.archive import SIGHTINGS, AddedSightings, Keys
from detente.record.manifest import Batch, Load, Manifest
from detente.record.merge import merge
from detente.record.near import near
from detente.record.views import TABLES, tables

PATIENCE = 10.0  # seconds to wait for another writer
Noun = TypeVar("Noun", Report, Event, Claim, Tie, Question)


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
        if not any((self.path / name).exists() for name in (manifest.NAME, manifest.BEFORE)):
            self._make(create)
        self._near: tuple[object, dict[str, str]] | None = None  # as long as the reports are the same
        self._ids: dict[str, set[str]] = {}  # of reports, by batch
        self._keys: tuple[set[str], Keys] | None = None  # of sightings, and the batches that they are from
        self.manifest()  # a desk that cannot be understood says so on opening, not later
        self._look()

    def _make(self, create: bool) -> None:
        if self.path.exists() and not (self.path.is_dir() and all(p.suffix == disk.FRESH for p in self.path.iterdir())):
            raise DeskError(f"{self.path} exists and is no desk. Name another folder with --desk.")
        if not create:
            raise DeskError(
                f"There is no desk at {self.path}. Make one with: detente read ARTICLE --desk {self.path}, or of event "
                f"data with: detente load auto FILE --desk {self.path}"
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._replace(Manifest())
        except OSError as error:
            raise DeskError(f"Cannot make a desk at {self.path}: {error.strerror}. Name another folder.") from None

    def _look(self) -> None:
        """Put aside what a killed writer left, and say so; not while a writer is at work."""
        who = disk.writer(self.path)
        if not who:
            return
        try:
            with disk.writing(self.path, patience=0):
                lost = aside.put_aside(self.path, self.manifest())
        except (DeskLocked, OSError):  # somebody writes, or the desk may only be read
            return
        if lost:
            warnings.warn(
                f"{who} did not finish writing to {self.path}. {lost} file{'s' if lost > 1 else ''} that it left, "
                f"never reported as stored, went to {self.path / aside.FOLDER}; what was stored is intact.",
                DetenteWarning,
                stacklevel=3,
            )

    def manifest(self) -> Manifest:
        """The batches that count now.

        Raises:
            DeskError: the manifest cannot be read or is of a newer version.
        """
        return manifest.read(self.path)

    def _replace(self, fresh: Manifest) -> None:
        manifest.replace(self.path, fresh)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the desk for writing, and say what went wrong where the disk does not take it."""
        try:
            unfinished = bool(disk.writer(self.path))
            with disk.writing(self.path, PATIENCE):
                held = self.manifest()
                if unfinished:
                    aside.put_aside(self.path, held)
                if (fresh := compact.swept(self.path, held, _now())) is not held:
                    self._replace(fresh)
                yield
        except OSError as error:
            raise DeskError(
                f"Cannot write to {self.path}: {disk.why(error)} What was stored before is intact."
            ) from error

    def add(self, readings: Iterable[Reading], recorded: datetime | None = None) -> Added:
        """Record what was read. Reports that the desk already holds change nothing.

        Args:
            readings: what was read from each report.
            recorded: time of recording; now (UTC) where none is given.

        Raises:
            DeskLocked: another process is writing.
            DeskError: the disk is full or the folder read-only; what was stored before is untouched.
        """
        moment = recorded or _now()
        with self._writing():
            held = self.held()
            fresh: dict[str, Reading] = {}
            for reading in readings:
                fresh.setdefault(reading.report.id, reading)
            new = [reading for id_, reading in fresh.items() if id_ not in held]
            frames = tables(new, moment)
            if new:
                # Reports come last: where they lie on the disk, so does all that was read from them.
                self._commit(sorted(frames.items(), key=lambda item: item[0] == "reports"))
                if compact.many(self.manifest(), "reports"):
                    self._replace(compact.readings(self.path, self.manifest(), moment))
        counts = {name: frame.height for name, frame in frames.items()}
        return Added(known_already=len(fresh) - len(new), **counts)

    def _commit(self, frames: Iterable[tuple[str, pl.DataFrame]], **about: Any) -> Manifest:
        """Write batches, then the manifest that names them."""
        held = self.manifest()
        serial = held.serial + 1
        batches = [
            manifest.written(self.path, table, serial, frame, **about) for table, frame in frames if frame.height
        ]
        fresh = msgspec.structs.replace(held, serial=serial, batches=(*held.batches, *batches))
        self._replace(fresh)
        return fresh

    def table(self, name: str, as_of: Date | str | None = None) -> pl.DataFrame:
        """One table as known by a date: the newest row of each id, in the order in which they became known.

        Args:
            name: ``reports``, ``events``, ``claims``, ``ties`` or ``questions``.
            as_of: only what was known by that day; everything where none is given.

        Raises:
            DeskError: a batch is missing or damaged.
        """
        known_by = day(as_of)

        def newest(frame: pl.LazyFrame) -> pl.LazyFrame:
            if known_by is not None:
                frame = frame.filter(pl.col("known") <= known_by)
            return frame.unique("id", keep="last", maintain_order=True)

        frame = self._ask(name, newest, TABLES[name])
        if name == "events":
            frame = corrections.applied(frame, self.newest_corrections(known_by))
        return frame.sort("known", maintain_order=True)

    def held(self) -> set[str]:
        """Ids of the reports that the desk holds; only their column is read, of each batch once."""
        batches = [batch for batch in self.manifest().batches if batch.table == "reports"]
        for batch in batches:
            if batch.file not in self._ids:
                ids = self._ask("reports", lambda frame: frame.select("id"), {"id": pl.String}, [batch])
                self._ids[batch.file] = set(ids["id"])
        self._ids = {batch.file: self._ids[batch.file] for batch in batches}
        return set().union(*self._ids.values())

    def count(self, name: str, reports: Collection[str], where: pl.Expr | None = None) -> int:
        """How many rows of a table come from these reports.

        Args:
            name: ``events``, ``claims``, ``ties`` or ``questions``.
            reports: ids of reports.
            where: counts only rows of which this is true.

        Raises:
            DeskError: a batch is missing or damaged.
        """
        if not reports:
            return 0
        wanted = pl.col("report").is_in(list(reports)) & (pl.lit(True) if where is None else where)
        return self._ask(name, lambda frame: frame.filter(wanted).select("id").unique(), {"id": pl.String}).height

    def each(self, noun: type[Noun], reports: Collection[str]) -> Iterator[Noun]:
        """The events (claims, ties, questions) of these reports as read, in the order of reading.

        A batch is in memory at a time.

        Raises:
            DeskError: a batch is missing or damaged.
        """
        name, wanted = noun.__name__.lower() + "s", pl.col("report").is_in(list(reports))
        for batch in self.manifest().batches:
            if batch.table == name:
                rows = self._ask(name, lambda f: f.filter(wanted).select("json"), {"json": pl.String}, [batch])
                yield from nouns(rows, noun)

    def _ask(
        self,
        name: str,
        question: Callable[[pl.LazyFrame], pl.LazyFrame],
        empty: dict[str, Any],
        batches: Collection[Batch] | None = None,
    ) -> pl.DataFrame:
        """Put a question to the batches of a table; once more where a compaction took one away meanwhile."""
        for last in (False, True):
            asked = [b for b in self.manifest().batches if b.table == name] if batches is None or last else batches
            if not asked:
                return pl.DataFrame(schema=empty)
            try:
                return question(pl.scan_parquet([self.path / batch.file for batch in asked])).collect()
            except FileNotFoundError as error:
                if last or batches is not None:
                    raise self._damaged(name, error) from None
            except (OSError, pl.exceptions.PolarsError) as error:
                raise self._damaged(name, error) from None
        raise AssertionError

    def compact(self) -> None:
        """Merge small batches, and sort all sightings together by pair and day; every answer stays as it is.

        Happens by itself at the writing that makes more than :data:`detente.record.compact.MANY` small batches. The
        files replaced go at a writing a quarter of an hour later, since somebody may still be reading them.

        Raises:
            DeskLocked: another process is writing.
            DeskError: the disk is full or the folder read-only; what was stored before is untouched.
        """
        with self._writing():
            for merge_ in (compact.readings, compact.corrections, compact.sightings):
                self._replace(merge_(self.path, self.manifest(), _now()))

    def _paths(self, name: str) -> list[Path]:
        return [self.path / batch.file for batch in self.manifest().batches if batch.table == name]

    def _damaged(self, name: str, error: Exception) -> DeskError:
        return DeskError(
            f"A batch of {self.path / name} cannot be read: {error}. See what is damaged, and how it comes back, with: "
            f"detente doctor --desk {self.path}"
        )

    # -- event data that others coded ----------------------------------------------------------------------------

    def add_sightings(
        self,
        chunks: Iterable[pl.DataFrame],
        *,
        dataset: str,
        file: str,
        sha256: str,
        recorded: datetime | None = None,
        rejected: Callable[[], int] = lambda: 0,
        progress: Callable[[int], object] | None = None,
    ) -> AddedSightings:
        """Record the rows of a file of event data; rows that the desk already holds change nothing.

        Each chunk is stored for good before the next is taken, so a load that is cut short goes on where it stopped
        when it is called again: what is held is told by its key. Memory is that of a chunk, and 8 bytes for each
        sighting of the desk.

        Args:
            chunks: frames with the columns of :data:`SIGHTINGS` and ``original``, a struct of the file's own columns.
            dataset: what the file is.
            file, sha256: its name, and the hash of its bytes.
            recorded: time of recording; now (UTC) where none is given.
            rejected: asked at the end, how many lines could not be understood.
            progress: called with the number of rows taken so far, each time that these are stored.

        Raises:
            DeskLocked: another process is writing.
            DeskError: the disk is full or the folder read-only; what was stored before is untouched.
        """
        rows = new = 0
        with self._writing(), self._keys_held() as keys:
            for chunk in chunks:
                for piece in chunk.iter_slices(archive.MOST):
                    new_ones = keys.fresh(piece["key"].to_numpy())
                    fresh = piece if new_ones.all() else piece.filter(pl.Series(new_ones))
                    if fresh.height:
                        frames = archive.parted(fresh, dataset)
                        self._commit(frames.items(), dataset=dataset, origin=(file,))
                    new += fresh.height
                    rows += piece.height
                if progress:
                    progress(rows)
            held = self.manifest()
            if all(load.sha256 != sha256 for load in held.loads):
                load = Load(file, sha256, dataset, rows, new, rejected(), recorded or _now())
                self._replace(msgspec.structs.replace(held, loads=(*held.loads, load)))
            if compact.many(held, "sightings"):
                self._replace(compact.sightings(self.path, self.manifest(), _now()))
        return AddedSightings(rows, new, rows - new)

    @contextmanager
    def _keys_held(self) -> Iterator[Keys]:
        """Keys of the sightings that the desk holds, read once as long as nobody else writes."""
        batches = [batch for batch in self.manifest().batches if batch.table == "sightings"]
        files = {batch.file for batch in batches}
        if self._keys is None or self._keys[0] != files:
            held = (self._ask("sightings", lambda f: f.select("key"), SIGHTINGS, [b])["key"] for b in batches)
            self._keys = files, Keys(keys.to_numpy() for keys in held)
        keys, self._keys = self._keys[1], None  # what fails halfway is read again
        yield keys
        self._keys = {batch.file for batch in self.manifest().batches if batch.table == "sightings"}, keys

    def loaded(self, sha256: str) -> Load | None:
        """The load of a file with this hash, where the desk holds it whole."""
        return next((load for load in self.manifest().loads if load.sha256 == sha256), None)

    def sightings(self, as_of: Date | str | None = None) -> pl.LazyFrame:
        """Event data that others coded, as known by a date: lazily, so that filters reach the disk.

        Args:
            as_of: only what was known by that day, corrected as was known then; everything where none is given.

        Returns:
            Columns of :data:`SIGHTINGS`, in no set order.
        """
        known_by = day(as_of)
        paths = self._paths("sightings")
        if not paths:
            return pl.LazyFrame(schema=SIGHTINGS)
        frame = pl.scan_parquet(paths)
        if known_by is not None:
            frame = frame.filter(pl.col("known") <= known_by)
        return corrections.lazily(frame, self.newest_corrections(known_by), known_by)

    def originals(self, dataset: str, as_of: Date | str | None = None) -> pl.LazyFrame:
        """Every column of a dataset's files as they print it, by key of the sighting: lazily.

        Corrections do not touch them. Files of one dataset may differ in their columns; what a file lacks is null.

        Args:
            dataset: as in the column of that name.
            as_of: only what was known by that day.
        """
        known_by = day(as_of)
        held = [b for b in self.manifest().batches if b.table == "originals" and b.dataset == dataset]
        paths = [self.path / batch.file for batch in held]
        if not paths:
            return pl.LazyFrame(schema={"key": pl.UInt64})
        frame = archive.unpacked(paths)
        if known_by is None:
            return frame
        known = pl.scan_parquet(self._paths("sightings")).filter(pl.col("known") <= known_by).select("key")
        return frame.join(known, on="key", how="semi")

    # -- what the analyst changes --------------------------------------------------------------------------------

    def correct(
        self, id_: str, changes: Mapping[str, Any], *, reason: str = "", known: Date | str | None = None
    ) -> None:
        """State that an event was otherwise than it was read or coded. What was stored stays; see :meth:`history`.

        Args:
            id_: of an event that was read, or of a sighting (``"icews:00000000000000ff"``).
            changes: new values by field.
            reason: why, in the analyst's words.
            known: since when this is known; today where none is given. A question as of an earlier day gets what was
                believed then.

        Raises:
            DeskError: no such event or field, or a value that the field cannot take.
        """
        self._correct(id_, "changed", changes, reason, known)

    def reject(self, id_: str, *, reason: str = "", known: Date | str | None = None) -> None:
        """Leave an event out of every answer from now on.

        Raises:
            DeskError: no such event.
        """
        self._correct(id_, "rejected", {}, reason, known)

    def restore(self, id_: str, *, reason: str = "", known: Date | str | None = None) -> None:
        """Take an event again as it was read or coded.

        Raises:
            DeskError: no such event.
        """
        self._correct(id_, "restored", {}, reason, known)

    def history(self, id_: str) -> pl.DataFrame:
        """What was changed of an event, when and why, the oldest first.

        Returns:
            One row for each field changed: ``recorded``, ``known``, ``act`` (changed, rejected, restored), ``field``,
            ``was``, ``now`` (as JSON), ``reason``.

        Raises:
            DeskError: no such event.
        """
        self._stored(id_)
        rows = self._ask("corrections", lambda f: f.filter(pl.col("id") == id_), corrections.CORRECTIONS)
        return corrections.history(rows)

    def newest_corrections(self, known_by: Date | None) -> pl.DataFrame:
        """The newest correction of each row that was known by a date; see :func:`detente.record.corrections.newest`."""
        rows = self._ask("corrections", lambda f: f, corrections.CORRECTIONS)
        return corrections.newest(rows, known_by)

    def _correct(
        self, id_: str, act: corrections.Act, changes: Mapping[str, Any], reason: str, known: Date | str | None
    ) -> None:
        moment = _now()
        since = day(known) or moment.date()
        if since > (today := max(moment.date(), Date.today())):  # here it can be tomorrow already
            raise DeskError(f"known = {since} is after today, {today}. Give a day that has come, or none for today.")
        with self._writing():
            row = corrections.correction(
                id_,
                act,
                changes,
                stored=self._stored(id_),
                before=self.newest_corrections(since),
                reason=reason,
                known=since,
                recorded=moment,
            )
            self._commit([("corrections", row)])
            if compact.many(self.manifest(), "corrections"):
                self._replace(compact.corrections(self.path, self.manifest(), moment))

    def _stored(self, id_: str) -> pl.DataFrame:
        """The row of an event as it was stored first.

        Raises:
            DeskError: the desk holds no such event.
        """
        found = archive.sighting_key(id_)
        if found:
            dataset, key = found
            wanted = (pl.col("key") == key) & (pl.col("dataset") == dataset)
            rows = self._ask("sightings", lambda f: f.filter(wanted), SIGHTINGS)
        else:
            rows = self._ask("events", lambda f: f.filter(pl.col("id") == id_), TABLES["events"])
        if rows.is_empty():
            raise DeskError(f"No event {id_} on {self.path}. Ids of events are in the first column of: detente events.")
        return rows.tail(1)

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


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def nouns(frame: pl.DataFrame, noun: type[Noun]) -> list[Noun]:
    """The nouns that a frame of the store holds, whole.

    Example:
        >>> nouns(pl.DataFrame(schema=TABLES["events"]), Event)
        []
    """
    decoder = msgspec.json.Decoder(noun)
    return [decoder.decode(line) for line in frame["json"]]
