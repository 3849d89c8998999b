"""The incidents of a view, and their records, as a workbook or a CSV file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from pipelines.web import export, incidents, queries
from pipelines.web.queries import Reader, Row
from pipelines.web.view import IncidentView

if TYPE_CHECKING:
    import polars as pl
    from xlsxturbo.types import SheetOptions

NAME, TITLE = "incidents", "重点事件"
_WIDE: dict[str, float] = {
    "incident_title": 40,
    "record_title": 40,
    "unit_names": 30,
    "incident_id": 28,
    "event_id": 28,
}
# columns of the records that come from other tables of the snapshot, and what they mean
_JOINED = (
    ("source_title", "VARCHAR", "来源名称"),
    ("is_same_caller", "BOOLEAN", "同一来电人再次反映（近28天的诉求才作判断）"),
    ("is_same_place", "BOOLEAN", "同一点位再次反映（近28天的诉求才作判断）"),
    ("is_same_text", "BOOLEAN", "文本相同（近28天的诉求才作判断）"),
    ("same_caller_record_id", "VARCHAR", "同一来电人的前一件（工单编号；不在本清单的不列）"),
    ("same_place_record_id", "VARCHAR", "同一点位的前一件（工单编号；不在本清单的不列）"),
    ("same_text_record_id", "VARCHAR", "文本相同的前一件（工单编号；不在本清单的不列）"),
)


def to_csv(reader: Reader, view: IncidentView) -> bytes:
    """All incidents of the view as a CSV file that Excel opens as UTF-8."""
    _, columns = queries.dictionary(reader, incidents.TABLE)
    frame = export.safe(reader.relation(incidents.rows_sql(view), view).pl(), columns)
    return frame.write_csv(include_bom=True, quote_style="non_numeric").encode("utf-8")


def to_xlsx(reader: Reader, view: IncidentView) -> bytes:
    """A workbook: the incidents, their records as far as the reader may see them, the columns, what was exported."""
    import xlsxturbo

    meaning, columns = queries.dictionary(reader, incidents.TABLE)
    records_meaning, record_columns = queries.dictionary(reader, incidents.RECORDS)
    record_columns += [dict(zip(("column_name", "data_type", "comment"), joined, strict=True)) for joined in _JOINED]
    found = reader.relation(incidents.rows_sql(view), view).pl()
    listed = incidents.records_of(reader, found["incident_id"].to_list()).pl()
    records = export.safe(_named(listed), record_columns)
    workbook = io.BytesIO()
    xlsxturbo.dfs_to_xlsx(
        [
            (export.safe(found, columns), TITLE, _options(columns)),
            (records, "诉求清单", _options(record_columns)),
            (export.dictionary_sheet(meaning, columns, TITLE, incidents.TABLE), "数据字典", _words()),
            (
                export.dictionary_sheet(records_meaning, record_columns, "诉求清单", incidents.RECORDS),
                "诉求清单字典",
                _words(),
            ),
            (_about(reader, view, records.height), "说明", _words()),
        ],
        workbook,
    )
    return workbook.getvalue()


def _named(records: pl.DataFrame) -> pl.DataFrame:
    """Grounds in words."""
    import polars as pl

    return records.with_columns(pl.col("basis").replace(incidents.BASES))


def _options(columns: list[Row]) -> SheetOptions:
    names = [column["column_name"] for column in columns]
    return {
        "header_format": export.HEADER_FORMAT,
        "freeze_panes": True,
        "autofilter": True,
        "column_formats": export.column_formats(columns),
        "column_widths": {place: _WIDE.get(name, 14) for place, name in enumerate(names)},
    }


def _words() -> SheetOptions:
    return {
        "header_format": export.HEADER_FORMAT,
        "freeze_panes": True,
        "column_widths": {0: 26, 1: 50, 2: 12, 3: 60},
    }


def _about(reader: Reader, view: IncidentView, record_count: int) -> pl.DataFrame:
    """What a reader who finds the file a year later needs to know."""
    as_of_date, sums = reader.snapshot.as_of_date, incidents.totals(reader, view)
    lines = [
        ("内容", "重点事件：近28天有新诉求、近90天有两件及以上居民诉求的事件，全市按热度至多100起"),
        ("数据截止", f"{as_of_date} 00:00（当日数据不计入）"),
        ("筛选条件", filter_text(reader, view)),
        ("事件数", str(sums["incident_count"])),
        ("诉求件数", f"{sums['event_count']}，其中在查看范围内、列入诉求清单的 {record_count}"),
        ("数据范围", reader.areas.text),
        ("导出人", reader.person),
        ("快照", f"截至 {as_of_date}，指纹 {reader.snapshot.fingerprint[:16]}"),
        ("热度", "人数＋新近（0—0.6，距末件每14天减半）＋件数（0—0.3）；人数、件数按近90天统计"),
        ("人数", "没有来电人标识的诉求每件计一人；诉求人序号只在本事件内有效，不是身份"),
        ("归并", "所述相近、同一点位或来源注明关联的诉求由程序归为一起，未经人工核实"),
        ("单元格前的撇号", "以等号等符号开头的文字前加撇号，防止被当作公式"),
    ]
    return export.text_frame(["项目", "内容"], lines)


def filter_text(reader: Reader, view: IncidentView) -> str:
    """The filter in words."""
    said = export.filter_text(reader, view)
    own = [f"事件编号 {view.id}"] if view.id else []
    own += [f"首次至最近与 {view.since or '—'} 至 {view.until or '—'} 相交"] if view.since or view.until else []
    return "；".join([*own, *([] if said.startswith("无") and own else [said])])
