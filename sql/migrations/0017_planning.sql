-- Two horizons: 7 days for dispatch, 28 days for planning. Tables of the 7-day forecast keep their shape.
alter table forecast.evaluations add column horizon_days integer default 7;
-- the column with a default last: it writes rows, after which DuckDB cannot alter the table in the same transaction
alter table forecast.selections add column reason_code varchar;
alter table forecast.selections add column horizon_days integer default 7;
comment on column forecast.evaluations.horizon_days is '预测窗口（天）：7 派单、28 规划';
comment on column forecast.selections.horizon_days is '预测窗口（天）：7 派单、28 规划';
comment on column forecast.selections.reason_code is '选用理由代码';

create table forecast.planning_predictions (
    as_of_date date not null,
    forecaster_name varchar not null,
    community_code varchar not null,
    issue_code varchar not null,
    hot_probability double not null,
    expected_count double not null,
    baseline_probability double not null,
    hot_threshold integer not null
);
comment on table forecast.planning_predictions is '未来28天的预测值（供规划）';
comment on column forecast.planning_predictions.as_of_date is '数据截止日，也是预测起点';
comment on column forecast.planning_predictions.forecaster_name is '方法';
comment on column forecast.planning_predictions.community_code is '社区编码';
comment on column forecast.planning_predictions.issue_code is '问题编码';
comment on column forecast.planning_predictions.hot_probability is '28天内成为热点的概率';
comment on column forecast.planning_predictions.expected_count is '28天内预计件数';
comment on column forecast.planning_predictions.baseline_probability is '最佳基线给出的热点概率';
comment on column forecast.planning_predictions.hot_threshold is '28天内达到多少件算热点';

create table mart.planning_forecast (
    as_of_date date not null,
    window_end_date date not null,
    community_code varchar not null,
    issue_code varchar not null,
    district_code varchar,
    district_name varchar,
    street_code varchar,
    street_name varchar,
    community_name varchar not null,
    issue_name varchar not null,
    major_name varchar,
    is_dangerous boolean not null,
    planning_rank integer not null,
    hot_probability double not null,
    baseline_probability double not null,
    expected_count double not null,
    hot_threshold integer not null,
    complaint_count_28d integer not null,
    complaint_count_same_28d_last_year integer,
    complaint_count_364d integer not null,
    forecaster_title varchar not null,
    baseline_title varchar not null
);
comment on table mart.planning_forecast is '未来28天热点预测（供规划）：社区×问题';
comment on column mart.planning_forecast.as_of_date is '数据截止日（当日零时，当日数据不计入）';
comment on column mart.planning_forecast.window_end_date is '预测窗口最后一日';
comment on column mart.planning_forecast.community_code is '社区编码';
comment on column mart.planning_forecast.issue_code is '问题编码';
comment on column mart.planning_forecast.district_code is '区编码';
comment on column mart.planning_forecast.district_name is '区';
comment on column mart.planning_forecast.street_code is '街道编码';
comment on column mart.planning_forecast.street_name is '街道';
comment on column mart.planning_forecast.community_name is '社区';
comment on column mart.planning_forecast.issue_name is '问题';
comment on column mart.planning_forecast.major_name is '问题大类';
comment on column mart.planning_forecast.is_dangerous is '是否危险问题';
comment on column mart.planning_forecast.planning_rank is '28天位次';
comment on column mart.planning_forecast.hot_probability is '28天热点概率';
comment on column mart.planning_forecast.baseline_probability is '基线概率（最佳基线给出）';
comment on column mart.planning_forecast.expected_count is '28天预计件数';
comment on column mart.planning_forecast.hot_threshold is '热点门槛（28天内件数）';
comment on column mart.planning_forecast.complaint_count_28d is '近28天件数';
comment on column mart.planning_forecast.complaint_count_same_28d_last_year is
'去年同期件数（364天前起28天；当时半数以上来源尚无记录者为空）';
comment on column mart.planning_forecast.complaint_count_364d is '近364天件数';
comment on column mart.planning_forecast.forecaster_title is '预测方法';
comment on column mart.planning_forecast.baseline_title is '最佳基线';

create table mart.planning_selections (
    as_of_date date not null,
    forecaster_name varchar not null,
    forecaster_title varchar not null,
    is_baseline boolean not null,
    baseline_name varchar not null,
    baseline_title varchar not null,
    reason varchar not null,
    is_threshold_assessable boolean not null
);
comment on table mart.planning_selections is '28天预测选用的方法';
comment on column mart.planning_selections.as_of_date is '数据截止日';
comment on column mart.planning_selections.forecaster_name is '选用方法';
comment on column mart.planning_selections.forecaster_title is '选用方法名称';
comment on column mart.planning_selections.is_baseline is '选用的是否为基线';
comment on column mart.planning_selections.baseline_name is '最佳基线';
comment on column mart.planning_selections.baseline_title is '最佳基线名称';
comment on column mart.planning_selections.reason is '选用理由';
comment on column mart.planning_selections.is_threshold_assessable is '热点门槛是否有足够历史（不足26周为否）';

create table mart.planning_evaluations (
    as_of_date date not null,
    forecaster_name varchar not null,
    forecaster_title varchar not null,
    is_baseline boolean not null,
    is_chosen boolean not null,
    is_best_baseline boolean not null,
    origin_count integer not null,
    hot_count integer not null,
    hot_pr_auc double,
    hot_log_loss double,
    hot_ece double,
    hot_precision_at_k double,
    hot_recall_at_k double,
    capacity_k integer not null
);
comment on table mart.planning_evaluations is '28天预测各方法的回测成绩（同一批起点、同一批对象）';
comment on column mart.planning_evaluations.as_of_date is '数据截止日';
comment on column mart.planning_evaluations.forecaster_name is '方法';
comment on column mart.planning_evaluations.forecaster_title is '方法名称';
comment on column mart.planning_evaluations.is_baseline is '是否基线';
comment on column mart.planning_evaluations.is_chosen is '是否选用';
comment on column mart.planning_evaluations.is_best_baseline is '是否最佳基线';
comment on column mart.planning_evaluations.origin_count is '回测起点数（每两周一个）';
comment on column mart.planning_evaluations.hot_count is '热点个数';
comment on column mart.planning_evaluations.hot_pr_auc is '热点 PR-AUC';
comment on column mart.planning_evaluations.hot_log_loss is '热点对数损失（越小越好）';
comment on column mart.planning_evaluations.hot_ece is '热点校准误差（越小越好）';
comment on column mart.planning_evaluations.hot_precision_at_k is '前k项命中率';
comment on column mart.planning_evaluations.hot_recall_at_k is '前k项覆盖率';
comment on column mart.planning_evaluations.capacity_k is '名单容量k';
