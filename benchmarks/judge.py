"""Trains the judge that gives events their confidence, and says how well it did on texts that it was not trained on.

    python benchmarks/judge.py SENTENCES [--out src/detente/data/judge.csv]

SENTENCES is a JSON-lines file of sentences with one known event each (``text``, ``source``, ``target``, ``gold_root``);
a fifth of them, by the hash of their ids, is held back for report and not used. The project's own corpora are used as
well. Weights are those of a logistic regression with a quadratic penalty; only signs seen in at least three texts are
kept. The penalty is the one of ``PENALTIES`` with the smallest log loss in five parts by text, each judged by a model
trained on the other four; a straight line through these five parts' log odds then corrects the scale.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date as Date
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.reading import reliability, right, split  # noqa: E402
from detente.actors import register  # noqa: E402
from detente.events import Event  # noqa: E402
from detente.read import make_report  # noqa: E402
from detente.read.coder import Coder  # noqa: E402
from detente.read.judge import BASE  # noqa: E402
from tests.commentary import pieces, written  # noqa: E402
from tests.quality import rows  # noqa: E402

PENALTIES = (4.0, 8.0, 16.0, 32.0)
RARE = 3
Floats = NDArray[np.float64]


class Case(NamedTuple):
    """One event as the rules coded it: its text, whether that is news, its signs, and whether it is right."""

    text: str
    news: bool
    signs: tuple[str, ...]
    right: bool


class Model(NamedTuple):
    """Weights of the signs, and the log odds of an event without any."""

    weights: dict[str, float]
    base: float

    def odds(self, cases: Iterable[Case]) -> Floats:
        """Log odds of each case."""
        return np.array([self.base + sum(self.weights.get(s, 0.0) for s in case.signs) for case in cases])


def as_told(event: Event, golds: list[dict[str, Any]]) -> bool:
    """Whether an event is one of those written down for its text, as far as it names its sides."""
    source, target = ({p.code or p.name for p in side} for side in (event.source, event.target))
    for gold in golds:
        if gold["type"] != event.type:
            continue
        wanted = set(gold["source"]), set(gold["target"])
        if gold["reciprocal"] and event.reciprocal:
            wanted = (wanted[0] | wanted[1],) * 2
        if source <= wanted[0] and target <= wanted[1]:
            return True
    return False


def collect(news: list[dict[str, Any]]) -> list[Case]:
    """Every event that the rules code in the news sentences and in the project's own corpora, none left out.

    Of the pieces of commentary those of the half ``check`` are not read.
    """
    coder = Coder(least=0.0)
    out: list[Case] = []
    for row in [*news, *rows()]:
        coder.seen = {}
        day = Date.fromisoformat(row["published"]) if "published" in row else None
        reading = coder.read(make_report(row["text"], id=row["id"], outlet=row.get("outlet", ""), published=day))
        for event in reading.events:
            good = right(event, row)[1] if "gold_root" in row else as_told(event, row["events"])
            out.append(Case(row["id"], "gold_root" in row, coder.seen[event.id], good))
    for piece in pieces("dev"):
        coder.seen = {}
        text, starts = written(piece)
        for event in coder.read(make_report(text, id=piece["id"])).events:
            told = piece["sentences"][bisect(starts, event.trigger[0]) - 1]["events"]
            out.append(Case(piece["id"], False, coder.seen[event.id], as_told(event, told)))
    return out


def fold(case: Case) -> int:
    """The fifth to which a text belongs."""
    return int(hashlib.sha256(f"judge {case.text}".encode()).hexdigest(), 16) % 5


def fit(cases: Sequence[Case], penalty: float) -> Model:
    """Weights with the smallest log loss plus ``penalty / 2`` times the sum of their squares."""
    texts = Counter(sign for _, sign in {(case.text, sign) for case in cases for sign in case.signs})
    known = register().lookup
    kept = [s for s, n in sorted(texts.items()) if n >= RARE and not known(s.rpartition(": ")[2].title())]
    at = {sign: i for i, sign in enumerate(kept)}
    filled = [(i, at[sign]) for i, case in enumerate(cases) for sign in case.signs if sign in at]
    shape = (len(cases), len(kept))
    x = sparse.csr_matrix((np.ones(len(filled)), tuple(zip(*filled, strict=True))), shape=shape)
    y = np.array([case.right for case in cases], dtype=float)

    def loss(w: Floats) -> tuple[float, Floats]:
        z = x @ w[:-1] + w[-1]
        slope = expit(z) - y
        value = float((np.logaddexp(0.0, z) - y * z).sum() + penalty / 2 * (w[:-1] ** 2).sum())
        return value, np.append(x.T @ slope + penalty * w[:-1], slope.sum())

    done = minimize(loss, np.zeros(len(kept) + 1), jac=True, method="L-BFGS-B", options={"maxiter": 1000})
    return Model(dict(zip(kept, done.x[:-1].tolist(), strict=True)), float(done.x[-1]))


def log_loss(z: Floats, y: Floats) -> float:
    """Mean log loss of log odds."""
    return float((np.logaddexp(0.0, z) - y * z).mean())


def apart(cases: Sequence[Case], penalty: float) -> Floats:
    """Log odds of each case by a model that did not see its fifth."""
    parts = np.array([fold(case) for case in cases])
    z = np.zeros(len(cases))
    for part in range(5):
        model = fit([c for c, p in zip(cases, parts, strict=True) if p != part], penalty)
        inside = np.flatnonzero(parts == part)
        z[inside] = model.odds([cases[i] for i in inside])
    return z


def line(z: Floats, y: Floats) -> tuple[float, float]:
    """Slope and height of the straight line through log odds that lessens the log loss most."""

    def loss(w: Floats) -> float:
        return log_loss(w[0] * z + w[1], y)

    slope, height = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(slope), float(height)


def main() -> None:
    """Train, write the weights, and print how they do on what they were not trained on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "src/detente/data/judge.csv")
    given = parser.parse_args()
    began = process_time()
    news = [json.loads(row) for row in given.sentences.read_text(encoding="utf-8").splitlines()]
    cases = collect(split(news, report=False))
    y = np.array([case.right for case in cases], dtype=float)
    fresh = np.array([case.news for case in cases])
    losses = {penalty: log_loss(apart(cases, penalty), y) for penalty in PENALTIES}
    penalty = min(losses, key=losses.__getitem__)
    z = apart(cases, penalty)
    slope, height = line(z[fresh], y[fresh])
    model = fit(cases, penalty)
    weights = {BASE: slope * model.base + height} | {s: slope * w for s, w in model.weights.items()}
    with given.out.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows((s, f"{w:.2f}") for s, w in weights.items())
    print(f"{len(cases)} events ({fresh.sum()} of news, {y[fresh].mean():.2f} right; own {y[~fresh].mean():.2f} right)")
    print("log loss in five parts:", {p: round(v, 4) for p, v in losses.items()})
    print(f"slope {slope:.3f}, height {height:.3f}; {len(weights)} weights; {process_time() - began:.0f} CPU seconds")
    print("news, each fifth judged by a model of the other four:")
    reliability(expit(slope * z + height)[fresh], y[fresh])
    print("own corpora, likewise:")
    reliability(expit(slope * z + height)[~fresh], y[~fresh])


if __name__ == "__main__":
    main()
