"""The head of an article: the day it was published, and where its words begin."""

from __future__ import annotations

from datetime import date

import pytest

from detente.read import make_report, read
from detente.read.heads import dateline, published

BODY = "North Korea condemned Japan on Monday."


@pytest.mark.parametrize(
    "head",
    [
        "SEOUL, March 4, 2024 (Reuters) - ",
        "SEOUL (Reuters), March 4, 2024 - ",
        "SEOUL, South Korea, March 4, 2024 (AP) -- ",
        "Seoul, 4 March 2024 – ",
        "March 4, 2024\n",
        "Drills at sea\nMonday, March 4, 2024\n",
        "Drills at sea\n4 MARCH 2024, 10:30 GMT\n",
        "Published: 4 March 2024\n",
        "Published 4th March 2024 | Updated 6 March 2024\n",
        "By Jane Doe, 4 March 2024\n",
        "By Jane Doe and Jim Roe | Mar. 4, 2024\n",
        "Date: 2024-03-04\n",
    ],
)
def test_the_head_tells_the_day(head: str) -> None:
    assert published(head + BODY) == date(2024, 3, 4)
    reading = read(make_report(head + BODY))
    assert [(e.source[0].code, e.date) for e in reading.events] == [("PRK", "2024-03-04")]


@pytest.mark.parametrize(
    "text",
    [
        "On March 4, 2024, the ministers met.",
        "March 4, 2024 was the day on which the ministers met.",
        "Published March 4, 2024, the report says that the ships left.",
        "SEOUL, March 4 (Reuters) - The ministers met.",
        "March 2024\nThe ministers met.",
        "Published: 31 February 2024\nThe ministers met.",
        "March 4, 2024\nThe ships left.\nMarch 6, 2024\nThe ships came back.",
        "A.\nB.\nC.\nD.\nE.\nF.\nPublished: 4 March 2024\nThe ministers met.",
        "By Jane Doe\nThe ministers met in Seoul on 4 March 2024.",
    ],
)
def test_no_day_is_taken_from_running_text(text: str) -> None:
    assert published(text) is None


def test_what_the_caller_says_goes_first() -> None:
    assert make_report("Date: 2024-03-04\n" + BODY, published=date(2020, 1, 1)).published == date(2020, 1, 1)


@pytest.mark.parametrize("text", ["SEOUL (Reuters), March 4, 2024 - Ships left.", "SEOUL (AFP) March 4 - Ships left."])
def test_a_dateline_with_the_day_last_is_no_part_of_the_sentence(text: str) -> None:
    assert text[dateline(text, 0, len(text)) :] == "Ships left."
