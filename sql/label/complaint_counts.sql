-- What came in the 7 days after a forecast, as far as is known by now?
-- Grain: community × issue with a complaint in [as_of_date, as_of_date + 7 days). Key: the same.
-- Counted as in the features: once for one resident, by whatever channels.
-- Reads: core.fct_event_versions, core.fct_incident_links
with told_elsewhere as (
    -- what the same resident said by another channel counts where it was said first
    select event_id
    from core.fct_incident_links
    where
        is_counted_once
        and known_from < $known_before
        and (known_to is null or known_to >= $known_before)
)

select
    $as_of_date::date as as_of_date,
    community_code,
    issue_code,
    count(distinct coalesce(reporter_address_hash, event_id))::integer as complaint_count_next_7d
from core.fct_event_versions
where
    is_resident
    and community_code is not null
    and issue_code is not null
    -- what a model said long afterwards would count in one as-of date and not in another
    and is_issue_late is not true
    and occurred_at >= $as_of_date
    and occurred_at < $as_of_date::date + interval 7 days
    and known_from < $known_before
    and (known_to is null or known_to >= $known_before)
    and event_id not in (select t.event_id from told_elsewhere as t)
group by community_code, issue_code
