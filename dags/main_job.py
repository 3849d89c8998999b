"""The main job as DAGs: one to take in each source, then conform, forecast, brief.

Wiring only. The order of the steps stands in ``pipelines/flow.py``; a task calls one step and returns nothing. What a
task imports, it imports when it runs: a process that is forked after Polars was imported hangs.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Asset, Param, get_current_context, task

from pipelines.cities.city import City
from pipelines.flow import Step, steps_of
from pipelines.settings import Settings
from pipelines.sources.contract_file import load_sources

CITY = City(Settings().city)
ZONE = ZoneInfo(CITY.config.timezone)
EVENTS_CONFORMED = Asset(f"{CITY.name}_events_conformed")
FORECAST_PUBLISHED = Asset(f"{CITY.name}_forecast_published")
COMMON = {
    # the zone of the start date is the zone of the schedules
    "start_date": datetime.combine(CITY.config.dense_from, time(), ZONE),
    "catchup": False,
    "max_active_runs": 1,
    "tags": ["先办", CITY.config.title],
    "default_args": {"owner": "xianban", "retries": 1, "retry_delay": timedelta(minutes=5), "pool": "warehouse"},
    "params": {
        "date": Param(None, type=["null", "string"], format="date", title="数据截止日",
                      description="当日零时以前得知的数据可见；留空取计划运行日"),
    },
}  # fmt: skip
DOCS = {
    "ingest": """Take in {title}.

**Purpose**: store new files byte for byte, clean and mask their rows, let Great Expectations judge them.
**Reads**: {path}. **Writes**: raw, stg, ops.
**When it fails**: the other sources go on and yesterday's rows of this one stay in force; the brief says so. Correct
the file or the contract named in the log, then clear the failed task: batches already taken in are not repeated.""",
    "conform": """Make one model of reported matters out of all sources, and read their text.

**Purpose**: versions with both clocks, places, issues, tokens, an issue where no list gives one, incidents.
**Reads**: stg. **Writes**: core, ops, models.
**When it fails**: what a task had not finished is done by the next run, nothing twice; clear the failed task.""",
    "forecast": """Forecast the coming week's hot spots.

**Purpose**: one probability per community and issue, for the brief at 07:30 and the page.
**Reads**: core, as known before the data date. **Writes**: feature, forecast, mart, a published snapshot.
**When it fails**: yesterday's snapshot stays published and the brief says so. Clear the failed task; every task
replaces exactly its own date.""",
    "brief": """Compose and save the daily brief.

**Purpose**: what to do today, for the hotline manager to sign. **Reads**: the published snapshot of the date.
**Writes**: brief_YYYYMMDD.json, .html, .txt. **When it fails**: the page still works; clear the failed task.""",
}


def as_of_date() -> date:
    """The run's data date: the parameter, else the day, city-local, that the run was planned for; never now."""
    context = get_current_context()
    given = context["params"].get("date")
    if given:
        return date.fromisoformat(given)
    planned = context.get("data_interval_end") or context["dag_run"].run_after
    return planned.astimezone(ZONE).date()


def chain_of(steps: tuple[Step, ...], source_name: str | None = None, outlet: Asset | None = None) -> None:
    """One task a step, in order; the last one announces the outlet."""
    previous = None
    for step in steps:
        outlets = [outlet] if outlet is not None and step is steps[-1] else []

        @task(task_id=step.name, task_display_name=step.title, outlets=outlets, doc_md=f"{step.reads} → {step.writes}")
        def run_one(step_name: str, source: str | None) -> None:
            from pipelines.main_job import run_step

            run_step(Settings(), as_of_date(), step_name, source)

        current = run_one(step.name, source_name)
        if previous is not None:
            previous >> current
        previous = current


for source in load_sources(CITY):
    with DAG(
        f"ingest_{source.name}",
        schedule=source.schedule,
        dag_display_name=f"采集：{source.title}",
        doc_md=DOCS["ingest"].format(title=source.title, path=source.reader.path),
        **COMMON,
    ):
        chain_of(steps_of("ingest"), source.name)

# by the clock and not by the sources: a source that is late must not hold up the others
with DAG("conform", schedule="30 5 * * *", dag_display_name="归集与读文本", doc_md=DOCS["conform"], **COMMON):
    chain_of(steps_of("conform"), outlet=EVENTS_CONFORMED)

with DAG("forecast", schedule=[EVENTS_CONFORMED], dag_display_name="热点预测", doc_md=DOCS["forecast"], **COMMON):
    chain_of(steps_of("forecast"), outlet=FORECAST_PUBLISHED)

with DAG("brief", schedule=[FORECAST_PUBLISHED], dag_display_name="每日简报", doc_md=DOCS["brief"], **COMMON):
    chain_of(steps_of("brief"))
