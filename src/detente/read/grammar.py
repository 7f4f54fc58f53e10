"""Who does what to whom in a dependency parse: deep subjects and objects, and the nouns behind prepositions.

The passive is turned round, relative pronouns stand for their nouns, and a clause without a subject takes it from the
clause that controls it.
"""

from __future__ import annotations

from detente.read.modality import WORDS
from detente.read.words import Token

_CONTROL = WORDS["control"]
_WHILE = frozenset({"after", "before", "by", "in", "since", "while", "without", "upon", "on", "when", "despite"})
_PAPERS = frozenset(
    {
        "resolution",
        "statement",
        "letter",
        "report",
        "bill",
        "petition",
        "note",
        "declaration",
        "law",
        "decree",
        "order",
        "edict",
        "act",
        "memorandum",
    }
)
_RELATIVE = frozenset({"who", "which", "that", "whom", "whose"})


def lemma(token: Token) -> str:
    """The lemma, lower case."""
    return token.lemma_.lower()


def is_temporal(prep: Token) -> bool:
    """Whether a preposition leads to a date ("on Friday")."""
    return any(c.ent_type_ in {"DATE", "TIME"} for c in prep.children)


def is_passive(verb: Token) -> bool:
    """Whether a verb is passive ("was condemned", "agreements signed by")."""
    if any(c.dep_ in {"nsubjpass", "auxpass"} for c in verb.children):
        return True
    if verb.dep_ == "acl" and verb.tag_ == "VBN":
        return True
    return (
        verb.dep_ == "conj"
        and verb.tag_ == "VBN"
        and not any(c.dep_ in {"nsubj", "aux", "dobj"} for c in verb.children)
        and is_passive(verb.head)
    )


def antecedent(token: Token) -> Token:
    """A relative pronoun's noun; other tokens themselves."""
    if token.lower_ in _RELATIVE and token.tag_ in {"WDT", "WP", "IN", "DT", "WP$"}:
        clause = token.head
        for _ in range(4):
            if clause.dep_ in {"relcl", "acl"}:
                return clause.head
            clause = clause.head
    return token


def objects(verb: Token) -> list[Token]:
    """Heads of the (deep) object."""
    if is_passive(verb):
        subjects = [antecedent(c) for c in verb.children if c.dep_ == "nsubjpass"]
        if not subjects and verb.dep_ == "acl":
            subjects = [verb.head]
        if not subjects and verb.dep_ == "conj" and verb.head.pos_ == "VERB":
            subjects = objects(verb.head)
        if not subjects and verb.dep_ == "relcl":
            subjects = [verb.head]
        return subjects + [c for c in verb.children if c.dep_ in {"dobj", "oprd"}]
    out = [antecedent(c) for c in verb.children if c.dep_ in {"dobj", "dative"} and c.pos_ != "ADP"]
    if not out:  # "urged China to stop", where China is parsed as the subject of the clause
        out = [
            k
            for c in verb.children
            if c.dep_ in {"ccomp", "xcomp"}
            and (c.pos_ == "ADJ" or any(a.dep_ == "aux" and a.lower_ == "to" for a in c.children))
            for k in c.children
            if k.dep_ in {"nsubj", "nsubjpass"}
        ]
    if not out and verb.dep_ == "conj" and verb.head.pos_ == "VERB" and not verb.head.children:
        out = objects(verb.head)
    if not out:  # "negotiating and signing an agreement with"
        out = [
            k
            for c in verb.children
            if c.dep_ == "conj" and c.pos_ == "VERB" and c.i == verb.i + 2
            for k in c.children
            if k.dep_ == "dobj"
        ]
    return sorted(out, key=lambda t: t.i)


def subjects(verb: Token, depth: int = 0) -> list[Token]:
    """Heads of the (deep) subject, inherited through control, coordination and relative clauses."""
    if depth > 6:
        return []
    if is_passive(verb):
        agents = [k for c in verb.children if c.dep_ == "agent" for k in c.children if k.dep_ == "pobj"]
        return agents
    own = [antecedent(c) for c in verb.children if c.dep_ == "nsubj"]
    if own:
        return own
    head = verb.head
    if verb.dep_ in {"xcomp", "ccomp", "advcl", "conj", "dep"} and head.pos_ in {"VERB", "AUX"} and head != verb:
        if verb.dep_ in {"xcomp", "ccomp"} and lemma(head) in _CONTROL and (things := objects(head)):
            return things
        if is_passive(head) and verb.dep_ != "conj":
            return objects(head)
        return subjects(head, depth + 1)
    if verb.dep_ == "xcomp" and head.pos_ == "ADJ" and head.head.pos_ in {"VERB", "AUX"}:  # "is willing to"
        return subjects(head.head, depth + 1)
    if verb.dep_ == "pcomp" and head.dep_ in {"prep", "agent"}:
        governor = head.head
        if governor.pos_ in {"VERB", "AUX"}:
            if head.lower_ not in _WHILE and lemma(governor) in _CONTROL and (things := objects(governor)):
                return things
            return subjects(governor, depth + 1)
        if governor.pos_ == "ADJ" and governor.head.pos_ in {"VERB", "AUX"}:  # "is guilty of violating"
            return subjects(governor.head, depth + 1)
        return _holders(governor, depth)
    if verb.dep_ in {"acl", "relcl"}:
        if verb.tag_ == "VBG" and verb.dep_ == "acl" and lemma(head) in _PAPERS and head.dep_ == "dobj":
            return subjects(head.head, depth + 1)  # "passed a resolution criticising"
        if verb.tag_ in {"VBG"} or verb.dep_ == "relcl":
            return [head]
        return _holders(head, depth)
    return []


def _holders(noun: Token, depth: int) -> list[Token]:
    """Whose plan, decision or statement a noun is: its owner, else the subject of the verb that governs it."""
    owners = [c for c in noun.children if c.dep_ == "poss"]
    if owners:
        return owners
    if noun.head.pos_ in {"VERB", "AUX"} and noun.dep_ in {"dobj", "attr"}:
        return subjects(noun.head, depth + 1)
    return []


def after(token: Token, prep: str) -> list[Token]:
    """Nouns that a preposition ties to a word."""
    out: list[Token] = []
    for child in token.children:
        if child.dep_ in {"prep", "dative", "agent", "prt"}:
            if child.lower_ == prep:
                out += [k for k in child.children if k.dep_ == "pobj"]
            out += [
                k
                for c in child.children
                if c.dep_ == "prep" and c.lower_ == prep and child.lower_ != "according"
                for k in c.children
                if k.dep_ == "pobj"
            ]
        elif child.dep_ in {"advmod", "prt", "acomp"}:
            out += [
                k
                for c in child.children
                if c.dep_ == "prep" and c.lower_ == prep and child.lower_ != "according"
                for k in c.children
                if k.dep_ == "pobj"
            ]
    return out


def beside(verb: Token) -> tuple[set[str], set[str]]:
    """Particles, prepositions and adjectives that stand with a verb or its object; the particles alone."""
    near: set[str] = set()
    particles: set[str] = set()
    for child in verb.children:
        dep = child.dep_
        if dep in _BESIDE:
            if not is_temporal(child):
                near.add(child.lower_)
            if dep == "prt":
                particles.add(child.lower_)
        elif dep in {"acomp", "oprd", "ccomp"} and child.pos_ == "ADJ":
            near.add(child.lower_)
        if dep in _HOLDERS:
            near.update(k.lower_ for k in child.children if k.dep_ == "prep")
    return near, particles


_BESIDE = frozenset({"prt", "prep", "advmod", "dative", "agent"})
_HOLDERS = frozenset({"prt", "prep", "advmod", "dobj", "acomp"})


def demands(clause: Token) -> bool:
    """Whether a clause says what must be done."""
    if any(c.dep_ == "aux" and c.lower_ in {"must", "should"} for c in clause.children):
        return True
    if any(c.dep_ == "acomp" and c.lower_ in _DUE for c in clause.children) or (
        lemma(clause) == "need" and is_passive(clause)
    ):
        return True
    return lemma(clause) in {"have", "need"} and any(c.dep_ == "xcomp" for c in clause.children)


def charges(clause: Token) -> bool:
    """Whether a clause says who is to blame."""
    if any(c.dep_ == "neg" for c in clause.children):
        return False
    if lemma(clause) != "be":
        return lemma(clause) in _WRONG and not any(c.dep_ == "aux" and c.tag_ == "MD" for c in clause.children)
    return any(c.lower_ in _GUILTY and c.dep_ in {"acomp", "prep", "xcomp", "oprd"} for c in clause.children)


_DUE = frozenset({"needed", "necessary", "imperative", "required", "obliged", "overdue"})
_WRONG = frozenset(
    {
        "break",
        "breach",
        "collude",
        "conspire",
        "endanger",
        "fail",
        "flout",
        "fuel",
        "harbor",
        "harbour",
        "ignore",
        "incite",
        "instigate",
        "interfere",
        "intrude",
        "lie",
        "meddle",
        "mislead",
        "orchestrate",
        "plot",
        "provoke",
        "renege",
        "sabotage",
        "sponsor",
        "undermine",
        "violate",
    }
)
_GUILTY = frozenset({"behind", "responsible", "guilty", "complicit"})
