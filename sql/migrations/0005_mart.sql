-- What people read: the page, the brief, exports. A published snapshot holds exactly this schema.
create table mart.hotspot_forecast (
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
    risk_rank integer not null,
    risk_level varchar not null,
    hot_probability double not null,
    recurring_probability double not null,
    baseline_probability double not null,
    expected_count double not null,
    hot_threshold integer not null,
    complaint_count_7d integer not null,
    complaint_count_28d integer not null,
    complaint_count_same_28d_last_year integer not null,
    complaint_count_364d integer not null,
    hot_weeks_8w integer not null,
    unresolved_count_28d integer not null,
    last_occurred_date date,
    last_closed_date date,
    calling_rate_364d double,
    reasons varchar not null,
    responsible_unit varchar,
    responsibility_category varchar,
    responsibility_basis varchar,
    is_held_out boolean not null,
    forecaster_name varchar not null
);
comment on table mart.hotspot_forecast is '未来7天热点预测：社区×问题';
comment on column mart.hotspot_forecast.as_of_date is '数据截止日（当日零时，当日数据不计入）';
comment on column mart.hotspot_forecast.window_end_date is '预测窗口最后一日';
comment on column mart.hotspot_forecast.community_code is '社区编码';
comment on column mart.hotspot_forecast.issue_code is '问题编码';
comment on column mart.hotspot_forecast.district_code is '区编码';
comment on column mart.hotspot_forecast.district_name is '区';
comment on column mart.hotspot_forecast.street_code is '街道编码';
comment on column mart.hotspot_forecast.street_name is '街道';
comment on column mart.hotspot_forecast.community_name is '社区';
comment on column mart.hotspot_forecast.issue_name is '问题';
comment on column mart.hotspot_forecast.major_name is '问题大类';
comment on column mart.hotspot_forecast.is_dangerous is '是否危险问题';
comment on column mart.hotspot_forecast.risk_rank is '全市风险位次';
comment on column mart.hotspot_forecast.risk_level is '风险等级：极高、高、中、低';
comment on column mart.hotspot_forecast.hot_probability is '未来7天成为热点的概率';
comment on column mart.hotspot_forecast.recurring_probability is '成为反复热点的概率';
comment on column mart.hotspot_forecast.baseline_probability is '最佳基线给出的热点概率';
comment on column mart.hotspot_forecast.expected_count is '预计件数';
comment on column mart.hotspot_forecast.hot_threshold is '热点门槛（7天内件数）';
comment on column mart.hotspot_forecast.complaint_count_7d is '近7天件数';
comment on column mart.hotspot_forecast.complaint_count_28d is '近28天件数';
comment on column mart.hotspot_forecast.complaint_count_same_28d_last_year is '去年同期件数（364天前起28天）';
comment on column mart.hotspot_forecast.complaint_count_364d is '近364天件数';
comment on column mart.hotspot_forecast.hot_weeks_8w is '近8周中的热点周数';
comment on column mart.hotspot_forecast.unresolved_count_28d is '近28天尚未办结件数';
comment on column mart.hotspot_forecast.last_occurred_date is '最近一件日期';
comment on column mart.hotspot_forecast.last_closed_date is '最近办结日期';
comment on column mart.hotspot_forecast.calling_rate_364d is '近364天万人诉求量（已归类的全部问题，件/万人）';
comment on column mart.hotspot_forecast.reasons is '主要依据';
comment on column mart.hotspot_forecast.responsible_unit is '主责单位';
comment on column mart.hotspot_forecast.responsibility_category is '职责类别';
comment on column mart.hotspot_forecast.responsibility_basis is '职责依据';
comment on column mart.hotspot_forecast.is_held_out is '是否留作对照（不派未诉先办单）';
comment on column mart.hotspot_forecast.forecaster_name is '预测方法';

create table mart.cell_history (
    as_of_date date not null,
    community_code varchar not null,
    issue_code varchar not null,
    week_start_date date not null,
    complaint_count integer not null
);
comment on table mart.cell_history is '各社区各问题的每周件数（近104周，零周不列）';
comment on column mart.cell_history.as_of_date is '数据截止日';
comment on column mart.cell_history.community_code is '社区编码';
comment on column mart.cell_history.issue_code is '问题编码';
comment on column mart.cell_history.week_start_date is '该周首日（自截止日往前每7天一周）';
comment on column mart.cell_history.complaint_count is '件数';

create table mart.daily_counts (
    as_of_date date not null,
    occurred_date date not null,
    district_code varchar,
    street_code varchar,
    community_code varchar,
    issue_code varchar,
    channel varchar,
    demand_type varchar,
    kind varchar not null,
    is_resident boolean not null,
    event_count integer not null,
    open_count integer not null,
    overdue_count integer not null
);
comment on table mart.daily_counts is '每日受理量（近63天）';
comment on column mart.daily_counts.as_of_date is '数据截止日';
comment on column mart.daily_counts.occurred_date is '发生日期';
comment on column mart.daily_counts.district_code is '区编码';
comment on column mart.daily_counts.street_code is '街道编码';
comment on column mart.daily_counts.community_code is '社区编码（空为未定位到社区）';
comment on column mart.daily_counts.issue_code is '问题编码（空为暂未归类）';
comment on column mart.daily_counts.channel is '渠道';
comment on column mart.daily_counts.demand_type is '诉求类型';
comment on column mart.daily_counts.kind is '记录种类';
comment on column mart.daily_counts.is_resident is '是否居民诉求渠道';
comment on column mart.daily_counts.event_count is '件数';
comment on column mart.daily_counts.open_count is '其中未办结';
comment on column mart.daily_counts.overdue_count is '其中已超时限';

create table mart.lookback (
    as_of_date date not null,
    origin_date date not null,
    basis varchar not null,
    community_code varchar not null,
    issue_code varchar not null,
    district_name varchar,
    street_name varchar,
    community_name varchar not null,
    issue_name varchar not null,
    hot_probability double not null,
    baseline_probability double not null,
    model_rank integer not null,
    baseline_rank integer not null,
    hot_threshold integer not null,
    actual_count integer not null,
    was_hot boolean not null
);
comment on table mart.lookback is '回看：昨夜到期的预测与实际';
comment on column mart.lookback.as_of_date is '数据截止日';
comment on column mart.lookback.origin_date is '被回看的预测的截止日';
comment on column mart.lookback.basis is '来历：service 当日预测、backtest 回测补算';
comment on column mart.lookback.community_code is '社区编码';
comment on column mart.lookback.issue_code is '问题编码';
comment on column mart.lookback.district_name is '区';
comment on column mart.lookback.street_name is '街道';
comment on column mart.lookback.community_name is '社区';
comment on column mart.lookback.issue_name is '问题';
comment on column mart.lookback.hot_probability is '当时预测的热点概率';
comment on column mart.lookback.baseline_probability is '当时基线的热点概率';
comment on column mart.lookback.model_rank is '按预测概率的位次';
comment on column mart.lookback.baseline_rank is '按基线概率的位次';
comment on column mart.lookback.hot_threshold is '热点门槛';
comment on column mart.lookback.actual_count is '实际件数';
comment on column mart.lookback.was_hot is '是否成为热点';

create table mart.source_status (
    as_of_date date not null,
    source_name varchar not null,
    source_title varchar not null,
    kind varchar not null,
    owner varchar,
    rows_in bigint not null,
    accepted bigint not null,
    rejected bigint not null,
    superseded bigint not null,
    held_back bigint not null,
    refused_files integer not null,
    refusals varchar,
    latest_exported_date date,
    latest_known_at timestamp,
    promised_by varchar,
    is_late boolean not null,
    unplaced_count bigint not null,
    unmapped_count bigint not null,
    critical_failures integer not null,
    warnings integer not null,
    warning_text varchar
);
comment on table mart.source_status is '各数据来源的时效与质量';
comment on column mart.source_status.as_of_date is '数据截止日';
comment on column mart.source_status.source_name is '数据来源';
comment on column mart.source_status.source_title is '来源名称';
comment on column mart.source_status.kind is '记录种类';
comment on column mart.source_status.owner is '提供单位';
comment on column mart.source_status.rows_in is '收到行数';
comment on column mart.source_status.accepted is '接收行数（每件取当前版本）';
comment on column mart.source_status.rejected is '退回行数';
comment on column mart.source_status.superseded is '被替代行数（重复、重报、旧版本、作废）';
comment on column mart.source_status.held_back is '其中校验未过、暂扣未用的行数（含于接收行数）';
comment on column mart.source_status.refused_files is '近28天拒收文件数';
comment on column mart.source_status.refusals is '近28天拒收说明';
comment on column mart.source_status.latest_exported_date is '最近导出日期';
comment on column mart.source_status.latest_known_at is '最近一条的得知时间';
comment on column mart.source_status.promised_by is '约定送达时刻';
comment on column mart.source_status.is_late is '是否迟到或缺失';
comment on column mart.source_status.unplaced_count is '近28天未定位到社区的件数';
comment on column mart.source_status.unmapped_count is '近28天暂未归类的件数';
comment on column mart.source_status.critical_failures is '近28天严重校验未过批次数';
comment on column mart.source_status.warnings is '提醒项数';
comment on column mart.source_status.warning_text is '提醒内容';

create table mart.evaluations as
select * from forecast.evaluations
where false;
alter table mart.evaluations alter column as_of_date set not null;
alter table mart.evaluations alter column forecaster_name set not null;
alter table mart.evaluations alter column is_baseline set not null;
alter table mart.evaluations alter column is_chosen set not null;
comment on table mart.evaluations is '各预测方法的回测成绩';
comment on column mart.evaluations.as_of_date is '数据截止日';
comment on column mart.evaluations.forecaster_name is '方法';
comment on column mart.evaluations.forecaster_title is '方法名称';
comment on column mart.evaluations.is_baseline is '是否基线';
comment on column mart.evaluations.is_chosen is '是否选用';
comment on column mart.evaluations.is_best_baseline is '是否最佳基线';
comment on column mart.evaluations.origin_count is '回测起点数（周）';
comment on column mart.evaluations.hot_count is '热点个数';
comment on column mart.evaluations.hot_pr_auc is '热点 PR-AUC';
comment on column mart.evaluations.recurring_pr_auc is '反复热点 PR-AUC';
comment on column mart.evaluations.emerging_pr_auc is '新发热点 PR-AUC';
comment on column mart.evaluations.hot_log_loss is '热点对数损失（越小越好）';
comment on column mart.evaluations.hot_brier is '热点 Brier 分（越小越好）';
comment on column mart.evaluations.hot_ece is '热点校准误差（越小越好）';
comment on column mart.evaluations.hot_precision_at_k is '前k项命中率';
comment on column mart.evaluations.hot_recall_at_k is '前k项覆盖率';
comment on column mart.evaluations.capacity_k is '每周名单容量k';

create table mart.selections as
select * from forecast.selections
where false;
alter table mart.selections alter column as_of_date set not null;
alter table mart.selections alter column forecaster_name set not null;
alter table mart.selections alter column baseline_name set not null;
comment on table mart.selections is '选用的预测方法与理由';
comment on column mart.selections.as_of_date is '数据截止日';
comment on column mart.selections.forecaster_name is '选用方法';
comment on column mart.selections.forecaster_title is '选用方法名称';
comment on column mart.selections.is_baseline is '选用的是否为基线';
comment on column mart.selections.baseline_name is '最佳基线';
comment on column mart.selections.baseline_title is '最佳基线名称';
comment on column mart.selections.reason is '选用理由';
comment on column mart.selections.is_threshold_assessable is '热点门槛是否有足够历史（不足26周为否）';

create table mart.issue_words (
    as_of_date date not null,
    issue_code varchar not null,
    word varchar not null,
    text_count integer not null,
    weight double not null
);
comment on table mart.issue_words is '近28天各问题的特征词（每类至多5个）';
comment on column mart.issue_words.as_of_date is '数据截止日';
comment on column mart.issue_words.issue_code is '问题编码';
comment on column mart.issue_words.word is '词';
comment on column mart.issue_words.text_count is '出现件数';
comment on column mart.issue_words.weight is 'TF-IDF 权重';

create table mart.places as
select * from core.dim_place
where false;
alter table mart.places add column as_of_date date;
alter table mart.places alter column place_code set not null;
alter table mart.places alter column place_level set not null;
alter table mart.places alter column place_name set not null;
alter table mart.places alter column as_of_date set not null;
comment on table mart.places is '行政区划（供筛选下钻）';
comment on column mart.places.place_code is '区划编码';
comment on column mart.places.place_level is '层级：district 区、street 街道、community 社区、grid 网格';
comment on column mart.places.place_name is '名称';
comment on column mart.places.parent_code is '上级编码';
comment on column mart.places.district_code is '所属区编码';
comment on column mart.places.district_name is '所属区';
comment on column mart.places.street_code is '所属街道编码';
comment on column mart.places.street_name is '所属街道';
comment on column mart.places.valid_from is '启用日期';
comment on column mart.places.valid_to is '停用日期';
comment on column mart.places.population is '常住人口';
comment on column mart.places.as_of_date is '数据截止日';

create table mart.issues as
select * from core.dim_issue
where false;
alter table mart.issues add column as_of_date date;
alter table mart.issues alter column issue_code set not null;
alter table mart.issues alter column issue_name set not null;
alter table mart.issues alter column as_of_date set not null;
comment on table mart.issues is '问题清单（供筛选）';
comment on column mart.issues.issue_code is '问题编码';
comment on column mart.issues.issue_name is '问题名称';
comment on column mart.issues.major_name is '大类';
comment on column mart.issues.standard is '编码依据';
comment on column mart.issues.is_dangerous is '是否危险问题（不留对照）';
comment on column mart.issues.as_of_date is '数据截止日';
