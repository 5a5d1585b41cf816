select
    id as vote_id,
    account_id,
    post_id,
    approach_id,
    value,
    cast_week,
    cast_month
from {{ source('silver', 'votes') }}
