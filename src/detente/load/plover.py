"""PLOVER records in JSON: one object after another, each on one line or spread over many, or in a list."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl

from detente.load import codes, text
from detente.load.format import ROWS
from detente.load.sighting import Chunk, Sighted, hashed
from detente.load.text import Head, Reject

NAME: Final = "plover"
TITLE: Final = "PLOVER records in JSON"
_KEYS: Final = {
    "id": ("id", "event_id", "eventid"),
    "day": ("date", "event_date", "eventdate"),
    "last_day": ("enddate", "end_date"),
    "known": ("publication_date", "pubdate", "publicationdate"),
    "type": ("event", "event_type", "eventtype", "type"),
    "mode": ("mode", "event_mode", "eventmode"),
    "outlet": ("publication", "publisher", "source_name"),
}
_SIDES: Final = {
    "source": ("source", "sources", "actor", "actors"),
    "target": ("target", "targets", "recipient", "recipients"),
}
_MISSING: Final = frozenset({"", "NULL", "None", "null", "---"})
_GAP: Final = " \t\n\r,[]"


def fits(head: Head) -> bool:
    """Whether a file holds JSON objects."""
    start = "".join("".join(head.lines[:20]).split())
    return start.startswith(("{", "[{"))


def read(path: Path, sighted: Sighted) -> Iterator[Chunk]:
    """The sightings of a file in chunks. An object that is broken is rejected up to the next line that begins one."""
    said: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    try:
        for line, found in _objects(path):
            if isinstance(found, str):
                rejects.append(Reject(line, "no JSON object that can be read", found))
            elif not any(_first(found, _KEYS[key]) for key in ("day", "type")):
                rejects.append(Reject(line, "neither a date nor an event type", json.dumps(found, ensure_ascii=False)))
            else:
                said += _said(found, line)
            if len(said) >= ROWS:
                yield _chunk(said, rejects, sighted)
                said, rejects = [], []
    except text.Broken as error:
        rejects.append(Reject(0, f"the packed file breaks off ({error}); get it again from its source", ""))
    if said or rejects:
        yield _chunk(said, rejects, sighted)


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Line and content of each object, or the text of one that cannot be read."""
    decoder = json.JSONDecoder()
    blocks = text.blocks(path)
    rest, line, more = "", 1, True
    while more or rest:
        block = next(blocks, None) if more else None
        more = block is not None
        rest += block.data.decode() if block else ""
        at, mark = 0, 0  # where to read on; up to where lines are counted
        while at < len(rest):
            if rest[at] in _GAP:
                at += 1
                continue
            line, mark = line + rest.count("\n", mark, at), at
            found: dict[str, Any] | str
            try:
                value, end = decoder.raw_decode(rest, at)
                found = value if isinstance(value, dict) else rest[at:end]
            except (json.JSONDecodeError, RecursionError):
                end = rest.find("\n{", at)
                if end < 0 and more and len(rest) - at < text.LONGEST:
                    break  # it may go on in the next block
                end = end if end >= 0 else len(rest)
                found = rest[at:end]
            yield line, found
            at = end
        line, rest = line + rest.count("\n", mark, at), rest[at:]


def _first(record: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    lower = {str(key).casefold(): value for key, value in record.items()}
    return next((lower[key] for key in keys if key in lower and _word(lower[key]) not in (None, "")), None)


def _word(value: Any) -> str | None:
    """A value as a word; null where the file says that there is none."""
    if value is None or isinstance(value, dict | list):
        return None if value is None else json.dumps(value)
    return None if str(value) in _MISSING else str(value)


def _parties(value: Any) -> list[tuple[str | None, str | None]]:
    """Names (or codes) and roles of one side, however the record puts them."""
    if isinstance(value, list):
        return [party for one in value for party in _parties(one)]
    if isinstance(value, dict):
        code = _first(value, ("code", "actor", "country", "ccode", "name", "text"))
        role = _first(value, ("sector", "agent", "role"))
        return [(_word(code), _word(role))]
    return [(_word(value), None)] if _word(value) else []


def _said(record: dict[str, Any], line: int) -> list[dict[str, Any]]:
    """What a record says: one sighting for each pair of a source and a target."""
    places = _first(record, ("location", "locations", "place"))
    place = next((p for p in (places if isinstance(places, list) else [places]) if isinstance(p, dict)), {})
    common = {key: _word(_first(record, keys)) for key, keys in _KEYS.items()} | {
        "place": _word(_first(place, ("city", "name", "district", "province"))),
        "country": _word(_first(place, ("country", "ccode"))) or _word(_first(record, ("ccode", "country"))),
        "latitude": _word(_first(place, ("lat", "latitude"))),
        "longitude": _word(_first(place, ("long", "lon", "lng", "longitude"))),
        "original": {"json": json.dumps(record, ensure_ascii=False)},
        "_line": line,
    }
    sides = [_parties(_first(record, keys))[:10] or [(None, None)] for keys in _SIDES.values()]
    return [
        common | {"source_name": source, "source_role": by, "target_name": target, "target_role": to}
        for source, by in sides[0]
        for target, to in sides[1]
    ]


_TEXT: Final = (
    *_KEYS,
    "place",
    "country",
    "latitude",
    "longitude",
    *(f"{s}_{w}" for s in _SIDES for w in ("name", "role")),
)


def _chunk(said: list[dict[str, Any]], rejects: list[Reject], sighted: Sighted) -> Chunk:
    schema: dict[str, Any] = dict.fromkeys(_TEXT, pl.String) | {
        "original": pl.Struct({"json": pl.String}),
        "_line": pl.Int64,
    }
    frame = pl.DataFrame(said, schema=schema)
    frame = frame.with_columns(
        code=pl.concat_str("type", "mode", separator="/", ignore_nulls=True),
        cameo=pl.when(pl.col("type").str.contains(r"^\d")).then("type"),
        type=codes.mapped(frame["type"], codes.plover),
        day=codes.dates(frame["day"]),
        last_day=codes.dates(frame["last_day"]),
        known=codes.dates(frame["known"]),
        country=codes.mapped(frame["country"], codes.country),
        lat=codes.numbers(frame["latitude"]),
        lon=codes.numbers(frame["longitude"]),
        row=hashed(frame, "id", "day", "type", "mode", "source_name", "target_name"),
    )
    chunk = sighted(frame)
    return Chunk(chunk.frame, rejects + chunk.rejects)
