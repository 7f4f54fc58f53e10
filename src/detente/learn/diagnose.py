"""What should be known before a fit is believed: cautions as warnings, and where the model is off.

:func:`cautions` looks at a record; :func:`diagnose` fits it and looks at what is left: residuals by pair and month, the
histogram of the probability integral transform, coverage by decile of the expected count, and how far the main figure
moves without a source, without the days that weigh most, and between stretches of the record.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.errors import CoverageShift, DetenteWarning, LearnError, NotIdentified, OneSource, ShortHistory
from detente.figure import Figure, Shown
from detente.learn import estimate
from detente.learn.calibration import Calibration, calibration
from detente.learn.estimate import Design, Expectation, Settings
from detente.learn.exposures import count
from detente.learn.fit import ReactionModel, busiest
from detente.learn.model import Fit
from detente.learn.prior import DATASET
from detente.learn.reactions import FEW

Floats = NDArray[np.floating[Any]]

SHORT: Final = 200
"""Asserted, dated events between states below which a desk says next to nothing of how states react."""

LONG: Final = 2000
"""Such events from which on a desk whose events are the prior's, too, is fitted without the prior."""

HALF_YEAR: Final = 180
"""Days of record that it takes for that."""

TWICE: Final = 0.05
"""Share of events in common with the prior from which on prior and record count as the same data."""

ALONE: Final = 0.9
"""Share of all events from one outlet or data set at which a record rests on one source."""

SHIFT: Final = 3.0
"""Factor between the events a day of two halves of a record at which its coverage has shifted."""

YOUNG: Final = 60
"""Days of record below which its halves are not compared."""


def cautions(table: pl.DataFrame, prior: Fit | None = None) -> list[DetenteWarning]:
    """What should be known of a record before reactions learnt from it are believed.

    A record too short to say much is told to be that, and nothing else.

    Args:
        table: daily event table; ``count``, and ``archive`` and ``outlet`` where there are any.
        prior: the model that the record moves; reactions of actors with few events are then those of the prior.

    Example:
        >>> rows = [(Date(2024, 1, 1), "USA", "CHN", "ACCUSE", 500)]
        >>> rows = pl.DataFrame(rows, schema=["day", "source", "target", "type", "count"], orient="row")
        >>> [type(w).__name__ for w in cautions(rows)]
        ['NotIdentified']
    """
    n = _size(table)
    if n < SHORT:
        basis = "reactions rest on the shipped prior" if prior is not None else "reactions are mostly pooled means"
        return [ShortHistory(f"{n} dated events between states on this desk: {basis}.")]
    return [*_one_source(table), *_shift(table), *_unidentified(table, prior)]


def shared(table: pl.DataFrame, prior: Fit, archives: Collection[str] = (DATASET,)) -> float:
    """Share of a record's events that the prior was most likely fitted on, too.

    Those are events between two actors of the prior, from its data set, within the days of its data. Files of other
    data sets that report the same acts are other tellings, and are not counted.

    Args:
        table: event table with ``archive``. archives: names of data sets taken as the prior's.

    Example:
        >>> from detente.learn import prior
        >>> rows = [(Date(2014, 5, 1), "USA", "CHN", "icews"), (Date(2016, 5, 1), "USA", "CHN", "icews")]
        >>> shared(pl.DataFrame(rows, schema=["day", "source", "target", "archive"], orient="row"), prior())
        0.5
    """
    if "archive" not in table.columns:
        return 0.0
    known = pl.col("source").is_in(prior.actors) & pl.col("target").is_in(prior.actors)
    inside = table.filter(known, pl.col("source") != pl.col("target"))
    spans = [(Date.fromisoformat(row["start"]), Date.fromisoformat(row["end"])) for row in prior.provenance["data"]]
    within = pl.any_horizontal(pl.col("day").is_between(start, end) for start, end in spans)
    both = inside.filter(pl.col("archive").is_in(list(archives)), within)
    return _size(both) / max(_size(inside), 1)


def enough(table: pl.DataFrame) -> bool:
    """Whether a record is long enough to be fitted by itself, without a prior."""
    first, last = table["day"].min(), table["day"].max()
    long = isinstance(first, Date) and isinstance(last, Date) and (last - first).days >= HALF_YEAR
    return long and _size(table) >= LONG


def _size(table: pl.DataFrame) -> int:
    return int(table["count"].sum()) if "count" in table.columns else table.height


def _weights(table: pl.DataFrame) -> pl.Expr:
    return pl.col("count").sum() if "count" in table.columns else pl.len()


def source_of(table: pl.DataFrame) -> pl.DataFrame:
    """The table with a column ``from``: data set or else outlet of each event; null where neither is known."""
    names = [name for name in ("archive", "outlet") if name in table.columns]
    return table.with_columns((pl.coalesce(names) if names else pl.lit(None, pl.String)).alias("from"))


def _one_source(table: pl.DataFrame) -> list[DetenteWarning]:
    shares = source_of(table).group_by("from").agg(n=_weights(table)).with_columns(pl.col("n") / pl.col("n").sum())
    found = shares.filter(pl.col("n") >= ALONE, pl.col("from").is_not_null(), pl.col("from") != "")
    return [
        OneSource(f"{share:.0%} of the events come from {name}: what it leaves out is left out here.")
        for name, share in found.iter_rows()
    ]


def _shift(table: pl.DataFrame) -> list[DetenteWarning]:
    """Halves of the record by time."""
    first, last = table["day"].min(), table["day"].max()
    if not isinstance(first, Date) or not isinstance(last, Date) or (last - first).days < YOUNG:
        return []
    middle = first + (last - first) / 2
    early, late = (_size(table.filter(side)) for side in (pl.col("day") < middle, pl.col("day") >= middle))
    if max(early, late) < SHIFT * max(min(early, late), 1):
        return []
    return [
        CoverageShift(
            f"{early} events before {middle} and {late} from then on: more coverage can pass for more tension, and "
            "less for calm."
        )
    ]


def _unidentified(table: pl.DataFrame, prior: Fit | None) -> list[DetenteWarning]:
    """Actors that others did too little to, or that did too little, to tell how they react."""
    acted, met = (dict(table.group_by(side).agg(n=_weights(table)).iter_rows()) for side in ("source", "target"))
    codes = sorted({*acted, *met} & set(prior.actors) if prior is not None else {*acted, *met})
    few = [code for code in codes if min(acted.get(code, 0), met.get(code, 0)) < FEW]
    if not few:
        return []
    named = ", ".join(few[:8]) + (f" and {len(few) - 8} more" if len(few) > 8 else "")
    basis = "the prior's" if prior is not None else "the average's"
    return [NotIdentified(f"Fewer than {FEW} events by or toward {named}: their reactions are {basis}, not their own.")]


@dataclass(frozen=True)
class Diagnosis(Shown):
    """Where a fit is off, and what it rests on.

    Args:
        residuals: observed and expected events by pair and month: ``month``, ``one``, ``other``, ``seen``,
            ``expected``, ``z`` (difference over its standard deviation by the model).
        calibration: PIT histogram, CRPS, coverage by decile, on the days fitted, each from the days before it.
        influence: reproduction number with all, and without each source or each of the days with most events:
            ``without``, ``events`` left out, ``value``, ``hostile``.
        stability: the same for windows that roll over the record: ``start``, ``end``, ``events``, ``value``,
            ``hostile``.
        cautions: see :func:`cautions`.
    """

    residuals: pl.DataFrame
    calibration: Calibration
    influence: pl.DataFrame
    stability: pl.DataFrame
    cautions: tuple[DetenteWarning, ...]

    def frame(self) -> pl.DataFrame:
        """The residuals, those farthest off first."""
        return self.residuals.sort(pl.col("z").abs(), "month", "one", "other", descending=[True, False, False, False])

    def figure(self, **how: Any) -> Figure:
        """Where the fit is off, by pair and month: see :func:`detente.learn.trial_figures.diagnosis`."""
        from detente.learn import trial_figures  # here, as only few look at it

        return trial_figures.diagnosis(self, **how)

    def summary(self) -> str:
        """The diagnosis in words."""
        off = self.frame().filter(pl.col("z").abs() > 3)
        lines = [f"{type(c).__name__}: {c}" for c in self.cautions]
        lines.append(
            f"{off.height} of {self.residuals.height} months of pairs are more than 3 standard deviations off"
            + (", the farthest:" if off.height else ".")
        )
        lines += [
            f"  {r['month']:%Y-%m} {r['one']}-{r['other']}: {r['seen']:.0f} seen, {r['expected']:.1f} expected"
            for r in off.head(5).iter_rows(named=True)
        ]
        lines.append(self.calibration.summary())
        for row in self.influence.iter_rows(named=True):
            without = f"without {row['without']} ({row['events']} events)" if row["without"] else "with all events"
            lines.append(f"Reproduction number {row['value']:.2f}, hostile {row['hostile']:.2f} {without}.")
        for row in self.stability.iter_rows(named=True):
            lines.append(
                f"Reproduction number {row['value']:.2f}, hostile {row['hostile']:.2f} from {row['start']} to "
                f"{row['end']} alone ({row['events']} events)."
            )
        return "\n".join(lines)


def diagnose(
    table: pl.DataFrame,
    *,
    actors: Sequence[str] | None = None,
    settings: Settings | None = None,
    days: int = 3,
    stretches: int = 5,
) -> Diagnosis:
    """Fit a record and say where the fit is off and what it rests on.

    Args:
        table: daily event table, as for :meth:`detente.learn.ReactionModel.fit` without a prior.
        actors: codes; the 40 busiest where None. settings: of the model.
        days: number of busiest days left out, one after the other.
        stretches: windows of equal length that roll over the record, each half over the next; those too short or empty
            are passed over.

    Raises:
        LearnError: too few days to fit.
    """
    settings = settings or Settings()
    among = tuple(actors or busiest(table))
    counts = count(table, among)
    d = estimate.design(counts, settings)
    par = estimate.fit(d)
    e = estimate.expect(d, par)
    inside = table.filter(pl.col("source").is_in(among), pl.col("target").is_in(among))
    return Diagnosis(
        residuals=_residuals(d, e, par.phi.at(e.rate)),
        calibration=calibration(e.rate[d.training], e.seen[d.training], par.phi.at(e.rate[d.training])),
        influence=_influence(inside, among, settings, days),
        stability=_stability(inside, among, settings, stretches),
        cautions=tuple(cautions(inside)),
    )


def _residuals(d: Design, e: Expectation, phi: Floats) -> pl.DataFrame:
    """By month and active pair; ``phi`` (T, U)."""
    used = d.training
    months = np.array([day.replace(day=1) for day in d.counts.dates])[used]
    names, at = np.unique(months, return_inverse=True)
    into = np.eye(len(names))[at]
    expected, observed = into.T @ e.rate[used], into.T @ e.seen[used]
    spread = np.sqrt(into.T @ (e.rate + phi * e.rate**2)[used])
    codes, sides = np.array(d.counts.actors), np.zeros((d.n_pairs, 2), dtype=np.int64)
    sides[d.record.both] = np.sort(d.record.of, axis=1)
    frame = pl.DataFrame(
        {
            "month": pl.Series([m for m in names for _ in sides], dtype=pl.Date),
            "one": np.tile(codes[sides[:, 0]], len(names)),
            "other": np.tile(codes[sides[:, 1]], len(names)),
            "seen": observed.reshape(-1),
            "expected": expected.reshape(-1),
            "z": ((observed - expected) / np.maximum(spread, 1e-12)).reshape(-1),
        }
    )
    return frame.filter((pl.col("seen") > 0) | (pl.col("expected") >= 0.05))


def _figures(table: pl.DataFrame, actors: Sequence[str], settings: Settings) -> tuple[float, float] | None:
    """Reproduction numbers of all and of hostile acts; None where a fit is not possible."""
    try:
        fit = ReactionModel(settings=settings, draws=0).fit(table, actors=actors)
    except LearnError:
        return None
    return fit.reproduction()[0], fit.reproduction(hostile=True)[0]


def _influence(table: pl.DataFrame, actors: Sequence[str], settings: Settings, days: int) -> pl.DataFrame:
    told = source_of(table)
    sources = told["from"].drop_nulls().unique().sort().to_list()
    top = table.group_by("day").agg(n=_weights(table)).sort("n", "day", descending=[True, False]).head(days)
    parts = [("", table)]
    parts += [(str(name), told.filter(pl.col("from").ne_missing(name))) for name in sources if len(sources) > 1]
    parts += [(str(day), table.filter(pl.col("day") != day)) for day in top["day"]]
    rows = [
        (name, _size(table) - _size(part), *found)
        for name, part in parts
        if (found := _figures(part, actors, settings)) is not None
    ]
    schema = {"without": pl.String, "events": pl.Int64, "value": pl.Float64, "hostile": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _stability(table: pl.DataFrame, actors: Sequence[str], settings: Settings, stretches: int) -> pl.DataFrame:
    first, last = table["day"].min(), table["day"].max()
    rows = []
    if isinstance(first, Date) and isinstance(last, Date) and stretches > 1:
        half = ((last - first).days + 1) / (stretches + 1)
        for i in range(stretches):
            start = first + timedelta(round(i * half))
            end = first + timedelta(round((i + 2) * half) - 1)
            part = table.filter(pl.col("day").is_between(start, end))
            if (found := _figures(part, actors, settings)) is not None:
                rows.append((start, end, _size(part), *found))
    schema = {"start": pl.Date, "end": pl.Date, "events": pl.Int64, "value": pl.Float64, "hostile": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")
