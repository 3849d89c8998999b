"""The stack: mean logit of the filter, a boosted rate, a wide logistic and a monotone classifier (R4 of the protocol).

The four learners err in different ways: in development windows their mean was seldom the best in a city and never far
from it, and its calibration was better than that of any one of them.
"""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils.validation import check_is_fitted

from models.binning import WeightedBins
from models.boosted import LEAST_POSITIVES, WARM_UP_WEEKS
from models.features import FEATURES
from models.filter_logistic import last_state
from models.forecaster import Forecast, Forecaster
from models.gamma_poisson import LEVELS, replay
from models.hybrid import RATE_INPUTS, SMALL_MEAN, FilterBoosted
from models.input_groups import blanked, named_without
from models.offset_logistic import OffsetLogistic
from models.panel import Panel
from models.tails import Floats, expit, logit
from models.targets import Thresholds, surge_counts, surge_thresholds
from models.threshold_logits import ThresholdLogits

RATES = (
    "last_week", "mean_4w", "mean_8w", "mean_26w", "mean_52w", "deviation_26w", "max_8w", "max_52w",
    "ewma_02", "ewma_05", "ewma_10", "ewma_20", "ewma_50", "last_year",
)  # fmt: skip
"""Counts of the cell: the wide logistic sees their logarithm beside that of the threshold."""
SIZES = (
    "weeks_since_complaint", "weeks_since_hot", "hot_weeks_8w", "hot_weeks_52w", "active_weeks_52w",
    "community_last_week", "community_mean_8w", "community_mean_52w", "city_last_week", "city_mean_4w", "city_mean_52w",
)  # fmt: skip
"""Other figures that matter by their ratio."""
PLAIN = ("city_ratio", "season", "week_of_year_sine", "week_of_year_cosine")
RISING = (
    "last_week", "mean_4w", "mean_8w", "mean_26w", "mean_52w", "max_8w", "max_52w",
    "ewma_02", "ewma_05", "ewma_10", "ewma_20", "ewma_50", "hot_weeks_8w", "hot_weeks_52w", "active_weeks_52w",
)  # fmt: skip
"""More complaints in the past never lower what the classifier says."""
SMALL_COUNT = 0.05
WIDE_PENALTY = 300.0
LEAST_CHANCE = 0.02
"""No training row counts for more than fifty."""

_LEVELS = len(LEVELS)
_LOG_MEAN = len(FEATURES)
_LEVEL_LOGIT = _LOG_MEAN + 2 * _LEVELS - 1
_OUTBREAK_LOGIT = RATE_INPUTS.index("level_outbreak")
_Table = NDArray[np.float32]


class FilterStack(Forecaster):
    """Mean logit of the two parts of ``FilterBoosted``, a logistic on all inputs and a monotone boosted classifier.

    ``FilterLogistic``, the first of them, has half of the weight, the three others a sixth each.

    ``surge`` is the mean logit of ``FilterBoosted`` and a wide logistic of its own; the expected count is that of
    ``FilterBoosted``. Where there are too few examples to learn from, so is the rest.

    ``context`` as for ``FilterBoosted``; the logistics see the logarithms of one plus such a count.

    Attributes:
        base_: the fitted ``FilterBoosted``.
        wide_: the logistic, shrunk towards the filter's own tail, or None with too few examples.
        surge_: the same for ``surge``.
        classifier_: the monotone classifier, or None with too few examples.
        bins_: the bins of its inputs.
    """

    def __init__(
        self,
        training_weeks: int = 104,
        max_rows: int = 400_000,
        iterations: int = 120,
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
        return named_without("filter_stack", self.without, self.context)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what it looks at."""
        return FilterBoosted(context=self.context).inputs

    @property
    def title(self) -> str:
        """Chinese label for the page and the brief."""
        return "滤波+多模型平均"

    def fit(self, panel: Panel, thresholds: Thresholds) -> Self:
        """Fit the base, then the two others on one sample of the closed windows of the last ``training_weeks``."""
        self.base_ = FilterBoosted(
            self.training_weeks, self.max_rows, seed=self.seed, without=self.without, context=self.context
        ).fit(panel, thresholds)
        self.wide_: OffsetLogistic | None = None
        self.surge_: OffsetLogistic | None = None
        self.classifier_: HistGradientBoostingClassifier | None = None
        counts, horizon = panel.observed, thresholds.horizon_weeks
        newest = len(counts) - 1 - horizon
        oldest = max(WARM_UP_WEEKS - 1, newest - self.training_weeks + 1)
        if newest < oldest:
            return self
        share = min(1.0, self.max_rows / ((newest - oldest + 1) * counts[0].size))
        tables, heights, outcomes, weights = [], [], [], []
        linear = self.base_.linear_
        for state in replay(counts[: newest + 1], horizon, oldest, linear.city_rate_):
            day = panel.as_of - dt.timedelta(weeks=len(counts) - 1 - state.week)
            came = counts[state.week + 1 : state.week + 1 + horizon].sum(axis=0)
            height = surge_counts(counts[: state.week + 1], thresholds)
            outcome = np.stack([(came >= thresholds.hot).ravel(), (came >= height).ravel()], axis=1)
            rare = share * np.minimum(1.0, state.mean[1].ravel() / SMALL_MEAN)
            chance = np.where(outcome.any(axis=1), 1.0, np.maximum(rare, min(share, LEAST_CHANCE)))
            kept = np.flatnonzero(np.random.default_rng([self.seed, day.toordinal()]).random(len(chance)) < chance)
            hot, surge = (linear.asked(state, one, kept) for one in (thresholds.hot, height))
            table = self.base_.table(panel, counts, state, hot, thresholds, day)
            tables.append(table)
            heights.append(at_height(table, surge))
            outcomes.append(outcome[kept])
            weights.append(1 / chance[kept])
        (outcome, surged), weight = np.concatenate(outcomes).T, np.concatenate(weights)
        table, surge_table = np.concatenate(tables), np.concatenate(heights)
        if int(surged.sum()) >= LEAST_POSITIVES:
            offset = offsets(surge_table)
            surge_inputs = wide_inputs(self._blanked(surge_table))
            self.surge_ = OffsetLogistic(WIDE_PENALTY).fit(surge_inputs, offset, surged, weight)
        if int(outcome.sum()) >= LEAST_POSITIVES:
            offset, table = offsets(table), self._blanked(table)
            self.wide_ = OffsetLogistic(WIDE_PENALTY).fit(wide_inputs(table), offset, outcome, weight)
            self.bins_ = WeightedBins().fit(table, sample_weight=weight)
            self.classifier_ = HistGradientBoostingClassifier(
                learning_rate=0.05,
                max_iter=self.iterations,
                max_leaf_nodes=8,
                min_samples_leaf=200,
                l2_regularization=5.0,
                early_stopping=False,
                monotonic_cst=rising(table.shape[1]),
                random_state=self.seed,
            ).fit(self.bins_.transform(table), outcome, sample_weight=weight)
        return self

    def predict(self, panel: Panel, thresholds: Thresholds) -> Forecast:
        """Forecast the window that begins at ``panel.as_of``."""
        check_is_fitted(self)
        linear = self.base_.linear_
        state = last_state(panel, thresholds.horizon_weeks, linear.city_rate_)
        # trees and numpy let go of the interpreter: half of the work is done beside the other, on a second core
        with ThreadPoolExecutor(1) as beside:
            asked = beside.submit(linear.asked, state, surge_thresholds(panel, thresholds))
            hot = linear.asked(state, thresholds.hot)
            table = self.base_.table(panel, panel.observed, state, hot, thresholds, panel.as_of)
            surge = asked.result()
            filtered = linear.forecast(state, hot, surge)
            boosted = beside.submit(self.base_.forecast, filtered, state, hot, surge, table)
            on_surge, on_hot = self._surge_logit(table, surge), self._hot_logits(table)
        base = boosted.result()
        p_hot, p_surge = base.p_hot, base.p_surge
        if on_surge is not None:
            p_surge = expit((logit(p_surge) + on_surge.reshape(p_surge.shape)) / 2)
        if on_hot is not None:
            p_hot = expit((logit(filtered.p_hot) + logit(p_hot)) / 3 + on_hot.reshape(p_hot.shape) / 6)
        return Forecast(p_hot=p_hot, p_surge=p_surge, expected_count=base.expected_count)

    def _surge_logit(self, table: _Table, surge: ThresholdLogits) -> Floats | None:
        """What the logistic for ``surge`` says, shape (cells,); None with too few examples."""
        if self.surge_ is None:
            return None
        table = at_height(table, surge)
        return self.surge_.logit(wide_inputs(self._blanked(table)), offsets(table))

    def _hot_logits(self, table: _Table) -> Floats | None:
        """The sum of what the wide logistic and the classifier say, shape (cells,); None with too few examples."""
        if self.wide_ is None or self.classifier_ is None:
            return None
        offset, table = offsets(table), self._blanked(table)
        classified = logit(self.classifier_.predict_proba(self.bins_.transform(table))[:, 1])
        return self.wide_.logit(wide_inputs(table), offset) + classified

    def explain(self, panel: Panel, thresholds: Thresholds) -> pl.DataFrame:
        """The contributions of ``FilterLogistic`` and ``pattern``, what the others change. Grain and key as there."""
        own = logit(self.predict(panel, thresholds).p_hot).ravel()
        explained = self.base_.linear_.explain(panel, thresholds)
        return explained.with_columns(pattern=own - explained["logit"].to_numpy(), logit=own)

    def _blanked(self, table: _Table) -> _Table:
        return blanked(table, (*RATE_INPUTS, *self.base_.context_), self.without).astype(np.float32, copy=False)


def at_height(table: _Table, surge: ThresholdLogits) -> _Table:
    """Rows of ``rate_inputs`` with the cells' surge thresholds in the place of their issues' thresholds."""
    changed = table.copy()
    changed[:, FEATURES.index("threshold")] = surge.threshold
    changed[:, _LEVEL_LOGIT : _LEVEL_LOGIT + _LEVELS] = surge.levels.T
    changed[:, _OUTBREAK_LOGIT] = surge.outbreak
    return changed


def offsets(table: _Table) -> Floats:
    """``ThresholdLogits.offset`` from rows of ``rate_inputs``, shape (rows,)."""
    middle = (table[:, _LEVEL_LOGIT + 1] + table[:, _LEVEL_LOGIT + 2]) / 2
    return np.asarray((middle + table[:, _OUTBREAK_LOGIT]) / 2, np.float64)


def wide_inputs(table: _Table) -> _Table:
    """Rows of ``rate_inputs`` as a logistic can use them: logits, logarithms and their differences.

    Returns:
        shape (rows, 7 + rates + sizes + plain + context).
    """
    levels = table[:, _LEVEL_LOGIT : _LEVEL_LOGIT + _LEVELS]
    height = np.log(_columns(table, ("threshold",)))
    parts = (
        np.diff(levels, axis=1),
        table[:, _LOG_MEAN + 1 : _LOG_MEAN + 2] - height,
        height,
        offsets(table)[:, None] / 3,
        table[:, _OUTBREAK_LOGIT : _OUTBREAK_LOGIT + 1] - offsets(table)[:, None],
        np.log(_columns(table, RATES) + SMALL_COUNT) - height,
        np.log(_columns(table, SIZES) + SMALL_COUNT),
        _columns(table, PLAIN),
        np.log1p(table[:, len(RATE_INPUTS) :]),
    )
    return np.hstack(parts).astype(np.float32)


def rising(width: int) -> NDArray[np.int8]:
    """1 for the columns of ``rate_inputs`` in which the classifier may only rise: past counts, filter means, tails."""
    constraint = np.zeros(width, np.int8)
    constraint[[FEATURES.index(name) for name in RISING]] = 1
    constraint[_LOG_MEAN : _LOG_MEAN + _LEVELS] = 1
    constraint[_LEVEL_LOGIT : _LEVEL_LOGIT + _LEVELS] = 1
    constraint[_OUTBREAK_LOGIT] = 1
    return constraint


def _columns(table: _Table, names: tuple[str, ...]) -> _Table:
    return table[:, [FEATURES.index(name) for name in names]]
