"""Causal claims against the record: known answers in made-up records, wording, and the scale of verdicts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from click.testing import CliRunner

import detente
from benchmarks import verdicts
from benchmarks.verdicts import CLAIM, START
from detente.cli import main
from detente.codebook import QUADS, TYPES
from detente.errors import DetenteWarning, LearnError
from detente.events import Reading
from detente.learn import check as checking
from detente.learn import prior, wording
from detente.learn.check import HOSTILE, Acts, ModelEffect, Proposition
from detente.learn.windows import WindowEffect
from detente.record.windows import Window
from tests import handmade
from tests.shared import shared

DAYS = verdicts.KINDS["plain"][0]


def record(ratio: float, seed: int) -> pl.DataFrame:
    """Ten years of drills every two months or so, and threats that come ``ratio`` times as often in the week after."""
    return verdicts.record("plain", ratio, seed)


def test_finds_what_was_put_in() -> None:
    """A rise is supported, its opposite contradicted."""
    risen = [checking.check(CLAIM, record(4.0, seed)) for seed in range(10)]
    assert sum(a.verdict == "supports" for a in risen) >= 9
    lowered = msgspec.structs.replace(CLAIM, raises=False)
    assert all(checking.check(lowered, record(4.0, seed)).verdict == "contradicts" for seed in range(5))
    answer = risen[0]
    assert answer.followed > 2 * answer.expected and "Counts" in answer.summary()
    assert answer.frame().height == 1


def test_strong_verdicts_are_rare_without_effect_and_usual_where_the_rate_is_doubled() -> None:
    """At most one in twenty, and most; ``benchmarks/verdicts.py`` measures it on more records of more kinds."""
    nothing = [checking.check(CLAIM, record(1.0, seed)).verdict for seed in range(60)]
    assert nothing.count("supports") + nothing.count("contradicts") <= 3
    doubled = [checking.check(CLAIM, record(2.0, seed)).verdict for seed in range(20)]
    assert doubled.count("supports") > 10 and "contradicts" not in doubled


def test_a_register_takes_the_place_of_the_record() -> None:
    """Windows and effect days that the user brings; the model is silent on them."""
    rows = record(4.0, 3)
    drills = [Window(d, d + timedelta(7)) for d in rows.filter(type="COOPERATE")["day"]]
    effects = rows.filter(type="THREATEN")["day"].to_list()
    claim = msgspec.structs.replace(CLAIM, within=0)
    answer = checking.check(
        claim, rows.clear(), fit=prior(), windows=drills, effects=effects, start=START, end=START + timedelta(DAYS)
    )
    assert answer.model is None and answer.causes == len(drills) and answer.verdict == "supports"


def test_model_effect_is_linear_and_knows_its_limits() -> None:
    """Effects add up over targets; actors out of the model give none."""
    fit = prior()
    every = checking.model_effect(fit, Proposition(Acts(("KOR",), ("PRK",), types=("ACCUSE",)), Acts(("PRK",))))
    parts = [
        checking.model_effect(
            fit, Proposition(Acts(("KOR",), ("PRK",), types=("ACCUSE",)), Acts(("PRK",), (b,), types=HOSTILE + tuple(
                k for k in TYPES if k not in HOSTILE and k not in ("AGREE", "CONSULT", "COOPERATE"))))
        )
        for b in fit.actors if b != "PRK"
    ]  # fmt: skip
    assert every is not None and all(p is not None for p in parts)
    directed = sum(p.effect for p in parts if p)
    assert 0 < directed < every.effect  # the rest are symmetric types
    assert every.low <= every.effect <= every.high
    assert checking.model_effect(fit, Proposition(Acts(("FJI",)), Acts(("PRK",)))) is None


def test_scale() -> None:
    """Each step of the scale, by its rule."""

    def days(ratio: float, low: float, high: float, p: float, shifted: float) -> WindowEffect:
        end = START + timedelta(999)
        return WindowEffect(ratio, low, high, p, 40 / ratio, 40, 100, 100, 900, 10, (), shifted, START, end)

    def said(*args: float, raises: bool = True, model: ModelEffect | None = None) -> str:
        return checking.verdict(msgspec.structs.replace(CLAIM, raises=raises), model, days(*args))

    opposite = {"supports": "contradicts", "leans for": "leans against", "says nothing": "says nothing"}
    for args, verdict in {
        (2.0, 1.2, 3.3, 0.02, 0.02): "supports",
        (2.0, 1.2, 3.3, 0.02, 0.15): "leans for",
        (2.0, 1.0, 4.0, 0.08, 0.02): "leans for",
        (1.5, 0.98, 2.4, 0.11, 0.40): "says nothing",
        (1.5, 0.9, 2.6, 0.3, 0.1): "says nothing",
    }.items():
        ratio, low, high, *rest = args
        assert said(*args) == verdict
        # A fall is judged as a rise is, and a claim of a fall as one of a rise.
        assert said(1 / ratio, 1 / high, 1 / low, *rest) == opposite[verdict]
        assert said(1 / ratio, 1 / high, 1 / low, *rest, raises=False) == verdict
        assert said(*args, raises=False) == opposite[verdict]
    # No practical effect either way speaks against both.
    assert {said(1.0, 0.94, 1.07, 0.9, 0.9, raises=raises) for raises in (True, False)} == {"leans against"}
    more, none = ModelEffect(0.1, 0.05, 0.2, 1.0, 50), ModelEffect(0.0, 0.0, 0.003, 1.0, 50)
    less = ModelEffect(-0.1, -0.2, -0.05, 1.0, 50, -0.1)
    nothing, strong = (1.5, 0.9, 2.6, 0.3, 0.4), (2.0, 1.2, 3.3, 0.02, 0.02)
    assert [said(*nothing, model=m) for m in (more, none, less)] == ["leans for", "leans against", "leans against"]
    assert [said(*strong, model=m) for m in (more, none, less)] == ["supports", "leans for", "leans for"]
    assert said(*nothing, model=less, raises=False) == "leans for"
    assert said(2.0, 1.2, 3.3, 0.02, 0.15, model=more) == "leans for"  # never made stronger


def test_many_claims_are_held_to_a_false_discovery_rate() -> None:
    """Among twenty claims without effect beside one with, a lucky one does not stay supported."""
    strong = checking.check(CLAIM, record(4.0, 1))
    assert strong.compared is not None
    beside = replace(strong.compared, p=0.9)
    weak = replace(strong, compared=replace(strong.compared, p=0.02))
    none = replace(strong, verdict="says nothing", compared=beside)
    first = checking.adjust([weak, *[none] * 20])[0]
    assert first.verdict == "leans for" and first.checked == 21
    assert first.p_adjusted == pytest.approx(21 * 0.02)
    assert "One of 21 compared together" in first.summary() and first.frame()["p_adjusted"][0] == first.p_adjusted
    assert checking.adjust([weak])[0].verdict == "supports"


def test_adjusted_p_values_are_those_of_benjamini_and_hochberg() -> None:
    """Against the definition: the least rate at which the step-up procedure would let the claim stand."""
    strong = checking.check(CLAIM, record(4.0, 1))
    assert strong.compared is not None
    p = [0.001, 0.8, 0.012, 0.03, 0.03]
    found = checking.adjust([replace(strong, compared=replace(strong.compared, p=x)) for x in p])
    ranked = sorted(p)
    for answer, x in zip(found, p, strict=True):
        wanted = min(ranked[j] * len(p) / (j + 1) for j in range(len(p)) if ranked[j] >= x)
        assert answer.p_adjusted == pytest.approx(wanted) and answer.checked == len(p)
    few = replace(strong, compared=None, verdict="says nothing")  # what cannot be tested is no test
    assert checking.adjust([strong, few]) == (strong, few)


def test_what_was_cancelled_is_no_cause() -> None:
    """Cancelled drills are left out of all, and stand by themselves."""
    given = [Window(date(y, 3, 5), date(y, 3, 18), "", "cancelled" if y == 2010 else "held") for y in range(2008, 2018)]
    effects = [START + timedelta(i) for i in range(0, DAYS, 9)]
    claim = msgspec.structs.replace(CLAIM, within=0)
    answer = checking.by_group(claim, pl.DataFrame(), given, effects=effects)
    assert answer.causes == 9 and [(p.group, p.causes) for p in answer.parts] == [("cancelled", 1), ("held", 9)]
    assert wording.hold(claim, register=given, effects=effects).causes == 9


def test_a_model_holds_claims_against_its_own_record() -> None:
    """In words, with the days of its record beside its own effect."""
    fit = replace(prior(), table=record(1.0, 1))
    answer = fit.check("cooperation of USA and KOR raises hostile acts of PRK within 7 days")
    assert answer.model is not None and answer.compared is not None
    assert answer.compared == checking.check(answer.claim, record(1.0, 1)).compared


@pytest.mark.parametrize(
    ("words", "cause", "effect", "raises", "within"),
    [
        ("joint drills of USA and KOR raise hostile acts of PRK", ("KOR", "USA"), ("PRK",), True, 14),
        (
            "Japan's sanctions on Russia lower threats of Russia toward Japan within 1 month.",
            ("JPN",),
            ("RUS",),
            False,
            30,
        ),
        ("Talks between India and Pakistan reduce attacks of Pakistan on India", ("IND", "PAK"), ("PAK",), False, 14),
    ],
)
def test_wording(words: str, cause: tuple[str, ...], effect: tuple[str, ...], raises: bool, within: int) -> None:
    """Plain words become a proposition."""
    claim = wording.read(words)
    assert (claim.cause.by, claim.effect.by, claim.raises, claim.within) == (cause, effect, raises, within)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("drills of USA and KOR", "no verb of cause"),
        ("colours of USA raise threats of PRK", "names no kind of acts"),
        ("drills of Freedonia raise threats of PRK", "names no actor"),
    ],
)
def test_wording_says_what_it_did_not_understand(words: str, says: str) -> None:
    """And how to write it."""
    with pytest.raises(LearnError, match=says):
        wording.read(words)


def test_words_of_acts_are_sound() -> None:
    """Types and quads of the word list exist, and no phrase stands for two kinds of acts."""
    seen: set[str] = set()
    for act in wording._words().act:
        assert set(act.types) <= set(TYPES) and set(act.quads) <= set(QUADS)
        assert act.types or act.quads or act.domain
        assert not seen & set(act.words)
        seen |= set(act.words)


def test_none_where_many_would_be_counts_against_a_rise() -> None:
    """Windows without a single event, in a record with plenty elsewhere, are evidence."""
    drills = [Window(date(y, m, 3), date(y, m, 12)) for y in range(2008, 2018) for m in (3, 9)]
    inside = {w.start + timedelta(i) for w in drills for i in range(10)}
    days = [d for i in range(0, DAYS, 5) if (d := START + timedelta(i)) not in inside]
    claim = msgspec.structs.replace(CLAIM, within=0)
    how: dict[str, Any] = {"windows": drills, "effects": days, "start": START, "end": START + timedelta(DAYS)}
    answer = checking.check(claim, pl.DataFrame(), **how)
    assert answer.compared is not None and answer.compared.enough
    assert answer.compared.inside == 0 and answer.compared.expected > 30
    assert answer.verdict == "contradicts"
    assert checking.check(msgspec.structs.replace(claim, raises=False), pl.DataFrame(), **how).verdict == "supports"


def test_a_verdict_does_not_rest_on_a_model_that_takes_more_for_the_cause() -> None:
    """The model knows no drills, only acts; its figure is shown and not counted."""
    acts = Acts(("KOR",), ("PRK",), domain="exercise", cameo=("062",))
    claim = Proposition(acts, Acts(("PRK",), types=HOSTILE))
    answer = checking.check(claim, record(1.0, 1), fit=prior())
    assert answer.model is not None and answer.model.low > 0.005
    assert answer.verdict == "says nothing"
    assert any("does not count" in line for line in answer.cautions)
    assert any("no cause" in line for line in answer.cautions)


def test_registers_are_compared_where_both_run() -> None:
    """Without dates given, days before the windows' first year or after the last effect are not compared."""
    drills = [Window(date(y, 3, 1), date(y, 3, 10)) for y in range(2010, 2020)]
    effects = [date(2000, 1, 5) + timedelta(23 * i) for i in range(300)]
    answer = checking.check(msgspec.structs.replace(CLAIM, within=0), pl.DataFrame(), windows=drills, effects=effects)
    assert answer.compared is not None
    assert (answer.compared.start, answer.compared.end) == (date(2010, 1, 1), max(effects))
    assert answer.causes == 9  # the last drill lies after the last day on which effects are known
    with pytest.raises(LearnError, match="not known for the same days"):
        checking.check(CLAIM, pl.DataFrame(), windows=drills, effects=[date(1999, 1, 1)])


def test_groups_of_a_register_each_by_itself() -> None:
    """A rise in spring alone is found there and not in summer; a register without groups has none."""
    spring = [Window(date(y, 3, 5), date(y, 3, 18), "", "spring") for y in range(2008, 2018)]
    summer = [Window(date(y, 8, 5), date(y, 8, 18), "", "summer") for y in range(2008, 2018)]
    effects = [START + timedelta(i) for i in range(0, DAYS, 9)]
    effects += [w.start + timedelta(i) for w in spring for i in (1, 3, 4, 7, 9, 12)]
    claim = msgspec.structs.replace(CLAIM, within=0)
    answer = checking.by_group(claim, pl.DataFrame(), [*spring, *summer], effects=effects)
    assert [(p.group, p.verdict == "supports") for p in answer.parts] == [("spring", True), ("summer", False)]
    assert answer.frame()["group"].to_list() == ["", "spring", "summer"]
    assert "(spring only)" in answer.summary()
    with pytest.raises(LearnError, match="no groups"):
        checking.by_group(claim, pl.DataFrame(), [Window(w.start, w.end) for w in spring], effects=effects)


@pytest.mark.parametrize(
    ("cause", "effect", "proposition", "raises"),
    [
        ("Talks of Japan and South Korea", "threats of North Korea", "{c} provoke {e}", True),
        ("Sanctions of the United States", "attacks of North Korea", "{c} deter {e}", False),
        ("drills of South Korea", "threats of North Korea", "{e} because of {c}", True),
    ],
)
def test_claims_of_reports_become_propositions(cause: str, effect: str, proposition: str, raises: bool) -> None:
    claim = wording.of_report(cause, effect, proposition.format(c=cause, e=effect))
    assert claim.raises is raises and claim.effect.by == ("PRK",) and claim.cause.by


def test_claims_of_a_desk_are_checked_or_listed(tmp_path: Path) -> None:
    """Those that can be put into terms come with speaker and sentence, the others with the reason."""
    desk = detente.open(tmp_path / "desk")
    told = "Drills of the United States and South Korea provoke threats of North Korea."
    vague = "These moves lead to an arms race."
    of = handmade.report(f"{told} {vague}", "Test wire", date(2024, 7, 9))
    claims = [
        handmade.claim(
            of, "KOR", "asserts", told, cause=told.partition(" provoke")[0], effect="threats of North Korea"
        ),
        handmade.claim(of, "PRK", "asserts", vague, cause="These moves", effect="an arms race"),
    ]
    desk.store.add([*handmade.readings(), Reading(of, claims=tuple(claims))])
    with pytest.warns(DetenteWarning):
        answers, unfit = desk.check_claims()
    (answer,) = answers
    assert answer.sentence == told and answer.speaker == "KOR" and answer.claim.effect.by == ("PRK",)
    assert unfit.row(by_predicate=pl.col("sentence") == vague, named=True)["why"].startswith("'These moves'")
    outcome = CliRunner().invoke(main, ["check", "--all-claims", "--desk", str(tmp_path / "desk")])
    assert outcome.exit_code == 0 and "1 causal claims checked" in outcome.stdout, outcome.output


def test_the_dispute_from_the_shell(tmp_path: Path) -> None:
    """Drills of the United States and South Korea, and provocations of the North, by season."""
    words = "joint drills of USA and KOR raise provocations of PRK"
    registers = ["--register", str(shared("data/cases/us_rok_exercises.csv"))]
    registers += ["--effects", str(shared("data/cases/csis_provocations_severity.csv"))]
    dates = ["--since", "2005-01-01", "--until", "2026-03-31"]
    command = ["check", words, *registers, *dates, "--by-group", "--csv", "--desk", str(tmp_path / "none")]
    outcome = CliRunner().invoke(main, command)
    assert outcome.exit_code == 0, outcome.output
    rows = pl.read_csv(outcome.stdout.encode()).rows_by_key("group", named=True, unique=True)
    assert 1.2 < rows["spring"]["ratio"] < 2.0 and rows["spring"]["ratio_low"] < 1.1
    assert rows["summer"]["ratio_low"] < 1 < rows["summer"]["ratio_high"]
    assert {row["verdict"] for row in rows.values()} == {"says nothing"}
    assert not (tmp_path / "none").exists()


def test_days_compared_that_end_before_they_begin() -> None:
    days = [f"{year}-03-10" for year in range(2010, 2020)]
    with pytest.raises(LearnError, match="swap since and until"):
        wording.hold(
            "drills of KOR raise threats of PRK", register=days, effects=days, since="2018-01-01", until="2012-01-01"
        )


def test_no_days_looked_at_are_no_evidence() -> None:
    """Within no day after a cause nothing can come, which speaks neither for a claim nor against it."""
    claim = Proposition(Acts(("KOR",), ("PRK",), types=("ACCUSE",)), Acts(("PRK",), types=HOSTILE), within=0)
    answer = checking.check(claim, record(4.0, 3), fit=prior())
    assert answer.model is not None and answer.model.n > checking.FEW
    assert answer.compared is None and answer.verdict == "says nothing"
