-- Problems by month and shown tag; bounded again, because one person's small tags meet in "other".
{% set product = product('problem_trends_monthly') %}

with folded as (
    select distinct problem.period, tags.shown_tag as tag, problem.post_id, problem.author_id
    from {{ ref('int_trend_problems') }} as problem
    inner join {{ ref('int_trend_tags') }} as tags using (period, tag)
)

{{ bounded('folded', ['period', 'tag', 'post_id', 'author_id'], ['tag'], 'author_id', 'post_id', product) }}
