"""Futures per second of the engine, against the same model written plainly in numpy, in one run.

    python benchmarks/futures.py [--futures 2000] [--days 30] [--actors 21] [--peer-futures 40]
    python benchmarks/futures.py --days 90 --actors 30                        what a comparison takes
    python benchmarks/futures.py --many 1000000 [--days 30] [--actors 12]     memory of very many futures
    python benchmarks/futures.py --stable 10000                               a year, at every draw of the parameters

The model is the shipped prior for its busiest actors, from the day after its data end. The peer draws numpy's own
random numbers, so the two are compared by the distribution of each future's hostile and conciliatory totals
(Kolmogorov-Smirnov). The shares of the limit that the last lines name are worked out in docs/measured.md.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import replace
from datetime import timedelta

import numpy as np
from scipy import stats

from detente.actors import state_codes
from detente.codebook import QUADS, event_type, is_hostile, quad
from detente.learn import prior
from detente.learn.exposures import channels, damped, symmetrise
from detente.learn.model import Fit
from detente.simulate import Live, catalogue, compare, simulate
from detente.simulate.futures import Setting
from detente.simulate.luck import CAP
from detente.simulate.volume import spread

Floats = np.ndarray


def plain(fit: Fit, days: int, futures: int, seed: int) -> Floats:
    """(futures, 2) hostile and conciliatory totals: one day after another, all cells at once, nothing clever."""
    rng = np.random.default_rng(seed)
    n, hostile = len(fit.actors), np.array([is_hostile(k) for k in fit.types])
    symmetric = np.array([event_type(k).symmetric for k in fit.types])
    upper = np.triu(np.ones((n, n), dtype=bool), 1)
    fade, quads = np.exp(-1.0 / fit.taus), np.array([QUADS.index(quad(k)) for k in fit.types])
    sort, sd = (~hostile).astype(int), spread(fit)
    centre = (sd**2).sum(0) / 2
    out = np.zeros((futures, 2))
    for f in range(futures):
        draw = f % len(fit.draws)
        base = fit.draws.base[draw][..., None] * fit.base
        state = fit.state.astype(np.float64)
        month, drift = np.zeros(2), np.zeros((n, n, 2))
        for day in range(days):
            exposed = channels(state, fit.partners, fit.foes)
            rate = base.copy()
            for c, weights in enumerate(fit.draws.weights[draw]):
                for h, by_tau in enumerate(weights):
                    rate += fit.draws.theta[draw, c][..., None] * (exposed[c, ..., h] @ by_tau)
            rate *= damped(state, fit.draws.damping[draw], fit.damping_scale)[..., quads]
            # One cell for both directions of a type without direction, in the upper triangle.
            rate = np.where(symmetric, np.where(upper[..., None], rate + rate.swapaxes(0, 1), 0.0), rate)
            phi = fit.over_dispersion(rate.sum(2) + rate.sum(2).T)
            shock = np.triu(rng.gamma(1 / phi, phi), 1)
            shock += shock.T
            if day % 30 == 0:
                month, drift = rng.normal(size=2), rng.normal(size=(n, n, 2)) * upper[..., None]
                drift += drift.swapaxes(0, 1)
            volume = np.exp(sd[0] * month + sd[1] * rng.normal(size=2) + sd[2] * drift - centre)[..., sort]
            luck = rng.random(rate.shape)
            x = np.minimum(rate * shock[..., None], CAP)
            real = stats.poisson.ppf(luck, x)
            reported = stats.poisson.ppf(luck, np.minimum(x * volume, CAP))
            real, reported = (np.where(x > 0, np.maximum(y, 0.0), 0.0) for y in (real, reported))
            out[f] += reported[..., hostile].sum(), reported[..., ~hostile].sum()
            real = symmetrise(real)
            state = fade * state + (1.0 - fade) * real[..., None]
    return out


def busiest(actors: int) -> Fit:
    """The shipped prior for its busiest actors; where it has too few, its quietest stand in once more, renamed."""
    whole = prior()
    busy = np.argsort(-(whole.mean.sum((1, 2)) + whole.mean.sum((0, 2))))
    chosen = [whole.actors[i] for i in sorted(busy[:actors])]
    again = [whole.actors[i] for i in busy[::-1][: max(actors - len(busy), 0)]]
    others = sorted(state_codes() - set(whole.actors))
    return replace(whole.select([*chosen, *again]), actors=(*chosen, *others[: len(again)]))


def speed(o: argparse.Namespace) -> None:
    """Futures per second, the same distribution as the plain version, and the whole catalogue."""
    fit = busiest(o.actors)
    size = {"start": fit.end + timedelta(days=1), "days": o.days, "seed": o.seed}
    began = time.perf_counter()
    simulate(fit, futures=1, workers=1, **size)
    print(f"compilation or its cache: {time.perf_counter() - began:.1f} s")
    began = time.process_time()
    ours = simulate(fit, futures=o.futures, workers=1, expectations=1, **size)
    seconds = time.process_time() - began
    kernel = Setting.of(fit, [("none", ())], size["start"], o.days, o.seed, None, None).experiment
    stretches = []
    for _ in range(20):
        began = time.process_time()
        kernel.run(0, 100)
        stretches.append((time.process_time() - began) / 100)
    began = time.process_time()
    peer = plain(fit, o.days, o.peer_futures, o.seed)
    peer_seconds = time.process_time() - began
    events = float((ours.hostile_total + ours.conciliatory_total).mean()) / o.days
    pairs = o.actors * (o.actors - 1) // 2
    print(f"{o.actors} actors, {len(fit.types)} types, {o.days} days, {events:.0f} events a day, one thread")
    median, best = 1 / float(np.median(stretches)), 1 / min(stretches)
    print(f"kernel {median:8.1f} futures/s of processor time, median of {len(stretches)}; best {best:.1f}")
    print(f"call   {o.futures / seconds:8.1f} futures/s (one expectation among it)")
    ratio = o.futures / seconds * peer_seconds / o.peer_futures
    print(f"numpy  {o.peer_futures / peer_seconds:8.1f} futures/s, ratio {ratio:.0f}")
    for i, (name, totals) in enumerate((("hostile", ours.hostile_total), ("conciliatory", ours.conciliatory_total))):
        p = stats.ks_2samp(totals, peer[:, i]).pvalue
        print(f"{name}: mean {totals.mean():.0f} (numpy {peer[:, i].mean():.0f}), same distribution: p = {p:.2f}")
    day = 1 / median / o.days
    print(
        f"a day of a future: {day * 1e6:.1f} us, "
        f"{day / pairs * 1e9:.0f} ns a pair or {day / events * 1e9:.0f} ns an event"
    )

    sides = ([a for a in ("JPN", "KOR", "USA") if a in fit.actors], ["PRK"])
    measures = [m.between(*sides) for m in catalogue()][: o.measures]
    for workers in (1, 2):
        began, busy = time.perf_counter(), time.process_time()
        compare(fit, measures, futures=o.futures, workers=workers, **size)
        seconds, busy = time.perf_counter() - began, time.process_time() - busy
        head = f"{len(measures)} measures and none, {o.futures} futures, {workers} thread(s)"
        print(f"{head}: {seconds:.1f} s, {busy:.1f} s of processor time")

    live = Live(fit, **size)
    began = time.perf_counter()
    answer = live.answer(measures[:1], budget=0.8)
    print(f"live, budget 0.8 s: {answer.futures} futures in {time.perf_counter() - began:.2f} s")


def many(o: argparse.Namespace) -> None:
    """Memory and time of very many futures without full paths."""
    fit = busiest(o.actors)
    size = {"start": fit.end + timedelta(days=1), "days": o.days, "seed": o.seed, "expectations": 1}
    simulate(fit, futures=100, paths=False, **size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began = time.process_time()
    found = simulate(fit, futures=o.many, paths=False, **size)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(found)} futures: {time.process_time() - began:.0f} s of processor time")
    print(f"peak memory of the process {after:.0f} MB, {before:.0f} MB of it before")


def stable(o: argparse.Namespace) -> None:
    """A year under every draw of the parameters."""
    fit = busiest(o.actors)
    found = simulate(
        fit, start=fit.end + timedelta(days=1), days=365, futures=o.stable, seed=o.seed, paths=False, expectations=1
    )
    total = found.hostile_total
    months = found.fan(step=1)["median"].to_numpy()[:360].reshape(12, 30).mean(1)
    print(found.stability())
    print(f"largest total of {len(found)} futures: {total.max() / np.median(total):.1f} times the median")
    print("median hostile events a day by month:", " ".join(f"{m:.0f}" for m in months))
    print(f"pair-days at the bound: {found.capped.sum()}, in {(found.capped > 0).sum()} futures")


def main() -> None:
    """Run what was asked."""
    arguments = argparse.ArgumentParser(description="Futures per second, against plain numpy.")
    for name, value in (
        ("futures", 2000), ("days", 30), ("actors", 21), ("peer-futures", 40), ("seed", 7), ("measures", 8),
        ("many", 0), ("stable", 0),
    ):  # fmt: skip
        arguments.add_argument(f"--{name}", type=int, default=value)
    o = arguments.parse_args()
    (many if o.many else stable if o.stable else speed)(o)


if __name__ == "__main__":
    main()
