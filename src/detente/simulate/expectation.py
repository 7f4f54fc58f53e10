"""What is expected of the futures: rates in the place of counts, day by day, chance left out.

Exact where the model does not damp, a mean field near it where it does. A handful of parameter draws is wanted, so this
is numpy's linear algebra in double precision and needs no compilation.
"""

from __future__ import annotations

import numpy as np

from detente.learn.exposures import symmetrise
from detente.simulate.engine import Plan, Watch
from detente.simulate.rates import HEARD, Floats, Law


def expect(law: Law, plan: Plan, watch: Watch, future: int, days: int) -> Floats:
    """Expected events over the horizon under all variants, with a future's parameters and strengths of measures.

    Args:
        law: the model. plan: measures, with the future's row of strengths. watch: what is counted.
        future: whose draw of parameters it is. days: horizon.

    Returns:
        (V, 2, A, A) hostile and conciliatory events by dyad.
    """
    draw, row = future % len(law.base), future - plan.lo
    heard = law.weights[draw, HEARD:][:, :, law.first]  # (C - 2, H, J, K): third parties hear types by group
    table = np.concatenate(
        [law.weights[draw, :HEARD].transpose(0, 2, 1, 3).reshape(-1, heard.shape[-1]),
         heard.transpose(0, 2, 1, 3).reshape(-1, heard.shape[-1])]
    )  # fmt: skip
    return np.stack([_variant(law, plan, watch, table, draw, row, v, days) for v in range(len(plan.pasts))])


def _variant(law: Law, plan: Plan, watch: Watch, table: Floats, draw: int, row: int, v: int, days: int) -> Floats:
    """(2, A, A) of one variant; ``table``: the weights, one row for each exposure."""
    n, n_types = len(law.partners), law.base.shape[-1]
    base, theta, step = law.base[draw], law.theta[draw][..., None], 1.0 - law.fade
    kept, answer, copies = _kept(plan, v, row), plan.answer[v], int(plan.pasts[v])
    left = _left(plan, v, row, copies)
    member = (law.group[:, None] == np.arange(len(law.first))).astype(np.float64)  # (L, J)
    # Own histories by type and those that third parties hear by group: one of each for cells that are damped alike.
    own = np.repeat(law.state[None], copies, 0)
    past = np.einsum("ablh,lj->abjh", law.state, member)[None].repeat(copies, 0)
    calm = law.calm.copy()
    exposed = np.empty((n, n, len(table)))
    total = np.zeros_like(base)
    for day in range(days):
        rate = base.copy()
        for copy in range(copies):
            _expose(law, theta, own[copy], past[copy], exposed)
            more = (exposed.reshape(n * n, -1) @ table).reshape(n, n, n_types)
            rate += more if copies == 1 else more * (answer == copy)[:, None]
        if law.calms:
            z = calm / (calm + law.scale)
            rate *= np.exp(-z @ law.damping[draw].T)[..., law.quad]
        flow = symmetrise(rate * kept)
        total += flow
        for e in range(plan.added_first[v, day], plan.added_first[v, day + 1]):
            share = plan.added_share[row, plan.part[e]]
            flow[plan.source[e], plan.target[e], plan.type[e]] += share * plan.weight[e]
        for copy in range(copies):
            heeded = flow * left[copy]
            own[copy] *= law.fade
            own[copy] += heeded[..., None] * step
            past[copy] *= law.fade
            past[copy] += (heeded @ member)[..., None] * step
        both = flow + flow.swapaxes(0, 1)
        calm *= law.fade[law.middle]
        calm += step[law.middle] * np.stack([both[..., law.calm_of == g].sum(-1) for g in (0, 1)], -1)
    sorts = np.stack([total[..., watch.sort == i].sum(-1) for i in (0, 1)])
    return sorts * watch.pair


def _expose(law: Law, theta: Floats, own: Floats, past: Floats, out: Floats) -> None:
    """What every dyad is exposed to through each channel, times how much it heeds the channel, into ``out`` (A, A, X);
    as :func:`detente.learn.exposures.channels`, but with third parties' types by group."""
    n, back = len(past), past.swapaxes(0, 1)
    width, wide = own[0, 0].size, past[0, 0].size
    sent, received = past.sum(1), past.sum(0)
    between = 0.5 * law.partners[:, :, None, None] * (past + back)
    flat = past.reshape(n, -1)
    third = (
        sent[:, None] - past,
        received[None, :] - past,
        sent[None, :] - back,
        received[:, None] - back,
        (law.partners @ flat).reshape(past.shape),
        between.sum(1)[None, :] - between.swapaxes(0, 1),
        (law.foes @ flat).reshape(past.shape),
    )
    at = 2 * width
    np.multiply(own.reshape(n, n, width), theta[0], out=out[..., :width])
    np.multiply(own.swapaxes(0, 1).reshape(n, n, width), theta[1], out=out[..., width:at])
    for c, x in enumerate(third, start=HEARD):
        np.multiply(x.reshape(n, n, wide), theta[c], out=out[..., at : at + wide])
        at += wide


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
