"""How fast the web desk answers many readers while an import runs.

    python benchmarks/web.py                           # a million events, 50 readers, 60 seconds
    python benchmarks/web.py --rows 200000 --seconds 20 --think 0 --keep /tmp/desk

    python benchmarks/web.py --what-if DESK            # from a moved slider to the drawn answer, 90 days

Sightings are made up (benchmarks/ask.py). The server and the import are processes of their own; readers share one, each
with a connection of its own, and ask Events with facets drawn at random, waiting ``--think`` seconds in between.
Prints one JSON object; times in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic, perf_counter, sleep
from urllib.parse import urlencode
from urllib.request import urlopen

import polars as pl

import detente

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmarks.ask import chunks

TYPES = ("CONSULT", "ACCUSE", "ASSAULT", "COERCE", "SUPPORT", "AGREE", "MOBILIZE", "THREATEN")


def fill(path: Path, rows: int, seed: int, piece: int) -> None:
    """Put made-up sightings onto a desk, a piece stored for good at a time."""
    store = detente.open(path).store
    for chunk in chunks(rows, seed):
        for part in chunk.iter_slices(piece):
            store.add_sightings([part], dataset="made up", file=f"{seed}.csv", sha256=f"{seed}-{part['key'][0]}")


def address(rng: random.Random, actors: list[str]) -> str:
    """A page of Events as a reader asks it: mostly one or two facets, mostly the first pages."""
    asked: list[tuple[str, str]] = []
    if rng.random() < 0.7:
        asked.append(("actor", rng.choice(actors)))
    if rng.random() < 0.3:
        asked.append(("other", rng.choice(actors)))
    if rng.random() < 0.4:
        asked.append(("type", rng.choice(TYPES)))
    if rng.random() < 0.3:
        asked.append(("since", f"{rng.randint(2014, 2022)}-0{rng.randint(1, 9)}-01"))
    return "/events?" + urlencode(asked)


async def reader(port: int, until: float, think: float, actors: list[str], seed: int) -> list[tuple[float, int, int]]:
    """Seconds, status and bytes of each answer until the time is up."""
    rng = random.Random(seed)
    out = []
    await asyncio.sleep(rng.random() * max(think, 0.2))
    source, sink = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    while monotonic() < until:
        began = perf_counter()
        sink.write(f"GET {address(rng, actors)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        head = await source.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
        await source.readexactly(length)
        out.append((perf_counter() - began, status, length))
        await asyncio.sleep(min(30.0, rng.expovariate(1 / think)) if think else 0)
    sink.close()
    return out


async def readers(port: int, n: int, seconds: float, think: float, actors: list[str]) -> list[tuple[float, int, int]]:
    until = monotonic() + seconds
    found = await asyncio.gather(*(reader(port, until, think, actors, seed) for seed in range(n)))
    return [one for each in found for one in each]


def main() -> None:
    """Make the desk, serve it, read it while it grows."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=1_000_000, help="sightings on the desk")
    asked.add_argument("--more", type=int, default=1_000_000, help="sightings that the import brings meanwhile")
    asked.add_argument("--readers", type=int, default=50)
    asked.add_argument("--seconds", type=float, default=60.0)
    asked.add_argument("--think", type=float, default=1.0, help="mean seconds between an answer and the next question")
    asked.add_argument("--keep", type=Path, help="where the desk is kept; made where it is not there yet")
    asked.add_argument("--what-if", type=Path, metavar="DESK", help="time the slider of What if on a desk instead")
    asked.add_argument("--fill", type=int, help=argparse.SUPPRESS)
    how = asked.parse_args()
    if how.what_if:
        print(json.dumps(slider(how.what_if), indent=1))
        return
    if how.fill:
        fill(how.keep, how.more, how.fill, 250_000)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = how.keep or Path(folder) / "desk"
        if not path.exists():
            fill(path, how.rows, 7, 1_000_000)
        desk = detente.open(path)
        actors = desk.actors(most=40)
        before = desk.store.sightings().select(pl.len()).collect().item()
        print(json.dumps(measured(how, path, actors, before), indent=1))


def slider(path: Path) -> dict[str, object]:
    """Seconds from a changed strength to the answer with its figures drawn, and until the first answer of all."""
    served, port = serving(path)
    home = f"http://127.0.0.1:{port}/whatif?measure=hotline&days=90&strength-hotline="
    try:
        began, pages = perf_counter(), 1
        while "Refresh" in urlopen(home + "50").headers:
            pages += 1
            sleep(0.5)
        first = perf_counter() - began
        times, futures = [], []
        for share in (5, 20, 35, 65, 80, 95):
            began = perf_counter()
            with urlopen(f"{home}{share}") as answer:
                text = answer.read().decode()
            times.append(perf_counter() - began)
            futures.append(int(re.search(r"([\d,]+) futures\.</p>", text)[1].replace(",", "")))  # type: ignore[index]
    finally:
        served.send_signal(signal.SIGINT)
        served.wait()
    return {
        "first answer": round(first, 1),
        "pages that said how far it was": pages - 1,
        "change to picture": [round(one, 2) for one in times],
        "futures": futures,
    }


def serving(path: Path) -> tuple[subprocess.Popen[str], int]:
    """A server of a desk, and its port."""
    served = subprocess.Popen(
        [sys.executable, "-m", "detente", "web", "--desk", str(path), "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert served.stdout
    return served, int(re.search(r":(\d+)/", served.stdout.readline())[1])  # type: ignore[index]


def measured(how: argparse.Namespace, path: Path, actors: list[str], before: int) -> dict[str, object]:
    served, port = serving(path)
    began = perf_counter()
    with urlopen(f"http://127.0.0.1:{port}/events") as answer:  # the first one takes the record in
        answer.read()
    first = perf_counter() - began
    importing = subprocess.Popen(
        [sys.executable, __file__, "--fill", str(os.getpid()), "--keep", str(path), "--more", str(how.more)]
    )
    try:
        found = asyncio.run(readers(port, how.readers, how.seconds, how.think, actors))
        running = importing.poll() is None
    finally:
        importing.wait()
        served.send_signal(signal.SIGINT)
        served.wait()
    times = pl.Series([seconds * 1000 for seconds, *_ in found])
    after = detente.open(path).store.sightings().select(pl.len()).collect().item()
    return {
        "sightings before": before,
        "brought by the import": after - before,
        "import still running at the end": running,
        "readers": how.readers,
        "seconds": how.seconds,
        "think": how.think,
        "first answer": round(first * 1000),
        "answers": len(found),
        "errors": sum(status != 200 for _, status, _ in found),
        "p50": round(times.quantile(0.5) or 0, 1),
        "p95": round(times.quantile(0.95) or 0, 1),
        "p99": round(times.quantile(0.99) or 0, 1),
        "slowest": round(times.max() or 0, 1),  # type: ignore[arg-type]
        "kilobytes a page": round(sum(length for *_, length in found) / max(1, len(found)) / 1000),
    }


if __name__ == "__main__":
    main()
