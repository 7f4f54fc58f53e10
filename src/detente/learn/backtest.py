"""How well does the model predict tomorrow? One-day-ahead log scores on held-out days, against three others.

All forecasts share the observation model (a Gamma shock for each pair and day, its size fitted to each forecast on
training days) and the reporting volume, so that only the expected counts are compared. Bits per event: difference of
the log probability of the held-out counts, in base two, divided by the number of held-out events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.errors import LearnError
from detente.learn import kernels
from detente.learn.estimate import (
    Design,
    Dispersion,
    Expectation,
    Parameters,
    Settings,
    attribute,
    blank,
    design,
    dispersion,
    expect,
    fit,
    pair_day_scores,
)
from detente.learn.exposures import Counts, Floats, count, decay
from detente.learn.model import Gain, Score

BASELINES: Final = ("constant rate", "last 30 days", "smoothing")
"""The pair's long-run mean; that and the mean of the last 30 days; that and exponential means at three scales."""

SCALES: Final = (2.0, 10.0, 45.0)
"""Time constants of the smoothing baseline, in days."""

_PLAIN: Final = 3  # components of the model's baseline that simpler forecasts have as well

Parts = tuple[Floats, Floats, Floats]
"""Simple forecasts at the event cells (N, J), of the active pair-days (T, U, J), and of the other pairs (T)."""

_WITHOUT: Final = "without third parties"


def backtest(
    table: pl.DataFrame,
    *,
    actors: Sequence[str] | None = None,
    test_days: int = 31,
    settings: Settings | None = None,
    data: str = "",
    seed: int = 0,
) -> Score:
    """Fit on all but the last days, forecast each of these one day ahead, and score.

    Parameters stay as fitted; the history that they work on is kept up to date with the day before.

    Args:
        table: daily event table (:func:`detente.load.table`). actors: codes; all where None.
        test_days: number of days held out at the end.
        settings: of the model. data: name of the data set, for the record. seed: for the intervals.

    Raises:
        LearnError: too few days or no events in the test.

    Example:
        >>> print(backtest(table, actors=["USA", "CHN"], test_days=31).summary())  # doctest: +SKIP
    """
    counts = count(table, actors)
    days = range(len(counts.dates) - test_days, len(counts.dates))
    return trial(counts, days, settings=settings, data=data, seed=seed).score


@dataclass(frozen=True)
class Trial:
    """Forecasts of some days: their score, the fit behind them, and expected and observed counts (T, U)."""

    score: Score
    par: Parameters
    expected: Expectation


def trial(
    counts: Counts, days: Sequence[int], *, settings: Settings | None = None, data: str = "", seed: int = 0
) -> Trial:
    """Fit on all days before some, forecast each of these one day ahead, and score; see :func:`backtest`.

    Args:
        counts: the record. days: positions of the days to forecast, one after another.

    Raises:
        LearnError: too few days or no events in the test.
    """
    settings = settings or Settings()
    until, test = days[0] if days else 0, np.isin(np.arange(len(counts.dates)), days)
    if until <= settings.burn + 14:
        raise LearnError(f"{len(counts.dates)} days of record are too few to hold out {len(days)}; hold out fewer.")
    d = design(counts, settings, until=until)
    par = fit(d)
    own, e = _forecast(d, par, test)
    plain = _plain(d)
    others = {name: _mixture(d, name, plain, test) for name in BASELINES}
    # The model without third parties is fitted in full as well: what the pairs' own channels weigh in a model with
    # third parties would make it look worse than it is.
    pairs_only = replace(settings, active=(True, True) + (False,) * (len(settings.active) - 2))
    other = replace(d, settings=pairs_only)
    others[_WITHOUT] = _forecast(other, fit(other), test)[0]
    in_test = test[counts.day]
    events: Floats = np.zeros(own.shape[1])
    np.add.at(events, d.pair[in_test], counts.n[in_test])
    if events.sum() == 0:
        raise LearnError("No event falls into the held-out days; hold out more.")
    gains = {name: _gain((own - scores).sum(0), events, seed) for name, scores in others.items()}
    deciles = interval_coverage(e.rate[test], e.seen[test], par.phi)
    score = Score(
        start=counts.dates[until].isoformat(),
        end=counts.dates[days[-1]].isoformat(),
        days=len(days),
        events=int(events.sum()),
        bits_per_event=float(own.sum() / events.sum() / np.log(2)),
        gains=gains,
        coverage=float(np.mean(deciles)) if deciles else float("nan"),
        data=data,
        deciles=deciles,
    )
    return Trial(score, par, e)


def _forecast(d: Design, par: Parameters, test: NDArray[np.bool_]) -> tuple[Floats, Expectation]:
    e = expect(d, par, use=test)
    rates = attribute(d, par, np.zeros(len(d.counts.n))).rates * d.v[d.counts.day]
    return pair_day_scores(d, rates, e.rate, e.rest, par.phi, test), e


def _gain(difference: Floats, events: Floats, seed: int) -> Gain:
    """Bits per event with the 90 % interval of a bootstrap by pair."""
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(events), np.full(len(events), 1 / len(events)), size=2000)
    drawn = (weights @ difference) / np.maximum(weights @ events, 1.0) / np.log(2)
    low, high = np.quantile(drawn, [0.05, 0.95])
    return Gain(float(difference.sum() / events.sum() / np.log(2)), float(low), float(high))


def interval_coverage(rate: Floats, seen: Floats, phi: Dispersion, *, least: float = 0.1) -> tuple[float, ...]:
    """Share of dyad-day counts inside the central 80 % of their forecasts, for expected counts of at least ``least``.

    Counts are whole numbers, so the ends are randomised; the share is the expectation over that randomisation.

    Returns:
        The share by tenths of the pair-days, ordered by expected count; empty where there are fewer than ten.
    """
    busy = rate >= least
    if busy.sum() < 10:
        return ()
    from scipy.stats import nbinom  # here, as its import takes a second

    expected, counts = rate[busy], seen[busy]
    r = 1.0 / phi.at(expected)
    p = r / (r + expected)
    upper, lower = nbinom.cdf(counts, r, p), nbinom.cdf(counts - 1, r, p)
    inside = (np.clip(upper, 0.1, 0.9) - np.clip(lower, 0.1, 0.9)) / np.maximum(upper - lower, 1e-12)
    by_size = np.array_split(inside[np.argsort(expected, kind="stable")], 10)
    return tuple(float(part.mean()) for part in by_size)


def _mixture(d: Design, name: str, plain: Parts, test: NDArray[np.bool_]) -> Floats:
    """(T, U + 1) log scores of a baseline: a weighted sum of simple forecasts, weights fitted on training days."""
    cells, pairs, rest = _parts(d, name, plain)
    cells = cells * d.v[d.counts.day, None]
    pairs = pairs * d.v[:, None, None]
    rest = rest * d.v
    seen = d.seen
    train = d.training
    chosen = train[d.counts.day]
    weight = np.full(cells.shape[1], 1.0 / cells.shape[1])
    phi = Dispersion(1.0)
    for _ in range(15):
        rate = pairs @ weight
        phi = dispersion(rate, seen, train)
        over = phi.at(rate[train])
        g = (1 + over * seen[train]) / (1 + over * rate[train])
        exposure = np.einsum("tp,tpj->j", g, pairs[train])
        exposure[2] += rest[train].sum()
        for _ in range(10):
            part = cells[chosen] * weight
            share = d.counts.n[chosen] / np.maximum(part.sum(1), 1e-300)
            weight = (part * share[:, None]).sum(0) / np.maximum(exposure, 1e-300)
    return pair_day_scores(d, cells @ weight, pairs @ weight, rest * weight[2], phi, test)


def _plain(d: Design) -> Parts:
    """The simple forecasts that all baselines hold."""
    n_days = len(d.counts.dates)
    rows_m = np.zeros((len(d.rows_at), kernels.N_BASE))
    found, rest = np.zeros((n_days, d.n_pairs, kernels.N_BASE)), np.zeros(n_days)
    kernels.means(d.record, blank(d.record), found, rest, rows_m)
    first = np.searchsorted(d.rows_at[:, 1], np.arange(len(d.counts.n)))
    return np.add.reduceat(rows_m[:, :_PLAIN], first, axis=0), found[..., :_PLAIN], rest


def _parts(d: Design, name: str, plain: Parts) -> Parts:
    """The simple forecasts of a baseline: those that all hold, and its own."""
    cells, pairs = [plain[0]], [plain[1]]
    if name == "last 30 days":
        cells.append(_window(d.counts, 30))
        pairs.append(_running(d.seen, d.counts.fresh, window=30)[..., None])
    elif name == "smoothing":
        for tau in SCALES:
            cells.append(_smooth(d.counts, tau))
            pairs.append(_running(d.seen, d.counts.fresh, keep=float(decay(np.array([tau]))[0]))[..., None])
    return np.column_stack(cells), np.concatenate(pairs, axis=-1), plain[2]


def _running(seen: Floats, fresh: NDArray[np.bool_], *, keep: float = 0.0, window: int = 0) -> Floats:
    """(T, P) mean of strictly earlier days: exponential where ``keep`` is given, else of the last ``window`` days."""
    out = np.zeros_like(seen)
    began = 0
    for t in range(len(seen)):
        if fresh[t]:
            began = t
        elif window:
            out[t] = seen[max(began, t - window) : t].sum(0) / window
        else:
            out[t] = keep * out[t - 1] + (1 - keep) * seen[t - 1]
    return out


def _by_cell(counts: Counts) -> list[NDArray[np.intp]]:
    """Positions of each cell's event days, in order."""
    key = (counts.a * len(counts.actors) + counts.b) * 100 + counts.k
    order = np.argsort(key, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(key[order])) + 1)


def _stretch(counts: Counts) -> NDArray[np.int64]:
    """(T) first day of the stretch of record that the day belongs to."""
    began: NDArray[np.int64] = np.maximum.accumulate(np.where(counts.fresh, np.arange(len(counts.fresh)), 0))
    return began


def _window(counts: Counts, days: int) -> Floats:
    """(N) mean of each event cell over the last days before it."""
    out = np.zeros(len(counts.n))
    began = _stretch(counts)
    for at in _by_cell(counts):
        day, total = counts.day[at], np.concatenate([[0.0], np.cumsum(counts.n[at])])
        first = np.searchsorted(day, np.maximum(day - days, began[day]))
        out[at] = (total[:-1] - total[first]) / days
    return out


def _smooth(counts: Counts, tau: float) -> Floats:
    """(N) exponential mean of each event cell over strictly earlier days."""
    out = np.zeros(len(counts.n))
    began = _stretch(counts)
    keep = float(decay(np.array([tau]))[0])
    for at in _by_cell(counts):
        value, last = 0.0, -1
        for i in at:
            t = int(counts.day[i])
            # Value after the last event decays to the day before this one.
            value = 0.0 if last < began[t] else value * keep ** (t - 1 - last)
            out[i] = value
            value = value * keep + (1 - keep) * counts.n[i]
            last = t
    return out
