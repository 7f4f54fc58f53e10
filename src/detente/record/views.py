"""How nouns lie in tables: a few columns to ask by, and the whole noun as JSON beside them, so nothing is lost."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from datetime import date as Date
from datetime import datetime
from typing import Any

import msgspec
import polars as pl

from detente.actors import register
from detente.events import Claim, Event, Question, Reading, Report, Speaker, Tie, to_json

SPEAKERS = pl.List(pl.Struct({"code": pl.String, "name": pl.String, "as": pl.String}))
CODES = pl.List(pl.String)

# Every row also says since when it was known to the world, when it was recorded here, and which noun it holds.
STAMP: dict[str, Any] = {"known": pl.Date, "recorded": pl.Datetime("us"), "json": pl.String}

TABLES: dict[str, dict[str, Any]] = {
    "reports": {
        "id": pl.String,
        "title": pl.String,
        "outlet": pl.String,
        "author": pl.String,
        "kind": pl.String,
        "standpoint": pl.String,
        "published": pl.Date,
        "path": pl.String,
        "characters": pl.Int64,
        **STAMP,
    },
    "events": {
        "id": pl.String,
        "report": pl.String,
        "type": pl.String,
        "cameo": pl.String,
        "quad": pl.String,
        "source": CODES,
        "target": CODES,
        "reciprocal": pl.Boolean,
        "domain": pl.String,
        "modality": pl.String,
        "date": pl.String,
        "date_precision": pl.String,
        "date_from": pl.String,
        "day": pl.Date,
        "last_day": pl.Date,
        "speakers": SPEAKERS,
        "sentence": pl.String,
        "confidence": pl.Float64,
        "same_as": pl.String,
        **STAMP,
    },
    "claims": {
        "id": pl.String,
        "report": pl.String,
        "topic": pl.String,
        "stance": pl.String,
        "about": CODES,
        "speaker": pl.String,
        "speakers": SPEAKERS,
        "proposition": pl.String,
        "cause": pl.String,
        "effect": pl.String,
        "sentence": pl.String,
        "confidence": pl.Float64,
        **STAMP,
    },
    "ties": {
        "id": pl.String,
        "tie": pl.String,
        "report": pl.String,
        "name": pl.String,
        "kind": pl.String,
        "parties": CODES,
        "domain": pl.String,
        "status": pl.String,
        "date": pl.String,
        "sentence": pl.String,
        **STAMP,
    },
    "questions": {
        "id": pl.String,
        "report": pl.String,
        "kind": pl.String,
        "words": pl.String,
        "sentence": pl.String,
        **STAMP,
    },
}


def day_range(date: str | None) -> tuple[Date | None, Date | None]:
    """First and last day that an ISO date of any precision, or an interval ``start/end``, covers.

    Example:
        >>> day_range("2024-02")
        (datetime.date(2024, 2, 1), datetime.date(2024, 2, 29))
        >>> day_range(None)
        (None, None)
    """
    if not date:
        return None, None
    first, _, last = date.partition("/")
    start, end = _bounds(first), _bounds(last or first)
    return start[0], end[1]


def _bounds(date: str) -> tuple[Date, Date]:
    parts = [int(part) for part in date.split("-")]
    if len(parts) == 1:
        return Date(parts[0], 1, 1), Date(parts[0], 12, 31)
    if len(parts) == 2:
        return Date(parts[0], parts[1], 1), Date(parts[0], parts[1], calendar.monthrange(parts[0], parts[1])[1])
    return Date(*parts), Date(*parts)


def tables(readings: Iterable[Reading], recorded: datetime) -> dict[str, pl.DataFrame]:
    """Rows for every table from what was read.

    Args:
        readings: what was read from each report.
        recorded: time of recording (UTC); also the day since when an undated report is known.
    """
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for reading in readings:
        known = reading.report.published or recorded.date()
        for table, nouns in (
            ("reports", (reading.report,)),
            ("events", reading.events),
            ("claims", reading.claims),
            ("ties", reading.ties),
            ("questions", reading.questions),
        ):
            for noun in nouns:
                stamp = {"known": known, "recorded": recorded, "json": to_json(noun)}
                rows[table].append(as_row(noun) | stamp)
    return {name: pl.DataFrame(rows[name], schema=TABLES[name], orient="row") for name in TABLES}


def holder(chain: Sequence[Speaker]) -> str | None:
    """Who stands behind the words: the innermost one quoted, under the actor's name where it is one, or the author.

    Example:
        >>> holder([Speaker(None, "Reporter", "author"), Speaker("PRK", "Pyongyang", "quoted")])
        'North Korea'
    """
    quoted = [link for link in chain if link.as_ in ("quoted", "institution")]
    own = [link for link in chain if link.as_ == "author"]
    held = (quoted or own or chain)[-1:]
    return next((register().actor(link.code).name if link.code else link.name for link in held), None)


def as_row(noun: Report | Event | Claim | Tie | Question) -> dict[str, Any]:
    plain = msgspec.to_builtins(noun, builtin_types=(Date,))
    match noun:
        case Report():
            extra: dict[str, Any] = {"characters": len(noun.text)}
        case Event():
            first, last = day_range(noun.date)
            extra = {
                "source": [p.code for p in noun.source if p.code],
                "target": [p.code for p in noun.target if p.code],
                "day": first,
                "last_day": last,
            }
        case Claim():
            extra = {"speaker": holder(noun.speakers)}
        case Tie():
            last_step = noun.history[-1] if noun.history else None
            extra = {
                "id": f"{noun.report}:{noun.id}:{noun.span[0] if noun.span else ''}",
                "tie": noun.id,
                "status": last_step.status if last_step else None,
                "date": (last_step.date or None) if last_step else None,
            }
        case Question():
            extra = {"id": f"{noun.report}:{noun.span[0]}:{noun.words}"}
    columns = TABLES[type(noun).__name__.lower() + "s"]
    return {key: value for key, value in (plain | extra).items() if key in columns}
