"""Workbooks as they come: titles, dates, formulas; and archives that would harm."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from pipelines.errors import RefusedFile
from pipelines.sources import workbook
from pipelines.sources.contract import Source
from pipelines.sources.readers import read_file
from pipelines.synthetic.xlsx import write_xlsx

HEADER = ("工单编号", "来电时间", "更新时间", "主要内容", "社区", "问题分类")
ROW = ("1", "2025-09-01 09:30:00", "2025-09-01 09:31:00", "路灯不亮", "和平社区", "路灯")
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "orders.xlsx"
    write_xlsx(path, [HEADER, ROW])
    return path


@pytest.fixture
def read_book(make_source: Callable[..., Source]) -> Callable[..., pl.DataFrame]:
    def read(path: Path, **reader: object) -> pl.DataFrame:
        return read_file(make_source(reader={"format": "xlsx", "path": "*", **reader}), path, path.name)

    return read


def changed(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """A copy of a workbook with one part changed."""
    copy = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == part else content)
    return copy


def with_cells(path: Path, cells: bytes) -> Path:
    return changed(path, SHEET, lambda xml: xml.replace(b"</sheetData>", cells + b"</sheetData>"))


def test_titles_blank_rows_and_dates_in_three_forms(tmp_path: Path, read_book) -> None:
    path = tmp_path / "orders.xlsx"
    when = dt.datetime(2025, 9, 1, 9, 30)
    write_xlsx(
        path,
        [
            ("示例市明细表",),
            ("导出日期：2025年9月1日", "", "填报：中心"),
            (*HEADER, "", "备注"),
            ("1", when, 45901.25, "a", "和平社区", "路灯"),
            (),
            (250901, "2025年9月1日 上午9点30分", dt.datetime(2025, 9, 1), "=1+1", "和平社区", "路灯", "", "急"),
        ],
    )
    frame = read_book(path)
    assert frame.columns == [*HEADER, "备注"]
    assert frame.rows() == [
        ("1", "2025-09-01 09:30:00", "45901.25", "a", "和平社区", "路灯", None),
        ("250901", "2025年9月1日 上午9点30分", "2025-09-01 00:00:00", "=1+1", "和平社区", "路灯", "急"),
    ]


def test_formulas_come_with_their_stored_value(book: Path, read_book) -> None:
    cells = (
        b'<row r="3"><c r="A3"><f>1+1</f><v>2</v></c><c r="B3"><f>NOW()</f></c><c r="C3" t="e"><v>#N/A</v></c></row>'
    )
    frame = read_book(with_cells(book, cells))
    assert frame.row(1) == ("2", None, None, None, None, None)


def test_a_sheet_by_name(book: Path, read_book) -> None:
    assert read_book(book, sheet="Sheet1").height == 1
    with pytest.raises(RefusedFile, match="没有工作表“明细”，文件里有Sheet1"):
        read_book(book, sheet="明细")
    with pytest.raises(RefusedFile, match="没有工作表“3”"):
        read_book(book, sheet=3)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"this is no workbook", "不是完好的 .xlsx"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "不能按 xlsx 读取"),
        (b"PK\x03\x04" + b"\0" * 100, "不是完好的 .xlsx"),
    ],
)
def test_what_is_no_workbook(tmp_path: Path, read_book, content: bytes, words: str) -> None:
    path = tmp_path / "orders.xlsx"
    path.write_bytes(content)
    with pytest.raises(RefusedFile, match=words):
        read_book(path)


def test_a_damaged_or_cut_archive_is_refused_at_any_byte(book: Path, read_book) -> None:
    whole = book.read_bytes()
    good = read_book(book)
    damaged = book.with_name("damaged.xlsx")
    for at in range(0, len(whole), 97):
        for content in (whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :], whole[: at + 1]):
            damaged.write_bytes(content)
            try:
                assert read_book(damaged).equals(good)  # a byte that carries nothing
            except RefusedFile as refusal:
                assert "damaged.xlsx：" in str(refusal)


def test_one_far_cell_would_need_all_memory(book: Path, read_book) -> None:
    far = with_cells(book, b'<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>')
    with pytest.raises(RefusedFile, match="第1048576行、第16384列"):
        read_book(far)


def test_an_archive_that_unpacks_to_too_much(book: Path, read_book, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = changed(book, "xl/styles.xml", lambda xml: xml + b" " * 3_000_000)
    assert bomb.stat().st_size < 20_000
    assert read_book(bomb).height == 1
    monkeypatch.setattr(workbook, "MOST_BYTES", 2_000_000)
    with pytest.raises(RefusedFile, match="解压后过大"):
        read_book(bomb)


def test_nested_entities_are_not_expanded(book: Path, read_book) -> None:
    levels = b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 9))
    doctype = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "lol">' + levels + b"]>"
    cells = b'<row r="3"><c r="A3" t="inlineStr"><is><t>&a8;</t></is></c></row>'
    laughing = changed(
        with_cells(book, cells).rename(book.with_name("first.xlsx")),
        SHEET,
        lambda xml: doctype + xml[xml.index(b"<worksheet") :],
    )
    try:
        assert len(read_book(laughing)["工单编号"][1] or "") < 100
    except RefusedFile as refusal:
        assert "changed.xlsx：" in str(refusal)


def test_an_empty_sheet_and_a_lone_header(tmp_path: Path, read_book) -> None:
    path = tmp_path / "orders.xlsx"
    write_xlsx(path, [])
    with pytest.raises(RefusedFile, match="为空"):
        read_book(path)
    write_xlsx(path, [HEADER])
    with pytest.raises(RefusedFile, match="只有表头"):
        read_book(path)


def test_parquet_of_other_types_becomes_text_or_is_refused(tmp_path: Path, make_source) -> None:
    path = tmp_path / "orders.parquet"
    source = make_source(reader={"format": "parquet", "path": "*"})
    columns = {name: [value] for name, value in zip(HEADER, ROW, strict=True)}
    pl.DataFrame({**columns, "工单编号": [7], "来电时间": [dt.datetime(2025, 9, 1, 9, 30)]}).write_parquet(path)
    frame = read_file(source, path, path.name)
    assert frame.row(0)[:2] == ("7", "2025-09-01 09:30:00")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(RefusedFile, match="不能按 parquet 读取"):
        read_file(source, path, path.name)
    pl.DataFrame({name: values for name, values in columns.items() if name != "来电时间"}).write_parquet(path)
    with pytest.raises(RefusedFile, match="缺少列“来电时间”"):
        read_file(source, path, path.name)


def test_parquet_codes_and_moments_are_written_one_way(tmp_path: Path, make_source) -> None:
    path = tmp_path / "orders.parquet"
    source = make_source(reader={"format": "parquet", "path": "*"})
    columns = {name: [value, value] for name, value in zip(HEADER, ROW, strict=True)}
    moment = dt.datetime(2025, 9, 1, 9, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    codes = pl.Series([16.0, None])  # whole numbers beside a blank, as data frame libraries store them
    pl.DataFrame({**columns, "工单编号": codes, "来电时间": [moment, None]}).write_parquet(path)
    frame = read_file(source, path, path.name)
    assert frame["工单编号"].to_list() == ["16", None]
    assert frame["来电时间"].to_list() == ["2025-09-01 07:30:00+00:00", None]
    pl.DataFrame({**columns, "工单编号": [16.0, 16.5]}).write_parquet(path)
    assert read_file(source, path, path.name)["工单编号"].to_list() == ["16.0", "16.5"]
