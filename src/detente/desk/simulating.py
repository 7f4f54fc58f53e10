"""What a desk simulates: futures of its record, and what each measure would change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date as Date
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import polars as pl

from detente import actors as registers
from detente import relate
from detente.desk.learning import Learning, named_or_busiest
from detente.errors import ScenarioError

if TYPE_CHECKING:
    from detente.learn import Fit
    from detente.simulate import Comparison, Futures, Measure
    from detente.simulate.hindcast import Hindcast
    from detente.simulate.robustness import Robustness

MOST_ACTORS: Final = 10
"""More actors make the brief's figures unreadable and its simulation slow."""


_HOW: Final = ("workers", "cluster", "resume", "progress")


class Simulating(Learning):
    """The verbs of a desk that look ahead."""

    def simulate(self, scenario: str | Path | None = None, **asked: Any) -> Futures:
        """Many futures from the fitted reactions, under the measures chosen (all of them together) or none.

        Args:
            scenario: TOML file (see ``docs/simulate.md``).
            asked: ``as_of``, ``start``, ``days``, ``futures``, ``seed`` (default 7), ``actors``, ``measures`` (ids),
                ``by`` and ``toward`` (sides of the measures, who must be among the actors where these are given; taken
                from the record where not given) and ``model`` (a saved fit) override what the scenario says.
                ``workers``, ``cluster``, ``resume`` and ``progress`` say how it is run
                (:class:`detente.simulate.futures.How`).

        Raises:
            ScenarioError: something in the scenario makes no sense.
        """
        from detente import simulate

        fit, sets, size = self._experiment(scenario, asked)
        return simulate.simulate(fit, measures=[m for each in sets for m in each], **size)

    def compare(self, scenario: str | Path | None = None, **asked: Any) -> Comparison:
        """What each measure would change, in the same futures; the whole catalogue where none is chosen.

        Args and Raises: as :meth:`simulate`.
        """
        from detente import simulate

        fit, sets, size = self._experiment(scenario, asked, default=[m.id for m in simulate.catalogue()])
        return simulate.compare(fit, sets, **size)

    def sweep(
        self,
        scenario: str | Path | None = None,
        *,
        samples: int = 32,
        stretches: int = 0,
        progress: Callable[[int, int], object] | None = None,
        **asked: Any,
    ) -> Robustness:
        """Whether the ranking of measures would stand under other assumptions (:mod:`detente.simulate.robustness`).

        Args:
            scenario: TOML file. asked: as for :meth:`simulate`.
            samples: base samples, a power of two.
            stretches: fit the model anew on so many stretches of the desk's record, and vary which one it is.
            progress: called with the number of variants done and their total.

        Raises:
            ScenarioError: something in the scenario makes no sense, or SALib is not installed.
        """
        from detente import simulate
        from detente.simulate import robustness

        fit, sets, size = self._experiment(scenario, asked, default=[m.id for m in simulate.catalogue()])
        size.pop("threshold", None)
        size.pop("futures")  # expectations alone are compared
        records = None
        if stretches:
            records = robustness.windows(self.table(asked.get("as_of")), stretches, actors=fit.actors)
        return robustness.sweep(fit, sets, samples=samples, records=records, progress=progress, **size)

    def hindcast(self, *, actors: Sequence[str] = (), most: int | None = None, **how: Any) -> Hindcast:
        """Forecasts from days in this desk's past, by what was known on them, held against what came.

        Args:
            actors: codes or names; else the ``most`` busiest, 20 where no number is given.
            how: as for :func:`hindcast`.

        Raises:
            RegisterError: unknown actor. LearnError, ScenarioError: too short a record.
        """
        from detente.learn.fit import busiest

        table = self.table()
        if table.is_empty():
            raise ScenarioError(
                "No dated events between states on this desk; fill it with `detente read` or `detente load`."
            )
        among = named_or_busiest(table, actors, most, busiest(table, 2 * MOST_ACTORS))
        return _hindcast(table, actors=among, data="this desk", **how)

    def _experiment(
        self, scenario: str | Path | None, asked: dict[str, Any], default: Sequence[str] = ()
    ) -> tuple[Fit, list[tuple[Measure, ...]], dict[str, Any]]:
        """The model of the actors concerned, the sets of measures bound to their sides, and the size of the run."""
        from detente import learn, simulate

        asked = {key: value for key, value in asked.items() if value not in (None, (), [])}
        plan = simulate.Scenario.read(scenario) if scenario else None
        size: dict[str, Any] = {**plan.size()} if plan else {"days": 60, "futures": 400, "seed": 7}
        size |= {key: asked[key] for key in ("start", "days", "futures", "seed", *_HOW) if key in asked}
        as_of = asked.get("as_of")  # what is read; the last day says when futures begin and which ties hold
        day = self.last_day(as_of)
        fit = asked.get("fit") or (
            learn.Fit.load(asked["model"]) if "model" in asked else self.learn(as_of=as_of, seed=size["seed"])
        )
        size.setdefault("start", max(day, fit.end) + timedelta(days=1))
        every = "measures" not in asked and not (plan and plan.measures)
        find = registers.register().find
        chosen = [simulate.measure(id_) for id_ in asked.get("measures", () if plan and plan.measures else default)]
        sets = plan.sets() if plan and not chosen else []
        sides = [
            [find(a).code for a in asked.get(side) or (getattr(plan, side) if plan else ())]
            for side in ("by", "toward")
        ]
        named = asked.get("actors") or (plan and plan.actors)
        wanted = list(dict.fromkeys(find(a).code for a in named or self.actors(as_of)))
        if named:
            _refuse_strangers(wanted, fit.actors, sides, sets)
            size["among"] = tuple(wanted)
        among = wanted if named else [code for code in wanted if code in fit.actors][:MOST_ACTORS]
        concerned = list(dict.fromkeys(chain(among, *sides, *(m.by + m.toward for e in sets for m in e))))
        if len(concerned) < 2:
            raise ScenarioError(
                f"Fewer than two actors here ({', '.join(wanted) or 'none'}) are known to the model. "
                f"Name some with --actor, or fill the desk with `detente read` or `detente load`; the model knows "
                f"{', '.join(fit.actors)}."
            )
        if chosen and not all(sides):
            found = relate.sides(self.store.events(as_of), registers.ties(), concerned, day, acts=self.acts(as_of))
            sides = _completed(sides, [list(side) for side in found])
        bound = [msgspec.structs.replace(m, by=tuple(sides[0]), toward=tuple(sides[1])) for m in chosen]
        # Of the whole catalogue, what needs an ally is left out for a side of one.
        sets += [(m.between(*sides),) for m, b in zip(chosen, bound, strict=True) if b.fits or not every]
        return fit.select(concerned), sets, size


def _refuse_strangers(
    actors: Sequence[str], known: Sequence[str], sides: Sequence[Sequence[str]], sets: Sequence[tuple[Measure, ...]]
) -> None:
    """Refuse actors unknown to the model, and sides that name actors who are not simulated."""
    from detente.simulate.scenario import outside

    if unknown := [code for code in actors if code not in known]:
        raise ScenarioError(f"The model knows no {', '.join(unknown)}; it knows {', '.join(known)}.")
    every = [tuple(sides), *((m.by, m.toward) for each in sets for m in each)]
    for by, toward in every:
        if words := outside("by", by, actors) or outside("toward", toward, actors):
            raise ScenarioError(words)


def _completed(sides: list[list[str]], found: list[list[str]]) -> list[list[str]]:
    """Both sides, where one or none is given: the other is the one found in the record that has least in common with
    it."""
    if not any(sides):
        return found
    given = sides[0] or sides[1]
    other = [code for code in min(found, key=lambda side: len({*side} & {*given})) if code not in given]
    return [given, other] if sides[0] else [other, given]


def measures() -> pl.DataFrame:
    """The catalogue of measures as a table."""
    from detente import simulate

    rows = [msgspec.to_builtins(m) for m in simulate.catalogue()]
    return pl.DataFrame(rows, infer_schema_length=None, strict=False)


def hindcast(
    files: Sequence[str | Path],
    *,
    actors: Sequence[str] = (),
    most: int | None = None,
    **how: Any,
) -> Hindcast:
    """Forecasts from days in the past of event data that others made, held against what came.

    Args:
        files: event data. actors: codes or names; else the ``most`` busiest; else the states of the shipped prior.
        how: ``first`` (first day forecast; else the middle of the record), ``every`` (days between forecasts, 30),
            ``days``, ``futures``, ``seed`` and ``progress`` as for :func:`detente.simulate.hindcast.hindcast`.

    Raises:
        LoadError: a file cannot be understood. RegisterError: unknown actor.
        LearnError, ScenarioError: too short a record.
    """
    from detente import load
    from detente.learn.prior import ACTORS

    loaded = [load.daily(path) for path in files]
    table = pl.concat(one.table for one in loaded).sort("day", maintain_order=True)
    name = ", ".join(one.name for one in loaded)
    return _hindcast(table, actors=named_or_busiest(table, actors, most, ACTORS), data=name, **how)


def _hindcast(
    table: pl.DataFrame, *, first: Date | None = None, every: int = 30, days: int = 30, **how: Any
) -> Hindcast:
    from detente.simulate.hindcast import hindcast

    begin, end = (Date.fromisoformat(str(table["day"].min())), Date.fromisoformat(str(table["day"].max())))
    first = first or begin + (end - begin) // 2
    count = ((end - first).days + 1 - days) // every + 1
    origins = [first + timedelta(i * every) for i in range(max(count, 1))]
    return hindcast(table, origins=origins, days=days, **how)
