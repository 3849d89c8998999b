"""附件　数据质量: what it says when something is wrong, and that it holds nothing personal."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest
from brief_snapshot import AS_OF, add_finding, add_outcome, insert, sql

from pipelines.briefs.archive import load, save
from pipelines.briefs.layout import Heading, Paragraph, Table
from pipelines.briefs.quality_layout import ANNEX_TITLE, lay_out_quality
from pipelines.briefs.quality_page import UNREAD_SHOWN
from pipelines.briefs.render import to_html, to_text

HELD = (
    "update mart.source_gates set gate = 'held', held_since = '2026-11-19', in_force_date = '2026-11-18' "
    "where source_name = 'hotline'"
)


def tables(brief) -> dict[str, Table]:
    """The tables of the annex by the number in their caption."""
    return {
        block.caption.split("　")[0]: block for block in lay_out_quality(brief.quality_page) if isinstance(block, Table)
    }


def test_nothing_wrong_leaves_page_1_as_it_is(brief):
    assert brief.quality_page.pointer == ""
    assert brief.quality_page.lines == ("截至2026年11月20日24:00，2个来源均按时送达，最近一批均通过校验。",)
    without = dataclasses.replace(brief, quality_page=None)
    assert to_text(brief).startswith(to_text(without).rstrip("\n"))
    assert ANNEX_TITLE in to_text(brief) and ANNEX_TITLE in to_html(brief)
    assert ANNEX_TITLE not in to_html(without)


def test_a_held_source_says_since_when_and_what_is_in_force(compose_after):
    brief = compose_after(sql(HELD, "update mart.source_gates set gate = 'warned' where source_name = 'grid'"))
    assert brief.quality_page.pointer == "2个来源中，暂扣1个、有提醒1个，详见附件“数据质量”"
    assert f"【数据提示】{brief.quality_page.pointer}。" in to_html(brief)
    assert brief.quality_page.lines[1] == (
        "12345热线工单自11月19日导出的批次起因严重校验未过暂扣，现行数据为11月18日导出的批次，"
        "未通过的校验见下列第（二）项；请热线中心数据组更正后重新导出，通过校验即恢复使用。"
    )
    grid, hotline = tables(brief)["附表1"].rows
    assert grid[2:5] == ("按时", "有提醒", "11月21日")
    assert hotline[2:5] == ("按时", "暂扣（11月19日起）", "11月18日")
    assert hotline[5:] == ("20", "100", "90", "4", "6", "0")


def test_a_hold_without_days_and_without_data_in_force(compose_after):
    brief = compose_after(
        sql("update mart.source_gates set gate = 'held', in_force_date = null where source_name = 'grid'")
    )
    assert "网格案件最近批次因严重校验未过暂扣，目前没有可用的现行数据" in brief.quality_page.lines[1]


@pytest.mark.parametrize(
    ("change", "cell", "said"),
    [
        (
            "latest_exported_date = '2026-11-18'",
            "迟3天",
            "网格案件约定每日02:00前送达，最近一批为11月18日导出，已迟3天；请市网格中心补送。",
        ),
        (
            "latest_exported_date = null, promised_by = null, latest_known_at = '2026-11-14 10:00'",
            "迟7天",
            "网格案件未约定送达时刻，导出日期不详，已迟7天；请市网格中心补送。",
        ),
    ],
)
def test_lateness_is_told_in_days(compose_after, change, cell, said):
    brief = compose_after(sql(f"update mart.source_status set is_late = true, {change} where source_name = 'grid'"))
    assert tables(brief)["附表1"].rows[0][2] == cell
    assert brief.quality_page.lines[1] == said


def test_a_source_that_never_came(compose_after):
    brief = compose_after(
        sql(
            "update mart.source_status set is_late = true, latest_exported_date = null, rows_in = 0, accepted = 0, "
            "rejected = 0, superseded = 0 where source_name = 'grid'",
            "update mart.source_gates set gate = null, file_count = 0, in_force_date = null where source_name = 'grid'",
        )
    )
    assert tables(brief)["附表1"].rows[0][2:5] == ("缺失", "尚无批次", "—")
    assert brief.quality_page.lines[1] == "网格案件约定每日02:00前送达，尚未收到任何一批；请市网格中心补送。"


def test_rows_turned_away_by_reason_and_replaced_ones_by_source(compose_after):
    def change(connection):
        remedy = {"remedy": "请更正后重新导出", "recent_row_count": 1}
        add_outcome(connection, "hotline", "rejected", "编号为空（工单编号）", 4, **remedy)
        add_outcome(connection, "hotline", "superseded", "newer_version", 5)
        add_outcome(connection, "hotline", "superseded", "voided", 1, recent_row_count=0)
        add_outcome(connection, "grid", "superseded", "voided", 6, recent_row_count=2)
        add_outcome(connection, "hotline", "accepted", "in_force", 90)

    found = tables(compose_after(change))
    assert found["附表2"].rows == (("12345热线工单", "编号为空（工单编号）", "4", "1", "请更正后重新导出"),)
    assert [column.title for column in found["附表3"].columns] == ["来源", "合计", "来源作废", "另有新版本"]
    assert found["附表3"].rows == (("网格案件", "6", "6", "0"), ("12345热线工单", "6", "1", "5"))


def test_failed_expectations_with_counts_and_drift_as_such(compose_after):
    def change(connection):
        add_finding(connection, "hotline", "多数记录没有渠道")
        add_finding(
            connection, "grid", "批次清洗后没有一行可用", severity="critical", checked_count=0, unexpected_count=None
        )
        add_finding(
            connection, "grid", "列“街镇”疑似改名为“镇街”", suite_name="drift", expectation="drift_renamed_header"
        )

    found = tables(compose_after(change))
    assert found["附表4"].rows == (
        ("网格案件", "严重", "批次清洗后没有一行可用", "1", "11月21日", "0", "—", "—"),
        ("12345热线工单", "提醒", "多数记录没有渠道", "1", "11月21日", "120", "30", "25.0%"),
    )
    assert found["附表5"].rows == (("网格案件", "列改名", "列“街镇”疑似改名为“镇街”", "11月21日"),)


def add_value(connection, kind: str, text: str | None, count: int, system: str | None = "hotline") -> None:
    insert(connection, "unmapped_values", as_of_date=AS_OF, source_name="hotline", value_kind=kind,
           issue_system=system, value_text=text, event_count=count)  # fmt: skip


def add_place(connection, count: int, community: str | None, street: str | None = "石桥街道") -> None:
    insert(connection, "unplaced_values", as_of_date=AS_OF, source_name="hotline", street_text=street,
           community_text=community, place_basis="street_only" if street else "none", event_count=count)  # fmt: skip


def test_each_writing_names_the_list_to_fill(compose_after):
    def change(connection):
        add_value(connection, "issue", "综合-其他", 9)
        add_value(connection, "issue", None, 8)
        add_value(connection, "state", "待批示", 7, None)
        add_value(connection, "issue", "张三家门口3号楼1201室", 6)
        add_value(connection, "issue", "无体系", 5, None)
        add_place(connection, 6, "东柳社区")
        add_place(connection, 3, None)
        add_place(connection, 2, None, "柳营街道")
        add_place(connection, 4, None, None)
        add_place(connection, 1, "3单元201室")

    found = tables(compose_after(change))
    assert [row[1:] for row in found["附表6"].rows] == [
        ("问题分类", "综合-其他", "9", "在 issue_map.csv 中为体系 hotline 补一行"),
        ("问题分类", "未填", "8", "来源未填，请提供单位补填"),
        ("状态", "待批示", "7", "在来源配置 hotline.yaml 的 status 取值对照中补一项"),
        ("问题分类", "（不示）", "6", "内容过长或疑似含个人信息，请核对来源配置所取的列"),
        ("问题分类", "无体系", "5", "在来源配置 hotline.yaml 中写明问题分类体系"),
    ]
    assert [row[1:4] for row in found["附表7"].rows] == [
        ("只到街道", "石桥街道 东柳社区", "6"),
        ("只到街道", "未填社区", "5"),
        ("不明", "未填", "4"),
        ("只到街道", "（不示）", "1"),
    ]
    assert "divisions.csv" in found["附表7"].rows[0][4]


def test_only_the_most_frequent_are_listed_and_the_rest_is_counted(compose_after):
    def change(connection):
        for number in range(UNREAD_SHOWN + 3):
            add_value(connection, "issue", f"没见过{number:02}", number + 1)

    brief = compose_after(change)
    table = tables(brief)["附表6"]
    assert [row[3] for row in table.rows] == [str(count) for count in range(UNREAD_SHOWN + 3, 3, -1)]
    said = [block.text for block in lay_out_quality(brief.quality_page) if isinstance(block, Paragraph)]
    assert "另有3种写法、6件未列。" in said  # 1 + 2 + 3


def test_what_looks_personal_neither_shows_nor_stops_the_brief(compose_after, tmp_path):
    phone = "13800138000"

    def change(connection):
        add_value(connection, "issue", f"找李{phone}", 2)
        add_place(connection, 2, "京A12345")
        add_finding(connection, "hotline", f"出现新列“{phone}”", suite_name="drift", expectation="drift_new_header")
        add_outcome(connection, "hotline", "rejected", f"编号为空（{phone}）", 1, remedy=phone)

    saved = save(compose_after(change), tmp_path)
    for path in dataclasses.astuple(saved):
        text = path.read_text(encoding="utf-8")
        assert phone not in text and "京A12345" not in text
        assert "（不示）" in text


def test_a_snapshot_of_before_has_no_annex(compose_after):
    brief = compose_after(sql("drop table mart.gate_findings"))
    assert brief.quality_page is None


def test_a_brief_archived_before_there_was_an_annex_still_reads(brief, tmp_path):
    saved = save(brief, tmp_path)
    content = json.loads(saved.json_path.read_text(encoding="utf-8"))
    del content["quality_page"]
    saved.json_path.write_text(json.dumps(content), encoding="utf-8")
    old = load(tmp_path, AS_OF)
    assert old == dataclasses.replace(brief, quality_page=None)
    assert ANNEX_TITLE not in to_text(old)


def test_the_archived_annex_is_not_computed_again(brief, tmp_path):
    signed = dataclasses.replace(brief.quality_page, lines=("签发时的说明。",))
    save(dataclasses.replace(brief, quality_page=signed), tmp_path)
    assert load(tmp_path, AS_OF).quality_page == signed


def test_sections_come_in_order_and_columns_fill_the_page(compose_after):
    def change(connection):
        add_outcome(connection, "hotline", "rejected", "编号为空", 4, remedy="请更正")
        for reason in ("newer_version", "voided", "duplicate", "merged_chain"):
            add_outcome(connection, "hotline", "superseded", reason, 1)
        add_finding(connection, "hotline", "多数记录没有渠道")
        add_finding(connection, "hotline", "出现新列", suite_name="drift", expectation="drift_new_header")
        add_value(connection, "issue", "综合-其他", 9)
        add_place(connection, 6, "东柳社区")

    brief = compose_after(change)
    blocks = lay_out_quality(brief.quality_page)
    assert [block.text[:3] for block in blocks if isinstance(block, Heading)] == [
        "（一）",
        "（二）",
        "（三）",
        "（四）",
        "（五）",
        "说明",
    ]
    assert list(tables(brief)) == [f"附表{number}" for number in range(1, 8)]
    for table in tables(brief).values():
        assert 95 <= sum(column.width for column in table.columns) <= 100, table.caption
    assert brief.masthead.as_of_date == AS_OF == dt.date(2026, 11, 21)
