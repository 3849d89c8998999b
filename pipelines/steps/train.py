"""Train: let models and baselines forecast the same past weeks, and choose by the result."""

from __future__ import annotations

import datetime as dt

import polars as pl

from models.backtest import backtest, development
from models.baselines import BASELINES, all_baselines
from models.evaluation import choose, summary
from models.registry import all_models, forecaster_named
from models.splits import weekly_origins
from pipelines.steps.panels import HORIZON_WEEKS, read_panels, threshold_date, year_thresholds
from pipelines.steps.run import Counts, Run, log

_REFIT_EVERY = 13
_LEAST_HISTORY_WEEKS = 4
_WITHOUT_HISTORY = "ewma_05"


def train(run: Run) -> Counts:
    """Backtest every forecaster on the last weekly origins and store the comparison and the choice.

    Each origin's counts are those known on that origin. The choice is made on all but the newest 13 origins, the
    figures reported are those of all. A baseline may win; a city with too little history is given one, and told so.

    Writes the as-of date's partition of ``forecast.evaluations`` and ``forecast.selections``.
    """
    rules = run.city.config
    try:
        splits = weekly_origins(
            run.as_of_date, rules.dense_from, HORIZON_WEEKS, rules.forecast.backtest_origins, _LEAST_HISTORY_WEEKS
        )
    except ValueError:
        return _without_history(run)
    origins = [split.origin for split in splits]
    panels = read_panels(run, [*origins, run.as_of_date, threshold_date(run.as_of_date)])
    models = all_models()
    rows = backtest(
        panels.__getitem__,
        panels[run.as_of_date],
        origins,
        models,
        minimum=rules.forecast.hot_minimum,
        horizon_weeks=HORIZON_WEEKS,
        dense_from=rules.dense_from,
        capacity_k=rules.forecast.capacity_k,
        refit_every=_REFIT_EVERY,
        on_progress=_progress,
    )
    development_table = summary(development(rows), resamples=0)
    chosen = choose(development_table).name
    baseline = choose(development_table, BASELINES).name
    evaluations = _evaluations(run, summary(rows, resamples=0), rows, chosen, baseline)
    weeks = development(rows)["origin_date"].n_unique()
    reason = _reason(_evaluations(run, development_table, rows, chosen, baseline), chosen, baseline, weeks)
    assessable = bool(year_thresholds(run, panels, run.as_of_date).assessable.all())
    _store(run, evaluations, chosen, baseline, reason, assessable)
    return Counts(details={"origins": len(origins), "chosen": chosen, "best_baseline": baseline})


def _progress(done: int, total: int, origin: dt.date) -> None:
    if done == total or done % 5 == 0:
        log.info("backtest origin=%s done=%d of=%d", origin, done, total)


def _without_history(run: Run) -> Counts:
    reason = f"自{run.city.config.dense_from}起的完整历史不足以回测，暂用基线方法预测，待积累满5周后再比较选型"
    empty = pl.DataFrame(schema={"forecaster_name": pl.String})
    _store(run, empty, _WITHOUT_HISTORY, _WITHOUT_HISTORY, reason, is_assessable=False)
    return Counts(details={"origins": 0, "chosen": _WITHOUT_HISTORY, "best_baseline": _WITHOUT_HISTORY})


def _evaluations(run: Run, table: pl.DataFrame, rows: pl.DataFrame, chosen: str, baseline: str) -> pl.DataFrame:
    titles = {forecaster.name: forecaster.title for forecaster in [*all_models(), *all_baselines()]}
    return table.select(
        as_of_date=pl.lit(run.as_of_date),
        forecaster_name=pl.col("forecaster"),
        forecaster_title=pl.col("forecaster").replace_strict(titles),
        is_baseline=pl.col("is_baseline"),
        is_chosen=pl.col("forecaster") == chosen,
        is_best_baseline=pl.col("forecaster") == baseline,
        origin_count=pl.lit(rows["origin_date"].n_unique(), dtype=pl.Int32),
        hot_count=pl.lit(int(rows["y_hot"].cast(pl.Int64).sum()), dtype=pl.Int32),
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


def _reason(evaluations: pl.DataFrame, chosen: str, baseline: str, weeks: int) -> str:
    """The choice in the words of the brief; figures are those of the ``weeks`` origins that it was made on."""
    figures = {row["forecaster_name"]: row for row in evaluations.iter_rows(named=True)}
    best, base = figures[chosen], figures[baseline]
    shown = f"PR-AUC {_number(best['hot_pr_auc'])}、对数损失 {best['hot_log_loss']:.4f}"
    if best["is_baseline"]:
        others = [row for row in figures.values() if not row["is_baseline"]]
        rival = min(others, key=lambda row: row["hot_log_loss"])
        return (
            f"据前{weeks}周回测选型，各模型未胜过基线：{best['forecaster_title']}（{shown}），"
            f"最接近的模型{rival['forecaster_title']}（PR-AUC {_number(rival['hot_pr_auc'])}、"
            f"对数损失 {rival['hot_log_loss']:.4f}），故用基线预测"
        )
    return (
        f"据前{weeks}周回测选型，{best['forecaster_title']}（{shown}）综合优于最佳基线{base['forecaster_title']}"
        f"（PR-AUC {_number(base['hot_pr_auc'])}、对数损失 {base['hot_log_loss']:.4f}）"
    )


def _number(value: float | None) -> str:
    return "不可评估" if value is None else f"{value:.3f}"


def _store(run: Run, evaluations: pl.DataFrame, chosen: str, baseline: str, reason: str, is_assessable: bool) -> None:
    selection = pl.DataFrame(
        {
            "as_of_date": [run.as_of_date],
            "forecaster_name": [chosen],
            "forecaster_title": [forecaster_named(chosen).title],
            "is_baseline": [chosen in BASELINES],
            "baseline_name": [baseline],
            "baseline_title": [forecaster_named(baseline).title],
            "reason": [reason],
            "is_threshold_assessable": [is_assessable],
        }
    )
    with run.warehouse.writing() as door:
        door.replace("forecast.evaluations", evaluations, run.partition)
        door.replace("forecast.selections", selection, run.partition)
