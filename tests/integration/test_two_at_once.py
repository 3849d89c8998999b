"""Two runs of one city at once: neither takes in what the other did, and the account still holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from pipelines.steps.run import Run
from tests.conftest import SmallCity

WORK = """
import datetime as dt, sys
from pipelines.main_job import prepare, run_step
from pipelines.settings import Settings
settings = Settings()
prepare(settings)
for step in ("land", "clean", "validate"):
    for source in ("hotline", "app"):
        run_step(settings, dt.date.fromisoformat(sys.argv[1]), step, source)
"""


def test_two_runs_at_once_take_each_file_in_once(tiny_city: SmallCity, tmp_path: Path) -> None:
    shutil.copytree(tiny_city.data, tmp_path / "sample" / "data")
    environment = os.environ | {
        "XIANBAN_HOME": str(tmp_path),
        "XIANBAN_CITY": str(tiny_city.folder),
        "XIANBAN_HMAC_KEY": "test-key",
    }
    command = [sys.executable, "-c", WORK, tiny_city.as_of_date.isoformat()]
    both = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    with Run(tiny_city.settings(tmp_path), tiny_city.as_of_date).warehouse.reading() as door:
        batches, distinct = door.rows("select count(*), count(distinct batch_id) from ops.batches")[0]
        staged, rows = door.rows("select count(*), count(distinct (batch_id, row_no)) from stg.hotline_order")[0]
    files = len(list((tmp_path / "sample" / "data" / "hotline").iterdir()))
    files += len(list((tmp_path / "sample" / "data" / "app").iterdir()))
    assert batches == distinct == files
    assert staged == rows > 0
