"""The workbook writer: what goes in comes out, and the bytes depend on nothing else."""

from datetime import datetime
from pathlib import Path

import fastexcel

from pipelines.synthetic.xlsx import serial, write_xlsx


def test_text_numbers_and_dates_come_back(tmp_path: Path) -> None:
    rows = [
        ("标题",),
        ("编号", "时间", "备注"),
        ("1", datetime(2026, 9, 1, 9, 31), "<a & b>"),
        ("2", 46266.5, " 空格 "),
    ]
    write_xlsx(tmp_path / "a.xlsx", rows)
    sheet = fastexcel.read_excel(tmp_path / "a.xlsx").load_sheet(0, header_row=None, dtypes="string").to_polars()
    assert sheet.rows() == [
        ("标题", None, None),
        ("编号", "时间", "备注"),
        ("1", "2026-09-01 09:31:00", "<a & b>"),
        ("2", "46266.5", " 空格 "),
    ]


def test_every_minute_of_a_day_keeps_its_minute(tmp_path: Path) -> None:
    moments = [datetime(2026, 9, 1, h, m) for h in range(24) for m in range(60)]
    write_xlsx(tmp_path / "a.xlsx", [(moment,) for moment in moments])
    sheet = fastexcel.read_excel(tmp_path / "a.xlsx").load_sheet(0, header_row=None, dtypes="string").to_polars()
    assert sheet.to_series().to_list() == [f"{moment:%Y-%m-%d %H:%M:%S}" for moment in moments]


def test_serial_numbers_follow_the_1900_system() -> None:
    assert serial(datetime(1900, 3, 1)) == 61.0
    assert serial(datetime(2026, 9, 1, 12)) == 46266.5


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_xlsx(tmp_path / f"{name}.xlsx", [("x", datetime(2026, 1, 1))])
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
