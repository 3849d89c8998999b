"""Rows of a workbook (.xlsx or .xls). It is written by others, so it is weighed before it is opened.

The reader behind it lays a sheet out as a full rectangle and ends the whole process if memory does not suffice: one
stray cell in the last row and column is enough. So the extent of the cells is bounded as well as the unpacked size.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import fastexcel
import polars as pl

from pipelines.errors import RefusedFile

MOST_BYTES = 1 << 30
MOST_CELLS = 40_000_000
ALL_SHEETS = "*"
_Result = TypeVar("_Result")
_MOST_OLD_BYTES = 1 << 28
_MOST_PARTS = 5_000
_BLOCK = 1 << 20
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
# a reference of a row (r="12") or a cell (r="AB12")
_REFERENCE = re.compile(rb"""\br=["']([A-Z]{0,3})([0-9]{1,7})["']""")


def sheets(path: Path, sheet: str | int, where: str) -> Iterator[tuple[str, pl.DataFrame]]:
    """The cells of a sheet, or of all sheets, as text, without header, each with the sheet's name.

    Formulas come by their stored value, dates as ``2025-09-01 09:30:00``.

    Args:
        path: where the workbook is.
        sheet: name, number, or :data:`ALL_SHEETS`.
        where: begins the messages.

    Raises:
        RefusedFile: no workbook, damaged, too large unpacked, or without that sheet; says what to do.
    """
    _weigh(path, where)
    workbook = _guarded(where, partial(fastexcel.read_excel, _content(path)))
    names = workbook.sheet_names
    if sheet == ALL_SHEETS:
        wanted: list[str | int] = list(range(len(names)))
    elif sheet in (names if isinstance(sheet, str) else range(len(names))):
        wanted = [sheet]
    else:
        raise RefusedFile(f"{where}：没有工作表“{sheet}”，文件里有{'、'.join(names)}；请改正 reader.sheet 或重新导出")
    for one in wanted:
        name = one if isinstance(one, str) else names[one]
        yield name, _guarded(where, partial(_cells, workbook, one))


def _content(path: Path) -> str | bytes:
    """The path or, where its ending may be wrong, the bytes: the reader behind believes the ending."""
    return str(path) if path.suffix.lower() in ("", ".xlsx") and not _is_old(path) else path.read_bytes()


def _is_old(path: Path) -> bool:
    with path.open("rb") as handle:
        return handle.read(8) == _OLE


def _cells(workbook: fastexcel.ExcelReader, sheet: str | int) -> pl.DataFrame:
    return workbook.load_sheet(sheet, header_row=None, dtypes="string").to_polars()


def _guarded(where: str, read: Callable[[], _Result]) -> _Result:
    """What the reader behind gives; damaged old workbooks make it panic, which is no ordinary exception."""
    try:
        return read()
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise RefusedFile(f"{where}：工作簿已损坏，可能没有写完；请用 Excel 打开后另存，或重新导出") from None
        raise


def _weigh(path: Path, where: str) -> None:
    if _is_old(path):
        _weigh_old(path, where)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
                raise RefusedFile(f"{where}：解压后过大（限1GB）；请分成几个文件或改用 CSV 导出")
            for part in parts:
                _read_through(archive, part, where)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, UnicodeDecodeError):
        # encrypted parts and unknown compression are a RuntimeError and a NotImplementedError
        raise RefusedFile(f"{where}：不是完好的 .xlsx 文件；请用 Excel 打开后另存，或重新导出") from None


def _weigh_old(path: Path, where: str) -> None:
    """A workbook of before 2007 has at most 65,536 rows of 256 columns a sheet; a new one with a password is no ZIP."""
    if path.stat().st_size > _MOST_OLD_BYTES:
        raise RefusedFile(f"{where}：.xls 文件过大（限256MB）；请另存为 .xlsx 或 CSV 后重新提供")
    with path.open("rb") as handle:
        content = handle.read()
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise RefusedFile(f"{where}：工作簿加了密码；请另存为不加密的文件后重新提供")


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
