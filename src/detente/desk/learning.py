"""What a desk learns: reactions, what set an event off, and whether the record bears a claim out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import date as Date
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from detente import actors as registers
from detente.desk.asking import Asking
from detente.errors import CountedTwice, DeskError, LearnError
from detente.record import ask, windows
from detente.record.ask import Asked, Words
from detente.record.windows import Window

if TYPE_CHECKING:
    from detente.learn import Fit
    from detente.learn.calibration import Backtest
    from detente.learn.check import Answer, Proposition
    from detente.learn.diagnose import Diagnosis
    from detente.learn.response import Response
    from detente.learn.triggers import Triggers
    from detente.learn.wording import Register


class Learning(Asking):
    """The verbs of a desk that learn from its record and hold claims against it."""

    def table(self, as_of: Date | str | None = None) -> pl.DataFrame:
        """The desk's asserted, dated events between states, one row each, as learning takes them.

        Events known to a month count on its first day; coarser ones, and events between organisations, do not count.
        """
        asked = Asked(as_of=registers.day(as_of), modalities=("asserted",))
        frame = ask.dyads(self.store, asked).filter(pl.col("type").is_not_null()).collect(engine="streaming")
        read, loaded = frame.filter(pl.col("archive").is_null()), frame.filter(pl.col("archive").is_not_null())
        keys = ("day", "source", "target", "type", "cameo")
        counted = (
            loaded.group_by(keys)
            .agg(goldstein=pl.col("goldstein").mean(), count=pl.len().cast(pl.Int64))
            .sort(keys)
            .with_columns(pl.col("cameo").fill_null(""))
        )
        each = read.select(*keys, "goldstein", count=pl.lit(1, pl.Int64))
        return pl.concat([each, counted]).sort("day", maintain_order=True)

    def told(self, as_of: Date | str | None = None) -> pl.DataFrame:
        """The events of :meth:`table` with where they come from: one row for each pair of each event.

        Returns:
            Columns ``day``, ``source``, ``target``, ``type``, ``cameo``, ``domain``; ``id`` of the event; ``archive``
            (data set) or ``report``, ``outlet`` and ``sentence``.
        """
        asked = Asked(as_of=registers.day(as_of), modalities=("asserted",))
        frame = ask.tellings(self.store, asked).filter(
            pl.col("same_as").is_null(), pl.col("date_precision").is_in(ask.DATED), pl.col("type").is_not_null()
        )
        columns = ("day", "type", "cameo", "domain", "id", "report", "outlet", "sentence")
        schema = {"source": pl.String, "target": pl.String} | {name: ask.EVENTS[name] for name in columns}
        rows = [
            (a, b, *(row[name] for name in columns))
            for row in frame.iter_rows(named=True)
            for a, b in ask.pairs(row, registers.state_codes())
        ]
        read = pl.DataFrame(rows, schema=schema, orient="row")
        if not ask.has_sightings(self.store):
            return read.with_columns(archive=pl.lit(None, pl.String)).sort("day", maintain_order=True)
        loaded = (
            ask.acts(self.store, asked, states=True)
            .filter(pl.col("type").is_not_null())
            .select("source", "target", "day", "type", "cameo", "domain", "archive", id=ask.sighting_id("archive"))
            .collect(engine="streaming")
        )
        return pl.concat([read, loaded], how="diagonal_relaxed").sort("day", maintain_order=True)

    def learn(self, *, as_of: Date | str | None = None, seed: int = 7) -> Fit:
        """Fit the reaction model: the shipped prior, moved by the desk's own events.

        Where the desk holds events that the prior was fitted on, too (ICEWS of its days), they would count twice. A
        record that is long enough is then fitted by itself, without the prior; a shorter one keeps the prior. Either
        way this is warned of (:class:`detente.errors.CountedTwice`) and kept in ``fit.provenance["overlap"]``.

        What should be known before the result is believed is said as warnings
        (:func:`detente.learn.diagnose.cautions`).
        """
        from detente import learn
        from detente.learn import diagnose
        from detente.learn.prior import DATASET

        table, prior = self.table(as_of), learn.prior()
        told = self.told(as_of)
        archives = {DATASET, *self._files_of(prior)}
        common = diagnose.shared(told, prior, archives)
        alone = common >= diagnose.TWICE and diagnose.enough(among := _between(table, prior.actors))
        for caution in diagnose.cautions(*((_between(told, prior.actors), None) if alone else (told, prior))):
            warnings.warn(caution, stacklevel=2)
        said: dict[str, str] = {}
        if common >= diagnose.TWICE:
            said = {"overlap": _overlap(common, alone)}
            warnings.warn(CountedTwice(said["overlap"]), stacklevel=2)
        try:
            if alone:
                actors = [code for code in prior.actors if code in {*among["source"], *among["target"]}]
                fit = learn.ReactionModel().fit(table, actors=actors, provenance=said, seed=seed)
            else:
                fit = learn.ReactionModel().fit(table, prior=prior, provenance=said, seed=seed)
        except LearnError:  # nothing between two states that the prior knows
            return prior
        return replace(fit, table=told)

    def _files_of(self, prior: Fit) -> set[str]:
        """Names of the data sets from which the very files of the prior were loaded here."""
        hashes = {row["sha256"] for row in prior.provenance["data"]}
        return {load.dataset for load in self.store.manifest().loads if load.sha256 in hashes}

    def windows(self, dates: Register) -> tuple[Window, ...]:
        """Windows of time (drills, summits, elections) from dates or a register in CSV, for :meth:`check`.

        Args:
            dates: see :func:`detente.record.windows.read`.

        Raises:
            LoadError: the file cannot be understood. RegisterError: no date.
        """
        return windows.read(dates)

    def reaction(
        self,
        actor: str,
        *,
        to: str,
        by: str | Sequence[str] = (),
        toward: str | Sequence[str] | None = None,
        model: Fit | str | Path | None = None,
        **how: Any,
    ) -> Response:
        """How one actor answers a type of act, by the model, with the comparison of the desk's own days beside it.

        Args:
            actor, by, toward: codes or names; acts of anyone where ``by`` is empty. to: PLOVER type.
            model: a fit, or the file of one; the desk's own where None.
            how: ``channel`` and ``days`` as in :func:`detente.learn.response.response`.

        Raises:
            LearnError, RegisterError, CodebookError: an actor, channel or type that is not known.
        """
        find = registers.register().find
        whom = None if toward is None else [find(code).code for code in ask.words(toward)]
        who, code, fit = [find(code).code for code in ask.words(by)], find(actor).code, self._model(model)
        return fit.reaction(code, to=to.upper(), by=who, toward=whom, table=self.table(), **how)

    def reactions(
        self,
        *,
        actor: str | None = None,
        toward: Words = None,
        channel: str | None = None,
        model: Fit | str | Path | None = None,
    ) -> pl.DataFrame:
        """Reactions as a table, best supported first; those with at least ten past events behind them.

        Args:
            actor, toward: codes or names of who reacts, and to whom; pooled over all others where ``toward`` is empty.
            channel: one of :data:`detente.learn.model.CHANNELS`, or ``"calming"``.
            model: a fit, or the file of one; the desk's own where None.

        Returns:
            See :func:`detente.learn.reactions.frame`.

        Raises:
            RegisterError: unknown actor. LearnError: unknown channel.
        """
        from detente.learn.reactions import CALMING, FEW, least

        find, fit = registers.register().find, self._model(model)
        if channel is not None and channel not in (ways := (*fit.channels, CALMING)):
            raise LearnError(f"No channel is called {channel!r}; use one of: {', '.join(ways)}.")
        others = [find(code).code for code in ask.words(toward)]
        frame = fit.frame().filter(pl.col("n") >= FEW, pl.col("toward").is_in(others or [""]))
        for column, value in (("actor", find(actor).code if actor else None), ("channel", channel)):
            frame = frame if value is None else frame.filter(pl.col(column) == value)
        return frame.sort(least() * pl.col("n").sqrt(), descending=True, maintain_order=True)

    def reproduction(
        self, *, by: str = "pair", hostile: bool = False, model: Fit | str | Path | None = None
    ) -> pl.DataFrame:
        """How many further events an event brings about, within each pair of the desk's actors or each of its blocs.

        Args:
            by: ``pair`` or ``bloc`` (:meth:`blocs`). hostile: hostile acts answering hostile acts only.
            model: a fit, or the file of one; the desk's own where None.

        Returns:
            See :func:`detente.learn.reactions.reproductions`.

        Raises:
            DeskError: neither pairs nor blocs. LearnError: the model knows fewer than two of the desk's actors.
        """
        fit = self._model(model)
        if by == "bloc":
            rows = self.blocs().group_by("bloc", maintain_order=True).agg("actor").iter_rows()
            return fit.reproduction(by={f"bloc {name}": members for name, members in rows}, hostile=hostile)
        if by != "pair":
            raise DeskError(f"Reproduction is told by pair or by bloc, not by {by!r}.")
        among = [code for code in self.actors() if code in fit.actors]
        if len(among) < 2:
            raise LearnError(f"The model knows fewer than two actors of this desk; it knows {', '.join(fit.actors)}.")
        return fit.select(sorted(among)).reproduction(by="pair", hostile=hostile)

    def triggers(self, id: str, *, model: Fit | str | Path | None = None) -> Triggers:
        """What raised the rate of an event: shares of the baseline and of each earlier event on the desk.

        Args:
            id: of the event. model: a fit, or the file of one; the desk's own where None.

        Raises:
            DeskError: no such event.
            LearnError: no model can take it (the message says why), or the model does not know its actors.
        """
        from detente.learn.triggers import of_event, refuse

        told = self.told()
        if isinstance(id, str) and told.filter(pl.col("id") == id).is_empty():
            refuse(id, self.events(once=None))
            raise DeskError(f"There is no event {id} on this desk; `detente events --csv` lists them with their ids.")
        return of_event(self._model(model), id, told)

    def check(
        self,
        claim: str | Proposition,
        *,
        register: Register | None = None,
        effects: Register | None = None,
        within: int | None = None,
        by_group: bool = False,
        since: Date | str | None = None,
        until: Date | str | None = None,
        as_of: Date | str | None = None,
        model: Fit | str | Path | None = None,
    ) -> Answer:
        """Hold a causal claim against the record.

        Args:
            claim: in plain words (:func:`detente.learn.wording.read`), or in terms
                (:class:`detente.learn.check.Proposition`).
            register: when the causes took place, instead of the causes that the record holds: dates or a CSV file.
            effects: days of the effect events, instead of the record's: dates or a CSV file.
            within: days after a cause in which effects count; those of the claim where None. Where the claim names none
                either: 14 after a day, none after the days of a window.
            by_group: also for each group of windows of the register by itself (seasons, series).
            since, until: days compared; all that are covered where None.
            as_of: what was known by this date.
            model: a fit, or the file of one; the desk's own where None.

        Raises:
            LearnError: the words are not understood, or nothing can be compared. LoadError: a file is not.

        Example:
            >>> import detente, tempfile
            >>> desk = detente.open(tempfile.mkdtemp() + "/desk")
            >>> drills = [f"{year}-03-10" for year in range(2010, 2020)]
            >>> tests = [f"{year}-{month:02}-12" for year in range(2010, 2020) for month in range(1, 13)]
            >>> desk.check("drills of KOR raise provocations of PRK", register=drills, effects=tests, within=7).verdict
            'says nothing'
        """
        from detente.learn import wording

        own = register is None and effects is None  # what a register holds is not the model's to explain
        fit = self._model(model, as_of) if own else None
        return wording.hold(
            claim,
            self._told(fit if model is None else None, as_of),
            register=register,
            effects=effects,
            within=within,
            by_group=by_group,
            since=since,
            until=until,
            fit=fit,
        )

    def check_claims(
        self,
        *,
        within: int = 14,
        as_of: Date | str | None = None,
        model: Fit | str | Path | None = None,
    ) -> tuple[list[Answer], pl.DataFrame]:
        """Hold every causal claim of the desk's reports against the record, and allow for their number.

        Args:
            within: days after a cause in which effects count.
            as_of: what was known by this date. model: a fit, or the file of one; the desk's own where None.

        Returns:
            Answers with speaker and sentence, held to one false discovery rate; and the claims that cannot be put into
            terms of the record, with the reason: columns ``speaker``, ``cause``, ``effect``, ``sentence``, ``why``.
        """
        from detente.learn import check as checking
        from detente.learn import wording

        causal = self.claims(as_of=as_of).filter(pl.col("cause") != "", pl.col("effect") != "")
        fit = self._model(model, as_of) if causal.height else None
        table = self._told(fit if model is None else None, as_of)
        answers, unfit = [], []
        for row in causal.iter_rows(named=True):
            try:
                claim = wording.of_report(row["cause"], row["effect"], row["proposition"], within=within)
                answer = checking.check(claim, table, fit=fit)
            except LearnError as error:
                unfit.append((row["speaker"], row["cause"], row["effect"], row["sentence"], str(error)))
            else:
                answers.append(replace(answer, speaker=row["speaker"], sentence=row["sentence"]))
        columns = ("speaker", "cause", "effect", "sentence", "why")
        left = pl.DataFrame(unfit, schema=dict.fromkeys(columns, pl.String), orient="row")
        return list(checking.adjust(answers)), left

    def backtest(
        self,
        *,
        actors: Sequence[str] = (),
        most: int | None = None,
        days: int = 31,
        origins: int = 1,
        seed: int = 7,
    ) -> Backtest:
        """How well the model would have forecast the last days of this desk's record, fitted on it alone.

        Args:
            actors: codes or names; else the ``most`` busiest, 40 where no number is given.
            days, origins, seed: as for :func:`detente.learn.calibration.rolling`.

        Raises:
            RegisterError: unknown actor. LearnError: too few days, or no events.
        """
        from detente.learn.calibration import rolling
        from detente.learn.fit import busiest

        table = self.table()
        if table.is_empty():
            raise LearnError("No dated events between states on this desk; read or load some first.")
        among = named_or_busiest(table, actors, most, busiest(table))
        return rolling(table, actors=among, days=days, origins=origins, data="this desk", seed=seed)

    def diagnose(self) -> Diagnosis:
        """Where a model fitted on this desk alone is off, and what it rests on (:mod:`detente.learn.diagnose`).

        Raises:
            LearnError: too few days of record.
        """
        from detente.learn.diagnose import diagnose

        return diagnose(self.told())

    def _told(self, own: Fit | None, as_of: Date | str | None) -> pl.DataFrame:
        """:meth:`told`, which a model learnt here carries along."""
        return own.table if own is not None and own.table is not None else self.told(as_of)

    def _model(self, model: Fit | str | Path | None, as_of: Date | str | None = None) -> Fit:
        from detente import learn

        if model is None:
            return self.learn(as_of=as_of)
        return learn.Fit.load(model) if isinstance(model, str | Path) else model


def _between(table: pl.DataFrame, actors: Sequence[str]) -> pl.DataFrame:
    known = pl.col("source").is_in(actors) & pl.col("target").is_in(actors)
    return table.filter(known, pl.col("source") != pl.col("target"))


def named_or_busiest(
    table: pl.DataFrame, actors: Sequence[str], most: int | None, usual: Sequence[str]
) -> Sequence[str]:
    """Codes of the actors named, else of the ``most`` busiest ones of a daily table, else the usual ones.

    Raises:
        RegisterError: unknown actor.
    """
    from detente.learn.fit import busiest

    return [registers.register().find(name).code for name in actors] or (busiest(table, most) if most else usual)


def _overlap(share: float, alone: bool) -> str:
    """That record and prior have events in common, and what was done about it."""
    said = f"{share:.0%} of this desk's events are of the data that the shipped prior was fitted on"
    if alone:
        return f"{said}: the prior is left out, and the desk's record is fitted by itself."
    return f"{said} and count twice, as prior and as record: intervals are too narrow, and agreement proves nothing."


def backtest(
    files: Sequence[str | Path],
    *,
    train: Sequence[str | Path] = (),
    actors: Sequence[str] = (),
    most: int | None = None,
    days: int = 31,
    origins: int = 1,
    seed: int = 7,
) -> Backtest:
    """How well the model forecasts event data that others made, one day ahead.

    Args:
        files: event data. train: earlier event data; all later days of ``files`` are then forecast, else the last
            ``days``.
        actors: codes or names; else the ``most`` busiest; else the states of the shipped prior.
        origins: parts of the days forecast, before each of which parameters are fitted anew. seed: of the intervals.

    Raises:
        LoadError: a file cannot be understood. RegisterError: unknown actor.
        LearnError: too little to fit on or to forecast.
    """
    from detente import load
    from detente.learn.calibration import rolling
    from detente.learn.prior import ACTORS

    loaded = [load.daily(path) for path in files]
    before = [load.daily(path).table for path in train]
    tested = pl.concat(one.table for one in loaded)
    start = None
    if before:
        last = pl.concat(before)["day"].max()
        if isinstance(last, Date):
            start = last + timedelta(days=1)
            tested = tested.filter(pl.col("day") >= start)
    table = pl.concat([*before, tested]).sort("day", maintain_order=True)
    among = named_or_busiest(table, actors, most, ACTORS)
    name = ", ".join(one.name for one in loaded)
    return rolling(table, actors=among, start=start, days=days, origins=origins, data=name, seed=seed)


def diagnose(files: Sequence[str | Path]) -> Diagnosis:
    """Where a model fitted on event data that others made is off; the states of the shipped prior.

    Raises:
        LoadError: a file cannot be understood. LearnError: too few days.
    """
    from detente import load
    from detente.learn import diagnose as diagnosing
    from detente.learn.prior import ACTORS

    loaded = [load.daily(path) for path in files]
    named = [one.table.with_columns(archive=pl.lit(one.name)) for one in loaded]
    return diagnosing.diagnose(pl.concat(named).sort("day", maintain_order=True), actors=ACTORS)
