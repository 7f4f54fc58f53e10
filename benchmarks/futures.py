"""Futures per second of the engine, against the same model written plainly in numpy, in one run.

    python benchmarks/futures.py [--futures 400] [--days 60] [--actors 12] [--peer-futures 40]

The model is the shipped prior for its busiest actors, from the day after its data end. The peer draws numpy's own
random numbers, so the two are compared by the distribution of each future's hostile and conciliatory totals
(Kolmogorov-Smirnov) and by the exact expectation.
"""

from __future__ import annotations

import argparse
import time
from datetime import timedelta

import numpy as np
from scipy import stats

from detente.codebook import event_type, is_hostile
from detente.learn import prior
from detente.learn.exposures import channels, symmetrise
from detente.learn.model import Fit
from detente.simulate import catalogue, compare, engine, simulate

Floats = np.ndarray


def plain(fit: Fit, days: int, futures: int, seed: int) -> Floats:
    """(futures, 2) hostile and conciliatory totals: one day after another, all cells at once, nothing clever."""
    rng = np.random.default_rng(seed)
    n, hostile = len(fit.actors), np.array([is_hostile(k) for k in fit.types])
    symmetric = np.array([event_type(k).symmetric for k in fit.types])
    upper = np.triu(np.ones((n, n), dtype=bool), 1)
    fade = np.exp(-1.0 / fit.taus)
    out = np.zeros((futures, 2))
    for f in range(futures):
        draw = f % len(fit.draws)
        base = fit.draws.base[draw][..., None] * fit.base
        state = fit.state.astype(np.float64)
        month = 0.0
        for day in range(days):
            exposed = channels(state, fit.partners)
            rate = base.copy()
            for c, weights in enumerate(fit.draws.weights[draw]):
                for h, by_tau in enumerate(weights):
                    rate += fit.draws.theta[draw, c][..., None] * (exposed[c, ..., h] @ by_tau)
            # One cell for both directions of a type without direction, in the upper triangle.
            rate = np.where(symmetric, np.where(upper[..., None], rate + rate.swapaxes(0, 1), 0.0), rate)
            phi = fit.over_dispersion(rate.sum(2) + rate.sum(2).T)
            shock = np.triu(rng.gamma(1 / phi, phi), 1)
            shock += shock.T
            if day % 30 == 0:
                month = rng.normal()
            sd = fit.volume_sd
            volume = np.exp(sd[0] * month + sd[1] * rng.normal() - (sd[0] ** 2 + sd[1] ** 2) / 2)
            luck = rng.random(rate.shape)
            x = np.minimum(rate * shock[..., None], engine.CAP)
            real = stats.poisson.ppf(luck, x)
            reported = stats.poisson.ppf(luck, np.minimum(x * volume, engine.CAP))
            real, reported = (np.where(x > 0, np.maximum(y, 0.0), 0.0) for y in (real, reported))
            out[f] += reported[..., hostile].sum(), reported[..., ~hostile].sum()
            real = symmetrise(real)
            state = fade * state + (1.0 - fade) * real[..., None]
    return out


def main() -> None:
    """Run both and print the table."""
    arguments = argparse.ArgumentParser(description="Futures per second, against plain numpy.")
    for name, value in (("futures", 400), ("days", 60), ("actors", 12), ("peer-futures", 40), ("seed", 7)):
        arguments.add_argument(f"--{name}", type=int, default=value)
    o = arguments.parse_args()
    whole = prior()
    busy = np.argsort(-(whole.mean.sum((1, 2)) + whole.mean.sum((0, 2))))[: o.actors]
    fit = whole.select([whole.actors[i] for i in sorted(busy)])
    start = fit.end + timedelta(days=1)
    size = {"start": start, "days": o.days, "seed": o.seed}
    sides = ([a for a in ("JPN", "KOR", "USA") if a in fit.actors], ["PRK"])
    measures = [m.between(*sides) for m in catalogue()]

    began = time.perf_counter()
    simulate(fit, futures=1, workers=1, **size)
    print(f"compilation or its cache: {time.perf_counter() - began:.1f} s")

    began = time.process_time()
    ours = simulate(fit, futures=o.futures, workers=1, **size)
    seconds = time.process_time() - began
    began = time.process_time()
    peer = plain(fit, o.days, o.peer_futures, o.seed)
    peer_seconds = time.process_time() - began
    events = float((ours.hostile + ours.conciliatory).sum(1).mean())
    print(f"{o.actors} actors, {len(fit.types)} types, {o.days} days, {events / o.days:.0f} events a day, one thread")
    print(f"{'engine':8} {o.futures / seconds:10.1f} futures/s  (with the exact expectation)")
    print(f"{'numpy':8} {o.peer_futures / peer_seconds:10.1f} futures/s")
    print(f"{'ratio':8} {o.futures / seconds * peer_seconds / o.peer_futures:10.1f}")
    for i, (name, daily) in enumerate((("hostile", ours.hostile), ("conciliatory", ours.conciliatory))):
        totals = daily.sum(1)
        p = stats.ks_2samp(totals, peer[:, i]).pvalue
        exact = ours.expected[:, i].sum((1, 2)).mean()
        means = f"mean {totals.mean():.0f} (numpy {peer[:, i].mean():.0f}, exact {exact:.0f})"
        print(f"{name}: {means}, same distribution: p = {p:.2f}")

    for workers in (1, 2):
        began, busy = time.perf_counter(), time.process_time()
        compare(fit, measures, futures=o.futures, workers=workers, **size)
        seconds, busy = time.perf_counter() - began, time.process_time() - busy
        head = f"{len(measures)} measures and none, {o.futures} futures, {workers} thread(s)"
        print(f"{head}: {seconds:.1f} s, {busy:.1f} s of processor time")


if __name__ == "__main__":
    main()
