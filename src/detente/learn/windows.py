"""Do events come more often inside certain windows of time (drills, summits, elections) than outside them?

The days of a record are compared with themselves: a Poisson regression of daily counts on "inside a window", with an
effect of each calendar year and of each month, so that neither growing coverage nor the time of year passes for an
effect of the windows. Days of one year depend on one another, so the interval is clustered by year, or by month where
the record has fewer than five years (Liang and Zeger 1986), with t quantiles (Cameron, Gelbach and Miller 2008).
Beside it stands a shift placebo: the same windows moved through the calendar, which shows how large a ratio comes about
by chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.errors import LearnError
from detente.record.windows import Window

Floats = NDArray[np.floating[Any]]

SHIFTS: Final = tuple(k for k in range(-180, 181, 3) if abs(k) >= 21)
"""Days by which the placebo moves the windows: up to half a year either way, never by less than three weeks."""

SHORTEST: Final = 180
"""Days of record below which nothing is compared."""

FEW: Final = 8
"""Events inside the windows below which nothing is said."""

UNKNOWN: Final = 1e8
"""Ratio beyond which the upper end of an interval means that the days tell nothing of the ratio."""


@dataclass(frozen=True)
class WindowEffect:
    """How much more often events came inside the windows than outside them, other things equal.

    Args:
        ratio: rate inside over rate outside, year and month held, half an event added to both so that it stays finite;
            low, high: 90 % interval, clustered; p: two-sided p value of a ratio of one.
        expected: events inside the windows if the rate there were that outside, year and month held.
        inside, outside: numbers of events; days_inside, days_outside: of days.
        windows: number of windows that the record covers.
        placebo: ratios of the shifted windows; placebo_p: share of them at least as far from one (two-sided).
        start, end: the days compared.
    """

    ratio: float
    low: float
    high: float
    p: float
    expected: float
    inside: int
    outside: int
    days_inside: int
    days_outside: int
    windows: int
    placebo: tuple[float, ...]
    placebo_p: float
    start: Date
    end: Date

    @property
    def enough(self) -> bool:
        """Whether there are enough events to say anything."""
        return self.inside + self.expected >= FEW and self.windows >= 3 and self.high < UNKNOWN

    def frame(self) -> pl.DataFrame:
        """One row with everything but the placebo's ratios."""
        return pl.DataFrame([{k: v for k, v in self.__dict__.items() if k != "placebo"}])

    def summary(self) -> str:
        """The comparison in words."""
        head = (
            f"{self.inside} events in {self.windows} windows ({self.days_inside} days), {self.outside} on the other "
            f"{self.days_outside} days, {self.start} to {self.end}."
        )
        if not self.enough:
            few = self.inside + self.expected < FEW or self.windows < 3
            whole = "The windows are too much like whole months or years"
            return f"{head} {'Too few' if few else whole} to say whether they matter."
        return (
            f"{head} Year and month held, the rate inside is {self.ratio:.2f} times that outside (90 % interval "
            f"{self.low:.2f} to {self.high:.2f}); of the same windows moved through the calendar, "
            f"{self.placebo_p:.0%} give a ratio as far from one."
        )

    def cite(self) -> list[str]:
        """Sources of the method."""
        return [
            "Liang, K.-Y. and Zeger, S. L. (1986). Longitudinal data analysis using generalized linear models. "
            "Biometrika 73(1), 13-22.",
            "Cameron, A. C., Gelbach, J. B. and Miller, D. L. (2008). Bootstrap-based improvements for inference with "
            "clustered errors. Review of Economics and Statistics 90(3), 414-427.",
        ]


def effect(
    days: Iterable[Date],
    windows: Sequence[Window],
    *,
    start: Date | None = None,
    end: Date | None = None,
    after: int = 0,
    placebo: bool = True,
) -> WindowEffect:
    """Compare the days inside windows with the days outside them.

    Args:
        days: days of the events to be explained, one for each event.
        windows: when something went on that may bear on them.
        start, end: the record compared; from the first event or window to the last where None.
        after: days after each window that still count as inside.
        placebo: whether to compare the shifted windows, too.

    Raises:
        LearnError: no events, no windows, windows that fill the record, or a record shorter than half a year.

    Example:
        >>> from datetime import date, timedelta
        >>> drills = [Window(date(y, 3, 1), date(y, 3, 14)) for y in range(2010, 2020)]
        >>> tests = [w.start + timedelta(i) for w in drills for i in (2, 5)]
        >>> tests += [date(y, m, 20) for y in range(2010, 2020) for m in range(1, 13)]
        >>> found = effect(tests, drills)
        >>> found.inside, found.low > 1
        (20, True)
    """
    days, windows = sorted(days), sorted(windows, key=lambda w: w.start)
    if not days or not windows:
        raise LearnError(f"There are no {'windows' if days else 'events'} to compare; widen the selection.")
    first, last = start or min(days[0], windows[0].start), end or max(days[-1], windows[-1].end)
    n = (last - first).days + 1
    if n < SHORTEST:
        raise LearnError(f"{n} days of record are too few to hold the season; {SHORTEST} are needed at least.")
    seen = np.bincount([(d - first).days for d in days if first <= d <= last], minlength=n).astype(np.float64)
    within = _inside(windows, first, n, after, 0)
    if within.all() or not within.any():
        raise LearnError("The windows fill the whole record or lie outside of it; nothing can be compared.")
    calendar = [first + timedelta(i) for i in range(n)]
    years = np.array([d.year for d in calendar])
    months = np.array([d.month for d in calendar])
    cells = _Cells.of(seen, years, months)
    log_ratio, error, groups, expected = _regress(cells, within)
    shifted = [
        float(np.log(_ratio(cells, moved)[0]))
        for moved in (_inside(windows, first, n, after, k) for k in (SHIFTS if placebo else ()))
        if moved.any() and not moved.all()
    ]
    from scipy.stats import t as student  # here, as its import takes a second

    freedom = max(groups - 1, 1)
    reach = float(student.ppf(0.95, freedom)) * error
    ratios = np.exp(np.clip([log_ratio, log_ratio - reach, log_ratio + reach], -20, 20))
    inside = int(seen[within > 0].sum())
    return WindowEffect(
        ratio=float(ratios[0]),
        low=float(ratios[1]) if inside else 0.0,
        high=float(ratios[2]),
        p=float(2 * student.sf(abs(log_ratio) / error, freedom)),
        expected=expected,
        inside=inside,
        outside=int(seen.sum()) - inside,
        days_inside=int(within.sum()),
        days_outside=int(n - within.sum()),
        windows=sum(w.start <= last and w.end >= first for w in windows),
        placebo=tuple(float(np.exp(v)) for v in shifted),
        placebo_p=float((1 + sum(abs(v) >= abs(log_ratio) for v in shifted)) / (1 + len(shifted))),
        start=first,
        end=last,
    )


def _inside(windows: Sequence[Window], first: Date, n: int, after: int, shift: int) -> Floats:
    """(n) one on days inside a window moved by ``shift`` days, zero elsewhere."""
    out = np.zeros(n)
    for w in windows:
        at = (w.start - first).days + shift
        out[max(at, 0) : max((w.end - first).days + shift + after + 1, 0)] = 1.0
    return out


@dataclass(frozen=True)
class _Cells:
    """A record by year and month: seen (T) events a day; at (T) number of each day's cell; shape of the cells."""

    seen: Floats
    at: NDArray[np.int64]
    shape: tuple[int, int]

    @classmethod
    def of(cls, seen: Floats, years: Floats, months: Floats) -> _Cells:
        """Number the cells."""
        y, m = (np.unique(x, return_inverse=True)[1].astype(np.int64) for x in (years, months))
        shape = (int(y.max()) + 1, int(m.max()) + 1)
        return cls(seen, y * shape[1] + m, shape)

    def gather(self, inside: Floats) -> tuple[Floats, Floats]:
        """(Y, M, 2) events and days by cell, outside and inside."""
        at, size = 2 * self.at + inside.astype(np.int64), 2 * self.shape[0] * self.shape[1]
        events = np.bincount(at, weights=self.seen, minlength=size).astype(np.float64).reshape(*self.shape, 2)
        return events, np.bincount(at, minlength=size).reshape(*self.shape, 2).astype(np.float64)


def _ratio(cells: _Cells, inside: Floats) -> tuple[float, Floats, Floats, float]:
    """Rate ratio of the days inside, effects of years and months, and the events expected inside without it.

    Effects of years and months are fitted by scaling margins (the likelihood equations of a Poisson model with two
    factors), and the ratio in turn.
    """
    events, days = cells.gather(inside)
    by_year, by_month = np.full(cells.shape[0], cells.seen.mean()), np.ones(cells.shape[1])
    ratio, expected = 1.0, 0.0
    for _ in range(500):
        weighted = days[..., 0] + ratio * days[..., 1]
        by_year = events.sum((1, 2)) / np.maximum(weighted @ by_month, 1e-12)
        by_month = events.sum((0, 2)) / np.maximum(by_year @ weighted, 1e-12)
        expected = float(by_year @ days[..., 1] @ by_month)
        # Half an event keeps the ratio finite where there is none inside.
        new = (float(events[..., 1].sum()) + 0.5) / (expected + 0.5)
        if abs(np.log(new / ratio)) < 1e-9:
            break
        ratio = new
    return ratio, by_year, by_month, expected


def _regress(cells: _Cells, inside: Floats) -> tuple[float, float, int, float]:
    """Log rate ratio of days inside, its error clustered by year or month, number of clusters, events expected inside.

    Days are gathered into cells of year, month and inside or not.
    """
    ratio, by_year, by_month, expected = _ratio(cells, inside)
    events, days = cells.gather(inside)
    shape = events.shape
    rate = days * by_year[:, None, None] * by_month[None, :, None] * np.array([1.0, ratio])
    # Information of the ratio with the factors profiled out; scores by year.
    design = np.zeros((*shape, shape[0] + shape[1]))
    design[..., 0] = np.array([0.0, 1.0])
    for i in range(shape[0]):
        design[i, :, :, 1 + i] = 1.0
    for j in range(1, shape[1]):
        design[:, j, :, shape[0] + j] = 1.0
    flat = design.reshape(-1, design.shape[-1])
    information = flat.T @ (flat * rate.reshape(-1, 1))
    bread = np.linalg.pinv(information, hermitian=True)
    scores = (design * (events - rate)[..., None]).sum(2)
    scores = scores.sum(1) if shape[0] >= 5 else scores[days.sum(2) > 0]
    groups = len(scores)
    meat = scores.T @ scores * groups / max(groups - 1, 1)
    variance = float((bread @ meat @ bread)[0, 0])
    # With hardly any cluster the sandwich collapses; never below the Poisson error.
    error = float(np.sqrt(max(variance, bread[0, 0])))
    # What of the windows' days years and months do not account for: none where windows are whole months or years.
    own = information[0, 0] - information[0, 1:] @ np.linalg.pinv(information[1:, 1:]) @ information[1:, 0]
    return float(np.log(ratio)), error if own > 1e-6 * information[0, 0] else np.inf, groups, expected
