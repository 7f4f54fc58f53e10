"""Whole pieces of commentary: events, sentences that tell none, speakers. Scores may rise and never fall."""

from __future__ import annotations

from datetime import date

import pytest

from detente.actors import register
from detente.codebook import TYPES
from detente.read import make_report, read
from tests.commentary import pieces, read_pieces, scores, written

FLOORS = {
    "dev": {"recall": 64.0, "precision": 66.0, "speaker": 100.0, "date": 85.0},
    "check": {"recall": 57.0, "precision": 54.0, "speaker": 100.0, "date": 100.0},
    "last": {"recall": 69.0, "precision": 83.0, "speaker": 90.0, "date": 100.0},
}
CEILINGS = {"dev": (50, 2), "check": (60, 6), "last": (20, 1)}
"""Least number of sentences without an asserted event, and how many of them may be given one."""


@pytest.fixture(scope="module")
def measured() -> dict[str, dict[str, float]]:
    return {half: scores(read_pieces(pieces(half))) for half in FLOORS}


@pytest.mark.parametrize("half", FLOORS)
def test_scores_stay_above_their_floors(measured: dict[str, dict[str, float]], half: str) -> None:
    for measure, floor in FLOORS[half].items():
        assert measured[half][measure] >= floor, (measure, measured[half])


@pytest.mark.parametrize("half", CEILINGS)
def test_sentences_without_an_asserted_event_stay_without(measured: dict[str, dict[str, float]], half: str) -> None:
    least, most = CEILINGS[half]
    assert measured[half]["sentences without an asserted event"] >= least
    assert measured[half]["of them given one"] <= most, measured[half]


def test_the_pieces_are_sound() -> None:
    known = register().actors
    rows = pieces()
    assert len(rows) >= 8
    assert len({row["id"] for row in rows}) == len({row["style"] for row in rows}) == len(rows)
    for row in rows:
        assert 12 <= len(row["sentences"]) <= 25
        text, starts = written(row)
        for sentence, start in zip(row["sentences"], starts, strict=True):
            assert text.startswith(sentence["text"], start)
            assert bool(sentence["events"]) or bool(sentence.get("none")) or "voice" in sentence, sentence["text"]
            for gold in sentence["events"]:
                assert gold["type"] in TYPES
                assert set(gold["source"]) | set(gold["target"]) <= known.keys(), sentence["text"]


@pytest.mark.parametrize(
    ("text", "modality"),
    [
        ("Does Japan threaten China?", "hypothetical"),
        ("Attacking Syria would be a mistake.", "hypothetical"),
        ("Imposing sanctions on Iran is an illegitimate act.", "hypothetical"),
        ("The notion that Japan attacked China is untrue.", "negated"),
        ("It is not true that Greece bombed Turkey.", "negated"),
        ("There is no evidence that Serbia attacked Kosovo.", "negated"),
        ("North Korea may react by firing missiles at Japan.", "hypothetical"),
        ("Before Russia attacks Poland, it would have to cross Ukraine.", "hypothetical"),
        ("NATO regularly conducts exercises in the Baltic Sea.", "hypothetical"),
        ("Every year South Korea and the United States hold drills in August.", "hypothetical"),
        ("China threatens Taiwan with every such exercise.", "hypothetical"),
        ("Imagine that China attacks Taiwan.", "hypothetical"),
        ("Germany ought to have condemned Turkey.", "hypothetical"),
        ("China allegedly rammed a Philippine boat.", "claimed"),
        ("China appears to have attacked a Vietnamese boat.", "claimed"),
        ("A scenario in which China invades Taiwan was played through in Tokyo.", "hypothetical"),
        ("Cooperation between Japan and South Korea is a cornerstone of peace.", "hypothetical"),
        ("No state has condemned Israel more often than Turkey.", "negated"),
        ("Sixty years ago, North Korea invaded South Korea.", "historical"),
        ("During the Cold War, Albania broke relations with China.", "historical"),
        ("Iran attacked Oman.", "asserted"),
        ("Hungary has not only condemned Russia but also sent aid to Ukraine.", "asserted"),
        ("By attacking Georgia, Russia broke the agreement with France.", "asserted"),
    ],
)
def test_how_a_text_tells_it(text: str, modality: str) -> None:
    events = read(make_report(text, published=date(2024, 7, 9))).events
    assert events and {event.modality for event in events} == {modality}


@pytest.mark.parametrize(
    "text",
    [
        "Calls for an Asian NATO were heard in Seoul.",
        "The region is sliding into a new Cold War between China and the United States.",
        "An alliance of India, Japan and Australia would alarm its neighbours.",
    ],
)
def test_proposals_and_metaphors_are_no_events(text: str) -> None:
    assert not [event for event in read(make_report(text)).events if event.modality == "asserted"]
