"""A minimal XLSX writer whose bytes depend on nothing but its arguments.

Spreadsheet libraries stamp the moment of writing into the file; the sample city must come out the same every time. It
also lets one column hold real dates, bare serial numbers and text, as hand-kept spreadsheets do.
"""

import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

Cell = str | int | float | datetime | None

_EPOCH = datetime(1899, 12, 30)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    # style 0 is plain, style 1 a date with time
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>',
}
_NEEDS_ESCAPE = re.compile("[&<>]")


def serial(moment: datetime) -> float:
    """The Excel serial number of a moment (days since 1899-12-30, 1900 date system)."""
    delta = moment - _EPOCH
    return delta.days + delta.seconds / 86_400


def column_letters(count: int) -> list[str]:
    """Column names A, B, … for up to 26 columns."""
    return [chr(ord("A") + i) for i in range(count)]


def _cell(reference: str, value: Cell) -> str:
    """One cell as XML; empty and missing values give no cell."""
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        text = escape(value) if _NEEDS_ESCAPE.search(value) else value
        return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    if isinstance(value, datetime):
        return f'<c r="{reference}" s="1"><v>{serial(value):.15g}</v></c>'
    return f'<c r="{reference}"><v>{value:.15g}</v></c>'


def write_xlsx(path: Path, rows: Iterable[Sequence[Cell]]) -> None:
    """Write rows (title rows and header included) into the single sheet of a new workbook.

    A date cell holds Excel's serial number with a date format.
    """
    letters = column_letters(26)
    body: list[str] = [f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>']
    for number, row in enumerate(rows, 1):
        cells = "".join([_cell(f"{letters[i]}{number}", value) for i, value in enumerate(row)])
        body.append(f'<row r="{number}">{cells}</row>')
    body.append("</sheetData></worksheet>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for name, text in {
            **{n: _XML + t for n, t in _PARTS.items()},
            "xl/worksheets/sheet1.xml": "".join(body),
        }.items():
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 0
            archive.writestr(info, text.encode())
