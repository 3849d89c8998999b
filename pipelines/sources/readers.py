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
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import fastexcel
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import RefusedFile
from pipelines.sources.archive import is_archive
from pipelines.sources.contract import ROW_FAULT, Source
from pipelines.sources.csv_file import Row, csv_blocks, csv_rows, wrong_bytes
from pipelines.sources.faults import FIELDS, fault
from pipelines.sources.jsonl_file import json_rows
from pipelines.sources.workbook import ALL_SHEETS, sheets

_DATE_SLOT = "{date}"
_OURS = ("batch_id", "row_no", ROW_FAULT)
_NO_FIELDS = "未命名列1"  # keeps the rows of objects without a field
_MOST_COLUMNS = 1_000
_ROWS_AT_ONCE = 20_000


def files_of(source: Source, folder: Path) -> list[tuple[Path, str | None]]:
    """Files of a source below the data folder with their export day (YYYYMMDD or None), oldest first.

    Links and paths that lead out of the folder are left out: a drop folder is written by others. A day that is not in
    the calendar counts as unknown, so that the file is still taken in.
    """
    if source.reader.is_remote:
        return []
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
    """The rows of one file as one frame; see :func:`read_blocks`."""
    return pl.concat(list(read_blocks(source, path, name)), how="diagonal", rechunk=True)


def read_blocks(source: Source, path: Path, name: str) -> Iterator[pl.DataFrame]:
    """The rows of one file as text columns, in blocks, so that a large file needs little memory.

    A row that cannot be read, or does not fit the header, carries what is wrong, and what has no column, in the column
    ``ROW_FAULT``, so that cleaning rejects it with all it holds. A column of that name, or one without header, is in
    the blocks only where it holds something.

    Args:
        source: its contract; what a server sent lies in landing as Parquet.
        path: where the bytes are.
        name: what people call the file; used in messages.

    Raises:
        RefusedFile: empty, unreadable, or without a needed column; names file, column and remedy. It may come after
            some blocks, which then do not count.
    """
    where = f"{source.name} {name}"
    if path.stat().st_size == 0:
        raise RefusedFile(f"{where}：文件为空（0字节）；请{source.owner or '提供单位'}重新导出")
    file_format = "parquet" if source.reader.is_remote else source.reader.format
    has_rows = False
    try:
        for frame in _FORMATS[file_format](source, path, where):
            if frame.height:
                has_rows = True
                yield _without_empty_extras(frame)
    except (
        pl.exceptions.PolarsError, pl.exceptions.PanicException, fastexcel.FastExcelError, pa.ArrowException, OSError
    ) as error:  # fmt: skip
        kind = type(error).__name__
        raise RefusedFile(f"{where}：不能按 {file_format} 读取（{kind}）；请检查文件后重新导出") from None
    if not has_rows:
        raise RefusedFile(f"{where}：只有表头没有数据行；请重新导出或移走该文件")


def _is_day(digits: str) -> bool:
    try:
        dt.datetime.strptime(digits, "%Y%m%d")
    except ValueError:
        return False
    return True


def check_headers(source: Source, headers: list[str], where: str, needs: bool = True) -> None:
    """Refuse what cannot be stored or counted.

    Raises:
        RefusedFile: too many headers, the same twice, one of ours, or a needed one missing.
    """
    lower = [header.lower() for header in headers]
    if len(headers) > _MOST_COLUMNS:
        raise RefusedFile(f"{where}：有{len(headers)}列，超过{_MOST_COLUMNS}列；请检查分隔符或重新导出")
    for header in headers:
        # DuckDB tells columns apart by their letters only, not by case; the others are ours
        if lower.count(header.lower()) > 1 or header.lower() in _OURS:
            raise RefusedFile(f"{where}：表头“{header}”重复或与系统列名相同；请改名后重新导出")
        if "\0" in header:
            raise RefusedFile(f"{where}：表头含空字符，文件已损坏；请重新导出")
    for names in source.needed_headers if needs else []:
        if not any(name in headers for name in names):
            near = difflib.get_close_matches(names[0], headers, n=1)
            hint = f"最接近的是“{near[0]}”，请补入来源配置" if near else "请在来源配置中补上正确的列名"
            raise RefusedFile(f"{where}：缺少列“{'”或“'.join(names)}”；{hint}，或重新导出")


def _read_csv(source: Source, path: Path, where: str) -> Iterator[pl.DataFrame]:
    if is_archive(path):
        raise RefusedFile(f"{where}：是 ZIP 压缩包，不是 CSV；请重新提供")
    encoding, separator = source.reader.encoding, source.reader.separator
    head = list(islice(csv_rows(path, encoding, separator, where), source.reader.header_within + 1))
    if not head:
        raise RefusedFile(f"{where}：只有空行；请{source.owner or '提供单位'}重新导出")
    skip = _header_row([row.fields for row in head[: source.reader.header_within]], source)
    headers = _named(head[skip].fields)
    has_all = all(any(name in headers for name in names) for names in source.needed_headers)
    if head[skip].fault or (not has_all and any(row.fault for row in head)):
        raise wrong_bytes(path, encoding, where)
    check_headers(source, headers, where)
    # a row that ends behind the last needed column is whole: some programs leave out the separators of blank cells
    fewest = 1 + max(i for i, header in enumerate(headers) if any(header in names for names in source.needed_headers))
    for rows, plain in csv_blocks(path, encoding, separator, where, len(headers), _ROWS_AT_ONCE):
        told = [row for row in rows if row.line > head[skip].line]
        split = plain.filter(pl.col("line") > head[skip].line)
        lines = pl.Series([row.line for row in told], dtype=pl.Int64).append(split["line"])
        split = split.drop("line")
        split.columns = headers
        found = pl.concat(
            [_framed(told, headers, fewest), split.with_columns(pl.lit(None, pl.String).alias(ROW_FAULT))]
        )
        if told:
            found = found[lines.arg_sort()]
        yield found.with_columns(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in headers)


def _framed(rows: list[Row], headers: list[str], fewest: int) -> pl.DataFrame:
    width = len(headers)
    faults: list[str | None] = []
    for line, fields, odd in rows:
        wrong = odd
        if len(fields) > width:
            surplus = json.dumps(fields[width:], ensure_ascii=False)
            words = f"有{len(fields)}个字段，表头只有{width}个；多出的是 {surplus}"
            wrong = f"{odd}，{words}" if odd else fault(FIELDS, line, words)
            del fields[width:]
        elif len(fields) < width:
            if len(fields) < fewest:
                wrong = odd or fault(FIELDS, line, f"只有{len(fields)}个字段，表头有{width}个")
            fields.extend([""] * (width - len(fields)))
        faults.append(wrong)
    columns = list(zip(*(row.fields for row in rows), strict=True)) or [()] * width
    frame = pl.DataFrame(
        [pl.Series(name, values, dtype=pl.String) for name, values in zip(headers, columns, strict=True)]
    )
    return frame.with_columns(pl.Series(ROW_FAULT, faults, dtype=pl.String))


def _read_workbook(source: Source, path: Path, where: str) -> Iterator[pl.DataFrame]:
    every = source.reader.sheet == ALL_SHEETS
    found = False
    for title, frame in sheets(path, source.reader.sheet, where):
        head = [[value or "" for value in row] for row in frame.head(source.reader.header_within).iter_rows()]
        if every and not any(source.mapped_headers.intersection(map(_cleaned, row)) for row in head):
            continue  # an empty sheet, or one that explains the others
        if not head:
            raise RefusedFile(f"{where}：工作表为空；请重新导出")
        found = True
        skip = _header_row(head, source)
        headers = _named(head[skip])
        check_headers(source, headers, f"{where} 工作表“{title}”" if every else where)
        frame.columns = headers
        body = frame.slice(skip + 1)
        yield body.filter(~pl.all_horizontal(pl.all().is_null()))
    if not found:
        raise RefusedFile(f"{where}：没有一张工作表有来源配置中的列名；请改正来源配置或重新导出")


def _read_jsonl(source: Source, path: Path, where: str) -> Iterator[pl.DataFrame]:
    if is_archive(path):
        raise RefusedFile(f"{where}：是 ZIP 压缩包，不是 JSON；请重新提供")
    # an object may lack what it has no value for, so the header is what all of them name
    headers: dict[str, None] = {}
    rows = json_rows(path, source.reader.encoding, where)
    while block := list(islice(rows, _ROWS_AT_ONCE)):
        mine = dict.fromkeys(name for row in block for name in row.values)
        if not headers.keys() >= mine.keys():
            headers |= mine
            check_headers(source, list(headers), where, needs=False)
        columns = [pl.Series(name, [row.values.get(name) for row in block], dtype=pl.String) for name in mine]
        faults = pl.Series(ROW_FAULT, [row.fault for row in block], dtype=pl.String)
        yield pl.DataFrame([*(columns or [pl.Series(_NO_FIELDS, [None] * len(block), dtype=pl.String)]), faults])
    if headers:
        check_headers(source, list(headers), where)


def _read_parquet(source: Source, path: Path, where: str) -> Iterator[pl.DataFrame]:
    with pq.ParquetFile(path) as file:
        check_headers(source, file.schema_arrow.names, where)
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
            frame = pl.DataFrame(pl.from_arrow(batch))
            yield frame.select(_cells(frame.get_column(name)) for name in frame.columns)


def _cells(column: pl.Series) -> pl.Series:
    """A column as text; nested values as JSON text.

    A code that a program turned into a decimal number, because some rows lack it, is a whole number again: else one
    file would call a place 16 and the next 16.0. A moment with a zone is written with its distance from Greenwich,
    since the short names of zones are ambiguous.
    """
    if column.dtype.is_float():
        whole = column.is_null() | (column.is_finite() & (column.round(0) == column) & (column.abs() < 2**53))
        return column.cast(pl.Int64).cast(pl.String) if whole.all() else column.cast(pl.String)
    if isinstance(column.dtype, pl.Datetime):
        if column.dtype.time_zone is not None:
            return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%d %H:%M:%S+00:00")
        if not (column.dt.nanosecond() > 0).any():
            return column.dt.strftime("%Y-%m-%d %H:%M:%S")
    if not column.dtype.is_nested():
        return column.cast(pl.String)
    texts = [None if v is None else json.dumps(v, ensure_ascii=False, default=str) for v in column.to_list()]
    return pl.Series(column.name, texts, dtype=pl.String)


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
    empty = [name for name in extra if frame.get_column(name).is_null().all()]
    return frame.drop(empty) if len(empty) < frame.width else frame


_FORMATS: dict[str, Callable[[Source, Path, str], Iterator[pl.DataFrame]]] = {
    "csv": _read_csv,
    "xlsx": _read_workbook,
    "xls": _read_workbook,
    "jsonl": _read_jsonl,
    "parquet": _read_parquet,
}
