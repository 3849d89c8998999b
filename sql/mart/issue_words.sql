-- In which words do residents speak of an issue these weeks, more than of the others?
-- Grain: issue × word, at most five words an issue. Key: the same.
-- weight = texts of the issue with the word × ln(issues / issues with the word): TF-IDF with an issue as document.
-- Reads: core.fct_event_versions, core.fct_text_readings
with recent as (
    select
        event_id,
        issue_code,
        community_code,
        text_hash
    from core.fct_event_versions
    where
        is_resident
        and issue_code is not null
        and known_from < $as_of_date
        and (known_to is null or known_to >= $as_of_date)
        and occurred_at >= $as_of_date::date - interval 28 days
        and occurred_at < $as_of_date
),

spoken as (
    select distinct
        r.event_id,
        r.issue_code,
        r.community_code,
        unnest(t.tokens) as word
    from recent as r
    inner join core.fct_text_readings as t on r.text_hash = t.text_hash
),

counted as (
    select
        issue_code,
        word,
        count(distinct event_id)::integer as text_count,
        count(distinct community_code) as communities
    from spoken
    where length(word) >= 2 and regexp_matches(word, '^\p{Han}+$')
    group by issue_code, word
),

weighed as (
    select
        *,
        text_count * ln(
            (select count(distinct r.issue_code) from recent as r)::double
            / count(*) over (partition by word)
        ) as weight
    from counted
),

final as (
    select
        $as_of_date::date as as_of_date,
        issue_code,
        word,
        text_count,
        weight
    from weighed
    where
        weight > 0
        and text_count >= 3
        and communities >= 2
        -- words that masking put there say nothing
        and word not in ('电话', '姓名', '门牌', '证件号', '车牌', '账号', '邮箱', '卡号')
    qualify row_number() over (partition by issue_code order by weight desc, word asc) <= 5
)

select * from final
