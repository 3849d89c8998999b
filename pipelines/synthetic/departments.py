"""The departments' side of the hotline's orders: every unit an order passed through, and what the last one did."""

from datetime import datetime
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl

from pipelines.synthetic.feed import Feed, as_text, known_text
from pipelines.synthetic.xlsx import write_xlsx

WRONG_UNITS = ("{street}办事处", "{district}城市管理局", "{district}住房和城乡建设局", "{district}市场监督管理局")
ACTIONS = (
    "已到现场核查，责令当事人整改", "安排人员清理完毕", "已维修恢复", "约谈商户并下达整改通知", "联合社区上门劝导",
    "现场未发现所反映情况，加强巡查", "已列入改造计划", "已转专业公司处理完成",
)  # fmt: skip
REASONS = ("历史遗留", "权属不清", "待规划", "超职责", "诉求不合理")


def make_disposals(orders: pl.DataFrame, as_of: datetime, seed: int) -> pl.DataFrame:
    """The chain of units of every order. Grain: one row per order and step. Key: key, step.

    Most orders reach the right unit at once; others are handed on by one or two units first. The last step ends when
    the order is closed.
    """
    rng = np.random.default_rng([seed, 7])
    orders = orders.filter(~pl.col("kind").is_in(["test"]))
    steps = rng.choice([1, 2, 3], orders.height, p=[0.76, 0.19, 0.05])
    dispatched = orders["dispatched"].to_numpy()
    span = (orders["closed"].to_numpy() - dispatched).astype(np.int64)
    cuts = np.sort(rng.uniform(0.03, 0.5, (orders.height, 2)), axis=1)
    wrong = rng.integers(0, len(WRONG_UNITS), (orders.height, 2))
    chosen, action, reason = rng.random((3, orders.height))
    true = rng.random(orders.height) < 0.9

    fields = orders.select("key", "unit", "district", "street", "resolved").iter_rows()
    rows = []
    for n, (key, unit, district, street, resolved) in enumerate(fields):
        last = int(steps[n])
        bounds = [0.0, *cuts[n, : last - 1], 1.0]
        units = [WRONG_UNITS[w].format(district=district, street=street) for w in wrong[n, : last - 1]] + [unit]
        for step in range(last):
            start, end = (int(dispatched[n].astype(np.int64) + span[n] * bounds[step + i]) for i in (0, 1))
            signed = start + int((end - start) * 0.3 * chosen[n])
            if step < last - 1:
                done, is_true, solved, why = f"退单：不属于本单位职责，建议转{units[step + 1]}", "", "", ""
            else:
                done = ACTIONS[int(action[n] * len(ACTIONS))]
                is_true, solved = "是" if true[n] else "否", resolved
                why = "" if resolved == "是" else REASONS[int(reason[n] * len(REASONS))]
            rows.append((key, str(step + 1), units[step], start, signed, end, done, is_true, solved, why))
    names = ("key", "step", "unit", "entered", "signed", "closed", "done", "is_true", "solved", "why")
    frame = pl.DataFrame(rows, schema=list(names), orient="row")
    moments = pl.col("entered", "signed", "closed").cast(pl.Datetime("us")).dt.truncate("1s")
    frame = frame.with_columns(moments).filter(pl.col("entered") < as_of)
    return frame.with_columns(order_key="key", key=pl.col("key") + "/" + pl.col("step"))


class DepartmentFeed(Feed):
    """``departments/disposals_YYYYMMDD.xlsx``: the header in row 1, dates as text."""

    name: ClassVar[str] = "departments"
    header: ClassVar[tuple[str, ...]] = (
        "工单编号", "序号", "承办单位", "派单时间", "签收时间", "办结时间",
        "处理措施", "是否属实", "是否解决", "未解决原因", "更新时间",
    )  # fmt: skip
    key: ClassVar[tuple[str, ...]] = ("工单编号", "序号")
    time: ClassVar[str] = "派单时间"
    changes: ClassVar[tuple[str, ...]] = ("closed",)
    pattern: ClassVar[str] = "disposals_{day}.xlsx"

    def render(self, known: pl.DataFrame, until: datetime) -> pl.DataFrame:
        """Steps as they stood at the export; what a unit did is known when it is done."""
        closed, none = pl.col("closed") < until, pl.lit(False)
        outcome = {
            name: pl.when(closed).then(column).otherwise(pl.lit(""))
            for name, column in (
                ("处理措施", "done"),
                ("是否属实", "is_true"),
                ("是否解决", "solved"),
                ("未解决原因", "why"),
            )
        }
        return known.select(
            voided=none,
            late=none,
            unplaced=none,
            uncategorised=none,
            two_channels=none,
            工单编号="order_key",
            序号="step",
            承办单位="unit",
            派单时间=as_text("entered"),
            签收时间=known_text("signed", until),
            办结时间=known_text("closed", until),
            更新时间=as_text("stamp"),
            **outcome,
        )

    def write(self, path: Path, rows: pl.DataFrame) -> None:
        """A plain workbook of text cells."""
        write_xlsx(path, [self.header, *rows.iter_rows()])
