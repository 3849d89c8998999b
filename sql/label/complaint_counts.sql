-- What came in the 7 days after a forecast, as far as is known by now?
-- Grain: community × issue with a complaint in [as_of_date, as_of_date + 7 days). Key: the same.
-- Reads: core.fct_event_versions
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
    and occurred_at >= $as_of_date
    and occurred_at < $as_of_date::date + interval 7 days
    and known_from < $known_before
    and (known_to is null or known_to >= $known_before)
group by community_code, issue_code
