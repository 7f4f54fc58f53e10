"""What a future remembers, and the rates that follow from it: the compiled inner part of the engine.

Dyad arrays are ordered [target, source], so that all that one event changes lies close together. All that fades is kept
as it was worth on the day of the last renewal: a new event is written larger by as much as it would since have faded.
So nothing is touched on a day on which nothing happens to it.
"""

# Compiled functions carry no types of their own: numba finds them.
from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from detente.learn.model import CHANNELS
from detente.simulate.lanes import (
    WIDTH,
    aligned,
    folded,
    gathered,
    increase,
    lowest,
    marks,
    pick,
    positive,
    put,
    take,
    zeros,
)
from detente.simulate.luck import inner, lean
from detente.simulate.rates import GROUP, HEARD, N_TYPES, Floats, Model

_OWN, _BACK, _SENT, _TARGET, _BY_TARGET, _ACTOR, _PARTNERS, _RIVAL, _FOES = range(len(CHANNELS))
_AGE: Final = 30  # most days between renewals
_ZERO, _HALF = np.float32(0.0), np.float32(0.5)  # single, as a double would widen what it meets


class Memory(NamedTuple):
    """What a future remembers.

    Args:
        total: (A, H, P) excitation of a dyad summed over response types, less what the pools hold of it in excess.
        pool: (A, 2, 16) excitation by what an actor sent and received, for all dyads that hear it, laid out as the
            first two lines of :attr:`detente.simulate.rates.Model.answers`.
        own: (A, A, H, K) excitation by inertia and reciprocity; heeded: the same, less what measures damp of it,
            where they do.
        past: (S, A, A, J) history by dyad. The first of S copies is whole; the others are less what measures damp for
            the cells that share the copy.
        calm: (A, A, 2) cooperation of the pair [i, j], i below j.
        flow: (A, A, K) events of the day, by source and target.
    """

    total: Floats
    pool: Floats
    own: Floats
    heeded: Floats
    past: Floats
    calm: Floats
    flow: Floats


class Room(NamedTuple):
    """Today's rates, and room to work in.

    Args:
        whole: (A, P) rate of a dyad over all types, and pooled: (5, P) excitation by what each actor sent, received as
            target, passed with partners, sent as heard by its targets, received as actor.
        left: (N, H) share of an excitation left so many days after the renewal; left_line: (N, 16) the same for the
            lines of pools, left_past: (N, J) for histories. more, more_line, more_past: the inverse.
        direct, mutual: (K) what an event adds to its dyad and to the other way round. eye: (A, P) identity.
        edge: (8, 16), voice: (C - 2, J), heard: (3, 16): room.
    """

    whole: Floats
    pooled: Floats
    left: Floats
    left_line: Floats
    left_past: Floats
    more: Floats
    more_line: Floats
    more_past: Floats
    direct: Floats
    mutual: Floats
    eye: Floats
    edge: Floats
    voice: Floats
    heard: Floats


def room(model: Model, pasts: int) -> tuple[Memory, Room]:
    """Memory and room for variants with up to so many copies of histories."""
    n_actors, padded = model.base_sum.shape[1:]
    n_taus, jh, like = len(model.fade), model.start_past.shape[2], model.fade.dtype
    memory = Memory(
        total=zeros((n_actors, n_taus, padded), like),
        pool=zeros((n_actors, 2, WIDTH), like),
        own=zeros((n_actors, n_actors, n_taus, N_TYPES), like),
        heeded=zeros((n_actors, n_actors, n_taus, N_TYPES), like),
        past=zeros((pasts, n_actors, n_actors, jh), like),
        calm=zeros((n_actors, n_actors, 2), like),
        flow=zeros((n_actors, n_actors, N_TYPES), like),
    )
    # Numbers must not grow out of range between renewals.
    fade = model.fade.astype(np.float64)
    days = int(np.clip(40.0 / -np.log(fade.min()), 1, _AGE))
    left = fade ** np.arange(days + 1)[:, None]
    line = np.ones((days + 1, WIDTH))
    line[:, : n_taus * GROUP] = np.repeat(left, GROUP, axis=1)
    history = np.tile(left, jh // n_taus + 1)[:, :jh]
    return memory, Room(
        whole=zeros((n_actors, padded), like),
        pooled=zeros((5, padded), like),
        left=aligned(left, like),
        left_line=aligned(line, like),
        left_past=aligned(history, like),
        more=aligned(1.0 / left, like),
        more_line=aligned(1.0 / line, like),
        more_past=aligned(1.0 / history, like),
        direct=np.where(model.symmetric, 0.5, 1.0).astype(like),
        mutual=np.where(model.symmetric, 0.5, 0.0).astype(like),
        eye=aligned(np.eye(n_actors, padded), like),
        edge=zeros((8, WIDTH), like),
        voice=zeros((len(CHANNELS) - HEARD, jh), like),
        heard=zeros((3, N_TYPES), like),
    )


@lean
def begin(memory, model, draw, pasts):  # type: ignore[no-untyped-def]
    """Memory as it is on the eve of the first day."""
    total, own, past, start_past = memory.total, memory.own, memory.past, model.start_past
    for i in range(0, total.size, WIDTH):
        put(total, i, take(model.start_sum, draw * total.size + i))
    for i in range(0, own.size, WIDTH):
        line = take(model.start, draw * own.size + i)
        put(own, i, line)
        if pasts > 1:
            put(memory.heeded, i, line)
    for copy in range(pasts):
        for i in range(0, start_past.size, WIDTH):
            put(past, copy * start_past.size + i, take(start_past, i))
    memory.pool[:] = _ZERO
    memory.flow[:] = _ZERO
    n_actors = len(memory.calm)
    for i in range(n_actors):
        for j in range(n_actors):
            memory.calm[i, j, 0], memory.calm[i, j, 1] = model.start_calm[i, j, 0], model.start_calm[i, j, 1]


@lean
def renew(memory, room, middle, pasts):  # type: ignore[no-untyped-def]
    """Write everything as what it is worth when it is time to."""
    total, pool, own, heeded, past = memory.total, memory.pool, memory.own, memory.heeded, memory.past
    n_taus, padded, width, age = own.shape[2], total.shape[2], past.shape[3], len(room.left) - 1
    for i in range(0, total.size, WIDTH):
        put(total, i, take(total, i) * room.left[age, i // padded % n_taus])
    line = take(room.left_line, age * WIDTH)
    for i in range(0, pool.size, WIDTH):
        put(pool, i, take(pool, i) * line)
    for i in range(0, own.size, WIDTH):
        left = room.left[age, i // WIDTH % n_taus]
        put(own, i, take(own, i) * left)
        if pasts > 1:
            put(heeded, i, take(heeded, i) * left)
    for j in range(0, width, WIDTH):
        line = take(room.left_past, age * width + j)
        for i in range(j, pasts * past[0].size, width):
            put(past, i, take(past, i) * line)
    for i in range(len(memory.calm)):
        for j in range(len(memory.calm)):
            memory.calm[i, j, 0] *= room.left[age, middle]
            memory.calm[i, j, 1] *= room.left[age, middle]


@lean
def dawn(memory, room, model, draw, age):  # type: ignore[no-untyped-def]
    """Today's rates of all dyads, before damping."""
    total, pool, whole, pooled, edge = memory.total, memory.pool, room.whole, room.pooled, room.edge
    base, theta, left = model.base_sum, model.theta, room.left
    n_actors, n_taus, padded = total.shape
    dyads, fade = n_actors * padded, take(room.left_line, age * WIDTH)
    for a in range(n_actors):
        put(edge, 0, folded(take(pool, 2 * a * WIDTH) * fade))
        put(edge, WIDTH, folded(take(pool, (2 * a + 1) * WIDTH) * fade))
        pooled[0, a], pooled[1, a], pooled[2, a] = edge[0, 1], edge[0, 2], edge[0, 3]
        pooled[3, a], pooled[4, a] = edge[1, 1], edge[1, 2]
    for t in range(n_actors):
        for s in range(0, padded, WIDTH):
            at = draw * len(CHANNELS) * dyads + t * padded + s
            x = take(base, draw * dyads + t * padded + s)
            x = x + take(theta, at + _SENT * dyads) * take(pooled, s)
            x = x + take(theta, at + _ACTOR * dyads) * take(pooled, 4 * padded + s)
            x = x + take(theta, at + _TARGET * dyads) * pooled[1, t]
            x = x + take(theta, at + _BY_TARGET * dyads) * pooled[3, t]
            x = x + take(theta, at + _RIVAL * dyads) * pooled[2, t]
            for h in range(n_taus):
                x = x + take(total, (t * n_taus + h) * padded + s) * left[age, h]
            put(whole, t * padded + s, positive(x))  # sums less their exceptions may end below zero


@inner
def between(own, base, draw, left, age, s, t):  # type: ignore[no-untyped-def]
    """Rates of s's acts toward t by type, from base, inertia and reciprocity."""
    n_actors, n_taus = own.shape[0], own.shape[2]
    dyad = t * n_actors + s
    line = take(base, (draw * n_actors * n_actors + dyad) * N_TYPES)
    for h in range(n_taus):
        line = line + take(own, (dyad * n_taus + h) * N_TYPES) * left[age, h]
    return line


@lean
def hearsay(past, partners, foes, theta, heard, left_past, voice, draw, copy, age, s, t, out):  # type: ignore[no-untyped-def]
    """Rates of s's acts toward t by type, from what third parties did, with one of the copies of the histories.

    Args:
        voice: (C - 2, J), room. out: (K) line to write to.
    """
    n_actors, width, n_heard = past.shape[1], past.shape[3], len(CHANNELS) - HEARD
    first = copy * n_actors * n_actors
    for j in range(0, width, WIDTH):
        fade = take(left_past, age * width + j)
        sent = fade * _ZERO
        target, by_target, actor, friends, rival, enemies = sent, sent, sent, sent, sent, sent
        for a in range(n_actors):
            if a != t:
                sent = sent + take(past, (first + a * n_actors + s) * width + j)
                actor = actor + take(past, (first + s * n_actors + a) * width + j)
            if a != s:
                done = take(past, (first + a * n_actors + t) * width + j)
                suffered = take(past, (first + t * n_actors + a) * width + j)
                by_target = by_target + done
                target = target + suffered
                rival = rival + (done + suffered) * (_HALF * partners[t, a])
                friends = friends + suffered * partners[s, a]
                enemies = enemies + suffered * foes[s, a]
        put(voice, (_SENT - HEARD) * width + j, sent * fade * theta[draw, _SENT, t, s])
        put(voice, (_TARGET - HEARD) * width + j, target * fade * theta[draw, _TARGET, t, s])
        put(voice, (_BY_TARGET - HEARD) * width + j, by_target * fade * theta[draw, _BY_TARGET, t, s])
        put(voice, (_ACTOR - HEARD) * width + j, actor * fade * theta[draw, _ACTOR, t, s])
        put(voice, (_PARTNERS - HEARD) * width + j, friends * fade * theta[draw, _PARTNERS, t, s])
        put(voice, (_RIVAL - HEARD) * width + j, rival * fade * theta[draw, _RIVAL, t, s])
        put(voice, (_FOES - HEARD) * width + j, enemies * fade * theta[draw, _FOES, t, s])
    none, rows = take(left_past, age * width) * _ZERO, draw * n_heard * width
    out0, out1, out2, out3 = none, none, none, none  # each round would wait for the sum of the one before
    for c in range(n_heard):
        for j in range(0, width, 4):
            at = (rows + c * width + j) * N_TYPES
            out0 = out0 + take(heard, at) * voice[c, j]
            out1 = out1 + take(heard, at + N_TYPES) * voice[c, j + 1]
            out2 = out2 + take(heard, at + 2 * N_TYPES) * voice[c, j + 2]
            out3 = out3 + take(heard, at + 3 * N_TYPES) * voice[c, j + 3]
    put(out, 0, (out0 + out1) + (out2 + out3))


@inner
def _add(array, at, line):  # type: ignore[no-untyped-def]
    """Add a line to that which begins ``at`` numbers into an array."""
    put(array, at, take(array, at) + line)


@lean
def _heed(heeded, past, flow, model, more, more_past, triggers, draw, stays, heeds, pasts, kind, s, t, age):  # type: ignore[no-untyped-def]
    """As :func:`_digest`, for events of a type, less what measures damp."""
    answers, notes, theta = model.answers, model.notes, model.theta
    n_actors, n_taus, width, n = len(heeded), heeded.shape[2], past.shape[3], flow[s, t, kind]
    at = (draw * N_TYPES + kind) * answers.shape[2] + 3 * WIDTH
    for way in range(2):
        a, b = (t, s) if way else (s, t)  # a reacts toward b
        strength = theta[draw, way, b, a]
        for h in range(n_taus):
            line = take(answers, at + (way * n_taus + h) * N_TYPES) * (more[age, h] * n * strength)
            for m in range(len(triggers)):
                if triggers[m, s, t, kind]:
                    line = line * take(stays, (m * n_actors + a) * N_TYPES)
            _add(heeded, ((b * n_actors + a) * n_taus + h) * N_TYPES, line)
    for copy in range(1, pasts):
        left = n
        for m in range(len(triggers)):
            if triggers[m, s, t, kind]:
                left *= heeds[m, copy]
        for j in range(0, width, WIDTH):
            line = take(notes, kind * width + j) * take(more_past, age * width + j) * left
            _add(past, ((copy * n_actors + t) * n_actors + s) * width + j, line)


@inner
def _digest(memory, room, model, triggers, draw, stays, heeds, pasts, s, t, age, at):  # type: ignore[no-untyped-def]
    """Remember s's events of the day toward t; what they add to the totals of the two and of those who hear of them is
    left in ``room.edge``: three lines."""
    pool, own, flow, calm, past = memory.pool, memory.own, memory.flow, memory.calm, memory.past
    theta, answers, edge, more = model.theta, model.answers, room.edge, room.more
    lanes, notes = model.lanes, model.notes
    n_actors, n_taus, padded = memory.total.shape
    width, wide, dyads = past.shape[3], answers.shape[2], n_actors * padded
    nothing, events = take(lanes, 0) * _ZERO, (s * n_actors + t) * N_TYPES
    kinds = marks(take(flow, events))
    if kinds == 0:
        for i in range(3):
            put(edge, at + i * WIDTH, nothing)
        return
    first, row = (t * n_actors + s) * width, draw * N_TYPES * wide
    cooperation = model.step[model.middle] * pick(more, age * n_taus + model.middle)
    pair = (min(s, t) * n_actors + max(s, t)) * 2
    done, suffered, news = nothing, nothing, nothing
    here, there = (t * n_actors + s) * n_taus * N_TYPES, (s * n_actors + t) * n_taus * N_TYPES
    toward = (draw * len(CHANNELS) * n_actors + t) * padded + s  # of theta: s toward t
    back = (draw * len(CHANNELS) * n_actors + s) * padded + t
    heed, heed_back = pick(theta, toward + _OWN * dyads), pick(theta, back + _BACK * dyads)
    while kinds:
        kind = lowest(kinds)
        kinds &= kinds - 1
        n, i = pick(flow, events + kind), row + kind * wide
        done = done + take(answers, i) * n
        suffered = suffered + take(answers, i + WIDTH) * n
        news = news + take(answers, i + 2 * WIDTH) * n
        i += 3 * WIDTH
        for h in range(n_taus):
            x = pick(more, age * n_taus + h) * n
            _add(own, here + h * N_TYPES, take(answers, i + h * N_TYPES) * (x * heed))
            _add(own, there + h * N_TYPES, take(answers, i + (n_taus + h) * N_TYPES) * (x * heed_back))
        for j in range(0, width, WIDTH):
            _add(past, first + j, take(notes, kind * width + j) * take(room.more_past, age * width + j) * n)
        increase(calm, pair, n * cooperation * pick(model.verbal, kind))
        increase(calm, pair + 1, n * cooperation * pick(model.material, kind))
        if pasts > 1:
            _heed(
                memory.heeded, past, flow, model, more, room.more_past, triggers, draw, stays, heeds, pasts, kind, s, t,
                age,
            )  # fmt: skip
    put(flow, events, nothing)
    # Sums over all that hear it, and less what the two themselves do not hear of it that way.
    onward, returned = _HALF * pick(model.partners, s * n_actors + t), _HALF * pick(model.partners, t * n_actors + s)
    growth = take(room.more_line, age * WIDTH)
    done, suffered = done * growth, suffered * growth
    head, one, two, rival = take(lanes, 0), take(lanes, WIDTH), take(lanes, 2 * WIDTH), take(lanes, 3 * WIDTH)
    _add(pool, 2 * s * WIDTH, done * (one + rival * onward))
    _add(pool, (2 * s + 1) * WIDTH, suffered * one)
    _add(pool, 2 * t * WIDTH, done * (two + rival * returned))
    _add(pool, (2 * t + 1) * WIDTH, suffered * two)
    line = head * heed - one * pick(theta, toward + _SENT * dyads) - two * pick(theta, toward + _TARGET * dyads)
    line = line - rival * (pick(theta, toward + _RIVAL * dyads) * returned)
    put(edge, at, gathered(done * line))
    line = head * heed_back - one * pick(theta, back + _BY_TARGET * dyads) - two * pick(theta, back + _ACTOR * dyads)
    line = line - rival * (pick(theta, back + _RIVAL * dyads) * onward)
    put(edge, at + WIDTH, gathered(suffered * line))
    put(edge, at + 2 * WIDTH, news * growth)


@lean
def night(memory, room, model, triggers, draw, stays, heeds, pasts, stirred, n, age):  # type: ignore[no-untyped-def]
    """The day's events (``memory.flow``) of the first n stirred pairs are remembered, to be read on the next day.

    Args:
        triggers: (M, A, A, L) events whose reactions are damped, stays: (M, A, K) and heeds: (M, S) what is left of
            them.
    """
    total, theta, near, edge = memory.total, model.theta, model.near, room.edge
    n_actors, n_taus, padded = total.shape
    dyads = n_actors * padded
    for e in range(n):
        i, j = stirred[e, 0], stirred[e, 1]
        for way in range(2):
            s, t = (j, i) if way else (i, j)
            _digest(memory, room, model, triggers, draw, stays, heeds, pasts, s, t, age, way * 3 * WIDTH)
        put(edge, 6 * WIDTH, take(edge, 0) + take(edge, 4 * WIDTH))
        put(edge, 7 * WIDTH, take(edge, 3 * WIDTH) + take(edge, WIDTH))
        for way in range(2):
            s, t = (j, i) if way else (i, j)
            ears = (draw * len(CHANNELS) * n_actors + t) * padded
            for a in range(0, padded, WIDTH):
                friends = take(near, s * padded + a) * take(theta, ears + _PARTNERS * dyads + a)
                enemies = take(near, dyads + s * padded + a) * take(theta, ears + _FOES * dyads + a)
                itself = take(room.eye, s * padded + a)
                for h in range(n_taus):
                    news = (3 * way + 2) * WIDTH + h * GROUP
                    line = friends * pick(edge, news) + enemies * pick(edge, news + 1)
                    line = line + itself * pick(edge, (6 + way) * WIDTH + h * GROUP)
                    _add(total, (t * n_taus + h) * padded + a, line)
