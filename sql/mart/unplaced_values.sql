-- In which words did the sources name places that no list knows, and how often?
-- Grain: source × district, street and community as written × basis, 28 days. Key: the same.
-- A community's name that is long or holds a long number other than an administrative code may be personal: it is
-- counted and not shown.
-- Reads: core.fct_event_versions, stg.hotline_order, stg.grid_event
with known as (
    select
        source_name,
        place_basis,
        batch_id,
        row_no
    from core.fct_event_versions
    where
        community_code is null
        and known_from < $as_of_date
        and (known_to is null or known_to >= $as_of_date)
        and occurred_at < $as_of_date
        and occurred_at >= $as_of_date::date - interval 28 days
),

told as (
    select
        batch_id,
        row_no,
        district_text,
        street_text,
        community_text
    from stg.hotline_order
    union all
    select
        batch_id,
        row_no,
        district_text,
        street_text,
        community_text
    from stg.grid_event
),

named as (
    select
        k.source_name,
        coalesce(k.place_basis, 'none') as place_basis,
        t.district_text,
        t.street_text,
        t.community_text
    from known as k
    inner join told as t on k.batch_id = t.batch_id and k.row_no = t.row_no
),

shown as (
    select
        source_name,
        place_basis,
        case
            when length(district_text) > 20 or regexp_matches(district_text, '\d{7}') then '（不示）'
            else district_text
        end as district_text,
        case
            when
                length(street_text) > 20
                or (regexp_matches(street_text, '\d{7}') and not regexp_full_match(street_text, '\d{9}'))
                then '（不示）'
            else street_text
        end as street_text,
        case
            when
                length(community_text) > 20
                or (regexp_matches(community_text, '\d{7}') and not regexp_full_match(community_text, '\d{9}|\d{12}'))
                then '（不示）'
            else community_text
        end as community_text
    from named
)

select
    $as_of_date::date as as_of_date,
    source_name,
    district_text,
    street_text,
    community_text,
    place_basis,
    count(*)::integer as event_count
from shown
group by source_name, district_text, street_text, community_text, place_basis
