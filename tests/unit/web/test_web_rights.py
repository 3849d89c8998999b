"""A person granted one district gets nothing of another, by whatever address."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import fastexcel
import pytest
from fastapi.testclient import TestClient
from web_sample import ADDRESSES

Granted = Callable[[str, str], TestClient]
HEADER = "person,area_code\n"


@pytest.mark.parametrize("area", ["110108", "110108001", "11010800"])
def test_a_granted_area_is_all_one_sees(granted: Granted, area: str) -> None:
    client = granted("wang", f"{HEADER}wang,{area}\nli,110105\n")
    seen = client.get("/api/forecast?size=200").json()["rows"]
    assert seen and all(row["community_code"].startswith(area) for row in seen)

    page = client.get("/").text
    assert "海淀区" in page and "万寿路街道" in page
    assert not [name for name in ("朝阳区", "望京街道", "建外街道", "110105") if name in page]

    for query in ("district=110105", "street=110105001", "community=110105001001", "district=110108&street=110105001"):
        assert client.get(f"/api/forecast?{query}").json()["total"] == 0
        hidden = client.get(f"/?{query}")
        assert hidden.status_code == 200 and "没有符合条件的预测" in hidden.text and "朝阳区" not in hidden.text
        assert list(csv.reader(io.StringIO(client.get(f"/export.csv?{query}").text)))[1:] == []
    assert client.get("/api/forecast?keyword=朝阳").json()["total"] == 0
    assert client.get("/cell/110105001001/06001").status_code == 404
    assert client.get("/cell/110108001001/06001").status_code == 200

    for row in list(csv.reader(io.StringIO(client.get("/export.csv").text)))[1:]:
        assert row[2].startswith(area)
    book = fastexcel.read_excel(client.get("/export.xlsx").content)
    sheet = book.load_sheet("预测", dtypes="string").to_polars()
    assert sheet.height == len(seen) and set(sheet["区"]) == {"海淀区"}


def test_a_person_without_a_line_sees_nothing(granted: Granted) -> None:
    client = granted("zhao", f"{HEADER}wang,110108\n")
    for path in ADDRESSES:
        answer = client.get(path)
        assert answer.status_code == 403
        assert "请联系管理员" in (answer.json()["detail"] if path.startswith("/api") else answer.text)
        assert "海淀" not in answer.text


@pytest.mark.parametrize(
    ("grants", "count"),
    [
        ("*,110105\n", 30),
        ("zhao,*\n", 60),
        ("zhao,110105\nzhao,110108001\n", 45),
        ("*,110105\nzhao,110108001001\n", 35),
        ("zhao,999\n", 0),
    ],
)
def test_stars_and_several_lines(granted: Granted, grants: str, count: int) -> None:
    assert granted("zhao", HEADER + grants).get("/api/forecast").json()["total"] == count


def test_names_are_not_patterns(granted: Granted) -> None:
    assert granted("*", f"{HEADER}wang,110108\n").get("/").status_code == 403
    assert granted("Wang", f"{HEADER}wang,110108\n").get("/").status_code == 403


@pytest.mark.parametrize(
    "text",
    [
        "",
        "person;area_code\nwang;1\n",
        f"{HEADER}wang,\n",
        f"{HEADER},110108\n",
        f"{HEADER}wang,110108,x\n",
        f"{HEADER}wang\n",
        f'{HEADER}wang,"110108\n',
    ],
)
def test_a_broken_list_opens_nothing(granted: Granted, text: str) -> None:
    for path in ADDRESSES:
        answer = granted("wang", text).get(path)
        assert answer.status_code == 503
        assert "管理员" in answer.text


def test_a_list_saved_by_excel_is_read(granted: Granted) -> None:
    client = granted("wang", "\ufeffperson,area_code\r\n wang ,110108\r\n\r\n")
    assert client.get("/api/forecast").json()["total"] == 30
    assert "数据范围：<bdi>110108</bdi>" in client.get("/").text
