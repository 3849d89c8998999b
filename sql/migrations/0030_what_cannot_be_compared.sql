-- What is told to people is how many records nothing can be compared with: that is counted, not its complement.
alter table mart.incident_totals
alter column comparable_count_28d set data type integer using (event_count_28d - comparable_count_28d);
alter table mart.incident_totals rename column comparable_count_28d to unknown_count_28d;
comment on column mart.incident_totals.unknown_count_28d is '其中无文本、来电人和点位，是否同一事件、是否重复不详的件数（旧版发布的为空）';
