-- What each model is, how it does and where it fails, in words; and what watches over it.
create table forecast.model_cards (
    as_of_date date not null,
    forecaster_name varchar not null,
    forecaster_title varchar not null,
    is_chosen boolean not null,
    line_no integer not null,
    section varchar not null,
    text varchar not null
);
comment on table forecast.model_cards is '模型说明卡：每个模型的数据、输入、分组成绩与已知弱点';
comment on column forecast.model_cards.as_of_date is '数据截止日';
comment on column forecast.model_cards.forecaster_name is '方法';
comment on column forecast.model_cards.forecaster_title is '方法名称';
comment on column forecast.model_cards.is_chosen is '7天预测是否选用';
comment on column forecast.model_cards.line_no is '行序';
comment on column forecast.model_cards.section is '栏目';
comment on column forecast.model_cards.text is '内容（一句话）';

create table mart.model_cards (
    as_of_date date not null,
    forecaster_name varchar not null,
    forecaster_title varchar not null,
    is_chosen boolean not null,
    line_no integer not null,
    section varchar not null,
    text varchar not null
);
comment on table mart.model_cards is '模型说明卡：每个模型的数据、输入、分组成绩与已知弱点';
comment on column mart.model_cards.as_of_date is '数据截止日';
comment on column mart.model_cards.forecaster_name is '方法';
comment on column mart.model_cards.forecaster_title is '方法名称';
comment on column mart.model_cards.is_chosen is '7天预测是否选用';
comment on column mart.model_cards.line_no is '行序';
comment on column mart.model_cards.section is '栏目';
comment on column mart.model_cards.text is '内容（一句话）';

create table ops.forecast_alarms (
    as_of_date date not null,
    alarm_code varchar not null,
    value double,
    threshold double not null,
    is_raised boolean not null,
    text varchar not null
);
comment on table ops.forecast_alarms is '预测的每日自查：输入是否变样、成绩是否变差';
comment on column ops.forecast_alarms.as_of_date is '数据截止日';
comment on column ops.forecast_alarms.alarm_code is '自查项代码';
comment on column ops.forecast_alarms.value is '当日数值（空为历史不足、不可评估）';
comment on column ops.forecast_alarms.threshold is '告警界限（超过为告警）';
comment on column ops.forecast_alarms.is_raised is '是否告警';
comment on column ops.forecast_alarms.text is '说明';

create table mart.forecast_alarms (
    as_of_date date not null,
    alarm_code varchar not null,
    value double,
    threshold double not null,
    is_raised boolean not null,
    text varchar not null
);
comment on table mart.forecast_alarms is '预测的每日自查：输入是否变样、成绩是否变差';
comment on column mart.forecast_alarms.as_of_date is '数据截止日';
comment on column mart.forecast_alarms.alarm_code is '自查项代码';
comment on column mart.forecast_alarms.value is '当日数值（空为历史不足、不可评估）';
comment on column mart.forecast_alarms.threshold is '告警界限（超过为告警）';
comment on column mart.forecast_alarms.is_raised is '是否告警';
comment on column mart.forecast_alarms.text is '说明';

-- too little to go by is said instead of a confident number; treated cells are told apart once orders are given.
-- Rows of earlier dates stay null, that is not judged: a default would write them, and DuckDB cannot alter a table
-- again in the transaction that wrote its rows.
alter table mart.hotspot_forecast add column is_thin boolean;
alter table mart.hotspot_forecast add column thin_reason varchar;
alter table mart.hotspot_forecast add column is_treated boolean;
comment on column mart.hotspot_forecast.is_thin is '是否样本不足（不给出概率；空为当日尚未判定）';
comment on column mart.hotspot_forecast.thin_reason is '样本不足的原因（空为样本足够）';
comment on column mart.hotspot_forecast.is_treated is '是否已派未诉先办单（窗口内；尚无派单记录时为否，空为当日尚未判定）';
