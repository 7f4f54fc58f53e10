"""The doctor: finds what is wrong with a desk, and mends it without losing anything."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from detente.errors import DeskError, DeskLocked
from detente.record import Store, compact, disk, manifest
from detente.record.doctor import Health, doctor
from tests.test_archive import keys, put, sightings
from tests.test_record import NOON, event, reading


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A desk of three reports and four sightings."""
    store = Store(tmp_path / "desk")
    store.add([reading("r1", event("e1", "r1")), reading("r2", event("e2", "r2", type="REJECT"))], NOON)
    store.add([reading("r3", event("e3", "r3", type="AID"))], NOON)
    put(store, sightings({"key": 1}, {"key": 2}), sightings({"key": 3}), file="a.csv")
    put(store, sightings({"key": 4}), file="b.csv")
    return store


def batch(store: Store, table: str, at: int = 0) -> Path:
    return store.path / [b.file for b in store.manifest().batches if b.table == table][at]


def held(store: Store) -> tuple[Any, ...]:
    store = Store(store.path, create=False)
    tables = [sorted(store.table(name)["id"]) for name in ("reports", "events", "claims", "ties", "questions")]
    return (*tables, keys(store.sightings()), keys(store.originals("icews")))


def kinds(health: Health) -> list[str]:
    return [f.kind for f in health.findings if f.kind != "disk space"]


def test_a_sound_desk(store: Store) -> None:
    before = held(store)
    health = doctor(store)
    assert health.sound
    assert kinds(health) == []
    assert health.rows == sum(b.rows for b in store.manifest().batches)
    assert doctor(store.path, repair=True).sound
    assert held(store) == before


def test_lists_of_rejected_lines_belong_to_the_desk(store: Store) -> None:
    listed = store.path / "rejects" / "001-a.csv.csv"
    listed.parent.mkdir()
    listed.write_text("line,reason,text\n")
    assert kinds(doctor(store)) == []
    assert kinds(doctor(store, repair=True)) == []
    assert listed.exists()


def test_no_desk(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="no desk"):
        doctor(tmp_path / "nowhere")


@pytest.mark.parametrize("harm", ["missing", "damaged", "cut short"])
def test_a_lost_batch_of_events_comes_back_by_reading_again(store: Store, harm: str) -> None:
    whole = held(store)
    file = batch(store, "events")
    if harm == "missing":
        file.unlink()
    else:
        raw = file.read_bytes()
        file.write_bytes(b"x" + raw[1:] if harm == "damaged" else raw[:-20])
    health = doctor(store)
    assert not health.sound
    assert kinds(health) == ["missing" if harm == "missing" else "damaged"]
    assert "r1, r2" in health.summary()
    mended = doctor(store, repair=True)
    assert mended.sound
    assert doctor(store).sound
    assert Store(store.path).reports()["id"].to_list() == ["r3"]
    added = Store(store.path).add([reading("r1", event("e1", "r1")), reading("r2", event("e2", "r2", type="REJECT"))])
    assert added.reports == 2
    assert held(store) == whole


@pytest.mark.parametrize("table", ["sightings", "originals"])
@pytest.mark.parametrize("compacted", [False, True])
def test_a_lost_batch_of_sightings_comes_back_by_loading_again(store: Store, table: str, compacted: bool) -> None:
    whole = held(store)
    if compacted:
        store.compact()
    batch(store, table).unlink()
    assert "a.csv" in doctor(store).summary()
    assert doctor(store, repair=True).sound
    assert doctor(store).sound
    again = Store(store.path)
    assert again.loaded("hash of a.csv") is None
    put(again, sightings({"key": 1}, {"key": 2}, {"key": 3}), file="a.csv")
    put(again, sightings({"key": 4}), file="b.csv")
    assert held(again) == whole


@pytest.mark.parametrize("lost", [(manifest.NAME,), (manifest.NAME, manifest.BEFORE)])
@pytest.mark.parametrize("harm", ["{", "", None])
@pytest.mark.parametrize("compacted", [False, True])
def test_a_damaged_manifest_is_made_anew(
    store: Store, lost: tuple[str, ...], harm: str | None, compacted: bool
) -> None:
    if compacted:
        store.compact()
        put(store, sightings({"key": 5}), file="c.csv")
    whole = held(store)
    for name in lost:
        (store.path / name).unlink() if harm is None else (store.path / name).write_text(harm)
    if harm is None and len(lost) == 2:
        with pytest.raises(DeskError, match="no desk"):
            doctor(store.path)
        (store.path / manifest.NAME).touch()
    with pytest.raises(DeskError, match="doctor"):
        Store(store.path, create=False)
    assert not doctor(store.path).sound
    assert doctor(store.path, repair=True).sound
    assert doctor(store.path).sound
    assert held(store) == whole
    assert put(Store(store.path), sightings({"key": 4}, {"key": 6}), file="d.csv").new == 1


def test_a_manifest_made_anew_after_half_of_a_compaction_was_swept(store: Store) -> None:
    store.compact()
    old = [store.path / gone.file for gone in store.manifest().retired if gone.file.startswith("sightings")]
    whole = held(store)
    old[0].unlink()
    for name in (manifest.NAME, manifest.BEFORE):
        (store.path / name).write_text("")
    assert doctor(store.path, repair=True).sound
    assert held(store) == whole
    assert sorted(Store(store.path).sightings().collect()["key"]) == [1, 2, 3, 4]


def test_what_a_killed_writer_left_is_put_aside(store: Store) -> None:
    whole = held(store)
    new = store.path / "events" / "000009-0123456789ab.parquet"
    pl.read_parquet(batch(store, "events")).with_columns(id=pl.lit("other")).write_parquet(new)
    shutil.copy(batch(store, "reports"), store.path / "reports" / "000009-known.parquet")
    (store.path / "claims" / "batch.new").write_bytes(b"half")
    assert kinds(doctor(store)) == ["left over"] * 3
    assert doctor(store, repair=True).sound
    assert sorted(path.name for path in (store.path / "lost+found").iterdir()) == [
        "claims-batch.new",
        f"events-{new.name}",
    ]
    assert held(store) == whole
    assert doctor(store).sound


def test_a_newer_desk_is_left_alone(store: Store) -> None:
    (store.path / manifest.NAME).write_text('{"schema": 99, "shape": "unknown"}')
    for repair in (False, True):
        with pytest.raises(DeskError, match="newer"):
            doctor(store.path, repair=repair)


def test_a_batch_of_another_shape(store: Store) -> None:
    file = batch(store, "claims")
    pl.DataFrame({"id": ["c"]}).write_parquet(file)
    now = store.manifest()
    rest = [b for b in now.batches if not b.file.endswith(file.name)]
    claims = next(b for b in now.batches if b.file.endswith(file.name))
    claims = msgspec.structs.replace(claims, sha256=disk.digest(file))
    store._replace(msgspec.structs.replace(now, batches=(*rest, claims)))
    assert "lacks the columns" in doctor(store).summary()


def test_a_desk_that_somebody_writes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detente.record.doctor.PATIENCE", 0.1)
    with disk.writing(store.path, 1):
        health = doctor(store)
        assert f"process {os.getpid()}" in health.summary()
        with pytest.raises(DeskLocked):
            doctor(store, repair=True)
    assert health.sound


def test_little_room(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6))
    health = doctor(store)
    assert "1 MB are free" in health.summary()
    assert health.sound


def test_many_loose_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact, "MANY", 10)
    assert "compaction" in doctor(store).frame()["kind"]
    store.compact()
    assert "compaction" not in doctor(store).frame()["kind"]


def test_what_was_replaced_goes_with_a_repair(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.compact()
    monkeypatch.setattr(compact, "GRACE", timedelta(seconds=-1))
    assert doctor(store, repair=True).sound
    files = {path.relative_to(store.path).as_posix() for path in store.path.glob("*/*.parquet")}
    assert files == {b.file for b in store.manifest().batches}
