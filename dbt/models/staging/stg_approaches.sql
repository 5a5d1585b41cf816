select
    id as approach_id,
    post_id,
    author_id,
    kind,
    status,
    body_chars,
    body_masked,
    accepted_week,
    accepted_month,
    created_week,
    created_month,
    updated_week,
    updated_month
from {{ source('silver', 'approaches') }}
