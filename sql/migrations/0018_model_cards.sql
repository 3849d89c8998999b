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
