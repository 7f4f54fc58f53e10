"""Options that commands share, and how they open a desk and print a table."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

if TYPE_CHECKING:
    import polars as pl

    from detente.desk import Desk
    from detente.figure import Figure


F = TypeVar("F", bound=Callable[..., Any])


class Result(Protocol):
    """What a stage found, as a table and in words."""

    def frame(self) -> pl.DataFrame: ...
    def summary(self) -> str: ...


class Drawn(Result, Protocol):
    """What a stage found, as a figure, too."""

    def figure(self) -> Figure: ...


def tell(message: str) -> None:
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


def svg_option(what: str) -> Callable[[F], F]:
    """Draw a figure as well; ``what`` and where, as the help says it."""
    return click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help=what)


def seed_option(command: F) -> F:
    """The seed of everything random."""
    return click.option("--seed", type=int, default=7, show_default=True, help="Seed of everything random.")(command)


def model_option(command: F) -> F:
    """A model that was kept."""
    return click.option(
        "--model", type=click.Path(path_type=Path, dir_okay=False), help="A fit saved by `detente learn --save`."
    )(command)


def open_desk(path: Path, *, create: bool = False) -> Desk:
    from detente import desk

    return desk.open(path, create=create)


def show(frame: pl.DataFrame, form: str | None, empty: str) -> None:
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


def draw(result: Drawn, form: str | None, svg: Path | None) -> None:
    """:func:`give`, and the figure where a file for it is named."""
    if svg:
        result.figure().save(svg)
    give(result, form)


def give(result: Result, form: str | None) -> None:
    """Print a result in words, or its table where a form is asked for."""
    if form:
        show(result.frame(), form, "")
    else:
        click.echo(result.summary())
