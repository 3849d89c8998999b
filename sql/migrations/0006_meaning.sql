-- What a record means: its chain of units, its state, how surely its issue and place are known, and with which other
-- records it tells of one incident.
alter table stg.hotline_order add column unit_chain struct(unit_name varchar, dispatched_at timestamp)[];
alter table stg.grid_event add column unit_chain struct(unit_name varchar, dispatched_at timestamp)[];
alter table stg.hotline_order add column address_hash varchar;
alter table stg.grid_event add column address_hash varchar;
comment on column stg.hotline_order.unit_chain is '承办单位流转过程（一单多行合并所得）';
comment on column stg.grid_event.unit_chain is '承办单位流转过程（一单多行合并所得）';
comment on column stg.hotline_order.address_hash is '点位假名（去掉路名和门牌后，HMAC）';
comment on column stg.grid_event.address_hash is '点位假名（去掉路名和门牌后，HMAC）';
comment on column ops.superseded_rows.reason is '原因：duplicate 重复、voided 作废、merged_chain 一单多行合并';

alter table core.fct_handling alter column assigned_at drop not null;
comment on table core.fct_handling is '处置流转（处置记录的当前版本，及一单多行合并所得的承办单位流转）';
comment on column core.fct_handling.record_id is '记录编号（合并所得者为工单编号，各步以流转序号区分）';

create table core.dim_state (
    state_code varchar not null,
    state_name varchar not null,
    stage_no integer,
    is_final boolean not null
);
comment on table core.dim_state is '办理状态：六个环节，另有作废、退回、挂账';
comment on column core.dim_state.state_code is '状态编码';
comment on column core.dim_state.state_name is '状态名称（来源配置 values 中所写）';
comment on column core.dim_state.stage_no is '环节序号（作废、退回、挂账为空）';
comment on column core.dim_state.is_final is '是否终结';
insert into core.dim_state values
('collected', '收集', 1, false),
('established', '建立', 2, false),
('dispatched', '派遣', 3, false),
('handling', '处理', 4, false),
('reported', '反馈', 5, false),
('closed', '核查结案', 6, true),
('voided', '作废', null, true),
('returned', '退回', null, false),
('suspended', '挂账', null, false);

drop view core.fct_events;
alter table core.fct_event_versions add column issue_confidence double;
alter table core.fct_event_versions add column state_code varchar;
alter table core.fct_event_versions add column place_basis varchar;
alter table core.fct_event_versions add column place_confidence double;
alter table core.fct_event_versions add column address_hash varchar;
comment on column core.fct_event_versions.issue_confidence is '问题对照可信度（0—1）';
comment on column core.fct_event_versions.state_code is '状态编码（空为未填或未识别）';
comment on column core.fct_event_versions.place_basis is
'定位依据：grid_code 网格编码、code 社区编码、name_and_street 社区名加街道、name 仅社区名、street_only 仅街道、none 无';
comment on column core.fct_event_versions.place_confidence is '社区定位把握（0—1，按依据约定）';
comment on column core.fct_event_versions.address_hash is '点位假名（去掉路名和门牌后，HMAC）';
create view core.fct_events as
select * from core.fct_event_versions
where known_to is null;
comment on view core.fct_events is '诉求与案件的当前版本：每件一行';

create table core.fct_incident_links (
    event_id varchar not null,
    earlier_event_id varchar not null,
    basis varchar not null,
    confidence double not null,
    is_counted_once boolean not null,
    known_from timestamp not null,
    known_to timestamp
);
comment on table core.fct_incident_links is '同一事件的两条记录：较晚者指向较早者，及何时得知';
comment on column core.fct_incident_links.event_id is '较晚的记录';
comment on column core.fct_incident_links.earlier_event_id is '较早的记录';
comment on column core.fct_incident_links.basis is '依据：link 来源注明关联、caller 同一来电人、address 同一点位';
comment on column core.fct_incident_links.confidence is '把握（0—1，按依据约定）';
comment on column core.fct_incident_links.is_counted_once is '是否只计较早一件（两条均为居民诉求且同社区同问题）';
comment on column core.fct_incident_links.known_from is '得知时间起';
comment on column core.fct_incident_links.known_to is '得知时间止（空为至今）';

create table core.fct_incident_events (
    event_id varchar not null,
    incident_id varchar not null,
    basis varchar not null,
    confidence double not null
);
comment on table core.fct_incident_events is '每条记录所属的事件（当前所知）';
comment on column core.fct_incident_events.event_id is '记录';
comment on column core.fct_incident_events.incident_id is '事件编号（最早一条记录的编号）';
comment on column core.fct_incident_events.basis is '依据：first 首条、link 来源注明关联、caller 同一来电人、address 同一点位';
comment on column core.fct_incident_events.confidence is '把握（0—1，按依据约定）';

create table core.fct_incidents (
    incident_id varchar not null,
    event_count integer not null,
    first_occurred_at timestamp not null,
    last_occurred_at timestamp not null,
    community_code varchar,
    issue_code varchar,
    channels varchar[] not null,
    source_names varchar[] not null,
    has_resident boolean not null
);
comment on table core.fct_incidents is '事件：同一事由经多个渠道反映只计一件（当前所知）';
comment on column core.fct_incidents.incident_id is '事件编号（最早一条记录的编号）';
comment on column core.fct_incidents.event_count is '记录条数';
comment on column core.fct_incidents.first_occurred_at is '首次发生时间';
comment on column core.fct_incidents.last_occurred_at is '末次发生时间';
comment on column core.fct_incidents.community_code is '社区编码（取最早已定位的记录）';
comment on column core.fct_incidents.issue_code is '问题编码（取最早已归类的记录）';
comment on column core.fct_incidents.channels is '渠道';
comment on column core.fct_incidents.source_names is '数据来源';
comment on column core.fct_incidents.has_resident is '是否含居民诉求';

create table mart.unmapped_values (
    as_of_date date not null,
    source_name varchar not null,
    value_kind varchar not null,
    issue_system varchar,
    value_text varchar,
    event_count integer not null
);
comment on table mart.unmapped_values is '近28天未能归类的来源取值（供补充对照表）';
comment on column mart.unmapped_values.as_of_date is '数据截止日';
comment on column mart.unmapped_values.source_name is '数据来源';
comment on column mart.unmapped_values.value_kind is '种类：issue 问题分类、state 状态';
comment on column mart.unmapped_values.issue_system is '问题分类所属体系';
comment on column mart.unmapped_values.value_text is '来源取值（空为未填，过长或含长串数字者不示）';
comment on column mart.unmapped_values.event_count is '件数';

create table mart.unplaced_values (
    as_of_date date not null,
    source_name varchar not null,
    district_text varchar,
    street_text varchar,
    community_text varchar,
    place_basis varchar not null,
    event_count integer not null
);
comment on table mart.unplaced_values is '近28天未能定位到社区的来源写法（供补充区划表）';
comment on column mart.unplaced_values.as_of_date is '数据截止日';
comment on column mart.unplaced_values.source_name is '数据来源';
comment on column mart.unplaced_values.district_text is '来源所填区';
comment on column mart.unplaced_values.street_text is '来源所填街道';
comment on column mart.unplaced_values.community_text is '来源所填社区（空为未填，过长或含长串数字者不示）';
comment on column mart.unplaced_values.place_basis is '已知到何级：street_only 仅街道、none 无';
comment on column mart.unplaced_values.event_count is '件数';

-- everything is conformed anew, so that what was stored before has the new columns too
delete from ops.facts
where fact_name = 'reference_hash';
