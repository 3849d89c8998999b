"""The filter's steps by hand, and what it may not see."""

from collections.abc import Iterator

import numpy as np
import pytest

from models import gamma_poisson
from models.city_rate import EXPOSURE_FLOOR, CityRate
from models.gamma_poisson import COMMUNITY_STRENGTH, LEVELS, replay


def states(counts: np.ndarray, horizon: int = 1) -> list:
    return list(replay(counts.astype(np.float32), horizon, 0, plain_rate(counts, horizon)))


def plain_rate(counts: np.ndarray, horizon: int = 1) -> CityRate:
    """The smoothed rate as it is: three weeks are too few to learn from."""
    return CityRate().fit(counts[:3].sum(axis=1, dtype=np.float64), horizon, 104)


def test_levels_shrink_towards_the_level_above() -> None:
    counts = np.array([[[4.0], [0.0]]])
    state = states(counts)[0]
    exposure = 4 + EXPOSURE_FLOOR
    share = 4 / exposure
    rate = (4 + 4) / (exposure + 4 / share)
    assert state.mean[0, 0, 0] == pytest.approx(exposure * rate)
    rate *= (4 + COMMUNITY_STRENGTH) / (rate * exposure + COMMUNITY_STRENGTH)  # what came in the community at all
    rate = (4 + 4) / (exposure + 4 / rate)
    assert state.mean[1, 0, 0] == pytest.approx(exposure * rate)
    # no past forecast has closed: the least overdispersion is used
    assert state.size[0, 0, 0] == pytest.approx(1 / (1 / 8 + 0.005))


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


def test_a_busy_community_lifts_its_quiet_issues() -> None:
    counts = np.full((60, 4, 6), 5.0)
    busy = counts.copy()
    busy[-4:, 0, :5] *= 3
    busy[-4:, 1:, :5] *= 1 / 3  # elsewhere fewer, so that the city's rates stay about the same
    usual, lifted = (states(one)[-1].mean[:, 0, 5] for one in (counts, busy))
    assert (np.diff(lifted) > 0).all() and lifted[0] == pytest.approx(usual[0], rel=0.01)
    assert lifted[-1] > 1.1 * usual[-1]


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
    late = next(replay(counts, 1, 149, plain_rate(counts)))
    assert np.array_equal(late.mean, states(counts)[-1].mean)
    assert np.array_equal(late.size, states(counts)[-1].size)


def test_what_goes_wrong_in_a_week_made_ahead_is_told_where_the_week_is_asked_for() -> None:
    def weeks() -> Iterator[int]:
        yield from (1, 2)
        raise ValueError("week 3")

    ahead = gamma_poisson._ahead(weeks())
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(ValueError, match="week 3"):
        next(ahead)
