"""Data simulated from a known model, on which the intervals of reactions are checked (``benchmarks/intervals.py``)."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from benchmarks import intervals as bench
from detente.learn import Fit, ReactionModel


@pytest.fixture(scope="module")
def truth() -> Fit:
    return bench.busiest(6)


def monthly(table: pl.DataFrame) -> np.ndarray:
    """Events of each 30 days."""
    day = (table["day"] - table["day"].min()).dt.total_days() // 30
    return table.group_by(month=day).agg(pl.col("count").sum()).sort("month")["count"].to_numpy()


def test_baselines_drift_by_month_only_where_asked(truth: Fit) -> None:
    sd = {}
    for drift in (True, False):
        months = np.array(
            [monthly(bench.simulate(truth, 180, np.random.default_rng(i), drift=drift)) for i in range(4)]
        )
        sd[drift] = np.log(months).std(1).mean()
    assert sd[True] > 1.5 * sd[False]


def test_most_intervals_hold_the_truth_where_nothing_drifts(truth: Fit) -> None:
    """By 90 % intervals in small data; the benchmark measures it on more."""
    table = bench.simulate(truth, 150, np.random.default_rng(1), drift=False)
    fit = ReactionModel(draws=24).fit(table, actors=truth.actors, seed=1)
    compared = bench.compared(truth, fit)
    assert compared["n"].min() >= 10
    held = bench.summary(compared.filter(pl.col("channel") != "inertia").with_columns(channel=pl.lit("others")))
    assert held["name"].to_list() == ["pooled, others", "by pair, others"]
    assert held["held"].is_between(0.75, 0.99).all()
    # An interval that says nothing would hold everything: these end well below what would be a large reaction.
    answers = compared.filter(pl.col("channel") == "reciprocity")
    assert answers["high"].median() < 0.1
