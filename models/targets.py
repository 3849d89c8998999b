"""What is forecast: hot, recurring, emerging and surging cells, and who is eligible.

The horizon is one week (dispatch) or four (planning). It is carried by ``Thresholds``, because the threshold of a
28-day count is another number than that of a 7-day count.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from models.panel import DAYS_PER_WEEK, Counts, Panel
from models.tails import Floats

HOT_PERCENTILE = 90
DENSE_WEEKS_NEEDED = 26
LOOK_BACK_WEEKS = 8
RECURRING_HOT_WEEKS = 2
SURGE_WEEKS = 52
SURGE_DEVIATIONS = 2.0

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Thresholds:
    """The frozen counts from which a cell is hot. Set once per calendar year; no model may refit them.

    Attributes:
        issues: issue codes.
        horizon_weeks: length of the forecast window, 1 or 4 weeks.
        minimum: m, the least count that may be called hot.
        hot: float64, shape (issues,): integer-valued count within the horizon from which a cell is hot.
        weekly: float64, shape (issues,): the same for a single week; decides eligibility at every horizon.
        assessable: bool, shape (issues,): False where too few dense weeks were known and ``minimum`` is used.
    """

    issues: tuple[str, ...]
    horizon_weeks: int
    minimum: int
    hot: Floats
    weekly: Floats
    assessable: Mask

    def check(self, panel: Panel) -> None:
        """Refuse a panel whose issues are not the thresholds' issues, in the same order.

        Raises:
            ValueError: they differ; names the issues that do.
        """
        if self.issues != panel.issues:
            different = sorted(set(self.issues) ^ set(panel.issues))
            raise ValueError(
                f"thresholds and panel of {panel.as_of} have different issues or order (differing: {different[:5]}); "
                "read the thresholds with Thresholds.from_frame for the panel's issues"
            )

    def to_frame(self) -> pl.DataFrame:
        """Grain: issue. Key: issue_code. For storing; ``from_frame`` reads it back."""
        return pl.DataFrame(
            {
                "issue_code": pl.Series(self.issues, dtype=pl.String),
                "horizon_weeks": pl.Series([self.horizon_weeks] * len(self.issues), dtype=pl.Int64),
                "threshold": self.hot,
                "weekly_threshold": self.weekly,
                "is_assessable": self.assessable,
            }
        )

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, issues: tuple[str, ...], minimum: int, horizon_weeks: int) -> Thresholds:
        """Read stored thresholds back for the issues of a panel.

        An issue that is not in ``frame`` is newer than the thresholds: it gets ``minimum`` and is not assessable.
        """
        stored = frame.filter(pl.col("horizon_weeks") == horizon_weeks).unique("issue_code")
        wanted = pl.DataFrame({"issue_code": pl.Series(issues, dtype=pl.String)})
        aligned = wanted.join(stored, on="issue_code", how="left", maintain_order="left")
        return cls(
            issues=issues,
            horizon_weeks=horizon_weeks,
            minimum=minimum,
            hot=aligned["threshold"].fill_null(minimum).to_numpy().astype(np.float64),
            weekly=aligned["weekly_threshold"].fill_null(minimum).to_numpy().astype(np.float64),
            assessable=aligned["is_assessable"].fill_null(False).to_numpy(),
        )


@dataclass(frozen=True)
class Labels:
    """What came in the window after ``as_of``; every array has shape (communities, issues)."""

    count: Counts
    hot: Mask
    recurring: Mask
    emerging: Mask
    surge: Mask
    eligible_recurring: Mask
    eligible_emerging: Mask


def frozen_thresholds(
    panel: Panel, minimum: int = 3, horizon_weeks: int = 1, dense_from: dt.date | None = None
) -> Thresholds:
    """Set h_k = max(m, 90th percentile of the non-zero cell-weeks of issue k), rounded up to a whole count.

    Rounding up changes no label, because counts are whole. For four weeks the overlapping 28-day windows take the
    place of the weeks. With fewer than 26 dense weeks the percentile would measure how recording changed rather than
    demand, so m is used and the issues are marked as not assessable.

    Args:
        panel: everything known at the first origin; nothing later may enter.
        minimum: m of the city.
        horizon_weeks: 1 or 4.
        dense_from: first day from which recording is complete; the first recorded week when None.

    Raises:
        ValueError: ``minimum`` or ``horizon_weeks`` is smaller than 1.
    """
    if minimum < 1 or horizon_weeks < 1:
        raise ValueError(f"minimum ({minimum}) and horizon_weeks ({horizon_weeks}) must be at least 1")
    counts = panel.observed
    if dense_from is not None:
        dense_weeks = max(0, (panel.as_of - dense_from).days // DAYS_PER_WEEK)
        counts = counts[max(0, len(counts) - dense_weeks) :]
    assessable = len(counts) >= DENSE_WEEKS_NEEDED
    weekly = _percentiles(counts, minimum, 1 if assessable else None)
    return Thresholds(
        issues=panel.issues,
        horizon_weeks=horizon_weeks,
        minimum=minimum,
        hot=_percentiles(counts, minimum, horizon_weeks) if assessable and horizon_weeks > 1 else weekly,
        weekly=weekly,
        assessable=np.full(len(panel.issues), assessable),
    )


def _percentiles(counts: Counts, minimum: int, horizon_weeks: int | None) -> Floats:
    """The percentile per issue over windows of ``horizon_weeks``; ``minimum`` for every issue when None."""
    thresholds = np.full(counts.shape[2], float(minimum))
    if horizon_weeks is None:
        return thresholds
    windows = sliding_window_view(counts, horizon_weeks, axis=0) if horizon_weeks > 1 else counts[..., None]
    for issue in range(counts.shape[2]):
        sums = windows[:, :, issue].sum(axis=-1, dtype=np.float64)
        positive = sums[sums > 0]
        if positive.size:
            thresholds[issue] = max(minimum, _whole(np.percentile(positive, HOT_PERCENTILE)))
    return thresholds


def _whole(value: float | Floats) -> Floats:
    """Round up to a whole count, not letting rounding noise of 1e-9 lift it by one."""
    return np.ceil(np.asarray(value, np.float64) - 1e-9)


def hot_weeks(panel: Panel, thresholds: Thresholds) -> NDArray[np.int64]:
    """Number of hot weeks among the last eight, shape (communities, issues)."""
    thresholds.check(panel)
    return np.asarray((panel.counts[-LOOK_BACK_WEEKS:] >= thresholds.weekly).sum(axis=0))


def eligibility(panel: Panel, thresholds: Thresholds) -> tuple[Mask, Mask]:
    """Which cells can be recurring (hot in two or more of the last eight weeks) and which emerging (in none).

    Returns:
        Two masks of shape (communities, issues): eligible for ``recurring``, eligible for ``emerging``.
    """
    weeks = hot_weeks(panel, thresholds)
    return weeks >= RECURRING_HOT_WEEKS, weeks == 0


def surge_thresholds(panel: Panel, thresholds: Thresholds) -> Floats:
    """max(m, mean + 2 sd of the last 52 weeks) per cell, as a whole count, shape (communities, issues)."""
    thresholds.check(panel)
    return surge_counts(panel.observed, thresholds)


def surge_counts(counts: Counts, thresholds: Thresholds) -> Floats:
    """The surge thresholds after the last week of ``counts``, which begin with the first recorded week.

    Over a horizon of H weeks the mean grows with H and the deviation with its square root.
    """
    past = counts[-SURGE_WEEKS:]
    horizon = thresholds.horizon_weeks
    # sums of whole numbers and of their squares are exact; std would walk through the weeks four times
    mean, square = past.mean(axis=0, dtype=np.float64), np.einsum("wck,wck->ck", past, past, dtype=np.float64)
    deviation = np.sqrt(np.maximum(square / len(past) - mean * mean, 0))
    return np.maximum(thresholds.minimum, _whole(horizon * mean + SURGE_DEVIATIONS * np.sqrt(horizon) * deviation))


def label(count: Counts, panel: Panel, thresholds: Thresholds) -> Labels:
    """Compare what came with what was called hot.

    Args:
        count: complaints within the horizon after ``panel.as_of``, shape (communities, issues).
        panel: what was known at the origin; decides eligibility and the surge thresholds.
        thresholds: the frozen thresholds.
    """
    hot = count >= thresholds.hot
    may_recur, may_emerge = eligibility(panel, thresholds)
    return Labels(
        count=count,
        hot=hot,
        recurring=hot & may_recur,
        emerging=hot & may_emerge,
        surge=count >= surge_thresholds(panel, thresholds),
        eligible_recurring=may_recur,
        eligible_emerging=may_emerge,
    )
