-- What the incidents step needs to know of the records it looks at, looked up once.
drop table ops.affected_events;
create table ops.affected_events (
    event_id varchar not null,
    incident_id varchar,
    record_id varchar,
    occurred_at timestamp,
    source_name varchar,
    channel varchar,
    is_resident boolean,
    community_code varchar,
    issue_code varchar,
    caller_hash varchar,
    text_hash varchar,
    batch_id varchar,
    row_no bigint
);
comment on table ops.affected_events is '正在重新归并的记录（事件步骤内部使用）';
comment on column ops.affected_events.event_id is '记录';
comment on column ops.affected_events.incident_id is '此前所属的事件（空为尚无）';
comment on column ops.affected_events.record_id is '来源记录编号（空为记录已不存在）';
comment on column ops.affected_events.occurred_at is '发生时间';
comment on column ops.affected_events.source_name is '数据来源';
comment on column ops.affected_events.channel is '渠道';
comment on column ops.affected_events.is_resident is '是否居民诉求渠道';
comment on column ops.affected_events.community_code is '社区编码';
comment on column ops.affected_events.issue_code is '问题编码';
comment on column ops.affected_events.caller_hash is '来电人的假名';
comment on column ops.affected_events.text_hash is '文本哈希';
comment on column ops.affected_events.batch_id is '所在批次';
comment on column ops.affected_events.row_no is '批次内行号';
