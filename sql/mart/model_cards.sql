-- What is each model, how does it do, and where does it fail?
-- Grain: model × line. Key: forecaster_name, line_no.
-- Reads: forecast.model_cards
select *
from forecast.model_cards
where as_of_date = $as_of_date
