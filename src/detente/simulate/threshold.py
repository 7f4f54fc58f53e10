"""When a future counts as escalated, and when as calm again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from detente.codebook import QUADS, TYPES, goldstein, is_hostile, quad
from detente.errors import ScenarioError
from detente.learn.model import Fit

Floats = NDArray[np.floating[Any]]


class Threshold(Struct, frozen=True, forbid_unknown_fields=True):
    """When a future counts as escalated: so many events of these types between one pair within so many days; and when
    as calm: so few hostile events among all that are watched, within so many days.

    Args:
        types: PLOVER types or quad classes (default: material conflict).
        days: length of the window.
        events: how many; None sets it from the futures without a measure, to the smallest number that at most the share
            ``rare`` of them reaches.
        goldstein: weigh each event by how far below zero its type stands on the Goldstein scale (PROTEST 6.5, ASSAULT
            9 ...) instead of counting it; ``events`` is then a sum of these weights.
        calm: hostile events within ``calm_days``; None: as many as the long-run mean of the record.
        calm_days: length of that window.

    Example:
        >>> str(Threshold(("material conflict",), days=7, events=60, goldstein=True))[:26]
        'a Goldstein sum of -60 or '
    """

    types: tuple[str, ...] = tuple(k for k in TYPES if quad(k) == "material conflict")
    days: int = 7
    events: float | None = None
    rare: float = 0.10
    goldstein: bool = False
    calm: float | None = None
    calm_days: int = 14

    def check(self) -> Threshold:
        """The threshold itself, if it makes sense.

        Raises:
            ScenarioError: a type that is none, or a number that makes no sense.
        """
        for k in self.types:
            if k not in TYPES and k not in QUADS:
                raise ScenarioError(
                    f"threshold: {k!r} is neither a PLOVER type nor a quad class; use some of {', '.join(TYPES)}, or "
                    f"of {', '.join(QUADS)}."
                )
        if not self.types:
            raise ScenarioError("threshold: 'types' is empty; name at least one PLOVER type or quad class.")
        if self.goldstein and not self.weights(TYPES).any():
            raise ScenarioError(
                "threshold: Goldstein sums count types below zero only, and none of these is; name hostile types."
            )
        for key in ("days", "calm_days"):
            if getattr(self, key) < 1:
                raise ScenarioError(f"threshold: {key} = {getattr(self, key)} makes no sense; give 1 or more.")
        if self.events is not None and self.events <= 0:
            raise ScenarioError(f"threshold: events = {self.events:g} makes no sense; give a number above 0.")
        if self.calm is not None and self.calm < 0:
            raise ScenarioError(f"threshold: calm = {self.calm:g} makes no sense; give 0 or more events.")
        if not 0.0 < self.rare < 1.0:
            raise ScenarioError(f"threshold: rare = {self.rare:g} is no share; give one between 0 and 1.")
        return self

    def weights(self, types: Sequence[str]) -> Floats:
        """(K) what one event of each type adds to the sum of its pair's window; never negative."""
        chosen = np.array([k in self.types or quad(k) in self.types for k in types], dtype=np.float64)
        return chosen * np.array([max(-goldstein(k), 0.0) for k in types]) if self.goldstein else chosen

    def set(self, worst: Floats) -> Threshold:
        """The same threshold with its level set from the worst windows of futures where it was open."""
        if self.events is not None:
            return self
        level = 1
        while float(np.mean(worst >= level)) > self.rare:
            level += 1
        return Threshold(
            self.types, self.days, level, self.rare, self.goldstein, calm=self.calm, calm_days=self.calm_days
        )

    def calm_level(self, fit: Fit, among: Sequence[str]) -> float:
        """Most hostile events within ``calm_days`` that count as calm."""
        if self.calm is not None:
            return self.calm
        inside, hostile = np.isin(fit.actors, among), np.array([is_hostile(k) for k in fit.types])
        return float(np.asarray(fit.mean, dtype=np.float64)[inside][:, inside][..., hostile].sum() * self.calm_days)

    def __str__(self) -> str:
        of = ", ".join(self.types)
        where = f"between one pair within {self.days} days"
        level = f"{self.events or 0:g}"
        return (
            f"a Goldstein sum of -{level} or lower over {of} {where}"
            if self.goldstein
            else f"{level} or more of {of} {where}"
        )
