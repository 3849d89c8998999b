-- In which community does a record lie, by the places that its text names?
-- Grain: event. Key: event_id. Only events whose named places agree on exactly one community; never guessed. Only the
-- events named in ops.events_to_place are derived.
-- Reads: core.fct_events, core.fct_place_mentions, core.dim_known_places, core.dim_place, ops.events_to_place
-- gazetteer: on the day of the record, and within the district and street known of it, one community alone bears or
-- holds the name. learnt: a name that the city's lists lack, after at least 5 earlier records with a community named
-- it, at least 95 % of them in one and the last one there too; earlier means known before this record was. Confidence,
-- how often the basis agrees with the community of records that have one, is counted over all and told by the step.
with named as (
    select distinct
        e.event_id,
        e.occurred_at,
        e.known_from,
        e.district_code,
        e.street_code,
        m.place_name
    from core.fct_events as e
    inner join ops.events_to_place as w on e.event_id = w.event_id
    inner join core.fct_place_mentions as m on e.text_hash = m.text_hash
),

by_gazetteer as (
    select
        n.event_id,
        n.place_name,
        min(c.place_code) as community_code
    from named as n
    inner join core.dim_known_places as k
        on
            n.place_name = k.place_name
            and (k.valid_from is null or n.occurred_at >= k.valid_from)
            and (k.valid_to is null or n.occurred_at < k.valid_to)
    inner join core.dim_place as c
        on
            k.community_code = c.place_code
            and c.place_level = 'community'
            and (c.valid_from is null or n.occurred_at >= c.valid_from)
            and (c.valid_to is null or n.occurred_at < c.valid_to)
            and (n.street_code is null or c.street_code is null or n.street_code = c.street_code)
            and (n.district_code is null or c.district_code is null or n.district_code = c.district_code)
    group by n.event_id, n.place_name
    having count(distinct c.place_code) = 1
),

-- all that teaches the names which no list knows
unlisted as (
    select distinct place_name
    from named
    where place_name not in (select k.place_name from core.dim_known_places as k)
),

taught as (
    select distinct
        m.place_name,
        e.known_from,
        e.event_id,
        e.community_code
    from unlisted as u
    inner join core.fct_place_mentions as m on u.place_name = m.place_name
    inner join core.fct_events as e on m.text_hash = e.text_hash
    where e.community_code is not null
),

placed as (
    select
        place_name,
        known_from,
        event_id,
        community_code,
        row_number() over (partition by place_name order by known_from, event_id) as named_count,
        row_number() over (partition by place_name, community_code order by known_from, event_id) as there_count
    from taught
),

-- of records that became known at once, the last one speaks for all
history as (
    select *
    from placed
    qualify row_number() over (partition by place_name, known_from order by named_count desc) = 1
),

by_history as (
    select
        n.event_id,
        n.place_name,
        h.community_code
    from named as n
    asof inner join history as h on n.place_name = h.place_name and n.known_from > h.known_from
    inner join core.dim_place as c
        on
            h.community_code = c.place_code
            and c.place_level = 'community'
            and (c.valid_from is null or n.occurred_at >= c.valid_from)
            and (c.valid_to is null or n.occurred_at < c.valid_to)
            and (n.street_code is null or c.street_code is null or n.street_code = c.street_code)
            and (n.district_code is null or c.district_code is null or n.district_code = c.district_code)
    where h.named_count >= 5 and h.there_count >= 0.95 * h.named_count
),

said as (
    select
        event_id,
        place_name,
        community_code,
        'gazetteer' as place_basis
    from by_gazetteer
    union all
    select
        event_id,
        place_name,
        community_code,
        'learnt' as place_basis
    from by_history
),

agreed as (
    select
        event_id,
        min(community_code) as community_code,
        min(place_basis) as place_basis,
        arg_min(place_name, (place_basis, place_name)) as place_name
    from said
    group by event_id
    having count(distinct community_code) = 1
),

final as (
    select
        a.event_id,
        e.text_hash,
        a.community_code,
        a.place_basis,
        null::double as place_confidence,
        a.place_name
    from agreed as a
    inner join core.fct_events as e on a.event_id = e.event_id
)

select * from final
