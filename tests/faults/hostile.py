"""Hostile files, each with a name and with what must become of it.

``fate`` is ``refused`` (the file by name), ``rejected`` (as many rows by name as said), ``taken`` (all rows go on) or
``ignored`` (no file of ours). Files carry the phone number ``PHONE``, which no log may show.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.faults.workbook import letters, sheet_xml, workbook

PHONE = "13900007391"
Fate = Literal["refused", "rejected", "taken", "ignored"]
_TIME = "2026-10-05 09:00:00"
_HOTLINE = {"工单编号": "{id}", "受理渠道": "12345电话", "工单类型": "投诉", "问题分类": "综合-其他", "标题": "路灯不亮",
            "主要内容": f"请回电{PHONE}", "来电人": "张三", "联系电话": PHONE, "被反映区": "东岭区", "被反映街乡镇": "梧桐街道",
            "村/社区": "新华社区", "小区点位": "天泽里", "承办单位": "梧桐街道办事处", "来电时间": _TIME, "派单时间": _TIME,
            "办结时间": "", "工单状态": "处理中", "是否解决": "", "是否满意": "", "更新时间": _TIME}  # fmt: skip
_APP = {"诉求编号": "{id}", "提交时间": _TIME, "渠道": "APP", "诉求类别": "其他", "诉求内容": f"请回电{PHONE}", "街道": "梧桐街道",
        "社区": "新华社区", "详细地址": "天泽里", "办理单位": "梧桐街道办事处", "状态": "处理中", "更新时间": _TIME}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One file."""

    name: str
    source: Literal["hotline", "app"]
    content: bytes
    fate: Fate
    rejected: int = 0


def _rows(name: str, base: dict[str, str], changes: list[dict[str, str]]) -> tuple[list[str], list[list[str]]]:
    rows = [{**base, **change} for change in changes]
    return list(base), [[value.replace("{id}", f"{name}-{i}") for value in row.values()] for i, row in enumerate(rows)]


def _csv(header: list[str], rows: list[list[str]], encoding: str = "gb18030", end: str = "\r\n", **more: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end).writerows([header, *rows])
    return text.getvalue().encode(encoding, **more)


def orders(name: str, *changes: dict[str, str], encoding: str = "gb18030", end: str = "\r\n") -> bytes:
    """A hotline file: one good row, and one for every change."""
    return _csv(*_rows(name, _HOTLINE, [{}, *changes]), encoding=encoding, end=end)


def appeals(name: str, *changes: dict[str, str], extra: dict[str, bytes] | None = None) -> bytes:
    """An app file, likewise."""
    header, rows = _rows(name, _APP, [{}, *changes])
    return workbook(sheet_xml([header, *rows]), extra)


def _parts(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The archive with each part changed, or left out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = change(name, old.read(name))
            if part is not None:
                new.writestr(name, part)
    return buffer.getvalue()


def _sheet(name: str, old: str, new: str) -> bytes:
    return _parts(
        appeals(name), lambda part, data: data.replace(old.encode(), new.encode()) if "sheet1" in part else data
    )


def _header(name: str, old: str, new: str) -> bytes:
    return orders(name).decode("gb18030").replace(old, new, 1).encode("gb18030")


def _wide(columns: int) -> bytes:
    header, rows = _rows("wide", _HOTLINE, [{}])
    return _csv(header + [f"列{i}" for i in range(columns)], [rows[0] + ["x"] * columns])


def cases() -> list[Case]:
    """All of them; every name once."""
    found: list[Case] = []

    def hotline(name: str, content: bytes, fate: Fate, rejected: int = 0) -> None:
        found.append(Case(name, "hotline", content, fate, rejected))

    def app(name: str, content: bytes, fate: Fate, rejected: int = 0) -> None:
        found.append(Case(name, "app", content, fate, rejected))

    def row(name: str, rejected: int = 0, **change: str) -> None:
        hotline(name, orders(name, change), "rejected" if rejected else "taken", rejected)

    whole = orders("whole")
    # the file as a whole
    hotline("zero_bytes", b"", "refused")
    hotline("blank_lines_only", b"\r\n\r\n\r\n", "refused")
    hotline("one_nul", b"\0", "refused")
    hotline("nul_in_the_middle", whole.replace(b"12345", b"12\x00345"), "rejected", 1)
    hotline("one_broken_byte", orders("one_broken_byte", {}).replace(b"12345", b"12\xff345", 1), "rejected", 1)
    hotline("broken_byte_in_the_header", whole.replace("受理".encode("gb18030"), b"\xff", 1), "refused")
    hotline("random_bytes", bytes((i * 7919 + i // 3) % 256 for i in range(5000)), "refused")
    hotline("utf16", orders("utf16", encoding="utf-16"), "refused")
    hotline("utf8_without_bom", orders("utf8_without_bom", encoding="utf-8"), "refused")
    hotline("utf8_with_bom", orders("utf8_with_bom", encoding="utf-8-sig"), "taken")
    hotline("bom_alone", b"\xef\xbb\xbf", "refused")
    hotline(
        "mixed_encodings", whole + orders("mixed", encoding="utf-8").split(b"\r\n")[1] + b"\xff\xff\r\n", "rejected", 1
    )
    hotline(
        "big5",
        _csv(*_rows("big5", {"工單編號": "一", "來電時間": "昨天"}, [{}]), encoding="big5"),
        "refused",
    )
    hotline("half_written_character", whole[:-60] + "街".encode("gb18030")[:1], "refused")
    hotline("half_written_quote", whole + b'"261001', "refused")
    hotline("half_written_row", whole + b"261001,APP", "rejected", 1)
    hotline("header_only", whole.split(b"\r\n")[0] + b"\r\n", "refused")
    hotline("header_twice", whole.split(b"\r\n")[0] + b"\r\n" + whole, "rejected", 1)
    hotline("cr_line_ends", orders("cr_line_ends", end="\r"), "taken")
    hotline("lf_line_ends", orders("lf_line_ends", end="\n"), "taken")
    hotline("no_header", b"\r\n".join(whole.split(b"\r\n")[1:]), "refused")
    hotline("wrong_separator", whole.replace(b",", b";"), "refused")
    hotline("html_error_page", "<html><body>登录超时</body></html>".encode("gb18030"), "refused")
    hotline("json_not_csv", b'{"error": "token expired"}', "refused")
    hotline("zip_as_csv", appeals("zip_as_csv"), "refused")
    hotline("gzip_as_csv", b"\x1f\x8b\x08\x00" + bytes(range(256)), "refused")
    hotline("twenty_thousand_columns", _wide(20_000), "refused")
    hotline("needed_column_missing", _header("x", "来电时间", "来电时刻"), "refused")
    hotline("header_repeated", _header("x", "标题", "来电人"), "refused")
    hotline("header_of_ours", _header("x", "标题", "batch_id"), "refused")
    hotline("open_quote_at_start", b'"' + whole, "refused")
    hotline("huge_cell", orders("huge_cell", {"主要内容": "长" * 200_000}), "refused")
    # hostile headers that are no ground to refuse
    hotline("sql_in_header", _header("sql_in_header", "是否满意", '"a"" , (select 1)); drop table x; --"'), "taken")
    hotline("quote_in_header", _header("quote_in_header", "是否满意", "a' or '1'='1"), "taken")
    hotline("rtl_in_header", _header("rtl_in_header", "标题", "\u202e标题"), "taken")
    hotline("blank_header", _header("blank_header", "是否满意", ""), "taken")
    hotline("emoji_header", _header("emoji_header", "是否满意", "😀"), "taken")
    # one hostile row beside a good one
    row("sql_in_unit", 承办单位="'); drop table raw.hotline; --")
    row("script_in_unit", 承办单位="<script>alert(1)</script>")
    row("formula_in_unit", 承办单位='=HYPERLINK("http://x","y")')
    row("wide_formula", 标题="＝cmd|' /C calc'!A0")
    row("rtl_mark_in_text", 标题="\u202e点不灯路")
    row("zero_width_in_text", 标题="路\u200b灯")
    row("emoji_in_text", 标题="路灯💡不亮")
    row("rare_characters", 标题="𠮷𡘙㙍䶮")
    row("line_breaks_in_cell", 主要内容="一\r\n二\n三")
    row("control_characters", 标题="\x01\x02\x1b[31m")
    row("separator_of_python", 主要内容="a\x1cb\x1db\x85c\u2028d")
    row("key_blank", 1, 工单编号="")
    row("key_of_blanks", 1, 工单编号="   ")
    row("key_dash", 1, 工单编号="--")
    row("key_of_300", 1, 工单编号="9" * 300)
    row("key_scientific", 1, 工单编号="2.50912E+17")
    row("key_with_nul_like", 1, 工单编号="1\u200f2")
    row("key_emoji", 工单编号="😀")
    row("key_sql", 工单编号="1'; delete from ops.batches; --")
    row("key_path", 工单编号="../../etc/passwd")
    row("key_negative", 工单编号="-7")
    row("key_of_40_digits", 工单编号="8" * 40)
    row("date_1899", 1, 来电时间="1899-12-30 00:00:00")
    row("date_9999", 1, 来电时间="9999-12-31 23:59:59")
    row("date_zero", 1, 来电时间="0000-00-00 00:00:00")
    row("date_february_30", 1, 来电时间="2026-02-30 10:00:00")
    row("date_of_40_digits", 1, 来电时间="1" * 40)
    row("date_negative", 1, 来电时间="-5")
    row("date_blank", 1, 来电时间="")
    row("date_in_the_future", 1, 来电时间="2126-12-31 10:00:00")
    row("known_9999", 1, 更新时间="9999-12-31 00:00:00")
    row("closed_9999", 办结时间="9999-12-31 00:00:00")
    hotline("same_key_other_content", orders("same_key", {"工单编号": "K"}, {"工单编号": "K", "标题": "别的"}), "taken")
    hotline("same_row_twice", orders("same_row", {"工单编号": "L"}, {"工单编号": "L"}), "taken")
    hotline("row_too_long", whole.rstrip() + b",a,b,c\r\n", "rejected", 1)
    hotline("row_too_short", whole + b"x,y\r\n", "rejected", 1)
    # workbooks
    app("xlsx_zero_bytes", b"", "refused")
    app("xlsx_is_text", b"a,b,c", "refused")
    app("xlsx_is_old_xls", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "refused")
    app("xlsx_cut_off", appeals("cut")[:700], "refused")
    app(
        "xlsx_flipped_bytes",
        (lambda b: b[:500] + bytes(x ^ 255 for x in b[500:540]) + b[540:])(appeals("flip")),
        "refused",
    )
    app("xlsx_empty_sheet", workbook(sheet_xml([])), "refused")
    app("xlsx_header_only", workbook(sheet_xml([list(_APP)])), "refused")
    app("xlsx_without_sheet", _parts(appeals("none"), lambda n, d: None if "sheet1" in n else d), "refused")
    app("xlsx_without_workbook", _parts(appeals("none"), lambda n, d: None if n == "xl/workbook.xml" else d), "refused")
    app(
        "xlsx_far_cell",
        _sheet("far", "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'),
        "refused",
    )
    bomb = _zip_bomb()
    app("xlsx_zip_bomb", bomb, "refused")
    lol = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    app(
        "xlsx_billion_laughs", _sheet("lol", "<worksheet", f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]><worksheet'), "taken"
    )
    app(
        "xlsx_outer_entity",
        _sheet("xxe", "<worksheet", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet'),
        "taken",
    )
    app("xlsx_six_thousand_parts", appeals("parts", extra={f"x/{i}": b"" for i in range(6000)}), "refused")
    app("xlsx_path_in_part", appeals("path", extra={"../../../tmp/evil": b"x"}), "taken")
    app("xlsx_macro_part", appeals("macro", extra={"xl/vbaProject.bin": b"x" * 99}), "taken")
    app(
        "xlsx_two_thousand_columns",
        workbook(sheet_xml([[*_APP, *(f"c{i}" for i in range(2000))], ["v"] * 2011])),
        "refused",
    )
    app("xlsx_formula_text", appeals("formula", {"办理单位": "=1+1"}), "taken")
    app("xlsx_emoji", appeals("emoji", {"诉求内容": "💡"}), "taken")
    app("xlsx_rtl", appeals("rtl", {"诉求内容": "\u202eabc"}), "taken")
    app("xlsx_date_9999", appeals("d9999", {"提交时间": "9999-12-31 00:00:00"}), "rejected", 1)
    app("xlsx_date_serial_negative", appeals("neg", {"提交时间": "-44000.5"}), "rejected", 1)
    app("xlsx_key_blank", appeals("blank", {"诉求编号": ""}), "rejected", 1)
    app("xlsx_key_of_300", appeals("k300", {"诉求编号": "甲" * 300}), "rejected", 1)
    assert letters(26) == "AA"
    return found


def _zip_bomb() -> bytes:
    """1.2 GB of blanks in about a megabyte."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with zipfile.ZipFile(io.BytesIO(appeals("bomb"))) as old:
            for name in old.namelist():
                archive.writestr(name, old.read(name))
        with archive.open("xl/worksheets/sheet2.xml", "w", force_zip64=True) as part:
            for _ in range(75):
                part.write(b" " * (1 << 24))
    return buffer.getvalue()
