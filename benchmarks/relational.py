"""The relational event model with the full risk set: time and memory of a fit, beside recorded figures of R packages.

    python benchmarks/relational.py [--actors 50] [--events 10000] [--repeats 5]

The R packages are not run: the figures beside ours were measured elsewhere, on another machine of two cores, for 50
actors and 10,000 events with inertia, reciprocity and two-paths: remverse 24 s and 2.3 GB, goldfish 41 to 71 s. Data
are made up: a third of the events repeat an earlier one, a third answer one, by actors of unequal activity. Times are
CPU seconds, medians; memory is the highest that the whole process held, and how much of it the fits added.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time

import numpy as np
from threadpoolctl import threadpool_limits

from detente.learn import RelationalEvents
from detente.learn.relational import STATISTICS

RECORDED = (50, 10_000)
REMVERSE = (24.0, 2300.0)  # seconds, megabytes
SETS = {
    "inertia, reciprocity, two-paths": STATISTICS[:3],
    "all eight": STATISTICS,
}


def made(n_actors: int, n_events: int, seed: int) -> tuple[np.ndarray, list[str], list[str]]:
    """Times, sources and targets."""
    rng = np.random.default_rng(seed)
    activity = rng.gamma(1.0, 1.0, n_actors)
    activity /= activity.sum()
    pairs: list[tuple[int, int]] = []
    while len(pairs) < n_events:
        luck = rng.random()
        if pairs and luck < 2 / 3:
            a, b = pairs[rng.integers(len(pairs))]
            pairs.append((a, b) if luck < 1 / 3 else (b, a))
        else:
            a, b = rng.choice(n_actors, 2, replace=False, p=activity)
            pairs.append((int(a), int(b)))
    times = np.cumsum(rng.exponential(1.0, n_events))
    return times, [f"a{a:04}" for a, _ in pairs], [f"a{b:04}" for _, b in pairs]


def memory() -> float:
    """Megabytes the process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--actors", type=int, default=50)
    options.add_argument("--events", type=int, default=10_000)
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    threadpool_limits(1)
    times, sources, targets = made(given.actors, given.events, given.seed)
    print(
        f"{given.events:,} events among {given.actors} actors, all {given.actors * (given.actors - 1):,} pairs at risk"
    )
    for likelihood in ("ordinal", "interval"):
        for name, chosen in SETS.items():
            RelationalEvents.fit(times[:100], sources[:100], targets[:100], statistics=["inertia"])  # compiled before
            before, spent = memory(), []
            for _ in range(given.repeats):
                begun = time.process_time()
                fitted = RelationalEvents.fit(times, sources, targets, statistics=chosen, likelihood=likelihood)
                spent.append(time.process_time() - begun)
            seconds, held = statistics.median(spent), memory()
            print(
                f"  {likelihood:8} {name:32} {seconds:7.3f} s  {held:6.0f} MB, {held - before:.0f} by the fits  "
                f"log-likelihood {fitted.loglik:.3f}"
            )
            if (given.actors, given.events, len(chosen)) == (*RECORDED, 3):
                print(
                    f"  remverse, recorded elsewhere: {REMVERSE[0]:.0f} s, {REMVERSE[1]:.0f} MB; "
                    f"{REMVERSE[0] / seconds:.0f} times our time, {REMVERSE[1] / held:.0f} times our memory"
                )


if __name__ == "__main__":
    main()
