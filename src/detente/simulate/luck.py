"""Luck: counter-based random numbers, and counts drawn with them.

Each number is a hash (splitmix64, Steele, Lea and Flood 2014) of seed, future, day, pair and event, so it depends on
nothing that happened before, on no worker and on no order.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detente.learn.exposures import PHI
from detente.simulate.lanes import bits, number, pick

CAP: Final = 200
"""Most events that one pair may have in one day; days on which this bound bites are counted and reported. The busiest
pair-day in the data of the shipped model had 58 (two states of 24, January to September 2018, ICEWS)."""
MONTH: Final = 30
"""Days over which the volume of reports drifts as one."""

_GRID: Final = 1024
_LOG_2 = math.log(2.0)
_LOG_2_HIGH = float(np.float32(_LOG_2))  # so short that small multiples of it are exact
_LOG_2_LOW = -1.904654299957768e-09  # the rest
_HALF_ROOT = 0x3FE6A09E667F3BCD  # bits of the root of a half

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
EVENT, OCCASION, STRENGTH = (np.uint64(i) for i in range(5, 8))
_PAIR, _MONTH, _DAY, _DRIFT = (np.uint64(i) for i in range(1, 5))
_INVERSE = 1.0 / np.arange(1, CAP + 1)

lean: Any = njit(cache=True, nogil=True, error_model="numpy", _nrt=False, no_cfunc_wrapper=True)  # type: ignore[call-overload]
"""Functions that allocate nothing need not count references to arrays, which took a third of the time. What is kept of
compiled functions does not notice a change in another file: after one, remove ``__pycache__``."""
inner: Any = njit(  # type: ignore[call-overload]
    cache=True, nogil=True, error_model="numpy", _nrt=False, no_cfunc_wrapper=True, forceinline=True
)
"""The same for functions that become part of their callers: to hand over many arrays takes longer than their work."""


@njit(cache=True, nogil=True)
def mix(x):  # type: ignore[no-untyped-def]
    x = (x ^ (x >> _S30)) * _M1
    x = (x ^ (x >> _S27)) * _M2
    return x ^ (x >> _S31)


@njit(cache=True, nogil=True)
def below(key, i):  # type: ignore[no-untyped-def]
    """The key below a key: the i-th output of splitmix64 started there."""
    return mix(key + (np.uint64(i) + np.uint64(1)) * _GOLDEN)


@njit(cache=True, nogil=True)
def unit(key):  # type: ignore[no-untyped-def]
    """A number in [0, 1)."""
    return (key >> _S11) * (1.0 / 9007199254740992.0)


@inner
def logarithm(x, above):  # type: ignore[no-untyped-def]
    """The natural logarithm of x, a normal number that is ``above`` one, to the last digit but one.

    Written out, as are exponentials, so that a loop over many pairs becomes operations on many numbers at once: twice
    the inverse hyperbolic tangent of ``(x - 1) / (x + 1)``, once powers of two are taken out.
    """
    whole = bits(x)
    powers = (whole - _HALF_ROOT) >> 52
    part = number(whole - (powers << 52))  # between the roots of a half and of two
    s = above / (2.0 + above) if powers == 0 else (part - 1.0) / (part + 1.0)
    z, series = s * s, 0.0
    for i in range(21, 0, -2):
        series = series * z + 1.0 / i
    return powers * _LOG_2 + 2.0 * s * series


@inner
def exponential(x):  # type: ignore[no-untyped-def]
    """The exponential of x, to the last digit but one."""
    x = min(max(x, -700.0), 700.0)
    powers = math.floor(x * (1.0 / _LOG_2) + 0.5)
    x = (x - powers * _LOG_2_HIGH) - powers * _LOG_2_LOW
    series = 1.0
    for i in range(13, 0, -1):
        series = 1.0 + series * x * (1.0 / i)
    return series * number((int(powers) + 1023) << 52)


@inner
def normals(key):  # type: ignore[no-untyped-def]
    """Two independent ones (Box and Muller)."""
    left = 1.0 - unit(below(key, 0))
    radius, turn = math.sqrt(-2.0 * logarithm(left, left - 1.0)), 2.0 * math.pi * unit(below(key, 1))
    return radius * math.cos(turn), radius * math.sin(turn)


@inner
def dispersion(mean, phi, power):  # type: ignore[no-untyped-def]
    """Over-dispersion of a pair-day with so many expected events; next to none stands for none."""
    mean = max(mean, 1e-9)
    return 1e-8 if phi <= 0.0 else min(max(phi * exponential(-power * logarithm(mean, mean - 1.0)), PHI[0]), PHI[1])


@inner
def none(mean, phi):  # type: ignore[no-untyped-def]
    """Probability of no event under the negative binomial distribution of that mean and variance
    ``mean + phi mean ** 2``."""
    x = mean * phi
    return exponential(-logarithm(1.0 + x, x) / phi)


@inner
def quantile(mean, phi, least, u):  # type: ignore[no-untyped-def]
    """The u-quantile of the negative binomial distribution, at most CAP.

    Args:
        least: its probability of :func:`none`.
    """
    u = min(u, 1.0 - 1e-12)  # beyond this the rounding of the sum would decide, not the rate
    shape = 1.0 / phi
    ratio, p, reached, n = mean / (mean + shape), least, least, 0
    while u >= reached and n < CAP:
        p *= (shape + n) * ratio * _INVERSE[n]
        n += 1
        reached += p
    return n


@lean
def dispersions(means, phi, power, n, out):  # type: ignore[no-untyped-def]
    """:func:`dispersion` of the first n means, at most CAP, into ``out``."""
    for i in range(n):
        out[i] = dispersion(min(means[i], float(CAP)), phi, power)


@lean
def silences(means, phi, n, out):  # type: ignore[no-untyped-def]
    """:func:`none` of the first n means, into ``out``."""
    for i in range(n):
        out[i] = none(means[i], phi[i])


def needs(phi: float, power: float) -> NDArray[np.float64]:
    """(N) least number of expected events at which a luck between ``i / N`` and ``(i + 1) / N`` is one of an event."""
    means = np.geomspace(1e-4, CAP, 20_000)
    spread, silent = np.empty_like(means), np.empty_like(means)
    # Where a lower rate varies less, the bound is the one without any over-dispersion.
    dispersions(means, phi if power >= 0.0 else 0.0, power, len(means), spread)
    silences(means, spread, len(means), silent)
    at = np.searchsorted(-silent, -np.arange(1, _GRID + 1) / _GRID)  # the first that is at most so silent
    least: NDArray[np.float64] = means[np.maximum(at, 1) - 1] * (at > 0)
    return least


@lean
def shared(spread, own, needs, luck, volume, drift, need):  # type: ignore[no-untyped-def]
    """What all variants of one future share: luck (T, pairs), volume (T, 2) and its drift by pair (months, pairs, 2),
    and need (T, pairs): expected events below which a pair has none.

    Hostile and conciliatory events have a volume each, with mean one.
    """
    centre0, centre1 = 0.5 * (spread[0, 0] ** 2 + spread[1, 0] ** 2), 0.5 * (spread[0, 1] ** 2 + spread[1, 1] ** 2)
    month0 = month1 = 0.0
    for day in range(len(luck)):
        if day % MONTH == 0:
            month0, month1 = normals(below(below(own, _MONTH), day // MONTH))
        daily0, daily1 = normals(below(below(own, _DAY), day))
        volume[day, 0] = exponential(spread[0, 0] * month0 + spread[1, 0] * daily0 - centre0)
        volume[day, 1] = exponential(spread[0, 1] * month1 + spread[1, 1] * daily1 - centre1)
    for month in range(len(drift)):
        key = below(below(own, _DRIFT), month)
        for pair in range(luck.shape[1]):
            drift0, drift1 = normals(below(key, pair))
            drift[month, pair, 0] = exponential(spread[2, 0] * drift0 - 0.5 * spread[2, 0] ** 2)
            drift[month, pair, 1] = exponential(spread[2, 1] * drift1 - 0.5 * spread[2, 1] ** 2)
    for day in range(len(luck)):
        key, lucks, least, moved = below(below(own, _PAIR), day), luck[day], need[day], drift[day // MONTH]
        for pair in range(len(lucks)):
            lucks[pair] = unit(below(key, pair))
        for pair in range(len(lucks)):
            most = max(volume[day, 0] * moved[pair, 0], volume[day, 1] * moved[pair, 1])
            least[pair] = pick(needs, int(lucks[pair] * len(needs))) / max(most, 1.0)
