"""The filter's forecast, corrected by trees: a boosted rate on top of the filter's mean (R2 of the protocol)."""

from __future__ import annotations

import datetime as dt
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.utils.validation import check_is_fitted

from models.binning import WeightedBins
from models.boosted import WARM_UP_WEEKS, week_of_year
from models.features import FEATURES, features_at
from models.filter_logistic import INPUTS, FilterLogistic, last_state
from models.forecaster import Forecast, Forecaster
from models.gamma_poisson import WeekState, replay
from models.input_groups import INPUT_GROUPS, blanked, named_without
from models.panel import Counts, Panel
from models.tails import Floats, expit, logit, negative_binomial_tail
from models.targets import Thresholds, surge_thresholds
from models.threshold_logits import ThresholdLogits

RATE_INPUTS = (*FEATURES, *INPUT_GROUPS["filter"], "log_exposure", "level_outbreak")
"""Inputs of the trees: the plain facts, then what the filter makes of them."""
SMALL_MEAN = 0.05
"""Training rows with a smaller expected count are sampled in proportion to it and weighted back."""


class FilterBoosted(Forecaster):
    """Mean logit of ``FilterLogistic`` and of a boosted rate.

    The rate is a Poisson HistGradientBoostingRegressor on y / μ1 with weight μ1, that is, it learns by what factor
    to correct the filter's own mean; where trees find nothing the factor is one. Its probability is the negative
    binomial tail with the corrected mean and the filter's size.

    ``context`` names inputs beside the counts (``context.CONTEXT_INPUTS``) that the trees are given; those of which a
    city's sources say nothing change nothing.

    Attributes:
        linear_: the fitted ``FilterLogistic``.
        context_: inputs beside the counts that were known when it was fitted.
        regressor_: the fitted regressor, or None where there was nothing to train on.
        bins_: the bins of its inputs.
    """

    def __init__(
        self,
        training_weeks: int = 104,
        max_rows: int = 400_000,
        iterations: int = 100,
        seed: int = 2020,
        without: tuple[str, ...] = (),
        context: tuple[str, ...] = (),
    ) -> None:
        self.training_weeks = training_weeks
        self.max_rows = max_rows
        self.iterations = iterations
        self.seed = seed
        self.without = without
        self.context = context

    @property
    def name(self) -> str:
        """Key used in column names."""
        return named_without("filter_boosted", self.without, self.context)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what it looks at."""
        return (*INPUTS, *RATE_INPUTS, *self.context)

    @property
    def title(self) -> str:
        """Chinese label for the page and the brief."""
        return "滤波+提升树"

    def fit(self, panel: Panel, thresholds: Thresholds) -> Self:
        """Fit ``FilterLogistic``, then the trees on what its filter missed."""
        self.linear_ = FilterLogistic(seed=self.seed, without=self.without).fit(panel, thresholds)
        self.context_ = () if panel.context is None else panel.context.known(self.context)
        counts, horizon = panel.observed, thresholds.horizon_weeks
        newest = len(counts) - 1 - horizon
        oldest = max(WARM_UP_WEEKS - 1, newest - self.training_weeks + 1)
        self.regressor_ = None
        if newest < oldest:
            return self
        share = min(1.0, self.max_rows / ((newest - oldest + 1) * counts[0].size))
        inputs, ratios, weights = [], [], []
        for state in replay(counts[: newest + 1], horizon, oldest, self.linear_.city_rate_):
            day = panel.as_of - dt.timedelta(weeks=len(counts) - 1 - state.week)
            mean = state.mean[1].ravel()
            chance = share * np.minimum(1.0, mean / SMALL_MEAN)
            kept = np.flatnonzero(np.random.default_rng([self.seed, day.toordinal()]).random(len(mean)) < chance)
            came = counts[state.week + 1 : state.week + 1 + horizon].sum(axis=0).ravel()
            table = self.table(panel, counts, state, self.linear_.asked(state, thresholds.hot, kept), thresholds, day)
            inputs.append(blanked(table, (*RATE_INPUTS, *self.context_), self.without))
            ratios.append(came[kept] / mean[kept])
            weights.append(mean[kept] / chance[kept])
        ratio = np.concatenate(ratios)
        if ratio.any():
            weight = np.concatenate(weights)
            table = np.concatenate(inputs)
            self.bins_ = WeightedBins().fit(table, sample_weight=weight)
            self.regressor_ = HistGradientBoostingRegressor(
                loss="poisson",
                learning_rate=0.05,
                max_iter=self.iterations,
                max_leaf_nodes=8,
                min_samples_leaf=200,
                l2_regularization=5.0,
                early_stopping=False,
                random_state=self.seed,
            ).fit(self.bins_.transform(table), ratio, sample_weight=weight)
        return self

    def predict(self, panel: Panel, thresholds: Thresholds) -> Forecast:
        """Forecast the window that begins at ``panel.as_of``."""
        check_is_fitted(self)
        state = last_state(panel, thresholds.horizon_weeks, self.linear_.city_rate_)
        hot, surge = (self.linear_.asked(state, one) for one in (thresholds.hot, surge_thresholds(panel, thresholds)))
        table = self.table(panel, panel.observed, state, hot, thresholds, panel.as_of)
        return self.forecast(self.linear_.forecast(state, hot, surge), state, hot, surge, table)

    def forecast(
        self,
        linear: Forecast,
        state: WeekState,
        hot: ThresholdLogits,
        surge: ThresholdLogits,
        table: NDArray[np.float32],
    ) -> Forecast:
        """Forecast from the filter's state after the panel's last week.

        Args:
            linear: what ``linear_`` says.
            state: after that week.
            hot, surge: what it says of the two thresholds in all cells.
            table: rows of :meth:`table` of all cells.
        """
        if self.regressor_ is None:
            return linear
        table = blanked(table, (*RATE_INPUTS, *self.context_), self.without)
        mean = state.mean[1] * self.regressor_.predict(self.bins_.transform(table)).reshape(linear.p_hot.shape)
        return Forecast(
            p_hot=self._blend(linear.p_hot, mean, state, hot.threshold),
            p_surge=self._blend(linear.p_surge, mean, state, surge.threshold),
            expected_count=(linear.expected_count + mean) / 2,
        )

    def table(
        self,
        panel: Panel,
        counts: Counts,
        state: WeekState,
        hot: ThresholdLogits,
        thresholds: Thresholds,
        day: dt.date,
    ) -> NDArray[np.float32]:
        """``rate_inputs`` at the end of the week of ``state``, followed by ``context_``.

        Args:
            panel: whose context is asked.
            counts: its observed counts.
            state: the filter's, after one of those weeks.
            hot, thresholds: see ``rate_inputs``.
            day: first day of the week after.
        """
        then = counts[: state.week + 1]
        table = rate_inputs(then, state, hot, thresholds, day)
        if not self.context_:
            return table
        if panel.context is None:
            raise ValueError(f"panel of {panel.as_of} has no context, but {self.name} was fitted with one")
        return np.hstack([table, panel.context.table(self.context_, then, len(counts) - 1 - state.week, hot.cells)])

    def explain(self, panel: Panel, thresholds: Thresholds) -> pl.DataFrame:
        """The contributions of ``FilterLogistic`` and ``pattern``, what the trees change. Grain and key as there."""
        own = logit(self.predict(panel, thresholds).p_hot).ravel()
        explained = self.linear_.explain(panel, thresholds)
        pattern = own - explained["logit"].to_numpy()
        return explained.drop("logit").with_columns(pattern=pattern, logit=own)

    def _blend(self, linear: Floats, mean: Floats, state: WeekState, threshold: Floats) -> Floats:
        boosted = logit(negative_binomial_tail(mean, state.size[1], threshold.reshape(mean.shape)))
        return expit((logit(linear) + boosted) / 2)


def rate_inputs(
    counts: Counts, state: WeekState, hot: ThresholdLogits, thresholds: Thresholds, day: dt.date
) -> NDArray[np.float32]:
    """The plain facts and what the filter makes of them, shape (cells, inputs) in the order of ``RATE_INPUTS``.

    ``hot`` is what the filter says of the cells to describe reaching the thresholds of their issues.
    """
    chosen = slice(None) if hot.cells is None else hot.cells
    log_mean = np.log(state.mean.reshape(len(state.mean), -1)[:, chosen])
    size, exposure = state.size[1].ravel()[chosen], np.tile(state.exposure, counts.shape[1])[chosen]
    columns = (*log_mean, *np.diff(log_mean, axis=0), *hot.levels, size, np.log(exposure), hot.outbreak)
    filtered = np.stack(columns, axis=1, dtype=np.float32, casting="same_kind")
    return np.hstack([features_at(counts, thresholds, week_of_year(day), hot.cells), filtered])
