"""Desks for tests of the web pages: one that has something for every page, one whose every text means harm."""

from __future__ import annotations

from datetime import date as Date
from pathlib import Path
from typing import Any

from msgspec import structs

import detente as dt
from detente.events import Claim, Reading, Report
from detente.web.pages import PAGES
from tests import event_files, handmade

SCRIPT = "<script>alert(1)</script>"
HARM = (
    f"""{SCRIPT}<img src=x onerror=alert(2)> "><svg/onload=alert(3)> javascript:alert(4) \u202eevil\u202c {{{{7*7}}}}"""
)


def addresses(desk: Path) -> list[str]:
    """An address of every page, and of that of each event."""
    ids = dt.open(desk).events().select("id").collect()["id"]
    pages = [page.path.format(actor="JPN") for page in PAGES if "{id}" not in page.path]
    return [*pages, "/claims?check=1", *(f"/event/{id_}" for id_ in ids)]


def full(folder: Path) -> Path:
    """A desk with readings made by hand and a file of event data."""
    path = folder / "desk"
    desk = dt.open(path)
    desk.store.add(handmade.readings())
    file = path.parent / "events.2018.tab"
    rows = [
        event_files.icews("1", "2024-06-01", "South Korea", "South Korea", "042", "Japan", "Japan"),
        event_files.icews("2", "2024-06-01", "South Korea", "South Korea", "042", "Japan", "Japan", story="78"),
        event_files.icews("3", "2024-06-20", "Japan", "Japan", "112", "China", "China"),
        event_files.icews("4", "2024-06-21", "Nobody known", "", "190", "China", "China"),
    ]
    file.write_text("\n".join(["\t".join(event_files.ICEWS_NAMES), *rows]) + "\n")
    desk.load("icews", file)
    return path


def harmful(folder: Path) -> Path:
    """A desk on which every text that a report or a file can set means harm."""
    words = f"Japan protested to North Korea over {HARM} today. " + "x" * 100_000 + " It ended."
    one = handmade.report(
        words,
        f"Outlet {HARM}",
        Date(2024, 3, 6),
        title=f"Title {HARM}",
        author=f"Author {HARM}",
        standpoint=HARM,
        kind=HARM,
        path="../../x" + SCRIPT,
    )
    sentence = words[: words.index(" xx")]
    told = handmade.event(
        one,
        "ACCUSE",
        [("JPN", "Japan")],
        [(None, HARM), ("PRK", "North Korea")],
        sentence,
        "protested",
        date="2024-03-05",
    )
    claims = tuple(
        _claim(one, speaker, stance, sentence)
        for speaker, stance in ((f"A {HARM}", "asserts"), (f"B {HARM}", "denies"))
    )
    desk = dt.open(folder / "desk")
    desk.store.add([Reading(one, events=(told,), claims=claims)])
    file = folder / "events.tab"
    row = event_files.icews("1", "2024-03-05", f"Someone {HARM}", "", "112", HARM, "Japan").replace("Singapore", HARM)
    file.write_text("\n".join(["\t".join(event_files.ICEWS_NAMES), row]) + "\n", encoding="utf-8")
    desk.load("icews", file)
    return folder / "desk"


def _claim(of: Report, speaker: str, stance: Any, sentence: str) -> Claim:
    made = handmade.claim(of, speaker, stance, sentence, cause=f"drills {HARM}", effect=f"tension {HARM}")
    return structs.replace(made, id=f"{made.id}{stance}", topic=f"KOR USA: {HARM}")
