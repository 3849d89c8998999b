"""The list of the coming 28 days: what the page and the workbook ask of a snapshot. Older snapshots have none."""

from __future__ import annotations

from pipelines.web.queries import CHOSEN, Reader, Row, has_table, visible_in
from pipelines.web.view import View

TABLE = "planning_forecast"
FILTERED = (
    visible_in(TABLE)
    + f"""
, filtered as (
    select * from visible
    where {CHOSEN}
      and ($keyword is null or contains(
          lower(concat_ws(' ', district_name, street_name, community_name, major_name, issue_name)), lower($keyword)
      ))
)
"""
)
_TOTALS = """
select count(*) as cell_count, coalesce(sum(hot_probability), 0) as expected_hot,
    coalesce(sum(baseline_probability), 0) as baseline_hot, max(window_end_date) as window_end_date
from filtered
"""


def is_published(reader: Reader) -> bool:
    """Whether the snapshot was built by a release that forecasts 28 days."""
    return has_table(reader, TABLE)


def totals(reader: Reader, view: View) -> Row:
    """Sums over all rows of the view."""
    found = reader.row(FILTERED + _TOTALS, view)
    assert found is not None
    return found


def rows_sql() -> str:
    """The select of all rows of a view by rank."""
    return FILTERED + "select * from filtered order by planning_rank"


def page(reader: Reader, view: View) -> list[Row]:
    """The rows of one page; whether a cell is thin is the same at both horizons, and stands in the 7-day table."""
    return reader.rows(
        FILTERED
        + """
        select f.*, coalesce(h.is_thin, false) as is_thin, h.thin_reason
        from filtered as f
        left join mart.hotspot_forecast as h using (as_of_date, community_code, issue_code)
        order by f.planning_rank
        limit $size offset $skip
    """,
        view,
        skip=(view.page - 1) * view.size,
    )


def method(reader: Reader) -> tuple[Row | None, list[Row]]:
    """The chosen forecaster of the 28 days with its reason, and the scores of all, the best first."""
    chosen = reader.row("select * from mart.planning_selections where as_of_date = $as_of_date limit 1")
    scores = reader.rows("""
        select * from mart.planning_evaluations
        where as_of_date = $as_of_date
        order by is_chosen desc, is_best_baseline desc, is_baseline, hot_log_loss, forecaster_name
    """)
    return chosen, scores
