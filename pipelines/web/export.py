"""All rows of a view as an Excel workbook or a CSV file."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from pipelines.errors import XianbanError
from pipelines.web import planning, queries
from pipelines.web.queries import Reader, Row
from pipelines.web.text import guarded
from pipelines.web.view import View

if TYPE_CHECKING:
    import polars as pl
    from xlsxturbo.types import ColumnFormat, HeaderFormat, SheetOptions

EXCEL_ROWS = 1_048_575
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"

HEADER_FORMAT: HeaderFormat = {"bold": True, "bg_color": "#DCE6F4", "border": True}
_NUMBER_FORMATS = {"probability": "0.0%", "expected_count": "0.0", "rate": "0.0"}
_WIDE: dict[str, float] = {"reasons": 60, "responsibility_basis": 40, "responsible_unit": 20}


class TooManyRows(XianbanError):
    """More rows than one worksheet can hold."""


def file_headers(
    reader: Reader, extension: str, name: str = "forecast", title: str = "未来7天热点预测"
) -> dict[str, str]:
    """The header that makes a browser save the answer, under a name that carries the as-of date."""
    date = reader.snapshot.as_of_date.isoformat()
    chinese = quote(f"{title}_截至{date}.{extension}")
    return {
        "Content-Disposition": f"attachment; filename=\"xianban_{name}_{date}.{extension}\"; filename*=UTF-8''{chinese}"
    }


def to_csv(reader: Reader, view: View) -> bytes:
    """A CSV file that Excel opens as UTF-8; all text quoted, so that codes and line ends stay whole."""
    frame = _forecast(reader, view, queries.dictionary(reader)[1])
    text = frame.write_csv(include_bom=True, quote_style="non_numeric")
    return text.encode("utf-8")


def to_xlsx(reader: Reader, view: View) -> bytes:
    """A workbook: the forecast, the list of 28 days where there is one, what the columns mean, what was exported.

    Raises:
        TooManyRows: the view has more rows than a worksheet.
    """
    import xlsxturbo

    total = queries.totals(reader, view)["cell_count"]
    if total > EXCEL_ROWS:
        raise TooManyRows(f"{total} rows do not fit one worksheet; narrow the filter, or export CSV")
    table_comment, columns = queries.dictionary(reader)
    names = [column["column_name"] for column in columns]
    head: SheetOptions = {"header_format": HEADER_FORMAT, "freeze_panes": True}
    forecast: SheetOptions = {
        **head,
        "autofilter": True,
        "column_formats": column_formats(columns),
        "column_widths": {place: _WIDE.get(name, 14) for place, name in enumerate(names)},
    }
    words: SheetOptions = {**head, "column_widths": {0: 26, 1: 40, 2: 12, 3: 60}}
    about: SheetOptions = {**head, "column_widths": {0: 18, 1: 90}}
    workbook = io.BytesIO()
    xlsxturbo.dfs_to_xlsx(
        [
            (_forecast(reader, view, columns), "预测", forecast),
            *_planning(reader, view, forecast),
            (dictionary_sheet(table_comment, columns, "预测", "hotspot_forecast"), "数据字典", words),
            (_about(reader, view, total), "说明", about),
        ],
        workbook,
    )
    return workbook.getvalue()


def headings(columns: list[Row]) -> dict[str, str]:
    """Column name → Chinese heading: the column's comment up to its first bracket or colon."""
    return {
        column["column_name"]: re.split("[（：]", column["comment"] or column["column_name"])[0] for column in columns
    }


def _forecast(reader: Reader, view: View, columns: list[Row]) -> pl.DataFrame:
    return safe(reader.relation(queries.forecast_sql(view), view).pl(), columns)


def _planning(reader: Reader, view: View, options: SheetOptions) -> list[tuple[pl.DataFrame, str, SheetOptions]]:
    """The sheet of the 28-day list, cut to the same places, issue and keyword; none in an older snapshot."""
    if not planning.is_published(reader):
        return []
    _, columns = queries.dictionary(reader, planning.TABLE)
    frame = safe(reader.relation(planning.rows_sql(), view).pl(), columns)
    widths: dict[int | str, float] = dict.fromkeys(range(len(columns)), 14)
    return [(frame, "28天规划", {**options, "column_formats": column_formats(columns), "column_widths": widths})]


def safe(frame: pl.DataFrame, columns: list[Row]) -> pl.DataFrame:
    """Under Chinese headings, without anything that a spreadsheet would compute."""
    import polars as pl

    safe = [
        pl.col(name).map_batches(_guard_column, return_dtype=pl.String)
        for name, kind in frame.schema.items()
        if kind == pl.String
    ]
    words = [
        pl.when(pl.col(name))
        .then(pl.lit("是"))
        .when(~pl.col(name))
        .then(pl.lit("否"))
        .alias(name)  # unknown stays empty
        for name, kind in frame.schema.items()
        if kind == pl.Boolean
    ]
    return frame.with_columns(*safe, *words).rename(headings(columns))


def _guard_column(values: pl.Series) -> pl.Series:
    """Guard each distinct text once: names repeat in thousands of rows."""
    distinct = values.unique()
    return values.replace_strict(distinct, [guarded(text) for text in distinct], return_dtype=values.dtype)


def dictionary_sheet(table_comment: str, columns: list[Row], title: str, table: str) -> pl.DataFrame:
    """What a table and its columns mean, one row each."""
    heading = headings(columns)
    return text_frame(
        ["列", "字段", "类型", "说明"],
        [(f"{title}（整表）", f"mart.{table}", "", table_comment)]
        + [
            (heading[column["column_name"]], column["column_name"], column["data_type"], column["comment"] or "")
            for column in columns
        ],
    )


def _about(reader: Reader, view: View, total: int) -> pl.DataFrame:
    """What a reader who finds the file a year later needs to know."""
    window = queries.overview(reader)
    chosen, _ = queries.method(reader)
    as_of_date = reader.snapshot.as_of_date
    lines = [
        ("内容", "未来7天热点预测：每行是一个社区的一类问题"),
        ("数据截止", f"{as_of_date} 00:00（当日数据不计入）"),
        ("预测窗口", f"{as_of_date} 至 {window['window_end_date'] or '—'}"),
        ("预测方法", chosen["forecaster_title"] if chosen else "—"),
        ("最佳基线", chosen["baseline_title"] if chosen else "—"),
        ("选用理由", chosen["reason"] if chosen else "—"),
        ("筛选条件", filter_text(reader, view)),
        ("行数", str(total)),
        ("数据范围", reader.areas.text),
        ("导出人", reader.person),
        ("快照", f"截至 {as_of_date}，指纹 {reader.snapshot.fingerprint[:16]}"),
        ("热点的含义", "窗口7天内，该社区该类居民诉求达到门槛件数；门槛按问题每年定一次，不随模型调整"),
        ("概率的含义", "概率不是结论：十条写着70%的，大约七条会成为热点"),
        ("28天规划表", "未来28天热点预测，供安排资源；按同样的区划、问题和关键词筛选，风险等级只用于7天预测"),
        ("对照", "标为对照的不派未诉先办单，用来估计提前办理的效果；危险问题不作对照"),
        ("单元格前的撇号", "以等号等符号开头的文字前加撇号，防止被当作公式"),
    ]
    return text_frame(["项目", "内容"], lines)


def filter_text(reader: Reader, view: View) -> str:
    """The filter in words."""
    parts = [crumb["name"] for crumb in queries.breadcrumbs(reader, view)]
    parts += [f"问题编码 {view.issue}"] if view.issue else []
    parts += [f"风险等级 {view.level}"] if view.level else []
    parts += [f"关键词 {view.keyword}"] if view.keyword else []
    return "；".join(parts) or "无（全部）"


def text_frame(names: list[str], rows: Sequence[tuple[str, ...]]) -> pl.DataFrame:
    """A sheet of words."""
    import polars as pl

    return pl.DataFrame(
        [[guarded(text) for text in row] for row in rows], schema=dict.fromkeys(names, pl.String), orient="row"
    )


def column_formats(columns: list[Row]) -> dict[str, ColumnFormat]:
    """Excel number formats by heading."""
    heading = headings(columns)
    formats: dict[str, ColumnFormat] = {}
    for column in columns:
        name, kind = column["column_name"], column["data_type"]
        if kind == "DATE":
            formats[heading[name]] = {"num_format": "yyyy-mm-dd"}
        elif kind == "DOUBLE":
            formats[heading[name]] = {
                "num_format": next((text for part, text in _NUMBER_FORMATS.items() if part in name), "0.0")
            }
        elif kind in ("INTEGER", "BIGINT"):
            formats[heading[name]] = {"num_format": "0"}
    return formats
