"""The reaction model as a user meets it: ``ReactionModel().fit(table)``.

A long record is fitted by itself (:mod:`detente.learn.estimate`); a short one, a desk's, moves a prior
(:mod:`detente.learn.update`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from typing import Any, Final, NoReturn

import numpy as np
import polars as pl

from detente.actors import within
from detente.codebook import QUADS, TYPES, quad
from detente.events import Tie
from detente.learn import daily, estimate
from detente.learn.estimate import Design, Parameters, Settings
from detente.learn.exposures import CONCILIATORY, Counts, Floats, count, symmetrise
from detente.learn.kernels import N_QUADS, N_TYPES
from detente.learn.model import CHANNELS, Draws, Fit, Score
from detente.learn.update import update

_FIRM: Final = frozenset({"defence pact", "consultation", "access agreement", "basing", "information sharing"})


@dataclass(frozen=True)
class ReactionModel:
    """A model of how each actor's acts follow earlier acts (``docs/learn.md``).

    Args:
        settings: time constants, channels, strengths of pooling.
        draws: number of draws from the posterior.
        prior_events: how many past events of a kind the prior weighs as much as, where one is given.

    Example:
        >>> fit = ReactionModel(draws=30).fit(table, actors=["KOR", "PRK", "USA"], seed=7)  # doctest: +SKIP
        >>> print(fit.summary())                                                            # doctest: +SKIP
    """

    settings: Settings = field(default_factory=Settings)
    draws: int = 32
    prior_events: float = 50.0

    def __getattr__(self, name: str) -> NoReturn:
        if name in Fit.__dict__ and not name.startswith("_"):
            raise AttributeError(f"Fit the model first: fit = ReactionModel().fit(desk.events()), then fit.{name}.")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def fit(
        self,
        table: pl.DataFrame | pl.LazyFrame,
        *,
        actors: Sequence[str] | None = None,
        ties: Iterable[Tie] | pl.DataFrame | None = None,
        prior: Fit | None = None,
        score: Score | None = None,
        provenance: Mapping[str, Any] | None = None,
        seed: int = 7,
    ) -> Fit:
        """Learn from a daily event table.

        What ``desk.events()`` holds and no model can take is counted by reason in ``provenance["events_left_out"]``.

        Args:
            table: what ``desk.events()`` gives, or a daily event table with columns ``day``, ``source``, ``target``,
                ``type``, optional ``count`` (:func:`detente.load.table`).
            actors: codes to follow; with a prior, all of the prior's; else the 40 busiest of the table.
            ties: formal ties (``desk.ties()`` or :func:`detente.ties`); they count toward who is whose
                partner from the day on which they come into force to that on which they end.
            prior: a model to start from (:func:`detente.learn.prior`). The record then moves it, and may be short.
            score: measured elsewhere, to be kept with the fit. provenance: what to keep on the data's origin.
            seed: of the draws.

        Raises:
            LearnError: no table, missing columns, unknown types, no events, or too few days without a prior.
        """
        table, ties = daily.whole(table), daily.ties(ties)
        table, left_out = daily.events(table), daily.left_out(table)
        if left_out:
            provenance = {**(provenance or {}), "events_left_out": left_out}
        if prior is not None:
            return update(prior, table, actors=actors, events=self.prior_events, provenance=provenance or {})
        counts = count(table, actors or busiest(table))
        d = estimate.design(counts, self.settings, ties=_firm(counts, ties))
        par = estimate.fit(d)
        replicates = estimate.replicates(d, par, self.draws, np.random.default_rng(seed))
        return _assemble(d, par, replicates, table, score, provenance or {})


def busiest(table: pl.DataFrame, n: int = 40) -> tuple[str, ...]:
    """Codes of the actors with most events, sorted by code."""
    size = pl.col("count").sum() if "count" in table.columns else pl.len()
    sides = [table.group_by(actor=pl.col(side)).agg(n=size.cast(pl.Int64)) for side in ("source", "target")]
    total = pl.concat(sides).group_by("actor").agg(pl.col("n").sum()).sort("n", "actor", descending=[True, False])
    return tuple(sorted(total["actor"].head(n)))


def _firm(counts: Counts, ties: Iterable[Tie] | None) -> list[tuple[int, Floats]]:
    """Where a firm formal tie is in force: the days (positions) on which that changes, and (A, A) ones from then on."""
    known = [tie for tie in ties or () if tie.kind in _FIRM and len(set(tie.parties) & set(counts.actors)) > 1]
    out: list[tuple[int, Floats]] = []
    before: list[int] = []
    for position, day in enumerate(counts.dates if known else ()):
        begun = [_begun(tie, day) for tie in known]
        if begun == before:
            continue
        before, firm = begun, np.zeros((len(counts.actors),) * 2)
        for tie, past in zip(known, begun, strict=True):
            if past and tie.history[past - 1].status == "in force":
                at = [counts.actors.index(p) for p in tie.parties if p in counts.actors]
                firm[np.ix_(at, at)] = 1.0
        np.fill_diagonal(firm, 0.0)
        out.append((position, firm))
    return out


def _begun(tie: Tie, day: Date) -> int:
    """Number of a tie's statuses that had begun by a day."""
    return sum(within(day, status.date, "") for status in tie.history)


def _assemble(
    d: Design,
    par: Parameters,
    replicates: list[Parameters],
    table: pl.DataFrame,
    score: Score | None,
    provenance: Mapping[str, Any],
) -> Fit:
    counts = d.counts
    totals = np.zeros((*(len(counts.actors),) * 2, len(TYPES)))
    np.add.at(totals, (counts.a, counts.b, counts.k), counts.n)
    base, weights, theta = _base(d, par), _weights(par), _theta(d, par)
    scale = [_base(d, r).sum(2) / np.maximum(base.sum(2), 1e-300) for r in replicates]
    return Fit(
        actors=counts.actors,
        types=TYPES,
        taus=np.array(d.settings.taus),
        channels=CHANNELS,
        base=base,
        weights=weights,
        theta=theta,
        partners=d.partners,
        foes=d.foes,
        damping=par.damping,
        phi=par.phi.level,
        phi_power=par.phi.power,
        volume_sd=volume_spread(d, par),
        state=_dense(d, d.past.s),
        mean=_dense(d, d.past.total) / d.days,
        counts=symmetrise(totals),
        draws=Draws(
            base=np.array(scale, dtype=np.float32).reshape(-1, *theta.shape[1:]),
            weights=np.array([_weights(r) for r in replicates], dtype=np.float32).reshape(-1, *weights.shape),
            theta=np.array([_theta(d, r) for r in replicates], dtype=np.float32).reshape(-1, *theta.shape),
            damping=np.array([r.damping for r in replicates], dtype=np.float32).reshape(-1, *par.damping.shape),
        ),
        score=score,
        n_events=counts.n_events,
        start=counts.dates[0],
        end=counts.dates[-1],
        provenance=provenance,
        table=table,
        mixture=par.u,
    )


def _dense(d: Design, by_pair: Floats, elsewhere: float = 0.0) -> Floats:
    """(P, ...) by active pair to (A, A, ...), other pairs ``elsewhere``, the diagonal zero."""
    n, of = d.n_actors, d.record.of
    out = np.full((n, n, *by_pair.shape[1:]), elsewhere)
    out[np.arange(n), np.arange(n)] = 0.0
    out[of[:, 0], of[:, 1]] = by_pair
    return out


def _base(d: Design, par: Parameters) -> Floats:
    active = _dense(d, par.theta0[:, None] * np.einsum("jk,jpk->pk", par.u, d.base_parts))
    # What pairs without any event would have by how much each side sends and receives (kernels._baseline).
    total = d.past.total.sum(1)
    sent, received = (np.bincount(d.record.of[:, i], total, d.n_actors) + 0.5 for i in range(2))
    cross = np.outer(sent, received) * (d.record.slot < 0)
    np.fill_diagonal(cross, 0.0)
    cross *= d.rest / max(float(cross.sum()), 1e-300)
    return symmetrise(active + cross[..., None] * par.u[2] * d.mix_after)


def _theta(d: Design, par: Parameters) -> Floats:
    """(C, A, A) multipliers. Pairs that never dealt would repeat and answer as others do, and hear no third party."""
    active = np.array(d.settings.active)
    return np.stack([_dense(d, by, float(active[c] and c < 2)) for c, by in enumerate(par.theta)])


def _weights(par: Parameters) -> Floats:
    """(K, F, H) to the (C, H, L, K) of :class:`Fit`."""
    third = par.w[:, 2 * N_TYPES :].reshape(N_TYPES, -1, N_QUADS, par.w.shape[2])
    by_class = [QUADS.index(quad(k)) for k in TYPES]
    whole = np.concatenate([par.w[:, : 2 * N_TYPES].reshape(N_TYPES, 2, N_TYPES, -1), third[:, :, by_class]], axis=1)
    whole[:, CHANNELS.index("rival's partners")] *= CONCILIATORY[:, None]
    return np.ascontiguousarray(whole.transpose(1, 3, 2, 0))


def volume_spread(d: Design, par: Parameters) -> tuple[float, float]:
    """Standard deviations of the logarithm of volume by month and by day, beyond what the model expects.

    Totals of all pairs over 30 days and over one day, against the model's one-day-ahead expectations; the variance that
    chance (Poisson counts with pair-day shocks) explains is taken off, and of the day's the month's.
    """
    e = estimate.expect(d, par)
    rate, seen = e.rate[d.training], e.seen[d.training]
    chance = (rate + par.phi.at(rate) * rate**2).sum(1)
    expected, observed = rate.sum(1), seen.sum(1)

    def spread(width: int) -> float:
        n = len(observed) // width * width
        x, m, c = (a[:n].reshape(-1, width).sum(1) for a in (observed, expected, chance))
        return float(max((((x - m) ** 2 - c) / m**2).mean(), 0.0)) if n else 0.0

    month = spread(30)
    return float(np.sqrt(month)), float(np.sqrt(max(spread(1) - month, 0.0)))
