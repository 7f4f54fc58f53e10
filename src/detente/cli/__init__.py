"""The command line: thin verbs over :mod:`detente.desk`. Heavy packages are imported inside commands."""

from __future__ import annotations

import os
import sys
import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from detente import __version__
from detente.cli import asking, correcting, forecasting, outlook, reading, simulating, web
from detente.cli.options import Day, as_of_option, desk_option, open_desk, seed_option, tell
from detente.errors import DetenteError, DetenteWarning

STAGES = """\
From contradictory reports to an attributed record of who did what to whom, how states react, and what each
measure would change. Every number leads back to the sentences behind it.

  read         articles (text, HTML, PDF) to events, claims and ties, kept on a desk
  code         JSON lines of text to JSON lines of events; keeps nothing
  frames       which words stand for which event; checks your own
  load         event data that others coded (ICEWS, GDELT, UCDP ...), kept beside what was read
  events       what happened, and according to whom
  panel        how much happened between each pair in each month, zeros included
  around       what happened before and after given dates
  sql          any question in SQL, read-only
  export       events or the network as a file for R, Stata, Gephi ...
  claims       who says what, side by side
  ties         who stands with whom, as of a date
  network      ties and events as the edges of a network
  perspective  what was done to one actor and its partners
  questions    names and dates that the reader could not decide
  correct      state that an event was otherwise than coded
  reject       leave an event out
  restore      take an event again as it was coded
  history      what was changed of an event, when and why
  doctor       check a desk, and mend it
  compact      make few large files of many small ones
  learn        how each state reacts to what the others do
  reactions    every reaction, or one actor's response to a type of act, day by day
  reproduction how many further events an event brings about, by pair or bloc
  triggers     what raised the rate of one event, in shares
  check        whether the record bears a causal claim out
  backtest     how well the model forecasts days that it has not seen
  diagnose     where the model is off, and what it rests on
  outlook      what is likely between whom in the coming days, and why
  measures     the catalogue of measures that can be simulated
  simulate     what would come next
  compare      what each measure would change
  sweep        which assumption would change that ranking
  hindcast     how well such forecasts held in the past
  brief        one page with all of it
  web          the desk in a browser, on this machine

The brief of the embedded sample:

  detente brief --sample
"""


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
                warnings.showwarning = lambda message, *_, **__: tell(str(message))
                return super().invoke(ctx)
        except DetenteError as error:
            tell(str(error))
            sys.exit(1)
        except BrokenPipeError:
            # The reader of a pipe went away (``detente events | head``): not an error.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)


@click.group(cls=Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="detente")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Detente."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@click.command(epilog="Example: detente brief articles/*.txt --desk korea --out korea.html")
@click.argument("articles", nargs=-1)
@desk_option
@click.option("--sample", is_flag=True, help="The embedded sample, on a desk of its own (./sample-desk).")
@click.option("--published", type=Day(), help="Date of publication, where a file does not say.")
@click.option("--source", "outlet", default="", help="Outlet or institution, where a file does not say.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=Path("brief.html"), show_default=True)
@click.option("--pdf", is_flag=True, help="Print the page to a PDF beside it, too; needs Chromium.")
@as_of_option
@click.option("--days", type=click.IntRange(1, 3650), default=60, show_default=True, help="Days ahead.")
@click.option("--futures", type=click.IntRange(10), default=400, show_default=True, help="Simulated futures.")
@seed_option
@click.pass_context
def brief(
    ctx: click.Context, /, articles: tuple[str, ...], path: Path, sample: bool, out: Path, pdf: bool, **asked: Any
) -> None:
    """One self-contained page: what happened, who says what, who stands with whom, reactions, measures.

    ARTICLES are read onto the desk first; the brief covers everything on the desk.
    """
    began = datetime.now()
    if sample and ctx.get_parameter_source("path") is click.core.ParameterSource.DEFAULT:
        path = Path("sample-desk")
    desk = open_desk(path, create=bool(articles or sample))
    about = {key: asked.pop(key) for key in ("published", "outlet")}
    skipped: list[str] = []
    if sample:
        desk.read_sample()
    if articles:
        skipped = reading.read_articles(desk, articles, **about).skipped
    command = " ".join(["detente", *(Path(a).name if Path(a).exists() else a for a in sys.argv[1:])])
    desk.brief(out=out, skipped=skipped, command=command, progress=lambda stage: click.echo(stage, err=True), **asked)
    seconds = (datetime.now() - began).total_seconds()
    click.echo(f"{out.resolve()}  ({out.stat().st_size / 1e6:.2f} MB, {seconds:.0f} s; desk: {path})")
    if pdf:
        from detente.brief import pdf as printed

        click.echo(printed(out).resolve())


for _module in (reading, asking, correcting, forecasting, outlook, simulating, web):
    for _command in vars(_module).values():
        if isinstance(_command, click.Command):
            main.add_command(_command)
main.add_command(brief)
