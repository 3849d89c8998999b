"""Maintenance as a DAG: purge what is older than the city may keep, then back up what is left. Wiring only."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Param, get_current_context, task

from pipelines.cities.city import City
from pipelines.settings import Settings

CITY = City(Settings().city)
ZONE = ZoneInfo(CITY.config.timezone)
DOC = """Keep no original longer than the city may, and a copy of everything else.

**Purpose**: purge raw rows, landed files and texts older than `XIANBAN_RETENTION_DAYS`; then write a backup.
**Reads**: the whole warehouse, snapshots, briefs. **Writes**: raw, stg, ops, landing, backups.
**When it fails**: the daily flow goes on; nothing is lost, originals stay a week too long. Free disk space if the log
says so, then clear the failed task; both may be repeated."""


def as_of_date() -> date:
    """The run's data date: the parameter, else the day, city-local, that the run was planned for; never now."""
    context = get_current_context()
    given = context["params"].get("date")
    if given:
        return date.fromisoformat(given)
    planned = context.get("data_interval_end") or context["dag_run"].run_after
    return planned.astimezone(ZONE).date()


with DAG(
    "maintenance",
    schedule="0 4 * * 0",
    dag_display_name="每周维护：清除与备份",
    doc_md=DOC,
    # the zone of the start date is the zone of the schedule
    start_date=datetime.combine(CITY.config.dense_from, time(), ZONE),
    catchup=False,
    max_active_runs=1,
    tags=["先办", CITY.config.title],
    default_args={"owner": "xianban", "retries": 1, "retry_delay": timedelta(minutes=5), "pool": "warehouse"},
    params={
        "date": Param(None, type=["null", "string"], format="date", title="数据截止日",
                      description="由此日倒推保存期限；留空取计划运行日"),
    },
):  # fmt: skip

    @task(task_id="purge", task_display_name="清除超期原文")
    def purge_originals() -> None:
        """Purge at the run's date."""
        from pipelines.steps.purge import purge
        from pipelines.steps.run import Run

        purge(Run(Settings(), as_of_date()))

    @task(task_id="backup", task_display_name="备份")
    def back_up() -> None:
        """Back up into the city's home."""
        from pipelines.warehouse.backup import backup

        backup(Settings())

    purge_originals() >> back_up()
