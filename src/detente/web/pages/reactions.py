"""Reactions: who answers what, how surely, how long, and how well that predicts."""

from __future__ import annotations

from datetime import date as Date
from typing import Any, Final

import polars as pl

from detente.actors import register
from detente.codebook import QUADS, TYPES
from detente.errors import DeskError
from detente.figure import Figure
from detente.learn import Fit
from detente.learn import figures as drawing
from detente.learn.reactions import FEW, HORIZON, NEGLIGIBLE, least
from detente.web.held import Held
from detente.web.model import once_learnt, prior_share, told
from detente.web.state import State
from detente.web.view import Page, View
from detente.words import count, day, deed, name

SAID: Final = {
    "inertia": "its own earlier acts toward the same",
    "reciprocity": "acts of the other toward it",
    "to others": "its own acts toward others",
    "on target": "others' acts toward the other",
    "by target": "the other's acts toward others",
    "on actor": "others' acts toward it",
    "partners": "its partners' acts toward the other",
    "rival's partners": "acts between the other and its partners",
    "foes": "its foes' acts toward the other",
    "calming": "cooperation of the two, by its calming",
}
"""What an actor answers through each channel, in words."""
MADE: Final = 40  # past acts shown of those that made a reaction


def view(held: Held, state: State, fit: Fit) -> View:
    """The model as a heat map, one reaction opened, and how well the model predicts."""
    as_of, known = state.as_of, held.day(state.as_of)
    by = _one(state, "by", ("types", "actors"))
    ways = (*fit.channels, *(("calming",) if fit.damping.any() and by == "actors" else ()))
    channel = _one(state, "channel", ("reciprocity", *ways))
    cause, response = (_one(state, key, ("verbal conflict", *QUADS)) for key in ("cause", "response"))
    shown = tuple(code for code in held.actors(as_of) if code in fit.actors)
    which: dict[str, Any] = (
        {"channel": channel} if by == "types" else {"channel": channel, "cause": cause, "response": response}
    )
    if by == "actors":
        which["actors"] = shown[: drawing.MOST]
    key = ("heat", as_of, *map(str, which.values()), by)
    rows = held.once(*key, make=lambda: (drawing.by_type if by == "types" else drawing.by_actor)(fit, **which))
    figures: dict[str, Figure] = {"reactions": fit.figure(by=by, as_of=known, rows=rows, **which)}
    tables = {"reactions": rows}
    opened = _opened(held, state, fit, as_of, known)
    context: dict[str, Any] = {
        "fit": fit,
        "by": by,
        "channel": channel,
        "channels": [(way, SAID.get(way, way)) for way in ways],
        "quads": [(name, name) for name in QUADS],
        "cause": cause,
        "response": response,
        "types": [("", "choose"), *((kind, f"{kind.lower()} – {deed(kind)}") for kind in TYPES)],
        "actors": [("", "choose"), *((code, name(code)) for code in fit.actors)],
        "horizon": HORIZON,
        "opened": None,
        "rows": _largest(rows),
        **{field: state.get(field) for field in ("actor", "to", "other")},
    }
    if opened:
        found, made = opened
        figures["response"] = found.figure(as_of=known)
        tables |= {"response": found.frame(), "acts": made}
        context |= {"opened": found, "made": made.head(MADE).rows(named=True), "n_made": made.height}
    if fit.score is not None:
        figures["score"] = fit.score.figure()
        tables["score"] = fit.score.frame()
    value, low, high = held.once("reproduction", as_of, make=lambda: fit.reproduction()[:3])
    return View(
        "Reactions",
        "reactions.html.j2",
        known,
        summary=f"Learnt from {count(fit.n_events, 'event')}, {day(fit.start)} to {day(fit.end)}.{_whose(fit)} "
        f"Each event brings about {value:.2f} further ones ({low:.2f} to {high:.2f}).",
        tables=tables,
        figures=figures,
        context=context,
        cite=tuple(fit.cite()),
    )


def _whose(fit: Fit) -> str:
    """How much of what was learnt is the shipped prior's; empty where nothing is."""
    share, overlap = prior_share(fit), str(fit.provenance.get("overlap", ""))
    if share == 1:
        said = "All of that is the shipped prior's data; this desk adds no event between two states that it knows."
    elif share:
        said = f"{share:.0%} of the weight is the shipped prior; past events are those of its data and this desk."
    else:
        said = ""
    return "".join(f" {part}" for part in (said, overlap) if part)


def _one(state: State, key: str, known: tuple[str, ...]) -> str:
    value = state.get(key, known[0])
    if value not in known:
        raise DeskError(f"{key} = {value!r} is none of {', '.join(dict.fromkeys(known))}.")
    return value


def _largest(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows of the heat map that say something, the surest first."""
    sure = rows.filter(least() > NEGLIGIBLE, pl.col("n") >= FEW)
    return sure.sort(least(), "row", "column", descending=[True, False, False]).head(60).rows(named=True)


def _opened(held: Held, state: State, fit: Fit, as_of: Date | None, known: Date) -> tuple[Any, pl.DataFrame] | None:
    """The response curve that is asked for, and the past acts of this record behind it."""
    actor, to, other = (state.get(key) for key in ("actor", "to", "other"))
    if not (actor and to and other):
        return None
    if to not in TYPES:
        raise DeskError(f"to = {to!r} is no type; types are {', '.join(TYPES)}.")
    one, two = (register().find(words).code for words in (actor, other))
    if one == two:
        raise DeskError("An actor does not answer itself here: choose two different ones.")
    found = held.once("response", as_of, one, to, two, make=lambda: fit.reaction(one, to=to, by=two))
    acts = (
        told(held, fit, as_of)
        .filter(pl.col("source") == two, pl.col("target") == one, pl.col("type") == to)
        .sort("day", descending=True)
    )
    made = acts.select("day", "source", "target", "type", "id", "archive", "outlet", "sentence")
    return found, made


PAGE = Page(
    "/reactions",
    "Reactions",
    once_learnt("Reactions", view),
    takes=("by", "channel", "cause", "response", "actor", "to", "other"),
)
