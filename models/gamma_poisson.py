"""The state of every cell: a cascade of discounted gamma–Poisson filters under a city-wide exposure.

Each level forgets faster than the one above it and shrinks towards it: the slowest towards the community's share of
the city, the fastest towards the last weeks. The city-wide rate of the issue is the exposure, so a cell's level is
its *share* of the city, and a busy week everywhere does not look like trouble in one community. The numbered steps
are those of model R1 in the forecast protocol; the gamma–Poisson update with discounting is the power steady model
(Smith 1979, JRSS B 41:375-387; West & Harrison 1997, chapter 14).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.panel import Counts
from models.smoothing import ewma_path
from models.tails import Floats

LEVELS = ((0.985, 2.0), (0.93, 4.0), (0.8, 6.0), (0.5, 8.0))
"""Weekly discount δ and prior strength κ of each level, slow to fast."""
SHARE_DISCOUNT = 0.99
SHARE_FLOOR = 1e-6
EXPOSURE_ALPHAS = (0.3, 0.4, 0.5)
"""Speeds of the city-wide rate to choose from; the forecast protocol fixes .3."""
EXPOSURE_DISPERSION = 0.05
EXPOSURE_WARM_UP = 4
EXPOSURE_FLOOR = 0.05
SEASON_PERIOD = 52
SEASON_WEIGHT = 0.5
SEASON_PRIOR = 20.0
SEASON_BEFORE = 6
DISPERSION_WEEKS = 52
DISPERSION_PRIOR = 50.0
DISPERSION_RANGE = (0.005, 2.0)


@dataclass(frozen=True)
class WeekState:
    """What the filter expects of the ``horizon`` weeks after week ``week``; L levels, C communities, K issues.

    Attributes:
        week: index of the last week seen.
        mean: expected count within the horizon, shape (L, C, K).
        size: negative binomial size, uncertainty of the level and overdispersion together, shape (L, C, K).
        exposure: expected city-wide count a week before season, shape (K,).
        season: log factor on the exposure, already weighted, shape (K,).
    """

    week: int
    mean: Floats
    size: Floats
    exposure: Floats
    season: Floats


def exposures(city: Floats, alpha: float) -> Floats:
    """Step 1: g_k(w), the bias-corrected EWMA of the city total of each issue, plus a floor.

    Args:
        city: city totals, shape (weeks, issues).
        alpha: speed, from ``tune_exposure``.
    """
    return ewma_path(city, alpha) + EXPOSURE_FLOOR


def tune_exposure(city: Floats) -> float:
    """Choose how fast the city-wide rate follows: the α that foretold the next week's city totals best.

    Some cities jump with every storm, others are steady. Errors are measured against a negative binomial variance and
    by a heavy-tailed (Cauchy) loss, so that neither the largest issue nor a single week decides.

    Args:
        city: city totals of the weeks to learn from, shape (weeks, issues).
    """

    def loss(alpha: float) -> float:
        expected = exposures(city, alpha)[EXPOSURE_WARM_UP:-1]
        error = city[EXPOSURE_WARM_UP + 1 :] - expected
        return float(np.log1p(error**2 / (expected + EXPOSURE_DISPERSION * expected**2)).sum())

    return min(EXPOSURE_ALPHAS, key=loss)


def seasons(city: Floats, horizon_weeks: int) -> Floats:
    """Step 2: weighted log ratio of the coming weeks to the weeks before, as it was in past years.

    For week w and past year j the numerator is the mean of the weeks w+1-52j .. w+H-52j widened by one on each side,
    the denominator the mean of the six weeks before w+1-52j. Sums run over the past years that are wholly known;
    20 added to both keeps rare issues near zero, and without a past year the result is zero.

    Args:
        city: city totals, shape (weeks, issues).
        horizon_weeks: H.

    Returns:
        shape (weeks, issues); row w belongs to the forecast made after week w.
    """
    result = np.zeros_like(city)
    for week in range(len(city)):
        ahead, before = np.zeros(city.shape[1]), np.zeros(city.shape[1])
        for start in range(week + 1 - SEASON_PERIOD, SEASON_BEFORE - 1, -SEASON_PERIOD):
            ahead += city[start - 1 : start + horizon_weeks + 1].mean(axis=0)
            before += city[start - SEASON_BEFORE : start].mean(axis=0)
        result[week] = SEASON_WEIGHT * np.log((ahead + SEASON_PRIOR) / (before + SEASON_PRIOR))
    return result


def replay(counts: Counts, horizon_weeks: int, first_week: int, alpha: float) -> Iterator[WeekState]:
    """Run the filter over the weeks in one pass and yield its state after each week from ``first_week`` on.

    The state after week w uses weeks <= w only; the dispersion uses forecasts whose windows had closed by then.

    Args:
        counts: shape (weeks, communities, issues).
        horizon_weeks: H, length of the window forecast.
        first_week: index of the first week to yield.
        alpha: speed of the city-wide rate.
    """
    weeks, communities, issues = counts.shape
    levels = len(LEVELS)
    city = counts.sum(axis=1, dtype=np.float64)
    exposure, season = exposures(city, alpha), seasons(city, horizon_weeks)
    seen = np.zeros((levels, communities, issues))
    exposed = np.zeros((levels, issues))
    community_seen, city_exposed = np.zeros(communities), 0.0
    excess, square = np.zeros((weeks, levels, issues)), np.zeros((weeks, levels, issues))
    first_forecast = max(0, first_week - DISPERSION_WEEKS - horizon_weeks)

    for week in range(weeks):
        for level, (discount, _) in enumerate(LEVELS):
            seen[level] *= discount
            seen[level] += counts[week]
            exposed[level] = discount * exposed[level] + exposure[week]
        community_seen = SHARE_DISCOUNT * community_seen + counts[week].sum(axis=1, dtype=np.float64)
        city_exposed = SHARE_DISCOUNT * city_exposed + exposure[week].sum()
        if week < first_forecast:
            continue
        expected_city = horizon_weeks * exposure[week] * np.exp(season[week])
        mean, size = _cascade(seen, exposed, community_seen / city_exposed, expected_city)
        if week + horizon_weeks < weeks:
            came = counts[week + 1 : week + 1 + horizon_weeks].sum(axis=0)
            excess[week], square[week] = _dispersion_sums(came, mean, size)
        if week >= first_week:
            closed = slice(max(0, week - horizon_weeks - DISPERSION_WEEKS + 1), max(0, week - horizon_weeks + 1))
            overdispersion = _dispersion(excess[closed].sum(axis=0), square[closed].sum(axis=0))
            size = 1 / (1 / size + overdispersion[:, None, :])
            yield WeekState(week, mean, size, exposure[week], season[week])


def _cascade(seen: Floats, exposed: Floats, share: Floats, expected_city: Floats) -> tuple[Floats, Floats]:
    """Steps 3 and 4: mean and gamma shape of each level, each shrunk towards the one above."""
    mean, shape = np.empty_like(seen), np.empty_like(seen)
    rate = np.broadcast_to(np.maximum(share, SHARE_FLOOR)[:, None], seen.shape[1:])
    for level, (_, strength) in enumerate(LEVELS):
        shape[level] = seen[level] + strength
        rate = shape[level] / (exposed[level] + strength / rate)
        mean[level] = expected_city * rate
    return mean, shape


def _dispersion_sums(came: NDArray[np.float32], mean: Floats, shape: Floats) -> tuple[Floats, Floats]:
    """Step 5, one week: Σ[(y-μ)² - μ - μ²/r] and Σμ² over communities, each of shape (levels, issues)."""
    squared = mean * mean
    excess = (came - mean) ** 2 - mean - squared / shape
    return excess.sum(axis=1), squared.sum(axis=1)


def _dispersion(excess: Floats, square: Floats) -> Floats:
    """Step 5: overdispersion φ per level and issue, shrunk towards the level's pooled value.

    The method of moments of a negative binomial; shapes (levels, issues) in and out.
    """
    low, high = DISPERSION_RANGE
    total = square.sum(axis=1, keepdims=True)
    pooled = np.divide(excess.sum(axis=1, keepdims=True), total, out=np.zeros_like(total), where=total > 0)
    pooled = np.maximum(low, pooled)
    shrunk: Floats = (excess + DISPERSION_PRIOR * pooled) / (square + DISPERSION_PRIOR)
    return np.clip(shrunk, low, high)
