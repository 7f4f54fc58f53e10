"""Futures: exactness, common luck, nothing lost and nothing doubled, whoever ran them."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date as Date
from pathlib import Path
from weakref import ref

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numba import njit
from scipy import stats

from detente.actors import state_codes
from detente.codebook import QUADS, TYPES, event_type, is_hostile, quad
from detente.errors import ScenarioError
from detente.learn.exposures import channels, damped, symmetrise
from detente.learn.model import CHANNELS, Fit
from detente.simulate import (
    Live,
    Measure,
    Stream,
    Threshold,
    catalogue,
    compare,
    engine,
    experiment,
    lanes,
    luck,
    memory,
    rates,
    simulate,
    sketch,
)
from detente.simulate import futures as futures_module
from tests.small import ACTORS, DAYS, FIT, SIDES, bound, make
from tests.small import futures as run

QUAD = np.array([QUADS.index(quad(k)) for k in TYPES])


def calming(fit: Fit = FIT) -> Fit:
    """The same model with foes, and with damping that differs by class of response and by draw."""
    rng = np.random.default_rng(3)
    n = len(fit.actors)
    foes = rng.random((n, n)) * (1.0 - np.eye(n))
    damping = np.array([[0.2, 0.9], [0.0, 0.4], [1.5, 0.3], [0.8, 2.0]])
    draws = replace(fit.draws, damping=damping * rng.uniform(0.5, 1.5, (len(fit.draws), 4, 2)))
    return replace(fit, foes=foes / 4.0, damping=damping, damping_scale=1.5, draws=draws)


def recursion(fit: Fit, draw: int, days: int) -> np.ndarray:
    """Expected events (A, A, K) over the horizon, straight from the model's equation, one day after another."""
    fade = np.exp(-1.0 / fit.taus)
    state, total = fit.state.copy(), np.zeros(fit.base.shape)
    for _ in range(days):
        exposed = channels(state, fit.partners, fit.foes)
        rate = fit.draws.base[draw][..., None] * fit.base + np.einsum(
            "cab,chlk,cablh->abk", fit.draws.theta[draw], fit.draws.weights[draw], exposed
        )
        rate = symmetrise(rate * damped(state, fit.draws.damping[draw], fit.damping_scale)[..., QUAD])
        total += rate
        state = fade * state + (1.0 - fade) * rate[..., None]
    return total


# -- engine ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fit", [FIT, calming()], ids=["plain", "damped, with foes"])
def test_expectation_is_the_model_s_own_recursion(fit: Fit) -> None:
    found = run(fit).expected
    hostile = np.array([is_hostile(k) for k in TYPES])
    for draw in range(3):
        direct = recursion(fit, draw, DAYS)
        np.testing.assert_allclose(found[draw, 0], direct[..., hostile].sum(-1), rtol=1e-9)
        np.testing.assert_allclose(found[draw, 1], direct[..., ~hostile].sum(-1), rtol=1e-9)


def test_damping_of_nothing_is_no_damping() -> None:
    plain, none = run(), run(replace(FIT, damping=np.zeros((4, 2)), damping_scale=7.0))
    np.testing.assert_array_equal(plain.dyads, none.dyads)
    np.testing.assert_array_equal(plain.expected, none.expected)


def test_damping_never_raises_what_is_expected() -> None:
    fit = calming()
    loud = replace(fit, damping=np.zeros((4, 2)), draws=replace(fit.draws, damping=np.zeros((3, 4, 2))))
    assert (run(fit).expected <= run(loud).expected + 1e-12).all()
    assert run(fit, n=400).hostile_total.mean() < run(loud, n=400).hostile_total.mean()


def test_mean_of_the_futures_is_the_expectation() -> None:
    n = 3000
    found = run(n=n)
    for i, totals in enumerate((found.hostile_total, found.conciliatory_total)):
        exact = found.expected[:, i].sum((1, 2)).mean()
        assert abs(totals.mean() - exact) < 4 * totals.std() / np.sqrt(n)
    dyads = found.dyads
    error = dyads.std(0) / np.sqrt(n) + 1e-9
    z = (dyads.mean(0) - found.expected.mean(0)) / error
    assert np.abs(z[:, ~np.eye(len(ACTORS), dtype=bool)]).max() < 5


def direct(fit: Fit, n: int, days: int) -> np.ndarray:
    """(n, A, A, K) events drawn cell by cell from the model's equation with numpy's own random numbers."""
    rng, fade = np.random.default_rng(11), np.exp(-1.0 / fit.taus)
    upper = np.triu(np.ones(fit.partners.shape, dtype=bool), 1)[..., None]
    symmetric = np.array([event_type(k).symmetric for k in TYPES])
    out = np.zeros((n, *fit.base.shape))
    for f in range(n):
        draw, state = f % len(fit.draws), fit.state.copy()
        for _ in range(days):
            exposed = channels(state, fit.partners, fit.foes)
            rate = fit.draws.base[draw][..., None] * fit.base + np.einsum(
                "cab,chlk,cablh->abk", fit.draws.theta[draw], fit.draws.weights[draw], exposed
            )
            rate *= damped(state, fit.draws.damping[draw], fit.damping_scale)[..., QUAD]
            rate = np.where(symmetric, np.where(upper, rate + rate.swapaxes(0, 1), 0.0), rate)
            phi = fit.over_dispersion(rate.sum(2) + rate.sum(2).T)
            shock = np.triu(rng.gamma(1 / phi, phi), 1)
            seen = symmetrise(rng.poisson(rate * (shock + shock.T)[..., None]).astype(float))
            out[f] += seen
            state = fade * state + (1.0 - fade) * seen[..., None]
    return out


def test_cells_and_totals_are_distributed_as_the_model_says() -> None:
    """Damping, foes, shocks and every channel together, against draws made plainly."""
    fit = replace(calming(), volume_sd=(0.0, 0.0), phi_power=0.5)
    n, days = 900, 8
    plain = direct(fit, n, days)
    ours = simulate(fit, start="2018-03-01", days=days, futures=n, seed=5, paths=True)
    hostile = np.array([is_hostile(k) for k in TYPES])
    for mask, totals in ((hostile, ours.hostile_total), (~hostile, ours.conciliatory_total)):
        assert stats.ks_2samp(plain[..., mask].sum((1, 2, 3)), totals).pvalue > 1e-3
    error = plain.std(0) * np.sqrt(2 / n)
    z = ((ours.cells - plain.mean(0)) / np.maximum(error, 0.02))[~np.eye(len(ACTORS), dtype=bool)]
    assert np.abs(z).max() < 5
    assert 0.7 < z.std() < 1.2
    kinds = plain.sum((1, 2))
    error = kinds.std(0) * np.sqrt(2 / n)
    assert (np.abs(ours.by_type.mean(0) - kinds.mean(0)) < 4 * error).all()


@njit
def near(own, base, left, age, s, t, out):  # type: ignore[no-untyped-def]
    """Rates by base, inertia and reciprocity, for interpreted callers."""
    lanes.put(out, 0, memory.between(own, base, 0, left, age, s, t))


WIDE = make(actors=(*ACTORS, *sorted(state_codes() - set(ACTORS))[:12]), days=(2.0, 10.0, 45.0), rate=0.02)


@pytest.mark.parametrize("fit", [FIT, calming(), calming(WIDE)], ids=["plain", "damped, with foes", "17 actors"])
def test_what_is_remembered_is_what_the_model_says(fit: Fit) -> None:
    """Rates before damping, of all types together and of each, and what a measure leaves of them, from one renewal to
    the next and beyond."""
    model = rates.prepare(fit, 0, np.float64)
    notice = Measure("x", "X", "assumed", (Stream(("MOBILIZE", "ACCUSE"), "all", "all"),), strength=(0.6, 0.6))
    plan = futures_module.plans(fit, [(notice.between(*SIDES),)], DAYS, 1).at(0, 1)
    assert plan.pasts[0] == 2
    n, rng, fade = len(fit.actors), np.random.default_rng(5), np.exp(-1.0 / fit.taus)
    kept, room = memory.room(model, 2)
    memory.begin(kept, model, 0, 2)
    stays, heeds = np.ones((1, n, 16)), np.ones((1, 2))
    engine._measured(plan, 0, 0, np.ones((n, n, 16)), stays, heeds)
    pairs = np.array([(i, j) for i in range(n) for j in range(i + 1, n)])
    weights, theta = fit.draws.weights[0], fit.draws.theta[0]
    base = fit.draws.base[0][..., None] * fit.base
    state, heard = fit.state.copy(), np.zeros_like(fit.state)  # all history, and the part of it that is damped
    span = len(room.left) - 1
    for day in range(span + 3):
        age = day % span
        if day and not age:
            memory.renew(kept, room, model.middle, 2)
        memory.dawn(kept, room, model, 0, age)
        found = np.zeros((2, 2, n, n, 16))
        for s, t in np.argwhere(~np.eye(n, dtype=bool)):
            for copy, own in enumerate((kept.own, kept.heeded)):
                near(own, model.base, room.left, age, s, t, found[copy, 0, s, t])
                memory.hearsay(
                    kept.past, model.partners, model.foes, model.theta, model.heard, room.left_past, room.voice, 0,
                    copy, age, s, t, found[copy, 1, s, t],
                )  # fmt: skip
            assert room.whole[t, s] == pytest.approx(found[0, :, s, t].sum(), rel=1e-9)
        wanted = np.zeros_like(found)
        for part, which in enumerate((slice(0, rates.HEARD), slice(rates.HEARD, None))):
            whole, damped_part = (
                np.einsum(
                    "cab,chlk,cablh->abk", theta[which], weights[which], channels(x, fit.partners, fit.foes)[which]
                )
                for x in (state, heard)
            )
            reacts = 0.6 * plan.reaction[0][:, None]
            wanted[:, part] = whole, whole - reacts * damped_part
        wanted[:, 0] += base
        np.testing.assert_allclose(found[0], wanted[0], rtol=1e-9, atol=1e-12)
        told = (plan.answer[0] > 0)[:, None] & ~np.eye(n, dtype=bool)[..., None]  # the second copy is read for these
        np.testing.assert_allclose(found[1][:, told], wanted[1][:, told], rtol=1e-9)
        flow = symmetrise(rng.poisson(0.3, (n, n, 16)) * (1.0 - np.eye(n))[..., None])
        kept.flow[:] = flow
        memory.night(kept, room, model, plan.trigger, 0, stays, heeds, 2, pairs, len(pairs), age + 1)
        state = fade * state + (1.0 - fade) * flow[..., None]
        heard = fade * heard + (1.0 - fade) * (flow * plan.trigger[0])[..., None]


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
    heard = rates.law(FIT, 0).weights[0].any((1, 3))  # (C, L)
    groups = {k: tuple(heard[:, i]) for i, k in enumerate(TYPES)}
    assert groups["AGREE"] == groups["CONSULT"] != groups["AID"] != groups["ACCUSE"] == groups["ASSAULT"]


def test_reproduction_is_the_spectral_radius() -> None:
    n, k = len(ACTORS), len(TYPES)
    dense = np.zeros((n * n * k, n * n * k))
    for column in range(dense.shape[1]):
        unit = np.zeros(n * n * k)
        unit[column] = 1.0
        state = unit.reshape(n, n, k)
        if np.trace(state.sum(2)):
            continue
        exposed = channels(symmetrise(state)[..., None], FIT.partners, FIT.foes)[..., 0]
        summed = FIT.draws.weights[0].sum(1)
        dense[:, column] = symmetrise(np.einsum("cab,clk,cabl->abk", FIT.draws.theta[0], summed, exposed)).ravel()
    radius = np.abs(np.linalg.eigvals(dense)).max()
    assert rates.reproduction(FIT)[0] == pytest.approx(radius, rel=1e-3)


def count(mean: float, phi: float, u: float) -> int:
    """Events of a pair at a luck."""
    return int(luck.quantile(mean, phi, luck.none(mean, phi), u))


@given(st.floats(1e-6, 60.0), st.floats(0.01, 20.0), st.floats(0.0, 1.0, exclude_max=True))
def test_counts_are_negative_binomial_quantiles(mean: float, phi: float, u: float) -> None:
    n = count(mean, phi, u)
    law = stats.nbinom(1 / phi, 1 / (1 + phi * mean))
    u = min(u, 1.0 - 1e-12)  # the last millionth of a millionth is cut off
    assert law.cdf(n - 1) <= u + 1e-9
    assert n == luck.CAP or u <= law.cdf(n) + 1e-9


@given(st.floats(1e-6, 60.0), st.floats(0.0, 1.0, exclude_max=True))
def test_without_a_shock_counts_are_poisson_quantiles(mean: float, u: float) -> None:
    n = count(mean, luck.dispersion(mean, 0.0, 0.0), u)
    u = min(u, 1.0 - 1e-12)
    assert stats.poisson.cdf(n - 1, mean) <= u + 1e-6
    assert n == luck.CAP or u <= stats.poisson.cdf(n, mean) + 1e-6


@given(st.floats(1e-3, 20.0), st.floats(1.0, 3.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0, exclude_max=True))
@example(0.1, 1.5, 0.0, 0.9999999999999998)
def test_a_higher_rate_never_gives_a_lower_count(rate: float, times: float, power: float, u: float) -> None:
    low, high = (count(x, luck.dispersion(x, 1.5, power), u) for x in (rate, rate * times))
    assert high >= low


@given(st.floats(1e-6, 300.0), st.floats(0.0, 5.0), st.floats(-0.5, 1.0), st.floats(0.0, 1.0, exclude_max=True))
def test_a_pair_that_is_passed_over_has_no_events(mean: float, phi: float, power: float, u: float) -> None:
    """At the rate itself, and at the dispersion of whatever damping leaves of it."""
    needs = luck.needs(phi, power)
    if mean >= needs[int(u * len(needs))]:
        return
    for left in (1.0, 0.7, 0.1):
        assert count(mean, luck.dispersion(left * mean, phi, power), u) == 0


@given(st.floats(-690.0, 690.0))
def test_exponentials_and_logarithms_are_those_of_the_library(x: float) -> None:
    assert luck.exponential(x) == pytest.approx(np.exp(x), rel=1e-15)
    y = np.exp(x)
    assert luck.logarithm(y, y - 1.0) == pytest.approx(x, rel=1e-14, abs=1e-15)
    small = abs(x) * 1e-9
    assert luck.logarithm(1.0 + small, small) == pytest.approx(np.log1p(small), rel=1e-15)


def test_an_unstable_model_is_said_to_be_one() -> None:
    wild = run(make(reaction=3.0, rate=0.5), n=10)
    assert wild.unstable == wild.n_draws
    assert wild.capped.sum() > 0
    assert wild.dyads.max() <= luck.CAP * DAYS
    assert "that bound bit" in wild.summary()
    assert "feed themselves" in wild.summary()
    assert "Hostile events" not in wild.summary()  # no astronomic counts are told
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


def test_futures_strike_out_what_is_damped() -> None:
    """Overlapping assumed measures, each event that follows struck out once: the mean of paired differences is that of
    the expectations."""
    fit = replace(make(reaction=0.8, rate=0.02), volume_sd=(0.0, 0.0))
    streams = (Stream(("ACCUSE", "MOBILIZE", "COERCE"), "all", "all"),), (Stream(("ACCUSE", "CONSULT"), "all", "all"),)
    one = Measure("x", "X", "assumed", streams[0], strength=(1.0, 1.0), reaction=TYPES).between(ACTORS[:1], ACTORS[1:])
    two = Measure("y", "Y", "assumed", streams[1], strength=(0.5, 0.5)).between(ACTORS[:2], ACTORS[2:])
    base = run(fit, n=1500)
    for measures in ((one,), (one, two)):
        found = run(fit, *measures, n=1500)
        change = found.dyads.sum((1, 2, 3)) - base.dyads.sum((1, 2, 3))
        expected = (found.expected - base.expected).sum((1, 2, 3)).mean()
        assert expected < -5
        assert abs(change.mean() - expected) < 4 * change.std() / np.sqrt(1500)


def replace_strength(m: Measure, value: float) -> Measure:
    return Measure(**{f: getattr(m, f) for f in m.__struct_fields__} | {"strength": (value, value)})


def test_assumed_strength_is_spread_over_its_range() -> None:
    drawn = engine.strengths(
        3, 0, 5000, np.array([11, 12], dtype=np.uint64), np.array([0.2, 0.0]), np.array([0.6, 1.0])
    )
    assert 0.2 <= drawn[:, 0].min() < 0.21
    assert 0.59 < drawn[:, 0].max() < 0.6
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.06


def test_what_the_model_does_not_know_is_refused() -> None:
    with pytest.raises(ScenarioError, match="end on 2018-02-28"):
        simulate(FIT, start="2018-02-28")
    with pytest.raises(ScenarioError, match="knows no FRA"):
        run(FIT, bound("hotline").between(["FRA"], ["PRK"]))
    with pytest.raises(ScenarioError, match="knows no FRA"):
        run(among=["FRA"])
    with pytest.raises(ScenarioError, match="who, and toward whom"):
        run(FIT, catalogue()[0])
    with pytest.raises(ScenarioError, match="is no date"):
        simulate(FIT, start="spring")
    with pytest.raises(ScenarioError, match="this model has 15; fit it anew"):
        run(replace(FIT, types=TYPES[:15]))


# -- results ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trial():  # type: ignore[no-untyped-def]
    measures = [m.between(*SIDES) for m in catalogue()]
    return compare(FIT, measures, start="2018-03-01", days=DAYS, futures=60, seed=5)


def test_fans_and_tables(trial) -> None:  # type: ignore[no-untyped-def]
    weeks = trial.fan(step=7)
    assert weeks.height == (1 + len(catalogue())) * (DAYS // 7)
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
    near, far = rates.prepare(FIT, 0).start, rates.prepare(FIT, 5000).start
    usual = rates.prepare(replace(FIT, state=np.zeros_like(FIT.state)), 0).start
    np.testing.assert_allclose(far, usual)
    assert not np.allclose(near, usual)


def test_symmetric_types_are_counted_once() -> None:
    assert [k for k in TYPES if event_type(k).symmetric] == ["AGREE", "CONSULT", "COOPERATE"]
    found = run()
    both = found.dyads[:, 1].sum((1, 2))
    np.testing.assert_allclose(both, found.conciliatory.sum(1))


# -- running ---------------------------------------------------------------------------------------------------------


def same(one: object, two: object) -> None:
    for name in ("hostile", "conciliatory", "worst", "worst_pair", "calm", "peak", "capped", "cells"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    for name in ("days", "weeks", "running", "dyads", "types", "daily", "by_dyad", "by_type"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.parametrize("paths", [True, False])
def test_one_two_and_eight_workers_count_the_same(paths: bool) -> None:
    one, two, eight = (run(FIT, bound("hotline"), n=60, workers=n, paths=paths).record for n in (1, 2, 8))
    same(one, two)
    same(one, eight)


def test_a_cluster_of_processes_counts_the_same() -> None:
    distributed = pytest.importorskip("distributed")
    here = [run(FIT, bound("hotline"), n=60, workers=1, paths=paths).record for paths in (True, False)]
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, protocol="tcp"
    ) as cluster:
        there = [
            run(FIT, bound("hotline"), n=60, cluster=cluster.scheduler_address, paths=paths).record
            for paths in (True, False)
        ]
    for one, two in zip(here, there, strict=True):
        same(one, two)


def test_a_cluster_that_is_not_there_is_said() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(ScenarioError, match="No Dask scheduler answers at nowhere"):
        run(n=10, cluster="nowhere")


def test_progress_tells_all_futures_first() -> None:
    told: list[tuple[int, int]] = []
    run(n=90, workers=2, progress=lambda done, of: told.append((done, of)))
    assert told[0] == (0, 90)
    assert told[-1] == (90, 90)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiment, "_CHUNK", 10)
    whole = run(n=80, workers=1).record

    def stop(done: int, of: int) -> None:
        if done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(n=80, workers=1, resume=tmp_path, progress=stop)
    file = tmp_path / "futures.npz"
    with np.load(file) as kept:
        assert 40 <= kept["done"].sum() < 80
    part = experiment.Record.empty(1, 80, DAYS, len(ACTORS), True)
    with pytest.raises(ScenarioError, match="not reported as the whole"):
        part.whole()
    told: list[int] = []
    same(run(n=80, workers=2, resume=tmp_path, progress=lambda done, of: told.append(done)).record, whole)
    assert told[0] >= 40
    with pytest.raises(ScenarioError, match="another experiment"):
        run(n=80, seed=6, resume=tmp_path)
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(ScenarioError, match="remove it to start anew"):
        run(n=80, resume=tmp_path)


KILLED = """
import sys
from detente.simulate import experiment
from tests.small import FIT, futures
experiment._SAVE, experiment._CHUNK = 0.0, 5
futures(FIT, n=4000, workers=1, resume=sys.argv[1], progress=lambda done, of: print(done, flush=True))
"""


def test_a_killed_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= 200:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with np.load(tmp_path / "futures.npz") as kept:
        assert 100 < kept["done"].sum() < 4000
    same(run(n=4000, resume=tmp_path).record, run(n=4000).record)


def test_without_paths_bands_are_the_same_and_memory_hardly_grows() -> None:
    kept, flat = (run(n=300, paths=paths) for paths in (True, False))
    for how in ({}, {"step": 7}, {"cumulative": True}, {"cumulative": True, "step": 5}):
        one, two = (f.fan(**how) for f in (kept, flat))  # type: ignore[arg-type]
        for name in ("low90", "median", "high90"):
            np.testing.assert_allclose(one[name], two[name], rtol=0.01)
    for one, two in ((kept.pairs(), flat.pairs()), (kept.totals(), flat.totals())):
        for name in set(one.columns) - {"source", "target", "type", "quad"}:
            np.testing.assert_allclose(one[name], two[name], rtol=0.01)
    assert kept.frame().equals(flat.frame())
    with pytest.raises(ScenarioError, match="paths=True"):
        flat.fan(step=3)
    sizes = [
        sum(getattr(experiment.Record.empty(1, n, 90, 30, False), f).nbytes for f in experiment.Record.__annotations__)
        for n in (0, 1_000_000)
    ]
    assert sizes[1] - sizes[0] < 50e6
    assert sizes[1] < 100e6


@settings(deadline=None)  # the first example compiles
@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=40), st.floats(0.0, 1.0))
def test_sketched_quantiles_are_quantiles(counts: list[int], share: float) -> None:
    histogram = np.zeros((1, sketch.BUCKETS), np.int32)
    sketch.tally(np.array(counts)[:, None], histogram)
    ((found,),) = sketch.quantiles(histogram, (share,))
    exact = np.quantile(counts, share)
    assert found == pytest.approx(exact, rel=0.01) if max(counts) >= 256 else found == pytest.approx(exact)


def test_a_live_answer_is_the_comparison_of_as_many_futures() -> None:
    live = Live(FIT, start="2018-03-01", days=DAYS, seed=5)
    answer = live.answer([bound("hotline")], futures=30)
    trial = compare(FIT, [bound("hotline")], start="2018-03-01", days=DAYS, futures=30, seed=5)
    assert answer.futures == 30
    assert "30 futures" in str(answer)
    for one, two in ((answer.comparison.base, trial.base), (answer.effect.futures, trial.effects[0].futures)):
        np.testing.assert_array_equal(one.hostile, two.hostile)
    in_time = live.answer([bound("hotline")], budget=0.05)
    assert in_time.futures % 10 == 0
    assert len(answer.effect.expected()) == min(4, len(FIT.draws))
    assert len(live.answer([bound("hotline")], budget=0.0).effect.expected()) == 2  # nothing but the least
    assert in_time.futures <= live.answer([bound("hotline")], budget=60.0).futures == 400
    with pytest.raises(ScenarioError, match="nothing to compare"):
        live.answer([])


def test_a_model_is_prepared_once() -> None:
    fit = replace(FIT, phi=FIT.phi / 2)
    for work in (rates.law, rates.prepare):
        assert work(fit, 3) is work(fit, 3)
        assert work(fit, 3) is not work(fit, 4)
        assert work(replace(fit), 3) is not work(fit, 3)
    assert rates.prepare(fit, 3, np.float64).base.dtype == np.float64
    assert rates.prepare(fit, 3).base.dtype == np.float32
    assert rates.reproduction(fit) is rates.reproduction(fit)
    assert rates.prepare(fit, 3).phi != rates.prepare(FIT, 3).phi
    held = ref(fit)
    del fit
    gc.collect()
    assert held() is None  # what is kept keeps no model


def test_no_explosion_over_a_year() -> None:
    """Draws from the shipped model's uncertainty, a year long: counts do not run away."""
    from detente.learn import prior

    fit = prior().select(["USA", "KOR", "JPN", "PRK", "CHN", "RUS"])
    found = simulate(fit, start="2018-10-15", days=360, futures=200, seed=3, workers=1)
    assert found.unstable == 0
    hostile = found.hostile.reshape(200, 12, 30).sum(2).mean(0)
    assert hostile[-3:].mean() < 1.5 * hostile[:3].mean()
    assert found.capped.sum() < 1e-5 * 200 * 360 * 15  # pair-days
