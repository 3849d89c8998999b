"""What the page asks of a published snapshot. Every question is cut to the reader's areas in the same place."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from typing import Any, TypeVar

import duckdb

from pipelines.warehouse.snapshot import Snapshot
from pipelines.web.rights import Areas
from pipelines.web.view import COLUMN_OF, View

Row = dict[str, Any]
AnyView = TypeVar("AnyView", bound=View)
HISTORY_WEEKS = 104
CHILDREN_SHOWN = 200
LEVELS = ("district", "street", "community")

_PARAMETER = re.compile(r"\$([a-z_]+)")


# The one place where rights apply: what a row says is shown under this condition or not at all.
def lies_in(areas: str, everywhere: str) -> str:
    """The condition that a row lies in one of the areas of a parameter, or that the other says: in the whole city."""
    return f"""(${everywhere} or exists (
        select 1 from unnest(${areas}) as granted (code)
        where starts_with(community_code, code) or street_code = code or district_code = code
    ))"""


def visible_in(table: str) -> str:
    """The rows of the as-of date that the reader may see of a table, as the relation ``visible``."""
    return f"""
with visible as (
    select * from mart.{table}
    where as_of_date = $as_of_date and {lies_in("areas", "is_whole_city")}
)
"""


# What every list can be cut to.
CHOSEN = """($district is null or district_code = $district)
      and ($street is null or street_code = $street)
      and ($community is null or community_code = $community)
      and ($issue is null or issue_code = $issue)"""

_VISIBLE = visible_in("hotspot_forecast")

_FILTERED = (
    _VISIBLE
    + f"""
, filtered as (
    select * from visible
    where {CHOSEN}
      and ($level is null or risk_level = $level)
      and ($keyword is null or contains(
          lower(concat_ws(' ', district_name, street_name, community_name, major_name, issue_name,
                          responsible_unit, reasons)),
          lower($keyword)
      ))
)
"""
)

# Group by level: constants, because a column name cannot be a parameter.
_CHILD = {
    "district": "district_code as code, district_name as name",
    "street": "street_code as code, street_name as name",
    "community": "community_code as code, community_name as name",
    "issue": "issue_code as code, issue_name as name",
}


@dataclass(frozen=True)
class Reader:
    """One request's door to the published snapshot: whose it is and what that person may see."""

    snapshot: Snapshot
    connection: duckdb.DuckDBPyConnection
    person: str
    areas: Areas

    def relation(self, sql: str, view: View | None = None, **params: Any) -> duckdb.DuckDBPyConnection:
        """Run a select with the reader's rights, the view's filters and further parameters bound."""
        values = {
            "as_of_date": self.snapshot.as_of_date,
            "is_whole_city": self.areas.is_whole_city,
            "areas": list(self.areas.codes),
            "is_titles_whole_city": self.areas.is_titles_whole_city,
            "title_areas": list(self.areas.title_codes),
            **(view.model_dump() if view else {}),
            **params,
        }
        wanted = set(_PARAMETER.findall(sql))
        return self.connection.execute(sql, {name: value for name, value in values.items() if name in wanted})

    def rows(self, sql: str, view: View | None = None, **params: Any) -> list[Row]:
        """As :meth:`relation`, as dictionaries; numbers that are none become null."""
        found = self.relation(sql, view, **params)
        names = [column[0] for column in found.description]
        return [dict(zip(names, map(_finite, row), strict=True)) for row in found.fetchall()]

    def row(self, sql: str, view: View | None = None, **params: Any) -> Row | None:
        """The first row, if there is one."""
        return next(iter(self.rows(sql, view, **params)), None)


def overview(reader: Reader) -> Row:
    """The window, the levels this city has, and how many cells the reader can see."""
    found = reader.row(
        _VISIBLE
        + """
        select
            max(window_end_date) as window_end_date,
            count(*) as cell_count,
            count(district_code) > 0 as has_district,
            count(street_code) > 0 as has_street
        from visible
    """
    )
    assert found is not None
    return found | {"levels": [level for level in LEVELS if found.get(f"has_{level}", True)]}


def settle(reader: Reader, view: AnyView) -> AnyView:
    """The view with its places made consistent.

    A lower place that lies outside the chosen higher one is dropped (someone changed the district and kept the
    street); a higher one that is missing is filled in from the lower. Unknown codes stay, and find nothing.
    """
    for level, higher in (("community", ("district", "street")), ("street", ("district",))):
        code = getattr(view, level)
        if code is None:
            continue
        above = reader.row(
            _VISIBLE
            + f"""
            select district_code as district, street_code as street from visible where {level}_code = $code limit 1
        """,
            code=code,
        )
        if above is None:
            continue
        if any(getattr(view, name) not in (None, above[name]) for name in higher):
            view = view.model_copy(update={level: None})
        else:
            view = view.model_copy(update={name: above[name] for name in higher})
    return view


def totals(reader: Reader, view: View) -> Row:
    """The sums over all rows of the view, whatever the page."""
    found = reader.row(_FILTERED + f"select {_SUMS} from filtered", view)
    assert found is not None
    return found


_SUMS = """
    count(*) as cell_count,
    count(*) filter (where risk_level = '极高') as very_high_count,
    count(*) filter (where risk_level = '高') as high_count,
    coalesce(sum(expected_count), 0) as expected_count,
    coalesce(sum(complaint_count_7d), 0)::bigint as complaint_count_7d
"""


def forecast_sql(view: View) -> str:
    """The select of all rows of a view in its order; ties in a fixed order, so that pages do not overlap."""
    expression = COLUMN_OF[view.sort].order_by
    return (
        _FILTERED
        + f"""
        select * from filtered
        order by {expression} {view.direction} nulls last, risk_rank, community_code, issue_code
    """
    )


def forecast_page(reader: Reader, view: View) -> list[Row]:
    """The rows of one page."""
    return reader.rows(forecast_sql(view) + "limit $size offset $skip", view, skip=(view.page - 1) * view.size)


def breadcrumbs(reader: Reader, view: View) -> list[Row]:
    """The chosen places from high to low, as level, code and name."""
    crumbs = []
    for level in LEVELS:
        code = getattr(view, level)
        if code is not None:
            found = reader.row(
                _VISIBLE + f"select {_CHILD[level]} from visible where {level}_code = $code limit 1", code=code
            )
            crumbs.append({"level": level, "code": code, "name": found["name"] if found else code})
    return crumbs


def child_level(view: View, levels: list[str]) -> str | None:
    """The level below the chosen place, among those the city has."""
    chosen = [depth for depth, level in enumerate(levels) if getattr(view, level) is not None]
    return next(iter(levels[max(chosen, default=-1) + 1 :]), None)


def children(reader: Reader, view: View, part: str) -> list[Row]:
    """The parts of the view, by a place level or by ``issue``, with sums that add up to those of :func:`totals`.

    Cells without a code at that level make one row without a code. Beyond :data:`CHILDREN_SHOWN` the rest is one row.
    """
    return reader.rows(
        _FILTERED
        + f"""
        , parts as (
            select {_CHILD[part]}, {_SUMS} from filtered group by all
        ),
        ranked as (
            select *, row_number() over (
                order by very_high_count desc, high_count desc, expected_count desc, code
            ) as position
            from parts
        )
        select
            case when min(position) <= $shown then any_value(code) end as code,
            case when min(position) <= $shown then coalesce(any_value(name), '未划分')
                else '其余' || count(*) || '个' end as name,
            sum(cell_count)::bigint as cell_count,
            sum(very_high_count)::bigint as very_high_count,
            sum(high_count)::bigint as high_count,
            sum(expected_count) as expected_count,
            sum(complaint_count_7d)::bigint as complaint_count_7d
        from ranked
        group by least(position, $shown + 1)
        order by min(position)
    """,
        view,
        shown=CHILDREN_SHOWN,
    )


def options(reader: Reader, view: View, levels: list[str]) -> dict[str, list[Row]]:
    """What each filter can be set to: only what the reader may see, and only below what is chosen above."""
    found: dict[str, list[Row]] = {}
    for depth, level in enumerate(levels):
        above = levels[depth - 1] if depth else None
        if above is None or getattr(view, above) is not None:
            found[level] = reader.rows(
                _VISIBLE
                + f"""
                select {_CHILD[level]} from visible
                where {level}_code is not null
                  and ($district is null or $depth < 1 or district_code = $district)
                  and ($street is null or $depth < 2 or street_code = $street)
                group by all order by code
            """,
                view,
                depth=LEVELS.index(level),
            )
    found["issue"] = reader.rows(
        _VISIBLE
        + """
        select issue_code as code, any_value(issue_name) as name, coalesce(any_value(major_name), '其他') as major
        from visible group by issue_code order by major, code
    """
    )
    return found


def method(reader: Reader) -> tuple[Row | None, list[Row]]:
    """The chosen forecaster with its reason, and the scores of all that were compared, the best first."""
    chosen = reader.row("select * from mart.selections where as_of_date = $as_of_date limit 1")
    scores = reader.rows("""
        select *, hot_pr_auc / nullif(max(hot_pr_auc) filter (where is_best_baseline) over (), 0) as ratio
        from mart.evaluations
        where as_of_date = $as_of_date
        order by is_chosen desc, is_best_baseline desc, is_baseline, hot_pr_auc desc nulls last, forecaster_name
    """)
    return chosen, scores


def model_cards(reader: Reader) -> list[Row]:
    """The lines of every model's card, the chosen model first; none in a snapshot of before there were cards."""
    if not has_table(reader, "model_cards"):
        return []
    return reader.rows("""
        select * from mart.model_cards where as_of_date = $as_of_date
        order by is_chosen desc, forecaster_name, line_no
    """)


def alarms(reader: Reader) -> list[Row]:
    """What the daily watch over the forecast found, alarms first; none in an older snapshot."""
    if not has_table(reader, "forecast_alarms"):
        return []
    return reader.rows(
        "select * from mart.forecast_alarms where as_of_date = $as_of_date order by is_raised desc, alarm_code"
    )


def has_table(reader: Reader, name: str) -> bool:
    """Whether the snapshot was built by a release that publishes this table."""
    return (
        reader.row(
            "select 1 as found from duckdb_tables() where schema_name = 'mart' and table_name = $name", name=name
        )
        is not None
    )


def sources(reader: Reader) -> list[Row]:
    """Each source and whether its data are fresh and sound; those that need attention first."""
    return reader.rows("""
        select
            *,
            is_late or refused_files > 0 or critical_failures > 0 or held_back > 0 or warnings > 0 as needs_attention
        from mart.source_status
        where as_of_date = $as_of_date
        order by needs_attention desc, source_name
    """)


def cell(reader: Reader, community_code: str, issue_code: str) -> Row | None:
    """One forecast, or nothing: a cell outside the reader's areas does not exist for that reader."""
    return reader.row(
        _VISIBLE + "select * from visible where community_code = $community_code and issue_code = $issue_code",
        community_code=community_code,
        issue_code=issue_code,
    )


def history(reader: Reader, community_code: str, issue_code: str) -> list[tuple[dt.date, int]]:
    """Counts of a cell for each of the last 104 weeks, weeks without a complaint as zero.

    Weeks before the city's first count are left out: nothing is known of them, which is not zero.
    """
    return reader.relation(
        """
        with known as (
            select week_start_date, complaint_count from mart.cell_history
            where as_of_date = $as_of_date and community_code = $community_code and issue_code = $issue_code
        ),
        weeks as (
            select ($as_of_date::date - (7 * back)::integer)::date as week_start_date
            from range(1, $week_count + 1) as weeks_back (back)
        )
        select week_start_date, coalesce(complaint_count, 0)
        from weeks left join known using (week_start_date)
        where week_start_date >= (
            select min(week_start_date) from mart.cell_history where as_of_date = $as_of_date
        )
        order by week_start_date
    """,
        community_code=community_code,
        issue_code=issue_code,
        week_count=HISTORY_WEEKS,
    ).fetchall()


def dictionary(reader: Reader, name: str = "hotspot_forecast") -> tuple[str, list[Row]]:
    """What a forecast table and its columns mean, from the comments in the snapshot itself."""
    table = reader.row(
        "select comment from duckdb_tables() where schema_name = 'mart' and table_name = $name", name=name
    )
    columns = reader.rows(
        "select column_name, data_type, comment from duckdb_columns() "
        "where schema_name = 'mart' and table_name = $name order by column_index",
        name=name,
    )
    return (table["comment"] if table else ""), columns


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
