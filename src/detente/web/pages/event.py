"""One event: its sentence in context, all that tells of it, what was changed of it, and a form to change it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date as Date
from typing import Any, Final, get_args

import anyio
import msgspec
import polars as pl
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from detente import codebook, words
from detente.brief.context import Context
from detente.brief.rows import Contexts, chain
from detente.errors import DeskError
from detente.events import Domain, Event, Report
from detente.record import nouns, sighting_key
from detente.record.ask import MODALITIES
from detente.record.views import day_range
from detente.web.held import Held
from detente.web.index import Index
from detente.web.phrase import line
from detente.web.state import FIRST, LAST, State, themed
from detente.web.view import Page, View

MOST: Final = 40  # reports or sightings shown of one event
_DONE: Final = {
    "correct": "The correction is kept, known since today; what was stored is still there.",
    "reject": "The event is left out of every answer from now on; what was stored is still there.",
    "restore": "The event is taken again as it was first stored.",
}


class Told(msgspec.Struct, frozen=True):
    """What one report says of the event."""

    outlet: str
    title: str
    published: str
    speakers: str
    context: Context
    modality: str
    report: str


def view(held: Held, state: State) -> View:
    """The event whose id is in the address."""
    id_ = state.at["id"]
    history = held.desk.history(id_)  # says so where the desk has no such event
    index = held.index(state.as_of)
    row = index.at(id_) or _first_of(held, id_, state.as_of, index)
    sighted = sighting_key(id_) is not None
    told = () if row is None or sighted else held.once("told", state.as_of, id_, make=lambda: _told(held, state, id_))
    seen = _seen(held, row, state.as_of) if row is not None and sighted else pl.DataFrame()
    shown = line(row) if row is not None else None
    return View(
        "Event",
        "event.html.j2",
        held.day(state.as_of),
        summary=""
        if shown is None
        else " ".join(filter(None, [shown.who, shown.did, shown.whom])) + f" ({shown.date}).",
        tables={"reports": _table(told), "sightings": seen, "history": history},
        context={
            "row": row,
            "line": shown,
            "told": told[:MOST],
            "more": max(0, len(told) - MOST),
            "original": _original(held, id_) if sighted else {},
            "cameo": codebook.cameo(row["cameo"]).text if row and row["cameo"] else "",
            "fields": _fields(row, sighted) if row is not None else {},
            "types": [t.name for t in codebook.types()],
            "modalities": MODALITIES,
            "domains": get_args(Domain),
            "sighted": sighted,
            "done": _DONE.get(state.get("done"), ""),
            "merged": row is not None and row["id"] != id_,
            "history": [_changed(one) for one in history.iter_rows(named=True)],
        },
    )


def _changed(row: Mapping[str, Any]) -> dict[str, str]:
    """A row of what was changed, in words."""
    was, now = (_plainly(row[name]) for name in ("was", "now"))
    when = f"{row['recorded']:%Y-%m-%d %H:%M} UTC"
    return {
        "when": when,
        "act": row["act"],
        "field": row["field"] or "",
        "was": was,
        "now": now,
        "reason": row["reason"],
    }


def _plainly(stored: str | None) -> str:
    """A value that is kept as JSON: actors by name, anything else as it is."""
    value = None if stored is None else msgspec.json.decode(stored)
    each = value if isinstance(value, list) else [] if value is None else [value]
    return ", ".join(str(one.get("name") or one.get("code")) if isinstance(one, dict) else str(one) for one in each)


def _first_of(held: Held, id_: str, as_of: Date | None, index: Index) -> dict[str, Any] | None:
    """The row under which an event counts that is told again elsewhere; None where it is left out or not yet known."""
    if sighting_key(id_):
        return None
    same = _events(held, as_of).filter(pl.col("id") == id_)["same_as"]
    return index.at(same.item()) if same.len() and same.item() else None


def _events(held: Held, as_of: Date | None) -> pl.DataFrame:
    return held.once("read events", as_of, make=lambda: held.desk.store.events(as_of))


def _told(held: Held, state: State, id_: str) -> tuple[Told, ...]:
    frame = _events(held, state.as_of)
    first = frame.filter(pl.col("id") == id_)["same_as"].item() or id_
    rows = frame.filter((pl.col("id") == first) | (pl.col("same_as") == first))
    told = nouns(rows, Event)
    reports = held.desk.store.reports(state.as_of).filter(pl.col("id").is_in([event.report for event in told]))
    texts = {report.id: report for report in nouns(reports, Report)}
    contexts = Contexts(texts)
    return tuple(
        Told(
            outlet=(report := texts[event.report]).outlet or "outlet not named",
            title=report.title or "untitled",
            published=words.day(report.published.isoformat() if report.published else None),
            speakers=chain(event.speakers),
            context=contexts.of(event),
            modality=event.modality,
            report=report.id,
        )
        for event in told
    )


def _table(told: tuple[Told, ...]) -> pl.DataFrame:
    columns = ("outlet", "title", "published", "speakers", "modality", "report", "sentence")
    rows = [
        (t.outlet, t.title, t.published, t.speakers, t.modality, t.report, "".join(p.words for p in t.context.pieces))
        for t in told
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def _seen(held: Held, row: Mapping[str, Any], as_of: Date | None) -> pl.DataFrame:
    """Sightings of the same actors, type and day: those that count as this event."""
    same = held.desk.store.sightings(as_of).filter(
        *(pl.col(name).eq_missing(pl.lit(row[name][0] if row[name] else None)) for name in ("source", "target")),
        pl.col("type").eq_missing(pl.lit(row["type"])),
        pl.col("day").eq_missing(pl.lit(row["day"], pl.Date)),
    )
    columns = ("dataset", "outlet", "place", "country", "cameo", "goldstein", "reports", "known")
    return same.select(columns).head(MOST).collect()


def _original(held: Held, id_: str) -> dict[str, str]:
    """The columns of the file that a sighting came from, as they are printed there."""
    found = sighting_key(id_)
    if not found:
        return {}
    dataset, key = found
    rows = held.desk.store.originals(dataset).filter(pl.col("key") == key).head(1).collect()
    plain = rows.row(0, named=True) if rows.height else {}
    return {name: str(value) for name, value in plain.items() if name != "key" and value not in (None, "")}


def _fields(row: Mapping[str, Any], sighted: bool) -> dict[str, str]:
    """What can be corrected here, as the form shows it now."""
    fields = {
        "type": row["type"] or "",
        "source": ", ".join(row["source"]),
        "target": ", ".join(row["target"]),
        "domain": row["domain"] or "",
    }
    if sighted:
        return fields | {"day": row["day"].isoformat() if row["day"] else ""}
    return fields | {"modality": row["modality"], "date": row["date"] or ""}


async def post(held: Held, request: Request) -> Response:
    """Keep a correction of an event, leave it out, or take it again."""
    async with request.form(max_files=0, max_fields=30, max_part_size=20_000) as form:
        given = {name: str(value).strip() for name, value in form.items()}
    id_, act = str(request.path_params["id"]), given.get("act", "")
    await anyio.to_thread.run_sync(_change, held, id_, act, given)
    state = themed(f"/event/{id_}", request.query_params.multi_items())
    return RedirectResponse(state.url(done=act), 303)


def _change(held: Held, id_: str, act: str, given: Mapping[str, str]) -> None:
    reason = given.get("reason", "")
    if act == "correct":
        changes = _changes(held, id_, given)
    if act in ("correct", "reject") and not reason:
        raise DeskError("Say why, in your words: whoever asks later why this event is otherwise reads only that.")
    if act == "reject":
        held.desk.reject(id_, reason=reason)
    elif act == "restore":
        held.desk.restore(id_, reason=reason)
    elif act == "correct":
        held.desk.correct(id_, reason=reason, **changes)
    else:
        raise DeskError(f"{act!r} is nothing that can be done with an event: correct, reject or restore.")
    held.renew()


def _changes(held: Held, id_: str, given: Mapping[str, str]) -> dict[str, Any]:
    """The fields that the form holds otherwise than the record.

    Raises:
        DeskError: none is, or the event is left out and so cannot be corrected before it is taken again.
    """
    held.renew()
    row = held.index(None).at(id_)
    if row is None:
        raise DeskError("This event is left out, or counts as another report's. Take it again, or correct that one.")
    sighted = sighting_key(id_) is not None
    now = _fields(row, sighted)
    changed = {name: given[name] for name in now if name in given and given[name] != now[name]}
    if not changed:
        raise DeskError("Nothing was changed in the form. Change a field, or leave the event as it is.")
    _within_reach(next((changed[name] for name in ("date", "day") if name in changed), ""))
    return {name: _value(name, value, sighted) for name, value in changed.items()}


def _within_reach(written: str) -> None:
    """Refuse a date that no page can be asked for."""
    try:
        first = day_range(written)[0]
    except ValueError:
        return  # the record says which forms a date can have
    if first and not FIRST <= first <= LAST:
        raise DeskError(f"{written} is outside the dates taken here, {FIRST} to {LAST}.")


def _value(name: str, value: str, sighted: bool) -> Any:
    if name not in ("source", "target"):
        return value or None
    codes = [code.strip() for code in value.split(",") if code.strip()]
    return (codes[0] if len(codes) == 1 else codes or None) if sighted else codes


PAGE = Page("/event/{id}", "Event", view, takes=("done",), shown=False)
