"""Dates that a sentence states, with the precision it states them, and never more.

A date is an ISO string of known precision: ``2024-07-11`` (day), ``2024-07`` (month), ``2023`` (year), or two of
them around a slash for a week, a season or an interval (both ends included). Parts of a year that have soft edges are
thirds and have the precision ``season``: early 2023 is ``2023-01/2023-04``, mid-2023 ``2023-05/2023-08``, late 2023
``2023-09/2023-12``. Spring, summer and autumn are the northern ones (``2023-03/2023-05`` and so on); winter 2023
begins in December 2023.

Words that need a point of reference ("last year", "on Tuesday", "in July") are resolved against the date of
publication, words that look back at the text ("the day before", "the following month") against the date the
document gave last (the anchor). Where that is unknown or leaves two answers, there is no date.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date as Date
from datetime import timedelta
from functools import cache
from typing import Literal

from msgspec import Struct

from detente.events import DateFrom, Precision

Relation = Literal["on", "since", "until", "before", "after", "for"]

_MONTHS = [name.lower() for name in calendar.month_name]
_SHORT = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10}
_SHORT |= {"nov": 11, "dec": 12}
_DAYS = [name.lower() for name in calendar.day_name]
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
_COUNTS |= {"nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40}
_COUNTS |= {"fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_CENTURIES = {"sixteenth": 16, "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20}
# Wars by which texts date other acts; the Cold War from the Truman doctrine to the end of the Soviet Union.
_ERAS = {
    "First World War": "1914/1918",
    "Second World War": "1939/1945",
    "Cold War": "1947/1991",
    "Korean War": "1950/1953",
    "Vietnam War": "1955/1975",
    "Gulf War": "1990/1991",
    "interwar years": "1918/1939",
}
_QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4, "1": 1, "2": 2, "3": 3, "4": 4}

_MONTH = (
    r"(?P<month{n}>January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_DAY = r"(?P<day{n}>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = (
    r"(?P<year{n}>(?:18|19|20|21)\d\d)(?![\w%°]|[.,]\d|[\s-](?:mile|km|kilomet|met(?:re|er)|man|men|strong|kg|ton|troops"
    r"|soldiers|personnel|people|ships|aircraft|dollars|percent|per cent)s?\b)"
)
_TO = r"(?:\s*[-–—]\s*|\s+(?:to|through|until|till)\s+)"
_COUNT = r"(?P<count>\d{1,3}|(?i:" + "|".join(_COUNTS) + "))"
_WEEKDAY = "(?P<weekday>" + "|".join(day.capitalize() for day in _DAYS) + ")"
_SEASON = r"(?P<season>spring|summer|autumn|fall|winter|Spring|Summer|Autumn|Fall|Winter)"
_PART = r"(?P<part>[Ee]arly|[Ll]ate|[Mm]id|[Mm]iddle of|[Bb]eginning of|[Ss]tart of|[Ee]nd of)"

# A future tense turns "in July" and "on Tuesday" towards the next one.
_FUTURE = re.compile(
    r"\b(?:will|shall|plans?|planned|planning|to be (?:held|signed|launched)|scheduled|upcoming|due|expected"
    r"|intends?|intended|going to|aims?|set to|next)\b",
    re.IGNORECASE,
)
_BEFORE: list[tuple[Relation, re.Pattern[str]]] = [
    ("since", re.compile(r"\b(?:since|from|starting (?:in|on))\s+(?:the\s+)?(?:year\s+)?$", re.IGNORECASE)),
    ("until", re.compile(r"\b(?:until|till|by|up to|no later than)\s+(?:the\s+)?(?:year\s+)?$", re.IGNORECASE)),
    ("before", re.compile(r"\b(?:before|ahead of|prior to)\s+(?:the\s+)?(?:year\s+)?$", re.IGNORECASE)),
    ("after", re.compile(r"\b(?:after|following)\s+(?:the\s+)?(?:year\s+)?$", re.IGNORECASE)),
    ("for", re.compile(r"\bfor\s+(?:the\s+)?(?:fiscal\s+)?(?:year\s+)?$", re.IGNORECASE)),
]


class Dating(Struct, frozen=True):
    """A date that a sentence states.

    Args:
        date: ISO string, or two around a slash.
        precision: how exact it is.
        date_from: ``text`` where the text states it in full or against a date of its own, ``report`` where the date
            of publication was needed.
        start, end: characters of the sentence that state it.
        relation: ``on``, or that the words speak of a time since, until, before, after, or meant for it.
    """

    date: str
    precision: Precision
    date_from: DateFrom
    start: int
    end: int
    relation: Relation = "on"


class _Reference(Struct, frozen=True):
    """What a date may be resolved against."""

    published: Date | None
    anchor: str | None
    future: bool


_Found = tuple[str, Precision, DateFrom] | None
_Rule = tuple[re.Pattern[str], Callable[[re.Match[str], _Reference], _Found]]


def find(text: str, published: Date | None = None, *, anchor: str | None = None) -> Dating | None:
    """When what a sentence tells took place: the most exact date it states, the earliest mentioned among equals.

    Dates it took place since, until, before or after, or that something is meant for ("an action plan for 2027"), are
    left out of account.

    Args:
        text: a sentence.
        published: date of publication, if known.
        anchor: the last date the document gave, as an ISO string.

    Returns:
        The date, or None where the sentence states none or it cannot be resolved without guessing.

    Example:
        >>> find("They met on July 11, 2024.").date
        '2024-07-11'
        >>> find("They met on July 11.") is None
        True
        >>> find("They met last year.", Date(2024, 7, 20)).date
        '2023'
    """
    stated = [dating for dating in find_all(text, published, anchor=anchor) if dating.relation == "on"]
    order = {"day": 0, "interval": 1, "week": 2, "month": 3, "season": 4, "year": 5}
    return min(stated, key=lambda dating: (order[dating.precision], dating.start), default=None)


def find_all(text: str, published: Date | None = None, *, anchor: str | None = None) -> list[Dating]:
    """Every date that a sentence states and that can be resolved, in order; see :func:`find`.

    Example:
        >>> [(d.date, d.relation) for d in find_all("Signed in 2023, the plan for 2027 has held since 5 May 2023.")]
        [('2023', 'on'), ('2027', 'for'), ('2023-05-05', 'since')]
    """
    first = (anchor or "").partition("/")[0]
    known = first if re.fullmatch(r"\d{4}(-\d\d){0,2}", first) else None
    cues = [cue.span() for cue in _FUTURE.finditer(text)]
    taken: list[tuple[int, int]] = []
    found: list[Dating] = []
    for pattern, resolve in _rules():
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(s < end and start < e for s, e in taken):
                continue
            # What a longer rule could not resolve must not be read again by a shorter one ("May 35, 2024").
            taken.append((start, end))
            try:
                answer = resolve(match, _Reference(published, known, _is_ahead(text, start, end, cues)))
            except (ValueError, OverflowError):
                continue
            if answer is not None:
                # The preposition belongs to the relation: look at what stands before the first word of the date.
                words = [match.start(name) for name in match.groupdict() if match[name] is not None]
                found.append(Dating(*answer, start, end, _relation(text[: min(words)], answer[1])))
    return sorted(found, key=lambda dating: dating.start)


_TOLD = re.compile(r"\b(?:said|told|met|held|\w{2,}ed)\b")


_TOLD_ON = re.compile(r"\b(?:said|told|met|held|\w{2,}ed)\s+(?:[\w'-]+\s+){0,8}$")


def _is_ahead(text: str, start: int, end: int, cues: list[tuple[int, int]]) -> bool:
    """Whether the words of the future in a sentence reach a date: no verb of the past stands between.

    "will meet on Monday" looks ahead; "said on Monday that it will meet" and "On Monday, Japan announced that it will"
    do not.
    """
    for first, last in cues:
        between = text[last:start] if last <= start else text[end:first]
        if last > start and (len(between.split()) > 8 or _TOLD_ON.search(text, max(0, start - 100), start)):
            continue
        if re.match(r"(?:plan|schedul|intend|expect)", text[first:last]) and text[first:last].endswith("ed"):
            between = between.removeprefix(text[first:last])
        if not _TOLD.search(between):
            return True
    return False


def _relation(before: str, precision: Precision) -> Relation:
    if precision == "interval":
        return "on"
    tail = before[-40:]
    return next((relation for relation, pattern in _BEFORE if pattern.search(tail)), "on")


@cache
def _rules() -> list[_Rule]:
    """Rules, longest first: a later one does not look at words that an earlier one took."""

    def m(n: str = "") -> str:
        return _MONTH.format(n=n)

    def d(n: str = "") -> str:
        return _DAY.format(n=n)

    def y(n: str = "") -> str:
        return _YEAR.format(n=n)

    def span(first: str, second: str) -> str:
        return rf"\b(?:[Ff]rom\s+)?{first}{_TO}{second}|\b[Bb]etween\s+{twice(first)}\s+and\s+{twice(second)}"

    def twice(part: str) -> str:
        # A group name may stand once in a pattern.
        return re.sub(r"\?P<([a-z]+)(\d)>", r"?P<\1\g<2>b>", part)

    on = rf"(?:{_WEEKDAY},?\s+(?:the\s+|\()?)?"
    year_or_so = rf"(?:(?:,\s*|\s+)(?:of\s+)?{y()}|\s+(?:of\s+)?(?P<relative>this|last|next)\s+year\b)"
    rules: list[tuple[str, Callable[[re.Match[str], _Reference], _Found]]] = [
        (span(rf"{d('1')}\s+{m('1')}(?:,?\s+{y('1')})?", rf"{d('2')}\s+{m('2')}(?:,?\s+{y('2')})?"), _days),
        (span(rf"{m('1')}\s+{d('1')}(?:,?\s+{y('1')})?", rf"{m('2')}\s+{d('2')}\b(?:,?\s+{y('2')})?"), _days),
        (span(d("1"), rf"{d('2')}\s+(?:of\s+)?{m('2')}(?:,?\s+{y('2')})?"), _days),
        (span(rf"{m('2')}\s+{d('1')}", rf"{d('2')}\b(?:,?\s+{y('2')})?"), _days),
        (span(rf"{m('1')}(?:\s+{y('1')})?", rf"{m('2')}\s+{y('2')}"), _months),
        (rf"\b(?:[Ff]rom\s+)?{y('1')}{_TO}{y('2')}|\b[Bb]etween\s+{y('1b')}\s+and\s+{y('2b')}", _years),
        (r"\b(?P<year>\d{4})-(?P<number>\d\d)-(?P<day>\d\d)(?:T[\d:.]+Z?)?\b", _day),
        (r"\b(?P<day>\d{1,2})\.(?P<number>\d{1,2})\.(?P<year>\d{4})\b", _day),
        (r"\b(?P<one>\d{1,2})/(?P<two>\d{1,2})/(?P<year>\d{4})\b", _slashes),
        (rf"\b{on}\b{d()}\s+(?:of\s+)?{m()}{year_or_so}?", _day),
        (rf"\b{on}{m()}\s+(?:the\s+)?{d()}(?![\d%:]|\.\d|,\d{{1,3}}(?!\d)){year_or_so}?", _day),
        (
            rf"\b(?P<quarter>[Ff]irst|[Ss]econd|[Tt]hird|[Ff]ourth|[Ll]ast)\s+(?P<unit>quarter|half)\s+of\s+{y()}",
            _quarter,
        ),
        (rf"\bQ(?P<quarter>[1-4])\s+{y()}", _quarter),
        (rf"\b{_PART}[\s-]+(?:the\s+)?{m()}{year_or_so}?", _month),
        (rf"\b{_PART}[\s-]+(?:the\s+year\s+)?{y()}", _part_of_year),
        (rf"\b{_PART}[\s-]+(?P<relative>this|last|next)\s+year\b", _part_of_year),
        (r"\b(?P<year>(?:18|19|20)\d0)s\b", _decade),
        (rf"\b{_SEASON}\s+(?:of\s+)?{y()}", _season),
        (rf"\b(?P<relative>[Tt]his|[Ll]ast|[Nn]ext)\s+{_SEASON}\b", _season),
        (rf"\b{m()}{year_or_so}", _month),
        (rf"\b(?P<relative>[Tt]his|[Ll]ast|[Nn]ext)\s+{m()}\b", _month),
        (rf"\b(?:[Ii]n|[Dd]uring|[Ss]ince|[Uu]ntil|[Bb]y|[Bb]efore|[Aa]fter|[Tt]hroughout)\s+{m()}(?![\w'])", _month),
        (r"\b(?P<relative>[Tt]his|[Ll]ast|[Nn]ext)\s+(?P<unit>week|month|year)\b", _relative),
        (rf"\b(?:(?P<half>[Hh]alf a)|{_COUNT})\s+(?P<unit>decade|centur)(?:y|ie)?s?\s+(?P<way>ago)\b", _decades),
        (rf"\b(?P<century>{'|'.join(_CENTURIES)}|1\dth|20th)[\s-]century\b", _century),
        (rf"\b(?:[Dd]uring|[Ii]n|[Tt]hroughout)\s+the\s+(?P<era>{'|'.join(_ERAS)})\b", _era),
        (rf"\b{_COUNT}\s+(?P<unit>day|week|month|year)s?\s+(?P<way>ago|later|earlier|after|before)\b", _count),
        (r"\b(?P<word>[Yy]esterday|[Tt]oday|[Tt]onight|[Tt]omorrow)\b(?!'s)", _word),
        (
            r"\b(?:[Tt]he|[Tt]hat)\s+(?:very\s+)?(?P<step>same|next|following|previous|preceding)\s+(?P<unit>day|week|month|year)\b",
            _step,
        ),
        (r"\b(?P<step>[Tt]hat)\s+(?P<unit>day|week|month|year)\b", _step),
        (r"\b(?:[Tt]he|[Aa])\s+(?P<unit>day|week|month|year)\s+(?P<step>before|after|earlier|later)\b", _step),
        (rf"\b(?:(?P<relative>[Ll]ast|[Nn]ext|[Tt]his)\s+)?{_WEEKDAY}\b(?!s)", _weekday),
        (
            r"(?:\b(?:[Ii]n|[Ss]ince|[Bb]y|[Uu]ntil|[Dd]uring|[Ff]or|[Ff]rom|[Oo]f|[Bb]efore|[Aa]fter|[Tt]hroughout|"
            rf"[Yy]ear)\s+(?:the\s+)?(?:year\s+)?|\(){y()}",
            _year,
        ),
    ]
    return [(re.compile(pattern), resolve) for pattern, resolve in rules]


def _group(match: re.Match[str], name: str) -> str | None:
    """A named group, or its twin from the "between ... and ..." form; None where neither took part."""
    groups = match.groupdict()
    return groups.get(name) or groups.get(f"{name}b")


def _number(match: re.Match[str], name: str) -> int | None:
    value = _group(match, name)
    return int(value) if value else None


def _month_number(match: re.Match[str], name: str = "month") -> int | None:
    value = _group(match, name)
    if value is None:
        return None
    word = value.rstrip(".").lower()
    return _MONTHS.index(word) if word in _MONTHS else _SHORT[word]


def _likely_year(month: int, day: int | None, reference: _Reference) -> int | None:
    """Year of a month or day printed without one: the last before publication, the next where the sentence looks
    ahead. One that lies up to ninety days ahead without any sign of the future could be either: None."""
    published = reference.published
    if published is None:
        return None
    if day is None:
        months_ahead = (month - published.month) % 12
        if reference.future:
            return published.year + (month < published.month)
        if months_ahead in (1, 2, 3):
            return None
        return published.year - (month > published.month)
    this = Date(published.year, month, day)
    if reference.future:
        return published.year + (this < published)
    soon = this if this > published else Date(published.year + 1, month, day)
    if soon - published <= timedelta(days=90):
        return None if this != published else published.year
    return published.year - (this > published)


def _year_of(match: re.Match[str], reference: _Reference) -> tuple[int, DateFrom] | None:
    """Year printed, or "this year", "last year", "next year" against the date of publication."""
    year = _number(match, "year")
    if year is not None:
        return year, "text"
    relative = _group(match, "relative")
    if relative is None or reference.published is None:
        return None
    return reference.published.year + {"last": -1, "this": 0, "next": 1}[relative.lower()], "report"


def _day(match: re.Match[str], reference: _Reference) -> _Found:
    month = _number(match, "number") or _month_number(match)
    day = _number(match, "day")
    if month is None or day is None:
        return None
    year = _year_of(match, reference)
    if year is None:
        Date(2000, month, day)
        likely = _likely_year(month, day, reference)
        if likely is None:
            return None
        return Date(likely, month, day).isoformat(), "day", "report"
    return Date(year[0], month, day).isoformat(), "day", year[1]


def _slashes(match: re.Match[str], reference: _Reference) -> _Found:
    one, two = int(match["one"]), int(match["two"])
    if one <= 12 and two <= 12 and one != two:
        return None
    month, day = (two, one) if one > 12 else (one, two)
    return Date(int(match["year"]), month, day).isoformat(), "day", "text"


def _days(match: re.Match[str], reference: _Reference) -> _Found:
    second_month = _month_number(match, "month2")
    first_month = _month_number(match, "month1") or second_month
    first_day, second_day = _number(match, "day1"), _number(match, "day2")
    if first_month is None or second_month is None or first_day is None or second_day is None:
        return None
    second_year, first_year = _number(match, "year2"), _number(match, "year1")
    date_from: DateFrom = "text"
    if second_year is None:
        if first_year is not None:
            second_year = first_year + (second_month < first_month)
        else:
            second_year, date_from = _likely_year(second_month, second_day, reference), "report"
    if second_year is None:
        return None
    if first_year is None:
        first_year = second_year - (first_month > second_month)
    first, second = Date(first_year, first_month, first_day), Date(second_year, second_month, second_day)
    if second <= first:
        return None
    return f"{first}/{second}", "interval", date_from


def _months(match: re.Match[str], reference: _Reference) -> _Found:
    first, second = _month_number(match, "month1"), _month_number(match, "month2")
    second_year = _number(match, "year2")
    if first is None or second is None or second_year is None:
        return None
    first_year = _number(match, "year1") or second_year - (first > second)
    if (first_year, first) >= (second_year, second):
        return None
    return f"{first_year}-{first:02}/{second_year}-{second:02}", "interval", "text"


def _years(match: re.Match[str], reference: _Reference) -> _Found:
    first, second = _number(match, "year1"), _number(match, "year2")
    if first is None or second is None or second <= first:
        return None
    return f"{first}/{second}", "interval", "text"


def _quarter(match: re.Match[str], reference: _Reference) -> _Found:
    year, quarter = match["year"], match["quarter"].lower()
    if match.groupdict().get("unit") == "half":
        halves = {"first": ("01", "06"), "second": ("07", "12"), "last": ("07", "12")}
        if quarter not in halves:
            return None
        first, last = halves[quarter]
        return f"{year}-{first}/{year}-{last}", "interval", "text"
    number = _QUARTERS[quarter]
    return f"{year}-{3 * number - 2:02}/{year}-{3 * number:02}", "interval", "text"


def _month(match: re.Match[str], reference: _Reference) -> _Found:
    month = _month_number(match)
    if month is None:
        return None
    relative = match.groupdict().get("relative")
    if relative and not match[0].endswith("year"):
        # "last July": the last one that is over; "next July": the next to begin; "this July": of the year at hand.
        published = reference.published
        if published is None:
            return None
        shift = {"last": -(month >= published.month), "next": int(month <= published.month), "this": 0}[
            relative.lower()
        ]
        return f"{published.year + shift}-{month:02}", "month", "report"
    year = _year_of(match, reference)
    if year is None:
        likely = _likely_year(month, None, reference)
        if likely is None:
            return None
        return f"{likely}-{month:02}", "month", "report"
    return f"{year[0]}-{month:02}", "month", year[1]


def _part_of_year(match: re.Match[str], reference: _Reference) -> _Found:
    year = _year_of(match, reference)
    if year is None:
        return None
    part = match["part"].lower()
    first, last = (1, 4) if part.startswith(("early", "begin", "start")) else (5, 8) if "mid" in part else (9, 12)
    return f"{year[0]}-{first:02}/{year[0]}-{last:02}", "season", year[1]


def _decade(match: re.Match[str], reference: _Reference) -> _Found:
    year = int(match["year"])
    return f"{year}/{year + 9}", "interval", "text"


def _season(match: re.Match[str], reference: _Reference) -> _Found:
    first = _SEASONS[match["season"].lower()]
    year = _number(match, "year")
    date_from: DateFrom = "text"
    if year is None:
        published, relative = reference.published, match["relative"].lower()
        if published is None:
            return None
        date_from = "report"
        # Months since the season of this year began; a winter begins in December of the year before.
        begun = (published.year * 12 + published.month) - (published.year * 12 + first)
        year = published.year
        if relative == "last":
            year -= begun < 3
        elif relative == "next":
            year += begun >= 0
        elif first == 12 and published.month < 9:
            if published.month > 2:
                return None
            year -= 1
    if first == 12:
        return f"{year}-12/{year + 1}-02", "season", date_from
    return f"{year}-{first:02}/{year}-{first + 2:02}", "season", date_from


def _week(day: Date) -> str:
    monday = day - timedelta(days=day.weekday())
    return f"{monday}/{monday + timedelta(days=6)}"


def _unit(day: Date, unit: str) -> tuple[str, Precision]:
    """The day, or the week, month or year around it."""
    if unit == "day":
        return day.isoformat(), "day"
    if unit == "week":
        return _week(day), "week"
    return (f"{day:%Y-%m}", "month") if unit == "month" else (f"{day.year:04}", "year")


def _shift(day: Date, unit: str, count: int) -> Date:
    if unit in ("day", "week"):
        return day + timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 + count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    return Date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _relative(match: re.Match[str], reference: _Reference) -> _Found:
    if reference.published is None:
        return None
    count = {"last": -1, "this": 0, "next": 1}[match["relative"].lower()]
    date, precision = _unit(_shift(reference.published, match["unit"], count), match["unit"])
    return date, precision, "report"


def _anchor(reference: _Reference, unit: str) -> Date | None:
    """First day of the document's last date, where that is exact enough to count units from."""
    anchor = reference.anchor
    if anchor is None or len(anchor) < {"day": 10, "week": 10, "month": 7, "year": 4}[unit]:
        return None
    return Date.fromisoformat(anchor + "-01-01"[len(anchor) - 4 :] if len(anchor) < 10 else anchor)


def _ends_there(match: re.Match[str]) -> bool:
    """Whether nothing follows that "before" or "after" could belong to ("the day before the summit")."""
    return re.match(r"\s*(?:[,.;:!?)\"]|$)", match.string[match.end() :]) is not None


def _count(match: re.Match[str], reference: _Reference) -> _Found:
    count = _COUNTS.get(match["count"].lower()) or int(match["count"])
    unit, way = match["unit"], match["way"]
    if way == "ago":
        base, date_from = reference.published, "report"
    elif way in ("later", "earlier") or _ends_there(match):
        base, date_from = _anchor(reference, unit), "text"
    else:
        return None
    if base is None:
        return None
    date, precision = _unit(_shift(base, unit, count if way in ("later", "after") else -count), unit)
    return date, precision, "report" if date_from == "report" else "text"


def _decades(match: re.Match[str], reference: _Reference) -> _Found:
    """ "Seven decades ago", "a century ago": the words leave some five years on either side, a century ten."""
    if reference.published is None:
        return None
    unit = 100 if match["unit"].startswith("centur") else 10
    count = match["count"]
    years = unit // 2 if match["half"] else unit * (_COUNTS.get(count.lower()) or int(count))
    year, margin = reference.published.year - years, unit // 10 if unit == 100 else unit // 2
    return f"{year - margin}/{year + margin}", "interval", "report"


def _century(match: re.Match[str], reference: _Reference) -> _Found:
    word = match["century"]
    number = _CENTURIES.get(word) or int(word[:2])
    return f"{number * 100 - 99}/{number * 100}", "interval", "text"


def _era(match: re.Match[str], reference: _Reference) -> _Found:
    return _ERAS[match["era"]], "interval", "text"


def _word(match: re.Match[str], reference: _Reference) -> _Found:
    if reference.published is None:
        return None
    shift = {"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1}[match["word"].lower()]
    return (reference.published + timedelta(days=shift)).isoformat(), "day", "report"


def _step(match: re.Match[str], reference: _Reference) -> _Found:
    step, unit = match["step"].lower(), match["unit"]
    if step in ("before", "after") and not _ends_there(match):
        return None
    count = {"same": 0, "that": 0, "next": 1, "following": 1, "after": 1, "later": 1}.get(step, -1)
    base = _anchor(reference, unit)
    if base is not None:
        date, precision = _unit(_shift(base, unit, count), unit)
        return date, precision, "text"
    # "The day before" in a text that gives no other date looks back from the day of writing.
    if reference.anchor is None and reference.published is not None and unit == "day" and count == -1:
        return (reference.published - timedelta(days=1)).isoformat(), "day", "report"
    return None


def _weekday(match: re.Match[str], reference: _Reference) -> _Found:
    published = reference.published
    if published is None:
        return None
    wanted = _DAYS.index(match["weekday"].lower())
    relative = (match["relative"] or "").lower()
    back = (published.weekday() - wanted) % 7
    if relative == "last":
        shift = -(back or 7)
    elif relative == "next":
        shift = 7 - back
    elif relative == "this":
        shift = wanted - published.weekday()
    else:
        shift = (-back) % 7 if reference.future else -back
    return (published + timedelta(days=shift)).isoformat(), "day", "report"


def _year(match: re.Match[str], reference: _Reference) -> _Found:
    return match["year"], "year", "text"
