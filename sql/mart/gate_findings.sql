-- Which expectations did the files of the last 28 days fail, and in how many rows?
-- Grain: source × suite × expectation × column × severity × reason, 28 days. Key: the same.
-- A column's name comes from the sender's header: where it is long or holds a long number, it may be a value that
-- slipped into the header, and is not shown.
-- Reads: ops.validation_results, ops.batches
with source as (
    select
        v.source_name,
        v.suite_name,
        v.expectation,
        v.severity,
        v.checked_count,
        v.unexpected_count,
        b.exported_date,
        case
            when length(v.column_name) > 40 or regexp_matches(v.column_name, '\d{7}') then '（不示）' else v.column_name
        end as column_name,
        case when regexp_matches(v.reason, '\d{7}') then '（不示）' else v.reason end as reason
    from ops.validation_results as v
    inner join ops.batches as b on v.batch_id = b.batch_id
    where
        not v.is_met
        and (
            b.exported_date is null
            or (b.exported_date > $as_of_date::date - interval 28 days and b.exported_date <= $as_of_date)
        )
)

select
    $as_of_date::date as as_of_date,
    source_name,
    suite_name,
    expectation,
    column_name,
    severity,
    reason,
    count(*) as batch_count,
    max(exported_date) as latest_exported_date,
    sum(checked_count)::bigint as checked_count,
    sum(unexpected_count)::bigint as unexpected_count
from source
group by source_name, suite_name, expectation, column_name, severity, reason
