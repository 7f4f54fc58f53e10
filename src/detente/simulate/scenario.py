"""A scenario: a TOML file that says from when, for how long, among whom, and which measures between whom.

::

    name = "Korean peninsula, spring 2018"
    start = 2018-03-01
    days = 60
    futures = 400
    seed = 7
    actors = ["USA", "KOR", "JPN", "PRK", "CHN", "RUS"]   # codes or names; who is counted; left out: all
    by = ["USA", "KOR"]                                   # the side that acts
    toward = ["PRK"]                                      # the other side
    measures = [
        "hotline",
        { use = "drills-suspended", strength = [1.0, 1.0] },
        { use = ["hotline", "drills-notice"], name = "Hotline and notice of drills" },
    ]
    threshold = { events = 10, days = 7 }                 # docs/simulate.md lists its keys

Measures of one's own stand in the same file as ``[[measure]]``, in the format of ``data/measures.toml``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date as Date
from difflib import get_close_matches
from pathlib import Path
from typing import TypedDict, Unpack

import msgspec
from msgspec import Struct

from detente import actors as registers
from detente.errors import RegisterError, ScenarioError
from detente.learn.model import Fit
from detente.simulate.compare import Comparison, compare
from detente.simulate.futures import Futures, How, simulate
from detente.simulate.lines import line_of, toml
from detente.simulate.measures import Measure, Range, check, check_read, invalid, measure
from detente.simulate.threshold import Threshold


class Size(TypedDict):
    """Arguments of a run."""

    start: Date
    days: int
    futures: int
    seed: int
    among: tuple[str, ...] | None
    threshold: Threshold


class Use(Struct, frozen=True, forbid_unknown_fields=True):
    """A measure, or several together, with what this scenario changes of it."""

    use: str | tuple[str, ...]
    name: str = ""
    by: tuple[str, ...] = ()
    toward: tuple[str, ...] = ()
    strength: Range | None = None
    every: int | None = None
    first: int | None = None


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """What to simulate. See the head of :mod:`detente.simulate.scenario` for the file.

    Args:
        name: of the scenario. start: first simulated day. days, futures, seed: size and seed.
        actors: among whom events are counted; empty: all of the model. by, toward: sides of measures that name none.
        measures: ids, or tables with ``use`` and changes. threshold: of escalation. measure: the analyst's own
            measures.
    """

    name: str
    start: Date
    days: int = 60
    futures: int = 400
    seed: int = 7
    actors: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    toward: tuple[str, ...] = ()
    measures: tuple[str | Use, ...] = ()
    threshold: Threshold = Threshold()
    measure: tuple[Measure, ...] = ()

    def sets(self) -> list[tuple[Measure, ...]]:
        """The measures, bound to their sides, each with those that go together.

        Raises:
            ScenarioError: an unknown measure (with near names), or sides that make no sense.
        """
        return [self._bound(each) for each in self.measures]

    def _bound(self, each: str | Use) -> tuple[Measure, ...]:
        use = Use(each) if isinstance(each, str) else each
        ids = (use.use,) if isinstance(use.use, str) else use.use
        changes = {k: v for k in ("strength", "every", "first") if (v := getattr(use, k)) is not None}
        out = []
        if use.name:  # of the set, and so of each of its parts
            changes["name"] = use.name
        for id in ids:
            m = msgspec.structs.replace(measure(id, self.measure), **changes)
            out.append(check(m, name=self.name).between(use.by or self.by, use.toward or self.toward))
        return tuple(out)

    def simulate(self, fit: Fit, *, workers: int | None = None, **how: Unpack[How]) -> Futures:
        """Futures without any measure."""
        return simulate(fit, **self.size(), workers=workers, **how)

    def compare(self, fit: Fit, *, workers: int | None = None, **how: Unpack[How]) -> Comparison:
        """Every measure against no measure."""
        return compare(fit, self.sets(), **self.size(), workers=workers, **how)

    def size(self) -> Size:
        """Start, size, seed and what is counted, as :func:`detente.simulate.simulate` takes them."""
        return {
            "start": self.start,
            "days": self.days,
            "futures": self.futures,
            "seed": self.seed,
            "among": self.actors or None,
            "threshold": self.threshold,
        }

    @classmethod
    def read(cls, path: str | Path) -> Scenario:
        """Read a scenario file.

        Raises:
            ScenarioError: unreadable or wrong; names the key and the remedy.
        """
        try:
            text = Path(path).read_bytes()
        except OSError as error:
            raise ScenarioError(f"{path}: cannot be read ({error.strerror}); check the path.") from error
        return cls.parse(text, name=str(path))

    @classmethod
    def parse(cls, text: str | bytes, *, name: str = "scenario") -> Scenario:
        """Read a scenario from TOML text; ``name`` is how messages call it.

        Raises:
            ScenarioError: wrong; a line for each fault found, with its line in the text, the key and the remedy.
        """
        content, raw = toml(text, name)
        keys = list(cls.__struct_fields__)
        faults = []
        for key in raw:
            if key not in keys:
                near = get_close_matches(key, keys, n=3) or keys
                line = line_of(content, (key,))
                faults.append(f"{name}, line {line}: unknown key {key!r}; near keys: {', '.join(near)}.")
        for key in ("name", "start"):
            if key not in raw:
                example = {"name": '"Korean peninsula, spring 2018"', "start": "2018-03-01"}[key]
                faults.append(f"{name}: the key {key!r} is missing; add, for example, {key} = {example}.")
        _refuse(faults)
        try:
            read = msgspec.convert(raw, cls)
        except msgspec.ValidationError as error:
            raise invalid(error, content, name, cls) from error
        for i, m in enumerate(read.measure):
            check_read(m, i, content, name)

        def told(path: tuple[str | int, ...], what: object) -> None:
            faults.append(f"{name}, line {line_of(content, path)}: {what}")

        for key in ("days", "futures"):
            if getattr(read, key) < 1:
                told((key,), f"{key} = {getattr(read, key)} makes no sense; give a number of 1 or more.")
        try:
            read.threshold.check()
        except ScenarioError as error:
            told(("threshold",), error)
        read = read._coded(told)
        for i, each in enumerate(read.measures):
            try:
                read._bound(each)
            except ScenarioError as error:
                told(("measures", i), error)
        _refuse(faults)
        return read

    def _coded(self, told: Callable[[tuple[str | int, ...], object], None]) -> Scenario:
        """The same with the codes of all actors, who may be given by name; faults are told with their path."""

        def codes(path: tuple[str | int, ...], names: tuple[str, ...]) -> tuple[str, ...]:
            found = []
            for i, each in enumerate(names):
                try:
                    found.append(registers.register().find(each).code)
                except RegisterError as error:
                    told((*path, i), f"key {path[-1]!r}: {error}")
                    found.append(each)
            if actors and (words := outside(str(path[-1]), found, actors)):
                told(path, words)
            return tuple(found)

        actors: tuple[str, ...] = ()
        actors = codes(("actors",), self.actors)
        measures = tuple(
            msgspec.structs.replace(
                each,
                by=codes(("measures", i, "by"), each.by),
                toward=codes(("measures", i, "toward"), each.toward),
            )
            if isinstance(each, Use)
            else each
            for i, each in enumerate(self.measures)
        )
        by, toward = codes(("by",), self.by), codes(("toward",), self.toward)
        return msgspec.structs.replace(self, actors=actors, by=by, toward=toward, measures=measures)


def outside(side: str, codes: Iterable[str], actors: Sequence[str]) -> str:
    """What to say of actors on a side of a measure who are not among those that are simulated; empty for none."""
    if not (missing := [code for code in dict.fromkeys(codes) if code not in actors]):
        return ""
    are, them = ("is", "it") if len(missing) == 1 else ("are", "them")
    return f"{side!r} names {', '.join(missing)}, which {are} not in 'actors'; add {them}."


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise ScenarioError("\n".join(faults))
