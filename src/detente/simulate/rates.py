"""A fitted model as arrays: in double precision for expectations, and as the engine's kernel wants them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from detente.codebook import QUADS, event_type, is_conciliatory, quad
from detente.errors import ScenarioError
from detente.learn.exposures import COOPERATION, symmetrise
from detente.learn.exposures import channels as exposures
from detente.learn.model import CHANNELS, Fit
from detente.learn.once import once
from detente.simulate.lanes import WIDTH, aligned, padded
from detente.simulate.luck import needs
from detente.simulate.volume import spread

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

N_TYPES: Final = 16
HEARD: Final = CHANNELS.index("to others")
"""First of the channels of third parties."""
GROUP: Final = 4
"""Channels in a line of what an event excites."""
LINES: Final = (
    ("inertia", "to others", "on target", "rival's partners"),
    ("reciprocity", "by target", "on actor", "rival's partners"),
    ("partners", "foes"),
)
"""What an event excites, summed over types of response, in three lines: by time constant, and by channel for each."""
_MOST_TAUS: Final = WIDTH // GROUP


class Law(NamedTuple):
    """A fitted model on the eve of the first simulated day, in double precision.

    Args:
        base: (D, A, A, K). theta: (D, C, A, A). weights: (D, C, H, L, K), silent ones zero. state: (A, A, L, H)
            history. partners, foes: (A, A). fade: (H) ``exp(-1 / tau)``.
        group: (L) of source types that third parties do not tell apart, first: (J) first type of each group.
        quad: (K) class of each response. damping: (D, Q, 2), scale, calm: (A, A, 2) verbal and material cooperation of
            each pair, calm_of: (L) which of them a type is, else -1; middle: their time constant. calms: whether
            damping is at work. symmetric: (K) types without direction.
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
    symmetric: Bools


class Model(NamedTuple):
    """A fitted model as the kernel wants it, all parameter draws at once.

    Numbers that are worked on together fill whole lines of 16 (:mod:`detente.simulate.lanes`): P is the number of
    actors up to a whole line, J that of groups of source types that third parties do not tell apart, times H time
    constants, up to a whole line.

    Args:
        base: (D, A, A, K) by target and source, as all that follows by dyad, and base_sum: (D, A, P) over types.
        theta: (D, C, A, P). partners, foes: (A, A); near: (2, A, P)
            how much the first is the partner, or the foe, of the second.
        fade: (H) ``exp(-1 / tau)``. step: (H) one less that, what an event adds on its day.
        answers: (D, L, (3 + 2 H) 16) what one event excites: three lines summed over types of response (:data:`LINES`),
            then H by inertia and H by reciprocity by type. Weights times step.
        lanes: (4, 16) ones at the channel of that place in the first two lines.
        heard: (D, C - 2, J, K) weights of the other channels. notes: (L, J) what an event adds to a history.
        start: (D, A, A, H, K) own excitation, start_sum: (D, A, H, P) that of all channels, start_past: (A, A, J)
            history, start_calm: (A, A, 2) cooperation, all before the first day.
        member: (Q, K) ones at the types of a class. damping: (D, Q, 2), scale; verbal, material: (L) ones at types of
            such cooperation; middle: their time constant. calms: whether damping is at work.
        symmetric: (K) types without direction. phi, power: a pair and day with n expected events has over-dispersion
            ``phi * n ** -power``. needs: :func:`detente.simulate.luck.needs`. volume: (3, 2) spread of
            what is reported (:func:`detente.simulate.volume.spread`).
    """

    base: Floats
    base_sum: Floats
    theta: Floats
    partners: Floats
    foes: Floats
    near: Floats
    fade: Floats
    step: Floats
    answers: Floats
    lanes: Floats
    heard: Floats
    notes: Floats
    start: Floats
    start_sum: Floats
    start_past: Floats
    start_calm: Floats
    member: Floats
    damping: Floats
    scale: float
    verbal: Floats
    material: Floats
    middle: int
    calms: bool
    symmetric: Bools
    phi: float
    power: float
    needs: Floats
    volume: Floats


@once
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
    symmetric = np.array([event_type(k).symmetric for k in fit.types])
    audible[CHANNELS.index("reciprocity")] = ~symmetric
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
        quad=np.array([QUADS.index(quad(k)) for k in fit.types]),
        damping=np.asarray(fit.draws.damping, dtype=np.float64),
        scale=float(fit.damping_scale),
        calm=np.stack([both[..., verbal].sum(-1), both[..., material].sum(-1)], -1),
        calm_of=np.where(verbal, 0, np.where(material, 1, -1)).astype(np.int64),
        middle=middle,
        calms=calms,
        symmetric=symmetric,
    )


@once
def prepare(fit: Fit, gap: int, dtype: DTypeLike = np.float32) -> Model:
    """The arrays of a fit, ready for the kernel.

    Args:
        gap: as for :func:`law`. dtype: of rates and excitations.

    Raises:
        ScenarioError: the fit is of another list of event types.
    """
    m = law(fit, gap)
    draws, n_actors, n_taus, weights = len(m.base), len(m.partners), len(m.fade), m.weights
    if n_taus > _MOST_TAUS:
        raise ScenarioError(
            f"The engine knows up to {_MOST_TAUS} time constants, this model has {n_taus}; fit it anew."
        )

    def ready(x: Floats) -> Floats:
        return aligned(x, dtype)

    phi, power = float(max(fit.phi, 0.0)), float(fit.phi_power)
    step, jh = 1.0 - m.fade, len(m.first) * n_taus
    member = (m.quad[:, None] == np.arange(len(QUADS))).astype(np.float64)  # (K, Q)
    groups = (m.group[:, None] == np.arange(len(m.first))).astype(np.float64)
    exposed = exposures(m.state, m.partners, m.foes)  # (C, A, A, L, H)
    own_start = np.einsum(
        "cablh,dchlk,dcab->dbahk", exposed[:HEARD], weights[:, :HEARD], m.theta[:, :HEARD], optimize=True
    )
    summed = weights.sum(-1)  # (D, C, H, L)
    sum_start = np.einsum("cablh,dchl,dcab->dbha", exposed, summed, m.theta, optimize=True)
    history = np.einsum("ablh,lj->bajh", m.state, groups).reshape(n_actors, n_actors, jh)
    by_type = (weights[:, :HEARD] * step[:, None, None]).transpose(0, 3, 1, 2, 4)  # (D, L, 2, H, K)
    over_types = (summed * step[:, None]).transpose(0, 3, 2, 1)  # (D, L, H, C)
    answers = np.zeros((draws, N_TYPES, 3, WIDTH // GROUP, GROUP))
    for i, said in enumerate(LINES):
        for j, channel in enumerate(said):
            answers[:, :, i, :n_taus, j] = over_types[..., CHANNELS.index(channel)]
    answers = np.concatenate([answers.reshape(draws, N_TYPES, -1), by_type.reshape(draws, N_TYPES, -1)], axis=2)
    heard = weights[:, HEARD:][:, :, :, m.first].transpose(0, 1, 3, 2, 4).reshape(draws, -1, jh, N_TYPES)
    return Model(
        base=ready(m.base.swapaxes(1, 2)),
        base_sum=ready(padded(m.base.sum(-1).swapaxes(1, 2))),
        theta=ready(padded(m.theta.swapaxes(2, 3))),
        partners=ready(m.partners),
        foes=ready(m.foes),
        near=ready(padded(np.stack([m.partners.T, m.foes.T]))),
        fade=ready(m.fade),
        step=ready(step),
        answers=ready(answers),
        lanes=ready(np.tile(np.eye(GROUP), WIDTH // GROUP)),
        heard=ready(padded(heard, 2)),
        notes=ready(padded((groups[:, :, None] * step).reshape(N_TYPES, -1))),
        start=ready(own_start),
        start_sum=ready(padded(sum_start)),
        start_past=ready(padded(history)),
        start_calm=ready(m.calm),
        member=ready(member.T),
        damping=ready(m.damping),
        scale=m.scale,
        verbal=ready(m.calm_of == 0),
        material=ready(m.calm_of == 1),
        middle=m.middle,
        calms=m.calms,
        symmetric=m.symmetric,
        phi=phi,
        power=power,
        needs=needs(phi, power),
        volume=spread(fit),
    )


@once
def reproduction(fit: Fit) -> Floats:
    """(D) expected further events per event, for every parameter draw: the spectral radius, by the implicitly restarted
    Arnoldi method (Lehoucq, Sorensen and Yang 1998) to a thousandth.

    Damping is left out; it can only lower what follows.
    """
    from scipy.sparse.linalg import LinearOperator, eigs  # here, as it takes long to import

    summed = np.asarray(fit.draws.weights, dtype=np.float64).sum(2)  # (D, C, L, K)
    shape = (len(fit.actors), len(fit.actors), N_TYPES)
    start = symmetrise(np.ones(shape) * (1.0 - np.eye(len(fit.actors)))[..., None]).ravel()

    def follows(state: Floats, weights: Floats, theta: Floats) -> Floats:
        exposed = exposures(state.reshape(*shape, 1), fit.partners, fit.foes)[..., 0]
        answer: Floats = np.zeros(shape)
        for by, weight, heed in zip(exposed, weights, theta, strict=True):
            answer += heed[..., None] * (by @ weight)
        return symmetrise(answer).ravel()

    out = np.empty(len(summed))
    for d, (weights, theta) in enumerate(zip(summed, fit.draws.theta, strict=True)):
        if not follows(start, weights, theta).any():
            out[d] = 0.0
            continue
        operator = LinearOperator((start.size,) * 2, lambda x, w=weights, t=theta: follows(x, w, t), dtype=np.float64)
        largest = eigs(operator, k=1, v0=start, tol=1e-3, return_eigenvectors=False)
        out[d] = float(np.abs(largest[0]))
    return out
