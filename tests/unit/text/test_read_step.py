"""The read step: each text once, with its places, and anew only where words, names or rules touch it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipelines.cities.city import City
from pipelines.settings import Settings
from pipelines.steps import read, texts
from pipelines.steps.run import Run
from pipelines.warehouse.door import Door, Warehouse

TEXTS = {
    "t1": "投诉恒信云上夜间施工",
    "t2": "锦华社区云和路积水",
    "t3": "楼道堆物没人管",
    "t4": None,
}
FILES = {
    "city.toml": 'name = "town"\ntitle = "镇"\ndefault_date = 2026-11-16\ndense_from = 2024-01-01\n',
    "divisions.csv": "code,level,name,parent_code\n7,community,锦华社区,\n8,community,松涛社区,\n",
    "issues.csv": "issue_code,issue_name,is_dangerous\n1,垃圾堆放,0\n",
    "issue_map.csv": "system,value,issue_code\n",
    "gazetteer.csv": "name,kind,community_code\n恒信云上,estate,7\n松涛里,estate,7\n松涛里,estate,8\n",
}


@pytest.fixture
def folder(tmp_path: Path, migrated: Callable[[Warehouse], None]) -> Path:
    folder = tmp_path / "town"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    run = run_of(folder)
    migrated(run.warehouse)
    with run.warehouse.writing() as door:
        # and a record without any text, of which nothing is read
        for number, (key, text) in enumerate([*TEXTS.items(), (None, None)]):
            door.run(
                "insert into stg.hotline_order by name select 'h' as source_name, 'r' || $n as record_id, "
                "'b' as batch_id, $n::bigint as row_no, 'r' || $n as row_hash, timestamp '2026-01-01' as occurred_at, timestamp '2026-01-01' as "
                "entered_at, timestamp '2026-01-01' as known_at, true as is_resident, $t as content, $k as text_hash",
                k=key, n=number, t=text,
            )  # fmt: skip
    return folder


def run_of(folder: Path) -> Run:
    return Run(Settings(city=folder, home=folder.parent / "home"), dt.date(2026, 11, 16))


def read_again(folder: Path) -> int:
    return int(read.read_text(run_of(folder)).details["texts_read"])


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with run_of(folder).warehouse.reading() as door:
        return door.rows(sql)


def mentions(folder: Path) -> list[tuple[object, ...]]:
    return rows(
        folder, "select text_hash, start_position, end_position, place_name, kind, community_code "
        "from core.fct_place_mentions order by all",
    )  # fmt: skip


def test_each_text_is_read_once_with_its_places(folder: Path) -> None:
    assert read_again(folder) == 4
    assert mentions(folder) == [
        ("t1", 2, 6, "恒信云上", "estate", "7"),
        ("t2", 0, 4, "锦华社区", "community", "7"),
        ("t2", 4, 7, "云和路", "road", None),
    ]
    assert read_again(folder) == 0
    assert rows(folder, "select count(*), count(distinct dictionary_hash) from core.fct_text_readings") == [(4, 1)]


def test_a_changed_name_or_word_touches_only_the_texts_that_hold_it(folder: Path) -> None:
    read_again(folder)
    stamp = "select distinct dictionary_hash from core.fct_text_readings"
    before = rows(folder, stamp)
    (folder / "gazetteer.csv").write_text(FILES["gazetteer.csv"] + "云和路,road,8\n", encoding="utf-8")
    assert read_again(folder) == 1
    assert ("t2", 4, 7, "云和路", "road", "8") in mentions(folder)
    assert len(rows(folder, stamp)) == 1 and rows(folder, stamp) != before, "all readings carry the present stamp"
    (folder / "userdict.txt").write_text("没人管 20000\n", encoding="utf-8")
    assert read_again(folder) == 1
    assert "没人管" in str(rows(folder, "select tokens from core.fct_text_readings where text_hash = 't3'"))
    (folder / "userdict.txt").unlink()
    (folder / "gazetteer.csv").unlink()
    assert read_again(folder) == 3
    assert [row[3] for row in mentions(folder)] == ["锦华社区", "云和路"]


def test_a_name_moved_to_another_community_is_read_anew(folder: Path) -> None:
    read_again(folder)
    moved = FILES["gazetteer.csv"].replace("恒信云上,estate,7", "恒信云上,estate,8")
    (folder / "gazetteer.csv").write_text(moved, encoding="utf-8")
    assert read_again(folder) == 1
    assert mentions(folder)[0][-1] == "8"


def test_changed_rules_or_many_changed_words_touch_every_text(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_again(folder)
    monkeypatch.setattr(read, "rules_hash", lambda: "other rules")
    assert read_again(folder) == 4
    monkeypatch.setattr(read, "_MOST_CHANGED", 0)
    (folder / "userdict.txt").write_text("没人管 20000\n", encoding="utf-8")
    assert read_again(folder) == 4


def test_the_same_reading_comes_out_whether_in_part_or_as_a_whole(folder: Path) -> None:
    read_again(folder)
    (folder / "gazetteer.csv").write_text(FILES["gazetteer.csv"] + "云和路,road,8\n", encoding="utf-8")
    read_again(folder)
    in_part = mentions(folder), rows(folder, "select * from core.fct_text_readings order by text_hash")
    with run_of(folder).warehouse.writing() as door:
        door.run("delete from core.fct_text_readings")
        door.run("delete from core.fct_place_mentions")
    assert read_again(folder) == 4
    assert in_part == (mentions(folder), rows(folder, "select * from core.fct_text_readings order by text_hash"))


TABLES = ("core.fct_text_readings", "core.fct_place_mentions", "core.fct_text_signals")


def add_texts(folder: Path, count: int) -> None:
    with run_of(folder).warehouse.writing() as door:
        door.run(
            "insert into stg.hotline_order by name select h.* exclude (record_id, row_no, row_hash, text_hash, content), "
            "n::varchar as record_id, 100 + n as row_no, n::varchar as row_hash, md5(n::varchar) as text_hash, "
            "'锦华社区云和路' || n || '号门口第' || (n * 7) || '次积水，已反映' as content "
            "from stg.hotline_order as h cross join range($c) as r (n) where text_hash = 't1'",
            c=count,
        )  # fmt: skip


def test_processes_read_what_one_reads(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_texts(folder, 300)
    monkeypatch.setattr(read, "_BLOCK", 40)
    monkeypatch.setattr(texts, "WORTH_PROCESSES", 100)
    found, used = [], []
    in_processes = texts.in_processes
    monkeypatch.setattr(texts, "in_processes", lambda *args: used.append(args[2]) or in_processes(*args))
    for workers in (1, 2):
        with run_of(folder).warehouse.writing() as door:
            for table in TABLES:
                door.run(f"delete from {table}")
        run = Run(Settings(city=folder, home=folder.parent / "home", workers=workers), dt.date(2026, 11, 16))
        assert read.read_text(run).details["texts_read"] == 304
        found.append([rows(folder, f"select * from {table} order by all") for table in TABLES])
    assert used == [1, 1, 2, 2] and found[0] == found[1]
    add_texts(folder, 301)
    assert read_again(folder) == 1 and used[-1] == 1, "a small day is read without starting processes"


def test_killed_between_blocks_the_next_run_reads_the_rest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_texts(folder, 100)
    monkeypatch.setattr(read, "_BLOCK", 20)
    append, appended = Door.append, []

    def append_some(door: Door, name: str, frame: pl.DataFrame) -> None:
        appended.append(name)
        if len(appended) == 6:  # after both lists, the mentions of the second block
            raise KeyboardInterrupt
        append(door, name, frame)

    monkeypatch.setattr(Door, "append", append_some)
    with pytest.raises(KeyboardInterrupt):
        read_again(folder)
    monkeypatch.undo()
    kept = rows(folder, "select count(*) from core.fct_text_readings")[0][0]
    assert 0 < kept < 104
    assert read_again(folder) == 104 - kept
    in_parts = [rows(folder, f"select * from {table} order by all") for table in TABLES]
    with run_of(folder).warehouse.writing() as door:
        for table in TABLES:
            door.run(f"delete from {table}")
    read_again(folder)
    assert in_parts == [rows(folder, f"select * from {table} order by all") for table in TABLES]


def test_words_name_the_only_community_or_none(folder: Path) -> None:
    words = {row[0]: row[1:] for row in read.text_words(City(folder)).iter_rows()}
    assert words["松涛里"] == (20_000, "estate", None)
    assert words["恒信云上"] == (20_000, "estate", "7")
    assert words["垃圾堆放"] == (20_000, None, None)
