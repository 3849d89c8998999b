-- What retention took away: one row a batch whose original is gone. The counts of ops.batches stay.
create table ops.purged_batches (
    batch_id varchar not null,
    source_name varchar not null,
    purged_on date not null,
    older_than date not null,
    raw_rows bigint not null,
    rejected_texts bigint not null,
    staged_texts bigint not null
);
comment on table ops.purged_batches is '按保存期限清除的批次：原文已删，计数保留';
comment on column ops.purged_batches.batch_id is '批次号';
comment on column ops.purged_batches.source_name is '数据来源';
comment on column ops.purged_batches.purged_on is '清除时的数据截止日';
comment on column ops.purged_batches.older_than is '保存期限：早于此日的批次被清除';
comment on column ops.purged_batches.raw_rows is '删除的原始行数';
comment on column ops.purged_batches.rejected_texts is '抹去原文的退回行数';
comment on column ops.purged_batches.staged_texts is '抹去标题、内容、点位的明细行数';
