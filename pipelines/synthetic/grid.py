"""Cases of the grid platform: what patrols and cameras see, and hotline orders passed on to the grid."""

from datetime import date, datetime
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl

from pipelines.synthetic.feed import Feed, as_text, blanks, known_text
from pipelines.synthetic.hotline import VOID, spot_of
from pipelines.synthetic.labels import duty_on, issue_names, load_duties
from pipelines.synthetic.matters import add_days, locate
from pipelines.synthetic.places import read_rows
from pipelines.synthetic.profiles import PROFILES
from pipelines.synthetic.texts import Writer
from pipelines.synthetic.world import World

NEW_CODES_FROM = date(2026, 7, 1)
SEEN_SHARE = 0.34
PASSED_SHARE = 0.05
SOURCES = {"网格员上报": 0.72, "视频智能识别": 0.18, "专项普查": 0.10}
FOREIGN = (("06025", "水域不洁"), ("06034", "废弃车辆"), ("06037", "动物尸体"))


def patrol(world: World, seed: int) -> pl.DataFrame:
    """What patrols see by themselves: driven by the same trouble, but by the patrols' own habits too."""
    rng = np.random.default_rng([seed, 5])
    habit = rng.gamma(3.0, 1 / 3.0, (world.counts.shape[1], 1)) * rng.gamma(2.0, 0.5, (1, world.counts.shape[2]))
    mean = SEEN_SHARE * habit * (0.7 * world.intensity + 0.3 * world.intensity.mean(axis=0))
    seen = rng.poisson(mean)
    cells = np.repeat(np.arange(seen.size), seen.ravel())
    week, site, issue = np.unravel_index(cells, seen.shape)
    hours = np.clip(rng.normal(11.0, 2.6, len(cells)), 7.0, 21.0)
    seconds = (week * 7 + rng.integers(0, 7, len(cells))) * 86_400 + (hours * 3600).astype(np.int64)
    moments = np.datetime64(world.config.first_day, "s") + seconds.astype("timedelta64[s]")
    order = np.lexsort((cells, moments))
    days = (
        rng.gamma(1.5, 1 / 1.5, len(cells)) * np.array([PROFILES[world.issues[k]].handling_days for k in issue]) * 0.6
    )
    frame = pl.DataFrame(
        {
            "site": site[order],
            "issue": pl.Series([world.issues[k] for k in issue[order]], dtype=pl.String),
            "occurred": moments[order].astype("datetime64[us]"),
            "spot": rng.integers(0, 1 << 30, len(cells)),
            "days": days[order],
            "origin": rng.choice(list(SOURCES), len(cells), p=list(SOURCES.values())),
        }
    )
    return locate(world, frame).with_columns(order_key=pl.lit(""), truth_id=pl.lit(None, pl.Int64))


def make_events(world: World, orders: pl.DataFrame, folder: Path, as_of: datetime, seed: int) -> pl.DataFrame:
    """Patrol cases and orders passed on. Grain: one row per case. Key: key."""
    rng = np.random.default_rng([seed, 6])
    own = patrol(world, seed)
    passed = orders.filter(
        pl.Series(rng.random(orders.height) < PASSED_SHARE) & pl.col("kind").is_in(["resident", "repeat"])
    )
    passed = passed.with_columns(occurred="dispatched", origin=pl.lit("热线转办"), order_key="key").select(own.columns)
    records = pl.concat([own, passed]).filter(pl.col("occurred") < as_of).sort("occurred", "site", "issue", "spot")
    count = records.height
    late = rng.random(count) < 0.012
    filed = add_days(records["occurred"], np.where(late, rng.uniform(2.05, 6.0, count), rng.exponential(0.08, count)))
    handled = add_days(filed, np.maximum(records["days"].to_numpy(), 0.03))
    closed = add_days(handled, rng.uniform(0.05, 1.5, count))
    voided, unplaced = rng.random(count) < 0.012, rng.random(count) < 0.012
    uncategorised, foreign = rng.random(count) < 0.02, rng.random(count) < 0.015

    names, duties, writer = issue_names(folder), load_duties(folder), Writer(seed * 1000 + 5)
    old_codes = {
        r["issue_code"]: r["value"]
        for r in read_rows(folder / "issue_map.csv")
        if r["system"] == "grid" and "-" in r["value"]
    }
    rows = []
    for number, row in enumerate(records.iter_rows(named=True)):
        issue, day = row["issue"], row["occurred"].date()
        code, name = issue, names[issue]
        if foreign[number]:
            code, name = FOREIGN[number % len(FOREIGN)]
        elif day < NEW_CODES_FROM:
            code = old_codes.get(issue, issue)
        if uncategorised[number]:
            code, name = "", ""
        note = writer.observe(issue, spot_of(row))
        hours = duty_on(duties, issue, day).deadline_hours
        kind = "部件" if issue[:2] == "01" else "事件"
        rows.append((f"AJ{day:%Y%m%d}{number % 1_000_000:06d}", kind, code, name, note, hours / 24))
    made = pl.DataFrame(rows, schema=["key", "part", "code", "issue_name", "note", "limit"], orient="row")
    # The platform takes a case in when it is reported: that is the moment it first can be exported.
    return records.hstack(made).with_columns(
        entered=records["occurred"],
        filed=filed,
        due=add_days(filed, made["limit"].to_numpy()),
        handled=handled,
        closed=closed,
        late=pl.Series(late),
        void=pl.Series(voided),
        unplaced=pl.Series(unplaced),
        community_text=pl.when(pl.Series(unplaced)).then(pl.lit("")).otherwise("community"),
        grid_text=pl.when(pl.Series(unplaced)).then(pl.lit("")).otherwise("grid_code"),
    )


class GridFeed(Feed):
    """``grid/events_YYYYMMDD.csv``: UTF-8 with a byte order mark."""

    name: ClassVar[str] = "grid"
    header: ClassVar[tuple[str, ...]] = (
        "案件号", "问题来源", "问题类型", "事项代码", "小类名称", "街道", "社区", "单元网格编码",
        "上报时间", "立案时间", "处置截止时间", "处置结束时间", "结案时间", "当前阶段", "问题描述", "关联工单编号",
    )  # fmt: skip
    key: ClassVar[tuple[str, ...]] = ("案件号",)
    time: ClassVar[str] = "上报时间"
    changes: ClassVar[tuple[str, ...]] = ("filed", "handled", "closed")
    pattern: ClassVar[str] = "events_{day}.csv"
    prefix: ClassVar[str] = "AJ"

    def render(self, known: pl.DataFrame, until: datetime) -> pl.DataFrame:
        """Cases as they stood at the export. A case is late when it was filed two days or more after it was seen."""
        filed, handled, closed = (pl.col(name) < until for name in ("filed", "handled", "closed"))
        void = pl.col("void") & filed
        stage = (
            pl.when(void).then(pl.lit(VOID))
            .when(closed).then(pl.lit("已结案"))
            .when(handled).then(pl.lit("待核查"))
            .when(filed).then(pl.lit("处置中"))
            .otherwise(pl.lit("待立案"))
        )  # fmt: skip
        return known.select(
            voided=void,
            late=pl.col("late") & filed,
            unplaced=pl.col("unplaced"),
            uncategorised=pl.col("code") == "",
            two_channels=pl.col("order_key") != "",
            案件号="key",
            问题来源="origin",
            问题类型="part",
            事项代码="code",
            小类名称="issue_name",
            街道="street",
            社区="community_text",
            单元网格编码="grid_text",
            上报时间=as_text("occurred"),
            立案时间=known_text("filed", until),
            处置截止时间=pl.when(filed).then(as_text("due")).otherwise(pl.lit("")),
            处置结束时间=known_text("handled", until),
            结案时间=known_text("closed", until),
            当前阶段=stage,
            问题描述="note",
            关联工单编号="order_key",
        )

    def write(self, path: Path, rows: pl.DataFrame) -> None:
        """UTF-8 with a byte order mark, CRLF line ends."""
        blanks(rows).write_csv(path, include_bom=True, line_terminator="\r\n")
