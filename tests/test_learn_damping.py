"""Damping by conciliatory acts, the channel of foes and ties by date: found where they are, and nothing where not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date as Date
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from detente.codebook import QUADS, TYPES
from detente.events import Tie, TieStatus
from detente.learn import CHANNELS, Draws, ReactionModel, Settings, prior
from detente.learn.backtest import trial
from detente.learn.calibration import rolling
from detente.learn.estimate import design, expect, fit
from detente.learn.exposures import DAMPING_SCALE, channels, count, damped, partners, symmetrise
from tests.test_learn import ACCUSE, CONSULT, STATES, effect, world

VERBAL = QUADS.index("verbal cooperation")
HOSTILE = QUADS.index("verbal conflict")


def soothed(seed: int, *, days: int, damping: float) -> pl.DataFrame:
    """Pairs that consult now and then, and accuse one another the less the more they do."""
    rng, n, keep = np.random.default_rng(seed), 4, np.exp(-1 / np.array([1.0, 5.0, 30.0]))
    s = np.zeros((n, n, len(TYPES), 3))
    by_class = np.zeros((4, 2))
    by_class[HOSTILE, 0] = damping
    rows, off = [], 1 - np.eye(n)
    for t in range(days):
        left = damped(s, by_class)
        rate = np.zeros((n, n, len(TYPES)))
        # Consultations come in waves, so that there are calm and quarrelsome weeks.
        rate[..., CONSULT] = np.triu(off) * (0.4 if (t // 20) % 2 else 0.02)
        rate[..., ACCUSE] = off * 0.25 * left[..., HOSTILE]
        y = rng.poisson(rate).astype(float)
        for a, b, k in np.argwhere(y):
            rows.append((Date(2020, 1, 1) + timedelta(t), STATES[a], STATES[b], TYPES[k], int(y[a, b, k])))
        s = keep * s + (1 - keep) * symmetrise(y)[..., None]
    return pl.DataFrame(rows, schema=["day", "source", "target", "type", "count"], orient="row")


def test_damping_is_found_where_it_is_and_only_there() -> None:
    model = ReactionModel(settings=Settings(damping=5.0), draws=6)
    found = model.fit(soothed(1, days=900, damping=1.0), seed=1)
    assert found.damping[HOSTILE, 0] == pytest.approx(1.0, abs=0.35)
    drawn = found.draws.damping[:, HOSTILE, 0]
    assert drawn.shape == (6,)
    assert drawn.std() > 0
    assert drawn.mean() == pytest.approx(1.0, abs=0.4)
    assert model.fit(soothed(2, days=900, damping=0.0), seed=1).damping[HOSTILE, 0] < 0.3  # about three standard errors


def test_damping_of_zero_is_the_model_without_it() -> None:
    d = design(count(world(3, days=150, reciprocity=0.3)), Settings(damping=None))
    par = fit(d)
    assert not par.damping.any()
    by_class = replace(d, settings=Settings())
    one, two = expect(d, par), expect(by_class, par)
    np.testing.assert_allclose(two.rate, one.rate, rtol=1e-12)
    np.testing.assert_allclose(two.g_x, np.broadcast_to(one.g_x, two.g_x.shape), rtol=1e-12)
    np.testing.assert_allclose(two.g_m, one.g_m, rtol=1e-12)
    state = np.random.default_rng(1).random((3, 3, len(TYPES), 3))
    assert (damped(state, np.zeros((4, 2))) == 1.0).all()


def test_expected_counts_are_damped_as_the_formula_says() -> None:
    d = design(count(world(3, days=150, reciprocity=0.3)), Settings())
    calm = replace(fit(d), damping=np.zeros((4, 2)))
    by_class = np.zeros((4, 2))
    by_class[:, 0] = 0.7
    before, after = expect(d, calm), expect(d, replace(calm, damping=by_class))
    days = d.training
    np.testing.assert_allclose(after.rate[days], (before.rate * np.exp(-0.7 * after.calm[..., 0]))[days], rtol=1e-9)
    np.testing.assert_allclose(after.g_parts[days].sum() > 0, True)
    # Recent cooperation after the last day but one, by hand.
    counts, t = d.counts, len(d.counts.dates) - 1
    z = np.zeros(d.n_pairs)
    keep = np.exp(-1 / 5)
    for e in np.flatnonzero((counts.k == CONSULT) & (counts.day < t)):
        z[d.pair[e]] += counts.n[e] * (1 - keep) * keep ** (t - 1 - counts.day[e])
    np.testing.assert_allclose(after.calm[t, :, 0], z / (z + DAMPING_SCALE), atol=1e-9)


def test_foes_are_shares_of_net_conflict_and_bear_on_what_is_done_to_others() -> None:
    friendly, hostile = np.zeros((3, 3)), np.zeros((3, 3))
    hostile[0, 1] = hostile[1, 0] = 60
    close = partners(hostile, friendly)
    assert close[0, 1] == pytest.approx(0.75)
    s = np.zeros((3, 3, len(TYPES), 1))
    s[1, 2, ACCUSE] = 1.0
    heard = channels(s, np.zeros((3, 3)), close)[CHANNELS.index("foes")]
    assert heard[0, 2, ACCUSE, 0] == pytest.approx(0.75)
    assert heard.sum() == pytest.approx(0.75)
    assert not channels(s, np.zeros((3, 3)))[CHANNELS.index("foes")].any()


def test_ties_count_while_they_hold() -> None:
    table = world(3, days=60, base=0.05)
    pact = Tie(
        id="x",
        name="A pact",
        kind="defence pact",
        parties=("AUS", "JPN"),
        domain="defence",
        history=(TieStatus("in force", "2020-01-20"), TieStatus("ended", "2020-02-10")),
    )
    counts = count(table, STATES)
    from detente.learn.fit import _firm

    changes = _firm(counts, [pact])
    assert [counts.dates[at].isoformat() for at, _ in changes] == ["2020-01-01", "2020-01-20", "2020-02-10"]
    assert [firm.sum() for _, firm in changes] == [0, 2, 0]
    plain, tied = design(counts, Settings(), ties=()), design(counts, Settings(), ties=changes)
    np.testing.assert_allclose(tied.partners, plain.partners)
    when = counts.day[tied.rows_at[:, 1]]
    first, last = (counts.dates.index(Date(2020, m, d)) for m, d in ((1, 20), (2, 10)))
    held = (when >= first) & (when < last)
    lo, hi = tied.bounds[CHANNELS.index("partners")], tied.bounds[CHANNELS.index("partners") + 1]
    np.testing.assert_allclose(tied.rows_x[~held], plain.rows_x[~held])
    assert (tied.rows_x[held][:, lo:hi] != plain.rows_x[held][:, lo:hi]).any()


def test_damping_and_foes_are_saved(tmp_path_factory: pytest.TempPathFactory) -> None:
    table = world(10, days=200, inertia=0.3)
    model = ReactionModel(settings=Settings(outer=3), draws=3).fit(table)
    model = replace(
        model,
        damping=np.full((4, 2), 0.25),
        draws=replace(model.draws, damping=np.full((3, 4, 2), 0.5)),
    )
    path = tmp_path_factory.mktemp("fit") / "a.npz"
    for compact in (False, True):
        model.save(path, compact=compact)
        back = type(model).load(path)
        np.testing.assert_allclose(back.damping, 0.25)
        np.testing.assert_allclose(back.draws.damping, 0.5)
        np.testing.assert_allclose(back.foes, model.foes, rtol=1e-6)
    assert back.table is None
    assert Draws(model.draws.base, model.draws.weights, model.draws.theta).damping.shape == (3, 4, 2)


def test_a_rolling_backtest_forecasts_each_day_once() -> None:
    table = world(7, days=300, inertia=0.3, reciprocity=0.3)
    found = rolling(table, days=40, origins=2, settings=Settings(outer=3))
    assert [s.days for s in found.scores] == [20, 20]
    counts = count(table)
    days = range(len(counts.dates) - 40, len(counts.dates) - 20)
    alone = trial(counts, days, settings=Settings(outer=3))
    assert found.scores[0].bits_per_event == pytest.approx(alone.score.bits_per_event)


def test_the_prior_has_all_channels() -> None:
    fit = prior()
    assert fit.channels == CHANNELS
    assert fit.foes.shape == fit.partners.shape
    assert (fit.foes.sum(1) <= 1).all()
    assert (fit.damping >= 0).all()
    assert fit.draws.damping.shape == (len(fit.draws), 4, 2)
    assert effect(fit, "foes", "ACCUSE", "ACCUSE") >= 0
