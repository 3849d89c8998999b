"""The laboratory: the oracle is honest and unbeaten, and the made-up cities do what their parameters say."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from models.backtest import backtest
from models.evaluation import summary
from models.filter_logistic import FilterLogistic
from models.panel import Panel
from models.simulation import PRESETS, Dynamics, StateOracle, simulate
from models.targets import frozen_thresholds

SMALL = {"communities": 40, "issues": 8}
STEADY = Dynamics(communities=40, issues=8, drift=0, outbreak_chance=0, season=0, city_drift=0, burst=0)


def origins(panel: Panel, number: int) -> list[dt.date]:
    return [panel.as_of - dt.timedelta(weeks=back) for back in range(number, 0, -1)]


@pytest.mark.parametrize("name", PRESETS)
def test_nobody_beats_the_oracle_and_it_is_calibrated(name: str) -> None:
    city = simulate(replace(PRESETS[name], **SMALL, rate=0.2), weeks=90, seed=3)
    models = [FilterLogistic(), StateOracle(city)]
    rows = backtest(city.panel.before, city.panel, origins(city.panel, 20), models, refit_every=20, chosen="oracle")
    table = {row["forecaster"]: row for row in summary(rows, resamples=0).iter_rows(named=True)}
    oracle = table.pop("oracle")
    assert oracle["ece"] < 0.01
    for row in table.values():
        assert row["log_loss"] > oracle["log_loss"] and row["brier"] > oracle["brier"]
        assert row["hot_pr_auc"] < oracle["hot_pr_auc"]
    # cells of a week share its swings, so the sum varies more than that of independent events
    assert rows["p_surge"].sum() == pytest.approx(rows["y_surge"].sum(), rel=0.25)


def test_the_oracle_integrates_over_what_the_week_brings() -> None:
    dynamics = replace(PRESETS["outbreaks"], **SMALL, outbreak_chance=0.2, city_drift=0.3)
    city = simulate(dynamics, weeks=3, seed=1)
    random, draws = np.random.default_rng(0), 20_000
    log_rate = city.foreseen[2][0, 0] + random.normal(0, np.hypot(dynamics.drift, dynamics.city_drift), draws)
    jump = random.normal(dynamics.outbreak_height, dynamics.outbreak_spread, draws)
    rate = np.exp(log_rate + np.where(random.random(draws) < 0.2, jump, 0))
    counts = random.poisson(rate * random.gamma(1 / city.burst[0], city.burst[0], draws))
    for threshold in (1, 3):
        chance = city.tail(2, np.full(dynamics.issues, float(threshold)))[0, 0]
        assert (counts >= threshold).mean() == pytest.approx(chance, abs=4 * np.sqrt(chance / draws))
    assert city.expected(2)[0, 0] == pytest.approx(rate.mean(), rel=0.05)


def test_seeds_repeat() -> None:
    dynamics = Dynamics(communities=5, issues=3)
    one, again, other = (simulate(dynamics, weeks=20, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.panel.counts, again.panel.counts) and np.array_equal(one.foreseen, again.foreseen)
    assert not np.array_equal(one.panel.counts, other.panel.counts)


def test_counts_are_drawn_around_the_intensity() -> None:
    city = simulate(STEADY, weeks=60)
    standardised = (city.panel.counts - city.intensity) / np.sqrt(city.intensity)
    assert standardised.mean() == pytest.approx(0, abs=0.03) and standardised.var() == pytest.approx(1, abs=0.1)
    assert np.allclose(np.exp(city.foreseen), city.intensity)


def test_bursts_widen_counts_as_they_say() -> None:
    city = simulate(replace(STEADY, burst=1.5, burst_spread=0.0, rate=1.0), weeks=120)
    excess = ((city.panel.counts - city.intensity) ** 2 - city.intensity).sum() / (city.intensity**2).sum()
    assert excess == pytest.approx(1.5, rel=0.25)


def test_seasons_return_after_a_year_and_trends_do_not() -> None:
    wave = simulate(replace(STEADY, season=1.0), weeks=105).foreseen
    assert np.allclose(wave[0], wave[104]) and not np.allclose(wave[0], wave[26], atol=0.1)
    slope = simulate(replace(STEADY, trend=0.5), weeks=105).foreseen
    assert (slope[104] - slope[0]).std() == pytest.approx(2 * 0.5 * np.sqrt(2), rel=0.5)
    assert np.allclose(slope[104] - slope[52], slope[52] - slope[0])


def test_a_change_moves_its_share_of_the_cells_in_its_week() -> None:
    log_rate = simulate(replace(STEADY, change_weeks=7, changed_share=0.4), weeks=30).foreseen
    steps = np.abs(np.diff(log_rate, axis=0)).max(axis=(1, 2)) > 1e-9
    assert np.flatnonzero(steps).tolist() == [30 - 7 - 1]
    assert (log_rate[-1] != log_rate[0]).mean() == pytest.approx(0.4, abs=0.1)


def test_outbreaks_decay_and_drift_is_forgotten() -> None:
    dynamics = replace(STEADY, outbreak_chance=0.05, outbreak_spread=0.0, outbreak_height=2.0, outbreak_decay=0.5)
    city = simulate(dynamics, weeks=40)
    level = city.foreseen[0]
    new = np.log(city.intensity) - city.foreseen
    assert set(np.round(np.unique(new), 6)) == {0.0, 2.0}
    assert np.allclose(city.foreseen[1:] - level, 0.5 * (np.log(city.intensity[:-1]) - level))
    drifting = simulate(replace(STEADY, drift=0.1, persistence=0.9), weeks=400).foreseen
    assert drifting.std(axis=0).mean() == pytest.approx(0.9 * 0.1 / np.sqrt(1 - 0.81), rel=0.1)


def test_the_oracle_says_what_it_cannot_know() -> None:
    city = simulate(Dynamics(communities=4, issues=2), weeks=12)
    for horizon, panel in ((1, city.panel), (4, city.panel.before(origins(city.panel, 5)[0]))):
        with pytest.raises(ValueError, match=r"single weeks from .* simulate a longer city"):
            StateOracle(city).predict(panel, frozen_thresholds(panel, horizon_weeks=horizon))


@pytest.mark.parametrize("wrong", [{"persistence": 1.2}, {"rate": 0.0}, {"drift": -0.1}, {"communities": 0}])
def test_what_cannot_be_drawn_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        Dynamics(**wrong)
