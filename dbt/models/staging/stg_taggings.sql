select
    id as tagging_id,
    post_id,
    approach_id,
    author_id,
    tag,
    source,
    created_week,
    created_month
from {{ source('silver', 'taggings') }}
