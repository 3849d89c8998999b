"""Train: let models and baselines forecast the same past weeks, and choose by the result, for each horizon."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from models.backtest import backtest
from models.baselines import BASELINES, all_baselines
from models.evaluation import summary
from models.panel import Panel
from models.registry import all_models, forecaster_named
from models.selection import Selection, select, weekly_losses
from models.splits import weekly_origins
from pipelines.steps.cards import Card, card_rows
from pipelines.steps.choice import NO_HISTORY, reason_of
from pipelines.steps.horizons import DISPATCH, HORIZONS, Horizon
from pipelines.steps.panels import read_panels, threshold_date, year_thresholds
from pipelines.steps.run import Counts, Run, log
from pipelines.steps.watch import alarm_rows, findings_of

_REFIT_EVERY = 13
_LEAST_HISTORY_WEEKS = 4
_WITHOUT_HISTORY = "ewma_05"


@dataclass(frozen=True)
class Trained:
    """What one horizon's backtest says.

    Attributes:
        rows: of ``models.backtest.backtest``; None where there is too little history for one.
        selection: the choice; None where there is no backtest.
    """

    horizon: Horizon
    rows: pl.DataFrame | None
    selection: Selection | None

    @property
    def chosen(self) -> str:
        """Who serves."""
        return self.selection.name if self.selection else _WITHOUT_HISTORY

    @property
    def baseline(self) -> str:
        """The best baseline."""
        return self.selection.baseline if self.selection else _WITHOUT_HISTORY


def train(run: Run) -> Counts:
    """Backtest every forecaster on the last origins of each horizon and store the comparison and the choice.

    Each origin's counts are those known on that origin. Choice and figures are of the same origins; what keeps the
    choice from following their chance is :mod:`models.selection`. A baseline may win; a city with too little history
    is given one, and told so.

    Writes the as-of date's partition of ``forecast.evaluations``, ``forecast.selections``,
    ``forecast.model_cards`` and ``ops.forecast_alarms``.
    """
    origins = {horizon: _origins(run, horizon) for horizon in HORIZONS}
    dates = {date for found in origins.values() for date in found}
    panels = read_panels(run, [*dates, run.as_of_date, threshold_date(run.as_of_date)])
    districts = _districts(run)
    trained = [_trained(run, horizon, origins[horizon], panels, districts) for horizon in HORIZONS]
    is_assessable = bool(year_thresholds(run, panels, run.as_of_date).assessable.all())
    evaluations = [_evaluations(run, one) for one in trained if one.rows is not None]
    selections = pl.concat([_selection(run, one, is_assessable) for one in trained])
    cards = _cards(run, trained, panels, districts)
    dispatch = trained[HORIZONS.index(DISPATCH)]
    alarms = alarm_rows(run.as_of_date, findings_of(panels[run.as_of_date], dispatch.rows, dispatch.selection))
    with run.warehouse.writing() as door:
        door.replace("forecast.evaluations", pl.concat(evaluations) if evaluations else pl.DataFrame(), run.partition)
        door.replace("forecast.selections", selections, run.partition)
        door.replace("forecast.model_cards", cards, run.partition)
        door.replace("ops.forecast_alarms", alarms, run.partition)
    details: dict[str, int | str | float] = {}
    for one in trained:
        suffix = f"_{one.horizon.days}d"
        details |= {f"origins{suffix}": len(origins[one.horizon]), f"chosen{suffix}": one.chosen,
                    f"best_baseline{suffix}": one.baseline}  # fmt: skip
    details["alarms"] = int(alarms["is_raised"].sum())
    return Counts(details=details)


def _origins(run: Run, horizon: Horizon) -> list[dt.date]:
    """The newest origins whose windows have closed, ``step_weeks`` apart, oldest first; none if too few weeks."""
    rules = run.city.config
    span = (horizon.origins(rules.forecast.backtest_origins) - 1) * horizon.step_weeks + 1
    try:
        splits = weekly_origins(run.as_of_date, rules.dense_from, horizon.weeks, span, _LEAST_HISTORY_WEEKS)
    except ValueError:
        return []
    return [split.origin for split in splits][:: -horizon.step_weeks][::-1]


def _districts(run: Run) -> dict[str, tuple[str, str]]:
    """Code and name of each community's district, as in force on the as-of date; those without one are left out."""
    with run.warehouse.reading() as door:
        return {
            community: (code, name or code)
            for community, code, name in door.rows(
                "select place_code, district_code, district_name from core.dim_place "
                "where place_level = 'community' and district_code is not null "
                "and (valid_from is null or valid_from <= $d) and (valid_to is null or valid_to > $d) "
                "order by valid_from nulls first",
                d=run.as_of_date,
            )
        }


def _cards(
    run: Run, trained: list[Trained], panels: dict[dt.date, Panel], districts: dict[str, tuple[str, str]]
) -> pl.DataFrame:
    """Rows of ``forecast.model_cards``, by the backtest of the 7 days; none without one."""
    dispatch = trained[HORIZONS.index(DISPATCH)]
    if dispatch.rows is None:
        return pl.DataFrame()
    card = Card(dispatch.rows, dispatch.baseline, panels[run.as_of_date], dict(districts.values()))
    return card_rows(run.as_of_date, card, {one.horizon: one.chosen for one in trained}, dispatch.chosen)


def _trained(
    run: Run,
    horizon: Horizon,
    origins: list[dt.date],
    panels: dict[dt.date, Panel],
    districts: dict[str, tuple[str, str]],
) -> Trained:
    if not origins:
        return Trained(horizon, None, None)
    rules = run.city.config

    def progress(done: int, total: int, origin: dt.date) -> None:
        if done == total or done % 5 == 0:
            log.info("backtest horizon_days=%d origin=%s done=%d of=%d", horizon.days, origin, done, total)

    rows = backtest(
        panels.__getitem__,
        panels[run.as_of_date],
        origins,
        all_models(),
        minimum=rules.forecast.hot_minimum,
        horizon_weeks=horizon.weeks,
        dense_from=rules.dense_from,
        capacity_k=rules.forecast.capacity_k,
        district_of={community: code for community, (code, _) in districts.items()},
        refit_every=_REFIT_EVERY,
        chosen=_WITHOUT_HISTORY,
        on_progress=progress,
    )
    selection = select(weekly_losses(rows), _incumbent(run, horizon), last=len(origins), overlap=horizon.overlap)
    return Trained(horizon, rows, selection)


def _incumbent(run: Run, horizon: Horizon) -> str | None:
    """Who served on the date before; a baseline that served for want of history was not chosen by anybody."""
    with run.warehouse.reading() as door:
        found: str | None = door.scalar(
            "select forecaster_name from forecast.selections where as_of_date < $d and horizon_days = $h "
            "and reason_code is distinct from $none order by as_of_date desc limit 1",
            d=run.as_of_date, h=horizon.days, none=NO_HISTORY,
        )  # fmt: skip
    return found


def _evaluations(run: Run, one: Trained) -> pl.DataFrame:
    """Rows of ``forecast.evaluations`` of one horizon."""
    assert one.rows is not None
    titles = {forecaster.name: forecaster.title for forecaster in [*all_models(), *all_baselines()]}
    return summary(one.rows, resamples=0).select(
        as_of_date=pl.lit(run.as_of_date),
        horizon_days=pl.lit(one.horizon.days, dtype=pl.Int32),
        forecaster_name=pl.col("forecaster"),
        forecaster_title=pl.col("forecaster").replace_strict(titles),
        is_baseline=pl.col("is_baseline"),
        is_chosen=pl.col("forecaster") == one.chosen,
        is_best_baseline=pl.col("forecaster") == one.baseline,
        origin_count=pl.lit(one.rows["origin_date"].n_unique(), dtype=pl.Int32),
        hot_count=pl.lit(int(one.rows["y_hot"].cast(pl.Int64).sum()), dtype=pl.Int32),
        hot_pr_auc=pl.col("hot_pr_auc").fill_nan(None),
        recurring_pr_auc=pl.col("recurring_pr_auc").fill_nan(None),
        emerging_pr_auc=pl.col("emerging_pr_auc").fill_nan(None),
        hot_log_loss=pl.col("log_loss"),
        hot_brier=pl.col("brier"),
        hot_ece=pl.col("ece"),
        hot_precision_at_k=pl.col("precision_at_k").fill_nan(None),
        hot_recall_at_k=pl.col("recall_at_k").fill_nan(None),
        capacity_k=pl.lit(run.city.config.forecast.capacity_k, dtype=pl.Int32),
    )


def _selection(run: Run, one: Trained, is_assessable: bool) -> pl.DataFrame:
    """The row of ``forecast.selections`` of one horizon."""
    if one.selection is None:
        least = _LEAST_HISTORY_WEEKS + one.horizon.weeks
        reason = (
            f"自{run.city.config.dense_from}起的完整历史不足以回测，暂用基线方法预测，待积累满{least}周后再比较选型"
        )
    else:
        reason = reason_of(one.selection, one.horizon)
    return pl.DataFrame(
        {
            "as_of_date": [run.as_of_date],
            "horizon_days": [one.horizon.days],
            "forecaster_name": [one.chosen],
            "forecaster_title": [forecaster_named(one.chosen).title],
            "is_baseline": [one.chosen in BASELINES],
            "baseline_name": [one.baseline],
            "baseline_title": [forecaster_named(one.baseline).title],
            "reason_code": [one.selection.code if one.selection else NO_HISTORY],
            "reason": [reason],
            "is_threshold_assessable": [is_assessable and one.selection is not None],
        }
    )
