"""The one interface that every baseline and every model answers to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator

from models.panel import Panel
from models.tails import Floats, logit, poisson_tail
from models.targets import Thresholds, eligibility


@dataclass(frozen=True)
class Forecast:
    """A forecast of every cell; arrays are float64 of shape (communities, issues).

    Attributes:
        p_hot: probability that the count within the horizon reaches the frozen threshold of the issue. Under the
            eligibility masks it is also the probability of ``recurring`` and of ``emerging``.
        p_surge: probability that it reaches the cell's own surge threshold.
        expected_count: expected count within the horizon.
    """

    p_hot: Floats
    p_surge: Floats
    expected_count: Floats


class Forecaster(BaseEstimator, ABC):
    """A scikit-learn style estimator over panels.

    ``fit`` may look at nothing but the panel it is given: its newest training window is the panel's last week, so
    features of training examples end one horizon earlier. The horizon is ``thresholds.horizon_weeks``.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Key used in column names, e.g. ``ewma_05``."""

    @property
    @abstractmethod
    def title(self) -> str:
        """Chinese label for the page and the brief."""

    @abstractmethod
    def fit(self, panel: Panel, thresholds: Thresholds) -> Self:
        """Learn whatever is to be learned from the panel."""

    @abstractmethod
    def predict(self, panel: Panel, thresholds: Thresholds) -> Forecast:
        """Forecast the window that begins at ``panel.as_of``."""

    def predict_proba(self, panel: Panel, thresholds: Thresholds) -> Floats:
        """Probability of not hot and hot, shape (cells, 2), cells community-major."""
        p_hot = self.predict(panel, thresholds).p_hot.ravel()
        return np.column_stack([1 - p_hot, p_hot])

    def explain(self, panel: Panel, thresholds: Thresholds) -> pl.DataFrame:
        """Split the logit of ``p_hot`` into contributions that add up to it.

        Any forecaster can say what an average community would get and what the cell's own history adds; models that
        know more override this.

        Grain: cell. Key: (community_code, issue_code). Columns: one per contribution, then ``logit``, their sum.
        """
        own = logit(self.predict(panel, thresholds).p_hot)
        typical_count = panel.observed.mean(axis=(0, 1), dtype=np.float64) * thresholds.horizon_weeks
        typical = np.broadcast_to(logit(poisson_tail(typical_count, thresholds.hot)), own.shape)
        return panel.cells().with_columns(
            issue_average=typical.ravel(), own_history=(own - typical).ravel(), logit=own.ravel()
        )


def forecast_frame(forecast: Forecast, panel: Panel, thresholds: Thresholds) -> pl.DataFrame:
    """Lay a forecast out as rows, with the eligibility masks applied.

    Grain: cell. Key: (community_code, issue_code). ``p_recurring`` and ``p_emerging`` are zero where not eligible.
    """
    may_recur, may_emerge = eligibility(panel, thresholds)
    shape = forecast.p_hot.shape
    return panel.cells().with_columns(
        eligible_recurring=may_recur.ravel(),
        eligible_emerging=may_emerge.ravel(),
        threshold=np.broadcast_to(thresholds.hot, shape).ravel(),
        p_hot=forecast.p_hot.ravel(),
        p_recurring=np.where(may_recur, forecast.p_hot, 0.0).ravel(),
        p_emerging=np.where(may_emerge, forecast.p_hot, 0.0).ravel(),
        p_surge=forecast.p_surge.ravel(),
        expected_count=forecast.expected_count.ravel(),
    )
