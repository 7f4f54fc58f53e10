"""What a stranger waits for: help, the first brief of the sample, the second one.

    python benchmarks/first_use.py

Each time is given with its ratio to a bare interpreter start in the same run, because machines differ and are shared.
The first brief uses a new desk and an empty cache of compiled functions; the repeat uses what the first one left.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def run(command: list[str], folder: Path, **env: str) -> tuple[float, float]:
    """Wall and CPU seconds of one command."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=folder, env=os.environ | env, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, cpu


def main() -> None:
    """Measure and print."""
    python, detente = sys.executable, [sys.executable, "-m", "detente"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = {"NUMBA_CACHE_DIR": str(folder / "numba")}
        bare = statistics.median(run([python, "-c", "pass"], folder)[1] for _ in range(7))
        rows = {
            "detente --help": [run([*detente, "--help"], folder) for _ in range(7)],
            "detente brief --sample, first": [run([*detente, "brief", "--sample"], folder, **env)],
            "detente brief --sample, repeat": [run([*detente, "brief", "--sample"], folder, **env) for _ in range(3)],
        }
        size = (folder / "brief.html").stat().st_size
    print(f"{os.cpu_count()} cores; bare interpreter {bare:.3f} s of CPU")
    print(f"{'':32s} {'wall s':>8s} {'CPU s':>8s} {'times bare':>11s}")
    for label, times in rows.items():
        wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"{label:32s} {wall:8.2f} {cpu:8.2f} {cpu / bare:11.0f}")
    print(f"brief.html {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
