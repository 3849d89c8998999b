-- Many records are joined to incidents some at a time.
create table ops.incident_parts (
    event_id varchar not null,
    part_no bigint not null
);
comment on table ops.incident_parts is '待归并的记录，按发生时间分批（事件步骤内部使用）';
comment on column ops.incident_parts.event_id is '记录';
comment on column ops.incident_parts.part_no is '第几批（时间早的在前）';
