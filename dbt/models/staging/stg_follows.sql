select
    id as follow_id,
    follower_id,
    followee_id,
    created_week,
    created_month
from {{ source('silver', 'follows') }}
