"""附件　数据质量: what came in, what was held or turned away and why, and which list to fill.

Read from the published snapshot, so that the brief that is archived and the page that is looked at say the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pipelines.briefs.leaks import NOT_SHOWN, without_leaks
from pipelines.briefs.quality_model import Finding, Outcome, QualityPage, SourceState, Unread
from pipelines.briefs.reading import DAY, Reader, Row
from pipelines.briefs.wording import UNSTATED, day, full_day, plain

UNREAD_SHOWN = 10
_TABLES = ("source_gates", "row_outcomes", "gate_findings", "unmapped_values", "unplaced_values")
_PRESENT = """
select count(*) as table_count
from duckdb_tables()
where schema_name = 'mart' and list_contains($tables, table_name)
"""
_SOURCES = """
select s.*, g.file_count, g.recent_file_count, g.gate, g.held_since, g.in_force_date
from mart.source_status as s
inner join mart.source_gates as g using (as_of_date, source_name)
where s.as_of_date = $as_of_date
order by s.source_name
"""
_OUTCOMES = """
select * from mart.row_outcomes
where as_of_date = $as_of_date and outcome in ('rejected', 'superseded')
order by source_name, outcome, row_count desc, reason, remedy
"""
_FINDINGS = """
select * from mart.gate_findings
where as_of_date = $as_of_date
order by severity, latest_exported_date desc nulls last, source_name, suite_name, expectation, column_name, reason
"""
_UNMAPPED = "select * from mart.unmapped_values where as_of_date = $as_of_date order by all"
_UNPLACED = "select * from mart.unplaced_values where as_of_date = $as_of_date order by all"
_SUPERSEDED = {
    "newer_version": "另有新版本",
    "older_version": "同批有新版本",
    "duplicate": "重复行",
    "merged_chain": "一单多行并入",
    "voided": "来源作废",
}
_SEVERITIES = {"critical": "严重", "warning": "提醒"}
_CHANGES = {
    "drift_new_header": "新增列",
    "drift_missing_header": "缺列",
    "drift_renamed_header": "列改名",
    "drift_readable_times": "时间写法",
    "drift_unit": "计量单位",
    "drift_new_values": "分类口径",
}
_MISFILED = "内容过长或疑似含个人信息，请核对来源配置所取的列"


def compose_quality_page(reader: Reader) -> QualityPage | None:
    """The annex; None where the snapshot was published by a version that kept no such details."""
    found = reader.rows(_PRESENT, tables=list(_TABLES))
    if found[0]["table_count"] < len(_TABLES):
        return None
    rows = reader.rows(_SOURCES)
    if not rows:
        return None
    titles = {row["source_name"]: plain(row["source_title"]) for row in rows}
    sources = tuple(_state(row, reader) for row in rows)
    findings = reader.rows(_FINDINGS)
    unmapped, unmapped_rest = _top(map(_unmapped, reader.rows(_UNMAPPED)), titles)
    unplaced, unplaced_rest = _top(map(_unplaced, reader.rows(_UNPLACED)), titles)
    return QualityPage(
        pointer=_pointer(sources, rows),
        lines=(_overview(sources, reader), *_lines(sources, rows)),
        sources=sources,
        outcomes=tuple(_outcome(row, titles) for row in reader.rows(_OUTCOMES)),
        findings=tuple(_finding(row, titles) for row in findings if row["suite_name"] != "drift"),
        changes=tuple(_finding(row, titles) for row in findings if row["suite_name"] == "drift"),
        unmapped=unmapped,
        unmapped_rest=unmapped_rest,
        unplaced=unplaced,
        unplaced_rest=unplaced_rest,
    )


def _state(row: Row, reader: Reader) -> SourceState:
    latest = row["latest_exported_date"] or (row["latest_known_at"] and row["latest_known_at"].date())
    return SourceState(
        title=plain(row["source_title"]),
        owner=plain(row["owner"]) or UNSTATED,
        promised_by=plain(row["promised_by"]),
        latest_exported=row["latest_exported_date"],
        is_late=row["is_late"],
        days_late=(reader.as_of_date - latest).days if row["is_late"] and latest else None,
        gate=row["gate"],
        held_since=row["held_since"],
        in_force=row["in_force_date"],
        file_count=row["file_count"],
        recent_file_count=row["recent_file_count"],
        rows_in=row["rows_in"],
        accepted=row["accepted"],
        rejected=row["rejected"],
        superseded=row["superseded"],
        held_back=row["held_back"],
    )


def _counts(sources: Iterable[SourceState]) -> list[str]:
    """How many sources want attention, by what is wrong with them."""
    sources = list(sources)
    wrong = {
        "暂扣": sum(source.gate == "held" for source in sources),
        "有提醒": sum(source.gate == "warned" for source in sources),
        "迟到": sum(source.is_late for source in sources),
    }
    return [f"{words}{count}个" for words, count in wrong.items() if count]


def _pointer(sources: tuple[SourceState, ...], rows: list[Row]) -> str:
    wrong = _counts(sources)
    refused = sum(row["refused_files"] for row in rows)
    if refused:
        wrong.append(f"拒收文件{refused}个")
    return f"{len(sources)}个来源中，{'、'.join(wrong)}，详见附件“数据质量”" if wrong else ""


def _overview(sources: tuple[SourceState, ...], reader: Reader) -> str:
    until = f"截至{full_day(reader.as_of_date - DAY)}24:00"
    wrong = _counts(sources)
    if not wrong:
        return f"{until}，{len(sources)}个来源均按时送达，最近一批均通过校验。"
    return f"{until}，{len(sources)}个来源中，{'、'.join(wrong)}。"


def _lines(sources: tuple[SourceState, ...], rows: list[Row]) -> list[str]:
    """One sentence for each source that is held or late, and for each whose files were refused."""
    lines = []
    for source, row in zip(sources, rows, strict=True):
        if source.gate == "held":
            since = f"自{day(source.held_since)}导出的批次起" if source.held_since else "最近批次"
            force = f"现行数据为{day(source.in_force)}导出的批次" if source.in_force else "目前没有可用的现行数据"
            lines.append(
                f"{source.title}{since}因严重校验未过暂扣，{force}，未通过的校验见下列第（二）项；"
                f"请{source.owner}更正后重新导出，通过校验即恢复使用。"
            )
        if source.is_late:
            promise = f"约定每日{source.promised_by}前送达" if source.promised_by else "未约定送达时刻"
            latest = f"最近一批为{day(source.latest_exported)}导出" if source.latest_exported else "导出日期不详"
            late = f"，已迟{source.days_late}天" if source.days_late else ""
            came = f"{latest}{late}" if source.file_count else "尚未收到任何一批"
            lines.append(f"{source.title}{promise}，{came}；请{source.owner}补送。")
        if row["refused_files"]:
            why = without_leaks(plain(row["refusals"], 300)).rstrip("。") or "未写明原因"
            lines.append(f"{source.title}近28天拒收文件{row['refused_files']}个：{why}。")
    return lines


def _outcome(row: Row, titles: dict[str, str]) -> Outcome:
    is_rejected = row["outcome"] == "rejected"
    reason = plain(row["reason"], 80)
    return Outcome(
        source=titles.get(row["source_name"], plain(row["source_name"])),
        outcome=row["outcome"],
        reason=without_leaks(reason) if is_rejected else _SUPERSEDED.get(row["reason"], reason),
        row_count=row["row_count"],
        recent_count=row["recent_row_count"],
        remedy=without_leaks(plain(row["remedy"], 80)),
    )


def _finding(row: Row, titles: dict[str, str]) -> Finding:
    kinds = _CHANGES if row["suite_name"] == "drift" else _SEVERITIES
    found = row["expectation"] if row["suite_name"] == "drift" else row["severity"]
    return Finding(
        source=titles.get(row["source_name"], plain(row["source_name"])),
        kind=kinds.get(found, "其他"),
        text=without_leaks(plain(row["reason"], 120)),
        batch_count=row["batch_count"],
        latest_exported=row["latest_exported_date"],
        checked_count=row["checked_count"],
        unexpected_count=row["unexpected_count"],
    )


def _unmapped(row: Row) -> tuple[Row, str, str, str]:
    """The row with kind, writing and remedy."""
    written = without_leaks(plain(row["value_text"], 40))
    if row["value_kind"] == "state":
        return row, "状态", written, f"在来源配置 {row['source_name']}.yaml 的 status 取值对照中补一项"
    if not written:
        return row, "问题分类", UNSTATED, "来源未填，请提供单位补填"
    if written == NOT_SHOWN:
        return row, "问题分类", written, _MISFILED
    if row["issue_system"] is None:
        return row, "问题分类", written, f"在来源配置 {row['source_name']}.yaml 中写明问题分类体系"
    return row, "问题分类", written, f"在 issue_map.csv 中为体系 {plain(row['issue_system'])} 补一行"


def _unplaced(row: Row) -> tuple[Row, str, str, str]:
    """The row with what is known of the place, writing and remedy."""
    levels = [plain(row[f"{level}_text"], 20) for level in ("district", "street", "community")]
    written = without_leaks(" ".join(level for level in levels if level))
    known = "只到街道" if row["place_basis"] == "street_only" else "不明"
    if not written:
        return row, known, UNSTATED, "来源未填地点，或坐标缺失、超出范围，请提供单位补填"
    if not levels[-1]:
        return row, known, "未填社区", "请提供单位补填社区"
    if NOT_SHOWN in written:
        return row, known, NOT_SHOWN, _MISFILED
    return row, known, written, "确为本市社区的，在 divisions.csv 补一行（旧名另填起止日期）；否则请提供单位补填"


def _top(
    read: Iterable[tuple[Row, str, str, str]], titles: dict[str, str]
) -> tuple[tuple[Unread, ...], tuple[int, int]]:
    """The most frequent, and of the others how many kinds and how many records there are."""
    counter: Counter[tuple[str, ...]] = Counter()
    for row, kind, written, remedy in read:
        source = titles.get(row["source_name"], plain(row["source_name"]))
        counter[source, kind, written, remedy] += row["event_count"]
    ordered = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    shown = tuple(
        Unread(source, kind, written, count, remedy)
        for (source, kind, written, remedy), count in ordered[:UNREAD_SHOWN]
    )
    rest = ordered[UNREAD_SHOWN:]
    return shown, (len(rest), sum(count for _, count in rest))
