"""Clean: turn landed rows into typed, masked rows of ``stg``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import NamedTuple

import polars as pl

from pipelines.sources.contract import Source
from pipelines.sources.mapping import Mapped, map_batch, record_of
from pipelines.sources.spool import Spool
from pipelines.steps.pool import in_processes
from pipelines.steps.run import Counts, Run, in_blocks
from pipelines.warehouse.door import Door

PART_ROWS = 100_000


class Landed(NamedTuple):
    """A batch that waits for cleaning."""

    batch_id: str
    exported_date: dt.date | None
    rows_in: int


def clean(run: Run, source: Source) -> Counts:
    """Map every batch of a source that was landed and not yet cleaned.

    Grain of ``stg.<kind>``: one row per record version as exported. Key: (batch_id, row_no). A batch is replaced as a
    whole, so cleaning again after a kill gives the same rows.

    Raises:
        AccountingError: rows in are not accepted + rejected + superseded; the batch is not stored.
    """
    with run.warehouse.reading() as door:
        waiting = [Landed(*row) for row in door.rows(
            "select batch_id, exported_date, rows_in from ops.batches "
            "where source_name = $s and state = 'landed' order by exported_date, batch_id", s=source.name)]  # fmt: skip
    total = Counts(details={"batches": len(waiting)})
    large = [batch for batch in waiting if batch.rows_in > PART_ROWS]
    for batch in large:
        total += _clean_in_parts(run, source, batch)
    for block in in_blocks((batch for batch in waiting if batch not in large), lambda batch: batch.rows_in):
        with run.warehouse.reading() as door:
            ids = [batch.batch_id for batch in block]
            raw = door.query(f"select * from raw.{source.name} where batch_id in (select unnest($ids))", ids=ids)
        mapped = {batch.batch_id: _mapped(run, source, batch, raw) for batch in block}
        with run.warehouse.writing() as door:
            for batch in block:
                accepted, rejected, superseded = (mapped[batch.batch_id].accepted, mapped[batch.batch_id].rejected,
                                                  mapped[batch.batch_id].superseded)  # fmt: skip
                counts = Counts(batch.rows_in, accepted.height, rejected.height, superseded.height)
                total += counts.checked(f"{source.name} {batch.batch_id}")
                part = {"batch_id": batch.batch_id}
                door.replace(f"stg.{source.kind}", accepted, part)
                door.replace("ops.rejected_rows", rejected, part)
                door.replace("ops.superseded_rows", superseded, part)
                _mark(door, batch, counts)
    return total


def _mark(door: Door, batch: Landed, counts: Counts) -> None:
    door.run(
        "update ops.batches set state = 'cleaned', accepted = $a, rejected = $r, superseded = $s, "
        "gate = null, is_conformed = false where batch_id = $b",
        a=counts.accepted, r=counts.rejected, s=counts.superseded, b=batch.batch_id,
    )  # fmt: skip


def _clean_in_parts(run: Run, source: Source, batch: Landed) -> Counts:
    """Clean a large batch some rows at a time, so that it needs little memory; it is still stored in one transaction.

    The parts are mapped in processes of their own, ``XIANBAN_WORKERS`` of them, and come back in their order. Only a
    duplicate is told by the rows of other parts, so the hash of each accepted row is kept.
    """
    folder = run.settings.landing_dir / source.name
    folder.mkdir(parents=True, exist_ok=True)
    seen = pl.DataFrame(schema={"one": pl.UInt64, "two": pl.UInt64})
    with closing(Spool(folder)) as accepted, closing(Spool(folder)) as rejected, closing(Spool(folder)) as superseded:
        parts = _parts(run, source, batch) if _is_by_row(source) else _whole_records(run, source, batch)
        for mapped in in_processes(_mapping(run, source, batch), parts, run.settings.workers):
            content = pl.struct("record_id", "row_hash")
            good = mapped.accepted.with_columns(one=content.hash(1), two=content.hash(2))
            again = good.join(seen, on=["one", "two"], how="semi", maintain_order="left")
            new = good.join(seen, on=["one", "two"], how="anti", maintain_order="left")
            seen = pl.concat([seen, new.select("one", "two")])
            accepted.put(new.drop("one", "two"))
            rejected.put(mapped.rejected)
            superseded.put(mapped.superseded)
            superseded.put(
                again.select("batch_id", "source_name", "row_no", "record_id", "known_at", reason=pl.lit("duplicate"))
            )
        counts = Counts(batch.rows_in, accepted.rows, rejected.rows, superseded.rows)
        counts.checked(f"{source.name} {batch.batch_id}")
        with run.warehouse.writing() as door:
            stored = {f"stg.{source.kind}": accepted, "ops.rejected_rows": rejected, "ops.superseded_rows": superseded}
            for table, spool in stored.items():
                door.run(f"delete from {table} where batch_id = $b", b=batch.batch_id)
                for frame in spool.joined():
                    door.append(table, frame)
            _mark(door, batch, counts)
    return counts


def _parts(run: Run, source: Source, batch: Landed) -> Iterator[pl.DataFrame]:
    for first in range(1, batch.rows_in + 1, PART_ROWS):
        with run.warehouse.reading() as door:
            raw = door.query(
                f"select * from raw.{source.name} where batch_id = $b and row_no between $first and $last",
                b=batch.batch_id, first=first, last=first + PART_ROWS - 1,
            )  # fmt: skip
        yield raw.sort("row_no")


def _is_by_row(source: Source) -> bool:
    """Whether a row is mapped without the others: the order of a chain, and records without a key, are told by all."""
    return source.key is not None and source.chain is None


def _whole_records(run: Run, source: Source, batch: Landed) -> Iterator[pl.DataFrame]:
    """The rows in parts of about the same size, those of a record together; they wait in nameless files meanwhile."""
    folder = run.settings.landing_dir / source.name
    spools = [Spool(folder) for _ in range(-(-batch.rows_in // PART_ROWS))]
    try:
        key, timezone = run.settings.pseudonym_key(), run.city.config.timezone
        for block in _parts(run, source, batch):
            # rows without a key are told from one another as they stand
            told_by = record_of(source, block, key, timezone).fill_null(block["row_no"].cast(pl.String))
            for (number,), rows in block.group_by(told_by.hash() % len(spools), maintain_order=True):
                spools[number].put(rows)
        for spool in spools:
            blocks = list(spool.blocks())
            spool.close()
            if blocks:
                yield pl.concat(blocks)
    finally:
        for spool in spools:
            spool.close()


def _mapped(run: Run, source: Source, batch: Landed, raw: pl.DataFrame) -> Mapped:
    return _mapping(run, source, batch)(raw.filter(pl.col("batch_id") == batch.batch_id).sort("row_no"))


def _mapping(run: Run, source: Source, batch: Landed) -> Callable[[pl.DataFrame], Mapped]:
    """How the rows of a batch are mapped: all that it needs, so that it can be sent to another process."""
    day_after = None
    if batch.exported_date is not None:
        day_after = dt.datetime.combine(batch.exported_date, dt.time()) + dt.timedelta(days=1)
    cells, key, timezone = run.city.config.cells, run.settings.pseudonym_key(), run.city.config.timezone
    return partial(map_batch, source, exported_before=day_after, cells=cells, key=key, timezone=timezone)
