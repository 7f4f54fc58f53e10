"""Files that no manifest names: found, and put aside. Nothing is thrown away that the desk does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from detente.record import disk
from detente.record.manifest import Manifest

FOLDER = "lost+found"
TABLES = ("reports", "events", "claims", "ties", "questions", "sightings", "originals", "corrections")


def strays(desk: Path, held: Manifest) -> Iterator[Path]:
    """Batches, whole or half written, that the manifest does not name."""
    named = {batch.file for batch in held.batches} | {gone.file for gone in held.retired}
    for table in TABLES:
        folder = desk / table
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if f"{table}/{path.name}" not in named)
    yield from sorted(desk.glob(f"*{disk.FRESH}"))


def put_aside(desk: Path, held: Manifest) -> int:
    """Move strays to ``lost+found``; call it only while holding the desk for writing.

    Returns:
        How many there were.
    """
    found = list(strays(desk, held))
    for path in found:
        folder = desk / FOLDER
        folder.mkdir(exist_ok=True)
        table = path.parent.name if path.parent != desk else "desk"
        where, n = folder / f"{table}-{path.name}", 1
        while where.exists():
            where, n = folder / f"{table}-{n}-{path.name}", n + 1
        path.replace(where)
    return len(found)
