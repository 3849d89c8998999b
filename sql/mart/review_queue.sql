-- Which texts did the model leave to people, and how many matters wait for an answer?
-- Grain: as-of date × text. Key: text_hash.
-- Reads: core.fct_issue_readings, core.fct_event_versions
with latest as (
    select *
    from core.fct_issue_readings
    where known_from < $as_of_date
    qualify row_number() over (partition by text_hash order by known_from desc, model_id desc) = 1
),

waiting as (
    select
        text_hash,
        count(*)::integer as event_count,
        max(occurred_at) as last_occurred_at
    from core.fct_event_versions
    where
        issue_code is null
        and known_from < $as_of_date
        and (known_to is null or known_to >= $as_of_date)
    group by text_hash
)

select
    $as_of_date::date as as_of_date,
    l.text_hash,
    l.issue_code,
    l.confidence,
    l.model_id,
    w.event_count,
    w.last_occurred_at
from latest as l
inner join waiting as w on l.text_hash = w.text_hash
where l.is_review
