-- What did each source deliver, what became of its rows, and is it fresh?
-- Grain: source. Key: source_name. rows_in = accepted + rejected + superseded; a record that was exported in several
-- versions is accepted once, its other rows are superseded.
-- Reads: ops.batches, ops.rejected_rows, ops.superseded_rows, ops.validation_results, stg.*, core.dim_source,
--        core.fct_event_versions
with batches as (
    select *
    from ops.batches
    where exported_date is null or exported_date <= $as_of_date
),

delivered as (
    select
        source_name,
        sum(rows_in) filter (where state = 'cleaned') as rows_in,
        count(*) filter (where state = 'refused') as refused_files,
        string_agg(refusal, '；' order by file_name) filter (where state = 'refused') as refusals,
        sum(accepted) filter (where gate = 'held') as held_back,
        count(*) filter (where gate = 'held') as critical_failures,
        max(exported_date) filter (where state = 'cleaned') as latest_exported_date
    from batches
    group by source_name
),

rejected as (
    select r.source_name, count(*) as rejected
    from ops.rejected_rows as r
    inner join batches using (batch_id)
    group by r.source_name
),

set_aside as (
    select
        s.source_name,
        count(*) as superseded
    from ops.superseded_rows as s
    inner join batches using (batch_id)
    group by s.source_name
),

voids as (
    select
        s.source_name,
        s.record_id,
        max(s.known_at) as voided_at
    from ops.superseded_rows as s
    inner join batches using (batch_id)
    where s.reason = 'voided'
    group by s.source_name, s.record_id
),

staged as (
    select source_name, record_id, known_at, batch_id from stg.hotline_order
    union all
    select source_name, record_id, known_at, batch_id from stg.grid_event
    union all
    select source_name, record_id, known_at, batch_id from stg.dept_disposal
),

records as (
    select
        g.source_name,
        g.record_id,
        count(*) filter (where b.gate is distinct from 'held') as versions,
        count(*) filter (where b.gate = 'held') as held,
        max(g.known_at) filter (where b.gate is distinct from 'held') as last_known_at
    from staged as g
    inner join batches as b using (batch_id)
    group by g.source_name, g.record_id
),

versions as (
    select
        r.source_name,
        sum(
            r.held + case
                when r.versions > 0 and (v.voided_at is null or v.voided_at < r.last_known_at) then 1 else 0
            end
        ) as accepted,
        sum(r.versions + r.held) as staged_rows,
        max(r.last_known_at) filter (where r.last_known_at < $as_of_date) as latest_known_at
    from records as r
    left join voids as v using (source_name, record_id)
    group by r.source_name
),

gates as (
    select
        v.source_name,
        count(*) filter (where not v.is_met and v.severity = 'warning') as warnings,
        string_agg(distinct v.reason, '；' order by v.reason) filter (where not v.is_met) as warning_text
    from ops.validation_results as v
    inner join batches as b using (batch_id)
    where b.exported_date is null or b.exported_date > $as_of_date::date - interval 7 days
    group by v.source_name
),

matters as (
    select
        source_name,
        count(*) filter (where community_code is null) as unplaced_count,
        count(*) filter (where issue_code is null) as unmapped_count
    from core.fct_event_versions
    where
        known_from < $as_of_date
        and (known_to is null or known_to >= $as_of_date)
        and occurred_at >= $as_of_date::date - interval 28 days
        and occurred_at < $as_of_date
    group by source_name
),

final as (
    select
        $as_of_date::date as as_of_date,
        d.source_name,
        d.source_title,
        d.kind,
        d.owner,
        coalesce(b.rows_in, 0)::bigint as rows_in,
        coalesce(v.accepted, 0)::bigint as accepted,
        coalesce(r.rejected, 0)::bigint as rejected,
        (coalesce(s.superseded, 0) + coalesce(v.staged_rows - v.accepted, 0))::bigint as superseded,
        coalesce(b.held_back, 0)::bigint as held_back,
        coalesce(b.refused_files, 0)::integer as refused_files,
        b.refusals,
        b.latest_exported_date,
        v.latest_known_at,
        d.promised_by,
        v.latest_known_at is null
        or (b.latest_exported_date is not null and d.promised_by is not null and b.latest_exported_date < $as_of_date)
        or v.latest_known_at < $as_of_date::date - interval 3 days as is_late,
        coalesce(m.unplaced_count, 0)::bigint as unplaced_count,
        coalesce(m.unmapped_count, 0)::bigint as unmapped_count,
        coalesce(b.critical_failures, 0)::integer as critical_failures,
        coalesce(g.warnings, 0)::integer as warnings,
        g.warning_text
    from core.dim_source as d
    left join delivered as b using (source_name)
    left join rejected as r using (source_name)
    left join set_aside as s using (source_name)
    left join versions as v using (source_name)
    left join gates as g using (source_name)
    left join matters as m using (source_name)
)

select * from final
