"""Who stands with whom on a date, as a network, as one actor sees it, and who disputes what."""

from __future__ import annotations

from datetime import date as Date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from detente import relate
from detente.events import Claim, Reading, Report, Speaker, Tie, TieStatus
from detente.record import Store
from detente.record.views import TABLES
from tests.test_record import NOON, event, party

PACT = Tie(
    "pact",
    "Pact",
    "defence pact",
    ("USA", "JPN"),
    "defence",
    (TieStatus("signed", "1960-01-19"), TieStatus("in force", "1960-06-23")),
)
RAA = Tie(
    "raa",
    "Access",
    "access agreement",
    ("JPN", "GBR"),
    "defence",
    (TieStatus("negotiating", "2021-10"), TieStatus("signed", "2023-01-11")),
)
OLD = Tie(
    "old", "Old", "defence pact", ("CHN", "SUN"), "defence", (TieStatus("in force", "1950"), TieStatus("ended", "1980"))
)
NOTHING = pl.DataFrame(schema=TABLES["events"]).with_columns(reports=pl.lit(1))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (Date(2021, 10, 30), None),  # "2021-10" is sure only from its last day
        (Date(2021, 10, 31), "negotiating"),
        (Date(2023, 1, 10), "negotiating"),
        (Date(2023, 1, 11), "signed"),
    ],
)
def test_status_by_date(day: Date, expected: str | None) -> None:
    assert relate.status(RAA, day) == expected


def test_standing_leaves_out_what_ended_and_what_has_not_begun() -> None:
    every = (PACT, RAA, OLD)
    assert [t.id for t in relate.standing(every, Date(1970, 1, 1))] == ["old", "pact"]
    assert [t.id for t in relate.standing(every, Date(2022, 1, 1))] == ["pact", "raa"]
    assert [t.id for t in relate.standing(every, Date(2022, 1, 1), among=["USA", "JPN", "KOR"])] == ["pact"]


def test_partners_are_symmetric_and_need_a_tie_that_holds() -> None:
    close = relate.partners((PACT, RAA, OLD), ["USA", "JPN", "GBR", "CHN"], Date(2022, 1, 1))
    assert np.array_equal(close, close.T)
    assert close[0, 1] == 1.0
    assert close[1, 2] == 0.0  # negotiating is not holding
    assert not close[3].any()


@pytest.fixture
def events(tmp_path: Path) -> pl.DataFrame:
    store = Store(tmp_path / "desk")
    told = (
        event("e1", "r"),
        event("e2", "r", type="COOPERATE", reciprocal=True, source=(party("USA"), party("JPN")), target=()),
        event("e3", "r", modality="planned"),
        event("e4", "r", type="MOBILIZE", target=(party("USA"),), date="2024-03-01"),
        event("e5", "r", type="THREATEN", date="2020-01-01"),
        event("e6", "r", type="ACCUSE", target=(party("JPN"),), date=None, date_precision=None),
    )
    store.add([Reading(Report("r", "text", published=Date(2024, 6, 30)), told)], NOON)
    return store.events()


def test_edges_say_what_they_rest_on(events: pl.DataFrame) -> None:
    frame = relate.edges((PACT, RAA), events, Date(2024, 6, 30))
    rows = {(r["a"], r["b"], r["layer"]): (r["weight"], r["evidence"]) for r in frame.iter_rows(named=True)}
    assert rows[("KOR", "PRK", "hostility")] == (1.0, ["e1"])  # not the planned one, not the old one
    assert rows[("JPN", "USA", "cooperation")] == (1.0, ["e2"])
    assert rows[("JPN", "USA", "tie")] == (1.0, ["pact"])
    assert rows[("JPN", "PRK", "hostility")] == (1.0, ["e6"])  # undated, but known by the date


def test_network_holds_the_same_edges(events: pl.DataFrame) -> None:
    graph = relate.network((PACT, RAA), events, Date(2024, 6, 30))
    assert graph.number_of_edges() == relate.edges((PACT, RAA), events, Date(2024, 6, 30)).height
    assert graph.nodes["PRK"]["name"] == "North Korea"


def test_perspective_counts_what_was_done_to_one_and_to_its_partners(events: pl.DataFrame) -> None:
    frame = relate.perspective("JPN", events, (PACT,), Date(2024, 6, 30))
    rows = {(r["by"], r["to"], r["type"]): (r["events"], r["recent"], r["before"]) for r in frame.iter_rows(named=True)}
    assert rows[("PRK", "itself", "ACCUSE")] == (1, 0, 0)  # undated: in the total alone
    assert rows[("PRK", "its partners", "MOBILIZE")] == (1, 0, 1)
    assert rows[("USA", "itself", "COOPERATE")] == (1, 1, 0)
    assert ("JPN", "itself", "COOPERATE") not in rows


def test_contested_puts_opposed_stands_first(tmp_path: Path) -> None:
    def claim(id_: str, speaker: str, stance: str, topic: str) -> Claim:
        return Claim(
            id_, "r", (Speaker(None, speaker, "quoted"),), "words", stance, topic, ("NATO",), "words", (0, 5), 0.5
        )  # type: ignore[arg-type]

    store = Store(tmp_path / "desk")
    told = (
        claim("c1", "Moscow", "accuses", "NATO: alliance"),
        claim("c2", "Brussels", "justifies", "NATO: alliance"),
        claim("c3", "Moscow", "asserts", "NATO: drills"),
        claim("c4", "Brussels", "asserts", "NATO: drills"),
        claim("c5", "Moscow", "asserts", "NATO: trade"),
    )
    store.add([Reading(Report("r", "text"), claims=told)], NOON)
    frame = relate.contested(store.claims())
    assert frame["topic"].to_list() == ["NATO: alliance", "NATO: drills"]
    assert frame["opposed"].to_list() == [True, False]
    assert frame["speakers"].to_list()[0] == ["Moscow", "Brussels"]


def test_nothing_gives_empty_tables() -> None:
    assert relate.edges((), NOTHING, Date(2024, 1, 1)).is_empty()
    assert relate.perspective("JPN", NOTHING, (), Date(2024, 1, 1)).is_empty()
    assert relate.contested(pl.DataFrame(schema=TABLES["claims"])).is_empty()
    assert relate.table((), Date(2024, 1, 1)).is_empty()
