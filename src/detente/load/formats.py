"""The formats that Detente reads, and which of them a file is of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from detente.errors import LoadError
from detente.load import plover, text
from detente.load.conflict import ACLED, GED
from detente.load.cow import MIDB, MIDIP, MIE
from detente.load.format import Format, read, unfit
from detente.load.gdelt import GDELT1, GDELT2, GDELT_MENTIONS
from detente.load.icews import ICEWS, ICEWS_PLAIN
from detente.load.keds import KEDS, PETRARCH
from detente.load.mapped import TABLE
from detente.load.polecat import POLECAT
from detente.load.sighting import Chunk, Sighted
from detente.load.text import Head, Layout

FORMATS: Final[dict[str, tuple[Format, ...]]] = {
    "icews": (ICEWS, ICEWS_PLAIN),
    "polecat": (POLECAT,),
    "gdelt": (GDELT2, GDELT1, GDELT_MENTIONS),
    "gdelt1": (GDELT1,),
    "gdelt2": (GDELT2, GDELT_MENTIONS),
    "petrarch": (PETRARCH,),
    "plover": (),
    "mie": (MIE,),
    "mid": (MIDIP, MIDB),
    "ucdp": (GED,),
    "acled": (ACLED,),
    "keds": (KEDS,),
    "table": (TABLE,),
}
"""Formats by the name that a user types; the first that fits a file is taken. PLOVER records are no table."""

_ORDER: Final = (
    *(ICEWS, ICEWS_PLAIN, POLECAT, GDELT2, GDELT1, GDELT_MENTIONS, ACLED, GED, MIE, MIDIP, MIDB),
    *(KEDS, PETRARCH, TABLE),
)

# Tables of the same projects that say nothing of who did what to whom.
_OTHERS: Final = {
    ("dispnum", "incidnum", "tbi"): "MID incidents without participants (MIDI). Load the participants instead: MIDIP",
    ("dispnum", "numa", "numb"): "MID disputes without participants (MIDA). Load the participants instead: MIDB",
}

_ENDS: Final = (".", "!", "?", '."', ".”", "。")  # of a sentence
_WORDS: Final = 5  # spaces of the shortest one that counts


class Found(Struct, frozen=True):
    """A file and what it was taken for.

    Args:
        path: the file.
        format: its format; None for PLOVER records.
        layout: how its lines are split; None for PLOVER records.
    """

    path: Path
    format: Format | None
    layout: Layout | None

    @property
    def dataset(self) -> str:
        """Name of its data set."""
        return self.format.name if self.format else plover.NAME

    @property
    def title(self) -> str:
        """Its format in words."""
        return self.format.title if self.format else plover.TITLE

    def sighted(self) -> Sighted:
        """What turns its rows into sightings."""
        return Sighted(self.dataset, repeats=bool(self.format and self.format.repeats))

    def read(self, sighted: Sighted) -> Iterator[Chunk]:
        """Its sightings in chunks."""
        if self.format is None or self.layout is None:
            return plover.read(self.path, sighted)
        return read(self.path, self.format, self.layout, sighted)


def check(name: str) -> None:
    """See that a format's name is one.

    Raises:
        LoadError: it is not.
    """
    if name not in FORMATS and name != "auto":
        raise LoadError(f"There is no format {name!r}. Use auto, {', '.join(FORMATS)}, or describe a table with --map.")


def recognised(path: Path, name: str = "auto", own: Format | None = None) -> Found:
    """What a file is, by its header or the shape of its first lines; its name counts for nothing.

    Args:
        path: the file, packed or not.
        name: a key of :data:`FORMATS`, or ``auto``.
        own: a format from a mapping file.

    Raises:
        LoadError: the file cannot be read, or is of none of these formats; the message says what was expected.
    """
    head = text.head(path)
    if own is not None:
        return _as(path, head, (own,))
    check(name)
    if plover.fits(head):
        if name in {"auto", "plover"}:
            return Found(path, None, None)
        raise LoadError(f"{path.name} holds JSON, not {FORMATS[name][0].title}. Try: detente load auto {path.name}")
    if name == "plover":
        raise LoadError(
            f"{path.name} does not hold {plover.TITLE}: expected objects in braces. Try: detente load auto {path.name}"
        )
    for marks, what in _OTHERS.items():
        if {*marks} <= {*head.names}:
            raise LoadError(f"{path.name} holds {what}.")
    return _as(path, head, _ORDER if name == "auto" else FORMATS[name])


def _prose(head: Head) -> bool:
    """Whether a file's lines are sentences, or a page of them, rather than rows."""
    lines = [line.strip() for line in head.lines if line.strip()]
    if not lines:  # Parquet
        return False
    if lines[0].casefold().startswith(("<!doctype html", "<html", "%pdf")):
        return True
    rows = [line for line in lines if line.count(head.separator) == len(head.fields) - 1]
    ends = [line for line in lines if line.endswith(_ENDS) and line.count(" ") > _WORDS]
    return bool(ends) and (len(head.fields) == 1 or len(rows) < len(lines) or len(lines) == 1)


def _as(path: Path, head: Head, formats: tuple[Format, ...]) -> Found:
    for format in formats:
        if layout := format.layout(head):
            return Found(path, format, layout)
    if _prose(head):
        raise LoadError(f"{path.name} looks like prose, not event data. Read it with: detente read {path.name}")
    if len(formats) == 1 or len(formats) < len(_ORDER):
        raise unfit(head, formats[0])
    shown = ", ".join(field[:40] for field in head.fields[:8]) + (" …" if len(head.fields) > 8 else "")
    raise LoadError(
        f"{path.name} is no event data that Detente knows (ICEWS, POLECAT, GDELT, PETRARCH, PLOVER, MIE, MID, UCDP, "
        f"ACLED, KEDS, or a table with day, source, target and type or cameo). It begins: {shown}. "
        "Describe it with --map."
    )
