"""Windows of time (drills, summits, elections): registers of them, and what happened on the days around their start."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterable, Sequence
from datetime import date as Date
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl
from msgspec import Struct

from detente.actors import day
from detente.errors import DeskError, DetenteWarning, LoadError, RegisterError
from detente.record import ask
from detente.record.ask import Asked
from detente.record.store import Store

_COLUMNS: Final = {
    "start": ("start", "date", "day", "start_date", "date_start", "begin", "from", "first_day", "event_date"),
    "end": ("end", "end_date", "date_end", "last_day", "to", "until", "finish"),
    "name": ("name", "title", "label", "event", "exercise", "id"),
    "group": ("group", "season", "series", "kind", "category"),
}


class Window(Struct, frozen=True, order=True):
    """A span of days, both ends included: a drill, a summit, an election.

    Args:
        start, end: first and last day.
        name: what happened. group: what kind it is of (season, series), empty where not told.
    """

    start: Date
    end: Date
    name: str = ""
    group: str = ""


WINDOWS: Final[dict[str, Any]] = {
    "name": pl.String,
    "date": pl.Date,
    "relative": pl.Int64,
    "day": pl.Date,
    "during": pl.Boolean,
    "events": pl.Int64,
    "goldstein": pl.Float64,
    "baseline_day": pl.Date,
    "baseline_events": pl.Int64,
    "baseline_goldstein": pl.Float64,
}
"""Columns of :func:`windows`."""


def read(dates: str | Path | Iterable[str | Date | Window], *, repeats: bool = False) -> tuple[Window, ...]:
    """Windows from dates, or from a register: a CSV file with a header. In the order of time.

    A row that says the same as another is one window, and a warning says how many were left out.

    Args:
        dates: dates or windows; or a file with a column ``start`` (or ``date``, ``day``, ``from`` …), and where it has
            them ``end`` (``to``, ``until`` …), ``name`` (``title``, ``event`` …), ``group`` (``season``, ``kind`` …).
            Other columns do not matter. Commas, semicolons or tabs part the columns, whichever the header holds most.
        repeats: keep rows that are the same: events to be counted, of which a day may hold several.

    Raises:
        LoadError: no such file or column; or a row without a day, named by its line.
        RegisterError: no date.

    Example:
        >>> read(["2024-03-04"])[0].start
        datetime.date(2024, 3, 4)
    """
    if isinstance(dates, str | Path):
        found = _register(Path(dates))
    else:
        found = [w for given in dates if (w := given if isinstance(given, Window) else _single(given)) is not None]
    if not found:
        raise LoadError(f"{dates if isinstance(dates, str | Path) else 'The list'} holds no date: nothing to compare.")
    if repeats:
        return tuple(sorted(found))
    once = tuple(sorted(set(found)))
    if more := len(found) - len(once):
        name = Path(dates).name if isinstance(dates, str | Path) else "The list of windows"
        said = "1 duplicate row left out" if more == 1 else f"{more} duplicate rows left out"
        warnings.warn(f"{name}: {said}.", DetenteWarning, stacklevel=2)
    return once


def _single(given: str | Date) -> Window | None:
    first = day(given)
    return None if first is None else Window(first, first)


def _register(path: Path) -> list[Window]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter=max(",;\t", key=head.count))
            header = {(name or "").strip().casefold(): name for name in reader.fieldnames or ()}
            at = {key: next((header[n] for n in names if n in header), None) for key, names in _COLUMNS.items()}
            if at["start"] is None:
                raise LoadError(
                    f"{path.name} has no column of dates: name one start, date or day (it has "
                    f"{', '.join(header) or 'none'})."
                )
            return [_window(row, at, f"{path.name}, line {reader.line_num}") for row in reader if any(row.values())]
    except FileNotFoundError:
        raise LoadError(f"There is no file {path}. Give dates as 2024-03-04, or a CSV file with them.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LoadError(f"{path} cannot be read as CSV in UTF-8 ({error}).") from None


def _window(row: dict[str, str], at: dict[str, str | None], where: str) -> Window:
    def value(key: str) -> str:
        column = at[key]
        return (row[column] or "").strip() if column is not None else ""

    try:
        start = day(value("start")[:10])
        end = day(value("end")[:10]) if value("end") else start
    except RegisterError as error:
        raise LoadError(f"{where}: {error}") from None
    if start is None or end is None or end < start:
        raise LoadError(f"{where}: the end {end} lies before the start {start}. Correct the row.")
    return Window(start, end, value("name"), value("group"))


def around(store: Store, asked: Asked, found: Sequence[Window], before: int, after: int) -> pl.DataFrame:
    """Windows of a desk's record: see :func:`windows`.

    Raises:
        DeskError: negative days; or the record covers no day of any window.
    """
    if before < 0 or after < 0:
        raise DeskError("Days before and after a date cannot be negative.")
    covered = ask.volume(store, asked).select(first=pl.col("day").min(), last=pl.col("day").max()).collect()
    first, last = covered.row(0)
    near = [one for one in found if first and last and _reaches(one, before, after, first, last)]
    if not near:
        span = f"runs from {first} to {last}" if first else "is empty"
        raise DeskError(f"The record {span}; none of the {len(found)} windows lies in it.")
    daily = (
        ask.counted(store, asked)
        .group_by("day")
        .agg(events=pl.len(), goldstein=pl.col("goldstein").sum())
        .collect(engine="streaming")
    )
    return windows(daily, near, before, after, first, last)


def _reaches(one: Window, before: int, after: int, first: Date, last: Date) -> bool:
    return one.start - timedelta(days=before) <= last and first <= one.start + timedelta(days=after)


def windows(
    daily: pl.DataFrame, found: Sequence[Window], before: int, after: int, first: Date, last: Date
) -> pl.DataFrame:
    """Each day of each window, and the day that lies the length of a window earlier.

    Args:
        daily: columns ``day``, ``events``, ``goldstein``: what is counted, days without any left out.
        found: the dates.
        before, after: days before and after each start.
        first, last: of the record. Days outside it are null, since nothing is known of them.

    Returns:
        Columns :data:`WINDOWS`. ``during``: whether the window is on. The day of comparison is null where it lies in
        what is laid around another, which would be compared with itself.
    """
    length = before + after + 1
    starts = {one.start for one in found}
    taken = {start + timedelta(days=d) for start in starts for d in range(-before, after + 1)}
    rows = []
    for one in found:
        for relative in range(-before, after + 1):
            on = one.start + timedelta(days=relative)
            base = on - timedelta(days=length)
            rows.append(
                (one.name, one.start, relative, on, one.start <= on <= one.end, base if base not in taken else None)
            )
    schema = {name: WINDOWS[name] for name in ("name", "date", "relative", "day", "during", "baseline_day")}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    known = daily.select("day", pl.col("events").cast(pl.Int64), "goldstein")
    for column, prefix in (("day", ""), ("baseline_day", "baseline_")):
        counted = known.rename({"day": column, "events": f"{prefix}events", "goldstein": f"{prefix}goldstein"})
        inside = pl.col(column).is_between(first, last)
        frame = frame.join(counted, on=column, how="left", maintain_order="left").with_columns(
            pl.when(inside).then(pl.col(f"{prefix}{name}").fill_null(0)).alias(f"{prefix}{name}")
            for name in ("events", "goldstein")
        )
    return frame.select(*WINDOWS)


def summed(frame: pl.DataFrame) -> pl.DataFrame:
    """Windows laid over each other: one row for each day before and after.

    Returns:
        Columns ``relative``; ``windows`` (of which that day is in the record), ``during`` (share of them on that day),
        ``events``, ``per_window``, ``goldstein`` (mean a window); ``baseline_windows``, ``baseline_events``,
        ``baseline_per_window``, ``baseline_goldstein``: the same of the days of comparison.
    """
    return (
        frame.group_by("relative")
        .agg(
            windows=pl.col("events").count().cast(pl.Int64),
            during=pl.col("during").filter(pl.col("events").is_not_null()).mean(),
            events=pl.col("events").sum(),
            per_window=pl.col("events").mean(),
            goldstein=pl.col("goldstein").mean(),
            baseline_windows=pl.col("baseline_events").count().cast(pl.Int64),
            baseline_events=pl.col("baseline_events").sum(),
            baseline_per_window=pl.col("baseline_events").mean(),
            baseline_goldstein=pl.col("baseline_goldstein").mean(),
        )
        .sort("relative")
    )
