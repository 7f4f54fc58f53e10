"""Tables as plain text for a terminal and as CSV for a spreadsheet."""

from __future__ import annotations

import csv as _csv
import io
import json
from datetime import date as Date
from datetime import datetime
from typing import Any

import polars as pl

from detente.actors import register
from detente.words import visible

# Rich would cut cells at the width of its console; a table that goes to a file or a pipe has no width.
_WIDE = 100_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def text(frame: pl.DataFrame, *, wide: bool = False) -> str:
    """A frame as an aligned table without colour codes.

    Args:
        frame: any frame.
        wide: one line a row, nothing cut; otherwise fitted to the terminal.

    Example:
        >>> print(text(pl.DataFrame({"who": ["JPN", "PRK"], "events": [3, 12]}), wide=True))
        who  events
        JPN       3
        PRK      12
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for column, dtype in frame.schema.items():
        longest = max((len(_words(cell)) for cell in frame[column]), default=0)
        table.add_column(
            Text(visible(column)),
            justify="right" if dtype.is_numeric() else "left",
            no_wrap=wide,
            overflow="fold",
            # A column of short codes keeps its width; columns of sentences share what is left.
            min_width=None if wide else min(longest, 12),
        )
    for row in frame.iter_rows():
        table.add_row(*(Text(_words(cell).replace("\n", " ") if wide else _words(cell)) for cell in row))
    out = io.StringIO()
    width = _WIDE if wide else None
    console = Console(file=out, width=width, color_system=None, force_terminal=False, highlight=False, markup=False)
    console.print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def csv(frame: pl.DataFrame) -> str:
    """A frame as CSV: lists joined by semicolons, records as JSON.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.

    Example:
        >>> csv(pl.DataFrame({"who": [["JPN", "USA"], []], "words": ["=1+1", "-"], "n": [-1, 2]}))
        "who,words,n\\r\\nJPN;USA,'=1+1,-1\\r\\n,'-,2\\r\\n"
    """
    out = io.StringIO()
    writer = _csv.writer(out)
    writer.writerow([_cell(column) for column in frame.columns])
    for row in frame.iter_rows():
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def newest(frame: pl.LazyFrame, most: int) -> tuple[int, int, pl.DataFrame]:
    """How many events there are, how many of them have no date, and the newest in the order of time.

    Those without a date come first, and are the first to be left out.

    Args:
        frame: columns of :data:`detente.record.ask.EVENTS`. most: rows at most.
    """
    many, undated = frame.select(pl.len(), undated=pl.col("day").null_count()).collect().row(0)
    last = frame.sort("day", "known", descending=True, nulls_last=True).head(most).collect()
    return many, undated, last.reverse()


def who_did_what(events: pl.DataFrame) -> pl.DataFrame:
    """Events for a terminal: unknown actors by name in brackets, empty columns but ``date`` left out.

    What both sides did names both as its source (``IND ↔ PAK``) and has the target ``each other``. An event without a
    type shows its CAMEO code in place of it.

    Args:
        events: columns of :data:`detente.record.ask.EVENTS`.
    """
    parties = events.select("source", "source_name", "target", "target_name", "reciprocal")
    both = [_sides(*row) for row in parties.iter_rows()]
    sides = {
        side: pl.Series([pair[place] for pair in both], dtype=pl.String)
        for place, side in enumerate(("source", "target"))
    }
    coded = pl.when(pl.col("type").fill_null("") == "").then("cameo").otherwise("type").alias("type")
    columns = (
        "id",
        "date",
        "source",
        "type",
        "target",
        "modality",
        "confidence",
        "reports",
        "archive",
        "place",
        "outlet",
    )
    shown = events.with_columns(coded, **sides).select(*columns, "sentence")
    kept = [name for name in shown.columns if name == "date" or shown[name].null_count() < shown.height]
    return shown.select(kept if shown.height else shown.columns)


def _sides(
    source: list[str], source_name: list[str], target: list[str], target_name: list[str], reciprocal: bool
) -> tuple[str, str]:
    one, other = named(source, source_name), named(target, target_name)
    if reciprocal and one and other:
        return " ↔ ".join(sorted((one, other))), "each other"
    if reciprocal and len(source) > 1:
        return " ↔ ".join(sorted(source)), "each other"
    return one, other


def named(codes: list[str], names: list[str]) -> str:
    """Parties in a cell: their codes, and in brackets the names of those that have none.

    Example:
        >>> named(["PRK"], ["North Korea", "Trilateral Bloc"]), named(["KOR"], ["Foreign Affairs (South Korea)"])
        ('PRK, [Trilateral Bloc]', 'KOR')
    """
    if len(names) <= len(codes):
        return ", ".join(codes)
    known = {register().actor(code).name for code in codes}
    return ", ".join([*codes, *(f"[{name}]" for name in names if name not in known)])


def _cell(value: Any) -> Any:
    if isinstance(value, list) and not any(isinstance(v, dict | list) for v in value):
        value = ";".join("" if v is None else str(v) for v in value)
    elif isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False, default=str)
    elif isinstance(value, Date):
        return value.isoformat()
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, list):
        return ", ".join(_words(v) for v in value)
    if isinstance(value, dict):
        return ", ".join(f"{k}: {_words(v)}" for k, v in value.items() if v is not None)
    return visible(str(value))
