"""Event data that others coded: one sighting a row, kept beside what was read.

A sighting is one row of somebody's file. Its common columns lie in ``sightings/``, sorted by pair and day so that a
question about two actors skips most of them; every column of the file, verbatim, lies in ``originals/`` under the same
key.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
from msgspec import Struct
from numpy.typing import NDArray

MOST = 1_000_000  # rows of a batch
ORDER = ("source", "target", "day", "known", "key")

Hashes = NDArray[np.uint64]

SIGHTINGS: dict[str, Any] = {
    "key": pl.UInt64,
    "dataset": pl.String,
    "source": pl.String,
    "target": pl.String,
    "source_role": pl.String,
    "target_role": pl.String,
    "source_name": pl.String,
    "target_name": pl.String,
    "type": pl.String,
    "cameo": pl.String,
    "code": pl.String,
    "goldstein": pl.Float64,
    "domain": pl.String,
    "day": pl.Date,
    "last_day": pl.Date,
    "precision": pl.String,
    "known": pl.Date,
    "place": pl.String,
    "country": pl.String,
    "lat": pl.Float64,
    "lon": pl.Float64,
    "outlet": pl.String,
    "reports": pl.Int64,
    "same": pl.UInt64,
}


class AddedSightings(Struct, frozen=True):
    """What a load added to the desk: rows of the file, those new to the desk, those that it held."""

    rows: int = 0
    new: int = 0
    known_already: int = 0


def sighting_id(dataset: str, key: int) -> str:
    """The event id of a sighting.

    Example:
        >>> sighting_id("icews", 255)
        'icews:00000000000000ff'
    """
    return f"{dataset}:{key:016x}"


def sighting_key(id_: str) -> tuple[str, int] | None:
    """Dataset and key of a sighting's id; None where the id is that of an event that was read.

    Example:
        >>> sighting_key("icews:00000000000000ff"), sighting_key("4f2a9c")
        (('icews', 255), None)
    """
    found = re.fullmatch(r"(.+):([0-9a-f]{16})", id_)
    return (found[1], int(found[2], 16)) if found else None


class Keys:
    """A growing set of 64-bit keys in 8 bytes each.

    Sorted arrays, each at least twice as long as the next: a few binary searches tell whether a key is there, and a key
    is moved a number of times that grows with the logarithm of their number only (as in O'Neil et al. 1996, "The
    log-structured merge-tree").

    Example:
        >>> keys = Keys([np.array([5, 3], dtype=np.uint64)])
        >>> keys.fresh(np.array([3, 7, 7], dtype=np.uint64)).tolist(), len(keys)
        ([False, True, False], 3)
    """

    def __init__(self, held: Iterable[Hashes] = ()) -> None:
        parts = list(held)
        self._runs: list[Hashes] = [np.sort(np.concatenate(parts))] if parts else []

    def __len__(self) -> int:
        return sum(run.size for run in self._runs)

    def fresh(self, keys: Hashes) -> NDArray[np.bool_]:
        """Which of these keys come up for the first time; from now on they are held."""
        order = np.argsort(keys)
        first = _differ(keys[order])
        if not first.all():  # of several alike the first one counts
            order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        for run in self._runs:
            first &= ~_within(run, ordered)
        new = ordered[first]
        while self._runs and self._runs[-1].size < 2 * new.size:
            new = np.concatenate([self._runs.pop(), new])
            new.sort(kind="stable")  # merges runs that are sorted already
        if new.size:
            self._runs.append(new)
        out = np.empty(keys.size, dtype=np.bool_)
        out[order] = first
        return out


def _differ(ordered: NDArray[Any]) -> NDArray[np.bool_]:
    first = np.ones(ordered.size, dtype=np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return first


def _within(run: Hashes, keys: Hashes) -> NDArray[np.bool_]:
    at = np.searchsorted(run, keys)
    at[at == run.size] = 0
    return np.asarray(run[at] == keys) if run.size else np.zeros(keys.size, dtype=np.bool_)


class Coded:
    """A text column as numbers of its distinct words: whatever is asked of it is worked out once for each word.

    Args:
        values: text; null stays null.

    Example:
        >>> Coded(pl.Series(["KN", "KN", None])).to(str.lower).to_list()
        ['kn', 'kn', None]
    """

    def __init__(self, values: pl.Series) -> None:
        numbers = values.cast(pl.Categorical(pl.Categories.random())).to_physical()
        most = numbers.max()
        size = 0 if most is None else cast(int, most) + 1
        self.at = numbers.fill_null(size).to_numpy()
        first = np.zeros(size + 1, dtype=np.int64)
        first[self.at] = np.arange(self.at.size)
        self.words: list[str] = values.gather(first[:size]).to_list() if size else []

    def to(self, what: Callable[[str], Any], kind: Any = pl.String) -> pl.Series:
        """A function of each word; null where it gives None."""
        return pl.Series([*(what(word) for word in self.words), None], dtype=kind).gather(self.at)

    def hashes(self) -> Hashes:
        """Hashes of the words that are the same on every machine and in every version; null has one of its own.

        BLAKE2b, 64 bits.
        """
        out: Hashes = np.array([_hash(word) for word in (*self.words, None)], dtype=np.uint64)[self.at]
        return out

    def ranks(self) -> NDArray[np.int64]:
        """Places of the words in alphabetical order; null comes last."""
        places = np.empty(len(self.words) + 1, dtype=np.int64)
        places[sorted(range(len(self.words)), key=self.words.__getitem__)] = np.arange(len(self.words))
        places[-1] = len(self.words)
        out: NDArray[np.int64] = places[self.at]
        return out


def parted(chunk: pl.DataFrame, dataset: str) -> dict[str, pl.DataFrame]:
    """The tables of a chunk: originals by key, and the common columns in the order of the store.

    Originals come first: where sightings lie on the disk, so do their originals.

    Raises:
        ValueError: a column is missing (a fault in the loader, not in the data).
    """
    missing = [name for name in (*SIGHTINGS, "original") if name not in chunk.columns and name != "dataset"]
    if missing:
        raise ValueError(f"Sightings lack the columns {', '.join(missing)}.")
    if "dataset" not in chunk.columns:
        chunk = chunk.with_columns(pl.lit(dataset).alias("dataset"))
    return {
        "originals": chunk.select(pl.col("key").cast(pl.UInt64), "original"),
        "sightings": ordered(chunk.select(pl.col(name).cast(kind) for name, kind in SIGHTINGS.items())),
    }


def ordered(sightings: pl.DataFrame) -> pl.DataFrame:
    """Sightings in the order of the store: by pair, then day.

    Whole numbers are sorted many times faster than text, so each column is turned into such.
    """
    *days, key = (sightings[name].to_physical() for name in ORDER[2:])
    parts = [Coded(sightings[name]).ranks() for name in ORDER[:2]] + [_since_first(part) for part in days]
    if sightings.is_empty() or prod(int(part.max()) + 1 for part in parts) > 2**63:
        return sightings.sort(ORDER, nulls_last=True)
    line = np.zeros(sightings.height, dtype=np.int64)
    for part in parts:
        line = line * (part.max() + 1) + part
    return sightings[np.argsort(_places(line) * line.size + _places(key.to_numpy()))]


def _places(values: NDArray[Any]) -> NDArray[np.int64]:
    """How many lesser values there are, for each value."""
    order = np.argsort(values)
    ordered = values[order]
    out = np.empty(values.size, dtype=np.int64)
    out[order] = np.maximum.accumulate(np.where(_differ(ordered), np.arange(values.size), 0))
    return out


def _since_first(days: pl.Series) -> NDArray[np.int64]:
    """Days since the first of them; null comes last."""
    first, last = (cast(int, day) if (day := end) is not None else 0 for end in (days.min(), days.max()))
    return (days.cast(pl.Int64) - first).fill_null(last - first + 1).to_numpy()


def packed(lines: pl.Series, columns: Sequence[str], separator: str, *, quoted: bool) -> pl.Series:
    """Lines of a table as ``original``: one field with the whole line, which costs a third of one for each column.

    The field is named by the columns, parted as the lines are, so that these can be split by it; where quotation marks
    enclose fields, each name stands in such marks. See :func:`unpacked`.

    Args:
        lines: of the file, verbatim.
        columns: names of their fields; there are at least two.
        separator: between fields.
        quoted: whether quotation marks enclose fields.

    Example:
        >>> packed(pl.Series(["1,2"]), ["a", "b"], ",", quoted=True).to_list()
        [{'"a","b"': '1,2'}]
    """
    names = ['"' + name.replace('"', '""') + '"' for name in columns] if quoted else columns
    return lines.alias(separator.join(names)).to_frame().to_struct("original")


def unpacked(paths: Sequence[Path]) -> pl.LazyFrame:
    """Batches of originals as one frame, whatever columns each has; a column of the file called ``key`` is ``key_``.

    Packed lines are split again: the text of a field without the marks around it, null where it is empty.
    """
    alike: dict[tuple[str, ...], list[Path]] = defaultdict(list)
    for path in paths:
        fields = pl.read_parquet_schema(path)["original"]
        alike[tuple(field.name for field in fields.fields) if isinstance(fields, pl.Struct) else ()].append(path)
    return pl.concat(
        [_columns(pl.scan_parquet(group), names) for names, group in alike.items()], how="diagonal_relaxed"
    )


def _columns(batches: pl.LazyFrame, names: tuple[str, ...]) -> pl.LazyFrame:
    original = pl.col("original")
    separator = _separator(names[0]) if len(names) == 1 else None
    if separator:
        (header,) = names
        names = tuple(_fields(header, separator, quoted=header.startswith('"')))
        kind = pl.Struct(dict.fromkeys(names, pl.String))

        def split(lines: pl.Series) -> pl.Series:
            return _split(lines, names, separator, quoted=header.startswith('"'))

        original = original.struct.field(header).map_batches(split, return_dtype=kind, is_elementwise=True)
    fields = (pl.col("original").struct.field(name).alias("key_" if name == "key" else name) for name in names)
    return batches.select("key", original.alias("original")).select("key", *fields)


def _separator(name: str) -> str | None:
    """What parts the columns in the name of a packed field; None where it is the name of one column."""
    if found := re.match(r'(?:"(?:[^"]|"")*")(.)', name, re.DOTALL):
        return found[1]
    return "\t" if "\t" in name else None


def _fields(line: str, separator: str, *, quoted: bool) -> list[str]:
    if not quoted or '"' not in line:
        return line.split(separator)
    return next(csv.reader(line.splitlines(keepends=True), delimiter=separator))


def _split(lines: pl.Series, names: Sequence[str], separator: str, *, quoted: bool) -> pl.Series:
    """Lines as structs with a field for each of these names. A line may have more fields, all of them empty."""
    plain = ~lines.str.contains('"', literal=True) if quoted else pl.repeat(True, lines.len(), eager=True)
    out = lines.filter(plain).str.split_exact(separator, len(names) - 1).struct.rename_fields(names).struct.unnest()
    if not plain.all():
        marked = [_fields(line, separator, quoted=True)[: len(names)] for line in lines.filter(~plain)]
        rows = pl.DataFrame(marked, schema=dict.fromkeys(names, pl.String), orient="row")
        at = pl.concat([plain.arg_true(), (~plain).arg_true()])
        out = pl.concat([out, rows])[at.arg_sort()]
    filled = (pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in names)
    return out.select(pl.struct(filled)).to_series()


def stable(values: pl.Series) -> Hashes:
    """Hashes of words that are the same on every machine and in every version; null has one of its own.

    Each distinct word is hashed once (BLAKE2b, 64 bits).

    Example:
        >>> stable(pl.Series(["PRK", None, "PRK"])).tolist()[0] == stable(pl.Series(["PRK"])).tolist()[0]
        True
    """
    return Coded(values.cast(pl.String)).hashes()


@lru_cache(maxsize=1 << 17)
def _hash(word: str | None) -> int:
    data = b"\xff" if word is None else word.encode()  # no UTF-8 text holds this byte
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


def mixed(parts: Sequence[Hashes]) -> Hashes:
    """One hash of several, whose order counts (the finaliser of SplitMix64, Steele et al. 2014)."""
    out = np.zeros(parts[0].size, dtype=np.uint64)
    for part in parts:
        out = _scrambled(out * np.uint64(3) + part + np.uint64(0x9E3779B97F4A7C15))
    return out


def _scrambled(x: Hashes) -> Hashes:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def same(frame: pl.DataFrame) -> pl.Series:
    """What "one event" means apart from its day: a hash of who did what to whom in which country, or at which place.

    Args:
        frame: columns ``source``, ``target``, ``type``, ``country``, ``place``.
    """
    where = frame.select(pl.coalesce("country", "place")).to_series()
    parts = [stable(frame[name]) for name in ("source", "target", "type")]
    return pl.Series("same", mixed([*parts, stable(where)]), dtype=pl.UInt64)
