"""Who is meant: names, lists, roles, traps, groups, pronouns, unknown names."""

from __future__ import annotations

from datetime import date as Date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.actors import register
from detente.events import Event
from detente.read import make_report, read
from detente.read.gazetteer import Gazetteer

STATES = (
    "Japan",
    "South Korea",
    "Australia",
    "New Zealand",
    "the Philippines",
    "India",
    "Vietnam",
    "the United States",
)
CODES = ("JPN", "KOR", "AUS", "NZL", "PHL", "IND", "VNM", "USA")


def events(text: str, published: Date | None = Date(2024, 7, 12)) -> tuple[Event, ...]:
    return read(make_report(text, published=published)).events


def codes(text: str) -> list[str]:
    return [n[0].code for f in Gazetteer(register()).scan(text) for _, _, n in f.names]


@pytest.mark.parametrize("n", range(2, 9))
def test_lists_of_up_to_eight(n: int) -> None:
    (event,) = events(f"China condemned {', '.join(STATES[: n - 1])} and {STATES[n - 1]}.")
    assert [p.code for p in event.target] == list(CODES[:n])
    assert all(p.span for p in event.target)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("an Asian NATO", []),
        ("the South China Sea", []),
        ("NATO met", ["NATO"]),
        ("U.S.-Japan drills", ["USA", "JPN"]),
        ("Sino-Japanese relations", ["CHN", "JPN"]),
        ("Chinese and Russian officials", ["CHN", "RUS"]),
        ("it told us so", []),
    ],
)
def test_names_and_traps(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_a_place_is_not_joined_to_a_list() -> None:
    shapes = [f.shape for f in Gazetteer(register()).scan("In Japan, China and Russia agreed.")]
    assert shapes == ["name", "list"]


def test_roles() -> None:
    (event,) = events("The Japanese defence minister met Chinese officials.")
    assert [(p.code, p.role) for p in (*event.source, *event.target)] == [
        ("JPN", "defence minister"),
        ("CHN", "official"),
    ]


def test_leaders_by_date() -> None:
    text = "President Joe Biden met Prime Minister Fumio Kishida."
    (event,) = events(text)
    assert {p.code for p in (*event.source, *event.target)} == {"USA", "JPN"}


def test_partners_of_a_state_are_not_the_state() -> None:
    assert not any(p.code == "USA" for e in events("Partners of the US met in Tonga.") for p in (*e.source, *e.target))


def test_groups_and_pronouns_remember_the_document() -> None:
    text = "Japan and the Philippines signed a pact. Both nations condemned China. China accused Japan. "
    text += "It urged Japan to stop."
    coded = events(text)
    assert [p.code for p in coded[1].source] == ["JPN", "PHL"]
    assert all(p.inferred for p in coded[1].source)
    assert [p.code for p in coded[3].source] == ["CHN"]


def test_all_four_countries() -> None:
    text = "Leaders of Japan, South Korea, Australia and New Zealand came. All four countries condemned Russia."
    event = events(text)[-1]
    assert [p.code for p in event.source] == ["JPN", "KOR", "AUS", "NZL"]


def test_a_target_in_the_sentence_before() -> None:
    coded = events("Japan will hold joint exercises with Germany. Russia protested against the upcoming exercises.")
    assert [p.code for p in coded[-1].target] == ["JPN", "DEU"]
    assert all(p.inferred and p.span is None for p in coded[-1].target)


def test_an_unknown_name_is_a_question_and_never_guessed() -> None:
    reading = read(make_report("Wakanda condemned Japan."))
    (event,) = reading.events
    assert [(p.code, p.name) for p in event.source] == [(None, "Wakanda")]
    assert [(q.kind, q.words) for q in reading.questions] == [("unknown actor", "Wakanda")]


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(8)), st.integers(2, 8))
def test_every_order_of_a_list_is_found(order: list[int], n: int) -> None:
    chosen = order[:n]
    text = "Talks among " + ", ".join(STATES[i] for i in chosen[:-1]) + f" and {STATES[chosen[-1]]} began."
    assert codes(text) == [CODES[i] for i in chosen]


def test_spans_point_at_the_words_as_stored() -> None:
    text = "It rained.Officials in “Tokyo” slept.\n\nthe next day, north Korea‘s army attacked south Korea."
    event = events(text)[-1]
    words = [text[slice(*p.span)] for p in (*event.source, *event.target) if p.span]
    assert words == ["north Korea‘s army", "south Korea"]
    assert text[slice(*event.trigger)] == "attacked"
