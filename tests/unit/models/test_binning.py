"""Quantile bins under weights."""

import numpy as np

from models.binning import MAX_BINS, WeightedBins


def test_few_values_keep_a_bin_each() -> None:
    table = np.array([[5.0], [1.0], [9.0], [1.0]], np.float32)
    bins = WeightedBins().fit(table, sample_weight=np.ones(4))
    assert bins.transform(table).ravel().tolist() == [1, 0, 2, 0]
    assert bins.transform(np.array([[0.0], [4.0], [99.0]], np.float32)).ravel().tolist() == [0, 1, 2]


def test_bins_hold_equal_weight() -> None:
    table = np.random.default_rng(0).random((6400, 1)).astype(np.float32)
    weights = np.where(table.ravel() > 0.5, 3.0, 1.0)
    binned = WeightedBins().fit(table, sample_weight=weights).transform(table).ravel().astype(int)
    held = np.bincount(binned, weights)
    assert len(held) == MAX_BINS
    assert np.allclose(held, weights.sum() / MAX_BINS, rtol=0.05)
    # a constant column is a single bin
    assert WeightedBins().fit(np.ones((9, 1), np.float32), sample_weight=np.ones(9)).transform(table).max() == 0
