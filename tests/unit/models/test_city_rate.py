"""The rate of the city as a whole, and what is expected of it."""

import numpy as np
import pytest

from models.city_rate import EXPOSURE_FLOOR, FURTHEST, CityRate, exposures, seasons, tune_exposure


def test_exposure_is_the_bias_corrected_city_average() -> None:
    # weights .7 and 1 on totals 10 and 27: (7 + 27) / 1.7 = 20
    assert exposures(np.array([[10.0], [27.0]]), 0.3, 20)[1].item() == pytest.approx(20 + EXPOSURE_FLOOR)


def test_a_rare_issue_is_averaged_over_more_weeks() -> None:
    city = np.array([[50.0, 0.5]] * 200 + [[100.0, 1.0]])
    frequent, rare = (exposures(city, 0.3, 20) - EXPOSURE_FLOOR)[-1] / city[0]
    assert frequent == pytest.approx(1.3, abs=0.001)
    # a little over half a complaint a week as a rule: 20 of them take some 36 weeks
    assert rare == pytest.approx(1 + 2 / (20 / (0.515 + EXPOSURE_FLOOR) + 1), abs=0.001)
    assert (exposures(city, 0.3, 60) - EXPOSURE_FLOOR)[-1, 1] < 1.025 * city[0, 1]


def test_exposure_follows_a_jumpy_city_faster() -> None:
    random = np.random.default_rng(8)
    steady = random.poisson(50, (100, 3)).astype(np.float64)
    jumpy = random.poisson(50 * np.exp(np.cumsum(random.normal(0, 0.4, (100, 3)), axis=0))).astype(np.float64)
    assert (tune_exposure(steady)[0], tune_exposure(jumpy)[0]) == (0.3, 0.5)


def test_exposure_of_rare_issues_holds_more_where_they_are_steady() -> None:
    random = np.random.default_rng(8)
    steady = random.poisson(3, (100, 6)).astype(np.float64)
    jumpy = random.poisson(3 * np.exp(np.cumsum(random.normal(0, 0.4, (100, 6)), axis=0))).astype(np.float64)
    assert (tune_exposure(steady)[1], tune_exposure(jumpy)[1]) == (60, 20)


def test_season_compares_the_coming_weeks_with_the_weeks_before_a_year_ago() -> None:
    city = np.full((70, 1), 10.0)
    week = 62  # a year before the forecast week 63 is week 11: its neighbours 10..12, and 5..10 before it
    city[10:13] = 40
    before = (5 * 10 + 40) / 6
    assert seasons(city, 1)[week].item() == pytest.approx(0.5 * np.log((40 + 20) / (before + 20)))
    assert seasons(city, 1)[56].item() == 0  # week 57 a year earlier is week 5: fewer than six weeks stand before it
    assert seasons(city, 4)[week].item() == pytest.approx(0.5 * np.log((25 + 20) / (before + 20)))


def swinging(weeks: int = 156, issues: int = 12, seed: int = 4) -> np.ndarray:
    """Totals about a lasting mean of 60, to which each week goes back by a half."""
    random = np.random.default_rng(seed)
    swing, rows = np.zeros(issues), []
    for _ in range(weeks):
        swing = 0.5 * swing + random.normal(0, 0.35, issues)
        rows.append(random.poisson(60 * np.exp(swing)))
    return np.array(rows, dtype=np.float64)


def test_it_learns_that_a_city_swings_back() -> None:
    city = swinging()
    past, came = city[:104], city[104:]
    rate = CityRate().fit(past, 1, 104)
    assert rate.weights_.any()
    smoothed, expected = rate.level(city)[103:-1], (rate.outlook(city) * np.exp(rate.season(city)))[103:-1]
    error = [np.abs(np.log((came + 1) / (told + 1))).mean() for told in (smoothed, expected)]
    assert error[1] < 0.97 * error[0]
    high = smoothed > 90
    assert (expected < smoothed)[high].mean() > 0.75


def test_a_short_history_changes_nothing() -> None:
    city = swinging(30)
    rate = CityRate().fit(city, 1, 104)
    assert not rate.weights_.any()
    assert np.array_equal(rate.outlook(city), rate.level(city))
    assert np.array_equal(rate.season(city), seasons(city, 1))


def test_what_was_never_seen_moves_it_by_no_more_than_is_allowed() -> None:
    city = swinging()
    rate = CityRate().fit(city, 1, 104)
    rate.weights_ = rate.weights_ * 1e6
    city[-1] = 1e6
    assert (np.abs(np.log(rate.outlook(city) / rate.level(city))) <= FURTHEST + 1e-9).all()


@pytest.mark.parametrize("horizon", [1, 4])
def test_weeks_after_the_origin_change_nothing_before_it(horizon: int) -> None:
    city = swinging()
    changed = city.copy()
    changed[120:] *= 3
    rate = CityRate().fit(city[:104], horizon, 52)
    for told in (rate.level, rate.outlook, rate.season):
        assert np.array_equal(told(city)[:120], told(changed)[:120])
    assert not np.array_equal(rate.outlook(city)[120], rate.outlook(changed)[120])


def test_an_empty_city_has_a_rate() -> None:
    rate = CityRate().fit(np.zeros((60, 3)), 1, 52)
    assert np.isfinite(rate.outlook(np.zeros((60, 3)))).all()
