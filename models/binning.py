"""Quantile bins under weights, for the histogram trees."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

MAX_BINS = 64


class WeightedBins(TransformerMixin, BaseEstimator):
    """Replace each column by the number of its quantile bin, every bin holding about the same weight.

    scikit-learn's histogram trees would do the same by themselves, but with sample weights they sort every column
    once per bin, which took longer than growing the trees. Given 64 values or fewer they have nothing left to do.

    Attributes:
        edges_: per column, ascending upper edges of all bins but the last.
    """

    def fit(self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None) -> Self:
        """Find the edges.

        Args:
            X: shape (rows, columns), finite.
            y: not used.
            sample_weight: shape (rows,); every row the same when None. Rows without weight are passed over.
        """
        table = validate_data(self, X, dtype=(np.float32, np.float64))
        weights = _check_sample_weight(sample_weight, table, dtype=np.float64, ensure_non_negative=True)
        table, weights = table[weights > 0], weights[weights > 0]
        self.edges_: list[NDArray[np.floating]] = []
        for column in table.T:
            values = np.unique(column)
            if len(values) > MAX_BINS:
                order = np.argsort(column)
                reached = np.cumsum(weights[order])
                at = np.searchsorted(reached, np.arange(1, MAX_BINS) / MAX_BINS * reached[-1])
                self.edges_.append(np.unique(column[order][at]))
            else:
                self.edges_.append(values[:-1])
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.floating]:
        """Bin numbers from 0, shape as ``X``. A value equal to an edge belongs below it."""
        check_is_fitted(self)
        table = validate_data(self, X, dtype=(np.float32, np.float64), reset=False)
        # column by column, as the trees' own bins are: they are read twice as fast
        binned: NDArray[np.floating] = np.empty_like(table, order="F")
        for position, edges in enumerate(self.edges_):
            binned[:, position] = np.searchsorted(edges, table[:, position], side="left")
        return binned
