"""The codebook holds together, agrees with its own page, and agrees with the values that event data carry."""

from __future__ import annotations

import csv
import gzip
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente import codebook
from detente.codebook import QUADS, TYPES, CameoCode
from detente.errors import CodebookError
from tests.shared import shared

CODES = codebook.cameo_codes()
MODES = [(t.name, mode) for t in codebook.types() for mode in t.modes]
EVENT_FILES = ("events_ICEWS14.csv.gz", "events_ICEWS05-15.csv.gz", "events_ICEWS18_to_september.csv.gz")


def test_types_are_the_sixteen_in_order() -> None:
    assert tuple(t.name for t in codebook.types()) == TYPES
    assert len(TYPES) == len(set(TYPES)) == 16


def test_every_quad_has_types_and_the_two_sides_partition_them() -> None:
    assert {codebook.quad(t) for t in TYPES} == set(QUADS)
    assert all(codebook.is_hostile(t) != codebook.is_conciliatory(t) for t in TYPES)
    assert [t for t in TYPES if codebook.is_hostile(t)] == list(TYPES[7:])


def test_sign_of_score_follows_quad() -> None:
    assert all((codebook.goldstein(t) < 0) == codebook.is_hostile(t) for t in TYPES)


def test_definitions_are_there_and_differ() -> None:
    definitions = [t.definition for t in codebook.types()]
    assert len(set(definitions)) == 16
    assert all(d.endswith(".") and len(d.split()) > 8 for d in definitions)


def test_codes_are_strings_of_digits_under_a_root() -> None:
    known = {c.code for c in CODES}
    assert len(known) == len(CODES)
    assert {c.code for c in CODES if len(c.code) == 2} == {f"{n:02}" for n in range(1, 21)}
    for c in CODES:
        assert re.fullmatch(r"(0[1-9]|1\d|20)\d{0,2}", c.code)
        assert len(c.code) == 2 or c.code[:-1] in known, c.code
        assert -10 <= c.goldstein <= 10
        assert c.text == c.text.strip() and c.text


@pytest.mark.parametrize("code", CODES, ids=lambda c: c.code)
def test_every_code_has_a_type_or_says_why_not(code: CameoCode) -> None:
    name, loss = codebook.to_plover(code.code)
    if name is None:
        assert loss
    else:
        assert name in TYPES
        assert not code.mode or code.mode in codebook.event_type(name).modes


def test_codes_without_type_are_the_statements() -> None:
    assert {c.code[:2] for c in CODES if not c.type} == {"01"}


def test_every_type_is_reached() -> None:
    assert {c.type for c in CODES} - {""} == set(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_type_to_code_and_back(name: str) -> None:
    code, loss = codebook.to_cameo(name)
    assert loss, "a type alone always says less than a code"
    assert codebook.to_plover(code)[0] == name


@pytest.mark.parametrize(("name", "mode"), MODES)
def test_mode_to_code_and_back(name: str, mode: str) -> None:
    code, loss = codebook.to_cameo(name, mode)
    back, _ = codebook.to_plover(code)
    if back != name:
        assert back is not None and back in loss
    if not loss:
        assert codebook.cameo(code).mode == mode


def test_unknown_mode_gives_the_type_and_says_so() -> None:
    code, loss = codebook.to_cameo("MOBILIZE", "kites")
    assert code == codebook.to_cameo("MOBILIZE")[0]
    assert "kites" in loss


def test_root_loss_is_inherited_only_by_the_same_type() -> None:
    assert codebook.to_plover("061")[1] == codebook.cameo("06").loss
    assert codebook.to_plover("0841") == ("RETREAT", "")


@pytest.mark.parametrize(("code", "read_as"), [("0330", "033"), ("065", "06"), ("1999", "19"), ("040", "040")])
def test_unknown_long_codes_fall_back_to_their_prefix(code: str, read_as: str) -> None:
    assert codebook.cameo(code).code == read_as


@pytest.mark.parametrize("code", ["", "1", "00", "21", "2112", "13y", "x", "---"])
def test_unknown_code_is_named(code: str) -> None:
    with pytest.raises(CodebookError, match=re.escape(repr(code))):
        codebook.cameo(code)


def test_lost_zero_is_recognised() -> None:
    with pytest.raises(CodebookError, match="near ones: 042"):
        codebook.to_plover("42")


def test_unknown_type_lists_near_ones() -> None:
    with pytest.raises(CodebookError, match="CONSULT"):
        codebook.quad("CONSULTS")
    with pytest.raises(CodebookError, match="RETREAT"):
        codebook.to_cameo("flurb")


@given(st.text(alphabet="0123456789", max_size=6))
def test_any_digits_are_a_prefix_match_or_an_error(code: str) -> None:
    try:
        found = codebook.cameo(code)
    except CodebookError:
        assert code[:2] not in {c.code for c in CODES}
    else:
        assert code.startswith(found.code)
        assert codebook.goldstein(code) == found.goldstein


def test_sources_are_named() -> None:
    keys = {s.key for s in codebook.sources()}
    assert {"cameo", "plover", "goldstein", "polecat"} <= keys
    assert all(s.title and s.publisher and s.year for s in codebook.sources())


def test_page_has_the_row_of_every_type() -> None:
    page = Path(__file__).parents[1].joinpath("docs", "codebook.md").read_text(encoding="utf-8")
    for t in codebook.types():
        row = next(line for line in page.splitlines() if line.startswith(f"| {t.name} |"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        modes = ", ".join(t.modes) or "–"
        assert cells == [t.name, t.quad, f"{t.goldstein:+.1f}", t.cameo, modes, t.definition]
    assert f"{len(CODES)} codes" in page


@pytest.mark.parametrize("name", EVENT_FILES)
def test_agrees_with_event_data(name: str) -> None:
    seen: set[tuple[str, str, str]] = set()
    with gzip.open(shared(f"data/events/{name}"), "rt", encoding="utf-8") as f:
        for row in csv.DictReader(f):
            seen.add((row["cameo"], row["goldstein"], row["event_text"]))
    wrong = []
    for code, value, text in sorted(seen):
        found = codebook.cameo(code)
        label = text.lower().replace("non mediation", "non-mediation").replace("non force", "non-force")
        label = label.replace("non military", "non-military")
        if (found.code, found.goldstein, found.text.lower()) != (code, float(value), label):
            wrong.append((code, value, text, found))
    assert len(seen) > 150
    assert not wrong


@pytest.mark.parametrize("name", ["levant", "gulf"])
def test_reads_the_codes_of_older_data(name: str) -> None:
    with gzip.open(shared(f"data/events/{name}.cameo.csv.gz"), "rt", encoding="utf-8") as f:
        codes = {row["code"] for row in csv.DictReader(f)}
    unknown = set()
    for code in codes:
        try:
            codebook.cameo(code)
        except CodebookError:
            unknown.add(code)
    # Codes of WEIS, the scheme before CAMEO, were left in the Kansas files.
    assert all(code[:2] in {"21", "22"} for code in unknown), unknown
