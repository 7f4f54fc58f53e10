"""Calibration by known answers, what a diagnosis finds where something was put in, and the warnings."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from scipy.stats import nbinom

import detente
from detente.cli import main
from detente.errors import (
    CountedTwice,
    CoverageShift,
    DetenteWarning,
    LearnError,
    NotIdentified,
    OneSource,
    ShortHistory,
)
from detente.learn import Settings, prior
from detente.learn.calibration import calibration, crps, rolling
from detente.learn.diagnose import cautions, diagnose, shared

STATES = ("CHN", "JPN", "USA")
PLACES = {"CHN": "China", "JPN": "Japan", "USA": "United States", "KOR": "South Korea"}
QUICK = Settings(outer=3)


def record(days: int = 300, rate: float = 0.15, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        (date(2020, 1, 1) + timedelta(t), a, b, kind, int(n), "icews")
        for t in range(days)
        for a in STATES
        for b in STATES
        for kind in ("ACCUSE", "CONSULT")
        if a < b or (a != b and kind == "ACCUSE")
        if (n := rng.poisson(rate))
    ]
    return pl.DataFrame(rows, schema=["day", "source", "target", "type", "count", "archive"], orient="row")


def test_crps_is_the_expected_distance_less_half_the_spread() -> None:
    """Against its other definition, E|X - y| - E|X - X'| / 2, by sums over the distribution."""
    for mean, y, phi in [(0.3, 0, 1.0), (2.5, 4, 0.7), (8.0, 1, 1.5)]:
        k = np.arange(400)
        p = nbinom.pmf(k, 1 / phi, 1 / (1 + phi * mean))
        spread = (p[:, None] * p[None, :] * np.abs(k[:, None] - k[None, :])).sum()
        wanted = (p * np.abs(k - y)).sum() - spread / 2
        assert crps(np.array([mean]), np.array([float(y)]), phi)[0] == pytest.approx(wanted, abs=1e-6)


def test_calibration_tells_honest_forecasts_from_others() -> None:
    rng = np.random.default_rng(2)
    rate = rng.uniform(0.1, 4, size=(300, 40))
    seen = rng.poisson(rate * rng.gamma(1.0, 1.0, size=rate.shape)).astype(float)
    honest = calibration(rate, seen, 1.0)
    assert honest.deciles["coverage"].is_between(0.75, 0.85).all()
    assert honest.pit.sum() == pytest.approx(1.0)
    assert calibration(rate, seen, 0.05).coverage < 0.7  # too sure of itself
    low = calibration(rate / 3, seen, 1.0)
    assert low.pit[-1] > 0.15  # too much above what was expected
    assert honest.crps < low.crps and honest.crps < honest.crps_mean
    assert calibration(rate, seen, 1.0, usual=np.full(40, 9.0)).crps_mean > honest.crps_mean
    with pytest.raises(LearnError, match="nothing to calibrate"):
        calibration(rate / 1000, seen, 1.0)


def test_rolling_origins_cover_the_days_once() -> None:
    found = rolling(record(), actors=STATES, days=40, origins=2, settings=QUICK)
    (one, two) = found.scores
    assert (one.days, two.days) == (20, 20)
    assert date.fromisoformat(two.start) == date.fromisoformat(one.end) + timedelta(1)
    assert found.frame().height == 8
    assert "CRPS" in found.summary()
    again = rolling(record(), actors=STATES, start=date.fromisoformat(one.start), settings=QUICK)
    assert again.scores[0].events == one.events + two.events
    with pytest.raises(LearnError, match="leave some to fit on"):
        rolling(record(), actors=STATES, days=1000, settings=QUICK)


def test_a_diagnosis_finds_the_month_and_the_day_that_stand_out() -> None:
    burst = [(date(2020, 8, 15), "USA", "CHN", "ACCUSE", 60, "gdelt")]
    table = pl.concat([record(), pl.DataFrame(burst, schema=record().schema, orient="row")]).sort("day")
    found = diagnose(table, actors=STATES, settings=QUICK, days=1, stretches=2)
    worst = found.frame().row(0, named=True)
    assert (worst["month"], worst["one"], worst["other"]) == (date(2020, 8, 1), "CHN", "USA")
    without = found.influence["without"].to_list()
    assert without[0] == "" and {"gdelt", "2020-08-15"} <= set(without)
    by = dict(found.influence.select("without", "events").iter_rows())
    assert by["gdelt"] == 60 and by["2020-08-15"] >= 60
    assert found.stability.height == 2
    (first, second) = found.stability.iter_rows(named=True)
    assert first["start"] < second["start"] <= first["end"] < second["end"]  # they roll, each half over the next
    assert "Reproduction number" in found.summary() and "2020-08 CHN-USA" in found.summary()


def test_residuals_of_a_model_that_is_right_are_small() -> None:
    found = diagnose(record(400), actors=STATES, settings=QUICK, days=0, stretches=1)
    z = found.residuals["z"].to_numpy()
    assert (np.abs(z) > 3).mean() < 0.05
    assert abs(z.mean()) < 0.5


def kinds(table: pl.DataFrame, known: bool = True) -> list[type]:
    return [type(c) for c in cautions(table, prior() if known else None)]


def test_each_warning_where_it_is_due_and_only_there() -> None:
    calm = record().with_columns(
        archive=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("a")).otherwise(pl.lit("b"))
    )
    assert kinds(calm) == []
    assert kinds(calm.head(20)) == [ShortHistory]
    assert kinds(record()) == [OneSource]
    late = pl.concat([calm, *[calm.filter(pl.col("day") > date(2020, 6, 1))] * 4])
    assert CoverageShift in kinds(late)
    one = pl.DataFrame([(date(2020, 3, 1), "KOR", "USA", "ACCUSE", 2, "a")], schema=calm.schema, orient="row")
    assert kinds(pl.concat([calm, one])) == [NotIdentified]
    assert "KOR" in str(cautions(pl.concat([calm, one]))[0])


def test_events_that_the_prior_was_fitted_on_are_told_by_data_set_day_and_actor() -> None:
    rows = [
        (date(2014, 5, 1), "USA", "CHN", "ACCUSE", "icews"),  # the prior's
        (date(2016, 5, 1), "USA", "CHN", "ACCUSE", "icews"),  # between its two periods
        (date(2018, 9, 27), "KOR", "JPN", "ACCUSE", "icews"),  # the prior's, its last day
        (date(2018, 5, 1), "USA", "CHN", "ACCUSE", "gdelt"),
        (date(2018, 5, 1), "USA", "BRA", "ACCUSE", "icews"),  # not between two of its actors
    ]
    table = pl.DataFrame(rows, schema=["day", "source", "target", "type", "archive"], orient="row")
    assert shared(table, prior()) == 0.5
    assert shared(table, prior(), ("icews", "gdelt")) == 0.75  # a file of the prior's under another name
    assert shared(table.drop("archive"), prior()) == 0


def loaded(path: Path, rows: list[tuple[date, str, str, str]]) -> detente.Desk:
    """A desk with events from a file: day, source, target, CAMEO code."""
    lines = ["date,source,source_iso3,source_sector,cameo,goldstein,event_text,target,target_iso3,target_sector"]
    for i, (day, a, b, cameo) in enumerate(rows):
        lines.append(f"{day},{PLACES[a]},{a},S{i},{cameo},-2,Act,{PLACES[b]},{b},STATE")
    file = path.with_suffix(".csv")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    desk = detente.open(path)
    desk.load("auto", file)
    return desk


@pytest.mark.parametrize(("n", "alone"), [(60, False), (2600, True)])
def test_a_desk_of_the_priors_own_events_does_not_count_them_twice(tmp_path: Path, n: int, alone: bool) -> None:
    random = np.random.default_rng(3)
    rows = []
    for _ in range(n):
        day = date(2014, 1, 1) + timedelta(int(random.integers(300)))
        a, b = random.choice(list(PLACES), 2, replace=False)
        rows.append((day, a, b, random.choice(["112", "130", "042", "057"])))
    desk = loaded(tmp_path / "desk", rows)
    with pytest.warns(DetenteWarning) as said:
        fit = desk.learn()
    assert CountedTwice in {w.category for w in said}
    assert (fit.prior_share == 0) == alone
    assert fit.provenance["overlap"] in fit.summary()
    assert ("prior" in fit.provenance) != alone


def test_a_desk_warns_when_it_learns(tmp_path: Path) -> None:
    """Each class of warning, from events that were loaded: too few, and of one data set, uneven, with a rare actor."""
    events = [(d, a, b, "112") for d, a, b, kind, *_ in record(400, 0.3).iter_rows() if kind == "ACCUSE"]
    events = [e for i, e in enumerate(events) if e[0] > date(2020, 8, 1) or i % 4 == 0]
    events.append((date(2020, 9, 1), "KOR", "USA", "112"))
    with pytest.warns(ShortHistory) as said:
        loaded(tmp_path / "short", events[:20]).learn()
    assert len(said) == 1
    with pytest.warns(DetenteWarning) as said:
        loaded(tmp_path / "long", events).learn()
    assert {w.category for w in said} == {OneSource, CoverageShift, NotIdentified}


def test_commands_on_files(tmp_path: Path) -> None:
    """A backtest that trains on one file and tests on another, and a diagnosis, from the shell."""
    table = record().select("day", "source", "target", "type", "count", cameo=pl.lit(""), goldstein=pl.lit(0.0))
    files = [str(tmp_path / name) for name in ("early.parquet", "late.parquet")]
    table.filter(pl.col("day") < date(2020, 9, 1)).write_parquet(files[0])
    table.filter(pl.col("day") >= date(2020, 8, 20)).write_parquet(files[1])
    run = CliRunner().invoke
    actors = [word for code in STATES for word in ("--actor", code)]
    outcome = run(main, ["backtest", "--train", files[0], "--test", files[1], *actors])
    assert outcome.exit_code == 0, outcome.output
    assert "late.parquet 2020-09-01 to 2020-10-25" in outcome.stdout and "PIT" in outcome.stdout
    outcome = run(main, ["diagnose", "--data", files[0], "--data", files[1], "--csv"])
    assert outcome.exit_code == 0 and outcome.stdout.startswith("month,one,other"), outcome.output
    assert run(main, ["backtest", "--train", files[0]]).exit_code == 2
    outcome = run(main, ["backtest", "--desk", str(tmp_path / "none")])
    assert outcome.exit_code == 1 and "detente:" in outcome.stderr
