"""Rows of a JSON-lines file: one object a line, read line by line.

A machine writes such files, so a line that is no object means a broken export: the file is refused with the line's
number. Nested values stay JSON text; numbers keep the digits that were written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from pipelines.errors import RefusedFile

_LONGEST_LINE = 10_000_000


class _Number(float):
    """A number that remembers how it was written."""

    text: str


def json_rows(path: Path, encoding: str, where: str) -> Iterator[dict[str, str | None]]:
    """The objects of a file with their values as text; blank lines are no rows.

    Raises:
        RefusedFile: wrong encoding, or a line that is no JSON object; names the line and the remedy.
    """
    with path.open("rb") as lines:
        number = 0
        while line := lines.readline(_LONGEST_LINE):
            number += 1
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            if len(line) == _LONGEST_LINE:
                raise RefusedFile(f"{where}：第{number}行超过{_LONGEST_LINE // 1_000_000}MB；请每行写一个JSON对象")
            try:
                text = line.decode(encoding)
            except UnicodeDecodeError:
                raise RefusedFile(
                    f"{where}：第{number}行不是 {encoding} 编码；请改正 reader.encoding，或重新导出"
                ) from None
            yield _row(text, number, where)


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


def _row(text: str, number: int, where: str) -> dict[str, str | None]:
    try:
        value = loads(text)
    except (ValueError, RecursionError):
        if not text.endswith("\n"):
            raise RefusedFile(f"{where}：第{number}行不完整，文件可能没有写完；请等写完后重新导出") from None
        raise RefusedFile(f"{where}：第{number}行不是正确的JSON；请更正该行后重新导出") from None
    if not isinstance(value, dict):
        raise RefusedFile(f"{where}：第{number}行不是JSON对象（{{…}}）；请每行写一个对象后重新导出")
    row = {name: as_text(item) for name, item in value.items()}
    for name, cell in row.items():
        if not _is_clean(name) or not _is_clean(cell or ""):
            raise RefusedFile(f"{where}：第{number}行含空字符或残缺的字符，文件已损坏；请重新导出")
    return row


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
