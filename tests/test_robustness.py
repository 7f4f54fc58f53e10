"""Sweeps over assumptions: what they find where the answer is known."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from detente.errors import ScenarioError
from detente.simulate import Measure, Stream
from detente.simulate.robustness import MODEL, Robustness, sweep, variants, windows
from tests.small import FIT, SIDES

SIZE = {"start": "2018-03-01", "days": 10, "draws": 3, "seed": 3}


def stop(id: str, types: tuple[str, ...], strength: tuple[float, float]) -> Measure:
    return Measure(id, id.title(), "removed", (Stream(types),), strength=strength).between(*SIDES)


@pytest.fixture(scope="module")
def found() -> Robustness:
    """Two suspensions of like streams: one of known strength, the other unknown from nothing to all."""
    sure = stop("sure", ("ACCUSE", "THREATEN"), (0.5, 0.5))
    unsure = stop("unsure", ("THREATEN", "ACCUSE"), (0.0, 1.0))
    return sweep({"one": FIT, "same": FIT}, [sure, unsure], samples=32, **SIZE)  # type: ignore[arg-type]


def test_the_assumption_that_decides_is_named(found: Robustness) -> None:
    assert [a.name for a in found.assumptions] == ["strength of unsure (USA, KOR)", MODEL]
    (first, *_) = found.movers()
    assert first.startswith("strength of unsure (USA, KOR): another value of it alone puts another measure first")
    assert found.flips[1] == 0.0
    assert not any(line.startswith(MODEL) for line in found.movers())
    low, high = (found.rows[:, 0] < 0.45), (found.rows[:, 0] > 0.55)
    assert (found.winners[low] == 0).all()
    assert (found.winners[high] == 1).all()


def test_sobol_indices_are_those_of_a_linear_effect(found: Robustness) -> None:
    table = found.indices()
    assert table.filter(outcome="Sure")["total"].to_list() == [0.0, 0.0]
    margin = table.filter(outcome="margin between the two best")
    decisive = margin.filter(pl.col("assumption").str.starts_with("strength"))
    assert decisive["first"][0] == pytest.approx(1.0, abs=0.15)
    assert margin.filter(assumption=MODEL)["total"][0] == pytest.approx(0.0, abs=1e-6)


def test_regret_is_what_the_best_choice_would_have_saved(found: Robustness) -> None:
    table = found.frame()
    assert set(table["measure"]) == {"Sure", "Unsure", "no measure"}
    assert table["regret_most"].is_sorted()
    nothing = table.row(by_predicate=pl.col("measure") == "no measure", named=True)
    assert nothing["regret_most"] == pytest.approx(-found.effects.min())
    assert found.regret.min() == 0.0
    assert (found.regret.min(1) == 0.0).all()
    assert "Least regret: Sure" in found.summary()
    assert "<table" in found._repr_html_()


def test_nothing_decides_where_one_measure_is_always_better() -> None:
    weak, strong = stop("weak", ("REJECT",), (0.0, 0.01)), stop("strong", ("ACCUSE", "REJECT"), (0.9, 1.0))
    trial = sweep({"one": FIT}, [weak, strong], samples=8, **SIZE)  # type: ignore[arg-type]
    assert trial.movers() == ()
    assert "No assumption that was varied would change" in trial.summary()
    assert "Strong comes first in 100%" in trial.summary()


def test_the_same_seed_gives_the_same_rows(found: Robustness) -> None:
    sure = stop("sure", ("ACCUSE", "THREATEN"), (0.5, 0.5))
    unsure = stop("unsure", ("THREATEN", "ACCUSE"), (0.0, 1.0))
    told: list[tuple[int, int]] = []
    again = sweep(
        {"one": FIT, "same": FIT}, [sure, unsure], samples=32, workers=2,
        progress=lambda done, total: told.append((done, total)), **SIZE,  # type: ignore[arg-type]
    )  # fmt: skip
    np.testing.assert_array_equal(found.effects, again.effects)
    assert told[0] == (0, 32 * 4 * 2)
    assert told[-1] == (32 * 4 * 2, 32 * 4 * 2)


def test_variants_leave_the_rest_of_the_model_as_it_is() -> None:
    full, pairs_only = variants(FIT).values()
    assert full is FIT
    assert (pairs_only.draws.theta[:, 2:] == 0).all()
    np.testing.assert_array_equal(pairs_only.draws.theta[:, :2], FIT.draws.theta[:, :2])
    assert "the model without calming" not in variants(FIT)
    calm = replace(FIT, damping=np.full((4, 2), 0.2))
    assert "the model without calming" in variants(calm)


def test_what_cannot_be_swept_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed = stop("sure", ("ACCUSE",), (0.5, 0.5))
    with pytest.raises(ScenarioError, match="power of two"):
        sweep(FIT, [fixed], samples=7, **SIZE)  # type: ignore[arg-type]
    with pytest.raises(ScenarioError, match="could be otherwise"):
        sweep({"one": FIT}, [fixed], samples=8, **SIZE)  # type: ignore[arg-type]
    with pytest.raises(ScenarioError, match="at least 2 of 60 days"):
        windows(pl.DataFrame({"day": ["2020-01-01", "2020-03-01"]}), 2, actors=["USA", "PRK"])
    monkeypatch.setitem(sys.modules, "SALib", None)
    monkeypatch.setitem(sys.modules, "SALib.analyze", None)
    with pytest.raises(ScenarioError, match=r"detente\[robustness\]"):
        sweep(FIT, [fixed], **SIZE)  # type: ignore[arg-type]
