"""Model cards: figures by part, weaknesses found rather than typed."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from models.panel import Panel
from models.registry import all_models
from pipelines.steps.cards import Card, card_rows, to_markdown
from pipelines.steps.horizons import DISPATCH, PLANNING

AS_OF = dt.date(2026, 3, 2)
NAMES = [*(model.name for model in all_models()), "ewma_05", "persistence"]


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    """Two origins of 60 cells in two districts; the stack is right in the east and wrong in the west."""
    random = np.random.default_rng(1)
    cells = 120
    district = np.array(["e", "w"])[np.arange(cells) % 2]
    hot = random.random(cells) < 0.3
    fair = np.where(hot, 0.6, 0.2)
    frame = pl.DataFrame(
        {
            "origin_date": [AS_OF - dt.timedelta(weeks=1 + number // 60) for number in range(cells)],
            "community_code": [f"c{number % 60}" for number in range(cells)],
            "issue_code": ["k"] * cells,
            "capacity_k": [5] * cells,
            "district_code": district,
            "size_band": ["small", "medium", "large"] * (cells // 3),
            "count_next": hot.astype(int) * 4,
            "eligible_recurring": np.arange(cells) % 3 == 0,
            "eligible_emerging": np.arange(cells) % 3 == 1,
            "y_hot": hot,
            "y_recurring": hot & (np.arange(cells) % 3 == 0),
            "y_emerging": hot & (np.arange(cells) % 3 == 1),
            "y_surge": hot,
        }
    )
    stack = np.where(district == "e", np.where(hot, 0.9, 0.05), np.where(hot, 0.1, 0.5))
    said = {name: stack if name == "filter_stack" else fair for name in NAMES}
    return frame.with_columns(
        **{f"p_{target}_{name}": p for name, p in said.items() for target in ("hot", "surge")},
        **{f"expected_count_{name}": p for name, p in said.items()},
    )


def card(rows: pl.DataFrame) -> dict[str, list[str]]:
    panel = Panel(AS_OF, ("a", "b"), ("k",), np.array([[[1], [9]]] * 10, dtype=np.float32))
    made = Card(rows, "ewma_05", panel, {"e": "东区", "w": "西区"})
    table = card_rows(AS_OF, made, {DISPATCH: "filter_stack", PLANNING: "boosted"}, "filter_stack")
    mine = table.filter(pl.col("forecaster_name") == "filter_stack")
    assert mine["is_chosen"].all() and mine["line_no"].to_list() == list(range(1, mine.height + 1))
    said: dict[str, list[str]] = {}
    for section, text in mine.select("section", "text").iter_rows():
        said.setdefault(section, []).append(text)
    return said


def test_the_weakest_part_is_found(rows: pl.DataFrame) -> None:
    said = card(rows)
    assert any("以西区相对最弱" in text and "不及基线" in text for text in said["已知弱点"])
    parts = {text.split("：")[0] for text in said["分组成绩"]}
    assert parts == {"东区", "西区", "诉求少的社区", "诉求中等的社区", "诉求多的社区"}


def test_data_and_use_are_those_of_the_run(rows: pl.DataFrame) -> None:
    said = card(rows)
    assert "未来7天选用、未来28天未选用" in said["用途"][0]
    assert "共10周，2个社区×1类问题=2个点位" in said["数据范围"][0]
    assert f"窗口内实际热点{rows['y_hot'].sum()}个" in said["数据范围"][1]
    assert "名单前5项命中率" in said["已知弱点"][-1]


def test_thin_cells_are_counted(rows: pl.DataFrame) -> None:
    panel = Panel(AS_OF, ("a", "b"), ("k",), np.array([[[0], [9]]] * 10, dtype=np.float32))
    table = card_rows(AS_OF, Card(rows, "ewma_05", panel, {}), {DISPATCH: "boosted"}, "boosted")
    assert any(text.startswith("1个点位（50.0%）") for text in table["text"])


def test_the_file_begins_with_the_chosen_model(rows: pl.DataFrame) -> None:
    panel = Panel(AS_OF, ("a",), ("k",), np.ones((10, 1, 1), dtype=np.float32))
    text = to_markdown(card_rows(AS_OF, Card(rows, "ewma_05", panel, {}), {DISPATCH: "boosted"}, "boosted"))
    assert text.startswith("# 模型说明卡：梯度提升树（选用）")
    assert text.count("# 模型说明卡：") == 3 and text.count("## 已知弱点") == 3
