{{ config(materialized='view') }}

-- Problems that stand; a post that its author deleted is no longer one.
select
    post_id,
    author_id,
    created_week,
    created_month,
    accepted_approach_id is not null as is_accepted,
    first_approach_hours_upto is not null as is_answered,
    first_approach_hours_upto as hours_to_first_approach
from {{ ref('stg_posts') }}
where kind = 'problem' and status <> 'deleted'
