"""What a tree model may look at: one row of plain facts per cell, from the weeks up to an origin.

The issue itself is no feature: cities have more issues than a histogram has bins, and its city-wide rate and
threshold tell issues apart well enough.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.city_rate import seasons
from models.panel import Counts
from models.smoothing import ewma
from models.tails import Floats
from models.targets import LOOK_BACK_WEEKS, Thresholds

YEAR = 52
FEATURES = (
    "last_week",
    "mean_4w",
    "mean_8w",
    "mean_26w",
    "mean_52w",
    "deviation_26w",
    "max_8w",
    "max_52w",
    "ewma_02",
    "ewma_05",
    "ewma_10",
    "ewma_20",
    "ewma_50",
    "weeks_since_complaint",
    "weeks_since_hot",
    "hot_weeks_8w",
    "hot_weeks_52w",
    "active_weeks_52w",
    "last_year",
    "community_last_week",
    "community_mean_8w",
    "community_mean_52w",
    "city_last_week",
    "city_mean_4w",
    "city_mean_52w",
    "city_ratio",
    "season",
    "week_of_year_sine",
    "week_of_year_cosine",
    "threshold",
)


def features_at(
    counts: Counts, thresholds: Thresholds, week_of_year: float, cells: NDArray[np.intp] | None = None
) -> NDArray[np.float32]:
    """Describe cells by what was known after the last week of ``counts``.

    Means over more weeks than there are use the weeks there are. "Weeks since" stops at 52.

    Args:
        counts: shape (weeks, communities, issues), nothing later than the origin.
        thresholds: for hot weeks (the weekly ones) and the threshold itself.
        week_of_year: 0-52, of the first week forecast.
        cells: positions of the cells to describe, community-major; all when None. A sample of a large city costs
            what the sample costs.

    Returns:
        shape (cells, features) in the order of ``FEATURES``.
    """
    weeks, communities, issues = counts.shape
    chosen = slice(None) if cells is None else cells
    own = counts.reshape(weeks, -1)[:, chosen]
    city = counts.sum(axis=1, dtype=np.float64)
    community = counts[-YEAR:].sum(axis=2)
    city_fast, city_slow = ewma(city, 0.3), ewma(city, 0.05)
    angle = 2 * np.pi * week_of_year / YEAR

    def of_issue(value: Floats) -> Floats:
        return np.tile(value, communities)[chosen]

    def of_community(value: Counts) -> Counts:
        return np.repeat(value, issues)[chosen]

    year = own[-YEAR:]
    hot = year >= of_issue(thresholds.weekly).astype(np.float32)
    active = year > 0
    last_year = own[max(0, weeks - YEAR - 1) : max(0, weeks - YEAR + thresholds.horizon_weeks + 1)]
    columns = (
        own[-1],
        own[-4:].mean(axis=0),
        own[-8:].mean(axis=0),
        own[-26:].mean(axis=0),
        year.mean(axis=0),
        own[-26:].std(axis=0),
        own[-8:].max(axis=0),
        year.max(axis=0),
        *(ewma(own, alpha) for alpha in (0.02, 0.05, 0.1, 0.2, 0.5)),
        _weeks_since(active),
        _weeks_since(hot),
        hot[-LOOK_BACK_WEEKS:].sum(axis=0),
        hot.sum(axis=0),
        active.sum(axis=0),
        last_year.mean(axis=0) if len(last_year) else year.mean(axis=0),
        of_community(community[-1]),
        of_community(community[-8:].mean(axis=0)),
        of_community(community.mean(axis=0)),
        of_issue(city[-1]),
        of_issue(city[-4:].mean(axis=0)),
        of_issue(city[-YEAR:].mean(axis=0)),
        of_issue(np.log((city_fast + 0.05) / (city_slow + 0.05))),
        of_issue(seasons(city, thresholds.horizon_weeks)[-1]),
        np.sin(angle),
        np.cos(angle),
        of_issue(thresholds.hot),
    )
    table = np.empty((own.shape[1], len(FEATURES)), dtype=np.float32)
    for position, column in enumerate(columns):
        table[:, position] = column
    return table


def _weeks_since(happened: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Weeks since it last happened, 1 for the last week; the number of weeks plus 1 where it never did."""
    ago = np.argmax(happened[::-1], axis=0) + 1
    return np.where(happened.any(axis=0), ago, len(happened) + 1)
