"""Read a landed file into text columns. Nothing is guessed or typed here: that is cleaning.

Every reader returns a frame of text columns in file order. A file that cannot be read, holds no header or lacks a
mapped column is refused by name, in Chinese because the data-quality page shows the words; the rest goes on.
"""

from __future__ import annotations

import codecs
import difflib
import io
import re
from pathlib import Path

import fastexcel
import polars as pl

from pipelines.errors import RefusedFile
from pipelines.sources.contract import Source

_DATE_SLOT = "{date}"


def files_of(source: Source, folder: Path) -> list[tuple[Path, str | None]]:
    """Files of a source below the data folder with their export day (YYYYMMDD or None), oldest first.

    Links and paths that lead out of the folder are left out: a drop folder is written by others.
    """
    root = folder.resolve()
    pattern = source.reader.path
    glob = pattern.replace(_DATE_SLOT, "[0-9]" * 8)
    slot = re.compile(".*".join(re.escape(part) for part in pattern.split("*")).replace(re.escape(_DATE_SLOT), r"(\d{8})"))
    found = []
    for path in sorted(root.glob(glob)):
        if path.is_symlink() or not path.is_file() or not path.resolve().is_relative_to(root):
            continue
        match = slot.fullmatch(path.relative_to(root).as_posix())
        found.append((path, match[1] if match and match.groups() else None))
    return sorted(found, key=lambda item: (item[1] or "", item[0].name))


def read_file(source: Source, path: Path, name: str) -> pl.DataFrame:
    """The rows of one file as text columns.

    Args:
        path: where the bytes are.
        name: what people call the file; used in messages.

    Raises:
        RefusedFile: empty, unreadable, or without a mapped column; names file, column and remedy.
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
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, fastexcel.FastExcelError, OSError) as error:
        kind = type(error).__name__
        raise RefusedFile(
            f"{where}：不能按 {source.reader.format} 读取（{kind}）；请检查文件后重新导出"
        ) from None
    _check_headers(source, frame.columns, where)
    if frame.is_empty():
        raise RefusedFile(f"{where}：只有表头没有数据行；请重新导出或移走该文件")
    return frame


def _check_headers(source: Source, headers: list[str], where: str) -> None:
    lower = [header.lower() for header in headers]
    for header in headers:
        # DuckDB tells columns apart by their letters only, not by case; the two others are ours
        if lower.count(header.lower()) > 1 or header.lower() in ("batch_id", "row_no"):
            raise RefusedFile(f"{where}：表头“{header}”重复或与系统列名相同；请改名后重新导出")
    for names in source.needed_headers:
        if not any(name in headers for name in names):
            near = difflib.get_close_matches(names[0], headers, n=1)
            hint = f"最接近的是“{near[0]}”，可补入来源配置" if near else "请在来源配置中补上正确的列名"
            raise RefusedFile(f"{where}：缺少列“{names[0]}”；{hint}，或重新导出")


def _read_csv(source: Source, path: Path, where: str) -> pl.DataFrame:
    text = _decoded(path, source.reader.encoding, where)
    lines = text.split("\n", source.reader.header_within)[: source.reader.header_within]
    skip = _header_row([line.strip("\r").split(source.reader.separator) for line in lines], source)
    # every column as text, ragged rows kept: a row that does not fit is judged in cleaning, not lost here
    return pl.read_csv(
        io.StringIO(text),
        separator=source.reader.separator,
        skip_lines=skip,
        infer_schema=False,
        truncate_ragged_lines=True,
    )


def _decoded(path: Path, encoding: str, where: str) -> str:
    raw = path.read_bytes()
    if raw.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        other = "utf-8" if encoding == "gb18030" else "gb18030"
        row = raw[: error.start].count(b"\n") + 1
        raise RefusedFile(
            f"{where}：第{row}行不是 {encoding} 编码；请把 reader.encoding 改为 {other}，或重新导出"
        ) from None
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        raise RefusedFile(f"{where}：第{row}行含空字符，文件已损坏；请重新导出")
    return text


def _read_xlsx(source: Source, path: Path, where: str) -> pl.DataFrame:
    sheet = fastexcel.read_excel(str(path)).load_sheet(source.reader.sheet, header_row=None, dtypes="string")
    frame = sheet.to_polars()
    head = [[value or "" for value in row] for row in frame.head(source.reader.header_within).iter_rows()]
    if not head:
        raise RefusedFile(f"{where}：工作表为空；请重新导出")
    skip = _header_row(head, source)
    names = [(value or "").strip() for value in frame.row(skip)]
    kept = [(column, name) for column, name in zip(frame.columns, names, strict=True) if name]
    if len({name for _, name in kept}) < len(kept):
        twice = next(name for _, name in kept if [n for _, n in kept].count(name) > 1)
        raise RefusedFile(f"{where}：表头“{twice}”重复；请改掉其中一列的名称")
    body = frame.slice(skip + 1).select([pl.col(column).alias(name) for column, name in kept])
    return body.filter(~pl.all_horizontal(pl.all().is_null()))


def _header_row(rows: list[list[str]], source: Source) -> int:
    """Index of the row that holds most of the contract's headers: exports often put a title above it."""
    wanted = {name for names in source.needed_headers for name in names}
    wanted |= {name for item in source.columns.values() for name in item.from_}
    hits = [len(wanted & {cell.strip().strip('"') for cell in row}) for row in rows]
    best = max(hits)
    return hits.index(best) if best else 0
