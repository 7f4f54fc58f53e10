"""The registers: states, organisations, holders of office, phrases that only look like actors, and security ties.

Rows live in ``data/states.csv``, ``data/organisations.toml``, ``data/officeholders.csv``, ``data/peoples.csv``
(peoples, movements and regions that bear a state's code) and ``data/ties.toml``, each with its source; this module
reads them once and answers "whose name is this, on that date?", "who was a member?".
A name that two actors share on the date asked is ambiguous and is not resolved: the reader asks, it never guesses.
"""

from __future__ import annotations

import csv
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date as Date
from difflib import get_close_matches
from functools import cache, cached_property
from importlib.resources import files
from itertools import pairwise
from typing import Any, Literal

import msgspec
from msgspec import Struct

from detente.errors import RegisterError
from detente.events import Actor, Member, Office, Source, Tie

Sort = Literal[
    "name", "alias", "abbreviation", "demonym", "combining", "capital", "seat", "person", "surname", "together"
]

DATA = files("detente") / "data"


class Name(Struct, frozen=True):
    """A surface form and the actor it stands for.

    Args:
        form: the words as printed (``"Kremlin"``, ``"Fumio Kishida"``).
        code: actor code.
        role: office or institution meant, None for the actor itself.
        start, end: ISO dates of known precision between which the form has this meaning; empty means open.
        sort: what sort of form it is.
    """

    form: str
    code: str
    role: str | None
    start: str
    end: str
    sort: Sort

    def valid(self, on: Date | None) -> bool:
        """Whether the form has this meaning on the date; always, where no date is known."""
        return on is None or within(on, self.start, self.end)


class Register:
    """Actors by code and by name. Use :func:`register` for the shipped one.

    Args:
        actors: every actor.
        offices: terms of office.
        traps: phrases in which an actor's name does not name the actor.
        ambiguous: phrases that could name several actors ("Brussels"), with their codes.
        sources: sources by key.
        universal: organisations that every state belongs to, with those that do not.
        others: names that stand for an actor besides its own: peoples, movements, regions.

    Raises:
        RegisterError: two actors with one code, or a member, office or name of an unknown actor.

    Example:
        >>> register().lookup("Kremlin").code
        'RUS'
    """

    def __init__(
        self,
        actors: Iterable[Actor],
        offices: Iterable[Office] = (),
        traps: Iterable[str] = (),
        ambiguous: Mapping[str, tuple[str, ...]] | None = None,
        sources: Mapping[str, Source] | None = None,
        universal: Mapping[str, frozenset[str]] | None = None,
        others: Iterable[Name] = (),
    ) -> None:
        self.actors: dict[str, Actor] = {}
        for actor in actors:
            if actor.code in self.actors:
                raise RegisterError(f"Two actors have the code {actor.code}: keep one row.")
            self.actors[actor.code] = actor
        self.offices = tuple(offices)
        self.others = tuple(others)
        self.traps = tuple(traps)
        self.ambiguous = dict(ambiguous or {})
        self.sources = dict(sources or {})
        self._universal = dict(universal or {})
        for office in self.offices:
            if office.actor not in self.actors:
                raise RegisterError(
                    f"officeholders.csv: {office.person} belongs to {office.actor}, which is no actor of the register."
                )
        for name in self.others:
            if name.code not in self.actors:
                raise RegisterError(
                    f"peoples.csv: {name.form} belongs to {name.code}, which is no actor of the register."
                )
        for actor in self.actors.values():
            for member in actor.members:
                if member.code not in self.actors:
                    raise RegisterError(
                        f"organisations.toml: {actor.code} has a member {member.code} that is no actor."
                    )

    def actor(self, code: str) -> Actor:
        """The actor with this code.

        Raises:
            RegisterError: unknown code; the message lists near ones.
        """
        try:
            return self.actors[code]
        except KeyError:
            named = self.lookup(code)
            hint = named.code if named else ", ".join(self._near(code))
            raise RegisterError(
                f"No actor has the code or the name {code!r}."
                + (f" Did you mean {hint}?" if hint else " Give a code as PRK or a name as North Korea.")
            ) from None

    def _near(self, words: str) -> list[str]:
        """Names and codes of the actors that a person may have meant, states first.

        States with all the words in their name; else others with them; else those with them in another name; else those
        with a name or code much alike, or a code of which one letter differs.
        """
        typed = unaccented(words.strip()).casefold()
        asked = set(typed.split())
        if not asked:
            return []
        forms = {
            code: [unaccented(n).casefold() for n in (actor.name, code, *actor.aliases)]
            for code, actor in self.actors.items()
        }
        by_name = [code for code, (name, *_) in forms.items() if asked <= set(name.split())]
        found = (
            [code for code in by_name if self.actors[code].kind == "state"]
            or by_name
            or [code for code, known in forms.items() if any(asked <= set(form.split()) for form in known)]
            or [
                code
                for code, known in forms.items()
                if get_close_matches(typed, known, n=1, cutoff=_ALIKE)
                or (len(code) == len(typed) and sum(map(str.__ne__, code.casefold(), typed)) == 1)
            ]
        )
        actors = sorted((self.actors[code] for code in found), key=lambda a: (a.kind != "state", a.name))
        shown = [f"{actor.name} ({actor.code})" for actor in actors[:_NEAR]]
        return [*shown, f"or {len(actors) - _NEAR} more"] if len(actors) > _NEAR else shown

    def find(self, words: str) -> Actor:
        """The actor meant by a code or a name, as a person types it (``"PRK"``, ``"north korea"``, ``"Tokyo"``).

        Raises:
            RegisterError: nothing or more than one actor fits.
        """
        words = words.strip()
        if words.upper() in self.actors:
            return self.actors[words.upper()]
        bare = words[4:] if words[:4].casefold() == "the " else words
        named = self.lookup(words) or self.lookup(bare) or self._folded.get(bare.casefold())
        return self.actors[named.code] if named else self.actor(words)

    def members(self, code: str, on: str | Date | None = None) -> tuple[str, ...]:
        """Codes of the members of an organisation on a date (today where none is given), sorted."""
        when = day(on) or Date.today()
        actor = self.actor(code)
        if code in self._universal:
            left_out = self._universal[code]
            return tuple(
                sorted(
                    a.code
                    for a in self.actors.values()
                    if a.kind == "state"
                    and a.cow is not None
                    and a.code not in left_out
                    and within(when, a.start, a.end)
                )
            )
        return tuple(sorted({m.code for m in actor.members if within(when, m.start, m.end)}))

    def names(self) -> tuple[Name, ...]:
        """Every surface form, for a gazetteer."""
        return self._names

    def lookup(self, form: str, on: Date | None = None) -> Name | None:
        """The one actor that an exact form stands for on the date; None where nothing or more than one fits."""
        fitting = {n.code: n for n in reversed(self._by_form.get(form, ())) if n.valid(on)}
        return next(iter(fitting.values())) if len(fitting) == 1 else None

    @cached_property
    def _names(self) -> tuple[Name, ...]:
        names = tuple(dict.fromkeys(self._forms()))
        # A family name that is also another actor's full name ("Madrid") is that actor's.
        full = {n.form for n in names if n.sort != "surname"}
        return tuple(n for n in names if n.sort != "surname" or n.form not in full)

    @cached_property
    def _by_form(self) -> dict[str, list[Name]]:
        index: dict[str, list[Name]] = defaultdict(list)
        for name in self._names:
            index[name.form].append(name)
        return dict(index)

    @cached_property
    def _folded(self) -> dict[str, Name]:
        index: dict[str, dict[str, Name]] = defaultdict(dict)
        for name in self._names:
            index[name.form.casefold()].setdefault(name.code, name)
        return {form: next(iter(hits.values())) for form, hits in index.items() if len(hits) == 1}

    def _forms(self) -> Iterator[Name]:
        for a in self.actors.values():
            yield Name(a.name, a.code, None, a.start, a.end, "name")
            for alias in a.aliases:
                short = alias.replace(".", "").isupper() and len(alias) <= 6
                yield Name(alias, a.code, None, a.start, a.end, "abbreviation" if short else "alias")
            for demonym in a.demonyms:
                yield Name(demonym, a.code, None, a.start, a.end, "demonym")
            for capital in a.capitals:
                yield Name(capital, a.code, None, a.start, a.end, "capital")
            for seat, role in a.seats:
                yield Name(seat, a.code, role or None, a.start, a.end, "seat")
        for o in self.offices:
            for person in (o.person, *o.aliases):
                for form in dict.fromkeys((person, unaccented(person))):
                    yield Name(form, o.actor, o.office, o.start, o.end, "person")
                    for family in surnames(form, o.actor):
                        yield Name(family, o.actor, o.office, o.start, o.end, "surname")
        yield from self.others


# How much alike a name must be to be suggested, and how many are.
_ALIKE = 0.8
_NEAR = 8

# Family name first, as newspapers print it for these states.
_FAMILY_FIRST = frozenset({"CHN", "KOR", "PRK", "TWN", "VNM", "KHM", "SGP"})


# Parts of a full name that nobody is called by alone.
_NO_SURNAMES = frozenset(
    {
        *("Jr.", "Jr", "Sr.", "II", "III", "IV", "V", "VI", "XIV", "XVI", "King", "Queen", "Prince", "Princess"),
        *("Emperor", "Crown", "Sultan", "Sheikh", "Pope", "Marshal", "Chairman", "Archbishop", "Bishop", "Lord"),
    }
)


def surname(person: str, code: str) -> str:
    """The bare family name by which a text refers back to a person.

    Example:
        >>> surname("Yoon Suk Yeol", "KOR"), surname("Fumio Kishida", "JPN"), surname("Ferdinand Marcos Jr.", "PHL")
        ('Yoon', 'Kishida', 'Marcos')
    """
    words = [w.rstrip(",") for w in person.split()]
    words = [w for w in words if w not in _NO_SURNAMES] or words[:1]
    # A hyphenated or three-part name is in Asian order; "Lawrence Wong" of Singapore is not.
    asian = code in _FAMILY_FIRST and (len(words) == 3 or "-" in words[-1] or code in {"CHN", "PRK", "KHM"})
    return words[0] if asian else words[-1]


def surnames(person: str, code: str) -> Iterator[str]:
    """The bare family name, and with its particle where it has one.

    Example:
        >>> list(surnames("José Eduardo dos Santos", "AGO"))
        ['Santos', 'dos Santos']
    """
    yield surname(person, code)
    words = person.split()
    particle = next((i for i, word in enumerate(words) if i and word in _PARTICLES), 0)
    if particle:
        yield " ".join(words[particle:])


_PARTICLES = frozenset({"da", "de", "del", "den", "der", "di", "dos", "du", "la", "van", "von"})
_STROKES = str.maketrans("łŁøØđĐı", "lLoOdDi")


def unaccented(form: str) -> str:
    """A name without accents, as wire services print it.

    Example:
        >>> unaccented("Lech Wałęsa")
        'Lech Walesa'
    """
    if form.isascii():
        return form
    return "".join(c for c in unicodedata.normalize("NFKD", form.translate(_STROKES)) if not unicodedata.combining(c))


def within(day: Date, start: str, end: str) -> bool:
    """Whether a day lies between two ISO dates of any precision, both included; empty means open.

    Example:
        >>> within(Date(2023, 5, 1), "2023", "2023-05")
        True
    """
    text = day.isoformat()
    return (not start or text[: len(start)] >= start) and (not end or text[: len(end)] <= end)


def day(on: str | Date | None) -> Date | None:
    """A date given as a date or as text.

    Raises:
        RegisterError: no such date.
    """
    if on is None or isinstance(on, Date):
        return on
    try:
        return Date.fromisoformat(on)
    except ValueError:
        raise RegisterError(f"{on!r} is no date of the calendar: write it as 2024-07-11.") from None


@cache
def register() -> Register:
    """The shipped register of actors, read once.

    Raises:
        RegisterError: a data file has a fault; the message names file and row.
    """
    book = _toml("organisations.toml")
    actors = [*_states(), *(_organisation(row) for row in book["organisation"])]
    universal = {
        row["code"]: frozenset(row.get("except", ())) for row in book["organisation"] if row.get("universal", False)
    }
    sources = _sources(book) | _sources(_toml("officeholders.sources.toml"))
    traps = [row["phrase"] for row in book.get("not_actors", ())]
    ambiguous = {row["phrase"]: tuple(row["candidates"]) for row in book.get("ambiguous", ())}
    return Register(actors, _offices(), traps, ambiguous, sources, universal, _peoples())


@cache
def state_codes() -> frozenset[str]:
    """Codes of the actors that are states, of any time.

    Example:
        >>> "PRK" in state_codes(), "ASEAN" in state_codes()
        (True, False)
    """
    return frozenset(code for code, actor in register().actors.items() if actor.kind == "state")


@cache
def ties() -> tuple[Tie, ...]:
    """The shipped register of security ties that touch the Indo-Pacific, 1945 to today.

    Raises:
        RegisterError: a row has an unknown kind, status, party or source, or dates out of order.
    """
    book = _toml("ties.toml")
    known, sources = register().actors, book["sources"]
    rows: dict[str, Tie] = {}
    for row in book["tie"]:
        where = f"ties.toml: tie {row.get('id', '?')}"
        try:
            tie = msgspec.convert(row, Tie)
        except msgspec.ValidationError as error:
            raise RegisterError(f"{where}: {error}. The header of the file says what may stand there.") from None
        dated = [step.date for step in tie.history if step.date]
        if tie.id in rows:
            raise RegisterError(f"{where}: the id stands twice. Give each row its own.")
        if any(earlier[: len(later)] > later[: len(earlier)] for earlier, later in pairwise(dated)):
            raise RegisterError(f"{where}: dates out of order. Write the history oldest first.")
        if strange := [p for p in tie.parties if p not in known] + [k for k in tie.source if k not in sources]:
            raise RegisterError(f"{where}: unknown party or source {', '.join(strange)}. Add it or mend the row.")
        rows[tie.id] = tie
    return tuple(rows.values())


@cache
def tie_sources() -> dict[str, Source]:
    """Sources of the tie register, by key."""
    return _sources(_toml("ties.toml"))


def _toml(name: str) -> dict[str, Any]:
    try:
        return tomllib.loads((DATA / name).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RegisterError(f"{name}: {error}. Mend that line.") from None


def _sources(book: Mapping[str, Any]) -> dict[str, Source]:
    return {key: msgspec.convert({"key": key, **row}, Source) for key, row in book["sources"].items()}


def _rows(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader((DATA / name).read_text(encoding="utf-8").splitlines())


def _list(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _states() -> Iterator[Actor]:
    for row in _rows("states.csv"):
        seats = (seat.partition("|") for seat in _list(row["seats"]))
        yield Actor(
            code=row["code"],
            name=row["name"],
            kind="state",
            aliases=_list(row["aliases"]),
            demonyms=(*_list(row["demonyms"]), *_list(row["people"])),
            capitals=_list(row["capital"]),
            seats=tuple((seat, role) for seat, _, role in seats),
            cow=int(row["cow"]) if row["cow"] else None,
            gw=int(row["gw"]) if row["gw"] else None,
            start=row["from"],
            end=row["to"],
            source=_list(row["source"]),
        )


def _organisation(row: Mapping[str, Any]) -> Actor:
    seats = [seat if isinstance(seat, str) else "|".join(seat) for seat in row.get("seats", ())]
    split = (seat.partition("|") for seat in seats)
    return Actor(
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        aliases=tuple(row.get("aliases", ())),
        seats=tuple((seat, role) for seat, _, role in split),
        nouns=tuple(noun.removeprefix("the ") for noun in row.get("nouns", ())),
        members=tuple(msgspec.convert(m, Member) for m in row.get("members", ())),
        start=str(row.get("founded", "")),
        end=str(row.get("dissolved", "")),
        source=tuple(row.get("source", ())),
    )


def _offices() -> Iterator[Office]:
    for row in _rows("officeholders.csv"):
        fields = dict(row, aliases=_list(row["aliases"]), source=_list(row["source"]))
        yield msgspec.convert(fields, Office)


def _peoples() -> Iterator[Name]:
    for row in _rows("peoples.csv"):
        fields = {"form": row["name"], "role": row["role"] or None, "sort": row["sort"]}
        for code in _list(row["states"]):
            try:
                yield msgspec.convert({**fields, "code": code, "start": row["from"], "end": row["to"]}, Name)
            except msgspec.ValidationError as error:
                raise RegisterError(f"peoples.csv: {row['name']}: {error}. Mend that row.") from None
