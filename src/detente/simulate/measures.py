"""Measures: what somebody could do, as events that are added, streams that are suspended, or reactions that are damped.

The catalogue is ``data/measures.toml``; its head explains the format, and an analyst adds a measure in five lines.

Example:
    >>> hotline = measure("hotline").between(["USA", "KOR"], ["PRK"])
    >>> hotline.kind, hotline.every
    ('scheduled', 14)
    >>> talks, drills = dialogue("PRK", "KOR", every="month"), notice_of_drills(["USA", "KOR"], damping=(0.2, 0.6))
    >>> [m.kind for m in talks + drills]  # applied together
    ['scheduled', 'assumed']
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct, inspect

from detente.codebook import TYPES, is_hostile
from detente.errors import ScenarioError
from detente.events import Source
from detente.simulate.lines import line_of, steps, toml

__all__ = [
    "Measure",
    "Stream",
    "catalogue",
    "check",
    "dialogue",
    "measure",
    "notice_of_drills",
    "parse",
    "read",
    "sources",
    "suspend",
]

MeasureKind = Literal["scheduled", "removed", "assumed"]
Side = Literal["by", "toward", "all"]
EvidenceStrength = Literal["none", "thin", "some", "good"]
Range = tuple[float, float]

EVERY: Final[Mapping[str, int]] = {"day": 1, "week": 7, "fortnight": 14, "month": 30, "quarter": 91, "year": 365}
"""Days between occasions, in words."""

_HOSTILE: Final = tuple(k for k in TYPES if is_hostile(k))


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
        by, toward: codes of the actors; empty until bound with :meth:`between`. Where only ``by`` is named, the measure
            is meant for all other actors of the model (:meth:`against`).
    """

    id: str
    name: str
    kind: MeasureKind
    events: tuple[Stream, ...]
    every: int = 30
    first: int = 7
    strength: Range = (1.0, 1.0)
    reaction: tuple[str, ...] = _HOSTILE
    evidence: str = "No evidence was given for this measure."
    evidence_strength: EvidenceStrength = "none"
    source: tuple[str, ...] = ()
    confirmed: Literal["web", "recall", ""] = ""
    agree: str = ""
    cost: str = ""
    note: str = ""
    by: tuple[str, ...] = ()
    toward: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "name", " ".join(self.name.split()))  # it stands within lines of text

    def __add__(self, other: Measure | tuple[Measure, ...]) -> tuple[Measure, ...]:
        """Both together, as :func:`detente.simulate.compare` takes them in the place of one measure."""
        return (self, *((other,) if isinstance(other, Measure) else other))

    def __radd__(self, other: tuple[Measure, ...]) -> tuple[Measure, ...]:
        return (*other, self)

    def between(self, by: Iterable[str], toward: Iterable[str]) -> Measure:
        """The same measure, bound to two sides.

        Args:
            by: codes of the actors that act. toward: codes of the other side.

        Raises:
            ScenarioError: a side is empty, an actor is on both, or the measure is about acts within a side of one.
        """
        one, other = tuple(dict.fromkeys(by)), tuple(dict.fromkeys(toward))
        if not one or not other:
            raise ScenarioError(f"{self.id}: both sides need at least one actor; set 'by' and 'toward'.")
        if both := sorted(set(one) & set(other)):
            raise ScenarioError(f"{self.id}: {', '.join(both)} cannot be in 'by' and in 'toward'; leave one out.")
        bound = msgspec.structs.replace(self, by=one, toward=other)
        if not bound.fits:
            raise ScenarioError(
                f"{self.id}: its events pass within one side, which needs two actors or more; name another ally."
            )
        return bound

    @property
    def fits(self) -> bool:
        """Whether any of its events has two different actors to pass between."""
        return any(len({*self.side(s.who), *self.side(s.with_)}) > 1 for s in self.events)

    def against(self, actors: Sequence[str]) -> Measure:
        """The same measure, meant for all other of these actors where the other side was left open."""
        if not self.by or self.toward:
            return self
        return self.between(self.by, [a for a in actors if a not in self.by])

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
    content, raw = toml(text, name)
    try:
        read = msgspec.convert(raw, _File)
    except msgspec.ValidationError as error:
        raise invalid(error, content, name, _File) from error
    seen: set[str] = set()
    for i, m in enumerate(read.measure):
        if m.id in seen:
            line = line_of(content, ("measure", i, "id"))
            raise ScenarioError(f"{name}, line {line}: two measures have the id {m.id!r}; rename one.")
        seen.add(m.id)
        check_read(m, i, content, name)
        if unknown := [s for s in m.source if s not in read.sources]:
            line = line_of(content, ("measure", i, "source"))
            what = f"measure {m.id!r}, key 'source': {unknown[0]!r} is not in [sources]; add it there."
            raise ScenarioError(f"{name}, line {line}: {what}")
    return read.measure, tuple(Source(k, s.title, s.publisher, s.url, s.year) for k, s in read.sources.items())


_REMEDIES: Final[Mapping[str, str]] = {
    "kind": "Use one of: scheduled, removed, assumed.",
    "who": "Use one of: by, toward, all.",
    "with": "Use one of: by, toward, all.",
    "evidence_strength": "Use one of: none, thin, some, good.",
    "confirmed": 'Use "web", "recall", or leave it out.',
    "strength": "Write [low, high], two shares between 0 and 1.",
    "share": "Write [low, high], two shares between 0 and 1.",
    "start": "Write the date without quotes: 2018-03-01.",
    "name": 'Write words in quotes: "Korean peninsula, spring 2018".',
    **dict.fromkeys(("actors", "by", "toward"), 'Write a list of codes: ["USA", "KOR"].'),
    **dict.fromkeys(("types", "reaction"), 'Write a list of PLOVER types: ["MOBILIZE", "COERCE"].'),
    **dict.fromkeys(("days", "calm_days", "every", "first", "futures", "seed"), "Write a whole number: 14."),
    **dict.fromkeys(("events", "calm"), "Write a number: 10."),
    "rare": "Write a share between 0 and 1: 0.1.",
    "goldstein": "Write true or false, without quotes.",
}

_PLAIN: Final[Mapping[str, str]] = {
    "float": "a number",
    "int": "a whole number",
    "str": "text in quotes",
    "bool": "true or false",
    "date": "a date",
    "array": "a list in [ ]",
    "object": "a table",
}
"""What msgspec calls the types of values, and what people do."""


def invalid(error: msgspec.ValidationError, text: str, name: str, form: type[Struct]) -> ScenarioError:
    """What msgspec finds wrong with a TOML text meant for a struct, with the line and a remedy."""
    what, _, where = str(error).partition(" - at `")
    path = steps(where.rstrip("`"))
    if found := re.search(r"unknown field `([^`]+)`", what):
        known = _keys(inspect.type_info(form), path)
        near = get_close_matches(found[1], known, n=3) or known
        path = (*path, found[1])
        remedy = f"Near keys: {', '.join(near)}."
    keys = [str(step) for step in path if isinstance(step, str)]
    if not found:
        key = keys[-1] if keys else ""
        remedy = _REMEDIES.get(key, "docs/simulate.md shows the format.")
        if key == "events" and path[0] != "threshold":
            remedy = 'Write a list of streams: [{ types = ["CONSULT"], who = "by", with = "toward" }].'
        what = re.sub(r"`([\w |]+)`", lambda m: _plainly(m[1]), what)
    place = f"key {keys[-1]!r}: " if keys else ""
    return ScenarioError(f"{name}, line {line_of(text, path)}: {place}{what}. {remedy}")


def _plainly(types: str) -> str:
    """Names of types as people say them."""
    return " or ".join(_PLAIN.get(t, t) for t in types.split(" | ") if t != "null")


def _keys(of: inspect.Type, path: tuple[str | int, ...]) -> list[str]:
    """The keys that a struct may have, at a path inside a type."""
    match of, path:
        case inspect.UnionType(), _:
            return [key for one in of.types for key in _keys(one, path)]
        case inspect.StructType(), ():
            return [f.encode_name for f in of.fields]
        case inspect.StructType(), (key, *rest):
            return [k for f in of.fields if f.encode_name == key for k in _keys(f.type, tuple(rest))]
        case inspect.VarTupleType(), (int(), *rest):
            return _keys(of.item_type, tuple(rest))
        case inspect.DictType(), (_, *rest):
            return _keys(of.value_type, tuple(rest))
    return []


def check_read(m: Measure, i: int, text: str, name: str) -> None:
    """Check the i-th ``[[measure]]`` of a TOML text.

    Raises:
        ScenarioError: with the line.
    """
    if found := _fault(m):
        key, what = found
        line = line_of(text, ("measure", i, *(("events", key) if key == "share" else (key,))))
        raise ScenarioError(f"{name}, line {line}: measure {m.id!r}, key {key!r}: {what}")


def check(m: Measure, *, name: str = "measure") -> Measure:
    """The measure itself, if it makes sense.

    Raises:
        ScenarioError: names measure, key and remedy.
    """
    if found := _fault(m):
        raise ScenarioError(f"{name}: measure {m.id!r}, key {found[0]!r}: {found[1]}")
    return m


def _fault(m: Measure) -> tuple[str, str] | None:
    """The key that is wrong, and what is wrong with it and the remedy; None for a measure that makes sense."""
    if not m.id or not m.events:
        return "id" if not m.id else "events", "is empty; give at least one."
    if m.name.startswith(("=", "+", "-", "@")):
        return "name", f"{m.name!r} would be a formula in a spreadsheet; begin it with a letter."
    for key, types in [("events", t) for s in m.events for t in [s.types]] + [("reaction", m.reaction)]:
        if not types:
            return key, "no types; name at least one PLOVER type."
        for k in types:
            if k not in TYPES:
                near = get_close_matches(k.upper(), TYPES, n=3)
                known = f"did you mean {' or '.join(near)}?" if near else f"use one of: {', '.join(TYPES)}."
                return key, f"{k!r} is no PLOVER type; {known}"
    for key, (low, high) in [("strength", m.strength)] + [("share", s.share) for s in m.events]:
        if not 0.0 <= low <= high <= 1.0:
            return key, f"[{low:g}, {high:g}] is no range of shares; write [low, high] between 0 and 1."
    if m.every < 1 or m.first < 1:
        return "every" if m.every < 1 else "first", "must be a day number of 1 or more."
    return None


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


def notice_of_drills(by: Iterable[str], toward: Iterable[str] = (), *, damping: Range = (0.2, 0.6)) -> Measure:
    """Advance notice of drills and observers at them; **assumed** to damp the reaction to the drills.

    Args:
        by: codes of the actors that drill. toward: whose reaction is damped; all others of the model where empty.
        damping: low and high bound of the share of the reaction that goes.

    Raises:
        ScenarioError: no actor, one on both sides, or a range that is none.
    """
    return _of("drills-notice", by, toward, strength=damping)


def dialogue(
    one: str, other: str, *more: str, every: int | str = "month", first: int = 7, held: Range = (0.5, 1.0)
) -> Measure:
    """Talks between two actors or more that take place at regular intervals; **scheduled**.

    Args:
        one, other, more: codes of the actors at the table; every two of them meet.
        every: days between two meetings, or one of the words of :data:`EVERY`.
        first: day of the first one; 1 is the first simulated day.
        held: low and high bound of the share of meetings that take place.

    Raises:
        ScenarioError: an actor twice, or numbers that make no sense.
    """
    if isinstance(every, str):
        if every not in EVERY:
            raise ScenarioError(
                f"every = {every!r} is no interval; use a number of days, or one of {', '.join(EVERY)}."
            )
        every = EVERY[every]
    talks = Measure(
        id="dialogue",
        name=f"Talks every {every} days",
        kind="scheduled",
        events=(Stream(("CONSULT",), "all", "all"),),
        every=every,
        first=first,
        strength=held,
    )
    about = measure("strategic-meetings")
    known = {
        key: getattr(about, key) for key in ("evidence", "evidence_strength", "source", "confirmed", "agree", "cost")
    }
    return check(msgspec.structs.replace(talks, **known)).between([one], [other, *more])


def suspend(
    what: str | Iterable[str], *, by: Iterable[str], toward: Iterable[str] = (), share: Range = (0.8, 1.0)
) -> Measure:
    """A stream of acts that is suspended; **removed**.

    Args:
        what: ``exercise`` (or ``drill``: the part of military cooperation and of MOBILIZE that drills are taken to be),
            or one or more PLOVER types.
        by: codes of those who suspend it. toward: toward whom; all others of the model where empty.
        share: low and high bound of the share of the stream that stops.

    Raises:
        ScenarioError: no such stream, no actor, one on both sides, or a range that is none.
    """
    if isinstance(what, str) and what.lower().rstrip("s") in ("exercise", "drill"):
        return _of("drills-suspended", by, toward, strength=share)
    types = tuple(k.upper() for k in ([what] if isinstance(what, str) else what))
    if unknown := [k for k in types if k not in TYPES]:
        raise ScenarioError(f"There is no stream {unknown[0]!r}; use 'exercise' or PLOVER types: {', '.join(TYPES)}.")
    id = "-".join(["suspended", *types]).lower()
    stop = Measure(id, f"Suspension of {', '.join(types)}", "removed", (Stream(types),), strength=share)
    return _open(check(stop), by, toward)


def _of(id: str, by: Iterable[str], toward: Iterable[str], *, strength: Range) -> Measure:
    return _open(check(msgspec.structs.replace(measure(id), strength=strength)), by, toward)


def _open(m: Measure, by: Iterable[str], toward: Iterable[str]) -> Measure:
    one, other = tuple(dict.fromkeys([by] if isinstance(by, str) else by)), tuple(toward)
    if not one:
        raise ScenarioError(f"{m.id}: 'by' names nobody; give the codes of the actors that act.")
    return m.between(one, other) if other else msgspec.structs.replace(m, by=one)


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
    both = ' Several that go together are written { use = ["hotline", "forum"] }.' if "+" in id else ""
    raise ScenarioError(f"There is no measure {id!r}; near names: {', '.join(near)}.{both}")


def title(measures: Iterable[Measure]) -> str:
    """What measures that go together are called."""
    return " + ".join(dict.fromkeys(m.name for m in measures))
