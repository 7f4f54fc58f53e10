"""Ties that sentences name, held against the register."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.actors import ties as register_ties
from detente.events import Tie
from detente.read import make_report, read, report
from tests.shared import shared


def ties(text: str, published: date | None = None) -> tuple[Tie, ...]:
    return read(make_report(text, published=published)).ties


@pytest.mark.parametrize(
    ("text", "id", "status", "when"),
    [
        (
            "Japan signed a Reciprocal Access Agreement with the Philippines on July 8, 2024.",
            "raa-jpn-phl",
            "signed",
            "2024-07-08",
        ),
        ("Japan signed the RAA with the United Kingdom in early 2023.", "raa-jpn-gbr", "signed", "2023"),
        ("Negotiations on an RAA between Japan and France are under way.", "raa-jpn-fra", "negotiating", ""),
        ("South Korea suspended the inter-Korean military agreement.", "cma-2018", "suspended", ""),
        (
            "Russia and North Korea signed a comprehensive strategic partnership treaty in June 2024.",
            "treaty-rus-prk-2024",
            "signed",
            "2024-06",
        ),
        (
            "The mutual defence treaty between the United States and the Philippines is old.",
            "mdt-usa-phl",
            "in force",
            "",
        ),
        (
            "The mutual defense treaty between the United States and the Philippines is old.",
            "mdt-usa-phl",
            "in force",
            "",
        ),
        ("Britain belongs to the Five Eyes.", "fvey", "in force", ""),
        ("AUKUS is three years old.", "aukus", "in force", ""),
        ("Cooperation with Europe will take place through AUKUS.", "aukus", "in force", ""),
        ("The allies agreed to open an integrated cyber defense center.", "nato-nicc", "proposed", ""),
        ("Ulchi Freedom Shield began on Monday.", "ufs", "in force", ""),
        ("India could sign a logistics agreement with Russia.", "relos", "proposed", ""),
    ],
)
def test_known_ties(text: str, id: str, status: str, when: str) -> None:
    found = ties(text)
    row = next(tie for tie in register_ties() if tie.id == id)
    assert [(tie.id, tie.name, tie.kind, tie.parties) for tie in found] == [(row.id, row.name, row.kind, row.parties)]
    assert [(step.status, step.date) for step in found[0].history] == [(status, when)]


def test_such_an_agreement_is_of_the_kind_before() -> None:
    found = ties(
        "Japan signed the RAA with the United Kingdom. Talks are underway to conclude such an agreement with France."
    )
    assert [(tie.id, tie.history[0].status) for tie in found] == [
        ("raa-jpn-gbr", "signed"),
        ("raa-jpn-fra", "negotiating"),
    ]


def test_unknown_ties_say_so() -> None:
    (tie,) = ties("Peru and Mongolia signed a security agreement in May 2024.")
    assert (tie.id, tie.parties, tie.note) == ("partnership-mng-per", ("MNG", "PER"), "not in the register")
    assert [(step.status, step.date) for step in tie.history] == [("signed", "2024-05")]


def test_relative_dates_need_publication() -> None:
    text = "Japan and the Philippines signed a reciprocal access agreement last year."
    assert ties(text)[0].history[0].date == ""
    assert ties(text, date(2025, 3, 1))[0].history[0].date == "2024"


@pytest.mark.parametrize(
    "text",
    [
        "Australia will not sign a defence treaty with China.",
        "Japan met with the United Kingdom.",
        "The treaty is old.",
        "The general ruled with an iron fist.",
        "Japan signed an access agreement.",
    ],
)
def test_no_tie_is_made_up(text: str) -> None:
    assert ties(text) == ()


def test_ties_carry_their_evidence() -> None:
    text = "Ships met.Japan signed a Reciprocal Access Agreement with the Philippines,and both parliaments agreed."
    stored = make_report(text)
    (tie,) = read(stored).ties
    assert stored.text[slice(*(tie.span or (0, 0)))] == "Reciprocal Access Agreement"
    assert tie.sentence in stored.text
    assert tie.report == stored.id


WORDS = [
    "Japan",
    "signed",
    "an",
    "RAA",
    "with",
    "France",
    "such",
    "agreement",
    "between",
    "and",
    "AUKUS",
    "treaty",
    "defence",
    ".",
]
WORDS += [
    "the",
    "NATO",
    "to",
    "negotiate",
    "not",
    "suspended",
    "Talks",
    "are",
    "underway",
    ",",
    "member",
    "countries",
    "'s",
]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=20).map(" ".join))
def test_any_words_are_read(text: str) -> None:
    for tie in ties(text):
        assert len(tie.history) == 1
        assert tie.span is not None
        assert text[slice(*tie.span)]


def test_seeds_name_the_ties_that_a_reader_sees() -> None:
    first = read(report(sorted(shared("seeds").glob("*.txt"))[0]))
    found = {tie.id: tie.history[0] for tie in first.ties}
    assert {
        "aukus",
        "quad",
        "fvey",
        "sco",
        "raa-jpn-gbr",
        "raa-jpn-fra",
        "nato-jpn-itpp",
        "treaty-rus-prk-2024",
    } <= set(found)
    assert (found["raa-jpn-gbr"].status, found["raa-jpn-gbr"].date) == ("signed", "2023")
    assert found["raa-jpn-fra"].status == "negotiating"
