"""Who stands with whom, on a desk: ties, the network and its shape, and each actor's view."""

from __future__ import annotations

from datetime import date as Date
from typing import TYPE_CHECKING, Any

import polars as pl

from detente import actors as registers
from detente import relate
from detente.record import Store, ask
from detente.record.ask import Asked

if TYPE_CHECKING:
    import networkx as nx


class Relating:
    """The verbs of a desk that relate actors."""

    store: Store

    def actors(self, as_of: Date | str | None = None, *, most: int | None = None) -> list[str]:
        """Codes of the actors of asserted events, the most active first; sightings count as they are."""
        return ask.actors(self.store, Asked(as_of=registers.day(as_of)))[:most]

    def last_day(self, as_of: Date | str | None = None) -> Date:
        """The as-of date, or else the last day on which anything on the desk became known, or today."""
        return registers.day(as_of) or ask.last_known(self.store) or Date.today()

    def ties(
        self, *, as_of: Date | str | None = None, on: Date | str | None = None, actor: str | None = None
    ) -> pl.DataFrame:
        """Ties among the desk's actors on a date, from the register, and those that its reports name.

        Returns:
            Columns of :func:`detente.relate.table`, and ``reports``: ids of reports that name the tie.
        """
        day = registers.day(on) or self.last_day(as_of)
        named = self.store.ties(as_of)
        held = {tie.id: tie for tie in relate.standing(registers.ties(), day, among=self.actors(as_of))}
        by_id = {tie.id: tie for tie in registers.ties()}
        held |= {id_: by_id[id_] for id_ in named["tie"] if id_ in by_id and relate.status(by_id[id_], day)}
        frame = relate.table(sorted(held.values(), key=lambda t: (t.kind, t.id)), day)
        told = named.group_by(pl.col("tie").alias("id")).agg(pl.col("report").unique().sort().alias("reports"))
        return relate.of_actor(frame.join(told, on="id", how="left", maintain_order="left"), actor)

    def network(
        self, *, as_of: Date | str | None = None, on: Date | str | None = None, layers: relate.Layers = "tone"
    ) -> pl.DataFrame:
        """Edges among the desk's actors on a date: ties that hold, and events of the year before by layer.

        Args:
            as_of: as known by this date. on: the date.
            layers: of events: ``tone`` (cooperation, hostility), ``quad`` or ``domain``.

        Returns:
            See :func:`detente.relate.edges`.

        Raises:
            DeskError: no such layers.
        """
        return relate.edges(**self._network(as_of, on), layers=layers)

    def graph(
        self, *, as_of: Date | str | None = None, on: Date | str | None = None, layers: relate.Layers = "tone"
    ) -> nx.MultiGraph[str]:
        """The network as a networkx multigraph; arguments as of :meth:`network`."""
        return relate.network(**self._network(as_of, on), layers=layers)

    def _network(self, as_of: Date | str | None, on: Date | str | None) -> dict[str, Any]:
        return {
            "ties": registers.ties(),
            "events": self.store.events(as_of),
            "on": registers.day(on) or self.last_day(as_of),
            "among": self.actors(as_of),
            "acts": self.acts(as_of),
        }

    def acts(self, as_of: Date | str | None = None) -> pl.LazyFrame | None:
        """Events that others coded, as pairs (:data:`detente.record.ask.DYADS`); None where nothing was loaded."""
        if not ask.has_sightings(self.store):
            return None
        return ask.acts(self.store, Asked(as_of=registers.day(as_of)))

    def perspective(
        self, actor: str, *, as_of: Date | str | None = None, on: Date | str | None = None, days: int = 90
    ) -> pl.DataFrame:
        """What was done to an actor and its partners, by whom, and how that changed.

        Args:
            actor: code or name. as_of: as known by this date. on: the date.
            days: length of the two periods, the last one and the one before it, that are compared.

        Returns:
            See :func:`detente.relate.perspective`.

        Raises:
            RegisterError: unknown actor. DeskError: a period without days.
        """
        code = registers.register().find(actor).code
        day = registers.day(on) or self.last_day(as_of)
        events, acts = self.store.events(as_of), self.acts(as_of)
        return relate.perspective(code, events, registers.ties(), day, days=days, acts=acts)

    def standing(self, *, as_of: Date | str | None = None, on: Date | str | None = None) -> relate.Network:
        """Who stands with whom on a date, as a result with its words and figures; arguments as of :meth:`network`."""
        known = self.last_day(as_of)
        day = registers.day(on) or known
        return relate.Network(self.network(as_of=as_of, on=on), day, known, f"the desk {self.store.path.name}")

    def seen_by(
        self, actor: str, *, as_of: Date | str | None = None, on: Date | str | None = None, days: int = 90
    ) -> relate.Perspective:
        """The record as an actor sees it, as a result with its words and figure; arguments as of :meth:`perspective`.

        Raises:
            RegisterError: unknown actor. DeskError: a period without days.
        """
        code, known = registers.register().find(actor).code, self.last_day(as_of)
        rows = self.perspective(code, as_of=as_of, on=on, days=days)
        day = registers.day(on) or known
        return relate.Perspective(code, rows, day, days, known, f"the desk {self.store.path.name}")

    def blocs(self, *, by: relate.By = "ties", seed: int = 7, **when: Any) -> pl.DataFrame:
        """Groups of actors that are bound to each other, by ``ties`` or by ``events``.

        Args:
            by: what binds. seed: of the runs. when: ``as_of`` and ``on``, as of :meth:`network`.

        Returns:
            See :func:`detente.relate.blocs`.

        Raises:
            DeskError: no such bonds.
        """
        return relate.blocs(self.network(**when), by=by, seed=seed)

    def brokers(self, *, by: relate.By = "ties", **when: Any) -> pl.DataFrame:
        """Who stands between others; arguments as of :meth:`blocs`, columns as of :func:`detente.relate.brokers`."""
        return relate.brokers(self.network(**when), by=by)

    def triads(self, *, least: int = 1, **when: Any) -> pl.DataFrame:
        """Every three actors with a sign on each side, and whether they are in balance.

        Args:
            least: events of the year that a pair must have to be given a sign.
            when: ``as_of`` and ``on``, as of :meth:`network`.

        Returns:
            See :func:`detente.relate.triads`; :func:`detente.relate.balance` counts them.
        """
        return relate.triads(self.network(**when), least=least)
