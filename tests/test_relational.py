"""The relational event model: statistics, likelihood and fit against a plain implementation of the definitions."""

from __future__ import annotations

from datetime import date as Date
from typing import Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from detente.errors import LearnError
from detente.learn import RelationalEvents
from detente.learn.relational import STATISTICS, sequence

NAMES = ("A", "B", "C", "D", "E")
Likelihood = Literal["ordinal", "interval"]
Events = tuple[np.ndarray, list[str], list[str]]


def statistics(dealt: np.ndarray, i: int, j: int) -> list[float]:
    """The eight statistics of a pair by their definitions, from counts of who acted toward whom."""
    others = [k for k in range(len(dealt)) if k not in (i, j)]
    counts = [
        dealt[i, j],
        dealt[j, i],
        sum(min(dealt[i, k], dealt[k, j]) for k in others),
        sum(min(dealt[j, k], dealt[k, i]) for k in others),
        sum(min(dealt[i, k], dealt[j, k]) for k in others),
        sum(min(dealt[k, i], dealt[k, j]) for k in others),
        dealt[i].sum(),
        dealt[:, j].sum(),
    ]
    return [float(np.log1p(c)) for c in counts]


def plain(events: Events, theta: np.ndarray, chosen: list[str], likelihood: Likelihood, end: float) -> float:
    """The log-likelihood with all statistics of all pairs worked out anew at every time."""
    times, sources, targets = events
    dealt = np.zeros((len(NAMES), len(NAMES)), dtype=int)
    pairs = [(i, j) for i in range(len(NAMES)) for j in range(len(NAMES)) if i != j]
    columns = [STATISTICS.index(s) for s in chosen]
    value, now = 0.0, 0.0
    for t in [*np.unique(times), end]:
        x = np.array([statistics(dealt, i, j) for i, j in pairs])[:, columns]
        if likelihood == "interval":
            x = np.column_stack([np.ones(len(pairs)), x])
        scores = x @ theta
        if likelihood == "interval":
            value -= (t - now) * np.exp(scores).sum()
            now = t
        at = np.flatnonzero(times == t) if t in times else []
        for e in at:
            value += scores[pairs.index((NAMES.index(sources[e]), NAMES.index(targets[e])))]
            if likelihood == "ordinal":
                value -= np.log(np.exp(scores).sum())
        for e in at:
            dealt[NAMES.index(sources[e]), NAMES.index(targets[e])] += 1
    return float(value)


def made(seed: int, n: int, ties: bool) -> Events:
    """Events that repeat and are answered."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.integers(0, 3, n) if ties else rng.exponential(1.0, n)).astype(float) + 1
    pairs: list[tuple[str, str]] = []
    for _ in range(n):
        earlier = pairs[rng.integers(len(pairs))] if pairs else None
        luck = rng.random()
        if earlier and luck < 0.3:
            pairs.append(earlier)
        elif earlier and luck < 0.6:
            pairs.append((earlier[1], earlier[0]))
        else:
            a, b = rng.choice(NAMES, 2, replace=False)
            pairs.append((str(a), str(b)))
    return times, [a for a, _ in pairs], [b for _, b in pairs]


def model(theta: np.ndarray, chosen: list[str], likelihood: Likelihood) -> RelationalEvents:
    names = ("intercept", *chosen) if likelihood == "interval" else tuple(chosen)
    return RelationalEvents(NAMES, names, theta, np.ones_like(theta), likelihood, 0.0, 0.0, 0)


@pytest.mark.parametrize("likelihood", ["ordinal", "interval"])
@given(st.integers(0, 10**6), st.booleans(), st.lists(st.sampled_from(STATISTICS), min_size=1, unique=True))
@settings(max_examples=25, deadline=None)
def test_likelihood_is_that_of_the_definitions(
    likelihood: Likelihood, seed: int, ties: bool, chosen: list[str]
) -> None:
    events = made(seed, 30, ties)
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, 0.5, len(chosen) + (likelihood == "interval"))
    end = float(events[0][-1]) + 1.5
    value, _, _ = model(theta, chosen, likelihood).score(*events, end=end)
    assert value == pytest.approx(plain(events, theta, chosen, likelihood, end), rel=1e-10)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("likelihood", ["ordinal", "interval"])
def test_gradient_and_hessian_are_those_of_finite_differences(likelihood: Likelihood, ties: bool) -> None:
    events = made(4, 700, ties)  # more than one refreshing of the running sums
    theta = np.random.default_rng(1).normal(0, 0.2, 8 + (likelihood == "interval"))
    chosen = list(STATISTICS)
    _, slope, hessian = model(theta, chosen, likelihood).score(*events)
    for p in range(len(theta)):
        up, down = theta.copy(), theta.copy()
        up[p] += 1e-5
        down[p] -= 1e-5
        above, below = (model(x, chosen, likelihood).score(*events) for x in (up, down))
        assert slope[p] == pytest.approx((above[0] - below[0]) / 2e-5, rel=1e-4, abs=1e-3)
        np.testing.assert_allclose(-hessian[p], (above[1] - below[1]) / 2e-5, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("likelihood", ["ordinal", "interval"])
def test_fit_is_that_of_the_plain_implementation(likelihood: Likelihood) -> None:
    events, chosen = made(7, 60, False), ["inertia", "reciprocity", "outgoing two-paths"]
    end = float(events[0][-1]) + 1.0
    fitted = RelationalEvents.fit(*events, statistics=chosen, likelihood=likelihood, end=end)

    def loss(x: np.ndarray) -> float:
        return -plain(events, x, chosen, likelihood, end)

    found = optimize.minimize(loss, fitted.weights + 0.1, method="BFGS", options={"gtol": 1e-4})
    assert fitted.loglik == pytest.approx(-found.fun, abs=1e-5)
    np.testing.assert_allclose(fitted.weights, found.x, atol=0.01)
    np.testing.assert_allclose(fitted.errors, np.sqrt(np.diag(found.hess_inv)), rtol=0.25)
    none = np.zeros(len(fitted.weights))
    if likelihood == "interval":
        none[0] = np.log(60 / (end * 20))
    assert fitted.equal == pytest.approx(plain(events, none, chosen, likelihood, end))


def test_starting_on_fewer_events_does_not_change_where_the_fit_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    events = made(8, 8000, False)
    begun = RelationalEvents.fit(*events)
    monkeypatch.setattr("detente.learn.relational._ENOUGH", 10**9)
    whole = RelationalEvents.fit(*events)
    assert begun.loglik == pytest.approx(whole.loglik, abs=1e-5)
    np.testing.assert_allclose(begun.weights, whole.weights, atol=1e-4)


def test_weights_behind_simulated_events_are_found() -> None:
    truth, chosen = np.array([0.8, 0.5]), ["inertia", "reciprocity"]
    z = []
    for seed in range(15):
        rng = np.random.default_rng(seed)
        dealt = np.zeros((5, 5))
        pairs = [(i, j) for i in range(5) for j in range(5) if i != j]
        picked = []
        for _ in range(300):
            rates = np.array([np.exp(truth @ np.log1p([dealt[i, j], dealt[j, i]])) for i, j in pairs])
            picked.append(pairs[rng.choice(len(pairs), p=rates / rates.sum())])
            dealt[picked[-1]] += 1
        sources, targets = ([NAMES[p[side]] for p in picked] for side in (0, 1))
        fitted = RelationalEvents.fit(range(1, 301), sources, targets, statistics=chosen, actors=NAMES)
        z += ((fitted.weights - truth) / fitted.errors).tolist()
    assert abs(np.mean(z)) < 0.6 and 0.6 < np.std(z) < 1.5


def test_relabelling_actors_changes_nothing() -> None:
    times, sources, targets = made(2, 200, True)
    other = dict(zip(NAMES, ("E", "A", "D", "B", "C"), strict=True))
    fitted = RelationalEvents.fit(times, sources, targets)
    moved = RelationalEvents.fit(times, [other[a] for a in sources], [other[a] for a in targets])
    np.testing.assert_allclose(moved.weights, fitted.weights, atol=1e-6)
    assert moved.loglik == pytest.approx(fitted.loglik)


def test_the_result_is_told_in_words_and_rows() -> None:
    fitted = RelationalEvents.fit(*made(3, 150, False), statistics=["inertia", "reciprocity"])
    frame = fitted.frame()
    assert frame["statistic"].to_list() == ["inertia", "reciprocity"]
    assert ((frame["low"] < frame["weight"]) & (frame["weight"] < frame["high"])).all()
    assert "150 events among 5 actors" in fitted.summary() and "reciprocity: " in fitted.summary()


@pytest.mark.parametrize(
    ("events", "options", "says"),
    [
        (([1.0, 2.0], ["A", "B"], ["B", "B"]), {}, "of B toward itself"),
        (([2.0, 1.0], ["A", "B"], ["B", "A"]), {}, "Event 1 is earlier"),
        (([1.0, float("nan")], ["A", "B"], ["B", "A"]), {}, "has no time"),
        (([1.0], ["A", "B"], ["B", "A"]), {}, "one length"),
        (([1.0, 2.0], ["A", "B"], ["B", "A"]), {"statistics": ["fame"]}, "called 'fame'"),
        (([1.0, 2.0], ["A", "B"], ["B", "A"]), {"likelihood": "partial"}, "called 'partial'"),
        (([1.0, 2.0], ["A", "B"], ["B", "A"]), {"actors": ["A"]}, "name B"),
        (([1.0, 2.0], ["A", "B"], ["B", "A"]), {"start": 3.0}, "outside the window"),
        (([1.0, 2.0], ["A", "B"], ["B", "A"]), {"statistics": ["shared targets"]}, "weight of shared targets"),
    ],
)
def test_bad_events_say_what_is_wrong(events: Events, options: dict[str, object], says: str) -> None:
    with pytest.raises(LearnError, match=says):
        RelationalEvents.fit(*events, **options)  # type: ignore[arg-type]


def test_a_table_becomes_a_sequence() -> None:
    rows = [(Date(2024, 1, 3), "JPN", "CHN", "ACCUSE", 2), (Date(2024, 1, 1), "CHN", "JPN", "THREATEN", 1)]
    table = pl.DataFrame(rows, schema=["day", "source", "target", "type", "count"], orient="row")
    times, sources, targets = sequence(table)
    assert (times.tolist(), sources, targets) == ([1.0, 3.0, 3.0], ["CHN", "JPN", "JPN"], ["JPN", "CHN", "CHN"])
