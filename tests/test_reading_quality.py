"""The quality gate: scores on the project's own corpus may rise and never fall."""

from __future__ import annotations

import pytest

from detente.actors import register
from detente.codebook import TYPES
from tests.quality import coded, rows, scores

FLOORS = {"type": 96.5, "pair": 94.5, "triple": 94.5, "modality": 99.5, "speaker": 99.0}


@pytest.fixture(scope="module")
def measured() -> dict[str, float]:
    return scores(coded(rows()))


@pytest.mark.parametrize("measure", FLOORS)
def test_scores_stay_above_their_floors(measured: dict[str, float], measure: str) -> None:
    assert measured[measure] >= FLOORS[measure], measured


def test_texts_without_an_asserted_event_are_given_none(measured: dict[str, float]) -> None:
    assert measured["texts without an asserted event"] >= 40
    assert measured["of them given one"] <= 1, measured


def test_dates_of_the_corpus() -> None:
    dated = [(row, events) for row, events in coded(rows()) if any("date" in g for g in row["events"])]
    assert len(dated) >= 5
    for row, events in dated:
        assert [g["date"] for g in row["events"]] == [e.date for e in events], row["text"]


def test_the_corpus_is_sound() -> None:
    corpus = rows()
    assert len(corpus) >= 150
    assert len({row["id"] for row in corpus}) == len({row["text"] for row in corpus}) == len(corpus)
    known = register().actors
    for row in corpus:
        assert row["genre"] in {"commentary", "official", "wire"}
        for gold in row["events"]:
            assert gold["type"] in TYPES
            assert set(gold["source"]) | set(gold["target"]) <= known.keys(), row["id"]
            assert gold["speaker"] is None or gold["speaker"] in known
