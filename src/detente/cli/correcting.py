"""Commands that correct the record and keep it in order."""

from __future__ import annotations

import json
import sys
from datetime import date as Date
from pathlib import Path
from typing import Any

import click

from detente.cli.options import Day, F, desk_option, give, open_desk, show, table_options


def change_options(command: F) -> F:
    """Why, and since when it is known."""
    command = click.option("--known", type=Day(), help="Since when this is known (default: today).")(command)
    return click.option("--reason", default="", help="Why, in your words.")(command)


@click.command(epilog="Example: detente correct icews:00000000000000ff --set type=CONSULT --reason 'a visit'")
@click.argument("id")
@desk_option
@click.option("--set", "values", multiple=True, required=True, metavar="FIELD=VALUE", help="Again for more fields.")
@change_options
def correct(id: str, path: Path, values: tuple[str, ...], reason: str, known: Date | None) -> None:
    """State that the event ID was otherwise than it was read or coded; nothing stored is overwritten.

    An event that was read can have several parties: --set target=KOR --set target=USA takes both. A sighting (an id
    with a colon) has one of each. An empty value is none.
    """
    changes: dict[str, Any] = {}
    for pair in values:
        field, sign, text = pair.partition("=")
        if not sign:
            raise click.UsageError(f"{pair!r} sets nothing: write it as --set FIELD=VALUE.")
        held, value = changes.get(field), _value(field, text)
        changes[field] = value if field not in changes else [*(held if isinstance(held, list) else [held]), value]
    desk = open_desk(path)
    desk.correct(id, reason=reason, known=known, **changes)
    click.echo(f"{id} is corrected: {', '.join(changes)}. What it was before: detente history {id} --desk {path}")


def _value(field: str, text: str) -> Any:
    """A value as a person types it; only these fields hold numbers (a CAMEO code is none)."""
    if field in ("confidence", "goldstein", "lat", "lon", "reports"):
        try:
            return json.loads(text)
        except ValueError:
            raise click.UsageError(f"{field} takes a number, not {text!r}.") from None
    if field == "reciprocal":
        return text.casefold() in ("yes", "true", "1")
    return text or None


@click.command(epilog="Example: detente reject icews:00000000000000ff --reason 'a film, not an event'")
@click.argument("id")
@desk_option
@change_options
def reject(id: str, path: Path, reason: str, known: Date | None) -> None:
    """Leave the event ID out of every answer from now on."""
    open_desk(path).reject(id, reason=reason, known=known)
    click.echo(f"{id} is left out. To take it again: detente restore {id} --desk {path}")


@click.command(epilog="Example: detente restore icews:00000000000000ff")
@click.argument("id")
@desk_option
@change_options
def restore(id: str, path: Path, reason: str, known: Date | None) -> None:
    """Take the event ID again as it was read or coded."""
    open_desk(path).restore(id, reason=reason, known=known)
    click.echo(f"{id} is taken again as it was first stored.")


@click.command(epilog="Example: detente history icews:00000000000000ff")
@click.argument("id")
@desk_option
@table_options
def history(id: str, path: Path, form: str | None) -> None:
    """What was changed of the event ID, when and why."""
    show(open_desk(path).history(id), form, "Nothing was changed of this event.")


@click.command(epilog="Example: detente doctor --desk korea --repair")
@desk_option
@click.option("--repair", is_flag=True, help="Mend what can be mended without loss.")
@table_options
def doctor(path: Path, repair: bool, form: str | None) -> None:
    """Check the files of a desk, and mend what can be mended; also where the desk does not open."""
    from detente import desk

    health = desk.doctor(path, repair=repair)
    give(health, form)
    if not health.sound:
        sys.exit(1)


@click.command(epilog="Example: detente compact --desk korea")
@desk_option
def compact(path: Path) -> None:
    """Make few large files of many small ones; answers do not change."""
    desk = open_desk(path)
    before = len(desk.store.manifest().batches)
    desk.compact()
    click.echo(f"{before} files became {len(desk.store.manifest().batches)}.")
