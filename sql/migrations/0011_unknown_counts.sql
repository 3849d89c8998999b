-- What was never recorded is unknown, not zero: the same weeks of last year, and what is still open.
alter table feature.complaint_counts alter column complaint_count_same_28d_last_year drop not null;
alter table feature.complaint_counts alter column unresolved_count_28d drop not null;
alter table mart.hotspot_forecast alter column complaint_count_same_28d_last_year drop not null;
alter table mart.hotspot_forecast alter column unresolved_count_28d drop not null;
comment on column feature.complaint_counts.complaint_count_same_28d_last_year is
'去年同期未来28天件数（364天前起；当时半数以上来源尚无记录者为空）';
comment on column feature.complaint_counts.unresolved_count_28d is '近28天尚未办结件数（来源不提供办结时间者为空）';
comment on column mart.hotspot_forecast.complaint_count_same_28d_last_year is
'去年同期件数（364天前起28天；当时半数以上来源尚无记录者为空）';
comment on column mart.hotspot_forecast.unresolved_count_28d is '近28天尚未办结件数（来源不提供办结时间者为空）';
