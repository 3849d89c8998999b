-- Which categories and states of the sources does no list explain, and how often did they come?
-- Grain: source × kind of value × value, 28 days. Key: source_name, value_kind, value_text.
-- A value that is long or holds a long number may be personal: it is counted and not shown. A state that was not filled
-- in is nothing to explain; a category that was not filled in is a matter without issue, and counts.
-- Reads: core.fct_event_versions, core.dim_source, stg.hotline_order, stg.grid_event
with known as (
    select
        v.source_name,
        v.issue_code,
        v.issue_basis,
        v.status,
        v.state_code,
        v.batch_id,
        v.row_no,
        d.issue_system
    from core.fct_event_versions as v
    inner join core.dim_source as d on v.source_name = d.source_name
    where
        v.known_from < $as_of_date
        and (v.known_to is null or v.known_to >= $as_of_date)
        and v.occurred_at < $as_of_date
        and v.occurred_at >= $as_of_date::date - interval 28 days
),

told as (
    select
        batch_id,
        row_no,
        category_text
    from stg.hotline_order
    union all
    select
        batch_id,
        row_no,
        category_text
    from stg.grid_event
),

unexplained as (
    select
        k.source_name,
        'issue' as value_kind,
        k.issue_system,
        t.category_text as value_text
    from known as k
    inner join told as t on k.batch_id = t.batch_id and k.row_no = t.row_no
    where k.issue_code is null or k.issue_basis in ('predicted', 'reviewed')
    union all
    select
        source_name,
        'state' as value_kind,
        null as issue_system,
        status as value_text
    from known
    where state_code is null and status is not null
),

shown as (
    select
        source_name,
        value_kind,
        issue_system,
        case when length(value_text) > 40 or regexp_matches(value_text, '\d{7}') then '（不示）' else value_text end
            as value_text
    from unexplained
)

select
    $as_of_date::date as as_of_date,
    source_name,
    value_kind,
    issue_system,
    value_text,
    count(*)::integer as event_count
from shown
group by source_name, value_kind, issue_system, value_text
