-- Which record tells of the same matter as an earlier one, on what ground, and when could we know?
-- Grain: later record × earlier record × period. Key: event_id, earlier_event_id, known_from.
-- A link holds while versions are open on both sides that fit each other; at an as-of date it is read as versions are.
-- link: one names the other's number. caller: the same caller, issue and community within 7 days. address: the same
-- spot, issue and community within 3 days. The last two only across sources: within one, its own numbers tell matters
-- apart. The best ground counts. Neighbours who report one spot are residents of their own: one incident, but each
-- counts. So only a named link or the same caller makes two residents' records count once. Confidence is a convention.
-- Reads: core.fct_event_versions
with states as (
    select
        event_id,
        source_name,
        record_id,
        occurred_at,
        known_from,
        known_to,
        is_resident,
        community_code,
        issue_code,
        caller_hash,
        address_hash,
        linked_record_id,
        {
            'at': occurred_at,
            'resident': is_resident,
            'community': community_code,
            'issue': issue_code,
            'caller': caller_hash,
            'address': address_hash,
            'linked': linked_record_id
        } as told
    from core.fct_event_versions
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

grounds as (
    select
        a.event_id as one_id,
        a.known_from as one_from,
        b.event_id as other_id,
        b.known_from as other_from,
        'link' as basis,
        1.0 as confidence
    from records as a
    inner join records as b on a.linked_record_id = b.record_id and a.event_id <> b.event_id
    union all
    select
        a.event_id as one_id,
        a.known_from as one_from,
        b.event_id as other_id,
        b.known_from as other_from,
        'caller' as basis,
        0.9 as confidence
    from records as a
    inner join records as b
        on
            a.caller_hash = b.caller_hash
            and a.community_code = b.community_code
            and a.issue_code = b.issue_code
            and a.source_name < b.source_name
            and a.occurred_at between b.occurred_at - interval 7 days and b.occurred_at + interval 7 days
    union all
    select
        a.event_id as one_id,
        a.known_from as one_from,
        b.event_id as other_id,
        b.known_from as other_from,
        'address' as basis,
        0.15 as confidence
    from records as a
    inner join records as b
        on
            a.address_hash = b.address_hash
            and a.community_code = b.community_code
            and a.issue_code = b.issue_code
            and a.source_name < b.source_name
            and a.occurred_at between b.occurred_at - interval 3 days and b.occurred_at + interval 3 days
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
        least(a.known_to, b.known_to) as known_to
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
