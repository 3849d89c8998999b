"""The choice of a forecaster in the words of the brief: who served, who could, and by which figures it was decided."""

from __future__ import annotations

from models.registry import forecaster_named
from models.selection import CONFIDENCE, Code, Selection
from pipelines.steps.horizons import Horizon

NO_HISTORY = "no_history"
_RULES: dict[Code, str] = {
    "preferred": "采用首选模型{first}，其他模型均未明显更优，且不逊于最佳基线",
    "clearly_better": "{first}明显优于首选模型，改用{first}",
    "not_worse": "首选模型{first}已不逊于在用模型，由其接替",
    "kept": "续用在用模型{second}，首选模型{first}仍有不及",
    "baseline_better": "各模型未胜过基线：{first}不及最佳基线{second}，故用基线预测",
    "baseline_kept": "续用基线{second}，{first}尚未明显更优",
    "baseline_left": "{first}已明显优于最佳基线，不再直接用基线",
    "only_baselines": "没有可比较的模型，采用最佳基线",
}


def reason_of(selection: Selection, horizon: Horizon) -> str:
    """One sentence: the rule that decided, who served before, and the two that were compared with their figures."""
    duel = selection.duel
    first, second = (_title(duel.first), _title(duel.second)) if duel else ("", "")
    unit = "周" if horizon.step_weeks == 1 else f"个起点（每{horizon.step_weeks}周一个，窗口{horizon.days}天）"
    said = f"据近{selection.origins}{unit}回测：{_RULES[selection.code].format(first=first, second=second)}"
    before = f"前一期用{_title(selection.incumbent)}" if selection.incumbent else "此前未曾选型"
    if duel is None:
        return f"{said}；{before}"
    figures = f"{first}较{second}每周对数损失平均{duel.difference:+.5f}"
    if duel.low > float("-inf"):
        figures += f"（{CONFIDENCE:.0%}区间{duel.low:+.5f}至{duel.high:+.5f}）"
    regret = f"距当周最优平均落后{duel.first_regret:.1%}对{duel.second_regret:.1%}"
    return f"{said}；{before}；{figures}，{regret}"


def _title(name: str) -> str:
    return forecaster_named(name).title
