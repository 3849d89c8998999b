-- What was known of every reported matter, and when?
-- Grain: matter × version. Key: event_id, version_no. Only the records named in ops.changed_records are derived.
-- Reads: stg.hotline_order, stg.grid_event, ops.superseded_rows, ops.batches, ops.changed_records, core.dim_place,
--        core.dim_issue, core.dim_issue_map, core.dim_source, core.dim_state, core.fct_issue_readings
-- A record first seen late in an archive was known, without its handling, from the moment it was entered: so each
-- record opens with a version at entered_at that carries neither status nor closing time. What a row says of its
-- closing counts as known from the closing on, however early the row is stamped; nothing counts as known later than the
-- end of the day of its export. A later export is what the source says now, whatever its clock says (many sources have
-- no update stamp); but what is said later was not known earlier.
with in_force as (
    select
        batch_id,
        exported_date,
        file_name
    from ops.batches
    where gate in ('passed', 'warned')
),

records as (
    select
        'hotline_order' as kind,
        *
    from stg.hotline_order
    union all by name
    select
        'grid_event' as kind,
        *
    from stg.grid_event
),

changed as (
    select
        r.*,
        b.exported_date,
        b.file_name
    from records as r
    inner join ops.changed_records as c on r.source_name = c.source_name and r.record_id = c.record_id
    inner join in_force as b on r.batch_id = b.batch_id
),

-- only what decides on turn and time goes through the windows; the rest of a row is joined to it afterwards
said as (
    select
        source_name,
        record_id,
        batch_id,
        row_no,
        row_hash,
        entered_at,
        known_at,
        closed_at,
        exported_date,
        file_name,
        false as is_void
    from changed
    union all by name
    select
        s.source_name,
        s.record_id,
        s.batch_id,
        s.row_no,
        s.known_at,
        b.exported_date,
        b.file_name,
        true as is_void
    from ops.superseded_rows as s
    inner join ops.changed_records as c on s.source_name = c.source_name and s.record_id = c.record_id
    inner join in_force as b on s.batch_id = b.batch_id
    where s.reason = 'voided'
),

in_turn as (
    select
        * exclude (file_name),
        row_number() over (
            partition by source_name, record_id
            order by
                exported_date asc nulls first, known_at asc, is_void asc, file_name asc, batch_id asc, row_no asc
        ) as turn
    from said
),

-- a row sent again unchanged is no news
news as (
    select *
    from in_turn
    qualify is_void or row_hash is distinct from lag(row_hash) over (partition by source_name, record_id order by turn)
),

dated as (
    select
        source_name,
        record_id,
        batch_id,
        row_no,
        turn,
        is_void,
        false as is_opening,
        max(
            least(
                greatest(known_at, coalesce(closed_at, known_at)),
                coalesce(exported_date + interval 1 day, timestamp '9999-12-31')
            )
        ) over (partition by source_name, record_id order by turn) as known_at
    from news
),

opened as (
    select
        source_name,
        record_id,
        batch_id,
        row_no,
        0 as turn,
        is_void,
        true as is_opening,
        entered_at as known_at
    from news
    where not is_void
    qualify row_number() over (partition by source_name, record_id order by turn) = 1
),

timeline as (
    select * from opened
    union all by name
    select * from dated
),

bounded as (
    select
        *,
        lead(known_at) over (partition by source_name, record_id order by turn) as known_to
    from timeline
),

lasting as (
    select *
    from bounded
    where not is_void and (known_to is null or known_to > known_at)
),

-- what is said of a place, and when it was there: told once, however many records say it
spots as (
    select distinct
        grid_code,
        community_text,
        street_text,
        district_text,
        occurred_at::date as on_day
    from changed
),

communities as (
    select
        place_code as community_code,
        place_name as community_name,
        street_code,
        district_code,
        coalesce(valid_from, date '1900-01-01') as valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from core.dim_place
    where place_level = 'community'
),

-- streets and districts answer to their code and to every name they ever bore
streets as (
    select
        place_code as street_code,
        district_code,
        unnest([place_code, place_name]) as street_text
    from core.dim_place
    where place_level = 'street'
),

districts as (
    select
        place_code as district_code,
        unnest([place_code, place_name]) as district_text
    from core.dim_place
    where place_level = 'district'
),

by_district as (
    select
        district_text,
        min(district_code) as district_code
    from districts
    group by district_text
    having count(distinct district_code) = 1
),

-- a name alone is no key: it counts only if one place within what else is known bears it
by_street as (
    select
        v.street_text,
        v.district_text,
        min(s.street_code) as street_code,
        min(s.district_code) as district_code
    from spots as v
    inner join streets as s on v.street_text = s.street_text
    left join districts as d on s.district_code = d.district_code and v.district_text = d.district_text
    where v.district_text is null or s.district_code is null or d.district_code is not null
    group by v.street_text, v.district_text
    having count(distinct s.street_code) = 1
),

by_grid as (
    select
        v.grid_code as grid_text,
        v.on_day,
        min(g.place_code) as grid_code,
        min(c.community_code) as community_code,
        min(c.street_code) as street_code,
        min(c.district_code) as district_code
    from spots as v
    inner join core.dim_place as g
        on
            v.grid_code = g.place_code
            and g.place_level = 'grid'
            and (g.valid_from is null or v.on_day >= g.valid_from)
            and (g.valid_to is null or v.on_day < g.valid_to)
    inner join communities as c
        on
            g.parent_code = c.community_code
            and v.on_day >= c.valid_from
            and v.on_day < c.valid_to
    group by v.grid_code, v.on_day
    having count(distinct c.community_code) = 1
),

named as (
    select
        *,
        unnest([community_code, community_name]) as community_text
    from communities
),

by_name as (
    select
        v.community_text,
        v.street_text,
        v.district_text,
        v.on_day,
        min(c.community_code) as community_code,
        min(c.street_code) as street_code,
        min(c.district_code) as district_code,
        bool_or(c.community_text = c.community_code) as has_code,
        bool_or(s.street_code is not null) as has_street
    from spots as v
    inner join named as c
        on
            v.community_text = c.community_text
            and v.on_day >= c.valid_from
            and v.on_day < c.valid_to
    left join streets as s on c.street_code = s.street_code and v.street_text = s.street_text
    left join districts as d on c.district_code = d.district_code and v.district_text = d.district_text
    where
        (v.street_text is null or c.street_code is null or s.street_code is not null)
        and (v.district_text is null or c.district_code is null or d.district_code is not null)
    group by v.community_text, v.street_text, v.district_text, v.on_day
    having count(distinct c.community_code) = 1
),

placed as (
    select
        v.*,
        coalesce(g.district_code, n.district_code, s.district_code, d.district_code) as district_code,
        coalesce(g.street_code, n.street_code, s.street_code) as street_code,
        coalesce(g.community_code, n.community_code) as community_code,
        g.grid_code as known_grid_code,
        case
            when g.grid_code is not null then 'grid'
            when n.community_code is not null then 'community'
            when s.street_code is not null then 'street'
            when d.district_code is not null then 'district'
        end as place_level,
        case
            when g.grid_code is not null then 'grid_code'
            when n.has_code then 'code'
            when n.has_street then 'name_and_street'
            when n.community_code is not null then 'name'
            when s.street_code is not null then 'street_only'
            else 'none'
        end as place_basis,
        -- how surely the community is known, by convention; street and district alone say nothing of it
        case
            when g.grid_code is not null and n.community_code <> g.community_code then 0.8
            when g.grid_code is not null or n.has_code then 1.0
            when n.has_street then 0.95
            when n.community_code is not null then 0.8
            else 0.0
        end as place_confidence
    from spots as v
    left join by_grid as g on v.grid_code = g.grid_text and v.on_day = g.on_day
    left join by_name as n
        on
            v.community_text = n.community_text
            and v.street_text is not distinct from n.street_text
            and v.district_text is not distinct from n.district_text
            and v.on_day = n.on_day
    left join by_street as s
        on v.street_text = s.street_text and v.district_text is not distinct from s.district_text
    left join by_district as d on v.district_text = d.district_text
),

-- a value that the list explains in two ways is explained in none
issues as (
    select
        system,
        value,
        min(issue_code) as issue_code,
        min(confidence) as confidence
    from core.dim_issue_map
    group by system, value
    having count(distinct issue_code) = 1 and count(issue_code) = count(*)
),

states as (
    select
        state_code,
        unnest([state_code, state_name]) as status
    from core.dim_state
),

described as (
    select
        r.*,
        m.issue_code,
        m.confidence as issue_confidence,
        t.state_code,
        p.district_code,
        p.street_code,
        p.community_code,
        p.known_grid_code,
        p.place_level,
        p.place_basis,
        p.place_confidence
    from changed as r
    inner join core.dim_source as o on r.source_name = o.source_name
    left join issues as m on o.issue_system = m.system and r.category_text = m.value
    left join states as t on r.status = t.status
    left join placed as p
        on
            r.grid_code is not distinct from p.grid_code
            and r.community_text is not distinct from p.community_text
            and r.street_text is not distinct from p.street_text
            and r.district_text is not distinct from p.district_text
            and r.occurred_at::date = p.on_day
),

-- of a million texts a day changes few
readings_wanted as (
    select r.*
    from core.fct_issue_readings as r
    where r.text_hash in (select c.text_hash from changed as c)
),

-- what was read of a text holds from the moment it was known until the next reading; before the first, nothing was
readings as (
    select
        r.text_hash,
        r.model_id,
        i.issue_code,
        r.confidence,
        r.known_from,
        lead(r.known_from) over (partition by r.text_hash order by r.known_from, r.model_id) as known_to,
        min(r.known_from) filter (where r.model_id <> 'review') over (partition by r.text_hash) as first_known_from
    from (
        select
            text_hash,
            model_id,
            case when not is_review then issue_code end as issue_code,
            confidence,
            known_from
        from readings_wanted
        union all
        select distinct
            text_hash,
            null as model_id,
            null as issue_code,
            null as confidence,
            timestamp '0001-01-01' as known_from
        from readings_wanted
    ) as r
    left join core.dim_issue as i on r.issue_code = i.issue_code
),

-- a version without a mapped issue is cut where a reading of its text became known or was replaced
cut as (
    select
        v.source_name,
        v.record_id,
        v.batch_id,
        v.row_no,
        v.turn,
        v.is_opening,
        coalesce(greatest(v.known_at, q.known_from), v.known_at) as known_from,
        coalesce(least(v.known_to, q.known_to), v.known_to, q.known_to) as known_to,
        q.issue_code,
        q.model_id,
        q.confidence,
        q.first_known_from > r.entered_at as is_late
    from lasting as v
    left join described as r on v.batch_id = r.batch_id and v.row_no = r.row_no and r.issue_code is null
    left join readings as q
        on
            r.text_hash = q.text_hash
            -- no "or": it would have every version compared with every reading
            and coalesce(v.known_to, timestamp 'infinity') > q.known_from
            and v.known_at < coalesce(q.known_to, timestamp 'infinity')
),

numbered as (
    select
        *,
        row_number() over (partition by source_name, record_id order by turn, known_from) as version_no
    from cut
),

final as (
    select
        r.source_name || ':' || r.record_id as event_id,
        r.source_name,
        r.record_id,
        v.version_no::integer as version_no,
        r.kind,
        r.occurred_at,
        v.known_from,
        v.known_to,
        r.channel,
        r.is_resident,
        r.demand_type,
        coalesce(r.issue_code, v.issue_code) as issue_code,
        case
            when r.issue_code is not null then 'mapped'
            when v.issue_code is null then 'unmapped'
            when v.model_id = 'review' then 'reviewed'
            else 'predicted'
        end as issue_basis,
        coalesce(r.issue_confidence, case when v.issue_code is not null then v.confidence end) as issue_confidence,
        coalesce(v.issue_code is not null and v.model_id <> 'review' and v.is_late, false) as is_issue_late,
        r.district_code,
        r.street_code,
        r.community_code,
        r.known_grid_code as grid_code,
        r.place_level,
        r.place_basis,
        r.place_confidence,
        r.unit_name,
        r.due_at,
        case when not v.is_opening then r.closed_at end as closed_at,
        case when not v.is_opening then r.status end as status,
        case when not v.is_opening then r.state_code end as state_code,
        case when not v.is_opening then r.is_resolved end as is_resolved,
        case when not v.is_opening then r.is_satisfied end as is_satisfied,
        r.text_hash,
        r.caller_hash,
        r.reporter_address_hash,
        r.address_hash,
        r.linked_record_id,
        r.batch_id,
        r.row_no
    from described as r
    inner join numbered as v on r.batch_id = v.batch_id and r.row_no = v.row_no
)

select * from final
