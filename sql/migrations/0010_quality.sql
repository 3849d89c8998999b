-- What the gates said and what became of every row, in a form that people may read; comments for the view of matters.
create table mart.source_gates (
    as_of_date date not null,
    source_name varchar not null,
    file_count bigint not null,
    recent_file_count bigint not null,
    gate varchar,
    held_since date,
    in_force_date date
);
comment on table mart.source_gates is '各数据来源的文件数与校验结论';
comment on column mart.source_gates.as_of_date is '数据截止日';
comment on column mart.source_gates.source_name is '数据来源';
comment on column mart.source_gates.file_count is '收到并清洗的文件数';
comment on column mart.source_gates.recent_file_count is '其中近28天的文件数';
comment on column mart.source_gates.gate is
'最近一日各批的校验结论，取最重者：passed 通过、warned 有提醒、held 暂扣（空为尚无批次）';
comment on column mart.source_gates.held_since is '自何日导出的批次起暂扣（未暂扣或日期不明者为空）';
comment on column mart.source_gates.in_force_date is '现行数据的导出日期（最近一个未暂扣的批次）';

create table mart.row_outcomes (
    as_of_date date not null,
    source_name varchar not null,
    outcome varchar not null,
    reason varchar not null,
    remedy varchar,
    row_count bigint not null,
    recent_row_count bigint
);
comment on table mart.row_outcomes is '各数据来源收到的行的去向：各去向之和等于收到行数';
comment on column mart.row_outcomes.as_of_date is '数据截止日';
comment on column mart.row_outcomes.source_name is '数据来源';
comment on column mart.row_outcomes.outcome is '去向：accepted 接收、rejected 退回、superseded 被替代';
comment on column mart.row_outcomes.reason is
'原因：in_force 现行、held 暂扣、newer_version 另有更新的版本、duplicate 重复、voided 作废、merged_chain 一单多行合并，'
'退回者为退回原因';
comment on column mart.row_outcomes.remedy is '处理办法（仅退回者有）';
comment on column mart.row_outcomes.row_count is '行数';
comment on column mart.row_outcomes.recent_row_count is '其中近28天导出的行数（空为不分日期）';

create table mart.gate_findings (
    as_of_date date not null,
    source_name varchar not null,
    suite_name varchar not null,
    expectation varchar not null,
    column_name varchar,
    severity varchar not null,
    reason varchar not null,
    batch_count bigint not null,
    latest_exported_date date,
    checked_count bigint,
    unexpected_count bigint
);
comment on table mart.gate_findings is '近28天未通过的校验与来源变化（只记数量，不记数值）';
comment on column mart.gate_findings.as_of_date is '数据截止日';
comment on column mart.gate_findings.source_name is '数据来源';
comment on column mart.gate_findings.suite_name is '校验规则集（drift 为与上一批相比的变化）';
comment on column mart.gate_findings.expectation is '校验规则';
comment on column mart.gate_findings.column_name is '字段（过长或含长串数字者不示）';
comment on column mart.gate_findings.severity is '级别：critical 严重、warning 提醒';
comment on column mart.gate_findings.reason is '理由（含长串数字者不示）';
comment on column mart.gate_findings.batch_count is '未通过的批次数';
comment on column mart.gate_findings.latest_exported_date is '最近一次的导出日期';
comment on column mart.gate_findings.checked_count is '检查行数';
comment on column mart.gate_findings.unexpected_count is '不符合行数（不按行判断者为空）';

-- a view does not take over the comments of its table
comment on column core.fct_events.event_id is '事项编号（来源名:记录编号）';
comment on column core.fct_events.source_name is '数据来源';
comment on column core.fct_events.record_id is '来源记录编号';
comment on column core.fct_events.version_no is '版本序号（从1起）';
comment on column core.fct_events.kind is '记录种类：hotline_order 热线工单、grid_event 网格案件';
comment on column core.fct_events.occurred_at is '发生时间';
comment on column core.fct_events.known_from is '本版本得知时间';
comment on column core.fct_events.known_to is '本版本失效时间（空为当前）';
comment on column core.fct_events.channel is '渠道';
comment on column core.fct_events.is_resident is '是否居民诉求渠道';
comment on column core.fct_events.demand_type is '诉求类型';
comment on column core.fct_events.issue_code is '问题编码';
comment on column core.fct_events.issue_basis is '问题来历：mapped 分类对照、unmapped 暂无对应';
comment on column core.fct_events.district_code is '区编码';
comment on column core.fct_events.street_code is '街道编码';
comment on column core.fct_events.community_code is '社区编码';
comment on column core.fct_events.grid_code is '网格编码';
comment on column core.fct_events.place_level is
'定位到的层级：grid 网格、community 社区、street 街道、district 区（空为未定位）';
comment on column core.fct_events.unit_name is '承办单位';
comment on column core.fct_events.due_at is '办理时限';
comment on column core.fct_events.closed_at is '办结时间';
comment on column core.fct_events.status is '状态';
comment on column core.fct_events.is_resolved is '是否解决';
comment on column core.fct_events.is_satisfied is '是否满意';
comment on column core.fct_events.text_hash is '文本哈希';
comment on column core.fct_events.caller_hash is '来电人假名';
comment on column core.fct_events.reporter_address_hash is '来电人与点位合成假名';
comment on column core.fct_events.linked_record_id is '关联记录编号';
comment on column core.fct_events.batch_id is '批次号';
comment on column core.fct_events.row_no is '文件中的行号';
comment on column core.fct_events.issue_confidence is '问题对照可信度（0—1）';
comment on column core.fct_events.state_code is '状态编码（空为未填或未识别）';
comment on column core.fct_events.place_basis is
'定位依据：grid_code 网格编码、code 社区编码、name_and_street 社区名加街道、name 仅社区名、street_only 仅街道、none 无';
comment on column core.fct_events.place_confidence is '社区定位把握（0—1，按依据约定）';
comment on column core.fct_events.address_hash is '点位假名（去掉路名和门牌后，HMAC）';
