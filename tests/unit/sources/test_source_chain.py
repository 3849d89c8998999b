"""One order on several rows of one file becomes one order with its chain of units."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from pipelines.sources.mapping import Mapped, map_batch

CHAIN = {"unit": "承办单位", "order_by": "派单时间"}
STREET = {"承办单位": "东街街道", "派单时间": "2025-09-01 10:00:00"}
WATER = {"承办单位": "区水务局", "派单时间": "2025-09-01 15:00:00"}
CITY = {"承办单位": "区城管局", "派单时间": "2025年9月2日 上午9点"}


@pytest.fixture
def mapped(make_source, numbered, row):
    """Map rows that differ from a good one by the given cells, by a contract that brings orders together."""

    def run(*changes: dict[str, str], **contract: Any) -> Mapped:
        frame = pl.DataFrame([row(**cells) for cells in changes], infer_schema_length=None)
        source = make_source(chain=CHAIN, **contract)
        result = map_batch(source, numbered(frame), dt.datetime(2025, 9, 3), None, b"key")
        assert len(changes) == sum(f.height for f in (result.accepted, result.rejected, result.superseded))
        return result

    return run


def units(order: dict[str, Any]) -> list[str]:
    return [step["unit_name"] for step in order["unit_chain"]]


def reasons(result: Mapped) -> dict[int, str]:
    return dict(result.superseded.select("row_no", "reason").iter_rows())


@pytest.mark.parametrize("rows", [(STREET, WATER, CITY), (CITY, STREET, WATER), (WATER, CITY, STREET)])
def test_the_last_dispatch_is_the_order_in_whatever_turn_the_rows_stand(mapped, rows) -> None:
    result = mapped(*rows)
    (order,) = result.accepted.rows(named=True)
    assert order["unit_name"] == "区城管局"
    assert units(order) == ["东街街道", "区水务局", "区城管局"]
    assert order["unit_chain"][2]["dispatched_at"] == dt.datetime(2025, 9, 2, 9)
    assert set(reasons(result).values()) == {"merged_chain"}


def test_without_the_option_they_stay_versions(make_source, numbered, row) -> None:
    frame = pl.DataFrame([row(**STREET), row(**WATER)])
    result = map_batch(make_source(), numbered(frame), dt.datetime(2025, 9, 3), None, b"key")
    assert result.accepted.height == 2 and "unit_chain" not in result.accepted.columns


def test_other_orders_are_left_alone(mapped) -> None:
    result = mapped(STREET, WATER, {**STREET, "工单编号": "2"}, {"工单编号": "3", "承办单位": "", "派单时间": ""})
    assert {o["record_id"]: o["unit_chain"] and units(o) for o in result.accepted.rows(named=True)} == {
        "250901093000000001": ["东街街道", "区水务局"],
        "2": ["东街街道"],
        "3": None,
    }


def test_the_same_dispatch_at_another_stamp_is_a_version_and_the_same_row_a_duplicate(mapped) -> None:
    later = {**WATER, "更新时间": "2025-09-02 08:00:00", "办结时间": "2025-09-02 08:00:00"}
    result = mapped({**STREET, "办结时间": ""}, {**WATER, "办结时间": ""}, later, later)
    assert result.accepted["row_no"].to_list() == [2, 3]
    assert reasons(result) == {1: "merged_chain", 4: "duplicate"}


def test_a_dispatch_without_a_time_comes_first_and_ties_go_by_the_row(mapped) -> None:
    result = mapped(STREET, {"承办单位": "区水务局", "派单时间": "待定"}, {**STREET, "承办单位": "区城管局"})
    (order,) = result.accepted.rows(named=True)
    assert units(order) == ["区水务局", "东街街道", "区城管局"]
    assert order["unit_name"] == "区城管局"


def test_the_last_dispatch_decides_whether_the_order_is_voided(mapped) -> None:
    voided = {"voided": [{"column": "状态", "contains": ["作废"]}]}
    earlier = mapped({**STREET, "状态": "[作废]"}, {**WATER, "状态": "处理中"}, **voided)
    assert earlier.accepted["unit_name"].to_list() == ["区水务局"]
    assert reasons(earlier) == {1: "merged_chain"}
    last = mapped({**STREET, "状态": "处理中"}, {**WATER, "状态": "[作废]"}, **voided)
    assert reasons(last) == {1: "merged_chain", 2: "voided"}


def test_rows_that_are_rejected_are_no_part_of_the_chain(mapped) -> None:
    result = mapped(STREET, {**WATER, "来电时间": ""})
    assert units(result.accepted.row(0, named=True)) == ["东街街道"]
    assert result.rejected.height == 1


def test_another_unit_is_another_row_even_where_no_column_maps_it(mapped) -> None:
    result = mapped(STREET, {**STREET, "承办单位": "区水务局"}, columns={"community": "社区"})
    assert reasons(result) == {1: "merged_chain"}


def test_all_rows_rejected(mapped) -> None:
    assert mapped({**STREET, "来电时间": ""}).accepted.height == 0


def test_a_file_without_the_columns_is_refused(make_source) -> None:
    assert ["派单时间"] in make_source(chain=CHAIN).needed_headers


@pytest.mark.parametrize("wrong", [{"key": None}, {"kind": "dept_disposal", "columns": {"order_id": "工单编号"}}])
def test_a_chain_needs_orders_with_a_key(make_source, wrong) -> None:
    with pytest.raises(ValidationError, match="chain"):
        make_source(**{"resident_channels": "none", "issues": None, "chain": CHAIN, **wrong})
