-- What came in day by day, from whom, about what, and what of it is still open?
-- Grain: day × place × issue × channel × demand type × kind, 63 days. Key: the same.
-- A source that never tells when a matter is closed has no open ones.
-- Reads: core.fct_event_versions, core.dim_source
with known as (
    select
        v.*,
        d.reports_closing and (v.closed_at is null or v.closed_at >= $as_of_date) as is_open
    from core.fct_event_versions as v
    inner join core.dim_source as d on v.source_name = d.source_name
    where
        v.known_from < $as_of_date
        and (v.known_to is null or v.known_to >= $as_of_date)
        and v.occurred_at < $as_of_date
        and v.occurred_at >= $as_of_date::date - interval 63 days
)

select
    $as_of_date::date as as_of_date,
    occurred_at::date as occurred_date,
    district_code,
    street_code,
    community_code,
    issue_code,
    channel,
    demand_type,
    kind,
    is_resident,
    count(*)::integer as event_count,
    (count(*) filter (where is_open))::integer as open_count,
    (count(*) filter (where is_open and due_at < $as_of_date))::integer as overdue_count
from known
group by all
