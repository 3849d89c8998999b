"""The baselines every run is printed beside: classical rates turned into Poisson tails.

Each baseline is one weekly rate per cell; the tail of a Poisson with that rate gives the probabilities. EWMA tails
are the ones to beat. All rates are corrected for short history (weights always sum to one over the weeks there are)
and none falls below a small share of the issue's average, so that a cell without history keeps a chance.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from models.forecaster import Forecast, Forecaster
from models.measures import log_losses
from models.panel import Counts, Panel
from models.smoothing import ewma, ewma_path, ewma_step
from models.tails import Floats, poisson_tail
from models.targets import Thresholds, surge_thresholds

FLOOR_SHARE = 0.2
"""Least rate of a cell, as a share of the issue's average rate per community.

Tried on four cities from .01 to .4, in favour of the baselines: up to .2 log loss falls or stays in all of them at
next to no cost in PR-AUC; at .4 it falls further in three, but rises in the fourth, whose PR-AUC drops by a hundredth.
"""
FLOOR_RATE = 1e-3
"""Least rate of a cell whatever its issue: a new issue without any event has no average to take a share of."""
SEASON_WEEKS = 52


class PoissonTail(Forecaster):
    """A weekly rate per cell, turned into Poisson tail probabilities. Subclasses give the rate."""

    def fit(self, panel: Panel, thresholds: Thresholds) -> Self:
        """Learn nothing: the rate is read from the panel when predicting."""
        return self

    @abstractmethod
    def rate(self, counts: Counts, horizon_weeks: int) -> Floats:
        """Expected count per week over the horizon, shape (communities, issues)."""

    def predict(self, panel: Panel, thresholds: Thresholds) -> Forecast:
        """Forecast the window that begins at ``panel.as_of``."""
        counts = panel.observed
        city = counts.sum(axis=1, dtype=np.float64)
        rate = floored(self.rate(counts, thresholds.horizon_weeks), city, len(panel.communities))
        expected = thresholds.horizon_weeks * rate
        return Forecast(
            p_hot=poisson_tail(expected, thresholds.hot),
            p_surge=poisson_tail(expected, surge_thresholds(panel, thresholds)),
            expected_count=expected,
        )


def floored(rate: Floats, city: Floats, communities: int) -> Floats:
    """Lift rates below the floor; see ``FLOOR_SHARE`` and ``FLOOR_RATE``.

    Args:
        rate: shape (communities, issues).
        city: city totals of all weeks known, shape (weeks, issues).
        communities: how many communities share a city total.
    """
    average = city.mean(axis=0) / communities
    return np.asarray(np.maximum(rate, np.maximum(FLOOR_SHARE * average, FLOOR_RATE)))


class MovingAverage(PoissonTail):
    """Mean of the last ``weeks`` weeks; one week is persistence."""

    def __init__(self, weeks: int = 4) -> None:
        self.weeks = weeks

    @property
    def name(self) -> str:
        """Key used in column names."""
        return "persistence" if self.weeks == 1 else f"mean_{self.weeks}w"

    @property
    def title(self) -> str:
        """Chinese label for the page and the brief."""
        return "上周数量" if self.weeks == 1 else f"近{self.weeks}周均值"

    def rate(self, counts: Counts, horizon_weeks: int) -> Floats:
        """Mean of the last weeks, or of those there are."""
        return np.asarray(counts[-self.weeks :].mean(axis=0, dtype=np.float64))


class LastYear(PoissonTail):
    """The same weeks a year (52 weeks) earlier; the mean of all weeks where history is shorter than that."""

    @property
    def name(self) -> str:
        """Key used in column names."""
        return "last_year"

    @property
    def title(self) -> str:
        """Chinese label for the page and the brief."""
        return "去年同周"

    def rate(self, counts: Counts, horizon_weeks: int) -> Floats:
        """Mean of the weeks 52 weeks before the horizon."""
        start = len(counts) - SEASON_WEEKS
        window = counts[start : start + horizon_weeks] if start >= 0 else counts
        return np.asarray(window.mean(axis=0, dtype=np.float64))


class Ewma(PoissonTail):
    """Exponentially weighted moving average, bias-corrected for short history."""

    def __init__(self, alpha: float = 0.05) -> None:
        self.alpha = alpha

    @property
    def name(self) -> str:
        """Key used in column names."""
        return f"ewma_{round(100 * self.alpha):02d}"

    @property
    def title(self) -> str:
        """Chinese label for the page and the brief."""
        return f"指数平滑(α={self.alpha:g})"

    def rate(self, counts: Counts, horizon_weeks: int) -> Floats:
        """Weighted mean of all weeks."""
        return ewma(counts, self.alpha)


class CrostonSba(PoissonTail):
    """Croston's method with the Syntetos–Boylan correction.

    Demand size z and interval p are smoothed at weeks with demand only; the rate is (1 - α/2) · z / p
    (Syntetos & Boylan 2005, International Journal of Forecasting 21:303-314). The first demand sets z to its size and
    p to the weeks it took to come.
    """

    def __init__(self, alpha: float = 0.1) -> None:
        self.alpha = alpha

    @property
    def name(self) -> str:
        """Key used in column names."""
        return "croston_sba"

    @property
    def title(self) -> str:
        """Chinese label for the page and the brief."""
        return "Croston-SBA"

    def rate(self, counts: Counts, horizon_weeks: int) -> Floats:
        """(1 - α/2) · z / p after the last week; zero before the first demand."""
        shape = counts.shape[1:]
        size, interval = np.zeros(shape), np.ones(shape)
        since_demand = np.zeros(shape)
        for week in counts.astype(np.float64):
            since_demand += 1
            demand = week > 0
            weight = np.where(size == 0, 1.0, self.alpha)
            size = np.where(demand, size + weight * (week - size), size)
            interval = np.where(demand, interval + weight * (since_demand - interval), interval)
            since_demand[demand] = 0
        return (1 - self.alpha / 2) * size / interval


class EwmaCity(PoissonTail):
    """EWMA of the cell × (fast EWMA of the city total ÷ slow EWMA of the city total), per issue.

    The slow EWMA has the cell's own α, so the ratio says how much busier the city is now than over the weeks the cell
    average remembers. Both speeds are tuned on past weeks as the models' parameters are: ``fit`` replays the last
    ``tuning_weeks`` weeks for every pair of the grid and keeps the pair with the lowest log loss of ``hot``.

    Attributes:
        alpha_, city_alpha_: the chosen speeds.
    """

    ALPHAS = (0.02, 0.05, 0.1, 0.2)
    CITY_ALPHAS = (0.15, 0.3, 0.5)
    CITY_FLOOR = 0.05

    def __init__(self, tuning_weeks: int = 26) -> None:
        self.tuning_weeks = tuning_weeks

    @property
    def name(self) -> str:
        """Key used in column names."""
        return "ewma_city"

    @property
    def title(self) -> str:
        """Chinese label for the page and the brief."""
        return "指数平滑×全市比"

    def fit(self, panel: Panel, thresholds: Thresholds) -> Self:
        """Choose the two speeds on the last ``tuning_weeks`` weeks."""
        counts, horizon = panel.observed, thresholds.horizon_weeks
        city = counts.sum(axis=1, dtype=np.float64)
        path = {alpha: ewma_path(city, alpha) for alpha in {*self.ALPHAS, *self.CITY_ALPHAS}}
        # A cell that never had a complaint sits at the floor whatever the speeds, so it cannot tell them apart.
        active = counts.any(axis=0)
        threshold = np.broadcast_to(thresholds.hot, active.shape)[active]
        loss = {(alpha, city_alpha): 0.0 for alpha in self.ALPHAS for city_alpha in self.CITY_ALPHAS}
        last = len(counts) - 1 - horizon
        first = max(0, last - self.tuning_weeks + 1)
        average = {alpha: ewma(counts[: first + 1], alpha) for alpha in self.ALPHAS}
        for week in range(first, last + 1):
            hot = counts[week + 1 : week + 1 + horizon].sum(axis=0)[active] >= threshold
            for alpha in self.ALPHAS:
                if week > first:
                    average[alpha] = ewma_step(average[alpha], week, counts[week], alpha)
                for city_alpha in self.CITY_ALPHAS:
                    rate = average[alpha] * self._ratio(path[city_alpha][week], path[alpha][week])
                    expected = horizon * floored(rate, city[: week + 1], active.shape[0])[active]
                    loss[alpha, city_alpha] += float(log_losses(poisson_tail(expected, threshold), hot).sum())
        self.alpha_, self.city_alpha_ = min(loss, key=lambda pair: loss[pair])
        return self

    def rate(self, counts: Counts, horizon_weeks: int) -> Floats:
        """EWMA of the cell times the city ratio of its issue."""
        check_is_fitted(self)
        city = counts.sum(axis=1, dtype=np.float64)
        return ewma(counts, self.alpha_) * self._ratio(ewma(city, self.city_alpha_), ewma(city, self.alpha_))

    def _ratio(self, fast: Floats, slow: Floats) -> Floats:
        return (fast + self.CITY_FLOOR) / (slow + self.CITY_FLOOR)


def classical_baselines() -> list[PoissonTail]:
    """The classical set; "the best baseline" in every ratio is the best of these, chosen after the fact."""
    averages: list[PoissonTail] = [MovingAverage(weeks) for weeks in (1, 4, 8, 26, 52)]
    speeds: list[PoissonTail] = [Ewma(alpha) for alpha in (0.02, 0.05, 0.1, 0.2)]
    return [*averages, LastYear(), *speeds, CrostonSba()]


def all_baselines() -> list[PoissonTail]:
    """The classical set and EWMA × city ratio, which is printed beside it."""
    return [*classical_baselines(), EwmaCity()]


CLASSICAL_BASELINES = tuple(baseline.name for baseline in classical_baselines())
BASELINES = tuple(baseline.name for baseline in all_baselines())
