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

# so many bytes outside ASCII do not pass for UTF-8 by chance
_NO_CHANCE = 30
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# comes after the last line; it is a row of its own unless a quote is still open there
_END = "\x1e end of file \x1e"


def csv_rows(path: Path, encoding: str, separator: str, where: str) -> Iterator[Row]:
    """The rows of a file with the line each begins in; blank lines are no rows.

    A byte order mark overrules the declared encoding. Lines may end in LF, CRLF or CR.

    Raises:
        RefusedFile: wrong encoding, NUL characters, or a quote that never closes; names the line and the remedy.
    """
    with path.open("rb") as handle:
        start = handle.read(1 << 16)
    if start.startswith(_UTF16):
        raise RefusedFile(f"{where}：文件是 UTF-16 编码（“Unicode 文本”）；请另存为 UTF-8 的 CSV 后重新提供")
    if start.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    elif encoding != "utf-8" and _is_utf8(start):
        raise RefusedFile(f"{where}：文件不是 {encoding} 编码；请把 reader.encoding 改为 utf-8，或重新导出")
    with path.open(encoding=encoding, newline="") as lines:
        reader = csv.reader(chain(_without_nul(lines, where), [_END]), delimiter=separator)
        begin, following = 1, 1
        try:
            for fields in reader:
                if fields == [_END]:
                    return
                begin, following = following, reader.line_num + 1
                if fields:
                    yield begin, fields
        except UnicodeDecodeError:
            raise _undecodable(path, encoding, where) from None
        except csv.Error:
            raise RefusedFile(
                f"{where}：第{following}行有超过{csv.field_size_limit()}字的字段，多为引号没有成对；请更正后重新导出"
            ) from None
    raise RefusedFile(f"{where}：第{begin}行起引号没有闭合，文件可能没有写完；请更正引号或等写完后重新导出")


def _without_nul(lines: Iterator[str], where: str) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if "\0" in line:
            raise RefusedFile(f"{where}：第{number}行含空字符，文件已损坏；请重新导出")
        yield line


def _is_utf8(start: bytes) -> bool:
    """Whether the beginning of a file is UTF-8: nearly all of it also passes for GB18030, as other characters."""
    if sum(byte > 127 for byte in start) < _NO_CHANCE:
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True


def _undecodable(path: Path, encoding: str, where: str) -> RefusedFile:
    """Why the bytes are no text. Neither encoding has a line feed inside a character, so lines can be tried alone."""
    shown = encoding.removesuffix("-sig")
    is_first_text = True
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                if error.end == len(line) and not line.endswith(b"\n"):
                    return RefusedFile(f"{where}：第{number}行末尾的字不完整，文件可能没有写完；请等写完后重新导出")
                if is_first_text and shown == "utf-8":
                    return RefusedFile(
                        f"{where}：第{number}行不是 utf-8 编码；请把 reader.encoding 改为 gb18030，或重新导出"
                    )
                return RefusedFile(f"{where}：第{number}行有 {shown} 之外的字节，文件已损坏；请重新导出")
            is_first_text = is_first_text and line.isascii()
    return RefusedFile(f"{where}：不是 {shown} 编码；请检查文件后重新导出")
