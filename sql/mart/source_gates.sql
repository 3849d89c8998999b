-- What did the gate say of each source's newest files, and since when is an older export in force instead?
-- Grain: source. Key: source_name.
-- Several files of one day count as one: the worst verdict speaks for the day. A source whose files tell no day has one
-- verdict over all of them.
-- Reads: ops.batches, core.dim_source
with source as (
    select
        source_name,
        exported_date,
        gate,
        max(exported_date) over (partition by source_name) as latest_date,
        max(exported_date) filter (where gate <> 'held') over (partition by source_name) as in_force_date
    from ops.batches
    where state = 'cleaned' and (exported_date is null or exported_date <= $as_of_date)
),

told as (
    select
        source_name,
        any_value(in_force_date) as in_force_date,
        count(*) as file_count,
        count(*) filter (
            where exported_date is null or exported_date > $as_of_date::date - interval 28 days
        ) as recent_file_count,
        max(case gate when 'held' then 3 when 'warned' then 2 when 'passed' then 1 end) filter (
            where exported_date is not distinct from latest_date
        ) as severity,
        -- where only some files of the newest day are held, it is that day
        coalesce(
            min(exported_date) filter (where gate = 'held' and exported_date > coalesce(in_force_date, '-infinity')),
            max(latest_date)
        ) as first_held_date
    from source
    group by source_name
),

final as (
    select
        $as_of_date::date as as_of_date,
        d.source_name,
        coalesce(t.file_count, 0) as file_count,
        coalesce(t.recent_file_count, 0) as recent_file_count,
        case t.severity when 3 then 'held' when 2 then 'warned' when 1 then 'passed' end as gate,
        case when t.severity = 3 then t.first_held_date end as held_since,
        t.in_force_date
    from core.dim_source as d
    left join told as t on d.source_name = t.source_name
)

select * from final
