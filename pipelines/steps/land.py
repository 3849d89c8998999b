"""Land: store a source's files byte for byte, and their rows as text in ``raw``."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.errors import RefusedFile
from pipelines.sources.contract import Source
from pipelines.sources.readers import files_of, read_file
from pipelines.steps.run import Counts, Run, in_blocks, log
from pipelines.warehouse.door import Door

_IDENTITY = ("batch_id", "source_name", "file_name", "file_hash", "file_size", "exported_date")
_SCHEMA = {"exported_date": pl.Date, "refusal": pl.String}


@dataclass(frozen=True)
class Batch:
    """One file: its row of ``ops.batches``, and its rows as text unless it was refused."""

    record: dict[str, Any]
    frame: pl.DataFrame | None


def land(run: Run, source: Source) -> Counts:
    """Take in every file of a source exported by the as-of date that was not taken in before.

    A file is known by its content: the same bytes under another name are the same batch. A file that cannot be read
    is recorded as refused with its reason, and the next one is tried. Refused files, and all files after the contract
    was changed, are read again from the landing folder.

    Grain of ``raw.<source>``: one row per row of a file. Key: (batch_id, row_no).
    """
    with run.warehouse.reading() as door:
        known = door.query("select * from ops.batches where source_name = $s", s=source.name)
    again = known.filter((pl.col("state") == "refused") | (pl.col("contract_hash") != source.contract_hash))
    batches = chain(
        (_read(run, source, row) for row in again.sort("exported_date", "batch_id").iter_rows(named=True)),
        _new_batches(run, source, set(known["batch_id"])),
    )
    files = refused = rows = 0
    for block in in_blocks(batches, lambda batch: 0 if batch.frame is None else len(batch.frame)):
        headers = dict.fromkeys(name for batch in block if batch.frame is not None for name in batch.frame.columns)
        if headers:
            with run.warehouse.writing() as door:
                door.widen_raw(source.name, list(headers))
        with run.warehouse.writing() as door:
            for batch in block:
                if batch.record["batch_id"] in known["batch_id"]:
                    _forget(door, source, batch.record["batch_id"])
                door.append("ops.batches", pl.DataFrame([batch.record], schema_overrides=_SCHEMA))
                if batch.frame is not None:
                    door.append(f"raw.{source.name}", batch.frame)
        for batch in block:
            files += 1
            rows += 0 if batch.frame is None else len(batch.frame)
            if batch.frame is None:
                refused += 1
                log.warning("source=%s refused: %s", source.name, batch.record["refusal"])
    return Counts(details={"files": files, "refused_files": refused, "rows": rows})


def _forget(door: Door, source: Source, batch_id: str) -> None:
    """Take back what an earlier reading of a batch left behind; conforming then derives its records anew."""
    tables = [f"raw.{source.name}", f"stg.{source.kind}", "ops.batches", "ops.rejected_rows", "ops.superseded_rows",
              "ops.validation_results"]  # fmt: skip
    for table in tables:
        if door.has_table(table):
            door.run(f"delete from {table} where batch_id = $b", b=batch_id)


def _new_batches(run: Run, source: Source, known: set[str]) -> Iterator[Batch]:
    for path, export_day in files_of(source, run.data_dir):
        exported = dt.datetime.strptime(export_day, "%Y%m%d").date() if export_day else None
        if exported is not None and exported > run.as_of_date:
            continue
        content_hash, size = _stored(path, run.settings.landing_dir / source.name)
        batch_id = f"{source.name}:{content_hash[:16]}"
        if batch_id in known:
            continue
        known.add(batch_id)
        record = {
            "batch_id": batch_id,
            "source_name": source.name,
            "file_name": path.relative_to(run.data_dir.resolve()).as_posix(),
            "file_hash": content_hash,
            "file_size": size,
            "exported_date": exported,
        }
        yield _read(run, source, record)


def _read(run: Run, source: Source, known: dict[str, Any]) -> Batch:
    """Read one landed file; ``known`` tells which."""
    frame, refusal = None, None
    try:
        landed = run.settings.landing_dir / source.name / known["file_hash"]
        numbered = read_file(source, landed, known["file_name"]).with_row_index("row_no", offset=1)
        frame = numbered.with_columns(pl.col("row_no").cast(pl.Int64), batch_id=pl.lit(known["batch_id"]))
    except RefusedFile as error:
        refusal = str(error)
    record = {
        **{name: known[name] for name in _IDENTITY},
        "state": "refused" if frame is None else "landed",
        "refusal": refusal,
        "rows_in": 0 if frame is None else frame.height,
        "is_conformed": False,
        "contract_hash": source.contract_hash,
    }
    return Batch(record, frame)


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
