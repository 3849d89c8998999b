-- Which forecaster serves the 28-day forecast, and why?
-- Grain: as-of date. Key: as_of_date.
-- Reads: forecast.selections
select * exclude (horizon_days, reason_code)
from forecast.selections
where as_of_date = $as_of_date and horizon_days = 28
