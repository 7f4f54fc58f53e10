"""Output of PETRARCH 2, and event tables of the KEDS project: day, two actor codes, an event code."""

from __future__ import annotations

from typing import Final

import polars as pl

from detente.load import codes
from detente.load.format import Format
from detente.load.sighting import hashed

# Codes that only the older KEDS data use; one of them tells the dialect ("AUS" is Australia in CAMEO, Austria there).
_OLD: Final = frozenset({"UAR", "FRN", "GER", "JAP", "LEB", "KUW", "SPN", "SWD", "AUL"})
_FIRST: Final = ("date", "source", "target", "cameo", "issues", "ids")


def say_keds(frame: pl.DataFrame) -> pl.DataFrame:
    """What rows of KEDS tables say. Some hold WEIS codes, whatever their name says: 21 and 22 are no CAMEO."""
    out = say(frame)
    if not frame.select(pl.col("cameo").str.contains(r"^2[12]\d").any()).item():
        return out
    return out.with_columns(
        codes.mapped(frame["cameo"], _weis).alias("type"),
        hashed(frame.with_columns(_scheme=pl.lit("weis")), "_scheme", "date", "source", "target", "cameo"),
        cameo=pl.lit(None, pl.String),
    )


def _weis(code: str) -> str | None:
    """PLOVER type of a WEIS code, by its first two or three digits."""
    deeds = codes.deeds("weis")
    found = deeds.get(code[:3]) or deeds.get(code[:2])
    return (found.type or None) if found else None


def say(frame: pl.DataFrame) -> pl.DataFrame:
    """What rows say. Actor codes are CAMEO's, or, where a code tells so, the older ones of KEDS."""
    seen = set(frame["source"].unique()) | set(frame["target"].unique())
    scheme: codes.Scheme = "keds" if seen & _OLD else "cameo"
    out = frame.select(
        "original",
        "_line",
        codes.dates(frame["date"]).alias("day"),
        pl.col("cameo"),
        pl.col("cameo").alias("code"),
        pl.col("outlet"),
        hashed(frame, *(name for name in (*_FIRST, "url") if name in frame.columns)),
        *(pl.col(side).alias(f"{side}_name") for side in ("source", "target")),
    )
    for side in ("source", "target"):
        out = out.with_columns(
            codes.mapped(frame[side], lambda code: codes.actor(code, scheme)[0]).alias(side),
            codes.mapped(frame[side], lambda code: codes.actor(code, scheme)[1]).alias(f"{side}_role"),
        )
    return out


def _is_petrarch(fields: tuple[str, ...]) -> bool:
    return (
        6 <= len(fields) <= 16
        and len(fields[0]) == 8
        and fields[0].isdigit()
        and all(3 <= len(f) <= 30 and f.isalnum() and f == f.upper() for f in fields[1:3] if f != "---")
        and 2 <= len(fields[3]) <= 4
    )


def _petrarch(width: int) -> tuple[str, ...]:
    """Names of PETRARCH's columns; the address of the source is written only where it is known."""
    rest = ["url", "outlet", *(f"text {n}" for n in range(1, width))] if width > 7 else ["outlet"]
    return (*_FIRST, *rest)[:width]


PETRARCH: Final = Format(
    name="petrarch",
    title="PETRARCH output",
    headed=False,
    needs={name: (name,) for name in ("date", "source", "target", "cameo")},
    takes={name: (name,) for name in (*_FIRST, "url", "outlet")},
    say=say,
    columns={width: _petrarch(width) for width in range(6, 17)},
    missing=("---", "--", "NULL"),
    repeats=True,
    is_data=_is_petrarch,
)

KEDS: Final = Format(
    name="keds",
    title="an event table of the KEDS project",
    needs={"date": ("date",), "source": ("source",), "target": ("target",), "cameo": ("code",)},
    takes={"outlet": ("outlet",)},
    say=say_keds,
    missing=("---", "--"),
    repeats=True,
    whole=True,
)
