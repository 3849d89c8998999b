"""附件　数据质量 as blocks, the same for the brief and for the page."""

from __future__ import annotations

import datetime as dt

from pipelines.briefs.layout import Block, Column, Heading, Paragraph, Table
from pipelines.briefs.quality_model import Finding, Outcome, QualityPage, SourceState, Unread
from pipelines.briefs.wording import day

ANNEX_TITLE = "附件　数据质量"
_GATES = {"passed": "通过", "warned": "有提醒", "held": "暂扣", None: "尚无批次"}


def lay_out_quality(page: QualityPage) -> list[Block]:
    """Everything below the title of the annex."""
    blocks: list[Block] = [Paragraph(line) for line in page.lines]
    blocks += [Heading("（一）收到的文件和行"), _sources(page.sources)]
    rejected = [row for row in page.outcomes if row.outcome == "rejected"]
    superseded = [row for row in page.outcomes if row.outcome == "superseded"]
    blocks.append(_rejected(rejected) if rejected else Paragraph("没有退回的行。"))
    blocks.append(_superseded(superseded) if superseded else Paragraph("没有被替代的行。"))
    blocks.append(Heading("（二）校验未通过的规则（近28天）"))
    blocks.append(_findings(page.findings) if page.findings else Paragraph("各批均通过全部校验。"))
    blocks.append(Heading("（三）来源的变化（与上一批相比，近28天）"))
    blocks.append(_changes(page.changes) if page.changes else Paragraph("未发现列、单位、时间写法或分类口径的变化。"))
    blocks.append(Heading("（四）未能归类的写法（近28天）"))
    if page.unmapped:
        blocks.append(_unread("附表6　未能归类的问题分类和状态", "种类", "来源写法", page.unmapped, page.unmapped_rest))
        blocks += _rest(page.unmapped_rest)
    else:
        blocks.append(Paragraph("各来源所写的问题分类和状态均已归类。"))
    blocks.append(Heading("（五）未能定位到社区的写法（近28天）"))
    if page.unplaced:
        blocks.append(
            _unread(
                "附表7　未能定位到社区的写法", "定位", "来源写法（区、街道、社区）", page.unplaced, page.unplaced_rest
            )
        )
        blocks += _rest(page.unplaced_rest)
    else:
        blocks.append(Paragraph("各来源所写的地点均已定位到社区。"))
    notes = (
        "暂扣：严重校验未过的批次不投入使用，此前已通过的数据继续有效；有提醒：数据已投入使用，宜由提供单位核对。",
        "收到＝接收＋退回＋被替代；暂扣的行含于接收。“近28天”按文件导出日期计，附表6、附表7按诉求发生日期计。",
        "对照表 issue_map.csv、divisions.csv 和来源配置在城市配置文件夹内，由数据工程师修改，下次运行时生效。",
    )
    return [*blocks, Heading("说明"), *(Paragraph(note, "note") for note in notes)]


def _date(date: dt.date | None) -> str:
    return day(date) if date else "—"


def _number(count: int | None) -> str:
    return "—" if count is None else f"{count:,}"


def _sources(sources: tuple[SourceState, ...]) -> Table:
    columns = (
        Column("来源（提供单位）", 18),
        Column("约定／最近导出", 14),
        Column("时效", 6),
        Column("校验", 11),
        Column("现行数据", 8),
        Column("文件", 5, True),
        Column("收到", 9, True),
        Column("接收", 9, True),
        Column("退回", 6, True),
        Column("被替代", 7, True),
        Column("暂扣", 7, True),
    )
    rows = tuple(
        (
            f"{row.title}（{row.owner}）",
            f"{row.promised_by or '未约定'}／{_date(row.latest_exported)}",
            _timeliness(row),
            _gate(row),
            _date(row.in_force),
            *map(_number, (row.file_count, row.rows_in, row.accepted, row.rejected, row.superseded, row.held_back)),
        )
        for row in sources
    )
    return Table("附表1　各来源收到的文件和行（累计；单位：个、行）", columns, rows)


def _timeliness(row: SourceState) -> str:
    if not row.is_late:
        return "按时"
    return f"迟{row.days_late}天" if row.days_late else "缺失"


def _gate(row: SourceState) -> str:
    since = f"（{day(row.held_since)}起）" if row.held_since else ""
    return f"{_GATES[row.gate]}{since}"


def _rejected(outcomes: list[Outcome]) -> Table:
    columns = (
        Column("来源", 20),
        Column("退回原因", 36),
        Column("累计行数", 9, True),
        Column("近28天", 9, True),
        Column("处理办法", 26),
    )
    rows = tuple(
        (row.source, row.reason, _number(row.row_count), _number(row.recent_count), row.remedy) for row in outcomes
    )
    return Table("附表2　退回的行（单位：行）", columns, rows)


def _superseded(outcomes: list[Outcome]) -> Table:
    """One row a source, one column a reason: nothing is to be done about these."""
    counts = {(row.source, row.reason): row.row_count for row in outcomes}
    sources, reasons = (list(dict.fromkeys(names)) for names in zip(*counts, strict=True))
    width = 80 // (len(reasons) + 1)
    columns = (Column("来源", 20), Column("合计", width, True), *(Column(reason, width, True) for reason in reasons))
    rows = tuple(
        (
            source,
            _number(sum(counts.get((source, reason), 0) for reason in reasons)),
            *(_number(counts.get((source, reason), 0)) for reason in reasons),
        )
        for source in sources
    )
    return Table("附表3　被替代的行（累计，属正常去重，无须处理；单位：行）", columns, rows)


def _findings(findings: tuple[Finding, ...]) -> Table:
    columns = (
        Column("来源", 18),
        Column("级别", 7),
        Column("未通过的规则", 35),
        Column("批次", 6, True),
        Column("最近一批", 10),
        Column("检查行数", 8, True),
        Column("不符行数", 8, True),
        Column("占比", 8, True),
    )
    rows = tuple(
        (
            row.source,
            row.kind,
            row.text,
            _number(row.batch_count),
            _date(row.latest_exported),
            _number(row.checked_count),
            _number(row.unexpected_count),
            _share(row),
        )
        for row in findings
    )
    return Table("附表4　未通过的校验（单位：个、行）", columns, rows)


def _share(row: Finding) -> str:
    if not row.checked_count or row.unexpected_count is None:
        return "—"
    return f"{row.unexpected_count / row.checked_count:.1%}"


def _changes(changes: tuple[Finding, ...]) -> Table:
    columns = (Column("来源", 18), Column("变化", 10), Column("情况", 60), Column("导出日期", 12))
    rows = tuple((row.source, row.kind, row.text, _date(row.latest_exported)) for row in changes)
    return Table("附表5　与上一批相比的变化", columns, rows)


def _unread(caption: str, kind: str, written: str, items: tuple[Unread, ...], rest: tuple[int, int]) -> Table:
    top = f"按件数列前{len(items)}项；" if rest[0] else ""
    columns = (
        Column("来源", 18),
        Column(kind, 10),
        Column(written, 28),
        Column("件数", 8, True),
        Column("处理办法", 36),
    )
    rows = tuple((item.source, item.kind, item.written, _number(item.count), item.remedy) for item in items)
    return Table(f"{caption}（{top}单位：件）", columns, rows)


def _rest(rest: tuple[int, int]) -> list[Block]:
    kinds, count = rest
    return [Paragraph(f"另有{kinds:,}种写法、{count:,}件未列。")] if kinds else []
