"""三、未来7日热点预测: the list, what its numbers mean, and how far the method may be trusted."""

from __future__ import annotations

from pipelines.briefs.model import BriefRules, ForecastRow, MethodFigures, Outlook
from pipelines.briefs.reading import DAY, Reader, Row
from pipelines.briefs.wording import issue_label, likelihood, place_name, plain, span

ORIGINS_WANTED = 26
NO_UNIT = "职责清单未列，待会商确定"
_NAMED_FIRST = 3
_HARDLY_ANY_ITEMS = 2.0

_FORECAST = """
select * from mart.hotspot_forecast
where as_of_date = $as_of_date
order by risk_rank, community_code, issue_code
"""
_PLANNED = "select 1 from duckdb_tables() where schema_name = 'mart' and table_name = 'planning_forecast'"
_PLANNING = """
select *, sum(hot_probability) over () as hot_sum, sum(baseline_probability) over () as baseline_sum
from mart.planning_forecast
where as_of_date = $as_of_date
order by planning_rank
limit 1
"""
_SELECTION = "select * from mart.selections where as_of_date = $as_of_date"
_EVALUATIONS = """
select * from mart.evaluations
where as_of_date = $as_of_date
order by hot_pr_auc desc nulls last, forecaster_name
"""


def forecast_rows(reader: Reader) -> list[Row]:
    """All forecast cells of the date, by risk rank."""
    return reader.rows(_FORECAST)


def compose_outlook(reader: Reader, forecast: list[Row], rules: BriefRules) -> Outlook:
    """The section.

    Args:
        reader: the snapshot.
        forecast: what ``forecast_rows`` returned.
        rules: the length of the list.
    """
    listed = forecast[: rules.list_length]
    first, last = reader.as_of_date, reader.as_of_date + 6 * DAY
    if not listed:
        missing = f"本期没有{span(first, last)}的预测结果，预测表从略；请数据工程人员查明预测步骤是否运行。"
        return Outlook(first, last, (), (missing,), (), None, ())
    methods, capacity_k, method_lines = _methods(reader, listed)
    return Outlook(
        first_day=first,
        last_day=last,
        rows=tuple(_row(row) for row in listed),
        lines=(
            f"预测窗口：{span(first, last)}，共7天。按风险位次列前{len(listed)}项；“热点”指窗口内达到表中门槛件数。",
            *_leading(listed),
            _expected(listed),
            *_planning(reader),
        ),
        methods=methods,
        capacity_k=capacity_k,
        method_lines=method_lines,
    )


def cell_place(row: Row) -> str:
    """District, street and community of a forecast cell."""
    return place_name(row["district_name"], row["street_name"], row["community_name"])


def cell_statement(row: Row) -> str:
    """What is forecast for a cell, without its place and issue."""
    return f"预计未来7天达到{row['hot_threshold']}件及以上的{likelihood(row['hot_probability'])}"


def _row(row: Row) -> ForecastRow:
    basis = "、".join(filter(None, (plain(row["responsibility_category"]), plain(row["responsibility_basis"]))))
    unit = plain(row["responsible_unit"])
    return ForecastRow(
        rank=row["risk_rank"],
        place=cell_place(row),
        issue=issue_label(row["issue_name"], row["issue_code"]),
        is_dangerous=row["is_dangerous"],
        is_held_out=row["is_held_out"],
        hot_threshold=row["hot_threshold"],
        probability=row["hot_probability"],
        baseline_probability=row["baseline_probability"],
        expected_count=row["expected_count"],
        recurring=f"是（{row['hot_weeks_8w']}周）" if row["hot_weeks_8w"] >= 2 else "否",
        reasons=_reasons(row),
        unit=f"{unit}（{basis}）" if unit and basis else unit or NO_UNIT,
        is_thin=bool(row.get("is_thin")),
    )


def _reasons(row: Row) -> str:
    """The reasons of a cell; where there is too little to go by, that comes first."""
    said = plain(row["reasons"], 200).rstrip("。") or "未写明"
    return f"样本不足（{plain(row['thin_reason'])}），不给出概率；{said}" if row.get("is_thin") else said


def _leading(listed: list[Row]) -> list[str]:
    named = "；".join(
        f"{cell_place(row)}“{issue_label(row['issue_name'], row['issue_code'])}”{cell_statement(row)}"
        for row in listed[:_NAMED_FIRST]
    )
    return [f"{named}。"]


def _expected(listed: list[Row]) -> str:
    """How many of the list to expect: the sum of its probabilities, the baseline's beside it."""
    expected = sum(row["hot_probability"] for row in listed)
    baseline = sum(row["baseline_probability"] for row in listed)
    held_out = sum(row["is_held_out"] for row in listed)
    text = (
        f"按概率合计，所列{len(listed)}项中预计约{expected:.1f}项成为热点（基线估计{baseline:.1f}项），"
        f"其余约{len(listed) - expected:.1f}项预计不会达到门槛。"
    )
    return f"{text}其中{held_out}项随机留作对照，标“对照”，不派未诉先办单。" if held_out else text


def _planning(reader: Reader) -> list[str]:
    """One line that names the list of 28 days; none in a snapshot that has no such list."""
    first = next(iter(reader.rows(_PLANNING)), None) if reader.rows(_PLANNED) else None
    if first is None:
        return []
    return [
        f"未来28天（{span(reader.as_of_date, first['window_end_date'])}）另有规划清单，"
        "见热点预测页“28天”和导出工作簿“28天规划”表："
        f"按概率合计，全市预计约{first['hot_sum']:.0f}项在28天内成为热点（基线估计{first['baseline_sum']:.0f}项），"
        f"居首的是{cell_place(first)}“{issue_label(first['issue_name'], first['issue_code'])}”。"
    ]


def _methods(reader: Reader, listed: list[Row]) -> tuple[tuple[MethodFigures, ...], int | None, tuple[str, ...]]:
    """The chosen method beside the best of the other side, the length of its list, and what to say about them."""
    selection = next(iter(reader.rows(_SELECTION)), None)
    evaluations = reader.rows(_EVALUATIONS)
    chosen = next((row for row in evaluations if row["is_chosen"]), None)
    if chosen is not None and chosen["is_baseline"]:
        other = next((row for row in evaluations if not row["is_baseline"]), None)
    else:
        other = next((row for row in evaluations if row["is_best_baseline"]), None)
    lines = [_selection_line(selection, listed)]
    if chosen is None:
        lines.append("本期没有回测成绩，上列概率未经检验，请慎用。")
    else:
        lines += _backtest_lines(chosen, other)
    if selection is not None and not selection["is_threshold_assessable"]:
        lines.append("门槛尚不可评估：记录完整的历史不足26周，热点门槛暂用最低件数，不同问题之间不宜比较。")
    figures = tuple(_figures(row) for row in (chosen, other) if row is not None)
    return figures, chosen["capacity_k"] if chosen else None, tuple(lines)


def _selection_line(selection: Row | None, listed: list[Row]) -> str:
    if selection is None:
        return f"快照未记录预测方法的选用情况，预测表所记方法为“{plain(listed[0]['forecaster_name'])}”。"
    title, reason = plain(selection["forecaster_title"]), plain(selection["reason"], 200).rstrip("。")
    why = f"选用理由：{reason}。" if reason else ""
    if selection["is_baseline"]:
        return f"本期由基线方法“{title}”预测，因其回测不逊于模型。{why}"
    return f"本期由“{title}”预测，对照的最佳基线为“{plain(selection['baseline_title'])}”。{why}"


def _backtest_lines(chosen: Row, other: Row | None) -> list[str]:
    origins, k = chosen["origin_count"], chosen["capacity_k"]
    lines = [f"回测：{origins}个周起点，窗口内实际热点{chosen['hot_count']}个，每周名单取前{k}项，成绩见下表。"]
    if origins < ORIGINS_WANTED:
        lines.append(f"回测起点不足{ORIGINS_WANTED}个，成绩仅供参考。")
    if other is not None and None not in (chosen["hot_precision_at_k"], other["hot_precision_at_k"]):
        gain = chosen["hot_precision_at_k"] - other["hot_precision_at_k"]
        items = abs(gain) * k
        a_week = f"约合每周{'多' if gain > 0 else '少'}命中{items:.1f}项" if items >= 0.05 else "折合每周不到0.1项"
        caution = "名单上的差别很小，不宜期待诉求量因此明显下降" if items < _HARDLY_ANY_ITEMS else "以四、回看逐期核对"
        lines.append(
            f"前{k}项命中率与“{plain(other['forecaster_title'])}”相差{abs(gain) * 100:.1f}个百分点，"
            f"{a_week}：{caution}。"
        )
    return lines


def _figures(row: Row) -> MethodFigures:
    role = ("选用，" if row["is_chosen"] else "") + ("基线" if row["is_baseline"] else "模型")
    return MethodFigures(
        title=plain(row["forecaster_title"]),
        role=role,
        pr_auc=row["hot_pr_auc"],
        precision_at_k=row["hot_precision_at_k"],
        recall_at_k=row["hot_recall_at_k"],
        log_loss=row["hot_log_loss"],
        calibration_error=row["hot_ece"],
    )
