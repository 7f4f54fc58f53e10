"""Tables, words, figures and their drawings."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from datetime import date as Date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente import svg, words
from detente.figure import Figure
from detente.record import ask
from detente.record.views import TABLES
from detente.show import figures, tables
from tests import handmade

HOSTILE = "<script>alert(1)</script> \"' & \u202eevil\u202c \x1b[31m"


def test_wide_table_cuts_nothing() -> None:
    long = "word " * 200
    lines = tables.text(pl.DataFrame({"who": ["JPN"], "sentence": [long]}), wide=True).splitlines()
    assert len(lines) == 2
    assert lines[1].endswith(long.strip())


def test_fitted_table_keeps_every_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    text = tables.text(pl.DataFrame({"who": ["JPN"], "sentence": ["protested " * 30]}))
    assert max(map(len, text.splitlines())) <= 60
    assert text.count("protested") == 30


def told(*rows: dict[str, object]) -> pl.DataFrame:
    """Rows in the columns of what a desk's events give."""
    blank = dict.fromkeys(ask.EVENTS) | {
        "source": [], "target": [], "source_name": [], "target_name": [], "reciprocal": False, "type": "ASSAULT",
    }  # fmt: skip
    return pl.DataFrame([blank | row for row in rows], schema=ask.EVENTS)


@pytest.mark.parametrize("type_", list(words.DID))
def test_what_both_did_is_worded_of_both(type_: str) -> None:
    pair = {"type": type_, "reciprocal": True, "source_name": ["x"], "target_name": ["y"]}
    frame = told(
        pair | {"source": ["PAK"], "target": ["IND"]},
        pair | {"source": ["IND"], "target": ["PAK"]},
        pair | {"source": ["PAK", "IND"], "source_name": ["x", "y"], "target_name": []},
        pair | {"source": ["PAK"], "target": ["IND"], "reciprocal": False},
        pair | {"source": ["PAK"], "target_name": []},
    )
    rows = tables.who_did_what(frame).select("source", "type", "target").rows()
    assert rows == [("IND ↔ PAK", type_, "each other")] * 3 + [("PAK", type_, "IND"), ("PAK", type_, "")]
    assert words.did(type_, mutual=True).endswith(" each other")


def test_table_of_events_keeps_its_dates_and_shows_a_code_without_a_type() -> None:
    frame = told({"source": ["FAO"], "target": ["GIN"], "type": None, "cameo": "010"}, {"type": ""}, {})
    shown = tables.who_did_what(frame)
    assert shown["date"].to_list() == [None] * 3
    assert shown["type"].to_list() == ["010", None, "ASSAULT"]
    assert "place" not in shown.columns
    dated = told({"day": Date(2024, 3, 4), "known": Date(2024, 3, 5)}, {"known": Date(2024, 3, 5)})
    many, undated, newest = tables.newest(dated.lazy(), 1)
    assert (many, undated, newest["day"].to_list()) == (2, 1, [Date(2024, 3, 4)])


def test_table_shows_markup_and_control_characters_as_text() -> None:
    text = tables.text(pl.DataFrame({"a": ["[bold]x[/bold] \x1b[31m"]}), wide=True)
    assert "[bold]x[/bold] [U+001B][31m" in text
    assert "\x1b" not in text


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_csv_comes_back_and_holds_no_formula(cells: list[str]) -> None:
    rows = list(csv.reader(io.StringIO(tables.csv(pl.DataFrame({"a": cells})), newline="")))
    assert rows[0] == ["a"]
    for cell, row in zip(cells, rows[1:], strict=True):
        back = row[0] if row else ""
        assert back in (cell, "'" + cell)
        assert not back.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_csv_writes_records_as_json_and_numbers_plain() -> None:
    frame = pl.DataFrame({"speakers": [[{"name": "Wire"}]], "n": [-1.5], "day": [Date(2024, 3, 4)]})
    assert tables.csv(frame) == 'speakers,n,day\r\n"[{""name"": ""Wire""}]",-1.5,2024-03-04\r\n'


@given(st.text())
def test_visible_leaves_nothing_hidden(text: str) -> None:
    shown = words.visible(text)
    assert not set(shown) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200f\x00\x1b")
    shown.encode()


@given(st.text(), st.integers(2, 50))
def test_clip_keeps_to_its_length(text: str, most: int) -> None:
    assert len(words.clip(text, most)) <= most


def drawings(tmp_path: Path) -> dict[str, Figure]:
    found = handmade.findings(tmp_path / "desk")
    model = handmade.fit()
    compared = handmade.comparison(model)
    return {
        "timeline": figures.busy_pairs(found.events, as_of=found.as_of),
        "network": figures.network(found.edges, found.on),
        "reactions": figures.reactions(model.reactions(handmade.ACTORS), as_of=found.as_of),
        "ranking": figures.ranking(compared, as_of=found.as_of),
        "fans": figures.fans(compared, as_of=found.as_of),
    }


def test_every_figure_is_drawn_with_its_date_and_nothing_that_runs_or_fetches(tmp_path: Path) -> None:
    for name, figure in drawings(tmp_path).items():
        drawn = figure.svg(name)
        root = ET.fromstring(drawn)
        tags = {element.tag for element in root.iter()}
        assert tags <= svg._DRAWN | {"desc"}, name
        assert "2024" in " ".join(root.itertext()), name
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        assert all(key.startswith(name) for key in ids if key)
        for element in root.iter():
            assert element.get("href", "#").startswith("#")
            assert not any(key.startswith("on") for key in element.attrib)


def test_events_in_the_timeline_link_to_their_rows(tmp_path: Path) -> None:
    found = handmade.findings(tmp_path / "desk")
    drawn = ET.fromstring(figures.busy_pairs(found.events, as_of=found.as_of).svg())
    links = {element.get("href") for element in drawn.iter("a")}
    asserted = found.events.filter(
        (pl.col("modality") == "asserted") & pl.col("same_as").is_null() & pl.col("day").is_not_null()
    )
    assert links == {f"#e-{id_}" for id_ in asserted["id"]}
    assert asserted.height == 3


def test_names_in_a_figure_are_text() -> None:
    spec = {
        "data": {"values": [{"a": HOSTILE, "b": 1, "u": "https://example.org/x"}]},
        "mark": "bar",
        "encoding": {
            "y": {"field": "a", "axis": {"labelLimit": 0}},
            "x": {"field": "b", "type": "quantitative"},
            "href": {"field": "u"},
            "description": {"field": "a"},
        },
    }
    drawn = svg.render(spec, id="f", title=HOSTILE, description=HOSTILE)
    assert "<script" not in drawn
    assert "href" not in drawn
    assert "\u202e" not in drawn
    assert "&lt;script&gt;" in drawn


def test_a_figure_fetches_nothing() -> None:
    spec = {"data": {"url": "https://example.org/x.csv"}, "mark": "bar", "encoding": {"x": {"field": "a"}}}
    with pytest.raises(ValueError, match=r"."):
        svg.render(spec, id="f", title="t", description="d")


def test_layout_stays_put_between_dates() -> None:
    codes = ["CHN", "JPN", "KOR", "PRK", "RUS", "USA"]
    first = figures.layout(codes)
    assert first == figures.layout(reversed(codes))  # type: ignore[arg-type]
    spots = list(first.values())
    apart = [abs(a[0] - b[0]) + abs(a[1] - b[1]) for i, a in enumerate(spots) for b in spots[i + 1 :]]
    assert min(apart) > 0.1


def test_empty_frames_draw() -> None:
    events = pl.DataFrame(schema=TABLES["events"])
    drawn = figures.busy_pairs(events, as_of=Date(2024, 7, 12)).svg()
    assert drawn.startswith("<svg")
