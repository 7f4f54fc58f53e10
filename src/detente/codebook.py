"""PLOVER event types, CAMEO codes, Goldstein values and quad classes, and the way between the two codebooks.

Sources: the PLOVER specification (Open Event Data Alliance, 2018 and 2021), the CAMEO codebook 1.1b3 (Schrodt,
2012) and the conflict-cooperation scale of Goldstein (1992) as ICEWS carries it. The facts, with what each mapping
loses, are in ``data/codebook.toml``; :func:`sources` lists where they come from.

Example:
    >>> to_plover("042")
    ('CONSULT', '')
    >>> to_cameo("THREATEN", "violence")
    ('138', '')
    >>> quad("MOBILIZE"), goldstein("MOBILIZE")
    ('material conflict', -5.3)
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from detente.errors import CodebookError
from detente.events import Source

QUADS: Final = ("verbal cooperation", "material cooperation", "verbal conflict", "material conflict")
"""The four quad classes."""

TYPES: Final = (
    "AGREE", "CONSULT", "SUPPORT", "CONCEDE",
    "COOPERATE", "AID", "RETREAT",
    "REQUEST", "ACCUSE", "REJECT", "THREATEN",
    "PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT",
)  # fmt: skip
"""The sixteen PLOVER types, by quad class."""


class EventType(msgspec.Struct, frozen=True):
    """A PLOVER event type.

    Args:
        name: one of :data:`TYPES`.
        quad: one of :data:`QUADS`.
        definition: one or two sentences.
        symmetric: whether "A with B" and "B with A" are usually one event reported twice.
        goldstein: score from -10 (conflict) to 10 (cooperation) given to the type by the PLOVER draft 0.7b1.
        modes: how the event was done, in PLOVER's words; empty where PLOVER has no modes.
        cameo: CAMEO code that stands for the type when no mode is known.
        loss: what that code no longer says.
    """

    name: str
    quad: str
    definition: str
    symmetric: bool
    goldstein: float
    modes: tuple[str, ...]
    cameo: str
    loss: str


class CameoCode(msgspec.Struct, frozen=True):
    """A CAMEO code.

    Args:
        code: two to four digits, as a string: ``"010"`` and ``"10"`` differ.
        text: label.
        goldstein: value from -10 (conflict) to 10 (cooperation).
        type: PLOVER type, empty where PLOVER has none.
        mode: PLOVER mode, empty where there is none.
        loss: what type and mode no longer say; where empty, see :func:`to_plover` for the root's.
    """

    code: str
    text: str
    goldstein: float
    type: str
    mode: str = ""
    loss: str = ""


class _Back(msgspec.Struct, frozen=True):
    type: str
    mode: str
    cameo: str
    loss: str = ""


class _Codes(msgspec.Struct, frozen=True):
    back: tuple[_Back, ...]
    cameo: tuple[CameoCode, ...]


class _Origin(msgspec.Struct, frozen=True):
    title: str
    publisher: str
    url: str = ""
    year: int | None = None


class _Codebook(msgspec.Struct, frozen=True):
    sources: dict[str, _Origin]
    type: tuple[EventType, ...]
    codes: _Codes


@cache
def _load() -> _Codebook:
    return msgspec.toml.decode(files("detente").joinpath("data/codebook.toml").read_bytes(), type=_Codebook)


@cache
def _types() -> dict[str, EventType]:
    return {t.name: t for t in _load().type}


@cache
def _codes() -> dict[str, CameoCode]:
    return {c.code: c for c in _load().codes.cameo}


@cache
def _back() -> dict[tuple[str, str], _Back]:
    return {(b.type, b.mode): b for b in _load().codes.back}


def sources() -> tuple[Source, ...]:
    """Where the codebook's facts come from."""
    return tuple(Source(k, s.title, s.publisher, s.url, s.year) for k, s in _load().sources.items())


def types() -> tuple[EventType, ...]:
    """The sixteen PLOVER types in the order of :data:`TYPES`.

    Example:
        >>> [t.name for t in types() if t.symmetric]
        ['AGREE', 'CONSULT', 'COOPERATE']
    """
    return _load().type


def cameo_codes() -> tuple[CameoCode, ...]:
    """All CAMEO codes of the codebook, ordered as in CAMEO."""
    return _load().codes.cameo


def event_type(name: str) -> EventType:
    """The PLOVER type of that name.

    Raises:
        CodebookError: no such type; the message lists near ones.
    """
    try:
        return _types()[name]
    except KeyError:
        near = get_close_matches(name.upper(), TYPES, n=3)
        remedy = f"did you mean {' or '.join(near)}?" if near else f"use one of: {', '.join(TYPES)}."
        raise CodebookError(f"{name!r} is no PLOVER type; {remedy}") from None


def cameo(code: str) -> CameoCode:
    """The CAMEO code, or the nearest shorter one that CAMEO knows.

    Data sets hold codes that the codebook does not hold (``"0330"``, ``"065"``). Such a code is read as its longest
    known prefix of at least two digits, so ``"0330"`` is ``"033"`` and ``"065"`` is ``"06"``.

    Args:
        code: two to four digits, as a string.

    Raises:
        CodebookError: no prefix is known; the message lists near codes. A number that lost its leading zero
            (``"42"`` for ``"042"``) is such a case.

    Example:
        >>> cameo("0330").text
        'Express intent to provide material aid'
    """
    codes = _codes()
    if code.isdigit():
        for end in range(len(code), 1, -1):
            if found := codes.get(code[:end]):
                return found
    near = [c for c in (f"0{code}",) if c in codes] + get_close_matches(code, codes, n=4, cutoff=0.5)
    near = list(dict.fromkeys(near))
    hint = f"near ones: {', '.join(near)}" if near else "codes have two to four digits and begin with 01 to 20"
    raise CodebookError(f"{code!r} is no CAMEO code; {hint}. Codes are strings: keep the leading zero.")


def to_plover(cameo_code: str) -> tuple[str | None, str]:
    """The PLOVER type of a CAMEO code, and what the change of codebook loses.

    Args:
        cameo_code: as for :func:`cameo`, whose rule for unknown codes holds here too.

    Returns:
        The type, None where PLOVER has none (statements, root 01), and the loss in words, empty where nothing is lost.

    Raises:
        CodebookError: unknown code.

    Example:
        >>> to_plover("010")
        (None, 'PLOVER codes no plain statements: no type')
    """
    found = cameo(cameo_code)
    root = _codes()[found.code[:2]]
    # A root of another type says nothing about what this code loses (087 RETREAT under 08 CONCEDE).
    loss = found.loss or (root.loss if root.type == found.type else "")
    return found.type or None, loss


def to_cameo(type: str, mode: str | None = None) -> tuple[str, str]:
    """The CAMEO code of a PLOVER type and mode, and what the code no longer says.

    Args:
        type: one of :data:`TYPES`.
        mode: a PLOVER mode. One that has no code of its own gives the type's code, and the loss names it.

    Raises:
        CodebookError: unknown type.

    Example:
        >>> to_cameo("CONSULT")
        ('040', 'how they meet, unless a mode says so')
    """
    known = event_type(type)
    if not mode:
        return known.cameo, known.loss
    if row := _back().get((type, mode)):
        return row.cameo, row.loss
    return known.cameo, f"the mode {mode!r}, which has no CAMEO code under {type}"


def quad(type: str) -> str:
    """The quad class of a PLOVER type, one of :data:`QUADS`.

    Raises:
        CodebookError: unknown type.
    """
    return event_type(type).quad


def goldstein(code_or_type: str) -> float:
    """The Goldstein value of a CAMEO code, or the score of a PLOVER type; -10 is conflict, 10 cooperation.

    Source: Goldstein (1992) carried over to CAMEO for codes; PLOVER draft 0.7b1 for types.

    Raises:
        CodebookError: neither a code nor a type.

    Example:
        >>> goldstein("057"), goldstein("ASSAULT")
        (8.0, -9.3)
    """
    if code_or_type[:1].isdigit():
        return cameo(code_or_type).goldstein
    return event_type(code_or_type).goldstein


def is_hostile(type: str) -> bool:
    """Whether the type is verbal or material conflict.

    Raises:
        CodebookError: unknown type.
    """
    return quad(type).endswith("conflict")


def is_conciliatory(type: str) -> bool:
    """Whether the type is verbal or material cooperation.

    Raises:
        CodebookError: unknown type.
    """
    return quad(type).endswith("cooperation")
