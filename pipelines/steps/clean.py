"""Clean: turn landed rows into typed, masked rows of ``stg``."""

from __future__ import annotations

import datetime as dt

from pipelines.sources.contract import Source
from pipelines.sources.mapping import map_batch
from pipelines.steps.run import Counts, Run


def clean(run: Run, source: Source) -> Counts:
    """Map every batch of a source that was landed and not yet cleaned.

    Grain of ``stg.<kind>``: one row per record version as exported. Key: (batch_id, row_no). A batch is replaced as a
    whole, so cleaning again after a kill gives the same rows.

    Raises:
        AccountingError: rows in are not accepted + rejected + superseded; the batch is not stored.
    """
    with run.warehouse.reading() as door:
        batches = door.rows(
            "select batch_id, exported_date, rows_in from ops.batches "
            "where source_name = $s and state = 'landed' order by exported_date, batch_id",
            s=source.name,
        )
    total = Counts(details={"batches": len(batches)})
    for batch_id, exported_date, rows_in in batches:
        with run.warehouse.reading() as door:
            raw = door.query(f"select * from raw.{source.name} where batch_id = $b order by row_no", b=batch_id)
        raw = raw[[column.name for column in raw if not column.is_null().all() or column.name in _mapped_names(source)]]
        before = None if exported_date is None else dt.datetime.combine(exported_date, dt.time()) + dt.timedelta(days=1)
        mapped = map_batch(source, raw, before, run.city.config.cells, run.settings.pseudonym_key())
        counts = Counts(rows_in, mapped.accepted.height, mapped.rejected.height, mapped.superseded.height)
        counts.checked(f"{source.name} {batch_id}")
        with run.warehouse.writing() as door:
            part = {"batch_id": batch_id}
            door.replace(f"stg.{source.kind}", mapped.accepted, part)
            door.replace("ops.rejected_rows", mapped.rejected, part)
            door.replace("ops.superseded_rows", mapped.superseded, part)
            door.run(
                "update ops.batches set state = 'cleaned', accepted = $a, rejected = $r, superseded = $s, "
                "gate = null, is_conformed = false where batch_id = $b",
                a=counts.accepted, r=counts.rejected, s=counts.superseded, b=batch_id,
            )  # fmt: skip
        total += counts
    return total


def _mapped_names(source: Source) -> set[str]:
    """Headers that the contract names; kept even where a batch leaves them empty."""
    names = {name for item in source.columns.values() for name in item.from_} | set(source.key or [])
    names |= set(source.occurred_at) | set(source.known_at.from_)
    names |= set(source.entered_at.from_ if source.entered_at else [])
    return names | set(source.issues.from_ if source.issues else []) | {"batch_id", "row_no"}
