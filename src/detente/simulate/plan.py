"""Measures of all variants as flat arrays for the engine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detente.codebook import TYPES, event_type
from detente.errors import ScenarioError
from detente.learn.model import Fit
from detente.simulate import engine
from detente.simulate.measures import Measure, Range, check

Floats = NDArray[np.floating[Any]]
_SYMMETRIC: Final = tuple(k for k in TYPES if event_type(k).symmetric)


@dataclass(frozen=True)
class Plans:
    """A plan whose strengths are drawn for any stretch of futures.

    Args:
        plan: with no futures in it. seed: of the strengths. names: (N) keys of the parts, low, high: (N) their bounds.
        removed, damped: the pairs of parts whose strengths are multiplied.
    """

    plan: engine.Plan
    seed: int
    names: NDArray[np.uint64]
    low: Floats
    high: Floats
    removed: tuple[tuple[int, int], ...]
    damped: tuple[tuple[int, int], ...]

    def at(self, lo: int, hi: int) -> engine.Plan:
        """The plan of futures lo to hi."""
        drawn = engine.strengths(self.seed, lo, hi, self.names, self.low, self.high)

        def product(pairs: tuple[tuple[int, int], ...]) -> Floats:
            return np.stack([drawn[:, i] * drawn[:, j] for i, j in pairs], 1) if pairs else np.zeros((hi - lo, 0))

        return self.plan._replace(
            removed_share=product(self.removed), damped_share=product(self.damped), added_share=drawn, lo=lo
        )


def _name_key(*parts: object) -> int:
    """63 bits that stand for a name, so that a measure meets the same luck in whatever company it comes."""
    return int.from_bytes(hashlib.sha256("|".join(map(str, parts)).encode()).digest()[:8], "big") >> 1


def plans(fit: Fit, variants: Sequence[tuple[Measure, ...]], days: int, seed: int) -> Plans:
    """The plan of all variants.

    Raises:
        ScenarioError: a measure makes no sense, or names an actor that the model does not know.
    """
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
    answers: list[NDArray[np.int64]] = []
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
                        reacts = np.outer(np.isin(fit.actors, m.toward), np.isin(fit.types, m.reaction))
                        damped.append((touched, reacts, strength, share))
        told = np.array([reacts for _, reacts, _, _ in damped[ends_damped[-1] :]]).reshape(-1, n, n_types)
        answers.append(_alike(told.reshape(-1, n * n_types).T).reshape(n, n_types))
        ends_removed.append(len(removed))
        ends_damped.append(len(damped))
    low, high = (np.array([r[side] for r in ranges], dtype=np.float64) for side in (0, 1))
    added.sort(key=lambda e: e[:2])
    marks = np.array([e[0] * days + e[1] for e in added], dtype=np.int64)
    offsets = np.searchsorted(marks, np.arange(len(variants) * days + 1))
    first = np.stack([offsets[v * days : (v + 1) * days + 1] for v in range(len(variants))])
    column = list(zip(*added, strict=True)) if added else [()] * 8
    plan = engine.Plan(
        removed_first=np.array(ends_removed),
        removed=np.array([r[0] for r in removed], dtype=bool).reshape(-1, n, n, n_types),
        removed_share=np.zeros((0, len(removed))),
        damped_first=np.array(ends_damped),
        trigger=np.array([d[0] for d in damped], dtype=bool).reshape(-1, n, n, n_types),
        reaction=np.array([d[1] for d in damped], dtype=bool).reshape(-1, n, n_types),
        damped_share=np.zeros((0, len(damped))),
        answer=np.array(answers, dtype=np.int64),
        pasts=np.array([a.max() + 1 for a in answers], dtype=np.int64),
        added_first=first.astype(np.int64),
        source=np.array(column[2], dtype=np.int64),
        target=np.array(column[3], dtype=np.int64),
        type=np.array(column[4], dtype=np.int64),
        weight=np.array(column[5], dtype=np.float64),
        occasion=np.array(column[6], dtype=np.uint64),
        part=np.array(column[7], dtype=np.int64),
        added_share=np.zeros((0, len(names))),
        lo=0,
    )
    return Plans(
        plan,
        seed,
        np.array(names, dtype=np.uint64),
        low,
        high,
        tuple(r[1:] for r in removed),
        tuple(d[2:] for d in damped),
    )


def _alike(rows: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The same number for rows that are alike, 0 for those in which nothing is true."""
    if not rows.shape[1]:
        return np.zeros(len(rows), dtype=np.int64)
    first = np.concatenate([np.zeros_like(rows[:1]), rows])
    return np.unique(first, axis=0, return_inverse=True)[1].reshape(-1)[1:].astype(np.int64)


def _known(fit: Fit, m: Measure) -> None:
    if not m.by or not m.toward:
        raise ScenarioError(f"{m.id}: who, and toward whom? Bind it with measure.between(by, toward).")
    if unknown := [a for a in (*m.by, *m.toward) if a not in fit.actors]:
        raise ScenarioError(f"{m.id}: the model knows no {unknown[0]}; it was fitted for {', '.join(fit.actors)}.")
