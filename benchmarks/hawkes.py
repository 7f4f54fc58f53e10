"""The plain Hawkes process against other libraries, one thread, in one run: likelihood, fit and simulation.

    pip install --group peers
    python benchmarks/hawkes.py [--events 1000000] [--types 20] [--repeats 5] [--exact]

A peer that is not installed is skipped, and the reason is said. Before anything is timed, all sides must give the same
log-likelihood to six digits at two sets of parameters. Fits begin at the same values; a peer that ends lower has been
given the shorter way, and ``--exact`` has intensify go on. tick's likelihood is maximised by scipy's L-BFGS-B, as
intensify does it. Each side gets the events in the form it takes, made beforehand. Times are CPU seconds, medians.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from detente.learn import Hawkes

Floats = np.ndarray
DIGITS = 1e-6


def truth(n_types: int, seed: int) -> Hawkes:
    """A process in which three in ten types set off another, and each event sets off 0.6 others."""
    rng = np.random.default_rng(seed)
    excitation = rng.gamma(0.5, 1, (n_types, n_types)) * (rng.random((n_types, n_types)) < 0.3)
    excitation *= 0.6 / np.abs(np.linalg.eigvals(excitation)).max()
    return Hawkes(rng.uniform(0.3, 1, n_types), excitation, 1.5)


def timed(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Median CPU seconds and the last result; one run before is not counted."""
    result, spent = work(), []
    for _ in range(repeats):
        begun = time.process_time()
        result = work()
        spent.append(time.process_time() - begun)
    return statistics.median(spent), result


def peer(name: str) -> Any:
    """A peer's module, or nothing and the reason on the screen."""
    try:
        return import_module(name)
    except ImportError as error:
        print(f"{name}: skipped, {error}. Remedy: pip install --group peers")
        return None


def same(name: str, theirs: float, ours: float) -> None:
    """End the run unless two log-likelihoods agree."""
    if not abs(theirs - ours) <= DIGITS * abs(ours):
        raise SystemExit(f"{name}: log-likelihood {theirs} differs from {ours}; nothing was timed.")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--types", type=int, default=20)
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--exact", action="store_true")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    threadpool_limits(1)
    warnings.simplefilter("ignore")

    d = given.types
    model = truth(d, given.seed)
    beta = model.decay
    rate = np.linalg.solve(np.eye(d) - model.excitation, model.base).sum()
    end = given.events / rate
    times, types = model.simulate(end, given.seed)
    n = len(times)
    lists = [np.ascontiguousarray(times[types == k]) for k in range(d)]
    start = Hawkes(0.5 * np.bincount(types) / end, np.full((d, d), 0.5 / d), beta)
    print(f"{n:,} events of {d} types, decay {beta}, window {end:,.0f}\n")

    intensify, tick = peer("intensify"), peer("tick.hawkes")
    engine = peer("hawkes_engine")
    if tick is not None:
        try:  # a tick that lacks a package that it does not declare fails only here
            tick.ModelHawkesExpKernLogLik(beta)
        except AttributeError as error:
            print(f"tick: skipped, {error}. Remedy: pip install numpydoc six")
            tick = None

    def flat(of: Hawkes) -> Floats:
        return np.concatenate([of.base, of.excitation.ravel()])

    evaluations: dict[str, Callable[[Hawkes], float]] = {
        "detente": lambda of: of.gradient(times, types, end=end)[0],
    }
    if intensify is not None:
        rust = import_module("intensify._rust")._ext.likelihood.MvExpRecursiveLogLik(lists, end, beta)
        slope = np.zeros(d + d * d)
        evaluations["intensify"] = lambda of: -rust.loss_and_grad(flat(of), slope)
    if tick is not None:

        def by_tick(of: Hawkes) -> float:
            # A new model each time: tick keeps the decayed sums of a model's events, and the others do not.
            fresh = tick.ModelHawkesExpKernLogLik(beta)
            fresh.fit(lists, end_times=end)
            return float(-n * fresh.loss_and_grad(flat(of))[0] - d * end)  # tick integrates the rate less one

        evaluations["tick"] = by_tick
    if engine is not None:
        few = types.astype(np.uint8)
        evaluations["hawkes-engine"] = lambda of: float(
            engine.loglik(times, few, of.base, of.excitation * beta, np.full(d, beta), end, grad=True,
                          shared_decay=True)["value"]
        )  # fmt: skip
    for where in (model, start):
        ours = evaluations["detente"](where)
        for name, evaluate in evaluations.items():
            same(name, evaluate(where), ours)
    print(f"Log-likelihood and gradient at the same parameters ({ours:.6f} at the start, equal to six digits)")
    base = 0.0
    for name, evaluate in evaluations.items():
        spent, _ = timed(lambda evaluate=evaluate: evaluate(model), given.repeats)
        base = base or spent
        print(f"  {name:24} {spent:8.4f} s  {spent / n * 1e9:7.1f} ns an event  {spent / base:6.1f} times ours")

    fits: dict[str, Callable[[], float]] = {
        "detente": lambda: Hawkes.fit(times, types, decay=beta, end=end).loglik or 0.0,
    }
    if intensify is not None:
        estimation = import_module("intensify.core.inference.mle").MLEInference

        def by_intensify(tolerance: float) -> float:
            kernels = [[intensify.ExponentialKernel(a, beta) for a in row] for row in start.excitation]
            process = intensify.MultivariateHawkes(n_dims=d, mu=start.base.tolist(), kernel=kernels)
            # Its own figure is that of the optimum; the parameters it returns are moved after, to be stable.
            return float(estimation(tol=tolerance).fit(process, lists, end, fit_decay=False).log_likelihood)

        fits["intensify, as it comes"] = lambda: by_intensify(1e-5)
        if given.exact:
            fits["intensify, to the end"] = lambda: by_intensify(1e-10)
    if tick is not None:

        def by_tick_fit(tolerance: float) -> float:
            # tick's own solvers end in an error or after minutes here; its likelihood under intensify's optimiser.
            fresh = tick.ModelHawkesExpKernLogLik(beta)
            fresh.fit(lists, end_times=end)
            bounds, options = [(1e-8, None)] * (d + d * d), {"ftol": tolerance, "maxiter": 5000}
            found = minimize(
                fresh.loss_and_grad, flat(start), jac=True, method="L-BFGS-B", bounds=bounds, options=options
            )
            return float(-n * found.fun - d * end)

        fits["tick, L-BFGS-B"] = lambda: by_tick_fit(1e-9)
    print("\nFit at a given decay, from the same start")
    base, best = 0.0, 0.0
    for name, fit in fits.items():
        spent, reached = timed(fit, given.repeats)
        if not base:
            base, best = spent, reached
        digits = "the same" if abs(reached - best) <= DIGITS * abs(best) else f"{best - reached:.1f} nats lower"
        print(f"  {name:24} {spent:8.3f} s  {spent / base:6.1f} times ours  log-likelihood {reached:.2f}, {digits}")

    simulations: dict[str, Callable[[], int]] = {"detente": lambda: len(model.simulate(end, 7)[0])}
    if engine is not None:
        decays = np.full((d, d), beta)
        for method in ("cluster", "thinning"):
            simulations[f"hawkes-engine, {method}"] = lambda method=method: len(
                engine.simulate(model.base, model.excitation * beta, decays, end, seed=7, method=method)[0]
            )
    if intensify is not None:
        sampler = import_module("intensify._rust")._ext.simulation.simulate_mv_exp_hawkes
        simulations["intensify"] = lambda: sum(map(len, sampler(end, model.base, model.excitation.ravel(), beta, 7)))
    if tick is not None:

        def by_tick_simulation() -> int:
            drawn = tick.SimuHawkesExpKernels(model.excitation, beta, model.base, end_time=end, seed=7, verbose=False)
            drawn.simulate()
            return int(drawn.n_total_jumps)

        simulations["tick"] = by_tick_simulation
    print("\nSimulation of the same process")
    pace = 0.0
    for name, simulate in simulations.items():
        spent, drawn = timed(simulate, given.repeats)
        if not abs(drawn - n) < 0.02 * n:
            raise SystemExit(f"{name}: {drawn:,} events, where {n:,} are to be expected.")
        pace = pace or drawn / spent
        print(f"  {name:24} {drawn / spent / 1e6:8.2f} million events a second  ours {pace * spent / drawn:6.1f} times")


if __name__ == "__main__":
    main()
