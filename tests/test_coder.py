"""The coder: one report, one reading; the same text, the same reading; a bad line stops nothing."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from detente.codebook import quad
from detente.events import to_json
from detente.read import code_lines, make_report, read, read_many, report
from tests.shared import shared

TEXT = """Two states protest
Japan condemned the missile test by North Korea on 11 July 2024. South Korea urged North Korea to return to talks.
Japan also criticised North Korea in Geneva.

Like this page, follow our channel, and share it with a friend.
"""


def test_reading_twice_gives_the_same() -> None:
    one, two = read(make_report(TEXT)), read(make_report(TEXT))
    assert one == two
    assert len({e.id for e in one.events}) == len(one.events) >= 3


def test_company_changes_nothing() -> None:
    others = [make_report(f"Vietnam met India in Hanoi. Number {i}.") for i in range(5)]
    alone = read(make_report(TEXT))
    assert next(r for r in read_many([*others, make_report(TEXT)]) if r.report.text == TEXT) == alone


def test_records_hang_together() -> None:
    reading = read(make_report(TEXT))
    ids = {e.id for e in reading.events}
    for event in reading.events:
        assert event.report == reading.report.id
        assert event.quad == quad(event.type)
        assert event.sentence in TEXT
        assert 0 <= event.span[0] <= event.trigger[0] < event.trigger[1] <= event.span[1] <= len(TEXT)
        assert 0 < event.confidence < 1
        assert event.same_as is None or event.same_as in ids
        assert event.speakers
    repeated = [e for e in reading.events if e.same_as]
    assert [(e.type, e.source[0].code) for e in repeated] == [("ACCUSE", "JPN")]


def test_dates_are_never_guessed() -> None:
    dated = {e.type: e.date for e in reversed(read(make_report(TEXT)).events)}
    assert dated["ACCUSE"] == "2024-07-11"
    assert dated["REQUEST"] is None


def test_code_lines_names_the_bad_line_and_goes_on() -> None:
    heard: list[str] = []
    lines = [
        '{"id": 1, "text": "Japan met India."}',
        "not json",
        '{"id": 3}',
        '{"id": 4, "text": "China met India.", "date": "soon"}',
        "",
        '{"id": 6, "text": "Japan met India.", "date": "2024-07-11"}',
    ]
    coded = list(code_lines(lines, complain=heard.append))
    assert [e.report for e in coded] == ["1", "6"]
    assert [h.split(":")[0] for h in heard] == ["line 2", "line 3", "line 4"]


def test_the_json_of_an_event_is_stable() -> None:
    (event,) = code_lines(['{"id": "a", "text": "Russia accused Japan of hostility.", "date": null}'])
    row = json.loads(to_json(event))
    assert list(row) == [
        *("id", "report", "type", "cameo", "quad", "source", "target", "reciprocal", "domain", "modality", "date"),
        *("date_precision", "date_from", "speakers", "sentence", "span", "trigger", "confidence", "same_as"),
    ]
    assert row["source"] == [
        {"code": "RUS", "name": "Russia", "kind": "state", "role": None, "span": [0, 6], "inferred": False}
    ]


def test_the_seeds() -> None:
    commentary = read(report(shared("seeds/000_0f35a47fbf317c64.txt")))
    drawn = [e for e in commentary.events if e.modality == "asserted"]
    assert len(drawn) >= 10
    assert not [e for e in commentary.events for s, t in commentary.report.boilerplate if s <= e.trigger[0] < t]
    assert any(e.type == "SUPPORT" and e.date == "2023-01/2023-04" and e.target[0].code == "GBR" for e in drawn)
    article = read(report(shared("seeds/004_80ca93b7a85cd776.txt")))
    assert not [e for e in article.events for p in (*e.source, *e.target) if p.code == "NATO"]
    first = article.events[0]
    assert (first.type, first.source[0].code) == ("ACCUSE", "PRK")
    assert [p.code for p in first.target] == ["USA", "KOR", "JPN"]
    repeats = [e for e in article.events if e.same_as == first.id]
    assert len(repeats) >= 2


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=12),
            st.sampled_from(
                ["Japan", "(", ")", "China's", "U.S.-Japan", "\n", "|", "- ", ": ", "signed", "they", "met"]
            ),
        ),
        max_size=25,
    )
)
def test_no_text_breaks_the_reader(parts: list[str]) -> None:
    text = " ".join(parts)
    for event in read(make_report(text)).events:
        assert event.sentence in text
        assert 0 <= event.span[0] <= event.span[1] <= len(text)
