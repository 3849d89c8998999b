-- What became of every row that a source sent, and why?
-- Grain: source × outcome × reason × remedy. Key: the same. The rows of a source add up to its rows_in.
-- Versions that a newer one replaced are known as a sum only, so they are not told apart by day.
-- Reads: ops.batches, ops.rejected_rows, ops.superseded_rows, mart.source_status
with batches as (
    select
        batch_id,
        exported_date is null or exported_date > $as_of_date::date - interval 28 days as is_recent
    from ops.batches
    where exported_date is null or exported_date <= $as_of_date
),

rejected as (
    select
        r.source_name,
        'rejected' as outcome,
        r.reason,
        r.remedy,
        count(*) as row_count,
        count(*) filter (where b.is_recent) as recent_row_count
    from ops.rejected_rows as r
    inner join batches as b on r.batch_id = b.batch_id
    group by r.source_name, r.reason, r.remedy
),

set_aside as (
    select
        s.source_name,
        'superseded' as outcome,
        s.reason,
        null as remedy,
        count(*) as row_count,
        count(*) filter (where b.is_recent) as recent_row_count
    from ops.superseded_rows as s
    inner join batches as b on s.batch_id = b.batch_id
    group by s.source_name, s.reason
),

accounts as (
    select
        t.source_name,
        t.held_back,
        t.accepted - t.held_back as in_force,
        t.superseded - coalesce(sum(s.row_count), 0) as newer_version
    from mart.source_status as t
    left join set_aside as s on t.source_name = s.source_name
    where t.as_of_date = $as_of_date
    group by t.source_name, t.held_back, t.accepted, t.superseded
),

final as (
    select * from rejected
    union all
    select * from set_aside
    union all
    select
        source_name,
        'superseded' as outcome,
        'newer_version' as reason,
        null as remedy,
        newer_version as row_count,
        null as recent_row_count
    from accounts
    union all
    select
        source_name,
        'accepted' as outcome,
        'in_force' as reason,
        null as remedy,
        in_force as row_count,
        null as recent_row_count
    from accounts
    union all
    select
        source_name,
        'accepted' as outcome,
        'held' as reason,
        null as remedy,
        held_back as row_count,
        null as recent_row_count
    from accounts
)

select
    $as_of_date::date as as_of_date,
    source_name,
    outcome,
    reason,
    remedy,
    row_count::bigint as row_count,
    recent_row_count
from final
where row_count <> 0
