"""Forecasts from days in the past: scores against their definitions, and coverage where the truth is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date as Date
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from scipy import stats

import detente as dt
from detente.cli import main
from detente.errors import ScenarioError
from detente.simulate.hindcast import Forecast, Hindcast, _smoothed_crps, crps, hindcast
from tests.shared import shared

PAIRS = np.array([[0, 1], [0, 2], [1, 2]])


def test_crps_is_its_definition() -> None:
    rng = np.random.default_rng(0)
    drawn, seen = rng.poisson(4.0, (40, 3)).astype(float), np.array([2.0, 5.0, 11.0])
    direct = [
        np.abs(x - y).mean() - 0.5 * np.abs(x[:, None] - x).sum() / (40 * 39)
        for x, y in zip(drawn.T, seen, strict=True)
    ]
    np.testing.assert_allclose(crps(drawn, seen), direct)


def test_crps_of_the_smoothed_count_is_that_of_its_draws() -> None:
    rng = np.random.default_rng(1)
    mean, phi = np.array([0.4, 3.0, 20.0]), 0.5
    seen = np.array([0.0, 7.0, 15.0])
    drawn = rng.poisson(mean * rng.gamma(1 / phi, phi, (40_000, 3))).astype(float)
    f = Forecast(Date(2020, 1, 1), drawn[:, None], seen[None], mean[None], np.array([phi]))
    np.testing.assert_allclose(_smoothed_crps(f, 0), crps(drawn, seen), rtol=0.03)


def sample(spread: float, seed: int = 3) -> Hindcast:
    """Counts and futures drawn alike, but for the spread of the futures."""
    rng = np.random.default_rng(seed)
    mean = rng.gamma(2.0, 4.0, (60, 2, 3))
    forecasts = tuple(
        Forecast(
            Date(2020, 1, 1) + timedelta(i),
            rng.poisson(m * rng.gamma(1 / spread, spread, (400, 2, 3))).astype(float),
            rng.poisson(m * rng.gamma(2.0, 0.5, (2, 3))).astype(float),
            m,
            np.array([0.5, 0.5]),
        )
        for i, m in enumerate(mean)
    )
    return Hindcast(("A", "B", "C"), PAIRS, 30, forecasts)


def test_coverage_is_eighty_per_cent_where_futures_are_right() -> None:
    for sort in ("hostile", "conciliatory"):
        assert sample(0.5).inside("dyads", sort).mean() == pytest.approx(0.8, abs=0.08)
        assert sample(0.01).inside("dyads", sort).mean() < 0.65
        assert sample(4.0).inside("dyads", sort).mean() > 0.85
    assert abs(sample(0.5).gain()) < 0.03  # as good as the counts that they are drawn from
    assert sample(4.0).gain() < -0.05


def test_levels_add_up() -> None:
    h = sample(0.5)
    values = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(h.counts("actors", values), [[1, 2, 3], [7, 8, 9]])
    np.testing.assert_array_equal(h.counts("region", values), [[3], [12]])
    table = h.frame()
    assert table.height == 6
    assert table.filter(pl.col("level") != "dyads")["crps"].null_count() == 4


def record(days: int = 260) -> pl.DataFrame:
    """A steady record of three actors."""
    rng = np.random.default_rng(2)
    rows = [
        (Date(2020, 1, 1) + timedelta(d), a, b, k)
        for d in range(days)
        for a, b in (("USA", "PRK"), ("PRK", "USA"), ("USA", "KOR"), ("KOR", "PRK"))
        for k in ("CONSULT", "ACCUSE", "MOBILIZE")
        if rng.random() < 0.12
    ]
    return pl.DataFrame(rows, schema=["day", "source", "target", "type"], orient="row")


def test_a_hindcast_sees_nothing_of_what_came() -> None:
    """Forecasts do not change when the days that they forecast do; what was seen does."""
    table, origin = record(), Date(2020, 7, 1)
    later = table.filter(~((pl.col("day") >= origin) & (pl.col("type") == "ACCUSE")))
    one, two = (hindcast(t, origins=[origin], futures=30, draws=4).forecasts[0] for t in (table, later))
    np.testing.assert_array_equal(one.drawn, two.drawn)
    np.testing.assert_array_equal(one.smoothed, two.smoothed)
    assert one.seen[1].sum() > two.seen[1].sum()
    within = pl.col("day").is_between(origin, origin + timedelta(29))
    consulted = table.filter(within, pl.col("type") == "CONSULT").group_by(
        "day", pl.min_horizontal("source", "target"), other=pl.max_horizontal("source", "target")
    )
    assert one.seen[0].sum() == consulted.len().height  # reports of one meeting from both sides are one event
    assert one.drawn[:, 0].mean(0).sum() == pytest.approx(one.seen[0].sum(), rel=0.6)


def test_origins_that_cannot_be_forecast_are_refused() -> None:
    for origins in ([], [Date(2020, 2, 1)], [Date(2020, 9, 10)]):
        with pytest.raises(ScenarioError, match=r"days of record before|at least one date"):
            hindcast(record(), origins=origins)


def test_command(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "events.csv"
    record().write_csv(path)
    asked = ["hindcast", "--data", str(path), "--first", "2020-07-01", "--every", "40", "--futures", "20"]
    done = CliRunner().invoke(main, [*asked, "--busiest", "3"])
    assert done.exit_code == 0, done.output
    assert "2 forecasts of 30 days" in done.output
    assert "CRPS of dyad counts" in done.output


@pytest.mark.filterwarnings("ignore::detente.errors.DetenteWarning")
def made(folder: Path) -> dt.Desk:
    """A desk with the record as events that others coded."""
    record().write_csv(folder / "events.csv")
    columns = "\n".join(f'{name} = "{name}"' for name in ("day", "source", "target", "type"))
    (folder / "columns.toml").write_text(f'dataset = "made"\n[columns]\n{columns}\n')
    desk = dt.open(folder / "desk")
    desk.load("table", folder / "events.csv", map=folder / "columns.toml")
    return desk


def test_futures_and_measures_are_drawn_from_the_shell(tmp_path: Path) -> None:
    made(tmp_path)
    size = ["--desk", f"{tmp_path}/desk", "--futures", "20", "--days", "10"]
    sides = ["--measure", "hotline", "--by", "USA", "--toward", "PRK", "--actor", "USA", "--actor", "PRK"]
    for command, shown in (("simulate", "Hostile events to come"), ("compare", "What each measure would change")):
        done = CliRunner().invoke(main, [command, *size, *sides, "--svg", f"{tmp_path}/{command}.svg"])
        assert done.exit_code == 0, done.output
        assert shown in (tmp_path / f"{command}.svg").read_text(encoding="utf-8")


def test_actors_of_a_desk_go_by_name_and_number(tmp_path: Path) -> None:
    desk = made(tmp_path)
    how = {"first": Date(2020, 7, 1), "every": 40, "futures": 20}
    found = desk.hindcast(actors=["North Korea", "the United States"], **how)
    assert found.actors == ("PRK", "USA") and found.forecasts[0].seen.sum() > 0
    assert len(desk.hindcast(most=2, **how).actors) == 2
    events = {n: desk.backtest(**which).scores[0].events for n, which in (
        ("all", {}), ("two", {"actors": ["North Korea", "USA"]}), ("busiest", {"most": 2})
    )}  # fmt: skip
    assert 0 < events["two"] < events["all"] and 0 < events["busiest"] < events["all"]
    asked = ["backtest", "--desk", str(tmp_path / "desk"), "--csv"]
    done = CliRunner().invoke(main, [*asked, "--actor", "North Korea", "--actor", "USA"])
    assert {row["events"] for row in pl.read_csv(done.stdout.encode()).to_dicts()} == {events["two"]}
    for command in ("backtest", "hindcast"):
        wrong = CliRunner().invoke(main, [command, *asked[1:], "--actor", "Atlantis"])
        assert wrong.exit_code == 1 and "Atlantis" in wrong.stderr


def test_icews_intervals_hold() -> None:
    """One forecast of the events of July 2014: dyads near the middle of the goal, CRPS below the smoothed count."""
    from detente.learn.prior import ACTORS
    from detente.load import daily

    table = daily(shared("data/events/events_ICEWS14.csv.gz")).table
    found = hindcast(table, origins=[Date(2014, 7, 1)], actors=ACTORS, futures=150, draws=8)
    coverage = found.frame().filter(pl.col("level") == "dyads")["coverage"]
    assert coverage.is_between(0.68, 0.92).all()
    assert found.gain() > 0.0
    worse = replace(found.forecasts[0], drawn=np.round(found.forecasts[0].drawn * 3.0))
    assert replace(found, forecasts=(worse,)).gain() < 0.0


def test_smoothed_counts_are_negative_binomial() -> None:
    f = Forecast(Date(2020, 1, 1), np.zeros((2, 1, 1)), np.array([[0.0]]), np.array([[2.0]]), np.array([0.5]))
    below = stats.nbinom.cdf(np.arange(200), 2.0, 2.0 / 4.0)
    assert _smoothed_crps(f, 0)[0] == pytest.approx(((below - 1.0) ** 2).sum(), rel=1e-4)
