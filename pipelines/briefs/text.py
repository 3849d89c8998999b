"""Plain lines: for terminals, pipes and chat windows. Widths count a Chinese character as two columns."""

from __future__ import annotations

import re

from rich.cells import cell_len

from pipelines.briefs.layout import URGENT_MARK, Block, Heading, Numbered, Paragraph, Table, lay_out
from pipelines.briefs.model import Brief
from pipelines.briefs.quality_layout import ANNEX_TITLE, lay_out_quality
from pipelines.briefs.wording import full_day

_NOT_FIRST = set("，。、；：）〕】》”！？％%,.;:)!?")
_NOT_LAST = set("（〔【《“‘(")
_GAP = "  "


def to_text(brief: Brief, width: int = 80) -> str:
    """The brief as plain lines of at most ``width`` columns (40 at least)."""
    width = max(width, 40)
    lines = [*masthead_lines(brief, width), *_block_lines(lay_out(brief), width), "", *signature_lines(brief)]
    if brief.quality_page:
        lines += [*annex_head_lines(width), *_block_lines(lay_out_quality(brief.quality_page), width)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n"


def annex_head_lines(width: int) -> list[str]:
    """The title of the annex between two rules."""
    return ["", "=" * width, _centred(ANNEX_TITLE, width), "=" * width]


def _block_lines(blocks: list[Block], width: int) -> list[str]:
    lines: list[str] = []
    for block in blocks:
        match block:
            case Heading(text):
                lines += ["", text, "-" * cell_len(text)]
            case Paragraph(text):
                lines += wrap(text, width)
            case Numbered():
                lines += numbered_lines(block, width)
            case Table():
                lines += ["", *table_lines(block, width), ""]
    return lines


def masthead_lines(brief: Brief, width: int) -> list[str]:
    """The head: title, issue and cut-off between two rules."""
    head = brief.masthead
    facts = f"{head.as_of_date.year}年第{head.issue_no}期　{head.marking}　数据截止{head.cut_off}"
    title = [_centred(line, width) for line in wrap(head.title, width)]
    return ["=" * width, *title, *wrap(facts, width), "=" * width]


def signature_lines(brief: Brief) -> list[str]:
    """The lines left to sign, and the date."""
    return [*(f"{label}____________" for label in brief.signature), full_day(brief.masthead.as_of_date)]


def numbered_lines(block: Numbered, width: int) -> list[str]:
    """A numbered list with hanging indent."""
    lines = []
    for number, (item, urgent) in enumerate(zip(block.items, block.urgent, strict=True), start=1):
        first, *rest = wrap(f"{URGENT_MARK if urgent else ''}{item}", width - 4)
        lines += [f"{number:>2}. {first}", *(f"    {line}" for line in rest)]
    return lines


def table_lines(table: Table, width: int) -> list[str]:
    """Aligned columns where they fit the width; otherwise one record a row, each figure named."""
    titles = [column.title for column in table.columns]
    widths = [max(map(cell_len, cells)) for cells in zip(titles, *table.rows, strict=True)]
    lines = wrap(table.caption, width)
    if sum(widths) + len(_GAP) * (len(widths) - 1) <= width:
        numbers = [column.is_number for column in table.columns]
        for row in (titles, *table.rows):
            cells = [_padded(cell, size, number) for cell, size, number in zip(row, widths, numbers, strict=True)]
            lines.append(_GAP.join(cells).rstrip())
        return lines
    for row in table.rows:
        named = "；".join(f"{title}：{cell}" for title, cell in zip(titles[2:], row[2:], strict=True))
        lines += wrap(f"{row[0]} {row[1]}", width)
        lines += [f"    {line}" for line in wrap(named, width - 4)]
    return lines


def wrap(text: str, width: int) -> list[str]:
    """Break at any character, but keep closing punctuation off the start of a line and numbers and words whole."""
    lines, line, used = [], "", 0
    for unit in _units(text):
        size = cell_len(unit)
        if used + size > width and line:
            lines.append(line)
            line, used = "", 0
            unit = unit.lstrip(" ")
            size = cell_len(unit)
        line, used = line + unit, used + size
    return [*lines, line]


def _units(text: str) -> list[str]:
    """What may not be broken: runs of letters and digits (up to 20), and marks with what they open or close."""
    units: list[str] = []
    for char in text:
        last = units[-1] if units else ""
        is_of_word = (char.isascii() and char.isalnum()) or char in "._-"
        is_in_word = is_of_word and last[-1:].isascii() and last[-1:] != " "
        if last and len(last) < 20 and (is_in_word or char in _NOT_FIRST or last[-1] in _NOT_LAST):
            units[-1] += char
        else:
            units.append(char)
    return units


def _padded(text: str, width: int, is_number: bool) -> str:
    fill = " " * (width - cell_len(text))
    return fill + text if is_number else text + fill


def _centred(text: str, width: int) -> str:
    return " " * ((width - cell_len(text)) // 2) + text
