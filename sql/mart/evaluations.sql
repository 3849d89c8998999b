-- How did each forecaster do in the backtest?
-- Grain: forecaster. Key: forecaster_name.
-- Reads: forecast.evaluations
select *
from forecast.evaluations
where as_of_date = $as_of_date
