select
    id as post_id,
    author_id,
    kind,
    language,
    status,
    accepted_approach_id,
    duplicate_of,
    first_approach_hours_upto,
    title_chars,
    body_chars,
    body_masked,
    created_week,
    created_month,
    updated_week,
    updated_month
from {{ source('silver', 'posts') }}
