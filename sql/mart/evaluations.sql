-- How did each forecaster do in the backtest of the 7-day forecast?
-- Grain: forecaster. Key: forecaster_name.
-- Reads: forecast.evaluations
select * exclude (horizon_days)
from forecast.evaluations
where as_of_date = $as_of_date and horizon_days = 7
