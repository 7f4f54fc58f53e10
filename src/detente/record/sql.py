"""SQL over the record: one statement that only reads, on tables as known by a date.

DuckDB runs it in memory. Three things keep it from doing anything but reading the desk: DuckDB's own parser must find
one SELECT and nothing else in it (also inside EXPLAIN and WITH, which could otherwise write); no file but the desk's
can be opened; and the settings that say so are locked before the statement runs.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from detente import codebook
from detente.actors import register
from detente.errors import DeskError
from detente.record import corrections
from detente.record.archive import SIGHTINGS, sighting_key
from detente.record.ask import EVENTS, Asked, read_events
from detente.record.store import Store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Nodes of a statement that read. Everything else that can stand where a query can (COPY, INSERT …) writes.
_READS = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_EXPLAIN = re.compile(r"\s*explain\s+(?P<analyze>analyze\s+)?(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_ONLY = "desk.sql takes one statement that only reads: SELECT, WITH, FROM, DESCRIBE, SUMMARIZE or EXPLAIN."

_SIDES = ("source", "target", "source_name", "target_name")

Table = pl.DataFrame | str
"""A table as a frame, or as the SQL of a view over files and other tables."""


def query(statement: str, views: Mapping[str, Callable[[], Table]], files: Sequence[Path] = ()) -> pl.DataFrame:
    """Run one statement that only reads.

    Args:
        statement: SQL in DuckDB's dialect.
        views: tables by name, made when a statement names them; a view may stand on those before it.
        files: Parquet files of the desk that views read.

    Raises:
        DeskError: not one statement that only reads; a fault in it; a file outside the desk; no DuckDB.

    Example:
        >>> query("select count(*) as n from t", {"t": lambda: pl.DataFrame({"a": [1, 2]})}).item()
        2
    """
    done = _run(statement, views, files)
    if isinstance(done, str):
        raise DeskError(done)
    return done


def _run(statement: str, views: Mapping[str, Callable[[], Table]], files: Sequence[Path]) -> pl.DataFrame | str:
    """The answer, or what is wrong.

    An exception that left this frame would keep DuckDB's module alive to the end of the process, where it complains of
    it at length: so its message leaves, not the exception.
    """
    try:
        import duckdb
    except ImportError:
        return "SQL needs DuckDB, which is not installed. Install it with: pip install duckdb"
    with tempfile.TemporaryDirectory(prefix="detente-") as folder, closing(duckdb.connect(":memory:")) as con:
        try:
            checked = _checked(con, statement)
            _prepare(con, _needed(statement, views), files, Path(folder))
            if checked.startswith("EXPLAIN"):
                return pl.DataFrame({"plan": [row[1] for row in con.execute(checked).fetchall()]})
            return pl.DataFrame(_Rows(con.sql(checked).__arrow_c_stream__()))
        except duckdb.Error as error:
            return _told(str(error), views)
        except DeskError as error:
            return str(error)


class _Rows:
    """Rows as an Arrow stream and nothing else: what Polars finds on the whole of DuckDB's object stays alive too."""

    def __init__(self, stream: object) -> None:
        self._stream = stream

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._stream


def _checked(con: DuckDBPyConnection, statement: str) -> str:
    """The statement, if it only reads.

    Raises:
        DeskError: it is none, several, or one that could write.
    """
    found = con.extract_statements(statement)
    if len(found) != 1:
        raise DeskError(f"{_ONLY} This is {len(found) or 'none'}.")
    kind, text = found[0].type.name, found[0].query.strip().rstrip(";")
    explained = _EXPLAIN.fullmatch(text) if kind == "EXPLAIN" else None
    body = explained["rest"] if explained else text
    if explained and len(inner := con.extract_statements(body)) == 1:
        kind = inner[0].type.name
    tree = json.loads(con.execute("select json_serialize_sql(?::varchar)", [body]).fetchall()[0][0])
    writes = sorted(set(_nodes(tree)) - _READS)
    if kind != "SELECT" or tree["error"] or writes:
        raise DeskError(f"{_ONLY} {(writes[0].split('_')[0] if writes else kind)} is not among them.")
    return f"EXPLAIN {'ANALYZE ' if explained['analyze'] else ''}{body}" if explained else body


def _nodes(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        kind = tree.get("type")
        if isinstance(kind, str) and kind.endswith("_NODE"):
            yield kind
        for branch in tree.values():
            yield from _nodes(branch)
    elif isinstance(tree, list):
        for branch in tree:
            yield from _nodes(branch)


def _needed(statement: str, views: Mapping[str, Callable[[], Table]]) -> dict[str, Table]:
    """Tables whose names stand in the statement, with those that they stand on; all where none does (SHOW TABLES)."""
    made: dict[str, Table] = {}
    text = statement.casefold()
    wanted = [name for name in views if name in text] or list(views)
    for name in reversed(list(views)):
        if name in wanted or any(isinstance(made[n], str) and name in str(made[n]) for n in made):
            made[name] = views[name]()
    return dict(reversed(made.items()))


def _prepare(con: DuckDBPyConnection, tables: Mapping[str, Table], files: Sequence[Path], folder: Path) -> None:
    """Make the views, then let nothing but their files be opened."""
    paths = [str(path) for path in files]
    for name, table in tables.items():
        view = table
        if isinstance(view, pl.DataFrame):
            path = folder / f"{name}.parquet"
            view.write_parquet(path)
            paths.append(str(path))
            view = f"SELECT * FROM read_parquet({literal(str(path))})"
        con.execute(f'CREATE VIEW "{name}" AS {view}')
    for setting in (
        f"SET allowed_paths = [{', '.join(literal(path) for path in paths)}]",
        f"SET temp_directory = {literal(str(folder / 'spilled'))}",
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        con.execute(setting)


def ask(store: Store, statement: str, as_of: Date | None, views: Mapping[str, Callable[[], Table]]) -> pl.DataFrame:
    """Run one statement that only reads on a desk as known by a date; see :meth:`detente.desk.Desk.sql`.

    Args:
        views: further tables.

    Raises:
        DeskError: as :func:`query`.
    """
    files = [store.path / batch.file for batch in store.manifest().batches if batch.table == "sightings"]
    changed = store.newest_corrections(as_of)
    own: dict[str, Callable[[], Table]] = {
        "actors": _actors,
        "officeholders": _officeholders,
        "reports": lambda: _reports(store.reports(as_of)),
        **views,
        "changed_sightings": lambda: corrections.lazily(pl.LazyFrame(schema=SIGHTINGS), changed, as_of).collect(),
        "sightings": lambda: _sightings(files, changed, as_of),
        "read_events": lambda: read_events(store, Asked(as_of=as_of)),
        "events": _events,
    }
    return query(statement, own, files)


def _actors() -> pl.DataFrame:
    columns = ("code", "name", "kind", "aliases", "capitals", "cow", "gw", "start", "end")
    rows = [[_plain(getattr(actor, column)) for column in columns] for actor in register().actors.values()]
    return pl.DataFrame(rows, schema=list(columns), orient="row", infer_schema_length=None)


def _officeholders() -> pl.DataFrame:
    columns = ("actor", "office", "person", "aliases", "start", "end")
    rows = [[_plain(getattr(term, column)) for column in columns] for term in register().offices]
    return pl.DataFrame(rows, schema=list(columns), orient="row", infer_schema_length=None)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _sightings(files: Sequence[Path], changed: pl.DataFrame, as_of: Date | None) -> str:
    """The files as they lie on the disk, but for those rows that were corrected."""
    view = "SELECT * FROM changed_sightings"
    if not files:
        return view
    tests = [f"known <= DATE {literal(as_of.isoformat())}"] if as_of else []
    if keys := [str(found[1]) for id_ in changed["id"] if (found := sighting_key(id_))]:
        tests.append(f"key NOT IN ({', '.join(keys)})")
    paths = ", ".join(literal(str(path)) for path in files)
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    return f"SELECT {', '.join(SIGHTINGS)} FROM read_parquet([{paths}]){where} UNION ALL {view}"


def _events() -> str:
    """Read events, and sightings merged as :class:`detente.record.once.Once` does where nothing else is asked.

    Actors and type stand among the keys, although ``same`` implies them, so that filters on them reach the files.
    """
    alone = "source IS NULL OR target IS NULL OR day IS NULL"
    first = {name: f"first({name} ORDER BY known, key)" for name in SIGHTINGS}
    first |= {name: name for name in ("source", "target", "type", "day")}
    listed = {name: f"list_filter([{first[name]}], lambda x: x IS NOT NULL)" for name in _SIDES}
    iso = f"strftime({first['day']}, '%Y-%m-%d')"
    quads = " ".join(f"WHEN {literal(t.name)} THEN {literal(t.quad)}" for t in codebook.types())
    made = {
        "id": "printf('%s:%016x', first(dataset ORDER BY known, key), first(key ORDER BY known, key))",
        "archive": first["dataset"],
        "date": (
            f"CASE {first['precision']} WHEN 'day' THEN {iso} WHEN 'month' THEN strftime(day, '%Y-%m') "
            f"WHEN 'year' THEN strftime(day, '%Y') "
            f"ELSE {iso} || '/' || strftime({first['last_day']}, '%Y-%m-%d') END"
        ),
        "date_precision": first["precision"],
        **listed,
        "reciprocal": "false",
        "quad": f"CASE type {quads} END",
        "modality": "'asserted'",
        "reports": "sum(reports)::BIGINT",
        "sightings": "count(*)",
    }
    columns = ", ".join(f"{made.get(name, first.get(name, 'NULL'))} AS {name}" for name in EVENTS)
    keys = f"source, target, type, day, CASE WHEN {alone} THEN key ELSE same END"
    return f"SELECT * FROM read_events UNION ALL SELECT {columns} FROM sightings GROUP BY {keys}"


def _reports(frame: pl.DataFrame) -> pl.DataFrame:
    text = pl.col("json").str.json_decode(pl.Struct({"text": pl.String})).struct.field("text")
    return frame.with_columns(text=text).drop("json", "recorded")


def literal(text: str) -> str:
    """A text as an SQL literal.

    Example:
        >>> literal("Cote d'Ivoire")
        "'Cote d''Ivoire'"
    """
    return "'" + text.replace("'", "''") + "'"


def _told(message: str, views: Mapping[str, object]) -> str:
    """DuckDB's message in a desk's words."""
    if message.startswith("Permission"):
        return f"SQL on a desk reads nothing but the desk: {message.splitlines()[0]}. Tables: {', '.join(views)}."
    missing = " Tables: " + ", ".join(views) + "." if "Table with name" in message else ""
    return f"The statement cannot be run: {message.strip()}{missing}"
