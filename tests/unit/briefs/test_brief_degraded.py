"""What the brief says when something is missing: never a figure that nobody counted, never an empty silence."""

from __future__ import annotations

import datetime as dt

import pytest
from brief_snapshot import add_complaints, sql

from pipelines.briefs.text import to_text
from pipelines.briefs.wording import span

NO_YESTERDAY = "delete from mart.daily_counts where occurred_date = as_of_date - interval 1 day"
NO_RECORDS = "delete from mart.daily_counts"
HOTLINE_LATE = "update mart.source_status set is_late = true where source_name = 'hotline'"
NO_LEVELS = (
    "update mart.daily_counts set district_code = null, street_code = null",
    "update mart.places set district_code = null, district_name = null, street_code = null, street_name = null",
    "delete from mart.places where place_level <> 'community'",
    "update mart.hotspot_forecast set district_code = null, district_name = null",
    "update mart.hotspot_forecast set street_code = null, street_name = null",
    "update mart.lookback set district_name = null, street_name = null",
)


def test_no_data_yesterday_is_not_read_as_no_complaints_when_the_source_is_late(compose_after):
    brief = compose_after(sql(NO_YESTERDAY, HOTLINE_LATE))
    assert brief.intake.total == 0
    assert brief.intake.comparisons == ()
    assert brief.intake.lines[0] == (
        "没有收到11月20日（周五）的居民诉求记录，因热线来源迟到或缺失，不能读作诉求为零，故不作比较。"
    )
    assert brief.quality.alerts[0].startswith("12345热线工单迟到或缺失：昨日受理量")
    assert brief.actions.items[-1].text.startswith("请热线中心数据组补送“12345热线工单”（约定02:00）")


def test_no_data_yesterday_from_a_source_in_time_is_to_be_checked(compose_after):
    lines = compose_after(sql(NO_YESTERDAY)).intake.lines
    assert lines[0].startswith("11月20日（周五）没有居民诉求记录，较前日（11月19日10件）减少10件、下降100.0%")
    assert lines[0].endswith("请核实当日是否确无诉求。")


def test_a_late_source_qualifies_the_comparison(compose_after):
    assert "热线来源迟到，以上为已收到的件数，比较仅供参考" in compose_after(sql(HOTLINE_LATE)).intake.lines[0]


def test_zero_bases_have_nothing_to_compare_with(compose_after):
    brief = compose_after(
        sql("delete from mart.daily_counts where occurred_date between '2026-11-12' and '2026-11-19'")
    )
    assert [comparison.text for comparison in brief.intake.comparisons] == [
        "较前日（11月19日0件）无可比",
        "较上周同日（11月13日0件）无可比",
        "较前7日日均（11月13日至11月19日日均0件）无可比",
    ]


def test_days_before_the_first_record_have_no_base(compose_after):
    brief = compose_after(sql("delete from mart.daily_counts where occurred_date < '2026-11-19'"))
    assert [comparison.text for comparison in brief.intake.comparisons][1:] == [
        "较上周同日（11月13日无数据）无可比",
        "较前7日日均（11月13日至11月19日日均无数据）无可比",
    ]
    assert brief.trends.top_issues[0].change == "无可比"
    assert "不足35天，无法判断哪些点位是新冒头" in brief.trends.lines[-1]
    assert brief.trends.emerging == ()


def test_no_forecast_rows(compose_after):
    brief = compose_after(sql("delete from mart.hotspot_forecast"))
    assert brief.outlook.rows == ()
    assert brief.outlook.lines[0].startswith("本期没有11月21日至11月27日的预测结果")
    assert brief.actions.items == ()
    assert brief.actions.lines == ("本期没有预测结果，不列点位事项。",)
    assert "未来7日最需关注" not in brief.summary


def test_no_selection_and_no_backtest_are_said(compose_after):
    brief = compose_after(sql("delete from mart.selections", "delete from mart.evaluations"))
    assert brief.outlook.method_lines == (
        "快照未记录预测方法的选用情况，预测表所记方法为“r1”。",
        "本期没有回测成绩，上列概率未经检验，请慎用。",
    )


def test_a_city_without_districts_and_streets(compose_after):
    brief = compose_after(sql(*NO_LEVELS))
    assert brief.outlook.rows[0].place == "福泽社区"
    assert brief.trends.emerging[0].place == "星河社区"
    assert brief.intake.breakdowns[-1].title == "按社区"
    assert brief.actions.forgone_by_cap == 0
    assert "None" not in to_text(brief)


def test_without_streets_the_cap_holds_per_district(compose_after):
    brief = compose_after(sql("update mart.hotspot_forecast set street_code = null, street_name = null"))
    assert brief.actions.forgone_by_cap == 1
    assert "因每区每日不超过3条的上限未列1项" in brief.actions.lines[0]


def test_a_city_of_one_district_is_divided_by_streets(compose_after):
    brief = compose_after(sql("update mart.daily_counts set district_code = '990101' where district_code is not null"))
    assert brief.intake.lines[3] == "按街道：梧桐街道9件（占75.0%）、泽源街道3件（占25.0%）。"


def test_a_city_without_a_residents_channel(compose_after):
    brief = compose_after(sql("update mart.daily_counts set is_resident = false"))
    assert brief.intake.total == 0
    assert brief.intake.lines[0].startswith("数据中没有居民诉求渠道的记录")
    assert (brief.intake.grid_events, brief.intake.other_records) == (5, 14)
    assert brief.trends.top_issues == ()


def test_no_records_at_all(compose_after):
    brief = compose_after(sql(NO_RECORDS, "delete from mart.lookback"))
    assert brief.intake.lines[-1] == "另：昨日无网格案件记录。"
    assert brief.trends.lines[0].endswith("没有已归类的居民诉求，不列问题排名。")
    assert "居民诉求记录不早于2026年11月14日" in brief.lookback.lines[0]


def test_one_source_only(compose_after):
    brief = compose_after(sql("delete from mart.source_status where source_name = 'grid'"))
    assert brief.quality.lines[-1] == "本期只有热线工单一类数据，其他渠道的情况不在本期之内。"


def test_no_source_status_at_all(compose_after):
    brief = compose_after(sql("delete from mart.source_status"))
    assert brief.quality.lines[0].startswith("快照中没有各来源的时效记录")


def test_no_lookback(compose_after):
    brief = compose_after(sql("delete from mart.lookback"))
    assert brief.lookback.basis is None
    assert brief.lookback.lines == (
        "昨夜到期的应是以2026年11月14日零时为起点的预测，快照中没有（当日未作预测，也未作回测补算），本期无法回看。",
    )


def test_a_lookback_of_another_origin_is_not_passed_off_as_last_nights(compose_after):
    brief = compose_after(sql("update mart.lookback set origin_date = '2026-11-07'"))
    assert brief.lookback.basis is None


def test_lookback_without_any_hot_cell(compose_after):
    brief = compose_after(sql("update mart.lookback set was_hot = false, actual_count = 0"))
    model = brief.lookback.scores[0]
    assert (model.hits, model.precision, model.recall) == (0, 0.0, None)
    assert "覆盖率无可比（实际热点为0）" in brief.lookback.lines[1]
    assert "漏报：无。" in brief.lookback.lines


def test_missing_attributes_are_named_as_missing(compose_after):
    brief = compose_after(
        lambda connection: add_complaints(connection, 1, 4, None, None, channel=None, demand_type=None)
    )
    assert "未填4件（占25.0%）" in brief.intake.lines[1]
    assert "未填4件（占25.0%）" in brief.intake.lines[2]
    assert "未定位4件（占25.0%）" in brief.intake.lines[3]


def test_every_fault_of_a_source_is_said(compose_after):
    brief = compose_after(
        sql(
            "update mart.source_status set rows_in = 101, refused_files = 2, refusals = '缺列“来电时间”；请重报', "
            "critical_failures = 1, held_back = 40, warnings = 1, warning_text = '类型缺失率2.1%' "
            "where source_name = 'hotline'"
        )
    )
    assert not brief.quality.sources[1].is_balanced
    assert brief.quality.lines[1:5] == (
        "12345热线工单收到行数与接收、退回、被替代之和不符，请数据工程人员先行核对。",
        "12345热线工单拒收文件2个，其中内容未计入本期：缺列“来电时间”；请重报。",
        "12345热线工单有1个批次严重校验未过，40行暂扣未用，未计入本期各数，前一日数据继续有效。",
        "12345热线工单校验提醒1项：类型缺失率2.1%。",
    )
    assert brief.actions.items[-1].text == (
        "请热线中心数据组重报“12345热线工单”被拒收的文件2个，原因及处理办法见第六节。"
    )


@pytest.mark.parametrize(("value", "said"), [(0.999, "大于0.99"), (0.001, "小于0.01"), (0.8, "0.80")])
def test_no_probability_reads_as_certainty(compose_after, value, said):
    brief = compose_after(sql(f"update mart.hotspot_forecast set hot_probability = {value}"))
    assert f"（{said}）" in brief.outlook.lines[1]


def test_a_window_over_new_year_names_the_years():
    assert span(dt.date(2026, 12, 29), dt.date(2027, 1, 4)) == "2026年12月29日至2027年1月4日"
