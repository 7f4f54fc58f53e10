"""Where a text says that something is: cities and the home states of armed groups.

A city ties those who act in it to its state ("police in Karachi"); it never stands for a government, which is what
capitals do. Cities are data (``data/cities.csv``); the prefixes of ships are in
``data/ships.csv``; the home of an armed group is the key ``state`` of ``data/organisations.toml``.
"""

from __future__ import annotations

import csv
import tomllib
from functools import cache
from importlib.resources import files

_DATA = files("detente") / "data"


@cache
def cities() -> dict[str, str]:
    """State by name of city or region.

    Example:
        >>> cities()["Karachi"]
        'PAK'
    """
    lines = (_DATA / "cities.csv").read_text(encoding="utf-8").splitlines()
    return {row["name"]: row["state"] for row in csv.DictReader(lines)}


@cache
def ships() -> dict[str, tuple[str, ...]]:
    """States whose ships bear a prefix.

    Example:
        >>> ships()["HMAS"]
        ('AUS',)
    """
    lines = (_DATA / "ships.csv").read_text(encoding="utf-8").splitlines()
    return {row["prefix"]: tuple(row["states"].split(";")) for row in csv.DictReader(lines)}


@cache
def homes() -> dict[str, str]:
    """State on whose territory an armed group mainly operates, by the group's code; not those of several states.

    Example:
        >>> homes()["LTTE"]
        'LKA'
    """
    book = tomllib.loads((_DATA / "organisations.toml").read_text(encoding="utf-8"))
    return {row["code"]: row["state"] for row in book["organisation"] if row.get("armed", False)}


@cache
def words() -> dict[str, frozenset[str]]:
    """Lists of words that tie actors to places (``data/local.toml``), by name."""
    book = tomllib.loads((_DATA / "local.toml").read_text(encoding="utf-8"))
    return {name: frozenset(row) for name, row in book.items()}
