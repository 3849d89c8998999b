-- Which record tells of the same matter as an earlier one, on what ground, and when could we know?
-- Grain: later record × earlier record × period. Key: event_id, earlier_event_id, known_from. Only links of the records
-- named in ops.changed_records, at either end, are derived.
-- A link holds while versions are open on both sides that fit each other; at an as-of date it is read as versions are.
-- link: one names the other's number; that of another source only as long as no third record bears it, for two sources
-- may count from one. caller: the same caller, issue and community within 7 days. address: the same
-- spot, issue and community within 3 days. The last two only across sources: within one, its own numbers tell matters
-- apart. The best ground counts. Neighbours who report one spot are residents of their own: one incident, but each
-- counts. So only a named link or the same caller makes two residents' records count once. Confidence is a convention.
-- Reads: core.fct_event_versions, core.dim_source, ops.changed_records
with changed as (
    select distinct
        v.event_id,
        v.source_name,
        v.record_id,
        v.occurred_at,
        v.community_code,
        v.issue_code,
        v.caller_hash,
        v.address_hash,
        v.linked_record_id,
        date_diff('day', date '2000-01-01', v.occurred_at::date) as day_no
    from core.fct_event_versions as v
    inner join ops.changed_records as c on v.source_name = c.source_name and v.record_id = c.record_id
),

-- as lists, so that the planner takes them for few and does not build on the whole history
wanted as (
    select
        list(distinct caller_hash) as caller_hashes,
        list(distinct address_hash) as address_hashes,
        list(distinct record_id) as record_ids,
        list(distinct linked_record_id) as linked_record_ids,
        min(occurred_at) - interval 7 days as first_at,
        max(occurred_at) + interval 7 days as last_at
    from changed
),

wanted_callers as (select unnest(caller_hashes) as caller_hash from wanted),

wanted_spots as (select unnest(address_hashes) as address_hash from wanted),

wanted_records as (select unnest(record_ids) as record_id from wanted),

wanted_numbers as (select unnest(linked_record_ids) as record_id from wanted),

others as (
    select s.source_name
    from core.dim_source as s
    where exists (
        select 1
        from changed as x
        where x.source_name <> s.source_name
    )
),

-- of the whole history few records share a caller or a spot with a changed one: found by that alone, which is cheap
callers as (
    select
        v.caller_hash,
        v.event_id,
        v.source_name,
        v.community_code,
        v.issue_code,
        v.occurred_at,
        date_diff('day', date '2000-01-01', v.occurred_at::date) // 7 as block_no
    from core.fct_event_versions as v
    inner join wanted_callers as w on v.caller_hash = w.caller_hash
    where
        v.source_name in (select o.source_name from others as o)
        and v.occurred_at >= (select x.first_at from wanted as x)
        and v.occurred_at <= (select x.last_at from wanted as x)
),

spots as (
    select
        v.address_hash,
        v.event_id,
        v.source_name,
        v.community_code,
        v.issue_code,
        v.occurred_at,
        date_diff('day', date '2000-01-01', v.occurred_at::date) // 3 as block_no
    from core.fct_event_versions as v
    inner join wanted_spots as w on v.address_hash = w.address_hash
    where
        v.source_name in (select o.source_name from others as o)
        and v.occurred_at >= (select x.first_at from wanted as x)
        and v.occurred_at <= (select x.last_at from wanted as x)
),

-- whom a changed record names, and who names one
meant as (
    select
        v.event_id,
        v.record_id
    from core.fct_event_versions as v
    inner join wanted_numbers as w on v.record_id = w.record_id
),

naming as (
    select
        v.event_id,
        v.linked_record_id
    from core.fct_event_versions as v
    inner join wanted_records as w on v.linked_record_id = w.record_id
),

-- joined by blocks of days, one to each side: a spot that is reported every day would otherwise meet all its past
caller_blocks as (
    select
        *,
        unnest(range(day_no // 7 - 1, day_no // 7 + 2)) as block_no
    from changed
    where caller_hash is not null
),

address_blocks as (
    select
        *,
        unnest(range(day_no // 3 - 1, day_no // 3 + 2)) as block_no
    from changed
    where address_hash is not null
),

-- who may fit whom, at whatever time: few, so that periods are worked out for these only
met as (
    select
        c.event_id as one_id,
        v.event_id as other_id,
        'link' as basis
    from changed as c
    inner join meant as v on c.linked_record_id = v.record_id and c.event_id <> v.event_id
    union
    select
        v.event_id as one_id,
        c.event_id as other_id,
        'link' as basis
    from changed as c
    inner join naming as v on c.record_id = v.linked_record_id and c.event_id <> v.event_id
    union
    select
        least(c.event_id, v.event_id) as one_id,
        greatest(c.event_id, v.event_id) as other_id,
        'caller' as basis
    from caller_blocks as c
    inner join callers as v
        on
            c.caller_hash = v.caller_hash
            and c.block_no = v.block_no
            and c.community_code = v.community_code
            and c.issue_code = v.issue_code
            and c.source_name <> v.source_name
            and v.occurred_at between c.occurred_at - interval 7 days and c.occurred_at + interval 7 days
    union
    select
        least(c.event_id, v.event_id) as one_id,
        greatest(c.event_id, v.event_id) as other_id,
        'address' as basis
    from address_blocks as c
    inner join spots as v
        on
            c.address_hash = v.address_hash
            and c.block_no = v.block_no
            and c.community_code = v.community_code
            and c.issue_code = v.issue_code
            and c.source_name <> v.source_name
            and v.occurred_at between c.occurred_at - interval 3 days and c.occurred_at + interval 3 days
),

-- as one list, so that the planner takes them for few and does not build on the whole history
concerned as (
    select unnest(event_ids) as event_id
    from (select list_distinct(flatten(list([one_id, other_id]))) as event_ids from met) as m
),

states as (
    select
        v.event_id,
        v.source_name,
        v.record_id,
        v.occurred_at,
        v.known_from,
        v.known_to,
        v.is_resident,
        v.community_code,
        v.issue_code,
        v.caller_hash,
        v.address_hash,
        v.linked_record_id,
        {
            'at': v.occurred_at,
            'resident': v.is_resident,
            'community': v.community_code,
            'issue': v.issue_code,
            'caller': v.caller_hash,
            'address': v.address_hash,
            'linked': v.linked_record_id
        } as told
    from core.fct_event_versions as v
    inner join concerned as c on v.event_id = c.event_id
),

turns as (
    select
        *,
        (told is distinct from lag(told) over (partition by event_id order by known_from))::integer as is_turn
    from states
),

numbered as (
    select
        * exclude (told, is_turn),
        sum(is_turn) over (partition by event_id order by known_from) as turn
    from turns
),

-- versions that differ only in their handling are one
records as (
    select
        event_id,
        source_name,
        record_id,
        occurred_at,
        is_resident,
        community_code,
        issue_code,
        caller_hash,
        address_hash,
        linked_record_id,
        min(known_from) as known_from,
        nullif(max(coalesce(known_to, timestamp '9999-12-31')), timestamp '9999-12-31') as known_to
    from numbered
    group by
        event_id,
        source_name,
        record_id,
        occurred_at,
        is_resident,
        community_code,
        issue_code,
        caller_hash,
        address_hash,
        linked_record_id,
        turn
),

numbers as (
    select unnest(record_ids) as record_id
    from (
        select list(distinct r.record_id) as record_ids
        from met as m
        inner join records as r on m.other_id = r.event_id
        where m.basis = 'link'
    ) as n
),

-- who bears a number that another one names, and since when
bearers as (
    select
        v.record_id,
        v.event_id,
        min(v.known_from) as known_from
    from core.fct_event_versions as v
    inner join numbers as n on v.record_id = n.record_id
    group by v.record_id, v.event_id
),

-- a number of another source's counts until a second record bears it
told_apart as (
    select
        m.one_id,
        m.other_id,
        min(w.known_from) as known_to
    from met as m
    inner join bearers as b on m.other_id = b.event_id
    inner join bearers as w on b.record_id = w.record_id and w.event_id not in (m.one_id, m.other_id)
    where m.basis = 'link'
    group by m.one_id, m.other_id
),

grounds as (
    select
        a.event_id as one_id,
        a.known_from as one_from,
        b.event_id as other_id,
        b.known_from as other_from,
        'link' as basis,
        1.0 as confidence,
        case when a.source_name <> b.source_name then t.known_to end as known_to
    from met as m
    inner join records as a on m.one_id = a.event_id
    inner join records as b on m.other_id = b.event_id and a.linked_record_id = b.record_id
    left join told_apart as t on m.one_id = t.one_id and m.other_id = t.other_id
    where m.basis = 'link'
    union all
    select
        a.event_id as one_id,
        a.known_from as one_from,
        b.event_id as other_id,
        b.known_from as other_from,
        'caller' as basis,
        0.9 as confidence,
        null as known_to
    from met as m
    inner join records as a on m.one_id = a.event_id
    inner join records as b
        on
            m.other_id = b.event_id
            and a.caller_hash = b.caller_hash
            and a.community_code = b.community_code
            and a.issue_code = b.issue_code
            and a.occurred_at between b.occurred_at - interval 7 days and b.occurred_at + interval 7 days
    where m.basis = 'caller'
    union all
    select
        a.event_id as one_id,
        a.known_from as one_from,
        b.event_id as other_id,
        b.known_from as other_from,
        'address' as basis,
        0.15 as confidence,
        null as known_to
    from met as m
    inner join records as a on m.one_id = a.event_id
    inner join records as b
        on
            m.other_id = b.event_id
            and a.address_hash = b.address_hash
            and a.community_code = b.community_code
            and a.issue_code = b.issue_code
            and a.occurred_at between b.occurred_at - interval 3 days and b.occurred_at + interval 3 days
    where m.basis = 'address'
),

paired as (
    select
        a.event_id as one_id,
        b.event_id as other_id,
        (a.occurred_at, a.event_id) < (b.occurred_at, b.event_id) as is_one_earlier,
        g.basis,
        g.confidence,
        g.basis <> 'address'
        and a.is_resident
        and b.is_resident
        and a.community_code = b.community_code
        and a.issue_code = b.issue_code as is_counted_once,
        greatest(a.known_from, b.known_from) as known_from,
        least(a.known_to, b.known_to, g.known_to) as known_to
    from grounds as g
    inner join records as a on g.one_id = a.event_id and g.one_from = a.known_from
    inner join records as b on g.other_id = b.event_id and g.other_from = b.known_from
),

final as (
    select
        case when is_one_earlier then other_id else one_id end as event_id,
        case when is_one_earlier then one_id else other_id end as earlier_event_id,
        basis,
        confidence,
        coalesce(is_counted_once, false) as is_counted_once,
        known_from,
        known_to
    from paired
    where known_to is null or known_to > known_from
    qualify row_number() over (partition by event_id, earlier_event_id, known_from order by confidence desc) = 1
)

select * from final
