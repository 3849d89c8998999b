"""Incidents: say which records tell of one matter, for those whose versions or links have changed."""

from __future__ import annotations

import polars as pl

from models.incident_views import title_incidents
from pipelines.steps.link_texts import link_texts, split_title
from pipelines.steps.run import Counts, Run


def join_incidents(run: Run) -> Counts:
    """Derive the incidents of the records that ``ops.pending_incidents`` names, and of all that belong with them.

    Whom a record follows can only change where one of its links or the record at the other end has, and conforming
    queues both ends. So what must be looked at are the queued records, whom their links reach, and all other members
    of the incidents of these. In one transaction: killed half-way, nothing happened. Grain and keys stand in
    ``sql/core/``.
    """
    linked = link_texts(run)
    with run.warehouse.writing() as door:
        queued = door.scalar("select count(distinct event_id) from ops.pending_incidents")
        if not queued:
            return Counts(details={**linked, "queued": 0, "records": 0})
        door.run("delete from ops.affected_events")
        door.run(_AFFECTED)
        records = door.scalar("select count(*) from ops.affected_events")
        door.run("delete from core.fct_incident_events where event_id in (select event_id from ops.affected_events)")
        door.extend("core.fct_incident_events")
        door.run("delete from core.fct_incidents where incident_id in (select incident_id from ops.affected_events)")
        door.extend("core.fct_incidents")
        titles = title_incidents(_with_title_words(door.query(_TITLED)))
        door.append("ops.incident_titles", titles.drop_nulls())
        door.run("update core.fct_incidents as i set title = t.title from ops.incident_titles as t "
                 "where i.incident_id = t.incident_id")  # fmt: skip
        door.run("delete from ops.incident_titles")
        door.run("delete from ops.affected_events")
        door.run("delete from ops.pending_incidents")
        incidents = door.scalar("select count(*) from core.fct_incidents")
    return Counts(details={**linked, "queued": queued, "records": records, "incidents": incidents})


def _with_title_words(records: pl.DataFrame) -> pl.DataFrame:
    split = [split_title(title, tokens)[0] for title, tokens in records.select("title", "tokens").iter_rows()]
    return records.with_columns(title_tokens=pl.Series(split, dtype=pl.List(pl.String)))


# the titles of the incidents derived anew
_TITLED = """
select
    i.event_id as record_id,
    i.incident_id,
    e.occurred_at,
    coalesce(h.title, g.title) as title,
    coalesce(r.tokens, []) as tokens
from core.fct_incident_events as i
inner join ops.affected_events as a on i.event_id = a.event_id
inner join core.fct_events as e on i.event_id = e.event_id
left join stg.hotline_order as h on e.batch_id = h.batch_id and e.row_no = h.row_no
left join stg.grid_event as g on e.batch_id = g.batch_id and e.row_no = g.row_no
left join core.fct_text_readings as r on e.text_hash = r.text_hash
where coalesce(h.title, g.title) is not null
"""

_AFFECTED = """
with reached as (
    select event_id from ops.pending_incidents
    union
    select unnest([event_id, earlier_event_id])
    from core.fct_open_links
    where event_id in (select event_id from ops.pending_incidents)
        or earlier_event_id in (select event_id from ops.pending_incidents)
),

touched as (
    select distinct incident_id
    from core.fct_incident_events
    where event_id in (select event_id from reached)
),

members as (
    select event_id, incident_id
    from core.fct_incident_events
    where incident_id in (select incident_id from touched)
)

insert into ops.affected_events
select coalesce(m.event_id, r.event_id), m.incident_id
from reached as r
full join members as m on r.event_id = m.event_id
"""
