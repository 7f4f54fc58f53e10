"""How fast a desk with millions of sightings answers, beside the same questions hand-written in DuckDB.

    python benchmarks/ask.py                      # 10 million made-up sightings in a temporary folder
    python benchmarks/ask.py --rows 1000000 --keep /tmp/desk

Sightings are made up: pairs of states drawn by a power law, as in every archive, ten years of days, all event types.
Needs DuckDB. Prints one JSON object; times are medians in seconds of wall clock, ``cpu`` of processor time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable, Iterator
from datetime import date as Date
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import duckdb
import numpy as np
import polars as pl

import detente
from detente.actors import register
from detente.codebook import cameo_codes
from detente.record import Store
from detente.record.archive import same
from detente.record.once import Once

START, DAYS = Date(2014, 1, 1), 3652
CHUNK = 1_000_000
AS_OF = Date(2022, 6, 30)
SHARE = 0.011  # of the dyad asked among all sightings; that of the United States and North Korea in ICEWS of 2018


def chunks(rows: int, seed: int = 7) -> Iterator[pl.DataFrame]:
    """Made-up sightings, a million at a time, in the order of time as archives come."""
    rng = np.random.default_rng(seed)
    states = np.array([code for code, actor in register().actors.items() if actor.kind == "state"])
    shares = rng.permutation(1.0 / np.arange(1, states.size + 1))
    shares /= shares.sum()
    codes = [code for code in cameo_codes() if code.type and len(code.code) > 2]
    places = pl.Series([f"Place {i}" for i in range(5000)])
    outlets = pl.Series([f"Outlet {i}" for i in range(200)])
    columns = {name: pl.Series([getattr(code, name) for code in codes]) for name in ("type", "code", "goldstein")}
    for start in range(0, rows, CHUNK):
        n = min(CHUNK, rows - start)
        first, last = start * DAYS // rows, max((start + n) * DAYS // rows, start * DAYS // rows + 1)
        source, target = (rng.choice(states.size, n, p=shares) for _ in range(2))
        kind = rng.integers(0, len(codes), n)
        day = pl.Series(np.sort(rng.integers(first, last, n)).astype(np.int32)) + (START - Date(1970, 1, 1)).days
        named = pl.Series(states)
        frame = pl.DataFrame(
            {
                "key": rng.integers(0, 2**63, n, dtype=np.uint64),
                "dataset": pl.repeat("made up", n, eager=True),
                "source": named[source],
                "target": named[target],
                "source_name": named[source],
                "target_name": named[target],
                "type": columns["type"][kind],
                "cameo": columns["code"][kind],
                "code": columns["code"][kind],
                "goldstein": columns["goldstein"][kind],
                "day": day.cast(pl.Date),
                "last_day": day.cast(pl.Date),
                "precision": pl.repeat("day", n, eager=True),
                "known": (day + pl.Series(rng.integers(0, 4, n).astype(np.int32))).cast(pl.Date),
                "place": places[rng.integers(0, 5000, n)],
                "country": named[np.where(rng.random(n) < 0.5, source, target)],
                "lat": rng.uniform(-60, 70, n),
                "lon": rng.uniform(-180, 180, n),
                "outlet": outlets[rng.integers(0, 200, n)],
                "reports": rng.integers(1, 12, n),
            }
        ).with_columns(
            *(pl.lit(None, pl.String).alias(name) for name in ("source_role", "target_role", "domain")),
            original=pl.struct(row=pl.int_range(start, start + n).cast(pl.String)),
        )
        yield frame.with_columns(same(frame))


def timed(what: Callable[[], Any], times: int) -> dict[str, float]:
    """Medians of wall and processor time of so many runs, after one that warms the disk cache."""
    what()
    walls, cpus = [], []
    for _ in range(times):
        wall, cpu = perf_counter(), process_time()
        what()
        walls.append(perf_counter() - wall)
        cpus.append(process_time() - cpu)
    return {"wall": round(statistics.median(walls), 3), "cpu": round(statistics.median(cpus), 3)}


def dyad_of(store: Store, share: float) -> tuple[str, str]:
    """The pair of states, whoever acts, whose share of all sightings is nearest to this one."""
    one, other = pl.min_horizontal("source", "target"), pl.max_horizontal("source", "target")
    pairs = store.sightings().filter(pl.col("source") != pl.col("target")).select(one=one, other=other)
    counts = pairs.group_by("one", "other").len().collect()
    wanted = share * counts["len"].sum()
    row = counts.sort((pl.col("len").cast(pl.Int64) - int(wanted)).abs(), "one", "other").row(0)
    return row[0], row[1]


def by_hand(con: duckdb.DuckDBPyConnection, files: str, dyad: tuple[str, str], merged: bool) -> pl.DataFrame:
    """The question of one dyad as somebody who knows the files would write it."""
    pair = f"(source = '{dyad[0]}' AND target = '{dyad[1]}') OR (source = '{dyad[1]}' AND target = '{dyad[0]}')"
    rows = f"SELECT * FROM read_parquet({files}) WHERE ({pair}) AND known <= DATE '{AS_OF}'"
    if merged:
        rows = (
            "SELECT any_value(COLUMNS(lambda c: c NOT IN ('same', 'day', 'key', 'reports', 'known'))), "
            "min(key) AS key, min(known) AS known, sum(reports) AS reports, count(*) AS sightings, same, day "
            f"FROM ({rows}) GROUP BY same, day"
        )
    return pl.DataFrame(_Stream(con.sql(rows).__arrow_c_stream__()))


class _Stream:
    def __init__(self, stream: object) -> None:
        self.stream = stream

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.stream


def main() -> None:
    """Make the desk, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--keep", type=Path, help="folder for the desk; used again where it is one")
    parser.add_argument("--times", type=int, default=9)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = args.keep or Path(folder) / "desk"
        store = Store(path)
        if store.manifest().batches == ():
            store.add_sightings(chunks(args.rows), dataset="made up", file="made up", sha256=f"made up {args.rows}")
        print(json.dumps(measured(path, args.times), indent=1))


def measured(path: Path, times: int) -> dict[str, Any]:
    """All measurements on a desk."""
    desk = detente.open(path)
    batches = [b for b in desk.store.manifest().batches if b.table == "sightings"]
    files = "[" + ", ".join(f"'{path / b.file}'" for b in batches) + "]"
    con = duckdb.connect(":memory:")
    dyad = dyad_of(desk.store, SHARE)
    asked: dict[str, Any] = {"actor": dyad[0], "other": dyad[1], "as_of": AS_OF}
    rows = desk.events(**asked, once=None).select(pl.len()).collect().item()
    assert rows == by_hand(con, files, dyad, False).height
    merged = desk.events(**asked).select(pl.len()).collect().item()
    assert merged == by_hand(con, files, dyad, True).height
    out: dict[str, Any] = {
        "sightings": sum(b.rows for b in batches),
        "files": len(batches),
        "dyad, every sighting": {
            "rows": rows,
            "detente": timed(lambda: desk.events(**asked, once=None).collect(), times),
            "duckdb": timed(lambda: by_hand(con, files, dyad, False), times),
        },
        "dyad, each event once": {
            "rows": merged,
            "detente": timed(lambda: desk.events(**asked).collect(), times),
            "duckdb": timed(lambda: by_hand(con, files, dyad, True), times),
        },
        "panel of all states by month": {
            "each event once": timed(lambda: desk.panel("month", as_of=AS_OF), 3),
            "every sighting": timed(lambda: desk.panel("month", as_of=AS_OF, once=None), 3),
            "each event once, within 3 days": timed(lambda: desk.panel("month", as_of=AS_OF, once=Once(3)), 1),
        },
        "table for learning": timed(lambda: desk.table(AS_OF), 1),
    }
    return out


if __name__ == "__main__":
    main()
