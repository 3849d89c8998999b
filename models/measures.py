"""Measures of a forecast; plain arrays in, numbers out.

Rows of several weekly origins are pooled; ``week`` tells them apart. The summary table is built in ``evaluation``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.tails import Floats

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ECE_BINS = 15
AREA_SHARE = 0.01
LEAST_PROBABILITY = 1e-15


@dataclass(frozen=True)
class PrecisionRecall:
    """What is needed to compute average precision again under any weighting of the weeks.

    For a positive i and a week w, ``positives_above[w, i]`` and ``rows_above[w, i]`` count the rows of week w that
    score at least as high as i. Under multiplicities m of the weeks the precision at i is m·positives / m·rows, and
    average precision is its mean over the positives; ties are treated as scikit-learn does. So a bootstrap replicate
    costs one matrix product instead of a sort.

    Attributes:
        week: week of each positive, shape (positives,).
        positives_above, rows_above: shape (weeks, positives).
    """

    week: Ints
    positives_above: Floats
    rows_above: Floats

    @classmethod
    def of(cls, score: Floats, positive: Bools, week: Ints) -> PrecisionRecall:
        """Count from rows; ``week`` holds 0 .. weeks-1."""
        at = score[positive]
        weeks = int(week.max()) + 1 if len(week) else 0
        positives_above, rows_above = np.empty((weeks, len(at))), np.empty((weeks, len(at)))
        for index in range(weeks):
            rows_above[index] = _count_at_least(score[week == index], at)
            positives_above[index] = _count_at_least(score[(week == index) & positive], at)
        return cls(week[positive], positives_above, rows_above)

    def average_precision(self, multiplicity: Floats | None = None) -> Floats:
        """PR-AUC as average precision, for each row of week multiplicities.

        Args:
            multiplicity: shape (replicates, weeks); every week once when None.

        Returns:
            shape (replicates,); NaN where a replicate holds no positive.
        """
        weeks = len(self.rows_above)
        times = np.ones((1, weeks)) if multiplicity is None else multiplicity
        weight = times[:, self.week]
        positives, rows = times @ self.positives_above, times @ self.rows_above
        precision = np.divide(positives, rows, out=np.zeros_like(rows), where=rows > 0)
        total = weight.sum(axis=1)
        return ratio_or_nan((weight * precision).sum(axis=1), total)

    def mean_per_week(self) -> float:
        """Mean over the weeks of each week's own average precision; weeks without a positive do not count."""
        single = self.average_precision(np.eye(len(self.rows_above)))
        return float(np.nanmean(single)) if np.isfinite(single).any() else float("nan")


def ratio_or_nan(above: Floats, below: Floats) -> Floats:
    """Above / below, NaN where ``below`` is not positive."""
    return np.asarray(np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0))


def _count_at_least(scores: Floats, at: Floats) -> Ints:
    """How many of ``scores`` are >= each of ``at``."""
    return len(scores) - np.searchsorted(np.sort(scores), at, side="left")


def log_losses(probability: Floats, positive: Bools) -> Floats:
    """-log of the probability given to what happened, per row; probabilities cut at 1e-15."""
    given = np.where(positive, probability, 1 - probability)
    return -np.log(np.maximum(given, LEAST_PROBABILITY))


def expected_calibration_error(probability: Floats, positive: Bools, bins: int = ECE_BINS) -> float:
    """Mean gap between forecast and frequency over bins of equal count (ties ordered as they stand)."""
    if not len(probability):
        return float("nan")
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(probability[part].mean() - positive[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(probability))


def calibration_gaps(
    probability: Floats, positive: Bools, week: Ints, weeks: int, bins: int = ECE_BINS
) -> tuple[Floats, Floats]:
    """What ECE is made of, week by week, over the bins of all weeks together.

    Under multiplicities m of the weeks, ECE is Σ|m·gaps| / m·rows: the bins stay where they are.

    Returns:
        gaps, shape (weeks, bins): sum of forecast minus outcome; rows, shape (weeks,).
    """
    gaps = np.zeros((weeks, bins))
    parts = np.array_split(np.argsort(probability, kind="stable"), bins)
    for index, part in enumerate(parts):
        gaps[:, index] = np.bincount(week[part], probability[part] - positive[part], minlength=weeks)
    return gaps, np.bincount(week, minlength=weeks).astype(np.float64)


def top_k(score: Floats, k: int) -> Ints:
    """Positions of the k highest scores; equal scores in the order they stand."""
    return np.argsort(-score, kind="stable")[:k]


def list_stability(lists: list[Ints]) -> float:
    """Mean Jaccard overlap of each list with the one before; NaN for a single list."""
    overlaps = [
        len(np.intersect1d(earlier, later)) / max(1, len(np.union1d(earlier, later)))
        for earlier, later in itertools.pairwise(lists)
    ]
    return float(np.mean(overlaps)) if overlaps else float("nan")


def area_indices(chosen: list[Ints], counts: list[Floats], area_share: float = AREA_SHARE) -> tuple[float, float]:
    """PAI and PEI* of one list per week that covers ``area_share`` of the cells.

    PAI = (n/N) / (a/A): the share of complaints that fell into the list over the share of cells on it (Chainey,
    Tompson & Uhlig 2008, Security Journal 21:4-28). PEI* = PAI over the best PAI a list of that length could have had
    (Hunt 2016). Complaints and cells are summed over the weeks first.

    Args:
        chosen: per week, the positions of the listed cells, best first; cut here at ``area_share``.
        counts: per week, what came in each cell.
        area_share: a/A, the share of cells on a list.
    """
    pai, pei = area_ratios(area_sums(chosen, counts, area_share).sum(axis=0, keepdims=True))
    return float(pai[0]), float(pei[0])


def area_sums(chosen: list[Ints], counts: list[Floats], area_share: float = AREA_SHARE) -> Floats:
    """What PAI and PEI* are made of, week by week; arguments as in :func:`area_indices`.

    Returns:
        shape (weeks, 5): complaints on the list, on the best list possible, in all; cells on the list, in all.
    """
    rows = []
    for positions, count in zip(chosen, counts, strict=True):
        length = max(1, round(area_share * len(count)))
        best = np.sort(count)[::-1][:length].sum()
        rows.append((count[positions[:length]].sum(), best, count.sum(), length, len(count)))
    return np.array(rows, dtype=np.float64)


def area_ratios(sums: Floats) -> tuple[Floats, Floats]:
    """PAI and PEI* of each row of summed :func:`area_sums`; NaN without complaints."""
    hits, best, total, area, cells = sums.T
    return ratio_or_nan(ratio_or_nan(hits, total), area / cells), ratio_or_nan(hits, best)


def week_resamples(weeks: int, resamples: int, seed: int) -> Floats:
    """Weekly block bootstrap: how often each week is drawn in each replicate, shape (resamples, weeks).

    The week is the block, because the cells of one week share its weather, holidays and staffing.
    """
    return np.random.default_rng(seed).multinomial(weeks, np.full(weeks, 1 / weeks), size=resamples).astype(np.float64)
