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
        chosen = connection.execute("select forecaster_name, is_baseline, baseline_name from mart.selections").fetchone()
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
            {"name": name, "hot_pr_auc": area, "hot_log_loss": loss} for name, is_base, area, loss in evaluated if is_base
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
    by_record = "record_id = $id and ($s is null or source_name = $s)"
    with run.warehouse.reading() as door:
        staged = [row for table in ("hotline_order", "grid_event") for row in door.rows(
            f"select g.source_name, b.file_name, g.row_no, g.known_at, g.title, g.content from stg.{table} as g "
            f"inner join ops.batches as b using (batch_id) where g.{by_record.replace('source_name', 'g.source_name')} "
            "order by g.known_at", **wanted)]  # fmt: skip
        rejected = door.rows(
            "select r.source_name, b.file_name, r.row_no, s.reason from ops.superseded_rows as s "
            "inner join ops.batches as b using (batch_id) inner join (select s.batch_id, s.row_no, s.source_name from "
            f"ops.superseded_rows as s where s.{by_record.replace('source_name', 's.source_name')}) as r "
            "on s.batch_id = r.batch_id and s.row_no = r.row_no", **wanted)  # fmt: skip
        versions = door.query(
            "select v.event_id, v.version_no, v.occurred_at, v.known_from, v.known_to, v.channel, v.is_resident, "
            "v.issue_code, i.issue_name, v.issue_basis, v.community_code, v.place_level, v.unit_name, v.status, "
            "t.tokens from core.fct_event_versions as v left join core.dim_issue as i using (issue_code) "
            f"left join core.fct_text_readings as t using (text_hash) where v.{by_record.replace('source_name', 'v.source_name')} "
            "order by v.event_id, v.version_no", **wanted).to_dicts()  # fmt: skip
        handling = door.rows(
            "select sequence_no, unit_name, assigned_at, closed_at from core.fct_handling where order_id = $id "
            "order by sequence_no", **wanted)  # fmt: skip
        cells = door.query(
            "select distinct f.as_of_date, f.community_name, f.issue_name, f.hot_probability, f.hot_threshold, "
            "f.risk_rank, f.reasons from mart.hotspot_forecast as f inner join core.fct_event_versions as v "
            "on f.community_code = v.community_code and f.issue_code = v.issue_code "
            f"where f.as_of_date = $d and v.known_from < $d and v.occurred_at < $d and v.{by_record.replace('source_name', 'v.source_name')}",
            **wanted).to_dicts()  # fmt: skip
    return {
        "order": order,
        "raw_rows": [{"source": s, "file": f, "row": n, "known_at": k, "masked_text": "\n".join(x for x in (t, c) if x)}
                     for s, f, n, k, t, c in staged],
        "set_aside": [{"source": s, "file": f, "row": n, "reason": r} for s, f, n, r in rejected],
        "versions": versions,
        "handling": [{"sequence": n, "unit": u, "assigned_at": a, "closed_at": c} for n, u, a, c in handling],
        "forecast": cells,
    }  # fmt: skip


def _snapshot(settings: Settings, as_of_date: dt.date | None) -> Snapshot:
    folder = settings.snapshot_dir
    return current_snapshot(folder) if as_of_date is None else snapshot_of(folder, as_of_date)
