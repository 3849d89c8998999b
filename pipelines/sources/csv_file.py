"""Rows of a CSV file, decoded as they are read, so that a large export needs little memory.

The standard reader is used because it keeps what does not fit: a row with a field too many stays whole, where faster
readers cut it or stop. A row with bytes that are no text is marked, not mended.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple

from pipelines.errors import RefusedFile
from pipelines.sources.faults import BYTES, FaultCount, fault, has_odd, likely_encoding, spelt_out


class Row(NamedTuple):
    """The fields of a row, the line that it begins in, and what is wrong with its bytes."""

    line: int
    fields: list[str]
    fault: str | None


# so many bytes outside ASCII do not pass for UTF-8 by chance
_NO_CHANCE = 30
_START = 1 << 16
_MOST_TRIED = 200
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# comes after the last line; it is a row of its own unless a quote is still open there
_END = "\x1e end of file \x1e"


def csv_rows(path: Path, encoding: str, separator: str, where: str) -> Iterator[Row]:
    """The rows of a file; blank lines are no rows.

    A byte order mark overrules the declared encoding. Lines may end in LF, CRLF or CR. The last row may be followed by
    a refusal, after which none of them counts.

    Raises:
        RefusedFile: wrong encoding, more than a few rows with bytes that are no text, a character cut off at the end,
            or a quote that never closes; names the line and the remedy.
    """
    with path.open("rb") as handle:
        start = handle.read(_START)
    if start.startswith(_UTF16):
        raise RefusedFile(f"{where}：文件是 UTF-16 编码（“Unicode 文本”）；请另存为 UTF-8 的 CSV 后重新提供")
    if start.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    elif encoding != "utf-8" and sum(b > 127 for b in start) >= _NO_CHANCE and likely_encoding(start) == "utf-8":
        raise RefusedFile(f"{where}：文件不是 {encoding} 编码；请把 reader.encoding 改为 utf-8，或重新导出")
    count = FaultCount()
    with path.open(encoding=encoding, newline="", errors="surrogateescape") as lines:
        watched = _Watched(lines)
        reader = csv.reader(chain(watched, [_END]), delimiter=separator)
        begin, following = 1, 1
        try:
            for fields in reader:
                if fields == [_END]:
                    break
                begin, following = following, reader.line_num + 1
                is_odd, watched.is_odd = watched.is_odd, False
                if fields:
                    if count.add(is_odd):
                        raise wrong_bytes(path, encoding, where)
                    odd = fault(BYTES, begin, "（写作 \\xNN 处）") if is_odd else None
                    yield Row(begin, [spelt_out(field) for field in fields] if is_odd else fields, odd)
            else:
                raise RefusedFile(f"{where}：第{begin}行起引号没有闭合，文件可能没有写完；请更正引号或等写完后重新导出")
        except csv.Error:
            raise RefusedFile(
                f"{where}：第{following}行有超过{csv.field_size_limit()}字的字段，多为引号没有成对；请更正后重新导出"
            ) from None
    if count.is_too_many or (count.bad and likely_encoding(start) != encoding.removesuffix("-sig")):
        raise wrong_bytes(path, encoding, where)
    if count.bad and _ends_inside_a_character(path, encoding):
        raise RefusedFile(f"{where}：第{begin}行末尾的字不完整，文件可能没有写完；请等写完后重新导出")


def wrong_bytes(path: Path, encoding: str, where: str) -> RefusedFile:
    """Why the bytes are no text. Neither encoding has a line feed inside a character, so lines can be tried alone."""
    shown = encoding.removesuffix("-sig")
    other = "gb18030" if shown == "utf-8" else "utf-8"
    first = bad = otherwise = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if _decodes(line, shown):
                continue
            first = first or number
            bad += 1
            otherwise += _decodes(line, other)
            if bad == _MOST_TRIED:
                break
    if not bad:
        return RefusedFile(f"{where}：多行含空字符，文件已损坏；请重新导出")
    if 2 * otherwise >= bad and encoding != "utf-8-sig":
        return RefusedFile(f"{where}：第{first}行不是 {shown} 编码；请把 reader.encoding 改为 {other}，或重新导出")
    return RefusedFile(f"{where}：第{first}行有 {shown} 之外的字节，文件已损坏；请重新导出")


class _Watched:
    """Lines as they are asked for; remembers whether one of them held what is no text."""

    def __init__(self, lines: IO[str]) -> None:
        self._lines = lines
        self.is_odd = False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.is_odd = self.is_odd or has_odd(line)
            yield line


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _ends_inside_a_character(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding.removesuffix("-sig"))("surrogateescape")
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - _START))
        decoder.decode(handle.read())
    return bool(decoder.getstate()[0])
