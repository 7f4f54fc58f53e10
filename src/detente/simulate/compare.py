"""Comparison of measures under the same luck, and how sure it is.

Two questions are kept apart. *What would it change on average?* The expectation is worked out exactly, without chance,
for draws of the parameters and of the assumed strengths; its interval holds ignorance only, and measures are ranked and
judged by it. *What would it change in one future?* The difference in each future, against the same future without the
measure, holds chance as well, and is told as a frequency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date
from typing import Any, Final, Literal, Unpack

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.codebook import QUADS, event_type, is_hostile, quad
from detente.errors import ScenarioError
from detente.figure import Figure, Shown
from detente.learn.model import Fit
from detente.simulate.futures import BANDS, NO_MEASURE, Futures, How, cited, run
from detente.simulate.measures import Measure, title
from detente.simulate.threshold import Threshold

Floats = NDArray[np.floating[Any]]
Verdict = Literal["fewer hostile events", "more hostile events", "too small to matter", "no detectable effect"]

MATERIAL: Final = 0.01
"""An expected change of less than this share of the hostile events between the sides is called too small to matter."""
ITSELF: Final = 0.05
"""Suspended acts that make fewer expected events than this are not told apart from what follows."""
_OF: Final = 20

NO_CALMING: Final = (
    "The fitted model adds the effects of past events and holds none by which talks or aid lower hostility. "
    "A scheduled measure can therefore show what extra contact and extra friction it brings, never a calming effect; "
    "that none is shown says nothing against the measure."
)

CALMING: Final = (
    "In the fitted model recent conciliatory acts between two actors damp what these do to each other, by at most "
    "{most:.0%} of hostile acts, one size for all pairs. Whether a scheduled measure calms or stirs is the sum of that "
    "and of the further events that contacts bring. Times of talks differ from others in more than the talks, so part "
    "of it need not be their doing."
)


@dataclass(frozen=True)
class Effect:
    """What one measure (or several together) changes against no measure.

    Args:
        futures: with the measure. base: without.
    """

    futures: Futures
    base: Futures

    @property
    def name(self) -> str:
        return self.futures.name

    @property
    def measures(self) -> tuple[Measure, ...]:
        return self.futures.measures

    @property
    def kind(self) -> str:
        return " + ".join(dict.fromkeys(m.kind for m in self.measures))

    @property
    def change(self) -> Floats:
        """(F) hostile events in each future less those in the same future without the measure."""
        return np.asarray(self.futures.hostile_total - self.base.hostile_total, dtype=np.float64)

    def expected(self, sort: Literal["hostile", "conciliatory"] = "hostile") -> Floats:
        """(E) exact expected change for each draw of the parameters."""
        i = ("hostile", "conciliatory").index(sort)
        return np.asarray((self.futures.expected[:, i] - self.base.expected[:, i]).sum((1, 2)))

    @property
    def itself(self) -> float:
        """The part of the mean change that is the hostile acts which the measure suspends, not what follows from it."""
        types = np.array(self.base.types)
        touched = np.zeros(self.base.cells.shape, dtype=bool)
        for m in self.measures:
            for s in m.events if m.kind == "removed" else ():
                who, whom = (np.isin(self.base.actors, m.side(side)) for side in (s.who, s.with_))
                chosen = np.isin(types, [k for k in s.types if is_hostile(k)])
                cells = np.outer(who, whom)[..., None] & chosen
                symmetric = np.array([event_type(k).symmetric for k in types])
                touched |= cells | (cells.swapaxes(0, 1) & symmetric)
        return float((self.futures.cells - self.base.cells)[touched].sum())

    def cells(self, *, least: float = 0.005) -> pl.DataFrame:
        """Hostile events by dyad and type over the horizon, mean over futures, without and with the measure; the
        largest changes first, those of less than ``least`` events left out."""
        change = self.futures.cells - self.base.cells
        rows = [
            {
                "source": self.base.actors[a],
                "target": self.base.actors[b],
                "type": self.base.types[k],
                "quad": quad(self.base.types[k]),
                "without": float(self.base.cells[a, b, k]),
                "with": float(self.futures.cells[a, b, k]),
                "change": float(change[a, b, k]),
            }
            for a, b, k in np.argwhere(np.abs(change) >= least)
            if is_hostile(self.base.types[k])
        ]
        schema: dict[str, Any] = dict.fromkeys(("source", "target", "type", "quad"), pl.String)
        schema |= dict.fromkeys(("without", "with", "change"), pl.Float64)
        return pl.DataFrame(rows, schema=schema).sort(pl.col("change").abs(), descending=True)

    def drawn_in(self) -> pl.DataFrame:
        """Who is drawn in: for each actor, whether it is on a side of the measure, and the expected change of the
        hostile events that it does or that are done to it, with its 90 % interval; the largest change first."""
        change = self.futures.expected[:, 0] - self.base.expected[:, 0]
        involved = change.sum(2) + change.sum(1)  # (E, A)
        low, high = np.quantile(involved, (0.05, 0.95), axis=0)
        sides = {a for m in self.measures for a in m.by + m.toward}
        return pl.DataFrame(
            {
                "actor": self.base.actors,
                "named": [a in sides for a in self.base.actors],
                "without": (self.base.expected[:, 0].sum(2) + self.base.expected[:, 0].sum(1)).mean(0),
                "change": involved.mean(0),
                "change_low90": low,
                "change_high90": high,
            }
        ).sort(pl.col("change").abs(), descending=True)

    @property
    def share(self) -> float:
        """Expected change of hostile events, as a share of those between the measure's sides without it."""
        one = np.isin(self.base.actors, [a for m in self.measures for a in m.by])
        other = np.isin(self.base.actors, [a for m in self.measures for a in m.toward])
        between = np.outer(one, other) | np.outer(other, one)
        without = float(self.base.expected[:, 0][:, between].sum(1).mean())
        return float(self.expected().mean()) / without if without else 0.0

    @property
    def verdict(self) -> Verdict:
        """``no detectable effect`` when the 90 % interval of the expected change holds zero; ``too small to matter``
        when it does not, but the change is less than :data:`MATERIAL` of the hostile events between the sides."""
        low, high = np.quantile(self.expected(), (0.05, 0.95))
        if low <= 0.0 <= high:
            return "no detectable effect"
        if abs(self.share) < MATERIAL:
            return "too small to matter"
        return "fewer hostile events" if high < 0.0 else "more hostile events"

    @property
    def frequencies(self) -> tuple[int, int, int]:
        """Better, same and worse futures, in twenty (or in all, if fewer were run)."""
        change = self.change
        out_of = min(_OF, len(change))
        exact = np.array([(change < 0).mean(), (change == 0).mean(), (change > 0).mean()]) * out_of
        whole = np.floor(exact).astype(int)
        for i in np.argsort(whole - exact, kind="stable")[: out_of - int(whole.sum())]:  # largest remainders
            whole[i] += 1
        return int(whole[0]), int(whole[1]), int(whole[2])

    @property
    def words(self) -> str:
        """How often it is better, in words."""
        better, same, worse = self.frequencies
        return f"better in {better} of {better + same + worse} futures, the same in {same}, worse in {worse}"

    @property
    def caution(self) -> str:
        """What a reader must know of the measures before believing the number."""
        return " ".join(dict.fromkeys(m.caution for m in self.measures if m.caution))

    def summary(self) -> str:
        """The effect in words."""
        low, high = np.quantile(self.expected(), (0.05, 0.95))
        near, far = np.quantile(self.change, (0.05, 0.95))
        line = (
            f"{self.name} ({self.kind}): {self.verdict}. "
            f"Expected change {self.expected().mean():+.2g} hostile events "
            f"({self.share:+.1%} of those between its sides; 90 % interval {low:+.2g} to {high:+.2g}); "
            f"in single futures {near:+.0f} to {far:+.0f} (90 %), {self.words}."
        )
        if (itself := self.itself) <= -ITSELF:
            line += f" Of the mean change {itself:+.2g} are the suspended acts themselves."
        return f"{line} {self.caution}".rstrip()

    def row(self) -> dict[str, object]:
        """The effect as a table row."""
        hostile, friendly, change = self.expected(), self.expected("conciliatory"), self.change
        escalated, before = self.futures.escalated, self.base.escalated
        moved = escalated.astype(float) - before.astype(float)
        margin = 1.645 * float(moved.std()) / len(moved) ** 0.5
        ids = " + ".join(m.id for m in self.measures)
        bands = dict(zip(("low90", "low50", "median", "high50", "high90"), np.quantile(change, BANDS), strict=True))
        exact = dict(zip(("low90", "low50", "median", "high50", "high90"), np.quantile(hostile, BANDS), strict=True))
        low, high = np.quantile(friendly, (0.05, 0.95))
        better, same, worse = self.frequencies
        return {
            "measure": ids,
            "name": self.name,
            "kind": self.kind,
            "verdict": self.verdict,
            "expected": float(hostile.mean()),
            **{f"expected_{k}": float(v) for k, v in exact.items() if k != "median"},
            "expected_share": self.share,
            "expected_conciliatory": float(friendly.mean()),
            "expected_conciliatory_low90": float(low),
            "expected_conciliatory_high90": float(high),
            **{f"change_{k}": float(v) for k, v in bands.items()},
            "improved": float((change < 0).mean()),
            "better": better,
            "same": same,
            "worse": worse,
            "words": self.words,
            "itself": self.itself,
            "calm": _days(self.futures.calm),
            "calm_without": _days(self.base.calm),
            "never_calm": float((self.futures.calm == 0).mean()),
            "never_calm_without": float((self.base.calm == 0).mean()),
            "escalation": float(escalated.mean()),
            "escalation_change": float(moved.mean()),
            "escalation_change_low90": float(moved.mean()) - margin,
            "escalation_change_high90": float(moved.mean()) + margin,
            "evidence_strength": ", ".join(dict.fromkeys(m.evidence_strength for m in self.measures)),
            "caution": self.caution,
            "agree": " ".join(m.agree for m in self.measures),
            "cost": " ".join(m.cost for m in self.measures),
        }


@dataclass(frozen=True)
class Comparison(Shown):
    """Measures against no measure.

    Args:
        base: futures without a measure. effects: one a measure, as given.
        calming: largest share of hostile acts that recent conciliatory ones can damp in the model; 0 where it holds no
            such effect.
    """

    base: Futures
    effects: tuple[Effect, ...]
    calming: float = 0.0

    def effect(self, name: str) -> Effect:
        """The effect of the measure with that id or name.

        Raises:
            ScenarioError: not compared.
        """
        for e in self.effects:
            if name in (e.name, " + ".join(m.id for m in e.measures)):
                return e
        raise ScenarioError(f"{name!r} was not compared; compared were: {', '.join(e.name for e in self.effects)}.")

    def ranking(self) -> tuple[Effect, ...]:
        """Effects by expected change of hostile events, most reduction first."""
        return tuple(sorted(self.effects, key=lambda e: float(e.expected().mean())))

    def frame(self) -> pl.DataFrame:
        """One row a measure, ranked. Changes count hostile events over the horizon: ``expected…`` without chance,
        ``change…`` over single futures. Intervals are the central 50 and 90 %."""
        return pl.DataFrame([e.row() for e in self.ranking()])

    def fan(self, *, step: int = 1, cumulative: bool = False) -> pl.DataFrame:
        """Bands of hostile events by day for no measure and every measure: :meth:`Futures.fan` with a column
        ``measure``."""
        every = (self.base, *(e.futures for e in self.effects))
        return pl.concat(
            f.fan(step=step, cumulative=cumulative).select(pl.lit(f.name).alias("measure"), pl.all()) for f in every
        )

    @property
    def limits(self) -> tuple[str, ...]:
        """What these numbers cannot say."""
        kinds = {m.kind for e in self.effects for m in e.measures}
        calming = CALMING.format(most=self.calming) if self.calming > 0.0 else NO_CALMING
        words = [calming] if "scheduled" in kinds else []
        if any(e.itself <= -ITSELF for e in self.effects):
            words.append(
                "A measure that suspends hostile acts lowers their count by definition; the rest follows from it."
            )
        if "assumed" in kinds:
            words.append("Where a measure is marked as assumed, its strength was not learnt from any record.")
        words.append("Counts are of reported events, and of none that the measures themselves add.")
        if self.base.unstable or self.base.capped.any():
            words.append(self.base.stability())
        return tuple(words)

    def summary(self) -> str:
        """The comparison in words, best measure first."""
        rows = [f"{i}. {e.summary()}" for i, e in enumerate(self.ranking(), 1)]
        return "\n".join([self.base.summary(), *rows, *self.limits])

    def figure(self, **how: Any) -> Figure:
        """Futures fanned out, and measures ranked: see :func:`detente.simulate.figures.comparison`."""
        from detente.simulate import figures  # here, as only few look at it

        return figures.comparison(self, **how)

    def cite(self) -> list[str]:
        """Sources of the model and of the measures' evidence."""
        return [*self.base.sources, *cited([m for e in self.effects for m in e.measures])]


def compare(
    fit: Fit,
    measures: Sequence[Measure | Sequence[Measure]],
    *,
    start: Date | str,
    days: int = 60,
    futures: int = 400,
    seed: int = 7,
    among: Sequence[str] | None = None,
    threshold: Threshold | None = None,
    workers: int | None = None,
    **how: Unpack[How],
) -> Comparison:
    """Compare measures with no measure, every one under the same luck.

    Args:
        fit: the model.
        measures: each bound to sides; a sequence (``talks + drills``) in the place of a measure is applied together.
            Where only ``by`` is bound, the other side is all other actors of the model.
        start, days, futures, seed, among, threshold, workers, how: as for :func:`detente.simulate.simulate`.

    Raises:
        ScenarioError: no measure was given, two are alike, or one makes no sense for the model.

    Example:
        ``compare(fit, [measure("hotline").between(["USA"], ["PRK"])], start="2018-03-01", days=60).summary()``
    """
    sets = [tuple(x.against(fit.actors) for x in ((m,) if isinstance(m, Measure) else m)) for m in measures]
    if not sets or not all(sets):
        raise ScenarioError("There is nothing to compare: give at least one measure.")
    names = _names(sets)
    variants: list[tuple[str, tuple[Measure, ...]]] = [(NO_MEASURE, ()), *zip(names, sets, strict=True)]
    base, *rest = run(fit, variants, start, days, futures, seed, among, threshold, workers, **how)
    return Comparison(base, tuple(Effect(f, base) for f in rest), _calming(fit))


def _calming(fit: Fit) -> float:
    """Largest share of hostile acts that conciliatory ones can damp: all damping at work, on the class damped most."""
    hostile = np.array(["conflict" in q for q in QUADS])
    return float(1.0 - np.exp(-np.asarray(fit.damping)[hostile].sum(1).max()))


def _days(calm: NDArray[np.int64]) -> float | None:
    """Median day on which calm begins; None where it does not begin within the horizon in half of the futures."""
    middle = float(np.median(np.where(calm == 0, np.inf, calm)))
    return middle if np.isfinite(middle) else None


def _names(sets: Sequence[tuple[Measure, ...]]) -> list[str]:
    """Names of the sets; the sides are added where the same measures are tried for others."""
    names = [title(each) for each in sets]
    long = [" + ".join(f"{m.name} ({', '.join(m.by)} toward {', '.join(m.toward)})" for m in each) for each in sets]
    names = [full if names.count(name) > 1 else name for name, full in zip(names, long, strict=True)]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ScenarioError(f"{twice[0]} is given twice; leave one out, or give one another name.")
    return names
