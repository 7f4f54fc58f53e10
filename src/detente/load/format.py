"""What a format is: how a file of it is recognised, which columns it must have, what its rows say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import polars as pl
from msgspec import Struct

from detente.errors import LoadError
from detente.load import text
from detente.load.sighting import Chunk, Sighted
from detente.load.text import Head, Layout, Reject, plain

ROWS = 250_000  # of a chunk: what a desk stores at once, while the next is read; half a gigabyte of GDELT in memory

Said = Callable[[pl.DataFrame], pl.DataFrame]


class Format(Struct, frozen=True):
    """A format of event data.

    Args:
        name: name of its data set.
        title: the same in words.
        needs: columns without which a file is of another format, each with the names it goes by (see
            :func:`detente.load.text.plain`).
        takes: columns that are read where they exist.
        say: from the columns of some rows (text, null where empty; ``original``, ``_line``) to what they say
            (:data:`detente.load.sighting.COLUMNS`).
        columns: names of all columns, for each number of them, where the file has no header or a wrong one.
        missing: words that stand for nothing.
        repeats: whether rows alike in everything are several sightings.
        whole: whether rows must be seen all at once.
        headed: whether a header with these names makes a file one of this format.
        spelt, mapping: how a mapping file spells the columns that it needs, and its name.
        is_data: for files without a header, whether the first line's fields look like the format's.
    """

    name: str
    title: str
    needs: Mapping[str, tuple[str, ...]]
    takes: Mapping[str, tuple[str, ...]]
    say: Said
    columns: dict[int, tuple[str, ...]] = {}
    missing: tuple[str, ...] = ()
    repeats: bool = False
    whole: bool = False
    headed: bool = True
    spelt: Mapping[str, str] = {}
    mapping: str = ""
    is_data: Callable[[tuple[str, ...]], bool] = lambda fields: False

    def layout(self, head: Head) -> Layout | None:
        """How a file of this format is split; None where the file is of another format."""
        named = dict(zip(reversed(head.names), range(len(head.names) - 1, -1, -1), strict=True))
        if self.headed and self._fits(named):
            return self._picked(head, self._headed(head), header=True)
        if self.columns and head.separator == "\t" and self.is_data(head.fields):
            for width in sorted({head.width, len(head.fields)}):
                if width in self.columns:
                    return self._picked(head, self.columns[width], header=False)
        return None

    def _headed(self, head: Head) -> tuple[str, ...]:
        """Names of a file's columns: its header, mended where it has more or fewer names than the lines have fields."""
        names = list(head.fields)
        while len(names) > head.width and not names[-1].strip():
            names.pop()
        if len(names) > head.width in self.columns:  # some headers of POLECAT name columns that no line has
            return self.columns[head.width]
        return (*names, *(f"column {at + 1}" for at in range(len(names), head.width)))

    def _fits(self, named: dict[str, int]) -> bool:
        return all(any(name in named for name in names) for names in self.needs.values())

    def _picked(self, head: Head, columns: tuple[str, ...], *, header: bool) -> Layout:
        named: dict[str, int] = {}
        for at, column in enumerate(columns):
            named.setdefault(plain(column), at)
        picks = {
            pick: next(named[name] for name in names if name in named)
            for pick, names in {**self.needs, **self.takes}.items()
            if any(name in named for name in names)
        }
        # Without a header nothing is quoted in the formats known here.
        return Layout(head.separator, header and head.quoted, _distinct(columns), picks, header, self.missing)


def _distinct(columns: tuple[str, ...]) -> tuple[str, ...]:
    out: list[str] = []
    for at, column in enumerate(columns):
        name = column.strip() or f"column {at + 1}"
        out.append(name if name not in out else f"{name} {at + 1}")
    return tuple(out)


def read(path: Path, format: Format, layout: Layout, sighted: Sighted) -> Iterator[Chunk]:
    """The sightings of a file in chunks of about :data:`ROWS` rows; memory is that of one chunk.

    Raises:
        LoadError: the file cannot be read, or a line of it is so long that it is no event data.
    """
    rejects: list[Reject] = []
    held: list[Chunk] = []
    line = 0
    try:
        for frame, bad, after in _frames(path, format, layout):
            line = after
            rejects += bad
            if frame.height:
                absent = (pl.lit(None, pl.String).alias(pick) for pick in format.takes.keys() - layout.picks.keys())
                held.append(sighted(format.say(frame.with_columns(absent))))
            if sum(chunk.frame.height for chunk in held) >= ROWS:
                yield _joined(held, rejects)
                rejects, held = [], []
    except text.Broken as error:
        rejects.append(Reject(line, f"the packed file breaks off here ({error}); get it again from its source", ""))
    if held or rejects:
        yield _joined(held, rejects)


def _frames(path: Path, format: Format, layout: Layout) -> Iterator[tuple[pl.DataFrame, list[Reject], int]]:
    """Picked fields, rejected lines, and the line after them."""
    if not layout.separator:
        for frame in text.parquet(path, layout, ROWS):
            yield frame, [], 1 + int(frame["_line"][-1])
        return
    for block in text.blocks(path) if not format.whole else _one(path):
        frame, bad = text.rows(block, layout)
        yield frame, bad, block.line + text.count(block.data, b"\n")


def _one(path: Path) -> Iterator[text.Block]:
    """All of a file as one block; for small files whose rows belong together."""
    parts = list(text.blocks(path))
    if parts:
        yield text.Block(parts[0].line, b"".join(part.data for part in parts))


def _joined(held: list[Chunk], rejects: list[Reject]) -> Chunk:
    for chunk in held:
        rejects += chunk.rejects
    rejects.sort(key=lambda reject: reject.line)
    frames = [chunk.frame for chunk in held]
    return Chunk(pl.concat(frames) if frames else pl.DataFrame(), rejects)


def unfit(head: Head, format: Format) -> LoadError:
    """The error that says why a file is not of a format."""
    absent = {pick: names for pick, names in format.needs.items() if not {*names} & {*head.names}}
    shown = ", ".join(field[:40] for field in head.fields[:12]) + (" …" if len(head.fields) > 12 else "")
    if format.mapping:
        named = ", ".join(f'{pick} = "{format.spelt[pick]}"' for pick in absent)
        return LoadError(
            f"{head.file} lacks columns that {format.mapping} names under [columns]: {named}; its first line has "
            f"{len(head.fields)} fields: {shown}. Write them in the mapping as the file does."
        )
    missing = [f"{pick} ({' or '.join(names)})" for pick, names in absent.items()]
    widths = " or ".join(str(width) for width in sorted(format.columns))
    shape = f"{widths} fields parted by tabs, or a header with {', '.join(missing)}" if widths else ", ".join(missing)
    return LoadError(
        f"{head.file} is not {format.title}: expected {shape}; its first line has {len(head.fields)} "
        f"fields: {shown}. Try: detente load auto {head.file}; or describe the table with --map."
    )
