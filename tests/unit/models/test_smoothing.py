"""Bias-corrected averages."""

import numpy as np
import pytest

from models.smoothing import ewma, ewma_path, ewma_step


def test_short_history_is_a_weighted_mean_of_what_there_is() -> None:
    # weights .5 and 1 on two weeks: (.5·4 + 1·1) / 1.5 = 2
    assert ewma(np.array([4.0, 1.0]), 0.5) == pytest.approx(2)
    assert ewma(np.array([7.0]), 0.02) == pytest.approx(7)
    assert ewma(np.array([3.0, 8.0]), 1.0) == pytest.approx(8)


def test_path_and_step_agree_with_the_average() -> None:
    series = np.random.default_rng(1).poisson(3, (300, 2)).astype(np.float64)
    path = ewma_path(series, 0.1)
    for week in (0, 5, 299):
        assert np.allclose(path[week], ewma(series[: week + 1], 0.1), rtol=1e-7)
    assert np.allclose(ewma_step(ewma(series[:9], 0.1), 9, series[9], 0.1), path[9])
