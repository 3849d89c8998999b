"""Rows in are accepted + rejected + superseded, whatever the bytes hold."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import RefusedFile
from pipelines.settings import Settings
from pipelines.sources.contract_file import load_source
from pipelines.sources.mapping import map_batch
from pipelines.sources.readers import read_file
from pipelines.steps.clean import clean
from pipelines.steps.land import land
from pipelines.steps.run import Run
from pipelines.warehouse.door import Warehouse

HEADER = ["工单编号", "来电时间", "更新时间", "主要内容", "社区", "问题分类", "备注"]
TIMES = ["2025-09-01 09:30:00", "2025/9/1 9:30", "45901.4", "", "2025-02-30", "1899-12-30", "9999-12-31", "昨天", "\t"]
KEYS = ["1", "2", "3", "", " ", "\u200b7", "\u202e8", "2.5E+17", "x" * 120, "'; drop table x; --", "1"]
TEXTS = [
    "路灯不亮",
    "第一行\n第二行",
    'a "b" c',
    "一,二",
    "\ufeff零宽\u200b",
    "",
    "=1+1",
    "长" * 3000,
    "\r",
    "[作废]",
    "𠮷",
]


def dirty_file(seed: int) -> bytes:
    """Rows with any mixture of trouble; some are written by hand, so that quotes and fields do not fit."""
    random.seed(seed)
    out = io.StringIO()
    for _ in range(random.choice([0, 0, 2])):
        out.write("某市工单表" + random.choice(["\n", ",,\n"]))
    end = random.choice(["\n", "\r\n", "\r"])
    writer = csv.writer(out, lineterminator=end, quoting=random.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    writer.writerow(HEADER)
    for _ in range(random.randrange(1, 60)):
        row = [random.choice(KEYS), random.choice(TIMES), random.choice(TIMES[:4])]
        row += [random.choice(TEXTS) for _ in range(4)]
        kind = random.random()
        if kind < 0.1:
            row += ["多出", "两个"]
        elif kind < 0.2:
            row = row[: random.randrange(1, 7)]
        elif kind < 0.25:
            out.write(f'7,2025-09-01,2025-09-01,引号"在中间"的,"半"路",x,y{end}')
            continue
        elif kind < 0.3:
            out.write(end)
            continue
        writer.writerow(row)
    return out.getvalue().encode()


def rows_by_another_counter(content: bytes) -> int:
    """Rows below the header, counted from the bytes without our reader."""
    rows = [row for row in csv.reader(io.StringIO(content.decode(), newline="")) if row]
    return len(rows) - rows.index(HEADER) - 1


@pytest.mark.parametrize("has_key", [True, False])
@pytest.mark.parametrize("seed", range(10))
def test_no_row_is_lost_or_invented(tmp_path: Path, make_source, numbered, seed: int, has_key: bool) -> None:
    content = dirty_file(seed)
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    source = make_source(
        key="工单编号" if has_key else None, voided=[{"column": "主要内容", "contains": ["[作废]"]}],
        columns={"content": "主要内容", "community": "社区"},
    )  # fmt: skip
    raw = numbered(read_file(source, path, path.name))
    mapped = map_batch(source, raw, None, None, b"some key")
    parts = [mapped.accepted, mapped.rejected, mapped.superseded]
    assert sum(part.height for part in parts) == rows_by_another_counter(content)
    numbers = sorted(pl.concat([part["row_no"] for part in parts]).to_list())
    assert numbers == list(range(1, raw.height + 1))
    assert (mapped.rejected["reason"].str.len_chars() > 0).all()


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_end_in_a_frame_or_a_refusal(read_bytes, seed: int) -> None:
    """Whatever is done to the bytes, nobody sees anything but our own words."""
    random.seed(seed)
    content = bytearray(dirty_file(seed))
    for _ in range(random.choice([1, 3, 30])):
        at = random.randrange(len(content))
        content[at : at + random.choice([0, 1, 2])] = random.randbytes(random.choice([1, 2]))
    try:
        assert read_bytes(bytes(content), encoding=random.choice(["utf-8", "gb18030"])).height > 0
    except RefusedFile as refusal:
        assert "hotline orders.csv：" in str(refusal) and "请" in str(refusal)


CITY = 'name = "town"\ntitle = "镇"\ndefault_date = 2025-09-03\ndense_from = 2025-01-01\n'
SOURCE = """
name: hotline
title: 热线
kind: hotline_order
reader: {format: csv, path: "*.csv"}
key: 工单编号
occurred_at: 来电时间
known_at: 更新时间
columns: {content: 主要内容, community: 社区}
resident_channels: all
issues: {from: 问题分类, system: hotline}
"""


@pytest.fixture
def town(tmp_path: Path, migrated: Callable[[Warehouse], None]) -> Run:
    folder, data = tmp_path / "town", tmp_path / "data"
    (folder / "sources").mkdir(parents=True)
    data.mkdir()
    (folder / "city.toml").write_text(CITY, encoding="utf-8")
    (folder / "sources" / "hotline.yaml").write_text(SOURCE, encoding="utf-8")
    settings = Settings(home=tmp_path / "home", city=folder, data=data, hmac_key="some key")
    run = Run(settings, dt.date(2025, 9, 3))
    migrated(run.warehouse)
    return run


def test_landing_and_cleaning_add_up_in_the_warehouse(town: Run) -> None:
    data = town.data_dir
    expected = 0
    for seed in range(3):
        content = dirty_file(seed)
        (data / f"f{seed}.csv").write_bytes(content)
        (data / f"again{seed}.csv").write_bytes(content)  # the same bytes are the same batch
        expected += rows_by_another_counter(content)
    (data / "empty.csv").write_bytes(b"")
    # headers that would be SQL, in two letter cases
    row = "9,2025-09-01,2025-09-01,a,b,c"
    for number, extra in enumerate(
        ['a"" , (select 1)', 'A"" , (select 1)', "ä", "Ä", "x'; drop table ops.batches; --"]
    ):
        quoted = f'"{extra}"'
        (data / f"h{number}.csv").write_text(f"{','.join(HEADER[:6])},{quoted}\n{row},d{number}\n", encoding="utf-8")
        expected += 1
    source = load_source(town.city.folder / "sources" / "hotline.yaml")
    land(town, source)
    counts = clean(town, source)
    assert counts.rows_in == expected == counts.accepted + counts.rejected + counts.superseded
    with town.warehouse.reading() as door:
        stored = [
            door.scalar(f"select count(*) from {table}")
            for table in ("raw.hotline", "stg.hotline_order", "ops.rejected_rows", "ops.superseded_rows")
        ]
        states = door.rows("select state, count(*) from ops.batches group by state order by state")
        tail = door.rows('select "a"" , (select 1)" from raw.hotline where "a"" , (select 1)" is not null order by 1')
    assert stored == [expected, counts.accepted, counts.rejected, counts.superseded]
    assert states == [("cleaned", 8), ("refused", 1)]
    assert tail == [("d0",), ("d1",)]


def test_a_header_seen_first_in_another_case_is_still_found(town: Run) -> None:
    """DuckDB keeps the first spelling of a column; the contract has the second."""
    path = town.city.folder / "sources" / "hotline.yaml"
    source = load_source(path)
    (town.data_dir / "a.csv").write_text(f"{','.join(HEADER[:6])},Unit\n1,2025-09-01,2025-09-01,a,b,c,d\n", "utf-8")
    land(town, source)
    (town.data_dir / "b.csv").write_text(f"{','.join(HEADER[:6])},unit\n2,2025-09-01,2025-09-01,a,b,c,d\n", "utf-8")
    land(town, source)
    path.write_text(path.read_text(encoding="utf-8").replace("社区}", "社区, unit: unit}"), encoding="utf-8")
    clean(town, load_source(path))
    with town.warehouse.reading() as door:
        assert door.rows("select unit_name from stg.hotline_order") == [("d",), ("d",)]
