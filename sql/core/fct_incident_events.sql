-- To which incident does each record belong, as far as is known by now?
-- Grain: record. Key: event_id. An incident bears the number of its earliest record.
-- Each record follows its surest link, of equal ones the latest before it, so that one that fits two records does not
-- make these one. Features and labels do not read this table: they ask fct_incident_links as of their date.
-- Reads: core.fct_events, core.fct_incident_links
with recursive followed as (
    select
        l.event_id,
        l.earlier_event_id,
        l.basis,
        l.confidence
    from core.fct_incident_links as l
    inner join core.fct_events as e on l.earlier_event_id = e.event_id
    where l.known_to is null
    qualify
        row_number() over (
            partition by l.event_id order by l.confidence desc, e.occurred_at desc, l.earlier_event_id asc
        ) = 1
),

-- a link points to an earlier record, so that there is no circle
reached as (
    select
        event_id,
        earlier_event_id as incident_id
    from followed
    union all
    select
        r.event_id,
        f.earlier_event_id as incident_id
    from reached as r
    inner join followed as f on r.incident_id = f.event_id
),

roots as (
    select
        r.event_id,
        r.incident_id
    from reached as r
    left join followed as f on r.incident_id = f.event_id
    where f.event_id is null
),

final as (
    select
        e.event_id,
        coalesce(r.incident_id, e.event_id) as incident_id,
        coalesce(f.basis, 'first') as basis,
        coalesce(f.confidence, 1.0) as confidence
    from core.fct_events as e
    left join followed as f on e.event_id = f.event_id
    left join roots as r on e.event_id = r.event_id
)

select * from final
