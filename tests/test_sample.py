"""The embedded sample is varied, dated, sourced, and written by nobody else."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from datetime import date
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.shared import shared

REPORTS: list[dict[str, Any]] = tomllib.loads(
    files("detente").joinpath("data/sample.toml").read_text(encoding="utf-8")
)["report"]
RUN = 8  # words in a row that two texts may not share


def runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}


def texts_under(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in {".txt", ".jsonl", ".json", ".csv", ".md", ".tsv"})


def test_about_a_dozen_reports_with_distinct_ids() -> None:
    assert 12 <= len(REPORTS) <= 15
    assert len({r["id"] for r in REPORTS}) == len(REPORTS)
    assert len({r["title"] for r in REPORTS}) == len(REPORTS)


def test_dates_lie_within_the_year() -> None:
    dates = [date.fromisoformat(r["published"]) for r in REPORTS]
    assert min(dates) >= date(2023, 7, 1)
    assert max(dates) <= date(2024, 7, 31)


def test_kinds_and_standpoints_are_mixed() -> None:
    kinds = Counter(r["kind"] for r in REPORTS)
    assert set(kinds) == {"official statement", "wire report", "commentary"}
    assert min(kinds.values()) >= 3
    standpoints = Counter(r["standpoint"] for r in REPORTS)
    assert len(standpoints) >= 5
    assert max(standpoints.values()) <= len(REPORTS) // 4, "no standpoint dominates"


@pytest.mark.parametrize("report", REPORTS, ids=lambda r: r["id"])
def test_report_is_short_sourced_and_clean(report: dict[str, Any]) -> None:
    text = report["text"]
    assert 120 <= len(text.split()) <= 260
    assert report["facts"] and all(re.search(r"\b20\d\d\b", fact) for fact in report["facts"])
    assert report["source"].startswith("Sample "), "outlets are invented and say so"
    assert "  " not in text.strip()
    assert not re.search(r"[.?!][A-Z][a-z]", text), "a space is missing after a stop"


@pytest.mark.parametrize("report", REPORTS, ids=lambda r: r["id"])
def test_quotations_are_a_few_words(report: dict[str, Any]) -> None:
    marks = [m.start() for m in re.finditer('"', report["text"])]
    assert len(marks) % 2 == 0
    quotations = [report["text"][a + 1 : b] for a, b in list(pairwise(marks))[::2]]
    assert all(len(q.split()) <= 5 for q in quotations)


def test_reports_are_written_independently() -> None:
    for i, one in enumerate(REPORTS):
        for other in REPORTS[i + 1 :]:
            assert not runs(one["text"]) & runs(other["text"]), (one["id"], other["id"])


@pytest.mark.parametrize("folder", ["seeds", "data/texts"])
def test_shares_no_run_of_words_with_the_shared_texts(folder: str) -> None:
    ours = {run: r["id"] for r in REPORTS for run in runs(r["text"])}
    paths = texts_under(shared(folder))
    assert paths
    common = [
        (ours[run], path.name, " ".join(run))
        for path in paths
        for run in runs(path.read_text(encoding="utf-8", errors="replace")) & ours.keys()
    ]
    assert not common
