"""GDELT 1.0 and 2.0 events, and the mentions of 2.0.

Layout: GDELT event codebooks 1.0 (2013) and 2.0 (2015). No header, tabs, 57 columns before April 2013, then 58 with the
source's address; 61 in 2.0. Actors have CAMEO codes of three letters, places the two letters of FIPS 10-4.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from detente.load import codes
from detente.load.format import Format
from detente.load.sighting import hashed

_ACTOR: Final = (
    "Code", "Name", "CountryCode", "KnownGroupCode", "EthnicCode", "Religion1Code", "Religion2Code",
    "Type1Code", "Type2Code", "Type3Code",
)  # fmt: skip
_EVENT: Final = (
    "IsRootEvent", "EventCode", "EventBaseCode", "EventRootCode", "QuadClass", "GoldsteinScale", "NumMentions",
    "NumSources", "NumArticles", "AvgTone",
)  # fmt: skip
_GEO: Final = ("Type", "FullName", "CountryCode", "ADM1Code", "ADM2Code", "Lat", "Long", "FeatureID")


def _columns(version: int) -> tuple[str, ...]:
    geo = [name for name in _GEO if version == 2 or name != "ADM2Code"]
    return (
        "GLOBALEVENTID", "SQLDATE", "MonthYear", "Year", "FractionDate",
        *(f"Actor{n}{name}" for n in (1, 2) for name in _ACTOR),
        *_EVENT,
        *(f"{who}Geo_{name}" for who in ("Actor1", "Actor2", "Action") for name in geo),
        "DATEADDED", "SOURCEURL",
    )  # fmt: skip


MENTIONS: Final = (
    "GLOBALEVENTID", "EventTimeDate", "MentionTimeDate", "MentionType", "MentionSourceName", "MentionIdentifier",
    "SentenceID", "Actor1CharOffset", "Actor2CharOffset", "ActionCharOffset", "InRawText", "Confidence",
    "MentionDocLen", "MentionDocTone", "MentionDocTranslationInfo", "Extras",
)  # fmt: skip


def _is_event(fields: tuple[str, ...]) -> bool:
    return len(fields) > 26 and fields[0].isdigit() and len(fields[1]) == 8 and fields[1].isdigit()


def _is_mention(fields: tuple[str, ...]) -> bool:
    return len(fields) == 16 and all(len(f) == 14 and f.isdigit() for f in fields[1:3]) and fields[0].isdigit()


def say(frame: pl.DataFrame) -> pl.DataFrame:
    """What rows of events say: the day is SQLDATE, known since DATEADDED, which can be years later."""
    out = frame.with_columns(
        day=codes.dates(frame["sqldate"]),
        known=codes.dates(frame["dateadded"]),
        cameo=pl.col("eventcode"),
        code=pl.col("eventcode"),
        goldstein=codes.numbers(frame["goldsteinscale"]),
        place=pl.col("actiongeo_fullname"),
        country=codes.mapped(frame["actiongeo_countrycode"], codes.fips().get),
        lat=codes.numbers(frame["actiongeo_lat"]),
        lon=codes.numbers(frame["actiongeo_long"]),
        outlet=pl.col("sourceurl").str.extract(r"^(?:https?://)?(?:www\.)?([^/\s]+)"),
        reports=pl.col("numarticles").cast(pl.Int64, strict=False),
        row=pl.col("globaleventid").cast(pl.UInt64, strict=False),
    )
    for side, n in (("source", 1), ("target", 2)):
        land = codes.mapped(frame[f"actor{n}countrycode"], lambda code: codes.actor(code[:3])[0])
        group = codes.mapped(frame[f"actor{n}knowngroupcode"], lambda code: codes.actor(code[:3])[0])
        kinds = [f"actor{n}type{i}code" for i in (1, 2, 3)]
        role = pl.concat_str(kinds, ignore_nulls=True)
        out = out.with_columns(
            pl.Series(land).alias("_land"),
            pl.Series(group).alias("_group"),
            (pl.when(role != "").then(role)).alias("_role"),
        ).with_columns(
            pl.coalesce("_land", "_group").alias(side),
            pl.col("_role").alias(f"{side}_role"),
            pl.col(f"actor{n}name").alias(f"{side}_name"),
        )
    return out.drop("_land", "_group", "_role")


_PARTY: Final = ("name", "countrycode", "knowngroupcode", "type1code", "type2code", "type3code")
_TAKES: Final = (
    *(f"actor{n}{name}" for n in (1, 2) for name in _PARTY),
    *("goldsteinscale", "numarticles", "actiongeo_fullname", "actiongeo_countrycode", "actiongeo_lat"),
    *("actiongeo_long", "dateadded", "sourceurl"),
)  # fmt: skip


def _format(version: int) -> Format:
    # What tells them apart in a table with a header: only 2.0 has second-order administrative codes.
    needs = {name: (name,) for name in ("globaleventid", "sqldate", "eventcode")}
    if version == 2:
        needs["actiongeo_adm2code"] = ("actiongeo_adm2code",)
    columns = _columns(version)
    shapes = {len(columns): columns, len(columns) + 1: (*columns, "CAMEOCodeDescription")}
    if version == 1:
        shapes[57] = columns[:-1]
    return Format(
        name=f"gdelt{version}",
        title=f"GDELT {version}.0 events",
        needs=needs,
        takes={name: (name,) for name in _TAKES},
        say=say,
        columns=shapes,
        is_data=_is_event,
    )


GDELT1: Final = _format(1)
GDELT2: Final = _format(2)


def say_mentions(frame: pl.DataFrame) -> pl.DataFrame:
    """What rows of mentions say, without who did what: that stands with the event, whose hash is ``event``."""
    first = pl.col("eventtimedate") == pl.col("mentiontimedate")
    return frame.select(
        "original",
        "_line",
        codes.dates(frame["eventtimedate"]).alias("day"),
        codes.dates(frame["mentiontimedate"]).alias("known"),
        pl.col("mentionsourcename").alias("outlet"),
        # The articles of the event's first quarter of an hour are counted in its own row already.
        pl.when(first).then(0).otherwise(1).alias("reports"),
        pl.col("globaleventid").cast(pl.UInt64, strict=False).alias("event"),
        hashed(frame, "globaleventid", "mentiontimedate", "mentionidentifier", "sentenceid").alias("row"),
    )


GDELT_MENTIONS: Final = Format(
    name="gdelt2mentions",
    title="GDELT 2.0 mentions",
    needs={name: (name,) for name in ("globaleventid", "eventtimedate", "mentiontimedate", "mentionidentifier")},
    takes={name: (name,) for name in ("mentionsourcename", "sentenceid")},
    say=say_mentions,
    columns={16: MENTIONS},
    is_data=_is_mention,
)
