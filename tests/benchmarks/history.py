"""A city with a long history, made by copying an ingested day, and fresh days of orders to be taken in after it."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

from pipelines.main_job import prepare, run_step
from pipelines.settings import Settings
from pipelines.steps.run import Run
from tests.benchmarks.figures import seconds_of
from tests.conftest import CHECKOUT

DAY_ROWS = 60_000
# of a day's rows: new versions of orders of the sixty days before, as handling goes on
CHANGED_SHARE = 0.2
LAST_DAY = dt.date(2026, 11, 15)
_ID = "yyyymmdd + order of the day"
_COPIED = ("stg.hotline_order", "core.fct_event_versions", "core.fct_incident_events", "core.fct_incidents")
_STEPS = ("land", "clean", "validate", "conform")
_INCIDENT_STEPS = ("incidents",)


def settings_of(home: Path) -> Settings:
    """A city with the sample's lists and its hotline alone, whose files lie in ``home/data``."""
    city = home / "city"
    if not city.exists():
        shutil.copytree(CHECKOUT / "pipelines/cities/sample", city)
        for path in (city / "sources").glob("*.yaml"):
            if path.stem != "hotline":
                path.unlink()
        config = city / "city.toml"
        config.write_text(config.read_text(encoding="utf-8").replace("is_synthetic = true\n", ""), encoding="utf-8")
        (home / "data" / "hotline").mkdir(parents=True)
    return Settings(home=home, city=city, data=home / "data", hmac_key="bench-key")


def write_day(path: Path, day: dt.date, header: str, lines: list[str]) -> None:
    """An export of ``DAY_ROWS`` orders of ``day``: new ones, and new versions of earlier ones."""
    changed = int(DAY_ROWS * CHANGED_SHARE)
    with path.open("w", encoding="gb18030", newline="") as handle:
        handle.write(header + "\r\n")
        for number in range(DAY_ROWS):
            back = number % 60 + 1 if number < changed else 0
            of_day = day - dt.timedelta(days=back)
            order = f"{of_day:%Y%m%d}{number % DAY_ROWS:010d}"
            cells = lines[number % len(lines)].split(",")
            cells[0] = order
            for column in _times(header):
                if cells[column]:
                    cells[column] = f"{day if column == _updated(header) else of_day} {cells[column][11:]}"
            handle.write(",".join(cells) + "\r\n")


def build(home: Path, rows: int, header: str, lines: list[str]) -> None:
    """Take in one day and copy it backwards, a day at a time, until there are ``rows`` staged rows.

    The copies are what conforming a file of that day would have left: numbers, times and batch of its own, in ``stg``,
    ``core`` and ``ops``, so that the next run sees nothing to do for them. ``raw`` is left out: retention takes it.
    """
    settings = settings_of(home)
    prepare(settings)
    write_day(home / "data" / "hotline" / f"orders_{LAST_DAY:%Y%m%d}.csv", LAST_DAY, header,
              [line for line in lines if '"' not in line])  # fmt: skip
    after = LAST_DAY + dt.timedelta(days=1)
    for step in _STEPS + _INCIDENT_STEPS:
        run_step(settings, after, step, "hotline" if step in ("land", "clean", "validate") else None)
    with Run(settings, after).warehouse.writing() as door:
        held = door.scalar("select count(*) from stg.hotline_order")
        for table in ("ops.batches", *_COPIED):
            door.run(f"create temp table {table.replace('.', '_')} as select * from {table}")
        door.run("create temp table pattern as select * from ops_batches")
        copies = -(-rows // held) - 1
        for back in range(copies, 0, -1):
            for table in ("ops.batches", *_COPIED):
                _copy(door, table, back)


def _copy(door, table: str, back: int) -> None:
    """Add the rows of a table once more, ``back`` days earlier."""
    columns = door.rows(
        "select column_name, data_type from duckdb_columns() where schema_name || '.' || table_name = $t", t=table
    )
    made = []
    for name, kind in columns:
        if kind == "TIMESTAMP":
            made.append(f"{name} - to_days($back) as {name}")
        elif kind == "DATE":
            made.append(f"({name} - to_days($back))::date as {name}")
        elif name == "record_id":
            made.append(f"{_renumbered(name, 1)} as {name}")
        elif name in ("event_id", "incident_id"):
            made.append(f"'hotline:' || {_renumbered(name, 9)} as {name}")
        elif name in ("batch_id", "file_hash", "file_name"):
            made.append(f"{name} || '.' || $back as {name}")
        elif name in ("text_hash", "row_hash", "caller_hash", "reporter_address_hash", "address_hash"):
            made.append(f"md5({name} || $back) as {name}")
        else:
            made.append(name)
    door.run(f"insert into {table} by name select {', '.join(made)} from {table.replace('.', '_')}", back=back)


def _renumbered(column: str, start: int) -> str:
    day = f"strptime(substr({column}, {start}, 8), '%Y%m%d') - to_days($back)"
    # a day's own share of the numbers, so that copies of what was changed stay apart from what they overlap
    return f"strftime({day}, '%Y%m%d') || lpad((substr({column}, {start + 8})::bigint + 100000 * $back)::varchar, 10, '0')"


def fresh_days(home: Path, days: int, header: str, lines: list[str]) -> Iterator[dict[str, float]]:
    """Take in one day after the other; the seconds of each step."""
    settings = settings_of(home)
    plain = [line for line in lines if '"' not in line]
    for number in range(days):
        day = LAST_DAY + dt.timedelta(days=1 + number)
        write_day(home / "data" / "hotline" / f"orders_{day:%Y%m%d}.csv", day, header, plain)
        taken = {}
        for step in _STEPS + _INCIDENT_STEPS:
            source = "hotline" if step in ("land", "clean", "validate") else None
            taken[step] = seconds_of(run_step, settings, day + dt.timedelta(days=1), step, source)
        yield taken


def _times(header: str) -> list[int]:
    names = header.split(",")
    return [names.index(name) for name in ("来电时间", "派单时间", "办结时间", "更新时间") if name in names]


def _updated(header: str) -> int:
    return header.split(",").index("更新时间")
