"""Publish: build what people read, judge it, and put it out as an immutable snapshot."""

from __future__ import annotations

import datetime as dt
import hashlib

import duckdb
import polars as pl

from pipelines.errors import WarehouseError
from pipelines.steps.cards import to_markdown
from pipelines.steps.run import Counts, Run
from pipelines.steps.validate import gate_of, verdict_frame
from pipelines.warehouse.expectations import judge, load_suite
from pipelines.warehouse.snapshot import Snapshot, adopt

MART = (  # each after those it reads
    "places", "hotspot_forecast", "cell_history", "daily_counts", "lookback", "source_status", "evaluations",
    "selections", "issue_words", "issues", "unmapped_values", "unplaced_values", "source_gates", "row_outcomes",
    "gate_findings", "planning_forecast", "planning_selections", "planning_evaluations", "model_cards",
    "forecast_alarms", "incidents", "repeats", "incident_records", "incident_totals",
)  # fmt: skip


def publish(run: Run) -> Counts:
    """Build the as-of date's partition of every ``mart`` table and publish the snapshot.

    Raises:
        WarehouseError: a critical expectation on the forecast failed; the last snapshot stays published.
        AccountingError: a source's rows do not add up.
    """
    rules = run.city.config.forecast
    extreme, high, medium = rules.risk_levels
    params = {
        "as_of_date": run.as_of_date,
        "origin_date": run.as_of_date - dt.timedelta(days=7),
        "held_out_share": rules.held_out_share,
        # a cell stays held out for its whole window: weeks of the calendar, not of the run
        "held_out_week": f"{run.as_of_date.isocalendar().year}-{run.as_of_date.isocalendar().week}",
        "extreme_from": extreme,
        "high_from": high,
        "medium_from": medium,
    }
    with run.warehouse.writing() as door:
        counts = {name: door.build(f"mart.{name}", run.partition, **params) for name in MART}
        forecasts = {name: door.query(f"select * from {name} where as_of_date = $d", d=run.as_of_date)
                     for name in ("mart.hotspot_forecast", "mart.planning_forecast")}  # fmt: skip
        cards = door.query("select * from mart.model_cards where as_of_date = $d", d=run.as_of_date)
        accounts = door.rows(
            "select source_name, rows_in, accepted, rejected, superseded from mart.source_status where as_of_date = $d",
            d=run.as_of_date,
        )
        for name, *numbers in accounts:
            Counts(*numbers).checked(f"{name} as of {run.as_of_date}")
    for name, frame in forecasts.items():
        _judge(run, name, frame)
    snapshot = _write_snapshot(run)
    _write_cards(snapshot, cards)
    return Counts(details={"forecast_rows": counts["hotspot_forecast"], "snapshot": snapshot.path.name})


def _judge(run: Run, name: str, forecast: pl.DataFrame) -> None:
    """Store what the suite of a forecast table says of it; a critical failure stops the publication."""
    suite = load_suite(name)
    verdicts = judge(suite, forecast)
    batch_id = f"mart:{run.as_of_date}"
    with run.warehouse.writing() as door:
        door.replace("ops.validation_results", verdict_frame(suite.name, batch_id, "mart", verdicts),
                     {"suite_name": suite.name, "batch_id": batch_id})  # fmt: skip
    if gate_of(verdicts) == "held":
        failed = [v.reason for v in verdicts if not v.is_met and v.severity == "critical"]
        raise WarehouseError(
            f"{run.as_of_date}: {name} failed its gate ({'; '.join(failed)}); the last snapshot stays published"
        )


def _write_snapshot(run: Run) -> Snapshot:
    folder = run.settings.snapshot_dir
    folder.mkdir(parents=True, exist_ok=True)
    built = folder / f"building_{run.as_of_date:%Y%m%d}.duckdb"
    built.unlink(missing_ok=True)
    with run.warehouse.exclusive() as connection:
        connection.execute(f"attach '{str(built).replace(chr(39), chr(39) * 2)}' as published")
        connection.execute("create schema published.mart")
        for name in MART:
            connection.execute(
                f"create table published.mart.{name} as select * from mart.{name} where as_of_date = ? order by all",
                [run.as_of_date],
            )
        for sql in _comments(connection):
            connection.execute(sql)
        connection.execute("detach published")
    with duckdb.connect(str(built), read_only=True) as connection:
        print_of = fingerprint(connection)
    return adopt(folder, built, run.as_of_date, print_of)


def _write_cards(snapshot: Snapshot, cards: pl.DataFrame) -> None:
    """The model cards as a file beside their snapshot; files of snapshots that were collected go with them."""
    if not cards.is_empty():
        built = snapshot.path.with_suffix(".md.part")
        built.write_text(to_markdown(cards), encoding="utf-8")
        built.replace(snapshot.path.with_suffix(".md"))
    for path in snapshot.path.parent.glob("xianban_*.md"):
        if not path.with_suffix(".duckdb").exists():
            path.unlink()


def _comments(connection: duckdb.DuckDBPyConnection) -> list[str]:
    tables = connection.execute(
        "select table_name, comment from duckdb_tables() where schema_name = 'mart' and database_name <> 'published'"
    ).fetchall()
    columns = connection.execute(
        "select table_name, column_name, comment from duckdb_columns() "
        "where schema_name = 'mart' and database_name <> 'published' and comment is not null"
    ).fetchall()
    made = [f"comment on table published.mart.{t} is {_literal(c)}" for t, c in tables if t in MART and c]
    return made + [f"comment on column published.mart.{t}.{n} is {_literal(c)}" for t, n, c in columns if t in MART]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def fingerprint(connection: duckdb.DuckDBPyConnection) -> str:
    """A hash over the content of the ``mart`` tables, the same for two runs of the same date on the same data.

    Rows are hashed as text with floats rounded to 9 digits, and sorted, so that neither order nor storage matters.
    """
    parts = []
    for name in MART:
        columns = connection.execute(
            "select column_name, data_type from duckdb_columns() where schema_name = 'mart' and table_name = ? "
            "order by column_index", [name]).fetchall()  # fmt: skip
        texts = ", ".join(
            f"coalesce({f'round({column}, 9)' if kind == 'DOUBLE' else column}::varchar, '∅')"
            for column, kind in columns
        )
        row = connection.execute(
            f"select md5(coalesce(string_agg(h, '' order by h), '')) from "
            f"(select md5(concat_ws('│', {texts})) as h from mart.{name})"
        ).fetchone()
        parts.append(f"{name}={row[0] if row else ''}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
