"""The first rows of a file, before any contract says how to read it."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

import pyarrow.parquet as pq

from pipelines.errors import RefusedFile
from pipelines.sources.archive import is_archive, unpack
from pipelines.sources.csv_file import csv_rows
from pipelines.sources.faults import likely_encoding
from pipelines.sources.jsonl_file import json_rows
from pipelines.sources.workbook import sheets

ROWS = 200
_FORMATS = {
    ".csv": "csv", ".txt": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".xlsm": "xlsx", ".xls": "xls", ".jsonl": "jsonl",
    ".ndjson": "jsonl", ".json": "jsonl", ".parquet": "parquet",
}  # fmt: skip
_DAY = re.compile(r"(?<!\d)(20\d{6})(?!\d)")


@dataclass(frozen=True)
class Peek:
    """How a file begins.

    Attributes:
        encoding: of text; ``utf-8`` or ``gb18030``.
        rows: the first rows with the line (or row) in which each stands; of JSON and Parquet the names come first.
    """

    format: str
    encoding: str | None
    separator: str
    rows: list[tuple[int, list[str]]]

    def header_at(self, known: set[str], within: int = 20) -> int:
        """Index of the row with most of the known headers; else of the first widest row."""
        hits = [(len(known & set(cells)), len({cell for cell in cells if cell})) for _, cells in self.rows[:within]]
        return hits.index(max(hits)) if hits else 0


def peek(path: Path, file_format: str | None = None, separator: str | None = None, sheet: str | int = 0) -> Peek:
    """How a file begins; format, encoding and separator are found where they are not given.

    Raises:
        RefusedFile: it cannot be read that far.
    """
    file_format = file_format or _FORMATS.get(path.suffix.lower(), "csv")
    where = path.name
    if file_format in ("xlsx", "xls"):
        _, frame = next(iter(sheets(path, sheet, where)))
        cells = [[(cell or "").strip() for cell in row] for row in frame.head(ROWS).iter_rows()]
        return Peek(file_format, None, ",", list(enumerate(cells, 1)))
    if file_format == "parquet":
        with pq.ParquetFile(path) as file:
            names = list(file.schema_arrow.names)
            head = next(file.iter_batches(batch_size=ROWS), None)
        values = [[_text(row.get(name)) for name in names] for row in (head.to_pylist() if head else [])]
        return Peek(file_format, None, ",", list(enumerate([names, *values])))
    encoding = encoding_of(path)
    if file_format == "jsonl":
        records = [row.values for row in islice(json_rows(path, encoding, where), ROWS) if row.fault is None]
        names = list(dict.fromkeys(name for row in records for name in row))
        values = [[row.get(name) or "" for name in names] for row in records]
        return Peek(file_format, encoding, ",", list(enumerate([names, *values])))
    separator = separator or _separator(path, encoding)
    rows = [
        (line, [_clean(cell) for cell in cells])
        for line, cells, _ in islice(csv_rows(path, encoding, separator, where), ROWS)
    ]
    return Peek(file_format, encoding, separator, rows)


def encoding_of(path: Path) -> str:
    """``utf-8`` if the beginning of the file is, but for a few lines, else ``gb18030``."""
    with path.open("rb") as handle:
        return likely_encoding(handle.read(1 << 20))


@contextlib.contextmanager
def unpacked(path: Path, file_format: str) -> Iterator[Path]:
    """The file itself; of a ZIP of files its first one, in a temporary folder.

    Raises:
        RefusedFile: the archive cannot be taken in.
    """
    if not is_archive(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        stored: list[Path] = []

        def store(content: IO[bytes]) -> Path:
            stored.append(Path(folder) / f"{len(stored)}.part")
            with stored[-1].open("wb") as target:
                shutil.copyfileobj(content, target)
            return stored[-1]

        inner = unpack(path, file_format, path.name, store)
        if not inner:
            raise RefusedFile(f"{path.name}：压缩包里没有文件；请重新提供")
        yield inner[0][1]


def export_day(name: str) -> dt.date | None:
    """The day YYYYMMDD in a file name."""
    for digits in _DAY.findall(name):
        with contextlib.suppress(ValueError):
            return dt.datetime.strptime(digits, "%Y%m%d").date()
    return None


def _separator(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, errors="replace") as lines:
        head = "".join(islice(lines, 20))
    return max(",\t;|", key=head.count)


def _clean(cell: str) -> str:
    return cell.strip("\ufeff\u200b \t")


def _text(value: object) -> str:
    return "" if value is None else str(value)
