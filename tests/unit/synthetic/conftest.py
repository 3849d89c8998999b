"""A small sample city, emitted once: thirty weeks across a merger, a renaming and a half-year archive."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.synthetic.emit import emit
from pipelines.synthetic.manifest import Manifest
from pipelines.synthetic.world import WorldConfig

SMALL = WorldConfig(first_day=date(2025, 4, 7), weeks=30, matters_per_week=90.0)


@pytest.fixture(scope="session")
def small_config() -> WorldConfig:
    """The dynamics of the small city."""
    return SMALL


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """The folder of the emitted city and what was put into it."""
    folder = tmp_path_factory.mktemp("city")
    return folder, emit(folder, seed=7, config=SMALL)
