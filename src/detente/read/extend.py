"""An analyst's own frames: checked entry by entry, and added to the shipped ones.

A file of own frames has the format that the header of the shipped ``frames.toml`` explains; every table in it may be
left out. Own words are added to the shipped lists and classes; an own frame goes before a shipped one that asks for as
much (objects, clause, particles), and an own noun takes the place of a shipped one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from msgspec import Struct

from detente import codebook
from detente.actors import DATA
from detente.codebook import TYPES
from detente.errors import CodebookError, ReadError
from detente.events import Domain
from detente.read import pages
from detente.read.frames import Frame, Lexicon, asks, lexicon

# fmt: off
SLOTS = frozenset([
    "subj", "obj", "iobj", "comp", "above", "about", "across", "after", "against", "along", "alongside",
    "among", "around", "as", "at", "before", "behind", "below", "beneath", "beside", "between", "beyond", "by",
    "despite", "during", "for", "from", "in", "inside", "into", "near", "of", "off", "on", "onto", "outside",
    "over", "past", "regarding", "since", "that", "through", "to", "toward", "towards", "under", "until",
    "upon", "versus", "via", "with", "within", "without",
])
# fmt: on
HELP = "The header of the shipped frames.toml (`detente frames --format`) explains each key."


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    light: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    people: dict[str, tuple[str, ...]] = {}
    classes: dict[str, tuple[str, ...]] = {}
    domains: dict[Domain, tuple[str, ...]] = {}


class _Frame(Frame, frozen=True, forbid_unknown_fields=True):
    """A frame whose unknown keys are faults."""


def faults(content: bytes, name: str, base: Lexicon) -> list[str]:
    """What is wrong with a file of own frames: one line each, with the entry and the remedy; empty where nothing is.

    Args:
        content: the file.
        name: its name, for the lines.
        base: the frames that it would be added to.

    Example:
        >>> from detente.read.frames import lexicon
        >>> faults(b'[[frame]]\\ntype = "ACUSE"\\ncameo = "112"\\nverbs = ["finger"]', "own.toml", lexicon())
        ["own.toml, frame 1 (finger): 'ACUSE' is no PLOVER type; did you mean ACCUSE?"]
    """
    try:
        book = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        return [f"{name}: byte {error.start} is no UTF-8; save the file as UTF-8."]
    except tomllib.TOMLDecodeError as error:
        return [f"{name}: this is no TOML: {error}."]
    rows = book.pop("frame", [])
    out: list[str] = []
    try:
        msgspec.convert(book, _File)
    except msgspec.ValidationError as error:
        out.append(f"{name}: {error}. {HELP}")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return [*out, f"{name}: write each frame under a line [[frame]] of its own."]
    own = book.get("classes", {})
    classes = base.classes.keys() | (own.keys() if isinstance(own, dict) else set())
    for number, row in enumerate(rows, 1):
        words = [w for key in ("verbs", "nouns") for w in _list(row.get(key)) if isinstance(w, str)]
        where = f"{name}, frame {number} ({', '.join(words[:3]) or 'without words'})"
        out += [f"{where}: {fault}" for fault in _faults(row, classes)]
    return out


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _faults(row: dict[str, Any], classes: set[str]) -> Iterator[str]:
    try:
        frame = msgspec.convert(row, _Frame)
    except msgspec.ValidationError as error:
        yield f"{error}. {HELP}"
        return
    if not frame.verbs and not frame.nouns:
        yield "neither verbs nor nouns; give at least one word."
    if frame.type not in TYPES:
        try:
            codebook.event_type(frame.type)
        except CodebookError as error:
            yield str(error)
    try:
        if codebook.cameo(frame.cameo).code != frame.cameo:
            yield f"{frame.cameo!r} is no CAMEO code; the nearest is {codebook.cameo(frame.cameo).code!r}."
    except CodebookError as error:
        yield str(error)
    for slot in (*frame.source, *frame.target):
        if slot not in SLOTS:
            yield f"{slot!r} is no slot; use subj, obj, iobj, comp or a preposition."
    for word in (*frame.objects, *frame.clause, *frame.roles):
        if word.startswith("@") and word != "@actor" and word[1:] not in classes:
            yield f"no class {word!r}; known: {', '.join(sorted(classes))}; or add it under [classes]."
    for entry in (*frame.verbs, *frame.nouns):
        if not entry.strip() or entry != entry.lower():
            yield f"{entry!r}: words are matched by their lower-case lemma; write {entry.lower()!r}."
        elif (base := _lemma(entry.split()[0], verb=entry in frame.verbs)) != entry.split()[0]:
            yield f"{entry!r} would never match: its lemma is {base!r}; write that."


def _lemma(word: str, *, verb: bool) -> str:
    """The lemma that the parser would give the word; the word itself where it is one."""
    from spacy.tokens import Doc

    from detente.read.parse import model

    nlp = model()
    lemmatizer: Any = nlp.get_pipe("lemmatizer")
    kind, tag = ("verb", "VBD") if verb else ("noun", "NNS")
    if "-" in word or word in lemmatizer.lookups.get_table("lemma_index").get(kind, ()):
        return word
    doc = Doc(nlp.vocab, words=[word], tags=[tag], pos=[kind.upper()])
    return str(lemmatizer(doc)[0].lemma_)


def extend(base: Lexicon, content: bytes, name: str) -> Lexicon:
    """The frames with those of a file added.

    Args:
        base: the frames that there are.
        content: the file.
        name: its name, for messages.

    Raises:
        ReadError: faults in the file; the message has one line for each.
    """
    if wrong := faults(content, name, base):
        raise ReadError("\n".join(wrong))
    book = tomllib.loads(content.decode("utf-8"))
    frames = msgspec.convert(book.pop("frame", []), list[Frame])
    file = msgspec.convert(book, _File)
    verbs = dict(base.verbs)
    nouns = dict(base.nouns)
    for frame in frames:
        for entry in frame.verbs:
            lemma, *rest = entry.split()
            own, there = (frame, tuple(rest)), list(verbs.get(lemma, ()))
            # Before those that ask for no more, behind those of this file.
            at = next((i for i, row in enumerate(there) if asks(row) <= asks(own) and row[0] not in frames), len(there))
            verbs[lemma] = (*there[:at], own, *there[at:])
    for frame in frames:
        nouns |= dict.fromkeys(frame.nouns, frame)
    cues = dict(base.domains)
    for domain, words in file.domains.items():
        cues[domain] = cues.get(domain, frozenset()) | frozenset(words)
    return msgspec.structs.replace(
        base,
        verbs=verbs,
        nouns=nouns,
        light=base.light | frozenset(file.light),
        quantities=base.quantities | frozenset(file.quantities),
        documents=base.documents | frozenset(file.documents),
        people=base.people | {noun: role for role, row in file.people.items() for noun in row},
        domains=tuple(cues.items()),
        classes=base.classes
        | {key: base.classes.get(key, frozenset()) | frozenset(row) for key, row in file.classes.items()},
    )


def shipped(type_: str | None = None) -> pl.DataFrame:
    """The shipped frames: how many there are of each type, or those of one type, a row each.

    Args:
        type_: PLOVER type.

    Raises:
        CodebookError: unknown type.
    """
    book = lexicon()
    rows: dict[Frame, None] = dict.fromkeys(f for group in book.verbs.values() for f, _ in group)
    rows |= dict.fromkeys(book.nouns.values())
    if type_ is not None:
        wanted = codebook.event_type(type_.upper()).name
        told = ("cameo", "verbs", "nouns", "objects", "clause", "source", "target", "domain")
        return pl.DataFrame(
            [
                {key: ", ".join(v) if isinstance(v := getattr(f, key), tuple) else v or "" for key in told}
                for f in rows
                if f.type == wanted
            ],
            schema=dict.fromkeys(told, pl.String),
        ).sort("cameo", maintain_order=True)
    return pl.DataFrame(
        [
            (
                name,
                sum(f.type == name for f in rows),
                sum(len(f.verbs) for f in rows if f.type == name),
                sum(len(f.nouns) for f in rows if f.type == name),
            )
            for name in codebook.TYPES
        ],
        schema={"type": pl.String, "frames": pl.Int64, "verbs": pl.Int64, "nouns": pl.Int64},
        orient="row",
    )


def layout() -> str:
    """What each key of a file of frames means: the header of the shipped one."""
    header = (DATA / "frames.toml").read_text(encoding="utf-8").partition("\n\n")[0]
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in header.splitlines())


def check(path: str | Path) -> list[str]:
    """What is wrong with a file of own frames, one line each.

    Raises:
        ReadError: the file cannot be opened.
    """
    return faults(pages.content(Path(path)), Path(path).name, lexicon())
