"""Rows of a file that cannot be read: how they are kept, and when they are too many for the rest to be believed.

A row that cannot be read is set aside whole, and the others go on. But a wrong encoding, or a file that is no table at
all, must not be taken apart row by row: so such rows must be few.
"""

from __future__ import annotations

import re

FIELDS = "字段数与表头不符（多为文字中的分隔符或换行没有加引号）"
BYTES = "有不是文字的字节（编码不符或已损坏）"
JSON = "不是正确的JSON对象（每行应为一个）"

MOST_IN_BLOCK = 100
MOST_SHARE = 0.01
ALWAYS_ALLOWED = 3  # a hundredth of a short file is less than one row
_BLOCK_ROWS = 20_000
# bytes that are no text, as the error handler surrogateescape leaves them; NUL, which no database can hold
_ODD = re.compile("[\udc80-\udcff\0]")


class FaultCount:
    """Counts rows, and those of them that cannot be read."""

    def __init__(self) -> None:
        self.rows = self.bad = self._in_block = self._block = 0

    def add(self, is_bad: bool) -> bool:
        """Count a row; whether there are too many bad ones already."""
        if self.rows // _BLOCK_ROWS != self._block:
            self._block, self._in_block = self.rows // _BLOCK_ROWS, 0
        self.rows += 1
        self.bad += is_bad
        self._in_block += is_bad
        return self._in_block > MOST_IN_BLOCK

    def add_good(self, rows: int) -> None:
        """Count rows that can be read."""
        self.rows += rows

    @property
    def is_too_many(self) -> bool:
        """Whether there are too many in all."""
        return self.bad > max(ALWAYS_ALLOWED, MOST_SHARE * self.rows)


def fault(reason: str, line: int, detail: str = "") -> str:
    """What stands in the column ``ROW_FAULT``: the reason, by which rows are counted, and what only this row has."""
    return f"{reason}：第{line}行{detail}"


def has_odd(text: str) -> bool:
    """Whether a text, decoded by ``surrogateescape``, holds what is no text."""
    if "\0" in text:
        return True
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def spelt_out(text: str) -> str:
    r"""The text with each byte that is none written as ``\xNN``."""
    return _ODD.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", text)


def likely_encoding(start: bytes) -> str:
    """``utf-8`` if half of the lines beyond ASCII are, else ``gb18030``, as which nearly all bytes pass.

    Args:
        start: of a file; its last line may be cut, and counts only if no other is beyond ASCII.
    """
    beyond = [line for line in start.splitlines() if not line.isascii()]
    if len(beyond) > 1 and not start.endswith((b"\n", b"\r")):
        beyond.pop()
    good = sum(_is_utf8(line) for line in beyond)
    return "utf-8" if 2 * good >= len(beyond) else "gb18030"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
