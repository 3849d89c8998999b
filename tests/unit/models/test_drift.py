"""Drift: alarms come when the city changes, and not with its seasons."""

from __future__ import annotations

import numpy as np
import pytest

from models.drift import LEAST_WEEKS, RECENT_WEEKS, stability_index, watch_inputs, watch_skill


def found(findings) -> dict[str, object]:
    return {finding.code: finding for finding in findings}


def counts(weeks: int = 112, seed: int = 0, swing: float = 0.0) -> np.ndarray:
    """Poisson counts of 20 communities × 5 issues; ``swing`` turns the first issue by the season."""
    season = 1 + swing * np.sin(2 * np.pi * np.arange(weeks) / 52)[:, None, None]
    rate = np.ones((weeks, 20, 5)) * [1.0, 2.0, 3.0, 1.0, 0.5]
    rate[:, :, :1] *= season
    return np.random.default_rng(seed).poisson(rate).astype(float)


def test_a_steady_city_raises_nothing(make_panel) -> None:
    for seed in range(10):
        assert not any(finding.is_raised for finding in watch_inputs(make_panel(counts(seed=seed))))


def test_a_season_that_was_there_last_year_is_no_drift(make_panel) -> None:
    """At its peak the first issue is far from the mean of the year, but just as a year ago."""
    weeks = 52 + 52 + 15
    city = counts(weeks, swing=0.99)
    city[:, :, 0] *= 6
    assert stability_index(city[-4:].sum(axis=(0, 1)), city[-34:-30].sum(axis=(0, 1))) > 0.25
    assert not found(watch_inputs(make_panel(city)))["issue_mix"].is_raised


def test_a_new_mix_of_issues_raises_the_alarm(make_panel) -> None:
    city = counts()
    city[-RECENT_WEEKS:, :, 4] += 4
    assert found(watch_inputs(make_panel(city)))["issue_mix"].is_raised


def test_half_or_twice_the_volume_raises_the_alarm(make_panel) -> None:
    for factor, raised in ((0.4, True), (2.5, True), (1.5, False)):
        city = counts()
        city[-RECENT_WEEKS:] = np.random.default_rng(5).poisson(city[-RECENT_WEEKS:] * factor)
        assert found(watch_inputs(make_panel(city)))["volume"].is_raised is raised


def test_a_short_history_cannot_be_judged(make_panel) -> None:
    assert [finding.value for finding in watch_inputs(make_panel(counts(55)))] == [None, None]
    assert all(finding.value is not None for finding in watch_inputs(make_panel(counts(56))))


def test_the_index_is_that_of_two_shares_less_chance() -> None:
    """Shares .5/.5 against .75/.25: (.25)(ln 2/3·…): (−.25)ln(.5/.75) + (.25)ln(.5/.25) = .2747."""
    assert stability_index(np.array([5e6, 5e6]), np.array([7.5e6, 2.5e6])) == pytest.approx(0.2747, abs=1e-4)
    assert stability_index(np.array([5.0, 4.0]), np.array([4.0, 5.0])) == 0


def test_skill_is_judged_by_the_spread_of_earlier_weeks() -> None:
    earlier = np.tile([0.09, 0.11], 10)
    spread = earlier.std(ddof=1)
    worse = 0.1 + 3.2 * spread / 2
    skill = found(watch_skill([*earlier, *[worse] * 4], [0.2] * 24))["skill"]
    assert skill.value == pytest.approx(3.2) and skill.is_raised
    assert not found(watch_skill([*earlier, *[0.1] * 4], [0.2] * 24))["skill"].is_raised
    assert found(watch_skill([0.1, 0.2] * (LEAST_WEEKS // 2) + [0.3] * 3, [0.2] * 15))["skill"].value is None


def test_losing_to_the_baseline_needs_all_four_weeks() -> None:
    earlier = [0.1] * 20
    lost = found(watch_skill([*earlier, 0.12, 0.13, 0.12, 0.111], [*earlier, *[0.11] * 4]))["baseline"]
    assert lost.is_raised and lost.value == pytest.approx(0.111 / 0.11)
    once = found(watch_skill([*earlier, 0.12, 0.13, 0.12, 0.10], [*earlier, *[0.11] * 4]))["baseline"]
    assert not once.is_raised
    itself = found(watch_skill([*earlier, *[0.1] * 4], [*earlier, *[0.1] * 4]))["baseline"]
    assert not itself.is_raised
