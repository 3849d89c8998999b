"""What becomes of the rows of a batch."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json

import polars as pl
import pytest

from pipelines.cities.city import CellGrid
from pipelines.errors import RefusedFile
from pipelines.sources.contract import ROW_FAULT, Source
from pipelines.sources.faults import BYTES, JSON, fault
from pipelines.sources.mapping import map_batch
from pipelines.sources.readers import read_file
from pipelines.text.mask import is_id_card, masked

KEY = b"a key of the city"
EXPORTED_BEFORE = dt.datetime(2025, 9, 3)


@pytest.fixture
def mapped(make_source, numbered, row):
    """Map rows that differ from a good one by the given cells."""

    def run(*changes: dict[str, str], source: Source | None = None, key: bytes = KEY):
        frame = pl.DataFrame([row(**cells) for cells in changes], infer_schema_length=None)
        return map_batch(source or make_source(), numbered(frame), EXPORTED_BEFORE, None, key)

    return run


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"工单编号": ""}, "编号为空（工单编号）"),
        ({"工单编号": " 无 "}, "编号为空（工单编号）"),
        ({"工单编号": "2509\u200b01"}, "编号含不可见字符或过长（工单编号）"),
        ({"工单编号": "\u202e2509"}, "编号含不可见字符或过长（工单编号）"),
        ({"工单编号": "2509\n01"}, "编号含不可见字符或过长（工单编号）"),
        ({"工单编号": "9" * 101}, "编号含不可见字符或过长（工单编号）"),
        ({"工单编号": "2.50912E+17"}, "编号被电子表格改成科学计数，已丢失位数（工单编号）"),
        ({"来电时间": "2025-02-30 10:00:00"}, "时间无法识别（来电时间）"),
        ({"来电时间": ""}, "时间无法识别（来电时间）"),
        ({"更新时间": "待定"}, "时间无法识别（更新时间）"),
        ({"来电时间": "1899-12-30"}, "时间早于2000年（来电时间）"),
        ({"来电时间": "9999-12-31"}, "时间晚于导出日期（来电时间）"),
        ({"来电时间": "2025-09-03 00:00:00"}, "时间晚于导出日期（来电时间）"),
        ({"更新时间": "9999-12-31"}, "时间晚于导出日期（更新时间）"),
    ],
)
def test_a_bad_key_or_time_rejects_and_the_row_is_kept(mapped, cells: dict[str, str], reason: str) -> None:
    result = mapped({}, cells)
    assert result.accepted.height == 1 and result.superseded.height == 0
    (bad,) = result.rejected.rows(named=True)
    assert (bad["row_no"], bad["reason"], bad["batch_id"]) == (2, reason, "hotline:1")
    assert "请" in bad["remedy"]
    raw = json.loads(bad["raw_text"])
    assert raw["主要内容"] == "小区路灯不亮" and raw["联系电话"] == "13800138000"
    assert all(raw[name] == value for name, value in cells.items())


def test_a_row_that_does_not_fit_the_header_is_rejected_with_all_it_holds(mapped) -> None:
    result = mapped({ROW_FAULT: '第3行有9个字段，表头只有8个；多出的是 ["尾巴"]'})
    (bad,) = result.rejected.rows(named=True)
    assert bad["reason"].startswith("字段数与表头不符")
    assert "尾巴" in bad["raw_text"]


def test_what_a_reader_could_not_read_is_counted_by_its_reason(mapped) -> None:
    result = mapped({ROW_FAULT: fault(BYTES, 3, "（写作 \\xNN 处）")}, {ROW_FAULT: fault(JSON, 4, "：第5行")})
    assert result.rejected["reason"].to_list() == [BYTES, JSON]


def test_a_category_of_two_columns(make_source, mapped) -> None:
    """Parts and events may be numbered alike, so that only kind and code together name an issue."""
    source = make_source(issues={"from": ["类型", "问题分类"], "join": "/", "system": "grid"})
    rows = [{"类型": "部件", "问题分类": "01001"}, {"类型": "事件", "问题分类": "01001"}, {"类型": "", "问题分类": "01001"},
            {"类型": "事件", "问题分类": " "}, {"类型": "--", "问题分类": ""}]  # fmt: skip
    found = mapped(*({**cells, "工单编号": str(n)} for n, cells in enumerate(rows)), source=source).accepted
    assert found["category_text"].to_list() == ["部件/01001", "事件/01001", "/01001", "事件/", None]
    assert found["row_hash"].n_unique() == 5


def test_a_file_that_lacks_one_of_the_joined_columns_is_refused(make_source, tmp_path) -> None:
    source = make_source(issues={"from": ["类型", "问题分类"], "join": "/", "system": "grid"})
    path = tmp_path / "a.csv"
    path.write_text("工单编号,来电时间,更新时间,社区,问题分类\n1,2025-09-01,2025-09-01,甲,01001\n", encoding="utf-8")
    with pytest.raises(RefusedFile, match="缺少列“类型”"):
        read_file(source, path, "a.csv")


def test_numbers_of_records_are_never_masked_even_if_they_could_be_id_cards(make_source, mapped) -> None:
    """Only free text is masked; a record is told and linked by its number as it is."""
    number = "210102200001010010"
    assert is_id_card(number) and masked(number) == "[证件号]"
    source = make_source(columns={"content": "主要内容", "linked_record_id": "关联"})
    found = mapped({"工单编号": number, "关联": number, "主要内容": number}, source=source).accepted.row(0, named=True)
    assert (found["record_id"], found["linked_record_id"], found["content"]) == (number, number, "[证件号]")


def test_other_oddities_are_kept(mapped) -> None:
    odd = {"社区": "不存在的社区", "问题分类": "", "联系电话": "x", "主要内容": "'); drop table stg.hotline_order; --"}
    result = mapped(odd)
    assert result.accepted["community_text"].to_list() == ["不存在的社区"]
    assert result.accepted["content"].to_list() == [odd["主要内容"]]
    assert result.accepted["category_text"].to_list() == [None]


def test_the_same_row_twice_and_voided_rows_are_superseded(make_source, mapped) -> None:
    source = make_source(voided=[{"column": "状态", "contains": ["[作废]"]}])
    rows = [{"状态": "办结"}, {"状态": "办结"}, {"状态": "办理"}, {"工单编号": "2", "状态": "x[作废]x"}]
    result = mapped(*rows, source=source)
    assert result.accepted.height == 1
    assert result.superseded.select("row_no", "reason").rows() == [(2, "duplicate"), (3, "duplicate"), (4, "voided")]


def test_a_changed_row_is_another_version(mapped) -> None:
    result = mapped({}, {"办结时间": "2025-09-02"}, {"主要内容": "小区路灯又不亮"})
    assert result.accepted["row_hash"].n_unique() == 3
    assert result.accepted["record_id"].n_unique() == 1


def test_the_hash_of_a_row_does_not_know_the_rest_of_the_file(mapped) -> None:
    plain = mapped({}).accepted
    other = mapped(
        {"导出时间": "2025-09-02", "序号": "17", "来电时间": "2025/9/1 9:30", "更新时间": "45901.3993055556"},
        {"工单编号": "2", "办结时间": "2025-09-02", "诉求内容": "x"},
    ).accepted
    assert plain["row_hash"].item() == other["row_hash"][0]
    assert other["row_hash"].n_unique() == 2


def test_the_same_content_under_its_other_header_is_the_same_row(make_source, numbered, row) -> None:
    new = {("诉求内容" if name == "主要内容" else name): value for name, value in row().items()}
    hashes = {
        map_batch(make_source(), numbered(pl.DataFrame([cells])), None, None, KEY).accepted["row_hash"].item()
        for cells in (row(), new)
    }
    assert len(hashes) == 1


def test_hashes_of_rows_are_keyed_and_mapping_repeats(mapped, row) -> None:
    """Whoever sees a masked row could otherwise try all phone numbers until the hash fits."""
    first, again, other = mapped({}), mapped({}), mapped({}, key=b"another key")
    assert first.accepted.equals(again.accepted)
    assert first.accepted["row_hash"].item() != other.accepted["row_hash"].item()


def test_pseudonyms_are_keyed_and_no_plain_hash(mapped) -> None:
    accepted = mapped({"点位": "和平小区3号楼501室"}).accepted
    caller, place = accepted["caller_hash"].item(), accepted["reporter_address_hash"].item()
    assert caller == hmac.new(KEY, b"13800138000", "sha256").hexdigest()[:32]
    for plain in ("13800138000", "王建国", f"{caller}|和平小区3号楼501室"):
        for algorithm in ("md5", "sha1", "sha256"):
            digest = hashlib.new(algorithm, plain.encode()).hexdigest()
            assert not digest.startswith((caller, place)) and place != digest
    other = mapped({"点位": "和平小区3号楼501室"}, key=b"another key").accepted
    assert {caller, place}.isdisjoint({other["caller_hash"].item(), other["reporter_address_hash"].item()})


def test_nothing_personal_is_left_in_accepted_rows(mapped) -> None:
    accepted = mapped(
        {"主要内容": "请联系13800138000，来电人王建国反映", "标题": "王建国先生反映", "点位": "和平小区3号楼501室"}
    ).accepted
    text = json.dumps(accepted.rows(), ensure_ascii=False, default=str)
    for personal in ("13800138000", "王建国", "501"):
        assert personal not in text
    assert "和平小区" in text


def test_same_caller_and_place_share_a_pseudonym_only_where_both_are_there(mapped) -> None:
    rows = [{"工单编号": str(i)} for i in range(4)]
    rows[0] |= {"点位": "和平小区", "联系电话": "138 0013 8000"}
    rows[1] |= {"点位": "和平小区"}
    rows[2] |= {"点位": "解放路"}
    result = mapped(*rows, {"工单编号": "5", "联系电话": "", "来电人": "匿名", "点位": "和平小区"}).accepted
    hashes = result["reporter_address_hash"].to_list()
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashes[3:] == [None, None]


def test_headers_that_are_called_like_our_columns(make_source, numbered) -> None:
    source = make_source(
        key="record_id", occurred_at="known_at", known_at={"delay": "1h"},
        columns={"channel": "source_name", "content": "row_hash", "unit": "reason", "community": "occurred_at"},
        issues=None,
    )  # fmt: skip
    frame = pl.DataFrame(
        {"record_id": ["7"], "known_at": ["2025-09-01"], "source_name": ["微信"], "row_hash": ["路灯"], "reason": ["局"],
         "occurred_at": ["和平社区"], 'a" , (select 1)': ["x"]}
    )  # fmt: skip
    (good,) = map_batch(source, numbered(frame), None, None, KEY).accepted.rows(named=True)
    assert (good["record_id"], good["channel"], good["content"], good["unit_name"], good["community_text"]) == (
        "7", "微信", "路灯", "局", "和平社区",
    )  # fmt: skip
    assert good["source_name"] == "hotline"
    assert good["known_at"] == dt.datetime(2025, 9, 1, 1)


def test_clocks_that_ran_backwards(make_source, mapped) -> None:
    (good,) = mapped({"更新时间": "2025-08-30"}).accepted.rows(named=True)
    assert good["occurred_at"] == good["entered_at"] == good["known_at"] == dt.datetime(2025, 9, 1, 9, 30)
    source = make_source(entered_at="录入时间")
    cells = [{"录入时间": "2025-09-01 09:32:00"}, {"录入时间": "2025-09-02"}, {"录入时间": ""}]
    entered = mapped(*({"工单编号": str(i), **c} for i, c in enumerate(cells)), source=source).accepted["entered_at"]
    assert [moment.minute for moment in entered] == [32, 35, 35]


def test_a_blank_clock_falls_back_on_its_delay(make_source, mapped) -> None:
    source = make_source(known_at={"from": "更新时间", "delay": "2d"})
    accepted = mapped({"更新时间": ""}, {"工单编号": "2"}, source=source).accepted
    assert accepted["known_at"].to_list() == [dt.datetime(2025, 9, 3, 9, 30), dt.datetime(2025, 9, 1, 9, 35)]


def test_without_a_key_the_content_and_its_occurrence_identify(make_source, mapped) -> None:
    source = make_source(key=None)
    ids = mapped({}, {}, {"社区": "另一个"}, source=source).accepted["record_id"].to_list()
    assert len(set(ids)) == 3
    assert ids[0][:-2] == ids[1][:-2] and (ids[0][-2:], ids[1][-2:]) == ("-1", "-2")
    assert ids[:2] == mapped({"社区": "另一个"}, {}, {}, source=source).accepted["record_id"].to_list()[1:]


def test_cells_stand_for_communities_inside_the_bounds(make_source, numbered, row) -> None:
    source = make_source(columns={"latitude": "lat", "longitude": "lon"})
    places = [("48.70", "9.05"), ("48.60", "9.05"), ("x", "9.05"), ("", "")]
    frame = pl.DataFrame([row(工单编号=str(i), lat=lat, lon=lon) for i, (lat, lon) in enumerate(places)])
    grid = CellGrid(south=48.69, west=9.035, north=48.87, east=9.32)
    codes = map_batch(source, numbered(frame), None, grid, KEY).accepted["community_text"].to_list()
    assert codes == ["R001C001", None, None, None]


def test_disposals_need_their_order(make_source, numbered) -> None:
    source = make_source(
        kind="dept_disposal", key=["工单编号", "序号"], occurred_at="派单时间", known_at={"delay": "1h"}, issues=None,
        columns={"order_id": "主单编号", "sequence_no": "序号", "signed_at": "签收时间"},
    )  # fmt: skip
    frame = pl.DataFrame(
        {"工单编号": ["1", "2", "3"], "序号": ["1.0", "2", "三"], "派单时间": ["2025-09-01"] * 3,
         "主单编号": ["a", "", "c"], "签收时间": ["9999-12-31", "", "2025-09-01 10:00"]}
    )  # fmt: skip
    result = map_batch(source, numbered(frame), None, None, KEY)
    assert result.rejected["reason"].to_list() == ["编号为空（主单编号）"]
    assert result.accepted["sequence_no"].to_list() == [1, None]
    assert result.accepted["signed_at"].to_list() == [None, dt.datetime(2025, 9, 1, 10)]


def test_a_batch_without_one_good_row(mapped) -> None:
    result = mapped({"工单编号": ""}, {"来电时间": "x"})
    assert (result.accepted.height, result.rejected.height) == (0, 2)
    assert "caller_hash" in result.accepted.columns
