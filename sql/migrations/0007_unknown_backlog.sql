-- What a source never tells is unknown, not zero: no closing times, no deadlines.
alter table mart.daily_counts alter column open_count drop not null;
alter table mart.daily_counts alter column overdue_count drop not null;
comment on column mart.daily_counts.open_count is '其中未办结（来源不提供办结时间者为空）';
comment on column mart.daily_counts.overdue_count is '其中已超时限（来源不提供办结时间或时限者为空）';
