"""One published sample for all tests of the page; nothing in it is changed by reading."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parent))

import web_sample
from web_sample import person_in_header

from pipelines.settings import Settings
from pipelines.web.app import create_app


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with the sample published and no grants file."""
    settings = web_sample.settings_in(tmp_path_factory.mktemp("home"))
    web_sample.publish(settings)
    return settings


@pytest.fixture
def stranger(published: Settings) -> TestClient:
    """A client that is not logged in."""
    return TestClient(create_app(published, person_in_header))


@pytest.fixture
def client(published: Settings) -> TestClient:
    """An analyst who sees the whole city."""
    return TestClient(create_app(published, person_in_header), headers={"who": "analyst"})


@pytest.fixture
def granted(published: Settings) -> Iterator[Callable[[str, str], TestClient]]:
    """Write a grants file and get a client for a person; the file is gone afterwards."""
    path = published.home / "grants.csv"

    def client_of(person: str, grants: str) -> TestClient:
        path.write_text(grants, encoding="utf-8")
        return TestClient(create_app(published, person_in_header), headers={"who": person})

    yield client_of
    path.unlink(missing_ok=True)
