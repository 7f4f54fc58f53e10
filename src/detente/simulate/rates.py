"""A fitted model as arrays: in double precision for expectations, and as the engine's kernel wants them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec, TypeVar
from weakref import ref

import numpy as np
from numpy.typing import DTypeLike, NDArray

from detente.codebook import QUADS, event_type, is_conciliatory, quad
from detente.errors import ScenarioError
from detente.learn.exposures import COOPERATION, symmetrise
from detente.learn.exposures import channels as exposures
from detente.learn.model import CHANNELS, Fit
from detente.simulate.volume import spread

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

N_TYPES: Final = 16
HEARD: Final = CHANNELS.index("to others")
"""First of the channels of third parties."""
_BLOCK: Final = 8  # sources are padded to a multiple of it
_KEPT: Final = 4  # results of the last calls of each function that prepares a fit

P = ParamSpec("P")
T = TypeVar("T")


class Law(NamedTuple):
    """A fitted model on the eve of the first simulated day, in double precision.

    Args:
        base: (D, A, A, K). theta: (D, C, A, A). weights: (D, C, H, L, K), silent ones zero. state: (A, A, L, H)
            history. partners, foes: (A, A). fade: (H) ``exp(-1 / tau)``.
        group: (L) of source types that third parties do not tell apart, first: (J) first type of each group.
        quad: (K) class of each response, 0 for all where the model does not damp. damping: (D, Q, 2), scale, calm:
            (A, A, 2) verbal and material cooperation of each pair, calm_of: (L) which of them a type is, else -1;
            middle: their time constant. calms: whether damping is at work.
    """

    base: Floats
    theta: Floats
    weights: Floats
    state: Floats
    partners: Floats
    foes: Floats
    fade: Floats
    group: Ints
    first: Ints
    quad: Ints
    damping: Floats
    scale: float
    calm: Floats
    calm_of: Ints
    middle: int
    calms: bool


class Model(NamedTuple):
    """A fitted model as the kernel wants it, all parameter draws at once. P is the padded number of actors, Q the
    number of classes of responses (1, or 4 where the model damps), J the number of groups of source types that third
    parties do not tell apart.

    Args:
        base: (D, A, P, K) and base_sum: (D, A, Q, P). theta: (D, C, A, P). partners, foes: (A, A); near: (2, A, P)
            both, by whom they are of.
        fade: (H) ``exp(-1 / tau)``.
        answers: (D, L, C Q H + 2 H K) what one event excites, by channel summed over the types of each class, and by
            inertia and by reciprocity by type: weights times ``1 - exp(-1 / tau)``.
        heard: (D, C - 2, J H, K) weights of the other channels.
        start: (D, A, P, H K) own excitation, start_sum: (D, A, Q H, P) that of all channels, start_past: (A, P, J H)
            history, start_calm: (A, A, 2) cooperation, all before the first day.
        quad: (K) class of each response; class q begins at type first[q]; group: (L) group of each source type.
        damping: (D, Q, 2), scale, calm: (L) 0 or 1 for types of verbal and material cooperation, else -1; middle: their
            time constant. calms: whether damping is at work.
        symmetric: (K) types without direction. phi, power: a pair and day with n expected events has over-dispersion
            ``phi * n ** -power``. volume: (3, 2) spread of what is reported (:func:`detente.simulate.volume.spread`).
    """

    base: Floats
    base_sum: Floats
    theta: Floats
    partners: Floats
    foes: Floats
    near: Floats
    fade: Floats
    answers: Floats
    heard: Floats
    start: Floats
    start_sum: Floats
    start_past: Floats
    start_calm: Floats
    quad: Ints
    first: Ints
    group: Ints
    damping: Floats
    scale: float
    calm: Ints
    middle: int
    calms: bool
    symmetric: Bools
    phi: float
    power: float
    volume: Floats


def _once(work: Callable[Concatenate[Fit, P], T]) -> Callable[Concatenate[Fit, P], T]:
    """Work that is done once for a fit, which is frozen: the last few results are kept, and no fit is kept for them."""
    kept: deque[tuple[ref[Fit], object, T]] = deque(maxlen=_KEPT)

    @wraps(work)
    def done(fit: Fit, /, *args: P.args, **how: P.kwargs) -> T:
        for held, asked, found in tuple(kept):
            if held() is fit and asked == (args, how):
                return found
        found = work(fit, *args, **how)
        kept.append((ref(fit), (args, how), found))
        return found

    return done


@_once
def law(fit: Fit, gap: int) -> Law:
    """The model of a fit.

    Args:
        gap: days between the end of the data and the first simulated day. Over them the history fades toward its
            long-run mean, from which a fit without a state starts too.

    Raises:
        ScenarioError: the fit is of another list of event types.
    """
    if len(fit.types) != N_TYPES:
        raise ScenarioError(f"The engine knows {N_TYPES} event types, this model has {len(fit.types)}; fit it anew.")
    fade = np.exp(-1.0 / np.asarray(fit.taus, dtype=np.float64))
    usual = symmetrise(np.asarray(fit.mean, dtype=np.float64))[..., None]
    known = fade**gap if fit.state.any() else 0.0 * fade
    state = np.asarray(fit.state, dtype=np.float64) * known + usual * (1.0 - known)
    audible = np.ones((len(CHANNELS), N_TYPES), dtype=bool)
    audible[CHANNELS.index("reciprocity")] = ~_symmetric(fit)
    audible[CHANNELS.index("rival's partners")] = [is_conciliatory(k) for k in fit.types]
    weights = np.asarray(fit.draws.weights, dtype=np.float64) * audible[:, None, :, None]
    off = 1.0 - np.eye(len(fit.actors))
    theta = np.asarray(fit.draws.theta, dtype=np.float64) * off
    base = np.asarray(fit.draws.base)[..., None] * np.asarray(fit.base, dtype=np.float64) * off[..., None]
    third = weights[:, HEARD:].transpose(3, 0, 1, 2, 4).reshape(N_TYPES, -1)
    _, first, group = np.unique(third, axis=0, return_index=True, return_inverse=True)
    calms = bool(np.asarray(fit.draws.damping).any())
    middle = len(fade) // 2
    verbal, material = COOPERATION
    both = state[..., middle] + state[..., middle].swapaxes(0, 1)
    return Law(
        base=base,
        theta=theta,
        weights=weights,
        state=state,
        partners=np.asarray(fit.partners, dtype=np.float64),
        foes=np.asarray(fit.foes, dtype=np.float64),
        fade=fade,
        group=group.reshape(-1).astype(np.int64),
        first=first.astype(np.int64),
        quad=np.array([QUADS.index(quad(k)) if calms else 0 for k in fit.types]),
        damping=np.asarray(fit.draws.damping, dtype=np.float64)[:, : len(QUADS) if calms else 1],
        scale=float(fit.damping_scale),
        calm=np.stack([both[..., verbal].sum(-1), both[..., material].sum(-1)], -1),
        calm_of=np.where(verbal, 0, np.where(material, 1, -1)).astype(np.int64),
        middle=middle,
        calms=calms,
    )


def _symmetric(fit: Fit) -> Bools:
    return np.array([event_type(k).symmetric for k in fit.types])


@_once
def prepare(fit: Fit, gap: int, dtype: DTypeLike = np.float32) -> Model:
    """The arrays of a fit, ready for the kernel.

    Args:
        gap: as for :func:`law`. dtype: of rates and excitations.

    Raises:
        ScenarioError: the fit is of another list of event types.
    """
    m = law(fit, gap)
    draws, n_actors, n_taus, weights = len(m.base), len(m.partners), len(m.fade), m.weights
    pad = -n_actors % _BLOCK

    def padded(x: Floats, axis: int) -> Floats:
        """Dyads as [target, source], the sources padded; ``axis`` is that of the source now, the target's follows."""
        turned = np.swapaxes(x, axis, axis + 1)
        width = [(0, pad if i == axis + 1 else 0) for i in range(x.ndim)]
        return np.pad(turned, width)

    n_quads = m.damping.shape[1]
    member = (m.quad[:, None] == np.arange(n_quads)).astype(np.float64)  # (K, Q)
    by_class = np.einsum("dchlk,kq->dclqh", weights, member)
    groups = (m.group[:, None] == np.arange(len(m.first))).astype(np.float64)
    history = np.einsum("ablh,lj->abjh", m.state, groups)
    exposed = exposures(m.state, m.partners, m.foes)  # (C, A, A, L, H)
    own_start = np.einsum(
        "cablh,dchlk,dcab->dabhk", exposed[:HEARD], weights[:, :HEARD], m.theta[:, :HEARD], optimize=True
    )
    sum_start = np.einsum("cablh,dclqh,dcab->dabqh", exposed, by_class, m.theta, optimize=True)
    step = 1.0 - m.fade

    def ready(x: Floats) -> Floats:
        return np.ascontiguousarray(x, dtype=dtype)

    qh, jh = n_quads * n_taus, len(m.first) * n_taus
    more = -jh % _BLOCK
    own = (weights[:, :HEARD] * step[:, None, None]).transpose(0, 3, 1, 2, 4)  # (D, L, 2, H, K)
    summed = (by_class * step).transpose(0, 2, 1, 3, 4)  # (D, L, C, Q, H)
    heard = weights[:, HEARD:][:, :, :, m.first].transpose(0, 1, 3, 2, 4)  # (D, C - 2, J, H, K)
    return Model(
        base=ready(padded(m.base, 1)),
        base_sum=ready(padded(m.base @ member, 1).transpose(0, 1, 3, 2)),
        theta=ready(padded(m.theta, 2)),
        partners=ready(m.partners),
        foes=ready(m.foes),
        near=ready(np.pad(np.stack([m.partners.T, m.foes.T]), ((0, 0), (0, 0), (0, pad)))),
        fade=ready(m.fade),
        answers=ready(np.concatenate([summed.reshape(draws, N_TYPES, -1), own.reshape(draws, N_TYPES, -1)], axis=2)),
        heard=ready(np.pad(heard.reshape(draws, -1, jh, N_TYPES), ((0, 0), (0, 0), (0, more), (0, 0)))),
        start=ready(padded(own_start, 1).reshape(draws, n_actors, n_actors + pad, -1)),
        start_sum=ready(padded(sum_start.reshape(draws, n_actors, n_actors, qh), 1).transpose(0, 1, 3, 2)),
        start_past=ready(np.pad(padded(history.reshape(n_actors, n_actors, jh), 0), ((0, 0), (0, 0), (0, more)))),
        start_calm=ready(m.calm),
        quad=m.quad,
        first=np.searchsorted(m.quad, np.arange(n_quads + 1)),
        group=m.group,
        damping=ready(m.damping),
        scale=m.scale,
        calm=m.calm_of,
        middle=m.middle,
        calms=m.calms,
        symmetric=_symmetric(fit),
        phi=float(max(fit.phi, 0.0)),
        power=float(fit.phi_power),
        volume=spread(fit),
    )


@_once
def reproduction(fit: Fit, *, steps: int = 40) -> Floats:
    """(D) expected further events per event, for every parameter draw: the spectral radius, by power iteration.

    Damping is left out; it can only lower what follows.
    """
    summed = np.asarray(fit.draws.weights, dtype=np.float64).sum(2)  # (D, C, L, K)
    n_actors = len(fit.actors)
    out = np.empty(len(summed))
    for d, (weights, theta) in enumerate(zip(summed, fit.draws.theta, strict=True)):
        state: Floats = np.ones((n_actors, n_actors, N_TYPES))
        state[np.diag_indices(n_actors)] = 0.0
        size = 1.0
        for _ in range(steps):
            exposed = exposures(state[..., None], fit.partners, fit.foes)[..., 0]
            answer = np.einsum("capk,cap->apk", exposed @ weights[:, None], theta)
            state = symmetrise(answer)
            size = float(np.linalg.norm(state))
            if size == 0.0:
                break
            state /= size
        out[d] = size
    return out
