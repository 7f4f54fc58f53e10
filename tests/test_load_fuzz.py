"""No file, however damaged, makes a load crash or loses a line without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.errors import LoadError
from detente.load import load, sightings
from detente.record import Store
from tests.event_files import SAMPLES, mutated


@pytest.mark.parametrize("part", range(4))
def test_damaged_files_do_not_crash(part: int, tmp_path: Path) -> None:
    path, good, refused = tmp_path / "file", 0, 0
    for name, data in mutated(60, seed=part):
        path.write_bytes(data)
        try:
            for chunk in sightings(path, "auto"):
                good += chunk.frame.height
                assert all(reject.reason for reject in chunk.rejects), name
        except LoadError as error:
            refused += 1
            assert str(error).startswith(("file", "There is no")), error
    assert good > 60  # most lines of most files are still read
    assert refused < 40


def test_damaged_files_leave_a_desk_that_opens(tmp_path: Path) -> None:
    store, path, held = Store(tmp_path / "desk"), tmp_path / "file", 0
    for _, data in mutated(30, seed=99):
        path.write_bytes(data)
        try:
            held += load(store, "auto", path).parts[0].new
        except LoadError:
            continue
    assert held == Store(tmp_path / "desk").sightings().collect().height > 10


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_line_is_a_sighting_or_a_reject(name: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(SAMPLES[name].encode() + b"\x07 garbage \xff\xfe\n")
    if name == "gdelt2mentions":
        pytest.skip("mentions need the events of a desk")
    chunks = list(sightings(path))
    assert sum(chunk.frame.height for chunk in chunks) >= 2
    (reject,) = [reject for chunk in chunks for reject in chunk.rejects]
    assert "garbage" in reject.text
    assert reject.line == SAMPLES[name].count("\n") + 1
