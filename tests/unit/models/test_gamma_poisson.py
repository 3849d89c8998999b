"""The filter's steps by hand, and what it may not see."""

import numpy as np
import pytest

from models.gamma_poisson import EXPOSURE_FLOOR, LEVELS, exposures, replay, seasons, tune_exposure


def states(counts: np.ndarray, horizon: int = 1) -> list:
    return list(replay(counts.astype(np.float32), horizon, 0, 0.3))


def test_exposure_is_the_bias_corrected_city_average() -> None:
    # weights .7 and 1 on totals 10 and 27: (7 + 27) / 1.7 = 20
    assert exposures(np.array([[10.0], [27.0]]), 0.3)[1].item() == pytest.approx(20 + EXPOSURE_FLOOR)


def test_exposure_follows_a_jumpy_city_faster() -> None:
    random = np.random.default_rng(8)
    steady = random.poisson(50, (100, 3)).astype(np.float64)
    jumpy = random.poisson(50 * np.exp(np.cumsum(random.normal(0, 0.4, (100, 3)), axis=0))).astype(np.float64)
    assert (tune_exposure(steady), tune_exposure(jumpy)) == (0.3, 0.5)


def test_season_compares_the_coming_weeks_with_the_weeks_before_a_year_ago() -> None:
    city = np.full((70, 1), 10.0)
    week = 62  # a year before the forecast week 63 is week 11: its neighbours 10..12, and 5..10 before it
    city[10:13] = 40
    before = (5 * 10 + 40) / 6
    assert seasons(city, 1)[week].item() == pytest.approx(0.5 * np.log((40 + 20) / (before + 20)))
    assert seasons(city, 1)[56].item() == 0  # week 57 a year earlier is week 5: fewer than six weeks stand before it
    assert seasons(city, 4)[week].item() == pytest.approx(0.5 * np.log((25 + 20) / (before + 20)))


def test_levels_shrink_towards_the_level_above() -> None:
    counts = np.array([[[4.0], [0.0]]])
    state = states(counts)[0]
    exposure = 4 + EXPOSURE_FLOOR
    share = 4 / exposure
    rate = (4 + 2) / (exposure + 2 / share)
    assert state.mean[0, 0, 0] == pytest.approx(exposure * rate)
    rate = (4 + 4) / (exposure + 4 / rate)
    assert state.mean[1, 0, 0] == pytest.approx(exposure * rate)
    # no past forecast has closed: the least overdispersion is used
    assert state.size[0, 0, 0] == pytest.approx(1 / (1 / 6 + 0.005))


def test_slow_levels_remember_and_fast_levels_follow() -> None:
    counts = np.full((60, 2, 1), 5.0)
    counts[-4:, 0] = 15
    last = states(counts)[-1].mean[:, 0, 0]
    assert (np.diff(last) > 0).all()
    assert len(last) == len(LEVELS)


def test_a_busy_city_lifts_every_community() -> None:
    counts = np.full((60, 3, 1), 5.0)
    busy = counts.copy()
    busy[-3:, 1:] *= 3
    quiet_cell = (states(counts)[-1].mean[1, 0, 0], states(busy)[-1].mean[1, 0, 0])
    assert quiet_cell[1] > 1.2 * quiet_cell[0]


def test_overdispersion_is_learned_from_closed_forecasts() -> None:
    random = np.random.default_rng(3)
    smooth = random.poisson(4, (80, 50, 1))
    bursty = random.negative_binomial(1, 1 / 5, (80, 50, 1))  # mean 4, variance 20: overdispersion 1
    overdispersion = [(1 / states(counts)[-1].size - 1 / (shape_of(counts))).max() for counts in (smooth, bursty)]
    assert overdispersion[0] < 0.05
    assert overdispersion[1] == pytest.approx(1, abs=0.25)


def shape_of(counts: np.ndarray) -> np.ndarray:
    """Σ δ^age y + κ of each level, computed directly."""
    age = np.arange(len(counts))[::-1]
    return np.stack([np.tensordot(discount**age, counts, axes=1) + strength for discount, strength in LEVELS])


@pytest.mark.parametrize("horizon", [1, 4])
def test_states_do_not_depend_on_later_weeks(horizon: int) -> None:
    random = np.random.default_rng(5)
    counts = random.poisson(1.5, (90, 6, 2))
    changed = counts.copy()
    changed[70:] = random.poisson(9, changed[70:].shape)
    for state, other in zip(states(counts, horizon)[:70], states(changed, horizon)[:70], strict=True):
        assert np.array_equal(state.mean, other.mean)
        assert np.array_equal(state.size, other.size)
    assert not np.array_equal(states(counts, horizon)[70].mean, states(changed, horizon)[70].mean)


def test_starting_late_changes_nothing() -> None:
    counts = np.random.default_rng(6).poisson(1.5, (150, 4, 2)).astype(np.float32)
    late = next(replay(counts, 1, 149, 0.3))
    assert np.array_equal(late.mean, states(counts)[-1].mean)
    assert np.array_equal(late.size, states(counts)[-1].size)
