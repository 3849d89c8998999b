"""Old workbooks, and workbooks with several sheets."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import RefusedFile
from pipelines.sources.contract import Source
from pipelines.sources.readers import read_file

HEADER = ["工单编号", "来电时间", "更新时间", "主要内容", "社区", "问题分类"]
ROW = ["1", "2025-09-01 09:30:00", "2025-09-01 09:31:00", "路灯不亮", "和平社区", "路灯"]


@pytest.fixture
def read_book(make_source: Callable[..., Source]) -> Callable[..., pl.DataFrame]:
    def read(path: Path, **reader: object) -> pl.DataFrame:
        return read_file(make_source(reader={"format": "xlsx", "path": "*", **reader}), path, path.name)

    return read


def book(path: Path, sheets: dict[str, list[list[str]]]) -> Path:
    """A workbook written part by part, so that sheets may hold anything."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml."
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    parts, entries, links = [], [], []
    with zipfile.ZipFile(path, "w") as archive:
        for number, (name, rows) in enumerate(sheets.items(), 1):
            body = "".join(
                f'<row r="{r}">'
                + "".join(
                    f'<c r="{chr(64 + c)}{r}" t="inlineStr"><is><t>{v}</t></is></c>' for c, v in enumerate(row, 1)
                )
                + "</row>"
                for r, row in enumerate(rows, 1)
            )
            archive.writestr(
                f"xl/worksheets/sheet{number}.xml", f"<worksheet {space}><sheetData>{body}</sheetData></worksheet>"
            )
            parts.append(f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{kind}worksheet+xml"/>')
            entries.append(f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>')
            links.append(
                f'<Relationship Id="rId{number}" Type="{office}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            )
        archive.writestr(
            "xl/workbook.xml", f'<workbook {space} xmlns:r="{office}"><sheets>{"".join(entries)}</sheets></workbook>'
        )
        relations = "http://schemas.openxmlformats.org/package/2006/relationships"
        archive.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{relations}">{"".join(links)}</Relationships>'
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{relations}"><Relationship Id="r" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType="{kind}sheet.main+xml"/>{"".join(parts)}</Types>',
        )
    return path


def test_all_sheets_with_the_header(tmp_path: Path, read_book) -> None:
    path = book(
        tmp_path / "orders.xlsx",
        {
            "说明": [["本表由热线中心导出"]],
            "七月": [["某市工单"], HEADER, ROW],
            "空": [],
            "八月": [[*HEADER, "备注"], ["2", *ROW[1:], "急"], ["3", *ROW[1:]]],
        },
    )
    frame = read_book(path, sheet="*")
    assert frame["工单编号"].to_list() == ["1", "2", "3"]
    assert frame["备注"].to_list() == [None, "急", None]
    assert read_book(path, sheet="八月").height == 2


def test_a_sheet_that_lacks_a_column_is_named(tmp_path: Path, read_book) -> None:
    path = book(tmp_path / "orders.xlsx", {"七月": [HEADER, ROW], "八月": [HEADER[1:], ROW[1:]]})
    with pytest.raises(RefusedFile, match="工作表“八月”：缺少列“工单编号”"):
        read_book(path, sheet="*")


def test_no_sheet_is_of_this_source(tmp_path: Path, read_book) -> None:
    with pytest.raises(RefusedFile, match="没有一张工作表有来源配置中的列名"):
        read_book(book(tmp_path / "orders.xlsx", {"甲": [["a"]], "乙": []}), sheet="*")


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def old_workbook(rows: list[list[str | float]]) -> bytes:
    """An .xls as Excel 97 lays it out: one stream of records inside a compound file."""
    cells = b""
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if isinstance(value, float):
                cells += record(0x0203, struct.pack("<HHHd", r, c, 1, value))
            else:
                cells += record(0x0204, struct.pack("<HHHHB", r, c, 0, len(value), 1) + value.encode("utf-16-le"))
    start = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    style = record(0x00E0, struct.pack("<HHHBBBBIIH", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    dated = record(0x00E0, struct.pack("<HHHBBBBIIH", 0, 22, 0, 0, 0, 0, 0, 0, 0, 0))
    head = record(0x0809, start) + style + dated
    name = "工单"
    sheet = struct.pack("<BBBB", 0, 0, len(name), 1) + name.encode("utf-16-le")
    offset = len(head) + 4 + 4 + len(sheet) + 4
    head += record(0x0085, struct.pack("<I", offset) + sheet) + record(0x000A, b"")
    body = record(0x0809, start[:2] + b"\x10\0" + start[4:]) + cells + record(0x000A, b"")
    return compound_file((head + body).ljust(4096, b"\0"))


def compound_file(stream: bytes) -> bytes:
    """One stream named Workbook in sectors of 512 bytes."""
    stream += b"\0" * (-len(stream) % 512)
    count = len(stream) // 512
    table = [0xFFFFFFFD, 0xFFFFFFFE, *(i + 3 for i in range(count - 1)), 0xFFFFFFFE]
    table += [0xFFFFFFFF] * (128 - len(table))

    def entry(name: str, kind: int, first: int, size: int, child: int) -> bytes:
        text = (name + "\0").encode("utf-16-le")
        return struct.pack(
            "<64sHBBIII16sIQQIQ", text, len(text), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child, b"", 0, 0, 0, first, size
        )

    folder = entry("Root Entry", 5, 0xFFFFFFFE, 0, 1) + entry("Workbook", 2, 2, len(stream), 0xFFFFFFFF)
    folder += b"\0" * (512 - len(folder))
    head = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII", bytes.fromhex("d0cf11e0a1b11ae1"), b"", 0x3E, 3, 0xFFFE, 9, 6, b"",
        0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0,
    )  # fmt: skip
    return head + struct.pack("<109I", 0, *[0xFFFFFFFF] * 108) + struct.pack("<128I", *table) + folder + stream


@pytest.mark.parametrize("file_format", ["xls", "xlsx"])
def test_an_old_workbook_with_titles_and_excel_dates(tmp_path: Path, read_book, file_format: str) -> None:
    path = tmp_path / "orders.xls"
    path.write_bytes(old_workbook([["某市工单"], [*HEADER], ["1", 45901.25, "2025/9/1 9:31", *ROW[3:]]]))
    frame = read_book(path, format=file_format)
    assert frame.columns == HEADER
    assert frame.row(0) == ("1", "2025-09-01 06:00:00", "2025/9/1 9:31", *ROW[3:])


def test_a_new_workbook_under_the_old_name(tmp_path: Path, read_book) -> None:
    path = tmp_path / "orders.xls"
    assert read_book(book(path, {"工单": [HEADER, ROW]}), format="xls").height == 1


def test_a_password_and_a_cut_old_workbook(tmp_path: Path, read_book) -> None:
    path = tmp_path / "orders.xls"
    path.write_bytes(compound_file(b"\0" * 4096) + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(RefusedFile, match="加了密码"):
        read_book(path, format="xls")
    path.write_bytes(old_workbook([HEADER, ROW])[:1500])
    with pytest.raises(RefusedFile, match=r"hotline orders.xls："):
        read_book(path, format="xls")
