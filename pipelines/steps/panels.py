"""Lay the warehouse's weekly counts out as the panels that models read, each as known on its own date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import polars as pl

from models.panel import DAYS_PER_WEEK, Panel
from models.targets import Thresholds, frozen_thresholds
from pipelines.errors import NothingKnown
from pipelines.steps.horizons import DISPATCH, Horizon
from pipelines.steps.run import Run


def read_panels(run: Run, dates: Iterable[dt.date]) -> dict[dt.date, Panel]:
    """The panel of each date over the cells of the run's cohort, back to the first complete week of the city.

    What was known only after a date is not in its panel: the counts are asked anew for every date but the run's own,
    whose stand in ``feature.cell_weeks``. Weeks before ``dense_from`` are left out, because they tell how recording
    changed, not how demand did.

    Raises:
        NothingKnown: the cohort is empty, or not one complaint was known before the as-of date.
    """
    rules = run.city.config
    wanted = {
        date: min(rules.forecast.history_weeks, max(1, (date - rules.dense_from).days // DAYS_PER_WEEK))
        for date in sorted(set(dates))
    }
    with run.warehouse.reading() as door:
        cells = door.query(
            "select community_code, issue_code from cohort.cells where as_of_date = $d", d=run.as_of_date
        )
        frames = {
            date: door.query(
                "select community_code, issue_code, weeks_back, complaint_count "
                "from feature.cell_weeks where as_of_date = $d",
                d=date,
            )
            if date == run.as_of_date
            else door.ask("feature.cell_weeks", as_of_date=date, history_weeks=weeks)
            for date, weeks in wanted.items()
        }
    if cells.is_empty():
        raise NothingKnown(f"{run.city.name} {run.as_of_date}: no cells to forecast; run the step `features` first")
    communities = cells["community_code"].unique().sort().to_list()
    issues = cells["issue_code"].unique().sort().to_list()
    inside = pl.col("community_code").is_in(communities) & pl.col("issue_code").is_in(issues)
    return {
        date: Panel.from_counts(frame.filter(inside), communities, issues, wanted[date], date)
        for date, frame in frames.items()
    }


def threshold_date(as_of_date: dt.date) -> dt.date:
    """Thresholds of a calendar year are set from what was known when it began, and stay for the year."""
    return dt.date(as_of_date.year, 1, 1)


def year_thresholds(
    run: Run, panels: dict[dt.date, Panel], as_of_date: dt.date, horizon: Horizon = DISPATCH
) -> Thresholds:
    """The frozen thresholds in force on a date; ``panels`` holds the panel of :func:`threshold_date`."""
    rules = run.city.config
    panel = panels[threshold_date(as_of_date)]
    return frozen_thresholds(panel, rules.forecast.hot_minimum, horizon.weeks, rules.dense_from)
