"""Who is the other party of the next event: train on a record, rank the days after it.

Questions are (subject, relation, day) or, with relation + R, (object, relation, day): who stands at the other end? The
candidates of a question are the likeliest by a first score; a conditional logit ranks them, and a boosted ranker, where
asked for, ranks the head of that list again. Both learn from questions of the past whose candidates were drawn exactly
as they are for the future.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.errors import LearnError
from detente.outlook import boost, kernel, logit
from detente.outlook.facts import Facts, Ints, both_ways, index

N: Final = 100
"""Candidates of a question."""
MIX: Final = (0.1, 0.05, 1.0, 0.5, 0.3, 0.2, 0.1)
"""Weights of the first score: shares of relation and object, of object, of the actor's triples and pairs, of its
group's triples and pairs, of paths through others."""
FEW: Final = 4_000
MANY: Final = 24_000
"""Questions that the logit and the boosted ranker learn from."""
WARM: Final = 0.35
"""Share of the record that only fills the counts."""
STEP: Final = 2_000
"""Questions described at a time."""


class Asked(NamedTuple):
    """Questions with their answers.

    Args:
        rows: (q, 4) known actor, relation (0 to 2 R), day, first day that is not known; by the last two.
        key: (m,) question times E plus answer, sorted: which answers are true.
    """

    rows: Ints
    key: Ints

    def true(self, chosen: Ints, among: NDArray[np.int32], n_actors: int) -> NDArray[np.bool_]:
        """Which of the candidates ``among`` (q, N) of the questions ``chosen`` (q,) are answers."""
        key = chosen[:, None] * n_actors + among
        at = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        found: NDArray[np.bool_] = self.key[at] == key
        return found


class Ranked(NamedTuple):
    """Ranked answers: the questions (q, 4), their candidates (q, N) and scores (q, N), higher likelier; ``plain``, the
    scores of the logit alone."""

    rows: Ints
    among: NDArray[np.int32]
    scores: NDArray[np.float32]
    plain: NDArray[np.float32]


class Ranker(NamedTuple):
    """A trained ranker: the logit, and the boosted ranker where one was asked for."""

    first: logit.Logit
    second: boost.Boosted | None

    def scores(self, x: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores (q, N) of candidates by their features (q, N, F), and those of the logit alone."""
        plain = self.first.score(widen(x))
        return (plain if self.second is None else self.second.scores(x, plain)), plain


def asked(facts: Ints, n_actors: int, n_relations: int, *, block: int = 0, frozen: int | None = None) -> Asked:
    """The questions that facts (n, 4) answer, both ways round.

    Args:
        block: what is known is renewed only on every ``block``-th day; daily where 0.
        frozen: nothing is known from this day on.
    """
    rows = both_ways(facts, n_relations)
    day = rows[:, 3]
    known = np.full_like(day, frozen) if frozen is not None else day - day % block if block else day
    order = np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0], day, known))
    rows, known = rows[order], known[order]
    questions = np.stack([rows[:, 0], rows[:, 1], rows[:, 3], known], 1)
    fresh = np.ones(len(rows), bool)
    fresh[1:] = (questions[1:] != questions[:-1]).any(1)
    return Asked(questions[fresh], np.unique((np.cumsum(fresh) - 1) * n_actors + rows[:, 2]))


def widen(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features (q, N, F) and, once more, what an actor did itself times how often it does so."""
    often = x[:, :, kernel.AT_QUERY : kernel.AT_QUERY + 1]
    return np.concatenate([x, x[:, :, : kernel.PER_TABLE] * often, x[:, :, kernel.AT_CELL : kernel.AT_PATH] * often], 2)


def train(
    facts: Facts, past: Ints, *, boosted: bool = False, multi: int = 0, seed: int = 7, state: kernel.State | None = None
) -> Ranker:
    """Learn to rank from the facts ``past`` (n, 4) that ``facts`` indexes.

    Args:
        boosted: rank again with a boosted ranker (needs LightGBM).
        multi: learn to rank up to so many days ahead; the next day where 0.
        state: brought up to the last question learnt from, so that ranking need not begin anew.

    Raises:
        LearnError: too few facts, or LightGBM is asked for and not there.
    """
    if boosted:
        boost.library()
    questions = asked(past, facts.n_actors, facts.n_relations, block=multi)
    days = questions.rows[:, 3]
    late = np.flatnonzero(days >= past[:, 3].min() + WARM * (past[:, 3].max() - past[:, 3].min()))
    if len(late) < 100:
        raise LearnError(f"An outlook needs more history: {len(late)} questions to learn from, 100 at least.")
    random = np.random.default_rng(seed)
    chosen = np.sort(random.permutation(late)[: MANY if boosted else FEW])
    state = kernel.begin(facts) if state is None else state
    room = kernel.room(facts, min(N, facts.n_actors))
    among, x = _describe(facts, state, room, questions.rows[chosen])
    true = questions.true(chosen, among, facts.n_actors)
    sample = np.sort(random.permutation(len(chosen))[:FEW])
    first = logit.fit(widen(x[sample]), true[sample])
    if not boosted:
        return Ranker(first, None)
    plain = np.concatenate([first.score(widen(x[at : at + STEP])) for at in range(0, len(x), STEP)])
    return Ranker(first, boost.fit(x, true, plain, seed=seed))


def rank(facts: Facts, ranker: Ranker, questions: Ints, *, state: kernel.State | None = None) -> Iterator[Ranked]:
    """Rank questions (q, 4), in the order of :class:`Asked`, stretch by stretch; a day is learnt once it is ranked."""
    state = kernel.begin(facts) if state is None else state
    room = kernel.room(facts, min(N, facts.n_actors))
    for at in range(0, len(questions), STEP):
        rows = questions[at : at + STEP]
        among, x = _describe(facts, state, room, rows)
        yield Ranked(rows, among, *ranker.scores(x))


def _describe(
    facts: Facts, state: kernel.State, room: kernel.Room, rows: Ints
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    n = min(N, facts.n_actors)
    among = np.zeros((len(rows), n), np.int32)
    x = np.zeros((len(rows), n, kernel.N_FEATURES), np.float32)
    kernel.describe(facts, state, room, rows, np.array(MIX), among, x)
    return among, x


def ranks(given: NDArray[np.float32], true: NDArray[np.bool_], answers: Ints, n_actors: int) -> NDArray[np.float64]:
    """Ranks of the right answers under the time-aware filter, ties at their mean, unlisted ones tied at the end.

    Args:
        given: (q, N) scores. true: (q, N) which candidates are right. answers: (q,) right answers of each question.
    """
    scores = np.where(true, -np.inf, given)
    rest = np.sort(scores, axis=1)[:, ::-1]
    out: list[Any] = []
    for q in range(len(scores)):
        listed = int(true[q].sum())
        out.extend(1 + (rest[q] > own).sum() + 0.5 * (rest[q] == own).sum() for own in given[q][true[q]])
        kept = len(rest[q]) - listed
        unlisted = n_actors - (int(answers[q]) - 1) - kept
        out.extend([kept + (unlisted + 1) / 2] * (int(answers[q]) - listed))
    return np.array(out, np.float64)


__all__ = ["Asked", "Ranked", "Ranker", "asked", "index", "rank", "ranks", "train"]
