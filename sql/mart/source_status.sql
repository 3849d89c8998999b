-- What did each source deliver, what became of its rows, and is it fresh?
-- Grain: source. Key: source_name. rows_in = accepted + rejected + superseded; a record that was exported in several
-- versions is accepted once, its other rows are superseded.
-- What a held batch says is counted as it came, and changes nothing in the records that are in force.
-- Reads: ops.batches, ops.rejected_rows, ops.superseded_rows, ops.validation_results, stg.hotline_order,
--        stg.grid_event, stg.dept_disposal, core.dim_source, core.fct_event_versions
with batches as (
    select
        *,
        exported_date is null or exported_date > $as_of_date::date - interval 28 days as is_recent
    from ops.batches
    where exported_date is null or exported_date <= $as_of_date
),

delivered as (
    select
        source_name,
        sum(rows_in) filter (where state = 'cleaned') as rows_in,
        count(*) filter (where state = 'refused' and is_recent) as refused_files,
        string_agg(refusal, '；' order by file_name) filter (where state = 'refused' and is_recent) as refusals,
        sum(accepted) filter (where gate = 'held') as held_back,
        count(*) filter (where gate = 'held' and is_recent) as critical_failures,
        max(exported_date) filter (where state = 'cleaned') as latest_exported_date
    from batches
    group by source_name
),

rejected as (
    select
        r.source_name,
        count(*) as rejected
    from ops.rejected_rows as r
    inner join batches as b on r.batch_id = b.batch_id
    group by r.source_name
),

set_aside as (
    select
        s.source_name,
        count(*) as superseded
    from ops.superseded_rows as s
    inner join batches as b on s.batch_id = b.batch_id
    group by s.source_name
),

said as (
    select
        source_name,
        record_id,
        known_at,
        batch_id,
        row_no,
        false as is_void
    from stg.hotline_order
    union all
    select
        source_name,
        record_id,
        known_at,
        batch_id,
        row_no,
        false as is_void
    from stg.grid_event
    union all
    select
        source_name,
        record_id,
        known_at,
        batch_id,
        row_no,
        false as is_void
    from stg.dept_disposal
    union all
    select
        source_name,
        record_id,
        known_at,
        batch_id,
        row_no,
        true as is_void
    from ops.superseded_rows
    where reason = 'voided'
),

delivered_rows as (
    select
        s.*,
        b.exported_date,
        b.file_name,
        coalesce(b.gate = 'held', false) as is_held
    from said as s
    inner join batches as b on s.batch_id = b.batch_id
),

-- as in core: a later export is what the source says now; within one, the clock decides
said_last as (
    select *
    from delivered_rows
    where not is_held
    qualify
        row_number() over (
            partition by source_name, record_id
            order by
                exported_date desc nulls last, known_at desc, is_void desc, file_name desc, batch_id desc, row_no desc
        ) = 1
),

in_force as (
    select
        source_name,
        count(*) filter (where not is_void) as records
    from said_last
    group by source_name
),

versions as (
    select
        source_name,
        count(*) as staged_rows,
        count(*) filter (where is_held) as held_rows,
        max(known_at) filter (where not is_held and known_at < $as_of_date) as latest_known_at
    from delivered_rows
    where not is_void
    group by source_name
),

gates as (
    select
        v.source_name,
        count(*) filter (where not v.is_met and v.severity = 'warning') as warnings,
        string_agg(distinct v.reason, '；' order by v.reason) filter (
            where not v.is_met and v.severity = 'warning'
        ) as warning_text
    from ops.validation_results as v
    inner join batches as b on v.batch_id = b.batch_id
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
        (coalesce(v.held_rows, 0) + coalesce(f.records, 0))::bigint as accepted,
        coalesce(r.rejected, 0)::bigint as rejected,
        (
            coalesce(s.superseded, 0) + coalesce(v.staged_rows, 0) - coalesce(v.held_rows, 0) - coalesce(f.records, 0)
        )::bigint as superseded,
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
    left join delivered as b on d.source_name = b.source_name
    left join rejected as r on d.source_name = r.source_name
    left join set_aside as s on d.source_name = s.source_name
    left join versions as v on d.source_name = v.source_name
    left join in_force as f on d.source_name = f.source_name
    left join gates as g on d.source_name = g.source_name
    left join matters as m on d.source_name = m.source_name
)

select * from final
