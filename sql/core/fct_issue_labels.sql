-- Which texts have an issue that a list or a person gave, as known before the date?
-- Grain: text. Key: text_hash. A person's answer comes before the list; of several issues of one text, the usual one.
-- Reads: core.fct_event_versions, core.dim_issue, ops.review_answers
with mapped as (
    select
        text_hash,
        issue_code,
        min(known_from) as known_at
    from core.fct_event_versions
    where
        issue_basis = 'mapped'
        and issue_code is not null
        and text_hash is not null
        and known_from < $as_of_date
        and (known_to is null or known_to >= $as_of_date)
    group by text_hash, issue_code
    qualify row_number() over (partition by text_hash order by count(*) desc, issue_code asc) = 1
),

answered as (
    select
        text_hash,
        issue_code,
        answered_at as known_at
    from ops.review_answers
    where answered_at < $as_of_date
    qualify row_number() over (partition by text_hash order by answered_at desc) = 1
),

given as (
    select * from answered
    union all
    select m.*
    from mapped as m
    left join answered as a on m.text_hash = a.text_hash
    where a.text_hash is null
)

select
    g.text_hash,
    g.issue_code,
    g.known_at
from given as g
inner join core.dim_issue as i on g.issue_code = i.issue_code
