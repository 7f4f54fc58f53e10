"""Commands that read articles and load event data."""

from __future__ import annotations

import shutil
import sys
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from detente.cli.options import Day, desk_option, open_desk, show, table_options, tell

if TYPE_CHECKING:
    from detente.desk import Desk


def read_articles(desk: Desk, articles: tuple[str, ...], **about: Any) -> Any:
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
        tell(line)
    return outcome


frames_option = click.option(
    "--frames",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file of your own frames, beside the shipped ones; may be given again.",
)


@click.command(epilog="Example: detente read articles/*.html --desk korea --published 2024-07-11 --source Reuters")
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
    import polars as pl

    from detente.events import to_json

    if llm:
        from detente.read.llm import Limits, Model

        if not llm_model:
            raise click.UsageError("--llm needs the name of a model: --llm-model NAME.")
        if how["cluster"] or (how["workers"] or 1) > 1:
            raise click.UsageError("With --llm one process reads; leave --workers and --cluster out.")
        how["second"] = Model(llm, llm_model, limits=Limits(llm_requests, llm_tokens, llm_rate))
    fresh = not path.exists()
    desk = open_desk(path, create=True)
    try:
        outcome = read_articles(desk, articles, **how)
    finally:
        if fresh and not desk.store.held():  # nothing that could be read: no empty desk stays behind
            shutil.rmtree(path)
    if llm:
        tell(how["second"].summary())
    if as_json:
        for event in outcome.each_event():
            click.echo(to_json(event))
    elif outcome.reports:
        click.echo(outcome.summary())
        shown = desk.events().select(pl.len()).collect().item()
        click.echo(f"What is told more than once counts once: the whole desk shows {shown} (detente events).")
    if not outcome.reports:
        tell("Nothing could be read.")
        sys.exit(1)


@click.command(epilog="""Example: echo '{"id": "a", "text": "Japan protested to China."}' | detente code""")
@frames_option
def code(frames: tuple[Path, ...]) -> None:
    """Code JSON lines {"id", "text", "date"?} from standard input, as they come; print one event a line.

    A line that cannot be read is named and left out; where that is so of all lines, the exit status is 1.
    """
    from detente.events import to_json
    from detente.read import code_lines, pages

    own = tuple((path.name, pages.content(path)) for path in frames)
    for event in code_lines(cast(BufferedIOBase, sys.stdin.buffer), frames=own, complain=tell):
        click.echo(to_json(event))


@click.command(epilog="Example: detente frames --check own-frames.toml")
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
            tell(line)
        if wrong:
            sys.exit(1)
        click.echo(f"{check}: no faults. Use it with: detente read ARTICLE --frames {check}")
    else:
        show(extend.shipped(type_), form, "No frames of this type.")


@click.command(epilog="Example: detente load auto events.2018.tab 20240101.export.CSV.zip --desk korea")
@click.argument("format")
@click.argument("files", nargs=-1, required=True)
@desk_option
@click.option(
    "--map", "map_", type=click.Path(path_type=Path, dir_okay=False), help="What the columns of a table mean (TOML)."
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON a file.")
def load(format: str, files: tuple[str, ...], path: Path, map_: Path | None, as_json: bool) -> None:
    """Load FILES of event data that others coded onto a desk; FORMAT auto finds the format out.

    Loading the same rows twice changes nothing; lines that cannot be understood are listed in a file of the desk. A
    file that cannot be loaded is named and left out, and the exit status is 1.
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    fresh = not path.exists()
    desk = open_desk(path, create=True)
    console = Console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("Loading", total=None)
            told = desk.load(
                format,
                *files,
                map=map_,
                progress=lambda name, n: bar.update(task, description=f"{name}: {n:,} sightings"),
            )
    finally:
        if fresh and not desk.store.manifest().batches:  # nothing that could be loaded: no empty desk stays behind
            shutil.rmtree(path)
    for line in told.left_out:
        tell(line)
    if as_json:
        show(told.frame(), "json", "")
    else:
        click.echo(told.summary())
    if told.left_out:
        sys.exit(1)
