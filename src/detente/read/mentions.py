"""Who is meant: names of the register, lists of them, roles, groups, pronouns, and names that nobody knows.

The names were found before parsing (:mod:`detente.read.gazetteer`). :class:`Cast` says which parties a noun phrase
stands for, with the memory of the document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from detente.actors import Name
from detente.events import Party
from detente.read.gazetteer import Found
from detente.read.memory import Memory, inferred
from detente.read.places import homes, words
from detente.read.words import Doc, Token


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
_LONE_NOUNS = frozenset({"country", "nation", "regime", "state", "kingdom", "republic"})
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
_FOLLOWERS = frozenset({"supporter", "opponent", "critic"})
_HARDWARE = frozenset({"vessel", "aircraft"})
_OFFICIAL = frozenset({"of", "from", "in", "for", "with"})


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
        self.text = doc.text
        self.lead: tuple[Party, ...] = ()
        self.voices: Callable[[int], tuple[Party, ...]] = lambda _: ()
        self._asked: set[int] = set()

    def named(self, token: Token) -> tuple[Party, ...]:
        """The parties that a token of the gazetteer names; empty for other tokens and for traps."""
        hit = self.found.get(token.i)
        if hit is None:
            return ()
        if token.i and self._is_people(token, hit):
            return (
                self.located(token)
                or self.located(token.head)
                or (Party(None, self.text[hit.start : hit.end], None, None, (hit.start, hit.end)),)
            )
        return tuple(self._party(start, end, names, token) for start, end, names in hit.names)

    def _is_people(self, token: Token, hit: Found) -> bool:
        """Whether a name means a people rather than its state ("ethnic Serbs", "rebel Serbs")."""
        before = self.doc[token.i - 1].lower_
        return before == "ethnic" or (before == "rebel" and hit.shape == "people")

    def _party(self, start: int, end: int, names: tuple[Name, ...], token: Token) -> Party:
        codes = {n.code for n in names}
        name = names[0]
        if len(codes) > 1:  # several readings: a place, the sentence or the document must decide
            chosen = self._reading(names, token)
            if chosen is None:
                return Party(None, name.form, None, None, (start, end))
            name = chosen
        actor = self.memory.register.actor(name.code)
        home = homes().get(actor.code)
        if home:  # an armed group has its state's code and a role
            return Party(home, actor.name, "state", name.role or "armed group", (start, end))
        return Party(actor.code, actor.name, actor.kind, name.role, (start, end))

    def _reading(self, names: tuple[Name, ...], token: Token) -> Name | None:
        """Which of several actors a form means: the place, the sentence or the document must tell."""
        if token.i in self._asked:  # its place is what was asked in the first place
            return None
        self._asked.add(token.i)
        beside, told = self._states_beside(token), frozenset[str | None](self.memory.codes)
        person = names[0].sort in {"person", "surname"}  # whose office is named before the person
        evidence = [told, beside] if person else [{self._where(token)}, beside, told]
        self._asked.discard(token.i)
        for codes in evidence:
            known = {n.code: n for n in reversed(names) if n.code in codes}
            if known:
                return next(iter(known.values())) if len(known) == 1 else None
        return None

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
        if any(c.dep_ == "conj" and c.lemma_.lower() in RELATIONAL for c in token.children):
            # "the alliance and its partners - A, B and C - will": the list says who the partners are
            out += [p for c in token.children if c.dep_ == "appos" for p in self.named(c)]
        if depth < 8:
            for child in token.children:
                if child.dep_ == "conj" and child.pos_ in {"NOUN", "PROPN", "ADJ", "PRON"}:
                    out += self.parties(child, depth=depth + 1)
                elif child.dep_ in {"nmod", "compound"} and child.lemma_.lower() in self.people and _is_first(child):
                    out = [*self.single(child), *out]  # "A's government and B rebels"
        return _unique(out)

    def single(self, token: Token) -> tuple[Party, ...]:
        """The parties of one head, without those coordinated with it."""
        if token.i in self.found:
            return self.named(token)
        lemma = token.lemma_.lower()
        if lemma == "both" and token.i + 1 < len(self.doc) and self.doc[token.i + 1].i in self.found:
            return ()  # "both A and B": the list says who
        if token.pos_ == "PRON":
            return self._pronoun(token)
        if lemma in self.people and self.memory.issuer and not self.owners_of(token) and self._is_own(token):
            return self._at(token, self.memory.issuer)
        if token.pos_ == "NUM" or lemma in _SETS or (lemma in _GROUP_NOUNS and self._is_group(token)):
            return self._group(token, lemma)
        if lemma in _ORGANISATIONS and self._is_the(token) and not self.owners_of(token):
            return self._at(token, self.memory.organisation(lemma, token.idx))
        owners = self.owners_of(token)
        if lemma == "group" and (members := [k for c in token.children if c.lower_ == "of" for k in c.children]):
            return self.parties(members[0], depth=7)
        if lemma in RELATIONAL:  # "US partners" are not the US; those listed after it are meant
            listed = [p for c in token.children if c.dep_ == "appos" for p in self.parties(c, depth=7)]
            if not listed and lemma in _FOLLOWERS and any(p.role and p.kind == "state" for p in owners):
                return tuple(self._titled(token, p) for p in owners)  # "supporters of A's president"
            if listed or owners:
                return _unique(listed)
            return (Party(None, self._words(token), None, None, self._span(token)),)
        if (
            lemma == "force"
            and token.head.lower_ == "of"
            and token.head.head.lemma_.lower() in {"show", "use", "display"}
        ):
            return ()
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
                last = self.memory.last(frozenset({"state"}), token.idx)
                if not last and (code := self._only(self._tellers(token))):
                    actor = self.memory.register.actor(code)
                    last = (Party(actor.code, actor.name, actor.kind, None, None, True),)
                return self._at(token, last)
            alone = lemma in _GROUP_NOUNS | _LONE_NOUNS and token.tag_ != "NN"
            if self._is_local(token, lemma) and (here := self.located(token)):
                return tuple(self._titled(token, p) for p in here)
            if token.text[:1].isupper() or not alone:
                words = self._words(token)
                if token.pos_ == "NOUN" and token.i == token.sent.start:
                    words = words[:1].lower() + words[1:]
                role = self.people[lemma] or None
                return (
                    Party(None, words, "organisation" if role == "organisation" else None, role, self._span(token)),
                )
            return ()
        if lemma in self.things:
            return ()
        if token.lower_ in _FAITHS and (here := self.located(token)):  # believers, by the place where they act
            return tuple(Party(p.code, p.name, p.kind, token.lower_, p.span, True) for p in here)
        if token.ent_type_ in {"PERSON", "ORG", "NORP", "GPE"} or (
            token.pos_ == "PROPN" and token.ent_type_ not in _NO_ACTOR
        ):
            if owners and token.ent_type_ != "GPE":
                titled = tuple(self._titled(token, p) for p in owners)
                if token.ent_type_ == "PERSON":
                    self.memory.persons[token.text] = titled[0]
                return titled
            for child in token.children:  # "dissident Jane Roe"; a president may be another state's
                title = child.dep_ in {"compound", "amod"} and child.lemma_.lower() in _INNER
                if title and token.ent_type_ == "PERSON" and (here := self.located(child)):
                    return self._at(token, tuple(self._titled(child, p) for p in here))
            for child in token.children:  # "Wang Yi, China's foreign minister"
                if child.dep_ == "appos" and (known := [p for p in self.single(child) if p.code]):
                    self.memory.persons[token.text] = known[0]
                    return tuple(Party(p.code, p.name, p.kind, p.role, self._span(token)) for p in known)
            if introduced := self.memory.persons.get(token.text):
                return self._at(token, (introduced,))
            if token.ent_type_ in {"PERSON", "ORG", "NORP", "GPE"} or token.dep_ in {"nsubj", "nsubjpass"}:
                return (Party(None, self._words(token), None, None, self._span(token)),)
        return ()

    def located(self, token: Token) -> tuple[Party, ...]:
        """The state where the words place an actor that belongs to nobody by name ("police in Karachi").

        The place in its own phrase goes first, then that of the clauses that hold it, then the dateline; a body of
        government or its opponents may also be tied to the state whose body, rebels or opposition act on them or with
        them, or to the only state that the text has named; last comes the only state whose places the sentence names.
        """
        lemma = token.lemma_.lower()
        code: str | None = self.around(token)
        if not code and self._is_domestic(token):  # "the government and rebels of the MNLF will meet in Jakarta"
            code = self._only({p.code for t in token.sent if t.i in self.found for p in self._all(t) if _faces(p)})
        code = code or self._where(token) or self.memory.place
        if not code and (self._is_domestic(token) or lemma in _INNER or token.lower_ in _FAITHS):
            named = {p.code for t in token.sent if self._owns_body(t) for p in self._all(t)}
            if not named and lemma in _INNER:
                named = self._actors_above(token)
            if not named:  # "the rebels signed a truce with the government"
                named = {p.code for t in token.sent if t.i in self.found for p in self._all(t) if p.role in _FACING}
            if not named and lemma in _INNER:
                start = token.sent.start_char
                told = {p.code for at, parties in self.memory.seen if at < start for p in parties}
                named = {code for code in told if code and self._is_state(code)}
            code = self._only(named or self._scenes(token) or self._tellers(token))
        elif not code and lemma in _LOCAL:
            code = self._only(self._scenes(token) or self._tellers(token))
        if not code:
            return ()
        actor = self.memory.register.actor(code)
        return (Party(actor.code, actor.name, actor.kind, None, self._span(token), True),)

    def _only(self, codes: set[str | None]) -> str | None:
        return next(iter(codes)) if len(codes) == 1 else None

    def _where(self, token: Token) -> str | None:
        """State of the place in a word's own phrase, or in the clauses that hold it, innermost first."""
        code = self.around(token)
        head = token
        while not code and head.head != head:
            head = head.head
            if head.pos_ == "NOUN" and token.dep_ in {"amod", "compound"}:
                code = self.around(head)
            elif head.pos_ in {"VERB", "AUX"}:
                code = self.around(head, verbal=True)
                for side in head.children:
                    if not code and side.dep_ in {"nsubj", "nsubjpass"}:
                        code = self.around(side)
        return code

    def _tellers(self, token: Token) -> set[str | None]:
        """State of the officials who tell what a body did ("the navy sank a boat, Kenyan officials said")."""
        for clause in token.ancestors:
            if clause.dep_ == "ccomp" and clause.head.pos_ == "VERB":
                doers = [c for c in clause.head.children if c.dep_ == "nsubj" and c.lemma_.lower() in self.people]
                return {p.code for t in doers for p in self.owners_of(t) if p.code and self._is_state(p.code)}
        return set()

    def _scenes(self, token: Token) -> set[str | None]:
        """The state of the places of a sentence that names no other state."""
        places: set[str | None] = set()
        others: set[str | None] = set()
        for other in token.sent:
            hit = self.found.get(other.i)
            if hit is None:
                continue
            if hit.home:
                places.add(hit.home)
            else:
                codes = {n.code for _, _, names in hit.names for n in names}
                (places if self._is_ground(other) and len(codes) == 1 else others).update(codes)
        return places if places >= others else set()

    def only(self, token: Token) -> set[str | None]:
        """The states that a sentence names, as actors or places."""
        hits = [t for t in token.sent if t.i in self.found]
        return {p.code for t in hits for p in self._all(t) if p.code and self._is_state(p.code)}

    def _is_ground(self, name: Token) -> bool:
        """Whether a name stands for a place: "in Aden", "Indonesia's Aceh province", "south of Algiers"."""
        if self.is_place(name):
            return True
        if name.dep_ in {"poss", "compound", "amod"}:
            return name.head.lemma_.lower() in _AREAS or (name.head.i in self.found and self._is_ground(name.head))
        return name.dep_ == "pobj" and name.head.lower_ == "of" and name.head.head.lemma_.lower() in _AREAS

    def _states_beside(self, token: Token) -> set[str | None]:
        """States that the rest of the sentence names beyond doubt, as actors or places."""
        hits = [self.found[t.i] for t in token.sent if t.i in self.found and t != token]
        beside: set[str | None] = {hit.home for hit in hits if hit.home}
        beside |= {names[0].code for hit in hits for _, _, names in hit.names if len({n.code for n in names}) == 1}
        return beside

    def _actors_above(self, token: Token) -> set[str | None]:
        """States of the people, officials or bodies whose act reaches a body ("the president dissolved parliament")."""
        verb = next((t for t in token.ancestors if t.pos_ == "VERB"), None)
        doers = [c for c in verb.children if c.dep_ == "nsubj" and not c.is_ancestor(token)] if verb else []
        own = token.lemma_.lower() in _SUBJECTS
        sides = [p.code for t in doers if t != token for p in self._doers(t, own)]
        found: set[str | None] = {code for code in sides if code and self._is_state(code)}
        return found if own or self._states_beside(token) <= found else set()  # a third state may be meant

    def _doers(self, token: Token, own: bool) -> tuple[Party, ...]:
        hit = self.found.get(token.i)
        if hit is not None:
            return self.named(token) if own or hit.shape in {"person", "people"} else ()
        inner = [k for c in token.children if c.dep_ == "prep" and c.lower_ == "of" for k in c.children]
        return self.owners_of(token) or tuple(p for k in inner if k.i in self.found for p in self._doers(k, own))

    def _owns_body(self, token: Token) -> bool:
        """Whether a name is that of the state whose body a phrase names ("the president of Kenya")."""
        if token.i not in self.found or (token.i and self.doc[token.i - 1].lower_ == "ethnic"):
            return False
        body = token.head.head if token.dep_ == "pobj" else token.head
        return token.dep_ in {"pobj", "amod", "compound", "poss", "nmod"} and body.lemma_.lower() in _DOMESTIC | _INNER

    def _all(self, token: Token) -> list[Party]:
        hit = self.found[token.i]
        parties = [self._party(start, end, names, token) for start, end, names in hit.names]
        if hit.home:
            parties.append(Party(hit.home, "", "state"))
        return parties

    def _is_state(self, code: str) -> bool:
        return self.memory.register.actor(code).kind == "state"

    def around(self, token: Token, *, verbal: bool = False) -> str | None:
        """State of the place that prepositions (or, for nouns, words before it) tie to a word."""
        for child in token.children:
            if child.dep_ == "prep" and child.lower_ in _PLACES:
                for thing in child.children:
                    if thing.dep_ == "pobj" and (code := self.place(thing)):
                        return code
            elif child.dep_ == "prep" and child.lower_ == "on":  # "on the island of", but not "an attack on"
                for thing in child.children:
                    if thing.i not in self.found and thing.dep_ == "pobj" and (code := self.place(thing)):
                        return code
            elif (
                not verbal
                and child.dep_ in {"compound", "nmod", "poss"}
                and (hit := self.found.get(child.i))
                and hit.home
            ):
                return hit.home
        return None

    def place(self, token: Token, depth: int = 0) -> str | None:
        """State of a place: a city, a state's name, "the northern city of X", "the Iraqi capital"."""
        hit = self.found.get(token.i)
        if hit is not None:
            states = [p.code for p in self._all(token) if p.code and self._is_state(p.code)]
            return states[0] if len(states) == 1 and hit.shape != "person" else None
        if depth > 2 or token.lemma_.lower() not in _AREAS:
            return None
        for child in token.children:
            if child.dep_ in {"amod", "compound", "poss", "nmod", "appos"} and (code := self.place(child, depth + 1)):
                return code
            if child.dep_ == "prep" and child.lower_ in {"of", "in"}:
                for thing in child.children:
                    if code := self.place(thing, depth + 1):
                        return code
        return None

    def _is_local(self, token: Token, lemma: str) -> bool:
        """Whether a word for people means people of the place where they act ("police", but not "tourists")."""
        return lemma in _LOCAL or token.lower_ in _FAITHS or self._is_domestic(token)

    def _is_domestic(self, token: Token) -> bool:
        """Whether a body belongs to the state that the text is about: "the government", "opposition leaders"."""
        if token.lemma_.lower() in _DOMESTIC:
            return True
        return any(c.dep_ in {"compound", "amod", "nmod"} and c.lower_ in _OWN for c in token.children)

    def _is_own(self, token: Token) -> bool:
        """Whether a capitalised "the Ministry" is the institution that speaks."""
        before = [c for c in token.children if c.i < token.i]
        return token.text[:1].isupper() and token.i > 0 and [c.lower_ for c in before] == ["the"]

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
            if role == "rebel" and any(self.people.get(c.lower_) == "aircraft" for c in token.children):
                role = "aircraft"  # "jet fighters"
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
        near = {"amod", "compound", "poss", "nmod", "nummod", "appos"}
        plain = [c for c in token.children if c.dep_ in near and c.i < token.i and self.named(c)]
        for child in token.children:
            if child.dep_ in near and child.i < token.i:
                out += self.named(child)
                if child.pos_ == "PRON" and plain:
                    continue  # "its Filipino crew"
                if child.dep_ == "poss" and child.i not in self.found and token.lower_ != "counterpart":
                    out += self._pronoun(child) if child.pos_ == "PRON" else self.single(child)
                elif child.dep_ in {"compound", "nmod"} and child.i not in self.found:
                    out += self.owners_of(child)
        known = [p for p in out if p.code]
        if not known:
            for child in token.children:
                person = token.ent_type_ == "PERSON" and child.lower_ == "of"
                if (
                    child.dep_ == "prep"
                    and child.lower_ in _OFFICIAL
                    and (person or token.lemma_.lower() in self.people)
                ):
                    for thing in child.children:
                        if child.lower_ == "in" and token.lemma_.lower() in _VISITORS:
                            continue  # "tourists in Cairo" are not Egypt's
                        if thing.dep_ == "pobj" and (thing.i in self.found or child.lower_ == "of"):
                            known += [p for p in self.parties(thing, depth=7) if p.code]
            for child in token.children:
                if not known and child.dep_ == "appos" and child.lemma_.lower() in self.people:
                    known += [p for p in self.owners_of(child) if p.code]
        return _unique(known)

    def _pronoun(self, token: Token) -> tuple[Party, ...]:
        word = token.lower_
        if word in {"we", "our", "us"}:
            return self._at(token, self.voices(token.i) or self.memory.issuer)
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
            return self._at(token, self._gathered(token) or self.memory.group(None, token.idx))
        if word in {"it", "its"}:
            return self._at(token, self.memory.last(frozenset({"state", "organisation", "group"}), token.idx))
        return self._at(token, self.memory.last(frozenset({"state", "organisation", "group"}), token.idx, person=True))

    def _gathered(self, token: Token) -> tuple[Party, ...]:
        """Whose meeting the sentence has just named: "at the NATO summit they agreed"."""
        for other in token.doc[token.sent.start : token.i]:
            if other.i in self.found and other.head.lemma_.lower() in _GATHERINGS and other.dep_ != "pobj":
                parties = [p for p in self.named(other) if p.kind != "state"]
                if parties:
                    return inferred(parties)
        return ()

    def _is_group(self, token: Token) -> bool:
        """Whether a plural points back: "both countries", "the three leaders", but not "three opposition leaders"."""
        before = [c for c in token.children if c.i < token.i]
        if token.tag_ != "NNS" or any(c.dep_ == "compound" for c in before):
            return False
        words = {c.lower_ for c in before}
        return bool(words & {"both", "all", "these", "involved"}) or ("the" in words and bool(words & _NUMBERS.keys()))

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
        return self.text[start:end]


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


def _faces(party: Party) -> bool:
    """Whether the opposite number of a party, where no state is named with it, is its own state's."""
    return party.role in _FACING


def _is_first(token: Token) -> bool:
    """Whether a noun before the head of its phrase is the first of two, rather than part of the head's name."""
    return any(c.dep_ == "cc" and token.i < c.i < token.head.i for c in (*token.children, *token.head.children))


_PLACES = frozenset({"in", "at", "near", "outside", "inside", "across", "throughout", "around", "through"})
_AREAS = words()["areas"]
# People of the place where they act; and bodies that belong to the state that the text is about.
_LOCAL = words()["local"]
_GATHERINGS = frozenset({"summit", "meeting", "conference", "session", "forum", "gathering"})
_INNER = words()["inner"]
_FAITHS = words()["faiths"]
_FACING = words()["facing"]
_SUBJECTS = words()["subjects"]
_VISITORS = words()["visitors"]
_DOMESTIC = words()["domestic"]
_OWN = words()["domestic_adjectives"]
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

    The memory of the document notes each before the next is looked at.

    Args:
        doc: the parsed document.
        cast: who is who in it.
        start, end: token indices of the sentence.
    """
    out: list[Mention] = []

    def keep(mention: Mention) -> None:
        out.append(mention)
        if not mention.place or len(mention.parties) > 2:  # a long list names actors wherever it stands
            cast.memory.note(doc[mention.start].idx, tuple(p for p in mention.parties if p.code))

    for token in doc[start:end]:
        if token.i in cast.found:
            if parties := cast.named(token):
                keep(Mention(token.i, token.i + 1, parties, all(p.code is None for p in parties), cast.is_place(token)))
        elif token.pos_ == "PRON" or token.lemma_.lower() in _GROUP_NOUNS | _ORGANISATIONS | _SETS.keys():
            parties = tuple(p for p in cast.single(token) if p.code and p.inferred)
            if parties:
                keep(Mention(token.i, token.i + 1, parties))
        elif token.ent_iob_ == "B" and token.ent_type_ in {"PERSON", "ORG"}:
            stop = token.i + 1
            while stop < end and doc[stop].ent_iob_ == "I" and stop not in cast.found:
                stop += 1
            span = (token.idx, doc[stop - 1].idx + len(doc[stop - 1]))
            keep(Mention(token.i, stop, (Party(None, cast.text[span[0] : span[1]], None, None, span),), True))
    return out
