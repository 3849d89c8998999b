"""Land: store a source's files byte for byte, and their rows as text in ``raw``."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Any

import polars as pl

from pipelines.errors import RefusedFile
from pipelines.sources.archive import is_archive, unpack
from pipelines.sources.contract import Source
from pipelines.sources.readers import files_of, read_blocks
from pipelines.sources.spool import Spool
from pipelines.steps import fetch
from pipelines.steps.run import BLOCK_ROWS, Counts, Run, in_blocks, log
from pipelines.warehouse.door import Door

_IDENTITY = ("batch_id", "source_name", "file_name", "file_hash", "file_size", "exported_date")
_SCHEMA = {"exported_date": pl.Date, "refusal": pl.String}


@dataclass(frozen=True)
class Batch:
    """One file: its row of ``ops.batches``, and its rows as text unless it was refused."""

    record: dict[str, Any]
    rows: Spool | None


def land(run: Run, source: Source) -> Counts:
    """Take in every file of a source exported by the as-of date that was not taken in before.

    A file is known by its content: the same bytes under another name are the same batch. A file that cannot be read
    is recorded as refused with its reason, and the next one is tried. Refused files, and all files after the contract
    was changed, are read again from the landing folder. What a server sends becomes files of the landing folder, and
    a server that cannot be read is recorded as refused until it can.

    Grain of ``raw.<source>``: one row per row of a file. Key: (batch_id, row_no). A batch is stored in one transaction,
    however many blocks of rows it has.
    """
    folder = run.settings.landing_dir / source.name
    folder.mkdir(parents=True, exist_ok=True)
    with run.warehouse.reading() as door:
        known = door.query("select * from ops.batches where source_name = $s", s=source.name)
    known = known.filter(pl.col("batch_id") != fetch.unread_id(source))
    again = known.filter((pl.col("state") == "refused") | (pl.col("contract_hash") != source.contract_hash))
    # what was purged, or not restored, cannot be read again: it stays as it was read
    again = again.filter(pl.Series([(folder / name).exists() for name in again["file_hash"]], dtype=pl.Boolean))
    batches = chain(
        (_read(run, source, row) for row in again.sort("exported_date", "batch_id").iter_rows(named=True)),
        _new_batches(run, source, set(known["batch_id"])),
    )
    files = refused = rows = 0
    if source.reader.is_remote:
        _forget_unread(run, source)
    # what a server sent is stored at once: where to read on is told by what is stored
    for block in in_blocks(batches, lambda batch: 0 if batch.rows is None else batch.rows.rows,
                           limit=0 if source.reader.is_remote else BLOCK_ROWS):  # fmt: skip
        _store(run, source, block, set(known["batch_id"]))
        for batch in block:
            files += 1
            if batch.rows is None:
                refused += 1
                log.warning("source=%s refused: %s", source.name, batch.record["refusal"])
            else:
                rows += batch.rows.rows
                batch.rows.close()
    return Counts(details={"files": files, "refused_files": refused, "rows": rows})


def _store(run: Run, source: Source, block: list[Batch], known: set[str]) -> None:
    headers = dict.fromkeys(name for batch in block if batch.rows is not None for name in batch.rows.columns)
    if headers:
        with run.warehouse.writing() as door:
            door.widen_raw(source.name, list(headers))
    with run.warehouse.writing() as door:
        for batch in block:
            if batch.record["batch_id"] in known:
                _forget(door, source, batch.record["batch_id"])
            door.append("ops.batches", pl.DataFrame([batch.record], schema_overrides=_SCHEMA))
            for frame in batch.rows.blocks() if batch.rows is not None else ():
                door.append(f"raw.{source.name}", frame)


def _forget(door: Door, source: Source, batch_id: str) -> None:
    """Take back what an earlier reading of a batch left behind; conforming then derives its records anew."""
    tables = [f"raw.{source.name}", f"stg.{source.kind}", "ops.batches", "ops.rejected_rows", "ops.superseded_rows",
              "ops.validation_results"]  # fmt: skip
    for table in tables:
        if door.has_table(table):
            door.run(f"delete from {table} where batch_id = $b", b=batch_id)


def _forget_unread(run: Run, source: Source) -> None:
    with run.warehouse.writing() as door:
        door.run("delete from ops.batches where batch_id = $b", b=fetch.unread_id(source))


def _new_batches(run: Run, source: Source, known: set[str]) -> Iterator[Batch]:
    records = fetch.records(run, source) if source.reader.is_remote else _file_records(run, source)
    for record in records:
        if record["batch_id"] in known:
            continue
        known.add(record["batch_id"])
        yield _refused(source, record, record["refusal"]) if record.get("refusal") else _read(run, source, record)


def _file_records(run: Run, source: Source) -> Iterator[dict[str, Any]]:
    """What identifies each file that the source has sent; a ZIP is the files it holds, or one refused file."""
    folder = run.settings.landing_dir / source.name
    for path, export_day in files_of(source, run.data_dir):
        exported = dt.datetime.strptime(export_day, "%Y%m%d").date() if export_day else None
        if exported is not None and exported > run.as_of_date:
            continue
        name = path.relative_to(run.data_dir.resolve()).as_posix()
        refusal = None
        if is_archive(path):
            try:
                # all of them before the first is taken in: one bad member refuses the archive
                parts = [
                    (f"{name}/{member}", *stored)
                    for member, stored in unpack(
                        path, source.reader.format, f"{source.name} {name}", partial(_stored, folder)
                    )
                ]
            except RefusedFile as error:
                parts, refusal = [(name, *_stored_file(path, folder))], str(error)
        else:
            parts = [(name, *_stored_file(path, folder))]
        for part, content_hash, size in parts:
            yield {
                "batch_id": f"{source.name}:{content_hash[:16]}",
                "source_name": source.name,
                "file_name": part,
                "file_hash": content_hash,
                "file_size": size,
                "exported_date": exported,
                "refusal": refusal,
            }


def _read(run: Run, source: Source, known: dict[str, Any]) -> Batch:
    """Read one landed file; ``known`` tells which."""
    folder = run.settings.landing_dir / source.name
    landed = folder / known["file_hash"]
    rows = Spool(folder)
    where = f"{source.name} {known['file_name']}"
    try:
        if not source.reader.is_remote and is_archive(landed):
            unpack(landed, source.reader.format, where, lambda content: None)
            raise RefusedFile(f"{where}：此前被拒收的压缩包；请重新打包后提供")
        for frame in read_blocks(source, landed, known["file_name"]):
            numbered = frame.with_row_index("row_no", offset=rows.rows + 1)
            rows.put(numbered.with_columns(pl.col("row_no").cast(pl.Int64), batch_id=pl.lit(known["batch_id"])))
    except RefusedFile as error:
        rows.close()
        return _refused(source, known, str(error))
    return Batch(_record(source, known, "landed", rows.rows, None), rows)


def _refused(source: Source, known: dict[str, Any], refusal: str) -> Batch:
    return Batch(_record(source, known, "refused", 0, refusal), None)


def _record(source: Source, known: dict[str, Any], state: str, rows: int, refusal: str | None) -> dict[str, Any]:
    return {
        **{name: known[name] for name in _IDENTITY},
        "state": state,
        "refusal": refusal,
        "rows_in": rows,
        "is_conformed": False,
        "contract_hash": source.contract_hash,
    }


def _stored_file(path: Path, folder: Path) -> tuple[str, int]:
    with path.open("rb") as content:
        return _stored(folder, content)


def _stored(folder: Path, content: IO[bytes]) -> tuple[str, int]:
    """Copy a file to ``folder/<sha256>``; returns hash and size.

    The hash is taken of the bytes that were copied, so a file that grows meanwhile is stored as what was read.
    """
    temporary = folder / f".{os.getpid()}.part"
    digest, size = hashlib.sha256(), 0
    with temporary.open("wb") as target:
        while block := content.read(1 << 20):
            digest.update(block)
            size += len(block)
            target.write(block)
    os.replace(temporary, folder / digest.hexdigest())
    return digest.hexdigest(), size
