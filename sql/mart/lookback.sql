-- What did the forecast whose window closed last night say, what did the best baseline say, and what came?
-- Grain: community × issue. Key: the same.
-- Reads: forecast.predictions, label.complaint_counts, core.dim_place, core.dim_issue
with service as (
    select *
    from forecast.predictions
    where as_of_date = $origin_date and origin_date = $origin_date
),

recomputed as (
    select *
    from forecast.predictions
    where as_of_date = $as_of_date and origin_date = $origin_date
),

judged as (
    select * from service
    union all by name
    select * from recomputed
    where not exists (select 1 from service)
),

places as (
    select *
    from core.dim_place
    where place_level = 'community' and (valid_from is null or valid_from <= $as_of_date)
    qualify row_number() over (partition by place_code order by valid_from desc nulls last) = 1
),

final as (
    select
        $as_of_date::date as as_of_date,
        j.origin_date,
        j.basis,
        j.community_code,
        j.issue_code,
        p.district_name,
        p.street_name,
        p.place_name as community_name,
        i.issue_name,
        j.hot_probability,
        j.baseline_probability,
        row_number() over (
            order by j.hot_probability desc, j.expected_count desc, j.community_code asc, j.issue_code asc
        )::integer as model_rank,
        row_number() over (
            order by j.baseline_probability desc, j.community_code asc, j.issue_code asc
        )::integer as baseline_rank,
        j.hot_threshold,
        coalesce(l.complaint_count_next_7d, 0) as actual_count,
        coalesce(l.complaint_count_next_7d, 0) >= j.hot_threshold as was_hot
    from judged as j
    inner join places as p on j.community_code = p.place_code
    inner join core.dim_issue as i on j.issue_code = i.issue_code
    left join label.complaint_counts as l
        on j.origin_date = l.as_of_date and j.community_code = l.community_code and j.issue_code = l.issue_code
)

select * from final
