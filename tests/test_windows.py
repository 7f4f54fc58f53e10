"""Event windows: known answers, an independent regression, and what the placebo is for."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

from detente.errors import DetenteWarning, LearnError, LoadError
from detente.learn import windows
from detente.record.windows import Window, read
from tests.shared import shared

START, END = date(2006, 1, 1), date(2020, 12, 31)
DRILLS = [Window(date(y, 3, 5), date(y, 3, 18), f"drill {y}", "spring") for y in range(2006, 2021)]


def simulated(ratio: float, seed: int) -> list[date]:
    """Events whose rate grows over the years, peaks each spring, and is ``ratio`` times as high inside the drills."""
    rng = np.random.default_rng(seed)
    days = [START + timedelta(i) for i in range((END - START).days + 1)]
    out = []
    for day in days:
        rate = 0.02 * 1.15 ** (day.year - 2006) * (2.0 if day.month in (3, 4) else 1.0)
        rate *= ratio if any(w.start <= day <= w.end for w in DRILLS) else 1.0
        out += [day] * rng.poisson(rate)
    return out


def test_finds_a_ratio_that_is_there_and_none_where_there_is_none() -> None:
    """Season and growth of coverage do not pass for an effect; intervals hold the truth about nine times in ten."""
    for truth in (1.0, 3.0):
        found = [windows.effect(simulated(truth, seed), DRILLS, start=START, end=END) for seed in range(40)]
        held = sum(e.low <= truth <= e.high for e in found)
        assert held >= 32, (truth, held)
        assert np.exp(np.mean([np.log(e.ratio) for e in found])) == pytest.approx(truth, rel=0.15)
    assert all(e.placebo_p < 0.1 for e in found[:10])


def test_is_the_poisson_regression_with_year_and_month() -> None:
    """The same log ratio as a Poisson regression fitted by a general optimiser."""
    days = simulated(2.0, 1)
    calendar = [START + timedelta(i) for i in range((END - START).days + 1)]
    seen = np.bincount([(d - START).days for d in days], minlength=len(calendar)).astype(float)
    inside = np.array([any(w.start <= d <= w.end for w in DRILLS) for d in calendar], dtype=float)
    columns = [inside, *(np.array([d.year == y for d in calendar], dtype=float) for y in range(2006, 2021))]
    columns += [np.array([d.month == m for d in calendar], dtype=float) for m in range(2, 13)]
    x = np.column_stack(columns)

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        eta = x @ b
        return float((np.exp(eta) - seen * eta).sum()), x.T @ (np.exp(eta) - seen)

    best = minimize(loss, np.full(x.shape[1], -1.0), jac=True, method="L-BFGS-B", options={"maxiter": 2000})
    ours = windows.effect(days, DRILLS, start=START, end=END)
    assert np.log(ours.ratio) == pytest.approx(best.x[0], abs=0.02)  # half an event of shrinkage apart


def test_reads_a_register(tmp_path: Path) -> None:
    """Start and end, or one date; names and groups where there are such columns."""
    path = tmp_path / "drills.csv"
    path.write_text("\ufeffName,Season,Start,End\nB,summer,2020-08-01,2020-08-03\nA,spring,2020-03-01,\n", "utf-8")
    assert read(path) == (
        Window(date(2020, 3, 1), date(2020, 3, 1), "A", "spring"),
        Window(date(2020, 8, 1), date(2020, 8, 3), "B", "summer"),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("when\n2020-01-01\n", "no column of dates"),
        ("date\n2020-13-01\n", "line 2: .*2020-13-01"),
        ("start,end\n2020-02-01,2020-01-01\n", "before the start"),
        ("date\n", "holds no date"),
    ],
)
def test_says_what_is_wrong_with_a_register(tmp_path: Path, text: str, says: str) -> None:
    """Every fault names its line or the missing column."""
    path = tmp_path / "r.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(LoadError, match=says):
        read(path)


def test_too_little_is_said_to_be_too_little() -> None:
    """A short record, none at all, windows everywhere; few events give no verdict."""
    with pytest.raises(LearnError, match="too few"):
        windows.effect([START], DRILLS[:1], start=START, end=date(2006, 6, 1))
    with pytest.raises(LearnError, match="no events"):
        windows.effect([], DRILLS)
    with pytest.raises(LearnError, match="fill the whole record"):
        windows.effect([START], [Window(START, END)], start=START, end=END)
    few = windows.effect([date(2010, 3, 6), date(2012, 7, 1)], DRILLS, start=START, end=END)
    assert not few.enough and "Too few" in few.summary()


def test_drills_and_provocations_2005_to_2026() -> None:
    """The dispute: a modest rise in spring whose interval all but includes one, none to be seen in summer."""
    drills = read(shared("data/cases/us_rok_exercises.csv"))
    acts = pl.read_csv(shared("data/cases/csis_provocations_severity.csv"), try_parse_dates=True)["date"].to_list()
    since, until = date(2005, 1, 1), date(2026, 3, 31)
    spring, summer = (
        windows.effect(acts, [w for w in drills if w.group == season], start=since, end=until)
        for season in ("spring", "summer")
    )
    assert 1.2 < spring.ratio < 2.0 and spring.low < 1.1 and spring.high < 3.0
    assert summer.low < 1.0 < summer.high


def test_rows_that_say_the_same_are_one_window(tmp_path: Path) -> None:
    """A warning counts them; events to be counted are not windows and stay."""
    path = tmp_path / "drills.csv"
    path.write_text("start;end;group\n" + "2018-04-01;2018-04-30;spring\n" * 2 + "2018-04-01;2018-04-30;\n")
    with pytest.warns(DetenteWarning, match=r"drills.csv: 1 duplicate row left out\."):
        found = read(path)
    assert [w.group for w in found] == ["", "spring"]
    with pytest.warns(DetenteWarning, match="2 duplicate rows"):
        assert len(read(["2024-03-04"] * 3)) == 1
    assert len(read(["2024-03-04"] * 3, repeats=True)) == 3


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_reads_what_spreadsheets_write(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "drills.csv"
    path.write_text(f"start{mark}end{mark}name\n2018-04-01{mark}2018-04-30{mark}Spring drill\n", encoding="utf-8")
    assert read(path) == (Window(date(2018, 4, 1), date(2018, 4, 30), "Spring drill"),)


def test_an_even_record_is_no_unknown_one() -> None:
    """One event a day for ten years: the ratio is one, and known to be near it."""
    days = [START + timedelta(i) for i in range(3652)]
    found = windows.effect(days, DRILLS[:10], start=START, end=days[-1])
    assert found.p == 1.0 and 0.8 < found.low < 1 < found.high < 1.25
    assert found.enough and "Too few" not in found.summary()


@pytest.mark.parametrize(
    "whole",
    [
        [Window(date(y, 3, 1), date(y, 3, 31)) for y in range(2006, 2021)],
        [Window(date(y, 1, 1), date(y, 12, 31)) for y in (2010, 2012, 2015)],
    ],
    ids=["March", "years"],
)
def test_windows_that_are_whole_months_or_years_tell_nothing(whole: list[Window]) -> None:
    """Where every day of a month or a year is inside, it cannot be told from that month or year."""
    found = windows.effect(simulated(1.0, 3), whole, start=START, end=END)
    assert found.inside + found.expected > 100
    assert not found.enough and "whole months or years" in found.summary()
