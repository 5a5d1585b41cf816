-- Problems by month and tag, each person's part bounded, before small tags are folded.
{% set product = product('problem_trends_monthly') %}

with tagged as (
    select problem.created_month as period, tags.tag, problem.post_id, problem.author_id
    from {{ ref('int_problems') }} as problem
    inner join {{ ref('int_tags_of_things') }} as tags using (post_id)
    where {{ is_closed('problem.created_month', product) }}
)

{{ bounded('tagged', ['period', 'tag', 'post_id', 'author_id'], ['tag'], 'author_id', 'post_id', product) }}
