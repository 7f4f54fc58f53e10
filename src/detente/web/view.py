"""What a page shows, and its forms: a page for people, JSON and CSV for programs, SVG for each figure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from detente import __version__, svg, words
from detente.brief.page import safe
from detente.errors import DeskError
from detente.figure import Figure
from detente.show import tables
from detente.web.state import State

if TYPE_CHECKING:
    from detente.web.held import Held

FORMS = ("json", "csv", "svg")


@lru_cache(maxsize=128)
def _drawn(spec: str, id: str, title: str, description: str) -> str:
    return svg.render(json.loads(spec), id=id, title=title, description=description)


def inline(figure: Figure, name: str) -> Markup:
    """A figure drawn for a page, every id in it beginning with ``fig-`` and its name; dark ground is the style's."""
    return Markup(_drawn(json.dumps(figure.spec, default=str), f"fig-{name}", figure.title, figure.description))


@dataclass(frozen=True)
class View:
    """What a page shows.

    Args:
        title: of the page.
        template: file in ``web/templates`` that extends ``base.html.j2``; it sees ``view``, ``state``, ``desk``,
            ``words`` and the keys of ``context``.
        as_of: date by which all that it shows was known; stands in the frame of the page and of every form of it.
        context: what else the template needs.
        tables: frames that the page shows, by name; the first is the page's ``.csv``, others ``.csv?table=NAME``.
        figures: by name, best that of the table that holds what is drawn; the first is the page's ``.svg``, others
            ``.svg?figure=NAME``.
        summary: the page in a sentence or two.
        cite: sources beside those of the desk's record.
        lines: for a table too long for a page, all of it in pieces of CSV (``.csv?all=1``).
        refresh: seconds after which the page asks again, since something is being worked out; 0 for never.
        ready: whether all its tables and figures are there; until then its forms for programs answer 503.
        keep: whether the page stays the same as long as the record does.
        status: of the answer.
    """

    title: str
    template: str
    as_of: Date
    context: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    summary: str = ""
    cite: tuple[str, ...] = ()
    lines: Callable[[], Iterator[str]] | None = None
    refresh: int = 0
    ready: bool = True
    keep: bool = True
    status: int = 200

    @cached_property
    def first(self) -> str:
        """Name of the first table."""
        return next(iter(self.tables), "")


@dataclass(frozen=True)
class Page:
    """A page of the desk.

    Args:
        path: its address; ``{name}`` in it are ``state.at["name"]`` of the view.
        name: what links to it say.
        view: what it shows, of a desk and a state. It runs in a thread of its own; what it raises as a
            :class:`~detente.errors.DetenteError` becomes a page that says so.
        takes: names of the parameters of its address, beside those of the frame and of its forms; any other is refused.
            ``first-*`` stands for all that begin so.
        shown: in the navigation.
    """

    path: str
    name: str
    view: Callable[[Held, State], View]
    takes: tuple[str, ...] = ()
    shown: bool = True


FORM_TAKES = ("table", "figure", "all")
"""Parameters of the forms of every page: which table or figure, and whether all of it."""


def html(held: Held, page: Page, view: View, state: State, pages: tuple[Page, ...], cite: tuple[str, ...]) -> str:
    """A view as a page for people."""
    return str(
        _environment()
        .get_template(view.template)
        .render(
            view=view,
            state=state,
            desk=held.name,
            page=page,
            pages=[one for one in pages if one.shown],
            words=words,
            cite=cite,
            version=__version__,
            as_of_given=bool(state.get("as_of")),
            as_of_wrong=view.status >= 400,
            **view.context,
        )
    )


def plain(view: View, state: State, cite: tuple[str, ...]) -> str:
    """A view as JSON: title, summary, as-of date, sources and every table."""
    shown = {name: frame for name, frame in view.tables.items() if state.get("table", name) == name}
    told = {
        "title": view.title,
        "summary": view.summary,
        "as_of": view.as_of.isoformat(),
        "address": state.url(),
        "cite": list(cite),
        "tables": {name: frame.rows(named=True) for name, frame in shown.items()},
        "figures": {name: state.url(form="svg", figure=name) for name in view.figures},
    }
    return json.dumps(told, ensure_ascii=False, default=str)


def csv(view: View, state: State) -> str | Iterator[str]:
    """A table of a view as CSV; the first where none is named.

    Raises:
        DeskError: the page has no such table.
    """
    if state.get("all") and view.lines and state.get("table", view.first) == view.first:
        return view.lines()
    return tables.csv(_named(view.tables, state.get("table"), "table"))


def drawn(view: View, state: State) -> str:
    """A figure of a view as a file of SVG; the first where none is named.

    Raises:
        DeskError: the page has no such figure.
    """
    name = state.get("figure") or next(iter(view.figures), "")
    figure: Figure = _named(view.figures, name, "figure")
    return figure.document(f"fig-{name}", dark=state.theme == "dark")


def cell(value: Any) -> str:
    """A value of a table in words.

    Example:
        >>> cell(None), cell(["JPN", "USA"]), cell(0.1234), cell(True)
        ('–', 'JPN, USA', '0.12', 'yes')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return words.number(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(cell(one) for one in value)
    return str(value)


def _named(among: Mapping[str, Any], name: str, what: str) -> Any:
    if not among:
        raise DeskError(f"This page has no {what} now.")
    if name and name not in among:
        raise DeskError(f"This page has no {what} {name!r}. It has: {', '.join(among)}.")
    return among[name or next(iter(among))]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("detente.web"),
        autoescape=True,
        finalize=safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["cell"] = cell
    made.filters["inline"] = inline
    return made
