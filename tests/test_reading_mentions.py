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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bosnian Serbs and Krajina Serbs", ["BIH", "HRV"]),
        ("Greek Cypriot leaders", ["CYP"]),
        ("the Basques and the Corsicans", ["ESP", "FRA"]),
        ("Tamil Tiger rebels", ["LKA"]),
        ("the SLORC", ["MMR"]),
        ("the two Koreas", ["KOR", "PRK"]),
        ("the Baltic states", ["EST", "LVA", "LTU"]),
        ("the former Yugoslav republic of Macedonia", ["MKD"]),
        ("the Serbian province of Kosovo", ["XKX"]),
        ("a pro-Syrian cabinet", []),
        ("UNAMSIL peacekeepers", ["UN"]),
        ("ECOMOG soldiers", ["ECOWAS"]),
        ("the Paris Club", ["PARISCLUB"]),
        ("the Commonwealth Games", []),
        ("Zaire and Rhodesia", ["COD", "ZWE"]),
    ],
)
def test_peoples_movements_and_bodies(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Brezhnev warned him.", ["SUN"]),
        ("But Mitterrand refused.", ["FRA"]),
        ("Mr Walesa agreed.", ["POL"]),
        ("Savimbi on Monday met dos Santos.", ["AGO", "AGO"]),
        ("Ceausescu Friday called it off.", ["ROU"]),
        ("The Carter administration objected.", ["USA"]),
        ("President Carter objected.", ["USA"]),
        ("Carter objected.", []),  # many people's name
        ("Susan Brezhnev objected.", []),  # somebody else
    ],
)
def test_family_names_without_a_date(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_a_family_name_holds_on_its_date_only() -> None:
    scanned = Gazetteer(register(), Date(2024, 7, 12)).scan("Brezhnev warned Scholz.")
    assert [n[0].code for f in scanned for _, _, n in f.names] == ["DEU"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("JAPAN ACCUSES CHINESE NAVY", ["JPN", "CHN"]),
        ("US WARNS NORTH KOREA", ["USA", "PRK"]),
        ("MITTERRAND VISITS TONGA ISLANDS", ["FRA", "TON"]),
        ("WHO KILLED THE ADMIRAL", []),
        ("SHIPS MEET IN SOUTH CHINA SEA", []),
        ("UNREST IN KARACHI GROWS\nJapan sent aid.", ["JPN"]),
    ],
)
def test_lines_of_capitals(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_a_people_of_several_states_is_that_of_the_state_in_the_text() -> None:
    (event,) = events("Turkish jets bombed Kurdish rebels in northern Iraq.", None)
    assert [(p.code, p.role) for p in event.target] == [("IRQ", "rebel")]
    (event,) = events("Kurdish rebels attacked a Turkish convoy on the way to Iraq.", None)
    assert [p.code for p in event.source] == [None]  # of either
    (event,) = events("Hutu militiamen attacked a village in Burundi.", None)
    assert {p.code for p in event.source} == {"BDI"}
    (event,) = events("Kurdish rebels condemned Denmark.", None)
    assert [p.code for p in event.source] == [None]


def test_opponents_of_one_state_face_its_government() -> None:
    (event,) = events("Renamo signed a truce with the government.", None)
    assert [p.code for p in (*event.source, *event.target)] == ["MOZ", "MOZ"]
    assert event.target[0].inferred


def test_an_unowned_body_is_not_given_to_a_third_state() -> None:
    coded = events("The United States sent aid to rebels opposed to the Libyan leader.", None)
    assert not [p for e in coded for p in e.target if p.role == "rebel" and p.code == "USA"]


def test_a_name_of_several_states_in_a_place_named_by_itself() -> None:
    """An area that only the shared name places does not send the reader in circles."""
    found = events("Ministers in Turkey resign over violence in Kurdish areas of the country.")
    assert all(p.code in {"TUR", None} for e in found for p in (*e.source, *e.target))
