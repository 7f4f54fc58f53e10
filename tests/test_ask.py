"""Questions to the whole record: read events and sightings in one form, panels, windows, SQL, files."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import date as Date
from datetime import timedelta
from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import detente as dt
from detente.codebook import goldstein
from detente.errors import CodebookError, DeskError, LoadError, RegisterError
from detente.events import Party, Reading, Report
from detente.record.archive import SIGHTINGS, same
from detente.record.ask import EVENTS
from detente.record.once import Once
from tests.shared import shared
from tests.test_record import NOON, event, party


def sightings(*rows: dict[str, Any], dataset: str = "icews") -> pl.DataFrame:
    """Sightings from what differs; the rest is plain."""
    full = []
    for i, row in enumerate(rows):
        day = row.get("day", Date(2024, 5, 1))
        plain = {
            "key": 1000 + i,
            "dataset": dataset,
            "type": "CONSULT",
            "precision": "day",
            "reports": 1,
            "outlet": "Wire",
        }
        plain |= {"source_name": row.get("source"), "target_name": row.get("target"), "day": day, "last_day": day}
        plain |= {
            "known": row.get("last_day", day),
            "goldstein": goldstein(row.get("cameo") or row.get("type", "CONSULT")),
        }
        full.append(dict.fromkeys(SIGHTINGS) | plain | row)
    frame = pl.DataFrame(full, schema=SIGHTINGS, orient="row")
    return frame.with_columns(same(frame), original=pl.struct(line=pl.col("key").cast(pl.String)))


ROWS = (
    {"source": "USA", "target": "PRK", "day": Date(2024, 5, 1), "country": "PRK", "reports": 3},
    {"source": "USA", "target": "PRK", "day": Date(2024, 5, 1), "country": "PRK", "reports": 4, "outlet": "Times"},
    {"source": "USA", "target": "PRK", "day": Date(2024, 5, 1), "country": "SGP"},
    {"source": "USA", "target": "PRK", "day": Date(2024, 5, 3), "country": "PRK"},
    {"source": "PRK", "target": "USA", "day": Date(2024, 6, 10), "type": "ASSAULT", "cameo": "193"},
    {
        "source": "CHN",
        "target": "USA",
        "day": Date(2024, 6, 11),
        "type": "ACCUSE",
        "cameo": "112",
        "known": Date(2024, 7, 20),
    },
    {"source": None, "target": "USA", "day": Date(2024, 6, 12), "source_name": "Citizen (Atlantis)"},
    {"source": "USA", "target": "USA", "day": Date(2024, 6, 12)},
    {
        "source": "CHN",
        "target": "PRK",
        "day": Date(2024, 1, 1),
        "last_day": Date(2024, 12, 31),
        "precision": "year",
        "type": "AID",
    },
)


@pytest.fixture
def desk(tmp_path: Path) -> dt.Desk:
    desk = dt.open(tmp_path / "desk")
    told = (
        event("e1", "r"),
        event("e2", "r", type="COOPERATE", domain="exercise", reciprocal=True, date="2024-06-28",
              source=(party("USA"), party("KOR"), party("JPN")), target=()),
        event("e3", "r", type="THREATEN", modality="planned", confidence=0.4),
        event("e4", "r", type="ACCUSE", date=None, date_precision=None, source=(Party(None, "the bloc"), party("PRK")),
              target=(party("JPN"),)),
    )  # fmt: skip
    again = (event("f1", "s"),)
    desk.store.add(
        [
            Reading(Report("r", "text", outlet="Reuters", published=Date(2024, 6, 30)), told),
            Reading(Report("s", "other", outlet="Yonhap", published=Date(2024, 7, 1)), again),
        ],
        NOON,
    )
    desk.store.add_sightings([sightings(*ROWS)], dataset="icews", file="icews.csv", sha256="0")
    return desk


def ids(frame: pl.LazyFrame) -> list[str]:
    return frame.collect()["id"].to_list()


def key(n: int) -> str:
    return f"icews:{1000 + n:016x}"


def test_read_and_loaded_events_have_one_form(desk: dt.Desk) -> None:
    frame = desk.events()
    assert isinstance(frame, pl.LazyFrame)
    assert dict(frame.collect_schema()) == EVENTS
    rows = {row["id"]: row for row in frame.collect().iter_rows(named=True)}
    assert set(rows) == {"e1", "e2", "e3", "e4", *(key(n) for n in (0, 2, 3, 4, 5, 6, 7, 8))}
    read, coded = rows["e2"], rows[key(4)]
    assert (read["archive"], read["outlet"], read["sightings"], read["reports"]) == (None, "Reuters", None, 1)
    assert read["source"] == ["USA", "KOR", "JPN"]
    assert read["goldstein"] == goldstein(read["cameo"])
    assert (coded["archive"], coded["source"], coded["target"]) == ("icews", ["PRK"], ["USA"])
    assert (coded["quad"], coded["modality"], coded["confidence"], coded["sentence"]) == (
        "material conflict", "asserted", None, None,
    )  # fmt: skip
    assert (coded["date"], rows[key(8)]["date"]) == ("2024-06-10", "2024")
    assert rows["e4"]["source"] == ["PRK"]
    assert rows["e4"]["source_name"] == ["the bloc", rows["e4"]["source_name"][1]]
    assert rows[key(6)]["source"] == []
    assert rows[key(6)]["source_name"] == ["Citizen (Atlantis)"]


def test_each_event_once_by_a_rule_that_can_be_changed(desk: dt.Desk) -> None:
    asked: dict[str, Any] = {"actor": "USA", "other": "PRK", "types": "CONSULT"}
    every = desk.events(**asked, once=None).collect()
    assert every["id"].to_list() == [key(n) for n in range(4)]
    once = desk.events(**asked).collect().sort("id")
    assert once.select("id", "reports", "sightings").rows() == [(key(0), 7, 2), (key(2), 1, 1), (key(3), 1, 1)]
    wider = desk.events(**asked, once=Once(2)).collect().sort("id")
    assert wider.select("id", "sightings").rows() == [(key(0), 3), (key(2), 1)]
    anywhere = desk.events(**asked, once=Once(2, place=False)).collect()
    assert anywhere.select("id", "sightings").rows() == [(key(0), 4)]
    repeats = desk.events(once=None).filter(pl.col("archive").is_null()).collect()
    assert repeats.filter(pl.col("same_as").is_not_null())["id"].to_list() == ["f1"]


def test_a_window_that_begins_before_the_first_day_asked(desk: dt.Desk) -> None:
    # The sighting of 3 May belongs to the event of 1 May: it is no event of 2 May or later.
    asked: dict[str, Any] = {"actor": "USA", "other": "PRK", "types": "CONSULT", "since": "2024-05-02"}
    assert ids(desk.events(**asked)) == [key(3)]
    assert ids(desk.events(**asked, once=Once(2))) == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"actor": "Pyongyang", "other": ["Washington", "JPN"]}, {"e4", *(key(n) for n in (0, 2, 3, 4))}),
        ({"actor": "Japan"}, {"e2", "e4"}),
        ({"actor": "USA", "other": "KOR"}, {"e2"}),
        ({"other": "Japan"}, {"e2", "e4"}),
        ({"types": "assault"}, {key(4)}),
        ({"types": ["19", "112"]}, {key(4), key(5)}),
        ({"quad": "material conflict", "source": "icews"}, {key(4)}),
        ({"domain": "exercise"}, {"e2"}),
        ({"since": "2024-06-11", "until": "2024-06-12"}, {key(5), key(6), key(7)}),
        ({"on": "2024-06-10"}, {key(4), key(8)}),
        ({"as_of": "2024-06-30", "types": "ACCUSE"}, {"e1", "e4"}),
        ({"source": "Times"}, {key(1)}),
        ({"source": "s", "once": None}, {"f1"}),
        ({"source": ["Reuters"], "modality": "planned"}, {"e3"}),
        ({"modality": "planned"}, {"e3"}),
        ({"min_confidence": 0.5, "source": "Reuters"}, {"e1", "e2", "e4"}),
        ({"min_confidence": 0.5, "source": "icews", "types": "AID"}, {key(8)}),
        ({"since": Date(2030, 1, 1)}, set()),
    ],
)
def test_what_is_asked_narrows(desk: dt.Desk, asked: dict[str, Any], found: set[str]) -> None:
    assert set(ids(desk.events(**asked))) == found


@pytest.mark.parametrize(
    ("asked", "error", "told"),
    [
        ({"actor": "Atlantis"}, RegisterError, "Atlantis"),
        ({"since": "2024-02-30"}, RegisterError, "2024-02-30"),
        ({"types": "QUARREL"}, CodebookError, "QUARREL"),
        ({"types": "99"}, CodebookError, "99"),
        ({"quad": "war"}, CodebookError, "material conflict"),
        ({"modality": "sure"}, CodebookError, "hypothetical"),
    ],
)
def test_what_cannot_be_asked_is_told(desk: dt.Desk, asked: dict[str, Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        desk.events(**asked)


def test_corrected_and_rejected_events(desk: dt.Desk) -> None:
    desk.store.correct(key(4), {"target": "KOR"}, reason="wrong target", known=Date(2024, 7, 1))
    desk.store.reject(key(5), known=Date(2024, 7, 25))
    desk.store.reject("e1", known=Date(2024, 7, 2))
    assert ids(desk.events(types="ASSAULT", actor="KOR")) == [key(4)]
    assert ids(desk.events(types="ASSAULT", actor="KOR", as_of="2024-06-30")) == []
    assert key(5) not in ids(desk.events())
    assert key(5) in ids(desk.events(as_of="2024-07-24"))
    sql = desk.sql("select id, target from events where id = 'e1' or type = 'ASSAULT' or archive = 'icews'")
    assert set(sql["id"]) == set(ids(desk.events(source="icews"))) | (set(ids(desk.events(types="ASSAULT"))))


# -- panels --------------------------------------------------------------------------------------------------------


def panel_rows(frame: pl.DataFrame, *columns: str) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    return {
        (str(r["period"]), r["source"], r["target"]): tuple(r[c] for c in columns) for r in frame.iter_rows(named=True)
    }


def test_panel_of_named_actors_has_every_pair_in_every_period(desk: dt.Desk) -> None:
    frame = desk.panel("month", actors=["USA", "North Korea", "KOR"], since="2024-04-01", until="2024-07-31")
    assert frame.height == 6 * 4
    rows = panel_rows(frame, "events", "verbal_cooperation", "material_conflict", "reports", "goldstein")
    assert rows["2024-05-01", "USA", "PRK"] == (3, 3, 0, 9, pytest.approx(3 * goldstein("CONSULT")))
    assert rows["2024-06-01", "PRK", "USA"][:4] == (1, 0, 1, 1)
    assert rows["2024-04-01", "KOR", "PRK"] == (0, 0, 0, 0, 0.0)
    assert rows["2024-06-01", "USA", "KOR"][0] == 1
    assert frame["events"].sum() == 3 + 1 + 1 + 1  # and the event that was read of PRK and KOR


def test_panel_of_all_states_holds_pairs_that_occur(desk: dt.Desk) -> None:
    frame = desk.panel("month")
    pairs = set(frame.select("source", "target").unique().rows())
    assert pairs == {
        ("USA", "PRK"),
        ("PRK", "USA"),
        ("CHN", "USA"),
        ("PRK", "KOR"),
        ("USA", "KOR"),
        ("USA", "JPN"),
        ("KOR", "JPN"),
    }
    assert frame["period"].unique().sort().to_list()[0] == Date(2024, 5, 1)
    assert frame.height == len(pairs) * frame["period"].n_unique()
    assert desk.panel("month", zeros=False)["events"].min() == 1
    states = {code for pair in pairs for code in pair}
    assert desk.panel("month", everybody=True).height == len(states) * (len(states) - 1) * frame["period"].n_unique()


def test_panel_undirected_by_week_and_year(desk: dt.Desk) -> None:
    both = desk.panel("year", actors=["USA", "PRK"], directed=False, source="icews")
    assert both.select("period", "source", "target", "events").rows() == [(Date(2024, 1, 1), "PRK", "USA", 4)]
    weeks = desk.panel("week", actors=["USA", "PRK"], types="CONSULT", since="2024-05-01", until="2024-05-12")
    assert weeks["period"].unique().sort().to_list() == [Date(2024, 4, 29), Date(2024, 5, 6)]
    aid = desk.panel("year", actors=["CHN", "PRK"])
    assert panel_rows(aid, "material_cooperation")["2024-01-01", "CHN", "PRK"] == (1,)
    assert desk.panel("month", actors=["CHN", "PRK"]).height == 0  # known to the year alone


def test_panel_agrees_with_events_counted_by_hand(desk: dt.Desk) -> None:
    frame = desk.panel("month", zeros=False)
    counted: dict[tuple[str, str, str], int] = {}
    for row in desk.events(modality="asserted").collect().iter_rows(named=True):
        both = [*row["source"], *row["target"]]
        pairs = (
            [(a, b) for i, a in enumerate(both) for b in both[i + 1 :]]
            if row["reciprocal"]
            else [(a, b) for a in row["source"] for b in row["target"] if a != b]
        )
        for a, b in pairs:
            if row["date_precision"] == "day":
                at = (str(row["day"].replace(day=1)), a, b)
                counted[at] = counted.get(at, 0) + 1
    assert {at: n for at, (n,) in panel_rows(frame, "events").items()} == counted


def test_panel_normalised(desk: dt.Desk) -> None:
    asked: dict[str, Any] = {"actors": ["USA", "PRK"], "source": "icews", "since": "2024-05-01", "until": "2024-06-30"}
    plain = panel_rows(desk.panel(**asked), "events", "goldstein")
    # In May three events of icews, in June four (one of them within a state, one by nobody known).
    share = panel_rows(desk.panel(**asked, normalise="share"), "events", "goldstein")
    assert share["2024-05-01", "USA", "PRK"] == (
        pytest.approx(3 / 3),
        pytest.approx(plain["2024-05-01", "USA", "PRK"][1] / 3),
    )
    assert share["2024-06-01", "PRK", "USA"][0] == pytest.approx(1 / 4)
    rate = panel_rows(desk.panel(**asked, normalise="per 1,000"), "events")
    assert rate["2024-06-01", "PRK", "USA"][0] == pytest.approx(250)
    level = panel_rows(desk.panel(**asked, normalise="volume"), "events")
    mean = (1 + 9 + 4) / 3  # reports in January (the aid of the year), May and June
    assert level["2024-05-01", "USA", "PRK"][0] == pytest.approx(3 / (9 / mean))


def test_panel_faults(desk: dt.Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeskError, match="no period"):
        desk.panel("decade")
    with pytest.raises(DeskError, match="no way to normalise"):
        desk.panel(normalise="somehow")
    monkeypatch.setattr("detente.record.panel.MOST_ROWS", 10)
    with pytest.raises(DeskError, match="longer periods"):
        desk.panel("day")


# -- windows around dates ------------------------------------------------------------------------------------------


def test_windows_around_dates(tmp_path: Path) -> None:
    desk = dt.open(tmp_path / "desk")
    start = Date(2024, 1, 1)
    rows = [
        {"source": "PRK", "target": "KOR", "day": start + timedelta(days=d), "type": "THREATEN"} for d in range(100)
    ]
    rows += [
        {"source": "PRK", "target": "USA", "day": start + timedelta(days=d), "type": "THREATEN"} for d in (40, 41, 80)
    ]
    desk.store.add_sightings([sightings(*rows)], dataset="icews", file="f", sha256="0")
    dates = [start + timedelta(days=40), start + timedelta(days=80)]
    frame = desk.around(dates, days_before=2, days_after=1, actor="PRK")
    assert frame["relative"].to_list() == [-2, -1, 0, 1]
    assert frame["events"].to_list() == [2, 2, 4, 3]
    assert frame["per_window"].to_list() == [1.0, 1.0, 2.0, 1.5]
    assert frame["baseline_events"].to_list() == [2, 2, 2, 2]
    each = desk.around(dates, days_before=2, days_after=1, actor="PRK", each=True)
    assert each.filter(pl.col("relative") == 0)["baseline_day"].to_list() == [d - timedelta(days=4) for d in dates]
    # Days outside the record are unknown, not quiet; and a window is not compared with another one.
    edge = desk.around(["2024-01-02"], days_before=3, days_after=0, each=True)
    assert edge["events"].to_list() == [None, None, 1, 1]
    assert edge["baseline_events"].to_list() == [None] * 4
    near = desk.around(["2024-02-01", "2024-02-04"], days_before=1, days_after=1, each=True)
    assert near["baseline_day"].is_null().to_list() == [False] * 3 + [True] * 3


def test_windows_around_a_register_of_dates(desk: dt.Desk, tmp_path: Path) -> None:
    path = tmp_path / "drills.csv"
    path.write_text("Name,season,Start,End\nFreedom,spring,2024-05-02,2024-05-04\n,,,\n", encoding="utf-8-sig")
    frame = desk.around(path, days_before=1, days_after=2, each=True)
    assert frame["name"].to_list() == ["Freedom"] * 4
    assert frame["events"].to_list() == [2, 0, 1, 0]
    assert frame["during"].to_list() == [False, True, True, True]
    assert desk.around(path, days_before=1, days_after=2)["during"].to_list() == [0.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,when\nx,2024-05-01\n", "no column of dates.*name, when"),
        ("start\n2024-05-01\n2024-13-01\n", "line 3: .*2024-13-01"),
        ("start,end\n2024-05-03,2024-05-01\n", "line 2: the end 2024-05-01 lies before"),
        ("start\n", "holds no date"),
        ("start\n1950-01-01\n", "none of the 1 windows"),
        ("", "no column of dates"),
    ],
)
def test_registers_of_dates_with_faults(desk: dt.Desk, tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "dates.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((LoadError, DeskError), match=told):
        desk.around(path)
    with pytest.raises(LoadError, match="no file"):
        desk.around(tmp_path / "missing.csv")


def test_a_real_register_of_dates(tmp_path: Path) -> None:
    path = shared("data/cases/us_rok_exercises.csv")
    with path.open(encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    start = Date.fromisoformat(first["start"])
    desk = dt.open(tmp_path / "desk")
    rows = [{"source": "PRK", "target": "USA", "day": start + timedelta(days=d)} for d in range(-70, 40)]
    desk.store.add_sightings([sightings(*rows)], dataset="icews", file="f", sha256="0")
    frame = desk.around(path, days_before=30, days_after=30)
    assert frame["relative"].to_list() == list(range(-30, 31))
    assert frame["per_window"].unique().to_list() == [1.0]
    assert frame["baseline_per_window"].drop_nulls().unique().to_list() == [1.0]


# -- SQL -----------------------------------------------------------------------------------------------------------


def test_sql_gives_the_same_events(desk: dt.Desk) -> None:
    theirs = desk.sql("select * from events order by id")
    ours = desk.events().collect().sort("id")
    assert_frame_equal(theirs.select(ours.columns), ours, check_dtypes=False)
    assert_frame_equal(
        desk.sql("select * from events order by id", as_of="2024-06-30").select("id", "day", "reports"),
        desk.events(as_of="2024-06-30").collect().sort("id").select("id", "day", "reports"),
    )


def test_sql_has_the_tables_of_the_desk(desk: dt.Desk) -> None:
    assert desk.sql("select count(*) from sightings").item() == len(ROWS)
    assert desk.sql("select count(*) from sightings", as_of="2024-06-30").item() == len(ROWS) - 2
    assert desk.sql("from reports select text order by 1")["text"].to_list() == ["other", "text"]
    for table in ("claims", "ties", "questions"):
        assert desk.sql(f"select count(*) from {table}").item() >= 0
    born = desk.sql("select name from actors where code = 'PRK'").item()
    assert born == dt.actor("PRK").name
    assert desk.sql("select count(*) from officeholders where actor = 'USA'").item() > 0
    names = set(desk.sql("show tables")["name"])
    assert {"events", "sightings", "reports", "claims", "ties", "questions", "actors", "officeholders"} <= names
    assert "cameo" in desk.sql("describe events")["column_name"].to_list()
    assert desk.sql("explain select * from actors").height > 0
    joined = "with n as (select unnest(source) code, count(*) n from events group by 1) from n join actors using (code)"
    assert "PRK" in desk.sql(joined)["code"].to_list()


@pytest.mark.parametrize(
    "statement",
    [
        "copy (select 1) to '{out}'",
        "copy events to '{out}' (format parquet)",
        "explain analyze copy (select 1) to '{out}' (format parquet, use_tmp_file false)",
        "with a as (copy (select 1) to '{out}' (format parquet, use_tmp_file false)) select 1",
        "explain analyze copy (select 1) to '{batch}' (format parquet, use_tmp_file false)",
        "with a as (copy (select 1) to '{batch}' (format parquet, use_tmp_file false)) select 1",
        "attach '{out}' as other",
        "install httpfs",
        "load httpfs",
        "create table t (i int)",
        "create or replace view events as select 1",
        "drop view events",
        "insert into events values (1)",
        "with a as (insert into events values (1) returning *) select * from a",
        "set enable_external_access = true",
        "pragma enable_external_access",
        "select 1; select 2",
        "select 1; drop view events",
        "",
        "-- nothing",
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "from '/etc/passwd'",
        "select * from glob('/etc/*')",
        "select * from read_parquet('{folder}/*.parquet')",
        "select * from read_csv('http://example.org/x.csv')",
        "select * from nowhere",
        "selec 1",
    ],
)
def test_sql_only_reads_and_only_the_desk(desk: dt.Desk, tmp_path: Path, statement: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    pl.DataFrame({"a": [1]}).write_parquet(outside / "other.parquet")
    (batch,) = (b for b in desk.store.manifest().batches if b.table == "sightings")
    path = desk.store.path / batch.file
    before = path.read_bytes()
    with pytest.raises(DeskError):
        desk.sql(statement.format(out=tmp_path / "out", batch=path, folder=outside))
    assert not (tmp_path / "out").exists()
    assert path.read_bytes() == before
    assert desk.sql("select count(*) from sightings").item() == len(ROWS)


def test_sql_faults_name_the_tables_and_end_quietly(desk: dt.Desk) -> None:
    with pytest.raises(DeskError, match="officeholders"):
        desk.sql("select * from nowhere")
    script = "import detente, sys; detente.open(sys.argv[1]).sql(sys.argv[2])"
    for statement, code in (("select 1", 0), ("from events", 0), ("selec 1", 1), ("select * from nowhere", 1)):
        done = subprocess.run(
            [sys.executable, "-c", script, str(desk.store.path), statement], capture_output=True, text=True, check=False
        )
        assert done.returncode == code
        assert "leaked" not in done.stderr


# -- files ---------------------------------------------------------------------------------------------------------


def test_export_to_files(desk: dt.Desk, tmp_path: Path) -> None:
    ours = desk.events().collect()
    assert_frame_equal(pl.read_parquet(desk.export(tmp_path / "a.parquet")), ours)
    lines = desk.export(tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ours["id"].to_list()
    assert json.loads(lines[0])["day"] == "2024-06-30"
    with desk.export(tmp_path / "a.csv", actor="USA").open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert rows["e2"]["source"] == "USA;KOR;JPN"
    assert json.loads(rows["e2"]["speakers"]) == ours.filter(pl.col("id") == "e2")["speakers"].to_list()[0]
    assert rows[key(4)]["day"] == "2024-06-10"
    assert rows[key(4)]["sentence"] == ""
    graph = nx.read_graphml(desk.export(tmp_path / "a.graphml", on="2024-07-01"))
    assert graph.nodes["PRK"]["name"] == dt.actor("PRK").name
    assert {d["layer"] for *_, d in graph.edges(data=True)} == {"tie", "cooperation", "hostility"}


def test_no_cell_of_a_csv_is_a_formula(tmp_path: Path) -> None:
    desk = dt.open(tmp_path / "desk")
    bad = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", 'plain "quoted", text\nof two lines')
    told = tuple(event(f"e{i}", "r", sentence=text, type=kind) for i, (text, kind) in enumerate(zip(
        bad, ("AGREE", "CONSULT", "SUPPORT", "CONCEDE", "AID", "RETREAT"), strict=True)))  # fmt: skip
    desk.store.add([Reading(Report("r", "text", outlet="=cmd()", published=Date(2024, 6, 30)), told)], NOON)
    with desk.export(tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["sentence"] for row in rows] == [*(f"'{text}" for text in bad[:5]), bad[5]]
    assert {row["outlet"] for row in rows} == {"'=cmd()"}
    assert all(not str(value).startswith(("=", "+", "@", "\t")) for row in rows for value in row.values())
    assert {row["goldstein"][:1] for row in rows} <= set("-0123456789")


def test_files_that_cannot_be_written(desk: dt.Desk, tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="graphml"):
        desk.export(tmp_path / "a.xlsx")
    with pytest.raises(DeskError, match="Name another file"):
        desk.export(tmp_path / "nowhere" / "a.csv")
    with pytest.raises(DeskError, match="Name another file"):
        desk.export(tmp_path / "nowhere" / "a.parquet")
    assert [p.name for p in tmp_path.iterdir()] == ["desk"]


# -- what else rests on the record -----------------------------------------------------------------------------------


def test_learning_takes_read_events_and_sightings(desk: dt.Desk) -> None:
    frame = desk.table()
    rows = frame.filter(pl.col("source") == "USA", pl.col("target") == "PRK").select("day", "type", "count").rows()
    assert rows == [(Date(2024, 5, 1), "CONSULT", 2), (Date(2024, 5, 3), "CONSULT", 1)]
    assert frame.columns == ["day", "source", "target", "type", "cameo", "goldstein", "count"]
    assert frame["day"].is_sorted()
    assert frame["count"].sum() == 3 + 1 + 1 + 1 + 3  # icews, the event read, the joint drill of three
    assert desk.table("2024-06-30")["count"].sum() == frame["count"].sum() - 1
    assert desk.last_day() == Date(2024, 12, 31)
    assert desk.actors()[:2] == ["USA", "PRK"]


def test_a_brief_of_nothing_but_event_data(tmp_path: Path) -> None:
    desk = dt.open(tmp_path / "desk")
    days = [Date(2024, 1, 1) + timedelta(days=d) for d in range(120)]
    rows = [{"source": "PRK", "target": "KOR", "day": d, "type": "THREATEN"} for d in days]
    rows += [{"source": "USA", "target": "KOR", "day": d} for d in days[::2]]
    desk.store.add_sightings([sightings(*rows)], dataset="icews", file="f", sha256="0")
    page = desk.brief(out=tmp_path / "brief.html", futures=10, days=5).read_text(encoding="utf-8")
    assert "180 sightings of icews" in page
    assert "North Korea" in page
