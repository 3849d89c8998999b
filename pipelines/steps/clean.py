"""Clean: turn landed rows into typed, masked rows of ``stg``."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import polars as pl

from pipelines.sources.contract import Source
from pipelines.sources.mapping import Mapped, map_batch
from pipelines.steps.run import Counts, Run, in_blocks


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
    for block in in_blocks(waiting, lambda batch: batch.rows_in):
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
                door.run(
                    "update ops.batches set state = 'cleaned', accepted = $a, rejected = $r, superseded = $s, "
                    "gate = null, is_conformed = false where batch_id = $b",
                    a=counts.accepted, r=counts.rejected, s=counts.superseded, b=batch.batch_id,
                )  # fmt: skip
    return total


def _mapped(run: Run, source: Source, batch: Landed, raw: pl.DataFrame) -> Mapped:
    rows = raw.filter(pl.col("batch_id") == batch.batch_id).sort("row_no")
    day_after = None
    if batch.exported_date is not None:
        day_after = dt.datetime.combine(batch.exported_date, dt.time()) + dt.timedelta(days=1)
    return map_batch(source, rows, day_after, run.city.config.cells, run.settings.pseudonym_key())
