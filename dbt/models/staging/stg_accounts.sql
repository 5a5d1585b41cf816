select
    id as account_id,
    role,
    status,
    origin,
    created_week,
    created_month
from {{ source('silver', 'accounts') }}
