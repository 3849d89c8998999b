-- What came in the 7 days after a forecast, as far as is known by now?
-- Grain: community × issue with a complaint in [as_of_date, as_of_date + 7 days). Key: the same.
-- Counted as in the features: once for one resident, by whatever channels.
-- Reads: core.fct_event_versions, core.fct_incident_links
select
    $as_of_date::date as as_of_date,
    community_code,
    issue_code,
    count(distinct coalesce(reporter_address_hash, event_id))::integer as complaint_count_next_7d
from core.fct_event_versions as v
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
    -- what the same resident said by another channel counts where it was said first
    and not exists (
        select 1
        from core.fct_incident_links as l
        where
            l.event_id = v.event_id
            and l.is_counted_once
            and l.known_from < $known_before
            and (l.known_to is null or l.known_to >= $known_before)
    )
group by community_code, issue_code
