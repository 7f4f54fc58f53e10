"""Many articles: one record whatever the number of workers, nothing lost or doubled by a kill, memory flat."""

from __future__ import annotations

import importlib
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import polars as pl
import pytest

import detente.desk as desks
from detente.errors import ReadError
from detente.events import Event, Reading, Report
from detente.read import batch
from detente.read.batch import CHUNK, Article, Outcome, Setup, read_articles, workers_for

STATES = (
    "Japan",
    "China",
    "India",
    "Vietnam",
    "Australia",
    "Indonesia",
    "Malaysia",
    "Thailand",
    "South Korea",
    "Russia",
)
ACTS = ("protested to", "met officials of", "accused", "signed an agreement with", "threatened", "sent aid to")


def text(number: int) -> str:
    """An article of its own for each number."""
    dice = random.Random(number)
    lines = []
    for day in range(1, 5):
        one, other = dice.sample(STATES, 2)
        lines.append(f"{one} {dice.choice(ACTS)} {other} on {day} May 2024.")
    return f"Report {number} of the week. " + " ".join(lines)


def folder(path: Path, articles: int) -> Path:
    path.mkdir()
    for number in range(articles):
        (path / f"{number:03}.txt").write_text(text(number), encoding="utf-8")
    return path


def record(path: Path) -> dict[str, pl.DataFrame]:
    """All that a desk holds, save when it was recorded."""
    store = desks.open(path, create=False).store
    return {name: store.table(name).drop("recorded") for name in ("reports", "events", "claims", "ties", "questions")}


def assert_same(one: Path, other: Path) -> None:
    a, b = record(one), record(other)
    for name in a:
        assert a[name].equals(b[name]), name
    assert a["events"].height > 0


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty articles, among them a copy, a binary file, one in German and one whose name is no UTF-8."""
    path = folder(tmp_path_factory.mktemp("batch") / "articles", 30)
    (path / "011.txt").write_bytes(bytes(range(256)) * 20)
    (path / "017.txt").write_text(text(3), encoding="utf-8")
    (path / "019.txt").write_text(
        "Die Minister sagten am Dienstag, die Schiffe würden Suche und Rettung üben, und die Nachbarn seien eine Woche "
        "zuvor unterrichtet worden. Ein Sprecher sagte, man werde die Übung genau beobachten und darauf antworten.",
        encoding="utf-8",
    )
    if sys.platform == "linux":
        Path(os.fsdecode(os.fsencode(path) + b"/021\xff.txt")).write_text(text(300), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def undisturbed(articles: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk on which one process read the articles."""
    path = tmp_path_factory.mktemp("undisturbed") / "desk"
    outcome = desks.open(path).read(articles, workers=1)
    assert [line.split(":")[0][-7:] for line in outcome.skipped] == ["011.txt", "019.txt"]
    assert "not in English" in outcome.skipped[1]
    assert outcome.fresh == len(outcome.reports) == len(set(outcome.reports)) == record(path)["reports"].height
    return path


def test_workers_do_not_show_in_the_record(articles: Path, undisturbed: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    total = len(list(articles.iterdir()))
    desk = desks.open(tmp_path / "desk")
    outcome = desk.read(articles, workers=2, progress=lambda *now: seen.append(now))
    assert_same(undisturbed, tmp_path / "desk")
    assert seen == [(done, total) for done in range(1, total + 1)]
    assert len(outcome.skipped) == 2
    told = list(outcome.each_event())
    assert [e.id for e in told] == [e.id for r in outcome.reports for e in told if e.report == r]
    assert outcome.events == len(told) == desk.events(once=None).collect().height
    assert outcome.asserted == sum(e.modality == "asserted" for e in told)


def test_known_reports_are_not_read_again(articles: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {p: p.stat().st_mtime_ns for p in undisturbed.rglob("*")}

    def never(self: object, report: Report) -> Reading:
        raise AssertionError(report.id)

    monkeypatch.setattr("detente.read.coder.Coder.read", never)
    outcome = desks.open(undisturbed).read(articles, workers=1)
    assert (outcome.fresh, len(outcome.skipped)) == (0, 2)
    assert outcome.events == desks.open(undisturbed).events(once=None).collect().height
    assert {p: p.stat().st_mtime_ns for p in undisturbed.rglob("*")} == before


READ = """
import sys, detente.desk as desks
desks.UNSAVED = 3
print("go", flush=True)
desks.open(sys.argv[1]).read(sys.argv[2], workers=int(sys.argv[3]))
"""


def batches(path: Path) -> int:
    return len(list(path.glob("reports/*.parquet")))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.filterwarnings("ignore::detente.errors.DetenteWarning")  # what a killed writer left was set aside
def test_a_kill_loses_and_doubles_nothing(articles: Path, undisturbed: Path, tmp_path: Path) -> None:
    path, dice = tmp_path / "desk", random.Random(11)
    killed = 0
    for workers, stored in ((1, 1), (2, 3), (1, 5)):
        process = subprocess.Popen([sys.executable, "-c", READ, str(path), str(articles), str(workers)])
        deadline = time.monotonic() + 60
        while batches(path) < stored and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(dice.random() * 0.05)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        held = desks.open(path, create=False).store.held()  # the desk opens, and holds whole batches
        assert len(held) >= 3 * min(1, stored - 1)
    assert killed >= 2
    desks.open(path).read(articles, workers=1)
    assert_same(undisturbed, path)


POISON = """
import os
from detente.read import batch
plain = batch.Reader.__call__
def fatal(self, article):
    if b"poison" in batch.content(article):
        os._exit(1)
    return plain(self, article)
batch.Reader.__call__ = fatal
batch.serve()
"""


def given(*texts: str) -> list[Article]:
    return [Article(f"number {n}", None, one.encode()) for n, one in enumerate(texts)]


def test_an_article_that_kills_its_reader_is_lost_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_SERVE", POISON)
    outcomes = list(read_articles(given(text(1), text(2), "poison", text(4)), Setup(), workers=2))
    assert [bool(o.reading) for o in outcomes] == [True, True, False, True]
    assert outcomes[2].skipped.startswith("number 2: the reading process died on it")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers")
def test_an_article_that_takes_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from detente.read.coder import Coder

    plain, swallowed = Coder.read, 0

    def endless(self: Coder, report: Report) -> Reading:
        nonlocal swallowed
        while "number 2" in report.text:
            try:
                time.sleep(0.01)
            except Exception:  # as some libraries do
                swallowed += 1
        return plain(self, report)

    before = signal.getsignal(signal.SIGALRM)
    reader = batch.Reader(Setup())
    list(map(reader, given("Japan met India.")))  # the parser is loaded
    monkeypatch.setattr(Coder, "read", endless)
    monkeypatch.setattr(batch, "PATIENCE", 3.0)
    outcomes = list(map(reader, given("Japan met India.", "This is number 2.", "China met India.")))
    assert [bool(o.reading) for o in outcomes] == [True, False, True]
    assert outcomes[1].skipped.startswith("number 1: it takes more than ten minutes")
    assert "Split it" in outcomes[1].skipped
    assert not swallowed
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_outside_the_main_thread_a_process_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(batch, "_in_processes", lambda articles, setup, workers: asked.append(workers) or [])
    thread = Thread(target=lambda: list(read_articles(given(text(1)), Setup())))
    thread.start()
    thread.join()
    assert asked == [1]


def test_workers_that_cannot_start_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_SERVE", "raise SystemExit(3)")
    with pytest.raises(ReadError, match="--workers 1"):
        list(read_articles(given(text(1)), Setup(), workers=2))


def test_a_fault_of_the_reader_costs_one_article(monkeypatch: pytest.MonkeyPatch) -> None:
    from detente.read.coder import Coder

    plain = Coder.read

    def faulty(self: Coder, report: Report) -> Reading:
        if "number 2" in report.text:
            raise RecursionError("too\ndeep")
        return plain(self, report)

    monkeypatch.setattr(Coder, "read", faulty)
    outcomes = list(read_articles(given("Japan met India.", "This is number 2.", "China met India."), Setup()))
    assert [bool(o.reading) for o in outcomes] == [True, False, True]
    assert outcomes[1].skipped.startswith("number 1: the reader failed on it (RecursionError: too deep)")


def test_few_articles_are_read_in_one_process() -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert workers_for(0) == workers_for(1) == workers_for(23) == 1
    assert workers_for(10_000) == cores


def test_no_more_articles_are_taken_than_are_under_way() -> None:
    taken = 0

    def many() -> Iterator[list[Article]]:
        nonlocal taken
        for _ in range(100):
            taken += CHUNK
            yield given(*["x"] * CHUNK)

    class Done:
        def __init__(self, chunk: list[Article]) -> None:
            self.chunk = chunk

        def result(self) -> list[Outcome]:
            return [Outcome(one.name) for one in self.chunk]

        def cancel(self) -> None:
            pass

    for consumed, _ in enumerate(batch._in_order(many(), Done, 4), 1):
        assert taken <= consumed + 4 * CHUNK


def test_memory_does_not_grow_with_the_articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "UNSAVED", 20)

    def peak(articles: int) -> int:
        def outcomes() -> Iterator[Outcome]:
            for number in range(articles):
                report = Report(f"{number:016}", f"{number} " + "word " * 4000)
                yield Outcome(report.id, Reading(report))

        desk = desks.open(tmp_path / str(articles))
        tracemalloc.start()
        outcome = desk._keep(outcomes(), articles, None)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert outcome.fresh == articles
        return top

    peak(20)  # what is imported and cached once
    assert peak(600) < 1.5 * peak(60) + 1_000_000  # held at once, the texts alone would be 12 MB


def test_an_interrupt_keeps_what_was_read(tmp_path: Path) -> None:
    def outcomes() -> Iterator[Outcome]:
        yield Outcome("a", Reading(Report("a", "Japan met India.")))
        raise KeyboardInterrupt

    desk = desks.open(tmp_path / "desk")
    with pytest.raises(KeyboardInterrupt):
        desk._keep(outcomes(), 2, None)
    assert desk.store.held() == {"a"}


def test_the_store_counts_and_lists_by_report(undisturbed: Path) -> None:
    store = desks.open(undisturbed).store
    frame = store.events()
    some = frame["report"].unique(maintain_order=True).to_list()[:4]
    wanted = frame.filter(pl.col("report").is_in(some))
    assert store.count("events", some) == wanted.height > 0
    assert store.count("events", some, pl.col("type") == "ACCUSE") == wanted.filter(pl.col("type") == "ACCUSE").height
    assert store.count("events", []) == store.count("ties", ["nowhere"]) == 0
    assert {e.id for e in store.each(Event, some)} == set(wanted["id"])
    assert store.held() == set(store.reports()["id"])


def test_a_cluster_without_dask_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ReadError, match=r"pip install 'detente\[cluster\]'"):
        list(read_articles(given(text(1)), Setup(), cluster="tcp://127.0.0.1:1"))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("needs the extra detente[cluster]")
    distributed = importlib.import_module("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, protocol="tcp"
    ) as made:
        yield made


@pytest.mark.filterwarnings("ignore")  # Dask's own
def test_a_cluster_gives_the_same_record(cluster: Any, articles: Path, undisturbed: Path, tmp_path: Path) -> None:
    outcome = desks.open(tmp_path / "desk").read(articles, cluster=cluster.scheduler_address)
    assert len(outcome.skipped) == 2
    assert_same(undisturbed, tmp_path / "desk")


def older() -> str:
    return "0.0.1"


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_of_another_version_is_refused(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "version", older)
    with pytest.raises(ReadError, match=r"have Detente 0\.0\.1, .* install the same version"):
        list(read_articles(given(text(1)), Setup(), cluster=cluster.scheduler_address))


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="needs the extra detente[cluster]")
    with pytest.raises(ReadError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1 "):
        list(read_articles(given(text(1)), Setup(), cluster="tcp://127.0.0.1:1"))
