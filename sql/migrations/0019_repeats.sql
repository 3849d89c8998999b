-- Which records repeat an earlier one, by which of three rules.
create table mart.repeats (
    as_of_date date not null,
    event_id varchar not null,
    occurred_date date not null,
    community_code varchar,
    issue_code varchar,
    is_same_caller boolean not null,
    is_same_place boolean not null,
    is_same_text boolean not null,
    same_caller_event_id varchar,
    same_place_event_id varchar,
    same_text_event_id varchar
);
comment on table mart.repeats is '近28天的重复诉求：同一来电人同一事项、同一点位同一问题、同一文本，分别标明';
comment on column mart.repeats.as_of_date is '数据截止日';
comment on column mart.repeats.event_id is '事项编号';
comment on column mart.repeats.occurred_date is '发生日期';
comment on column mart.repeats.community_code is '社区编码';
comment on column mart.repeats.issue_code is '问题编码';
comment on column mart.repeats.is_same_caller is '是否同一来电人就同一事项再次反映（180天内）';
comment on column mart.repeats.is_same_place is '是否同一点位同一问题再次反映（30天内）';
comment on column mart.repeats.is_same_text is '是否文本相同（六词及以上，180天内）';
comment on column mart.repeats.same_caller_event_id is '同一来电人的前一件';
comment on column mart.repeats.same_place_event_id is '同一点位的前一件';
comment on column mart.repeats.same_text_event_id is '文本相同的前一件';
