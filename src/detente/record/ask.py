"""What happened, asked of the whole record: events read from reports and events that others coded, in one form.

A question is one :class:`Asked`. Filters reach the Parquet files: only columns and row groups that matter are read, and
lists are built for the rows that are left. Duplicates are merged when asked, never in the store: read events by
:func:`detente.record.merge.merge`, sightings by :class:`detente.record.once.Once`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date as Date
from typing import Any, Final, get_args

import polars as pl
from msgspec import Struct

from detente import codebook
from detente.actors import day, register, state_codes
from detente.errors import CodebookError, DeskError
from detente.events import Domain
from detente.record.once import Once, once
from detente.record.store import Store
from detente.record.views import CODES, SPEAKERS

EVENTS: Final[dict[str, Any]] = {
    "id": pl.String,
    "archive": pl.String,
    "report": pl.String,
    "day": pl.Date,
    "last_day": pl.Date,
    "date": pl.String,
    "date_precision": pl.String,
    "known": pl.Date,
    "source": CODES,
    "target": CODES,
    "source_name": CODES,
    "target_name": CODES,
    "reciprocal": pl.Boolean,
    "type": pl.String,
    "cameo": pl.String,
    "quad": pl.String,
    "goldstein": pl.Float64,
    "domain": pl.String,
    "modality": pl.String,
    "place": pl.String,
    "country": pl.String,
    "outlet": pl.String,
    "standpoint": pl.String,
    "reports": pl.Int64,
    "sightings": pl.Int64,
    "confidence": pl.Float64,
    "speakers": SPEAKERS,
    "sentence": pl.String,
    "same_as": pl.String,
}
"""Columns of what :func:`events` gives; ``docs/asking.md`` says what each holds."""

DYADS: Final[dict[str, Any]] = {
    "day": pl.Date,
    "source": pl.String,
    "target": pl.String,
    "type": pl.String,
    "cameo": pl.String,
    "goldstein": pl.Float64,
    "domain": pl.String,
    "reports": pl.Int64,
    "archive": pl.String,
    "key": pl.UInt64,
}
"""Columns of :func:`dyads`."""

# Coarser dates say nothing of the day, week or month in which to count an event.
DATED: Final = ("day", "week", "month", "interval")
COARSE: Final = ("season", "year")

_SHOWN: Final = 20  # sources that an error lists

MODALITIES: Final = ("asserted", "planned", "hypothetical", "negated", "historical", "claimed")

Words = str | Iterable[str] | None
"""One word or several; None and an empty sequence ask nothing."""


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked of the events; an empty field asks nothing. Made from words by :func:`asked`."""

    actors: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    cameo: tuple[str, ...] = ()
    quads: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    since: Date | None = None
    until: Date | None = None
    as_of: Date | None = None
    on: Date | None = None
    min_confidence: float | None = None
    once: Once | None = Once()


def asked(
    *,
    actor: Words = None,
    other: Words = None,
    types: Words = None,
    quad: Words = None,
    domain: Words = None,
    source: Words = None,
    modality: Words = None,
    since: Date | str | None = None,
    until: Date | str | None = None,
    as_of: Date | str | None = None,
    on: Date | str | None = None,
    min_confidence: float | None = None,
    once: Once | None = Once(),  # noqa: B008 -- frozen
) -> Asked:
    """A question in a person's words: names become codes, types are checked.

    Raises:
        RegisterError: unknown actor, or no date. CodebookError: unknown type, code, quad class, domain or modality.
        DeskError: ``since`` after ``until``.

    Example:
        >>> asked(actor="Pyongyang", types="193", quad="material conflict").cameo
        ('193',)
    """
    find = register().find
    first, last = day(since), day(until)
    if first and last and first > last:
        raise DeskError(f"since {first} is after until {last}: no day is both. Give the earlier one as since.")
    kinds = words(types)
    codes = tuple(codebook.cameo(kind).code if len(kind) == 1 else kind for kind in kinds if kind[:1].isdigit())
    for code in codes:
        codebook.cameo(code)
    named = tuple(codebook.event_type(kind.upper()).name for kind in kinds if not kind[:1].isdigit())
    return Asked(
        actors=tuple(find(name).code for name in words(actor)),
        others=tuple(find(name).code for name in words(other)),
        types=named,
        cameo=codes,
        quads=_one_of("quad class", words(quad), codebook.QUADS),
        domains=_one_of("domain", words(domain), get_args(Domain)),
        sources=words(source),
        modalities=_one_of("modality", words(modality), MODALITIES),
        since=first,
        until=last,
        as_of=day(as_of),
        on=day(on),
        min_confidence=min_confidence,
        once=once,
    )


def words(given: Words) -> tuple[str, ...]:
    """One word or several as a tuple.

    Example:
        >>> words("PRK"), words(["PRK", "KOR"]), words(None)
        (('PRK',), ('PRK', 'KOR'), ())
    """
    if not given:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)


def check_sources(store: Store, given: Words) -> None:
    """See that each source is one that the desk holds: a data set, an outlet or the id of a report.

    Raises:
        DeskError: one is not; the message lists data sets and outlets.
    """
    reports = store.reports()
    sets = store.sightings().select(pl.col("dataset").unique())
    for word in words(given):
        if word in reports["id"] or word in reports["outlet"]:
            continue
        if store.sightings().filter(_within("dataset", (word,)) | _within("outlet", (word,))).head(1).collect().height:
            continue
        known = sorted({*sets.collect()["dataset"], *reports["outlet"].drop_nulls()} - {""})
        shown = ", ".join(known[:_SHOWN]) + (" …" if len(known) > _SHOWN else "")
        raise DeskError(
            f"{word!r} is no data set, outlet or report of this desk. Known here: {shown or 'none'}; outlets of event "
            "data too, as their files print them."
        )


def _one_of(what: str, given: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    if wrong := [word for word in given if word not in known]:
        raise CodebookError(f"{wrong[0]!r} is no {what}; those are {', '.join(known)}.")
    return tuple(given)


def events(store: Store, ask: Asked) -> pl.LazyFrame:
    """Events of the whole record, with the columns :data:`EVENTS`: first those read, then those that others coded.

    Read events come in the order in which they became known, sightings as their files hold them. With ``once=None``
    nothing is merged: every sighting is a row, and further reports of a read event follow with ``same_as``.

    Raises:
        DeskError: a batch is missing or damaged.
    """
    return pl.concat([read_events(store, ask).lazy(), _as_events(sightings(store, ask))])


def tellings(store: Store, ask: Asked) -> pl.DataFrame:
    """Events read from reports that meet a question, with the columns of the store's table."""
    frame = store.events(ask.as_of)
    if frame.is_empty():
        return frame.with_columns(outlet=pl.lit(None, pl.String), standpoint=pl.lit(None, pl.String))
    outlets = store.reports().select(pl.col("id").alias("report"), "outlet", "standpoint")
    frame = frame.join(outlets, on="report", how="left", maintain_order="left")
    return frame.filter(*_of_tellings(ask))


def sightings(store: Store, ask: Asked) -> pl.LazyFrame:
    """Sightings that meet a question, merged by its rule: the archive's columns, with ``reports`` summed."""
    frame = store.sightings(ask.as_of).filter(*_of_sightings(ask))
    if ask.once is None:
        return frame.with_columns(sightings=pl.lit(1, pl.Int64))
    # Days after the last one asked cannot change what came before; with a window, days before the first one can.
    if ask.until is not None:
        frame = frame.filter(pl.col("day") <= ask.until)
    if ask.since is not None and ask.once.window == 0:
        frame = frame.filter(pl.col("day") >= ask.since)
    merged = once(frame, ask.once)
    return merged if ask.since is None or ask.once.window == 0 else merged.filter(pl.col("day") >= ask.since)


def has_sightings(store: Store) -> bool:
    """Whether anything that others coded was loaded."""
    return any(batch.table == "sightings" for batch in store.manifest().batches)


def acts(store: Store, ask: Asked, *, states: bool = False, coarse: bool = False) -> pl.LazyFrame:
    """Events that others coded, as pairs of two different actors: the columns of :func:`dyads`."""
    loaded = sightings(store, ask).filter(
        pl.col("source") != pl.col("target"),  # drops those without a code too
        pl.col("day").is_not_null(),
        pl.col("precision").is_in([*DATED, *(COARSE if coarse else ())]),
    )
    if states:
        among = state_codes()
        loaded = loaded.filter(pl.col("source").is_in(among), pl.col("target").is_in(among))
    return loaded.with_columns(archive="dataset").select(*DYADS)


def dyads(store: Store, ask: Asked, *, states: bool = True, coarse: bool = False) -> pl.LazyFrame:
    """Asserted events as pairs, one row for each source and target of an event; every pair once where it is mutual.

    Only events dated to the day, week, month or an interval are pairs of a day; nobody is paired with itself.

    Args:
        store: the record. ask: which events.
        states: only pairs of states.
        coarse: also events dated to the season or year alone.

    Returns:
        Columns :data:`DYADS`; ``archive`` (data set) and ``key`` are null for what was read.
    """
    among = state_codes() if states else None
    asserted = tellings(store, ask).filter(
        pl.col("modality") == "asserted",
        pl.col("same_as").is_null(),
        pl.col("date_precision").is_in([*DATED, *(COARSE if coarse else ())]),
    )
    rows = [
        (row["day"], a, b, row["type"], row["cameo"], _goldstein(row), row["domain"], row["reports"], None, None)
        for row in asserted.iter_rows(named=True)
        for a, b in pairs(row, among)
    ]
    read = pl.DataFrame(rows, schema=DYADS, orient="row").lazy()
    return pl.concat([read, acts(store, ask, states=states, coarse=coarse)]) if has_sightings(store) else read


def counted(store: Store, ask: Asked) -> pl.LazyFrame:
    """Dated events with the columns ``day``, ``goldstein`` and ``reports`` only, as cheaply as they can be had."""
    columns = ("day", "goldstein", "reports")
    loaded = sightings(store, ask).filter(pl.col("day").is_not_null()).select(columns)
    read = read_events(store, ask).filter(pl.col("day").is_not_null()).select(columns)
    return pl.concat([read.lazy(), loaded])


def volume(store: Store, ask: Asked) -> pl.LazyFrame:
    """All that the same sources reported, whoever did what: the columns of :func:`counted`."""
    return counted(store, Asked(sources=ask.sources, as_of=ask.as_of, modalities=("asserted",), once=ask.once))


def actors(store: Store, ask: Asked) -> list[str]:
    """Codes of the actors of asserted events that meet a question, the most active first.

    Sightings count as they are: merging millions would change next to nothing in the order.
    """
    read = store.events(ask.as_of).filter(pl.col("modality") == "asserted", pl.col("same_as").is_null())
    loaded = store.sightings(ask.as_of).select("source", "target")
    codes = [
        *(read.lazy().select(code=pl.col(side).explode()) for side in ("source", "target")),
        *(loaded.select(code=side) for side in ("source", "target")),
    ]
    counts = pl.concat([c.group_by("code").len() for c in codes]).group_by("code").agg(pl.col("len").sum())
    found = counts.drop_nulls().sort("len", "code", descending=[True, False]).collect(engine="streaming")
    return found["code"].to_list()


def archives(store: Store, ask: Asked) -> dict[str, int]:
    """How many sightings of each data set meet a question, not merged."""
    found = store.sightings(ask.as_of).filter(*_of_sightings(ask)).group_by("dataset").len().sort("dataset").collect()
    return dict(found.iter_rows())


def last_known(store: Store) -> Date | None:
    """The last day on which a report or a sighting became known."""
    days = [store.reports()["known"].max(), store.sightings().select(pl.col("known").max()).collect().item()]
    return max((found for found in days if isinstance(found, Date)), default=None)


def pairs(row: dict[str, Any], among: Collection[str] | None = None) -> list[tuple[str, str]]:
    """The pairs of actors of a read event: each source with each target, or everybody with everybody else.

    Example:
        >>> pairs({"source": ["USA", "KOR", "JPN"], "target": [], "reciprocal": True})
        [('USA', 'KOR'), ('USA', 'JPN'), ('KOR', 'JPN')]
    """
    sources = [code for code in row["source"] if among is None or code in among]
    targets = [code for code in row["target"] if among is None or code in among]
    if row["reciprocal"]:
        everyone = list(dict.fromkeys(sources + targets))
        return [(a, b) for i, a in enumerate(everyone) for b in everyone[i + 1 :]]
    return [(a, b) for a in sources for b in targets if a != b]


def quad_of(type_: pl.Expr) -> pl.Expr:
    """The quad class of a column of PLOVER types; null where there is no type."""
    return type_.replace_strict({t.name: t.quad for t in codebook.types()}, default=None, return_dtype=pl.String)


def sighting_id(dataset: str = "dataset") -> pl.Expr:
    """The event id of each sighting: its data set (in this column) and its key in sixteen hexadecimal digits."""
    key = pl.col("key").map_batches(_hexadecimal, return_dtype=pl.String, is_elementwise=True)
    return pl.format("{}:{}", pl.col(dataset), key)


def _hexadecimal(keys: pl.Series) -> pl.Series:
    digits = keys.to_numpy().astype(">u8").tobytes().hex()
    return pl.Series(keys.name, [digits[i : i + 16] for i in range(0, len(digits), 16)], dtype=pl.String)


def _goldstein(row: dict[str, Any]) -> float:
    return codebook.goldstein(row["cameo"] or row["type"])


# -- filters -------------------------------------------------------------------------------------------------------


def _within(column: str, values: Sequence[str]) -> pl.Expr:
    """One value is compared, not looked up: that lets whole row groups be skipped by their statistics."""
    return pl.col(column) == values[0] if len(values) == 1 else pl.col(column).is_in(list(values))


def _holds(column: str, codes: Sequence[str]) -> pl.Expr:
    return pl.any_horizontal([pl.col(column).list.contains(code) for code in codes])


def _common(ask: Asked) -> list[pl.Expr]:
    """Conditions on columns that both tables have."""
    types = [*ask.types]
    tests = []
    if types or ask.cameo:
        kinds = [_within("type", types)] if types else []
        tests.append(pl.any_horizontal([*kinds, *(pl.col("cameo").str.starts_with(code) for code in ask.cameo)]))
    if ask.quads:
        tests.append(_within("type", [t.name for t in codebook.types() if t.quad in ask.quads]))
    if ask.domains:
        tests.append(_within("domain", ask.domains))
    if ask.on is not None:
        tests += [pl.col("day") <= ask.on, pl.col("last_day") >= ask.on]
    return tests


def _of_sightings(ask: Asked) -> list[pl.Expr]:
    tests = _common(ask)
    if ask.once is None:
        tests += _of_days(ask)
    if ask.modalities and "asserted" not in ask.modalities:
        tests.append(pl.lit(False))
    if ask.sources:
        tests.append(_within("dataset", ask.sources) | _within("outlet", ask.sources))
    if ask.actors or ask.others:
        one, other = (ask.actors, ask.others) if ask.actors else (ask.others, ())
        if other:
            there = _within("source", one) & _within("target", other)
            tests.append(there | (_within("source", other) & _within("target", one)))
        else:
            tests.append(_within("source", one) | _within("target", one))
    return tests


def _of_days(ask: Asked) -> list[pl.Expr]:
    tests = [pl.col("day") >= ask.since] if ask.since is not None else []
    return [*tests, pl.col("day") <= ask.until] if ask.until is not None else tests


def _of_tellings(ask: Asked) -> list[pl.Expr]:
    tests = [*_common(ask), *_of_days(ask)]
    if ask.once is not None:
        tests.append(pl.col("same_as").is_null())
    if ask.modalities:
        tests.append(_within("modality", ask.modalities))
    if ask.min_confidence is not None:
        tests.append(pl.col("confidence") >= ask.min_confidence)
    if ask.sources:
        tests.append(_within("outlet", ask.sources) | _within("report", ask.sources))
    if ask.actors and ask.others:
        there = _holds("source", ask.actors) & _holds("target", ask.others)
        back = _holds("source", ask.others) & _holds("target", ask.actors)
        # Those who act together stand on one side; each pair of them counts, but nobody with itself.
        mutual = pl.any_horizontal(
            [_anywhere(a) & _anywhere(b) for a in ask.actors for b in ask.others if a != b] or [pl.lit(False)]
        )
        tests.append(there | back | (pl.col("reciprocal") & mutual))
    elif sides := ask.actors or ask.others:
        tests.append(_holds("source", sides) | _holds("target", sides))
    return tests


def _anywhere(code: str) -> pl.Expr:
    return pl.col("source").list.contains(code) | pl.col("target").list.contains(code)


# -- one form ------------------------------------------------------------------------------------------------------

_NAMES = pl.Struct({side: pl.List(pl.Struct({"name": pl.String})) for side in ("source", "target")})


def read_events(store: Store, ask: Asked) -> pl.DataFrame:
    frame = tellings(store, ask)
    if frame.is_empty():
        return pl.DataFrame(schema=EVENTS)
    parties = pl.col("json").str.json_decode(_NAMES)
    scores = {t.name: codebook.goldstein(t.name) for t in codebook.types()}
    scores |= {code: codebook.goldstein(code) for code in frame["cameo"].unique().drop_nulls() if code}
    return frame.with_columns(
        *(
            parties.struct.field(side).list.eval(pl.element().struct.field("name")).alias(f"{side}_name")
            for side in ("source", "target")
        ),
        goldstein=pl.coalesce(
            pl.col(name).replace_strict(scores, default=None, return_dtype=pl.Float64) for name in ("cameo", "type")
        ),
        archive=pl.lit(None, pl.String),
        place=pl.lit(None, pl.String),
        country=pl.lit(None, pl.String),
        sightings=pl.lit(None, pl.Int64),
    ).select(pl.col(name).cast(kind) for name, kind in EVENTS.items())


def _as_events(frame: pl.LazyFrame) -> pl.LazyFrame:
    sides = [pl.concat_list(pl.col(name)).list.drop_nulls().alias(name) for name in ("source", "target")]
    names = [pl.concat_list(pl.col(name)).list.drop_nulls().alias(name) for name in ("source_name", "target_name")]
    first = pl.col("day").dt.strftime("%Y-%m-%d")
    date = (
        pl.when(pl.col("precision") == "day")
        .then(first)
        .when(pl.col("precision") == "month")
        .then(pl.col("day").dt.strftime("%Y-%m"))
        .when(pl.col("precision") == "year")
        .then(pl.col("day").dt.strftime("%Y"))
        .otherwise(pl.format("{}/{}", first, pl.col("last_day").dt.strftime("%Y-%m-%d")))
    )
    made: dict[str, pl.Expr] = {
        "id": sighting_id(),
        "archive": pl.col("dataset"),
        "date": date,
        "date_precision": pl.col("precision"),
        "quad": quad_of(pl.col("type")),
        "reciprocal": pl.lit(False),
        "modality": pl.lit("asserted"),
        **{name: pl.lit(None) for name in ("report", "standpoint", "confidence", "speakers", "sentence", "same_as")},
    }
    columns = [*sides, *names, *(value.alias(name) for name, value in made.items())]
    return frame.with_columns(columns).select(pl.col(name).cast(kind) for name, kind in EVENTS.items())
