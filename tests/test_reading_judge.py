"""Confidence: it means what it says, it sees no actors, and its weights can be read and made again."""

from __future__ import annotations

import csv
import json
import math
from importlib.resources import files

import numpy as np
import pytest

from benchmarks.judge import Case, Model, as_told, collect, fit, line
from benchmarks.reading import read_all, right, split
from detente.actors import register
from detente.events import Reading
from detente.read import make_report, read
from detente.read.coder import Coder
from detente.read.frames import lexicon
from detente.read.gazetteer import Gazetteer
from detente.read.judge import BASE, LEAST, confidence
from tests.quality import rows
from tests.shared import shared

WEIGHTS = files("detente") / "data" / "judge.csv"


@pytest.fixture(scope="module")
def weights() -> dict[str, float]:
    pairs = list(csv.reader(WEIGHTS.read_text("utf-8").splitlines()))
    assert len({sign for sign, _ in pairs}) == len(pairs)
    return {sign: float(weight) for sign, weight in pairs}


def coded(text: str, least: float = LEAST) -> Reading:
    return Coder(least=least).read(make_report(text))


def test_weights_are_few_and_finite(weights: dict[str, float]) -> None:
    assert BASE in weights
    assert all(math.isfinite(w) and abs(w) < 5 for w in weights.values())
    assert len(WEIGHTS.read_bytes()) < 100_000


def test_no_weight_names_an_actor_or_a_kind_of_people(weights: dict[str, float]) -> None:
    words = {sign.rpartition(": ")[2] for sign in weights if ": " in sign} - {"SOMEBODY", "NUMBER"}
    assert len(words) > 50
    gazetteer = Gazetteer(register(), None)
    assert [w for w in words if gazetteer.scan(w.title())] == []
    assert words.isdisjoint(lexicon().people)


def test_a_plain_act_is_surer_than_one_in_a_corner_of_the_sentence() -> None:
    (plain,) = coded("Japan condemned Russia.").events
    text = "Vietnam, which is close to a village where Japan, as some say, condemned Russia, held talks with India."
    corner = next(e for e in coded(text, least=0.0).events if e.type == "ACCUSE")
    assert plain.confidence >= 0.8 > corner.confidence


def test_a_side_that_is_inferred_earns_no_confidence() -> None:
    named, inferred = (
        coded(f"Japan met India. {who} condemned Russia on Monday.").events[-1] for who in ("India", "It")
    )
    assert named.source[0].code and inferred.source[0].inferred
    assert inferred.confidence <= named.confidence


def test_signs_of_no_weight_count_nothing(weights: dict[str, float]) -> None:
    assert confidence(["a sign that was never seen"]) == confidence([]) == round(1 / (1 + math.exp(-weights[BASE])), 2)


def test_what_is_too_unlikely_is_left_out_and_nothing_else_changes() -> None:
    texts = [row["text"] for row in rows()[:60]]
    every = [e for text in texts for e in coded(text, least=0.0).events]
    most = [e for text in texts for e in coded(text, least=0.6).events]
    counted = {"asserted", "planned", "historical"}
    assert {e.id for e in most} == {e.id for e in every if e.confidence >= 0.6 or e.modality not in counted}
    assert len(most) < len(every)


def test_the_judge_tells_what_it_saw() -> None:
    coder = Coder()
    coder.seen = {}
    (event,) = coder.read(make_report("Japan condemned Russia.")).events
    assert {"type ACCUSE", "both sides", "verb: condemn", "dependency ROOT"} <= set(coder.seen[event.id])
    assert confidence(coder.seen[event.id]) == event.confidence


def test_of_events_given_eight_in_ten_eight_in_ten_are_right_in_the_own_corpus() -> None:
    told = [(e, row) for row in rows() for e in read(make_report(row["text"], id=row["id"])).events]
    good = [as_told(e, row["events"]) for e, row in told if e.confidence >= 0.8]
    assert len(good) > 80
    assert sum(good) / len(good) >= 0.8


def test_confidence_is_calibrated_on_sentences_held_back() -> None:
    path = shared("data/reading/plover_sentences_train.jsonl")
    held = split([json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()], report=True)
    events, _ = read_all(held)
    pairs = np.array([(e.confidence, right(e, s)[1]) for s, es in zip(held, events, strict=True) for e in es])
    for low, high in ((0.0, 0.5), (0.5, 0.8), (0.8, 1.0)):
        stated, found = pairs[(low <= pairs[:, 0]) & (pairs[:, 0] < high)].T
        noise = math.sqrt(float((stated * (1 - stated)).sum())) / len(stated)
        assert abs(stated.mean() - found.mean()) < 0.05 + 2 * noise, (low, high, stated.mean(), found.mean())


def cases(n: int, seed: int) -> list[Case]:
    """Events that are right nine times in ten with the sign "good", three times in ten without."""
    draw = np.random.default_rng(seed)
    good = draw.random(n) < 0.5
    lucky = draw.random(n) < np.where(good, 0.9, 0.3)
    return [
        Case(str(i), True, ("good",) if g else ("other",), bool(y))
        for i, (g, y) in enumerate(zip(good, lucky, strict=True))
    ]


def test_training_finds_the_shares_that_made_the_cases() -> None:
    model = fit(cases(4000, 1), penalty=1.0)
    odds = model.odds([Case("a", True, ("good",), True), Case("b", True, ("other",), True)])
    assert 1 / (1 + np.exp(-odds)) == pytest.approx([0.9, 0.3], abs=0.03)
    assert fit(cases(4000, 1), penalty=1.0) == model


def test_rare_signs_and_names_get_no_weight() -> None:
    some = [c._replace(signs=(*c.signs, "act: japan") + ("rare",) * (c.text in "01")) for c in cases(200, 2)]
    assert set(fit(some, penalty=1.0).weights) == {"good", "other"}


def test_the_line_mends_odds_that_are_too_bold() -> None:
    draw = np.random.default_rng(3)
    z = draw.normal(size=20_000)
    y = (draw.random(20_000) < 1 / (1 + np.exp(-z))).astype(float)
    slope, height = line(3 * z + 1, y)
    assert (slope, height) == pytest.approx((1 / 3, -1 / 3), abs=0.03)


def test_collect_keeps_the_truth_of_both_sets_apart() -> None:
    news = {
        "id": "n1",
        "text": "Japan condemned Russia on Monday.",
        "source": "Japan",
        "target": "Russia",
        "gold_root": "ACCUSE",
    }
    first, *rest = collect([news, news | {"id": "n2", "gold_root": "REQUEST"}])
    assert first.news and first.right and "type ACCUSE" in first.signs
    assert rest[0].news and not rest[0].right
    own = [case for case in rest if not case.news]
    assert len(own) > 150 and {case.right for case in own} == {True, False}
    assert Model({"type ACCUSE": 1.5}, 0.5).odds([first]) == pytest.approx([2.0])
