"""What the analyst changes of events, read or coded by others: kept as rows of their own, so nothing is overwritten.

A correction names an event, says since when it is known, and holds all that differs from then on from the event as it
was stored; the newest one known by a date counts. The row as stored lies beside it, so that a corrected archive of
millions of rows is asked without looking for the few that were changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date as Date
from datetime import datetime
from typing import Any, Literal

import msgspec
import polars as pl
from msgspec import UNSET, Struct, UnsetType

from detente import codebook
from detente.actors import register
from detente.errors import CodebookError, DeskError, RegisterError
from detente.events import Domain, Event, Party, to_json
from detente.record import archive
from detente.record.archive import SIGHTINGS
from detente.record.views import TABLES, as_row

Act = Literal["changed", "rejected", "restored"]

CORRECTIONS: dict[str, Any] = {
    "id": pl.String,
    "known": pl.Date,
    "recorded": pl.Datetime("us"),
    "rejected": pl.Boolean,
    "changes": pl.String,
    "reason": pl.String,
    "was": pl.String,
}

# What an event is known by, and what follows from other fields.
FIXED = ("id", "report", "same_as")


class SightingChanges(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Fields of a sighting that can be corrected; what its file prints stays as it is printed."""

    source: str | UnsetType | None = UNSET
    target: str | UnsetType | None = UNSET
    source_role: str | UnsetType | None = UNSET
    target_role: str | UnsetType | None = UNSET
    type: str | UnsetType | None = UNSET
    cameo: str | UnsetType | None = UNSET
    goldstein: float | UnsetType | None = UNSET
    domain: Domain | UnsetType | None = UNSET
    day: Date | UnsetType = UNSET
    last_day: Date | UnsetType = UNSET
    precision: Literal["day", "week", "month", "year", "interval"] | UnsetType = UNSET
    place: str | UnsetType | None = UNSET
    country: str | UnsetType | None = UNSET
    lat: float | UnsetType | None = UNSET
    lon: float | UnsetType | None = UNSET
    outlet: str | UnsetType | None = UNSET
    reports: int | UnsetType = UNSET


def newest(rows: pl.DataFrame, known_by: Date | None) -> pl.DataFrame:
    """The corrections that count on a date: of each event the last one known by then, one row each."""
    if known_by is not None:
        rows = rows.filter(pl.col("known") <= known_by)
    return rows.sort("known", "recorded", maintain_order=True).unique("id", keep="last", maintain_order=True)


def correction(
    id_: str,
    act: Act,
    changes: Mapping[str, Any],
    *,
    stored: pl.DataFrame,
    before: pl.DataFrame,
    reason: str,
    known: Date,
    recorded: datetime,
) -> pl.DataFrame:
    """A correction as a row of the table.

    Args:
        id_: of the event.
        act: what is done to it.
        changes: new values by field; earlier ones of other fields go on to hold.
        stored: the event's row as stored.
        before: corrections that count when this one becomes known.
        reason: why.
        known, recorded: since when it is known, and when it was written down.

    Raises:
        DeskError: an unknown field, a value that it cannot take, or what cannot have happened.
    """
    sighted = archive.sighting_key(id_) is not None
    was = _sighting_json(stored) if sighted else stored["json"].item()
    earlier = before.filter(pl.col("id") == id_)
    held: dict[str, Any] = msgspec.json.decode(earlier["changes"].item()) if earlier.height else {}
    if act == "restored":
        held = {}
    elif act == "changed":
        if not changes:
            raise DeskError("Nothing to correct: no field is named.")
        own = _of_sighting(changes, was, held) if sighted else _of_event(changes, msgspec.json.decode(was) | held)
        held |= own
    row = (id_, known, recorded, act == "rejected", msgspec.json.encode(held).decode(), reason, was)
    return pl.DataFrame([row], schema=CORRECTIONS, orient="row")


def applied(events: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Read events as corrected, in the order of the frame.

    Args:
        events: the store's table.
        rows: corrections that count, as :func:`newest` gives them.
    """
    if rows.is_empty() or events.is_empty():
        return events
    by_id = {row["id"]: row for row in rows.iter_rows(named=True)}
    touched = events.filter(pl.col("id").is_in(list(by_id)))
    if touched.is_empty():
        return events
    new: dict[str, dict[str, Any]] = {}
    for row in touched.iter_rows(named=True):
        made = by_id[row["id"]]
        if not made["rejected"]:
            noun = _event(msgspec.json.decode(row["json"]) | msgspec.json.decode(made["changes"]))
            stamp = {"known": row["known"], "recorded": row["recorded"], "json": to_json(noun)}
            new[row["id"]] = as_row(noun) | stamp
    placed = events.with_row_index("_row")
    changed = pl.DataFrame(list(new.values()), schema=TABLES["events"], orient="row").join(
        placed.select("_row", "id"), on="id", how="left"
    )
    kept = placed.filter(~pl.col("id").is_in(list(by_id)))
    return pl.concat([kept, changed.select(kept.columns)]).sort("_row").drop("_row")


def lazily(sightings: pl.LazyFrame, rows: pl.DataFrame, known_by: Date | None) -> pl.LazyFrame:
    """Sightings as corrected: those that were touched are left out, and come back as they are now.

    Args:
        sightings: columns of :data:`SIGHTINGS`.
        rows: corrections that count.
        known_by: leaves out sightings not yet known then.
    """
    keys: list[int] = []
    new: list[dict[str, Any]] = []
    for row in rows.iter_rows(named=True):
        if found := archive.sighting_key(row["id"]):
            keys.append(found[1])
            if not row["rejected"]:
                new.append(msgspec.json.decode(row["was"]) | msgspec.json.decode(row["changes"]))
    if not keys:
        return sightings
    kept = sightings.filter(~pl.col("key").is_in(pl.Series(keys, dtype=pl.UInt64).implode()))
    if not new:
        return kept
    changed = _sightings(new)
    if known_by is not None:
        changed = changed.filter(pl.col("known") <= known_by)
    return pl.concat([kept, changed.lazy()])


def history(rows: pl.DataFrame) -> pl.DataFrame:
    """Corrections of one event, the oldest first, one row for each field that changed.

    Args:
        rows: the event's corrections as stored.
    """
    schema: dict[str, Any] = {"recorded": pl.Datetime("us"), "known": pl.Date}
    schema |= dict.fromkeys(("act", "field", "was", "now", "reason"), pl.String)
    out: list[tuple[Any, ...]] = []
    before: dict[str, Any] = {}
    for row in rows.sort("recorded", maintain_order=True).iter_rows(named=True):
        stored, after = msgspec.json.decode(row["was"]), msgspec.json.decode(row["changes"])
        fields = [name for name in {**before, **after} if before.get(name, UNSET) != after.get(name, UNSET)]
        act = "rejected" if row["rejected"] else "changed" if after else "restored"
        for name in fields if act != "rejected" and fields else (None,):
            values = [_text(held.get(name, stored.get(name))) if name else None for held in (before, after)]
            out.append((row["recorded"], row["known"], act, name, *values, row["reason"]))
        before = after
    return pl.DataFrame(out, schema=schema, orient="row")


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


# -- read events ---------------------------------------------------------------------------------------------------


def _of_event(changes: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """Changes of a read event as they are stored, with what follows from them."""
    fields = [f.encode_name for f in msgspec.structs.fields(Event)]
    _known_fields(changes, [name for name in fields if name not in FIXED])
    out = dict(msgspec.to_builtins(dict(changes)))
    for side in {"source", "target"} & out.keys():
        out[side] = [_party(one) for one in ([out[side]] if isinstance(out[side], str) else out[side] or [])]
    if "type" in out:
        out["type"] = _type(out["type"])
        out.setdefault("quad", codebook.quad(out["type"]))
        out.setdefault("cameo", codebook.to_cameo(out["type"])[0])
    if out.get("date") and "date_precision" not in out:
        out["date_precision"] = _precision(out["date"])
    elif "date" in out and out["date"] is None:
        out.setdefault("date_precision", None)
    event = _event(dict(held) | out)
    row = as_row(event)
    _see(changes, row["source"], row["target"], row["day"] if event.modality == "asserted" else None)
    plain = msgspec.to_builtins(event)
    return {name: plain[name] for name in out}


def _see(fields: Collection[str], source: list[str | None], target: list[str | None], asserted: Date | None) -> None:
    """Refuse what cannot have happened: an event toward oneself, and one asserted of a day to come."""
    same = sorted(code for code in {*source} & {*target} if code)
    if same and {"source", "target"} & {*fields}:
        who = register().actor(same[0]).name
        raise DeskError(f"{who} stands on both sides. An event is toward somebody else: change one.")
    if asserted and asserted > Date.today() and {"date", "day", "modality"} & {*fields}:
        other = ", or a modality other than asserted" if "day" not in fields else ""
        raise DeskError(f"{asserted} is still to come. Give a day that was{other}.")


def _event(plain: dict[str, Any]) -> Event:
    try:
        event = msgspec.convert(plain, Event)
        as_row(event)  # its date must be one
    except msgspec.ValidationError as error:
        raise DeskError(f"The correction cannot be made: {error}. {_FORM}") from None
    except ValueError as error:
        raise DeskError(f"date: {error}. Give it as 2024-07-01, 2024-07, 2024, or 2024-07-01/2024-07-03.") from None
    return event


_FORM = "Fields take what detente events --json prints of them; source and target also take codes of actors."


def _party(one: Any) -> Any:
    if not isinstance(one, str):
        return one
    try:
        actor = register().find(one)
    except RegisterError as error:
        raise DeskError(f"{one!r} is no actor: {error}") from None
    return msgspec.to_builtins(Party(code=actor.code, name=actor.name, kind=actor.kind))


def _precision(date: str) -> str:
    if "/" in date:
        return "interval"
    return {0: "year", 1: "month"}.get(date.count("-"), "day")


def _type(name: str) -> str:
    try:
        return codebook.event_type(str(name).upper()).name
    except CodebookError as error:
        raise DeskError(f"type: {error}") from None


def _known_fields(changes: Mapping[str, Any], fields: list[str]) -> None:
    if wrong := [name for name in changes if name not in fields]:
        raise DeskError(f"{wrong[0]!r} cannot be corrected. What can: {', '.join(fields)}.")


# -- sightings -----------------------------------------------------------------------------------------------------


def _of_sighting(changes: Mapping[str, Any], was: str, earlier: Mapping[str, Any]) -> dict[str, Any]:
    """Changes of a sighting as they are stored, with what follows from them."""
    _known_fields(changes, [f.name for f in msgspec.structs.fields(SightingChanges)])
    if several := [name for name, value in changes.items() if isinstance(value, list | tuple)]:
        raise DeskError(f"A sighting has one {several[0]}; give one. Only events that were read can have more.")
    out = dict(changes)
    for name in ("day", "last_day"):
        if isinstance(out.get(name), str):
            out[name] = _day(name, out[name])
    try:
        for side in {"source", "target"} & out.keys():
            out[side] = register().find(str(out[side])).code if out[side] else None
        if out.get("type"):
            out["type"] = _type(out["type"])
        if out.get("cameo"):
            codebook.cameo(out["cameo"])
            out.setdefault("type", codebook.to_plover(out["cameo"])[0])
    except RegisterError as error:
        raise DeskError(f"{side}: {error}") from None
    except CodebookError as error:
        raise DeskError(f"cameo: {error}") from None
    if "type" in out:
        out.setdefault("cameo", None)  # the file's own code stays in its column
        held = msgspec.json.decode(was)
        if held["goldstein"] == _value(held["cameo"] or held["type"]):  # the codebook's, not one of the file's own
            out.setdefault("goldstein", _value(out["cameo"] or out["type"]))
    if "day" in out:
        out.setdefault("last_day", out["day"])
    try:
        made = msgspec.convert(msgspec.to_builtins(out), SightingChanges)
    except msgspec.ValidationError as error:
        raise DeskError(f"The correction cannot be made: {error}.") from None
    plain: dict[str, Any] = msgspec.to_builtins(made)
    now = msgspec.json.decode(was) | earlier | plain
    if now["day"] and now["last_day"] and now["last_day"] < now["day"]:
        raise DeskError(f"last_day {now['last_day']} is before day {now['day']}. Give both.")
    _see(changes, [now["source"]], [now["target"]], Date.fromisoformat(now["day"]) if now["day"] else None)
    return plain


def _day(name: str, text: str) -> Date:
    try:
        return Date.fromisoformat(text)
    except ValueError:
        raise DeskError(f"{name}: {text!r} is no date of the calendar: write it as 2024-07-11.") from None


def _value(kind: str | None) -> float | None:
    return codebook.goldstein(kind) if kind else None


def _sighting_json(stored: pl.DataFrame) -> str:
    return msgspec.json.encode(stored.row(0, named=True)).decode()


def _sightings(plain: list[dict[str, Any]]) -> pl.DataFrame:
    days = [name for name, kind in SIGHTINGS.items() if kind == pl.Date]
    kinds = SIGHTINGS | dict.fromkeys(days, pl.String)
    frame = pl.DataFrame(plain, schema=kinds, orient="row").with_columns(pl.col(days).str.to_date())
    return frame.with_columns(archive.same(frame)).select(*SIGHTINGS)
