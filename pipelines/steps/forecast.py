"""Forecast: refit the chosen forecaster on all that is known, predict every cell, say why."""

from __future__ import annotations

import datetime as dt

import polars as pl

from models.forecaster import Forecaster, forecast_frame
from models.panel import Panel
from models.reasons import reasons
from models.registry import forecaster_named
from models.targets import Thresholds, hot_weeks
from pipelines.errors import NothingKnown
from pipelines.steps.horizons import DISPATCH, HORIZONS, PLANNING
from pipelines.steps.panels import read_panels, threshold_date, year_thresholds
from pipelines.steps.reasons import sentences
from pipelines.steps.run import Counts, Run

_WINDOW = dt.timedelta(days=7)


def forecast(run: Run) -> Counts:
    """Forecast the 7 and the 28 days from the as-of date, and the 7 days that ended last night if nobody did then.

    Writes the as-of date's partitions of ``forecast.predictions``, ``forecast.planning_predictions``,
    ``forecast.reasons``, ``forecast.thresholds`` and, for the window that closed, ``label.complaint_counts``.

    Raises:
        NothingKnown: no forecaster was selected; the step ``train`` must run first.
    """
    closed = run.as_of_date - _WINDOW
    with run.warehouse.reading() as door:
        selected = {
            days: (forecaster_named(name), forecaster_named(baseline))
            for days, name, baseline in door.rows(
                "select horizon_days, forecaster_name, baseline_name from forecast.selections where as_of_date = $d",
                d=run.as_of_date,
            )
        }
        evidence = door.query("select * from feature.complaint_counts where as_of_date = $d", d=run.as_of_date)
        served = "select count(*) from forecast.predictions where as_of_date = $d and origin_date = $d"
        served_then = bool(door.scalar(served, d=closed))
    if selected.keys() != {horizon.days for horizon in HORIZONS}:
        raise NothingKnown(f"{run.city.name} {run.as_of_date}: no forecaster selected; run the step `train` first")
    chosen, baseline = selected[DISPATCH.days]
    dates = {run.as_of_date, closed, threshold_date(run.as_of_date), threshold_date(closed)}
    panels = read_panels(run, dates)
    panel, thresholds = panels[run.as_of_date], year_thresholds(run, panels, run.as_of_date)

    predictions = [_predicted(run, chosen.fit(panel, thresholds), baseline.fit(panel, thresholds), panel, thresholds)]
    facts = reasons(chosen, panel, thresholds, panel.cells())
    sentences_of_cells = sentences(facts, evidence, run.as_of_date, weeks=len(panel.observed))
    if not served_then and panels[closed].counts.any():
        # what would have been said a week ago, from what was known then; marked as recomputed
        then = year_thresholds(run, panels, closed)
        past = panels[closed]
        predictions.append(_predicted(run, chosen.fit(past, then), baseline.fit(past, then), past, then))
    planned, planning_thresholds = _planned(run, *selected[PLANNING.days], panels)
    frozen = pl.concat([thresholds.to_frame(), planning_thresholds.to_frame()]).with_columns(
        as_of_date=pl.lit(run.as_of_date), set_on_date=pl.lit(threshold_date(run.as_of_date))
    )
    with run.warehouse.writing() as door:
        door.replace("forecast.predictions", pl.concat(predictions), run.partition)
        door.replace("forecast.planning_predictions", planned, run.partition)
        door.replace("forecast.reasons", sentences_of_cells, run.partition)
        door.replace("forecast.thresholds", frozen, run.partition)
        door.build("label.complaint_counts", {"as_of_date": closed}, as_of_date=closed, known_before=run.as_of_date)
    return Counts(details={"forecaster": chosen.name, "cells": panel.cells().height, "weeks": panel.weeks})


def _planned(
    run: Run, chosen: Forecaster, baseline: Forecaster, panels: dict[dt.date, Panel]
) -> tuple[pl.DataFrame, Thresholds]:
    """Rows of ``forecast.planning_predictions``, and the thresholds of the 28 days."""
    panel, thresholds = panels[run.as_of_date], year_thresholds(run, panels, run.as_of_date, PLANNING)
    rows = forecast_frame(chosen.fit(panel, thresholds).predict(panel, thresholds), panel, thresholds)
    beside = baseline.fit(panel, thresholds).predict(panel, thresholds).p_hot.ravel()
    planned = rows.select(
        as_of_date=pl.lit(run.as_of_date),
        forecaster_name=pl.lit(chosen.name),
        community_code=pl.col("community_code"),
        issue_code=pl.col("issue_code"),
        hot_probability=pl.col("p_hot"),
        expected_count=pl.col("expected_count"),
        baseline_probability=pl.Series(beside),
        hot_threshold=pl.col("threshold").cast(pl.Int32),
    )
    return planned, thresholds


def _predicted(
    run: Run, chosen: Forecaster, baseline: Forecaster, panel: Panel, thresholds: Thresholds
) -> pl.DataFrame:
    """Rows of ``forecast.predictions`` for one origin; both forecasters are fitted."""
    rows = forecast_frame(chosen.predict(panel, thresholds), panel, thresholds)
    beside = baseline.predict(panel, thresholds).p_hot.ravel()
    return rows.select(
        as_of_date=pl.lit(run.as_of_date),
        origin_date=pl.lit(panel.as_of),
        basis=pl.lit("service" if panel.as_of == run.as_of_date else "backtest"),
        forecaster_name=pl.lit(chosen.name),
        community_code=pl.col("community_code"),
        issue_code=pl.col("issue_code"),
        hot_probability=pl.col("p_hot"),
        recurring_probability=pl.col("p_recurring"),
        expected_count=pl.col("expected_count"),
        baseline_probability=pl.Series(beside),
        hot_threshold=pl.col("threshold").cast(pl.Int32),
        hot_weeks_8w=pl.Series(hot_weeks(panel, thresholds).ravel()).cast(pl.Int32),
    )
