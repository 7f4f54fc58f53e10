"""Kill writers of a desk at random moments, and count what is lost or doubled.

    python benchmarks/kills.py --kills 200 --seed 7

A writer stores reports and sightings, compacts now and then, and says after each writing what is stored for good. It is
killed (SIGKILL) at a random moment; then the desk is opened as anybody would, and compared with what was said to be
stored. Writers are forked from a process that has imported everything but used no thread yet, so a kill costs
milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from datetime import date as Date
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("POLARS_MAX_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import polars as pl

from detente.errors import DetenteWarning
from detente.events import Event, Party, Reading, Report, Speaker
from detente.record import SIGHTINGS, Store, compact
from detente.record.doctor import doctor

NOON = datetime(2024, 7, 1, 12)
LONGEST = 0.4  # seconds that a writer lives at most
Counts = dict[str, int]


def reading(number: int) -> Reading:
    """A report with two events."""
    name = f"r{number}"
    party = Party(code="PRK", name="North Korea", kind="state")
    events = tuple(
        Event(
            id=f"{name}:{n}",
            report=name,
            type="ACCUSE",
            cameo="111",
            quad="verbal conflict",
            source=(party,),
            target=(),
            reciprocal=False,
            domain=None,
            modality="asserted",
            date="2024-06-30",
            date_precision="day",
            date_from="text",
            speakers=(Speaker(None, "Reporter", "author"),),
            sentence="North Korea criticised.",
            span=(0, 1),
            trigger=(0, 1),
            confidence=0.5,
        )
        for n in range(2)
    )
    return Reading(Report(id=name, text=f"Text {number}.", published=Date(2024, 6, 30)), events)


def sightings(first: int, rows: int) -> pl.DataFrame:
    """Sightings with running keys."""
    plain: dict[str, Any] = dict.fromkeys(SIGHTINGS) | {"dataset": "test", "source": "PRK", "target": "KOR"}
    full = [
        plain | {"key": first + n, "day": Date(2020, 1, 1) + timedelta((first + n) % 900), "same": n, "reports": 1}
        for n in range(rows)
    ]
    frame = pl.DataFrame(full, schema=SIGHTINGS, orient="row")
    return frame.with_columns(
        known="day", last_day="day", original=pl.struct(pl.col("key").cast(pl.String).alias("id"))
    )


def write(desk: str, number: int, dice: random.Random, says: int) -> None:
    """Store one thing after another, and say so after each, until the end comes."""
    store = Store(desk)
    while True:
        number += 1
        if dice.random() < 0.5:
            store.add([reading(number)], NOON)
            os.write(says, f"report {number}\n".encode())
        elif dice.random() < 0.9:
            chunks = (sightings(number * 100 + part * 10, 10) for part in range(2))
            done = [0]

            def tell(rows: int, number: int = number, done: list[int] = done) -> None:
                for part in range(done[0] // 10, rows // 10):
                    os.write(says, f"chunk {number * 100 + part * 10}\n".encode())
                done[0] = rows

            store.add_sightings(chunks, dataset="test", file=f"{number}", sha256=f"{number}", progress=tell)
            os.write(says, f"load {number}\n".encode())
        else:
            store.compact()


def check(desk: str, said: list[tuple[str, int]]) -> Counts:
    """Open the desk and compare it with what was said to be stored."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", DetenteWarning)
        store = Store(desk)
    reports = Counter(store.table("reports")["id"])
    # A reading is stored whole or not at all, and every row once, also below what answers make unique.
    held = [b for b in store.manifest().batches if b.table == "events"]
    events = Counter(i for b in held for i in pl.read_parquet(store.path / b.file, columns=["id"])["id"])
    keys = Counter(store.sightings().select("key").collect()["key"])
    originals = Counter(store.originals("test").select("key").collect()["key"])
    due_reports = {f"r{n}" for what, n in said if what == "report"}
    due_keys = {n + row for what, n in said if what == "chunk" for row in range(10)}
    due_loads = {str(n) for what, n in said if what == "load"}
    return {
        "lost": len(due_reports - reports.keys())
        + len({f"{r}:{n}" for r in reports for n in range(2)} - events.keys())
        + len(due_keys - keys.keys())
        + len(keys.keys() ^ originals.keys())
        + sum(store.loaded(sha) is None for sha in due_loads),
        "doubled": sum(sum(count - 1 for count in of.values()) for of in (reports, events, keys, originals)),
        "told": len(told),
    }


def forked(work: Any) -> tuple[int, int]:
    """Run work in a fork that ends with it; its process id, and the end of a pipe that it says things through."""
    hears, says = os.pipe()
    pid = os.fork()
    if pid:
        os.close(says)
        return pid, hears
    os.close(hears)
    status = 1
    try:
        work(says)
        status = 0
    except BaseException as error:
        os.write(says, f"error {error!r}\n".encode())
    finally:
        os._exit(status)


def heard(pipe: int, until: float | None = None) -> list[str]:
    """Whole lines from a pipe, until it is closed or the time has come."""
    raw = b""
    while until is None or (left := until - time.monotonic()) > 0:
        if until is not None and not select.select([pipe], [], [], left)[0]:
            break
        if not (part := os.read(pipe, 65536)):
            break
        raw += part
    return raw.decode().splitlines()


def run(desk: str, kills: int, seed: int) -> dict[str, Any]:
    """Kill so many writers, and add up what came of it."""
    dice = random.Random(seed)
    compact.MANY, compact.GRACE = 8, timedelta(0)  # so that compactions and their sweeping are hit as well
    said: list[tuple[str, int]] = []
    out: Counter[str] = Counter()
    errors: list[str] = []
    number = 0
    while out["kills"] < kills and not errors:
        number += 1000
        writes = random.Random(dice.random())
        pid, pipe = forked(lambda says, first=number, own=writes: write(desk, first, own, says))
        lines = heard(pipe, time.monotonic() + dice.uniform(0.002, LONGEST))
        os.kill(pid, signal.SIGKILL)
        lines += heard(pipe)  # what it said before it died
        os.close(pipe)
        _, status = os.waitpid(pid, 0)
        errors += [line for line in lines if line.startswith("error")]
        out["kills"] += os.WIFSIGNALED(status)
        said += [(what, int(n)) for what, n in (line.split() for line in lines if not line.startswith("error"))]
        _, pipe = forked(lambda says, due=said: os.write(says, json.dumps(check(desk, due)).encode()))
        answer = heard(pipe)
        os.close(pipe)
        os.wait()
        if len(answer) != 1 or answer[0].startswith("error"):
            errors += answer or ["the desk could not be checked"]
        else:
            out.update(json.loads(answer[0]))
    out["stored"] = len(said)

    def examine(says: int) -> None:
        sound = doctor(desk, repair=True).sound and doctor(desk).sound
        os.write(says, json.dumps({"sound": sound, **check(desk, said)}).encode())

    _, pipe = forked(examine)
    last = heard(pipe)
    os.wait()
    return {**out, "after the doctor": json.loads(last[0]) if last and last[0][0] == "{" else last, "errors": errors}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        desk = str(Path(folder) / "desk")
        found = run(desk, asked.kills, asked.seed)
    print(json.dumps(found))
    return int(bool(found["errors"] or found["lost"] or found["doubled"]))


if __name__ == "__main__":
    sys.exit(main())
