"""Migrations: fresh, again, edited, newer, failing, and an upgrade that keeps the rows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.errors import WarehouseError
from pipelines.settings import checkout_sql_dir
from pipelines.warehouse import migrate as module
from pipelines.warehouse.door import Warehouse
from pipelines.warehouse.migrate import migrate, migrations


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "build.duckdb")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of migrations of our own, with two in it."""
    path = tmp_path / "sql"
    (path / "migrations").mkdir(parents=True)
    monkeypatch.setattr(module, "checkout_sql_dir", lambda: path)
    add(path, 1, "create schema s; create table s.a (n integer);")
    add(path, 2, "create table s.b (n integer);")
    return path / "migrations"


def add(path: Path, version: int, text: str) -> None:
    (path / "migrations" / f"{version:04d}_x.sql").write_text(text, encoding="utf-8")


def test_the_checkouts_migrations_run_once_and_comment_on_everything(warehouse: Warehouse) -> None:
    done = migrate(warehouse)
    assert done == [name for _, name, _ in migrations()] and done
    assert migrate(warehouse) == []
    with warehouse.reading() as door:
        tables = door.scalar("select count(*) from duckdb_tables() where comment is null")
        columns = door.rows(
            "select table_name, column_name from duckdb_columns() as c inner join duckdb_tables() as t "
            "using (schema_name, table_name) where c.comment is null"
        )
        assert (tables, columns) == (0, [])
        assert door.scalar("select count(*) from ops.migrations") == len(done)


def test_an_upgrade_keeps_the_rows(warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every older set of the checkout's migrations, with a row in it, comes up to date."""
    everything = sorted((checkout_sql_dir() / "migrations").glob("[0-9]*.sql"))
    older = tmp_path / "older" / "migrations"
    older.mkdir(parents=True)
    shutil.copy(everything[0], older)
    monkeypatch.setattr(module, "checkout_sql_dir", lambda: older.parent)
    assert migrate(warehouse) == [everything[0].name]
    with warehouse.writing() as door:
        door.run("insert into ops.facts values ('a', 'b')")
    monkeypatch.setattr(module, "checkout_sql_dir", checkout_sql_dir)
    assert migrate(warehouse) == [path.name for path in everything[1:]]
    with warehouse.reading() as door:
        assert door.rows("select fact_name, fact_value from ops.facts") == [("a", "b")]


def test_what_cannot_be_compared_is_the_rest_of_what_can(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tmp_path / "older" / "migrations"
    shutil.copytree(checkout_sql_dir() / "migrations", older)
    (older / "0030_what_cannot_be_compared.sql").unlink()
    monkeypatch.setattr(module, "checkout_sql_dir", lambda: older.parent)
    migrate(warehouse)
    with warehouse.writing() as door:
        for day, comparable in (("2026-11-14", "null"), ("2026-11-15", "7")):
            door.run(f"insert into mart.incident_totals values (date '{day}', 10, 0, 0, 0, 0, 0, 0, 0, {comparable})")
    monkeypatch.setattr(module, "checkout_sql_dir", checkout_sql_dir)
    assert migrate(warehouse) == ["0030_what_cannot_be_compared.sql"]
    with warehouse.reading() as door:
        found = door.rows("select event_count_28d, unknown_count_28d from mart.incident_totals order by as_of_date")
    assert found == [(10, None), (10, 3)]


def test_an_edited_migration_is_refused(warehouse: Warehouse, folder: Path) -> None:
    migrate(warehouse)
    add(folder.parent, 2, "create table s.b (n integer, m integer);")
    with pytest.raises(WarehouseError, match=r"0002_x\.sql was edited.*new migration"):
        migrate(warehouse)


def test_a_newer_warehouse_is_refused(warehouse: Warehouse, folder: Path) -> None:
    migrate(warehouse)
    (folder / "0002_x.sql").unlink()
    with pytest.raises(WarehouseError, match=r"holds migrations \[2\].*update the checkout"):
        migrate(warehouse)


def test_a_failing_migration_leaves_nothing_and_runs_again_when_corrected(warehouse: Warehouse, folder: Path) -> None:
    add(folder.parent, 2, "create table s.b (n integer); insert into s.b values (1); select * from s.nowhere;")
    with pytest.raises(WarehouseError, match=r"0002_x\.sql failed"):
        migrate(warehouse)
    with warehouse.reading() as door:
        assert (door.has_table("s.a"), door.has_table("s.b")) == (True, False)
    add(folder.parent, 2, "create table s.b (n integer);")
    assert migrate(warehouse) == ["0002_x.sql"]


def test_numbers_have_no_twin(warehouse: Warehouse, folder: Path) -> None:
    (folder / "0002_y.sql").write_text("select 1", encoding="utf-8")
    with pytest.raises(WarehouseError, match="is numbered"):
        migrate(warehouse)
    assert not warehouse.path.exists()
