"""Response curves, reproduction by pair and bloc, and that no actor is treated differently from another."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.brief import answer
from detente.cli import main
from detente.codebook import QUADS, TYPES, event_type
from detente.errors import CodebookError, LearnError
from detente.learn import Fit, ReactionModel, Settings, prior, reactions, windows
from detente.learn.check import Acts, Proposition, model_effect
from detente.learn.exposures import channels, damped
from detente.learn.further import usual_rates
from detente.learn.reactions import Reaction
from detente.record.windows import Window
from detente.web.pages import reactions as page

DAYS = [date(2010, 1, 1) + timedelta(17 * i) for i in range(200)]
COMPARED = windows.effect([d + timedelta(i % 5) for i, d in enumerate(DAYS)], [Window(d, d) for d in DAYS[::2]])
STATES = ("AUS", "CHN", "JPN", "PRK")


def record(seed: int, days: int = 120) -> pl.DataFrame:
    """Events at random, some pairs and types more often than others."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.5, 0.04, size=(4, 4, len(TYPES)))
    rows = []
    for t in range(days):
        for a, b, k in np.argwhere(rng.random(rate.shape) < rate):
            if a != b:
                rows.append((date(2020, 1, 1) + timedelta(t), STATES[a], STATES[b], TYPES[k], int(rng.integers(1, 3))))
    return pl.DataFrame(rows, schema=["day", "source", "target", "type", "count"], orient="row")


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000), order=st.permutations(range(4)), short=st.booleans())
def test_relabelling_actors_relabels_the_result_and_nothing_else(seed: int, order: list[int], short: bool) -> None:
    """Names carry no weight: neither in a fit of a record by itself, nor in one that moves a prior."""
    table = record(seed)
    names = dict(zip(STATES, (STATES[i] for i in order), strict=True))
    renamed = table.with_columns(pl.col(side).replace_strict(names) for side in ("source", "target"))
    # The prior knows nothing of the actors by name either: here it is one and the same for all of them.
    start = ReactionModel(settings=Settings(outer=3), draws=0).fit(record(1), actors=STATES) if short else None
    if start is not None:
        n = len(STATES)
        off = 1.0 - np.eye(n)
        flat = {name: off[..., None] * getattr(start, name).mean((0, 1)) for name in ("base", "mean", "counts")}
        start = replace(start, theta=off * start.theta.mean((1, 2))[:, None, None], partners=off / n, **flat)
    model = ReactionModel(settings=Settings(outer=3), draws=0)
    one = model.fit(table, actors=STATES, prior=start)
    two = model.fit(renamed, actors=STATES, prior=start).select([names[code] for code in STATES])
    for name in ("base", "theta", "weights", "partners", "state", "mean", "counts", "phi"):
        # The search for phi stops at a relative error of some 1e-6, and all else follows it.
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-5, atol=1e-8, err_msg=name)


def test_a_response_is_the_sum_of_its_days_and_agrees_with_the_effect_of_a_claim() -> None:
    fit = prior()
    found = fit.reaction("PRK", to="ACCUSE", by="KOR")
    np.testing.assert_allclose(found.daily.cumsum(1), found.total, rtol=1e-12)
    assert (found.low <= found.total).all() and (found.total <= found.high).all()
    assert (np.diff(found.daily, axis=1) <= 1e-15).all()  # fades
    assert found.frame().shape == (4 * 60, 6)
    hostile = tuple(k for k in TYPES if event_type(k).quad == "verbal conflict")
    claim = Proposition(Acts(("KOR",), ("PRK",), ("ACCUSE",)), Acts(("PRK",), types=hostile), within=60)
    other = model_effect(fit, claim)
    assert other is not None
    assert found.total[QUADS.index("verbal conflict"), -1] == pytest.approx(other.effect, rel=1e-6)
    assert found.n == pytest.approx(other.n)
    assert "further" not in found.summary() and "events of verbal conflict per act" in found.summary()


def test_channels_add_up_and_half_lives_are_halves() -> None:
    fit = prior()
    whole = fit.reaction("CHN", to="COOPERATE", by=["USA"], toward=["JPN"], days=365)
    parts = [
        fit.reaction("CHN", to="COOPERATE", by=["USA"], toward=["JPN"], days=365, channel=channel).total
        for channel in fit.channels
    ]
    np.testing.assert_allclose(sum(parts), whole.total, rtol=1e-9, atol=1e-15)
    for row, half in zip(whole.total, whole.half_life, strict=True):
        if row[-1] > 1e-9 and half > 1:
            assert np.interp(half, np.arange(1, 366), row) == pytest.approx(row[-1] / 2, rel=0.1)


def test_a_response_says_what_it_cannot_do() -> None:
    fit = prior()
    with pytest.raises(CodebookError):
        fit.reaction("PRK", to="DANCE", by="KOR")
    with pytest.raises(LearnError, match="No channel"):
        fit.reaction("PRK", to="ACCUSE", by="KOR", channel="telepathy")
    with pytest.raises(LearnError, match="two different actors"):
        fit.reaction("PRK", to="ACCUSE", by="PRK")
    rare = replace(fit, counts=np.zeros_like(fit.counts)).reaction("PRK", to="ACCUSE", by="KOR")
    assert "too few cases" in rare.summary()
    # Nor of the days compared, however many the record of another model holds.
    enough = replace(fit.reaction("PRK", to="ACCUSE", by="KOR"), compared=COMPARED)
    assert "times that outside" in enough.summary()
    assert "times that outside" not in replace(rare, compared=COMPARED).summary()


def test_a_record_stands_beside_the_model() -> None:
    """With a record, the days after such acts are compared with others, with a placebo."""
    rng = np.random.default_rng(3)
    days = [date(2010, 1, 1) + timedelta(int(i)) for i in np.flatnonzero(rng.random(3000) < 0.01)]
    rows = [(d, "KOR", "PRK", "ACCUSE") for d in days] + [(d + timedelta(9), "PRK", "KOR", "THREATEN") for d in days]
    table = pl.DataFrame(rows, schema=["day", "source", "target", "type"], orient="row").sort("day")
    found = prior().reaction("PRK", to="ACCUSE", by="KOR", table=table)
    assert found.compared is not None and found.compared.ratio > 1.5
    assert "shifted" in found.summary() or "moved through the calendar" in found.summary()
    assert found.cite()
    assert "<svg" in found.figure().svg("r")


def small() -> Fit:
    fit = prior().select(["CHN", "JPN", "KOR", "PRK", "USA"])
    return replace(fit, draws=replace(fit.draws, base=fit.draws.base[:8], weights=fit.draws.weights[:8],
                                      theta=fit.draws.theta[:8]))  # fmt: skip


@pytest.mark.parametrize("hostile", [False, True])
def test_reproduction_of_a_pair_is_that_of_a_model_of_these_two(hostile: bool) -> None:
    fit = small()
    frame = fit.reproduction(by="pair", hostile=hostile)
    assert frame.height == 10
    for name, (a, b), value, low, high, n in frame.head(3).iter_rows():
        assert name == f"{a}-{b}"
        alone = fit.select([a, b]).reproduction(hostile=hostile)
        assert (value, low, high) == pytest.approx(alone, rel=1e-3)
        assert low <= value <= high and n >= 0


def calm(fit: Fit, level: float = 0.8) -> Fit:
    """The model with damping of all its rates, as sure as its other parameters."""
    rng = np.random.default_rng(1)
    damping = np.linspace(0.5, 1.0, 8).reshape(4, 2) * level
    drawn = damping * rng.gamma(20.0, 1 / 20.0, size=(len(fit.draws), 4, 2))
    return replace(fit, damping=damping, draws=replace(fit.draws, damping=drawn))


@pytest.mark.parametrize("to", ["CONSULT", "COOPERATE", "AID", "ACCUSE"])
def test_a_response_with_damping_is_what_the_rates_change_by(to: str) -> None:
    """Against the rates themselves, in the usual state with and without one act more, day by day."""
    fit, half = calm(small()), event_type(to).symmetric
    prk, kor, kind = fit.index("PRK"), fit.index("KOR"), TYPES.index(to)
    usual = np.repeat(fit.mean[..., None], 3, axis=-1)

    def rates(state: np.ndarray) -> np.ndarray:
        felt = channels(state, fit.partners, fit.foes)
        plain = fit.base + np.einsum("cab,cablh,chlk->abk", fit.theta, felt, fit.weights)
        left = damped(state, fit.damping, fit.damping_scale)
        return plain * left[..., [QUADS.index(event_type(k).quad) for k in TYPES]]

    keep, wanted = np.exp(-1 / fit.taus.astype(float)), np.zeros((4, 40))
    for day in range(40):
        more = usual.copy()
        for a, b in [(kor, prk), (prk, kor)] if half else [(kor, prk)]:
            more[a, b, kind] += (1 - keep) * keep**day / (2 if half else 1)
        change = rates(more) - rates(usual)
        for k in TYPES:
            of = change[:, :, TYPES.index(k)]
            by_prk = of[prk].sum() + (of[:, prk].sum() if event_type(k).symmetric else 0.0)
            wanted[QUADS.index(event_type(k).quad), day] += by_prk
    found = fit.reaction("PRK", to=to, by="KOR", days=40)
    np.testing.assert_allclose(found.daily, wanted, rtol=1e-6, atol=1e-6)  # the prior's numbers have single precision
    assert (found.low <= found.total).all() and (found.total <= found.high).all()
    friendly = event_type(to).quad.endswith("cooperation")
    assert (found.calmed < 0).all() if friendly else (found.calmed == 0).all()


def test_what_calms_is_told_as_a_fall() -> None:
    """Rows of their own among the reactions, negative, with their interval; none where nothing is damped."""
    fit = calm(small())
    assert "calming" not in set(small().frame()["channel"])
    rows = fit.frame().filter(channel="calming")
    assert (
        (rows["effect"] <= 0).all() and (rows["low"] <= rows["effect"]).all() and (rows["effect"] <= rows["high"]).all()
    )
    assert set(rows["cause"]) == {"verbal cooperation", "material cooperation"}
    one = {"actor": "PRK", "toward": "KOR", "cause": "verbal cooperation", "response": "verbal conflict"}
    row = rows.filter(**one).row(0, named=True)
    # One act of verbal cooperation more, in either direction, at the usual rate.
    a, b = fit.index("PRK"), fit.index("KOR")
    keep = float(np.exp(-1 / fit.taus[1]))
    usual = [sum(fit.mean[x, y, TYPES.index(k)] for k in TYPES if event_type(k).quad == quad
                 for x, y in ((a, b), (b, a))) for quad in QUADS if quad.endswith("cooperation")]  # fmt: skip
    gamma, s = fit.damping[QUADS.index("verbal conflict")], fit.damping_scale
    left = [np.exp(-sum(g * z / (z + s) for g, z in zip(gamma, (usual[0] + extra, usual[1]), strict=True)))
            for extra in (0.0, *((1 - keep) * keep**d for d in range(30)))]  # fmt: skip
    rate = usual_rates(fit)[a, b, [event_type(k).quad == "verbal conflict" for k in TYPES]].sum() / left[0]
    assert row["effect"] == pytest.approx(rate * sum(x - left[0] for x in left[1:]), rel=1e-6)
    assert row["n"] == pytest.approx(sum(
        fit.counts[x, y, TYPES.index(k)] for k in TYPES if event_type(k).quad == "verbal cooperation"
        for x, y in ((a, b), (b, a))))  # fmt: skip
    assert "PRK spares 0.30 events" in Reaction(**row | {"effect": -0.3, "low": -0.4, "high": -0.2}).summary()
    assert fit.reproduction()[0] < small().reproduction()[0]


def test_blocs_and_pairs_have_intervals_that_hold_the_estimate() -> None:
    """Of some width, on both sides, for the whole, for blocs and for pairs, hostile or not."""
    fit = prior()
    for hostile in (False, True):
        value, low, high = fit.reproduction(hostile=hostile)
        assert low < value < high
        blocs = fit.reproduction(by="bloc", hostile=hostile)
        assert blocs.height >= 2 and sorted(code for codes in blocs["actors"] for code in codes) == sorted(fit.actors)
        pairs = fit.reproduction(by="pair", hostile=hostile).filter(pl.col("n") >= 50)
        for frame in (blocs, pairs):
            assert (frame["low"] < frame["value"]).mean() > 0.9 and (frame["value"] < frame["high"]).mean() > 0.9


def test_reproduction_of_a_bloc() -> None:
    fit = small()
    frame = fit.reproduction(by={"two": ["JPN", "USA", "FJI"], "one": ["CHN"], "all": fit.actors})
    assert frame["group"].to_list() == ["all", "two"] or frame["group"].to_list() == ["two", "all"]
    whole = frame.row(by_predicate=pl.col("group") == "all", named=True)
    assert whole["value"] == pytest.approx(fit.reproduction()[0])


def test_commands(tmp_path: Path) -> None:
    """Reactions, a response with its figure, and reproduction, from the shell."""
    desk = f"{tmp_path}/desk"
    run = CliRunner().invoke
    assert run(main, ["read", "-", "--desk", desk, "--published", "2024-07-09"], input="Japan protested to China on 5 July 2024.").exit_code == 0  # fmt: skip  # noqa: E501
    curve = ["--actor", "CHN", "--to", "ACCUSE", "--by", "Japan", "--desk", desk]
    outcome = run(main, ["reactions", *curve, "--svg", f"{tmp_path}/c.svg"])
    assert outcome.exit_code == 0, outcome.output
    assert "CHN adds, by the reaction model" in outcome.stdout
    assert (tmp_path / "c.svg").read_text(encoding="utf-8").startswith("<svg")
    assert run(main, ["reactions", "--actor", "CHN", "--csv", "--desk", desk]).stdout.startswith("actor,")
    assert run(main, ["reproduction", "--desk", desk, "--json"]).stdout.startswith('{"group": "CHN-JPN"')
    assert "After ACCUSE of anyone" in run(main, ["reactions", *curve[:4], "--desk", desk]).stdout
    assert run(main, ["reactions", "--to", "ACCUSE", "--desk", desk]).exit_code == 2


def test_what_several_actors_do_alike_is_said_once() -> None:
    """With how many intervals were looked at; one that differs stands by itself, and answers have a direction."""
    lines = prior().summary().splitlines()
    assert any("no allowance is made for looking at" in line for line in lines)
    alike = [line for line in lines if "Much the same for" in line]
    assert alike and len({line.split(", the actor")[0] for line in alike}) < len(lines)
    assert all("toward the other per event" in line for line in lines if " adds " in line)
    one = Reaction("PRK", "", "reciprocity", "verbal conflict", "verbal conflict", 0.1, 0.05, 0.1, 3.0, 50.0)
    assert "estimate at its end" in one.summary() and not replace(one, high=0.12).at_end
    other, third = replace(one, actor="KOR", effect=0.09), replace(one, actor="USA", effect=0.4, low=0.3, high=0.5)
    once, apart = reactions._told([one, other, third])
    assert "0.09 to 0.10 events" in once and once.endswith("PRK, KOR.") and "USA" not in once
    assert apart == third.summary()


def test_reproduction_and_responses_say_what_they_take() -> None:
    fit = prior().select(["CHN", "JPN", "PRK"])
    with pytest.raises(LearnError, match="by 'pair', by 'bloc' or by named groups"):
        fit.reproduction(by="zoo")  # type: ignore[call-overload]
    with pytest.raises(CodebookError, match="did you mean MOBILIZE"):
        fit.reaction("PRK", to="MOBILISE", by="JPN")
    anyone = fit.reaction("PRK", to="ACCUSE")
    assert anyone.n == pytest.approx(sum(fit.reaction("PRK", to="ACCUSE", by=by).n for by in ("CHN", "JPN")))
    assert repr(anyone).startswith("<Response of PRK to ACCUSE of anyone toward PRK: 60 days")


def test_reactions_are_worked_out_once_for_a_fit_and_keep_none() -> None:
    """The same table back for the same fit; a caller's own is a clone; a fit that nobody holds goes."""
    fit = prior().select(["KOR", "PRK", "USA"])
    assert reactions.frame(fit) is reactions.frame(fit) is not reactions.frame(prior())
    mine = fit.frame()
    mine.columns = [name.upper() for name in mine.columns]
    assert "actor" in fit.frame().columns
    watched = weakref.ref(fit)
    del fit
    gc.collect()
    assert watched() is None


def test_what_spares_events_is_said_so() -> None:
    """A fall is told as what is spared, the nearer end of its interval first."""
    one = Reaction("JPN", "KOR", "calming", "verbal cooperation", "verbal conflict", -0.03, -0.05, -0.02, 3.0, 50.0)
    assert (one.verb, one.ends, one.detectable) == ("spares", (0.02, 0.05), True)
    assert "JPN spares 0.03 events" in one.summary() and "0.02 to 0.05" in one.summary()
    frame = pl.DataFrame([one.__dict__, {**one.__dict__, "low": -0.05, "high": 0.01}])
    assert frame.select(reactions.least()).to_series().to_list() == [0.02, -0.01]
    cells = frame.select("effect", "low", "high", "n", row="actor", column="toward")
    assert [row["low"] for row in page._largest(cells)] == [-0.05]
    learnt: Any = SimpleNamespace(reactions=lambda actors: (one,), score=None)
    findings: Any = SimpleNamespace(fit=learnt, actors=("JPN", "KOR"))
    said = "".join(part.words for part in answer._reacted(findings))
    assert "Japan spares 0.030 events" in said and "interval 0.020 to 0.050" in said and "−" not in said
