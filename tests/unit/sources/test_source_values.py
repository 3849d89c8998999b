"""Times, flags, callers and cells from text."""

from __future__ import annotations

import datetime as dt
import math
import random

import polars as pl
import pytest

from pipelines.sources.normalise import in_reach, to_cell, to_flag, to_reporter, to_text, to_time

T = dt.datetime


def times(*texts: str | None) -> list[dt.datetime | None]:
    return pl.DataFrame({"t": pl.Series(texts, dtype=pl.String)}).select(to_time(pl.col("t"))).to_series().to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-09-01 09:30:00", T(2025, 9, 1, 9, 30)),
        ("2025-09-01T09:30:00", T(2025, 9, 1, 9, 30)),
        ("2025-09-01 09:30:00.000", T(2025, 9, 1, 9, 30)),
        ("2025-09-01 09:30:00+08:00", T(2025, 9, 1, 9, 30)),
        ("2025-09-01T09:30:00 +0800", T(2025, 9, 1, 9, 30)),
        ("2025/9/1 9:30", T(2025, 9, 1, 9, 30)),
        ("2025.9.1", T(2025, 9, 1)),
        ("2025-09-01", T(2025, 9, 1)),
        ("2025年9月1日", T(2025, 9, 1)),
        ("2025年9月1日9时30分15秒", T(2025, 9, 1, 9, 30, 15)),
        ("2025年9月1日 上午9点30分", T(2025, 9, 1, 9, 30)),
        ("2025年9月1日 下午3点", T(2025, 9, 1, 15)),
        ("2025年9月1日 中午12点", T(2025, 9, 1, 12)),
        ("2025年9月1日 中午1点", T(2025, 9, 1, 13)),
        ("2025年9月1日 凌晨12点10分", T(2025, 9, 1, 0, 10)),
        ("2025年9月1日 晚上12点", T(2025, 9, 2)),
        ("2025年9月1日 晚上8点05分", T(2025, 9, 1, 20, 5)),
        ("2025年9月1日 星期一 上午9点30分", T(2025, 9, 1, 9, 30)),
        ("2025年9月1日星期一", T(2025, 9, 1)),
        ("2025-09-01 星期一 09:30", T(2025, 9, 1, 9, 30)),
        ("2025-09-01（周一）9:30", T(2025, 9, 1, 9, 30)),
        ("２０２５－０９－０１　０９：３０：００", T(2025, 9, 1, 9, 30)),
        ("20250901093000", T(2025, 9, 1, 9, 30)),
        ("20250901", T(2025, 9, 1)),
        ("45901", T(2025, 9, 1)),
        ("45901.3958333333", T(2025, 9, 1, 9, 30)),
        ("  2025-09-01 09:30:00  ", T(2025, 9, 1, 9, 30)),
        ("2024-02-29", T(2024, 2, 29)),
    ],
)
def test_every_form_of_a_time(text: str, expected: dt.datetime) -> None:
    assert times(text) == [expected]


@pytest.mark.parametrize(
    "text",
    ["2025-02-30", "2025-02-29 10:00:00", "2025-13-01", "2025-00-10", "2025-09-01 25:00", "2025-09-01 24:00:00",
     "2025-09-01 09:60", "2025-09-015", "2025-9-123", "2025-09-0109:30", "20251301", "20250901250000", "昨天", "待定",
     "2025", "2025-09", "09:30", "1", "123456", "2025-13-01 09:30:00Z", "9/1/2025", "2025年9月1日左右", "", " ", None],
)  # fmt: skip
def test_nonsense_is_no_time(text: str | None) -> None:
    assert times(text) == [None]


@pytest.mark.parametrize(
    ("text", "in_china", "in_berlin"),
    [
        ("2025-09-01T09:30:00Z", T(2025, 9, 1, 17, 30), T(2025, 9, 1, 11, 30)),
        ("2025-09-01 09:30:00 UTC", T(2025, 9, 1, 17, 30), T(2025, 9, 1, 11, 30)),
        ("2025-09-01 09:30:00+08:00", T(2025, 9, 1, 9, 30), T(2025, 9, 1, 3, 30)),
        ("2025-12-31T20:00:00.250-0500", T(2026, 1, 1, 9), T(2026, 1, 1, 2)),
        ("2025/9/1 9:30+00", T(2025, 9, 1, 17, 30), T(2025, 9, 1, 11, 30)),
        ("2025-09-01 09:30", T(2025, 9, 1, 9, 30), T(2025, 9, 1, 9, 30)),
    ],
)
def test_a_time_with_its_distance_from_greenwich_becomes_the_city_s(
    text: str, in_china: dt.datetime, in_berlin: dt.datetime
) -> None:
    column = pl.DataFrame({"t": [text]})
    assert column.select(to_time(pl.col("t"))).item() == in_china
    assert column.select(to_time(pl.col("t"), "Europe/Berlin")).item() == in_berlin


def test_a_column_of_mixed_forms_keeps_its_order() -> None:
    forms = ["2025-09-01 09:30:00", "x", "45901", None, "2025/9/1 9:30", "45901", "2025-02-30"]
    whole, day = T(2025, 9, 1, 9, 30), T(2025, 9, 1)
    assert times(*forms) == [whole, None, day, None, whole, day, None]


def test_placeholders_for_no_date_are_out_of_reach() -> None:
    frame = pl.DataFrame({"t": ["1899-12-30", "1999-12-31", "2000-01-01", "2099-12-31", "2100-01-01", "9999-12-31"]})
    kept = frame.select(in_reach(to_time(pl.col("t")))).to_series()
    assert kept.is_not_null().to_list() == [False, False, True, True, False, False]


def test_flags() -> None:
    frame = pl.DataFrame({"f": ["是", " 已解决 ", "YES", "1", "否", "不满意", "False", "0", "未评价", "", None]})
    assert frame.select(to_flag(pl.col("f"))).to_series().to_list() == [True] * 4 + [False] * 4 + [None] * 3


def test_text_that_stands_for_nothing() -> None:
    frame = pl.DataFrame({"x": ["　和平 ", "-", "无", "NULL", "", "无名路"]})
    assert frame.select(to_text(pl.col("x"))).to_series().to_list() == ["和平", None, None, None, None, "无名路"]


def test_one_caller_however_the_number_is_written() -> None:
    phones = [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+86 13800138000",
        "0086-13800138000",
        "１３８００１３８０００",
    ]
    frame = pl.DataFrame({"p": [*phones, "匿名", None, "无", None], "n": ["王"] * 6 + ["王", "匿名市民", None, "李"]})
    kept = frame.select(to_reporter(pl.col("p"), pl.col("n"))).to_series().to_list()
    assert kept == ["13800138000"] * 6 + ["王", None, None, "李"]


def test_cells_against_an_independent_computation() -> None:
    random.seed(5)
    south, west, size = 48.69, 9.035, 0.5
    points = [(random.uniform(48.69, 48.87), random.uniform(9.035, 9.32)) for _ in range(500)]
    frame = pl.DataFrame(points, schema=["lat", "lon"], orient="row")
    cells = frame.select(to_cell(pl.col("lat"), pl.col("lon"), south, west, size)).to_series()
    metres_per_degree = 111_320
    for (lat, lon), cell in zip(points, cells, strict=True):
        row = math.floor((lat - south) * metres_per_degree / 500)
        column = math.floor((lon - west) * metres_per_degree * math.cos(south * math.pi / 180) / 500)
        assert cell == f"R{row:03d}C{column:03d}"
