"""The whole flow on a small sample city, run once for all integration tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import SmallCity, made_once


@pytest.fixture(scope="session")
def finished_city(small_city: SmallCity, tmp_path_factory: pytest.TempPathFactory) -> SmallCity:
    """The small city after one run of the flow for its as-of date, in a home of this worker's own."""
    from pipelines.main_job import run_flow

    def run(home: Path) -> None:
        shutil.copytree(small_city.data, home / small_city.folder.name / "data")
        run_flow(small_city.settings(home), small_city.as_of_date)

    finished = made_once(tmp_path_factory, "finished_city", run)
    home = tmp_path_factory.mktemp("finished_city")
    shutil.copytree(finished, home, dirs_exist_ok=True)
    return SmallCity(small_city.folder, home, small_city.as_of_date)
