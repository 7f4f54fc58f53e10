"""Any table of events, by a small file that says which column is what.

::

    dataset = "embassy-log"        # name under which the desk keeps it
    dates = "%d.%m.%Y"             # where days are not written 2018-06-01, 20180601, 6/1/2018 or 1 June 2018
    actors = "names"               # or "cow" (state numbers), "cameo", "keds"
    missing = ["-99", "n/a"]       # words that stand for nothing

    [columns]                      # ours = theirs
    id = "No."                     # without an id, rows alike in everything are several sightings
    day = "Date"
    source = "From"
    target = "To"
    type = "Kind"                  # or: cameo = "Code"

    [types]                        # their words = PLOVER types; where the words are not PLOVER's own
    "called in the ambassador" = "REJECT"
"""

from __future__ import annotations

import tomllib
from datetime import date as Date
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from detente.codebook import TYPES
from detente.errors import LoadError
from detente.load import codes
from detente.load.cow import by_number
from detente.load.format import Format
from detente.load.sighting import hashed
from detente.load.text import plain

_WANTED: Final = ("day", "source", "target")
_KINDS: Final = ("type", "cameo")
_MAY: Final = (
    *("id", "last_day", "known", "source_code", "target_code", "source_role", "target_role", "code", "goldstein"),
    *("place", "country", "lat", "lon", "outlet", "reports", "domain"),
)
_ACTORS: Final = ("names", "cow", "cameo", "keds")
_KEYS: Final = ("dataset", "dates", "actors", "missing", "columns", "types")

_USUAL: Final = {
    "day": ("day", "date", "event_date"),
    "source": ("source", "source_name"),
    "target": ("target", "target_name"),
    "source_code": ("source_iso3", "source_code"),
    "target_code": ("target_iso3", "target_code"),
    "type": ("type", "event_type"),
    "cameo": ("cameo", "code", "cameo_code"),
    "goldstein": ("goldstein", "intensity"),
    "reports": ("count", "reports"),
    "id": ("id", "event_id"),
}


def mapping(path: Path) -> Format:
    """The format that a mapping file describes.

    Raises:
        LoadError: the file is missing, is no TOML, or a key of it makes no sense; the message names the key.
    """
    try:
        book = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise LoadError(f"There is no mapping file {path}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise LoadError(
            f"{path.name} is no mapping file: {error}. Mend that line; docs/data.md has an example."
        ) from None
    where = path.name
    _known(where, "", book, _KEYS)
    dataset = _text(where, book, "dataset", None)
    if plain(dataset) != dataset.replace("-", "_").casefold():
        raise LoadError(f"{where}: dataset = {dataset!r} must be made of letters, digits and hyphens.")
    columns = book.get("columns")
    if not isinstance(columns, dict):
        raise LoadError(
            f"{where}: the table [columns] is missing. Say there which column is day, source, target and type."
        )
    _known(where, "columns.", columns, (*_WANTED, *_KINDS, *_MAY))
    for key, value in columns.items():
        if not isinstance(value, str) or not plain(value):
            raise LoadError(f"{where}: columns.{key} = {value!r} must be the name of a column in quotation marks.")
    for key in _WANTED:
        if key not in columns:
            raise LoadError(f'{where}: columns.{key} is missing. Add a line such as {key} = "name of the column".')
    if not any(key in columns for key in _KINDS):
        raise LoadError(f"{where}: columns needs type (PLOVER, or words listed in [types]) or cameo. Add one of them.")
    actors = _text(where, book, "actors", "names")
    if actors not in _ACTORS:
        raise LoadError(f"{where}: actors = {actors!r} must be one of {', '.join(_ACTORS)}.")
    missing = book.get("missing", [])
    if not isinstance(missing, list) or not all(isinstance(word, str) for word in missing):
        raise LoadError(f'{where}: missing must be a list of words in quotation marks, such as ["-99", "n/a"].')
    types = book.get("types", {})
    if not isinstance(types, dict):
        raise LoadError(f"{where}: [types] must be a table of their words and PLOVER types.")
    for word, type_ in types.items():
        if type_ not in TYPES:
            near = get_close_matches(str(type_).upper(), TYPES, n=1) or TYPES
            raise LoadError(f"{where}: types.{word!r} = {type_!r} is no PLOVER type. Use {' or '.join(near)}.")
    dates = _text(where, book, "dates", "")
    named: dict[str, tuple[str, ...]] = {key: (plain(name),) for key, name in columns.items()}
    return msgspec.structs.replace(
        _format(dataset, named, dates, actors, tuple(missing), dict(types)), spelt=dict(columns), mapping=where
    )


def _known(where: str, prefix: str, table: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in table:
        if key not in keys:
            near = get_close_matches(key, keys, n=1)
            hint = f"Did you mean {prefix}{near[0]}?" if near else f"Use {', '.join(keys)}."
            raise LoadError(f"{where}: there is no key {prefix}{key}. {hint}")


def _text(where: str, book: dict[str, Any], key: str, default: str | None) -> str:
    value = book.get(key, default)
    if not isinstance(value, str) or (default is None and not value):
        raise LoadError(f'{where}: {key} is missing or no text. Write {key} = "…".')
    return value


def _format(
    dataset: str,
    columns: dict[str, tuple[str, ...]],
    dates: str,
    actors: str,
    missing: tuple[str, ...],
    types: dict[str, str],
) -> Format:
    folded = {word.casefold(): type_ for word, type_ in types.items()}

    def day(text: str) -> Date | None:
        try:
            return datetime.strptime(text.strip(), dates).date() if dates else codes.date(text)
        except ValueError:
            return None

    def kind(word: str) -> str | None:
        return folded.get(word.casefold()) or codes.plover(word)

    def unmapped(word: str) -> str | None:
        return None if kind(word) or codes.cameo(word) else word

    def say(frame: pl.DataFrame) -> pl.DataFrame:
        out = frame.with_columns(
            _kind=codes.mapped(frame["type"], unmapped),
            code=pl.coalesce("code", "cameo", "type"),
            type=codes.mapped(frame["type"], kind),
            country=codes.mapped(frame["country"], codes.country),
            reports=pl.col("reports").cast(pl.Int64, strict=False),
            **{name: codes.mapped(frame[name], day, pl.Date) for name in ("day", "last_day", "known")},
            **{name: codes.numbers(frame[name]) for name in ("goldstein", "lat", "lon")},
        )
        ends = pl.col("last_day") > pl.col("day")
        out = out.with_columns(
            precision=pl.when(ends).then(pl.lit("interval")),
            last_day=pl.when(ends).then("last_day").otherwise("day"),
            row=_rows(frame, [name for name in columns if name in frame.columns]),
        )
        for side in ("source", "target"):
            names = frame[side]
            if actors == "cow":
                code = by_number(names, out["day"])
            elif actors == "names":
                code = pl.Series([None] * frame.height, dtype=pl.String)
            else:
                scheme: codes.Scheme = "keds" if actors == "keds" else "cameo"
                code = codes.mapped(names, lambda word, scheme=scheme: codes.actor(word, scheme)[0])  # type: ignore[misc]
            given = codes.mapped(frame[f"{side}_code"], codes.country)
            out = out.with_columns(
                names.alias(f"{side}_name"), pl.coalesce(given.alias("_given"), code.alias("_code")).alias(side)
            )
        return out

    wanted = {key: columns[key] for key in columns if key in _WANTED}
    takes = {key: columns.get(key, ()) for key in (*_KINDS, *_MAY)}
    # A column that the mapping names must be there, so that a misspelt one is noticed.
    named = {key: names for key, names in takes.items() if names}
    needs = wanted | (named if columns is not _USUAL else {"kind": (*_USUAL["type"], *_USUAL["cameo"])})
    return Format(
        name=dataset,
        title=f"the table that the mapping describes ({dataset})" if columns is not _USUAL else "a table of events",
        needs=needs,
        takes={key: names for key, names in takes.items() if key not in needs},
        say=say,
        missing=missing,
        repeats="id" not in columns or columns is _USUAL,
    )


def _rows(frame: pl.DataFrame, names: list[str]) -> pl.Series:
    return hashed(frame, "id") if "id" in names and not frame["id"].null_count() else hashed(frame, *names)


TABLE: Final = _format("table", _USUAL, "", "names", ("NULL", "None"), {})
"""A table whose columns have usual names (day or date, source, target, type or cameo, …)."""
