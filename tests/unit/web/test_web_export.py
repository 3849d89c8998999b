"""Exports hold every row of the view, explain themselves, and run no formula."""

from __future__ import annotations

import csv
import datetime as dt
import io
import logging
import zipfile
from urllib.parse import unquote

import fastexcel
import pytest
from fastapi.testclient import TestClient

from pipelines.web.text import guarded, shown


def test_csv(client: TestClient) -> None:
    answer = client.get("/export.csv?district=110105&size=20&sort=expected&order=asc")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "截至2026-11-30.csv" in unquote(answer.headers["content-disposition"])
    assert answer.headers["cache-control"] == "private, no-store"
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert len(rows) == 30
    table = [dict(zip(head, row, strict=True)) for row in rows]
    assert len(set(head)) == len(head) == 38
    names = {row["社区"] for row in table}
    assert {'\'=HYPERLINK("x","y")', "甲[U+202E]乙[U+200B]丙", "<script>alert(1)</script>居"} <= names
    expected = [float(row["预计件数"]) for row in table]
    assert expected == sorted(expected)
    assert {row["是否危险问题"] for row in table} == {"是", "否"}
    assert table[0]["数据截止日"] == "2026-11-30"


def test_workbook(client: TestClient) -> None:
    answer = client.get("/export.xlsx?keyword=%3D&level=极高")
    assert "2026-11-30.xlsx" in answer.headers["content-disposition"]
    assert fastexcel.read_excel(answer.content).sheet_names == ["预测", "28天规划", "数据字典", "说明"]
    about = dict(fastexcel.read_excel(answer.content).load_sheet("说明").to_polars().iter_rows())
    assert about["数据截止"] == "2026-11-30 00:00（当日数据不计入）"
    assert about["预测窗口"] == "2026-11-30 至 2026-12-06"
    assert about["导出人"] == "analyst"
    assert about["筛选条件"] == "风险等级 极高；关键词 ="
    assert about["预测方法"] == "分层滤波" and about["最佳基线"] == "指数平滑"
    assert "门槛" in about["热点的含义"]


def test_workbook_cells(client: TestClient) -> None:
    content = client.get("/export.xlsx").content
    sheet = fastexcel.read_excel(content).load_sheet("预测").to_polars()
    assert sheet.height == 60
    assert set(sheet["社区编码"].str.len_chars()) == {12}
    assert sheet["数据截止日"][0] == dt.datetime(2026, 11, 30)
    assert sheet["主责单位"][1] == "'＝区城管委"
    assert sheet["预测方法"][0] == "分层滤波" and sheet["预测方法代码"][0] == "tails"
    assert sheet["主要依据"][0] == "'-1℃降温；近8周热点4周"
    assert abs(sheet["未来7天成为热点的概率"][0] - 0.9349) < 1e-9
    # what was not recorded is no zero
    assert sheet["去年同期件数"].null_count() == 60 // 7 and sheet["去年同期件数"].min() == 1
    words = fastexcel.read_excel(content).load_sheet("数据字典").to_polars()
    assert set(words["列"][1:]) == set(sheet.columns)
    assert words.row(0) == ("预测（整表）", "mart.hotspot_forecast", None, "未来7天热点预测：社区×问题")
    assert None not in words["说明"]
    archive = zipfile.ZipFile(io.BytesIO(content))
    first = archive.read("xl/worksheets/sheet1.xml").decode()
    assert 'state="frozen"' in first and '<autoFilter ref="A1:AL61"' in first and "<f>" not in first
    assert "0.0%" in archive.read("xl/styles.xml").decode()


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\0=1", "＝cmd", "＋1", "－1", "＠x", " =1", "\n=1", "\u3000＝1"],
)
def test_what_a_spreadsheet_could_run_gets_an_apostrophe(text: str) -> None:
    assert (guarded(text) or "").startswith("'")
    assert "\0" not in (guarded(text) or "")


@pytest.mark.parametrize("text", ["", "安里社区", "110105", "a=b", "近7天-1件", None])
def test_plain_text_stays_as_it_is(text: str | None) -> None:
    assert guarded(text) == text


def test_numbers_stay_numbers_even_when_negative(client: TestClient) -> None:
    row = next(csv.DictReader(io.StringIO(client.get("/export.csv").content.decode("utf-8-sig"))))
    assert float(row["近7天件数"]) == 14


def test_invisible_characters_are_spelt_out() -> None:
    assert shown("甲\u202e乙\u200b\u2066\ufeff") == "甲[U+202E]乙[U+200B][U+2066][U+FEFF]"
    assert shown("一\n二") == "一 二"
    assert shown("甲\u3000乙") == "甲\u3000乙"


def test_an_export_is_logged_without_what_was_searched(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "pipelines.web"):
        client.get("/export.csv?keyword=张三")
    (line,) = [record.getMessage() for record in caplog.records if "export" in record.getMessage()]
    assert "person=analyst" in line and "as_of_date=2026-11-30" in line and "张三" not in line


def test_more_rows_than_a_sheet_are_refused(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.web.export.EXCEL_ROWS", 59)
    answer = client.get("/export.xlsx")
    assert answer.status_code == 422 and "CSV" in answer.text
