"""Pages with figures: network, timeline, reactions, what if."""

from __future__ import annotations

import csv
import html
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import date as Date
from pathlib import Path

import polars as pl
import pytest

import detente
from detente import relate
from detente.actors import ties
from detente.codebook import is_hostile
from detente.web.pages import network, timeline
from tests import handmade
from tests.web_client import TestClient, settled
from tests.web_client import client as browse

pytestmark = pytest.mark.filterwarnings("ignore::detente.errors.DetenteWarning")

PAGES = ("/network", "/network?view=map", "/timeline", "/timeline?actor=PRK&other=USA", "/reactions", "/whatif")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("web") / "desk"
    detente.open(path).store.add(handmade.readings())
    return path


@pytest.fixture(scope="module")
def client(desk: Path) -> Iterator[TestClient]:
    with browse(desk) as made:
        yield made


def get(client: TestClient, url: str) -> str:
    """A page once it is worked out."""
    answer = settled(client, url, seconds=300)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def lead(page: str) -> str:
    found = re.search(r'<p class="lead">(.*?)</p>', page, re.S)
    assert found
    return found.group(1)


@pytest.mark.parametrize("url", PAGES)
def test_every_page_has_its_figure_with_date_legend_and_forms(client: TestClient, url: str) -> None:
    page = get(client, url)
    assert '<svg class="figure"' in page
    assert "As known by" in page
    assert "<script>" not in page
    assert not re.search(r"\s(style|on\w+)=", page)
    assert page.count("<main") == 1
    path, _, query = url.partition("?")
    drawn = client.get(f"{path}.svg?{query}")
    root = ET.fromstring(drawn.content)
    assert root.tag.endswith("svg")
    told = client.get(f"{path}.json?{query}").json()
    assert told["cite"]
    assert told["tables"]
    assert next(csv.reader(io.StringIO(client.get(f"{path}.csv?{query}").text)))


@pytest.mark.parametrize("url", PAGES)
def test_every_field_has_a_label_and_every_form_a_button(client: TestClient, url: str) -> None:
    page = get(client, url)
    for field in re.findall(r"<(?:input|select)\b[^>]*>", page):
        if 'type="hidden"' in field or "aria-label=" in field:
            continue
        id_ = re.search(r'id="([^"]+)"', field)
        # A box to tick stands inside its label.
        assert 'type="checkbox"' in field or (id_ and f'for="{id_.group(1)}"' in page), field
    for form in re.findall(r"<form.*?</form>", page, re.S):
        assert "<button" in form


def test_network_draws_what_its_table_holds(client: TestClient, desk: Path) -> None:
    page = get(client, "/network?on=2024-03-15")
    links = set(re.findall(r'href="#(n-[A-Z]+-[A-Z]+)"', page))
    rows = set(re.findall(r'<tr id="(n-[A-Z]+-[A-Z]+)"', page))
    assert links == rows
    held = detente.open(desk).network(on="2024-03-15")
    assert rows == {f"n-{a}-{b}" for a, b in held.select("a", "b").iter_rows()}


def test_network_narrows_by_kind_and_domain(client: TestClient) -> None:
    def layers(query: str) -> set[str]:
        told = client.get(f"/network.json?on=2024-03-15&{query}").json()["tables"]["network"]
        return {row["kind"] for row in told}

    assert layers("kind=events") == {"events"}
    assert layers("kind=defence+pact") == {"defence pact"}
    assert "events" in layers("")
    assert "events" not in layers("domain=cyber")
    assert client.get("/network?kind=friendship").status_code == 400
    assert client.get("/network?view=globe").status_code == 400


def test_network_positions_do_not_move_with_the_date(client: TestClient) -> None:
    def spots(on: str) -> dict[str, str]:
        drawn = ET.fromstring(client.get(f"/network.svg?on={on}&kind=events").content)
        return {
            "".join(text.itertext()): text.get("transform", "")
            for text in drawn.iter("{http://www.w3.org/2000/svg}text")
            if text.get("font-weight") == "600" and "".join(text.itertext()) in ("Japan", "North Korea", "South Korea")
        }

    assert len(spots("2024-03-15")) == 3
    assert spots("2024-03-15") == spots("2020-01-01")


def test_pairs_left_out_are_counted(desk: Path) -> None:
    edges = relate.edges(ties(), detente.open(desk).store.events(), Date(2024, 3, 15), among=handmade.ACTORS)
    pairs = edges.select("a", "b").unique().height
    kept, left = network._closest(edges, 2)
    assert kept.select("a", "b").unique().height == 2
    assert left == pairs - 2
    assert network._closest(edges, pairs)[1] == 0


def test_timeline_counts_the_record(client: TestClient) -> None:
    told = client.get("/timeline.json?actor=PRK").json()
    sums = {tone: sum(row[tone] for row in told["tables"]["timeline"]) for tone in ("cooperation", "hostility")}
    assert sums == {"cooperation": 0, "hostility": 2}  # the protest to it, its threat told twice
    assert "0 events of cooperation and 2 of hostility" in told["summary"]
    assert client.get("/timeline?actor=Nowhereland").status_code == 400


def test_timeline_marks_drills_agreements_and_tests() -> None:
    rows = [
        ("COOPERATE", "0622", "exercise", ["KOR"], ["USA"]),
        ("COOPERATE", "062", None, ["JPN"], ["USA"]),
        ("COOPERATE", "062", None, ["USA"], ["JPN"]),
        ("SUPPORT", "057", None, ["JPN"], ["KOR"]),
        ("MOBILIZE", "150", "missile", ["PRK"], []),
        ("MOBILIZE", "150", None, ["PRK"], ["JPN"]),
        ("ACCUSE", "111", None, ["PRK"], ["JPN"]),
    ]
    names = ["type", "cameo", "domain", "source", "target"]
    events = pl.DataFrame(rows, schema=names, orient="row").with_columns(day=Date(2024, 3, 4), id=pl.lit("x"))
    marks = timeline._marked(events)
    assert marks["kind"].to_list() == ["drills", "drills", "agreements", timeline.TESTS, timeline.TESTS]
    assert is_hostile("MOBILIZE")


def test_reactions_open_one_with_the_acts_that_made_it(client: TestClient) -> None:
    page = get(client, "/reactions?actor=PRK&to=ACCUSE&other=JPN")
    assert "How North Korea answers ACCUSE of JPN toward PRK" in page
    assert "Japan protested to North Korea over the launch." in page
    assert "How well this predicts" in page
    assert "over smoothing" in page
    by = get(client, "/reactions?by=actors&cause=verbal+conflict&response=material+conflict")
    assert "Who answers whom: material conflict after verbal conflict" in by
    for wrong in ("by=colour", "channel=rumour", "actor=PRK&to=LAUGH&other=JPN", "actor=PRK&to=ACCUSE&other=PRK"):
        assert client.get(f"/reactions?{wrong}").status_code == 400


def test_what_is_all_the_priors_is_called_so(client: TestClient, tmp_path: Path) -> None:
    assert re.search(r"\d\d% of the weight is the shipped prior", lead(get(client, "/reactions")))
    with browse(tmp_path / "new") as empty:
        told = lead(get(empty, "/reactions"))
    assert "All of that is the shipped prior" in told and "of the weight" not in told


def test_what_if_compares_the_measures_chosen(client: TestClient) -> None:
    sides = "by=KOR,USA&toward=PRK&days=30"
    alone = get(client, f"/whatif?{sides}")
    assert "without any measure" in lead(alone)
    assert "What each measure would change" not in alone
    page = get(client, f"/whatif?{sides}&measure=hotline&measure=drills-suspended&together=1")
    for anchor in ("m-hotline", "m-drills-suspended", "m-hotline-drills-suspended"):
        assert f'<tr id="{anchor}"' in page
        assert f'href="#{anchor}"' in page
    assert "Measures of South Korea and United States toward North Korea, 30 days" in lead(page)
    swap = html.unescape(re.search(r'href="([^"]*)">Swap the sides', alone)[1])
    assert "by=PRK" in swap and "toward=KOR" in swap
    assert "not at that of this desk" in lead(alone) and "of the weight" in lead(alone)
    assert "most hostile events" in get(client, "/whatif?days=30") and "most hostile events" not in alone
    stronger = get(client, f"/whatif?{sides}&measure=hotline&strength-hotline=100")
    assert "100 %</output>" in stronger


@pytest.mark.parametrize(
    "wrong",
    [
        "days=0",
        "measure=nope",
        "futures=many",
        "by=KOR",
        "measure=hotline&first-hotline=2031-01-01",
        "strength-hotline=200",
        "by=X&toward=Y",
    ],
)
def test_what_if_says_what_makes_no_sense(client: TestClient, wrong: str) -> None:
    get(client, "/whatif")
    answer = client.get(f"/whatif?{wrong}")
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


def test_dark_pages_draw_dark_files(client: TestClient) -> None:
    assert "#0072B2" in client.get("/network.svg?on=2024-03-15").text
    assert "#0072B2" not in client.get("/network.svg?on=2024-03-15&theme=dark").text
