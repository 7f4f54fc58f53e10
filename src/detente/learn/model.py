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
from typing import TYPE_CHECKING, Any, Final, Literal, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.errors import LearnError
from detente.figure import Figure, Shown
from detente.learn import reactions
from detente.learn.exposures import DAMPING_SCALE, PHI, TAUS
from detente.learn.reactions import Reaction

if TYPE_CHECKING:
    from detente.learn.calibration import Backtest
    from detente.learn.check import Answer, Proposition
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
    "foes",
)
"""Ways in which an earlier event can bear on a's acts toward b (:func:`detente.learn.exposures.channels`)."""

THIRD_PARTY: Final = CHANNELS[2:]
"""Channels in which the earlier event was not between a and b."""

_FORMAT: Final = 3
_DAMPING: Final = (4, 2)  # quad classes of responses; verbal and material cooperation
_STEP: Final = 1 / 16  # step of the logarithm (base 2) in which compact files store draws


@dataclass(frozen=True)
class Gain:
    """Bits per event by which the model predicts better than something simpler, with a 90 % interval (by pair)."""

    bits: float
    low: float
    high: float


@dataclass(frozen=True)
class Score(Shown):
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

    def frame(self) -> pl.DataFrame:
        """One row for each simpler forecast: ``over``, ``bits``, ``low``, ``high``."""
        rows = [(name, g.bits, g.low, g.high) for name, g in self.gains.items()]
        return pl.DataFrame(rows, schema=["over", "bits", "low", "high"], orient="row")

    def figure(self, **how: Any) -> Figure:
        """Gains over simpler forecasts: see :func:`detente.learn.trial_figures.scores`."""
        from detente.learn import trial_figures  # here, as only few look at it

        return trial_figures.scores([self], **how)

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
        damping: (D, 4, 2), as :attr:`Fit.damping`; none where it is not given.
    """

    base: Floats
    weights: Floats
    theta: Floats
    damping: Floats = field(default_factory=lambda: np.zeros((0, *_DAMPING)))

    def __post_init__(self) -> None:
        if len(self.damping) != len(self.base):
            object.__setattr__(self, "damping", np.zeros((len(self.base), *_DAMPING)))

    def __len__(self) -> int:
        return len(self.base)


@dataclass(frozen=True, repr=False)
class Fit(Shown):
    """A fitted reaction model.

    The rate of a's events of type k toward b on day t is ::

        lambda_{a,b,k}(t) = v_t * damp_{a,b,q(k)}(t)
            * (base[a,b,k] + sum_{c,h,l} theta[c,a,b] * weights[c,h,l,k] * X_c[a,b,l,h](t-1))

        damp_{a,b,q}(t) = exp(-sum_g damping[q,g] * z_g / (z_g + damping_scale))

    where ``z_g`` is the pair's recent cooperation of class g (:func:`detente.learn.exposures.damped`),
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
        partners, foes: (A, A) in [0, 1], rows sum to at most one; those at the end of the data.
        damping: (4, 2) >= 0: how far recent verbal and material cooperation of a pair lowers its rates, by quad class
            of response (order of :data:`detente.codebook.QUADS`). damping_scale: events a day at half of the effect.
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
        table: the record it was fitted on, where it is at hand. mixture: (J, K) weights of the baseline's components
            (:attr:`detente.learn.estimate.Parameters.u`), of the same record. Neither is saved.
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
    foes: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    damping: Floats = field(default_factory=lambda: np.zeros(_DAMPING))
    damping_scale: float = DAMPING_SCALE
    table: pl.DataFrame | None = field(default=None, compare=False)
    mixture: Floats | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.foes.size:
            object.__setattr__(self, "foes", np.zeros_like(self.partners))

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
            foes=self.foes[pair],
            state=self.state[pair],
            mean=self.mean[pair],
            counts=self.counts[pair],
            draws=replace(self.draws, base=self.draws.base[:, i][:, :, i], theta=self.draws.theta[:, :, i][:, :, :, i]),
        )

    def frame(self) -> pl.DataFrame:
        """Reactions as a table: see :func:`detente.learn.reactions.frame`."""
        return reactions.frame(self).clone()

    def reactions(self, actors: Sequence[str], *, n: int = 12) -> tuple[Reaction, ...]:
        """The main reactions among some actors, best supported first: see :func:`detente.learn.reactions.among`."""
        return reactions.among(self, actors, n=n)

    def reaction(self, actor: str, *, to: str, by: str | Sequence[str] = (), **how: Any) -> Response:
        """How one actor answers a type of act, day by day: see :func:`detente.learn.response.response`.

        The act is that of ``by``, or of anyone where that is empty.
        The days after such acts in the record stand beside it with a placebo, where the record is at hand.
        """
        from detente.learn.response import response  # here, as it needs this module

        return response(self, actor, to=to, by=by, **{"table": self.table, **how})

    @overload
    def reproduction(self, *, by: None = None, hostile: bool = False) -> tuple[float, float, float]: ...

    @overload
    def reproduction(
        self, *, by: Literal["pair", "bloc"] | Mapping[str, Sequence[str]], hostile: bool = False
    ) -> pl.DataFrame: ...

    def reproduction(
        self, *, by: Literal["pair", "bloc"] | Mapping[str, Sequence[str]] | None = None, hostile: bool = False
    ) -> tuple[float, float, float] | pl.DataFrame:
        """Further events that an event brings about in a chain of answers, with its 90 % interval.

        Above one, a quarrel would feed itself. See :func:`detente.learn.reactions.reproduction`.

        Args:
            by: within each ``"pair"`` of actors, each ``"bloc"`` of partners, or each group of actors that is named,
                as a table (:func:`detente.learn.reactions.reproductions`); over all where None.
            hostile: hostile acts answering hostile acts only.
        """
        if by is None:
            return reactions.reproduction(self, hostile=hostile)
        return reactions.reproductions(self, by, hostile=hostile)

    def triggers(self, id: str, *, table: pl.DataFrame | pl.LazyFrame | None = None) -> Triggers:
        """The rate of an event taken apart into its causes: see :func:`detente.learn.triggers.of_event`."""
        from detente.learn.triggers import of_event  # here, as it needs this module

        return of_event(self, id, table)

    def check(self, claim: str | Proposition, **how: Any) -> Answer:
        """Hold a causal claim against the record and this model: see :func:`detente.learn.wording.hold`."""
        from detente.learn.wording import hold  # here, as it needs this module

        return hold(claim, **{"table": self.table, "fit": self, **how})

    def backtest(self, *, days: int = 31, origins: int = 1, **how: Any) -> Backtest:
        """How well such a model forecasts the last days of this record: see :func:`detente.learn.calibration.rolling`.

        Raises:
            LearnError: the record is not at hand, or too short.
        """
        from detente.learn.calibration import rolling  # here, as it needs this module

        if self.table is None:
            raise LearnError("This model does not hold its record; fit it again, or use detente.learn.backtest.")
        return rolling(self.table, days=days, origins=origins, **{"actors": self.actors, **how})

    def summary(self) -> str:
        """The model in words, with what cannot be said."""
        return reactions.summary(self)

    def figure(self, **how: Any) -> Figure:
        """The model as a heat map with uncertainty: see :func:`detente.learn.figures.fit`."""
        from detente.learn import figures  # here, as only few look at it

        return figures.fit(self, **how)

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
            "damping_scale": self.damping_scale,
            "volume_sd": self.volume_sd,
            "score": _score_dict(self.score),
            "n_events": self.n_events,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "prior_share": self.prior_share,
            "coverage": self.coverage,
            "provenance": dict(self.provenance),
        }
        names = ("taus", "base", "weights", "theta", "partners", "foes", "damping", "mean", "counts")
        arrays: dict[str, Any] = {name: np.asarray(getattr(self, name)) for name in names}
        draws = {"base": self.draws.base, "weights": self.draws.weights, "theta": self.draws.theta}
        if compact:
            arrays = {k: v.astype(np.float32) for k, v in arrays.items()}
            # Estimates of weights may be as good as none where draws are not, so draws are kept relative to their mean.
            centre = self.draws.weights.mean(0) if len(self.draws) else self.weights
            arrays["centre"] = centre.astype(np.float32)
            points = {"base": np.ones_like(self.base[..., 0]), "weights": arrays["centre"], "theta": self.theta}
            arrays |= {f"draws_{k}": _pack(v, points[k]) for k, v in draws.items()}
            arrays["draws_damping"] = self.draws.damping.astype(np.float32)
        else:
            draws["damping"] = self.draws.damping
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
            foes=arrays["foes"],
            damping=arrays["damping"],
            damping_scale=meta["damping_scale"],
            phi=meta["phi"],
            phi_power=meta["phi_power"],
            volume_sd=(meta["volume_sd"][0], meta["volume_sd"][1]),
            state=arrays.get("state", np.zeros((a, a, n_types, n_taus))),
            mean=arrays["mean"],
            counts=arrays["counts"],
            draws=Draws(**draws, damping=arrays["draws_damping"]),
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
