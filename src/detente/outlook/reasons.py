"""Why a row stands high on the watch list, in words: what adds most to its score, told with counts of the record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detente.outlook import kernel
from detente.outlook.facts import Facts, Floats, Ints
from detente.outlook.kernel import AT_CELL, AT_LIFT, AT_OTHER, AT_PATH, AT_SHARE, PER_TABLE, H

MOST: Final = 3
RECENT, LONGER = 10, 40
TELLING: Final = 1.2
"""Least lift that is worth telling."""

# Features that one sentence accounts for.
_BLOCKS: Final = {
    "did": (*range(H), 3 * H, AT_SHARE),
    "toward": (*range(H, 2 * H), 3 * H + 1, AT_SHARE + 1),
    "back": tuple(range(2 * H, 3 * H)),
    "group": tuple(range(PER_TABLE, AT_CELL)),
    "met": (*range(AT_CELL, AT_OTHER), AT_SHARE + 2),
    "busy": tuple(range(AT_OTHER, AT_LIFT)),
    "after": tuple(range(AT_LIFT, AT_PATH)),
    "others": tuple(range(AT_PATH, AT_SHARE)),
}


class Teller:
    """Reasons for the rows of one list.

    Args:
        facts, state: the record, known up to ``day``.
        actors, relations: names by number.
    """

    def __init__(
        self, facts: Facts, state: kernel.State, day: int, actors: Sequence[str], relations: Sequence[str]
    ) -> None:
        self._facts, self._state, self._day = facts, state, day
        self._actors, self._relations = actors, relations
        last = len(facts.start) - 1
        first, until = (facts.start[min(max(d, 0), last)] for d in (day - LONGER, day))
        recent = facts.rows[first:until]
        self._recent = recent[recent[:, 1] < facts.n_relations]

    def reasons(self, s: int, r: int, o: int, parts: Floats) -> list[str]:
        """At most three sentences on (s, r, o), the weightiest first.

        Args:
            parts: (F,) what each feature adds to the score.
        """
        weight = {name: float(parts[list(columns)].sum()) for name, columns in _BLOCKS.items()}
        weighty = [name for name in sorted(weight, key=lambda each: -weight[each]) if weight[name] > 0]
        return [words for name in weighty if (words := self._words(name, s, r, o))][:MOST]

    def _words(self, name: str, s: int, r: int, o: int) -> str:
        one, other, what = self._actors[s], self._actors[o], self._relations[r]
        rows = self._recent
        by, to = rows[:, 0] == s, rows[:, 2] == o
        match name:
            case "did":
                return self._days(by & to & (rows[:, 1] == r), f"{what} of {one} toward {other}")
            case "toward":
                return self._days(by & to, f"any act of {one} toward {other}")
            case "back":
                return self._days((rows[:, 0] == o) & (rows[:, 2] == s), f"any act of {other} toward {one}")
            case "met":
                return self._days(to & (rows[:, 1] == r) & ~by, f"{what} toward {other} by others")
            case "busy":
                return self._days(to & ~by, f"any act of others toward {other}")
            case "after":
                return self._after(s, r, o)
            case "others":
                return self._shared(s, o)
        return ""

    def _days(self, chosen: NDArray[np.bool_], what: str) -> str:
        """On how many days it was so; empty where on none."""
        days: Ints = np.unique(self._recent[chosen, 3])
        for length in (RECENT, LONGER):
            if n := int((days >= self._day - length).sum()):
                return f"{what} on {n} of the last {length} days"
        return ""

    def _after(self, s: int, r: int, o: int) -> str:
        """The fresh act of either side that raises the chance most."""
        facts, state = self._facts, self._state
        best, words = 0.0, ""
        rows = self._recent[self._recent[:, 3] >= self._day - RECENT]
        for a, b, shift in ((s, o, 0), (o, s, facts.n_relations)):
            for k in np.unique(rows[(rows[:, 0] == a) & (rows[:, 2] == b), 1]):
                if a == s and k == r:
                    continue
                times = kernel.lift(state, int(k) + shift, r, self._day)
                if times >= TELLING and times > best:
                    best = times
                    words = (
                        f"after {self._relations[k]} of {self._actors[a]} toward {self._actors[b]}, as in the last "
                        f"{RECENT} days, {self._relations[r]} is {times:.1f} times likelier"
                    )
        return words

    def _shared(self, s: int, o: int) -> str:
        rows = self._recent[self._recent[:, 3] >= self._day - RECENT]
        with_s, with_o = (
            {*rows[rows[:, 0] == one, 2].tolist(), *rows[rows[:, 2] == one, 0].tolist()} - {s, o} for one in (s, o)
        )
        n = len(with_s & with_o)
        return f"both dealt with {n} of the same others in the last {RECENT} days" if n else ""
