"""Compose the daily brief of an as-of date from a published snapshot.

Every figure is read from the snapshot; the only things brought along are the city's title, its rules and the calendar
of the coming week. The brief of date D reports D-1 and forecasts [D, D+7).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import duckdb

from pipelines.briefs.actions import compose_actions
from pipelines.briefs.incidents import compose_incidents
from pipelines.briefs.intake import compose_intake
from pipelines.briefs.lookback import compose_lookback
from pipelines.briefs.model import Brief, BriefRules, Intake, Masthead, Outlook, Trends
from pipelines.briefs.outlook import compose_outlook, forecast_rows
from pipelines.briefs.quality import compose_quality
from pipelines.briefs.quality_page import compose_quality_page
from pipelines.briefs.reading import DAY, Reader
from pipelines.briefs.trends import base_window, biggest_change, compose_trends
from pipelines.briefs.wording import day_and_weekday, full_day, plain, probability, span

SUMMARY_LIMIT = 120
_SUMMARY_PLACES = 3


def compose(
    connection: duckdb.DuckDBPyConnection,
    as_of_date: dt.date,
    city_title: str,
    rules: BriefRules | None = None,
    calendar: Sequence[tuple[dt.date, str]] | None = None,
) -> Brief:
    """Compose the brief.

    Args:
        connection: read-only, on the published snapshot of the date.
        as_of_date: D; its own rows are invisible.
        city_title: the city as its hotline calls itself, as in 示例市.
        rules: the city's choices; the defaults when None.
        calendar: festivals, make-up workdays and sensitive days as (date, name); those of the coming week are used.
            None says that no calendar was supplied, an empty sequence that nothing is due.

    Raises:
        BriefError: the snapshot holds nothing for the date.
    """
    rules = rules or BriefRules()
    reader = Reader(connection, as_of_date)
    quality, is_late = compose_quality(reader)
    intake = compose_intake(reader, is_late)
    trends = compose_trends(reader, rules)
    forecast = forecast_rows(reader)
    outlook = compose_outlook(reader, forecast, rules)
    return Brief(
        masthead=_masthead(as_of_date, city_title),
        summary=_summary(intake, trends, outlook),
        actions=compose_actions(reader, forecast, quality.sources, rules),
        intake=intake,
        trends=trends,
        outlook=outlook,
        lookback=compose_lookback(reader, rules),
        calendar=_calendar(as_of_date, calendar),
        quality=quality,
        definitions=_definitions(as_of_date, rules),
        signature=("签发：", "审核：", "联系人：", "联系电话："),
        quality_page=compose_quality_page(reader),
        incidents=compose_incidents(reader, rules),
    )


def _masthead(as_of_date: dt.date, city_title: str) -> Masthead:
    return Masthead(
        title=f"{plain(city_title)}12345热线民情日报（预测专版）",
        issue_no=as_of_date.timetuple().tm_yday,
        as_of_date=as_of_date,
        cut_off=f"{full_day(as_of_date - DAY)}24:00",
        marking="内部资料　注意保存",
    )


def _summary(intake: Intake, trends: Trends, outlook: Outlook) -> str:
    """At most ``SUMMARY_LIMIT`` characters: the total, the biggest change, and as many places as fit, up to three."""
    parts = [intake.lines[0].split("；")[0].rstrip("。")]
    change = biggest_change(trends)
    if change:
        parts.append(change)
    text = "；".join(parts)
    for position, row in enumerate(outlook.rows[:_SUMMARY_PLACES]):
        start = "、" if position else "；未来7日最需关注"
        added = f"{text}{start}{row.place}“{row.issue}”（{probability(row.probability)}）"
        if position and len(added) >= SUMMARY_LIMIT:
            break
        text = added
    return f"{text}。"


def _calendar(as_of_date: dt.date, calendar: Sequence[tuple[dt.date, str]] | None) -> tuple[str, ...]:
    last = as_of_date + 6 * DAY
    window = span(as_of_date, last)
    if calendar is None:
        return (f"本期未提供{window}的日历，时令提示从略。",)
    due = sorted((date, plain(name)) for date, name in calendar if as_of_date <= date <= last)
    if not due:
        return (f"{window}，日历中没有节假日、调休和敏感日期。",)
    return tuple(f"{day_and_weekday(date)}：{name}。" for date, name in due)


def _definitions(as_of_date: dt.date, rules: BriefRules) -> tuple[str, ...]:
    return (
        "居民诉求：居民渠道受理的诉求，以件计，按发生日期统计，以截至数据截止时已收到的为准；"
        "网格案件等工作人员上报的记录不计入。",
        f"变化：均列基数；基数为零或无数据的写“无可比”。问题表的前7日指{base_window(as_of_date)}。",
        "热点：同一社区同一问题7天内居民诉求达到门槛件数。门槛按问题每年核定一次，列于预测表。",
        "反复热点：近8周中已有2周及以上成为热点的点位再次成为热点；表中括号内为近8周的热点周数。",
        "重点事件：所述相近、同一点位或来源注明关联的居民诉求，由程序归为一起，未经人工核实；"
        "人数和件数按近90天统计，没有来电人标识的每件计一人。",
        "概率：情况相同的点位中预计成为热点的比例，如0.72指约七成会、三成不会；预测供提前排查，不是对事实的认定。",
        "基线：不用模型、只按以往件数推算的简单方法中回测最好的一种，列出以便核对模型是否确有用处。",
        f"今日要办：概率{rules.min_probability:.2f}及以上（危险问题{rules.min_dangerous_probability:.2f}及以上）方列入，"
        "是否派单由签发人决定。",
    )
