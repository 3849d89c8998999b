"""The 12345 hotline's work orders: GB18030 CSV, every channel, and who is to deal with each order."""

from datetime import datetime
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl

from pipelines.synthetic import people
from pipelines.synthetic.feed import Feed, as_text, blanks, known_text
from pipelines.synthetic.labels import CategoryBook, duty_on, load_duties
from pipelines.synthetic.matters import add_days
from pipelines.synthetic.texts import Spot, Writer

CHANNELS = {"12345电话": 0.72, "微信": 0.10, "APP": 0.07, "网站": 0.06, "上级转办": 0.05}
STAFF_CHANNEL = "网格上报"
UNKNOWN_COMMUNITIES = ("", "", "不详", "市民未说明", "外市")
VOID = "[作废]"


def spot_of(row: dict[str, str]) -> Spot:
    """The place of a matter in residents' words."""
    return Spot(row["community"], row["estate"], row["road"], row["road2"], row["market"], row["school"])


def add_handling(records: pl.DataFrame, rng: np.random.Generator, entered: pl.Series) -> pl.DataFrame:
    """Add when a record was entered, dispatched, closed and asked about again, and what was answered."""
    count = records.height
    dispatched = add_days(entered, np.minimum(rng.exponential(0.06, count), 1.5))
    closed = add_days(dispatched, np.maximum(records["days"].to_numpy(), 0.04))
    revisited = add_days(closed, rng.uniform(0.5, 4.0, count))
    slow = records["days"].to_numpy() > 7
    resolved = rng.random(count) < np.where(slow, 0.62, 0.86)
    satisfied = rng.random(count) < np.where(resolved, 0.9, 0.25)
    return records.with_columns(
        entered=entered,
        dispatched=dispatched,
        closed=closed,
        revisited=pl.when(pl.Series(rng.random(count) < 0.85)).then(revisited),
        resolved=pl.Series(np.where(resolved, "是", "否")),
        satisfied=pl.Series(np.where(satisfied, "是", "否")),
    )


def entry_times(occurred: pl.Series, rng: np.random.Generator, late_share: float) -> tuple[pl.Series, pl.Series]:
    """When records reach the platform, and which are late (two days and more)."""
    late = rng.random(len(occurred)) < late_share
    delay = np.where(
        late, rng.uniform(2.05, 9.0, len(occurred)), np.minimum(rng.exponential(0.004, len(occurred)), 0.9)
    )
    return add_days(occurred, delay), pl.Series(late)


def make_orders(matters: pl.DataFrame, folder: Path, as_of: datetime, seed: int) -> pl.DataFrame:
    """All orders that are entered before the as-of date. Grain: one row per order. Key: key."""
    rng = np.random.default_rng([seed, 3])
    entered, late = entry_times(matters["occurred"], rng, 0.015)
    records = add_handling(matters.with_columns(late=late), rng, entered)
    records = records.filter(pl.col("entered") < as_of).sort("entered", "matter_id")
    count = records.height
    channels = rng.choice(list(CHANNELS), count, p=list(CHANNELS.values()))
    channels = np.where(records["kind"].to_numpy() == "staff", STAFF_CHANNEL, channels)
    unplaced = rng.random(count) < 0.022
    nowhere = rng.choice(UNKNOWN_COMMUNITIES, count)
    categories = CategoryBook(folder, "hotline", blank=0.12, vague=0.04, wrong=0.05).draw(
        records["issue"].to_list(), rng
    )
    with_door = rng.random(count) < 0.4

    writer, duties = Writer(seed * 1000 + 3), load_duties(folder)
    rows = []
    for number, row in enumerate(records.iter_rows(named=True)):
        person, issue = row["person"], row["issue"]
        order_type = "求助" if person % 5 == 0 else "投诉"
        if row["kind"] == "other":
            order_type, text = writer.ask_something(person)
            content, title, ambiguous = text.content, text.title, False
        elif row["kind"] == "test":
            content, title, ambiguous = f"系统测试，请忽略{number}", "测试工单", False
        elif row["kind"] == "staff":
            content = writer.observe(issue, spot_of(row)) + "，网格员上报转热线。"
            title, ambiguous = "网格员上报", False
        else:
            text = writer.complain(issue, spot_of(row), row["occurred"], person, row["kind"] == "repeat")
            content, title, ambiguous = text.content, text.title, text.is_ambiguous
        unit = "{district}政务服务中心" if not issue else duty_on(duties, issue, row["entered"].date()).lead_unit
        unit = unit.format(district=row["district"], street=row["street"])
        spot = row["estate"] + (f"{person % 17 + 1}号楼{person % 4 + 1}单元" if with_door[number] else "")
        caller = "测试" if row["kind"] == "test" else people.caller(person)
        key = f"{row['entered']:%y%m%d%H%M%S}{number % 1_000_000:06d}"
        rows.append((key, order_type, title, content, ambiguous, caller, people.phone(person), spot, unit))
    names_of_text = ("key", "order_type", "title", "content", "ambiguous", "caller", "phone", "spot_text", "unit")
    made = pl.DataFrame(rows, schema=list(names_of_text), orient="row")
    return records.hstack(made).with_columns(
        channel=pl.Series(channels),
        category=pl.Series(categories),
        unplaced=pl.Series(unplaced),
        community_text=pl.when(pl.Series(unplaced)).then(pl.Series(nowhere)).otherwise("community"),
    )


class HotlineFeed(Feed):
    """``hotline/orders_YYYYMMDD.csv``."""

    name: ClassVar[str] = "hotline"
    header: ClassVar[tuple[str, ...]] = (
        "工单编号", "受理渠道", "工单类型", "问题分类", "标题", "主要内容", "来电人", "联系电话",
        "被反映区", "被反映街乡镇", "村/社区", "小区点位", "承办单位", "来电时间", "派单时间", "办结时间",
        "工单状态", "是否解决", "是否满意", "更新时间",
    )  # fmt: skip
    key: ClassVar[tuple[str, ...]] = ("工单编号",)
    time: ClassVar[str] = "来电时间"
    changes: ClassVar[tuple[str, ...]] = ("closed", "revisited")
    pattern: ClassVar[str] = "orders_{day}.csv"

    def render(self, known: pl.DataFrame, until: datetime) -> pl.DataFrame:
        """Orders as they stood at the export."""
        closed, asked = pl.col("closed") < until, (pl.col("revisited") < until).fill_null(False)
        void = closed & (pl.col("kind") == "voided")
        status = (
            pl.when(void).then(pl.lit(VOID))
            .when(asked).then(pl.lit("已回访"))
            .when(closed).then(pl.lit("已办结"))
            .when(pl.col("dispatched") < until).then(pl.lit("处理中"))
            .otherwise(pl.lit("待派单"))
        )  # fmt: skip
        return known.select(
            voided=void | (pl.col("kind") == "test"),
            late=pl.col("late"),
            unplaced=pl.col("unplaced"),
            uncategorised=pl.col("category") == "",
            two_channels=pl.col("two_channels"),
            工单编号="key",
            受理渠道="channel",
            工单类型="order_type",
            问题分类="category",
            标题="title",
            主要内容="content",
            来电人="caller",
            联系电话="phone",
            被反映区="district",
            被反映街乡镇="street",
            小区点位="spot_text",
            承办单位="unit",
            来电时间=as_text("occurred"),
            派单时间=known_text("dispatched", until),
            办结时间=known_text("closed", until),
            工单状态=status,
            是否解决=pl.when(asked & ~void).then("resolved").otherwise(pl.lit("")),
            是否满意=pl.when(asked & ~void).then("satisfied").otherwise(pl.lit("")),
            更新时间=as_text("stamp"),
            **{"村/社区": "community_text"},
        )

    def write(self, path: Path, rows: pl.DataFrame) -> None:
        """GB18030 with CRLF line ends."""
        path.write_bytes(blanks(rows).write_csv(line_terminator="\r\n").encode("gb18030"))
