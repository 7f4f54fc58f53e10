"""Causal claims against the record: known answers in made-up records, wording, and the scale of verdicts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import msgspec
import numpy as np
import polars as pl
import pytest

from detente.codebook import QUADS, TYPES
from detente.errors import LearnError
from detente.learn import check as checking
from detente.learn import prior, wording
from detente.learn.check import HOSTILE, Acts, Proposition
from detente.learn.windows import Window, WindowEffect

START, DAYS = date(2008, 1, 1), 3650
CLAIM = Proposition(
    Acts(("KOR", "USA"), types=("COOPERATE",), joint=True), Acts(("PRK",), types=HOSTILE), raises=True, within=7
)


def record(ratio: float, seed: int) -> pl.DataFrame:
    """Ten years of drills every two months or so, and threats that come ``ratio`` times as often in the week after."""
    rng = np.random.default_rng(seed)
    drills = np.flatnonzero(rng.random(DAYS) < 1 / 60)
    rate = np.full(DAYS, 0.05)
    for d in drills:
        rate[d + 1 : d + 8] = 0.05 * ratio
    rows = [(START + timedelta(int(d)), "USA", "KOR", "COOPERATE", 1) for d in drills]
    rows += [(START + timedelta(i), "PRK", "KOR", "THREATEN", int(n)) for i, n in enumerate(rng.poisson(rate)) if n]
    return pl.DataFrame(rows, schema=["day", "source", "target", "type", "count"], orient="row").sort("day")


def test_finds_what_was_put_in() -> None:
    """A rise is supported, its opposite contradicted, and where there is nothing little is claimed."""
    risen = [checking.check(CLAIM, record(4.0, seed)) for seed in range(10)]
    assert sum(a.verdict == "supports" for a in risen) >= 9
    lowered = msgspec.structs.replace(CLAIM, raises=False)
    assert all(checking.check(lowered, record(4.0, seed)).verdict == "contradicts" for seed in range(5))
    nothing = [checking.check(CLAIM, record(1.0, seed)).verdict for seed in range(20)]
    assert nothing.count("supports") + nothing.count("contradicts") <= 4
    answer = risen[0]
    assert answer.followed > 2 * answer.expected and "Counts" in answer.summary()
    assert answer.frame().height == 1


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

    def days(ratio: float, low: float, high: float, p: float) -> WindowEffect:
        return WindowEffect(ratio, low, high, 40, 100, 100, 900, 10, (), p, START, START + timedelta(999))

    def said(*args: float, raises: bool = True) -> str:
        return checking.verdict(msgspec.structs.replace(CLAIM, raises=raises), None, days(*args))

    assert said(2.0, 1.2, 3.3, 0.02) == "supports"
    assert said(2.0, 1.2, 3.3, 0.15) == "leans for"
    assert said(1.5, 0.98, 2.4, 0.15) == "leans for"
    assert said(1.5, 0.98, 2.4, 0.40) == "says nothing"
    assert said(0.75, 0.6, 1.15, 0.40) == "leans against"
    assert said(0.95, 0.85, 1.05, 0.9) == "contradicts"
    assert said(0.5, 0.3, 0.8, 0.02, raises=False) == "supports"


def test_many_claims_are_held_to_a_false_discovery_rate() -> None:
    """Among twenty claims without effect beside one with, a lucky one does not stay supported."""
    strong = checking.check(CLAIM, record(4.0, 1))
    assert strong.compared is not None
    beside = replace(strong.compared, placebo_p=0.9)
    weak = replace(strong, compared=replace(strong.compared, placebo_p=0.09))
    none = replace(strong, verdict="says nothing", compared=beside)
    assert checking.adjust([weak, *[none] * 20])[0].verdict == "leans for"
    assert checking.adjust([weak])[0].verdict == "supports"


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
