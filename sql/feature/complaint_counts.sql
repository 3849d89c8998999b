-- How often did residents complain of this issue in this community, as far as we knew?
-- Grain: community × issue with a complaint in 364 days. Key: the same.
-- A source that never tells when a matter is closed says nothing about what is still open: where no source of these
-- complaints tells it, that is unknown. So is last year, unless at least half of the cell's complaints are of sources
-- that recorded then.
-- Counted as in cell_weeks.
-- Reads: core.fct_event_versions, core.dim_source, core.fct_incident_links
with recorded as (
    select
        source_name,
        min(occurred_at)::date <= $as_of_date::date - interval 364 days
        and bool_or(
            occurred_at >= $as_of_date::date - interval 364 days and occurred_at < $as_of_date::date - interval 336 days
        ) as has_last_year
    from core.fct_event_versions
    where is_resident and known_from < $as_of_date
    group by source_name
),

told_elsewhere as (
    -- what the same resident said by another channel counts where it was said first
    select event_id
    from core.fct_incident_links
    where
        is_counted_once
        and known_from < $as_of_date
        and (known_to is null or known_to >= $as_of_date)
),

known as (
    select
        v.community_code,
        v.issue_code,
        v.occurred_at,
        (date_diff('day', v.occurred_at::date, $as_of_date::date) - 1) // 7 as weeks_back,
        -- one matter of one week; as in cell_weeks a number takes less room than the text
        hash(coalesce(v.reporter_address_hash, v.event_id), weeks_back) as matter,
        case when v.closed_at < $as_of_date then v.closed_at end as closed_at,
        d.reports_closing,
        r.has_last_year
    from core.fct_event_versions as v
    inner join core.dim_source as d on v.source_name = d.source_name
    inner join recorded as r on v.source_name = r.source_name
    where
        v.is_resident
        and v.community_code is not null
        and v.issue_code is not null
        -- what a model said long afterwards would count in one as-of date and not in another
        and v.is_issue_late is not true
        and v.known_from < $as_of_date
        and (v.known_to is null or v.known_to >= $as_of_date)
        and v.occurred_at < $as_of_date
        and v.occurred_at >= $as_of_date::date - interval 364 days
        and v.event_id not in (select t.event_id from told_elsewhere as t)
)

select
    $as_of_date::date as as_of_date,
    community_code,
    issue_code,
    (count(distinct matter) filter (where weeks_back = 0))::integer as complaint_count_7d,
    (count(distinct matter) filter (where weeks_back < 4))::integer as complaint_count_28d,
    count(distinct matter)::integer as complaint_count_364d,
    case
        when 2 * count(*) filter (where has_last_year) >= count(*)
            then (count(distinct matter) filter (where weeks_back >= 48))::integer
    end as complaint_count_same_28d_last_year,
    max(occurred_at)::date as last_occurred_date,
    case
        when count(*) filter (where weeks_back < 4) = 0 or bool_or(reports_closing) filter (where weeks_back < 4)
            then (
                count(distinct matter) filter (where weeks_back < 4 and reports_closing and closed_at is null)
            )::integer
    end as unresolved_count_28d,
    max(closed_at)::date as last_closed_date
from known
group by community_code, issue_code
