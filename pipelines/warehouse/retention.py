"""Retention: take the original of old batches away, keep what was counted and derived.

Deleted rows stay in a DuckDB file as free blocks until they are written over, so the file is written anew.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.errors import WarehouseError
from pipelines.warehouse.door import Door, Warehouse

PURGED_TEXT = '{"已清除": "超过保存期限"}'
_STAGED = ("stg.hotline_order", "stg.grid_event", "stg.dept_disposal")
_TEXTS = {
    "stg.hotline_order": ("title", "content", "address", "text_hash"),
    "stg.grid_event": ("title", "content", "address", "text_hash"),
    "stg.dept_disposal": ("action", "unresolved_reason"),
}
_READINGS = (
    "core.fct_text_readings",
    "core.fct_place_mentions",
    "core.fct_text_places",
    "core.fct_text_signals",
    "ops.placed_events",
)
_TITLES = (
    ("core.fct_incidents", "title", "last_occurred_at"),
    ("mart.incidents", "incident_title", "last_date"),
    ("mart.incident_records", "record_title", "occurred_date"),
)


@dataclass(frozen=True)
class Purged:
    """What one purge took away."""

    batches: int
    raw_rows: int
    rejected_texts: int
    staged_texts: int


def purge_rows(door: Door, as_of_date: dt.date, older_than: dt.date) -> Purged:
    """Purge every batch that was exported, or else last known, before a day; of a batch not cleaned yet nothing.

    The rows of ``stg`` and ``ops.rejected_rows`` stay without their text, so that every row is still accounted for.
    """
    said = " union all ".join(f"select batch_id, known_at from {table}" for table in (*_STAGED, "ops.superseded_rows"))
    door.run(
        "create or replace temp table expired as select b.batch_id, b.source_name from ops.batches as b "
        f"left join (select batch_id, max(known_at) as known_at from ({said}) group by batch_id) as s using (batch_id) "
        "where b.state in ('cleaned', 'refused') and coalesce(b.exported_date, s.known_at::date) < $limit "
        "and b.batch_id not in (select batch_id from ops.purged_batches)",
        limit=older_than,
    )
    old = "(select batch_id from expired)"
    raw = {
        source: f"raw.{source}"
        for (source,) in door.rows("select distinct source_name from expired order by 1")
        if door.has_table(f"raw.{source}")
    }
    counted = ["select null::varchar as batch_id, 0 as r, 0 as j, 0 as s where false"]
    counted += [f"select batch_id, 1, 0, 0 from {table}" for table in raw.values()]
    counted.append("select batch_id, 0, 1, 0 from ops.rejected_rows")
    counted += [f"select batch_id, 0, 0, 1 from {table}" for table in _STAGED]
    door.run(
        "insert into ops.purged_batches select e.batch_id, e.source_name, $today, $limit, "
        "coalesce(sum(c.r), 0), coalesce(sum(c.j), 0), coalesce(sum(c.s), 0) "
        f"from expired as e left join ({' union all '.join(counted)}) as c using (batch_id) group by all",
        today=as_of_date, limit=older_than,
    )  # fmt: skip
    for table in raw.values():
        door.run(f"delete from {table} where batch_id in {old}")
    door.run(f"update ops.rejected_rows set raw_text = $t where batch_id in {old}", t=PURGED_TEXT)
    for table, columns in _TEXTS.items():
        door.run(f"update {table} set {', '.join(f'{name} = null' for name in columns)} where batch_id in {old}")
    # the words of a text are the text; equal texts that came later keep theirs
    for table in _READINGS:
        door.run(
            f"delete from {table} where text_hash not in (select text_hash from stg.hotline_order where "
            "text_hash is not null union all select text_hash from stg.grid_event where text_hash is not null)"
        )
    # what these texts taught is not known any more, so that the next run places all records anew
    door.run("delete from ops.facts where fact_name = 'text_places' and exists (from expired)")
    # titles of what happened before: a record is not older than the batch that brought it
    for table, column, day in _TITLES:
        door.run(f"update {table} set {column} = null where {day} < $limit and {column} is not null", limit=older_than)
    done = door.rows(
        f"select count(*), coalesce(sum(raw_rows), 0), coalesce(sum(rejected_texts), 0), "
        f"coalesce(sum(staged_texts), 0) from ops.purged_batches where batch_id in {old}"
    )
    door.run("drop table expired")
    return Purged(*map(int, done[0]))


def purge_files(door: Door, landing: Path) -> int:
    """Remove the landed files of all purged batches; landing knows them by their hash and does not bring them back.

    Copies that a killed process left unfinished go as well. Returns how many files were removed.
    """
    gone = door.rows(
        "select distinct b.source_name, b.file_hash from ops.batches as b inner join ops.purged_batches as p "
        "using (batch_id) where not exists (select 1 from ops.batches as o where o.source_name = b.source_name and "
        "o.file_hash = b.file_hash and o.batch_id not in (select batch_id from ops.purged_batches))"
    )
    files = [landing / source / file_hash for source, file_hash in gone]
    found = [path for path in files if path.is_file()]
    found += [path for path in landing.glob("*/.*.part") if not _is_running(path.name.split(".")[1])]
    for path in found:
        path.unlink()
    return len(found)


def rewrite(warehouse: Warehouse) -> None:
    """Write the build file anew, so that it holds no block of what was deleted, and put it in the old one's place.

    Raises:
        WarehouseError: the copy does not hold the same rows; the old file stays.
    """
    with warehouse.closed() as path:
        fresh = path.with_name("rewriting.duckdb")
        for left_over in (fresh, fresh.with_name(f"{fresh.name}.wal")):
            left_over.unlink(missing_ok=True)
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"attach '{str(fresh).replace(chr(39), chr(39) * 2)}' as fresh")
            connection.execute(f"copy from database {_catalog(connection)} to fresh")
            connection.execute("detach fresh")
        if row_counts(path) != row_counts(fresh):
            fresh.unlink()
            raise WarehouseError(f"{path}: its copy does not hold the same rows; the old file stays, purge again")
        os.chmod(fresh, path.stat().st_mode)
        os.replace(fresh, path)


def row_counts(path: Path) -> dict[str, int]:
    """Rows per table of a closed warehouse file."""
    with duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"}) as connection:
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal order by all"
        ).fetchall()
        return {
            f"{schema}.{table}": int(
                (connection.execute(f'select count(*) from {schema}."{table}"').fetchone() or (0,))[0]
            )
            for schema, table in names
        }


def _catalog(connection: duckdb.DuckDBPyConnection) -> str:
    row = connection.execute("select current_database()").fetchone()
    return f'"{row[0] if row else ""}"'


def _is_running(digits: str) -> bool:
    if not digits.isdigit():
        return True
    try:
        os.kill(int(digits), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
