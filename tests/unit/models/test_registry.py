"""A stored choice can be served again."""

import pytest

from models.baselines import BASELINES, Ewma
from models.registry import all_models, forecaster_named


def test_every_forecaster_is_found_by_its_name() -> None:
    for name in (*BASELINES, "filter_logistic", "boosted", "filter_boosted", "filter_stack"):
        assert forecaster_named(name).name == name
    assert forecaster_named("ewma_05").get_params() == Ewma(0.05).get_params()
    titles = [model.title for model in all_models()]
    assert len(set(titles)) == len(titles) == 3


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="choose one of filter_logistic, boosted"):
        forecaster_named("oracle")
