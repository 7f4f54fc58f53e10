"""How likely an event is coded right: a small linear model over how its frame was filled and the words around it.

The model is a penalised logistic regression whose weights stand, one a line, in ``data/judge.csv``; anybody can read
what raises and lowers confidence. It does not see who acts: a sign never depends on which actor a name stands for.
``docs/judge.md`` is the data card; ``benchmarks/judge.py`` makes the weights.
"""

from __future__ import annotations

import csv
import math
from bisect import bisect_left
from collections.abc import Container, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from detente.actors import DATA
from detente.events import Modality, Party
from detente.read.frames import Match, lexicon
from detente.read.grammar import is_passive
from detente.read.words import Token

LEAST = 0.2
"""What is told as a fact or a plan and is less likely right than this is left out."""

BASE = "(base)"
_NEAR = frozenset({"dobj", "prep", "prt", "xcomp", "ccomp", "attr", "acomp", "aux", "auxpass", "agent", "neg"})
_CLAUSES = frozenset({"relcl", "advcl", "acl", "ccomp", "conj", "pcomp", "xcomp"})
_NAMES = frozenset({"PERSON", "ORG", "GPE", "NORP", "LOC", "FAC"})
_DATES = frozenset({"DATE", "TIME", "CARDINAL", "MONEY", "PERCENT", "ORDINAL", "QUANTITY"})


class Setting(NamedTuple):
    """The sentence in which an act is told.

    Attributes:
        tokens: its words, white space left out.
        known: indices of the words that are names of the register.
        hits: all frames found in it.
        kind: kind of its block ("paragraph", "bullet").
        only: whether its report has no other sentence.
    """

    tokens: Sequence[Token]
    known: Container[int]
    hits: Sequence[Match]
    kind: str
    only: bool


def confidence(signs: Sequence[str]) -> float:
    """The probability that type, source and target are right, as far as the event tells them.

    Args:
        signs: what :func:`signs` found; those without a weight count nothing.

    Example:
        >>> 0 < confidence(["both sides"]) < 1
        True
    """
    weights = _weights()
    z = weights[BASE] + sum(weights.get(sign, 0.0) for sign in signs)
    return round(min(max(1 / (1 + math.exp(-z)), 0.01), 0.99), 2)


@cache
def _weights() -> dict[str, float]:
    """Weight of each sign, in log odds."""
    return {sign: float(weight) for sign, weight in csv.reader((DATA / "judge.csv").read_text("utf-8").splitlines())}


def signs(hit: Match, type_: str, how: Modality, reported: bool, setting: Setting) -> tuple[str, ...]:
    """What speaks for or against a match, each sign once, in the order in which it was seen.

    Args:
        hit: the match.
        type_: its type, modality taken into account.
        how: its modality.
        reported: whether it stands in somebody's words.
        setting: the sentence.
    """
    out = dict.fromkeys(_filled(hit, type_))
    out.update(dict.fromkeys((f"modality {how}", f"reported {reported}", f"block {setting.kind}")))
    out[f"only sentence {setting.only}"] = None
    out.update(dict.fromkeys(_standing(hit, setting)))
    out.update(dict.fromkeys(_wording(hit, setting.known)))
    return tuple(out)


def _over(name: str, number: float, steps: Sequence[float]) -> Iterator[str]:
    return (f"{name} over {step}" for step in steps if number > step)


def _filled(hit: Match, type_: str) -> Iterator[str]:
    """The frame and its slots."""
    sides = "both sides" if hit.source and hit.target else "no target" if hit.source else "no source"
    yield f"type {type_}"
    yield f"{sides}"
    yield f"{type_} {sides}"
    yield f"reciprocal {hit.reciprocal}"
    yield f"bare noun {hit.noun}"
    if hit.source and hit.target:
        yield from _over("direct", hit.direct, (0.5, 0.7, 0.9))
    else:
        yield f"alone {hit.frame.alone}"
    if hit.frame.objects:
        yield "frame with objects"
    if hit.frame.clause:
        yield "frame with a clause"
    for name, side in (("source", hit.source), ("target", hit.target)):
        yield from _over(f"{name}s", len(side), (1, 2))
        if any(p.inferred for p in side):
            yield f"{name} inferred"
        if any(p.code is None for p in side):
            yield f"{name} unknown"
    if {p.code for p in hit.source} & {p.code for p in hit.target} - {None}:
        yield "one state on both sides"


def _standing(hit: Match, setting: Setting) -> Iterator[str]:
    """Where the act stands in the sentence, and where its sides stand about it."""
    verb = hit.verb
    yield f"dependency {verb.dep_}"
    yield f"tag {verb.tag_}"
    yield f"passive {is_passive(verb)}"
    yield from _over("words", len(setting.tokens), (12, 20, 30, 40, 55))
    rivals = [other for other in setting.hits if (other.trigger, other.verb) != (hit.trigger, hit.verb)]
    yield from _over("rivals", len(rivals), (0, 1, 2))
    full = [other for other in rivals if other.source and other.target]
    if full:
        yield "rival with both sides"
    if any(not other.noun and other.verb.i < verb.i for other in full):
        yield "rival before it"
    clauses = 0
    for above, token in zip(verb.ancestors, (verb, *verb.ancestors), strict=False):
        clauses += above.pos_ in {"VERB", "AUX"}
        if token.dep_ in _CLAUSES:
            yield f"within {token.dep_}"
    yield from _over("clauses above", clauses, (0, 1, 2))
    if verb.head != verb:
        yield f"below {verb.head.pos_}"
    for name, side in (("source", hit.source), ("target", hit.target)):
        heads = [t for p in side if (t := _word(p, setting.tokens)) is not None]
        if side and not heads:
            yield f"{name} elsewhere"
        if heads:
            near = min(abs(t.i - hit.trigger.i) for t in heads)
            yield f"{name} before {heads[0].i < hit.trigger.i}"
            yield from _over(f"{name} words away", near, (3, 6, 12, 20))
            yield f"{name} {heads[0].dep_}"
            yield f"{name} of the verb {heads[0].head in (verb, hit.trigger)}"
            if heads[0].dep_ == "pobj":
                yield f"{name} after {heads[0].head.lower_}"


def _word(party: Party, tokens: Sequence[Token]) -> Token | None:
    """The last word of a party's mention, None where the sentence does not name it."""
    if party.span is None or not tokens or not tokens[0].idx <= party.span[0] <= tokens[-1].idx:
        return None
    return tokens[bisect_left(tokens, party.span[1], key=lambda t: t.idx) - 1]


def _wording(hit: Match, known: Container[int]) -> Iterator[str]:
    """Lemmas of the act and of the words that hang on it."""
    for name, token in (("verb", hit.verb), ("act", hit.trigger)):
        yield f"{name}: {_masked(token, known)}"
        for child in token.children:
            if child.dep_ in _NEAR or name == "act":
                yield f"{name} with {child.dep_}: {_masked(child, known)}"
    if hit.verb.head != hit.verb:
        yield f"{hit.verb.dep_} of: {_masked(hit.verb.head, known)}"


def _masked(token: Token, known: Container[int]) -> str:
    """The lemma of a word; a mark for names and other words that say who acts, for numbers and for punctuation."""
    word = token.lemma_.lower()
    if token.i in known or token.pos_ == "PROPN" or token.ent_type_ in _NAMES or word in lexicon().people:
        return "SOMEBODY"
    return "NUMBER" if token.ent_type_ in _DATES else word if word.isalpha() else "-"
