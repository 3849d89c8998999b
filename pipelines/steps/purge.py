"""Purge: keep no original longer than the city may. A step of maintenance, not of the daily flow."""

from __future__ import annotations

import datetime as dt

from pipelines.steps.run import Counts, Run
from pipelines.warehouse.retention import purge_files, purge_rows, rewrite


def purge(run: Run) -> Counts:
    """Take away raw rows, landed files and texts of batches older than ``XIANBAN_RETENTION_DAYS`` at the as-of date.

    Writes ``ops.purged_batches``. Killed half-way, nothing or only the files and the free blocks are left; the next
    purge takes them away.
    """
    older_than = run.as_of_date - dt.timedelta(days=run.settings.retention_days)
    with run.warehouse.writing() as door:
        purged = purge_rows(door, run.as_of_date, older_than)
    with run.warehouse.reading() as door:
        files = purge_files(door, run.settings.landing_dir)
    rewrite(run.warehouse)
    return Counts(details={"older_than": older_than.isoformat(), **purged.__dict__, "files": files})
