"""The register's names, found in a text before it is parsed.

Longest match first, traps such as "Asian NATO" before names; lists ("A, B and C") and pairs ("A-B") are one find.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date as Date
from functools import cache
from typing import Literal

import msgspec
from msgspec import Struct

from detente.actors import Name, Register
from detente.read.places import cities, ships, words

Shape = Literal["name", "adjective", "list", "seat", "people", "person", "trap", "city"]

_ATOM = re.compile(r"\w+|[^\w\s]")
_JOIN = re.compile(r"\s*(?:,\s*(?:and|or|as well as)?|\band\b|&)\s*(?:the\s+)?", re.IGNORECASE)
_HEADLINE = re.compile(r"\s+[A-Za-z]")
_HYPHEN = re.compile(r"[-–—/]")


class Found(Struct, frozen=True):
    """Names that stand at ``text[start:end]`` of the clean text.

    Args:
        start, end: offsets.
        names: for each listed actor, its span and the readings that its form has (one, save for shared names).
        shape: how the words behave in a sentence.
        home: for a city, its state's code.
    """

    start: int
    end: int
    names: tuple[tuple[int, int, tuple[Name, ...]], ...]
    shape: Shape
    home: str = ""


class Gazetteer:
    """The register's names, ready to be found in a text.

    Args:
        register: actors, names and traps.
        on: date of the report: names that do not hold on it are passed over.

    Example:
        >>> from detente.actors import register
        >>> [f.shape for f in Gazetteer(register()).scan("Japan met Chinese officials")]
        ['name', 'adjective']
    """

    def __init__(self, register: Register, on: Date | None = None) -> None:
        self.register = register
        self.on = on
        self._forms = _index(register)
        self._ships = ships()

    def scan(self, text: str) -> list[Found]:
        """All names of a text, longest first, without overlap, lists joined."""
        spans = [m.span() for m in _ATOM.finditer(text)]
        atoms = [text[start:end] for start, end in spans]
        # Lines without small letters, of three words or more: headlines set in capitals.
        capitals = [m.span() for m in _LINE.finditer(text) if sum(map(str.isalpha, m.group().split())) > 2]
        singles: list[Found] = []
        seen: set[str] = set()
        i = 0
        while i < len(atoms):
            forms = self._forms.get(atoms[i], ())
            if capitals and any(start <= spans[i][0] < end for start, end in capitals):
                if atoms[i] in _NOT_IN_CAPITALS:
                    forms = ()
                forms = (*forms, *_index(self.register, capitals=True).get(atoms[i], ()))
            hit = self._match(forms, atoms, spans, i, text, seen) if forms else None
            if hit is None and atoms[i] in self._ships:
                hit = self._ship(atoms, spans, i)
            if hit is None:
                i += 1
                continue
            found, length = hit
            before = singles[-1] if singles else None
            if before and _is_minority(before, found, text):
                singles[-1] = Found(before.start, found.end, before.names, found.shape)
            elif before and before.shape == "adjective" and _is_part(before, found, text):
                singles[-1] = Found(before.start, found.end, found.names, found.shape, found.home)
            else:
                singles.append(found)
            seen.update(n.code for _, _, names in found.names for n in names if n.sort not in {"surname"})
            i += length
        return list(_joined(text, singles))

    def _match(
        self, forms: Iterable[_Form], atoms: list[str], spans: list[tuple[int, int]], i: int, text: str, seen: set[str]
    ) -> tuple[Found, int] | None:
        past: tuple[Found, int] | None = None
        for form, names, home in forms:
            length = len(form)
            if length > 1 and atoms[i : i + length] != form:
                continue
            start, end = spans[i][0], spans[i + length - 1][1]
            if _LEANING.search(text, max(0, start - 5), start):
                return None
            if home:
                if length > 1 or not _NAME_BEFORE.search(text, max(0, start - 20), start):
                    return Found(start, end, (), "city", home), length
                continue
            if not names:
                return Found(start, end, (), "trap"), length
            valid = tuple(n for n in names if n.valid(self.on))
            if valid and all(n.sort == "surname" for n in valid):
                valid = _surname(valid, text, start, end, seen)
            if valid and valid[0].sort == "together":
                each = tuple((start, end, (n,)) for n in valid)
                return Found(start, end, each, "adjective" if "-" in form else "list"), length
            if valid:
                return Found(start, end, ((start, end, valid),), _shape(valid[0])), length
            # Out of office on the date of the report: "former president ...".
            ended = {"person", "name", "alias", "demonym"}
            left = tuple(n for n in names if n.sort in ended and self.on and n.end and n.end < str(self.on))
            if left and past is None and len({n.code for n in left}) == 1:
                role = f"former {left[-1].role}" if left[-1].role else None
                once = msgspec.structs.replace(left[-1], role=role)
                past = Found(start, end, ((start, end, (once,)),), _shape(once)), length
        return past

    def _ship(self, atoms: list[str], spans: list[tuple[int, int]], i: int) -> tuple[Found, int] | None:
        """A ship by the prefix of its navy: "USS Carl Vinson"."""
        last = i
        while last < i + 4 and last + 1 < len(atoms) and spans[last + 1][0] == spans[last][1] + 1:
            if not (atoms[last + 1][:1].isupper() or (last > i and atoms[last + 1].isdigit())):
                break
            last += 1
        if last == i:
            return None
        start, end = spans[i][0], spans[last][1]
        names = tuple(Name(atoms[i], code, "armed forces", "", "", "seat") for code in self._ships[atoms[i]])
        return Found(start, end, ((start, end, names),), "seat"), last - i + 1


_LINE = re.compile(r"^[^a-z\n]+$", re.MULTILINE)
_NOT_IN_CAPITALS = words()["not_in_capitals"]

# A capitalised word before a city's name makes it part of another name ("Whitney Houston").
_NAME_BEFORE = re.compile(
    r"(?<![\w.])(?!(?:In|At|Near|From|The|And|But|Of|To|For|On|Northern|Southern|Eastern|Western|Central)\b)"
    r"[A-Z][a-z]+ $"
)


# "pro-Syrian" says whom somebody leans to, not whose he is.
_LEANING = re.compile(r"\b(?:pro|non|ex)-$", re.IGNORECASE)
_PART = re.compile(
    r" (?:republic|province|region|territory|enclave|island|city|town|port|village|capital) of ", re.IGNORECASE
)


def _is_part(before: Found, found: Found, text: str) -> bool:
    """Whether the first name only says where the second lies: "the Turkish city of Izmir", "Serbian province of X"."""
    return found.shape in {"name", "city"} and _PART.fullmatch(text, before.end, found.start) is not None


def _is_minority(before: Found, found: Found, text: str) -> bool:
    """Whether two names side by side mean a people of the first state: "Bosnian Serb", "Kosovo Albanians"."""
    return (
        found.shape in {"adjective", "people"}
        and before.shape in {"name", "adjective"}
        and text[before.end : found.start] == " "
        and before.names[0][2][0].sort in {"name", "alias", "demonym"}
        and found.names[0][2][0].sort == "demonym"
        and found.names[0][2][0].code != "USA"
    )


_Form = tuple[list[str], tuple[Name, ...], str]


@cache
def _index(register: Register, *, capitals: bool = False) -> dict[str, list[_Form]]:
    """First atom to forms (longest first) with their names, or a city's state; built once a register.

    Args:
        register: the names.
        capitals: forms as they stand in a line of capitals; abbreviations are as they always are.
    """
    forms: dict[tuple[str, ...], list[Name]] = {tuple(_ATOM.findall(trap)): [] for trap in register.traps}
    traps = set(forms)
    for name in register.names():
        key = tuple(_ATOM.findall(name.form))
        # An English word is no name: only forms with a capital letter count.
        if key and key not in traps and any(c.isupper() for c in name.form):
            forms.setdefault(key, []).append(name)
    places = {tuple(_ATOM.findall(city)): code for city, code in cities().items()}
    for key in places:
        if not any(n.sort != "surname" for n in forms.get(key, ())):
            forms[key] = []
    homes = {key: places[key] for key, names in forms.items() if not names and key in places}
    if capitals:
        raised: dict[tuple[str, ...], list[Name]] = {}
        for key, names in forms.items():
            if key and (not names or any(n.sort != "abbreviation" for n in names)):
                upper = tuple(atom.upper() for atom in key)
                if key in homes:
                    homes[upper] = homes[key]
                if upper not in forms and upper[0] not in _NOT_IN_CAPITALS:
                    raised.setdefault(upper, []).extend(names)
        forms = raised
    index: dict[str, list[_Form]] = {}
    for key, names in sorted(forms.items(), key=lambda row: -len(row[0])):
        home = "" if names else homes.get(key, "")
        index.setdefault(key[0], []).append((list(key), tuple(dict.fromkeys(names)), home))
    return index


def _surname(names: tuple[Name, ...], text: str, start: int, end: int, seen: set[str]) -> tuple[Name, ...]:
    """A bare family name counts where its state is in the text already, where a title stands before it, or where it is
    one state's office holder's alone and no common word; and where no other name stands beside it."""
    after = _NEXT_NAME.match(text, end)
    before = _LAST_NAME.search(text[max(0, start - 40) : start])
    titled = bool(before) and before.group(1) in _TITLES  # type: ignore[union-attr]
    if text[start:end].isupper():  # in a headline of capitals the words beside it tell nothing
        after = before = None
    if (after and after.group(1) not in _CALENDAR) or (before and not titled and before.group(1) not in _NO_NAMES):
        return ()
    known = tuple(n for n in names if n.code in seen)
    if known:
        return known
    lead = any(n.role and n.role.startswith("head of") for n in names)
    rare = (lead or len(names[0].form) > 3) and names[0].form not in _COMMON
    named = titled or rare or _GOVERNS.match(text, end)
    return names if named and len({n.code for n in names}) == 1 else ()


_NEXT_NAME = re.compile(r"[\s-]+([A-Z]\w+)")
_LAST_NAME = re.compile(r"([A-Z]\w+)[\s-]+$")
_GOVERNS = re.compile(r"(?:['’]s)? (?:administration|government|regime)\b")
_COMMON = words()["common_names"]
_TITLES = words()["titles"]
_CALENDAR = words()["calendar"]
_NO_NAMES = words()["no_names"] | _CALENDAR


def _shape(name: Name) -> Shape:
    if name.sort in {"demonym", "combining"}:
        return "people" if name.form.endswith("s") and not name.form.endswith("ss") else "adjective"
    if name.sort in {"person", "surname"}:
        return "person"
    return "seat" if name.sort == "seat" else "name"


def _joined(text: str, singles: list[Found]) -> Iterator[Found]:
    """Lists ("A, B and C"), pairs ("A-B") as one find each; a longer run without "and" stays apart."""
    i = 0
    while i < len(singles):
        run = [singles[i]]
        hyphens = last_and = False
        while i + len(run) < len(singles) and run[-1].names and singles[i + len(run)].names:
            here, following = run[-1], singles[i + len(run)]
            between = text[here.end : following.start]
            if _HYPHEN.fullmatch(between) and (len(run) == 1 or hyphens):
                hyphens = True
            elif not hyphens and _JOIN.fullmatch(between) and "person" not in {here.shape, following.shape}:
                last_and = "and" in between.casefold() or "&" in between
            else:
                break
            run.append(following)
            if last_and:
                break
        if len(run) > 1 and (hyphens or _is_list(text, run, last_and)):
            names = tuple(n for f in run for n in f.names)
            tail = run[-1].shape
            shape: Shape = "adjective" if hyphens or tail == "adjective" else "list"
            yield Found(run[0].start, run[-1].end, names, shape)
            i += len(run)
        else:
            yield run[0]
            i += 1


def _is_list(text: str, run: list[Found], last_and: bool) -> bool:
    """Whether the run is one list; "In Japan, China and Russia agreed" is not."""
    shapes = {f.shape for f in run}
    if not last_and and len(run) == 2 and shapes == {"name"} and _HEADLINE.match(text, run[1].end):
        states = all(n[0].sort != "capital" for f in run for _, _, n in f.names)
        line = text.rfind("\n", 0, run[0].start) + 1
        return states and text[line : run[0].start].strip() == ""  # "US, South Korea hold drills"
    if not last_and or ("adjective" in shapes and shapes != {"adjective"} and run[-1].shape != "adjective"):
        return False
    if "people" in shapes and len(shapes) > 1:
        return False
    before = re.search(r"(\w+)\s+(?:the\s+)?$", text[max(0, run[0].start - 40) : run[0].start])
    first_comma = text[run[0].end : run[1].start].startswith(",")
    return not (first_comma and len(run) == 3 and before and before.group(1).lower() in {"in", "at", "near", "outside"})
