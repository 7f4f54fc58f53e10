"""Text as parsed: quotes, dashes and lost spaces put right, with a way back to every character of the original.

Three things happen here, none of which changes the stored report:

* :func:`normalise` makes the text that the parser sees and keeps an offset map;
* :func:`boilerplate` finds what is not the article (share buttons, newsletters, captions, about the author);
* :func:`blocks` finds paragraphs, headings, bullets and table rows, and what introduces them.

Patterns of boilerplate are data (``data/boilerplate.toml``).
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import accumulate, pairwise
from typing import Any, Literal

from msgspec import Struct

from detente.actors import register
from detente.events import Span

BlockKind = Literal["paragraph", "heading", "bullet", "table header", "table row", "boilerplate"]

_ONE_FOR_ONE = str.maketrans(
    dict.fromkeys("“”„‟«»″", '"')
    | dict.fromkeys("‘’‚‛′`´ʼ", "'")
    | dict.fromkeys("\u2010\u2011\u2212\ufe63\uff0d", "-")
    | dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t", " ")
    | dict.fromkeys("―⸺", "—")
)
_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
# Web and mail addresses keep their punctuation.
_ADDRESS = re.compile(
    r"\b(?:https?://|www\.)\S+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}|\b[\w-]+\.(?:com|org|net|ru|cn|gov|mil|info|eu|uk|io)\b\S*"
)
_LOST_SPACE = [
    re.compile(pattern)
    for pattern in (
        r"(?<=[a-z]{2}[.!?])(?=\(?[A-Z][a-z])",  # ended.This
        r"(?<=[a-z]{2}[.!?]\))(?=[A-Z][a-z])",  # ended.)This
        r"(?<=[a-z][\"'][.!?])(?=[A-Z][a-z])",  # invasion".This
        r"(?<=\d[.!?])(?=[A-Z][a-z])",  # 2023.The
        r"(?<=[A-Z]{2}[.!?])(?=[A-Z][a-z])",  # NATO.The
        r"(?<=[a-z]{2}[,;])(?=[A-Za-z])",  # rise,with
        r"(?<=\d,)(?=[A-Za-z])",  # 2023,the
        r"(?<=[a-z\d],)(?=(?:19|20)\d\d\b)",  # July 11,2024
        r"(?<=[a-z]{2}:)(?=[A-Z][a-z])",  # note:The
        r"(?<=\b(?:Mr|Dr|St|Lt)\.)(?=[A-Z][a-z])",
        r"(?<=\b(?:Gen|Mrs|Adm|Col|Sen|Rep|Gov|Maj|Sgt)\.)(?=[A-Z][a-z])",
        r"(?<=\w)(?=—)|(?<=—)(?=\w)",  # alliance—which
    )
]
_TIGHT_QUOTE = re.compile(r"(?<=[a-z]{2}[.!?,;])[\"'](?=[A-Za-z])")
_WORD_DASH = re.compile(r"(?<=\w)–(?=\w)")
_BULLET = re.compile(r"\s*(?:[-*•◦▪‣·–]|\(?\d{1,2}[.)]|\([a-z]\))\s+(?=\S)")
_RULE = re.compile(r"[\s|:\-+=]+")
_SENTENCE_END = re.compile(r"[.!?…][\"')\]]*$")
_SENTENCE = re.compile(r"[^.!?…]*(?:[.!?…]+(?!\s|[\"')\]]|$)[^.!?…]*)*(?:[.!?…]+[\"')\]]*|$)\s*")

# Lower-case names of states and capitals that are words of their own, and are left alone.
_COMMON_WORDS = frozenset(
    [
        "turkey",
        "polish",
        "chad",
        "guinea",
        "lima",
        "swede",
        "jersey",
        "male",
        "victoria",
        "pole",
        "dane",
        "hamilton",
        "stanley",
        "douglas",
    ]
)


class Clean(Struct, frozen=True):
    """Text as parsed, and the way back.

    Args:
        text: the text as parsed.
        offsets: for each of its characters the index of the original's character it stands for, and at the end
            the length of the original; ``len(text) + 1`` entries, never falling.
    """

    text: str
    offsets: tuple[int, ...]

    def back(self, start: int, end: int) -> Span:
        """Characters ``[start, end)`` of the text as parsed, as a span of the original.

        Example:
            >>> clean = normalise("It ended.They left.")
            >>> clean.text, clean.back(10, 14)
            ('It ended. They left.', (9, 13))
        """
        first = self.offsets[start]
        if end <= start:
            return first, first
        return first, max(first, min(self.offsets[end], self.offsets[end - 1] + 1))


class Block(Struct, frozen=True):
    """A piece of the text as parsed.

    Args:
        start, end: characters of the text as parsed.
        kind: what it is.
        parts: pieces to be parsed each on its own: the paragraph, a bullet's label and its body, a row's cells;
            none for boilerplate.
        lead: the sentence or heading that introduces the list or table.
        header: the header row, for a table row.
    """

    start: int
    end: int
    kind: BlockKind
    parts: tuple[Span, ...] = ()
    lead: Span | None = None
    header: Span | None = None


def normalise(text: str) -> Clean:
    """Text as parsed: straight quotes, plain dashes inside words, spaces restored after stops and commas, invisible
    characters dropped, lower-case names of states capitalised, wrapped lines joined.

    Args:
        text: the report's text.

    Returns:
        The text as parsed with its offset map.

    Example:
        >>> normalise("the north Korea‘s test ended.Seoul protested,again").text
        "the North Korea's test ended. Seoul protested, again"
    """
    hidden = {match.start() for match in _INVISIBLE.finditer(text)}
    visible = [index for index in range(len(text)) if index not in hidden] if hidden else range(len(text))
    seen = _INVISIBLE.sub("", text)
    drop: set[int] = set()
    plain = seen.translate(_ONE_FOR_ONE)
    plain = _WORD_DASH.sub("-", plain)
    plain = _unwrap(plain, drop)
    plain = _capitalise(plain)
    fixed = [match.span() for match in _ADDRESS.finditer(plain)]
    insert: set[int] = set()
    for pattern in _LOST_SPACE:
        insert.update(match.start() for match in pattern.finditer(plain))
    quotes, counted = 0, 0
    for match in _TIGHT_QUOTE.finditer(plain):
        at = match.start()
        line = plain.rfind("\n", counted, at) + 1
        quotes = plain.count('"', line, at) if line else quotes + plain.count('"', counted, at)
        counted = at
        # Its direction decides; where printed without one (or with a wrong one), whether a quotation is open.
        is_open = quotes % 2 == 1 if match[0] == '"' else seen[at] != "‘"
        insert.add(at + 1 if seen[at] in "”»" or is_open else at)
    for start, end in fixed:
        insert.difference_update(range(start + 1, end))
    characters: list[str] = []
    offsets: list[int] = []
    done = 0
    for index in sorted(insert | drop):
        characters.append(plain[done:index])
        offsets += visible[done:index]
        if index in insert and index < len(plain):
            characters.append(" ")
            offsets.append(visible[index])
        done = index + 1 if index in drop else index
    characters.append(plain[done:])
    offsets += visible[done:]
    return Clean("".join(characters), (*offsets, len(text)))


def boilerplate(text: str) -> tuple[Span, ...]:
    """What is not the article: share buttons, newsletters, captions, bylines, notes to readers, about the author.

    Whole lines, or sentences at the start or end of a line, by the patterns of ``data/boilerplate.toml``.

    Args:
        text: the report's text, not the text as parsed.

    Returns:
        Spans of the text, in order, not overlapping.

    Example:
        >>> boilerplate("Seoul and Tokyo met.\\nFollow us on Twitter.\\n")
        ((21, 42),)
    """
    lines = _lines(text)
    tagged = [_is_boilerplate(line) for _, _, line in lines]
    # A line about the author stands near the end; a lone sign of one suffices beside other boilerplate.
    content = [i for i, (_, _, line) in enumerate(lines) if line.strip()]
    for rank, i in enumerate(content):
        if tagged[i] or rank < 0.5 * len(content):
            continue
        beside = any(tagged[j] for j in content[max(0, rank - 1) : rank + 2] if j != i)
        tagged[i] = _about_author(lines[i][2], beside) is not None
    spans: list[Span] = []
    for (start, end, line), all_of_it in zip(lines, tagged, strict=True):
        if not line.strip():
            continue
        if all_of_it:
            spans.append((start, end))
        else:
            spans.extend((start + s, start + e) for s, e in _sentences_to_drop(line))
    return tuple(spans)


def author(text: str) -> str:
    """Name of the author, from a byline at the top or the line about the author at the end; empty where neither is.

    Example:
        >>> author("Ships met.\\nThey left.\\nIt was over.\\nJane Roe is an analyst and author of a book on ships.")
        'Jane Roe'
    """
    lines = [line for _, _, line in _lines(text) if line.strip()]
    for line in lines[:6]:
        byline = re.match(r"(?:By|BY|Author:)\s+((?:[A-Z][\w.'-]*\s+){1,3}[A-Z][\w'-]+)\s*(?:$|[,|])", line.strip())
        if byline:
            return str(byline[1])
    names = [
        name
        for rank, line in enumerate(lines)
        if rank >= 0.5 * len(lines) and (name := _about_author(line, beside=True))
    ]
    return names[0] if len(names) == 1 else ""


def outlet(text: str) -> str:
    """Name of the outlet where its own boilerplate gives it twice or more, empty otherwise.

    Example:
        >>> outlet("Become a Member of Morning Wire\\nComment on Morning Wire articles on our page")
        'Morning Wire'
    """
    names: Counter[str] = Counter()
    for pattern in _patterns()["outlet"]:
        for _, _, line in _lines(text):
            names.update({str(match["outlet"]).strip() for match in pattern.finditer(line.strip())})
    best = names.most_common(1)
    return best[0][0] if best and best[0][1] >= 2 else ""


def blocks(clean: Clean, skip: Iterable[Span] = ()) -> list[Block]:
    """Paragraphs, headings, bullets and table rows of a text as parsed, in order.

    Args:
        clean: the text as parsed.
        skip: boilerplate, as spans of the original text.

    Returns:
        One block a line; lines without a letter or digit are left out. Boilerplate inside a paragraph is left out
        of the paragraph's parts.

    Example:
        >>> [block.kind for block in blocks(normalise("Key points include:\\n- Trade: ports may close."))]
        ['paragraph', 'bullet']
    """
    # Boilerplate as spans of the text as parsed, in order: each line is held against those that begin or end in it.
    dropped = [(bisect_left(clean.offsets, s), bisect_left(clean.offsets, e)) for s, e in sorted(skip)]
    begins, ends = [s for s, _ in dropped], [e for _, e in dropped]
    found: list[Block] = []
    lead: Span | None = None
    header: Span | None = None
    lines = [(start, end, line) for start, end, line in _lines(clean.text) if line.strip()]
    for number, (start, end, line) in enumerate(lines):
        left = [(start, end)]
        for span in dropped[bisect_right(ends, start) : bisect_left(begins, end)]:
            left = [piece for s, e in left for piece in _minus(s, e, span)]
        left = [(s, e) for s, e in (_strip(clean.text, *piece) for piece in left) if e > s]
        if not any(re.search(r"\w", clean.text[s:e]) for s, e in left):
            if not _RULE.fullmatch(line):
                found.append(Block(start, end, "boilerplate"))
                header = None
            continue
        following = lines[number + 1][2] if number + 1 < len(lines) else ""
        bullet = _BULLET.match(line)
        if line.count("|") >= 1 and (line.count("|") >= 2 or header is not None or _is_rule(following)):
            cells = _cells(clean.text, start, end)
            if header is None:
                found.append(Block(start, end, "table header", cells, lead))
                header = (start, end)
            else:
                found.append(Block(start, end, "table row", cells, lead, header))
            continue
        header = None
        if bullet:
            found.append(Block(start, end, "bullet", _label(clean.text, start + bullet.end(), end), lead))
            continue
        if _is_heading(line, following, first=not found):
            found.append(Block(start, end, "heading", tuple(left)))
            lead = (start, end)
            continue
        found.append(Block(start, end, "paragraph", tuple(left)))
        # The last sentence of the paragraph introduces what follows it.
        last = [(s, e) for s, e in sentences(line) if line[s:e].strip()]
        lead = _strip(clean.text, start + last[-1][0], start + last[-1][1]) if last else (start, end)
    return found


def sentences(line: str) -> list[Span]:
    """Rough sentences of a line, before any parse: enough to tell boilerplate and what introduces a list."""
    return [match.span() for match in _SENTENCE.finditer(line) if match.end() > match.start()]


def _lines(text: str) -> list[tuple[int, int, str]]:
    """Start, end and characters of each line, without its newline."""
    parts = text.split("\n")
    starts = accumulate((len(part) + 1 for part in parts), initial=0)
    return [(start, start + len(part), part) for start, part in zip(starts, parts, strict=False)]


def _strip(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _minus(start: int, end: int, skip: Span) -> list[Span]:
    """What is left of ``[start, end)`` without a span."""
    first, last = max(start, skip[0]), min(end, skip[1])
    if first >= last:
        return [(start, end)]
    return [(s, e) for s, e in ((start, first), (last, end)) if e > s]


def _unwrap(text: str, drop: set[int]) -> str:
    """Join lines that were broken to a width, as in PDF and mail; newlines become spaces, one for one."""
    lines = text.split("\n")
    full = [line for line in lines if len(line.strip()) > 0]
    width = max((len(line) for line in full), default=0)
    if len(full) < 4 or width > 130:
        return text
    broken = sum(
        bool(a.strip() and b.strip())
        and len(a) >= 0.7 * width
        and not _SENTENCE_END.search(a.rstrip())
        and not _BULLET.match(b)
        for a, b in pairwise(lines)
    )
    if broken < 0.3 * len(full):
        return text
    out: list[str] = []
    at = 0
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        at += len(line)
        out.append(line)
        if at >= len(text):
            break
        joined = (
            bool(line.strip() and following.strip())
            and not _BULLET.match(following)
            and "|" not in line + following
            and (len(line) >= 0.7 * width or following.lstrip()[:1].islower())
        )
        if joined and re.search(r"[a-z]-\s*$", line) and following[:1].islower():
            # A word parted at the end of the line: drop its hyphen and the newline.
            drop.update((text.rindex("-", 0, at), at))
        out.append(" " if joined else "\n")
        at += 1
    return "".join(out)[: len(text)]


@cache
def _lower_case_names() -> re.Pattern[str]:
    forms = {
        name.form
        for name in register().names()
        if name.sort in {"name", "demonym", "combining", "capital"}
        and name.role is None
        and name.form.lower() not in _COMMON_WORDS
        and len(name.form) > 3
        and re.fullmatch(r"[A-Z][a-zé]+(?: [A-Z][a-zé]+)*-?", name.form)
    }
    stems = sorted({form.rstrip("-") for form in forms}, key=lambda form: (-len(form), form))
    return re.compile(
        r"(?<![\w.@/-])(?:" + "|".join(re.escape(stem) for stem in stems) + r")(?!\w|[.@/]\w)", re.IGNORECASE
    )


def _capitalise(text: str) -> str:
    """Lower-case names of states, peoples and capitals with their capitals back, one character for one."""

    def restore(match: re.Match[str]) -> str:
        words = match[0]
        return words if words.isupper() else re.sub(r"(?<![\w'])[a-z]", lambda m: m[0].upper(), words)

    return _lower_case_names().sub(restore, text)


@cache
def _patterns() -> dict[str, Any]:
    data = tomllib.loads((files("detente") / "data" / "boilerplate.toml").read_text(encoding="utf-8"))
    bio = data["bio"]
    return {
        "lines": [re.compile(pattern, re.IGNORECASE) for pattern in data["lines"]["patterns"]],
        "sentences": [re.compile(pattern, re.IGNORECASE) for pattern in data["sentences"]["patterns"]],
        "outlet": [re.compile(pattern) for pattern in data["outlet"]["patterns"]],
        "work": re.compile(rf"\b{bio['work']}\b", re.IGNORECASE),
        "signs": [re.compile(rf"(?<!\w){pattern}(?!\w)", re.IGNORECASE) for pattern in bio["signs"]],
    }


def _straight(line: str) -> str:
    return _INVISIBLE.sub(" ", line.translate(_ONE_FOR_ONE))


def _is_boilerplate(line: str) -> bool:
    line = _straight(line).strip()
    return bool(line) and any(pattern.match(line) for pattern in _patterns()["lines"])


def _sentences_to_drop(line: str) -> list[Span]:
    straight = _straight(line)
    found = [
        _strip(line, start, end)
        for start, end in sentences(straight)
        if any(pattern.match(straight[start:end].strip()) for pattern in _patterns()["sentences"])
    ]
    return [(start, end) for start, end in found if end > start]


def _about_author(line: str, beside: bool) -> str | None:
    """The author's name where a line is about the author, None otherwise."""
    line = _straight(line).strip()
    patterns = _patterns()
    head = re.match(
        r"(?:About the author:?\s*)?((?:(?:Dr|Prof|Professor|Ambassador|Col|Gen)\.?\s+)?(?:[A-Z][\w.'-]*\s+){1,3}"
        r"[A-Z][\w'-]+)(?:\s*\([^)]*\))?,?\s+(?:is|was|works|writes|has (?:been|written)|serves)\b(.{0,140})",
        line,
    )
    if head is None:
        return None
    signs = sum(bool(pattern.search(line)) for pattern in patterns["signs"])
    works = bool(patterns["work"].search(head[2])) or bool(re.match(r"\s+(?:for|on|about)\b", head[2]))
    if works and signs >= (1 if beside else 2):
        return re.sub(r"^(?:The|About)\s+", "", str(head[1]))
    return None


def _is_rule(line: str) -> bool:
    return "-" in line and "|" in line and bool(_RULE.fullmatch(line))


def _is_heading(line: str, following: str, *, first: bool) -> bool:
    line = line.strip()
    words = re.findall(r"[^\W\d_][\w'-]*", line)
    if not words or len(words) > 16 or re.search(r"[.!?:;,…][\"')]*$", line) or not following:
        return False
    long = [word for word in words if len(word) > 3]
    capital = sum(word[0].isupper() for word in long)
    return first or capital >= 0.6 * len(long) or len(words) <= 8


def _cells(text: str, start: int, end: int) -> tuple[Span, ...]:
    bars = [start - 1, *(i for i in range(start, end) if text[i] == "|"), end]
    cells = [_strip(text, a + 1, b) for a, b in pairwise(bars)]
    return tuple((s, e) for s, e in cells if e > s)


def _label(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Label and body of a bullet ("Trade: ports may close."), or its body alone."""
    start, end = _strip(text, start, end)
    label = re.match(r"[^.:!?]{2,80}:\s+(?=\S)", text[start:end])
    if label is None:
        return ((start, end),) if end > start else ()
    cut = start + label.end()
    return _strip(text, start, cut), (cut, end)
