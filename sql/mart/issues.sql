-- Which issues can be asked for?
-- Grain: issue. Key: issue_code.
-- Reads: core.dim_issue
select
    *,
    $as_of_date::date as as_of_date
from core.dim_issue
