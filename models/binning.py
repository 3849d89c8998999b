"""Quantile bins under weights, for the histogram trees."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from models.tails import Floats

MAX_BINS = 64


class WeightedBins(BaseEstimator):
    """Replace each column by the number of its quantile bin, every bin holding about the same weight.

    scikit-learn's histogram trees would do the same by themselves, but with sample weights they sort every column
    once per bin, which took longer than growing the trees. Given 64 values or fewer they have nothing left to do.

    Attributes:
        edges_: per column, ascending upper edges of all bins but the last.
    """

    def fit(self, table: NDArray[np.float32], weights: Floats) -> Self:
        """Find the edges.

        Args:
            table: shape (rows, columns).
            weights: shape (rows,), positive.
        """
        self.edges_: list[NDArray[np.float32]] = []
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

    def transform(self, table: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bin numbers from 0, shape as ``table``. A value equal to an edge belongs below it."""
        binned = np.empty_like(table)
        for position, edges in enumerate(self.edges_):
            binned[:, position] = np.searchsorted(edges, table[:, position], side="left")
        return binned
