"""The desk: one analyst's record and all that can be asked of it, with the same verbs in a notebook and a shell."""

from __future__ import annotations

import hashlib
import sys
import tomllib
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date as Date
from datetime import timedelta
from functools import partial
from itertools import chain, combinations
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl
from msgspec import Struct

from detente import actors as registers
from detente import relate
from detente.errors import DeskError, LearnError, ScenarioError, ShortHistory
from detente.events import Actor, Event, Reading, Report
from detente.record import Store, nouns

if TYPE_CHECKING:
    import networkx as nx

    from detente.learn import Fit
    from detente.read.batch import Outcome, Second
    from detente.simulate import Comparison, Futures, Measure

# More actors make the brief's figures unreadable and its simulation slow.
MOST_ACTORS = 10
# Below this many asserted, dated events between states, a desk says next to nothing of how states react.
SHORT = 200
# A kill costs at most this many reports, or what was read in this many seconds.
UNSAVED = 200
UNSAVED_SECONDS = 30.0

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
            f"{_n(self.events, 'event')} ({self.asserted} asserted), {_n(self.claims, 'claim')}, "
            f"{_n(self.ties, 'tie')}, {_n(self.questions, 'question')} left to you.",
        ]
        return "\n".join(lines)


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
        >>> open(tempfile.mkdtemp() + "/mydesk").events().height
        0
    """
    return Desk(Store(path, create=create))


class Desk:
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
        paths = batch.expand(articles, self.store.path)
        readings = batch.read_articles(
            (
                batch.Article("standard input", None, sys.stdin.buffer.read()) if str(p) == "-" else batch.article(p)
                for p in paths
            ),
            batch.Setup(day, outlet, own, frozenset(self.store.held())),
            workers=1 if second else workers or batch.workers_for(len(paths)),
            cluster=cluster,
            second=second,
        )
        with closing(readings) as outcomes:  # workers end with the call, however it ends
            return self._keep(outcomes, len(paths), progress)

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

    # -- asking ------------------------------------------------------------------------------------------------

    def events(
        self,
        *,
        as_of: Date | str | None = None,
        on: Date | str | None = None,
        actor: str | None = None,
        type_: str | None = None,
        modality: str | None = None,
    ) -> pl.DataFrame:
        """Events known by a date, duplicates marked in ``same_as`` and counted in ``reports``.

        Args:
            as_of: known by this date. on: true on this date; undated events are left out then.
            actor: code or name of an actor on either side.
            type_: PLOVER type. modality: one of the modalities.

        Raises:
            RegisterError: unknown actor. CodebookError: unknown type.
        """
        from detente import codebook

        as_of, on = registers.day(as_of), registers.day(on)
        frame = self.store.events(as_of)
        if on is not None:
            frame = frame.filter((pl.col("day") <= on) & (pl.col("last_day") >= on))
        if actor:
            code = registers.register().find(actor).code
            frame = frame.filter(pl.col("source").list.contains(code) | pl.col("target").list.contains(code))
        if type_:
            codebook.quad(type_.upper())
            frame = frame.filter(pl.col("type") == type_.upper())
        if modality:
            frame = frame.filter(pl.col("modality") == modality)
        outlets = self.store.reports().select(pl.col("id").alias("report"), "outlet", "standpoint")
        return frame.join(outlets, on="report", how="left", maintain_order="left")

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
        return _of_actor(frame.join(told, on="id", how="left", maintain_order="left"), actor)

    def network(self, *, as_of: Date | str | None = None, on: Date | str | None = None) -> pl.DataFrame:
        """Edges among the desk's actors on a date: ties that hold, and cooperation and hostility of the year before."""
        day = registers.day(on) or self.last_day(as_of)
        return relate.edges(registers.ties(), self.store.events(as_of), day, among=self.actors(as_of))

    def graph(self, *, as_of: Date | str | None = None, on: Date | str | None = None) -> nx.MultiGraph[str]:
        """The network as a networkx multigraph."""
        day = registers.day(on) or self.last_day(as_of)
        return relate.network(registers.ties(), self.store.events(as_of), day, among=self.actors(as_of))

    def perspective(self, actor: str, *, as_of: Date | str | None = None, on: Date | str | None = None) -> pl.DataFrame:
        """What was done to an actor and its partners, by whom, and how that changed.

        Raises:
            RegisterError: unknown actor.
        """
        code = registers.register().find(actor).code
        day = registers.day(on) or self.last_day(as_of)
        return relate.perspective(code, self.store.events(as_of), registers.ties(), day)

    def actors(self, as_of: Date | str | None = None, *, most: int | None = None) -> list[str]:
        """Codes of the actors of asserted events, the most active first."""
        frame = self.store.events(as_of).filter((pl.col("modality") == "asserted") & pl.col("same_as").is_null())
        counts = Counter(chain.from_iterable(chain(frame["source"].to_list(), frame["target"].to_list())))
        return [code for code, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))][:most]

    def last_day(self, as_of: Date | str | None = None) -> Date:
        """The as-of date, or else the last day on which a report of the desk was published or read, or today."""
        last = self.store.reports()["known"].max()
        return registers.day(as_of) or (last if isinstance(last, Date) else Date.today())

    def digest(self) -> str:
        """Hash of all batches: it changes when the record does."""
        return hashlib.sha256("".join(b.sha256 for b in self.store.manifest().batches).encode()).hexdigest()

    # -- learning and simulating ---------------------------------------------------------------------------------

    def table(self, as_of: Date | str | None = None) -> pl.DataFrame:
        """The desk's asserted, dated events between states, one row each, as learning takes them.

        Events known to a month count on its first day; coarser ones, and events between organisations, do not count.
        """
        from detente import codebook

        states = {code for code, actor in registers.register().actors.items() if actor.kind == "state"}
        frame = self.store.events(as_of).filter(
            (pl.col("modality") == "asserted")
            & pl.col("same_as").is_null()
            & pl.col("date_precision").is_in(["day", "week", "month", "interval"])
        )
        rows = [
            (row["day"], a, b, row["type"], row["cameo"], codebook.goldstein(row["cameo"] or row["type"]), 1)
            for row in frame.iter_rows(named=True)
            for a, b in _dyads(row, states)
        ]
        schema = ("day", "source", "target", "type", "cameo", "goldstein", "count")
        kinds = (pl.Date, pl.String, pl.String, pl.String, pl.String, pl.Float64, pl.Int64)
        return pl.DataFrame(rows, schema=dict(zip(schema, kinds, strict=True)), orient="row").sort("day")

    def learn(self, *, as_of: Date | str | None = None, seed: int = 7) -> Fit:
        """Fit the reaction model: the shipped prior, moved by the desk's own events."""
        from detente import learn

        table = self.table(as_of)
        if table.height < SHORT:
            warnings.warn(
                f"{table.height} dated events between states on this desk: reactions rest on the shipped prior.",
                ShortHistory,
                stacklevel=2,
            )
        prior = learn.prior()
        try:
            return learn.ReactionModel().fit(table, prior=prior, seed=seed)
        except LearnError:  # nothing between two states that the prior knows
            return prior

    def simulate(self, scenario: str | Path | None = None, **asked: Any) -> Futures:
        """Many futures from the fitted reactions, under the measures chosen (all of them together) or none.

        Args:
            scenario: TOML file (see ``docs/simulate.md``).
            asked: ``as_of``, ``start``, ``days``, ``futures``, ``seed``, ``actors``, ``measures`` (ids), ``by`` and
                ``toward`` (sides of the measures; taken from the record where not given) and ``model`` (a saved fit)
                override what the scenario says.

        Raises:
            ScenarioError: something in the scenario makes no sense.
        """
        from detente import simulate

        fit, sets, size = self._experiment(scenario, asked)
        return simulate.simulate(fit, measures=[m for each in sets for m in each], **size)

    def compare(self, scenario: str | Path | None = None, **asked: Any) -> Comparison:
        """What each measure would change, in the same futures; the whole catalogue where none is chosen.

        Args and Raises: as :meth:`simulate`.
        """
        from detente import simulate

        fit, sets, size = self._experiment(scenario, asked, default=[m.id for m in simulate.catalogue()])
        return simulate.compare(fit, sets, **size)

    def _experiment(
        self, scenario: str | Path | None, asked: dict[str, Any], default: Sequence[str] = ()
    ) -> tuple[Fit, list[tuple[Measure, ...]], dict[str, Any]]:
        """The model of the actors concerned, the sets of measures bound to their sides, and the size of the run."""
        from detente import learn, simulate

        asked = {key: value for key, value in asked.items() if value not in (None, (), [])}
        plan = simulate.Scenario.read(scenario) if scenario else None
        size: dict[str, Any] = {**plan.size()} if plan else {"days": 60, "futures": 400, "seed": 7}
        size |= {key: asked[key] for key in ("start", "days", "futures", "seed") if key in asked}
        day = self.last_day(asked.get("as_of"))
        fit = asked.get("fit") or (
            learn.Fit.load(asked["model"]) if "model" in asked else self.learn(as_of=day, seed=size["seed"])
        )
        size.setdefault("start", max(day, fit.end) + timedelta(days=1))
        find = registers.register().find
        chosen = [simulate.measure(id_) for id_ in asked.get("measures", () if plan and plan.measures else default)]
        sides = [[find(a).code for a in asked.get(side, ())] for side in ("by", "toward")]
        wanted = [find(a).code for a in asked.get("actors") or (plan and plan.actors) or self.actors(day)]
        among = [code for code in dict.fromkeys(wanted) if code in fit.actors][:MOST_ACTORS]
        concerned = list(
            dict.fromkeys(chain(among, *sides, *(m.by + m.toward for e in (plan.sets() if plan else ()) for m in e)))
        )
        if len(concerned) < 2:
            raise ScenarioError(
                f"Fewer than two actors here ({', '.join(wanted) or 'none'}) are known to the model. "
                f"Name some with --actor; it knows {', '.join(fit.actors)}."
            )
        if not all(sides):
            sides = list(_sides(self.events(as_of=day), among, day))
        sets = plan.sets() if plan and not chosen else []
        return fit.select(concerned), [*sets, *((m.between(*sides),) for m in chosen)], size

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
        day = self.last_day(as_of)
        reports = self.reports(as_of=day)
        if reports.is_empty():
            known = f" was known by {as_of}" if as_of else ""
            raise DeskError(
                f"No report on {self.store.path}{known or ' yet'}. Read some first (detente brief ARTICLE... --desk "
                f"{self.store.path}), or see the embedded sample (detente brief --sample)."
            )
        say("Learning")
        fit, basis = self._learnt(day, seed)
        among = tuple(code for code in self.actors(day) if code in fit.actors)[:MOST_ACTORS]
        say("Simulating")
        comparison, unable = self._compared(fit, day, days=days, futures=futures, seed=seed)
        say("Drawing")
        findings = page.Findings(
            as_of=day,
            on=day,
            reports=reports,
            events=self.events(as_of=day),
            claims=self.claims(as_of=day),
            contested=self.contested(as_of=day),
            ties=self.ties(as_of=day),
            edges=self.network(as_of=day),
            questions=self.questions(as_of=day),
            actors=among,
            texts={report.id: report for report in nouns(reports, Report)},
            fit=fit,
            prior_note=basis,
            comparison=comparison,
            simulation_note=unable,
            skipped=tuple(skipped),
            stamp=page.Stamp(__version__, day, self.digest(), seed, command, _origin(fit)),
        )
        return page.write(findings, out)

    def _learnt(self, day: Date, seed: int) -> tuple[Fit, str]:
        """The reaction model of a brief, and what it rests on in words."""
        n = self.table(day).height
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ShortHistory)  # the page itself says how much is prior
            fit = self.learn(as_of=day, seed=seed)
        own = f"{n:,} dated event{'' if n == 1 else 's'} between states on this desk"
        if "prior" not in fit.provenance:
            return fit, f"{own}, none between two that the model knows: reactions are the shipped prior's alone."
        return fit, f"{own}; {fit.prior_share:.0%} of the weight of the reactions below is the shipped prior."

    def _compared(self, fit: Fit, day: Date, **size: int) -> tuple[Comparison | None, str]:
        """The catalogue of measures compared for a brief, or why it cannot be."""
        try:
            return self.compare(None, as_of=day, fit=fit, **size), ""
        except ScenarioError as error:
            return None, f"Nothing was simulated. {error}"


def _sides(events: pl.DataFrame, among: Sequence[str], on: Date) -> tuple[list[str], list[str]]:
    """Two sides for measures: the pair with most hostile events, each with the actors that are tied closer to it.

    The side that took part in more joint exercises comes first, since measures on drills are about its drills; where
    both took part in as many, the first code in the alphabet decides.
    """
    from detente.codebook import is_hostile

    counted = events.filter((pl.col("modality") == "asserted") & pl.col("same_as").is_null())
    quarrels: Counter[tuple[str, str]] = Counter(dict.fromkeys(combinations(sorted(among), 2), 0))
    drills: Counter[str] = Counter()
    for row in counted.iter_rows(named=True):
        if row["type"] == "COOPERATE" and row["domain"] == "exercise":
            drills.update({*row["source"], *row["target"]})
        if is_hostile(row["type"]):
            pairs = {(min(a, b), max(a, b)) for a in row["source"] for b in row["target"]}
            quarrels.update(pair for pair in pairs if pair in quarrels)
    pair = max(sorted(quarrels), key=lambda p: quarrels[p])
    close = relate.partners(registers.ties(), among, on)
    one, other = ([pair[0]], [pair[1]])
    a, b = (list(among).index(code) for code in pair)
    for i, code in enumerate(among):
        if code not in pair and close[i, a] != close[i, b]:
            (one if close[i, a] > close[i, b] else other).append(code)
    held = [sum(drills[code] for code in side) for side in (one, other)]
    return (one, other) if held[0] >= held[1] else (other, one)


def _origin(fit: Fit) -> str:
    """Where a model comes from, in a line."""
    about = fit.provenance.get("prior", fit.provenance)
    data = ", ".join(f"{row['name']} ({row['start']} to {row['end']})" for row in about.get("data", ()))
    version, seed = about.get("version", "?"), about.get("seed", "?")
    return f"prior of version {version}, fitted on {data or 'unnamed data'}, seed {seed}"


def _dyads(row: dict[str, Any], states: set[str]) -> list[tuple[str, str]]:
    sources = [c for c in row["source"] if c in states]
    targets = [c for c in row["target"] if c in states]
    if row["reciprocal"]:
        everyone = list(dict.fromkeys(sources + targets))
        return [(a, b) for i, a in enumerate(everyone) for b in everyone[i + 1 :]]
    return [(a, b) for a in sources for b in targets if a != b]


def _of_actor(ties: pl.DataFrame, actor: str | None) -> pl.DataFrame:
    if not actor:
        return ties
    return ties.filter(pl.col("parties").list.contains(registers.register().find(actor).code))


def register_ties(
    *, as_of: Date | str | None = None, on: Date | str | None = None, actor: str | None = None
) -> pl.DataFrame:
    """The whole register of ties, with each one's status on a date (today where none is given)."""
    day = registers.day(on) or registers.day(as_of) or Date.today()
    return _of_actor(relate.table([t for t in registers.ties() if relate.status(t, day)], day), actor)


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

    loaded = [load.load(path) for path in files]
    origin = {"data": [{"name": one.name, "sha256": one.sha256, "left out": dict(one.dropped)} for one in loaded]}
    return learn.ReactionModel().fit(pl.concat(one.table for one in loaded).sort("day"), provenance=origin, seed=seed)


def measures() -> pl.DataFrame:
    """The catalogue of measures as a table."""
    from detente import simulate

    rows = [msgspec.to_builtins(m) for m in simulate.catalogue()]
    return pl.DataFrame(rows, infer_schema_length=None, strict=False)
