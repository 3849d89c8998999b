"""Measures against scikit-learn or by hand."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, log_loss

from models.measures import (
    PrecisionRecall,
    area_indices,
    expected_calibration_error,
    list_stability,
    log_losses,
    top_k,
    week_resamples,
)

RANDOM = np.random.default_rng(11)
WEEK = np.repeat(np.arange(6), 50)
SCORE = np.round(RANDOM.random(300), 1)  # eleven values: full of ties
POSITIVE = RANDOM.random(300) < 0.1 + 0.5 * SCORE


def test_average_precision_agrees_with_scikit_learn_under_ties() -> None:
    curve = PrecisionRecall.of(SCORE, POSITIVE, WEEK)
    assert curve.average_precision()[0] == pytest.approx(average_precision_score(POSITIVE, SCORE))
    weekly = [average_precision_score(POSITIVE[week == WEEK], SCORE[week == WEEK]) for week in range(6)]
    assert curve.mean_per_week() == pytest.approx(np.mean(weekly))


def test_resampled_average_precision_is_that_of_the_repeated_rows() -> None:
    times = np.array([[0.0, 3, 1, 1, 0, 1]])
    repeated = np.repeat(np.arange(300), times[0, WEEK].astype(int))
    expected = average_precision_score(POSITIVE[repeated], SCORE[repeated])
    assert PrecisionRecall.of(SCORE, POSITIVE, WEEK).average_precision(times)[0] == pytest.approx(expected)


def test_average_precision_without_positives_is_nan() -> None:
    curve = PrecisionRecall.of(SCORE, np.zeros(300, dtype=bool), WEEK)
    assert np.isnan(curve.average_precision()[0])
    assert np.isnan(curve.mean_per_week())


def test_log_loss_agrees_with_scikit_learn() -> None:
    probability = RANDOM.random(300)
    assert log_losses(probability, POSITIVE).mean() == pytest.approx(log_loss(POSITIVE, probability))
    assert np.isfinite(log_losses(np.array([0.0]), np.array([True]))).all()


def test_calibration_error_by_hand() -> None:
    # two bins: forecast .1 against 0, and .75 against .5
    probability, positive = np.array([0.7, 0.1, 0.8, 0.1]), np.array([True, False, False, False])
    assert expected_calibration_error(probability, positive, bins=2) == pytest.approx((0.1 + 0.25) / 2)


def test_calibration_error_of_honest_and_dishonest_probabilities() -> None:
    probability = RANDOM.random(30_000)
    positive = RANDOM.random(30_000) < probability
    assert expected_calibration_error(probability, positive) < 0.02
    assert expected_calibration_error(probability**2, positive) > 0.1


def test_area_indices_by_hand() -> None:
    # one cell of four listed: it held 6 of 12 complaints, the best held 6 and 4 -> 10 of 20 against 12 of 20
    chosen = [np.array([0, 1, 2, 3]), np.array([1, 0, 2, 3])]
    counts = [np.array([6.0, 3, 1, 0]), np.array([6.0, 4, 0, 0])]
    pai, pei = area_indices(chosen, counts, area_share=0.25)
    assert pai == pytest.approx((10 / 20) / (1 / 4))
    assert pei == pytest.approx(10 / 12)


def test_lists() -> None:
    assert top_k(np.array([0.1, 0.9, 0.9, 0.5]), 3).tolist() == [1, 2, 3]
    lists = [np.array([1, 2, 3]), np.array([2, 3, 4]), np.array([2, 3, 4])]
    assert list_stability(lists) == pytest.approx((2 / 4 + 1) / 2)
    assert np.isnan(list_stability(lists[:1]))


def test_resamples_draw_as_many_weeks_as_there_are_and_repeat_with_their_seed() -> None:
    draws = week_resamples(26, 100, seed=3)
    assert (draws.sum(axis=1) == 26).all()
    assert np.array_equal(draws, week_resamples(26, 100, seed=3))
    assert not np.array_equal(draws, week_resamples(26, 100, seed=4))
