"""Ties by date: which hold, with what status, and how closely they bind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date as Date
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from detente.actors import register
from detente.events import Tie, TieState
from detente.record import day_range

# How far a tie of each kind commits its parties, as shares of a defence pact: an ordering that Detente assumes, not a
# measurement. It only sets the widths of drawn lines and the partner weights from which learning starts.
CLOSENESS = {
    "defence pact": 1.0,
    "access agreement": 0.6,
    "basing": 0.6,
    "information sharing": 0.5,
    "exercise series": 0.4,
    "grouping": 0.4,
    "partnership": 0.3,
    "consultation": 0.3,
}

HOLDS: frozenset[TieState] = frozenset({"signed", "in force"})


def status(tie: Tie, on: Date) -> TieState | None:
    """Status of a tie on a date; None before its first step.

    A step known only to the month or year counts from the last day of that month or year, so that nothing is said to
    hold before it surely did.

    Example:
        >>> from detente.events import TieStatus
        >>> raa = Tie(id="x", name="x", kind="access agreement", parties=("JPN", "GBR"), domain="defence",
        ...           history=(TieStatus("signed", "2023-01-11"), TieStatus("in force", "2023-10-15")))
        >>> status(raa, Date(2023, 5, 1))
        'signed'
    """
    reached: TieState | None = None
    for step in tie.history:
        _, last = day_range(step.date)
        if last is None or last <= on:
            reached = step.status
    return reached


def parties(tie: Tie, on: Date) -> tuple[str, ...]:
    """Parties of a tie on a date: for a grouping with a member list, its members then."""
    if tie.organisation and (members := register().members(tie.organisation, on)):
        return members
    return tie.parties


def standing(ties: Iterable[Tie], on: Date, *, among: Sequence[str] | None = None) -> list[Tie]:
    """Ties that have a status other than ended on a date, oldest first.

    Args:
        ties: ties of the register or named in reports.
        on: the date.
        among: only ties with at least two parties of these actors (an organisation counts where it is named); all
            ties where None.
    """
    found = [t for t in ties if status(t, on) not in (None, "ended")]
    if among is not None:
        wanted = set(among)
        found = [t for t in found if len(wanted.intersection((*parties(t, on), t.organisation))) >= 2]
    return sorted(found, key=lambda t: (t.history[0].date if t.history else "", t.id))


def table(ties: Iterable[Tie], on: Date) -> pl.DataFrame:
    """Ties as a table: one row a tie, with its status on the date."""
    rows = [
        {
            "id": t.id,
            "name": t.name,
            "kind": t.kind,
            "parties": list(parties(t, on)),
            "domain": t.domain,
            "status": status(t, on),
            "since": _since(t, on),
            "source": "; ".join(t.source),
            "confirmed": t.confirmed,
            "note": t.note,
        }
        for t in ties
    ]
    schema: dict[str, Any] = {
        "id": pl.String,
        "name": pl.String,
        "kind": pl.String,
        "parties": pl.List(pl.String),
        "domain": pl.String,
        "status": pl.String,
        "since": pl.String,
        "source": pl.String,
        "confirmed": pl.String,
        "note": pl.String,
    }
    return pl.DataFrame(rows, schema=schema)


def of_actor(frame: pl.DataFrame, actor: str | None) -> pl.DataFrame:
    """Rows of a table of ties to which an actor, by code or name, is a party; all where none is given.

    Raises:
        RegisterError: unknown actor.
    """
    return frame.filter(pl.col("parties").list.contains(register().find(actor).code)) if actor else frame


def _since(tie: Tie, on: Date) -> str | None:
    """Date of the step from which the present status holds; a repeated status is a renewal."""
    since, held = None, None
    for step in tie.history:
        _, last = day_range(step.date)
        if last is None or last <= on:
            since, held = (since, held) if step.status == held else (step.date or None, step.status)
    return since


def partners(ties: Iterable[Tie], actors: Sequence[str], on: Date) -> np.ndarray:
    """How closely each pair of actors is tied on a date.

    Args:
        ties: ties, usually the register's.
        actors: A actor codes.
        on: the date.

    Returns:
        Symmetric (A, A) array in [0, 1]: the closest tie that holds between two actors (see ``CLOSENESS``), zero on the
        diagonal. Groupings of more than ten members bind nobody closely and are left out.
    """
    place = {code: i for i, code in enumerate(actors)}
    close = np.zeros((len(actors), len(actors)))
    for tie in ties:
        members = parties(tie, on)
        if status(tie, on) not in HOLDS or (len(members) > 10 and tie.kind != "defence pact"):
            continue
        for a, b in combinations([place[m] for m in members if m in place], 2):
            close[a, b] = close[b, a] = max(close[a, b], CLOSENESS[tie.kind])
    return close
