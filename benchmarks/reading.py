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
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
sys.path.insert(0, str(ROOT))

from detente.events import Event  # noqa: E402
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
    """Whether the type is that of the gold event, and whether source and target overlap its spans as well."""
    spans = []
    for key in ("source", "target"):
        start = gold["text"].find(gold[key])
        spans.append((start, start + len(gold[key])))

    def on(span: tuple[int, int] | None, whole: tuple[int, int]) -> bool:
        return span is not None and span[0] < whole[1] and whole[0] < span[1]

    type_ = _YIELD.get(event.type, event.type) == _YIELD.get(gold["gold_root"], gold["gold_root"])
    sides = [(a.span, b.span) for a in event.source for b in event.target]
    sides += [(b, a) for a, b in sides] if event.reciprocal else []
    return type_, type_ and any(on(a, spans[0]) and on(b, spans[1]) for a, b in sides)


def reliability(sentences: list[dict[str, Any]], read: list[tuple[Event, ...]]) -> None:
    """Print bins of confidence with the shares that are right; one gold event a text makes them lower bounds."""
    print("confidence    events   type right   type, source and target right")
    told = [
        (e.confidence, *right(e, s))
        for s, events in zip(sentences, read, strict=True)
        for e in events
        if e.modality not in {"negated", "hypothetical"} and e.source and e.target
    ]
    for low, high in ((0.0, 0.4), (0.4, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 1.0)):
        inside = [row for row in told if low <= row[0] < high]
        if inside:
            n = len(inside)
            print(
                f"{low:.1f} to {high:.1f}    {n:6d}   {sum(r[1] for r in inside) / n:10.2f}   "
                f"{sum(r[2] for r in inside) / n:10.2f}   (mean confidence {sum(r[0] for r in inside) / n:.2f})"
            )


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
    reliability(held, read)
    _, seconds = read_all(sentences)
    print(f"{len(sentences) / seconds:.0f} sentences a CPU second, everything included")


if __name__ == "__main__":
    main()
