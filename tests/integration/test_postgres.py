"""A database as a source, against a real server that this test starts."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.doctor import examine
from pipelines.settings import Settings
from pipelines.sources import preview
from pipelines.sources.contract_file import load_source
from pipelines.steps.clean import clean
from pipelines.steps.conform import conform
from pipelines.steps.land import land
from pipelines.steps.run import Run
from pipelines.steps.validate import validate
from pipelines.warehouse.door import Warehouse

PASSWORD = "s3cret-口令"
CITY = 'name = "town"\ntitle = "镇"\ndefault_date = 2025-09-03\ndense_from = 2025-01-01\n'
SOURCE = """
name: hotline
title: 热线
kind: hotline_order
reader: {format: postgres, connection: hotline_db, table: public.orders, cursor: updated_at, batch_rows: 2}
key: id
occurred_at: called_at
known_at: updated_at
columns: {content: content, community: community}
resident_channels: all
issues: {from: category, system: hotline}
"""


def program(name: str) -> str:
    """Where a program of PostgreSQL is; Debian keeps them outside the path."""
    found = [*sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True), shutil.which(name)]
    if found[0] is None:
        words = f"{name} is missing: apt-get install postgresql"
        if os.environ.get("XIANBAN_TEST_ALL") == "1":
            pytest.fail(words)
        pytest.skip(words)
    return str(found[0])


class Server:
    """A server in a folder of its own, on a free port of this machine, run as a user who is not root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.control = program("pg_ctl")
        self._as = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as:
            shutil.chown(folder, "postgres", "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "pw").write_text(PASSWORD, encoding="utf-8")
        if self._as:
            shutil.chown(folder / "pw", "postgres", "postgres")
        self._run(program("initdb"), "-D", f"{folder}/db", "-U", "xianban", "-A", "scram-sha-256", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync", f"--pwfile={folder}/pw")  # fmt: skip

    @property
    def uri(self) -> str:
        """The URI as an administrator would write it."""
        return f"postgresql://xianban:s3cret-%E5%8F%A3%E4%BB%A4@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        self._run(self.control, "-D", f"{self.folder}/db", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self) -> None:
        self._run(self.control, "-D", f"{self.folder}/db", "-w", "-m", "immediate", "stop")

    def do(self, *statements: str) -> None:
        import psycopg

        with psycopg.connect(self.uri) as connection:
            for text in statements:
                connection.execute(text)  # type: ignore[call-overload]

    def _run(self, *command: str) -> None:
        as_user: dict[str, Any] = self._as
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, timeout=60, **as_user)


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    program("initdb")
    # not below pytest's own folder, which other users may not enter
    folder = Path(tempfile.mkdtemp(prefix="xianban_pg_"))
    folder.chmod(0o700)
    server = Server(folder)
    server.start()
    try:
        yield server
    finally:
        subprocess.run(
            [server.control, "-D", f"{folder}/db", "-m", "immediate", "stop"], capture_output=True, **server._as
        )
        shutil.rmtree(folder)


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("AIRFLOW_CONN_HOTLINE_DB", running.uri)
    running.do(
        "drop table if exists orders",
        "create table orders (id bigint primary key, called_at timestamp, updated_at timestamptz, content text, "
        "community text, category text, extra jsonb, urgent boolean)",
    )
    add(running, 1, "09:00")
    add(running, 2, "10:00")
    add(running, 3, "11:00")
    return running


@pytest.fixture
def town(tmp_path: Path, migrated: Callable[[Warehouse], None]) -> Run:
    folder = tmp_path / "town"
    (folder / "sources").mkdir(parents=True)
    (folder / "city.toml").write_text(CITY, encoding="utf-8")
    write(folder, SOURCE)
    run = Run(Settings(home=tmp_path / "home", city=folder, data=tmp_path, hmac_key="some key"), dt.date(2025, 9, 3))
    migrated(run.warehouse)
    return run


def write(folder: Path, text: str) -> None:
    (folder / "sources" / "hotline.yaml").write_text(text, encoding="utf-8")


def source_of(town: Run):
    return load_source(town.city.folder / "sources" / "hotline.yaml")


def add(server: Server, number: int, clock: str, text: str = "路灯不亮") -> None:
    server.do(
        f"insert into orders values ({number}, '2025-09-01 08:00', '2025-09-01 {clock}+08', '{text}', '和平社区', '路灯', "
        "'{\"a\": [1]}', true) on conflict (id) do update set updated_at = excluded.updated_at, content = excluded.content"
    )


def landed(town: Run) -> list[tuple]:
    with town.warehouse.reading() as door:
        return door.rows(
            "select id, updated_at, content from raw.hotline join ops.batches using (batch_id) order by file_name, row_no"
        )


def batches(town: Run) -> list[tuple]:
    with town.warehouse.reading() as door:
        return door.rows("select file_name, state, rows_in from ops.batches order by file_name")


def refusal(town: Run) -> str:
    with town.warehouse.reading() as door:
        return str(door.scalar("select refusal from ops.batches where state = 'refused'"))


def ids(town: Run) -> list[str]:
    return [row[0] for row in landed(town)]


def test_first_read_in_batches_and_nothing_twice(server: Server, town: Run) -> None:
    for files in (2, 0):
        assert land(town, source_of(town)).details["files"] == files
        assert batches(town) == [
            ("hotline_db/public.orders/updated_at/00000001 2025-09-01 10:00:00", "landed", 2),
            ("hotline_db/public.orders/updated_at/00000002 2025-09-01 11:00:00", "landed", 1),
        ]
    assert landed(town)[0] == ("1", "2025-09-01 09:00:00", "路灯不亮")
    with town.warehouse.reading() as door:
        assert door.rows("select distinct extra, urgent, called_at from raw.hotline") == [
            ('{"a": [1]}', "true", "2025-09-01 08:00:00")
        ]
    for (content_hash,) in _hashes(town):
        assert (town.settings.landing_dir / "hotline" / content_hash).is_file()
    counts = clean(town, source_of(town))
    assert (counts.accepted, counts.rejected) == (3, 0)


def _hashes(town: Run) -> list[tuple]:
    with town.warehouse.reading() as door:
        return door.rows("select file_hash from ops.batches")


def test_only_what_is_new_is_read_and_equal_cursors_are_not_lost(server: Server, town: Run) -> None:
    land(town, source_of(town))
    add(server, 4, "11:00")  # the same moment as the last one landed
    add(server, 0, "11:00")
    add(server, 5, "12:00")
    land(town, source_of(town))
    assert ids(town)[:3] == ["1", "2", "3"] and sorted(ids(town)[3:]) == ["0", "4", "5"]
    land(town, source_of(town))
    assert len(ids(town)) == 6


def test_purged_rows_are_not_read_again(server: Server, town: Run) -> None:
    land(town, source_of(town))
    with town.warehouse.writing() as door:
        door.run("delete from raw.hotline where id <> '3'")
    add(server, 4, "12:00")
    land(town, source_of(town))
    assert ids(town) == ["3", "4"]


def test_an_update_is_read_again_as_a_new_version(server: Server, town: Run) -> None:
    land(town, source_of(town))
    add(server, 1, "13:00", "已修好")
    land(town, source_of(town))
    assert landed(town)[-1] == ("1", "2025-09-01 13:00:00", "已修好")
    assert clean(town, source_of(town)).accepted == 4


def test_a_row_without_cursor_is_read_once(server: Server, town: Run) -> None:
    server.do("update orders set updated_at = null where id = 2")
    for _ in range(2):
        land(town, source_of(town))
        assert sorted(ids(town)) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("kind", "overlap", "is_found"),
    [("timestamptz", None, False), ("timestamptz", "2h", True), ("timestamptz", "30min", False), ("date", "2d", True)],
)
def test_a_row_that_was_committed_late_is_found_by_an_overlap(
    server: Server, town: Run, kind: str, overlap: str | None, is_found: bool
) -> None:
    server.do(f"alter table orders alter column updated_at type {kind}")
    more = "" if overlap is None else f", overlap: {overlap}"
    write(town.city.folder, SOURCE.replace("batch_rows: 2", f"batch_rows: 2{more}"))
    land(town, source_of(town))
    server.do("insert into orders values (9, '2025-08-31 08:00', '2025-08-31 12:00+08'::timestamptz + "
              f"interval '{'1 hour' if kind == 'date' else '22 hours'}', '迟到', '和平社区', '路灯', null, true)")  # fmt: skip
    expected = ["1", "2", "3", *(["9"] if is_found else [])]
    for _ in range(3):  # and what is known is never landed twice
        land(town, source_of(town))
        assert ids(town) == expected
    add(server, 4, "12:00")
    land(town, source_of(town))
    assert ids(town) == [*expected, "4"] and len(batches(town)) == 3 + is_found
    reached = [name.partition(" ")[2] for name, _, _ in batches(town)]
    assert reached == sorted(reached)
    counts = clean(town, source_of(town))
    assert (counts.rows_in, counts.accepted) == (len(expected) + 1, len(expected) + 1)


def test_a_row_of_the_overlap_whose_original_was_purged_is_the_same_version(server: Server, town: Run) -> None:
    write(town.city.folder, SOURCE.replace("batch_rows: 2", "overlap: 2 h"))
    lists = {"issues": "issue_code,issue_name,is_dangerous\nA1,路灯,0\n", "issue_map": "system,value,issue_code\nhotline,路灯,A1\n",
             "divisions": "code,level,name,parent_code\n77,district,清溪区,\n7701,community,和平社区,77\n"}  # fmt: skip
    for name, text in lists.items():
        (town.city.folder / f"{name}.csv").write_text(text, encoding="utf-8")
    land(town, source_of(town))
    clean(town, source_of(town))
    with town.warehouse.writing() as door:
        door.run("delete from raw.hotline where id = '2'")
    land(town, source_of(town))
    clean(town, source_of(town))
    validate(town, source_of(town))
    conform(town)
    with town.warehouse.reading() as door:
        assert door.rows("select record_id, count(*) from core.fct_event_versions group by all order by 1") == [
            ("1", 1), ("2", 1), ("3", 1)
        ]  # fmt: skip
        found = door.ask("mart.source_status", as_of_date=town.as_of_date).row(0, named=True)
    assert (found["rows_in"], found["accepted"], found["superseded"]) == (4, 3, 1)


def test_an_overlap_needs_a_time(server: Server, town: Run) -> None:
    write(town.city.folder, SOURCE.replace("cursor: updated_at", "cursor: id, overlap: 2h"))
    land(town, source_of(town))
    assert "游标列“id”不是时间" in refusal(town) and "请删去 reader.overlap" in refusal(town)


def test_a_number_as_cursor_in_a_query(server: Server, town: Run) -> None:
    for number in range(8, 13):
        add(server, number, "09:00")
    query = "query: 'select * from orders where id <> 9;', cursor: id"
    write(town.city.folder, SOURCE.replace("table: public.orders, cursor: updated_at", query))
    land(town, source_of(town))
    assert ids(town) == ["1", "2", "3", "8", "10", "11", "12"]  # the database's order, not that of text
    add(server, 100, "09:00")
    land(town, source_of(town))
    assert ids(town)[-1] == "100" and len(ids(town)) == 8


def test_a_read_that_broke_off_goes_on_where_it_was(server: Server, town: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.steps import land as landing

    store = landing._store

    def killed(run: Run, source: Any, block: Any, known: Any) -> None:
        store(run, source, block, known)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(landing, "_store", killed)
        with pytest.raises(KeyboardInterrupt):
            land(town, source_of(town))
    assert ids(town) == ["1", "2"]
    land(town, source_of(town))
    assert ids(town) == ["1", "2", "3"]


def test_a_corrected_contract_reads_the_landed_batches_again(server: Server, town: Run) -> None:
    write(town.city.folder, SOURCE.replace("community: community", "community: sub_district"))
    land(town, source_of(town))
    assert {state for _, state, _ in batches(town)} == {"refused"}
    write(town.city.folder, SOURCE)
    land(town, source_of(town))
    assert ids(town) == ["1", "2", "3"] and {state for _, state, _ in batches(town)} == {"landed"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("table: public.orders", "table: public.ordres", "查询不能执行（42P01 relation"),
        ("cursor: updated_at", "cursor: update_time", "没有游标列“update_time”，有id、called_at、updated_at"),
        ("table: public.orders", "query: 'delete from orders returning *'", "查询不能执行（42"),
        ("table: public.orders", "table: pg_authid", "没有游标列"),
    ],
)
def test_a_wrong_contract_is_explained(server: Server, town: Run, old: str, new: str, words: str) -> None:
    write(town.city.folder, SOURCE.replace(old, new))
    land(town, source_of(town))
    assert refusal(town).startswith("hotline hotline_db：") and words in refusal(town) and "请" in refusal(town)
    with town.warehouse.reading() as door:
        assert not door.has_table("raw.hotline")


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("", "没有设置环境变量 AIRFLOW_CONN_HOTLINE_DB"),
        ("mysql://xianban:s3cret-x@127.0.0.1/db", "不是 postgresql://"),
        ("postgresql://xianban:s3cret-x@127.0.0.1:port/db", "不是 postgresql://"),
        ("{uri}?s3cret-option=1", "连接不上"),
        ("{uri}_none", "没有这个数据库|连接不上"),
        ("postgresql://xianban:s3cret-wrong@127.0.0.1:{port}/postgres", "拒绝登录|连接不上"),
        ("postgresql://xianban:s3cret-x@127.0.0.1:1/postgres", "连接不上"),
    ],
)
def test_no_secret_is_told(
    server: Server, town: Run, uri: str, words: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HOTLINE_DB", uri.format(uri=server.uri, port=server.port))
    land(town, source_of(town))
    assert any(word in refusal(town) for word in words.split("|")), refusal(town)
    assert "s3cret" not in refusal(town) + caplog.text and "hotline" in caplog.text


def test_server_down_and_up_again(server: Server, town: Run) -> None:
    server.stop()
    try:
        for _ in range(2):
            land(town, source_of(town))
            assert "hotline hotline_db：数据库连接不上" in refusal(town)
            assert batches(town) == [("hotline_db", "refused", 0)]
    finally:
        server.start()
    land(town, source_of(town))
    assert ids(town) == ["1", "2", "3"] and {state for _, state, _ in batches(town)} == {"landed"}


def checked(town: Run, *more: str) -> Any:
    return CliRunner().invoke(app, ["source", "check", "hotline", "--city", str(town.city.folder), *more])


def test_source_check_shows_the_first_rows_and_stores_nothing(
    server: Server, town: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "ASKED_ROWS", 4)
    for number in (4, 5, 6):
        add(server, number, "12:00", "请回电13800138000")
    server.do("update orders set called_at = null where id = 2")
    for name, text in (("issue_map", "system,value,issue_code\nhotline,噪声,A1\n"), ("issues", "issue_code,issue_name,is_dangerous\nA1,噪声,0\n"),
                       ("divisions", "code,level,name,parent_code\n77,district,清溪区,\n")):  # fmt: skip
        (town.city.folder / f"{name}.csv").write_text(text, encoding="utf-8")
    done = checked(town, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert (found["format"], found["rows_in"], found["accepted"]) == ("postgres", 4, 3)
    assert found["rejected"] == {"时间无法识别（called_at）": 1}
    assert (found["columns"]["key"], found["columns"]["category"]) == ("id", "category")
    assert found["unmapped_categories"] == {"路灯": 3} and found["unused_headers"] == ["extra", "urgent"]
    told = checked(town).output
    assert "server: hotline_db (postgres), first 4 rows" in told and "请回电[电话]" in told
    assert "13800138000" not in told and "s3cret" not in told
    with town.warehouse.reading() as door:
        assert not door.has_table("raw.hotline") and door.scalar("select count(*) from ops.batches") == 0
    assert not (town.settings.landing_dir / "hotline").exists()


def test_source_check_tells_what_is_wrong(server: Server, town: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write(town.city.folder, SOURCE.replace("occurred_at: called_at", "occurred_at: call_time"))
    done = checked(town)
    assert done.exit_code == 1 and "缺少列“call_time”" in done.output and "occurred_at <- NOT FOUND" in done.output
    server.do("delete from orders")
    assert "还没有数据行" in checked(town).output
    monkeypatch.delenv("AIRFLOW_CONN_HOTLINE_DB")
    assert "没有设置环境变量 AIRFLOW_CONN_HOTLINE_DB" in checked(town).output
    assert "leave --file out" in str(checked(town, "--file", "/tmp/x.csv").exception)


@pytest.mark.parametrize(
    ("uri", "level", "words"),
    [
        (None, "warn", "set AIRFLOW_CONN_HOTLINE_DB to a postgresql:// address"),
        ("mysql://xianban:s3cret@127.0.0.1/db", "fail", "is no postgresql:// address; correct it"),
        ("postgresql://xianban:s3cret@127.0.0.1:1/db", "ok", "`xianban source check hotline` asks the server"),
    ],
)
def test_doctor_looks_at_the_address_and_asks_nobody(
    town: Run, monkeypatch: pytest.MonkeyPatch, uri: str | None, level: str, words: str
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_HOTLINE_DB", raising=False)
    if uri is not None:
        monkeypatch.setenv("AIRFLOW_CONN_HOTLINE_DB", uri)
    settings = town.settings.model_copy(update={"data": None})
    (town.city.folder / "issues.csv").write_text("issue_code,issue_name,is_dangerous\nA1,噪声,0\n", encoding="utf-8")
    found = {finding.name: finding for finding in examine(settings)}
    assert found["source hotline"].level == level and words in found["source hotline"].message
    assert "s3cret" not in str(found) and "no file matches" not in str(found) and "data" not in found
