"""Bad files and bad rows: each is refused or rejected by name, the rest goes on, and the brief says what is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.briefs.archive import paths_of
from pipelines.main_job import run_flow
from pipelines.reports import status
from pipelines.steps.run import Run
from tests.conftest import SmallCity


def break_files(data: Path) -> None:
    """Six kinds of trouble in three sources; departments stay whole."""
    orders = sorted((data / "hotline").glob("*.csv"))
    orders[-1].write_bytes(b"")
    text = orders[-2].read_bytes().decode("gb18030")
    orders[-2].write_bytes(text.replace("来电时间", "来电时刻").encode("gb18030"))
    lines = orders[-3].read_bytes().decode("gb18030").split("\r\n")
    broken = lines[1].split(",")
    broken[0] = ""
    orders[-3].write_bytes("\r\n".join([lines[0], ",".join(broken), *lines[2:]]).encode("gb18030"))
    appeals = sorted((data / "app").glob("*.xlsx"))
    appeals[-1].write_bytes(b"this is no workbook")
    cases = sorted((data / "grid").glob("*.csv"))
    cases[-1].write_bytes(cases[-1].read_bytes().decode("utf-8-sig").encode("gb18030"))
    cases[-2].write_bytes(cases[-2].read_bytes().rstrip(b"\r\n") + b"\xff\r\n")


@pytest.fixture(scope="module")
def broken_city(tiny_city: SmallCity, tmp_path_factory: pytest.TempPathFactory) -> SmallCity:
    home = tmp_path_factory.mktemp("broken")
    shutil.copytree(tiny_city.data, home / "sample" / "data")
    break_files(home / "sample" / "data")
    city = SmallCity(tiny_city.folder, home, tiny_city.as_of_date)
    run_flow(city.settings(), city.as_of_date)
    return city


def test_broken_files_are_refused_by_name_with_a_remedy(broken_city: SmallCity) -> None:
    run = Run(broken_city.settings(), broken_city.as_of_date)
    with run.warehouse.reading() as door:
        refused = dict(door.rows("select file_name, refusal from ops.batches where state = 'refused'"))
    assert len(refused) == 4
    for file_name, words in refused.items():
        assert Path(file_name).name in words
    joined = " ".join(refused.values())
    for piece in ("文件为空", "缺少列“来电时间”", "来电时刻", "不是完好的 .xlsx", "改为 gb18030"):
        assert piece in joined


def test_a_row_with_broken_bytes_is_rejected_and_its_file_goes_on(broken_city: SmallCity) -> None:
    run = Run(broken_city.settings(), broken_city.as_of_date)
    with run.warehouse.reading() as door:
        rows = door.rows("select reason, remedy, raw_text, accepted from ops.rejected_rows inner join ops.batches "
                         "using (batch_id, source_name) where source_name = 'grid' and reason like '%字节%'")  # fmt: skip
    ((reason, remedy, raw_text, accepted),) = rows
    assert "不是文字的字节" in reason and "请" in remedy and "\\\\xff" in raw_text and accepted > 0


def test_other_sources_go_on_and_rows_add_up(broken_city: SmallCity) -> None:
    sources = {source["name"]: source for source in status(broken_city.settings(), None)["sources"]}
    assert all(source["accepted"] > 0 for source in sources.values())
    for source in sources.values():
        assert source["rows_in"] == source["accepted"] + source["rejected"] + source["superseded"]


def test_brief_says_what_is_missing(broken_city: SmallCity) -> None:
    text = paths_of(broken_city.settings().brief_dir, broken_city.as_of_date).html_path.read_text(encoding="utf-8")
    for piece in ("拒收", "缺少列", "文件为空", "12345热线工单"):
        assert piece in text


def test_a_corrected_contract_reads_refused_files_again(broken_city: SmallCity, tmp_path: Path) -> None:
    """The refusal says which header to add; adding it and running again must be enough."""
    from pipelines.main_job import run_step

    folder = tmp_path / "sample"
    shutil.copytree(broken_city.folder, folder)
    contract = folder / "sources" / "hotline.yaml"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(text.replace("occurred_at: 来电时间", "occurred_at: [来电时间, 来电时刻]"), encoding="utf-8")
    city = SmallCity(folder, broken_city.home, broken_city.as_of_date)
    before = {s["name"]: s for s in status(broken_city.settings(), None)["sources"]}["hotline"]
    for step in ("land", "clean", "validate"):
        run_step(city.settings(), city.as_of_date, step, "hotline")
    for step in ("conform", "features", "publish"):
        run_step(city.settings(), city.as_of_date, step)
    after = {s["name"]: s for s in status(city.settings(), None)["sources"]}["hotline"]
    assert after["rows_in"] > before["rows_in"]
    assert after["rows_in"] == after["accepted"] + after["rejected"] + after["superseded"]
    with Run(city.settings(), city.as_of_date).warehouse.reading() as door:
        refused = door.rows("select file_name from ops.batches where state = 'refused' and source_name = 'hotline'")
        twice = door.scalar(
            "select count(*) from (select batch_id, row_no from stg.hotline_order group by all having count(*) > 1)"
        )
    assert len(refused) == 1
    assert twice == 0
