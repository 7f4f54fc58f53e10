"""Causal claims in plain words, turned into terms of the record.

"Joint drills of USA and KOR raise hostile acts of PRK" names two kinds of acts with their actors, and a verb between
them. Kinds of acts and verbs are words of ``data/acts.toml``; actors are found as in reports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date as Date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl
from msgspec import Struct

from detente.actors import day, register
from detente.codebook import TYPES, quad
from detente.errors import LearnError
from detente.learn import check as checking
from detente.learn.check import Acts, Answer, Proposition, check
from detente.record import windows
from detente.record.windows import Window

if TYPE_CHECKING:
    from detente.learn.model import Fit

_DAYS = re.compile(r"\bwithin (\d{1,3}) (day|week|month)s?\b", re.IGNORECASE)
_LENGTH = {"day": 1, "week": 7, "month": 30}
_TOWARD = re.compile(r"\b(?:toward|towards|against|to|on|at|from)\b", re.IGNORECASE)
_EXAMPLE = "joint drills of USA and KOR raise hostile acts of PRK toward KOR within 14 days"


class _Act(Struct, frozen=True, forbid_unknown_fields=True):
    words: tuple[str, ...]
    types: tuple[str, ...] = ()
    quads: tuple[str, ...] = ()
    domain: str = ""
    cameo: tuple[str, ...] = ()
    joint: bool = False


class _Words(Struct, frozen=True, forbid_unknown_fields=True, rename={"raises": "raise"}):
    raises: tuple[str, ...]
    lower: tuple[str, ...]
    due_to: tuple[str, ...]
    act: tuple[_Act, ...]


@cache
def _words() -> _Words:
    return msgspec.toml.decode(files("detente").joinpath("data/acts.toml").read_bytes(), type=_Words)


def read(words: str, *, within: int = 14) -> Proposition:
    """A causal claim in plain words as a proposition.

    Args:
        words: ``CAUSE acts of ACTORS (toward ACTORS) VERB EFFECT acts of ACTORS (toward ACTORS) (within N days)``;
            actors by code or name.
        within: days, where the words do not say.

    Raises:
        LearnError: no verb, no kind of acts or no actors; says what was understood and gives an example.

    Example:
        >>> claim = read("joint drills of USA and South Korea raise threats of PRK within 2 weeks")
        >>> claim.cause.by, claim.cause.joint, claim.effect.types, claim.within
        (('KOR', 'USA'), True, ('THREATEN',), 14)
    """
    text = " ".join(words.strip().rstrip(".").split())
    if found := _DAYS.search(text):
        within = int(found[1]) * _LENGTH[found[2].lower()]
        text = (text[: found.start()] + text[found.end() :]).strip()
    verb = _verb(text)
    if verb is None:
        known = ", ".join((*_words().raises[:4], *_words().lower[:4]))
        raise LearnError(f"{words!r} has no verb of cause such as {known}. Write it as: {_EXAMPLE}.")
    start, end, raises = verb
    return Proposition(_acts(text[:start], words), _acts(text[end:], words), raises, within)


Register = str | Path | Iterable[str | Date | Window]
"""Windows of time: a CSV file, or dates or windows themselves (:func:`detente.record.windows.read`)."""


def hold(
    claim: str | Proposition,
    table: pl.DataFrame | None = None,
    *,
    register: Register | None = None,
    effects: Register | None = None,
    within: int | None = None,
    by_group: bool = False,
    since: Date | str | None = None,
    until: Date | str | None = None,
    fit: Fit | None = None,
) -> Answer:
    """Hold a causal claim against a table of events or against registers.

    Args:
        claim: in plain words (:func:`read`), or in terms.
        table: daily event table, for what no register gives.
        register: when the causes took place; a group called ``cancelled`` is left out.
        effects: days of the effect events.
        within: days after a cause in which effects count; those of the claim where None. Where the claim names none
            either: 14 after a day, none after the days of a window.
        by_group: also for each group of windows of the register by itself (seasons, series).
        since, until: days compared; all that are covered where None.
        fit: a reaction model of the record, or of a larger one.

    Raises:
        LearnError: the words are not understood, or nothing can be compared. LoadError: a file is not.

    Example:
        >>> drills = [f"{year}-03-10" for year in range(2010, 2020)]
        >>> tests = [f"{year}-{month:02}-12" for year in range(2010, 2020) for month in range(1, 13)]
        >>> hold("drills of KOR raise provocations of PRK", register=drills, effects=tests, within=7).verdict
        'says nothing'
    """
    table = pl.DataFrame() if table is None else table
    given = None if register is None else windows.read(register)
    days = None if effects is None else [w.start for w in windows.read(effects, repeats=True)]
    if isinstance(claim, str):
        claim = read(claim, within=0 if given and any(w.end > w.start for w in given) else 14)
    if within is not None:
        claim = msgspec.structs.replace(claim, within=within)
    how: dict[str, Any] = {"effects": days, "start": day(since), "end": day(until), "fit": fit}
    if not by_group:
        return check(claim, table, windows=None if given is None else checking.held(given), **how)
    if given is None:
        raise LearnError("Groups are those of a register of windows; give one.")
    return checking.by_group(claim, table, given, **how)


def of_report(cause: str, effect: str, proposition: str, *, within: int = 14) -> Proposition:
    """A causal claim of a report as a proposition.

    Args:
        cause, effect: the report's words for each side. proposition: the whole, with the verb between them.
        within: days after the cause in which the effect is looked for.

    Raises:
        LearnError: a side that names no kind of acts or no actor, or no verb that says raise or lower; says which.

    Example:
        >>> of_report("Joint drills of the USA and South Korea", "North Korean threats", "Joint drills of the USA and "
        ...           "South Korea provoke North Korean threats").effect.by
        ('PRK',)
    """
    verb = _verb(proposition)
    due = any(re.search(rf"\b{words}\b", proposition, re.IGNORECASE) for words in _words().due_to)
    if verb is None and not due:
        raise LearnError(f"{proposition!r} has no verb of cause that the list of words knows.")
    return Proposition(_acts(cause, proposition), _acts(effect, proposition), verb[2] if verb else True, within)


def _verb(text: str) -> tuple[int, int, bool] | None:
    """First verb of cause, its place, and whether it raises; the longer of two that begin together."""
    best: tuple[int, int, bool] | None = None
    for raises, verbs in ((True, _words().raises), (False, _words().lower)):
        for verb in verbs:
            first, _, rest = verb.partition(" ")
            pattern = rf"\b(?:{first}|{first}s|{first}es|{first}d|{first}ed){' ' + rest if rest else ''}\b"
            # What stands first in the claim is the cause, so a verb needs words before it.
            for found in re.finditer(pattern, text, re.IGNORECASE):
                if found.start() == 0:
                    continue
                if best is None or (found.start(), -found.end()) < (best[0], -best[1]):
                    best = (found.start(), found.end(), raises)
                break
    return best


def _acts(side: str, words: str) -> Acts:
    """The kind of acts on one side of the verb, who does them and toward whom."""
    found = _kind(side)
    if found is None:
        kinds = ", ".join(a.words[0] + "s" for a in _words().act[:8])
        raise LearnError(f"{side.strip()!r} in {words!r} names no kind of acts such as {kinds}. Example: {_EXAMPLE}.")
    (start, end), act = found
    after = side[end:]
    split = _TOWARD.search(after)
    toward = _actors(after[split.end() :]) if split else ()
    by = _actors(side[:start]) + _actors(after[: split.start()] if split else after)
    if not by and not toward:
        raise LearnError(f"{side.strip()!r} in {words!r} names no actor that the register knows. Example: {_EXAMPLE}.")
    types = act.types or tuple(k for k in TYPES if quad(k) in act.quads)
    joint = act.joint and len(set(by)) > 1 and not toward
    return Acts(tuple(sorted(set(by))), toward, types, act.domain, act.cameo, joint, side.strip())


def _kind(side: str) -> tuple[tuple[int, int], _Act] | None:
    best: tuple[tuple[int, int], _Act] | None = None
    for act in _words().act:
        for phrase in act.words:
            stem = phrase[:-1] + "(?:y|ies)" if phrase.endswith("y") else phrase + "(?:s|es)?"
            if (found := re.search(rf"\b{stem}\b", side, re.IGNORECASE)) and (
                best is None or found.end() - found.start() > best[0][1] - best[0][0]
            ):
                best = found.span(), act
    return best


def _actors(text: str) -> tuple[str, ...]:
    """Codes of the actors that a text names, by code or name, in order."""
    from detente.read.gazetteer import Gazetteer

    codes: dict[str, None] = {}
    for found in Gazetteer(register()).scan(text):
        for _, _, names in found.names:
            if len({n.code for n in names}) == 1:
                codes[names[0].code] = None
    for word in re.findall(r"\b[A-Z][A-Z0-9+]{2,}\b", text):
        if word in register().actors:
            codes[word] = None
    return tuple(codes)
