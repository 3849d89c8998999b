"""From a GB18030 file to core, beside a plain pandas script that does as much; and commits through the door."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import shutil
import statistics
import tempfile
from pathlib import Path

import pytest

from tests.benchmarks.figures import figure, measured
from tests.conftest import CHECKOUT

ROWS = int(os.environ.get("XIANBAN_BENCH_ROWS", "200000"))
PROCESSES, COMMITS = 4, int(os.environ.get("XIANBAN_BENCH_COMMITS", "250"))
HISTORY = int(os.environ.get("XIANBAN_BENCH_HISTORY", "20000000"))
DAYS = 5


def write_orders(folder: Path, rows: int) -> Path:
    """A hotline export of ``rows`` orders of about 100 characters, made by repeating and renumbering sample ones."""
    from pipelines.synthetic.emit import emit
    from pipelines.synthetic.world import WorldConfig

    folder.mkdir(parents=True, exist_ok=True)
    sample = folder / "sample"
    emit(sample, config=WorldConfig(first_day=dt.date(2026, 3, 2), weeks=37))
    lines: list[str] = []
    header = ""
    for path in sorted((sample / "hotline").glob("*.csv")):
        header, *body = path.read_bytes().decode("gb18030").split("\r\n")
        lines += [line for line in body if line[:18].isdigit() and line[18:19] == ","]
    data = folder / "data" / "hotline"
    data.mkdir(parents=True)
    target = data / "orders_20261116.csv"
    with target.open("w", encoding="gb18030", newline="") as handle:
        handle.write(header + "\r\n")
        for number in range(rows):
            handle.write(f"{number:018d}" + lines[number % len(lines)][18:] + "\r\n")
    shutil.rmtree(sample)
    return target


def ingest(data: str, home: str) -> int:
    """Land, clean, validate and conform the file; returns the matters in core."""
    from pipelines.main_job import prepare, run_step
    from pipelines.steps.run import Run
    from tests.benchmarks.history import only_hotline

    settings = only_hotline(Path(home), Path(data))
    date = dt.date(2026, 11, 16)
    prepare(settings)
    for step in ("land", "clean", "validate"):
        run_step(settings, date, step, "hotline")
    run_step(settings, date, "conform")
    with Run(settings, date).warehouse.reading() as door:
        return int(door.scalar("select count(*) from core.fct_events"))


def ingest_with_pandas(path: str) -> int:
    """What a careful analyst would write: read, parse, mask phones and IDs, drop duplicates, join codes, save."""
    import pandas as pd

    frame = pd.read_csv(path, encoding="gb18030", dtype=str)
    for column in ("来电时间", "派单时间", "办结时间", "更新时间"):
        frame[column] = pd.to_datetime(frame[column], errors="coerce")
    frame = frame[frame["工单编号"].notna() & frame["来电时间"].notna() & frame["更新时间"].notna()]
    for column in ("标题", "主要内容", "小区点位"):
        frame[column] = frame[column].str.replace(r"1[3-9]\d{9}", "[电话]", regex=True)
        frame[column] = frame[column].str.replace(r"\d{17}[\dXx]", "[证件号]", regex=True)
    frame = frame.sort_values("更新时间").drop_duplicates("工单编号", keep="last")
    places = pd.read_csv(CHECKOUT / "pipelines/cities/sample/divisions.csv", dtype=str)
    communities = places[places["level"] == "community"].drop_duplicates("name")
    frame = frame.merge(communities, how="left", left_on="村/社区", right_on="name")
    frame.drop(columns=["来电人", "联系电话"]).to_parquet(Path(path).with_suffix(".parquet"))
    return len(frame)


@pytest.mark.benchmark
def test_bench_ingest_hotline_file() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_orders(Path(folder), ROWS)
        ours = measured(ingest, str(path.parent.parent), str(Path(folder) / "home"))
        theirs = measured(ingest_with_pandas, str(path))
    limit = 90 * ROWS / 1_000_000
    figure("hotline_csv_to_core", ours.seconds, "s", rows=ROWS, seconds=ours.seconds, peak_mb=ours.peak_mb,
           goal=f"<= {limit:.0f} s, <= 4096 MB", met=ours.seconds <= limit and ours.peak_mb <= 4096)  # fmt: skip
    figure("hotline_csv_to_core_against_pandas", ours.seconds / theirs.seconds, "ratio", rows=ROWS,
           seconds=theirs.seconds, peak_mb=theirs.peak_mb, goal="printed", met=True)  # fmt: skip


def commit_often(path: str, who: int, commits: int) -> None:
    """One writer among others."""
    import polars as pl

    from pipelines.warehouse.door import Warehouse

    for number in range(commits):
        with Warehouse(Path(path)).writing() as door:
            door.append("ops.commits", pl.DataFrame({"who": [who], "number": [number]}))


def commit_from_many() -> int:
    """Commits lost by ``PROCESSES`` writers at once."""
    from pipelines.warehouse.door import Warehouse

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "build.duckdb"
        with Warehouse(path).exclusive() as connection:
            connection.execute("create schema ops; create table ops.commits (who bigint, number bigint)")
        context = multiprocessing.get_context("spawn")
        writers = [context.Process(target=commit_often, args=(str(path), who, COMMITS)) for who in range(PROCESSES)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        with Warehouse(path).reading() as door:
            return PROCESSES * COMMITS - int(door.scalar("select count(distinct (who, number)) from ops.commits"))


@pytest.mark.benchmark
def test_bench_ingest_commits_through_the_door() -> None:
    done = measured(commit_from_many)
    figure("commits_lost", done.result, "rows", rows=PROCESSES * COMMITS, seconds=done.seconds, peak_mb=done.peak_mb,
           goal="= 0", met=done.result == 0)  # fmt: skip


@pytest.mark.benchmark
def test_bench_ingest_day_into_history() -> None:
    """A day of 60,000 orders into a tenth of the history and into all of it; median of five days each."""
    from tests.benchmarks.history import DAY_ROWS, STEPS, build_history, take_in_days

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        sample = write_orders(Path(folder) / "orders", 50_000)
        for rows in (HISTORY // 10, HISTORY):
            home = Path(folder) / str(rows)
            held = measured(build_history, home, sample, rows).result["stg.hotline_order"]
            assert held >= rows
            days = measured(take_in_days, home, sample, DAYS)
            shutil.rmtree(home)
            for step in (*STEPS, "incidents", "cpu"):
                seconds = statistics.median(day[step] for day in days.result)
                figure(f"day_{step}", seconds, "s", rows=held, seconds=seconds, peak_mb=days.peak_mb, goal="printed",
                       met=True)  # fmt: skip
            found[rows] = statistics.median(sum(day[step] for step in STEPS) for day in days.result)
            figure("day_into_history", found[rows], "s", rows=held, seconds=found[rows], peak_mb=days.peak_mb,
                   goal=f"<= 30 s for {DAY_ROWS} orders", met=found[rows] <= 30)  # fmt: skip
    ratio = found[HISTORY] / found[HISTORY // 10]
    figure("day_into_ten_times_the_history", ratio, "ratio", rows=HISTORY, seconds=found[HISTORY],
           peak_mb=days.peak_mb, goal="<= 1.5", met=ratio <= 1.5)  # fmt: skip
