"""Every test has a home of its own: nothing is read from or written to the checkout's ``var``."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
CHECKOUT = Path(__file__).resolve().parent.parent
WEEKS = 40


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


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> SmallCity:
    """A small city whose files are written and whose flow has not run."""
    return make_small_city(tmp_path_factory.mktemp("small_city"))


def make_small_city(root: Path) -> SmallCity:
    """Write the folder and the files of a small city below ``root``."""
    from pipelines.synthetic.emit import emit
    from pipelines.synthetic.world import WorldConfig

    as_of_date = date(2026, 11, 16)
    first_day = as_of_date - timedelta(weeks=WEEKS)
    folder = root / "sample"
    shutil.copytree(CHECKOUT / "pipelines" / "cities" / "sample", folder)
    config = folder / "city.toml"
    text = config.read_text(encoding="utf-8").replace("dense_from = 2024-05-06", f"dense_from = {first_day}")
    config.write_text(text.replace("history_weeks = 132", f"history_weeks = {WEEKS}"), encoding="utf-8")
    city = SmallCity(folder, root / "home", as_of_date)
    emit(city.data, config=WorldConfig(first_day=first_day, weeks=WEEKS, communities=12, matters_per_week=150.0))
    return city
