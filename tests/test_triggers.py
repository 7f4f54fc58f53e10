"""Shares of an event's rate: against the rate worked out by brute force, and on a desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import detente
from detente.cli import main
from detente.codebook import QUADS, TYPES, event_type
from detente.errors import DeskError, LearnError, ShortHistory
from detente.learn import Fit, ReactionModel, Settings, prior
from detente.learn.exposures import SYMMETRIC, channels, symmetrise
from detente.learn.triggers import _components, triggers
from tests import handmade

ACTORS = ["CHN", "JPN", "KOR", "PRK", "USA"]
START = date(2024, 1, 1)


def own() -> Fit:
    """The shipped model for a few actors, taken for one fitted on a record by itself."""
    fit = prior().select(ACTORS)
    return replace(fit, prior_share=0.0, provenance={}, end=START + timedelta(60))


def record(seed: int, n: int = 60) -> pl.DataFrame:
    """Events of all types between all pairs, none twice on one day."""
    rng = np.random.default_rng(seed)
    rows: dict[tuple[int, int, int, str], int] = {}
    while len(rows) < n:
        a, b = rng.choice(5, 2, replace=False)
        k = TYPES[int(rng.integers(len(TYPES)))]
        one, other = sorted((a, b)) if event_type(k).symmetric else (a, b)
        rows[int(rng.integers(60)), int(one), int(other), k] = int(rng.integers(1, 4))
    return pl.DataFrame(
        [
            (START + timedelta(t), ACTORS[a], ACTORS[b], k, n, f"e{i}")
            for i, ((t, a, b, k), n) in enumerate(sorted(rows.items()))
        ],
        schema=["day", "source", "target", "type", "count", "id"],
        orient="row",
    )


def rate(fit: Fit, table: pl.DataFrame, day: date, cell: tuple[str, str, str]) -> float:
    """The rate by the formula of the model, its history summed event by event."""
    state = np.zeros((5, 5, len(TYPES), len(fit.taus)))
    for row in table.filter(pl.col("day") < day).iter_rows(named=True):
        a, b, k = fit.index(row["source"]), fit.index(row["target"]), TYPES.index(row["type"])
        keep = np.exp(-1 / fit.taus.astype(float))
        left = row["count"] * (1 - keep) * keep ** ((day - row["day"]).days - 1)
        if event_type(row["type"]).symmetric:
            state[a, b, k] += left / 2
            state[b, a, k] += left / 2
        else:
            state[a, b, k] += left
    felt = channels(state, fit.partners)
    a, b, k = fit.index(cell[0]), fit.index(cell[1]), TYPES.index(cell[2])
    total = 0.0
    for x, y in [(a, b), (b, a)] if event_type(cell[2]).symmetric else [(a, b)]:
        total += fit.base[x, y, k]
        for c in range(len(fit.channels)):
            total += fit.theta[c, x, y] * (felt[c, x, y] * fit.weights[c, :, :, k].T).sum()
    return float(total)


@pytest.mark.parametrize("cell", [("PRK", "KOR", "ACCUSE"), ("CHN", "USA", "CONSULT"), ("USA", "PRK", "SANCTION")])
def test_each_share_is_what_the_rate_loses_without_the_event(cell: tuple[str, str, str]) -> None:
    fit, table, day = own(), record(1), START + timedelta(55)
    found = triggers(fit, table, day=day, cells=[cell])
    whole = rate(fit, table, day, cell)
    assert found.rate == pytest.approx(whole, rel=1e-9)
    assert found.frame()["share"].sum() == pytest.approx(1.0, abs=1e-12)
    assert found.causes.height == table.filter(pl.col("day") < day).height
    for row in found.causes.iter_rows(named=True):
        without = rate(fit, table.filter(pl.col("id") != row["id"]), day, cell)
        assert row["share"] * whole == pytest.approx(whole - without, abs=1e-12)
    assert found.unseen == 0.0


@pytest.mark.parametrize("cell", [("PRK", "KOR", "ACCUSE"), ("CHN", "USA", "CONSULT")])
def test_damping_takes_the_same_part_of_all_shares(cell: tuple[str, str, str]) -> None:
    """Recent cooperation of the pair lowers the rate as a whole; shares stay as they are."""
    table, day = record(1, 400), START + timedelta(55)
    free, damping = own(), np.linspace(0.2, 0.9, 8).reshape(4, 2)
    bound = replace(free, damping=damping)
    one, two = (triggers(fit, table, day=day, cells=[cell]) for fit in (free, bound))
    # The pair's decayed cooperation by the formula, both directions, middle time constant.
    keep, z = np.exp(-1 / float(free.taus[1])), np.zeros(2)
    for row in table.filter(pl.col("day") < day).iter_rows(named=True):
        quad = event_type(row["type"]).quad
        if {row["source"], row["target"]} == set(cell[:2]) and quad.endswith("cooperation"):
            z[int(quad == "material cooperation")] += row["count"] * (1 - keep) * keep ** ((day - row["day"]).days - 1)
    left = float(np.exp(-damping[QUADS.index(event_type(cell[2]).quad)] @ (z / (z + bound.damping_scale))))
    assert z.any() and two.left == pytest.approx(left) and one.left == 1.0
    assert two.rate == pytest.approx(left * one.rate)
    assert two.baseline == pytest.approx(one.baseline)
    assert two.frame()["share"].to_list() == pytest.approx(one.frame()["share"].to_list())
    assert "left" in two.summary() and two.frame()["share"].sum() == pytest.approx(1.0, abs=1e-12)


def test_the_baseline_is_that_of_the_day() -> None:
    """Of a model fitted on its own record: at the end it is the model's, earlier that of the record until then."""
    table = record(5, 240)
    model = ReactionModel(settings=Settings(outer=3), draws=0)
    fit = model.fit(table, actors=ACTORS)
    cell, end = ("PRK", "KOR", "ACCUSE"), fit.end
    a, b, k = fit.index("PRK"), fit.index("KOR"), TYPES.index("ACCUSE")
    after = triggers(fit, table, day=end + timedelta(1), cells=[cell])
    assert after.rate * after.baseline == pytest.approx(fit.base[a, b, k])
    # Had the record ended then: the same mixture of the components that it would have had.
    day = START + timedelta(50)
    early = model.fit(table.filter(pl.col("day") < day), actors=ACTORS)
    assert early.end == day - timedelta(1) and early.mixture is not None and fit.mixture is not None
    found = triggers(fit, table, day=day, cells=[cell])
    frozen = triggers(replace(fit, mixture=None), table, day=day, cells=[cell])
    assert found.rate * found.baseline != pytest.approx(frozen.rate * frozen.baseline)
    again = triggers(replace(early, table=table, end=end), table, day=day, cells=[cell])
    assert found.rate - found.rate * found.baseline == pytest.approx(frozen.rate - frozen.rate * frozen.baseline)
    assert again.rate > 0
    whole = [_components(fit, part) for part in (table, table.filter(pl.col("day") < day))]
    assert all(whole)
    (last, *_), (then, *_) = (w for w in whole if w is not None)
    directed = ~SYMMETRIC
    factor = fit.base[..., directed].sum(2) / np.maximum(last[..., directed].sum(2), 1e-300)
    np.testing.assert_allclose(symmetrise(factor[..., None] * last), fit.base, rtol=1e-9)
    ratio = found.rate * found.baseline / fit.base[a, b, k]
    assert ratio == pytest.approx(then[a, b, k] / last[a, b, k])


def test_an_event_by_its_id() -> None:
    """A model that holds its record finds the event in it; others say what is missing."""
    fit, table = own(), record(1)
    row = table.row(table.height - 1, named=True)
    known = replace(fit, table=table).triggers(row["id"])
    cell = (row["source"], row["target"], row["type"])
    assert known.rate == triggers(fit, table, day=row["day"], cells=[cell]).rate
    assert fit.triggers(row["id"], table=table).frame().equals(known.frame())
    with pytest.raises(LearnError, match="does not hold its record"):
        fit.triggers(row["id"])
    with pytest.raises(LearnError, match="holds no event"):
        replace(fit, table=table).triggers("nothing")


def test_later_events_and_a_record_that_stopped_bear_on_nothing() -> None:
    fit, table = own(), record(2)
    first = triggers(fit, table, day=START, cells=[("PRK", "KOR", "ACCUSE")])
    assert first.baseline == 1.0 and first.causes.is_empty()
    late = triggers(fit, table, day=START + timedelta(200), cells=[("PRK", "KOR", "ACCUSE")])
    assert late.baseline == 1.0


def test_events_of_one_cell_share_by_their_counts() -> None:
    """Two sightings of one kind on one day, and a meeting told from both sides, which is one meeting."""
    rows = [
        (START, "KOR", "PRK", "ACCUSE", 1, "a"),
        (START, "KOR", "PRK", "ACCUSE", 3, "b"),
        (START, "KOR", "PRK", "CONSULT", 1, "c"),
        (START, "PRK", "KOR", "CONSULT", 1, "d"),
    ]
    table = pl.DataFrame(rows, schema=["day", "source", "target", "type", "count", "id"], orient="row")
    fit, cell = own(), ("PRK", "KOR", "ACCUSE")
    found = triggers(fit, table, day=START + timedelta(1), cells=[cell])
    share = dict(found.causes.select("id", "share").iter_rows())
    assert share["b"] == pytest.approx(3 * share["a"])
    assert share["c"] == pytest.approx(share["d"])
    once = triggers(fit, table.filter(pl.col("id") != "d"), day=START + timedelta(1), cells=[cell])
    assert once.rate == pytest.approx(found.rate)


def test_an_event_of_several_actors_is_the_sum_of_its_pairs() -> None:
    fit, table, day = own(), record(3), START + timedelta(50)
    cells = [("PRK", "KOR", "ACCUSE"), ("PRK", "JPN", "ACCUSE")]
    both = triggers(fit, table, day=day, cells=cells)
    assert both.rate == pytest.approx(sum(rate(fit, table, day, cell) for cell in cells))
    with pytest.raises(LearnError, match="knows nothing of 'FJI'"):
        triggers(fit, table, day=day, cells=[("FJI", "KOR", "ACCUSE")])
    with pytest.raises(LearnError, match="no source and target"):
        triggers(fit, table, day=day, cells=[])


def test_on_a_desk_sentences_stand_behind_the_shares(tmp_path: object) -> None:
    """The desk's own model: baseline, what the desk does not hold, and each earlier event with its sentence."""
    desk = detente.open(f"{tmp_path}/desk")
    for reading in handmade.readings():
        desk.store.add([reading])
    told = desk.told()
    last = told.filter(pl.col("source").is_in(prior().actors), pl.col("target").is_in(prior().actors))[-1]
    with pytest.warns(ShortHistory):
        found = desk.triggers(last["id"][0])
    assert found.frame()["share"].sum() == pytest.approx(1.0)
    assert 0 < found.unseen < 1 and 0 < found.baseline < 1
    assert found.causes["sentence"].null_count() == 0
    assert "of this rate" in found.summary().lower()
    outcome = CliRunner().invoke(
        main, ["triggers", last["id"][0], "--desk", f"{tmp_path}/desk", "--most", "1", "--json"]
    )
    assert outcome.exit_code == 0 and '"cause": "baseline"' in outcome.stdout
    with pytest.raises(DeskError, match="no event"):
        desk.triggers("nothing")
