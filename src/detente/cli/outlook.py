"""The command that looks ahead."""

from __future__ import annotations

import sys
from datetime import date as Date
from pathlib import Path

import click

from detente.cli.options import as_of_option, desk_option, draw, open_desk, seed_option, svg_option, table_options


@click.command(epilog="Example: detente outlook --actor PRK --days 7")
@desk_option
@click.option("--days", type=click.IntRange(1, 90), default=7, show_default=True, help="Days ahead.")
@click.option("--actor", help="Only what this one does (code or name).")
@click.option("--type", "kind", help="Only this PLOVER type.")
@svg_option("Draw the head of the list to this file.")
@as_of_option
@seed_option
@table_options
def outlook(
    path: Path,
    days: int,
    actor: str | None,
    kind: str | None,
    svg: Path | None,
    as_of: Date | None,
    seed: int,
    form: str | None,
) -> None:
    """What is likely between whom within the coming days: calibrated chances, changes, reasons."""
    desk = open_desk(path)
    if sys.stderr.isatty():
        click.echo("Learning what came of past lists (some minutes for a year of ICEWS) ...", err=True)
    found = desk.outlook(days, actor=actor, type=kind, as_of=as_of, seed=seed)
    draw(found, form, svg)
