"""The desk: one analyst's record and all that can be asked of it, with the same verbs in a notebook and a shell."""

from __future__ import annotations

import hashlib
import sys
import tomllib
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date as Date
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl
from msgspec import Struct

from detente import actors as registers
from detente import relate
from detente.desk.simulating import MOST_ACTORS
from detente.desk.simulating import hindcast as hindcast
from detente.desk.simulating import measures as measures
from detente.desk.watching import Watching
from detente.errors import DeskError, DetenteWarning, LoadError, ScenarioError
from detente.events import Actor, Event, Reading, Report
from detente.record import Store, ask, nouns
from detente.record.ask import Asked

if TYPE_CHECKING:
    from detente.learn import Fit
    from detente.load import Loaded
    from detente.read.batch import Outcome, Second
    from detente.record.doctor import Health
    from detente.simulate import Comparison

# A kill costs at most this many reports, or what was read in this many seconds.
UNSAVED = 200
UNSAVED_SECONDS = 30.0
# Endings of files that can hold event data.
_TABLES = frozenset({".csv", ".tab", ".tsv", ".txt", ".json", ".jsonl", ".zip", ".gz", ".parquet"})

Progress = Callable[[int, int], object]


class ReadOutcome(Struct, frozen=True):
    """What became of the articles given to :meth:`Desk.read`: counts and ids; the events are in the store.

    Args:
        store: where they are.
        reports: ids of the reports among them that the desk now holds, new or not, in the order of the articles.
        fresh: how many of them are new to the desk.
        events, asserted, claims, ties, questions: how many of each these reports hold.
        skipped: one line for each file that could not be read.
    """

    store: Store
    reports: tuple[str, ...]
    fresh: int
    events: int
    asserted: int
    claims: int
    ties: int
    questions: int
    skipped: list[str]

    def each_event(self) -> Iterator[Event]:
        """The events of these reports, one after another."""
        return self.store.each(Event, self.reports)

    def summary(self) -> str:
        """The outcome in words."""
        lines = [
            f"{_n(len(self.reports), 'report')}, {self.fresh} new to the desk; {len(self.skipped)} skipped.",
            f"{_n(self.events, 'coding')} ({self.asserted} asserted), {_n(self.claims, 'claim')}, "
            f"{_n(self.ties, 'tie')}, {_n(self.questions, 'question')} left to you.",
        ]
        return "\n".join(lines)


def _table(path: Path) -> str:
    """A line on a file of event data among articles; empty where a file is none."""
    from detente.load.formats import recognised

    if path.suffix.lower() not in _TABLES:
        return ""
    try:
        title = recognised(path).title
    except LoadError:
        return ""
    return f"{path} looks like {title}, not an article. Load it with: detente load auto {path}"


def _n(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def open(path: str | Path = "desk", *, create: bool = True) -> Desk:
    """Open a desk, or make one.

    Args:
        path: folder of the desk.
        create: make it where it does not exist.

    Raises:
        DeskError: the folder is no desk or cannot be read.

    Example:
        >>> import tempfile
        >>> open(tempfile.mkdtemp() + "/mydesk").reports().height
        0
    """
    return Desk(Store(path, create=create))


class Desk(Watching):
    """One analyst's record. Made by :func:`open`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __repr__(self) -> str:
        return f"<Desk {self.store.path}: {_n(self.store.reports().height, 'report')}>"

    # -- reading -----------------------------------------------------------------------------------------------

    def read(
        self,
        *articles: str | Path,
        published: Date | str | None = None,
        outlet: str = "",
        frames: Iterable[str | Path] = (),
        workers: int | None = None,
        cluster: str = "",
        second: Second | None = None,
        progress: Progress | None = None,
    ) -> ReadOutcome:
        """Read articles onto the desk. A file that cannot be read is skipped with one line; the rest go on.

        What was read is stored every 200 reports or 30 seconds. After a kill, the same call goes on where the last one
        was stored: known reports are not read again, and nothing is stored twice.

        Args:
            articles: files, folders, patterns (``"*.txt"``), or ``"-"`` for standard input.
            published: date of publication, where the file does not say.
            outlet: outlet or institution, where the file does not say.
            frames: files with own frames (see ``docs/reading.md``).
            workers: processes that read; one for each core where none is given, one in all for few articles. The
                record does not depend on it.
            cluster: address of a Dask scheduler that reads instead (``"tcp://host:8786"``).
            second: reads each report again, in this process (``detente.read.llm.Model``).
            progress: called with the number of articles done and their total.

        Raises:
            DeskError: the desk cannot be written.
            ReadError: faults in a file of frames; workers or a cluster that cannot be reached.
        """
        from detente.read import batch, make_coder, pages

        day = registers.day(published)
        own = tuple((Path(path).name, pages.content(Path(path))) for path in frames)
        if own:
            make_coder(own)  # faults are told before the first article is read
        given = batch.expand(articles, self.store.path)
        tables = {path: _table(path) for path in given}
        paths = [path for path in given if not tables[path]]
        readings = batch.read_articles(
            (
                batch.Article("standard input", None, sys.stdin.buffer.read(pages.LIMIT + 1))
                if str(p) == "-"
                else batch.article(p)
                for p in paths
            ),
            batch.Setup(day, outlet, own, frozenset(self.store.held())),
            workers=1 if second else workers or batch.workers_for(len(paths)),
            cluster=cluster,
            second=second,
        )
        with closing(readings) as outcomes:  # workers end with the call, however it ends
            outcome = self._keep(outcomes, len(paths), progress)
        told = [line for line in tables.values() if line]
        return msgspec.structs.replace(outcome, skipped=[*told, *outcome.skipped])

    def read_sample(self, progress: Progress | None = None) -> ReadOutcome:
        """Read the embedded sample onto the desk."""
        from detente import read
        from detente.read.batch import Outcome

        held, reports = self.store.held(), sample()
        outcomes = (Outcome(r.id, None if r.id in held else read.read(r)) for r in reports)
        return self._keep(outcomes, len(reports), progress)

    def _keep(self, outcomes: Iterable[Outcome], total: int, progress: Progress | None) -> ReadOutcome:
        """Store what was read, a few hundred reports at a time, and count it."""
        reports: dict[str, None] = {}
        skipped: list[str] = []
        unsaved: list[Reading] = []
        fresh = 0
        since = monotonic()

        def save() -> int:
            readings = unsaved.copy()
            unsaved.clear()
            return self.store.add(readings).reports if readings else 0

        try:
            for done, outcome in enumerate(outcomes, 1):
                if outcome.skipped:
                    skipped.append(outcome.skipped)
                elif outcome.id not in reports:
                    reports[outcome.id] = None
                    unsaved += [outcome.reading] if outcome.reading else []
                if len(unsaved) >= UNSAVED or monotonic() - since > UNSAVED_SECONDS:
                    fresh += save()
                    since = monotonic()
                if progress:
                    progress(done, total)
        finally:  # also after an interrupt, or when the cluster goes away
            fresh += save()
        count = partial(self.store.count, reports=reports)
        return ReadOutcome(
            store=self.store,
            reports=tuple(reports),
            fresh=fresh,
            events=count("events"),
            asserted=count("events", where=pl.col("modality") == "asserted"),
            claims=count("claims"),
            ties=count("ties"),
            questions=count("questions"),
            skipped=skipped,
        )

    # -- event data that others coded, and corrections ------------------------------------------------------------

    def load(
        self,
        format: str,
        *files: str | Path,
        map: str | Path | None = None,
        progress: Callable[[str, int], object] | None = None,
    ) -> Loaded:
        """Load event data that others coded onto the desk, beside what was read. Loading twice adds nothing.

        Args:
            format: name of the format (``docs/data.md`` lists them), or ``auto``.
            files: files, packed or not, or folders of them.
            map: file that says what the columns of a table mean.
            progress: called with the name of the file and the number of its sightings stored so far.

        Raises:
            LoadError: no file can be loaded, one line for each; where some can, ``left_out`` names the others.
            DeskError: the desk cannot be written; what was stored before is untouched.
        """
        from detente import load

        return load.load(self.store, format, files, map=map, progress=progress)

    def correct(self, id: str, *, reason: str = "", known: Date | str | None = None, **changes: Any) -> None:
        """State that an event was otherwise than it was read or coded; nothing stored is overwritten.

        Args:
            id: of the event.
            reason: why, in your words.
            known: since when this is known; today where none is given.
            changes: new values by field (``type="CONSULT"``, ``target=["KOR"]``).

        Raises:
            DeskError: no such event or field, a value that the field cannot take, or a day to come.
        """
        self.store.correct(id, changes, reason=reason, known=known)

    def reject(self, id: str, *, reason: str = "", known: Date | str | None = None) -> None:
        """Leave an event out of every answer from now on; see :meth:`restore`.

        Raises:
            DeskError: no such event.
        """
        self.store.reject(id, reason=reason, known=known)

    def restore(self, id: str, *, reason: str = "", known: Date | str | None = None) -> None:
        """Take an event again as it was read or coded.

        Raises:
            DeskError: no such event.
        """
        self.store.restore(id, reason=reason, known=known)

    def history(self, id: str) -> pl.DataFrame:
        """What was changed of an event, when and why, the oldest first; see :meth:`detente.record.Store.history`.

        Raises:
            DeskError: no such event.
        """
        return self.store.history(id)

    def compact(self) -> None:
        """Make few large files of many small ones; answers do not change.

        Raises:
            DeskError: the desk cannot be written.
        """
        self.store.compact()

    def digest(self) -> str:
        """Hash of all batches: it changes when the record does."""
        return hashlib.sha256("".join(b.sha256 for b in self.store.manifest().batches).encode()).hexdigest()

    # -- showing -------------------------------------------------------------------------------------------------

    def brief(
        self,
        *articles: str | Path,
        out: str | Path = "brief.html",
        as_of: Date | str | None = None,
        days: int = 60,
        futures: int = 400,
        seed: int = 7,
        skipped: Iterable[str] = (),
        command: str = "",
        progress: Callable[[str], object] | None = None,
    ) -> Path:
        """Write one self-contained page with the whole chain, from sentences to measures.

        Args:
            articles: read onto the desk first; the brief covers everything on the desk.
            out: file to write.
            as_of: only what was known by this date.
            days, futures, seed: of the simulation.
            skipped: lines on articles that could not be read, shown under limits.
            command: the command that made the brief, for its stamp.
            progress: called with the name of each stage as it begins.

        Returns:
            Path of the page.

        Raises:
            DeskError: nothing on the desk, or the page cannot be written.
        """
        from detente import __version__
        from detente import brief as page

        say = progress or (lambda stage: None)
        if articles:
            say("Reading")
            skipped = [*skipped, *self.read(*articles).skipped]
        # Labels, and what holds on a day, take the last day; what is read takes as_of as given, since a correction is
        # known from the day on which it is made.
        day, as_of = self.last_day(as_of), registers.day(as_of)
        reports = self.reports(as_of=as_of)
        coded = ask.archives(self.store, Asked(as_of=as_of))
        if reports.is_empty() and not coded:
            known = f" was known by {as_of}" if as_of else ""
            raise DeskError(
                f"Neither a report nor event data on {self.store.path}{known or ' yet'}. Read some first (detente "
                f"brief ARTICLE... --desk {self.store.path}), or see the embedded sample (detente brief --sample)."
            )
        say("Learning")
        fit, basis = self._learnt(as_of, seed)
        among = tuple(code for code in self.actors(as_of) if code in fit.actors)[:MOST_ACTORS]
        say("Simulating")
        comparison, unable = self._compared(fit, as_of, days=days, futures=futures, seed=seed)
        say("Drawing")
        findings = page.Findings(
            as_of=day,
            on=day,
            reports=reports,
            events=self.store.events(as_of),
            claims=self.claims(as_of=as_of),
            contested=self.contested(as_of=as_of),
            ties=self.ties(as_of=as_of),
            edges=self.network(as_of=as_of),
            questions=self.questions(as_of=as_of),
            actors=among,
            texts={report.id: report for report in nouns(reports, Report)},
            fit=fit,
            prior_note=basis,
            comparison=comparison,
            simulation_note=unable,
            skipped=tuple(skipped),
            coded=coded,
            stamp=page.Stamp(__version__, day, self.digest(), seed, command, _origin(fit)),
        )
        return page.write(findings, out)

    def _learnt(self, as_of: Date | None, seed: int) -> tuple[Fit, str]:
        """The reaction model of a brief, and what it rests on in words."""
        n = self.table(as_of).height
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DetenteWarning)  # the page itself says how much is prior
            fit = self.learn(as_of=as_of, seed=seed)
        own = f"{n:,} dated event{'' if n == 1 else 's'} between states on this desk"
        if fit.prior_share == 0 and "overlap" in fit.provenance:
            return fit, f"{own}. {fit.provenance['overlap']}"
        if "prior" not in fit.provenance:
            return fit, f"{own}, none between two that the model knows: reactions are the shipped prior's alone."
        return fit, f"{own}; {fit.prior_share:.0%} of the weight of the reactions below is the shipped prior." + (
            f" {fit.provenance['overlap']}" if "overlap" in fit.provenance else ""
        )

    def _compared(self, fit: Fit, as_of: Date | None, **size: int) -> tuple[Comparison | None, str]:
        """The catalogue of measures compared for a brief, or why it cannot be."""
        try:
            return self.compare(None, as_of=as_of, fit=fit, **size), ""
        except ScenarioError as error:
            return None, f"Nothing was simulated. {error}"


def _origin(fit: Fit) -> str:
    """Where a model comes from, in a line."""
    about = fit.provenance.get("prior", fit.provenance)
    if "overlap" in about:
        return f"this desk's record, {fit.start} to {fit.end}, without the shipped prior"
    data = ", ".join(f"{row['name']} ({row['start']} to {row['end']})" for row in about.get("data", ()))
    version, seed = about.get("version", "?"), about.get("seed", "?")
    return f"prior of version {version}, fitted on {data or 'unnamed data'}, seed {seed}"


def register_ties(
    *, as_of: Date | str | None = None, on: Date | str | None = None, actor: str | None = None
) -> pl.DataFrame:
    """The whole register of ties, with each one's status on a date (today where none is given)."""
    day = registers.day(on) or registers.day(as_of) or Date.today()
    return relate.of_actor(relate.table([t for t in registers.ties() if relate.status(t, day)], day), actor)


def doctor(path: str | Path = "desk", *, repair: bool = False) -> Health:
    """Check a desk's files, also of a desk that does not open, and mend what can be mended without loss.

    Args:
        path: folder of the desk.
        repair: mend.

    Raises:
        DeskError: there is no desk.
        DeskLocked: another process is writing while it should be mended.
    """
    from detente.record import doctor

    return doctor.doctor(path, repair=repair)


def actor(words: str) -> Actor:
    """The actor meant by a code or a name.

    Raises:
        RegisterError: nothing or more than one actor fits; the message lists near ones.

    Example:
        >>> actor("the Kremlin").name
        'Russia'
    """
    return registers.register().find(words)


def sample() -> list[Report]:
    """The embedded sample: short reports written for this project from public facts."""
    from detente import read

    book = tomllib.loads((registers.DATA / "sample.toml").read_text(encoding="utf-8"))
    return [
        read.make_report(
            row["text"].strip(),
            title=row["title"],
            outlet=row["source"],
            kind=row["kind"],
            standpoint=row["standpoint"],
            published=Date.fromisoformat(str(row["published"])),
        )
        for row in book["report"]
    ]


def learn_from(files: Sequence[str | Path], *, seed: int = 7) -> Fit:
    """Fit the reaction model on event data that others made, without the prior.

    Raises:
        LoadError: a file cannot be understood.
    """
    from detente import learn, load
    from detente.learn import diagnose

    loaded = [load.daily(path) for path in files]
    table = pl.concat(one.table for one in loaded).sort("day")
    for caution in diagnose.cautions(table):
        warnings.warn(caution, stacklevel=2)
    origin = {"data": [{"name": one.name, "sha256": one.sha256, "left out": dict(one.dropped)} for one in loaded]}
    return learn.ReactionModel().fit(table, provenance=origin, seed=seed)
