"""What a crash, a full disk or another writer does to a desk: nothing."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from detente.errors import DeskError, DeskLocked, DetenteWarning
from detente.record import Store, compact, disk
from detente.record.doctor import doctor
from tests.test_archive import keys, put, sightings
from tests.test_record import NOON, event, reading

KILLS = Path(__file__).parent.parent / "benchmarks" / "kills.py"


def held(path: Path) -> tuple[Any, ...]:
    store = Store(path, create=False)
    tables = [sorted(store.table(name)["id"]) for name in ("reports", "events", "claims", "ties", "questions")]
    return (*tables, keys(store.sightings()), keys(store.originals("icews")), len(store.manifest().loads))


def opened(path: Path) -> Store:
    """A desk that a writer may have left unfinished."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DetenteWarning)
        return Store(path, create=False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_two_hundred_kills() -> None:
    done = subprocess.run([sys.executable, KILLS, "--kills", "200", "--seed", "5"], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    found = json.loads(done.stdout)
    assert found["kills"] >= 200
    assert (found["lost"], found["doubled"], found["errors"]) == (0, 0, [])
    assert found["stored"] > 100
    assert found["told"] > 10  # writers were killed in the middle, and the next opening said so
    assert found["after the doctor"] == {"sound": True, "lost": 0, "doubled": 0, "told": 0}


# -- a step that fails -----------------------------------------------------------------------------------------------


hashing = disk.Hashing


class Full:
    """A file on a disk that may be full."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def write(self, data: bytes) -> int:
        return int(self.file.write(data))

    def flush(self) -> None:
        self.file.flush()


class Steps:
    """Everything that touches the disk, counted; the one with a given number fails."""

    def __init__(self, patch: pytest.MonkeyPatch, code: int, at: int) -> None:
        self.taken = 0
        for owner, name in (
            (os, "fsync"), (Path, "replace"), (Path, "mkdir"), (Path, "write_text"), (Full, "write"),
        ):  # fmt: skip
            patch.setattr(owner, name, self._counted(getattr(owner, name), code, at))
        patch.setattr(disk, "Hashing", lambda file: hashing(Full(file)))  # type: ignore[arg-type]

    def _counted(self, real: Callable[..., Any], code: int, at: int) -> Callable[..., Any]:
        def step(*given: Any, **named: Any) -> Any:
            self.taken += 1
            if self.taken == at:
                raise OSError(code, os.strerror(code))
            return real(*given, **named)

        return step


def add(store: Store) -> None:
    store.add([reading("r2", event("e2", "r2"), event("e3", "r2", type="AID"))], NOON)


def add_sightings(store: Store) -> None:
    put(store, sightings({"key": 2}, {"key": 3}), sightings({"key": 3}, {"key": 4}), file="b.csv")


def merge(store: Store) -> None:
    store.compact()


def reject(store: Store) -> None:
    store.reject("e1", known="2024-07-02")


@pytest.mark.parametrize(
    ("write", "code"),
    [(add, errno.ENOSPC), (add, errno.EIO), (add_sightings, errno.ENOSPC), (merge, errno.ENOSPC), (reject, errno.EIO)],
)
def test_whichever_step_fails_nothing_is_lost(tmp_path: Path, write: Callable[[Store], None], code: int) -> None:
    base = tmp_path / "base"
    store = Store(base)
    store.add([reading("r1", event("e1", "r1"))], NOON)
    store.add([reading("r0", event("e0", "r0", type="REJECT"))], NOON)
    put(store, sightings({"key": 1}))
    put(store, sightings({"key": 9}), file="c.csv")
    before = held(base)
    shutil.copytree(base, tmp_path / "whole")
    write(Store(tmp_path / "whole"))
    after = held(tmp_path / "whole")
    failed, at = 0, 0
    while True:
        at += 1
        desk = tmp_path / str(at)
        shutil.copytree(base, desk)
        store = Store(desk)
        with pytest.MonkeyPatch.context() as patch:
            Steps(patch, code, at)
            try:
                write(store)
                break
            except DeskError as error:
                assert ("disk is full" in str(error)) is (code == errno.ENOSPC)
                assert "intact" in str(error)
                failed += 1
        now = held(opened(desk).path)
        if write is add_sightings:  # each chunk is stored for good by itself
            assert set(before[5]) <= set(now[5]) <= set(after[5])
            assert now[5] == now[6]
        else:
            assert now in (before, after)
        write(store if at % 2 else opened(desk))  # the same process may try again, or another
        assert held(desk) == after
        assert doctor(desk, repair=True).sound
        shutil.rmtree(desk)
    assert failed > 10


def test_making_a_desk_fails_at_any_step(tmp_path: Path) -> None:
    at = 0
    while True:
        at += 1
        desk = tmp_path / str(at)
        with pytest.MonkeyPatch.context() as patch:
            Steps(patch, errno.ENOSPC, at)
            try:
                Store(desk)
                break
            except DeskError as error:
                assert "Cannot make a desk" in str(error)
        assert Store(desk).reports().is_empty()
    assert at > 3


def test_a_manifest_half_written_by_a_killed_maker_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "manifest.json.new").write_text("{")
    assert Store(tmp_path / "desk").reports().is_empty()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EACCES, "you may not write there"),
        (errno.EROFS, "can only be read"),
        (errno.EDQUOT, "disk is full"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_what_the_disk_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str) -> None:
    store = Store(tmp_path / "desk")
    Steps(monkeypatch, code, 3)
    with pytest.raises(DeskError, match=words):
        add(store)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs permissions that hold")
def test_a_folder_that_may_only_be_read(tmp_path: Path) -> None:
    store = Store(tmp_path / "desk")
    add(store)
    for folder in (store.path, *(p for p in store.path.iterdir() if p.is_dir())):
        folder.chmod(0o555)
    (store.path / "writing.lock").chmod(0o444)
    try:
        again = Store(store.path)
        assert again.events()["id"].to_list() == ["e2", "e3"]
        with pytest.raises(DeskError, match="may not write"):
            put(again, sightings({}))
        assert doctor(store.path).sound
    finally:
        for folder in (store.path, *(p for p in store.path.iterdir() if p.is_dir())):
            folder.chmod(0o755)


# -- other writers and readers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP])
def test_a_network_folder_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    fcntl = pytest.importorskip("fcntl")
    store = Store(tmp_path / "desk")

    def unsupported(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with pytest.raises(DeskError, match=r"cannot lock files.*local disk"):
        add(store)
    assert store.reports().is_empty()


def _write_and_die(path: str, ready: Any) -> None:
    store = Store(path)
    with disk.writing(store.path, 5):
        (store.path / "events").mkdir(exist_ok=True)
        (store.path / "events" / "000009-abc.parquet").write_bytes(b"half")
        ready.set()
        time.sleep(60)


def test_a_killed_writer_is_named_and_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detente.record.store.PATIENCE", 0.2)
    store = Store(tmp_path / "desk")
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    other = context.Process(target=_write_and_die, args=(str(store.path), ready))
    other.start()
    try:
        assert ready.wait(60)
        with pytest.raises(DeskLocked, match=rf"process {other.pid} on .+ since .+ within 0\.2 seconds"):
            add(store)
        Store(store.path)  # reading goes on meanwhile, and touches nothing
        assert (store.path / "events" / "000009-abc.parquet").exists()
    finally:
        other.kill()
        other.join()
    with pytest.warns(DetenteWarning, match=rf"process {other.pid} .*did not finish.* 1 file .*intact"):
        again = Store(store.path)
    assert [p.name for p in (store.path / "lost+found").iterdir()] == ["events-000009-abc.parquet"]
    add(again)
    Store(store.path)  # said once


def _read(path: str, stop: Any, out: Any) -> None:
    store = Store(path, create=False)
    counts: list[tuple[int, int]] = []
    while not stop.is_set() or not counts:
        reports = store.reports().height
        both = store.sightings().select(pl.len()).collect().item()
        assert store.table("events").height % 2 == 0
        counts.append((reports, both))
    out.put(counts)


def test_readers_see_whole_writings_while_one_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact, "MANY", 6)
    store = Store(tmp_path / "desk")
    context = multiprocessing.get_context("spawn")
    stop, out = context.Event(), context.Queue()
    readers = [context.Process(target=_read, args=(str(store.path), stop, out)) for _ in range(2)]
    for reader in readers:
        reader.start()
    for n in range(40):
        store.add([reading(f"r{n}a", event(f"e{n}a", f"r{n}a")), reading(f"r{n}b", event(f"e{n}b", f"r{n}b"))], NOON)
        put(store, sightings({"key": 2 * n + 1}, {"key": 2 * n + 2}), file=f"{n}.csv")
    stop.set()
    seen = [out.get(timeout=120) for _ in readers]
    for reader in readers:
        reader.join()
        assert reader.exitcode == 0
    for counts in seen:
        assert counts == sorted(counts)
        assert all(reports % 2 == 0 and both % 2 == 0 for reports, both in counts)


# -- older desks -------------------------------------------------------------------------------------------------------


@pytest.fixture
def older(tmp_path: Path) -> Iterator[Path]:
    """A desk of layout 1: manifest without serial, files flushed by another version, a note that nobody took away."""
    store = Store(tmp_path / "desk")
    store.add([reading("r1", event("e1", "r1"))], NOON)
    store.add([reading("r2", event("e2", "r2", type="AID"))], NOON)
    plain = msgspec.json.decode((store.path / "manifest.json").read_bytes())
    batches = [{name: b[name] for name in ("table", "file", "rows", "sha256")} for b in plain["batches"]]
    (store.path / "manifest.json").write_text(json.dumps({"schema": 1, "batches": batches}))
    (store.path / "manifest.old.json").unlink()
    (store.path / "writer.txt").write_text("process 4711")
    yield store.path


def test_a_desk_of_layout_1_opens_and_is_upgraded_when_written(older: Path) -> None:
    raw = (older / "manifest.json").read_bytes()
    store = Store(older, create=False)
    assert store.events()["id"].to_list() == ["e1", "e2"]
    assert doctor(older).sound
    assert (older / "manifest.json").read_bytes() == raw
    assert store.add([reading("r1", event("e1", "r1")), reading("r3", event("e3", "r3", type="REJECT"))]).reports == 1
    put(store, sightings({}))
    now = store.manifest()
    assert (now.schema, now.serial, len(now.loads)) == (2, 4, 1)
    assert Store(older).events()["id"].to_list() == ["e1", "e2", "e3"]
    assert doctor(older).sound
    store.compact()
    assert Store(older).events()["id"].to_list() == ["e1", "e2", "e3"]
