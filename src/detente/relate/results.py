"""The network of a date and the view of an actor as results, with their words, tables and figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from typing import Final

import polars as pl

from detente.actors import tie_sources, ties
from detente.figure import Figure, Shown
from detente.relate import figures
from detente.relate.figures import View
from detente.words import count, day, name, the

MOST_BARS: Final = 12


@dataclass(frozen=True)
class Network(Shown):
    """Ties that hold on a date, and events of the year before.

    Args:
        edges: columns of :func:`detente.relate.edges`, in layers of tone.
        on: the date. as_of: date by which the events were known. source: where they come from.

    Example:
        >>> from detente import relate
        >>> from detente.record.views import TABLES
        >>> events = pl.DataFrame(schema=TABLES["events"])
        >>> drawn = Network(relate.edges(ties(), events, Date(2024, 7, 11), among=["JPN", "USA"]), Date(2024, 7, 11))
        >>> drawn.frame()["a"].unique().to_list()
        ['JPN']
    """

    edges: pl.DataFrame
    on: Date
    as_of: Date | None = None
    source: str = ""

    def frame(self) -> pl.DataFrame:
        """The edges: exactly what is drawn."""
        return self.edges

    def summary(self) -> str:
        """The network in words: how much there is, and the pairs with most events."""
        told = self.edges.filter(pl.col("kind") == "events")
        n_ties = self.edges.height - told.height
        sums = told.group_by("a", "b").agg(n=pl.col("weight").sum())
        sums = sums.sort("n", "a", "b", descending=[True, False, False])
        lines = [
            f"On {day(self.on)}: {count(n_ties, 'tie')} between pairs of actors, "
            f"{count(int(told['weight'].sum()), 'event')} of the year before."
        ]
        lines += [f"  {name(a)} – {name(b)}: {count(int(n), 'event')}" for a, b, n in sums.head(5).iter_rows()]
        return "\n".join(lines)

    def figure(self, *, view: View = "nodes", most: int = figures.MOST) -> Figure:
        """Points and lines, or a schematic map: see :func:`detente.relate.figures.network`.

        Args:
            view: ``nodes`` or ``map``. most: actors drawn, the busiest.
        """
        kept = figures.busiest(self.edges, most)
        return figures.network(kept, self.on, as_of=self.as_of, view=view, source=self.source)

    def cite(self) -> list[str]:
        """Sources of the ties."""
        held = {id_ for row in self.edges.filter(pl.col("kind") != "events")["evidence"] for id_ in row}
        keys = {key for tie in ties() if tie.id in held for key in tie.source}
        return sorted(f"{s.publisher}. {s.title}." for key, s in tie_sources().items() if key in keys)


@dataclass(frozen=True)
class Perspective(Shown):
    """The record as one actor sees it.

    Args:
        actor: its code.
        rows: columns of :func:`detente.relate.perspective`.
        on: the date. days: length of the two periods that are compared.
        as_of: date by which the events were known. source: where they come from.
    """

    actor: str
    rows: pl.DataFrame
    on: Date
    days: int = 90
    as_of: Date | None = None
    source: str = ""

    def frame(self) -> pl.DataFrame:
        """What was done, by whom, to whom of them, and how that changed."""
        return self.rows

    def summary(self) -> str:
        """The view in words."""
        lines = [f"What was done to {the(self.actor)} and its partners in the {self.days} days up to {day(self.on)}:"]
        sums = self.rows.group_by("tone", "to").agg(pl.col("recent", "before").sum()).sort("to", "tone")
        lines += [
            f"  to {to}: {count(recent, f'{tone} event')}, {before:,} in as many days before"
            for tone, to, recent, before in sums.iter_rows()
        ]
        return "\n".join(lines if sums.height else [*lines, "  nothing that this record holds."])

    def figure(self, *, most: int = MOST_BARS) -> Figure:
        """Events of the last days by who did them, dark, beside those of as many days before, light.

        Args:
            most: actors drawn, those that did most.
        """
        return figures.perspective(
            self.rows, self.actor, self.on, days=self.days, most=most, as_of=self.as_of, source=self.source
        )

    def cite(self) -> list[str]:
        """Nothing beside the record itself."""
        return []
