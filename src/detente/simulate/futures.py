"""Futures: what is simulated from a fitted model, under no measure or some, and what is counted in it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import timedelta
from typing import Any, Final

import numpy as np
import polars as pl
from msgspec import Struct
from numpy.typing import NDArray

from detente.codebook import TYPES, event_type, is_hostile, quad
from detente.errors import ScenarioError
from detente.learn.model import Fit
from detente.simulate import engine
from detente.simulate.measures import Measure, Range, check, sources

Floats = NDArray[np.floating[Any]]

NO_MEASURE: Final = "no measure"
NEAR_ONE: Final = 0.95
"""Reproduction number from which a draw of the parameters is reported as unstable."""
_CHUNK: Final = 25  # futures a task
_EXPECTED: Final = 20  # parameter draws for which the expectation is worked out exactly

BANDS: Final = (0.05, 0.25, 0.5, 0.75, 0.95)


class Threshold(Struct, frozen=True, forbid_unknown_fields=True):
    """When a future counts as escalated: this many events of these types between one pair within this many days.

    Args:
        types: PLOVER types (default: material conflict). days: length of the window.
        events: how many; None sets it from the futures without a measure, to the smallest number that at most the share
            ``rare`` of them reaches.
    """

    types: tuple[str, ...] = tuple(k for k in TYPES if quad(k) == "material conflict")
    days: int = 7
    events: int | None = None
    rare: float = 0.10

    def set(self, worst: Floats) -> Threshold:
        """The same threshold with its number of events, set from the worst windows of futures where it was open."""
        if self.events is not None:
            return self
        level = 1
        while float(np.mean(worst >= level)) > self.rare:
            level += 1
        return Threshold(self.types, self.days, level, self.rare)

    def __str__(self) -> str:
        return f"{self.events} or more of {', '.join(self.types)} between one pair within {self.days} days"


@dataclass(frozen=True)
class Futures:
    """Simulated futures under one set of measures.

    Args:
        name: of the set of measures. measures: that were applied.
        actors: all simulated. among: those among whom events are counted. types: PLOVER types.
        start: first simulated day. seed: of all randomness. threshold: of escalation.
        hostile, conciliatory: (F, T) reported events a day, without those that the measures themselves add.
        dyads: (F, 2, A, A) hostile and conciliatory events over the horizon. by_type: (F, K).
        worst, worst_pair: (F), (F, 2) most grave events of one pair in one window, and that pair.
        capped: (F) pair-days at the bound :data:`detente.simulate.engine.CAP`.
        expected: (E, 2, A, A) exact expectation of ``dyads`` for E draws of the parameters, chance left out.
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
    seed: int
    threshold: Threshold
    hostile: Floats
    conciliatory: Floats
    dyads: Floats
    by_type: Floats
    worst: Floats
    worst_pair: NDArray[np.int64]
    capped: NDArray[np.int64]
    expected: Floats
    reproduction: Floats
    n_draws: int
    sources: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def escalated(self) -> NDArray[np.bool_]:
        """(F) whether the threshold was reached."""
        return np.asarray(self.worst >= (self.threshold.events or 1))

    @property
    def peak(self) -> NDArray[np.int64]:
        """(F) day, from 1, that ends the seven days with most hostile events."""
        total = np.cumsum(np.pad(self.hostile, ((0, 0), (7, 0))), axis=1)
        return np.asarray((total[:, 7:] - total[:, :-7]).argmax(axis=1) + 1, dtype=np.int64)

    def frame(self) -> pl.DataFrame:
        """One row a future: totals, the worst week of any pair and whose it was, whether it escalated."""
        names = np.array(self.actors)
        pairs = [" ".join(p) if w else None for p, w in zip(names[self.worst_pair], self.worst, strict=True)]
        n = len(self.hostile)
        return pl.DataFrame(
            {
                "future": np.arange(n),
                "draw": np.arange(n) % self.n_draws,
                "hostile": self.hostile.sum(1).astype(np.int64),
                "conciliatory": self.conciliatory.sum(1).astype(np.int64),
                "peak": self.peak,
                "worst": self.worst.astype(np.int64),
                "worst_pair": pairs,
                "escalated": self.escalated,
                "capped": self.capped,
            }
        )

    def pairs(self) -> pl.DataFrame:
        """One row a dyad: hostile and conciliatory events over the horizon, expectation and bands over futures."""
        rows = []
        exact = self.expected.mean(0)
        for a, b in np.argwhere(exact.sum(0) > 0):
            row: dict[str, object] = {"source": self.actors[a], "target": self.actors[b]}
            for i, sort in enumerate(("hostile", "conciliatory")):
                low, _, middle, _, high = np.quantile(self.dyads[:, i, a, b], BANDS)
                row |= {f"{sort}_expected": float(exact[i, a, b]), f"{sort}_median": float(middle)}
                row |= {f"{sort}_low": float(low), f"{sort}_high": float(high)}
            rows.append(row)
        table = pl.DataFrame(rows)
        return table.sort("hostile_expected", descending=True) if rows else table

    def totals(self) -> pl.DataFrame:
        """One row an event type: its quad class and its count over the horizon, with bands over futures."""
        columns = np.quantile(self.by_type, BANDS, axis=0)
        names = ("low90", "low50", "median", "high50", "high90")
        head = {"type": self.types, "quad": [quad(k) for k in self.types], "mean": self.by_type.mean(0)}
        return pl.DataFrame(head | dict(zip(names, columns, strict=True)))

    def fan(self, *, step: int = 1, cumulative: bool = False) -> pl.DataFrame:
        """Bands of hostile events by day.

        Args:
            step: days a row (7: weeks; a shorter rest at the end is left out). cumulative: events since the start.

        Returns:
            columns day (date of the row's last day), low90, low50, median, high50, high90.
        """
        n = self.hostile.shape[1] // step
        if not n:
            raise ScenarioError(f"The horizon of {self.hostile.shape[1]} days is shorter than a step of {step}.")
        table = self.hostile[:, : n * step].reshape(len(self.hostile), n, step).sum(2)
        bands = np.quantile(np.cumsum(table, axis=1) if cumulative else table, BANDS, axis=0)
        days = [self.start + timedelta(step * (i + 1) - 1) for i in range(n)]
        names = ("low90", "low50", "median", "high50", "high90")
        return pl.DataFrame({"day": days} | dict(zip(names, bands, strict=True)))

    @property
    def unstable(self) -> int:
        """Number of parameter draws whose reproduction number is near or above one."""
        return int((self.reproduction >= NEAR_ONE).sum())

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
                f"Counts of a pair on a day end at {engine.CAP}: that bound bit on {bitten} pair-days in "
                f"{int((self.capped > 0).sum())} of {len(self.capped)} futures, whose totals are too low."
            )
        return " ".join(words)

    def summary(self) -> str:
        """The futures in words."""
        n, days = self.hostile.shape
        low, low50, middle, high50, high = np.quantile(self.hostile.sum(1), BANDS)
        return "\n".join(
            [
                f"{n} futures of {days} days from {self.start}, {self.name}, seed {self.seed}: "
                f"reported events among {', '.join(self.among)}.",
                f"Hostile events: median {middle:.0f} "
                f"(50 % {low50:.0f} to {high50:.0f}, 90 % {low:.0f} to {high:.0f}).",
                f"Escalation ({self.threshold}) in {self.escalated.mean():.0%} of futures.",
                self.stability(),
            ]
        )

    def cite(self) -> list[str]:
        """Sources of the model and of the measures' evidence."""
        return [*self.sources, *cited(self.measures)]


def cited(measures: Sequence[Measure]) -> list[str]:
    """Sources of the evidence for measures, each once."""
    wanted = {key for m in measures for key in m.source}
    return [
        f"{s.publisher}{f' ({s.year})' if s.year else ''}. {s.title}.{f' {s.url}' if s.url else ''}"
        for s in sources()
        if s.key in wanted
    ]


def simulate(
    fit: Fit,
    *,
    start: Date | str,
    days: int = 60,
    futures: int = 400,
    seed: int = 0,
    measures: Sequence[Measure] = (),
    among: Sequence[str] | None = None,
    threshold: Threshold | None = None,
    workers: int | None = None,
) -> Futures:
    """Simulate futures under some measures together, or under none.

    Args:
        fit: the model. start: first simulated day, after the fit's data. days: horizon. futures: number.
        seed: the same seed gives the same futures, whatever the workers.
        measures: bound to sides (:meth:`Measure.between`). among: actors among whom events are counted (default: all).
        threshold: of escalation. workers: threads (default: one a core).

    Raises:
        ScenarioError: a number makes no sense, or a measure or actor is unknown to the model.

    Example:
        ``simulate(fit, start="2018-03-01", days=60, futures=400, seed=7).fan()``
    """
    name = " + ".join(m.name for m in measures) or NO_MEASURE
    return run(fit, [(name, tuple(measures))], start, days, futures, seed, among, threshold, workers)[0]


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
) -> list[Futures]:
    """Futures of several variants under the same luck; arguments as for :func:`simulate`. The first one sets an open
    threshold."""
    first = _date(start)
    workers = (os.cpu_count() or 1) if workers is None else workers
    for key, value in (("days", days), ("futures", futures), ("workers", workers)):
        if value < 1:
            raise ScenarioError(f"{key} = {value} makes no sense; give a number of 1 or more.")
    gap = (first - fit.end).days - 1
    if gap < 0:
        raise ScenarioError(
            f"start = {first} lies inside the model's data, which end on {fit.end}; start later, "
            "or fit on data up to that day."
        )
    counted = tuple(among) if among else fit.actors
    if unknown := [a for a in counted if a not in fit.actors]:
        raise ScenarioError(f"The model knows no {unknown[0]}; it was fitted for {', '.join(fit.actors)}.")
    limit = threshold or Threshold()
    if limit.days < 1 or not set(limit.types) <= set(TYPES):
        raise ScenarioError(f"threshold: needs PLOVER types and days of 1 or more, not {limit}.")
    model = engine.prepare(fit, gap)
    inside = np.isin(fit.actors, counted)
    watch = engine.Watch(
        pair=np.outer(inside, inside),
        sort=np.array([0 if is_hostile(k) else 1 for k in fit.types]),
        grave=np.isin(fit.types, limit.types),
        window=limit.days,
    )
    plan = _plan(fit, [measures for _, measures in variants], days, futures, seed)
    n_draws = len(model.base)
    exact = min(n_draws, futures, _EXPECTED)
    out, mean = (engine.Counts.zeros(len(variants), n, days, len(fit.actors)) for n in (futures, exact))

    def work(task: tuple[int, int, bool]) -> None:
        lo, hi, chance = task
        engine.run(model, plan, watch, seed, lo, hi, chance, out if chance else mean)

    sizes = ((futures, True), (exact, False))
    tasks = [(lo, min(lo + _CHUNK, n), chance) for n, chance in sizes for lo in range(0, n, _CHUNK)]
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, tasks))
    worst = out.worst.astype(np.float64)
    limit = limit.set(worst[0, :, 0])
    radius = engine.reproduction(model, fit)
    return [
        Futures(
            name=name,
            measures=measures,
            actors=fit.actors,
            among=counted,
            types=fit.types,
            start=first,
            seed=seed,
            threshold=limit,
            hostile=out.daily[v, :, 0],
            conciliatory=out.daily[v, :, 1],
            dyads=out.dyads[v],
            by_type=out.types[v],
            worst=worst[v, :, 0],
            worst_pair=out.worst[v, :, 1:],
            capped=out.capped[v],
            expected=mean.dyads[v],
            reproduction=radius,
            n_draws=n_draws,
            sources=tuple(fit.cite()),
            provenance=dict(fit.provenance),
        )
        for v, (name, measures) in enumerate(variants)
    ]


def _date(value: Date | str) -> Date:
    try:
        return value if isinstance(value, Date) else Date.fromisoformat(value)
    except ValueError:
        raise ScenarioError(f"start = {value!r} is no date; write it as 2018-03-01.") from None


def _name_key(*parts: object) -> int:
    """63 bits that stand for a name, so that a measure meets the same luck in whatever company it comes."""
    return int.from_bytes(hashlib.sha256("|".join(map(str, parts)).encode()).digest()[:8], "big") >> 1


def _plan(fit: Fit, variants: Sequence[tuple[Measure, ...]], days: int, futures: int, seed: int) -> engine.Plan:
    """The measures of all variants as flat arrays for the kernel."""
    n, n_types = len(fit.actors), len(fit.types)
    names: list[int] = []
    ranges: list[Range] = []

    def part(bounds: Range, *name: object) -> int:
        names.append(_name_key(*name))
        ranges.append(bounds)
        return len(names) - 1

    def cells(who: Sequence[str], whom: Sequence[str], types: Sequence[str]) -> NDArray[np.bool_]:
        out = np.zeros((n, n, n_types), dtype=bool)
        out[np.ix_(np.isin(fit.actors, who), np.isin(fit.actors, whom), np.isin(fit.types, types))] = True
        symmetric = np.isin(fit.types, _SYMMETRIC)
        out |= out.swapaxes(0, 1) & symmetric  # without direction, either order is the same event
        out[np.diag_indices(n)] = False
        return out

    removed: list[tuple[NDArray[np.bool_], int, int]] = []
    damped: list[tuple[NDArray[np.bool_], NDArray[np.bool_], int, int]] = []
    added: list[tuple[int, int, int, int, int, float, int, int]] = []
    ends_removed, ends_damped = [0], [0]
    reactors: list[NDArray[np.int64]] = []
    for v, measures in enumerate(variants):
        for m in measures:
            _known(fit, check(m))
            whose = (m.id, m.by, m.toward)
            strength = part(m.strength, *whose)
            for i, stream in enumerate(m.events):
                who, whom = m.side(stream.who), m.side(stream.with_)
                touched = cells(who, whom, stream.types)
                if m.kind == "scheduled":
                    for day in range(m.first - 1, days, m.every):
                        occasion = _name_key(*whose, day)
                        for s, t, k in np.argwhere(touched):
                            half = 0.5 if fit.types[k] in _SYMMETRIC else 1.0
                            added.append((v, day, s, t, k, half, occasion, strength))
                else:
                    share = part(stream.share, *whose[1:], stream.types, i)
                    if m.kind == "removed":
                        removed.append((touched, strength, share))
                    else:
                        answers = np.outer(np.isin(fit.actors, m.toward), np.isin(fit.types, m.reaction))
                        damped.append((touched, answers, strength, share))
        told = np.array([answers for _, answers, _, _ in damped[ends_damped[-1] :]]).reshape(-1, n, n_types)
        reactors.append(np.unique(told.swapaxes(0, 1).reshape(n, -1), axis=0, return_inverse=True)[1].reshape(-1))
        ends_removed.append(len(removed))
        ends_damped.append(len(damped))
    low, high = (np.array([r[side] for r in ranges], dtype=np.float64) for side in (0, 1))
    strengths = engine.strengths(seed, futures, np.array(names, dtype=np.uint64), low, high)

    def product(pairs: list[tuple[int, int]]) -> Floats:
        return np.stack([strengths[:, i] * strengths[:, j] for i, j in pairs], 1) if pairs else np.zeros((futures, 0))

    added.sort(key=lambda e: e[:2])
    marks = np.array([e[0] * days + e[1] for e in added], dtype=np.int64)
    offsets = np.searchsorted(marks, np.arange(len(variants) * days + 1))
    first = np.stack([offsets[v * days : (v + 1) * days + 1] for v in range(len(variants))])
    column = list(zip(*added, strict=True)) if added else [()] * 8
    return engine.Plan(
        removed_first=np.array(ends_removed),
        removed=np.array([r[0] for r in removed], dtype=bool).reshape(-1, n, n, n_types),
        removed_share=product([r[1:] for r in removed]),
        damped_first=np.array(ends_damped),
        trigger=np.array([d[0] for d in damped], dtype=bool).reshape(-1, n, n, n_types),
        reaction=np.array([d[1] for d in damped], dtype=bool).reshape(-1, n, n_types),
        damped_share=product([d[2:] for d in damped]),
        reactor=np.array(reactors, dtype=np.int64),
        copies=np.array([r.max() + 1 for r in reactors], dtype=np.int64),
        added_first=first.astype(np.int64),
        source=np.array(column[2], dtype=np.int64),
        target=np.array(column[3], dtype=np.int64),
        type=np.array(column[4], dtype=np.int64),
        weight=np.array(column[5], dtype=np.float64),
        occasion=np.array(column[6], dtype=np.uint64),
        part=np.array(column[7], dtype=np.int64),
        added_share=strengths,
    )


_SYMMETRIC: Final = tuple(k for k in TYPES if event_type(k).symmetric)


def _known(fit: Fit, m: Measure) -> None:
    if not m.by or not m.toward:
        raise ScenarioError(f"{m.id}: who, and toward whom? Bind it with measure.between(by, toward).")
    if unknown := [a for a in (*m.by, *m.toward) if a not in fit.actors]:
        raise ScenarioError(f"{m.id}: the model knows no {unknown[0]}; it was fitted for {', '.join(fit.actors)}.")
