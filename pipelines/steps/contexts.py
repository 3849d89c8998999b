"""Ask what was known of the cells beside their counts; an evaluation does, the daily run does not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import polars as pl

from models.context import Context
from pipelines.steps.run import Run
from pipelines.warehouse.door import Door

TABLES = ("feature.backlog_weeks", "feature.record_weeks")


def read_context(
    run: Run, date: dt.date, weeks: int, communities: Sequence[str], issues: Sequence[str], area_of: Mapping[str, str]
) -> Context:
    """What was known at the end of each of the weeks before a date; asked anew, so nothing later is in it."""
    with run.warehouse.reading() as door:
        rows = pl.concat([door.ask(table, as_of_date=date, history_weeks=weeks) for table in TABLES])
    return Context.from_records(rows, communities, issues, area_of)


def street_of_communities(door: Door) -> dict[str, str]:
    """The street of each community that has one."""
    return dict(door.rows(
        "select place_code, min(street_code) from core.dim_place "
        "where place_level = 'community' and street_code is not null group by place_code"
    ))  # fmt: skip
