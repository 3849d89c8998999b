"""Rows of an XLSX workbook. It is a zip archive written by others, so it is weighed before it is opened.

The reader behind it lays a sheet out as a full rectangle and ends the whole process if memory does not suffice: one
stray cell in the last row and column is enough. So the extent of the cells is bounded as well as the unpacked size.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

import fastexcel
import polars as pl

from pipelines.errors import RefusedFile

MOST_BYTES = 1 << 30
MOST_CELLS = 40_000_000
_MOST_PARTS = 5_000
_BLOCK = 1 << 20
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
# a reference of a row (r="12") or a cell (r="AB12")
_REFERENCE = re.compile(rb"""\br=["']([A-Z]{0,3})([0-9]{1,7})["']""")


def sheet_rows(path: Path, sheet: str | int, where: str) -> pl.DataFrame:
    """The cells of a sheet as text, without header; formulas by their stored value, dates as ``2025-09-01 09:30:00``.

    Raises:
        RefusedFile: no workbook, damaged, too large unpacked, or without that sheet; says what to do.
    """
    _weigh(path, where)
    workbook = fastexcel.read_excel(str(path))
    if sheet not in (workbook.sheet_names if isinstance(sheet, str) else range(len(workbook.sheet_names))):
        raise RefusedFile(
            f"{where}：没有工作表“{sheet}”，文件里有{'、'.join(workbook.sheet_names)}；请改正 reader.sheet 或重新导出"
        )
    return workbook.load_sheet(sheet, header_row=None, dtypes="string").to_polars()


def _weigh(path: Path, where: str) -> None:
    with path.open("rb") as handle:
        start = handle.read(8)
    if start == _OLE:
        raise RefusedFile(f"{where}：是旧版 .xls 或加了密码的工作簿；请另存为不加密的 .xlsx 后重新提供")
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
                raise RefusedFile(f"{where}：解压后过大（限1GB）；请分成几个文件或改用 CSV 导出")
            for part in parts:
                _read_through(archive, part, where)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError):
        # encrypted parts and unknown compression are a RuntimeError and a NotImplementedError
        raise RefusedFile(f"{where}：不是完好的 .xlsx 文件；请用 Excel 打开后另存，或重新导出") from None


def _read_through(archive: zipfile.ZipFile, part: zipfile.ZipInfo, where: str) -> None:
    """Unpack a part once: its checksum must hold (a lying size fails it), and its cells must lie close together."""
    rows = columns = 1
    seen: set[bytes] = set()
    with archive.open(part) as content:
        tail = b""
        while block := content.read(_BLOCK):
            if "sheet" not in part.filename.lower():
                continue
            block = tail + block
            for letters, number in _REFERENCE.findall(block):
                rows = max(rows, int(number))
                if letters not in seen:
                    seen.add(letters)
                    columns = max(columns, _column_number(letters))
            tail = block[-32:]
    if rows * columns > MOST_CELLS:
        raise RefusedFile(
            f"{where}：工作表伸展到第{rows}行、第{columns}列，远处有多余单元格；请删去数据之外的行和列后重新导出"
        )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
