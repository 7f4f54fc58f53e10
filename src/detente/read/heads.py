"""The head of an article: where its words begin after the dateline, and the day on which it says it was published."""

from __future__ import annotations

import re
from datetime import date as Date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?i:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_NTH = r"\d{1,2}(?:st|nd|rd|th)?"
_DAY = rf"(?:{_MONTH} {_NTH},? \d{{4}}|{_NTH} {_MONTH},? \d{{4}}|\d{{4}}-\d\d-\d\d)"
_WHEN = rf"(?:{_MONTH} \d{{1,2}}(?:,? \d{{4}})?|\d{{1,2}} {_MONTH}(?: \d{{4}})?)"

# "JERUSALEM (AP) -- ", "Harare, Zimbabwe - ": where the report was written is not part of what it says.
_DATELINE = re.compile(
    r"(?:[A-Z][A-Z'.]+(?: [A-Z][A-Z'.]+){0,3}|[A-Z][\w'.]+(?: [A-Z][\w'.]+)?)"
    rf"(?:, [A-Z][\w. ]{{2,20}}?)?(?:, {_WHEN})?\s*"
    rf"(?:\([^)]{{2,30}}\)(?:,? {_WHEN})?\s*(?:--?|[–—:])?|--|\s-|[–—]|(?<=[A-Z]):)\s+(?=[A-Z\"'“‘])"
)
_YEAR = re.compile(r" \d{4}\b")

_WEEKDAY = r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? )?"
# What may follow the day in a head: nothing, the time of day, or another piece of the head.
_REST = r"(?=\s*(?:$|[|·•(]|[–—-]\s|,?\s*(?:at\s+)?\d{1,2}[:.]\d\d|T\d\d:))"
_ALONE = re.compile(rf"{_WEEKDAY}({_DAY})(?:,?\s*(?:at\s+)?\d{{1,2}}[:.]\d\d.{{0,20}})?[.]?", re.IGNORECASE)
_NAMES = r"(?:[A-Z][\w.'’-]*,?\s+|and\s+|[|·•(–—-]\s*){1,9}"
_STATED = (
    re.compile(
        rf"(?i:(?:First )?Published|Posted|Publication date|Date)(?: on)?\s*:?\s+{_WEEKDAY}({_DAY}){_REST}",
    ),
    re.compile(rf"(?:By|BY|Author:)\s+{_NAMES}{_WEEKDAY}({_DAY}){_REST}"),
)


def dateline(text: str, start: int, end: int) -> int:
    """Where a text begins after its dateline."""
    hit = _DATELINE.match(text, start, end)
    words = hit.group() if hit else ""
    plain = " - " in words or "--" in words or _YEAR.search(words)
    return hit.end() if hit and (words.split()[0].isupper() or plain) else start


def published(text: str) -> Date | None:
    """The day on which the head of an article says it was published, None where it states no exact day.

    A day counts in the dateline, beside the author's name, after "Published" or "Date", or alone on its line; in the
    first six lines only, and never in running text. Several lines that are days make a chronology, which has no date.

    Example:
        >>> published("SEOUL, March 4, 2024 (Reuters) - The ministers met.")
        datetime.date(2024, 3, 4)
        >>> published("On March 4, 2024, the ministers met.") is None
        True
    """
    lines = [line for line in map(str.strip, text.splitlines()) if line]
    head = lines[:6]
    for line in head:
        for pattern in _STATED:
            if (hit := pattern.match(line)) and (day := _day(hit[1])):
                return day
    alone = {day for line in lines if (hit := _ALONE.fullmatch(line)) and (day := _day(hit[1]))}
    if len(alone) == 1 and any(_ALONE.fullmatch(line) for line in head):
        return alone.pop()
    for line in head:
        if (at := dateline(line, 0, len(line))) and (hit := re.search(rf", ?({_DAY})", line[:at])):
            return _day(hit[1])
    return None


def _day(words: str) -> Date | None:
    month = re.search(_MONTH, words)
    try:
        if month is None:
            return Date.fromisoformat(words)
        day = re.findall(r"\d+", words)[0]  # the year stands last in both orders
        return Date(int(words[-4:]), _MONTHS.index(month[0][:3].lower()) + 1, int(day))
    except ValueError:
        return None
