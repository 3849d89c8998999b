"""Small panels for the tests of models."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest

from models.panel import Panel

AS_OF = dt.date(2026, 3, 2)

MakePanel = Callable[..., Panel]


@pytest.fixture(scope="session")
def make_panel() -> MakePanel:
    """Build a panel from nested counts: (weeks, communities, issues), or (weeks,) for a single cell."""

    def make(counts: object, as_of: dt.date = AS_OF) -> Panel:
        array = np.asarray(counts, dtype=np.float32)
        if array.ndim == 1:
            array = array[:, None, None]
        communities = tuple(f"c{index:02d}" for index in range(array.shape[1]))
        issues = tuple(f"k{index}" for index in range(array.shape[2]))
        return Panel(as_of, communities, issues, array)

    return make


@pytest.fixture(scope="session")
def city(make_panel: MakePanel) -> Panel:
    """A simulated city of 40 communities × 4 issues × 84 weeks whose cell rates drift and whose total swings."""
    random = np.random.default_rng(7)
    weeks, communities, issues = 84, 40, 4
    level = random.gamma(0.6, 1.2, (communities, issues))
    drift = np.cumsum(random.normal(0, 0.12, (weeks, communities, issues)), axis=0)
    swing = 0.4 * np.sin(2 * np.pi * np.arange(weeks) / 52)[:, None, None]
    burst = np.cumsum(random.normal(0, 0.1, (weeks, 1, issues)), axis=0) * 0.5
    return make_panel(random.poisson(np.minimum(level * np.exp(drift + swing + burst), 25)))
