"""A hotline source and its files, made small enough to read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.sources.contract import Source
from pipelines.sources.readers import read_file

Read = Callable[..., pl.DataFrame]

HEADER = ("工单编号", "来电时间", "更新时间", "主要内容", "来电人", "联系电话", "社区", "问题分类")
CONTRACT: dict[str, Any] = {
    "name": "hotline",
    "title": "热线",
    "kind": "hotline_order",
    "owner": "热线中心",
    "reader": {"format": "csv", "path": "orders_{date}.csv"},
    "key": "工单编号",
    "occurred_at": "来电时间",
    "known_at": "更新时间",
    "columns": {
        "content": ["主要内容", "诉求内容"],
        "caller": "来电人",
        "caller_phone": "联系电话",
        "community": "社区",
        "closed_at": "办结时间",
        "unit": "承办单位",
        "channel": "渠道",
        "title": "标题",
        "address": "点位",
    },
    "resident_channels": "all",
    "issues": {"from": "问题分类", "system": "hotline"},
}


@pytest.fixture
def make_source() -> Callable[..., Source]:
    """The hotline contract with some of its keys replaced."""

    def make(**changes: Any) -> Source:
        return Source.model_validate({**CONTRACT, **changes})

    return make


@pytest.fixture
def read_bytes(tmp_path: Path, make_source: Callable[..., Source]) -> Read:
    """Read the bytes of a file as the hotline source."""

    def read(content: bytes, name: str = "orders.csv", **reader: Any) -> pl.DataFrame:
        path = tmp_path / name
        path.write_bytes(content)
        return read_file(make_source(reader={"format": "csv", "path": "*", **reader}), path, name)

    return read


def as_raw(frame: pl.DataFrame, batch_id: str = "hotline:1") -> pl.DataFrame:
    """The frame as landing numbers it."""
    return frame.with_row_index("row_no", offset=1).with_columns(
        pl.col("row_no").cast(pl.Int64), batch_id=pl.lit(batch_id)
    )


@pytest.fixture
def numbered() -> Callable[..., pl.DataFrame]:
    """The frame as landing numbers it."""
    return as_raw


@pytest.fixture
def row() -> Callable[..., dict[str, str]]:
    """One good order with some of its cells replaced."""

    def make(**cells: str) -> dict[str, str]:
        good = {
            "工单编号": "250901093000000001",
            "来电时间": "2025-09-01 09:30:00",
            "更新时间": "2025-09-01 09:35:00",
            "主要内容": "小区路灯不亮",
            "来电人": "王建国",
            "联系电话": "13800138000",
            "社区": "和平社区",
            "问题分类": "路灯",
        }
        return {**good, **cells}

    return make
