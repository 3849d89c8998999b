"""The brief as a sequence of blocks, so that every rendering shows the same things in the same order."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.briefs.incident_model import IncidentRow, Incidents
from pipelines.briefs.model import Brief, Outlook, Quality, Trends
from pipelines.briefs.wording import day, figure, full_day, percentage, probability

URGENT_MARK = "【危险】"


@dataclass(frozen=True)
class Heading:
    """A heading of the first level."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text. ``tone``: plain, alert or note."""

    text: str
    tone: str = "plain"


@dataclass(frozen=True)
class Numbered:
    """A numbered list; ``urgent`` says before which items ``URGENT_MARK`` stands."""

    items: tuple[str, ...]
    urgent: tuple[bool, ...]


@dataclass(frozen=True)
class Column:
    """A column of a table with its share of the width in percent."""

    title: str
    width: int
    is_number: bool = False


@dataclass(frozen=True)
class Table:
    """A table whose cells are text already."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Numbered | Table


def lay_out(brief: Brief) -> list[Block]:
    """Everything between the masthead and the signature."""
    actions, page = brief.actions, brief.quality_page
    alerts = [*brief.quality.alerts, *([page.pointer] if page and page.pointer else [])]
    return [
        *(Paragraph(f"【数据提示】{alert}。", "alert") for alert in alerts),
        Paragraph(brief.summary),
        Heading("今日要办"),
        Numbered(tuple(item.text for item in actions.items), tuple(item.kind == "dangerous" for item in actions.items)),
        *_paragraphs(actions.lines, "note"),
        Heading("一、昨日受理"),
        *_paragraphs(brief.intake.lines),
        Heading("二、热点与异动"),
        *_trends(brief.trends),
        *_incidents(brief.incidents),
        Heading("三、未来7日热点预测"),
        *_outlook(brief.outlook),
        Heading("四、上期预测回看"),
        *_paragraphs(brief.lookback.lines),
        Heading("五、时令提示"),
        *_paragraphs(brief.calendar),
        Heading("六、数据质量与时效"),
        *_quality(brief.quality),
        Heading("口径说明"),
        *_paragraphs(brief.definitions, "note"),
    ]


def _paragraphs(lines: tuple[str, ...], tone: str = "plain") -> list[Block]:
    return [Paragraph(line, tone) for line in lines]


def _trends(trends: Trends) -> list[Block]:
    if not trends.top_issues:
        return _paragraphs(trends.lines)
    columns = (
        Column("位次", 5, True),
        Column("问题（编码）", 20),
        Column("近7日（占比）", 13, True),
        Column("昨日", 6, True),
        Column("前7日", 6, True),
        Column("较前7日", 12, True),
        Column("主要区域", 19),
        Column("特征词", 19),
    )
    rows = tuple(
        (
            str(row.rank),
            row.issue,
            f"{row.count_7d}（{row.share:.1%}）",
            str(row.count_yesterday),
            str(row.base_7d),
            row.change,
            row.area,
            row.words,
        )
        for row in trends.top_issues
    )
    table = Table("表1　近7日居民诉求居前的问题（单位：件）", columns, rows)
    return [Paragraph(trends.lines[0]), table, *_paragraphs(trends.lines[1:])]


def _incidents(incidents: Incidents | None) -> list[Block]:
    if incidents is None:
        return []
    if not incidents.rows:
        return _paragraphs(incidents.lines)
    columns = (
        Column("位次", 5, True),
        Column("事件（问题）", 19),
        Column("区、街道、社区", 15),
        Column("人数", 6, True),
        Column("件数", 6, True),
        Column("首次", 8, True),
        Column("最近", 8, True),
        Column("近7天", 6, True),
        Column("未办结", 7, True),
        Column("承办单位", 13),
        Column("热度", 7, True),
    )
    rows = tuple(
        (
            str(row.rank),
            row.title,
            row.place,
            str(row.people_count),
            str(row.event_count),
            day(row.first_date) if row.first_date.year == row.last_date.year else full_day(row.first_date),
            day(row.last_date),
            str(row.event_count_7d),
            _open(row),
            row.units,
            row.heat,
        )
        for row in incidents.rows
    )
    table = Table("表2　重点事件（按热度；人数、件数为近90天）", columns, rows)
    first, *others = incidents.lines
    return [Paragraph(first), table, *_paragraphs(tuple(others)), *_paragraphs(incidents.notes, "note")]


def _open(row: IncidentRow) -> str:
    return "不详" if row.open_count is None else f"{row.open_count}／{row.closing_known_count}"


def _outlook(outlook: Outlook) -> list[Block]:
    blocks: list[Block] = [*_paragraphs(outlook.lines)]
    if outlook.rows:
        blocks.append(_forecast_table(outlook))
    blocks += _paragraphs(outlook.method_lines)
    if outlook.methods:
        k = outlook.capacity_k
        columns = (
            Column("方法", 28),
            Column("身份", 14),
            Column("PR-AUC", 11, True),
            Column(f"前{k}项命中率", 14, True),
            Column(f"前{k}项覆盖率", 14, True),
            Column("对数损失", 10, True),
            Column("校准误差", 9, True),
        )
        rows = tuple(
            (
                method.title,
                method.role,
                figure(method.pr_auc),
                percentage(method.precision_at_k),
                percentage(method.recall_at_k),
                figure(method.log_loss, 4),
                figure(method.calibration_error, 4),
            )
            for method in outlook.methods
        )
        blocks.append(Table("表4　回测成绩（对数损失、校准误差越小越好）", columns, rows))
    return blocks


def _forecast_table(outlook: Outlook) -> Table:
    columns = (
        Column("位次", 4, True),
        Column("区、街道、社区", 15),
        Column("问题（编码）", 12),
        Column("预测概率", 11),
        Column("基线概率", 6, True),
        Column("预计件数", 6, True),
        Column("依据", 18),
        Column("主责单位（职责依据）", 20),
        Column("反复热点", 8, True),
    )
    rows = tuple(
        (
            str(row.rank),
            row.place + ("〔对照〕" if row.is_held_out else ""),
            row.issue + ("〔危险〕" if row.is_dangerous else ""),
            f"{'样本不足' if row.is_thin else probability(row.probability)}（7天内≥{row.hot_threshold}件即为热点）",
            probability(row.baseline_probability),
            f"{row.expected_count:.1f}",
            row.reasons,
            row.unit,
            row.recurring,
        )
        for row in outlook.rows
    )
    return Table("表3　未来7日热点预测", columns, rows)


def _quality(quality: Quality) -> list[Block]:
    if not quality.sources:
        return _paragraphs(quality.lines)
    columns = (
        Column("来源（提供单位）", 24),
        Column("约定／最近导出", 15),
        Column("时效", 7),
        Column("收到", 7, True),
        Column("接收", 7, True),
        Column("退回", 7, True),
        Column("被替代", 7, True),
        Column("暂扣", 6, True),
        Column("拒收文件", 6, True),
        Column("28天未定位", 7, True),
        Column("28天未归类", 7, True),
    )
    rows = tuple(
        (
            f"{row.title}（{row.owner}）",
            f"{row.promised_by}／{day(row.latest_exported) if row.latest_exported else '无'}",
            "迟到" if row.is_late else "按时",
            *(str(count) for count in (row.rows_in, row.accepted, row.rejected, row.superseded, row.held_back)),
            *(str(count) for count in (row.refused_files, row.unplaced_28d, row.unmapped_28d)),
        )
        for row in quality.sources
    )
    caption = "表5　各来源收发情况（收到＝接收＋退回＋被替代；单位：行、个、件）"
    return [Table(caption, columns, rows), *_paragraphs(quality.lines)]
