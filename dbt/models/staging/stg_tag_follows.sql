select
    id as tag_follow_id,
    account_id,
    tag,
    created_week,
    created_month
from {{ source('silver', 'tag_follows') }}
