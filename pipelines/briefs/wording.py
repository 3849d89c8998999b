"""How figures become words: every change with its base, every share with its count, no forecast without a number."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable

from pipelines.briefs.model import Comparison, Share

NO_BASE = "无可比"
UNSTATED = "未填"
_FORMULA_STARTS = "=+-@＝＋－＠"
_DROPPED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_WEEKDAYS = "一二三四五六日"
_LIKELIHOODS = ((0.8, "很大"), (0.5, "较大"), (0.3, "中等"), (0.1, "较小"), (0.0, "很小"))
_KINDS = {"hotline_order": "热线工单", "grid_event": "网格案件"}
_CHANNELS = {
    "phone": "电话",
    "wechat": "微信",
    "web": "网站",
    "website": "网站",
    "app": "移动客户端",
    "mini_program": "小程序",
    "email": "电子邮件",
    "letter": "来信",
    "visit": "来访",
    "internet": "互联网",
    "transfer": "转办",
    "grid": "网格上报",
    "patrol": "巡查",
    "staff": "工作人员上报",
    "other": "其他",
}


def plain(value: str | None, limit: int = 60) -> str:
    """A name from the data as harmless text.

    Drops control, direction-override and zero-width characters, folds white space, cuts at ``limit``, and puts an
    apostrophe before a character that would start a formula when the cell is pasted into a spreadsheet.
    """
    spaced = "".join(" " if char.isspace() else char for char in value or "")
    kept = "".join(char for char in spaced if unicodedata.category(char) not in _DROPPED_CATEGORIES)
    text = " ".join(kept.split())
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return f"'{text}" if text.startswith(tuple(_FORMULA_STARTS)) else text


def channel_name(value: str | None) -> str:
    """The channel as officials call it; a value without a translation as the source writes it."""
    return _CHANNELS.get(value or "", plain(value)) or UNSTATED


def kind_name(value: str) -> str:
    """The kind of record as officials call it."""
    return _KINDS.get(value, plain(value))


def place_name(*levels: str | None) -> str:
    """District, street and community in one, leaving out the levels that a city does not have."""
    names = [name for name in map(plain, levels) if name]
    is_chinese = all(unicodedata.east_asian_width(name[-1]) == "W" for name in names)
    return ("" if is_chinese else "·").join(names) or "未定位"


def issue_label(name: str | None, code: str) -> str:
    """An issue with its code, as in 暴露垃圾（06010）."""
    return f"{plain(name) or '未命名问题'}（{plain(code)}）"


def day(date: dt.date) -> str:
    """11月20日."""
    return f"{date.month}月{date.day}日"


def day_and_weekday(date: dt.date) -> str:
    """11月20日（周五）."""
    return f"{day(date)}（周{_WEEKDAYS[date.weekday()]}）"


def full_day(date: dt.date) -> str:
    """2026年11月20日."""
    return f"{date.year}年{day(date)}"


def span(first: dt.date, last: dt.date) -> str:
    """11月21日至11月27日, with the years where they differ."""
    write = day if first.year == last.year else full_day
    return f"{write(first)}至{write(last)}"


def probability(value: float) -> str:
    """Two decimals; never 1.00 or 0.00, which would read as certainty."""
    if value > 0.99:
        return "大于0.99"
    return "小于0.01" if value < 0.01 else f"{value:.2f}"


def likelihood(value: float) -> str:
    """The word for a probability, with the probability: 可能性较大（0.72）."""
    word = next(word for least, word in _LIKELIHOODS if round(value, 2) >= least)
    return f"可能性{word}（{probability(value)}）"


def figure(value: float | None, digits: int = 3) -> str:
    """A backtest figure, or a dash where there is none."""
    return "—" if value is None else f"{value:.{digits}f}"


def percentage(value: float | None) -> str:
    """A rate with one decimal, or a dash where its base is zero."""
    return "—" if value is None else f"{value:.1%}"


def heat_in_parts(people_count: int, recency: float, heat: float) -> tuple[str, str]:
    """An incident's heat and its parts with two decimals, as in 12.83 and 12＋0.55＋0.28, which add up as printed.

    The last part, that of volume, takes what rounding leaves.
    """
    total, recent = round(heat, 2), round(recency, 2)
    return f"{total:.2f}", f"{people_count}＋{recent:.2f}＋{total - people_count - recent:.2f}"


def amount(value: float) -> str:
    """A count with its unit; means keep one decimal."""
    return f"{value:.0f}件" if float(value).is_integer() else f"{value:.1f}件"


def shares(counts: Iterable[tuple[str, int]], most: int) -> tuple[Share, ...]:
    """Largest first, the rest beyond ``most`` summed as 其他."""
    ordered = sorted(counts, key=lambda item: (-item[1], item[0]))
    total = sum(count for _, count in ordered)
    if len(ordered) > most:
        rest = sum(count for _, count in ordered[most - 1 :])
        ordered = [*ordered[: most - 1], (f"其余{len(ordered) - most + 1}项", rest)]
    return tuple(Share(name, count, count / total) for name, count in ordered if total)


def share_list(parts: Iterable[Share]) -> str:
    """电话70件（占58.3%）、微信50件（占41.7%）."""
    return "、".join(f"{counted(part.name, part.count)}（占{part.share:.1%}）" for part in parts)


def counted(name: str, count: int) -> str:
    """电话70件; after a name that ends in a digit or letter, 12345：70件, so that the two are not read as one."""
    gap = "：" if name[-1:].isascii() and name[-1:].isalnum() else ""
    return f"{name}{gap}{count}件"


def compare(label: str, base_label: str, now: float, base: float | None) -> Comparison:
    """A change with its base.

    Args:
        label: what the figure is set against, as in 前日.
        base_label: when that was, as in 11月19日.
        now: the figure.
        base: its base; None where there are no data for it.
    """
    if base is None:
        return Comparison(None, None, None, f"较{label}（{base_label}无数据）{NO_BASE}")
    where = f"{label}（{base_label}{amount(base)}）"
    if base == 0:
        return Comparison(base, now, None, f"较{where}{NO_BASE}")
    change, rate = now - base, (now - base) / base
    if change == 0:
        return Comparison(base, change, rate, f"与{where}持平")
    verb, turn = ("增加", "上升") if change > 0 else ("减少", "下降")
    return Comparison(base, change, rate, f"较{where}{verb}{amount(abs(change))}、{turn}{abs(rate):.1%}")


def change_cell(now: int, base: int | None) -> str:
    """A change for a table that shows the base in the column beside it."""
    if not base:
        return NO_BASE
    if now == base:
        return "持平"
    return f"{'增' if now > base else '减'}{abs(now - base)}（{abs(now - base) / base:.1%}）"
