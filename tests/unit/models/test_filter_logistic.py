"""The model: safe on little data, additive, deterministic, and better than naive where there is something to learn."""

import datetime as dt

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from models.baselines import MovingAverage
from models.filter_logistic import FilterLogistic, last_state
from models.offset_logistic import OffsetLogistic
from models.tails import expit, logit
from models.targets import frozen_thresholds, label, surge_counts
from models.threshold_logits import ThresholdLogits


def test_offset_logistic_agrees_with_scikit_learn() -> None:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(400, 2))
    hot = random.random(400) < 1 / (1 + np.exp(-(inputs[:, 0] - 1)))
    weights = np.where(random.random(400) < 0.5, 1.0, 4.0)
    ours = OffsetLogistic(penalty=1e-9).fit(inputs, np.zeros(400), hot, weights)
    reference = LogisticRegression(C=np.inf, tol=1e-10).fit(inputs, hot, sample_weight=weights)
    assert np.allclose(ours.logit(inputs, np.zeros(400)), reference.decision_function(inputs), atol=1e-3)


def test_offset_logistic_shrinks_to_the_offset() -> None:
    random = np.random.default_rng(0)
    inputs, hot, offset = random.normal(size=(50, 2)), random.random(50) < 0.5, np.full(50, -1.5)
    assert np.allclose(OffsetLogistic(1e9).fit(inputs, offset, hot, np.ones(50)).logit(inputs, offset), -1.5, atol=1e-3)
    nothing = OffsetLogistic().fit(inputs[:0], offset[:0], hot[:0], np.ones(0))
    assert np.array_equal(nothing.logit(inputs, offset), offset)


def test_beats_persistence_on_a_simulated_city(city) -> None:
    precision: dict[str, list[float]] = {"model": [], "persistence": []}
    origin = city.as_of - dt.timedelta(weeks=16)
    thresholds = frozen_thresholds(city.before(origin))
    model = FilterLogistic().fit(city.before(origin), thresholds)
    for weeks in range(16, 0, -1):
        panel = city.before(city.as_of - dt.timedelta(weeks=weeks))
        hot = label(city.counts[-weeks], panel, thresholds).hot.ravel()
        precision["model"].append(average_precision_score(hot, model.predict(panel, thresholds).p_hot.ravel()))
        naive = MovingAverage(1).predict(panel, thresholds).p_hot.ravel()
        precision["persistence"].append(average_precision_score(hot, naive))
    assert np.mean(precision["model"]) > 1.05 * np.mean(precision["persistence"])


def test_fitting_twice_gives_the_same_bits(city) -> None:
    thresholds = frozen_thresholds(city)
    first, second = (FilterLogistic().fit(city, thresholds).predict(city, thresholds) for _ in range(2))
    assert np.array_equal(first.p_hot, second.p_hot)
    assert np.array_equal(first.p_surge, second.p_surge)
    other_seed = FilterLogistic(seed=1).fit(city, thresholds).predict(city, thresholds)
    assert not np.array_equal(first.p_hot, other_seed.p_hot)


def test_probabilities_are_calibrated_in_the_large(city) -> None:
    origin = city.before(city.as_of - dt.timedelta(weeks=1))
    thresholds = frozen_thresholds(origin)
    forecast = FilterLogistic().fit(origin, thresholds).predict(origin, thresholds)
    assert forecast.p_hot.sum() == pytest.approx((city.counts[-1] >= thresholds.hot).sum(), rel=0.5)
    assert forecast.expected_count.sum() == pytest.approx(city.counts[-1].sum(), rel=0.25)


def test_surge_is_learned_on_surges(city) -> None:
    thresholds = frozen_thresholds(city)
    rows = FilterLogistic(training_weeks=30)
    rows.fit(city, thresholds)
    _, surge = rows._training_rows(city, thresholds)
    weeks = range(city.weeks - 31, city.weeks - 1)
    came = [city.counts[week + 1] >= surge_counts(city.counts[: week + 1], thresholds) for week in weeks]
    assert surge.outcome.sum() == np.sum(came) > 20  # none is sampled away
    said = expit(rows.surge_.logit(surge.inputs, surge.offset))
    assert (said * surge.weights).sum() == pytest.approx(np.sum(came), rel=0.05)  # a free intercept balances the sums
    assert not np.allclose(rows.surge_.coefficients_, rows.logistic_.coefficients_)


@pytest.mark.parametrize("horizon", [1, 4])
def test_contributions_add_up_to_the_logit(city, horizon) -> None:
    thresholds = frozen_thresholds(city, horizon_weeks=horizon)
    model = FilterLogistic().fit(city, thresholds)
    explained = model.explain(city, thresholds)
    parts = explained.drop("community_code", "issue_code", "logit").to_numpy()
    p_hot = model.predict(city, thresholds).p_hot.ravel()
    assert np.allclose(parts.sum(axis=1), explained["logit"].to_numpy(), atol=1e-9)
    assert np.allclose(1 / (1 + np.exp(-parts.sum(axis=1))), p_hot, rtol=1e-9)
    assert (parts.std(axis=0) > 0).sum() >= 8  # all but the intercept and a constant threshold say something


def test_short_history_stays_with_the_filter(city, make_panel) -> None:
    farthest = []
    for weeks in (4, 8):
        short = make_panel(city.counts[-weeks:])
        thresholds = frozen_thresholds(short)
        model = FilterLogistic().fit(short, thresholds)
        state = last_state(short, 1, model.city_rate_)
        offset = ThresholdLogits.at(state, thresholds.hot).offset
        farthest.append(np.abs(logit(model.predict(short, thresholds).p_hot.ravel()) - offset).max())
    assert farthest[0] < 1e-9  # no window to learn from has closed
    assert 0 < farthest[1] < 1


@pytest.mark.parametrize("weeks", [1, 2, 9, 30])
def test_any_length_of_history_gives_probabilities(city, make_panel, weeks) -> None:
    panel = make_panel(city.counts[-weeks:])
    for horizon in (1, 4):
        thresholds = frozen_thresholds(panel, horizon_weeks=horizon)
        forecast = FilterLogistic().fit(panel, thresholds).predict(panel, thresholds)
        assert ((forecast.p_hot > 0) & (forecast.p_hot < 1)).all()
        assert np.isfinite(forecast.expected_count).all()


def test_new_cells_get_a_small_chance(city, make_panel) -> None:
    counts = np.zeros((city.weeks, 41, 6))
    counts[:, :40, :4] = city.counts
    counts[50, 3, 5] = 1  # an issue with a single event; issue 4 and community 40 never had one
    panel = make_panel(counts)
    thresholds = frozen_thresholds(panel)
    p_hot = FilterLogistic().fit(panel, thresholds).predict(panel, thresholds).p_hot
    assert (p_hot > 0).all()
    assert p_hot[:, 4:].max() < p_hot[:40, :4].mean()
    assert p_hot[40].max() < p_hot[:40, :4].mean()


def test_a_week_without_data_does_not_break_it(city, make_panel) -> None:
    counts = city.counts.copy()
    counts[-5] = 0
    counts[-1] = 0
    panel = make_panel(counts)
    thresholds = frozen_thresholds(panel)
    forecast = FilterLogistic().fit(panel, thresholds).predict(panel, thresholds)
    assert np.isfinite(forecast.p_hot).all()
    assert forecast.expected_count.sum() > 0


def test_an_empty_city_is_forecast_as_quiet(make_panel) -> None:
    panel = make_panel(np.zeros((60, 3, 2)))
    thresholds = frozen_thresholds(panel)
    p_hot = FilterLogistic().fit(panel, thresholds).predict(panel, thresholds).p_hot
    assert ((p_hot > 0) & (p_hot < 1e-3)).all()
