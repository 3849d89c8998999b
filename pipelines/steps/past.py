"""The past of a city as a backtest needs it: which weeks can be scored, what was known at each, and what came."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import polars as pl

from models.panel import DAYS_PER_WEEK, Panel
from models.splits import weekly_origins
from models.targets import DENSE_WEEKS_NEEDED
from pipelines.cities.lists import FOUND
from pipelines.errors import ConfigurationError, NothingKnown
from pipelines.steps.contexts import read_context, street_of_communities
from pipelines.steps.run import Run

_LEAST_HISTORY_WEEKS = 4
_DENSE_SHARE = 0.1
"""A day with less than this share of the median day is not taken for complete: a file cut shortly after midnight, or a
stray date. Quiet Sundays are above it, and losing one costs a day."""
_BUSY_WEEK = 10.0
"""Where this many complaints a week were usual, a week with none was not recorded: by chance it is one in 20,000."""
_MOST_CELLS = 500_000
_DAY = dt.timedelta(days=1)
_WEEK = dt.timedelta(days=DAYS_PER_WEEK)


@dataclass
class Past:
    """What a backtest reads.

    Attributes:
        origins: ascending; every window is closed and was recorded.
        outcomes: the counts after each origin, from everything that is known by now.
        first_day: first day of complete recording.
        district_of: district of each community.
        notes: what is left out, and why.
        area_of: street of each community, or district where it has none.
        has_context: whether the panels carry what was known beside the counts.
    """

    run: Run
    origins: list[dt.date]
    horizon_weeks: int
    first_day: dt.date
    outcomes: Panel
    district_of: dict[str, str]
    notes: list[str]
    area_of: dict[str, str] = field(default_factory=dict)
    has_context: bool = False
    _latest: dict[dt.date, Panel] = field(default_factory=dict)

    def panel_at(self, origin: dt.date) -> Panel:
        """The counts as known on a date. One is kept: a large city's do not all fit into memory."""
        if origin not in self._latest:
            weeks = min(self.run.city.config.forecast.history_weeks, max(1, (origin - self.first_day) // _WEEK))
            with self.run.warehouse.reading() as door:
                frame = door.ask("feature.cell_weeks", as_of_date=origin, history_weeks=weeks)
            panel = _panel(frame, self.outcomes, weeks, origin)
            if self.has_context:
                context = read_context(self.run, origin, weeks, panel.communities, panel.issues, self.area_of)
                panel = replace(panel, context=context)
            self._latest = {origin: panel}
        return self._latest[origin]


def past_of(run: Run, origins: int, horizon_weeks: int, last_origin: dt.date | None) -> Past:
    """Choose origins and cells and read what came after.

    Cells are chosen before the first origin: the city's lists as of that day; where the records or the squares stand in
    for lists, the places and issues that residents had named by then.

    Raises:
        ConfigurationError: nothing in the contracts places or names a complaint, or too many cells.
        NothingKnown: there is no origin to score; says what is missing.
    """
    _check_contracts(run)
    with run.warehouse.reading() as door:
        days = dict(door.rows(
            "select occurred_at::date, count(*) from core.fct_events where is_resident group by all order by all"
        ))  # fmt: skip
    if not days:  # asked outside, for the door opens once at a time
        raise NothingKnown(f"{run.city.name}: no resident's complaint came through; {_fate(run)}")
    complete = _complete_days(days)
    first_day, end = max(run.city.config.dense_from, complete[0]), complete[-1] + _DAY
    chosen, notes = _origins(run, days, first_day, end, origins, horizon_weeks, last_origin)
    end = chosen[-1] + horizon_weeks * _WEEK
    with run.warehouse.reading() as door:
        cells = door.ask("cohort.cells", as_of_date=chosen[0])
        known = door.query(
            "select distinct community_code, issue_code from core.fct_event_versions "
            "where is_resident and known_from < $d", d=chosen[0])  # fmt: skip
        last_known = door.scalar("select max(known_from)::date from core.fct_event_versions where is_resident")
        # as of a day when all of it was known, on the origins' weekday; the weeks after the last window are cut off
        beyond = max(0, (last_known - end) // _WEEK + 1)
        weeks = (end - chosen[0]) // _WEEK
        came = door.ask("feature.cell_weeks", as_of_date=end + beyond * _WEEK, history_weeks=weeks + beyond)
        placed = door.query(
            "select community_code, issue_code, count(*) as complaints from core.fct_events "
            "where is_resident and occurred_at >= $first and occurred_at < $end group by all",
            first=chosen[0], end=end)  # fmt: skip
        districts = dict(door.rows(
            "select community_code, district_code from core.fct_events "
            "where community_code is not null and district_code is not null and occurred_at < $d "
            "group by community_code, district_code "
            "qualify row_number() over (partition by community_code order by count(*) desc, district_code) = 1",
            d=chosen[0]))  # fmt: skip
        districts |= dict(door.rows(
            "select place_code, min(district_code) from core.dim_place "
            "where place_level = 'community' and district_code is not null group by place_code"
        ))  # fmt: skip
        streets = street_of_communities(door)
    communities, issues = _cells(run, cells, known)
    codes = Panel(chosen[0], communities, issues, np.zeros((1, len(communities), len(issues)), dtype=np.float32))
    later = came.filter(pl.col("weeks_back") >= beyond).with_columns(pl.col("weeks_back") - beyond)
    notes += _unforecast(placed, codes)
    if run.city.lists_from_data:
        notes.append(f"{FOUND}: {' and '.join(run.city.lists_from_data)} known before {chosen[0]}")
    dense_weeks = (chosen[0] - first_day) // _WEEK
    if dense_weeks < DENSE_WEEKS_NEEDED:
        notes.append(
            f"thresholds are not assessable: {dense_weeks} complete weeks before {chosen[0]}, {DENSE_WEEKS_NEEDED} are "
            f"needed; every issue is hot from {run.city.config.forecast.hot_minimum} (hot_minimum)"
        )
    return Past(
        run, chosen, horizon_weeks, first_day, _panel(later, codes, weeks, end), districts, notes, districts | streets
    )


def _check_contracts(run: Run) -> None:
    listening = [source for source in run.sources if source.resident_channels != "none" and source.issues is not None]
    if not listening:
        raise ConfigurationError(
            f"{run.city.name}: no source has residents' complaints with a category; set resident_channels and issues"
        )
    placing = {"community", "grid_code"} if run.city.config.cells is None else {"latitude"}
    if not any(placing & source.columns.keys() for source in listening):
        raise ConfigurationError(
            f"{run.city.name}: no source says where; map columns.community, or latitude and longitude with [cells]"
        )


def _fate(run: Run) -> str:
    """What became of the rows, for a city of which nothing is left."""
    with run.warehouse.reading() as door:
        refusals = [text for (text,) in door.rows("select refusal from ops.batches where refusal is not null")]
        held = door.scalar("select count(*) from ops.batches where gate = 'held'")
        rows = door.scalar("select coalesce(sum(rows_in), 0) from ops.batches")
        rejected = door.rows("select reason, count(*) from ops.rejected_rows group by all order by 2 desc limit 3")
        others = door.scalar("select count(*) from core.fct_events")
    parts = [f"{rows} rows came", *(f"{count} rejected: {reason}" for reason, count in rejected), *refusals[:3]]
    parts += [f"{held} files held back by the gate"] * bool(held)
    parts += [f"{others} accepted, none by a resident channel: check resident_channels"] * bool(others)
    return "; ".join(parts)


def _complete_days(days: dict[dt.date, int]) -> list[dt.date]:
    least = _DENSE_SHARE * float(np.median(list(days.values())))
    return [day for day, count in sorted(days.items()) if count >= least]


def _origins(
    run: Run,
    days: dict[dt.date, int],
    first_day: dt.date,
    end: dt.date,
    origins: int,
    horizon_weeks: int,
    last_origin: dt.date | None,
) -> tuple[list[dt.date], list[str]]:
    """The origins to score, and what is to be said of those that are not."""
    window = horizon_weeks * _WEEK
    if last_origin is not None and last_origin + window > end:
        raise NothingKnown(
            f"{run.city.name}: the data end with {end - _DAY}, so the window from {last_origin} is not complete; "
            f"the last origin is {end - window}"
        )
    if last_origin is not None:
        end = last_origin + window
    try:
        splits = weekly_origins(end, first_day, horizon_weeks, origins, _LEAST_HISTORY_WEEKS)
    except ValueError as error:
        raise NothingKnown(f"{run.city.name}: {error}") from None
    notes = []
    if len(splits) < origins:
        notes.append(f"{len(splits)} of {origins} origins: recording is complete from {first_day} to {end - _DAY}")
    kept = [split.origin for split in splits if not _unrecorded(days, split.origin, split.window_end)]
    if len(kept) < len(splits):
        lost = [str(split.origin) for split in splits if split.origin not in kept]
        notes.append(f"not scored, as not one complaint was recorded in a week of the window: {', '.join(lost)}")
    if not kept:
        raise NothingKnown(f"{run.city.name}: {notes[-1]}; choose an earlier --date")
    known = [day for day in sorted(days) if first_day <= day < end]
    gaps = [(before, after) for before, after in pairwise(known) if after - before > _WEEK]
    notes += [
        f"no record between {before} and {after}: learned from as quiet days; a later dense_from leaves them out"
        for before, after in gaps
        if _usual(days, before + _DAY) >= _BUSY_WEEK
    ]
    return kept, notes


def _unrecorded(days: dict[dt.date, int], start: dt.date, end: dt.date) -> bool:
    """Whether a week without any complaint, in a city that usually has some, lies in the window."""
    while start < end:
        is_empty = not any(days.get(start + day * _DAY) for day in range(DAYS_PER_WEEK))
        if is_empty and _usual(days, start) >= _BUSY_WEEK:
            return True
        start += _WEEK
    return False


def _usual(days: dict[dt.date, int], before: dt.date) -> float:
    """Complaints a week in the last weeks that had any, of the year before a date."""
    weeks = [sum(days.get(before - back * _WEEK - n * _DAY, 0) for n in range(1, 8)) for back in range(52)]
    busy = [count for count in weeks if count][:8]
    return sum(busy) / len(busy) if busy else 0.0


def _cells(run: Run, cells: pl.DataFrame, known: pl.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...]]:
    communities, issues = (set(cells[name]) for name in ("community_code", "issue_code"))
    if "places" in run.city.lists_from_data or run.city.config.cells is not None:
        communities &= set(known["community_code"])
    if "issues" in run.city.lists_from_data:
        issues &= set(known["issue_code"])
    if not communities or not issues:
        missing = "category" if known["issue_code"].drop_nulls().is_empty() else "community"
        raise NothingKnown(
            f"{run.city.name}: no resident's complaint with a known {missing} before the first origin; check the "
            "column that the contract maps, and the lists"
        )
    if len(communities) * len(issues) > _MOST_CELLS:
        raise ConfigurationError(
            f"{run.city.name}: {len(communities)} communities × {len(issues)} issues are more than {_MOST_CELLS} "
            "cells; map a coarser column of places or categories"
        )
    return tuple(sorted(communities)), tuple(sorted(issues))


def _unforecast(placed: pl.DataFrame, codes: Panel) -> list[str]:
    """Complaints of the windows that belong to no cell: they are neither forecast nor taken for zero."""
    total = int(placed["complaints"].sum())
    new_place = ~pl.col("community_code").is_in(codes.communities)
    new_issue = ~pl.col("issue_code").is_in(codes.issues)
    unplaced, unmapped = pl.col("community_code").is_null(), pl.col("issue_code").is_null()
    kinds = {
        "without a known community": unplaced,
        "without a known category": ~unplaced & unmapped,
        "of places first known after the first origin": ~unplaced & ~unmapped & new_place,
        "of issues first known after the first origin": ~unplaced & ~unmapped & ~new_place & new_issue,
    }
    lost = {kind: int(placed.filter(test)["complaints"].sum()) for kind, test in kinds.items()}
    return [f"not forecast: {n} of {total} complaints ({n / total:.1%}) {kind}" for kind, n in lost.items() if n]


def _panel(frame: pl.DataFrame, codes: Panel, weeks: int, as_of: dt.date) -> Panel:
    inside = pl.col("community_code").is_in(codes.communities) & pl.col("issue_code").is_in(codes.issues)
    return Panel.from_counts(frame.filter(inside), codes.communities, codes.issues, weeks, as_of)
