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

from detente.events import Modality
from detente.read.words import Token

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
_HABIT = WORDS["habit"]
_HEARSAY = WORDS["hearsay"]
_ALLEGED = WORDS["alleged_heads"]
_UNTRUE = WORDS["untrue"]
_SUPPOSED = WORDS["supposes"]
_STANDING = WORDS["standing"]
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
    if own == "future":
        own = _under(verb, planned=True)
    elif own == "asserted" and (
        noun is not None
        and verb.lemma_.lower() not in _REFUSES
        and any(c.lower_ in _FUTUREWORDS for c in noun.children)
    ):
        own = "planned"
    elif own == "asserted":
        own = _under(verb, planned=False)
    if own in {"asserted", "planned", "claimed"} and _is_asked(verb):
        return "hypothetical"
    if own == "asserted" and _is_conditional(verb):
        return "hypothetical"
    if own == "asserted" and (_is_command(verb) or _is_habit(verb) or (noun is None and _is_standing(verb))):
        return "hypothetical"
    return "claimed" if own == "asserted" and any(c.lower_ in _HEARSAY for c in verb.children) else own


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
    if not near & _GIVEN and _is_asked(noun):
        return "hypothetical"
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
            if token.dep_ == "nsubj" and lemma == "be" and not near & _GIVEN and _present(head):
                said = {c.lower_ for c in head.children if c.dep_ in {"attr", "acomp"}}
                if said and not said & {"under", "ongoing", "over", "underway"}:
                    return "hypothetical"  # "talks between A and B are vital": any such talks
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


def _is_asked(token: Token) -> bool:
    """Whether the word stands in a question."""
    for later in token.doc[token.i + 1 : token.sent.end]:
        if later.text in {"?", ".", ";", "!"}:
            return later.text == "?"
    return False


def _is_command(verb: Token) -> bool:
    """Whether the verb is an imperative, alone or beside one ("let us condemn")."""
    while verb.dep_ == "conj" and verb.head.tag_ == "VB":
        verb = verb.head
    if verb.lemma_.lower() == "let" and verb.i + 1 < len(verb.doc) and verb.nbor().lower_ in {"us", "'s", "’s", "me"}:
        return True
    return (
        verb.dep_ == "ROOT"
        and verb.tag_ == "VB"
        and not any(c.dep_ in {"nsubj", "nsubjpass", "aux", "auxpass", "csubj"} for c in verb.children)
    )


def _is_habit(verb: Token) -> bool:
    """Whether the present tense tells what somebody does again and again ("regularly conducts")."""
    if verb.tag_ not in {"VBZ", "VBP"}:
        return False
    return any(
        c.lower_ in _HABIT or any(k.lower_ in {"every", "each"} for k in c.children)
        for c in verb.children
        if c.dep_ in {"advmod", "npadvmod"}
    )


def _is_conditional(verb: Token) -> bool:
    """Whether what is told holds on a condition only ("is ready to meet if"); a threat is made all the same."""
    return verb.lemma_ == "be" and any(
        c.dep_ == "mark" and c.lower_ in {"if", "unless", "provided"} and c.head.dep_ == "advcl" for c in verb.subtree
    )


def _is_standing(verb: Token) -> bool:
    """Whether the simple present of a full sentence tells how things stand ("the alliance protects its members")."""
    if verb.tag_ not in {"VBZ", "VBP"} or verb.lemma_.lower() not in _STANDING:
        return False
    if verb.dep_ != "ROOT" and not (verb.dep_ == "conj" and verb.head.dep_ == "ROOT"):
        return False
    near = [c for c in verb.subtree if c.ent_type_ in {"DATE", "TIME"} or (c.dep_ == "aux" and c.head == verb)]
    return not near and verb.sent.text.rstrip("\"' \n").endswith(".")


def _present(verb: Token) -> bool:
    """Whether a finite verb is in the present tense."""
    aux = [c for c in verb.children if c.dep_ in {"aux", "auxpass"}]
    finite = aux[0] if aux else verb
    return finite.tag_ in {"VBZ", "VBP"} and finite.lower_ not in {"has", "have", "'ve"}


def _own(verb: Token) -> Modality | Literal["future"]:
    """What the verb's own auxiliaries and adverbs say; ``future`` for a plain future."""
    near = [c for c in verb.children if c.dep_ in {"aux", "auxpass", "neg", "advmod", "mark", "preconj"}]
    words = {c.lower_ for c in near}
    subject = {k.lower_ for c in verb.children if c.dep_ in {"nsubj", "nsubjpass"} for k in (c, *c.children)}
    if any(c.dep_ == "neg" and not _only(c) for c in near) or words & {"never", "hardly", "neither", "nor"}:
        return "negated"
    if subject & {"neither", "nobody", "none"} or any(
        k.lower_ in {"no", "few"} and k.dep_ in {"det", "amod"}
        for c in verb.children
        if c.dep_ in {"nsubj", "nsubjpass"}
        for k in c.children
    ):
        return "negated"
    if _is_inverted(verb):
        return "hypothetical"
    if subject & {"most", "many", "some", "majority"} and verb.tag_ in {"VBP", "VBZ"} and not words & {"have", "has"}:
        return "hypothetical"  # "most Australians support": what people think
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


def _only(word: Token) -> bool:
    """The "not" of "not only"."""
    return word.i + 1 < len(word.doc) and word.nbor().lower_ in {"only", "just", "merely"}


def _is_inverted(verb: Token) -> bool:
    """A condition without "if": "had A attacked B", "were A to attack B"."""
    subjects = [c.i for c in verb.children if c.dep_ in {"nsubj", "nsubjpass"}]
    return (
        verb.dep_ == "advcl"
        and bool(subjects)
        and any(
            c.dep_ in {"aux", "auxpass"} and c.lower_ in {"had", "were"} and c.i < subjects[0] for c in verb.children
        )
    )


def _content(noun: Token) -> Modality | None:
    """What a clause is that a noun introduces ("the notion that ..."); None for nouns that vouch for nothing."""
    lemma = noun.lemma_.lower()
    if lemma not in _ALLEGED | _UNREAL_HEADS | {"evidence", "proof", "sign", "indication"}:
        return None
    if any(c.lower_ in _NOT for c in noun.children):
        return "negated"
    head = noun.head
    if noun.dep_ in {"nsubj", "nsubjpass"} and _is_untrue(head):
        return "negated"
    if noun.dep_ in {"dobj", "nsubjpass"} and head.lemma_.lower() in _REFUSES | {
        "dismiss",
        "dispute",
        "refute",
        "rebut",
    }:
        return "negated"
    return "hypothetical" if lemma in _UNREAL_HEADS else "claimed" if lemma in _ALLEGED else None


def _is_untrue(verb: Token) -> bool:
    """Whether a verb says of its subject that it is untrue, or not true."""
    said = {c.lemma_.lower() for c in verb.children if c.dep_ in {"acomp", "attr", "oprd"}} | {verb.lemma_.lower()}
    denied = any(c.dep_ == "neg" for c in verb.children)
    return bool(said & _UNTRUE) != denied and bool(said & (_UNTRUE | {"true", "correct", "accurate"}))


def _under(verb: Token, *, planned: bool) -> Modality:
    """Modality through the clauses above the verb: what a clause says of the one it holds, the innermost first."""
    result: Modality = "planned" if planned else "asserted"
    token = verb
    for _ in range(8):
        head = token.head
        if head == token:
            return result
        how: Modality | None
        if token.dep_ in {"csubj", "csubjpass"}:
            how = _as_subject(token, head)
        elif token.dep_ == "advcl":
            how = _beside(token, head)
        elif token.dep_ in {"xcomp", "ccomp", "acl", "relcl"} and head.pos_ in {"VERB", "AUX"}:
            how = _within(token, head)
        elif token.dep_ in {"xcomp", "ccomp", "acl", "relcl", "dep"} and head.pos_ in {"ADJ", "NOUN", "PROPN"}:
            how = _of_word(token, head)
        elif token.dep_ == "pcomp":
            how = _after_preposition(token, head)
            head = head.head
        elif token.dep_ == "conj":
            how = "hypothetical" if any(c.dep_ == "mark" and c.lower_ in _IF for c in head.children) else None
        elif token.dep_ in {"parataxis", "dep", "prep", "dobj", "pobj", "attr", "ROOT", "acomp"}:
            how = None
        else:
            return result
        if how in {"hypothetical", "negated"}:
            return how
        if how is not None and (how != "claimed" or result == "asserted"):
            result = how
        if token.dep_ in {"relcl", "dobj", "pobj", "attr", "prep", "parataxis"}:
            return result
        token = head
    return result


def _to(verb: Token) -> bool:
    return any(c.dep_ == "aux" and c.lower_ == "to" for c in verb.children)


def _as_subject(clause: Token, head: Token) -> Modality | None:
    """ "Attacking X would be a mistake": only a gerund under the past tells a deed."""
    return None if clause.tag_ == "VBG" and head.tag_ == "VBD" and _own(head) == "asserted" else "hypothetical"


def _beside(clause: Token, head: Token) -> Modality | None:
    """Clauses of condition, purpose, time and manner."""
    marks = {c.lower_ for c in clause.children if c.dep_ in {"mark", "advmod"}}
    if marks & _IF and any(c.dep_ == "mark" and c.lower_ in _IF for c in clause.children):
        return "hypothetical"
    if _to(clause):
        return "hypothetical"
    if marks & _SUPPOSED and _present(clause):
        return "hypothetical"  # "before A attacks B", "whenever A attacks B"
    before = clause.doc[max(clause.sent.start, clause.left_edge.i - 2) : clause.left_edge.i + 2].text.lower()
    if "rather than" in before or "instead of" in before:
        return "negated"
    if clause.tag_ == "VBG" and (above := _own(head)) != "asserted":
        return "planned" if above == "future" else above
    return None


def _within(clause: Token, head: Token) -> Modality | None:
    """Clauses that a verb governs ("threatened to", "said it would", "believes that")."""
    lemma = head.lemma_.lower()
    to = _to(clause)
    how: Modality | None = None
    if clause.dep_ in {"xcomp", "ccomp"}:
        if clause.dep_ == "ccomp" and not to and clause.tag_ != "VBG" and _is_untrue(head):
            return "negated"
        if lemma in _REFUSES and (clause.dep_ == "xcomp" or clause.tag_ == "VBG"):
            return "negated"
        if lemma in _WISHES and (to or clause.dep_ == "xcomp" or lemma not in {"tell", "ask", "call"}):
            return "hypothetical"
        if (lemma in _PLANS and to) or (lemma in {"be", "go"} and to and clause.dep_ == "xcomp"):
            how = "planned"
        elif lemma == "have" and to and clause.dep_ == "xcomp":
            return "hypothetical"
        elif lemma in {"seem", "appear"}:
            how = "claimed"
        elif lemma in {"deny", "dismiss", "reject"} and clause.dep_ == "ccomp":
            return "negated"
        elif lemma in _CLAIMS:
            how = "claimed"
        if head.pos_ == "VERB" and to and any(c.dep_ == "neg" for c in head.children):
            return "negated"
        open_words = {c.lemma_.lower() for c in head.children if c.dep_ in {"acomp", "attr", "oprd"}}
        if clause.dep_ == "ccomp" and not to and open_words & _HOPEFUL:
            return "hypothetical"  # "it is possible that"
    own = _own(head) if clause.dep_ in {"xcomp", "ccomp"} else "asserted"
    if own == "future":
        return how or ("planned" if clause.dep_ == "xcomp" else None)
    if own == "negated" and clause.dep_ == "ccomp":
        return "hypothetical"  # "nobody believes that": the deed itself is not denied
    if own in {"hypothetical", "negated"}:
        return own
    if clause.dep_ == "ccomp" and _is_command(head) and lemma not in _SAYS | {"remember", "recall"}:
        return "hypothetical"
    return how


def _of_word(clause: Token, head: Token) -> Modality | None:
    """Clauses that an adjective or a noun governs ("able to", "a decision to", "the claim that", "a state that")."""
    lemma = head.lemma_.lower()
    if head.pos_ == "ADJ":
        if lemma in _HOPEFUL:
            return "hypothetical"
        return "negated" if _is_untrue(head.head if head.dep_ == "acomp" else head) else None
    if _to(clause):
        firm = {"plan", "decision", "agreement", "intention", "pledge", "promise", "commitment"}
        return "planned" if lemma in firm else "hypothetical"
    finite = clause.dep_ != "acl" or any(c.dep_ in {"mark", "nsubj", "nsubjpass"} for c in clause.children)
    if finite and (how := _content(head)) is not None:
        return how
    kinds = {c.lower_ for c in head.children if c.dep_ == "det"}
    if clause.dep_ == "relcl" and kinds & {"a", "an", "any", "every", "no"} and _present(clause):
        return "hypothetical"  # "an alliance that attacks others": any such alliance
    return None


_FACTS = frozenset(
    {
        *(
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
        ),
        *("sanction", "denounce", "confine", "limit", "resort", "restrict", "admit", "confess"),
    }
)


def _after_preposition(clause: Token, preposition: Token) -> Modality | None:
    """Gerunds after a preposition ("without attacking", "accused of attacking", "by attacking")."""
    governor = preposition.head
    lemma = governor.lemma_.lower()
    if preposition.lower_ == "without" or lemma in {"short", "instead", "far"}:
        return "negated"
    if lemma in _CLAIMS:
        return "claimed"
    if preposition.lower_ in {"from", "against"} and lemma in _REFUSES | {"dissuade", "refrain", "keep", "deter"}:
        return "negated"
    about = preposition.lower_ in {"at", "for", "of", "to", "about", "on"} and governor.pos_ in {"VERB", "NOUN", "ADJ"}
    if (about and lemma not in _FACTS) or (preposition.lower_ == "in" and governor.pos_ == "NOUN"):
        return "hypothetical"
    if governor.pos_ in {"VERB", "AUX"} and (above := _own(governor)) != "asserted":
        return "planned" if above == "future" else above
    return None


def is_narrated(verb: Token) -> bool:
    """Whether a verb is in the simple past, which in a paragraph about history goes on with it."""
    finite = next((c for c in verb.children if c.dep_ in {"aux", "auxpass"}), verb)
    return finite.tag_ == "VBD" and finite.lower_ != "had"


def is_historical(date: str | None, published: Date | None) -> bool:
    """Whether a dated event lies three years or more before the report's date.

    Example:
        >>> is_historical("1950-06", Date(2024, 7, 11)), is_historical("2023", Date(2024, 7, 11))
        (True, False)
    """
    if not date or published is None:
        return False
    return published.year - int(date.rpartition("/")[2][:4]) >= 3
