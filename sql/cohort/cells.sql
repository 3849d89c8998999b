-- Who is at risk? Every community in force on the as-of date, with every issue of the list.
-- Grain: community × issue. Key: the same.
-- Reads: core.dim_place, core.dim_issue
select distinct
    $as_of_date::date as as_of_date,
    p.place_code as community_code,
    i.issue_code
from core.dim_place as p
cross join core.dim_issue as i
where
    p.place_level = 'community'
    and (p.valid_from is null or p.valid_from <= $as_of_date)
    and (p.valid_to is null or p.valid_to > $as_of_date)
