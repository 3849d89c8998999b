-- Which incidents are there, as far as is known by now, and who told of them when?
-- Grain: incident. Key: incident_id. Only incidents of the records named in ops.affected_events
-- are derived. Place and issue are those of the earliest record that has them.
-- Reads: core.fct_incident_events, ops.affected_events
select
    i.incident_id,
    count(*)::integer as event_count,
    (count(distinct e.caller_hash) + count(*) - count(e.caller_hash))::integer as people_count,
    min(e.occurred_at) as first_occurred_at,
    max(e.occurred_at) as last_occurred_at,
    arg_min(e.community_code, (e.occurred_at, e.event_id)) filter (where e.community_code is not null)
        as community_code,
    arg_min(e.issue_code, (e.occurred_at, e.event_id)) filter (where e.issue_code is not null) as issue_code,
    coalesce(list(distinct e.channel order by e.channel) filter (where e.channel is not null), []) as channels,
    list(distinct e.source_name order by e.source_name) as source_names,
    bool_or(e.is_resident) as has_resident
from core.fct_incident_events as i
inner join ops.affected_events as e on i.event_id = e.event_id
group by i.incident_id
