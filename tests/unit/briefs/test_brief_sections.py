"""Each section's figures, worked out by hand from the rows in brief_snapshot."""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest
from brief_snapshot import AS_OF, FUZE, GAS, QUANYAN, WASTE, XINGHE, add_complaints, add_forecast, choose, sql

from pipelines.briefs.compose import compose
from pipelines.briefs.model import BriefError, BriefRules
from pipelines.briefs.text import to_text


def test_masthead(brief):
    head = brief.masthead
    assert head.title == "示例市12345热线民情日报（预测专版）"
    assert head.issue_no == 325
    assert head.cut_off == "2026年11月20日24:00"
    assert head.marking == "内部资料　注意保存"


def test_summary_is_short_and_names_total_change_and_places(brief):
    assert brief.summary == (
        "11月20日（周五）受理居民诉求12件，较前日（11月19日10件）增加2件、上升20.0%；"
        "近7日变动最大的是“暴露垃圾（06010）”16件（前7日8件）；"
        "未来7日最需关注东岭区梧桐街道福泽社区“暴露垃圾（06010）”（0.72）。"
    )


def test_intake_counts_residents_of_yesterday_only(brief):
    assert (brief.intake.date, brief.intake.total) == (dt.date(2026, 11, 20), 12)
    assert (brief.intake.open_count, brief.intake.overdue_count) == (6, 1)
    assert (brief.intake.backlog_open, brief.intake.backlog_overdue) == (36, 25)
    assert (brief.intake.grid_events, brief.intake.other_records) == (5, 2)
    assert brief.intake.lines[-1] == "另：网格案件5件，单独统计，不计入居民诉求；非居民渠道的其他记录2件。"


def test_every_comparison_carries_its_base(brief):
    assert [comparison.text for comparison in brief.intake.comparisons] == [
        "较前日（11月19日10件）增加2件、上升20.0%",
        "较上周同日（11月13日8件）增加4件、上升50.0%",
        "较前7日日均（11月13日至11月19日日均3件）增加9件、上升300.0%",
    ]


def test_breakdowns_give_counts_and_shares(brief):
    assert brief.intake.lines[1:4] == (
        "按诉求类型：投诉6件（占50.0%）、求助6件（占50.0%）。",
        "按渠道：电话9件（占75.0%）、微信3件（占25.0%）。",
        "按区：东岭区9件（占75.0%）、南泽区3件（占25.0%）。",
    )


def test_top_issues_with_base_area_and_words(brief):
    first, second, third = brief.trends.top_issues
    assert (first.issue, first.count_7d, first.count_yesterday, first.base_7d) == ("暴露垃圾（06010）", 16, 6, 8)
    assert first.share == 16 / 25
    assert (first.change, first.area, first.words) == ("增8（100.0%）", "东岭区16件（100.0%）", "垃圾桶、清运")
    assert (second.issue, second.count_7d, second.change) == ("露天燃气管道异常（01057）", 3, "无可比")
    assert third.issue == "噪声扰民（06028）"
    assert brief.trends.lines[1] == "另有暂未归类的诉求3件（占12.0%），未参加排名。"


def test_emerging_cells_have_no_complaint_in_the_28_days_before(brief):
    cells = {(cell.place, cell.issue, cell.count_7d) for cell in brief.trends.emerging}
    assert cells == {
        ("南泽区泽源街道泉眼社区", "露天燃气管道异常（01057）", 3),
        ("东岭区梧桐街道星河社区", "噪声扰民（06028）", 3),
    }


def test_a_complaint_35_days_back_ends_the_emergence(compose_after):
    changed = compose_after(lambda connection: add_complaints(connection, 35, 1, QUANYAN, GAS))
    assert [cell.place for cell in changed.trends.emerging] == ["东岭区梧桐街道星河社区"]


def test_outlook_row_says_what_hot_means_and_on_what_basis(brief):
    row = brief.outlook.rows[0]
    assert (brief.outlook.first_day, brief.outlook.last_day) == (AS_OF, dt.date(2026, 11, 27))
    assert (row.place, row.issue) == ("东岭区梧桐街道福泽社区", "暴露垃圾（06010）")
    assert (row.probability, row.expected_count, row.hot_threshold) == (0.72, 6.1, 5)
    assert row.baseline_probability == pytest.approx(0.67)
    assert row.recurring == "是（3周）"
    assert row.unit == "梧桐街道办事处（街道专有、示例市街道职责清单（2024版））"
    assert "达到5件及以上的可能性较大（0.72）" in brief.outlook.lines[1]
    assert [row.is_held_out for row in brief.outlook.rows] == [False, True, False, False, False, False, False]


def test_outlook_states_how_many_to_expect(brief):
    # .72 + .55 + .45 + .25 + .40 + .10 + .35 = 2.82; the baseline is .05 lower each: 2.47
    assert brief.outlook.lines[2].startswith(
        "按概率合计，所列7项中预计约2.8项成为热点（基线估计2.5项），其余约4.2项预计不会达到门槛。其中1项随机留作对照"
    )


def test_outlook_sells_no_large_gain(brief):
    # 43.2 % - 41.8 % = 1.4 points of 50 items = 0.7 items
    assert brief.outlook.method_lines == (
        "本期由“折扣伽马－泊松”预测，对照的最佳基线为“指数平滑”。选用理由：对数损失最小。",
        "回测：26个周起点，窗口内实际热点812个，每周名单取前50项，成绩见下表。",
        "前50项命中率与“指数平滑”相差1.4个百分点，约合每周多命中0.7项：名单上的差别很小，不宜期待诉求量因此明显下降。",
    )
    assert [(method.title, method.role) for method in brief.outlook.methods] == [
        ("折扣伽马－泊松", "选用，模型"),
        ("指数平滑", "基线"),
    ]


def test_a_gain_too_small_to_count_is_not_told_as_zero_more(compose_after):
    def alike(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(
            "update mart.evaluations set hot_precision_at_k = 0.4180 + 0.0008 * (hot_precision_at_k > 0.42)::int"
        )

    assert compose_after(alike).outlook.method_lines[2] == (
        "前50项命中率与“指数平滑”相差0.1个百分点，折合每周不到0.1项：名单上的差别很小，不宜期待诉求量因此明显下降。"
    )


def test_a_baseline_that_won_is_named_as_such(compose_after):
    changed = compose_after(lambda connection: choose(connection, baseline_wins=True))
    assert changed.outlook.method_lines[0] == (
        "本期由基线方法“指数平滑”预测，因其回测不逊于模型。选用理由：对数损失最小。"
    )
    assert [method.role for method in changed.outlook.methods] == ["选用，基线", "模型"]
    assert "约合每周少命中0.7项" in changed.outlook.method_lines[2]


def test_thresholds_that_cannot_be_assessed_and_few_origins_are_said(compose_after):
    def change(connection: duckdb.DuckDBPyConnection) -> None:
        choose(connection, assessable=False)
        connection.execute("update mart.evaluations set origin_count = 9")

    lines = compose_after(change).outlook.method_lines
    assert any(line.startswith("门槛尚不可评估") for line in lines)
    assert "回测起点不足26个，成绩仅供参考。" in lines


def test_lookback_scores_both_lists_of_the_same_length(compose_after):
    brief = compose_after(sql(), BriefRules(list_length=3))
    model, baseline = brief.lookback.scores
    assert (model.listed, model.hits, model.precision, model.recall) == (3, 2, 2 / 3, 2 / 3)
    assert (baseline.listed, baseline.hits, baseline.precision, baseline.recall) == (3, 3, 1.0, 1.0)
    assert [(item.place, item.actual_count) for item in brief.lookback.misses] == [("南泽区泽源街道泉眼社区", 7)]
    assert [(item.issue, item.probability) for item in brief.lookback.false_alarms] == [("噪声扰民（06028）", 0.6)]
    assert "系当日发布" in brief.lookback.lines[0]


def test_lookback_from_a_backtest_says_so(compose_after):
    changed = compose_after(sql("update mart.lookback set basis = 'backtest'"))
    assert changed.lookback.basis == "backtest"
    assert "系回测补算" in changed.lookback.lines[0]


def test_calendar_takes_the_coming_week_only(published):
    days = [(dt.date(2026, 11, 22), "小雪"), (dt.date(2026, 11, 28), "窗口之后"), (dt.date(2026, 11, 20), "昨日")]
    assert compose(published, AS_OF, "示例市", calendar=days).calendar == ("11月22日（周日）：小雪。",)
    assert "未提供" in compose(published, AS_OF, "示例市").calendar[0]


def test_quality_balances_rows_and_says_what_the_forecast_cannot_see(brief):
    hotline = next(row for row in brief.quality.sources if row.title == "12345热线工单")
    assert (hotline.rows_in, hotline.accepted, hotline.rejected, hotline.superseded) == (100, 90, 4, 6)
    assert hotline.is_balanced
    assert brief.quality.lines == (
        "2个来源均按时送达。",
        "近28天（10月24日至11月20日）居民诉求33件中，未定位到社区3件（占9.1%）、暂未归类3件（占9.1%）。"
        "这些计入全市总量，不进入社区预测，相关社区的热点可能被低估。",
    )


def test_rows_of_the_as_of_date_are_invisible(compose_after, brief):
    assert compose_after(sql("delete from mart.daily_counts where occurred_date = as_of_date")) == brief


def test_another_date_is_refused(published):
    with pytest.raises(BriefError, match="2026-11-22"):
        compose(published, dt.date(2026, 11, 22), "示例市")


class TestActions:
    """今日要办."""

    def test_dangerous_first_then_by_rank_then_backlog(self, brief):
        shown = [(item.kind, item.place, item.issue, item.probability) for item in brief.actions.items]
        assert shown == [
            ("dangerous", "南泽区泽源街道泉眼社区", "露天燃气管道异常（01057）", 0.25),
            ("dangerous", "东岭区梧桐街道福泽社区", "露天燃气管道异常（01057）", 0.35),
            ("hotspot", "东岭区梧桐街道福泽社区", "暴露垃圾（06010）", 0.72),
            ("hotspot", "东岭区梧桐街道福泽社区", "噪声扰民（06028）", 0.45),
            ("backlog", None, None, None),
        ]

    def test_a_line_names_unit_place_issue_probability_and_reason(self, brief):
        assert brief.actions.items[2].text == (
            "请梧桐街道办事处到东岭区梧桐街道福泽社区提前处置“暴露垃圾（06010）”：预计未来7天达到5件及以上的可能性较大"
            "（0.72）。依据：近4周18件，去年同期11件。该点位尚有2件未办结，一并督办，不重复派单。"
        )

    def test_cap_and_held_out_are_stated(self, brief):
        # 梧桐街道 has four candidates that are not held out; the fourth, 星河 垃圾, is over the cap of three
        assert (brief.actions.forgone_by_cap, brief.actions.forgone_by_limit, brief.actions.held_out) == (1, 0, 1)
        assert brief.actions.lines == (
            "达到条件而未列入的：因每街道每日不超过3条的上限未列1项；"
            "随机留作对照、不派未诉先办单1项（危险问题不留对照）。上述点位居民来电照常受理。",
        )
        assert not any("星河社区" in item.text for item in brief.actions.items)

    def test_backlog_that_stands_out(self, brief):
        # 24 of 25 overdue; open 30 + 1
        assert brief.actions.items[-1].text == (
            "请东岭区生态环境局清理超时限诉求24件（占全部超时限25件的96.0%；该单位未办结共31件），"
            "按职责清单对应主责单位统计。"
        )

    def test_never_more_than_ten_lines(self, compose_after):
        def change(connection: duckdb.DuckDBPyConnection) -> None:
            for rank in range(8, 40):
                add_forecast(connection, rank, FUZE, WASTE, 0.5, street_code=f"9901010{rank:02}")
            connection.execute("update mart.source_status set is_late = true, refused_files = 1")

        actions = compose_after(change).actions
        assert len(actions.items) == 10
        assert [item.kind for item in actions.items[-3:]] == ["backlog", "source", "source"]
        # 4 + 32 cells within the cap; 10 - 3 lines of room
        assert actions.forgone_by_limit == 36 - 7
        assert "因全篇不超过10条未列29项" in actions.lines[0]

    def test_dangerous_cells_over_the_cap_are_counted_apart(self, compose_after):
        rules = BriefRules(orders_per_street_cap=1)
        changed = compose_after(lambda connection: add_forecast(connection, 8, XINGHE, GAS, 0.9), rules)
        assert "因每街道每日不超过1条的上限未列4项（其中危险问题1项）" in changed.actions.lines[0]

    def test_a_cell_without_a_unit_asks_for_one(self, compose_after):
        changed = compose_after(sql("update mart.hotspot_forecast set responsible_unit = null"))
        assert changed.actions.items[0].unit == "职责清单未列，待会商确定"
        assert changed.actions.items[0].text.startswith("（职责清单未列，待会商确定）请先确定主责单位，到南泽区")

    def test_rules_allow_no_more_than_ten(self):
        with pytest.raises(ValueError, match="1 to 10"):
            BriefRules(action_limit=11)

    def test_an_unlikely_week_asks_for_nothing(self, compose_after):
        changed = compose_after(sql("update mart.hotspot_forecast set hot_probability = 0.1"))
        assert changed.actions.lines[0].startswith("今日没有达到条件的点位")


def test_a_name_that_ends_in_a_digit_is_kept_apart_from_its_count() -> None:
    from pipelines.briefs.wording import counted

    assert counted("12345", 8) == "12345：8件"
    assert counted("APP", 3) == "APP：3件"
    assert counted("电话", 70) == "电话70件"


def test_the_planning_list_is_named_in_one_line(compose_after) -> None:
    planned = sql(
        "insert into mart.planning_forecast select as_of_date, as_of_date + 27, community_code, issue_code, "
        "district_code, district_name, street_code, street_name, community_name, issue_name, major_name, "
        "is_dangerous, risk_rank, 0.5, 0.25, 9, 8, 3, 3, 30, '甲', '乙' from mart.hotspot_forecast"
    )
    (line,) = [line for line in compose_after(planned).outlook.lines if "规划清单" in line]
    assert line.startswith("未来28天（11月21日至12月18日）")
    assert "预计约4项在28天内成为热点（基线估计2项）" in line  # 7 cells of 0.5 and 0.25
    assert "福泽社区" in line
    older = sql("drop table mart.planning_forecast")
    assert not [line for line in compose_after(older).outlook.lines if "规划清单" in line]


def test_a_thin_cell_gets_no_number_and_no_order_unless_it_is_dangerous(compose_after) -> None:
    thin = "update mart.hotspot_forecast set is_thin = true, thin_reason = '全市记录仅7周（不足8周）'"
    brief = compose_after(sql(thin))
    assert all(row.is_thin and row.reasons.startswith("样本不足（全市记录仅7周") for row in brief.outlook.rows)
    assert "样本不足（7天内≥" in to_text(brief, 400)
    assert {item.kind for item in brief.actions.items} & {"dangerous", "hotspot"} == {"dangerous"}
    older = sql("alter table mart.hotspot_forecast drop column is_thin")
    assert not any(row.is_thin for row in compose_after(older).outlook.rows)


def test_an_alarm_of_the_watch_stands_in_the_notice_line(compose_after) -> None:
    row = "insert into mart.forecast_alarms values (date '2026-11-21', 'volume', {}, 2, {}, '{}')"
    raised = compose_after(sql(row.format(3, "true", "近4周诉求总量至少相差3.0倍。请核对来源")))
    assert "预测自查：近4周诉求总量至少相差3.0倍。请核对来源" in raised.quality.alerts
    assert "【数据提示】预测自查：近4周诉求总量" in to_text(raised, 400)
    quiet = compose_after(sql(row.format(1.1, "false", "近4周诉求总量至少相差1.1倍")))
    assert not [alert for alert in quiet.quality.alerts if "自查" in alert]
    older = compose_after(sql("drop table mart.forecast_alarms"))
    assert not [alert for alert in older.quality.alerts if "自查" in alert]
