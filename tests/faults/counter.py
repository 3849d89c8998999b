"""A second way to count: the rows of landed files, sorted by the documented rules, by standard libraries only.

It shares nothing with the pipeline but the contract's words (YAML) and the list of files; what the gates held back is
told to it. Rules: docs/flow.md, "clean" and "Row accounting".
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import yaml

from tests.faults.workbook import read_workbook

_BLANKS = {"", "-", "--", "—", "无", "null", "NULL", "None", "nan"}
BROKEN = "\0"
_OLDEST = datetime(2000, 1, 1)


@dataclass
class Landed:
    """A file that was taken in."""

    path: Path
    file_name: str
    batch_id: str
    exported: date
    is_held: bool


@dataclass
class Totals:
    """What `status` should say of a source."""

    rows_in: int = 0
    accepted: int = 0
    rejected: int = 0
    superseded: int = 0


def table_of(path: Path, contract: dict) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a file, whatever its format."""
    reader = contract["reader"]
    if reader["format"] == "xlsx":
        rows = read_workbook(path)
    else:
        # latin-1 keeps every byte, and neither encoding has a separator, quote or line end inside a character
        text = path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode("latin-1")
        rows = [
            [decoded(cell, reader.get("encoding", "utf-8")) for cell in row]
            for row in csv.reader(io.StringIO(text, newline=""))
        ]
    rows = [row for row in rows if any(row)]
    keys = contract["key"] if isinstance(contract["key"], list) else [contract["key"]]
    start = next(i for i, row in enumerate(rows) if set(keys) <= {cell.strip() for cell in row})
    return [cell.strip() for cell in rows[start]], rows[start + 1 :]


def decoded(cell: str, encoding: str) -> str:
    """The cell as text; what is none, or holds NUL, is ``BROKEN``."""
    try:
        text = cell.encode("latin-1").decode(encoding)
    except UnicodeDecodeError:
        return BROKEN
    return BROKEN if "\0" in text else text


def moment(text: str | None) -> datetime | None:
    """A time in the forms these files use."""
    if text is None:
        return None
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        return datetime(1899, 12, 30) + timedelta(seconds=round(float(text) * 86400))
    half = re.fullmatch(r"(.*)(上午|下午)(\d+)点(\d+)分", text)
    if half:
        hour = int(half[3]) % 12 + 12 if half[2] == "下午" else int(half[3])
        text = f"{half[1]}{hour}时{half[4]}分"
    for form in ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y年%m月%d日 %H:%M",
                 "%Y年%m月%d日 %H时%M分", "%Y-%m-%d", "%Y/%m/%d", "%Y%m%d%H%M%S", "%Y年%m月%d日"):  # fmt: skip
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def count(contract_file: Path, files: list[Landed]) -> Totals:
    """Count a source."""
    contract = yaml.safe_load(contract_file.read_text(encoding="utf-8"))
    totals, said = Totals(), {}
    for file in files:
        header, rows = table_of(file.path, contract)
        seen: set[tuple] = set()
        for number, cells in enumerate(rows, 1):
            totals.rows_in += 1
            if len(cells) > len(header) or BROKEN in cells:
                totals.rejected += 1
                continue
            row = dict(zip(header, cells + [""] * (len(header) - len(cells)), strict=True))
            found = _judge(contract, row, file.exported)
            if found is None:
                totals.rejected += 1
                continue
            record, known, is_void, content = found
            if is_void:
                totals.superseded += 1
            elif (record, content) in seen:
                totals.superseded += 1
                continue
            else:
                seen.add((record, content))
                totals.accepted += file.is_held
            if not file.is_held:
                rank = (file.exported, known, is_void, file.file_name, file.batch_id, number)
                said.setdefault(record, []).append((rank, is_void))
    for versions in said.values():
        _, is_void = max(versions)
        totals.accepted += not is_void
        totals.superseded += sum(not v for _, v in versions) - (not is_void)
    return totals


def _judge(contract: dict, row: dict[str, str], exported: date) -> tuple[str, datetime, bool, tuple] | None:
    """Record, time known, void mark and content; None where the row must be rejected."""

    def cell(names: str | list[str]) -> str | None:
        for name in [names] if isinstance(names, str) else names:
            if name in row:
                text = row[name].strip()
                return None if text in _BLANKS else text
        return None

    keys = [cell(name) for name in (contract["key"] if isinstance(contract["key"], list) else [contract["key"]])]
    occurred = moment(cell(contract["occurred_at"]))
    clock, delay = contract["known_at"], timedelta()
    if isinstance(clock, dict):
        clock, delay = clock["from"], timedelta(hours=int(clock["delay"].rstrip("h")))
    known = moment(cell(clock))
    if known is None and delay and occurred is not None:
        known = occurred + delay
    order = contract["columns"].get("order_id")
    latest = datetime.combine(exported, datetime.min.time()) + timedelta(days=1)
    if None in keys or occurred is None or known is None or (order and cell(order) is None):
        return None
    if occurred < _OLDEST or occurred >= latest or known >= latest + delay:
        return None
    is_void = any(
        any(word in row.get(mark["column"], "") for word in mark["contains"]) for mark in contract.get("voided", [])
    )
    read = sorted({*map(str, contract["columns"].values())} | {str(contract.get("issues", {}).get("from"))})
    words = [cell(re.findall(r"[^\[\]', ]+", name)) for name in read]
    times = [moment(cell(contract["occurred_at"])), moment(cell(clock))]
    stamps = tuple(str(moment(word) or word) for word in words)
    return "-".join(map(str, keys)), max(known, occurred), is_void, (*stamps, *map(str, times))
