-- How many records of this issue in this community were open, and open past their time, at the end of each week?
-- Grain: community × issue × week × measure above zero. Key: community_code, issue_code, weeks_back, measure.
-- Weeks are those of cell_weeks. A figure is what was known at the end of its week: the versions in force then decide,
-- and what became known later counts from then on. So past weeks can be learned from.
-- backlog: records of all channels not closed by then, of the last 364 days, for what is older was mostly forgotten to
-- be closed. overdue: those of them past due_at. A source that never tells of closings says nothing of what is open:
-- where no row names a measure, it is unknown.
-- Reads: core.fct_event_versions, core.dim_source
with spells as (
    select
        v.community_code,
        v.issue_code,
        unnest(['backlog', 'overdue']) as measure,
        unnest([
            greatest(v.known_from, v.occurred_at),
            case when v.due_at is not null then greatest(v.known_from, v.occurred_at, v.due_at) end
        ]) as started_at,
        least(v.known_to, v.closed_at, v.occurred_at + interval 364 days) as ended_at
    from core.fct_event_versions as v
    inner join core.dim_source as d on v.source_name = d.source_name
    where
        d.reports_closing
        and v.community_code is not null
        and v.issue_code is not null
        -- what a model said long afterwards would count in one as-of date and not in another
        and v.is_issue_late is not true
        and v.known_from < $as_of_date
        and v.occurred_at < $as_of_date
        and v.occurred_at >= $as_of_date::date - to_days(7 * $history_weeks::integer + 364)
),

-- the weeks in which a spell began and ended: it was open at the end of the first, and no longer at that of the last
weeks as (
    select
        community_code,
        issue_code,
        measure,
        (date_diff('day', started_at::date, $as_of_date::date) - 1) // 7 as first_week,
        case
            when ended_at < $as_of_date then (date_diff('day', ended_at::date, $as_of_date::date) - 1) // 7
            else -1
        end as end_week
    from spells
    where started_at < $as_of_date and ended_at > started_at
),

changes as (
    select
        community_code,
        issue_code,
        measure,
        unnest([least(first_week, $history_weeks::integer - 1), end_week]) as weeks_back,
        unnest([1, -1]) as step
    from weeks
    where end_week < least(first_week, $history_weeks::integer - 1)
),

-- summed up where something changed, and only then spread over the weeks until the next change
levels as (
    select
        community_code,
        issue_code,
        measure,
        weeks_back,
        sum(sum(step)) over by_cell as record_count,
        lead(weeks_back, 1, -1) over by_cell as next_change
    from changes
    group by community_code, issue_code, measure, weeks_back
    window by_cell as (partition by community_code, issue_code, measure order by weeks_back desc)
)

select
    $as_of_date::date as as_of_date,
    community_code,
    issue_code,
    unnest(range(next_change + 1, weeks_back + 1))::integer as weeks_back,
    measure,
    record_count::integer as record_count
from levels
where record_count > 0
