"""Tables for other tools: Parquet, JSON lines, and CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import polars as pl

from detente.errors import DeskError

FORMATS: Final = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".graphml": "graphml"}
# A spreadsheet takes a text that starts so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CHUNK = 50_000


def format_of(path: Path, given: str | None = None) -> str:
    """The format of a file by its suffix, where none is given.

    Raises:
        DeskError: no such format.

    Example:
        >>> format_of(Path("events.jsonl"))
        'jsonl'
    """
    found = given or FORMATS.get(path.suffix.lower(), "")
    if found not in FORMATS.values():
        known = ", ".join(dict.fromkeys(FORMATS.values()))
        raise DeskError(f"{path.name}: {found or path.suffix or 'a name without suffix'} is none of {known}.")
    return found


def flat(frame: pl.LazyFrame) -> pl.LazyFrame:
    """A frame for CSV: lists joined by semicolons, records as JSON, texts that look like formulas after an apostrophe.

    Example:
        >>> flat(pl.LazyFrame({"who": [["JPN", "USA"], []], "words": ["=1+1", "well"]})).collect().rows()
        [('JPN;USA', "'=1+1"), ('', 'well')]
    """
    return frame.select(_cell(name, kind) for name, kind in frame.collect_schema().items())


def _cell(name: str, kind: Any) -> pl.Expr:
    column = pl.col(name)
    if isinstance(kind, pl.List) and isinstance(kind.inner, pl.Struct):
        column = column.list.eval(pl.element().struct.json_encode()).list.join(",")
        column = pl.format("[{}]", column)
    elif isinstance(kind, pl.List):
        column = column.cast(pl.List(pl.String)).list.join(";", ignore_nulls=True)
    elif isinstance(kind, pl.Struct):
        column = column.struct.json_encode()
    elif kind != pl.String:
        return column
    risky = pl.any_horizontal([column.str.starts_with(sign) for sign in _FORMULA])
    return pl.when(risky).then("'" + column).otherwise(column).alias(name)


def lines(frame: pl.LazyFrame, form: str) -> Iterator[str]:
    """A frame as CSV or JSON lines, some thousand rows at a time."""
    if form == "jsonl":
        for batch in frame.collect_batches(chunk_size=_CHUNK, maintain_order=True):
            yield batch.write_ndjson()
        return
    shaped = flat(frame)
    yield pl.DataFrame(schema=shaped.collect_schema()).write_csv(line_terminator="\r\n")
    for batch in shaped.collect_batches(chunk_size=_CHUNK, maintain_order=True):
        yield batch.write_csv(include_header=False, line_terminator="\r\n")


def write(frame: pl.LazyFrame, path: Path, form: str) -> Path:
    """Write a frame to a file, without ever holding all of it in memory.

    Args:
        form: ``parquet``, ``csv`` or ``jsonl``.

    Raises:
        DeskError: the file cannot be written.
    """

    def put(fresh: Path) -> None:
        if form == "parquet":
            frame.sink_parquet(fresh, compression="zstd")
            return
        with fresh.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines(frame, form))

    return replacing(path, put)


def replacing(path: Path, put: Callable[[Path], object]) -> Path:
    """Have a file written beside its place and then moved there, so that no half of it is ever found.

    Raises:
        DeskError: the file cannot be written.
    """
    fresh = path.with_name(f".{path.name}.new")
    try:
        put(fresh)
        fresh.replace(path)
    except OSError as error:
        raise DeskError(f"Cannot write {path}: {error.strerror or error}. Name another file.") from None
    finally:
        fresh.unlink(missing_ok=True)
    return path
