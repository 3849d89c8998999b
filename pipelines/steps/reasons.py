"""Turn the facts that moved a forecast into one sentence that an official can check."""

from __future__ import annotations

import datetime as dt

import polars as pl

from models.reasons import YEAR
from models.targets import LOOK_BACK_WEEKS

_UP, _DOWN = "", "（压低预测）"


def sentences(facts: pl.DataFrame, evidence: pl.DataFrame, as_of_date: dt.date, weeks: int) -> pl.DataFrame:
    """One sentence a cell: its counts first, then what moved the forecast most.

    Args:
        facts: from :func:`models.reasons.reasons`.
        evidence: rows of ``feature.complaint_counts`` of the as-of date.
        as_of_date: for days since the last handling.
        weeks: of recording that the facts were taken from: averages are named by no longer span.

    Returns:
        Rows of ``forecast.reasons``. Grain: cell. Cells without complaints in 52 weeks get no row.
    """
    moved: dict[tuple[str, str], list[str]] = {}
    for row in facts.iter_rows(named=True):
        words = _fact(row["key"], row["value"], row["contribution"], weeks)
        if words:
            moved.setdefault((row["community_code"], row["issue_code"]), []).append(words)
    rows = []
    for row in evidence.iter_rows(named=True):
        cell = (row["community_code"], row["issue_code"])
        parts = [f"近4周{row['complaint_count_28d']}件"]
        if row["complaint_count_same_28d_last_year"]:
            parts.append(f"去年同期{row['complaint_count_same_28d_last_year']}件")
        parts += moved.get(cell, [])[:2]
        if row["unresolved_count_28d"]:
            parts.append(f"尚有{row['unresolved_count_28d']}件未办结")
        elif row["last_closed_date"] is not None and row["complaint_count_7d"]:
            parts.append(f"最近一次办结后第{(as_of_date - row['last_closed_date']).days}天")
        rows.append({"as_of_date": as_of_date, "community_code": cell[0], "issue_code": cell[1],
                     "reasons": "、".join(parts)})  # fmt: skip
    texts = {"community_code": pl.String, "issue_code": pl.String, "reasons": pl.String}
    return pl.DataFrame(rows, schema={"as_of_date": pl.Date, **texts})


def _fact(key: str, value: float, contribution: float, weeks: int) -> str | None:
    """The words for one fact; the four-week count stands in every sentence already."""
    side = _UP if contribution > 0 else _DOWN
    is_long = weeks >= YEAR
    if key == "mean_52w":
        return f"{'常年' if is_long else f'有记录的{weeks}周'}周均{value:.1f}件{side}"
    if key == "share_13w":
        # a level is a share of the city: it may rise while counts fall, if they fall less than elsewhere
        says = round(value, 1)
        if not is_long or says == 1 or (says > 1) != (contribution > 0):
            return None
        return f"近13周占全市同类的比重为常年的{says}倍{side}"
    if key == "last_week":
        return f"上周{value:.0f}件{side}"
    if key == "city_ratio":
        return f"全市同类为{'常年' if is_long else f'有记录的{weeks}周平均'}的{value:.1f}倍{side}"
    if key == "season_factor":
        return f"时令系数{value:.1f}{side}" if is_long else None
    if key.startswith("hot_weeks"):
        return f"近{min(LOOK_BACK_WEEKS, weeks)}周{value:.0f}周为热点{side}"
    return None
