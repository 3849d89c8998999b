"""Every baseline by hand."""

import numpy as np
import pytest
from scipy import stats

from models.baselines import (
    BASELINES,
    CLASSICAL_BASELINES,
    FLOOR_RATE,
    FLOOR_SHARE,
    CrostonSba,
    Ewma,
    EwmaCity,
    LastYear,
    MovingAverage,
    all_baselines,
    floored,
)
from models.targets import frozen_thresholds


def column(values: list[float]) -> np.ndarray:
    return np.array(values, np.float32)[:, None, None]


def test_the_set_is_complete() -> None:
    averages = ("persistence", "mean_4w", "mean_8w", "mean_26w", "mean_52w", "last_year")
    classical = (*averages, "ewma_02", "ewma_05", "ewma_10", "ewma_20", "croston_sba")
    assert classical == CLASSICAL_BASELINES
    assert (*classical, "ewma_city") == BASELINES
    assert all(baseline.title for baseline in all_baselines())


def test_moving_averages() -> None:
    counts = column([100, 1, 2, 3, 6])
    assert MovingAverage(1).rate(counts, 1).item() == 6
    assert MovingAverage(4).rate(counts, 1).item() == 3
    assert MovingAverage(52).rate(counts, 1).item() == pytest.approx(112 / 5)  # the weeks there are


def test_last_year_reads_the_week_52_weeks_before_the_target() -> None:
    counts = column([*[0.0] * 8, 7, 5, *[0.0] * 50])
    assert LastYear().rate(counts, 1).item() == 7
    assert LastYear().rate(counts, 4).item() == 3
    assert LastYear().rate(column([2.0, 4.0]), 1).item() == 3  # no past year: the mean of all weeks


def test_ewma_is_bias_corrected() -> None:
    assert Ewma(0.2).rate(column([0, 5]), 1).item() == pytest.approx(5 / 1.8)


def test_croston_sba() -> None:
    # demands 4 and 2 after 2 and 3 weeks: z = 4 + .1·(2-4) = 3.8, p = 2 + .1·(3-2) = 2.1
    rate = CrostonSba(0.1).rate(column([0, 4, 0, 0, 2, 0]), 1).item()
    assert rate == pytest.approx(0.95 * 3.8 / 2.1)
    assert CrostonSba().rate(column([0, 0]), 1).item() == 0


def test_ewma_city_multiplies_by_the_city_ratio() -> None:
    baseline = EwmaCity()
    baseline.alpha_, baseline.city_alpha_ = 0.1, 0.5
    counts = np.zeros((2, 2, 1), np.float32)
    counts[0, :, 0] = [2, 2]
    counts[1, :, 0] = [0, 8]
    own = 0.9 * 2 / 1.9
    fast, slow = (0.5 * 4 + 8) / 1.5, (0.9 * 4 + 8) / 1.9
    assert baseline.rate(counts, 1)[0, 0] == pytest.approx(own * (fast + 0.05) / (slow + 0.05))


def test_ewma_city_tunes_its_speeds(make_panel) -> None:
    # two cells flip every ten weeks between two levels and take turns, so the city stays level: fast must win
    block = np.repeat([1.0, 9.0, 1.0, 9.0, 1.0, 9.0, 1.0, 9.0], 10)
    fast = make_panel(np.stack([block, 10 - block], axis=1)[:, :, None])
    assert EwmaCity().fit(fast, frozen_thresholds(fast)).alpha_ == 0.2
    # noise around a constant: slow ones must win
    steady = make_panel(np.random.default_rng(0).poisson(2.0, (110, 60, 1)))
    assert EwmaCity().fit(steady, frozen_thresholds(steady)).alpha_ == 0.02


def test_floor_is_a_share_of_the_issue_average() -> None:
    city = np.array([[40.0, 0.0], [80.0, 0.0]])  # 60 a week over ten communities: 6 each
    rate = floored(np.zeros((10, 2)), city, 10)
    assert rate[0].tolist() == [FLOOR_SHARE * 6, FLOOR_RATE]


@pytest.mark.parametrize("horizon", [1, 4])
@pytest.mark.parametrize("baseline", all_baselines(), ids=lambda baseline: baseline.name)
def test_every_baseline_is_a_poisson_tail_of_its_expected_count(baseline, horizon, city) -> None:
    thresholds = frozen_thresholds(city, horizon_weeks=horizon)
    forecast = baseline.fit(city, thresholds).predict(city, thresholds)
    assert forecast.p_hot.shape == city.counts.shape[1:]
    assert np.allclose(forecast.p_hot, stats.poisson.sf(thresholds.hot - 1, forecast.expected_count))
    assert (forecast.p_hot > 0).all()
    # with a four-week window about four times as much is expected
    week = frozen_thresholds(city)
    single = baseline.predict(city, week).expected_count.sum()
    assert forecast.expected_count.sum() == pytest.approx(horizon * single, rel=0.25)


def test_predict_proba_and_parameters(city) -> None:
    thresholds = frozen_thresholds(city)
    ewma = Ewma(0.05)
    proba = ewma.predict_proba(city, thresholds)
    assert proba.shape == (160, 2)
    assert np.allclose(proba.sum(axis=1), 1)
    assert np.array_equal(proba[:, 1], ewma.predict(city, thresholds).p_hot.ravel())
    assert ewma.get_params() == {"alpha": 0.05}
