"""Do the intervals of reactions hold the truth? Data are simulated from a model whose reactions are known, and fitted.

    python benchmarks/coverage.py [--actors N] [--days N] [--sets N] [--seed N]

The model is the shipped prior's part for its busiest states, in its usual state. Each set of data is made by plain
numpy from the formula, fitted with the default settings, and the 90 % intervals of its reactions with at least ten past
events behind them are held against the true effects. Prints the share that hold them, by channel.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from detente.codebook import event_type
from detente.learn import Fit, ReactionModel, prior
from detente.learn.exposures import channels, symmetrise
from detente.learn.reactions import FEW, frame


def simulate(fit: Fit, days: int, rng: np.random.Generator) -> pl.DataFrame:
    """A daily event table drawn from a model, beginning in its usual state."""
    n, symmetric = len(fit.actors), np.array([event_type(k).symmetric for k in fit.types])
    upper, fade = np.triu(np.ones((n, n), dtype=bool), 1)[..., None], np.exp(-1.0 / fit.taus)
    state = symmetrise(fit.mean)[..., None] * np.ones(len(fit.taus))
    rows = []
    for day in range(days):
        exposed = channels(state, fit.partners, fit.foes)
        stirred = np.einsum("cab,cablh,chlk->abk", fit.theta, exposed, fit.weights, optimize=True)
        rate = fit.base + stirred
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


def main() -> None:
    """Run the check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("actors", 12), ("days", 200), ("sets", 40), ("seed", 7)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    whole = prior()
    busy = np.argsort(-(whole.mean.sum((1, 2)) + whole.mean.sum((0, 2))))[: given.actors]
    truth = whole.select([whole.actors[i] for i in sorted(busy)])
    held: dict[str, list[float]] = defaultdict(list)
    for i in range(given.sets):
        table = simulate(truth, given.days, np.random.default_rng([given.seed, i]))
        fit = ReactionModel().fit(table, actors=truth.actors, seed=given.seed + i)
        # The true effects, averaged over the same past events as the fitted ones.
        true = frame(replace(truth, counts=fit.counts, partners=fit.partners, foes=fit.foes))["effect"]
        got = frame(fit).with_columns(true=true).filter(pl.col("n") >= FEW)
        reaction = pl.col("channel") != "inertia"
        inside = pl.col("true").is_between(pl.col("low"), pl.col("high"))
        for toward, name in ((got["toward"] == "", "pooled"), (got["toward"] != "", "by pair")):
            part = got.filter(toward)
            held[f"{name}, reactions"].append(part.filter(reaction).select(inside.mean()).item())
            for (channel,), rows in part.group_by("channel", maintain_order=True):
                held[f"{name}, {channel}"].append(rows.select(inside.mean()).item())
    print(f"{given.sets} sets of {given.days} days, {given.actors} states: share of 90 % intervals that hold the truth")
    for name, shares in held.items():
        print(f"  {name:28s} {np.mean(shares):.3f}")


if __name__ == "__main__":
    main()
