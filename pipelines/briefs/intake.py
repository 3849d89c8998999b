"""一、昨日受理: what residents brought up yesterday, against its bases."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable

from pipelines.briefs.model import Breakdown, Comparison, Intake
from pipelines.briefs.reading import DAY, Reader, Row
from pipelines.briefs.wording import UNSTATED, channel_name, compare, day, day_and_weekday, plain, share_list, shares

_DAYS = """
select occurred_date, sum(event_count) as event_count
from mart.daily_counts
where as_of_date = $as_of_date and is_resident and occurred_date < $as_of_date
group by occurred_date
"""
_YESTERDAY = """
select kind, is_resident, demand_type, channel, district_code, street_code, community_code,
    sum(event_count) as event_count, sum(open_count) as open_count, sum(overdue_count) as overdue_count
from mart.daily_counts
where as_of_date = $as_of_date and occurred_date = $yesterday
group by all
"""
_BACKLOG = """
select sum(open_count) as open_count, sum(overdue_count) as overdue_count,
    min(occurred_date) as first_date
from mart.daily_counts
where as_of_date = $as_of_date and is_resident and occurred_date < $as_of_date
"""
_AREA_TITLES = {"district": "按区", "street": "按街道", "community": "按社区"}


def compose_intake(reader: Reader, is_late: bool) -> Intake:
    """The section.

    Args:
        reader: the snapshot.
        is_late: a hotline source is late or missing, so that yesterday's total is a lower bound.
    """
    found = reader.rows(_YESTERDAY, yesterday=reader.yesterday)
    residents = [row for row in found if row["is_resident"]]
    total = _sum(residents, "event_count")
    days = {row["occurred_date"]: int(row["event_count"]) for row in reader.rows(_DAYS)}
    backlog = reader.rows(_BACKLOG)[0]
    comparisons = _comparisons(reader.yesterday, total, days) if total or not is_late else ()
    breakdowns = _breakdowns(reader, residents)
    open_count, overdue_count = _known_sum(residents, "open_count"), _known_sum(residents, "overdue_count")
    grid = _sum([row for row in found if row["kind"] == "grid_event" and not row["is_resident"]], "event_count")
    other = _sum(found, "event_count") - total - grid
    lines = _total_lines(reader.yesterday, total, comparisons, bool(days), is_late)
    lines += [f"{part.title}：{share_list(part.shares)}。" for part in breakdowns]
    if total and open_count is not None:
        late = "" if overdue_count is None else f"，已超时限{overdue_count}件（占{overdue_count / total:.1%}）"
        lines.append(f"昨日受理的诉求中，截至数据截止时未办结{open_count}件（占{open_count / total:.1%}）{late}。")
    if days and backlog["open_count"] is not None:
        late = "" if backlog["overdue_count"] is None else f"，其中已超时限{backlog['overdue_count']}件"
        since = day(backlog["first_date"])
        lines.append(f"{since}以来受理的诉求中，尚未办结共{backlog['open_count']}件{late}。")
    if days and backlog["open_count"] is None:
        lines.append("来源未提供办结时间，未办结与超时限情况不详。")
    elif days and backlog["overdue_count"] is None:
        lines.append("来源未提供办理时限，超时限情况不详。")
    lines.append(_others_line(grid, other))
    return Intake(
        date=reader.yesterday,
        total=total,
        comparisons=comparisons,
        breakdowns=breakdowns,
        open_count=open_count,
        overdue_count=overdue_count,
        backlog_open=None if backlog["open_count"] is None else int(backlog["open_count"]),
        backlog_overdue=None if backlog["overdue_count"] is None else int(backlog["overdue_count"]),
        grid_events=grid,
        other_records=other,
        lines=tuple(lines),
    )


def _sum(rows: list[Row], column: str) -> int:
    return sum(int(row[column]) for row in rows)


def _known_sum(rows: list[Row], column: str) -> int | None:
    """The sum of what is known; None where no row knows."""
    known = [int(row[column]) for row in rows if row[column] is not None]
    return sum(known) if known else None


def _comparisons(yesterday: dt.date, total: int, days: dict[dt.date, int]) -> tuple[Comparison, ...]:
    """Against the day before, the same weekday a week ago, and the mean of the seven days before yesterday.

    A day before the first recorded one has no base; a recorded period without complaints has the base zero.
    """
    first = min(days, default=yesterday)

    def base(date: dt.date) -> int | None:
        return days.get(date, 0) if date >= first else None

    day_before, week_before = yesterday - DAY, yesterday - 7 * DAY
    past_week = [base(yesterday - back * DAY) for back in range(1, 8)]
    known = [count for count in past_week if count is not None]
    mean = sum(known) / 7 if len(known) == 7 else None
    return (
        compare("前日", day(day_before), total, base(day_before)),
        compare("上周同日", day(week_before), total, base(week_before)),
        compare("前7日日均", f"{day(week_before)}至{day(day_before)}日均", total, mean),
    )


def _breakdowns(reader: Reader, residents: list[Row]) -> tuple[Breakdown, ...]:
    def counted(name: Callable[[Row], str]) -> list[tuple[str, int]]:
        counter: Counter[str] = Counter()
        for row in residents:
            counter[name(row)] += int(row["event_count"])
        return [item for item in counter.items() if item[1]]

    parts = [
        Breakdown("按诉求类型", shares(counted(lambda row: plain(row["demand_type"]) or UNSTATED), most=7)),
        Breakdown("按渠道", shares(counted(lambda row: channel_name(row["channel"])), most=6)),
    ]
    level = reader.area_level
    if level:
        areas = counted(lambda row: reader.place(level, row[f"{level}_code"]))
        parts.append(Breakdown(_AREA_TITLES[level], shares(areas, most=6)))
    return tuple(part for part in parts if part.shares)


def _total_lines(
    yesterday: dt.date, total: int, comparisons: tuple[Comparison, ...], has_residents: bool, is_late: bool
) -> list[str]:
    when = day_and_weekday(yesterday)
    if not has_residents:
        return ["数据中没有居民诉求渠道的记录，本节无从统计，也无法据以判断热点；其他记录另列。"]
    changes = "；".join(comparison.text for comparison in comparisons)
    if total:
        note = "（热线来源迟到，以上为已收到的件数，比较仅供参考）" if is_late else ""
        return [f"{when}受理居民诉求{total}件，{changes}{note}。"]
    if is_late:
        return [f"没有收到{when}的居民诉求记录，因热线来源迟到或缺失，不能读作诉求为零，故不作比较。"]
    return [f"{when}没有居民诉求记录，{changes}。来源未报迟到，请核实当日是否确无诉求。"]


def _others_line(grid: int, other: int) -> str:
    line = f"另：网格案件{grid}件，单独统计，不计入居民诉求" if grid else "另：昨日无网格案件记录"
    return f"{line}；非居民渠道的其他记录{other}件。" if other else f"{line}。"
