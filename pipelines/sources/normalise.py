"""From text columns as they came to canonical, typed columns. Vectorised; one function a kind of value."""

from __future__ import annotations

import datetime as dt
import math
from functools import partial

import polars as pl

# year, month, day; then, after a sign that the day is over, weekday, half of the day, hour, minute, second
_CLOCK = (
    r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})"
    r"(?:(?:日|[T\s]|[(（]?(?:星期|周))[T\s]*(?:[(（]?(?:星期|周)?[一二三四五六日天][)）]?)?\s*"
    r"(凌晨|早上|上午|中午|下午|晚上)?\s*(?:(\d{1,2})(?:[:点时](\d{1,2})?)?(?:[:分](\d{1,2})?)?(?:\.\d+)?秒?)?)?"
    r"\s*$"
)
# a clock time followed by its distance from Greenwich
_ZONED = r"^(.*\d{1,2}:\d{2}.*?)\s*(?:Z|UTC|GMT|([+-])(\d{2}):?(\d{2})?)$"
CHINA = "Asia/Shanghai"
EARLIEST = dt.datetime(2000, 1, 1)
LATEST = dt.datetime(2100, 1, 1)
_YES = ["是", "已解决", "解决", "基本解决", "满意", "非常满意", "基本满意", "属实", "true", "1", "y", "yes"]
_NO = ["否", "未解决", "不满意", "非常不满意", "不属实", "false", "0", "n", "no"]


def to_text(column: pl.Expr) -> pl.Expr:
    """Trimmed text; empty and placeholder dashes become null."""
    text = column.cast(pl.String).str.strip_chars()
    return pl.when(text.is_in(["", "-", "--", "—", "无", "null", "NULL", "None", "nan"])).then(None).otherwise(text)


def to_time(column: pl.Expr, timezone: str = CHINA) -> pl.Expr:
    """City-local time from the forms exports use; null where no form fits or the date does not exist.

    Forms: ``2025-09-01 09:30:00``, ``2025/9/1 9:30``, ``2025年9月1日 上午9点30分``, ``20250901093000``, ``20250901``,
    Excel serials (days since 1899-12-30), with or without weekday and full-width digits. A time that names its distance
    from Greenwich (``Z``, ``+08:00``) is moved to ``timezone``, the city's; one that names none is the city's already.
    """
    return column.cast(pl.String).map_batches(
        partial(_times, timezone=timezone), return_dtype=pl.Datetime("us"), is_elementwise=True
    )


def _times(texts: pl.Series, timezone: str) -> pl.Series:
    """Most cells have the plain form, which is read fast; the others are read once each."""
    plain = texts.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
    others = texts.filter(plain.is_null() & texts.is_not_null()).unique()
    if others.is_empty():
        return plain
    forms = pl.coalesce(_with_offset(pl.col("text"), timezone), _in_any_form(pl.col("text")))
    read = others.to_frame("text").select(forms).to_series()
    return plain.fill_null(texts.replace_strict(others, read, default=None, return_dtype=pl.Datetime("us")))


def _with_offset(column: pl.Expr, timezone: str) -> pl.Expr:
    part = [column.str.normalize("NFKC").str.strip_chars().str.extract(_ZONED, group) for group in range(1, 5)]
    minutes = part[2].cast(pl.Int64) * 60 + part[3].fill_null("0").cast(pl.Int64)
    minutes = pl.when(part[1] == "-").then(-minutes).otherwise(minutes).fill_null(0)
    greenwich = _in_any_form(part[0]) - pl.duration(minutes=minutes)
    return greenwich.dt.replace_time_zone("UTC").dt.convert_time_zone(timezone).dt.replace_time_zone(None)


def _in_any_form(column: pl.Expr) -> pl.Expr:
    text = column.str.normalize("NFKC").str.strip_chars()
    groups = text.str.extract_groups(_CLOCK)
    part = [groups.struct.field(str(i)) for i in range(1, 8)]
    hour = part[4].fill_null("0").cast(pl.Int64, strict=False)
    half = part[3].fill_null("")
    afternoon = (half.is_in(["下午", "晚上"]) & (hour < 12)) | ((half == "中午") & (hour < 4))
    hour = pl.when(afternoon).then(hour + 12).when((half == "凌晨") & (hour == 12)).then(0).otherwise(hour)
    is_midnight = (half == "晚上") & (part[4] == "12")
    written = pl.format(
        "{}-{}-{} {}:{}:{}",
        part[0],
        part[1].str.zfill(2),
        part[2].str.zfill(2),
        pl.when(is_midnight).then(0).otherwise(hour).cast(pl.String).str.zfill(2),
        part[5].fill_null("0").str.zfill(2),
        part[6].fill_null("0").str.zfill(2),
    ).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False)
    # twelve in the evening is the beginning of the next day
    written = pl.when(is_midnight).then(written + pl.duration(days=1)).otherwise(written)
    compact = pl.when(text.str.contains(r"^(19|20)\d{12}$")).then(text).str.to_datetime("%Y%m%d%H%M%S", strict=False)
    day = pl.when(text.str.contains(r"^(19|20)\d{6}$")).then(text).str.to_datetime("%Y%m%d", strict=False)
    days = pl.when(text.str.contains(r"^\d{5}(\.\d+)?$")).then(text).cast(pl.Float64, strict=False)
    serial = pl.lit(dt.datetime(1899, 12, 30)) + pl.duration(seconds=(days * 86400).round(0).cast(pl.Int64))
    return pl.coalesce(written, compact, day, serial).cast(pl.Datetime("us"))


def in_reach(time: pl.Expr) -> pl.Expr:
    """The time, or null outside 2000 to 2100: 1899-12-30 and 9999-12-31 stand for "none" in many systems."""
    return pl.when(time.is_between(EARLIEST, LATEST, closed="left")).then(time)


def to_reporter(phone: pl.Expr, name: pl.Expr) -> pl.Expr:
    """What tells callers apart: the digits of the phone without country code, else the name; null where neither does.

    One person writes the same number with blanks, dashes or +86; "anonymous" is nobody in particular.
    """
    digits = phone.str.normalize("NFKC").str.replace_all(r"[^\d*]", "").str.replace(r"^(?:00)?86(1\d{10})$", "$1")
    number = pl.when(digits.str.len_chars() >= 7).then(digits)
    return pl.coalesce(number, pl.when(~name.str.contains("匿名|不详|不愿|未知|保密|无名")).then(name))


def to_flag(column: pl.Expr) -> pl.Expr:
    """Yes and no as people write them; anything else is null."""
    text = column.cast(pl.String).str.strip_chars().str.to_lowercase()
    return pl.when(text.is_in(_YES)).then(True).when(text.is_in(_NO)).then(False).otherwise(None)


def to_cell(latitude: pl.Expr, longitude: pl.Expr, south: float, west: float, size_km: float) -> pl.Expr:
    """Code of the square cell that holds a point, ``R<row>C<column>`` counted from the south-west corner.

    A degree of latitude is 111.32 km; a degree of longitude shrinks with the cosine of the southern bound's latitude.
    """
    row = ((latitude - south) * 111.32 / size_km).floor().cast(pl.Int64)
    column = ((longitude - west) * 111.32 * math.cos(math.radians(south)) / size_km).floor().cast(pl.Int64)
    return pl.format("R{}C{}", row.cast(pl.String).str.zfill(3), column.cast(pl.String).str.zfill(3))
