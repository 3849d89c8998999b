"""What the inputs of the models are called in Chinese, for the model cards."""

from __future__ import annotations

from collections.abc import Sequence

INPUT_TITLES: dict[str, str] = {
    "last_week": "上周件数",
    "mean_4w": "近4周均值",
    "mean_8w": "近8周均值",
    "mean_26w": "近26周均值",
    "mean_52w": "近52周均值",
    "deviation_26w": "近26周波动",
    "max_8w": "近8周最高",
    "max_52w": "近52周最高",
    "ewma_02": "指数平滑（0.02）",
    "ewma_05": "指数平滑（0.05）",
    "ewma_10": "指数平滑（0.1）",
    "ewma_20": "指数平滑（0.2）",
    "ewma_50": "指数平滑（0.5）",
    "weeks_since_complaint": "距最近一件的周数",
    "weeks_since_hot": "距最近热点的周数",
    "active_weeks_52w": "近52周有诉求的周数",
    "hot_weeks_8w": "近8周热点周数",
    "hot_weeks_52w": "近52周热点周数",
    "community_last_week": "社区上周总件数",
    "community_mean_8w": "社区近8周均值",
    "community_mean_52w": "社区近52周均值",
    "city_last_week": "全市同类上周件数",
    "city_mean_4w": "全市同类近4周均值",
    "city_mean_52w": "全市同类近52周均值",
    "city_ratio": "全市同类近期与常年之比",
    "log_exposure": "全市同类当前水平（对数）",
    "last_year": "去年同期件数",
    "season": "往年同期季节系数",
    "week_of_year_sine": "年内时点（正弦）",
    "week_of_year_cosine": "年内时点（余弦）",
    "half_year_shift": "半年水平与常年之差",
    "month_shift": "月水平与半年之差",
    "week_shift": "周水平与月之差",
    "expected_to_threshold": "预计件数与门槛之比",
    "threshold": "热点门槛",
    "own_level": "本点位自身水平",
    "log_mean_slow": "滤波预计件数：常年",
    "log_mean_half_year": "滤波预计件数：半年",
    "log_mean_month": "滤波预计件数：月",
    "log_mean_week": "滤波预计件数：周",
    "log_shift_half_year": "滤波变化：半年较常年",
    "log_shift_month": "滤波变化：月较半年",
    "log_shift_week": "滤波变化：周较月",
    "level_slow": "滤波达到门槛的可能性：常年",
    "level_half_year": "滤波达到门槛的可能性：半年",
    "level_month": "滤波达到门槛的可能性：月",
    "level_week": "滤波达到门槛的可能性：周",
    "outbreak_shift": "突发判断与自身水平之差",
    "level_outbreak": "达到门槛的可能性：区分突发与常态",
    "filter_size": "滤波所据信息量",
    "backlog": "未办结件数",
    "overdue": "超期未办结件数",
    "reopened": "近4周办结后再反映件数",
    "unsatisfied": "近4周不满意或未解决件数",
    "repeats": "近4周重复件数",
    "incidents": "近4周多人同事件件数",
    "urgent": "近4周紧急信号件数",
    "danger": "近4周危险信号件数",
    "dispute": "近4周纠纷信号件数",
    "unresolved": "近4周反复未决信号件数",
    "grid": "近4周网格及其他非居民记录",
    "disposals": "近4周部门办结记录",
    "neighbours": "近4周同街道其他社区同类件数",
}


def titles_of(inputs: Sequence[str]) -> list[str]:
    """The Chinese names of inputs, in their order.

    Raises:
        KeyError: an input has no name yet; add it to ``INPUT_TITLES``.
    """
    return [INPUT_TITLES[name] for name in inputs]
