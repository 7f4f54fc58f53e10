"""About this desk: what it takes to see the same again, the model's card, licences and citations."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, metadata, requires
from typing import Any, Final

import polars as pl

from detente import __version__, words
from detente.actors import tie_sources
from detente.web.held import Held
from detente.web.state import State
from detente.web.view import Page, View

_GAINS: Final[dict[str, Any]] = {"data": pl.String, "over": pl.String} | dict.fromkeys(
    ("bits", "low", "high"), pl.Float64
)


def view(held: Held, state: State) -> View:
    """Stamp, model card, licences and citations."""
    from detente.learn import prior

    fit = prior()
    record = held.desk.store.manifest()
    stamp = {
        "Detente": __version__,
        "Desk": held.name,
        "Record": held.once("digest", make=held.desk.digest),
        "As of": held.day(state.as_of).isoformat(),
        "Layout": str(record.schema),
        "Writings": f"{record.serial:,}",
        "Again": f"detente web --desk {held.path}",
    }
    score = fit.score
    told = score.gains.items() if score else ()
    gains = [(score.data if score else "", name, gain.bits, gain.low, gain.high) for name, gain in told]
    return View(
        "About this desk",
        "about.html.j2",
        held.day(state.as_of),
        tables={
            "stamp": pl.DataFrame(list(stamp.items()), schema={"what": pl.String, "value": pl.String}, orient="row"),
            "scores": pl.DataFrame(gains, schema=_GAINS, orient="row"),
            "licences": held.once("licences", make=_licences),
        },
        context={
            "stamp": stamp,
            "card": _card(fit.provenance),
            "actors": words.names(fit.actors),
            "score": score,
            "cited": list(fit.cite()),
            "tie_sources": sorted({source.cited() for source in tie_sources().values()}),
        },
    )


def _card(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the shipped model is, from its own provenance."""
    fitted = (f"{row['name']} ({row['start']} to {row['end']}, {row['rows']:,} rows)" for row in about.get("data", ()))
    made = f"version {about.get('version', '?')}, seed {about.get('seed', '?')}: {about.get('command', '?')}"
    return [
        (
            "What it is",
            "A model of how each state's acts raise the rates of others' later acts, shipped as a prior and moved by "
            "the events of this desk.",
        ),
        ("Fitted on", "; ".join(fitted) or "unnamed data"),
        ("Made by", made),
        ("What it is for", "Asking what followed what in the record, and what might follow under stated assumptions."),
        (
            "What it is not for",
            "It is no forecast of war, no judgement of who is to blame and no proof of cause: what nobody reported is "
            "not in it, and states outside its data borrow from the average.",
        ),
    ]


def _licences() -> pl.DataFrame:
    """Detente and the packages that it stands on, each with the licence that its own metadata states."""
    names = [one.split(";")[0] for one in requires("detente") or () if "extra ==" not in one]
    rows = []
    for name in ["detente", *sorted(_bare(name) for name in names)]:
        try:
            held = metadata(name)
        except PackageNotFoundError:
            continue
        listed = [line for line in held.get_all("Classifier") or () if line.startswith("License ::")]
        stated = [held[key] for key in ("License-Expression", "License") if key in held]
        stated[1:1] = [", ".join(line.rpartition(" :: ")[2] for line in listed)]
        found = next((one for one in stated if one), "not stated")
        rows.append((name, held["Version"], words.clip(found.splitlines()[0], 80)))
    return pl.DataFrame(rows, schema={"package": pl.String, "version": pl.String, "licence": pl.String}, orient="row")


def _bare(requirement: str) -> str:
    for sign in "<>=!~[ (":
        requirement = requirement.partition(sign)[0]
    return requirement.strip()


PAGE = Page("/about", "About", view)
