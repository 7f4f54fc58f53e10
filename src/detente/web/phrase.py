"""Events of the whole record in words, one row of a page each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detente import codebook, words
from detente.actors import register


@dataclass(frozen=True)
class Line:
    """An event as a row of a page.

    Args:
        id: of the event. date, who, did, whom: in words.
        kind: PLOVER type and CAMEO code as they are.
        tone: ``hostile``, ``friendly`` or empty where the event has no type.
        source: data set or outlet. told: number of reports or sightings behind it.
        sure: confidence in a word; empty where there is none.
    """

    id: str
    date: str
    who: str
    did: str
    whom: str
    kind: str
    tone: str
    domain: str
    modality: str
    source: str
    place: str
    told: int
    sure: str


def line(row: Mapping[str, Any]) -> Line:
    """A row of an :class:`~detente.web.index.Index` in words."""
    type_, cameo = row["type"] or "", row["cameo"] or ""
    one, other = parties(row["source"], row["source_name"]), parties(row["target"], row["target_name"])
    mutual = bool(row["reciprocal"]) and len(one) + len(other) > 1
    both = list(dict.fromkeys(one + other)) if mutual else one
    verb = words.did(type_, cameo, alone=not other, mutual=mutual) if type_ else _by_code(cameo)
    return Line(
        id=row["id"],
        date=words.day(row["date"]),
        who=words.listed(both, 5) or "not said",
        did=verb,
        whom="" if mutual else words.listed(other, 5),
        kind=" ".join(filter(None, [type_, cameo])),
        tone="" if not type_ else "hostile" if codebook.is_hostile(type_) else "friendly",
        domain=row["domain"] or "",
        modality=row["modality"],
        source=" – ".join(filter(None, [row["archive"], row["outlet"]])) or "not named",
        place=row["place"] or "",
        told=row["sightings"] or row["reports"] or 1,
        sure="" if row["confidence"] is None else words.confidence(row["confidence"]),
    )


def parties(codes: Sequence[str], names: Sequence[str]) -> list[str]:
    """Names of a side: of its codes by the register, and those that have no code as they are printed.

    Example:
        >>> parties(["PRK"], ["North Korea", "Trilateral Bloc"])
        ['North Korea', '“Trilateral Bloc”']
    """
    known = [words.name(code) for code in codes]
    if len(names) <= len(codes):
        return known
    held = {register().actor(code).name for code in codes}
    return [*known, *(f"“{words.clip(name, 60)}”" for name in dict.fromkeys(names) if name and name not in held)]


def _by_code(cameo: str) -> str:
    return f"({codebook.cameo(cameo).text.lower()})" if cameo else "(no type)"
