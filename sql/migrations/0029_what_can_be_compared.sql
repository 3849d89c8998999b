-- Repeats and incidents can only be told among records with a text, a caller or an address: how many have one.
alter table mart.incident_totals add column comparable_count_28d integer;
comment on column mart.incident_totals.comparable_count_28d is '其中有文本、来电人或点位、可判断是否同一事件的件数（旧版发布的为空）';

-- The forecast names its method as people read it, beside its code.
alter table mart.hotspot_forecast add column forecaster_title varchar;
comment on column mart.hotspot_forecast.forecaster_title is '预测方法';
comment on column mart.hotspot_forecast.forecaster_name is '预测方法代码';
