"""From the rows of a backtest to one row of measures per forecaster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.baselines import BASELINES, CLASSICAL_BASELINES
from models.measures import (
    AREA_SHARE,
    Bools,
    Ints,
    PrecisionRecall,
    area_indices,
    area_ratios,
    area_sums,
    calibration_gaps,
    expected_calibration_error,
    list_stability,
    log_losses,
    ratio_or_nan,
    top_k,
    week_resamples,
)
from models.tails import Floats

HIGHER_IS_BETTER = (
    *(f"{target}_pr_auc{kind}" for target in ("hot", "recurring", "emerging", "surge") for kind in ("", "_weekly")),
    "precision_at_k",
    "recall_at_k",
    "pai",
    "pei",
    "jaccard",
)
LOWER_IS_BETTER = ("brier", "log_loss", "ece")
WITH_INTERVAL = tuple(name for name in (*HIGHER_IS_BETTER, *LOWER_IS_BETTER) if name != "jaccard")
INTERVAL = (0.025, 0.975)


@dataclass(frozen=True)
class Rows:
    """The columns of a backtest that do not depend on the forecaster, as arrays; ``week`` is 0 .. weeks-1."""

    week: Ints
    cell: Ints
    count: Floats
    capacity_k: int
    outcome: dict[str, Bools]
    eligible: dict[str, Bools]
    by_week: tuple[Ints, ...]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Rows:
        """Take the columns out of a backtest; weeks and cells are numbered from 0."""
        week = frame["origin_date"].rank("dense").to_numpy().astype(np.int64) - 1
        community, issue = (
            frame[column].cast(pl.Categorical).to_physical().to_numpy().astype(np.int64)
            for column in ("community_code", "issue_code")
        )
        everywhere = np.ones(frame.height, dtype=bool)
        targets = ("hot", "recurring", "emerging", "surge")
        return cls(
            week=week,
            cell=community * (int(issue.max()) + 1) + issue,
            count=frame["count_next"].to_numpy().astype(np.float64),
            capacity_k=int(frame["capacity_k"][0]),
            outcome={target: frame[f"y_{target}"].cast(pl.Boolean).to_numpy() for target in targets},
            eligible={
                "hot": everywhere,
                "recurring": frame["eligible_recurring"].cast(pl.Boolean).to_numpy(),
                "emerging": frame["eligible_emerging"].cast(pl.Boolean).to_numpy(),
                "surge": everywhere,
            },
            by_week=tuple(np.flatnonzero(week == index) for index in range(int(week.max()) + 1)),
        )


def summary(frame: pl.DataFrame, resamples: int = 500, seed: int = 0) -> pl.DataFrame:
    """One row of measures per forecaster found in a backtest.

    ``<measure>_ratio`` divides by the best *classical* baseline of that measure, chosen after the fact, which favours
    the baselines; ``_ratio_low`` and ``_ratio_high`` bound it by a weekly block bootstrap (95 %).
    ``hot_pr_auc_to_ewma_city`` compares with EWMA × city ratio. ``recurring`` and ``emerging`` are judged among the
    eligible cells; Brier, log loss and ECE are those of ``hot`` over all cells. ``jaccard`` is the stability of the
    top-k list; it is no merit by itself.

    Grain: forecaster. Key: forecaster. Baselines come last.

    Args:
        frame: rows of ``backtest``: contract columns and ``p_hot_<forecaster>``, ``p_surge_<forecaster>``.
        resamples: bootstrap replicates; 0 leaves the intervals out.
        seed: of the bootstrap.

    Raises:
        ValueError: ``frame`` is empty or holds no classical baseline.
    """
    names = forecasters_in(frame)
    classical = [name for name in names if name in CLASSICAL_BASELINES]
    if frame.is_empty() or not classical:
        raise ValueError("the backtest has no rows or no p_hot_<baseline> column; run backtest with its baselines")
    rows = Rows.of(frame)
    replicates = week_resamples(len(rows.by_week), resamples, seed)
    values: dict[str, dict[str, float]] = {}
    drawn: dict[str, dict[str, Floats]] = {}
    for name in names:
        p_hot, p_surge = (frame[f"p_{target}_{name}"].to_numpy().astype(np.float64) for target in ("hot", "surge"))
        values[name], drawn[name] = _measure(rows, p_hot, p_surge, replicates)
    records = []
    for name in names:
        record: dict[str, object] = {"forecaster": name, "is_baseline": name in BASELINES, **values[name]}
        for measure in (*HIGHER_IS_BETTER, *LOWER_IS_BETTER):
            best = _best(measure, {other: values[other][measure] for other in classical})
            record[f"{measure}_ratio"] = _divide(values[name][measure], values[best][measure])
            if measure in WITH_INTERVAL and resamples:
                low, high = _interval(ratio_or_nan(drawn[name][measure], drawn[best][measure]))
                record |= {f"{measure}_ratio_low": low, f"{measure}_ratio_high": high}
        if "ewma_city" in values:
            record["hot_pr_auc_to_ewma_city"] = _divide(values[name]["hot_pr_auc"], values["ewma_city"]["hot_pr_auc"])
        records.append(record)
    return pl.DataFrame(records, infer_schema_length=None).sort("is_baseline", maintain_order=True)


def summary_by(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """The summary without intervals for each value of ``district_code`` or ``size_band``.

    The best baseline is chosen within each part, and lists hold the city's ``capacity_k`` cells of the part alone.
    Grain: part × forecaster. Key: (``column``, forecaster).
    """
    parts = frame.partition_by(column, maintain_order=True)
    tables = [summary(part, resamples=0).select(pl.lit(part[column][0]).alias(column), pl.all()) for part in parts]
    return pl.concat(tables, how="vertical_relaxed").sort(column, maintain_order=True)


def best_classical(table: pl.DataFrame, measure: str) -> str:
    """The classical baseline that a summary's ratios of this measure divide by."""
    rows = table.filter(pl.col("forecaster").is_in(CLASSICAL_BASELINES))
    return _best(measure, dict(rows.select("forecaster", measure).iter_rows()))


def differences(frame: pl.DataFrame, first: str, second: str, resamples: int = 500, seed: int = 0) -> pl.DataFrame:
    """How much one forecaster of a backtest differs from another on the same origins.

    Grain: measure. Key: measure. Columns: ``first``, ``second``, ``difference`` (first - second), and the 95 % interval
    of the difference by a weekly block bootstrap, ``low`` and ``high``; NaN where a measure has none.

    Raises:
        ValueError: the backtest lacks one of the two, or has no rows.
    """
    missing = {first, second} - set(forecasters_in(frame))
    if frame.is_empty() or missing:
        raise ValueError(f"the backtest has no rows, or none of {sorted(missing)}; run it with both forecasters")
    rows = Rows.of(frame)
    replicates = week_resamples(len(rows.by_week), resamples, seed)
    p_hot, p_surge = (
        [frame[f"p_{target}_{name}"].to_numpy().astype(np.float64) for name in (first, second)]
        for target in ("hot", "surge")
    )
    left, drawn_left = _measure(rows, p_hot[0], p_surge[0], replicates)
    right, drawn_right = _measure(rows, p_hot[1], p_surge[1], replicates)
    records = []
    for measure in (*HIGHER_IS_BETTER, *LOWER_IS_BETTER):
        nothing = np.full(1, np.nan)
        low, high = _interval(drawn_left.get(measure, nothing) - drawn_right.get(measure, nothing))
        records.append({"measure": measure, "first": left[measure], "second": right[measure],
                        "difference": left[measure] - right[measure], "low": low, "high": high})  # fmt: skip
    return pl.DataFrame(records, infer_schema_length=None)


def forecasters_in(frame: pl.DataFrame) -> list[str]:
    """Names of the forecasters whose columns a backtest holds."""
    prefix = "p_hot_"
    return [column.removeprefix(prefix) for column in frame.columns if column.startswith(prefix)]


def _measure(
    rows: Rows, p_hot: Floats, p_surge: Floats, replicates: Floats
) -> tuple[dict[str, float], dict[str, Floats]]:
    """All measures of one forecaster, and the bootstrap replicates of those with an interval."""
    value: dict[str, float] = {}
    drawn: dict[str, Floats] = {}
    for target, outcome in rows.outcome.items():
        inside = rows.eligible[target]
        score = p_surge if target == "surge" else p_hot
        curve = PrecisionRecall.of(score[inside], outcome[inside], rows.week[inside])
        value[f"{target}_pr_auc"] = float(curve.average_precision()[0])
        value[f"{target}_pr_auc_weekly"] = curve.mean_per_week()
        weeks_inside = len(curve.rows_above)
        drawn[f"{target}_pr_auc"] = curve.average_precision(replicates[:, :weeks_inside])
        weekly = curve.average_precision(np.eye(weeks_inside))
        judged = np.isfinite(weekly)
        times = replicates[:, :weeks_inside][:, judged]
        drawn[f"{target}_pr_auc_weekly"] = ratio_or_nan(times @ weekly[judged], times.sum(axis=1))
    hot = rows.outcome["hot"]
    ranked = [top_k(p_hot[week], len(week)) for week in rows.by_week]
    lists = [week[order[: rows.capacity_k]] for week, order in zip(rows.by_week, ranked, strict=True)]
    hits = np.array([hot[listed].sum() for listed in lists], dtype=np.float64)
    length = np.array([len(listed) for listed in lists], dtype=np.float64)
    losses = log_losses(p_hot, hot)
    loss = np.array([losses[week].mean() for week in rows.by_week])
    value["precision_at_k"] = float(hits.sum() / length.sum())
    value["recall_at_k"] = _divide(float(hits.sum()), float(hot.sum()))
    counts = [rows.count[week] for week in rows.by_week]
    value["pai"], value["pei"] = area_indices(ranked, counts, AREA_SHARE)
    value["jaccard"] = list_stability([rows.cell[listed] for listed in lists])
    squares = (p_hot - hot) ** 2
    value["brier"] = float(squares.mean())
    value["log_loss"] = float(losses.mean())
    value["ece"] = expected_calibration_error(p_hot, hot)
    drawn["precision_at_k"] = ratio_or_nan(replicates @ hits, replicates @ length)
    drawn["log_loss"] = ratio_or_nan(replicates @ loss, replicates.sum(axis=1))
    square = np.array([squares[week].mean() for week in rows.by_week])
    drawn["brier"] = ratio_or_nan(replicates @ square, replicates.sum(axis=1))
    came = np.array([hot[week].sum() for week in rows.by_week], dtype=np.float64)
    drawn["recall_at_k"] = ratio_or_nan(replicates @ hits, replicates @ came)
    drawn["pai"], drawn["pei"] = area_ratios(replicates @ area_sums(ranked, counts, AREA_SHARE))
    gaps, seen = calibration_gaps(p_hot, hot, rows.week, len(rows.by_week))
    drawn["ece"] = ratio_or_nan(np.abs(replicates @ gaps).sum(axis=1), replicates @ seen)
    return value, drawn


def _interval(drawn: Floats) -> tuple[float, float]:
    """The middle 95 % of the replicates that have a value; NaN where none has."""
    if not np.isfinite(drawn).any():
        return float("nan"), float("nan")
    low, high = np.nanquantile(drawn, INTERVAL)
    return float(low), float(high)


def _divide(above: float, below: float) -> float:
    return above / below if below else float("nan")


def _best(measure: str, values: dict[str, float]) -> str:
    sign = 1 if measure in LOWER_IS_BETTER else -1
    return min(values, key=lambda name: (np.isnan(values[name]), sign * values[name]))
