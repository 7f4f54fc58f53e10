"""What is expected of the futures: rates in the place of counts, day by day, chance left out.

Exact where the model does not damp, a mean field near it where it does. In double precision, and apart from the
engine's way of remembering, so that one checks the other.
"""

# Compiled functions carry no types of their own: numba finds them.
from __future__ import annotations

from typing import NamedTuple

import numpy as np

from detente.learn.exposures import channels
from detente.simulate.engine import Plan, Watch
from detente.simulate.lanes import WIDTH, aligned, padded, pick, put, take, zeros
from detente.simulate.luck import exponential, lean
from detente.simulate.rates import HEARD, N_TYPES, Bools, Floats, Law

_SENT, _TARGET, _BY_TARGET, _ACTOR, _PARTNERS, _RIVAL, _FOES = range(7)


class _Rules(NamedTuple):
    """A draw of the model and a variant's measures, by source and target.

    Args:
        base: (A, A, K). theta: (C, A, A). own: (2, H, L, K) weights of inertia and reciprocity, times what is new on a
            day; heard: (C - 2, J, K) of the other channels. notes: (L, J) what an event adds to a history.
        fade: (H), fades: (J) by place in a history. partners, foes: (A, A).
        kept: (A, A, K) shares of streams that stay. heed: (S, A, A, L) shares of events that cells of a copy react to;
            mask: (S, A, K) ones at the cells of a copy.
        damping: (Q, 2), scale, member: (Q, K), verbal, material: (L), middle: time constant of cooperation, calms.
        symmetric: (K).
    """

    base: Floats
    theta: Floats
    own: Floats
    heard: Floats
    notes: Floats
    fade: Floats
    fades: Floats
    partners: Floats
    foes: Floats
    kept: Floats
    heed: Floats
    mask: Floats
    damping: Floats
    scale: float
    member: Floats
    verbal: Floats
    material: Floats
    middle: int
    calms: bool
    symmetric: Bools


class _State(NamedTuple):
    """own: (S, A, A, H, K) excitation by inertia and reciprocity, past: (S, A, A, J) history, calm: (A, A, 2)
    cooperation. sums: (A, 3, J) of a copy's histories: sent, received, passed with partners; voice: (C - 2, J): room.
    rate, flow: (A, A, K) of a day, total: of all."""

    own: Floats
    past: Floats
    calm: Floats
    sums: Floats
    voice: Floats
    rate: Floats
    flow: Floats
    total: Floats


def expect(law: Law, plan: Plan, watch: Watch, future: int, days: int) -> Floats:
    """Expected events over the horizon under all variants, with a future's parameters and strengths of measures.

    Args:
        law: the model. plan: measures, with the future's row of strengths. watch: what is counted.
        future: whose draw of parameters it is. days: horizon.

    Returns:
        (V, 2, A, A) hostile and conciliatory events by dyad.
    """
    draw, row = future % len(law.base), future - plan.lo
    rules, near, past = _drawn(law, draw)
    calm = law.calm.astype(np.float64)
    return np.stack([_variant(rules, near, past, calm, plan, watch, row, v, days) for v in range(len(plan.pasts))])


def _drawn(law: Law, draw: int) -> tuple[_Rules, Floats, Floats]:
    """What all variants share, without measures: rules, (A, A, H, K) own excitation and (A, A, J) history before the
    first day."""
    n, like = len(law.partners), np.float64
    step, theta, weights = 1.0 - law.fade, law.theta[draw], law.weights[draw]
    groups = (law.group[:, None] == np.arange(len(law.first))).astype(like)
    past = np.einsum("ablh,lj->abjh", law.state, groups).reshape(n, n, -1)
    exposed = channels(law.state, law.partners, law.foes)[:HEARD]
    near = np.einsum("cablh,chlk,cab->abhk", exposed, weights[:HEARD], theta[:HEARD], optimize=True)
    heard = weights[HEARD:][:, :, law.first].transpose(0, 2, 1, 3).reshape(-1, past.shape[-1], N_TYPES)
    every = np.ones((n, n, N_TYPES))
    rules = _Rules(
        base=aligned(law.base[draw], like),
        theta=aligned(theta, like),
        own=aligned(weights[:HEARD] * step[:, None, None], like),
        heard=aligned(padded(heard, 1), like),
        notes=aligned(padded((groups[:, :, None] * step).reshape(N_TYPES, -1)), like),
        fade=law.fade,
        fades=aligned(padded(np.tile(law.fade, len(law.first))), like),
        partners=law.partners,
        foes=law.foes,
        kept=every,
        heed=every[None],
        mask=every[:1],
        damping=law.damping[draw],
        scale=law.scale,
        member=aligned(law.quad == np.arange(law.damping.shape[1])[:, None], like),
        verbal=(law.calm_of == 0).astype(like),
        material=(law.calm_of == 1).astype(like),
        middle=law.middle,
        calms=law.calms,
        symmetric=law.symmetric,
    )
    return rules, near, padded(past)


def _variant(
    rules: _Rules, near: Floats, past: Floats, calm: Floats, plan: Plan, watch: Watch, row: int, v: int, days: int
) -> Floats:
    """(2, A, A) of one variant."""
    n, copies, like = len(past), int(plan.pasts[v]), np.float64
    rules = rules._replace(
        kept=_kept(plan, v, row),
        heed=aligned(_left(plan, v, row, copies), like),
        mask=aligned(plan.answer[v] == np.arange(copies)[:, None, None], like),
    )
    state = _State(
        own=aligned(np.broadcast_to(near, (copies, *near.shape)), like),
        past=aligned(np.broadcast_to(past, (copies, *past.shape)), like),
        calm=calm.copy(),
        sums=zeros((n, 3, past.shape[-1]), like),
        voice=zeros((len(rules.theta) - HEARD, past.shape[-1]), like),
        rate=zeros((n, n, N_TYPES), like),
        flow=zeros((n, n, N_TYPES), like),
        total=zeros((n, n, N_TYPES), like),
    )
    first, share = plan.added_first[v], plan.added_share[row, plan.part] * plan.weight
    _days(rules, state, days, first, plan.source, plan.target, plan.type, share)
    sorts = np.stack([state.total[..., watch.sort == i].sum(-1) for i in (0, 1)])
    return sorts * watch.pair


@lean
def _days(rules, state, days, first, source, target, kind, share):  # type: ignore[no-untyped-def]
    """All days of the horizon."""
    flow, total, n_actors = state.flow, state.total, len(state.flow)
    for day in range(days):
        _rates(rules, state)
        for s in range(n_actors):
            for t in range(n_actors):
                for k in range(N_TYPES):
                    x = state.rate[s, t, k] * rules.kept[s, t, k]
                    if rules.symmetric[k]:
                        x = 0.5 * (x + state.rate[t, s, k] * rules.kept[t, s, k])
                    flow[s, t, k] = x
                    total[s, t, k] += x
        for e in range(first[day], first[day + 1]):
            flow[source[e], target[e], kind[e]] += share[e]
        _remember(rules, state)


@lean
def _rates(rules, state):  # type: ignore[no-untyped-def]
    """Today's rates of all dyads by type."""
    base, theta, heard, partners, foes = rules.base, rules.theta, rules.heard, rules.partners, rules.foes
    past, sums, voice = state.past, state.sums, state.voice
    copies, n_actors, width, n_taus = past.shape[0], past.shape[1], past.shape[3], len(rules.fade)
    for copy in range(copies):
        first = copy * n_actors * n_actors
        for a in range(n_actors):
            for j in range(0, width, WIDTH):
                sent = take(past, first * width) * 0.0
                received, passed = sent, sent
                for b in range(n_actors):
                    out = take(past, (first + a * n_actors + b) * width + j)
                    back = take(past, (first + b * n_actors + a) * width + j)
                    sent, received = sent + out, received + back
                    passed = passed + (out + back) * (0.5 * partners[a, b])
                put(sums, 3 * a * width + j, sent)
                put(sums, (3 * a + 1) * width + j, received)
                put(sums, (3 * a + 2) * width + j, passed)
        for s in range(n_actors):
            for t in range(n_actors):
                if s == t:
                    continue
                dyad = s * n_actors + t
                half = 0.5 * partners[t, s]
                for j in range(0, width, WIDTH):
                    one = take(past, (first + dyad) * width + j)
                    other = take(past, (first + t * n_actors + s) * width + j)
                    friends = enemies = one * 0.0
                    for a in range(n_actors):
                        line = take(past, (first + a * n_actors + t) * width + j)
                        friends = friends + line * partners[s, a]
                        if foes[s, a] > 0.0:
                            enemies = enemies + line * foes[s, a]
                    told = take(sums, 3 * s * width + j) - one
                    put(voice, _SENT * width + j, told * theta[HEARD + _SENT, s, t])
                    told = take(sums, (3 * t + 1) * width + j) - one
                    put(voice, _TARGET * width + j, told * theta[HEARD + _TARGET, s, t])
                    told = take(sums, 3 * t * width + j) - other
                    put(voice, _BY_TARGET * width + j, told * theta[HEARD + _BY_TARGET, s, t])
                    told = take(sums, (3 * s + 1) * width + j) - other
                    put(voice, _ACTOR * width + j, told * theta[HEARD + _ACTOR, s, t])
                    put(voice, _PARTNERS * width + j, friends * theta[HEARD + _PARTNERS, s, t])
                    told = take(sums, (3 * t + 2) * width + j) - (one + other) * half
                    put(voice, _RIVAL * width + j, told * theta[HEARD + _RIVAL, s, t])
                    put(voice, _FOES * width + j, enemies * theta[HEARD + _FOES, s, t])
                near = take(state.own, (first + dyad) * n_taus * N_TYPES)
                for h in range(1, n_taus):
                    near = near + take(state.own, ((first + dyad) * n_taus + h) * N_TYPES)
                one, other, third, fourth = near, near * 0.0, near * 0.0, near * 0.0  # each sum waits for itself
                for j in range(0, voice.size, 4):
                    one = one + take(heard, j * N_TYPES) * pick(voice, j)
                    other = other + take(heard, (j + 1) * N_TYPES) * pick(voice, j + 1)
                    third = third + take(heard, (j + 2) * N_TYPES) * pick(voice, j + 2)
                    fourth = fourth + take(heard, (j + 3) * N_TYPES) * pick(voice, j + 3)
                line = (one + other) + (third + fourth)
                line = line * take(rules.mask, (copy * n_actors + s) * N_TYPES)
                if copy == 0:
                    line = line + take(base, dyad * N_TYPES)
                else:
                    line = line + take(state.rate, dyad * N_TYPES)
                put(state.rate, dyad * N_TYPES, line)
    if rules.calms:
        for s in range(n_actors):
            for t in range(n_actors):
                verbal, material = state.calm[s, t, 0], state.calm[s, t, 1]
                verbal, material = verbal / (verbal + rules.scale), material / (material + rules.scale)
                line = take(rules.member, 0) * 0.0
                for q in range(len(rules.damping)):
                    left = exponential(-rules.damping[q, 0] * verbal - rules.damping[q, 1] * material)
                    line = line + take(rules.member, q * N_TYPES) * left
                dyad = (s * n_actors + t) * N_TYPES
                put(state.rate, dyad, take(state.rate, dyad) * line)


@lean
def _remember(rules, state):  # type: ignore[no-untyped-def]
    """The day's flow is remembered; what was before fades."""
    own, past, flow, heed, theta, calm = state.own, state.past, state.flow, rules.heed, rules.theta, state.calm
    copies, n_actors, width, n_taus = past.shape[0], past.shape[1], past.shape[3], len(rules.fade)
    for copy in range(copies):
        for s in range(n_actors):
            for t in range(n_actors):
                if s == t:
                    continue
                there, back = ((copy * n_actors + s) * n_actors + t), ((copy * n_actors + t) * n_actors + s)
                done = take(flow, (s * n_actors + t) * N_TYPES) * take(heed, there * N_TYPES) * theta[0, s, t]
                put(state.voice, 0, done)
                done = take(flow, (t * n_actors + s) * N_TYPES) * take(heed, back * N_TYPES) * theta[1, s, t]
                put(state.voice, WIDTH, done)
                for h in range(n_taus):
                    at = (there * n_taus + h) * N_TYPES
                    one, other = take(own, at) * rules.fade[h], take(own, at) * 0.0
                    for kind in range(N_TYPES):
                        one = one + take(rules.own, (h * N_TYPES + kind) * N_TYPES) * pick(state.voice, kind)
                        if not rules.symmetric[kind]:  # what has no direction goes on by inertia alone
                            weight = take(rules.own, ((n_taus + h) * N_TYPES + kind) * N_TYPES)
                            other = other + weight * pick(state.voice, WIDTH + kind)
                    put(own, at, one + other)
                for j in range(0, width, WIDTH):
                    line = take(past, there * width + j) * take(rules.fades, j)
                    for kind in range(N_TYPES):
                        line = line + take(rules.notes, kind * width + j) * (flow[s, t, kind] * heed[copy, s, t, kind])
                    put(past, there * width + j, line)
    middle, step = rules.fade[rules.middle], 1.0 - rules.fade[rules.middle]
    for s in range(n_actors):
        for t in range(s):
            verbal = material = 0.0
            for kind in range(N_TYPES):
                both = flow[s, t, kind] + flow[t, s, kind]
                verbal, material = verbal + both * rules.verbal[kind], material + both * rules.material[kind]
            calm[s, t, 0] = calm[t, s, 0] = middle * calm[s, t, 0] + step * verbal
            calm[s, t, 1] = calm[t, s, 1] = middle * calm[s, t, 1] + step * material


def _kept(plan: Plan, v: int, row: int) -> Floats:
    """(A, A, K) shares of the streams that a variant's measures leave."""
    kept = np.ones(plan.removed.shape[1:])
    for m in range(plan.removed_first[v], plan.removed_first[v + 1]):
        kept[plan.removed[m]] *= 1.0 - plan.removed_share[row, m]
    return kept


def _left(plan: Plan, v: int, row: int, copies: int) -> Floats:
    """(S, A, A, L) shares of the events that cells of each copy still react to."""
    left = np.ones((copies, *plan.trigger.shape[1:]))
    for m in range(plan.damped_first[v], plan.damped_first[v + 1]):
        for copy in range(copies):
            if (plan.reaction[m] & (plan.answer[v] == copy)).any():
                left[copy][plan.trigger[m]] *= 1.0 - plan.damped_share[row, m]
    return left
