"""六、数据质量与时效: what arrived, what is missing, and what that means for the figures."""

from __future__ import annotations

from pipelines.briefs.model import Quality, SourceRow
from pipelines.briefs.reading import DAY, Reader, Row
from pipelines.briefs.wording import day, kind_name, plain, span
from pipelines.cities.lists import FOUND

_SOURCES = "select * from mart.source_status where as_of_date = $as_of_date order by source_name"
_UNREAD = """
select coalesce(sum(event_count), 0) as total,
    coalesce(sum(event_count) filter (where community_code is null), 0) as unplaced,
    coalesce(sum(event_count) filter (where issue_code is null), 0) as unmapped
from mart.daily_counts
where as_of_date = $as_of_date and is_resident
    and occurred_date >= $as_of_date - interval 28 days and occurred_date < $as_of_date
"""
_FOUND_ISSUES = "select count(*) as total from mart.issues where as_of_date = $as_of_date and standard = $found"
_WATCHED = "select 1 from duckdb_tables() where schema_name = 'mart' and table_name = 'forecast_alarms'"
_ALARMS = "select text from mart.forecast_alarms where as_of_date = $as_of_date and is_raised order by alarm_code"
_CONSEQUENCES = {
    "hotline_order": "昨日受理量及占比以已收到的为准，可能偏少，环比、同比不宜作结论；预测少了最近的依据，概率可能偏低",
    "grid_event": "网格案件数可能偏少；居民诉求统计和预测不受影响",
}
_OTHER_CONSEQUENCE = "未办结、超时限等办理进度可能未及时更新；受理量不受影响"


def compose_quality(reader: Reader) -> tuple[Quality, bool]:
    """The section, and whether a hotline source is late or missing."""
    found = reader.rows(_SOURCES)
    late = [row for row in found if row["is_late"]]
    lines = [line for row in found for line in _source_lines(row)]
    lines += _unread_lines(reader)
    if reader.rows(_FOUND_ISSUES, found=FOUND)[0]["total"]:
        lines.append(f"问题{FOUND}：本市未提供问题清单，以来源的原有分类为问题，同类而写法不一的会分列。")
    if not found:
        lines.insert(0, "快照中没有各来源的时效记录，数据是否齐全无从判断，请先核实再引用本期数字。")
    elif not late:
        lines.insert(0, f"{len(found)}个来源均按时送达。")
    kinds = {row["kind"] for row in found}
    if found and len(kinds) == 1:
        lines.append(f"本期只有{kind_name(found[0]['kind'])}一类数据，其他渠道的情况不在本期之内。")
    alerts = tuple(f"{plain(row['source_title'])}迟到或缺失：{_consequence(row['kind'])}" for row in late)
    if reader.rows(_WATCHED):  # snapshots of before have no such table
        alerts += tuple(f"预测自查：{plain(row['text'], 200)}" for row in reader.rows(_ALARMS))
    quality = Quality(tuple(map(_source, found)), alerts, tuple(lines))
    return quality, any(row["kind"] == "hotline_order" for row in late)


def _consequence(kind: str) -> str:
    return _CONSEQUENCES.get(kind, _OTHER_CONSEQUENCE)


def _source(row: Row) -> SourceRow:
    return SourceRow(
        title=plain(row["source_title"]),
        owner=plain(row["owner"]) or "未填",
        rows_in=row["rows_in"],
        accepted=row["accepted"],
        rejected=row["rejected"],
        superseded=row["superseded"],
        is_balanced=row["rows_in"] == row["accepted"] + row["rejected"] + row["superseded"],
        held_back=row["held_back"],
        refused_files=row["refused_files"],
        latest_exported=row["latest_exported_date"],
        promised_by=plain(row["promised_by"]) or "未约定",
        is_late=row["is_late"],
        unplaced_28d=row["unplaced_count"],
        unmapped_28d=row["unmapped_count"],
    )


def _source_lines(row: Row) -> list[str]:
    """One sentence for each thing that is wrong with a source."""
    source, lines = _source(row), []
    if source.is_late:
        latest = f"最近一批为{day(source.latest_exported)}导出" if source.latest_exported else "尚未收到任何一批"
        lines.append(
            f"{source.title}（{source.owner}，约定{source.promised_by}送达）迟到或缺失，{latest}。"
            f"影响：{_consequence(row['kind'])}。"
        )
    if not source.is_balanced:
        lines.append(f"{source.title}收到行数与接收、退回、被替代之和不符，请数据工程人员先行核对。")
    if source.refused_files:
        remedy = plain(row["refusals"], 300).rstrip("。") or "未写明原因"
        lines.append(f"{source.title}拒收文件{source.refused_files}个，其中内容未计入本期：{remedy}。")
    if row["critical_failures"]:
        lines.append(
            f"{source.title}有{row['critical_failures']}个批次严重校验未过，{source.held_back}行暂扣未用，"
            "未计入本期各数，前一日数据继续有效。"
        )
    elif source.held_back:
        lines.append(f"{source.title}有{source.held_back}行校验未过、暂扣未用，未计入本期各数。")
    if row["warnings"]:
        detail = plain(row["warning_text"], 300).rstrip("。")
        lines.append(f"{source.title}校验提醒{row['warnings']}项{f'：{detail}' if detail else ''}。")
    return lines


def _unread_lines(reader: Reader) -> list[str]:
    """What the community forecast cannot see, as counts and shares of the residents' complaints."""
    counts = reader.rows(_UNREAD)[0]
    if not counts["total"] or not (counts["unplaced"] or counts["unmapped"]):
        return []
    window = span(reader.as_of_date - 28 * DAY, reader.yesterday)
    return [
        f"近28天（{window}）居民诉求{counts['total']}件中，未定位到社区{counts['unplaced']}件"
        f"（占{counts['unplaced'] / counts['total']:.1%}）、暂未归类{counts['unmapped']}件"
        f"（占{counts['unmapped'] / counts['total']:.1%}）。"
        "这些计入全市总量，不进入社区预测，相关社区的热点可能被低估。"
    ]
