"""A year of a made-up city's complaints, nearly all different: places, issues and times vary as the sample city's do."""

from __future__ import annotations

import csv
import datetime as dt
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pipelines.cities.city import City
from pipelines.synthetic.places import SAMPLE_CITY
from pipelines.synthetic.texts import Spot, Writer, load_phrases

LAST_DAY = dt.date(2026, 11, 15)
_DAYS = 365
_UNCLASSIFIED, _UNPLACED = 0.8, 0.02


class Told(NamedTuple):
    """A complaint: when, about which issue and community, in which words."""

    at: dt.datetime
    issue: str
    community: str
    title: str
    content: str


def told_in_a_year(count: int, seed: int = 7) -> Iterator[Told]:
    """``count`` complaints by time; a few communities and issues have most of them."""
    rng, writer, city = random.Random(seed), Writer(seed), City(SAMPLE_CITY)
    issues = sorted(load_phrases())
    names: dict[str, dict[str, list[str]]] = {}
    everywhere: dict[str, list[str]] = {}
    for place in city.known_places:
        everywhere.setdefault(place.kind, []).append(place.name)
        if place.community_code:
            names.setdefault(place.community_code, {}).setdefault(place.kind, []).append(place.name)
    communities = sorted(code for code, kinds in names.items() if "estate" in kinds and "community" in kinds)
    issue_of = rng.choices(issues, [rng.paretovariate(1.2) for _ in issues], k=count)
    community_of = rng.choices(communities, [rng.gammavariate(2, 1) for _ in communities], k=count)
    first = dt.datetime.combine(LAST_DAY, dt.time()) - dt.timedelta(days=_DAYS - 1)
    seconds = sorted(rng.randrange(_DAYS * 86_400) for _ in range(count))
    kinds = ("community", "estate", "road", "road", "market", "school")
    for number, (issue, community, second) in enumerate(zip(issue_of, community_of, seconds, strict=True)):
        spot = Spot(*(rng.choice(names[community].get(kind) or everywhere[kind]) for kind in kinds))
        at = first + dt.timedelta(seconds=second)
        text = writer.complain(issue, spot, at, number)
        yield Told(at, issue, community, text.title, text.content)


def write_year(data: Path, count: int) -> None:
    """A hotline export of these complaints; four in five bear no category, so that they are left to be classified."""
    city, rng = City(SAMPLE_CITY), random.Random(3)
    places = {place.code: place for place in city.divisions}
    categories = {row.issue_code: row.value for row in city.issue_map if row.system == "hotline"}
    names = [
        "工单编号",
        "受理渠道",
        "工单类型",
        "问题分类",
        "标题",
        "主要内容",
        "来电人",
        "联系电话",
        "被反映区",
        "被反映街乡镇",
        "村/社区",
        "小区点位",
        "承办单位",
        "来电时间",
        "派单时间",
        "办结时间",
        "工单状态",
        "是否解决",
        "是否满意",
        "更新时间",
    ]
    folder = data / "hotline"
    folder.mkdir(parents=True)
    with (folder / f"orders_{LAST_DAY:%Y%m%d}.csv").open("w", encoding="gb18030", newline="") as target:
        writer = csv.DictWriter(target, names)
        writer.writeheader()
        for number, told in enumerate(told_in_a_year(count)):
            community = places[told.community]
            street = places[community.parent_code or ""]
            district = places[street.parent_code or ""]
            is_placed = rng.random() >= _UNPLACED
            writer.writerow(
                {
                    "工单编号": f"{told.at:%Y%m%d}{number:010d}", "受理渠道": "12345电话", "工单类型": "投诉",
                    "问题分类": "" if rng.random() < _UNCLASSIFIED else categories.get(told.issue, ""),
                    "标题": told.title, "主要内容": told.content, "联系电话": f"171{rng.randrange(count):08d}",
                    "被反映区": district.name, "被反映街乡镇": street.name,
                    "村/社区": community.name if is_placed else "", "来电时间": told.at, "派单时间": told.at,
                    "工单状态": "处理中", "更新时间": told.at,
                }
            )  # fmt: skip


def ingest_year(home: Path) -> int:
    """Take the export in, up to core; how many different texts are staged."""
    from pipelines.main_job import prepare, run_step
    from pipelines.steps.run import Run
    from tests.benchmarks.history import STEPS, only_hotline

    settings = only_hotline(home, home / "data")
    prepare(settings)
    for step in STEPS:
        run_step(settings, LAST_DAY + dt.timedelta(days=1), step, "hotline" if step in STEPS[:3] else None)
    with Run(settings, LAST_DAY).warehouse.reading() as door:
        return int(door.scalar("select count(distinct text_hash) from stg.hotline_order"))


def do_steps(home: Path, steps: tuple[str, ...]) -> dict[str, float]:
    """Seconds and processor seconds (those of the workers included) of each step."""
    from pipelines.main_job import run_step
    from tests.benchmarks.history import only_hotline

    settings, taken = only_hotline(home, home / "data"), {}
    for step in steps:
        began, before = time.perf_counter(), sum(os.times()[:4])
        run_step(settings, LAST_DAY + dt.timedelta(days=1), step, None)
        taken[step] = time.perf_counter() - began
        taken[f"{step}_cpu"] = sum(os.times()[:4]) - before
    return taken
