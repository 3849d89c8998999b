"""A plain gradient-boosting classifier on ``hot``: what one would try first."""

from __future__ import annotations

import datetime as dt
from typing import Self

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils.validation import check_is_fitted

from models.binning import WeightedBins
from models.features import FEATURES, features_at
from models.forecaster import Forecast, Forecaster
from models.input_groups import blanked, named_without
from models.panel import DAYS_PER_WEEK, Panel
from models.smoothing import ewma
from models.tails import poisson_tail
from models.targets import Thresholds, surge_thresholds

WARM_UP_WEEKS = 8
LEAST_POSITIVES = 20
"""With fewer hot examples trees only memorise; the forecast is then the EWMA's Poisson tail."""


class BoostedClassifier(Forecaster):
    """HistGradientBoosting on the facts of ``features.FEATURES``, trained on the last weeks.

    Negatives are sampled to about ``max_rows`` and weighted back. ``p_surge`` and ``expected_count`` are those of an
    EWMA (α = .1), because the classifier knows only one threshold. ``without`` names inputs to leave out.

    Attributes:
        classifier_: the fitted classifier, or None where there was too little to learn from.
        bins_: the bins of its inputs.
    """

    ALPHA = 0.1

    def __init__(
        self,
        training_weeks: int = 52,
        max_rows: int = 300_000,
        iterations: int = 120,
        seed: int = 2020,
        without: tuple[str, ...] = (),
    ) -> None:
        self.training_weeks = training_weeks
        self.max_rows = max_rows
        self.iterations = iterations
        self.seed = seed
        self.without = without

    @property
    def name(self) -> str:
        """Key used in column names."""
        return named_without("boosted", self.without)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what it looks at."""
        return FEATURES

    @property
    def title(self) -> str:
        """Chinese label for the page and the brief."""
        return "梯度提升树"

    def fit(self, panel: Panel, thresholds: Thresholds) -> Self:
        """Grow the trees on the closed windows of the last ``training_weeks`` weeks."""
        thresholds.check(panel)
        counts, horizon = panel.observed, thresholds.horizon_weeks
        newest = len(counts) - 1 - horizon
        weeks = range(max(WARM_UP_WEEKS - 1, newest - self.training_weeks + 1), newest + 1)
        share = min(1.0, self.max_rows / max(1, len(weeks) * counts[0].size))
        inputs, outcomes, weights = [], [], []
        for week in weeks:
            hot = (counts[week + 1 : week + 1 + horizon].sum(axis=0) >= thresholds.hot).ravel()
            day = panel.as_of - dt.timedelta(weeks=len(counts) - 1 - week)
            kept = hot | (np.random.default_rng([self.seed, day.toordinal()]).random(len(hot)) < share)
            table = features_at(counts[: week + 1], thresholds, week_of_year(day), np.flatnonzero(kept))
            inputs.append(blanked(table, FEATURES, self.without))
            outcomes.append(hot[kept])
            weights.append(np.where(hot[kept], 1.0, 1 / share))
        self.classifier_ = None
        if sum(int(hot.sum()) for hot in outcomes) >= LEAST_POSITIVES:
            weight = np.concatenate(weights)
            table = np.concatenate(inputs)
            self.bins_ = WeightedBins().fit(table, sample_weight=weight)
            self.classifier_ = HistGradientBoostingClassifier(
                learning_rate=0.05,
                max_iter=self.iterations,
                max_leaf_nodes=8,
                min_samples_leaf=100,
                l2_regularization=5.0,
                early_stopping=False,
                random_state=self.seed,
            ).fit(self.bins_.transform(table), np.concatenate(outcomes), sample_weight=weight)
        return self

    def predict(self, panel: Panel, thresholds: Thresholds) -> Forecast:
        """Forecast the window that begins at ``panel.as_of``."""
        check_is_fitted(self)
        thresholds.check(panel)
        counts = panel.observed
        expected = thresholds.horizon_weeks * np.maximum(ewma(counts, self.ALPHA), 1e-3)
        p_hot = poisson_tail(expected, thresholds.hot)
        if self.classifier_ is not None:
            table = blanked(features_at(counts, thresholds, week_of_year(panel.as_of)), FEATURES, self.without)
            p_hot = self.classifier_.predict_proba(self.bins_.transform(table))[:, 1].reshape(p_hot.shape)
        return Forecast(p_hot, poisson_tail(expected, surge_thresholds(panel, thresholds)), expected)


def week_of_year(day: dt.date) -> float:
    """Weeks since 1 January, with fractions."""
    return (day.timetuple().tm_yday - 1) / DAYS_PER_WEEK
