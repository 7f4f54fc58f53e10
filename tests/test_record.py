"""The desk's store: nothing twice, nothing lost, known by a date, duplicates merged."""

from __future__ import annotations

import multiprocessing
from datetime import date as Date
from datetime import datetime
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import DeskError, DeskLocked, DetenteWarning
from detente.events import Claim, Event, Party, Question, Reading, Report, Speaker, Tie, TieStatus
from detente.record import Store, day_range, nouns

NOON = datetime(2024, 7, 1, 12)


def party(code: str) -> Party:
    return Party(code=code, name=code, kind="state", span=(0, 3))


def event(id_: str, report: str, **changes: object) -> Event:
    plain = Event(
        id=id_,
        report=report,
        type="ACCUSE",
        cameo="111",
        quad="verbal conflict",
        source=(party("PRK"),),
        target=(party("KOR"),),
        reciprocal=False,
        domain=None,
        modality="asserted",
        date="2024-06-30",
        date_precision="day",
        date_from="text",
        speakers=(Speaker(None, "Reporter", "author"),),
        sentence="North Korea criticised South Korea.",
        span=(0, 35),
        trigger=(12, 22),
        confidence=0.8,
    )
    return msgspec.structs.replace(plain, **changes)


def reading(name: str, *events: Event, published: Date | None = Date(2024, 6, 30)) -> Reading:
    report = Report(id=name, text="North Korea criticised South Korea.", published=published)
    claim = Claim(
        f"c{name}",
        name,
        (Speaker("PRK", "KCNA", "quoted"),),
        "a war rehearsal",
        "accuses",
        "KOR PRK: drills",
        (),
        "",
        (0, 1),
        0.5,
    )
    tie = Tie(
        "raa",
        "RAA",
        "access agreement",
        ("JPN", "GBR"),
        "defence",
        (TieStatus("signed", "2023"),),
        report=name,
        span=(0, 3),
    )
    question = Question(name, "unknown actor", "Freedonia", "Freedonia protested.", (0, 9))
    return Reading(report, events, (claim,), (tie,), (question,))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "desk")


def test_reading_twice_changes_nothing(store: Store) -> None:
    first = store.add([reading("r1", event("e1", "r1"))], NOON)
    before = {p: p.stat().st_mtime_ns for p in store.path.rglob("*.parquet")}
    again = store.add([reading("r1", event("e1", "r1"))], NOON)
    assert (first.reports, first.events, first.claims, first.ties, first.questions) == (1, 1, 1, 1, 1)
    assert (again.reports, again.events, again.known_already) == (0, 0, 1)
    assert {p: p.stat().st_mtime_ns for p in store.path.rglob("*.parquet")} == before


def test_nouns_come_back_whole(store: Store) -> None:
    told = reading("r1", event("e1", "r1"), event("e2", "r1", type="THREATEN", date=None, date_precision=None))
    store.add([told], NOON)
    assert nouns(store.reports(), Report) == [told.report]
    assert nouns(store.events(), Event) == list(told.events)
    assert nouns(store.claims(), Claim) == list(told.claims)
    assert nouns(store.ties(), Tie) == list(told.ties)
    assert nouns(store.questions(), Question) == list(told.questions)


def test_as_of_hides_what_was_not_yet_known(store: Store) -> None:
    store.add([reading("late", event("e2", "late"), published=Date(2024, 7, 5))], NOON)
    store.add([reading("early", event("e1", "early"), published=Date(2024, 6, 30))], NOON)
    store.add([reading("undated", event("e3", "undated"), published=None)], NOON)
    assert store.events(Date(2024, 6, 30))["id"].to_list() == ["e1"]
    assert store.events(Date(2024, 7, 1))["id"].to_list() == ["e1", "e3"]
    assert store.events(Date(2024, 6, 29)).is_empty()


def test_one_event_many_reports(store: Store) -> None:
    store.add([reading("r2", event("e2", "r2", date="2024-07-01"), published=Date(2024, 7, 1))], NOON)
    store.add([reading("r1", event("e1", "r1"), event("other", "r1", target=(party("JPN"),)))], NOON)
    store.add([reading("r3", event("e3", "r3", date="2024-07-20"), published=Date(2024, 7, 20))], NOON)
    frame = store.events()
    same = dict(zip(frame["id"], frame["same_as"], strict=True))
    count = dict(zip(frame["id"], frame["reports"], strict=True))
    assert same == {"e1": None, "other": None, "e2": "e1", "e3": None}
    assert count == {"e1": 2, "other": 1, "e2": 2, "e3": 1}
    # Merging follows what was known: before the second report there is only one.
    assert store.events(Date(2024, 6, 30))["reports"].to_list() == [1, 1]


@pytest.mark.parametrize(
    ("mine", "theirs", "apart", "merged"),
    [
        ("2024-06-30", "2024-07-02", 0, True),
        ("2024-06-30", "2024-07-03", 0, False),
        ("2024-06", "2024-06-11", 10, True),
        ("2024-06", "2024-07-11", 10, False),
        ("2024-06", "2024-06-11", 90, False),
        (None, "2024-06-11", 2, True),
        (None, "2024-06-11", 4, False),
        (None, None, 0, True),
    ],
)
def test_what_counts_as_one_event(store: Store, mine: str | None, theirs: str | None, apart: int, merged: bool) -> None:
    later = Date.fromordinal(Date(2024, 6, 30).toordinal() + apart)
    store.add([reading("r1", event("e1", "r1", date=mine))], NOON)
    store.add([reading("r2", event("e2", "r2", date=theirs), published=later)], NOON)
    assert (store.events()["same_as"].to_list() == [None, "e1"]) is merged


def test_reciprocal_events_merge_in_either_direction(store: Store) -> None:
    one = event("e1", "r1", type="CONSULT", reciprocal=True)
    other = event("e2", "r2", type="CONSULT", reciprocal=True, source=one.target, target=one.source)
    store.add([reading("r1", one), reading("r2", other)], NOON)
    assert store.events()["same_as"].to_list() == [None, "e1"]


def test_unknown_parties_never_merge(store: Store) -> None:
    nobody = Party(code=None, name="Freedonia")
    store.add([reading(r, event(f"e{r}", r, source=(nobody,), target=())) for r in ("r1", "r2")], NOON)
    assert store.events()["same_as"].to_list() == [None, None]


def test_a_batch_that_no_manifest_names_is_never_seen(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add([reading("r1", event("e1", "r1"))], NOON)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Store, "_replace", killed)
    with pytest.raises(KeyboardInterrupt):
        store.add([reading("r2", event("e2", "r2"))], NOON)
    monkeypatch.undo()
    with pytest.warns(DetenteWarning, match="did not finish writing"):
        reopened = Store(store.path)
    assert reopened.events()["id"].to_list() == ["e1"]
    assert reopened.add([reading("r2", event("e2", "r2"))], NOON).events == 1
    assert reopened.events()["id"].to_list() == ["e1", "e2"]


def test_a_folder_that_is_no_desk_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("hello")
    with pytest.raises(DeskError, match="is no desk"):
        Store(tmp_path)
    with pytest.raises(DeskError, match="There is no desk"):
        Store(tmp_path / "nowhere", create=False)


def test_a_damaged_desk_says_so(store: Store) -> None:
    store.add([reading("r1", event("e1", "r1"))], NOON)
    for batch in (store.path / "events").glob("*.parquet"):
        batch.write_bytes(b"not parquet")
    with pytest.raises(DeskError, match="events"):
        store.events()
    (store.path / "manifest.json").write_text('{"schema": 99, "batches": []}')
    with pytest.raises(DeskError, match="newer"):
        Store(store.path)
    (store.path / "manifest.json").write_text("{")
    with pytest.raises(DeskError, match=r"manifest\.json"):
        Store(store.path)


def _hold(path: str, ready: object, done: object) -> None:
    with Store(path)._writing():
        ready.set()  # type: ignore[attr-defined]
        done.wait(30)  # type: ignore[attr-defined]


def test_two_writers_do_not_meet(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(str(store.path), ready, done))
    other.start()
    try:
        assert ready.wait(60)
        monkeypatch.setattr("detente.record.store.PATIENCE", 0.1)
        with pytest.raises(DeskLocked, match=f"process {other.pid}"):
            store.add([reading("r1", event("e1", "r1"))], NOON)
    finally:
        done.set()
        other.join()
    assert store.add([reading("r1", event("e1", "r1"))], NOON).events == 1


@given(
    st.dates(Date(1900, 1, 1), Date(2100, 12, 31)),
    st.sampled_from([4, 7, 10]),
)
def test_a_date_of_any_precision_covers_its_day(day: Date, precision: int) -> None:
    first, last = day_range(day.isoformat()[:precision])
    assert first is not None
    assert last is not None
    assert first <= day <= last
    assert (first == last) is (precision == 10)


def test_columns_follow_the_nouns(store: Store) -> None:
    store.add([reading("r1", event("e1", "r1", date="2024-06-21/2024-06-29", date_precision="interval"))], NOON)
    row = store.events().row(0, named=True)
    assert (row["day"], row["last_day"]) == (Date(2024, 6, 21), Date(2024, 6, 29))
    assert (row["source"], row["target"]) == (["PRK"], ["KOR"])
    assert store.ties().select("tie", "status", "date").row(0) == ("raa", "signed", "2023")
    assert store.claims()["speaker"].to_list() == ["North Korea"]
    assert store.reports().select(pl.col("characters")).item() == 35
