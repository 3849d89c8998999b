"""Render a composed brief. Nothing is computed here; hostile names stay text in every medium."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from pipelines.briefs.layout import URGENT_MARK, Block, Heading, Numbered, Paragraph, Table, lay_out
from pipelines.briefs.model import Brief, to_json
from pipelines.briefs.quality_layout import ANNEX_TITLE, lay_out_quality
from pipelines.briefs.text import annex_head_lines, masthead_lines, numbered_lines, signature_lines, to_text, wrap
from pipelines.briefs.wording import full_day

__all__ = ["to_html", "to_json", "to_terminal", "to_text"]

_HERE = Path(__file__).resolve().parent
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_TONES = {"plain": "", "alert": "bold yellow", "note": "dim"}
_WIDE_ENOUGH_FOR_TABLES = 110


def to_html(brief: Brief) -> str:
    """A page that carries everything it shows: no script, no link, no remote file; prints on A4.

    The content security policy admits the one style sheet by its hash, so that nothing smuggled in could be styled,
    loaded or run even if escaping failed.
    """
    style = (_HERE / "brief.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _ENVIRONMENT.get_template("brief.html.j2").render(
        head=brief.masthead,
        blocks=_named(lay_out(brief)),
        annex_title=ANNEX_TITLE,
        annex=_named(lay_out_quality(brief.quality_page) if brief.quality_page else []),
        urgent_mark=URGENT_MARK,
        signature=brief.signature,
        signed_on=full_day(brief.masthead.as_of_date),
        style=Markup(style),
        style_hash=digest,
    )


def _named(blocks: list[Block]) -> list[tuple[str, Block]]:
    return [(type(block).__name__, block) for block in blocks]


def to_terminal(brief: Brief, console: Console) -> None:
    """Print the brief: coloured, with tables, on a terminal; as plain lines into a file or pipe."""
    if not console.is_terminal:
        _say(console, to_text(brief, console.width).rstrip("\n"))
        return
    for line in masthead_lines(brief, console.width):
        _say(console, line, "bold red")
    for block in lay_out(brief):
        _show(block, console)
    _say(console, "")
    for line in signature_lines(brief):
        _say(console, line)
    if brief.quality_page:
        for line in annex_head_lines(console.width):
            _say(console, line, "bold red")
        for block in lay_out_quality(brief.quality_page):
            _show(block, console)


def _say(console: Console, text: str, style: str = "") -> None:
    """Print text that was wrapped already; never read as markup."""
    console.print(Text(text, style=style), soft_wrap=True)


def _show(block: Block, console: Console) -> None:
    width = console.width
    match block:
        case Heading(text):
            _say(console, f"\n{text}", "bold red")
        case Paragraph(text, tone):
            _say(console, "\n".join(wrap(text, width)), _TONES[tone])
        case Numbered():
            for line in numbered_lines(block, width):
                _say(console, line, "bold red" if URGENT_MARK in line else "")
        case Table():
            console.print(_rich_table(block, width))


def _rich_table(table: Table, width: int) -> RichTable:
    """Columns on a wide terminal; on a narrow one each row's figures below one another."""
    shown = RichTable(title=Text(table.caption, style="bold"), box=box.SQUARE, show_lines=True, title_justify="left")
    if width >= _WIDE_ENOUGH_FOR_TABLES:
        for column in table.columns:
            shown.add_column(
                Text(column.title), ratio=column.width, overflow="fold", justify="right" if column.is_number else "left"
            )
        for row in table.rows:
            shown.add_row(*map(Text, row))
        return shown
    shown.show_header = False
    shown.add_column(overflow="fold")
    for row in table.rows:
        named = "\n".join(f"{column.title}：{cell}" for column, cell in zip(table.columns[2:], row[2:], strict=True))
        shown.add_row(Text(f"{row[0]} {row[1]}\n{named}"))
    return shown
