-- Typed, renamed, masked rows of each kind of record. One table a kind, however many sources feed it, so that a new
-- source needs neither DDL nor SQL. Partition: batch_id.
create table stg.hotline_order (
    source_name varchar not null,
    batch_id varchar not null,
    row_no bigint not null,
    record_id varchar not null,
    row_hash varchar not null,
    occurred_at timestamp not null,
    entered_at timestamp not null,
    known_at timestamp not null,
    channel varchar,
    is_resident boolean not null,
    demand_type varchar,
    category_text varchar,
    title varchar,
    content varchar,
    text_hash varchar,
    caller_hash varchar,
    reporter_address_hash varchar,
    district_text varchar,
    street_text varchar,
    community_text varchar,
    grid_code varchar,
    address varchar,
    unit_name varchar,
    dispatched_at timestamp,
    due_at timestamp,
    closed_at timestamp,
    status varchar,
    is_resolved boolean,
    is_satisfied boolean,
    linked_record_id varchar
);
comment on table stg.hotline_order is '热线工单（清洗、脱敏后）';
comment on column stg.hotline_order.source_name is '数据来源';
comment on column stg.hotline_order.batch_id is '批次号';
comment on column stg.hotline_order.row_no is '文件中的行号';
comment on column stg.hotline_order.record_id is '工单编号';
comment on column stg.hotline_order.row_hash is '该行内容哈希';
comment on column stg.hotline_order.occurred_at is '发生（来电）时间';
comment on column stg.hotline_order.entered_at is '首次录入时间';
comment on column stg.hotline_order.known_at is '本版本得知时间';
comment on column stg.hotline_order.channel is '受理渠道';
comment on column stg.hotline_order.is_resident is '是否居民诉求渠道';
comment on column stg.hotline_order.demand_type is '诉求类型';
comment on column stg.hotline_order.category_text is '来源系统的问题分类';
comment on column stg.hotline_order.title is '标题（已脱敏）';
comment on column stg.hotline_order.content is '主要内容（已脱敏）';
comment on column stg.hotline_order.text_hash is '文本哈希';
comment on column stg.hotline_order.caller_hash is '来电人假名（HMAC）';
comment on column stg.hotline_order.reporter_address_hash is '来电人与点位合成假名（同人同点位同一周只计一件）';
comment on column stg.hotline_order.district_text is '来源所填区';
comment on column stg.hotline_order.street_text is '来源所填街道';
comment on column stg.hotline_order.community_text is '来源所填社区';
comment on column stg.hotline_order.grid_code is '单元网格编码';
comment on column stg.hotline_order.address is '点位（已脱敏）';
comment on column stg.hotline_order.unit_name is '承办单位';
comment on column stg.hotline_order.dispatched_at is '派单时间';
comment on column stg.hotline_order.due_at is '办理时限';
comment on column stg.hotline_order.closed_at is '办结时间';
comment on column stg.hotline_order.status is '状态';
comment on column stg.hotline_order.is_resolved is '是否解决';
comment on column stg.hotline_order.is_satisfied is '是否满意';
comment on column stg.hotline_order.linked_record_id is '关联记录编号';

create table stg.grid_event as
select * from stg.hotline_order
where false;
alter table stg.grid_event alter column source_name set not null;
alter table stg.grid_event alter column batch_id set not null;
alter table stg.grid_event alter column row_no set not null;
alter table stg.grid_event alter column record_id set not null;
alter table stg.grid_event alter column row_hash set not null;
alter table stg.grid_event alter column occurred_at set not null;
alter table stg.grid_event alter column entered_at set not null;
alter table stg.grid_event alter column known_at set not null;
alter table stg.grid_event alter column is_resident set not null;
comment on table stg.grid_event is '网格案件（清洗、脱敏后；字段同热线工单）';
comment on column stg.grid_event.source_name is '数据来源';
comment on column stg.grid_event.batch_id is '批次号';
comment on column stg.grid_event.row_no is '文件中的行号';
comment on column stg.grid_event.record_id is '工单编号';
comment on column stg.grid_event.row_hash is '该行内容哈希';
comment on column stg.grid_event.occurred_at is '发生（来电）时间';
comment on column stg.grid_event.entered_at is '首次录入时间';
comment on column stg.grid_event.known_at is '本版本得知时间';
comment on column stg.grid_event.channel is '受理渠道';
comment on column stg.grid_event.is_resident is '是否居民诉求渠道';
comment on column stg.grid_event.demand_type is '诉求类型';
comment on column stg.grid_event.category_text is '来源系统的问题分类';
comment on column stg.grid_event.title is '标题（已脱敏）';
comment on column stg.grid_event.content is '主要内容（已脱敏）';
comment on column stg.grid_event.text_hash is '文本哈希';
comment on column stg.grid_event.caller_hash is '来电人假名（HMAC）';
comment on column stg.grid_event.reporter_address_hash is '来电人与点位合成假名（同人同点位同一周只计一件）';
comment on column stg.grid_event.district_text is '来源所填区';
comment on column stg.grid_event.street_text is '来源所填街道';
comment on column stg.grid_event.community_text is '来源所填社区';
comment on column stg.grid_event.grid_code is '单元网格编码';
comment on column stg.grid_event.address is '点位（已脱敏）';
comment on column stg.grid_event.unit_name is '承办单位';
comment on column stg.grid_event.dispatched_at is '派单时间';
comment on column stg.grid_event.due_at is '办理时限';
comment on column stg.grid_event.closed_at is '办结时间';
comment on column stg.grid_event.status is '状态';
comment on column stg.grid_event.is_resolved is '是否解决';
comment on column stg.grid_event.is_satisfied is '是否满意';
comment on column stg.grid_event.linked_record_id is '关联记录编号';

create table stg.dept_disposal (
    source_name varchar not null,
    batch_id varchar not null,
    row_no bigint not null,
    record_id varchar not null,
    row_hash varchar not null,
    order_id varchar not null,
    sequence_no integer,
    unit_name varchar,
    occurred_at timestamp not null,
    entered_at timestamp not null,
    known_at timestamp not null,
    signed_at timestamp,
    closed_at timestamp,
    action varchar,
    is_true boolean,
    is_resolved boolean,
    unresolved_reason varchar
);
comment on table stg.dept_disposal is '部门处置记录（清洗后）';
comment on column stg.dept_disposal.source_name is '数据来源';
comment on column stg.dept_disposal.batch_id is '批次号';
comment on column stg.dept_disposal.row_no is '文件中的行号';
comment on column stg.dept_disposal.record_id is '处置记录编号（工单编号加序号）';
comment on column stg.dept_disposal.row_hash is '该行内容哈希';
comment on column stg.dept_disposal.order_id is '工单编号';
comment on column stg.dept_disposal.sequence_no is '流转序号';
comment on column stg.dept_disposal.unit_name is '承办单位';
comment on column stg.dept_disposal.occurred_at is '派单时间';
comment on column stg.dept_disposal.entered_at is '首次录入时间';
comment on column stg.dept_disposal.known_at is '本版本得知时间';
comment on column stg.dept_disposal.signed_at is '签收时间';
comment on column stg.dept_disposal.closed_at is '办结时间';
comment on column stg.dept_disposal.action is '处理措施';
comment on column stg.dept_disposal.is_true is '是否属实';
comment on column stg.dept_disposal.is_resolved is '是否解决';
comment on column stg.dept_disposal.unresolved_reason is '未解决原因';
