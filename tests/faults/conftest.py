"""What the fault campaigns share. The long ones carry the marker ``faults``; `make faults` runs them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.flow import FLOW
from tests.conftest import SmallCity, made_once
from tests.faults.tiny import content_of, new_home
from tests.faults.zygote import Zygote, zygote

SOURCES = ("app", "departments", "grid", "hotline")
CALLS: list[tuple[str, str | None]] = [
    ("prepare", None),
    *((step.name, source) for source in SOURCES for step in FLOW if step.per == "source"),
    *((step.name, None) for step in FLOW if step.per == "date"),
]


@dataclass(frozen=True)
class Undisturbed:
    """What a run leaves that nobody disturbed, and how long each step took."""

    city: SmallCity
    content: dict[str, str]
    seconds: dict[tuple[str, str | None], float]


@pytest.fixture(scope="session")
def forker() -> Iterator[Zygote]:
    """A process that forks a child per step."""
    with zygote() as started:
        yield started


@pytest.fixture(scope="session")
def faults() -> int:
    """How many faults the long campaigns inject."""
    return int(os.environ.get("XIANBAN_FAULTS", "200"))


@pytest.fixture(scope="session")
def undisturbed(tiny_city: SmallCity, forker: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The tiny city after one run; leave it as it is, for all workers share it."""

    def run(folder: Path) -> None:
        city = new_home(tiny_city, folder / "home")
        seconds = []
        for call in CALLS:
            done = forker.run(city, *call)
            assert done["status"] == 0, call
            seconds.append(done["seconds"])
        (folder / "seconds.json").write_text(json.dumps(seconds), encoding="utf-8")

    folder = made_once(tmp_path_factory, "undisturbed", run)
    city = SmallCity(tiny_city.folder, folder / "home", tiny_city.as_of_date)
    seconds = json.loads((folder / "seconds.json").read_text(encoding="utf-8"))
    return Undisturbed(city, content_of(city), dict(zip(CALLS, seconds, strict=True)))


@pytest.fixture
def ran_city(undisturbed: Undisturbed, tmp_path: Path) -> SmallCity:
    """A copy of the tiny city after one run, to be harmed; its city folder is a copy as well."""
    city = undisturbed.city
    shutil.copytree(city.home, tmp_path / "home")
    shutil.copytree(city.folder, tmp_path / city.folder.name)
    return SmallCity(tmp_path / city.folder.name, tmp_path / "home", city.as_of_date)
