"""Upper tails against sums of the probability function."""

import numpy as np
import pytest
from scipy import stats

from models.tails import LOGIT_LIMIT, expit, logit, negative_binomial_tail, poisson_tail


def test_poisson_tail_by_hand() -> None:
    assert poisson_tail(2.0, 1) == pytest.approx(1 - np.exp(-2))
    assert poisson_tail(2.0, 3) == pytest.approx(1 - np.exp(-2) * (1 + 2 + 2))
    assert poisson_tail(0.0, 3) == 0


def test_negative_binomial_tail_by_hand() -> None:
    # size 1 is geometric: P(Y >= h) = (mean / (1 + mean))^h
    assert negative_binomial_tail(1.5, 1.0, 4) == pytest.approx(0.6**4)


def test_tails_agree_with_scipy_and_broadcast() -> None:
    mean, threshold = np.array([[0.01], [0.7], [12.0]]), np.array([1, 3, 9])
    assert np.allclose(poisson_tail(mean, threshold), stats.poisson.sf(threshold - 1, mean), rtol=1e-10)
    size = 2.5
    expected = stats.nbinom.sf(threshold - 1, size, size / (size + mean))
    assert np.allclose(negative_binomial_tail(mean, size, threshold), expected, rtol=1e-9)


def test_far_tails_keep_their_precision() -> None:
    # 1 - cdf would be zero or noise here
    assert poisson_tail(1e-6, 3) == pytest.approx(1e-18 / 6, rel=1e-5)
    assert negative_binomial_tail(1e-6, 1e9, 3) == pytest.approx(1e-18 / 6, rel=1e-5)


def test_logits_stay_finite_and_invert() -> None:
    assert logit([0.0, 0.5, 1.0]).tolist() == [-LOGIT_LIMIT, 0.0, LOGIT_LIMIT]
    assert expit(logit(0.2)) == pytest.approx(0.2)
