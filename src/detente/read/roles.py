"""Which actors fill the roles of an event: the slots of a frame, looked for around its words.

A slot is a place in the grammar ("subj", "obj", "iobj", "comp", a preposition). Where a slot holds a thing, the actors
that the thing belongs to or concerns count; where none holds an actor, the words after the verb are searched.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

from msgspec.structs import replace

from detente.events import Party, Span
from detente.read.grammar import after, lemma, objects, subjects
from detente.read.mentions import RELATIONAL, Cast
from detente.read.places import words
from detente.read.words import Token


def topic(token: Token, cast: Cast, depth: int = 0) -> tuple[Party, ...]:
    """The actors that a thing concerns or comes from ("the drills by A and B", "A's decision")."""
    if depth > 3 or token.i in cast.found or lemma(token) in RELATIONAL:
        return ()
    owners = tuple(p for p in cast.owners_of(token) if p.code)
    if owners:
        return owners
    for prep in ("by", "of", "between", "among", "from", "with", "against", "to", "on", "in", "over", "for", "into"):
        for thing in after(token, prep):
            if prep == "in" and thing.i in cast.found and depth:
                continue
            parties = cast.parties(thing) or topic(thing, cast, depth + 1)
            if parties:
                return parties
    for child in token.children:
        if child.dep_ in {"acl", "relcl"} and child.pos_ == "VERB":
            for thing in [*subjects(child), *objects(child)]:
                if thing != token and (parties := cast.parties(thing)):
                    return parties
    return ()


def ground(slots: Sequence[str], verb: Token, act: Token | None, cast: Cast) -> tuple[Party, ...]:
    """The state of a city on which an act falls ("bombed Aleppo")."""
    for slot in slots:
        for token in held(slot, verb, act):
            named = token.i in cast.found and not cast.found[token.i].home
            code = cast.place(token) if not named or slot in _THERE else None
            if not code and token.i not in cast.found and lemma(token) not in cast.people:
                code = cast.around(token)  # "opened fire on a bus near Jaffna"
            if code:
                actor = cast.memory.register.actor(code)
                span = (token.idx, token.idx + len(token))
                return (Party(actor.code, actor.name, actor.kind, "territory", span, True),)
    return ()


# Where the name of a state or capital may stand for its ground.
_THERE = frozenset({"in", "at", "near", "across", "along", "around"})


def scene(verb: Token, source: tuple[Party, ...], cast: Cast, acts: Container[str]) -> tuple[Party, ...]:
    """The state where an act took place that somebody condemns ("condemned the bombing of a market in Kabul").

    Args:
        verb: the verb that tells of the condemnation.
        source: who condemns; an act on its own ground names no target.
        acts: nouns for acts.
    """
    for token in verb.subtree:
        if token.i <= verb.i or lemma(token) not in acts:
            continue
        hurt = after(token, "of")
        code = next(filter(None, [cast.around(token), *map(cast.place, hurt), *map(cast.around, hurt)]), None)
        if code:
            actor = cast.memory.register.actor(code)
            party = Party(actor.code, actor.name, actor.kind, "territory", (token.idx, token.idx + len(token)), True)
            return () if among(party, source) else (party,)
    return ()


def faced(source: tuple[Party, ...], verb: Token, cast: Cast, *, crowd: bool, inner: bool) -> tuple[Party, ...]:
    """The state whose people protest, or whose rebels act, where the sentence names no other; marked as inferred.

    Args:
        crowd: the sentence must say what the act is about ("marched against", "to demand").
        inner: the act is one that a state mostly does to its own (an arrest, a ban).
    """
    codes = {p.code for p in source}
    if len(codes) != 1 or source[0].kind != "state" or not cast.only(verb) <= codes:
        return ()
    cause = next((t for t in verb.subtree if lemma(t) in _CAUSES), None) if crowd else verb
    if cause is None or not (crowd or inner or any(p.role in _ARMED for p in source)):
        return ()
    if inner:
        return (replace(source[0], role=None, span=None, inferred=True),)
    about = next((c for c in cause.children if c.dep_ in {"pobj", "dobj"}), cause)
    return (replace(source[0], role="government", span=(about.idx, about.idx + len(about)), inferred=True),)


_ARMED = frozenset({"rebel", "armed group"})


_CAUSES = words()["causes"]
_JAILED = words()["jailed"]


def deep(verb: Token, source: tuple[Party, ...], cast: Cast, *, within: bool = False) -> tuple[Party, ...]:
    """The first known actor that the words after a verb concern, clauses about something else left out.

    Args:
        within: no place counts ("agreed to hold talks in Geneva").
    """
    for token in verb.subtree:
        if token.i <= verb.i or token.ent_type_ in {"DATE", "TIME"}:
            continue
        chain = [token]
        while chain[-1] != verb:
            chain.append(chain[-1].head)
        if any(
            t.dep_ in _APART or t.lower_ == "according" or (t.dep_ == "conj" and t.pos_ in {"VERB", "AUX"})
            for t in chain[:-1]
        ):
            continue
        if token.dep_ in {"compound", "amod", "poss", "nmod"} and token.i not in cast.found:
            continue
        if token.dep_ in {"pobj", "compound", "appos"} and token.i in cast.found and _is_where(token):
            continue
        if within and cast.is_place(token):
            continue
        parties = tuple(p for p in cast.parties(token) if p.code and not among(p, source))
        if parties:
            return parties
    return ()


_APART = frozenset({"relcl", "parataxis", "mark"})


def _is_where(token: Token) -> bool:
    """Whether a name only says where the main act took place ("in Geneva")."""
    return (
        token.dep_ == "pobj" and token.head.lower_ in {"in", "at", "near"} and token.head.head.pos_ in {"VERB", "AUX"}
    )


def pair(parties: tuple[Party, ...]) -> tuple[tuple[Party, ...], tuple[Party, ...]]:
    """Two parties face each other; three or more are all listed as sources of a reciprocal event."""
    return (parties[:1], parties[1:]) if len(parties) == 2 else (parties, ())


def among(party: Party, others: Iterable[Party], *, bodies: bool = False) -> bool:
    """Whether a party is one of the others.

    Two bodies of one state ("the police", "the opposition") are two parties; ``bodies``: so are a body and the people.
    """
    return any(_same(party, other, bodies) for other in others)


def _same(one: Party, other: Party, bodies: bool) -> bool:
    if not one.code or one.code != other.code:
        return one.code == other.code and one.name == other.name
    if one.role == other.role or (one.inferred and not one.role):
        return True
    return not bodies and not (one.role and other.role)


def fill(
    slots: Sequence[str],
    verb: Token,
    act: Token | None,
    cast: Cast,
    besides: tuple[Party, ...] = (),
    topics: bool = True,
) -> tuple[tuple[Party, ...], bool]:
    """The first slot that holds an actor; whether it holds one directly."""
    indirect: tuple[Party, ...] = ()
    for slot in slots:
        for token in held(slot, verb, act):
            # Two bodies of one state ("the opposition", "the president") face each other only as plain objects.
            bodies = slot in {"obj", "iobj", "against", "with", "on", "at"}
            parties = tuple(p for p in cast.parties(token) if not among(p, besides, bodies=bodies))
            if parties:
                return parties, True
            if not indirect and token != act and topics:
                # What belongs to a state is not its rebels' ("the Taliban attacked an Afghan base").
                rebels = any(p.role in _REBELS for p in besides)
                indirect = tuple(p for p in topic(token, cast) if not among(p, besides, bodies=rebels))
        if indirect:
            return indirect, False
    return (), False


_REBELS = frozenset({"rebel", "armed group", "crowd", "opposition"})


def apart(source: tuple[Party, ...], target: tuple[Party, ...], *, domestic: bool) -> tuple[Party, ...]:
    """The target without what is the source's own: its ground, and its share in what it holds with others.

    "X refused to sell its port", "X shut the office that it runs with Y".

    Args:
        source, target: the sides.
        domestic: the act is one that falls on the ground of a state, be it the source's own (a curfew, a raid).
    """
    own = {p.code for p in source if p.code and not p.role}
    if not domestic:
        target = tuple(p for p in target if not (p.role == "territory" and p.inferred and p.code in own))
    others = tuple(p for p in target if p.code not in own)
    return others if any(p.code for p in others) else target


def content(verb: Token, act: Token | None) -> Iterator[Token]:
    for holder in (verb, act):
        if holder is not None:
            for child in holder.children:
                if child.dep_ in {"xcomp", "ccomp", "acl", "pcomp"} and child.pos_ == "VERB":
                    yield child
                    yield from content(child, None)
                elif child.dep_ == "acomp":
                    yield from content(child, None)
                elif child.dep_ == "prep":
                    yield from (k for k in child.children if k.dep_ == "pcomp")


def held(slot: str, verb: Token, act: Token | None) -> list[Token]:
    if slot == "subj":
        return subjects(verb)
    if slot == "obj":
        return [t for t in objects(verb) if t != act]
    if slot == "iobj":
        return [c for c in verb.children if c.dep_ == "dative" and c.pos_ != "ADP"]
    if slot == "comp":
        return [
            k
            for c in verb.children
            if c.dep_ in {"ccomp", "xcomp"}
            for k in c.children
            if k.dep_ in {"nsubj", "nsubjpass"}
        ]
    out = list(after(act, slot)) if act is not None else []
    out += after(verb, slot)
    for thing in objects(verb):
        if thing != act:
            out += after(thing, slot)
    return out


# Detention and release, which only those who hold power over a place can do there.
HELD = ("17", "0841")
# Acts that a state mostly does to its own people, where the sentence names no others.
INNER = ("172", "173", "175", "0841")


def where(verb: Token, party: Party, cast: Cast) -> Span | None:
    """Where the name of the place stands that ties an act to its authorities."""
    for token in verb.subtree:
        if token.i > verb.i and token.dep_ in {"pobj", "compound", "appos"} and cast.place(token) == party.code:
            return token.idx, token.idx + len(token)
    return None


def jailers(target: tuple[Party, ...], verb: Token, cast: Cast) -> tuple[Party, ...]:
    """Who holds people of whom only this is said: their own authorities, where the sentence names no other state.

    So it is thought of dissidents, not of tourists (``jailed`` in ``data/local.toml``).
    """
    codes = {p.code for p in target}
    if len(codes) != 1 or target[0].kind != "state" or not cast.only(verb) <= codes:
        return ()
    if not any(lemma(t) in _JAILED for t in objects(verb)):
        return ()
    return (replace(target[0], role="authorities", span=None, inferred=True),)


def is_short(noun: Token) -> bool:
    """Whether a word is an abbreviation, which the tagger takes for a common noun."""
    return len(noun) > 1 and noun.is_upper


# Roles in which people mostly face their own state's.
_INSIDE = frozenset({"rebel", "armed group", "crowd", "opposition", "police", "court", "legislature", "authorities"})


def at_odds(
    source: tuple[Party, ...], target: tuple[Party, ...], verb: Token, cast: Cast, *, inner: bool
) -> tuple[tuple[Party, ...], tuple[Party, ...]]:
    """Both sides, where people whom nothing ties to a state face rebels, a crowd, police or a court of one.

    "Police in Cairo beat protesters", "the rebels killed ten soldiers": of the same state, where the sentence names no
    other; such a party is marked as inferred.

    Args:
        inner: the act is one that a state mostly does to its own (an arrest, a ban).
    """
    for one, other in ((source, target), (target, source)):
        codes = {p.code for p in other}
        if len(codes) == 1 and (
            (inner and one is target) or any(p.role in _INSIDE or (p.inferred and p.role) for p in other)
        ):
            homed = _homed(one, other, _PEOPLE)
            if homed is not one and cast.only(verb) <= codes:
                return (homed, target) if one is source else (source, homed)
    return source, target


_PEOPLE = words()["local"] | words()["domestic"] | words()["inner"] | words()["unnamed"]


def at_home(
    source: tuple[Party, ...], target: tuple[Party, ...], people: frozenset[str]
) -> tuple[tuple[Party, ...], tuple[Party, ...]]:
    """Both sides, where people whom nothing ties to a state belong to the one that they face.

    "The president freed six detainees": his state's; such a party is marked as inferred.

    Args:
        source, target: the sides.
        people: nouns for people and bodies of whom this may be thought.
    """
    if not any(p.role for p in target):  # "protesters condemned Japan" may be anybody's
        return source, _homed(target, source, people)
    return _homed(source, target, people), _homed(target, source, people)


def _homed(parties: tuple[Party, ...], others: tuple[Party, ...], people: frozenset[str]) -> tuple[Party, ...]:
    codes = {p.code for p in others}
    other = others[0]
    if len(codes) != 1 or other.kind != "state" or any(p.code for p in parties):
        return parties
    if not all(p.name.islower() and people & _forms(p.name) for p in parties):
        return parties
    return tuple(replace(p, code=other.code, name=other.name, kind=other.kind, inferred=True) for p in parties)


def _forms(name: str) -> set[str]:
    last = name.rsplit(maxsplit=1)[-1]
    return {last, last.removesuffix("s")}
