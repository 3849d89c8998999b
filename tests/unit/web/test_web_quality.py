"""The page 数据质量: what it shows, to whom, and what it does with a publication of before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import web_sample
from fastapi.testclient import TestClient
from web_sample import QUALITY, SCRIPT, person_in_header

from pipelines.warehouse.snapshot import adopt, current_snapshot
from pipelines.web.app import create_app

LINK = 'href="/quality"'


def test_it_says_what_the_annex_of_the_brief_says(client: TestClient) -> None:
    page = client.get(QUALITY)
    assert page.status_code == 200
    assert "<h1>数据质量</h1>" in page.text
    assert "2个来源中，暂扣1个、迟到1个。" in page.text
    assert "网格事件自11月26日导出的批次起因严重校验未过暂扣，现行数据为11月25日导出的批次" in page.text
    assert '<td class="n"><bdi>900</bdi></td>' in page.text
    assert LINK in client.get("/").text


def test_hostile_writings_stay_text(client: TestClient) -> None:
    page = client.get(QUALITY).text
    assert SCRIPT not in page and "&lt;script&gt;" in page
    assert "\u202e" not in page and "\u200b" not in page


def test_only_who_sees_the_whole_city_sees_it(granted: Callable[[str, str], TestClient]) -> None:
    grants = "person,area_code\nwang,110108\nli,*\n"
    cut = granted("wang", grants)
    refused = cut.get(QUALITY)
    assert refused.status_code == 403 and "望京街道" not in refused.text and "网格事件" not in refused.text
    assert LINK not in cut.get("/").text
    whole = granted("li", grants)
    assert whole.get(QUALITY).status_code == 200 and LINK in whole.get("/").text


def test_a_publication_of_before_is_said_to_be_one(tmp_path: Path) -> None:
    settings = web_sample.settings_in(tmp_path)
    web_sample.publish(settings)
    built = tmp_path / "old.duckdb"
    built.write_bytes(current_snapshot(settings.snapshot_dir).path.read_bytes())
    with duckdb.connect(str(built)) as connection:
        connection.execute("drop table mart.source_gates")
    adopt(settings.snapshot_dir, built, web_sample.AS_OF, "e" * 64)
    page = TestClient(create_app(settings, person_in_header), headers={"who": "analyst"}).get(QUALITY)
    assert page.status_code == 200 and "下一期发布后可在此查看" in page.text
