-- To which incident does each record belong, as far as is known by now?
-- Grain: record. Key: event_id. Only the records named in ops.affected_events are derived; where one of an incident is
-- named there, all of it are.
-- Each record follows its surest link (any other ground before text),
-- of equal ones the latest before it, so that one that fits two records does not
-- make these one. Where other grounds have made several chains of one matter (neighbours of one gate report two spots),
-- chains that speak mostly of one group of texts are one incident: it is the most frequent of each, with so many
-- records and a quarter of those that have a text at least. An incident keeps its number as it grows: records that now
-- belong together keep that of the largest incident they had, of equal ones the oldest, and where one has parted the
-- larger part keeps it. A new incident bears the number of its earliest record that is free. Features and labels do not
-- read this table: they ask fct_incident_links as of their date.
-- Reads: core.fct_open_links, core.fct_incident_events, core.fct_text_members, ops.affected_events
with recursive affected as (
    select
        event_id,
        incident_id as former_id,
        occurred_at,
        (occurred_at, event_id) as place
    from ops.affected_events
    where occurred_at is not null
),

followed as (
    select
        l.event_id,
        l.earlier_event_id,
        l.basis,
        l.confidence
    from core.fct_open_links as l
    inner join affected as a on l.event_id = a.event_id
    inner join affected as e on l.earlier_event_id = e.event_id
    qualify
        row_number() over (
            partition by l.event_id
            order by (l.basis = 'text') asc, l.confidence desc, e.occurred_at desc, l.earlier_event_id asc, l.basis asc
        ) = 1
),

-- a link points to an earlier record, so that there is no circle
reached as (
    select
        event_id,
        earlier_event_id as root_id
    from followed
    union all
    select
        r.event_id,
        f.earlier_event_id as root_id
    from reached as r
    inner join followed as f on r.root_id = f.event_id
),

roots as (
    select
        r.event_id,
        r.root_id
    from reached as r
    left join followed as f on r.root_id = f.event_id
    where f.event_id is null
),

chained as (
    select
        a.event_id,
        a.former_id,
        a.place,
        coalesce(r.root_id, a.event_id) as root_id
    from affected as a
    left join roots as r on a.event_id = r.event_id
),

spoken as (
    select
        c.root_id,
        m.text_incident_id,
        count(*) as event_count,
        count(*) / sum(count(*)) over (partition by c.root_id) as text_share
    from chained as c
    inner join core.fct_text_members as m on c.event_id = m.event_id
    group by c.root_id, m.text_incident_id
),

mostly as (
    select *
    from spoken
    where event_count >= $least_of_a_group and text_share >= 0.25
    qualify row_number() over (partition by root_id order by event_count desc, text_incident_id asc) = 1
),

-- the chain that began first, for those that speak mostly of one group of texts
joined as (
    select
        m.root_id,
        m.text_share,
        arg_min(m.root_id, a.place) over (partition by m.text_incident_id) as first_root_id
    from mostly as m
    inner join affected as a on m.root_id = a.event_id
),

grouped as (
    select
        c.event_id,
        c.former_id,
        c.place,
        coalesce(j.first_root_id, c.root_id) as root_id,
        case when c.event_id = j.root_id and c.event_id <> j.first_root_id then j.text_share end as joined_share
    from chained as c
    left join joined as j on c.root_id = j.root_id
),

former as (
    select
        a.incident_id as former_id,
        count(*) as event_count,
        min(g.place) as place
    from ops.affected_events as a
    left join grouped as g on a.event_id = g.event_id
    where a.incident_id is not null
    group by a.incident_id
),

largest_parts as (
    select
        root_id,
        former_id
    from grouped
    where former_id is not null
    group by root_id, former_id
    qualify row_number() over (partition by former_id order by count(*) desc, min(place) asc) = 1
),

kept as (
    select
        p.root_id,
        p.former_id as incident_id
    from largest_parts as p
    inner join former as f on p.former_id = f.former_id
    qualify row_number() over (partition by p.root_id order by f.event_count desc, f.place asc) = 1
),

unnamed as (
    select g.*
    from grouped as g
    left join kept as k on g.root_id = k.root_id
    where k.root_id is null
),

taken as (
    select incident_id from kept
    union
    select i.incident_id
    from core.fct_incident_events as i
    inner join unnamed as u on i.incident_id = u.event_id
    union
    select i.incident_id
    from core.fct_incident_events as i
    inner join unnamed as u on regexp_replace(i.incident_id, '#[0-9]+$', '') = u.event_id
    where contains(i.incident_id, '#')
),

named as (
    select
        u.root_id,
        u.event_id as incident_id
    from unnamed as u
    left join taken as t on u.event_id = t.incident_id
    where t.incident_id is null
    qualify row_number() over (partition by u.root_id order by u.place) = 1
),

-- records that parted from incidents which keep bearing their numbers
numbered as (
    select
        u.root_id,
        arg_min(u.event_id, u.place) || '#' || n.number as incident_id
    from unnamed as u
    left join named as m on u.root_id = m.root_id
    cross join range(2, 1000) as n (number)
    where m.root_id is null
    group by u.root_id, n.number
),

renamed as (
    select
        n.root_id,
        n.incident_id
    from numbered as n
    left join taken as t on n.incident_id = t.incident_id
    where t.incident_id is null
    qualify row_number() over (partition by n.root_id order by length(n.incident_id), n.incident_id) = 1
),

numbers as (
    select * from kept
    union all
    select * from named
    union all
    select * from renamed
),

final as (
    select
        g.event_id,
        n.incident_id,
        coalesce(f.basis, case when g.joined_share is null then 'first' else 'text' end) as basis,
        coalesce(f.confidence, g.joined_share, 1.0) as confidence
    from grouped as g
    inner join numbers as n on g.root_id = n.root_id
    left join followed as f on g.event_id = f.event_id
)

select * from final
