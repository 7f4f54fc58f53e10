"""The desk: the same verbs from Python, and experiments from a scenario or from the record."""

from __future__ import annotations

import warnings
from datetime import date as Date
from pathlib import Path

import pytest

import detente as dt
from detente.errors import DeskError, RegisterError, ScenarioError, ShortHistory
from detente.events import Reading, Report
from tests.test_record import NOON, event, party

SCENARIO = """
name = "Korean peninsula"
start = 2024-07-08
days = 10
futures = 20
seed = 3
actors = ["USA", "KOR", "PRK"]
by = ["USA", "KOR"]
toward = ["PRK"]
measures = ["hotline", { use = "drills-suspended", strength = [1.0, 1.0] }]
"""


@pytest.fixture
def desk(tmp_path: Path) -> dt.Desk:
    desk = dt.open(tmp_path / "desk")
    told = (
        event("e1", "r"),
        event("e2", "r", type="MOBILIZE", target=(party("USA"),), date="2024-06-28"),
        event(
            "e3",
            "r",
            type="COOPERATE",
            domain="exercise",
            reciprocal=True,
            source=(party("USA"), party("KOR"), party("JPN")),
            target=(),
            date="2024-06-27",
        ),
        event("e4", "r", type="THREATEN", modality="planned"),
        event("e5", "r", type="ACCUSE", target=(party("JPN"),), date=None, date_precision=None),
    )
    desk.store.add([Reading(Report("r", "text", published=Date(2024, 6, 30)), told)], NOON)
    return desk


def test_learning_takes_asserted_dated_events_between_states(desk: dt.Desk) -> None:
    rows = desk.table().select("day", "source", "target", "type").rows()
    assert rows == [
        (Date(2024, 6, 27), "USA", "KOR", "COOPERATE"),
        (Date(2024, 6, 27), "USA", "JPN", "COOPERATE"),
        (Date(2024, 6, 27), "KOR", "JPN", "COOPERATE"),
        (Date(2024, 6, 28), "PRK", "USA", "MOBILIZE"),
        (Date(2024, 6, 30), "PRK", "KOR", "ACCUSE"),
    ]


def test_a_short_history_is_said_to_be_short(desk: dt.Desk) -> None:
    with pytest.warns(ShortHistory, match="5 dated events"):
        fit = desk.learn()
    assert 0.5 < fit.prior_share <= 1


def test_a_desk_that_the_model_knows_nothing_of_gets_the_prior(tmp_path: Path) -> None:
    desk = dt.open(tmp_path / "desk")
    told = (event("e1", "r", source=(party("PER"),), target=(party("CHL"),)),)
    desk.store.add([Reading(Report("r", "text", published=Date(2024, 6, 30)), told)], NOON)
    with pytest.warns(ShortHistory):
        assert desk.learn().n_events == dt.prior().n_events
    with pytest.warns(ShortHistory), pytest.raises(ScenarioError, match="--actor"):
        desk.compare(futures=10, days=5)


def test_a_scenario_file_says_what_to_compare(desk: dt.Desk, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    with pytest.warns(ShortHistory):
        trial = desk.compare(path)
    assert trial.base.start == Date(2024, 7, 8)
    assert trial.base.hostile.shape == (20, 10)
    assert [tuple(m.id for m in e.measures) for e in trial.effects] == [("hotline",), ("drills-suspended",)]
    assert trial.effects[1].measures[0].strength == (1.0, 1.0)
    assert trial.effects[0].measures[0].toward == ("PRK",)
    with pytest.warns(ShortHistory):
        shorter = desk.compare(path, days=5, measures=["hotline"])
    assert shorter.base.hostile.shape == (20, 5)
    assert len(shorter.effects) == 1


def test_sides_come_from_the_record(desk: dt.Desk) -> None:
    with pytest.warns(ShortHistory):
        trial = desk.compare(measures=["drills-suspended"], futures=10, days=5)
    (measure,) = trial.effects[0].measures
    # The side that held the drill acts; the quarrels are between it and the other.
    assert set(measure.by) == {"USA", "KOR", "JPN"}
    assert measure.toward == ("PRK",)


def test_futures_under_measures_together(desk: dt.Desk) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShortHistory)
        futures = desk.simulate(
            measures=["hotline", "drills-suspended"], by=["USA"], toward=["PRK"], futures=10, days=5
        )
    assert [m.id for m in futures.measures] == ["hotline", "drills-suspended"]


def test_what_cannot_have_happened_is_no_correction(desk: dt.Desk) -> None:
    with pytest.raises(DeskError, match="South Korea stands on both sides"):
        desk.correct("e1", source=["PRK", "KOR"])
    with pytest.raises(DeskError, match="2999-01-01 is still to come"):
        desk.correct("e1", date="2999-01")
    desk.correct("e4", date="2999-01")  # planned
    with pytest.raises(DeskError, match="still to come"):
        desk.correct("e4", modality="asserted")
    desk.correct("e1", type="CONSULT")
    assert desk.events(types="CONSULT").collect()["id"].to_list() == ["e1"]


def test_an_empty_desk_says_what_to_do(tmp_path: Path) -> None:
    desk = dt.open(tmp_path / "desk")
    with pytest.raises(DeskError, match="--sample"):
        desk.brief(out=tmp_path / "brief.html")
    assert desk.network().is_empty()
    assert desk.ties().is_empty()


def test_the_record_as_of_a_date(desk: dt.Desk) -> None:
    assert desk.events(as_of=Date(2024, 6, 29)).collect().is_empty()
    assert desk.events(on=Date(2024, 6, 28)).collect()["id"].to_list() == ["e2"]
    assert desk.events(as_of="2024-06-29").collect().is_empty()
    assert desk.claims(as_of="2024-06-29").is_empty()
    with pytest.raises(RegisterError, match="is no date"):
        desk.events(as_of="yesterday")
    assert desk.events(actor="Tokyo").collect()["id"].to_list() == ["e3", "e5"]
    assert desk.events(modality="planned").collect()["id"].to_list() == ["e4"]
    assert desk.actors()[0] == "PRK"


@pytest.mark.filterwarnings("ignore::detente.errors.DetenteWarning")
def test_a_correction_reaches_brief_and_simulation(desk: dt.Desk, tmp_path: Path) -> None:
    """It is known since today, the reports since the day on which they were published."""
    size = {"days": 5, "futures": 10}
    read = desk.brief(out=tmp_path / "read.html", **size).read_text(encoding="utf-8")
    start = desk.simulate(**size).start
    desk.reject("e3", reason="no such drill")
    left = desk.brief(out=tmp_path / "left.html", **size).read_text(encoding="utf-8")
    then = desk.brief(out=tmp_path / "then.html", as_of="2024-06-30", **size).read_text(encoding="utf-8")
    assert ["5 dated events" in page for page in (read, left, then)] == [True, False, True]
    assert "2 dated events" in left and "As of 30 June 2024" in left
    assert desk.simulate(**size).start == start
    assert set(desk.simulate(**size).among) == {"PRK", "KOR", "USA", "JPN"}
    desk.correct("e5", target=["USA"])
    assert set(desk.simulate(**size).among) == {"PRK", "KOR", "USA"}
    assert "JPN" in desk.simulate(as_of="2024-06-30", **size).among
