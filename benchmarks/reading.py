"""How well and how fast the reader codes: scores, sentences a CPU second, reliability of its confidence.

    python benchmarks/reading.py [--gold]

The project's own corpus is always scored. Where the shared data lie beside the checkout, their sentences of modern news
are scored too: in five parts by the hash of their ids, four for tuning and one for report. ``--gold`` adds the gold
records, which are for report only. What is absent is named and skipped.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
sys.path.insert(0, str(ROOT))

from detente.events import Event, Party  # noqa: E402
from detente.read import make_report, read_many  # noqa: E402
from tests.quality import coded, rows, scores  # noqa: E402

_YIELD = {"CONCEDE": "YIELD", "RETREAT": "YIELD"}


def split(sentences: list[dict[str, Any]], *, report: bool) -> list[dict[str, Any]]:
    """The fifth that is held back for report, or the other four."""
    return [s for s in sentences if (int(hashlib.sha256(s["id"].encode()).hexdigest(), 16) % 5 == 0) == report]


def read_all(sentences: list[dict[str, Any]]) -> tuple[list[tuple[Event, ...]], float]:
    """Events of each text, and the CPU seconds it took, parse included."""
    reports = [make_report(s["text"], id=str(s["id"])) for s in sentences]
    began = time.process_time()
    out = [reading.events for reading in read_many(reports)]
    return out, time.process_time() - began


def right(event: Event, gold: dict[str, Any]) -> tuple[bool, bool]:
    """Whether the type is that of the gold event, and whether each side that the event names overlaps its span too."""
    spans = []
    for key in ("source", "target"):
        start = gold["text"].find(gold[key])
        spans.append((start, start + len(gold[key])))

    def on(side: tuple[Party, ...], whole: tuple[int, int]) -> bool:
        return not side or any(p.span and p.span[0] < whole[1] and whole[0] < p.span[1] for p in side)

    type_ = _YIELD.get(event.type, event.type) == _YIELD.get(gold["gold_root"], gold["gold_root"])
    ways = [spans, spans[::-1]] if event.reciprocal else [spans]
    return type_, type_ and any(on(event.source, a) and on(event.target, b) for a, b in ways)


def reliability(confidence: NDArray[np.float64], good: NDArray[np.float64]) -> None:
    """Print, by bin of confidence, its mean beside the share that is right."""
    print("confidence    events   mean   right")
    for low, high in pairwise((0.0, 0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)):
        inside = (low <= confidence) & (confidence < high)
        if inside.any():
            mean, share = confidence[inside].mean(), good[inside].mean()
            print(f"{low:.2f} to {high:.2f} {inside.sum():8d}   {mean:.2f}   {share:.2f}")
    print(f"Brier score {((confidence - good) ** 2).mean():.4f}")


def score(path: Path) -> None:
    """The independent scorer's figures."""
    done = subprocess.run(
        [
            sys.executable,
            str(SHARED / "bench/score_reading.py"),
            str(path),
            "--json",
            "--run",
            f"{sys.executable} -m detente code",
        ],
        capture_output=True,
        check=True,
        text=True,
    )
    out = json.loads(done.stdout)
    print("  ".join(f"{key} F1 {out[key]['f1']}" for key in ("type", "pair", "triple")))


def main() -> None:
    """Measure and print."""
    print("own corpus:", scores(coded(rows())))
    news = SHARED / "data/reading/plover_sentences_train.jsonl"
    if not news.exists():
        print("sentences of modern news: absent, skipped")
        return
    sentences = [json.loads(line) for line in news.read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        for name, held in (("tuning part", False), ("report part", True)):
            part = Path(folder) / "part.jsonl"
            part.write_text("\n".join(json.dumps(s) for s in split(sentences, report=held)), encoding="utf-8")
            print(f"modern news, {name}:", end=" ", flush=True)
            score(part)
    if "--gold" in sys.argv:
        print("gold records:", end=" ", flush=True)
        score(SHARED / "data/reading/plover_gold_records.jsonl")
    held = split(sentences, report=True)
    read, _ = read_all(held)
    told = [(e, *right(e, s)) for s, events in zip(held, read, strict=True) for e in events]
    for name, sides in (("both sides", True), ("one side", False)):
        part = [(e.confidence, good) for e, _, good in told if bool(e.source and e.target) == sides]
        print(f"report part, events with {name}:")
        reliability(*np.array(part, dtype=float).T)
    _, seconds = read_all(sentences)
    print(f"{len(sentences) / seconds:.0f} sentences a CPU second, everything included")


if __name__ == "__main__":
    main()
