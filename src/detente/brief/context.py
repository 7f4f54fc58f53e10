"""A sentence in its context: the sentence before it, itself with its parts marked, the sentence after it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from detente.events import Span
from detente.words import clip

# A stop with its closing quote, then space and something that may begin a sentence; or a line's end.
_END = re.compile(r"(?<=[.!?…])[\"”’')\]]*\s+(?=[\"“‘'(\[]?[A-Z0-9])|\n+")
_BESIDE = 280
_ITSELF = 1200


class Piece(NamedTuple):
    """Words and what they are: ``""``, ``party`` or ``trigger``."""

    words: str
    mark: str = ""


class Context(NamedTuple):
    """The sentence before, the sentence itself in pieces, the sentence after; cut where very long."""

    before: str
    pieces: tuple[Piece, ...]
    after: str


def starts(text: str) -> list[int]:
    """Where each sentence of a text begins, as good as stops and line ends tell.

    Example:
        >>> starts("One came. Two left.")
        [0, 10]
    """
    return [0, *(hit.end() for hit in _END.finditer(text))]


def context(
    text: str, begin: Sequence[int], span: Span, marks: Iterable[tuple[Span, str]], *, beside: bool = True
) -> Context:
    """The sentence around a span.

    Args:
        text: text of the report.
        begin: see :func:`starts`.
        span: of the event or claim.
        marks: spans to mark, the most important last.
        beside: with the sentences before and after.

    Example:
        >>> text = "It rained. Japan protested to China. Nobody came."
        >>> context(text, starts(text), (11, 35), [((11, 16), "party"), ((17, 26), "trigger")]).pieces[0]
        Piece(words='Japan', mark='party')
    """
    marks = list(marks)
    near = [m for m, _ in marks if span[0] - _ITSELF < m[0] and m[1] < span[1] + _ITSELF]
    low, high = min([span[0], *(m[0] for m in near)]), max([span[1], *(m[1] for m in near)])
    first = bisect_right(begin, low) - 1
    last = bisect_right(begin, max(low, high - 1)) - 1
    start, end = begin[first], begin[last + 1] if last + 1 < len(begin) else len(text)
    middle = (start, end)
    if end - start > 2 * _ITSELF:
        focus = marks[-1][0][0] if marks else span[0]
        middle = (max(start, focus - _ITSELF), min(end, focus + _ITSELF))
    pieces = _pieces(text, middle, marks)
    if middle[0] > start:
        pieces = [Piece("… "), *pieces]
    if middle[1] < end:
        pieces = [*pieces, Piece(" …")]
    if not beside:
        return Context("", tuple(pieces), "")
    before = text[begin[first - 1] : start].strip() if first else ""
    after_end = begin[last + 2] if last + 2 < len(begin) else len(text)
    return Context(_tail(before), tuple(pieces), clip(text[end:after_end].strip(), _BESIDE))


def _tail(text: str) -> str:
    if len(text) <= _BESIDE:
        return text
    cut = text[-_BESIDE:]
    return "…" + cut[max(cut.find(" "), 0) :].lstrip()


def _pieces(text: str, window: Span, marks: Iterable[tuple[Span, str]]) -> list[Piece]:
    """The window's text cut at the edges of marks; a later mark covers an earlier one."""
    painted = [""] * (window[1] - window[0])
    for (start, end), mark in marks:
        for i in range(max(start, window[0]), min(end, window[1])):
            painted[i - window[0]] = mark
    runs = groupby(zip(text[window[0] : window[1]], painted, strict=True), key=itemgetter(1))
    pieces = [Piece("".join(char for char, _ in run), mark) for mark, run in runs]
    if pieces:
        pieces[-1] = Piece(pieces[-1].words.rstrip(), pieces[-1].mark)
    return [piece for piece in pieces if piece.words]
