"""Exponentially weighted averages, bias-corrected for the weeks there are."""

from __future__ import annotations

import numpy as np

from models.panel import Counts
from models.tails import Floats

NEGLIGIBLE = 1e-9
"""Weeks whose weight falls below this are left out of a single average; no count is large enough to notice."""


def ewma(counts: Counts | Floats, alpha: float) -> Floats:
    """Average over axis 0 with weights α(1-α)^age, divided by their sum.

    Dividing by the sum is the bias correction: with eight weeks of history it is the weighted mean of these eight.

    Args:
        counts: shape (weeks, ...), oldest first.
        alpha: in (0, 1].
    """
    reach = len(counts) if alpha >= 1 else min(len(counts), int(np.log(NEGLIGIBLE) / np.log1p(-alpha)) + 1)
    weights = (1 - alpha) ** np.arange(reach)[::-1]
    flat = counts[-reach:].reshape(reach, -1)
    average = (weights / weights.sum()).astype(counts.dtype) @ flat
    return np.asarray(average.reshape(counts.shape[1:]), dtype=np.float64)


def ewma_step(average: Floats, weeks: int, value: Counts | Floats, alpha: float) -> Floats:
    """Carry an ``ewma`` over ``weeks`` weeks one week further; the new week has weight 1 / Σ (1-α)^age."""
    gain = alpha / (1 - (1 - alpha) ** (weeks + 1))
    return np.asarray(average + gain * (value - average))


def ewma_path(series: Floats, alpha: float) -> Floats:
    """The same average after each week: row w uses rows 0..w. Shape as ``series``."""
    path = np.empty_like(series)
    average = np.zeros(series.shape[1:])
    for week, value in enumerate(series):
        average = path[week] = ewma_step(average, week, value, alpha)
    return path
