"""The incidents: what is listed, what adds up, and who may see which of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import fastexcel
import pytest
import web_sample
from fastapi.testclient import TestClient
from web_sample import CELL, INCIDENT, INCIDENTS, person_in_header

from pipelines.warehouse.snapshot import adopt, current_snapshot
from pipelines.web.app import create_app

Granted = Callable[[str, str], TestClient]
TITLES = "person,area_code,titles\n"


def titles_of(page: str) -> list[str]:
    """The incidents of a list in their order."""
    return [link.strip() for link in re.findall(r'href="/incident\?id=([^"]+)"', page)]


def exported(client: TestClient, query: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(f"/incidents.csv?{query}").content.decode("utf-8-sig"))))


def published_after(folder: Path, *statements: str) -> TestClient:
    """The sample as it would have been published had these been run on it before."""
    settings = web_sample.settings_in(folder)
    web_sample.publish(settings)
    changed = settings.snapshot_dir / "building.duckdb"
    changed.write_bytes(current_snapshot(settings.snapshot_dir).path.read_bytes())
    with duckdb.connect(str(changed)) as connection:
        for statement in statements:
            connection.execute(statement)
    adopt(settings.snapshot_dir, changed, web_sample.AS_OF, "0" * 64)
    return TestClient(create_app(settings, person_in_header), headers={"who": "analyst"})


def test_the_hottest_come_first_with_their_sums(client: TestClient) -> None:
    page = client.get(INCIDENTS).text
    assert titles_of(page) == ["hotline%3A1%232", "grid%3A3", "app/2"]
    assert "共 <b>3</b> 起" in page and "<b>7</b> 人次、<b>9</b> 件，近7天 <b>3</b> 件，未办结 <b>3</b> 件" in page
    assert "近28天居民诉求 120 件，其中 40 件与其他诉求同属一事，归为 9 起" in page
    assert "另有 6 件尚未归并" in page
    assert "12 件：同一点位同一问题 10，同一来电人同一事项 3，文本相同 2" in page
    assert "（无标题）" in page and "未定位" in page and "未归类" in page and "不详" in page


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("district=110105", 1),
        ("street=110108001", 1),
        ("community=110105001001", 1),
        ("issue=02005", 1),
        ("issue=99999", 0),
        ("keyword=羊坊店", 1),
        ("keyword=区城管委", 2),
        ("since=2026-11-20", 1),
        ("since=2026-11-19", 2),
        ("until=2026-08-22", 1),
        ("until=2026-08-21", 0),
        ("since=2026-11-11&until=2026-10-01", 2),
        ("since=&until=&district=", 3),
    ],
)
def test_filters(client: TestClient, query: str, count: int) -> None:
    page = client.get(f"{INCIDENTS}?{query}")
    assert page.status_code == 200 and f"共 <b>{count}</b> 起" in page.text
    assert len(titles_of(page.text)) == count == len(exported(client, query))


def test_sorting_by_every_column_and_back(client: TestClient) -> None:
    page = client.get(f"{INCIDENTS}?district=110105").text
    assert "/incidents?district=110105&amp;sort=people" in page
    assert titles_of(client.get(f"{INCIDENTS}?sort=people&order=asc").text)[0] == "app/2"
    for key in ("title", "street", "community", "issue", "events", "last_7d", "open", "first", "last", "unit", "heat"):
        assert client.get(f"{INCIDENTS}?sort={key}").status_code == 200


@pytest.mark.parametrize(
    "query", ["since=yesterday", "until=2026-13-01", "sort=rank", "size=0", "keyword=" + "长" * 51]
)
def test_a_bad_value_is_explained(client: TestClient, query: str) -> None:
    answer = client.get(f"{INCIDENTS}?{query}")
    assert answer.status_code == 422 and f"“{query.split('=')[0]}”不可用" in answer.text


def test_pages_go_through_all_incidents(client: TestClient) -> None:
    assert titles_of(client.get(f"{INCIDENTS}?size=2&page=2").text) == ["app/2"]
    assert "第 2 页，共 2 页" in client.get(f"{INCIDENTS}?size=2&page=9").text


def test_an_incident_shows_its_heat_in_parts_and_its_records(client: TestClient) -> None:
    page = client.get(INCIDENT).text
    assert "4.74<small>4＋0.50＋0.24</small>" in page
    assert "共 <b>5</b> 件</p>" in page and page.count("GD000") == 5 + 2  # two name the one before
    assert "同一来电人再次反映 <b>2</b> 件" in page and "同一点位再次反映 <b>1</b> 件" in page
    assert "文本相同 <b>0</b> 件" in page
    assert page.count("前一件不在本清单") == 1
    assert page.count('<span class="warn">未办结</span>') == 3
    for basis in ("首条", "文本相近", "同一来电人", "来源注明关联", "同一点位"):
        assert basis in page
    assert f'href="{CELL}"' in page
    assert client.get("/incident?id=app/2").status_code == 200


def test_what_cannot_be_compared_is_said_to_whoever_sees_the_city(client: TestClient) -> None:
    assert "另有 7 件无文本、来电人和点位" in client.get(INCIDENTS).text


def test_where_nothing_can_be_compared_no_count_of_none_is_shown(tmp_path: Path) -> None:
    client = published_after(
        tmp_path, "update mart.incident_totals set incident_count = 0, unknown_count_28d = event_count_28d"
    )
    page = client.get(INCIDENTS).text
    assert "120 件，" in page and "是否重复反映，均不详" in page
    assert "归为" not in page and "同一来电人同一事项" not in page


def test_an_unknown_incident_is_404(client: TestClient) -> None:
    assert client.get("/incident?id=hotline:1").status_code == 404
    assert client.get("/incident").status_code == 422


def test_the_list_and_the_cell_lead_here(client: TestClient) -> None:
    assert 'href="/incidents?district=110105"' in client.get("/?district=110105&level=高&sort=probability").text
    assert "/incident?id=hotline%3A1%232" in client.get(CELL).text
    assert "重点事件" not in client.get("/cell/110105001001/02005").text


def test_one_district_sees_neither_incidents_nor_records_of_another(granted: Granted) -> None:
    wang = granted("wang", "person,area_code\nwang,110105\n")
    page = wang.get(INCIDENTS).text
    assert titles_of(page) == ["hotline%3A1%232"] and "羊坊店" not in page
    assert "近28天居民诉求" not in page  # totals of the whole city
    detail = wang.get(INCIDENT).text
    assert "共 <b>3</b> 件，另有 <b>2</b> 件不在您的查看范围内" in detail
    assert "GD0003" not in detail and "GD0004" not in detail and "110108" not in detail
    assert wang.get("/incident?id=app/2").status_code == 404
    assert wang.get("/incident?id=grid:3").status_code == 404
    book = fastexcel.read_excel(wang.get("/incidents.xlsx").content)
    assert book.load_sheet("重点事件").to_polars().height == 1
    assert set(book.load_sheet("诉求清单").to_polars()["工单编号"]) == {"GD0001", "GD0002", "GD0005"}
    assert len(exported(wang)) == 1


def test_titles_are_for_those_whom_the_list_allows_them(client: TestClient, granted: Granted) -> None:
    assert "标题01" not in client.get(INCIDENT).text  # without a list nobody
    assert "单件诉求的标题只给" in client.get(INCIDENT).text
    grants = f"{TITLES}wang,*,\nwang,110108,yes\nli,*,yes\nzhao,*,\n"
    li = granted("li", grants).get(INCIDENT).text
    assert [f"标题0{at}" in li for at in (1, 2, 3, 4, 5)] == [True] * 5
    wang = granted("wang", grants).get(INCIDENT).text
    assert [f"标题0{at}" in wang for at in (1, 2, 3, 4, 5)] == [False, False, True, False, False]
    zhao = granted("zhao", grants)
    assert "标题0" not in zhao.get(INCIDENT).text
    sheet = fastexcel.read_excel(zhao.get("/incidents.xlsx").content).load_sheet("诉求清单").to_polars()
    assert sheet["标题"].null_count() == sheet.height == 9


@pytest.mark.parametrize("line", ["wang,110105,no", "wang,110105", "wang,,yes"])
def test_a_list_with_titles_is_checked_as_a_whole(granted: Granted, line: str) -> None:
    assert granted("li", f"{TITLES}li,*,yes\n{line}\n").get(INCIDENTS).status_code == 503


def test_the_workbook_adds_up_and_is_safe_to_open(client: TestClient) -> None:
    book = fastexcel.read_excel(client.get("/incidents.xlsx").content)
    assert book.sheet_names == ["重点事件", "诉求清单", "数据字典", "诉求清单字典", "说明"]
    incidents, records = (book.load_sheet(name).to_polars() for name in ("重点事件", "诉求清单"))
    assert incidents["近90天居民诉求件数"].sum() == records.height == 9
    assert incidents["承办单位"][0] == "'＝区城管委、区住建委"
    assert records["未办结"].to_list().count("是") == 3 and records["未办结"].null_count() == 3
    assert set(records["归入依据"]) == {"首条", "文本相近", "同一来电人", "来源注明关联", "同一点位"}
    about = dict(book.load_sheet("说明").to_polars().iter_rows())
    assert about["诉求件数"] == "9，其中在查看范围内、列入诉求清单的 9" and about["筛选条件"] == "无（全部）"
    filtered = fastexcel.read_excel(client.get("/incidents.xlsx?since=2026-11-20&district=110105").content)
    about = dict(filtered.load_sheet("说明").to_polars().iter_rows())
    assert about["筛选条件"] == "首次至最近与 2026-11-20 至 — 相交；朝阳区" and about["事件数"] == "1"


def test_one_incident_is_exported_by_its_number(client: TestClient, granted: Granted) -> None:
    address = "/incidents.xlsx?id=hotline%3A1%232"
    assert f'href="{address}"' in client.get(INCIDENT).text
    book = fastexcel.read_excel(client.get(address).content)
    assert book.load_sheet("诉求清单").to_polars().height == 5
    assert dict(book.load_sheet("说明").to_polars().iter_rows())["筛选条件"] == "事件编号 hotline:1#2"
    li = granted("li", "person,area_code\nli,110108\n")
    assert fastexcel.read_excel(li.get(address).content).load_sheet("诉求清单").to_polars().height == 0


def test_an_older_publication_has_no_incidents(tmp_path: Path) -> None:
    tables = ("incidents", "incident_records", "incident_totals", "repeats")
    client = published_after(tmp_path, *(f"drop table mart.{table}" for table in tables))
    assert "这一期发布时还没有重点事件明细" in client.get(INCIDENTS).text
    assert client.get(CELL).status_code == 200
    for path in (INCIDENT, "/incidents.csv", "/incidents.xlsx"):
        assert client.get(path).status_code == 404
