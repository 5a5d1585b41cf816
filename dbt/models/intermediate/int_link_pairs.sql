-- Pairs of a problem's tag and an approach's tag by quarter, each solver's part bounded, before small pairs are folded.
{% set product = product('problem_solution_links') %}

with paired as (
    select
        cast(date_trunc('quarter', approach.created_month) as date) as period,
        problem_tags.tag as problem_tag,
        solution_tags.tag as solution_tag,
        approach.approach_id,
        approach.author_id as solver_id,
        problem.author_id,
        approach.accepted_month is not null as is_accepted
    from {{ ref('stg_approaches') }} as approach
    inner join {{ ref('int_problems') }} as problem using (post_id)
    inner join {{ ref('int_tags_of_things') }} as problem_tags on problem_tags.post_id = problem.post_id
    inner join {{ ref('int_tags_of_things') }} as solution_tags on solution_tags.approach_id = approach.approach_id
    where approach.status <> 'deleted'
),

closed as (
    select * from paired where {{ is_closed('period', product) }}
)

{{ bounded(
    'closed',
    ['period', 'problem_tag', 'solution_tag', 'approach_id', 'solver_id', 'author_id', 'is_accepted'],
    ['problem_tag', 'solution_tag'], 'solver_id', 'approach_id', product
) }}
