-- Which residents' records of the last 28 days repeat an earlier one, by which rule?
-- Grain: record that repeats at least one. Key: event_id.
-- same caller: the same caller tells of the same incident, or of the same issue in the same community, within 180 days.
-- same place: the same spot and issue within 30 days, whoever calls. same text: the same words, six or more of them,
-- within 180 days. Each names the nearest earlier record. Incidents are those known by now.
-- Reads: core.fct_event_versions, core.fct_incident_events, core.fct_text_readings
with known as (
    select
        v.event_id,
        v.occurred_at,
        v.community_code,
        v.issue_code,
        v.caller_hash,
        v.address_hash,
        i.incident_id,
        case when len(r.tokens) >= 6 then v.text_hash end as text_hash
    from core.fct_event_versions as v
    left join core.fct_incident_events as i on v.event_id = i.event_id
    left join core.fct_text_readings as r on v.text_hash = r.text_hash
    where
        v.is_resident
        and v.known_from < $as_of_date
        and (v.known_to is null or v.known_to >= $as_of_date)
        and v.occurred_at < $as_of_date
        and v.occurred_at >= $as_of_date::date - interval 208 days
),

-- an empty key is no key
keyed as (
    select
        *,
        coalesce(caller_hash || '|' || incident_id, event_id) as caller_incident,
        coalesce(caller_hash || '|' || community_code || '|' || issue_code, event_id) as caller_cell,
        coalesce(address_hash || '|' || community_code || '|' || issue_code, event_id) as spot,
        coalesce(text_hash, event_id) as words
    from known
),

before as (
    select
        *,
        lag(event_id) over by_incident as incident_event_id,
        lag(occurred_at) over by_incident as incident_at,
        lag(event_id) over by_cell as cell_event_id,
        lag(occurred_at) over by_cell as cell_at,
        lag(event_id) over by_spot as spot_event_id,
        lag(occurred_at) over by_spot as spot_at,
        lag(event_id) over by_words as words_event_id,
        lag(occurred_at) over by_words as words_at
    from keyed
    window
        by_incident as (partition by caller_incident order by occurred_at, event_id),
        by_cell as (partition by caller_cell order by occurred_at, event_id),
        by_spot as (partition by spot order by occurred_at, event_id),
        by_words as (partition by words order by occurred_at, event_id)
),

named as (
    select
        event_id,
        occurred_at,
        community_code,
        issue_code,
        case
            when cell_at >= occurred_at - interval 180 days and (incident_at is null or cell_at >= incident_at)
                then cell_event_id
            when incident_at >= occurred_at - interval 180 days then incident_event_id
        end as same_caller_event_id,
        case when spot_at >= occurred_at - interval 30 days then spot_event_id end as same_place_event_id,
        case when words_at >= occurred_at - interval 180 days then words_event_id end as same_text_event_id
    from before
)

select
    $as_of_date::date as as_of_date,
    event_id,
    occurred_at::date as occurred_date,
    community_code,
    issue_code,
    same_caller_event_id is not null as is_same_caller,
    same_place_event_id is not null as is_same_place,
    same_text_event_id is not null as is_same_text,
    same_caller_event_id,
    same_place_event_id,
    same_text_event_id
from named
where
    occurred_at >= $as_of_date::date - interval 28 days
    and coalesce(same_caller_event_id, same_place_event_id, same_text_event_id) is not null
