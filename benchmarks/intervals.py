"""Do the intervals of reactions hold the truth? Data are simulated from a model whose reactions are known, and fitted.

    python benchmarks/intervals.py [--actors N] [--days N] [--sets N] [--seed N] [--steady]

The model is the shipped prior's part for its busiest states, in its usual state. Each set of data is made by plain
numpy from the formula, fitted with the default settings, and the 90 % intervals of its reactions with at least ten past
events behind them are held against the true effects. Baselines drift from month to month as much as reports did in 2014
and 2018 (:mod:`detente.simulate.volume`); ``--steady`` leaves that out. Prints the share of intervals that hold the
truth, by channel, and of those that do not, where the truth lies.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from detente.codebook import event_type, is_hostile
from detente.learn import Fit, ReactionModel, prior
from detente.learn.exposures import channels, symmetrise
from detente.learn.reactions import CALMING, FEW, frame
from detente.simulate.volume import spread


def simulate(fit: Fit, days: int, rng: np.random.Generator, *, drift: bool = True) -> pl.DataFrame:
    """A daily event table drawn from a model, beginning in its usual state.

    Args:
        drift: whether baselines vary by month and by day, all together and pair by pair, with mean one.
    """
    n, symmetric = len(fit.actors), np.array([event_type(k).symmetric for k in fit.types])
    upper, fade = np.triu(np.ones((n, n), dtype=bool), 1)[..., None], np.exp(-1.0 / fit.taus)
    state = symmetrise(fit.mean)[..., None] * np.ones(len(fit.taus))
    sort = np.array([0 if is_hostile(k) else 1 for k in fit.types])
    by_month, by_day, by_pair = sd = spread(fit) * drift
    rows = []
    for day in range(days):
        if day % 30 == 0:
            month, pair = rng.standard_normal(2), rng.standard_normal((n, n, 2))
            pair = np.where(upper, pair, pair.swapaxes(0, 1))
        swell = np.exp(by_month * month + by_day * rng.standard_normal(2) + by_pair * pair - (sd**2).sum(0) / 2)
        exposed = channels(state, fit.partners, fit.foes)
        stirred = np.einsum("cab,cablh,chlk->abk", fit.theta, exposed, fit.weights, optimize=True)
        rate = fit.base * swell[..., sort] + stirred
        rate = np.where(symmetric, np.where(upper, rate + rate.swapaxes(0, 1), 0.0), rate)
        expected = rate.sum(2) + rate.sum(2).T
        phi = np.maximum(fit.over_dispersion(expected), 1e-6)
        shock = np.triu(rng.gamma(1.0 / phi, phi), 1)
        y = rng.poisson(rate * (shock + shock.T)[..., None])
        when = date(2020, 1, 1) + timedelta(day)
        for a, b, k in np.argwhere(y):
            rows.append((when, fit.actors[a], fit.actors[b], fit.types[k], int(y[a, b, k])))
        state = fade * state + (1.0 - fade) * symmetrise(y.astype(float))[..., None]
    return pl.DataFrame(rows, schema=["day", "source", "target", "type", "count"], orient="row")


def busiest(actors: int) -> Fit:
    """The shipped prior for its busiest actors."""
    whole = prior()
    busy = np.argsort(-(whole.mean.sum((1, 2)) + whole.mean.sum((0, 2))))[:actors]
    return whole.select([whole.actors[i] for i in sorted(busy)])


def main() -> None:
    """Run the check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("actors", 12), ("days", 200), ("sets", 40), ("seed", 7)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--steady", action="store_true", help="baselines that do not drift")
    given = parser.parse_args()
    truth = busiest(given.actors)
    kept = []
    for i in range(given.sets):
        table = simulate(truth, given.days, np.random.default_rng([given.seed, i]), drift=not given.steady)
        fit = ReactionModel().fit(table, actors=truth.actors, seed=given.seed + i)
        kept.append(compared(truth, fit))
    table_of_all = pl.concat(kept)
    drift = "steady" if given.steady else "drifting"
    print(f"{given.sets} sets of {given.days} days, {given.actors} states, {drift} baselines: share of 90 % intervals")
    print(f"  {'':28s} that hold the truth  that lie below it  above it   true effect  estimate")
    others = table_of_all.filter(pl.col("channel") != "inertia").with_columns(channel=pl.lit("all but inertia"))
    for name, *shares, true, got in summary(pl.concat([others, table_of_all])).iter_rows():
        print(f"  {name:28s} {shares[0]:19.3f}{shares[1]:19.3f}{shares[2]:10.3f}{true:14.4f}{got:10.4f}")


def compared(truth: Fit, fit: Fit) -> pl.DataFrame:
    """The reactions of a fit with at least ten past events, beside the true effects averaged over the same events."""
    there = pl.col("channel") != CALMING
    true = frame(replace(truth, counts=fit.counts, partners=fit.partners, foes=fit.foes)).filter(there)["effect"]
    return frame(fit).filter(there).with_columns(true=true).filter(pl.col("n") >= FEW)


def summary(table: pl.DataFrame) -> pl.DataFrame:
    """By channel, pooled over targets and by pair: share of intervals that hold the truth, lie below and above it, and
    the mean true effect and estimate."""
    true = pl.col("true")
    kind = pl.when(pl.col("toward") == "").then(pl.lit("pooled, ")).otherwise(pl.lit("by pair, "))
    return table.group_by(name=kind + pl.col("channel"), maintain_order=True).agg(
        held=true.is_between("low", "high").mean(),
        below=(true > pl.col("high")).mean(),
        above=(true < pl.col("low")).mean(),
        true=true.mean(),
        got=pl.col("effect").mean(),
    )


if __name__ == "__main__":
    main()
