"""What can be asked of a desk: events, panels, windows around dates, claims, SQL, and all of it as files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date as Date
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from detente import actors as registers
from detente import relate
from detente.desk.relating import Relating
from detente.record import ask, export, panel, windows
from detente.record.ask import Words
from detente.record.once import Once


class Asking(Relating):
    """The verbs of a desk that ask its record."""

    def events(
        self,
        *,
        actor: Words = None,
        other: Words = None,
        types: Words = None,
        quad: Words = None,
        domain: Words = None,
        since: Date | str | None = None,
        until: Date | str | None = None,
        as_of: Date | str | None = None,
        on: Date | str | None = None,
        source: Words = None,
        modality: Words = None,
        min_confidence: float | None = None,
        once: Once | None = Once(),  # noqa: B008 -- frozen
    ) -> pl.LazyFrame:
        """Who did what to whom: events read from reports and events that others coded, each once.

        Each argument narrows; several values of one widen. Nothing is read before the frame is collected, and then
        only the columns and rows that it takes.

        Args:
            actor: codes or names of actors on either side.
            other: of actors on the other side.
            types: PLOVER types (``"CONSULT"``), or CAMEO codes, which stand for all that begin with them (``"19"``).
            quad: quad classes. domain: domains.
            since, until: first and last day on which it happened; what has no date is left out then.
            as_of: known by this date. on: true on this date.
            source: outlets, data sets (``"icews"``) or ids of reports.
            modality: modalities; what others coded counts as asserted.
            min_confidence: least confidence of the coder; event data without one stay.
            once: when two sightings of a data set are one event; None shows every sighting and every further report.

        Returns:
            Columns :data:`detente.record.ask.EVENTS`.

        Raises:
            RegisterError: unknown actor, or no date. CodebookError: unknown type, quad class or modality.
        """
        given = {name: value for name, value in locals().items() if name != "self"}
        return ask.events(self.store, ask.asked(**given))

    def panel(
        self,
        by: str = "month",
        *,
        actors: Iterable[str] | None = None,
        directed: bool = True,
        normalise: str | None = None,
        zeros: bool = True,
        everybody: bool = False,
        **which: Any,
    ) -> pl.DataFrame:
        """How much happened between each pair in each period, zeros included.

        An asserted event counts once for each pair of a source and a target, in the period of its first day; events
        dated only to the season or year are left out (but for a panel by year).

        Args:
            by: ``day``, ``week`` (from Monday), ``month`` or ``year``.
            actors: codes or names: all pairs of them, whether anything happened or not. Where none are given, the pairs
                of states between which anything happened in the whole time.
            directed: who did it to whom; otherwise each pair once.
            normalise: None, or ``share`` of all events of the period, events ``per 1,000`` of them, or by reporting
                ``volume`` (as if every period had the reports of the average one). All events of the same sources
                count, whatever else is asked.
            zeros: rows where nothing happened, too.
            everybody: all pairs of states that occur, also those between which nothing happened.
            which: events that count, as in :meth:`events`.

        Returns:
            Columns :data:`detente.record.panel.PANEL`: ``period`` (its first day), ``source``, ``target``; numbers of
            ``events``, of each quad class and of ``reports``; ``goldstein`` (sum).

        Raises:
            RegisterError, CodebookError: as :meth:`events`. DeskError: no such period, or too many rows for memory.
        """
        panel.every(by)
        asked = ask.asked(**which)
        among = [registers.register().find(name).code for name in actors or ()]
        return panel.panel(
            ask.dyads(self.store, asked, states=not among, coarse=by == "year"),
            by,
            among=among,
            everybody=everybody,
            directed=directed,
            since=asked.since,
            until=asked.until,
            zeros=zeros,
            volume=ask.volume(self.store, asked) if normalise else None,
            normalise=normalise,
        )

    def around(
        self,
        dates: str | Path | Iterable[str | Date],
        *,
        days_before: int = 30,
        days_after: int = 30,
        each: bool = False,
        **which: Any,
    ) -> pl.DataFrame:
        """What happened around dates, beside as many days just before.

        A window runs from ``days_before`` days before a date to ``days_after`` days after it. Each of its days is
        compared with the day that lies the length of a window earlier; such days are left out where they lie in another
        date's window, and so are days outside the record.

        Args:
            dates: dates, or a CSV file with a column ``start`` (or ``date``, ``day`` …) and maybe ``end``, ``name``.
            days_before, days_after: how far the windows reach.
            each: each window by itself, not all laid over each other.
            which: events that count, as in :meth:`events`; asserted ones where no modality is given.

        Returns:
            One row for each relative day, see :func:`detente.record.windows.summed`; or with ``each`` for each window
            and day, see :data:`detente.record.windows.WINDOWS`.

        Raises:
            LoadError: the file cannot be understood. RegisterError: no date. DeskError: the record covers none of them.
        """
        found = windows.read(dates)
        asked = ask.asked(**{"modality": "asserted", **which})
        frame = windows.around(self.store, asked, found, days_before, days_after)
        return frame if each else windows.summed(frame)

    def claims(self, *, as_of: Date | str | None = None, actor: str | None = None) -> pl.DataFrame:
        """Claims known by a date.

        Raises:
            RegisterError: unknown actor.
        """
        frame = self.store.claims(as_of)
        if actor:
            frame = frame.filter(pl.col("about").list.contains(registers.register().find(actor).code))
        return frame

    def contested(self, *, as_of: Date | str | None = None) -> pl.DataFrame:
        """Topics on which more than one speaker takes a stand."""
        return relate.contested(self.store.claims(as_of))

    def questions(self, *, as_of: Date | str | None = None) -> pl.DataFrame:
        """Names and dates that the reader left to the analyst."""
        return self.store.questions(as_of)

    def reports(self, *, as_of: Date | str | None = None) -> pl.DataFrame:
        """Reports known by a date; ``near`` names the first report that a near copy is a copy of, null for others."""
        frame = self.store.reports(as_of)
        copies = self.store.near(as_of)
        return frame.with_columns(pl.Series("near", [copies.get(id_) for id_ in frame["id"]], dtype=pl.String))

    def sql(self, statement: str, *, as_of: Date | str | None = None) -> pl.DataFrame:
        """Ask in SQL (DuckDB's dialect): one statement that only reads, on the desk as known by a date.

        Tables: ``events`` (as :meth:`events`), ``sightings`` (rows of event data, not merged), ``reports``, ``claims``,
        ``ties``, ``questions``, ``actors``, ``officeholders``. No file but the desk's can be read and nothing written.

        Raises:
            DeskError: the statement is not one that only reads, or has a fault.

        Example:
            >>> import detente, tempfile
            >>> detente.open(tempfile.mkdtemp() + "/desk").sql("select count(*) as n from events").item()
            0
        """
        day = registers.day(as_of)
        made: dict[str, Callable[[], Any]] = {
            "questions": partial(self.questions, as_of=day),
            "claims": partial(self.claims, as_of=day),
            "ties": partial(self.ties, as_of=day),
        }
        from detente.record import sql

        return sql.ask(self.store, statement, day, made)

    def export(
        self,
        path: str | Path,
        *,
        format: str | None = None,
        **which: Any,
    ) -> Path:
        """Write events to a file for other tools, or the network as GraphML.

        Args:
            path: file to write; its suffix says the format: ``.parquet``, ``.csv``, ``.jsonl``, ``.graphml``.
            format: ``parquet``, ``csv``, ``jsonl`` or ``graphml``, where the suffix does not say.
            which: as in :meth:`events`; for GraphML as in :meth:`graph`.

        Returns:
            Path of the file.

        Raises:
            DeskError: no such format, or the file cannot be written.
        """
        path = Path(path)
        form = export.format_of(path, format)
        if form == "graphml":
            return relate.write_graphml(self.graph(**which), path)
        return export.write(self.events(**which), path, form)
