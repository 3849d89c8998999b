"""重点事件: the matters most residents speak of now, and how many complaints repeat an earlier one."""

from __future__ import annotations

from pipelines.briefs.incident_model import IncidentRow, Incidents
from pipelines.briefs.leaks import without_leaks
from pipelines.briefs.model import BriefRules
from pipelines.briefs.reading import Reader, Row
from pipelines.briefs.wording import heat_in_parts, place_name, plain

NO_TITLE = "（无标题）"
_PUBLISHED = "select 1 from duckdb_tables() where schema_name = 'mart' and table_name = 'incident_totals'"
_TOTALS = "select * from mart.incident_totals where as_of_date = $as_of_date"
_HOTTEST = """
select * from mart.incidents
where as_of_date = $as_of_date and people_count >= $least
order by heat desc, incident_id
limit $most
"""
# of one issue in one community the largest stands for all, lest three names tell of one place
_NEWEST = """
select * from mart.incidents
where as_of_date = $as_of_date and people_count >= $least and event_count_7d >= 2
qualify community_code is null or issue_code is null or row_number() over (
    partition by community_code, issue_code order by event_count_7d desc, heat desc, incident_id
) = 1
order by event_count_7d desc, heat desc, incident_id
limit 3
"""


def compose_incidents(reader: Reader, rules: BriefRules) -> Incidents:
    """The block; without rows it holds the one sentence that says why."""
    totals = next(iter(reader.rows(_TOTALS)), None) if reader.rows(_PUBLISHED) else None
    if totals is None:
        return _nothing("本期快照没有事件归并结果，重点事件从略。")
    events, unassigned = totals["event_count_28d"], totals["unassigned_count_28d"]
    if not events:
        return _nothing("近28天没有居民诉求记录，没有重点事件可列。")
    if unassigned == events:
        return _nothing(f"近28天的居民诉求{events}件均未归并，重点事件从略；请数据工程人员查明归并事件步骤是否运行。")
    unknown = _unknown(totals)
    found = reader.rows(_HOTTEST, least=rules.incident_min_people, most=rules.incident_rows)
    rows = tuple(_row(rank, row) for rank, row in enumerate(found, start=1))
    left_out = f"另有{unassigned}件尚未归并，不在其内。" if unassigned else ""
    if unknown == events and not rows:
        return _nothing(
            f"近28天的居民诉求{events}件均无文本、来电人和点位，是否有多人反映同一事件、是否重复反映，均不详，重点事件从略。"
        )
    if not rows:
        none = f"近28天居民诉求{events}件，没有{rules.incident_min_people}人及以上反映的同一事件。{left_out}"
        return Incidents((), (none, *_repeats(totals)), ())
    newest = reader.rows(_NEWEST, least=rules.incident_min_people)
    return Incidents(rows, (_counts(totals, rows) + left_out, *_newest(newest), *_repeats(totals)), _notes(rows))


def _nothing(why: str) -> Incidents:
    return Incidents((), (why,), ())


def _title(row: Row) -> str:
    """The incident's own words with its issue; not shown where they look like a person's data."""
    issue, title = plain(row["issue_name"]), without_leaks(plain(row["incident_title"])) or NO_TITLE
    return f"{title}（{issue}）" if issue else title


def _place(row: Row) -> str:
    return place_name(row["district_name"], row["street_name"], row["community_name"] or row["community_code"])


def _row(rank: int, row: Row) -> IncidentRow:
    heat, parts = heat_in_parts(row["people_count"], row["heat_recency"], row["heat"])
    return IncidentRow(
        rank=rank,
        incident_id=without_leaks(plain(row["incident_id"], 200)),
        title=_title(row),
        place=_place(row),
        people_count=row["people_count"],
        event_count=row["event_count"],
        event_count_7d=row["event_count_7d"],
        first_date=row["first_date"],
        last_date=row["last_date"],
        closing_known_count=row["closing_known_count"],
        open_count=row["open_count"],
        units=plain(row["unit_names"]) or "不详",
        heat=heat,
        heat_parts=parts,
    )


def _counts(totals: Row, rows: tuple[IncidentRow, ...]) -> str:
    joined, events = totals["incident_event_count_28d"], totals["event_count_28d"]
    people, count = sum(row.people_count for row in rows), sum(row.event_count for row in rows)
    return (
        f"重点事件：近28天居民诉求{events}件，其中{joined}件（占{joined / events:.1%}）与其他诉求同属一事，"
        f"归为{totals['incident_count']}起。按热度列前{len(rows)}起，近90天合计{people}人次、{count}件，"
        f"其中近7天{sum(row.event_count_7d for row in rows)}件。"
    )


def _newest(found: list[Row]) -> tuple[str, ...]:
    """Those that grow now; heat goes by people of 90 days, so they need not stand in the table."""
    if not found:
        return ()
    places = [_place(row) if row["community_code"] else "" for row in found]
    named = "、".join(
        f"{place}“{_title(row)}”{row['event_count_7d']}件" for place, row in zip(places, found, strict=True)
    )
    return (f"近7天新增最多的（同一社区同一问题只举一起）：{named}。",)


def _unknown(totals: Row) -> int:
    """How many records nothing can be compared with; 0 in a snapshot of before that was counted."""
    return totals.get("unknown_count_28d") or 0


def _repeats(totals: Row) -> tuple[str, ...]:
    repeated, events, unknown = totals["repeat_count_28d"], totals["event_count_28d"], _unknown(totals)
    left_out = f"另有{unknown}件无文本、来电人和点位，是否重复不详。" if unknown else ""
    if not repeated:
        return (f"近28天没有{'查出' if unknown else ''}重复诉求。{left_out}",)
    return (
        f"近28天重复诉求{repeated}件（占{repeated / events:.1%}）：同一点位同一问题再次反映"
        f"{totals['same_place_count_28d']}件，同一来电人就同一事项再次反映{totals['same_caller_count_28d']}件，"
        f"文本相同{totals['same_text_count_28d']}件；一件可同时符合几项。{left_out}",
    )


def _notes(rows: tuple[IncidentRow, ...]) -> tuple[str, ...]:
    parts = "；".join(f"第{row.rank}起{row.heat}＝{row.heat_parts}" for row in rows)
    return (
        f"热度＝人数＋新近（0—0.6，距末件每14天减半）＋件数（0—0.3）：{parts}。",
        "未办结栏为“未办结件数／有办结情况的件数”；诉求清单、归入依据和重复情况见热点预测页“重点事件”。",
    )
