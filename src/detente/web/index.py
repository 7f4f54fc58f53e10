"""All events of a record in memory, the newest first: what pages filter, count and leaf through.

Event data lie in plain arrays, and beside them, for each value of each facet, the places that have it. A question of a
million events costs a few passes over a million bits, and rows are put into words only for the page that is shown.
Nothing of this waits for a pool of workers, so readers are answered also while a newer index is being made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente import words
from detente.record import ask, sighting_id, sighting_key
from detente.record.ask import Asked

if TYPE_CHECKING:
    from detente.desk import Desk

Places = NDArray[np.uint32]
Mask = NDArray[np.bool_]

FACETS: Final = ("actor", "other", "type", "domain", "source", "modality", "confidence")
LEVELS: Final = ("high", "fair", "low")
"""Words for confidence, as :func:`detente.words.confidence` has them."""
MOST_OPTIONS: Final = 80

COLUMNS: Final = (
    "id", "archive", "report", "day", "last_day", "date", "known", "source", "target", "source_name", "target_name",
    "reciprocal", "type", "cameo", "goldstein", "domain", "modality", "place", "outlet", "reports", "sightings",
    "confidence",
)  # fmt: skip
"""What a row tells, with the meaning that it has in :data:`detente.record.ask.EVENTS`."""

_CODED: Final = (
    "dataset", "source", "target", "source_name", "target_name", "type", "cameo", "domain", "place", "outlet",
    "precision",
)  # fmt: skip
_DAYS: Final = ("day", "last_day", "known")
_NUMBERS: Final = ("key", "goldstein", "reports", "sightings")
_NEVER: Final = np.iinfo(np.int32).min  # no day
_EPOCH: Final = Date(1970, 1, 1)


@dataclass(frozen=True)
class Coded:
    """A column of few different texts: its values, and which of them each row has (-1 for none)."""

    values: list[str]
    rows: NDArray[np.int32]

    def __getitem__(self, row: int) -> str | None:
        return self.values[code] if (code := self.rows[row]) >= 0 else None


@dataclass(frozen=True)
class Index:
    """Events of a record; a place is a position in the order in which pages show them.

    Args:
        read: events that were read, a row each, columns :data:`COLUMNS`.
        coded, plain: columns of event data that others coded, by row.
        order: for each place its row, first those of ``read``, then those of event data.
        has: for each facet and value the places that have it.
    """

    read: pl.DataFrame
    coded: Mapping[str, Coded]
    plain: Mapping[str, NDArray[Any]]
    order: Places
    has: Mapping[str, Mapping[str, Places]]

    @property
    def size(self) -> int:
        """Number of events."""
        return int(self.order.size)

    # -- asking --------------------------------------------------------------------------------------------------

    def find(self, asked: Asked, levels: Sequence[str] = ()) -> Places:
        """Places of the events that meet a question, the newest first; a value that nothing has is met by none.

        Args:
            asked: its actors, others, types, domains, sources, modalities, since and until count.
            levels: of confidence; event data without one have none.
        """
        mask = np.ones(self.size, dtype=np.bool_)
        for facet, values in (("type", asked.types), ("domain", asked.domains), ("modality", asked.modalities)):
            if values:
                mask &= self._any(values, facet)
        if asked.sources:
            mask &= self._any(asked.sources, "told", "report")
        if asked.actors and asked.others:
            mask &= self._facing(asked.actors, asked.others)
        elif either := asked.actors or asked.others:
            mask &= self._any(either, "source", "target")
        if levels:
            mask &= self._any(levels, "confidence")
        if asked.since or asked.until:
            first, last = self._between(asked.since, asked.until)
            mask[:first] = False
            mask[last:] = False
        return np.flatnonzero(mask).astype(np.uint32)

    def _any(self, values: Iterable[str], *facets: str) -> Mask:
        mask = np.zeros(self.size, dtype=np.bool_)
        for facet in facets:
            for value in values:
                if (held := self.has[facet].get(value)) is not None:
                    mask[held] = True
        return mask

    def _facing(self, one: Sequence[str], other: Sequence[str]) -> Mask:
        """Where the actors stand on two sides, or act together; nobody faces itself by acting with others."""
        mask = self._any(one, "source") & self._any(other, "target")
        mask |= self._any(one, "target") & self._any(other, "source")
        for a in one:
            for b in other:
                if a != b:
                    mask |= self._any((a,), "together") & self._any((b,), "together")
        return mask

    def _between(self, since: Date | None, until: Date | None) -> tuple[int, int]:
        """The places from the last day to the first one; without the events that have no day."""
        rising = self._days[::-1]
        n = rising.size
        first = n - int(np.searchsorted(rising, _number(until), side="right")) if until else 0
        last = n - int(np.searchsorted(rising, _number(since), side="left")) if since else n
        return first, last

    @cached_property
    def _days(self) -> NDArray[np.int32]:
        """The day of each place that has one, falling."""
        days: NDArray[np.int32] = self._all("day")[self.order]
        dated: NDArray[np.int32] = days[days != _NEVER]
        return dated

    @property
    def first_day(self) -> Date | None:
        """The earliest day of an event; None where none has a day."""
        return _date(self._days[-1]) if self._days.size else None

    def _all(self, name: str) -> NDArray[np.int32]:
        """Days of all rows."""
        return np.concatenate([_days(self.read[name]), self.plain[name]])

    def since_known(self, day: Date) -> Places:
        """Places of the events that became known after a day."""
        return np.flatnonzero(self._all("known")[self.order] > _number(day)).astype(np.uint32)

    @cached_property
    def options(self) -> dict[str, list[tuple[str, str, int]]]:
        """Values of each facet that occur, the most frequent first: value, words for it, number of events."""
        found = {name: _options(self.has[name]) for name in ("type", "domain", "modality", "confidence")}
        found["source"] = _options(self.has["told"])
        counts: dict[str, int] = defaultdict(int)
        for side in ("source", "target"):
            for code, held in self.has[side].items():
                counts[code] += held.size
        within = {code: held for code, held in self.has["source"].items() if code in self.has["target"]}
        for code, held in within.items():  # what an actor did to itself, or both did together, is one event
            counts[code] -= np.intersect1d(held, self.has["target"][code], assume_unique=True).size
        busiest = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MOST_OPTIONS]
        found["actor"] = [(code, words.name(code), n) for code, n in busiest]
        found["type"] = [(kind, f"{kind.lower()} – {words.deed(kind)}", n) for kind, _, n in found["type"]]
        return found

    # -- rows ----------------------------------------------------------------------------------------------------

    def rows(self, places: Iterable[int]) -> list[dict[str, Any]]:
        """The events at places, each with :data:`COLUMNS`."""
        return [self._row(int(self.order[place])) for place in places]

    def frame(self, places: Iterable[int]) -> pl.DataFrame:
        """The events at places as a frame."""
        return framed(self.rows(places))

    def at(self, id_: str) -> dict[str, Any] | None:
        """The event of an id; None where the record has none."""
        if found := sighting_key(id_):
            dataset, key = found
            for row in np.flatnonzero(self.plain["key"] == np.uint64(key)):
                if self.coded["dataset"][int(row)] == dataset:
                    return self._row(self.read.height + int(row))
            return None
        held = self._read_ids.get(id_)
        return None if held is None else self._row(held)

    @cached_property
    def _read_ids(self) -> dict[str, int]:
        return {id_: row for row, id_ in enumerate(self.read["id"])}

    def _row(self, row: int) -> dict[str, Any]:
        if row < self.read.height:
            return self.read.row(row, named=True)
        row -= self.read.height
        text = {name: column[row] for name, column in self.coded.items()}
        day, last, known = (_date(self.plain[name][row]) for name in _DAYS)
        goldstein = float(self.plain["goldstein"][row])
        return {
            "id": sighting_id(str(text["dataset"]), int(self.plain["key"][row])),
            "archive": text["dataset"],
            "report": None,
            "day": day,
            "last_day": last,
            "date": _written(day, last, text["precision"]),
            "known": known,
            **{name: [text[name]] if text[name] else [] for name in ("source", "target", "source_name", "target_name")},
            "reciprocal": False,
            **{name: text[name] for name in ("type", "cameo", "domain", "place", "outlet")},
            "goldstein": None if np.isnan(goldstein) else goldstein,
            "modality": "asserted",
            "reports": int(self.plain["reports"][row]),
            "sightings": int(self.plain["sightings"][row]),
            "confidence": None,
        }


def framed(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a frame, made column by column: rows at once would wait for the pool of workers."""
    return pl.DataFrame(
        [pl.Series(name, [row[name] for row in rows], dtype=ask.EVENTS[name], strict=True) for name in COLUMNS]
    )


def index(desk: Desk, as_of: Date | None) -> Index:
    """The index of a desk as known by a date."""
    asked = Asked(as_of=as_of)
    read = ask.read_events(desk.store, asked).select(COLUMNS)
    if ask.has_sightings(desk.store):
        loaded = ask.sightings(desk.store, asked).select(*_CODED, *_DAYS, *_NUMBERS).collect()
    else:
        kinds = dict.fromkeys(_CODED, pl.String) | dict.fromkeys(_DAYS, pl.Date)
        loaded = pl.DataFrame(schema=kinds | {"key": pl.UInt64, "goldstein": pl.Float64, "reports": pl.Int64,
                                              "sightings": pl.Int64})  # fmt: skip
    coded = {name: _coded(loaded[name]) for name in _CODED}
    plain: dict[str, NDArray[Any]] = {name: _days(loaded[name]) for name in _DAYS}
    plain["key"] = loaded["key"].to_numpy()
    plain["goldstein"] = loaded["goldstein"].fill_null(float("nan")).to_numpy()
    plain["reports"], plain["sightings"] = (loaded[name].fill_null(0).to_numpy() for name in ("reports", "sightings"))
    days = np.concatenate([_days(read["day"]), plain["day"]]).astype(np.int64)
    ties = np.concatenate([np.arange(read.height, dtype=np.uint64), plain["key"]])
    order = np.lexsort((ties, -days)).astype(np.uint32)
    place = np.empty(order.size, dtype=np.uint32)
    place[order] = np.arange(order.size, dtype=np.uint32)
    return Index(read, coded, plain, order, _has(read, coded, place))


def _has(read: pl.DataFrame, coded: Mapping[str, Coded], place: Places) -> dict[str, dict[str, Places]]:
    """For each facet and value the places that have it."""
    own, loaded = place[: read.height], place[read.height :]
    found: dict[str, dict[str, list[Places]]] = defaultdict(lambda: defaultdict(list))
    for facet, columns in (
        ("source", ("source",)),
        ("target", ("target",)),
        ("type", ("type",)),
        ("domain", ("domain",)),
        ("told", ("dataset", "outlet")),
    ):
        for column in columns:
            by_code = np.argsort(coded[column].rows, kind="stable")
            ends = np.searchsorted(coded[column].rows[by_code], np.arange(len(coded[column].values) + 1))
            for code, value in enumerate(coded[column].values):
                found[facet][value].append(loaded[by_code[ends[code] : ends[code + 1]]])
    if loaded.size:
        found["modality"]["asserted"].append(loaded)
    told: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, event in zip(own.tolist(), read.iter_rows(named=True), strict=True):
        for facet in ("source", "target"):
            for code in dict.fromkeys(event[facet]):
                told[facet][code].append(row)
                if event["reciprocal"]:
                    told["together"][code].append(row)
        for facet, value in (
            ("type", event["type"]),
            ("domain", event["domain"]),
            ("modality", event["modality"]),
            ("told", event["outlet"]),
            ("report", event["report"]),
            ("confidence", words.confidence(event["confidence"])),
        ):
            if value:
                told[facet][value].append(row)
    for facet, values in told.items():
        for value, held in values.items():
            found[facet][value].append(np.array(held, dtype=np.uint32))
    facets = ("source", "target", "together", "type", "domain", "told", "report", "modality", "confidence")
    return {facet: {value: np.concatenate(held) for value, held in found[facet].items()} for facet in facets}


def _coded(column: pl.Series) -> Coded:
    values = column.drop_nulls().unique().sort()
    rows = column.cast(pl.Enum(values)).to_physical().cast(pl.Int32).fill_null(-1)
    return Coded(values.to_list(), rows.to_numpy())


def _days(column: pl.Series) -> NDArray[np.int32]:
    """Days since 1970; the least number for none."""
    days: NDArray[np.int32] = column.cast(pl.Date).to_physical().cast(pl.Int32).fill_null(int(_NEVER)).to_numpy()
    return days


def _options(has: Mapping[str, Places]) -> list[tuple[str, str, int]]:
    ordered = sorted(has.items(), key=lambda item: (-item[1].size, item[0]))
    return [(value, value, int(held.size)) for value, held in ordered[:MOST_OPTIONS]]


def _number(day: Date) -> int:
    return (day - _EPOCH).days


def _date(number: np.int32) -> Date | None:
    return None if number == _NEVER else _EPOCH + timedelta(days=int(number))


def _written(day: Date | None, last: Date | None, precision: str | None) -> str | None:
    """A date with the precision that it is known to."""
    if day is None or last is None:
        return None
    whole = day.isoformat()
    return {"day": whole, "month": whole[:7], "year": whole[:4]}.get(precision or "", f"{whole}/{last.isoformat()}")
