-- What stands beside the counts is asked for by an evaluation and not kept: no model that serves reads it.
drop table feature.text_signals;
delete from feature.backlog_weeks;
delete from feature.record_weeks;
comment on table feature.backlog_weeks is '特征：每周末未办结的记录（评估时现算，日常不存；只用该周末已得知的版本；零值不列，无来源者不列）';
comment on table feature.record_weeks is '特征：每周得知的各类记录（评估时现算，日常不存；按得知时间计入；零值不列，无来源者不列）';
