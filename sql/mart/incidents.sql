-- Which matters do most residents speak of now?
-- Grain: incident, the 100 hottest with at least two residents' records and one of the last 28 days. Key: incident_id.
-- People are whole points and come first; recency and volume together stay below one, so that they only order incidents
-- of as many people. A record without a caller counts as one person. Which records belong together is as known by now,
-- but only records and versions known before the as-of date count. What is open is counted among the records whose
-- source tells when a matter is closed, and unknown (null) where none does. Place and issue are those that most of its
-- records have, of equally many the earliest: one record that was filed elsewhere names nothing.
-- Reads: core.fct_event_versions, core.fct_incident_events, core.fct_incidents, core.dim_source, mart.places,
--        core.dim_issue
with source as (
    select
        i.incident_id,
        v.event_id,
        v.occurred_at,
        v.channel,
        v.caller_hash,
        v.community_code,
        v.issue_code,
        v.unit_name,
        v.occurred_at >= $as_of_date::date - interval 90 days as is_counted,
        coalesce(d.reports_closing, false) as is_closing_known,
        v.closed_at is null or v.closed_at >= $as_of_date as is_open
    from core.fct_event_versions as v
    inner join core.fct_incident_events as i on v.event_id = i.event_id
    left join core.dim_source as d on v.source_name = d.source_name
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
            count(distinct caller_hash) filter (where is_counted)
            + count(*) filter (where is_counted and caller_hash is null)
        )::integer as people_count,
        count(*) filter (where is_counted)::integer as event_count,
        count(*) filter (where occurred_at >= $as_of_date::date - interval 7 days)::integer as event_count_7d,
        count(*) filter (where is_counted and is_closing_known)::integer as closing_known_count,
        count(*) filter (where is_counted and is_closing_known and is_open)::integer as open_count,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at,
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

usual_places as (
    select
        incident_id,
        community_code
    from source
    where community_code is not null
    group by incident_id, community_code
    qualify row_number() over (partition by incident_id order by count(*) desc, min((occurred_at, event_id)) asc) = 1
),

usual_issues as (
    select
        incident_id,
        issue_code
    from source
    where issue_code is not null
    group by incident_id, issue_code
    qualify row_number() over (partition by incident_id order by count(*) desc, min((occurred_at, event_id)) asc) = 1
),

units as (
    select
        incident_id,
        unit_name,
        count(*) as event_count
    from source
    where is_counted and unit_name is not null
    group by incident_id, unit_name
    qualify row_number() over (partition by incident_id order by count(*) desc, unit_name asc) <= 3
),

unit_lists as (
    select
        incident_id,
        string_agg(unit_name, '、' order by event_count desc, unit_name asc) as unit_names
    from units
    group by incident_id
),

places as (
    select * from mart.places
    where as_of_date = $as_of_date and place_level = 'community'
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
        c.community_code,
        q.issue_code,
        m.channels,
        m.heat_recency,
        m.heat_volume,
        m.people_count + m.heat_recency + m.heat_volume as heat,
        p.district_code,
        p.district_name,
        p.street_code,
        p.street_name,
        p.place_name as community_name,
        k.issue_name,
        m.event_count_7d,
        m.closing_known_count,
        case when m.closing_known_count > 0 then m.open_count end as open_count,
        u.unit_names
    from measured as m
    inner join core.fct_incidents as i on m.incident_id = i.incident_id
    left join unit_lists as u on m.incident_id = u.incident_id
    left join usual_places as c on m.incident_id = c.incident_id
    left join usual_issues as q on m.incident_id = q.incident_id
    left join places as p on c.community_code = p.place_code
    left join core.dim_issue as k on q.issue_code = k.issue_code
    qualify row_number() over (order by heat desc, m.incident_id asc) <= 100
)

select * from final
