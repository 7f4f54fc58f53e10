"""From a table of events to what the model is exposed to: daily counts, decayed history, channels, reporting volume.

History is a normalised exponential sum, ``S_t = exp(-1/tau) S_{t-1} + y_t (1 - exp(-1/tau))``, used from the next day
on, so one past event adds one unit in all. Sources: Hawkes (1971) for the decayed sums, Butts (2008) and Stadtfeld and
Block (2017) for third-party statistics of dyadic events, Schrodt and Gerner (2012) for daily dyadic event counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.codebook import QUADS, TYPES, event_type, is_conciliatory, quad
from detente.errors import LearnError

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

TAUS: Final = (1.0, 5.0, 30.0)
"""Time constants of forgetting, in days."""

DAMPING_SCALE: Final = 0.1
"""Cooperation of a pair, in events a day, at which damping has half of its effect."""

PHI: Final = (0.01, 100.0)
"""Bounds of over-dispersion."""

GAP: Final = 30
"""Days without any event after which the record is taken to have stopped and, later, begun anew."""

SYMMETRIC: Final = np.array([event_type(k).symmetric for k in TYPES])
CONCILIATORY: Final = np.array([is_conciliatory(k) for k in TYPES])
COOPERATION: Final = tuple(np.array([quad(k) == q for k in TYPES]) for q in QUADS if q.endswith("cooperation"))
"""Types of verbal and of material cooperation."""


@dataclass(frozen=True)
class Counts:
    """Daily counts of events between pairs, mirrored reports merged.

    An event of a symmetric type has no direction: reports of "a with b" and of "b with a" on one day are one event, and
    it is listed once, with a before b.

    Args:
        actors: (A) codes.
        dates: (T) observed days; the record may pause between them.
        fresh: (T) whether a new stretch of record begins on that day.
        day, a, b, k, n: (N) the cells with events: position in ``dates``, source, target, type, count; by day.
    """

    actors: tuple[str, ...]
    dates: tuple[Date, ...]
    fresh: NDArray[np.bool_]
    day: Ints
    a: Ints
    b: Ints
    k: Ints
    n: Floats

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.n.sum())

    def totals(self) -> Floats:
        """(T) events a day."""
        totals: Floats = np.zeros(len(self.dates))
        np.add.at(totals, self.day, self.n)
        return totals


def count(table: pl.DataFrame, actors: Sequence[str] | None = None, *, gap: int | None = GAP) -> Counts:
    """Count the events of a daily table (:func:`detente.load.table`) by day, pair and type.

    Args:
        table: columns ``day``, ``source``, ``target``, ``type`` and, optionally, ``count``.
        actors: codes to keep; all that occur where None.
        gap: days without any event after which the record has stopped; None where silence counts as such.

    Raises:
        LearnError: a column is missing, a type is unknown, or nothing is left.
    """
    if missing := [c for c in ("day", "source", "target", "type") if c not in table.columns]:
        raise LearnError(f"The event table lacks {', '.join(missing)}; load it with detente.load.table.")
    if "count" not in table.columns:
        table = table.with_columns(count=pl.lit(1, pl.Int64))
    if actors is None:
        actors = sorted({*table["source"].to_list(), *table["target"].to_list()})
    names = pl.Enum(list(dict.fromkeys(actors)))
    table = table.filter(
        pl.col("source").is_in(actors), pl.col("target").is_in(actors), pl.col("source") != pl.col("target")
    )
    if table.is_empty():
        raise LearnError("No events between the chosen actors; choose more of them, or other data.")
    if strange := sorted(set(table["type"].unique()) - set(TYPES)):
        raise LearnError(f"Unknown event types {', '.join(map(str, strange))}; use PLOVER types: {', '.join(TYPES)}.")
    table = table.with_columns(
        a=pl.col("source").cast(names).to_physical().cast(pl.Int64),
        b=pl.col("target").cast(names).to_physical().cast(pl.Int64),
        k=pl.col("type").cast(pl.Enum(TYPES)).to_physical().cast(pl.Int64),
    )
    directed = table.group_by("day", "a", "b", "k").agg(n=pl.col("count").sum())
    symmetric = pl.col("k").is_in(np.flatnonzero(SYMMETRIC).tolist())
    merged = (
        directed.filter(symmetric)
        .with_columns(a=pl.min_horizontal("a", "b"), b=pl.max_horizontal("a", "b"))
        .group_by("day", "a", "b", "k")
        .agg(n=pl.col("n").max())
    )
    cells = pl.concat([directed.filter(~symmetric), merged]).sort("day", "a", "b", "k")
    dates, fresh = _stretches(cells["day"].unique().sort().to_list(), gap)
    position = {d: i for i, d in enumerate(dates)}
    return Counts(
        actors=tuple(dict.fromkeys(actors)),
        dates=dates,
        fresh=fresh,
        day=np.array([position[d] for d in cells["day"]], dtype=np.int64),
        a=cells["a"].to_numpy().astype(np.int64),
        b=cells["b"].to_numpy().astype(np.int64),
        k=cells["k"].to_numpy().astype(np.int64),
        n=cells["n"].to_numpy().astype(np.float64),
    )


def _stretches(days: list[Date], longest: int | None) -> tuple[tuple[Date, ...], NDArray[np.bool_]]:
    dates: list[Date] = []
    fresh: list[bool] = []
    for day in days:
        gap = (day - dates[-1]).days if dates else None
        if gap is not None and (longest is None or gap <= longest):
            dates += [dates[-1] + timedelta(i) for i in range(1, gap)]
            fresh += [False] * (gap - 1)
        dates.append(day)
        fresh.append(gap is None or (longest is not None and gap > longest))
    return tuple(dates), np.array(fresh)


def decay(taus: Floats) -> Floats:
    """(H) share of a decayed sum that is left after a day."""
    return np.exp(-1.0 / np.asarray(taus, dtype=np.float64))


def channels(state: Floats, partners: Floats, foes: Floats | None = None) -> Floats:
    """What every ordered pair is exposed to, through each channel.

    Args:
        state: (A, A, L, H) decayed history by source, target, type and time constant; diagonal zero.
        partners, foes: (A, A) weights of each actor's partners and foes (none where None).

    Returns:
        (C, A, A, L, H), in the order of :data:`detente.learn.model.CHANNELS`; diagonal zero.

    Example:
        >>> import numpy as np
        >>> s = np.zeros((3, 3, 16, 1)); s[0, 1, 8] = 1.0          # 0 accuses 1
        >>> x = channels(s, np.zeros((3, 3)))
        >>> float(x[1, 1, 0, 8, 0]), float(x[3, 2, 1, 8, 0])       # reciprocity of 1 to 0; "on target" for 2 to 1
        (1.0, 1.0)
    """
    s = np.asarray(state, dtype=np.float64)
    back = s.swapaxes(0, 1)
    sent, received = s.sum(1), s.sum(0)
    between = 0.5 * partners[:, :, None, None] * (s + back) * CONCILIATORY[None, None, : s.shape[2], None]
    out = np.stack(
        [
            s,
            back * ~SYMMETRIC[None, None, : s.shape[2], None],
            sent[:, None] - s,
            received[None, :] - s,
            sent[None, :] - back,
            received[:, None] - back,
            np.einsum("ac,cblh->ablh", partners, s),
            between.sum(1)[None, :] - between.swapaxes(0, 1),
            np.zeros_like(s) if foes is None else np.einsum("ac,cblh->ablh", foes, s),
        ]
    )
    diagonal = np.arange(len(s))
    out[:, diagonal, diagonal] = 0.0
    result: Floats = out
    return result


def damped(state: Floats, damping: Floats, scale: float = DAMPING_SCALE) -> Floats:
    """What recent cooperation of a pair leaves of its rates.

    Args:
        state: (A, A, L, H) decayed history. damping: (4, 2), as of :class:`detente.learn.Fit`.
        scale: cooperation in events a day at which damping has half of its effect.

    Returns:
        (A, A, 4) factors in (0, 1], by quad class of the response; symmetric in the actors.

    Example:
        >>> s = np.zeros((2, 2, 16, 3)); s[0, 1, 1, 1] = 0.1                 # 0 consults 1
        >>> damped(s, np.full((4, 2), 2.0)).round(3)[1, 0].tolist()           # exp(-2 / 2)
        [0.368, 0.368, 0.368, 0.368]
    """
    recent = state[..., state.shape[-1] // 2]
    recent = recent + recent.swapaxes(0, 1)
    z = np.stack([recent[..., : len(TYPES)][..., chosen].sum(-1) for chosen in COOPERATION], axis=-1)
    return remaining(z, damping, scale)


def remaining(cooperation: Floats, damping: Floats, scale: float = DAMPING_SCALE) -> Floats:
    """(..., 4) what cooperation (..., 2), verbal and material in events a day, leaves: see :func:`damped`."""
    share: Floats = np.exp(-(cooperation / (cooperation + scale)) @ np.asarray(damping).T)
    return share


def symmetrise(y: Floats) -> Floats:
    """Events of symmetric types, counted half in each direction; ``y`` is (A, A, K)."""
    half: Floats = np.where(SYMMETRIC, (y + y.swapaxes(0, 1)) / 2, y)
    return half


def partners(cooperation: Floats, conflict: Floats, *, pseudo: float = 20.0) -> Floats:
    """Whose partner each actor is: share of its net cooperation, shrunk to none where there is little of it.

    Args:
        cooperation, conflict: (A, A) symmetric numbers of conciliatory and hostile events of each pair.
        pseudo: events of net cooperation at which an actor's partners weigh half.

    Returns:
        (A, A), rows sum to less than one, diagonal zero.
    """
    net = np.maximum(cooperation - conflict, 0.0)
    np.fill_diagonal(net, 0.0)
    shares: Floats = net / (net.sum(1, keepdims=True) + pseudo)
    return shares


def weekdays(counts: Counts, until: int) -> Floats:
    """(T) each day's weekday factor, from the days before position ``until``."""
    totals = counts.totals()[:until]
    weekday = np.array([d.weekday() for d in counts.dates])
    level, early = totals.mean(), weekday[:until]
    factor = np.array([totals[early == w].sum() / level + 2.0 for w in range(7)])
    factor /= np.array([(early == w).sum() + 2.0 for w in range(7)])
    by_day: Floats = factor[weekday]
    return by_day


def volume(counts: Counts, *, rho: float, until: int, recent: float = 20.0) -> Floats:
    """(T) expected reporting volume of each day: weekday times (recent over long-run volume) to the power ``rho``.

    Args:
        rho: 0 ignores growth of coverage, 1 follows it fully.
        until: days before this position set the weekday factors; the recent and long-run volumes of a day use
            only days before it.
        recent: time constant of the recent volume, in days.
    """
    totals = counts.totals()
    factor = weekdays(counts, until)
    out = np.ones(len(totals))
    keep = np.exp(-1.0 / recent)
    fast = slow = days = 0.0
    for t, fresh in enumerate(counts.fresh):
        if fresh:
            fast = slow = days = 0.0
        # Ten days at the long-run level steady both volumes while the record is young.
        long_run = (slow + 1e-9) / max(days, 1.0)
        weight = keep ** (days + 10.0)
        near = fast + weight * long_run
        norm = 1 - keep**days + weight
        out[t] = factor[t] * ((near / norm) / long_run if slow > 0 else 1.0) ** rho
        clean = totals[t] / factor[t]
        fast = keep * fast + (1 - keep) * clean
        slow += clean
        days += 1.0
    return out
