"""Landing: archives become several batches, a large file streams, and a batch is there whole or not at all."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.settings import Settings
from pipelines.sources import readers, spool
from pipelines.sources.contract import Chain, Voided
from pipelines.sources.contract_file import load_source
from pipelines.steps import clean as cleaning
from pipelines.steps import drop_folder
from pipelines.steps.clean import clean
from pipelines.steps.land import land
from pipelines.steps.run import Run
from pipelines.warehouse.door import Door, Warehouse
from pipelines.warehouse.retention import purge_files, purge_rows

CITY = 'name = "town"\ntitle = "镇"\ndefault_date = 2025-09-03\ndense_from = 2025-01-01\n'
SOURCE = """
name: hotline
title: 热线
kind: hotline_order
reader: {format: csv, path: "*_{date}.*", encoding: gb18030}
key: 工单编号
occurred_at: 来电时间
known_at: 更新时间
columns: {content: 主要内容, community: 社区}
resident_channels: all
issues: {from: 问题分类, system: hotline}
"""
HEADER = "工单编号,来电时间,更新时间,主要内容,社区,问题分类\n"


@pytest.fixture
def town(tmp_path: Path, migrated: Callable[[Warehouse], None]) -> Run:
    folder, data = tmp_path / "town", tmp_path / "data"
    (folder / "sources").mkdir(parents=True)
    data.mkdir()
    (folder / "city.toml").write_text(CITY, encoding="utf-8")
    (folder / "sources" / "hotline.yaml").write_text(SOURCE, encoding="utf-8")
    run = Run(Settings(home=tmp_path / "home", city=folder, data=data, hmac_key="some key"), dt.date(2025, 9, 3))
    migrated(run.warehouse)
    return run


def orders(first: int, last: int) -> bytes:
    rows = (f"{n},2025-09-01 09:30:00,2025-09-01 09:31:00,路灯不亮,和平社区,路灯\n" for n in range(first, last))
    return (HEADER + "".join(rows)).encode("gb18030")


def source_of(town: Run):
    return load_source(town.city.folder / "sources" / "hotline.yaml")


def batches(town: Run) -> list[tuple]:
    with town.warehouse.reading() as door:
        return door.rows("select file_name, state, rows_in, exported_date, refusal from ops.batches order by file_name")


def numbers(town: Run) -> list[tuple]:
    with town.warehouse.reading() as door:
        return door.rows('select row_no, "工单编号" from raw.hotline order by batch_id, row_no')


def test_an_archive_is_the_files_it_holds(town: Run) -> None:
    with zipfile.ZipFile(town.data_dir / "drop_20250901.zip", "w") as target:
        target.writestr("甲.csv", orders(1, 3))
        target.writestr("乙.csv", orders(3, 4))
        target.writestr("空.csv", b"")
    (town.data_dir / "same_20250902.csv").write_bytes(orders(3, 4))
    day = dt.date(2025, 9, 1)
    for files in (3, 1):  # the refused one is tried again
        assert land(town, source_of(town)).details["files"] == files
        assert batches(town) == [
            ("drop_20250901.zip/乙.csv", "landed", 1, day, None),
            ("drop_20250901.zip/甲.csv", "landed", 2, day, None),
            (
                "drop_20250901.zip/空.csv",
                "refused",
                0,
                day,
                "hotline drop_20250901.zip/空.csv：文件为空（0字节）；请提供单位重新导出",
            ),
        ]


def test_an_archive_with_one_bad_member_is_refused_whole_and_the_rest_goes_on(town: Run) -> None:
    with zipfile.ZipFile(town.data_dir / "drop_20250901.zip", "w") as target:
        target.writestr("a.csv", orders(1, 3))
        target.writestr("../b.csv", orders(3, 4))
    (town.data_dir / "good_20250902.csv").write_bytes(orders(5, 6))
    for _ in range(2):
        counts = land(town, source_of(town))
        assert counts.details["refused_files"] == 1
        bad, good = batches(town)
        assert (bad[0], bad[1], bad[2]) == ("drop_20250901.zip", "refused", 0)
        assert "“../b.csv”的路径指向包外" in bad[4]
        assert good[:3] == ("good_20250902.csv", "landed", 1)
    assert numbers(town) == [(1, "5")]


def test_blocks_are_numbered_through_and_cleaned_as_one(town: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_ROWS_AT_ONCE", 7)
    content = orders(1, 51) + "3,2025-09-01 09:30:00,2025-09-01 09:31:00,路灯不亮,和平社区,路灯\n51,x\n".encode(
        "gb18030"
    )
    (town.data_dir / "a_20250901.csv").write_bytes(content)
    land(town, source_of(town))
    assert [number for number, _ in numbers(town)] == list(range(1, 53))
    counts = clean(town, source_of(town))
    assert (counts.accepted, counts.rejected, counts.superseded) == (50, 1, 1)


def test_a_fault_in_the_last_block_refuses_the_whole_file(town: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_ROWS_AT_ONCE", 7)
    (town.data_dir / "a_20250901.csv").write_bytes(orders(1, 51) + b'"open')
    (town.data_dir / "b_20250902.csv").write_bytes(orders(60, 61))
    land(town, source_of(town))
    assert [row[:3] for row in batches(town)] == [("a_20250901.csv", "refused", 0), ("b_20250902.csv", "landed", 1)]
    assert "第52行起引号没有闭合" in batches(town)[0][4]
    assert numbers(town) == [(1, "60")]
    assert [name for name in os.listdir(town.settings.landing_dir / "hotline") if name.startswith(".")] == []


def test_a_run_killed_between_blocks_left_nothing(town: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_ROWS_AT_ONCE", 7)
    monkeypatch.setattr(spool, "_ROWS_JOINED", 10)
    (town.data_dir / "a_20250901.csv").write_bytes(orders(1, 51))
    append, calls = Door.append, []

    def killed(self: Door, name: str, frame) -> None:
        calls.append(name)
        if calls.count("raw.hotline") == 3:
            raise KeyboardInterrupt
        append(self, name, frame)

    with monkeypatch.context() as patch:
        patch.setattr(Door, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            land(town, source_of(town))
    assert batches(town) == [] and numbers(town) == []
    land(town, source_of(town))
    assert len(numbers(town)) == 50


@pytest.mark.parametrize(
    ("told_by", "reasons"),
    [
        ({}, {"voided", "duplicate"}),
        ({"key": None}, {"voided"}),
        ({"chain": Chain(unit="社区", order_by="更新时间")}, {"voided", "duplicate", "merged_chain"}),
    ],
    ids=["key", "no key", "chain"],
)
def test_cleaning_in_parts_gives_the_same_rows(
    town: Run, monkeypatch: pytest.MonkeyPatch, told_by: dict[str, object], reasons: set[str]
) -> None:
    rows = [
        f"{n % 40},2025-09-0{n % 2 + 1} 09:30:00,2025-09-01 09:{n % 4 + 30}:00,内容{n % 3},社区{n % 3},路灯"
        for n in range(300)
    ]
    rows[7] = ",2025-09-01,2025-09-01,没有编号,和平社区,路灯"
    rows[8] = "3,难辨,2025-09-01,时间不对,和平社区,路灯"
    (town.data_dir / "a_20250901.csv").write_bytes((HEADER + "\n".join(rows)).encode("gb18030"))
    source = source_of(town)
    source = source.model_copy(update={"voided": [Voided(column="主要内容", contains=["内容2"])], **told_by})
    found = []
    for part_rows in (1000, 13):
        monkeypatch.setattr(cleaning, "PART_ROWS", part_rows)
        land(town, source)
        counts = clean(town, source)
        with town.warehouse.writing() as door:
            tables = [
                door.rows(f"select * from {table} order by row_no")
                for table in ("stg.hotline_order", "ops.rejected_rows", "ops.superseded_rows")
            ]
            door.run("update ops.batches set state = 'landed'")
        found.append((counts.accepted, counts.rejected, counts.superseded, tables))
    assert found[0] == found[1]
    assert found[0][1] > 0
    assert {row[-1] for row in found[0][3][2]} == reasons


def landed(town: Run) -> set[str]:
    return {path.name for path in (town.settings.landing_dir / "hotline").iterdir()}


def rewrite(town: Run, old: str, new: str) -> None:
    path = town.city.folder / "sources" / "hotline.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_known_files_are_not_copied_again(town: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (town.data_dir / "a_20250901.csv").write_bytes(orders(1, 2))
    with zipfile.ZipFile(town.data_dir / "b_20250901.zip", "w") as target:
        target.writestr("b.csv", orders(2, 3))
    land(town, source_of(town))
    assert len(landed(town)) == 2
    copied: list[str] = []
    replace = os.replace
    monkeypatch.setattr(drop_folder.os, "replace", lambda old, new: (copied.append(new), replace(old, new)))
    opened = Path.open

    def watched(self: Path, mode: str = "r", **more):
        assert "w" not in mode, self
        return opened(self, mode, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", watched)
        assert land(town, source_of(town)).details["files"] == 0
    (town.data_dir / "c_20250902.csv").write_bytes(orders(3, 4))
    land(town, source_of(town))
    assert len(copied) == 1 and len(landed(town)) == 3


def test_what_is_stored_is_what_was_hashed_even_if_the_file_grows(town: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    path = town.data_dir / "a_20250901.csv"
    path.write_bytes(orders(1, 2))
    hash_of_file = drop_folder._hash_of_file

    def grows(one: Path) -> str:
        found = hash_of_file(one)
        path.write_bytes(orders(1, 4))
        return found

    monkeypatch.setattr(drop_folder, "_hash_of_file", grows)
    land(town, source_of(town))
    (name,) = landed(town)
    assert hashlib.sha256((town.settings.landing_dir / "hotline" / name).read_bytes()).hexdigest() == name
    with town.warehouse.reading() as door:
        assert door.rows("select file_hash, rows_in from ops.batches") == [(name, 3)]


@pytest.mark.parametrize("is_zipped", [False, True])
def test_a_purged_file_that_still_lies_in_the_drop_folder_does_not_come_back(town: Run, is_zipped: bool) -> None:
    if is_zipped:
        with zipfile.ZipFile(town.data_dir / "a_20250901.zip", "w") as target:
            target.writestr("a.csv", orders(1, 3))
    else:
        (town.data_dir / "a_20250901.csv").write_bytes(orders(1, 3))
    land(town, source_of(town))
    clean(town, source_of(town))
    with town.warehouse.writing() as door:
        assert purge_rows(door, dt.date(2026, 9, 3), dt.date(2026, 1, 1)).batches == 1
        assert purge_files(door, town.settings.landing_dir) == 1
    before = batches(town)
    for contract in ("gb18030}", "gb18030, header_within: 9}"):
        rewrite(town, "gb18030}", contract)
        assert land(town, source_of(town)).details["files"] == 0
        assert landed(town) == set() and batches(town) == before and numbers(town) == []


def test_a_file_that_a_restore_did_not_bring_back_is_landed_again(town: Run) -> None:
    (town.data_dir / "a_20250901.csv").write_bytes(orders(1, 2))
    land(town, source_of(town))
    names = landed(town)
    for name in names:
        (town.settings.landing_dir / "hotline" / name).unlink()
    assert land(town, source_of(town)).details["files"] == 0
    assert landed(town) == names and len(batches(town)) == 1


@pytest.mark.parametrize("in_drop_folder", [True, False])
def test_a_refused_archive_is_read_when_the_contract_was_corrected(town: Run, in_drop_folder: bool) -> None:
    path = town.data_dir / "drop_20250901.zip"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("甲.csv", orders(1, 3))
        target.writestr("乙.csv", orders(3, 4))
    rewrite(town, "format: csv", "format: jsonl")
    land(town, source_of(town))
    assert [row[:3] for row in batches(town)] == [("drop_20250901.zip", "refused", 0)]
    assert len(landed(town)) == 1
    if not in_drop_folder:
        path.unlink()
    rewrite(town, "format: jsonl", "format: csv")
    for files in (2, 0):
        assert land(town, source_of(town)).details["files"] == files
        day = dt.date(2025, 9, 1)
        assert batches(town) == [
            ("drop_20250901.zip/乙.csv", "landed", 1, day, None),
            ("drop_20250901.zip/甲.csv", "landed", 2, day, None),
        ]
        assert len(landed(town)) == 2


def test_an_archive_that_was_cut_short_is_named_so_again(town: Run) -> None:
    with zipfile.ZipFile(town.data_dir / "drop_20250901.zip", "w") as target:
        target.writestr("甲.csv", orders(1, 300))
    content = (town.data_dir / "drop_20250901.zip").read_bytes()
    (town.data_dir / "drop_20250901.zip").write_bytes(content[:-30])
    for _ in range(2):
        land(town, source_of(town))
        assert "不是完好的 ZIP 压缩包" in batches(town)[0][4]


def test_a_bad_last_member_leaves_no_member_behind(town: Run) -> None:
    with zipfile.ZipFile(town.data_dir / "drop_20250901.zip", "w") as target:
        target.writestr("a.csv", orders(1, 3))
        target.writestr("b.csv", orders(3, 4))
    content = (town.data_dir / "drop_20250901.zip").read_bytes()
    at = content.rindex(orders(3, 4)[-8:])
    (town.data_dir / "drop_20250901.zip").write_bytes(content[:at] + b"?" + content[at + 1 :])
    land(town, source_of(town))
    assert [row[:2] for row in batches(town)] == [("drop_20250901.zip", "refused")]
    assert len(landed(town)) == 1


def test_a_landed_file_that_is_gone_stays_as_it_was_read(town: Run) -> None:
    (town.data_dir / "a_20250901.csv").write_bytes(orders(1, 2))
    land(town, source_of(town))
    for path in (town.settings.landing_dir / "hotline").iterdir():
        path.unlink()
    (town.data_dir / "a_20250901.csv").unlink()
    path = town.city.folder / "sources" / "hotline.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("gb18030}", "gb18030, header_within: 9}"), encoding="utf-8"
    )
    land(town, source_of(town))
    assert batches(town) == [("a_20250901.csv", "landed", 1, dt.date(2025, 9, 1), None)]
