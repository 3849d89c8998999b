"""Rows of a JSON-lines file: one object a line, read line by line.

A line that is no object is marked and kept, and the others go on; a file with more than a few of them is refused.
Nested values stay JSON text; numbers keep the digits that were written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from pipelines.errors import RefusedFile
from pipelines.sources.faults import BYTES, JSON, FaultCount, fault, has_odd, likely_encoding, spelt_out

_LONGEST_LINE = 10_000_000
_MOST_SHOWN = 10_000
_START = 1 << 16


class JsonRow(NamedTuple):
    """The values of an object, the line it stands in, and what is wrong with it."""

    line: int
    values: dict[str, str | None]
    fault: str | None


class _Number(float):
    """A number that remembers how it was written."""

    text: str


def json_rows(path: Path, encoding: str, where: str) -> Iterator[JsonRow]:
    """The objects of a file with their values as text; blank lines are no rows.

    A line that is no object is a row without values, with what is wrong and the line itself as its fault. The last row
    may be followed by a refusal, after which none of them counts.

    Raises:
        RefusedFile: wrong encoding, more than a few lines that are no JSON object, a line that is longer than any
            object, or a last one that is cut off; names the line and the remedy.
    """
    count = FaultCount()
    first = ""
    with path.open("rb") as lines:
        start = lines.read(_START)
        lines.seek(0)
        for number, line in enumerate(iter(partial(lines.readline, _LONGEST_LINE), b""), 1):
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            if len(line) == _LONGEST_LINE:
                raise RefusedFile(f"{where}：第{number}行超过{_LONGEST_LINE // 1_000_000}MB；请每行写一个JSON对象")
            text = line.decode(encoding, "surrogateescape")
            values, words = _values(text, encoding)
            if words and not text.endswith("\n") and likely_encoding(start) == encoding:
                raise RefusedFile(f"{where}：第{number}行不完整，文件可能没有写完；请等写完后重新导出")
            first = first or (words and f"第{number}行{words}") or ""
            if count.add(bool(words)):
                break
            reason = BYTES if has_odd(text) else JSON
            shown = spelt_out(text.rstrip("\r\n"))[:_MOST_SHOWN]
            yield JsonRow(number, values, fault(reason, number, f"{words}；原文为 {shown}") if words else None)
        else:
            if not count.bad or (
                count.bad < count.rows and not count.is_too_many and likely_encoding(start) == encoding
            ):
                return
    if likely_encoding(start) != encoding:
        raise RefusedFile(f"{where}：{first}；请把 reader.encoding 改为 {likely_encoding(start)}，或重新导出")
    raise RefusedFile(f"{where}：{first}，这样的行过多；请每行写一个JSON对象后重新导出")


def as_text(value: Any) -> str | None:
    """A JSON value as a cell: text as it is, numbers as written, true and false, nested values as JSON text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, _Number):
        return value.text
    return json.dumps(value, ensure_ascii=False)


def loads(text: str) -> Any:
    """Strict JSON whose numbers keep their digits.

    Raises:
        ValueError: not JSON, a key twice in an object, or characters that no text may hold.
    """
    return json.loads(text, parse_float=_number, parse_constant=_no_constant, object_pairs_hook=_object)


def _values(text: str, encoding: str) -> tuple[dict[str, str | None], str | None]:
    """The values of a line, or what is wrong with it."""
    if has_odd(text):
        return {}, f"不是 {encoding} 编码" if "\0" not in text else "含空字符"
    try:
        value = loads(text)
    except (ValueError, RecursionError):
        return {}, "不是正确的JSON"
    if not isinstance(value, dict):
        return {}, "不是JSON对象（{…}）"
    row = {name: as_text(item) for name, item in value.items()}
    if not all(_is_clean(name) and _is_clean(cell or "") for name, cell in row.items()):
        return {}, "含空字符或残缺的字符"
    return row, None


def _number(text: str) -> _Number:
    number = _Number(text)
    number.text = text
    return number


def _no_constant(text: str) -> NoReturn:
    raise ValueError(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice")
    return found


def _is_clean(text: str) -> bool:
    """Neither NUL nor half a surrogate pair, which JSON can write and no database can hold."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
