"""The record as one actor sees it: what was done to it and to its partners, by whom, and how that changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date as Date
from datetime import timedelta
from typing import Any

import polars as pl

from detente.actors import register
from detente.codebook import is_hostile
from detente.errors import DeskError
from detente.events import Tie
from detente.relate.network import named_evidence, newest
from detente.relate.standing import HOLDS, parties, status

SCHEMA: dict[str, Any] = {
    "by": pl.String,
    "name": pl.String,
    "to": pl.String,
    "type": pl.String,
    "tone": pl.String,
    "events": pl.Int64,
    "recent": pl.Int64,
    "before": pl.Int64,
    "change": pl.Int64,
    "evidence": pl.List(pl.String),
}


def perspective(
    actor: str,
    events: pl.DataFrame,
    ties: Iterable[Tie],
    on: Date,
    *,
    days: int = 90,
    acts: pl.LazyFrame | None = None,
) -> pl.DataFrame:
    """What others did to an actor, to its partners and with its opponents, by a date.

    Args:
        actor: code of the actor that looks.
        events: event frame of the store; asserted events count once each.
        ties: ties that make partners; those that hold on the date count.
        on: the date.
        days: length of the two periods that are compared.
        acts: events that others coded, as :func:`detente.record.ask.acts` gives them.

    Returns:
        One row for each actor that acted, whom it acted on (``itself`` or ``its partners``) and type: number of events
        up to the date, of those in the last ``days``, in as many days before, the ``change`` from the one to the other,
        and their ids (of events that others coded the ten newest). Undated events count in the total alone.

    Raises:
        DeskError: a period without days.
    """
    if days < 1:
        raise DeskError(f"A period of {days} days makes no sense.")
    span = timedelta(days=days)
    allies = {
        party
        for tie in ties
        if status(tie, on) in HOLDS and tie.kind in ("defence pact", "access agreement", "information sharing")
        for members in (parties(tie, on),)
        if actor in members and len(members) <= 10
        for party in members
    } - {actor}
    counted = events.filter((pl.col("modality") == "asserted") & pl.col("same_as").is_null())
    found: dict[tuple[str, str, str], list[tuple[str, Date | None]]] = {}
    for row in counted.iter_rows(named=True):
        everyone = [*row["source"], *row["target"]]
        for by in dict.fromkeys(everyone if row["reciprocal"] else row["source"]):
            others = [c for c in (everyone if row["reciprocal"] else row["target"]) if c != by]
            to = "itself" if actor in others else "its partners" if allies.intersection(others) else None
            if to and by != actor:
                found.setdefault((by, to, row["type"]), []).append((row["id"], row["day"]))
    rows = []
    for (by, to, type_), hits in found.items():
        told = [day for _, day in hits if day]
        recent = sum(on - span < day <= on for day in told)
        before = sum(on - 2 * span < day <= on - span for day in told)
        rows.append((by, to, type_, len(hits), recent, before, [id_ for id_, _ in hits]))
    keys = {name: SCHEMA[name] for name in ("by", "to", "type", "events", "recent", "before", "evidence")}
    frame = pl.DataFrame(rows, schema=keys, orient="row")
    if acts is not None:
        frame = (
            pl.concat([frame, _coded(acts, actor, allies, on, span).select(*keys)])
            .group_by("by", "to", "type", maintain_order=True)
            .agg(pl.col("events", "recent", "before").sum(), pl.col("evidence").explode())
        )
    tones = {type_: "hostile" if is_hostile(type_) else "conciliatory" for type_ in frame["type"].unique()}
    names = {code: register().actor(code).name for code in frame["by"].unique()}
    return (
        frame.with_columns(
            name=pl.col("by").replace_strict(names, return_dtype=pl.String),
            tone=pl.col("type").replace_strict(tones, return_dtype=pl.String),
            change=pl.col("recent") - pl.col("before"),
        )
        .select(*SCHEMA)
        .sort("to", "events", "by", "type", descending=[False, True, False, False])
    )


def _coded(acts: pl.LazyFrame, actor: str, allies: set[str], on: Date, span: timedelta) -> pl.DataFrame:
    day = pl.col("day")
    found = (
        acts.filter(
            pl.col("target").is_in([actor, *sorted(allies)]),
            pl.col("source") != actor,
            pl.col("type").is_not_null(),
            day <= on,
        )
        .with_columns(to=pl.when(pl.col("target") == actor).then(pl.lit("itself")).otherwise(pl.lit("its partners")))
        .group_by("source", "to", "type")
        .agg(
            events=pl.len().cast(pl.Int64),
            recent=(day > on - span).sum().cast(pl.Int64),
            before=day.is_between(on - 2 * span, on - span, closed="right").sum().cast(pl.Int64),
            newest=newest(),
        )
        .sort("source", "to", "type")
        .collect()
    )
    return named_evidence(found).rename({"source": "by"})
