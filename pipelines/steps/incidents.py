"""Incidents: say which records tell of one matter, for those whose versions or links have changed."""

from __future__ import annotations

from pipelines.steps.run import Counts, Run


def join_incidents(run: Run) -> Counts:
    """Derive the incidents of the records that ``ops.pending_incidents`` names, and of all that belong with them.

    Whom a record follows can only change where one of its links or the record at the other end has, and conforming
    queues both ends. So what must be looked at are the queued records, whom their links reach, and all other members
    of the incidents of these. In one transaction: killed half-way, nothing happened. Grain and keys stand in
    ``sql/core/``.
    """
    with run.warehouse.writing() as door:
        queued = door.scalar("select count(distinct event_id) from ops.pending_incidents")
        if not queued:
            return Counts(details={"queued": 0, "records": 0})
        door.run("delete from ops.affected_events")
        door.run(_AFFECTED)
        records = door.scalar("select count(*) from ops.affected_events")
        door.run("delete from core.fct_incident_events where event_id in (select event_id from ops.affected_events)")
        door.extend("core.fct_incident_events")
        door.run("delete from core.fct_incidents where incident_id in (select incident_id from ops.affected_events)")
        door.extend("core.fct_incidents")
        door.run("delete from ops.affected_events")
        door.run("delete from ops.pending_incidents")
        incidents = door.scalar("select count(*) from core.fct_incidents")
    return Counts(details={"queued": queued, "records": records, "incidents": incidents})


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
