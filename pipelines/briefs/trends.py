"""二、热点与异动: what residents bring up most, what rises, and what has only just appeared."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict

from pipelines.briefs.model import BriefRules, EmergingCell, TopIssue, Trends
from pipelines.briefs.reading import DAY, Reader
from pipelines.briefs.wording import change_cell, counted, day, plain, span

WEEK = 7
QUIET_DAYS = 28
_EMERGING_SHOWN = 6

_ISSUES = """
select issue_code,
    coalesce(sum(event_count) filter (where occurred_date >= $as_of_date - interval 7 days), 0) as count_7d,
    coalesce(sum(event_count) filter (where occurred_date < $as_of_date - interval 7 days), 0) as base_7d,
    coalesce(sum(event_count) filter (where occurred_date = $yesterday), 0) as count_yesterday
from mart.daily_counts
where as_of_date = $as_of_date and is_resident
    and occurred_date >= $as_of_date - interval 14 days and occurred_date < $as_of_date
group by issue_code
order by count_7d desc, issue_code
"""
_AREAS = """
select issue_code, district_code, street_code, community_code, sum(event_count) as event_count
from mart.daily_counts
where as_of_date = $as_of_date and is_resident and issue_code is not null
    and occurred_date >= $as_of_date - interval 7 days and occurred_date < $as_of_date
group by all
"""
_WORDS = """
select issue_code, word from mart.issue_words
where as_of_date = $as_of_date
order by issue_code, weight desc, word
"""
_EMERGING = """
select community_code, issue_code,
    sum(event_count) filter (where occurred_date >= $as_of_date - interval 7 days) as count_7d
from mart.daily_counts
where as_of_date = $as_of_date and is_resident and community_code is not null and issue_code is not null
    and occurred_date >= $as_of_date - interval 35 days and occurred_date < $as_of_date
group by community_code, issue_code
having count_7d >= $least and sum(event_count) = count_7d
order by count_7d desc, community_code, issue_code
"""
_FIRST = """
select min(occurred_date) as first_date from mart.daily_counts where as_of_date = $as_of_date and is_resident
"""


def compose_trends(reader: Reader, rules: BriefRules) -> Trends:
    """The section: issues of the last 7 days against the 7 days before, and cells that are new."""
    first = reader.rows(_FIRST)[0]["first_date"]
    top, unmapped, total = _top_issues(reader, rules, first)
    emerging = tuple(
        EmergingCell(reader.whole_place(row["community_code"]), reader.issue(row["issue_code"]), int(row["count_7d"]))
        for row in reader.rows(_EMERGING, least=rules.emerging_min_count)
    )
    week = span(reader.as_of_date - WEEK * DAY, reader.yesterday)
    lines = [f"近7日（{week}）受理居民诉求{total}件，件数居前的{len(top)}类问题见下表。"] if top else []
    if not top:
        lines.append(f"近7日（{week}）没有已归类的居民诉求，不列问题排名。")
    if unmapped:
        lines.append(f"另有暂未归类的诉求{unmapped}件（占{unmapped / total:.1%}），未参加排名。")
    known_days = (reader.as_of_date - first).days if first else 0
    if known_days < WEEK + QUIET_DAYS:
        lines.append(f"居民诉求记录只有{known_days}天，不足35天，无法判断哪些点位是新冒头。")
        emerging = ()
    else:
        lines.append(_emerging_line(emerging, rules))
    return Trends(top, emerging, tuple(lines))


def _top_issues(reader: Reader, rules: BriefRules, first: dt.date | None) -> tuple[tuple[TopIssue, ...], int, int]:
    """The table, the complaints without an issue, and all complaints of the 7 days."""
    found = reader.rows(_ISSUES, yesterday=reader.yesterday)
    total = sum(int(row["count_7d"]) for row in found)
    unmapped = sum(int(row["count_7d"]) for row in found if row["issue_code"] is None)
    ranked = [row for row in found if row["issue_code"] is not None and row["count_7d"]][: rules.top_issues]
    has_base = first is not None and first <= reader.as_of_date - 2 * WEEK * DAY
    areas, words = _main_areas(reader), _words(reader)
    top = tuple(
        TopIssue(
            rank=rank,
            issue=reader.issue(row["issue_code"]),
            count_7d=int(row["count_7d"]),
            share=row["count_7d"] / total,
            count_yesterday=int(row["count_yesterday"]),
            base_7d=int(row["base_7d"]),
            change=change_cell(int(row["count_7d"]), int(row["base_7d"]) if has_base else None),
            area=areas.get(row["issue_code"], "未定位"),
            words="、".join(words[row["issue_code"]][:5]) or "—",
        )
        for rank, row in enumerate(ranked, start=1)
    )
    return top, unmapped, total


def _main_areas(reader: Reader) -> dict[str, str]:
    """Per issue the area with most complaints in 7 days, with count and share of the issue."""
    level = reader.area_level
    counts: dict[str, Counter[str | None]] = defaultdict(Counter)
    for row in reader.rows(_AREAS):
        counts[row["issue_code"]][row[f"{level}_code"] if level else None] += int(row["event_count"])
    result = {}
    for issue, by_area in counts.items():
        total = by_area.total()
        placed = sorted((-count, code) for code, count in by_area.items() if code is not None)
        if level and placed:
            count, code = -placed[0][0], placed[0][1]
            result[issue] = f"{counted(reader.place(level, code), count)}（{count / total:.1%}）"
    return result


def _words(reader: Reader) -> dict[str, list[str]]:
    words: dict[str, list[str]] = defaultdict(list)
    for row in reader.rows(_WORDS):
        words[row["issue_code"]].append(plain(row["word"], 12))
    return words


def _emerging_line(emerging: tuple[EmergingCell, ...], rules: BriefRules) -> str:
    meaning = f"近7日{rules.emerging_min_count}件及以上、此前28天为0件"
    if not emerging:
        return f"新冒头：无（{meaning}的点位）。"
    shown = "；".join(f"{cell.place}“{cell.issue}”{cell.count_7d}件" for cell in emerging[:_EMERGING_SHOWN])
    rest = f"；其余{len(emerging) - _EMERGING_SHOWN}处略" if len(emerging) > _EMERGING_SHOWN else ""
    return f"新冒头{len(emerging)}处（{meaning}）：{shown}{rest}。"


def biggest_change(trends: Trends) -> str | None:
    """The issue whose count moved most, for the summary; None where no issue has a base."""
    moved = [issue for issue in trends.top_issues if issue.base_7d and issue.count_7d != issue.base_7d]
    if not moved:
        return None
    most = max(moved, key=lambda issue: (abs(issue.count_7d - issue.base_7d), -issue.rank))
    return f"近7日变动最大的是“{most.issue}”{most.count_7d}件（前7日{most.base_7d}件）"


def base_window(as_of_date: dt.date) -> str:
    """The 7 days that the table of issues is compared with."""
    return f"{day(as_of_date - 2 * WEEK * DAY)}至{day(as_of_date - (WEEK + 1) * DAY)}"
