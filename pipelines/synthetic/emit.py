"""Write the sample city's files: what four systems of a real city would have dropped by the as-of date.

Beside the source folders stand ``truth.parquet`` (the true intensities and counts), ``answers.parquet`` (what each
record is really about) and ``manifest.json`` (how many oddities were put in). A pipeline must not read these three;
they are there to judge it.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.synthetic.app import AppFeed, make_appeals
from pipelines.synthetic.departments import DepartmentFeed, make_disposals
from pipelines.synthetic.feed import Feed, plan_exports
from pipelines.synthetic.grid import GridFeed, make_events
from pipelines.synthetic.hotline import HotlineFeed, make_orders
from pipelines.synthetic.manifest import Manifest
from pipelines.synthetic.matters import make_matters, midnight
from pipelines.synthetic.places import SAMPLE_CITY
from pipelines.synthetic.world import WorldConfig, simulate

APP_SHARE = 0.13
BOTH_SHARE = 0.03


def emit(
    folder: Path,
    seed: int = 7,
    config: WorldConfig | None = None,
    city_folder: Path = SAMPLE_CITY,
    progress: Callable[[str], None] | None = None,
) -> Manifest:
    """Simulate the city and write its files into ``folder``. The same arguments give the same bytes.

    Args:
        folder: where to write; made if absent, files of the same name are replaced.
        seed: of every random draw.
        config: dynamics of the world, the default city when None.
        city_folder: configuration of the city (divisions, issues, units, place names).
        progress: called with a short English line before each part.

    Returns:
        The known numbers, also saved as ``manifest.json``.
    """
    say = progress or (lambda line: None)
    config = config or WorldConfig()
    folder.mkdir(parents=True, exist_ok=True)
    as_of = midnight(config.as_of)

    say("simulating the world")
    world = simulate(seed, config, city_folder)
    world.truth().write_parquet(folder / "truth.parquet")
    matters = make_matters(world, seed)
    by_phone, by_app = share_out(matters, seed)

    say("writing down orders, appeals, cases and disposals")
    orders = make_orders(by_phone, city_folder, as_of, seed)
    appeals = make_appeals(by_app, city_folder, as_of, seed)
    events = make_events(world, orders, city_folder, as_of, seed)
    disposals = make_disposals(orders, as_of, seed)
    linked = orders["key"].is_in(events["order_key"].implode()) | orders["truth_id"].is_in(
        appeals["truth_id"].implode()
    )
    orders = orders.with_columns(two_channels=linked.fill_null(False))
    appeals = appeals.with_columns(
        two_channels=appeals["truth_id"].is_in(orders["truth_id"].drop_nulls().implode()).fill_null(False)
    )
    collect_answers(orders, appeals, events).write_parquet(folder / "answers.parquet")

    exports = plan_exports(config.first_day, config.as_of)
    feeds: list[Feed] = [
        HotlineFeed(orders, seed + 11),
        AppFeed(appeals, seed + 12),
        GridFeed(events, seed + 13),
        DepartmentFeed(disposals, seed + 14),
    ]
    sources = {}
    for feed in feeds:
        say(f"exporting {feed.name}")
        sources[feed.name] = feed.emit(folder, exports)
    last_day = config.as_of - timedelta(days=1)
    manifest = Manifest(
        seed=seed,
        first_day=str(config.first_day),
        last_day=str(last_day),
        as_of=str(config.as_of),
        weeks=config.weeks,
        communities=len({world.city.community_code(s, last_day) for s in range(len(world.city.sites))}),
        issues=len(world.issues),
        resident_matters=int(world.counts.sum()),
        sources=sources,
    )
    manifest.save(folder / "manifest.json")
    return manifest


def share_out(matters: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Which matters go to the hotline and which to the app; a few go to both, the second within three days."""
    rng = np.random.default_rng([seed, 8])
    draw = rng.random(matters.height)
    staff = (matters["kind"] == "staff").to_numpy()
    to_app = (draw < APP_SHARE) & ~staff
    to_both = (draw > 1.0 - BOTH_SHARE) & (matters["kind"] == "resident").to_numpy()
    again = matters.filter(pl.Series(to_both))
    delay = pl.Series(rng.integers(600, 3 * 86_400, again.height) * 1_000_000).cast(pl.Duration("us"))
    again = again.with_columns(occurred=pl.col("occurred") + delay)
    return matters.filter(pl.Series(~to_app)), pl.concat([matters.filter(pl.Series(to_app)), again])


def collect_answers(orders: pl.DataFrame, appeals: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """What each record is really about.

    Grain: one row per record. Key: source, record_id. ``issue_code`` is null for matters that are none of the city's
    issues; ``truth_id`` joins records that tell of one resident matter; ``is_ambiguous`` marks texts that words alone
    cannot settle.
    """
    parts = []
    for name, records in (("hotline", orders), ("app", appeals), ("grid", events)):
        ambiguous = pl.col("ambiguous") if "ambiguous" in records.columns else pl.lit(False)
        kind = pl.col("kind") if "kind" in records.columns else pl.lit("patrol")
        parts.append(
            records.select(
                source=pl.lit(name),
                record_id="key",
                truth_id="truth_id",
                kind=kind,
                community_code="community_code",
                issue_code=pl.when(pl.col("issue") != "").then("issue"),
                occurred_at="occurred",
                is_ambiguous=ambiguous,
            )
        )
    return pl.concat(parts)
