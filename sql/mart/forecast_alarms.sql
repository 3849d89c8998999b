-- What did the daily watch over the forecast find?
-- Grain: alarm. Key: alarm_code.
-- Reads: ops.forecast_alarms
select *
from ops.forecast_alarms
where as_of_date = $as_of_date
