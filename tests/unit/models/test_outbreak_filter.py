"""Levels and outbreaks: the filter against the sums done by hand, and what it tells from what."""

import numpy as np
import pytest
from scipy import stats

from models import outbreak_filter as module
from models.gamma_poisson import replay
from models.outbreak_filter import DISPERSION, HEIGHT, LEVEL, OutbreakFilter
from models.tails import expit

RATE = 1.0


def fed(counts: list[int], shape: float = 1e6) -> OutbreakFilter:
    """One cell whose long-run rate is ``RATE`` under a city rate of one, then these weeks."""
    states = OutbreakFilter(1)
    states.look_at(np.array([9.0]), np.array([RATE]), np.array([shape]))
    for count in counts:
        states.update(np.array([count], np.float32), np.ones(1))
    return states


def tail(states: OutbreakFilter, threshold: int = 3) -> float:
    return float(expit(states.tail_logits(np.ones(1), np.array([float(threshold)]), np.zeros(1)))[0])


def week_on() -> np.ndarray:
    """Chances of going from one state (rows) to another in a week."""
    return module._week_on(np.eye(len(HEIGHT) * len(LEVEL), dtype=np.float32)).T


def test_chances_add_up() -> None:
    assert np.allclose(week_on().sum(axis=1), 1)
    assert (week_on() >= 0).all()


def test_levels_step_while_outbreaks_fade() -> None:
    start, up = len(LEVEL) + 10, 11  # from the first height to none and a level higher
    faded = 1 - module.OUTBREAK_DECAY
    step = module.DRIFT**2 / (2 * module.STEP**2)
    anew = module.RESET_CHANCE * module._normal(np.array([module.RESET_SPREAD]))[up, 0]
    by_hand = (1 - module.RESET_CHANCE) * (1 - module.OUTBREAK_CHANCE) * faded * step + anew
    assert week_on()[start, up] == pytest.approx(by_hand, rel=1e-4)


def test_cells_of_several_blocks_are_told_as_one_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    weeks = np.random.default_rng(5).poisson(2, (12, 7)).astype(np.float32)

    def told() -> np.ndarray:
        states = OutbreakFilter(1)
        for week, counts in enumerate(weeks):
            states.update(counts, np.ones(7))
            seen = np.where(np.arange(7) <= week, 9.0, 0.0)  # a further cell each week
            states.look_at(seen, np.full(7, RATE), np.full(7, 4.0))
            states.tail_logits(np.ones(7), np.full(7, 3.0), np.zeros(7))
        return states.tail_logits(np.ones(7), np.full(7, 3.0), np.zeros(7))

    at_once = told()
    monkeypatch.setattr(module, "BLOCK", 3)
    assert np.allclose(told(), at_once, atol=1e-5)


def test_outbreaks_fade_at_the_rate_that_is_said() -> None:
    middle = module._fading()[1].copy()
    middle[2:] -= module.OUTBREAK_CHANCE / len(middle[2:])  # new ones
    assert middle @ HEIGHT / middle.sum() == pytest.approx(HEIGHT[1] * module.OUTBREAK_DECAY)


def test_one_week_is_bayes_rule() -> None:
    states, before = fed([]), fed([])
    states.update(np.array([4], np.float32), np.ones(1))
    prior = before._blocks[0][:, 0] @ week_on()
    expected = prior * chances(4)
    assert np.allclose(states._blocks[0][:, 0], expected / expected.sum(), atol=1e-5)


def chances(count: int, rate: float = RATE) -> np.ndarray:
    """Of a count in each state, by scipy."""
    mean, size = rate * np.exp(HEIGHT[:, None] + LEVEL[None, :]).ravel(), 1 / DISPERSION
    return stats.nbinom.pmf(count, size, size / (size + mean))


def test_the_tail_is_the_mean_over_the_states() -> None:
    states = fed([2, 0, 5])
    ahead = states._blocks[0][:, 0] @ week_on()
    expected = (ahead * (1 - sum(chances(count, 1.5 * RATE) for count in range(3)))).sum()
    found = expit(states.tail_logits(np.array([1.5]), np.array([3.0]), np.zeros(1)))[0]
    assert found == pytest.approx(expected, rel=0.02)


def test_a_loud_month_is_forgotten_sooner_than_a_loud_half_year() -> None:
    quiet = [1, 0, 2, 1] * 6
    outbreak = tail(fed(quiet + [6, 6, 5, 4] + [1] * 4))
    risen = tail(fed(quiet + [6, 6, 5, 4] * 6 + [1] * 4))
    assert tail(fed(quiet)) < outbreak < risen


def test_a_quiet_cell_is_left_to_the_levels() -> None:
    states = OutbreakFilter(1)
    states.look_at(np.array([1.9, 2.0]), np.ones(2), np.ones(2))
    assert states.cells.tolist() == [1]
    logits = states.tail_logits(np.ones(2), np.full(2, 3.0), np.array([-7.0, -7.0]))
    assert logits[0] == -7 and logits[1] != -7
    assert states.tail_logits(np.ones(2), np.array([3.0]), np.array([-7.0]), np.array([0])).tolist() == [-7]


def test_nothing_breaks_on_counts_that_were_never_seen() -> None:
    states = fed([0, 5_000, 0])
    assert np.isfinite(states._blocks[0]).all() and 0 <= tail(states) <= 1
    assert OutbreakFilter(1).tail_logits(np.ones(3), np.ones(3), np.zeros(3)).tolist() == [0, 0, 0]


def test_later_weeks_change_nothing_before_them() -> None:
    from models.city_rate import CityRate

    counts = np.random.default_rng(5).poisson(1.2, (70, 6, 2)).astype(np.float32)
    changed = counts.copy()
    changed[60:] = 9
    rate = CityRate().fit(counts[:3].sum(axis=1, dtype=np.float64), 1, 104)

    def told(weeks: np.ndarray) -> list[np.ndarray]:
        return [
            state.outbreaks.tail_logits(np.tile(state.expected_city, 6), np.full(12, 3.0), np.zeros(12))
            for state in replay(weeks, 1, 40, rate)
        ]

    for one, other in zip(told(counts)[:20], told(changed)[:20], strict=True):
        assert np.array_equal(one, other)
    assert not np.array_equal(told(counts)[20], told(changed)[20])
