"""Futures: what is simulated from a fitted model, under no measure or some, and what is counted in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date as Date
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypedDict, Unpack

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.codebook import is_hostile, quad
from detente.errors import ScenarioError
from detente.figure import Figure, Shown
from detente.learn.model import Fit
from detente.simulate import engine, rates, sketch
from detente.simulate.expectation import expect
from detente.simulate.experiment import WEEK, Experiment, Progress, Record, carry_out
from detente.simulate.luck import CAP
from detente.simulate.measures import Measure, sources, title
from detente.simulate.plan import plans
from detente.simulate.threshold import Threshold

__all__ = ["BANDS", "NEAR_ONE", "NO_MEASURE", "Futures", "How", "Setting", "Threshold", "cited", "run", "simulate"]

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

NO_MEASURE: Final = "no measure"
NEAR_ONE: Final = 0.95
"""Reproduction number from which a draw of the parameters is reported as unstable."""
_EXPECTED: Final = 20  # parameter draws for which the expectation is worked out
_PATHS: Final = 200e6  # bytes of full paths that are kept without asking

BANDS: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
_NAMES: Final = ("low90", "low50", "median", "high50", "high90")


@dataclass(frozen=True)
class Futures(Shown):
    """Simulated futures under one set of measures.

    Totals are there for every future. Bands by day, dyad and type come from histograms, exact for small counts and
    within 0.8 per cent for large ones, or from full paths where those are kept.

    Args:
        name: of the set of measures. measures: that were applied.
        actors: all simulated. among: those among whom events are counted. types: PLOVER types.
        start: first simulated day. days: horizon. seed: of all randomness. threshold: of escalation and calm.
        record, variant: what was counted, and which row of it is meant.
        expected: (E, 2, A, A) expected hostile and conciliatory events over the horizon by dyad, for E draws of the
            parameters, chance left out: exact where the model does not damp, else near it (``docs/simulate.md``).
        reproduction: (D) expected further events per event, for every draw.
        n_draws: number of parameter draws; future f uses draw f modulo n_draws.
        provenance: of the model.
    """

    name: str
    measures: tuple[Measure, ...]
    actors: tuple[str, ...]
    among: tuple[str, ...]
    types: tuple[str, ...]
    start: Date
    days: int
    seed: int
    threshold: Threshold
    record: Record = field(repr=False)
    variant: int
    expected: Floats = field(repr=False)
    reproduction: Floats = field(repr=False)
    n_draws: int
    sources: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.record.done)

    @property
    def hostile_total(self) -> Ints:
        """(F) reported hostile events over the horizon, without those that the measures themselves add."""
        return np.asarray(self.record.hostile[self.variant], dtype=np.int64)

    @property
    def conciliatory_total(self) -> Ints:
        """(F) the same for conciliatory events."""
        return np.asarray(self.record.conciliatory[self.variant], dtype=np.int64)

    @property
    def worst(self) -> Floats:
        """(F) heaviest window of one pair, as the threshold weighs it, and :attr:`worst_pair`: (F, 2)."""
        return np.asarray(self.record.worst[self.variant])

    @property
    def worst_pair(self) -> Ints:
        """(F, 2) positions of the pair with the heaviest window."""
        return np.asarray(self.record.worst_pair[self.variant], dtype=np.int64)

    @property
    def calm(self) -> Ints:
        """(F) first day, from 1, of the first calm; 0 where none came."""
        return np.asarray(self.record.calm[self.variant], dtype=np.int64)

    @property
    def peak(self) -> Ints:
        """(F) day, from 1, that ends the seven days with most hostile events."""
        return np.asarray(self.record.peak[self.variant], dtype=np.int64)

    @property
    def capped(self) -> Ints:
        """(F) pair-days at the bound :data:`detente.simulate.luck.CAP`."""
        return np.asarray(self.record.capped[self.variant], dtype=np.int64)

    @property
    def cells(self) -> Floats:
        """(A, A, K) reported events over the horizon by source, target and type, mean over futures."""
        return np.asarray(self.record.cells[self.variant] / (2.0 * len(self)))

    @property
    def hostile(self) -> Ints:
        """(F, T) reported hostile events a day, where full paths are kept."""
        return self._path("daily")[:, 0]

    @property
    def conciliatory(self) -> Ints:
        """(F, T) reported conciliatory events a day, where full paths are kept."""
        return self._path("daily")[:, 1]

    @property
    def dyads(self) -> Floats:
        """(F, 2, A, A) hostile and conciliatory events over the horizon, where full paths are kept."""
        return np.asarray(self._path("by_dyad") / 2.0)

    @property
    def by_type(self) -> Ints:
        """(F, K) events over the horizon, where full paths are kept."""
        return self._path("by_type")

    def _path(self, name: str) -> Ints:
        if not self.record.paths:
            raise ScenarioError(f"Full paths of these {len(self)} futures were not kept; run them with paths=True.")
        return np.asarray(getattr(self.record, name)[self.variant], dtype=np.int64)

    @property
    def escalated(self) -> NDArray[np.bool_]:
        """(F) whether the threshold was reached."""
        return np.asarray(self.worst >= (self.threshold.events or 1))

    def frame(self) -> pl.DataFrame:
        """One row a future: totals, the heaviest window of any pair and whose it was, whether it escalated."""
        names = np.array(self.actors)
        pairs = [" ".join(p) if w else None for p, w in zip(names[self.worst_pair], self.worst, strict=True)]
        n = len(self)
        return pl.DataFrame(
            {
                "future": np.arange(n),
                "draw": np.arange(n) % self.n_draws,
                "hostile": self.hostile_total,
                "conciliatory": self.conciliatory_total,
                "peak": self.peak,
                "worst": self.worst,
                "worst_pair": pairs,
                "escalated": self.escalated,
                "calm": self.calm,
                "capped": self.capped,
            }
        )

    def pairs(self) -> pl.DataFrame:
        """One row a dyad: hostile and conciliatory events over the horizon, expectation and bands over futures."""
        n, rows = len(self.actors), []
        exact = self.expected.mean(0)
        bands: Floats
        if self.record.paths:
            bands = np.quantile(self.dyads, BANDS, axis=0)
        else:
            bands = sketch.quantiles(self.record.dyads[self.variant], BANDS).reshape(-1, 2, n, n) / 2.0
        for a, b in np.argwhere(exact.sum(0) > 0):
            row: dict[str, object] = {"source": self.actors[a], "target": self.actors[b]}
            for i, sort in enumerate(("hostile", "conciliatory")):
                low, _, middle, _, high = bands[:, i, a, b]
                row |= {f"{sort}_expected": float(exact[i, a, b]), f"{sort}_median": float(middle)}
                row |= {f"{sort}_low": float(low), f"{sort}_high": float(high)}
            rows.append(row)
        table = pl.DataFrame(rows)
        return table.sort("hostile_expected", descending=True) if rows else table

    def totals(self) -> pl.DataFrame:
        """One row an event type: its quad class and its count over the horizon, with bands over futures."""
        columns: Floats
        if self.record.paths:
            columns = np.quantile(self.by_type, BANDS, axis=0)
        else:
            columns = sketch.quantiles(self.record.types[self.variant], BANDS)
        head = {"type": self.types, "quad": [quad(k) for k in self.types], "mean": self.cells.sum((0, 1))}
        return pl.DataFrame(head | dict(zip(_NAMES, columns, strict=True)))

    def fan(self, *, step: int = 1, cumulative: bool = False) -> pl.DataFrame:
        """Bands of hostile events by day.

        Args:
            step: days a row (7: weeks; a shorter rest at the end is left out). cumulative: events since the start.

        Returns:
            columns day (date of the row's last day), low90, low50, median, high50, high90.

        Raises:
            ScenarioError: the horizon is shorter than a step; or steps of neither a day nor a week, where full paths
                were not kept.
        """
        n = self.days // step
        if not n:
            raise ScenarioError(f"The horizon of {self.days} days is shorter than a step of {step}.")
        bands: Floats
        if self.record.paths or not (cumulative or step in (1, WEEK)):
            table = self.hostile[:, : n * step].reshape(len(self), n, step).sum(2)
            bands = np.quantile(np.cumsum(table, axis=1) if cumulative else table, BANDS, axis=0)
        elif cumulative:
            bands = sketch.quantiles(self.record.running[self.variant, step - 1 :: step], BANDS)
        else:
            by_step = self.record.days if step == 1 else self.record.weeks
            bands = sketch.quantiles(by_step[self.variant], BANDS)
        days = [self.start + timedelta(step * (i + 1) - 1) for i in range(n)]
        return pl.DataFrame({"day": days} | dict(zip(_NAMES, bands, strict=True)))

    @property
    def unstable(self) -> int:
        """Number of parameter draws whose reproduction number is near or above one."""
        return int((self.reproduction >= NEAR_ONE).sum())

    @property
    def steady(self) -> NDArray[np.bool_]:
        """(F) futures whose parameter draw is not unstable."""
        return np.asarray(self.reproduction[np.arange(len(self)) % self.n_draws] < NEAR_ONE)

    def stability(self) -> str:
        """The reproduction number in words, and what the bound on counts did."""
        low, _, middle, _, high = np.quantile(self.reproduction, BANDS)
        words = [f"Reproduction number {middle:.2f} (90 % interval {low:.2f} to {high:.2f})."]
        if self.unstable:
            words.append(
                f"In {self.unstable} of {self.n_draws} parameter draws it is {NEAR_ONE:g} or more: there events feed "
                "themselves, and counts far from today say little."
            )
        if bitten := int(self.capped.sum()):
            words.append(
                f"Counts of a pair on a day end at {CAP}: that bound bit on {bitten} pair-days in "
                f"{int((self.capped > 0).sum())} of {len(self)} futures, whose totals are too low."
            )
        return " ".join(words)

    def figure(self, **how: Any) -> Figure:
        """Hostile events to come, as bands: see :func:`detente.simulate.figures.futures`."""
        from detente.simulate import figures  # here, as only few look at it

        return figures.futures(self, **how)

    def summary(self) -> str:
        """The futures in words. Numbers are of the futures whose parameters are stable; where most are not, there are
        none."""
        steady = self.steady
        lines = [
            f"{len(self)} futures of {self.days} days from {self.start}, {self.name}, seed {self.seed}: "
            f"reported events among {', '.join(self.among)}."
        ]
        if steady.mean() >= 0.5:
            low, low50, middle, high50, high = np.quantile(self.hostile_total[steady], BANDS)
            of = "" if steady.all() else f" over the {int(steady.sum())} futures with stable parameters"
            lines += [
                f"Hostile events{of}: median {middle:.0f} "
                f"(50 % {low50:.0f} to {high50:.0f}, 90 % {low:.0f} to {high:.0f}).",
                f"Escalation ({self.threshold}) in {self.escalated[steady].mean():.0%} of futures.",
            ]
        else:
            lines.append("Counts are not given: by most parameter draws events feed themselves without end.")
        return "\n".join([*lines, self.stability()])

    def cite(self) -> list[str]:
        """Sources of the model and of the measures' evidence."""
        return [*self.sources, *cited(self.measures)]


def cited(measures: Sequence[Measure]) -> list[str]:
    """Sources of the evidence for measures, each once."""
    wanted = {key for m in measures for key in m.source}
    return [source.cited() for source in sources() if source.key in wanted]


def simulate(
    fit: Fit,
    *,
    start: Date | str,
    days: int = 60,
    futures: int = 400,
    seed: int = 7,
    measures: Sequence[Measure] = (),
    among: Sequence[str] | None = None,
    threshold: Threshold | None = None,
    workers: int | None = None,
    **how: Unpack[How],
) -> Futures:
    """Simulate futures under some measures together, or under none.

    Args:
        fit: the model. start: first simulated day, after the fit's data. days: horizon. futures: number.
        seed: the same seed gives the same futures, whatever the workers.
        measures: bound to sides (:meth:`Measure.between`). among: actors among whom events are counted (default: all).
        threshold: of escalation. workers: threads (default: one a core). how: see :class:`How`.

    Raises:
        ScenarioError: a number makes no sense, or a measure or actor is unknown to the model.

    Example:
        ``simulate(fit, start="2018-03-01", days=60, futures=400, seed=7).fan()``
    """
    name = title(measures) or NO_MEASURE
    return run(fit, [(name, tuple(measures))], start, days, futures, seed, among, threshold, workers, **how)[0]


class How(TypedDict, total=False):
    """How futures are run; none of it changes a result.

    ``paths``: keep full paths (default: while all together stay under 200 MB; without them memory hardly grows with
    the number of futures). ``cluster``: address of a Dask scheduler (``tcp://...``) or a client of one; needs
    ``detente[cluster]``.
    ``resume``: folder in which what is done is kept, and from which the same run goes on after a kill. ``progress``:
    called with the number of futures done and of all. ``expectations``: parameter draws for which the expectation is
    worked out.
    """

    paths: bool | None
    cluster: Any
    resume: str | Path | None
    progress: Progress | None
    expectations: int


def run(
    fit: Fit,
    variants: Sequence[tuple[str, tuple[Measure, ...]]],
    start: Date | str,
    days: int,
    futures: int,
    seed: int,
    among: Sequence[str] | None,
    threshold: Threshold | None,
    workers: int | None,
    **how: Unpack[How],
) -> list[Futures]:
    """Futures of several variants under the same luck; arguments as for :func:`simulate`. The first one sets an open
    threshold."""
    workers = (os.cpu_count() or 1) if workers is None else workers
    for key, value in (("futures", futures), ("workers", workers)):
        if value < 1:
            raise ScenarioError(f"{key} = {value} makes no sense; give a number of 1 or more.")
    setting = Setting.of(fit, variants, start, days, seed, among, threshold)
    n = len(fit.actors)
    paths = how.get("paths")
    if paths is None:
        paths = 4 * len(variants) * futures * (2 * days + 2 * n * n + len(fit.types)) < _PATHS
    record = carry_out(
        setting.experiment,
        futures,
        paths=paths,
        workers=workers,
        cluster=how.get("cluster"),
        resume=how.get("resume"),
        progress=how.get("progress"),
    )
    return setting.futures(record, setting.expected(min(how.get("expectations", _EXPECTED), futures), workers))


@dataclass(frozen=True)
class Setting:
    """An experiment and what it is about.

    Args:
        fit: the model. variants: names and measures. start: first day. among: who is counted. threshold: as asked.
        experiment: the same, for the engine. mean: the same for expectations. reproduction: (D) of its draws.
    """

    fit: Fit
    variants: tuple[tuple[str, tuple[Measure, ...]], ...]
    start: Date
    among: tuple[str, ...]
    threshold: Threshold
    experiment: Experiment
    mean: rates.Law
    reproduction: Floats

    @classmethod
    def of(
        cls,
        fit: Fit,
        variants: Sequence[tuple[str, tuple[Measure, ...]]],
        start: Date | str,
        days: int,
        seed: int,
        among: Sequence[str] | None,
        threshold: Threshold | None,
    ) -> Setting:
        """Check and prepare; arguments and errors as for :func:`simulate`."""
        first = _date(start)
        if days < 1:
            raise ScenarioError(f"days = {days} makes no sense; give a number of 1 or more.")
        gap = (first - fit.end).days - 1
        if gap < 0:
            raise ScenarioError(
                f"start = {first} lies inside the model's data, which end on {fit.end}; start later, "
                "or fit on data up to that day."
            )
        counted = tuple(among) if among else fit.actors
        if unknown := [a for a in counted if a not in fit.actors]:
            raise ScenarioError(f"The model knows no {unknown[0]}; it was fitted for {', '.join(fit.actors)}.")
        model, limit = rates.prepare(fit, gap), (threshold or Threshold()).check()
        inside = np.isin(fit.actors, counted)
        watch = engine.Watch(
            pair=np.outer(inside, inside),
            sort=np.array([0 if is_hostile(k) else 1 for k in fit.types]),
            grave=limit.weights(fit.types),
            window=limit.days,
            calm_level=float(limit.calm_level(fit, counted)),
            calm_days=limit.calm_days,
        )
        none = Experiment(model, plans(fit, [()], days, seed), watch, seed, 1, days, len(fit.actors))
        mean = rates.law(fit, gap)
        setting = cls(fit, ((NO_MEASURE, ()),), first, counted, limit, none, mean, rates.reproduction(fit))
        return setting.under(variants)

    def under(self, variants: Sequence[tuple[str, tuple[Measure, ...]]]) -> Setting:
        """The same setting with other measures.

        Raises:
            ScenarioError: a measure makes no sense for the model.
        """
        bound = tuple((name, tuple(m.against(self.fit.actors) for m in measures)) for name, measures in variants)
        e = self.experiment
        laid = plans(self.fit, [measures for _, measures in bound], e.days, e.seed)
        return replace(self, variants=bound, experiment=replace(e, plans=laid, variants=len(bound)))

    def record(self, futures: int, *, paths: bool = True) -> Record:
        """Room for what will be counted."""
        e = self.experiment
        return Record.empty(e.variants, futures, e.days, e.actors, paths)

    def expected(self, n: int, workers: int = 1) -> Floats:
        """(V, n, 2, A, A) expectations, for the first n draws of parameters and strengths."""
        with ThreadPoolExecutor(workers) as pool:
            found = list(pool.map(self.expected_of, range(min(n, len(self.mean.base)))))
        return np.stack(found, 1)

    def expected_of(self, i: int) -> Floats:
        """(V, 2, A, A) expectations for draw i of parameters and strengths."""
        e = self.experiment
        return expect(self.mean, e.plans.at(i, i + 1), e.watch, i, e.days)

    def futures(self, record: Record, expected: Floats) -> list[Futures]:
        """What was counted, by variant."""
        limit = self.threshold.set(record.worst[0])
        return [
            Futures(
                name=name,
                measures=measures,
                actors=self.fit.actors,
                among=self.among,
                types=self.fit.types,
                start=self.start,
                days=self.experiment.days,
                seed=self.experiment.seed,
                threshold=limit,
                record=record,
                variant=v,
                expected=expected[v],
                reproduction=self.reproduction,
                n_draws=len(self.mean.base),
                sources=tuple(self.fit.cite()),
                provenance=dict(self.fit.provenance),
            )
            for v, (name, measures) in enumerate(self.variants)
        ]


def _date(value: Date | str) -> Date:
    try:
        return value if isinstance(value, Date) else Date.fromisoformat(value)
    except ValueError:
        raise ScenarioError(f"start = {value!r} is no date; write it as 2018-03-01.") from None
