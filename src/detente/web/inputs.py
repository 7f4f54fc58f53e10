"""What a page rests on: the reports and data sets of the desk, each as a source to cite."""

from __future__ import annotations

from datetime import date as Date
from typing import TYPE_CHECKING

from detente import words
from detente.record import ask
from detente.record.ask import Asked

if TYPE_CHECKING:
    from detente.desk import Desk
    from detente.web.held import Held

MOST = 12  # outlets named


def inputs(held: Held, as_of: Date | None) -> tuple[str, ...]:
    """The desk's inputs as known by a date, a line each."""
    return held.once("inputs", as_of, make=lambda: listed(held.desk, as_of))


def listed(desk: Desk, as_of: Date | None) -> tuple[str, ...]:
    """The inputs of a desk as known by a date, a line each."""
    out = []
    reports = desk.store.reports(as_of)
    if reports.height:
        counts = reports["outlet"].value_counts(sort=True, name="n").sort("n", "outlet", descending=[True, False])
        named = [f"{outlet} ({n:,})" if n > 1 else outlet for outlet, n in counts.iter_rows() if outlet]
        out.append(f"{words.count(reports.height, 'report')}: {words.listed(named, MOST) or 'outlets not named'}.")
    files = {load.dataset: load for load in desk.store.manifest().loads}
    for name, n in ask.archives(desk.store, Asked(as_of=as_of)).items():
        load = files.get(name)
        when = f", loaded {words.day(load.recorded.date())}" if load else ""
        out.append(f"{name}: {words.count(n, 'sighting')} that others coded{when}.")
    return tuple(out)
