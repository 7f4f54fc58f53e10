"""Sources: the reports and data sets of the desk, and what each of them contributed."""

from __future__ import annotations

from datetime import date as Date
from typing import Any

import polars as pl

from detente.record import ask
from detente.record.ask import Asked
from detente.web.held import Held
from detente.web.state import State
from detente.web.view import Page, View


def view(held: Held, state: State) -> View:
    """Reports, data sets and loaded files."""
    as_of = state.as_of
    reports, sets = held.once("sources", as_of, make=lambda: _sources(held, as_of))
    n_near = reports["near copy of"].drop_nulls().len()
    outlets = reports.filter(pl.col("outlet") != "")["outlet"].n_unique()
    summary = f"{reports.height:,} reports of {outlets:,} outlets, {n_near:,} of them near copies of others; "
    summary += f"{sets.height:,} loaded files of event data that others coded."
    return View(
        "Sources",
        "sources.html.j2",
        held.day(as_of),
        summary=summary,
        tables={"reports": reports, "loads": sets},
        context={"archives": held.once("archives", as_of, make=lambda: _archives(held, as_of)), "most": MOST},
    )


MOST = 500  # reports on the page; the CSV holds all


def _sources(held: Held, as_of: Date | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    store = held.desk.store
    reports = held.desk.reports(as_of=as_of)
    told = {name: store.table(name, as_of).group_by("report").len(name=name) for name in ("events", "claims")}
    for frame in told.values():
        reports = reports.join(frame, left_on="id", right_on="report", how="left", maintain_order="left")
    reports = reports.sort(
        "published", "outlet", "title", "id", descending=[True, False, False, False], nulls_last=True
    )
    loads = store.manifest().loads
    columns: dict[str, Any] = {"file": pl.String, "dataset": pl.String}
    columns |= dict.fromkeys(("rows", "new", "rejected"), pl.Int64) | {"loaded": pl.Date, "sha256": pl.String}
    rows = [(one.file, one.dataset, one.rows, one.new, one.rejected, one.recorded.date(), one.sha256) for one in loads]
    shown = reports.select(
        "published", "outlet", "title", "author", "kind", "standpoint", "characters",
        pl.col("events", "claims").fill_null(0), "id", pl.col("near").alias("near copy of"),
    )  # fmt: skip
    return shown, pl.DataFrame(rows, schema=columns, orient="row")


def _archives(held: Held, as_of: Date | None) -> dict[str, int]:
    return ask.archives(held.desk.store, Asked(as_of=as_of))


PAGE = Page("/sources", "Sources", view)
