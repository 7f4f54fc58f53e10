"""Loading event data, against what Polars needs to read the same file and write it as Parquet, in the same run.

    python benchmarks/load.py icews FILE [--times 5]      # an ICEWS file into a fresh desk
    python benchmarks/load.py gdelt [--rows 1000000]      # made-up GDELT rows, streamed; peak memory of the load
    python benchmarks/load.py fuzz [--files 1000]         # damaged files of every format that make a load crash

Times are medians; wall time and processor time are given, for on a busy machine only the second is comparable. The
GDELT file has the 61 columns of GDELT 2.0, uniformly drawn fields with the lengths of real ones, a twentieth of the
rows without actors; it is deleted afterwards. Each load of it runs in a process of its own, whose peak memory is read
from the kernel.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

from detente.errors import LoadError
from detente.load import load, sightings
from detente.record import Store

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.event_files import mutated  # noqa: E402

_STATES = (
    "USA",
    "CHN",
    "RUS",
    "JPN",
    "KOR",
    "PRK",
    "IND",
    "PAK",
    "GBR",
    "FRA",
    "DEU",
    "TUR",
    "IRN",
    "AUS",
    "PHL",
    "VNM",
)
_FIPS = ("US", "CH", "RS", "JA", "KS", "KN", "IN", "PK", "UK", "FR", "GM", "TU", "IR", "AS", "RP", "VM")
_TYPES = ("GOV", "MIL", "COP", "BUS", "CVL", "", "", "")
_CODES = ("010", "020", "036", "040", "042", "043", "051", "111", "112", "138", "173", "190", "193")


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def told(name: str, ours: list[tuple[float, float]], bare: list[tuple[float, float]]) -> None:
    """Print medians and their ratios."""
    wall, processor = (median(t[i] for t in ours) for i in (0, 1))
    bare_wall, bare_processor = (median(t[i] for t in bare) for i in (0, 1))
    print(
        f"{name}: {wall:.2f} s wall, {processor:.2f} s processor; "
        f"Polars alone {bare_wall:.2f} s, {bare_processor:.2f} s; "
        f"ratio {wall / bare_wall:.2f} wall, {processor / bare_processor:.2f} processor"
    )


def icews(file: Path, times: int) -> None:
    """An ICEWS file into a desk, validated and resolved."""
    ours, bare = [], []
    with tempfile.TemporaryDirectory() as folder:
        for at in range(times + 1):
            desk = Store(Path(folder) / f"desk{at}")
            mine = timed(lambda desk=desk: load(desk, "icews", file))  # type: ignore[misc]
            other = timed(lambda: pl.read_csv(file).write_parquet(Path(folder) / "bare.parquet"))
            if at:  # the first turn warms up
                ours.append(mine)
                bare.append(other)
            shutil.rmtree(desk.path)
    told(file.name, ours, bare)


def made(path: Path, rows: int) -> None:
    """Write made-up rows of GDELT 2.0, some at a time."""
    rng = np.random.default_rng(1)
    with path.open("w", encoding="utf-8") as out:
        for start in range(0, rows, 50_000):
            size = min(50_000, rows - start)
            whole, real = rng.integers(0, 1 << 30, (size, 12)).tolist(), rng.random((size, 5)).tolist()
            out.write("\n".join(_line(start + at, whole[at], real[at]) for at in range(size)) + "\n")


def _line(at: int, n: list[int], x: list[float]) -> str:
    day = 20240101 + n[0] % 28 + 100 * (n[1] % 12)
    nobody = n[2] % 20 == 0
    actors = []
    for who in (3, 4):
        land, kind = ("", "") if nobody else (_STATES[n[who] % 16], _TYPES[n[who] // 16 % 8])
        actors.append(f"{land}{kind}\tNAME {n[who] % 3000}\t{land}\t\t\t\t\t{kind}\t\t")
    code, fips = _CODES[n[5] % 13], _FIPS[n[6] % 16]
    geo = (
        f"4\tPlace {n[7] % 5000}, Region {n[7] % 50}, Land\t{fips}\t{fips}{n[7] % 30:02d}\t{n[7] % 90000}\t"
        f"{x[0] * 180 - 90:.4f}\t{x[1] * 360 - 180:.4f}\t{n[7] % 3000000 - 1500000}"
    )
    articles = 1 + n[8] % 20
    fields = (
        f"{500_000_000 + at}\t{day}\t{day // 100}\t{day // 10000}\t{2024 + x[2]:.4f}",
        *actors,
        f"{n[8] & 1}\t{code}\t{code[:3]}\t{code[:2]}\t{1 + n[9] % 4}\t{x[3] * 20 - 10:.1f}",
        f"{articles}\t1\t{articles}\t{x[4] * 10 - 5:.14f}",
        *(geo, geo, geo),
        f"{day}000000\thttps://www.outlet{n[10] % 9000}.com/news/{n[9]}/{n[11]}.html",
    )
    return "\t".join(fields)


def gdelt(rows: int) -> None:
    """Made-up GDELT rows into a desk, streamed."""
    folder = Path(tempfile.mkdtemp(prefix="detente-load-"))
    try:
        file = folder / "made.export.CSV"
        made(file, rows)
        print(f"{rows:,} rows, {file.stat().st_size / 1e9:.2f} GB")
        bare, ours = [], []
        for _ in range(3):
            bare.append(_alone(["bare", str(file), str(folder / "bare.parquet")])[:2])
            *mine, peak = _alone(["one", str(file), str(folder / "desk")])
            ours.append((mine[0], mine[1]))
            shutil.rmtree(folder / "desk")
        told("GDELT", ours, bare)
        print(f"peak memory of the load: {peak / 1e9:.2f} GB")
    finally:
        shutil.rmtree(folder)


def _alone(arguments: list[str]) -> tuple[float, float, float]:
    run = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True)
    wall, processor, peak = (float(word) for word in run.stdout.split()[-3:])
    return wall, processor, peak


def fuzz(files: int) -> None:
    """Damaged files of every format."""
    crashed, refused, rows, rejected = 0, 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        for name, data in mutated(files, seed=random.Random(7).randrange(1 << 30)):
            path.write_bytes(data)
            try:
                for chunk in sightings(path):
                    rows += chunk.frame.height
                    rejected += len(chunk.rejects)
            except LoadError:
                refused += 1
            except Exception as error:
                crashed += 1
                print(f"{name}: {type(error).__name__}: {str(error)[:200]}")
    print(f"{files} damaged files: {crashed} crashed, {refused} refused, {rows} rows read, {rejected} lines rejected")


def main() -> None:
    """Run a benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("icews", "gdelt", "fuzz", "one", "bare"))
    parser.add_argument("files_", nargs="*", metavar="FILE")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=1000)
    given = parser.parse_args()
    if given.what == "icews":
        icews(Path(given.files_[0]), given.times)
    elif given.what == "gdelt":
        gdelt(given.rows)
    elif given.what == "fuzz":
        fuzz(given.files)
    else:
        file, out = given.files_
        if given.what == "one":
            spent = timed(lambda: load(Store(out), "gdelt", file))
        else:
            table = pl.scan_csv(file, separator="\t", has_header=False, quote_char=None)
            spent = timed(lambda: table.sink_parquet(out))
        print(*spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    main()
