"""Real cities from folders of configuration alone; without their data these tests skip."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from pipelines.main_job import run_flow
from pipelines.reports import status
from pipelines.settings import Settings
from tests.conftest import CHECKOUT

DATA = os.environ.get("XIANBAN_DATA")


@pytest.mark.skipif(not DATA or not Path(DATA).is_dir(), reason="XIANBAN_DATA names no folder with the study data")
@pytest.mark.parametrize(("name", "day", "rows"), [("pingshan", date(2018, 11, 1), 6945)])
def test_real_city_runs(name: str, day: date, rows: int, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, city=CHECKOUT / "pipelines" / "cities" / name, data=Path(str(DATA)))
    run_flow(settings, day)
    found = status(settings, None)
    (source,) = found["sources"]
    assert source["rows_in"] == rows
    assert source["rows_in"] == source["accepted"] + source["rejected"] + source["superseded"]
    assert found["forecast_rows"] > 1000
    assert len(found["baselines"]) >= 3
    assert Path(found["brief"]).is_file()
