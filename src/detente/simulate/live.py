"""Answers while one waits: as many futures as a time budget allows, and said how many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date as Date
from time import perf_counter
from typing import Any, Final

import numpy as np

from detente.errors import ScenarioError
from detente.learn.model import Fit
from detente.simulate import engine
from detente.simulate.compare import Comparison, Effect
from detente.simulate.futures import NO_MEASURE, Setting
from detente.simulate.measures import Measure, title
from detente.simulate.threshold import Threshold

_BLOCK: Final = 10  # futures between two looks at the clock
_DRAWS: Final = (2, 4)  # parameter draws for which the expectation is worked out: at least, and if there is time
_SHARE: Final = 0.3  # of the budget for expectations, beyond the least


@dataclass(frozen=True)
class Answer:
    """What a set of measures would change, from the futures that there was time for.

    Args:
        comparison: with one effect. futures: how many. seconds: how long it took.
    """

    comparison: Comparison
    futures: int
    seconds: float

    @property
    def effect(self) -> Effect:
        """The measures against none."""
        return self.comparison.effects[0]

    def __str__(self) -> str:
        return f"{self.futures} futures in {self.seconds:.1f} s. {self.effect.summary()}"


class Live:
    """A model that is ready to answer.

    Futures without a measure are kept, so that a moved slider runs only those with it. The same measures and number of
    futures always give the same answer; within a budget, a slower machine gives one from fewer futures and from
    expectations for fewer draws of the parameters (two to four).

    Args:
        fit: the model. start, days, seed, among, threshold: as for :func:`detente.simulate.simulate`.
        most: futures that are run at most within a budget, a multiple of ten.

    Example:
        >>> live = Live(fit, start="2018-10-01", days=90)              # doctest: +SKIP
        >>> print(live.answer([measure("hotline").between(["KOR"], ["PRK"])], budget=0.8))   # doctest: +SKIP
    """

    def __init__(
        self,
        fit: Fit,
        *,
        start: Date | str,
        days: int = 90,
        seed: int = 7,
        among: Sequence[str] | None = None,
        threshold: Threshold | None = None,
        most: int = 400,
    ) -> None:
        self._setting = Setting.of(fit, [(NO_MEASURE, ())], start, days, seed, among, threshold)
        self._most = most
        self._without: list[engine.Counts] = []
        self._block(0)  # compiles what is not compiled yet
        self._expected = self._setting.expected(_DRAWS[1])

    def answer(self, measures: Sequence[Measure], *, budget: float = 0.8, futures: int | None = None) -> Answer:
        """What these measures together would change.

        Args:
            measures: bound to sides. budget: seconds that it may take.
            futures: number, instead of a budget; rounded up to tens.

        Raises:
            ScenarioError: no measure, or one that makes no sense for the model.
        """
        if not measures:
            raise ScenarioError("There is nothing to compare: give at least one measure.")
        began = perf_counter()
        named = (title(measures), tuple(measures))
        both, alone = self._setting.under([(NO_MEASURE, ()), named]), self._setting.under([named])
        most = self._most if futures is None else -(-futures // _BLOCK) * _BLOCK
        found = [alone.expected_of(0)]
        while len(found) < self._expected.shape[1]:
            spent = (perf_counter() - began) * (1 + 1 / len(found))  # with one draw more
            if futures is None and len(found) >= _DRAWS[0] and spent > _SHARE * budget:
                break
            found.append(alone.expected_of(len(found)))
        expected = np.concatenate([self._expected[:, : len(found)], np.stack(found, 1)])
        blocks: list[engine.Counts] = []
        done = 0
        while done < most:
            before, lo = perf_counter(), done
            done = lo + _BLOCK
            without, under = self._block(len(blocks)), alone.experiment.run(lo, done)
            parts: Iterator[tuple[Any, Any]] = zip(without, under, strict=True)
            blocks.append(engine.Counts(*(np.concatenate(part) for part in parts)))
            now = perf_counter()
            if futures is None and now - began + 1.2 * (now - before) > budget:
                break
        record = both.record(done)
        for i, counts in enumerate(blocks):
            record.add(i * _BLOCK, counts)
        base, changed = both.futures(record, expected)
        return Answer(Comparison(base, (Effect(changed, base),)), done, perf_counter() - began)

    def _block(self, i: int) -> engine.Counts:
        """Futures of a block without a measure."""
        while len(self._without) <= i:
            lo = len(self._without) * _BLOCK
            self._without.append(self._setting.experiment.run(lo, lo + _BLOCK))
        return self._without[i]
