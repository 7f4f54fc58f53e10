"""Names in event data to actors: countries, ministries ("Foreign Affairs (South Korea)"), people by date of office."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date as Date
from datetime import timedelta
from functools import cache, lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.actors import Name, register, state_codes, within

Meaning = tuple[str, str | None, str, str]
"""Code, role (None for the actor itself), first and last day as ISO text of any precision; empty means open."""

_BRACKET = re.compile(r"\(([^()]+)\)\s*$")
_NO_WORD = re.compile(r"[^\w]+")
_PLACE_SORTS = frozenset({"name", "alias", "abbreviation"})
_LETTERS = str.maketrans({"đ": "d", "ð": "d", "ø": "o", "ł": "l", "ı": "i", "ß": "ss", "æ": "ae"})
_BODIES = frozenset(
    {
        "Army",
        "Forces",
        "Force",
        "Government",
        "Ministry",
        "Minister",
        "Military",
        "Navy",
        "Parliament",
        "Police",
        "Troops",
    }
)
_EPOCH = Date(1970, 1, 1).toordinal()
_DAYS = np.int64(1) << 22  # more than any ordinal of a date


@lru_cache(maxsize=1 << 15)  # "Citizen (Japan)", "Police (Japan)"
def fold(name: str) -> str:
    """A name without accents, case, hyphens and stops.

    Example:
        >>> fold("Recep Tayyip Erdoğan"), fold("Kim Jong-Un")
        ('recep tayyip erdogan', 'kim jong un')
    """
    plain = name.casefold()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
        plain = plain.translate(_LETTERS)
    return " ".join(_NO_WORD.sub(" ", plain.replace("'", "")).split())


def state(name: str, day: Date | None = None) -> str | None:
    """The code of the state that a name in event data stands for, on the day.

    A ministry, army or crowd with its country in brackets is that country's; a person is the state's whose office the
    person holds on the day. A name that fits nothing, or two states, is None.

    Args:
        name: as the data print it; an actor code of CAMEO (``"PRK"``, ``"EGYGOV"``) is read by its first three letters.
        day: day of the event; None ignores dates of office.

    Example:
        >>> state("Foreign Affairs (South Korea)")
        'KOR'
    """
    code = actor(name, day)
    return code if code in state_codes() else None


def actor(name: str, day: Date | None = None) -> str | None:
    """The code of the state, organisation or group that a name in event data stands for, on the day; see :func:`state`.

    Example:
        >>> actor("European Union"), actor("Citizen (Atlantis)")
        ('EU', None)
    """
    codes = {code for code, _, start, end in meanings(name) if day is None or within(day, start, end)}
    return codes.pop() if len(codes) == 1 else None


@cache
def _places() -> dict[str, frozenset[str]]:
    """Names of states, and of organisations where no state has the name."""
    index: dict[str, set[str]] = defaultdict(set)
    others: dict[str, set[str]] = defaultdict(set)
    for name in register().names():
        if name.sort in _PLACE_SORTS:
            (index if name.code in state_codes() else others)[fold(name.form)].add(name.code)
    return {form: frozenset(codes) for form, codes in (others | index).items()}


@cache
def _people() -> dict[str, tuple[Name, ...]]:
    index: dict[str, list[Name]] = defaultdict(list)
    for name in register().names():
        if name.code in state_codes() and name.sort == "person":
            for key in _keys(name.form):
                index[key].append(name)
    return {key: tuple(names) for key, names in index.items()}


@cache
def _demonyms() -> dict[str, frozenset[str]]:
    index: dict[str, set[str]] = defaultdict(set)
    for name in register().names():
        if name.code in state_codes() and name.sort == "demonym":
            index[fold(name.form)].add(name.code)
    return {form: frozenset(codes) for form, codes in index.items()}


def _keys(person: str) -> Iterable[str]:
    """All words in any order (family name first or last); then first and last word (middle names left out)."""
    words = fold(person).split()
    if len(words) > 1:
        yield " ".join(sorted(words))
        yield f"{words[0]} … {words[-1]}"


def meanings(name: str) -> tuple[Meaning, ...]:
    """What a name can stand for, and when; more than one code on a day is ambiguous.

    Example:
        >>> meanings("Viet Nam")
        (('VNM', None, '', ''),)
    """
    if name in state_codes():  # a code: NAM is Namibia, not the Non-Aligned Movement
        return ((name, None, "", ""),)
    inside = _BRACKET.search(name)
    for place in ([inside[1]] if inside else []) + [name]:
        if codes := _places().get(fold(place)):
            return tuple((code, None, "", "") for code in sorted(codes))
    if name.isupper() and name.isalpha() and len(name) % 3 == 0:
        return ((name[:3], None, "", ""),) if name[:3] in state_codes() else ()
    for key in _keys(name):
        if people := _people().get(key):
            return tuple((p.code, p.role, p.start, p.end) for p in people)
    words = name.split()
    for length in range(min(3, len(words) - 1), 0, -1):  # "Israeli Defense Forces"
        if set(words[length:]) & _BODIES and (codes := _demonyms().get(fold(" ".join(words[:length])))):
            return tuple((code, " ".join(words[length:]), "", "") for code in sorted(codes))
    return ()


class Resolver:
    """Codes of many names by day: each distinct name is worked out once, as stretches of days with one meaning.

    Args:
        meanings: what a name can stand for.

    Example:
        >>> days = pl.Series([Date(2014, 5, 1), Date(2018, 5, 1), Date(2018, 5, 1)])
        >>> Resolver().resolve(["Barack Obama", "Japan"], np.array([0, 0, 1]), days)[0].to_list()
        ['USA', None, 'JPN']
    """

    def __init__(self, meanings: Callable[[str], Sequence[Meaning]] = meanings) -> None:
        self._meanings = meanings
        self._numbers: dict[str, int] = {}
        self._starts: NDArray[np.int64] = np.empty(0, np.int64)
        self._found: list[tuple[str | None, str | None]] = []

    def resolve(self, words: Sequence[str], at: NDArray[Any], days: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Codes and roles of names on days; null where a name is null or cannot be told.

        Args:
            words: distinct names.
            at: (n,) which of them each row has; ``len(words)`` for none.
            days: (n,) dates without nulls.
        """
        starts: list[int] = []
        numbers = np.zeros(len(words) + 1, dtype=np.int64)
        for place, name in enumerate(words):
            number = self._numbers.get(name)
            if number is None:
                number = self._numbers[name] = len(self._numbers)
                for first, found in _stretches(self._meanings(name)):
                    starts.append(number * int(_DAYS) + first)
                    self._found.append(found)
            numbers[place] = number
        if starts:
            self._starts = np.concatenate([self._starts, np.array(starts, np.int64)])
        if not self._found:
            nothing = pl.Series([None] * days.len(), dtype=pl.String)
            return nothing, nothing
        moments = numbers[at] * _DAYS + (days.to_physical().to_numpy().astype(np.int64) + _EPOCH)
        stretch = np.searchsorted(self._starts, moments, side="right") - 1
        stretch[at == len(words)] = len(self._found)
        codes = pl.Series([*(code for code, _ in self._found), None], dtype=pl.String)
        roles = pl.Series([*(role for _, role in self._found), None], dtype=pl.String)
        return codes.gather(stretch), roles.gather(stretch)


def _stretches(meanings: Sequence[Meaning]) -> list[tuple[int, tuple[str | None, str | None]]]:
    """First days (ordinals, from 0) of the stretches of time in which a name means the same, with code and role."""
    if not any(start or end for _, _, start, end in meanings):
        return [(0, meanings[0][:2] if len({code for code, *_ in meanings}) == 1 else (None, None))]
    bounds = {0}
    for _, _, start, end in meanings:
        if start:
            bounds.add(_first(start).toordinal())
        if end:
            bounds.add(_last(end).toordinal() + 1)
    out: list[tuple[int, tuple[str | None, str | None]]] = []
    for bound in sorted(bounds):
        day = Date.fromordinal(max(1, bound))
        valid = [(code, role) for code, role, start, end in meanings if within(day, start, end)]
        found = valid[0] if len({code for code, _ in valid}) == 1 else (None, None)
        if not out or out[-1][1] != found:
            out.append((bound, found))
    return out


def _first(iso: str) -> Date:
    """First day of an ISO date of any precision."""
    return Date.fromisoformat((iso + "-01-01")[:10])


def _last(iso: str) -> Date:
    """Last day of an ISO date of any precision."""
    if len(iso) == 10:
        return Date.fromisoformat(iso)
    first = _first(iso)
    if len(iso) == 4:
        return first.replace(month=12, day=31)
    return first + timedelta(monthrange(first.year, first.month)[1] - 1)
