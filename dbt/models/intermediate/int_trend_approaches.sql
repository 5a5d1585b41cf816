-- Approaches to the counted problems, each solver's part bounded.
{% set product = product('problem_trends_monthly') %}

with answered as (
    select problem.period, problem.tag, problem.author_id, approach.approach_id, approach.author_id as solver_id
    from {{ ref('int_trend_rows') }} as problem
    inner join {{ ref('stg_approaches') }} as approach using (post_id)
    where approach.status <> 'deleted'
)

{{ bounded('answered', ['period', 'tag', 'author_id', 'solver_id'], ['tag'], 'solver_id', 'approach_id', product) }}
