-- The book-keeping of every run: what was landed, what became of every row, what the gates said.
create schema if not exists raw;
create schema if not exists stg;
create schema if not exists core;
create schema if not exists cohort;
create schema if not exists label;
create schema if not exists feature;
create schema if not exists forecast;
create schema if not exists mart;
create schema if not exists ops;

create table ops.batches (
    batch_id varchar not null,
    source_name varchar not null,
    file_name varchar not null,
    file_hash varchar not null,
    file_size bigint not null,
    exported_date date,
    state varchar not null,
    refusal varchar,
    rows_in bigint not null,
    accepted bigint,
    rejected bigint,
    superseded bigint,
    gate varchar,
    is_conformed boolean not null,
    contract_hash varchar not null
);
comment on table ops.batches is '批次台账：每个落地文件一行';
comment on column ops.batches.batch_id is '批次号（来源名加文件内容哈希）';
comment on column ops.batches.source_name is '数据来源';
comment on column ops.batches.file_name is '文件名（相对数据目录）';
comment on column ops.batches.file_hash is '文件内容的 SHA-256';
comment on column ops.batches.file_size is '文件大小（字节）';
comment on column ops.batches.exported_date is '导出日期（取自文件名）';
comment on column ops.batches.state is '状态：refused 拒收、landed 已落地、cleaned 已清洗';
comment on column ops.batches.refusal is '拒收原因及处理办法';
comment on column ops.batches.rows_in is '文件中的数据行数';
comment on column ops.batches.accepted is '清洗后接收的行数';
comment on column ops.batches.rejected is '退回的行数';
comment on column ops.batches.superseded is '被替代的行数（重复、重报、合并、作废）';
comment on column ops.batches.gate is '校验结论：passed 通过、warned 有提醒、held 暂扣';
comment on column ops.batches.is_conformed is '是否已并入核心层';
comment on column ops.batches.contract_hash is '读取时的来源配置指纹（配置改动后重新读取）';

create table ops.rejected_rows (
    batch_id varchar not null,
    source_name varchar not null,
    row_no bigint not null,
    reason varchar not null,
    remedy varchar not null,
    raw_text varchar not null
);
comment on table ops.rejected_rows is '退回的行：原因、处理办法、原文（仅数据工程师可见）';
comment on column ops.rejected_rows.batch_id is '批次号';
comment on column ops.rejected_rows.source_name is '数据来源';
comment on column ops.rejected_rows.row_no is '文件中的行号（首条数据行为1）';
comment on column ops.rejected_rows.reason is '退回原因';
comment on column ops.rejected_rows.remedy is '处理办法';
comment on column ops.rejected_rows.raw_text is '该行原文';

create table ops.superseded_rows (
    batch_id varchar not null,
    source_name varchar not null,
    row_no bigint not null,
    record_id varchar not null,
    known_at timestamp not null,
    reason varchar not null
);
comment on table ops.superseded_rows is '清洗时被替代的行：同批重复、合并、作废';
comment on column ops.superseded_rows.batch_id is '批次号';
comment on column ops.superseded_rows.source_name is '数据来源';
comment on column ops.superseded_rows.row_no is '文件中的行号（首条数据行为1）';
comment on column ops.superseded_rows.record_id is '记录编号';
comment on column ops.superseded_rows.known_at is '得知时间';
comment on column ops.superseded_rows.reason is '原因：duplicate 重复、older_version 同批旧版本、voided 作废';

create table ops.changed_records (
    source_name varchar not null,
    record_id varchar not null
);
comment on table ops.changed_records is '本次需要重新归集的记录（归集步骤内部使用）';
comment on column ops.changed_records.source_name is '数据来源';
comment on column ops.changed_records.record_id is '记录编号';

create table ops.validation_results (
    suite_name varchar not null,
    batch_id varchar not null,
    source_name varchar not null,
    expectation varchar not null,
    column_name varchar,
    severity varchar not null,
    is_met boolean not null,
    checked_count bigint,
    unexpected_count bigint,
    reason varchar not null
);
comment on table ops.validation_results is '数据校验结果（只记数量，不记数值）';
comment on column ops.validation_results.suite_name is '校验规则集';
comment on column ops.validation_results.batch_id is '批次号';
comment on column ops.validation_results.source_name is '数据来源';
comment on column ops.validation_results.expectation is '校验规则';
comment on column ops.validation_results.column_name is '字段';
comment on column ops.validation_results.severity is '级别：critical 严重、warning 提醒';
comment on column ops.validation_results.is_met is '是否通过';
comment on column ops.validation_results.checked_count is '检查行数';
comment on column ops.validation_results.unexpected_count is '不符合行数';
comment on column ops.validation_results.reason is '规则的理由';

create table ops.facts (
    fact_name varchar not null,
    fact_value varchar not null,
    primary key (fact_name)
);
comment on table ops.facts is '仓库自身的事实（如城市配置指纹）';
comment on column ops.facts.fact_name is '名称';
comment on column ops.facts.fact_value is '值';
