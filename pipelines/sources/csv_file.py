"""Rows of a CSV file, decoded as they are read, so that a large export needs little memory.

The standard reader is used because it keeps what does not fit: a row with a field too many stays whole, where faster
readers cut it or stop. A row with bytes that are no text is marked, not mended. Most lines of a large export need no
reader, since nothing in them is quoted and they have as many fields as the header: they are split many at once.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple, Self

import polars as pl

from pipelines.errors import RefusedFile
from pipelines.sources.faults import BYTES, FaultCount, fault, has_odd, likely_encoding, spelt_out


class Row(NamedTuple):
    """The fields of a row, the line that it begins in, and what is wrong with its bytes."""

    line: int
    fields: list[str]
    fault: str | None


class Block(NamedTuple):
    """Rows that follow one another: those that were read one by one, and the ``plain`` ones among them."""

    rows: list[Row]
    plain: pl.DataFrame


# so many bytes outside ASCII do not pass for UTF-8 by chance
_NO_CHANCE = 30
_START = 1 << 16
_MOST_TRIED = 200
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def csv_rows(path: Path, encoding: str, separator: str, where: str) -> Iterator[Row]:
    """The rows of a file one by one; see :func:`csv_blocks`."""
    for block in csv_blocks(path, encoding, separator, where):
        yield from block.rows


def csv_blocks(
    path: Path, encoding: str, separator: str, where: str, width: int = 0, lines_at_once: int = 2_000
) -> Iterator[Block]:
    """The rows of a file; blank lines are no rows.

    A byte order mark overrules the declared encoding. Lines may end in LF, CRLF or CR. The last row may be followed by
    a refusal, after which none of them counts.

    Args:
        path, encoding, separator: the file.
        where: what people call it; used in messages.
        width: lines of so many fields that hold no quote are split all at once, as the reader would; 0 for none.
        lines_at_once: how many lines make a block; it ends with a row.

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
    begin = 1
    with path.open(encoding=encoding, newline="", errors="surrogateescape") as file:
        cursor = _Cursor(file)
        reader = csv.reader(cursor, delimiter=separator)
        while cursor.fill(lines_at_once):
            is_plain = _are_plain(cursor.block, separator, width)
            rows: list[Row] = []
            while (position := cursor.skip(is_plain, count)) < len(cursor.block):
                begin = cursor.first + position
                cursor.is_odd = False
                try:
                    fields = next(reader)
                except csv.Error:
                    raise RefusedFile(
                        f"{where}：第{begin}行有超过{csv.field_size_limit()}字的字段，多为引号没有成对；请更正后重新导出"
                    ) from None
                if cursor.has_ended:
                    raise RefusedFile(
                        f"{where}：第{begin}行起引号没有闭合，文件可能没有写完；请更正引号或等写完后重新导出"
                    )
                is_plain[position : cursor.at] = [False] * len(is_plain[position : cursor.at])
                if fields:
                    if count.add(cursor.is_odd):
                        raise wrong_bytes(path, encoding, where)
                    odd = fault(BYTES, begin, "（写作 \\xNN 处）") if cursor.is_odd else None
                    rows.append(Row(begin, [spelt_out(field) for field in fields] if cursor.is_odd else fields, odd))
            yield Block(rows, _split(cursor.block, cursor.first, is_plain, separator, width))
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


class _Cursor:
    """Lines of a file in blocks, and a place among them, from which the reader of rows is fed.

    Attributes:
        block: the lines; the reader adds those that it needs to end its row.
        first: number of the first of them in the file.
        at: position of the next one.
        is_odd: whether a line that was read held what is no text.
        has_ended: whether the reader asked for more than there is.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.block: list[str] = []
        self.first = 1
        self.at = 0
        self.is_odd = self.has_ended = False

    def fill(self, lines: int) -> bool:
        """Go on to the next block; whether there is one."""
        self.first += len(self.block)
        self.block = list(islice(self._file, lines))
        self.at = 0
        return bool(self.block)

    def skip(self, is_plain: list[bool], count: FaultCount) -> int:
        """Go on to the next line that the reader has to read, counting the rows in between."""
        try:
            position = is_plain.index(False, self.at)
        except ValueError:
            position = max(len(is_plain), self.at)
        count.add_good(position - self.at)
        self.at = position
        return position

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if self.at == len(self.block):
            line = next(self._file, None)
            if line is None:
                self.has_ended = True
                raise StopIteration
            self.block.append(line)
        line = self.block[self.at]
        self.at += 1
        self.is_odd = self.is_odd or has_odd(line)
        return line


def _are_plain(lines: list[str], separator: str, width: int) -> list[bool]:
    """Which lines are rows of ``width`` fields that begin and end where the separators say.

    A line without a quote is such a row, unless a quote before it is still open.
    """
    if not width:
        return [False] * len(lines)
    try:
        text = pl.Series(lines, dtype=pl.String)
    except UnicodeEncodeError:  # some lines hold what is no text
        text = pl.Series(["" if has_odd(line) else line for line in lines], dtype=pl.String)
    plain = (
        (text.str.count_matches(separator, literal=True) == width - 1)
        & ~text.str.contains_any(['"', "\0"])
        & (text.str.len_bytes() < csv.field_size_limit())
        & (text.str.strip_chars_end("\r\n") != "")
    )
    return plain.to_list()


def _split(lines: list[str], first: int, is_plain: list[bool], separator: str, width: int) -> pl.DataFrame:
    """The plain lines, split: their number as ``line``, then the fields as ``field_0``, ``field_1`` and so on."""
    numbers = [first + position for position, one in enumerate(is_plain) if one]
    text = pl.Series("fields", [line for line, one in zip(lines, is_plain, strict=False) if one], dtype=pl.String)
    fields = text.str.strip_chars_end("\r\n").str.split_exact(separator, max(width, 1) - 1).struct.unnest()
    return fields.insert_column(0, pl.Series("line", numbers, dtype=pl.Int64))


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
