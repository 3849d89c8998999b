"""The archive keeps what was composed, and nothing that points at a person."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from brief_snapshot import AS_OF, sql

from pipelines.briefs.archive import load, save
from pipelines.briefs.leaks import LeakFound, leak_check, leak_check_brief
from pipelines.briefs.model import BriefError
from pipelines.briefs.render import to_html


def test_load_returns_the_archived_brief(brief, tmp_path):
    signed = dataclasses.replace(brief, summary="签发时的摘要。")
    saved = save(signed, tmp_path / "briefs")
    assert saved.json_path.name == "brief_20261121.json"
    assert load(tmp_path / "briefs", AS_OF) == signed
    assert saved.html_path.read_text(encoding="utf-8") == to_html(signed)
    assert sorted(path.name for path in saved.json_path.parent.iterdir()) == [
        "brief_20261121.html",
        "brief_20261121.json",
        "brief_20261121.txt",
    ]


def test_saving_twice_gives_the_same_bytes(brief, tmp_path):
    first = {path.name: path.read_bytes() for path in dataclasses.astuple(save(brief, tmp_path))}
    again = {path.name: path.read_bytes() for path in dataclasses.astuple(save(brief, tmp_path))}
    assert first == again


def test_a_missing_and_a_damaged_brief_say_what_to_do(brief, tmp_path):
    with pytest.raises(BriefError, match="xianban run --date 2026-11-20"):
        load(tmp_path, dt.date(2026, 11, 20))
    save(brief, tmp_path).json_path.write_text("{}", encoding="utf-8")
    with pytest.raises(BriefError, match="damaged"):
        load(tmp_path, AS_OF)


def test_a_leak_is_refused_by_section_without_its_value(compose_after, tmp_path):
    leaking = compose_after(sql("update mart.source_status set warnings = 1, warning_text = '请联系13800138000'"))
    with pytest.raises(LeakFound) as caught:
        save(leaking, tmp_path / "briefs")
    assert "六、数据质量与时效" in str(caught.value)
    assert "13800138000" not in str(caught.value)
    assert not (tmp_path / "briefs").exists()


def test_an_ordinary_brief_leaks_nothing(brief):
    leak_check_brief(brief)


@pytest.mark.parametrize(
    "text",
    [
        "来电13800138000",
        "来电138-0013-8000",
        "来电 138 0013 8000。",
        "来电１３８００１３８０００",
        "来电138\u200b00138000",
        "+8613800138000",
        "010-64001234",
        "（0755）26001234",
        "400-810-0000",
        "+49 711 2160000",
        "电话：64001234",
        "身份证11010519491231002X",
        "卡号6222020000000000125",
        "zhang.san@example.com",
        "京A12345",
        "粤BD12345",
        "微信号：zhangsan_88",
        "3号楼2单元501室",
    ],
)
def test_personal_data_is_found(text):
    with pytest.raises(LeakFound):
        leak_check(text)


@pytest.mark.parametrize(
    "text",
    [
        "工单250912101108115409",
        "网格990101001001001",
        "社区990101001001",
        "信用代码91110105MA01ABCD2X",
        "示例市12345热线",
        "2026年11月20日24:00",
        "grid_20261119.csv",
        "微信12345件（占41.7%）",
        "电话70件（占58.3%）",
        "身份证110105194912310021",
        "0.0812345678",
    ],
)
def test_codes_and_figures_survive(text):
    leak_check(text)
