"""Futures and measures: exactness, common luck, honesty about what is not known."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date as Date
from typing import get_args

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from detente.codebook import TYPES, event_type, is_hostile
from detente.errors import ScenarioError
from detente.learn.exposures import channels, symmetrise
from detente.learn.model import CHANNELS, Draws, Fit
from detente.simulate import (
    Measure,
    Scenario,
    Stream,
    Threshold,
    catalogue,
    compare,
    engine,
    futures,
    measure,
    simulate,
)
from detente.simulate.compare import Verdict
from detente.simulate.measures import parse, sources

ACTORS = ("USA", "KOR", "PRK", "CHN", "JPN")
DAYS = 20


def make(*, reaction: float = 0.4, phi: float = 1.5, draws: int = 3, seed: int = 1, rate: float = 0.06) -> Fit:
    """A small model with every channel alive; ``reaction`` sets how much follows from each event."""
    rng = np.random.default_rng(seed)
    n, k, taus = len(ACTORS), len(TYPES), np.array([2.0, 12.0])
    off = 1.0 - np.eye(n)
    base = symmetrise(rng.gamma(0.5, 2 * rate, (n, n, k)) * off[..., None])
    weights = rng.gamma(0.3, 1.0, (len(CHANNELS), len(taus), k, k))
    weights *= reaction / (weights.sum((0, 1, 3)).mean() * 2.5)
    theta = rng.gamma(4.0, 0.25, (len(CHANNELS), n, n)) * off
    partners = rng.random((n, n)) * off
    partners /= partners.sum(1, keepdims=True) + 0.3
    mean = base * 1.5
    spread = np.exp(0.1 * rng.normal(size=(draws, *weights.shape)))
    return Fit(
        actors=ACTORS,
        types=TYPES,
        taus=taus,
        channels=CHANNELS,
        base=base,
        weights=weights,
        theta=theta,
        partners=partners,
        phi=phi,
        volume_sd=(0.2, 0.2),
        state=symmetrise(rng.gamma(1.0, 1.0, mean.shape) * mean)[..., None] * np.ones(len(taus)),
        mean=mean,
        counts=mean * 500,
        draws=Draws(np.exp(0.1 * rng.normal(size=(draws, n, n))), weights * spread, np.repeat(theta[None], draws, 0)),
        score=None,
        n_events=1000,
        start=Date(2017, 1, 1),
        end=Date(2018, 2, 28),
    )


FIT = make()
SIDES = (("USA", "KOR"), ("PRK",))


def bound(id: str) -> Measure:
    return measure(id).between(*SIDES)


def run(fit: Fit = FIT, *measures: Measure, n: int = 40, seed: int = 5, **options: object) -> futures.Futures:
    return simulate(fit, start="2018-03-01", days=DAYS, futures=n, seed=seed, measures=measures, **options)  # type: ignore[arg-type]


def recursion(fit: Fit, draw: int, days: int) -> np.ndarray:
    """Expected events (A, A, K) over the horizon, straight from the model's equation, one day after another."""
    fade = np.exp(-1.0 / fit.taus)
    state, total = fit.state.copy(), np.zeros(fit.base.shape)
    for _ in range(days):
        exposed = channels(state, fit.partners)
        rate = fit.draws.base[draw][..., None] * fit.base + np.einsum(
            "cab,chlk,cablh->abk", fit.draws.theta[draw], fit.draws.weights[draw], exposed
        )
        rate = symmetrise(rate)
        total += rate
        state = fade * state + (1.0 - fade) * rate[..., None]
    return total


# -- engine ----------------------------------------------------------------------------------------------------------


def test_expectation_is_the_model_s_own_recursion() -> None:
    found = run().expected
    hostile = np.array([is_hostile(k) for k in TYPES])
    for draw in range(3):
        direct = recursion(FIT, draw, DAYS)
        np.testing.assert_allclose(found[draw, 0], direct[..., hostile].sum(-1), rtol=1e-9)
        np.testing.assert_allclose(found[draw, 1], direct[..., ~hostile].sum(-1), rtol=1e-9)


def test_mean_of_the_futures_is_the_expectation() -> None:
    n = 3000
    found = run(n=n)
    for i, daily in enumerate((found.hostile, found.conciliatory)):
        totals = daily.sum(1)
        exact = found.expected[:, i].sum((1, 2)).mean()
        assert abs(totals.mean() - exact) < 4 * totals.std() / np.sqrt(n)
    dyads = found.dyads[:, 0]
    error = dyads.std(0) / np.sqrt(n) + 1e-9
    z = (dyads.mean(0) - found.expected[:, 0].mean(0)) / error
    assert np.abs(z[~np.eye(len(ACTORS), dtype=bool)]).max() < 5


def test_counts_of_a_pair_share_a_shock() -> None:
    still = replace(make(reaction=0.0), volume_sd=(0.0, 0.0))
    shared, alone = (run(replace(still, phi=phi), n=2000).hostile for phi in (3.0, 0.0))
    assert alone.var() / alone.mean() == pytest.approx(1.0, abs=0.1)  # Poisson
    assert shared.var() / shared.mean() > 1.5


def test_reporting_volume_is_not_remembered() -> None:
    """With huge shocks of volume the loop's mean would grow if they fed it."""
    loud = replace(FIT, volume_sd=(0.0, 1.0))
    n = 4000
    totals = run(loud, n=n).hostile.sum(1)
    assert abs(totals.mean() - run(loud).expected[:, 0].sum((1, 2)).mean()) < 4 * totals.std() / np.sqrt(n)


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_channel_hears_what_the_model_hears(channel: str) -> None:
    """One channel alive at a time, so that no error in one can hide behind another."""
    alone = np.array([c == channel for c in CHANNELS])
    weights = FIT.draws.weights * alone[:, None, None, None] * 3.0
    fit = replace(FIT, draws=replace(FIT.draws, weights=weights))
    found, hostile = run(fit).expected, np.array([is_hostile(k) for k in TYPES])
    for i, sort in enumerate((hostile, ~hostile)):
        np.testing.assert_allclose(found[1, i], recursion(fit, 1, DAYS)[..., sort].sum(-1), rtol=1e-9)


def test_types_that_act_alike_are_heard_by_the_same_channels() -> None:
    heard = (engine.prepare(FIT, 0).weights[0] > 0.0).any(2)  # (L, C)
    groups = {k: tuple(heard[i]) for i, k in enumerate(TYPES)}
    assert groups["AGREE"] == groups["CONSULT"] != groups["AID"] != groups["ACCUSE"] == groups["ASSAULT"]


def test_reproduction_is_the_spectral_radius() -> None:
    model = engine.prepare(FIT, 0)
    n, k = len(ACTORS), len(TYPES)
    dense = np.zeros((n * n * k, n * n * k))
    for column in range(dense.shape[1]):
        unit = np.zeros(n * n * k)
        unit[column] = 1.0
        state = unit.reshape(n, n, k)
        if np.trace(state.sum(2)):
            continue
        exposed = channels(symmetrise(state)[..., None], FIT.partners)[..., 0]
        summed = FIT.draws.weights[0].sum(1)
        dense[:, column] = symmetrise(np.einsum("cab,clk,cabl->abk", FIT.draws.theta[0], summed, exposed)).ravel()
    radius = np.abs(np.linalg.eigvals(dense)).max()
    assert engine.reproduction(model, FIT, steps=200)[0] == pytest.approx(radius, rel=1e-3)


@given(st.floats(1e-6, 60.0), st.floats(0.0, 1.0, exclude_max=True))
def test_counts_are_poisson_quantiles(rate: float, u: float) -> None:
    n = engine._poisson(rate, u)
    u = min(u, 1.0 - 1e-12)  # the last millionth of a millionth is cut off
    assert stats.poisson.cdf(n - 1, rate) <= u + 1e-12
    assert n == engine.CAP or u <= stats.poisson.cdf(n, rate) + 1e-12


@given(st.floats(1e-3, 20.0), st.floats(1.0, 3.0), st.floats(0.0, 1.0, exclude_max=True))
@example(0.1, 1.5, 0.9999999999999998)
def test_a_higher_rate_never_gives_a_lower_count(rate: float, times: float, u: float) -> None:
    assert engine._poisson(rate * times, u) >= engine._poisson(rate, u)


@pytest.mark.parametrize("phi", [0.03, 0.4, 3.0, 30.0])
def test_shocks_are_gamma_with_mean_one(phi: float) -> None:
    table = engine.shocks()
    luck = (np.arange(20_000) + 0.5) / 20_000
    draws = np.array([engine._gamma(-np.log1p(-u), np.log(phi), table) for u in luck])
    exact = stats.gamma(1 / phi, scale=phi).ppf(luck)
    assert (np.diff(draws) >= 0).all()
    np.testing.assert_allclose(draws[20:], exact[20:], rtol=0.02, atol=0.02)
    assert draws.mean() == pytest.approx(1.0, abs=0.01)


@given(st.floats(0.0, 0.999), st.floats(1e-4, 5.0), st.floats(1.0, 3.0), st.floats(0.0, 1.0))
def test_with_the_same_luck_a_higher_rate_gives_no_fewer_events(
    u: float, rate: float, times: float, power: float
) -> None:
    table = engine.shocks()

    def mean(x: float) -> float:
        return x * engine._shock(np.full(16, x / 16), np.zeros(16), -np.log1p(-u), 0.5, power, table)

    assert mean(rate * times) >= mean(rate) * (1 - 1e-3) - 1e-9


def test_an_unstable_model_is_said_to_be_one() -> None:
    wild = run(make(reaction=3.0, rate=0.5), n=10)
    assert wild.unstable == wild.n_draws
    assert wild.capped.sum() > 0
    assert wild.dyads.max() <= engine.CAP * DAYS
    assert "that bound bit" in wild.summary()
    assert "feed themselves" in wild.summary()
    assert np.isfinite(wild.expected).all()
    assert "feed themselves" not in run().summary()


def test_import_is_light() -> None:
    """The statistics of scipy take a second to import and are wanted by the backtest alone."""
    code = "import sys, detente.simulate, detente.learn; sys.exit('scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# -- luck ------------------------------------------------------------------------------------------------------------


def test_seeds_reproduce_and_differ() -> None:
    assert run(seed=3).frame().equals(run(seed=3).frame())
    assert not run(seed=3).frame().equals(run(seed=4).frame())


def test_workers_and_order_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    one = run(FIT, bound("hotline"), workers=1)
    monkeypatch.setattr(futures, "_CHUNK", 7)
    two = run(FIT, bound("hotline"), workers=2)
    for name in ("hostile", "conciliatory", "dyads", "by_type", "worst", "expected"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_more_futures_leave_the_first_ones_as_they_were() -> None:
    np.testing.assert_array_equal(run(n=10).hostile, run(n=30).hostile[:10])


def test_a_measure_that_does_nothing_changes_nothing() -> None:
    idle = [
        Measure(**{f: getattr(bound(m.id), f) for f in m.__struct_fields__} | {"strength": (0.0, 0.0)})
        for m in catalogue()
    ]
    trial = compare(FIT, idle, start="2018-03-01", days=DAYS, futures=20, seed=5)
    for effect in trial.effects:
        assert (effect.change == 0).all()
        assert (effect.expected() == 0).all()
        assert effect.verdict == "no detectable effect"
        assert effect.frequencies == (0, 20, 0)


def test_the_same_luck_for_every_measure() -> None:
    alone = run()
    trial = compare(FIT, [bound("hotline")], start="2018-03-01", days=DAYS, futures=40, seed=5)
    np.testing.assert_array_equal(alone.hostile, trial.base.hostile)
    np.testing.assert_array_equal(run(FIT, bound("hotline")).hostile, trial.effects[0].futures.hostile)


# -- measures --------------------------------------------------------------------------------------------------------


def scheduled(day: int, kind: str = "CONSULT", **more: object) -> Measure:
    return Measure("x", "X", "scheduled", (Stream((kind,)),), every=100, first=day, **more).between(*SIDES)  # type: ignore[arg-type]


@pytest.mark.parametrize("day", [1, 8, DAYS])
def test_events_change_nothing_before_their_date(day: int) -> None:
    base, after = run(n=200), run(FIT, scheduled(day), n=200)
    np.testing.assert_array_equal(base.hostile[:, :day], after.hostile[:, :day])
    if day < DAYS:
        assert (base.hostile[:, day:] != after.hostile[:, day:]).any()


def test_what_a_measure_adds_is_not_counted_as_its_effect() -> None:
    still = make(reaction=0.0)
    np.testing.assert_array_equal(run(still).conciliatory, run(still, scheduled(2)).conciliatory)


def test_an_added_event_has_the_effect_of_the_weights() -> None:
    """One AID on the last day but one acts for one day: theta, weights and the kernel's first step, no more."""
    added = run(FIT, scheduled(DAYS - 1, "AID")).expected - run().expected
    fade = np.exp(-1.0 / FIT.taus)
    state = np.zeros(FIT.state.shape)
    for s in SIDES[0]:
        state[FIT.index(s), FIT.index("PRK"), TYPES.index("AID")] += 1.0 - fade
    exposed = channels(state, FIT.partners)
    hostile = np.array([is_hostile(k) for k in TYPES])
    for draw in range(3):
        more = np.einsum("cab,chlk,cablh->abk", FIT.draws.theta[draw], FIT.draws.weights[draw], exposed)
        np.testing.assert_allclose(added[draw, 0], more[..., hostile].sum(-1), atol=1e-9)


def test_removal_lowers_that_stream_and_no_other() -> None:
    still = make(reaction=0.0)
    stop = Measure("x", "X", "removed", (Stream(("ACCUSE",)),), strength=(0.5, 0.5)).between(*SIDES)
    base, less = run(still, n=2000), run(still, stop, n=2000)
    a, b = still.index("KOR"), still.index("PRK")
    k = TYPES.index("ACCUSE")
    others = [i for i in range(len(TYPES)) if i != k]
    np.testing.assert_array_equal(base.by_type[:, others], less.by_type[:, others])
    lost = base.expected[:, 0] - less.expected[:, 0]
    untouched = np.ones(lost.shape[1:], dtype=bool)
    untouched[[a, still.index("USA")], b] = False
    assert (lost[:, untouched] == 0).all()
    rate = still.draws.base[:, a, b] * still.base[a, b, k] * DAYS
    np.testing.assert_allclose(lost[:, a, b], 0.5 * rate)
    fell = base.by_type[:, k] - less.by_type[:, k]
    assert (fell >= 0).all()
    assert fell.mean() == pytest.approx(lost.sum((1, 2)).mean(), rel=0.15)


def test_a_stream_without_direction_is_removed_both_ways() -> None:
    still = make(reaction=0.0)
    stop = Measure("x", "X", "removed", (Stream(("COOPERATE",)),)).between(("PRK",), ("CHN",))
    gone = run(still, stop).expected[:, 1] - run(still).expected[:, 1]
    a, b = still.index("PRK"), still.index("CHN")
    assert (gone[:, a, b] < 0).all()
    np.testing.assert_allclose(gone[:, a, b], gone[:, b, a])


def test_damping_acts_on_the_reaction_only() -> None:
    notice = Measure(
        "x", "X", "assumed", (Stream(("MOBILIZE", "COOPERATE"), "by", "all"),), strength=(0.5, 0.5)
    ).between(*SIDES)
    still = make(reaction=0.0)
    np.testing.assert_array_equal(run(still).hostile, run(still, notice).hostile)
    calmed = run(FIT, notice).expected[:, 0] - run().expected[:, 0]
    assert (calmed <= 1e-12).all()
    assert calmed[:, FIT.index("PRK")].sum() < 0.5 * calmed.sum() < 0  # most of it in the acts of the side that is told
    full = replace_strength(notice, 1.0)
    assert (run(FIT, full).expected[:, 0].sum() - run().expected[:, 0].sum()) < calmed.sum()


def test_two_damped_streams_damp_exactly_what_they_should() -> None:
    """Overlapping streams told to different sides, against the model's equation, damped reactor by reactor."""
    one = Measure("x", "X", "assumed", (Stream(("MOBILIZE", "ACCUSE"), "by", "all"),), strength=(0.5, 0.5))
    two = Measure("y", "Y", "assumed", (Stream(("ACCUSE", "CONSULT"), "all", "all"),), strength=(0.3, 0.3))
    pair = (one.between(("USA", "KOR"), ("PRK",)), two.between(("USA",), ("PRK", "CHN", "JPN")))
    found = run(FIT, *pair).expected
    n, fade, hostile = len(ACTORS), np.exp(-1.0 / FIT.taus), np.array([is_hostile(k) for k in TYPES])
    told = np.zeros((2, n, n, len(TYPES)), dtype=bool)
    reacts = np.zeros((2, n, len(TYPES)))
    for m, p in enumerate(pair):
        who, whom = np.isin(ACTORS, p.side(p.events[0].who)), np.isin(ACTORS, p.side("all"))
        told[m] = np.outer(who, whom)[..., None] & np.isin(TYPES, p.events[0].types)
        symmetric = np.array([event_type(k).symmetric for k in TYPES])
        told[m] |= told[m].swapaxes(0, 1) & symmetric
        reacts[m] = p.strength[0] * np.outer(np.isin(ACTORS, p.toward), hostile)
    told[:, range(n), range(n)] = False
    weights, theta, total = FIT.draws.weights[0], FIT.draws.theta[0], np.zeros(FIT.base.shape)
    before, since = FIT.state.copy(), np.zeros((2, 2, *FIT.state.shape))  # history since, split by what damps it
    for _ in range(DAYS):
        rate = FIT.draws.base[0][..., None] * FIT.base
        rate = rate + np.einsum("cab,chlk,cablh->abk", theta, weights, channels(before, FIT.partners))
        for i, j in np.ndindex(2, 2):
            left = (1.0 - i * reacts[0]) * (1.0 - j * reacts[1])
            exposed = channels(since[i, j], FIT.partners)
            rate += left[:, None] * np.einsum("cab,chlk,cablh->abk", theta, weights, exposed)
        rate = symmetrise(rate)
        total += rate
        before *= fade
        for i, j in np.ndindex(2, 2):
            part = rate * (told[0] == i) * (told[1] == j)
            since[i, j] = fade * since[i, j] + (1.0 - fade) * part[..., None]
    np.testing.assert_allclose(found[0, 0], total[..., hostile].sum(-1), rtol=1e-9)
    np.testing.assert_allclose(found[0, 1], total[..., ~hostile].sum(-1), rtol=1e-9)


def replace_strength(m: Measure, value: float) -> Measure:
    return Measure(**{f: getattr(m, f) for f in m.__struct_fields__} | {"strength": (value, value)})


def test_assumed_strength_is_spread_over_its_range() -> None:
    drawn = engine.strengths(3, 5000, np.array([11, 12], dtype=np.uint64), np.array([0.2, 0.0]), np.array([0.6, 1.0]))
    assert 0.2 <= drawn[:, 0].min() < 0.21
    assert 0.59 < drawn[:, 0].max() < 0.6
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.06


def test_measures_together_hold_each_one() -> None:
    both = (bound("drills-suspended"), bound("drills-notice"))
    trial = compare(FIT, [*both, both], start="2018-03-01", days=DAYS, futures=20, seed=5)
    single, _, together = (float(e.expected().mean()) for e in trial.effects)
    assert together <= single
    assert trial.effects[2].kind == "removed + assumed"


# -- catalogue and files ---------------------------------------------------------------------------------------------


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
    assert run(FIT, visits.between(*SIDES)).measures[0].name == "Monthly visits of envoys"


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
    assert trial.base.hostile.shape == (12, 15)
    assert trial.base.threshold.events == 2
    assert trial.effects[1].measures[0].by == ("PRK",)
    assert trial.effect("visits + drills-notice").name.startswith("Visits and notice")
    inside = np.isin(FIT.actors, scenario.actors)
    assert (trial.base.dyads[..., ~np.outer(inside, inside)] == 0).all()
    np.testing.assert_array_equal(scenario.simulate(FIT).hostile, trial.base.hostile)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"hotline"', '"hotlin"', "near names: hotline"),
        ("days = 15", "day = 15", "near keys: days"),
        ("days = 15", "days = 0", "days = 0"),
        ("days = 15", 'days = "ten"', r"\$\.days"),
        ("start = 2018-03-01\n", "", "'start' is missing"),
        ("toward = ", "toward = []  # ", "both sides need"),
        ('["PRK"]\nmeasures', '["KOR"]\nmeasures', "KOR cannot be in 'by' and in 'toward'"),
        ("start = 2018-03-01", "start = ", "not TOML"),
    ],
)
def test_a_wrong_scenario_is_refused(old: str, new: str, message: str) -> None:
    assert old in SCENARIO
    with pytest.raises(ScenarioError, match=message):
        Scenario.parse(SCENARIO.replace(old, new, 1) + FIVE_LINES)


def test_what_the_model_does_not_know_is_refused() -> None:
    with pytest.raises(ScenarioError, match="end on 2018-02-28"):
        simulate(FIT, start="2018-02-28")
    with pytest.raises(ScenarioError, match="knows no FRA"):
        run(FIT, measure("hotline").between(["FRA"], ["PRK"]))
    with pytest.raises(ScenarioError, match="knows no FRA"):
        run(among=["FRA"])
    with pytest.raises(ScenarioError, match="who, and toward whom"):
        run(FIT, measure("hotline"))
    with pytest.raises(ScenarioError, match="is no date"):
        simulate(FIT, start="spring")
    with pytest.raises(ScenarioError, match="this model has 15; fit it anew"):
        run(replace(FIT, types=TYPES[:15]))


# -- results ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trial():  # type: ignore[no-untyped-def]
    measures = [m.between(*SIDES) for m in catalogue()]
    return compare(FIT, measures, start="2018-03-01", days=DAYS, futures=60, seed=5)


def test_ranking_and_table_agree(trial) -> None:  # type: ignore[no-untyped-def]
    table = trial.frame()
    assert table["name"].to_list() == [e.name for e in trial.ranking()]
    assert table["expected"].is_sorted()
    assert (table["better"] + table["same"] + table["worse"] == 20).all()
    assert (table["expected_low90"] <= table["expected"]).all()
    assert (table["change_low90"] <= table["change_low50"]).all()
    assert set(table["verdict"]) <= set(get_args(Verdict))


def test_words_say_what_the_numbers_hold(trial) -> None:  # type: ignore[no-untyped-def]
    text = trial.summary()
    assert "holds none by which talks or aid lower hostility" in text
    assert "assumed, not learnt" in text
    assert "Evidence from studies and history: thin." in text
    assert "of 20 futures" in text
    assert any("D'Orazio" in line for line in trial.cite())
    for effect in trial.effects:
        if effect.kind == "scheduled":  # a linear model without damping cannot show a calming effect
            assert (effect.expected() >= -1e-9).all()
            assert effect.verdict != "fewer hostile events"


def test_a_large_effect_is_detected() -> None:
    stop = Measure("x", "X", "removed", (Stream(tuple(k for k in TYPES if is_hostile(k)), "all", "all"),))
    effect = compare(FIT, [stop.between(*SIDES)], start="2018-03-01", days=DAYS, futures=60).effects[0]
    assert effect.verdict == "fewer hostile events"
    assert effect.frequencies[0] > 15


def test_a_sure_but_small_effect_is_called_too_small() -> None:
    """Whether an effect is sure and whether it matters are two questions, and get two answers."""
    stop = Measure("x", "X", "removed", (Stream(tuple(k for k in TYPES if is_hostile(k)), "all", "all"),))
    for strength, verdict in ((0.002, "too small to matter"), (0.2, "fewer hostile events")):
        measure = replace_strength(stop.between(*SIDES), strength)
        effect = compare(FIT, [measure], start="2018-03-01", days=DAYS, futures=60).effects[0]
        assert effect.expected().max() < 0.0
        assert effect.verdict == verdict
        assert effect.row()["verdict"] == verdict


def test_fans_and_tables(trial) -> None:  # type: ignore[no-untyped-def]
    weeks = trial.fan(step=7)
    assert weeks.height == 9 * (DAYS // 7)
    assert weeks["day"][0] == Date(2018, 3, 7)
    total = trial.base.fan(cumulative=True)
    assert total["median"].is_sorted()
    assert total["median"][-1] == np.median(trial.base.frame()["hostile"])
    assert trial.base.totals()["mean"].sum() == pytest.approx((trial.base.hostile + trial.base.conciliatory).sum() / 60)
    pairs = trial.base.pairs()
    assert pairs["hostile_expected"].sum() == pytest.approx(trial.base.expected[:, 0].sum((1, 2)).mean())
    with pytest.raises(ScenarioError, match="shorter than a step"):
        trial.base.fan(step=DAYS + 1)


def test_escalation_threshold() -> None:
    found = run(n=300)
    assert found.threshold.events is not None
    assert found.escalated.mean() <= 0.10
    assert (found.worst >= found.threshold.events - 1).mean() > 0.10  # one event less and more futures would cross
    low, high = (run(n=300, threshold=Threshold(events=e)).escalated.mean() for e in (1, 10**6))
    assert (low, high) == (1.0, 0.0)


def test_the_worst_window_is_the_worst_window() -> None:
    """With one pair counted, the engine's running window equals one worked out afterwards from daily counts."""
    hostile = tuple(k for k in TYPES if is_hostile(k))
    found = run(n=50, among=["USA", "PRK"], threshold=Threshold(hostile, days=5))
    window = np.lib.stride_tricks.sliding_window_view(np.pad(found.hostile, ((0, 0), (4, 0))), 5, axis=1).sum(-1)
    np.testing.assert_array_equal(found.worst, window.max(1))


def test_history_fades_toward_its_mean_over_a_gap() -> None:
    near, far = engine.prepare(FIT, 0).start, engine.prepare(FIT, 5000).start
    usual = engine.prepare(replace(FIT, state=np.zeros_like(FIT.state)), 0).start
    np.testing.assert_allclose(far, usual)
    assert not np.allclose(near, usual)


def test_symmetric_types_are_counted_once() -> None:
    assert [k for k in TYPES if event_type(k).symmetric] == ["AGREE", "CONSULT", "COOPERATE"]
    found = run()
    both = found.dyads[:, 1].sum((1, 2))
    np.testing.assert_allclose(both, found.conciliatory.sum(1))
