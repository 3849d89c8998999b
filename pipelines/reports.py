"""What the command line says about a run: its status, and the trace of one order."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pipelines.settings import Settings
from pipelines.steps.run import Run
from pipelines.warehouse.snapshot import Snapshot, current_snapshot, snapshot_of

_SOURCE_FIELDS = ("name", "rows_in", "accepted", "rejected", "superseded")


def status(settings: Settings, as_of_date: dt.date | None) -> dict[str, Any]:
    """The published run of a date (the latest by default) as plain data.

    Raises:
        NothingPublished: that date was never published.
    """
    snapshot = _snapshot(settings, as_of_date)
    with snapshot.connect() as connection:
        sources = connection.execute(
            "select source_name, rows_in, accepted, rejected, superseded from mart.source_status order by source_name"
        ).fetchall()
        (rows,) = connection.execute("select count(*) from mart.hotspot_forecast").fetchone() or (0,)
        evaluated = connection.execute(
            "select forecaster_name, is_baseline, hot_pr_auc, hot_log_loss from mart.evaluations order by hot_log_loss"
        ).fetchall()
        chosen = connection.execute(
            "select forecaster_name, is_baseline, baseline_name from mart.selections"
        ).fetchone()
    html = settings.brief_dir / f"brief_{snapshot.as_of_date:%Y%m%d}.html"
    return {
        "date": snapshot.as_of_date.isoformat(),
        "sources": [dict(zip(_SOURCE_FIELDS, row, strict=True)) for row in sources],
        "forecast_rows": rows,
        "model": {
            "name": chosen[0] if chosen else None,
            "is_baseline": chosen[1] if chosen else None,
            "best_baseline": chosen[2] if chosen else None,
            **next(({"hot_pr_auc": a, "hot_log_loss": b} for n, _, a, b in evaluated if chosen and n == chosen[0]), {}),
        },
        "baselines": [
            {"name": name, "hot_pr_auc": area, "hot_log_loss": loss}
            for name, is_base, area, loss in evaluated
            if is_base
        ],
        "snapshot": str(snapshot.path),
        "brief": str(html) if html.exists() else None,
        "fingerprint": snapshot.fingerprint,
    }


def trace(settings: Settings, as_of_date: dt.date, order: str) -> dict[str, Any]:
    """Follow one order from its raw rows to the cell and forecast it fed.

    Personal data stays behind: of raw rows only where they are, of text only the masked form.

    Args:
        order: a record id, with or without ``source:`` before it.
    """
    run = Run(settings, as_of_date)
    source, _, record_id = order.rpartition(":")
    wanted = {"id": record_id, "s": source or None, "d": as_of_date}
    by_record = "where record_id = $id and ($s is null or source_name = $s)"
    file_name = "(select b.file_name from ops.batches as b where b.batch_id = r.batch_id) as file"
    with run.warehouse.reading() as door:
        staged = [
            row
            for table in ("stg.hotline_order", "stg.grid_event")
            for row in door.query(
                f"select source_name as source, {file_name}, row_no as row, known_at, title, content "
                f"from {table} as r {by_record} order by known_at, row_no",
                **wanted,
            ).to_dicts()
        ]
        set_aside = door.query(
            f"select source_name as source, {file_name}, row_no as row, reason "
            f"from ops.superseded_rows as r {by_record}",
            **wanted,
        ).to_dicts()
        versions = door.query(
            "select event_id, version_no, occurred_at, known_from, known_to, channel, is_resident, issue_code, "
            "issue_name, issue_basis, community_code, place_level, unit_name, status, tokens "
            "from core.fct_event_versions left join core.dim_issue using (issue_code) "
            f"left join core.fct_text_readings using (text_hash) {by_record} order by event_id, version_no",
            **wanted,
        ).to_dicts()
        handling = door.query(
            "select sequence_no as sequence, unit_name as unit, assigned_at, closed_at from core.fct_handling "
            "where order_id = $id order by sequence_no",
            **wanted,
        ).to_dicts()
        forecast = door.query(
            "select distinct as_of_date, community_name, issue_name, hot_probability, hot_threshold, risk_rank, "
            "reasons "
            "from mart.hotspot_forecast inner join core.fct_event_versions using (community_code, issue_code) "
            f"{by_record} and as_of_date = $d and known_from < $d and occurred_at < $d",
            **wanted,
        ).to_dicts()
    return {
        "order": order,
        "raw_rows": staged,
        "set_aside": set_aside,
        "versions": versions,
        "handling": handling,
        "forecast": forecast,
    }


def _snapshot(settings: Settings, as_of_date: dt.date | None) -> Snapshot:
    folder = settings.snapshot_dir
    return current_snapshot(folder) if as_of_date is None else snapshot_of(folder, as_of_date)
