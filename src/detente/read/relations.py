"""Ties that a sentence names: pacts, access agreements, partnerships, groupings, exercise series.

Two ways lead to a tie. Its name or an alias stands in the sentence ("the Five Eyes", "AUKUS"), or a noun for a kind
of tie does ("Reciprocal Access Agreement") with two parties that belong to it. What the register
(:func:`detente.actors.ties`) holds keeps the register's id and name; the status and the date are those that the
sentence states. Nouns and verbs are data (``data/tie_words.toml``).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec import Struct

from detente import actors
from detente.events import Domain, Report, Tie, TieKind, TieState, TieStatus
from detente.read import dates
from detente.read.clean import Clean
from detente.read.mentions import Mention
from detente.read.words import Span as Tokens
from detente.read.words import Token

_UNSURE = frozenset({"may", "might", "could", "would", "should"})
_BINDING = frozenset({"defence pact", "access agreement", "information sharing", "basing"})
_GENERIC = re.compile(r"\b(?<!trade )(?:agreements?|treat(?:y|ies)|pacts?|accords?)\b", re.IGNORECASE)
_SUCH = re.compile(r"\bsuch an? (?:agreement|treaty|pact|accord|arrangement)\b", re.IGNORECASE)


class _Words(Struct, frozen=True):
    kinds: tuple[tuple[str, TieKind], ...]
    pattern: re.Pattern[str]
    status: dict[str, TieState]
    domains: tuple[tuple[Domain, re.Pattern[str]], ...]


def ties(
    sent: Tokens, mentions: Sequence[Mention], report: Report, clean: Clean, *, before: Tie | None = None
) -> list[Tie]:
    """Ties that one sentence names.

    Args:
        sent: the sentence, parsed; its document is the text as parsed.
        mentions: actors in it.
        report: the report; spans count its characters.
        clean: the text as parsed with the way back.
        before: the last tie that the document named, for "such an agreement with France".

    Returns:
        Ties in the order of the sentence, each once, with the report, the sentence and the span of the words that name
        it. One that the register does not hold has an id of its kind and parties and says so in its note.
    """
    found: dict[str, Tie] = {}
    taken: list[tuple[int, int]] = []
    text = sent.text
    for match in _names().finditer(text):
        taken.append(match.span())
        _keep(found, _named(_by_name()[_key(match[0])], match.span(), sent, report, clean))
    for match in _words().pattern.finditer(text):
        if any(s < match.end() and match.start() < e for s, e in taken):
            continue
        token = _token(sent, match.end() - 1)
        kind = dict(_words().kinds)[match[0].lower().removesuffix("s")]
        parties = _parties(token, sent, mentions)
        if len(parties) < 2:
            continue
        taken.append(match.span())
        row = _row(kind, parties, match[0])
        _keep(found, _stated(row, kind, parties, match.span(), sent, report, clean))
    for pattern in (_SUCH, _GENERIC):
        for match in pattern.finditer(text):
            if any(s < match.end() and match.start() < e for s, e in taken):
                continue
            parties = _parties(_token(sent, match.end() - 1), sent, mentions)
            such: TieKind | None = None
            if pattern is _SUCH and before is not None and len(parties) == 1 and not parties <= set(before.parties):
                # "such an agreement with France": the kind, and the party that is not named again, come from before.
                such = before.kind
                parties |= _common(before, parties)
            if len(parties) < 2:
                continue
            taken.append(match.span())
            known = _row(such, parties, match[0])
            if known is not None or such is not None:
                _keep(found, _stated(known, such or "partnership", parties, match.span(), sent, report, clean))
    return list(found.values())


def _keep(found: dict[str, Tie], tie: Tie | None) -> None:
    if tie is not None:
        found.setdefault(tie.id, tie)


@cache
def _words() -> _Words:
    data: dict[str, Any] = tomllib.loads((files("detente") / "data" / "tie_words.toml").read_text(encoding="utf-8"))
    kinds = [(phrase, kind) for kind, phrases in data["kinds"].items() for phrase in phrases]
    kinds.sort(key=lambda pair: (-len(pair[0]), pair[0]))
    pattern = re.compile(
        r"(?<![\w-])(?:" + "|".join(re.escape(phrase) for phrase, _ in kinds) + r")s?(?![\w-])", re.IGNORECASE
    )
    domains = tuple(
        (domain, re.compile(r"\b(?:" + "|".join(words) + r")\b", re.IGNORECASE))
        for domain, words in data["domains"].items()
    )
    return _Words(
        tuple(kinds), pattern, {word: status for status, words in data["status"].items() for word in words}, domains
    )


_SPELLINGS = (("defense", "defence"), ("center", "centre"), ("programme", "program"), ("organization", "organisation"))


def _key(name: str) -> str:
    """A name without regard to case, dashes and the two spellings of English."""
    name = re.sub(r"[‐-―]", "-", name).lower()
    for american, british in _SPELLINGS:
        name = name.replace(american, british)
    return name


def _either(form: str) -> str:
    """Pattern for a name in either spelling."""
    pattern = re.escape(form)
    for one, other in _SPELLINGS:
        for a, b in ((one, other), (one.title(), other.title())):
            pattern = re.sub(f"{a}|{b}", f"(?:{a}|{b})", pattern)
    return pattern


@cache
def _by_name() -> dict[str, Tie]:
    """Register rows by name and alias; a name that two rows share names neither."""
    rows: dict[str, Tie | None] = {}
    for tie in actors.ties():
        for name in {_key(form) for form in (tie.name, *tie.aliases)}:
            rows[name] = None if name in rows else tie
    return {name: tie for name, tie in rows.items() if tie is not None}


@cache
def _names() -> re.Pattern[str]:
    """Names and aliases, longest first; printed capitals are kept to, so that "iron fist" is no exercise."""
    forms = {re.sub(r"[‐-―]", "-", form) for tie in actors.ties() for form in (tie.name, *tie.aliases)}
    known = sorted((form for form in forms if _key(form) in _by_name()), key=lambda form: (-len(form), form))
    return re.compile(r"(?<![\w-])(?:" + "|".join(_either(form) for form in known) + r")(?![\w-])")


def _token(sent: Tokens, at: int) -> Token:
    """The token that holds a character of the sentence."""
    return next(token for token in sent if token.idx + len(token) > sent.start_char + at)


def _codes(mentions: Iterable[Mention]) -> set[str]:
    return {party.code for mention in mentions for party in mention.parties if party.code}


def _parties(noun: Token, sent: Tokens, mentions: Sequence[Mention]) -> set[str]:
    """Whom a noun for a tie binds: those it stands between, those it is with, its owners and who concludes it."""

    def under(token: Token) -> set[str]:
        aside = {"relcl", "advcl", "ccomp"}
        inside = {t.i for t in token.subtree if t.i == token.i or not aside & {a.dep_ for a in (t, *_up(t, token))}}
        return _codes(m for m in mentions if m.start in inside)

    between = [c for c in noun.children if c.dep_ == "prep" and c.lower_ in {"between", "among", "of"}]
    for preposition in between:
        parties = under(preposition)
        if len(parties) >= 2:
            return parties
    verb = next((a for a in noun.ancestors if a.pos_ in {"VERB", "AUX"}), None)
    with_whom = [c for c in noun.children if c.dep_ == "prep" and c.lower_ in {"with", "to"}]
    if verb is not None and not with_whom:
        with_whom = [c for c in verb.children if c.dep_ == "prep" and c.lower_ == "with"]
    partners = set().union(*(under(c) for c in with_whom)) if with_whom else set()
    owners = set().union(*(under(c) for c in noun.children if c.dep_ in {"poss", "amod", "compound", "nmod"}))
    if len(owners) >= 2 and not partners:
        return owners
    subject: set[str] = set()
    above = verb
    for _ in range(4):
        if above is None or subject:
            break
        subject = set().union(*(under(c) for c in above.children if c.dep_ in {"nsubj", "nsubjpass", "agent"}))
        above = next((a for a in above.ancestors if a.pos_ in {"VERB", "AUX"}), None)
    members = re.search(
        r"\bmember (?:countries|states)|\bmembers\b", " ".join(t.text for c in with_whom for t in c.subtree)
    )
    if members:
        # "with NATO member countries" names no party: an agreement with a member is none with the organisation.
        partners = set()
    if partners:
        return partners | (owners or subject)
    return owners | subject


def _up(token: Token, top: Token) -> list[Token]:
    """Ancestors of a token below ``top``."""
    chain: list[Token] = []
    for ancestor in token.ancestors:
        if ancestor.i == top.i:
            break
        chain.append(ancestor)
    return chain


def _common(before: Tie, parties: set[str]) -> set[str]:
    """The party that a tie shares with the one before: its first, where it has two."""
    return {before.parties[0]} if len(before.parties) == 2 and before.parties[0] not in parties else set()


def _row(kind: TieKind | None, parties: set[str], phrase: str) -> Tie | None:
    """The register row with these parties and, where known, this kind; the one whose name shares most words."""
    rows = [tie for tie in actors.ties() if set(tie.parties) == parties and (kind is None or tie.kind == kind)]
    if not rows and kind is not None:
        # The register may file a named programme under another kind: its name then has to hold the phrase.
        rows = [tie for tie in actors.ties() if set(tie.parties) == parties and _shared(tie, phrase) >= 2]
    named = [tie for tie in rows if _shared(tie, phrase) > 0]
    if kind is None:
        # A bare "treaty" of two states is known where only one such is alive.
        named = [tie for tie in named if tie.kind in _BINDING and tie.history[-1].status != "ended"]
        return named[0] if len(named) == 1 else None
    named = named or (rows if len(rows) == 1 else [])
    return max(named, key=lambda tie: (_shared(tie, phrase), tie.history[-1].date), default=None)


def _stem(word: str) -> str:
    return word.lower().replace("programme", "program").replace("defense", "defence")[:9]


def _shared(tie: Tie, phrase: str) -> int:
    words = {_stem(word) for word in re.findall(r"\w+", phrase) if len(word) > 2}
    if phrase.lower().startswith("raa"):
        words = {"reciproca", "access"}
    if phrase.lower().startswith("acsa"):
        words = {"acquisiti", "cross"}
    forms = " ".join((tie.name, *tie.aliases))
    return len(words & {_stem(word) for word in re.findall(r"\w+", forms)})


def _status(noun: Token, sent: Tokens) -> TieState | None:
    """How far the sentence says the tie has come; None where it denies or only imagines it."""
    known = _words().status
    chain = [noun, *(a for a in noun.ancestors)]
    best: TieState = "in force"
    for token in chain:
        lemma = token.lemma_.lower()
        if token.pos_ in {"VERB", "AUX"}:
            if any(c.dep_ == "neg" for c in token.children):
                return None
            unsure = any(c.dep_ == "aux" and c.lower_ in _UNSURE for c in token.children)
            joined = {c.lemma_.lower() for c in (token, *token.conjuncts)}
            if "negotiate" in joined:
                return "negotiating"
            if lemma in {"enter", "come", "take"} and any(c.lower_ in {"into", "effect"} for c in token.children):
                return "proposed" if unsure else "in force"
            if lemma in known:
                if unsure or any(c.dep_ == "aux" and c.lower_ in {"will", "to"} for c in token.children):
                    above = {a.lemma_.lower() for a in token.ancestors} & {"negotiation", "negotiate", "talk"}
                    subject = {
                        t.lemma_.lower()
                        for a in token.ancestors
                        for c in a.children
                        if c.dep_ == "nsubj"
                        for t in c.subtree
                    }
                    if above or subject & {"negotiation", "talk", "discussion"}:
                        return "negotiating"
                    return known[lemma] if lemma in {"negotiate", "suspend"} and not unsure else "proposed"
                return known[lemma]
            bound = token.i == noun.head.i and noun.dep_ in {"dobj", "nsubj", "nsubjpass", "attr"}
            if bound and any(c.dep_ == "aux" and c.lower_ in {"will", "to"} for c in token.children):
                # "agreed to open", "will launch": not there yet.
                best = "proposed"
        elif token.pos_ == "NOUN" and token.i != noun.i and token.lower_ in known:
            return known[token.lower_]
        if token.dep_ in {"ccomp", "relcl"}:
            break
    return best


def _stated(
    row: Tie | None,
    kind: TieKind,
    parties: set[str],
    place: tuple[int, int],
    sent: Tokens,
    report: Report,
    clean: Clean,
) -> Tie | None:
    noun = _token(sent, place[1] - 1)
    status = _status(noun, sent)
    if status is None:
        return None
    if kind == "exercise series" and status in {"signed", "ended", "negotiating"}:
        # One holding of the series ended, not the series.
        status = "in force"
    date = ""
    if status != "in force" or noun.head.lemma_.lower() in {"enter", "come", "take"}:
        dating = dates.find(sent.text, report.published)
        date = (
            dating.date.partition("/")[0] if dating is not None and dating.precision in {"day", "month", "year"} else ""
        )
        if dating is not None and dating.precision == "season":
            date = dating.date[:4]
    start, end = sent.start_char + place[0], sent.start_char + place[1]
    name = row.name if row else f"{sent.text[place[0] : place[1]]} of {', '.join(sorted(parties))}"
    known = [d for d, pattern in _words().domains if pattern.search(sent.text)]
    return Tie(
        id=row.id if row else "-".join((kind.replace(" ", "-"), *sorted(parties))).lower(),
        name=name,
        kind=row.kind if row else kind,
        parties=row.parties if row else tuple(sorted(parties)),
        domain=row.domain if row else known[0] if known else "defence",
        history=(TieStatus(status, date),),
        aliases=row.aliases if row else (),
        organisation=row.organisation if row else "",
        note="" if row else "not in the register",
        report=report.id,
        sentence=report.text[slice(*clean.back(sent.start_char, sent.end_char))],
        span=clean.back(start, end),
    )


def _named(row: Tie, place: tuple[int, int], sent: Tokens, report: Report, clean: Clean) -> Tie | None:
    return _stated(row, row.kind, set(row.parties), place, sent, report, clean)
