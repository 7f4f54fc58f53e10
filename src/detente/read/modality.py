"""Whether an event is told as a fact: asserted, planned, hypothetical, negated, historical or claimed.

The verb of the event is followed up through the clauses that hold it ("if", "threatened to", "said it would", "accused
of"). What is decided here is how the text tells it, not whether it is true. Whether it is long past is a question of
dates (:func:`is_historical`). The words are data (``data/modality.toml``).
"""

from __future__ import annotations

import tomllib
from datetime import date as Date
from importlib.resources import files
from typing import Literal

from spacy.tokens import Token

from detente.events import Modality

WORDS: dict[str, frozenset[str]] = {
    key: frozenset(words)
    for key, words in tomllib.loads((files("detente") / "data" / "modality.toml").read_text(encoding="utf-8")).items()
}
_NOT = WORDS["not"]
_MODAL = WORDS["modal"]
_FUTURE = WORDS["future"]
_REFUSES = WORDS["refuses"]
_WISHES = WORDS["wishes"]
_PLANS = WORDS["plans"]
_CLAIMS = WORDS["claims"]
_SAYS = WORDS["says"]
_HOPEFUL = WORDS["open"]
_FUTUREWORDS = WORDS["upcoming"]
_UNREALWORDS = WORDS["unreal"]
_UNREAL_HEADS = WORDS["unreal_heads"]
_IF = WORDS["if"]
_HAPPENS = WORDS["happens"]
_GIVEN = frozenset({"the", "this", "that", "these", "those", "its", "their", "last", "recent", "latest"})


def of_verb(verb: Token, *, noun: Token | None = None) -> Modality:
    """Modality of an event whose verb this is, ``noun`` the act where a noun tells it.

    Args:
        verb: the verb.
        noun: object that names the act ("no talks were held").

    Example: ``asserted`` for "condemned", ``negated`` for "refused to condemn", ``planned`` for "will meet".
    """
    own = _own(verb)
    if noun is not None and any(c.lower_ in _NOT for c in noun.children if c.dep_ in {"det", "neg"}):
        own = "negated"
    if own != "asserted":
        return own if own != "future" else _under(verb, planned=True)
    if (
        noun is not None
        and verb.lemma_.lower() not in _REFUSES
        and any(c.lower_ in _FUTUREWORDS for c in noun.children)
    ):
        return "planned"
    return _under(verb, planned=False)


def refuses(verb: Token) -> bool:
    """Whether a plain negated future says no ("will not lift the ban"); "did not" and "has not" only report."""
    for word in (verb, verb.head if verb.dep_ in {"xcomp", "conj"} else verb):
        words = {c.lower_ for c in word.children if c.dep_ in {"aux", "neg", "advmod"}}
        if words & {"not", "n't", "never"} and words & {"will", "would", "wo", "shall"}:
            return True
    return False


def is_willing(verb: Token) -> bool:
    """Whether the act is what somebody says that it is willing to do ("is ready to send")."""
    head = verb.head
    return (
        verb.dep_ == "xcomp"
        and head.lemma_.lower() in {"willing", "ready", "prepared", "prepare", "happy"}
        and not any(c.dep_ == "neg" for c in (*head.children, *head.head.children))
    )


def of_noun(noun: Token) -> Modality:
    """Modality of an event that a bare noun tells."""
    near = {c.lower_ for c in noun.children}
    if near & _NOT:
        return "negated"
    if near & _UNREALWORDS:
        return "hypothetical"
    if near & _FUTUREWORDS:
        return "planned"
    token = noun
    for _ in range(5):
        head = token.head
        if head == token:
            return "asserted"
        if head.pos_ in {"NOUN", "PROPN"}:
            if token.dep_ in {"pobj", "prep", "compound"} and head.lemma_.lower() in _UNREAL_HEADS:
                return "hypothetical"
        elif head.pos_ in {"VERB", "AUX"}:
            lemma = head.lemma_.lower()
            if token.dep_ in {"nsubj", "nsubjpass"} and (lemma in _HAPPENS or not near & _GIVEN):
                own = _own(head)
                if own == "hypothetical" or (lemma in _HAPPENS and own == "negated"):
                    return own
                if lemma in _HAPPENS and own == "future":
                    return "planned"
            if token.dep_ == "nsubj":
                return "asserted"
            if token.dep_ in {"dobj", "pobj", "prep", "nsubjpass", "conj", "attr"}:
                if lemma in _REFUSES and lemma not in {"deny", "oppose", "reject"}:
                    return "negated"
                if lemma in _WISHES - {"warn", "fear", "discuss", "debate"} or lemma in {
                    "avert",
                    "deter",
                    "include",
                    "involve",
                }:
                    return "hypothetical"
                if lemma in _PLANS and lemma not in {"announce", "approve"}:
                    return "planned"
                if lemma in _CLAIMS and lemma in {"claim", "allege", "suspect", "accuse"}:
                    return "claimed"
                own = _own(head)
                if own == "future":
                    return "planned"
                if own in {"hypothetical", "negated"} and token.dep_ in {"dobj", "nsubjpass"}:
                    return own
            return "asserted"
        token = head
    return "asserted"


def _own(verb: Token) -> Modality | Literal["future"]:
    """What the verb's own auxiliaries and adverbs say; ``future`` for a plain future."""
    near = [c for c in verb.children if c.dep_ in {"aux", "auxpass", "neg", "advmod", "mark", "preconj"}]
    words = {c.lower_ for c in near}
    subject = {k.lower_ for c in verb.children if c.dep_ in {"nsubj", "nsubjpass"} for k in (c, *c.children)}
    if any(c.dep_ == "neg" for c in near) or words & {"never", "hardly"} or subject & {"neither", "nobody", "none"}:
        return "negated"
    if any(c.dep_ == "mark" and c.lower_ in _IF for c in near):
        return "hypothetical"
    if any(c.dep_ in {"aux"} and c.lower_ in _MODAL for c in near):
        return "hypothetical"
    if words & {"potentially", "possibly", "perhaps", "hypothetically"}:
        return "hypothetical"
    if verb.dep_ == "ROOT" and any(c.dep_ == "aux" and c.lower_ == "to" for c in near):
        return "future"  # a headline: "A to host B"
    if any(c.dep_ == "aux" and c.lower_ in _FUTURE for c in near):
        return "hypothetical" if words & {"likely", "probably"} else "future"
    if any(c.dep_ == "aux" and c.lower_ in {"would", "'d"} for c in near):
        reported = verb.dep_ in {"ccomp"} and verb.head.lemma_.lower() in _SAYS | _PLANS
        return (
            "future"
            if reported or (verb.dep_ == "conj" and any(c.lower_ == "would" for c in verb.head.children))
            else "hypothetical"
        )
    if (
        verb.dep_ == "conj"
        and verb.head.pos_ == "VERB"
        and not any(c.dep_ in {"aux", "nsubj", "auxpass"} for c in verb.children)
    ):
        return _own(verb.head)
    return "asserted"


def _under(verb: Token, *, planned: bool) -> Modality:
    """Modality through the clauses above the verb."""
    result: Modality = "planned" if planned else "asserted"
    token = verb
    for _ in range(6):
        head = token.head
        if head == token:
            return result
        lemma = head.lemma_.lower()
        to = any(c.dep_ == "aux" and c.lower_ == "to" for c in token.children)
        if token.dep_ in {"xcomp", "ccomp", "acl", "pcomp", "advcl"} and head.pos_ in {"VERB", "AUX"}:
            if token.dep_ == "advcl":
                if any(c.dep_ == "mark" and c.lower_ in _IF for c in token.children):
                    return "hypothetical"
                if to:  # purpose
                    return "hypothetical"
                if token.tag_ == "VBG" and (above := _own(head)) != "asserted":
                    return "planned" if above == "future" else above
            elif token.dep_ in {"xcomp", "ccomp"}:
                if lemma in _REFUSES and token.dep_ == "xcomp":
                    return "negated"
                if lemma in _WISHES and (
                    to
                    or token.dep_ == "xcomp"
                    or lemma
                    in {
                        "let",
                        "help",
                        "demand",
                        "propose",
                        "suggest",
                        "recommend",
                        "hope",
                        "fear",
                        "doubt",
                        "insist",
                        "warn",
                        "threaten",
                        "believe",
                        "predict",
                    }
                ):
                    return "hypothetical"
                if lemma in _PLANS and to:
                    result = "planned"
                elif lemma in {"be", "go", "have"} and to and token.dep_ == "xcomp":
                    result = "planned" if lemma != "have" else "hypothetical"
                elif lemma in _CLAIMS:
                    result = "claimed" if result == "asserted" else result
                if head.pos_ == "VERB" and any(c.dep_ == "neg" for c in head.children) and to:
                    return "negated"
        elif token.dep_ in {"xcomp", "ccomp", "acl", "advcl"} and head.pos_ in {"ADJ", "NOUN", "PROPN"}:
            if head.pos_ == "ADJ" and lemma in _HOPEFUL:
                return "hypothetical"
            if head.pos_ != "ADJ" and to:
                return (
                    "planned"
                    if lemma in {"plan", "decision", "agreement", "intention", "pledge", "promise", "commitment"}
                    else "hypothetical"
                )
        elif token.dep_ == "pcomp":
            governor = head.head
            if head.lower_ == "without":
                return "negated"
            if governor.lemma_.lower() in _CLAIMS:
                return "claimed"
            if head.lower_ in {"from", "against"} and governor.lemma_.lower() in _REFUSES | {
                "dissuade",
                "refrain",
                "keep",
                "deter",
            }:
                return "negated"
            if (head.lower_ == "in" and governor.pos_ == "NOUN") or (
                head.lower_ in {"at", "for", "of", "to", "about", "on"}
                and governor.pos_ in {"VERB", "NOUN", "ADJ"}
                and governor.lemma_.lower()
                not in {
                    "thank",
                    "praise",
                    "condemn",
                    "criticize",
                    "criticise",
                    "blame",
                    "punish",
                    "apologize",
                    "apologise",
                    "respond",
                    "sanction",
                    "denounce",
                }
            ):
                return "hypothetical"
            token = governor
            continue
        elif token.dep_ not in {"conj", "relcl", "acl", "parataxis", "dep", "prep", "dobj", "pobj", "attr"}:
            return result
        own = _own(head) if head.pos_ == "VERB" and token.dep_ in {"xcomp"} else "asserted"
        if own == "future" and result == "asserted":
            result = "planned"
        elif own in {"hypothetical", "negated"}:
            return own
        if token.dep_ in {"relcl", "dobj", "pobj", "attr", "prep", "parataxis"}:
            return result
        token = head
    return result


def is_historical(date: str | None, published: Date | None) -> bool:
    """Whether a dated event lies three years or more before the report's date.

    Example:
        >>> is_historical("1950-06", Date(2024, 7, 11)), is_historical("2023", Date(2024, 7, 11))
        (True, False)
    """
    if not date or published is None:
        return False
    return published.year - int(date[:4]) >= 3
