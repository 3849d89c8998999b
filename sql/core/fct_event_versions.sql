-- What was known of every reported matter, and when?
-- Grain: matter × version. Key: event_id, version_no. Only the records named in ops.changed_records are derived.
-- Reads: stg.hotline_order, stg.grid_event, ops.superseded_rows, ops.batches, core.dim_place, core.dim_issue_map
-- A record first seen late in an archive was known, without its handling, from the moment it was entered: so each
-- record opens with a version at entered_at that carries neither status nor closing time, and what a row says of its
-- closing counts as known from the closing on, however early the row is stamped.
with in_force as (
    select batch_id
    from ops.batches
    where gate in ('passed', 'warned')
),

records as (
    select 'hotline_order' as kind, * from stg.hotline_order
    union all by name
    select 'grid_event' as kind, * from stg.grid_event
),

changed as (
    select records.*
    from records
    inner join ops.changed_records using (source_name, record_id)
    inner join in_force using (batch_id)
),

distinct_versions as (
    select * replace (greatest(known_at, coalesce(closed_at, known_at)) as known_at)
    from changed
    qualify
        row_hash is distinct from lag(row_hash) over (
            partition by source_name, record_id order by known_at, batch_id, row_no
        )
),

opened as (
    select
        * exclude (known_at, dispatched_at, due_at, closed_at, status, is_resolved, is_satisfied),
        entered_at as known_at,
        due_at,
        false as is_void
    from distinct_versions
    qualify row_number() over (partition by source_name, record_id order by known_at, batch_id, row_no) = 1
),

voids as (
    select
        s.source_name,
        s.record_id,
        s.batch_id,
        s.row_no,
        s.known_at,
        true as is_void
    from ops.superseded_rows as s
    inner join ops.changed_records using (source_name, record_id)
    inner join in_force on s.batch_id = in_force.batch_id
    where s.reason = 'voided'
),

timeline as (
    select *, 0 as stage from opened
    union all by name
    select *, false as is_void, 1 as stage from distinct_versions
    union all by name
    select *, 2 as stage from voids
),

bounded as (
    select
        *,
        lead(known_at) over (partition by source_name, record_id order by known_at, stage, batch_id, row_no) as known_to
    from timeline
),

lasting as (
    select *
    from bounded
    where not is_void and (known_to is null or known_to > known_at)
),

place_names as (
    select
        c.place_code as community_code,
        c.place_name as community_name,
        c.street_code,
        s.place_name as street_name,
        c.district_code,
        c.district_name,
        coalesce(c.valid_from, date '1900-01-01') as valid_from,
        coalesce(c.valid_to, date '9999-12-31') as valid_to
    from core.dim_place as c
    left join core.dim_place as s on c.street_code = s.place_code and s.place_level = 'street'
    where c.place_level = 'community'
),

aliases as (
    select *, community_name as alias from place_names
    union all by name
    select *, community_code as alias from place_names
),

-- a community name alone is no key: it counts only if one community of that street (and district) bears it
by_name as (
    select
        v.source_name,
        v.record_id,
        v.known_at,
        min(a.community_code) as community_code
    from lasting as v
    inner join aliases as a
        on
            v.community_text = a.alias
            and (v.street_text is null or a.street_name is null or v.street_text in (a.street_name, a.street_code))
            and (
                v.district_text is null or a.district_name is null
                or v.district_text in (a.district_name, a.district_code)
            )
            and v.occurred_at >= a.valid_from
            and v.occurred_at < a.valid_to
    group by v.source_name, v.record_id, v.known_at
    having count(distinct a.community_code) = 1
),

communities as (
    select
        place_code as community_code,
        any_value(district_code) as district_code,
        any_value(street_code) as street_code
    from core.dim_place
    where place_level = 'community'
    group by place_code
),

grids as (
    select distinct place_code as grid_code, left(place_code, 12) as community_code
    from core.dim_place
    where place_level = 'grid'
),

street_names as (
    select
        place_name as street_name,
        district_name,
        min(place_code) as street_code,
        min(district_code) as district_code
    from core.dim_place
    where place_level = 'street'
    group by place_name, district_name
),

placed as (
    select
        v.*,
        g.grid_code as found_grid_code,
        coalesce(g.community_code, n.community_code) as community_code
    from lasting as v
    left join grids as g on v.grid_code = g.grid_code
    left join by_name as n
        on v.source_name = n.source_name and v.record_id = n.record_id and v.known_at = n.known_at
),

final as (
    select
        p.source_name || ':' || p.record_id as event_id,
        p.source_name,
        p.record_id,
        row_number() over (partition by p.source_name, p.record_id order by p.known_at)::integer as version_no,
        p.kind,
        p.occurred_at,
        p.known_at as known_from,
        p.known_to,
        p.channel,
        p.is_resident,
        p.demand_type,
        m.issue_code,
        case when m.issue_code is null then 'unmapped' else 'mapped' end as issue_basis,
        coalesce(c.district_code, s.district_code) as district_code,
        coalesce(c.street_code, s.street_code) as street_code,
        p.community_code,
        p.found_grid_code as grid_code,
        case
            when p.found_grid_code is not null then 'grid'
            when p.community_code is not null then 'community'
            when s.street_code is not null then 'street'
        end as place_level,
        p.unit_name,
        p.due_at,
        p.closed_at,
        p.status,
        p.is_resolved,
        p.is_satisfied,
        p.text_hash,
        p.caller_hash,
        p.reporter_address_hash,
        p.linked_record_id,
        p.batch_id,
        p.row_no
    from placed as p
    inner join core.dim_source as d on p.source_name = d.source_name
    left join core.dim_issue_map as m on d.issue_system = m.system and p.category_text = m.value
    left join communities as c on p.community_code = c.community_code
    left join street_names as s on p.street_text = s.street_name and p.district_text = s.district_name
)

select * from final
