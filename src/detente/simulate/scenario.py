"""A scenario: a TOML file that says from when, for how long, among whom, and which measures between whom.

::

    name = "Korean peninsula, spring 2018"
    start = 2018-03-01
    days = 60
    futures = 400
    seed = 7
    actors = ["USA", "KOR", "JPN", "PRK", "CHN", "RUS"]   # events are counted among these; left out: all of the model
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

import tomllib
from datetime import date as Date
from difflib import get_close_matches
from pathlib import Path
from typing import TypedDict, Unpack

import msgspec
from msgspec import Struct

from detente.errors import ScenarioError
from detente.learn.model import Fit
from detente.simulate.compare import Comparison, compare
from detente.simulate.futures import Futures, How, simulate
from detente.simulate.lines import line_of
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
    seed: int = 0
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
        for i, id in enumerate(ids):
            if use.name:  # the set has the name; its parts need not repeat their own
                changes["name"] = use.name if not i else measure(id, self.measure).name
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
            ScenarioError: wrong; names the line, the key and the remedy.
        """
        try:
            content = text.decode() if isinstance(text, bytes) else text
            raw = tomllib.loads(content)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ScenarioError(f"{name}: this is not TOML: {error}.") from error
        keys = list(cls.__struct_fields__)
        for key in raw:
            if key not in keys:
                near = get_close_matches(key, keys, n=3) or keys
                line = line_of(content, (key,))
                raise ScenarioError(f"{name}, line {line}: unknown key {key!r}; near keys: {', '.join(near)}.")
        for key in ("name", "start"):
            if key not in raw:
                example = {"name": '"Korean peninsula, spring 2018"', "start": "2018-03-01"}[key]
                raise ScenarioError(f"{name}: the key {key!r} is missing; add, for example, {key} = {example}.")
        try:
            read = msgspec.convert(raw, cls)
        except msgspec.ValidationError as error:
            raise invalid(error, content, name) from error
        for key in ("days", "futures"):
            if getattr(read, key) < 1:
                raise ScenarioError(
                    f"{name}, line {line_of(content, (key,))}: {key} = {getattr(read, key)} makes no sense; "
                    "give a number of 1 or more."
                )
        for i, m in enumerate(read.measure):
            check_read(m, i, content, name)
        try:
            read.threshold.check()
        except ScenarioError as error:
            raise ScenarioError(f"{name}, line {line_of(content, ('threshold',))}: {error}") from error
        for i, each in enumerate(read.measures):
            try:
                read._bound(each)
            except ScenarioError as error:
                raise ScenarioError(f"{name}, line {line_of(content, ('measures', i))}: {error}") from error
        return read
