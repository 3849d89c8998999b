-- Which matters do most residents speak of now?
-- Grain: incident, the 100 hottest with at least two residents' records and one of the last 28 days. Key: incident_id.
-- People are whole points and come first; recency and volume together stay below one, so that they only order incidents
-- of as many people. A record without a caller counts as one person. Which records belong together is as known by now,
-- but only records and versions known before the as-of date count.
-- Reads: core.fct_event_versions, core.fct_incident_events, core.fct_incidents
with source as (
    select
        i.incident_id,
        v.event_id,
        v.occurred_at,
        v.channel,
        v.caller_hash,
        v.community_code,
        v.issue_code
    from core.fct_event_versions as v
    inner join core.fct_incident_events as i on v.event_id = i.event_id
    where
        v.is_resident
        and v.known_from < $as_of_date
        and (v.known_to is null or v.known_to >= $as_of_date)
        and v.occurred_at < $as_of_date
),

counted as (
    select
        incident_id,
        (
            count(distinct caller_hash) filter (where occurred_at >= $as_of_date::date - interval 90 days)
            + count(*) filter (where caller_hash is null and occurred_at >= $as_of_date::date - interval 90 days)
        )::integer as people_count,
        count(*) filter (where occurred_at >= $as_of_date::date - interval 90 days)::integer as event_count,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at,
        arg_min(community_code, (occurred_at, event_id)) filter (where community_code is not null) as community_code,
        arg_min(issue_code, (occurred_at, event_id)) filter (where issue_code is not null) as issue_code,
        coalesce(string_agg(distinct channel, '、' order by channel), '') as channels
    from source
    group by incident_id
),

measured as (
    select
        *,
        0.6 * pow(0.5, date_diff('second', last_at, $as_of_date::timestamp) / 86400.0 / 14) as heat_recency,
        0.3 * (1 - 1.0 / event_count) as heat_volume
    from counted
    where event_count >= 2 and last_at >= $as_of_date::date - interval 28 days
),

final as (
    select
        $as_of_date::date as as_of_date,
        m.incident_id,
        i.title as incident_title,
        m.people_count,
        m.event_count,
        m.first_at::date as first_date,
        m.last_at::date as last_date,
        m.community_code,
        m.issue_code,
        m.channels,
        m.heat_recency,
        m.heat_volume,
        m.people_count + m.heat_recency + m.heat_volume as heat
    from measured as m
    inner join core.fct_incidents as i on m.incident_id = i.incident_id
    qualify row_number() over (order by heat desc, m.incident_id asc) <= 100
)

select * from final
