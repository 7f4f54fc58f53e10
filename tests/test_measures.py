"""The catalogue, measures of one's own, scenarios: what is read, and where a fault is said to be."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import detente as dt
from detente.codebook import TYPES
from detente.errors import ScenarioError
from detente.simulate import Scenario, Threshold, catalogue, compare, measure
from detente.simulate.lines import line_of
from detente.simulate.measures import dialogue, notice_of_drills, parse, sources, suspend, title
from tests.small import DAYS, FIT, SIDES, futures


def test_the_catalogue_holds_the_recommended_measures() -> None:
    kinds = {m.id: m.kind for m in catalogue()}
    assert kinds == {
        "hotline": "scheduled",
        "regional-dialogue": "scheduled",
        "people-to-people": "scheduled",
        "forum": "scheduled",
        "drills-notice": "assumed",
        "humanitarian": "scheduled",
        "strategic-meetings": "scheduled",
        "drills-suspended": "removed",
        "missiles-withdrawn": "scheduled",
        "defence-reaffirmed": "scheduled",
        "sanctions-eased": "removed",
        "sanctions-tightened": "scheduled",
    }
    cited = {key for m in catalogue() for key in m.source}
    assert cited == {s.key for s in sources()}
    for m in catalogue():
        assert m.agree and m.cost and m.note and m.source and m.confirmed == "web"
        assert m.evidence_strength in ("thin", "some")
        assert m.evidence.count(". ") <= 3
    assert "assumed, not learnt" in measure("drills-notice").caution
    assert "thin" in measure("hotline").caution


FIVE_LINES = """[[measure]]
id = "visits"
name = "Monthly visits of envoys"
kind = "scheduled"
events = [{ types = ["CONSULT"], who = "by", with = "toward" }]
"""


def test_five_lines_make_a_measure() -> None:
    (visits,), _ = parse(FIVE_LINES)
    assert (visits.every, visits.evidence_strength) == (30, "none")
    assert futures(FIT, visits.between(*SIDES), n=10).measures[0].name == "Monthly visits of envoys"


@given(st.floats(-1, 2), st.floats(-1, 2), st.integers(-3, 40), st.sampled_from([*TYPES, "CONSUL", ""]))
def test_a_measure_is_read_or_refused_with_its_key(low: float, high: float, every: int, kind: str) -> None:
    text = FIVE_LINES.replace("CONSULT", kind) + f"strength = [{low!r}, {high!r}]\nevery = {every}\n"
    wrong = [kind not in TYPES, not 0 <= low <= high <= 1, every < 1]
    if not any(wrong):
        assert parse(text)[0][0].strength == (low, high)
        return
    key = ("events", "strength", "every")[wrong.index(True)]
    with pytest.raises(ScenarioError, match=f"measure 'visits', key '{key}'"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FIVE_LINES.replace("scheduled", "planned"), "kind"),
        (FIVE_LINES.replace("CONSULT", "CONSUL"), "CONSULT"),
        (FIVE_LINES + 'source = ["nobody2020"]', "nobody2020"),
        (FIVE_LINES + "colour = 1", "colour"),
        (FIVE_LINES * 2, "rename one"),
        ("[[measure", "measures.toml"),
    ],
)
def test_a_wrong_measure_is_refused(text: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        parse(text)


def test_the_namespace_of_the_issue_s_example() -> None:
    drills = dt.measures.notice_of_drills(["USA", "KOR", "JPN"], damping=(0.2, 0.6))
    talks = dt.measures.dialogue("PRK", "KOR", every="month")
    pause = dt.measures.suspend("exercise", by=["USA", "KOR"])
    assert [m.kind for m in (drills, talks, pause)] == ["assumed", "scheduled", "removed"]
    assert (talks.every, drills.strength, pause.toward) == (30, (0.2, 0.6), ())
    trial = dt.compare(FIT, [talks, pause, drills, talks + drills], start="2018-03-01", days=DAYS, futures=20, seed=7)
    assert [len(e.measures) for e in trial.effects] == [1, 1, 1, 2]
    assert trial.effects[1].measures[0].toward == ("PRK", "CHN", "JPN")  # all others of the model
    assert len(trial.ranking()) == 4
    assert trial.frame().height == 4
    assert (talks + drills) + pause == talks + (drills + pause) == (talks, drills, pause)


def test_importing_detente_stays_light() -> None:
    code = "import sys, detente; sys.exit('numba' in sys.modules or 'detente.simulate' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dialogue("PRK", "KOR", every="moon"), "month"),
        (lambda: dialogue("PRK", "PRK"), "PRK cannot be in"),
        (lambda: suspend("picnics", by=["USA"]), "no stream 'PICNICS'"),
        (lambda: suspend("exercise", by=[]), "names nobody"),
        (lambda: notice_of_drills(["USA"], ["PRK"], damping=(0.6, 0.2)), "no range of shares"),
        (lambda: measure("defence-reaffirmed").between(["USA"], ["PRK"]), "needs two actors or more"),
    ],
)
def test_a_measure_that_makes_no_sense_is_refused(make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScenarioError, match=message):
        make()


def test_a_suspended_type_is_removed() -> None:
    ease = suspend("SANCTION", by=["USA"], toward=["PRK"], share=(1.0, 1.0))
    effect = compare(FIT, [ease], start="2018-03-01", days=DAYS, futures=200, seed=5).effects[0]
    a, b, k = FIT.index("USA"), FIT.index("PRK"), TYPES.index("SANCTION")
    assert effect.base.cells[a, b, k] > 0.0
    assert effect.futures.cells[a, b, k] == 0.0
    assert effect.itself == pytest.approx(-effect.base.cells[a, b, k])


SCENARIO = """name = "Spring"
start = 2018-03-01
days = 15
futures = 12
seed = 7
actors = ["USA", "KOR", "PRK"]
by = ["USA", "KOR"]
toward = ["PRK"]
measures = [
    "hotline",
    { use = "drills-suspended", strength = [1.0, 1.0], by = ["PRK"], toward = ["USA"] },
    { use = ["visits", "drills-notice"], name = "Visits and notice" },
]
threshold = { events = 2, days = 3 }

"""


def test_a_scenario_runs() -> None:
    scenario = Scenario.parse(SCENARIO + FIVE_LINES)
    trial = scenario.compare(FIT)
    assert trial.base.among == ("USA", "KOR", "PRK")
    assert (len(trial.base.hostile_total), trial.base.days) == (12, 15)
    assert trial.base.threshold.events == 2
    assert trial.effects[1].measures[0].by == ("PRK",)
    assert trial.effect("visits + drills-notice").name.startswith("Visits and notice")
    inside = np.isin(FIT.actors, scenario.actors)
    assert (trial.base.dyads[..., ~np.outer(inside, inside)] == 0).all()
    np.testing.assert_array_equal(scenario.simulate(FIT).hostile_total, trial.base.hostile_total)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"hotline"', '"hotlin"', "near names: hotline"),
        ("days = 15", "day = 15", "near keys: days"),
        ("days = 15", "days = 0", "days = 0"),
        ("days = 15", 'days = "ten"', "line 3: key 'days'"),
        ("start = 2018-03-01\n", "", "'start' is missing"),
        ("toward = ", "toward = []  # ", "both sides need"),
        ('["PRK"]\nmeasures', '["KOR"]\nmeasures', "KOR cannot be in 'by' and in 'toward'"),
        ("start = 2018-03-01", "start = ", "not TOML"),
        ("start = 2018-03-01", "start = 2018-13-01", "line 2: key 'start': 2018-13-01 is no date of the calendar"),
        ('"KOR", "PRK"]', '"Norh Korea", "KOR", "PRK"]', r"line 6: key 'actors': .* North Korea \(PRK\)"),
        ("[1.0, 1.0], by", "[1.0, 1.0], form = 1, by", "Near keys: use, name, by, toward, strength, every, first"),
        ("strength", "strenght", "unknown field `strenght`. Near keys: strength"),
        ("events = 2", 'events = "two"', "key 'events': Expected a number, got text in quotes. Write a number: 10"),
        ('"KOR", "PRK"]', '"PRK"]', "line 7: 'by' names KOR, which is not in 'actors'; add it"),
        ('"Visits and notice"', '"=1+1"', "formula in a spreadsheet"),
    ],
)
def test_a_wrong_scenario_is_refused(old: str, new: str, message: str) -> None:
    assert old in SCENARIO
    with pytest.raises(ScenarioError, match=message):
        Scenario.parse(SCENARIO.replace(old, new, 1) + FIVE_LINES)


def test_several_faults_are_told_at_once() -> None:
    text = (
        SCENARIO.replace('"hotline"', '"hotlin"')
        .replace("days = 15", "days = 0")
        .replace('"USA", "KOR", "PRK"', '"Narnia"')
    )
    with pytest.raises(ScenarioError) as caught:
        Scenario.parse(text + FIVE_LINES, name="spring.toml")
    told = str(caught.value).splitlines()
    assert [line.split(":")[0].removeprefix("spring.toml, line ") for line in told[:2]] == ["3", "6"]
    assert "'Narnia'" in told[1]
    assert "near names: hotline" in told[-1]


@pytest.mark.parametrize("reads", [Scenario.parse, parse])
def test_other_encodings_are_refused(reads) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScenarioError, match="line 2: this is not UTF-8; save the file as UTF-8"):
        reads("# 1\n# caf\u00e9\n".encode("latin-1"))


def test_names_and_marks_of_editors() -> None:
    """Actors may be given by name, a name over two lines is one line, and a byte order mark is no fault."""
    text = SCENARIO.replace('"KOR", "PRK"]', '"South Korea", "PRK"]').replace(
        '"Visits and notice"', '"Visits\\nand notice"'
    )
    read = Scenario.parse(("\ufeff" + text + FIVE_LINES).encode())
    assert read.actors == ("USA", "KOR", "PRK")
    assert title(read.sets()[2]) == "Visits and notice"


LINES = (
    ("hotlin", '"hotline"', '"hotlin"', 10),
    ("near keys: days", "days = 15", "dayz = 15", 3),
    ("days = 0 makes no sense", "days = 15", "days = 0", 3),
    ("threshold: days = 0", "days = 3", "days = 0", 14),
    ("neither a PLOVER type nor a quad class", "days = 3", 'types = ["WAR"]', 14),
    ("unknown field `dayz`", "days = 3", "dayz = 3", 14),
    ("no range of shares", "[1.0, 1.0]", "[1.0, 3.0]", 11),
    ("two shares between 0 and 1", "[1.0, 1.0]", '[1.0, "a"]', 11),
    ("cannot be in 'by'", 'toward = ["USA"]', 'toward = ["PRK"]', 11),
    ("scheduled, removed, assumed", 'kind = "scheduled"', 'kind = "planned"', 19),
    ("'CONSUL' is no PLOVER type", '"CONSULT"', '"CONSUL"', 20),
    ("by, toward, all", 'who = "by"', 'who = "me"', 20),
)


@pytest.mark.parametrize(("message", "old", "new", "line"), LINES)
def test_a_fault_is_told_with_its_line(message: str, old: str, new: str, line: int) -> None:
    text = SCENARIO + FIVE_LINES
    assert old in text
    with pytest.raises(ScenarioError, match=message) as caught:
        Scenario.parse(text.replace(old, new, 1), name="spring.toml")
    assert str(caught.value).startswith(f"spring.toml, line {line}: ")


@given(st.integers(0, 5), st.integers(0, 5), st.booleans())
def test_lines_are_found_wherever_values_stand(blank: int, element: int, comment: bool) -> None:
    values = [f'"v{i}, [#{i}]"' for i in range(6)]
    text = "# a = [1]\n" * comment + "\n" * blank + "a = [\n" + ",\n".join(values) + ",\n]\nb = 1\n"
    assert line_of(text, ("a", element)) == comment + blank + 2 + element
    assert line_of(text, ("b",)) == comment + blank + 9


def test_a_threshold_by_goldstein_sums() -> None:
    by_class = Threshold(("material conflict",), events=20.0, goldstein=True)
    weights = by_class.check().weights(TYPES)
    assert weights[TYPES.index("ASSAULT")] > weights[TYPES.index("PROTEST")] > 0.0
    assert weights[TYPES.index("AID")] == weights[TYPES.index("ACCUSE")] == 0.0
    found = futures(n=100, threshold=by_class)
    counted = futures(n=100, threshold=Threshold(("material conflict",), events=3.0))
    assert (found.worst >= counted.worst * weights[weights > 0].min() - 1e-9).all()
    assert (found.worst <= counted.worst * weights.max() + 1e-9).all()
    assert "Goldstein sum of -20 or lower" in found.summary()
    with pytest.raises(ScenarioError, match="name hostile types"):
        Threshold(("AID",), goldstein=True).check()


def test_time_to_calm() -> None:
    """Against daily counts kept whole: the first day that begins so many days with at most so many hostile events."""
    limit = Threshold(calm=45.0, calm_days=5)
    found = futures(n=60, threshold=limit)
    sums = np.lib.stride_tricks.sliding_window_view(found.hostile, 5, axis=1).sum(2) <= 45.0
    first = np.where(sums.any(1), sums.argmax(1) + 1, 0)
    assert (first > 1).sum() > 0
    np.testing.assert_array_equal(found.calm, first)
