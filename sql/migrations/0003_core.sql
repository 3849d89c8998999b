-- One model of places, issues and reported matters for all three streams, with both clocks on every version.
create table core.dim_place (
    place_code varchar not null,
    place_level varchar not null,
    place_name varchar not null,
    parent_code varchar,
    district_code varchar,
    district_name varchar,
    street_code varchar,
    street_name varchar,
    valid_from date,
    valid_to date,
    population bigint
);
comment on table core.dim_place is '行政区划与网格';
comment on column core.dim_place.place_code is '区划编码';
comment on column core.dim_place.place_level is '层级：district 区、street 街道、community 社区、grid 网格';
comment on column core.dim_place.place_name is '名称';
comment on column core.dim_place.parent_code is '上级编码';
comment on column core.dim_place.district_code is '所属区编码';
comment on column core.dim_place.district_name is '所属区';
comment on column core.dim_place.street_code is '所属街道编码';
comment on column core.dim_place.street_name is '所属街道';
comment on column core.dim_place.valid_from is '启用日期';
comment on column core.dim_place.valid_to is '停用日期';
comment on column core.dim_place.population is '常住人口';

create table core.dim_issue (
    issue_code varchar not null,
    issue_name varchar not null,
    major_name varchar,
    standard varchar,
    is_dangerous boolean not null
);
comment on table core.dim_issue is '问题清单';
comment on column core.dim_issue.issue_code is '问题编码';
comment on column core.dim_issue.issue_name is '问题名称';
comment on column core.dim_issue.major_name is '大类';
comment on column core.dim_issue.standard is '编码依据';
comment on column core.dim_issue.is_dangerous is '是否危险问题（不留对照）';

create table core.dim_issue_map (
    system varchar not null,
    value varchar not null,
    issue_code varchar,
    confidence double
);
comment on table core.dim_issue_map is '来源分类与问题清单对照';
comment on column core.dim_issue_map.system is '来源体系';
comment on column core.dim_issue_map.value is '来源分类';
comment on column core.dim_issue_map.issue_code is '问题编码（空为暂无对应）';
comment on column core.dim_issue_map.confidence is '对照可信度（0—1）';

create table core.dim_source (
    source_name varchar not null,
    source_title varchar not null,
    kind varchar not null,
    owner varchar,
    promised_by varchar,
    issue_system varchar,
    reports_closing boolean not null
);
comment on table core.dim_source is '数据来源';
comment on column core.dim_source.source_name is '来源';
comment on column core.dim_source.source_title is '来源名称';
comment on column core.dim_source.kind is '记录种类';
comment on column core.dim_source.owner is '提供单位';
comment on column core.dim_source.promised_by is '约定送达时刻';
comment on column core.dim_source.issue_system is '问题分类所属体系';
comment on column core.dim_source.reports_closing is '是否提供办结时间（不提供者不计未办结）';

create table core.dim_responsibility (
    issue_code varchar not null,
    category varchar,
    lead_unit varchar not null,
    basis varchar,
    deadline_value integer,
    deadline_unit varchar,
    valid_from date
);
comment on table core.dim_responsibility is '职责清单';
comment on column core.dim_responsibility.issue_code is '问题编码';
comment on column core.dim_responsibility.category is '类别：部门专有、街道专有、共同承担';
comment on column core.dim_responsibility.lead_unit is '主责单位（可含{district}、{street}）';
comment on column core.dim_responsibility.basis is '依据';
comment on column core.dim_responsibility.deadline_value is '时限数值';
comment on column core.dim_responsibility.deadline_unit is '时限单位：工作时、工作日、紧急工作时';
comment on column core.dim_responsibility.valid_from is '启用日期';

create table core.fct_event_versions (
    event_id varchar not null,
    source_name varchar not null,
    record_id varchar not null,
    version_no integer not null,
    kind varchar not null,
    occurred_at timestamp not null,
    known_from timestamp not null,
    known_to timestamp,
    channel varchar,
    is_resident boolean not null,
    demand_type varchar,
    issue_code varchar,
    issue_basis varchar not null,
    district_code varchar,
    street_code varchar,
    community_code varchar,
    grid_code varchar,
    place_level varchar,
    unit_name varchar,
    due_at timestamp,
    closed_at timestamp,
    status varchar,
    is_resolved boolean,
    is_satisfied boolean,
    text_hash varchar,
    caller_hash varchar,
    reporter_address_hash varchar,
    linked_record_id varchar,
    batch_id varchar not null,
    row_no bigint not null
);
comment on table core.fct_event_versions is '诉求与案件的历次版本：何时发生、何时得知';
comment on column core.fct_event_versions.event_id is '事项编号（来源名:记录编号）';
comment on column core.fct_event_versions.source_name is '数据来源';
comment on column core.fct_event_versions.record_id is '来源记录编号';
comment on column core.fct_event_versions.version_no is '版本序号（从1起）';
comment on column core.fct_event_versions.kind is '记录种类：hotline_order 热线工单、grid_event 网格案件';
comment on column core.fct_event_versions.occurred_at is '发生时间';
comment on column core.fct_event_versions.known_from is '本版本得知时间';
comment on column core.fct_event_versions.known_to is '本版本失效时间（空为当前）';
comment on column core.fct_event_versions.channel is '渠道';
comment on column core.fct_event_versions.is_resident is '是否居民诉求渠道';
comment on column core.fct_event_versions.demand_type is '诉求类型';
comment on column core.fct_event_versions.issue_code is '问题编码';
comment on column core.fct_event_versions.issue_basis is '问题来历：mapped 分类对照、unmapped 暂无对应';
comment on column core.fct_event_versions.district_code is '区编码';
comment on column core.fct_event_versions.street_code is '街道编码';
comment on column core.fct_event_versions.community_code is '社区编码';
comment on column core.fct_event_versions.grid_code is '网格编码';
comment on column core.fct_event_versions.place_level is '定位到的层级：grid 网格、community 社区、street 街道、district 区（空为未定位）';
comment on column core.fct_event_versions.unit_name is '承办单位';
comment on column core.fct_event_versions.due_at is '办理时限';
comment on column core.fct_event_versions.closed_at is '办结时间';
comment on column core.fct_event_versions.status is '状态';
comment on column core.fct_event_versions.is_resolved is '是否解决';
comment on column core.fct_event_versions.is_satisfied is '是否满意';
comment on column core.fct_event_versions.text_hash is '文本哈希';
comment on column core.fct_event_versions.caller_hash is '来电人假名';
comment on column core.fct_event_versions.reporter_address_hash is '来电人与点位合成假名';
comment on column core.fct_event_versions.linked_record_id is '关联记录编号';
comment on column core.fct_event_versions.batch_id is '批次号';
comment on column core.fct_event_versions.row_no is '文件中的行号';

create view core.fct_events as
select * from core.fct_event_versions
where known_to is null;
comment on view core.fct_events is '诉求与案件的当前版本：每件一行';

create table core.fct_handling (
    source_name varchar not null,
    record_id varchar not null,
    order_id varchar not null,
    sequence_no integer,
    unit_name varchar,
    assigned_at timestamp not null,
    known_at timestamp not null,
    signed_at timestamp,
    closed_at timestamp,
    action varchar,
    is_true boolean,
    is_resolved boolean,
    unresolved_reason varchar,
    batch_id varchar not null,
    row_no bigint not null
);
comment on table core.fct_handling is '处置流转（各记录的当前版本）';
comment on column core.fct_handling.source_name is '数据来源';
comment on column core.fct_handling.record_id is '处置记录编号';
comment on column core.fct_handling.order_id is '工单编号';
comment on column core.fct_handling.sequence_no is '流转序号';
comment on column core.fct_handling.unit_name is '承办单位';
comment on column core.fct_handling.assigned_at is '派单时间';
comment on column core.fct_handling.known_at is '得知时间';
comment on column core.fct_handling.signed_at is '签收时间';
comment on column core.fct_handling.closed_at is '办结时间';
comment on column core.fct_handling.action is '处理措施';
comment on column core.fct_handling.is_true is '是否属实';
comment on column core.fct_handling.is_resolved is '是否解决';
comment on column core.fct_handling.unresolved_reason is '未解决原因';
comment on column core.fct_handling.batch_id is '批次号';
comment on column core.fct_handling.row_no is '文件中的行号';

create table core.fct_text_readings (
    text_hash varchar not null,
    dictionary_hash varchar not null,
    tokens varchar[] not null,
    is_truncated boolean not null
);
comment on table core.fct_text_readings is '文本分词结果（同文只读一次）';
comment on column core.fct_text_readings.text_hash is '文本哈希';
comment on column core.fct_text_readings.dictionary_hash is '词典指纹';
comment on column core.fct_text_readings.tokens is '分词';
comment on column core.fct_text_readings.is_truncated is '是否因过长而截断';
