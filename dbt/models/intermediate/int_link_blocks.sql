-- One quarter's rows of each pair, where the quarter alone has enough people; small pairs are folded, first into
-- (tag, other), then into (other, other). A rolling year is made of such blocks only, so that the difference of two
-- overlapping years is never about fewer people than the rule allows.
{% set product = product('problem_solution_links') %}
{% set columns = ['period', 'problem_tag', 'solution_tag', 'approach_id', 'solver_id', 'author_id', 'is_accepted'] %}
{% set cell = ['problem_tag', 'solution_tag'] %}
{% set grain = 'period, problem_tag, solution_tag' %}

with pair_tallies as (
    {{ tally(ref('int_link_pairs'), grain, 'pairs', ['solver_id', 'author_id']) }}
),

pairs_shown as (
    select {{ grain }}
    from pair_tallies
    where {{ is_safe('pairs', product) }} and problem_tag <> 'other' and solution_tag <> 'other'
),

small_pairs as (
    select pair.* from {{ ref('int_link_pairs') }} as pair
    left join pairs_shown as shown using ({{ grain }})
    where shown.period is null
),

half_folded as (
    select distinct
        period, problem_tag, 'other' as solution_tag, approach_id, solver_id, author_id, is_accepted
    from small_pairs
),

half_bounded as (
    {{ bounded('half_folded', columns, cell, 'solver_id', 'approach_id', product) }}
),

half_tallies as (
    {{ tally('half_bounded', grain, 'pairs', ['solver_id', 'author_id']) }}
),

half_members as (
    select period, problem_tag, count(distinct solution_tag) as members
    from small_pairs
    group by period, problem_tag
),

halves_shown as (
    select {{ grain }}
    from half_tallies
    inner join half_members using (period, problem_tag)
    where {{ is_safe('pairs', product) }} and members >= 2 and problem_tag <> 'other'
),

rest as (
    select distinct
        pair.period, 'other' as problem_tag, 'other' as solution_tag, approach_id, solver_id, author_id, is_accepted
    from small_pairs as pair
    left join halves_shown as shown on shown.period = pair.period and shown.problem_tag = pair.problem_tag
    where shown.period is null
),

rest_bounded as (
    {{ bounded('rest', columns, cell, 'solver_id', 'approach_id', product) }}
),

rest_tallies as (
    {{ tally('rest_bounded', grain, 'pairs', ['solver_id', 'author_id']) }}
),

rest_members as (
    select pair.period, count(distinct (pair.problem_tag, pair.solution_tag)) as members
    from small_pairs as pair
    left join halves_shown as shown on shown.period = pair.period and shown.problem_tag = pair.problem_tag
    where shown.period is null
    group by pair.period
),

rests_shown as (
    select {{ grain }}
    from rest_tallies
    inner join rest_members using (period)
    where {{ is_safe('pairs', product) }} and members >= 2
)

select pair.* from {{ ref('int_link_pairs') }} as pair inner join pairs_shown using ({{ grain }})
union all
select half.* from half_bounded as half inner join halves_shown using ({{ grain }})
union all
select rest.* from rest_bounded as rest inner join rests_shown using ({{ grain }})
