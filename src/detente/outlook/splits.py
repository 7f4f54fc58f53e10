"""Forecasting data sets as the field publishes them: a folder with train, valid and test facts, numbered."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np

from detente.errors import LoadError
from detente.outlook.facts import Ints

PARTS = ("train", "valid", "test")


class Split(NamedTuple):
    """A data set: facts (n, 4) subject, relation, object, day of each part that is there; names by number."""

    parts: dict[str, Ints]
    actors: tuple[str, ...]
    relations: tuple[str, ...]


def read(folder: str | Path) -> Split:
    """Read ``train``, ``valid``, ``test`` (``.txt`` or ``.txt.gz``), ``entity2id.txt`` and ``relation2id.txt``.

    Times in hours, as some of these sets have them, become days.

    Raises:
        LoadError: a file is missing or a line cannot be understood.
    """
    folder = Path(folder)
    actors, relations = (_names(folder / f"{what}2id.txt") for what in ("entity", "relation"))
    parts = {part: path for part in PARTS if (path := _file(folder, part))}
    if "train" not in parts:
        raise LoadError(f"{folder}: no train.txt or train.txt.gz.")
    facts = {part: _facts(path, len(actors), len(relations)) for part, path in parts.items()}
    times = np.unique(np.concatenate([rows[:, 3] for rows in facts.values()]))
    step = int(np.gcd.reduce(times)) or 1
    for rows in facts.values():
        rows[:, 3] //= step
    return Split(facts, actors, relations)


def _file(folder: Path, part: str) -> Path | None:
    return next((path for end in (".txt", ".txt.gz") if (path := folder / f"{part}{end}").exists()), None)


def _names(path: Path) -> tuple[str, ...]:
    if not path.exists():
        raise LoadError(f"{path}: no such file.")
    names: dict[int, str] = {}
    for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        name, _, number = line.rpartition("\t")
        if not number.isdigit():
            raise LoadError(f"{path}, line {n}: a name, a tab and a number are expected.")
        names[int(number)] = name
    if sorted(names) != list(range(len(names))):
        raise LoadError(f"{path}: the numbers must run from 0 without a gap.")
    return tuple(names[i] for i in range(len(names)))


def _facts(path: Path, n_actors: int, n_relations: int) -> Ints:
    rows = []
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        for n, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                s, r, o, t = (int(cell) for cell in line.split()[:4])
            except ValueError:
                raise LoadError(f"{path}, line {n}: four numbers are expected, subject relation object time.") from None
            if not (0 <= s < n_actors and 0 <= o < n_actors and 0 <= r < n_relations and t >= 0):
                raise LoadError(f"{path}, line {n}: a number that the lists of names do not have.")
            rows.append((s, r, o, t))
    if not rows:
        raise LoadError(f"{path}: no facts.")
    return np.array(rows, np.int64)
