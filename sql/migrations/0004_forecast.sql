-- The three questions of an as-of date (who is at risk, what was known, what came next) and the answers of the models.
create table cohort.cells (
    as_of_date date not null,
    community_code varchar not null,
    issue_code varchar not null
);
comment on table cohort.cells is '预测对象：社区×问题';
comment on column cohort.cells.as_of_date is '数据截止日（当日零时）';
comment on column cohort.cells.community_code is '社区编码';
comment on column cohort.cells.issue_code is '问题编码';

create table feature.cell_weeks (
    as_of_date date not null,
    community_code varchar not null,
    issue_code varchar not null,
    weeks_back integer not null,
    complaint_count integer not null
);
comment on table feature.cell_weeks is '每周诉求量（截止日前已得知，零周不列）';
comment on column feature.cell_weeks.as_of_date is '数据截止日（当日零时）';
comment on column feature.cell_weeks.community_code is '社区编码';
comment on column feature.cell_weeks.issue_code is '问题编码';
comment on column feature.cell_weeks.weeks_back is '距截止日的周数（0为最近7天）';
comment on column feature.cell_weeks.complaint_count is '诉求件数';

create table feature.complaint_counts (
    as_of_date date not null,
    community_code varchar not null,
    issue_code varchar not null,
    complaint_count_7d integer not null,
    complaint_count_28d integer not null,
    complaint_count_364d integer not null,
    complaint_count_same_28d_last_year integer not null,
    last_occurred_date date not null,
    unresolved_count_28d integer not null,
    last_closed_date date
);
comment on table feature.complaint_counts is '诉求量证据（截止日前已得知）';
comment on column feature.complaint_counts.as_of_date is '数据截止日（当日零时）';
comment on column feature.complaint_counts.community_code is '社区编码';
comment on column feature.complaint_counts.issue_code is '问题编码';
comment on column feature.complaint_counts.complaint_count_7d is '近7天件数';
comment on column feature.complaint_counts.complaint_count_28d is '近28天件数';
comment on column feature.complaint_counts.complaint_count_364d is '近364天件数';
comment on column feature.complaint_counts.complaint_count_same_28d_last_year is '去年同期未来28天件数（364天前起）';
comment on column feature.complaint_counts.last_occurred_date is '最近一件日期';
comment on column feature.complaint_counts.unresolved_count_28d is '近28天尚未办结件数';
comment on column feature.complaint_counts.last_closed_date is '最近办结日期';

create table label.complaint_counts (
    as_of_date date not null,
    community_code varchar not null,
    issue_code varchar not null,
    complaint_count_next_7d integer not null
);
comment on table label.complaint_counts is '预测窗口内实际诉求量（[截止日, 截止日+7天)，零不列）';
comment on column label.complaint_counts.as_of_date is '预测的数据截止日';
comment on column label.complaint_counts.community_code is '社区编码';
comment on column label.complaint_counts.issue_code is '问题编码';
comment on column label.complaint_counts.complaint_count_next_7d is '其后7天件数';

create table forecast.evaluations (
    as_of_date date not null,
    forecaster_name varchar not null,
    forecaster_title varchar not null,
    is_baseline boolean not null,
    is_chosen boolean not null,
    is_best_baseline boolean not null,
    origin_count integer not null,
    hot_count integer not null,
    hot_pr_auc double,
    recurring_pr_auc double,
    emerging_pr_auc double,
    hot_log_loss double,
    hot_brier double,
    hot_ece double,
    hot_precision_at_k double,
    hot_recall_at_k double,
    capacity_k integer not null
);
comment on table forecast.evaluations is '各预测方法的回测成绩（同一批起点、同一批对象）';
comment on column forecast.evaluations.as_of_date is '数据截止日';
comment on column forecast.evaluations.forecaster_name is '方法';
comment on column forecast.evaluations.forecaster_title is '方法名称';
comment on column forecast.evaluations.is_baseline is '是否基线';
comment on column forecast.evaluations.is_chosen is '是否选用';
comment on column forecast.evaluations.is_best_baseline is '是否最佳基线';
comment on column forecast.evaluations.origin_count is '回测起点数（周）';
comment on column forecast.evaluations.hot_count is '热点个数';
comment on column forecast.evaluations.hot_pr_auc is '热点 PR-AUC';
comment on column forecast.evaluations.recurring_pr_auc is '反复热点 PR-AUC';
comment on column forecast.evaluations.emerging_pr_auc is '新发热点 PR-AUC';
comment on column forecast.evaluations.hot_log_loss is '热点对数损失（越小越好）';
comment on column forecast.evaluations.hot_brier is '热点 Brier 分（越小越好）';
comment on column forecast.evaluations.hot_ece is '热点校准误差（越小越好）';
comment on column forecast.evaluations.hot_precision_at_k is '前k项命中率';
comment on column forecast.evaluations.hot_recall_at_k is '前k项覆盖率';
comment on column forecast.evaluations.capacity_k is '每周名单容量k';

create table forecast.selections (
    as_of_date date not null,
    forecaster_name varchar not null,
    forecaster_title varchar not null,
    is_baseline boolean not null,
    baseline_name varchar not null,
    baseline_title varchar not null,
    reason varchar not null,
    is_threshold_assessable boolean not null
);
comment on table forecast.selections is '每个截止日选用的预测方法';
comment on column forecast.selections.as_of_date is '数据截止日';
comment on column forecast.selections.forecaster_name is '选用方法';
comment on column forecast.selections.forecaster_title is '选用方法名称';
comment on column forecast.selections.is_baseline is '选用的是否为基线';
comment on column forecast.selections.baseline_name is '最佳基线';
comment on column forecast.selections.baseline_title is '最佳基线名称';
comment on column forecast.selections.reason is '选用理由';
comment on column forecast.selections.is_threshold_assessable is '热点门槛是否有足够历史（不足26周为否）';

create table forecast.thresholds (
    as_of_date date not null,
    set_on_date date not null,
    issue_code varchar not null,
    horizon_weeks integer not null,
    threshold double not null,
    weekly_threshold double not null,
    is_assessable boolean not null
);
comment on table forecast.thresholds is '热点门槛（每个自然年定一次，不随模型改变）';
comment on column forecast.thresholds.as_of_date is '数据截止日';
comment on column forecast.thresholds.set_on_date is '门槛所据数据的截止日';
comment on column forecast.thresholds.issue_code is '问题编码';
comment on column forecast.thresholds.horizon_weeks is '预测窗口（周）';
comment on column forecast.thresholds.threshold is '窗口内达到多少件算热点';
comment on column forecast.thresholds.weekly_threshold is '一周达到多少件算热点周';
comment on column forecast.thresholds.is_assessable is '是否有足够历史（不足26个完整周为否，此时取城市最低门槛）';

create table forecast.predictions (
    as_of_date date not null,
    origin_date date not null,
    basis varchar not null,
    forecaster_name varchar not null,
    community_code varchar not null,
    issue_code varchar not null,
    hot_probability double not null,
    recurring_probability double not null,
    expected_count double not null,
    baseline_probability double not null,
    hot_threshold integer not null,
    hot_weeks_8w integer not null
);
comment on table forecast.predictions is '预测值：当日起点一份，七天前起点一份（供回看）';
comment on column forecast.predictions.as_of_date is '数据截止日';
comment on column forecast.predictions.origin_date is '预测起点（窗口为其后7天）';
comment on column forecast.predictions.basis is '来历：service 当日预测、backtest 回测补算';
comment on column forecast.predictions.forecaster_name is '方法';
comment on column forecast.predictions.community_code is '社区编码';
comment on column forecast.predictions.issue_code is '问题编码';
comment on column forecast.predictions.hot_probability is '成为热点的概率';
comment on column forecast.predictions.recurring_probability is '成为反复热点的概率（近8周热点不足2周者为0）';
comment on column forecast.predictions.expected_count is '预计件数';
comment on column forecast.predictions.baseline_probability is '最佳基线给出的热点概率';
comment on column forecast.predictions.hot_threshold is '一周达到多少件算热点';
comment on column forecast.predictions.hot_weeks_8w is '近8周中的热点周数';

create table forecast.reasons (
    as_of_date date not null,
    community_code varchar not null,
    issue_code varchar not null,
    reasons varchar not null
);
comment on table forecast.reasons is '名单内每项的主要依据';
comment on column forecast.reasons.as_of_date is '数据截止日';
comment on column forecast.reasons.community_code is '社区编码';
comment on column forecast.reasons.issue_code is '问题编码';
comment on column forecast.reasons.reasons is '主要依据（一句话）';
