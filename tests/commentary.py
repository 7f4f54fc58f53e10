"""Scores of the reader on whole pieces of commentary (``tests/corpus/commentary.jsonl``).

Every piece was written for this corpus: opinion, analysis, briefings, explainers, history, interviews. Each sentence
carries the events that it tells (``core`` false: an event that a careful reader may code or leave), why it tells none
(``none``), and who is quoted in it (``voice``). The pieces of ``dev`` were used while rules were written; those of
``check``, and later those of ``last``, were written afterwards and scored once before anything was changed for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date as Date
from pathlib import Path
from typing import Any

from detente.events import Event, Reading, Speaker
from detente.read import make_report, read_many
from tests.quality import triples, wanted

CORPUS = Path(__file__).parent / "corpus" / "commentary.jsonl"
_OWN_LINE = ("Question:", "Answer:", "- ")


def pieces(half: str = "") -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if half in {"", row["half"]}]


def written(piece: dict[str, Any]) -> tuple[str, list[int]]:
    """The piece as one text, and where each sentence begins: paragraphs of four; headings and items on their own."""
    text, starts, inside = "", [], 0
    for row in piece["sentences"]:
        alone = row.get("none") == "heading" or row["text"].startswith(_OWN_LINE)
        text += "" if not text else "\n\n" if alone or not 0 < inside < 4 else " "
        inside = 0 if row.get("none") == "heading" else 1 if alone or inside == 4 else inside + 1
        starts.append(len(text))
        text += row["text"]
    return text, starts


def read_pieces(rows: Iterable[dict[str, Any]]) -> list[tuple[dict[str, Any], list[int], Reading]]:
    """Each piece with the beginnings of its sentences and what was read from it."""
    rows = list(rows)
    texts = [written(row) for row in rows]
    reports = [
        make_report(
            text,
            id=row["id"],
            author=row.get("author", ""),
            outlet=row.get("outlet", ""),
            published=Date.fromisoformat(row["published"]),
        )
        for row, (text, _) in zip(rows, texts, strict=True)
    ]
    read = read_many(reports)
    return [(row, starts, reading) for row, (_, starts), reading in zip(rows, texts, read, strict=True)]


def _same(speaker: Speaker, voice: dict[str, str]) -> bool:
    if "code" in voice:
        return speaker.code == voice["code"]
    return voice["name"].lower() in speaker.name.lower()


def _quoted(speakers: tuple[Speaker, ...]) -> Speaker | None:
    last = speakers[-1]
    return None if last.as_ in {"author", "outlet"} else last


def judged(piece: dict[str, Any], starts: list[int], reading: Reading) -> list[dict[str, Any]]:
    """What is right and wrong, sentence by sentence.

    Returns:
        For each sentence its row, the asserted events coded in it (``told``), those of them that are right, the core
        events missed, and ``heard``: True or False where it quotes somebody, None where it does not.
    """
    ends = [*starts[1:], len(reading.report.text) + 1]
    out = []
    for row, start, end in zip(piece["sentences"], starts, ends, strict=True):
        inside = [e for e in reading.events if start <= e.trigger[0] < end]
        told = [e for e in inside if e.modality == "asserted"]
        gold = [g for g in row["events"] if g["modality"] == "asserted"]
        right = [e for e in told if any(e.type == g["type"] and triples(e) & wanted(g) for g in gold)]
        missed = [
            g
            for g in gold
            if g.get("core", True) and not any(e.type == g["type"] and triples(e) & wanted(g) for e in right)
        ]
        claims = [c for c in reading.claims if start <= c.span[0] < end]
        voices = [s for c in claims if (s := _quoted(c.speakers))]
        voices += [s for e in inside if (s := _quoted(e.speakers))]
        heard = None if "voice" not in row else any(_same(s, row["voice"]) for s in voices)
        if heard and "stance" in row["voice"]:
            heard = any(c.stance == row["voice"]["stance"] for c in claims if _same(c.speakers[-1], row["voice"]))
        out.append(
            {"row": row, "gold": gold, "told": told, "right": right, "missed": missed, "heard": heard, "voices": voices}
            | {"inside": inside, "claims": claims}
        )
    return out


def _dated(event: Event, gold: list[dict[str, Any]]) -> bool | None:
    dates = [g["date"] for g in gold if "date" in g and g["type"] == event.type and triples(event) & wanted(g)]
    return event.date in dates if dates else None


def scores(read: Iterable[tuple[dict[str, Any], list[int], Reading]]) -> dict[str, float]:
    """Recall and precision of asserted events, sentences without one that were given one, speakers and dates."""
    sentences = [s for item in read for s in judged(*item)]
    core = sum(g.get("core", True) for s in sentences for g in s["gold"])
    told = sum(len(s["told"]) for s in sentences)
    idle = [s for s in sentences if not s["gold"]]
    heard = [s["heard"] for s in sentences if s["heard"] is not None]
    dates = [d for s in sentences for e in s["right"] if (d := _dated(e, s["gold"])) is not None]
    return {
        "core events": float(core),
        "recall": round(100 * (1 - sum(len(s["missed"]) for s in sentences) / core), 1),
        "precision": round(100 * sum(len(s["right"]) for s in sentences) / told, 1),
        "sentences without an asserted event": float(len(idle)),
        "of them given one": float(sum(bool(s["told"]) for s in idle)),
        "sentences that quote": float(len(heard)),
        "speaker": round(100 * sum(heard) / len(heard), 1),
        "author's sentences given to somebody": float(
            sum(bool(s["voices"]) and s["heard"] is None and not s["gold"] for s in sentences)
        ),
        "date": round(100 * sum(dates) / len(dates), 1),
    }
