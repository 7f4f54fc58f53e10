"""Dates of sentences: what they state, and never more."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.read.dates import find, find_all

FRIDAY = date(2024, 7, 12)


@pytest.mark.parametrize(
    ("text", "when", "precision"),
    [
        ("They met on July 11, 2024.", "2024-07-11", "day"),
        ("They met on 11 July 2024.", "2024-07-11", "day"),
        ("They met on Thursday, the 11th of July 2024.", "2024-07-11", "day"),
        ("They met on Sept. 3, 2023.", "2023-09-03", "day"),
        ("Dated 2024-07-11T10:00:00Z.", "2024-07-11", "day"),
        ("Signed 11.07.2024 in Tokyo.", "2024-07-11", "day"),
        ("Signed 13/11/2024 in Tokyo.", "2024-11-13", "day"),
        ("The drill ran from 21 to 31 August 2023.", "2023-08-21/2023-08-31", "interval"),
        ("The drill ran from August 21 to 31, 2023.", "2023-08-21/2023-08-31", "interval"),
        ("The drill ran between August 21 and 31, 2023.", "2023-08-21/2023-08-31", "interval"),
        ("The drill ran August 31 – September 2, 2023.", "2023-08-31/2023-09-02", "interval"),
        ("It ran from 28 December to 3 January 2024.", "2023-12-28/2024-01-03", "interval"),
        ("Talks from May to July 2024 failed.", "2024-05/2024-07", "interval"),
        ("He led it from 2015 to 2017.", "2015/2017", "interval"),
        ("In June 2024, the minister warned them.", "2024-06", "month"),
        ("In mid-June 2024 they met.", "2024-06", "month"),
        ("It was signed in early 2023.", "2023-01/2023-04", "season"),
        ("It was signed in late 2023.", "2023-09/2023-12", "season"),
        ("It was signed in the summer of 2023.", "2023-06/2023-08", "season"),
        ("It was signed in winter 2023.", "2023-12/2024-02", "season"),
        ("It was signed in the first half of 2023.", "2023-01/2023-06", "interval"),
        ("It was signed in Q3 2023.", "2023-07/2023-09", "interval"),
        ("Tests in the 1990s failed.", "1990/1999", "interval"),
        ("It was signed in 2023.", "2023", "year"),
    ],
)
def test_stated_dates(text: str, when: str, precision: str) -> None:
    for published in (None, FRIDAY):
        found = find(text, published)
        assert found is not None
        assert (found.date, found.precision, found.date_from) == (when, precision, "text")


@pytest.mark.parametrize(
    ("text", "when", "precision"),
    [
        ("On July 11 they met.", "2024-07-11", "day"),
        ("On December 1 they met.", "2023-12-01", "day"),
        ("They met on Tuesday.", "2024-07-09", "day"),
        ("They met on Friday.", "2024-07-12", "day"),
        ("They met last Friday.", "2024-07-05", "day"),
        ("They will meet on Tuesday.", "2024-07-16", "day"),
        ("They meet next Monday.", "2024-07-15", "day"),
        ("Yesterday they met.", "2024-07-11", "day"),
        ("The day before, they met.", "2024-07-11", "day"),
        ("They met three days ago.", "2024-07-09", "day"),
        ("They met two weeks ago.", "2024-06-24/2024-06-30", "week"),
        ("They met last week.", "2024-07-01/2024-07-07", "week"),
        ("They met last month.", "2024-06", "month"),
        ("They met in May.", "2024-05", "month"),
        ("They plan to meet in July.", "2024-07", "month"),
        ("They will meet in March.", "2025-03", "month"),
        ("They met last July.", "2023-07", "month"),
        ("They met last year.", "2023", "year"),
        ("They met four years ago.", "2020", "year"),
        ("They met last summer.", "2023-06/2023-08", "season"),
        ("They met early this year.", "2024-01/2024-04", "season"),
    ],
)
def test_relative_dates_need_the_day_of_publication(text: str, when: str, precision: str) -> None:
    found = find(text, FRIDAY)
    assert found is not None
    assert (found.date, found.precision, found.date_from) == (when, precision, "report")
    assert find(text) is None


@pytest.mark.parametrize(
    ("text", "anchor", "when"),
    [
        ("Two days later they left.", "2023-08-21", "2023-08-23"),
        ("The day before, they had met.", "2023-08-21", "2023-08-20"),
        ("The following month they left.", "2023-12", "2024-01"),
        ("That year they left.", "2023-08-21", "2023"),
        ("Two days later they left.", "2023-08", None),
        ("The day before the summit they met.", "2023-08-21", None),
    ],
)
def test_words_that_look_back_need_an_anchor(text: str, anchor: str, when: str | None) -> None:
    found = find(text, anchor=anchor)
    assert (found.date if found else None) == when
    assert find(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "On July 20 they met.",  # eight days after publication: this year's or last year's
        "Signed 07/11/2024 in Tokyo.",
        "On May 35, 2024 nothing happened.",
        "On 30 February 2024 nothing happened.",
        "Some 2000 troops and 2023 ships took part.",
        "They may march in august company.",
        "In less than six months, Japan held 30 drills with 14 countries.",
        "They met.",
    ],
)
def test_nothing_is_guessed(text: str) -> None:
    assert find(text, FRIDAY) is None


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("an Action Plan for 2027", "for"),
        ("in force since 2021", "since"),
        ("by the end of 2027", "until"),
        ("after 11 July 2024", "after"),
        ("ahead of the July 2024 meeting", "before"),
    ],
)
def test_dates_that_are_not_of_the_event(text: str, relation: str) -> None:
    assert [dating.relation for dating in find_all(text)] == [relation]
    assert find(text) is None


def test_the_most_exact_date_wins_and_its_place_is_known() -> None:
    text = "In 2023 the pact was signed; on 5 May 2023 it was ratified."
    found = find(text)
    assert found is not None
    assert found.date == "2023-05-05"
    assert text[found.start : found.end] == "5 May 2023"


WORDS = st.lists(
    st.sampled_from(
        [
            "in",
            "on",
            "the",
            "from",
            "to",
            "11",
            "31",
            "5",
            "July",
            "May",
            "2024",
            "1999",
            "last",
            "next",
            "year",
            "week",
            "Tuesday",
            ",",
            "-",
            "and",
            "between",
            "of",
            "early",
            "mid",
            "summer",
            "two",
            "days",
            "ago",
            "later",
            "before",
            "that",
            "same",
            "2024-02-30",
            "12/31/2020",
            "Q9",
            "half",
            "first",
            "yesterday",
            "0",
            "99999999",
            "9999",
            "troops",
            "will",
            "met",
        ]
    ),
    max_size=14,
).map(" ".join)
DATES = st.dates(date(1990, 1, 1), date(2035, 12, 31))


@given(
    WORDS | st.text(max_size=60), st.none() | DATES, st.none() | st.sampled_from(["2024", "2024-02", "2024-02-29", "x"])
)
def test_dates_never_say_more_than_text_or_anchor_supports(
    text: str, published: date | None, anchor: str | None
) -> None:
    for found in find_all(text, published, anchor=anchor):
        assert 0 <= found.start < found.end <= len(text)
        ends = found.date.split("/")
        assert len(ends) <= 2
        for end in ends:
            assert re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", end)
            date.fromisoformat(end + "-01-01"[len(end) - 4 :] if len(end) < 10 else end)
        assert ends == sorted(ends)
        years = {int(end[:4]) for end in ends}
        words = text[found.start : found.end]
        if found.date_from == "report":
            assert published is not None
        known = {int(year) for year in re.findall(r"\d{4}", words)}
        near = {published.year} if published else set()
        near |= {int(anchor[:4])} if anchor and anchor[:4].isdigit() else set()
        if not known:
            assert near
            ago = re.search(r"\d{1,3}(?=\s+years?)", words)
            assert ago or min(abs(year - one) for year in years for one in near) <= 101
        elif found.date_from == "text" and "s" not in words[-1:]:
            assert any(abs(year - one) <= 1 for year in years for one in known)
        if found.precision == "day" and found.date_from == "text" and not anchor:
            assert re.search(r"\d{1,2}", words)


@given(DATES)
def test_weekdays_lie_in_the_week_before_publication(published: date) -> None:
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"):
        found = find(f"They met on {day}.", published)
        assert found is not None
        when = date.fromisoformat(found.date)
        assert f"{when:%A}" == day
        assert timedelta(0) <= published - when < timedelta(7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sixty years ago they fought.", "1964"),
        ("Seven decades ago they fought.", "1949/1959"),
        ("Half a century ago they fought.", "1964/1984"),
        ("They fought in the nineteenth century.", "1801/1900"),
        ("They fought in the 18th century.", "1701/1800"),
        ("During the Cold War they fought.", "1947/1991"),
        ("Since the Cold War they have met.", None),
    ],
)
def test_long_ago(text: str, expected: str | None) -> None:
    found = find(text, date(2024, 7, 9))
    assert (found.date if found else None) == expected


def test_a_future_in_a_clause_after_the_date_is_not_the_date_s() -> None:
    text = "Japan and Fiji signed a pact in Suva on Monday that will let the troops of each visit the other."
    found = find(text, FRIDAY)
    assert found is not None and found.date == "2024-07-08"
