select
    id as comment_id,
    post_id,
    approach_id,
    author_id,
    status,
    body_chars,
    body_masked,
    created_week,
    created_month
from {{ source('silver', 'comments') }}
