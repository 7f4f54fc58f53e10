"""A short record moves a prior: what a desk of some dozen events adds to what was learnt from years of event data.

A desk's reports are few: it sees a share of what media-wide event data would hold. That share (``coverage``) is
estimated from the desk's own counts, for the pairs of actors that it names; all that it does not see is taken to run at
its long-run mean. What follows an event that the desk does hold is taken to be reported with it. The desk's events then
move weights and baselines as data move a Gamma prior (Gelman et al. 2013, section 2.6), each event counted as
``1 / (1 + phi)`` of one, since events of a pair and day come in clusters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import polars as pl

from detente.errors import LearnError
from detente.learn.exposures import SYMMETRIC, Counts, Floats, channels, count, decay, symmetrise
from detente.learn.model import THIRD_PARTY, Fit

PAIR_EVENTS: Final = 10.0
"""Events that the prior's rate of a pair weighs as much as."""


def update(
    prior: Fit,
    table: pl.DataFrame,
    *,
    actors: Sequence[str] | None = None,
    events: float = 50.0,
    provenance: Mapping[str, Any] | None = None,
) -> Fit:
    """The prior after a record: see the module's description.

    Args:
        table: daily event table; events with actors that the prior does not know are left out and counted in
            ``provenance["left_out"]``.
        actors: codes to follow, known to the prior; all of the prior's where None.
        events: past events of a kind that the prior weighs as much as.

    Returns:
        A fit in units of media-wide coverage, its ``prior_share`` and ``coverage`` set, its state at the record's end.

    Raises:
        LearnError: an unknown actor, or no event between two known ones.
    """
    size = pl.col("count").sum() if "count" in table.columns else pl.len()
    here = prior if actors is None else prior.select(actors)
    both = pl.col("source").is_in(here.actors) & pl.col("target").is_in(here.actors)
    inside = table.filter(both, pl.col("source") != pl.col("target"))
    named = {*inside["source"].to_list(), *inside["target"].to_list()}
    if len(named) < 2:
        raise LearnError(
            f"The record holds no event between two of {', '.join(here.actors)}, which the prior knows. "
            "Use the prior as it is, or fit event data on these actors without it."
        )
    counts = count(inside, here.actors, gap=None)
    n_days = len(counts.dates)
    at = np.array([a in named for a in here.actors])
    watched = np.outer(at, at) & ~np.eye(len(at), dtype=bool)
    coverage = float(np.clip((counts.n_events + 1.0) / (here.mean[watched].sum() * n_days + 1.0), 0.0, 1.0))
    seen = coverage * watched
    calm = ((1.0 - seen)[..., None] * here.mean)[..., None] * np.ones(len(here.taus))
    state, exposure = _history(counts, here)
    unseen = channels(calm, here.partners, here.foes) * seen[None, :, :, None, None]
    x_sum = channels(exposure, here.partners, here.foes) * watched[None, :, :, None, None] + n_days * unseen
    rows = _exposed(counts, here, unseen)
    worth = 1.0 / (1.0 + here.phi)
    own = np.zeros_like(here.counts)
    for _, a, b, k, y in _cells(counts):
        own[a, b, k] += y
    # An event between two actors reaches every other actor through the channels of third parties.
    reach = np.where(np.isin(here.channels, THIRD_PARTY), len(here.actors) - 1.0, 1.0)
    prior_weight = (events * reach)[:, None, None, None]
    weights, base = here.weights, here.base
    strain = np.einsum("cab,cablh->chl", here.theta, x_sum)[..., None]
    quiet = here.base.sum(2) * n_days * seen * worth
    for _ in range(8):
        of_weights, of_base = _share(counts, here, rows, weights, base * seen[..., None])
        weights = (prior_weight * here.weights + worth * of_weights) / (prior_weight + worth * strain)
        factor = (PAIR_EVENTS + worth * of_base) / (PAIR_EVENTS + quiet)
        base = here.base * factor[..., None]
    weights = np.where(here.weights > 0, weights, 0.0)
    share = prior_weight / (prior_weight + worth * strain)
    drawn = share * here.draws.weights + (weights - share * here.weights)
    return replace(
        here,
        base=symmetrise(base),
        weights=weights,
        state=state + calm,
        counts=here.counts + own,
        draws=replace(here.draws, weights=np.maximum(drawn, 0.0).astype(np.float32)),
        n_events=counts.n_events,
        start=counts.dates[0],
        end=counts.dates[-1],
        prior_share=float((share * weights).sum() / weights.sum()),
        coverage=coverage,
        table=table,
        mixture=None,
        provenance={
            **(provenance or {}),
            "left_out": int(table.select(size).item() - inside.select(size).item()),
            "prior": dict(prior.provenance),
        },
    )


def _cells(counts: Counts) -> list[tuple[int, int, int, int, float]]:
    """Events by direction, those of symmetric types half in each."""
    out = []
    for t, a, b, k, n in zip(counts.day, counts.a, counts.b, counts.k, counts.n, strict=True):
        half = n / 2 if SYMMETRIC[k] else n
        out.append((int(t), int(a), int(b), int(k), float(half)))
        if SYMMETRIC[k]:
            out.append((int(t), int(b), int(a), int(k), float(half)))
    return out


def _history(counts: Counts, fit: Fit) -> tuple[Floats, Floats]:
    """Decayed history after the last day, and its sum over all days before each day; both (A, A, L, H)."""
    n, n_days = len(fit.actors), len(counts.dates)
    state = np.zeros((n, n, len(fit.types), len(fit.taus)))
    total = np.zeros_like(state)
    keep = decay(fit.taus)
    for t, a, b, k, y in _cells(counts):
        left = n_days - 1 - t
        state[a, b, k] += y * (1 - keep) * keep**left
        total[a, b, k] += y * (1 - keep**left)
    return state, total


def _exposed(counts: Counts, fit: Fit, unseen: Floats) -> list[Floats]:
    """Exposures (C, A, A, L, H) of each day with events, to the desk's own history and to the unseen."""
    keep = decay(fit.taus)
    state = np.zeros(unseen.shape[1:])
    out: list[Floats] = []
    last = 0
    by_day: dict[int, list[tuple[int, int, int, float]]] = {}
    for t, a, b, k, y in _cells(counts):
        by_day.setdefault(t, []).append((a, b, k, y))
    for t, cells in sorted(by_day.items()):
        state *= keep ** max(t - 1 - last, 0) if t else 1.0
        out.append(channels(state, fit.partners, fit.foes) + unseen)
        state *= keep if t else 1.0
        for a, b, k, y in cells:
            state[a, b, k] += y * (1 - keep)
        last = t
    return out


def _share(counts: Counts, fit: Fit, rows: list[Floats], weights: Floats, base: Floats) -> tuple[Floats, Floats]:
    """Events attributed to the weights (C, H, L, K) and to the baselines of pairs (A, A)."""
    of_weights, of_base = np.zeros_like(weights), np.zeros(base.shape[:2])
    order = {t: i for i, t in enumerate(sorted(set(counts.day.tolist())))}
    for t, a, b, k, y in _cells(counts):
        x = rows[order[t]][:, a, b].transpose(0, 2, 1) * fit.theta[:, a, b, None, None]
        part = x * weights[..., k]
        rate = base[a, b, k] + part.sum()
        if rate > 0:
            of_weights[..., k] += y * part / rate
            of_base[a, b] += y * base[a, b, k] / rate
    return of_weights, of_base
