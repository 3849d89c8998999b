"""Read a landed file into text columns. Nothing is guessed or typed here: that is cleaning.

Every reader returns a frame of text columns in file order. A file that cannot be read, holds no header or lacks a
needed column is refused by name, in Chinese because the data-quality page shows the words; the rest goes on.
"""

from __future__ import annotations

import datetime as dt
import difflib
import json
import re
import unicodedata
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import fastexcel
import polars as pl

from pipelines.errors import RefusedFile
from pipelines.sources.contract import ROW_FAULT, Source
from pipelines.sources.csv_file import Row, csv_rows
from pipelines.sources.workbook import sheet_rows

_DATE_SLOT = "{date}"
_OURS = ("batch_id", "row_no", ROW_FAULT)
_MOST_COLUMNS = 1_000
_ROWS_AT_ONCE = 20_000


def files_of(source: Source, folder: Path) -> list[tuple[Path, str | None]]:
    """Files of a source below the data folder with their export day (YYYYMMDD or None), oldest first.

    Links and paths that lead out of the folder are left out: a drop folder is written by others. A day that is not in
    the calendar counts as unknown, so that the file is still taken in.
    """
    root = folder.resolve()
    pattern = source.reader.path
    glob = pattern.replace(_DATE_SLOT, "[0-9]" * 8)
    slot = re.compile(
        ".*".join(re.escape(part) for part in pattern.split("*")).replace(re.escape(_DATE_SLOT), r"(\d{8})")
    )
    found = []
    for path in sorted(root.glob(glob)):
        if path.is_symlink() or not path.is_file() or not path.resolve().is_relative_to(root):
            continue
        match = slot.fullmatch(path.relative_to(root).as_posix())
        found.append((path, match[1] if match and match.groups() and _is_day(match[1]) else None))
    return sorted(found, key=lambda item: (item[1] or "", item[0].name))


def read_file(source: Source, path: Path, name: str) -> pl.DataFrame:
    """The rows of one file as text columns.

    A CSV row that does not fit the header carries what is wrong, and the fields beyond the header, in the column
    ``ROW_FAULT``, so that cleaning rejects it with all it holds.

    Args:
        source: its contract.
        path: where the bytes are.
        name: what people call the file; used in messages.

    Raises:
        RefusedFile: empty, unreadable, or without a needed column; names file, column and remedy.
    """
    where = f"{source.name} {name}"
    if path.stat().st_size == 0:
        raise RefusedFile(f"{where}：文件为空（0字节）；请{source.owner or '提供单位'}重新导出")
    try:
        if source.reader.format == "csv":
            frame = _read_csv(source, path, where)
        elif source.reader.format == "xlsx":
            frame = _read_xlsx(source, path, where)
        else:
            frame = pl.read_parquet(path).select(pl.all().cast(pl.String))
            _check_headers(source, frame.columns, where)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, fastexcel.FastExcelError, OSError) as error:
        kind = type(error).__name__
        raise RefusedFile(f"{where}：不能按 {source.reader.format} 读取（{kind}）；请检查文件后重新导出") from None
    if frame.is_empty():
        raise RefusedFile(f"{where}：只有表头没有数据行；请重新导出或移走该文件")
    return frame


def _is_day(digits: str) -> bool:
    try:
        dt.datetime.strptime(digits, "%Y%m%d")
    except ValueError:
        return False
    return True


def _check_headers(source: Source, headers: list[str], where: str) -> None:
    lower = [header.lower() for header in headers]
    if len(headers) > _MOST_COLUMNS:
        raise RefusedFile(f"{where}：有{len(headers)}列，超过{_MOST_COLUMNS}列；请检查分隔符或重新导出")
    for header in headers:
        # DuckDB tells columns apart by their letters only, not by case; the others are ours
        if lower.count(header.lower()) > 1 or header.lower() in _OURS:
            raise RefusedFile(f"{where}：表头“{header}”重复或与系统列名相同；请改名后重新导出")
        if "\0" in header:
            raise RefusedFile(f"{where}：表头含空字符，文件已损坏；请重新导出")
    for names in source.needed_headers:
        if not any(name in headers for name in names):
            near = difflib.get_close_matches(names[0], headers, n=1)
            hint = f"最接近的是“{near[0]}”，请补入来源配置" if near else "请在来源配置中补上正确的列名"
            raise RefusedFile(f"{where}：缺少列“{'”或“'.join(names)}”；{hint}，或重新导出")


def _read_csv(source: Source, path: Path, where: str) -> pl.DataFrame:
    rows = csv_rows(path, source.reader.encoding, source.reader.separator, where)
    head = list(islice(rows, source.reader.header_within))
    if not head:
        raise RefusedFile(f"{where}：只有空行；请{source.owner or '提供单位'}重新导出")
    skip = _header_row([fields for _, fields in head], source)
    headers = _named(head[skip][1])
    _check_headers(source, headers, where)
    # a row that ends behind the last needed column is whole: some programs leave out the separators of blank cells
    fewest = 1 + max(i for i, header in enumerate(headers) if any(header in names for names in source.needed_headers))
    parts = [_framed(head[skip + 1 :], headers, fewest)]
    while chunk := list(islice(rows, _ROWS_AT_ONCE)):
        parts.append(_framed(chunk, headers, fewest))
    return _without_empty_extras(pl.concat(parts, rechunk=True))


def _framed(rows: list[Row], headers: list[str], fewest: int) -> pl.DataFrame:
    width = len(headers)
    faults: list[str | None] = []
    for line, fields in rows:
        fault = None
        if len(fields) > width:
            surplus = json.dumps(fields[width:], ensure_ascii=False)
            fault = f"第{line}行有{len(fields)}个字段，表头只有{width}个；多出的是 {surplus}"
            del fields[width:]
        elif len(fields) < width:
            if len(fields) < fewest:
                fault = f"第{line}行只有{len(fields)}个字段，表头有{width}个"
            fields.extend([""] * (width - len(fields)))
        faults.append(fault)
    columns = list(zip(*(fields for _, fields in rows), strict=True)) or [()] * width
    frame = pl.DataFrame(
        [pl.Series(name, values, dtype=pl.String) for name, values in zip(headers, columns, strict=True)]
    )
    blank_as_null = [pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in headers]
    return frame.select(blank_as_null).with_columns(pl.Series(ROW_FAULT, faults, dtype=pl.String))


def _read_xlsx(source: Source, path: Path, where: str) -> pl.DataFrame:
    frame = sheet_rows(path, source.reader.sheet, where)
    head = [[value or "" for value in row] for row in frame.head(source.reader.header_within).iter_rows()]
    if not head:
        raise RefusedFile(f"{where}：工作表为空；请重新导出")
    skip = _header_row(head, source)
    headers = _named(head[skip])
    _check_headers(source, headers, where)
    frame.columns = headers
    body = frame.slice(skip + 1)
    return _without_empty_extras(body.filter(~pl.all_horizontal(pl.all().is_null())))


def _header_row(rows: Sequence[list[str]], source: Source) -> int:
    """Index of the first row with all needed headers: exports often put titles above it.

    Where no row has them all, the row with most of the contract's headers, so that the refusal can say what is missing.
    """
    cells = [{_cleaned(cell) for cell in row} for row in rows]
    for index, found in enumerate(cells):
        if all(found.intersection(names) for names in source.needed_headers):
            return index
    hits = [len(source.mapped_headers & found) for found in cells]
    return hits.index(max(hits))


def _named(cells: list[str]) -> list[str]:
    """Headers without invisible characters; a column without one is called by its position, as it may hold values."""
    return [_cleaned(cell) or f"未命名列{number}" for number, cell in enumerate(cells, 1)]


def _cleaned(cell: str) -> str:
    return "".join(c for c in cell if unicodedata.category(c) != "Cf").strip()


def _without_empty_extras(frame: pl.DataFrame) -> pl.DataFrame:
    """Without the columns that had no header and hold nothing, and without ``ROW_FAULT`` where every row fits."""
    extra = [name for name in frame.columns if name == ROW_FAULT or name.startswith("未命名列")]
    return frame.drop(name for name in extra if frame.get_column(name).is_null().all())
