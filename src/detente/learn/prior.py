"""The shipped prior: parameters fitted on public event data.

The file holds parameters only, no rows of the data. Its provenance (names and hashes of the data, dates, version,
command, scores) is inside: ``prior().provenance``. :mod:`detente.learn.build` makes it again.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.resources import as_file, files
from typing import Final

import numpy as np

from detente.learn.model import Fit

ACTORS: Final = (
    "AUS", "CHN", "DEU", "FRA", "GBR", "IDN", "IND", "IRN", "JPN", "KHM", "KOR", "MMR",
    "MYS", "NZL", "PAK", "PHL", "PRK", "RUS", "SGP", "THA", "TWN", "UKR", "USA", "VNM",
)  # fmt: skip
"""States of the shipped prior: those of the Indo-Pacific with regular coverage and outside powers often involved."""

DATASET: Final = "icews"
"""Data set of which the events of the prior are a part, as :func:`detente.load.formats` calls it."""


@cache
def prior() -> Fit:
    """The shipped model, in its long-run state (an average day); read once.

    Example:
        >>> prior().provenance["seed"]
        7
    """
    with as_file(files("detente") / "data" / "prior.npz") as path:
        fit = Fit.load(path)
    return replace(fit, state=fit.mean[..., None] * np.ones(len(fit.taus)))
