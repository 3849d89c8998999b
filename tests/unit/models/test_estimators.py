"""scikit-learn's contract: parameters survive a round trip, nothing speaks before it is fitted, fits repeat."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted

from models.baselines import PoissonTail, all_baselines
from models.binning import WeightedBins
from models.forecaster import Forecaster
from models.offset_logistic import OffsetLogistic
from models.registry import all_models
from models.targets import frozen_thresholds

FORECASTERS = [*all_models(), *all_baselines()]
LEARNING = [one for one in FORECASTERS if not isinstance(one, PoissonTail) or type(one).fit is not PoissonTail.fit]


# The other estimators are not called with (X, y): an OffsetLogistic needs the logits it shrinks to, and a forecaster
# takes a panel and thresholds. scikit-learn's battery feeds tables alone, so for them its points are tested below.
@parametrize_with_checks([WeightedBins()])
def test_scikit_learns_own_checks(estimator, check) -> None:
    check(estimator)


@pytest.mark.parametrize("estimator", [*FORECASTERS, OffsetLogistic(7.0), WeightedBins()], ids=repr)
def test_parameters_survive_a_round_trip(estimator: BaseEstimator) -> None:
    parameters = estimator.get_params()
    assert clone(estimator).get_params() == parameters
    changed = {name: value + 1 for name, value in parameters.items() if isinstance(value, int | float)}
    again = clone(estimator).set_params(**changed)
    assert again.get_params() == parameters | changed and estimator.get_params() == parameters
    with pytest.raises(ValueError, match="Invalid parameter 'nonsense'"):
        again.set_params(nonsense=1)


@pytest.mark.parametrize("forecaster", LEARNING, ids=lambda one: one.name)
def test_nothing_is_forecast_before_fitting(forecaster: Forecaster, city) -> None:
    thresholds = frozen_thresholds(city)
    for ask in (forecaster.predict, forecaster.predict_proba, forecaster.explain):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            ask(city, thresholds)


def test_a_logistic_is_not_asked_before_fitting() -> None:
    inputs = np.zeros((2, 3))
    for ask in (OffsetLogistic().contributions, lambda table: OffsetLogistic().logit(table, np.zeros(2))):
        with pytest.raises(NotFittedError):
            ask(inputs)


@pytest.mark.parametrize("forecaster", FORECASTERS, ids=lambda one: one.name)
def test_fitting_returns_itself_and_leaves_parameters_alone(forecaster: Forecaster, city) -> None:
    thresholds = frozen_thresholds(city)
    one = clone(forecaster)
    if "iterations" in one.get_params():
        one.set_params(iterations=5)
    parameters = one.get_params()
    assert one.fit(city, thresholds) is one and one.get_params() == parameters
    both = one.predict_proba(city, thresholds)
    assert both.shape == (city.counts[0].size, 2) and np.allclose(both.sum(axis=1), 1)
    unfitted = clone(one)
    if forecaster.name in {other.name for other in LEARNING}:
        with pytest.raises(NotFittedError):
            check_is_fitted(unfitted)
    assert np.array_equal(unfitted.fit(city, thresholds).predict_proba(city, thresholds), both)
