"""Scores of the reader on the project's own corpus (``tests/corpus/reading.jsonl``).

Every text was written for this corpus, with the events that a careful reader codes: type, source and target codes,
whether both sides act, modality, and who is quoted (``null``: the author alone vouches). Texts that hold no event are
part of it. Measures are those of the field: type, pair and triple F1 over events that are neither negated nor
hypothetical; modality and speaker accuracy over the gold events whose type and pair were found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date as Date
from pathlib import Path
from typing import Any

from detente.events import Event
from detente.read import make_report, read_many

CORPUS = Path(__file__).parent / "corpus" / "reading.jsonl"
_OUT = {"negated", "hypothetical"}


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]


def coded(corpus: Iterable[dict[str, Any]]) -> list[tuple[dict[str, Any], tuple[Event, ...]]]:
    """Each row with the events read from its text."""
    corpus = list(corpus)
    reports = [
        make_report(
            row["text"],
            id=row["id"],
            outlet=row.get("outlet", ""),
            published=Date.fromisoformat(row["published"]) if "published" in row else None,
        )
        for row in corpus
    ]
    return [(row, reading.events) for row, reading in zip(corpus, read_many(reports), strict=True)]


def pairs(source: Iterable[str], target: Iterable[str], *, reciprocal: bool) -> set[tuple[str, str]]:
    """Directed pairs; of a reciprocal event each two parties once, in the order of the alphabet."""
    source, target = list(source), list(target)
    if reciprocal:
        every = [*source, *target]
        return {(min(a, b), max(a, b)) for i, a in enumerate(every) for b in every[i + 1 :] if a != b}
    return {(a, b) for a in source or [""] for b in target or [""]}


def short(event: Event) -> str:
    """Type, codes of both sides and modality in a few words."""
    sides = [",".join(p.code or "?" for p in side) for side in (event.source, event.target)]
    return f"{event.type} {'<>'.join(sides) if event.reciprocal else '>'.join(sides)} {event.modality}"


def triples(event: Event) -> set[tuple[str, str, str]]:
    sides = [[p.code or p.name for p in side] for side in (event.source, event.target)]
    return {(event.type, *pair) for pair in pairs(*sides, reciprocal=event.reciprocal)}


def wanted(gold: dict[str, Any]) -> set[tuple[str, str, str]]:
    found = pairs(gold["source"], gold["target"], reciprocal=gold["reciprocal"])
    return {(gold["type"], *pair) for pair in found}


def f1(right: int, got: int, want: int) -> float:
    return 200.0 * right / (got + want) if got + want else 0.0


def scores(read: Iterable[tuple[dict[str, Any], tuple[Event, ...]]]) -> dict[str, float]:
    """Scores in per cent, and how many texts without an asserted event were given one.

    Args:
        read: rows of the corpus with the events coded for them.
    """
    counts = {key: [0, 0, 0] for key in ("type", "pair", "triple")}
    modality = speaker = met = idle = false = 0
    for row, events in read:
        want = set().union(*(wanted(g) for g in row["events"] if g["modality"] not in _OUT))
        told = [e for e in events if e.modality not in _OUT]
        got = set().union(*(triples(e) for e in told))
        for key, cut in (("type", slice(0, 1)), ("pair", slice(1, 3)), ("triple", slice(0, 3))):
            a, b = {t[cut] for t in want}, {t[cut] for t in got}
            for i, n in enumerate((len(a & b), len(b), len(a))):
                counts[key][i] += n
        for gold in row["events"]:
            same = [e for e in events if e.type == gold["type"] and triples(e) & wanted(gold)]
            if same:
                met += 1
                best = next((e for e in same if e.modality == gold["modality"]), same[0])
                modality += best.modality == gold["modality"]
                voice = best.speakers[-1]
                speaker += (None if voice.as_ in {"author", "outlet"} else voice.code) == gold["speaker"]
        if not any(g["modality"] == "asserted" for g in row["events"]):
            idle += 1
            false += any(e.modality == "asserted" for e in events)
    return {
        **{key: round(f1(*n), 1) for key, n in counts.items()},
        "modality": round(100 * modality / met, 1),
        "speaker": round(100 * speaker / met, 1),
        "texts without an asserted event": float(idle),
        "of them given one": float(false),
    }
