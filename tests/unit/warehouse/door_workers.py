"""What other processes do at the door. Apart from the tests, so that a new process imports little."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from pipelines.warehouse.door import Warehouse


def die_inside(path: str) -> None:
    """Be killed with an open transaction."""
    with Warehouse(Path(path)).writing() as door:
        door.run("insert into s.t (n) select * from range(100000)")
        os.kill(os.getpid(), signal.SIGKILL)
