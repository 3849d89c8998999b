"""Validate: let Great Expectations say which batches may go on."""

from __future__ import annotations

import dataclasses

import polars as pl

from pipelines.sources.contract import Source
from pipelines.steps.run import Counts, Run, in_blocks, log
from pipelines.warehouse.expectations import Verdict, judge, load_suite


def validate(run: Run, source: Source) -> Counts:
    """Judge every cleaned batch of a source by the suite of its kind.

    A critical failure holds the batch back, so that yesterday's data stays in force; a warning travels to the brief.
    """
    suite = load_suite(f"stg.{source.kind}")
    with run.warehouse.reading() as door:
        waiting = door.rows(
            "select batch_id, accepted from ops.batches where source_name = $s and state = 'cleaned' and gate is null "
            "order by exported_date, batch_id", s=source.name)  # fmt: skip
    gates: list[str] = []
    columns = ", ".join(["batch_id", *suite.columns])
    for block in in_blocks(waiting, lambda batch: int(batch[1])):
        ids = [batch_id for batch_id, _ in block]
        with run.warehouse.reading() as door:
            rows = door.query(
                f"select {columns} from stg.{source.kind} where batch_id in (select unnest($ids))", ids=ids
            )
        verdicts = {batch_id: judge(suite, rows.filter(pl.col("batch_id") == batch_id)) for batch_id in ids}
        with run.warehouse.writing() as door:
            for batch_id in ids:
                found = verdict_frame(suite.name, batch_id, source.name, verdicts[batch_id])
                door.replace("ops.validation_results", found, {"batch_id": batch_id, "suite_name": suite.name})
                gates.append(gate_of(verdicts[batch_id]))
                door.run("update ops.batches set gate = $g where batch_id = $b", g=gates[-1], b=batch_id)
                if gates[-1] == "held":
                    log.warning("source=%s batch=%s held back: a critical expectation failed; see "
                                "ops.validation_results", source.name, batch_id)  # fmt: skip
    return Counts(details={"batches": len(gates), "held": gates.count("held"), "warned": gates.count("warned")})


def gate_of(verdicts: list[Verdict]) -> str:
    """``held`` after a critical failure, ``warned`` after another one, else ``passed``."""
    failed = {verdict.severity for verdict in verdicts if not verdict.is_met}
    return "held" if "critical" in failed else "warned" if failed else "passed"


def verdict_frame(suite_name: str, batch_id: str, source_name: str, verdicts: list[Verdict]) -> pl.DataFrame:
    """Rows of ``ops.validation_results``."""
    rows = [
        {"suite_name": suite_name, "batch_id": batch_id, "source_name": source_name, **dataclasses.asdict(verdict)}
        for verdict in verdicts
    ]
    schema = {"checked_count": pl.Int64, "unexpected_count": pl.Int64, "column": pl.String}
    return pl.DataFrame(rows, schema_overrides=schema).rename({"column": "column_name"})
