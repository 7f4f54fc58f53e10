"""What a desk simulates as asked, and runs that are kept in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import detente as dt
from detente.cli import main
from detente.errors import ScenarioError
from detente.simulate import engine, experiment
from tests import desks
from tests.small import FIT, futures


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a desk and a saved model."""
    folder = tmp_path_factory.mktemp("asked")
    desks.full(folder)
    FIT.save(folder / "model.npz")
    return folder


ASKED: dict[str, Any] = {"measures": ["hotline"], "days": 5, "futures": 10}
TOML = """name = "Spring"
start = 2024-07-01
days = 5
futures = 10
actors = {actors}
by = ["KOR"]
toward = ["North Korea"]
measures = ["hotline"]
"""


def asked(place: Path, **more: Any) -> dict[str, Any]:
    return {"model": place / "model.npz", **ASKED, **more}


def test_sides_outside_the_actors_are_refused_in_both_routes(place: Path) -> None:
    desk, words = dt.open(place / "desk"), "'by' names KOR, which is not in 'actors'; add it."
    with pytest.raises(ScenarioError, match=words):
        desk.compare(**asked(place, actors=["USA", "PRK"], by=["KOR"], toward=["PRK"]))
    file = place / "f.toml"
    file.write_text(TOML.format(actors='["USA", "PRK"]'))
    with pytest.raises(ScenarioError, match=f"f.toml, line 6: {words}"):
        desk.compare(file, model=place / "model.npz")
    file.write_text(TOML.format(actors='["South Korea", "PRK"]'))
    with pytest.raises(ScenarioError, match=words):
        desk.compare(file, model=place / "model.npz", actors=["USA", "PRK"])
    with pytest.raises(ScenarioError, match="knows no FRA"):
        desk.compare(file, model=place / "model.npz", actors=["KOR", "PRK", "FRA"])
    trial = desk.compare(file, model=place / "model.npz", actors=["KOR", "PRK", "JPN"])
    assert trial.base.among == trial.base.actors == ("KOR", "PRK", "JPN")
    assert trial.base.seed == 7  # as in the shell


def test_one_side_given_is_kept(place: Path) -> None:
    trial = dt.open(place / "desk").compare(**asked(place, actors=["KOR", "PRK", "JPN", "CHN"], by=["JPN"]))
    (hotline,) = trial.effects[0].measures
    assert hotline.by == ("JPN",)
    assert hotline.toward and "JPN" not in hotline.toward


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ScenarioError, match=r"other things \(notes.txt\) and no run"):
        futures(n=10, resume=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(ScenarioError, match="give another folder"):
        futures(n=10, resume=tmp_path / "notes.txt")


def test_a_run_killed_before_its_first_future_holds_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[bool] = []

    def first(*_: object) -> engine.Counts:
        kept.append((tmp_path / "run" / "futures.npz").exists())  # as a kill at this moment would leave it
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(experiment.Experiment, "run", first)
        with pytest.raises(KeyboardInterrupt):
            futures(n=10, workers=1, resume=tmp_path / "run")
    assert kept[0]
    with pytest.raises(ScenarioError, match="another experiment"):
        futures(n=10, seed=6, resume=tmp_path / "run")
    assert len(futures(n=10, resume=tmp_path / "run")) == 10


def test_the_shell_says_what_is_kept(place: Path, tmp_path: Path) -> None:
    words = ["simulate", "--desk", place / "desk", "--model", place / "model.npz", "--futures", "10", "--days", "3"]
    run = [str(w) for w in [*words, "--actor", "KOR", "--actor", "PRK", "--resume", tmp_path / "run"]]
    one, two = (CliRunner().invoke(main, run) for _ in range(2))
    assert one.exit_code == two.exit_code == 0, one.output
    assert f"10 of 10 futures are kept in {tmp_path / 'run'}" in one.stderr
    assert f"10 of 10 futures are in {tmp_path / 'run'} already" in two.stderr
    assert one.stdout == two.stdout
