"""Luck: counter-based random numbers, and counts drawn with them.

Each number is a hash (splitmix64, Steele, Lea and Flood 2014) of seed, future, day, pair and event, so it depends on
nothing that happened before, on no worker and on no order.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numba import njit

from detente.learn.exposures import PHI

CAP: Final = 200
"""Most events that one pair may have in one day; days on which this bound bites are counted and reported. The busiest
pair-day in the data of the shipped model had 58 (two states of 24, January to September 2018, ICEWS)."""
MONTH: Final = 30
"""Days over which the volume of reports drifts as one."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
EVENT, OCCASION, STRENGTH = (np.uint64(i) for i in range(5, 8))
_PAIR, _MONTH, _DAY, _DRIFT = (np.uint64(i) for i in range(1, 5))
_INVERSE = 1.0 / np.arange(1, CAP + 1)

lean: Any = njit(cache=True, nogil=True, error_model="numpy", _nrt=False, no_cfunc_wrapper=True)  # type: ignore[call-overload]
"""Functions that allocate nothing need not count references to arrays, which took a third of the time."""


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


@njit(cache=True, nogil=True)
def normal(key):  # type: ignore[no-untyped-def]
    """Box and Muller."""
    radius = math.sqrt(-2.0 * math.log(1.0 - unit(below(key, 0))))
    return radius * math.cos(2.0 * math.pi * unit(below(key, 1)))


@njit(cache=True, nogil=True, error_model="numpy")
def dispersion(mean, phi, power):  # type: ignore[no-untyped-def]
    """Over-dispersion of a pair-day with so many expected events; next to none stands for none."""
    if phi <= 0.0:
        return 1e-8
    if power != 0.0:
        phi *= math.exp(-power * math.log(max(mean, 1e-9)))
    return min(max(phi, PHI[0]), PHI[1])


@njit(cache=True, nogil=True, error_model="numpy")
def quantile(mean, phi, u):  # type: ignore[no-untyped-def]
    """The u-quantile of the negative binomial distribution of that mean and variance ``mean + phi mean ** 2``, at most
    CAP."""
    if u < 1.0 - mean:  # never more than the probability of none
        return 0
    u = min(u, 1.0 - 1e-12)  # beyond this the rounding of the sum would decide, not the rate
    shape = 1.0 / phi
    x = mean * phi
    p = math.exp(-shape * (math.log(1.0 + x) if x > 1e-3 else math.log1p(x)))  # the second one takes longer
    ratio, total, n = mean / (mean + shape), p, 0
    while u >= total and n < CAP:
        p *= (shape + n) * ratio * _INVERSE[n]
        n += 1
        total += p
    return n


@lean
def shared(spread, own, luck, volume, drift):  # type: ignore[no-untyped-def]
    """What all variants of one future share: luck (T, pairs), volume (T, 2) and its drift by pair (months, pairs, 2).

    Hostile and conciliatory events have a volume each, with mean one.
    """
    for sort in range(2):
        month_sd, day_sd, pair_sd = spread[0, sort], spread[1, sort], spread[2, sort]
        centre = 0.5 * (month_sd**2 + day_sd**2)
        for day in range(len(luck)):
            month = normal(below(below(below(own, _MONTH), day // MONTH), sort))
            daily = normal(below(below(below(own, _DAY), day), sort))
            volume[day, sort] = math.exp(month_sd * month + day_sd * daily - centre)
        if pair_sd > 0.0:
            for month in range(len(drift)):
                key = below(below(below(own, _DRIFT), month), sort)
                for pair in range(luck.shape[1]):
                    drift[month, pair, sort] = math.exp(pair_sd * normal(below(key, pair)) - 0.5 * pair_sd**2)
    for day in range(len(luck)):
        key = below(below(own, _PAIR), day)
        for pair in range(luck.shape[1]):
            luck[day, pair] = unit(below(key, pair))
