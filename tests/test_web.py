"""The web desk: every page in every form, facets against the record, corrections, uploads, what is kept."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
import tomllib
from datetime import date as Date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

import detente as dt
from detente import cli
from detente.errors import DeskError
from detente.record import ask
from detente.web import serve
from detente.web.held import MOST, Held
from detente.web.index import FACETS, LEVELS, index
from detente.web.pages import PAGES
from detente.web.state import State
from detente.web.view import FORMS
from tests import event_files, handmade
from tests.desks import full
from tests.web_client import client, links, settled, text

pytestmark = pytest.mark.filterwarnings("ignore::detente.errors.DetenteWarning")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with readings made by hand and a file of event data."""
    return full(tmp_path_factory.mktemp("web"))


@pytest.fixture(scope="module")
def asked(sample: Path) -> Any:
    """One client of it for all who change nothing."""
    return client(sample)


@pytest.fixture(scope="module")
def followed() -> set[str]:
    """Links that a test has followed already."""
    return set()


def until(holds: Any, seconds: float = 30.0) -> bool:
    """Whether something holds, now or soon."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(holds())


def pages() -> list[str]:
    """An address of every page."""
    at = {"actor": "JPN", "id": "{id}"}
    return [page.path.format(**at) for page in PAGES]


def first_id(path: Path, **which: Any) -> str:
    return str(dt.open(path).events(**which).select("id").collect()["id"][0])


@pytest.mark.parametrize("page", pages())
def test_every_page_is_whole_and_leads_only_to_pages_that_are_there(
    sample: Path, asked: Any, followed: set[str], page: str
) -> None:
    found = settled(asked, page.replace("{id}", first_id(sample)))
    assert found.status_code == 200, text(found.text)
    assert found.text.count("<h1>") == 1
    assert "<script>" not in found.text and " style=" not in found.text and " onclick" not in found.text
    for link in links(found.text):
        assert link.startswith(("/", "#", "data:,", "?")), link
    for link in sorted({link for link in links(found.text) if link.startswith("/")} - followed):
        followed.add(link)
        assert asked.get(link).status_code == 200, link


@pytest.mark.parametrize("page", pages())
@pytest.mark.parametrize("form", FORMS)
def test_every_page_answers_in_every_form(sample: Path, asked: Any, page: str, form: str) -> None:
    page = "/overview" if page == "/" else page.replace("{id}", first_id(sample))
    settled(asked, ("/" if page == "/overview" else page) + "?as_of=2024-12-31")
    found = asked.get(f"{page}.{form}?as_of=2024-12-31")
    if form == "json":
        told = found.json()
        assert told["as_of"] == "2024-12-31" or page == "/add"
        assert told["cite"] and "as_of=2024-12-31" in told["address"]
        for name in told["figures"]:
            assert asked.get(told["figures"][name]).headers["content-type"].startswith("image/svg")
        for name in told["tables"]:
            assert asked.get(f"{page}.csv", params={"table": name, "as_of": "2024-12-31"}).status_code == 200
    elif found.status_code == 200:
        assert found.headers["content-type"].startswith("text/csv" if form == "csv" else "image/svg+xml")
    else:
        assert found.status_code == 404 and "has no" in found.text


def rows_of(asked: Any, **params: Any) -> list[dict[str, str]]:
    found = asked.get("/events.csv", params={"all": 1, **params})
    assert found.status_code == 200, found.text
    return list(csv.DictReader(io.StringIO(found.text)))


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"actor": "JPN"},
        {"actor": ["JPN", "USA"], "type": "ACCUSE"},
        {"actor": "South Korea", "other": "JPN"},
        {"actor": "USA", "other": "KOR"},
        {"other": "CHN"},
        {"modality": ["asserted", "planned"]},
        {"source": "icews"},
        {"since": "2024-06-01", "until": "2024-06-20"},
        {"until": "2024-06-01"},
        {"as_of": "2024-06-10"},
        {"type": "CONSULT", "source": "icews", "since": "2024-01-01"},
    ],
)
def test_facets_give_what_the_desk_gives(sample: Path, asked: Any, params: dict[str, Any]) -> None:
    how = {"types" if name == "type" else name: value for name, value in params.items()}
    wanted = dt.open(sample).events(**how).select("id").collect()["id"].to_list()
    got = [row["id"] for row in rows_of(asked, **params)]
    assert sorted(got) == sorted(wanted)
    assert len(wanted) == len(set(wanted))


def test_confidence_is_asked_by_its_word(asked: Any) -> None:
    counts = {level: len(rows_of(asked, confidence=level)) for level in LEVELS}
    read = [row for row in rows_of(asked) if row["confidence"]]
    assert sum(counts.values()) == len(read) > 0
    assert counts["high"] == sum(float(row["confidence"]) >= 0.8 for row in read)


def test_events_come_newest_first_and_a_page_at_a_time(tmp_path: Path) -> None:
    desk = dt.open(tmp_path / "desk")
    lines = [
        event_files.icews(str(i), f"2024-{1 + i // 28:02}-{1 + i % 28:02}", "Japan", "Japan", "042", "China", "China")
        for i in range(120)
    ]
    file = tmp_path / "e.tab"
    file.write_text("\n".join(["\t".join(event_files.ICEWS_NAMES), *lines]) + "\n")
    desk.load("icews", file)
    asked = client(tmp_path / "desk")
    seen = [row["day"] for n in (1, 2, 3) for row in asked.get(f"/events.json?page={n}").json()["tables"]["events"]]
    assert len(seen) == 120 and seen == sorted(seen, reverse=True)
    assert [row["day"] for row in rows_of(asked)] == seen
    assert asked.get("/events?page=4").status_code == 400
    assert "page 2 of 3" in text(asked.get("/events?page=2").text)


def test_sightings_of_one_event_stand_on_its_page(asked: Any) -> None:
    (row,) = rows_of(asked, actor="KOR", other="JPN", source="icews")
    assert row["sightings"] == "2"
    found = asked.get(f"/event/{row['id']}")
    assert found.status_code == 200
    assert len(asked.get(f"/event/{row['id']}.json").json()["tables"]["sightings"]) == 2
    assert "Example Wire" in found.text  # the file's own column


def test_a_sentence_stands_in_its_context_with_its_parts_marked(asked: Any) -> None:
    id_ = rows_of(asked, actor="JPN", other="PRK")[0]["id"]
    page = asked.get(f"/event/{id_}").text
    assert '<mark class="trigger">' in page and '<mark class="party">Japan</mark>' in page
    assert "It rained in the morning." in page


def test_a_correction_is_kept_shown_and_undone(tmp_path: Path) -> None:
    desk = dt.open(tmp_path / "desk")
    desk.store.add(handmade.readings())
    asked = client(tmp_path / "desk")
    before = rows_of(asked, actor="JPN", other="PRK")[0]
    id_ = before["id"]
    form = {"act": "correct", "type": "CONSULT", "source": "KOR, JPN", "target": before["target"], "reason": "a test"}
    done = asked.post(f"/event/{id_}", data=form)
    assert done.status_code == 303
    assert "correction is kept" in text(asked.get(done.headers["location"]).text)
    after = next(row for row in rows_of(asked) if row["id"] == id_)
    assert (after["type"], after["source"]) == ("CONSULT", "KOR;JPN")
    assert {row["field"] for row in asked.get(f"/event/{id_}.json").json()["tables"]["history"]} >= {"type", "source"}
    assert asked.post(f"/event/{id_}", data={"act": "reject", "reason": "a test"}).status_code == 303
    assert id_ not in {row["id"] for row in rows_of(asked)}
    assert "South Korea, Japan" in text(asked.get(f"/event/{id_}").text)
    gone = asked.get(f"/event/{id_}")
    assert gone.status_code == 200 and "left out" in text(gone.text)
    asked.post(f"/event/{id_}", data={"act": "restore"})
    assert next(row for row in rows_of(asked) if row["id"] == id_) == before
    kept = dt.open(tmp_path / "desk").history(id_)
    assert kept["act"].to_list().count("rejected") == 1


def test_a_correction_reaches_the_overview(tmp_path: Path) -> None:
    """It is known since today, the reports since the day on which they were published."""
    dt.open(tmp_path / "desk").store.add(handmade.readings())
    asked = client(tmp_path / "desk")
    newest = "In the 30 days to 7 March 2024 the record asserts"
    assert f"{newest} 3 events" in text(asked.get("/").text)
    (row,) = rows_of(asked, actor="JPN", other="PRK")
    asked.post(f"/event/{row['id']}", data={"act": "reject", "reason": "a test"})
    assert f"{newest} 2 events" in text(asked.get("/").text)
    assert f"{newest} 3 events" in text(asked.get("/?as_of=2024-03-07").text)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"act": "correct", "type": "WAR", "reason": "a test"}, "type"),
        ({"act": "correct", "source": "Atlantis", "reason": "a test"}, "Atlantis"),
        ({"act": "correct", "type": "CONSULT"}, "Say why"),
        ({"act": "reject", "reason": " "}, "Say why"),
        ({"act": "correct", "date": "2499-01-01", "reason": "a test"}, "still to come"),
        ({"act": "correct", "date": "9999-01-01", "reason": "a test"}, "outside the dates"),
        ({"act": "correct", "target": "Japan", "reason": "a test"}, "stands on both sides"),
        ({"act": "correct"}, "Nothing was changed"),
        ({"act": "explode"}, "explode"),
    ],
)
def test_a_correction_that_cannot_be_made_says_why(asked: Any, form: dict[str, str], told: str) -> None:
    id_ = rows_of(asked, actor="JPN", other="PRK")[0]["id"]
    found = asked.post(f"/event/{id_}", data=form)
    assert found.status_code == 400 and told in text(found.text)


def test_an_empty_desk_offers_the_sample_and_the_command(tmp_path: Path) -> None:
    asked = client(tmp_path / "new")
    page = asked.get("/")
    assert "detente brief --sample --desk" in page.text
    for one in PAGES:
        if "{" not in one.path:
            assert asked.get(one.path).status_code == 200, one.path
    done = asked.post("/add", data={"what": "sample"})
    told = settled(asked, done.headers["location"])
    reports = len(tomllib.loads((Path(dt.__file__).parent / "data/sample.toml").read_text())["report"])
    assert f"{reports} reports" in text(told.text)
    assert len(rows_of(asked)) == dt.open(tmp_path / "new").events().collect().height > 0


def test_a_report_is_pasted_or_uploaded_and_read(tmp_path: Path) -> None:
    asked = client(tmp_path / "desk")
    words = "On 5 July 2024 Japan protested to China over the deployment of two warships near the islands. " * 3
    form = {"what": "report", "text": words, "published": "2024-07-06", "outlet": "Test wire"}
    told = settled(asked, asked.post("/add", data=form).headers["location"])
    assert "1 report, 1 new" in text(told.text)
    (row,) = dt.open(tmp_path / "desk").reports().rows(named=True)
    assert (row["outlet"], row["published"]) == ("Test wire", Date(2024, 7, 6))
    files = [
        ("file", ("a.txt", words.replace("Japan", "South Korea").encode())),
        ("file", ("b.bin", bytes(range(256)))),
    ]
    told = settled(asked, asked.post("/add", data={"what": "report"}, files=files).headers["location"])
    assert "1 report, 1 new" in text(told.text) and "b.bin" in text(told.text)
    assert "/tmp" not in text(told.text).replace(str(tmp_path), "")


def test_event_data_is_loaded_and_what_cannot_be_is_told(tmp_path: Path) -> None:
    asked = client(tmp_path / "desk")
    table = "\n".join(["\t".join(event_files.ICEWS_NAMES), event_files.icews()]) + "\n"
    done = asked.post("/add", data={"what": "data", "format": "auto"}, files={"file": ("e.tab", table.encode())})
    assert "1 " in text(settled(asked, done.headers["location"]).text)
    assert [row["archive"] for row in rows_of(asked)] == ["icews"]
    done = asked.post("/add", data={"what": "data", "format": "auto"}, files={"file": ("e.tab", b"a,b\n1,2\n")})
    failed = text(settled(asked, done.headers["location"]).text)
    assert "failed" in failed and "intact" in failed
    assert asked.post("/add", data={"what": "report"}).status_code == 400
    assert asked.post("/add", data={"what": "nothing"}).status_code == 400


def test_overview_compares_with_an_earlier_date(sample: Path, asked: Any) -> None:
    found = settled(asked, "/?as_of=2024-06-30&before=2024-06-10")
    assert found.text.count("<li>In the 30 days to 30 June 2024") == 1
    assert text(found.text).count("on 10 June 2024") >= 3
    assert asked.get("/?as_of=2024-06-30&before=2024-06-30").status_code == 400
    tension = asked.get("/overview.json?as_of=2024-06-30&before=2024-06-10").json()["tables"]["tension"]
    desk = dt.open(sample)
    asserted = desk.events(since="2024-06-01", until="2024-06-30", as_of="2024-06-30", modality="asserted").collect()
    pairs = [pair for row in asserted.iter_rows(named=True) for pair in ask.pairs(row)]
    assert sum(row["hostile"] + row["cooperative"] for row in tension) == len(pairs) > 0


def test_claims_stand_side_by_side(sample: Path, asked: Any) -> None:
    page = text(asked.get("/claims").text)
    assert "South Korea" in page and "North Korea" in page and "side" not in page[:40]
    told = settled(asked, "/claims?check=1")
    answers, unfit = dt.open(sample).check_claims()
    shown = asked.get("/claims.json?check=1").json()["tables"]
    assert len(shown.get("verdicts", [])) == len(answers)
    assert len(shown.get("not checked", [])) == unfit.height
    assert told.status_code == 200


def test_state_goes_along(asked: Any) -> None:
    page = asked.get("/events?theme=dark&as_of=2024-06-30&actor=JPN").text
    assert '<html lang="en" data-theme="dark">' in page
    menu = [link for link in links(page) if link.startswith("/claims")]
    assert menu == ["/claims?theme=dark&as_of=2024-06-30"]
    assert State("/x", (("theme", "pink"),)).theme == ""


def test_pages_show_a_change_from_outside(tmp_path: Path) -> None:
    path = tmp_path / "desk"
    asked = client(path)
    assert rows_of(asked) == []
    dt.open(path).store.add(handmade.readings())
    assert until(lambda: len(rows_of(asked)) == dt.open(path).events().collect().height > 0)


def test_a_result_is_worked_out_once_for_all_who_ask(tmp_path: Path) -> None:
    held = Held(tmp_path / "desk")
    calls: list[int] = []

    def slow() -> int:
        calls.append(1)
        time.sleep(0.1)
        return 7

    got: list[int] = []
    threads = [threading.Thread(target=lambda: got.append(held.once("x", make=slow))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [7] * 8 and calls == [1]
    dt.open(tmp_path / "desk").store.add(handmade.readings())
    assert until(lambda: held.once("x", make=slow) == 7 and calls == [1, 1])


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    held = Held(tmp_path / "desk")

    def fails() -> int:
        raise DeskError("not now")

    with pytest.raises(DeskError):
        held.once("x", make=fails)
    assert held.once("x", make=lambda: 3) == 3


def test_a_failure_beside_is_told_once_and_tried_again(tmp_path: Path) -> None:
    held = Held(tmp_path / "desk")

    def fails() -> int:
        raise DeskError("not now")

    with pytest.raises(DeskError, match="not now"):
        until(lambda: held.later("x", make=fails) is not None)
    assert held.once("x", make=lambda: 3) == 3


def test_what_is_asked_again_and_again_is_kept(tmp_path: Path) -> None:
    held = Held(tmp_path / "desk")
    assert until(lambda: held.later("x", make=lambda: 7) == 7)
    for n in range(3 * MOST):
        held.once(n, make=dict)
        assert held.later("x", make=lambda: 7) == 7
    assert len(held._kept) <= MOST


def test_a_slow_renewal_happens_beside_the_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "desk"
    held = Held(path)
    held._cost = 0.2  # as if the last one had been slow
    held._since = time.monotonic() - 60
    go = threading.Event()

    def slow(desk: Any, as_of: Any) -> Any:
        go.wait(10)
        return index(desk, as_of)

    monkeypatch.setattr("detente.web.held.index", slow)
    before = held.stamp
    dt.open(path).store.add(handmade.readings())
    assert held.stamp == before  # readers go on with the record as it was
    go.set()
    assert until(lambda: held.stamp != before and held.index(None).size > 0)


def test_index_finds_nothing_of_a_value_that_is_not_there(tmp_path: Path) -> None:
    desk = dt.open(tmp_path / "desk")
    found = index(desk, None)
    assert found.find(ask.asked(actor="JPN")).size == 0
    assert found.find(ask.Asked()).size == 0
    assert set(found.options) == set(FACETS) - {"other"}


def test_licences_of_all_that_it_stands_on_are_shown(asked: Any) -> None:
    told = asked.get("/about.json").json()["tables"]["licences"]
    named = {row["package"]: row["licence"] for row in told}
    assert named["detente"] == "MIT" and {"starlette", "polars", "uvicorn"} <= named.keys()
    assert "not stated" not in named.values()


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DeskError, match=f"Port {port}"):
            serve(tmp_path / "desk", port=port)
        result = CliRunner().invoke(cli.main, ["web", "--desk", str(tmp_path / "desk"), "--port", str(port)])
        assert result.exit_code == 1


@pytest.mark.parametrize(
    "address",
    [
        "/?as_of=0001-01-01", "/?before=0001-01-01", "/network?on=0001-01-01", "/perspective/PRK?as_of=0001-01-02",
        "/events?since=9999-12-31",
    ],
)  # fmt: skip
def test_dates_beyond_the_calendar_of_the_desk_are_refused(asked: Any, address: str) -> None:
    found = asked.get(address)
    assert found.status_code == 400 and "1500-01-01 to 2500-12-31" in text(found.text)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/events?from=2024-01-01", "since, until"),
        ("/whatif?colour=red", "measure"),
        ("/claims?topic=nope", "nope"),
        ("/add?job=nosuch", "nosuch"),
        ("/about?actor=PRK", "as_of, theme"),
    ],
)
def test_what_a_page_does_not_take_is_refused(asked: Any, address: str, told: str) -> None:
    found = asked.get(address)
    assert found.status_code == 400 and told in text(found.text)


def test_a_program_is_told_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = client(full(tmp_path))
    held: Any = asked.app
    monkeypatch.setattr(held.state.held, "later", lambda *key, make: None)
    for page in ("/reactions", "/whatif"):
        for form in FORMS:
            found = asked.get(f"{page}.{form}")
            assert found.status_code == 503 and int(found.headers["retry-after"]) > 0
            assert form != "json" or found.json()["ready"] is False


def test_the_foot_leads_to_all_events_and_not_only_those_of_the_page(asked: Any) -> None:
    page = asked.get("/events").text
    assert "this page only" in page and "/events.csv?all=1" in links(page)


def test_json_is_json_and_csv_opens_no_formula(tmp_path: Path) -> None:
    desk = dt.open(tmp_path / "desk")
    desk.store.add(handmade.readings())
    asked = client(tmp_path / "desk")
    assert json.loads(asked.get("/events.json").text)["tables"]["events"]
    frame = pl.read_csv(asked.get("/claims.csv").content)
    assert frame.height == desk.claims().height
