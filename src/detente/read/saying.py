"""The grammar of saying: subjects of verbs that report, the extent of what they report, denials.

Used by :mod:`detente.read.voices`, which follows the speakers.
"""

from __future__ import annotations

from detente.events import Stance
from detente.read.speakers import words
from detente.read.words import Span, Token

SUBJECTS = frozenset({"nsubj", "nsubjpass"})
UNREAL = frozenset({"may", "might", "could", "would", "should", "must", "can"})


def rest_of(aside: Token, sent: Span) -> tuple[int, int]:
    """The sentence without an aside at its beginning or end ("In Beijing's view, ...")."""
    first, last = aside.left_edge.i, aside.right_edge.i + 1
    if first - sent.start <= 1:
        while last < sent.end - 1 and sent.doc[last].text == ",":
            last += 1
        return min(last, sent.end - 1), sent.end
    return sent.start, max(first, sent.start + 1)


def is_relative(clause: Token) -> bool:
    """A clause that the parser took for what is said, though "that" is its subject ("reports on talks that ...")."""
    return any(child.dep_ in SUBJECTS and child.lower_ in {"that", "which", "who"} for child in clause.children)


def claimed(noun: Token) -> list[Token]:
    """The clauses that nouns like "claim" introduce."""
    if noun.lemma_.lower() not in words().disputed | words().nouns.keys():
        return []
    return [
        c for c in noun.children if c.dep_ in {"acl", "ccomp", "relcl"} and any(k.dep_ == "mark" for k in c.children)
    ]


def is_denial(content: Span) -> bool:
    """Whether a speaker says of its own side that it did not ("we did not attack", "its troops have never crossed")."""
    verb = content.root
    own = [c for c in verb.children if c.dep_ in SUBJECTS]
    aux = {c.lower_ for c in verb.children if c.dep_ == "aux"}
    if not own or not any(c.dep_ == "neg" for c in verb.children) or aux & (UNREAL | {"will", "wo", "ca"}):
        return False
    side = own[0]
    return side.lower_ in {"it", "we", "i", "they"} or any(c.lower_ in {"its", "our", "their"} for c in side.children)


def weighty(words_: Span) -> set[str]:
    """Lemmas of the words that carry the meaning; names apart, which are compared by code."""
    return {t.lemma_.lower() for t in words_ if t.pos_ in {"NOUN", "VERB", "ADJ"} and t.lemma_.lower() != "have"}


def subject_of(verb: Token) -> Token | None:
    """Subject of a verb, its own or the one it shares with the verb it is joined to or depends on."""
    if verb.dep_ == "pcomp" and verb.head.lower_ == "as" and verb.head.head.lemma_.lower() in {"quote", "cite"}:
        sides = [c for c in verb.head.head.children if c.dep_ in {"dobj", "nsubjpass"}]
        return sides[0] if sides else None
    seen = 0
    while seen < 4:
        for child in verb.children:
            if child.dep_ in SUBJECTS or child.dep_ == "expl":
                return child
        if verb.dep_ == "acl" and verb.tag_ == "VBG" and verb.i > 0 and verb.nbor(-1).text == ",":
            # ", labelling it ..." after a list: the parser hangs it on the last noun, the sentence on its subject.
            above = [token for token in verb.ancestors if token.pos_ in {"VERB", "AUX"}]
            if not above:
                return None
            verb = above[0]
            seen += 1
        elif verb.dep_ in {"conj", "xcomp", "advcl"} and verb.head.pos_ in {"VERB", "AUX"} and verb.head.i != verb.i:
            verb = verb.head
            seen += 1
        else:
            return None
    return None


def below(token: Token, verb: Token) -> bool:
    return token.i == verb.i or any(ancestor.i == verb.i for ancestor in token.ancestors)


def extent_of(clause: Token, sent: Span) -> tuple[int, int]:
    """Tokens of a clause, without the comma or stop that ends it."""
    start, end = max(sent.start, clause.left_edge.i), min(sent.end, clause.right_edge.i + 1)
    return start, end


def turned(stance: Stance, verb: Token) -> Stance:
    """A denied verb turns the stance: "did not confirm that"."""
    negated = any(child.dep_ == "neg" for child in verb.children)
    if not negated:
        return stance
    return {"asserts": "doubts", "denies": "asserts", "doubts": "asserts"}.get(stance, stance)  # type: ignore[return-value]
