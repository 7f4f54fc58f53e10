"""Commands that simulate and compare measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from detente.cli.options import (
    Day,
    F,
    as_of_option,
    desk_option,
    draw,
    give,
    model_option,
    open_desk,
    seed_option,
    show,
    svg_option,
    table_options,
)


@click.command(epilog="Example: detente measures --json")
@table_options
def measures(form: str | None) -> None:
    """The catalogue of measures that can be simulated, with the evidence for each."""
    from detente import desk

    frame = desk.measures()
    show(frame if form else frame.select("id", "name", "kind", "evidence_strength"), form, "No measures.")


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
        click.option("--workers", type=click.IntRange(1), help="Threads (default: one a core)."),
        model_option,
        as_of_option,
        desk_option,
        click.argument("scenario", required=False, type=click.Path(path_type=Path, dir_okay=False)),
    ):
        command = option(command)
    return command


def large_options(command: F) -> F:
    """How a large run is carried out."""
    for option in (
        click.option(
            "--resume",
            type=click.Path(path_type=Path, file_okay=False),
            help="Keep what is done in this folder (new, or of the same run), and go on from it after a kill.",
        ),
        click.option("--cluster", help="Address of a Dask scheduler, tcp://..., that runs it (detente[cluster])."),
    ):
        command = option(command)
    return command


@click.command(
    epilog="""\b
Examples:
  detente simulate --days 30 --measure hotline
  detente simulate korea.toml --futures 100000 --resume run1
  detente simulate korea.toml --futures 100000 --cluster tcp://10.0.0.5:8786
"""
)
@experiment_options
@large_options
@svg_option("Draw the fan of hostile events to this file.")
@table_options
def simulate(form: str | None, path: Path, svg: Path | None, **asked: Any) -> None:
    """What would come next: many futures from the fitted reactions, under the measures named (or none).

    SCENARIO is a TOML file; options given here override it.
    """
    with _told(asked) as progress:
        futures = open_desk(path).simulate(**asked, progress=progress)
    draw(futures, form, svg)


@click.command(
    epilog="""\b
Examples:
  detente compare --days 90 --futures 1000 --csv
  detente compare korea.toml --measure hotline --measure drills-notice --svg measures.svg
  detente compare --actor USA --actor KOR --actor PRK --by USA --by KOR --toward PRK
  detente compare korea.toml --futures 100000 --resume run2
"""
)
@experiment_options
@large_options
@svg_option("Draw what each measure would change to this file.")
@table_options
def compare(form: str | None, path: Path, svg: Path | None, **asked: Any) -> None:
    """What each measure would change, against no measure, in the same futures (default: the whole catalogue).

    SCENARIO is a TOML file; options given here override it.
    """
    with _told(asked) as progress:
        comparison = open_desk(path).compare(**asked, progress=progress)
    draw(comparison, form, svg)


@click.command(
    epilog="""\b
Examples:
  detente sweep korea.toml --samples 64
  detente sweep --measure hotline --measure drills-notice --stretches 3 --indices
"""
)
@experiment_options
@click.option("--samples", type=int, default=32, show_default=True, help="Base samples, a power of two.")
@click.option("--stretches", type=click.IntRange(2), help="Fit anew on so many stretches of the desk's record.")
@click.option("--indices", is_flag=True, help="Print the Sobol indices instead of the regret table.")
@table_options
def sweep(form: str | None, path: Path, indices: bool, **asked: Any) -> None:
    """Which assumption would change the ranking of measures: strengths, model and record varied all at once.

    SCENARIO is a TOML file; options given here override it. Needs the extra detente[robustness].
    """
    asked["stretches"] = asked["stretches"] or 0
    found = open_desk(path).sweep(**asked, progress=_tell_progress("variants"))
    if form or indices:
        show(found.indices() if indices else found.frame(), form, "No measures.")
    else:
        click.echo(found.summary())


@click.command(epilog="Example: detente hindcast --data icews2018.csv.gz --first 2018-07-01 --every 14")
@desk_option
@click.option("--data", multiple=True, type=click.Path(path_type=Path), help="Event data, not the desk.")
@click.option("--first", type=Day(), help="First day forecast (default: the middle of the record).")
@click.option("--every", type=click.IntRange(1), default=30, show_default=True, help="Days between two forecasts.")
@click.option("--days", type=click.IntRange(1), default=30, show_default=True, help="Days forecast.")
@click.option("--futures", type=click.IntRange(20), default=200, show_default=True, help="Futures a forecast.")
@click.option("--actor", "actors", multiple=True, help="Actors (default: those of the shipped prior; a desk: busiest).")
@click.option("--busiest", "most", type=click.IntRange(2), help="The busiest actors instead.")
@seed_option
@table_options
def hindcast(path: Path, form: str | None, data: tuple[Path, ...], **asked: Any) -> None:
    """How well futures from days in the past held what came: coverage of 80 % intervals, and CRPS."""
    from detente import desk

    asked["progress"] = lambda day: click.echo(f"forecast from {day}", err=True)
    found = desk.hindcast(data, **asked) if data else open_desk(path).hindcast(**asked)
    give(found, form)


@contextmanager
def _told(asked: Mapping[str, Any]) -> Iterator[Callable[[int, int], None]]:
    """Says on standard error what a large run is doing: connecting, how much was there and is done, what is kept."""
    folder, cluster = asked["resume"], asked["cluster"]
    tell, at = _tell_progress("futures", least=5000), (0, 0)
    if cluster:
        click.echo(f"will connect to the cluster at {cluster}", err=True)

    def note(done: int, total: int) -> None:
        nonlocal at
        if folder and not at[1]:
            click.echo(
                f"{done:,} of {total:,} futures are in {folder} already" if done else f"kept in {folder}", err=True
            )
        at = (done, total)
        tell(done, total)

    try:
        yield note
    finally:
        if folder and at[1]:
            rest = "" if at[0] == at[1] else "; the same command goes on from there"
            click.echo(f"{at[0]:,} of {at[1]:,} futures are kept in {folder}{rest}", err=True)


def _tell_progress(what: str, *, least: int = 0) -> Callable[[int, int], None]:
    """Says on standard error how much a run will do, and every tenth of it; nothing of runs smaller than ``least``."""
    told = -1

    def tell(done: int, total: int) -> None:
        nonlocal told
        if total >= least and (told < 0 or done * 10 // total > told):
            told = done * 10 // total
            click.echo(f"{done:,} of {total:,} {what}", err=True)

    return tell
