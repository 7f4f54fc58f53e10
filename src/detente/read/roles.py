"""Which actors fill the roles of an event: the slots of a frame, looked for around its words.

A slot is a place in the grammar ("subj", "obj", "iobj", "comp", a preposition). Where a slot holds a thing, the actors
that the thing belongs to or concerns count; where none holds an actor, the words after the verb are searched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from spacy.tokens import Token

from detente.events import Party
from detente.read.grammar import after, lemma, objects, subjects
from detente.read.mentions import RELATIONAL, Cast


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
            if (token.i not in cast.found or cast.found[token.i].home) and (code := cast.place(token)):
                actor = cast.memory.register.actor(code)
                span = (token.idx, token.idx + len(token))
                return (Party(actor.code, actor.name, actor.kind, "territory", span, True),)
    return ()


def deep(verb: Token, source: tuple[Party, ...], cast: Cast) -> tuple[Party, ...]:
    """The first known actor that the words after a verb concern, clauses about something else left out."""
    for token in verb.subtree:
        if token.i <= verb.i or token.ent_type_ in {"DATE", "TIME"}:
            continue
        chain = [token]
        while chain[-1] != verb:
            chain.append(chain[-1].head)
        if any(t.dep_ in _APART or (t.dep_ == "conj" and t.pos_ in {"VERB", "AUX"}) for t in chain[:-1]):
            continue
        if token.dep_ in {"compound", "amod", "poss", "nmod"} and token.i not in cast.found:
            continue
        if token.dep_ in {"pobj", "compound", "appos"} and token.i in cast.found and _is_where(token):
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
            bodies = slot in {"obj", "iobj", "against"}
            parties = tuple(p for p in cast.parties(token) if not among(p, besides, bodies=bodies))
            if parties:
                return parties, True
            if not indirect and token != act and topics:
                indirect = tuple(p for p in topic(token, cast) if not among(p, besides))
        if indirect:
            return indirect, False
    return (), False


def content(verb: Token, act: Token | None) -> Iterator[Token]:
    for holder in (verb, act):
        if holder is not None:
            for child in holder.children:
                if child.dep_ in {"xcomp", "ccomp", "acl", "pcomp"} and child.pos_ == "VERB":
                    yield child
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
