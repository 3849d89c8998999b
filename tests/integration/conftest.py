"""The whole flow on a small city, run once for all integration tests."""

from __future__ import annotations

import pytest

from tests.conftest import SmallCity


@pytest.fixture(scope="session")
def finished_city(small_city: SmallCity) -> SmallCity:
    """The small city after one run of the flow for its as-of date."""
    from pipelines.main_job import run_flow

    run_flow(small_city.settings(), small_city.as_of_date)
    return small_city
