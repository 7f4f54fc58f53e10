"""The command line: thin verbs over :mod:`detente.desk`. Heavy packages are imported inside commands."""

from __future__ import annotations

import io
import json
import os
import sys
import warnings
from collections.abc import Callable
from datetime import date as Date
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from detente import __version__
from detente.errors import DetenteError, DetenteWarning

if TYPE_CHECKING:
    import polars as pl

    from detente.desk import Desk

STAGES = """\
From contradictory reports to an attributed record of who did what to whom, how states react, and what each
measure would change. Every number leads back to the sentences behind it.

  read         articles (text, HTML, PDF) to events, claims and ties, kept on a desk
  code         JSON lines of text to JSON lines of events; keeps nothing
  frames       which words stand for which event; checks your own
  events       what happened, and according to whom
  claims       who says what, side by side
  ties         who stands with whom, as of a date
  network      ties and events as the edges of a network
  perspective  what was done to one actor and its partners
  questions    names and dates that the reader could not decide
  learn        how each state reacts to what the others do
  measures     the catalogue of measures that can be simulated
  simulate     what would come next
  compare      what each measure would change
  brief        one page with all of it

The brief of the embedded sample:

  detente brief --sample
"""

F = TypeVar("F", bound=Callable[..., Any])


class Group(click.Group):
    """The commands; errors that Detente raises on purpose end as one line, not a traceback."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the stages and where to go next."""
        formatter.write(STAGES)
        formatter.write("\ndetente COMMAND --help shows options and examples; detente --version the version.\n")

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always", DetenteWarning)
                warnings.showwarning = lambda message, *_, **__: _tell(str(message))
                return super().invoke(ctx)
        except DetenteError as error:
            _tell(str(error))
            sys.exit(1)
        except BrokenPipeError:
            # The reader of a pipe went away (``detente events | head``): not an error.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)


def _tell(message: str) -> None:
    click.echo(f"detente: {message}", err=True)


class Day(click.ParamType[Date]):
    """A date as 2024-07-11."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Date:
        """Parse the date."""
        if isinstance(value, Date):
            return value
        try:
            return Date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date: write it as 2024-07-11.", param, ctx)


def desk_option(command: F) -> F:
    """The desk to work on."""
    return click.option(
        "--desk",
        "path",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("desk"),
        envvar="DETENTE_DESK",
        show_default=True,
        show_envvar=True,
        help="Folder of the desk.",
    )(command)


def as_of_option(command: F) -> F:
    """What was known by a date."""
    return click.option("--as-of", type=Day(), help="Only what was known by this date (default: everything).")(command)


def table_options(command: F) -> F:
    """How a table is printed."""
    command = click.option("--csv", "form", flag_value="csv", help="Print as CSV.")(command)
    return click.option("--json", "form", flag_value="json", help="Print as JSON lines.")(command)


def seed_option(command: F) -> F:
    """The seed of everything random."""
    return click.option("--seed", type=int, default=7, show_default=True, help="Seed of everything random.")(command)


@click.group(cls=Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="detente")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Detente."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _open(path: Path, *, create: bool = False) -> Desk:
    from detente import desk

    return desk.open(path, create=create)


def _print(frame: pl.DataFrame, form: str | None, empty: str) -> None:
    from detente.show import tables

    if form == "json":
        for row in frame.iter_rows(named=True):
            click.echo(json.dumps(row, ensure_ascii=False, default=str))
    elif form == "csv":
        click.echo(tables.csv(frame), nl=False)
    elif frame.is_empty():
        click.echo(empty, err=True)
    else:
        click.echo(tables.text(frame, wide=not sys.stdout.isatty()))


def _read(desk: Desk, articles: tuple[str, ...], **about: Any) -> Any:
    """Read articles onto a desk with a progress bar on standard error, and say what was skipped and why."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = TextColumn("Reading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Reading", total=None)
        outcome = desk.read(
            *articles, progress=lambda done, total: bar.update(task, completed=done, total=total), **about
        )
    for line in outcome.skipped:
        _tell(line)
    return outcome


frames_option = click.option(
    "--frames",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file of your own frames, beside the shipped ones; may be given again.",
)


@main.command(epilog="Example: detente read articles/*.html --desk korea --published 2024-07-11 --source Reuters")
@click.argument("articles", nargs=-1, required=True)
@desk_option
@click.option("--published", type=Day(), help="Date of publication, where the file does not say.")
@click.option("--source", "outlet", default="", help="Outlet or institution, where the file does not say.")
@frames_option
@click.option(
    "--workers", type=click.IntRange(1), help="Reading processes (default: a core each; one for few articles)."
)
@click.option("--cluster", default="", metavar="ADDRESS", help="Dask scheduler that reads instead, tcp://host:8786.")
@click.option("--llm", default="", metavar="URL", help="Have a language model read too: an OpenAI-compatible endpoint.")
@click.option("--llm-model", default="", metavar="NAME", help="Its model; its key is taken from DETENTE_LLM_KEY.")
@click.option("--llm-requests", type=click.IntRange(1), default=500, show_default=True, help="Requests at most.")
@click.option("--llm-tokens", type=click.IntRange(1), default=2_000_000, show_default=True, help="Tokens at most.")
@click.option(
    "--llm-rate", type=click.FloatRange(0.1), default=60, show_default=True, help="Requests a minute at most."
)
@click.option("--json", "as_json", is_flag=True, help="Print the events of these articles as JSON lines.")
def read(
    articles: tuple[str, ...],
    path: Path,
    as_json: bool,
    llm: str,
    llm_model: str,
    llm_requests: int,
    llm_tokens: int,
    llm_rate: float,
    **how: Any,
) -> None:
    """Read ARTICLES (text, HTML or PDF files, folders, patterns, or - for standard input) onto a desk.

    Reading the same text twice changes nothing; a reading that was cut short goes on where it was.
    """
    from detente.events import to_json

    if llm:
        from detente.read.llm import Limits, Model

        if not llm_model:
            raise click.UsageError("--llm needs the name of a model: --llm-model NAME.")
        if how["cluster"] or (how["workers"] or 1) > 1:
            raise click.UsageError("With --llm one process reads; leave --workers and --cluster out.")
        how["second"] = Model(llm, llm_model, limits=Limits(llm_requests, llm_tokens, llm_rate))
    desk = _open(path, create=True)
    outcome = _read(desk, articles, **how)
    if llm:
        _tell(how["second"].summary())
    if as_json:
        for event in outcome.each_event():
            click.echo(to_json(event))
    else:
        click.echo(outcome.summary())
    if not outcome.reports:
        sys.exit(1)


@main.command(epilog="""Example: echo '{"id": "a", "text": "Japan protested to China."}' | detente code""")
@frames_option
def code(frames: tuple[Path, ...]) -> None:
    """Code JSON lines {"id", "text", "date"?} from standard input; print one event a line."""
    from detente.events import to_json
    from detente.read import code_lines, pages

    own = tuple((path.name, pages.content(path)) for path in frames)
    lines = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
    for event in code_lines(lines, frames=own, complain=_tell):
        click.echo(to_json(event))


@main.command(epilog="Example: detente frames --check own-frames.toml")
@click.option("--type", "type_", help="The frames of this PLOVER type (default: how many there are of each).")
@click.option("--check", type=click.Path(path_type=Path, dir_okay=False), help="Check a file of your own frames.")
@click.option("--format", "explain", is_flag=True, help="Explain the format of a file of frames.")
@table_options
def frames(form: str | None, type_: str | None, check: Path | None, explain: bool) -> None:
    """Which words stand for which event, and whether a file of your own frames is sound."""
    from detente.read import extend

    if explain:
        click.echo(extend.layout())
    elif check:
        wrong = extend.check(check)
        for line in wrong:
            _tell(line)
        if wrong:
            sys.exit(1)
        click.echo(f"{check}: no faults. Use it with: detente read ARTICLE --frames {check}")
    else:
        _print(extend.shipped(type_), form, "No frames of this type.")


@main.command(epilog="Example: detente events --actor PRK --as-of 2024-06-30 --csv > prk.csv")
@desk_option
@as_of_option
@click.option("--on", type=Day(), help="Only events on this date.")
@click.option("--actor", help="Only events with this actor (code or name).")
@click.option("--type", "type_", help="Only events of this PLOVER type.")
@click.option("--modality", help="Only this modality: asserted, planned, hypothetical, negated, historical, claimed.")
@click.option("--repeats", is_flag=True, help="Also show further reports of the same event.")
@table_options
def events(path: Path, form: str | None, repeats: bool, **asked: Any) -> None:
    """Who did what to whom, when, according to whom."""
    frame = _open(path).events(**asked)
    if not repeats:
        frame = frame.filter(frame["same_as"].is_null())
    whole = [
        "id",
        "day",
        "date",
        "source",
        "type",
        "target",
        "domain",
        "modality",
        "confidence",
        "reports",
        "outlet",
        "sentence",
    ]
    short = ["date", "source", "type", "target", "modality", "confidence", "reports", "sentence"]
    _print(frame.select(whole if form else short), form, "No such events on this desk.")


@main.command(epilog="Example: detente claims --actor NATO")
@desk_option
@as_of_option
@click.option("--actor", help="Only claims about this actor (code or name).")
@click.option("--contested", is_flag=True, help="Only topics on which more than one speaker takes a stand.")
@table_options
def claims(path: Path, form: str | None, contested: bool, as_of: Date | None, actor: str | None) -> None:
    """Who says what is, or will be, the case."""
    desk = _open(path)
    if contested:
        _print(desk.contested(as_of=as_of), form, "No topic on this desk has more than one speaker.")
        return
    frame = desk.claims(as_of=as_of, actor=actor)
    whole = [
        "id",
        "report",
        "topic",
        "speaker",
        "stance",
        "about",
        "proposition",
        "cause",
        "effect",
        "confidence",
        "sentence",
    ]
    short = ["topic", "speaker", "stance", "proposition"]
    _print(frame.select(whole if form else short), form, "No such claims on this desk.")


@main.command(epilog="Example: detente ties --on 2023-06-01 --actor JPN")
@desk_option
@as_of_option
@click.option("--on", type=Day(), help="Status on this date (default: the as-of date, or today).")
@click.option("--actor", help="Only ties of this actor (code or name).")
@click.option("--register", "whole", is_flag=True, help="The whole register, not only the desk's actors.")
@table_options
def ties(path: Path, form: str | None, whole: bool, **asked: Any) -> None:
    """Who stands with whom on a date: pacts, access agreements, groupings, exercise series."""
    from detente import desk

    frame = desk.register_ties(**asked) if whole else _open(path).ties(**asked)
    short = ["name", "kind", "parties", "status", "since"]
    _print(frame if form else frame.select(short), form, "No such ties.")


@main.command(epilog="Example: detente network --on 2024-07-11 --json")
@desk_option
@as_of_option
@click.option("--on", type=Day(), help="The date (default: the as-of date, or the desk's last).")
@table_options
def network(path: Path, form: str | None, **asked: Any) -> None:
    """Edges between actors: ties that hold, cooperation and hostility of the year before."""
    frame = _open(path).network(**asked)
    _print(frame if form else frame.drop("evidence"), form, "No edges on this desk.")


@main.command(epilog="Example: detente perspective 'North Korea' --on 2024-06-30")
@click.argument("actor")
@desk_option
@as_of_option
@click.option("--on", type=Day(), help="The date (default: the as-of date, or the desk's last).")
@table_options
def perspective(actor: str, path: Path, form: str | None, **asked: Any) -> None:
    """What was done to ACTOR and to its partners, by whom, and how that changed."""
    frame = _open(path).perspective(actor, **asked)
    _print(
        frame if form else frame.drop("evidence"), form, f"Nothing on this desk was done to {actor} or its partners."
    )


@main.command(epilog="Example: detente questions --csv > names-to-check.csv")
@desk_option
@as_of_option
@table_options
def questions(path: Path, form: str | None, as_of: Date | None) -> None:
    """Names and dates that the reader could not decide and leaves to you."""
    frame = _open(path).questions(as_of=as_of).select("kind", "words", "sentence", "report")
    _print(frame if form else frame.drop("report"), form, "No open questions.")


model_option = click.option(
    "--model", type=click.Path(path_type=Path, dir_okay=False), help="A fit saved by `detente learn --save`."
)


@main.command(epilog="Example: detente learn --data icews2018.csv.gz --save korea.model")
@desk_option
@as_of_option
@click.option("--data", multiple=True, type=click.Path(path_type=Path), help="Event data to learn from, not the desk.")
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Keep the fit in this file.")
@seed_option
@table_options
def learn(
    path: Path, as_of: Date | None, data: tuple[Path, ...], save: Path | None, seed: int, form: str | None
) -> None:
    """How each state reacts to what the others do, with uncertainty, and how well that predicts."""
    from detente import desk

    fit = desk.learn_from(data, seed=seed) if data else _open(path).learn(as_of=as_of, seed=seed)
    if save:
        fit.save(save)
    if form:
        _print(fit.frame(), form, "No reactions.")
    else:
        click.echo(fit.summary())


@main.command(epilog="Example: detente measures --json")
@table_options
def measures(form: str | None) -> None:
    """The catalogue of measures that can be simulated, with the evidence for each."""
    from detente import desk

    frame = desk.measures()
    _print(frame if form else frame.select("id", "name", "kind", "evidence_strength"), form, "No measures.")


def experiment_options(command: F) -> F:
    """What is simulated."""
    for option in (
        click.option("--seed", type=int, help="Seed of everything random (default 7)."),
        click.option("--futures", type=click.IntRange(10), help="Number of simulated futures (default 400)."),
        click.option("--days", type=click.IntRange(1, 3650), help="Days ahead (default 60)."),
        click.option("--start", type=Day(), help="First day (default: the day after the as-of date)."),
        click.option("--actor", "actors", multiple=True, help="Actors (default: the desk's most active)."),
        click.option("--toward", multiple=True, help="The other side (default: from the record)."),
        click.option("--by", multiple=True, help="Actors that take the measures (default: from the record)."),
        click.option("--measure", "measures", multiple=True, help="Measure by id; may be given again."),
        model_option,
        as_of_option,
        desk_option,
        click.argument("scenario", required=False, type=click.Path(path_type=Path, dir_okay=False)),
    ):
        command = option(command)
    return command


@main.command(epilog="Example: detente simulate --days 30 --measure hotline")
@experiment_options
@table_options
def simulate(form: str | None, path: Path, **asked: Any) -> None:
    """What would come next: many futures from the fitted reactions, under the measures named (or none).

    SCENARIO is a TOML file; options given here override it.
    """
    futures = _open(path).simulate(**asked)
    if form:
        _print(futures.frame(), form, "No events in any future.")
    else:
        click.echo(futures.summary())


@main.command(epilog="Example: detente compare --days 90 --futures 1000 --csv")
@experiment_options
@table_options
def compare(form: str | None, path: Path, **asked: Any) -> None:
    """What each measure would change, against no measure, in the same futures (default: the whole catalogue).

    SCENARIO is a TOML file; options given here override it.
    """
    comparison = _open(path).compare(**asked)
    if form:
        _print(comparison.frame(), form, "No measures.")
    else:
        click.echo(comparison.summary())


@main.command(epilog="Example: detente brief articles/*.txt --desk korea --out korea.html")
@click.argument("articles", nargs=-1)
@desk_option
@click.option("--sample", is_flag=True, help="The embedded sample, on a desk of its own (./sample-desk).")
@click.option("--published", type=Day(), help="Date of publication, where a file does not say.")
@click.option("--source", "outlet", default="", help="Outlet or institution, where a file does not say.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=Path("brief.html"), show_default=True)
@as_of_option
@click.option("--days", type=click.IntRange(1, 3650), default=60, show_default=True, help="Days ahead.")
@click.option("--futures", type=click.IntRange(10), default=400, show_default=True, help="Simulated futures.")
@seed_option
@click.pass_context
def brief(ctx: click.Context, /, articles: tuple[str, ...], path: Path, sample: bool, out: Path, **asked: Any) -> None:
    """One self-contained page: what happened, who says what, who stands with whom, reactions, measures.

    ARTICLES are read onto the desk first; the brief covers everything on the desk.
    """
    began = datetime.now()
    if sample and ctx.get_parameter_source("path") is click.core.ParameterSource.DEFAULT:
        path = Path("sample-desk")
    desk = _open(path, create=bool(articles or sample))
    about = {key: asked.pop(key) for key in ("published", "outlet")}
    skipped: list[str] = []
    if sample:
        desk.read_sample()
    if articles:
        skipped = _read(desk, articles, **about).skipped
    command = " ".join(["detente", *(Path(a).name if Path(a).exists() else a for a in sys.argv[1:])])
    desk.brief(out=out, skipped=skipped, command=command, progress=lambda stage: click.echo(stage, err=True), **asked)
    seconds = (datetime.now() - began).total_seconds()
    click.echo(f"{out.resolve()}  ({out.stat().st_size / 1e6:.2f} MB, {seconds:.0f} s; desk: {path})")
