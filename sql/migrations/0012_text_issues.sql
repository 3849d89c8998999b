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

drop view core.fct_events;
alter table core.fct_event_versions add column is_issue_late boolean;
comment on column core.fct_event_versions.is_issue_late is
'问题是否事后由模型归类（首次归类所用模型晚于录入；预测的特征与结果都不计）';
create view core.fct_events as
select * from core.fct_event_versions
where known_to is null;
comment on view core.fct_events is '诉求与案件的当前版本：每件一行';
comment on column core.fct_events.event_id is '事项编号（来源名:记录编号）';
comment on column core.fct_events.source_name is '数据来源';
comment on column core.fct_events.record_id is '来源记录编号';
comment on column core.fct_events.version_no is '版本序号（从1起）';
comment on column core.fct_events.kind is '记录种类：hotline_order 热线工单、grid_event 网格案件';
comment on column core.fct_events.occurred_at is '发生时间';
comment on column core.fct_events.known_from is '本版本得知时间';
comment on column core.fct_events.known_to is '本版本失效时间（空为当前）';
comment on column core.fct_events.channel is '渠道';
comment on column core.fct_events.is_resident is '是否居民诉求渠道';
comment on column core.fct_events.demand_type is '诉求类型';
comment on column core.fct_events.issue_code is '问题编码';
comment on column core.fct_events.issue_basis is '问题来历：mapped 分类对照、predicted 模型归类、reviewed 人工复核、unmapped 暂无对应';
comment on column core.fct_events.district_code is '区编码';
comment on column core.fct_events.street_code is '街道编码';
comment on column core.fct_events.community_code is '社区编码';
comment on column core.fct_events.grid_code is '网格编码';
comment on column core.fct_events.place_level is
'定位到的层级：grid 网格、community 社区、street 街道、district 区（空为未定位）';
comment on column core.fct_events.unit_name is '承办单位';
comment on column core.fct_events.due_at is '办理时限';
comment on column core.fct_events.closed_at is '办结时间';
comment on column core.fct_events.status is '状态';
comment on column core.fct_events.is_resolved is '是否解决';
comment on column core.fct_events.is_satisfied is '是否满意';
comment on column core.fct_events.text_hash is '文本哈希';
comment on column core.fct_events.caller_hash is '来电人假名';
comment on column core.fct_events.reporter_address_hash is '来电人与点位合成假名';
comment on column core.fct_events.linked_record_id is '关联记录编号';
comment on column core.fct_events.batch_id is '批次号';
comment on column core.fct_events.row_no is '文件中的行号';
comment on column core.fct_events.issue_confidence is '问题对照可信度（0—1）';
comment on column core.fct_events.state_code is '状态编码（空为未填或未识别）';
comment on column core.fct_events.place_basis is
'定位依据：grid_code 网格编码、code 社区编码、name_and_street 社区名加街道、name 仅社区名、street_only 仅街道、none 无';
comment on column core.fct_events.place_confidence is '社区定位把握（0—1，按依据约定）';
comment on column core.fct_events.address_hash is '点位假名（去掉路名和门牌后，HMAC）';
comment on column core.fct_events.is_issue_late is
'问题是否事后由模型归类（首次归类所用模型晚于录入；预测的特征与结果都不计）';
