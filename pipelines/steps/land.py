"""Land: store a source's files byte for byte, and their rows as text in ``raw``."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.errors import RefusedFile
from pipelines.sources.contract import Source
from pipelines.sources.readers import files_of, read_file
from pipelines.steps.run import Counts, Run, in_blocks


@dataclass(frozen=True)
class Batch:
    """One file: its row of ``ops.batches``, and its rows as text unless it was refused."""

    record: dict[str, object]
    frame: pl.DataFrame | None


def land(run: Run, source: Source) -> Counts:
    """Take in every file of a source exported by the as-of date that was not taken in before.

    A file is known by its content: the same bytes under another name are the same batch. A file that cannot be read
    is recorded as refused with its reason, and the next one is tried.

    Grain of ``raw.<source>``: one row per row of a file. Key: (batch_id, row_no).
    """
    with run.warehouse.reading() as door:
        known = {row[0] for row in door.rows("select batch_id from ops.batches where source_name = $s", s=source.name)}
    files = refused = rows = 0
    for block in in_blocks(
        _new_batches(run, source, known), lambda batch: 0 if batch.frame is None else len(batch.frame)
    ):
        with run.warehouse.writing() as door:
            dates = {"exported_date": pl.Date, "refusal": pl.String}
            door.append("ops.batches", pl.DataFrame([batch.record for batch in block], schema_overrides=dates))
            for batch in block:
                if batch.frame is not None:
                    door.append_raw(source.name, batch.frame)
        files += len(block)
        refused += sum(batch.frame is None for batch in block)
        rows += sum(len(batch.frame) for batch in block if batch.frame is not None)
    return Counts(details={"files": files, "refused_files": refused, "rows": rows})


def _new_batches(run: Run, source: Source, known: set[str]) -> Iterator[Batch]:
    folder = run.settings.landing_dir / source.name
    for path, export_day in files_of(source, run.data_dir):
        exported = dt.datetime.strptime(export_day, "%Y%m%d").date() if export_day else None
        if exported is not None and exported > run.as_of_date:
            continue
        content_hash, size = _stored(path, folder)
        batch_id = f"{source.name}:{content_hash[:16]}"
        if batch_id in known:
            continue
        known.add(batch_id)
        name = path.relative_to(run.data_dir.resolve()).as_posix()
        frame, refusal = None, None
        try:
            numbered = read_file(source, folder / content_hash, name).with_row_index("row_no", offset=1)
            frame = numbered.with_columns(pl.col("row_no").cast(pl.Int64), batch_id=pl.lit(batch_id))
        except RefusedFile as error:
            refusal = str(error)
        record = {
            "batch_id": batch_id,
            "source_name": source.name,
            "file_name": name,
            "file_hash": content_hash,
            "file_size": size,
            "exported_date": exported,
            "state": "refused" if frame is None else "landed",
            "refusal": refusal,
            "rows_in": 0 if frame is None else frame.height,
            "is_conformed": False,
        }
        yield Batch(record, frame)


def _stored(path: Path, folder: Path) -> tuple[str, int]:
    """Copy a file to ``folder/<sha256>``; returns hash and size.

    The hash is taken of the bytes that were copied, so a file that grows meanwhile is stored as what was read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{os.getpid()}.part"
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source, temporary.open("wb") as target:
        while block := source.read(1 << 20):
            digest.update(block)
            size += len(block)
            target.write(block)
    os.replace(temporary, folder / digest.hexdigest())
    return digest.hexdigest(), size
