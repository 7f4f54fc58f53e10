"""Reading: text to events, claims and ties, with the words that say so.

Example:
    >>> from detente.read import report, read
    >>> reading = read(report("article.txt"))  # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date as Date
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

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
            taken from the text's own boilerplate where it names them.

    Example:
        >>> make_report("Japan met India.").id == make_report("Japan  met India.\\n").id
        True
    """
    from detente.read.clean import author as author_of
    from detente.read.clean import boilerplate, normalise
    from detente.read.clean import outlet as outlet_of

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
        published=published,
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
    lines: Iterable[str],
    *,
    frames: tuple[tuple[str, bytes], ...] = (),
    complain: Callable[[str], None] | None = None,
) -> Iterator[Event]:
    """Events of texts given as JSON lines ``{"id", "text", "date"?}``; each carries ``report`` = id.

    Args:
        lines: JSON lines; ``date`` is ISO or null.
        frames: as for :func:`make_coder`.
        complain: called with one message for each line that cannot be read; the rest go on. Default: standard error.

    Example:
        >>> [e.type for e in code_lines(['{"id": "1", "text": "Japan condemned Iran."}'])]  # doctest: +SKIP
        ['ACCUSE']
    """
    say = complain or (lambda message: print(message, file=sys.stderr))

    def reports() -> Iterator[Report]:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                text, id = row["text"], str(row["id"])
                if not isinstance(text, str):
                    raise TypeError("text is no string")
                day = Date.fromisoformat(row["date"][:10]) if row.get("date") else None
                yield make_report(text, id=id, published=day)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                what = f"no field {error}" if isinstance(error, KeyError) else str(error)
                say(f'line {number}: {what}. Each line is {{"id": …, "text": …, "date": "2024-07-11" or null}}.')

    # A few hundred texts at a time: one that the coder fails on is named, and its neighbours are read all the same.
    own, given = make_coder(frames), reports()
    while some := list(islice(given, 256)):
        try:
            readings = list(own.read_many(some))
        except Exception:
            readings = [reading for one in some for reading in _alone(own, one, say)]
        for reading in readings:
            yield from reading.events


def _alone(coder: Coder, report: Report, say: Callable[[str], None]) -> Iterator[Reading]:
    try:
        yield coder.read(report)
    except Exception as error:
        say(f"text {report.id}: the reader failed on it ({type(error).__name__}: {error}) and went on.")
