"""From weekly counts to single matters: who was troubled by what, where exactly and when.

Besides the matters that make the truth there are those that blur it: the same person complaining again, questions
about something else, reports by staff, and voided or test entries.
"""

from datetime import date, datetime

import numpy as np
import polars as pl

from pipelines.synthetic.profiles import PROFILES
from pipelines.synthetic.world import Ints, World

PEOPLE_PER_SITE = 6000

# Share of extra records, relative to resident matters.
EXTRAS = {"repeat": 0.035, "other": 0.05, "staff": 0.03, "voided": 0.008, "test": 0.002}


def midnight(day: date) -> datetime:
    """The first moment of a day."""
    return datetime(day.year, day.month, day.day)


def draw_seconds(rng: np.random.Generator, rhythms: list[str]) -> Ints:
    """Second of the day for each matter: office hours with a lunch dip, evenings for what happens at night."""
    count = len(rhythms)
    morning = rng.random(count) < 0.55
    hour = np.where(morning, rng.normal(10.2, 1.6, count), rng.normal(15.6, 1.9, count))
    late = np.array([r in ("evening", "site") for r in rhythms]) & (rng.random(count) < 0.6)
    hour = np.where(late, rng.normal(20.3, 1.7, count), hour)
    return np.asarray(np.clip(hour * 3600, 60, 86_340), dtype=np.int64)


def spread_over_days(world: World, rng: np.random.Generator) -> pl.DataFrame:
    """One row per resident matter: week, site, issue and the moment it occurred."""
    cells = np.repeat(np.arange(world.counts.size), world.counts.ravel())
    week, site, issue = np.unravel_index(cells, world.counts.shape)
    reached = np.cumsum(world.day_weights, axis=1)[week, :, issue]
    day = np.minimum((rng.random(len(cells))[:, None] > reached).sum(axis=1), 6)
    rhythms = [PROFILES[world.issues[k]].rhythm for k in issue]
    seconds = draw_seconds(rng, rhythms)
    start = np.datetime64(world.config.first_day, "s")
    moments = start + (week * 7 + day).astype("timedelta64[D]") + seconds.astype("timedelta64[s]")
    order = np.lexsort((cells, moments))
    return pl.DataFrame(
        {
            "site": site[order],
            "issue": pl.Series([world.issues[k] for k in issue[order]], dtype=pl.String),
            "cell": site[order] * len(world.issues) + issue[order],
            "week": week[order],
            "occurred": moments[order].astype("datetime64[us]"),
        }
    )


def make_matters(world: World, seed: int) -> pl.DataFrame:
    """Every matter of the city, with its place.

    Grain: one row per matter. Key: matter_id. ``kind`` is resident, or one of ``EXTRAS``; only resident matters are
    in the truth. ``truth_id`` is the resident matter a row tells of (its own, or the one it repeats), else null.
    """
    rng = np.random.default_rng([seed, 2])
    base = spread_over_days(world, rng).with_row_index("truth_id")
    base = base.with_columns(pl.col("truth_id").cast(pl.Int64), kind=pl.lit("resident"))
    count = base.height
    person = base["site"].to_numpy() * PEOPLE_PER_SITE + (rng.random(count) ** 1.6 * PEOPLE_PER_SITE).astype(np.int64)
    week = base["week"].to_numpy()
    # Trouble sticks to a spot for about six weeks, so that incidents can be found again.
    sticky = base["cell"].to_numpy() * 7 + week // 6
    spot = np.where(rng.random(count) < 0.65, sticky, rng.integers(0, 1 << 30, count))
    handling = world.handling_days.reshape(world.config.weeks, -1)[week, base["cell"].to_numpy()]
    days = rng.gamma(1.5, 1.0 / 1.5, count) * handling
    base = base.with_columns(person=person, spot=spot, days=days).drop("week")

    parts = [base]
    for kind, share in EXTRAS.items():
        chosen = base[np.sort(rng.choice(count, int(count * share), replace=False)).tolist()]
        delay = rng.integers(1, 6 * 86_400, chosen.height)
        chosen = chosen.with_columns(
            kind=pl.lit(kind),
            truth_id=pl.col("truth_id") if kind == "repeat" else pl.lit(None, pl.Int64),
            issue=pl.lit("") if kind == "other" else pl.col("issue"),
            occurred=pl.col("occurred") + pl.Series(delay).cast(pl.Duration("us")) * 1_000_000,
        )
        parts.append(chosen.filter(pl.col("occurred") < midnight(world.config.as_of)))
    matters = pl.concat(parts).sort("occurred", "cell", "kind", "person", "spot")
    return locate(world, matters.with_columns(matter_id=pl.int_range(pl.len())))


def locate(world: World, matters: pl.DataFrame) -> pl.DataFrame:
    """Add the official address as it stood on the day, and the spot in residents' words."""
    starts = [world.config.first_day, *[d for d in world.city.changes() if d > world.config.first_day]]
    period = np.searchsorted(np.array(starts, dtype="datetime64[D]"), matters["occurred"].to_numpy(), side="right") - 1
    table = [[world.city.address(s, day) for s in range(len(world.city.sites))] for day in starts]
    addresses = [table[p][s] for p, s in zip(period.tolist(), matters["site"], strict=True)]
    spots = [world.city.sites[s].spots for s in matters["site"]]
    number = matters["spot"].to_list()
    columns = {
        field: [getattr(address, field) for address in addresses]
        for field in ("district", "street", "community", "community_code")
    }
    columns["grid_code"] = [a.grids[n % len(a.grids)] for a, n in zip(addresses, number, strict=True)]
    for kind in ("estate", "road", "market", "school"):
        columns[kind] = [s[kind][n % len(s[kind])] for s, n in zip(spots, number, strict=True)]
    columns["road2"] = [s["road"][(n + 1) % len(s["road"])] for s, n in zip(spots, number, strict=True)]
    return matters.with_columns(**{name: pl.Series(values, dtype=pl.String) for name, values in columns.items()})


def add_days(moments: pl.Series, days: np.ndarray) -> pl.Series:
    """Moments moved on by a number of days each, cut to whole seconds."""
    seconds = np.round(days * 86_400).astype(np.int64)
    return moments + pl.Series(seconds * 1_000_000).cast(pl.Duration("us"))
