"""Every forecaster by name, so that a stored choice can be served again."""

from __future__ import annotations

from models.baselines import all_baselines
from models.boosted import BoostedClassifier
from models.filter_logistic import FilterLogistic
from models.forecaster import Forecaster
from models.hybrid import FilterBoosted
from models.stack import FilterStack


def all_models() -> list[Forecaster]:
    """The models that compete with the baselines, cheapest first; new and unfitted.

    ``FilterBoosted`` is a part of the stack and was never far from it; it is served by name alone.
    """
    return [FilterLogistic(), BoostedClassifier(), FilterStack()]


def forecaster_named(name: str) -> Forecaster:
    """A new, unfitted forecaster.

    Raises:
        ValueError: there is none of that name; lists those there are.
    """
    known = {forecaster.name: forecaster for forecaster in [*all_models(), FilterBoosted(), *all_baselines()]}
    if name not in known:
        raise ValueError(f"no forecaster {name!r}; choose one of {', '.join(known)}")
    return known[name]
