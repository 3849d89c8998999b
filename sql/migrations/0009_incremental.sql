-- What conforming a day in a long history needs: the records that wait, cut into parts, and the queue of the incidents.
create table ops.waiting_records (
    source_name varchar not null,
    record_id varchar not null,
    part_no integer not null
);
comment on table ops.waiting_records is '待归集的记录，分份处理以限内存（归集步骤内部使用）';
comment on column ops.waiting_records.source_name is '数据来源';
comment on column ops.waiting_records.record_id is '记录编号';
comment on column ops.waiting_records.part_no is '份号（从0起）';
comment on table ops.changed_records is '正在归集的一份记录（归集步骤内部使用）';

create table ops.pending_incidents (
    event_id varchar not null
);
comment on table ops.pending_incidents is '有变化、待重新归并事件的记录（归集步骤写入，事件步骤取走）';
comment on column ops.pending_incidents.event_id is '记录';

create table ops.affected_events (
    event_id varchar not null,
    incident_id varchar
);
comment on table ops.affected_events is '正在重新归并的记录（事件步骤内部使用）';
comment on column ops.affected_events.event_id is '记录';
comment on column ops.affected_events.incident_id is '此前所属的事件（空为尚无）';

create view core.fct_open_links as
select
    event_id,
    earlier_event_id,
    basis,
    confidence
from core.fct_incident_links
where known_to is null;
comment on view core.fct_open_links is '当前成立的关联，各种依据合在一起';
comment on column core.fct_open_links.event_id is '较晚的记录';
comment on column core.fct_open_links.earlier_event_id is '较早的记录';
comment on column core.fct_open_links.basis is '依据：link 来源注明关联、caller 同一来电人、address 同一点位';
comment on column core.fct_open_links.confidence is '把握（0—1，按依据约定）';

comment on column core.fct_incident_events.incident_id is '事件编号（首次归并时最早一条记录的编号，此后不变）';
comment on column core.fct_incidents.incident_id is '事件编号（首次归并时最早一条记录的编号，此后不变）';

-- an explicit link now matches its own source first, so that all links are derived anew
delete from ops.facts
where fact_name = 'reference_hash';
