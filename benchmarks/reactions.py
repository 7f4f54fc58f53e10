"""One-day-ahead forecasts of the reaction model against three simpler ones, on event data sets.

    python benchmarks/reactions.py FILE... [--days N] [--busiest N] [--without CODE ...] [--seed N]

For each file: fits on all but the last days, forecasts these one day ahead, and prints bits per event over a constant
rate, the last 30 days and tuned exponential smoothing (all under the same pair-day observation model), and over the
model without third parties, each with a 90 % interval by pair; coverage of 80 % intervals; CPU seconds of one fit,
without and with draws from the posterior. Without ``--busiest`` the actors are those of the shipped prior.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import process_time

from detente.learn import ReactionModel, backtest
from detente.learn.fit import busiest
from detente.learn.prior import ACTORS
from detente.load import daily


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--days", type=int, default=31, help="days held out at the end")
    parser.add_argument("--busiest", type=int, default=0, help="take the N busiest states instead of the prior's")
    parser.add_argument("--without", nargs="*", default=[], help="leave these states out")
    parser.add_argument("--no-fit", action="store_true", help="forecast only, do not time fits")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    for path in given.files:
        loaded = daily(path)
        print(loaded.summary())
        actors = busiest(loaded.table, given.busiest) if given.busiest else ACTORS
        actors = tuple(code for code in actors if code not in given.without)
        score = backtest(
            loaded.table, actors=actors, test_days=given.days, data=f"{len(actors)} states", seed=given.seed
        )
        print(score.summary())
        if given.no_fit:
            continue
        seconds = []
        for draws in (0, 32):
            began = process_time()
            fit = ReactionModel(draws=draws).fit(loaded.table, actors=actors, seed=given.seed)
            seconds.append(process_time() - began)
        value, low, high = fit.reproduction()
        shock = f"pair-day shock phi {fit.phi:.2f}, falling with the power {fit.phi_power:.2f} of expected counts"
        print(f"  reproduction number {value:.2f} ({low:.2f} to {high:.2f}); {shock}")
        took = f"{seconds[0]:.1f} CPU s, with {len(fit.draws)} draws {seconds[1]:.1f} s"
        print(f"  fit of {fit.n_events} events: {took}\n")


if __name__ == "__main__":
    main()
