"""The list of 28 days: the same filters and rights as the list of 7, and an older publication without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import fastexcel
import web_sample
from fastapi.testclient import TestClient
from web_sample import PLANNING, person_in_header

from pipelines.warehouse.snapshot import adopt, current_snapshot
from pipelines.web.app import create_app


def test_it_lists_the_cells_with_their_own_thresholds_and_baseline(client: TestClient) -> None:
    page = client.get(PLANNING).text
    assert "<h1>未来28天热点预测" in page
    assert "2026-11-30 至 2026-12-27" in page
    assert "共 <b>60</b> 条" in page
    assert "件/28天" in page and "件/周" not in page
    assert "规划方法" in page and "13个起点回测中优于全部基线" in page
    assert "46.7%" in page  # half of the 93.49 % of the first cell


def test_the_two_lists_lead_to_each_other_with_the_same_filter(client: TestClient) -> None:
    week = client.get("/?district=110108&level=高&sort=probability").text
    assert 'href="/planning?district=110108"' in week
    month = client.get("/planning?district=110108").text
    assert 'href="/?district=110108"' in month
    assert "共 <b>30</b> 条" in month and "海淀区" in month and "朝阳区" not in month


def test_pages_go_through_all_rows(client: TestClient) -> None:
    second = client.get("/planning?page=2").text
    assert '<td class="n">51</td>' in second and '<td class="n">50</td>' not in second
    assert "第 2 页，共 2 页" in second
    assert second.count(">样本不足</b>") == 1  # the sixtieth is thin at both horizons
    assert "第 2 页，共 2 页" in client.get("/planning?page=99").text


def test_rights_cut_the_list_and_its_sheet(granted: Callable[[str, str], TestClient]) -> None:
    wang = granted("wang", "person,area_code\nwang,110108\n")
    assert "朝阳区" not in wang.get(PLANNING).text
    sheet = fastexcel.read_excel(wang.get("/export.xlsx").content).load_sheet("28天规划").to_polars()
    assert set(sheet["区"]) == {"海淀区"} and sheet.height == 30


def test_the_sheet_follows_the_filter_and_is_safe_to_open(client: TestClient) -> None:
    sheet = fastexcel.read_excel(client.get("/export.xlsx?issue=06001").content).load_sheet("28天规划").to_polars()
    assert sheet.height == 12 and set(sheet["问题"]) == {"供暖不热"}
    assert "'=HYPERLINK" in " ".join(sheet["社区"])


def test_an_older_publication_has_no_such_list(tmp_path: Path) -> None:
    settings = web_sample.settings_in(tmp_path)
    web_sample.publish(settings)
    snapshot = current_snapshot(settings.snapshot_dir)
    older = settings.snapshot_dir / "building.duckdb"
    older.write_bytes(snapshot.path.read_bytes())
    with duckdb.connect(str(older)) as connection:
        for table in ("planning_forecast", "planning_selections", "planning_evaluations"):
            connection.execute(f"drop table mart.{table}")
    adopt(settings.snapshot_dir, older, web_sample.AS_OF, "0" * 64)
    client = TestClient(create_app(settings, person_in_header), headers={"who": "analyst"})
    assert "这一期发布时还没有28天预测" in client.get(PLANNING).text
    assert fastexcel.read_excel(client.get("/export.xlsx").content).sheet_names == ["预测", "数据字典", "说明"]
