"""ICEWS coded event data, as the archive has it (20 columns, tabs) and in the plainer layout of derived files."""

from __future__ import annotations

from typing import Final

import polars as pl

from detente.load import codes
from detente.load.format import Format
from detente.load.sighting import hashed


def say(frame: pl.DataFrame) -> pl.DataFrame:
    """What rows say. A row's id is not unique: it counts together with who, what, whom, when and where reported."""
    out = _said(frame).with_columns(
        place=pl.coalesce("city", "district", "province"),
        country=codes.mapped(frame["country"], codes.country),
        lat=codes.numbers(frame["latitude"]),
        lon=codes.numbers(frame["longitude"]),
        outlet=pl.col("publisher"),
        **{side: codes.mapped(frame[f"{side}_country"], codes.country) for side in ("source", "target")},
    )
    return out.with_columns(
        hashed(out, "event_id", "day", "source_name", "cameo", "target_name", "story_id", "sentence_number")
    )


def say_plain(frame: pl.DataFrame) -> pl.DataFrame:
    """What rows of the plainer layout say: no ids, no places, codes of three letters."""
    out = _said(frame)
    return out.with_columns(
        hashed(out, "day", "source_name", "cameo", "target_name", "source_iso3", "target_iso3"),
        **{side: codes.mapped(frame[f"{side}_iso3"], codes.country) for side in ("source", "target")},
    )


def _said(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        day=codes.dates(frame["day"]),
        code=pl.col("cameo"),
        goldstein=codes.numbers(frame["goldstein"]),
        **{
            f"{side}_role": pl.when(pl.col(f"{side}_sectors") != "STATE").then(f"{side}_sectors")
            for side in ("source", "target")
        },
    )


ICEWS: Final = Format(
    name="icews",
    title="ICEWS coded event data",
    needs={
        "event_id": ("event_id",),
        "day": ("event_date",),
        "source_name": ("source_name",),
        "cameo": ("cameo_code",),
        "target_name": ("target_name",),
    },
    takes={
        "source_sectors": ("source_sectors",),
        "source_country": ("source_country",),
        "target_sectors": ("target_sectors",),
        "target_country": ("target_country",),
        "goldstein": ("intensity",),
        "story_id": ("story_id",),
        "sentence_number": ("sentence_number",),
        "publisher": ("publisher",),
        "city": ("city",),
        "district": ("district",),
        "province": ("province",),
        "country": ("country",),
        "latitude": ("latitude",),
        "longitude": ("longitude",),
    },
    say=say,
    missing=("NULL", "None"),
)

ICEWS_PLAIN: Final = Format(
    name="icews",
    title="ICEWS in a plain table",
    needs={
        "day": ("date",),
        "source_name": ("source",),
        "source_iso3": ("source_iso3",),
        "cameo": ("cameo",),
        "target_name": ("target",),
        "target_iso3": ("target_iso3",),
    },
    takes={"source_sectors": ("source_sector",), "target_sectors": ("target_sector",), "goldstein": ("goldstein",)},
    say=say_plain,
    missing=("NULL", "None"),
    repeats=True,
)
