-- What came in day by day, from whom, about what, and what of it is still open?
-- Grain: day × place × issue × channel × demand type × kind, 63 days. Key: the same.
-- Where no source tells when a matter is closed, what is open is unknown (null); without deadlines, what is overdue.
-- Reads: core.fct_event_versions, core.dim_source
with known as (
    select
        v.*,
        d.reports_closing,
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
    case when bool_or(reports_closing) then (count(*) filter (where is_open))::integer end as open_count,
    case
        when bool_or(reports_closing and due_at is not null)
            then (count(*) filter (where is_open and due_at < $as_of_date))::integer
    end as overdue_count
from known
group by all
