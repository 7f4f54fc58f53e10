"""Reading: text to events, claims and ties, with the words that say so.

Example:
    >>> from detente.read import report, read
    >>> reading = read(report("article.txt"))  # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date as Date
from functools import cache
from io import BufferedIOBase
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from detente.errors import ReadError
from detente.events import Event, Reading, Report

if TYPE_CHECKING:
    from detente.read.coder import Coder

__all__ = ["code_lines", "make_coder", "make_report", "read", "read_many", "report"]


def make_report(
    text: str,
    *,
    id: str = "",
    published: Date | None = None,
    title: str = "",
    outlet: str = "",
    author: str = "",
    kind: str = "",
    standpoint: str = "",
    path: str = "",
) -> Report:
    """A report from its text.

    Args:
        text: the text as it is to be stored.
        id: identity; the hash of the cleaned text where empty, so that the same text is the same report.
        published, title, outlet, author, kind, standpoint, path: what is known of its origin. Outlet and author are
            taken from the text's own boilerplate where it names them, the day from its head (see
            :func:`detente.read.heads.published`).

    Example:
        >>> make_report("Japan met India.").id == make_report("Japan  met India.\\n").id
        True
    """
    from detente.read.clean import author as author_of
    from detente.read.clean import boilerplate, normalise
    from detente.read.clean import outlet as outlet_of
    from detente.read.heads import published as published_of

    if not id:
        words = " ".join(normalise(text).text.split())
        id = hashlib.sha256(words.encode()).hexdigest()[:16]
    return Report(
        id=id,
        text=text,
        title=title,
        outlet=outlet or outlet_of(text),
        author=author or author_of(text),
        kind=kind,
        standpoint=standpoint,
        published=published or published_of(text),
        path=path,
        boilerplate=boilerplate(text),
    )


def report(
    source: str | Path | bytes,
    *,
    name: str = "",
    path: str = "",
    published: Date | None = None,
    outlet: str = "",
    title: str = "",
    author: str = "",
    kind: str = "",
    standpoint: str = "",
) -> Report:
    """A report from a text, HTML or PDF file. What the caller says of its origin goes before what the page says.

    Args:
        source: path of the file, or its bytes (from standard input).
        name: what the bytes are called in messages; its ending says what they are where they do not.
        path: path that the report keeps; that of the file where one is given.
        published, outlet, title, author, kind, standpoint: what is known of its origin.

    Raises:
        ReadError: the file is empty, binary, too large, or not English; one clear line.
    """
    from detente.read.pages import load

    given = isinstance(source, bytes)
    page = load(source, name=name or ("standard input" if given else ""))
    return make_report(
        page.text,
        published=published or page.published,
        title=title or page.title,
        outlet=outlet or page.outlet,
        author=author or page.author,
        kind=kind,
        standpoint=standpoint,
        path=path or ("" if given else str(source)),
    )


@cache
def make_coder(frames: tuple[tuple[str, bytes], ...] = ()) -> Coder:
    """The coder, made once.

    Args:
        frames: name and content of files with own frames, added to the shipped ones in this order.

    Raises:
        ReadError: a file of frames with a fault.
    """
    from detente.read.coder import Coder
    from detente.read.extend import extend
    from detente.read.frames import lexicon

    words = lexicon()
    for name, content in frames:
        words = extend(words, content, name)
    return Coder(words)


def read(report: Report) -> Reading:
    """Events, claims, ties and open questions of one report."""
    return make_coder().read(report)


def read_many(reports: Iterable[Report]) -> Iterator[Reading]:
    """Readings of many reports, in order; memory stays flat."""
    return make_coder().read_many(reports)


def code_lines(
    lines: Iterable[str] | BufferedIOBase,
    *,
    frames: tuple[tuple[str, bytes], ...] = (),
    complain: Callable[[str], None] | None = None,
) -> Iterator[Event]:
    """Events of texts given as JSON lines ``{"id", "text", "date"?}``; each carries ``report`` = id.

    Args:
        lines: JSON lines, or a stream of them in UTF-8, whose lines are coded as they come; ``id`` is a string or a
            number, ``date`` is ISO or null.
        frames: as for :func:`make_coder`.
        complain: called with one message for each line that cannot be read; the rest go on. Default: standard error.

    Raises:
        ReadError: at the end, where lines were given and none could be read.

    Example:
        >>> [e.type for e in code_lines(['{"id": "1", "text": "Japan condemned Iran."}'])]  # doctest: +SKIP
        ['ACCUSE']
    """
    say = complain or (lambda message: print(message, file=sys.stderr))
    own, number, bad, good = make_coder(frames), 0, 0, 0
    for group in _come(lines) if isinstance(lines, BufferedIOBase) else _together(lines):
        given: list[tuple[int, Report]] = []
        for line in group:
            number += 1
            if line.strip("\ufeff \t\r\n"):
                try:
                    given.append((number, _given(line.removeprefix("\ufeff"))))
                except ValueError as error:
                    bad += 1
                    say(f'line {number}: {error}. Each line is {{"id": …, "text": …, "date": "2024-07-11" or null}}.')
        # All at once; where the coder fails on one, it is named, and its neighbours are read all the same.
        try:
            readings = list(own.read_many(report for _, report in given))
        except Exception:
            readings = [reading for at, report in given for reading in _alone(own, at, report, say)]
            bad += len(given) - len(readings)
        good += len(readings)
        for reading in readings:
            yield from reading.events
    if bad and not good:
        raise ReadError(f"None of the {bad} lines could be read." if bad > 1 else "The only line could not be read.")


_TOGETHER = 256  # lines that are parsed at a time


def _together(lines: Iterable[str]) -> Iterator[list[str]]:
    lines = iter(lines)
    while group := list(islice(lines, _TOGETHER)):
        yield group


def _come(stream: BufferedIOBase) -> Iterator[list[str]]:
    """Lines of a stream, as many at a time as have come."""
    begun: list[bytes] = []
    while data := stream.read1(1 << 16):
        *whole, rest = data.split(b"\n")
        if whole:
            whole[0] = b"".join([*begun, whole[0]])
            begun = []
            yield from _together(line.decode("utf-8", errors="replace") for line in whole)
        begun.append(rest)
    yield [b"".join(begun).decode("utf-8", errors="replace")]


def _given(line: str) -> Report:
    """The report that a line holds.

    Raises:
        ValueError: what is wrong with the line.
    """
    from detente.read.pages import LONGEST

    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"this is no JSON ({error.msg}, at character {error.pos + 1})") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets in thousands
        raise ValueError("this is no JSON that can be read") from None
    if not isinstance(row, dict):
        raise ValueError("this is JSON, but no object in braces")
    id, text, day = row.get("id"), row.get("text"), row.get("date")
    if isinstance(id, bool) or not isinstance(id, str | int | float) or id == "":
        raise ValueError('"id" is missing' if id is None or id == "" else '"id" is neither a string nor a number')
    if not isinstance(text, str):
        raise ValueError('"text" is missing' if text is None else '"text" is no string')
    if len(text) > LONGEST:
        raise ValueError(f'"text" is longer than {LONGEST:,} characters')
    try:
        published = Date.fromisoformat(day[:10]) if day else None
    except (ValueError, TypeError):
        raise ValueError(f'"date" is {json.dumps(day)[:40]}, which is no date') from None
    text = re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)  # halves of characters: nothing can print them
    return make_report(text, id=str(id), published=published)


def _alone(coder: Coder, number: int, report: Report, say: Callable[[str], None]) -> Iterator[Reading]:
    try:
        yield coder.read(report)
    except Exception as error:
        say(
            f"line {number}: the reader failed on it ({type(error).__name__}: {error}) and went on. Please report this."
        )
