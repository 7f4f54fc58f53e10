"""Would the ranking of measures stand if the assumptions were otherwise?

Everything that is assumed rather than learnt is varied at once: the strength of each measure, the part of the events
that it touches, the variant of the model, and the stretch of record that the model was fitted on. Each combination is a
row; in each row every measure is compared with none. Three answers follow: how much of the spread of an outcome each
assumption makes (Sobol indices), which assumption would put another measure first, and how far each measure falls short
of the best one (regret).

Sources: Saltelli et al. (2010) for the sampling and the estimators of Sobol indices, by SALib (Herman and Usher 2017;
Iwanaga, Usher and Herman 2022); Savage (1951) for regret; Lempert, Popper and Bankes (2003) for ranking under many
assumptions at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date as Date
from datetime import timedelta
from typing import Any, Final

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.errors import ScenarioError
from detente.figure import Figure, Shown
from detente.learn.fit import ReactionModel
from detente.learn.model import CHANNELS, THIRD_PARTY, Draws, Fit
from detente.simulate.compare import _names
from detente.simulate.futures import NO_MEASURE, run
from detente.simulate.measures import Measure, Range

Floats = NDArray[np.floating[Any]]

MODEL: Final = "model"
RECORD: Final = "stretch of record"
_MOVES: Final = 0.05
"""Share of cases in which another value of an assumption alone puts another measure first, from which it is told."""
_BATCH: Final = 200  # variants simulated at once


@dataclass(frozen=True)
class Assumption:
    """Something assumed, and what it may be.

    Args:
        name: in words. range: low and high bound; for a choice, 0 and the number of choices.
        choices: names of what is chosen among; empty for a number.
    """

    name: str
    range: Range
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Robustness(Shown):
    """Measures compared under many assumptions.

    Args:
        names: (M) of the measures. assumptions: (D).
        rows: (N, D) values of the assumptions, in blocks of D + 2 as Saltelli samples them: a base sample, the same
            with one assumption after another at another value, and another base sample.
        effects: (N, M) expected change of hostile events in each row.
        first, total: (D, M + 1) Sobol indices of each measure's effect and of the margin between the two measures that
            do best on average; ``first_error``, ``total_error``: half widths of their 90 % intervals.
        start, days: of the futures.
    """

    names: tuple[str, ...]
    assumptions: tuple[Assumption, ...]
    rows: Floats
    effects: Floats
    first: Floats
    total: Floats
    first_error: Floats
    total_error: Floats
    start: Date
    days: int

    def __repr__(self) -> str:
        return f"<Robustness of {len(self.names)} measures in {len(self.rows)} rows; see summary()>"

    @property
    def regret(self) -> Floats:
        """(N, M) hostile events more than with the best choice of the row, doing nothing included."""
        return np.asarray(self.effects - np.minimum(self.effects.min(1, keepdims=True), 0.0))

    @property
    def winners(self) -> NDArray[np.int64]:
        """(N) position of the measure with the largest reduction in each row; M where none lowers hostility."""
        best = self.effects.argmin(1)
        return np.asarray(np.where(self.effects.min(1) < 0.0, best, len(self.names)), dtype=np.int64)

    def frame(self) -> pl.DataFrame:
        """The regret table, least regret first: one row a measure, and one for doing nothing."""
        nothing = np.maximum(-self.effects.min(1, keepdims=True), 0.0)
        effects = np.concatenate([self.effects, np.zeros_like(nothing)], axis=1)
        regret = np.concatenate([self.regret, nothing], axis=1)
        won = np.bincount(self.winners, minlength=effects.shape[1]) / len(effects)
        table = pl.DataFrame(
            {
                "measure": [*self.names, NO_MEASURE],
                "effect_mean": effects.mean(0),
                "effect_least": effects.max(0),
                "effect_most": effects.min(0),
                "best_in": won,
                "regret_mean": regret.mean(0),
                "regret_high90": np.quantile(regret, 0.95, axis=0),
                "regret_most": regret.max(0),
            }
        )
        return table.sort("regret_most", "regret_mean")

    def figure(self, **how: Any) -> Figure:
        """Every measure's effect over the assumptions: see :func:`detente.simulate.figures.robustness`."""
        from detente.simulate import figures  # here, as only few look at it

        return figures.robustness(self, **how)

    def indices(self) -> pl.DataFrame:
        """Sobol indices, one row an assumption and outcome, largest total index first.

        ``first``: share of the outcome's variance that the assumption makes by itself; ``total``: with all its
        interactions; ``first_error`` and ``total_error``: half widths of 90 % intervals.
        """
        outcomes = [*self.names, "margin between the two best"]
        rows = [
            {
                "outcome": outcome,
                "assumption": a.name,
                "first": float(self.first[d, m]),
                "first_error": float(self.first_error[d, m]),
                "total": float(self.total[d, m]),
                "total_error": float(self.total_error[d, m]),
            }
            for m, outcome in enumerate(outcomes)
            for d, a in enumerate(self.assumptions)
        ]
        return pl.DataFrame(rows).sort("outcome", "total", descending=[False, True], maintain_order=True)

    @property
    def flips(self) -> Floats:
        """(D) share of the base samples in which another value of one assumption alone puts another measure first."""
        blocks = self.winners.reshape(-1, len(self.assumptions) + 2)
        return np.asarray((blocks[:, 1:-1] != blocks[:, :1]).mean(0))

    def movers(self) -> tuple[str, ...]:
        """For each assumption that would change which measure comes first, a sentence that says how; the strongest
        first."""
        found = []
        for d in np.argsort(-self.flips, kind="stable"):
            a, flips = self.assumptions[d], float(self.flips[d])
            if flips < _MOVES:
                break
            if a.choices:
                groups = [(f"with {c}", self.rows[:, d].astype(int) == i) for i, c in enumerate(a.choices)]
            else:
                low, high = np.quantile(self.rows[:, d], (1 / 3, 2 / 3))
                ends = self.rows[:, d] <= low, self.rows[:, d] >= high
                groups = [(f"below {low:.2f}", ends[0]), (f"above {high:.2f}", ends[1])]
            shares = [(words, self._shares(chosen)) for words, chosen in groups if chosen.any()]
            m = int(np.ptp([s for _, s in shares], axis=0).argmax())
            told = ", ".join(f"{words} in {s[m]:.0%} of rows" for words, s in shares)
            name = [*self.names, "doing nothing"][m]
            found.append(
                f"{a.name}: another value of it alone puts another measure first in {flips:.0%} of cases; "
                f"{name} is best {told}."
            )
        return tuple(found)

    def _shares(self, chosen: NDArray[np.bool_]) -> Floats:
        return np.asarray(np.bincount(self.winners[chosen], minlength=len(self.names) + 1) / chosen.sum())

    def summary(self) -> str:
        """What would change the ranking, in words."""
        table = self.frame()
        lead = self._shares(np.ones(len(self.rows), dtype=bool))
        best = int(lead.argmax())
        head = (
            f"{len(self.rows)} combinations of {len(self.assumptions)} assumptions; {self.days} days from {self.start}."
        )
        name = [*self.names, "Doing nothing"][best]
        lines = [head, f"{name} comes first in {lead[best]:.0%} of them."]
        movers = self.movers()
        lines += movers or ["No assumption that was varied would change which measure comes first."]
        least = table.row(0, named=True)
        lines.append(
            f"Least regret: {least['measure']} falls short of the best choice by {least['regret_most']:.2g} hostile "
            f"events at most, {least['regret_mean']:.2g} on average."
        )
        return "\n".join(lines)


def variants(fit: Fit) -> dict[str, Fit]:
    """The model, and the same one without third parties; without calming by conciliatory acts, where it holds any."""
    third = np.isin(CHANNELS, THIRD_PARTY)

    def hushed(theta: Floats) -> Floats:
        return np.where(third[:, None, None], 0.0, theta).astype(theta.dtype)

    found = {
        "the full model": fit,
        "the model without third parties": replace(
            fit, theta=hushed(fit.theta), draws=replace(fit.draws, theta=hushed(fit.draws.theta))
        ),
    }
    if np.any(fit.damping) or (fit.draws.damping is not None and np.any(fit.draws.damping)):
        draws = Draws(fit.draws.base, fit.draws.weights, fit.draws.theta)
        found["the model without calming"] = replace(fit, damping=np.zeros_like(fit.damping), draws=draws)
    return found


def windows(table: pl.DataFrame, n: int, *, actors: Sequence[str], draws: int = 16, seed: int = 7) -> dict[str, Fit]:
    """Models fitted on n stretches of a record of equal length, and on all of it.

    Args:
        table: daily event table (:func:`detente.load.daily`). n: number of stretches. actors: codes.

    Raises:
        ScenarioError: fewer than two stretches, or stretches of less than 60 days.
    """
    first, last = (Date.fromisoformat(str(table["day"].min())), Date.fromisoformat(str(table["day"].max())))
    length = ((last - first).days + 1) // max(n, 1)
    if n < 2 or length < 60:
        raise ScenarioError(f"{n} stretches of {length} days: give at least 2 of 60 days or more.")
    model = ReactionModel(draws=draws)
    found = {"all of the record": model.fit(table, actors=actors, seed=seed)}
    for i in range(n):
        begins = last - timedelta((n - i) * length - 1)
        ends = begins + timedelta(length - 1)
        part = table.filter(pl.col("day").is_between(begins, ends))
        found[f"the record from {begins} to {ends}"] = model.fit(part, actors=actors, seed=seed)
    return found


def sweep(
    models: Fit | Mapping[str, Fit],
    measures: Sequence[Measure | Sequence[Measure]],
    *,
    start: Date | str,
    days: int = 60,
    draws: int = 8,
    seed: int = 7,
    among: Sequence[str] | None = None,
    records: Mapping[str, Fit] | None = None,
    samples: int = 32,
    workers: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Robustness:
    """Compare measures under many assumptions at once.

    Args:
        models: a fit, of which variants are made (:func:`variants`), or fits by name.
        measures: bound to sides; a sequence in the place of one is applied together.
        start, days, seed, among, workers: as for :func:`detente.simulate.compare`.
        draws: parameter draws over which the expectation of a row is taken.
        records: fits on stretches of the record by name (:func:`windows`), varied as an assumption of their own.
        samples: base samples N; N (D + 2) rows are simulated for D assumptions. A power of two.
        progress: called with the number of variants done and their total.

    Raises:
        ScenarioError: SALib is not installed, nothing to compare, or numbers that make no sense.

    Example:
        ``sweep(fit, [measure("hotline").between(["USA"], ["PRK"])], start="2018-10-01", days=60).summary()``
    """
    try:
        from SALib.analyze import sobol as indices  # an extra
        from SALib.sample import sobol as sampling
    except ImportError as error:
        raise ScenarioError(
            "Sweeps over assumptions need SALib, which is not installed: pip install 'detente[robustness]'."
        ) from error
    if samples < 2 or samples & (samples - 1):
        raise ScenarioError(f"samples = {samples}: give a power of two, such as 32.")
    sets = [(m,) if isinstance(m, Measure) else tuple(m) for m in measures]
    if not sets or not all(sets):
        raise ScenarioError("There is nothing to compare: give at least one measure.")
    by_model = variants(models) if isinstance(models, Fit) else dict(models)
    by_record = dict(records or {})
    if by_record and not isinstance(models, Fit):
        raise ScenarioError("Give one fit, of which variants are made for each stretch of record, or models by name.")
    assumptions = _assumptions(sets, tuple(by_model), tuple(by_record))
    problem = {
        "num_vars": len(assumptions),
        "names": [a.name for a in assumptions],
        "bounds": [list(a.range) for a in assumptions],
    }
    rows = np.asarray(sampling.sample(problem, samples, calc_second_order=False, seed=seed))
    for d, a in enumerate(assumptions):
        if a.choices:
            rows[:, d] = np.minimum(np.floor(rows[:, d]), len(a.choices) - 1)
    effects, done = np.empty((len(rows), len(sets))), 0
    names = [a.name for a in assumptions]
    which = _which(rows, names, by_model, by_record)
    if progress:
        progress(0, len(rows) * len(sets))
    for key, fit in _fits(by_model, by_record).items():
        mine = np.flatnonzero(which == key)
        for at in range(0, len(mine), max(_BATCH // len(sets), 1)):
            part = mine[at : at + max(_BATCH // len(sets), 1)]
            tried = [(NO_MEASURE, ())] + [
                (f"{row} {s}", _held(each, s, names, rows[row])) for row in part for s, each in enumerate(sets)
            ]
            base, *rest = run(fit, tried, start, days, 1, seed, among, None, workers, expectations=draws)
            without = base.expected[:, 0].sum((1, 2))
            change = [float((f.expected[:, 0].sum((1, 2)) - without).mean()) for f in rest]
            effects[part] = np.array(change).reshape(len(part), len(sets))
            done += len(rest)
            if progress:
                progress(done, len(rows) * len(sets))
    best = np.argsort(effects.mean(0))[:2]
    margin = effects[:, best[0]] - (effects[:, best[1]] if len(best) > 1 else 0.0)
    found = [_sobol(indices, problem, y, seed) for y in (*effects.T, margin)]
    first, first_error, total, total_error = (np.stack([f[key] for f in found], 1) for key in range(4))
    return Robustness(
        names=tuple(_names(sets)),
        assumptions=assumptions,
        rows=rows,
        effects=effects,
        first=first,
        total=total,
        first_error=first_error,
        total_error=total_error,
        start=base.start,
        days=days,
    )


def _assumptions(
    sets: Sequence[tuple[Measure, ...]], models: tuple[str, ...], records: tuple[str, ...]
) -> tuple[Assumption, ...]:
    """Everything that may be otherwise: strengths and parts that are ranges, and choices of more than one."""
    found: dict[str, Assumption] = {}
    for m in (m for each in sets for m in each):
        for name, bounds in _ranges(m):
            if bounds[0] < bounds[1]:
                found.setdefault(name, Assumption(name, bounds))
    for name, choices in ((MODEL, models), (RECORD, records)):
        if len(choices) > 1:
            found[name] = Assumption(name, (0.0, float(len(choices))), choices)
    if not found:
        raise ScenarioError("Nothing is assumed here that could be otherwise: give a range of strength, or two models.")
    return tuple(found.values())


def _ranges(m: Measure) -> list[tuple[str, Range]]:
    """Names and ranges of what is assumed of a measure: its strength, and the part that each stream is."""
    of = f"{m.id} ({', '.join(m.by)})"
    parts = [(f"share of {', '.join(s.types)} in {of}", s.share) for s in m.events]
    return [(f"strength of {of}", m.strength), *parts]


def _held(each: tuple[Measure, ...], s: int, names: Sequence[str], row: Floats) -> tuple[Measure, ...]:
    """The measures with their strengths and parts at the values of a row."""
    value = dict(zip(names, row, strict=True))

    def at(name: str, bounds: Range) -> Range:
        x = float(value.get(name, bounds[0]))
        return (x, x)

    out = []
    for m in each:
        (strength, bounds), *parts = _ranges(m)
        events = tuple(
            msgspec.structs.replace(stream, share=at(name, share))
            for stream, (name, share) in zip(m.events, parts, strict=True)
        )
        out.append(msgspec.structs.replace(m, strength=at(strength, bounds), events=events))
    return tuple(out)


def _fits(models: Mapping[str, Fit], records: Mapping[str, Fit]) -> dict[int, Fit]:
    """Every model that a row may ask for, by number: each variant of the fit on each stretch of record."""
    if not records:
        return dict(enumerate(models.values()))
    made = [(fit, variants(fit)) for fit in records.values()]
    return {
        r * len(models) + m: by_name.get(name, fit)  # a stretch that knows no calming has no variant without it
        for r, (fit, by_name) in enumerate(made)
        for m, name in enumerate(models)
    }


def _which(
    rows: Floats, names: Sequence[str], models: Mapping[str, Fit], records: Mapping[str, Fit]
) -> NDArray[np.int64]:
    """(N) number of the model of each row."""
    m, r = (
        rows[:, names.index(key)].astype(np.int64) if key in names else np.zeros(len(rows), dtype=np.int64)
        for key in (MODEL, RECORD)
    )
    return np.asarray(r * len(models) + m)


def _sobol(indices: Any, problem: dict[str, Any], y: Floats, seed: int) -> tuple[Floats, ...]:
    """First-order and total indices, each with its half width; zero for an outcome that never moves."""
    n = problem["num_vars"]
    if np.ptp(y) <= 1e-12:
        return tuple(np.zeros(n) for _ in range(4))
    found = indices.analyze(problem, y, calc_second_order=False, conf_level=0.9, seed=seed)
    return tuple(np.asarray(found[key], dtype=np.float64) for key in ("S1", "S1_conf", "ST", "ST_conf"))
