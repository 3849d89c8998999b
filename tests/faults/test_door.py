"""Four processes commit through the door on a busy machine: every commit is there afterwards."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import duckdb
import pytest

from pipelines.warehouse.door import Warehouse
from tests.faults.door_loops import burn, commit

WORKERS = 4


def lost(folder: Path, times: int) -> int:
    path = folder / "build.duckdb"
    with Warehouse(path).writing() as door:
        door.run("create schema s")
        door.run("create table s.t (worker integer, number integer)")
    spawn = multiprocessing.get_context("spawn")
    busy = [spawn.Process(target=burn, daemon=True) for _ in range(2)]
    workers = [spawn.Process(target=commit, args=(str(path), worker, times)) for worker in range(WORKERS)]
    for process in [*busy, *workers]:
        process.start()
    for process in workers:
        process.join()
    for process in busy:
        process.terminate()
        process.join()
    assert [process.exitcode for process in workers] == [0] * WORKERS
    with duckdb.connect(str(path), read_only=True) as connection:
        rows, distinct = connection.execute("select count(*), count(distinct (worker, number)) from s.t").fetchone()
    assert rows == distinct
    return WORKERS * times - rows


def test_no_commit_is_lost(tmp_path: Path) -> None:
    assert lost(tmp_path, 10) == 0


@pytest.mark.faults
def test_no_commit_of_many_is_lost(tmp_path: Path, faults: int) -> None:
    """With the default of 200 faults, 5,000 commits a process."""
    assert lost(tmp_path, 25 * faults) == 0
    print(f"commits={WORKERS * 25 * faults} lost=0")
