"""Who is meant: names of the register, lists of them, roles, groups, pronouns, and names that nobody knows.

Before parsing, :class:`Gazetteer` finds the names in the text (longest match first, traps such as "Asian NATO" before
names). After parsing, :class:`Cast` says which parties a noun phrase stands for, with the memory of the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date as Date
from functools import cache
from typing import Literal

from msgspec import Struct
from spacy.tokens import Doc, Token

from detente.actors import Name, Register
from detente.events import Party

Shape = Literal["name", "adjective", "list", "seat", "people", "person", "trap"]

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
    """

    start: int
    end: int
    names: tuple[tuple[int, int, tuple[Name, ...]], ...]
    shape: Shape


class Mention(Struct, frozen=True):
    """Tokens ``doc[start:end]`` and the parties that they stand for.

    Args:
        start, end: token indices.
        parties: one or several (lists, "all four countries").
        unknown: True where the register knows none of them.
        place: True where the words name a place rather than an actor ("in Washington").
    """

    start: int
    end: int
    parties: tuple[Party, ...]
    unknown: bool = False
    place: bool = False


class Gazetteer:
    """The register's names, ready to be found in a text.

    Args:
        register: actors, names and traps.
        on: date of the report: names that do not hold on it are passed over.

    Example:
        >>> from detente.actors import register
        >>> [f.shape for f in Gazetteer(register()).scan("Japan and Chinese officials")]
        ['name', 'adjective']
    """

    def __init__(self, register: Register, on: Date | None = None) -> None:
        self.register = register
        self.on = on
        self._forms = _index(register)

    def scan(self, text: str) -> list[Found]:
        """All names of a text, longest first, without overlap, lists joined."""
        atoms = [(m.group(), m.start(), m.end()) for m in _ATOM.finditer(text)]
        singles: list[Found] = []
        seen: set[str] = set()
        i = 0
        while i < len(atoms):
            hit = self._match(atoms, i, text, seen)
            if hit is None:
                i += 1
                continue
            found, length = hit
            singles.append(found)
            seen.update(n.code for _, _, names in found.names for n in names if n.sort not in {"surname"})
            i += length
        return list(_joined(text, singles))

    def _match(
        self, atoms: Sequence[tuple[str, int, int]], i: int, text: str, seen: set[str]
    ) -> tuple[Found, int] | None:
        for form, names in self._forms.get(atoms[i][0], ()):
            if tuple(a[0] for a in atoms[i : i + len(form)]) != form:
                continue
            start, end = atoms[i][1], atoms[i + len(form) - 1][2]
            if not names:
                return Found(start, end, (), "trap"), len(form)
            valid = tuple(n for n in names if n.valid(self.on))
            if valid and all(n.sort == "surname" for n in valid):
                valid = _surname(valid, text, start, end, seen)
            if valid:
                return Found(start, end, ((start, end, valid),), _shape(valid[0], text, end)), len(form)
        return None


@cache
def _index(register: Register) -> dict[str, list[tuple[tuple[str, ...], tuple[Name, ...]]]]:
    """First atom to forms (longest first) and their names; built once a register."""
    forms: dict[tuple[str, ...], list[Name]] = {tuple(_ATOM.findall(trap)): [] for trap in register.traps}
    traps = set(forms)
    for name in register.names():
        key = tuple(_ATOM.findall(name.form))
        # An English word is no name: only forms with a capital letter count.
        if key and key not in traps and any(c.isupper() for c in name.form):
            forms.setdefault(key, []).append(name)
    index: dict[str, list[tuple[tuple[str, ...], tuple[Name, ...]]]] = {}
    for key, names in sorted(forms.items(), key=lambda row: -len(row[0])):
        index.setdefault(key[0], []).append((key, tuple(dict.fromkeys(names))))
    return index


def _surname(names: tuple[Name, ...], text: str, start: int, end: int, seen: set[str]) -> tuple[Name, ...]:
    """A bare family name counts where its state is in the text already and no other name stands beside it."""
    after = re.match(r"[\s-]+([A-Z]\w+)", text[end:])
    before = re.search(r"([A-Z]\w+)[\s-]+$", text[:start])
    titled = bool(before) and before.group(1) in _TITLES  # type: ignore[union-attr]
    if after or (before and not titled):
        return ()
    known = tuple(n for n in names if n.code in seen)
    return known or (names if titled and len({n.code for n in names}) == 1 else ())


_TITLES = frozenset({"President", "Minister", "Secretary", "Chancellor", "Premier", "General", "Leader", "PM"})


def _shape(name: Name, text: str, end: int) -> Shape:
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
        while i + len(run) < len(singles) and run[-1].shape != "trap" and singles[i + len(run)].shape != "trap":
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
        return states and text[: run[0].start].rpartition("\n")[2].strip() == ""  # "US, South Korea hold drills"
    if not last_and or ("adjective" in shapes and shapes != {"adjective"} and run[-1].shape != "adjective"):
        return False
    if "people" in shapes and len(shapes) > 1:
        return False
    before = re.search(r"(\w+)\s+(?:the\s+)?$", text[: run[0].start])
    first_comma = text[run[0].end : run[1].start].startswith(",")
    return not (first_comma and len(run) == 3 and before and before.group(1).lower() in {"in", "at", "near", "outside"})


class Memory:
    """What a document has named so far; filled sentence by sentence, read by pronouns and group words.

    The subject of a sentence is noted again when the sentence ends, so that it is what "it" means in the next one.
    """

    def __init__(self, register: Register) -> None:
        self.register = register
        self.seen: list[tuple[int, tuple[Party, ...]]] = []
        self.codes: set[str] = set()

    def note(self, at: int, parties: tuple[Party, ...]) -> None:
        """Remember the parties of a mention that stands at an offset of the text."""
        if parties:
            self.seen.append((at, parties))
            self.codes.update(p.code for p in parties if p.code)

    def _before(self, at: int) -> Iterator[tuple[Party, ...]]:
        return (parties for where, parties in reversed(self.seen) if where < at)

    def group(self, size: int | None, at: int) -> tuple[Party, ...]:
        """The last list of ``size`` parties (None: of any length) before an offset, or the last so many states."""
        for back, parties in enumerate(self._before(at)):
            if len(parties) == size if size else len(parties) > 1 and back < 6:
                return inferred(parties)
        states: dict[str, Party] = {}
        for parties in self._before(at):
            for party in reversed(parties):
                if party.code and party.kind == "state":
                    states.setdefault(party.code, party)
            if size is not None and len(states) >= size:
                return inferred(tuple(reversed(list(states.values())[:size])))
        return ()

    def last(self, kinds: frozenset[str], at: int, *, person: bool = False) -> tuple[Party, ...]:
        """The last single party of one of the kinds before an offset; ``person``: one that has an office."""
        for parties in self._before(at):
            if len(parties) == 1 and (parties[0].kind or "") in kinds and (not person or parties[0].role):
                return inferred(parties)
        return ()

    def organisation(self, noun: str, at: int) -> tuple[Party, ...]:
        """The last organisation before an offset that goes by this common noun ("the alliance")."""
        for parties in self._before(at):
            for party in parties:
                actor = self.register.actors.get(party.code or "")
                if actor and noun in actor.nouns:
                    return inferred((party,))
        return ()


_ORGANISATIONS = frozenset({"bloc", "alliance", "organisation", "organization", "grouping", "pact"})
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
_SETS = {"both": 2, "trio": 3, "duo": 2, "pair": 2, "quartet": 4}
_GROUP_NOUNS = frozenset(
    {
        "country",
        "nation",
        "state",
        "side",
        "party",
        "government",
        "ally",
        "partner",
        "neighbour",
        "neighbor",
        "leader",
        "power",
    }
)
_LONE_NOUNS = frozenset({"country", "nation", "regime", "state"})
RELATIONAL = frozenset(
    [
        "partner",
        "ally",
        "neighbour",
        "neighbor",
        "rival",
        "critic",
        "supporter",
        "opponent",
        "enemy",
        "friend",
        "foe",
        "adversary",
    ]
)
_HARDWARE = frozenset({"vessel", "aircraft"})
_OFFICIAL = frozenset({"of", "from", "in", "for", "with"})


def inferred(parties: Iterable[Party]) -> tuple[Party, ...]:
    """The same parties, marked as not named by the words at hand."""
    return tuple(Party(p.code, p.name, p.kind, p.role, p.span, True) for p in parties)


class Cast:
    """The parties of one sentence.

    Args:
        doc: the parsed document.
        found: names by token index.
        memory: what earlier sentences named.
        people: common nouns that stand for people or institutions, with the role that each gives.
        things: common nouns that no name of an actor ends in ("Access Agreement", "Freedom Exercise").
    """

    def __init__(
        self,
        doc: Doc,
        found: dict[int, Found],
        memory: Memory,
        people: dict[str, str],
        things: frozenset[str] = frozenset(),
    ) -> None:
        self.doc = doc
        self.found = found
        self.memory = memory
        self.people = people
        self.things = things

    def named(self, token: Token) -> tuple[Party, ...]:
        """The parties that a token of the gazetteer names; empty for other tokens and for traps."""
        hit = self.found.get(token.i)
        if hit is None:
            return ()
        return tuple(self._party(start, end, names) for start, end, names in hit.names)

    def _party(self, start: int, end: int, names: tuple[Name, ...]) -> Party:
        codes = {n.code for n in names}
        name = names[0]
        if len(codes) > 1:  # two readings: the document must decide
            known = [n for n in names if n.code in self.memory.codes]
            if len({n.code for n in known}) != 1:
                return Party(None, name.form, None, None, (start, end))
            name = known[0]
        actor = self.memory.register.actor(name.code)
        return Party(actor.code, actor.name, actor.kind, name.role, (start, end))

    def is_place(self, token: Token) -> bool:
        """Whether a name is used for a place ("in Washington", "from Tokyo to Seoul")."""
        return token.dep_ == "pobj" and token.head.lower_ in {
            "in",
            "at",
            "near",
            "inside",
            "outside",
            "around",
            "across",
            "throughout",
        }

    def parties(self, token: Token, *, depth: int = 0) -> tuple[Party, ...]:
        """The parties that a noun phrase stands for, coordinated ones included; empty where it is no actor.

        Args:
            token: head of the phrase.
        """
        out = list(self.single(token))
        if depth < 8:
            for child in token.children:
                if child.dep_ == "conj" and child.pos_ in {"NOUN", "PROPN", "ADJ", "PRON"}:
                    out += self.parties(child, depth=depth + 1)
        return _unique(out)

    def single(self, token: Token) -> tuple[Party, ...]:
        """The parties of one head, without those coordinated with it."""
        if token.i in self.found:
            return self.named(token)
        if token.pos_ == "PRON":
            return self._pronoun(token)
        lemma = token.lemma_.lower()
        if token.pos_ == "NUM" or lemma in _SETS or (lemma in _GROUP_NOUNS and self._is_group(token)):
            return self._group(token, lemma)
        if lemma in _ORGANISATIONS and self._is_the(token) and not self.owners_of(token):
            return self._at(token, self.memory.organisation(lemma, token.idx))
        owners = self.owners_of(token)
        if lemma in RELATIONAL:  # "US partners" are not the US; those listed after it are meant
            listed = [p for c in token.children if c.dep_ == "appos" for p in self.parties(c, depth=7)]
            if listed or owners:
                return _unique(listed)
            return (Party(None, self._words(token), None, None, self._span(token)),)
        if lemma in self.people:
            if not owners and self.people[lemma] in _HARDWARE:
                return ()  # ships and aircraft act for an owner or not at all
            if not owners and lemma in _GROUP_NOUNS and token.tag_ == "NNS" and self._is_bare(token):
                return self._at(token, self.memory.group(None, token.idx))
            if lemma == "member" and any(p.kind == "organisation" for p in owners):
                return ()  # members of an organisation are not the organisation
            if owners:
                return tuple(self._titled(token, p) for p in owners)
            if lemma in _LONE_NOUNS and token.tag_ == "NN" and self._definite(token):
                return self._at(token, self.memory.last(frozenset({"state"}), token.idx))
            alone = lemma in _GROUP_NOUNS | _LONE_NOUNS and token.tag_ != "NN"
            if token.text[:1].isupper() or not alone:
                return (Party(None, self._words(token), None, self.people[lemma] or None, self._span(token)),)
            return ()
        if lemma in self.things:
            return ()
        if token.ent_type_ in {"PERSON", "ORG", "NORP", "GPE"} or (
            token.pos_ == "PROPN" and token.ent_type_ not in _NO_ACTOR
        ):
            if owners and token.ent_type_ != "GPE":
                return tuple(self._titled(token, p) for p in owners)
            for child in token.children:  # "Wang Yi, China's foreign minister"
                if child.dep_ == "appos" and (known := [p for p in self.single(child) if p.code]):
                    return tuple(Party(p.code, p.name, p.kind, p.role, self._span(token)) for p in known)
            if token.ent_type_ in {"PERSON", "ORG", "NORP", "GPE"} or token.dep_ in {"nsubj", "nsubjpass"}:
                return (Party(None, self._words(token), None, None, self._span(token)),)
        return ()

    def _titled(self, token: Token, owner: Party) -> Party:
        """An office or body of an actor ("Japanese defence minister")."""
        lemma = token.lemma_.lower()
        role = self.people.get(lemma) or None
        if lemma in _LONE_NOUNS and owner.kind != "state":
            role = "member state"
        if lemma in self.people:
            kinds = [
                c.lower_
                for c in token.children
                if c.dep_ in {"amod", "compound"} and c.i not in self.found and c.lower_ in _PORTFOLIOS
            ]
            role = " ".join([*kinds, role or lemma])
        else:
            title = [c for c in token.children if c.dep_ in {"compound", "appos"} and c.lemma_.lower() in self.people]
            role = self.people[title[0].lemma_.lower()] if title else role
        start = min(owner.span[0] if owner.span and not owner.inferred else token.idx, token.idx)
        end = max(token.idx + len(token), owner.span[1] if owner.span and not owner.inferred else 0)
        return Party(owner.code, owner.name, owner.kind, role or owner.role, (start, end), owner.inferred)

    def owners_of(self, token: Token) -> tuple[Party, ...]:
        """Actors that a phrase belongs to: "Chinese officials", "the army of Japan", "its forces"."""
        out: list[Party] = []
        for child in token.children:
            if child.dep_ in {"amod", "compound", "poss", "nmod", "nummod", "appos"} and child.i < token.i:
                out += self.named(child)
                if child.dep_ == "poss" and child.i not in self.found and token.lower_ != "counterpart":
                    out += self._pronoun(child) if child.pos_ == "PRON" else self.single(child)
                elif child.dep_ in {"compound", "nmod"} and child.i not in self.found:
                    out += self.owners_of(child)
        known = [p for p in out if p.code]
        if not known:
            for child in token.children:
                if child.dep_ == "prep" and child.lower_ in _OFFICIAL and token.lemma_.lower() in self.people:
                    for thing in child.children:
                        if thing.dep_ == "pobj" and (thing.i in self.found or child.lower_ == "of"):
                            known += [p for p in self.parties(thing, depth=7) if p.code]
            for child in token.children:
                if not known and child.dep_ == "appos" and child.lemma_.lower() in self.people:
                    known += [p for p in self.owners_of(child) if p.code]
        return _unique(known)

    def _pronoun(self, token: Token) -> tuple[Party, ...]:
        word = token.lower_
        if word not in _PRONOUNS:
            return ()
        if word == "both":
            return self._at(token, self.memory.group(2, token.idx))
        plural = word in {"they", "their", "them", "themselves"}
        possessive = token.dep_ == "poss" or word in {"itself", "themselves"}
        for subject in _subjects_above(token, own=possessive):
            parties = self.parties(subject, depth=7) if subject.pos_ != "PRON" else ()
            alone = len(parties) == 1 and (parties[0].role in _PERSONS or word == "them")
            if parties and not (plural and alone):
                return parties  # named in the sentence: its words are the mention
            if plural == (subject.tag_ in {"NNS", "NNPS"}) and subject.pos_ in {"NOUN", "PROPN"}:
                return ()  # its antecedent stands in the sentence and is no known actor
        if word in {"itself", "themselves"}:
            return ()
        if plural:
            return self._at(token, self.memory.group(None, token.idx))
        if word in {"it", "its"}:
            return self._at(token, self.memory.last(frozenset({"state", "organisation", "group"}), token.idx))
        return self._at(token, self.memory.last(frozenset({"state", "organisation", "group"}), token.idx, person=True))

    def _is_group(self, token: Token) -> bool:
        return token.tag_ == "NNS" and any(
            c.lower_ in _NUMBERS or c.lower_ in {"both", "all", "these", "involved"}
            for c in token.children
            if c.i < token.i
        )

    def _group(self, token: Token, lemma: str) -> tuple[Party, ...]:
        size = _SETS.get(lemma)
        if token.pos_ == "NUM" and lemma not in _NUMBERS:
            return ()
        for word in (token, *token.children):
            size = _NUMBERS.get(word.lower_, _SETS.get(word.lower_, size))
        if token.pos_ == "NUM" and not self._definite(token):
            return ()
        return self._at(token, self.memory.group(size, token.idx))

    def _is_bare(self, token: Token) -> bool:
        """Whether a plural noun has an article and nothing else ("the leaders", "the allies")."""
        before = [c for c in token.children if c.i < token.i]
        after = [c for c in token.children if c.i > token.i and c.dep_ in {"prep", "relcl", "acl"}]
        return [c.lower_ for c in before] == ["the"] and not after

    def _is_the(self, token: Token) -> bool:
        return any(c.lower_ == "the" for c in token.children)

    def _definite(self, token: Token) -> bool:
        return any(c.lower_ in {"the", "this", "these", "those", "both", "all"} for c in token.children)

    def _at(self, token: Token, parties: tuple[Party, ...]) -> tuple[Party, ...]:
        span = self._span(token)
        return tuple(Party(p.code, p.name, p.kind, p.role, span, True) for p in parties)

    def _span(self, token: Token) -> tuple[int, int]:
        first = min(
            (c.i for c in token.children if c.dep_ in {"compound", "amod", "nmod"} and c.i < token.i), default=token.i
        )
        return self.doc[first].idx, token.idx + len(token)

    def _words(self, token: Token) -> str:
        start, end = self._span(token)
        return self.doc.text[start:end]


def _subjects_above(token: Token, *, own: bool) -> Iterator[Token]:
    """Subjects before a pronoun of the clauses that hold it, innermost first; ``own``: of its own clause too."""
    head = token.head
    if not own:
        while head.pos_ not in {"VERB", "AUX"} and head.head.i != head.i:
            head = head.head
        # "urged it to stop", "criticised B and urged it": the subject of that verb is somebody else.
        if token.dep_ == "nsubj" and head.dep_ in {"ccomp", "xcomp"} and any(c.lower_ == "to" for c in head.children):
            head = head.head
        while head.dep_ == "conj" and head.head.pos_ in {"VERB", "AUX"} and token.dep_ != "nsubj":
            head = head.head
        if head.head.i == head.i:
            return
        head = head.head
    for _ in range(8):
        if head.pos_ in {"VERB", "AUX"}:
            for child in head.children:
                if child.dep_ in {"nsubj", "nsubjpass"} and child.i < token.i and not child.is_ancestor(token):
                    yield child
        if head.head.i == head.i:
            return
        head = head.head


_PERSONS = frozenset(
    {
        "president",
        "prime minister",
        "minister",
        "leader",
        "secretary general",
        "spokesperson",
        "official",
        "head of state",
        "head of government",
        "head of state and government",
        "foreign minister",
        "defence minister",
    }
)
_PRONOUNS = frozenset(
    ["it", "its", "itself", "they", "their", "them", "themselves", "he", "she", "his", "her", "him", "both"]
)
_NO_ACTOR = frozenset(
    {
        "DATE",
        "TIME",
        "LOC",
        "FAC",
        "EVENT",
        "LAW",
        "WORK_OF_ART",
        "LANGUAGE",
        "PRODUCT",
        "MONEY",
        "PERCENT",
        "QUANTITY",
        "ORDINAL",
        "CARDINAL",
    }
)
_PORTFOLIOS = frozenset(
    [
        "foreign",
        "defence",
        "defense",
        "prime",
        "vice",
        "deputy",
        "trade",
        "finance",
        "interior",
        "home",
        "armed",
        "chief",
        "former",
        "senior",
        "national",
        "security",
    ]
)


def _unique(parties: Iterable[Party]) -> tuple[Party, ...]:
    seen: dict[object, Party] = {}
    for party in parties:
        seen.setdefault((party.code, party.role) if party.code else party.name, party)
    return tuple(seen.values())


def find(doc: Doc, cast: Cast, start: int, end: int) -> list[Mention]:
    """The mentions among ``doc[start:end]``, in order: names, group words, pronouns and unknown proper names.

    Args:
        doc: the parsed document.
        cast: who is who in it.
        start, end: token indices of the sentence.
    """
    out: list[Mention] = []
    for token in doc[start:end]:
        if token.i in cast.found:
            if parties := cast.named(token):
                out.append(
                    Mention(token.i, token.i + 1, parties, all(p.code is None for p in parties), cast.is_place(token))
                )
        elif token.pos_ == "PRON" or token.lemma_.lower() in _GROUP_NOUNS | _ORGANISATIONS | _SETS.keys():
            parties = tuple(p for p in cast.single(token) if p.code and p.inferred)
            if parties:
                out.append(Mention(token.i, token.i + 1, parties))
        elif token.ent_iob_ == "B" and token.ent_type_ in {"PERSON", "ORG"}:
            stop = token.i + 1
            while stop < end and doc[stop].ent_iob_ == "I" and stop not in cast.found:
                stop += 1
            span = (token.idx, doc[stop - 1].idx + len(doc[stop - 1]))
            out.append(Mention(token.i, stop, (Party(None, doc.text[span[0] : span[1]], None, None, span),), True))
    return out
