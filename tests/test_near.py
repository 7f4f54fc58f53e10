"""Near copies are recognised, their events count once, and nothing of it is stored."""

from __future__ import annotations

import random
from datetime import date as Date
from pathlib import Path

import pytest

import detente as dt
from detente.record.near import ALIKE, jaccard, near, shingles

DICE = random.Random(3)
WORDS = [f"word{n}" for n in range(400)]


def prose(length: int) -> list[str]:
    return DICE.choices(WORDS, k=length)


def changed(words: list[str], every: int) -> list[str]:
    """The text with one word in so many replaced."""
    return [f"new{i}" if i % every == every // 2 else word for i, word in enumerate(words)]


@pytest.mark.parametrize(("every", "copy"), [(200, True), (60, True), (30, False), (8, False)])
def test_copies_are_found_by_how_much_they_share(every: int, copy: bool) -> None:
    texts = [prose(600) for _ in range(40)]
    pairs = [(f"a{i}", " ".join(t)) for i, t in enumerate(texts)]
    later = [(f"b{i}", " ".join(changed(t, every))) for i, t in enumerate(texts)]
    for (_, one), (_, other) in zip(pairs, later, strict=True):
        assert (jaccard(shingles(one), shingles(other)) >= ALIKE) == copy
    assert near([*pairs, *later]) == ({f"b{i}": f"a{i}" for i in range(40)} if copy else {})


def test_case_and_punctuation_do_not_count() -> None:
    words = prose(50)
    assert near([("a", " ".join(words)), ("b", ", ".join(words).upper() + "!")]) == {"b": "a"}
    assert near([("a", "Too short."), ("b", "Too short."), ("c", "")]) == {}


TEXT = (
    "Officials from several ministries spent the week on the question of shipping in the strait and its safety. "
    "Japan protested to China. The ministry gave no further details and said it would publish a paper in the autumn "
    "that sets out what was said, by whom and on which day, so that everybody can judge for themselves."
)


def test_events_of_near_copies_count_once(tmp_path: Path) -> None:
    for name, text in (
        ("a", TEXT),
        ("b", f"{TEXT} Copyright."),
        ("c", "Reporters heard it. Japan protested to China."),
    ):
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    desk = dt.open(tmp_path / "desk")
    for name, day in (("a", 1), ("b", 20), ("c", 28)):
        desk.read(tmp_path / f"{name}.txt", published=Date(2024, 5, day))
    ids = desk.reports()["id"].to_list()
    assert desk.reports()["near"].to_list() == [None, ids[0], None]
    frame = desk.events(types="ACCUSE", once=None).collect()
    # Undated and weeks apart: only the copy is the same event; and a copy is no second witness.
    assert frame["same_as"].is_null().to_list() == [True, False, True]
    assert frame["reports"].to_list() == [1, 1, 1]
    assert desk.reports(as_of=Date(2024, 5, 19))["near"].to_list() == [None]
    assert "near" not in desk.store.reports().columns
