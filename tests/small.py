"""A small model with every channel alive, and futures of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date as Date

import numpy as np

from detente.codebook import TYPES
from detente.learn.exposures import symmetrise
from detente.learn.model import CHANNELS, Draws, Fit
from detente.simulate import Futures, Measure, measure, simulate

ACTORS = ("USA", "KOR", "PRK", "CHN", "JPN")
DAYS = 20


def make(
    *,
    reaction: float = 0.4,
    phi: float = 1.5,
    draws: int = 3,
    seed: int = 1,
    rate: float = 0.06,
    actors: Sequence[str] = ACTORS,
    days: Sequence[float] = (2.0, 12.0),
) -> Fit:
    """A small model with every channel alive; ``reaction`` sets how much follows from each event, ``days`` are its time
    constants."""
    rng = np.random.default_rng(seed)
    n, k, taus = len(actors), len(TYPES), np.array(days)
    off = 1.0 - np.eye(n)
    base = symmetrise(rng.gamma(0.5, 2 * rate, (n, n, k)) * off[..., None])
    weights = rng.gamma(0.3, 1.0, (len(CHANNELS), len(taus), k, k))
    weights *= reaction / (weights.sum((0, 1, 3)).mean() * 2.5)
    theta = rng.gamma(4.0, 0.25, (len(CHANNELS), n, n)) * off
    partners = rng.random((n, n)) * off
    partners /= partners.sum(1, keepdims=True) + 0.3
    mean = base * 1.5
    spread = np.exp(0.1 * rng.normal(size=(draws, *weights.shape)))
    return Fit(
        actors=tuple(actors),
        types=TYPES,
        taus=taus,
        channels=CHANNELS,
        base=base,
        weights=weights,
        theta=theta,
        partners=partners,
        phi=phi,
        volume_sd=(0.2, 0.2),
        state=symmetrise(rng.gamma(1.0, 1.0, mean.shape) * mean)[..., None] * np.ones(len(taus)),
        mean=mean,
        counts=mean * 500,
        draws=Draws(np.exp(0.1 * rng.normal(size=(draws, n, n))), weights * spread, np.repeat(theta[None], draws, 0)),
        score=None,
        n_events=1000,
        start=Date(2017, 1, 1),
        end=Date(2018, 2, 28),
    )


FIT = make()
SIDES = (("USA", "KOR"), ("PRK",))


def bound(id: str) -> Measure:
    return measure(id).between(*SIDES)


def futures(fit: Fit = FIT, *measures: Measure, n: int = 40, seed: int = 5, **options: object) -> Futures:
    return simulate(fit, start="2018-03-01", days=DAYS, futures=n, seed=seed, measures=measures, **options)  # type: ignore[arg-type]
