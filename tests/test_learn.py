"""The reaction model: its exposures, whether it recovers what made the data, and whether it says so when it cannot."""

from __future__ import annotations

from datetime import date as Date
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from detente.codebook import QUADS, TYPES, is_hostile, quad
from detente.errors import LearnError
from detente.events import Tie, TieStatus
from detente.learn import CHANNELS, Fit, ReactionModel, Settings, backtest, kernels, prior
from detente.learn.backtest import interval_coverage
from detente.learn.estimate import Dispersion, Parameters, attribute, design, dispersion, expect
from detente.learn.estimate import fit as fit_design
from detente.learn.exposures import (
    CONCILIATORY,
    SYMMETRIC,
    Counts,
    Floats,
    channels,
    count,
    decay,
    partners,
    symmetrise,
)
from detente.learn.fit import busiest
from detente.learn.prior import ACTORS
from detente.load import daily
from tests.shared import shared

STATES = ("AUS", "CHN", "IND", "JPN", "KOR", "PRK")
ACCUSE, THREATEN, CONSULT, AID = (TYPES.index(k) for k in ("ACCUSE", "THREATEN", "CONSULT", "AID"))
SMALL = Settings(outer=6)


def world(
    seed: int,
    *,
    days: int,
    base: float = 0.02,
    inertia: float = 0.0,
    reciprocity: float = 0.0,
    on_target: float = 0.0,
    phi: float = 0.0,
    actors: tuple[str, ...] = STATES,
    tau: float = 4.0,
) -> pl.DataFrame:
    """Events simulated from the model: accusations that repeat, are answered, and are joined by others."""
    rng = np.random.default_rng(seed)
    n, keep = len(actors), float(np.exp(-1 / tau))
    s = np.zeros((n, n, len(TYPES), 1))
    rates = np.zeros((n, n, len(TYPES)))
    rates[..., [ACCUSE, CONSULT, AID]] = base * rng.gamma(4, 0.25, size=(n, n, 1))
    rates *= (1 - np.eye(n))[..., None]
    rows = []
    for t in range(days):
        x = channels(s, np.zeros((n, n)))[..., ACCUSE, 0]
        rate = rates.copy()
        rate[..., ACCUSE] += inertia * x[0] + reciprocity * x[1] + on_target * x[3]
        shock = rng.gamma(1 / phi, phi, size=(n, n)) if phi else np.ones((n, n))
        shock = np.triu(shock) + np.triu(shock, 1).T
        y = rng.poisson(rate * shock[..., None]).astype(float)
        for a, b, k in np.argwhere(y):
            rows.append((Date(2020, 1, 1) + timedelta(t), actors[a], actors[b], TYPES[k], int(y[a, b, k])))
        s = keep * s + (1 - keep) * symmetrise(y)[..., None]
    return pl.DataFrame(rows, schema=["day", "source", "target", "type", "count"], orient="row")


def effect(fit: Fit, channel: str, cause: str, response: str) -> float:
    """Whole effect of a type on a type through a channel, mean multiplier one."""
    c, i, k = CHANNELS.index(channel), TYPES.index(cause), TYPES.index(response)
    return float(fit.weights[c, :, i, k].sum())


# -- counts and exposures --------------------------------------------------------------------------------------------


def test_mirrored_reports_of_one_meeting_are_one_event() -> None:
    day = [Date(2020, 1, 1)] * 4
    table = pl.DataFrame(
        {
            "day": day,
            "source": ["JPN", "KOR", "JPN", "KOR"],
            "target": ["KOR", "JPN", "KOR", "JPN"],
            "type": ["CONSULT", "CONSULT", "ACCUSE", "ACCUSE"],
        }
    )
    got = count(table)
    assert got.n_events == 3
    assert sorted(zip(got.a, got.b, got.k, got.n, strict=True)) == [
        (0, 1, CONSULT, 1.0),
        (0, 1, ACCUSE, 1.0),
        (1, 0, ACCUSE, 1.0),
    ]


def test_a_long_silence_begins_the_record_anew() -> None:
    days = [Date(2014, 1, 1), Date(2014, 1, 10), Date(2018, 1, 1)]
    table = pl.DataFrame({"day": days, "source": "JPN", "target": "KOR", "type": "AID"})
    got = count(table)
    assert len(got.dates) == 11
    assert np.flatnonzero(got.fresh).tolist() == [0, 10]
    assert len(count(table, gap=None).dates) == (days[-1] - days[0]).days + 1


@pytest.mark.parametrize(
    ("change", "says"),
    [({"type": "SHOUT"}, "Unknown event types SHOUT"), ({"target": "JPN"}, "No events between")],
)
def test_bad_tables_say_what_is_wrong(change: dict[str, str], says: str) -> None:
    row = {"day": Date(2020, 1, 1), "source": "JPN", "target": "KOR", "type": "AID"} | change
    with pytest.raises(LearnError, match=says):
        count(pl.DataFrame([row]))


def brute(counts: Counts, taus: Floats) -> list[Floats]:
    """(A, A, L, H) history before each day, by the formula."""
    n = len(counts.actors)
    keep, s, out = decay(taus), np.zeros((n, n, len(TYPES), len(taus))), []
    for t in range(len(counts.dates)):
        out.append(s)
        y = np.zeros((n, n, len(TYPES)))
        on = counts.day == t
        np.add.at(y, (counts.a[on], counts.b[on], counts.k[on]), counts.n[on])
        y = np.where(SYMMETRIC, (y + y.swapaxes(0, 1)) / 2, y)
        s = s * keep + y[..., None] * (1 - keep)
    return out


def test_compiled_exposures_are_those_of_the_formula() -> None:
    counts = count(world(3, days=60, reciprocity=0.3))
    d = design(counts, Settings(burn=10))
    taus = np.array(d.settings.taus)
    history = brute(counts, taus)
    by_class = np.eye(4)[[QUADS.index(quad(k)) for k in TYPES]]

    def flat(x: Floats) -> Floats:
        """(C, ..., L, H) to the features of the kernels: causes of third parties summed by class."""
        third = np.einsum("c...lh,lq->...cqh", x[2:], by_class)
        own = np.moveaxis(x[:2], 0, -3)
        parts = [p.reshape(*p.shape[:-3], -1, p.shape[-1]) for p in (own, third)]
        return np.concatenate(parts, axis=-2)

    shape = (kernels.N_FEATURES, len(taus))
    for (p, e), row in zip(d.rows_at, d.rows_x.reshape(-1, *shape), strict=True):
        a, b = d.record.of[p]
        assert {a, b} == {counts.a[e], counts.b[e]}
        np.testing.assert_allclose(row, flat(channels(history[counts.day[e]], d.partners, d.foes))[a, b], atol=1e-6)
    assert len(d.rows_at) == len(counts.n) + SYMMETRIC[counts.k].sum()
    n = len(d.record.of)
    quiet = Parameters(
        u=np.zeros((kernels.N_BASE, len(TYPES))),
        theta0=np.ones(n),
        w=np.full((len(TYPES), kernels.N_FEATURES, len(taus)), 0.01),
        theta=np.ones((len(CHANNELS), n)),
        phi=Dispersion(0.0),
    )
    got = expect(d, quiet)
    days = np.flatnonzero(d.training)
    a, b = d.record.of.T
    shrink = [1 + 0.01 * d.seen[t, d.record.both] for t in days]  # the least over-dispersion there is
    want = 0.0
    for t, seen in zip(days, shrink, strict=True):
        g = d.v[t] * seen / (1 + 0.01 * got.rate[t, d.record.both])
        want = want + g[:, None, None] * flat(channels(history[t], d.partners, d.foes))[a, b]
    for part in got.g_x:
        np.testing.assert_allclose(part.reshape(-1, *shape), want, rtol=1e-6, atol=1e-9)
    t = int(days[-1])
    rate = d.v[t] * flat(channels(history[t], d.partners, d.foes)).sum((2, 3)) * 0.01 * len(TYPES)
    np.testing.assert_allclose(got.rate[t, d.record.both[d.record.slot[0, 1]]], rate[0, 1] + rate[1, 0])


def test_among_many_actors_only_pairs_that_dealt_are_kept() -> None:
    """A record of many actors is fitted on its active pairs, and expects as many events as it holds."""
    table = world(3, days=200, reciprocity=0.3, actors=STATES[:3])
    other = world(4, days=200, actors=("FJI", "TON"))
    counts = count(pl.concat([table, other]).sort("day"))
    d = design(counts, Settings(few=2))
    assert len(d.record.of) == 3 * 2 + 2
    par = fit_design(d)
    e = expect(d, par)
    assert e.rate[d.training].sum() + e.rest.sum() == pytest.approx(e.seen[d.training].sum(), rel=0.15)
    assert (e.rest[d.training] > 0).all()
    fit = ReactionModel(settings=Settings(few=2, outer=3), draws=2).fit(pl.concat([table, other]).sort("day"))
    a, b = fit.index("FJI"), fit.index("CHN")
    assert fit.base[a, b].sum() > 0
    assert fit.theta[:, a, b].tolist() == [1, 1, 0, 0, 0, 0, 0, 0, 0]
    np.testing.assert_allclose(fit.base[a, a], 0)


def test_partners_are_shares_of_net_cooperation() -> None:
    friendly, hostile = np.zeros((3, 3)), np.zeros((3, 3))
    friendly[0, 1] = friendly[1, 0] = 60
    hostile[0, 2] = hostile[2, 0] = 60
    friendly[0, 2] = friendly[2, 0] = 50
    got = partners(friendly, hostile)
    assert got[0, 1] == pytest.approx(0.75)
    assert got[0, 2] == 0
    assert (got.sum(1) < 1).all()


def test_formal_ties_in_force_count_toward_partners() -> None:
    table = world(3, days=60, base=0.05)
    pact = Tie(
        id="x",
        name="A pact",
        kind="defence pact",
        parties=("AUS", "JPN"),
        domain="defence",
        history=(TieStatus("signed", "2019"), TieStatus("in force", "2020-02")),
    )
    ended = structs.replace(pact, parties=("CHN", "IND"), history=(*pact.history, TieStatus("ended", "2020-02-15")))
    model = ReactionModel(settings=Settings(outer=1, burn=10), draws=1)
    without, with_ties = model.fit(table), model.fit(table, ties=[pact, ended])
    a, b = without.index("AUS"), without.index("JPN")
    assert with_ties.partners[a, b] > without.partners[a, b]
    i, j = without.index("CHN"), without.index("IND")
    assert with_ties.partners[i, j] == without.partners[i, j]


def test_the_busiest_actors() -> None:
    rows = [("JPN", "KOR", 5), ("PRK", "JPN", 4), ("KOR", "PRK", 1)]
    table = pl.DataFrame(rows, schema=["source", "target", "count"], orient="row")
    assert busiest(table, 2) == ("JPN", "KOR")
    assert busiest(table) == ("JPN", "KOR", "PRK")


# -- the fit ---------------------------------------------------------------------------------------------------------


def test_a_fit_recovers_what_made_the_data() -> None:
    table = world(1, days=1500, inertia=0.3, reciprocity=0.35, phi=0.5)
    fit = ReactionModel(settings=SMALL, draws=12).fit(table, seed=1)
    assert effect(fit, "inertia", "ACCUSE", "ACCUSE") == pytest.approx(0.3, abs=0.08)
    assert effect(fit, "reciprocity", "ACCUSE", "ACCUSE") == pytest.approx(0.35, abs=0.08)
    assert effect(fit, "reciprocity", "AID", "AID") < 0.06
    assert effect(fit, "on target", "ACCUSE", "ACCUSE") < 0.03
    assert fit.phi == pytest.approx(0.5, abs=0.25)
    value, low, high = fit.reproduction(hostile=True)
    assert low <= value <= high
    assert value == pytest.approx(0.65, abs=0.12)


def test_reactions_to_third_parties_are_found_where_they_are() -> None:
    table = world(2, days=1500, on_target=0.12)
    fit = ReactionModel(settings=SMALL, draws=1).fit(table)
    assert effect(fit, "on target", "ACCUSE", "ACCUSE") == pytest.approx(0.12, abs=0.05)
    assert effect(fit, "reciprocity", "ACCUSE", "ACCUSE") < 0.08


def test_causes_are_drawn_in_proportion_to_their_shares() -> None:
    d = design(count(world(3, days=120, reciprocity=0.3)), Settings(burn=10, outer=2))
    par = fit_design(d)
    use = d.training[d.counts.day]
    share = attribute(d, par, use.astype(float))
    total = [np.zeros_like(x) for x in (par.w, par.theta, par.u, par.theta0)]
    drawn = [np.zeros_like(x) for x in total]
    drawn[1] = np.zeros(par.theta.shape[::-1]).T
    for seed in range(200):
        kernels.assign(
            d.counts.k, d.counts.n, d.rows_x, d.rows_m, d.rows_at, use, par.u, par.theta0,
            par.w.reshape(len(TYPES), -1), np.ascontiguousarray(par.theta.T), d.bounds,
            seed, drawn[0].reshape(len(TYPES), -1), drawn[1].T, *drawn[2:],
        )  # fmt: skip
        for into, x in zip(total, drawn, strict=True):
            np.add(into, x / 200, out=into)
    for got, want in zip(total, (share.w, share.theta, share.u, share.theta0), strict=True):
        np.testing.assert_allclose(got, want, atol=5 * np.sqrt(want.max() / 200))
    assert total[0].sum() + total[2].sum() == pytest.approx(d.counts.n[use].sum())


def test_a_posterior_narrows_with_the_record_and_comes_near_the_truth() -> None:
    # Without the penalty on history, whose place is data that drift.
    model = ReactionModel(settings=Settings(outer=6, calm=0.0), draws=24)
    spread = []
    for days in (300, 1200):
        fit = model.fit(world(11, days=days, reciprocity=0.3, phi=0.5), seed=3)
        whole = fit.draws.weights[:, 1, :, ACCUSE, ACCUSE].sum(1)
        spread.append(whole.std())
    assert spread[1] < spread[0]
    assert whole.mean() == pytest.approx(0.3, abs=0.08)


def test_no_reaction_no_effect_in_words() -> None:
    fit = ReactionModel(settings=SMALL, draws=12).fit(world(4, days=1200), seed=2)
    found = fit.reaction("KOR", to="ACCUSE", by="PRK", channel="reciprocity")
    assert found.n >= 10
    assert not found.detectable("verbal conflict")
    assert "no detectable verbal conflict" in found.summary()


def test_the_same_seed_gives_the_same_draws() -> None:
    table = world(5, days=200, reciprocity=0.3)
    one, two = (ReactionModel(settings=SMALL, draws=2).fit(table, seed=9) for _ in range(2))
    np.testing.assert_array_equal(one.draws.weights, two.draws.weights)
    np.testing.assert_array_equal(one.draws.theta, two.draws.theta)


@settings(max_examples=4, deadline=None)
@given(st.permutations(STATES[:4]))
def test_other_names_give_the_same_model(names: list[str]) -> None:
    """Neutrality: relabelling the actors relabels the result and changes nothing else."""
    table = world(6, days=150, reciprocity=0.3, actors=STATES[:4])
    other = dict(zip(STATES[:4], names, strict=True))
    renamed = table.with_columns(pl.col("source").replace(other), pl.col("target").replace(other))
    model = ReactionModel(settings=Settings(outer=3), draws=1)
    one, two = model.fit(table), model.fit(renamed)
    i = np.array([two.actors.index(other[a]) for a in one.actors])
    np.testing.assert_allclose(two.weights, one.weights, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(two.theta[:, i][:, :, i], one.theta, rtol=1e-5)
    np.testing.assert_allclose(two.base[i][:, i], one.base, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(two.state[i][:, i], one.state, atol=1e-9)
    assert two.phi == pytest.approx(one.phi, rel=1e-3)
    assert two.phi_power == pytest.approx(one.phi_power, abs=1e-3)


@pytest.mark.parametrize("power", [0.0, 0.8])
def test_dispersion_is_found(power: float) -> None:
    rng = np.random.default_rng(0)
    rate = rng.uniform(0.02, 1.5, size=(900, 30))
    phi = 2.0 * rate**-power
    seen = rng.poisson(rate * rng.gamma(1 / phi, phi)).astype(float)
    found = dispersion(rate, seen, np.ones(900, bool))
    assert found.level == pytest.approx(2.0, rel=0.15)
    assert found.power == pytest.approx(power, abs=0.1)


def test_too_short_a_record_says_so() -> None:
    with pytest.raises(LearnError, match="give a longer record or a prior"):
        ReactionModel().fit(world(1, days=20, base=0.2))


# -- the score -------------------------------------------------------------------------------------------------------


def test_history_helps_where_there_is_any_and_only_there() -> None:
    busy = backtest(world(7, days=900, inertia=0.3, reciprocity=0.4), test_days=200, settings=SMALL)
    assert busy.gains["constant rate"].low > 0
    assert busy.gains["smoothing"].bits > 0
    still = backtest(world(8, days=900), test_days=200, settings=SMALL)
    assert abs(still.gains["constant rate"].bits) < 0.05
    assert 0.75 < still.coverage < 0.85


def test_intervals_hold_what_they_should() -> None:
    rng = np.random.default_rng(1)
    rate = rng.uniform(0.1, 3.0, size=20000)
    seen = rng.poisson(rate * rng.gamma(1 / 1.5, 1.5, size=rate.shape)).astype(float)
    assert interval_coverage(rate, seen, Dispersion(1.5)) == pytest.approx([0.8] * 10, abs=0.03)
    assert np.mean(interval_coverage(rate, seen, Dispersion(0.05))) < 0.72
    assert interval_coverage(rate[:5], seen[:5], Dispersion(1.5)) == ()


def test_the_simple_forecasts_are_what_they_say() -> None:
    import importlib

    module = importlib.import_module("detente.learn.backtest")
    counts = count(world(9, days=80))
    smooth, window = module._smooth(counts, 10.0), module._window(counts, 30)
    keep = np.exp(-0.1)
    for e in range(len(counts.n)):
        same = (counts.a == counts.a[e]) & (counts.b == counts.b[e]) & (counts.k == counts.k[e])
        before = same & (counts.day < counts.day[e])
        ages = counts.day[e] - 1 - counts.day[before]
        assert smooth[e] == pytest.approx(float(((1 - keep) * keep**ages * counts.n[before]).sum()))
        assert window[e] == pytest.approx(counts.n[before][ages < 30].sum() / 30)


def test_a_slice_of_real_data_is_forecast_better_than_by_its_mean() -> None:
    table = daily(shared("data/events/events_ICEWS14.csv.gz")).table
    score = backtest(table, actors=["CHN", "JPN", "KOR", "PRK", "RUS", "USA", "VNM", "PHL"], settings=SMALL)
    assert score.events > 150
    assert score.gains["constant rate"].low > 0
    assert set(score.gains) == {"constant rate", "last 30 days", "smoothing", "without third parties"}
    assert "bits per event over smoothing" in score.summary()


# -- the fit as a value ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted() -> Fit:
    table = world(10, days=400, inertia=0.3, reciprocity=0.35)
    return ReactionModel(settings=SMALL, draws=6).fit(table, provenance={"data": "simulated"})


def test_save_and_load(fitted: Fit, tmp_path: Path) -> None:
    fitted.save(tmp_path / "a.model")
    back = Fit.load(tmp_path / "a.model")
    for name in ("base", "weights", "theta", "partners", "state", "mean", "counts", "taus"):
        np.testing.assert_array_equal(getattr(back, name), getattr(fitted, name))
    np.testing.assert_array_equal(back.draws.weights, fitted.draws.weights)
    assert (back.start, back.end, back.actors) == (fitted.start, fitted.end, fitted.actors)
    assert (back.phi, back.phi_power) == (fitted.phi, fitted.phi_power)
    assert back.provenance == {"data": "simulated"}
    fitted.save(tmp_path / "b.model", compact=True)
    small = Fit.load(tmp_path / "b.model")
    assert (tmp_path / "b.model").stat().st_size < (tmp_path / "a.model").stat().st_size / 2
    large = fitted.draws.theta > 0.2
    np.testing.assert_allclose(small.draws.theta[large], fitted.draws.theta[large], rtol=0.03)


def test_what_is_no_model_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"nothing")
    with pytest.raises(LearnError, match="is no fitted model"):
        Fit.load(tmp_path / "x.npz")


def test_selecting_actors_keeps_their_part(fitted: Fit) -> None:
    part = fitted.select(["PRK", "JPN"])
    i, j = fitted.index("PRK"), fitted.index("JPN")
    assert part.base[0, 1].tolist() == fitted.base[i, j].tolist()
    assert part.draws.theta.shape == (6, len(CHANNELS), 2, 2)
    with pytest.raises(LearnError, match="knows nothing of 'XXX'"):
        fitted.select(["XXX"])


def test_the_table_of_reactions_follows_from_the_parameters(fitted: Fit) -> None:
    table = fitted.frame()
    n = len(fitted.actors)
    assert table.height == (n * (n - 1) + n) * len(CHANNELS) * len(QUADS) ** 2
    assert (table["low"] <= table["high"]).all()
    row = table.filter(
        pl.col("actor") == "KOR",
        pl.col("toward") == "PRK",
        pl.col("channel") == "reciprocity",
        pl.col("cause") == "verbal conflict",
        pl.col("response") == "verbal conflict",
    ).to_dicts()[0]
    a, b = fitted.index("KOR"), fitted.index("PRK")
    hostile = [i for i, k in enumerate(TYPES) if k in ("REQUEST", "ACCUSE", "REJECT", "THREATEN")]
    how_often = fitted.counts.sum((0, 1))[hostile] + 1
    reach = 1 - np.exp(-30 / fitted.taus)
    by_cause = np.einsum("hlk,h->l", fitted.weights[1][:, hostile][:, :, hostile], reach)
    assert row["effect"] == pytest.approx(fitted.theta[1, a, b] * (by_cause * how_often).sum() / how_often.sum())
    assert row["n"] == pytest.approx(fitted.counts[b, a, hostile].sum())
    assert 0 < row["half_life"] < 60


def test_reactions_in_words_name_their_evidence(fitted: Fit) -> None:
    words = fitted.summary()
    assert "Reproduction number" in words
    main = fitted.reactions(["KOR", "PRK", "JPN"], n=8)
    assert main
    assert all("past events" in r.summary() for r in main)
    assert all(r.channel != "inertia" for r in main)
    assert fitted.reactions(["KOR", "nobody"]) == ()
    with pytest.raises(LearnError, match="No channel is called"):
        fitted.reaction("KOR", to="ACCUSE", by="PRK", channel="telepathy")


# -- the prior -------------------------------------------------------------------------------------------------------


def test_the_shipped_prior_is_what_it_says() -> None:
    fit = prior()
    about = fit.provenance
    assert fit.actors == ACTORS
    assert [d["name"] for d in about["data"]] == ["events_ICEWS14.csv.gz", "events_ICEWS18_to_september.csv.gz"]
    assert fit.start.isoformat() >= about["data"][0]["start"] == "2014-01-01"
    assert fit.end.isoformat() <= about["data"][-1]["end"] == "2018-09-27"
    assert all(len(d["sha256"]) == 64 for d in about["data"])
    assert about["command"].startswith("python -m detente.learn.build events_ICEWS14.csv.gz")
    assert "/" not in about["command"]
    assert len(fit.draws) >= 30
    assert len(about["scores"]) == 2
    assert fit.score is not None
    value, low, high = fit.reproduction()
    assert low <= high
    assert value < 1
    np.testing.assert_allclose(fit.state[..., 0], fit.mean)
    assert any("Boschee" in line for line in fit.cite())


def test_the_prior_is_small_and_needs_no_pickle() -> None:
    import detente

    path = Path(detente.__file__).parent / "data" / "prior.npz"
    assert path.stat().st_size < 400_000
    with np.load(path, allow_pickle=False) as file:
        assert {file[name].dtype.kind for name in file.files} <= {"f", "i", "u"}


def test_the_prior_is_what_its_data_give() -> None:
    from hashlib import sha256

    for row in prior().provenance["data"]:
        path = shared(f"data/events/{row['name']}")
        assert sha256(path.read_bytes()).hexdigest() == row["sha256"]


def quarrel(days: int, *, answered: bool) -> pl.DataFrame:
    """A desk that sees KOR accuse PRK every sixth day, answered a day later or not at all."""
    rows = []
    for i in range(0, days, 6):
        rows.append((Date(2024, 1, 1) + timedelta(i), "KOR", "PRK", "ACCUSE"))
        if answered:
            rows.append((Date(2024, 1, 2) + timedelta(i), "PRK", "KOR", "ACCUSE"))
    return pl.DataFrame(rows, schema=["day", "source", "target", "type"], orient="row")


def test_a_desk_moves_the_prior_as_far_as_its_events_go() -> None:
    model = ReactionModel()
    answered = model.fit(quarrel(600, answered=True), prior=prior())
    short = model.fit(quarrel(60, answered=True), prior=prior())
    silent = model.fit(quarrel(600, answered=False), prior=prior())
    started = effect(prior(), "reciprocity", "ACCUSE", "ACCUSE")
    assert effect(answered, "reciprocity", "ACCUSE", "ACCUSE") > started
    assert effect(answered, "reciprocity", "ACCUSE", "ACCUSE") > effect(short, "reciprocity", "ACCUSE", "ACCUSE")
    assert effect(silent, "reciprocity", "ACCUSE", "ACCUSE") < started
    assert 0.5 < answered.prior_share < short.prior_share < 1
    assert 0 < short.coverage <= 1
    assert short.actors == prior().actors
    assert "is the shipped prior" in short.summary()
    assert (answered.start, answered.n_events) == (Date(2024, 1, 1), 200)


def test_a_desk_s_recent_events_are_its_state() -> None:
    fit = ReactionModel().fit(quarrel(60, answered=True), prior=prior())
    a, b = fit.index("PRK"), fit.index("KOR")
    assert fit.state[a, b, ACCUSE, 0] > 3 * fit.mean[a, b, ACCUSE] * (1 - fit.coverage)
    i, j = fit.index("AUS"), fit.index("FRA")
    np.testing.assert_allclose(fit.state[i, j, :, 0], fit.mean[i, j])


def test_a_desk_without_known_pairs_says_so() -> None:
    rows = pl.DataFrame({"day": [Date(2024, 1, 1)], "source": ["FJI"], "target": ["TON"], "type": ["AID"]})
    with pytest.raises(LearnError, match="Use the prior as it is"):
        ReactionModel().fit(rows, prior=prior())


def test_types_are_those_of_the_codebook() -> None:
    assert prior().types == TYPES
    assert ([not is_hostile(k) for k in TYPES] == CONCILIATORY).all()
