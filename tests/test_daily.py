"""What a desk gives, as learning takes it; and a model asked about its own record."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

import detente
from detente.errors import LearnError
from detente.learn import ReactionModel, daily, prior
from tests import event_files, handmade


@pytest.fixture
def desk(tmp_path: Path) -> detente.Desk:
    """Events that were read, mutual ones among them, and events that others coded."""
    made = detente.open(tmp_path / "desk")
    made.store.add(handmade.readings())
    file = tmp_path / "events.tab"
    file.write_text(event_files.SAMPLES["icews"], encoding="utf-8")
    made.load("auto", file)
    return made


def test_events_of_a_desk_become_the_table_that_the_desk_itself_learns_from(desk: detente.Desk) -> None:
    """Lazily or not, in part or whole; a table stays as it is."""
    keys = ["day", "source", "target", "type", "id"]
    told, found = desk.told(), daily.events(desk.events())
    assert told.height > 3 and told["archive"].null_count() not in (0, told.height)
    assert found.select(keys).sort(keys).equals(told.select(keys).sort(keys))
    assert found["sentence"].drop_nulls().len() > 0
    assert daily.events(desk.events().collect()).equals(found)
    assert daily.events(found).equals(found)
    first, last = found["day"].min(), found["day"].max()
    assert isinstance(first, date) and isinstance(last, date) and first < last
    later = daily.events(desk.events(since=last))
    assert set(later["day"]) == {last} and later.height < found.height
    with pytest.raises(LearnError, match="The events lack"):
        daily.events(desk.events().drop("modality"))


def test_ties_of_a_desk_become_those_of_the_register(desk: detente.Desk) -> None:
    """With their history, which the table of a date does not hold."""
    frame = desk.ties()
    found = daily.ties(frame)
    assert found is not None and [tie.id for tie in found] == frame["id"].to_list()
    assert daily.ties(None) is None and daily.ties(iter(found)) == found
    with pytest.raises(LearnError, match="holds no fantasy"):
        daily.ties(pl.DataFrame({"id": ["fantasy"]}))


def test_a_model_of_a_desks_events_answers_for_itself(desk: detente.Desk) -> None:
    """Fitted on what the desk gives, it finds an event by its id, with the sentences of those before it."""
    model = ReactionModel().fit(desk.events(), ties=desk.ties(), prior=prior(), seed=7)
    assert model.table is not None
    known = model.table.filter(pl.col("source").is_in(model.actors), pl.col("target").is_in(model.actors))
    found = model.triggers(known["id"][-1])
    assert found.frame()["share"].sum() == pytest.approx(1.0)
    assert found.causes.height > 0 and found.causes["sentence"].drop_nulls().len() > 0
    assert model.reaction("CHN", to="ACCUSE", by="JPN").actor == "CHN"
    assert model.check("accusations of JPN raise threats of CHN within 7 days").model is not None
    with pytest.raises(LearnError, match="does not hold its record"):
        prior().backtest()


def test_what_learning_leaves_out_is_counted_and_said(desk: detente.Desk) -> None:
    """By the fit as a count by reason, by triggers for the event that was asked for."""
    events = desk.events().collect()
    kept = events.filter(pl.col("target").list.len() > 0)[:1]
    changes = {
        "no PLOVER type": {"type": pl.lit(None, pl.String)},
        "source and target are the same state": {"target": pl.col("source"), "reciprocal": pl.lit(False)},
        "not between two states": {"target": pl.lit([], pl.List(pl.String)), "reciprocal": pl.lit(False)},
        "no day known well enough": {"date_precision": pl.lit("year", events.schema["date_precision"])},
        "not asserted but denied": {"modality": pl.lit("denied", events.schema["modality"])},
        "the same event as another": {"same_as": pl.lit("another", pl.String)},
    }
    rows = [kept.with_columns(id=pl.lit(why), **how) for why, how in changes.items()]
    found = pl.concat([events.filter(daily.reason().is_null()), *rows], how="vertical_relaxed")
    assert daily.left_out(found) == dict.fromkeys(changes, 1)
    model = ReactionModel().fit(found, prior=prior())
    assert model.provenance["events_left_out"] == dict.fromkeys(changes, 1)
    assert "1 (no PLOVER type)" in model.summary()
    for why in changes:
        with pytest.raises(LearnError, match=f"no rate for event {why}: {why}"):
            model.triggers(why, table=found)
    planned = events.filter(pl.col("modality") == "planned")["id"][0]
    with pytest.raises(LearnError, match="not asserted but planned"):
        desk.triggers(planned)


def test_what_is_no_record_no_tie_and_no_fit_is_said() -> None:
    record = pl.DataFrame({"day": [], "source": [], "target": [], "type": []})
    with pytest.raises(LearnError, match="Events are a table, not str"):
        ReactionModel().fit("korea.csv")  # type: ignore[arg-type]
    with pytest.raises(LearnError, match="'x' is no tie"):
        ReactionModel().fit(record, ties="x")  # type: ignore[arg-type]
    with pytest.raises(LearnError, match="named by its id"):
        prior().triggers(5)  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="Fit the model first"):
        ReactionModel().summary()
    assert not hasattr(ReactionModel(), "fantasy")
