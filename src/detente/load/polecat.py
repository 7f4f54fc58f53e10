"""POLECAT: events in PLOVER's types, one row an event, several actors or recipients in one cell."""

from __future__ import annotations

from typing import Final

import polars as pl

from detente.load import codes
from detente.load.format import Format
from detente.load.sighting import hashed

MOST = 10  # actors and recipients of one row that are paired; further ones stand in the original only

NAMES: Final = (
    "Event ID", "Event Date", "Event Type", "Event Mode", "Intensity", "Quad Code", "Contexts", "Actor Name",
    "Actor Country", "Actor COW", "Primary Actor Sector", "Actor Sectors", "Actor Title", "Actor Name Raw",
    "Wikipedia Actor ID", "Recipient Name", "Recipient Country", "Recipient COW", "Primary Recipient Sector",
    "Recipient Sectors", "Recipient Title", "Recipient Name Raw", "Wikipedia Recipient ID", "Placename", "City",
    "District", "Province", "Country", "Latitude", "Longitude", "GeoNames ID", "Raw Placename", "Feature Type",
    "Source", "Publication Date", "Story People", "Story Organizations", "Story Locations", "Language", "Version",
)  # fmt: skip


def say(frame: pl.DataFrame) -> pl.DataFrame:
    """What rows say; a row with several actors or recipients is one sighting for each pair."""
    frame = frame.with_columns(_day=codes.dates(frame["day"]))
    parts = frame.with_columns(
        *(
            pl.struct(f"{who}_{what}" for what in ("name", "country", "sector"))
            .map_elements(_parties, return_dtype=_PARTIES)
            .alias(who)
            for who in ("actor", "recipient")
        )
    )
    pairs = parts.explode("actor").explode("recipient")
    pairs = pairs.with_columns(
        *(
            pl.col(who).struct.field(what).alias(f"{side}{suffix}")
            for who, side in (("actor", "source"), ("recipient", "target"))
            for what, suffix in (("name", "_name"), ("country", "_country"), ("sector", "_role"))
        )
    )
    return pairs.select(
        "original",
        "_line",
        "source_name",
        "target_name",
        "source_role",
        "target_role",
        *(codes.mapped(pairs[f"{side}_country"], codes.country).alias(side) for side in ("source", "target")),
        codes.mapped(pairs["type"], codes.plover).alias("type"),
        pl.concat_str("type", "mode", separator="/", ignore_nulls=True).alias("code"),
        codes.numbers(pairs["goldstein"]).alias("goldstein"),
        pl.col("_day").alias("day"),
        codes.dates(pairs["published"]).alias("known"),
        pl.coalesce("city", "placename").alias("place"),
        codes.mapped(pairs["country"], codes.country).alias("country"),
        codes.numbers(pairs["latitude"]).alias("lat"),
        codes.numbers(pairs["longitude"]).alias("lon"),
        pl.col("outlet"),
        hashed(pairs, "id", "day", "type", "source_name", "source_country", "target_name", "target_country"),
    )


_PARTIES: Final = pl.List(pl.Struct({"name": pl.String, "country": pl.String, "sector": pl.String}))


def _parties(cells: dict[str, str | None]) -> list[dict[str, str | None]]:
    """The parties of one side: cells with as many values are read together."""
    (name, names), (country, countries), (sector, sectors) = (
        (key, [value.strip() for value in (cell or "").split("; ")]) for key, cell in cells.items()
    )
    size = max(len(names), len(countries))
    out = []
    for at in range(min(size, MOST)):
        values = (
            part[at] if len(part) == size else part[0] if len(part) == 1 else "" for part in (names, countries, sectors)
        )
        out.append(
            {
                key.split("_")[1]: (v if v not in {"", "None"} else None)
                for key, v in zip((name, country, sector), values, strict=True)
            }
        )
    return out


POLECAT: Final = Format(
    name="polecat",
    title="POLECAT",
    needs={
        "id": ("event_id",),
        "day": ("event_date",),
        "type": ("event_type",),
        "actor_name": ("actor_name",),
        "recipient_name": ("recipient_name",),
    },
    takes={
        "mode": ("event_mode",),
        "goldstein": ("intensity", "event_intensity"),
        "actor_country": ("actor_country",),
        "actor_sector": ("primary_actor_sector",),
        "recipient_country": ("recipient_country",),
        "recipient_sector": ("primary_recipient_sector",),
        "placename": ("placename",),
        "city": ("city",),
        "country": ("country",),
        "latitude": ("latitude",),
        "longitude": ("longitude",),
        "outlet": ("source",),
        "published": ("publication_date",),
    },
    say=say,
    columns={len(NAMES): NAMES},
    missing=("None", "NULL"),
)
