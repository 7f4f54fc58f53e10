"""Files of event data as they lie on a disk, to columns of text: packed or not, any line end, two encodings.

A file is read in blocks of whole lines. A block that is in order is split by Polars; one that is not is gone through
line by line, and each line that cannot be split becomes a :class:`Reject`. Nothing else is assumed about the text.
"""

from __future__ import annotations

import csv
import itertools
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import IO, Final

import numpy as np
import polars as pl
from msgspec import Struct

from detente.errors import LoadError
from detente.record.archive import packed

BLOCK: Final = 16_000_000  # bytes
LONGEST: Final = 16_000_000  # bytes of a line; a longer one is no event
_OPEN: Final = 400  # lines that a quotation may run over
_PARQUET: Final = b"PAR1"
_HEAD: Final = 200_000  # bytes by which a file is recognised


class Reject(Struct, frozen=True):
    """A line that could not be understood: its number in the file (from 1), why, and its text."""

    line: int
    reason: str
    text: str


class Head(Struct, frozen=True, dict=True):
    """The beginning of a file, by which its format is told.

    Args:
        file: name of the file.
        lines: first lines, without their ends.
        separator: what seems to part the fields of the first line.
        quoted: whether quotation marks enclose fields (never in files parted by tabs, unless the header is quoted).
        fields: fields of the first line.
    """

    file: str
    lines: tuple[str, ...]
    separator: str
    quoted: bool
    fields: tuple[str, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The fields of the first line as names of columns; see :func:`plain`."""
        return tuple(plain(field) for field in self.fields)

    @cached_property
    def width(self) -> int:
        """How many fields most lines after the first have."""
        counts = [len(_fields(line, self.separator, self.quoted)) for line in self.lines[1:60] if line]
        return max(set(counts), key=counts.count) if counts else len(self.fields)


class Layout(Struct, frozen=True):
    """How lines are split.

    Args:
        separator, quoted: as in :class:`Head`.
        columns: names of all fields of a line, as the file prints them.
        picks: names by which fields are taken, and their places.
        header: whether the first line holds names.
        missing: words that stand for nothing ("NULL").
    """

    separator: str
    quoted: bool
    columns: tuple[str, ...]
    picks: dict[str, int]
    header: bool
    missing: tuple[str, ...] = ()


class Block(Struct, frozen=True):
    """Whole lines as UTF-8, each ended by a newline, and the number of the first."""

    line: int
    data: bytes


class Broken(Exception):
    """The packed file ends before its time; what was read before is sound."""


def plain(name: str) -> str:
    """A column's name for comparison.

    Example:
        >>> plain("CAMEO Code"), plain("event_id")
        ('cameo_code', 'event_id')
    """
    return "_".join("".join(c if c.isalnum() else " " for c in name.casefold()).split())


def split(line: str, separator: str, quoted: bool) -> list[str]:
    """The fields of one line.

    Raises:
        csv.Error: its quotation marks make no sense.
    """
    if not quoted or '"' not in line:
        return line.split(separator)
    return next(csv.reader([line] if "\n" not in line else line.splitlines(keepends=True), delimiter=separator), [""])


def _fields(line: str, separator: str, quoted: bool) -> list[str]:
    """As :func:`split`, whatever the quotation marks."""
    try:
        return split(line, separator, quoted)
    except csv.Error:
        return line.split(separator)


def head(path: Path) -> Head:
    """The beginning of a file.

    Raises:
        LoadError: the file is missing, empty, damaged, or no text.
    """
    try:
        data = next(_pieces(path, _HEAD), b"")
    except Broken as error:
        raise LoadError(f"{path.name} cannot be unpacked ({error}). Get it again from its source.") from None
    if data.startswith(_PARQUET):
        return Head(path.name, (), "", False, tuple(_parquet(path).collect_schema().names()))
    if not data.strip():
        raise LoadError(f"{path.name} is empty.")
    if b"\0" in data[:4096]:
        raise LoadError(f"{path.name} is no text. If it is a table of a spreadsheet, save it as CSV in UTF-8.")
    lines = tuple(_decoded(_newlines(data)).lstrip("\ufeff").split("\n"))
    lines = lines[:-1] if len(lines) > 1 else lines  # the last one is cut
    first = next((line for line in lines if line.strip()), "")
    separator = max("\t,;|", key=first.count)
    quoted = separator != "\t" or first.startswith('"')
    return Head(path.name, lines, separator, quoted, tuple(_fields(first, separator, quoted)))


def parquet(path: Path, layout: Layout, size: int) -> Iterator[pl.DataFrame]:
    """A table in Parquet as :func:`rows` gives a text file, some rows at a time; the number of a row is its line."""
    table = _parquet(path).select(pl.all().cast(pl.String, strict=False))
    for start in itertools.count(0, size):
        try:
            frame = table.slice(start, size).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise Broken(str(error).splitlines()[0]) from None
        if frame.is_empty():
            return
        original = frame.select(pl.struct(pl.all())).to_series()
        numbered = frame.rename({name: str(at) for at, name in enumerate(frame.columns)})
        yield _framed(numbered, original, np.arange(start + 1, start + 1 + frame.height), layout)


def _parquet(path: Path) -> pl.LazyFrame:
    try:
        table = pl.scan_parquet(path)
        flat = [name for name, kind in table.collect_schema().items() if not kind.is_nested()]
    except (pl.exceptions.PolarsError, OSError) as error:
        raise LoadError(f"{path.name} is damaged Parquet ({str(error).splitlines()[0]}). Write it again.") from None
    return table.select(flat)


def blocks(path: Path) -> Iterator[Block]:
    """The file in blocks of whole lines, a byte-order mark left out, old Mac and Windows line ends made newlines.

    Raises:
        Broken: after the last sound block, where a packed file is damaged.
        LoadError: a line is so long that the file cannot be event data.
    """
    rest, line, first = b"", 1, True
    failed: Broken | None = None
    pieces = _pieces(path, BLOCK)
    while True:
        try:
            piece = next(pieces, None)
        except Broken as error:
            piece, failed = None, error
        data = rest + (piece or b"")
        if first:
            data = data.removeprefix(b"\xef\xbb\xbf")
            first = False
        last = piece is None
        data, rest = (_newlines(data), b"") if last else _whole(data)
        if data and not data.endswith(b"\n"):
            data += b"\n"
        if data:
            yield Block(line, _utf8(data))
            line += count(data, b"\n")
        if len(rest) > LONGEST + BLOCK:
            raise LoadError(
                f"{path.name}, line {line} is longer than {LONGEST // 1_000_000} MB: this is no event data."
            )
        if last:
            break
    if failed:
        raise failed


def rows(block: Block, layout: Layout) -> tuple[pl.DataFrame, list[Reject]]:
    """The picked fields of a block's lines, and the lines that have another number of fields.

    Returns:
        One text column for each pick, null where empty; ``_line``, the number of the line; ``original``, the whole line
        as :func:`detente.record.archive.packed` has it.
    """
    try:
        frame = _fast(block, layout)
    except (pl.exceptions.PolarsError, UnicodeDecodeError):
        frame = None
    if frame is not None:
        return frame, []
    return _slow(block, layout)


# -- bytes ----------------------------------------------------------------------------------------------------


def _pieces(path: Path, size: int) -> Iterator[bytes]:
    """The unpacked bytes of a file, or of all files in a zip archive, piece by piece."""
    with ExitStack() as stack:
        try:
            start = stack.enter_context(path.open("rb")).read(4)
            if start == b"PK\x03\x04":
                archive = stack.enter_context(zipfile.ZipFile(path))
                members = [m for m in archive.infolist() if not (m.is_dir() or m.filename.startswith("__MACOSX"))]
                files: Sequence[IO[bytes]] = [stack.enter_context(archive.open(member)) for member in members]
            elif start[:2] == b"\x1f\x8b":
                yield from _unpacked(stack.enter_context(path.open("rb")), size)
                return
            else:
                files = [stack.enter_context(path.open("rb"))]
            for file in files:
                while piece := file.read(size):
                    yield piece
        except FileNotFoundError:
            raise LoadError(f"There is no file {path}.") from None
        except (EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise Broken(str(error) or type(error).__name__) from None
        except OSError as error:
            raise LoadError(f"{path} cannot be read ({error.strerror or error}).") from None


def _unpacked(file: IO[bytes], size: int) -> Iterator[bytes]:
    """The bytes of a gzip file, up to where it is damaged.

    Raises:
        EOFError, zlib.error: there.
    """
    member, held, length = zlib.decompressobj(wbits=31), list[bytes](), 0
    damage: EOFError | zlib.error | None = None
    while (packed := file.read(1_000_000)) and damage is None:
        try:
            while packed:
                if member.eof:  # another member follows
                    packed = packed.lstrip(b"\0")
                    member = zlib.decompressobj(wbits=31) if packed else member
                held.append(member.decompress(packed))
                length += len(held[-1])
                packed = member.unused_data
        except zlib.error as error:
            damage = error
        if length >= size:
            yield b"".join(held)
            held, length = [], 0
    if rest := b"".join(held):
        yield rest
    if damage or not member.eof:
        raise damage or EOFError("it ends before its time")


def count(data: bytes, byte: bytes) -> int:
    """How often a byte occurs; many times faster than ``bytes.count`` where it occurs often."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == byte[0]))


def _newlines(data: bytes) -> bytes:
    if b"\r" not in data:
        return data
    if b"\n" not in data:
        return data.replace(b"\r", b"\n")
    array = np.frombuffer(data, np.uint8)
    after = np.flatnonzero(array[:-1] == ord("\r")) + 1
    if array[-1] != ord("\r") and bool((array[after] == ord("\n")).all()):
        return data.translate(None, b"\r")  # the same as to replace, at a third of the cost
    return data.replace(b"\r\n", b"\n")


def _whole(data: bytes) -> tuple[bytes, bytes]:
    """Whole lines, and the rest. A line ends where no quotation is open, if such an end is near."""
    end = data[-1:] == b"\r"  # may be the first half of a line end
    data, held = (data[:-1], data[-1:]) if end else (data, b"")
    data = _newlines(data)
    cut = last = data.rfind(b"\n") + 1
    if b'"' in data:
        open_ = data.count(b'"', 0, cut) % 2
        for _ in range(_OPEN):
            if not open_ or not cut:
                break
            before = data.rfind(b"\n", 0, cut - 1) + 1
            open_ = (open_ + data.count(b'"', before, cut)) % 2
            cut = before
        cut = last if open_ or not cut else cut
    return data[:cut], data[cut:] + held


def _utf8(data: bytes) -> bytes:
    if data.isascii():
        return data
    try:
        pl.Series([data], dtype=pl.Binary).cast(pl.String)  # a tenth of the cost of data.decode()
    except pl.exceptions.PolarsError:
        return _decoded(data).encode()
    return data


def _decoded(data: bytes) -> str:
    """Text of lines in UTF-8; a line that is none is taken for Latin-1."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "\n".join(_line(line) for line in data.split(b"\n"))


def _line(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


# -- lines ----------------------------------------------------------------------------------------------------


def _fast(block: Block, layout: Layout) -> pl.DataFrame | None:
    """Split a block that is in order; None where it is not."""
    data, first = block.data, block.line
    if layout.header and first == 1:
        data, first = data[data.index(b"\n") + 1 :], 2
    lines = count(data, b"\n")
    if not lines or data.startswith(b"\n") or b"\n\n" in data or (layout.quoted and b"\r" in data):
        return None
    free = next((chr(c) for c in range(1, 9) if bytes([c]) not in data), None)
    if free is None:
        return None
    whole = pl.read_csv(data, has_header=False, separator=free, quote_char=None, schema={"line": pl.String})["line"]
    sep, quotes = layout.separator.encode(), layout.quoted and b'"' in data
    inside = _inside(whole, sep) if quotes else 0
    if inside is None or count(data, sep) - inside != lines * (len(layout.columns) - 1):
        return None
    # A line with too many fields makes Polars stop. Then none has too few: the separators are as many as they must be.
    frame = pl.read_csv(
        data,
        has_header=False,
        separator=layout.separator,
        quote_char='"' if quotes else None,
        infer_schema=False,
        schema={str(i): pl.String for i in range(len(layout.columns))},
        columns=sorted(set(layout.picks.values())),
    )
    if frame.height != lines:
        return None
    return _framed(frame, _packed(whole, layout), np.arange(first, first + lines), layout)


def _packed(lines: pl.Series, layout: Layout) -> pl.Series:
    return packed(lines, layout.columns, layout.separator, quoted=layout.quoted)


def _inside(lines: pl.Series, sep: bytes) -> int | None:
    """How many separators stand in quotations; None where one does not close on its line."""
    marked = lines.filter(lines.str.contains('"', literal=True))
    data = "\n".join(marked).encode()
    bare = re.sub(rb'"[^"]*"', b"", data)
    return data.count(sep) - bare.count(sep) if bare.count(b"\n") == marked.len() - 1 and b'"' not in bare else None


def _framed(frame: pl.DataFrame, original: pl.Series, numbers: np.ndarray, layout: Layout) -> pl.DataFrame:
    columns = {name: pl.col(str(place)) for name, place in layout.picks.items()}
    missing = ("", *layout.missing) if layout.quoted else layout.missing  # an empty quotation is nothing, too
    if missing:
        columns = {name: pl.when(~column.is_in(missing)).then(column) for name, column in columns.items()}
    picked = frame.select(column.alias(name) for name, column in columns.items())
    return picked.with_columns(original.alias("original"), pl.Series("_line", numbers, dtype=pl.Int64))


def _slow(block: Block, layout: Layout) -> tuple[pl.DataFrame, list[Reject]]:
    """Go through a block line by line."""
    width = len(layout.columns)
    kept: list[list[str]] = []
    whole: list[str] = []
    numbers: list[int] = []
    rejects: list[Reject] = []
    for number, text in _records(block, layout.quoted):
        if not text.strip() or (number == 1 and layout.header):
            continue
        try:
            fields = split(text, layout.separator, layout.quoted)
        except csv.Error as error:
            rejects.append(Reject(number, f"its quotation marks make no sense ({error})", text))
            continue
        while len(fields) > width and not fields[-1].strip():
            fields.pop()
        if len(fields) != width:
            rejects.append(Reject(number, f"{len(fields)} fields instead of {width}", text))
            continue
        kept.append(fields)
        whole.append(text)
        numbers.append(number)
    columns = list(zip(*kept, strict=True)) if kept else [()] * width
    frame = pl.DataFrame({str(i): pl.Series([x or None for x in c], dtype=pl.String) for i, c in enumerate(columns)})
    original = _packed(pl.Series(whole, dtype=pl.String), layout)
    return _framed(frame, original, np.array(numbers, np.int64), layout), rejects


def _records(block: Block, quoted: bool) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; lines that a quotation joins are one. A quotation that does not close joins nothing."""
    lines = block.data.decode().split("\n")
    at = 0
    while at < len(lines):
        end = at + 1
        if quoted and lines[at].count('"') % 2:
            odd = 1
            while odd and end < min(len(lines), at + _OPEN):
                odd = (odd + lines[end].count('"')) % 2
                end += 1
            if odd:
                end = at + 1
        yield block.line + at, "\n".join(lines[at:end])
        at = end
