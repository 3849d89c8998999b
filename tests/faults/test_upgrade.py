"""A warehouse of an older schema, full of rows, keeps every one of them when it is migrated."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines.settings import checkout_sql_dir
from pipelines.warehouse import migrate as module
from pipelines.warehouse.door import Warehouse
from pipelines.warehouse.migrate import migrate
from tests.conftest import SmallCity

UNKNOWN = ("open_count", "overdue_count", "unresolved_count_28d", "complaint_count_same_28d_last_year")


def hashes(path: Path, columns: dict[str, list[str]]) -> dict[str, tuple]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return {
            table: connection.execute(
                "select count(*), md5(coalesce(string_agg(h, '' order by h), '')) from (select md5(concat_ws('|', "
                + ", ".join(f"coalesce({name}::varchar, '∅')" for name in names)
                + f")) as h from {table})"
            ).fetchone()
            for table, names in columns.items()
        }


def test_the_rows_of_schema_0005_survive(ran_city: SmallCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "old_sql" / "migrations"
    old.mkdir(parents=True)
    for path in sorted((checkout_sql_dir() / "migrations").glob("000[1-5]_*.sql")):
        shutil.copy(path, old)
    warehouse = Warehouse(tmp_path / "upgrade" / "build.duckdb")
    monkeypatch.setattr(module, "checkout_sql_dir", lambda: old.parent)
    assert len(migrate(warehouse)) == 5
    columns: dict[str, list[str]] = {}
    with warehouse.exclusive() as connection:
        tables = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where table_name <> 'migrations' order by 1"
        ).fetchall()
        connection.execute(f"attach '{ran_city.settings().warehouse_path}' as full_city (read_only)")
        for (table,) in tables:
            there = {row[0] for row in connection.execute(f"describe full_city.{table}").fetchall()}
            columns[table] = [row[0] for row in connection.execute(f"describe {table}").fetchall() if row[0] in there]
            names = ", ".join(columns[table])
            # the old schema had no word for what is unknown
            kept = [f"coalesce({n}, 0)" if n in UNKNOWN else n for n in columns[table]]
            connection.execute(f"insert into {table} ({names}) select {', '.join(kept)} from full_city.{table}")
        connection.execute("detach full_city")
    before = hashes(warehouse.path, columns)
    monkeypatch.undo()
    done = migrate(warehouse)
    assert done and "0011_unknown_counts.sql" in done
    after = hashes(warehouse.path, columns)
    # no record, but the mark that core follows the city's lists: a migration takes it away to have core derived anew
    assert {name for name in before if after[name] != before[name]} <= {"ops.facts"}
    assert before["stg.hotline_order"][0] > 0 and before["mart.hotspot_forecast"][0] > 0
    assert migrate(warehouse) == []
