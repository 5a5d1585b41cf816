select
    id as post_link_id,
    post_id,
    related_post_id,
    author_id,
    kind,
    created_week,
    created_month
from {{ source('silver', 'post_links') }}
