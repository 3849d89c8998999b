-- What models and people say of texts that no list explains: issue, unit, and what is left to be asked.
create table ops.text_models (
    model_id varchar not null,
    model_kind varchar not null,
    as_of_date date not null,
    trained_until timestamp,
    dictionary_hash varchar not null,
    content_hash varchar,
    text_count integer not null,
    class_count integer not null,
    macro_f1 double,
    top3_rate double,
    calibration_error double,
    coverage double,
    accuracy_when_sure double,
    incumbent_id varchar,
    judged_count integer,
    incumbent_macro_f1 double,
    candidate_macro_f1 double,
    is_adopted boolean not null,
    reason varchar not null
);
comment on table ops.text_models is '文本模型：训练、评判与启用记录';
comment on column ops.text_models.model_id is '模型编号（训练内容的哈希）';
comment on column ops.text_models.model_kind is '种类：issue 问题归类、unit 承办单位建议';
comment on column ops.text_models.as_of_date is '训练时的数据截止日';
comment on column ops.text_models.trained_until is '所学最晚一条得知的时间（不早于此不作预测）';
comment on column ops.text_models.dictionary_hash is '词典指纹';
comment on column ops.text_models.content_hash is '模型文件的 SHA-256（未训练为空）';
comment on column ops.text_models.text_count is '所学文本数';
comment on column ops.text_models.class_count is '类别数';
comment on column ops.text_models.macro_f1 is '宏平均 F1（近似重复不跨训练与评判）';
comment on column ops.text_models.top3_rate is '前三位含正确者的比例';
comment on column ops.text_models.calibration_error is '校准误差（ECE）';
comment on column ops.text_models.coverage is '把握达到城市界限的比例';
comment on column ops.text_models.accuracy_when_sure is '其中正确的比例';
comment on column ops.text_models.incumbent_id is '在用模型（无则空）';
comment on column ops.text_models.judged_count is '与在用模型比较所用文本数';
comment on column ops.text_models.incumbent_macro_f1 is '在用模型在同一批文本上的宏平均 F1';
comment on column ops.text_models.candidate_macro_f1 is '新模型在同一批文本上的宏平均 F1';
comment on column ops.text_models.is_adopted is '是否启用';
comment on column ops.text_models.reason is '启用或不启用的理由';

create table ops.review_answers (
    text_hash varchar not null,
    issue_code varchar,
    answered_by varchar not null,
    answered_at timestamp not null
);
comment on table ops.review_answers is '人工复核答案';
comment on column ops.review_answers.text_hash is '文本哈希';
comment on column ops.review_answers.issue_code is '问题编码（空为清单以外）';
comment on column ops.review_answers.answered_by is '答复岗位';
comment on column ops.review_answers.answered_at is '答复时间';

create table core.fct_issue_labels (
    text_hash varchar not null,
    issue_code varchar not null,
    known_at timestamp not null
);
comment on table core.fct_issue_labels is '有依据的文本问题归类：来源分类对照或人工复核';
comment on column core.fct_issue_labels.text_hash is '文本哈希';
comment on column core.fct_issue_labels.issue_code is '问题编码';
comment on column core.fct_issue_labels.known_at is '得知时间';

create table core.fct_issue_readings (
    text_hash varchar not null,
    model_id varchar not null,
    issue_code varchar,
    confidence double not null,
    is_review boolean not null,
    known_from timestamp not null
);
comment on table core.fct_issue_readings is '文本问题归类结果：模型或人工';
comment on column core.fct_issue_readings.text_hash is '文本哈希';
comment on column core.fct_issue_readings.model_id is '模型编号（review 为人工复核）';
comment on column core.fct_issue_readings.issue_code is '问题编码（人工认定为清单以外时为空）';
comment on column core.fct_issue_readings.confidence is '把握（0—1）';
comment on column core.fct_issue_readings.is_review is '是否把握不足、待人工复核';
comment on column core.fct_issue_readings.known_from is '得知时间起（模型所学最晚一条得知的时间，或答复时间）';

create table core.fct_unit_suggestions (
    event_id varchar not null,
    rank_no integer not null,
    unit_name varchar not null,
    confidence double not null,
    model_id varchar not null
);
comment on table core.fct_unit_suggestions is '承办单位建议（仅补职责清单的空缺），每件前三位';
comment on column core.fct_unit_suggestions.event_id is '事项编号';
comment on column core.fct_unit_suggestions.rank_no is '名次（1—3）';
comment on column core.fct_unit_suggestions.unit_name is '建议承办单位';
comment on column core.fct_unit_suggestions.confidence is '把握（0—1）';
comment on column core.fct_unit_suggestions.model_id is '模型编号';

create table mart.review_queue (
    as_of_date date not null,
    text_hash varchar not null,
    issue_code varchar,
    confidence double not null,
    model_id varchar not null,
    event_count integer not null,
    last_occurred_at timestamp not null
);
comment on table mart.review_queue is '待复核文本（不进发布快照）';
comment on column mart.review_queue.as_of_date is '数据截止日';
comment on column mart.review_queue.text_hash is '文本哈希';
comment on column mart.review_queue.issue_code is '模型建议的问题编码';
comment on column mart.review_queue.confidence is '把握（0—1）';
comment on column mart.review_queue.model_id is '模型编号';
comment on column mart.review_queue.event_count is '同文件数';
comment on column mart.review_queue.last_occurred_at is '最近发生时间';

comment on column core.fct_event_versions.issue_basis is
'问题来历：mapped 分类对照、predicted 模型归类、reviewed 人工复核、unmapped 暂无对应';
