"""Measures: what somebody could do, as events that are added, streams that are suspended, or reactions that are damped.

The catalogue is ``data/measures.toml``; its head explains the format, and an analyst adds a measure in five lines.

Example:
    >>> hotline = measure("hotline").between(["USA", "KOR"], ["PRK"])
    >>> hotline.kind, hotline.every
    ('scheduled', 14)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from detente.codebook import TYPES, is_hostile
from detente.errors import ScenarioError
from detente.events import Source

MeasureKind = Literal["scheduled", "removed", "assumed"]
Side = Literal["by", "toward", "all"]
EvidenceStrength = Literal["none", "thin", "some", "good"]
Range = tuple[float, float]


class Stream(Struct, frozen=True, forbid_unknown_fields=True, rename={"with_": "with"}):
    """Events of some types from one side to another.

    Args:
        types: PLOVER types.
        who, with_: ``by`` (the side that acts), ``toward`` (the other side) or ``all`` (both together).
        share: low and high bound of the part of these types' events that the stream is.
    """

    types: tuple[str, ...]
    who: Side = "by"
    with_: Side = "toward"
    share: Range = (1.0, 1.0)


class Measure(Struct, frozen=True, forbid_unknown_fields=True):
    """A measure, as ``data/measures.toml`` holds it, and the sides that it is bound to.

    Args:
        id, name: short name for files, name for people.
        kind: ``scheduled``, ``removed`` or ``assumed``.
        events: streams that are added, suspended or reacted to.
        every, first: days between occasions, day of the first one (1 is the first simulated day); for scheduled ones.
        strength: low and high bound of a share: of occasions that take place, of the stream suspended, of the reaction
            damped.
        reaction: for assumed ones, types of acts of the side ``toward`` that are damped.
        evidence, evidence_strength, source, confirmed: what is known, how much, from where, and whether it was looked
            up.
        agree, cost, note: who must agree, cost in words, what the model can and cannot hold.
        by, toward: codes of the actors; empty until bound with :meth:`between`.
    """

    id: str
    name: str
    kind: MeasureKind
    events: tuple[Stream, ...]
    every: int = 30
    first: int = 7
    strength: Range = (1.0, 1.0)
    reaction: tuple[str, ...] = tuple(k for k in TYPES if is_hostile(k))
    evidence: str = "No evidence was given for this measure."
    evidence_strength: EvidenceStrength = "none"
    source: tuple[str, ...] = ()
    confirmed: Literal["web", "recall", ""] = ""
    agree: str = ""
    cost: str = ""
    note: str = ""
    by: tuple[str, ...] = ()
    toward: tuple[str, ...] = ()

    def between(self, by: Iterable[str], toward: Iterable[str]) -> Measure:
        """The same measure, bound to two sides.

        Args:
            by: codes of the actors that act. toward: codes of the other side.

        Raises:
            ScenarioError: a side is empty, or an actor is on both.
        """
        one, other = tuple(dict.fromkeys(by)), tuple(dict.fromkeys(toward))
        if not one or not other:
            raise ScenarioError(f"{self.id}: both sides need at least one actor; set 'by' and 'toward'.")
        if both := sorted(set(one) & set(other)):
            raise ScenarioError(f"{self.id}: {', '.join(both)} cannot be in 'by' and in 'toward'; leave one out.")
        return msgspec.structs.replace(self, by=one, toward=other)

    def side(self, side: Side) -> tuple[str, ...]:
        """Codes of the actors of a side."""
        return {"by": self.by, "toward": self.toward, "all": self.by + self.toward}[side]

    @property
    def caution(self) -> str:
        """What a reader of a result must know of the measure; empty where the evidence is good and nothing is
        assumed."""
        words = []
        if self.kind == "assumed":
            low, high = (round(100 * s) for s in self.strength)
            words.append(f"Its effect on the reaction ({low} to {high} per cent) is assumed, not learnt.")
        if any(stream.share != (1.0, 1.0) for stream in self.events):
            words.append("Which part of the events it touches is assumed as well.")
        if self.evidence_strength in ("none", "thin"):
            words.append(f"Evidence from studies and history: {self.evidence_strength}.")
        return " ".join(words)


class _Origin(Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    publisher: str
    url: str = ""
    year: int | None = None


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    measure: tuple[Measure, ...]
    sources: dict[str, _Origin] = {}


def parse(text: str | bytes, *, name: str = "measures.toml") -> tuple[tuple[Measure, ...], tuple[Source, ...]]:
    """Measures and sources of a TOML text.

    Args:
        text: the file's content. name: how messages call it.

    Raises:
        ScenarioError: not TOML, or a key is wrong; the message names the measure, the key and the remedy.
    """
    try:
        read = msgspec.toml.decode(text, type=_File)
    except msgspec.DecodeError as error:
        raise ScenarioError(f"{name}: {error}. The head of the shipped measures.toml explains the format.") from error
    known = set(read.sources)
    seen: set[str] = set()
    for m in read.measure:
        if m.id in seen:
            raise ScenarioError(f"{name}: two measures have the id {m.id!r}; rename one.")
        seen.add(m.id)
        check(m, name=name)
        if unknown := [s for s in m.source if s not in known]:
            raise ScenarioError(
                f"{name}: measure {m.id!r}, key 'source': {unknown[0]!r} is not in [sources]; add it there."
            )
    return read.measure, tuple(Source(k, s.title, s.publisher, s.url, s.year) for k, s in read.sources.items())


def check(m: Measure, *, name: str = "measure") -> Measure:
    """The measure itself, if it makes sense.

    Raises:
        ScenarioError: names measure, key and remedy.
    """

    def fault(key: str, what: str) -> ScenarioError:
        return ScenarioError(f"{name}: measure {m.id!r}, key {key!r}: {what}")

    if not m.id or not m.events:
        raise fault("id" if not m.id else "events", "is empty; give at least one.")
    for key, types in [("events", t) for s in m.events for t in [s.types]] + [("reaction", m.reaction)]:
        if not types:
            raise fault(key, "no types; name at least one PLOVER type.")
        for k in types:
            if k not in TYPES:
                near = get_close_matches(k.upper(), TYPES, n=3) or TYPES
                raise fault(key, f"{k!r} is no PLOVER type; use one of: {', '.join(near)}.")
    for key, (low, high) in [("strength", m.strength)] + [("share", s.share) for s in m.events]:
        if not 0.0 <= low <= high <= 1.0:
            raise fault(key, f"[{low:g}, {high:g}] is no range of shares; write [low, high] between 0 and 1.")
    if m.every < 1 or m.first < 1:
        raise fault("every" if m.every < 1 else "first", "must be a day number of 1 or more.")
    return m


@cache
def _shipped() -> tuple[tuple[Measure, ...], tuple[Source, ...]]:
    return parse(files("detente").joinpath("data/measures.toml").read_bytes())


def catalogue() -> tuple[Measure, ...]:
    """The shipped measures, not yet bound to sides.

    Example:
        >>> [m.id for m in catalogue() if m.kind == "assumed"]
        ['drills-notice']
    """
    return _shipped()[0]


def sources() -> tuple[Source, ...]:
    """Where the catalogue's evidence comes from."""
    return _shipped()[1]


def read(path: str | Path) -> tuple[Measure, ...]:
    """Measures of an analyst's own file in the same format.

    Raises:
        ScenarioError: unreadable or wrong.
    """
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read ({error.strerror}); check the path.") from error
    return parse(text, name=str(path))[0]


def measure(id: str, among: Sequence[Measure] = ()) -> Measure:
    """The measure with that id.

    Args:
        id: short name. among: further measures, which come before the shipped ones.

    Raises:
        ScenarioError: no such measure; the message lists near names.
    """
    known = {m.id: m for m in (*catalogue(), *among)}
    if id in known:
        return known[id]
    near = get_close_matches(id, known, n=3, cutoff=0.5) or list(known)
    raise ScenarioError(f"There is no measure {id!r}; near names: {', '.join(near)}.")
