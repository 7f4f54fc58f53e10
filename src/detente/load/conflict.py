"""UCDP GED and ACLED: events of violence and protest with places, columns taken by name."""

from __future__ import annotations

import re
from datetime import date as Date
from typing import Final

import polars as pl

from detente.load import codes
from detente.load.cow import by_number
from detente.load.format import Format
from detente.load.sighting import hashed

_GOVERNMENT: Final = "Government of "
_UCDP_PRECISION: Final = {"1": "day", "2": "interval", "3": "week", "4": "month", "5": "year"}
_ACLED_PRECISION: Final = {"1": "day", "2": "week", "3": "month"}
_INTER: Final = {
    "1": "state forces",
    "2": "rebel group",
    "3": "political militia",
    "4": "identity militia",
    "5": "rioters",
    "6": "protesters",
    "7": "civilians",
    "8": "external or other forces",
}
_OF: Final = re.compile(r" of (?:the )?(.+?) \(\d{4}-(?:\d{4})?\)")


def _number(values: pl.Series) -> pl.Series:
    """Whole numbers as text, without the ".0" that some exports give them."""
    return values.str.strip_suffix(".0")


def say_ged(frame: pl.DataFrame) -> pl.DataFrame:
    """What rows of GED say: side A and side B, in the order of the file, which does not say who began."""
    day = codes.dates(frame["date_start"])
    last, published = codes.dates(frame["date_end"]), codes.mapped(frame["source_date"], _published, pl.Date)
    kind = _number(frame["type_of_violence"])
    country = codes.mapped(frame["country"], codes.country)
    out = frame.with_columns(
        kind.alias("code"),
        codes.mapped(kind, _type("ucdp")).alias("type"),
        codes.mapped(kind, _cameo("ucdp")).alias("cameo"),
        day=day,
        last_day=last,
        known=pl.select(pl.when(published > last).then(published)).to_series(),  # otherwise the last day
        precision=codes.mapped(_number(frame["date_prec"]), _UCDP_PRECISION.get),
        place=pl.coalesce("where_coordinates", "adm_2", "adm_1"),
        country=country,
        lat=codes.numbers(frame["latitude"]),
        lon=codes.numbers(frame["longitude"]),
        outlet=pl.col("source_office"),
        reports=pl.col("number_of_sources").cast(pl.Float64, strict=False).cast(pl.Int64, strict=False),
        row=hashed(frame.select(_number(frame["id"])), "id"),
    )
    for side, letter in (("source", "a"), ("target", "b")):
        name = pl.col(f"side_{letter}")
        civilians = name.str.to_lowercase() == "civilians"
        out = out.with_columns(
            name.alias(f"{side}_name"),
            pl.coalesce(
                by_number(_number(frame[f"gwno{letter}"]), day).alias("_number"),
                codes.mapped(frame[f"side_{letter}"], _government).alias("_government"),
                pl.when(civilians).then(country.alias("_country")),
            ).alias(side),
            pl.when(civilians)
            .then(pl.lit("civilians"))
            .when(~name.str.starts_with(_GOVERNMENT))
            .then(pl.lit("armed group"))
            .alias(f"{side}_role"),
        )
    return out


def _published(dates: str) -> Date | None:
    """The first day on which one of the sources appeared; several are parted by semicolons."""
    return min(filter(None, map(codes.date, dates.split(";"))), default=None)


def _government(name: str) -> str | None:
    return codes.country(name.removeprefix(_GOVERNMENT)) if name.startswith(_GOVERNMENT) else None


def say_acled(frame: pl.DataFrame) -> pl.DataFrame:
    """What rows of ACLED say: actor 1 and actor 2, in the order of the file, which does not say who began."""
    deed = frame.select(
        pl.coalesce("sub_event_type", "event_type").str.to_lowercase().str.replace("protestors", "protesters")
    )
    kind = deed.to_series()
    out = frame.with_columns(
        codes.mapped(kind, _type("acled")).alias("type"),
        codes.mapped(kind, _cameo("acled")).alias("cameo"),
        code=pl.concat_str("event_type", "sub_event_type", separator="/", ignore_nulls=True),
        day=codes.dates(frame["event_date"]),
        precision=codes.mapped(_number(frame["time_precision"]), _ACLED_PRECISION.get),
        place=pl.coalesce("location", "admin2", "admin1"),
        country=codes.mapped(frame["country"], codes.country),
        lat=codes.numbers(frame["latitude"]),
        lon=codes.numbers(frame["longitude"]),
        outlet=pl.col("source"),
        row=hashed(frame, "event_id_cnty"),
    )
    return out.with_columns(
        *(pl.col(f"actor{n}").alias(f"{side}_name") for side, n in (("source", 1), ("target", 2))),
        *(codes.mapped(frame[f"actor{n}"], _forces).alias(side) for side, n in (("source", 1), ("target", 2))),
        *(codes.mapped(frame[f"inter{n}"], _inter).alias(f"{side}_role") for side, n in (("source", 1), ("target", 2))),
    )


def _forces(name: str) -> str | None:
    """The state of "Police Forces of Argentina (2019-)"."""
    found = _OF.search(name)
    return codes.country(found[1]) if found else None


def _inter(code: str) -> str | None:
    code = code.removesuffix(".0")
    return _INTER.get(code) or (code.casefold() if not code.isdigit() else None)


def _type(scheme: str) -> codes.To:
    return lambda code: (found.type or None) if (found := codes.deeds(scheme).get(code)) else None


def _cameo(scheme: str) -> codes.To:
    return lambda code: (found.cameo or None) if (found := codes.deeds(scheme).get(code)) else None


_SAME: Final = ("country", "latitude", "longitude")

GED: Final = Format(
    name="ucdp",
    title="UCDP GED",
    needs={n: (n,) for n in ("id", "type_of_violence", "side_a", "side_b", "date_start", "date_end")},
    takes={
        n: (n,)
        for n in (
            *_SAME,
            "date_prec",
            "where_coordinates",
            "adm_1",
            "adm_2",
            "source_office",
            "source_date",
            "number_of_sources",
        )
    }
    | {"gwnoa": ("gwnoa",), "gwnob": ("gwnob",)},
    say=say_ged,
)

ACLED: Final = Format(
    name="acled",
    title="ACLED",
    needs={n: (n,) for n in ("event_id_cnty", "event_date", "event_type", "actor1")},
    takes={
        n: (n,)
        for n in (
            *_SAME,
            "sub_event_type",
            "actor2",
            "inter1",
            "inter2",
            "time_precision",
            "location",
            "admin1",
            "admin2",
            "source",
        )
    },
    say=say_acled,
)
