"""Make the file of the shipped prior again.

::

    python -m detente.learn.build FILE... --out FILE --seed N
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import polars as pl

from detente.learn.backtest import backtest
from detente.learn.estimate import Settings
from detente.learn.fit import ReactionModel
from detente.learn.model import Fit, Score
from detente.learn.prior import ACTORS
from detente.load import Daily, daily

_SOURCES: Final = (
    "Boschee, E. et al. (2015). ICEWS Coded Event Data. Harvard Dataverse, doi:10.7910/DVN/28075 (the "
    "forecasting subsets ICEWS14 and ICEWS18).",
    "García-Durán, A., Dumančić, S. and Niepert, M. (2018). Learning sequence encoders for temporal knowledge graph "
    "completion. EMNLP 2018, 4816-4821 (ICEWS14).",
    "Jin, W. et al. (2020). Recurrent event network: autoregressive structure inference over temporal knowledge "
    "graphs. EMNLP 2020, 6669-6683 (ICEWS18).",
)


def build(loaded: Sequence[Daily], *, seed: int, settings: Settings | None = None) -> Fit:
    """Fit the prior on event files, and score each by itself on its last 31 days.

    Args:
        loaded: the files, oldest first; baselines and long-run means are those of the last one.
    """
    settings = settings or Settings()
    scores = [backtest(x.table, actors=ACTORS, settings=settings, data=x.name, seed=seed) for x in loaded]
    table = pl.concat([x.table for x in loaded]).sort("day", maintain_order=True)
    provenance: dict[str, Any] = {
        "data": [
            {
                "name": x.name,
                "sha256": x.sha256,
                "start": x.table["day"].min().isoformat(),  # type: ignore[union-attr]
                "end": x.table["day"].max().isoformat(),  # type: ignore[union-attr]
                "rows": x.rows,
                "dropped": dict(x.dropped),
            }
            for x in loaded
        ],
        "version": version("detente"),
        "command": f"python -m detente.learn.build {' '.join(x.name for x in loaded)} --out prior.npz --seed {seed}",
        "seed": seed,
        "scores": [_plain(s) for s in scores],
        "sources": _SOURCES,
    }
    model = ReactionModel(settings=settings)
    return model.fit(table, actors=ACTORS, score=scores[-1], provenance=provenance, seed=seed)


def _plain(score: Score) -> dict[str, Any]:
    gains = {name: [round(x, 4) for x in (g.bits, g.low, g.high)] for name, g in score.gains.items()}
    return {**score.__dict__, "gains": gains, "deciles": [round(x, 4) for x in score.deciles]}


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the prior's file again."""
    parser = argparse.ArgumentParser(prog="python -m detente.learn.build", description=main.__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="event files, oldest first")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(arguments)
    loaded = [daily(path) for path in given.files]
    for one in loaded:
        print(one.summary())
    fit = build(loaded, seed=given.seed)
    fit.save(given.out, compact=True)
    print(fit.summary())
    print(f"Wrote {given.out.name}: {given.out.stat().st_size / 1000:.0f} kB.")


if __name__ == "__main__":
    main()
