"""The outlook: nothing of the future is used, the ranking is scored right, chances come true."""

from __future__ import annotations

import sys
from datetime import date as Date
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from detente.codebook import TYPES
from detente.errors import LearnError, LoadError
from detente.outlook import boost, chance, kernel, listing, logit, outlook, ranking, splits
from detente.outlook.facts import Ints, index
from detente.outlook.groups import groups
from detente.outlook.listing import SYMMETRIC, numbered
from detente.outlook.reliability import reliability
from detente.outlook.watch import came, listed
from tests.shared import shared

ACTORS, RELATIONS, DAYS = 30, 4, 80


def record(seed: int = 3, per_day: int = 25) -> Ints:
    """A made-up record: every actor has a favourite relation and two favourites to deal with; half the facts are such,
    the rest are noise."""
    random = np.random.default_rng(seed)
    rows = []
    for day in range(DAYS):
        s = random.integers(0, ACTORS, per_day)
        usual = random.random(per_day) < 0.5
        o = np.where(usual, (s + 1 + random.integers(0, 2, per_day)) % ACTORS, random.integers(0, ACTORS, per_day))
        r = np.where(usual, s % RELATIONS, random.integers(0, RELATIONS, per_day))
        rows.append(np.stack([s, r, o, np.full(per_day, day)], 1)[s != o])
    return np.vstack(rows)


GROUPS = np.array([i // 5 if i < 20 else -1 for i in range(ACTORS)])


def described(facts: Ints, asks: Ints) -> tuple[np.ndarray, np.ndarray]:
    """Candidates and features of questions (q, 4)."""
    indexed = index(facts, ACTORS, RELATIONS, GROUPS)
    state, room = kernel.begin(indexed, horizon=DAYS), kernel.room(indexed, 20)
    among = np.zeros((len(asks), 20), np.int32)
    x = np.zeros((len(asks), 20, kernel.N_FEATURES), np.float32)
    kernel.describe(indexed, state, room, asks, np.array(ranking.MIX), among, x)
    return among, x


def test_what_comes_later_changes_nothing() -> None:
    """A question is described alike, to the bit, when later facts or nine tenths of its own day's are dropped."""
    facts, day = record(), 60
    asks = ranking.asked(facts[facts[:, 3] == day], ACTORS, RELATIONS).rows
    among, x = described(facts, asks)
    same_day = np.flatnonzero(facts[:, 3] == day)
    few = np.concatenate([facts[facts[:, 3] < day], facts[same_day[::10]]])
    for fewer in (facts[facts[:, 3] <= day], few, facts[facts[:, 3] < day]):
        again, y = described(fewer, asks)
        assert np.array_equal(among, again)
        assert np.array_equal(x, y)
    earlier = facts[facts[:, 3] < day - 1]
    assert not np.array_equal(x, described(earlier, asks)[1]), "the day before does count"


def test_real_questions_know_nothing_of_their_day() -> None:
    """The same on ICEWS14, where the same day's questions would give much away."""
    data = splits.read(shared("data/events/tkg/ICEWS14"))
    past = data.parts["train"][data.parts["train"][:, 3] <= 40]
    day, n, r = 40, len(data.actors), len(data.relations)
    kept = np.concatenate([past[past[:, 3] < day], past[past[:, 3] == day][::10]])
    asks = ranking.asked(past[past[:, 3] == day][:40], n, r).rows
    found = []
    for facts in (past, kept):
        indexed = index(facts, n, r, groups(data.actors))
        among = np.zeros((len(asks), 50), np.int32)
        x = np.zeros((len(asks), 50, kernel.N_FEATURES), np.float32)
        kernel.describe(indexed, kernel.begin(indexed), kernel.room(indexed, 50), asks, np.array(ranking.MIX), among, x)
        found.append((among, x))
    assert np.array_equal(found[0][0], found[1][0])
    assert np.array_equal(found[0][1], found[1][1])


def test_counts_fade_by_their_half_lives() -> None:
    """One fact, asked about later: every feature of its triple is the logarithm of what is left of it."""
    facts = np.array([[0, 1, 2, 0], [3, 0, 4, 9]])
    among, x = described(facts, np.array([[0, 1, 10, 10]]))
    at = int(np.flatnonzero(among[0] == 2)[0])
    left = 2.0 ** -(10 / np.array(kernel.HALF_LIVES))
    assert x[0, at, : kernel.H] == pytest.approx(np.log1p(kernel.SCALE * left), rel=1e-5)
    assert among[0, 0] == 2


def test_both_sides_are_asked_and_answers_known() -> None:
    """Subject questions are object questions of the mirrored relation; several answers of a day are one question."""
    asked = ranking.asked(np.array([[0, 1, 2, 5], [0, 1, 3, 5]]), ACTORS, RELATIONS)
    assert asked.rows.tolist() == [[0, 1, 5, 5], [2, 1 + RELATIONS, 5, 5], [3, 1 + RELATIONS, 5, 5]]
    true = asked.true(np.array([0, 1]), np.array([[2, 9, 3], [0, 1, 2]], np.int32), ACTORS)
    assert true.tolist() == [[True, False, True], [True, False, False]]


def test_ranks_filter_and_ties() -> None:
    """Other right answers do not count; ties count half; what is not listed ties below."""
    scores = np.array([[3.0, 2.0, 2.0, 1.0]], np.float32)
    true = np.array([[True, True, False, False]])
    assert ranking.ranks(scores, true, np.array([2]), 10).tolist() == [1.0, 1.5]
    # Three right answers of ten actors, one not listed: 2 wrong ones above it, 6 unlisted to tie with.
    assert ranking.ranks(scores, true, np.array([3]), 10).tolist() == [1.0, 1.5, 2 + 3.5]


def scored(boosted: bool, *, multi: bool = False) -> float:
    facts = record(per_day=40)
    past, now = facts[facts[:, 3] < 65], facts[facts[:, 3] >= 65]
    indexed = index(facts, ACTORS, RELATIONS, GROUPS)
    ranker = ranking.train(indexed, past, boosted=boosted, multi=15 if multi else 0)
    asked = ranking.asked(now, ACTORS, RELATIONS, frozen=65 if multi else None)
    answers = np.bincount(asked.key // ACTORS, minlength=len(asked.rows))
    out, at = [], 0
    for some in ranking.rank(indexed, ranker, asked.rows):
        chosen = np.arange(at, at + len(some.rows))
        out.append(ranking.ranks(some.scores, asked.true(chosen, some.among, ACTORS), answers[chosen], ACTORS))
        at += len(some.rows)
    return float((1 / np.concatenate(out)).mean())


def test_the_ranker_learns_habits() -> None:
    """Half the facts are two favourites' (best possible near .43); guessing gives .13."""
    assert scored(False) > 0.36
    assert scored(False, multi=True) > 0.36


def test_the_boosted_ranker_learns_habits() -> None:
    """The same with trees."""
    pytest.importorskip("lightgbm", exc_type=ImportError)
    assert scored(True) > 0.36


def test_without_lightgbm_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """An optional package that is not there is named before any work."""
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(LearnError, match=r'pip install "detente\[boost\]"'):
        boost.library()


def test_logit_finds_the_weights() -> None:
    """Answers drawn from a known logit give its weights back."""
    random = np.random.default_rng(5)
    x = random.normal(size=(6000, 8, 2)).astype(np.float32)
    score = x @ np.array([1.0, -0.5], np.float32) + random.gumbel(size=(6000, 8))
    true = score == score.max(1, keepdims=True)
    assert logit.fit(x, true).weights == pytest.approx([1.0, -0.5], abs=0.06)


def test_chances_are_calibrated_where_the_model_is_wrong() -> None:
    """Scores that the logistic model cannot bend right are bent by the calibration."""
    random = np.random.default_rng(2)
    x = random.normal(size=(60_000, 1)).astype(np.float32)
    p = np.clip(0.1 + 0.3 * (x[:, 0] > 0) + 0.4 * (x[:, 0] > 1), 0, 1)
    happened = random.random(60_000) < p
    found = chance.fit(x, happened, np.arange(60_000) // 1500)
    for at, right in ((-1.0, 0.1), (0.5, 0.4), (2.0, 0.8)):
        assert found.of(np.array([[at]]))[0] == pytest.approx(right, abs=0.06)


def test_groups_by_register_and_bracket() -> None:
    """Leaders and ministries stand with their state; names in brackets with each other; no one alone in a group."""
    names = ["North_Korea", "Kim_Jong-Un", "Foreign_Affairs_(North_Korea)", "Citizen_(Utopia)", "Police_(Utopia)", "X"]
    found = groups(names).tolist()
    assert found[0] == found[1] == found[2] >= 0
    assert found[3] == found[4] not in (-1, found[0])
    assert found[5] == -1


def test_split_files_say_what_is_wrong(tmp_path: Path) -> None:
    """Hours become days; a number without a name is reported with its line."""
    (tmp_path / "entity2id.txt").write_text("A\t0\nB\t1\n")
    (tmp_path / "relation2id.txt").write_text("meet\t0\n")
    (tmp_path / "train.txt").write_text("0\t0\t1\t0\n1\t0\t0\t24\n0\t0\t1\t72\n")
    assert splits.read(tmp_path).parts["train"][:, 3].tolist() == [0, 1, 3]
    (tmp_path / "train.txt").write_text("0\t0\t1\t0\n0\t0\t2\t0\n")
    with pytest.raises(LoadError, match="line 2"):
        splits.read(tmp_path)


def table(weeks: int = 40, seed: int = 1) -> pl.DataFrame:
    """A record of six states: three pairs that act weekly at known rates, and noise."""
    random = np.random.default_rng(seed)
    start, rows = Date(2020, 1, 1), []
    pairs = [("JPN", "CHN", "PROTEST", 0.25), ("USA", "KOR", "CONSULT", 0.5), ("PRK", "KOR", "THREATEN", 0.08)]
    codes = ["JPN", "CHN", "USA", "KOR", "PRK", "RUS"]
    for day in range(7 * weeks):
        at = start + timedelta(days=day)
        rows += [(at, a, b, kind) for a, b, kind, rate in pairs if random.random() < rate]
        for _ in range(4):
            a, b = random.choice(codes, 2, replace=False)
            rows.append((at, str(a), str(b), str(random.choice(TYPES))))
    return pl.DataFrame(rows, schema=["day", "source", "target", "type"], orient="row")


def test_outlook_of_a_record() -> None:
    """What happens most weeks comes first, with its chance, its reasons and no row twice."""
    found = outlook(table())
    frame = found.frame()
    assert found.start == Date(2020, 1, 1) + timedelta(days=280)
    assert set(frame.row(0)[:3]) == {"CONSULT", "KOR", "USA"}
    assert frame["chance"].is_sorted(descending=True)
    assert frame["chance"].is_between(0, 1, closed="none").all()
    assert frame.select("actor", "type", "other").is_unique().all()
    assert {"KOR", "USA"} not in [{a, b} for a, t, b, *_ in frame.rows()[1:] if t == "CONSULT"], "a meeting stands once"
    assert "of the last 10 days" in frame["reasons"][0][0]
    protest = frame.filter(actor="JPN", type="PROTEST", other="CHN")
    assert protest["chance"][0] == pytest.approx(1 - 0.75**7, abs=0.15)
    assert "CONSULT: South Korea and the United States" in found.summary()
    assert found.figure().svg().startswith("<svg")
    assert found.cite()


def test_outlook_narrowed() -> None:
    """By who acts and by type; the chances stay the same ones."""
    whole = outlook(table()).frame()
    mine = outlook(table(), actor="JPN", type="protest").frame()
    assert set(mine["actor"]) == {"JPN"}
    assert set(mine["type"]) == {"PROTEST"}
    assert mine["chance"][0] == whole.filter(actor="JPN", type="PROTEST")["chance"][0]


def test_a_meeting_stands_once_whatever_the_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only one side acted, what both may do is listed all the same; other codes give the same list with them."""
    monkeypatch.setattr(listing, "FULL", 1000)
    north = (pl.col("source") == "PRK") & ~pl.col("type").is_in(SYMMETRIC)
    quiet = table().filter(north | ~(pl.col("source").is_in(["KOR", "PRK"]) & pl.col("target").is_in(["KOR", "PRK"])))
    turned = {"CHN": "USA", "JPN": "RUS", "KOR": "PRK", "PRK": "KOR", "RUS": "JPN", "USA": "CHN"}
    for actor in (None, "KOR"):
        lists = [
            outlook(quiet, actor=actor).frame(),
            outlook(quiet.with_columns(pl.col("source", "target").replace(turned)), actor=actor and turned[actor])
            .frame()
            .with_columns(pl.col("actor", "other").replace(turned)),
        ]
        told = [
            {(kind, *(sorted((a, b)) if kind in SYMMETRIC else (a, b))): chance for a, kind, b, chance, *_ in f.rows()}
            for f in lists
        ]
        assert all(len(one) == f.height for one, f in zip(told, lists, strict=True))
        assert told[0] == pytest.approx(told[1], abs=0.03)  # where equal scores are cut into blocks, order tells
        assert ("CONSULT", "KOR", "PRK") in told[0], "only the North acted toward the South"


def test_outlook_knows_only_what_was_known() -> None:
    """As of a day, later rows change nothing."""
    day = Date(2020, 8, 1)
    cut = table().filter(pl.col("day") <= day)
    assert outlook(table(), as_of=day).frame().equals(outlook(cut, as_of=day).frame())


@pytest.mark.parametrize(
    ("rows", "says"),
    [(0, "No dated events"), (60, r"too short.* [0-9]+ events within [0-9]+ days")],
)
def test_too_little_to_look_ahead(rows: int, says: str) -> None:
    """A record without events, or with a few weeks of them, is told with the remedy."""
    with pytest.raises(LearnError, match=says):
        outlook(table().head(rows))


def test_old_record_asked_about_today() -> None:
    """A record that ended long before the day has nothing on its lists: said, not guessed."""
    with pytest.raises(LearnError):
        outlook(table(), as_of=Date(2030, 1, 1))


def test_lists_hold_what_came() -> None:
    """What came of a list is read off the days after it."""
    facts, _ = numbered(table())
    state = kernel.begin(facts)
    one = listed(facts, state, kernel.room(facts, facts.n_actors), 140)
    found = {tuple(row) for row in one.rows[came(facts, one, 7)].tolist()}
    days = facts.rows[facts.start[140] : facts.start[147], :3]
    right = {tuple(row) for row in days[days[:, 1] < facts.n_relations].tolist()}
    assert found == right & {tuple(row) for row in one.rows.tolist()}
    assert found


def test_reliability_of_lists() -> None:
    """On a record of constant rates, chances come true within what chance allows."""
    found = reliability(numbered(table(weeks=100))[0])
    assert found.lists == 25
    bands = found.tenths.filter(pl.col("rows") >= 25)
    assert ((bands["low"] - 0.05 <= bands["chance"]) & (bands["chance"] <= bands["high"] + 0.05)).all()
    assert "worst decile" in found.summary()
    assert found.figure().svg().startswith("<svg")
