"""Land: store a source's files byte for byte, and their rows as text in ``raw``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import polars as pl

from pipelines.errors import RefusedFile
from pipelines.sources.archive import is_archive
from pipelines.sources.contract import Source
from pipelines.sources.readers import read_blocks
from pipelines.sources.spool import Spool
from pipelines.steps import drop_folder, fetch
from pipelines.steps.run import BLOCK_ROWS, Counts, Run, in_blocks, log
from pipelines.warehouse.door import Door

_IDENTITY = ("batch_id", "source_name", "file_name", "file_hash", "file_size", "exported_date")
_SCHEMA = {"exported_date": pl.Date, "refusal": pl.String}


@dataclass(frozen=True)
class Batch:
    """One file.

    Attributes:
        record: its row of ``ops.batches``.
        rows: its rows as text, unless it was refused.
        instead_of: the refused archive whose last file this is; its batch ends with this one's beginning.
    """

    record: dict[str, Any]
    rows: Spool | None
    instead_of: dict[str, Any] | None = None


def land(run: Run, source: Source) -> Counts:
    """Take in every file of a source exported by the as-of date that was not taken in before.

    A file is known by its content: the same bytes under another name are the same batch, and purged bytes do not come
    back. A file that cannot be read is recorded as refused with its reason, and the next one is tried. Refused files,
    and all files after the contract was changed, are read again from the landing folder. What a server sends becomes
    files of the landing folder, and a server that cannot be read is recorded as refused until it can.

    Grain of ``raw.<source>``: one row per row of a file. Key: (batch_id, row_no). A batch is stored in one transaction,
    however many blocks of rows it has.
    """
    folder = run.settings.landing_dir / source.name
    folder.mkdir(parents=True, exist_ok=True)
    with run.warehouse.reading() as door:
        known = door.query("select * from ops.batches where source_name = $s", s=source.name)
        purged = {batch_id for (batch_id,) in door.rows(
            "select batch_id from ops.purged_batches where source_name = $s", s=source.name)}  # fmt: skip
    known = known.filter(pl.col("batch_id") != fetch.unread_id(source))
    again = known.filter((pl.col("state") == "refused") | (pl.col("contract_hash") != source.contract_hash))
    # what was purged, or not restored, cannot be read again: it stays as it was read
    again = again.filter(pl.Series([(folder / name).exists() for name in again["file_hash"]], dtype=pl.Boolean))
    ids = set(known["batch_id"])
    taken = set(ids)

    def wanted(content_hash: str) -> bool:
        """Unknown; or known, but not purged and no longer landed, as after a restore."""
        batch_id = f"{source.name}:{content_hash[:16]}"
        return batch_id not in taken or (batch_id not in purged and not (folder / content_hash).exists())

    batches = chain(
        (batch for row in again.sort("exported_date", "batch_id").iter_rows(named=True)
         for batch in _read_again(run, source, row, taken)),
        _new_batches(run, source, taken, wanted),
    )  # fmt: skip
    files = refused = rows = 0
    if source.reader.is_remote:
        _forget_unread(run, source)
    # what a server sent is stored at once: where to read on is told by what is stored
    for block in in_blocks(batches, lambda batch: 0 if batch.rows is None else batch.rows.rows,
                           limit=0 if source.reader.is_remote else BLOCK_ROWS):  # fmt: skip
        _store(run, source, block, ids)
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
            if batch.instead_of is not None:
                _forget(door, source, batch.instead_of["batch_id"])
            door.append("ops.batches", pl.DataFrame([batch.record], schema_overrides=_SCHEMA))
            for frame in batch.rows.joined() if batch.rows is not None else ():
                door.append(f"raw.{source.name}", frame)
    for batch in block:
        if batch.instead_of is not None:
            (run.settings.landing_dir / source.name / batch.instead_of["file_hash"]).unlink(missing_ok=True)


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


def _new_batches(run: Run, source: Source, taken: set[str], wanted: drop_folder.Wanted) -> Iterator[Batch]:
    remote = source.reader.is_remote
    for record in fetch.records(run, source) if remote else drop_folder.records(run, source, wanted):
        if record["batch_id"] in taken:
            continue
        taken.add(record["batch_id"])
        yield _refused(source, record, record["refusal"]) if record.get("refusal") else _read(run, source, record)


def _read_again(run: Run, source: Source, row: dict[str, Any], taken: set[str]) -> Iterator[Batch]:
    """A batch that was read before; for an archive that was refused and no longer is, the files it holds.

    The archive's batch ends only with its last file, so that a run that was killed between them is made good.
    """
    landed = run.settings.landing_dir / source.name / row["file_hash"]
    if source.reader.is_remote or not is_archive(landed, row["file_name"]):
        yield _read(run, source, row)
        return

    def wanted(content_hash: str) -> bool:
        return f"{source.name}:{content_hash[:16]}" not in taken

    try:
        parts = drop_folder.members(source, landed, row["file_name"], row["exported_date"], wanted)
    except RefusedFile as error:
        yield _refused(source, row, str(error))
        return
    parts = list({part["batch_id"]: part for part in parts}.values())
    if not parts:  # all of them came by another way
        with run.warehouse.writing() as door:
            _forget(door, source, row["batch_id"])
        landed.unlink()
    for part in parts:
        taken.add(part["batch_id"])
        batch = _read(run, source, part)
        yield replace(batch, instead_of=row) if part is parts[-1] else batch


def _read(run: Run, source: Source, known: dict[str, Any]) -> Batch:
    """Read one landed file; ``known`` tells which."""
    folder = run.settings.landing_dir / source.name
    landed = folder / known["file_hash"]
    rows = Spool(folder)
    try:
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
