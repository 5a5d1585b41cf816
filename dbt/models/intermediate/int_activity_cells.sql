-- Every week's totals with what the rule needs to know. Not to be read by anybody but the rule.
{% set product = product('problem_activity_weekly') %}

with problem_rows as (
    select created_week as period, 'all' as cell, author_id as person_id, post_id as row_id from {{ ref('int_problems') }}
),

approach_rows as (
    select created_week as period, 'all' as cell, author_id as person_id, approach_id as row_id
    from {{ ref('stg_approaches') }}
    where status <> 'deleted'
),

comment_rows as (
    select created_week as period, 'all' as cell, author_id as person_id, comment_id as row_id
    from {{ ref('stg_comments') }}
    where status <> 'deleted'
),

vote_rows as (
    select cast_week as period, 'all' as cell, account_id as person_id, vote_id as row_id from {{ ref('stg_votes') }}
),

{% for kind in ['problem', 'approach', 'comment', 'vote'] -%}
bounded_{{ kind }}_rows as (
    {{ bounded(kind ~ '_rows', ['period', 'person_id'], ['cell'], 'person_id', 'row_id', product) }}
),

{% endfor -%}
problems as (
    {{ tally('bounded_problem_rows', 'period', 'problems', ['person_id']) }}
),

approaches as (
    {{ tally('bounded_approach_rows', 'period', 'approaches', ['person_id']) }}
),

comments as (
    {{ tally('bounded_comment_rows', 'period', 'comments', ['person_id']) }}
),

votes as (
    {{ tally('bounded_vote_rows', 'period', 'votes', ['person_id']) }}
)

select
    problems.*,
    problems.problems_contributors as authors,
    problems.problems_contributors as authors_contributors,
    1 as authors_largest,
    {% for kind in ['approaches', 'comments', 'votes'] -%}
    coalesce({{ kind }}.{{ kind }}, 0) as {{ kind }},
    coalesce({{ kind }}.{{ kind }}_contributors, 0) as {{ kind }}_contributors,
    coalesce({{ kind }}.{{ kind }}_largest, 0) as {{ kind }}_largest,
    {% endfor -%}
    coalesce(approaches.approaches_contributors, 0) as solvers,
    coalesce(approaches.approaches_contributors, 0) as solvers_contributors,
    1 as solvers_largest,
    1 as members,
    1 as least_members,
    problems.problems_contributors as period_people
from problems
left join approaches using (period)
left join comments using (period)
left join votes using (period)
where {{ is_closed('problems.period', product) }}
