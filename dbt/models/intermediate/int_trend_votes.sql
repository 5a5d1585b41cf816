-- Votes on the counted problems, each voter's part bounded.
{% set product = product('problem_trends_monthly') %}

with voted as (
    select problem.period, problem.tag, problem.author_id, vote.vote_id, vote.account_id as voter_id
    from {{ ref('int_trend_rows') }} as problem
    inner join {{ ref('stg_votes') }} as vote using (post_id)
)

{{ bounded('voted', ['period', 'tag', 'author_id', 'voter_id'], ['tag'], 'voter_id', 'vote_id', product) }}
