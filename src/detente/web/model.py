"""The model of the desk as pages take it: learnt once, beside the readers, with the record that it was learnt from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date as Date

import polars as pl

from detente.learn import Fit
from detente.web.held import Held
from detente.web.state import State
from detente.web.view import View


def model(held: Held, as_of: Date | None) -> Fit:
    """The model as of a date, learnt once for all pages; whoever asks meanwhile waits."""
    return held.once("model", as_of, make=lambda: held.desk.learn(as_of=as_of))


def once_learnt(title: str, show: Callable[[Held, State, Fit], View]) -> Callable[[Held, State], View]:
    """A page that shows something of the model, and as long as that is being learnt says so."""

    def view(held: Held, state: State) -> View:
        as_of = state.as_of
        fit = held.later("model", as_of, make=lambda: held.desk.learn(as_of=as_of))
        if fit is not None:
            return show(held, state, fit)
        said = "Learning how these states react …"
        return View(title, "working.html.j2", held.day(as_of), summary=said, refresh=2, ready=False)

    return view


def prior_share(fit: Fit) -> float:
    """How much of a model's weight is the shipped prior; the prior itself, which has no record, is all prior."""
    return 1.0 if fit.table is None else fit.prior_share


def told(held: Held, fit: Fit, as_of: Date | None) -> pl.DataFrame:
    """The events between states as the record tells of them (:meth:`detente.desk.Desk.told`)."""
    return fit.table if fit.table is not None else held.once("told", as_of, make=lambda: held.desk.told(as_of))
