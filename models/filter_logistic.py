"""The model: gamma–Poisson filter tails, combined by a small logistic.

It is R1 of the forecast protocol but for what was won since: what the city as a whole is expected to report is learned
(:mod:`.city_rate`), communities have a factor of their own (:mod:`.gamma_poisson`), and what the logistic starts from
is halfway between the levels and a filter for outbreaks (:mod:`.outbreak_filter`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from models.city_rate import CityRate
from models.forecaster import Forecast, Forecaster
from models.gamma_poisson import WeekState, replay
from models.input_groups import blanked, named_without
from models.offset_logistic import OffsetLogistic
from models.panel import Panel
from models.tails import Floats, expit, logit, negative_binomial_tail
from models.targets import Thresholds, surge_counts, surge_thresholds
from models.threshold_logits import ThresholdLogits

TRAINING_WEEKS = 104
WARM_UP_WEEKS = 4
RARE_LOGIT = -4.5
RARE_SHARE = 0.25
MAX_RARE_ROWS = 1_000_000
"""In cities with more than four million cell-weeks to learn from, the share is lowered to about this many rows."""

INPUTS = (
    "half_year_shift", "month_shift", "week_shift", "expected_to_threshold", "threshold", "own_level", "outbreak_shift",
)  # fmt: skip
"""L1-L0, L2-L1, L3-L2, log(μ1/h), log h, o/3, and by how much the hidden Markov filter's logit exceeds o."""


@dataclass(frozen=True)
class TrainingRows:
    """Sampled past cell-weeks: inputs (rows, 7), offset, outcome and weight (rows,)."""

    inputs: NDArray[np.float32]
    offset: Floats
    outcome: NDArray[np.bool_]
    weights: Floats

    @classmethod
    def joined(cls, parts: Sequence[TrainingRows]) -> TrainingRows:
        """The rows of several weeks, or no rows."""
        nothing = cls(np.zeros((0, len(INPUTS)), np.float32), np.zeros(0), np.zeros(0, bool), np.zeros(0))
        stacked = zip(*((one.inputs, one.offset, one.outcome, one.weights) for one in (nothing, *parts)), strict=True)
        return cls(*(np.concatenate(column) for column in stacked))


class FilterLogistic(Forecaster):
    """Seven numbers per cell and a small logistic around the filter's own probability.

    The filter gives four tail logits L0 (slow) .. L3 (fast) of ``hot``, a hidden Markov filter a fifth, O. The offset
    o is halfway between (L1 + L2) / 2 and O; the logistic learns from the last 104 weeks how far the differences
    between the speeds, and between the filters, should move it. A second one learns
    the same for ``surge``, with the cell's surge threshold of the time in the place of h: a cell that was quiet for
    a year is another matter than an issue that is rare.

    Args:
        penalty: ridge penalty around the offset.
        training_weeks: how many past weeks the logistic learns from.
        seed: of the sample of rarely hot negatives; the same week is sampled the same way at every refit.
        without: inputs left out, to measure their worth.

    Attributes:
        city_rate_: the city as a whole, learned from the training weeks.
        logistic_: the ``OffsetLogistic`` fitted on ``hot``.
        surge_: the one fitted on ``surge``.
    """

    def __init__(
        self,
        penalty: float = 50.0,
        training_weeks: int = TRAINING_WEEKS,
        seed: int = 2020,
        without: tuple[str, ...] = (),
    ) -> None:
        self.penalty = penalty
        self.training_weeks = training_weeks
        self.seed = seed
        self.without = without

    @property
    def name(self) -> str:
        """Key used in column names."""
        return named_without("filter_logistic", self.without)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what it looks at."""
        return INPUTS

    @property
    def title(self) -> str:
        """Chinese label for the page and the brief."""
        return "伽马-泊松滤波+逻辑回归"

    def fit(self, panel: Panel, thresholds: Thresholds) -> Self:
        """Learn how the city as a whole moves and fit the logistic on the last ``training_weeks`` closed windows."""
        thresholds.check(panel)
        city = panel.observed.sum(axis=1, dtype=np.float64)
        self.city_rate_ = CityRate().fit(city, thresholds.horizon_weeks, self.training_weeks)
        hot, surge = self._training_rows(panel, thresholds)
        self.logistic_ = OffsetLogistic(self.penalty).fit(hot.inputs, hot.offset, hot.outcome, hot.weights)
        self.surge_ = OffsetLogistic(self.penalty).fit(surge.inputs, surge.offset, surge.outcome, surge.weights)
        return self

    def predict(self, panel: Panel, thresholds: Thresholds) -> Forecast:
        """Forecast the window that begins at ``panel.as_of``."""
        check_is_fitted(self)
        state = last_state(panel, thresholds.horizon_weeks, self.city_rate_)
        hot = self.asked(state, thresholds.hot)
        return self.forecast(state, hot, self.asked(state, surge_thresholds(panel, thresholds)))

    def asked(self, state: WeekState, threshold: Floats, cells: NDArray[np.intp] | None = None) -> ThresholdLogits:
        """``ThresholdLogits.at``; where the outbreak filter is left out, the levels speak in its place."""
        found = ThresholdLogits.at(state, threshold, cells)
        return replace(found, outbreak=found.middle) if "outbreak_shift" in self.without else found

    def forecast(self, state: WeekState, hot: ThresholdLogits, surge: ThresholdLogits) -> Forecast:
        """Forecast from a state of the filter and what it says of the two thresholds in all cells."""
        shape = state.mean.shape[1:]
        return Forecast(
            p_hot=expit(self.logistic_.logit(*self._inputs(hot))).reshape(shape),
            p_surge=expit(self.surge_.logit(*self._inputs(surge))).reshape(shape),
            expected_count=(state.mean[1] + state.mean[2]) / 2,
        )

    def explain(self, panel: Panel, thresholds: Thresholds) -> pl.DataFrame:
        """Split the logit of ``p_hot`` into contributions that add up to it.

        The offset is unfolded, L0 + (L1-L0) + (L2-L1)/2 + (O - (L1+L2)/2)/2, so that each speed stands under one name;
        ``long_run`` is L0 in an ordinary week for the city, and what an unusual city and the season add to it stand
        apart.

        Grain: cell. Key: (community_code, issue_code). Columns: ``long_run, city_trend, season, half_year_shift,
        month_shift, week_shift, expected_to_threshold, threshold, own_level, outbreak_shift, intercept``, then
        ``logit``, their sum.
        """
        check_is_fitted(self)
        state = last_state(panel, thresholds.horizon_weeks, self.city_rate_)
        hot = self.asked(state, thresholds.hot)
        inputs, offset = self._inputs(hot)
        learned = dict(zip(INPUTS, self.logistic_.contributions(inputs).T, strict=True))
        unfolded = {
            "half_year_shift": hot.levels[1] - hot.levels[0],
            "month_shift": (hot.levels[2] - hot.levels[1]) / 2,
            "outbreak_shift": offset - hot.middle,
        }
        ordinary = panel.observed.sum(axis=1, dtype=np.float64)[-52:].mean(axis=0) * thresholds.horizon_weeks
        now = state.exposure * thresholds.horizon_weeks
        in_ordinary_week = self._slow_logit(state, thresholds, ordinary / now / np.exp(state.season))
        without_season = self._slow_logit(state, thresholds, 1 / np.exp(state.season))
        parts = {
            "long_run": in_ordinary_week.ravel(),
            "city_trend": (without_season - in_ordinary_week).ravel(),
            "season": hot.levels[0] - without_season.ravel(),
            **{key: learned[key] + unfolded.get(key, 0.0) for key in INPUTS},
            "intercept": np.full(len(offset), self.logistic_.intercept_),
        }
        return panel.cells().with_columns(**parts, logit=self.logistic_.logit(inputs, offset))

    def _slow_logit(self, state: WeekState, thresholds: Thresholds, factor: Floats) -> Floats:
        """L0 if the city-wide rate were ``factor`` times what it is."""
        mean = state.mean[0] * np.maximum(factor, 1e-6)
        return logit(negative_binomial_tail(mean, state.size[0], thresholds.hot))

    def _inputs(self, asked: ThresholdLogits) -> tuple[NDArray[np.floating], Floats]:
        inputs, offset = logistic_inputs(asked)
        return blanked(inputs, INPUTS, self.without), offset

    def _training_rows(self, panel: Panel, thresholds: Thresholds) -> tuple[TrainingRows, TrainingRows]:
        """Past cell-weeks whose windows are closed, for ``hot`` and for ``surge``."""
        counts, horizon = panel.observed, thresholds.horizon_weeks
        newest = len(counts) - 1 - horizon
        oldest = max(WARM_UP_WEEKS - 1, newest - self.training_weeks + 1)
        share = min(RARE_SHARE, MAX_RARE_ROWS / max(1, (newest - oldest + 1) * counts[0].size))
        hot, surge = [], []
        for state in replay(counts[: newest + 1], horizon, oldest, self.city_rate_):
            came = counts[state.week + 1 : state.week + 1 + horizon].sum(axis=0)
            day = panel.as_of - dt.timedelta(weeks=len(counts) - 1 - state.week)
            drawn = np.random.default_rng([self.seed, day.toordinal()]).random(came.shape) < share
            hot.append(self._week_rows(state, came, np.broadcast_to(thresholds.hot, came.shape), drawn, share))
            height = surge_counts(counts[: state.week + 1], thresholds)
            surge.append(self._week_rows(state, came, height, drawn, share))
        return TrainingRows.joined(hot), TrainingRows.joined(surge)

    def _week_rows(
        self, state: WeekState, came: NDArray[np.float32], threshold: Floats, drawn: NDArray[np.bool_], share: float
    ) -> TrainingRows:
        """The rows of one week; of the negatives that the filter finds unlikely, only those drawn."""
        reached = came >= threshold
        # P(Y >= h) <= mean / h (Markov), so where both means are this small (L1 + L2) / 2 is below RARE_LOGIT and
        # the row will not be kept: its tails, the costly part, need not be computed.
        looked_at = reached | drawn | (np.maximum(state.mean[1], state.mean[2]) > expit(RARE_LOGIT) * threshold)
        outcome = reached[looked_at]
        asked = self.asked(state, threshold, np.flatnonzero(looked_at))
        inputs, offset = self._inputs(asked)
        rare = ~outcome & (asked.middle < RARE_LOGIT)
        kept = ~rare | drawn[looked_at]
        weights = np.where(rare, 1 / share, 1.0)[kept]
        return TrainingRows(inputs[kept].astype(np.float32), offset[kept], outcome[kept], weights)


def last_state(panel: Panel, horizon_weeks: int, rate: CityRate) -> WeekState:
    """The filter's state after the panel's last week."""
    counts = panel.observed
    return next(replay(counts, horizon_weeks, len(counts) - 1, rate))


def logistic_inputs(asked: ThresholdLogits) -> tuple[Floats, Floats]:
    """Step 7: the inputs, shape (cells, 7), and the offset, shape (cells,)."""
    levels, offset, height = asked.levels, asked.offset, np.log(asked.threshold)
    inputs = (
        levels[1] - levels[0],
        levels[2] - levels[1],
        levels[3] - levels[2],
        np.log(asked.mean) - height,
        height,
        offset / 3,
        asked.outbreak - offset,
    )
    return np.stack(inputs, axis=1), offset
