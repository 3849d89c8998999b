"""Rolling weekly origins: what each forecaster would have said, beside what came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import clone

from models.baselines import BASELINES, all_baselines
from models.forecaster import Forecast, Forecaster
from models.panel import DAYS_PER_WEEK, Counts, Panel
from models.selection import select, weekly_losses
from models.targets import Thresholds, frozen_thresholds, label

FINAL_ORIGINS = 13
"""The newest origins, scored once, after the configuration is fixed; the model is chosen on those before."""
SIZE_BANDS = ("small", "medium", "large")

Progress = Callable[[int, int, dt.date], None]
"""Called after each origin with (origins done, origins in all, origin date)."""


def backtest(
    panel_at: Callable[[dt.date], Panel],
    outcomes: Panel,
    origins: Sequence[dt.date],
    models: Sequence[Forecaster],
    *,
    baselines: Sequence[Forecaster] | None = None,
    minimum: int = 3,
    horizon_weeks: int = 1,
    dense_from: dt.date | None = None,
    capacity_k: int = 50,
    district_of: Mapping[str, str] | None = None,
    refit_every: int = 4,
    chosen: str | None = None,
    on_progress: Progress | None = None,
) -> pl.DataFrame:
    """Forecast every cell from every origin and put the outcome beside it.

    Features never see what was known later: each origin's panel is built by ``panel_at`` as of that origin, labels
    come from ``outcomes``. Thresholds and size bands are set at the first origin and stay. Between refits a model
    predicts from fresh panels with the parameters of its last fit.

    Grain: origin × cell. Key: (origin_date, community_code, issue_code). Columns: the contract of the forecast
    protocol, and ``p_hot_<name>``, ``p_surge_<name>`` and ``expected_count_<name>`` of every baseline and model.

    Args:
        panel_at: the panel as known on a date; same communities and issues as ``outcomes``.
        outcomes: everything known, later than the last window; its weeks must fall on the origins' weeks.
        origins: as-of dates, ascending; see ``splits.weekly_origins``.
        models: the models to run; they are cloned, never changed.
        baselines: all baselines when None.
        minimum: m of the city.
        horizon_weeks: 1 or 4.
        dense_from: first day of complete recording, for the thresholds.
        capacity_k: how many cells the department can visit per week.
        district_of: district of each community; empty text where unknown.
        refit_every: origins between refits.
        chosen: forecaster whose forecast fills ``p_hot``; when None, ``selection.select`` decides on the
            origins before the last 13 (on all of them where there are no more).
        on_progress: called after each origin.

    Raises:
        ValueError: no origins, a window that ``outcomes`` does not cover, or codes that differ.
    """
    if not origins:
        raise ValueError("no origins to score; ask splits.weekly_origins for them")
    run = [clone(forecaster) for forecaster in [*(all_baselines() if baselines is None else baselines), *models]]
    names = [forecaster.name for forecaster in run]
    if len(set(names)) < len(names):
        raise ValueError(f"two forecasters have the same name among {names}; give each its own")
    first = panel_at(origins[0])
    thresholds = frozen_thresholds(first, minimum, horizon_weeks, dense_from)
    bands = size_bands(first)
    parts = []
    for number, origin in enumerate(origins):
        panel = panel_at(origin)
        came = _window(outcomes, panel, horizon_weeks)
        if number % refit_every == 0:
            for forecaster in run:
                forecaster.fit(panel, thresholds)
        forecasts = {forecaster.name: forecaster.predict(panel, thresholds) for forecaster in run}
        part = panel.cells().with_columns(
            origin_date=pl.lit(origin),
            capacity_k=pl.lit(capacity_k, dtype=pl.Int32),
            district_code=pl.col("community_code").replace_strict(
                dict(district_of or {}), default="", return_dtype=pl.String
            ),
            size_band=pl.col("community_code").replace_strict(bands, return_dtype=pl.String),
            **_outcome_columns(came, panel, thresholds),
            **_forecast_columns(forecasts),
        )
        parts.append(part)
        if on_progress is not None:
            on_progress(number + 1, len(origins), origin)
    frame = pl.concat(parts)
    return with_chosen(frame, chosen or select(weekly_losses(development(frame)), overlap=horizon_weeks).name)


CONTRACT_COLUMNS = (
    "origin_date",
    "community_code",
    "issue_code",
    "eligible_recurring",
    "y_hot",
    "y_recurring",
    "y_emerging",
    "y_surge",
    "count_next",
    "eligible_emerging",
    "threshold",
    "capacity_k",
    "district_code",
    "size_band",
    "p_hot",
    "p_recurring",
    "p_emerging",
    "p_surge",
    "expected_count",
)


def with_chosen(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Fill ``p_hot``, ``p_recurring``, ``p_emerging``, ``p_surge`` and ``expected_count`` with one forecaster's.

    Raises:
        ValueError: the backtest holds no forecaster of that name.
    """
    if f"p_hot_{name}" not in frame.columns:
        raise ValueError(f"the backtest holds no forecaster {name!r}; run it with that forecaster or choose another")
    p_hot = pl.col(f"p_hot_{name}")
    filled = frame.with_columns(
        p_hot=p_hot,
        p_recurring=pl.when("eligible_recurring").then(p_hot).otherwise(0.0),
        p_emerging=pl.when("eligible_emerging").then(p_hot).otherwise(0.0),
        p_surge=pl.col(f"p_surge_{name}"),
        expected_count=pl.col(f"expected_count_{name}"),
    )
    return filled.select(*CONTRACT_COLUMNS, pl.exclude(CONTRACT_COLUMNS))


def contract(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """What others score us by: the contract's columns filled by one forecaster, and the baselines beside it.

    Other models are left out: whatever is called ``p_hot_<name>`` there is taken for a baseline.

    Raises:
        ValueError: the backtest holds no forecaster of that name.
    """
    beside = [f"p_{target}_{baseline}" for baseline in BASELINES for target in ("hot", "surge")]
    return with_chosen(frame, name).select(*CONTRACT_COLUMNS, *(column for column in beside if column in frame.columns))


def from_contract(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """The rows of a contract file with the forecaster's columns under its name, as :mod:`models.evaluation` asks."""
    return frame.with_columns(**{f"p_hot_{name}": pl.col("p_hot"), f"p_surge_{name}": pl.col("p_surge")})


def development(frame: pl.DataFrame) -> pl.DataFrame:
    """The origins before the last 13, on which a model may be chosen; all of them where there are no more."""
    origins = frame["origin_date"].unique().sort()
    return frame.filter(pl.col("origin_date") < origins[-FINAL_ORIGINS]) if len(origins) > FINAL_ORIGINS else frame


def size_bands(panel: Panel) -> dict[str, str]:
    """Thirds of the communities by the complaints of the last 52 weeks: small, medium, large."""
    total = panel.counts[-52:].sum(axis=(0, 2), dtype=np.float64)
    rank = np.argsort(np.argsort(total, kind="stable"), kind="stable")
    return {
        code: SIZE_BANDS[position * len(SIZE_BANDS) // len(rank)]
        for code, position in zip(panel.communities, rank.tolist(), strict=True)
    }


def _window(outcomes: Panel, panel: Panel, horizon_weeks: int) -> Counts:
    """What came in the weeks after ``panel.as_of``, shape (communities, issues)."""
    if (outcomes.communities, outcomes.issues) != (panel.communities, panel.issues):
        raise ValueError(f"panel of {panel.as_of} and outcomes have different codes; build both from the same lists")
    days = (outcomes.as_of - panel.as_of).days
    start = outcomes.weeks - days // DAYS_PER_WEEK
    if days % DAYS_PER_WEEK or days < horizon_weeks * DAYS_PER_WEEK or start < 0:
        raise ValueError(
            f"outcomes as of {outcomes.as_of} with {outcomes.weeks} weeks do not cover the {horizon_weeks} weeks from "
            f"{panel.as_of}; choose origins whole weeks before it, or build outcomes from a later date"
        )
    return np.asarray(outcomes.counts[start : start + horizon_weeks].sum(axis=0))


def _outcome_columns(came: Counts, panel: Panel, thresholds: Thresholds) -> dict[str, NDArray[np.generic]]:
    """The columns of one origin that do not depend on the forecaster."""
    labels = label(came, panel, thresholds)
    columns = {
        "eligible_recurring": labels.eligible_recurring,
        "eligible_emerging": labels.eligible_emerging,
        "y_hot": labels.hot,
        "y_recurring": labels.recurring,
        "y_emerging": labels.emerging,
        "y_surge": labels.surge,
        "count_next": labels.count.astype(np.int32),
        "threshold": np.broadcast_to(thresholds.hot, came.shape),
    }
    return {name: column.ravel() for name, column in columns.items()}


def _forecast_columns(forecasts: Mapping[str, Forecast]) -> dict[str, NDArray[np.float32]]:
    """Forecasts of one origin, as float32: 26 origins of a big city have millions of rows."""
    columns = {}
    for name, forecast in forecasts.items():
        columns[f"p_hot_{name}"] = forecast.p_hot
        columns[f"p_surge_{name}"] = forecast.p_surge
        columns[f"expected_count_{name}"] = forecast.expected_count
    return {name: column.ravel().astype(np.float32) for name, column in columns.items()}
