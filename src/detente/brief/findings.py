"""What a brief is made from: plain frames and results, all as known by one date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from typing import TYPE_CHECKING

import polars as pl

from detente.events import Report

if TYPE_CHECKING:
    from detente.learn import Fit
    from detente.simulate import Comparison


@dataclass(frozen=True)
class Stamp:
    """What it takes to make the same page again.

    Args:
        version: of Detente.
        as_of: date by which the record was known.
        data_hash: of the desk's record.
        seed: of everything random.
        command: that made the page.
        model: where the reaction model comes from, in a line.
    """

    version: str
    as_of: Date
    data_hash: str
    seed: int
    command: str
    model: str


@dataclass(frozen=True)
class Findings:
    """All that a brief shows.

    Args:
        as_of: only what was known by this date.
        on: date of the network and of the ties' status.
        reports, events, claims, questions: frames of the desk's store; ``events`` with duplicates marked in ``same_as``
            and counted in ``reports``.
        contested: see :func:`detente.relate.contested`.
        actors: codes of the actors that the model's reactions are shown for.
        ties: columns of :func:`detente.relate.table`, and ``reports`` (ids of reports that name the tie).
        edges: see :func:`detente.relate.edges`.
        texts: reports by id, with their text.
        fit: the reaction model, None where nothing could be learnt.
        prior_note: what the model rests on, or why there is none.
        comparison: of measures, None where nothing could be simulated.
        simulation_note: why there is no comparison; empty where there is one.
        skipped: one line for each article that could not be read.
        stamp: what it takes to make the same page again.
        coded: numbers of sightings that others coded, by data set.
    """

    as_of: Date
    on: Date
    reports: pl.DataFrame
    events: pl.DataFrame
    claims: pl.DataFrame
    contested: pl.DataFrame
    ties: pl.DataFrame
    edges: pl.DataFrame
    questions: pl.DataFrame
    actors: tuple[str, ...]
    texts: Mapping[str, Report]
    fit: Fit | None
    prior_note: str
    comparison: Comparison | None
    simulation_note: str
    skipped: tuple[str, ...]
    stamp: Stamp
    coded: Mapping[str, int] = field(default_factory=dict)
