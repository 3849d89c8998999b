"""Rows of a CSV file, decoded as they are read, so that a large export needs little memory.

The standard reader is used because it keeps what does not fit: a row with a field too many stays whole, where faster
readers cut it or stop.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from pipelines.errors import RefusedFile

Row = tuple[int, list[str]]

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# comes after the last line; it is a row of its own unless a quote is still open there
_END = "\x1e"


def csv_rows(path: Path, encoding: str, separator: str, where: str) -> Iterator[Row]:
    """The rows of a file with the line each begins in; blank lines are no rows.

    A byte order mark overrules the declared encoding. Lines may end in LF, CRLF or CR.

    Raises:
        RefusedFile: wrong encoding, NUL characters, or a quote that never closes; names the line and the remedy.
    """
    with path.open("rb") as handle:
        start = handle.read(4)
    if start.startswith(_UTF16):
        raise RefusedFile(f"{where}：文件是 UTF-16 编码（“Unicode 文本”）；请另存为 UTF-8 的 CSV 后重新提供")
    if start.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    with path.open(encoding=encoding, newline="") as lines:
        reader = csv.reader(chain(_without_nul(lines, where), [_END]), delimiter=separator)
        begin = 1
        try:
            for fields in reader:
                if fields == [_END]:
                    return
                if fields:
                    yield begin, fields
                begin = reader.line_num + 1
        except UnicodeDecodeError:
            raise _undecodable(path, encoding, where) from None
        except csv.Error:
            raise RefusedFile(
                f"{where}：第{begin}行有超过{csv.field_size_limit()}字的字段，多为引号没有成对；请更正后重新导出"
            ) from None
    raise RefusedFile(f"{where}：第{begin}行起引号没有闭合，文件可能没有写完；请更正引号或等写完后重新导出")


def _without_nul(lines: Iterator[str], where: str) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if "\0" in line:
            raise RefusedFile(f"{where}：第{number}行含空字符，文件已损坏；请重新导出")
        yield line


def _undecodable(path: Path, encoding: str, where: str) -> RefusedFile:
    """Why the bytes are no text. Neither encoding has a line feed inside a character, so lines can be tried alone."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                if error.end == len(line) and not line.endswith(b"\n") and not lines.read(1):
                    return RefusedFile(f"{where}：第{number}行末尾的字不完整，文件可能没有写完；请等写完后重新导出")
                if other := encoding_of(line):
                    return RefusedFile(
                        f"{where}：第{number}行不是 {encoding} 编码；请把 reader.encoding 改为 {other}，或重新导出"
                    )
                return RefusedFile(f"{where}：第{number}行有 {encoding} 之外的字节，文件已损坏；请重新导出")
    return RefusedFile(f"{where}：不是 {encoding} 编码；请检查文件后重新导出")


def encoding_of(line: bytes) -> str | None:
    """Which of the two encodings a line is in; UTF-8 first, because other text hardly ever passes for it."""
    for encoding in ("utf-8", "gb18030"):
        try:
            line.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return None
