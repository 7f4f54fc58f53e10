"""Histograms of counts: exact for small numbers, within 0.8 per cent for large ones, of one size for any number of
futures. They add up, so the order in which futures come changes nothing."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

_EXACT: Final = 256  # counts below have a bucket of their own
_FINE: Final = 64  # buckets to each doubling above
BUCKETS: Final = _EXACT + 18 * _FINE
"""Number of buckets; the last one ends at 67 million."""


@njit(cache=True, nogil=True)
def _bucket(n):  # type: ignore[no-untyped-def]
    if n < _EXACT:
        return n
    doubling, x = 0, n
    while x >= 2 * _EXACT:
        x >>= 1
        doubling += 1
    return min(_EXACT + doubling * _FINE + (x - _EXACT) * _FINE // _EXACT, BUCKETS - 1)


@njit(cache=True, nogil=True)
def tally(counts, into):  # type: ignore[no-untyped-def]
    """Add counts (F, N) to histograms (N, B)."""
    for f in range(counts.shape[0]):
        for i in range(counts.shape[1]):
            into[i, _bucket(counts[f, i])] += 1


def values() -> Floats:
    """(B) the middle of each bucket."""
    small = np.arange(_EXACT, dtype=np.float64)
    steps = (BUCKETS - _EXACT) // _FINE
    step = _EXACT / _FINE
    large = _EXACT + step * np.arange(_FINE) + (step - 1.0) / 2.0
    tall = [large * 2.0**d + (2.0**d - 1.0) / 2.0 for d in range(steps)]
    return np.concatenate([small, *tall])


def quantiles(histograms: NDArray[np.integer[Any]], shares: tuple[float, ...]) -> Floats:
    """(Q, N) quantiles of N histograms (N, B), between neighbours as :func:`numpy.quantile` does.

    Example:
        >>> import numpy as np
        >>> h = np.zeros((1, BUCKETS), np.int32)
        >>> tally(np.array([[0], [1], [5]]), h)
        >>> quantiles(h, (0.5, 0.75)).tolist()
        [[1.0], [3.0]]
    """
    at, out = values(), np.empty((len(shares), len(histograms)))
    running = np.cumsum(histograms, axis=1, dtype=np.int64)
    n = int(running[0, -1]) if len(histograms) else 0
    for i, share in enumerate(shares):
        place = share * (n - 1)
        low, part = int(place), place - int(place)
        under = at[(running > low).argmax(1)]
        over = at[(running > min(low + 1, n - 1)).argmax(1)]
        out[i] = under + part * (over - under)
    return out
