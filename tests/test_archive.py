"""Event data that others coded, in the store: nothing twice, known by a date, corrected, counted once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date as Date
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from detente import codebook
from detente.errors import DeskError
from detente.events import Event
from detente.record import SIGHTINGS, Once, Store, archive, compact, nouns, once, sighting_id
from detente.record.once import COLUMNS
from tests.test_record import NOON, event, reading

FIRST = Date(2014, 1, 1)
PLAIN: dict[str, Any] = {
    "dataset": "icews",
    "source": "PRK",
    "target": "KOR",
    "source_name": "Pyongyang",
    "target_name": "Seoul",
    "type": "ACCUSE",
    "cameo": "111",
    "code": "111",
    "goldstein": -2.0,
    "day": FIRST,
    "precision": "day",
    "country": "KOR",
    "reports": 1,
}


def sightings(*rows: dict[str, Any], **original: str) -> pl.DataFrame:
    """Sightings with the plain values where a row says nothing else, keyed from 1 on."""
    full = []
    for number, row in enumerate(rows, 1):
        one = {"key": number, **PLAIN, **row}
        one = {"last_day": one["day"], "known": one["day"], **one}
        full.append({name: one.get(name) for name in SIGHTINGS})
    frame = pl.DataFrame(full, schema=SIGHTINGS, orient="row")
    texts = original or {"Event ID": "7", "Intensity": "-2.0"}
    return frame.with_columns(archive.same(frame), original=pl.struct(*(pl.lit(v).alias(k) for k, v in texts.items())))


def put(store: Store, *chunks: pl.DataFrame, file: str = "a.csv", dataset: str = "icews") -> Any:
    return store.add_sightings(chunks, dataset=dataset, file=file, sha256=f"hash of {file}", recorded=NOON)


def keys(frame: pl.LazyFrame) -> list[int]:
    return sorted(frame.collect()["key"])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "desk")


# -- keeping -------------------------------------------------------------------------------------------------------


def test_rows_come_back_as_they_went_in(store: Store) -> None:
    frame = sightings({}, {"target": None, "lat": 1.5, "reports": 9}, {"type": None, "cameo": None, "code": "010"})
    added = put(store, frame)
    assert (added.rows, added.new, added.known_already) == (3, 3, 0)
    assert_frame_equal(store.sightings().collect().sort("key"), frame.drop("original"))
    assert store.originals("icews").collect().sort("key").rows() == [(n, "7", "-2.0") for n in (1, 2, 3)]


def test_overlapping_files_add_nothing_twice(store: Store) -> None:
    first = put(store, sightings({"key": 1}, {"key": 2}), sightings({"key": 2}, {"key": 3}))
    second = put(store, sightings({"key": 3}, {"key": 4}, {"key": 4}), file="b.csv")
    again = Store(store.path)
    third = put(again, sightings({"key": 4}, {"key": 5}), file="c.csv")
    assert [(one.new, one.known_already) for one in (first, second, third)] == [(3, 1), (1, 2), (1, 1)]
    assert keys(again.sightings()) == keys(again.originals("icews")) == [1, 2, 3, 4, 5]


def test_a_file_loaded_whole_is_known_by_its_hash(store: Store) -> None:
    assert store.loaded("hash of a.csv") is None
    store.add_sightings([sightings({})], dataset="icews", file="a.csv", sha256="h", rejected=lambda: 4, recorded=NOON)
    load = Store(store.path).loaded("h")
    assert load is not None
    assert (load.file, load.dataset, load.rows, load.new, load.rejected, load.recorded) == (
        "a.csv", "icews", 1, 1, 4, NOON,
    )  # fmt: skip


def test_a_load_that_is_cut_short_goes_on_where_it_stopped(store: Store) -> None:
    def broken() -> Iterator[pl.DataFrame]:
        yield sightings({"key": 1}, {"key": 2})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.add_sightings(broken(), dataset="icews", file="a.csv", sha256="h")
    assert store.loaded("h") is None
    added = put(store, sightings({"key": 1}, {"key": 2}), sightings({"key": 3}))
    assert (added.new, added.known_already) == (1, 2)
    assert keys(store.sightings()) == [1, 2, 3]


def test_files_of_one_dataset_may_differ_in_their_columns(store: Store) -> None:
    put(store, sightings({"key": 1}, Id="a", key="x"))
    put(store, sightings({"key": 2}, Id="b", Added="2015"), file="b.csv")
    put(store, sightings({"key": 3, "dataset": "mie"}, Other="c"), file="c.csv", dataset="mie")
    rows = store.originals("icews").collect().sort("key").to_dicts()
    assert rows == [
        {"key": 1, "Id": "a", "key_": "x", "Added": None},
        {"key": 2, "Id": "b", "key_": None, "Added": "2015"},
    ]
    assert store.originals("mie").collect().columns == ["key", "Other"]
    assert store.originals("nothing").collect().is_empty()


def test_known_by_a_date(store: Store) -> None:
    put(store, sightings({"key": 1}, {"key": 2, "known": Date(2015, 1, 1)}))
    assert keys(store.sightings(Date(2014, 12, 31))) == keys(store.originals("icews", "2014-12-31")) == [1]
    assert keys(store.sightings("2015-01-01")) == keys(store.originals("icews", "2015-01-01")) == [1, 2]
    assert keys(store.sightings("2013-01-01")) == []


def test_a_question_about_two_actors_skips_the_rest(store: Store) -> None:
    rows = [{"key": n, "source": f"{n % 100:03d}"} for n in range(1, 200_001)]
    put(store, sightings(*rows))
    file = next((store.path / "sightings").glob("*.parquet"))
    groups = duckdb.execute(
        "select stats_min_value, stats_max_value, encodings "
        f"from parquet_metadata('{file}') where path_in_schema = 'source'"
    ).fetchall()
    assert len(groups) == 13  # of 16,384 rows
    assert [a <= "050" <= b for a, b, _ in groups].count(True) <= 2
    assert all("RLE_DICTIONARY" in encodings for *_, encodings in groups)


@given(st.lists(st.lists(st.integers(0, 60), max_size=30), max_size=12))
def test_a_growing_set_of_keys(parts: list[list[int]]) -> None:
    held: set[int] = set()
    grown = archive.Keys()
    for part in parts:
        fresh = grown.fresh(np.array(part, dtype=np.uint64))
        expected = []
        for key in part:
            expected.append(key not in held)
            held.add(key)
        assert fresh.tolist() == expected
    assert len(grown) == len(held)


def test_hashes_are_the_same_everywhere() -> None:
    """Fixed values: a changed hash would load every archive a second time."""
    words = pl.Series(["PRK", None, "", "PRK", "Côte d'Ivoire"])
    hashes = archive.stable(words)
    assert hashes.tolist() == [
        12607125034770382260, 10502126616487800487, 13020603013274838756, 12607125034770382260, 16974523696417240274,
    ]  # fmt: skip
    assert archive.mixed([hashes[:2], hashes[3:]]).tolist() == [1919577463855410755, 13918096169378178523]
    assert archive.mixed([hashes[:1], hashes[1:2]]) != archive.mixed([hashes[1:2], hashes[:1]])


def test_what_one_event_means() -> None:
    frame = sightings({}, {"day": Date(2020, 1, 1)}, {"place": "Seoul"}, {"country": None, "place": "KOR"},
                      {"source": "JPN"}, {"type": "REJECT"}, {"source": "KOR", "target": "PRK"})  # fmt: skip
    same = frame["same"].to_list()
    assert same[0] == same[1] == same[2] == same[3]
    assert len(set(same)) == 4


# -- compaction ----------------------------------------------------------------------------------------------------


def test_compaction_keeps_every_row_and_sorts_by_pair(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST", 40)
    rng = np.random.default_rng(3)
    codes = ["CHN", "JPN", "KOR", "PRK", None]
    for part in range(10):
        rows = [
            {
                "key": part * 25 + n + 1,
                "source": codes[rng.integers(5)],
                "target": codes[rng.integers(5)],
                "day": FIRST + timedelta(int(rng.integers(900))),
            }
            for n in range(25)
        ]
        put(store, sightings(*rows), file=f"{part}.csv")
    before = store.sightings().collect().sort("key")
    reader = store.sightings()
    store.compact()
    batches = [batch for batch in store.manifest().batches if batch.table == "sightings"]
    assert len(batches) < 10
    assert batches[0].origin == tuple(f"{n}.csv" for n in range(10))
    assert_frame_equal(store.sightings().collect().sort("key"), before)
    assert_frame_equal(reader.collect().sort("key"), before)  # asked before, answered after
    ordered = pl.concat([pl.read_parquet(store.path / batch.file) for batch in batches])
    pairs = ordered.select("source", "target", "day")
    assert_frame_equal(pairs, pairs.sort("source", "target", "day", nulls_last=True))
    assert put(store, sightings({"key": 7}), file="x.csv").new == 0


def test_what_a_compaction_replaced_goes_after_a_while(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(3):
        store.add([reading(f"r{n}", event(f"e{n}", f"r{n}"))], NOON)
    old = sorted(path.name for path in (store.path / "events").iterdir())
    before = store.events()
    store.compact()
    assert_frame_equal(store.events(), before)
    assert set(old) < {path.name for path in (store.path / "events").iterdir()}
    monkeypatch.setattr(compact, "GRACE", timedelta(seconds=-1))
    store.add([reading("last", event("elast", "last"))], NOON)
    left = {path.name for path in (store.path / "events").iterdir()}
    assert len(left) == 2
    assert not left & set(old)
    assert store.manifest().retired == ()
    assert store.events()["id"].to_list() == ["e0", "e1", "e2", "elast"]


def test_many_small_batches_are_merged_by_themselves(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact, "MANY", 5)
    for n in range(23):
        store.add([reading(f"r{n}", event(f"e{n}", f"r{n}"))], NOON)
        put(store, sightings({"key": n + 1}), file=f"{n}.csv")
        store.reject(f"e{n}")
    tables = [batch.table for batch in store.manifest().batches]
    assert max(tables.count(table) for table in set(tables) - {"originals"}) <= 6
    assert store.reports()["id"].to_list() == [f"r{n}" for n in range(23)]
    assert store.claims()["id"].to_list() == [f"cr{n}" for n in range(23)]
    assert keys(store.sightings()) == list(range(1, 24))
    assert store.events().is_empty()


def test_a_reader_whose_file_went_away_looks_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(2):
        store.add([reading(f"r{n}", event(f"e{n}", f"r{n}"))], NOON)
    late = store.manifest()
    monkeypatch.setattr(compact, "GRACE", timedelta(seconds=-1))
    store.compact()
    store.add([reading("r2")], NOON)
    seen = [late]
    real = Store.manifest
    monkeypatch.setattr(Store, "manifest", lambda self: seen.pop() if seen else real(self))
    assert store.table("claims")["id"].to_list() == ["cr0", "cr1", "cr2"]


# -- corrections ---------------------------------------------------------------------------------------------------


def test_a_read_event_is_corrected_and_keeps_what_was_read(store: Store) -> None:
    told = event("e1", "r1")
    store.add([reading("r1", told, event("e2", "r1", type="REJECT", cameo="120"))], NOON)
    store.correct(
        "e1", {"type": "threaten", "target": "Japan", "date": "2024-06"}, reason="misread", known="2024-07-10"
    )
    assert store.events("2024-07-09")["type"].to_list() == ["ACCUSE", "REJECT"]
    frame = store.events("2024-07-10")
    assert frame["id"].to_list() == ["e1", "e2"]
    row = frame.row(0, named=True)
    assert (row["type"], row["quad"], row["cameo"]) == ("THREATEN", "verbal conflict", "130")
    assert (row["target"], row["date_precision"]) == (["JPN"], "month")
    assert (row["day"], row["last_day"]) == (Date(2024, 6, 1), Date(2024, 6, 30))
    assert nouns(frame, Event)[0].target[0].name == "Japan"
    assert next(store.each(Event, ["r1"])) == told
    history = store.history("e1")
    changed = dict(zip(history["field"], zip(history["was"], history["now"], strict=True), strict=True))
    assert changed["type"] == ('"ACCUSE"', '"THREATEN"')
    assert set(history["reason"]) == {"misread"}


def test_the_newest_correction_known_by_a_date_counts(store: Store) -> None:
    store.add([reading("r1", event("e1", "r1"))], NOON)
    store.correct("e1", {"confidence": 0.5}, known="2024-08-01")
    store.correct("e1", {"domain": "missile"}, known="2024-09-01")
    store.reject("e1", reason="never happened", known="2024-10-01")
    store.restore("e1", known="2024-11-01")
    seen = [
        store.events(day).select("confidence", "domain").rows()
        for day in ("2024-07-31", "2024-08-31", "2024-09-30", "2024-10-31", "2024-11-30")
    ]
    assert seen == [[(0.8, None)], [(0.5, None)], [(0.5, "missile")], [], [(0.8, None)]]
    assert store.history("e1")["act"].to_list()[:3] == ["changed", "changed", "rejected"]
    assert store.history("e1")["act"].to_list()[-1] == "restored"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Nothing to correct"),
        ({"colour": "red"}, "colour"),
        ({"id": "other"}, "'id' cannot be corrected"),
        ({"modality": "rumoured"}, "modality"),
        ({"type": "SHOUT"}, "PLOVER type"),
        ({"source": "Freedonia"}, "no actor"),
        ({"date": "30 June"}, "date"),
        ({"confidence": "high"}, "confidence"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(store: Store, changes: dict[str, Any], words: str) -> None:
    store.add([reading("r1", event("e1", "r1"))], NOON)
    with pytest.raises(DeskError, match=words):
        store.correct("e1", changes)
    assert store.history("e1").is_empty()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "042"}, "'code' cannot be corrected"),
        ({"day": "yesterday"}, "day"),
        ({"day": "2022-02-31"}, "day: '2022-02-31' is no date of the calendar: write it as 2024-07-11"),
        ({"target": ["KOR", "USA"]}, "A sighting has one target; give one"),
        ({"day": "2014-01-05", "last_day": "2014-01-04"}, "before day"),
        ({"cameo": "999"}, "cameo"),
        ({"target": "Freedonia"}, "target"),
        ({"domain": "weather"}, "domain"),
    ],
)
def test_so_is_one_of_a_sighting(store: Store, changes: dict[str, Any], words: str) -> None:
    put(store, sightings({}))
    with pytest.raises(DeskError, match=words):
        store.correct(sighting_id("icews", 1), changes)
    with pytest.raises(DeskError, match="No event"):
        store.correct(sighting_id("icews", 2), {"place": "Seoul"})
    for act in (store.reject, store.restore, store.history):
        with pytest.raises(DeskError, match="No event"):
            act("e1")


def test_a_day_to_come_is_refused(store: Store) -> None:
    put(store, sightings({}))
    with pytest.raises(DeskError, match="is after today"):
        store.reject(sighting_id("icews", 1), known=Date.today() + timedelta(days=2))
    assert store.history(sighting_id("icews", 1)).is_empty()


def test_a_value_of_the_file_s_own_outlives_another_type(store: Store) -> None:
    put(store, sightings({"key": 1}, {"key": 2, "goldstein": -7.5}))
    for key in (1, 2):
        store.correct(sighting_id("icews", key), {"type": "THREATEN"})
    values = store.sightings().collect().sort("key")["goldstein"].to_list()
    assert values == [codebook.goldstein("THREATEN"), -7.5]
    store.correct(sighting_id("icews", 2), {"type": "CONSULT", "goldstein": 1.0})
    assert store.sightings().collect().sort("key")["goldstein"].to_list()[1] == 1.0


def test_a_sighting_is_corrected(store: Store) -> None:
    put(store, sightings({"key": 1}, {"key": 2, "country": "JPN"}, {"key": 3, "known": Date(2014, 5, 1)}))
    one = sighting_id("icews", 1)
    store.correct(one, {"country": "JPN", "type": "THREATEN"}, known="2014-02-01")
    store.correct(one, {"type": "ACCUSE", "cameo": "111"}, known="2014-03-01")
    store.reject(sighting_id("icews", 2), known="2014-04-01")
    store.correct(sighting_id("icews", 3), {"day": "2013-12-30", "source": "Pyongyang"}, known="2014-02-01")
    then = store.sightings("2014-02-15").collect().sort("key")
    assert then["type"].to_list() == ["THREATEN", "ACCUSE"]
    assert then["goldstein"].to_list() == [codebook.goldstein("THREATEN"), -2.0]
    assert then["code"].to_list() == ["111", "111"]
    then = store.sightings("2014-03-15").collect().sort("key")
    assert then["same"][0] == then["same"][1]
    now = store.sightings().collect().sort("key")
    assert now["key"].to_list() == [1, 3]
    assert now["day"].to_list() == [FIRST, Date(2013, 12, 30)]
    assert now["last_day"].to_list() == [FIRST, Date(2013, 12, 30)]
    assert store.history(one)["field"].unique().to_list().count("country") == 1
    store.restore(one)
    store.restore(sighting_id("icews", 2))
    assert store.sightings().collect().sort("key")["country"].to_list() == ["KOR", "JPN", "KOR"]


# -- once ----------------------------------------------------------------------------------------------------------

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "source": st.sampled_from(["PRK", "KOR", None]),
            "target": st.sampled_from(["USA", "JPN", None]),
            "type": st.sampled_from(["ACCUSE", None]),
            "country": st.sampled_from(["KOR", "JPN"]),
            "day": st.integers(0, 12).map(lambda n: FIRST + timedelta(n)),
            "late": st.integers(0, 3),
            "reports": st.integers(1, 5),
        }
    ),
    max_size=40,
)


def by_hand(rows: list[dict[str, Any]], rule: Once) -> set[tuple[int, int, int]]:
    """Key of the first sighting, number of sightings, sum of reports: one sighting after another."""
    order = sorted(rows, key=lambda row: (row["day"], row["known"], row["key"]))
    open_: dict[Any, list[Any]] = {}
    out: list[list[Any]] = []
    for row in order:
        what: Any = (row["source"], row["target"], row["type"], row["country"] if rule.place else None)
        if row["source"] is None or row["target"] is None:
            what = row["key"]
        now = open_.get(what)
        if now is None or (row["day"] - now[0]).days > rule.window:
            now = open_[what] = [row["day"], row["key"], 0, 0]
            out.append(now)
        now[2] += 1
        now[3] += row["reports"]
    return {(key, count, reports) for _, key, count, reports in out}


@settings(deadline=None)
@given(ROWS, st.integers(0, 5), st.booleans(), st.randoms(use_true_random=False))
def test_once_as_counted_by_hand(rows: list[dict[str, Any]], window: int, place: bool, dice: Any) -> None:
    keyed = list(range(1, len(rows) + 1))
    dice.shuffle(keyed)
    rows = [
        {**row, "key": key, "known": row["day"] + timedelta(row.pop("late"))}
        for key, row in zip(keyed, rows, strict=True)
    ]
    frame = sightings(*rows).drop("original") if rows else pl.DataFrame(schema=SIGHTINGS)
    rule = Once(window, place)
    events = once(frame.lazy(), rule).collect()
    assert events.columns == list(COLUMNS)
    assert set(events.select("key", "sightings", "reports").rows()) == by_hand(rows, rule)
    assert events["sightings"].sum() == len(rows)
    stored = frame.drop("reports").join(events.select("key"), on="key", how="semi").sort("key")
    assert_frame_equal(events.select(stored.columns).sort("key"), stored)


def test_a_filter_on_events_does_not_reach_the_sightings() -> None:
    """An event that began before the first day asked is not begun anew by its later sightings."""
    frame = sightings({"key": 1}, {"key": 2, "day": FIRST + timedelta(2)}).drop("original").lazy()
    late = once(frame, Once(window=3)).filter(pl.col("day") > FIRST).collect()
    assert late.is_empty()
    assert once(frame).filter(pl.col("day") > FIRST).select("key", "sightings").collect().rows() == [(2, 1)]


def test_a_window_that_makes_no_sense() -> None:
    with pytest.raises(DeskError, match="-1 days"):
        Once(window=-1)


def test_events_are_counted_as_known_then(store: Store) -> None:
    put(
        store,
        sightings({"key": 1, "known": Date(2014, 3, 1)}, {"key": 2}, {"key": 3, "known": datetime(2014, 2, 1).date()}),
    )
    counted = [
        once(store.sightings(day)).select("key", "sightings").collect().rows() for day in ("2014-01-31", "2014-02-28")
    ]
    assert counted == [[(2, 1)], [(2, 2)]]
    assert once(store.sightings()).select("key", "sightings").collect().rows() == [(2, 3)]


@pytest.mark.parametrize("wide", [False, True], ids=["numbers", "too many for 64 bits"])
def test_order_of_the_store(wide: bool) -> None:
    rng = np.random.default_rng(3)
    size = 3000 if wide else 500

    def days(missing: int) -> pl.Series:
        numbers = rng.integers(-700_000, 2_900_000, size) if wide else rng.integers(0, 6, size)
        values = pl.Series(numbers, dtype=pl.Int32).cast(pl.Date)
        return values.to_frame("d").select(pl.when(pl.Series(rng.random(size) > missing / 10)).then("d")).to_series()

    actors = [f"Ä{i}" for i in range(1500)] if wide else ["USA", "KOR", "Ärger", None]
    frame = pl.DataFrame(
        {
            "source": [actors[i] for i in rng.integers(0, len(actors), size)],
            "target": [actors[i] for i in rng.integers(0, len(actors), size)],
            "day": days(1),
            "known": days(2),
            "key": pl.Series(rng.permutation(size), dtype=pl.UInt64) + 2**63,
        }
    )
    assert_frame_equal(archive.ordered(frame), frame.sort(archive.ORDER, nulls_last=True))
    assert_frame_equal(archive.ordered(frame[:1]), frame[:1])
    assert archive.ordered(frame[:0]).is_empty()
