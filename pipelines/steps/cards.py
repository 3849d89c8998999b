"""Model cards: what each model is made from, how it does in which part of the city, and where it fails.

Every figure comes from the backtest of the day; nothing here is typed by hand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from models.baselines import CLASSICAL_BASELINES
from models.evaluation import summary
from models.forecaster import Forecaster
from models.input_titles import titles_of
from models.panel import Panel
from models.registry import all_models, forecaster_named
from pipelines.steps.horizons import Horizon

_BANDS = {"small": "诉求少的社区", "medium": "诉求中等的社区", "large": "诉求多的社区"}
_THIN_COUNT = 3
_FEWEST_HOT = 5
Measures = Mapping[str, Any]


class Card:
    """The figures of one horizon's backtest that the cards of all models share.

    Args:
        rows: of ``models.backtest.backtest``.
        baseline: the best baseline, printed beside every figure.
        panel: everything known on the as-of date.
        district_names: name of each district code.
    """

    def __init__(self, rows: pl.DataFrame, baseline: str, panel: Panel, district_names: Mapping[str, str]) -> None:
        # measures of parts need one classical baseline; all sixteen forecasters would cost four times as much
        beside = dict.fromkeys([baseline, CLASSICAL_BASELINES[0]])
        names = [*(model.name for model in all_models()), *beside]
        kept = [column for column in rows.columns if not column.startswith(("p_hot_", "p_surge_", "expected_count_"))]
        kept += [f"p_{target}_{name}" for name in names for target in ("hot", "surge")]
        frame = rows.select(kept)
        self.baseline = baseline
        self.panel = panel
        self.origins = rows["origin_date"].unique().sort().to_list()
        self.capacity_k = int(rows["capacity_k"][0])
        self.hot_count = int(rows["y_hot"].cast(pl.Int64).sum())
        self.whole = _by_name(summary(frame, resamples=0))
        self.parts: dict[str, dict[str, Measures]] = {}
        for column, titles in (("district_code", district_names), ("size_band", _BANDS)):
            for code, part in frame.partition_by(column, as_dict=True, maintain_order=True).items():
                if code[0] and part["y_hot"].cast(pl.Int64).sum() >= _FEWEST_HOT:
                    self.parts[titles.get(str(code[0]), str(code[0]))] = _by_name(summary(part, resamples=0))

    def lines(self, model: Forecaster, served: Mapping[Horizon, str]) -> Iterator[tuple[str, str]]:
        """Section and sentence, in the order of the card."""
        own, base = self.whole[model.name], self.whole[self.baseline]
        base_title = forecaster_named(self.baseline).title
        use = "、".join(
            f"{horizon.title}{'选用' if name == model.name else '未选用'}" for horizon, name in served.items()
        )
        yield (
            "用途",
            f"预测社区内某类居民诉求在未来7天达到热点门槛的概率，供提前排查和派单参考，不是对事实的认定；本期{use}",
        )
        yield from self._data()
        inputs = titles_of(list(dict.fromkeys(getattr(model, "inputs", ()))))
        yield "输入", f"{len(inputs)}项，均取自截止日前已得知的居民诉求件数：{'、'.join(inputs)}"
        yield "输入", "不使用个人信息、诉求原文和办理人员信息"
        yield "总体成绩", f"{_figures(own)}；最佳基线{base_title}：{_figures(base)}"
        for title, part in self.parts.items():
            yield "分组成绩", f"{title}：{_figures(part[model.name])}；基线：{_figures(part[self.baseline])}"
        yield from self._weak(model.name, own, base)

    def _data(self) -> Iterator[tuple[str, str]]:
        panel, weeks = self.panel, len(self.panel.observed)
        first = panel.as_of - dt.timedelta(weeks=weeks)
        yield (
            "数据范围",
            (
                f"{first}至{panel.as_of}零时前已得知的居民诉求，共{weeks}周，{len(panel.communities)}个社区×"
                f"{len(panel.issues)}类问题={panel.cells().height}个点位"
            ),
        )
        yield (
            "数据范围",
            (
                f"回测起点{len(self.origins)}个（{self.origins[0]}至{self.origins[-1]}），各起点只用当时已得知的数据，"
                f"窗口内实际热点{self.hot_count}个"
            ),
        )

    def _weak(self, name: str, own: Measures, base: Measures) -> Iterator[tuple[str, str]]:
        ratios = {title: part[name]["log_loss"] / part[self.baseline]["log_loss"] for title, part in self.parts.items()}
        if ratios:
            worst = max(ratios, key=lambda title: (ratios[title], title))
            verdict = "不及基线" if ratios[worst] > 1 else "仍优于基线"
            yield "已知弱点", f"分组中以{worst}相对最弱：对数损失为基线的{ratios[worst]:.1%}，{verdict}"
        emerging, recurring = own["emerging_pr_auc"], own["recurring_pr_auc"]
        if emerging < recurring:  # neither is true where no case came
            yield (
                "已知弱点",
                (
                    f"新发热点（近8周没有热点周）比反复热点难预测：PR-AUC {emerging:.3f}对{recurring:.3f}"
                    f"（基线{base['emerging_pr_auc']:.3f}对{base['recurring_pr_auc']:.3f}）"
                ),
            )
        year = self.panel.counts[-52:].sum(axis=0)
        thin = int((year < _THIN_COUNT).sum())
        yield (
            "已知弱点",
            (f"{thin}个点位（{thin / year.size:.1%}）近52周不足{_THIN_COUNT}件，其概率主要随全市同类而定"),
        )
        yield (
            "已知弱点",
            (
                f"校准误差{own['ece']:.4f}（基线{base['ece']:.4f}）；"
                f"名单前{self.capacity_k}项命中率{_share(own['precision_at_k'])}，其余不会成为热点"
            ),
        )


def card_rows(as_of_date: dt.date, card: Card, served: Mapping[Horizon, str], chosen: str) -> pl.DataFrame:
    """Rows of ``forecast.model_cards``. Grain: model × line. Key: (forecaster_name, line_no)."""
    rows = [
        {"as_of_date": as_of_date, "forecaster_name": model.name, "forecaster_title": model.title,
         "is_chosen": model.name == chosen, "line_no": number, "section": section, "text": text}
        for model in all_models()
        for number, (section, text) in enumerate(card.lines(model, served), 1)
    ]  # fmt: skip
    return pl.DataFrame(rows)


def to_markdown(rows: pl.DataFrame) -> str:
    """The cards as a file to hand around; the chosen model first."""
    lines = []
    for (title, is_chosen), part in (
        rows.sort(["is_chosen", "forecaster_name", "line_no"], descending=[True, False, False])
        .partition_by(["forecaster_title", "is_chosen"], as_dict=True, maintain_order=True)
        .items()
    ):
        lines += [
            f"# 模型说明卡：{title}{'（选用）' if is_chosen else ''}",
            "",
            f"数据截止：{part['as_of_date'][0]} 00:00",
        ]
        for (section,), said in part.partition_by(["section"], as_dict=True, maintain_order=True).items():
            lines += ["", f"## {section}", "", *(f"- {text}" for text in said["text"])]
        lines.append("")
    return "\n".join(lines)


def _by_name(table: pl.DataFrame) -> dict[str, Measures]:
    return {row["forecaster"]: row for row in table.iter_rows(named=True)}


def _figures(row: Measures) -> str:
    rank = "不可评估" if row["hot_pr_auc"] != row["hot_pr_auc"] else f"{row['hot_pr_auc']:.3f}"
    return f"PR-AUC {rank}、对数损失{row['log_loss']:.4f}、校准误差{row['ece']:.4f}"


def _share(value: float) -> str:
    return "不可评估" if value != value else f"{value:.1%}"
