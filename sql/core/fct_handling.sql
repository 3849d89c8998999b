-- Which unit took up which order, in which turn, and when did it finish?
-- Grain: disposal record, or step of a chain of units, as last exported. Key: source_name, record_id, sequence_no.
-- Only the records named in ops.changed_records are derived; one that was voided last is left out. The chain of an
-- order that came in several rows says when it was sent to a unit, and nothing of what the unit did.
-- Reads: stg.dept_disposal, stg.hotline_order, stg.grid_event, ops.superseded_rows, ops.batches, ops.changed_records
with in_force as (
    select
        batch_id,
        exported_date,
        file_name
    from ops.batches
    where gate in ('passed', 'warned')
),

chained as (
    select source_name
    from stg.hotline_order
    where unit_chain is not null
    union
    select source_name
    from stg.grid_event
    where unit_chain is not null
),

orders as (
    select
        h.source_name,
        h.record_id,
        h.known_at,
        h.batch_id,
        h.row_no,
        h.unit_chain
    from stg.hotline_order as h
    inner join ops.changed_records as c on h.source_name = c.source_name and h.record_id = c.record_id
    where h.source_name in (select x.source_name from chained as x)
    union all
    select
        g.source_name,
        g.record_id,
        g.known_at,
        g.batch_id,
        g.row_no,
        g.unit_chain
    from stg.grid_event as g
    inner join ops.changed_records as c on g.source_name = c.source_name and g.record_id = c.record_id
    where g.source_name in (select x.source_name from chained as x)
),

said as (
    select
        source_name,
        record_id,
        known_at,
        batch_id,
        row_no,
        false as is_void
    from stg.dept_disposal
    union all by name
    select
        source_name,
        record_id,
        known_at,
        batch_id,
        row_no,
        false as is_void
    from orders
    union all by name
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

-- a later export is what the source says now; within one, the clock decides
said_last as (
    select s.*
    from said as s
    inner join ops.changed_records as c on s.source_name = c.source_name and s.record_id = c.record_id
    inner join in_force as b on s.batch_id = b.batch_id
    qualify
        row_number() over (
            partition by s.source_name, s.record_id
            order by
                b.exported_date desc nulls last,
                s.known_at desc,
                s.is_void desc,
                b.file_name desc,
                s.batch_id desc,
                s.row_no desc
        ) = 1
),

steps as (
    select
        o.source_name,
        o.record_id,
        o.known_at,
        o.batch_id,
        o.row_no,
        unnest(o.unit_chain) as step,
        generate_subscripts(o.unit_chain, 1) as sequence_no
    from orders as o
    inner join said_last as s on o.batch_id = s.batch_id and o.row_no = s.row_no
    where not s.is_void
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
    inner join said_last as s on d.batch_id = s.batch_id and d.row_no = s.row_no
    where not s.is_void
    union all by name
    select
        source_name,
        record_id,
        record_id as order_id,
        sequence_no::integer as sequence_no,
        step.unit_name,
        step.dispatched_at as assigned_at,
        known_at,
        batch_id,
        row_no
    from steps
)

select * from final
