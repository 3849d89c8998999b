"""CSV files as they come: encodings, line ends, ragged rows, broken quotes."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from random import Random

import pytest

from pipelines.errors import RefusedFile
from pipelines.sources.contract import ROW_FAULT
from pipelines.sources.csv_file import csv_blocks

HEADER = "工单编号,来电时间,更新时间,主要内容,社区,问题分类"
ROW = "1,2025-09-01 09:30:00,2025-09-01 09:31:00,路灯不亮,和平社区,路灯"
TEXT = f"{HEADER}\n{ROW}\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "gb18030"),  # the mark says more than the contract
        (TEXT.encode("gb18030"), "gb18030"),
        (TEXT.replace("\n", "\r\n").encode(), "utf-8"),
        (TEXT.replace("\n", "\r").encode(), "utf-8"),
        (TEXT.strip().encode(), "utf-8"),
        (f"\n\n{TEXT}\n\n".encode(), "utf-8"),
        (TEXT.replace("来电时间", "\u200b来电时间\u202e ").encode(), "utf-8"),
        (f"示例市工单表,,,,,\n导出日期：2025年9月1日\n{TEXT}".encode(), "utf-8"),
    ],
    ids=["utf8", "bom", "bom-over-gb", "gb", "crlf", "cr", "no-last-newline", "blank", "invisible", "titles"],
)
def test_the_same_row_however_it_is_written(read_bytes, content: bytes, encoding: str) -> None:
    frame = read_bytes(content, encoding=encoding)
    assert frame.rows() == [tuple(ROW.split(","))]
    assert frame.columns == HEADER.split(",")


def test_characters_that_gbk_lacks_survive(read_bytes) -> None:
    content = TEXT.replace("和平", "㙍䶮𠮷").encode("gb18030")
    assert read_bytes(content, encoding="gb18030")["社区"].to_list() == ["㙍䶮𠮷社区"]


def test_quoted_newlines_and_separators_stay_in_their_cell(read_bytes) -> None:
    cell = '第一行\r\n第二行，"引号", 逗号'
    quoted = '"' + cell.replace('"', '""') + '"'
    frame = read_bytes(TEXT.replace("路灯不亮", quoted).encode())
    assert frame["主要内容"].to_list() == [cell]


@pytest.mark.parametrize(
    ("content", "encoding", "words"),
    [
        (TEXT.encode("gb18030"), "utf-8", ["第1行不是 utf-8 编码", "改为 gb18030"]),
        (TEXT.encode(), "gb18030", ["不是 gb18030 编码", "改为 utf-8"]),
        # an English header passes in both encodings; the rows must not come out as other characters
        (b"id,at,x\n" + ROW.encode() * 20, "gb18030", ["不是 gb18030 编码", "改为 utf-8"]),
        (TEXT.encode("utf-16"), "utf-8", ["UTF-16"]),
        (TEXT.encode()[:-2], "utf-8", ["第2行末尾的字不完整", "没有写完"]),
        (TEXT.encode("gb18030")[:-2], "gb18030", ["第2行末尾的字不完整"]),
        (TEXT.replace("社区", "\0区").encode(), "utf-8", ["含空字符"]),
        (HEADER.encode().replace(b"\xe7", b"\xff", 1) + ROW.encode(), "utf-8", ["第1行有 utf-8 之外的字节", "已损坏"]),
        (TEXT.encode() + b"2,\xff\xfe,,,,\n" * 4, "utf-8", ["第3行有 utf-8 之外的字节", "已损坏"]),
        (TEXT.encode() + "2,社区\n".encode("gb18030") * 4, "utf-8", ["第3行不是 utf-8 编码", "改为 gb18030"]),
        # few rows, and an English header: what can be read of them is no proof of the encoding
        (b"id,at,x\n" + ROW.encode("gb18030"), "utf-8", ["第2行不是 utf-8 编码", "改为 gb18030"]),
        (f'{TEXT}2,2025,2025,"没有闭合,社区,x\n{ROW}\n'.encode(), "utf-8", ["第3行起引号没有闭合"]),
        (f'{TEXT}2,2025,2025,"{"长" * 140_000}",,\n'.encode(), "utf-8", ["第3行", "引号没有成对"]),
        (b"", "utf-8", ["文件为空", "热线中心"]),
        (b"\n\r\n \n", "utf-8", ["缺少列"]),
        (b"\n\n", "utf-8", ["只有空行"]),
        (f"{HEADER}\n".encode(), "utf-8", ["只有表头没有数据行"]),
        (TEXT.replace("来电时间", "来电时刻").encode(), "utf-8", ["缺少列“来电时间”", "最接近的是“来电时刻”"]),
        (TEXT.replace("来电时间", "qqqq").encode(), "utf-8", ["缺少列“来电时间”", "补上正确的列名"]),
        (TEXT.replace("主要内容", "社区").encode(), "utf-8", ["表头“社区”重复"]),
        (TEXT.replace("主要内容", "ROW_NO").encode(), "utf-8", ["“ROW_NO”", "系统列名"]),
        (TEXT.replace("主要内容", "batch_id").encode(), "utf-8", ["“batch_id”", "系统列名"]),
        (TEXT.replace("主要内容", ROW_FAULT).encode(), "utf-8", ["系统列名"]),
        (TEXT.replace("\n", "," * 1001 + "\n").encode(), "utf-8", ["超过1000列"]),
        (bytes(range(1, 256)) * 40, "utf-8", ["hotline orders.csv"]),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(read_bytes, content: bytes, encoding: str, words: list[str]) -> None:
    with pytest.raises(RefusedFile) as refusal:
        read_bytes(content, encoding=encoding)
    message = str(refusal.value)
    assert message.startswith("hotline orders.csv：")
    assert "请" in message
    for word in words:
        assert word in message


def test_a_row_with_more_fields_keeps_them_all(read_bytes) -> None:
    frame = read_bytes(f"{TEXT}2,2025-09-01,2025-09-01,一,二,三,四,五\n{ROW}\n".encode())
    assert frame.height == 3
    fault = frame[ROW_FAULT].to_list()
    assert fault[0] is None and fault[2] is None
    assert "第3行有8个字段，表头只有6个" in fault[1]
    assert '["四", "五"]' in fault[1]
    assert frame.row(1)[:6] == ("2", "2025-09-01", "2025-09-01", "一", "二", "三")


def test_a_row_cut_before_a_needed_column_is_marked(read_bytes) -> None:
    frame = read_bytes(f"{TEXT}2,2025-09-01,2025-09-01,断在这里\n剩下的,和平社区,路灯\n".encode())
    assert frame.height == 3
    assert ["字段" in (fault or "") for fault in frame[ROW_FAULT]] == [False, True, True]


def test_left_out_separators_of_blank_cells_are_no_fault(read_bytes) -> None:
    frame = read_bytes(f"{HEADER},承办单位,备注\n{ROW}\n{ROW},城管局,急\n".encode())
    assert ROW_FAULT not in frame.columns
    assert frame["承办单位"].to_list() == [None, "城管局"]


def test_a_column_without_header_is_kept_if_it_holds_something(read_bytes) -> None:
    frame = read_bytes(f"{HEADER},,\n{ROW},,急\n".encode())
    assert frame.columns == [*HEADER.split(","), "未命名列8"]
    assert frame["未命名列8"].to_list() == ["急"]


def test_a_data_row_is_not_taken_for_the_header(read_bytes) -> None:
    """Its cells name more of the contract's columns than the real header does."""
    tricky = "来电时间,更新时间,主要内容,社区,承办单位,渠道,标题,点位"
    content = f"{HEADER},a,b\n{tricky}\n{ROW},,\n".encode()
    frame = read_bytes(content)
    assert frame.columns[:6] == HEADER.split(",")
    assert frame.height == 2


def test_a_header_below_the_first_twenty_rows_is_not_found(read_bytes) -> None:
    with pytest.raises(RefusedFile, match="缺少列"):
        read_bytes(("说明\n" * 20 + TEXT).encode())


def test_large_files_are_read_in_blocks_without_loss(read_bytes) -> None:
    lines = [f"{i},2025-09-01,2025-09-01,内容{i},社区{i % 7},路灯" for i in range(45_000)]
    frame = read_bytes("\n".join([HEADER, *lines]).encode("gb18030"), encoding="gb18030")
    expected = list(csv.reader(io.StringIO("\n".join(lines))))
    assert frame.rows() == [tuple(row) for row in expected]


def fault_of(frame, number: int) -> str:
    return frame[ROW_FAULT].to_list()[number] or ""


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("bad", [b"\xff", b"\x00", b"\xff\xfe\x00"])
def test_one_row_with_bytes_that_are_no_text_is_marked_and_the_others_go_on(
    read_bytes, encoding: str, bad: bytes
) -> None:
    rows = [f'{i},2025-09-01,2025-09-01,"内容\n{i}",和平社区,路灯\n'.encode(encoding) for i in range(5)]
    harmed = rows[2].replace("容".encode(encoding), bad)
    frame = read_bytes(HEADER.encode(encoding) + b"\n" + b"".join([*rows[:2], harmed, *rows[3:]]), encoding=encoding)
    assert [bool(fault) for fault in frame[ROW_FAULT]] == [False, False, True, False, False]
    assert fault_of(frame, 2).startswith("有不是文字的字节（编码不符或已损坏）：第6行")
    written = "".join(f"\\x{byte:02x}" for byte in bad)
    assert frame["主要内容"].to_list() == ["内容\n0", "内容\n1", f"内{written}\n2", "内容\n3", "内容\n4"]
    assert "\ufffd" not in str(frame.rows())


def test_a_harmed_row_with_a_field_too_many_keeps_it(read_bytes) -> None:
    frame = read_bytes(TEXT.encode() + b"2,2025-09-01,2025-09-01,\xff,a,b,c\n")
    assert "第3行" in fault_of(frame, 1) and '["c"]' in fault_of(frame, 1)


@pytest.mark.parametrize(("harmed", "is_read"), [(5, True), (6, False)])
def test_more_than_one_row_in_a_hundred_refuses_the_file(read_bytes, harmed: int, is_read: bool) -> None:
    lines = [ROW.encode()] * 500
    for number in range(harmed):
        lines[number * 7] = b"2,\xff,x,x,x,x"
    content = HEADER.encode() + b"\n" + b"\n".join(lines)
    if is_read:
        assert read_bytes(content).height == 500
    else:
        with pytest.raises(RefusedFile, match="第2行有 utf-8 之外的字节"):
            read_bytes(content)


def test_more_than_a_hundred_at_once_refuse_a_large_file_early(read_bytes) -> None:
    content = HEADER.encode() + b"\n" + (ROW.encode() + b"\n") * 9000 + b"2,\xff,x,x,x,x\n" * 101
    with pytest.raises(RefusedFile, match="第9002行有 utf-8 之外的字节"):
        read_bytes(content + (ROW.encode() + b"\n") * 9000)


@pytest.mark.parametrize("seed", range(40))
def test_lines_split_at_once_are_the_rows_of_the_reader(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    pieces = [
        "甲",
        "b",
        " ",
        ",",
        ",",
        ",",
        '"',
        '""',
        "\n",
        "\r\n",
        "\r",
        "\t",
        "，",
        "",
        "乙,丙,丁\n",
        '"戊\n己",庚,辛\n',
    ]
    path = tmp_path / "orders.csv"
    text = "".join(random.choice(pieces) for _ in range(random.choice((5, 80, 900)))) + '\n"'[: random.randrange(2)]
    odd = b"\xff" if seed % 3 == 0 else b""
    path.write_bytes(text.replace("乙", "乙\0" if seed % 5 == 0 else "乙").encode() + odd)

    def rows(width: int, lines: int) -> list[tuple[int, list[str], str | None]] | str:
        found: list[tuple[int, list[str], str | None]] = []
        try:
            for block, plain in csv_blocks(path, "utf-8", ",", "hotline orders.csv", width, lines):
                found += [tuple(row) for row in block]
                found += [(line, list(fields), None) for line, *fields in plain.iter_rows()]
        except RefusedFile as error:
            return str(error)
        return sorted(found, key=lambda row: row[0])

    one_by_one = rows(0, 2_000)
    for width in (1, 2, 3, 4):
        for lines in (1, 7, 2_000):
            assert rows(width, lines) == one_by_one


def test_most_lines_are_split_at_once(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text('a,b\n1,2\n"3",4\n5,6\n7\n', encoding="utf-8")
    ((rows, plain),) = csv_blocks(path, "utf-8", ",", "hotline orders.csv", 2)
    assert [row.fields for row in rows] == [["3", "4"], ["7"]]
    assert plain.rows() == [(1, "a", "b"), (2, "1", "2"), (4, "5", "6")]
