"""Who a phrase names as a speaker: a state or body of the register, a person, an outlet, a document.

The words are data (``data/voices.toml``).
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec import Struct

from detente.actors import register
from detente.events import Report, Speaker, Stance
from detente.read.mentions import Mention
from detente.read.words import Doc, Span, Token


class Words(Struct, frozen=True):
    """The word lists of ``data/voices.toml``; its comments say what each is for."""

    verbs: dict[str, Stance]
    nouns: dict[str, Stance]
    objects: frozenset[str]
    with_as: frozenset[str]
    documents: frozenset[str]
    gatherings: frozenset[str]
    views: frozenset[str]
    disputed: frozenset[str]
    speakers: frozenset[str]
    private: frozenset[str]
    past: frozenset[str]
    lands: frozenset[str]
    outlet_words: frozenset[str]
    outlet_names: frozenset[str]


@cache
def words() -> Words:
    """The word lists, read once."""
    data: dict[str, Any] = tomllib.loads((files("detente") / "data" / "voices.toml").read_text(encoding="utf-8"))
    return Words(
        {lemma: stance for stance, lemmas in data["verbs"].items() for lemma in lemmas},
        {lemma: stance for stance, lemmas in data["nouns"].items() for lemma in lemmas},
        frozenset(data["objects"]["verbs"]),
        frozenset(data["objects"]["with_as"]),
        frozenset(data["documents"]["nouns"]),
        frozenset(data["documents"]["gatherings"]),
        frozenset(data["views"]["nouns"]),
        frozenset(data["disputed"]["nouns"]),
        frozenset(data["speakers"]["nouns"]),
        frozenset(data["private"]["nouns"]),
        frozenset(data["private"]["past"]),
        frozenset(data["private"]["lands"]),
        frozenset(data["outlets"]["words"]),
        frozenset(data["outlets"]["names"]),
    )


def outermost(report: Report) -> tuple[Speaker, ...]:
    """The outermost voices: author, then outlet; an official text speaks for its institution."""
    chain: list[Speaker] = []
    if report.author:
        chain.append(Speaker(None, report.author, "author"))
    if report.outlet:
        official = "statement" in report.kind or "official" in report.kind
        name = register().lookup(report.outlet, report.published)
        code = name.code if name is not None else None
        chain.append(Speaker(code, report.outlet, "institution" if official else "outlet"))
    return tuple(chain) or (Speaker(None, "unnamed author", "author"),)


def speaking(mention: Mention, name: str = "") -> tuple[Speaker, ...]:
    """The parties of a mention as speakers; a single one goes by the name given."""
    alone = len(mention.parties) == 1
    return tuple(speaker(p.code, p.kind, name if alone and name else p.name) for p in mention.parties)


def tidy(name: str) -> str:
    return re.sub(r"^(?:the|The|a|A|an|An|some|Some)\s+", "", " ".join(name.split())).removesuffix("'s").strip(" ,\"'")


def is_outlet(name: str) -> bool:
    """Whether a name is that of a news outlet: one of the list, or one that ends in a word like "Times"."""
    if name in words().outlet_names:
        return True
    parts = name.split()
    return len(parts) > 1 and parts[-1][:1].isupper() and parts[-1].lower() in words().outlet_words


def speaks(head: Token) -> bool:
    """Whether the noun is one for people or institutions, which can speak."""
    return head.lemma_.lower() in words().speakers or head.lower_ in words().speakers


def is_private(head: Token, phrase: Span) -> bool:
    """Whether a noun phrase is a person who speaks for no state ("a retired colonel of X", "an expert from X")."""
    if head.lemma_.lower() in words().private or head.lower_.startswith("ex-"):
        return True
    past = [t.head for t in phrase if t.lower_ in words().past]
    return any(title.lemma_.lower() not in words().lands for title in past)


def person_in(phrase: Span) -> str:
    """Name of a person at the end of a title ("US Security Adviser Jake Sullivan"), empty where there is none."""
    entity = [token for token in phrase if token.ent_type_ == "PERSON"]
    if entity and entity[-1].i == phrase[-1].i:
        return " ".join(token.text for token in entity)
    named = [token for token in phrase if register().lookup(token.text) is not None and " " in token.text]
    for token in named:
        name = register().lookup(token.text)
        if name is not None and name.sort == "person":
            return token.text
    return ""


def known_in(phrase: Span) -> str | None:
    """Code of an actor that the words of a phrase name, longest words first."""
    doc: Doc = phrase.doc
    for length in range(len(phrase), 0, -1):
        for start in range(phrase.start, phrase.end - length + 1):
            words = tidy(doc[start : start + length].text)
            name = register().lookup(words) if words[:1].isupper() else None
            if name is not None:
                return name.code
    return None


def speaker(code: str | None, kind: str | None, name: str) -> Speaker:
    return Speaker(code, name, "institution" if kind == "organisation" else "quoted")
