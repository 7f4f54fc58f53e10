"""Near copies: reports whose texts are almost the same (a wire article that several outlets print).

Two texts are near copies where the Jaccard index of their sets of five-word shingles is 0.8 or more (Broder 1997, "On
the resemblance and containment of documents"). Pairs to be compared are found by minwise hashing in 16 bands of 4,
which misses a pair at 0.8 about once in 4,600 and finds closer ones all the surer. Texts of a sentence or two are left
alone: two reporters may well put one fact in the same words. Nothing is stored of it.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

SHINGLE = 5
FEWEST = 20  # shingles of a text that can be a copy
ALIKE = 0.8
BANDS, ROWS = 16, 4

Hashes = NDArray[np.uint64]
_DICE = np.random.default_rng(5)
_BY: Hashes = _DICE.integers(1, 2**63, (BANDS * ROWS, 1), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_PLUS: Hashes = _DICE.integers(0, 2**63, (BANDS * ROWS, 1), dtype=np.uint64)
_PLACES: Hashes = _DICE.integers(1, 2**63, SHINGLE, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def near(texts: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The first report that each near copy is a copy of; reports that are none are not among the keys.

    Args:
        texts: id and text of each report, the first known first.

    Example:
        >>> words = " ".join(f"word{i}" for i in range(100))
        >>> near([("a", words), ("b", "Other news. " * 9), ("c", words + " and more")])
        {'c': 'a'}
    """
    firsts: dict[str, Hashes] = {}
    buckets: dict[tuple[int, bytes], list[str]] = defaultdict(list)
    out: dict[str, str] = {}
    for id_, text in texts:
        own = shingles(text)
        if own.size < FEWEST:
            continue
        least = (own * _BY + _PLUS).min(axis=1).reshape(BANDS, ROWS)
        keys = [(band, row.tobytes()) for band, row in enumerate(least)]
        likely = dict.fromkeys(first for key in keys for first in buckets[key])
        copied = next((first for first in likely if jaccard(own, firsts[first]) >= ALIKE), None)
        if copied is not None:
            out[id_] = copied
            continue
        firsts[id_] = own
        for key in keys:
            buckets[key].append(id_)
    return out


def shingles(text: str) -> Hashes:
    """Hashes of the runs of five words of a text, sorted, each once; case and punctuation do not count."""
    words = np.array([zlib.crc32(word.encode()) for word in re.findall(r"\w+", text.lower())], dtype=np.uint64)
    if words.size < SHINGLE:
        return np.empty(0, dtype=np.uint64)
    runs = np.lib.stride_tricks.sliding_window_view(words, SHINGLE)
    mixed: Hashes = (runs * _PLACES).sum(axis=1, dtype=np.uint64)
    return np.unique(mixed ^ (mixed >> np.uint64(31)))


def jaccard(a: Hashes, b: Hashes) -> float:
    """Share of the elements of either set that both have."""
    both = np.intersect1d(a, b, assume_unique=True).size
    return both / (a.size + b.size - both)
