-- Which forecaster serves, and why?
-- Grain: as-of date. Key: as_of_date.
-- Reads: forecast.selections
select *
from forecast.selections
where as_of_date = $as_of_date
