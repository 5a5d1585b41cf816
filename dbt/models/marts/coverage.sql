-- For each product and period: how many cells there were, and how many are shown under their own name.
select 'problem_trends_monthly' as product, cells.period, cells.cells, coalesce(shown.shown, 0) as shown
from (select period, cast(count(*) as integer) as cells from {{ ref('int_trend_tags') }} group by period) as cells
left join (
    select period, cast(count(*) as integer) as shown
    from {{ ref('problem_trends_monthly') }} where tag <> 'other' group by period
) as shown using (period)
union all
select 'problem_activity_weekly' as product, cells.period, 1 as cells, case when shown.period is null then 0 else 1 end as shown
from {{ ref('int_activity_cells') }} as cells
left join {{ ref('problem_activity_weekly') }} as shown using (period)
union all
select 'problem_solution_links' as product, cells.period, cells.cells, coalesce(shown.shown, 0) as shown
from (
    select years.year_period as period, cast(count(distinct (pair.problem_tag, pair.solution_tag)) as integer) as cells
    from {{ ref('int_link_years') }} as years
    inner join {{ ref('int_link_pairs') }} as pair on pair.period = years.quarter
    where {{ is_closed('years.year_period', product('problem_solution_links')) }}
    group by years.year_period
) as cells
left join (
    select period, cast(count(*) as integer) as shown
    from {{ ref('problem_solution_links') }} where solution_tag <> 'other' group by period
) as shown using (period)
