"""The brief: one page that fetches nothing, runs nothing and leads every number back to its sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date as Date
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from msgspec import structs

import detente as dt
from detente import relate
from detente.actors import ties
from detente.brief import Findings, render, write
from detente.brief.context import context, starts
from detente.errors import DeskError
from detente.events import Event, Reading
from detente.learn import Fit
from detente.record import Store
from detente.simulate import Comparison
from tests import handmade
from tests.chromium import launched, needs_chromium
from tests.shared import shared

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)> javascript:alert(1) \u202egnp.exe'
VOID = {"meta", "br", "img", "link", "input", "hr", "col", "wbr"}


class Page(HTMLParser):
    """Elements of a page as (tag, attributes, text inside)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[int] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}, []))
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self._open[-1]][0] == tag, f"</{tag}> closes <{self.elements[self._open[-1]][0]}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for place in self._open:
            self.elements[place][2].append(data)

    def ids(self) -> list[str]:
        """All ids."""
        return [attrs["id"] for _, attrs, _ in self.elements if "id" in attrs]

    def inside(self, tag: str, **wanted: str) -> Iterator[str]:
        """Text of elements with these attributes."""
        for name, attrs, text in self.elements:
            if name == tag and all(attrs.get(key.rstrip("_")) == value for key, value in wanted.items()):
                yield "".join(text)


@pytest.fixture(scope="module")
def model() -> Fit:
    """A model made by hand."""
    return handmade.fit()


@pytest.fixture(scope="module")
def compared(model: Fit) -> Comparison:
    """The catalogue under that model."""
    return handmade.comparison(model)


@pytest.fixture
def findings(tmp_path: Path, model: Fit, compared: Comparison) -> Findings:
    """Findings of the readings made by hand."""
    return handmade.findings(tmp_path / "desk", model=model, compared=compared)


@pytest.fixture
def html(findings: Findings) -> str:
    """Their page."""
    return render(findings)


def check(html: str) -> Page:
    """What holds for every page, whatever the findings."""
    page = Page(html)
    ids = page.ids()
    assert len(ids) == len(set(ids)), "an id stands twice"
    for tag, attrs, _ in page.elements:
        assert tag not in {"script", "img", "link", "iframe", "object", "embed", "form", "base", "foreignobject"}
        for key, value in attrs.items():
            assert not key.startswith("on"), f"{tag} {key}"
            if key in {"href", "src", "xlink:href", "action", "srcset", "poster"}:
                assert value.startswith("#"), value
                assert value[1:] in ids, f"{value} leads nowhere"
            for target in re.findall(r"url\(([^)]*)\)", value):
                assert target.startswith("#")
    assert "url(" not in "".join(page.inside("style"))
    assert "@import" not in html
    levels = [int(tag[1]) for tag, _, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert len(html.encode()) < 3_000_000
    return page


def test_the_page_is_whole_and_asks_for_nothing(html: str) -> None:
    page = check(html)
    policy = next(attrs["content"] for tag, attrs, _ in page.elements if "http-equiv" in attrs)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert len(list(page.inside("svg", role="group"))) == 5
    order = [attrs["id"] for tag, attrs, _ in page.elements if tag == "section"]
    assert order == [
        "answer", "events", "claims", "network", "reactions", "measures", "changes", "limits", "counted", "sources",
            "stamp",
    ]  # fmt: skip


def test_five_sentences_with_every_number_a_link(html: str) -> None:
    answer = re.search(r'<ol class="answer">(.*?)</ol>', html, re.DOTALL)
    assert answer
    sentences = re.findall(r"<li>(.*?)</li>", answer[1], re.DOTALL)
    assert len(sentences) == 5
    for sentence in sentences:
        unlinked = unescape(re.sub(r"<a [^>]*>.*?</a>", "", sentence, flags=re.DOTALL))
        assert not re.search(r"\d", unlinked), unlinked
        assert re.sub("<[^>]*>", "", sentence).endswith(".")
    ids = set(Page(html).ids())
    assert all(target in ids for target in re.findall(r'href="#([^"]*)"', answer[1]))


def test_numbers_of_the_answer_agree_with_the_rows_they_lead_to(findings: Findings, html: str) -> None:
    # One threat by North Korea has two reports and counts once; the busiest pairs have one event each.
    first = re.sub("<[^>]*>", "", re.findall(r"<li>(.*?)</li>", html, re.DOTALL)[9])
    assert "1 hostile event" in first
    threat = findings.events.filter((pl.col("type") == "THREATEN") & pl.col("same_as").is_null())
    assert threat["reports"].to_list() == [2]
    row = re.search(rf'<tr id="e-{threat["id"][0]}".*?</details></td></tr>', html, re.DOTALL)
    assert row
    assert row[0].count("<blockquote>") == 2
    assert "according to Wire Two, quoting Pyongyang" in row[0]


def test_every_event_shows_its_sentence_with_its_words_marked(findings: Findings, html: str) -> None:
    firsts = findings.events.filter(pl.col("same_as").is_null())
    assert firsts.height == 5
    for event in _events(firsts):
        row = re.search(rf'<tr id="e-{event.id}".*?</details></td></tr>', html, re.DOTALL)
        assert row, event
        trigger = findings.texts[event.report].text[slice(*event.trigger)]
        assert f"<mark>{trigger}</mark>" in row[0]
        told = " ".join(re.sub("<[^>]*>", "", row[0]).split())
        assert event.sentence in told
        assert event.id in told


def _events(frame: pl.DataFrame) -> list[Event]:
    from detente.record import nouns

    return nouns(frame, Event)


def test_undated_planned_and_unknown_say_so(html: str) -> None:
    assert ">undated<" in html
    fold = html[html.index('id="others"') :]
    assert "<td>planned</td>" in fold
    assert "“The Trilateral Bloc”" in html
    questions = html[html.index('id="questions"') :]
    assert "The Trilateral Bloc" in questions
    assert "broken.pdf: holds no text." in html


def test_claims_stand_side_by_side_and_causal_ones_unchecked(html: str) -> None:
    heads = re.search(r'<table class="sides">.*?<thead>(.*?)</thead>', html, re.DOTALL)
    assert heads
    assert re.findall(r"<th[^>]*>(.*?)</th>", heads[1]) == ["South Korea", "North Korea", "the review"]
    assert "“The drills” → “tension” (claimed by Wire One, quoting the review; not checked here)" in html


def test_an_assumption_is_called_one_wherever_it_shows(html: str, compared: Comparison) -> None:
    assumed = [e for e in compared.effects if "assumed" in e.kind]
    assert assumed
    for effect in assumed:
        row = re.search(rf'<tr id="m-{"-".join(m.id for m in effect.measures)}".*?</tr>', html, re.DOTALL)
        assert row
        assert "assumption</span>" in row[0]
    ranking = html[html.index('id="fig-ranking"') :].split("</figure>", maxsplit=1)[0]
    assert "(assumption)" in " ".join(re.sub("<[^>]*>", " ", ranking).split())


def test_hostile_text_stays_text(tmp_path: Path, model: Fit, compared: Comparison) -> None:
    text = f"Japan protested to North Korea {HOSTILE}. {HOSTILE} was accused by Japan."
    bad = handmade.report(
        text, HOSTILE, Date(2024, 3, 6), title=HOSTILE, author=HOSTILE, standpoint=HOSTILE, path=HOSTILE
    )
    event = handmade.event(
        bad, "ACCUSE", [("JPN", "Japan")], [(None, HOSTILE)], text, "protested", date="2024-03-05", speaker=HOSTILE
    )
    claims = [
        structs.replace(handmade.claim(bad, name, stance, text), id=f"<{stance}>", topic=HOSTILE)
        for name, stance in ((HOSTILE, "asserts"), ("other", "denies"))
    ]
    reading = Reading(bad, events=(event,), claims=tuple(claims))
    found = handmade.findings(tmp_path / "desk", [reading], model=model, compared=compared)
    found = replace(found, skipped=(HOSTILE,), prior_note=HOSTILE, stamp=replace(found.stamp, command=HOSTILE))
    html = render(found)
    page = check(html)
    assert "\u202e" not in html
    assert "[U+202E]gnp.exe" in html
    assert sum("<script>" in text for text in page.inside("body")) == 1


@pytest.mark.parametrize("first", ["PAK", "IND"])
def test_what_both_sides_did_is_said_of_both(tmp_path: Path, first: str) -> None:
    sides = {"PAK": [("PAK", "Pakistan")], "IND": [("IND", "India")]}
    fire, talk = "Pakistan and India exchanged fire.", "Pakistan and India agreed to a ceasefire."
    of = handmade.report(f"{fire} {talk}", "Wire", Date(2024, 3, 6))
    one, other = sides.pop(first), *sides.values()
    events = (
        handmade.event(of, "ASSAULT", one, other, fire, "exchanged", date="2024-03-05", reciprocal=True),
        handmade.event(of, "AGREE", [*one, *other], [], talk, "agreed", date="2024-03-04", reciprocal=True),
    )
    html = render(handmade.findings(tmp_path / "desk", [Reading(of, events=events)]))
    words = " ".join(" ".join(check(html).inside("body")).split())
    both = " and ".join(name for (_, name), *_ in (one, other))
    assert f"is that {both} attacked each other, according to" in words
    assert f"{both} agreed to cooperate with each other" in words
    assert not re.search(r"(Pakistan|India) attacked (Pakistan|India)", words)


def test_a_very_long_word_and_many_events_stay_small(tmp_path: Path) -> None:
    long = handmade.report("Japan protested to China " + "x" * 100_000 + ". It rained.", "Wire", Date(2024, 3, 1))
    sentence = long.text[:-12]
    readings = [
        Reading(
            long,
            events=(handmade.event(long, "ACCUSE", [("JPN", "Japan")], [("CHN", "China")], sentence, "protested"),),
        )
    ]
    base = "Before that it rained for many days and nobody knew why. " * 4
    for i in range(300):
        day = f"2024-{1 + i // 28 % 3:02d}-{1 + i % 28:02d}"
        whole = f"{base}North Korea threatened Japan in case {i}. China met Russia about case {i}. " + base
        of = handmade.report(whole, f"Wire {i % 20}", Date(2024, 3, 10), title=f"Report {i}")
        threat = f"North Korea threatened Japan in case {i}."
        talk = f"China met Russia about case {i}."
        plan = [("PRK", "North Korea")], [("JPN", "Japan")], threat, "threatened"
        readings.append(
            Reading(
                of,
                events=(
                    handmade.event(of, "THREATEN", *plan, date=day),
                    handmade.event(of, "REQUEST", *plan, date=day),
                    handmade.event(of, "MOBILIZE", *plan),
                    handmade.event(of, "CONSULT", [("CHN", "China")], [("RUS", "Russia")], talk, "met", date=day),
                ),
            )
        )
    found = handmade.findings(tmp_path / "desk", readings)
    assert found.events.height == 1201
    html = render(found)
    check(html)
    assert "x" * 3000 not in html


def test_same_findings_same_bytes(findings: Findings, tmp_path: Path) -> None:
    first, second = write(findings, tmp_path / "a.html"), write(findings, tmp_path / "b.html")
    assert first.read_bytes() == second.read_bytes()
    assert sorted(p.name for p in tmp_path.glob("*")) == ["a.html", "b.html", "desk"]


def test_without_model_comparison_events_claims_or_ties(findings: Findings) -> None:
    empty = replace(
        findings,
        fit=None,
        comparison=None,
        prior_note="Nothing was learnt.",
        simulation_note="Nothing was simulated.",
        **{
            name: getattr(findings, name).clear()
            for name in ("events", "claims", "contested", "ties", "edges", "questions")
        },
    )
    html = render(empty)
    page = check(html)
    text = "".join(page.inside("main"))
    assert "The reports assert no event that could be coded." in text
    assert "Measures could not be compared: Nothing was simulated." in text
    assert "How states react could not be learnt: Nothing was learnt." in text


def test_a_page_that_cannot_be_written_says_where(findings: Findings, tmp_path: Path) -> None:
    with pytest.raises(DeskError, match=r"Cannot write .*nowhere.*--out"):
        write(findings, tmp_path / "nowhere" / "brief.html")
    (tmp_path / "folder").mkdir()
    with pytest.raises(DeskError, match="folder"):
        write(findings, tmp_path / "folder")
    assert not list(tmp_path.glob(".*"))


def test_context_survives_any_span() -> None:
    text = "One came.\nTwo left.\n\nThree stayed on."
    begin = starts(text)
    for start in range(len(text)):
        for end in range(start, len(text) + 1):
            found = context(text, begin, (start, end), [((start, end), "trigger")])
            marked = "".join(piece.words for piece in found.pieces if piece.mark)
            assert marked.strip() == text[start:end].strip()


def test_an_empty_desk_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="detente brief --sample"):
        dt.open(tmp_path / "desk").brief(out=tmp_path / "brief.html")


def test_brief_of_a_desk_with_no_known_actor(tmp_path: Path) -> None:
    of = handmade.report("It rained in the morning. Nobody came.", "Wire", Date(2024, 3, 1))
    Store(tmp_path / "desk").add([Reading(of)])
    stages: list[str] = []
    out = dt.open(tmp_path / "desk").brief(out=tmp_path / "brief.html", progress=stages.append)
    html = out.read_text(encoding="utf-8")
    check(html)
    assert "Nothing was simulated." in html
    assert stages == ["Learning", "Simulating", "Drawing"]


def test_brief_of_the_hand_made_desk_is_the_same_twice(tmp_path: Path) -> None:
    Store(tmp_path / "desk").add(handmade.readings())
    desk = dt.open(tmp_path / "desk")
    pages = [
        desk.brief(out=tmp_path / name, days=10, futures=20, seed=3, command="detente brief").read_bytes()
        for name in ("a.html", "b.html")
    ]
    assert pages[0] == pages[1]
    html = pages[0].decode()
    check(html)
    assert "20 futures" in html
    assert desk.digest() in html


def test_brief_of_the_seeds(tmp_path: Path) -> None:
    seeds = sorted(shared("seeds").glob("*.txt"))
    desk = dt.open(tmp_path / "desk")
    html = desk.brief(*seeds, out=tmp_path / "brief.html", days=10, futures=20).read_text(encoding="utf-8")
    check(html)
    assert "2 reports" in html


@needs_chromium
def test_a_browser_asks_for_nothing_and_the_page_fits(html: str, tmp_path: Path) -> None:
    page_file = tmp_path / "brief.html"
    page_file.write_text(html, encoding="utf-8")
    with launched() as browser:
        for width in (360, 1440):
            page = browser.new_page(viewport={"width": width, "height": 800})
            asked: list[str] = []
            said: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.on("console", lambda message, said=said: said.append(message.text))
            page.on("pageerror", lambda error, said=said: said.append(str(error)))
            page.goto(page_file.as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert asked == [page_file.as_uri()]
            assert said == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.close()


def test_sides_are_read_off_the_desk_in_any_order(tmp_path: Path) -> None:
    store = Store(tmp_path / "desk")
    store.add(handmade.readings())
    among = ["USA", "PRK", "JPN", "KOR"]
    sides = relate.sides(store.events(), ties(), among, Date(2024, 3, 15))
    assert [sorted(side) for side in sides] == [["JPN", "KOR", "USA"], ["PRK"]]
    again = relate.sides(store.events(), ties(), among[::-1], Date(2024, 3, 15))
    assert [sorted(side) for side in again] == [["JPN", "KOR", "USA"], ["PRK"]]
