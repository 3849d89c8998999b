-- Which issue is likely to be a hot spot in which community in the coming 7 days, on what evidence, and whose is it?
-- Grain: as-of date × community × issue. Key: the same.
-- Reads: forecast.predictions, forecast.selections, forecast.reasons, feature.complaint_counts, mart.places,
--        core.dim_issue, core.dim_responsibility, core.fct_event_versions, feature.cell_weeks
with predictions as (
    select
        *,
        row_number() over (
            order by hot_probability desc, expected_count desc, community_code asc, issue_code asc
        ) as risk_rank
    from forecast.predictions
    where as_of_date = $as_of_date and origin_date = $as_of_date
),

places as (
    select * from mart.places
    where as_of_date = $as_of_date and place_level = 'community'
),

duties as (
    select *
    from core.dim_responsibility
    where valid_from is null or valid_from <= $as_of_date
    qualify row_number() over (partition by issue_code order by valid_from desc nulls last, lead_unit asc) = 1
),

-- a list that names the unit by its district or street says nothing where the city has none
listed_unit as (
    select
        p.place_code as community_code,
        d.issue_code,
        d.category,
        d.basis,
        replace(
            replace(d.lead_unit, '{district}', coalesce(p.district_name, '')), '{street}', coalesce(p.street_name, '')
        ) as unit_name
    from places as p
    cross join duties as d
    where
        (p.district_name is not null or not contains(d.lead_unit, '{district}'))
        and (p.street_name is not null or not contains(d.lead_unit, '{street}'))
),

-- where the city gave no list, the unit that handled most of these complaints in the past year
handled as (
    select
        community_code,
        issue_code,
        unit_name,
        count(*) as handled_count
    from core.fct_event_versions
    where
        known_from < $as_of_date
        and (known_to is null or known_to >= $as_of_date)
        and occurred_at < $as_of_date
        and occurred_at >= $as_of_date::date - interval 364 days
        and unit_name is not null
        and community_code is not null
        and issue_code is not null
    group by community_code, issue_code, unit_name
),

usual_unit as (
    select
        community_code,
        issue_code,
        unit_name
    from handled
    qualify row_number() over (partition by community_code, issue_code order by handled_count desc, unit_name asc) = 1
),

calls as (
    select
        community_code,
        sum(complaint_count_364d) as complaint_count
    from feature.complaint_counts
    where as_of_date = $as_of_date
    group by community_code
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

-- with less than this a probability is a guess about the city, not about the cell: it is said to be thin instead
issue_counts as (
    select
        i.issue_code,
        coalesce(sum(c.complaint_count_364d), 0)::integer as complaint_count
    from core.dim_issue as i
    left join feature.complaint_counts as c on i.issue_code = c.issue_code and c.as_of_date = $as_of_date
    group by i.issue_code
),

recorded as (
    select coalesce(max(weeks_back) + 1, 0)::integer as week_count
    from feature.cell_weeks
    where as_of_date = $as_of_date
),

thin as (
    select
        n.issue_code,
        case
            when w.week_count < 8 then '全市记录仅' || w.week_count || '周（不足8周）'
            when n.complaint_count < 10 then '全市近364天该类诉求仅' || n.complaint_count || '件（不足10件）'
        end as thin_reason
    from issue_counts as n
    cross join recorded as w
),

final as (
    select
        f.as_of_date,
        ($as_of_date::date + interval 6 days)::date as window_end_date,
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
        f.risk_rank::integer as risk_rank,
        case
            when f.hot_probability >= $extreme_from then '极高'
            when f.hot_probability >= $high_from then '高'
            when f.hot_probability >= $medium_from then '中'
            else '低'
        end as risk_level,
        f.hot_probability,
        f.recurring_probability,
        f.baseline_probability,
        f.expected_count,
        f.hot_threshold,
        coalesce(c.complaint_count_7d, 0) as complaint_count_7d,
        coalesce(c.complaint_count_28d, 0) as complaint_count_28d,
        case
            when c.community_code is not null then c.complaint_count_same_28d_last_year
            when covered.has_last_year then 0
        end as complaint_count_same_28d_last_year,
        coalesce(c.complaint_count_364d, 0) as complaint_count_364d,
        f.hot_weeks_8w,
        case when c.community_code is null then 0 else c.unresolved_count_28d end as unresolved_count_28d,
        c.last_occurred_date,
        c.last_closed_date,
        10000.0 * coalesce(calls.complaint_count, 0) / nullif(p.population, 0) as calling_rate_364d,
        case
            when r.reasons is not null then r.reasons
            when covered.has_last_year then '近一年无同类诉求'
            else '近一年已有记录中无同类诉求'
        end as reasons,
        coalesce(d.unit_name, u.unit_name) as responsible_unit,
        d.category as responsibility_category,
        case
            when d.unit_name is not null then d.basis
            when u.unit_name is not null then '近一年承办最多的单位'
        end as responsibility_basis,
        not i.is_dangerous
        and ('0x' || left(md5(f.community_code || '|' || f.issue_code || '|' || $held_out_week), 7))::integer
        < $held_out_share * 268435456 as is_held_out,
        f.forecaster_name,
        m.forecaster_title,
        t.thin_reason is not null as is_thin,
        t.thin_reason,
        -- until orders are given and their records come back, nobody was treated
        false as is_treated
    from predictions as f
    inner join places as p on f.community_code = p.place_code
    inner join core.dim_issue as i on f.issue_code = i.issue_code
    inner join thin as t on f.issue_code = t.issue_code
    cross join covered
    left join forecast.selections as m on f.as_of_date = m.as_of_date and m.horizon_days = 7
    left join feature.complaint_counts as c
        on f.as_of_date = c.as_of_date and f.community_code = c.community_code and f.issue_code = c.issue_code
    left join forecast.reasons as r
        on f.as_of_date = r.as_of_date and f.community_code = r.community_code and f.issue_code = r.issue_code
    left join listed_unit as d on f.community_code = d.community_code and f.issue_code = d.issue_code
    left join usual_unit as u on f.community_code = u.community_code and f.issue_code = u.issue_code
    left join calls on f.community_code = calls.community_code
)

select * from final
