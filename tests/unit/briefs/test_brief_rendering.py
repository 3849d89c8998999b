"""The renderings: complete, harmless, and the same every time."""

from __future__ import annotations

import io
import re
import unicodedata
from html.parser import HTMLParser

import pytest
from brief_snapshot import sql
from rich.cells import cell_len
from rich.console import Console

from pipelines.briefs.layout import Numbered, lay_out
from pipelines.briefs.model import from_json
from pipelines.briefs.render import to_html, to_json, to_terminal, to_text
from pipelines.briefs.text import wrap
from pipelines.briefs.wording import plain

# a hostile name, and what of it must not stand in the page
HOSTILE = {
    "<script>alert(1)</script>": "<script",
    '"><img src=x onerror=alert(1)>': "<img",
    '=HYPERLINK("http://evil.example")': ">=HYPERLINK",
    "＝cmd|calc": ">＝cmd",
    "@SUM(1+1)": ">@SUM",
    "福泽\u202eTXT.社区": "\u202e",
    "福\u200b泽\ufeff社区": "\u200b",
    "社区\x1b[31m红\x07": "\x1b",
    "[red]社区[/red] :smile:": "\x1b",
    "</style><style>body{display:none}": "</style><style>",
    "{{ 7*7 }}{% raw %}": "49",
}


class Tags(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


def parsed(html: str) -> Tags:
    """The tags of a page."""
    tags = Tags()
    tags.feed(html)
    return tags


def terminal(brief, **options) -> str:
    """What a console shows."""
    console = Console(file=io.StringIO(), **options)
    to_terminal(brief, console)
    return console.file.getvalue()


def test_json_round_trip(brief):
    assert from_json(to_json(brief)) == brief


def test_same_inputs_same_bytes(compose_after, brief):
    again = compose_after(sql())
    assert again == brief
    for render in (to_json, to_html, to_text):
        assert render(again) == render(brief)


def test_html_reaches_for_nothing(brief):
    html = to_html(brief)
    tags = parsed(html)
    assert not {"script", "link", "img", "iframe", "a", "form", "object", "base"} & set(tags.tags)
    assert not {"src", "href", "style", "onload", "onerror", "onclick"} & {name for name, _ in tags.attributes}
    assert "//" not in html
    assert "url(" not in html and "@import" not in html
    policy = next(value for name, value in tags.attributes if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_html_prints_as_an_official_document(brief):
    html = to_html(brief)
    assert "size: A4" in html
    assert "方正小标宋简体" in html
    for heading in ("今日要办", "一、昨日受理", "二、热点与异动", "三、未来7日热点预测", "四、上期预测回看"):
        assert f"<h2>{heading}</h2>" in html
    assert "<span>签发：</span>" in html
    assert "0.72（7天内≥5件即为热点）" in html


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(compose_after, brief, name):
    quoted = name.replace("'", "''")
    hostile = compose_after(
        sql(
            f"update mart.hotspot_forecast set community_name = '{quoted}', issue_name = '{quoted}', "
            f"responsible_unit = '{quoted}', reasons = '{quoted}', district_name = null, street_name = null",
            f"update mart.places set place_name = '{quoted}'",
            f"update mart.issues set issue_name = '{quoted}'",
            f"update mart.issue_words set word = '{quoted}'",
            f"update mart.daily_counts set channel = '{quoted}', demand_type = '{quoted}'",
            f"update mart.source_status set source_title = '{quoted}', owner = '{quoted}', refusals = '{quoted}', "
            "refused_files = 1",
        ),
        city_title=name,
    )
    html = to_html(hostile)
    assert set(parsed(html).tags) == set(parsed(to_html(brief)).tags)
    assert HOSTILE[name] not in html
    screen = terminal(hostile, force_terminal=True, width=120, color_system=None)
    for shown in (html, to_text(hostile), to_json(hostile), screen):
        assert not [char for char in shown if char != "\n" and unicodedata.category(char) in {"Cc", "Cf"}]
        assert ("[red]" in shown and ":smile:" in shown) or "[red]" not in name


def test_formula_starts_are_defused_and_spaces_folded():
    assert plain("=1+1") == "'=1+1"
    assert plain("\t@x") == "'@x"
    assert plain(" a\n\u200b b ") == "a b"
    assert plain("长" * 100, 10) == "长" * 9 + "…"
    assert plain(None) == ""


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_text_keeps_to_its_width(brief, width):
    assert max(map(cell_len, to_text(brief, width).splitlines())) <= width


def test_wrap_keeps_numbers_whole():
    text = "可能性较大（0.72），占41.7%，编码06010。" * 4
    for width in range(16, 60):
        lines = wrap(text, width)
        assert "".join(lines).count("0.72") == sum(line.count("0.72") for line in lines) == 4
        assert sum(line.count("41.7%") for line in lines) == sum(line.count("06010") for line in lines) == 4


def test_wrap_loses_nothing_and_starts_no_line_with_a_comma():
    text = "近7日（11月14日至11月20日）受理居民诉求420件，较前7日（400件）上升5.0%；“暴露垃圾（06010）”居首。" * 3
    for width in range(20, 60):
        lines = wrap(text, width)
        assert "".join(lines) == text
        assert all(line[0] not in "，。；）”" for line in lines)
        assert all(line[-1] not in "（“" for line in lines)


def test_terminal_shows_plain_lines_in_a_pipe_and_tables_on_a_screen(brief):
    assert terminal(brief, width=80) == to_text(brief, 80)
    screen = terminal(brief, force_terminal=True, width=140)
    assert "\x1b[" in screen
    assert "┌" in screen
    assert max(map(cell_len, re.sub(r"\x1b\[[\d;]*m", "", screen).splitlines())) <= 140
    narrow = terminal(brief, force_terminal=True, width=60, color_system=None)
    assert max(map(cell_len, narrow.splitlines())) <= 60


def test_every_rendering_shows_every_action(brief):
    numbered = next(block for block in lay_out(brief) if isinstance(block, Numbered))
    text = to_text(brief, 2000)
    for item in numbered.items:
        assert item in text
        assert item in to_html(brief)
    assert text.count("【危险】") == 2
