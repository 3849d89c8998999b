"""Land: store a source's files byte for byte, and their rows as text in ``raw``."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from pathlib import Path

import polars as pl

from pipelines.errors import RefusedFile
from pipelines.sources.contract import Source
from pipelines.sources.readers import files_of, read_file
from pipelines.steps.run import Counts, Run


def land(run: Run, source: Source) -> Counts:
    """Take in every file of a source exported by the as-of date that was not taken in before.

    A file is known by its content: the same bytes under another name are the same batch. A file that cannot be read
    is recorded as refused with its reason, and the next one is tried.

    Grain of ``raw.<source>``: one row per row of a file. Key: (batch_id, row_no).
    """
    with run.warehouse.reading() as door:
        known = {row[0] for row in door.rows("select batch_id from ops.batches where source_name = $s", s=source.name)}
    counts = Counts(details={"files": 0, "refused_files": 0})
    for path, export_day in files_of(source, run.data_dir):
        exported = dt.datetime.strptime(export_day, "%Y%m%d").date() if export_day else None
        if exported is not None and exported > run.as_of_date:
            continue
        content_hash, size = _stored(path, run.settings.landing_dir / source.name)
        batch_id = f"{source.name}:{content_hash[:16]}"
        if batch_id in known:
            continue
        known.add(batch_id)
        name = path.relative_to(run.data_dir.resolve()).as_posix()
        frame, refusal = None, None
        try:
            frame = read_file(source, run.settings.landing_dir / source.name / content_hash, name)
        except RefusedFile as error:
            refusal = str(error)
        batch = pl.DataFrame(
            {
                "batch_id": [batch_id],
                "source_name": [source.name],
                "file_name": [name],
                "file_hash": [content_hash],
                "file_size": [size],
                "exported_date": [exported],
                "state": ["refused" if frame is None else "landed"],
                "refusal": [refusal],
                "rows_in": [0 if frame is None else frame.height],
                "is_conformed": [False],
            },
            schema_overrides={"exported_date": pl.Date, "refusal": pl.String},
        )
        with run.warehouse.writing() as door:
            door.append("ops.batches", batch)
            if frame is not None:
                numbered = frame.with_row_index("row_no", offset=1).with_columns(pl.col("row_no").cast(pl.Int64))
                door.append_raw(source.name, numbered.with_columns(batch_id=pl.lit(batch_id)))
        counts.details["files"] = int(counts.details["files"]) + 1
        if frame is None:
            counts.details["refused_files"] = int(counts.details["refused_files"]) + 1
        else:
            counts.details["rows"] = int(counts.details.get("rows", 0)) + frame.height
    return counts


def _stored(path: Path, folder: Path) -> tuple[str, int]:
    """Copy a file to ``folder/<sha256>`` unless it is there; returns hash and size.

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
