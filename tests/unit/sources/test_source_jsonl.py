"""JSON lines as systems write them, and lines that are none."""

from __future__ import annotations

import json

import pytest

from pipelines.errors import RefusedFile
from pipelines.sources import readers
from pipelines.sources.contract import ROW_FAULT

GOOD = {
    "工单编号": "1",
    "来电时间": "2025-09-01 09:30:00",
    "更新时间": "2025-09-01 09:31:00",
    "社区": "和平社区",
    "问题分类": "路灯",
}


def line(**cells: object) -> str:
    return json.dumps({**GOOD, **cells}, ensure_ascii=False)


def lines(*texts: str) -> bytes:
    return "".join(text + "\n" for text in texts).encode()


def test_values_are_text_as_written(read_bytes) -> None:
    number = line().replace('"1"', "1234567890123456789012")
    frame = read_bytes(
        lines(number, "", line(备注=None, 坐标=[1.50, {"区": "甲"}], 急=True), line(费用=0).replace("0}", "1.10}")),
        format="jsonl",
    )
    assert frame["工单编号"].to_list() == ["1234567890123456789012", "1", "1"]
    assert frame["坐标"].to_list() == [None, '[1.5, {"区": "甲"}]', None]
    assert frame["急"].to_list() == [None, "true", None]
    assert frame["费用"].to_list() == [None, None, "1.10"]
    assert frame["备注"].to_list() == [None] * 3


def test_a_mark_and_gb18030(read_bytes) -> None:
    assert read_bytes(b"\xef\xbb\xbf" + lines(line()), format="jsonl").height == 1
    assert read_bytes(line(社区="㐂社区").encode("gb18030"), format="jsonl", encoding="gb18030")["社区"][0] == "㐂社区"


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("{坏", "第2行不是正确的JSON"),
        ("[1, 2]", "第2行不是JSON对象"),
        ('{"a": NaN}', "第2行不是正确的JSON"),
        ('{"a": 1, "a": 2}', "第2行不是正确的JSON"),
        ('{"a": "\\u0000"}', "第2行含空字符"),
        ('{"a": "\\ud800"}', "第2行含空字符或残缺的字符"),
        ("[" * 100_000, "第2行不是正确的JSON"),
    ],
)
def test_a_bad_line_is_marked_with_its_number_and_kept(read_bytes, bad: str, words: str) -> None:
    frame = read_bytes(lines(line(), bad, line()), format="jsonl")
    fault = frame[ROW_FAULT].to_list()
    assert fault[0] is None and fault[2] is None
    assert words in fault[1] and bad[:10_000] in fault[1]
    assert frame["工单编号"].to_list() == ["1", None, "1"]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ('{"行解析问题": "x"}', "“行解析问题”重复或与系统列名相同"),
        ('{"a": 1, "A": 2}', "“a”重复"),
        ("{坏\n" * 4, "第2行不是正确的JSON，这样的行过多；请每行写一个JSON对象"),
    ],
)
def test_what_cannot_be_taken_in_is_refused(read_bytes, bad: str, words: str) -> None:
    with pytest.raises(RefusedFile, match=words) as refusal:
        read_bytes(lines(line(), bad, line()), format="jsonl")
    assert str(refusal.value).startswith("hotline orders.csv：") and "请" in str(refusal.value)


def test_one_list_of_objects_is_no_json_lines(read_bytes) -> None:
    with pytest.raises(RefusedFile, match=r"第1行不是JSON对象.*每行写一个JSON对象"):
        read_bytes(f"[{line()}, {line()}]\n".encode(), format="jsonl")


def test_a_file_that_is_still_written(read_bytes) -> None:
    with pytest.raises(RefusedFile, match="第2行不完整"):
        read_bytes(lines(line()) + b'{"a": "b', format="jsonl")


def test_a_wrong_encoding_names_the_line(read_bytes) -> None:
    with pytest.raises(RefusedFile, match=r"第1行不是 utf-8 编码；请把 reader.encoding 改为 gb18030"):
        read_bytes((line() + "\n").encode("gb18030") * 2 + line().encode("gb18030"), format="jsonl")


def test_one_line_with_bytes_that_are_no_text_is_marked(read_bytes) -> None:
    frame = read_bytes(lines(line()) + b'{"a": "\xff"}\n' + lines(line()), format="jsonl")
    assert '：第2行不是 utf-8 编码；原文为 {"a": "\\xff"}' in frame[ROW_FAULT].to_list()[1]
    assert frame["社区"].to_list() == ["和平社区", None, "和平社区"]


def test_a_needed_field_in_no_line(read_bytes) -> None:
    with pytest.raises(RefusedFile, match="缺少列“来电时间”；最接近的是“来电时刻”"):
        read_bytes(lines(line().replace("来电时间", "来电时刻")), format="jsonl")


def test_a_field_that_comes_late_has_its_column(read_bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_ROWS_AT_ONCE", 2)
    frame = read_bytes(lines(line(), line(), "{}", line(承办单位="城管局")), format="jsonl")
    assert frame["承办单位"].to_list() == [None, None, None, "城管局"]
    assert frame["工单编号"].to_list() == ["1", "1", None, "1"]


def test_only_blank_lines(read_bytes) -> None:
    with pytest.raises(RefusedFile, match="没有数据行"):
        read_bytes(b"\n\n", format="jsonl")
