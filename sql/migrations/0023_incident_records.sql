-- What people are shown of incidents: where, by whom, what is open; their records; and how many there are in all.
alter table mart.incidents add column district_code varchar;
alter table mart.incidents add column district_name varchar;
alter table mart.incidents add column street_code varchar;
alter table mart.incidents add column street_name varchar;
alter table mart.incidents add column community_name varchar;
alter table mart.incidents add column issue_name varchar;
alter table mart.incidents add column event_count_7d integer;
alter table mart.incidents add column closing_known_count integer;
alter table mart.incidents add column open_count integer;
alter table mart.incidents add column unit_names varchar;
comment on column mart.incidents.district_code is '区编码';
comment on column mart.incidents.district_name is '区';
comment on column mart.incidents.street_code is '街道编码';
comment on column mart.incidents.street_name is '街道';
comment on column mart.incidents.community_name is '社区';
comment on column mart.incidents.issue_name is '问题';
comment on column mart.incidents.event_count_7d is '近7天居民诉求件数';
comment on column mart.incidents.closing_known_count is '有办结情况的件数（近90天，来源提供办结时间者）';
comment on column mart.incidents.open_count is '未办结件数（近90天，有办结情况者中；空为不详）';
comment on column mart.incidents.unit_names is '承办单位（近90天，件数最多的至多三个，以顿号相连；空为不详）';
comment on column mart.incidents.community_code is '社区编码（多数诉求所在者；空为未定位）';
comment on column mart.incidents.issue_code is '问题编码（多数诉求所属者；空为暂无对应）';

create table mart.incident_records (
    as_of_date date not null,
    incident_id varchar not null,
    event_id varchar not null,
    source_name varchar not null,
    record_id varchar not null,
    occurred_date date not null,
    person_no integer not null,
    channel varchar,
    demand_type varchar,
    district_code varchar,
    street_code varchar,
    community_code varchar,
    community_name varchar,
    issue_code varchar,
    issue_name varchar,
    unit_name varchar,
    is_open boolean,
    basis varchar not null,
    confidence double not null,
    record_title varchar
);
comment on table mart.incident_records is '重点事件由哪些诉求组成（近90天的居民诉求，每件一行，合计等于事件的件数）';
comment on column mart.incident_records.as_of_date is '数据截止日';
comment on column mart.incident_records.incident_id is '事件编号';
comment on column mart.incident_records.event_id is '事项编号';
comment on column mart.incident_records.source_name is '来源';
comment on column mart.incident_records.record_id is '工单编号（来源自己的编号）';
comment on column mart.incident_records.occurred_date is '发生日期';
comment on column mart.incident_records.person_no is '诉求人序号（在本事件内按首次出现排列，不是身份；无来电人标识的，每件一个）';
comment on column mart.incident_records.channel is '渠道';
comment on column mart.incident_records.demand_type is '诉求类型';
comment on column mart.incident_records.district_code is '区编码';
comment on column mart.incident_records.street_code is '街道编码';
comment on column mart.incident_records.community_code is '社区编码（空为未定位）';
comment on column mart.incident_records.community_name is '社区';
comment on column mart.incident_records.issue_code is '问题编码（空为暂无对应）';
comment on column mart.incident_records.issue_name is '问题';
comment on column mart.incident_records.unit_name is '承办单位';
comment on column mart.incident_records.is_open is '未办结（空为来源未提供办结时间）';
comment on column mart.incident_records.basis is '归入依据：first 首条、link 来源注明关联、caller 同一来电人、address 同一点位、text 文本相近';
comment on column mart.incident_records.confidence is '归入把握（0—1；文本相近者为相近程度）';
comment on column mart.incident_records.record_title is '标题（已脱敏，不超过60字；只给权限名单上可看标题的人）';

create table mart.incident_totals (
    as_of_date date not null,
    event_count_28d integer not null,
    unassigned_count_28d integer not null,
    incident_count integer not null,
    incident_event_count_28d integer not null,
    repeat_count_28d integer not null,
    same_caller_count_28d integer not null,
    same_place_count_28d integer not null,
    same_text_count_28d integer not null
);
comment on table mart.incident_totals is '事件归并与重复诉求的总数（每日一行）';
comment on column mart.incident_totals.as_of_date is '数据截止日';
comment on column mart.incident_totals.event_count_28d is '近28天居民诉求件数';
comment on column mart.incident_totals.unassigned_count_28d is '其中尚未归并的件数（归并步骤未完成时大于零）';
comment on column mart.incident_totals.incident_count is '事件数（近90天有两件及以上、近28天有新诉求）';
comment on column mart.incident_totals.incident_event_count_28d is '近28天居民诉求中属于上述事件的件数';
comment on column mart.incident_totals.repeat_count_28d is '近28天重复诉求件数（合于任一规则）';
comment on column mart.incident_totals.same_caller_count_28d is '其中同一来电人就同一事项再次反映的件数';
comment on column mart.incident_totals.same_place_count_28d is '其中同一点位同一问题再次反映的件数';
comment on column mart.incident_totals.same_text_count_28d is '其中文本相同的件数';
