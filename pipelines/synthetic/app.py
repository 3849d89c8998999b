"""Appeals from the city's app and WeChat page: a hand-kept workbook with titles above the header and mixed dates."""

import zlib
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl

from pipelines.synthetic import people
from pipelines.synthetic.feed import Feed
from pipelines.synthetic.hotline import UNKNOWN_COMMUNITIES, VOID, add_handling, entry_times, spot_of
from pipelines.synthetic.labels import CategoryBook, duty_on, load_duties
from pipelines.synthetic.texts import Writer
from pipelines.synthetic.xlsx import Cell, serial, write_xlsx

MINUTE = "%Y-%m-%d %H:%M"


def make_appeals(matters: pl.DataFrame, folder: Path, as_of: datetime, seed: int) -> pl.DataFrame:
    """All appeals entered before the as-of date. Grain: one row per appeal. Key: key."""
    rng = np.random.default_rng([seed, 4])
    entered, late = entry_times(matters["occurred"], rng, 0.01)
    records = add_handling(matters.with_columns(late=late), rng, entered)
    records = records.filter(pl.col("entered") < as_of).sort("entered", "matter_id")
    count = records.height
    unplaced = rng.random(count) < 0.03
    nowhere = rng.choice(UNKNOWN_COMMUNITIES, count)
    categories = CategoryBook(folder, "app", blank=0.18, vague=0.08, wrong=0.08).draw(records["issue"].to_list(), rng)
    channels = rng.choice(["APP", "微信"], count, p=[0.45, 0.55])

    writer, duties = Writer(seed * 1000 + 4, personal_share=0.12), load_duties(folder)
    rows = []
    for number, row in enumerate(records.iter_rows(named=True)):
        person, issue = row["person"], row["issue"]
        if row["kind"] == "test":
            content, ambiguous = f"测试提交{number}", False
        elif row["kind"] == "other":
            content, ambiguous = writer.ask_something(person)[1].content, False
        else:
            text = writer.complain(issue, spot_of(row), row["occurred"], person, row["kind"] == "repeat")
            content, ambiguous = text.content, text.is_ambiguous
        unit = "{district}政务服务中心" if not issue else duty_on(duties, issue, row["entered"].date()).lead_unit
        unit = unit.format(district=row["district"], street=row["street"])
        door = f"{person % 17 + 1}号楼{person % 4 + 1}单元" if person % 3 == 0 else ""
        key = f"SQ{row['entered']:%Y%m%d}{number % 1_000_000:06d}"
        rows.append((key, content, ambiguous, f"{row['road']}{row['estate']}{door}", unit, people.phone(person)))
    made = pl.DataFrame(rows, schema=["key", "content", "ambiguous", "spot_text", "unit", "phone"], orient="row")
    return records.hstack(made).with_columns(
        channel=pl.Series(channels),
        category=pl.Series(categories),
        unplaced=pl.Series(unplaced),
        community_text=pl.when(pl.Series(unplaced)).then(pl.Series(nowhere)).otherwise("community"),
    )


def in_some_form(text: str, salt: str) -> Cell:
    """A date as one of the ways this workbook writes it; anything that is no date stays as it is.

    The form depends on ``salt`` alone, so that a row sent twice looks the same twice.
    """
    try:
        moment = datetime.strptime(text[:16], MINUTE)
    except ValueError:
        return text
    half, hour = ("上午", moment.hour) if moment.hour < 12 else ("下午", moment.hour - 12 or 12)
    forms: tuple[Cell, ...] = (
        moment,
        moment,
        moment,
        serial(moment),
        f"{moment.year}年{moment.month}月{moment.day}日 {half}{hour}点{moment.minute}分",
        f"{moment.year}/{moment.month}/{moment.day} {moment.hour}:{moment.minute:02d}",
        f"{moment:%Y%m%d%H%M%S}",
        f"{moment:%Y-%m-%d %H:%M:%S}",
    )
    return forms[zlib.crc32(salt.encode()) % len(forms)]


class AppFeed(Feed):
    """``app/appeals_YYYYMMDD.xlsx``: two title rows, the header in row 3."""

    name: ClassVar[str] = "app"
    header: ClassVar[tuple[str, ...]] = (
        "诉求编号", "提交时间", "渠道", "诉求类别", "诉求内容", "街道",
        "社区", "详细地址", "办理单位", "状态", "更新时间",
    )  # fmt: skip
    key: ClassVar[tuple[str, ...]] = ("诉求编号",)
    time: ClassVar[str] = "提交时间"
    changes: ClassVar[tuple[str, ...]] = ("closed",)
    pattern: ClassVar[str] = "appeals_{day}.xlsx"
    prefix: ClassVar[str] = "SQ"

    def render(self, known: pl.DataFrame, until: datetime) -> pl.DataFrame:
        """Appeals as they stood at the export, dates to the minute."""
        closed = pl.col("closed") < until
        void = closed & (pl.col("kind") == "voided")
        status = (
            pl.when(void).then(pl.lit(VOID))
            .when(closed).then(pl.lit("已办结"))
            .when(pl.col("dispatched") < until).then(pl.lit("办理中"))
            .otherwise(pl.lit("已受理"))
        )  # fmt: skip
        return known.select(
            voided=void | (pl.col("kind") == "test"),
            late=pl.col("late"),
            unplaced=pl.col("unplaced"),
            uncategorised=pl.col("category") == "",
            two_channels=pl.col("two_channels"),
            诉求编号="key",
            提交时间=pl.col("occurred").dt.strftime(MINUTE),
            渠道="channel",
            诉求类别="category",
            诉求内容="content",
            街道="street",
            社区="community_text",
            详细地址="spot_text",
            办理单位="unit",
            状态=status,
            更新时间=pl.col("stamp").dt.strftime(MINUTE),
        )

    def write(self, path: Path, rows: pl.DataFrame) -> None:
        """A workbook with a title, a note and dates in several forms."""
        day = datetime.strptime(path.stem[-8:], "%Y%m%d")
        sheet: list[tuple[Cell, ...]] = [
            ("示例市互联网诉求明细表",),
            (f"导出日期：{day.year}年{day.month}月{day.day}日", "", "填报：示例市政务服务中心"),
            self.header,
        ]
        for row in rows.iter_rows():
            salt = row[0] + row[4]
            sheet.append((row[0], in_some_form(row[1], salt), *row[2:10], in_some_form(row[10], salt + row[1])))
        write_xlsx(path, sheet)
