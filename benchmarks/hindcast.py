"""Forecasts of 30-day counts from days in the past against what came, and two natural experiments.

    python benchmarks/hindcast.py FILE FIRST EVERY [FILE FIRST EVERY ...]
    python benchmarks/hindcast.py --experiments ICEWS14 ICEWS18

The first form prints, for forecasts from FIRST on at every so many days, coverage of 80 % intervals for dyads, actors
and all together, and CRPS against negative binomial counts at a smoothed rate. The second prints what the model would
have said on the day before the Sino-Japanese handshake of 10 November 2014 and the day before the summit of 12 June
2018, at which the suspension of drills was announced, and what came in the 45 days after. Actors are those of the
shipped prior.
"""

from __future__ import annotations

import sys
from datetime import date as Date
from datetime import timedelta
from time import process_time

import numpy as np
import polars as pl

from detente.codebook import is_hostile
from detente.desk.simulating import hindcast
from detente.learn import ReactionModel
from detente.learn.exposures import count
from detente.learn.prior import ACTORS
from detente.load import daily
from detente.simulate import Measure, compare
from detente.simulate.measures import dialogue, suspend


def experiment(table: pl.DataFrame, eve: Date, pairs: list[tuple[str, str]], measure: Measure, days: int = 45) -> None:
    """Forecast from the day after ``eve`` by what was known on it, without and with a measure; and what came."""
    fit = ReactionModel(draws=16).fit(table.filter(pl.col("day") <= eve), actors=ACTORS, seed=7)
    trial = compare(fit, [measure], start=eve + timedelta(1), days=days, futures=400, seed=7)
    after = count(table.filter(pl.col("day").is_between(eve + timedelta(1), eve + timedelta(days))), ACTORS, gap=None)
    before = count(table.filter(pl.col("day").is_between(eve - timedelta(days - 1), eve)), ACTORS, gap=None)
    hostile = np.array([is_hostile(k) for k in fit.types])
    for one, other in pairs:
        a, b = fit.index(one), fit.index(other)
        for i, sort in enumerate(("hostile", "conciliatory")):
            drawn = trial.base.dyads[:, i, a, b] + trial.base.dyads[:, i, b, a]
            low, middle, high = np.quantile(drawn, (0.1, 0.5, 0.9))
            came, were = (
                c.n[(np.isin(c.a, (a, b)) & np.isin(c.b, (a, b))) & (hostile[c.k] == (i == 0))].sum()
                for c in (after, before)
            )
            beyond = (drawn >= came).mean()
            print(
                f"  {one}-{other} {sort}: {were:.0f} in the {days} days before; forecast {middle:.0f} "
                f"(80 %: {low:.0f} to {high:.0f}); came {came:.0f} (as many or more in {beyond:.0%} of futures)"
            )
    print(f"  {trial.effects[0].summary()}")


def main() -> None:
    """Run the benchmark."""
    given = sys.argv[1:]
    if given[:1] == ["--experiments"]:
        tables = [daily(path).table for path in given[1:3]]
        print("Handshake of 10 November 2014, by what was known on the 9th")
        experiment(tables[0], Date(2014, 11, 9), [("CHN", "JPN")], dialogue("CHN", "JPN", every=15, first=1))
        print("Suspension of drills announced on 12 June 2018, by what was known on the 11th")
        pause = suspend("exercise", by=["USA", "KOR"], toward=["PRK"], share=(1.0, 1.0))
        experiment(tables[1], Date(2018, 6, 11), [("PRK", "USA"), ("KOR", "PRK")], pause)
        return
    if not given or len(given) % 3:
        raise SystemExit(__doc__)
    for path, first, every in zip(given[::3], given[1::3], given[2::3], strict=True):
        began = process_time()
        found = hindcast([path], first=Date.fromisoformat(first), every=int(every))
        print(found.summary())
        print(f"{process_time() - began:.0f} s of processor time")


if __name__ == "__main__":
    main()
