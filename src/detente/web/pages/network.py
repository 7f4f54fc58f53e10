"""Network: who is tied to whom, and who did what to whom in the year before, as of a date."""

from __future__ import annotations

from datetime import date as Date
from datetime import timedelta
from typing import Any, Final, get_args

import polars as pl

from detente import actors as registers
from detente import relate
from detente.errors import DeskError
from detente.events import Domain, TieKind
from detente.relate.figures import network
from detente.web.held import Held
from detente.web.inputs import inputs
from detente.web.state import State
from detente.web.view import Page, View
from detente.words import clip, count, day, name

KINDS: Final = get_args(TieKind)
DOMAINS: Final = get_args(Domain)
EVENTS: Final = "events"
ACTORS: Final = 18  # drawn where no number is given
PAIRS: Final = 60
VIEWS: Final = {"nodes": "points and lines", "map": "map"}


def view(held: Held, state: State) -> View:
    """Ties and events between the desk's busiest actors on a date."""
    as_of, known = state.as_of, held.day(state.as_of)
    on = state.date("on") or known
    kinds, domain = _chosen(state, "kind", (EVENTS, *KINDS)), _chosen(state, "domain", DOMAINS)
    shape = state.get("view", "nodes")
    if shape not in VIEWS:
        raise DeskError(f"view = {shape!r}: the views are {' and '.join(VIEWS)}.")
    actors, most = int(state.number("actors", ACTORS, 2, 60)), int(state.number("pairs", PAIRS, 1, 2000))
    among = held.actors(as_of)[:actors]
    key = (as_of, on, kinds, domain, actors)
    every = held.once("edges", *key, make=lambda: _edges(held, as_of, on, among, kinds, domain))
    edges, left_out = _closest(every, most)
    drawn = network(
        edges, on, as_of=known, view="map" if shape == "map" else "nodes", among=among, source=_source(held, as_of)
    )
    pairs = _pairs(edges)
    n_ties = edges.filter(pl.col("kind") != EVENTS).height
    n_events = int(edges.filter(pl.col("kind") == EVENTS)["weight"].sum())
    told = f"On {day(on)}: {count(n_ties, 'tie')} between pairs and {count(n_events, 'event')} of the year before"
    told += f", among the {count(len(among), 'most active actor')} of the record."
    rest = f"{count(left_out, 'pair')} with less between them left out." if left_out else ""
    first = min(held.index(as_of).first_day or known, known)
    return View(
        "Network",
        "network.html.j2",
        known,
        summary=f"{told} {rest}".strip(),
        tables={"network": edges.select(*edges.columns[:6], pl.col("evidence"))},
        figures={"network": drawn},
        context={
            "on": on,
            "first": first,
            "span": max((known - first).days, 1),
            "at": (on - first).days,
            "kinds": (EVENTS, *KINDS),
            "chosen": kinds,
            "domains": DOMAINS,
            "domain": domain,
            "views": VIEWS,
            "actors": actors,
            "most": most,
            "shape": shape,
            "pairs": pairs,
            "since": on - timedelta(days=365),
        },
    )


def _chosen(state: State, key: str, known: tuple[str, ...]) -> tuple[str, ...]:
    values = state.all(key)
    if wrong := [value for value in values if value not in known]:
        raise DeskError(f"{key} = {wrong[0]!r} is none of {', '.join(known)}.")
    return values


def _source(held: Held, as_of: Date | None) -> str:
    return clip(" ".join(["register of ties;", *inputs(held, as_of)]), 220)


def _edges(
    held: Held, as_of: Date | None, on: Date, among: list[str], kinds: tuple[str, ...], domain: tuple[str, ...]
) -> pl.DataFrame:
    events, acts = held.desk.store.events(as_of), held.desk.acts(as_of)
    ties = [
        tie for tie in registers.ties() if (not kinds or tie.kind in kinds) and (not domain or tie.domain in domain)
    ]
    if domain:
        events = events.filter(pl.col("domain").is_in(domain))
        acts = acts.filter(pl.col("domain").is_in(domain)) if acts is not None else None
    if kinds and EVENTS not in kinds:
        events, acts = events.clear(), None
    return relate.edges(ties, events, on, among=among, acts=acts)


def _closest(edges: pl.DataFrame, most: int) -> tuple[pl.DataFrame, int]:
    """The edges of those pairs with most between them, and how many pairs are left out.

    A defence pact weighs as much as seven events: a line that is easily seen.
    """
    tied = pl.when(pl.col("kind") != EVENTS).then(pl.col("weight")).max().fill_null(0.0)
    told = pl.when(pl.col("kind") == EVENTS).then(pl.col("weight")).sum().fill_null(0.0)
    pairs = edges.group_by("a", "b").agg(much=(told + 1).log(2) + 3 * tied)
    kept = pairs.sort("much", "a", "b", descending=[True, False, False]).head(most)
    return edges.join(kept.drop("much"), on=["a", "b"], how="semi", maintain_order="left"), pairs.height - kept.height


def _pairs(edges: pl.DataFrame) -> list[dict[str, Any]]:
    """Exactly what is drawn between each two actors, those with most events first."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    known = {tie.id: tie.name for tie in registers.ties()}
    for row in edges.iter_rows(named=True):
        one = found.setdefault(
            (row["a"], row["b"]),
            {"a": row["a"], "b": row["b"], "names": f"{name(row['a'])} – {name(row['b'])}", "ties": [],
             "cooperation": 0, "hostility": 0},
        )  # fmt: skip
        if row["layer"] == "tie":
            one["ties"] += [f"{known.get(id_, id_)} ({row['kind']}, {row['status']})" for id_ in row["evidence"]]
        else:
            one[row["layer"]] += int(row["weight"])
    return sorted(found.values(), key=lambda p: (-p["cooperation"] - p["hostility"], p["names"]))


PAGE = Page("/network", "Network", view, takes=("on", "view", "kind", "domain", "actors", "pairs"))
