"""How one actor answers a type of act, day by day: the response curve of a fitted model, and the record beside it.

All channels are summed, and what an act of cooperation calms is taken off (:mod:`detente.learn.further`); the first
generation only: what the answer brings about in turn is the reproduction number's
(:func:`detente.learn.reactions.reproduction`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.codebook import QUADS, event_type, quad
from detente.errors import LearnError
from detente.figure import Figure, Shown
from detente.learn import check
from detente.learn.exposures import SYMMETRIC
from detente.learn.figures import origin
from detente.learn.further import further
from detente.learn.model import Fit
from detente.learn.reactions import FEW, HORIZON, METHOD, NEGLIGIBLE, detectable, interval, one_of
from detente.learn.windows import WindowEffect

Floats = NDArray[np.floating[Any]]

DAYS: Final = 60
"""Length of a response curve in days."""


@dataclass(frozen=True)
class Response(Shown):
    """Further events of an actor after a type of act, by quad class of the answer (in the order of the codebook).

    Args:
        actor: who answers. to: PLOVER type of the act. by, toward: who did it, and to whom; anyone where empty.
        channel: the one way that was followed, or empty for all.
        daily: (4, D) expected further events on each day after the act.
        total, low, high: (4, D) their sums up to each day, with 90 % interval over the draws.
        calmed: (4, D) part of the sums by which cooperation damps what its two sides do to each other; zero or below.
        half_life: (4) days by which half of all that the channels will bring has come.
        n: past acts behind it.
        compared: the days after such acts compared with other days, for the hostile answers of the record, with a shift
            placebo; None where no record was given or nothing can be compared.
        end, source: last day of the model's data, and where they come from.
    """

    actor: str
    to: str
    by: tuple[str, ...]
    toward: tuple[str, ...]
    channel: str
    daily: Floats
    total: Floats
    low: Floats
    high: Floats
    calmed: Floats
    half_life: Floats
    n: float
    compared: WindowEffect | None = None
    end: Date | None = None
    source: str = ""

    def __repr__(self) -> str:
        return f"<Response of {self.actor} to {self.when}: {self.days} days, {self.n:.0f} past acts; see summary()>"

    @property
    def days(self) -> int:
        """Length of the curve."""
        return int(self.daily.shape[1])

    @property
    def when(self) -> str:
        """The act in words."""
        toward = f" toward {', '.join(self.toward)}" if self.toward else ""
        return f"{self.to} of {', '.join(self.by) or 'anyone'}{toward}"

    def detectable(self, response: str) -> bool:
        """Whether the interval of a class of answers lies beyond practically none, on more than a few past acts."""
        i = QUADS.index(response)
        return detectable(float(self.low[i, -1]), float(self.high[i, -1]), self.n)

    def frame(self) -> pl.DataFrame:
        """One row for each class of answer and day: ``response``, ``day``, ``daily``, ``total``, ``low``, ``high``."""
        n = self.days
        return pl.DataFrame(
            {
                "response": np.repeat(np.array(QUADS), n),
                "day": np.tile(np.arange(1, n + 1), 4),
                **{name: getattr(self, name).reshape(-1) for name in ("daily", "total", "low", "high")},
            }
        )

    def summary(self) -> str:
        """The answer in words, that of the record beside that of the model."""
        head = f"After {self.when} ({self.n:.0f} past acts), within {self.days} days"
        few = self.n < FEW
        lines = [
            f"{head}: too few cases to say anything about {self.actor}"
            + ("; toward=[] takes such acts toward anyone." if self.toward == (self.actor,) else ".")
            if few
            else f"{head}, {self.actor} adds, by the reaction model:"
        ]
        for i, response in enumerate(() if few else QUADS):
            whole, low, high, calmed = (float(x[i, -1]) for x in (self.total, self.low, self.high, self.calmed))
            half = round(self.half_life[i])
            if not self.detectable(response):
                said = f"no detectable {response} ({low:.3f} to {high:.3f} events per act)"
            elif whole > 0:
                said = (
                    f"{whole:.3f} events of {response} per act ({low:.3f} to {high:.3f}), half of all that come "
                    f"within {half} day{'' if half == 1 else 's'}"
                )
            else:
                said = f"{-whole:.3f} events of {response} fewer per act ({low:.3f} to {high:.3f})"
            if calmed < -NEGLIGIBLE:
                said += f"; of it {calmed:.3f} by calming"
            lines.append(f"  {said}")
        if self.compared and not few:  # what is too little for the model is too little for the days compared, too
            lines.append(f"Hostile acts in the record, {HORIZON} days after: {self.compared.summary()}")
        return "\n".join(lines)

    def figure(self, **how: Any) -> Figure:
        """The curve, with its interval and half-life: see :func:`detente.learn.figures.response`."""
        from detente.learn import figures  # here, as only few look at it

        return figures.response(self, **how)

    def cite(self) -> list[str]:
        """Sources of the methods."""
        return [*METHOD, *(self.compared.cite() if self.compared else [])]


def response(
    fit: Fit,
    actor: str,
    *,
    to: str,
    by: str | Sequence[str] = (),
    toward: str | Sequence[str] | None = None,
    channel: str | None = None,
    days: int = DAYS,
    table: pl.DataFrame | None = None,
) -> Response:
    """The response curve of an actor to a type of act.

    Args:
        actor: who answers, toward anyone.
        to: PLOVER type of the act. by: who did it; anyone where empty.
        toward: to whom; to the actor where None, to anyone where empty.
        channel: one of :data:`detente.learn.model.CHANNELS`; all where None.
        days: length of the curve.
        table: daily event table, for the comparison of days with a placebo.

    Raises:
        LearnError: unknown actor or channel. CodebookError: unknown type.

    Example:
        >>> from detente.learn import prior
        >>> found = response(prior(), "PRK", to="ACCUSE", by="KOR")
        >>> found.detectable("verbal conflict"), found.total.shape
        (True, (4, 60))
    """
    event_type(to)
    if channel is not None:
        one_of("channel", channel, fit.channels)
    if days < 1:
        raise LearnError("A response curve has at least one day.")
    who = (by,) if isinstance(by, str) else tuple(by)
    whom = (actor,) if toward is None else (toward,) if isinstance(toward, str) else tuple(toward)
    everyone = range(len(fit.actors))
    me, kind = fit.index(actor), fit.types.index(to)
    cause = np.zeros_like(fit.counts)
    for a in [fit.index(code) for code in who] or everyone:
        for b in [fit.index(code) for code in whom] or everyone:
            if a != b:
                cause[a, b, kind] = fit.counts[a, b, kind] or 1e-9  # so that rare acts have a curve, too
    if SYMMETRIC[kind]:
        cause = np.maximum(cause, cause.swapaxes(0, 1))
    if not cause.any():
        raise LearnError(f"{', '.join(who)} cannot do anything toward {', '.join(whom)}: name two different actors.")
    # Acts of the actor; one of a symmetric type counts half in each direction.
    mine = np.zeros(fit.counts.shape)
    mine[me] = 1.0
    mine[:, me] = np.maximum(mine[:, me], SYMMETRIC)
    member = np.eye(4)[[QUADS.index(quad(k)) for k in fit.types]]
    answers = mine[..., None] * member  # (A, A, K, 4)

    followed = None if channel is None else np.array([c == channel for c in fit.channels])
    shares = np.zeros(fit.counts.shape)
    shares[..., kind] = cause[..., kind] / cause.sum()
    found = further(fit, shares, answers, days, followed=followed)
    total, *drawn = (found.raised + found.calmed).cumsum(2)
    low, high = interval(np.array(drawn), total)
    return Response(
        actor=actor,
        to=to,
        by=who,
        toward=whom,
        channel=channel or "",
        daily=np.diff(total, axis=1, prepend=0.0),
        total=total,
        low=low,
        high=high,
        calmed=found.calmed[0].cumsum(1),
        half_life=np.array([_half(row, fit.taus) for row in found.through[0]]),
        n=float(np.round(cause.sum(), 6)),
        compared=None if table is None else _compared(table, actor, to, who, whom),
        end=fit.end,
        source=origin(fit),
    )


def _half(point: Floats, taus: Floats) -> float:
    """Days by which half of a sum of exponentials has come, by bisection; nothing comes before the first day."""
    early, late = 0.0, 10.0 * float(taus.max())
    for _ in range(40):
        middle = (early + late) / 2
        short = float((point * (1 - np.exp(-middle / taus))).sum()) < float(point.sum()) / 2
        early, late = (middle, late) if short else (early, middle)
    return max(late, 1.0)


def _compared(
    table: pl.DataFrame, actor: str, to: str, by: tuple[str, ...], toward: tuple[str, ...]
) -> WindowEffect | None:
    claim = check.Proposition(check.Acts(by, toward, (to,)), check.Acts((actor,), types=check.HOSTILE), within=HORIZON)
    return check.check(claim, table).compared if table.height else None
