"""Commands that ask the record."""

from __future__ import annotations

from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detente.cli.options import Day, F, as_of_option, desk_option, open_desk, seed_option, show, table_options, tell

if TYPE_CHECKING:
    from detente.desk import Desk


def which_options(command: F) -> F:
    """Which events are meant."""
    for option in (
        click.option("--repeats", is_flag=True, help="Every report and sighting of an event."),
        click.option("--any-place", is_flag=True, help="Sightings at different places can be one event, too."),
        click.option("--window", type=click.IntRange(0), default=0, help="Days within which sightings are one event."),
        click.option("--min-confidence", type=click.FloatRange(0, 1), help="Least confidence of the coder."),
        click.option("--modality", multiple=True, help="asserted, planned, hypothetical, negated ..."),
        click.option("--source", multiple=True, help="An outlet, a data set (icews) or the id of a report."),
        click.option("--domain", multiple=True, help="A domain (exercise, cyber, maritime ...)."),
        click.option("--quad", multiple=True, help="A quad class ('material conflict')."),
        click.option("--type", "types", multiple=True, help="A PLOVER type (CONSULT) or CAMEO code (19)."),
        click.option("--other", multiple=True, help="With this actor on the other side."),
        click.option("--actor", multiple=True, help="With this actor on either side (code or name)."),
        click.option("--on", type=Day(), help="Going on, on this date."),
        click.option("--until", type=Day(), help="On this date or before."),
        click.option("--since", type=Day(), help="On this date or later."),
        as_of_option,
    ):
        command = option(command)
    return command


def _which(desk: Desk, asked: dict[str, Any]) -> dict[str, Any]:
    """What is asked of events, as :meth:`detente.desk.Desk.events` takes it; an option not given is left out."""
    from detente.record.ask import check_sources
    from detente.record.once import Once

    check_sources(desk.store, asked["source"])

    repeats, window, any_place = (asked.pop(key) for key in ("repeats", "window", "any_place"))
    once = None if repeats else Once(window, place=not any_place)
    return {"once": once} | {key: value for key, value in asked.items() if value not in (None, ())}


@click.command(epilog="Example: detente events --actor PRK --since 2024-01-01 --as-of 2024-06-30 --csv > prk.csv")
@desk_option
@which_options
@click.option("--limit", type=click.IntRange(1), default=40, show_default=True, help="Rows of the table, the newest.")
@table_options
def events(path: Path, form: str | None, limit: int, **asked: Any) -> None:
    """Who did what to whom, when, according to whom: what was read and what others coded.

    An option given again widens, different options narrow. The table shows the newest rows; --csv and --json print all.
    """
    from detente import words
    from detente.record import export
    from detente.show import tables

    desk = open_desk(path)
    frame = desk.events(**_which(desk, asked))
    if form:
        for text in export.lines(frame, "jsonl" if form == "json" else form):
            click.echo(text, nl=False)
        return
    many, undated, newest = tables.newest(frame, limit)
    none = f"{undated:,} of them undated" if undated else ""
    if many > limit:
        told = f"{many:,} events{none and f', {none}'}"
        tell(f"{told}, of which the {limit} newest follow; more with --limit, all with --csv or --json.")
    elif undated:
        tell(f"{words.count(many, 'event')}, {none}.")
    show(tables.who_did_what(newest), None, "No such events on this desk.")


@click.command(epilog="Example: detente panel --by month --actor USA --actor PRK --actor KOR --csv > panel.csv")
@desk_option
@click.option(
    "--by", type=click.Choice(["day", "week", "month", "year"]), default="month", show_default=True, help="Period."
)
@click.option("--undirected", is_flag=True, help="Each pair once, whoever did it.")
@click.option("--everybody", is_flag=True, help="All pairs of states that occur, also those that never met.")
@click.option("--no-zeros", is_flag=True, help="Leave out periods in which nothing happened.")
@click.option(
    "--normalise",
    type=click.Choice(["share", "per 1,000", "volume"]),
    help="As shares of all events of the period, per 1,000 of them, or by reporting volume.",
)
@which_options
@table_options
def panel(path: Path, form: str | None, undirected: bool, no_zeros: bool, actor: tuple[str, ...], **asked: Any) -> None:
    """How much happened between each pair of actors in each period, zeros included.

    With --actor all pairs of the actors named; without, the pairs of states between which anything happened.
    """
    how = {key: asked.pop(key) for key in ("by", "everybody", "normalise")}
    desk = open_desk(path)
    frame = desk.panel(actors=actor, directed=not undirected, zeros=not no_zeros, **how, **_which(desk, asked))
    show(frame, form, "No dated events between two actors on this desk.")


@click.command(epilog="Example: detente around drills.csv --actor PRK --other USA --before 30 --after 30")
@click.argument("dates", nargs=-1, required=True)
@desk_option
@click.option("--before", "days_before", type=click.IntRange(0), default=30, show_default=True, help="Days before.")
@click.option("--after", "days_after", type=click.IntRange(0), default=30, show_default=True, help="Days after.")
@click.option("--each", is_flag=True, help="Each window by itself.")
@which_options
@table_options
def around(dates: tuple[str, ...], path: Path, form: str | None, **asked: Any) -> None:
    """What happened around DATES (2024-03-04 ..., or one CSV file with a column start), beside as many days before."""
    how = {key: asked.pop(key) for key in ("days_before", "days_after", "each")}
    given = dates[0] if len(dates) == 1 and not dates[0][:4].isdigit() else dates
    desk = open_desk(path)
    show(desk.around(given, **how, **_which(desk, asked)), form, "Nothing.")


@click.command(epilog='Example: detente sql "select type, count(*) as n from events group by type order by n desc"')
@click.argument("statement")
@desk_option
@as_of_option
@table_options
def sql(statement: str, path: Path, form: str | None, as_of: Date | None) -> None:
    """Run one SQL STATEMENT that only reads.

    Tables: events, sightings, reports, claims, ties, questions, actors, officeholders; docs/asking.md lists columns.
    """
    show(open_desk(path).sql(statement, as_of=as_of), form, "No rows.")


@click.command(epilog="Example: detente export events.parquet --since 2020-01-01")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@desk_option
@which_options
def export(file: Path, path: Path, **asked: Any) -> None:
    """Write events to FILE (.parquet, .csv, .jsonl), or the network of --on to a .graphml."""
    desk = open_desk(path)
    which = _which(desk, asked)
    if file.suffix.lower() == ".graphml":
        which.pop("once")
        if unfit := [key for key in which if key not in ("as_of", "on")]:
            raise click.UsageError(f"A network takes --on and --as-of, not --{unfit[0].replace('_', '-')}.")
    click.echo(desk.export(file, **which))


@click.command(epilog="Example: detente claims --actor NATO")
@desk_option
@as_of_option
@click.option("--actor", help="Only claims about this actor (code or name).")
@click.option("--contested", is_flag=True, help="Only topics on which more than one speaker takes a stand.")
@table_options
def claims(path: Path, form: str | None, contested: bool, as_of: Date | None, actor: str | None) -> None:
    """Who says what is, or will be, the case."""
    desk = open_desk(path)
    if contested:
        show(desk.contested(as_of=as_of), form, "No topic on this desk has more than one speaker.")
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
    show(frame.select(whole if form else short), form, "No such claims on this desk.")


@click.command(epilog="Example: detente ties --on 2023-06-01 --actor JPN")
@desk_option
@as_of_option
@click.option("--on", type=Day(), help="Status on this date (default: the as-of date, or today).")
@click.option("--actor", help="Only ties of this actor (code or name).")
@click.option("--register", "whole", is_flag=True, help="The whole register, not only the desk's actors.")
@table_options
def ties(path: Path, form: str | None, whole: bool, **asked: Any) -> None:
    """Who stands with whom on a date: pacts, access agreements, groupings, exercise series."""
    from detente import desk

    frame = desk.register_ties(**asked) if whole else open_desk(path).ties(**asked)
    short = ["name", "kind", "parties", "status", "since"]
    show(frame if form else frame.select(short), form, "No such ties.")


@click.command(epilog="Example: detente network --on 2024-07-11 --json")
@desk_option
@as_of_option
@click.option("--on", type=Day(), help="The date (default: the as-of date, or the desk's last).")
@click.option(
    "--layers",
    type=click.Choice(["tone", "quad", "domain"]),
    default="tone",
    show_default=True,
    help="What parts the events.",
)
@click.option("--blocs", "shape", flag_value="blocs", help="Groups that are bound to each other, instead of edges.")
@click.option("--brokers", "shape", flag_value="brokers", help="Who stands between others.")
@click.option("--triads", "shape", flag_value="triads", help="How many threes are in balance.")
@click.option("--by", type=click.Choice(["ties", "events"]), default="ties", show_default=True, help="What binds.")
@seed_option
@table_options
def network(path: Path, form: str | None, shape: str | None, layers: Any, by: Any, seed: int, **when: Any) -> None:
    """Edges between actors: ties that hold, and events of the year before; or the shape of that network."""
    from detente import relate

    desk = open_desk(path)
    if shape == "blocs":
        show(desk.blocs(by=by, seed=seed, **when), form, "Nobody on this desk is bound to anybody.")
    elif shape == "brokers":
        show(desk.brokers(by=by, **when), form, "Nobody on this desk is bound to anybody.")
    elif shape == "triads":
        found = desk.triads(**when)
        day = when["on"] or desk.last_day(when["as_of"])
        none = f"There are no threes with counted events on each side in the year before {day}."
        show(found if form or found.is_empty() else relate.balance(found), form, none)
    else:
        frame = desk.network(layers=layers, **when)
        show(frame if form else frame.drop("evidence"), form, "No edges on this desk.")


@click.command(epilog="Example: detente perspective 'North Korea' --on 2024-06-30")
@click.argument("actor")
@desk_option
@as_of_option
@click.option("--on", type=Day(), help="The date (default: the as-of date, or the desk's last).")
@click.option("--days", type=click.IntRange(1), default=90, show_default=True, help="Days of each of the two periods.")
@table_options
def perspective(actor: str, path: Path, form: str | None, **asked: Any) -> None:
    """What was done to ACTOR and to its partners, by whom, and how that changed."""
    frame = open_desk(path).perspective(actor, **asked)
    show(frame if form else frame.drop("evidence"), form, f"Nothing on this desk was done to {actor} or its partners.")


@click.command(epilog="Example: detente questions --csv > names-to-check.csv")
@desk_option
@as_of_option
@table_options
def questions(path: Path, form: str | None, as_of: Date | None) -> None:
    """Names and dates that the reader could not decide and leaves to you."""
    frame = open_desk(path).questions(as_of=as_of).select("kind", "words", "sentence", "report")
    show(frame if form else frame.drop("report"), form, "No open questions.")
