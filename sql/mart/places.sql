-- Which places can be asked for on this date?
-- Grain: place in force, of two entries in force the newer. Key: place_code.
-- Reads: core.dim_place
select
    *,
    $as_of_date::date as as_of_date
from core.dim_place
where
    (valid_from is null or valid_from <= $as_of_date)
    and (valid_to is null or valid_to > $as_of_date)
qualify row_number() over (partition by place_code order by valid_from desc nulls last) = 1
