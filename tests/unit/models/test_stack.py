"""The stack is what its parts say together, and no more than them where there is nothing to learn from."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from sklearn.metrics import log_loss

from models.features import FEATURES
from models.filter_logistic import last_state
from models.hybrid import rate_inputs
from models.input_groups import INPUT_GROUPS
from models.outbreak_filter import OutbreakFilter
from models.panel import Panel
from models.stack import PLAIN, RATES, SIZES, FilterStack, at_height, offsets, rising, wide_inputs
from models.tails import logit
from models.targets import frozen_thresholds, label, surge_thresholds
from models.threshold_logits import ThresholdLogits


@pytest.fixture(scope="module")
def fitted(city):
    past = city.before(city.as_of - dt.timedelta(weeks=1))
    thresholds = frozen_thresholds(past)
    return past, thresholds, FilterStack(training_weeks=24, iterations=30).fit(past, thresholds)


def test_is_the_weighted_mean_logit_of_its_parts(fitted) -> None:
    past, thresholds, model = fitted
    state = last_state(past, 1, model.base_.linear_.city_rate_)
    table = rate_inputs(past.observed, state, ThresholdLogits.at(state, thresholds.hot), thresholds, past.as_of)
    wide = model.wide_.logit(wide_inputs(table), offsets(table))
    classified = logit(model.classifier_.predict_proba(model.bins_.transform(table))[:, 1])
    base, linear = (one.predict(past, thresholds) for one in (model.base_, model.base_.linear_))
    forecast = model.predict(past, thresholds)
    np.testing.assert_allclose(
        logit(forecast.p_hot).ravel(),
        (logit(linear.p_hot) + logit(base.p_hot)).ravel() / 3 + (wide + classified) / 6,
        atol=1e-9,
    )
    surge = ThresholdLogits.at(state, surge_thresholds(past, thresholds))
    raised = at_height(table, surge)
    np.testing.assert_allclose(offsets(raised), surge.offset, rtol=1e-4)
    wide = model.surge_.logit(wide_inputs(raised), offsets(raised))
    np.testing.assert_allclose(logit(forecast.p_surge).ravel(), (logit(base.p_surge).ravel() + wide) / 2, atol=1e-9)


def test_without_the_outbreak_filter_nothing_depends_on_it(city, monkeypatch) -> None:
    past = city.before(city.as_of - dt.timedelta(weeks=1))
    thresholds = frozen_thresholds(past)
    names = INPUT_GROUPS["outbreaks"]
    model, usual = (FilterStack(training_weeks=24, iterations=30, without=left_out) for left_out in (names, ()))
    said = [one.fit(past, thresholds).predict(past, thresholds) for one in (model, usual)]
    monkeypatch.setattr(OutbreakFilter, "tail_logits", lambda *given: np.asarray(given[3]) + 1)
    changed = [one.fit(past, thresholds).predict(past, thresholds) for one in (model, usual)]
    for target in ("p_hot", "p_surge", "expected_count"):
        assert np.array_equal(getattr(said[0], target), getattr(changed[0], target))
    assert not np.array_equal(said[1].p_hot, changed[1].p_hot)


def test_rows_of_a_sample_are_those_of_the_whole(fitted) -> None:
    past, thresholds, model = fitted
    state = last_state(past, 1, model.base_.linear_.city_rate_)
    table = rate_inputs(past.observed, state, ThresholdLogits.at(state, thresholds.hot), thresholds, past.as_of)
    cells = np.array([3, 17, 158])
    some = rate_inputs(past.observed, state, ThresholdLogits.at(state, thresholds.hot, cells), thresholds, past.as_of)
    np.testing.assert_allclose(some, table[cells], rtol=1e-5, atol=1e-6)
    height = surge_thresholds(past, thresholds)
    whole, part = (ThresholdLogits.at(state, height, asked) for asked in (None, cells))
    np.testing.assert_allclose(at_height(some, part), at_height(table, whole)[cells], rtol=1e-5, atol=1e-6)


def test_knows_more_than_the_base_rate(city, fitted) -> None:
    past, thresholds, model = fitted
    hot = label(city.counts[-1], past, thresholds).hot.ravel()
    said = log_loss(hot, model.predict(past, thresholds).p_hot.ravel())
    assert said < log_loss(hot, np.full(len(hot), hot.mean())) * 0.9


def test_inputs_are_named_columns_of_the_shared_table(fitted) -> None:
    past, thresholds, model = fitted
    state = last_state(past, 1, model.base_.linear_.city_rate_)
    table = rate_inputs(past.observed, state, ThresholdLogits.at(state, thresholds.hot), thresholds, past.as_of)
    wide = wide_inputs(table)
    assert wide.shape == (table.shape[0], 7 + len(RATES) + len(SIZES) + len(PLAIN))
    last = past.counts[-1].ravel()
    threshold = np.tile(thresholds.hot, len(past.communities))
    np.testing.assert_allclose(wide[:, 7], np.log(last + 0.05) - np.log(threshold), rtol=1e-5)
    np.testing.assert_allclose(offsets(table), wide[:, 5] * 3, atol=1e-5)
    np.testing.assert_allclose(table[:, -1], offsets(table) + wide[:, 6], atol=1e-4)


def test_more_complaints_never_lower_what_the_classifier_says(fitted) -> None:
    past, thresholds, model = fitted
    state = last_state(past, 1, model.base_.linear_.city_rate_)
    table = rate_inputs(past.observed, state, ThresholdLogits.at(state, thresholds.hot), thresholds, past.as_of)
    assert rising(table.shape[1])[FEATURES.index("weeks_since_complaint")] == 0
    for column in np.flatnonzero(rising(table.shape[1])):
        more = table.copy()
        more[:, column] += 2
        before, after = (model.classifier_.predict_proba(model.bins_.transform(t))[:, 1] for t in (table, more))
        assert (after >= before - 1e-12).all()


def test_too_few_examples_leave_the_base_alone(make_panel) -> None:
    panel = make_panel(np.random.default_rng(3).poisson(0.2, (30, 6, 2)))
    thresholds = frozen_thresholds(panel)
    model = FilterStack().fit(panel, thresholds)
    assert model.wide_ is None and model.classifier_ is None
    np.testing.assert_array_equal(model.predict(panel, thresholds).p_hot, model.base_.predict(panel, thresholds).p_hot)
    short = make_panel(np.ones((2, 3, 2)))
    assert FilterStack().fit(short, frozen_thresholds(short)).classifier_ is None


def test_contributions_add_up(fitted) -> None:
    past, thresholds, model = fitted
    explained = model.explain(past, thresholds)
    parts = explained.drop("community_code", "issue_code", "logit").sum_horizontal()
    np.testing.assert_allclose(parts, explained["logit"], atol=1e-9)
    np.testing.assert_allclose(explained["logit"], logit(model.predict(past, thresholds).p_hot).ravel(), atol=1e-9)


def test_later_weeks_change_nothing(city) -> None:
    before = city.before(city.as_of - dt.timedelta(weeks=6))
    spoiled = np.array(city.counts)
    spoiled[-6:] += 9
    again = Panel(city.as_of, city.communities, city.issues, spoiled).before(before.as_of)
    thresholds = frozen_thresholds(before)
    one, other = (FilterStack(24, iterations=10).fit(p, thresholds).predict(p, thresholds) for p in (before, again))
    np.testing.assert_array_equal(one.p_hot, other.p_hot)
