-- Which unit took up which order, and when did it finish?
-- Grain: disposal record, as last exported. Key: source_name, record_id. Only records in ops.changed_records are derived.
-- Reads: stg.dept_disposal, ops.superseded_rows, ops.batches
with in_force as (
    select batch_id
    from ops.batches
    where gate in ('passed', 'warned')
),

voided as (
    select s.source_name, s.record_id, max(s.known_at) as voided_at
    from ops.superseded_rows as s
    inner join in_force on s.batch_id = in_force.batch_id
    where s.reason = 'voided'
    group by s.source_name, s.record_id
),

final as (
    select
        d.source_name,
        d.record_id,
        d.order_id,
        d.sequence_no,
        d.unit_name,
        d.occurred_at as assigned_at,
        d.known_at,
        d.signed_at,
        d.closed_at,
        d.action,
        d.is_true,
        d.is_resolved,
        d.unresolved_reason,
        d.batch_id,
        d.row_no
    from stg.dept_disposal as d
    inner join ops.changed_records using (source_name, record_id)
    inner join in_force on d.batch_id = in_force.batch_id
    left join voided as v on d.source_name = v.source_name and d.record_id = v.record_id
    where v.voided_at is null or d.known_at > v.voided_at
    qualify
        row_number() over (
            partition by d.source_name, d.record_id order by d.known_at desc, d.batch_id desc, d.row_no desc
        ) = 1
)

select * from final
