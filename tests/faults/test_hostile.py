"""Some ninety hostile files in one drop folder: each is dealt with by name, and nothing else stops."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines.reports import status
from pipelines.steps.run import Run
from tests.conftest import SmallCity
from tests.faults.hostile import PHONE, Case, cases
from tests.faults.tiny import new_home
from tests.faults.zygote import Zygote

MOST_KILOBYTES = 1_500_000
FIRST_DAY = date(2026, 10, 6)
PATHS = {"hotline": "hotline/orders_{}.csv", "app": "app/appeals_{}.xlsx"}


def drop(city: SmallCity) -> dict[str, Case]:
    """Put every case into the drop folder under an export day of its own; returns them by file name.

    Days that the city's own exports have are left to them: one name holds one file.
    """
    named = {}
    days = dict.fromkeys(PATHS, FIRST_DAY)
    for case in cases():
        while True:
            path = city.data / PATHS[case.source].format(days[case.source].strftime("%Y%m%d"))
            days[case.source] = days[case.source] + timedelta(days=1)
            if days[case.source] > city.as_of_date:
                days[case.source] = date(2025, 1, 1)
            if not path.exists():
                break
        # rows of 2026-10-05 cannot be in an export of 2025: the day becomes one that no calendar has
        if path.stem[-8:].startswith("2025"):
            path = path.with_name(f"{path.stem[:-8]}2025{int(path.stem[-4:]) + 5000}{path.suffix}")
        path.write_bytes(case.content)
        named[path.relative_to(city.data).as_posix()] = case
    return named


@pytest.fixture(scope="module")
def attacked(tiny_city: SmallCity, forker: Zygote, tmp_path_factory: pytest.TempPathFactory) -> tuple:
    city = new_home(tiny_city, tmp_path_factory.mktemp("attacked"))
    named = drop(city)
    assert len(named) == len({case.name for case in named.values()}) >= 60
    outside = city.home / "outside.csv"
    outside.write_bytes(next(case.content for case in named.values() if case.name == "utf8_with_bom") + b"\n")
    (city.data / "hotline" / "orders_20260901.csv").symlink_to(outside)
    (city.data / "app" / "appeals_20260901.xlsx").symlink_to("/etc/passwd")
    (city.data / "hotline" / "orders_20260902.csv").mkdir()
    os.mkfifo(city.data / "hotline" / "orders_20260903.csv")
    (city.data / "hotline" / "ORDERS_20260904.CSV").write_bytes(b"x")
    log = city.home / "log.txt"
    done = forker.run(city, "flow", log=log)
    return city, named, done, log.read_text(encoding="utf-8", errors="replace")


def test_the_flow_ends_and_memory_is_bounded(attacked: tuple) -> None:
    _, _, done, log = attacked
    assert done["status"] == 0, log[-3000:]
    assert done["max_kilobytes"] < MOST_KILOBYTES


def test_each_file_meets_its_fate_by_name(attacked: tuple) -> None:
    city, named, _, _ = attacked
    with Run(city.settings(), city.as_of_date).warehouse.reading() as door:
        batches = {row[0]: row[1:] for row in door.rows(
            "select file_name, state, refusal, rows_in, rejected, batch_id from ops.batches")}  # fmt: skip
        reasons = dict(door.rows("select batch_id, min(reason || remedy) from ops.rejected_rows group by batch_id"))
    wrong = []
    for name, case in named.items():
        state, refusal, _, rejected, batch_id = batches.get(name, (None, None, None, None, None))
        if case.fate == "refused":
            good = state == "refused" and Path(name).name in (refusal or "")
        else:
            good = state == "cleaned" and rejected == case.rejected and (not rejected or bool(reasons.get(batch_id)))
        if not good:
            wrong.append((case.name, case.fate, case.rejected, state, refusal, rejected))
    assert not wrong, "\n".join(map(str, wrong))
    links = [name for name in batches if name.split("_")[-1][:8] in ("20260901", "20260902", "20260903", "20260904")]
    assert links == []


def test_rows_add_up_and_the_other_files_go_on(attacked: tuple, tiny_city: SmallCity) -> None:
    city, named, _, _ = attacked
    for source in status(city.settings(), city.as_of_date)["sources"]:
        assert source["rows_in"] == source["accepted"] + source["rejected"] + source["superseded"]
        assert source["accepted"] > 0
    with Run(city.settings(), city.as_of_date).warehouse.reading() as door:
        taken = {name for (name,) in door.rows("select file_name from ops.batches where state = 'cleaned'")}
    own = {path.relative_to(tiny_city.data).as_posix() for path in tiny_city.data.rglob("*_2026*.*")}
    assert own - set(named) <= taken


def test_no_log_line_shows_a_person(attacked: tuple) -> None:
    _, _, _, log = attacked
    assert "refused" in log
    assert PHONE not in log
    assert "张三" not in log


def test_a_name_that_comes_twice_with_other_content_is_two_batches(
    tiny_city: SmallCity, forker: Zygote, tmp_path: Path
) -> None:
    """A file that was taken in half-written is taken in again when it is whole; nothing is counted twice in force."""
    city = new_home(tiny_city, tmp_path)
    path = sorted((city.data / "hotline").iterdir())[-1]
    whole = path.read_bytes()
    lines = whole.split(b"\r\n")
    path.write_bytes(b"\r\n".join(lines[: len(lines) // 2]) + b"\r\n")
    for job in ("prepare", "land", "clean"):
        assert forker.run(city, job, None if job == "prepare" else "hotline")["status"] == 0
    path.write_bytes(whole)
    for job in ("land", "clean", "validate", "conform"):
        assert forker.run(city, job, None if job == "conform" else "hotline")["status"] == 0
    with Run(city.settings(), city.as_of_date).warehouse.reading() as door:
        found = {
            row["source_name"]: row for row in door.ask("mart.source_status", as_of_date=city.as_of_date).to_dicts()
        }
        rows, ids = door.rows("select count(*), sum(rows_in) from ops.batches where source_name = 'hotline'")[0]
        records = door.scalar("select count(distinct record_id) from stg.hotline_order where source_name = 'hotline'")
    hotline = found["hotline"]
    assert rows == len(list((city.data / "hotline").iterdir())) + 1
    assert hotline["rows_in"] == ids == hotline["accepted"] + hotline["rejected"] + hotline["superseded"]
    assert hotline["accepted"] <= records
