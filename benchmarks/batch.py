"""Many articles: how fast, in how much memory, and what a kill costs.

    python benchmarks/batch.py [--articles 10000] [--words 250] [--workers 2] [--kill]

Articles are made up from a seed (text and HTML), read onto a desk by ``detente read`` in a process of its own, and
checked: each article is on the desk once, and no event twice. ``--kill`` reads them onto a second desk in runs that
are killed (SIGKILL, all processes at once) at random times and given again, and checks that its record is the same.

Memory is that of all processes of the run (their proportional shares of what they have in common), twice a second.
Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from detente import desk as desks

TABLES = ("reports", "events", "claims", "ties", "questions")
STATES = (
    "Japan", "China", "India", "Vietnam", "Australia", "Indonesia", "Malaysia", "Thailand", "South Korea", "Russia",
    "France", "Germany", "Poland", "Turkey", "Egypt", "Iran", "Iraq", "Israel", "Pakistan", "Kenya", "Brazil", "Chile",
)  # fmt: skip
OFFICES = ("the foreign minister", "the defence ministry", "a government spokesman", "the prime minister", "the navy")
ACTS = (
    "protested to {b} over {thing}", "held talks with {b} on {thing}", "accused {b} of a breach of {thing}",
    "signed an agreement with {b} on {thing}", "sent two ships to {b} after {thing}", "expelled three diplomats of {b}",
    "plans joint drills with {b}", "refused to speak with {b} about {thing}", "welcomed the steps of {b} on {thing}",
    "imposed sanctions on {b} because of {thing}", "did not threaten {b}", "asked {b} to respect {thing}",
)  # fmt: skip
THINGS = (
    "fishing rights", "the border survey", "the safety of shipping", "the new radar", "grain exports", "the drills",
    "water from the river", "the detained crew", "flights over the strait", "the price of gas", "refugees",
)  # fmt: skip
REMARKS = (
    "{c} said that {a} would answer in kind.", "According to {office} of {c}, {a} may yet change its course.",
    "Observers in the capital spoke of a slow but steady change in the mood of the public.",
    "“We want quiet on this coast,” {office} of {a} said on {day}.", "Both countries agreed to meet again next month.",
    "The harbour was closed for two days, and some forty vessels waited outside in heavy weather.",
    "If {b} goes on, {a} could withdraw from the talks.", "In 1998 {a} and {b} had fought over the same question.",
    "Few people had expected the matter to be settled before the autumn, and fewer still believe so now.",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "3 May 2024", "17 June 2024", "9 February 2024")


def article(number: int, words: int) -> tuple[str, str]:
    """Headline and text of an article: of its own for each number, half to twice as long as the words say."""
    dice = random.Random(number)
    wanted = words * dice.triangular(0.4, 2.0, 0.6)
    head = ""
    lines: list[str] = []
    while sum(map(len, lines)) < 6 * wanted:
        a, b, c = dice.sample(STATES, 3)
        told = {"a": a, "b": b, "c": c, "thing": dice.choice(THINGS), "day": dice.choice(DAYS)}
        told["office"] = dice.choice(OFFICES)
        act = dice.choice(ACTS).format(**told)
        head = head or f"{a} {act.split(' over ')[0]}"
        lines.append(f"{a} {act} on {told['day']}.")
        lines += [dice.choice(REMARKS).format(**told) for _ in range(dice.randrange(3))]
    parts = [" ".join(lines[at : at + 4]) for at in range(0, len(lines), 4)]
    return head, "\n\n".join([*parts, f"This is report {number} of the series."])


def write(folder: Path, articles: int, words: int) -> int:
    """Write the articles, a thousand a folder, every third as HTML; returns how many words they have."""
    count = 0
    for number in range(articles):
        inside = folder / f"{number // 1000:03d}"
        inside.mkdir(parents=True, exist_ok=True)
        head, text = article(number, words)
        count += len(text.split())
        if number % 3:
            (inside / f"{number:06d}.txt").write_text(f"{head}\n\n{text}\n", encoding="utf-8")
        else:
            body = "".join(f"<p>{part}</p>" for part in text.split("\n\n"))
            page = f"<!DOCTYPE html><html><head><title>{head}</title></head><body><nav>Home</nav><article>"
            page += f"<h1>{head}</h1>{body}</article></body></html>"
            (inside / f"{number:06d}.html").write_text(page, encoding="utf-8")
    return count


def memory(group: int) -> float:
    """MB that the processes of a group take together."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[2]) == group:
                rollup = stat.with_name("smaps_rollup").read_text(encoding="utf-8")
                total += int(rollup.split("Pss:")[1].split()[0])
        except (OSError, IndexError):  # it ended meanwhile
            continue
    return total / 1024


def stored(desk: Path) -> int:
    """Reports on a desk, from its manifest alone."""
    try:
        batches = json.loads((desk / "manifest.json").read_text(encoding="utf-8"))["batches"]
    except FileNotFoundError:
        return 0
    return sum(batch["rows"] for batch in batches if batch["table"] == "reports")


class Run:
    """One run of ``detente read``, watched until it ends or is killed."""

    def __init__(self, folder: Path, desk: Path, workers: int, *, patience: float = float("inf")) -> None:
        command = [sys.executable, "-m", "detente", "read", str(folder), "--desk", str(desk), "--workers", str(workers)]
        began = time.monotonic()
        process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.samples: list[tuple[int, float]] = []
        self.killed = False
        while process.poll() is None:
            self.samples.append((stored(desk), memory(process.pid)))
            time.sleep(0.5)
            if time.monotonic() - began > patience and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                self.killed = True
                break
        self.out, self.complaints = (stream.decode() for stream in process.communicate())
        self.seconds = time.monotonic() - began
        if process.returncode and not self.killed:
            raise SystemExit(f"detente read failed:\n{self.complaints}")

    def peak(self, first: int, last: int) -> float:
        """Most MB while the desk held so many reports."""
        return max((mb for held, mb in self.samples if first <= held <= last), default=float("nan"))


def record(desk: Path) -> dict[str, pl.DataFrame]:
    """All that a desk holds, save when it was recorded."""
    store = desks.open(desk, create=False).store
    return {name: store.table(name).drop("recorded") for name in TABLES}


def checked(desk: Path, articles: int) -> dict[str, pl.DataFrame]:
    """The record, with each article and each event once, or an end to it all."""
    held = record(desk)
    paths = held["reports"]["path"]
    if not len(paths) == paths.n_unique() == articles:
        raise SystemExit(f"{desk}: {len(paths)} reports of {paths.n_unique()} files, not {articles}")
    rows = sum(b.rows for b in desks.open(desk, create=False).store.manifest().batches if b.table == "events")
    if not held["events"].height == held["events"]["id"].n_unique() == rows:
        raise SystemExit(f"{desk}: {rows} events are stored, {held['events']['id'].n_unique()} of them different")
    return held


def main() -> None:
    """Measure and print."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--articles", type=int, default=10_000)
    ask.add_argument("--words", type=int, default=250)
    ask.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    ask.add_argument("--kill", action="store_true")
    ask.add_argument("--seed", type=int, default=7)
    asked = ask.parse_args()
    n, dice = asked.articles, random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as name:
        folder, one, other = (Path(name) / part for part in ("articles", "one", "other"))
        words = write(folder, n, asked.words)
        print(f"{n} articles of {words / n:.0f} words on average; {asked.workers} workers", flush=True)
        run = Run(folder, one, asked.workers)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = used.ru_utime + used.ru_stime
        whole = checked(one, n)
        print(run.out.strip())
        print(
            f"{run.seconds:.0f} s, {cpu:.0f} s of CPU: {n / run.seconds:.1f} articles a second, {n / cpu:.1f} a CPU s"
        )
        fifth = n // 5
        print(
            f"memory of all processes: at most {run.peak(0, fifth):.0f} MB up to {fifth} articles, "
            f"{run.peak(n - fifth, n):.0f} MB from {n - fifth} on, {run.peak(0, n):.0f} MB in all",
            flush=True,
        )
        if asked.kill:
            kills = [dice.uniform(0.1, 0.4) * run.seconds for _ in range(2)]
            for patience in kills:
                again = Run(folder, other, asked.workers, patience=patience)
                how = "killed" if again.killed else "ended"
                print(f"{how} after {again.seconds:.0f} s; the desk holds {stored(other)} reports", flush=True)
            last = Run(folder, other, asked.workers)
            print(f"read to the end in {last.seconds:.0f} s")
            held = checked(other, n)
            same = all(held[table].equals(whole[table]) for table in TABLES)
            print("the record is", "the same as without a kill" if same else "NOT the same as without a kill")
            if not same:
                raise SystemExit(1)


if __name__ == "__main__":
    main()
