-- How many incidents and repeats are there in all, and has every record been looked at?
-- Grain: as-of date. Key: as_of_date.
-- mart.incidents holds the 100 hottest; here all are counted that meet its conditions. A record without a text, a
-- caller and an address is comparable with no other: that it repeats nothing is not known.
-- Reads: core.fct_event_versions, core.fct_incident_events, mart.repeats
with known as (
    select
        v.event_id,
        i.incident_id,
        v.occurred_at >= $as_of_date::date - interval 28 days as is_recent,
        coalesce(v.text_hash, v.caller_hash, v.address_hash) is null as is_unknown
    from core.fct_event_versions as v
    left join core.fct_incident_events as i on v.event_id = i.event_id
    where
        v.is_resident
        and v.known_from < $as_of_date
        and (v.known_to is null or v.known_to >= $as_of_date)
        and v.occurred_at < $as_of_date
        and v.occurred_at >= $as_of_date::date - interval 90 days
),

recent as (
    select
        count(*) as event_count,
        count(*) filter (where incident_id is null) as unassigned_count,
        count(*) filter (where is_unknown) as unknown_count
    from known
    where is_recent
),

incidents as (
    select
        incident_id,
        count(*) filter (where is_recent) as event_count_28d
    from known
    where incident_id is not null
    group by incident_id
    having count(*) >= 2 and bool_or(is_recent)
),

listed as (
    select
        count(*) as incident_count,
        coalesce(sum(event_count_28d), 0) as event_count_28d
    from incidents
),

repeated as (
    select
        count(*) as repeat_count,
        count(*) filter (where is_same_caller) as same_caller_count,
        count(*) filter (where is_same_place) as same_place_count,
        count(*) filter (where is_same_text) as same_text_count
    from mart.repeats
    where as_of_date = $as_of_date
)

select
    $as_of_date::date as as_of_date,
    r.event_count::integer as event_count_28d,
    r.unassigned_count::integer as unassigned_count_28d,
    l.incident_count::integer as incident_count,
    l.event_count_28d::integer as incident_event_count_28d,
    p.repeat_count::integer as repeat_count_28d,
    p.same_caller_count::integer as same_caller_count_28d,
    p.same_place_count::integer as same_place_count_28d,
    p.same_text_count::integer as same_text_count_28d,
    r.unknown_count::integer as unknown_count_28d
from recent as r
cross join listed as l
cross join repeated as p
