-- What a text may tell beside its issue: urgency, danger, a group, a dispute, a matter that was not solved.
create table core.fct_text_signals (
    text_hash varchar not null,
    signal_kind varchar not null,
    word_count integer not null,
    lexicon_hash varchar not null
);
comment on table core.fct_text_signals is '文本信号（同文只读一次，每类一行，未出现记0）';
comment on column core.fct_text_signals.text_hash is '文本哈希';
comment on column core.fct_text_signals.signal_kind is '信号类别：danger 危险、urgent 紧急、group 群体、dispute 纠纷、unresolved 反复未决';
comment on column core.fct_text_signals.word_count is '信号词出现次数（否定不计）';
comment on column core.fct_text_signals.lexicon_hash is '信号词表指纹';

create table feature.text_signals (
    as_of_date date not null,
    community_code varchar not null,
    issue_code varchar not null,
    signal_kind varchar not null,
    complaint_count_7d integer not null,
    complaint_count_28d integer not null
);
comment on table feature.text_signals is '特征：近期带信号的居民诉求（只用截止日前已知的版本）';
comment on column feature.text_signals.as_of_date is '截止日';
comment on column feature.text_signals.community_code is '社区编码';
comment on column feature.text_signals.issue_code is '问题编码';
comment on column feature.text_signals.signal_kind is '信号类别：danger 危险、urgent 紧急、group 群体、dispute 纠纷、unresolved 反复未决';
comment on column feature.text_signals.complaint_count_7d is '近7天带该信号的诉求件数';
comment on column feature.text_signals.complaint_count_28d is '近28天带该信号的诉求件数';
