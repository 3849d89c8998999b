"""The one door: its lock, its transactions, what it lets through."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
from pathlib import Path

import duckdb
import polars as pl
import pytest
from door_workers import die_inside

from pipelines.errors import WarehouseError
from pipelines.warehouse import door as door_module
from pipelines.warehouse.door import Warehouse, locked, quoted, statement

HOSTILE = [
    'a" , (select 1)',
    "'); drop table t; --",
    "select",
    "a.b",
    "名称",
    " ",
    '"',
    '""',
    "a\nb",
    "$x",
    "%s",
    "ä",
]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "w" / "build.duckdb")
    with made.writing() as door:
        door.run("create schema raw")
        door.run("create schema s")
        door.run("create table s.t (day date, n integer not null, text varchar)")
    return made


def frame(*rows: tuple[str | None, int | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"day": pl.String, "n": pl.Int64}, orient="row").with_columns(
        pl.col("day").str.to_date()
    )


def content(warehouse: Warehouse) -> list[tuple[str | None, int]]:
    with warehouse.reading() as door:
        return door.rows("select day::varchar, n from s.t order by all")


def is_free(path: Path) -> bool:
    """Whether another process could take the lock now."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


@pytest.mark.parametrize("way", ["writing", "reading", "exclusive"])
def test_the_lock_is_held_from_before_connect_until_after_close(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    lock = warehouse.path.parent / "warehouse.lock"
    seen: list[tuple[str, bool]] = []

    class Watched:
        def __init__(self, *args: object, **kwargs: object) -> None:
            seen.append(("connect", is_free(lock)))
            self._inner = real(*args, **kwargs)

        def close(self) -> None:
            self._inner.close()
            seen.append(("closed", is_free(lock)))

        def __getattr__(self, name: str) -> object:
            return getattr(self._inner, name)

    real = duckdb.connect
    monkeypatch.setattr(door_module.duckdb, "connect", Watched)
    with getattr(warehouse, way)():
        seen.append(("inside", is_free(lock)))
    assert seen == [("connect", False), ("inside", False), ("closed", False)]
    assert is_free(lock)


def test_an_exception_rolls_back_and_frees_the_lock(warehouse: Warehouse) -> None:
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), warehouse.writing() as door:
            door.run("insert into s.t (n) values (1)")
            raise error
    with pytest.raises(duckdb.Error), warehouse.writing() as door:
        door.run("insert into s.t (n) values (1)")
        door.run("insert into s.nowhere values (1)")
    assert content(warehouse) == []
    assert is_free(warehouse.path.parent / "warehouse.lock")


def test_a_lock_that_is_never_let_go_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    with locked(path), pytest.raises(WarehouseError, match=r"x\.lock has been locked"), locked(path, 0.02):
        raise AssertionError("two held the lock")


def test_a_writer_that_is_killed_leaves_nothing_behind(warehouse: Warehouse) -> None:
    with warehouse.writing() as door:
        door.append("s.t", frame((None, 7)))
    worker = multiprocessing.get_context("spawn").Process(target=die_inside, args=(str(warehouse.path),))
    worker.start()
    worker.join()
    assert worker.exitcode == -signal.SIGKILL
    assert content(warehouse) == [(None, 7)]


@pytest.mark.parametrize("name", HOSTILE)
def test_quoted_names_are_only_names(name: str) -> None:
    connection = duckdb.connect()
    connection.execute(f"create table t ({quoted(name)} integer)")
    assert [column[0] for column in connection.execute("select * from t").description] == [name]


def test_a_nul_in_a_name_is_refused() -> None:
    with pytest.raises(WarehouseError, match="NUL"):
        quoted("a\0b")


@pytest.mark.parametrize("name", ["t", "s.t; drop table s.t", 's."t"', "S.T", "s.t.u", "", "s.t --"])
def test_table_names_are_checked(warehouse: Warehouse, name: str) -> None:
    with pytest.raises(WarehouseError, match=r"schema\.table"), warehouse.writing() as door:
        door.replace(name, frame((None, 1)))


def test_raw_tables_take_any_header(warehouse: Warehouse) -> None:
    headers = [name for name in HOSTILE if name.strip()]
    frames = [
        pl.DataFrame({"row_no": [1], "Unit": ["a"]}),
        pl.DataFrame({"row_no": [2], "unit": ["b"], "Ä": ["c"], **{h: ["d"] for h in headers}}),
        pl.DataFrame({"row_no": [3]}),
    ]
    for one in frames:
        with warehouse.writing() as door:
            door.widen_raw("x", one.columns)
        with warehouse.writing() as door:
            door.append("raw.x", one)
    with warehouse.reading() as door:
        rows = door.query("select * from raw.x order by row_no")
    assert rows["row_no"].to_list() == [1, 2, 3]
    assert rows["Unit"].to_list() == ["a", "b", None]
    assert all(rows[header].to_list() == [None, "d", None] for header in headers)


def test_one_header_in_two_letter_cases_is_one_column(warehouse: Warehouse) -> None:
    with warehouse.writing() as door:
        door.widen_raw("x", ["row_no", "Unit", "unit"])
        door.widen_raw("x", ["UNIT", "other", "Other"])
        names = door.rows("select column_name from duckdb_columns() where schema_name = 'raw' order by column_index")
    assert names == [("row_no",), ("Unit",), ("other",)]


def test_replace_touches_its_own_partition_only(warehouse: Warehouse) -> None:
    with warehouse.writing() as door:
        door.append("s.t", frame(("2025-01-01", 1), ("2025-01-02", 2), (None, 3)))
        assert door.replace("s.t", frame(("2025-01-02", 20), ("2025-01-02", 21)), {"day": "2025-01-02"}) == 2
        assert door.replace("s.t", frame((None, 30)), {"day": None}) == 1
        assert door.replace("s.t", frame(), {"day": "2025-01-01"}) == 0
    assert content(warehouse) == [("2025-01-02", 20), ("2025-01-02", 21), (None, 30)]


def test_rows_outside_the_partition_are_refused(warehouse: Warehouse) -> None:
    with warehouse.writing() as door:
        door.append("s.t", frame(("2025-01-01", 1)))
    with pytest.raises(WarehouseError, match="partition they replace"), warehouse.writing() as door:
        door.replace("s.t", frame(("2025-01-02", 2)), {"day": "2025-01-01"})
    assert content(warehouse) == [("2025-01-01", 1)]


@pytest.fixture
def sql_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "sql"
    (folder / "s").mkdir(parents=True)
    monkeypatch.setattr(door_module, "checkout_sql_dir", lambda: folder)
    return folder


def test_build_replaces_by_the_rows_of_its_statement(warehouse: Warehouse, sql_folder: Path) -> None:
    text = "select $day::date as day, range::integer as n from range($count) -- no line end"
    (sql_folder / "s" / "t.sql").write_text(text, encoding="utf-8")
    day = {"day": "2025-01-01"}
    with warehouse.writing() as door:
        assert door.build("s.t", day, day="2025-01-01", count=3, unused="x") == 3
        assert door.build("s.t", {"day": "2025-01-02"}, day="2025-01-02", count=1) == 1
        assert door.build("s.t", day, day="2025-01-01", count=2) == 2
    assert content(warehouse) == [("2025-01-01", 0), ("2025-01-01", 1), ("2025-01-02", 0)]
    with pytest.raises(WarehouseError, match="partition they replace"), warehouse.writing() as door:
        door.build("s.t", day, day="2025-01-03", count=1)
    with pytest.raises(WarehouseError, match=r"parameters \['count', 'day'\]"), warehouse.writing() as door:
        door.build("s.t", day)
    assert len(content(warehouse)) == 3
    with warehouse.writing() as door:
        assert door.ask("s.t", day="2025-01-01", count=2).height == 2
        assert door.build("s.t", day="2025-01-01", count=1) == 1
    assert content(warehouse) == [("2025-01-01", 0)]


def test_a_statement_that_does_not_exist(sql_folder: Path) -> None:
    with pytest.raises(WarehouseError, match=r"no statement at sql/s/u\.sql"):
        statement("s.u")


@pytest.mark.parametrize("method", ["query", "rows", "scalar", "run"])
def test_missing_parameters_raise(warehouse: Warehouse, method: str) -> None:
    with pytest.raises(WarehouseError, match=r"\['day'\]"), warehouse.writing() as door:
        getattr(door, method)("select * from s.t where day = $day", other=1)


def test_values_are_bound_and_never_read_as_sql(warehouse: Warehouse) -> None:
    text = "'); drop table s.t; --"
    with warehouse.writing() as door:
        door.run("insert into s.t (n, text) values (1, $text)", text=text)
        assert door.scalar("select text from s.t where text = $text", text=text) == text
        assert door.scalar("select text from s.t where text = $text", text="x") is None


def test_what_does_not_fit_is_said_without_its_value(warehouse: Warehouse) -> None:
    for bad in (pl.DataFrame({"n": ["13800138000那个"]}), pl.DataFrame({"n": [None], "text": ["13800138000"]})):
        with pytest.raises(WarehouseError, match=r"s\.t: 1 rows do not fit") as error, warehouse.writing() as door:
            door.append("s.t", bad)
        assert "13800138000" not in str(error.value)
        assert error.value.__cause__ is None and error.value.__suppress_context__


def test_columns_go_by_name_and_one_that_the_table_lacks_is_refused(warehouse: Warehouse) -> None:
    with warehouse.writing() as door:
        door.widen_raw("hotline", ["标题", "Grade", "row_no"])
    with warehouse.writing() as door:
        door.append("raw.hotline", pl.DataFrame({"row_no": [1], "grade": ["a"]}))
        assert door.rows("select row_no, 标题, Grade from raw.hotline") == [(1, None, "a")]
        with pytest.raises(WarehouseError, match="the table has no"):
            door.append("raw.hotline", pl.DataFrame({"row_no": [2], "编号": ["b"]}))
        with pytest.raises(WarehouseError, match="two of its columns bear one name"):
            door.append("raw.hotline", pl.DataFrame({"row_no": [2], "Grade": ["b"], "grade": ["c"]}))


def test_reading_needs_a_file_and_changes_nothing(tmp_path: Path, warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseError, match="xianban run"), Warehouse(tmp_path / "no.duckdb").reading():
        pass
    assert not (tmp_path / "no.duckdb").exists()
    with pytest.raises(duckdb.InvalidInputException), warehouse.reading() as door:
        door.run("insert into s.t (n) values (1)")


def test_a_file_that_is_no_warehouse(tmp_path: Path) -> None:
    path = tmp_path / "build.duckdb"
    path.write_bytes(b"something else" * 1000)
    with pytest.raises(WarehouseError, match="cannot be opened"), Warehouse(path).writing():
        pass


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')", "select * from '/etc/passwd'", "select * from read_text('/etc/passwd')",
        "select * from glob('/etc/*')", "attach '{}/other.duckdb'", "copy (select 1) to '{}/out.csv'",
        "copy s.t from '/etc/passwd'", "export database '{}/out'", "install httpfs", "load httpfs",
        "set enable_external_access = true",
    ],
)  # fmt: skip
def test_nothing_outside_can_be_reached(warehouse: Warehouse, tmp_path: Path, sql: str) -> None:
    for way in (warehouse.writing, warehouse.reading):
        with pytest.raises(duckdb.Error), way() as door:
            door.run(sql.format(tmp_path))
    assert not (tmp_path / "out.csv").exists() and not (tmp_path / "other.duckdb").exists()


def test_the_day_changes_at_midnight_of_the_city(tmp_path: Path) -> None:
    for zone, day in (("Asia/Shanghai", "2026-01-01"), ("Europe/Berlin", "2025-12-31")):
        with Warehouse(tmp_path / "b.duckdb", zone).writing() as door:
            assert door.scalar("select (timestamptz '2025-12-31 18:00:00+00')::date::varchar") == day


def test_has_table(warehouse: Warehouse) -> None:
    with warehouse.reading() as door:
        assert door.has_table("s.t")
        assert not door.has_table("s.u")
