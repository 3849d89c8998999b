"""Stories about SQL files: given rows and parameters, the statement yields the expected rows.

A story is ``tests/sql/<schema>/<table>/<story>.yaml`` with the keys ``about`` (one sentence), ``params``, ``given``
(rows by table) and ``expect`` (rows; the columns that matter). Scalars of rows stay text and are cast by DuckDB to
the type of their column, so that codes keep their zeros and times may leave out their seconds.

What a story does not say: a nullable column is null, a needed one gets the default below, a batch that is not listed
has passed its gate, all records that were given have changed and are to be placed, and none of them had an incident.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import yaml

from pipelines.warehouse.door import Door, statement

HERE = Path(__file__).parent
Row = dict[str, Any]

_BY_NAME: dict[str, Any] = {
    "source_name": "hotline",
    "kind": "hotline_order",
    "batch_id": "b1",
    "state": "cleaned",
    "version_no": 1,
    "issue_basis": "mapped",
    "basis": "service",
}
_BY_TYPE: dict[str, Any] = {
    "VARCHAR": "-",
    "VARCHAR[]": [],
    "INTEGER": 0,
    "BIGINT": 0,
    "DOUBLE": 0,
    "BOOLEAN": False,
    "DATE": "2000-01-01",
    "TIMESTAMP": "2000-01-01",
}
_STAGED = ("stg.hotline_order", "stg.grid_event", "stg.dept_disposal")


class _TextLoader(yaml.SafeLoader):
    """Reads null and merges as YAML does, and every other scalar as the text that stands there."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":merge"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class Story:
    """One YAML file."""

    path: Path

    @property
    def table(self) -> str:
        """``schema.table`` of the statement that the story is about."""
        return f"{self.path.parent.parent.name}.{self.path.parent.name}"

    @property
    def name(self) -> str:
        """``schema/table/story``."""
        return self.path.relative_to(HERE).with_suffix("").as_posix()

    @cached_property
    def content(self) -> dict[str, Any]:
        """The file with all scalars as text."""
        content: dict[str, Any] = yaml.load(self.path.read_text(encoding="utf-8"), _TextLoader)
        wrong = set(content) ^ {"about", "params", "given", "expect"}
        assert not wrong - {"params"}, f"{self.path}: about, params, given, expect; not {sorted(wrong)}"
        return content

    @cached_property
    def params(self) -> dict[str, Any]:
        """The parameters, typed as YAML types them: a date is a date, as the steps pass it."""
        return yaml.safe_load(self.path.read_text(encoding="utf-8")).get("params") or {}

    @property
    def given(self) -> dict[str, list[Row]]:
        """Rows by table."""
        return self.content["given"] or {}

    @property
    def expected(self) -> list[Row]:
        """Rows; all name the same columns."""
        return self.content["expect"] or []


def stories() -> list[Story]:
    """Every story, in order of its path."""
    return [Story(path) for path in sorted(HERE.glob("*/*/*.yaml"))]


class Stage:
    """A migrated database on which stories are played; it is empty again after each."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._columns: dict[str, dict[str, tuple[str, bool]]] = {}
        for table, column, kind, nullable in connection.execute(
            "select schema_name || '.' || table_name, column_name, data_type, is_nullable from duckdb_columns() "
            "where not internal order by table_name, column_index"
        ).fetchall():
            self._columns.setdefault(table, {})[column] = (kind, nullable)
        # made as a copy of the other kind's table, which leaves out what is needed
        self._columns["stg.grid_event"] = self._columns["stg.hotline_order"]

    @property
    def tables(self) -> set[str]:
        """Names of all tables and views."""
        return set(self._columns)

    def play(self, story: Story, given: dict[str, list[Row]], **changed: Any) -> list[Row]:
        """The rows of the story's table; a dated one is built twice, as a step and its rerun do.

        ``changed`` are parameters that differ from the story's.
        """
        params = {**story.params, **changed}
        door = Door(self._connection)
        self._connection.execute("begin transaction")
        try:
            for table, rows in self._completed(story.table, given).items():
                for number, row in enumerate(rows, 1):
                    self._insert(table, self._filled(table, row, number))
            where: dict[str, Any] = {}
            if "as_of_date" in self._columns[story.table]:
                where = {"as_of_date": params["as_of_date"]}
            for _ in range(2 if where else 1):
                door.build(story.table, where, **params)
            condition = " where as_of_date = ?" if where else ""
            found = self._connection.execute(f"select * from {story.table}{condition}", list(where.values()))
            names = [column[0] for column in found.description or []]
            return [dict(zip(names, values, strict=True)) for values in found.fetchall()]
        finally:
            self._connection.execute("rollback")

    def plan(self, table: str, params: dict[str, Any]) -> str:
        """How DuckDB would run the statement of a table."""
        # the drawn plan leaves out what is too wide
        return str(Door(self._connection).rows(f"explain (format json) {statement(table)}", **params))

    def typed(self, table: str, rows: list[Row]) -> list[Row]:
        """Rows of text as rows of values of the table's types."""
        return [{name: self._cast(table, name, value) for name, value in row.items()} for row in rows]

    def _completed(self, about: str, given: dict[str, list[Row]]) -> dict[str, list[Row]]:
        given = dict(given)
        batches = {row.get("batch_id", _BY_NAME["batch_id"])
                   for table, rows in given.items() if table.startswith(("stg.", "ops.")) for row in rows}  # fmt: skip
        listed = {row["batch_id"] for row in given.get("ops.batches", [])}
        given["ops.batches"] = given.get("ops.batches", []) + [
            {"batch_id": batch, "gate": "passed"} for batch in sorted(batches - listed)
        ]
        if about.startswith("core.") and "ops.changed_records" not in given:
            records = {
                (filled["source_name"], filled["record_id"])
                for table in (*_STAGED, "ops.superseded_rows", "core.fct_event_versions")
                for number, row in enumerate(given.get(table, []), 1)
                for filled in [self._filled(table, row, number)]
            }
            given["ops.changed_records"] = [{"source_name": s, "record_id": r} for s, r in sorted(records)]
        if about == "core.fct_text_places" and "ops.events_to_place" not in given:
            events = given["core.fct_event_versions"]
            given["ops.events_to_place"] = [{"event_id": row["event_id"]} for row in events]
        if about.startswith("core.fct_incident"):
            matters = {
                row["event_id"]: {name: row[name] for name in self._columns["ops.affected_events"] if name in row}
                for row in (self._filled("core.fct_event_versions", row, number)
                            for number, row in enumerate(given.get("core.fct_event_versions", []), 1))
                if row.get("known_to") is None
            }  # fmt: skip
            affected = given.get("ops.affected_events", [{"event_id": event_id} for event_id in matters])
            given["ops.affected_events"] = [matters.get(row["event_id"], {}) | row for row in affected]
        return given

    def _filled(self, table: str, row: Row, number: int) -> Row:
        columns = self._columns[table]
        unknown = set(row) - set(columns)
        assert not unknown, f"{table} has no column {sorted(unknown)}"
        full = dict(row)
        for name, (kind, nullable) in columns.items():
            if not nullable and name not in full:
                full[name] = _default(name, kind, full, number)
        return full

    def _insert(self, table: str, row: Row) -> None:
        columns = self._columns[table]
        values = ", ".join(f"cast(? as {columns[name][0]})" for name in row)
        self._connection.execute(f"insert into {table} ({', '.join(row)}) values ({values})", list(row.values()))

    def _cast(self, table: str, name: str, value: Any) -> Any:
        assert name in self._columns[table], f"{table} has no column {name!r}"
        found = self._connection.execute(f"select cast(? as {self._columns[table][name][0]})", [value]).fetchone()
        return found[0] if found else None


def _default(name: str, kind: str, row: Row, number: int) -> Any:
    if name == "row_no":
        return number
    if name in ("record_id", "row_hash"):
        return f"{name}-{number}"
    if name == "event_id":
        return f"{row.get('source_name', 'hotline')}:{row.get('record_id', f'record_id-{number}')}"
    if name in ("known_from", "known_at", "entered_at") and "occurred_at" in row:
        return row["known_at"] if name == "entered_at" and "known_at" in row else row["occurred_at"]
    if name == "file_name":
        return f"{row['batch_id']}.csv"
    return _BY_NAME.get(name, _BY_TYPE[kind])


def known_before(given: dict[str, list[Row]], as_of_date: dt.date) -> dict[str, list[Row]]:
    """The story as it could have been told on the as-of date: without what was learned later."""
    day = as_of_date.isoformat()
    then = dict(given)
    for table, clock in (("core.fct_incident_links", "known_from"), ("stg.dept_disposal", "known_at")):
        if table in given:
            then[table] = [row for row in given[table] if str(row.get(clock, _BY_TYPE["TIMESTAMP"])) < day]
    then["core.fct_event_versions"] = [
        {**row, "known_to": None} if str(row.get("known_to") or "") >= day else row
        for row in given["core.fct_event_versions"]
        if str(row.get("known_from", row["occurred_at"])) < day
    ]
    return then


def difference(expected: list[Row], found: list[Row]) -> list[str]:
    """What is missing (-) and what is too much (+), as lines; columns that are not expected do not matter."""
    columns = list(expected[0]) if expected else []
    for row in expected:
        assert list(row) == columns or set(row) == set(columns), f"expect: {row} must name the columns {columns}"
    wanted = Counter(_line(row, columns) for row in expected)
    got = Counter(_line(row, columns or list(row)) for row in found)
    return sorted(
        [f"- {line}" for line in (wanted - got).elements()] + [f"+ {line}" for line in (got - wanted).elements()],
        key=lambda line: (line[2:], line[0]),
    )


def _line(row: Row, columns: list[str]) -> str:
    return ", ".join(f"{name}: {_shown(row[name])}" for name in columns)


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
