"""A city with a long history, made by copying an ingested day, and fresh days of orders to be taken in after it."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import shutil
import time
from pathlib import Path

from pipelines.main_job import prepare, run_step
from pipelines.settings import Settings
from pipelines.steps.run import Run
from pipelines.warehouse.door import Door
from tests.conftest import CHECKOUT

DAY_ROWS = 60_000
LAST_DAY = dt.date(2026, 11, 15)
STEPS = ("land", "clean", "validate", "conform")
# of a fresh day's rows: new versions of orders of the sixty days before, as handling goes on
CHANGED_ROWS, CHANGED_DAYS = DAY_ROWS // 5, 60
_COPIED = ("ops.batches", "stg.hotline_order", "core.fct_event_versions", "core.fct_incident_events",
           "core.fct_incidents")  # fmt: skip
_DATED = ("来电时间", "派单时间", "办结时间", "更新时间")
_OWN = ("batch_id", "file_hash", "file_name", "text_hash", "row_hash", "caller_hash", "reporter_address_hash",
        "address_hash")  # fmt: skip


def only_hotline(home: Path, data: Path) -> Settings:
    """A city with the sample's lists whose hotline alone sends files."""
    city = home / "city"
    if not city.exists():
        shutil.copytree(CHECKOUT / "pipelines/cities/sample", city)
        for path in (city / "sources").glob("*.yaml"):
            if path.stem != "hotline":
                path.unlink()
        config = city / "city.toml"
        config.write_text(config.read_text(encoding="utf-8").replace("is_synthetic = true\n", ""), encoding="utf-8")
    return Settings(home=home, city=city, data=data, hmac_key="bench-key")


def write_day(data: Path, sample: Path, day: dt.date, changed: int) -> None:
    """An export of ``DAY_ROWS`` orders: ``changed`` of earlier days and the others of ``day``."""
    with sample.open(encoding="gb18030", newline="") as handle:
        header, *lines = itertools.islice((line.rstrip("\r\n") for line in handle), 50_000)
    names = header.split(",")
    rows = [cells for cells in (line.split(",") for line in lines) if len(cells) == len(names)]
    (data / "hotline").mkdir(parents=True, exist_ok=True)
    with (data / "hotline" / f"orders_{day:%Y%m%d}.csv").open("w", encoding="gb18030", newline="") as target:
        target.write(header + "\r\n")
        for number in range(DAY_ROWS):
            back = 1 + number % CHANGED_DAYS if number < changed else 0
            occurred = day - dt.timedelta(days=back)
            cells = list(rows[number % len(rows)])
            cells[0] = f"{occurred:%Y%m%d}{number:010d}"
            for name in _DATED:
                on = day if name == "更新时间" else occurred
                place = names.index(name)
                cells[place] = cells[place] and f"{on} {cells[place][11:]}"
            target.write(",".join(cells) + "\r\n")


def build_history(home: Path, sample: Path, rows: int) -> dict[str, int]:
    """Take in one day and copy it backwards, day by day, until ``rows`` rows are staged.

    The copies are what a file of that day would have left: numbers, times, hashes and batch of its own, in ``stg``,
    ``core`` and ``ops``, so that the next run sees nothing to do for them. ``raw`` holds the one day alone.
    """
    settings = only_hotline(home, home / "data")
    write_day(home / "data", sample, LAST_DAY, changed=0)
    prepare(settings)
    _take_in(settings, LAST_DAY)
    warehouse = Run(settings, LAST_DAY).warehouse
    with warehouse.writing() as door:
        for table in _COPIED:
            door.run(f"create table ops.copied_{table.replace('.', '_')} as from {table}")
        copies = -(-rows // door.scalar("select count(*) from stg.hotline_order")) - 1
    for first in range(1, copies + 1, 20):
        with warehouse.writing() as door:
            for table in _COPIED:
                _copy(door, table, first, min(first + 20, copies + 1))
    with warehouse.writing() as door:
        for table in _COPIED:
            door.run(f"drop table ops.copied_{table.replace('.', '_')}")
        found = {name: door.scalar(f"select count(*) from {name}") for name in _COPIED}
    return found


def take_in_days(home: Path, sample: Path, days: int) -> list[dict[str, float]]:
    """Take in one fresh day after the other; of each the seconds by step, and the processor time of all steps."""
    settings = only_hotline(home, home / "data")
    found = []
    for number in range(1, days + 1):
        day = LAST_DAY + dt.timedelta(days=number)
        write_day(home / "data", sample, day, changed=CHANGED_ROWS)
        found.append(_take_in(settings, day))
    return found


def _take_in(settings: Settings, day: dt.date) -> dict[str, float]:
    taken: dict[str, float] = {}
    before = os.times()
    for step in (*STEPS, "incidents"):
        started = time.perf_counter()
        run_step(settings, day + dt.timedelta(days=1), step, "hotline" if step in STEPS[:3] else None)
        taken[step] = time.perf_counter() - started
        if step == STEPS[-1]:
            taken["cpu"] = sum(os.times()[:4]) - sum(before[:4])
    return taken


def _copy(door: Door, table: str, first: int, last: int) -> None:
    """Add the copied day again, ``first`` days earlier, and so on until before ``last`` days earlier."""
    made = []
    for name, kind in door.rows(
        "select column_name, data_type from duckdb_columns() where schema_name || '.' || table_name = $t", t=table
    ):
        if kind in ("TIMESTAMP", "DATE"):
            made.append(f"({name} - to_days(back::integer))::{kind} as {name}")
        elif name == "record_id":
            made.append(f"strftime(day, '%Y%m%d') || substr({name}, 9) as {name}")
        elif name in ("event_id", "incident_id"):
            made.append(f"'hotline:' || strftime(day, '%Y%m%d') || substr({name}, 17) as {name}")
        elif name in _OWN:
            made.append(f"md5({name} || back) as {name}")
        else:
            made.append(name)
    copied = f"ops.copied_{table.replace('.', '_')}"
    door.run(
        f"insert into {table} by name select {', '.join(made)} from {copied} cross join "
        "(select range as back, $day - range::integer as day from range($first, $last))",
        day=LAST_DAY, first=first, last=last,
    )  # fmt: skip
