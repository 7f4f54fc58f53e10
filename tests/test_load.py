"""Event data of others: columns, codes, names by date, and what is left out."""

from __future__ import annotations

from datetime import date as Date
from pathlib import Path

import polars as pl
import pytest

from detente.actors import register
from detente.errors import LoadError
from detente.load import COLUMNS, daily, table
from detente.load.people import fold, state
from tests.shared import shared

ICEWS = """date,source,source_iso3,source_sector,cameo,goldstein,event_text,target,target_iso3,target_sector
2014-03-01,Japan,JPN,STATE,111,-2,Criticize or denounce,North Korea,PRK,STATE
2014-03-01,Foreign Affairs (Japan),JPN,Government,111,-2,Criticize or denounce,North Korea,PRK,STATE
2014-03-02,Barack Obama,,,042,1.9,Make a visit,Japan,JPN,STATE
2014-03-02,Barack Obama,,,010,0,Make statement,Japan,JPN,STATE
2018-03-02,Barack Obama,,,042,1.9,Make a visit,Japan,JPN,STATE
2014-03-03,Police (Japan),JPN,Police,173,-5,Arrest,Citizen (Japan),JPN,Citizen
2014-03-03,European Union,,,051,3.4,Praise or endorse,Japan,JPN,STATE
not a date,Japan,JPN,STATE,111,-2,Criticize or denounce,North Korea,PRK,STATE
"""


@pytest.fixture
def icews(tmp_path: Path) -> Path:
    path = tmp_path / "icews.csv"
    path.write_text(ICEWS, encoding="utf-8")
    return path


def test_icews_layout_becomes_a_daily_table(icews: Path) -> None:
    got = daily(icews)
    assert tuple(got.table.columns) == COLUMNS
    assert got.table.rows() == [
        (Date(2014, 3, 1), "JPN", "PRK", "ACCUSE", "111", -2.0, 2),
        (Date(2014, 3, 2), "USA", "JPN", "CONSULT", "042", 1.9, 1),
    ]


def test_what_is_left_out_is_counted(icews: Path) -> None:
    got = daily(icews)
    assert dict(got.dropped) == {
        "without a readable date": 1,
        "without an event type (statements and unknown codes)": 1,
        "without a known state on both sides": 2,  # the European Union, and Obama out of office
        "within one state": 1,
    }
    assert sum(got.dropped.values()) + got.table["count"].sum() == got.rows == 8
    assert "1 within one state" in got.summary()


def test_people_count_only_in_office() -> None:
    assert state("Barack Obama", Date(2014, 5, 1)) == "USA"
    assert state("Barack Obama", Date(2018, 5, 1)) is None
    assert state("Donald Trump", Date(2018, 5, 1)) == "USA"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Government (North Korea)", "PRK"),
        ("Foreign Affairs (South Korea)", "KOR"),
        ("Ministry of something new (Viet Nam)", "VNM"),
        ("EGYGOV", "EGY"),
        ("PRK", "PRK"),
        ("NAM", "NAM"),
        ("Israeli Defense Forces", "ISR"),
        ("Middle East", None),
        ("Citizen (Atlantis)", None),
    ],
)
def test_names_without_dates(name: str, code: str | None) -> None:
    assert state(name) == code


def test_every_state_answers_to_its_own_name() -> None:
    states = [a for a in register().actors.values() if a.kind == "state"]
    missed = [a.name for a in states if state(a.name) not in {a.code, None}]
    assert missed == []
    assert sum(state(a.name) == a.code for a in states) > 0.98 * len(states)


def test_names_fold_without_accents() -> None:
    assert fold("Recep Tayyip Erdoğan") == fold("recep tayyip ERDOGAN")


def test_plain_tables_and_parquet(tmp_path: Path) -> None:
    rows = pl.DataFrame({"day": ["2020-01-01"], "source": ["Japan"], "target": ["CHN"], "type": ["accuse"]})
    rows.write_csv(tmp_path / "plain.csv")
    rows.with_columns(pl.col("day").str.to_date()).write_parquet(tmp_path / "plain.parquet")
    want = (Date(2020, 1, 1), "JPN", "CHN", "ACCUSE", "")
    for name in ("plain.csv", "plain.parquet"):
        (got,) = table(tmp_path / name).rows()
        assert got[:5] == want


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n", "no event data that Detente knows"),
        ("date,source,target\n2020-01-01,Japan,China\n", "with day, source, target and type or cameo"),
        ("date,source,target,cameo\n2020-01-01,Japan,Japan,111\n", "no event between two states"),
    ],
)
def test_what_cannot_be_understood_says_so(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LoadError, match=says):
        daily(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="no file"):
        daily(tmp_path / "none.csv")


def test_real_files_resolve_leaders_and_ministries() -> None:
    got = daily(shared("data/events/events_ICEWS14.csv.gz"))
    assert got.rows == 90730
    assert got.table["count"].sum() > 24000
    assert set(got.table["source"]) <= set(register().actors)
    raw = pl.read_csv(shared("data/events/events_ICEWS14.csv.gz"), infer_schema=False)
    coded = raw.filter(pl.col("source_iso3") != pl.col("target_iso3"), ~pl.col("cameo").str.starts_with("01"))
    assert got.table["count"].sum() > 1.1 * coded.height  # leaders and ministers without a code in the file
