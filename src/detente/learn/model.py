"""The fitted reaction model: what was learnt, how sure it is, and where it came from.

A :class:`Fit` holds plain arrays, so that it can be simulated from, saved and shipped. :mod:`detente.learn.fit` makes
it, :mod:`detente.learn.reactions` turns it into tables and words. The model itself is described in ``docs/learn.md``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.errors import LearnError
from detente.learn import reactions
from detente.learn.exposures import PHI, TAUS
from detente.learn.reactions import Reaction

if TYPE_CHECKING:
    from detente.learn.response import Response
    from detente.learn.triggers import Triggers

__all__ = ["CHANNELS", "TAUS", "THIRD_PARTY", "Draws", "Fit", "Gain", "Score"]

Floats = NDArray[np.floating[Any]]

CHANNELS: Final = (
    "inertia",
    "reciprocity",
    "to others",
    "on target",
    "by target",
    "on actor",
    "partners",
    "rival's partners",
)
"""Ways in which an earlier event can bear on a's acts toward b (:func:`detente.learn.exposures.channels`)."""

THIRD_PARTY: Final = CHANNELS[2:]
"""Channels in which the earlier event was not between a and b."""

_FORMAT: Final = 2
_STEP: Final = 1 / 16  # step of the logarithm (base 2) in which compact files store draws


@dataclass(frozen=True)
class Gain:
    """Bits per event by which the model predicts better than something simpler, with a 90 % interval (by pair)."""

    bits: float
    low: float
    high: float


@dataclass(frozen=True)
class Score:
    """How well the model predicted days that it had not seen (see :func:`detente.learn.backtest`).

    Args:
        start, end: first and last day of the test, ISO.
        days, events: size of the test.
        bits_per_event: the model's own log score (negative; more is better).
        gains: over ``constant rate``, ``last 30 days``, ``smoothing``, and ``without third parties``.
        coverage: share of dyad-day counts inside the central 80 % interval, randomised at its ends.
        data: name of the data set.
        deciles: (10) the same share by tenths of the pair-days, ordered by how many events were expected.
    """

    start: str
    end: str
    days: int
    events: int
    bits_per_event: float
    gains: Mapping[str, Gain]
    coverage: float
    data: str = ""
    deciles: tuple[float, ...] = ()

    def summary(self) -> str:
        """The score in words, one line a comparison."""
        head = f"{self.data or 'Test'} {self.start} to {self.end}: {self.events} events in {self.days} days."
        rows = [
            f"  {g.bits:+.3f} bits per event over {name} (90 % interval {g.low:+.3f} to {g.high:+.3f})"
            for name, g in self.gains.items()
        ]
        held = f"  80 % intervals of dyad-day counts hold {self.coverage:.1%}"
        if self.deciles:
            held += f" ({min(self.deciles):.0%} to {max(self.deciles):.0%} by tenths of expected counts)"
        return "\n".join([head, *rows, held + "."])


@dataclass(frozen=True)
class Draws:
    """Replicates of the parameters that together say how uncertain they are (draws from the posterior).

    Args:
        base: (D, A, A) multipliers of :attr:`Fit.base`.
        weights: (D, C, H, L, K), as :attr:`Fit.weights`.
        theta: (D, C, A, A), as :attr:`Fit.theta`.
    """

    base: Floats
    weights: Floats
    theta: Floats

    def __len__(self) -> int:
        return len(self.base)


@dataclass(frozen=True, repr=False)
class Fit:
    """A fitted reaction model.

    The rate of a's events of type k toward b on day t is ::

        lambda_{a,b,k}(t) = v_t * (base[a,b,k] + sum_{c,h,l} theta[c,a,b] * weights[c,h,l,k] * X_c[a,b,l,h](t-1))

    and all cells of the pair {a, b} share a shock g ~ Gamma(1/p, 1/p) on that day, ``p = phi * n ** -phi_power`` where
    n events of the pair are expected (:meth:`over_dispersion`): busy days vary less. ``X_c`` are the channels of
    :func:`detente.learn.exposures.channels`, made from the decayed history
    ``S_t = exp(-1/tau) S_{t-1} + y_t (1 - exp(-1/tau))``.
    Events of symmetric types (AGREE, CONSULT, COOPERATE) have no direction: one counts half in each direction of ``y``.

    Args:
        actors: (A) codes. types: (K) PLOVER types. taus: (H) days. channels: (C) names.
        base: (A, A, K) expected events a day without any history, diagonal zero.
        weights: (C, H, L, K) >= 0, expected type-k events a day per unit of decayed type-l history.
        theta: (C, A, A) >= 0, multipliers by pair, pooled.
        partners: (A, A) in [0, 1], rows sum to at most one.
        phi: over-dispersion of a pair and day with one expected event. phi_power: how fast it falls with more.
        volume_sd: standard deviation of the logarithm of the reporting volume's shock, by month and by day.
        state: (A, A, L, H) decayed history at the end of the data.
        mean: (A, A, K) mean of ``y`` a day over the last stretch of record.
        counts: (A, A, L) events in the data, by pair and type; an event of a symmetric type counts half each way.
        draws: uncertainty.
        score: measured on held-out days, None where it was not.
        n_events: number of events. start, end: first and last day.
        prior_share: how much of the weights is prior, 0 to 1 (0: none was used).
        coverage: share of events of media-like coverage that the data hold (1 but for a desk, see ``docs/learn.md``).
        provenance: data, hashes, dates, version, command.
    """

    actors: tuple[str, ...]
    types: tuple[str, ...]
    taus: Floats
    channels: tuple[str, ...]
    base: Floats
    weights: Floats
    theta: Floats
    partners: Floats
    phi: float
    volume_sd: tuple[float, float]
    state: Floats
    mean: Floats
    counts: Floats
    draws: Draws
    score: Score | None
    n_events: int
    start: Date
    end: Date
    prior_share: float = 0.0
    coverage: float = 1.0
    phi_power: float = 0.0
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Fit of {len(self.actors)} actors, {self.n_events} events, {self.start} to {self.end}; see summary()>"

    def index(self, code: str) -> int:
        """Position of an actor.

        Raises:
            LearnError: the model does not know the actor.
        """
        try:
            return self.actors.index(code)
        except ValueError:
            raise LearnError(
                f"The model knows nothing of {code!r}; it was fitted for {', '.join(self.actors)}. "
                "Fit it with data on that actor, or leave the actor out."
            ) from None

    def over_dispersion(self, expected: Floats) -> Floats:
        """Over-dispersion of pair-days with so many expected events, between 0.01 and 100 (none where phi is none)."""
        if self.phi <= 0:
            return np.zeros_like(expected)
        phi: Floats = np.clip(self.phi * np.maximum(expected, 1e-9) ** -self.phi_power, *PHI)
        return phi

    def select(self, actors: Sequence[str]) -> Fit:
        """The same model for some of its actors only; acts from and toward the others are no longer followed.

        Raises:
            LearnError: unknown actor.
        """
        i = np.array([self.index(a) for a in actors], dtype=np.intp)
        pair = np.ix_(i, i)
        return replace(
            self,
            actors=tuple(actors),
            base=self.base[pair],
            theta=self.theta[:, i][:, :, i],
            partners=self.partners[pair],
            state=self.state[pair],
            mean=self.mean[pair],
            counts=self.counts[pair],
            draws=Draws(self.draws.base[:, i][:, :, i], self.draws.weights, self.draws.theta[:, :, i][:, :, :, i]),
        )

    def frame(self) -> pl.DataFrame:
        """Reactions as a table: see :func:`detente.learn.reactions.frame`."""
        return reactions.frame(self)

    def reactions(self, actors: Sequence[str], *, n: int = 12) -> tuple[Reaction, ...]:
        """The main reactions among some actors, best supported first: see :func:`detente.learn.reactions.among`."""
        return reactions.among(self, actors, n=n)

    def reaction(self, actor: str, *, to: str, by: str | Sequence[str], **how: Any) -> Response:
        """How one actor answers a type of act, day by day: see :func:`detente.learn.response.response`."""
        from detente.learn.response import response  # here, as it needs this module

        return response(self, actor, to=to, by=by, **how)

    def reproduction(self, *, hostile: bool = False) -> tuple[float, float, float]:
        """Expected further events per event, summed over the chain's next generation, with its 90 % interval.

        Above one, a quarrel would feed itself. See :func:`detente.learn.reactions.reproduction`.
        """
        return reactions.reproduction(self, hostile=hostile)

    def reproductions(
        self, groups: Mapping[str, Sequence[str]] | None = None, *, hostile: bool = False
    ) -> pl.DataFrame:
        """The same for each pair of actors, or each group: see :func:`detente.learn.reactions.reproductions`."""
        return reactions.reproductions(self, groups, hostile=hostile)

    def triggers(self, table: pl.DataFrame, **event: Any) -> Triggers:
        """The rate of an event taken apart into its causes: see :func:`detente.learn.triggers.triggers`."""
        from detente.learn.triggers import triggers  # here, as it needs this module

        return triggers(self, table, **event)

    def summary(self) -> str:
        """The model in words, with what cannot be said."""
        return reactions.summary(self)

    def cite(self) -> list[str]:
        """Sources of the data and of the method."""
        data = [str(line) for line in self.provenance.get("sources", ())]
        return [*data, *reactions.METHOD]

    def save(self, path: str | Path, *, compact: bool = False) -> None:
        """Write the model to one file (``.npz``, no pickle).

        Args:
            compact: float32 and draws as logarithms in steps of 4.4 %, a tenth of the size; without the state.
        """
        meta: dict[str, Any] = {
            "format": _FORMAT,
            "actors": self.actors,
            "types": self.types,
            "channels": self.channels,
            "phi": self.phi,
            "phi_power": self.phi_power,
            "volume_sd": self.volume_sd,
            "score": _score_dict(self.score),
            "n_events": self.n_events,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "prior_share": self.prior_share,
            "coverage": self.coverage,
            "provenance": dict(self.provenance),
        }
        names = ("taus", "base", "weights", "theta", "partners", "mean", "counts")
        arrays: dict[str, Any] = {name: np.asarray(getattr(self, name)) for name in names}
        draws = {"base": self.draws.base, "weights": self.draws.weights, "theta": self.draws.theta}
        if compact:
            arrays = {k: v.astype(np.float32) for k, v in arrays.items()}
            # Estimates of weights may be as good as none where draws are not, so draws are kept relative to their mean.
            centre = self.draws.weights.mean(0) if len(self.draws) else self.weights
            arrays["centre"] = centre.astype(np.float32)
            points = {"base": np.ones_like(self.base[..., 0]), "weights": arrays["centre"], "theta": self.theta}
            arrays |= {f"draws_{k}": _pack(v, points[k]) for k, v in draws.items()}
        else:
            arrays |= {"state": self.state} | {f"draws_{k}": v for k, v in draws.items()}
        arrays["meta"] = np.frombuffer(json.dumps(meta, sort_keys=True).encode(), dtype=np.uint8)
        with Path(path).open("wb") as out:
            np.savez_compressed(out, **arrays)

    @classmethod
    def load(cls, path: str | Path) -> Fit:
        """Read a model that :meth:`save` wrote.

        Raises:
            LearnError: not such a file, or one of another version.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            meta = json.loads(arrays.pop("meta").tobytes())
        except (OSError, ValueError, KeyError) as error:
            raise LearnError(f"{path} is no fitted model ({error}). Write one with Fit.save.") from error
        if meta["format"] != _FORMAT:
            raise LearnError(f"{path} has format {meta['format']}; this version reads {_FORMAT}. Fit the model again.")
        a, n_types, n_taus = len(meta["actors"]), len(meta["types"]), len(arrays["taus"])
        draws = {name: arrays[f"draws_{name}"] for name in ("base", "weights", "theta")}
        if draws["base"].dtype == np.int8:
            points = {"base": np.ones((a, a)), "weights": arrays["centre"], "theta": arrays["theta"]}
            draws = {name: _unpack(packed, points[name]) for name, packed in draws.items()}
        return cls(
            actors=tuple(meta["actors"]),
            types=tuple(meta["types"]),
            taus=arrays["taus"],
            channels=tuple(meta["channels"]),
            base=arrays["base"],
            weights=arrays["weights"],
            theta=arrays["theta"],
            partners=arrays["partners"],
            phi=meta["phi"],
            phi_power=meta["phi_power"],
            volume_sd=(meta["volume_sd"][0], meta["volume_sd"][1]),
            state=arrays.get("state", np.zeros((a, a, n_types, n_taus))),
            mean=arrays["mean"],
            counts=arrays["counts"],
            draws=Draws(**draws),
            score=_score(meta["score"]),
            n_events=meta["n_events"],
            start=Date.fromisoformat(meta["start"]),
            end=Date.fromisoformat(meta["end"]),
            prior_share=meta["prior_share"],
            coverage=meta["coverage"],
            provenance=meta["provenance"],
        )


def _pack(draws: Floats, point: Floats) -> NDArray[np.int8]:
    """Draws as the rounded logarithm of their ratio to the point estimate."""
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.round(np.log2(draws / point) / _STEP)
    return np.clip(np.nan_to_num(steps, nan=0.0, posinf=0.0, neginf=-127.0), -127, 127).astype(np.int8)


def _unpack(packed: NDArray[np.int8], point: Floats) -> Floats:
    values: Floats = (point * np.exp2(packed.astype(np.float32) * np.float32(_STEP))).astype(np.float32)
    return values


def _score_dict(score: Score | None) -> dict[str, Any] | None:
    if score is None:
        return None
    gains = {name: [g.bits, g.low, g.high] for name, g in score.gains.items()}
    return {**score.__dict__, "gains": gains}


def _score(row: dict[str, Any] | None) -> Score | None:
    if row is None:
        return None
    row = {**row, "deciles": tuple(row.get("deciles", ()))}
    return Score(**{**row, "gains": {name: Gain(*values) for name, values in row["gains"].items()}})
