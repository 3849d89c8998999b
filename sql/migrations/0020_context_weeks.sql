-- What was known of a cell week by week, beside the count of complaints.
create table feature.backlog_weeks (
    as_of_date date not null,
    community_code varchar not null,
    issue_code varchar not null,
    weeks_back integer not null,
    measure varchar not null,
    record_count integer not null
);
comment on table feature.backlog_weeks is '特征：每周末未办结的记录（只用该周末已得知的版本；零值不列，无来源者不列）';
comment on column feature.backlog_weeks.as_of_date is '数据截止日（当日零时）';
comment on column feature.backlog_weeks.community_code is '社区编码';
comment on column feature.backlog_weeks.issue_code is '问题编码';
comment on column feature.backlog_weeks.weeks_back is '距截止日的周数（0为最近7天）';
comment on column feature.backlog_weeks.measure is '指标：backlog 未办结、overdue 超期未办结';
comment on column feature.backlog_weeks.record_count is '周末存量（件）';

create table feature.record_weeks (
    as_of_date date not null,
    community_code varchar not null,
    issue_code varchar not null,
    weeks_back integer not null,
    measure varchar not null,
    record_count integer not null
);
comment on table feature.record_weeks is '特征：每周得知的各类记录（按得知时间计入；零值不列，无来源者不列）';
comment on column feature.record_weeks.as_of_date is '数据截止日（当日零时）';
comment on column feature.record_weeks.community_code is '社区编码';
comment on column feature.record_weeks.issue_code is '问题编码';
comment on column feature.record_weeks.weeks_back is '距截止日的周数（0为最近7天）';
comment on column feature.record_weeks.measure is
'指标：reopened 办结后再反映、unsatisfied 不满意或未解决、repeats 重复、incidents 多人同事件、'
'urgent 紧急、danger 危险、dispute 纠纷、unresolved 反复未决、grid 非居民记录、disposals 部门办结';
comment on column feature.record_weeks.record_count is '该周得知的件数';
