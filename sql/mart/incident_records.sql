-- Of which records does each listed incident consist, whose are they, and why do they belong to it?
-- Grain: resident's record of the last 90 days of an incident in mart.incidents. Key: event_id.
-- The records of an incident add up to its event_count, their persons to its people_count and what is open to its
-- open_count: the same versions count. A person is a number within the incident, in the order of first appearance; a
-- record without a caller is a person of its own.
-- Reads: mart.incidents, core.fct_event_versions, core.fct_incident_events, core.dim_source, mart.places,
--        core.dim_issue, stg.hotline_order, stg.grid_event
with source as (
    select
        i.incident_id,
        i.basis,
        i.confidence,
        v.*,
        coalesce(v.caller_hash, v.event_id) as person,
        case
            when d.reports_closing then v.closed_at is null or v.closed_at >= $as_of_date
        end as is_open
    from core.fct_event_versions as v
    inner join core.fct_incident_events as i on v.event_id = i.event_id
    inner join mart.incidents as m on i.incident_id = m.incident_id and m.as_of_date = $as_of_date
    left join core.dim_source as d on v.source_name = d.source_name
    where
        v.is_resident
        and v.known_from < $as_of_date
        and (v.known_to is null or v.known_to >= $as_of_date)
        and v.occurred_at < $as_of_date
        and v.occurred_at >= $as_of_date::date - interval 90 days
),

appeared as (
    select
        incident_id,
        person,
        row_number() over (partition by incident_id order by min((occurred_at, event_id))) as person_no
    from source
    group by incident_id, person
),

places as (
    select * from mart.places
    where as_of_date = $as_of_date and place_level = 'community'
),

final as (
    select
        $as_of_date::date as as_of_date,
        s.incident_id,
        s.event_id,
        s.source_name,
        s.record_id,
        s.occurred_at::date as occurred_date,
        a.person_no::integer as person_no,
        s.channel,
        s.demand_type,
        s.district_code,
        s.street_code,
        s.community_code,
        p.place_name as community_name,
        s.issue_code,
        k.issue_name,
        s.unit_name,
        s.is_open,
        s.basis,
        s.confidence,
        left(nullif(trim(coalesce(h.title, g.title)), ''), 60) as record_title
    from source as s
    inner join appeared as a on s.incident_id = a.incident_id and s.person = a.person
    left join places as p on s.community_code = p.place_code
    left join core.dim_issue as k on s.issue_code = k.issue_code
    left join stg.hotline_order as h on s.batch_id = h.batch_id and s.row_no = h.row_no
    left join stg.grid_event as g on s.batch_id = g.batch_id and s.row_no = g.row_no
)

select * from final
