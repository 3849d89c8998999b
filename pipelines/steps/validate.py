"""Validate: let Great Expectations say which batches may go on."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator

import polars as pl

from pipelines.sources.contract import Source
from pipelines.sources.drift import SUITE, drift
from pipelines.steps.run import Counts, Run, in_blocks, log
from pipelines.warehouse.expectations import Suite, Verdict, judge, judge_blocks, load_suite

DRIFT_SHOWN = dt.timedelta(days=7)
PART_ROWS = 200_000
_LAST = 2**62


def validate(run: Run, source: Source) -> Counts:
    """Judge every cleaned batch of a source by the suite of its kind.

    A critical failure holds the batch back, so that yesterday's data stays in force; a warning travels to the brief.
    What changed since the last accepted export is a warning as well, told for exports of the last seven days.
    """
    suite = load_suite(f"stg.{source.kind}")
    with run.warehouse.reading() as door:
        waiting = door.rows(
            "select batch_id, accepted, exported_date from ops.batches "
            "where source_name = $s and state = 'cleaned' and gate is null "
            "order by exported_date, batch_id", s=source.name)  # fmt: skip
        past = door.rows(
            "select exported_date, batch_id from ops.batches where source_name = $s and gate in ('passed', 'warned') "
            "and exported_date is not null", s=source.name)  # fmt: skip
    exported = {batch_id: day for batch_id, _, day in waiting}
    gates: list[str] = []
    for block in in_blocks(waiting, lambda batch: int(batch[1])):
        ids = [batch_id for batch_id, *_ in block]
        if len(block) == 1:
            verdicts = {ids[0]: judge_blocks(suite, _parts(run, source, suite, ids[0]))}
        else:
            rows = _rows(run, source, suite, ids)
            verdicts = {batch_id: judge(suite, rows.filter(pl.col("batch_id") == batch_id)) for batch_id in ids}
        drifts: dict[str, list[Verdict]] = {}
        for batch_id in ids:
            day = exported[batch_id]
            if day is None or gate_of(verdicts[batch_id]) == "held":
                continue  # without a day nobody knows which came before
            before = max((mark for mark in past if mark < (day, batch_id)), default=None)
            if before is not None and day > run.as_of_date - DRIFT_SHOWN:
                drifts[batch_id] = _drift(run, source, before[1], batch_id)
            past.append((day, batch_id))
        with run.warehouse.writing() as door:
            for batch_id in ids:
                if drifts.get(batch_id):
                    told = verdict_frame(SUITE, batch_id, source.name, drifts[batch_id])
                    door.replace("ops.validation_results", told, {"batch_id": batch_id, "suite_name": SUITE})
                found = verdict_frame(suite.name, batch_id, source.name, verdicts[batch_id])
                door.replace("ops.validation_results", found, {"batch_id": batch_id, "suite_name": suite.name})
                gates.append(gate_of(verdicts[batch_id] + drifts.get(batch_id, [])))
                door.run("update ops.batches set gate = $g where batch_id = $b", g=gates[-1], b=batch_id)
                if gates[-1] == "held":
                    log.warning("source=%s batch=%s held back: a critical expectation failed; see "
                                "ops.validation_results", source.name, batch_id)  # fmt: skip
    return Counts(details={"batches": len(gates), "held": gates.count("held"), "warned": gates.count("warned")})


def _rows(run: Run, source: Source, suite: Suite, ids: list[str], first: int = 1, last: int = _LAST) -> pl.DataFrame:
    columns = ", ".join(["batch_id", *suite.columns])
    with run.warehouse.reading() as door:
        return door.query(
            f"select {columns} from stg.{source.kind} where batch_id in (select unnest($ids)) "
            "and row_no between $first and $last", ids=ids, first=first, last=last)  # fmt: skip


def _parts(run: Run, source: Source, suite: Suite, batch_id: str) -> Iterator[pl.DataFrame]:
    """The rows of a batch, a large one some at a time, so that it needs little memory."""
    with run.warehouse.reading() as door:
        rows_in = door.scalar("select rows_in from ops.batches where batch_id = $b", b=batch_id)
    if not suite.is_by_row or rows_in <= PART_ROWS:
        yield _rows(run, source, suite, [batch_id])
        return
    for first in range(1, rows_in + 1, PART_ROWS):
        yield _rows(run, source, suite, [batch_id], first, first + PART_ROWS - 1)


def _drift(run: Run, source: Source, before: str, batch_id: str) -> list[Verdict]:
    previous, current = (_evenly_chosen(run, source, one) for one in (before, batch_id))
    return drift(previous, current, source)


def _evenly_chosen(run: Run, source: Source, batch_id: str) -> pl.DataFrame:
    """The landed rows of a batch, of a large one every n-th: enough to tell what changed, in little memory."""
    with run.warehouse.reading() as door:
        rows_in = door.scalar("select rows_in from ops.batches where batch_id = $b", b=batch_id)
        return door.query(
            f"select * from raw.{source.name} where batch_id = $b and row_no % $step = 0 order by row_no",
            b=batch_id, step=max(1, -(-rows_in // PART_ROWS)),
        )  # fmt: skip


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
