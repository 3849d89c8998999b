-- How many residents' complaints of this issue in this community held each signal, as far as we knew?
-- Grain: community × issue × signal with such a complaint in 28 days. Key: community_code, issue_code, signal_kind.
-- Counted as in complaint_counts: one reporter counts once per address, issue and week.
-- Reads: core.fct_event_versions, core.fct_text_signals, core.fct_incident_links
with known as (
    select distinct
        v.community_code,
        v.issue_code,
        t.signal_kind,
        coalesce(v.reporter_address_hash, v.event_id) as matter,
        (date_diff('day', v.occurred_at::date, $as_of_date::date) - 1) // 7 as weeks_back
    from core.fct_event_versions as v
    inner join core.fct_text_signals as t on v.text_hash = t.text_hash
    where
        t.word_count > 0
        and v.is_resident
        and v.community_code is not null
        and v.issue_code is not null
        -- what a model said long afterwards would count in one as-of date and not in another
        and v.is_issue_late is not true
        and v.known_from < $as_of_date
        and (v.known_to is null or v.known_to >= $as_of_date)
        and v.occurred_at < $as_of_date
        and v.occurred_at >= $as_of_date::date - interval 28 days
        -- what the same resident said by another channel counts where it was said first
        and not exists (
            select 1
            from core.fct_incident_links as l
            where
                l.event_id = v.event_id
                and l.is_counted_once
                and l.known_from < $as_of_date
                and (l.known_to is null or l.known_to >= $as_of_date)
        )
)

select
    $as_of_date::date as as_of_date,
    community_code,
    issue_code,
    signal_kind,
    (count(*) filter (where weeks_back = 0))::integer as complaint_count_7d,
    count(*)::integer as complaint_count_28d
from known
group by community_code, issue_code, signal_kind
