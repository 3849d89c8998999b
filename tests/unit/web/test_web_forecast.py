"""The list, the drill-down, one cell and the JSON."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
import web_sample
from fastapi.testclient import TestClient
from web_sample import CELL, person_in_header

from pipelines.web.app import create_app
from pipelines.web.view import COLUMNS


def rows(client: TestClient, query: str = "") -> list[dict]:
    """All rows of a view."""
    answer = client.get(f"/api/forecast?size=200&{query}").json()
    assert len(answer["rows"]) == answer["total"]
    return list(answer["rows"])


def numbers(html: str, section: str) -> list[list[str]]:
    """The rows of a summary table as texts, the last one being the sum."""
    table = re.search(rf'id="parts-{section}".*?</table>', html, re.S)
    assert table
    lines = re.findall(r"<tr>(.*?)</tr>", table[0], re.S)[1:]
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", line, re.S)]
        for line in lines
    ]


def test_the_page_says_what_it_stands_on(client: TestClient) -> None:
    page = client.get("/").text
    for text in [
        "未来7天热点预测",
        "2026-11-30 00:00",
        "2026-11-30 至 2026-12-06",
        "分层滤波",
        "最佳基线 <bdi>指数平滑",
        "≥4件/周",
        "0.412",
        "1.054",
        "网格事件</bdi> 迟到或缺失（最近 2026-11-26）",
        "尚未设置权限名单",
        "analyst",
    ]:
        assert text in page, text
    assert page.count("/cell/") == 50


def test_only_the_newest_forecast_is_read(client: TestClient) -> None:
    assert {row["as_of_date"] for row in rows(client)} == {"2026-11-30"}
    assert len(rows(client)) == 60


@pytest.mark.parametrize(
    ("query", "field", "value", "count"),
    [
        ("district=110105", "district_code", "110105", 30),
        ("street=110108002", "street_code", "110108002", 15),
        ("community=110108002001", "community_code", "110108002001", 5),
        ("issue=05004", "is_dangerous", True, 12),
        ("level=极高", "risk_level", "极高", 23),
        ("keyword=燃气", "issue_name", "燃气泄漏", 12),
        ("keyword=望京", "street_name", "望京街道", 15),
        ("district=110105&street=110108002", "district_code", "110105", 30),
    ],
)
def test_filters(client: TestClient, query: str, field: str, value: object, count: int) -> None:
    found = rows(client, query)
    assert (len(found), {row[field] for row in found}) == (count, {value})


@pytest.mark.parametrize("keyword", ["%", "_", "'; drop table x; --", '"', "没有这个词"])
def test_a_keyword_is_only_text(client: TestClient, keyword: str) -> None:
    found = rows(client, f"keyword={quote(keyword)}")
    assert all(keyword in str(row) for row in found)
    assert client.get("/", params={"keyword": keyword}).status_code == 200


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.key)
def test_every_column_sorts_both_ways(client: TestClient, column: object) -> None:
    up, down = (rows(client, f"sort={column.key}&order={order}") for order in ("asc", "desc"))
    assert sorted(row["risk_rank"] for row in up) == sorted(row["risk_rank"] for row in down) == list(range(1, 61))
    if column.order_by in up[0]:
        values = [row[column.order_by] for row in up if row[column.order_by] is not None]
        assert values == sorted(values)
        assert up[-1][column.order_by] is None or None not in [row[column.order_by] for row in up]


@pytest.mark.parametrize("sort", ["unit", "level", "last_year"])
def test_pages_neither_overlap_nor_leave_out(client: TestClient, sort: str) -> None:
    pages = [client.get(f"/api/forecast?size=7&page={page}&sort={sort}").json() for page in range(1, 11)]
    assert {page["total"] for page in pages} == {60}
    assert [len(page["rows"]) for page in pages] == [7] * 8 + [4, 0]
    assert [row for page in pages for row in page["rows"]] == rows(client, f"sort={sort}")


def test_risk_levels_sort_by_severity(client: TestClient) -> None:
    assert [row["risk_level"] for row in rows(client, "sort=level")][::20] == ["极高", "极高", "中"]


def test_the_address_holds_the_whole_view(client: TestClient) -> None:
    page = client.get("/?district=110105&sort=expected&order=asc&size=20&page=2").text
    assert 'aria-sort="ascending"' in page and "第 2 页，共 2 页" in page
    link = re.search(r'href="/export.csv\?([^"]*)"', page)
    assert link and "district=110105" in link[1] and "sort=expected" in link[1] and "page" not in link[1]
    assert "第 3 页" not in client.get("/?size=20&page=99").text.replace("第 3 页，共 3 页", "")
    assert client.get("/api/forecast?size=20&page=99").json()["rows"] == []


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=x",
        "page=1000000",
        "size=0",
        "size=100000",
        "sort=1;drop",
        "order=up",
        "sort=risk_rank",
        "level=很高",
        "keyword=" + "长" * 51,
        "district=a%00b",
        "issue=" + "9" * 65,
        "keyword=%E2%80%AE",
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/forecast", "/export.csv"])
def test_a_bad_value_is_refused_in_chinese(client: TestClient, path: str, query: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert "地址中的" in (answer.json()["detail"] if path.startswith("/api") else answer.text)
    assert "Traceback" not in answer.text and "pydantic" not in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "",
        "district=110105",
        "district=110105&street=110105002",
        "level=极高",
        "issue=06001&district=110108",
        "keyword=供暖",
    ],
)
def test_the_parts_add_up_to_the_whole(client: TestClient, query: str) -> None:
    html = client.get(f"/?{query}").text
    if "issue=" not in query and "keyword=" not in query:
        _assert_sums(numbers(html, "issue"))
    level = "community" if "street=" in query else "street" if "district=" in query else "district"
    parts = numbers(html, level)
    _assert_sums(parts)
    found = rows(client, query)
    assert int(parts[-1][3]) == len(found)
    assert abs(float(parts[-1][5].replace(",", "")) - sum(row["expected_count"] for row in found)) < 0.06
    assert int(parts[-1][1]) == sum(row["risk_level"] == "极高" for row in found)


def _assert_sums(lines: list[list[str]]) -> None:
    *parts, whole = lines
    assert whole[0] == "合计"
    for column in (1, 2, 3, 4):
        assert sum(int(part[column]) for part in parts) == int(whole[column])
    assert abs(sum(float(part[5]) for part in parts) - float(whole[5])) <= 0.05 * len(parts) + 0.05


def test_breadcrumbs_lead_back_up(client: TestClient) -> None:
    page = client.get("/?community=110105002001&level=高").text
    crumbs = re.search(r'class="crumbs".*?</nav>', page, re.S)
    assert crumbs
    assert [re.sub(r"<[^>]+>", "", item).strip() for item in re.findall(r"<li>(.*?)</li>", crumbs[0], re.S)] == [
        "全市",
        "朝阳区",
        "望京街道",
        "安里社区",
    ]
    assert "district=110105&amp;street=110105002&amp;level" in crumbs[0]


@pytest.mark.parametrize(
    ("districts", "streets", "gone"),
    [(True, False, ["街道</a>"]), (False, False, ["街道</a>", "区</a></th>", "f-district"])],
)
def test_a_level_the_city_lacks_is_not_shown(tmp_path: Path, districts: bool, streets: bool, gone: list[str]) -> None:
    settings = web_sample.settings_in(tmp_path)
    web_sample.publish(settings, districts=districts, streets=streets)
    client = TestClient(create_app(settings, person_in_header), headers={"who": "analyst"})
    page = client.get("/").text
    assert not [text for text in gone if f">{text}" in page or f'"{text}"' in page]
    _assert_sums(numbers(page, "district" if districts else "community"))
    assert client.get(CELL).status_code == 200
    assert client.get("/export.xlsx").status_code == 200
    assert client.get("/?district=110105").status_code == 200


def test_one_cell(client: TestClient) -> None:
    page = client.get(CELL).text
    weeks = re.findall(r'<li(?: class="hot")?><time datetime="([\d-]+)">[^<]*</time> <b>(\d+)</b>', page)
    assert len(weeks) == 104 and weeks[0][0] == "2026-11-23" and weeks[-1][0] == "2024-12-02"
    assert "0" in {count for _, count in weeks}
    for text in [
        "热点概率",
        "主责单位",
        "《城市供热管理条例》第三条",
        "法定职责",
        "指数平滑",
        "chart-specification",
        "noscript",
    ]:
        assert text in page, text


def test_a_count_that_was_never_recorded_is_a_dash(client: TestClient) -> None:
    row = next(r for r in client.get("/api/forecast?size=60").json()["rows"] if r["risk_rank"] == 7)
    assert row["complaint_count_same_28d_last_year"] is None
    page = client.get(f"/cell/{row['community_code']}/{row['issue_code']}").text
    assert "<dt>去年同期28天</dt><dd>—</dd>" in page and "None" not in page
    assert '<td class="n">—</td>' in client.get("/").text and "“—”为当时没有记录" in client.get("/").text


def test_weeks_before_the_first_record_are_unknown_not_zero(tmp_path: Path) -> None:
    import duckdb

    from pipelines.warehouse.snapshot import Snapshot
    from pipelines.web.queries import Reader, history
    from pipelines.web.rights import Areas

    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.execute(
            "create schema mart; create table mart.cell_history (as_of_date date, "
            "community_code varchar, issue_code varchar, week_start_date date, complaint_count integer)"
        )
        connection.execute(
            "insert into mart.cell_history values ('2026-11-30', 'a', '1', '2026-11-23', 2), "
            "('2026-11-30', 'b', '1', '2026-11-09', 1)"
        )
        reader = Reader(Snapshot(web_sample.AS_OF, tmp_path, ""), connection, "x", Areas((), True, False))
        assert [count for _, count in history(reader, "a", "1")] == [0, 0, 2]


def test_json_for_engineers(client: TestClient) -> None:
    answer = client.get("/api/forecast?level=极高&size=5&page=2").json()
    assert (answer["as_of_date"], answer["total"], answer["page"], len(answer["rows"])) == ("2026-11-30", 23, 2, 5)
    assert answer["rows"][0]["risk_rank"] == 6
    assert client.get("/api/nothing").json() == {"detail": "没有这个页面，或不在您的查看范围内。"}


def test_nothing_published_yet(tmp_path: Path) -> None:
    client = TestClient(create_app(web_sample.settings_in(tmp_path), person_in_header), headers={"who": "analyst"})
    for path in web_sample.ADDRESSES:
        answer = client.get(path)
        assert answer.status_code == 503
        assert "xianban run" in answer.text
    assert client.get("/static/page.css").status_code == 200


def test_a_broken_snapshot_is_an_apology_not_a_traceback(tmp_path: Path) -> None:
    settings = web_sample.settings_in(tmp_path)
    web_sample.publish(settings)
    for path in settings.snapshot_dir.glob("*.duckdb"):
        path.chmod(0o640)
        path.write_bytes(b"no database")
    client = TestClient(create_app(settings, person_in_header), headers={"who": "x"}, raise_server_exceptions=False)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "页面出错了" in answer.text and "duckdb" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
