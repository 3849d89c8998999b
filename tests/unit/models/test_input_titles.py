"""Every input of every model has a Chinese name of its own."""

from __future__ import annotations

import pytest

from models.context import CONTEXT_INPUTS
from models.input_titles import INPUT_TITLES, titles_of
from models.registry import all_models
from models.stack import FilterStack

MODELS = [*all_models(), FilterStack(context=CONTEXT_INPUTS)]


@pytest.mark.parametrize("model", MODELS, ids=["filter_logistic", "boosted", "filter_stack", "with context"])
def test_every_input_of_a_model_has_a_name(model) -> None:
    assert model.inputs
    assert len(set(titles_of(model.inputs))) == len(set(model.inputs))


def test_no_name_is_left_over() -> None:
    assert set(INPUT_TITLES) == {name for model in MODELS for name in model.inputs}
