-- Every cell of problem_solution_links with what the rule needs to know. Not to be read by anybody but the rule.
{% set product = product('problem_solution_links') %}
{% set grain = 'period, problem_tag, solution_tag' %}

with blocks as (
    select years.year_period as period, problem_tag, solution_tag, solver_id, author_id, is_accepted
    from {{ ref('int_link_years') }} as years
    inner join {{ ref('int_link_blocks') }} as block on block.period = years.quarter
    where {{ is_closed('years.year_period', product) }}
),

pairs as (
    {{ tally('blocks', grain, 'pairs', ['solver_id', 'author_id']) }}
),

ratios as (
    select
        {{ grain }},
        cast(count(distinct solver_id) as integer) as solvers,
        100.0 * count(*) filter (where is_accepted) / count(*) as accepted_share,
        {{ both_sides('is_accepted', 'solver_id') }} as accepted_share_contributors
    from blocks
    group by {{ grain }}
),

-- How common each tag is is counted over all pairs of the year, shown or not: its numbers are about far more people.
everything as (
    select years.year_period as period, problem_tag, solution_tag
    from {{ ref('int_link_years') }} as years
    inner join {{ ref('int_link_pairs') }} as pair on pair.period = years.quarter
),

totals as (
    select period, count(*) as of_all from everything group by period
),

problem_totals as (
    select period, problem_tag, count(*) as of_problem from everything group by period, problem_tag
),

solution_totals as (
    select period, solution_tag, count(*) as of_solution from everything group by period, solution_tag
),

people as (
    select period, count(distinct solver_id) as period_people from blocks group by period
)

select
    pairs.*,
    ratios.solvers,
    pairs.pairs_contributors as solvers_contributors,
    1 as solvers_largest,
    ratios.accepted_share,
    ratios.accepted_share_contributors,
    100.0 * pairs.pairs * totals.of_all / (problem_totals.of_problem * solution_totals.of_solution) as lift_percent,
    case when pairs.solution_tag = 'other' then 0 else pairs.pairs_contributors end as lift_percent_contributors,
    -- Whether "other" hides enough pairs is decided for each block, before blocks become years.
    1 as members,
    1 as least_members,
    people.period_people
from pairs
inner join ratios using ({{ grain }})
inner join totals using (period)
left join problem_totals using (period, problem_tag)
left join solution_totals using (period, solution_tag)
inner join people using (period)
