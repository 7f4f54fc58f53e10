"""Next-event forecasting on a published split: train, rank the days of a part one by one, score.

    python benchmarks/outlook.py DATA_DIR [--out RANKING.npz] [--split valid] [--boosted] [--multi]
    python benchmarks/outlook.py EVENTS.csv.gz [--svg RELIABILITY.svg]

DATA_DIR holds train, valid and test (.txt or .txt.gz: subject relation object time), entity2id.txt and relation2id.txt.
Every question of a day is ranked from facts of days before it; the part's own facts are learnt once their day is
ranked (with ``--multi``: never). The model is fitted on all facts before the part. Prints mean reciprocal rank and
hits under the time-aware filter, CPU seconds and peak memory; the ranking file is for an independent scorer.

With a file of dated events instead, makes the 7-day watch lists of its last quarter as they would have been made then,
and prints how often what they listed came true.
"""

from __future__ import annotations

import argparse
import resource
from pathlib import Path
from time import process_time

import numpy as np
import polars as pl

from detente.load import daily
from detente.outlook import facts as index
from detente.outlook import kernel, listing, ranking, splits
from detente.outlook.groups import groups
from detente.outlook.reliability import reliability


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, help="ranking file to write")
    parser.add_argument("--split", default="test", choices=("valid", "test"))
    parser.add_argument("--boosted", action="store_true", help="rank again with LightGBM, and score both rankings")
    parser.add_argument("--multi", action="store_true", help="learn nothing from the days that are ranked")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--svg", type=Path, help="reliability figure to write")
    given = parser.parse_args()

    if given.data.is_file():
        began = process_time()
        loaded = daily(given.data)
        table = loaded.table.filter(pl.col("source") != pl.col("target"))
        found = reliability(listing.numbered(table)[0], seed=given.seed)
        print(f"{loaded.name}\n{found.summary()}\n  {process_time() - began:.1f} CPU s")
        if given.svg:
            found.figure().save(given.svg)
        return
    data = splits.read(given.data)
    if given.split not in data.parts:
        raise SystemExit(f"{given.data}: no {given.split}.txt or {given.split}.txt.gz")
    began = process_time()
    past = np.vstack([data.parts[part] for part in splits.PARTS[: splits.PARTS.index(given.split)]])
    now = data.parts[given.split]
    n_actors, n_relations = len(data.actors), len(data.relations)
    facts = index.index(np.vstack([past, now]), n_actors, n_relations, groups(data.actors))
    state = kernel.begin(facts)
    ahead = int(np.ptp(now[:, 3])) + 1
    ranker = ranking.train(
        facts, past, boosted=given.boosted, multi=ahead if given.multi else 0, seed=given.seed, state=state
    )
    trained = process_time()
    first = int(now[:, 3].min()) if given.multi else None
    asked = ranking.asked(now, n_actors, n_relations, frozen=first)
    answers = np.bincount(asked.key // n_actors, minlength=len(asked.rows))
    found: dict[str, list[np.ndarray]] = {"logit": [], **({"boosted": []} if given.boosted else {})}
    sides, kept = [], []
    at = 0
    for some in ranking.rank(facts, ranker, asked.rows, state=state):
        chosen = np.arange(at, at + len(some.rows))
        true = asked.true(chosen, some.among, n_actors)
        for name, each in found.items():
            scores = some.plain if name == "logit" else some.scores
            each.append(ranking.ranks(scores, true, answers[chosen], n_actors))
        sides.append(np.repeat(some.rows[:, 1] >= n_relations, answers[chosen]))
        if given.out:
            kept.append(some)
        at += len(some.rows)
    ended = process_time()
    subject = np.concatenate(sides)
    for name, parts in found.items():
        ranks = np.concatenate(parts)
        print(f"{given.data.name} {given.split}, {name}{', multi-step' * given.multi}")
        for side, each in (("object", ranks[~subject]), ("subject", ranks[subject]), ("both", ranks)):
            hits = "  ".join(f"H@{n} {100 * (each <= n).mean():.2f}" for n in (1, 3, 10))
            print(f"  {side:8s} queries {len(each):6d}  MRR {100 * (1 / each).mean():.2f}  {hits}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"  training {trained - began:.1f} CPU s, ranking {ended - trained:.1f} CPU s, peak {peak:.2f} GB")
    if given.out:
        n = kept[0].among.shape[1]
        np.savez_compressed(
            given.out,
            query=np.concatenate([some.rows[:, :3] for some in kept]),
            start=np.arange(len(asked.rows) + 1) * n,
            actor=np.concatenate([some.among for some in kept]).ravel().astype(np.int64),
            score=np.concatenate([some.scores for some in kept]).ravel(),
        )


if __name__ == "__main__":
    main()
