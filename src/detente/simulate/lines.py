"""Reading TOML, and which line of it holds a value, for messages: the standard library's reader does not say."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date as Date
from typing import Any

from detente.errors import ScenarioError

_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]")
_DATE = re.compile(r"^[ \t]*([\w-]+)[ \t]*=[ \t]*(\d{4}-\d\d-\d\d)", re.M)


def toml(text: str | bytes, name: str) -> tuple[str, dict[str, Any]]:
    """The characters of a TOML text and what it says; ``name`` is how messages call it.

    Raises:
        ScenarioError: it is not UTF-8, or not TOML; names the line and the remedy.
    """
    try:
        content = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ScenarioError(f"{name}, line {line}: this is not UTF-8; save the file as UTF-8.") from error
    try:
        return content, tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        for found in _DATE.finditer(content):  # the reader says no more than "Expected newline"
            if not _is_date(found[2]):
                line = line_of(content, (found[1],))
                what = f"key {found[1]!r}: {found[2]} is no date of the calendar; write it as 2018-03-01"
                raise ScenarioError(f"{name}, line {line}: {what}.") from error
        raise ScenarioError(f"{name}: this is not TOML: {error}.") from error


def _is_date(text: str) -> bool:
    try:
        Date.fromisoformat(text)
    except ValueError:
        return False
    return True


def steps(path: str) -> tuple[str | int, ...]:
    """The keys and positions of a path as messages of msgspec give it.

    Example:
        >>> steps("$.measures[2].strength[0]")
        ('measures', 2, 'strength', 0)
    """
    return tuple(key or int(position) for key, position in _STEP.findall(path))


def line_of(text: str, path: tuple[str | int, ...]) -> int:
    """The line, from 1, of the value at a path, or of the innermost part of the path that the text shows.

    Example:
        >>> line_of('name = "x"\\nmeasures = [\\n  "a",\\n  { use = "b" },\\n]', ("measures", 1, "use"))
        4
    """
    at, end, i = 0, len(text), 0
    while i < len(path):
        step = path[i]
        if isinstance(step, int):
            if (found := _element(text, at, end, step)) is None:
                break
            at, end = found
        else:
            nth = path[i + 1] if i + 1 < len(path) else None
            if (table := _table(text, step, nth if isinstance(nth, int) else 0)) and not i:
                at, end = table
                i += isinstance(nth, int) and text[at : at + 2] == "[["
            elif (key := _key(text, at, end, step)) is not None:
                at = key
            else:
                break
        i += 1
    return text.count("\n", 0, at) + 1


def _bare(text: str) -> Iterator[tuple[int, str]]:
    """Positions and characters outside strings and comments."""
    quoted, i = "", 0
    while i < len(text):
        c = text[i]
        if quoted:
            if c == "\\" and quoted == '"':
                i += 1
            elif c == quoted:
                quoted = ""
        elif c in "\"'":
            quoted = c
            yield i, c
        elif c == "#":
            i = text.find("\n", i)
            if i < 0:
                return
            continue
        else:
            yield i, c
        i += 1


def _table(text: str, name: str, nth: int) -> tuple[int, int] | None:
    """From the nth header of a table, or of tables of an array, to the next header."""
    headers = [(m.start(1), m.group(1).strip("[] \t")) for m in re.finditer(r"^[ \t]*(\[+[^\]\n]+\]+)", text, re.M)]
    mine = [i for i, (_, header) in enumerate(headers) if header == name]
    if nth >= len(mine):
        return None
    following = [start for start, header in headers[mine[nth] + 1 :] if not header.startswith(f"{name}.")]
    return headers[mine[nth]][0], following[0] if following else len(text)


def _key(text: str, at: int, end: int, name: str) -> int | None:
    """Where a key is set, at the start of a line or inside an inline table."""
    found = re.compile(rf"(?:^|[{{,])[ \t]*(\"?{re.escape(name)}\"?)[ \t]*=", re.M).search(text, at, end)
    return found.start(1) if found else None


def _element(text: str, at: int, end: int, nth: int) -> tuple[int, int] | None:
    """Start and end of the nth element of the array that begins after a position."""
    depth, number, start = 0, 0, None
    for i, c in _bare(text[at:end]):
        if depth == 1 and start is None and number == nth and not c.isspace() and c not in ",]":
            start = at + i
        if c in "[{":
            depth += 1
        elif c in "]}":
            depth -= 1
            if depth == 0:
                return None if start is None else (start, at + i)
        elif c == "," and depth == 1:
            number += 1
            if start is not None:
                return start, at + i
    return None
