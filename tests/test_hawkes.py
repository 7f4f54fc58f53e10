"""The plain Hawkes process: likelihood and gradient against the formula, the fit, and its simulation in law."""

from __future__ import annotations

from datetime import date as Date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from detente.errors import LearnError
from detente.learn import Hawkes
from detente.learn.hawkes import stream

TRUTH = Hawkes(
    base=np.array([0.3, 0.1, 0.2]),
    excitation=np.array([[0.3, 0.0, 0.2], [0.0, 0.2, 0.5], [0.2, 0.3, 0.0]]),
    decay=1.5,
)


def plain(model: Hawkes, times: np.ndarray, types: np.ndarray, end: float) -> float:
    """The log-likelihood by its formula, every pair of events looked at."""
    total = -end * model.base.sum()
    for t, k in zip(times, types, strict=True):
        before = times < t
        echo = model.excitation[k, types[before]] * model.decay * np.exp(-model.decay * (t - times[before]))
        total += np.log(model.base[k] + echo.sum())
        total -= model.excitation[:, k].sum() * -np.expm1(-model.decay * (end - t))
    return float(total)


@st.composite
def events(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Events of three types, some at the same time."""
    n = draw(st.integers(1, 40))
    steps = draw(st.lists(st.sampled_from([0.0, 0.1, 0.5, 3.0]), min_size=n, max_size=n))
    types = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    return np.cumsum(steps), np.array(types)


@given(events())
@settings(max_examples=60, deadline=None)
def test_likelihood_is_that_of_the_formula_with_ties(given: tuple[np.ndarray, np.ndarray]) -> None:
    times, types = given
    end = float(times[-1]) + 0.7
    assert TRUTH.score(times, types, end=end) == pytest.approx(plain(TRUTH, times, types, end), rel=1e-12, abs=1e-10)


@pytest.mark.parametrize("n_types", [1, 7, 8, 20])
def test_gradient_is_that_of_finite_differences(n_types: int) -> None:
    rng = np.random.default_rng(n_types)
    model = Hawkes(rng.uniform(0.1, 1, n_types), rng.uniform(0, 1.0 / n_types, (n_types, n_types)), 2.0)
    times, types = np.sort(rng.uniform(0, 30, 200)), rng.integers(0, n_types, 200)
    value, by_base, by_excitation = model.gradient(times, types, end=31.0)
    flat = np.concatenate([model.base, model.excitation.ravel()])

    def at(x: np.ndarray) -> float:
        return Hawkes(x[:n_types], x[n_types:].reshape(n_types, -1), 2.0).score(times, types, end=31.0)

    assert value == pytest.approx(at(flat))
    numeric = optimize.approx_fprime(flat, at, 1e-6)
    np.testing.assert_allclose(np.concatenate([by_base, by_excitation.ravel()]), numeric, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("ridge", "lasso"), [(0.0, 0.0), (50.0, 0.0), (0.0, 20.0), (5.0, 5.0)])
def test_fit_reaches_what_a_general_optimiser_reaches(ridge: float, lasso: float) -> None:
    end = 800.0
    times, types = TRUTH.simulate(end, seed=3)
    fitted = Hawkes.fit(times, types, decay=1.5, end=end, ridge=ridge, lasso=lasso)

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, by_base, by_excitation = Hawkes(x[:3], x[3:].reshape(3, 3), 1.5).gradient(times, types, end=end)
        slope = -np.concatenate([by_base, by_excitation.ravel()])
        slope[3:] += lasso + ridge * x[3:]
        return -value + lasso * x[3:].sum() + ridge / 2 * (x[3:] ** 2).sum(), slope

    bounds = [(1e-9, None)] * 3 + [(0, None)] * 9
    found = optimize.minimize(loss, np.full(12, 0.1), jac=True, bounds=bounds, method="L-BFGS-B",
                              options={"ftol": 1e-15, "gtol": 1e-8, "maxiter": 5000})  # fmt: skip
    mine = np.concatenate([fitted.base, fitted.excitation.ravel()])
    assert loss(mine)[0] <= found.fun + 1e-6
    np.testing.assert_allclose(mine, found.x, atol=2e-3)
    assert fitted.loglik == pytest.approx(fitted.score(times, types, end=end), abs=1e-9)
    if lasso:
        assert (fitted.excitation == 0).any() and np.isnan(fitted.excitation_errors[fitted.excitation == 0]).all()


def test_starting_on_fewer_events_does_not_change_where_the_fit_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    times, types = TRUTH.simulate(40_000.0, seed=5)
    assert len(times) // 64 > 300
    begun = Hawkes.fit(times, types, decay=1.5, tolerance=1e-9)
    monkeypatch.setattr("detente.learn.hawkes.STARTS", ())
    whole = Hawkes.fit(times, types, decay=1.5, tolerance=1e-9)
    assert begun.loglik == pytest.approx(whole.loglik, abs=1e-7)
    np.testing.assert_allclose(begun.excitation, whole.excitation, atol=1e-6)
    np.testing.assert_allclose(begun.excitation_errors, whole.excitation_errors, rtol=0.01)


def test_fit_recovers_the_truth_within_its_errors() -> None:
    z = []
    for seed in range(20):
        times, types = TRUTH.simulate(1500.0, seed=seed)
        fitted = Hawkes.fit(times, types, decay=1.5, end=1500.0)
        inside = TRUTH.excitation > 0
        z += ((fitted.excitation - TRUTH.excitation) / fitted.excitation_errors)[inside].tolist()
        z += ((fitted.base - TRUTH.base) / fitted.base_errors).tolist()
    assert abs(np.mean(z)) < 0.3
    assert 0.8 < np.std(z) < 1.2


def test_simulated_events_have_the_law_of_the_model() -> None:
    """Waiting times, measured by the rate run up, are independent unit exponentials (Papangelou), type by type."""
    times, types = TRUTH.simulate(3000.0, seed=11)
    assert (np.diff(times) > 0).all() and times[-1] < 3000.0
    rate = np.linalg.solve(np.eye(3) - TRUTH.excitation, TRUTH.base)
    np.testing.assert_allclose(np.bincount(types) / 3000.0, rate, rtol=0.1)
    run_up, echo, last = np.zeros(3), np.zeros(3), 0.0
    waits: list[list[float]] = [[], [], []]
    for t, k in zip(times, types, strict=True):
        fade = np.exp(-TRUTH.decay * (t - last))
        run_up += TRUTH.base * (t - last) + TRUTH.excitation @ echo * (1 - fade)
        echo = echo * fade
        echo[k] += 1
        waits[k].append(run_up[k])
        run_up[k], last = 0.0, t
    for mine in waits:
        assert stats.kstest(mine, "expon").pvalue > 0.01
        assert abs(np.corrcoef(mine[:-1], mine[1:])[0, 1]) < 0.1


def test_one_seed_gives_one_stream() -> None:
    first, again, other = TRUTH.simulate(50.0, 1), TRUTH.simulate(50.0, 1), TRUTH.simulate(50.0, 2)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert len(first[0]) != len(other[0]) or (first[0] != other[0]).any()


def test_relabelling_types_relabels_the_fit() -> None:
    times, types = TRUTH.simulate(500.0, seed=9)
    order = np.array([2, 0, 1])
    fitted, moved = (Hawkes.fit(times, k, decay=1.5, tolerance=1e-10) for k in (types, order[types]))
    np.testing.assert_allclose(moved.base[order], fitted.base, atol=1e-5)
    np.testing.assert_allclose(moved.excitation[np.ix_(order, order)], fitted.excitation, atol=1e-5)


@pytest.mark.parametrize(
    ("times", "types", "decay", "says"),
    [
        ([1.0, 0.5], [0, 0], 1.0, "Event 1 is earlier"),
        ([1.0, float("nan")], [0, 0], 1.0, "has no time"),
        ([1.0, 2.0], [0, 2], 1.0, "Type 1 has no event"),
        ([1.0, 2.0], [0, -1], 1.0, "Types must lie"),
        ([1.0, 2.0], [0, 0], 0.0, "above zero"),
        ([-1.0, 2.0], [0, 0], 1.0, "outside the window"),
        ([], [], 1.0, "not empty"),
    ],
)
def test_bad_events_say_what_is_wrong(times: list[float], types: list[int], decay: float, says: str) -> None:
    with pytest.raises(LearnError, match=says):
        Hawkes.fit(times, types, decay=decay)


def test_an_unstable_process_is_not_simulated() -> None:
    with pytest.raises(LearnError, match=r"sets off 1\.20"):
        Hawkes(np.array([1.0]), np.array([[1.2]]), 1.0).simulate(10.0, 1)
    with pytest.raises(LearnError, match="negative"):
        Hawkes(np.array([0.0]), np.array([[0.2]]), 1.0).simulate(10.0, 1)


def test_a_table_becomes_a_stream() -> None:
    rows = [(Date(2024, 1, 3), "JPN", "CHN", "ACCUSE", 2), (Date(2024, 1, 1), "CHN", "JPN", "THREATEN", 1)]
    table = pl.DataFrame(rows, schema=["day", "source", "target", "type", "count"], orient="row")
    times, types, names = stream(table)
    assert (times.tolist(), types.tolist(), names) == ([1.0, 3.0, 3.0], [0, 1, 1], ["CHN THREATEN", "JPN ACCUSE"])
    assert stream(table, by=["type"])[2] == ["ACCUSE", "THREATEN"]
    with pytest.raises(LearnError, match="lacks the column domain"):
        stream(table, by=["domain"])
    with pytest.raises(LearnError, match="no events"):
        stream(table.clear())
