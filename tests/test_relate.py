"""Who stands with whom on a date, as a network, as one actor sees it, and who disputes what."""

from __future__ import annotations

from datetime import date as Date
from itertools import combinations
from pathlib import Path

import networkx as nx
import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from polars.testing import assert_frame_equal

from detente import relate
from detente.actors import ties
from detente.cli import main
from detente.errors import DeskError
from detente.events import Claim, Reading, Report, Speaker, Tie, TieStatus
from detente.read import make_report, read
from detente.record import Store, ask
from detente.record.views import TABLES
from detente.relate.network import EDGE
from detente.relate.standing import CLOSENESS
from detente.relate.structure import BINDING, bonds
from tests.test_ask import sightings
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


def test_an_accusation_and_its_denial_are_opposed(tmp_path: Path) -> None:
    store = Store(tmp_path / "desk")
    report = make_report("Ukraine accused Russia of attacking the port. Russia denied the accusation.")
    store.add([read(report)], NOON)
    frame = relate.contested(store.claims())
    assert frame["speakers"].to_list() == [["Ukraine", "Russia"]]
    assert frame["stances"].to_list() == [["accuses", "denies"]]
    assert frame["opposed"].to_list() == [True]


def test_nothing_gives_empty_tables() -> None:
    assert relate.edges((), NOTHING, Date(2024, 1, 1)).is_empty()
    assert relate.perspective("JPN", NOTHING, (), Date(2024, 1, 1)).is_empty()
    assert relate.contested(pl.DataFrame(schema=TABLES["claims"])).is_empty()
    assert relate.table((), Date(2024, 1, 1)).is_empty()


# -- event data that others coded, and the shape of the network --------------------------------------------------------


@pytest.fixture
def acts(tmp_path: Path) -> pl.LazyFrame:
    store = Store(tmp_path / "archive")
    rows = [
        {"source": "PRK", "target": "KOR", "day": Date(2024, 6, 1), "type": "THREATEN"},
        {"source": "KOR", "target": "PRK", "day": Date(2024, 6, 2), "type": "ACCUSE", "domain": "missile"},
        {"source": "PRK", "target": "JPN", "day": Date(2024, 3, 1), "type": "THREATEN"},
        {"source": "PRK", "target": "JPN", "day": Date(2020, 3, 1), "type": "THREATEN"},
        {"source": "CHN", "target": "JPN", "day": Date(2024, 6, 3), "type": "CONSULT"},
        {"source": "CHN", "target": None, "day": Date(2024, 6, 3)},
        {
            "source": "CHN",
            "target": "USA",
            "day": Date(2024, 1, 1),
            "last_day": Date(2024, 12, 31),
            "precision": "year",
        },
    ]
    rows += [{"source": "USA", "target": "JPN", "day": Date(2024, 5, d), "type": "CONSULT"} for d in range(1, 31)]
    store.add_sightings([sightings(*rows)], dataset="icews", file="f", sha256="0")
    return ask.acts(store, ask.Asked())


def test_edges_count_what_others_coded_too(events: pl.DataFrame, acts: pl.LazyFrame) -> None:
    frame = relate.edges((PACT,), events, Date(2024, 6, 30), acts=acts)
    rows = {(r["a"], r["b"], r["layer"]): (r["weight"], r["evidence"]) for r in frame.iter_rows(named=True)}
    assert rows["KOR", "PRK", "hostility"] == (3.0, ["e1", f"icews:{1001:016x}", f"icews:{1000:016x}"])
    assert rows["JPN", "PRK", "hostility"][0] == 2.0  # not the one of 2020
    assert rows["JPN", "USA", "tie"] == (1.0, ["pact"])
    weight, evidence = rows["JPN", "USA", "cooperation"]
    assert weight == 31.0
    assert evidence == ["e2", *(f"icews:{1006 + d:016x}" for d in range(30, 20, -1))]  # the ten newest
    assert ("CHN", "USA", "cooperation") not in rows  # known to the year alone


def test_layers_part_events_and_ties(events: pl.DataFrame, acts: pl.LazyFrame) -> None:
    by_quad = relate.edges((PACT,), events, Date(2024, 6, 30), acts=acts, layers="quad")
    assert set(by_quad["layer"]) == {
        "verbal cooperation", "material cooperation", "verbal conflict", "material conflict", "defence pact",
    }  # fmt: skip
    by_domain = relate.edges((PACT,), events, Date(2024, 6, 30), acts=acts, layers="domain")
    weights = by_domain.filter(pl.col("layer") == "missile").select("a", "b", "weight").rows()
    assert weights == [("KOR", "PRK", 1.0)]
    assert by_domain.filter(pl.col("kind") == "defence pact")["layer"].to_list() == ["defence"]
    total = relate.edges((), events, Date(2024, 6, 30), acts=acts)["weight"].sum()
    for layers in ("quad", "domain"):
        frame = relate.edges((), events, Date(2024, 6, 30), acts=acts, layers=layers)  # type: ignore[arg-type]
        assert frame["weight"].sum() == total
    with pytest.raises(DeskError, match="quad"):
        relate.edges((), events, Date(2024, 6, 30), layers="mood")  # type: ignore[arg-type]


def test_perspective_counts_what_others_coded_and_how_it_changed(events: pl.DataFrame, acts: pl.LazyFrame) -> None:
    frame = relate.perspective("JPN", events, (PACT,), Date(2024, 6, 30), days=60, acts=acts)
    rows = {(r["by"], r["to"], r["type"]): r for r in frame.iter_rows(named=True)}
    consult = rows["USA", "itself", "CONSULT"]
    assert (consult["events"], consult["recent"], consult["before"], consult["change"]) == (30, 29, 1, 28)
    assert len(consult["evidence"]) == 10
    threat = rows["PRK", "itself", "THREATEN"]
    assert (threat["events"], threat["recent"], threat["before"]) == (2, 0, 0)
    assert rows["PRK", "its partners", "MOBILIZE"]["evidence"] == ["e4"]
    assert all(by != "JPN" for by, *_ in rows)
    with pytest.raises(DeskError, match="no sense"):
        relate.perspective("JPN", events, (), Date(2024, 6, 30), days=0)


def test_sides_count_what_others_coded(events: pl.DataFrame, acts: pl.LazyFrame) -> None:
    among = ["CHN", "JPN", "KOR", "PRK", "USA"]
    one, other = relate.sides(events, (PACT,), among, Date(2024, 6, 30), acts=acts)
    assert {one[0], other[0]} == {"KOR", "PRK"}


def signed(*rows: tuple[str, str, int, int]) -> pl.DataFrame:
    """Edges from pairs with so many cooperative and hostile events."""
    out = []
    for a, b, good, bad in rows:
        for layer, n in (("cooperation", good), ("hostility", bad)):
            if n:
                out.append((a, b, layer, "events", float(n), None, []))
    return pl.DataFrame(out, schema=EDGE, orient="row")


def test_balance_of_triads_by_hand() -> None:
    edges = signed(
        ("JPN", "KOR", 5, 1), ("JPN", "USA", 4, 0), ("KOR", "USA", 3, 0),  # three friends
        ("JPN", "PRK", 0, 2), ("KOR", "PRK", 1, 6), ("PRK", "USA", 0, 1),  # one opponent of all of them
        ("CHN", "PRK", 2, 0), ("CHN", "USA", 2, 2),  # no sign where they weigh the same
    )  # fmt: skip
    found = relate.triads(edges)
    rows = {(r["a"], r["b"], r["c"]): (r["ab"], r["bc"], r["ac"], r["balanced"]) for r in found.iter_rows(named=True)}
    assert rows == {
        ("JPN", "KOR", "USA"): (1, 1, 1, True),
        ("JPN", "KOR", "PRK"): (1, -1, -1, True),
        ("JPN", "PRK", "USA"): (-1, -1, 1, True),
        ("KOR", "PRK", "USA"): (-1, -1, 1, True),
    }
    assert found["names"].to_list()[0] == ["Japan", "South Korea", "United States"]
    counts = {r["triad"]: (r["triads"], r["share"]) for r in relate.balance(found).iter_rows(named=True)}
    assert counts == {"+ + +": (1, 0.25), "+ + -": (0, 0.0), "+ - -": (3, 0.75), "- - -": (0, 0.0)}
    assert relate.balance(found)["by_chance"].sum() == pytest.approx(1)
    assert relate.balance(found)["by_chance"][0] == pytest.approx(0.5**3)  # half of the sides are friendly
    assert relate.triads(edges, least=2).height == 2  # without the pair that has one event alone
    unbalanced = relate.triads(signed(("JPN", "KOR", 1, 0), ("JPN", "USA", 1, 0), ("KOR", "USA", 0, 1)))
    assert unbalanced.select("triad", "balanced").rows() == [("+ + -", False)]


def test_blocs_and_brokers_of_two_cliques_with_a_bridge() -> None:
    one, other = ["FRA", "DEU", "ITA"], ["JPN", "KOR", "AUS"]
    pairs = [*combinations(sorted(one), 2), *combinations(sorted(other), 2)]
    edges = signed(*((a, b, 10, 0) for a, b in pairs), ("ITA", "JPN", 1, 0), ("DEU", "KOR", 1, 9))
    frame = relate.blocs(edges, by="events")
    blocs = {frozenset(group["actor"]) for _, group in frame.group_by("bloc")}
    assert blocs == {frozenset(one), frozenset(other)}
    assert frame["steady"].to_list() == [1.0] * 6
    assert not frame["between"].any()
    rows = {r["actor"]: (r["inside"], r["outside"]) for r in frame.iter_rows(named=True)}
    assert rows["ITA"] == (20.0, 1.0)
    assert rows["DEU"] == (20.0, 0.0)  # more hostile than cooperative events bind nobody
    # Newman's Q by hand: 61 weighted bonds, 60 of them inside, degrees of each half 61 of 122.
    assert frame["modularity"][0] == pytest.approx(60 / 61 - 2 * (61 / 122) ** 2)
    assert_frame_equal(frame, relate.blocs(edges, by="events", seed=7))
    between = relate.brokers(edges, by="events")
    assert between["actor"].to_list()[:2] == ["ITA", "JPN"]
    assert between["betweenness"][0] == pytest.approx(6 / 10)  # all paths to the other side but its own
    assert between["betweenness"].to_list()[2:] == [0.0] * 4
    assert between["constraint"][0] < between["constraint"][-1]
    assert relate.blocs(edges).is_empty()  # no ties
    with pytest.raises(DeskError, match="ties or events"):
        relate.brokers(edges, by="votes")  # type: ignore[arg-type]


def test_blocs_of_ties_on_the_register() -> None:
    frame = relate.edges((PACT, RAA), NOTHING, Date(2024, 1, 1))
    graph = bonds(frame)
    assert {frozenset(pair): weight for *pair, weight in graph.edges(data="weight")} == {
        frozenset({"USA", "JPN"}): 1.0,
        frozenset({"GBR", "JPN"}): 0.2,
    }
    assert relate.brokers(frame)["actor"][0] == "JPN"


EASTERN = ["CHN", "JPN", "KOR", "PRK", "RUS", "USA", "AUS", "PHL", "THA", "IND", "MNG", "ASEAN", "NATO", "TCS"]


@pytest.mark.parametrize("year", [2014, 2024])
@pytest.mark.parametrize("among", [EASTERN, None], ids=["eastern asia", "everybody"])
def test_allies_share_a_bloc_and_organisations_none(year: int, among: list[str] | None) -> None:
    frame = relate.blocs(relate.edges(ties(), NOTHING, Date(year, 12, 31), among=among))
    bloc = dict(frame.select("actor", "bloc").iter_rows())
    assert bloc["JPN"] == bloc["KOR"] == bloc["USA"] != bloc["PRK"] == bloc["CHN"]
    assert not {"ASEAN", "NATO", "TCS"} & set(bloc)
    assert frame["between"].to_list() == (frame["outside"] >= frame["inside"]).to_list()
    assert frame["steady"].drop_nulls().is_between(0, 1).all()


def test_a_tie_binds_by_its_kind_whoever_has_it() -> None:
    assert set(BINDING) == set(CLOSENESS)
    every = relate.edges(ties(), NOTHING, Date(2024, 12, 31))
    told = {(a, b): max(BINDING[k] for k in kinds) for a, b, kinds in every.group_by("a", "b").agg("kind").iter_rows()}
    graph = bonds(every)
    assert graph.number_of_edges() > 100
    assert all(weight == told[min(a, b), max(a, b)] for a, b, weight in graph.edges(data="weight"))


def test_who_is_bound_to_two_blocs_alike_is_flagged_and_unsteady() -> None:
    one, other = ["DEU", "FRA", "ITA"], ["AUS", "JPN", "KOR"]
    pairs = [*combinations(one, 2), *combinations(other, 2), *(("BRA", code) for code in one)]
    pairs += [("AUS", "BRA"), ("BRA", "JPN"), ("BRA", "KOR")]
    frame = relate.blocs(signed(*((*sorted(pair), 5, 0) for pair in pairs)), by="events")  # type: ignore[arg-type]
    rows = {r["actor"]: r for r in frame.iter_rows(named=True)}
    assert [code for code in rows if rows[code]["between"]] == ["BRA"]
    assert 0 < rows["BRA"]["steady"] < 1
    assert {rows[code]["steady"] for code in (*one, *other)} == {1.0}


def test_nothing_has_no_shape() -> None:
    empty = pl.DataFrame(schema=EDGE)
    assert relate.blocs(empty).is_empty()
    assert relate.brokers(empty).is_empty()
    assert relate.triads(empty).is_empty()
    assert relate.balance(relate.triads(empty))["triads"].sum() == 0


def test_commands_say_what_is_missing(tmp_path: Path) -> None:
    store = Store(tmp_path / "desk")
    store.add([read(make_report("Japan met China on 4 March 2024. China threatened Japan."))], NOON)
    desk = ["--desk", str(tmp_path / "desk")]
    asked = CliRunner().invoke(main, ["network", "--triads", "--on", "2024-06-30", *desk])
    assert asked.stdout == ""
    assert "no threes with counted events on each side in the year before 2024-06-30" in asked.stderr
    asked = CliRunner().invoke(main, ["events", *desk])
    assert "2 events, 1 of them undated." in asked.stderr
    asked = CliRunner().invoke(main, ["events", "--limit", "1", *desk])
    assert "2 events, 1 of them undated, of which the 1 newest follow" in asked.stderr


def test_graphml_holds_the_network(events: pl.DataFrame, acts: pl.LazyFrame, tmp_path: Path) -> None:
    graph = relate.network((PACT,), events, Date(2024, 6, 30), acts=acts)
    again = nx.read_graphml(relate.write_graphml(graph, tmp_path / "a.graphml"))
    assert sorted(again.edges(data="weight")) == sorted(graph.edges(data="weight"))
    assert {d["evidence"] for *_, d in again.edges(data=True)} == {
        ";".join(d["evidence"]) for *_, d in graph.edges(data=True)
    }
