"""The nouns: reports, events, claims, ties, actors and their sources. All frozen; verbs live in the stages.

The JSON form of an :class:`Event` is stable: tools outside rely on it (``detente code``, ``detente read --json``).
"""

from __future__ import annotations

from datetime import date as Date
from typing import Literal

import msgspec
from msgspec import Struct

Span = tuple[int, int]
"""Half-open range of characters ``[start, end)`` in the text of the report as stored."""

Kind = Literal["state", "organisation", "group"]
Modality = Literal["asserted", "planned", "hypothetical", "negated", "historical", "claimed"]
Precision = Literal["day", "week", "month", "season", "year", "interval"]
DateFrom = Literal["text", "report"]
TieKind = Literal[
    "defence pact",
    "consultation",
    "access agreement",
    "partnership",
    "grouping",
    "information sharing",
    "basing",
    "exercise series",
]
TieState = Literal["proposed", "negotiating", "signed", "in force", "suspended", "ended"]
Domain = Literal[
    "defence",
    "exercise",
    "missile",
    "nuclear",
    "cyber",
    "space",
    "intelligence",
    "arms production",
    "maritime",
    "diplomatic",
    "economic",
    "technology",
    "humanitarian",
    "information",
]
Stance = Literal["asserts", "denies", "doubts", "demands", "predicts", "justifies", "accuses"]


class Source(Struct, frozen=True):
    """Where a fact comes from.

    Args:
        key: short name by which rows refer to it.
        title: title of the document.
        publisher: who published it.
        url: address, empty where none is certain.
        year: year of publication, if known.
    """

    key: str
    title: str
    publisher: str = ""
    url: str = ""
    year: int | None = None

    def cited(self) -> str:
        """The source as a line of a list of references.

        Example:
            >>> Source("NPT", "Treaty text", "United Nations", "https://example.org/npt", 1968).cited()
            'United Nations (1968). Treaty text. https://example.org/npt'
        """
        year = f" ({self.year})" if self.year else ""
        url = f" {self.url}" if self.url else ""
        return f"{self.publisher}{year}. {self.title}.{url}"


class Member(Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """Membership of a state in an organisation; dates are ISO strings of known precision (``"1949-08"``)."""

    code: str
    start: str = ""
    end: str = ""


class Office(Struct, frozen=True):
    """A person's term of office. ``start`` and ``end`` are ISO strings of known precision; empty means open."""

    actor: str
    office: str
    person: str
    aliases: tuple[str, ...] = ()
    start: str = ""
    end: str = ""
    source: tuple[str, ...] = ()
    confirmed: str = "recall"


class Actor(Struct, frozen=True):
    """A state, organisation or group.

    Args:
        code: ISO 3166 alpha-3 for states, acronym for organisations and groups.
        name: short English name.
        kind: ``state``, ``organisation`` or ``group``.
        aliases: other names.
        demonyms: adjectives and nouns for its people.
        capitals: capitals used as metonyms.
        seats: pairs of a seat or institution and its role (``("Kremlin", "president")``).
        cow, gw: Correlates of War and Gleditsch-Ward numbers.
        members: for organisations and groups.
        start, end: dates of existence, where they matter.
        source: keys of sources.
    """

    code: str
    name: str
    kind: Kind
    aliases: tuple[str, ...] = ()
    demonyms: tuple[str, ...] = ()
    capitals: tuple[str, ...] = ()
    seats: tuple[tuple[str, str], ...] = ()
    nouns: tuple[str, ...] = ()
    cow: int | None = None
    gw: int | None = None
    members: tuple[Member, ...] = ()
    start: str = ""
    end: str = ""
    source: tuple[str, ...] = ()


class Report(Struct, frozen=True):
    """One text by one outlet or institution.

    Args:
        id: hash of the cleaned text: the same text is the same report.
        text: the text as stored; every span counts its characters.
        title, outlet, author, kind, standpoint: what is known of its origin; empty where unknown.
        published: date of publication, if known.
        path: name of the file it came from.
        language: ISO 639-1 code.
        boilerplate: spans of the text that are not the article (share buttons, newsletters, captions, bios).
    """

    id: str
    text: str
    title: str = ""
    outlet: str = ""
    author: str = ""
    kind: str = ""
    standpoint: str = ""
    published: Date | None = None
    path: str = ""
    language: str = "en"
    boilerplate: tuple[Span, ...] = ()


class Party(Struct, frozen=True):
    """An actor as a sentence names it.

    Args:
        code: actor code, None where the name is unknown (it is then listed as a question, never guessed).
        name: name of the actor in the register, or the words of the text where unknown.
        kind: ``state``, ``organisation``, ``group``, or None where unknown.
        role: office or institution meant (``"defence minister"``, ``"armed forces"``), None for the actor itself.
        span: the mention in the text, None where nothing in the text names it.
        inferred: True where the party is not named in the sentence (pronoun, group, document memory).
    """

    code: str | None
    name: str
    kind: Kind | None = None
    role: str | None = None
    span: Span | None = None
    inferred: bool = False


class Speaker(Struct, frozen=True, rename={"as_": "as"}):
    """One link of a chain of speakers, outermost first (author, then who is quoted, then whom that one quotes).

    Args:
        code: actor code, None for a person or outlet without one.
        name: as printed.
        as_: ``author``, ``outlet``, ``quoted`` or ``institution``.
    """

    code: str | None
    name: str
    as_: Literal["author", "outlet", "quoted", "institution"]


class Event(Struct, frozen=True):
    """Who did what to whom, when, according to whom: one coded sentence of one report (DESIGN section 4).

    ``same_as`` holds the id of the first report of the same event; None for the first one.
    """

    id: str
    report: str
    type: str
    cameo: str
    quad: str
    source: tuple[Party, ...]
    target: tuple[Party, ...]
    reciprocal: bool
    domain: Domain | None
    modality: Modality
    date: str | None
    date_precision: Precision | None
    date_from: DateFrom | None
    speakers: tuple[Speaker, ...]
    sentence: str
    span: Span
    trigger: Span
    confidence: float
    same_as: str | None = None


class Claim(Struct, frozen=True):
    """What somebody says is, or will be, the case. Never counted as an event.

    Args:
        speakers: chain of speakers, outermost first; the last one holds the claim.
        proposition: the words of the text that say what is claimed.
        topic: codes of the actors it is about, sorted, joined by a space, and a theme after a colon
            (``"JPN KOR USA: military cooperation"``); claims with one topic are shown side by side.
        about: codes of the actors it is about.
        stance: how the speaker stands to the proposition.
        cause, effect: for causal claims ("X leads to Y"), the words of each side; empty otherwise.
    """

    id: str
    report: str
    speakers: tuple[Speaker, ...]
    proposition: str
    stance: Stance
    topic: str
    about: tuple[str, ...]
    sentence: str
    span: Span
    confidence: float
    cause: str = ""
    effect: str = ""


class TieStatus(Struct, frozen=True):
    """A status and the date (ISO string of known precision, empty where unknown) from which it holds."""

    status: TieState
    date: str = ""


class Tie(Struct, frozen=True):
    """A relation that lasts: pact, access agreement, partnership, grouping, exercise series.

    ``report``, ``sentence`` and ``span`` are set where a report names the tie; register rows leave them empty.
    """

    id: str
    name: str
    kind: TieKind
    parties: tuple[str, ...]
    domain: Domain
    history: tuple[TieStatus, ...]
    aliases: tuple[str, ...] = ()
    organisation: str = ""
    source: tuple[str, ...] = ()
    confirmed: str = ""
    note: str = ""
    report: str = ""
    sentence: str = ""
    span: Span | None = None


class Question(Struct, frozen=True):
    """Something that the reader could not decide and leaves to the analyst.

    Args:
        kind: ``unknown actor``, ``unclear date`` …
        words: the words in doubt.
    """

    report: str
    kind: str
    words: str
    sentence: str
    span: Span


class Reading(Struct, frozen=True):
    """All that was read from one report."""

    report: Report
    events: tuple[Event, ...] = ()
    claims: tuple[Claim, ...] = ()
    ties: tuple[Tie, ...] = ()
    questions: tuple[Question, ...] = ()


def to_json(noun: Struct) -> str:
    """One noun as one line of JSON with the key names of DESIGN section 4.

    Example:
        >>> to_json(Speaker(code=None, name="Leonid Savin", as_="author"))
        '{"code":null,"name":"Leonid Savin","as":"author"}'
    """
    return msgspec.json.encode(noun).decode()
