"""Codes that other data sets use for countries, actors and deeds, to those of the register and the codebook.

The rows lie in ``data/fips.csv``, ``actor_codes.csv``, ``cow.csv`` and ``deeds.csv``; ``codes.sources.toml`` says where
they come from.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date as Date
from functools import cache
from typing import Any, Literal

import polars as pl
from msgspec import Struct

from detente.actors import DATA, register, state_codes
from detente.codebook import TYPES, goldstein
from detente.codebook import cameo as cameo_code
from detente.errors import CodebookError
from detente.load.people import Meaning, meanings
from detente.record.archive import Coded

To = Callable[[str], str | None]
Scheme = Literal["cameo", "keds"]


class Deed(Struct, frozen=True):
    """What an event code of a data set stands for: PLOVER type and CAMEO code, empty where there is none."""

    type: str
    cameo: str


def mapped(values: pl.Series, to: Callable[[str], Any], kind: Any = pl.String) -> pl.Series:
    """A column with each distinct value replaced by a function of it; null stays null.

    Example:
        >>> mapped(pl.Series(["KN", "KN", None]), fips().get).to_list()
        ['PRK', 'PRK', None]
    """
    return Coded(values).to(to, kind)


@cache
def fips() -> dict[str, str]:
    """FIPS 10-4 codes of countries, as GDELT uses them for places, to ISO 3166.

    Example:
        >>> fips()["KS"], fips()["AS"]
        ('KOR', 'AUS')
    """
    return {row["fips"]: row["code"] for row in _rows("fips.csv")}


@cache
def deeds(scheme: str) -> dict[str, Deed]:
    """What the event codes of MID, UCDP or ACLED stand for.

    Example:
        >>> deeds("mid")["17"]
        Deed(type='ASSAULT', cameo='190')
    """
    return {row["code"]: Deed(row["type"], row["cameo"]) for row in _rows("deeds.csv") if row["scheme"] == scheme}


@cache
def actor(code: str, scheme: Scheme = "cameo") -> tuple[str | None, str | None]:
    """Actor and role of an actor code made of groups of three letters.

    Args:
        code: ``"PRK"``, ``"USAGOV"``, ``"IGOUNO"``.
        scheme: ``cameo``, or ``keds`` for the older codes of the KEDS project (``"UAR"`` for Egypt).

    Example:
        >>> actor("USAGOV"), actor("IGOUNO"), actor("UAR", "keds"), actor("MOS")
        (('USA', 'GOV'), ('UN', None), ('EGY', None), (None, None))
    """
    parts = [code[i : i + 3] for i in range(0, len(code), 3)]
    for at, part in enumerate(parts[:2]):
        if found := _actors(scheme).get(part):
            return found, "".join((*parts[:at], *parts[at + 1 :])) if at == 0 and len(parts) > 1 else None
        if part not in {"IGO", "NGO", "IMG", "INT", "MNC", "NGM"}:
            break
    return None, None


@cache
def _actors(scheme: str) -> dict[str, str]:
    states = {code: code for code in state_codes()}
    return states | {row["code"]: row["actor"] for row in _rows("actor_codes.csv") if row["scheme"] == scheme}


def cow(number: str) -> tuple[Meaning, ...]:
    """What a state number of the Correlates of War (or of Gleditsch and Ward) stands for, and when.

    Example:
        >>> cow("731"), cow("365")[1][0]
        ((('PRK', None, '', ''),), 'SUN')
    """
    return _cow().get(number.strip().removesuffix(".0"), ())


@cache
def _cow() -> dict[str, tuple[Meaning, ...]]:
    out: dict[str, tuple[Meaning, ...]] = {}
    for one in register().actors.values():
        for number in {one.cow, one.gw} - {None}:
            if one.kind == "state":
                out[str(number)] = ((one.code, None, "", ""),)
    several: dict[str, list[Meaning]] = defaultdict(list)
    for row in _rows("cow.csv"):
        several[row["number"]].append((row["code"], None, row["from"], row["to"]))
    return out | {number: tuple(rows) for number, rows in several.items()}


@cache
def country(name: str) -> str | None:
    """The code of a country by its code or name; words in brackets count where those before them say nothing.

    Example:
        >>> country("Russian Federation"), country("Yemen (North Yemen)"), country("PRK")
        ('RUS', 'YEM', 'PRK')
    """
    before = name.partition(" (")[0]
    for form in (_COUNTRIES.get(before, before), name):
        codes = {code for code, *_ in meanings(form)}
        if len(codes) == 1:
            return codes.pop()
    return None


# As ICEWS and UCDP print them; the register has the rest.
_COUNTRIES = {"Occupied Palestinian Territory": "Palestine", "Macedonia, FYR": "North Macedonia"}


@cache
def cameo(code: str) -> str | None:
    """The CAMEO code that the codebook holds for one in a file, None where it is none ("13y").

    Example:
        >>> cameo("0330"), cameo("13y"), cameo("42")
        ('033', None, None)
    """
    try:
        return cameo_code(code).code
    except CodebookError:
        return None


@cache
def value(code_or_type: str) -> float | None:
    """Goldstein value of a CAMEO code or a PLOVER type; None for anything else."""
    try:
        return goldstein(code_or_type)
    except CodebookError:
        return None


def plover(code: str) -> str | None:
    """PLOVER type of a CAMEO code that the codebook holds, or of a type's own name; None where there is none.

    Example:
        >>> plover("042"), plover("010"), plover("accuse")
        ('CONSULT', None, 'ACCUSE')
    """
    if code.upper() in TYPES:
        return code.upper()
    known = cameo(code)
    return (cameo_code(known).type or None) if known else None


def date(text: str) -> Date | None:
    """A day as event data print it; None where it is none, or a missing value is part of it.

    Read are ``2018-06-01``, ``20180601`` (with or without a time), ``6/1/2018`` (month first, as ICEWS has it),
    ``01 June 2018``.

    Example:
        >>> date("6/1/2018"), date("20180601234500"), date("-9")
        (datetime.date(2018, 6, 1), datetime.date(2018, 6, 1), None)
    """
    text = text.strip()
    try:
        if len(text) >= 8 and text[:8].isdigit():
            return Date(int(text[:4]), int(text[4:6]), int(text[6:8]))
        if len(text) >= 10 and text[4] == text[7] == "-":
            return Date.fromisoformat(text[:10])
        if text.count("/") == 2:
            month, day, year = text.split(" ")[0].split("/")
            return Date(int(month), int(day), int(year)) if len(month) == 4 else Date(int(year), int(month), int(day))
        day, month, year = text.replace("-", " ").split()
        return Date(int(year), _MONTHS.index(month[:3].casefold()) + 1, int(day))
    except ValueError:
        return None


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def dates(values: pl.Series) -> pl.Series:
    """A column of days; see :func:`date`."""
    return mapped(values, date, pl.Date)


def numbers(values: pl.Series) -> pl.Series:
    """A column of finite numbers; null where a value is none."""
    out = values.cast(pl.Float64, strict=False)
    return out.to_frame().select(pl.when(pl.col(out.name).is_finite()).then(pl.col(out.name))).to_series()


def _rows(name: str) -> Sequence[dict[str, str]]:
    return tuple(csv.DictReader((DATA / name).read_text(encoding="utf-8").splitlines()))
