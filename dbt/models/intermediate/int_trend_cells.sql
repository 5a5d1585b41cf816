-- Every cell of problem_trends_monthly with what the rule needs to know. Not to be read by anybody but the rule.
{% set grain = 'period, tag' %}

with problems as (
    {{ tally(ref('int_trend_rows'), grain, 'problems', ['author_id']) }}
),

approaches as (
    {{ tally(ref('int_trend_approaches'), grain, 'approaches', ['solver_id', 'author_id']) }}
),

votes as (
    {{ tally(ref('int_trend_votes'), grain, 'votes', ['voter_id', 'author_id']) }}
),

ratios as (
    select
        counted.period,
        counted.tag,
        100.0 * count(*) filter (where not is_answered) / count(*) as unanswered_share,
        {{ both_sides('is_answered', 'counted.author_id') }} as unanswered_share_contributors,
        100.0 * count(*) filter (where is_accepted) / count(*) as accepted_share,
        {{ both_sides('is_accepted', 'counted.author_id') }} as accepted_share_contributors,
        percentile_disc(0.5) within group (order by hours_to_first_approach) as median_hours_to_first_approach,
        cast(count(distinct counted.author_id) filter (where hours_to_first_approach is not null) as integer)
            as median_hours_to_first_approach_contributors
    from {{ ref('int_trend_rows') }} as counted
    inner join {{ ref('int_problems') }} as problem using (post_id)
    group by counted.period, counted.tag
),

members as (
    select period, shown_tag as tag, count(*) as members from {{ ref('int_trend_tags') }} group by period, shown_tag
),

people as (
    select period, count(distinct author_id) as period_people from {{ ref('int_trend_rows') }} group by period
)

select
    problems.*,
    problems.problems_contributors as authors,
    problems.problems_contributors as authors_contributors,
    1 as authors_largest,
    coalesce(approaches.approaches, 0) as approaches,
    coalesce(approaches.approaches_contributors, 0) as approaches_contributors,
    coalesce(approaches.approaches_largest, 0) as approaches_largest,
    coalesce(votes.votes, 0) as votes,
    coalesce(votes.votes_contributors, 0) as votes_contributors,
    coalesce(votes.votes_largest, 0) as votes_largest,
    ratios.unanswered_share,
    ratios.unanswered_share_contributors,
    ratios.accepted_share,
    ratios.accepted_share_contributors,
    ratios.median_hours_to_first_approach,
    ratios.median_hours_to_first_approach_contributors,
    members.members,
    case when problems.tag = 'other' then 2 else 1 end as least_members,
    people.period_people
from problems
left join approaches using (period, tag)
left join votes using (period, tag)
inner join ratios using (period, tag)
inner join members using (period, tag)
inner join people using (period)
