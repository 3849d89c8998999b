-- How did each forecaster do in the backtest of the 28-day forecast?
-- Grain: forecaster. Key: forecaster_name.
-- Reads: forecast.evaluations
select
    as_of_date,
    forecaster_name,
    forecaster_title,
    is_baseline,
    is_chosen,
    is_best_baseline,
    origin_count,
    hot_count,
    hot_pr_auc,
    hot_log_loss,
    hot_ece,
    hot_precision_at_k,
    hot_recall_at_k,
    capacity_k
from forecast.evaluations
where as_of_date = $as_of_date and horizon_days = 28
