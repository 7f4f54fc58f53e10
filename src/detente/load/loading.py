"""Files of event data into a desk."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date as Date
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from msgspec import Struct

from detente.errors import DeskError, LoadError
from detente.load.formats import Found, check, recognised
from detente.load.gdelt import GDELT2, GDELT_MENTIONS
from detente.load.mapped import mapping
from detente.load.sighting import Chunk, Sighted, keyed
from detente.load.text import Reject
from detente.record import Store


class Part(Struct, frozen=True):
    """What came of one file.

    Args:
        file: its name.
        dataset: name of the data set that it was taken for.
        title: the same in words.
        rows: sightings it holds (a row with several actors is several).
        new: those that the desk did not hold.
        known_already: those that it held, or that stand twice in the file.
        rejected: lines that could not be understood.
        rejects: file of the desk that lists them, empty where there is none.
        sides: actors that its rows name, two a row.
        unresolved: those of them that could not be told.
        names: names that could not be told, the most frequent first, with their numbers of rows.
        codes: event codes that no codebook holds, likewise.
        kinds: words for what was done that stand for no type, likewise.
        misplaced: rows with a latitude or longitude that no place has; the row is kept without it.
        first, last: days that it spans; None where it holds none.
        skipped: whether it was loaded whole before, and was not read again.
    """

    file: str
    dataset: str
    title: str
    rows: int = 0
    new: int = 0
    known_already: int = 0
    rejected: int = 0
    rejects: str = ""
    sides: int = 0
    unresolved: int = 0
    names: tuple[tuple[str, int], ...] = ()
    codes: tuple[tuple[str, int], ...] = ()
    kinds: tuple[tuple[str, int], ...] = ()
    misplaced: int = 0
    first: Date | None = None
    last: Date | None = None
    skipped: bool = False


class Loaded(Struct, frozen=True):
    """What a load brought to the desk.

    Args:
        parts: one for each file loaded.
        left_out: one line for each file that could not be, and why.
    """

    parts: tuple[Part, ...]
    left_out: tuple[str, ...] = ()

    def summary(self) -> str:
        """What came in, what did not and why, in words."""
        return "\n".join(_words(part) for part in self.parts)

    def frame(self) -> pl.DataFrame:
        """One row a file."""
        rows = [
            {
                "file": p.file,
                "dataset": p.dataset,
                "rows": p.rows,
                "new": p.new,
                "known_already": p.known_already,
                "rejected": p.rejected,
                "rejects": p.rejects,
                "unresolved": p.unresolved / p.sides if p.sides else None,
                "kinds": [{"kind": kind, "rows": count} for kind, count in p.kinds],
                "misplaced": p.misplaced,
                "first": p.first,
                "last": p.last,
                "skipped": p.skipped,
            }
            for p in self.parts
        ]
        words = pl.List(pl.Struct({"kind": pl.String, "rows": pl.Int64}))
        kinds: dict[str, Any] = {"unresolved": pl.Float64, "kinds": words, "first": pl.Date, "last": pl.Date}
        return pl.DataFrame(rows, schema_overrides=kinds)

    def _repr_html_(self) -> str:
        return self.frame()._repr_html_()


def _words(part: Part) -> str:
    if part.skipped:
        return f"{part.file}: loaded whole before, nothing to do."
    span = f", {part.first} to {part.last}" if part.first else ""
    out = [
        f"{part.file}: {part.title}, {part.rows:,} sightings{span}; "
        f"{part.new:,} new, {part.known_already:,} known already."
    ]
    if part.rejected:
        lines = "line" if part.rejected == 1 else "lines"
        out.append(f"{part.rejected:,} {lines} could not be understood; see {part.rejects}.")
    if part.unresolved:
        share = part.unresolved / part.sides
        most = ", ".join(f"{name} ({count:,})" for name, count in part.names[:5])
        out.append(f"{share:.1%} of the named actors could not be told, most often {most}.")
    if part.codes:
        most = ", ".join(f"{code} ({count:,})" for code, count in part.codes[:5])
        out.append(f"Codes that CAMEO does not hold: {most}.")
    if part.kinds:
        most = ", ".join(f"{kind} ({count:,})" for kind, count in part.kinds[:5])
        out.append(f"Kinds without a type: {most}; add them under [types] of a mapping file.")
    if part.misplaced:
        rows = "row has" if part.misplaced == 1 else "rows have"
        out.append(f"{part.misplaced:,} {rows} coordinates that no place has; kept without them.")
    return " ".join(out)


def load(
    store: Store,
    format: str,
    files: str | Path | Iterable[str | Path],
    *,
    map: str | Path | None = None,
    progress: Callable[[str, int], object] | None = None,
) -> Loaded:
    """Load files of event data into a desk.

    A file that is no event data of this format is left out with one line; the rest go on. Rows that the desk holds
    already change nothing; lines that cannot be understood go to a file in the desk's folder ``rejects`` with their
    number and the reason, and the load goes on.

    Args:
        store: the desk's record.
        format: a key of :data:`detente.load.FORMATS`, or ``auto``.
        files: files, packed or not, or folders of them.
        map: a mapping file; then ``format`` counts for nothing.
        progress: called with the name of the file and the number of its sightings stored so far.

    Raises:
        LoadError: no file could be loaded (one line for each), or a fault in the mapping; nothing is stored.
        DeskLocked: another process is writing.
        DeskError: the disk is full or the folder read-only; what was stored before is untouched.

    Example:
        >>> loaded = load(Store("mydesk"), "auto", ["events.tab"])  # doctest: +SKIP
    """
    own = mapping(Path(map)) if map is not None else None
    if own is None:
        check(format)
    found: list[Found] = []
    parts: list[Part] = []
    left_out: list[str] = []
    for path in _paths(files):
        try:
            found.append(recognised(path, format, own))
        except LoadError as error:
            left_out.append(str(error))
    # Mentions say nothing of who did what; the events that they mention come first.
    for one in sorted(found, key=lambda one: one.format is GDELT_MENTIONS):
        try:
            parts.append(_stored(store, one, progress))
        except LoadError as error:
            left_out.append(str(error))
    if not parts:
        raise LoadError("\n".join(left_out))
    return Loaded(tuple(parts), tuple(left_out))


def sightings(path: str | Path, format: str = "auto", *, map: str | Path | None = None) -> Iterator[Chunk]:
    """The sightings of one file in chunks, without a desk.

    Raises:
        LoadError: the file is no event data of this format.
    """
    found = recognised(Path(path), format, mapping(Path(map)) if map is not None else None)
    if found.format is GDELT_MENTIONS:
        raise LoadError(f"{found.path.name} holds mentions. Load them into a desk together with their events.")
    yield from found.read(found.sighted())


def _paths(files: str | Path | Iterable[str | Path]) -> list[Path]:
    given = [files] if isinstance(files, str | Path) else list(files)
    out: list[Path] = []
    for path in (Path(one) for one in given):
        if path.is_dir():
            out += sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
        else:
            out.append(path)
    if not out:
        raise LoadError("No file to load was given, or the folder is empty.")
    return out


def _stored(store: Store, found: Found, progress: Callable[[str, int], object] | None) -> Part:
    name = found.path.name
    with found.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if store.loaded(sha256):
        return Part(name, found.dataset, found.title, skipped=True)
    sighted = found.sighted()
    count = _Count(store, name)
    chunks = _mentioned(store, found, sighted) if found.format is GDELT_MENTIONS else found.read(sighted)
    try:
        with closing(_ahead(count.frames(chunks))) as frames:
            first = next(frames, None)
            if first is None:
                raise LoadError(f"{name}: none of its {count.rejected:,} lines is {found.title}{count.reason()}.")
            added = store.add_sightings(
                chain((first,), frames),
                dataset=found.dataset,
                file=name,
                sha256=sha256,
                rejected=lambda: count.rejected,
                progress=(lambda rows: progress(name, rows)) if progress else None,
            )
    finally:
        count.close()
    return Part(
        file=name,
        dataset=found.dataset,
        title=found.title,
        rows=added.rows,
        new=added.new,
        known_already=added.known_already,
        rejected=count.rejected,
        rejects=count.file,
        sides=count.sides,
        unresolved=count.unresolved,
        names=tuple(sighted.unresolved.most_common(10)),
        codes=tuple(sighted.unknown.most_common(10)),
        kinds=tuple(sighted.untyped.most_common(10)),
        misplaced=sighted.misplaced,
        first=count.first,
        last=count.last,
    )


def _ahead(frames: Iterator[pl.DataFrame]) -> Generator[pl.DataFrame]:
    """The same frames, the next one made in a thread of its own while one is stored."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, frames, None)
        while (frame := coming.result()) is not None:
            coming = thread.submit(next, frames, None)
            yield frame


class _Count:
    """What passes by on the way into the desk; rejected lines are written down once a line was understood."""

    def __init__(self, store: Store, name: str) -> None:
        self.rejected = self.sides = self.unresolved = 0
        self.first: Date | None = None
        self.last: Date | None = None
        self.file = ""
        self._folder = store.path / "rejects"
        self._name = name
        self._early: list[Reject] = []
        self._reasons: Counter[str] = Counter()
        self._out: _Rejects | None = None

    def frames(self, chunks: Iterator[Chunk]) -> Iterator[pl.DataFrame]:
        """The chunks that hold something."""
        for chunk in chunks:
            self.rejected += len(chunk.rejects)
            self._reasons.update(reject.reason for reject in chunk.rejects)
            if chunk.frame.is_empty():
                self._early = (self._early + chunk.rejects)[:1_000_000]
                continue
            self._write(self._early + chunk.rejects)
            self._early = []
            self._look(chunk.frame)
            yield chunk.frame
        if self._out is not None or self.sides or self.first:
            self._write(self._early)

    def _look(self, frame: pl.DataFrame) -> None:
        for side in ("source", "target"):
            open_ = frame[f"{side}_name"].filter(frame[side].is_null()).count()
            self.sides += frame.height - frame[side].null_count() + open_
            self.unresolved += open_
        first, last = frame.select(pl.col("day").min(), pl.col("last_day").max()).row(0)
        self.first = min(first, self.first or first)
        self.last = max(last, self.last or last)

    def _write(self, rejects: Sequence[Reject]) -> None:
        if not rejects:
            return
        if self._out is None:
            self._out = _Rejects(self._folder, self._name)
            self.file = f"rejects/{self._out.path.name}"
        self._out.write(rejects)

    def reason(self) -> str:
        """The most frequent reason for a rejected line, for an error."""
        return f" (most often: {self._reasons.most_common(1)[0][0]})" if self._reasons else ""

    def close(self) -> None:
        """Close the file of rejects."""
        if self._out is not None:
            self._out.close()


class _Rejects:
    """A file of rejected lines: ``rejects/001-name.csv`` with the columns line, reason, text."""

    def __init__(self, folder: Path, name: str) -> None:
        try:
            folder.mkdir(exist_ok=True)
            taken = [int(p.name[:3]) for p in folder.iterdir() if p.name[:3].isdigit()]
            self.path = folder / f"{max(taken, default=0) + 1:03d}-{name}.csv"
            self._file = self.path.open("x", encoding="utf-8", newline="")
        except OSError as error:
            raise DeskError(f"Cannot write to {folder}: {error.strerror}. Make room, or name another desk.") from None
        self._csv = csv.writer(self._file)
        self._csv.writerow(("line", "reason", "text"))

    def write(self, rejects: Sequence[Reject]) -> None:
        self._csv.writerows((r.line, r.reason, r.text.replace("\0", "\\0")) for r in rejects)

    def close(self) -> None:
        self._file.close()


_OF_EVENT = (
    *("source", "target", "source_role", "target_role", "source_name", "target_name", "type", "cameo", "code"),
    *("goldstein", "domain", "day", "last_day", "precision", "place", "country", "lat", "lon"),
)


def _mentioned(store: Store, found: Found, sighted: Sighted) -> Iterator[Chunk]:
    """Mentions with what their events say, from the events of the desk; a mention of no known event is rejected."""
    assert found.format is not None
    plain = found.format.say
    events = store.sightings().filter(pl.col("dataset") == GDELT2.name).select("key", *_OF_EVENT)

    def say(frame: pl.DataFrame) -> pl.DataFrame:
        said = plain(frame).drop("day")
        key = keyed(GDELT2.name, said["event"].fill_null(0)).alias("key")
        wanted = key.unique()
        known = events.filter(pl.col("key").is_in(wanted.implode())).collect()
        said = said.with_columns(key).join(known, on="key", how="left", maintain_order="left").drop("key")
        return said.with_columns(_why=pl.lit("no event of the desk has this GLOBALEVENTID; load the events first"))

    told = msgspec.structs.replace(found, format=msgspec.structs.replace(found.format, say=say))
    yield from told.read(sighted)
