"""Names in event data to states: countries, ministries ("Foreign Affairs (South Korea)"), people by date of office."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from datetime import date as Date
from functools import cache

from detente.actors import Name, register, within

_BRACKET = re.compile(r"\(([^()]+)\)\s*$")
_PLACE_SORTS = frozenset({"name", "alias", "abbreviation"})
_LETTERS = str.maketrans({"đ": "d", "ð": "d", "ø": "o", "ł": "l", "ı": "i", "ß": "ss", "æ": "ae"})


def fold(name: str) -> str:
    """A name without accents, case, hyphens and stops.

    Example:
        >>> fold("Recep Tayyip Erdoğan"), fold("Kim Jong-Un")
        ('recep tayyip erdogan', 'kim jong un')
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w]+", " ", plain.translate(_LETTERS).replace("'", "")).split())


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
    codes = {code for code, start, end in _meanings(name) if day is None or within(day, start, end)}
    return codes.pop() if len(codes) == 1 else None


@cache
def _states() -> frozenset[str]:
    return frozenset(a.code for a in register().actors.values() if a.kind == "state")


@cache
def _places() -> dict[str, frozenset[str]]:
    index: dict[str, set[str]] = defaultdict(set)
    for name in register().names():
        if name.code in _states() and name.sort in _PLACE_SORTS:
            index[fold(name.form)].add(name.code)
    return {form: frozenset(codes) for form, codes in index.items()}


@cache
def _people() -> dict[str, tuple[Name, ...]]:
    index: dict[str, list[Name]] = defaultdict(list)
    for name in register().names():
        if name.code in _states() and name.sort == "person":
            for key in _keys(name.form):
                index[key].append(name)
    return {key: tuple(names) for key, names in index.items()}


def _keys(person: str) -> Iterable[str]:
    """All words in any order (family name first or last); then first and last word (middle names left out)."""
    words = fold(person).split()
    if len(words) > 1:
        yield " ".join(sorted(words))
        yield f"{words[0]} … {words[-1]}"


@cache
def _meanings(name: str) -> tuple[tuple[str, str, str], ...]:
    inside = _BRACKET.search(name)
    for place in ([inside[1]] if inside else []) + [name]:
        if codes := _places().get(fold(place)):
            return tuple((code, "", "") for code in sorted(codes))
    if name.isupper() and name.isalpha() and len(name) % 3 == 0:
        return ((name[:3], "", ""),) if name[:3] in _states() else ()
    for key in _keys(name):
        if people := _people().get(key):
            return tuple((p.code, p.start, p.end) for p in people)
    return ()
