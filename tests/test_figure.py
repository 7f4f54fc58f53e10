"""Figures: files, notebooks, dark ground, and every result's own."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from datetime import date as Date
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import detente
from detente import relate, svg
from detente.actors import register
from detente.errors import DeskError, LearnError
from detente.figure import COLOURS, MEANINGS, Figure, dark_rules, figure, html_of, tones
from detente.learn import figures as learnt
from detente.learn import trial_figures as trial
from detente.learn.calibration import Backtest, calibration
from detente.learn.check import Answer
from detente.learn.diagnose import diagnose
from detente.learn.reactions import Reaction
from detente.learn.triggers import triggers
from detente.relate import figures as related
from tests import handmade

HOSTILE = "<script>alert(1)</script> \" onload='x' & \u202eevil"
BARS: dict[str, Any] = {
    "data": {"values": [{"who": "JPN", "n": 3}, {"who": "KOR", "n": 1}]},
    "mark": {"type": "bar", "color": COLOURS["cooperation"]},
    "encoding": {"y": {"field": "who"}, "x": {"field": "n", "type": "quantitative"}},
}


def bars() -> Figure:
    return figure("Events by actor", BARS, notes=["A note."], as_of=Date(2024, 7, 12), source="two reports")


def test_date_and_source_stand_in_the_frame() -> None:
    text = " ".join(ET.fromstring(bars().svg()).itertext())
    for part in ("Events by actor", "A note.", "As known by 12 July 2024.", "Source: two reports."):
        assert part in text


@pytest.mark.parametrize(
    ("ending", "begins"), [(".svg", b"<svg "), (".png", b"\x89PNG"), (".html", b"<!doctype html>"), (".json", b"{")]
)
def test_saves_by_the_ending(tmp_path: Path, ending: str, begins: bytes) -> None:
    path = bars().save(tmp_path / f"bars{ending}")
    assert path.read_bytes().startswith(begins)
    if ending == ".svg":
        assert ET.parse(path).getroot().tag == f"{{{svg.NAMESPACE}}}svg"
    if ending == ".json":
        assert json.loads(path.read_text(encoding="utf-8")) == bars().spec
    if ending == ".html":
        assert b"<script" not in path.read_bytes()


def test_says_what_it_cannot_save(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match=r"\.svg, \.png, \.html or \.json"):
        bars().save(tmp_path / "bars.gif")
    with pytest.raises(DeskError, match="Name another file"):
        bars().save(tmp_path / "no folder" / "bars.svg")


def test_notebook_gets_the_specification_and_a_drawing() -> None:
    bundle = bars()._repr_mimebundle_()
    assert bundle["application/vnd.vegalite.v6+json"] == bars().spec
    assert bundle["image/svg+xml"].startswith("<svg")
    assert list(bars()._repr_mimebundle_(include=["text/plain"])) == ["text/plain"]
    assert "image/svg+xml" not in bars()._repr_mimebundle_(exclude=["image/svg+xml"])


def test_dark_ground_changes_every_colour_and_nothing_else() -> None:
    light, dark = bars().svg(), bars().svg(dark=True)
    for name, (day, night) in MEANINGS.items():
        assert day not in dark, name
        assert (night in dark) == (day in light), name
    assert "#FFFFFF" not in dark
    assert ET.fromstring(light).get("viewBox") == ET.fromstring(dark).get("viewBox")


def test_style_rules_reach_every_colour_of_a_drawing() -> None:
    rules = dark_rules('[data-theme="dark"]')
    used = {
        f'[{part}="{value}"]'
        for element in ET.fromstring(bars().svg()).iter()
        for part in ("fill", "stroke")
        if (value := element.get(part, "")).startswith("#")
    }
    assert used
    assert all(one in rules for one in used)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("side", "ground"), [(0, "#FFFFFF"), (1, "#15181C")])
def test_colours_stand_out_from_their_ground_and_from_each_other(side: int, ground: str) -> None:
    for name, pair in MEANINGS.items():
        light, dark = sorted((luminance(pair[side]), luminance(ground)))
        assert (dark + 0.05) / (light + 0.05) >= 2.9, name  # WCAG asks 3 of graphics; one purple is at 2.95
    assert len({pair[side] for pair in MEANINGS.values()}) == len(MEANINGS)


def test_unknown_meaning_has_no_colour() -> None:
    with pytest.raises(KeyError):
        tones("anger")


def test_results_in_a_notebook_stay_text() -> None:
    shown = html_of(HOSTILE, pl.DataFrame({HOSTILE: [HOSTILE, None], "n": [1.23456, None], "codes": [["A"], []]}))
    assert "<script" not in shown
    assert "\u202e" not in shown
    assert "&lt;script&gt;" in shown
    assert "1.23<" in shown
    assert ".frame()" in html_of("x", pl.DataFrame({"a": range(20)}))


def answer(path: Path) -> Answer:
    drills = [f"{year}-03-10" for year in range(2010, 2020)]
    tests = [f"{year}-{month:02}-12" for year in range(2010, 2020) for month in range(1, 13)]
    desk = detente.open(path)
    return desk.check("drills of KOR raise provocations of PRK", register=drills, effects=tests, within=7)


def measured() -> Backtest:
    rng = np.random.default_rng(1)
    rate = rng.uniform(0.1, 3, size=(100, 30))
    seen = rng.poisson(rate * rng.gamma(1.0, 1.0, size=rate.shape)).astype(float)
    score = handmade.fit().score
    assert score is not None
    return Backtest((score, score), calibration(rate, seen, 1.0))


def table() -> pl.DataFrame:
    rng = np.random.default_rng(5)
    actors, types = np.array(handmade.ACTORS), np.array(["ACCUSE", "CONSULT", "THREATEN"])
    source = rng.integers(0, 4, 400)
    return pl.DataFrame(
        {
            "day": [Date(2022, 1, 1) + timedelta(int(i)) for i in np.sort(rng.integers(0, 150, 400))],
            "source": actors[source],
            "target": actors[(source + rng.integers(1, 4, 400)) % 4],
            "type": types[rng.integers(0, 3, 400)],
        }
    )


def network(path: Path) -> relate.Network:
    found = handmade.findings(path)
    return relate.Network(found.edges, found.on, found.as_of, "by hand")


def perspective(path: Path) -> relate.Perspective:
    found = handmade.findings(path)
    rows = relate.perspective("PRK", found.events, (), found.on)
    return relate.Perspective("PRK", rows, found.on)


RESULTS: dict[str, Callable[[Path], Any]] = {
    "fit": lambda _: handmade.fit(),
    "score": lambda _: handmade.fit().score,
    "response": lambda _: handmade.fit().reaction("PRK", to="ACCUSE", by="KOR"),
    "triggers": lambda _: triggers(handmade.fit(), table(), day=Date(2022, 6, 1), cells=[("PRK", "KOR", "ACCUSE")]),
    "answer": answer,
    "calibration": lambda _: measured().calibration,
    "backtest": lambda _: measured(),
    "diagnosis": lambda _: diagnose(table(), days=0, stretches=1),
    "network": network,
    "perspective": perspective,
    "comparison": lambda _: handmade.comparison(handmade.fit()),
    "futures": lambda _: handmade.comparison(handmade.fit()).base,
}


@pytest.mark.parametrize("name", list(RESULTS))
def test_every_result_shows_itself(name: str, tmp_path: Path) -> None:
    result = RESULTS[name](tmp_path / "desk")
    assert result.summary()
    assert result.frame().width
    assert result._repr_html_().startswith("<div><p>")
    shown = result.figure()
    drawn = ET.fromstring(shown.svg())
    assert shown.title in " ".join(drawn.itertext())
    assert shown.description
    if name != "calibration":  # it knows of no day; the backtest that holds it does
        assert "As known by" in " ".join(drawn.itertext())


def test_forecasts_are_never_bare_lines() -> None:
    found = handmade.comparison(handmade.fit())
    for one in (found.figure(), found.base.figure()):
        spec = json.dumps(one.spec)
        for field in ("low90", "high90", "low50", "high50", "median"):
            assert f'"{field}"' in spec


def test_heat_map_shows_an_interval_in_every_sure_cell_and_a_dot_in_the_others() -> None:
    rows = pl.DataFrame(
        [("JPN", "KOR", 0.1, 0.05, 0.2, 50.0), ("KOR", "JPN", 0.1, 0.0, 0.2, 50.0), ("JPN", "USA", 0.1, 0.05, 0.2, 3.0),
         ("USA", "JPN", -0.1, -0.2, -0.05, 40.0)],
        schema=learnt.EFFECTS, orient="row",
    )  # fmt: skip
    drawn = learnt.heat(rows, title="t", rows="who", columns="whom", tone="hostility")
    values = drawn.spec["data"]["values"]
    assert [v["sure"] for v in values] == ["detectable", "no detectable effect", "no detectable effect", "detectable"]
    assert (values[0]["least"], values[0]["estimate"], values[0]["most"]) == (0.05, 0.1, 0.2)
    assert (values[3]["least"], values[3]["most"], values[3]["way"]) == (0.05, 0.2, "fewer events")
    text = " ".join(ET.fromstring(drawn.svg()).itertext())
    assert "fewer events" in text


def test_effects_by_type_agree_with_those_by_class() -> None:
    model = handmade.fit()
    found = learnt.by_type(model, "reciprocity")
    reach = 1 - np.exp(-30 / model.taus)
    weights = np.einsum("hlk,h->lk", model.weights[1], reach)
    one = found.filter(row="ACCUSE", column="REJECT").row(0, named=True)
    # Made by hand with the same strength everywhere: pooling over pairs changes nothing.
    assert one["effect"] == pytest.approx(weights[model.types.index("ACCUSE"), model.types.index("REJECT")])
    assert one["low"] <= one["effect"] <= one["high"]
    assert one["n"] == pytest.approx(model.counts[..., model.types.index("ACCUSE")].sum())


def test_every_state_has_a_place_on_the_map() -> None:
    states = {a.code for a in register().actors.values() if a.kind == "state"}
    assert states == set(related.capitals())
    for longitude, latitude in related.capitals().values():
        assert -180 <= longitude <= 180
        assert -90 <= latitude <= 90


def test_places_stay_put_and_lie_inside() -> None:
    codes = ["AUS", "CHN", "JPN", "NATO", "PRK", "USA"]
    spots, grid = related.places(codes)
    assert spots == related.places(reversed(codes))[0]  # type: ignore[arg-type]
    assert all(-1.15 <= x <= 1.15 and -1.15 <= y <= 1.15 for x, y in spots.values())
    assert spots["AUS"][1] < spots["JPN"][1]
    assert spots["CHN"][0] < spots["JPN"][0]
    assert spots["NATO"][1] < min(y for code, (_, y) in spots.items() if code != "NATO")
    assert grid


@pytest.mark.parametrize("view", ["nodes", "map"])
def test_positions_are_the_same_on_every_date(view: Any, tmp_path: Path) -> None:
    found = network(tmp_path / "desk")
    among = sorted({*found.edges["a"], *found.edges["b"]})
    thin = found.edges.head(2)
    spots = []
    for edges, on in ((found.edges, found.on), (thin, Date(2020, 1, 1))):
        layers = related.network(edges, on, view=view, among=among).spec["layer"]
        nodes = next(one["data"]["values"] for one in layers if one["mark"].get("type") == "point")
        spots.append({node["name"]: (node["x"], node["y"]) for node in nodes})
    assert spots[0] == spots[1]


@pytest.mark.parametrize("view", ["nodes", "map"])
def test_every_line_leads_to_its_row(view: Any, tmp_path: Path) -> None:
    found = network(tmp_path / "desk")
    drawn = ET.fromstring(found.figure(view=view).svg())
    links = {element.get("href") for element in drawn.iter("a")}
    assert links == {f"#n-{a}-{b}" for a, b in found.edges.select("a", "b").iter_rows()}


def test_timeline_counts_up_and_down() -> None:
    periods = pl.DataFrame({"period": [Date(2024, 1, 1), Date(2024, 2, 1)], "cooperation": [3, 0], "hostility": [1, 4]})
    marks = pl.DataFrame({"day": [Date(2024, 1, 9)], "kind": ["drills"], "note": ["A drill."]})
    drawn = related.timeline(periods, marks, whose="Japan", by="month", as_of=Date(2024, 3, 1))
    values = drawn.spec["vconcat"][0]["data"]["values"]
    assert [(v["tone"], v["n"]) for v in values] == [
        ("cooperation", 3), ("hostility", -1), ("cooperation", 0), ("hostility", -4),
    ]  # fmt: skip
    assert values[2]["to"] == "2024-03-01"
    text = " ".join(ET.fromstring(drawn.svg()).itertext())
    assert "drills" in text
    assert "A drill." in text
    empty = related.timeline(periods.clear(), marks.clear(), whose="Japan", by="month", as_of=Date(2024, 3, 1))
    assert empty.svg().startswith("<svg")


def test_an_answer_without_comparison_still_draws(tmp_path: Path) -> None:
    bare = replace(answer(tmp_path / "desk"), compared=None)
    assert "No days could be compared" in " ".join(ET.fromstring(trial.answer(bare).svg()).itertext())


def test_what_was_swept_and_forecast_is_drawn() -> None:
    from detente.simulate.hindcast import Forecast, Hindcast
    from detente.simulate.robustness import Assumption, Robustness

    rng = np.random.default_rng(3)
    none = np.zeros((1, 3))
    swept = Robustness(
        names=("Hotline", "Talks"),
        assumptions=(Assumption("strength", (0.0, 1.0)),),
        rows=rng.random((63, 1)),
        effects=rng.normal((-1.0, 0.5), 1.0, (63, 2)),
        first=none, total=none, first_error=none, total_error=none,
        start=Date(2024, 3, 8), days=30,
    )  # fmt: skip
    text = " ".join(ET.fromstring(swept.figure().svg()).itertext())
    assert "Hotline" in text
    assert re.search(r"best in \d+%", text)
    drawn = rng.poisson(5.0, (50, 2, 3)).astype(float)
    one = Forecast(Date(2024, 1, 1), drawn, drawn[0], drawn.mean(0), np.array([0.1, 0.1]))
    scored = Hindcast(("JPN", "KOR", "PRK"), np.array([[0, 1], [0, 2], [1, 2]]), 30, (one, one), "by hand")
    text = " ".join(ET.fromstring(scored.figure().svg()).itertext())
    for level in ("dyads", "actors", "region"):
        assert level in text
    assert "As known by 30 January 2024" in text


def test_axes_and_legends_hold_where_nothing_was_found(tmp_path: Path) -> None:
    """No event inside the windows on a log axis, no detectable effect under a legend of sizes."""
    found = answer(tmp_path / "desk")
    assert found.compared is not None
    none = replace(found, compared=replace(found.compared, ratio=0.3, low=0.0, inside=0))
    assert "NaN" not in trial.answer(none).svg()
    assert trial.answer(none).spec["layer"][1]["data"]["values"][0]["low"] > 0
    rows = pl.DataFrame([("JPN", "KOR", 0.1, 0.0, 0.2, 50.0)], schema=learnt.EFFECTS, orient="row")
    drawn = learnt.heat(rows, title="t", rows="who", columns="whom", tone="hostility")
    assert "e−1" not in drawn.svg() and "events per act" not in drawn.svg()


@pytest.mark.parametrize(
    "which", [{"channel": "nonsense"}, {"by": "actors", "channel": "nonsense"}, {"by": "actors", "cause": "nonsense"}]
)
def test_no_map_of_what_is_no_channel(which: dict[str, str]) -> None:
    with pytest.raises(LearnError, match=r"'nonsense'.*; use one of: "):
        handmade.fit().figure(**which)


def test_effects_that_spare_events_stand_on_the_axis() -> None:
    """The axis of reactions begins at none, or where calming reaches."""
    one = Reaction("JPN", "KOR", "calming", "verbal cooperation", "verbal conflict", -0.03, -0.05, -0.02, 3.0, 50.0)
    drawn = learnt.reactions([one], as_of=Date(2024, 7, 12))
    assert drawn.spec["layer"][0]["encoding"]["x"]["scale"]["domainMin"] == -0.05
