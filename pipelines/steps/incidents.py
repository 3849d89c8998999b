"""Incidents: say which records tell of one matter, for those whose versions or links have changed."""

from __future__ import annotations

import polars as pl

from models.incident_titles import title_incidents
from pipelines.steps.link_texts import link_texts, split_title
from pipelines.steps.run import Counts, Run
from pipelines.warehouse.door import Door

PART_ROWS = 250_000
LEAST_OF_A_GROUP = 3
"""So many records of a chain that speak of one group of texts make it speak of that."""


def join_incidents(run: Run) -> Counts:
    """Derive the incidents of the records that ``ops.pending_incidents`` names, and of all that belong with them.

    Whom a record follows can only change where one of its links or the record at the other end has, and conforming
    queues both ends. So what must be looked at are the queued records, whom their links reach, and all other members
    of the incidents of these; of many queued records some at a time, so that memory is bounded. In one transaction:
    killed half-way, nothing happened. Grain and keys stand in ``sql/core/``.
    """
    linked = link_texts(run)
    records = 0
    with run.warehouse.writing() as door:
        queued = door.scalar("select count(distinct event_id) from ops.pending_incidents")
        if not queued:
            return Counts(details={**linked, "queued": 0, "records": 0})
        if queued > PART_ROWS:
            door.run(_CUT, part_rows=PART_ROWS)
        else:
            door.run("insert into ops.incident_parts select distinct event_id, 0 from ops.pending_incidents")
        for (part_no,) in door.rows("select distinct part_no from ops.incident_parts order by part_no"):
            records += _join_part(door, part_no)
        door.run("delete from ops.incident_parts")
        door.run("delete from ops.pending_incidents")
        incidents = door.scalar("select count(*) from core.fct_incidents")
    return Counts(details={**linked, "queued": queued, "records": records, "incidents": incidents})


def _join_part(door: Door, part_no: int) -> int:
    door.run(_AFFECTED, part_no=part_no, least_of_a_group=LEAST_OF_A_GROUP)
    records = int(door.scalar("select count(*) from ops.affected_events"))
    door.run("delete from core.fct_incident_events where event_id in (select event_id from ops.affected_events)")
    door.extend("core.fct_incident_events", least_of_a_group=LEAST_OF_A_GROUP)
    door.run("delete from core.fct_incidents where incident_id in (select incident_id from ops.affected_events)")
    door.extend("core.fct_incidents")
    titles = title_incidents(_with_title_words(door.query(_TITLED)))
    door.append("ops.incident_titles", titles.drop_nulls())
    door.run("update core.fct_incidents as i set title = t.title from ops.incident_titles as t "
             "where i.incident_id = t.incident_id")  # fmt: skip
    door.run("delete from ops.incident_titles")
    door.run("delete from ops.affected_events")
    return records


def _with_title_words(records: pl.DataFrame) -> pl.DataFrame:
    split = [split_title(title, tokens)[0] for title, tokens in records.select("title", "tokens").iter_rows()]
    return records.with_columns(title_tokens=pl.Series(split, dtype=pl.List(pl.String)))


# the titles of the incidents derived anew; their records as one list, so that the planner takes them for few, and by
# inner joins alone, because the right side of another one is read whole
_TITLED = """
with affected as (
    select unnest(records, recursive := true)
    from (
        select list({
            event_id: e.event_id,
            incident_id: i.incident_id,
            record_id: e.record_id,
            occurred_at: e.occurred_at,
            text_hash: e.text_hash,
            batch_id: e.batch_id,
            row_no: e.row_no
        }) as records
        from ops.affected_events as e
        inner join core.fct_incident_events as i on e.event_id = i.event_id
    )
),

titled as (
    select a.*, s.title
    from affected as a
    inner join stg.hotline_order as s
        on a.record_id = s.record_id and a.batch_id = s.batch_id and a.row_no = s.row_no
    where s.title is not null
    union all
    select a.*, s.title
    from affected as a
    inner join stg.grid_event as s
        on a.record_id = s.record_id and a.batch_id = s.batch_id and a.row_no = s.row_no
    where s.title is not null
),

read as (
    select r.text_hash, r.tokens
    from core.fct_text_readings as r
    inner join (select distinct text_hash from titled) as t on r.text_hash = t.text_hash
)

select
    t.event_id as record_id,
    t.incident_id,
    t.occurred_at,
    t.title,
    coalesce(r.tokens, []) as tokens
from titled as t
left join read as r on t.text_hash = r.text_hash
"""

# by the time they occurred: links point to earlier records, so that each finds there whom it would follow if all were
_CUT = """
with queued as (
    select p.event_id, e.occurred_at
    from (select distinct event_id from ops.pending_incidents) as p
    left join core.fct_events as e on p.event_id = e.event_id
),

parts as (
    select
        occurred_at,
        (sum(count(*)) over (order by occurred_at nulls first) - 1) // $part_rows as part_no
    from queued
    group by occurred_at
)

insert into ops.incident_parts
select q.event_id, p.part_no
from queued as q
inner join parts as p on q.occurred_at is not distinct from p.occurred_at
"""

_AFFECTED = """
with queued as (
    select event_id from ops.incident_parts where part_no = $part_no
),

linked as (
    select unnest([event_id, earlier_event_id]) as event_id
    from core.fct_open_links
    where event_id in (select event_id from queued) or earlier_event_id in (select event_id from queued)
),

reached as (
    select event_id from queued
    union
    select event_id from linked
    where event_id not in (select event_id from ops.incident_parts where part_no > $part_no)
),

begun as (
    select distinct incident_id
    from core.fct_incident_events
    where event_id in (select event_id from reached)
),

-- chains that speak mostly of one group of texts are one incident: others that do may stand elsewhere
spoken as (
    select m.text_incident_id
    from core.fct_text_members as m
    where m.event_id in (
        select event_id from reached
        union
        select i.event_id from core.fct_incident_events as i
        where i.incident_id in (select b.incident_id from begun as b)
    )
    group by m.text_incident_id
    having count(*) >= $least_of_a_group
),

touched as (
    select incident_id from begun
    union
    select incident_id
    from core.fct_incident_events
    where event_id in (
        select m.event_id
        from core.fct_text_members as m
        where m.text_incident_id in (select s.text_incident_id from spoken as s)
    )
),

members as (
    select event_id, incident_id
    from core.fct_incident_events
    where incident_id in (select incident_id from touched)
),

all_of_them as (
    select coalesce(m.event_id, r.event_id) as event_id, m.incident_id
    from reached as r
    full join members as m on r.event_id = m.event_id
),

-- as one list, so that the planner takes them for few; and by the number of the record, because DuckDB passes over
-- blocks of rows by the first eight bytes of a text, which are the same in the event_id of all records of a source
known as (
    select e.*
    from core.fct_events as e
    inner join (
        select unnest(event_ids) as event_id
        from (select list(event_id) as event_ids from all_of_them)
    ) as a on e.event_id = a.event_id and e.record_id = substr(a.event_id, instr(a.event_id, ':') + 1)
)

insert into ops.affected_events
select
    a.event_id,
    a.incident_id,
    k.record_id,
    k.occurred_at,
    k.source_name,
    k.channel,
    k.is_resident,
    k.community_code,
    k.issue_code,
    k.caller_hash,
    k.text_hash,
    k.batch_id,
    k.row_no
from all_of_them as a
left join known as k on a.event_id = k.event_id
"""
