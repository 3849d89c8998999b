-- Which issue is likely to be a hot spot in which community in the coming 28 days, beside what the best baseline says?
-- Grain: as-of date × community × issue. Key: the same.
-- Reads: forecast.planning_predictions, forecast.selections, feature.complaint_counts, mart.places, core.dim_issue
with predictions as (
    select
        *,
        row_number() over (
            order by hot_probability desc, expected_count desc, community_code asc, issue_code asc
        ) as planning_rank
    from forecast.planning_predictions
    where as_of_date = $as_of_date
),

places as (
    select * from mart.places
    where as_of_date = $as_of_date and place_level = 'community'
),

-- a cell without any complaint had none last year either, if last year is known of the city as a whole
covered as (
    select
        coalesce(
            2 * sum(complaint_count_364d) filter (where complaint_count_same_28d_last_year is not null)
            >= sum(complaint_count_364d),
            false
        ) as has_last_year
    from feature.complaint_counts
    where as_of_date = $as_of_date
),

final as (
    select
        f.as_of_date,
        ($as_of_date::date + interval 27 days)::date as window_end_date,
        f.community_code,
        f.issue_code,
        p.district_code,
        p.district_name,
        p.street_code,
        p.street_name,
        p.place_name as community_name,
        i.issue_name,
        i.major_name,
        i.is_dangerous,
        f.planning_rank::integer as planning_rank,
        f.hot_probability,
        f.baseline_probability,
        f.expected_count,
        f.hot_threshold,
        coalesce(c.complaint_count_28d, 0) as complaint_count_28d,
        case
            when c.community_code is not null then c.complaint_count_same_28d_last_year
            when covered.has_last_year then 0
        end as complaint_count_same_28d_last_year,
        coalesce(c.complaint_count_364d, 0) as complaint_count_364d,
        s.forecaster_title,
        s.baseline_title
    from predictions as f
    inner join places as p on f.community_code = p.place_code
    inner join core.dim_issue as i on f.issue_code = i.issue_code
    inner join forecast.selections as s on f.as_of_date = s.as_of_date and s.horizon_days = 28
    cross join covered
    left join feature.complaint_counts as c
        on f.as_of_date = c.as_of_date and f.community_code = c.community_code and f.issue_code = c.issue_code
)

select * from final
