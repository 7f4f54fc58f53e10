"""Events: who did what to whom, when, according to whom, by facets and a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from markupsafe import Markup

from detente import words
from detente.errors import DeskError
from detente.record import ask, export
from detente.record.ask import Asked
from detente.web.held import Held
from detente.web.index import FACETS, LEVELS, Index, Places, framed
from detente.web.phrase import line
from detente.web.state import State
from detente.web.view import Page, View

ROWS: Final = 50  # of a page
NAMES: Final = {
    "actor": "Actor",
    "other": "Other side",
    "type": "Type",
    "domain": "Domain",
    "source": "Source",
    "modality": "Modality",
    "confidence": "Confidence",
    "since": "Since",
    "until": "Until",
}
_OPEN: Final = ("actor", "other", "source")  # more values than a list can offer: a field to write in, with suggestions


def view(held: Held, state: State) -> View:
    """One page of the events that meet the facets."""
    asked, levels = question(state)
    held_now = held.index(state.as_of)
    rows = held_now.find(asked, levels)
    number = int(state.number("page", 1, 1, 10**7))
    pages = max(1, -(-rows.size // ROWS))
    if number > pages:
        raise DeskError(f"There are {pages:,} pages of these events, not {number:,}. Give page={pages} or less.")
    start = (number - 1) * ROWS
    shown = held_now.rows(rows[start : start + ROWS])
    return View(
        "Events",
        "events.html.j2",
        held.day(state.as_of),
        summary=_summary(rows, held_now, bool(_chosen(state))),
        tables={"events": framed(shown)},
        context={
            "lines": [line(row) for row in shown],
            "total": rows.size,
            "number": number,
            "start": start,
            "last": pages,
            "names": NAMES,
            "lists": held.once("suggestions", state.as_of, make=lambda: _suggestions(held_now)),
            "options": held_now.options | {"other": held_now.options["actor"]},
            "facets": FACETS,
            "open_facets": _OPEN,
            "chosen": _chosen(state),
        },
        lines=partial(_lines, held_now, rows),
    )


def question(state: State) -> tuple[Asked, tuple[str, ...]]:
    """What the facets in an address ask, and the levels of confidence among them.

    Raises:
        RegisterError: unknown actor, or no date. CodebookError: unknown type, domain or modality.
        DeskError: unknown level of confidence, or ``since`` after ``until``.
    """
    levels = state.all("confidence")
    if wrong := [level for level in levels if level not in LEVELS]:
        raise DeskError(f"confidence = {wrong[0]!r} is none of {', '.join(LEVELS)}.")
    since, until = state.date("since"), state.date("until")
    asked = ask.asked(
        actor=state.all("actor"),
        other=state.all("other"),
        types=state.all("type"),
        domain=state.all("domain"),
        source=state.all("source"),
        modality=state.all("modality"),
        since=since,
        until=until,
    )
    if asked.cameo:
        raise DeskError(f"type = {asked.cameo[0]!r}: choose a PLOVER type here; detente events --type takes codes.")
    return asked, levels


def _chosen(state: State) -> list[tuple[str, str, str]]:
    """Each facet that is set: its name in words, its value, and the address without it."""
    out = []
    for name, said in NAMES.items():
        values = state.all(name)
        for value in values:
            rest = [other for other in values if other != value]
            out.append((said, value, state.url(None, "", **{name: rest, "page": None})))
    return out


def _suggestions(index: Index) -> dict[str, Markup]:
    """Options of the fields to write in, the same on every page of a record."""
    return {
        facet: Markup().join(
            Markup('<option value="{}">{} ({:,})</option>').format(words.visible(value), words.visible(said), n)
            for value, said, n in index.options[facet]
        )
        for facet in ("actor", "source")
    }


def _summary(rows: Places, index: Index, narrowed: bool) -> str:
    every = words.count(index.size, "event")
    if not narrowed:
        return f"{every}, what is told more than once counted once, the newest first."
    return f"{rows.size:,} of {every}, the newest first."


def _lines(index: Index, rows: Places) -> Iterator[str]:
    """All events that meet the question, as CSV, some thousands at a time."""
    for start in range(0, max(rows.size, 1), 20_000):
        text = export.flat(index.frame(rows[start : start + 20_000]).lazy()).collect()
        yield text.write_csv(include_header=start == 0, line_terminator="\r\n")


PAGE = Page("/events", "Events", view, takes=(*FACETS, "since", "until", "page"))
