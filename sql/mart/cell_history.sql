-- How many complaints came week by week in each cell?
-- Grain: community × issue × week with a complaint, 104 weeks. Key: the same.
-- Reads: feature.cell_weeks
select
    as_of_date,
    community_code,
    issue_code,
    ($as_of_date::date - to_days(7 * (weeks_back + 1)))::date as week_start_date,
    complaint_count
from feature.cell_weeks
where as_of_date = $as_of_date and weeks_back < 104
