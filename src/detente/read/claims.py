"""Claims: what somebody says is, or will be, the case, apart from what happened.

A sentence holds a claim where somebody is said to say or think it, where it says that one thing brings about
another, where it predicts, or where the author judges. Statements of fact by the author are none. Causal claims
carry the words of cause and effect, so that they can be held against the record later.

The words are data (``data/claims.toml``); causal patterns follow the verb and connective patterns of Girju (2003,
"Automatic detection of causal relations for question answering") on a dependency parse.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Sequence, Set
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from msgspec import Struct

from detente.events import Claim, Report, Speaker, Stance
from detente.read.clean import Clean
from detente.read.mentions import Mention
from detente.read.speakers import speaks
from detente.read.voices import Heard, Said, Utterance
from detente.read.words import Doc, Token
from detente.read.words import Span as Tokens

_SUBJECTS = frozenset({"nsubj", "nsubjpass", "csubj"})
_RELATIVES = frozenset({"that", "which", "who"})
_GROUP_WORDS = re.compile(
    r"\b(?:th(?:is|ese|e|ose)|such|their|its|trilateral)\s+(?:\w+\s+){0,2}(?:coalition|alliances?|partnership|alignment|collaboration"
    r"|cooperation|engagements?|efforts|allies|bloc|grouping)\b|\btrilateral\b|\basian nato\b",
    re.IGNORECASE,
)

_QUOTED = re.compile(r"(?<!\w)([\"']).{2,80}?\1(?!\w)")
_ASIDE = re.compile(
    r"\bwould like to\b|\bshould (?:also )?be (?:also )?(?:noted|regarded|stressed|said|recalled|mentioned|remembered"
    r"|seen|considered|added|emphasi[sz]ed)\b",
    re.IGNORECASE,
)
_META = re.compile(
    r"\bth(?:is|e present) (?:article|report|piece|paper|essay|analysis) (?:\w+ly )?(?:delves|examines|explores|looks"
    r"|discusses|considers|covers)\b",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^(?:Moreover|Furthermore|However|Also|In addition|Therefore|Thus|Meanwhile|Still|And|But|After all),?\s+"
)

# Share judged right by one reader among some ninety claims found in two commentary articles, in twentieths. Not a
# calibration: that needs texts of other kinds and a second reader.
_CONFIDENCE = {"clause": 0.85, "phrase": 0.75, "causal": 0.75, "predicts": 0.75, "judges": 0.6}


class _Words(Struct, frozen=True):
    strong: dict[str, str]
    weak: frozenset[str]
    lowering: frozenset[str]
    meant: frozenset[str]
    backward: tuple[str, ...]
    stance: dict[str, re.Pattern[str]]
    evaluative: re.Pattern[str]
    themes: tuple[tuple[str, re.Pattern[str]], ...]


class _Cause(Struct, frozen=True):
    """A causal statement: its verb or connective, and the tokens of cause and effect."""

    verb: Token
    cause: str
    effect: str
    start: int
    end: int


class _Place(Struct, frozen=True):
    """A sentence and what is known of it."""

    sent: Tokens
    mentions: Sequence[Mention]
    heard: Heard
    report: Report
    clean: Clean


def claims(sent: Tokens, mentions: Sequence[Mention], heard: Heard, report: Report, clean: Clean) -> list[Claim]:
    """Claims of one sentence.

    Args:
        sent: the sentence, parsed; its document is the text as parsed.
        mentions: actors in it.
        heard: its voices, from :class:`~detente.read.voices.Voices`.
        report: the report; spans count its characters.
        clean: the text as parsed with the way back.

    Returns:
        The claims, in the order of the sentence; several for joint speakers or several causal statements. The words of
        an effect that is made less keep their verb ("undermine peace talks").
    """
    place = _Place(sent, mentions, heard, report, clean)
    found: list[Claim] = []
    covered: set[int] = set()
    causes = list(_causes(sent, mentions))
    for utterance in heard.utterances:
        if utterance.speakers:
            covered.update(range(utterance.start, utterance.end))
            covered.update(() if utterance.cue is None else (utterance.cue,))
        if not _worth(utterance, sent):
            continue
        inner = [
            u for u in heard.utterances if u is not utterance and utterance.start <= u.start and u.end <= utterance.end
        ]
        own = [c for c in causes if _inside(c, utterance) and not any(_inside(c, u) for u in inner)]
        for speakers in _chains(heard, utterance):
            found += _from(place, utterance, speakers, own, "clause" if utterance.clausal else "phrase")
    whole = Utterance((), sent.start, sent.end, None, "asserts")
    author = [c for c in causes if c.verb.i not in covered]
    if author:
        found += _from(place, whole, heard.base, author, "causal")
    elif not _is_attribution(sent, heard) and not _is_stub(sent):
        sort = _own_sort(sent, covered)
        if sort:
            found += _from(place, whole, heard.base, [], sort, covered)
    return list({claim.id: claim for claim in found}.values())


def theme(words: str) -> str:
    """What the words are about: the theme whose cue stands first, ``"other"`` where there is none.

    Example:
        >>> theme("Such alliances escalate tensions and contribute to an arms race")
        'military cooperation'
    """
    words = _NO_DRILL.sub(lambda hit: " " * len(hit[0]), words)
    hits = [(match.start(), name) for name, pattern in _words().themes if (match := pattern.search(words))]
    return min(hits, default=(0, "other"))[1]


@cache
def _words() -> _Words:
    data: dict[str, Any] = tomllib.loads((files("detente") / "data" / "claims.toml").read_text(encoding="utf-8"))
    causal = data["causal"]
    strong = {verb: preposition for verb, _, preposition in (phrase.partition(" ") for phrase in causal["strong"])}
    return _Words(
        strong,
        frozenset(causal["weak"]),
        frozenset(causal["lowering"]),
        frozenset(causal["meant"]),
        tuple(causal["backward"]),
        {name: _any(phrases) for name, phrases in data["stance"].items()},
        _any(data["evaluative"]["words"]),
        tuple((name, _any(phrases)) for name, phrases in data["themes"].items()),
    )


# "exercise restraint", "exercise of its rights": no drills.
_NO_DRILL = re.compile(
    r"\bexercises?\s+(?:(?!and\b)\w+\s+){0,2}?(?:restraint|caution|rights?|power|authority|sovereignty|jurisdiction)\b",
    re.IGNORECASE,
)


def _any(phrases: Sequence[str]) -> re.Pattern[str]:
    longest = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    # "May" is a month.
    forms = "|".join("(?-i:may)" if phrase == "may" else re.escape(phrase) for phrase in longest)
    return re.compile(rf"(?<!\w)(?:{forms})(?:s|es)?(?!\w)", re.IGNORECASE)


def _worth(utterance: Utterance, sent: Tokens) -> bool:
    """Whether an utterance says something: announced deeds and bare pronouns do not."""
    words = sent.doc[utterance.start : utterance.end]
    if utterance.answers is not None:
        return True
    long_enough = sum(token.is_alpha for token in words) >= 3
    if utterance.clausal:
        # Items of a list that somebody announced are plans, unless they say something in full.
        whole = [token for token in words if token.dep_ not in {"relcl", "acl", "amod"}]
        finite = any(token.tag_ in {"VBZ", "VBP", "VBD", "MD"} for token in whole)
        verbal = any(token.pos_ in {"VERB", "AUX"} for token in whole)
        return bool(utterance.speakers) and long_enough and (finite if utterance.cue is None else verbal)
    if utterance.cue is not None and sent.doc[utterance.cue].lemma_.lower() in {"announce", "outline"}:
        return False
    return long_enough and any(token.pos_ in {"NOUN", "PROPN"} for token in words)


def _chains(heard: Heard, utterance: Utterance) -> list[tuple[Speaker, ...]]:
    """Chains of speakers down to an utterance: one for each joint speaker."""
    at = heard.utterances.index(utterance)
    outer = [
        u.speakers
        for number, u in enumerate(heard.utterances)
        if u is not utterance
        and u.clausal
        and u.stance != "denies"
        and (number < at or (u.start, u.end) != (utterance.start, utterance.end))
        and u.start <= utterance.start
        and utterance.end <= u.end
        and u.speakers != utterance.speakers
    ]
    chain = list(heard.base)
    for link in outer:
        chain += [speaker for speaker in link if speaker not in chain]
    return [(*chain, *([] if speaker in chain else [speaker])) for speaker in utterance.speakers] or [tuple(chain)]


def _inside(cause: _Cause, utterance: Utterance) -> bool:
    return utterance.start <= cause.verb.i < utterance.end


def _is_attribution(sent: Tokens, heard: Heard) -> bool:
    """Whether the main clause only says who says the rest."""
    root = sent.root.i
    return any(u.cue == root or (u.clausal and u.start <= root < u.end and u.speakers) for u in heard.utterances)


def _is_stub(sent: Tokens) -> bool:
    """A label, heading or introduction of a list."""
    return (
        not any(token.pos_ in {"VERB", "AUX"} for token in sent)
        or sent.text.rstrip().endswith(":")
        or sum(token.is_alpha for token in sent) < 5
    )


def _own_sort(sent: Tokens, covered: set[int]) -> str:
    """How the author's own words make a claim, empty where they report fact."""
    words = _words()
    own = " ".join(token.text for token in sent if token.i not in covered)
    own = _ASIDE.sub(" ", _QUOTED.sub(" ", own))
    if _META.search(own):
        return ""
    if words.stance["predicts"].search(own) or words.stance["demands"].search(own):
        return "predicts"
    finite = any(token.tag_ in {"VBZ", "VBP", "VBD", "MD"} for token in sent)
    return "judges" if finite and (words.evaluative.search(own) or words.stance["accuses"].search(own)) else ""


def _from(
    place: _Place,
    unit: Utterance,
    speakers: tuple[Speaker, ...],
    causes: Sequence[_Cause],
    sort: str,
    others: Set[int] = frozenset(),
) -> Iterator[Claim]:
    """Claims of one stretch of a sentence: one for each causal statement, else one for all of it; ``others`` are
    tokens in it that somebody else says."""
    sent, report, clean = place.sent, place.report, place.clean
    start, end = _trim(sent.doc, unit.start, unit.end, reported=sort in {"clause", "phrase"})
    for first, last, cause, effect in [(c.start, c.end, c.cause, c.effect) for c in causes] or [(start, end, "", "")]:
        words = sent.doc[first:last]
        span = clean.back(words.start_char, words.end_char)
        about, topic = _about(
            place, first, last, speakers, joint=len(unit.speakers) > 1, denied=unit.stance == "denies"
        )
        if unit.answers is not None:
            about, topic = _answered(place, unit.answers, about)
        if topic == "other" and sort in {"judges", "predicts"}:
            # The author judges nothing that another claim could be held against.
            continue
        said = "".join(token.text_with_ws for token in words if token.i not in others)
        stance = _stance(said, unit.stance, own=speakers[-1].as_ in {"author", "outlet"})
        proposition = report.text[slice(*span)]
        yield Claim(
            id=_id(report.id, span, proposition, stance, cause, effect, [speaker.name for speaker in speakers]),
            report=report.id,
            speakers=speakers,
            proposition=proposition,
            stance=stance,
            topic=topic,
            about=about,
            sentence=report.text[slice(*clean.back(sent.start_char, sent.end_char))],
            span=span,
            confidence=_CONFIDENCE["causal"] if cause and sort != "clause" else _CONFIDENCE[sort],
            cause=cause,
            effect=effect,
        )


def _id(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _stance(words: str, cue: Stance, own: bool) -> Stance:
    """The cue's stance, refined by the words themselves where the cue only says that something is said; words that an
    author puts between quotation marks are not the author's."""
    if cue not in {"asserts", "predicts"}:
        return cue
    words = _ASIDE.sub(" ", _QUOTED.sub(" ", words) if own else words)
    patterns = _words().stance
    if patterns["predicts"].search(words):
        return "predicts"
    if patterns["demands"].search(words):
        return "demands"
    hits: list[tuple[int, Stance]] = []
    stances: tuple[Stance, ...] = ("accuses", "justifies", "denies")
    for stance in stances:
        match = patterns[stance].search(words)
        if match and not (stance == "accuses" and patterns["soothing"].search(words[: match.start()])):
            hits.append((match.start(), stance))
    if hits:
        return min(hits)[1]
    # A warning about what is, is no prediction.
    return "asserts" if cue == "asserts" else "predicts" if re.search(r"\bwill\b", words) else "accuses"


def _about(
    place: _Place, start: int, end: int, speakers: tuple[Speaker, ...], *, joint: bool, denied: bool = False
) -> tuple[tuple[str, ...], str]:
    """Codes of the actors that the words name, and the topic: the group at issue, else all of them, and the theme.

    A denial is about the one who denies as well: that is whom the others name.
    """
    speaker = None if joint or denied else speakers[-1].code
    inside = [m for m in place.mentions if start <= m.start < end]
    codes = {p.code for m in inside for p in m.parties if p.code}
    if not codes:
        codes = {p.code for m in place.mentions for p in m.parties if p.code and not p.inferred} - {speaker}
    if denied:
        codes |= {s.code for s in speakers[-1:] if s.code}
    lists = [{p.code for p in m.parties if p.code} for m in inside if len(m.parties) > 1]
    words = place.sent.doc[start:end].text
    if not lists and place.heard.group and _GROUP_WORDS.search(words):
        lists = [set(place.heard.group)]
        codes |= set(place.heard.group)
    # A list of three or more is the group at issue; otherwise the claim is about all that it names.
    core = next((one for one in lists if len(one) > 2), (codes - {speaker}) or codes)
    names = sorted(code for code in core if code)
    return tuple(sorted(code for code in codes if code)), f"{' '.join(names)}: {theme(words)}".removeprefix(": ")


def _answered(place: _Place, said: Said, about: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """What a denial is about: that which it denies, under the same topic."""
    there = msgspec.structs.replace(
        place, sent=said.sent, mentions=said.mentions, heard=msgspec.structs.replace(place.heard, group=said.group)
    )
    codes, topic = _about(there, said.start, said.end, said.speakers[:1], joint=len(said.speakers) > 1)
    return tuple(sorted({*codes, *about})), topic


def _trim(doc: Doc, start: int, end: int, *, reported: bool) -> tuple[int, int]:
    """Tokens without the stops, spaces and unpaired quotation marks at their ends, and without "that" before speech."""

    def loose(token: Token) -> bool:
        if token.text == '"':
            return sum(t.text == '"' for t in doc[start:end]) % 2 == 1
        return token.is_space or (token.is_punct and token.text not in "()'[]")

    while end - start > 1 and (loose(doc[start]) or (reported and doc[start].lower_ in {"that", "as"})):
        start += 1
    while end - start > 1 and loose(doc[end - 1]):
        end -= 1
    return start, end


def _text(tokens: Sequence[Token]) -> str:
    if not tokens:
        return ""
    words = "".join(token.text_with_ws for token in tokens)
    return _OPENING.sub("", words.strip(" ,;:.–-\"'")).strip()


def _causes(sent: Tokens, mentions: Sequence[Mention]) -> Iterator[_Cause]:
    """Causal statements of a sentence, by verb, then by connective."""
    words = _words()
    actors = {i for m in mentions for i in range(m.start, m.end)}
    for token in sent:
        lemma = token.lemma_.lower()
        if token.pos_ not in {"VERB", "AUX"} or token.dep_ == "amod" or any(c.dep_ in {"neg"} for c in token.children):
            continue
        if lemma in words.strong or lemma in words.weak:
            found = _by_verb(token, sent, words.strong.get(lemma, ""), actors if lemma in words.weak else None)
            if found is not None:
                yield found
    yield from _by_connective(sent)


def _by_verb(verb: Token, sent: Tokens, preposition: str, actors: set[int] | None) -> _Cause | None:
    if any(child.dep_ in {"auxpass", "nsubjpass"} for child in verb.children):
        return None
    effect = _effect(verb, preposition)
    if not effect or all(token.pos_ in {"PRON", "DET"} for token in effect):
        return None
    cause, head = _cause(verb)
    if not cause or head is None or (actors is not None and (head.i in actors or speaks(head))):
        return None
    if head.pos_ == "PRON" and head.lower_ not in {"this", "that", "these", "those", "it", "they"}:
        return None
    taken = {token.i for token in effect}
    cause = [token for token in cause if token.i not in taken and token.i != verb.i]
    if verb.lemma_.lower() in _words().lowering:
        effect = [verb, *effect]
    left, right = _text(cause), _text(effect)
    if not left or not right:
        return None
    ends = [token.i for token in (*cause, *effect, verb)]
    return _Cause(verb, left, right, max(sent.start, min(ends)), min(sent.end, max(ends) + 1))


def _effect(verb: Token, preposition: str) -> list[Token]:
    """The object of the verb, or of the preposition it needs; without what a comma adds."""
    if preposition:
        heads = [
            c
            for p in verb.children
            if p.dep_ == "prep" and p.lower_ == preposition
            for c in p.children
            if c.dep_ in {"pobj", "pcomp"}
        ]
    else:
        heads = [c for c in verb.children if c.dep_ == "dobj"]
        if not heads:
            heads = [
                c
                for c in verb.children
                if c.dep_ in {"ccomp", "xcomp"} and verb.lemma_.lower() in {"cause", "force", "push", "prompt"}
            ]
    tokens: list[Token] = []
    for head in heads[:1]:
        dropped = {t.i for c in head.children if c.dep_ in {"relcl", "advcl"} for t in c.subtree}
        tokens = [t for t in head.subtree if t.i not in dropped and not t.is_space]
    return tokens


def _cause(verb: Token) -> tuple[list[Token], Token | None]:
    """The subject, direct, shared, relative, or the clause that a participle comments on."""
    current = verb
    for _ in range(5):
        for child in current.children:
            if child.dep_ in _SUBJECTS:
                if (
                    child.lower_ in _RELATIVES
                    and current.dep_ in {"relcl", "acl", "ccomp"}
                    and current.head.pos_ in {"NOUN", "PROPN"}
                ):
                    noun = current.head
                    inner = {t.i for t in current.subtree}
                    return [t for t in noun.subtree if t.i not in inner], noun
                return [t for t in child.subtree if not t.is_space], child
        if current.dep_ == "xcomp" and current.head.lemma_.lower() in _words().meant:
            return [], None
        if current.dep_ in {"conj", "xcomp"} and current.head.i != current.i:
            current = current.head
        elif current.dep_ in {"advcl", "acl"} and current.tag_ == "VBG" and current.head.i != current.i:
            before = current.nbor(-1).text if current.i > 0 else ""
            above = current.head
            while above.pos_ not in {"VERB", "AUX"} and above.head.i != above.i:
                above = above.head
            if before == "," and above.pos_ in {"VERB", "AUX"}:
                # ", leading to an arms race": the clause before it is the cause.
                inner = {t.i for t in current.subtree}
                clause = [t for t in above.subtree if t.i not in inner and t.i < current.i and not t.is_space]
                return clause, above
            if current.dep_ == "acl":
                inner = {t.i for t in current.subtree}
                return [t for t in current.head.subtree if t.i not in inner], current.head
            return [], None
        else:
            return [], None
    return [], None


def _by_connective(sent: Tokens) -> Iterator[_Cause]:
    """ "Populations face instability due to military engagements": what follows is the cause."""
    text = sent.text
    for phrase in _words().backward:
        for match in re.finditer(rf"\b{phrase}\b", text, re.IGNORECASE):
            tokens = [t for t in sent if t.idx - sent.start_char >= match.end()]
            before = [t for t in sent if t.idx - sent.start_char < match.start()]
            if len(tokens) < 2 or len(before) < 2 or (phrase == "because" and tokens[0].lower_ == "of"):
                continue
            cause, effect = _text(tokens), _text(before)
            verb = next(t for t in sent if t.idx - sent.start_char >= match.start())
            yield _Cause(verb, cause, effect, before[0].i, tokens[-1].i + 1)
