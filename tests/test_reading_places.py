"""Unowned actors are tied to places; cities are never governments; ships, statements, lists, brackets, warnings."""

from __future__ import annotations

from datetime import date as Date

import pytest

from detente.actors import register
from detente.events import Event
from detente.read import make_report, read
from detente.read.places import cities, homes, ships
from tests.quality import short

FRIDAY = Date(2024, 7, 12)


def events(text: str, outlet: str = "") -> tuple[Event, ...]:
    return read(make_report(text, published=FRIDAY, outlet=outlet)).events


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Police in Karachi arrested three opposition leaders.", "COERCE PAK>PAK asserted"),
        ("Protesters in Cairo clashed with police.", "PROTEST EGY>EGY asserted"),
        ("CAIRO (AP) - Police arrested 20 protesters on Monday.", "COERCE EGY>EGY asserted"),
        ("Opposition leaders in Venezuela condemned the government.", "ACCUSE VEN>VEN asserted"),
        ("Kosovo Albanians protested against Serbian police.", "ACCUSE XKX>SRB asserted"),
        ("An Israeli court jailed two Egyptian citizens.", "COERCE ISR>EGY asserted"),
        ("The Russian embassy in Kyiv condemned Poland.", "ACCUSE RUS>POL asserted"),
        ("Foreign Minister Jane Roe of Norway met Egyptian officials.", "CONSULT NOR<>EGY asserted"),
        ("Russian jets bombed Aleppo.", "ASSAULT RUS>SYR asserted"),
        ("Hezbollah fired rockets at Israel.", "ASSAULT LBN>ISR asserted"),
        ("China harassed the BRP Sierra Madre.", "COERCE CHN>PHL asserted"),
        ("The USS Carl Vinson sailed near North Korea.", "MOBILIZE USA>PRK asserted"),
        ("Both NATO and Japan criticised Russia.", "ACCUSE NATO,JPN>RUS asserted"),
        ("China warned that the American deployment harms the region.", "ACCUSE CHN>USA asserted"),
        ("Russia warned Japan that it would respond to the drills.", "THREATEN RUS>JPN asserted"),
        ("Mali (the leaders of Japan and South Korea met on Tuesday) is calm.", "CONSULT JPN<>KOR asserted"),
        ("Tonga cancelled a planned visit to Fiji.", "REJECT TON>FJI asserted"),
        ("Police clashed with students in Nairobi.", "ASSAULT KEN>KEN asserted"),
        ("The army killed 12 guerrillas in the Colombian province of Antioquia.", "ASSAULT COL>COL asserted"),
        ("Muslims and Christians clashed in Ambon.", "ASSAULT IDN<>IDN asserted"),
        ("Greek police arrested dissident John Roe.", "COERCE GRC>GRC asserted"),
        ("Macedonian police attacked ethnic Albanian rebels.", "ASSAULT MKD>MKD asserted"),
    ],
)
def test_one_sentence(text: str, expected: str) -> None:
    assert expected in [short(e) for e in events(text)]


def test_a_city_is_no_government() -> None:
    assert not [p for e in events("Shanghai condemned Japan.") for p in e.source if p.code]
    assert not [p for e in events("Japan met India in Geneva.") for p in (*e.source, *e.target) if p.code == "CHE"]


def test_who_cannot_be_tied_to_a_state_stays_unknown() -> None:
    (event,) = events("Protesters condemned Japan.")
    assert [p.code for p in event.source] == [None]
    foreign = events("Tourists in Cairo criticised Japan.")
    assert [p.code for e in foreign for p in e.source] == [None]


def test_a_body_tied_to_a_place_says_that_it_is_inferred() -> None:
    (event,) = events("Police in Karachi arrested an Indian man.")
    assert [(p.code, p.role, p.inferred) for p in event.source] == [("PAK", "police", True)]


def test_two_countries_are_the_last_two() -> None:
    text = "Japan met Germany and Spain. As for Australia and New Zealand, these two countries condemned Russia."
    assert "ACCUSE AUS,NZL>RUS asserted" in [short(e) for e in events(text)]


def test_a_person_is_remembered_by_family_name() -> None:
    text = "Anna Larsen, the EU trade chief, criticised China. Larsen also praised Vietnam."
    assert [short(e) for e in events(text)] == ["ACCUSE EU>CHN asserted", "SUPPORT EU>VNM asserted"]


def test_an_institution_speaks_for_its_state() -> None:
    text = "We condemn the launch by North Korea. The Ministry summoned the Russian ambassador."
    told = [short(e) for e in events(text, outlet="Ministry of Foreign Affairs of Japan")]
    assert told == ["ACCUSE JPN>PRK asserted", "ACCUSE JPN>RUS asserted"]
    assert not [p for e in events(text, outlet="Morning Wire") for p in e.source if p.code]
    statement = "Statement by the Government of Fiji\nWe condemn the coup in Niger.\nWe thank Tonga."
    assert "SUPPORT FJI>TON asserted" in [short(e) for e in events(statement)]


def test_items_do_what_the_introduction_says_who_does() -> None:
    text = "North Korea has outlined several steps:\n- Seeking aid from Russia.\n- Deployment of missiles near Japan."
    assert [short(e) for e in events(text)] == ["REQUEST PRK>RUS planned", "MOBILIZE PRK>JPN planned"]


def test_negotiations_belong_to_the_sentence_before() -> None:
    text = "Japan signed the pact with Manila. Negotiations are under way to conclude such a pact with France."
    assert short(events(text)[-1]) == "CONSULT JPN<>FRA asserted"


def test_past_days_lie_before_publication() -> None:
    assert events("On Monday, Japan announced that it will send aid to Laos.")[0].date == "2024-07-08"
    assert events("Japan said on Monday that it will meet India.")[-1].date == "2024-07-08"
    assert events("Japan will meet India on Monday.")[0].date == "2024-07-15"


def test_places_are_of_known_states() -> None:
    known = register().actors
    assert len(cities()) >= 600
    assert set(cities().values()) | set(homes().values()) | {c for row in ships().values() for c in row} <= known.keys()
