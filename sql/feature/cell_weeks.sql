-- How many residents complained of this issue in this community, week by week, as far as we knew?
-- Grain: community × issue × week with a complaint. Key: community_code, issue_code, weeks_back.
-- Weeks are 7-day blocks counted back from the as-of date; 0 is the last one. One reporter counts once per address,
-- issue and week, where both are known; a matter that one resident told by two channels counts where it was told first.
-- Reads: core.fct_event_versions, core.fct_incident_links
with told_elsewhere as (
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
        community_code,
        issue_code,
        -- a number takes less room than the text; of 10^19 pairs of matters one shares its number by chance
        hash(coalesce(reporter_address_hash, event_id)) as matter,
        (date_diff('day', occurred_at::date, $as_of_date::date) - 1) // 7 as weeks_back
    from core.fct_event_versions
    where
        is_resident
        and community_code is not null
        and issue_code is not null
        -- what a model said long afterwards would count in one as-of date and not in another
        and is_issue_late is not true
        and known_from < $as_of_date
        and (known_to is null or known_to >= $as_of_date)
        and occurred_at < $as_of_date
        and occurred_at >= $as_of_date::date - to_days(7 * $history_weeks::integer)
        and event_id not in (select t.event_id from told_elsewhere as t)
)

select
    $as_of_date::date as as_of_date,
    community_code,
    issue_code,
    weeks_back::integer as weeks_back,
    count(distinct matter)::integer as complaint_count
from known
group by community_code, issue_code, weeks_back
