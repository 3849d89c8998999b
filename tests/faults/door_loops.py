"""What the other processes do at the door. Apart from the tests, so that a new process imports little."""

from __future__ import annotations

from pathlib import Path

from pipelines.warehouse.door import Warehouse


def commit(path: str, worker: int, times: int) -> None:
    """Commit one row a time."""
    warehouse = Warehouse(Path(path))
    for number in range(times):
        with warehouse.writing() as door:
            door.run("insert into s.t values ($w, $n)", w=worker, n=number)


def burn() -> None:
    """Keep a core busy until ended."""
    while True:
        sum(range(100_000))
