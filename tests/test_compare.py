"""Measures compared and ranked: numbers, words, and what they must not say."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from msgspec import structs

from detente.codebook import TYPES, is_hostile
from detente.simulate import Comparison, Measure, Stream, catalogue, compare
from detente.simulate.compare import Verdict
from tests.small import DAYS, FIT, SIDES, bound


@pytest.fixture(scope="module")
def trial() -> Comparison:
    measures = [m.between(*SIDES) for m in catalogue()]
    return compare(FIT, measures, start="2018-03-01", days=DAYS, futures=60, seed=5)


def test_measures_together_hold_each_one() -> None:
    both = (bound("drills-suspended"), bound("drills-notice"))
    trial = compare(FIT, [*both, both], start="2018-03-01", days=DAYS, futures=20, seed=5)
    single, _, together = (float(e.expected().mean()) for e in trial.effects)
    assert together <= single
    assert trial.effects[2].kind == "removed + assumed"


def test_ranking_and_table_agree(trial: Comparison) -> None:
    table = trial.frame()
    assert table["name"].to_list() == [e.name for e in trial.ranking()]
    assert table["expected"].is_sorted()
    assert (table["better"] + table["same"] + table["worse"] == 20).all()
    assert (table["expected_low90"] <= table["expected"]).all()
    assert (table["change_low90"] <= table["change_low50"]).all()
    assert set(table["verdict"]) <= set(get_args(Verdict))


def test_words_say_what_the_numbers_hold(trial: Comparison) -> None:
    text = trial.summary()
    assert "holds none by which talks or aid lower hostility" in text
    assert "assumed, not learnt" in text
    assert "Evidence from studies and history: thin." in text
    assert "of 20 futures" in text
    assert any("D'Orazio" in line for line in trial.cite())
    for effect in trial.effects:
        if effect.kind == "scheduled":  # a linear model without damping cannot show a calming effect
            assert (effect.expected() >= -1e-9).all()
            assert effect.verdict != "fewer hostile events"


def test_a_large_effect_is_detected() -> None:
    stop = Measure("x", "X", "removed", (Stream(tuple(k for k in TYPES if is_hostile(k)), "all", "all"),))
    effect = compare(FIT, [stop.between(*SIDES)], start="2018-03-01", days=DAYS, futures=60).effects[0]
    assert effect.verdict == "fewer hostile events"
    assert effect.frequencies[0] > 15


def test_a_sure_but_small_effect_is_called_too_small() -> None:
    """Whether an effect is sure and whether it matters are two questions, and get two answers."""
    stop = Measure("x", "X", "removed", (Stream(tuple(k for k in TYPES if is_hostile(k)), "all", "all"),))
    for strength, verdict in ((0.002, "too small to matter"), (0.2, "fewer hostile events")):
        measure = structs.replace(stop.between(*SIDES), strength=(strength, strength))
        effect = compare(FIT, [measure], start="2018-03-01", days=DAYS, futures=60).effects[0]
        assert effect.expected().max() < 0.0
        assert effect.verdict == verdict
        assert effect.row()["verdict"] == verdict


def test_a_model_that_calms_says_so_and_one_that_does_not_says_that() -> None:
    talks = [bound("hotline")]
    size = {"start": "2018-03-01", "days": DAYS, "futures": 20, "seed": 5}
    plain = compare(FIT, talks, **size)  # type: ignore[arg-type]
    assert plain.calming == 0.0
    damping = np.zeros((4, 2))
    damping[2:, 0] = 0.5
    calm = replace(FIT, damping=damping, draws=replace(FIT.draws, damping=np.repeat(damping[None], len(FIT.draws), 0)))
    found = compare(calm, talks, **size)  # type: ignore[arg-type]
    assert found.calming == pytest.approx(1 - np.exp(-0.5))
    assert "holds none by which talks" in plain.summary()
    assert "holds none by which talks" not in found.summary()
    assert "by at most 39%" in found.summary()


def test_who_is_drawn_in_and_by_which_acts(trial: Comparison) -> None:
    effect = trial.effect("sanctions-tightened")
    who = effect.drawn_in()
    assert set(who["actor"]) == set(FIT.actors)
    assert who.filter("named")["actor"].sort().to_list() == sorted([*SIDES[0], *SIDES[1]])
    assert (who["change_low90"] <= who["change"]).all() and (who["change"] <= who["change_high90"]).all()
    # Every hostile act has a doer and one it is done to, so changes by actor are twice the change of all.
    assert who["change"].sum() == pytest.approx(2 * effect.expected().mean())
    cells = trial.effect("drills-suspended").cells(least=0.0)
    assert cells.filter(~cells["type"].is_in([k for k in TYPES if is_hostile(k)])).is_empty()
    assert cells["change"].sum() == pytest.approx(trial.effect("drills-suspended").change.mean())
