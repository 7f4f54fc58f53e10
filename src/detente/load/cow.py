"""Correlates of War: Militarized Interstate Events 1.0, and the participants of MID 5.0 incidents and disputes.

-9 stands for missing: a day of -9 leaves the month, a month of -9 the year. Actors are state numbers, by date.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date as Date
from typing import Final, Literal

import polars as pl

from detente.load import codes
from detente.load.format import Format
from detente.load.people import Resolver
from detente.load.sighting import hashed
from detente.record.archive import Coded


def _date(parts: str, which: Literal["first", "last"]) -> Date | None:
    """First or last day of a year, month and day that the file prints, -9 for missing."""
    year, month, day = (int(float(part)) if part else -9 for part in parts.split("|", 2))
    try:
        if which == "first":
            return Date(year, max(month, 1), max(day, 1) if month > 0 else 1)
        month = month if month > 0 else 12
        return Date(year, month, day if day > 0 else monthrange(year, month)[1])
    except (ValueError, IndexError):
        return None


def _safe(parts: str, which: Literal["first", "last"]) -> Date | None:
    try:
        return _date(parts, which)
    except (ValueError, OverflowError):
        return None


def _precision(parts: str) -> str:
    _, month, day = parts.split("|", 2)
    return "year" if _missing(month) else "month" if _missing(day) else "day"


def _missing(part: str) -> bool:
    return not part.strip("0.") or part.startswith("-")


def _dated(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns ``day``, ``last_day`` and ``precision`` from the parts of dates."""
    start, end = (
        frame.select(
            pl.concat_str(pl.col(f"{which}year", f"{which}mon", f"{which}day").fill_null("-9"), separator="|").alias(
                "_"
            )
        )["_"]
        for which in ("st", "end")
    )
    first = codes.mapped(start, lambda parts: _safe(parts, "first"), pl.Date)
    last = codes.mapped(end, lambda parts: _safe(parts, "last"), pl.Date)
    own = codes.mapped(start, lambda parts: _safe(parts, "last"), pl.Date)
    return (
        frame.with_columns(
            day=first,
            _own=own,
            last_day=last,
            precision=codes.mapped(start, _precision),
        )
        .with_columns(
            last_day=pl.when(pl.col("last_day") >= pl.col("_own")).then("last_day").otherwise("_own"),
        )
        .with_columns(
            precision=pl.when((pl.col("precision") == "day") & (pl.col("last_day") > pl.col("day")))
            .then(pl.lit("interval"))
            .otherwise("precision"),
        )
    )


def by_number(numbers: pl.Series, days: pl.Series) -> pl.Series:
    """Actors of state numbers on days; null where a number is no state's on the day."""
    coded = Coded(numbers)
    return Resolver(codes.cow).resolve(coded.words, coded.at, days.fill_null(Date(2000, 1, 1)))[0]


def _done(frame: pl.DataFrame, action: str) -> pl.DataFrame:
    deed = frame[action].cast(pl.String).str.strip_suffix(".0")
    return frame.with_columns(
        deed.alias("code"),
        codes.mapped(deed, lambda code: codes.deeds("mid")[code].type if code in codes.deeds("mid") else None).alias(
            "type"
        ),
        codes.mapped(deed, lambda code: codes.deeds("mid")[code].cameo if code in codes.deeds("mid") else None).alias(
            "cameo"
        ),
        source=by_number(frame["source_name"], frame["day"]),
        target=by_number(frame["target_name"], frame["day"]),
    )


def say_mie(frame: pl.DataFrame) -> pl.DataFrame:
    """What rows of MIE say: the first state did it to the second."""
    frame = _done(_dated(frame), "action")
    return frame.with_columns(hashed(frame, "micnum", "eventnum", "source_name", "target_name", "action"))


def say_mid(frame: pl.DataFrame) -> pl.DataFrame:
    """What rows of participants say: each did what the row says to every participant of the other side."""
    frame = _dated(frame)
    others = frame.select("event", pl.col("source_name").alias("target_name"), pl.col("side").alias("_side"))
    pairs = frame.join(others, on="event", how="left", maintain_order="left").filter(
        pl.col("_side").is_null() | (pl.col("_side") != pl.col("side"))
    )
    alone = frame.join(pairs.select("_line"), on="_line", how="anti").with_columns(
        pl.lit(None, pl.String).alias("target_name"), pl.lit(None, pl.String).alias("_side")
    )
    pairs = _done(pl.concat([pairs, alone]), "action")
    # One participant can have several rows in a dispute, told apart by their dates.
    return pairs.with_columns(hashed(pairs, "event", "source_name", "target_name", "day", "last_day", "action"))


_DATES: Final = {f"{which}{part}": (f"{which}{part}",) for which in ("st", "end") for part in ("day", "mon", "year")}

MIE: Final = Format(
    name="mie",
    title="Militarized Interstate Events",
    needs={
        "micnum": ("micnum",),
        "eventnum": ("eventnum",),
        "source_name": ("ccode1",),
        "target_name": ("ccode2",),
        "action": ("action",),
        **_DATES,
    },
    takes={},
    say=say_mie,
)

MIDIP: Final = Format(
    name="mid",
    title="MID incident participants (MIDIP)",
    needs={
        "event": ("incidnum",),
        "source_name": ("ccode",),
        "side": ("insidea",),
        "action": ("action",),
        **_DATES,
    },
    takes={},
    say=say_mid,
    whole=True,
)

MIDB: Final = Format(
    name="midb",
    title="MID dispute participants (MIDB)",
    needs={"event": ("dispnum",), "source_name": ("ccode",), "side": ("sidea",), "action": ("hiact",), **_DATES},
    takes={},
    say=say_mid,
    whole=True,
)
