"""Incidents: what the page and its exports ask of a snapshot. Older snapshots hold none.

An incident is seen by those who see the community that most of its records are in; of its records they see those in
their areas, and how many there are besides. The titles of single records are for those whom ``grants.csv`` allows it.
"""

from __future__ import annotations

import duckdb

from pipelines.web.queries import CHOSEN, Reader, Row, has_table, lies_in, visible_in
from pipelines.web.view import INCIDENT_COLUMN_OF, IncidentView

TABLE, RECORDS = "incidents", "incident_records"
# what a person reads instead of a code; `text` is a likeness, the others are grounds
BASES = {
    "first": "首条",
    "link": "来源注明关联",
    "caller": "同一来电人",
    "address": "同一点位",
    "text": "文本相近",
}
FILTERED = (
    visible_in(TABLE)
    + f"""
, filtered as (
    select * from visible
    where {CHOSEN}
      and ($id is null or incident_id = $id)
      and ($since is null or last_date >= $since)
      and ($until is null or first_date <= $until)
      and ($keyword is null or contains(
          lower(concat_ws(' ', incident_title, district_name, street_name, community_name, issue_name, unit_names)),
          lower($keyword)
      ))
)
"""
)
_TOTALS = """
select count(*) as incident_count, coalesce(sum(people_count), 0)::bigint as people_count,
    coalesce(sum(event_count), 0)::bigint as event_count,
    coalesce(sum(event_count_7d), 0)::bigint as event_count_7d, sum(open_count)::bigint as open_count
from filtered
"""
# An earlier record is named where it stands in the same list; elsewhere it is only said that there is one.
_SEEN = (
    visible_in(RECORDS)
    + f"""
, titled as (
    select * replace (
        case when {lies_in("title_areas", "is_titles_whole_city")} then record_title end as record_title
    )
    from visible
)
, seen as (
    select
        t.*,
        coalesce(s.source_title, t.source_name) as source_title,
        coalesce(r.is_same_caller, false) as is_same_caller,
        coalesce(r.is_same_place, false) as is_same_place,
        coalesce(r.is_same_text, false) as is_same_text,
        a.record_id as same_caller_record_id,
        b.record_id as same_place_record_id,
        c.record_id as same_text_record_id
    from titled as t
    left join mart.source_status as s on t.as_of_date = s.as_of_date and t.source_name = s.source_name
    left join mart.repeats as r on t.as_of_date = r.as_of_date and t.event_id = r.event_id
    left join visible as a on r.same_caller_event_id = a.event_id and t.incident_id = a.incident_id
    left join visible as b on r.same_place_event_id = b.event_id and t.incident_id = b.incident_id
    left join visible as c on r.same_text_event_id = c.event_id and t.incident_id = c.incident_id
)
"""
)


def is_published(reader: Reader) -> bool:
    """Whether the snapshot was built by a release that publishes the records of incidents."""
    return has_table(reader, "incident_totals")


def totals(reader: Reader, view: IncidentView) -> Row:
    """Sums over all incidents of the view; what is open is null where no source tells."""
    found = reader.row(FILTERED + _TOTALS, view)
    assert found is not None
    return found


def city_totals(reader: Reader) -> Row | None:
    """How many incidents and repeats the whole city has: for those who may see all of it."""
    if not reader.areas.is_whole_city:
        return None
    return reader.row("select * from mart.incident_totals where as_of_date = $as_of_date")


def rows_sql(view: IncidentView) -> str:
    """The select of all incidents of a view in its order; ties in a fixed order."""
    expression = INCIDENT_COLUMN_OF[view.sort].order_by
    return (
        FILTERED + f"select * from filtered order by {expression} {view.direction} nulls last, heat desc, incident_id"
    )


def page(reader: Reader, view: IncidentView) -> list[Row]:
    """The incidents of one page."""
    return reader.rows(rows_sql(view) + " limit $size offset $skip", view, skip=(view.page - 1) * view.size)


def incident(reader: Reader, incident_id: str) -> Row | None:
    """One incident, or nothing: one outside the reader's areas does not exist for that reader."""
    return reader.row(visible_in(TABLE) + "select * from visible where incident_id = $incident_id",
                      incident_id=incident_id)  # fmt: skip


def records(reader: Reader, incident_id: str) -> list[Row]:
    """The records of an incident that the reader may see, the latest first."""
    return reader.rows(
        _SEEN + "select * from seen where incident_id = $incident_id order by occurred_date desc, event_id desc",
        incident_id=incident_id,
    )


def records_of(reader: Reader, incident_ids: list[str]) -> duckdb.DuckDBPyConnection:
    """The records of several incidents that the reader may see, incident by incident in the order of the list."""
    return reader.relation(
        _SEEN
        + """
        select * from seen where list_contains($incident_ids, incident_id)
        order by list_position($incident_ids, incident_id), occurred_date desc, event_id desc
    """,
        incident_ids=incident_ids,
    )


def of_cell(reader: Reader, community_code: str, issue_code: str) -> list[Row]:
    """The incidents of one community and issue, the hottest first; none in an older snapshot."""
    if not is_published(reader):
        return []
    return reader.rows(
        visible_in(TABLE) + "select * from visible where community_code = $community_code and issue_code = $issue_code "
        "order by heat desc, incident_id",
        community_code=community_code,
        issue_code=issue_code,
    )
