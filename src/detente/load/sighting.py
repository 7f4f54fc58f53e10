"""From what a format says of each row to the sightings that a desk keeps."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import polars as pl
from msgspec import Struct
from numpy.typing import NDArray

from detente.load import codes
from detente.load.people import Resolver
from detente.load.text import Reject
from detente.record.archive import SIGHTINGS, Coded, Hashes, mixed, same, stable

_NOTHING = 2**64 - 9  # hash of a missing value
_SHORT = 5  # digits of the longest number that surely comes up again and again
_MOST_NAMES = 200_000  # unresolved names counted at a time

COLUMNS: dict[str, Any] = {name: kind for name, kind in SIGHTINGS.items() if name not in {"key", "dataset", "same"}} | {
    "row": pl.UInt64,
    "original": None,
    "_line": pl.Int64,
}
"""What a format may say of a row: the common columns; ``row``, a hash that tells it from others of its data set.

``_why``, where there is one, is the reason for which a row without a day is rejected; ``_kind`` a word for what was
done that stands for no type.
"""


class Chunk(Struct, frozen=True):
    """Some rows of a file as sightings, and the lines that are none.

    Args:
        frame: columns of a desk's sightings, and ``original``.
        rejects: lines that could not be understood.
    """

    frame: pl.DataFrame
    rejects: list[Reject]


class Sighted:
    """Turns what a format says into sightings, one part of a file after another, and counts what stays open.

    Args:
        dataset: name of the data set.
        repeats: whether rows alike in everything are several sightings (data without an id of their own).
    """

    def __init__(self, dataset: str, *, repeats: bool = False) -> None:
        self.dataset = dataset
        self.unresolved: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.untyped: Counter[str] = Counter()
        self.misplaced = 0  # rows with a latitude or longitude that no place on earth has
        self._repeats = repeats
        self._resolver = Resolver()
        # Hashes of rows that came before, sorted, and how often each did.
        self._seen: tuple[Hashes, NDArray[np.int64]] = np.empty(0, np.uint64), np.empty(0, np.int64)

    def __call__(self, said: pl.DataFrame) -> Chunk:
        """Sightings of a part of the file.

        Args:
            said: columns of :data:`COLUMNS`; a missing one is null. Rows without a day are rejected.
        """
        if not (said["day"].null_count() or said["row"].null_count()):
            rejects = []
        else:
            sound = pl.col("day").is_not_null() & pl.col("row").is_not_null()
            rejects = _rejected(said.filter(~sound))
            said = said.filter(sound)
        have = set(said.columns)
        silent: dict[str, Any] = {"last_day": pl.col("day"), "precision": pl.lit("day"), "reports": pl.lit(1, pl.Int64)}
        last = "last_day" if "last_day" in have else "day"
        silent["known"] = pl.coalesce(last, "day")
        kinds = {name: kind for name, kind in COLUMNS.items() if kind and name not in silent}
        bounds = {name: most for name, most in (("lat", 90), ("lon", 180)) if name in have}
        if bounds:
            off = pl.any_horizontal(~pl.col(name).is_between(-most, most) for name, most in bounds.items())
            self.misplaced += said.select(off.fill_null(False).sum()).item()
        # What a file does not say is filled in whole; what it says of some rows only, in the others.
        frame = said.with_columns(
            *(pl.lit(None, kind).alias(name) for name, kind in kinds.items() if name not in have),
            *((pl.coalesce(name, value) if name in have else value).alias(name) for name, value in silent.items()),
            *(pl.when(pl.col(name).is_between(-most, most)).then(name) for name, most in bounds.items()),
        )
        frame = self._typed(self._resolved(frame))
        frame = frame.with_columns(
            keyed(self.dataset, self._numbered(frame["row"])),
            same(frame),
            pl.lit(self.dataset).alias("dataset"),
        )
        return Chunk(frame.select(*SIGHTINGS, "original"), rejects)

    def _resolved(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Fill the codes that the file does not give from the names, by date."""
        for side in ("source", "target"):
            open_ = frame[side].is_null()
            at = open_.arg_true().to_numpy()
            if not at.size:
                continue
            names = Coded(frame[f"{side}_name"].filter(open_))
            found = self._resolver.resolve(names.words, names.at, frame["day"].filter(open_))
            _add(self.unresolved, names, found[0].is_null())
            place = np.full(frame.height, at.size)
            place[at] = np.arange(at.size)
            frame = frame.with_columns(
                pl.coalesce(name, values.extend_constant(None, 1).gather(place).alias("_")).alias(name)
                for name, values in zip((side, f"{side}_role"), found, strict=True)
            )
        return frame

    def _typed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Fill type and Goldstein value from the CAMEO code, or the value from the type."""
        written = Coded(frame["cameo"])
        frame = frame.with_columns(
            written.to(codes.cameo).alias("cameo"),
            pl.coalesce("type", written.to(codes.plover).alias("_")).alias("type"),
        )
        _add(self.unknown, written, frame["cameo"].is_null())
        if "_kind" in frame.columns:
            _add(self.untyped, Coded(frame["_kind"]), frame["type"].is_null())
        if not frame["goldstein"].null_count():
            return frame
        return frame.with_columns(
            pl.coalesce(
                "goldstein",
                written.to(codes.value, pl.Float64).alias("_by_code"),
                codes.mapped(frame["type"], codes.value, pl.Float64).alias("_by_type"),
            ).alias("goldstein")
        )

    def _numbered(self, rows: pl.Series) -> pl.Series:
        """Tell rows alike in everything apart by how many came before in the file, where that is wanted."""
        if not self._repeats:
            return rows
        hashes = rows.to_numpy()
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if ordered.size else np.empty(0, np.int64)
        every, counts = ordered[starts], np.diff(starts, append=ordered.size)
        seen, before = self._seen
        at = np.searchsorted(seen, every)
        again = at < seen.size
        again[again] = seen[at[again]] == every[again]
        past = np.zeros(every.size, dtype=np.int64)
        past[again] = before[at[again]]
        before[at[again]] += counts[again]
        self._seen = np.insert(seen, at[~again], every[~again]), np.insert(before, at[~again], counts[~again])
        nth = np.empty(hashes.size, dtype=np.uint64)
        nth[order] = np.arange(hashes.size) - np.repeat(starts, counts) + np.repeat(past, counts)
        return pl.Series("row", mixed([hashes, nth]), dtype=pl.UInt64)


def _add(counter: Counter[str], names: Coded, which: pl.Series) -> None:
    """Count the words of some rows."""
    counts = np.bincount(names.at[which.to_numpy()], minlength=len(names.words) + 1)
    counter.update({names.words[place]: int(counts[place]) for place in np.flatnonzero(counts[:-1])})
    if len(counter) > _MOST_NAMES:
        kept = counter.most_common(_MOST_NAMES // 2)
        counter.clear()
        counter.update(dict(kept))


def _rejected(frame: pl.DataFrame) -> list[Reject]:
    texts = frame["original"].struct.unnest().rows() if frame.height else []
    why = frame["_why"] if "_why" in frame.columns else ["no readable date"] * frame.height
    return [
        Reject(line, reason if day is None else "no readable id", ",".join(x or "" for x in text))
        for line, day, reason, text in zip(frame["_line"], frame["day"], why, texts, strict=True)
    ]


def keyed(dataset: str, rows: pl.Series) -> pl.Series:
    """Keys of the rows of a data set, from the hashes that tell them apart."""
    of = stable(pl.Series([dataset]))[0]
    return pl.Series("key", mixed([np.full(rows.len(), of, np.uint64), rows.to_numpy()]), dtype=pl.UInt64)


def hashed(frame: pl.DataFrame, *names: str) -> pl.Series:
    """One hash of several text columns, as :data:`COLUMNS` wants it for ``row``."""
    return pl.Series("row", mixed([_hashes(frame[name]) for name in names]), dtype=pl.UInt64)


def _hashes(values: pl.Series) -> Hashes:
    """Numbers and days stand for themselves, which saves hashing; other words are hashed."""
    if values.dtype != pl.String:
        return (values.to_physical().cast(pl.Int64) + 2**40).fill_null(0).to_numpy().astype(np.uint64)
    first = values.first()
    if isinstance(first, str) and first.isdigit() and len(first) > _SHORT:
        return _numbers(values)  # an id: nearly every row has its own
    coded = Coded(values)
    out: Hashes = _numbers(pl.Series([*coded.words, None], dtype=pl.String))[coded.at]
    return out


def _numbers(values: pl.Series) -> Hashes:
    # "010" and "10" are different codes.
    plain = values.to_frame("w").select(pl.when(~pl.col("w").str.starts_with("0")).then("w")).to_series()
    number = plain.cast(pl.UInt64, strict=False)
    out: Hashes = number.fill_null(_NOTHING).to_numpy()
    if number.null_count() > values.null_count():
        is_word = (number.is_null() & values.is_not_null()).to_numpy()
        out = np.where(is_word, stable(values), out)
    return out
