"""Why a cell stands where it stands: the facts that moved its forecast most, with their contributions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.city_rate import seasons
from models.forecaster import Forecaster
from models.panel import Counts, Panel
from models.smoothing import ewma
from models.tails import Floats
from models.targets import LOOK_BACK_WEEKS, Thresholds, hot_weeks

YEAR = 52
LEAST_CONTRIBUTION = 0.05
"""A fact that changes the odds by less than 5 % is no reason."""
CITY_SLOW, CITY_FAST = 0.02, 0.3


@dataclass(frozen=True)
class Fact:
    """A figure a reader can check, and the contributions it stands for.

    Attributes:
        key: name of the fact.
        label: Chinese column label.
        contributions: columns of ``Forecaster.explain`` that are added up under this fact.
        against_issue: whether the contribution says something only beside the other communities of the issue.
    """

    key: str
    label: str
    contributions: tuple[str, ...]
    against_issue: bool = False


FACTS = (
    Fact(
        "mean_52w",
        "近52周周均件数",
        ("long_run", "own_level", "expected_to_threshold", "threshold"),
        against_issue=True,
    ),
    Fact("share_13w", "近13周占全市同类的比重与常年之比", ("half_year_shift",)),
    Fact("count_4w", "近4周件数", ("month_shift", "outbreak_shift")),
    Fact("last_week", "上周件数", ("week_shift",)),
    Fact("city_ratio", "全市同类近期与常年之比", ("city_trend",)),
    Fact("season_factor", "往年同期季节系数", ("season",)),
    Fact(f"hot_weeks_{LOOK_BACK_WEEKS}w", f"近{LOOK_BACK_WEEKS}周热点周数", ("pattern", "own_history")),
)


def reasons(
    forecaster: Forecaster, panel: Panel, thresholds: Thresholds, cells: pl.DataFrame, count: int = 3
) -> pl.DataFrame:
    """Name the facts that moved the forecast of some cells most, up or down.

    They come from the model's own contributions to the logit of ``p_hot``. What a cell's long-run level contributes
    is compared with the average community of the same issue; the other contributions are differences already.

    Args:
        forecaster: fitted.
        panel: the panel that was forecast from.
        thresholds: the frozen thresholds.
        cells: columns ``community_code`` and ``issue_code``; order and repetition do not matter.
        count: how many facts per cell at most; fewer come back where fewer moved anything.

    Returns:
        Grain: cell × fact. Key: (community_code, issue_code, key). Columns ``community_code, issue_code, rank``
        (1 = moved it most), ``key, label, value`` (the figure), ``contribution`` (logits, > 0 raises the forecast).

    Raises:
        ValueError: a cell is not in the panel; names the first.
    """
    wanted = cells.select("community_code", "issue_code").unique(maintain_order=True)
    explained = forecaster.explain(panel, thresholds)
    unknown = wanted.join(explained, on=["community_code", "issue_code"], how="anti")
    if unknown.height:
        raise ValueError(
            f"{unknown.height} cells are not in the panel of {panel.as_of}, first {unknown.row(0)}; "
            "ask for reasons of forecast cells only"
        )
    present = [fact for fact in FACTS if any(name in explained.columns for name in fact.contributions)]
    values = fact_values(panel, thresholds)
    parts = [
        explained.select(
            "community_code",
            "issue_code",
            key=pl.lit(fact.key),
            label=pl.lit(fact.label),
            value=pl.Series(values[fact.key].ravel()),
            contribution=_contribution(fact, explained.columns),
        ).join(wanted, on=["community_code", "issue_code"], how="semi")
        for fact in present
    ]
    size = pl.col("contribution").abs()
    return (
        pl.concat(parts)
        .filter(size >= LEAST_CONTRIBUTION)
        .with_columns(rank=size.rank("ordinal", descending=True).over("community_code", "issue_code"))
        .filter(pl.col("rank") <= count)
        .sort("community_code", "issue_code", "rank")
        .select("community_code", "issue_code", "rank", "key", "label", "value", "contribution")
    )


def fact_values(panel: Panel, thresholds: Thresholds) -> dict[str, Floats]:
    """The figure of each fact, shape (communities, issues)."""
    counts: Counts = panel.observed
    city = counts.sum(axis=1, dtype=np.float64)
    shape = counts.shape[1:]
    ratio = (ewma(city, CITY_FAST) + 0.05) / (ewma(city, CITY_SLOW) + 0.05)
    share_13w, share_52w = (
        counts[-weeks:].sum(axis=0, dtype=np.float64) / np.maximum(city[-weeks:].sum(axis=0), 1) for weeks in (13, YEAR)
    )
    return {
        "mean_52w": counts[-YEAR:].mean(axis=0, dtype=np.float64),
        "share_13w": np.divide(share_13w, share_52w, out=np.ones(shape), where=share_52w > 0),
        "count_4w": counts[-4:].sum(axis=0, dtype=np.float64),
        "last_week": counts[-1].astype(np.float64),
        "city_ratio": np.broadcast_to(ratio, shape),
        "season_factor": np.broadcast_to(np.exp(seasons(city, thresholds.horizon_weeks)[-1]), shape),
        f"hot_weeks_{LOOK_BACK_WEEKS}w": hot_weeks(panel, thresholds).astype(np.float64),
    }


def _contribution(fact: Fact, columns: list[str]) -> pl.Expr:
    total = pl.sum_horizontal(name for name in fact.contributions if name in columns)
    return total - total.mean().over("issue_code") if fact.against_issue else total
