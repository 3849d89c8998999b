"""The daily watch over the forecast in words: what was compared, what came out, and what to do when it is too much."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import polars as pl

from models.drift import LEAST_WEEKS, RECENT_WEEKS, YEAR, Finding, watch_inputs, watch_skill
from models.panel import Panel
from models.selection import Selection, weekly_losses

_SAID = {
    "issue_mix": "近4周各类诉求的构成与过去一年、去年同期相比，稳定性指数为{value:.2f}（界限{limit:.2f}）",
    "volume": "近4周诉求总量与过去一年、去年同期相比，至少相差{value:.1f}倍（界限{limit:.1f}倍）",
    "skill": "最近4个到期周的对数损失较此前各周平均相差{value:+.1f}个标准误，为正即变差（界限{limit:.1f}）",
    "baseline": "最近4个到期周的对数损失与最佳基线之比，最低一周为{value:.2f}（界限{limit:.2f}）",
}
_REMEDY = {
    "issue_mix": "请核对来源的分类口径、对照表有无变动；核实前预测概率宜慎用",
    "volume": "请核对来源是否齐全、有无重复或漏送；核实前预测概率宜慎用",
    "skill": "预测近期变差，宜多看近期件数，少凭概率派单",
    "baseline": "预测已连续4周不及简单方法，宜以基线概率为准",
}
_UNKNOWN = {
    "issue_mix": f"诉求构成：历史不足{YEAR + RECENT_WEEKS}周，暂不可评估",
    "volume": f"诉求总量：历史不足{YEAR + RECENT_WEEKS}周，暂不可评估",
    "skill": f"预测成绩：最近4周以前的回测起点不足{LEAST_WEEKS}个，暂不可评估",
    "baseline": "与基线相比：到期起点不足4个，暂不可评估",
}


def findings_of(panel: Panel, rows: pl.DataFrame | None, selection: Selection | None) -> list[Finding]:
    """What is watched on one date, by the counts known then and the backtest of the 7 days."""
    if rows is None or selection is None:
        return [*watch_inputs(panel), *watch_skill([], [])]
    losses = weekly_losses(rows)
    return [
        *watch_inputs(panel),
        *watch_skill(losses[selection.name].to_list(), losses[selection.baseline].to_list()),
    ]


def alarm_rows(as_of_date: dt.date, findings: Iterable[Finding]) -> pl.DataFrame:
    """Rows of ``ops.forecast_alarms``. Grain: finding. Key: alarm_code."""
    return pl.DataFrame(
        [
            {"as_of_date": as_of_date, "alarm_code": one.code, "value": one.value, "threshold": one.limit,
             "is_raised": one.is_raised, "text": _text(one)}
            for one in findings
        ],
        schema_overrides={"value": pl.Float64},
    )  # fmt: skip


def _text(one: Finding) -> str:
    if one.value is None:
        return _UNKNOWN[one.code]
    said = _SAID[one.code].format(value=one.value, limit=one.limit)
    return f"{said}。{_REMEDY[one.code]}" if one.is_raised else said
