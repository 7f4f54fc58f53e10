"""From a fitted model to tables and words: reactions, their half-lives and intervals, and the reproduction number.

A reaction is read off the model: the expected number of further events within 30 days per past event of a class,
through one channel, with nothing else changed. It is an association that predicts; whether it is a cause is not
settled by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.codebook import QUADS, is_hostile, quad
from detente.errors import LearnError
from detente.learn.exposures import COOPERATION, SYMMETRIC, channels, damped, decay, remaining, symmetrise
from detente.learn.further import Parameters, by_type, sets, usual_rate, usual_state
from detente.learn.once import once

if TYPE_CHECKING:
    from detente.learn.model import Fit

Floats = NDArray[np.floating[Any]]

HORIZON: Final = 30
"""Days over which the further events of a reaction are counted."""

NEGLIGIBLE: Final = 0.005
"""Further events per past event at or below which a reaction is practically none."""

FEW: Final = 10
"""Past events below which nothing is said about a reaction."""

_GENERATION: Final = 5  # of answers to answers, in which the reproduction number is taken
_TRACE: Final = 1e-6  # events of each kind with which the chains of a pair begin that has none on record

METHOD: Final = (
    "Hawkes, A. G. (1971). Spectra of some self-exciting and mutually exciting point processes. Biometrika 58(1), "
    "83-90.",
    "Butts, C. T. (2008). A relational event framework for social action. Sociological Methodology 38(1), 155-200.",
    "Stadtfeld, C. and Block, P. (2017). Interactions, actors, and time: dynamic network actor models for relational "
    "events. Sociological Science 4, 318-352.",
    "Veen, A. and Schoenberg, F. P. (2008). Estimation of space-time branching process models in seismology using an "
    "EM-type algorithm. Journal of the American Statistical Association 103(482), 614-624.",
)

_WHEN: Final = {
    "inertia": "{a}'s own {cause} toward {b}",
    "reciprocity": "{b}'s {cause} toward {a}",
    "to others": "{a}'s {cause} toward others",
    "on target": "others' {cause} toward {b}",
    "by target": "{b}'s {cause} toward others",
    "on actor": "others' {cause} toward {a}",
    "partners": "{cause} of {a}'s partners toward {b}",
    "rival's partners": "{cause} between {b} and its partners",
    "foes": "{cause} of {a}'s foes toward {b}",
    "calming": "{cause} between {a} and {b}",
}

CALMING: Final = "calming"
"""Stands for a channel where recent cooperation of a pair damps what its sides do to each other."""


@dataclass(frozen=True)
class Reaction:
    """How one actor's acts follow earlier ones.

    Args:
        actor: who reacts. toward: to whom; empty where pooled over all others.
        channel: through which way, or :data:`CALMING`. cause, response: quad classes of the earlier and later events.
        effect: expected further events within 30 days per past event; low, high: 90 % interval.
        half_life: days by which half of the whole effect has come.
        n: past events behind it (for partners weighted by how close they are).
    """

    actor: str
    toward: str
    channel: str
    cause: str
    response: str
    effect: float
    low: float
    high: float
    half_life: float
    n: float

    @property
    def detectable(self) -> bool:
        """Whether there is an effect for certain: see :func:`detectable`."""
        return detectable(self.low, self.high, self.n)

    @property
    def when(self) -> str:
        """The earlier events in words."""
        return _WHEN[self.channel].format(a=self.actor, b=self.toward or "the other", cause=self.cause)

    @property
    def at_end(self) -> bool:
        """Whether the estimate lies at an end of its interval, so that most draws are on one side of it."""
        return self.low < self.high and self.effect in (self.low, self.high)

    @property
    def verb(self) -> str:
        """What the actor does with further events: ``adds`` or ``spares`` them."""
        return "adds" if self.effect > 0 else "spares"

    @property
    def ends(self) -> tuple[float, float]:
        """How large the effect is at least and at most, by its interval, where it is detectable."""
        near, far = sorted((abs(self.low), abs(self.high)))
        return near, far

    def summary(self) -> str:
        """The reaction as a sentence that says so where there is nothing to say."""
        to = f" toward {self.toward or 'the other'}"
        behind = f"{self.n:.0f} past events"
        if self.n < FEW:
            about = f"{self.actor}'s {self.response}{to}"
            return f"After {self.when}: too few cases ({behind}) to say anything about {about}."
        if not self.detectable:
            return f"After {self.when}: no detectable effect on {self.actor}'s {self.response}{to} " + (
                f"({self.low:.2f} to {self.high:.2f} further events per event within {HORIZON} days; {behind})."
                if self.low < 0
                else f"(at most {self.high:.2f} further events per event within {HORIZON} days; {behind})."
            )
        near, far = self.ends
        return (
            f"After {self.when}, {self.actor} {self.verb} {abs(self.effect):.2f} events of {self.response}{to} per "
            f"event within {HORIZON} days (90 % interval {near:.2f} to {far:.2f}"
            f"{', the estimate at its end' if self.at_end else ''}; half of it within {self.half_life:.0f} days; "
            f"{behind})."
        )


@dataclass(frozen=True)
class _Effects:
    """Effects by channel, pair, class of cause and of response: (C, A, A, 4, 4); n (C, A, A, 4)."""

    effect: Floats
    low: Floats
    high: Floats
    half_life: Floats
    n: Floats
    pooled: tuple[Floats, Floats, Floats, Floats]  # effect, low, high (C, A, 4, 4), n (C, A, 4), over targets


def one_of(what: str, name: str, known: Sequence[str]) -> None:
    """See that there is such a channel, or such a class of acts.

    Raises:
        LearnError: the name is none of those known.
    """
    if name not in known:
        raise LearnError(f"No {what} is called {name!r}; use one of: {', '.join(known)}.")


def _effects(fit: Fit) -> _Effects:
    quads = np.array([QUADS.index(quad(k)) for k in fit.types])
    member = np.eye(4)[quads]  # (K, 4)
    frequency = fit.counts.sum((0, 1)) + 1.0
    mix = member * frequency[:, None] / (member * frequency[:, None]).sum(0)
    reach = 1.0 - np.exp(-HORIZON / fit.taus)

    def by_class(w: Floats, per_tau: Floats) -> Floats:
        """(..., C, H, L, K) weights to (..., C, 4, 4) sums over response types, means over types of cause."""
        within: Floats = np.einsum("...chlk,h,lq,kr->...cqr", w, per_tau, mix, member, optimize=True)
        return within

    point = by_class(fit.weights, reach)
    drawn = by_class(fit.draws.weights, reach)
    # What the usual cooperation of a pair leaves of its rates: (A, A, 4), and by draw (D, A, A, 4).
    usual = usual_state(fit)
    left = damped(usual, fit.damping, fit.damping_scale)
    lefts = np.array([damped(usual, x, fit.damping_scale) for x in fit.draws.damping])
    lefts = lefts.reshape(-1, *left.shape)
    n = np.einsum("cablh,lq->cabq", channels(fit.counts[..., None], fit.partners, fit.foes), member)
    effect = fit.theta[..., None, None] * point[:, None, None] * left[:, :, None]
    spread = fit.draws.theta[..., None, None] * drawn[:, :, None, None] * lefts[:, None, :, :, None]
    low, high = interval(spread, effect)
    # Pooled over targets: the mean over the past events that the actor was exposed to.
    weight = n / np.maximum(n.sum(2, keepdims=True), 1e-12)
    strength = np.einsum("cab,cabq,abr->caqr", fit.theta, weight, left, optimize=True) * point[:, None]
    strengths = np.einsum("dcab,cabq,dabr->dcaqr", fit.draws.theta, weight, lefts, optimize=True) * drawn[:, :, None]
    pooled_low, pooled_high = interval(strengths, strength)
    # Half-lives: bisection on the share of the whole effect that has come by then.
    whole = np.stack([by_class(fit.weights, np.eye(len(fit.taus))[h]) for h in range(len(fit.taus))])
    early, late = np.zeros_like(point), np.full_like(point, 10.0 * fit.taus.max())
    for _ in range(40):
        middle = (early + late) / 2
        come = (whole * (1 - np.exp(-middle / fit.taus[:, None, None, None]))).sum(0)
        short = come < whole.sum(0) / 2
        early, late = np.where(short, middle, early), np.where(short, late, middle)
    pooled = (strength, pooled_low, pooled_high, n.sum(2))
    return _Effects(effect, low, high, (early + late) / 2, n, pooled)


def _calming(fit: Fit) -> pl.DataFrame:
    """Reactions by calming, pooled over targets and by pair, in the columns of :func:`frame`; none without damping."""
    if not fit.damping.any():
        return pl.DataFrame()
    history = channels(usual_state(fit), fit.partners, fit.foes)
    keep = float(decay(fit.taus)[len(fit.taus) // 2])
    fading = (1 - keep) * keep ** np.arange(HORIZON)
    mean = np.asarray(fit.mean, dtype=np.float64)
    usual = np.stack([(mean + mean.swapaxes(0, 1))[..., c].sum(-1) for c in COOPERATION], axis=-1)  # (A, A, 2)
    member = np.eye(4)[[QUADS.index(quad(k)) for k in fit.types]]

    def by_day(par: Parameters) -> Floats:
        """(2, A, A, 4, days) events fewer, by class of cooperation and of response."""
        rate = usual_rate(par, history) @ member

        raised = [usual[:, :, None] + fading[:, None] * one for one in np.eye(2)]  # (A, A, days, 2)
        before, *after = (remaining(z, par.damping, fit.damping_scale) for z in (usual, *raised))
        whole = np.stack(after) - before[:, :, None]
        out: Floats = whole.swapaxes(-1, -2) * rate[..., None]
        return out

    daily, *_ = found = [by_day(par) for par in sets(fit)]
    come = np.abs(daily.cumsum(-1))
    half_life = 1.0 + (come < come[..., -1:] / 2).sum(-1)
    effect, *drawn = (x.sum(-1) for x in found)
    both = fit.counts + fit.counts.swapaxes(0, 1)
    n = np.stack([both[..., c].sum(-1) for c in COOPERATION])  # (2, A, A)
    weight = (n / np.maximum(n.sum(2, keepdims=True), 1e-12))[..., None]
    whole, *wholes = ((x * weight).sum(2, keepdims=True) for x in (effect, *drawn))
    causes = [QUADS.index(q) for q in QUADS if q.endswith("cooperation")]
    parts = [
        (
            whole,
            *interval(np.array(wholes), whole),
            (half_life * weight).sum(2, keepdims=True),
            n.sum(2, keepdims=True),
        ),
        (effect, *interval(np.array(drawn), effect), half_life, n),
    ]
    tables = []
    for value, low, high, half, behind in parts:
        shape = (1, *value.shape[1:3], 4, 4)
        chosen, columns = np.zeros(shape, bool), [np.zeros(shape) for _ in range(5)]
        chosen[:, :, :, causes] = True
        if shape[2] > 1:
            chosen &= ~np.eye(shape[1], dtype=bool)[None, :, :, None, None]
        for into, x in zip(columns, (value, low, high, half, behind[..., None]), strict=True):
            into[0][:, :, causes] = x.transpose(1, 2, 0, 3)
        tables.append(_table(fit, chosen, columns, (CALMING,)))
    return pl.concat(tables)


def detectable(low: float, high: float, n: float) -> bool:
    """Whether an interval lies beyond practically none, on more than a few past events.

    Example:
        >>> detectable(0.02, 0.1, 40), detectable(-0.02, 0.1, 40), detectable(-0.1, -0.02, 40), detectable(0.02, 0.1, 3)
        (True, False, True, False)
    """
    return bool(max(low, -high) > NEGLIGIBLE and n >= FEW)


def interval(drawn: Floats, point: Floats) -> tuple[Floats, Floats]:
    """Ends of the 90 % interval over the draws, widened where need be to hold the estimate."""
    if not len(drawn):
        return point, point
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    return np.minimum(low, point), np.maximum(high, point)


@once
def frame(fit: Fit) -> pl.DataFrame:
    """All reactions of a model, pooled over targets (``toward`` empty) and by pair.

    Effects are those in the usual state of a pair, so with what its usual cooperation leaves of them; how cooperation
    calms is told apart, as rows of the channel :data:`CALMING`, whose effects are negative.

    Returns:
        Columns ``actor``, ``toward``, ``channel``, ``cause``, ``response``, ``effect``, ``low``, ``high``,
        ``half_life``, ``n``: see :class:`Reaction`. Worked out once for a fit.
    """
    e = _effects(fit)
    c, a = len(fit.channels), len(fit.actors)
    shape = (c, a, a, 4, 4)
    n = np.broadcast_to(e.n[..., None], shape)
    half_life = np.broadcast_to(e.half_life[:, None, None], shape)
    parts = [
        _table(fit, ~np.eye(a, dtype=bool)[None, :, :, None, None] & np.ones(shape, bool), [
            e.effect, e.low, e.high, half_life, n,
        ]),
    ]  # fmt: skip
    effect, low, high, count = (x[:, :, None] for x in e.pooled)
    one = (c, a, 1, 4, 4)
    pooled = [
        effect, low, high, np.broadcast_to(e.half_life[:, None, None], one), np.broadcast_to(count[..., None], one)
    ]  # fmt: skip
    parts.insert(0, _table(fit, np.ones(one, bool), pooled))
    calming = _calming(fit)
    return pl.concat([*parts, calming] if calming.height else parts)


def _table(
    fit: Fit, chosen: NDArray[np.bool_], values: Sequence[Floats], ways: Sequence[str] | None = None
) -> pl.DataFrame:
    c, a, b, q, r = np.nonzero(chosen)
    toward = ("",) if chosen.shape[2] == 1 else fit.actors
    labels = {
        "actor": (fit.actors, a),
        "toward": (toward, b),
        "channel": (ways or fit.channels, c),
        "cause": (QUADS, q),
        "response": (QUADS, r),
    }
    columns: dict[str, Any] = {name: np.array(words)[at] for name, (words, at) in labels.items()}
    columns |= {
        name: x[c, a, b, q, r] for name, x in zip(("effect", "low", "high", "half_life", "n"), values, strict=True)
    }
    return pl.DataFrame(columns)


def _rows(table: pl.DataFrame) -> tuple[Reaction, ...]:
    return tuple(Reaction(**row) for row in table.iter_rows(named=True))


def among(fit: Fit, actors: Sequence[str], *, n: int = 12) -> tuple[Reaction, ...]:
    """The main reactions among a handful of actors: those that others' acts raise, best supported first.

    An actor's own repetition (inertia) is no reaction and left out. The hostile response to the cooperation of a rival
    with its partners is always among them, detectable or not, since that is what reports claim most; the rivals shown
    are those with which the largest share of an actor's dealings is hostile.

    Args:
        actors: codes; those that the model does not know are passed over.
        n: number of reactions.
    """
    known = [a for a in actors if a in fit.actors]
    if len(known) < 2:
        return ()
    table = frame(fit).filter(
        pl.col("actor").is_in(known), pl.col("toward").is_in(known), pl.col("channel") != "inertia", pl.col("n") > 0
    )
    hostile = pl.col("response").str.ends_with("conflict")
    claimed = (
        table.filter(
            pl.col("channel") == "rival's partners",
            hostile,
            pl.col("cause").str.ends_with("cooperation"),
            pl.col("n") >= FEW,
        )
        .join(_rivalry(fit), on=("actor", "toward"), maintain_order="left")
        .sort("hostile", "high", descending=True, maintain_order=True)
        .unique("actor", keep="first", maintain_order=True)
        .drop("hostile")
        .head(max(n // 4, 1))
    )
    best = (
        table.filter(least() > NEGLIGIBLE, pl.col("n") >= FEW)
        .sort(least() * pl.col("n").sqrt(), descending=True, maintain_order=True)
        .head(n - len(claimed))
    )
    return _rows(pl.concat([best, claimed]).unique(maintain_order=True))


def least() -> pl.Expr:
    """How large an effect is at least, whichever way it goes; negative where its interval includes none."""
    return pl.max_horizontal("low", -pl.col("high"))


def _rivalry(fit: Fit) -> pl.DataFrame:
    """Share of hostile events among those between two actors, shrunk to none where there are few."""
    hostile = np.array([is_hostile(k) for k in fit.types])
    both = fit.counts + fit.counts.swapaxes(0, 1)
    share = both[..., hostile].sum(2) / (both.sum(2) + 20.0)
    a, b = np.nonzero(~np.eye(len(fit.actors), dtype=bool))
    names = np.array(fit.actors)
    return pl.DataFrame({"actor": names[a], "toward": names[b], "hostile": share[a, b]})


def reproduction(fit: Fit, *, hostile: bool = False) -> tuple[float, float, float]:
    """Further events per event in a chain of answers to answers, with a 90 % interval.

    It is the ratio of the fifth generation of answers to the fourth, in chains that begin with the events of the
    record, and near the spectral radius of the reactions, to which such ratios tend. (The radius itself is that of the
    one pair whose chains last longest; noise makes it larger.) Above one, a quarrel would feed itself: Hawkes (1971).

    It is that of the usual state: what the usual cooperation of each pair leaves of its reactions. Cooperation beyond
    the usual damps further and can only lower it.

    Args:
        hostile: hostile acts answering hostile acts only.

    Returns:
        Median and ends of the 90 % interval over the draws; the estimate's own, three times, where there are none.
    """
    chosen, usual = _chosen(fit, hostile), usual_state(fit)
    off = 1.0 - np.eye(len(fit.actors))
    began: Floats = (fit.counts + _TRACE) * chosen * off[..., None]
    values = []
    for par in sets(fit):
        step, x, value = _step(fit, par, usual, chosen), began, 0.0
        for _ in range(_GENERATION):
            x = step(x / max(float(x.sum()), 1e-300))
            value = float(x.sum())
        values.append(value)
    low, value, high = np.quantile(values[1:] or values, [0.05, 0.5, 0.95])
    return float(value), float(low), float(high)


def _chosen(fit: Fit, hostile: bool) -> NDArray[np.bool_]:
    """(K) which types count."""
    return np.array([is_hostile(k) or not hostile for k in fit.types])


def _step(fit: Fit, par: Parameters, usual: Floats, chosen: NDArray[np.bool_]) -> Callable[[Floats], Floats]:
    """The map from events (A, A, K) to the further events expected after them, in the usual state."""
    whole = par.weights.sum(1) * chosen[None, :, None] * chosen[None, None, :]
    n, flat = len(fit.actors), np.asarray(whole.reshape(-1, len(fit.types)), dtype=np.float64)
    left = by_type(damped(usual, par.damping, fit.damping_scale), fit.types)
    theta = np.asarray(par.theta, dtype=np.float64)[..., None]

    def step(x: Floats) -> Floats:
        felt = theta * channels(x[..., None], fit.partners, fit.foes)[..., 0]
        felt = felt.transpose(1, 2, 0, 3).reshape(n * n, -1)
        # Not a BLAS product: on small matrices its threads cost more than they bring, and its sums vary with them.
        return symmetrise(np.einsum("xl,lk->xk", felt, flat).reshape(x.shape) * left)

    return step


def reproductions(
    fit: Fit, by: Literal["pair", "bloc"] | Mapping[str, Sequence[str]] = "pair", *, hostile: bool = False
) -> pl.DataFrame:
    """The reproduction number of each pair of actors, bloc or group, by what its members do to one another alone.

    Args:
        by: each ``"pair"``, each ``"bloc"`` (:func:`blocs`), or names of groups and codes of their actors. Actors that
            the model does not know are left out, and groups of fewer than two.
        hostile: hostile acts answering hostile acts only.

    Returns:
        Columns ``group``, ``actors``, ``value``, ``low``, ``high`` (90 % interval), ``n`` (past events within the
        group, in both directions), largest value first.

    Raises:
        LearnError: neither pairs nor blocs nor named groups.
    """
    if by not in ("pair", "bloc") and not isinstance(by, Mapping):
        example = "{'name': ['USA', 'KOR']}"
        raise LearnError(f"Reproduction is told by 'pair', by 'bloc' or by named groups as {example}, not by {by!r}.")
    chosen = _chosen(fit, hostile)
    if by == "pair":
        rows = _pairs(fit, chosen)
    else:
        rows = []
        for name, members in (blocs(fit) if isinstance(by, str) else by).items():
            known = [code for code in members if code in fit.actors]
            if len(known) >= 2:
                part = fit.select(known)
                value, low, high = reproduction(part, hostile=hostile)
                rows.append((name, known, value, low, high, float(part.counts[..., chosen].sum())))
    schema: dict[str, Any] = {
        "group": pl.String,
        "actors": pl.List(pl.String),
        **dict.fromkeys(("value", "low", "high", "n"), pl.Float64),
    }
    return pl.DataFrame(rows, schema=schema, orient="row").sort("value", "group", descending=[True, False])


def blocs(fit: Fit, *, seed: int = 7) -> dict[str, tuple[str, ...]]:
    """Groups of actors that are partners of one another, by the model's own measure: the largest first.

    Example:
        >>> from detente.learn import prior
        >>> members = [code for bloc in blocs(prior()).values() for code in bloc]
        >>> sorted(members) == sorted(prior().actors)
        True

    Source: Blondel and others (2008), by networkx.
    """
    import networkx as nx  # here, as its import takes a while

    graph = nx.Graph()
    graph.add_nodes_from(fit.actors)
    close = fit.partners + fit.partners.T
    graph.add_weighted_edges_from(
        (fit.actors[i], fit.actors[j], float(close[i, j])) for i, j in np.argwhere(np.triu(close) > 0)
    )
    found = sorted((tuple(sorted(group)) for group in nx.community.louvain_communities(graph, seed=seed)), key=_size)
    return {f"bloc {i}": group for i, group in enumerate(found, 1)}


def _size(group: Sequence[str]) -> tuple[int, Sequence[str]]:
    return -len(group), group


def _pairs(fit: Fit, chosen: NDArray[np.bool_]) -> list[tuple[Any, ...]]:
    """Reproduction numbers of all pairs at once, by what two actors do to each other."""
    n_types = len(fit.types)
    # Which of the two directions of a pair bears on which, through each channel: the same for all pairs.
    unit = np.zeros((2, 2, n_types, 2))
    unit[0, 1, :, 0] = unit[1, 0, :, 1] = 1.0
    felt = channels(unit, np.zeros((2, 2)), np.zeros((2, 2)))
    reach = np.stack([felt[:, 0, 1], felt[:, 1, 0]], axis=1)  # (C, answering direction, L, causing direction)
    # Channels that carry nothing between two actors alone are left out.
    used = np.flatnonzero(reach.any((1, 2, 3)))
    one, other = np.triu_indices(len(fit.actors), 1)
    usual = usual_state(fit)

    def matrix(par: Parameters) -> Floats:
        """(P, 2 K, 2 K) further events of each direction and type by those that bring them about."""
        whole = par.weights.sum(1) * chosen[None, :, None] * chosen[None, None, :]
        both = np.stack([par.theta[:, one, other], par.theta[:, other, one]], axis=2)  # (C, P, 2)
        onto = np.einsum("cpi,cilj,clk->piklj", both[used], reach[used], whole[used], optimize=True)
        onto = np.where(SYMMETRIC[None, None, :, None, None], onto.mean(1, keepdims=True), onto)
        left = by_type(damped(usual, par.damping, fit.damping_scale), fit.types)[one, other]
        onto = onto * left[:, None, :, None, None]
        out: Floats = onto.transpose(0, 1, 2, 4, 3).reshape(len(one), 2 * n_types, 2 * n_types)
        return out

    began = (np.concatenate([fit.counts[one, other], fit.counts[other, one]], axis=1) + _TRACE) * np.tile(chosen, 2)
    values = []
    for par in sets(fit):
        m, x, value = matrix(par), began, np.zeros(len(one))
        for _ in range(_GENERATION):
            x = np.einsum("pxy,py->px", m, x / np.maximum(x.sum(1, keepdims=True), 1e-300))
            value = x.sum(1)
        values.append(value)
    low, value, high = np.quantile(values[1:] or values, [0.05, 0.5, 0.95], axis=0)
    n = (fit.counts + fit.counts.swapaxes(0, 1))[..., chosen].sum(2)
    return [
        (f"{fit.actors[a]}-{fit.actors[b]}", [fit.actors[a], fit.actors[b]], *row, float(n[a, b]))
        for a, b, *row in zip(one, other, value.tolist(), low.tolist(), high.tolist(), strict=True)
    ]


def summary(fit: Fit) -> str:
    """The model in words: what it was fitted on, how well it predicts, and its main reactions."""
    value, low, high = reproduction(fit)
    angry, angry_low, angry_high = reproduction(fit, hostile=True)
    lines = [
        f"Reaction model of {len(fit.actors)} actors, {fit.n_events} events, {fit.start} to {fit.end}.",
        f"Reproduction number {value:.2f} ({low:.2f} to {high:.2f}); hostile to hostile {angry:.2f} "
        f"({angry_low:.2f} to {angry_high:.2f}).",
    ]
    if fit.prior_share > 0:
        lines.append(f"{fit.prior_share:.0%} of the reactions' weight is the shipped prior, the rest this record.")
    if overlap := fit.provenance.get("overlap"):
        lines.append(overlap)
    if "prior" in fit.provenance:
        lines.append("Past events named below are those of the prior's data and of this record together.")
    if left := fit.provenance.get("events_left_out"):
        why = ", ".join(f"{n} ({reason})" for reason, n in left.items())
        lines.append(f"Events of the record left out: {why}.")
    if fit.score is not None:
        lines.append(fit.score.summary())
        third = fit.score.gains.get("without third parties")
        if third is not None and third.low <= 0:
            lines.append("Reactions to third parties did not detectably improve the forecast; read them with care.")
    table = frame(fit).filter(pl.col("toward") == "", pl.col("channel") != "inertia", pl.col("n") >= FEW)
    found = table.filter(least() > NEGLIGIBLE)
    lines.append(
        f"{found.height} of {table.height} reactions to others differ from practically none, each by its own 90 % "
        f"interval; no allowance is made for looking at {table.height}. The best supported:"
    )
    top = _rows(found.sort(least() * pl.col("n").sqrt(), descending=True, maintain_order=True))
    lines += [f"  {line}" for line in _told(top)[:10]]
    return "\n".join(lines)


def _told(rows: Sequence[Reaction]) -> list[str]:
    """Reactions in words; those of several actors that are much alike, since most of it is one pooled weight, once.

    Much alike are those whose interval holds the estimate of the middle one.
    """
    kinds: dict[tuple[str, str, str], list[Reaction]] = {}
    for r in rows:
        kinds.setdefault((r.channel, r.cause, r.response), []).append(r)
    out = []
    for same in kinds.values():
        middle = sorted(same, key=lambda r: r.effect)[len(same) // 2]
        alike = [r for r in same if r.low <= middle.effect <= r.high]
        if len(alike) > 1:
            out.append(_joined(alike))
        out += [r.summary() for r in same if len(alike) < 2 or r not in alike]
    return out


def _joined(alike: Sequence[Reaction]) -> str:
    """One sentence for the same reaction of several actors."""
    first = alike[0]
    sizes = sorted(abs(r.effect) for r in alike)
    ends = sorted(abs(x) for r in alike for x in (r.low, r.high))
    when = _WHEN[first.channel].format(a="an actor", b="the other", cause=first.cause)
    size = " to ".join(dict.fromkeys(f"{x:.2f}" for x in (sizes[0], sizes[-1])))
    on_end = sum(r.at_end for r in alike)
    return (
        f"After {when}, the actor {first.verb} {size} events of {first.response} toward "
        f"the other per event within {HORIZON} days (90 % intervals {ends[0]:.2f} to {ends[-1]:.2f}"
        f"{f', {on_end} estimates at an end of theirs' if on_end else ''}; half of it within {first.half_life:.0f} "
        f"days; {sum(r.n for r in alike):.0f} past events). Much the same for {len(alike)} actors (mostly pooled): "
        f"{', '.join(r.actor for r in alike)}."
    )
