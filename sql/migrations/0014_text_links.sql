-- Records that tell of one matter by what they say: how alike two are, and to which group each belongs.
create table core.fct_text_links (
    event_id varchar not null,
    earlier_event_id varchar not null,
    similarity double not null,
    known_from timestamp not null
);
comment on table core.fct_text_links is '文本相近的两条居民诉求（按用词、地名与时间比较）';
comment on column core.fct_text_links.event_id is '较晚纳入的记录';
comment on column core.fct_text_links.earlier_event_id is '较早纳入的记录';
comment on column core.fct_text_links.similarity is '相近程度（0—1）';
comment on column core.fct_text_links.known_from is '得知时间（两条文本均已得知之时）';

create table core.fct_text_members (
    event_id varchar not null,
    sequence_no bigint not null,
    joined_on date not null,
    occurred_at timestamp not null,
    known_from timestamp not null,
    text_hash varchar not null,
    text_incident_id varchar not null,
    similarity double not null
);
comment on table core.fct_text_members is '按文本归组的居民诉求：每条属于哪一组';
comment on column core.fct_text_members.event_id is '记录';
comment on column core.fct_text_members.sequence_no is '纳入次序';
comment on column core.fct_text_members.joined_on is '纳入日期（得知之日，迟到者为补入之日）';
comment on column core.fct_text_members.occurred_at is '发生时间';
comment on column core.fct_text_members.known_from is '该文本得知时间';
comment on column core.fct_text_members.text_hash is '纳入时的文本哈希';
comment on column core.fct_text_members.text_incident_id is '所属组（最早纳入的一条）';
comment on column core.fct_text_members.similarity is '加入时与组内记录的平均相近程度（首条为1）';

-- one link a record, to the earliest of its group, so that following the links gives the groups
create or replace view core.fct_open_links as
select
    event_id,
    earlier_event_id,
    basis,
    confidence
from core.fct_incident_links
where known_to is null
union all
select
    event_id,
    first_event_id as earlier_event_id,
    'text' as basis,
    similarity as confidence
from (
    select
        event_id,
        similarity,
        arg_min(event_id, (occurred_at, event_id)) over (partition by text_incident_id) as first_event_id
    from core.fct_text_members
) as grouped
where event_id <> first_event_id;
comment on view core.fct_open_links is '当前成立的关联，各种依据合在一起';
comment on column core.fct_open_links.event_id is '较晚的记录';
comment on column core.fct_open_links.earlier_event_id is '较早的记录';
comment on column core.fct_open_links.basis is '依据：link 来源注明关联、caller 同一来电人、address 同一点位、text 文本相近';
comment on column core.fct_open_links.confidence is '把握（0—1；text 为相近程度，有其他依据时从其他依据）';

alter table core.fct_incidents add column people_count integer;
alter table core.fct_incidents add column title varchar;
comment on column core.fct_incidents.people_count is '来电人数（无来电人标识的，每件计一人）';
comment on column core.fct_incidents.title is '标题（已脱敏，取多数诉求所言，不超过30字；无标题者为空）';

create table ops.incident_titles (
    incident_id varchar not null,
    title varchar not null
);
comment on table ops.incident_titles is '正在写入的事件标题（事件步骤内部使用）';
comment on column ops.incident_titles.incident_id is '事件';
comment on column ops.incident_titles.title is '标题';
comment on column core.fct_incident_events.basis is '依据：first 首条、link 来源注明关联、caller 同一来电人、address 同一点位、text 文本相近';

create table mart.incidents (
    as_of_date date not null,
    incident_id varchar not null,
    incident_title varchar,
    people_count integer not null,
    event_count integer not null,
    first_date date not null,
    last_date date not null,
    community_code varchar,
    issue_code varchar,
    channels varchar not null,
    heat_recency double not null,
    heat_volume double not null,
    heat double not null
);
comment on table mart.incidents is '近28天有新诉求的重点事件（按热度，至多100件）';
comment on column mart.incidents.as_of_date is '数据截止日';
comment on column mart.incidents.incident_id is '事件编号';
comment on column mart.incidents.incident_title is '标题（已脱敏，不超过30字；无标题者为空）';
comment on column mart.incidents.people_count is '近90天诉求人数（无来电人标识的，每件计一人）';
comment on column mart.incidents.event_count is '近90天居民诉求件数';
comment on column mart.incidents.first_date is '首件日期';
comment on column mart.incidents.last_date is '末件日期';
comment on column mart.incidents.community_code is '社区编码（最早有定位者；空为未定位）';
comment on column mart.incidents.issue_code is '问题编码（最早有分类者；空为暂无对应）';
comment on column mart.incidents.channels is '渠道（以顿号相连）';
comment on column mart.incidents.heat_recency is '热度之新近部分（0—0.6，14天减半）';
comment on column mart.incidents.heat_volume is '热度之件数部分（0—0.3）';
comment on column mart.incidents.heat is '热度：人数＋新近＋件数';
