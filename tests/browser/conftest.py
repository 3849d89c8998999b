"""Chromium is needed here: without it these tests skip, or fail where everything must run."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

# The sample snapshot is the unit tests' own.
sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "web"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        reason = "chromium is not installed; apt-get install -y chromium"
        if os.environ.get("XIANBAN_TEST_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found
