-- Places named in text: what the readings were made with, the names the city knows, and where each text names which.
comment on column core.fct_text_readings.dictionary_hash is '词典、地名规则与地名录的指纹';

create table core.dim_text_words (
    word varchar not null,
    frequency bigint,
    kind varchar,
    community_code varchar
);
comment on table core.dim_text_words is '现有读取结果所用的词典与地名（变动者所在文本须重读）';
comment on column core.dim_text_words.word is '词语';
comment on column core.dim_text_words.frequency is '词频（空为不入词典）';
comment on column core.dim_text_words.kind is '地名种类（空为非地名）';
comment on column core.dim_text_words.community_code is '唯一所属社区编码（空为不唯一）';

create table core.dim_known_places (
    place_name varchar not null,
    kind varchar not null,
    community_code varchar,
    valid_from date,
    valid_to date
);
comment on table core.dim_known_places is '地名录：区划历次名称与居民常用地名';
comment on column core.dim_known_places.place_name is '名称';
comment on column core.dim_known_places.kind is '种类';
comment on column core.dim_known_places.community_code is '所在社区编码（空为跨社区或不明）';
comment on column core.dim_known_places.valid_from is '启用日期';
comment on column core.dim_known_places.valid_to is '停用日期';

create table core.fct_place_mentions (
    text_hash varchar not null,
    start_position integer not null,
    end_position integer not null,
    place_name varchar not null,
    kind varchar not null,
    community_code varchar
);
comment on table core.fct_place_mentions is '文本中的地名';
comment on column core.fct_place_mentions.text_hash is '文本哈希';
comment on column core.fct_place_mentions.start_position is '起始字符位置（自0起，含）';
comment on column core.fct_place_mentions.end_position is '结束字符位置（不含）';
comment on column core.fct_place_mentions.place_name is '地名';
comment on column core.fct_place_mentions.kind is '种类';
comment on column core.fct_place_mentions.community_code is '全市唯一同名社区的编码（不唯一或不在地名录者为空）';

create table core.fct_text_places (
    event_id varchar not null,
    text_hash varchar not null,
    community_code varchar not null,
    place_basis varchar not null,
    place_confidence double,
    place_name varchar not null
);
comment on table core.fct_text_places is '由文本地名推得的社区（只在唯一时给出）';
comment on column core.fct_text_places.event_id is '事项编号';
comment on column core.fct_text_places.text_hash is '文本哈希';
comment on column core.fct_text_places.community_code is '推得的社区编码';
comment on column core.fct_text_places.place_basis is '依据：gazetteer 地名录、learnt 由此前已定位诉求学得';
comment on column core.fct_text_places.place_confidence is '可信度：同一依据在已定位诉求中与其社区一致的比例（0—1，无可比者为空）';
comment on column core.fct_text_places.place_name is '所依据的地名';
