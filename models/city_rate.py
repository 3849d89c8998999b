"""What the whole city reports of each issue, and how that moves on: the exposure of every cell.

A week in which the whole city complains says little about one community, and a city that calms down will calm down
there as well. So the filter of a cell knows the city's rate, and its forecast rests on what the city is expected to
report. Steps 1 and 2 of the forecast protocol give a smoothed rate and last year's season; a small Poisson regression,
pooled over the issues, then learns from the past weeks how far the city swings back, follows its last weeks, or
follows the season.
"""

from __future__ import annotations

from itertools import product
from typing import Self

import numpy as np
from sklearn.linear_model import PoissonRegressor

from models.smoothing import ewma_path
from models.tails import Floats

EXPOSURE_ALPHAS = (0.3, 0.4, 0.5)
"""Speeds of the city-wide rate to choose from; the forecast protocol fixes .3."""
EXPOSURE_REACHES = (20.0, 60.0)
"""So many complaints an average reaches back over at least, to choose from: those of fewer are mostly chance."""
USUAL_ALPHA = 0.03
EXPOSURE_DISPERSION = 0.05
EXPOSURE_WARM_UP = 4
EXPOSURE_FLOOR = 0.05
SEASON_PERIOD = 52
SEASON_WEIGHT = 0.5
SEASON_PRIOR = 20.0
SEASON_BEFORE = 6
SPEEDS = (0.5, 0.3, 0.1, 0.03)
"""Smoothing of the averages whose ratios tell where the city stands, fast to slow."""
RATIO_PRIOR = 5.0
"""Complaints added to both sides of a ratio, so that rare issues say little."""
LEAST_WEEKS = 26
"""Fewer weeks to learn from change nothing."""
PENALTY_WEEKS = 30
"""The ridge penalty is worth so many weeks that say: change nothing."""
FURTHEST = 1.0
"""The regression changes the rate by no more than this, on the log scale."""


class CityRate:
    """The city-wide rate of each issue after each week, and what is expected of the weeks to come.

    Attributes:
        alpha_, reach_: speed of the smoothed rate, and complaints it reaches back over at least.
        horizon_weeks_: H, length of the window foretold.
        weights_: of the standardised inputs on the log rate, the season last; zeros with too short a history.
        scales_: spread of the inputs.
        intercept_: of the regression.
    """

    def fit(self, city: Floats, horizon_weeks: int, training_weeks: int) -> Self:
        """Choose the speed, and learn by which factor the smoothed rate and its season were wrong.

        Args:
            city: city totals of all weeks known, shape (weeks, issues).
            horizon_weeks: H.
            training_weeks: the last so many weeks are learned from.
        """
        self.alpha_, self.reach_ = tune_exposure(city[-training_weeks:])
        self.horizon_weeks_ = horizon_weeks
        season = seasons(city, horizon_weeks)
        inputs = np.stack([*_ratios(city), season / SEASON_WEIGHT], axis=-1)
        self.scales_, self.weights_, self.intercept_ = np.ones(inputs.shape[2]), np.zeros(inputs.shape[2]), 0.0
        last = len(city) - horizon_weeks
        first = max(EXPOSURE_WARM_UP, last - training_weeks)
        if last - first < LEAST_WEEKS or not city[first + 1 :].any():
            return self
        summed = np.cumsum(np.vstack([np.zeros(city.shape[1]), city]), axis=0)
        came = (summed[first + 1 + horizon_weeks :] - summed[first + 1 : last + 1]) / horizon_weeks
        expected = (self.level(city) * np.exp(season))[first:last]
        rows = inputs[first:last].reshape(-1, inputs.shape[2])
        self.scales_ = rows.std(axis=0) + 1e-6
        # a Poisson regression with offset log(expected), whose rows weigh what a negative binomial leaves them
        weight = expected / (1 + EXPOSURE_DISPERSION * expected)
        regression = PoissonRegressor(alpha=PENALTY_WEEKS / (last - first), max_iter=300).fit(
            rows / self.scales_, (came / expected).ravel(), sample_weight=weight.ravel()
        )
        self.weights_, self.intercept_ = regression.coef_, float(regression.intercept_)
        return self

    def level(self, city: Floats) -> Floats:
        """Step 1: the smoothed rate after each week, shape (weeks, issues)."""
        return exposures(city, self.alpha_, self.reach_)

    def outlook(self, city: Floats) -> Floats:
        """The rate a week that is expected of the window after each week, before season; shape (weeks, issues)."""
        change = np.stack(_ratios(city), axis=-1) @ (self.weights_ / self.scales_)[:-1] + self.intercept_
        return np.asarray(self.level(city) * np.exp(np.clip(change, -FURTHEST, FURTHEST)))

    def season(self, city: Floats) -> Floats:
        """Log factor of the season on that; shape (weeks, issues)."""
        past = seasons(city, self.horizon_weeks_)
        change = past / SEASON_WEIGHT * (self.weights_ / self.scales_)[-1]
        return np.asarray(past + np.clip(change, -FURTHEST, FURTHEST))


def _ratios(series: Floats) -> list[Floats]:
    """The last week, the fast, and the middle averages against slower ones; each of the shape of ``series``."""
    weeks = np.arange(1, len(series) + 1)
    sums = {}
    for speed in SPEEDS:
        # an EWMA is the mean of about (2 - alpha) / alpha weeks
        reach = np.minimum((2 - speed) / speed, weeks)[:, None]
        sums[speed] = (reach, ewma_path(series, speed))

    def ratio(fast: float, slow: float) -> Floats:
        reach, average = sums[fast]
        return np.asarray(np.log((reach * average + RATIO_PRIOR) / (reach * sums[slow][1] + RATIO_PRIOR)))

    last = np.log((series + RATIO_PRIOR) / (sums[0.3][1] + RATIO_PRIOR))
    return [last, ratio(0.5, 0.1), ratio(0.3, 0.1), ratio(0.1, 0.03)]


def exposures(city: Floats, alpha: float, reach: float) -> Floats:
    """Step 1: g_k(w), the bias-corrected EWMA of the city total of each issue, plus a floor.

    An EWMA is the mean of about (2 - α) / α weeks; of an issue so rare that these hold less than ``reach`` complaints α
    is smaller. How rare it is follows a slow average of the weeks until then.

    Args:
        city: city totals, shape (weeks, issues).
        alpha, reach: from ``tune_exposure``.
    """
    usual = ewma_path(city, USUAL_ALPHA) + EXPOSURE_FLOOR
    path = np.empty_like(city)
    average, weight = np.zeros(city.shape[1:]), np.zeros(city.shape[1:])
    for week, gain in enumerate(np.minimum(alpha, 2 / (reach / usual + 1))):
        weight = (1 - gain) * weight + gain
        average = path[week] = average + gain / weight * (city[week] - average)
    return path + EXPOSURE_FLOOR


def tune_exposure(city: Floats) -> tuple[float, float]:
    """Choose how fast the city-wide rate follows, and how much it holds: what made the next weeks' totals most likely.

    Some cities jump with every storm, others are steady. The likelihood is negative binomial, with variance
    mean + .05 mean², so that neither the largest issue nor a single week decides.

    Args:
        city: city totals of the weeks to learn from, shape (weeks, issues).

    Returns:
        α and the least reach.
    """
    came, size = city[EXPOSURE_WARM_UP + 1 :], 1 / EXPOSURE_DISPERSION

    def loss(choice: tuple[float, float]) -> float:
        expected = exposures(city, *choice)[EXPOSURE_WARM_UP:-1]
        return float(((came + size) * np.log(expected + size) - came * np.log(expected)).sum())

    return min(product(EXPOSURE_ALPHAS, EXPOSURE_REACHES), key=loss)


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
