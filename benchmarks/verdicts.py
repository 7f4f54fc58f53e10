"""How often does a verdict come up that should not? Simulated records without effect, and with rates changed.

In each record somebody drills now and then, and another side threatens. Four kinds of record:

- plain: ten years, a drill every two months, threats at random, 0.05 a day;
- clustered: the same, but half of all threats answer earlier ones, and days, years and seasons vary;
- yearly: clustered, drills in March and in August only;
- two years: clustered, 0.3 threats a day, a drill every 40 days.

In the week after a drill the rate of threats is multiplied by the ratio. The verdict is that of the
comparison of days; there is no model. Prints shares of records by verdict.

Run: python benchmarks/verdicts.py [RECORDS]
"""

from __future__ import annotations

import sys
from collections import Counter
from datetime import date, timedelta

import numpy as np
import polars as pl

from detente.learn.check import HOSTILE, SCALE, Acts, Proposition, check

START = date(2008, 1, 1)
CLAIM = Proposition(Acts(("KOR", "USA"), types=("COOPERATE",), joint=True), Acts(("PRK",), types=HOSTILE), within=7)
KINDS = {
    "plain": (3650, 0.05, 60),
    "clustered": (3650, 0.05, 60),
    "yearly": (3650, 0.05, 0),
    "two years": (730, 0.3, 40),
}
ANSWERING, FADING = 0.5, np.exp(-0.2)


def record(kind: str, ratio: float, seed: int) -> pl.DataFrame:
    """One simulated record as a daily event table."""
    rng = np.random.default_rng(seed)
    days, mean, gap = KINDS[kind]
    if gap:
        drills = np.flatnonzero(rng.random(days) < 1 / gap)
    else:
        drills = np.array([365 * y + m + rng.integers(-10, 10) for y in range(days // 365) for m in (70, 230)])
    lift = np.ones(days)
    for d in drills:
        lift[d + 1 : d + 8] = ratio
    if kind == "plain":
        seen = rng.poisson(mean * lift)
    else:
        t, seen, past = np.arange(days), np.zeros(days, dtype=int), 0.0
        own = np.exp(0.4 * np.sin(2 * np.pi * t / 365.25) + 0.3 * rng.standard_normal(days // 365 + 1)[t // 365])
        own *= mean * (1 - ANSWERING)
        for i in range(days):
            seen[i] = rng.poisson((own[i] + ANSWERING * past * (1 - FADING)) * lift[i] * rng.gamma(1.0))
            past = FADING * past + seen[i]
    rows = [(START + timedelta(int(d)), "USA", "KOR", "COOPERATE", 1) for d in drills]
    rows += [(START + timedelta(int(i)), "PRK", "KOR", "THREATEN", int(seen[i])) for i in np.flatnonzero(seen)]
    return pl.DataFrame(rows, schema=["day", "source", "target", "type", "count"], orient="row").sort("day")


def shares(kind: str, ratio: float, n: int) -> dict[str, float]:
    """Share of ``n`` simulated records by verdict."""
    found = Counter(check(CLAIM, record(kind, ratio, seed)).verdict for seed in range(n))
    return {verdict: found[verdict] / n for verdict in SCALE}


def main() -> None:
    """Print the table."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"{'record':<10} {'ratio':>5}  " + "  ".join(f"{v:>13}" for v in SCALE))
    for kind in KINDS:
        for ratio in (1.0, 2.0, 0.5):
            print(f"{kind:<10} {ratio:5.1f}  " + "  ".join(f"{x:13.1%}" for x in shares(kind, ratio, n).values()))


if __name__ == "__main__":
    main()
