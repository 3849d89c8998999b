"""重点事件: what is listed, what each figure means, and what is said when there is nothing to list."""

from __future__ import annotations

from io import StringIO

import duckdb
import pytest
from brief_snapshot import AS_OF, add_incident, add_totals, sql
from conftest import ComposeAfter
from rich.console import Console

from pipelines.briefs.leaks import leak_check_brief
from pipelines.briefs.model import Brief, BriefRules, from_json, to_json
from pipelines.briefs.render import to_html, to_terminal
from pipelines.briefs.text import to_text
from pipelines.briefs.wording import heat_in_parts

NO_TOTALS = "delete from mart.incident_totals"


def test_the_hottest_come_first_and_one_person_alone_is_no_incident(brief: Brief) -> None:
    first, second = brief.incidents.rows
    assert (first.rank, first.incident_id, first.title) == (1, "hotline:1", "梧桐路垃圾堆放（暴露垃圾）")
    assert (first.place, first.units) == ("东岭区梧桐街道福泽社区", "梧桐街道办事处")
    assert (second.title, second.place, second.units, second.open_count) == ("（无标题）", "未定位", "不详", None)


def test_counts_are_those_of_the_snapshot(brief: Brief, published: duckdb.DuckDBPyConnection) -> None:
    rows = brief.incidents.rows
    found = published.execute(
        "select incident_id, people_count, event_count, event_count_7d, open_count from mart.incidents "
        "where people_count >= 2 order by heat desc"
    ).fetchall()
    shown = [(r.incident_id, r.people_count, r.event_count, r.event_count_7d, r.open_count) for r in rows]
    assert shown == found
    total, newest, repeats = brief.incidents.lines
    assert "近28天居民诉求33件，其中20件（占60.6%）" in total and "归为3起" in total
    assert "列前2起，近90天合计14人次、20件，其中近7天7件" in total
    assert newest == (
        "近7天新增最多的（同一社区同一问题只举一起）：“（无标题）”4件、"
        "东岭区梧桐街道福泽社区“梧桐路垃圾堆放（暴露垃圾）”3件。"
    )
    assert "重复诉求8件（占24.2%）" in repeats and "再次反映3件" in repeats and "文本相同1件" in repeats


def test_what_grows_is_told_once_a_community_and_issue(compose_after: ComposeAfter) -> None:
    def change(connection: duckdb.DuckDBPyConnection) -> None:
        add_incident(connection, "h:7", incident_title="梧桐路乱倒垃圾", event_count_7d=9)
        add_incident(
            connection, "h:8", incident_title="梧桐路施工", issue_code="x", issue_name="噪声", event_count_7d=2
        )

    newest = compose_after(change).incidents.lines[1]
    words = ("梧桐路乱倒垃圾", "梧桐路垃圾堆放", "梧桐路施工", "（无标题）")
    assert [newest.count(word) for word in words] == [1, 0, 1, 1]


def test_the_parts_of_the_heat_add_up_as_printed(brief: Brief) -> None:
    assert brief.incidents.rows[1].heat_parts == "2＋0.60＋0.24"
    for people, recency, heat in ((86, 0.5352, 86.8318), (2, 0.5953, 2.8388), (3, 0.0049, 3.1549), (102, 0.6, 102.9)):
        total, parts = heat_in_parts(people, recency, heat)
        assert sum(round(100 * float(part)) for part in parts.split("＋")) == round(100 * float(total))
        assert abs(float(parts.split("＋")[2]) - (heat - people - recency)) < 0.011


def test_every_form_carries_the_block(brief: Brief) -> None:
    terminal = StringIO()
    to_terminal(brief, Console(file=terminal, force_terminal=True, width=120))
    for said in (to_text(brief, 200), to_html(brief), terminal.getvalue()):
        assert "重点事件" in said and "梧桐路垃圾堆放" in said.replace("\n", "")
    html = to_html(brief)
    assert html.index("表1") < html.index("表2　重点事件") < html.index("表3") < html.index("表5")
    assert '<td class="number">4／14</td>' in html and '<td class="number">不详</td>' in html
    assert '<td class="number">9月22日</td><td class="number">11月20日</td>' in html


def test_a_saved_brief_keeps_the_block_and_an_older_one_has_none(brief: Brief) -> None:
    assert from_json(to_json(brief)) == brief
    older = to_json(brief).replace('"incidents"', '"formerly"')
    assert from_json(older).incidents is None
    assert "重点事件" not in to_html(from_json(older)).split("口径说明")[0]


def test_no_more_rows_than_the_rules_say(compose_after: ComposeAfter) -> None:
    brief = compose_after(sql(), BriefRules(incident_rows=1))
    assert [row.incident_id for row in brief.incidents.rows] == ["hotline:1"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (sql("drop table mart.incident_totals"), "本期快照没有事件归并结果，重点事件从略。"),
        (sql(NO_TOTALS), "本期快照没有事件归并结果，重点事件从略。"),
        (sql("update mart.incident_totals set event_count_28d = 0"), "近28天没有居民诉求记录，没有重点事件可列。"),
        (
            sql("update mart.incident_totals set unassigned_count_28d = 33"),
            "近28天的居民诉求33件均未归并，重点事件从略；请数据工程人员查明归并事件步骤是否运行。",
        ),
    ],
)
def test_one_honest_sentence_stands_in_its_place(compose_after: ComposeAfter, change: object, said: str) -> None:
    brief = compose_after(change)
    assert brief.incidents.lines == (said,) and not brief.incidents.rows
    assert said in to_html(brief) and "表2　重点事件" not in to_html(brief)


def test_none_listed_still_counts_what_repeats(compose_after: ComposeAfter) -> None:
    brief = compose_after(sql("delete from mart.incidents where people_count > 1"))
    none, repeats = brief.incidents.lines
    assert none == "近28天居民诉求33件，没有2人及以上反映的同一事件。"
    assert "重复诉求8件" in repeats


def test_records_not_looked_at_are_counted_apart(compose_after: ComposeAfter) -> None:
    brief = compose_after(sql("update mart.incident_totals set unassigned_count_28d = 4, repeat_count_28d = 0"))
    assert brief.incidents.lines[0].endswith("另有4件尚未归并，不在其内。")
    assert brief.incidents.lines[-1] == "近28天没有重复诉求。"


def test_what_cannot_be_compared_is_unknown_and_not_none(compose_after: ComposeAfter) -> None:
    nothing = "delete from mart.incidents; update mart.incident_totals set repeat_count_28d = 0, unknown_count_28d = "
    brief = compose_after(sql(nothing + "33"))
    assert brief.incidents.lines == (
        "近28天的居民诉求33件均无文本、来电人和点位，是否有多人反映同一事件、是否重复反映，均不详，重点事件从略。",
    )
    brief = compose_after(sql(nothing + "3"))
    assert brief.incidents.lines[-1] == "近28天没有查出重复诉求。另有3件无文本、来电人和点位，是否重复不详。"
    brief = compose_after(sql("update mart.incident_totals set unknown_count_28d = 3"))
    assert brief.incidents.lines[-1].endswith("一件可同时符合几项。另有3件无文本、来电人和点位，是否重复不详。")


def test_what_looks_personal_is_not_shown_and_keeps_no_brief_from_being_saved(compose_after: ComposeAfter) -> None:
    def change(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(NO_TOTALS)
        add_totals(connection)
        add_incident(connection, "app:13800138000", incident_title="请致电13800138000", heat=99)
        add_incident(connection, "h:9", incident_title="=1+1<script>\u202e", heat=98, issue_name=None)

    brief = compose_after(change)
    leak_check_brief(brief)
    hidden, hostile = brief.incidents.rows[:2]
    assert (hidden.title, hidden.incident_id) == ("（不示）（暴露垃圾）", "（不示）")
    assert hostile.title == "'=1+1<script>"
    assert "<script>" not in to_html(brief)


def test_another_day_is_not_read(compose_after: ComposeAfter) -> None:
    brief = compose_after(sql("insert into mart.incidents select * replace (as_of_date - 1 as as_of_date, "
                              "'x' as incident_id, 50 as heat) from mart.incidents"))  # fmt: skip
    assert [row.incident_id for row in brief.incidents.rows] == ["hotline:1", "hotline:2"]
    assert brief.masthead.as_of_date == AS_OF
