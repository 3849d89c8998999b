-- What the places of records were derived from, so that a day derives only those that it touches.
create table ops.placed_events (
    event_id varchar not null,
    text_hash varchar not null,
    known_from timestamp not null,
    taught_names varchar[] not null,
    state_hash ubigint not null
);
comment on table ops.placed_events is '文本定位时各记录的依据，用于找出有变化的记录（读文本步骤内部使用）';
comment on column ops.placed_events.event_id is '记录';
comment on column ops.placed_events.text_hash is '文本哈希';
comment on column ops.placed_events.known_from is '得知时间';
comment on column ops.placed_events.taught_names is '文本所提、地名录所无的地名（仅自带社区、可供学习的记录，其余为空列表）';
comment on column ops.placed_events.state_hash is '定位依据的指纹';

create table ops.placed_lists (
    list_kind varchar not null,
    list_key varchar not null,
    state_hash ubigint not null
);
comment on table ops.placed_lists is '文本定位时地名录与社区的状态，用于找出有变化的名称（读文本步骤内部使用）';
comment on column ops.placed_lists.list_kind is '种类：name 地名录名称、community 社区';
comment on column ops.placed_lists.list_key is '名称或社区编码';
comment on column ops.placed_lists.state_hash is '内容的指纹';

create table ops.events_to_place (
    event_id varchar not null
);
comment on table ops.events_to_place is '正在重新定位的记录（读文本步骤内部使用）';
comment on column ops.events_to_place.event_id is '记录';
