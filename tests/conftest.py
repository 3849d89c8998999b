"""Every test has a home of its own: nothing is read from or written to the checkout's ``var``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
CHECKOUT = Path(__file__).resolve().parent.parent
WEEKS = 40
# what begins last ends last: the files that take longest come first, so that no worker goes on alone at the end
LONGEST_FIRST = (
    "tests/dags/", "tests/integration/test_flow.py", "tests/faults/test_kill.py", "tests/faults/test_hostile.py",
    "tests/faults/test_counting.py", "tests/faults/", "tests/integration/", "tests/browser/",
)  # fmt: skip

if TYPE_CHECKING:
    from pipelines.warehouse.door import Warehouse


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files; with ``--no-loadscope-reorder`` the workers take them in this order."""

    def place(item: pytest.Item) -> int:
        path = item.nodeid
        return next((n for n, start in enumerate(LONGEST_FIRST) if path.startswith(start)), len(LONGEST_FIRST))

    items.sort(key=place)


@dataclass(frozen=True)
class SmallCity:
    """The sample city cut to 12 communities and 40 weeks: its folder, its home, its as-of date."""

    folder: Path
    home: Path
    as_of_date: date

    @property
    def data(self) -> Path:
        """The files it sends."""
        return self.home / self.folder.name / "data"

    def settings(self, home: Path | None = None):
        """Settings for this city, in its own or another home."""
        from pipelines.settings import Settings

        return Settings(home=home or self.home, city=self.folder, hmac_key="test-key")


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first worker to ask for it fills and the others wait for; it is read and copied, never changed.

    Args:
        tmp_path_factory: of any worker; its base folder lies in one that all workers share.
        name: one for each folder.
        make: fills the folder it is given.
    """
    from pipelines.warehouse.door import locked

    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder, done = root / name, root / f"{name}.made"
    with locked(root / f"{name}.lock"):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what another worker failed to fill
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> SmallCity:
    """A small city whose files are written and whose flow has not run; all workers share it."""
    return small_city_in(made_once(tmp_path_factory, "small_city", make_small_city))


@pytest.fixture(scope="session")
def tiny_city(tmp_path_factory: pytest.TempPathFactory) -> SmallCity:
    """The files of a tiny city; nothing has run. All workers share it."""
    from tests.faults.tiny import make_tiny_city, tiny_city_in

    return tiny_city_in(made_once(tmp_path_factory, "tiny_city", make_tiny_city))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Warehouse], None]:
    """Give a warehouse all migrations, as a copy of the file they made once for all tests."""
    from pipelines.warehouse.door import Warehouse
    from pipelines.warehouse.migrate import migrate

    folder = made_once(tmp_path_factory, "migrated", lambda folder: migrate(Warehouse(folder / "build.duckdb")))

    def copy_to(warehouse: Warehouse) -> None:
        warehouse.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "build.duckdb", warehouse.path)

    return copy_to


def small_city_in(root: Path) -> SmallCity:
    """The small city below ``root``."""
    return SmallCity(root / "sample", root / "home", date(2026, 11, 16))


def make_small_city(root: Path) -> SmallCity:
    """Write the folder and the files of a small city below ``root``."""
    from pipelines.synthetic.emit import emit
    from pipelines.synthetic.world import WorldConfig

    city = small_city_in(root)
    first_day = city.as_of_date - timedelta(weeks=WEEKS)
    shutil.copytree(CHECKOUT / "pipelines" / "cities" / "sample", city.folder)
    config = city.folder / "city.toml"
    text = config.read_text(encoding="utf-8").replace("dense_from = 2024-05-06", f"dense_from = {first_day}")
    config.write_text(text.replace("history_weeks = 132", f"history_weeks = {WEEKS}"), encoding="utf-8")
    emit(city.data, config=WorldConfig(first_day=first_day, weeks=WEEKS, communities=12, matters_per_week=150.0))
    return city
