"""What a future remembers, and the rates that follow from it: the compiled inner part of the engine.

Dyad arrays are ordered [target, source], so that all that one event changes lies close together; the sources are padded
with zeros. Inner loops run over one line of known stride from nought on: only these does the compiler turn into
operations on many numbers at once.
"""

# Compiled functions carry no types of their own: numba finds them.
from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from detente.learn.model import CHANNELS
from detente.simulate.luck import lean
from detente.simulate.rates import HEARD, N_TYPES, Floats, Ints, Model

_OWN, _BACK, _SENT, _TARGET, _BY_TARGET, _ACTOR, _PARTNERS, _RIVAL, _FOES = range(len(CHANNELS))
_POOLS = 5  # of an actor: sent, heard by its targets, what passes with partners; received, heard as actor and as target
_ZERO, _HALF, _ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)  # single, as a double would widen the loops


class Memory(NamedTuple):
    """What a future remembers. Actors whose reactions are damped alike (:attr:`Plan.reactor`) share a copy R of the
    pools; cells that are damped alike (:attr:`Plan.answer`) share a copy S of the histories.

    Args:
        total: (A, Q H, P) excitation of a dyad summed over response types, less what the pools hold of it in excess.
        pool: (R, A, 5, Q H) excitation by what an actor sent and received, for all dyads that hear it.
        own: (A, P, H K) excitation by inertia and reciprocity, and since: (A, P) the day to which it has decayed.
        past: (S, A, P, J H) history by dyad, side: (S, A, 3, J H) sums of it: sent, received, passed with partners.
        calm: (A, A, 2) cooperation of a pair, both [i, j] and [j, i].
        flow: (A, A, K) events of the day.
    """

    total: Floats
    pool: Floats
    own: Floats
    since: Ints
    past: Floats
    side: Floats
    calm: Floats
    flow: Floats


class Rates(NamedTuple):
    """Today's rates and room to work in.

    Args:
        rate: (A, Q, P) of dyads by class of response, and whole: (A, P) over all classes. pooled: (R, 5, Q, P).
        own, heard: (2, K) lines of a pair's two dyads, by inertia, reciprocity and base, and by third parties.
        own_sum, heard_sum: (2, Q), negative where they were not yet worked out. left: (Q) what damping leaves.
        answer: (C Q H + 2 H K), edge: (Q H), kept: (K), near: (2, P), voices: (C - 2, J H) and kinds: (K): room.
        powers: (T + 2, H K) shares left after so many days; wane: after one, as often as a history has numbers, and
        step: (H) what a day adds.
    """

    rate: Floats
    whole: Floats
    pooled: Floats
    own: Floats
    heard: Floats
    own_sum: Floats
    heard_sum: Floats
    left: Floats
    answer: Floats
    edge: Floats
    kept: Floats
    near: Floats
    voices: Floats
    powers: Floats
    wane: Floats
    step: Floats
    kinds: Ints


def room(model: Model, copies: int, pasts: int, n_days: int) -> tuple[Memory, Rates]:
    """Memory and room for variants with up to so many copies of pools and of histories."""
    n_actors, n_quads, padded = model.base_sum.shape[1:]
    n_channels, width = model.theta.shape[1], model.start_sum.shape[2]
    jh, n_taus, like = model.start_past.shape[2], len(model.fade), model.fade.dtype
    memory = Memory(
        total=np.zeros((n_actors, width, padded), like),
        pool=np.zeros((copies, n_actors, _POOLS, width), like),
        own=np.zeros((n_actors, padded, n_taus * N_TYPES), like),
        since=np.zeros((n_actors, padded), np.int64),
        past=np.zeros((pasts, n_actors, padded, jh), like),
        side=np.zeros((pasts, n_actors, 3, jh), like),
        calm=np.zeros((n_actors, n_actors, 2), like),
        flow=np.zeros((n_actors, n_actors, N_TYPES), like),
    )
    powers = model.fade.astype(np.float64) ** np.arange(n_days + 2)[:, None]
    wane = np.resize(np.resize(model.fade, jh), n_actors * padded * jh)
    return memory, Rates(
        rate=np.zeros((n_actors, n_quads, padded), like),
        whole=np.zeros((n_actors, padded), like),
        pooled=np.zeros((copies, _POOLS, n_quads, padded), like),
        own=np.zeros((2, N_TYPES), like),
        heard=np.zeros((2, N_TYPES), like),
        own_sum=np.zeros((2, n_quads), like),
        heard_sum=np.zeros((2, n_quads), like),
        left=np.ones(n_quads, like),
        answer=np.zeros(model.answers.shape[2], like),
        edge=np.zeros(width, like),
        kept=np.zeros(N_TYPES, like),
        near=np.zeros((2, padded), like),
        voices=np.zeros((n_channels - HEARD, jh), like),
        powers=np.repeat(powers, N_TYPES, axis=1).astype(like),
        wane=wane.astype(like),
        step=(1.0 - model.fade.astype(np.float64)).astype(like),
        kinds=np.zeros(N_TYPES, np.int64),
    )


@lean
def begin(memory, model, draw, copies, pasts):  # type: ignore[no-untyped-def]
    """Memory as it is on the eve of the first day."""
    n_actors = len(memory.calm)
    padded = memory.own.shape[1]
    for t in range(n_actors):
        for i in range(memory.total.shape[1]):
            line, start = memory.total[t, i], model.start_sum[draw, t, i]
            for a in range(padded):
                line[a] = start[a]
        for a in range(padded):
            line, start = memory.own[t, a], model.start[draw, t, a]
            for i in range(len(line)):
                line[i] = start[i]
        for a in range(n_actors):
            memory.calm[t, a, 0], memory.calm[t, a, 1] = model.start_calm[t, a, 0], model.start_calm[t, a, 1]
    memory.since[:] = 0
    memory.flow[:] = _ZERO
    memory.pool[:copies] = _ZERO
    memory.past[:pasts] = _ZERO
    memory.side[:pasts] = _ZERO
    for s in range(n_actors):
        for t in range(n_actors):
            forth, back = _HALF * model.partners[s, t], _HALF * model.partners[t, s]
            for copy in range(pasts):
                for j in range(memory.past.shape[3]):
                    x = model.start_past[t, s, j]
                    memory.past[copy, t, s, j] = x
                    memory.side[copy, s, 0, j] += x
                    memory.side[copy, t, 1, j] += x
                    memory.side[copy, s, 2, j] += forth * x
                    memory.side[copy, t, 2, j] += back * x


@lean
def totals(memory, room, base, theta, fade, reactor, copies):  # type: ignore[no-untyped-def]
    """Today's rates of all dyads by class of response, from yesterday's excitations, which then fade by a day."""
    total, rate, whole, pooled = memory.total, room.rate, room.whole, room.pooled
    n_actors, n_quads, padded = rate.shape
    n_taus = len(fade)
    for r in range(copies):
        for a in range(n_actors):
            for pool in range(_POOLS):
                line = memory.pool[r, a, pool]
                for q in range(n_quads):
                    x = line[q * n_taus]
                    for h in range(1, n_taus):
                        x += line[q * n_taus + h]
                    pooled[r, pool, q, a] = x
                    for h in range(n_taus):
                        line[q * n_taus + h] *= fade[h]
    for t in range(n_actors):
        sent, target, by_target = theta[_SENT, t], theta[_TARGET, t], theta[_BY_TARGET, t]
        actor, rival, all_classes = theta[_ACTOR, t], theta[_RIVAL, t], whole[t]
        for a in range(padded):
            all_classes[a] = _ZERO
        for q in range(n_quads):
            out, always = rate[t, q], base[t, q]
            if copies == 1:
                sends, hears = pooled[0, 0, q], pooled[0, 3, q]
                told, passed, aimed = pooled[0, 1, q, t], pooled[0, 2, q, t], pooled[0, 4, q, t]
                for a in range(padded):
                    out[a] = (always[a] + sent[a] * sends[a] + actor[a] * hears[a]) + (
                        by_target[a] * told + rival[a] * passed + target[a] * aimed
                    )
            else:
                for a in range(n_actors):
                    of = pooled[reactor[a]]
                    out[a] = (always[a] + sent[a] * of[0, q, a] + actor[a] * of[3, q, a]) + (
                        by_target[a] * of[1, q, t] + rival[a] * of[2, q, t] + target[a] * of[4, q, t]
                    )
            for h in range(n_taus):
                line, f = total[t, q * n_taus + h], fade[h]
                for a in range(padded):
                    out[a] += line[a]
                    line[a] *= f
            for a in range(padded):
                x = max(out[a], _ZERO)  # sums less their exceptions may end below zero
                out[a] = x
                all_classes[a] += x


@lean
def _faded(own, since, powers, s, t, day):  # type: ignore[no-untyped-def]
    """Own excitation of s toward t, decayed to a day."""
    line, gone = own[t, s], day - since[t, s]
    if gone > 0:
        left = powers[gone]
        for i in range(len(line)):
            line[i] *= left[i]
        since[t, s] = day


@lean
def _by_class(line, first, sums):  # type: ignore[no-untyped-def]
    """Sums of a line of types by class of response, into ``sums``; class q begins at type ``first[q]``."""
    for q in range(len(sums)):
        x = _ZERO
        for k in range(first[q], first[q + 1]):
            x += line[k]
        sums[q] = x


@lean
def between(own, since, powers, base, first, s, t, day, out, sums):  # type: ignore[no-untyped-def]
    """Rates of s's acts toward t by type, from base, inertia and reciprocity, into ``out``."""
    _faded(own, since, powers, s, t, day)
    line, always = own[t, s], base[t, s]
    for k in range(N_TYPES):
        out[k] = always[k]
    for i in range(0, len(line), N_TYPES):
        for k in range(N_TYPES):
            out[k] += line[i + k]
    _by_class(out, first, sums)


@lean
def hearsay(pasts, sides, theta, heard, partners, foes, first, answer, copies, s, t, voices, out, sums):  # type: ignore[no-untyped-def]
    """Rates of s's acts toward t by type, from what third parties did, into ``out``."""
    n_actors, width = pasts.shape[1], voices.shape[1]
    back = _HALF * partners[t, s]
    out[:] = 0.0
    for copy in range(copies):
        past, side = pasts[copy], sides[copy]
        one, other = past[t, s], past[s, t]  # s toward t, t toward s
        voices[_PARTNERS - HEARD] = 0.0
        voices[_FOES - HEARD] = 0.0
        friends, enemies = voices[_PARTNERS - HEARD], voices[_FOES - HEARD]
        for c in range(n_actors):
            x, y, line = partners[s, c], foes[s, c], past[t, c]
            if x != _ZERO:
                for j in range(width):
                    friends[j] += x * line[j]
            if y != _ZERO:
                for j in range(width):
                    enemies[j] += y * line[j]
        for j in range(width):
            voices[_SENT - HEARD, j] = side[s, 0, j] - one[j]
            voices[_TARGET - HEARD, j] = side[t, 1, j] - one[j]
            voices[_BY_TARGET - HEARD, j] = side[t, 0, j] - other[j]
            voices[_ACTOR - HEARD, j] = side[s, 1, j] - other[j]
            # What t's partners do with t, but for s.
            voices[_RIVAL - HEARD, j] = side[t, 2, j] - back * (one[j] + other[j])
        for c in range(len(voices)):
            strength = theta[HEARD + c, t, s]
            if strength == 0.0:
                continue
            for j in range(0, width, 4):  # four at a time, as each round waits for the sum of the one before
                x0, x1 = strength * max(voices[c, j], _ZERO), strength * max(voices[c, j + 1], _ZERO)
                x2, x3 = strength * max(voices[c, j + 2], _ZERO), strength * max(voices[c, j + 3], _ZERO)
                line0, line1, line2, line3 = heard[c, j], heard[c, j + 1], heard[c, j + 2], heard[c, j + 3]
                if copies == 1:
                    for k in range(N_TYPES):
                        out[k] += (x0 * line0[k] + x1 * line1[k]) + (x2 * line2[k] + x3 * line3[k])
                else:
                    for k in range(N_TYPES):
                        if answer[s, k] == copy:
                            out[k] += (x0 * line0[k] + x1 * line1[k]) + (x2 * line2[k] + x3 * line3[k])
    _by_class(out, first, sums)


@lean
def calmed(calm, damping, scale, i, j, left):  # type: ignore[no-untyped-def]
    """What the pair's recent cooperation leaves of its rates, by class of response, into ``left``."""
    verbal, material = calm[i, j, 0], calm[i, j, 1]
    verbal, material = verbal / (verbal + scale), material / (material + scale)
    for q in range(len(left)):
        left[q] = math.exp(-damping[q, 0] * verbal - damping[q, 1] * material)


@lean
def _answers(kinds, n_kinds, flow, weights, heard, group, quad, trigger, keep, step, kept, answer):  # type: ignore[no-untyped-def]
    """What a dyad's events of the day excite, summed by channel and class and between the two by type, into ``answer``.

    Args:
        kinds: (K) the first n_kinds are the types of which there are events.
        trigger: (M, L) events whose reactions are damped, and keep: (M, K) what is left of them.
    """
    n_taus, own = len(step), len(answer) - 2 * len(step) * N_TYPES
    width = own // len(CHANNELS)
    for i in range(len(answer)):
        answer[i] = _ZERO
    for j in range(n_kinds):
        kind = kinds[j]
        n, line = flow[kind], weights[kind]
        damped = False
        for m in range(len(trigger)):
            if trigger[m, kind]:
                for k in range(N_TYPES):
                    kept[k] = keep[m, k] * (kept[k] if damped else n)
                damped = True
        if not damped:
            for i in range(len(answer)):
                answer[i] += n * line[i]
            continue
        for i in range(2 * n_taus):
            for k in range(N_TYPES):
                x = kept[k] * line[own + i * N_TYPES + k]
                answer[own + i * N_TYPES + k] += x
                answer[(i // n_taus) * width + quad[k] * n_taus + i % n_taus] += x
        for c in range(len(heard)):
            for h in range(n_taus):
                for k in range(N_TYPES):
                    answer[(HEARD + c) * width + quad[k] * n_taus + h] += (
                        kept[k] * step[h] * heard[c, group[kind] * n_taus + h, k]
                    )


@lean
def _excite_own(own, since, powers, theta, answer, reactor, r, s, t, day):  # type: ignore[no-untyped-def]
    """Add what s's events toward t excite between the two, by type, for those who read copy r."""
    for way in range(2):
        a, b, x = (t, s, theta[_BACK, s, t]) if way else (s, t, theta[_OWN, t, s])
        if reactor[a] != r:
            continue
        line = own[b, a]
        more, left = answer[len(answer) - (2 - way) * len(line) :], powers[day + 1 - since[b, a]]
        for i in range(len(line)):
            line[i] = line[i] * left[i] + x * more[i]
        since[b, a] = day + 1


@lean
def _excite_sums(total, pool, theta, partners, near, answer, reactor, r, s, t, edge, friends, enemies):  # type: ignore[no-untyped-def]
    """Add what s's events toward t excite, summed over types, for those who read copy r."""
    width, padded = total.shape[1], total.shape[2]
    forth, back = _HALF * partners[s, t], _HALF * partners[t, s]
    own, returned = answer[:width], answer[width : 2 * width]
    sent, target = answer[_SENT * width : _TARGET * width], answer[_TARGET * width : _BY_TARGET * width]
    by_target, actor = answer[_BY_TARGET * width : _ACTOR * width], answer[_ACTOR * width : _PARTNERS * width]
    told, rival = answer[_PARTNERS * width : _RIVAL * width], answer[_RIVAL * width : _FOES * width]
    warned, here, there = answer[_FOES * width :], total[t], total[s]
    if reactor[s] == r:
        x, y, z = theta[_OWN, t, s], theta[_SENT, t, s], theta[_TARGET, t, s]
        w = theta[_RIVAL, t, s] * back
        for i in range(width):
            edge[i] = x * own[i] - (y * sent[i] + z * target[i] + w * rival[i])
        for i in range(width):
            here[i, s] += edge[i]
    if reactor[t] == r:
        x, y, z = theta[_BACK, s, t], theta[_BY_TARGET, s, t], theta[_ACTOR, s, t]
        w = theta[_RIVAL, s, t] * forth
        for i in range(width):
            edge[i] = x * returned[i] - (y * by_target[i] + z * actor[i] + w * rival[i])
        for i in range(width):
            there[i, t] += edge[i]
    line = pool[r, s, 0]
    for i in range(width):
        line[i] += sent[i]
    line = pool[r, s, 1]
    for i in range(width):
        line[i] += by_target[i]
    line = pool[r, s, 2]
    for i in range(width):
        line[i] += forth * rival[i]
    line = pool[r, t, 2]
    for i in range(width):
        line[i] += back * rival[i]
    line = pool[r, t, 3]
    for i in range(width):
        line[i] += actor[i]
    line = pool[r, t, 4]
    for i in range(width):
        line[i] += target[i]
    near_s, near_t = near[0, s], near[1, s]
    ears, eyes = theta[_PARTNERS, t], theta[_FOES, t]
    for a in range(padded):
        friends[a] = near_s[a] * ears[a]
    for a in range(padded):
        enemies[a] = near_t[a] * eyes[a]
    if len(pool) > 1:
        for a in range(len(reactor)):
            if reactor[a] != r:
                friends[a] = enemies[a] = _ZERO
    for i in range(width):
        x, y, line = told[i], warned[i], here[i]
        for a in range(padded):
            line[a] += x * friends[a] + y * enemies[a]


@lean
def _note(kinds, n_kinds, flow, past, side, cooperation, step, partners, group, calm, trigger, left, copies, s, t):  # type: ignore[no-untyped-def]
    """Add s's events of the day toward t to the histories.

    Args:
        kinds: (K) the first n_kinds are the types of which there are events.
        trigger: (M, L) events whose reactions are damped, and left: (M, S) what is left of them in each copy.
    """
    n_taus = len(step)
    forth, back = _HALF * partners[s, t], _HALF * partners[t, s]
    for i in range(n_kinds):
        kind = kinds[i]
        n = flow[kind]
        if calm[kind] >= 0:
            x = n * step[n_taus // 2]
            cooperation[s, t, calm[kind]] += x
            cooperation[t, s, calm[kind]] += x
        for copy in range(copies):
            for m in range(len(trigger)):
                if trigger[m, kind]:
                    n *= left[m, copy]
            for h in range(n_taus):
                x, j = n * step[h], group[kind] * n_taus + h
                past[copy, t, s, j] += x
                side[copy, s, 0, j] += x
                side[copy, t, 1, j] += x
                side[copy, s, 2, j] += forth * x
                side[copy, t, 2, j] += back * x
            n = flow[kind]


@lean
def _dusk(memory, room, pasts):  # type: ignore[no-untyped-def]
    """Histories fade by a day."""
    wane = room.wane
    for copy in range(pasts):
        past, side = memory.past[copy], memory.side[copy]
        lines = past.reshape(past.size)
        for i in range(len(lines)):
            lines[i] *= wane[i]
        lines = side.reshape(side.size)
        for i in range(len(lines)):
            lines[i] *= wane[i]
    middle, calm = _ONE - room.step[len(room.step) // 2], memory.calm.reshape(memory.calm.size)
    for i in range(len(calm)):
        calm[i] *= middle


@lean
def night(memory, room, model, triggers, draw, keep, left, reactor, copies, pasts, stirred, n_stirred, day):  # type: ignore[no-untyped-def]
    """The day's events (``memory.flow`` of the stirred dyads) are remembered; what was before fades.

    Args:
        triggers: (M, A, A, L) events whose reactions are damped, keep: (M, R, K) and left: (M, S) what is left of them.
    """
    flow, past, side, cooperation, total = memory.flow, memory.past, memory.side, memory.calm, memory.total
    pool, mine, since, powers = memory.pool, memory.own, memory.since, room.powers
    partners, near, group, calm, quad = model.partners, model.near, model.group, model.calm, model.quad
    weights, heard, theta = model.answers[draw], model.heard[draw], model.theta[draw]
    kept, answer, edge, friends, enemies = room.kept, room.answer, room.edge, room.near[0], room.near[1]
    kinds, step = room.kinds, room.step
    _dusk(memory, room, pasts)
    for e in range(n_stirred):
        s, t = stirred[e, 0], stirred[e, 1]
        events, n = flow[s, t], 0
        for k in range(N_TYPES):
            kinds[n] = k
            n += events[k] > _ZERO
        if n == 0:  # nothing came of it, or it was stirred twice
            continue
        trigger = triggers[:, s, t]
        _note(kinds, n, events, past, side, cooperation, step, partners, group, calm, trigger, left, pasts, s, t)
        for r in range(copies):
            _answers(kinds, n, events, weights, heard, group, quad, trigger, keep[:, r], step, kept, answer)
            _excite_own(mine, since, powers, theta, answer, reactor, r, s, t, day)
            _excite_sums(total, pool, theta, partners, near, answer, reactor, r, s, t, edge, friends, enemies)
        for k in range(N_TYPES):
            events[k] = _ZERO
