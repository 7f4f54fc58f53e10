"""What one act changes, day by day: the further events that it brings about, and those that it damps.

By the model, an act adds to the rates of those who feel it through the channels, and where it is an act of cooperation,
it lowers the rates between the two sides for a while (:attr:`detente.learn.Fit.damping`). Both are worked out around
the usual state of each pair, a history that runs at its long-run mean; the first generation only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from detente.codebook import QUADS, quad
from detente.learn.exposures import COOPERATION, SYMMETRIC, channels, damped, decay, remaining

if TYPE_CHECKING:
    from detente.learn.model import Fit

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Parameters:
    """One set of what is drawn: the estimate itself, or a replicate.

    Args:
        base: (A, A, K). weights: (C, H, L, K). theta: (C, A, A). damping: (4, 2).
    """

    base: Floats
    weights: Floats
    theta: Floats
    damping: Floats


def sets(fit: Fit) -> Iterator[Parameters]:
    """The estimate, then each draw."""
    yield Parameters(fit.base, fit.weights, fit.theta, fit.damping)
    draws = fit.draws
    for scale, weights, theta, damping in zip(draws.base, draws.weights, draws.theta, draws.damping, strict=True):
        yield Parameters(fit.base * scale[..., None], weights, theta, damping)


def usual_state(fit: Fit) -> Floats:
    """(A, A, L, H) decayed history that runs at the long-run mean."""
    return np.repeat(np.asarray(fit.mean, dtype=np.float64)[..., None], len(fit.taus), axis=-1)


def usual_rate(par: Parameters, felt: Floats) -> Floats:
    """(A, A, K) rates without damping; ``felt`` (C, A, A, L, H) as the channels carry the history."""
    out: Floats = par.base + np.einsum("cab,cablh,chlk->abk", par.theta, felt, par.weights, optimize=True)
    out[np.arange(len(out)), np.arange(len(out))] = 0.0
    return out


def by_type(factor: Floats, types: tuple[str, ...]) -> Floats:
    """(..., 4) by quad class to (..., K) by type."""
    out: Floats = factor[..., [QUADS.index(quad(k)) for k in types]]
    return out


def usual_rates(fit: Fit) -> Floats:
    """(A, A, K) events a day that the estimate expects of each pair in its usual state."""
    state, par = usual_state(fit), next(sets(fit))
    left = by_type(damped(state, par.damping, fit.damping_scale), fit.types)
    return left * usual_rate(par, channels(state, fit.partners, fit.foes))


@dataclass(frozen=True)
class Further:
    """Further events after an act, by class of what is counted; the estimate first, then each draw.

    Args:
        raised: (1 + D, R, days) expected events on each day that the channels bring.
        calmed: (1 + D, R, days) those that damping takes away, zero or below.
        through: (1 + D, R, H) all that will ever come through the channels, by time constant.
    """

    raised: Floats
    calmed: Floats
    through: Floats


def further(
    fit: Fit, cause: Floats, answers: Floats, days: int, *, followed: NDArray[np.bool_] | None = None
) -> Further:
    """Further events on each day after an act, by the estimate and by each draw.

    Args:
        cause: (A, A, L) shares of the act, in all one: by whom, toward whom, of which type. One of a symmetric type
            counts half in each direction.
        answers: (A, A, K, R) what is counted, in R classes.
        days: length.
        followed: (C) channels that are followed; all where None. Calming is no channel's, so it counts with all only.

    Example:
        >>> from detente.learn import prior
        >>> model = prior().select(["KOR", "PRK"])
        >>> cause = np.zeros((2, 2, 16)); cause[0, 1, model.types.index("ACCUSE")] = 1.0
        >>> answers = np.zeros((2, 2, 16, 1)); answers[1] = 1.0
        >>> found = further(model, cause, answers, 30)
        >>> found.raised.shape == (1 + len(model.draws), 1, 30), bool(found.raised[0].sum() < found.through[0].sum())
        (True, True)
    """
    felt = channels(cause[..., None], fit.partners, fit.foes)[..., 0]  # (C, A, A, L)
    if followed is not None:
        felt = felt * followed[:, None, None, None]
    keep = decay(fit.taus)
    fading = (1 - keep)[:, None] * keep[:, None] ** np.arange(days)  # (H, days)
    state = usual_state(fit)
    history = channels(state, fit.partners, fit.foes)
    through, calmed = [], []
    for par in sets(fit):
        left = by_type(damped(state, par.damping, fit.damping_scale), fit.types)[..., None]  # (A, A, K, 1)
        added = np.einsum("cab,cabl,chlk->abhk", par.theta, felt, par.weights, optimize=True)
        through.append(np.einsum("abhk,abkr->rh", added, answers * left, optimize=True))
        calmed.append(
            _calmed(fit, par, cause, answers, usual_rate(par, history), fading)
            if followed is None and par.damping.any()
            else np.zeros((answers.shape[3], days))
        )
    return Further(np.array(through) @ fading, np.array(calmed), np.array(through))


def _calmed(fit: Fit, par: Parameters, cause: Floats, answers: Floats, rate: Floats, fading: Floats) -> Floats:
    """(R, days) events that acts of cooperation damp between their two sides; zero or below.

    Args:
        rate: (A, A, K) usual rates without damping. fading: (H, days) of one act.
    """
    out = np.zeros((answers.shape[3], fading.shape[1]))
    long_run = np.asarray(fit.mean, dtype=np.float64)
    for chosen, raised in zip(COOPERATION, np.eye(2), strict=True):
        acts = cause * chosen
        both = acts + acts.swapaxes(0, 1)
        for a, b in np.argwhere(both.any(2)):
            usual = np.array([(long_run[a, b] + long_run[b, a])[c].sum() for c in COOPERATION])
            z = usual + fading[len(fit.taus) // 2][:, None] * raised  # (days, 2)
            now, before = (remaining(x, par.damping, fit.damping_scale) for x in (z, usual))
            change = by_type(now - before, fit.types)  # (days, K)
            # Own repetition and answer (the first two channels) are all that links a pair's acts to the pair.
            own, answer = acts[a, b], acts[b, a] * ~SYMMETRIC
            added = np.einsum("cl,chlk,c->hk", np.array([own, answer]), par.weights[:2], par.theta[:2, a, b])
            whole = both[a, b].sum() * rate[a, b] + fading.T @ added  # (days, K)
            out += np.einsum("dk,dk,kr->rd", change, whole, answers[a, b])
    return out
