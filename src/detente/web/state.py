"""The state of a page, which is all in its address: a link says exactly what its reader will see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from typing import Any
from urllib.parse import quote, urlencode

from detente.actors import day
from detente.errors import DeskError

CARRIED = ("as_of", "theme")
"""What goes along to every other page."""

THEMES = ("light", "dark")

FIRST, LAST = Date(1500, 1, 1), Date(2500, 12, 31)
"""Dates that pages take: every archive that can be loaded lies between them, with room to look back and ahead."""


@dataclass(frozen=True)
class State:
    """An address taken apart.

    Args:
        path: of the page, without a form (``/events``, not ``/events.csv``).
        params: name and value of each parameter, in order.
        at: parameters of the path (``{"actor": "PRK"}``).

    Example:
        >>> state = State("/events", (("actor", "PRK"), ("page", "3"), ("as_of", "2024-06-30")))
        >>> state.url(page=4), state.url("/about")
        ('/events?actor=PRK&as_of=2024-06-30&page=4', '/about?as_of=2024-06-30')
    """

    path: str
    params: tuple[tuple[str, str], ...] = ()
    at: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """The last value of a parameter that is not empty."""
        return next((value for key, value in reversed(self.params) if key == name and value.strip()), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a parameter that is not empty."""
        return tuple(dict.fromkeys(value for key, value in self.params if key == name and value.strip()))

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A parameter as a number.

        Raises:
            DeskError: it is none, or out of its range.
        """
        given = self.get(name)
        if not given:
            return default
        try:
            value = float(given)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise DeskError(f"{name} = {given!r} is no number from {low:g} to {high:g}. Give one.")
        return value

    def date(self, name: str) -> Date | None:
        """A parameter as a date.

        Raises:
            RegisterError: it is none.
            DeskError: it lies outside :data:`FIRST` to :data:`LAST`.
        """
        found = day(self.get(name) or None)
        if found is not None and not FIRST <= found <= LAST:
            raise DeskError(f"{name} = {found} is outside the dates taken here, {FIRST} to {LAST}. Give one of those.")
        return found

    def refuse_others(self, known: Iterable[str]) -> None:
        """See that the address names no parameter but known ones; one that ends in ``*`` stands for all so begun.

        Raises:
            DeskError: it names another.
        """
        taken = (*CARRIED, *known)
        begun = tuple(name[:-1] for name in taken if name.endswith("*"))
        if wrong := [name for name, _ in self.params if name not in taken and not (begun and name.startswith(begun))]:
            raise DeskError(f"This page takes no parameter {wrong[0]!r}. It takes: {', '.join(taken)}.")

    @property
    def as_of(self) -> Date | None:
        """Only what was known by this date; None for everything."""
        return self.date("as_of")

    @property
    def theme(self) -> str:
        """The colours chosen; empty where the browser's own count."""
        given = self.get("theme")
        return given if given in THEMES else ""

    def url(self, path: str | None = None, form: str = "", **changes: Any) -> str:
        """The address of this page with other values, or of another page, to which only the frame's values go along.

        Args:
            path: of another page. form: ``json``, ``csv`` or ``svg``.
            changes: new values; None or empty leaves a parameter out, several values give it several times.
        """
        kept = [(k, v) for k, v in self.params if v and k not in changes and (path is None or k in CARRIED)]
        for name, value in changes.items():
            kept += [(name, str(one)) for one in _several(value)]
        to = self.path if path is None else path
        to = f"/overview.{form}" if form and to == "/" else f"{to}.{form}" if form else to
        return quote(to, safe="/:.~") + (f"?{urlencode(kept)}" if kept else "")

    def hidden(self, *but: str) -> list[tuple[str, str]]:
        """The parameters that a form must carry along, without those that it asks for itself."""
        return [(k, v) for k, v in self.params if v and k not in but]


def themed(path: str, params: Iterable[tuple[str, str]]) -> State:
    """Another page, to which only the colours chosen go along."""
    return State(path, tuple((name, value) for name, value in params if name == "theme"))


def _several(value: Any) -> Iterable[Any]:
    if value is None or value == "":
        return ()
    return value if isinstance(value, list | tuple) else (value,)
