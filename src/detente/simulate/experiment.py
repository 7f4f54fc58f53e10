"""Running futures: on threads or on a cluster, resumable after a kill, never more than whole.

An :class:`Experiment` is all that decides a future: the model, the measures, what is watched, the seed. A
:class:`Record` is what has been counted so far. Every number in it is a sum of whole numbers or belongs to one future,
so it is the same whoever ran which futures in which order.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from importlib import import_module
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detente.errors import ScenarioError
from detente.simulate import engine, sketch
from detente.simulate.plan import Plans
from detente.simulate.rates import Model

Floats = NDArray[np.floating[Any]]
Progress = Callable[[int, int], object]

WEEK: Final = 7
_CHUNK: Final = 50  # futures a task, at most
_SAVE: Final = 20.0  # seconds between savings of what is done
_AHEAD: Final = 4  # tasks a core of a cluster that wait their turn


@dataclass(frozen=True)
class Experiment:
    """All that decides a future.

    Args:
        model: for the random futures. plans: measures of all variants. watch: what is counted. seed: of all luck.
        variants: number of sets of measures. days: horizon. actors: number.
    """

    model: Model
    plans: Plans
    watch: engine.Watch
    seed: int
    variants: int
    days: int
    actors: int

    def run(self, lo: int, hi: int) -> engine.Counts:
        """What was counted in futures lo to hi."""
        out = engine.Counts.zeros(self.variants, hi - lo, self.days, self.actors)
        engine.run(self.model, self.plans.at(lo, hi), self.watch, self.seed, lo, hi, out)
        return out

    def key(self) -> str:
        """A name that no other experiment has."""
        digest = hashlib.sha256()
        for part in (self.model, self.plans.plan, self.watch):
            for value in part:
                digest.update(np.ascontiguousarray(value).tobytes())
        for value in (self.plans.names, self.plans.low, self.plans.high):
            digest.update(value.tobytes())
        digest.update(repr((self.plans.removed, self.plans.damped, self.seed, self.variants, self.days)).encode())
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Record:
    """What has been counted, by variant (V) and future (F).

    Args:
        done: (F) futures that are in it.
        hostile, conciliatory: (V, F) events over the horizon. worst, worst_pair: (V, F), (V, F, 2) heaviest window of
            one pair. calm: (V, F) first day of the first calm. peak: (V, F) day that ends the week with most hostile
            events. capped: (V, F) pair-days at the bound on counts.
        cells: (V, A, A, K) twice the events, summed over futures.
        days, weeks, running: histograms (V, T, B) of hostile events by day, by week, and since the start.
        dyads: (V, 2 A A, B) of twice the events by sort and dyad, types: (V, K, B).
        daily, by_dyad, by_type: full paths, (V, F, 2, T), (V, F, 2, A, A), (V, F, K), where they are kept; the
            histograms are then left out.
    """

    done: NDArray[np.bool_]
    hostile: NDArray[np.int32]
    conciliatory: NDArray[np.int32]
    worst: Floats
    worst_pair: NDArray[np.int16]
    calm: NDArray[np.int16]
    peak: NDArray[np.int16]
    capped: NDArray[np.int32]
    cells: NDArray[np.int64]
    days: NDArray[np.int32]
    weeks: NDArray[np.int32]
    running: NDArray[np.int32]
    dyads: NDArray[np.int32]
    types: NDArray[np.int32]
    daily: NDArray[np.int32]
    by_dyad: NDArray[np.int32]
    by_type: NDArray[np.int32]

    @classmethod
    def empty(cls, v: int, f: int, t: int, a: int, paths: bool) -> Record:
        """Room for v variants, f futures, t days, a actors."""
        k = len(engine.Counts.zeros(1, 1, 1, 1).types[0, 0])
        kept, sketched = (f, 0) if paths else (0, v)

        def histograms(n: int) -> NDArray[np.int32]:
            return np.zeros((sketched, n, sketch.BUCKETS), np.int32)

        return cls(
            done=np.zeros(f, bool),
            hostile=np.zeros((v, f), np.int32),
            conciliatory=np.zeros((v, f), np.int32),
            worst=np.zeros((v, f)),
            worst_pair=np.zeros((v, f, 2), np.int16),
            calm=np.zeros((v, f), np.int16),
            peak=np.zeros((v, f), np.int16),
            capped=np.zeros((v, f), np.int32),
            cells=np.zeros((v, a, a, k), np.int64),
            days=histograms(t),
            weeks=histograms(t // WEEK),
            running=histograms(t),
            dyads=histograms(2 * a * a),
            types=histograms(k),
            daily=np.zeros((v, kept, 2, t), np.int32),
            by_dyad=np.zeros((v, kept, 2, a, a), np.int32),
            by_type=np.zeros((v, kept, k), np.int32),
        )

    @property
    def paths(self) -> bool:
        """Whether full paths are kept."""
        return not len(self.days)

    def add(self, lo: int, counts: engine.Counts) -> None:
        """Add futures from lo on."""
        n = counts.worst.shape[1]
        here = slice(lo, lo + n)
        totals = counts.daily.sum(3, dtype=np.int32)
        self.hostile[:, here], self.conciliatory[:, here] = totals[:, :, 0], totals[:, :, 1]
        for name in ("worst", "worst_pair", "calm", "capped"):
            getattr(self, name)[:, here] = getattr(counts, name)
        self.cells[:] += counts.cells
        hostile = counts.daily[:, :, 0]
        running = np.cumsum(hostile, axis=2, dtype=np.int32)
        week = running.copy()
        week[:, :, WEEK:] -= running[:, :, :-WEEK]
        self.peak[:, here] = week.argmax(2) + 1
        if self.paths:
            self.daily[:, here], self.by_dyad[:, here], self.by_type[:, here] = counts.daily, counts.dyads, counts.types
        else:
            for v in range(len(hostile)):
                sketch.tally(hostile[v], self.days[v])
                sketch.tally(running[v], self.running[v])
                sketch.tally(np.ascontiguousarray(week[v, :, WEEK - 1 :: WEEK]), self.weeks[v])
                sketch.tally(counts.dyads[v].reshape(n, -1), self.dyads[v])
                sketch.tally(counts.types[v], self.types[v])
        self.done[here] = True

    def whole(self) -> Record:
        """The record itself, if all its futures are done.

        Raises:
            ScenarioError: some are not.
        """
        if not self.done.all():
            raise ScenarioError(
                f"Only {int(self.done.sum())} of {len(self.done)} futures are done; a part is not reported as the "
                "whole. Run it again with the same folder to resume."
            )
        return self

    def save(self, path: Path, key: str) -> None:
        """Write it to a file in one step: a kill leaves the old file or the new one."""
        part = path.with_suffix(".part")
        with part.open("wb") as out:
            np.savez_compressed(out, key=np.array(key), **{f.name: getattr(self, f.name) for f in fields(self)})
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)

    @classmethod
    def load(cls, path: Path, key: str) -> Record:
        """Read a file that :meth:`save` wrote.

        Raises:
            ScenarioError: it is damaged, or of another experiment.
        """
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                if str(file["key"]) != key:
                    raise ScenarioError(
                        f"{path} holds another experiment (another model, measures, size or seed); "
                        "give another folder, or remove it."
                    )
                return cls(**{f.name: file[f.name] for f in fields(cls)})
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ScenarioError(f"{path} cannot be read ({error}); remove it to start anew.") from error


def carry_out(
    experiment: Experiment,
    futures: int,
    *,
    paths: bool,
    workers: int,
    cluster: Any = None,
    resume: str | Path | None = None,
    progress: Progress | None = None,
) -> Record:
    """Run all futures of an experiment.

    Args:
        futures: number. paths: keep full paths. workers: threads, where there is no cluster.
        cluster: address of a Dask scheduler (``tcp://...``) or a client of one; needs ``detente[cluster]``.
        resume: folder, new or empty, where what is done is kept: what the experiment is from the start, futures every
            20 seconds, at the end, and when the run is interrupted. A run of the same experiment in the same folder
            goes on from there.
        progress: called with the number of futures done and of all, first with what was there at the start.

    Returns:
        The record, whole.

    Raises:
        ScenarioError: the folder holds another experiment or other things, or the cluster cannot be used.
    """
    record, file, key = None, None, ""
    if resume is not None:
        file, key = _place(Path(resume)), f"{experiment.key()} {futures} {paths}"
        record = Record.load(file, key) if file.exists() else None
    if record is None:
        record = Record.empty(experiment.variants, futures, experiment.days, experiment.actors, paths)
        if file:  # from now on the folder takes no other experiment, even if this one is killed at once
            record.save(file, key)
    report = progress or (lambda done, of: None)
    report(int(record.done.sum()), futures)
    tasks = list(_tasks(record.done, workers))
    if not tasks:
        return record.whole()
    saved = monotonic()
    results = (
        _on_cluster(experiment, tasks, cluster) if cluster is not None else _on_threads(experiment, tasks, workers)
    )
    try:
        for lo, counts in results:
            record.add(lo, counts)
            report(int(record.done.sum()), futures)
            if file and monotonic() - saved > _SAVE:
                record.save(file, key)
                saved = monotonic()
    finally:
        results.close()
        if file:
            record.save(file, key)
    return record.whole()


def _place(folder: Path) -> Path:
    """The file in which a run is kept; its folder is made.

    Raises:
        ScenarioError: it holds other things and no run, or cannot be made.
    """
    file = folder / "futures.npz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted(p.name for p in folder.iterdir() if p != file.with_suffix(".part"))
    except OSError as error:
        raise ScenarioError(f"{folder}: cannot keep a run there ({error.strerror}); give another folder.") from error
    if others and file.name not in others:
        raise ScenarioError(
            f"{folder} holds other things ({', '.join(others[:3])}) and no run; give an empty or a new folder."
        )
    return file


def _tasks(done: NDArray[np.bool_], workers: int) -> Iterator[tuple[int, int]]:
    """Stretches of futures that are not done."""
    missing = np.flatnonzero(~done)
    size = int(np.clip(len(missing) // (4 * workers), 1, _CHUNK))
    for part in np.split(missing, np.flatnonzero(np.diff(missing) != 1) + 1):
        for first in range(0, len(part), size):
            piece = part[first : first + size]
            yield int(piece[0]), int(piece[-1]) + 1


def _on_threads(
    experiment: Experiment, tasks: list[tuple[int, int]], workers: int
) -> Generator[tuple[int, engine.Counts], None, None]:
    """Results in order; no more than a few wait to be counted."""
    rest = iter(tasks)
    with ThreadPoolExecutor(workers) as pool:

        def submit(n: int) -> list[tuple[int, Future[engine.Counts]]]:
            return [(task[0], pool.submit(experiment.run, *task)) for task in islice(rest, n)]

        waiting = deque(submit(2 * workers))
        try:
            while waiting:
                lo, future = waiting.popleft()
                counts = future.result()
                waiting.extend(submit(1))
                yield lo, counts
        finally:  # whoever stopped listening does not wait for the rest
            for _, future in waiting:
                future.cancel()


def _on_cluster(
    experiment: Experiment, tasks: list[tuple[int, int]], cluster: Any
) -> Generator[tuple[int, engine.Counts], None, None]:
    """Results from the workers of a Dask cluster as they come."""
    try:
        distributed: Any = import_module("distributed")  # here, as few need it
    except ImportError:
        raise ScenarioError("A cluster needs the package distributed: pip install 'detente[cluster]'.") from None
    own = isinstance(cluster, str)
    try:
        client = distributed.Client(cluster, timeout=20) if own else cluster
    except (OSError, TimeoutError, ValueError) as error:
        raise ScenarioError(f"No Dask scheduler answers at {cluster} ({error}); check the address.") from error
    try:
        cores = sum(client.nthreads().values())
        if not cores:
            raise ScenarioError(f"The cluster at {cluster} has no workers; start some, or leave 'cluster' out.")
        (shared,) = client.scatter([experiment], broadcast=True, hash=False)
        rest = iter(tasks)

        def submit(task: tuple[int, int]) -> Any:
            return client.submit(_piece, shared, *task, pure=False)

        waiting = distributed.as_completed([submit(task) for task in islice(rest, _AHEAD * cores)])
        for future in waiting:
            found = future.result()
            if (task := next(rest, None)) is not None:
                waiting.add(submit(task))
            yield found
    finally:
        if own:
            client.close()


def _piece(experiment: Experiment, lo: int, hi: int) -> tuple[int, engine.Counts]:
    """One task, as a worker of a cluster does it."""
    return lo, experiment.run(lo, hi)
